"""Reports within one transaction: which time and groups a query asks for, counted by the store within a scope."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.model import Department
from bot.domain.permissions import AccessScope
from bot.domain.report_periods import MOST_PERIODS, By, Period, Window, cuts_of, midnight, months_before, periods
from bot.domain.reports import (
    Figures,
    OutcomeCount,
    ReportRow,
    Silent,
    SilentUnit,
    Trend,
    by_change,
    figures,
    most_costly,
    ranked,
    report,
    report_by_time,
    verdict,
)
from bot.query.keys import Key, Query, Term
from bot.query.names import Kind, Names
from bot.query.parser import say
from bot.query.values import since_when, until_when
from bot.store.database import Tx
from bot.store.search import Where, asked_for

WEEKS, MONTHS, DAYS = 12, 12, 90  # that a trend covers if the query names no beginning
DAYS_OF_CHANGE = 45  # if its rows are ordered by their change: as long a time is compared with
COSTLY, MOST_COSTLY = 5, 20  # criteria named beside other rows, and alone
MOST_LOOKED_UP = 2_000  # silent employees whose last sessions are read
MOST_IN_FULL = 40  # groups with a median and a change: as many as an answer shows
SMALL_NAMED = 8
_NO_DEPARTMENT = ""


def trend(
    tx: Tx, query: Query, scope: AccessScope, names: Names, directory: Directory, now: datetime, zone: tzinfo
) -> Trend:
    """The report that a query asks for, of the sessions within a scope. Raises QueryError if its time can't be used."""
    values = {term.key: term.value for term in query.terms}
    by, sort = By(values.get(Key.BY, By.WEEK)), values.get(Key.SORT, "")
    window, has_default_start = _window(query, by, sort, now, zone)
    where = asked_for(without_time(query), scope, names, now, zone)
    if by.is_time:
        every = periods(by, window.start, window.end, zone)
        if len(every) > MOST_PERIODS:
            raise _too_long(query, by)
        cuts = cuts_of(every)
        outcome_counts = tx.reports.outcome_counts_by_time(where, cuts)
        rows: Sequence[ReportRow] = report_by_time(every, cuts, outcome_counts, _start_of)
        ranked_groups, small = len(rows), 0
        inside = {str(at) for at in range(cuts.index(window.start) + 1, cuts.index(window.end) + 1)}
        total = figures(one for one in outcome_counts if one.group in inside)
        labels, partial = {row.group: row.group for row in rows}, {_start_of(one) for one in every if one.is_partial}
    elif by is By.CRITERION:
        rows, ranked_groups, small, labels, partial = (), 0, 0, {}, set()
        total = figures(tx.reports.outcome_counts_in(where, window))
    else:
        units = _rows_by_unit(tx, by, where, window, directory, sort)
        rows, ranked_groups, small = units.rows, units.ranked, units.small
        total, partial = figures(tx.reports.outcome_counts_in(where, window)), set()
        labels = labels_of(by, units.named, directory, names.checklists)
    costs, criteria_from = tx.reports.costs(where, window)
    return Trend(
        by=by,
        window=window,
        has_default_start=has_default_start,
        rows=rows,
        ranked=ranked_groups,
        small=small,
        labels=labels,
        partial=frozenset(partial),
        sort=sort,
        verdict=verdict(rows) if by.is_time else None,
        total=total,
        costly=most_costly(costs, MOST_COSTLY if by is By.CRITERION else COSTLY),
        criteria_from=criteria_from,
        unacknowledged=total.failing - tx.reports.acknowledged(where, window),
        overdue=sum(tx.reports.overdue(where, now, 0)[1].values()),
    )


def without_time(query: Query) -> Query:
    """The query without its `since:` and `until:`; negated ones stay."""
    return Query(tuple(term for term in query.terms if term.negated or term.key not in (Key.SINCE, Key.UNTIL)))


def window_of(query: Query, default: Window, zone: tzinfo) -> Window:
    """The time that a query names up to the end of a default, the default if it names none. Raises QueryError if it
    ends before it begins."""
    now = default.end
    since = [since_when(one.value, now=now, zone=zone) for one in _terms(query, Key.SINCE)]
    until = [until_when(one.value, now=now, zone=zone) for one in _terms(query, Key.UNTIL)]
    found = Window(min(since, default=default.start), min(max(until, default=now), now))
    if found.start >= found.end:
        raise QueryError("The report would end before it begins.", [say(without_time(query))])
    return found


def _window(query: Query, by: By, sort: str, now: datetime, zone: tzinfo) -> tuple[Window, bool]:
    """The time that a query names, up to now, and whether its beginning is the default."""
    has_start = bool(_terms(query, Key.SINCE))
    until = [until_when(one.value, now=now, zone=zone) for one in _terms(query, Key.UNTIL)]
    end = min(max(until, default=now), now)
    found = window_of(query, Window(_default_start(by, sort, end, zone), now), zone)
    return found, not has_start


def _terms(query: Query, key: Key) -> Sequence[Term]:
    return [term for term in query.terms if term.key is key and not term.negated]


def _default_start(by: By, sort: str, end: datetime, zone: tzinfo) -> datetime:
    day = end.astimezone(zone).date()
    match by:
        case By.WEEK:
            day -= timedelta(days=day.weekday() + 7 * (WEEKS - 1))
        case By.MONTH:
            day = months_before(day, MONTHS - 1)
        case _:
            day -= timedelta(days=DAYS_OF_CHANGE if sort.endswith("change") else DAYS)
    return midnight(day, zone)


def _too_long(query: Query, by: By) -> QueryError:
    others = Query(tuple(term for term in query.terms if term.key is not Key.BY))
    fixes = [say(replace(others, terms=(*others.terms, Term(Key.BY, "month"))))] if by is By.WEEK else []
    return QueryError(
        f"That is more than {MOST_PERIODS} {by}s. Name a shorter time.", [*fixes, say(without_time(query))]
    )


def _start_of(period: Period) -> str:
    return period.window.start.date().isoformat()


def by_unit(tx: Tx, by: By, where: Where, window: Window, directory: Directory) -> Sequence[OutcomeCount]:
    """The counts of the sessions completed in a window, by site, person or checklist."""
    place_of = directory.derived(_places) if by is By.DEPT else None
    return tx.reports.outcome_counts_by(By.EMPLOYEE if by is By.DEPT else by, where, window, place_of)


class _Units(NamedTuple):
    """The rows of the units that an answer can name; how many are ranked and how many small; whose names are
    compared: a site's depends on all the others."""

    rows: Sequence[ReportRow]
    ranked: int
    small: int
    named: Sequence[str]


def _rows_by_unit(tx: Tx, by: By, where: Where, window: Window, directory: Directory, sort: str) -> _Units:
    """The first units in the order of `sort:`, in full, and the first of the small ones."""
    length = window.end - window.start
    earlier = Window(window.start - length, window.start)
    column = By.EMPLOYEE if by is By.DEPT else by
    place_of = directory.derived(_places) if by is By.DEPT else None
    counts = tx.reports.counts_by(column, where, window, place_of)
    large, small, number = ranked(counts, SMALL_NAMED, fewest_first=sort == "count")
    if sort.endswith("change"):
        large = by_change(large, tx.reports.counts_by(column, where, earlier, place_of))
    elif sort.endswith("count"):
        large = sorted(large, key=lambda one: (one.completed, one.group))
    if sort.startswith("-"):
        large = large[::-1]
    first = [one.group for one in large[:MOST_IN_FULL]]
    values: Collection[str] = first
    if place_of is not None:
        values = _members(tx, first, where, Window(earlier.start, window.end), place_of)
    now, before = (tx.reports.outcome_counts_of(column, values, where, each, place_of) for each in (window, earlier))
    not_ranked = [ReportRow(group=one.group, now=one.figures, before=Figures()) for one in small]
    place = {group: at for at, group in enumerate(first)}
    rows = [*sorted(report(now, before), key=lambda row: place[row.group]), *not_ranked]
    named = [one.group for one in (*large, *small)] if by is By.DEPT else [row.group for row in rows]
    return _Units(rows, len(large), number, named)


def _members(
    tx: Tx, places: Collection[str], where: Where, window: Window, place_of: Mapping[str, str]
) -> Collection[str]:
    """Whose sessions count for some departments: their people, and for none those that the directory lacks."""
    chosen = frozenset(places)
    people = [one for one, place in place_of.items() if place in chosen]
    if _NO_DEPARTMENT in chosen:
        people += tx.reports.employees_in(where, window) - place_of.keys()
    return people


def _places(directory: Directory) -> Mapping[str, str]:
    """The department of each person, by id."""
    return {ident: person.department_id or _NO_DEPARTMENT for ident, person in directory.people.items()}


def labels_of(by: By, groups: Iterable[str], directory: Directory, titles: Mapping[str, str]) -> dict[str, str]:
    """The names of sites, people or checklists by id; `titles` are those of checklists.

    Sites of one name get the one above before theirs: "Store 12, Kitchen". One with others among the given below it
    says that it is without them: "Store 12 (own people)". Only the given ones are compared, so that a
    name does not say that there is another which the reader may not see.
    """
    match by:
        case By.CHECKLIST:
            return {group: titles.get(group, "") for group in groups}
        case By.DEPT:
            return _sites_named({group: directory.department_path(group) for group in groups})
        case _:
            return {group: directory.name_of(group) for group in groups}


def _sites_named(paths: Mapping[str, Sequence[Department]]) -> dict[str, str]:
    often = Counter(path[0].name for path in paths.values() if path)
    with_others = {one.department_id for path in paths.values() for one in path[1:]}

    def named(group: str, path: Sequence[Department]) -> str:
        name = ", ".join(one.name for one in reversed(path[: 1 if often[path[0].name] == 1 else 2]))
        return f"{name} (own people)" if group in with_others else name

    return {group: named(group, path) if path else "unknown site" for group, path in paths.items()}


# ---- silent units ------------------------------------------------------------------------------------------------


def silent(
    tx: Tx, query: Query, scope: AccessScope, names: Names, directory: Directory, window: Window, zone: tzinfo
) -> Silent:
    """Who had no session in a window, among the active people within a scope that `dept:` of a query leaves.

    A site is a department with active people; it had a session if it or any department below it had one. An observer
    is who has observed a session that the viewer may see. Of more silent employees than can be looked up in time the
    first by name are known.
    """
    where = asked_for(query, scope, names, window.end, zone)
    people = _active_people(query, scope, names, directory)
    sites: dict[str, list[str]] = {}
    for ident in people:
        sites.setdefault(directory.people[ident].department_id or _NO_DEPARTMENT, []).append(ident)
    sites.pop(_NO_DEPARTMENT, None)
    active = tx.reports.employees_in(where, window)
    for site, those in [*sites.items()]:  # the people of the sites below belong to it too
        for above in directory.department_path(site)[1:]:
            if above.department_id in sites:
                sites[above.department_id] = [*sites[above.department_id], *those]
    quiet = {site: those for site, those in sites.items() if active.isdisjoint(those)}
    silent_people = sorted((one for one in people if one not in active), key=directory.name_of)
    named_first = silent_people if len(silent_people) <= MOST_LOOKED_UP else silent_people[:MOST_IN_FULL]
    last = tx.reports.last_of_employees(where, {*named_first, *(one for those in quiet.values() for one in those)})
    named = {
        site: name.removesuffix(" (own people)") for site, name in labels_of(By.DEPT, sites, directory, {}).items()
    }
    silent_sites = [
        SilentUnit(
            name=named[site],
            people=len(those),
            last=max((last[one] for one in those if one in last), default=None),
        )
        for site, those in quiet.items()
    ]
    employees = [SilentUnit(name=directory.name_of(one), people=0, last=last.get(one)) for one in silent_people]
    everybody = _last_of_observers(tx, query, scope, names, window.end, zone)
    observed = {one: at for one, at in everybody.items() if directory.is_active(one)}
    silent_observers = [
        SilentUnit(name=directory.name_of(one), people=0, last=at) for one, at in observed.items() if at < window.start
    ]
    return Silent(
        window=window,
        sites=sorted(silent_sites, key=_longest_silent),
        all_sites=len(sites),
        observers=sorted(silent_observers, key=_longest_silent),
        all_observers=len(observed),
        employees=[*sorted(employees, key=_longest_silent)] if named_first is silent_people else employees,
        all_employees=len(people),
    )


def _last_of_observers(
    tx: Tx, query: Query, scope: AccessScope, names: Names, now: datetime, zone: tzinfo
) -> Mapping[str, datetime]:
    """When each person last observed a session of a scope, by id: of its employees, and by the viewer, asked apart, as
    one index answers for the employees alone."""
    if scope.everything:
        return tx.reports.last_of_observers(asked_for(query, scope, names, now, zone), few=False)
    own = frozenset() if scope.person_id is None else frozenset({scope.person_id})
    team = asked_for(query, AccessScope(employees=scope.employees | own), names, now, zone)
    found = dict(tx.reports.last_of_observers(team, few=True))
    for person in own:
        mine = asked_for(query, scope, names, now, zone)
        mine.add("observer_id = ?", person)
        found.update(tx.reports.last_of_observers(mine, few=True))
    return found


def _active_people(query: Query, scope: AccessScope, names: Names, directory: Directory) -> Sequence[str]:
    people = directory.people if scope.everything else scope.employees & directory.people.keys()
    within = sorted(people)
    wanted = [term.value for term in query.terms if term.key is Key.DEPT and not term.negated]
    if wanted:
        places = frozenset[str]().union(*(names.meant(Kind.DEPARTMENT, value) for value in wanted))
        inside = names.in_departments(places)
        within = [one for one in within if one in inside]
    return [one for one in within if directory.is_active(one)]


def _longest_silent(unit: SilentUnit) -> tuple[bool, float, str]:
    return unit.last is None, unit.last.timestamp() if unit.last else 0.0, unit.name

"""Reports within one transaction: which time and groups a query asks for, counted by the store within a scope."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.model import OutcomeKind
from bot.domain.permissions import AccessScope
from bot.domain.report_periods import MOST_PERIODS, By, ReportPeriod, Window, cuts_of, midnight, months_before, periods
from bot.domain.reports import (
    Figures,
    ReportRow,
    figures,
    most_costly,
    report_by_time,
    verdict,
)
from bot.domain.sites import NO_DEPARTMENT
from bot.domain.whole_reports import Silent, SilentUnit, Trend
from bot.query.keys import Key, Query, Term, without_shape
from bot.query.names import Kind, Names
from bot.query.parser import say
from bot.query.values import OUTCOMES, since_when, until_when
from bot.services.report_units import MOST_IN_FULL, Units, counted, labels_of, rows_by_unit
from bot.store.conditions import Where, asked_for
from bot.store.database import Tx

WEEKS, MONTHS, DAYS = 12, 12, 90  # that a trend covers if the query names no beginning
DAYS_OF_CHANGE = 45  # if its rows are ordered by their change: as long a time is compared with
MOST_LOOKED_UP = 2_000  # silent employees whose last sessions are read


def trend(
    tx: Tx, query: Query, scope: AccessScope, names: Names, directory: Directory, now: datetime, zone: tzinfo
) -> Trend:
    """The report that a query asks for, of the sessions within a scope. Raises QueryError if its time can't be used."""
    values = {term.key: term.value for term in query.terms}
    by, sort = By(values.get(Key.BY, By.WEEK)), values.get(Key.SORT, "")
    window, has_default_start = _window(query, by, sort, now, zone)
    timeless = without_time(query)
    where = asked_for(timeless, scope, names, now, zone)
    every_where = asked_for(without_results(timeless), scope, names, now, zone) if is_of_results(query) else None
    units, partial = Units(), frozenset[str]()
    if by.is_time:
        every = periods(by, window.start, window.end, zone)
        if len(every) > MOST_PERIODS:
            raise _too_long(query, by)
        rows, window, total, partial = _over_time(tx, where, every_where, every, window, from_first=has_default_start)
        labels = {row.group: row.group for row in rows}
    elif by is By.CRITERION:
        rows, labels = [], {}
        total = figures(counted(where, every_where, lambda one: tx.reports.outcome_counts_in(one, window)))
    else:
        sort = sort or ("-score" if every_where is not None else "")  # those with the most of what was asked for
        units = rows_by_unit(tx, by, where, every_where, window, directory, scope, sort)
        rows, labels = units.rows, labels_of(by, units.named, directory, names.checklists)
        total = figures(units.total)
    costs, criteria_from = tx.reports.costs(where, window)
    return Trend(
        by=by,
        window=window,
        has_default_start=has_default_start,
        rows=rows,
        ranked=units.ranked,
        small=units.small,
        labels=labels,
        partial=partial,
        sort=sort,
        verdict=verdict(rows) if by.is_time else None,
        total=total,
        costly=most_costly(costs, with_small=True),
        criteria_from=criteria_from,
        criteria_query=_by_criterion(query, window, zone),
        is_parted=every_where is not None,
        has_parts=units.has_parts,
    )


def _by_criterion(query: Query, window: Window, zone: tzinfo) -> str:
    """What lists the criteria of the same sessions: a query that names no beginning would cover another time."""
    about = without_shape(query).terms
    if not _terms(query, Key.SINCE):
        about = (*about, Term(Key.SINCE, window.start.astimezone(zone).date().isoformat()))
    return say(Query((Term(Key.BY, By.CRITERION), *about)))


class _OverTime(NamedTuple):
    """The rows of a report over time, the time that they cover, its figures, and the rows that cover a part of their
    week or month."""

    rows: Sequence[ReportRow]
    window: Window
    total: Figures
    partial: frozenset[str]


def _over_time(
    tx: Tx, where: Where, every_where: Where | None, every: Sequence[ReportPeriod], window: Window, *, from_first: bool
) -> _OverTime:
    """A row for each week or month of a window. `from_first`: without those before the first session, for which nobody
    asked."""
    cuts = cuts_of(every)
    outcome_counts = counted(where, every_where, lambda one: tx.reports.outcome_counts_by_time(one, cuts))
    rows = report_by_time(every, cuts, outcome_counts, _start_of)
    if from_first:
        empty = next((at for at, row in enumerate(rows) if row.now.completed), 0)
        rows, every = rows[empty:], every[empty:]
        window = Window(every[0].window.start, window.end)
    inside = {str(at) for at in range(cuts.index(window.start) + 1, cuts.index(window.end) + 1)}
    total = figures(one for one in outcome_counts if one.group in inside)
    return _OverTime(rows, window, total, frozenset(_start_of(one) for one in every if one.is_partial))


_OF_RESULTS = frozenset({Key.OUTCOME, Key.SCORE})
_OVER = frozenset(kind for kind in OutcomeKind if kind.is_over)


def is_of_results(query: Query) -> bool:
    """Whether a query chooses completed sessions by their outcome or score: the share that met the target says nothing
    of them."""
    named = [(term.negated, OUTCOMES[term.value][1]) for term in query.terms if term.key is Key.OUTCOME]
    wanted = [kinds for negated, kinds in named if not negated] or [_OVER]
    unwanted = [kinds for negated, kinds in named if negated]
    left = _OVER & frozenset[OutcomeKind]().union(*wanted) - frozenset[OutcomeKind]().union(*unwanted)
    return bool(left) and (left != _OVER or any(term.key is Key.SCORE for term in query.terms))


def without_results(query: Query) -> Query:
    """The query without its conditions on outcome and score."""
    return Query(tuple(term for term in query.terms if term.key not in _OF_RESULTS))


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


def _start_of(period: ReportPeriod) -> str:
    return period.window.start.date().isoformat()


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
        sites.setdefault(directory.people[ident].department_id or NO_DEPARTMENT, []).append(ident)
    sites.pop(NO_DEPARTMENT, None)
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
    employees = [SilentUnit(directory.name_of(one), 0, last.get(one)) for one in silent_people]
    everybody = _last_of_observers(tx, query, scope, names, window.end, zone)
    observed = {one: at for one, at in everybody.items() if directory.is_active(one)}
    silent_observers = [SilentUnit(directory.name_of(one), 0, at) for one, at in observed.items() if at < window.start]
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

"""The rows of reports by site, person or checklist, within one transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from bot.domain.directory import Directory
from bot.domain.permissions import AccessScope
from bot.domain.report_periods import By, Window
from bot.domain.reports import (
    Counts,
    Figures,
    OutcomeCount,
    ReportRow,
    added_up,
    by_change,
    parted,
    ranked,
    report,
)
from bot.domain.sites import NO_DEPARTMENT, all_sites, department_of, sites_among
from bot.domain.staff import Department
from bot.domain.unit_counts import UnitCounts
from bot.store.conditions import Where
from bot.store.database import Tx

MOST_IN_FULL = 40  # groups with a median and a change: as many as an answer shows


def counted(
    where: Where, every: Where | None, count: Callable[[Where], Sequence[OutcomeCount]]
) -> Sequence[OutcomeCount]:
    """The counts of the sessions asked for; of all, parted into these and the others, if they are asked for by their
    results."""
    return count(where) if every is None else parted(count(every), count(where))


def by_unit(tx: Tx, by: By, where: Where, window: Window, directory: Directory) -> Sequence[OutcomeCount]:
    """The counts of the sessions completed in a window, by department, person or checklist."""
    place_of = directory.derived(department_of) if by is By.DEPT else None
    return tx.reports.outcome_counts_by(By.EMPLOYEE if by is By.DEPT else by, where, window, place_of)


def in_units(
    outcome_counts: Sequence[OutcomeCount], unit_of: Mapping[str, str], otherwise: str | None = None
) -> Sequence[OutcomeCount]:
    """The counts of groups as those of the units that they belong to; a group of none is its own, or `otherwise`."""
    return [
        OutcomeCount(
            unit_of.get(one.group, one.group if otherwise is None else otherwise), one.outcome, one.score, one.count
        )
        for one in outcome_counts
    ]


def units_of(departments: Collection[str], scope: AccessScope, directory: Directory) -> Mapping[str, str]:
    """The site that each department of a scope counts for, one outside it for itself. {} if these departments are all
    of one site: each of them counts for itself then."""
    sites = directory.derived(all_sites) if scope.everything else sites_among(scope.employees, directory)
    return sites if len({sites.get(one, one) for one in departments}) > 1 else {}


class Units(NamedTuple):
    """The rows of the units that an answer can name, and the counts of all; how many are ranked and how many small;
    whose names are compared, as a site's depends on all the others; and whether any is a site with departments below
    it."""

    rows: Sequence[ReportRow] = ()
    total: Sequence[OutcomeCount] = ()
    ranked: int = 0
    small: int = 0
    named: Sequence[str] = ()
    has_parts: bool = False


def rows_by_unit(
    tx: Tx,
    by: By,
    where: Where,
    every_where: Where | None,
    window: Window,
    directory: Directory,
    scope: AccessScope,
    sort: str,
) -> Units:
    """The first units in the order of `sort:`, in full, and the first of the small ones."""
    length = window.end - window.start
    earlier = Window(window.start - length, window.start)
    column = By.EMPLOYEE if by is By.DEPT else by
    departments = directory.derived(department_of) if by is By.DEPT else None

    @cache
    def counts_in(each: Window) -> UnitCounts:
        if every_where is None:
            return tx.reports.unit_counts_by(column, where, each, departments)
        chosen, every = (
            tx.reports.unit_counts_by(column, one, each, departments, has_scores=False) for one in (where, every_where)
        )
        return every.parted(chosen)

    now = counts_in(window)
    unit_of = units_of([one.group for one in now.counts], scope, directory) if by is By.DEPT else {}
    all_units = added_up(now.counts, unit_of)
    if every_where is not None and sort == "-count":  # who has the most of them is not asked of those who have none
        all_units = [one for one in all_units if one.met]
    large, small, number = ranked(all_units, MOST_IN_FULL, fewest_first=sort == "count")
    large = _in_order(
        large, sort, lambda: added_up(counts_in(earlier).counts, unit_of), is_parted=every_where is not None
    )
    first = [one.group for one in large[:MOST_IN_FULL]]
    place = {group: at for at, group in enumerate(first)}

    @cache
    def members() -> Mapping[str, str]:
        """The unit of each person whose sessions count for one of the first units."""
        every = departments.items() if departments is not None else ()
        return {one: unit for one, direct in every if (unit := unit_of.get(direct, direct)) in place}

    def some_in(each: Window) -> Sequence[OutcomeCount]:
        """Those units alone, asked for by their values."""
        values: Collection[str] = first
        place_of: Mapping[str, str] | None = None
        if departments is not None:
            values = place_of = members()
            if NO_DEPARTMENT in place:  # those that the directory lacks, too
                values = {*place_of, *(tx.reports.employees_in(every_where or where, each) - departments.keys())}
        return counted(
            where, every_where, lambda one: tx.reports.outcome_counts_of(column, values, one, each, place_of)
        )

    def in_full_of(each: Window) -> Sequence[OutcomeCount]:
        # A time that is counted in full already, or of which most would be asked for.
        if now.every is not None and (each is window or len(large) <= MOST_IN_FULL):
            every = counts_in(each).every
            if every is not None:
                return in_units([one for one in every if unit_of.get(one.group, one.group) in place], unit_of)
        return some_in(each)

    not_ranked = [ReportRow(group=one.group, now=one.figures, before=Figures()) for one in small]
    rows = [*sorted(report(in_full_of(window), in_full_of(earlier)), key=lambda row: place[row.group]), *not_ranked]
    named = [one.group for one in (*large, *small)] if by is By.DEPT else [row.group for row in rows]
    has_parts = any(unit_of.get(one.group, one.group) != one.group for one in now.counts)
    return Units(rows, now.total, len(large), number, named, has_parts)


def _in_order(
    large: Sequence[Counts], sort: str, before: Callable[[], Sequence[Counts]], *, is_parted: bool
) -> Sequence[Counts]:
    """The ranked units in the order of `sort:`; `before` counts those of the time before."""
    if sort.endswith("change"):
        large = by_change(large, before())
    elif sort.endswith("count"):
        large = sorted(large, key=lambda one: (one.met if is_parted else one.completed, one.group))
    if sort.startswith("-"):
        large = large[::-1]
    return sorted(large, key=lambda one: not one.group)  # people of no department are no site


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

    return {group: named(group, path) if path else "No department known" for group, path in paths.items()}

"""What a supervisor sees of their people, and an admin of the company, on the Home tab."""

from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo

from bot.domain.directory import Directory
from bot.domain.permissions import AccessScope
from bot.domain.report_periods import By, Window, last_days
from bot.domain.reports import Figures, ReportRow, figures, most_costly, report
from bot.domain.sites import NO_DEPARTMENT, department_of
from bot.domain.whole_reports import OpenCounts, Overview, UnitRow
from bot.services.report_units import by_unit, in_units, labels_of, units_of
from bot.store.conditions import Where, listed_within
from bot.store.database import Tx

DAYS = 30
ATTENTION = 5  # failing sessions named
COSTLY = 3  # criteria named


def overview(tx: Tx, scope: AccessScope, directory: Directory, now: datetime, zone: tzinfo) -> Overview | None:
    """The last 30 days: of a company by checklist; of a team by site, or by person if all are of one site.

    None for who has no people. A supervisor's own sessions, and those they observed elsewhere, are not counted.
    """
    if not (scope.everything or scope.employees):
        return None
    team = AccessScope(everything=scope.everything, employees=scope.employees)
    by = _unit_of(team, directory)
    where = listed_within(team)
    window = last_days(DAYS, now, zone)
    before = Window(window.start - (now - window.start), window.start)
    counted, then = (by_unit(tx, by, where, one, directory) for one in (window, before))
    open_counts = _open_counts(tx, by, where, now, directory)
    if by is By.DEPT:
        groups = {*(one.group for one in (*counted, *then)), *open_counts}
        unit_of = units_of(groups, team, directory)
        counted, then = in_units(counted, unit_of), in_units(then, unit_of)
        open_counts = _open_in_units(open_counts, unit_of)
    rows = report(counted, then)
    titles = tx.search.checklist_titles(team) if by is By.CHECKLIST else {}
    shown = [*rows, *_only_open({row.group for row in rows}, open_counts)]
    named = labels_of(by, [row.group for row in shown], directory, titles)
    units = [
        UnitRow(
            name=named[row.group],
            figures=row,
            open=open_counts.get(row.group, OpenCounts()),
        )
        for row in shown
    ]
    total = figures(counted)
    return Overview(
        by=by,
        days=DAYS,
        total=total,
        units=units,
        attention=tx.reports.attention(where, window, ATTENTION),
        unacknowledged=tx.reports.unacknowledged(where, window, total.failing),
        open=sum(open_counts.values(), OpenCounts()),
        costly=most_costly(tx.reports.costs(where, window)[0])[:COSTLY],
    )


def _unit_of(team: AccessScope, directory: Directory) -> By:
    if team.everything:
        return By.CHECKLIST
    sites = {person.department_id for one in team.employees if (person := directory.people.get(one)) is not None}
    return By.DEPT if len(sites) > 1 else By.EMPLOYEE


def _open_counts(tx: Tx, by: By, where: Where, now: datetime, directory: Directory) -> Mapping[str, OpenCounts]:
    if by is not By.DEPT:
        return tx.reports.open_by(by, where, now)
    by_employee = tx.reports.open_by(By.EMPLOYEE, where, now)
    return _open_in_units(by_employee, directory.derived(department_of), NO_DEPARTMENT)


def _open_in_units(
    counts: Mapping[str, OpenCounts], unit_of: Mapping[str, str], otherwise: str | None = None
) -> Mapping[str, OpenCounts]:
    """As `in_units`, of open sessions."""
    found: dict[str, OpenCounts] = {}
    for one, number in counts.items():
        unit = unit_of.get(one, one if otherwise is None else otherwise)
        found[unit] = found.get(unit, OpenCounts()) + number
    return found


def _only_open(counted: Collection[str], counts: Mapping[str, OpenCounts]) -> list[ReportRow]:
    """The units that have open sessions only, the most overdue first."""
    units = sorted(counts.keys() - counted, key=lambda one: (-counts[one].overdue, one))
    return [ReportRow(group=unit, now=Figures(), before=Figures()) for unit in units]

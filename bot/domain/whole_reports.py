"""Whole reports: what a trend, who was silent, an overview and one person's history consist of. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.domain.model import Session
from bot.domain.report_periods import By, Window
from bot.domain.reports import CriterionCost, Figures, ReportRow, TrendVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A report over a window. `rows` are the weeks or months in order, or the groups by id, the lowest share first: as
    many of the `ranked` ones as an answer can show, then a few of the `small` ones, which have no median and no figures
    before.

    `labels` names each row's group. `costly`: every criterion that lost points, of the `criteria_from` newest sessions
    whose criteria were added up; `criteria_query` is what lists them alone.
    `has_default_start`: the query names no beginning. `sort`: the order of the groups as `sort:` says it, "" for the
    usual one. `verdict`: of a report by time. `is_parted`: the query chooses sessions by outcome or score, and "met"
    are these among all, see `parted`. `has_parts`: each site counts with the departments below it.
    """

    by: By
    window: Window
    has_default_start: bool
    rows: Sequence[ReportRow]
    ranked: int
    small: int
    labels: Mapping[str, str]
    partial: frozenset[str]
    total: Figures
    costly: Sequence[CriterionCost]
    criteria_from: int
    criteria_query: str
    sort: str = ""
    verdict: TrendVerdict | None = None
    is_parted: bool = False
    has_parts: bool = False


class SilentUnit(NamedTuple):
    """A site, an observer or an employee without a completed session lately. `people`: the active ones of a site with
    those of the departments below it, else 0; `last` is None if there never was one. A tuple: an answer makes 50,000.
    """

    name: str
    people: int
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """The employees, sites and observers without a session in a window, the longest silent first, those that never had
    one last; and how many there are of each in all."""

    window: Window
    sites: Sequence[SilentUnit]
    all_sites: int
    observers: Sequence[SilentUnit]
    all_observers: int
    employees: Sequence[SilentUnit] = ()
    all_employees: int = 0


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """How many sessions of a group are planned, and in progress; and overdue: not started, or not finished, by the time
    that reminders begin. Each is counted once."""

    planned: int = 0
    in_progress: int = 0
    overdue: int = 0

    @property
    def total(self) -> int:
        return self.planned + self.in_progress + self.overdue

    def __add__(self, other: "OpenCounts") -> "OpenCounts":
        return OpenCounts(
            self.planned + other.planned, self.in_progress + other.in_progress, self.overdue + other.overdue
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One site, person or checklist: its figures, those of the time before, and its open sessions."""

    name: str
    figures: ReportRow
    open: OpenCounts = OpenCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The last days of a team or a company. `units` are in the order of `report`; those without a completed session
    follow, the most overdue first. `attention`: the first of the `unacknowledged` failing sessions, the lowest score
    first."""

    by: By
    days: int
    total: Figures
    units: Sequence[UnitRow]
    attention: Sequence[Session]
    unacknowledged: int
    open: OpenCounts
    costly: Sequence[CriterionCost] = ()


# ---- one person's history ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """A completed session, and the same employee's one before it on the same checklist."""

    session: Session
    before: Session | None


def steps(newest_first: Sequence[Session]) -> Sequence[Step]:
    """Each session with the one before it, in the same order."""
    found: list[Step] = []
    last: dict[tuple[str, str], Session] = {}
    for session in reversed(newest_first):
        place = session.key.employee_id, session.facts.checklist_id
        found.append(Step(session, last.get(place)))
        last[place] = session
    return found[::-1]

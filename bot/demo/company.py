"""The nouns of the demo's world: who works where, what is observed, and what happened.

They follow iSpring Learn's own words for states (NOT_STARTED, IN_PROGRESS, PASSED), because the stand-in that speaks
the vendor's protocol reads them. Objects are mutable and compared by identity: a world changes, and a test may bend
any field to something the vendor might send.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

NOT_STARTED = "NOT_STARTED"
IN_PROGRESS = "IN_PROGRESS"
PASSED = "PASSED"

ACTIVE, INACTIVE, EMPLOYMENT_ENDED = 1, 3, 5


@dataclass(slots=True, eq=False)
class Department:
    """A node of the tree. `subordination` is manual (then `supervisor_id` counts), inherit or no_supervisor."""

    id: str
    name: str
    parent_id: str | None = None
    code: str = ""
    subordination: str = "inherit"
    supervisor_id: str | None = None
    is_site: bool = False


@dataclass(slots=True, eq=False)
class Person:
    """Somebody with an iSpring account. `status`: 1 active, 3 inactive, 5 employment ended."""

    id: str
    first_name: str
    last_name: str
    email: str
    login: str
    job_title: str
    department_id: str
    role: str = "learner"
    status: int = ACTIVE
    subordination: str = "inherit"
    supervisor_id: str | None = None
    manages: tuple[str, ...] = ()
    added_on: date = date(2023, 1, 9)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE


@dataclass(frozen=True, slots=True, eq=False)
class Criterion:
    """One line of a checklist, worth at most `points`."""

    id: str
    title: str
    points: int


@dataclass(frozen=True, slots=True, eq=False)
class CompetencyArea:
    id: str
    title: str
    criteria: tuple[Criterion, ...]


@dataclass(slots=True, eq=False)
class Checklist:
    id: str
    title: str
    areas: tuple[CompetencyArea, ...]
    published: bool = True

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        return tuple(criterion for area in self.areas for criterion in area.criteria)


@dataclass(frozen=True, slots=True)
class Grade:
    """What the observer gave for one criterion; `points` is None exactly when it was skipped."""

    points: float | None

    @property
    def skipped(self) -> bool:
        return self.points is None


@dataclass(slots=True, eq=False)
class Session:
    """One observation. Dates are aware UTC; `result` is in percent; `grades` are by criterion id."""

    id: str
    checklist: Checklist
    employee: Person
    observer: Person
    status: str
    starts_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    result: float | None = None
    points: float | None = None
    total_points: float | None = None
    grades: dict[str, Grade] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.status in (NOT_STARTED, IN_PROGRESS)

    def grade(self, grades: dict[str, Grade]) -> None:
        """Take these grades and make points, total and result agree with them (skipped criteria do not count)."""
        self.grades = grades
        self.points, self.total_points = score(self.checklist.criteria, grades)
        self.result = percent_of(self.points, self.total_points)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: planned, started, completed, corrected, reopened, rescheduled or deleted.

    `before` and `result` are the session's result in percent around the event, None where there was none.
    """

    kind: str
    session: Session
    at: datetime
    before: float | None = None
    result: float | None = None


def score(criteria: Iterable[Criterion], grades: dict[str, Grade]) -> tuple[float, float]:
    """Earned and possible points of the criteria that were graded."""
    earned, possible = 0.0, 0.0
    for criterion in criteria:
        grade = grades.get(criterion.id)
        if grade is not None and grade.points is not None:
            earned += grade.points
            possible += criterion.points
    return earned, possible


def percent_of(points: float, total_points: float) -> float | None:
    """The vendor's result: a percentage with two decimals, None where nothing was graded."""
    return round(points / total_points * 100, 2) if total_points else None


def random_grades(
    rng: Random, checklist: Checklist, percent: float, skip: int = 0, *, left_out: Collection[str] | None = None
) -> dict[str, Grade]:
    """Whole points for each criterion that come as near to `percent` as they can.

    `skip` criteria are skipped at random, or exactly those whose ids are in `left_out`.
    """
    criteria = checklist.criteria
    if left_out is None:
        left_out = {one.id for one in rng.sample(criteria, min(skip, len(criteria)))}
    points = {one.id: one.points for one in criteria if one.id not in left_out}
    total = sum(points.values())
    to_lose = total - min(total, max(0, round(total * percent / 100)))
    while to_lose:
        weak = rng.choice([criterion for criterion, left in points.items() if left])
        lost = rng.randint(1, min(points[weak], to_lose))
        points[weak] -= lost
        to_lose -= lost
    return {one.id: Grade(float(points[one.id]) if one.id in points else None) for one in criteria}

"""Sessions, as iSpring says and as stored: frozen values, with aware UTC datetimes only.

A *listing* is a response of iSpring's; each of its rows is a `SessionFacts`. The stored row is a `Session`. The
difference between the two is a `Change`. What follows from it is in `notifications`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

# ---- what iSpring says -------------------------------------------------------------------------------------------


class SessionKey(NamedTuple):
    """One employee's part of one session: iSpring may share a session id among several employees. Lower-case ids."""

    # A tuple, as `Moment` and `SessionFacts`: a listing makes millions of them, in half of a frozen class's time.

    session_id: str
    employee_id: str


class Moment(NamedTuple):
    """A date as iSpring spelled it and, where it could be understood, the instant it means (UTC)."""

    raw: str | None = None
    at: datetime | None = None


NO_DATE = Moment()


class Points(NamedTuple):
    """The points of a session and their total, each as far as it was given."""

    points: float | None
    total: float | None


class SessionFacts(NamedTuple):
    """One row of a listing. `status` is iSpring's own word; `result` is in percent; points may be fractions."""

    key: SessionKey
    checklist_id: str
    checklist_title: str
    observer_id: str
    status: str
    scheduled: Moment = NO_DATE
    started: Moment = NO_DATE
    finished: Moment = NO_DATE
    result: float | None = None
    points: float | None = None
    total_points: float | None = None


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One line of the checklist. A skipped criterion has neither points nor total points."""

    criterion_id: str
    title: str
    area_id: str
    skipped: bool
    points: float | None = None
    total_points: float | None = None


@dataclass(frozen=True, slots=True)
class AreaResult:
    """One competency area (iSpring's API: criterion group)."""

    area_id: str
    title: str
    result: float | None = None
    points: float | None = None
    total_points: float | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """What only a completed session has: its criteria and competency areas, in iSpring's order.

    `areas_known` is False if the criteria came and the areas could not be read.
    """

    areas: tuple[AreaResult, ...] = ()
    criteria: tuple[CriterionResult, ...] = ()
    areas_known: bool = True

    @property
    def answered(self) -> int:
        """How many criteria were graded."""
        return sum(not criterion.skipped for criterion in self.criteria)

    @property
    def total(self) -> int:
        """How many criteria there are, the skipped ones included."""
        return len(self.criteria)


# ---- what we make of it ------------------------------------------------------------------------------------------


class OutcomeKind(StrEnum):
    """What a result means to us; iSpring's PASSED only says completed."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    MET = "met"
    BELOW = "below"
    CRITICAL = "critical"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Whether there is a result to tell of."""
        return self in _OVER

    @property
    def is_failing(self) -> bool:
        """Whether `outcome:failed` means it: below target, critical or failed."""
        return self in _FAILING


# Tuples: each member would hash itself in Python, for every row of a listing.
_FAILING = (OutcomeKind.BELOW, OutcomeKind.CRITICAL, OutcomeKind.FAILED)
_OVER = (OutcomeKind.COMPLETED, OutcomeKind.MET, *_FAILING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a result means, and from which numbers. `score` and `target` are percentages, unrounded; `status` is
    iSpring's. `critical`: the titles of the critical criteria that got zero, in iSpring's order, if that is why."""

    kind: OutcomeKind
    score: float | None
    target: float | None
    status: str
    critical: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """See `OutcomeKind.is_over`."""
        return self.kind.is_over

    @property
    def is_failing(self) -> bool:
        """See `OutcomeKind.is_failing`."""
        return self.kind.is_failing


class DetailsState(StrEnum):
    """Whether the criteria of a completed session are here."""

    NONE = "none"  # nothing to fetch: not completed
    PENDING_FETCH = "owed"  # completed, not fetched yet
    FETCHED = "fetched"
    UNAVAILABLE = "unavailable"  # iSpring has none for it, asked often enough


@dataclass(frozen=True, slots=True)
class CriticalCriterion:
    """A criterion of one checklist whose zero fails a session. It is recognised by iSpring's id, "" if it has none, or
    by its exact title: iSpring does not promise that an edited checklist keeps the ids of its criteria."""

    criterion_id: str
    title: str

    def is_this(self, criterion: CriterionResult) -> bool:
        """Whether a line of that checklist is this criterion."""
        return (bool(self.criterion_id) and criterion.criterion_id == self.criterion_id) or (
            bool(self.title) and criterion.title == self.title
        )


class TargetScope(StrEnum):
    """Which target was in force: the one for all checklists, or the checklist's own."""

    ALL = "all"
    CHECKLIST = "checklist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One employee's session as stored.

    `version` rises with every stored change (a result, the criteria, an acknowledgement): a card shows one version.
    `target` is the one in force when the session was completed, None if none was set; `target_scope` says whose it is,
    None if that was not stored. `critical` are the critical criteria in force then, None for none; `critical_failed`
    the titles of those that got zero, as the criteria said that were read last.
    `completed_as` is the outcome of the last completion, kept while the session is re-opened; None if it never was.
    `completion` is the number of the completion that is, or that comes next: it rises when the session is re-opened.
    """

    facts: SessionFacts
    version: int
    target: float | None
    first_seen_at: datetime
    changed_at: datetime
    missing_since: datetime | None = None
    details: DetailsState = DetailsState.NONE
    completed_as: OutcomeKind | None = None
    completion: int = 1
    target_scope: TargetScope | None = None
    critical: tuple[CriticalCriterion, ...] | None = None
    critical_failed: tuple[str, ...] | None = None

    @property
    def key(self) -> SessionKey:
        return self.facts.key


class News(StrEnum):
    """What becomes of a change."""

    NONE = "none"  # stored, no notification
    POST = "post"  # a new card
    EDIT = "edit"  # the cards already posted are edited
    EDIT_AND_POST = "edit_and_post"  # edited, and one new card, because an edit notifies no one
    COUNT = "count"  # counted in one line: too old to be news


class ChangeKind(StrEnum):
    APPEARED = "appeared"  # first seen, not completed
    MOVED = "moved"  # planned, started, rescheduled, renamed: everything before completion
    COMPLETED = "completed"
    CORRECTED = "corrected"
    REOPENED = "reopened"
    RETITLED = "retitled"  # completed and its result is the same, but another field changed
    CHECKED = "checked"  # its criteria came, and with them another verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The step from what we remembered to what a listing says, why it counts as that, and what to do about it.

    `became_failing`: it had been completed before, and only now, or again in a new completion, is below target,
    critical or failed: a card of its own says so.
    """

    kind: ChangeKind
    news: News
    reason: str
    before: Session | None
    after: Session
    became_failing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One stored change of a session, for `show` and the card's history line. Scores in percent. Points are stored if
    they are all that a correction changed."""

    at: datetime
    version: int
    kind: ChangeKind
    old: Outcome | None
    new: Outcome
    old_points: Points | None = None
    new_points: Points | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who said they have seen a bad result, and when."""

    slack_user_id: str
    at: datetime


class FollowUpEnd(StrEnum):
    """Why a follow-up is over."""

    MET = "met"  # a later completion reached what was missed
    CORRECTED = "corrected"  # the result was corrected: nothing is missed any more
    CLOSED = "closed"  # by a person
    LOST = "lost"  # its owner may not see the session any more


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """That a person sees to a low result by a local date. `owner` is a Slack user; `criterion` is the one it is about,
    None for the whole session. `end` is None while it is open."""

    follow_up_id: int
    owner: str
    criterion: CriticalCriterion | None
    due: date
    note: str
    taken_at: datetime
    closed_at: datetime | None = None
    end: FollowUpEnd | None = None

    @property
    def is_open(self) -> bool:
        return self.end is None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """Everything that is stored of one session. `acknowledgements` are those of `session.completion`, while it is not
    completed again those of the completion before. `follow_ups` are the open ones, and those that ended by themselves.
    `previous` is this employee's last completed session on the same checklist before this one; check
    `domain.permissions` before showing it."""

    session: Session
    short_id: str
    details: Details | None = None
    history: tuple[HistoryEntry, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    previous: Session | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """What our people expect: a percentage for all, one per checklist id where set, and the critical criteria by
    checklist id."""

    default: float | None = None
    per_checklist: Mapping[str, float] = field(default_factory=dict)
    critical: Mapping[str, tuple[CriticalCriterion, ...]] = field(default_factory=dict)

    def of(self, checklist_id: str) -> float | None:
        """The target in force for a checklist, None if none is set."""
        return self.per_checklist.get(checklist_id, self.default)

    def scope_of(self, checklist_id: str) -> TargetScope | None:
        """Whose target that is, None if none is set."""
        if checklist_id in self.per_checklist:
            return TargetScope.CHECKLIST
        return None if self.default is None else TargetScope.ALL

    def critical_of(self, checklist_id: str) -> tuple[CriticalCriterion, ...] | None:
        """The critical criteria of a checklist, None if there are none."""
        return self.critical.get(checklist_id) or None

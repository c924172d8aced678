"""Follow-ups: a person sees to a low result by a date, until the same employee reaches what was missed. Pure.

One on a whole session ends when a later completion of that employee on that checklist meets its target. One on a
criterion ends when that criterion reaches the target in force then, or all its points if there is none, whatever the
whole result: a critical criterion is not made up for by the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.changes import outcome_of
from bot.domain.model import (
    CriterionResult,
    CriticalCriterion,
    Details,
    FollowUp,
    FollowUpEnd,
    OutcomeKind,
    Session,
    SessionRecord,
)
from bot.domain.outcomes import normalized, share

DEFAULT_DAYS = 7
MOST_DAYS = 366  # ahead
NOTE = 200  # characters
MOST_CRITERIA = 50  # offered
_REMINDED_EVERY = 7  # days that it is overdue


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """A follow-up and the session that it is about."""

    follow_up: FollowUp
    session: Session


@dataclass(frozen=True, slots=True)
class FollowUpCounts:
    """How many follow-ups are open, and how many of these are overdue; the latter's oldest."""

    open: int = 0
    overdue: int = 0
    oldest: Sequence[FollowedUp] = ()


def reaches(criterion: CriterionResult, target: float | None) -> bool:
    """Whether a graded criterion has the share of points that is expected, all of them without a target."""
    if criterion.skipped:
        return False
    percent = share(criterion.points, criterion.total_points)
    return percent is not None and percent >= (100.0 if target is None else normalized(target))


def missed_criteria(record: SessionRecord) -> list[CriterionResult]:
    """The graded criteria that a follow-up may be about: those that did not reach what is expected."""
    if record.details is None:
        return []
    target = outcome_of(record.session).target
    graded = [
        one for one in record.details.criteria if not one.skipped and share(one.points, one.total_points) is not None
    ]
    return [one for one in graded if not reaches(one, target)][:MOST_CRITERIA]


def criterion_of(chosen: CriterionResult | None) -> CriticalCriterion | None:
    """What recognises a criterion in later sessions, None for the whole session."""
    return None if chosen is None else CriticalCriterion(chosen.criterion_id, chosen.title)


def end_by(found: FollowedUp, later: Session, details: Details | None, completed_at: datetime) -> FollowUpEnd | None:
    """What a completed session of the same employee and checklist makes of an open follow-up; None if it stays.

    `later` is its own session, or another; `details` are its criteria, None if they are not here. `completed_at`: when
    it was completed. Its own session's same completion counts only if it was corrected.
    """
    follow_up, outcome = found.follow_up, outcome_of(later)
    if not outcome.is_over or later.missing_since is not None:
        return None
    is_later = completed_at > follow_up.taken_at
    if not is_later and later.key != found.session.key:
        return None
    if follow_up.criterion is not None:
        is_reached = _has_reached(follow_up.criterion, details, outcome.target)
    elif is_later:
        is_reached = outcome.kind is OutcomeKind.MET
    else:
        is_reached = not outcome.is_failing
    if not is_reached:
        return None
    return FollowUpEnd.MET if is_later else FollowUpEnd.CORRECTED


def _has_reached(criterion: CriticalCriterion, details: Details | None, target: float | None) -> bool:
    graded = [one for one in details.criteria if criterion.is_this(one)] if details is not None else []
    return bool(graded) and all(reaches(one, target) for one in graded)


def reminds_on(follow_up: FollowUp, today: date, taken_on: date) -> bool:
    """Whether its owner is reminded on a local day: the day before it is due, that day, and each week from the day
    after. Not on the day it was taken."""
    late = (today - follow_up.due).days
    return taken_on < today and (late in (-1, 0) or (late > 0 and (late - 1) % _REMINDED_EVERY == 0))

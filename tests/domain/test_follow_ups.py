"""What ends a follow-up, and when its owner is reminded."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.follow_ups import FollowedUp, end_by, missed_criteria, reaches, reminds_on
from bot.domain.model import (
    CriterionResult,
    CriticalCriterion,
    Details,
    FollowUp,
    FollowUpEnd,
    Moment,
    Session,
    SessionKey,
    SessionRecord,
)
from tests.clock import NOON
from tests.domain.build import facts

LOW = SessionKey("s1", "e1")
GOOD, BAD = CriterionResult("c1", "Cold room", "a", False, 5, 5), CriterionResult("c1", "Cold room", "a", False, 1, 5)
SKIPPED = CriterionResult("c1", "Cold room", "a", True)


def session(key: SessionKey, result: float | None, *, status: str = "PASSED", target: float | None = 80.0) -> Session:
    row = facts()._replace(key=key, status=status, result=result, finished=Moment("", NOON))
    return Session(facts=row, version=1, target=target, first_seen_at=NOON, changed_at=NOON)


def taken(criterion: CriticalCriterion | None = None) -> FollowedUp:
    due = date(2026, 3, 20)
    one = FollowUp(follow_up_id=1, owner="U1", criterion=criterion, due=due, note="", taken_at=NOON)
    return FollowedUp(one, session(LOW, 60.0))


def record(details: Details | None) -> SessionRecord:
    return SessionRecord(session=session(LOW, 60.0), short_id="s1", details=details)


CRITERION = CriticalCriterion("c1", "Cold room")
OTHER = SessionKey("s2", "e1")
AFTER, BEFORE = NOON + timedelta(hours=1), NOON - timedelta(hours=1)


@pytest.mark.parametrize(
    ("later", "completed_at", "expected"),
    [
        (session(OTHER, 86.0), AFTER, FollowUpEnd.MET),
        (session(OTHER, 79.0), AFTER, None),
        (session(OTHER, 86.0), BEFORE, None),  # it was met before the follow-up was taken
        (session(OTHER, 86.0, target=None), AFTER, None),  # completed, and no target to meet
        (session(OTHER, None, status="IN_PROGRESS"), AFTER, None),
        (session(LOW, 90.0), BEFORE, FollowUpEnd.CORRECTED),  # the same completion, corrected
        (session(LOW, 70.0), BEFORE, None),
        (session(LOW, 90.0), AFTER, FollowUpEnd.MET),  # re-opened, and completed again
        (session(LOW, None, status="IN_PROGRESS"), BEFORE, None),  # re-opened only
        (replace(session(OTHER, 86.0), missing_since=NOON), AFTER, None),
    ],
)
def test_what_ends_a_follow_up_on_a_whole_session(later: Session, completed_at: object, expected: object) -> None:
    assert end_by(taken(), later, None, completed_at) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("criteria", "result", "completed_at", "expected"),
    [
        ([GOOD], 60.0, AFTER, FollowUpEnd.MET),  # whatever the whole result
        ([BAD], 95.0, AFTER, None),  # the target is met, and this criterion is not
        ([SKIPPED], 95.0, AFTER, None),
        ([], 95.0, AFTER, None),
        (None, 95.0, AFTER, None),  # its criteria are not here yet
        ([replace(GOOD, criterion_id="c9")], 60.0, AFTER, FollowUpEnd.MET),  # the checklist was edited: same title
        ([replace(GOOD, criterion_id="c9", title="Other")], 95.0, AFTER, None),
        ([GOOD, BAD], 95.0, AFTER, None),
    ],
)
def test_what_ends_a_follow_up_on_a_criterion(
    criteria: list[CriterionResult] | None, result: float, completed_at: object, expected: object
) -> None:
    details = None if criteria is None else Details(criteria=tuple(criteria))
    assert end_by(taken(CRITERION), session(OTHER, result), details, completed_at) is expected  # type: ignore[arg-type]


def test_a_corrected_criterion_ends_its_follow_up() -> None:
    found = end_by(taken(CRITERION), session(LOW, 60.0), Details(criteria=(GOOD,)), BEFORE)
    assert found is FollowUpEnd.CORRECTED


def test_a_criterion_reaches_the_target_or_all_its_points() -> None:
    four = CriterionResult("c", "t", "a", False, 4, 5)
    assert reaches(four, 80.0) and not reaches(four, 81.0) and not reaches(four, None) and reaches(GOOD, None)
    third = CriterionResult("c", "t", "a", False, 1, 3)
    assert reaches(third, 100 / 3)
    assert missed_criteria(record(Details(criteria=(GOOD, BAD, SKIPPED, four)))) == [BAD]
    assert missed_criteria(record(None)) == []


def test_reminders_come_the_day_before_on_the_day_and_weekly_from_the_day_after() -> None:
    one, taken_on = taken().follow_up, date(2026, 3, 1)
    days = [day for day in range(1, 32) if reminds_on(one, date(2026, 3, day), taken_on)]
    assert days == [19, 20, 21, 28]
    assert not reminds_on(one, date(2026, 3, 19), date(2026, 3, 19))

"""When Spotter was away, and what is counted afterwards."""

from datetime import datetime, timedelta

import pytest

from bot.domain.changes import decide
from bot.domain.model import Change, Moment
from bot.domain.outage import Outage, counted_reason, outage_of
from tests.domain.build import EIGHTY, NOW, facts, session

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LONG = Outage(NOW - 60 * HOUR, NOW)


@pytest.mark.parametrize(
    ("gap", "interval", "is_outage"),
    [
        (2 * MINUTE, 120.0, False),
        (30 * MINUTE, 120.0, False),
        (31 * MINUTE, 120.0, True),
        (31 * MINUTE, 600.0, False),  # three looks missed are no outage
        (51 * MINUTE, 600.0, True),
        (-1 * HOUR, 120.0, False),  # the clock went back
    ],
)
def test_an_outage_is_longer_than_half_an_hour_and_than_five_looks(
    gap: timedelta, interval: float, is_outage: bool
) -> None:
    expected = Outage(NOW - gap, NOW) if is_outage else None
    assert outage_of(NOW - gap, NOW, interval) == expected


def test_before_the_first_good_look_there_is_no_outage() -> None:
    assert outage_of(None, NOW, 120.0) is None


def test_a_restored_copy_is_an_outage_however_short() -> None:
    assert outage_of(NOW - MINUTE, NOW, 120.0, NOW - HOUR) == Outage(NOW - HOUR, NOW, restored=True)


def completed(finished: datetime | None, *, known: bool = False) -> Change:
    row = facts("PASSED", 90.0, finished=Moment("then", finished))
    change = decide(session("IN_PROGRESS") if known else None, row, now=NOW, targets=EIGHTY)
    assert change is not None
    return change


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("finished", "is_counted"),
    [
        (NOW - 25 * HOUR, True),
        (NOW - 60 * HOUR, True),
        (NOW - 24 * HOUR, False),
        (NOW - HOUR, False),
        (NOW - 61 * HOUR, False),  # it would have come as late without any outage
        (NOW + DAY, False),
        (None, False),
    ],
)
def test_what_was_completed_early_in_an_outage_is_counted(
    finished: datetime | None, is_counted: bool, known: bool
) -> None:
    assert bool(counted_reason(completed(finished, known=known), LONG, DAY)) == is_counted


def test_without_an_outage_nothing_is_counted() -> None:
    assert counted_reason(completed(NOW - 30 * HOUR), None, DAY) == ""


def became_failing() -> Change:
    row = facts("PASSED", 10.0, finished=Moment("then", NOW - 30 * HOUR))
    before = session("PASSED", 90.0, finished=Moment("then", NOW - 30 * HOUR))
    change = decide(before, row, now=NOW, targets=EIGHTY)
    assert change is not None
    assert change.became_failing
    return change


def test_a_turn_to_bad_is_posted_after_an_outage_for_its_date_is_not_its_own() -> None:
    assert counted_reason(became_failing(), LONG, DAY) == ""


@pytest.mark.parametrize("change", [completed(NOW - HOUR), completed(None), became_failing()])
def test_after_a_restore_everything_is_counted(change: Change) -> None:
    assert "may have been posted already" in counted_reason(change, Outage(NOW - HOUR, NOW, restored=True), DAY)

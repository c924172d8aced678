"""Two clocks; each escalates once, a day after the one before was told."""

from datetime import datetime, timedelta

import pytest

from bot.domain.reminders import Reminded, ReminderClock, ReminderStep, next_step
from tests.domain.build import NOW

PLANNED, STARTED = ReminderClock.NOT_STARTED, ReminderClock.UNFINISHED
OBSERVER, SUPERVISOR, OPS = ReminderStep
LONG_AGO = NOW - timedelta(days=100)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("clock", "since", "reminded", "expected"),
    [
        (PLANNED, hours(23.9), [], None),
        (PLANNED, hours(24), [], OBSERVER),
        (STARTED, hours(47), [], None),  # iSpring itself reminds 24 h after the start
        (STARTED, hours(48), [], OBSERVER),
        (PLANNED, hours(30), [Reminded(OBSERVER, NOW - hours(6))], None),
        (PLANNED, hours(60), [Reminded(OBSERVER, None)], None),  # it waits still: quiet time, or Slack is away
        (PLANNED, hours(60), [Reminded(OBSERVER, NOW - hours(24))], SUPERVISOR),
        (PLANNED, hours(90), [Reminded(OBSERVER, NOW - hours(50)), Reminded(SUPERVISOR, NOW - hours(25))], OPS),
        (PLANNED, hours(200), [Reminded(OBSERVER, NOW - hours(99)), Reminded(OPS, NOW - hours(50))], None),
        (PLANNED, hours(24 * 32), [], None),  # so old that it belongs on a list
    ],
)
def test_who_is_told_next(
    clock: ReminderClock, since: timedelta, reminded: list[Reminded], expected: ReminderStep | None
) -> None:
    assert next_step(clock, NOW - since, reminded, LONG_AGO, NOW) is expected


def test_what_was_late_before_reminders_began_reminds_nobody() -> None:
    def step(active_since: datetime) -> ReminderStep | None:
        return next_step(PLANNED, NOW - hours(48), [], active_since, NOW)

    assert step(NOW - hours(23)) is None
    assert step(NOW - hours(25)) is OBSERVER

"""How long things wait."""

from datetime import timedelta

import pytest

from bot.domain.cadence import backoff, joins_until, poll_pause
from bot.domain.notifications import Destination, DestinationKind
from tests.domain.build import NOW


def test_the_back_off_doubles_up_to_five_minutes() -> None:
    assert [backoff(attempt, 1.0) for attempt in (0, 1, 2, 3, 9, 10, 10**6)] == [1, 1, 2, 4, 256, 300, 300]


@pytest.mark.parametrize(
    ("interval", "failures", "pause"),
    [
        (120, 1, 240),
        (120, 2, 300),
        (120, 10**6, 300),
        (5, 1, 10),
        (5, 3, 40),
        (5, 4, 50),
        (3600, 1, 3600),
    ],
)
def test_polls_that_fail_come_ever_more_seldom(interval: float, failures: int, pause: float) -> None:
    assert poll_pause(interval, failures) == pause


def test_a_channel_hears_at_once_and_a_person_of_several_sessions_together() -> None:
    channel, person = Destination(DestinationKind.CHANNEL, "C1"), Destination(DestinationKind.PERSON, "ana")
    assert joins_until(channel, NOW, 120) is None
    assert joins_until(person, NOW, 8) == NOW + timedelta(seconds=10)
    assert joins_until(person, NOW, 3600) == NOW + timedelta(seconds=150)

"""Waiting times in seconds: until the next poll, the next attempt, and for results that go out in one message.

Waits before another attempt are spread by a random number in [0, 1), so that what failed together is not retried at
once.
"""

from datetime import datetime, timedelta

from bot.domain.notifications import Destination, DestinationKind

LONGEST_BACKOFF = 300.0
LONGEST_JOINING = 150.0
_A_LITTLE_OVER_ONE_POLL = 1.25  # so that the next listing's sessions still join


def backoff(attempt: int, random01: float) -> float:
    """How long to wait after the first, second, third… try that failed: 1, 2, 4… 300 seconds, or down to half of it."""
    return retry_pause(attempt, LONGEST_BACKOFF, random01)


def retry_pause(failures: int, longest: float, random01: float) -> float:
    """How long to wait after so many failures in a row, one or more, of what is free of risk: 1, 2, 4… `longest`
    seconds, or down to half of it."""
    return _grown(1.0, failures, longest) * _jitter(random01)


def poll_pause(interval: float, failures: int) -> float:
    """How long to wait after so many polls in a row that failed, one or more: 2, 4, 8… intervals, up to five minutes
    (ten intervals where that is less, one interval where that is more)."""
    return _grown(2 * interval, failures, max(interval, min(LONGEST_BACKOFF, 10 * interval)))


def joins_until(destination: Destination, now: datetime, interval: float) -> datetime | None:
    """The earliest time for a notification, None for at once. A person's wait a little over one poll, so that several
    sessions that finish together make one message; a channel's do not wait."""
    if destination.kind is DestinationKind.CHANNEL:
        return None
    return now + timedelta(seconds=min(interval * _A_LITTLE_OVER_ONE_POLL, LONGEST_JOINING))


def _grown(first: float, attempt: int, longest: float) -> float:
    doublings = min(max(attempt, 1) - 1, 30)  # more would only overflow
    return min(first * 2.0**doublings, longest)


def _jitter(random01: float) -> float:
    return 0.5 + random01 / 2

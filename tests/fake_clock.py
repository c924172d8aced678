"""A clock that moves only when told to, or when somebody sleeps on it."""

import math
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)


class FakeClock:
    """Fulfils `core.ports.Clock`; `slept` holds every sleep, in seconds."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._start = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Rounded up to what the clock can show: nobody is woken too early, to sleep for ever shorter times."""
        self.slept.append(seconds)
        self.advance(timedelta(microseconds=math.ceil(seconds * 1_000_000)))

    def advance(self, by: timedelta) -> None:
        self._now += by

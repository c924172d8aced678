"""Clocks that somebody turns while the bot runs: the time of day jumps, the monotonic one goes on."""

from datetime import datetime, timedelta

from tests.fake_clock import FakeClock
from tests.jobs.outbox_room import FastClock


class TurnedFastClock(FastClock):
    """A minute passes in a second, and the time of day can be turned. `naps` counts how often somebody waited."""

    def __init__(self) -> None:
        super().__init__()
        self._turned = timedelta(0)
        self.naps = 0

    async def sleep(self, seconds: float) -> None:
        self.naps += 1
        await super().sleep(seconds)

    def now(self) -> datetime:
        return super().now() + self._turned

    def turn(self, by: timedelta) -> None:
        self._turned += by


class TurnedClock(FakeClock):
    """Moves only when told to, and the time of day can be turned."""

    def __init__(self) -> None:
        super().__init__()
        self._turned = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self._turned

    def turn(self, by: timedelta) -> None:
        self._turned += by

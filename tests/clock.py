"""The clock of the tests, and how they wait for something."""

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tests.virtual_time import VirtualTimeLoop

T = TypeVar("T")
NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)


class FakeClock:
    """Goes on with the time of a `virtual_time` test, where a sleeper lets everybody else work first; elsewhere it
    stands still. The test may move it, too. Fulfils `domain.ports.Clock`; `slept` holds every sleep, in seconds.

    `speed`: seconds that pass in a second of the event loop, whatever loop that is.
    """

    def __init__(self, now: datetime = NOON, speed: float | None = None) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        is_followed = speed is not None or isinstance(loop, VirtualTimeLoop)
        self._loop = loop if is_followed else None
        self._speed = speed or 1.0
        self._began = self._loop.time() if self._loop else 0.0
        self._start = now
        self._moved = timedelta(0)
        self._jumped = timedelta(0)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + self._passed() + self._jumped

    def monotonic(self) -> float:
        return self._passed().total_seconds()

    def _passed(self) -> timedelta:
        followed = (self._loop.time() - self._began) * self._speed if self._loop else 0.0
        return self._moved + timedelta(seconds=followed)

    async def sleep(self, seconds: float) -> None:
        assert self._loop is not None, "only a test with virtual time may sleep"
        self.slept.append(seconds)
        # Rounded up to what the clock can show: nobody is woken too early, to sleep for ever shorter times.
        await asyncio.sleep(math.ceil(seconds * 1_000_000 + 1) / 1_000_000 / self._speed)

    def advance(self, by: timedelta) -> None:
        self._moved += by

    def jump(self, by: timedelta) -> None:
        """Somebody sets the machine's clock: what is shown jumps, and no time passes."""
        self._jumped += by


async def until(read_back: Callable[[], T]) -> T:
    """What `read_back` returns once that is true; TimeoutError after an hour, which virtual time soon reaches."""
    every = 0.3 if isinstance(asyncio.get_running_loop(), VirtualTimeLoop) else 0.02
    async with asyncio.timeout(3_600):
        while not (found := read_back()):
            await asyncio.sleep(every)
    return found

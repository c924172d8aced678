"""The scheduler while somebody sets the machine's clock, which APScheduler goes by."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base

from bot.app.scheduler import Scheduler


class MovedClock(datetime):
    """The machine's clock as a test sets it."""

    moved = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "MovedClock":
        shown = datetime.now(tz) + cls.moved
        return cls.fromisoformat(shown.isoformat())


@pytest.fixture
def moved_clock(monkeypatch: pytest.MonkeyPatch) -> type[MovedClock]:
    """APScheduler reads it; our scheduler is given it."""
    monkeypatch.setattr(base, "datetime", MovedClock)
    monkeypatch.setattr(MovedClock, "moved", timedelta(0))
    return MovedClock


@pytest.mark.promise("clock_set")
@pytest.mark.parametrize(
    "jumps",
    [
        [timedelta(hours=-1)],
        [timedelta(days=1), timedelta(days=-1)],
        [timedelta(days=30), timedelta(days=-30), timedelta(hours=-1)],
        [timedelta(days=365 * 56)],
    ],
    ids=["an hour back", "a day on and back", "a month on and more back", "from 1970 to today"],
)
async def test_jobs_go_on_at_their_pace_whatever_the_clock_is_set_to(
    jumps: list[timedelta], moved_clock: type[MovedClock]
) -> None:
    scheduler = Scheduler(lambda: moved_clock.now(UTC), clock_read_every=0.02)
    runs: asyncio.Queue[None] = asyncio.Queue()

    async def work() -> None:
        runs.put_nowait(None)

    scheduler.every(0.2, "work", work, at_once=True)
    task = asyncio.create_task(scheduler.run())
    try:
        await runs.get()
        for jump in jumps:
            moved_clock.moved += jump
            for _ in range(3):
                await runs.get()
            assert runs.qsize() < 3, "not one run for each that the clock left out"
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

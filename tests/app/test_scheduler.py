"""The scheduler goes on ringing when somebody turns the time of day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.app.scheduler import Scheduler
from tests.clocks import TurnedFastClock

HOUR = timedelta(hours=1)


@pytest.fixture
async def scheduler() -> AsyncIterator[AsyncIOScheduler]:
    made = AsyncIOScheduler(timezone=UTC)
    yield made
    if made.running:
        made.shutdown(wait=False)


async def rings(event: asyncio.Event) -> None:
    event.clear()
    async with asyncio.timeout(8):
        await event.wait()


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])
async def test_bells_go_on_ringing_when_the_clock_is_turned(scheduler: AsyncIOScheduler, by: timedelta) -> None:
    clock, event = TurnedFastClock(), asyncio.Event()
    scheduler = Scheduler(clock, scheduler)
    scheduler.every(0.05, event)
    scheduler.start()
    await rings(event)
    # Nobody may turn the machine's clock for a test: what the turn leaves behind is the time of the next ring.
    for job in scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(UTC) - by)
    clock.turn(by)
    scheduler.adjust_clock()
    for _ in range(3):
        await rings(event)


async def test_a_clock_that_nobody_turned_rings_no_more_than_it_should(scheduler: AsyncIOScheduler) -> None:
    event = asyncio.Event()
    scheduler = Scheduler(TurnedFastClock(), scheduler)
    scheduler.every(3600, event)
    scheduler.start()
    scheduler.adjust_clock()
    await asyncio.sleep(0)
    assert not event.is_set()
    assert scheduler.get_jobs()[0].next_run_time > datetime.now(UTC) + HOUR / 2

"""The scheduler goes on ringing when somebody turns the time of day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.service.bells import Bells
from tests.weather.clocks import TurnedFastClock

HOUR = timedelta(hours=1)


@pytest.fixture
async def scheduler() -> AsyncIterator[AsyncIOScheduler]:
    made = AsyncIOScheduler(timezone=UTC)
    yield made
    if made.running:
        made.shutdown(wait=False)


async def rings(bell: asyncio.Event) -> None:
    bell.clear()
    async with asyncio.timeout(8):
        await bell.wait()


@pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])
async def test_bells_go_on_ringing_when_the_clock_is_turned(scheduler: AsyncIOScheduler, by: timedelta) -> None:
    clock, bell = TurnedFastClock(), asyncio.Event()
    bells = Bells(clock, scheduler)
    bells.every(0.05, bell)
    bells.start()
    await rings(bell)
    # Nobody may turn the machine's clock for a test: what the turn leaves behind is the time of the next ring.
    for job in scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(UTC) - by)
    clock.turn(by)
    bells.mind_clock()
    for _ in range(3):
        await rings(bell)


async def test_a_clock_that_nobody_turned_rings_no_more_than_it_should(scheduler: AsyncIOScheduler) -> None:
    bell = asyncio.Event()
    bells = Bells(TurnedFastClock(), scheduler)
    bells.every(3600, bell)
    bells.start()
    bells.mind_clock()
    await asyncio.sleep(0)
    assert not bell.is_set()
    assert scheduler.get_jobs()[0].next_run_time > datetime.now(UTC) + HOUR / 2

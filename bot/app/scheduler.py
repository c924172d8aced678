"""What rings for the leader's work at intervals: APScheduler, kept going when somebody turns the time of day."""

import asyncio
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.domain.ports import Clock
from bot.jobs.clock_jump import TimeOfDay


class Scheduler:
    """The scheduler knows only times of day: turned back by an hour, it would be silent for an hour."""

    def __init__(self, clock: Clock, scheduler: AsyncIOScheduler | None = None) -> None:
        self._scheduler = scheduler or AsyncIOScheduler(timezone=UTC)
        self._time_of_day = TimeOfDay(clock)

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    def every(self, seconds: float, event: asyncio.Event) -> None:
        self._scheduler.add_job(
            _trigger, "interval", seconds=seconds, args=[event], coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def adjust_clock(self) -> None:
        """To be asked again and again: where the time of day was turned, rings everything once, and goes on from now.
        A ring too many is harmless, for rows say what is due."""
        if self._time_of_day.turned():
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))


async def _trigger(event: asyncio.Event) -> None:
    event.set()

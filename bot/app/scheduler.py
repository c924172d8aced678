"""The scheduler that rings for the leader's work at intervals: APScheduler."""

import asyncio
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Scheduler:
    """Sets each event at its interval; what waits for the event does the work."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)

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


async def _trigger(event: asyncio.Event) -> None:
    event.set()

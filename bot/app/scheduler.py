"""The jobs of the leader, run by APScheduler: coroutines at intervals in UTC, one instance of each.

What is due is in the database. A run that is missed, or skipped because the one before still goes on, changes nothing.
APScheduler goes by the machine's clock: when that is set back, each next run is moved back with it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

# It logs each error of a job, with a traceback that may quote a name. `Scheduler.run` raises the error instead.
logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)

CLOCK_READ_EVERY = 5.0  # seconds
SET_BACK = timedelta(seconds=1)  # less than that is how a clock is corrected while it runs

log = structlog.get_logger(__name__)


class _Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """The next run is one interval from now. APScheduler's own trigger names each run that was missed: a clock that was
    set from 1970 to today would have it count millions of them."""

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self._interval


class Scheduler:
    """Runs jobs until it is cancelled or one of them raises."""

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), clock_read_every: float = CLOCK_READ_EVERY
    ) -> None:
        """`now`: the clock that APScheduler goes by."""
        self._now = now
        self._clock_read_every = clock_read_every
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._running_jobs: set[asyncio.Task[object]] = set()

    @property
    def running(self) -> bool:
        """Whether jobs are started when they are due."""
        return bool(self._scheduler.running)

    def every(self, seconds: float, name: str, work: Callable[[], Awaitable[object]], *, at_once: bool = False) -> None:
        """Adds a job that is run each so many seconds; the first time after that long, or at once."""
        first = {"next_run_time": self._now()} if at_once else {}
        self._scheduler.add_job(self._run_job, _Every(seconds), id=name, args=[work], **first)

    def soon(self, name: str) -> None:
        """Runs a job now instead of at its next time; nothing if there is no such job."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.modify_job(name, next_run_time=self._now())

    async def run(self) -> None:
        """Runs the jobs until cancelled. Raises the first error of a job; waits until all that run have ended."""
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def fail(event: JobExecutionEvent) -> None:
            # A job is cancelled when the scheduler ends, and APScheduler calls that an error.
            if not failed.done() and not isinstance(event.exception, asyncio.CancelledError):
                failed.set_exception(event.exception)

        self._scheduler.add_listener(fail, EVENT_JOB_ERROR)
        self._scheduler.start()
        following = asyncio.create_task(self._follow_clock(), name="follow clock")
        try:
            await failed
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            self._scheduler.shutdown(wait=False)  # cancels the jobs that run
            await asyncio.gather(*self._running_jobs, return_exceptions=True)

    async def _follow_clock(self) -> None:
        """Moves the next runs back when the clock is set back: they would begin only when it shows their time again."""
        loop = asyncio.get_running_loop()
        began, shown = loop.time(), self._now()
        while True:
            await asyncio.sleep(self._clock_read_every)
            passed, jumped = loop.time() - began, self._now() - shown
            began, shown = loop.time(), self._now()
            set_back = timedelta(seconds=passed) - jumped
            if set_back < SET_BACK:
                continue
            log.warning("clock.set_back", seconds=round(set_back.total_seconds()))
            for job in self._scheduler.get_jobs():
                if job.next_run_time is not None:
                    self._scheduler.modify_job(job.id, next_run_time=job.next_run_time - set_back)

    async def _run_job(self, work: Callable[[], Awaitable[object]]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running_jobs.add(task)
        task.add_done_callback(self._running_jobs.discard)
        await work()

"""The jobs of the leader, run by APScheduler: coroutines at intervals in UTC, one instance of each.

What is due is in the database. A run that is missed, or skipped because the one before still goes on, changes nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

# It logs each error of a job, with a traceback that may quote a name. `Scheduler.run` raises the error instead.
logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)


class Scheduler:
    """Runs jobs until it is cancelled or one of them raises."""

    def __init__(self) -> None:
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
        first = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(self._run_job, "interval", seconds=seconds, id=name, args=[work], **first)

    def soon(self, name: str) -> None:
        """Runs a job now instead of at its next time; nothing if there is no such job."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    async def run(self) -> None:
        """Runs the jobs until cancelled. Raises the first error of a job; waits until all that run have ended."""
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def fail(event: JobExecutionEvent) -> None:
            # A job is cancelled when the scheduler ends, and APScheduler calls that an error.
            if not failed.done() and not isinstance(event.exception, asyncio.CancelledError):
                failed.set_exception(event.exception)

        self._scheduler.add_listener(fail, EVENT_JOB_ERROR)
        self._scheduler.start()
        try:
            await failed
        finally:
            self._scheduler.shutdown(wait=False)  # cancels the jobs that run
            await asyncio.gather(*self._running_jobs, return_exceptions=True)

    async def _run_job(self, work: Callable[[], Awaitable[object]]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running_jobs.add(task)
        task.add_done_callback(self._running_jobs.discard)
        await work()

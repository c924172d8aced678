"""The poll as a job: people first, then one poll, then the heartbeat; and the pauses after failed polls."""

import asyncio

import structlog

from bot.app import heartbeat
from bot.app.metrics import Metrics
from bot.app.scheduler import Scheduler
from bot.config import Settings
from bot.domain.cadence import poll_pause
from bot.domain.polling import PollMode, PollReport
from bot.domain.ports import Clock
from bot.jobs.directory import DirectoryRefresh
from bot.jobs.poll import Poll

PEOPLE_FIRST = 20.0  # seconds a poll waits for people and departments when they are due
POLL_HUNG = 3600.0  # seconds: no poll takes so long, however large the account; a restart may mend it

log = structlog.get_logger(__name__)


class PollJob:
    """Polls when the scheduler calls `when_due`, ever more seldom while iSpring fails."""

    def __init__(
        self,
        settings: Settings,
        poll: Poll,
        directory: DirectoryRefresh,
        scheduler: Scheduler,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._poll = poll
        self._directory = directory
        self._scheduler = scheduler
        self._clock = clock
        self._metrics = metrics
        self._began: float | None = None  # monotonic, while a poll is under way
        self._not_before = 0.0  # monotonic
        self._failures = 0  # polls that failed since the last good one
        self._mode = PollMode.FULL  # of the next poll, as the last one left it
        self._last_failure = ""

    def is_hung(self) -> bool:
        """Whether a poll has been under way for longer than any poll takes."""
        return self._began is not None and self._clock.monotonic() - self._began > POLL_HUNG

    async def once(self, *, is_last: bool = False) -> PollReport:
        """Reads people first if due, so that cards have names; then polls once; then calls the heartbeat.

        `is_last`: this process polls no more.
        """
        try:
            async with asyncio.timeout(PEOPLE_FIRST):
                await self._directory.when_due()
        except TimeoutError:
            log.info("directory.not_awaited", after_seconds=PEOPLE_FIRST)  # it goes on beside the polls
        report = await self._poll.once(is_last=is_last)
        self._mode = await self._poll.mode()
        self._metrics.polled(report)
        if not report.error:
            self._scheduler.soon("completeness")
            await self._heartbeat()
        self._scheduler.soon("details")
        return report

    async def when_due(self) -> None:
        """One poll each POLL_INTERVAL, while each lists everything."""
        if self._mode is PollMode.FULL:
            await self._once_unless_failing(self._settings.poll_interval)

    async def open_when_due(self) -> None:
        """One poll each OPEN_INTERVAL, while polls are incremental."""
        if self._mode is PollMode.INCREMENTAL:
            await self._once_unless_failing(self._settings.tick)

    async def _once_unless_failing(self, interval: float) -> None:
        """One poll, unless iSpring failed just now: then runs are skipped, twice as many after each failure."""
        self._began = self._clock.monotonic()
        if self._began < self._not_before:
            self._began = None
            return
        try:
            report = await self.once()
        finally:
            self._began = None
        if not report.error:
            self._failures, self._last_failure = 0, ""
            _log_poll(report)
            return
        self._failures += 1
        wait = poll_pause(interval, self._failures)
        _log_poll(report, is_new=report.error != self._last_failure, next_try_in=wait)
        self._last_failure = report.error
        self._not_before = self._clock.monotonic() + wait - interval / 2  # jobs start a little early or late

    async def refresh_directory(self) -> None:
        """Reads people and departments if due, and routes what waited for them."""
        if await self._directory.when_due():
            await self._poll.route_waiting()

    async def finish_reading(self) -> bool:
        """Waits for the reading of people and departments that goes on, and routes what waited for it; False if there
        is none."""
        if not await self._directory.finish():
            return False
        await self._poll.route_waiting()
        return True

    async def _heartbeat(self) -> None:
        if not self._settings.heartbeat_url:
            return
        reason = await heartbeat.call(self._settings.heartbeat_url, self._settings.network)
        if reason:
            log.warning("heartbeat.failed", reason=reason)


def _log_poll(report: PollReport, *, is_new: bool = False, next_try_in: float | None = None) -> None:
    """Logs one line a poll; a failure is an error when it begins, and a warning while it goes on."""
    level = log.info if not report.error else log.error if is_new else log.warning
    level(
        "poll.completed",
        listed=report.listed,
        changed=report.changed,
        unchanged=report.unchanged,
        rejected=report.rejected,
        error=report.error or None,
        mode=str(report.mode),
        bytes=report.size,
        wire_bytes=report.wire_size,
        corrected_at=None if report.corrected_at is None else f"{report.corrected_at:%Y-%m-%dT%H:%M:%SZ}",
        **({} if next_try_in is None else {"next_try_in": next_try_in}),
    )

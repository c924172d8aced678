"""The leader's work: the jobs that poll, check and clean up, and the sender. One process at a time leads a database."""

import asyncio
import random
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import structlog

from bot.app.metrics import Metrics
from bot.app.scheduler import Scheduler
from bot.config import Settings
from bot.domain.cadence import poll_pause
from bot.domain.errors import StoreBusy
from bot.domain.model import (
    OPERATOR,
    Destination,
    DestinationKind,
    DirectMessages,
    Notification,
    NotificationKind,
    RuleState,
)
from bot.domain.polling import PollReport
from bot.domain.ports import Clock, Contacts, Messenger, Training
from bot.jobs.channel_checks import ChannelChecks
from bot.jobs.completeness import CompletenessCheck
from bot.jobs.details import FetchDetails
from bot.jobs.directory import DirectoryRefresh
from bot.jobs.identities import Identities
from bot.jobs.message_data import MessageSettings
from bot.jobs.monitor import Monitor, RuntimeProbes
from bot.jobs.plan_notifications import PollSettings
from bot.jobs.poll import Poll
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.retention import RetentionJob
from bot.jobs.send import Deliver
from bot.query.parser import Query
from bot.services.rules import make_rule
from bot.store.database import Store, Tx

DIRECTORY_EVERY = 15 * 60  # seconds; the rows say whether it is due
DETAILS_EVERY = 60  # seconds
CHANNEL_CHECKS_EVERY = 5 * 60  # seconds; the rows say which channels are due
IDENTITIES_EVERY = 30  # seconds; the rows say who is due
MONITOR_EVERY = 30  # seconds
RETENTION_EVERY = 60 * 60  # seconds; the rows say whether it is due
COMPLETENESS_EVERY = 60 * 60  # seconds; asked after each good poll too, and the rows say whether it is due
PEOPLE_FIRST = 20.0  # seconds a poll waits for people and departments when they are due
HEARTBEAT_TIMEOUT = 10.0  # seconds a call may take as a whole: the next poll waits for it
WATCH_EVERY = 1.0  # seconds between two looks at whether another process wrote rows, and at whether the jobs go on
POLL_HUNG = 3600.0  # seconds: no poll takes so long, however large the account; a restart may mend it
BUSY_PAUSE = 2.0  # seconds until a database that is locked or full is tried again

log = structlog.get_logger(__name__)


class Leader:
    """Everything that only one process at a time may do."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        training: Training,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        metrics: Metrics,
        disconnected_for: Callable[[], float],
    ) -> None:
        """`disconnected_for` returns for how many seconds no command could arrive, 0 while they can."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._metrics = metrics
        ops = settings.ops_channel
        limiter = RateLimiter()
        self._ops = (Destination(DestinationKind.CHANNEL, ops),) if ops else ()
        self.sender = Deliver(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            random01=random.random,
            settings=MessageSettings(
                admins=settings.admins,
                account_url=settings.ispring_account_url or None,
                command=settings.slack_command,
                recover_restored=settings.catch_up,
                interval=settings.poll_interval,
                rights_max_age=settings.rights_valid_for,
            ),
            ops_channel=settings.ops_channel,
            limiter=limiter,
            tried=metrics.tried,
        )
        self._directory = DirectoryRefresh(training, store, clock)
        self._details = FetchDetails(training, store, clock, wake=self.sender.wake)
        self._poll = Poll(
            training,
            store,
            clock,
            PollSettings(
                ops_channel=settings.ops_channel,
                admins=settings.admins,
                baseline=settings.summarise_back,
                employee_wants=DirectMessages.ALL if settings.notify_employees else DirectMessages.NONE,
                interval=settings.poll_interval,
                recover_restored=settings.catch_up,
            ),
            refresh_directory=self._directory.on_demand,
            wake=self.sender.wake,
        )
        self._completeness = CompletenessCheck(
            training, store, clock, ops_channel=settings.ops_channel, wake=self.sender.wake
        )
        self._channel_checks = ChannelChecks(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            admins=settings.admins,
            ops_channel=settings.ops_channel,
            wake=self.sender.wake,
            limiter=limiter,
        )
        self._identities = Identities(
            store,
            contacts,
            clock,
            admins=settings.admins,
            ops_channel=settings.ops_channel,
            wake=self.sender.wake,
        )
        self._retention = RetentionJob(store, clock, settings.keep, wake=self.sender.wake)
        self._monitor = Monitor(
            store,
            clock,
            RuntimeProbes(disconnected_for, partial(_disk_left, settings.database_path)),
            ops_channel=settings.ops_channel,
            poll_interval=settings.poll_interval,
            wake=self.sender.wake,
        )
        self._scheduler = Scheduler()
        self._poll_began: float | None = None  # monotonic, while a poll is under way
        self._poll_not_before = 0.0  # monotonic
        self._failures = 0  # polls that failed since the last good one
        self._last_failure = ""

    async def prepare(self) -> None:
        """Stores what the settings ask for, before anything is polled or sent."""
        created = self._store.created

        def work(tx: Tx) -> None:
            now = self._clock.now()
            tx.targets.set_initial(self._settings.pass_target)
            self._make_default_rule(tx, now)
            if created:
                self._log_database_created(tx, now)

        while True:
            try:
                await self._store.transact(work)
                break
            except StoreBusy as error:
                log.warning("database.busy", reason=str(error), next_try_in=BUSY_PAUSE)
                await self._clock.sleep(BUSY_PAUSE)
        if created:
            log.warning("database.created", path=str(self._settings.database_path))

    async def poll_once(self, *, is_last: bool = False) -> PollReport:
        """Reads people first if due, so that cards have names; then polls once; then calls the heartbeat.

        `is_last`: this process polls no more.
        """
        try:
            async with asyncio.timeout(PEOPLE_FIRST):
                await self._directory.when_due()
        except TimeoutError:
            log.info("directory.timed_out", after_seconds=PEOPLE_FIRST)
            self._scheduler.soon("directory")  # goes on beside the polls, which wait no longer
        report = await self._poll.once(is_last=is_last)
        self._metrics.polled(report)
        if not report.error:
            self._scheduler.soon("completeness")
            await self._heartbeat()
        self._scheduler.soon("details")
        return report

    async def round_once(self) -> None:
        """Checks the channels and owners of rules that are due."""
        await self._channel_checks.once()

    async def run(self, on_round: Callable[[bool], None]) -> None:
        """Polls and sends until cancelled; calls `on_round` each second with whether jobs and polls go on."""
        every = self._scheduler.every
        every(self._settings.poll_interval, "poll", self._poll_unless_backing_off, at_once=True)
        every(DIRECTORY_EVERY, "directory", self._directory.when_due)
        every(DETAILS_EVERY, "details", self._details.until_done)
        every(COMPLETENESS_EVERY, "completeness", self._completeness.when_due)
        # At once: events were missed while no process led.
        every(CHANNEL_CHECKS_EVERY, "channel checks", self._channel_checks.once, at_once=True)
        every(IDENTITIES_EVERY, "identities", self._identities.once, at_once=True)
        every(RETENTION_EVERY, "retention", self._retention.when_due, at_once=True)
        every(MONITOR_EVERY, "monitor", self._monitor.once)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._scheduler.run(), name="scheduler")
            group.create_task(self.sender.run(), name="sender")
            await self._watch(on_round)

    async def _watch(self, on_round: Callable[[bool], None]) -> None:
        """Reports whether the work goes on, and wakes the sender when another process (a command, a second `run`) has
        written rows."""
        log_file = Path(f"{self._settings.database_path.resolve()}-wal")
        seen = _stamp(log_file)
        while True:
            await self._clock.sleep(WATCH_EVERY)
            is_hung = self._poll_began is not None and self._clock.monotonic() - self._poll_began > POLL_HUNG
            on_round(self._scheduler.running and not is_hung)
            if (stamp := _stamp(log_file)) != seen:
                seen = stamp
                self.sender.wake()

    async def _poll_unless_backing_off(self) -> None:
        """One poll, unless iSpring failed just now: then runs are skipped, twice as many after each failure."""
        self._poll_began = self._clock.monotonic()
        if self._poll_began < self._poll_not_before:
            self._poll_began = None
            return
        try:
            report = await self.poll_once()
        finally:
            self._poll_began = None
        if not report.error:
            self._failures, self._last_failure = 0, ""
            _log_poll(report)
            return
        self._failures += 1
        interval = self._settings.poll_interval
        wait = poll_pause(interval, self._failures)
        _log_poll(report, is_news=report.error != self._last_failure, next_try_in=wait)
        self._last_failure = report.error
        self._poll_not_before = self._clock.monotonic() + wait - interval / 2  # jobs start a little early or late

    def _make_default_rule(self, tx: Tx, now: datetime) -> None:
        channel = self._settings.default_channel
        if not channel or tx.rules.default_channel_made(channel):
            return
        tx.rules.note_default_channel(channel)
        destination = Destination(DestinationKind.CHANNEL, channel)
        if any(not rule.query for rule in tx.rules.at(destination)):
            return
        # Active at once: what is completed while the intro can't be posted yet must not be lost.
        make_rule(tx, destination, OPERATOR, Query(), RuleState.ACTIVE, now)

    def _log_database_created(self, tx: Tx, now: datetime) -> None:
        for destination in self._ops:
            notification = Notification(
                kind=NotificationKind.OPS,
                destination=destination,
                subject=f"ops:database_created:{int(now.timestamp())}",
                reason="a database was created",
                facts={"code": "database_created"},
            )
            tx.notifications.enqueue(notification, now)

    async def _heartbeat(self) -> None:
        if not self._settings.heartbeat_url:
            return
        try:
            # httpx's own limits are for each read, and an answer may drip for ever. Its body is nothing to us.
            async with (
                asyncio.timeout(HEARTBEAT_TIMEOUT),
                httpx.AsyncClient(timeout=HEARTBEAT_TIMEOUT) as client,
                client.stream("GET", self._settings.heartbeat_url) as answer,
            ):
                if answer.is_error:
                    log.warning("heartbeat.failed", reason=f"HTTP {answer.status_code}")
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning("heartbeat.failed", reason=type(error).__name__)


def _log_poll(report: PollReport, *, is_news: bool = False, next_try_in: float | None = None) -> None:
    """One line a poll; a failure is an error when it begins, and mentioned as it goes on."""
    level = log.info if not report.error else log.error if is_news else log.warning
    level(
        "poll.ended",
        listed=report.listed,
        changed=report.changed,
        unchanged=report.unchanged,
        rejected=report.rejected,
        error=report.error or None,
        **({} if next_try_in is None else {"next_try_in": next_try_in}),
    )


def _stamp(file: Path) -> tuple[int, int] | None:
    """When a file was written last and how large it is, None while there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def _disk_left(database: Path) -> int | None:
    """Bytes left beside the database, None if that can't be read."""
    try:
        return shutil.disk_usage(database.resolve().parent).free
    except OSError:
        return None

"""The leader: one process at a time polls and sends. It waits for the lock, prepares the database and runs the jobs."""

import asyncio
import os
import random
import shutil
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from bot.app.clients import Clients
from bot.app.health import Liveness
from bot.app.poll_job import PollJob
from bot.app.scheduler import Scheduler
from bot.app.stopping import wait_for_stop
from bot.config import Settings
from bot.domain.alerts import LEADER_IS_SILENT, is_silent
from bot.domain.errors import StoreBusy
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import OPERATOR, RuleState
from bot.domain.staff import Supervision
from bot.jobs.channel_checks import ChannelChecks
from bot.jobs.completeness import CompletenessCheck
from bot.jobs.details import FetchDetails
from bot.jobs.digest_files import DigestFiles
from bot.jobs.digest_slots import DigestJob
from bot.jobs.directory import DirectoryRefresh
from bot.jobs.identities import Identities
from bot.jobs.monitor import Monitor, RuntimeProbes
from bot.jobs.poll import Poll
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.remind import RemindJob
from bot.jobs.retention import RetentionJob
from bot.jobs.send import SendJob
from bot.query.parser import Query
from bot.services.alerting import notify_ops, set_alert
from bot.services.rules import make_rule
from bot.store.database import Tx
from bot.store.lock import SIGN_EVERY

DIRECTORY_EVERY = 15 * 60  # seconds; the rows say whether it is due
DETAILS_EVERY = 60  # seconds
CHANNEL_CHECKS_EVERY = 5 * 60  # seconds; the rows say which channels are due
IDENTITIES_EVERY = 30  # seconds; the rows say who is due
MONITOR_EVERY = 30  # seconds
REMIND_EVERY = 5 * 60  # seconds; the rows say what is due
DIGEST_EVERY = 20  # seconds; the rows say which rules are due
DIGEST_FILES_EVERY = 60  # seconds; the rows say which digests were posted
RETENTION_EVERY = 60 * 60  # seconds; the rows say whether it is due
COMPLETENESS_EVERY = 60 * 60  # seconds; asked after each good poll too, and the rows say whether it is due
LOCK_RETRY = 1.0  # seconds between two tries to acquire the lock
CHECK_EVERY = 1.0  # seconds between two checks whether another process wrote rows, and whether the jobs go on
BUSY_PAUSE = 2.0  # seconds until a database that is locked or full is tried again

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of the leader, added to `scheduler`; and the sender, which wakes itself."""

    scheduler: Scheduler
    sender: SendJob
    poll: PollJob
    directory: DirectoryRefresh
    channel_checks: ChannelChecks


def build_jobs(settings: Settings, clients: Clients, liveness: Liveness) -> Jobs:
    """Returns the jobs with their intervals; nothing runs yet."""
    store, clock, messenger, contacts = clients.store, clients.clock, clients.messenger, clients.contacts
    training, metrics = clients.training, clients.metrics
    limiter, scheduler = RateLimiter(), Scheduler()
    sender = SendJob(
        store=store,
        messenger=messenger,
        contacts=contacts,
        clock=clock,
        random01=random.random,
        settings=settings,
        limiter=limiter,
        tried=metrics.tried,
    )
    directory = DirectoryRefresh(training, store, clock, wake=sender.wake)
    reader = Poll(training, store, clock, settings, refresh_directory=directory.on_demand, wake=sender.wake)
    poll = PollJob(settings, reader, directory, scheduler, clock, metrics)
    details = FetchDetails(training, store, clock, settings, wake=sender.wake)
    completeness = CompletenessCheck(training, store, clock, wake=sender.wake)
    channel_checks = ChannelChecks(
        store=store,
        messenger=messenger,
        contacts=contacts,
        clock=clock,
        settings=settings,
        wake=sender.wake,
        limiter=limiter,
    )
    identities = Identities(store, contacts, clock, admins=settings.admins, wake=sender.wake)
    retention = RetentionJob(store, messenger, clock, settings, wake=sender.wake)
    probes = RuntimeProbes(
        lambda: liveness.disconnected_for(clock.monotonic()), partial(_disk_left, settings.database_path)
    )
    monitor = Monitor(store, clock, probes, settings, wake=sender.wake)

    scheduler.every(settings.poll_interval, "poll", poll.when_due, at_once=True)
    scheduler.every(settings.tick, "open sessions", poll.open_when_due)
    scheduler.every(DIRECTORY_EVERY, "directory", poll.refresh_directory)
    scheduler.every(DETAILS_EVERY, "details", details.until_done)
    scheduler.every(COMPLETENESS_EVERY, "completeness", completeness.when_due)
    # At once: events were missed while no process led.
    scheduler.every(CHANNEL_CHECKS_EVERY, "channel checks", channel_checks.once, at_once=True)
    scheduler.every(IDENTITIES_EVERY, "identities", identities.once, at_once=True)
    scheduler.every(RETENTION_EVERY, "retention", retention.when_due, at_once=True)
    scheduler.every(MONITOR_EVERY, "monitor", monitor.once)
    # At once: what became due while no process led.
    scheduler.every(REMIND_EVERY, "remind", RemindJob(store, contacts, clock, wake=sender.wake).once, at_once=True)
    files = DigestFiles(store, messenger, contacts, clock, settings)
    scheduler.every(DIGEST_FILES_EVERY, "digest files", files.once)
    scheduler.every(
        DIGEST_EVERY, "digest", DigestJob(store, contacts, clock, settings, wake=sender.wake).once, at_once=True
    )
    return Jobs(scheduler, sender, poll, directory, channel_checks)


class Leader:
    """Runs the jobs while this process holds the lock."""

    def __init__(self, settings: Settings, clients: Clients, liveness: Liveness) -> None:
        self._settings = settings
        self._lock = clients.leadership
        self._store = clients.store
        self._clock = clients.clock
        self._liveness = liveness
        self._next_alert: float | None = None  # monotonic
        self.jobs = build_jobs(settings, clients, liveness)

    async def run(self, stop: asyncio.Event) -> None:
        """Waits for the lock, then polls and sends until `stop`."""
        if not await self._acquire(stop):
            return
        try:
            log.info("leader.acquired", pid=os.getpid())
            self._liveness.is_leader = True
            self._sign()
            await self.prepare()
            async with asyncio.TaskGroup() as group:
                working = group.create_task(self._work(), name="jobs")
                await stop.wait()
                working.cancel()
        finally:
            self._liveness.is_leader = False

    async def prepare(self) -> None:
        """Stores what the settings ask for, before anything is polled or sent."""
        created = self._store.created

        def work(tx: Tx) -> None:
            now = self._clock.now()
            tx.targets.set_initial(self._settings.pass_target)
            self._make_default_rule(tx, now)
            self._apply_supervision(tx, now)
            if created:
                notify_ops(tx, "database_created", str(int(now.timestamp())), now)

        while True:
            try:
                await self._store.transact(work)
                break
            except StoreBusy as error:
                log.warning("store.postponed", reason=str(error), next_try_in=BUSY_PAUSE)
                await self._clock.sleep(BUSY_PAUSE)
        if created:
            log.warning("database.created", path=str(self._settings.database_path))

    async def _acquire(self, stop: asyncio.Event) -> bool:
        """Tries to acquire the lock until it is free; returns False if stopped before."""
        is_waiting = False
        while not self._lock.try_acquire():
            if not is_waiting:
                log.info("leader.awaited", leader=self._lock.leader())
                is_waiting = True
            await self._check_leader()
            if await wait_for_stop(stop, LOCK_RETRY):
                return False
        return True

    async def _check_leader(self) -> None:
        """Raises an alert while the process that leads gives no sign of life: it would keep the lock for ever."""
        now, pid = self._clock.now(), self._lock.leader()
        self._liveness.leader_pid, self._liveness.leader_signed_at = pid, self._lock.signed_at()
        signed_at, monotonic = self._liveness.leader_signed_at, self._clock.monotonic()
        if self._next_alert is None or signed_at is None or not is_silent(signed_at, now):
            # After a machine slept, both processes wake up, and the first sign comes a moment later.
            self._next_alert = monotonic + SIGN_EVERY.total_seconds()
            return
        if monotonic < self._next_alert:
            return
        self._next_alert = monotonic + MONITOR_EVERY
        facts = {"process": pid, "since": f"{signed_at:%Y-%m-%d %H:%M} UTC"}
        try:
            await self._store.transact(lambda tx: set_alert(tx, LEADER_IS_SILENT, facts, now))
        except StoreBusy:  # it may have been stopped within a transaction
            log.error("leader.missed", leader=pid, since=facts["since"])

    async def keep_signing(self) -> None:
        """Gives signs of life until it is cancelled."""
        while True:
            self._sign()
            await self._clock.sleep(CHECK_EVERY)

    def _sign(self) -> None:
        self._lock.sign(self._clock.now())
        self._liveness.leader_pid, self._liveness.leader_signed_at = self._lock.leader(), self._lock.signed_at()

    async def _work(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.jobs.scheduler.run(), name="scheduler")
                group.create_task(self.jobs.sender.run(), name="sender")
                await self._keep_alive()
        finally:
            await self.jobs.directory.stop()

    async def _keep_alive(self) -> None:
        """Gives signs of life, writes each second to `liveness` whether the jobs go on, and wakes the sender when
        another process (a command, a second `run`) has written rows."""
        log_file = Path(f"{self._settings.database_path.resolve()}-wal")
        seen = _modified(log_file)
        while True:
            await self._clock.sleep(CHECK_EVERY)
            self._sign()
            self._liveness.jobs_go_on = self.jobs.scheduler.running and not self.jobs.poll.is_hung()
            if (modified := _modified(log_file)) != seen:
                seen = modified
                self.jobs.sender.wake()

    def _apply_supervision(self, tx: Tx, now: datetime) -> None:
        """Stores SUPERVISION; where that lets supervisors see more than before, OPS_CHANNEL and the log say so."""
        supervision = self._settings.supervision
        if tx.people.supervision() is supervision:
            return
        tx.people.set_supervision(supervision)
        supervisors, employees = tx.people.directory().further_down() if supervision is Supervision.CHAIN else (0, 0)
        log.warning("supervision.changed", supervision=supervision.value, supervisors=supervisors, employees=employees)
        if supervisors:
            facts = {"supervisors": supervisors, "employees": employees}
            notify_ops(tx, "supervision_widened", str(int(now.timestamp())), now, **facts)

    def _make_default_rule(self, tx: Tx, now: datetime) -> None:
        channel = self._settings.default_channel
        if not channel or tx.rules.default_channel_made(channel):
            return
        tx.rules.note_default_channel(channel)
        destination = Destination(DestinationKind.CHANNEL, channel)
        if any(not rule.query for rule in tx.rules.at(destination)):
            return
        # Active at once: a completion before the introduction is posted must not be lost.
        make_rule(tx, destination, OPERATOR, Query(), RuleState.ACTIVE, now)


def _modified(file: Path) -> tuple[int, int] | None:
    """Returns when a file was last written (nanoseconds) and its size in bytes; None if it does not exist."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def _disk_left(database: Path) -> int | None:
    """Returns the free bytes of the database's disk, None if that can't be read."""
    try:
        return shutil.disk_usage(database.resolve().parent).free
    except OSError:
        return None

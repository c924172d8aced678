"""The leader's work: what polls and sends, and the scheduler that rings for it."""

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx
import structlog

from bot.config import Settings
from bot.core.cadence import poll_pause
from bot.core.errors import StoreBusy
from bot.core.model import OPERATOR, Destination, DestinationKind, DirectMessages, Notice, NoticeKind, RuleState
from bot.core.ports import Clock, Contacts, Messenger, PollReport, Training, Tx
from bot.core.routing import introduction
from bot.jobs.deliver import Deliver
from bot.jobs.details import FetchDetails
from bot.jobs.directory import DirectoryRefresh
from bot.jobs.gather import House
from bot.jobs.pace import Pace
from bot.jobs.poll import Poll
from bot.jobs.rollcall import RollCall
from bot.jobs.rounds import Rounds
from bot.jobs.telling import PollSettings
from bot.jobs.tidy import Tidy
from bot.jobs.watch import Senses, Watch
from bot.service.bells import Bells
from bot.service.metrics import Tallies
from bot.store.database import Database

DIRECTORY_RING = 15 * 60  # seconds; the rows say whether it is due
DETAILS_RING = 60  # seconds
ROUNDS_RING = 5 * 60  # seconds; the rows say which channels are due
WATCH_RING = 30  # seconds
TIDY_RING = 60 * 60  # seconds; the rows say whether it is due
PEOPLE_FIRST = 20.0  # seconds a poll waits for people and departments when they are due
HEARTBEAT_PATIENCE = 10.0  # seconds a call may take as a whole: the next poll waits for it
LOOK_ROUND = 1.0  # seconds between two looks at what other processes wrote, and at how we are
POLL_HUNG = 3600.0  # seconds: no poll takes so long, however large the account; a restart may mend it
BUSY_PAUSE = 2.0  # seconds until a database that is locked or full is tried again

log = structlog.get_logger(__name__)


class Duties:
    """What only the leader does."""

    def __init__(
        self,
        settings: Settings,
        store: Database,
        training: Training,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        tallies: Tallies,
        deaf_for: Callable[[], float],
    ) -> None:
        """`deaf_for` answers for how many seconds no command could arrive, 0 while they can."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._tallies = tallies
        ops = settings.ops_channel
        pace = Pace()
        self._ops = (Destination(DestinationKind.CHANNEL, ops),) if ops else ()
        self.deliver = Deliver(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            dice=random.random,
            house=House(
                admins=settings.admins,
                account_url=settings.ispring_account_url or None,
                command=settings.slack_command,
                catch_up=settings.catch_up,
                interval=settings.poll_interval,
            ),
            ops_channel=settings.ops_channel,
            pace=pace,
            tried=tallies.tried,
        )
        self._directory = DirectoryRefresh(training, store, clock)
        self._details = FetchDetails(training, store, clock, wake=self.deliver.wake)
        self._poll = Poll(
            training,
            store,
            clock,
            contacts,
            PollSettings(
                ops_channel=settings.ops_channel,
                admins=settings.admins,
                baseline=settings.summarise_back,
                employee_wants=DirectMessages.ALL if settings.notify_employees else DirectMessages.NONE,
                interval=settings.poll_interval,
                catch_up=settings.catch_up,
            ),
            refresh_directory=self._directory.on_demand,
            wake=self.deliver.wake,
        )
        self._roll_call = RollCall(training, store, clock, ops_channel=settings.ops_channel, wake=self.deliver.wake)
        self._rounds = Rounds(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            admins=settings.admins,
            ops_channel=settings.ops_channel,
            wake=self.deliver.wake,
            pace=pace,
        )
        self._tidy = Tidy(store, clock, settings.keep, wake=self.deliver.wake)
        self._watch_over = Watch(
            store,
            clock,
            Senses(deaf_for, partial(_disk_left, settings.database_path)),
            ops_channel=settings.ops_channel,
            poll_interval=settings.poll_interval,
            wake=self.deliver.wake,
        )
        self._details_bell = asyncio.Event()
        self._directory_bell = asyncio.Event()
        self._roll_call_bell = asyncio.Event()
        self._poll_began: float | None = None  # monotonic, while a poll is under way
        self._poll_not_before = 0.0  # monotonic
        self._failures = 0  # polls that failed since the last good one
        self._last_failure = ""

    async def prepare(self) -> None:
        """What the settings ask to be in the database, before anything is polled or sent."""
        created = self._store.created

        def work(tx: Tx) -> None:
            now = self._clock.now()
            tx.sessions.initial_target(self._settings.pass_target)
            self._make_default_rule(tx, now)
            if created:
                self._tell_of_creation(tx, now)

        while True:
            try:
                await self._store.transact(work)
                break
            except StoreBusy as error:
                log.warning("database_busy", why=str(error), next_try_in=BUSY_PAUSE)
                await self._clock.sleep(BUSY_PAUSE)
        if created:
            log.warning("database_created", path=str(self._settings.database_path))

    async def poll_once(self, *, is_last: bool = False) -> PollReport:
        """People first, so that an alert has names; then one look at iSpring (`is_last`: this process looks no more);
        then the heartbeat."""
        try:
            async with asyncio.timeout(PEOPLE_FIRST):
                await self._directory.when_due()
        except TimeoutError:
            log.info("people_late", after_seconds=PEOPLE_FIRST)
            self._directory_bell.set()  # goes on beside the polls, which wait no longer
        report = await self._poll.once(is_last=is_last)
        self._tallies.polled(report)
        if not report.error:
            self._roll_call_bell.set()
            await self._heartbeat()
        self._details_bell.set()
        return report

    async def round_once(self) -> None:
        """One look at the channels and owners of rules that are due."""
        await self._rounds.once()

    async def run(self, on_round: Callable[[bool], None]) -> None:
        """Polls and sends until cancelled; `on_round` is told again and again whether all that rings and polls does."""
        poll_bell, rounds_bell, tidy_bell, watch_bell = (asyncio.Event() for _ in range(4))
        poll_bell.set()
        rounds_bell.set()  # events were missed while nobody listened
        tidy_bell.set()
        bells = Bells(self._clock)
        for bell, seconds in (
            (poll_bell, self._settings.poll_interval),
            (self._directory_bell, DIRECTORY_RING),
            (self._details_bell, DETAILS_RING),
            (rounds_bell, ROUNDS_RING),
            (tidy_bell, TIDY_RING),
            (watch_bell, WATCH_RING),
        ):
            bells.every(seconds, bell)
        async with asyncio.TaskGroup() as group:
            group.create_task(_whenever(poll_bell, self._poll_unless_backing_off), name="poll")
            group.create_task(_whenever(self._directory_bell, self._directory.when_due), name="directory")
            group.create_task(_whenever(rounds_bell, self._rounds.once), name="rounds")
            group.create_task(_whenever(self._details_bell, self._details.until_done), name="details")
            group.create_task(_whenever(self._roll_call_bell, self._roll_call.when_due), name="roll call")
            group.create_task(_whenever(tidy_bell, self._tidy.when_due), name="tidy")
            group.create_task(_whenever(watch_bell, self._watch_over.once), name="watch")
            group.create_task(self.deliver.run(), name="deliver")
            bells.start()
            try:
                await self._watch(bells, on_round)
            finally:
                bells.stop()

    async def _watch(self, bells: Bells, on_round: Callable[[bool], None]) -> None:
        """Tells how we are, and wakes delivery when another process (a verb, a second `run`) has written rows."""
        log_file = Path(f"{self._settings.database_path.resolve()}-wal")
        seen = _stamp(log_file)
        while True:
            now = self._clock.monotonic()
            is_hung = self._poll_began is not None and now - self._poll_began > POLL_HUNG
            on_round(bells.running and not is_hung)
            bells.mind_clock()
            if (stamp := _stamp(log_file)) != seen:
                seen = stamp
                self.deliver.wake()
            await self._clock.sleep(LOOK_ROUND)

    async def _poll_unless_backing_off(self) -> None:
        """One poll, unless iSpring failed just now: then rings pass, twice as many after each failure."""
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
        self._poll_not_before = self._clock.monotonic() + wait - interval / 2  # rings come a little early and late

    def _make_default_rule(self, tx: Tx, now: datetime) -> None:
        channel = self._settings.default_channel
        if not channel or tx.rules.default_channel_made(channel):
            return
        tx.rules.note_default_channel(channel)
        destination = Destination(DestinationKind.CHANNEL, channel)
        if any(not rule.query for rule in tx.rules.at(destination)):
            return
        # Active at once: what is completed while the intro can't be posted yet must not be lost.
        rule = tx.rules.add(destination, OPERATOR, "", RuleState.ACTIVE, now)
        tx.outbox.owe(introduction(rule), now)
        tx.ledger.write(OPERATOR, "subscribe", f"rule:{rule.rule_id}", now)

    def _tell_of_creation(self, tx: Tx, now: datetime) -> None:
        for destination in self._ops:
            notice = Notice(
                kind=NoticeKind.OPS,
                destination=destination,
                subject=f"ops:database_created:{int(now.timestamp())}",
                reason="a database was created",
                facts={"code": "database_created"},
            )
            tx.outbox.owe(notice, now)

    async def _heartbeat(self) -> None:
        if not self._settings.heartbeat_url:
            return
        try:
            # httpx's own limits are for each read, and an answer may drip for ever. Its body is nothing to us.
            async with (
                asyncio.timeout(HEARTBEAT_PATIENCE),
                httpx.AsyncClient(timeout=HEARTBEAT_PATIENCE) as client,
                client.stream("GET", self._settings.heartbeat_url) as answer,
            ):
                if answer.is_error:
                    log.warning("heartbeat_failed", why=f"HTTP {answer.status_code}")
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning("heartbeat_failed", why=type(error).__name__)


def _log_poll(report: PollReport, *, is_news: bool = False, next_try_in: float | None = None) -> None:
    """One line a poll; a failure is an error when it begins, and mentioned as it goes on."""
    level = log.info if not report.error else log.error if is_news else log.warning
    level(
        "polled",
        listed=report.listed,
        changed=report.changed,
        unchanged=report.unchanged,
        set_aside=report.set_aside,
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
    """Bytes left beside the database, None where that can't be told."""
    try:
        return shutil.disk_usage(database.resolve().parent).free
    except OSError:
        return None


async def _whenever(bell: asyncio.Event, work: Callable[[], Awaitable[object]]) -> None:
    """Does the work each time the bell was rung, once for all rings that came meanwhile."""
    while True:
        await bell.wait()
        bell.clear()
        await work()

"""One poll of iSpring, of the kind that is due: its whole list of sessions, or only what may have changed.

`jobs/full_listing.py` reads the first, `jobs/incremental.py` the second, `jobs/verification.py` both to compare them;
`domain/incremental.py` says which is due. Requests go out one at a time, and each answer is stored before the next
request begins: so a row never undoes what a later request showed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.errors import StoreBusy, StoreError, TrainingError, TrainingRefused, TrainingUnreadable
from bot.domain.incremental import PollingState, Reading, ignored, needs_full, reading_of
from bot.domain.outage import outage_of
from bot.domain.polling import PollMode, PollReport
from bot.domain.ports import Clock, Training
from bot.jobs.answers import FilterIgnored
from bot.jobs.full_listing import FullListing
from bot.jobs.incremental import Increment
from bot.jobs.listing_changes import ChangeWriter, PollRun
from bot.jobs.plan_notifications import NotificationPlanner, PollTiming
from bot.jobs.store_changes import store_notifications
from bot.jobs.verification import Verification, note_full_failed
from bot.services.alerting import set_alert
from bot.store.database import Store, Tx
from bot.store.outbox.unrouted import UnroutedChange

ROUTED_AT_ONCE = 400  # changes that waited, in one transaction: about a tenth of a second
FAILING_AFTER = timedelta(minutes=30)  # shorter outages do not matter
BROKE = (
    "Spotter stumbled over what iSpring sent: please report the line `poll.broke` of its log. It tries again by itself."
)

log = structlog.get_logger(__name__)


class Poll:
    """Polls iSpring, one poll at a time."""

    def __init__(
        self,
        training: Training,
        store: Store,
        clock: Clock,
        settings: Settings,
        *,
        refresh_directory: Callable[[], Awaitable[object]],
        wake: Callable[[], None],
    ) -> None:
        """`refresh_directory` reads people and departments, unless that was just done; `wake` wakes the sender."""
        self._store = store
        self._clock = clock
        self._settings = settings
        self._wake = wake
        self._one = asyncio.Lock()
        self._mode = PollMode.FULL
        writer = ChangeWriter(training, store, clock, settings, refresh_directory, wake)
        self._full = FullListing(training, store, clock, settings, writer)
        self._increment = Increment(training, store, clock, settings, writer)
        self._verification = Verification(training, store, clock, self._full, self._increment)

    async def once(self, *, is_last: bool = False) -> PollReport:
        """Polls once. What iSpring does wrong is in the report, never raised; so is what we do wrong over its answer,
        and a full or locked database.

        `is_last`: this process polls no more, so direct messages wait for no further session to join them.
        """
        async with self._one:
            started = self._clock.now()
            try:
                report = await self._read(started, is_last)
                if not report.unchanged:
                    self._wake()
            except StoreBusy as error:
                report = PollReport(started, self._clock.now(), error=str(error))
            except TrainingError as error:
                report = await self._failed(error, started)
            except StoreError:
                raise
            except Exception as error:
                # An unexpected error over a listing ends this poll, and nothing of it is stored. Raised, it would end
                # the sending and the answers too, again at each start: the listing would still be there.
                log.error("poll.broke", exc_info=error)
                report = await self._failed(TrainingUnreadable(BROKE), started)
            await self._route_waiting()
            return report

    async def mode(self) -> PollMode:
        """How the next poll reads; as the last one if the database can't be read now."""
        try:
            self._mode = await self._store.read(lambda tx: tx.polling.state().mode)
        except StoreBusy:
            log.warning("store.postponed", reason="the mode of polling")
        return self._mode

    async def route_waiting(self) -> None:
        """Routes the changes that waited for people or departments, as far as these are known by now."""
        async with self._one:
            await self._route_waiting()

    async def _route_waiting(self) -> None:
        if await _route_all(self._store, self._clock, self._settings):
            self._wake()

    async def _read(self, started: datetime, is_last: bool) -> PollReport:
        def prepare(tx: Tx) -> tuple[PollingState, PollRun]:
            state = tx.polling.state()
            is_full = state.mode is PollMode.FULL
            interval = state.interval(self._settings.poll_interval, started)
            outage = outage_of(tx.polls.last_good_at(), started, interval, tx.polls.restored_from())
            next_in = self._settings.poll_interval if is_full else self._settings.tick
            return state, PollRun(started, 0.0 if is_last else next_in, outage)

        if await self._store.read(lambda tx: tx.rules.has_times_after(started)):
            await self._store.transact(lambda tx: tx.rules.clamp_times(started))
        state, run = await self._store.read(prepare)
        reading = reading_of(state, started, is_after_outage=run.outage is not None)
        if reading is Reading.NOTHING:
            return PollReport(started, started, unchanged=True)
        try:
            if reading is Reading.VERIFIED:
                return await self._verification.read(run, state)
            if reading is Reading.FULL:
                return await self._read_full(run, state)
            report = (await self._increment.read(run, state)).report
            return report if run.outage is None else await self._read_missed(run, report)
        except FilterIgnored as error:
            log.error("filter.ignored", filter=error.name)
            await self._store.transact(partial(_note_ignored, str(error), started))
            return await self._full.read(run)

    async def _read_full(self, run: PollRun, state: PollingState) -> PollReport:
        """Reads a full listing; an increment if that fails and something can be said without one."""
        try:
            return await self._full.read(run)
        except TrainingError as error:
            if needs_full(state, run.started):
                raise
            state = await note_full_failed(self._store, error, run.started)
        return (await self._increment.read(run, state)).report

    async def _read_missed(self, run: PollRun, increment: PollReport) -> PollReport:
        """Reads a full listing at once after an increment showed that an outage is over; the increment's report if that
        fails."""
        started = self._clock.now()
        try:
            full = await self._full.read(replace(run, started=started, details={}))
        except TrainingError as error:
            await note_full_failed(self._store, error, started)
            return increment
        return replace(
            full,
            started_at=run.started,
            changed=increment.changed + full.changed,
            unchanged=increment.unchanged and full.unchanged,
            size=increment.size + full.size,
            wire_size=increment.wire_size + full.wire_size,
        )

    async def _failed(self, error: TrainingError, started: datetime) -> PollReport:
        report = PollReport(started, self._clock.now(), error=str(error), said=error.said)

        def note(tx: Tx) -> None:
            state = tx.polls.state()
            tx.polls.record(report)
            good_at = state.last_good_at or state.created_at
            is_refused = isinstance(error, TrainingRefused)
            if is_refused or started - good_at > FAILING_AFTER:
                code = "training_refused" if is_refused else "poll_failing"
                set_alert(tx, code, {"reason": error.in_full}, started)

        try:
            await self._store.transact(note)
        except StoreBusy:
            return report  # it is in the log; the next poll notes itself
        self._wake()
        return report


def _note_ignored(problem: str, now: datetime, tx: Tx) -> None:
    tx.polling.save_state(ignored(tx.polling.state(), now))
    set_alert(tx, "filters_unreliable", {"problem": problem}, now)


async def _route_all(store: Store, clock: Clock, settings: Settings) -> bool:
    """Routes the changes that waited for people, departments or a rule's owner, in transactions short enough for other
    writers; whether there were any. A database that is busy is logged: the next poll tries again."""
    last = 0
    try:
        if not await store.read(lambda tx: _waiting_changes(tx, 0, 1)):
            return False
        while (number := await store.transact(partial(_route_some, settings, clock, last))) is not None:
            last = number
    except StoreBusy as error:
        log.warning("routing.postponed", reason=str(error))
    return bool(last)


def _route_some(settings: Settings, clock: Clock, after: int, tx: Tx) -> int | None:
    """Routes some of the changes that wait; the number of the last one, None if there are no more."""
    found = _waiting_changes(tx, after, ROUTED_AT_ONCE)
    if not found:
        return None
    now = clock.now()
    outage = outage_of(None, now, settings.poll_interval, tx.polls.restored_from())
    planner = NotificationPlanner(tx, settings, PollTiming(now, now, outage), {})
    for waiting in found:
        planner.route_waiting_change(waiting)
    store_notifications(tx, planner.plan(()), now)
    return found[-1].number


def _waiting_changes(tx: Tx, after: int, limit: int) -> Sequence[UnroutedChange]:
    return tx.unrouted.due(tx.people.directory_version(), after, limit)

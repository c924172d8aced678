"""Fetches the criteria of completed sessions: first those that a card or an answer announced, then the last 90 days.

The newest first. Older ones are fetched when a person asks to see them. Criteria whose competency areas could not be
read are kept, and their areas are asked for on their own, once an hour.

Criteria that turn a stored completion critical are news: that is routed in the transaction that stores them, so it is
stored once, whatever happens in between.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.config import Settings
from bot.domain.changes import check_criteria
from bot.domain.errors import StoreBusy, TrainingError
from bot.domain.model import Change, Details, SessionKey
from bot.domain.outage import outage_of
from bot.domain.ports import Clock, Training
from bot.jobs.parts import note_parts
from bot.jobs.plan_notifications import NotificationPlanner, PollTiming
from bot.jobs.store_changes import store_notifications
from bot.store.database import Store, Tx

BACK = timedelta(days=90)
AT_ONCE = 50  # sessions in one request
BETWEEN_REQUESTS = 1.0  # seconds; iSpring publishes no limit
FIRST_RETRY = 60.0  # seconds until criteria that can't be read are asked for again, doubled each time
LAST_RETRY = 3600.0

log = structlog.get_logger(__name__)


class FetchDetails:
    """Fetches all pending criteria, one request a second; those that iSpring does not have yet are asked for again
    later."""

    def __init__(
        self, training: Training, store: Store, clock: Clock, settings: Settings, *, wake: Callable[[], None]
    ) -> None:
        """`wake` wakes the sender: cards already posted will show their
        criteria."""
        self._settings = settings
        self._training = training
        self._store = store
        self._clock = clock
        self._wake = wake
        self._one = asyncio.Lock()
        self._failures = 0  # of the criteria, in a row
        self._not_before = 0.0  # monotonic

    async def until_done(self) -> int:
        """Fetches until nothing is due or iSpring can't answer; of how many sessions."""
        async with self._one:
            fetched = 0
            if self._clock.monotonic() >= self._not_before:
                while (found := await self._batch()) is not None:
                    fetched += found
                    await self._clock.sleep(BETWEEN_REQUESTS)
            while await self._areas():
                await self._clock.sleep(BETWEEN_REQUESTS)
            return fetched

    async def _batch(self) -> int | None:
        """Fetches one request's worth; None if nothing is due, or iSpring or the database can't answer now."""
        now = self._clock.now()
        try:
            keys = await self._store.read(lambda tx: tx.details.pending(now - BACK, now, AT_ONCE))
            if not keys:
                return None
            found = await self._training.details(keys)

            def save(tx: Tx) -> None:
                self._save(tx, found, now)
                for key in keys:
                    if key not in found:
                        tx.details.record_miss(key, now)
                self._note_health(tx)

            await self._store.transact(save)
        except StoreBusy as error:
            log.warning("criteria.failed", error=str(error))
            return None
        except TrainingError as error:
            self._failures += 1
            wait = min(FIRST_RETRY * 2 ** (self._failures - 1), LAST_RETRY)
            self._not_before = self._clock.monotonic() + wait
            log.warning("criteria.failed", error=str(error), next_try_in=wait)
            await self._try_to_store(self._note_health)
            return None
        self._failures = 0
        if found:
            self._wake()
        return len(found)

    def _save(self, tx: Tx, found: Mapping[SessionKey, Details], asked_at: datetime) -> None:
        """Stores criteria, and the notifications of the sessions that they turn critical."""
        changes: list[Change] = []
        for key, details in found.items():
            session = tx.sessions.get(key)
            change = None if session is None else check_criteria(session, details, now=asked_at)
            if change is not None:
                tx.sessions.save_verdict(change)
                changes.append(change)
            tx.details.save(key, details, asked_at)
        if changes:
            outage = outage_of(None, asked_at, self._settings.poll_interval, tx.polls.restored_from())
            planner = NotificationPlanner(tx, self._settings, PollTiming(asked_at, asked_at, outage), {})
            store_notifications(tx, planner.plan(changes), asked_at)

    async def _areas(self) -> bool:
        """Fetches areas that could not be read with their criteria; False if none are due or they can't be read."""
        now = self._clock.now()
        keys: Sequence[SessionKey] = ()
        try:
            keys = await self._store.read(lambda tx: tx.details.areas_pending(now, AT_ONCE))
            if not keys:
                return False
            areas = await self._training.areas(keys)
        except StoreBusy:
            return False
        except TrainingError as error:
            log.warning("areas.failed", sessions=len(keys), error=str(error))

            def postpone(tx: Tx) -> None:
                tx.details.postpone_areas(now)
                self._note_health(tx)

            await self._try_to_store(postpone)
            return False

        def save(tx: Tx) -> None:
            tx.details.save_areas(keys, areas, now)
            self._note_health(tx)

        return await self._try_to_store(save)

    async def _try_to_store(self, work: Callable[[Tx], None]) -> bool:
        try:
            await self._store.transact(work)
        except StoreBusy as error:
            log.warning("store.postponed", what="criteria", error=str(error))
            return False
        self._wake()
        return True

    def _note_health(self, tx: Tx) -> None:
        note_parts(tx, self._training.health(), self._clock.now())

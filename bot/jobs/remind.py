"""Queues reminders of what is late, planned or to be followed up, after it ended the follow-ups that are over."""

from collections.abc import Callable

import structlog

from bot.domain.errors import StoreBusy
from bot.domain.ports import Clock, Contacts
from bot.jobs.rule_owners import Owners, ask_about
from bot.services.follow_ups import close_lost, close_reached, queue_follow_ups
from bot.services.reminders import queue_late, queue_plans
from bot.store.database import Store, Tx

log = structlog.get_logger(__name__)


class RemindJob:
    """It may run at any time, and twice at once: a clock and step cause one reminder."""

    def __init__(self, store: Store, contacts: Contacts, clock: Clock, *, wake: Callable[[], None]) -> None:
        self._store = store
        self._contacts = contacts
        self._clock = clock
        self._wake = wake

    async def once(self) -> int:
        """Queues what is due; returns how many sessions and lists are in reminders, and follow-ups ended."""
        now = self._clock.now()
        owners: Owners = {}

        def work(tx: Tx) -> int:
            if tx.people.directory_at() is None:
                return 0  # no person is known yet
            closed = close_reached(tx, now) + close_lost(tx, owners, now)
            return queue_late(tx, now) + queue_plans(tx, now) + queue_follow_ups(tx, now) + closed

        try:
            taken = await self._store.read(lambda tx: {one.follow_up.owner for one in tx.follow_ups.all_open()})
            owners = await ask_about(self._contacts, taken)
            queued = await self._store.transact(work)
        except StoreBusy as error:
            log.warning("reminders.postponed", reason=str(error))
            return 0
        if queued:
            log.info("reminders.queued", sessions=queued)
            self._wake()
        return queued

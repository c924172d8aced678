"""iSpring's people and departments, read every few hours and when an unknown person turns up."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.errors import StoreBusy, TrainingError, TrainingUnreadable
from bot.domain.model import Department, Person
from bot.domain.ports import Clock, Training
from bot.services.rules import name_people_by_id
from bot.store.database import Store, Tx

EVERY = timedelta(hours=4)
ON_DEMAND_AT_MOST = timedelta(minutes=5)  # a deleted person stays unknown however often they are read

log = structlog.get_logger(__name__)


class DirectoryRefresh:
    """Keeps the directory fresh. A caller that comes while it is being read waits for that reading."""

    def __init__(self, training: Training, store: Store, clock: Clock) -> None:
        self._training = training
        self._store = store
        self._clock = clock
        self._one = asyncio.Lock()
        self._tried_at: float | None = None

    async def when_due(self) -> bool:
        """Reads it if it is older than four hours or was never read; whether it did."""
        try:
            read_at = await self._store.read(lambda tx: tx.people.directory_at())
        except StoreBusy as error:
            log.warning("directory.failed", error=str(error))
            return False
        if read_at is not None and self._clock.now() - read_at < EVERY:
            return False
        return await self.on_demand()

    async def on_demand(self) -> bool:
        """Reads it unless that was tried within five minutes; whether it is new now. Failure is logged, not raised."""
        async with self._one:
            now = self._clock.monotonic()
            if self._tried_at is not None and now - self._tried_at < ON_DEMAND_AT_MOST.total_seconds():
                return False
            self._tried_at = now
            try:
                people = await self._training.people()
                departments = await self._training.departments()
                if not people and (await self._store.read(lambda tx: tx.people.directory())).people:
                    # The key's owner is one of them, so it is wrong. Believed, it would end every rule and every direct
                    # message.
                    raise TrainingUnreadable("iSpring's list of people is empty: the one read before is kept.")
                read_at = self._clock.now()
                await self._store.transact(lambda tx: _save(tx, people, departments, read_at))
            except (TrainingError, StoreBusy) as error:
                log.warning("directory.failed", error=str(error))
                return False
            log.info("directory.refreshed", people=len(people), departments=len(departments))
            return True


def _save(tx: Tx, people: Sequence[Person], departments: Sequence[Department], now: datetime) -> None:
    is_first = tx.people.directory_at() is None
    tx.people.replace_directory(people, departments, now)
    if is_first:
        name_people_by_id(tx)

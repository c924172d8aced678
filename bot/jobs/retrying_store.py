"""The store for work that must not be given up: tried again, however long other processes keep the database busy."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.domain.errors import StoreBusy
from bot.domain.ports import Clock
from bot.store.database import Store, Tx

T = TypeVar("T")
BUSY_PAUSES = (0.1, 0.3, 1.0, 3.0)  # seconds between tries; the last for ever

log = structlog.get_logger(__name__)


class RetryingStore:
    """A `Store` whose work waits while other processes keep the database busy, and is never refused."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def transact(self, work: Callable[[Tx], T]) -> T:
        """Runs a transaction until it holds: what Slack answered must not be lost to a busy database."""
        return await self._until_free(self._store.transact, work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """As `transact`, for reading."""
        return await self._until_free(self._store.read, work)

    async def _until_free(self, run: Callable[[Callable[[Tx], T]], Awaitable[T]], work: Callable[[Tx], T]) -> T:
        tries = 0
        while True:
            try:
                return await run(work)
            except StoreBusy:
                pause = BUSY_PAUSES[min(tries, len(BUSY_PAUSES) - 1)]
                tries += 1
                log.warning("store.postponed", tries=tries)
                await self._clock.sleep(pause)

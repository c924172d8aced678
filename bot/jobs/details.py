"""Fetches the criteria of completed sessions: first those that a card or an answer announced, then the last 90 days.

The newest first. Older ones are fetched when a person asks to see them.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from bot.domain.errors import StoreBusy, TrainingError
from bot.domain.ports import Clock, Training
from bot.store.database import Store, Tx

BACK = timedelta(days=90)
AT_ONCE = 50  # sessions in one request
BETWEEN_REQUESTS = 1.0  # seconds; iSpring publishes no limit

log = structlog.get_logger(__name__)


class FetchDetails:
    """Fetches all pending criteria, one request a second; those that iSpring does not have yet are asked for again
    later."""

    def __init__(self, training: Training, store: Store, clock: Clock, *, wake: Callable[[], None]) -> None:
        """`wake` wakes the sender: cards already posted will show their criteria."""
        self._training = training
        self._store = store
        self._clock = clock
        self._wake = wake
        self._one = asyncio.Lock()

    async def until_done(self) -> int:
        """Fetches until nothing is due or iSpring can't answer; of how many sessions."""
        async with self._one:
            fetched = 0
            while (found := await self._batch()) is not None:
                fetched += found
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
                for key in keys:
                    if key in found:
                        tx.details.save(key, found[key], now)
                    else:
                        tx.details.record_miss(key, now)

            await self._store.transact(save)
        except (TrainingError, StoreBusy) as error:
            log.warning("criteria.failed", error=str(error))
            return None
        if found:
            self._wake()
        return len(found)

"""Once a day: whether iSpring's list of sessions, which has no pages, holds all those that its checklists name.

iSpring documents no limit of that list. Sessions that it leaves out can't be posted, so an alert names their number.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.domain.errors import StoreBusy, StoreError, TrainingError
from bot.domain.polling import PollMode
from bot.domain.ports import Clock, Listing, Training
from bot.services.alerting import set_alert
from bot.services.listing_gaps import count_left_out
from bot.store.database import Store, Tx

EVERY = timedelta(days=1)  # it costs one more listing, and a second large answer
AFTER_FAILURE = 3600.0  # seconds until it is tried again

log = structlog.get_logger(__name__)


class CompletenessCheck:
    """Compares iSpring's two answers when it is due."""

    def __init__(self, training: Training, store: Store, clock: Clock, *, wake: Callable[[], None]) -> None:
        """`wake` wakes the sender."""
        self._training = training
        self._store = store
        self._clock = clock
        self._wake = wake
        self._one = asyncio.Lock()
        self._not_before = 0.0  # monotonic

    async def when_due(self) -> bool:
        """Compares them if that was last done a day ago or never; whether it did. Failure is logged, not raised."""
        async with self._one:
            if self._clock.monotonic() < self._not_before:
                return False
            try:
                if not await self._store.read(self._is_due):
                    return False
                sessions = await self._sessions_left_out()
                await self._store.transact(lambda tx: self._note(tx, sessions, self._clock.now()))
            except (TrainingError, StoreBusy) as error:
                log.warning("completeness.failed", error=str(error))
            except StoreError:
                raise
            except Exception as error:  # as in a poll: what breaks over a listing must not end everything else
                log.error("completeness.broke", exc_info=error)
            else:
                log.info("completeness.checked", left_out=sessions)
                self._wake()
                return True
            self._not_before = self._clock.monotonic() + AFTER_FAILURE
            return False

    def _is_due(self, tx: Tx) -> bool:
        if tx.polling.state().mode is PollMode.INCREMENTAL:
            return False  # `jobs/verification.py` compares more, with the same listing
        checked_at = tx.polls.completeness_checked_at()
        # A clock that was set back must not stop it for longer than a day.
        return checked_at is None or abs(self._clock.now() - checked_at) >= EVERY

    async def _sessions_left_out(self) -> int:
        named = await self._training.named_sessions()
        async with self._training.list_sessions() as listing:
            listed, rejected = await asyncio.to_thread(_ids_of, listing)
        return await count_left_out(self._training, named, listed, rejected)

    def _note(self, tx: Tx, sessions: int, now: datetime) -> None:
        facts = {"sessions": sessions} if sessions else None
        set_alert(tx, "listing_incomplete", facts, now)
        tx.polls.record_completeness_check(now)


def _ids_of(listing: Listing) -> tuple[set[str], int]:
    """Returns the session ids in a listing, and how many of its rows could not be decoded."""
    ids: set[str] = set()
    rejected = 0
    for piece in listing.slices():
        ids.update(session_id for session_id, _, _ in piece.rows)
        rejected += len(piece.rejected)
    return ids, rejected

"""Criteria that an answer says are still to come, and that would else wait their turn or be too old to be fetched."""

import asyncio

from bot.domain.errors import StoreBusy
from bot.domain.model import DetailsState, SessionRecord
from bot.listeners.context import AppContext

WRITER_TIMEOUT = 1.0  # seconds: a long write must not delay an answer


async def prioritise(ctx: AppContext, record: SessionRecord | None) -> None:
    """Has the criteria of a session that is about to be shown fetched next, where they are owed.

    Nothing becomes of it while the database is busy: whoever looks again asks again.
    """
    if record is None or record.session.details is not DetailsState.PENDING_FETCH:
        return
    try:
        async with asyncio.timeout(WRITER_TIMEOUT):
            await ctx.store.transact(lambda tx: tx.details.prioritise([record.session.key]))
    except (StoreBusy, TimeoutError):
        return

"""Criteria that an answer says are still to come, and that would else wait their turn or be too old to be fetched."""

import asyncio

from bot.chat.desk import Desk
from bot.core.errors import StoreBusy
from bot.core.model import DetailsState, SessionRecord

WRITER_PATIENCE = 1.0  # seconds: a long write must not delay an answer


async def promise(desk: Desk, record: SessionRecord | None) -> None:
    """Has the criteria of a session that is about to be shown fetched next, where they are owed.

    Nothing becomes of it while the database is busy: whoever looks again asks again.
    """
    if record is None or record.session.details is not DetailsState.OWED:
        return
    try:
        async with asyncio.timeout(WRITER_PATIENCE):
            await desk.store.transact(lambda tx: tx.sessions.promise_details([record.session.key]))
    except (StoreBusy, TimeoutError):
        return

"""The database that the settings name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.domain.ports import Clock
from bot.store.database import Store


@asynccontextmanager
async def opened_store(settings: Settings, clock: Clock) -> AsyncIterator[Store]:
    """The database, made or migrated where needed, and closed at the end. Raises StoreError."""
    database = await asyncio.to_thread(
        Store.open, settings.database_path, now=clock.now(), ops_channel=settings.ops_channel
    )
    try:
        yield database
    finally:
        await asyncio.to_thread(database.close)

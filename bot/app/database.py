"""The database that the settings name.

`run`, `poll`, `restore` and `rules add` may create it. For any other command a database that does not exist is a
mistake: it was started in another folder, or with other settings, than the Spotter that people use.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.domain.errors import ConfigError
from bot.domain.ports import Clock
from bot.store.database import Store


def require_database(settings: Settings) -> None:
    """Raises ConfigError if there is no database in the folder that the settings name. Without that folder opening the
    database says so."""
    path = settings.database_path.absolute()
    if path.parent.is_dir() and not path.exists():
        raise ConfigError(
            [
                f"DATABASE_URL: there is no database at {path}. Start this command in the folder, and with the "
                "settings, of `spotter run`, which creates it."
            ]
        )


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

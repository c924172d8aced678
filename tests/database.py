"""A database file as a first start leaves it, migrated once in a process instead of once in a test."""

import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path

from bot.store.database import Store
from bot.store.sqlite import BUSY_SECONDS


@cache
def _template(created_at: datetime) -> bytes:
    with tempfile.TemporaryDirectory(prefix="spotter-template-") as folder:
        path = Path(folder) / "spotter.db"
        Store.open(path, now=created_at).close()
        return path.read_bytes()


def open_store(path: Path, now: datetime, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Opens a file, or a new one. The tests of migrations and of a first start use `Store.open` themselves."""
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(_template(now))
    return Store.open(path, now=now, busy_seconds=busy_seconds)

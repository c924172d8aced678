"""Opens the database file: private to its owner, of this Spotter's schema, in WAL mode."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlite_utils
import structlog

from bot.domain.errors import StoreUnusable
from bot.store.columns import State, to_ms
from bot.store.failures import translated
from bot.store.lock import open_owner_only, setting_up
from bot.store.schema import APPLICATION_ID, migrations

BUSY_SECONDS = 5.0  # that SQLite waits for another process before it gives up
_WAL_KEPT = 64 << 20  # bytes that the write-ahead log may keep on disk after a long write
_WRITER_PAGES = -16_384  # KiB of page cache
_READER_PAGES = -4_096

log = structlog.get_logger(__name__)


def set_up(path: Path, now: datetime, busy_seconds: float, *, keep_before: bool = True) -> bool:
    """Creates or migrates the file; True if it was created. Raises StoreBusy or StoreUnusable.

    `keep_before`: copy a file that has to be migrated beside itself first, as `before_migration` names it. To go back:
    stop Spotter, put the copy in the place of the database, and start the version that it is of.
    """
    if not path.parent.is_dir():
        raise StoreUnusable(f"The folder {path.parent} does not exist: create it, or correct DATABASE_URL.")
    with setting_up(path), translated(path):
        os.close(open_owner_only(path))  # SQLite gives the files beside it the same rights
        connection = connect(path, "rw", busy_seconds)
        try:
            refuse_strangers(connection, path)
            # Only under the lock: two processes that switch an empty file to WAL at once fail half the time.
            connection.execute("PRAGMA journal_mode = WAL")
            if keep_before:
                _copy_before_migration(connection, path)
            return _migrate(connection, path, now)
        finally:
            connection.close()


def before_migration(path: Path, step: str) -> Path:
    """Where the copy of a database stands that was made before its migration from `step` on."""
    return path.with_name(f"{path.name}.before-{step}")


def _copy_before_migration(connection: sqlite3.Connection, path: Path) -> None:
    if _is_new(connection):
        return
    steps = migrations.pending(sqlite_utils.Database(connection, execute_plugins=False))
    if not steps:
        return
    copy = before_migration(path, steps[0].name)
    size, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    if free < 2 * size:
        raise StoreUnusable(
            f"The database {path} has to be migrated, and {free >> 20} MB beside it are too few to copy its "
            f"{size >> 20} MB"
            " first and to change it. Nothing was changed: free some space and start again."
        )
    part = copy.with_name(f"{copy.name}.part")
    os.close(open_owner_only(part))
    try:
        with closing(connect(part, "rw", BUSY_SECONDS)) as target:
            connection.backup(target)
            if target.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise StoreUnusable(f"The database {path} is damaged and was not migrated: put back a backup.")
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)
    log.warning("database.copied", path=str(copy), before=steps[0].name)


def writer(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = connect(path, "rw", busy_seconds)
    # A delivery is marked `sending` before Slack is asked. If a power cut took that mark back, the message would be
    # sent again: so every commit is on the disk before it is acknowledged.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # else what was erased would stay readable in the file
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT}")
    connection.execute(f"PRAGMA cache_size = {_WRITER_PAGES}")
    return connection


def reader(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = connect(path, "ro", busy_seconds)
    connection.execute(f"PRAGMA cache_size = {_READER_PAGES}")
    return connection


def connect(path: Path, mode: str, busy_seconds: float) -> sqlite3.Connection:
    """A connection with `mode` ro or rw; the file must be there."""
    # isolation_level None: we say BEGIN ourselves. Each connection serves one thread at a time, not always the same.
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA temp_store = FILE")  # sorting a million rows must not happen in memory
    return connection


def refuse_strangers(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreUnusable for a database of another program or of a later Spotter, before anything is changed."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise StoreUnusable(f"{path} is a database of another program: correct DATABASE_URL.")
        return
    nothing_applied = sqlite_utils.Database(memory=True, execute_plugins=False)
    known = {step.name for step in migrations.pending(nothing_applied)}
    nothing_applied.close()
    applied = connection.execute(
        f"SELECT name FROM {migrations.migrations_table} WHERE migration_set = ?", (migrations.name,)
    ).fetchall()
    if {row["name"] for row in applied} - known:
        raise StoreUnusable(
            f"The database {path} was written by a newer Spotter: start that version, or put back a backup from before "
            "it."
        )


def _migrate(connection: sqlite3.Connection, path: Path, now: datetime) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    try:
        is_new = _is_new(connection)
        # Each step of sqlite-utils nests in our transaction as a savepoint: all of them commit together.
        migrations.apply(sqlite_utils.Database(connection, execute_plugins=False))
        if is_new:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            State(connection).set("created_at", to_ms(now))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return is_new


def _is_new(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]

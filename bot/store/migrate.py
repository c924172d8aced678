"""Creates a database file, or migrates it to today's tables; refuses files of other programs and of later versions."""

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
from bot.store.lock import beside, open_owner_only, setting_up, sync
from bot.store.schema import APPLICATION_ID, migrations
from bot.store.sqlite import (
    BUSY_SECONDS,
    WRITE,
    application_id,
    connect,
    copy,
    is_empty,
    is_whole,
    make_one_file,
    set_application_id,
    translated,
    use_write_ahead_log,
)

log = structlog.get_logger(__name__)


def set_up(path: Path, now: datetime, busy_seconds: float = BUSY_SECONDS, *, keep_before: bool = True) -> bool:
    """Creates or migrates the file; True if it was created. Raises StoreBusy or StoreUnusable.

    `keep_before`: first copy a file that has to be migrated beside itself, as `before_migration` names it. To go back:
    stop Spotter, put the copy in the place of the database, and start the version that the copy is of.
    """
    if not path.parent.is_dir():
        raise StoreUnusable(f"The folder {path.parent} does not exist: create it, or correct DATABASE_URL.")
    with setting_up(path), translated(path):
        os.close(open_owner_only(path))  # SQLite gives the files beside it the same rights
        connection = connect(path, "rw", busy_seconds)
        try:
            refuse_strangers(connection, path)
            # Only under the lock: two processes that switch an empty file to WAL at once fail half the time.
            use_write_ahead_log(connection)
            if keep_before:
                _copy_before_migration(connection, path)
            return _migrate(connection, now)
        finally:
            connection.close()


def before_migration(path: Path, step: str) -> Path:
    """The path of the copy of a database that is made before its migration from `step` on."""
    return beside(path, f".before-{step}")


def refuse_strangers(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreUnusable for a database of another program or of a later Spotter, before anything is changed."""
    if application_id(connection) != APPLICATION_ID:
        if not is_empty(connection):
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
            f"it. A copy from before a migration is named {path.name}.before-…: with Spotter stopped, put it in the "
            "database's place."
        )


def _copy_before_migration(connection: sqlite3.Connection, path: Path) -> None:
    """Copies a file that has migrations pending, verified and private. The name exists only once the copy is whole."""
    steps = [] if is_empty(connection) else migrations.pending(_tables(connection))
    if not steps:
        return
    kept = before_migration(path, steps[0].name)
    size = path.stat().st_size + _size(beside(path, "-wal"))
    free = shutil.disk_usage(path.parent).free
    if free < 2 * size:  # the copy, and the log of a migration that changes every row
        raise StoreUnusable(
            f"The database {path} has to be migrated, and {free >> 20} MB beside it are too few to copy its "
            f"{size >> 20} MB first and to change it. Nothing was changed: free some space and start again."
        )
    part = beside(kept, ".part")
    os.close(open_owner_only(part))
    try:
        copy(connection, part)
        with closing(connect(part, "rw")) as copied:
            make_one_file(copied)
            if not is_whole(copied, quick=True):
                raise StoreUnusable(f"The database {path} is damaged and was not migrated: put back a backup.")
        sync(part)
        part.replace(kept)
        sync(kept.parent)
    finally:
        part.unlink(missing_ok=True)
    log.warning(
        "database.copied",
        path=str(kept),
        hint="To go back: stop Spotter, put this copy in the database's place, start the version before.",
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _migrate(connection: sqlite3.Connection, now: datetime) -> bool:
    connection.execute(WRITE)
    try:
        is_new = is_empty(connection)
        # Each step of sqlite-utils nests in our transaction as a savepoint: all of them commit together.
        migrations.apply(_tables(connection))
        if is_new:
            set_application_id(connection, APPLICATION_ID)
            State(connection).set("created_at", to_ms(now))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return is_new


def _tables(connection: sqlite3.Connection) -> sqlite_utils.Database:
    return sqlite_utils.Database(connection, execute_plugins=False)

"""What only SQLite has: connections and their settings, its errors, copies of a file, and lists and JSON in a query.

The rest of the SQL in `store/` is written so that PostgreSQL understands it too. A second engine needs another file
like this one, and its own tables in `schema`.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from bot.domain.errors import StoreBusy, StoreUnusable

BUSY_SECONDS = 5.0  # that SQLite waits for another process before it gives up
WRITE = "BEGIN IMMEDIATE"  # takes the lock at once: a transaction that reads first could not take it later
READ = "BEGIN"
_WAL_KEPT = 64 << 20  # bytes that the write-ahead log may keep on disk after a long write
_WRITER_PAGES = -16_384  # KiB of page cache
_READER_PAGES = -4_096
_PAGES_AT_ONCE = 1_024  # of a copy

# ---- connections -----------------------------------------------------------------------------------------------------


def connect(path: Path, mode: str, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection with `mode` ro or rw; the file must exist."""
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
    _put_temporary_files_beside(connection, path)
    return connection


def _put_temporary_files_beside(connection: sqlite3.Connection, path: Path) -> None:
    """Lets SQLite write its temporary files into the database's folder: of a read-only system it may be the only one
    that can be written, and elsewhere there may be too little room.

    The setting holds for the whole process, and SQLite must not be given another one while it works: it is made once.
    SQLITE_TMPDIR is read when Python loads SQLite, too early for us.
    Source: https://www.sqlite.org/pragma.html#pragma_temp_store_directory
    """
    if connection.execute("PRAGMA temp_store_directory").fetchone() is None:
        folder = str(path.resolve().parent).replace("'", "''")
        with suppress(sqlite3.OperationalError):  # the folder can't be written: then neither can the database
            connection.execute(f"PRAGMA temp_store_directory = '{folder}'")


def writer(path: Path, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """The connection for transactions that write."""
    connection = connect(path, "rw", busy_seconds)
    # A delivery is marked `sending` before Slack is asked. If a power cut undid that mark, the message would be sent
    # again: so every commit is on the disk before it is acknowledged.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # else erased data would stay readable in the file
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT}")
    connection.execute(f"PRAGMA cache_size = {_WRITER_PAGES}")
    return connection


def reader(path: Path, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection that can't write."""
    connection = connect(path, "ro", busy_seconds)
    connection.execute(f"PRAGMA cache_size = {_READER_PAGES}")
    return connection


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Lets readers work beside the writer, from now on and for every connection to this file."""
    connection.execute("PRAGMA journal_mode = WAL")


def make_one_file(connection: sqlite3.Connection) -> None:
    """Moves the write-ahead log into the file itself, so that the file is complete wherever it is copied to.

    Closing the connection would do the same, but raise no error if there is no room for it. SQLite allows this only to
    the last connection.
    """
    connection.execute("PRAGMA journal_mode = DELETE")


def truncate_log(connection: sqlite3.Connection) -> bool:
    """Empties the write-ahead log. False if a reader holds it for too long."""
    is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


# ---- files -----------------------------------------------------------------------------------------------------------


def application_id(connection: sqlite3.Connection) -> int:
    """The number by which a program marks its databases, 0 if it did not."""
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def set_application_id(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(f"PRAGMA application_id = {number}")


def is_empty(connection: sqlite3.Connection) -> bool:
    """True if the database has no table."""
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0])


def is_whole(connection: sqlite3.Connection, *, quick: bool = False) -> bool:
    """True if SQLite finds no damage in the file. `quick` does not compare indexes with their tables."""
    check = "quick_check" if quick else "integrity_check"
    return bool(connection.execute(f"PRAGMA {check}(1)").fetchone()[0] == "ok")


def copy(
    source: sqlite3.Connection, target: Path, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> None:
    """Copies a database, as it is at this moment, into the file `target`, which must exist.

    `progress` gets the number of pages copied and of all pages. Raises sqlite3.Error.
    """
    with closing(connect(target, "rw")) as connection:
        # Reads one state of the database throughout: else each write of a running Spotter would restart the copy.
        source.execute(READ)
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        try:
            source.backup(
                connection, pages=_PAGES_AT_ONCE, progress=lambda _, left, every: progress(every - left, every)
            )
        finally:
            source.execute("COMMIT")


# ---- in a query ------------------------------------------------------------------------------------------------------

# Behind a column: the parameter is a JSON list, as `columns.to_json` and `columns.listed` make it. One parameter
# for any number of values, so a statement is compiled once and never has too many of them.
IN_LIST = "IN (SELECT value FROM json_each(?))"


def json_each(column: str) -> str:
    """SQL for the elements of a JSON list as rows with a `value`."""
    return f"json_each({column})"


def json_field(column: str, field: str | int) -> str:
    """SQL for a field of a JSON object, or for an element of a JSON list, as text or number; NULL if it is missing.

    PostgreSQL's `->>` would do in both, but SQLite has it since 3.38 and Ubuntu 22.04 comes with 3.37.
    """
    return f"json_extract({column}, '$[{field}]')" if isinstance(field, int) else f"json_extract({column}, '$.{field}')"


def by_index(name: str) -> str:
    """Behind a table: SQLite must use this index. Only where its planner is known to choose a worse one."""
    return f"INDEXED BY {name}"


# ---- errors ----------------------------------------------------------------------------------------------------------

# Source: https://www.sqlite.org/rescode.html; an error that is our own mistake (no such column) comes through as it is.
_LATER = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another process",
    sqlite3.SQLITE_FULL: "has no room left on its disk: free some",
    sqlite3.SQLITE_IOERR: "could not be read or written (the disk may be full or failing)",
    sqlite3.SQLITE_NOMEM: "could not be used for lack of memory",
}
_NEVER = {
    sqlite3.SQLITE_CORRUPT: "is damaged: stop Spotter and put a backup in its place",
    sqlite3.SQLITE_NOTADB: "is no SQLite database: correct DATABASE_URL, or move that file away",
    sqlite3.SQLITE_READONLY: "may not be written: give the user that runs Spotter the right to write it and its folder",
    sqlite3.SQLITE_CANTOPEN: "can't be opened: see that its folder exists and may be written by the user that runs "
    "Spotter",
    sqlite3.SQLITE_PERM: "may not be opened: give the user that runs Spotter the right to it",
}
_PRIMARY = 0xFF  # the low byte of an extended result code


@contextmanager
def translated(path: Path, then: str = "Nothing was written.") -> Iterator[None]:
    """Raises StoreBusy for errors that pass and StoreUnusable for those that need a person; `then` ends the sentence
    of a StoreBusy."""
    try:
        yield
    except sqlite3.Error as error:
        code = code_of(error)
        if text := _LATER.get(code):
            raise StoreBusy(f"The database {path} {text}. {then}", fault=text) from error
        if text := _NEVER.get(code):
            raise StoreUnusable(f"The database {path} {text}.") from error
        raise


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 if the error is Python's."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY

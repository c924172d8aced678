"""What SQLite's errors mean to a caller: try again, or stop and mend something.

Source: https://www.sqlite.org/rescode.html; an error that is our own mistake (no such column) comes through as it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.domain.errors import StoreBusy, StoreUnusable

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
def translated(path: Path, then: str = "Nothing was written; it is tried again.") -> Iterator[None]:
    """Raises StoreBusy or StoreUnusable for what SQLite says about the file or its disk; `then` says what follows from
    what is not for ever."""
    try:
        yield
    except sqlite3.Error as error:
        code = code_of(error)
        if words := _LATER.get(code):
            raise StoreBusy(f"The database {path} {words}. {then}") from error
        if words := _NEVER.get(code):
            raise StoreUnusable(f"The database {path} {words}.") from error
        raise


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python, not SQLite, complains."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY

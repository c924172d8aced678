"""Copies a database beside a running Spotter, and puts a copy back.

A copy that is put back knows nothing of what happened since it was made, so it begins by catching up: whatever may have
been posted since is looked for before it is sent, and what was completed since is counted instead of posted.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

from bot.domain.errors import StoreBusy, StoreUnusable
from bot.domain.model import OPERATOR
from bot.store.audit_log import AuditLog
from bot.store.columns import State, from_ms, to_ms, value_of
from bot.store.connect import BUSY_SECONDS, connect, refuse_strangers, set_up, writer
from bot.store.erasure import RetentionRepository, erased_people
from bot.store.failures import code_of, translated
from bot.store.lock import OWNER_ONLY, Leadership, beside, setting_up
from bot.store.outbox import restore_recovery
from bot.store.schema import APPLICATION_ID

Progress = Callable[[int, int], None]  # pages done, pages in all
PAGES_AT_ONCE = 1_024
NOTHING_REPLACED = "Nothing was replaced."
_FILES_BESIDE = ("-wal", "-shm")
_ITS_OWN = (*_FILES_BESIDE, "-journal", ".lock", ".setup.lock")  # names that a database's other files have


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A verified copy: how large it is, in bytes, and how many sessions it remembers."""

    size: int
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What became of the database: where the one before is kept (None where there was none), when the copy was made (or
    last looked at iSpring), and what its outbox begins with: messages that are looked for, notices that are counted
    instead of sent. `erased` people were erased since the copy and are again; None where the old database can't tell.
    """

    kept: Path | None
    copied_at: datetime
    sessions: int
    read_back_for: int
    counted: int
    erased: int | None


def back_up(database: Path, file: Path, *, overwrite: bool, now: datetime, progress: Progress) -> Copied:
    """Writes a consistent copy of a database, whoever uses it meanwhile; raises StoreError and leaves no half copy."""
    if not database.is_file():
        raise StoreUnusable(f"There is no database {database} to copy: correct DATABASE_URL.")
    with _whole_or_not_at_all(file):
        _refuse_path(file, database, overwrite=overwrite)
        with _made_beside(file, ".part") as part:
            with translated(database, NOTHING_REPLACED), closing(connect(database, "rw", BUSY_SECONDS)) as source:
                _refuse_others(source, database)
                _note(source, "backup", f"copy:{now.isoformat()}", now)
                _copy(source, part, progress)
            with closing(connect(part, "rw", BUSY_SECONDS)) as copy:
                _make_one_file(copy)
                State(copy).set("copied_at", to_ms(now))
                if not _is_whole(copy):
                    raise StoreUnusable(f"The database {database} is damaged: no copy was made. Keep the older ones.")
                sessions = value_of(copy, "SELECT count(*) FROM sessions")
            _sync(part)
            part.replace(file)
            _sync(file.parent)
        return Copied(size=file.stat().st_size, sessions=sessions)


def restore(database: Path, file: Path, *, now: datetime, progress: Progress) -> Restored:
    """Puts a verified copy in a database's place and keeps the one before; raises StoreError and replaces nothing where
    the copy is no good or anybody uses the database."""
    database = database.resolve()  # where a link leads to a volume, the copy belongs there, and the link stays
    if not file.is_file():
        raise StoreUnusable(f"There is no file {file}: name a copy that `spotter backup` made.")
    if database.exists() and file.samefile(database):
        raise StoreUnusable(f"{file} is the database itself: name a copy that `spotter backup` made.")
    leadership = Leadership(database)
    if not leadership.try_acquire():
        raise StoreUnusable(
            f"Process {leadership.leader() or 'unknown'} runs on the database {database}: stop it first. "
            + NOTHING_REPLACED
        )
    try:
        with _whole_or_not_at_all(database), _made_beside(database, ".restoring") as fresh:
            _take_in(file, fresh, progress)
            set_up(fresh, now, BUSY_SECONDS, keep_before=False)  # brings it to today's tables
            erased = _erased_in(database)
            with closing(writer(fresh, BUSY_SECONDS)) as connection:
                restored = _begin_catch_up(connection, erased, now)
                _make_one_file(connection)
                if not _is_whole(connection):
                    raise StoreUnusable(f"The copy of {file} was damaged while it was made. {NOTHING_REPLACED}")
            _sync(fresh)
            with setting_up(database):
                kept = _keep(database, now)
                fresh.replace(database)
                _sync(database.parent)
    finally:
        leadership.release()
    return replace(restored, kept=kept)


def _refuse_path(file: Path, database: Path, *, overwrite: bool) -> None:
    """Raises StoreUnusable where no copy may be written."""
    own = {beside(database.resolve(), ending) for ending in _ITS_OWN}
    what = ""
    if file.parent.resolve() / file.name in own:
        what = "a file of the database's own"
    elif file.is_dir():
        what = "a folder"
    elif file.exists() and file.samefile(database):
        what = "the database itself"
    elif file.exists() and not file.is_file():
        what = "no ordinary file"
    if what:
        raise StoreUnusable(f"{file} is {what}: name another file.")
    if file.exists() and not overwrite:
        raise StoreUnusable(f"{file} is there already: name another file, or add --force to replace it.")
    if not file.parent.is_dir():
        raise StoreUnusable(f"The folder {file.parent} does not exist: create it, or name another file.")


# ---- copying ---------------------------------------------------------------------------------------------------------


def _copy(source: sqlite3.Connection, target: Path, progress: Progress) -> None:
    with closing(connect(target, "rw", BUSY_SECONDS)) as copy:
        # Reads one state of the database throughout: else each write of a running Spotter would begin the copy anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        try:
            source.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, every: progress(every - left, every))
        except sqlite3.OperationalError as error:
            if code_of(error) != sqlite3.SQLITE_FULL:
                raise
            raise StoreBusy(f"{target.parent} has no room left for a copy: free some. {NOTHING_REPLACED}") from error
        source.execute("COMMIT")


def _take_in(file: Path, fresh: Path, progress: Progress) -> None:
    try:
        with closing(connect(file, "ro", BUSY_SECONDS)) as source:
            _refuse_others(source, file)
            refuse_strangers(source, file)
            _copy(source, fresh, progress)
        with closing(connect(fresh, "rw", BUSY_SECONDS)) as copy:
            if not _is_whole(copy):
                raise StoreUnusable(f"{file} is damaged: use another copy. {NOTHING_REPLACED}")
    except sqlite3.DatabaseError as error:
        raise StoreUnusable(f"{file} can't be read as a database ({error}). {NOTHING_REPLACED}") from error


def _refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    if value_of(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreUnusable(f"{path} is no database of Spotter's.")


def _make_one_file(copy: sqlite3.Connection) -> None:
    """Folds what is written ahead into the file itself, so that it is whole however it is moved or copied on. To close
    it would do the same, but not say so where there is no room for it."""
    copy.execute("PRAGMA journal_mode = DELETE")


def _is_whole(copy: sqlite3.Connection) -> bool:
    return bool(value_of(copy, "PRAGMA integrity_check(1)") == "ok")


def _note(connection: sqlite3.Connection, verb: str, subject: str, now: datetime) -> None:
    connection.execute("BEGIN IMMEDIATE")
    AuditLog(connection).write(OPERATOR, verb, subject, now)
    connection.execute("COMMIT")


# ---- catching up -----------------------------------------------------------------------------------------------------


def _begin_catch_up(connection: sqlite3.Connection, erased: Collection[str] | None, now: datetime) -> Restored:
    connection.execute("BEGIN IMMEDIATE")
    state = State(connection)
    copied = state.get("copied_at") or state.get("last_good_poll_at") or state.get("created_at")
    state.set("copied_at", None)
    caught_up = restore_recovery.begin(connection, copied, now)
    retention = RetentionRepository(connection)
    again = None if erased is None else set(erased) - set(retention.erased_people())
    for person_id in sorted(again or ()):
        retention.erase(person_id, now)
    AuditLog(connection).write(OPERATOR, "restore", f"copy:{from_ms(copied).isoformat()}", now)
    sessions = value_of(connection, "SELECT count(*) FROM sessions")
    connection.execute("COMMIT")
    return Restored(
        kept=None,
        copied_at=from_ms(copied),
        sessions=sessions,
        read_back_for=caught_up.read_back_for,
        counted=caught_up.counted,
        erased=None if again is None else len(again),
    )


def _erased_in(database: Path) -> frozenset[str] | None:
    """Who was erased in the database that gives way; None where it can't be read."""
    if not database.exists():
        return frozenset()
    try:
        with closing(connect(database, "rw", BUSY_SECONDS)) as connection:
            if value_of(connection, "SELECT count(*) FROM sqlite_master WHERE name = 'erased_people'"):
                return erased_people(connection)
    except sqlite3.DatabaseError:
        return None
    return frozenset()


# ---- files -----------------------------------------------------------------------------------------------------------


@contextmanager
def _whole_or_not_at_all(place: Path) -> Iterator[None]:
    """Raises StoreError for whatever SQLite or the file system refuses on the way to a place."""
    try:
        with translated(place, NOTHING_REPLACED):
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreUnusable(
            f"{place} can't be written ({reason}): see that its folder may be. {NOTHING_REPLACED}"
        ) from error


@contextmanager
def _made_beside(place: Path, ending: str) -> Iterator[Path]:
    """An empty file for its owner only, under a name that nobody has nor can foresee; gone at the end with what SQLite
    made beside it, unless it was moved to its place."""
    handle, name = tempfile.mkstemp(ending, f"{place.name}.", place.parent)
    os.close(handle)
    file = Path(name)
    try:
        yield file
    finally:
        for own in ("", *_ITS_OWN):
            beside(file, own).unlink(missing_ok=True)


def _keep(database: Path, now: datetime) -> Path | None:
    """Gives the old database a second name, under which it stays when its place is taken."""
    if not database.exists():
        return None
    _digest(database)
    for number in count(1):
        kept = beside(database, f".before-{now:%Y%m%dT%H%M%SZ}" + (f"-{number}" if number > 1 else ""))
        with suppress(FileExistsError):
            _link(database, kept)
            break
    for ending in _FILES_BESIDE:  # only of a damaged one; the new one must not be read with them
        with suppress(FileNotFoundError):
            beside(database, ending).replace(beside(kept, ending))
    return kept


def _link(database: Path, kept: Path) -> None:
    """Raises FileExistsError where the name is taken."""
    try:
        os.link(database, kept)  # so that there is no moment without a database
    except FileExistsError:
        raise
    except OSError:  # not every file system can
        os.close(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        shutil.copy2(database, kept)


def _digest(database: Path) -> None:
    """Brings what is written ahead into the file itself, which SQLite allows only to the last one who uses it."""
    try:
        with closing(connect(database, "rw", 0.5)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if code_of(error) == sqlite3.SQLITE_BUSY:
            raise StoreBusy(
                f"Another process still uses the database {database}: stop it first. {NOTHING_REPLACED}"
            ) from error
        # Damaged, or none at all: it is kept as it is.


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

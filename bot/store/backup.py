"""Copies a database beside a running Spotter, and restores a copy.

A copy knows nothing of what happened since it was made, so a restored one recovers first: messages that may have been
posted since are read back before they are sent, and sessions completed since are counted instead of posted.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

from bot.domain.audit import AuditEntry
from bot.domain.errors import StoreBusy, StoreUnusable
from bot.domain.rules import OPERATOR
from bot.store.columns import State, from_ms, from_row, to_ms, value_of
from bot.store.erasure import Erasure
from bot.store.lock import OWNER_ONLY, Leadership, beside, setting_up, sync
from bot.store.migrate import refuse_strangers, set_up
from bot.store.operations import AuditLog
from bot.store.outbox import restore_recovery
from bot.store.redaction import erased_people
from bot.store.schema import APPLICATION_ID
from bot.store.sqlite import (
    WRITE,
    application_id,
    code_of,
    connect,
    copy,
    has_table,
    is_whole,
    make_one_file,
    translated,
    writer,
)

Progress = Callable[[int, int], None]  # pages done, pages in all
NOTHING_REPLACED = "Nothing was replaced."
_FILES_BESIDE = ("-wal", "-shm")
_ITS_OWN = (*_FILES_BESIDE, "-journal", ".lock", ".setup.lock")  # endings of a database's other files


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A verified copy: its size in bytes, and the number of its sessions."""

    size: int
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did.

    `kept` is the path of the database before, None if there was none. `copied_at` is when the copy was made, or when it
    last read iSpring. `read_back_for` messages are read back before they are sent, `counted` notifications are counted
    instead of sent. `erased` people were erased after the copy was made and are erased again; None if the database
    before can't be read. `undone`: what its audit log has since the copy, the newest first; backups and erasures, which
    stand, apart.
    """

    kept: Path | None
    copied_at: datetime
    sessions: int
    read_back_for: int
    counted: int
    erased: int | None
    undone: Sequence[AuditEntry] = ()


def back_up(database: Path, file: Path, *, overwrite: bool, now: datetime, progress: Progress) -> Copied:
    """Writes a consistent copy of a database, also while it is in use. Raises StoreError and leaves no partial copy."""
    if not database.is_file():
        raise StoreUnusable(f"There is no database {database} to copy: correct DATABASE_URL.")
    with _errors_translated(file):
        _refuse_path(file, database, overwrite=overwrite)
        with _temporary_beside(file, ".part") as part:
            with translated(database, NOTHING_REPLACED), closing(connect(database, "rw")) as source:
                _refuse_others(source, database)
                source.execute(WRITE)
                AuditLog(source).write(OPERATOR, "backup", f"copy:{now.isoformat()}", now)
                source.execute("COMMIT")
                _copy(source, part, progress)
            with closing(connect(part, "rw")) as copied:
                make_one_file(copied)
                State(copied).set("copied_at", to_ms(now))
                if not is_whole(copied):
                    raise StoreUnusable(f"The database {database} is damaged: no copy was made. Keep the older ones.")
                sessions = value_of(copied, "SELECT count(*) FROM sessions")
            sync(part)
            part.replace(file)
            sync(file.parent)
        return Copied(size=file.stat().st_size, sessions=sessions)


def restore(database: Path, file: Path, *, now: datetime, progress: Progress) -> Restored:
    """Puts a verified copy in a database's place and keeps the database before.

    Raises StoreError and replaces nothing if the copy is damaged or a process uses the database.
    """
    database = database.resolve()  # if it is a link to a volume, the copy belongs there, and the link stays
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
        with _errors_translated(database), _temporary_beside(database, ".restoring") as fresh:
            _take_in(file, fresh, progress)
            set_up(fresh, now, keep_before=False)
            erased, undone = _erased_in(database), _audit_entries_in(database)
            with closing(writer(fresh)) as connection:
                restored = _begin_recovery(connection, erased, now)
                restored = replace(restored, undone=[one for one in undone if one.at > restored.copied_at])
                make_one_file(connection)
                if not is_whole(connection):
                    raise StoreUnusable(f"The copy of {file} was damaged while it was made. {NOTHING_REPLACED}")
            sync(fresh)
            with setting_up(database):
                kept = _keep(database, now)
                fresh.replace(database)
                sync(database.parent)
    finally:
        leadership.release()
    return replace(restored, kept=kept)


def _refuse_path(file: Path, database: Path, *, overwrite: bool) -> None:
    """Raises StoreUnusable if a copy may not be written to `file`."""
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
    try:
        copy(source, target, progress)
    except sqlite3.OperationalError as error:
        if code_of(error) != sqlite3.SQLITE_FULL:
            raise
        raise StoreBusy(f"{target.parent} has no room left for a copy: free some. {NOTHING_REPLACED}") from error


def _take_in(file: Path, fresh: Path, progress: Progress) -> None:
    try:
        with closing(connect(file, "ro")) as source:
            _refuse_others(source, file)
            refuse_strangers(source, file)
            _copy(source, fresh, progress)
        with closing(connect(fresh, "rw")) as copied:
            if not is_whole(copied):
                raise StoreUnusable(f"{file} is damaged: use another copy. {NOTHING_REPLACED}")
    except sqlite3.DatabaseError as error:
        raise StoreUnusable(f"{file} can't be read as a database ({error}). {NOTHING_REPLACED}") from error


def _refuse_others(connection: sqlite3.Connection, path: Path) -> None:
    if application_id(connection) != APPLICATION_ID:
        raise StoreUnusable(f"{path} is no database of Spotter's.")


# ---- recovering ------------------------------------------------------------------------------------------------------


def _begin_recovery(connection: sqlite3.Connection, erased: Collection[str] | None, now: datetime) -> Restored:
    connection.execute(WRITE)
    state = State(connection)
    copied = state.get("copied_at") or state.get("last_good_poll_at") or state.get("created_at")
    state.set("copied_at", None)
    recovery = restore_recovery.begin(connection, copied, now)
    erasure = Erasure(connection)
    again = None if erased is None else set(erased) - set(erasure.erased_people())
    for person_id in sorted(again or ()):
        erasure.erase(person_id, now)
    AuditLog(connection).write(OPERATOR, "restore", f"copy:{from_ms(copied).isoformat()}", now)
    sessions = value_of(connection, "SELECT count(*) FROM sessions")
    connection.execute("COMMIT")
    return Restored(
        kept=None,
        copied_at=from_ms(copied),
        sessions=sessions,
        read_back_for=recovery.read_back_for,
        counted=recovery.counted,
        erased=None if again is None else len(again),
    )


def _erased_in(database: Path) -> frozenset[str] | None:
    """Ids of the people who were erased in the database before; None if it can't be read."""
    if not database.exists():
        return frozenset()
    try:
        with closing(connect(database, "rw")) as connection:
            if has_table(connection, "erased_people"):
                return erased_people(connection)
    except sqlite3.DatabaseError:
        return None
    return frozenset()


def _audit_entries_in(database: Path) -> Sequence[AuditEntry]:
    """What the audit log of the database before says was done, the newest first; empty if it can't be read."""
    if not database.exists():
        return ()
    try:
        with closing(connect(database, "rw")) as connection:
            if not has_table(connection, "audit_log"):
                return ()
            rows = connection.execute(
                "SELECT * FROM audit_log WHERE verb NOT IN ('backup', 'erase') ORDER BY id DESC"
            ).fetchall()
    except sqlite3.DatabaseError:
        return ()
    others = {"old": "", "new": ""}  # an older version has no such columns
    return [from_row(AuditEntry, {**others, **dict(row)}) for row in rows]


# ---- files -----------------------------------------------------------------------------------------------------------


@contextmanager
def _errors_translated(target: Path) -> Iterator[None]:
    """Raises StoreError for errors of SQLite and of the file system while `target` is written."""
    try:
        with translated(target, NOTHING_REPLACED):
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreUnusable(
            f"{target} can't be written ({reason}): see that its folder may be written. {NOTHING_REPLACED}"
        ) from error


@contextmanager
def _temporary_beside(target: Path, ending: str) -> Iterator[Path]:
    """An empty file in the folder of `target`, private and with a random name. At the end it is deleted with the files
    that SQLite made beside it, unless it was moved."""
    handle, name = tempfile.mkstemp(ending, f"{target.name}.", target.parent)
    os.close(handle)
    file = Path(name)
    try:
        yield file
    finally:
        for own in ("", *_ITS_OWN):
            beside(file, own).unlink(missing_ok=True)


def _keep(database: Path, now: datetime) -> Path | None:
    """Gives the old database a second name, under which it stays when it is replaced."""
    if not database.exists():
        return None
    _empty_log(database)
    for number in count(1):
        kept = beside(database, f".before-{now:%Y%m%dT%H%M%SZ}" + (f"-{number}" if number > 1 else ""))
        with suppress(FileExistsError):
            _link(database, kept)
            break
    for ending in _FILES_BESIDE:  # only a damaged database has them; the new one must not be read with them
        with suppress(FileNotFoundError):
            beside(database, ending).replace(beside(kept, ending))
    return kept


def _link(database: Path, kept: Path) -> None:
    """Raises FileExistsError if the name is taken."""
    try:
        os.link(database, kept)  # so that there is no moment without a database
    except FileExistsError:
        raise
    except OSError:  # not every file system can
        os.close(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        shutil.copy2(database, kept)


def _empty_log(database: Path) -> None:
    """Moves the write-ahead log into the file; raises StoreBusy if another process uses the database."""
    try:
        with closing(connect(database, "rw", 0.5)) as connection:
            make_one_file(connection)
    except sqlite3.DatabaseError as error:
        if code_of(error) == sqlite3.SQLITE_BUSY:
            raise StoreBusy(
                f"Another process still uses the database {database}: stop it first. {NOTHING_REPLACED}"
            ) from error
        # A damaged file, or no database at all: it is kept as it is.

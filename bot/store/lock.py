"""The locks of a database, and the files beside it.

One process polls and sends: it holds a kernel lock, which the kernel releases at once when the process dies.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.domain.errors import StoreBusy, StoreUnusable

OWNER_ONLY = 0o600
_SETUP_LIMIT = 30.0  # seconds that another process may take to migrate
_SETUP_STEP = 0.02


class Leadership:
    """Leadership over a database, by `flock` on `<database>.lock`. The file stays; only its lock has a meaning."""

    def __init__(self, database: Path) -> None:
        # Beside the file itself: through a link in another folder a second process would lead the same database.
        self._path = beside(database.resolve(), ".lock")
        self._file: int | None = None

    def try_acquire(self) -> bool:
        """True if this process is the leader now, or was before. Raises StoreUnusable."""
        if self._file is not None:
            return True
        file = open_owner_only(self._path)
        if not _try_lock(file):
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def leader(self) -> int | None:
        """The process id of the leader; None if there is none or its id is not readable."""
        if self._file is not None:
            return os.getpid()
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return None
        file = open_owner_only(self._path)
        try:
            if _try_lock(file):
                return None
        finally:
            os.close(file)
        return int(text) if text.strip().isdecimal() else None


@contextmanager
def setting_up(database: Path) -> Iterator[None]:
    """Excludes other processes while a database is created or migrated; raises StoreBusy if one takes too long.

    It locks another file than the leader does: a second process must be able to open the database beside a leader.
    """
    file = open_owner_only(beside(database.resolve(), ".setup.lock"))
    try:
        deadline = time.monotonic() + _SETUP_LIMIT
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise StoreBusy(f"Another process has been setting up the database {database} for too long.")
            time.sleep(_SETUP_STEP)
        yield
    finally:
        os.close(file)


# ---- files beside a database ---------------------------------------------------------------------------------------


def beside(database: Path, ending: str) -> Path:
    return database.with_name(database.name + ending)


def sync(path: Path) -> None:
    """Writes a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_owner_only(path: Path) -> int:
    """A handle of a file that only its owner may read, created if it does not exist. Raises StoreUnusable."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
    except IsADirectoryError as error:
        raise StoreUnusable(f"{path} is a folder: name a file in it.") from error
    except OSError as error:
        raise StoreUnusable(
            f"{path} can't be opened ({error.strerror}): see that its folder exists and may be written by the user "
            "that runs Spotter."
        ) from error
    with suppress(PermissionError):  # another user owns the file and protects it
        os.fchmod(file, OWNER_ONLY)
    return file


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

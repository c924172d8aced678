"""A database file is made, opened, refused."""

import multiprocessing
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from bot.domain.errors import StoreBusy, StoreUnusable
from bot.store.database import Store
from bot.store.lock import Leadership
from tests.store.given import NOON, minutes


def opened_and_closed(path: Path) -> bool:
    database = Store.open(path, now=NOON)
    database.close()
    return database.created


def test_the_first_opening_creates_and_says_so(path: Path) -> None:
    assert [opened_and_closed(path), opened_and_closed(path)] == [True, False]


async def test_the_database_remembers_when_it_was_made(path: Path) -> None:
    opened_and_closed(path)
    database = Store.open(path, now=NOON + minutes(60))
    state = await database.read(lambda tx: tx.polls.state())
    database.close()
    assert state.created_at == NOON


@pytest.mark.promise("file_rights")
async def test_nobody_but_the_owner_may_read_any_of_its_files(path: Path) -> None:
    path.touch(mode=0o644)
    leadership = Leadership(path)
    leadership.try_acquire()
    database = Store.open(path, now=NOON)
    await database.transact(lambda tx: tx.audit_log.write("U1", "did", "it", NOON))
    modes = {file.name: stat.filemode(file.stat().st_mode) for file in path.parent.iterdir()}
    database.close()
    leadership.release()
    assert set(modes.values()) == {"-rw-------"}
    assert set(modes) == {f"spotter.db{end}" for end in ("", "-wal", "-shm", ".lock", ".setup.lock")}


def opened_in_a_process(path: Path, start: "multiprocessing.synchronize.Barrier") -> None:
    start.wait(30)
    opened_and_closed(path)


def test_several_starters_at_once_never_fail(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    starters = [context.Process(target=opened_in_a_process, args=(path, barrier)) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)
    assert [starter.exitcode for starter in starters] == [0, 0, 0, 0]


def test_a_second_process_can_open_it_beside_a_leader(path: Path) -> None:
    leadership = Leadership(path)
    assert leadership.try_acquire()
    opened_and_closed(path)
    leadership.release()


def test_a_database_of_a_newer_spotter_is_refused_and_left_as_it_is(path: Path) -> None:
    opened_and_closed(path)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('spotter', 'm999_later', '')"
        )
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="written by a newer Spotter"):
        Store.open(path, now=NOON)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(StoreUnusable, match="another program"):
        Store.open(path, now=NOON)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    with pytest.raises(StoreUnusable, match="is no SQLite database"):
        Store.open(path, now=NOON)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="nowhere does not exist"):
        Store.open(tmp_path / "nowhere" / "spotter.db", now=NOON)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(StoreUnusable, match="may be written"):
            Store.open(path, now=NOON)
    finally:
        path.parent.chmod(0o700)


async def test_a_locked_database_is_busy_and_nothing_is_written(path: Path) -> None:
    database = Store.open(path, now=NOON, busy_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="locked"):
        await database.transact(lambda tx: tx.audit_log.write("U1", "did", "it", NOON))
    other.execute("ROLLBACK")
    other.close()
    assert await database.read(lambda tx: tx.audit_log.entries(5)) == []
    database.close()


@pytest.mark.promise("disk_full")
async def test_a_full_disk_is_busy_and_what_was_there_stays(path: Path) -> None:
    database = Store.open(path, now=NOON)
    await database.transact(lambda tx: tx.audit_log.write("U1", "did", "it", NOON))
    pages = database._writer.execute("PRAGMA page_count").fetchone()[0]
    database._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreBusy, match="no room left"):
        await database.transact(lambda tx: tx.audit_log.write("U1", "wrote", "x" * 1_000_000, NOON))
    assert len(await database.read(lambda tx: tx.audit_log.entries(5))) == 1
    database.close()


@pytest.mark.promise("database_deleted")
async def test_a_database_deleted_under_a_running_bot_is_unusable(path: Path) -> None:
    database = Store.open(path, now=NOON)
    path.unlink()
    with pytest.raises(StoreUnusable, match="deleted or replaced"):
        await database.transact(lambda tx: tx.audit_log.write("U1", "did", "it", NOON))
    database.close()


@pytest.mark.promise("database_deleted")
async def test_a_database_damaged_under_a_running_bot_is_unusable(path: Path) -> None:
    opened_and_closed(path)
    database = Store.open(path, now=NOON)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreUnusable, match="damaged"):
        await database.transact(lambda tx: tx.audit_log.write("U1", "did", "it", NOON))
    database.close()

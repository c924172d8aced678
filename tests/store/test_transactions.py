"""One door: whole or not at all, and nobody waits for somebody else's long work."""

import asyncio
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from bot.store.database import Store, Tx
from tests.store.given import NOON


def note(tx: Tx, verb: str) -> None:
    tx.audit_log.write("U1", verb, "it", NOON)


async def verbs(db: Store) -> list[str]:
    entries = await db.read(lambda tx: tx.audit_log.entries(100))
    return [entry.verb for entry in entries]


async def test_what_work_answers_comes_back(db: Store) -> None:
    store: Store = db  # and a Database is a Store
    assert await store.read(lambda tx: 43) == 43


async def test_what_work_raises_comes_through_and_nothing_stays(db: Store) -> None:
    def half(tx: Tx) -> None:
        note(tx, "began")
        raise LookupError("no")

    with pytest.raises(LookupError):
        await db.transact(half)
    assert await verbs(db) == []


async def test_a_reader_may_not_write(db: Store) -> None:
    with pytest.raises(Exception, match="may not be written"):
        await db.read(lambda tx: note(tx, "sneaked"))


async def test_a_long_write_does_not_hold_up_readers(db: Store) -> None:
    is_inside, may_end = threading.Event(), threading.Event()

    def long_work(tx: Tx) -> None:
        note(tx, "wrote")
        is_inside.set()
        may_end.wait(30)

    writing = asyncio.create_task(db.transact(long_work))
    await asyncio.to_thread(is_inside.wait, 30)
    assert await verbs(db) == []
    may_end.set()
    await writing
    assert await verbs(db) == ["wrote"]


async def test_one_read_sees_one_moment(db: Store) -> None:
    has_looked, may_look_again = threading.Event(), threading.Event()

    def twice(tx: Tx) -> tuple[int, int]:
        first = len(tx.audit_log.entries(9))
        has_looked.set()
        may_look_again.wait(30)
        return first, len(tx.audit_log.entries(9))

    reading = asyncio.create_task(db.read(twice))
    await asyncio.to_thread(has_looked.wait, 30)
    await db.transact(lambda tx: note(tx, "meanwhile"))
    may_look_again.set()
    assert await reading == (0, 0)


async def test_work_whose_task_was_cancelled_ends_whole(db: Store) -> None:
    is_inside, may_end = threading.Event(), threading.Event()

    def long_work(tx: Tx) -> None:
        note(tx, "began")
        is_inside.set()
        may_end.wait(30)
        note(tx, "ended")

    writing = asyncio.create_task(db.transact(long_work))
    await asyncio.to_thread(is_inside.wait, 30)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    may_end.set()
    await db.transact(lambda tx: note(tx, "after"))
    assert await verbs(db) == ["after", "ended", "began"]


def write_and_tell(path: Path, notified: "multiprocessing.connection.Connection") -> None:
    async def story() -> None:
        database = Store.open(path, now=NOON)
        await database.transact(lambda tx: note(tx, "acknowledged"))
        is_inside = threading.Event()

        def never_ends(tx: Tx) -> None:
            note(tx, "unfinished")
            is_inside.set()
            threading.Event().wait(60)

        writing = asyncio.create_task(database.transact(never_ends))
        await asyncio.to_thread(is_inside.wait, 30)
        notified.send("written")
        await writing

    asyncio.run(story())


async def test_what_was_acknowledged_survives_a_sudden_death_and_what_was_not_is_gone(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=write_and_tell, args=(path, there))
    process.start()
    assert await asyncio.to_thread(here.poll, 60)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    here.close()
    there.close()
    database = Store.open(path, now=NOON)
    assert await verbs(database) == ["acknowledged"]
    database.close()

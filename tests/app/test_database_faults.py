"""What happens to the database under a running bot: locked, full, read-only, deleted, replaced, damaged."""

import asyncio
import resource
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import StoreBusy, StoreUnusable
from bot.domain.notifications import DeliveryState
from bot.store.database import Store
from tests.app.env import ADMIN, OPS, RESULTS, Env, free_port, get
from tests.clock import until
from tests.jobs.outbox_room import Room, room
from tests.jobs.room import open_room

LOCKED_FOR = 8.0
POST = "chat.postMessage"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path, busy_seconds=0.02) as opened:
        yield opened


# ---- locked ----------------------------------------------------------------------------------------------------------


async def test_a_lock_of_eight_seconds_delays_no_answer_and_loses_nothing(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    await bot.until(lambda: len(env.texts(OPS)) == 2 and env.texts(RESULTS), "all that the start owes")
    known = await env.slack.command(ADMIN, RESULTS, "/ojt", "results")  # who asks for the first time is noted
    await known.first()
    with closing(sqlite3.connect(env.folder / "spotter.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        env.world.complete(session, percent=90)
        while time.monotonic() - began < LOCKED_FOR:
            answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "results")
            assert answer.failure is None
            assert "try again" not in (await answer.first()).text
        assert env.cards(session) == []
    await bot.until(lambda: env.cards(session) and env.direct_messages(session), "the card and the direct message")
    await bot.has_polled()
    assert (len(env.cards(session)), len(env.direct_messages(session))) == (1, 1)


# ---- full ------------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_while_there_is_no_room_nothing_is_sent_twice_or_lost_and_it_goes_on_when_there_is(
    world: Room, room_on_disk: "Disk"
) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    key = await world.complete()
    tripped = world.slack.workspace.listen(
        lambda happening: room_on_disk.fill(world.store) if happening.kind == "message_posted" else None
    )
    sending = asyncio.create_task(world.deliver().once(limit_seconds=400.0))
    await until(lambda: len(world.posted()) == 1)
    tripped()
    with pytest.raises(StoreBusy, match="no room left"):
        await world.store.transact(lambda tx: tx.audit_log.write("U1", "did", "x" * 100_000, world.clock.now()))
    await world.store.transact(lambda tx: None)
    assert "no room left" in world.store.write_fault, "what changes nothing proves no room"
    room_on_disk.free(world.store)
    await sending
    assert await world.state(key) is DeliveryState.SENT
    assert (len(world.posted()), world.calls(POST)) == (1, 1)
    assert len(await world.store.read(lambda tx: tx.audit_log.entries(9))) == 0
    await world.store.transact(lambda tx: tx.audit_log.write("U1", "did", "x", world.clock.now()))
    assert world.store.write_fault == "", "something could be written"


@pytest.mark.virtual_time
async def test_a_poll_on_a_full_disk_says_so_and_the_next_one_catches_up(tmp_path: Path, room_on_disk: "Disk") -> None:
    async with open_room(tmp_path) as made:
        await made.subscribe()
        await made.poll()
        sessions = [made.world.add_session(percent=90) for _ in range(200)]
        room_on_disk.fill(made.store)
        assert "no room left" in (await made.poll()).error
        assert await made.posted() == []
        room_on_disk.free(made.store)
        assert (await made.poll()).error == ""
        assert len(await made.posted()) == len(sessions)


class Disk:
    """As large as the file that lies on it, until it is freed."""

    def fill(self, store: Store) -> None:
        pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
        store._writer.execute(f"PRAGMA max_page_count = {pages}")

    def free(self, store: Store) -> None:
        store._writer.execute(f"PRAGMA max_page_count = {2**30}")


@pytest.fixture
def room_on_disk() -> Disk:
    return Disk()


async def test_a_process_whose_disk_is_full_goes_on_and_catches_up_when_there_is_room(env: Env) -> None:
    port = free_port()
    bot = await env.started(PORT=str(port))
    await bot.until(lambda: len(env.texts(OPS)) == 2 and env.texts(RESULTS), "all that the start owes")
    _, hard = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (4096, hard))
    sessions = [env.begin() for _ in range(3)]
    for session in sessions:
        env.world.complete(session, percent=90)
    await bot.until(lambda: [one for one in bot.events("poll.completed") if one["error"]], "a poll that finds no room")
    answer = await env.slack.command(ADMIN, RESULTS, "/ojt", "results")
    assert answer.failure is None
    status, health = await _health(port)
    assert (status, health["status"]) == (200, "impaired")
    assert [one for one in health["impairments"] if "the disk may be full or failing" in one], health
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (hard, hard))
    await bot.until(lambda: all(env.cards(one) for one in sessions), "the cards")
    await bot.has_polled()
    assert [len(env.cards(one)) for one in sessions] == [1, 1, 1]
    assert (await _health(port))[1]["status"] == "ok"


async def _health(port: int) -> tuple[int, dict[str, Any]]:
    answer = await get(port, "healthz")
    return answer.status_code, answer.json()


# ---- read-only -------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_a_file_that_may_not_be_written_any_more_ends_the_sending_and_nothing_is_sent_twice(world: Room) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    key = await world.complete()
    world.slack.workspace.listen(
        lambda happening: _may_be_written(world.store, False) if happening.kind == "message_posted" else None
    )
    with pytest.raises(ExceptionGroup) as cancelled:
        await world.send()
    assert cancelled.group_contains(
        StoreUnusable, match="may not be written: give the user that runs Spotter the right"
    )
    assert await world.state(key) is DeliveryState.SENDING

    _may_be_written(world.store, True)
    await world.send()
    assert await world.state(key) is DeliveryState.SENT
    assert (len(world.posted()), world.calls(POST)) == (1, 1)


def _may_be_written(store: Store, is_so: bool) -> None:
    store._writer.execute(f"PRAGMA query_only = {int(not is_so)}")  # file rights mean nothing to root


# ---- gone, replaced, damaged -----------------------------------------------------------------------------------------


async def test_a_deleted_file_ends_the_process_with_one_clear_line(env: Env) -> None:
    session = env.begin()
    bot = await env.started()
    await bot.until(lambda: env.texts(RESULTS), "the introduction")
    for ending in ("", "-wal", "-shm"):
        (env.folder / f"spotter.db{ending}").unlink()
    env.world.complete(session, percent=90)
    assert await bot.cancelled() == 1
    assert "was deleted or replaced while it was in use" in bot.log().splitlines()[-1]
    assert not (env.folder / "spotter.db").exists()
    assert env.cards(session) == []


@pytest.mark.virtual_time
async def test_a_replaced_file_ends_the_sending_and_is_left_as_it_is(world: Room, tmp_path: Path) -> None:
    await world.complete()
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE theirs (a)")
    content = other.read_bytes()
    other.replace(world.store.path)
    with pytest.raises(StoreUnusable, match="was deleted or replaced while it was in use"):
        await world.send()
    assert world.store.path.read_bytes() == content
    assert world.posted() == []


async def test_a_damaged_file_is_named_with_the_remedy(env: Env) -> None:
    assert (await env.say("poll")).code == 0
    path = env.folder / "spotter.db"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    said = await env.say("poll")
    assert said.code == 1
    assert "is damaged: stop Spotter and put a backup in its place" in said.err.splitlines()[-1]


# ---- the write-ahead log ---------------------------------------------------------------------------------------------


async def test_a_log_lost_after_a_kill_costs_what_it_held_and_the_rest_goes_on(env: Env) -> None:
    assert (await env.say("poll")).code == 0
    files = {one.name for one in env.folder.glob("spotter.db*")}
    assert files == {"spotter.db", "spotter.db.lock", "spotter.db.setup.lock"}, "an ordinary end leaves no log behind"
    bot = await env.started()
    await bot.kill()
    assert (env.folder / "spotter.db-wal").exists()
    for ending in ("-wal", "-shm"):
        (env.folder / f"spotter.db{ending}").unlink(missing_ok=True)
    session = env.begin()
    assert (await env.say("poll")).code == 0
    env.world.complete(session, percent=90)
    for _ in range(2):
        assert (await env.say("poll")).code == 0
    assert len(env.cards(session)) == 1

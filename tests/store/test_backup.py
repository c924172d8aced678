"""A database is copied beside a running Spotter, and a copy is put back."""

import multiprocessing
import os
import resource
import sqlite3
import stat
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.errors import StoreBusy, StoreError, StoreUnusable
from bot.domain.notifications import DeliveryState, Destination, DestinationKind, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.domain.rules import RuleState
from bot.jobs.outage import outage_summary
from bot.store.backup import Copied, Restored, back_up, restore
from bot.store.database import Store, Tx
from bot.store.lock import Leadership
from tests.environment import open_store
from tests.store.given import (
    ANA,
    NOON,
    ROOM,
    a_notice,
    a_session,
    an_intro,
    baseline,
    becomes,
    claim,
    enqueue,
    minutes,
    planned,
    see,
    sent,
    stored,
)

T = TypeVar("T")
LATER = NOON + timedelta(days=1)


def copied(path: Path, copy: Path, *, overwrite: bool = False) -> Copied:
    return back_up(path, copy, overwrite=overwrite, now=NOON, progress=lambda done, every: None)


def put_back(path: Path, copy: Path) -> Restored:
    return restore(path, copy, now=LATER, progress=lambda done, every: None)


def a_room(number: int) -> Destination:
    return Destination(DestinationKind.CHANNEL, f"C000{number}")


def within(path: Path, work: Callable[[Tx], T]) -> T:
    """One transaction of a process that comes and goes."""
    database = open_store(path, now=NOON)
    try:
        return database._write_now(work)
    finally:
        database.close()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.db"


# ---- copying -------------------------------------------------------------------------------------------------------


async def test_a_copy_holds_what_was_committed_and_is_whole_by_itself(db: Store, path: Path, copy: Path) -> None:
    await db.transact(lambda tx: baseline(tx, a_session(1), a_session(2)))
    assert copied(path, copy).sessions == 2
    assert stat.filemode(copy.stat().st_mode) == "-rw-------"
    assert sorted(file.name for file in path.parent.glob("copy*")) == ["copy.db"]
    assert within(copy, lambda tx: tx.sessions.get(a_session(2).key)) is not None


async def test_a_copy_is_of_one_moment_although_a_running_bot_writes_on(db: Store, path: Path, copy: Path) -> None:
    await db.transact(lambda tx: baseline(tx, *(a_session(number) for number in range(20_000))))
    seen = []

    def progress(done: int, every: int) -> None:
        seen.append((done, every))
        db._write_now(lambda tx: see(tx, planned(100_000 + len(seen))))

    assert back_up(path, copy, overwrite=False, now=NOON, progress=progress).sessions == 20_000
    assert len(seen) > 1
    assert seen[-1][0] == seen[-1][1]


def test_a_copy_takes_nobodys_place_unless_forced(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    before = copy.read_bytes()
    with pytest.raises(StoreUnusable, match="--force"):
        copied(path, copy)
    assert copy.read_bytes() == before
    within(path, lambda tx: see(tx, planned(2)))
    assert copied(path, copy, overwrite=True).sessions == 2


def test_a_database_never_becomes_its_own_copy(path: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    with pytest.raises(StoreUnusable, match="the database itself"):
        copied(path, path, overwrite=True)


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal", ".lock", ".setup.lock"])
def test_no_copy_takes_the_name_of_a_file_of_the_databases_own(path: Path, tmp_path: Path, ending: str) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    link = tmp_path / "link"
    link.symlink_to(path.parent)
    for folder in (path.parent, link):
        with pytest.raises(StoreUnusable, match="of the database's own"):
            copied(path, folder / f"{path.name}{ending}", overwrite=True)


def test_a_copy_takes_the_place_of_ordinary_files_only(path: Path, tmp_path: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    os.mkfifo(tmp_path / "pipe")
    for name, what in (("pipe", "no ordinary file"), (".", "a folder")):
        with pytest.raises(StoreUnusable, match=what):
            copied(path, tmp_path / name, overwrite=True)


def test_copying_and_putting_back_leave_alone_what_they_did_not_make(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    theirs = [copy.with_name(f"{copy.name}.part"), path.with_name(f"{path.name}.restoring-wal")]
    for file in theirs:
        file.write_text("somebody's")
    made = path.with_name(f"{path.name}.restoring")
    copied(path, made)
    copied(path, copy)
    put_back(path, made)
    made.unlink()
    made.mkdir()
    put_back(path, copy)
    assert [file.read_text() for file in theirs] == ["somebody's"] * 2


def test_what_the_file_system_refuses_is_said(path: Path, tmp_path: Path) -> None:
    within(path, lambda tx: None)
    with pytest.raises(StoreUnusable, match=r"can't be written \(File name too long\)"):
        copied(path, tmp_path / ("x" * 250))


def test_there_is_nothing_to_copy_before_the_first_start(path: Path, copy: Path) -> None:
    with pytest.raises(StoreUnusable, match="There is no database"):
        copied(path, copy)
    assert not path.exists()


def test_a_damaged_database_makes_no_copy(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, *(a_session(number) for number in range(2_000))))
    damage(path)
    with pytest.raises(StoreUnusable, match="damaged"):
        copied(path, copy)
    assert list(path.parent.glob("copy*")) == []


def test_who_copied_is_in_the_audit_log_and_in_the_copy(path: Path, copy: Path) -> None:
    within(path, lambda tx: None)
    copied(path, copy)
    for file in (path, copy):
        assert [entry.verb for entry in within(file, lambda tx: tx.audit_log.entries(5))] == ["backup"]


# ---- putting back --------------------------------------------------------------------------------------------------


def test_a_copy_takes_the_place_of_a_database_which_is_kept(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    within(path, lambda tx: see(tx, planned(2)))
    restored = put_back(path, copy)
    assert (restored.sessions, restored.copied_at) == (1, NOON)
    assert restored.kept is not None
    assert within(path, lambda tx: tx.polls.state().sessions) == 1
    assert within(restored.kept, lambda tx: tx.polls.state().sessions) == 2
    assert stat.filemode(path.stat().st_mode) == "-rw-------"
    assert not list(path.parent.glob("*restoring*"))


def test_a_copy_can_be_put_where_nothing_is_left(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    path.unlink()
    assert put_back(path, copy).kept is None
    assert within(path, lambda tx: tx.polls.state().sessions) == 1


def test_a_copy_is_put_where_a_link_leads_to(path: Path, copy: Path, tmp_path: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    (tmp_path / "app").mkdir()
    link = tmp_path / "app" / path.name
    link.symlink_to(path)
    within(path, lambda tx: see(tx, planned(2)))
    restored = put_back(link, copy)
    assert link.is_symlink() and [one.name for one in link.parent.iterdir()] == [path.name]
    assert restored.kept is not None and restored.kept.parent == path.parent and not restored.kept.is_symlink()
    assert within(path, lambda tx: tx.polls.state().sessions) == 1


def test_the_database_before_takes_no_name_that_is_taken(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    planted = path.with_name(f"{path.name}.before-{LATER:%Y%m%dT%H%M%SZ}")
    planted.symlink_to(path.parent / "elsewhere")
    restored = put_back(path, copy)
    assert restored.kept is not None and restored.kept.name == f"{planted.name}-2"
    assert not planted.exists()


def put_back_with_room_for(size: int, path: Path, copy: Path, said: "SimpleQueue[str]") -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        said.put(f"restored {put_back(path, copy).sessions} sessions")
    except StoreError as error:
        said.put(str(error))


@pytest.mark.promise("disk_full")
@pytest.mark.parametrize("more", [-8_192, 0], ids=["for the copy", "for what is noted in it"])
def test_where_there_is_no_room_nothing_is_replaced(path: Path, copy: Path, more: int) -> None:
    def at_the_time(tx: Tx) -> None:
        sessions = [a_session(number) for number in range(2_000)]
        baseline(tx, *sessions)
        enqueue(tx, *sessions[:200])  # which are counted when it is put back: each then says so in its row

    within(path, at_the_time)
    copied(path, copy)
    before = path.read_bytes()
    context = multiprocessing.get_context("spawn")
    said: SimpleQueue[str] = context.SimpleQueue()
    room = copy.stat().st_size + more
    child = context.Process(target=put_back_with_room_for, args=(room, path, copy, said))
    child.start()
    child.join(60)
    assert "Nothing was replaced." in said.get()
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*restoring*"))


@pytest.mark.promise("bad_copy")
def test_nothing_is_replaced_while_somebody_leads(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    before = path.read_bytes()
    leadership = Leadership(path)
    leadership.try_acquire()
    with pytest.raises(StoreUnusable, match=r"Process \d+ runs on"):
        put_back(path, copy)
    leadership.release()
    assert path.read_bytes() == before


async def test_nothing_is_replaced_under_one_who_only_answers(db: Store, path: Path, copy: Path) -> None:
    await db.transact(lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    with pytest.raises(StoreBusy, match="still uses"):
        put_back(path, copy)
    await db.transact(lambda tx: see(tx, planned(2)))
    assert not list(path.parent.glob("*restoring*"))


def test_a_damaged_database_gives_way_to_its_copy(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, *(a_session(number) for number in range(2_000))))
    copied(path, copy)
    path.write_bytes(b"\xff" * 100_000)
    restored = put_back(path, copy)
    assert restored.kept is not None and restored.kept.read_bytes() == b"\xff" * 100_000
    assert restored.erased is None, "nobody can say who was erased since"
    assert within(path, lambda tx: tx.polls.state().sessions) == 2_000


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(20_000)
        file.write(b"\xff" * (path.stat().st_size - 30_000))


def diary(path: Path) -> None:
    path.write_text("Dear diary, " * 100)


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def of_another_program(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50_000])


def of_a_newer_spotter(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('spotter', 'm999', '')"
    )
    connection.close()


@pytest.mark.promise("bad_copy")
@pytest.mark.parametrize("spoil", [damage, diary, nothing, of_another_program, cut_short, of_a_newer_spotter])
def test_what_is_no_good_copy_replaces_nothing(path: Path, copy: Path, spoil: Callable[[Path], None]) -> None:
    within(path, lambda tx: baseline(tx, *(a_session(number) for number in range(2_000))))
    copied(path, copy)
    spoil(copy)
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match=r"copy\.db"):
        put_back(path, copy)
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir()) == [
        "copy.db", "spotter.db", "spotter.db.lock", "spotter.db.setup.lock",
    ]  # fmt: skip


def test_putting_back_is_in_the_audit_log(path: Path, copy: Path) -> None:
    within(path, lambda tx: None)
    copied(path, copy)
    put_back(path, copy)
    assert [entry.verb for entry in within(path, lambda tx: tx.audit_log.entries(5))] == ["restore", "backup"]


# ---- catching up ---------------------------------------------------------------------------------------------------


@pytest.mark.promise("restored")
def test_a_restored_copy_looks_for_what_it_may_have_posted_since(path: Path, copy: Path) -> None:
    def at_the_time(tx: Tx) -> None:
        baseline(tx, *(a_session(number) for number in range(4)))
        for number in range(4):  # one in each room: what was tried holds up what follows it
            enqueue(tx, a_session(number), destination=a_room(number))
        becomes(tx, claim(tx, a_room(0), name="d0"), DeliveryState.PENDING, due=NOON + minutes(90))
        claim(tx, a_room(1), name="d1")
        becomes(tx, claim(tx, a_room(2), name="d2"), DeliveryState.AMBIGUOUS, due=NOON + minutes(90))
        sent(tx, claim(tx, a_room(3), name="d3"))

    def state_of(tx: Tx, name: str) -> DeliveryState:
        found = tx.deliveries.get(name)
        assert found is not None
        return found.state

    within(path, at_the_time)
    copied(path, copy)
    restored = put_back(path, copy)
    states = within(path, lambda tx: [state_of(tx, f"d{number}") for number in range(4)])
    assert states == [DeliveryState.AMBIGUOUS] * 3 + [DeliveryState.SENT]
    assert restored.read_back_for == 3
    assert within(path, lambda tx: tx.outbox.schedule().due(LATER + minutes(1), 10)) == []
    assert len(within(path, lambda tx: tx.outbox.read_backs_due(LATER + minutes(1), 10))) == 3


def test_what_waited_untried_is_counted_once_ispring_has_been_looked_at(path: Path, copy: Path) -> None:
    def at_the_time(tx: Tx) -> None:
        baseline(tx, a_session(1), a_session(2), a_session(3))
        enqueue(tx, a_session(1), a_session(2))
        enqueue(tx, a_session(3), destination=ANA)

    def due(tx: Tx) -> list[Destination]:
        return sorted(tx.outbox.schedule().due(LATER + minutes(60), 10))

    def next_for(tx: Tx, destination: Destination) -> list[NotificationKind]:
        return [
            queued.notification.kind
            for queued in claim(tx, destination, LATER + minutes(60), str(destination)).notifications
        ]

    within(path, at_the_time)
    copied(path, copy)
    assert put_back(path, copy).counted == 3
    assert within(path, due) == [], "the next look at iSpring may have more to count"
    within(path, lambda tx: tx.polls.end_recovery())
    assert within(path, due) == [ROOM, ANA]
    assert within(path, lambda tx: next_for(tx, ROOM)) == [NotificationKind.OUTAGE]
    assert within(path, lambda tx: tx.outbox.claim(ROOM, LATER + minutes(60), 0.0, "more")) is None


def test_what_rested_with_its_rule_is_counted_once_the_rule_goes_on(path: Path, copy: Path) -> None:
    def at_the_time(tx: Tx) -> None:
        baseline(tx, a_session(1))
        rule = tx.rules.add(ROOM, "U0ANA", "", RuleState.ACTIVE, NOON)
        tx.rules.pause(rule.rule_id, ReasonCode.OWNER_GONE)
        tx.notifications.enqueue(a_notice(a_session(1), rules=(rule.rule_id,)), NOON)

    def taken_over(tx: Tx) -> list[NotificationKind]:
        assert tx.outbox.schedule().due(LATER, 10) == []
        tx.rules.take_over(1, "U0ADMIN")
        return [queued.notification.kind for queued in sent(tx, claim(tx, now=LATER)).notifications]

    within(path, at_the_time)
    copied(path, copy)
    assert within(path, taken_over) == [NotificationKind.SESSION]
    assert put_back(path, copy).counted == 1
    within(path, lambda tx: tx.polls.end_recovery())
    assert within(path, taken_over) == [NotificationKind.OUTAGE]
    assert within(path, lambda tx: tx.outbox.claim(ROOM, LATER, 0.0, "more")) is None


def test_what_waited_its_turn_after_an_outage_is_counted_too(path: Path, copy: Path) -> None:
    def at_the_time(tx: Tx) -> None:
        baseline(tx, a_session(1), a_session(2))
        tx.summaries.add(outage_summary(ROOM, "away", since=NOON - minutes(90), until=NOON, follow=2), (), NOON)
        enqueue(tx, a_session(1), a_session(2))
        sent(tx, claim(tx))

    def counted(tx: Tx) -> int:
        tx.polls.end_recovery()
        (queued,) = claim(tx, now=LATER, name="away").notifications
        assert queued.notification.kind is NotificationKind.OUTAGE
        return len(list(tx.summaries.counted(queued.notification_id)))

    within(path, at_the_time)
    copied(path, copy)
    assert put_back(path, copy).counted == 2
    assert within(path, counted) == 2


def test_a_rule_that_had_not_introduced_itself_still_does(path: Path, copy: Path) -> None:
    def at_the_time(tx: Tx) -> None:
        rule = tx.rules.add(ROOM, "U1", "", RuleState.PENDING, NOON)
        tx.notifications.enqueue(an_intro(rule.rule_id), NOON)

    within(path, at_the_time)
    copied(path, copy)
    put_back(path, copy)
    assert within(path, lambda tx: tx.outbox.schedule().due(LATER, 10)) == [ROOM]


def test_the_next_poll_knows_since_when_it_has_to_catch_up(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1)))
    copied(path, copy)
    assert within(path, lambda tx: tx.polls.restored_from()) is None
    put_back(path, copy)
    assert within(path, lambda tx: tx.polls.restored_from()) == NOON
    assert within(path, lambda tx: tx.listings.digest()) is None
    within(path, lambda tx: tx.polls.end_recovery())
    assert within(path, lambda tx: tx.polls.restored_from()) is None


def test_a_copy_from_before_the_first_listing_has_nothing_to_catch_up(path: Path, copy: Path) -> None:
    within(path, lambda tx: None)
    copied(path, copy)
    put_back(path, copy)
    assert within(path, lambda tx: tx.polls.restored_from()) is None


def test_whoever_was_erased_since_the_copy_stays_erased(path: Path, copy: Path) -> None:
    within(path, lambda tx: baseline(tx, a_session(1), a_session(2, employee="joe")))
    copied(path, copy)
    within(path, lambda tx: tx.erasure.erase("eve", NOON))
    assert put_back(path, copy).erased == 1
    assert within(path, lambda tx: tx.sessions.get(a_session(1).key)) is None
    assert within(path, lambda tx: stored(tx, a_session(2, employee="joe").key).version) == 1


def held_in_another_process(
    path: Path, ready: "multiprocessing.synchronize.Event", end: "multiprocessing.synchronize.Event"
) -> None:
    leadership = Leadership(path)
    assert leadership.try_acquire()
    ready.set()
    end.wait(60)


def test_the_leader_in_the_way_is_named(path: Path, copy: Path) -> None:
    within(path, lambda tx: None)
    copied(path, copy)
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    leader = context.Process(target=held_in_another_process, args=(path, ready, end))
    leader.start()
    try:
        assert ready.wait(60)
        with pytest.raises(StoreUnusable, match=f"Process {leader.pid} runs"):
            put_back(path, copy)
    finally:
        end.set()
        leader.join(60)

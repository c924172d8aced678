"""Who leads."""

import multiprocessing
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from bot.store.lock import SIGN_EVERY, Leadership
from tests.store.given import NOON


def lead_until_killed(path: Path, notified: "multiprocessing.connection.Connection") -> None:
    notified.send(Leadership(path).try_acquire() or os.getpid())
    time.sleep(60)


def test_only_one_leads_and_everybody_can_see_who(path: Path) -> None:
    first, second = Leadership(path), Leadership(path)
    assert first.try_acquire()
    assert first.try_acquire(), "whoever leads still does"
    assert not second.try_acquire()
    assert second.leader() == os.getpid()
    first.release()
    assert second.leader() is None
    assert second.try_acquire()
    second.release()


def test_whoever_comes_through_a_link_does_not_lead_the_same_database(path: Path, tmp_path: Path) -> None:
    path.touch()
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "spotter.db"
    link.symlink_to(path)
    first, second = Leadership(path), Leadership(link)
    assert first.try_acquire()
    assert not second.try_acquire()
    first.release()


def test_nobody_leads_where_nobody_ever_did(path: Path) -> None:
    assert Leadership(path).leader() is None


def test_the_lead_is_free_at_once_when_its_holder_is_killed(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=lead_until_killed, args=(path, there))
    process.start()
    assert here.poll(60)
    successor = Leadership(path)
    assert not successor.try_acquire()
    assert successor.leader() == process.pid
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    assert successor.try_acquire()
    successor.release()
    here.close()
    there.close()


def test_a_sign_of_life_is_seen_by_others_and_renewed_when_it_is_old_or_the_clock_was_put_back(path: Path) -> None:
    first, second = Leadership(path), Leadership(path)
    first.sign(NOON)
    assert second.signed_at() is None, "it does not lead"
    assert first.try_acquire()
    assert (first.signed_at(), second.signed_at()) == (None, None)
    first.sign(NOON)
    assert (first.signed_at(), second.signed_at(), second.leader()) == (NOON, NOON, os.getpid())
    first.sign(NOON + SIGN_EVERY / 2)
    assert second.signed_at() == NOON
    for at in (NOON + SIGN_EVERY, NOON - timedelta(days=1)):
        first.sign(at)
        assert second.signed_at() == at
    first.release()
    assert second.signed_at() is None
    path.with_name(f"{path.name}.lock").write_text("77 1\n")
    assert second.signed_at() is None, "the lock of a process that was killed is free"
    assert second.try_acquire()
    assert first.signed_at() is None, "what its predecessor left is no sign of its own"
    second.release()

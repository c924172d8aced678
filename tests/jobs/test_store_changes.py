"""A thousand changes at once are stored in short transactions, and what was planned on old facts is planned again."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.domain.rules import RuleState
from bot.jobs.store_changes import MOST_AT_ONCE
from tests.jobs.room import CHANNEL, Room, key_of

pytestmark = pytest.mark.virtual_time

MANY = 2 * MOST_AT_ONCE


async def test_another_writer_gets_its_turn_between_the_changes_of_one_listing(room: Room) -> None:
    sessions = [room.world.add_session() for _ in range(MANY)]
    stored_when_written: list[int] = []

    async def write() -> None:
        while True:
            stored_when_written.append(await room.store.transact(lambda tx: tx.polls.state().sessions))
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    await room.poll()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert any(0 < number < MANY for number in stored_when_written)
    assert sorted(await room.posted(), key=str) == sorted(map(key_of, sessions), key=str)


async def test_a_rule_that_is_ended_while_changes_are_stored_hears_nothing_more(room: Room) -> None:
    place = Destination(DestinationKind.CHANNEL, "C0OTHER0")
    rule = await room.subscribe(destination=place)
    for _ in range(MANY):
        room.world.add_session()
    ended: list[int] = []

    def end_rule() -> None:
        """Another process, after the first transaction."""
        if not ended:
            with closing(sqlite3.connect(room.store.path)) as file, file:
                ended.append(file.execute("SELECT count(*) FROM sessions").fetchone()[0])
                file.execute("UPDATE rules SET state = ? WHERE rule_id = ?", (RuleState.ENDED, rule.rule_id))

    room.wake = end_rule
    room.poller = room.poller_with(room.settings)
    room.clock.advance(timedelta(minutes=1))
    report = await room.poller.once()
    assert report.error == ""
    assert 0 < ended[0] < MANY
    assert len(await room.posted()) == MANY, "each is told once, also after the second beginning"
    assert 0 < len(await room.queued(NotificationKind.SESSION, place)) <= ended[0]
    assert len(await room.queued(NotificationKind.SESSION, CHANNEL)) == MANY


@pytest.mark.promise("reassigned")
async def test_a_session_that_was_given_away_is_taken_back_although_the_plan_was_made_again(room: Room) -> None:
    await room.target(80)
    given = room.world.add_session(percent=95)
    for _ in range(2):
        room.world.add_session(percent=95)
    await room.poll()
    room.world.delete(given)
    await room.poll()
    for _ in range(MANY):
        room.world.add_session(percent=95)
    other = room.world.add_session(percent=20, session_id=given.id, employee=room.world.add_person("Kim Koch"))
    stored: list[int] = []

    def change_rules() -> None:
        """Another process, after the first transaction."""
        if not stored:
            with closing(sqlite3.connect(room.store.path)) as file, file:
                [(number,)] = file.execute("SELECT count(*) FROM sessions WHERE session_id = ?", (given.id,))
                stored.append(number)
                file.execute("UPDATE rules SET query = 'score:>1'")

    room.wake = change_rules
    room.poller = room.poller_with(room.settings)
    room.clock.advance(timedelta(minutes=1))
    assert (await room.poller.once()).error == ""
    assert stored == [2], "the worst result is stored by the first try"
    assert await room.store.read(lambda tx: tx.sessions.is_reassigned(key_of(given)))
    posted = await room.posted()
    assert key_of(other) in posted
    assert key_of(given) not in posted


async def test_the_worst_results_are_stored_first(room: Room) -> None:
    await room.target(80)
    good = [room.world.add_session(percent=95) for _ in range(MOST_AT_ONCE)]
    bad = room.world.add_session(percent=20)
    await room.poll()
    posted = await room.posted()
    assert posted[0] == key_of(bad)
    assert len(posted) == len(good) + 1

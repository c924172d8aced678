"""Who works where, read anew now and then."""

from datetime import timedelta

import pytest

from tests.jobs.room import Room

pytestmark = pytest.mark.virtual_time


async def test_an_answer_without_anybody_is_not_believed(room: Room) -> None:
    room.world.add_session(status="IN_PROGRESS")
    room.clock.advance(timedelta(hours=5))
    assert await room.directory.when_due()
    known = (await room.store.read(lambda tx: tx.people.directory())).people
    employed = dict(room.world.people)
    room.world.people.clear()
    room.clock.advance(timedelta(hours=5))
    read_at = await room.store.read(lambda tx: tx.people.directory_at())
    await room.directory.when_due()
    assert (await room.store.read(lambda tx: tx.people.directory())).people == known
    assert await room.store.read(lambda tx: tx.people.directory_at()) == read_at
    assert (await room.ops())[-1] == "people_shortened"
    room.world.people.update(employed)
    room.clock.advance(timedelta(hours=2))
    assert await room.directory.when_due()
    assert (await room.ops())[-1] == "over"


async def test_what_answers_need_of_all_people_is_ready_when_they_are_read(room: Room) -> None:
    """Of 50,000 people it takes seconds, which the first answer after each reading would wait."""
    room.world.add_session(status="IN_PROGRESS")
    room.clock.advance(timedelta(hours=5))
    assert await room.directory.when_due()
    directory = await room.store.read(lambda tx: tx.people.directory())
    assert {"_reports", "_under", "_by_email"} <= vars(directory).keys()
    assert directory._derived

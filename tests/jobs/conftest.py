"""A room whose first listing, an empty one, is stored, one that has never looked, and one of a large
account."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.jobs.room import LARGE, Room, open_room


@pytest.fixture
async def new_room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


@pytest.fixture
async def room(new_room: Room) -> Room:
    await new_room.subscribe()
    await new_room.poll()
    return new_room


@pytest.fixture
async def large(tmp_path: Path) -> AsyncIterator[Room]:
    """A room whose account counts as large. Three completed sessions on two checklists, one of them hidden."""
    async with open_room(tmp_path, LARGE) as room:
        await room.subscribe()
        opening, closing = room.world.add_checklist("Opening"), room.world.add_checklist("Closing", published=False)
        employees = [room.world.add_person() for _ in range(4)]
        for number, checklist in enumerate((opening, opening, closing)):
            room.world.add_session(checklist=checklist, employee=employees[number], observer=employees[3])
        for _ in range(4):  # three in a row that are too large, and the first one after
            assert (await room.poll()).error == ""
        room.stand_in.requests.clear()
        yield room

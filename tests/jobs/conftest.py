"""A room whose first listing, an empty one, is stored, and one that has never looked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.jobs.room import Room, open_room


@pytest.fixture
async def new_room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


@pytest.fixture
async def room(new_room: Room) -> Room:
    await new_room.subscribe()
    await new_room.poll()
    return new_room

"""A small world, iSpring's stand-in before it, and a client that may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.demo.company import IN_PROGRESS, NOT_STARTED
from bot.demo.ispring import IspringStandIn
from bot.demo.slack import SlackStandIn
from bot.demo.world import World
from tests.clock import FakeClock
from tests.demo.asking import START, token
from tests.demo.slack_room import stand_in


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def world(clock: FakeClock) -> World:
    """Two checklists; a planned, a running and two completed sessions."""
    world = World.empty(clock.now)
    store = world.add_department("Store 12", parent=world.add_department("Northgate"), code="S12")
    ana, ben = world.add_person("Ana Silva", department=store), world.add_person("Ben Ito", department=store)
    opening, closing = world.add_checklist("Opening"), world.add_checklist("Closing", published=False)
    world.add_session(checklist=opening, employee=ben, observer=ana, status=NOT_STARTED)
    world.add_session(checklist=opening, employee=ben, observer=ana, status=IN_PROGRESS)
    world.add_session(checklist=opening, employee=ben, observer=ana, percent=72)
    world.add_session(checklist=closing, employee=ana, observer=ben, percent=90, skip=1)
    return world


@pytest.fixture
async def ispring(world: World, clock: FakeClock) -> AsyncIterator[IspringStandIn]:
    async with IspringStandIn(world, client_id="key-id", client_secret="key-secret", now=clock.now) as ispring:
        yield ispring


@pytest.fixture
async def client(ispring: IspringStandIn) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a good token that asks for JSON."""
    async with httpx.AsyncClient(base_url=ispring.url, headers={"Accept": "application/json"}, timeout=5) as client:
        client.headers["Authorization"] = f"Bearer {await token(client)}"
        ispring.requests.clear()
        yield client


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[SlackStandIn]:
    async with stand_in(clock) as slack:
        yield slack

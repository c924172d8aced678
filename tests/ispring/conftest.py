"""One small world, iSpring's stand-in for it over real HTTP, and our client beside it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.demo.ispring import IspringStandIn
from bot.demo.world import World
from bot.ispring.client import Ispring
from tests.clock import FakeClock
from tests.environment import ispring_client, ispring_simulator

OpenIspring: TypeAlias = Callable[..., Any]


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def world(clock: FakeClock) -> World:
    return World.empty(clock.now)


@pytest.fixture
async def stand_in(world: World, clock: FakeClock) -> AsyncIterator[IspringStandIn]:
    async with ispring_simulator(world, clock) as stand_in:
        yield stand_in


@pytest.fixture
async def connect(stand_in: IspringStandIn, clock: FakeClock, tmp_path: Path) -> AsyncIterator[OpenIspring]:
    """Opens a client for the stand-in; what is given differs from a good configuration."""
    async with AsyncExitStack() as opened:

        async def open_one(**given: Any) -> Ispring:
            return await opened.enter_async_context(ispring_client(stand_in, clock, tmp_path, **given))

        yield open_one


@pytest.fixture
async def ispring(connect: OpenIspring) -> Ispring:
    opened: Ispring = await connect()
    return opened

"""One small world, iSpring's stand-in for it over real HTTP, and our client beside it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest

from bot.demo.ispring import IspringStandIn
from bot.demo.world import World
from bot.ispring.client import Ispring
from bot.ispring.connection import Limits
from bot.ispring.dates import DateOrder
from tests.clock import FakeClock

CLIENT_ID = "8a4c7a64-0000-4000-8000-000000000001"
CLIENT_SECRET = "the-secret-of-the-key"

OpenIspring: TypeAlias = Callable[..., Any]


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def world(clock: FakeClock) -> World:
    return World.empty(clock.now)


@pytest.fixture
async def stand_in(world: World, clock: FakeClock) -> AsyncIterator[IspringStandIn]:
    async with IspringStandIn(world, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, now=clock.now) as stand_in:
        yield stand_in


@pytest.fixture
async def connect(stand_in: IspringStandIn, clock: FakeClock, tmp_path: Path) -> AsyncIterator[OpenIspring]:
    """Opens a client for the stand-in; what is given differs from a good configuration."""
    async with AsyncExitStack() as opened:

        async def open_one(**given: Any) -> Ispring:
            limits = given.pop("limits", Limits(connect=2, read=5, total=10))
            settings: dict[str, Any] = {
                "base_url": stand_in.url,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "zone": ZoneInfo("UTC"),
                "date_order": DateOrder.DMY,
                "spool_folder": tmp_path,
                "clock": clock,
                "jitter": lambda: 0.5,
                "limits": limits,
            }
            return await opened.enter_async_context(Ispring(**(settings | given)))

        yield open_one


@pytest.fixture
async def ispring(connect: OpenIspring) -> Ispring:
    opened: Ispring = await connect()
    return opened

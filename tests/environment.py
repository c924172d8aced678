"""The one environment of the tests: both simulators over real HTTP, a real database, the clients, and one clock.

What a package adds is who works there and the verbs of its tests: `jobs/room.py` polls, `jobs/outbox_room.py` sends,
`listeners/office.py` asks, `slack/front_desk.py` listens, `app/env.py` starts whole processes.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.blocks.notifications import render
from bot.config import Settings
from bot.demo.ispring import IspringStandIn
from bot.demo.slack import SlackStandIn, Workspace
from bot.demo.world import World
from bot.domain.ports import Clock, Contacts, Messenger
from bot.ispring.client import Ispring
from bot.ispring.connection import Limits
from bot.ispring.dates import DateOrder
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.renderer import Render
from bot.jobs.send import SendJob
from bot.slack.client import SlackMessenger
from bot.slack.web_api import TIMEOUT
from bot.store.database import Store
from bot.store.sqlite import BUSY_SECONDS
from tests.settings import settings_of

BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-stand-in", "xapp-stand-in", "signing-secret"
CLIENT_ID, CLIENT_SECRET = "8a4c7a64-0000-4000-8000-000000000001", "the-secret-of-the-key"

# ---- the database ------------------------------------------------------------------------------------------------


@cache
def _template(created_at: datetime) -> bytes:
    """A database file as a first start leaves it, migrated once in a process instead of once in a test."""
    with tempfile.TemporaryDirectory(prefix="spotter-template-") as folder:
        path = Path(folder) / "spotter.db"
        Store.open(path, now=created_at).close()
        return path.read_bytes()


def open_store(path: Path, now: datetime, busy_seconds: float = BUSY_SECONDS, ops_channel: str = "") -> Store:
    """Opens a file, or a new one. The tests of migrations and of a first start use `Store.open` themselves."""
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(_template(now))
    return Store.open(path, now=now, busy_seconds=busy_seconds, ops_channel=ops_channel)


@asynccontextmanager
async def database(
    folder: Path, clock: Clock, busy_seconds: float = BUSY_SECONDS, ops_channel: str = ""
) -> AsyncIterator[Store]:
    store = open_store(folder / "spotter.db", clock.now(), busy_seconds, ops_channel)
    try:
        yield store
    finally:
        store.close()


# ---- iSpring -----------------------------------------------------------------------------------------------------


def ispring_simulator(world: World, clock: Clock) -> IspringStandIn:
    return IspringStandIn(world, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, now=clock.now)


def ispring_client(simulator: IspringStandIn, clock: Clock, folder: Path, **given: Any) -> Ispring:
    """Our client of the simulator; what is given differs from a good configuration."""
    settings: dict[str, Any] = {
        "base_url": simulator.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "zone": ZoneInfo("UTC"),
        "date_order": DateOrder.DMY,
        "spool_folder": folder,
        "clock": clock,
        "jitter": lambda: 0.5,
        "limits": Limits(connect=2, read=5, total=10),
    }
    return Ispring(**(settings | given))


# ---- Slack -------------------------------------------------------------------------------------------------------


def slack_simulator(workspace: Workspace, clock: Clock, **options: Any) -> SlackStandIn:
    return SlackStandIn(
        workspace, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SECRET, now=clock.now, **options
    )


@asynccontextmanager
async def messenger_of(slack: SlackStandIn, clock: Clock, timeout: float = TIMEOUT) -> AsyncIterator[SlackMessenger]:
    """Our client of the simulator, which is started; an answer of Slack's may take `timeout` seconds."""
    async with slack, SlackMessenger(BOT_TOKEN, clock, slack.api_url, timeout) as messenger:
        yield messenger


def sender(
    store: Store,
    messenger: Messenger,
    contacts: Contacts,
    clock: Clock,
    *,
    admins: Collection[str] = (),
    settings: Settings | None = None,
    limiter: RateLimiter | None = None,
    words: Render = render,
    random01: Callable[[], float] = lambda: 0.5,
) -> SendJob:
    """What sends, as after a start."""
    return SendJob(
        store=store,
        messenger=messenger,
        contacts=contacts,
        clock=clock,
        random01=random01,
        settings=settings or settings_of(admins=frozenset(admins)),
        limiter=limiter,
        render=words,
    )

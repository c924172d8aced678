"""The demo's company on Friday 27 November 2026, noon: polled by the real poll, asked by people of each role."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.blocks import actions
from bot.demo import cast
from bot.demo.history import furnished
from bot.demo.slack import Workspace
from bot.demo.world import World
from bot.domain.errors import SpotterError
from bot.domain.model import Details, SessionKey
from bot.domain.notifications import Message
from bot.domain.ports import Training
from bot.ispring.dates import DateOrder
from bot.jobs.details import AT_ONCE, BACK
from bot.jobs.directory import DirectoryRefresh
from bot.jobs.poll import Poll
from bot.listeners.after_ack import error_message
from bot.listeners.commands import answered
from bot.listeners.context import AppContext
from bot.listeners.requests import SlashCommand
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx
from tests.blocks.limits import assert_fits_slack
from tests.clock import FakeClock
from tests.environment import database, ispring_client, ispring_simulator, messenger_of, slack_simulator
from tests.settings import settings_of

FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SEED = 1
ROLES = ("admin", "supervisor", "observer", "employee")


@dataclass
class DemoOffice:
    """Everybody of the demo's company asks here; answers are read, nothing is sent."""

    ctx: AppContext
    store: Store
    world: World
    cast: cast.Cast
    answers: dict[tuple[str, str], Message] = field(default_factory=dict)

    async def ask(self, role: str, text: str, channel: str | None = None) -> Message:
        """The answer to a slash command of a role."""
        user_id = self.cast.user_id(role)
        command = SlashCommand(user_id=user_id, channel_id=channel or self.cast.results_channel, text=text)
        try:
            answer = await answered(self.ctx, command, text)
        except SpotterError as problem:
            answer = error_message(self.ctx, problem, "command", user_id)
        assert_fits_slack(answer)
        return answer


def read_as(answer: Message) -> str:
    """The canonical command that an answer says it was read as; "" if it says none."""
    for line in answer.text.splitlines():
        if "Read as `" in line:
            typed = line.partition("Read as `")[2].split("`")[0].removeprefix("/ojt ")
            return typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return ""


def offered(answer: Message) -> Sequence[tuple[str, str]]:
    """What the buttons of an answer say, and the commands that they run."""
    return [
        (element["text"]["text"], element["value"])
        for block in answer.blocks
        for element in (*block.get("elements", ()), block.get("accessory", {}))
        if actions.action_of(element.get("action_id", "")) == actions.RUN
    ]


async def _read_criteria(training: Training, store: Store) -> None:
    """Stores the criteria of the last 90 days."""
    while keys := await store.read(lambda tx: tx.details.pending(FRIDAY - BACK, FRIDAY, AT_ONCE)):
        found = await training.details(keys)
        assert found.keys() == set(keys)
        await store.transact(partial(_save_criteria, found))


def _save_criteria(found: Mapping[SessionKey, Details], tx: Tx) -> None:
    for key, details in found.items():
        tx.details.save(key, details, FRIDAY)


@asynccontextmanager
async def open_demo_office(folder: Path, *, with_criteria: bool = False) -> AsyncIterator[DemoOffice]:
    """`with_criteria`: the criteria of the last 90 days are read too."""
    clock = FakeClock(FRIDAY)
    world, workspace = furnished(SEED, clock.now), Workspace()
    roles = cast.assemble(world, workspace)
    slack = slack_simulator(workspace, clock)
    async with (
        database(folder, clock) as store,
        messenger_of(slack, clock) as messenger,
        ispring_simulator(world, clock) as simulator,
        ispring_client(simulator, clock, folder, zone=ZoneInfo("UTC"), date_order=DateOrder.DMY) as ispring,
    ):
        settings = settings_of(pass_target=80.0, admins=frozenset({roles.user_id("admin")}))
        directory = DirectoryRefresh(ispring, store, clock)
        poll = Poll(ispring, store, clock, settings, refresh_directory=directory.on_demand, wake=lambda: None)
        await directory.when_due()
        await store.transact(lambda tx: tx.targets.set(None, 80.0, roles.user_id("admin"), FRIDAY))
        await poll.once()
        if with_criteria:
            await _read_criteria(ispring, store)
        contacts = SlackContacts(messenger, store, clock, settings.admins)
        for role in ROLES:
            await contacts.viewer(roles.user_id(role))
        ctx = AppContext(
            store=store,
            messenger=messenger,
            contacts=contacts,
            clock=clock,
            wake_sender=lambda: None,
            settings=settings,
        )
        yield DemoOffice(ctx, store, world, roles)

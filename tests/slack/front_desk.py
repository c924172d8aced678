"""A Reception that notes who came and answers plainly, behind the real intake, before the Slack stand-in."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bot.app.health import served
from bot.demo.slack import SlackStandIn
from bot.domain.errors import NotAllowed, QueryError
from bot.domain.model import Message
from bot.domain.ports import ActionRequest, Command, Reply, Submission
from bot.slack.client import SlackMessenger
from bot.slack.events import SlackEvents
from bot.slack.http_endpoint import PATH, TIMEOUT, SlackDoor
from bot.slack.socket_mode import SocketMode
from tests.demo.slack_room import APP_TOKEN, BOT_TOKEN, SECRET, company
from tests.slack.real_clock import RealClock


@dataclass
class EventHandlers:
    """Fulfils `core.ports.Reception`."""

    commands: list[Command] = field(default_factory=list)
    actions: list[ActionRequest] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    homes: list[str] = field(default_factory=list)
    heard: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    channels: list[tuple[str, str]] = field(default_factory=list)  # what changed, and what the event says of it
    renumbering: list[tuple[str, str]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)  # what Slack said to each reply
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: list[str] = field(default_factory=list)

    async def command(self, asked: Command, reply: Reply) -> None:
        self.commands.append(asked)
        match asked.text:
            case "break":
                raise KeyError("Ana Silva")
            case "forbidden":
                raise NotAllowed("it is of somebody else")
            case "typo":
                raise QueryError("I don't know `outcme`.", ("results outcome:failed",))
            case "wait":
                await self.gate.wait()
                self.cancelled.append(asked.text)
            case "seven":
                for number in range(7):
                    self.taken.append(await reply(Message(f"answer {number}")))
            case _:
                self.taken.append(await reply(Message(f"you said {asked.text}")))

    async def press(self, action: ActionRequest, reply: Reply) -> None:
        self.actions.append(action)
        self.taken.append(await reply(Message(f"you pressed {action.action}"), replace=action.is_ephemeral))

    async def submit(self, submitted: Submission) -> Mapping[str, str]:
        self.submissions.append(submitted)
        if submitted.values.get("name") == "slow":
            await self.gate.wait()
        if submitted.values.get("name") == "forbidden":
            raise NotAllowed("you are no admin")
        return {"name": "That name is taken."} if submitted.values.get("name") == "taken" else {}

    async def home(self, user_id: str) -> None:
        self.homes.append(user_id)

    async def said(self, user_id: str, channel_id: str, text: str, thread_ts: str | None) -> Message | None:
        self.heard.append((user_id, channel_id, text, thread_ts))
        return Message(f"you said {text}") if text else None

    async def channel_changed(self, channel_id: str, says: str) -> None:
        self.channels.append((channel_id, says))

    async def channel_moved(self, old_id: str, new_id: str) -> None:
        self.renumbering.append((old_id, new_id))

    async def person_changed(self, user_id: str) -> None:
        self.people.append(user_id)


@dataclass
class Office:
    """The intake at work, with the desk behind it and Slack before it."""

    slack: SlackStandIn
    ctx: EventHandlers
    messenger: SlackMessenger
    slack_events: SlackEvents
    url: str = ""


@asynccontextmanager
async def office(*, http: bool, now: RealClock | None = None, timeout: float = TIMEOUT) -> AsyncIterator[Office]:
    """Over HTTP, whose door waits so long for a body, or over Socket Mode."""
    clock, ctx = now or RealClock(), EventHandlers()
    slack = SlackStandIn(
        company(), bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SECRET, now=clock.now, time_scale=0.01
    )
    async with slack, SlackMessenger(BOT_TOKEN, clock, slack.api_url, timeout=2.0) as messenger:
        identity = await messenger.identify()
        async with SlackEvents(ctx, messenger, identity, clock, "/ojt") as slack_events:
            opened = Office(slack, ctx, messenger, slack_events)
            async with _listening(opened, timeout) if http else _connected(opened, clock):
                yield opened


@asynccontextmanager
async def _connected(opened: Office, clock: RealClock) -> AsyncIterator[None]:
    socket = SocketMode(opened.slack_events.app, APP_TOKEN, clock, ping_interval=0.5)
    running = asyncio.create_task(socket.run())
    try:
        await opened.slack.connected()
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def _listening(opened: Office, timeout: float) -> AsyncIterator[None]:
    application = web.Application(client_max_size=8 * 1024 * 1024)
    application.router.add_post(PATH, SlackDoor(opened.slack_events.app, SECRET, timeout=timeout).handle_http)
    async with served(application, 0) as port:
        opened.url = f"http://127.0.0.1:{port}{PATH}"
        opened.slack.deliveries.request_url = opened.url
        try:
            yield
        finally:
            opened.slack.deliveries.request_url = None

"""The Bolt app with listeners that note their requests and answer plainly, behind a transport, before the simulator.

Events of channels and accounts go to the real listeners, with a real database behind them.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.app.clock import SystemClock
from bot.app.health import served
from bot.demo.slack import SlackStandIn
from bot.domain.errors import NotAllowed, QueryError
from bot.domain.notifications import Message
from bot.domain.ports import Reply
from bot.listeners import events
from bot.listeners.after_ack import AfterAck
from bot.listeners.bolt_app import ANYTHING, build_app
from bot.listeners.context import AppContext
from bot.listeners.requests import ActionRequest, Event, Request, SlashCommand, Submission, read_submission
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.slack.http_endpoint import PATH, TIMEOUT, SlackEndpoint
from bot.slack.replies import reply_to
from bot.slack.socket_mode import SocketMode
from bot.slack.task_pool import TaskPool
from bot.store.database import Store
from tests.app.env import ACKNOWLEDGE_WITHIN
from tests.demo.slack_room import stand_in
from tests.environment import APP_TOKEN, SECRET, database, messenger_of
from tests.settings import settings_of


@dataclass
class Listeners:
    """Listeners that note their requests."""

    commands: list[SlashCommand] = field(default_factory=list)
    actions: list[ActionRequest] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    homes: list[str] = field(default_factory=list)
    heard: list[tuple[str, str | None, str, str | None]] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)  # what Slack said to each reply
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: list[str] = field(default_factory=list)

    def register(self, app: AsyncApp, after_ack: AfterAck) -> None:
        knows = [after_ack.known_viewer]
        app.command("/ojt", middleware=knows)(after_ack.command(self.command))
        app.action(ANYTHING, middleware=knows)(after_ack.action(self.press))
        app.view("settings")(self.submit)
        app.event("app_home_opened")(after_ack.event(self.home))
        for kind in ("app_mention", "message"):
            app.event(kind, middleware=knows)(after_ack.message(self.said))

    async def command(self, ctx: AppContext, command: SlashCommand, reply: Reply) -> None:
        self.commands.append(command)
        match command.text:
            case "break":
                raise KeyError("Ana Silva")
            case "forbidden":
                raise NotAllowed("it is of somebody else")
            case "typo":
                raise QueryError("I don't know `outcme`.", ("results outcome:failed",))
            case "wait":
                await self.gate.wait()
                self.cancelled.append(command.text)
            case "seven":
                for number in range(7):
                    self.taken.append(await reply(Message(f"answer {number}")))
            case _:
                self.taken.append(await reply(Message(f"you said {command.text}")))

    async def press(self, ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
        self.actions.append(action)
        self.taken.append(await reply(Message(f"you pressed {action.action_id}"), replace=action.is_ephemeral))

    async def submit(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        submission = read_submission(body)
        self.submissions.append(submission)
        if submission.values.get("name") == "forbidden":
            raise NotAllowed("you are no admin")
        if submission.values.get("name") == "taken":
            await ack(response_action="errors", errors=submission.errors({"name": "That name is taken."}))
        else:
            await ack()

    async def home(self, ctx: AppContext, event: Event) -> None:
        if event.fields["tab"] == "home":
            self.homes.append(event.user_id)

    async def said(self, ctx: AppContext, event: Event, reply: Reply) -> None:
        if events.is_for_bot(event):
            self.heard.append((event.user_id, event.channel_id, event.text, event.thread_ts))
            await reply(Message(f"you said {event.text}"))


@dataclass
class Office:
    """The Bolt app at work, with the listeners behind it and Slack before it."""

    slack: SlackStandIn
    ctx: Listeners
    messenger: SlackMessenger
    store: Store
    app: AsyncApp
    url: str = ""


@asynccontextmanager
async def office(
    *, http: bool, now: SystemClock | None = None, timeout: float = TIMEOUT, close_timeout: float = 300.0
) -> AsyncIterator[Office]:
    """Over HTTP, whose endpoint waits so long for a body, or over Socket Mode, which is closed once all is acknowledged
    or `close_timeout` is over."""
    clock, listeners = now or SystemClock(), Listeners()
    slack = stand_in(clock, time_scale=0.01, acknowledge_within=ACKNOWLEDGE_WITHIN)
    with tempfile.TemporaryDirectory() as folder:
        async with database(Path(folder), clock) as store, messenger_of(slack, clock, timeout=30.0) as messenger:
            contacts = SlackContacts(messenger, store, clock, set())
            ctx = AppContext(store, messenger, contacts, clock, wake_sender=lambda: None, settings=settings_of())

            def reply_for(request: Request) -> Reply:
                where = (request.user_id, request.channel_id, request.thread_ts, request.response_url)
                return reply_to(messenger, clock, *where)

            identity = await messenger.identify()
            async with TaskPool() as pool:
                registered = (listeners.register, events.register)
                app = build_app(ctx, messenger.web, identity, pool, reply_for, registered)
                opened = Office(slack, listeners, messenger, store, app)
                async with _listening(opened, timeout) if http else _connected(opened, clock, close_timeout):
                    yield opened


@asynccontextmanager
async def _connected(opened: Office, clock: SystemClock, close_timeout: float) -> AsyncIterator[None]:
    socket = SocketMode(opened.app, APP_TOKEN, clock, ping_interval=2.0, close_timeout=close_timeout)
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
    application.router.add_post(PATH, SlackEndpoint(opened.app, SECRET, timeout=timeout).handle_http)
    async with served(application, 0) as port:
        opened.url = f"http://127.0.0.1:{port}{PATH}"
        opened.slack.deliveries.request_url = opened.url
        try:
            yield
        finally:
            opened.slack.deliveries.request_url = None

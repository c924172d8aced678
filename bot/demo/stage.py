"""The page's server: its files, what it shows over a WebSocket, and the deeds its visitors order.

It listens on loopback and answers only requests that were addressed to it there and come from its own page: another
site open in the same browser can neither read the workspace nor kill the bot.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from bot.demo import sight
from bot.demo.cast import Cast
from bot.demo.ispring import IspringStandIn
from bot.demo.slack import Happening, Message, SlackStandIn
from bot.demo.slack.entities import Json
from bot.demo.slack.wire import view_json
from bot.demo.world import World
from bot.domain.errors import SpotterError

HOST = "127.0.0.1"
PAGE = Path(__file__).with_name("page")
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
        "connect-src 'self' ws:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
GATHER_FOR = 0.05
"""Seconds that changes are gathered before the pages hear of them."""
MESSAGES_SHOWN = 200
"""The most messages of one channel that a page is given when it connects."""
SLOW_READER = 5.0
"""Seconds a page gets to take one piece of news before it is let go (it reconnects by itself)."""

Deed = Callable[[Json], Awaitable[Json]]


class Backstage(Protocol):
    """What the stage needs of whoever runs the demo."""

    @property
    def world(self) -> World: ...
    @property
    def slack(self) -> SlackStandIn: ...
    @property
    def ispring(self) -> IspringStandIn: ...
    @property
    def cast(self) -> Cast: ...
    @property
    def hints(self) -> Json: ...
    @property
    def deeds(self) -> dict[str, Deed]: ...

    def bot_state(self) -> Json: ...
    def bot_log(self) -> list[str]: ...
    def clock(self) -> Json: ...
    def faults(self) -> Json: ...


class Impossible(Exception):
    """A deed that can't be done, in words for the person at the page."""


class Stage:
    """Serves the page on `port` of loopback and keeps every open page up to date until `stop`."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._sockets: set[web.WebSocketResponse] = set()
        self._changed_messages: dict[str, Message | None] = {}
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._unlisten: Callable[[], None] = lambda: None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/"

    async def start(self, port: int) -> None:
        """Listen on `port`, 0 for any free one. Raises SpotterError if it can't be listened on."""
        app = web.Application(middlewares=[self._only_from_here])
        app.router.add_get("/live", self._live)
        app.router.add_get("/sessions", self._sessions)
        app.router.add_post("/do/{deed}", self._do)
        app.router.add_get("/{file:[a-z.]*}", self._file)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            await runner.cleanup()
            raise SpotterError(
                f"Port {port} can't be listened on ({error.strerror}): another program may use it. Choose another with "
                "--port; 0 takes any that is free."
            ) from error
        self._runner = runner
        self.port = int(runner.addresses[0][1])
        self._unlisten = self._backstage.slack.workspace.listen(self._parse_error)
        self._backstage.world.listen(lambda _: self.report("world"))

    async def stop(self) -> None:
        """Let every page go and close the port."""
        self._unlisten()
        runner, self._runner = self._runner, None
        for socket in list(self._sockets):
            await socket.close()
        if runner is not None:
            await runner.cleanup()

    # --- news --------------------------------------------------------------------------------------------------

    def report(self, *what: str) -> None:
        """Mark these pieces of the page's state as changed; the pages hear of it in a moment."""
        self._changed.update(what)
        self._news.set()

    async def keep_telling(self) -> None:
        """Send news to the open pages, for ever."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_FOR)
            self._news.clear()
            news = self._data()
            text = json.dumps(news, ensure_ascii=False)
            await asyncio.gather(*(self._send(socket, text) for socket in list(self._sockets)))

    def _parse_error(self, happening: Happening) -> None:
        subject = happening.subject
        match happening.kind:
            case "message_posted" | "message_edited" | "reaction_added" if isinstance(subject, Message):
                self._note_message(subject)
            case "message_deleted" if isinstance(subject, Message):
                self._changed_messages[sight.message_key(subject)] = None
            case "view_opened" | "view_updated" | "view_closed":
                self._changed.add("modals")
            case "home_published":
                self._changed.add("homes")
            case "channel_changed":
                self._changed.add("channels")
            case "user_changed":
                self._changed.add("people")
            case "api_called":
                self._changed.add("calls")
            case "socket_changed":
                self._changed.add("bot")
            case "fault_changed":
                self._changed.add("faults")
        self._news.set()

    def _note_message(self, message: Message) -> None:
        self._changed_messages[sight.message_key(message)] = message
        if message.thread_ts is not None and message.is_reply:
            parent = self._backstage.slack.workspace.message(message.channel, message.thread_ts)
            if parent is not None:
                self._changed_messages[sight.message_key(parent)] = parent

    def _data(self) -> Json:
        changed, self._changed = self._changed, set()
        messages, self._changed_messages = self._changed_messages, {}
        workspace = self._backstage.slack.workspace
        news: Json = {name: self._piece(name) for name in changed}
        news["messages"] = [sight.message(one, workspace) for one in messages.values() if one is not None]
        news["gone"] = [key for key, one in messages.items() if one is None]
        return news

    def _everything(self) -> Json:
        workspace = self._backstage.slack.workspace
        names = (
            "app",
            "people",
            "cast",
            "channels",
            "homes",
            "modals",
            "bot",
            "clock",
            "calls",
            "log",
            "faults",
            "hints",
        )
        timelines = workspace.timelines.values()
        messages = [sight.message(one, workspace) for timeline in timelines for one in timeline[-MESSAGES_SHOWN:]]
        return {"all": True, "messages": messages} | {name: self._piece(name) for name in names}

    def _piece(self, name: str) -> object:
        backstage, slack = self._backstage, self._backstage.slack
        workspace = slack.workspace
        tokens: dict[str, Callable[[], object]] = {
            "app": lambda: sight.app(workspace),
            "people": lambda: sight.people(workspace),
            "cast": lambda: sight.cast_list(backstage.cast),
            "channels": lambda: sight.channels(workspace, backstage.cast),
            "homes": lambda: {user: view_json(view, workspace) for user, view in workspace.homes.items()},
            "modals": lambda: {
                user: [view_json(view, workspace) for view in stack] for user, stack in workspace.modals.items()
            },
            "bot": backstage.bot_state,
            "clock": backstage.clock,
            "calls": lambda: sight.calls(slack.calls, backstage.ispring.requests),
            "log": backstage.bot_log,
            "faults": backstage.faults,
            "hints": lambda: backstage.hints,
            "world": lambda: True,
        }
        return tokens[name]()

    async def _send(self, socket: web.WebSocketResponse, text: str) -> None:
        try:
            async with asyncio.timeout(SLOW_READER):
                await socket.send_str(text)
        except (TimeoutError, ConnectionError):
            self._sockets.discard(socket)
            await socket.close()

    # --- requests ----------------------------------------------------------------------------------------------

    @web.middleware
    async def _only_from_here(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        names = {f"{HOST}:{self.port}", f"localhost:{self.port}"}
        origin = request.headers.get("Origin")
        if request.host not in names or (origin is not None and urlsplit(origin).netloc not in names):
            raise web.HTTPForbidden(text=f"Open the demo at {self.url}")
        return await handler(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / (request.match_info["file"] or "index.html")
        if path.suffix not in KINDS or not path.is_file():
            raise web.HTTPNotFound(text="There is no such page")
        return web.Response(body=path.read_bytes(), content_type=KINDS[path.suffix], charset="utf-8", headers=HEADERS)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=15.0)
        await socket.prepare(request)
        await socket.send_str(json.dumps(self._everything(), ensure_ascii=False))
        self._sockets.add(socket)
        try:
            async for frame in socket:
                if frame.type == WSMsgType.ERROR:
                    break
        finally:
            self._sockets.discard(socket)
        return socket

    async def _sessions(self, request: web.Request) -> web.StreamResponse:
        verb, query = request.query.get("verb", "complete"), request.query.get("q", "")
        return web.json_response({"sessions": sight.sessions(self._backstage.world, verb, query)})

    async def _do(self, request: web.Request) -> web.StreamResponse:
        deed = self._backstage.deeds.get(request.match_info["deed"])
        if deed is None:
            raise web.HTTPNotFound(text="There is no such deed")
        try:
            body = await request.json()
        except json.JSONDecodeError:
            raise web.HTTPBadRequest(text="A deed is ordered with a JSON object") from None
        if request.content_type != "application/json" or not isinstance(body, dict):
            raise web.HTTPBadRequest(text="A deed is ordered with a JSON object")
        try:
            return web.json_response({"ok": True} | await deed(body))
        except Impossible as reason:
            return web.json_response({"ok": False, "error": str(reason)})

"""The stand-in as a whole: one port on loopback that is Slack's Web API, its sockets and its response addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.demo.slack.answers import GIVE_UP
from bot.demo.slack.deliveries import ACKNOWLEDGE_WITHIN, Deliveries
from bot.demo.slack.desk import AppContext
from bot.demo.slack.echoes import Echoes
from bot.demo.slack.entities import Message
from bot.demo.slack.faults import Faults
from bot.demo.slack.membership import Membership
from bot.demo.slack.methods_files import give_bytes, take_bytes
from bot.demo.slack.modals import Modals
from bot.demo.slack.people import People
from bot.demo.slack.response_urls import ResponseUrls
from bot.demo.slack.socket_mode import SocketMode
from bot.demo.slack.web_api import WebApi
from bot.demo.slack.workspace import ApiCall, Workspace

HOST = "127.0.0.1"


class SlackStandIn(People, Modals, Membership, Echoes):
    """A Slack that runs here. What an app does arrives at `api_url`; what people do, they do with this object's verbs.

    `now` stamps messages and lets triggers, response addresses, rates and `history_lag` run out; `time_scale` stretches
    the seconds that are really waited (a fault's hang or late acceptance, the repeats of events). With `request_url`
    the app is reached over signed HTTP whenever no socket is open. The app must acknowledge within `acknowledge_within`
    seconds, and a trigger opens a modal in the same time.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        bot_token: str,
        app_token: str,
        signing_secret: str,
        now: Callable[[], datetime],
        request_url: str | None = None,
        time_scale: float = 1.0,
        acknowledge_within: float = ACKNOWLEDGE_WITHIN,
    ) -> None:
        self.faults = Faults(changed=lambda: workspace.report("fault_changed"))
        self.sockets = SocketMode(workspace.app, changed=lambda: workspace.report("socket_changed"))
        self.deliveries = Deliveries(self.sockets, signing_secret, request_url, time_scale, acknowledge_within)
        ctx = AppContext(workspace, now, self.faults, timedelta(seconds=acknowledge_within))
        self.port = 0
        response_urls = ResponseUrls(ctx, lambda: self.base_url)
        super().__init__(ctx, self.deliveries, response_urls)
        self._web_api = WebApi(
            ctx,
            bot_token=bot_token,
            app_token=app_token,
            open_connection=self._socket_address,
            time_scale=time_scale,
        )
        self._application = web.Application(client_max_size=16 * 1024 * 1024)
        self._application.router.add_route("*", "/api/{method}", self._web_api.serve)
        self._application.router.add_get("/link/", self.sockets.serve)
        self._application.router.add_post("/upload/{file}", partial(take_bytes, workspace))
        self._application.router.add_get("/upload/{file}", partial(give_bytes, workspace))
        self._application.router.add_post("/respond/{kind}/{secret}", response_urls.serve)
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._end_echoes: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        if self._runner is None:
            await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        """What the app is given as the Web API's address; ends in `/api/`."""
        return f"{self.base_url}/api/"

    @property
    def calls(self) -> Sequence[ApiCall]:
        """The app's Web API calls, oldest first; the last few thousand."""
        return self.workspace.calls

    async def start(self, port: int = 0) -> None:
        """Listens on loopback; 0 takes any free port, which `port` then tells."""
        self._runner = web.AppRunner(self._application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        self._end_echoes = self.workspace.listen(self._echo)
        self.port = port
        await self.up()

    async def stop(self) -> None:
        """Ends every connection, every waiting call and every repeat."""
        self._end_echoes()
        self._web_api.close()
        await self.deliveries.close()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = self._site = None

    async def up(self) -> None:
        """Listens (again), on the same port as before."""
        if self._runner is None:
            raise RuntimeError("start() comes before up()")
        if self._site is not None:
            return
        self._site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]
        self.workspace.address = self.base_url
        self.workspace.report("fault_changed")

    async def refuse_connections(self) -> None:
        """Closes the listening socket and every HTTP connection; Socket Mode connections stay. `up` ends it."""
        if self._site is None or self._runner is None or self._runner.server is None:
            return
        await self._site.stop()
        self._site = None
        kept = {id(one.transport) for one in self.sockets.connections}
        for protocol in self._runner.server.connections:
            if protocol.transport is not None and id(protocol.transport) not in kept:
                protocol.transport.close()
        self.workspace.report("fault_changed")

    @property
    def is_up(self) -> bool:
        return self._site is not None

    async def connected(self, count: int = 1, timeout: float = GIVE_UP) -> None:
        """Waits until the app has so many Socket Mode connections open; raises TimeoutError."""
        await self.until(lambda: len(self.sockets.connections) >= count, timeout)

    def abort_socket(self) -> None:
        """Tears the app's sockets down without a closing handshake."""
        self.sockets.abort()

    def silence_socket(self) -> None:
        """The app's sockets stay open, and nothing goes through any more, pongs included. New ones are sound."""
        self.sockets.silence()

    async def refresh_socket(self, reason: str = "refresh_requested") -> None:
        """Asks the app to come again with new sockets, as Slack does every few hours."""
        await self.sockets.refresh(reason)

    def messages(self, channel_id: str) -> list[Message]:
        """What everyone in the channel can read, oldest first, replies included."""
        return self.workspace.messages(channel_id)

    def visible_to(self, user_id: str, channel_id: str) -> list[Message]:
        """What this person reads in the channel, oldest first, what only they see included."""
        return self.workspace.visible_to(user_id, channel_id)

    def _socket_address(self) -> str:
        ticket = self.sockets.issue_ticket()
        return f"ws://{HOST}:{self.port}/link/?ticket={ticket}&app_id={self.workspace.app.id}"

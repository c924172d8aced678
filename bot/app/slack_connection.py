"""The connection that brings commands, buttons and events from Slack: Socket Mode or HTTP, with Bolt behind it."""

import asyncio
from contextlib import suppress
from functools import partial

import structlog
from aiohttp import web

from bot.app.clients import Clients
from bot.app.health import Liveness
from bot.app.stopping import unless_stopped, wait_for_stop
from bot.config import Settings
from bot.domain.errors import MessengerError, StoreBusy
from bot.domain.ports import Reply
from bot.listeners.bolt_app import build_app
from bot.listeners.context import AppContext
from bot.listeners.requests import Request
from bot.slack.answers import BotIdentity
from bot.slack.http_endpoint import PATH, SlackEndpoint
from bot.slack.manifest import SCOPES
from bot.slack.replies import reply_to
from bot.slack.socket_mode import SocketMode
from bot.slack.task_pool import TaskPool
from bot.store.database import Tx

FIRST_RETRY = 2.0  # seconds until Slack is asked again who we are, doubling up to LAST_RETRY
LAST_RETRY = 60.0
SOCKET_GRACE = 60.0  # seconds without a socket before health turns red: reconnecting takes a few
SOCKET_CHECK_EVERY = 1.0  # seconds
AUTH_CHECK_EVERY = 30.0  # seconds, while the socket is down
_REMEDY = "check SLACK_BOT_TOKEN, the app's scopes and the network; it is tried again by itself"

log = structlog.get_logger(__name__)


class SlackConnection:
    """Connects to Slack once the bot is identified, and keeps `liveness` up to date."""

    def __init__(self, settings: Settings, clients: Clients, liveness: Liveness, ctx: AppContext) -> None:
        self._settings = settings
        self._messenger = clients.messenger
        self._clock = clients.clock
        self._liveness = liveness
        self._ctx = ctx
        self._endpoint: SlackEndpoint | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Answers Slack until `stop`, then lets running answers end."""
        self._liveness.disconnected_since = self._clock.monotonic()
        identity = await self._identify(stop)
        if identity is None:
            return
        with suppress(StoreBusy):  # links to messages are left out until the next start
            await self._ctx.store.transact(partial(_note_identity, identity))
        async with TaskPool() as pool:
            bolt_app = build_app(self._ctx, self._messenger.web, identity, pool, self._reply_for)
            if self._settings.uses_socket:
                app_token = self._settings.slack_app_token.get_secret_value()
                socket = SocketMode(bolt_app, app_token, self._clock, network=self._settings.network)
                await self._use_socket(socket, stop)
            else:
                endpoint = SlackEndpoint(bolt_app, self._settings.slack_signing_secret.get_secret_value())
                await self._use_http(endpoint, stop)

    async def handle_http(self, request: web.Request) -> web.Response:
        """Handles a request to `/slack/events`; 503 before the bot is identified and in Socket Mode."""
        if self._endpoint is None:
            return web.Response(status=503)  # Slack tries again
        return await self._endpoint.handle_http(request)

    async def _use_socket(self, socket: SocketMode, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(socket.run(), name="socket")
            watching = group.create_task(self._monitor(socket), name="socket-watch")
            await stop.wait()
            watching.cancel()
            running.cancel()

    async def _use_http(self, endpoint: SlackEndpoint, stop: asyncio.Event) -> None:
        self._endpoint = endpoint
        self._liveness.disconnected_since = None
        log.info("http.listening", path=PATH, port=self._settings.port)
        await stop.wait()
        self._endpoint = None

    def _reply_for(self, request: Request) -> Reply:
        where = (request.user_id, request.channel_id, request.thread_ts, request.response_url)
        return reply_to(self._messenger, self._clock, *where)

    async def _identify(self, stop: asyncio.Event) -> BotIdentity | None:
        """Asks Slack for the bot's identity until Slack answers; returns None if stopped before."""
        wait = FIRST_RETRY
        while not stop.is_set():
            try:
                identity = await unless_stopped(stop, self._messenger.identify())
                self._liveness.is_refused = False
                return identity
            except MessengerError as error:
                self._liveness.is_refused = True
                log.error("slack.not_identified", reason=str(error), remedy=_REMEDY, next_try_in=wait)
            await wait_for_stop(stop, wait)
            wait = min(wait * 2, LAST_RETRY)
        return None

    async def _monitor(self, socket: SocketMode) -> None:
        """Writes the socket's state to `liveness` each second."""
        checked_at = -AUTH_CHECK_EVERY
        while True:
            now = self._clock.monotonic()
            if socket.is_connected:
                self._liveness.disconnected_since = None
            elif self._liveness.disconnected_since is None:
                self._liveness.disconnected_since = now
            if socket.disconnected_for() < SOCKET_GRACE:
                self._liveness.socket_connected = True
            elif now - checked_at >= AUTH_CHECK_EVERY:
                # A restart mends a socket that is down while Slack answers; it does not mend an outage of Slack.
                checked_at = now
                self._liveness.socket_connected = not await self._slack_answers()
            await self._clock.sleep(SOCKET_CHECK_EVERY)

    async def _slack_answers(self) -> bool:
        try:
            await self._messenger.check_token()
        except MessengerError:
            return False
        return True


def _note_identity(identity: BotIdentity, tx: Tx) -> None:
    tx.outbox.note_workspace(identity.url)
    tx.setup.note_missing_scopes(
        [grant.scope for grant in SCOPES if not grant.optional and grant.scope not in identity.scopes]
    )

"""Socket Mode, supervised: the SDK's client reconnects by itself; a client that gets stuck is replaced.

Seen: a half-dead socket is noticed after four ping intervals (20 s by default, 6 s with ours), and a reconnect that
failed tries its one-time address again for ever.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.config import DIRECT, Network
from bot.domain.ports import Clock

PING_INTERVAL = 3.0  # seconds
STUCK = 25.0  # seconds without a connection before a client that had one is replaced
CONNECT_TIMEOUT = 10.0  # seconds for a new client: a refused token would be tried every ping interval for ever
FIRST_PAUSE = 5.0  # seconds between clients that never connected, doubling up to LAST_PAUSE
LAST_PAUSE = 60.0
CLOSING = 3.0  # seconds a closing handshake may take
CLOSE_TIMEOUT = 3.0  # seconds until what has arrived is acknowledged, before we close: Slack waits no longer
ENVELOPES_REMEMBERED = 5_000
_A_MOMENT = 0.005

log = structlog.get_logger(__name__)


class _QuietHandler(logging.Handler):
    """Logs that the SDK failed and where, without its words: they hold one-time addresses and whole messages."""

    def emit(self, record: logging.LogRecord) -> None:
        problem = record.exc_info[1] if record.exc_info else None
        kind = type(problem).__name__ if problem else ""
        said = getattr(getattr(problem, "response", None), "data", None)
        code = said.get("error") if isinstance(said, dict) else None
        log.warning("socket.failed", where=record.funcName, kind=kind, slack_answer=code)


_quiet = logging.getLogger("spotter.socket")
_quiet.setLevel(logging.WARNING)
_quiet.propagate = False
_quiet.handlers = [_QuietHandler()]


class _Client(SocketModeClient):
    """Reaches each address that Slack hands out as `network` says; the SDK knows no NO_PROXY."""

    def __init__(self, app: AsyncApp, app_token: str, ping_interval: float, network: Network) -> None:
        super().__init__(app_token, logger=_quiet, web_client=app.client, ping_interval=ping_interval)
        self._network = network

    async def issue_new_wss_url(self) -> str:
        url = await super().issue_new_wss_url()
        self.proxy = self._network.proxy_for(url)
        return url


class _Handled:
    """The envelopes that came lately, on any connection: one that comes again is not done again."""

    def __init__(self) -> None:
        self._acknowledged: OrderedDict[str, bool] = OrderedDict()

    def is_new(self, envelope_id: str) -> bool:
        if envelope_id in self._acknowledged:
            return False
        self._acknowledged[envelope_id] = False
        if len(self._acknowledged) > ENVELOPES_REMEMBERED:
            self._acknowledged.popitem(last=False)
        return True

    def is_acknowledged(self, envelope_id: str) -> bool:
        return self._acknowledged.get(envelope_id, False)

    def acknowledged(self, envelope_id: str) -> None:
        self._acknowledged[envelope_id] = True

    def forget(self, envelope_id: str) -> None:
        """It failed: if it comes again, it is tried again."""
        self._acknowledged.pop(envelope_id, None)


class _CountingHandler(AsyncSocketModeHandler):
    """Counts the requests that are not acknowledged yet: Slack sends no command a second time."""

    def __init__(
        self, app: AsyncApp, app_token: str, ping_interval: float, network: Network, handled: _Handled
    ) -> None:
        # Not the SDK's own constructor, which would make a client that reads the environment.
        self.app = app
        self.app_token = app_token
        self.client = _Client(app, app_token, ping_interval, network)
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]
        self._unacknowledged = 0
        self._handled = handled

    async def finished(self) -> None:
        """Waits until every request that came is acknowledged."""
        checks = 0
        while checks < 2:  # between the queue and the handler a request is counted in neither, for an instant
            await asyncio.sleep(_A_MOMENT)
            checks = 0 if self._unacknowledged or not self.client.message_queue.empty() else checks + 1

    # The SDK's own handler narrows its base class the same way.
    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        if not self._handled.is_new(req.envelope_id):
            # The first one's acknowledgement is on its way, and may say more than that it came.
            if self._handled.is_acknowledged(req.envelope_id):
                await client.send_socket_mode_response(SocketModeResponse(req.envelope_id))
            return
        self._unacknowledged += 1
        try:
            await super().handle(client, req)
            self._handled.acknowledged(req.envelope_id)
        except Exception:
            self._handled.forget(req.envelope_id)
            raise
        finally:
            self._unacknowledged -= 1


class SocketMode:
    """Keeps one connection to Slack open while `run` runs."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        clock: Clock,
        ping_interval: float = PING_INTERVAL,
        network: Network = DIRECT,
        close_timeout: float = CLOSE_TIMEOUT,
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._clock = clock
        self._ping_interval = ping_interval
        self._network = network
        self._close_timeout = close_timeout
        self._is_connected = False
        self._handled = _Handled()
        self._lost_at: float | None = None

    @property
    def is_connected(self) -> bool:
        return self._is_connected

    def disconnected_for(self) -> float:
        """For how many seconds there has been no connection; 0 while there is one."""
        return 0.0 if self._lost_at is None else self._clock.monotonic() - self._lost_at

    async def run(self) -> None:
        """Connects and stays connected until cancelled; then closes the connection."""
        self._lost_at = self._clock.monotonic()
        pause = FIRST_PAUSE
        while True:
            had_connected = await self._one_client()
            log.warning("socket.replaced", disconnected_seconds=round(self.disconnected_for()))
            if had_connected:
                pause = FIRST_PAUSE
                continue
            await self._clock.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE)

    async def _one_client(self) -> bool:
        """Runs one SDK client until it is stuck; returns whether it ever was connected."""
        handler = _CountingHandler(self._app, self._app_token, self._ping_interval, self._network, self._handled)
        began, had_connected = self._clock.monotonic(), False
        connect = handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK leaves it so
        connecting = asyncio.create_task(connect, name="socket-connect")
        try:
            while True:
                self._note(await handler.client.is_connected())
                had_connected = had_connected or self._is_connected
                without = self._clock.monotonic() - max(began, self._lost_at or began)
                if not self._is_connected and without > (STUCK if had_connected else CONNECT_TIMEOUT):
                    return had_connected
                await self._clock.sleep(min(1.0, self._ping_interval / 3))
        finally:
            self._note(False)
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await _close(handler, self._close_timeout)

    def _note(self, is_connected: bool) -> None:
        if is_connected == self._is_connected:
            return
        self._is_connected = is_connected
        if is_connected:
            log.info("socket.connected", after_seconds=round(self.disconnected_for(), 1))
            self._lost_at = None
        else:
            self._lost_at = self._clock.monotonic()
            log.warning("socket.lost")


async def _close(handler: _CountingHandler, timeout: float) -> None:
    client = handler.client
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await handler.finished()
    tasks = [
        task for task in (client.message_processor, client.current_session_monitor, client.message_receiver) if task
    ]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await handler.close_async()  # type: ignore[no-untyped-call]  # the SDK leaves it so
    if not client.aiohttp_client_session.closed:
        await client.aiohttp_client_session.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

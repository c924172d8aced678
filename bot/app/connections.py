"""Serves a web application to whoever can reach its port, strangers included: none of them keeps a place for long.

Each connection is one of the few files a process may open. If strangers held them all, nothing could be polled, sent or
written down any more. aiohttp bounds neither their number nor the time until the first request.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from bot.domain.errors import SpotterError

MOST_PRESENT = 100  # connections; some systems let a process open no more than 256 files
TIMEOUT = 10.0  # seconds from a connection's begin until the head of its first request is there
KEPT_FOR = 75.0  # seconds until the next request: routers keep a connection for 60, and must be the first to end it
IDLE_TIMEOUT = 2.0  # seconds in which the rest of a refused body is still read, so that its sender hears why
LAST_ANSWERS = 2.0  # seconds that requests under way are given at the end


@asynccontextmanager
async def served(
    app: web.Application, port: int, *, most: int = MOST_PRESENT, timeout: float = TIMEOUT
) -> AsyncIterator[int]:
    """Serves on all addresses at a port, and answers which one it is; until it is left. Raises SpotterError."""
    connections = Doorkeeper(most, timeout)
    app.middlewares.append(connections.matches)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=LAST_ANSWERS)
    await runner.setup()
    try:
        with closing(await _listening(runner, connections, port)) as listening:
            yield listening.sockets[0].getsockname()[1]
    finally:
        await runner.cleanup()


async def _listening(runner: web.AppRunner, connections: "Doorkeeper", port: int) -> asyncio.Server:
    server, loop = runner.server, asyncio.get_running_loop()
    assert server is not None, "the runner is set up"
    try:
        # A platform's router comes from outside: all addresses.
        return await loop.create_server(lambda: _Connection(connections, server, loop), "0.0.0.0", port)  # noqa: S104
    except OSError as error:
        raise SpotterError(
            f"PORT {port} can't be listened on ({error.strerror}): another program may use it. Choose another."
        ) from error


class Doorkeeper:
    """Knows who is there, and shows out whoever only takes up a place.

    Everybody is let in, for a stranger can't be told from Slack before they ask. Where there is no place left, whoever
    was silent longest makes room; where all are asking, whoever began first.
    """

    def __init__(self, most: int, timeout: float) -> None:
        self._most = most
        self._timeout = timeout
        self._silent: dict[asyncio.Transport, asyncio.TimerHandle] = {}  # those first who were silent longest
        self._asking: dict[asyncio.Transport, asyncio.TimerHandle] = {}  # those first who began first

    def enters(self, connection: asyncio.Transport) -> None:
        """Lets somebody in, who has a little time to ask."""
        if len(self._silent) + len(self._asking) >= self._most:
            longest = next(iter(self._silent or self._asking))
            self.leaves(longest)
            longest.abort()
        self._silent[connection] = asyncio.get_running_loop().call_later(self._timeout, connection.abort)

    def leaves(self, connection: asyncio.Transport) -> None:
        """Notes that a connection is over."""
        if impatience := self._silent.pop(connection, None) or self._asking.pop(connection, None):
            impatience.cancel()

    @web.middleware
    async def matches(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A middleware, which notes that the head of a request has arrived, and that the request is answered."""
        connection = request.transport
        impatience = self._silent.pop(connection, None) if connection is not None else None
        if connection is None or impatience is None:
            return await handler(request)  # they have gone already
        impatience.cancel()
        self._asking[connection] = impatience
        try:
            return await handler(request)
        finally:
            if self._asking.pop(connection, None):
                self._silent[connection] = impatience


class _Connection(web.RequestHandler):
    """One connection, of which the doorkeeper knows."""

    def __init__(self, connections: Doorkeeper, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=KEPT_FOR,
            lingering_time=IDLE_TIMEOUT,
            auto_decompress=False,  # nobody who asks us compresses, except to let a small body become a large one
            access_log=None,  # type: ignore[arg-type] # as aiohttp itself says "none"
        )
        self._connections = connections
        self._connection: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connection = self.transport
        if self._connection is not None:
            self._connections.enters(self._connection)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._connection is not None:
            self._connections.leaves(self._connection)
        super().connection_lost(exc)

    def log_exception(self, *words: Any, **more: Any) -> None:
        """A stranger's request that is no HTTP is answered with 400, and is no error of ours."""
        quiet = isinstance(more.get("exc_info"), (HttpProcessingError, web.RequestPayloadError))
        (self.log_debug if quiet else super().log_exception)(*words, **more)

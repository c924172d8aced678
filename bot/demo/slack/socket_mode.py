"""Socket Mode: one-time addresses, real WebSockets, envelopes and their acknowledgements.

Shapes: https://docs.slack.dev/apis/events-api/using-socket-mode/
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.demo.slack.entities import App, Json

MOST_CONNECTIONS = 10
CLOSE_WITHIN = 1.0
"""Seconds that a closing handshake may take: an app that was stopped in its tracks never answers it."""


@dataclass
class Connection:
    """One WebSocket of the app."""

    number: int
    ws: web.WebSocketResponse
    transport: asyncio.Transport
    is_silent: bool = False
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return not self.ws.closed and not self.transport.is_closing()


class SocketMode:
    """The app's connections. Each envelope goes to exactly one of them, in turn."""

    def __init__(self, app: App, changed: Callable[[], None]) -> None:
        self._app = app
        self._changed = changed
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._turn = 0
        self._made = 0

    @property
    def connections(self) -> list[Connection]:
        return [one for one in self._connections if one.is_open]

    def issue_ticket(self) -> str:
        """A word that opens one connection, once."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or request.transport is None:
            return web.Response(status=404, text="unknown or used ticket")
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse(timeout=CLOSE_WITHIN, autoping=False, max_msg_size=16 * 1024 * 1024)
        try:
            await ws.prepare(request)
        except ConnectionError:
            return web.Response()  # the app went away after asking: nobody is there to be greeted
        if len(self.connections) >= MOST_CONNECTIONS:
            await ws.send_json(
                {"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": "stand-in"}}
            )
            await ws.close()
            return ws
        self._made += 1
        connection = Connection(self._made, ws, request.transport)
        self._connections.append(connection)
        try:
            await ws.send_json(self._hello())
            self._changed()
            await self._read(connection)
        except ConnectionError:
            pass  # the app went away between two frames: nothing is left to say to it
        finally:
            self._connections.remove(connection)
            for waiting in connection.waiting.values():
                waiting.cancel()
            self._changed()
        return ws

    async def send(self, kind: str, payload: Json, *, within: float, retry: tuple[int, str] | None = None) -> Json:
        """Sends an envelope and answers the acknowledgement: its payload, {} if it had none.

        Raises ConnectionError when no connection is open, TimeoutError when nothing came back in `within` seconds.
        """
        open_ones = self.connections
        if not open_ones:
            raise ConnectionError("no open connection")
        self._turn += 1
        connection = open_ones[self._turn % len(open_ones)]
        envelope_id = str(uuid.uuid4())
        envelope: Json = {"envelope_id": envelope_id, "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope["retry_attempt"], envelope["retry_reason"] = retry or (0, "")
        answered: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = answered
        try:
            async with asyncio.timeout(within):
                if not connection.is_silent:
                    await connection.ws.send_json(envelope)
                return await answered
        except asyncio.CancelledError:
            if answered.cancelled():
                raise TimeoutError("the connection ended before the acknowledgement") from None
            raise
        finally:
            connection.waiting.pop(envelope_id, None)

    def abort(self) -> None:
        """Tears every connection down without a closing handshake."""
        for connection in self.connections:
            connection.transport.abort()

    def silence(self) -> None:
        """Keeps the connections of now open, but neither reads nor writes on them any more, pongs included."""
        for connection in self.connections:
            connection.is_silent = True
        self._changed()

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Tells every connection to come again, as Slack does every few hours (`warning`: about ten seconds ahead)."""
        for connection in self.connections:
            if not connection.is_silent:
                await connection.ws.send_json(
                    {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
                )

    async def close(self) -> None:
        """Ends every connection."""
        for connection in self.connections:
            if connection.is_silent:
                connection.transport.abort()
            else:
                await connection.ws.close()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app.id},
        }

    async def _read(self, connection: Connection) -> None:
        async for message in connection.ws:
            if connection.is_silent:
                continue
            if message.type == WSMsgType.PING:
                await connection.ws.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                answer = json.loads(message.data)
                waiting = connection.waiting.get(str(answer.get("envelope_id")))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer.get("payload") or {})

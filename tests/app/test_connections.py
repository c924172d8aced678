"""Whoever can reach the port takes up no place for long, and Slack's requests come through whatever strangers do."""

import asyncio
import logging
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from time import monotonic

import pytest
from aiohttp import web

from bot.app.connections import served
from bot.domain.errors import SpotterError
from tests.app.env import Env, free_port

ASK = b"GET /answer HTTP/1.1\r\nHost: bot.example\r\n\r\n"
ASK_SLOWLY = ASK.replace(b"answer", b"slowly")
HALF_A_HEAD = ASK[:-2]
HALF_A_BODY = b"POST /answer HTTP/1.1\r\nHost: bot.example\r\nContent-Length: 9\r\n\r\nhalf"


@dataclass
class Visitor:
    """One connection to the port."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def says(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()

    async def matches(self) -> str:
        """The next answer's first line; "" where the connection is closed instead."""
        try:
            async with asyncio.timeout(5):
                head = await self.reader.readuntil(b"\r\n\r\n")
                await self.reader.readexactly(2)
        except (asyncio.IncompleteReadError, ConnectionError):
            return ""
        return head.decode().splitlines()[0]

    async def asks(self, words: bytes = ASK) -> str:
        await self.says(words)
        return await self.matches()


@dataclass
class Port:
    """What is served there: `/answer` answers at once, `/slowly` once the gate is open."""

    number: int
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    _visitors: list[Visitor] = field(default_factory=list)

    async def visited(self) -> Visitor:
        connection = Visitor(*await asyncio.open_connection("127.0.0.1", self.number))
        self._visitors.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._visitors:
            connection.writer.close()


@asynccontextmanager
async def _opened(*, most: int = 100, timeout: float = 60) -> AsyncIterator[Port]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def slowly(_: web.Request) -> web.Response:
        port.begun.set()
        await port.gate.wait()
        return web.Response(text="ok")

    app = web.Application()
    app.add_routes([web.get("/answer", answer), web.post("/answer", answer), web.get("/slowly", slowly)])
    async with served(app, 0, most=most, timeout=timeout) as number:
        with closing(Port(number)) as port:
            yield port


@pytest.mark.parametrize("words", [b"", HALF_A_HEAD])
async def test_whoever_does_not_ask_in_time_is_shown_out(words: bytes) -> None:
    async with _opened(timeout=0.3) as port:
        stranger, began = await port.visited(), monotonic()
        assert await stranger.asks(words) == ""
        assert 0.2 < monotonic() - began < 3


async def test_whoever_has_asked_once_may_stay_and_ask_again() -> None:
    async with _opened(timeout=0.3) as port:
        slack = await port.visited()
        assert await slack.asks() == "HTTP/1.1 200 OK"
        assert await (await port.visited()).asks(b"") == "", "the time for a first request is over"
        assert await slack.asks() == "HTTP/1.1 200 OK"


async def test_where_all_places_are_taken_whoever_was_silent_longest_makes_room() -> None:
    async with _opened(most=3) as port:
        slack = await port.visited()
        first, second = await port.visited(), await port.visited()
        assert await slack.asks() == "HTTP/1.1 200 OK"
        third = await port.visited()
        assert await third.asks() == "HTTP/1.1 200 OK"
        assert await first.matches() == ""
        assert await slack.asks() == "HTTP/1.1 200 OK"
        assert await second.asks() == "HTTP/1.1 200 OK", "one made room, and one was enough"


async def test_a_request_under_way_is_answered_whoever_else_comes() -> None:
    async with _opened(most=3) as port:
        slack = await port.visited()
        await slack.says(ASK_SLOWLY)
        await port.begun.wait()
        strangers = [await port.visited() for _ in range(20)]
        assert await strangers[0].matches() == ""
        port.gate.set()
        assert await slack.matches() == "HTTP/1.1 200 OK"


async def test_slack_comes_through_a_crowd_that_never_finishes_asking() -> None:
    async with _opened(most=20) as port:
        for words in (b"", HALF_A_HEAD, HALF_A_BODY) * 20:
            await (await port.visited()).says(words)
        assert await (await port.visited()).asks() == "HTTP/1.1 200 OK"


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets one process limit another's files")
async def test_a_bot_of_few_files_polls_on_while_strangers_hold_connections_to_it(env: Env) -> None:
    port = free_port()
    bot = await env.started(PORT=str(port))
    resource.prlimit(bot.pid, resource.RLIMIT_NOFILE, (256, 256))
    with closing(Port(port)) as strangers:
        for words in (b"", HALF_A_HEAD, HALF_A_BODY) * 120:
            await (await strangers.visited()).says(words)
        session = env.begin()
        env.world.complete(session, percent=90)
        await bot.until(lambda: env.cards(session), "the card")
        await bot.has_polled()
    assert not [one for one in bot.events("polled") if one["error"]]


async def test_what_is_no_http_is_refused_and_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with _opened() as port:
        for words in (b"\x16\x03\x01 hello\r\n\r\n", ASK[:-2] + b"Content-Length: -5\r\n\r\n"):
            assert await (await port.visited()).asks(words) == "HTTP/1.0 400 Bad Request"
        bad_chunk = b"POST /answer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n"
        assert "400" in await (await port.visited()).asks(bad_chunk)
        no_gzip = HALF_A_BODY.replace(b"Host", b"Content-Encoding: gzip\r\nHost") + b" more"
        assert await (await port.visited()).asks(no_gzip) == "HTTP/1.1 200 OK"
    assert caplog.messages == []


async def test_a_port_that_is_taken_is_named() -> None:
    port = free_port()
    async with served(web.Application(), port):
        with pytest.raises(SpotterError, match=f"PORT {port} can't be listened on"):
            async with served(web.Application(), port):
                pass

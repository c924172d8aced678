"""The HTTP server refuses what is not HTTP without an error of ours, and names a port that is taken."""

import asyncio
import logging

import pytest
from aiohttp import web

from bot.app.health import served
from bot.domain.errors import SpotterError

REQUEST = b"POST /answer HTTP/1.1\r\nHost: bot.example\r\n"
NOT_HTTP = [
    b"\x16\x03\x01 hello\r\n\r\n",
    REQUEST + b"Content-Length: -5\r\n\r\n",
    REQUEST + b"Transfer-Encoding: chunked\r\n\r\nnone\r\n",
]
NOT_GZIP = REQUEST + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nhalf more"


async def status_of(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


async def test_what_is_no_http_is_refused_and_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.add_routes([web.post("/answer", answer)])
    caplog.set_level(logging.INFO)
    async with served(app, 0) as port:
        assert [await status_of(port, request) for request in NOT_HTTP] == [400, 400, 400]
        assert await status_of(port, NOT_GZIP) == 200
    assert caplog.messages == []


async def test_a_handler_that_breaks_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_: web.Request) -> web.Response:
        raise KeyError

    app = web.Application()
    app.add_routes([web.post("/answer", broken)])
    async with served(app, 0) as port:
        assert await status_of(port, REQUEST + b"Content-Length: 0\r\n\r\n") == 500
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_port_that_is_taken_is_named() -> None:
    async with served(web.Application(), 0) as port:
        with pytest.raises(SpotterError, match=f"PORT {port} can't be listened on"):
            async with served(web.Application(), port):
                pass

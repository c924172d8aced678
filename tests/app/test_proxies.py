"""Both halves obey the proxy variables alike: iSpring, Slack's Web API, Socket Mode and the heartbeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.app.env import Env

CREDENTIALS = "spotter:pr0xy-s3cret"


class Proxy:
    """An HTTP proxy on loopback that forwards whole connections and counts where they go."""

    def __init__(self) -> None:
        self.ports: set[int] = set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"Proxy-Authorization: Basic" in head
            port = urlsplit(head.split()[1].decode()).port
            assert port is not None
            self.ports.add(port)
            other, to_other = await asyncio.open_connection("127.0.0.1", port)
            to_other.write(head)
            await asyncio.gather(_pump(reader, to_other), _pump(other, writer))
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    made = Proxy()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


async def test_everything_goes_through_the_proxy_and_its_password_into_no_log(env: Env, proxy: Proxy) -> None:
    bot = await env.started(HTTP_PROXY=f"http://{CREDENTIALS}@127.0.0.1:{proxy.port}")
    slack_port = urlsplit(env.slack.api_url).port
    assert {env.ispring.port, slack_port} <= proxy.ports
    assert CREDENTIALS.partition(":")[2] not in bot.log()
    await bot.terminate()


async def test_what_no_proxy_covers_is_reached_without_it(env: Env) -> None:
    bot = await env.started(HTTP_PROXY="127.0.0.1:1", NO_PROXY="localhost,fd00:0:1::/64,127.0.0.0/8")
    await bot.terminate()


async def test_a_proxy_that_cant_be_used_is_one_line_with_all_other_mistakes(env: Env) -> None:
    for verb in ("run", "poll", "check"):
        said = await env.say(
            verb, HTTPS_PROXY="htp://u:s3cret@p", ALL_PROXY="socks5://p", SSLKEYLOGFILE="/missing/x", POLL_INTERVAL="x"
        )
        assert said.code == 2
        for name in ("HTTPS_PROXY", "ALL_PROXY", "SSLKEYLOGFILE", "POLL_INTERVAL"):
            assert len([line for line in said.err.splitlines() if line.startswith(name)]) == 1, said.err
        assert "s3cret" not in said.all

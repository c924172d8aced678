"""Socket Mode of the Slack stand-in, with Slack's own client on the other end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.demo.slack import SlackStandIn
from tests.clock import FakeClock
from tests.demo.asking import START
from tests.demo.slack_room import ANA, BOT, SHOP, bolt_app, connected, stand_in, web_client
from tests.environment import APP_TOKEN


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    # A slow machine gets time: the tests of what is never acknowledged set a limit of their own.
    async with stand_in(FakeClock(START), time_scale=0.001, acknowledge_within=300) as slack:
        yield slack


@pytest.fixture
def app(slack: SlackStandIn) -> AsyncApp:
    """Answers `/ojt` with its text."""
    app = bolt_app(slack)

    @app.command("/ojt")
    async def ojt(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"you said {command['text']}")

    return app


async def works(slack: SlackStandIn) -> bool:
    """Whether a command is answered."""
    answer = await slack.command(ANA, SHOP, "/ojt", "help")
    return answer.failure is None and answer.messages[0].text == "you said help"


async def test_an_address_opens_one_connection_which_is_greeted(slack: SlackStandIn) -> None:
    opened = await web_client(slack, APP_TOKEN).apps_connections_open(app_token=APP_TOKEN)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(opened["url"]) as ws:
            hello = await ws.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            assert hello["connection_info"] == {"app_id": "A0SPOTTER"}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(opened["url"])


async def test_a_bot_token_opens_no_connection(slack: SlackStandIn) -> None:
    with pytest.raises(SlackApiError) as refusal:
        await web_client(slack).apps_connections_open(app_token="xoxb-stand-in")
    assert refusal.value.response["error"] == "not_allowed_token_type"


async def test_an_eleventh_connection_is_sent_away(slack: SlackStandIn) -> None:
    async with aiohttp.ClientSession() as session:
        kept = []
        for _ in range(11):
            url = (await web_client(slack, APP_TOKEN).apps_connections_open(app_token=APP_TOKEN))["url"]
            kept.append(await session.ws_connect(url))
        greetings = [(await ws.receive_json()) for ws in kept]
        assert [one["type"] for one in greetings] == ["hello"] * 10 + ["disconnect"]
        assert greetings[-1]["reason"] == "too_many_websockets"
        for ws in kept:
            await ws.close()


async def test_each_payload_goes_to_one_of_several_connections(slack: SlackStandIn) -> None:
    taken: list[str] = []

    def named(name: str) -> AsyncApp:
        one = bolt_app(slack)

        @one.command("/ojt")
        async def ojt(ack: Any) -> None:
            taken.append(name)
            await ack()

        return one

    async with connected(slack, named("first")), connected(slack, named("second")):
        for _ in range(4):
            await slack.command(ANA, SHOP, "/ojt")
    assert sorted(taken) == ["first", "first", "second", "second"]


async def test_without_a_connection_a_command_fails_at_once_and_the_person_is_notified(slack: SlackStandIn) -> None:
    answer = await slack.command(ANA, SHOP, "/ojt")
    assert answer.failure == "dispatch_failed"
    [notified] = slack.visible_to(ANA, SHOP)
    assert notified.user == "USLACKBOT"
    assert "dispatch_failed" in notified.text


async def test_an_aborted_socket_is_replaced(slack: SlackStandIn, app: AsyncApp) -> None:
    async with connected(slack, app, ping_interval=2):
        assert await works(slack)
        slack.abort_socket()
        await slack.until(lambda: not slack.sockets.connections)
        await slack.connected()
        assert await works(slack)


async def test_a_silent_socket_stays_open_answers_nothing_and_is_replaced(slack: SlackStandIn, app: AsyncApp) -> None:
    slack.deliveries.acknowledge_within = 0.2
    async with connected(slack, app, ping_interval=0.3):
        [silent] = slack.sockets.connections
        slack.silence_socket()
        answer = await slack.command(ANA, SHOP, "/ojt", "help")
        assert answer.failure == "operation_timeout"
        await slack.until(lambda: any(not one.is_silent for one in slack.sockets.connections))
        await slack.until(lambda: silent not in slack.sockets.connections)
        slack.deliveries.acknowledge_within = 3
        while not await works(slack):  # a slow machine may take the new one for silent, too
            await asyncio.sleep(0.05)


async def test_a_refresh_brings_a_new_connection(slack: SlackStandIn, app: AsyncApp) -> None:
    async with connected(slack, app):
        [old] = slack.sockets.connections
        await slack.refresh_socket()
        await slack.until(lambda: [one for one in slack.sockets.connections if one is not old])
        assert await works(slack)


@pytest.mark.virtual_time
async def test_an_event_that_is_not_acknowledged_comes_again_with_its_number(slack: SlackStandIn) -> None:
    slack.deliveries.acknowledge_within = 0.1
    url = (await web_client(slack, APP_TOKEN).apps_connections_open(app_token=APP_TOKEN))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        await ws.receive_json()
        saying = asyncio.create_task(slack.say(ANA, BOT, "hello"))
        seen = []
        for _ in range(3):
            envelope = await ws.receive_json(timeout=5)
            seen.append((envelope["retry_attempt"], envelope["retry_reason"], envelope["payload"]["event_id"]))
        await ws.send_json({"envelope_id": envelope["envelope_id"]})
        await saying
        first = seen[0][2]
        assert seen == [(0, "", first), (1, "timeout", first), (2, "timeout", first)]
        with pytest.raises(TimeoutError):
            await ws.receive_json(timeout=0.5)


@pytest.mark.virtual_time
async def test_bolt_sees_the_retry_headers(slack: SlackStandIn) -> None:
    slack.deliveries.acknowledge_within = 0.3
    app = bolt_app(slack)
    numbers: list[str] = []
    came_again = asyncio.Event()

    @app.event("message")
    async def message(ack: Any, request: Any) -> None:
        numbers.append(request.headers["x-slack-retry-num"][0])

    @app.middleware
    async def slow_at_first(request: Any, next_: Any) -> None:
        if request.headers["x-slack-retry-num"][0] == "0":
            await came_again.wait()
        came_again.set()
        await next_()

    async with connected(slack, app):
        await slack.say(ANA, BOT, "hello")
        await slack.until(lambda: "1" in numbers)

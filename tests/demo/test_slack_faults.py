"""Every trouble that can be ordered from the Slack stand-in, as Slack's own client meets it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Fault, SlackStandIn
from bot.demo.slack.faults import (
    FAULTS,
    accepted_late,
    api_error,
    empty,
    error_after,
    error_before,
    hang,
    html,
    rate_limited,
    reply_lost,
    request_lost,
    text_plain,
)
from tests.clock import FakeClock
from tests.demo.slack_room import ANA, OFFICE, SHOP, stand_in, web_client

pytestmark = pytest.mark.virtual_time

DROPPED = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return web_client(slack, timeout=2)


async def post(client: AsyncWebClient, channel: str = SHOP, text: str = "x") -> Any:
    return await client.chat_postMessage(channel=channel, text=text)


@pytest.mark.parametrize(("fault", "stored"), [(reply_lost(), 1), (request_lost(), 0)])
async def test_a_lost_reply_looks_the_same_whether_or_not_the_post_was_stored(
    slack: SlackStandIn, client: AsyncWebClient, fault: Fault, stored: int
) -> None:
    slack.faults.order("chat.postMessage", fault)
    with pytest.raises(DROPPED):
        await post(client)
    assert len(slack.messages(SHOP)) == stored
    assert slack.calls[-1].status is None
    assert (await post(client))["ok"]


@pytest.mark.parametrize(("fault", "stored"), [(error_before(503), 0), (error_after(500), 1)])
async def test_a_server_error_comes_before_or_after_the_effect(
    slack: SlackStandIn, client: AsyncWebClient, fault: Fault, stored: int
) -> None:
    slack.faults.order("chat.postMessage", fault)
    with pytest.raises(SlackApiError) as refusal:
        await post(client)
    assert refusal.value.response.status_code == fault.status
    assert len(slack.messages(SHOP)) == stored


@pytest.mark.parametrize("stored", [False, True])
async def test_a_hang_outlasts_the_clients_patience(slack: SlackStandIn, stored: bool) -> None:
    slack.faults.order("chat.postMessage", hang(30, stored=stored))
    with pytest.raises(TimeoutError):
        await post(web_client(slack, timeout=1))
    assert len(slack.messages(SHOP)) == int(stored)


async def test_a_short_hang_ends_with_a_closed_connection(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.order("chat.postMessage", hang(0.05))
    with pytest.raises(DROPPED):
        await post(client)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("spoil", [text_plain, html, empty])
async def test_a_spoiled_body_is_no_answer(
    slack: SlackStandIn, client: AsyncWebClient, spoil: Any, stored: bool
) -> None:
    slack.faults.order("chat.postMessage", spoil(stored=stored))
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer xoxb-stand-in"}
        body = {"channel": SHOP, "text": "x"}
        async with session.post(slack.api_url + "chat.postMessage", json=body, headers=headers) as response:
            assert response.content_type == spoil().content_type
            assert not (await response.text()).startswith("{")
    assert len(slack.messages(SHOP)) == int(stored)


@pytest.mark.parametrize("spoil", [text_plain, html, empty])
async def test_slacks_own_client_stumbles_over_a_spoiled_body(
    slack: SlackStandIn, client: AsyncWebClient, spoil: Any
) -> None:
    slack.faults.order("chat.postMessage", spoil(stored=True))
    with pytest.raises((SlackApiError, AttributeError, TypeError)):
        await post(client)


async def test_any_error_string_can_be_ordered_and_stores_nothing(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.order("chat.postMessage", api_error("ekm_access_denied", detail="x"))
    slack.faults.order("chat.postMessage", "team_added_to_org")
    for error in ("ekm_access_denied", "team_added_to_org"):
        with pytest.raises(SlackApiError) as refusal:
            await post(client)
        assert refusal.value.response["error"] == error
    assert slack.messages(SHOP) == []
    assert slack.faults.waiting == []


async def test_a_rate_limit_tells_when_to_come_again(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.order("chat.postMessage", rate_limited(7))
    with pytest.raises(SlackApiError) as refusal:
        await post(client)
    response = refusal.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "7")


async def test_a_late_acceptance_comes_after_the_connection_ended(clock: FakeClock) -> None:
    async with stand_in(clock, time_scale=0.01) as slack:
        slack.faults.order("chat.postMessage", accepted_late(20))
        began = asyncio.get_running_loop().time()
        with pytest.raises(DROPPED):
            await post(web_client(slack))
        assert slack.messages(SHOP) == []
        await slack.until(lambda: slack.messages(SHOP))
        assert asyncio.get_running_loop().time() - began >= 0.2


async def test_an_order_is_for_its_method_its_channel_and_its_number_of_calls(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    slack.faults.order("chat.postMessage", "internal_error", times=2, channel=OFFICE)
    await post(client)
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await post(client, OFFICE)
    await post(client, OFFICE)
    assert [call.error for call in slack.calls] == [None, "internal_error", "internal_error", None]


async def test_an_order_for_any_method_meets_the_next_call(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.order("*", "fatal_error")
    with pytest.raises(SlackApiError):
        await client.auth_test()
    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_every_named_fault_can_be_ordered(slack: SlackStandIn, name: str) -> None:
    slack.faults.order("chat.postMessage", name, channel=SHOP)
    [(method, _, times, channel)] = slack.faults.waiting
    assert (method, times, channel) == ("chat.postMessage", 1, SHOP)
    slack.faults.clear()
    assert slack.faults.waiting == []


async def test_reading_back_lags(clock: FakeClock, slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.history_lag = 10
    ts = (await post(client))["ts"]
    assert (await client.conversations_history(channel=SHOP))["messages"] == []
    with pytest.raises(SlackApiError):
        await client.conversations_replies(channel=SHOP, ts=ts)
    clock.advance(timedelta(seconds=11))
    assert [one["ts"] for one in (await client.conversations_history(channel=SHOP))["messages"]] == [ts]
    assert [one["ts"] for one in (await client.conversations_replies(channel=SHOP, ts=ts))["messages"]] == [ts]


async def test_reading_back_can_be_refused_slow_or_short(slack: SlackStandIn, client: AsyncWebClient) -> None:
    for _ in range(3):
        await post(client)
    slack.faults.history_page = 2
    assert len((await client.conversations_history(channel=SHOP, limit=100))["messages"]) == 2
    slack.faults.history_delay = 0.1
    began = asyncio.get_running_loop().time()
    await client.conversations_history(channel=SHOP)
    assert asyncio.get_running_loop().time() - began >= 0.1
    slack.faults.history_error = "missing_scope"
    with pytest.raises(SlackApiError):
        await client.conversations_history(channel=SHOP)


async def test_real_rates_allow_a_burst_then_one_post_a_second_and_channel(
    clock: FakeClock, slack: SlackStandIn, client: AsyncWebClient
) -> None:
    slack.faults.rate_limits = True
    for _ in range(4):
        await post(client)
    with pytest.raises(SlackApiError) as refusal:
        await post(client)
    assert refusal.value.response.headers["Retry-After"] == "1"
    await post(client, OFFICE)
    clock.advance(timedelta(seconds=1))
    await post(client)
    assert len(slack.messages(SHOP)) == 5


async def test_real_rates_cap_a_workspace_and_each_tier(slack: SlackStandIn, clock: FakeClock) -> None:
    slack.faults.rate_limits = True
    headers = {"Authorization": "Bearer xoxb-stand-in"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def refused(method: str, calls: int) -> int:
            statuses = []
            for _ in range(calls):
                async with session.post(slack.api_url + method, json={"channel": SHOP, "ts": "1.1"}) as response:
                    statuses.append(response.status)
            return statuses.count(429)

        assert await refused("conversations.history", 52) == 2
        assert await refused("conversations.list", 21) == 1
        assert await refused("users.info", 100) == 0
        clock.advance(timedelta(seconds=60))
        assert await refused("conversations.history", 50) == 0


async def test_a_refused_connection_is_refused_and_then_taken_on_the_same_port(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    address = slack.api_url
    async with aiohttp.ClientSession() as kept_alive:
        async with kept_alive.post(address + "api.test") as response:
            assert response.status == 200
        await slack.refuse_connections()
        with pytest.raises(aiohttp.ClientConnectorError) as refusal:
            await post(client)
        assert isinstance(refusal.value.os_error, ConnectionRefusedError)
        with pytest.raises(aiohttp.ClientConnectorError):
            await kept_alive.post(address + "api.test")
    await slack.up()
    assert slack.api_url == address
    assert (await post(client))["ok"]


async def test_stopping_does_not_wait_for_a_call_that_hangs(clock: FakeClock) -> None:
    slack = stand_in(clock)
    await slack.start()
    slack.faults.order("chat.postMessage", hang(60))
    waiting = asyncio.create_task(post(web_client(slack), ANA))
    await slack.until(lambda: slack.calls)
    began = asyncio.get_running_loop().time()
    await slack.stop()
    with pytest.raises((*DROPPED, SlackApiError)):
        await waiting
    assert asyncio.get_running_loop().time() - began < 60

"""HTTP deliveries of the Slack stand-in: signed, repeated when not taken, and named for what went wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.demo.slack import Message, SlackStandIn, rendered_text
from tests.clock import FakeClock
from tests.demo.asking import START
from tests.demo.slack_room import ANA, BOT, SHOP, actions, bolt_app, button, listening, section, stand_in

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with stand_in(FakeClock(START), time_scale=0.001) as slack:
        yield slack


@asynccontextmanager
async def answering(
    slack: SlackStandIn, answer: Callable[[web.Request], Awaitable[web.Response]]
) -> AsyncIterator[None]:
    """Some other server behind the request address."""
    application = web.Application()
    application.router.add_post("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliveries.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield
    finally:
        slack.deliveries.request_url = None
        await runner.cleanup()


async def test_bolt_takes_only_what_is_signed_now_and_with_the_secret(slack: SlackStandIn) -> None:
    app = bolt_app(slack)
    body = "command=%2Fojt&ssl_check=0"
    async with listening(slack, app), aiohttp.ClientSession() as session:
        good = slack.deliveries.signed(body)
        stale = slack.deliveries.signed(body, timestamp="1700000000")
        forged = {**good, "X-Slack-Signature": "v0=" + "0" * 64}
        statuses = []
        for headers in (good, stale, forged):
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            async with session.post(str(slack.deliveries.request_url), data=body, headers=headers) as response:
                statuses.append(response.status)
    assert statuses == [404, 401, 401]


async def test_an_event_that_is_not_taken_comes_three_times_more(slack: SlackStandIn) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def broken(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=500)

    async with answering(slack, broken):
        await slack.say(ANA, BOT, "hello")
        await slack.until(lambda: len(seen) == 4)
    assert seen == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]


async def test_an_app_can_ask_not_to_be_told_again(slack: SlackStandIn) -> None:
    seen: list[str] = []

    async def enough(request: web.Request) -> web.Response:
        seen.append(await request.text())
        return web.Response(status=500, headers={"x-slack-no-retry": "1"})

    async with answering(slack, enough):
        await slack.say(ANA, BOT, "hello")
        await slack.command(ANA, SHOP, "/ojt")
    assert len(seen) == 2


@pytest.mark.parametrize(("status", "failure"), [(500, "http_service_error"), (404, "http_client_error")])
async def test_a_command_the_server_refuses_is_named_for_it(slack: SlackStandIn, status: int, failure: str) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with answering(slack, refuse):
        assert (await slack.command(ANA, SHOP, "/ojt")).failure == failure


async def test_an_address_where_nobody_listens(slack: SlackStandIn) -> None:
    slack.deliveries.request_url = "http://127.0.0.1:1/slack/events"
    assert (await slack.command(ANA, SHOP, "/ojt")).failure == "dispatch_failed"


async def test_plain_words_acknowledge_a_command_too(slack: SlackStandIn) -> None:
    async def words(_request: web.Request) -> web.Response:
        return web.Response(text="in plain words")

    async with answering(slack, words):
        answer = await slack.command(ANA, SHOP, "/ojt")
    assert (await answer.first()).text == "in plain words"


def test_the_words_of_a_message_are_read_top_to_bottom() -> None:
    card = Message(channel=SHOP, ts="1.1", text="fallback")
    assert rendered_text(card) == "fallback"
    card.blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Below target"}},
        section("*Opening*", fields=[{"type": "mrkdwn", "text": "Ben"}, {"type": "mrkdwn", "text": "72 %"}]),
        {"type": "divider"},
        actions(button("details")),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "0a1b2c3d"}]},
    ]
    assert rendered_text(card) == "Below target\n*Opening*\nBen\n72 %\nDetails\n0a1b2c3d"

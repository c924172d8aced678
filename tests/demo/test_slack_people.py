"""What people do in the Slack stand-in reaches a real Bolt app, through Socket Mode and through signed HTTP alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from bot.demo.slack import NotPossible, SlackStandIn, rendered_text
from tests.clock import FakeClock
from tests.demo.slack_room import (
    ANA,
    BEN,
    BOT,
    ELSEWHERE,
    GUEST,
    OFFICE,
    SHOP,
    actions,
    bolt_app,
    button,
    connected,
    listening,
    menu,
    section,
    stand_in,
    web_client,
)

pytestmark = pytest.mark.virtual_time

Body = dict[str, Any]


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[SlackStandIn]:
    async with stand_in(clock, time_scale=0.001) as slack:
        yield slack


@pytest.fixture
def app(slack: SlackStandIn, request: pytest.FixtureRequest) -> AsyncApp:
    """A Bolt app; asked for with `hears_itself`, one that does not drop what it hears of its own doing."""
    return bolt_app(slack, ignoring_self_events_enabled=not hasattr(request, "param"))


@pytest.fixture(params=["socket", "http"])
async def reached(request: pytest.FixtureRequest, slack: SlackStandIn, app: AsyncApp) -> AsyncIterator[str]:
    """The app can be reached, one way or the other."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(connected(slack, app) if request.param == "socket" else listening(slack, app))
        yield request.param


pytestmark = pytest.mark.usefixtures("reached")


async def test_a_command_carries_what_slack_sends(slack: SlackStandIn, app: AsyncApp) -> None:
    bodies: list[Body] = []

    @app.command("/ojt")
    async def ojt(ack: Any, body: Body) -> None:
        bodies.append(body)
        await ack()

    answer = await slack.command(ANA, OFFICE, "/ojt", "results outcome:failed")
    assert (answer.failure, answer.messages) == (None, [])
    [body] = bodies
    assert {key: body[key] for key in ("command", "text", "user_id", "user_name", "channel_id", "channel_name")} == {
        "command": "/ojt",
        "text": "results outcome:failed",
        "user_id": ANA,
        "user_name": "ana",
        "channel_id": OFFICE,
        "channel_name": "privategroup",
    }
    assert body["team_id"] == "T0SPOTTER"
    assert body["api_app_id"] == "A0SPOTTER"
    assert body["trigger_id"]
    assert body["response_url"].startswith(slack.base_url)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("observer:@ben", f"observer:<@{BEN}|ben>"),
        ("in #shop", f"in <#{SHOP}|shop>"),
        ("in #office", f"in <#{OFFICE}|>"),
        ("@nobody #nowhere", "@nobody #nowhere"),
        ("a & b < c", "a &amp; b &lt; c"),
        ("see https://x.example/a", "see <https://x.example/a>"),
        ("score:<80", "score:&lt;80"),
        ("@here", "<!here>"),
        ("mail ben@bakery.example", "mail ben@bakery.example"),
    ],
)
async def test_names_typed_in_a_command_become_ids(slack: SlackStandIn, app: AsyncApp, typed: str, text: str) -> None:
    texts: list[str] = []

    @app.command("/ojt")
    async def ojt(ack: Any, command: Body) -> None:
        texts.append(command["text"])
        await ack()

    await slack.command(ANA, SHOP, "/ojt", typed)
    assert texts == [text]


async def test_the_acknowledgement_is_a_private_answer_unless_it_says_otherwise(
    slack: SlackStandIn, app: AsyncApp
) -> None:
    @app.command("/ojt")
    async def ojt(ack: Any, command: Body) -> None:
        if command["text"] == "share":
            await ack(response_type="in_channel", text="for all")
        else:
            await ack(text="Help", blocks=[section("How to ask")])

    private = await slack.command(ANA, SHOP, "/ojt", "help")
    assert rendered_text(private.messages[0]) == "How to ask"
    assert slack.visible_to(BEN, SHOP) == []
    await slack.command(ANA, SHOP, "/ojt", "share")
    assert [one.text for one in slack.visible_to(BEN, SHOP)] == ["/ojt share", "for all"]


async def test_a_response_address_answers_five_times_where_the_app_is_no_member(
    slack: SlackStandIn, app: AsyncApp
) -> None:
    seen: list[tuple[int, str]] = []

    @app.command("/ojt")
    async def ojt(ack: Any, respond: Any) -> None:
        await ack()
        for number in range(6):
            answered = await respond(f"answer {number}")
            seen.append((answered.status_code, answered.body))

    answer = await slack.command(ANA, ELSEWHERE, "/ojt")
    assert (await answer.first()).text == "answer 0"
    await answer.at_least(5)
    await slack.until(lambda: len(seen) == 6)
    assert seen[:5] == [(200, "ok")] * 5
    assert seen[5][0] == 404
    assert "used_url" in seen[5][1]
    assert slack.visible_to(BEN, ELSEWHERE) == []


async def test_a_response_address_lives_half_an_hour(slack: SlackStandIn, app: AsyncApp, clock: FakeClock) -> None:
    @app.command("/ojt")
    async def ojt(ack: Any) -> None:
        await ack()

    answer = await slack.command(ANA, SHOP, "/ojt")
    clock.advance(timedelta(minutes=31))
    async with aiohttp.ClientSession() as session:
        async with session.post(str(answer.response_url), json={"text": "late"}) as response:
            assert (response.status, (await response.json())["error"]) == (404, "expired_url")
        clock.advance(timedelta(minutes=-31))
        async with session.post(str(answer.response_url), json={"blocks": [{"type": "novelty"}]}) as response:
            assert (response.status, (await response.json())["error"]) == (400, "invalid_blocks")


async def test_an_answer_can_be_replaced_and_deleted(slack: SlackStandIn, app: AsyncApp) -> None:
    @app.command("/ojt")
    async def ojt(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Working…")
        await respond("Done", replace_original=True)
        await respond(delete_original=True)

    answer = await slack.command(ANA, SHOP, "/ojt")
    await answer.used(3)
    assert [one.text for one in answer.messages] == ["Done", "Done"]
    assert slack.visible_to(ANA, SHOP) == []


async def test_a_slow_command_shows_operation_timeout(slack: SlackStandIn, app: AsyncApp) -> None:
    slack.deliveries.acknowledge_within = 0.2
    given_up = asyncio.Event()

    @app.command("/ojt")
    async def ojt(ack: Any) -> None:
        await given_up.wait()
        await ack()

    answer = await slack.command(ANA, SHOP, "/ojt")
    given_up.set()
    assert answer.failure == "operation_timeout"
    assert "operation_timeout" in answer.messages[0].text
    assert slack.visible_to(BEN, SHOP) == []


async def test_an_acknowledgement_slack_can_not_show_is_a_failure(slack: SlackStandIn, app: AsyncApp) -> None:
    @app.command("/ojt")
    async def ojt(ack: Any) -> None:
        await ack(text="x", blocks=[section("x" * 3001)])

    assert (await slack.command(ANA, SHOP, "/ojt")).failure == "invalid_command_response"


async def test_commands_in_threads_and_unknown_ones_never_reach_the_app(slack: SlackStandIn, reached: str) -> None:
    said = await slack.say(ANA, SHOP, "thread")
    threaded = await slack.command(ANA, SHOP, "/ojt", "help", thread_ts=said.ts)
    unknown = await slack.command(ANA, SHOP, "/ojtt")
    assert (threaded.failure, unknown.failure) == ("not_supported_in_threads", "invalid_command")
    with pytest.raises(NotPossible):
        await slack.command(GUEST, SHOP, "/ojt")


async def test_a_pressed_button_tells_where_and_what(slack: SlackStandIn, app: AsyncApp) -> None:
    bodies: list[Body] = []

    @app.action("details")
    async def details(ack: Any, body: Body, respond: Any) -> None:
        await ack()
        bodies.append(body)
        await respond("Only for you")

    client = web_client(slack)
    blocks = [section(), actions(button("details", "s1"), button("acknowledge", "s1"))]
    ts = (await client.chat_postMessage(channel=SHOP, text="card", blocks=blocks))["ts"]
    answer = await slack.press(BEN, ts, "details")
    assert (await answer.first()).text == "Only for you"
    assert [one.text for one in slack.visible_to(ANA, SHOP)] == ["card"]
    [body] = bodies
    [action] = body["actions"]
    assert (action["type"], action["value"], action["text"]["text"]) == ("button", "s1", "Details")
    assert action["block_id"] == slack.messages(SHOP)[0].blocks[1]["block_id"]
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": SHOP, "is_ephemeral": False}
    assert (body["channel"]["id"], body["user"]["id"], body["message"]["ts"]) == (SHOP, BEN, ts)
    assert body["state"] == {"values": {}}


async def test_a_button_replaces_its_own_message(slack: SlackStandIn, app: AsyncApp) -> None:
    bodies: list[Body] = []

    @app.command("/ojt")
    async def ojt(ack: Any) -> None:
        await ack(text="menu", blocks=[actions(button("next", "1")), actions(button("next", "2"))])

    @app.action("next")
    async def next_page(ack: Any, body: Body, respond: Any) -> None:
        await ack()
        bodies.append(body)
        await respond(f"page {body['actions'][0]['value']}", replace_original=True)

    answer = await slack.command(ANA, SHOP, "/ojt")
    with pytest.raises(NotPossible):
        await slack.press(BEN, answer.messages[0], "next")
    with pytest.raises(NotPossible):
        await slack.press(ANA, answer.messages[0], "previous")
    action = await slack.press(ANA, answer.messages[0], "next", "2")
    assert (await action.first()).ts == answer.messages[0].ts
    assert [one.text for one in slack.visible_to(ANA, SHOP)] == ["page 2"]
    assert bodies[0]["container"]["is_ephemeral"]
    assert "message" not in bodies[0]


async def test_a_block_id_tells_two_of_one_action_id_apart(slack: SlackStandIn, app: AsyncApp) -> None:
    bodies: list[Body] = []

    @app.action("next")
    async def action(ack: Any, body: Body) -> None:
        await ack()
        bodies.append(body)

    @app.action("period")
    async def chosen(ack: Any, body: Body) -> None:
        await ack()
        bodies.append(body)

    blocks = [
        {**actions(button("next", "1"), menu("period", "week", "month")), "block_id": name} for name in ("one", "two")
    ]
    ts = (await web_client(slack).chat_postMessage(channel=SHOP, text="x", blocks=blocks))["ts"]
    await slack.press(ANA, ts, "next", block_id="two")
    await slack.choose(ANA, ts, "period", "month", block_id="two")
    assert [body["actions"][0]["block_id"] for body in bodies] == ["two", "two"]
    with pytest.raises(NotPossible):
        await slack.press(ANA, ts, "next", block_id="three")


async def test_a_button_nobody_answers_to_fails(slack: SlackStandIn) -> None:
    heard: list[Any] = []
    slack.workspace.listen(lambda one: heard.append(one.subject) if one.kind == "interaction_failed" else None)
    slack.deliveries.acknowledge_within = 0.3
    posted = await web_client(slack).chat_postMessage(channel=SHOP, text="x", blocks=[actions(button("unknown"))])
    answer = await slack.press(ANA, posted["ts"], "unknown", channel_id=SHOP)
    assert answer.failure in ("operation_timeout", "http_client_error")
    assert heard == [answer.failure]


async def test_a_choice_in_a_menu_is_sent_and_stays_chosen(slack: SlackStandIn, app: AsyncApp) -> None:
    bodies: list[Body] = []

    @app.action("period")
    async def period(ack: Any, body: Body) -> None:
        await ack()
        bodies.append(body)

    @app.action("more")
    async def more(ack: Any, body: Body) -> None:
        await ack()
        bodies.append(body)

    overflow = menu("more", "stop", kind="overflow")
    blocks = [
        section("x", accessory=overflow, block_id="top"),
        {**actions(menu("period", "week", "month")), "block_id": "b"},
    ]
    posted = await web_client(slack).chat_postMessage(channel=SHOP, text="x", blocks=blocks)
    await slack.choose(ANA, posted["ts"], "period", "Month")
    await slack.choose(ANA, posted["ts"], "more", "stop")
    assert bodies[0]["actions"][0]["selected_option"]["value"] == "month"
    assert bodies[1]["actions"][0]["selected_option"]["value"] == "stop"
    assert bodies[1]["state"]["values"] == {"b": {"period": {"type": "static_select", "selected_option": {
        "text": {"type": "plain_text", "text": "Month"}, "value": "month"}}}}  # fmt: skip
    with pytest.raises(NotPossible):
        await slack.choose(ANA, posted["ts"], "period", "year")


async def test_an_opened_home_is_reported_and_published(slack: SlackStandIn, app: AsyncApp) -> None:
    events: list[Body] = []

    @app.event("app_home_opened")
    async def opened(event: Body, client: Any) -> None:
        events.append(event)
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [actions(button("refresh"))]})

    @app.action("refresh")
    async def refresh(ack: Any, body: Body, client: Any) -> None:
        await ack()
        view = {"type": "home", "blocks": [section("fresh")]}
        await client.views_publish(user_id=body["user"]["id"], view=view, hash=body["view"]["hash"])

    assert await slack.open_home(ANA)
    home = await slack.until(lambda: slack.workspace.homes.get(ANA))
    assert (events[0]["user"], events[0]["tab"], "view" in events[0]) == (ANA, "home", False)
    answer = await slack.press(ANA, home, "refresh")
    assert answer.failure is None
    await slack.until(lambda: rendered_text(home) == "fresh")
    await slack.open_home(ANA)
    await slack.until(lambda: len(events) == 2)
    assert events[1]["view"]["hash"]


async def test_mentions_and_direct_messages_reach_the_app_and_nothing_else_does(
    slack: SlackStandIn, app: AsyncApp
) -> None:
    heard: list[Body] = []

    @app.event("app_mention")
    @app.event("message")
    async def hear(body: Body) -> None:
        heard.append(body)

    await slack.say(ANA, SHOP, "good morning")
    await slack.say(ANA, ELSEWHERE, "@spotter are you here?")
    mention = await slack.say(ANA, SHOP, "@spotter help")
    direct = await slack.say(BEN, BOT, "results")
    await slack.until(lambda: len(heard) == 2)
    first, second = (body["event"] for body in heard)
    assert (first["type"], first["text"], first["ts"]) == ("app_mention", f"<@{BOT}> help", mention.ts)
    assert (second["type"], second["channel_type"], second["channel"]) == ("message", "im", direct.channel)
    assert heard[0]["type"] == "event_callback"
    assert heard[0]["authorizations"][0]["user_id"] == BOT
    assert heard[0]["event_id"] != heard[1]["event_id"]


@pytest.mark.parametrize("app", ["hears_itself"], indirect=True)
async def test_the_app_gets_its_own_direct_messages(slack: SlackStandIn, app: AsyncApp) -> None:
    heard: list[Body] = []

    @app.event("message")
    async def hear(event: Body) -> None:
        heard.append(event)

    posted = await web_client(slack).chat_postMessage(channel=ANA, text="hello")
    await slack.until(lambda: len(heard) == 1)
    await web_client(slack).chat_update(channel=posted["channel"], ts=posted["ts"], text="hello again")
    await slack.until(lambda: len(heard) == 2)
    assert heard[0]["bot_id"] == "B0SPOTTER"
    assert heard[1]["subtype"] == "message_changed"

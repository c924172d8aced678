"""Who comes and goes in the Slack stand-in, and what the app is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.demo.slack import NotPossible, SlackStandIn
from tests.clock import FakeClock
from tests.demo.asking import START
from tests.demo.slack_room import (
    ANA,
    ATTIC,
    BEN,
    BOT,
    ELSEWHERE,
    GUEST,
    OFFICE,
    SHOP,
    bolt_app,
    connected,
    stand_in,
    web_client,
)

pytestmark = pytest.mark.virtual_time

Event = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with stand_in(FakeClock(START)) as slack:
        yield slack


@pytest.fixture
async def events(slack: SlackStandIn) -> AsyncIterator[list[Event]]:
    """Every event the app was told, oldest first."""
    heard: list[Event] = []
    app = bolt_app(slack, ignoring_self_events_enabled=False)

    @app.middleware
    async def hear(body: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> None:
        heard.append(body["event"])
        await next_()

    for name in slack.workspace.app.events - {"message.im"}:

        @app.event(name)
        async def nothing() -> None:
            return None

    async with connected(slack, app):
        yield heard


TOLD: list[tuple[str, dict[str, Any], Event]] = [
    (
        "invite_bot",
        {"channel_id": ELSEWHERE, "by": ANA},
        {"type": "member_joined_channel", "user": BOT, "channel": ELSEWHERE, "channel_type": "C", "inviter": ANA},
    ),
    ("join", {"user_id": GUEST, "channel_id": SHOP}, {"type": "member_joined_channel", "user": GUEST, "channel": SHOP}),
    ("leave", {"user_id": BEN, "channel_id": SHOP}, {"type": "member_left_channel", "user": BEN, "channel": SHOP}),
    ("remove_bot", {"channel_id": SHOP, "by": ANA}, {"type": "channel_left", "channel": SHOP, "actor_id": ANA}),
    ("remove_bot", {"channel_id": OFFICE, "by": ANA}, {"type": "group_left", "channel": OFFICE, "actor_id": ANA}),
    ("archive", {"channel_id": SHOP, "by": ANA}, {"type": "channel_archive", "channel": SHOP, "user": ANA}),
    ("archive", {"channel_id": OFFICE, "by": ANA}, {"type": "group_archive", "channel": OFFICE}),
    ("unarchive", {"channel_id": ATTIC, "by": ANA}, {"type": "channel_unarchive", "channel": ATTIC}),
    ("delete_channel", {"channel_id": SHOP, "by": ANA}, {"type": "channel_deleted", "channel": SHOP}),
    (
        "change_channel_id",
        {"channel_id": SHOP, "new_id": "C0MOVED"},
        {"type": "channel_id_changed", "old_channel_id": SHOP, "new_channel_id": "C0MOVED"},
    ),
    ("share", {"channel_id": SHOP}, {"type": "channel_shared", "channel": SHOP}),
]


@pytest.mark.parametrize(("verb", "args", "event"), TOLD)
async def test_a_change_is_reported_as_slack_tells_it(
    slack: SlackStandIn, events: list[Event], verb: str, args: dict[str, Any], event: Event
) -> None:
    assert await getattr(slack, verb)(**args)
    [notified] = events
    assert event.items() <= notified.items()
    assert notified["event_ts"]


async def test_a_new_name_is_reported_with_the_channel(slack: SlackStandIn, events: list[Event]) -> None:
    assert await slack.rename(SHOP, "store")
    assert (events[0]["type"], events[0]["channel"]["name"]) == ("channel_rename", "store")
    assert slack.workspace.channel_named("#store") is slack.workspace.channels[SHOP]


async def test_a_change_where_the_app_is_no_member_is_not_reported(slack: SlackStandIn, events: list[Event]) -> None:
    assert not await slack.archive(ELSEWHERE, ANA)
    assert not await slack.join(GUEST, "G0SECRET")
    assert events == []


async def test_an_event_without_subscription_is_not_reported(slack: SlackStandIn, events: list[Event]) -> None:
    slack.workspace.app.events.discard("channel_archive")
    assert not await slack.archive(SHOP, ANA)
    assert events == []


async def test_a_person_who_leaves_or_moves_is_reported_with_all_they_are(
    slack: SlackStandIn, events: list[Event]
) -> None:
    await slack.change_user(BEN, tz="Europe/Paris", email="ben.ito@bakery.example")
    await slack.change_user(BEN, deleted=True)
    moved, left = (event["user"] for event in events)
    assert (moved["tz"], moved["profile"]["email"]) == ("Europe/Paris", "ben.ito@bakery.example")
    assert left["deleted"]
    with pytest.raises(NotPossible):
        await slack.command(BEN, SHOP, "/ojt")
    with pytest.raises(NotPossible):
        await slack.change_user(ANA, mood="good")


async def test_an_uninstalled_app_is_notified_and_its_token_is_dead(slack: SlackStandIn, events: list[Event]) -> None:
    assert await slack.uninstall()
    assert {event["type"] for event in events} == {"tokens_revoked", "app_uninstalled"}
    with pytest.raises(SlackApiError) as refusal:
        await web_client(slack).auth_test()
    assert refusal.value.response["error"] == "token_revoked"


async def test_what_slacks_client_would_not_let_people_do(slack: SlackStandIn) -> None:
    with pytest.raises(NotPossible, match="already in"):
        await slack.invite_bot(SHOP, ANA)
    with pytest.raises(NotPossible, match="archived"):
        await slack.join(BEN, ATTIC)
    with pytest.raises(NotPossible, match="not in"):
        await slack.invite_bot(ELSEWHERE, GUEST)
    with pytest.raises(NotPossible, match="archived"):
        await slack.say(ANA, ATTIC, "hello")
    with pytest.raises(NotPossible, match="no channel"):
        await slack.say(ANA, "C0NONE", "hello")


async def test_the_bot_posts_again_once_it_is_back(slack: SlackStandIn) -> None:
    client = web_client(slack)
    await slack.remove_bot(SHOP, ANA)
    with pytest.raises(SlackApiError) as refusal:
        await client.chat_postMessage(channel=SHOP, text="x")
    assert refusal.value.response["error"] == "not_in_channel"
    await slack.invite_bot(SHOP, ANA)
    assert (await client.chat_postMessage(channel=SHOP, text="x"))["ok"]

"""The Web API of the Slack stand-in, asked by Slack's own client."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import Channel, SlackStandIn
from bot.demo.slack.methods import METHODS
from tests.clock import FakeClock
from tests.demo.slack_room import (
    ANA,
    ATTIC,
    BEN,
    BOT,
    ELSEWHERE,
    GUEST,
    LEFT,
    NOTICES,
    OFFICE,
    SHOP,
    STRANGER,
    refused,
    section,
    web_client,
)

pytestmark = pytest.mark.virtual_time


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return web_client(slack)


async def test_a_revoked_token_is_refused_until_it_is_given_back(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.faults.token_revoked = True
    assert await refused(client, "chat.postMessage", channel=SHOP, text="x") == "token_revoked"
    slack.faults.clear()
    assert (await client.auth_test())["user_id"] == BOT


async def test_answers_carry_the_clock_of_the_workspace(clock: FakeClock, client: AsyncWebClient) -> None:
    clock.advance(timedelta(days=900, minutes=30))
    response = await client.auth_test()
    assert parsedate_to_datetime(response.headers["Date"]) == clock.now()
    assert "chat:write" in response.headers["x-oauth-scopes"].split(",")


async def test_a_form_and_json_say_the_same(slack: SlackStandIn, client: AsyncWebClient) -> None:
    blocks = '[{"type": "divider"}]'
    await client.api_call("chat.postMessage", data={"channel": SHOP, "text": "form", "blocks": blocks})
    await client.api_call("chat.postMessage", json={"channel": SHOP, "text": "json", "blocks": [{"type": "divider"}]})
    async with aiohttp.ClientSession() as session:
        body = {"token": "xoxb-stand-in", "channel": SHOP, "text": "token in the body"}
        async with session.post(slack.api_url + "chat.postMessage", data=body) as response:
            assert (await response.json())["ok"]
    form, json, _ = slack.messages(SHOP)
    assert [block["type"] for block in form.blocks] == [block["type"] for block in json.blocks] == ["divider"]


async def test_a_post_gives_its_channel_and_stamp_and_is_what_history_reads(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    metadata = {"event_type": "observation_notified", "event_payload": {"delivery": "d1"}}
    posted = await client.chat_postMessage(channel=SHOP, text="Below target", blocks=[section()], metadata=metadata)
    assert posted["channel"] == SHOP
    with_it = await client.conversations_history(channel=SHOP, include_all_metadata=True)
    without = await client.conversations_history(channel=SHOP)
    [message] = with_it["messages"]
    assert (message["ts"], message["metadata"]) == (posted["ts"], metadata)
    assert (message["bot_id"], message["app_id"]) == ("B0SPOTTER", "A0SPOTTER")
    assert message["blocks"][0]["block_id"]
    assert "event_payload" not in without["messages"][0].get("metadata", {})
    assert slack.calls[0].method == "chat.postMessage"


async def test_stamps_rise_even_while_the_clock_stands(client: AsyncWebClient) -> None:
    stamps = [(await client.chat_postMessage(channel=SHOP, text="x"))["ts"] for _ in range(3)]
    assert stamps == sorted(set(stamps))


async def test_history_is_newest_first_paged_and_bounded(clock: FakeClock, client: AsyncWebClient) -> None:
    stamps = []
    for number in range(5):
        stamps.append((await client.chat_postMessage(channel=SHOP, text=f"m{number}"))["ts"])
        clock.advance(timedelta(seconds=10))
    first = await client.conversations_history(channel=SHOP, limit=2)
    second = await client.conversations_history(channel=SHOP, limit=2, cursor=first["response_metadata"]["next_cursor"])
    assert [one["text"] for page in (first, second) for one in page["messages"]] == ["m4", "m3", "m2", "m1"]
    assert first["has_more"]
    exclusive = await client.conversations_history(channel=SHOP, oldest=stamps[2])
    inclusive = await client.conversations_history(channel=SHOP, oldest=stamps[2], inclusive=True)
    assert [one["text"] for one in exclusive["messages"]] == ["m4", "m3"]
    assert [one["text"] for one in inclusive["messages"]] == ["m4", "m3", "m2"]
    assert not inclusive["has_more"]


async def test_replies_stand_in_their_thread_and_not_in_the_history(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=SHOP, text="parent"))["ts"]
    reply = (await client.chat_postMessage(channel=SHOP, text="reply", thread_ts=parent))["ts"]
    await client.chat_postMessage(channel=SHOP, text="loud reply", thread_ts=parent, reply_broadcast=True)
    history = await client.conversations_history(channel=SHOP)
    assert [one["text"] for one in history["messages"]] == ["loud reply", "parent"]
    assert history["messages"][1]["reply_count"] == 2
    thread = await client.conversations_replies(channel=SHOP, ts=parent)
    assert [one["text"] for one in thread["messages"]] == ["parent", "reply", "loud reply"]
    assert await refused(client, "chat.postMessage", channel=SHOP, text="x", thread_ts=reply) == (
        "cannot_reply_to_message"
    )


async def test_an_update_keeps_metadata_drops_blocks_and_marks_the_edit(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    metadata = {"event_type": "observation_notified", "event_payload": {"delivery": "d1"}}
    ts = (await client.chat_postMessage(channel=SHOP, text="a", blocks=[section()], metadata=metadata))["ts"]
    await client.chat_update(channel=SHOP, ts=ts, text="b")
    [message] = slack.messages(SHOP)
    assert (message.text, message.blocks, message.metadata) == ("b", [], metadata)
    assert message.edited is not None
    assert await refused(client, "chat.update", channel=SHOP, ts=ts, text="x" * 4001) == "msg_too_long"


async def test_only_the_apps_own_messages_can_be_changed(slack: SlackStandIn, client: AsyncWebClient) -> None:
    said = await slack.say(ANA, SHOP, "mine")
    assert await refused(client, "chat.update", channel=SHOP, ts=said.ts, text="x") == "cant_update_message"
    assert await refused(client, "chat.delete", channel=SHOP, ts=said.ts) == "cant_delete_message"
    ts = (await client.chat_postMessage(channel=SHOP, text="own"))["ts"]
    await client.chat_delete(channel=SHOP, ts=ts)
    assert [one.text for one in slack.messages(SHOP)] == ["mine"]


async def test_an_ephemeral_message_is_one_persons_and_in_no_history(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel=SHOP, user=ANA, text="psst")
    assert [one.text for one in slack.visible_to(ANA, SHOP)] == ["psst"]
    assert slack.visible_to(BEN, SHOP) == []
    assert (await client.conversations_history(channel=SHOP))["messages"] == []


@pytest.mark.parametrize("to_user_id", [True, False])
async def test_a_direct_message_goes_to_the_person_or_to_the_open_conversation(
    slack: SlackStandIn, client: AsyncWebClient, to_user_id: bool
) -> None:
    opened = (await client.conversations_open(users=ANA))["channel"]["id"]
    posted = await client.chat_postMessage(channel=ANA if to_user_id else opened, text="hello")
    assert posted["channel"] == opened
    assert [one.text for one in slack.visible_to(ANA, opened)] == ["hello"]
    assert slack.visible_to(BEN, opened) == []
    again = await client.conversations_open(users=ANA)
    assert again["already_open"]


async def test_a_repeated_client_msg_id_gives_the_first_message_if_the_workspace_dedupes(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    key = "6ff7bb4a-1111-5222-8333-444444444444"
    first = await client.chat_postMessage(channel=SHOP, text="once", client_msg_id=key)
    again = await client.chat_postMessage(channel=SHOP, text="once", client_msg_id=key)
    other = await client.chat_postMessage(channel=OFFICE, text="once", client_msg_id=key)
    assert first["ts"] == again["ts"] != other["ts"]
    assert len(slack.messages(SHOP)) == 1
    await client.chat_delete(channel=OFFICE, ts=other["ts"])
    args = {"channel": OFFICE, "text": "once", "client_msg_id": key}
    assert await refused(client, "chat.postMessage", **args) == "duplicate_message_not_found"
    slack.workspace.dedupes_client_msg_id = False
    assert (await client.chat_postMessage(channel=SHOP, text="once", client_msg_id=key))["ts"] != first["ts"]
    assert len(slack.messages(SHOP)) == 2


async def test_posting_uninvited_needs_a_scope_of_its_own(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.workspace.app.scopes.add("chat:write.public")
    assert (await client.chat_postMessage(channel="#elsewhere", text="x"))["channel"] == ELSEWHERE
    assert await refused(client, "conversations.history", channel=ELSEWHERE) == "not_in_channel"


async def test_people_are_reported_as_slack_tells_them(slack: SlackStandIn, client: AsyncWebClient) -> None:
    ben = (await client.users_lookupByEmail(email=" Ben@Bakery.Example "))["user"]
    assert (ben["id"], ben["tz"], ben["tz_offset"]) == (BEN, "Asia/Tokyo", 32400)
    assert ben["is_email_confirmed"]
    guest = (await client.users_info(user=GUEST))["user"]
    assert guest["is_restricted"]
    assert not guest["is_ultra_restricted"]
    assert (await client.users_info(user=STRANGER))["user"]["is_stranger"]
    assert (await client.users_info(user=LEFT))["user"]["deleted"]
    slack.workspace.app.scopes.discard("users:read.email")
    assert "email" not in (await client.users_info(user=BEN))["user"]["profile"]
    names = [one["name"] async for page in await client.users_list(limit=3) for one in page["members"]]
    assert {"ana", "ben", "guest", "left", "eve", "spotter", "slackbot"} == set(names)


async def test_the_apps_own_channels_and_their_members_are_paged(slack: SlackStandIn, client: AsyncWebClient) -> None:
    pages = await client.users_conversations(types="public_channel,private_channel", exclude_archived=True, limit=1)
    assert [one["id"] async for page in pages for one in page["channels"]] == [SHOP, OFFICE, NOTICES]
    everyone = await client.conversations_list(types="public_channel,private_channel", limit=100)
    assert {one["id"] for one in everyone["channels"]} == {SHOP, OFFICE, ELSEWHERE, ATTIC, NOTICES}
    members = [
        one async for page in await client.conversations_members(channel=SHOP, limit=2) for one in page["members"]
    ]
    assert members == [ANA, BEN, BOT]
    slack.workspace.add_channel(Channel(id="C0X", name="x", is_ext_shared=True, members=[BOT]))
    info = (await client.conversations_info(channel="C0X", include_num_members=True))["channel"]
    assert (info["is_ext_shared"], info["is_member"], info["num_members"]) == (True, True, 1)


async def test_the_app_joins_a_public_channel_with_the_scope(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.workspace.app.scopes.add("channels:join")
    await client.conversations_join(channel=ELSEWHERE)
    assert (await client.conversations_info(channel=ELSEWHERE))["channel"]["is_member"]
    assert (await client.conversations_join(channel=ELSEWHERE))["warning"] == "already_in_channel"
    assert await refused(client, "conversations.join", channel=ATTIC) == "is_archived"


async def test_links_team_and_reactions(slack: SlackStandIn, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=SHOP, text="x"))["ts"]
    link = (await client.chat_getPermalink(channel=SHOP, message_ts=ts))["permalink"]
    assert link == f"https://northgate-kitchens.slack.com/archives/{SHOP}/p{ts.replace('.', '')}"
    assert (await client.team_info())["team"]["domain"] == "northgate-kitchens"
    await client.reactions_add(channel=SHOP, timestamp=ts, name="eyes")
    assert slack.messages(SHOP)[0].reactions == {"eyes": [BOT]}
    assert await refused(client, "reactions.add", channel=SHOP, timestamp=ts, name="eyes") == "already_reacted"


async def test_switched_off_tabs_are_refused(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.workspace.app.messages_tab_enabled = slack.workspace.app.home_tab_enabled = False
    assert await refused(client, "chat.postMessage", channel=ANA, text="x") == "messages_tab_disabled"
    home = {"type": "home", "blocks": []}
    assert await refused(client, "views.publish", user_id=ANA, view=home) == "not_enabled"


async def test_the_home_is_published_and_guarded_by_its_hash(slack: SlackStandIn, client: AsyncWebClient) -> None:
    first = await client.views_publish(user_id=ANA, view={"type": "home", "blocks": [section("one")]})
    second = await client.views_publish(
        user_id=ANA, view={"type": "home", "blocks": [section("two")]}, hash=first["view"]["hash"]
    )
    assert second["view"]["id"] == first["view"]["id"]
    stale = {"user_id": ANA, "view": {"type": "home", "blocks": []}, "hash": first["view"]["hash"]}
    assert await refused(client, "views.publish", **stale) == "hash_conflict"
    assert slack.workspace.homes[ANA].blocks[0]["text"]["text"] == "two"


async def test_listeners_hear_every_change_until_they_stop(slack: SlackStandIn, client: AsyncWebClient) -> None:
    heard: list[str] = []
    stop = slack.workspace.listen(lambda happening: heard.append(happening.kind))
    ts = (await client.chat_postMessage(channel=SHOP, text="x"))["ts"]
    await client.chat_update(channel=SHOP, ts=ts, text="y")
    await client.chat_delete(channel=SHOP, ts=ts)
    stop()
    await client.auth_test()
    changes = [kind for kind in heard if kind != "api_called"]
    assert changes == ["message_posted", "message_edited", "message_deleted"]
    assert heard.count("api_called") == 3


def test_every_method_that_is_needed_is_there() -> None:
    assert {
        "auth.test", "api.test", "apps.connections.open", "chat.postMessage", "files.getUploadURLExternal",
        "files.completeUploadExternal", "chat.update", "chat.delete",
        "chat.postEphemeral", "chat.getPermalink", "conversations.open", "conversations.history",
        "conversations.replies", "conversations.info", "conversations.members", "conversations.list",
        "conversations.join", "users.info", "users.list", "users.lookupByEmail", "users.conversations", "team.info",
        "views.open", "views.update", "views.push", "views.publish", "reactions.add",
    } == set(METHODS)  # fmt: skip

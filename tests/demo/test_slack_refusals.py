"""What the Web API of the Slack stand-in refuses, in Slack's own words."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import SlackStandIn
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
    SECRET_ROOM,
    SHOP,
    STRANGER,
    refused,
    web_client,
)
from tests.environment import APP_TOKEN

pytestmark = pytest.mark.virtual_time


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return web_client(slack)


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("chat.postMessage", {"text": "hi"}, "invalid_arguments"),
    ("chat.postMessage", {"channel": "C0NONE", "text": "hi"}, "channel_not_found"),
    ("chat.postMessage", {"channel": SECRET_ROOM, "text": "hi"}, "channel_not_found"),
    ("chat.postMessage", {"channel": ELSEWHERE, "text": "hi"}, "not_in_channel"),
    ("chat.postMessage", {"channel": ATTIC, "text": "hi"}, "is_archived"),
    ("chat.postMessage", {"channel": NOTICES, "text": "hi"}, "restricted_action_read_only_channel"),
    ("chat.postMessage", {"channel": LEFT, "text": "hi"}, "user_disabled"),
    ("chat.postMessage", {"channel": STRANGER, "text": "hi"}, "user_not_visible"),
    ("chat.postMessage", {"channel": BOT, "text": "hi"}, "cannot_dm_bot"),
    ("chat.postMessage", {"channel": "U0NONE", "text": "hi"}, "channel_not_found"),
    ("chat.postMessage", {"channel": SHOP}, "no_text"),
    ("chat.postMessage", {"channel": SHOP, "text": "  "}, "no_text"),
    ("chat.postMessage", {"channel": SHOP, "text": "x" * 40_001}, "msg_too_long"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "blocks": "{"}, "invalid_blocks_format"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "blocks": {}}, "invalid_blocks_format"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "blocks": [{"type": "novelty"}]}, "invalid_blocks"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "thread_ts": "1700000000.000001"}, "thread_not_found"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "thread_ts": "soon"}, "invalid_thread_ts"),
    ("chat.postMessage", {"channel": SHOP, "text": "x", "username": "Boss"}, "missing_scope"),
    ("chat.postEphemeral", {"channel": SHOP, "user": GUEST, "text": "x"}, "user_not_in_channel"),
    ("chat.postEphemeral", {"channel": ELSEWHERE, "user": ANA, "text": "x"}, "not_in_channel"),
    ("chat.postEphemeral", {"channel": ATTIC, "user": ANA, "text": "x"}, "is_archived"),
    ("chat.update", {"channel": SHOP, "ts": "1.1", "text": "x"}, "message_not_found"),
    ("chat.update", {"channel": ANA, "ts": "1.1", "text": "x"}, "channel_not_found"),
    ("chat.update", {"channel": ATTIC, "ts": "1.1", "text": "x"}, "is_archived"),
    ("chat.delete", {"channel": SHOP, "ts": "1.1"}, "message_not_found"),
    ("chat.getPermalink", {"channel": SHOP, "message_ts": "1.1"}, "message_not_found"),
    ("reactions.add", {"channel": SHOP, "timestamp": "1.1", "name": "eyes"}, "message_not_found"),
    ("reactions.add", {"channel": ELSEWHERE, "timestamp": "1.1", "name": "eyes"}, "not_in_channel"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": "U0NONE"}, "user_not_found"),
    ("conversations.open", {"users": LEFT}, "user_disabled"),
    ("conversations.open", {"users": BOT}, "cannot_dm_bot"),
    ("conversations.open", {"users": f"{ANA},{BEN}"}, "missing_scope"),
    ("conversations.open", {"users": ",".join([ANA] * 9)}, "too_many_users"),
    ("conversations.history", {"channel": ELSEWHERE}, "not_in_channel"),
    ("conversations.history", {"channel": "C0NONE"}, "channel_not_found"),
    ("conversations.history", {"channel": SECRET_ROOM}, "channel_not_found"),
    ("conversations.history", {"channel": SHOP, "limit": 1000}, "invalid_limit"),
    ("conversations.history", {"channel": SHOP, "cursor": "zzz"}, "invalid_cursor"),
    ("conversations.history", {"channel": SHOP, "oldest": "noon"}, "invalid_ts_oldest"),
    ("conversations.replies", {"channel": SHOP, "ts": "1.1"}, "thread_not_found"),
    ("conversations.info", {"channel": SECRET_ROOM}, "channel_not_found"),
    ("conversations.members", {"channel": "C0NONE"}, "channel_not_found"),
    ("conversations.list", {"types": "rooms"}, "invalid_types"),
    ("conversations.join", {"channel": ELSEWHERE}, "missing_scope"),
    ("users.info", {"user": "U0NONE"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "nobody@bakery.example"}, "users_not_found"),
    ("users.lookupByEmail", {"email": "lee@bakery.example"}, "users_not_found"),
    ("users.conversations", {"user": "U0NONE"}, "user_not_found"),
    ("views.open", {"view": {}}, "invalid_arguments"),
    ("views.update", {"view": {"type": "home", "blocks": []}, "view_id": "V0"}, "not_found"),
    ("views.publish", {"user_id": "U0NONE", "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
    ("files.upload", {}, "unknown_method"),
    ("api.test", {"error": "my_error"}, "my_error"),
    ("apps.connections.open", {}, "not_allowed_token_type"),
]


@pytest.mark.parametrize(("method", "args", "error"), REFUSALS)
async def test_a_call_is_refused_in_slacks_words(
    client: AsyncWebClient, method: str, args: dict[str, Any], error: str
) -> None:
    assert await refused(client, method, **args) == error


SCOPES = [
    ("chat.postMessage", "chat:write", {"channel": SHOP, "text": "x"}),
    ("conversations.history", "channels:history", {"channel": SHOP}),
    ("conversations.history", "groups:history", {"channel": OFFICE}),
    ("conversations.replies", "im:history", {"channel": "D0NONE", "ts": "1.1"}),
    ("conversations.open", "im:write", {"users": ANA}),
    ("users.lookupByEmail", "users:read.email", {"email": "ana@bakery.example"}),
    ("users.info", "users:read", {"user": ANA}),
    ("users.conversations", "groups:read", {"types": "public_channel,private_channel"}),
    ("team.info", "team:read", {}),
    ("reactions.add", "reactions:write", {"channel": SHOP, "timestamp": "1.1", "name": "eyes"}),
]


@pytest.mark.parametrize(("method", "scope", "args"), SCOPES)
async def test_a_scope_that_was_not_granted_is_named(
    slack: SlackStandIn, client: AsyncWebClient, method: str, scope: str, args: dict[str, Any]
) -> None:
    slack.workspace.app.scopes.discard(scope)
    with pytest.raises(SlackApiError) as refusal:
        await client.api_call(method, json=args)
    response = refusal.value.response
    assert (response["error"], response["needed"]) == ("missing_scope", scope)
    assert scope not in response["provided"].split(",")
    assert response.headers["x-accepted-oauth-scopes"] == scope
    assert response.headers["x-oauth-scopes"] == response["provided"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused(slack: SlackStandIn, token: str, error: str) -> None:
    assert await refused(web_client(slack, token), "auth.test") == error

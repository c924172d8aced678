"""What the Slack stand-in takes as Block Kit, views and metadata, and where it points when it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack import SlackStandIn
from bot.demo.slack.limits import block_problems
from tests.clock import FakeClock
from tests.demo.asking import START
from tests.demo.slack_room import ANA, SHOP, actions, button, menu, modal, question, section, stand_in, web_client

pytestmark = pytest.mark.virtual_time

Block = dict[str, Any]
PLAIN = {"type": "plain_text", "text": "x"}
IMAGE = {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"}


def plain(length: int) -> Block:
    return {"type": "plain_text", "text": "x" * length}


def option(length: int = 1, value: int = 1) -> Block:
    return {"text": plain(length), "value": "v" * value}


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with stand_in(FakeClock(START)) as slack:
        yield slack


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    return web_client(slack)


FINE: list[tuple[str, Block]] = [
    ("message", section("x" * 3000)),
    ("message", {"type": "section", "fields": [plain(2000)] * 10}),
    ("message", section(accessory=menu("more", "a", "b", "c", "d", "e", kind="overflow"))),
    ("message", {"type": "header", "text": plain(150)}),
    ("message", {"type": "divider"}),
    ("message", {"type": "context", "elements": [IMAGE, *[PLAIN] * 9]}),
    ("message", {"type": "actions", "elements": [{**button(f"b{n}"), "value": "v" * 2000} for n in range(25)]}),
    ("message", actions({**button("a"), "text": plain(75), "url": "https://x.example", "style": "danger"})),
    ("message", {**IMAGE, "title": PLAIN}),
    ("message", {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}),
    ("message", {"type": "markdown", "text": "x" * 12_000}),
    ("message", {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20] * 100}),
    ("message", {"type": "container", "title": PLAIN, "child_blocks": [section()]}),
    ("home", {"type": "card", "title": PLAIN, "actions": [button("a")]}),
    ("modal", {"type": "alert", "text": PLAIN, "level": "warning"}),
    ("modal", question("q", menu("m", *[f"o{n}" for n in range(100)]), hint=PLAIN, optional=True)),
    ("modal", question("q", {"type": "plain_text_input", "action_id": "a", "multiline": True, "max_length": 10})),
]


@pytest.mark.parametrize(("surface", "block"), FINE)
def test_what_slack_takes_is_taken(surface: str, block: Block) -> None:
    assert block_problems([block], surface) == []


WRONG: list[tuple[str, Block, str]] = [
    ("message", {"type": "novelty"}, "unsupported type: novelty [json-pointer:/blocks/0/type]"),
    ("message", {}, "unsupported type: None [json-pointer:/blocks/0/type]"),
    ("message", {"type": "alert", "text": PLAIN}, "unsupported type: alert"),
    ("modal", {"type": "markdown", "text": "x"}, "unsupported type: markdown"),
    ("message", section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ("message", section(""), "must be more than 0 characters"),
    ("message", {"type": "section"}, "missing required field: text or fields"),
    ("message", {"type": "section", "text": "bare"}, "must be an object of type plain_text or mrkdwn"),
    ("message", {"type": "section", "fields": [PLAIN] * 11}, "no more than 10 items allowed"),
    ("message", {"type": "section", "fields": [plain(2001)]}, "must be less than 2001 characters"),
    ("message", section(colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    ("message", section(block_id="b" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    ("message", section(accessory={"type": "plain_text_input"}), "unsupported type: plain_text_input"),
    ("message", {"type": "header", "text": plain(151)}, "must be less than 151 characters"),
    ("message", {"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "must be an object of type plain_text"),
    ("message", {"type": "header"}, "missing required field: text"),
    ("message", {"type": "context", "elements": [PLAIN] * 11}, "no more than 10 items allowed"),
    ("message", {"type": "context", "elements": []}, "no fewer than 1 items allowed"),
    ("message", {"type": "actions", "elements": [button(f"b{n}") for n in range(26)]}, "no more than 25 items"),
    ("message", actions(button("same"), button("same")), "`action_id` same already exists"),
    ("message", actions({**button("a"), "text": plain(76)}), "must be less than 76 characters"),
    ("message", actions({**button("a"), "value": "v" * 2001}), "must be less than 2001 characters"),
    ("message", actions({**button("a"), "url": "u" * 3001}), "must be less than 3001 characters"),
    ("message", actions({**button("a"), "accessibility_label": "l" * 76}), "must be less than 76 characters"),
    ("message", actions({**button("a"), "style": "loud"}), "must be a valid enum value"),
    ("message", actions({**button("a"), "confirm": {"title": plain(101)}}), "must be less than 101 characters"),
    ("message", actions({**button("a" * 256)}), "must be less than 256 characters"),
    (
        "message",
        actions({"type": "static_select", "action_id": "a"}),
        "missing required field: options or option_groups",
    ),
    ("message", actions({"type": "static_select", "options": [option(76)]}), "must be less than 76 characters"),
    ("message", actions({"type": "static_select", "options": [option(1, 151)]}), "must be less than 151 characters"),
    ("message", actions({"type": "static_select", "options": [option()] * 101}), "no more than 100 items allowed"),
    (
        "message",
        actions({"type": "static_select", "options": [option()], "initial_option": option(2)}),
        "initial option must be one of the options",
    ),
    ("message", actions({"type": "overflow", "options": [option()] * 6}), "no more than 5 items allowed"),
    ("message", actions({"type": "checkboxes", "options": [option()] * 11}), "no more than 10 items allowed"),
    ("message", actions({**menu("a", "x"), "placeholder": plain(151)}), "must be less than 151 characters"),
    ("message", {**IMAGE, "alt_text": "a" * 2001}, "must be less than 2001 characters"),
    ("message", {"type": "image", "image_url": "https://x.example"}, "missing required field: alt_text"),
    ("message", {"type": "table", "rows": [[PLAIN] * 21]}, "no more than 20 columns allowed"),
    ("message", {"type": "table", "rows": [[PLAIN]] * 101}, "no more than 100 items allowed"),
    ("message", {"type": "table", "rows": [[plain(10_001)]]}, "in all cells"),
    ("message", {"type": "container", "title": PLAIN, "child_blocks": [{"type": "carousel"}]}, "unsupported type"),
    ("modal", question("q", button("a")), "unsupported type: button [json-pointer:/blocks/0/element/type]"),
    ("modal", {"type": "input", "element": menu("a", "x")}, "missing required field: label"),
]


@pytest.mark.parametrize(("surface", "block", "problem"), WRONG)
def test_what_slack_refuses_is_refused_and_pointed_at(surface: str, block: Block, problem: str) -> None:
    assert any(problem in one for one in block_problems([block], surface))


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        ([section(block_id="b"), section(block_id="b")], "`block_id` b already exists"),
        ([{"type": "table", "rows": [[PLAIN]]}] * 2, "only one table block is allowed"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "in total"),
    ],
)
async def test_blocks_that_do_not_go_together_are_refused_with_sentences(
    client: AsyncWebClient, blocks: list[Block], problem: str
) -> None:
    with pytest.raises(SlackApiError) as refusal:
        await client.chat_postMessage(channel=SHOP, text="x", blocks=blocks)
    response = refusal.value.response
    assert response["error"] == "invalid_blocks"
    assert any(problem in one for one in response["response_metadata"]["messages"])


async def test_too_many_words_in_all_blocks_are_refused(slack: SlackStandIn, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=SHOP, text="x", blocks=[section("x" * 2600)] * 5)
    with pytest.raises(SlackApiError) as refusal:
        await client.chat_postMessage(channel=SHOP, text="x", blocks=[section("x" * 2800)] * 5)
    assert refusal.value.response["error"] == "msg_blocks_too_long"
    assert len(slack.messages(SHOP)) == 1


VIEWS: list[tuple[dict[str, Any], str]] = [
    ({"type": "tab", "blocks": []}, "/view/type"),
    ({"type": "home"}, "missing required field: blocks"),
    ({"type": "home", "blocks": [section()] * 101}, "no more than 100 items allowed"),
    ({"type": "home", "blocks": [], "title": PLAIN}, "invalid additional property: title"),
    ({"type": "home", "blocks": [], "private_metadata": "x" * 3001}, "must be less than 3001 characters"),
    ({"type": "home", "blocks": [], "callback_id": "x" * 256}, "must be less than 256 characters"),
    (modal(section()), "view type must be home"),
]


@pytest.mark.parametrize(("view", "problem"), VIEWS)
async def test_a_home_slack_would_not_show_is_refused(
    client: AsyncWebClient, view: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SlackApiError) as refusal:
        await client.views_publish(user_id=ANA, view=view)
    response = refusal.value.response
    assert response["error"] == "invalid_arguments"
    assert any(problem in one for one in response["response_metadata"]["messages"])


MODALS: list[tuple[dict[str, Any], str]] = [
    (modal(section(), title=plain(25)), "/view/title/text"),
    (modal(section(), submit=plain(25)), "/view/submit/text"),
    (modal(section(), close=plain(25)), "/view/close/text"),
    ({"type": "modal", "blocks": []}, "missing required field: title"),
    ({"type": "modal", "title": PLAIN, "blocks": [question("q", menu("m", "a"))]}, "a submit button is required"),
]


@pytest.mark.parametrize(("view", "problem"), MODALS)
async def test_a_modal_slack_would_not_show_is_refused(
    client: AsyncWebClient, view: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SlackApiError) as refusal:
        await client.views_open(trigger_id="any", view=view)
    response = refusal.value.response
    assert response["error"] == "invalid_arguments"
    assert any(problem in one for one in response["response_metadata"]["messages"])


async def test_a_view_of_more_than_a_quarter_megabyte_is_too_large(client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as refusal:
        await client.views_publish(user_id=ANA, view={"type": "home", "blocks": [section("x" * 3000)] * 90})
    assert refusal.value.response["error"] == "view_too_large"


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"event_type": "Observation Notified", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": "x"}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": {}, "more": 1}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": {"x": "y" * 20_000}}, "metadata_too_large"),
    ],
)
async def test_metadata_of_another_shape_or_size_is_refused(
    client: AsyncWebClient, metadata: dict[str, Any], error: str
) -> None:
    with pytest.raises(SlackApiError) as refusal:
        await client.chat_postMessage(channel=SHOP, text="x", metadata=metadata)
    assert refusal.value.response["error"] == error

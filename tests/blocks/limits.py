"""Slack's limits, written down a second time for the tests: what a message or a view must never exceed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block as SlackBlock
from slack_sdk.models.views import View as SlackView

from bot.domain.notifications import Message

PLAIN_ONLY = {("header", "text"), ("button", "text"), ("modal", "title"), ("option", "text")}
LENGTHS = {  # (type of the holder, key): most characters
    ("section", "text"): 3000,
    ("header", "text"): 150,
    ("button", "text"): 75,
    ("static_select", "placeholder"): 150,
    ("input", "label"): 2000,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
}
STRINGS = {"action_id": 255, "block_id": 255, "accessibility_label": 75, "url": 3000}


def assert_fits_slack(what: Message | Mapping[str, Any]) -> None:
    """Fails with the place where Slack would refuse a message or a view."""
    if isinstance(what, Message):
        assert 0 < units(what.text) <= 3900, units(what.text)
        blocks: Sequence[Mapping[str, Any]] = what.blocks
        assert len(blocks) <= 40
        assert sum(units(text) for text in texts(blocks)) < 10_000
    else:
        blocks = what["blocks"]
        assert 0 < len(blocks) <= 100
        SlackView(**what).validate_json()
        _object(what["type"], what)
    json.dumps(what.blocks if isinstance(what, Message) else what, ensure_ascii=False).encode()
    if isinstance(what, Message) and what.rich:
        assert_fits_slack(Message(what.text, what.rich))
    known = [block for block in blocks if not _is_newest(block)]  # the SDK has no models of the others
    for block, parsed in zip(known, SlackBlock.parse_all(list(map(dict, known))), strict=True):
        parsed.validate_json()
        _block(block)


def _is_newest(block: Mapping[str, Any]) -> bool:
    """Whether a block is a chart or a table, which is checked here: see slack-go's and Slack's own pages."""
    if block["type"] == "data_table":
        header, *rows = block["rows"]
        assert 1 <= len(rows) <= 100 and all(len(row) == len(header) <= 20 for row in rows)
        assert all(cell["text"] for row in block["rows"] for cell in row) and 0 < len(block["caption"]) <= 150
        assert all(cell["type"] == "raw_text" for cell in header)
        return True
    if block["type"] == "data_visualization":
        categories = block["chart"]["axis_config"]["categories"]
        assert 0 < len(block["title"]) <= 50 and 1 <= len(categories) <= 20
        for series in block["chart"]["series"]:
            assert [point["label"] for point in series["data"]] == categories and len({*categories}) == len(categories)
            assert 0 < len(series["name"]) <= 20 and all(len(label) <= 20 for label in categories)
        return True
    return False


def units(text: str) -> int:
    """Length as the stricter way to count: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def texts(node: object) -> Iterator[str]:
    """Every text people see or hear in blocks or views, in order."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in {"text", "accessibility_label"} and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from texts(item)


def marked_up(node: object) -> Iterator[str]:
    """Every mrkdwn text: where untrusted text could do something."""
    if isinstance(node, Mapping):
        if node.get("type") == "mrkdwn":
            assert node.get("verbatim") is True
            yield str(node["text"])
        for value in node.values():
            yield from marked_up(value)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from marked_up(item)


def _block(block: Mapping[str, Any]) -> None:
    kind = block["type"]
    assert kind in {"section", "header", "context", "actions", "divider", "input"}, kind
    _object(kind, block)
    if kind == "section":
        assert block.get("text") or block.get("fields")
        assert len(block.get("fields", [])) <= 10
        for field in block.get("fields", []):
            _text(field, 2000)
        if "accessory" in block:
            _element(block["accessory"])
    if kind == "context":
        assert 1 <= len(block["elements"]) <= 10
        for element in block["elements"]:
            _text(element, 3000)
    if kind == "actions":
        assert 1 <= len(block["elements"]) <= 25
        ids = [element["action_id"] for element in block["elements"]]
        assert len(ids) == len(set(ids)), ids
        for element in block["elements"]:
            _element(element)
    if kind == "input":
        _element(block["element"])


def _element(element: Mapping[str, Any]) -> None:
    kind = element["type"]
    assert kind in {"button", "static_select", "overflow", "plain_text_input"}
    if kind == "plain_text_input":
        _text(element["placeholder"], 150)
        assert len(element.get("initial_value", "")) <= element["max_length"] <= 3000
    _object(kind, element)
    assert len(element.get("value", "")) <= 2000
    if "url" in element:
        assert element["url"].startswith(("https://", "http://"))
    if "confirm" in element:
        for key, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            _text(element["confirm"][key], most)
    if kind in {"static_select", "overflow"}:
        assert 1 <= len(element["options"]) <= (5 if kind == "overflow" else 100)
        for option in element["options"]:
            _text(option["text"], 75)
            assert option["text"]["type"] == "plain_text"
            assert 1 <= len(option["value"]) <= 150
            assert kind == "overflow" or "url" not in option
            assert option.get("url", "https://").startswith(("https://", "http://"))
        assert element.get("initial_option", element["options"][0]) in element["options"]


def _object(kind: str, holder: Mapping[str, Any]) -> None:
    for key, most in STRINGS.items():
        assert len(holder.get(key, "")) <= most, (kind, key)
    for (owner, key), most in LENGTHS.items():
        if owner == kind and key in holder:
            _text(holder[key], most)
            if (kind, key) in PLAIN_ONLY:
                assert holder[key]["type"] == "plain_text"


def _text(text: Mapping[str, Any], most: int) -> None:
    assert text["type"] in {"plain_text", "mrkdwn"}
    if text["type"] == "plain_text":
        assert text["emoji"] is False
    assert 1 <= units(text["text"]) <= most, (units(text["text"]), most, text["text"][:200])
    assert text["text"].strip()

"""What a person would read in a message or a view, as plain text."""

from __future__ import annotations

from typing import Any

from bot.demo.slack.entities import Json, Message, View

_TEXT_KEYS = (
    "title",
    "text",
    "fields",
    "elements",
    "label",
    "placeholder",
    "options",
    "option_groups",
    "accessory",
    "hint",
)


def rendered_text(subject: Message | View | list[Json]) -> str:
    """All the words of the blocks, top to bottom, an element a line; for a message without blocks, its `text`."""
    if isinstance(subject, Message):
        blocks = subject.blocks + [block for one in subject.attachments for block in one.get("blocks", [])]
        if not blocks:
            return subject.text
    elif isinstance(subject, View):
        blocks = subject.blocks
    else:
        blocks = subject
    return "\n".join(line for block in blocks for line in _lines(block))


def _lines(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node] if node else []
    if isinstance(node, list):
        return [line for item in node for line in _lines(item)]
    if not isinstance(node, dict):
        return []
    kind = node.get("type")
    if kind in ("mrkdwn", "plain_text", "raw_text", "markdown"):
        return [str(node.get("text", ""))]
    if kind in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"):
        return ["".join(_rich_piece(piece) for piece in node.get("elements", []))]
    if kind == "table":
        return [" | ".join(" ".join(_lines(cell)) for cell in row) for row in node.get("rows", [])]
    if kind == "image":
        return [*_lines(node.get("title")), str(node.get("alt_text", ""))]
    keys = [*_TEXT_KEYS, *(("element",) if kind == "input" else ())]
    return [line for key in keys for line in _lines(node.get(key))]


def _rich_piece(piece: Json) -> str:
    for key, sign in (("text", ""), ("user_id", "@"), ("channel_id", "#"), ("name", ":"), ("url", "")):
        if key in piece:
            return f"{sign}{piece[key]}"
    return ""

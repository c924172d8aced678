"""Whether Slack would take a message, a view or metadata; what it answers when not."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.demo.slack.block_rules import BLOCKS, ELEMENTS, HOME, IDS, MESSAGE, MODAL, PLAIN, Kind, Many, One, Plain, Text
from bot.demo.slack.desk import MethodError, invalid_arguments
from bot.demo.slack.entities import Json, elements_of
from bot.demo.slack.workspace import Workspace

MOST_TEXT = 40_000
MOST_UPDATE_TEXT = 4_000
MOST_MESSAGE_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
MOST_ATTACHMENTS = 100
MOST_BLOCK_TEXT = 13_200
"""All the words of a message's blocks together; not documented, reported where it was met."""
MOST_MARKDOWN = 12_000
MOST_TABLE_CELLS_TEXT = 10_000
MOST_COLUMNS = 20
MOST_VIEW_BYTES = 250_000
MOST_METADATA_BYTES = 16_000
"""Not published; an app should stay far below."""
_CONFIRM = {"title": Text(100, PLAIN, needed=True), "text": Text(300, needed=True)}
_CONFIRM |= {"confirm": Text(30, PLAIN, needed=True), "deny": Text(30, PLAIN, needed=True)}
_EVENT_TYPE = re.compile(r"[a-z0-9_]{1,255}")


def check_message(blocks: Any, attachments: Any, refused: frozenset[str] = frozenset()) -> None:
    """Raises MethodError with Slack's error string and its sentences if these blocks or attachments can't be posted.
    `refused`: kinds of block that this workspace does not take."""
    if attachments is not None and not isinstance(attachments, list):
        raise MethodError("invalid_attachments")
    if len(attachments or []) > MOST_ATTACHMENTS:
        raise MethodError("too_many_attachments")
    inner = [block for one in attachments or [] for block in one.get("blocks", [])]
    if blocks is not None and not (isinstance(blocks, list) and all(isinstance(one, dict) for one in blocks)):
        raise MethodError("invalid_blocks_format")
    problems = [
        f"unsupported type: {block['type']} [json-pointer:/blocks/{number}/type]"
        for number, block in enumerate(blocks or [])
        if block.get("type") in refused
    ]
    problems += block_problems(blocks or [], MESSAGE) + block_problems(inner, MESSAGE, "/attachments/blocks")
    if problems:
        raise MethodError(
            "invalid_blocks",
            errors=problems,
            response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]},
        )
    if _text(blocks or []) + _text(inner) > MOST_BLOCK_TEXT:
        raise MethodError("msg_blocks_too_long")


def check_metadata(metadata: Any) -> None:
    """Raises MethodError if this is not an event type and a payload of a moderate size."""
    if metadata is None:
        return
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise MethodError("invalid_metadata_format")
    if not _EVENT_TYPE.fullmatch(str(metadata.get("event_type", ""))) or set(metadata) - {
        "event_type",
        "event_payload",
    }:
        raise MethodError("invalid_metadata_format")
    if len(json.dumps(metadata)) > MOST_METADATA_BYTES:
        raise MethodError("metadata_too_large")


def check_view(view: Json) -> None:
    """Raises MethodError if Slack would not show this modal or App Home."""
    kind = view.get("type")
    if kind not in (MODAL, HOME):
        raise invalid_arguments("must be a valid enum value [json-pointer:/view/type]")
    if len(json.dumps(view)) > MOST_VIEW_BYTES:
        raise MethodError("view_too_large")
    found = _Findings()
    own: dict[str, Text | Plain] = {
        "callback_id": Plain(IDS),
        "external_id": Plain(IDS),
        "private_metadata": Plain(3000),
    }
    if kind == MODAL:
        own |= {"title": Text(24, PLAIN, needed=True), "submit": Text(24, PLAIN), "close": Text(24, PLAIN)}
    free = {"type", "blocks"} | ({"clear_on_close", "notify_on_close", "submit_disabled"} if kind == MODAL else set())
    found.fields(view, Kind(own, frozenset(free)), "/view")
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        found.say("missing required field: blocks", "/view")
        blocks = []
    problems = found.problems + block_problems(blocks, kind, "/view/blocks", most=MOST_VIEW_BLOCKS)
    if kind == MODAL and "submit" not in view and any(one.get("type") == "input" for one in blocks):
        problems.append("a submit button is required when input blocks are present [json-pointer:/view]")
    if problems:
        raise invalid_arguments(*problems)


def block_problems(
    blocks: list[Json], surface: str, path: str = "/blocks", *, most: int = MOST_MESSAGE_BLOCKS
) -> list[str]:
    """Every reason why Slack would refuse these blocks on a `message`, a `modal` or a `home`, in its words."""
    found = _Findings()
    if len(blocks) > most:
        found.say(f"no more than {most} items allowed", path)
    found.blocks(blocks, surface, path, frozenset(BLOCKS))
    ids = [one["block_id"] for one in blocks if isinstance(one, dict) and one.get("block_id")]
    for repeated in sorted({one for one in ids if ids.count(one) > 1}):
        found.say(f"`block_id` {repeated} already exists", path)
    for number, block in enumerate(blocks):
        actions = [one["action_id"] for one in elements_of(block)] if isinstance(block, dict) else []
        for repeated in sorted({one for one in actions if actions.count(one) > 1}):
            found.say(f"`action_id` {repeated} already exists", f"{path}/{number}")
    kinds = [one.get("type") for one in blocks if isinstance(one, dict)]
    if kinds.count("table") > 1:
        found.say("only one table block is allowed", path)
    if sum(len(str(one.get("text", ""))) for one in blocks if one.get("type") == "markdown") > MOST_MARKDOWN:
        found.say(f"markdown text must be less than {MOST_MARKDOWN + 1} characters in total", path)
    return found.problems


def with_ids(blocks: list[Json], workspace: Workspace) -> list[Json]:
    """The blocks as Slack gives them back: each with a `block_id`, each interactive element with an `action_id`."""
    answer: list[Json] = []
    for block in json.loads(json.dumps(blocks)):
        block.setdefault("block_id", f"b{workspace.next_number():05d}")
        holders = [block, *block.get("child_blocks", [])]
        for one in [
            element
            for holder in holders
            for element in [holder.get("accessory"), holder.get("element"), *holder.get("elements", [])]
        ]:
            if isinstance(one, dict) and one.get("type") in ELEMENTS and one["type"] != "image":
                one.setdefault("action_id", f"a{workspace.next_number():05d}")
        answer.append(block)
    return answer


def _text(node: Any) -> int:
    if isinstance(node, list):
        return sum(_text(one) for one in node)
    if not isinstance(node, dict):
        return 0
    own = len(node["text"]) if isinstance(node.get("text"), str) else 0
    return own + sum(_text(value) for value in node.values())


class _Findings:
    """Collects what is wrong, with where it stands."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def say(self, what: str, path: str) -> None:
        self.problems.append(f"{what} [json-pointer:{path}]")

    def blocks(self, blocks: list[Any], surface: str, path: str, allowed: frozenset[str]) -> None:
        for number, block in enumerate(blocks):
            here = f"{path}/{number}"
            name = block.get("type") if isinstance(block, dict) else None
            kind = BLOCKS.get(str(name))
            if kind is None or surface not in kind.where or name not in allowed:
                self.say(f"unsupported type: {name}", f"{here}/type")
                continue
            extra = frozenset({"type", "block_id"})
            self.fields(
                block, Kind({**kind.fields, "block_id": Plain(IDS)}, kind.free | extra, one_of=kind.one_of), here
            )
            if name in ("table", "data_table"):
                self._table(block, here)

    def fields(self, node: Json, kind: Kind, path: str) -> None:
        for name in sorted(set(node) - set(kind.fields) - kind.free):
            self.say(f"invalid additional property: {name}", path)
        if kind.one_of and not any(node.get(name) for name in kind.one_of):
            self.say(f"missing required field: {' or '.join(kind.one_of)}", path)
        for name, rule in kind.fields.items():
            value, here = node.get(name), f"{path}/{name}"
            if value is None:
                if rule.needed:
                    self.say(f"missing required field: {name}", path)
            elif isinstance(rule, Text):
                self._text(value, rule, here)
            elif isinstance(rule, Plain):
                self._plain(value, rule, here)
            elif isinstance(rule, One):
                self._element(value, rule.elements, here)
            else:
                self._many(value, rule, here)

    def _plain(self, value: Any, rule: Plain, path: str) -> None:
        if not isinstance(value, str):
            self.say("must be a string", path)
        elif len(value) > rule.most:
            self.say(f"must be less than {rule.most + 1} characters", path)

    def _text(self, value: Any, rule: Text, path: str) -> None:
        if not isinstance(value, dict) or value.get("type") not in rule.kinds:
            self.say(f"must be an object of type {' or '.join(rule.kinds)}", path)
            return
        for name in sorted(set(value) - {"type", "text", "emoji" if value["type"] == "plain_text" else "verbatim"}):
            self.say(f"invalid additional property: {name}", path)
        text = value.get("text")
        if not isinstance(text, str) or not text:
            self.say("must be more than 0 characters", f"{path}/text")
        elif len(text) > rule.most:
            self.say(f"must be less than {rule.most + 1} characters", f"{path}/text")

    def _many(self, value: Any, rule: Many, path: str) -> None:
        if not isinstance(value, list):
            self.say("must be an array", path)
            return
        if len(value) > rule.most:
            self.say(f"no more than {rule.most} items allowed", path)
        if len(value) < rule.least:
            self.say(f"no fewer than {rule.least} items allowed", path)
        if rule.blocks:
            self.blocks(value, MESSAGE, path, rule.blocks)
            return
        for number, one in enumerate(value):
            here = f"{path}/{number}"
            if rule.options is not None:
                self._option(one, rule.options, here)
            elif rule.text is not None and not (isinstance(one, dict) and one.get("type") in rule.elements):
                self._text(one, rule.text, here)
            elif rule.elements:
                self._element(one, rule.elements, here)

    def _element(self, value: Any, allowed: frozenset[str], path: str) -> None:
        name = value.get("type") if isinstance(value, dict) else None
        if name not in allowed or str(name) not in ELEMENTS:
            self.say(f"unsupported type: {name}", f"{path}/type")
            return
        kind = ELEMENTS[str(name)]
        free = kind.free | {"type"} | ({"block_id"} if name == "image" else set())
        self.fields(value, Kind({**kind.fields, "action_id": Plain(IDS)}, free, one_of=kind.one_of), path)
        if value.get("style") not in (None, "primary", "danger"):
            self.say("must be a valid enum value", f"{path}/style")
        if isinstance(value.get("confirm"), dict):
            self.fields(value["confirm"], Kind(_CONFIRM, frozenset({"style"})), f"{path}/confirm")
        for number, group in enumerate(value.get("option_groups") or []):
            rules: dict[str, Text | Many] = {
                "label": Text(75, PLAIN, needed=True),
                "options": Many(100, options=Text(75, PLAIN, needed=True)),
            }
            self.fields(group, Kind(rules), f"{path}/option_groups/{number}")
        self._initial_choice(value, path)

    def _initial_choice(self, element: Json, path: str) -> None:
        groups = element.get("option_groups") or [{"options": element.get("options")}]
        offered = [one for group in groups for one in group.get("options") or []]
        chosen = [
            *(element.get("initial_options") or []),
            *([element["initial_option"]] if element.get("initial_option") else []),
        ]
        if offered and any(one not in offered for one in chosen):
            self.say("initial option must be one of the options", path)

    def _option(self, value: Any, text: Text, path: str) -> None:
        if not isinstance(value, dict):
            self.say("must be an object", path)
            return
        rules: dict[str, Text | Plain] = {
            "text": text,
            "value": Plain(150, needed=True),
            "description": Text(75, text.kinds),
            "url": Plain(3000),
        }
        self.fields(value, Kind(rules), path)

    def _table(self, block: Json, path: str) -> None:
        rows = block.get("rows")
        if not isinstance(rows, list):
            return
        if any(not isinstance(row, list) or len(row) > MOST_COLUMNS for row in rows):
            self.say(f"no more than {MOST_COLUMNS} columns allowed", f"{path}/rows")
        if _text(rows) > MOST_TABLE_CELLS_TEXT:
            self.say(f"must be less than {MOST_TABLE_CELLS_TEXT + 1} characters in all cells", f"{path}/rows")

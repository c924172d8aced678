"""The few pieces of Block Kit we use, each within Slack's limits.

Source of the limits: https://docs.slack.dev/reference/block-kit (blocks, elements, composition objects).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from bot.blocks.markup import NAME, TITLE, plain_text, safe
from bot.domain.notifications import Message
from bot.domain.text import clip, size

Block: TypeAlias = dict[str, Any]

# ---- limits, in characters unless said otherwise --------------------------------------------------------------------

MESSAGE_CHARACTERS = 10_000  # of all blocks: Slack answers msg_blocks_too_long near 13,200
MESSAGE_BLOCKS = 40  # Slack takes 50
SECTION_TEXT = 3_000
LINES_PER_SECTION = 10  # ours: ten long lines fit SECTION_TEXT
FIELDS = 10  # per section
FIELD_TEXT = 2_000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
ACTION_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
BUTTON_URL = 3_000
ACCESSIBILITY_LABEL = 75
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTIONS = 100
OVERFLOW_OPTIONS = 5
PLACEHOLDER = 150
MODAL_TITLE = 24

_WITH_FALLBACK = "with_fallback"  # no type of Slack's: see `with_fallback`
_BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")

# ---- blocks ---------------------------------------------------------------------------------------------------------


def plain(text: str, limit: int = SECTION_TEXT) -> Block:
    """A plain_text object. Our own words only, or what `bare` returned; empty text becomes a dash, Slack takes none."""
    return {"type": "plain_text", "text": _unbroken(clip(text, limit)) or "–", "emoji": False}


def mrkdwn(text: str, limit: int = SECTION_TEXT) -> Block:
    """A mrkdwn object that links nothing by itself. Untrusted text in it must have gone through `safe`."""
    return {"type": "mrkdwn", "text": _unbroken(clip(text, limit)) or "–", "verbatim": True}


def _unbroken(text: str) -> str:
    """With a no-break space before a percent sign: on a narrow screen a line must not end between 80 and %."""
    return _BEFORE_PERCENT.sub("\u00a0", text)


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER_TEXT)}


def section(text: Block, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": text}
    return block | {"accessory": accessory} if accessory else block


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Labelled values in two columns; values are mrkdwn, so untrusted text must have gone through `safe`."""
    texts = [mrkdwn(f"*{label}*\n{value or '–'}", FIELD_TEXT) for label, value in pairs[:FIELDS]]
    return {"type": "section", "fields": texts}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts[:CONTEXT_ELEMENTS]]}


def divider() -> Block:
    return {"type": "divider"}


def actions(elements: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(elements[:ACTION_ELEMENTS])}


def button(
    action: str, text: str, value: str = "", *, label: str = "", style: str = "", confirm: Block | None = None
) -> Block:
    """A button; `label` is read aloud by screen readers if several buttons have the same text. `style`: primary or
    danger."""
    block: Block = {"type": "button", "action_id": action, "text": plain(text, BUTTON_TEXT)}
    if value:
        block["value"] = value[:BUTTON_VALUE].encode("utf-8", "ignore").decode()  # half a character can't be sent
    if label:
        block["accessibility_label"] = clip(label, ACCESSIBILITY_LABEL)
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    return block


def link_button(action: str, text: str, url: str) -> Block:
    """A button that opens a page."""
    return {"type": "button", "action_id": action, "text": plain(text, BUTTON_TEXT), "url": url[:BUTTON_URL]}


def confirmation(title: str, text: str, yes: str, no: str = "Cancel") -> Block:
    """The question asked before a button does what can't be undone by pressing it again."""
    return {"title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}


def option(text: str, value: str, url: str = "") -> Block:
    """One choice of a menu; its value must fit Slack's 150 characters, for a cut value would mean something else. Only
    an overflow menu's choice may open a `url`."""
    block: Block = {"text": plain(text, OPTION_TEXT), "value": value}
    return block | {"url": url[:BUTTON_URL]} if url else block


def overflow(action: str, options: Sequence[Block]) -> Block:
    """The menu behind three dots, of at most five choices."""
    fitting = [choice for choice in options if 0 < len(choice["value"]) <= OPTION_VALUE]
    return {"type": "overflow", "action_id": action, "options": fitting[:OVERFLOW_OPTIONS]}


def menu(action: str, placeholder: str, options: Sequence[Block], chosen: str | None = None) -> Block:
    """A menu of up to 100 choices; `chosen` is the value shown at first."""
    fitting = [choice for choice in options if 0 < len(choice["value"]) <= OPTION_VALUE][:OPTIONS]
    block: Block = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder, PLACEHOLDER),
        "options": fitting,
    }
    initial = [choice for choice in fitting if choice["value"] == chosen]
    return block | {"initial_option": initial[0]} if initial else block


def lines(texts: Sequence[str]) -> list[Block]:
    """Plain lines as few sections as they need; each line must have gone through `bare` or be our own."""
    sections: list[Block] = []
    current: list[str] = []
    for text in texts:
        if current and sum(size(line) + 1 for line in current) + size(text) > SECTION_TEXT:
            sections.append(section(plain("\n".join(current))))
            current = []
        current.append(text)
    return [*sections, section(plain("\n".join(current)))] if current else sections


def with_fallback(blocks: Sequence[Block], instead: Sequence[Block]) -> Block:
    """Blocks of kinds that not every workspace takes yet, and the same in older kinds; only `message` reads it."""
    return {"type": _WITH_FALLBACK, "blocks": list(blocks), "instead": list(instead)}


def message(blocks: Sequence[Block], *, text_only: bool = False) -> Message:
    """A message whose text is derived from its blocks; without the blocks if Slack would not take so many. Of several
    `with_fallback` only the first is shown: Slack takes one table a message."""
    plain_blocks, rich = list[Block](), list[Block]()
    is_rich = False
    for block in blocks:
        if block["type"] != _WITH_FALLBACK:
            plain_blocks.append(block)
            rich.append(block)
            continue
        plain_blocks += block["instead"]
        rich += block["instead"] if is_rich else block["blocks"]
        is_rich = True
    text = plain_text(plain_blocks)
    if text_only or not _fits(plain_blocks):
        return Message(text)
    return Message(text, tuple(plain_blocks), tuple(rich) if is_rich and _fits(rich) else ())


def _fits(blocks: Sequence[Block]) -> bool:
    return characters(blocks) < MESSAGE_CHARACTERS and len(blocks) <= MESSAGE_BLOCKS


def notice(text: str, hint: str = "") -> Message:
    """A short answer in mrkdwn, and what to do next."""
    return message([section(mrkdwn(text)), *([context(hint)] if hint else [])])


def modal(title: str, callback_id: str, blocks: Sequence[Block], submit: str = "") -> dict[str, Any]:
    """A view for Slack's `views.open`; `submit` is the text of the button that sends its inputs, "" for none."""
    view = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, MODAL_TITLE),
        "close": plain("Close", MODAL_TITLE),
        "blocks": list(blocks),
    }
    return view | {"submit": plain(submit, MODAL_TITLE)} if submit else view


def inline(texts: Sequence[str]) -> list[Block]:
    """Short mrkdwn texts behind each other in small letters, in as few context blocks as they need."""
    starts = range(0, len(texts), CONTEXT_ELEMENTS)
    return [context(*texts[at : at + CONTEXT_ELEMENTS]) for at in starts]


def line_sections(lines: Sequence[str]) -> list[Block]:
    """Lines of mrkdwn as sections, each within Slack's limit."""
    starts = range(0, len(lines), LINES_PER_SECTION)
    return [section(mrkdwn("\n".join(lines[at : at + LINES_PER_SECTION]))) for at in starts]


def listing(heading: str, texts: Sequence[str]) -> Block:
    """A few lines under a bold heading; they may hold untrusted text."""
    return section(mrkdwn("\n".join([f"*{heading}*", *(safe(text, TITLE + NAME) for text in texts)])))


def characters(blocks: Sequence[Mapping[str, Any]]) -> int:
    """How many characters the blocks show, or have read out, as Slack's limit on a whole message may count."""
    return sum(_visible(block) for block in blocks)


_TEXTS = ("text", "accessibility_label")


def _visible(node: object) -> int:
    if isinstance(node, Mapping):
        return sum(size(v) if k in _TEXTS and isinstance(v, str) else _visible(v) for k, v in node.items())
    if isinstance(node, (list, tuple)):
        return sum(_visible(item) for item in node)
    return 0

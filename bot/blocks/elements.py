"""The few pieces of Block Kit we use, each within Slack's limits, and what makes other people's text harmless.

Source of the limits: https://docs.slack.dev/reference/block-kit (blocks, elements, composition objects).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from bot.domain.model import Message, Moment

Block: TypeAlias = dict[str, Any]

# ---- limits, in characters unless said otherwise --------------------------------------------------------------------

TEXT_LIMIT = 3_900  # of a message's `text`: chat.update takes 4,000
MESSAGE_CHARACTERS = 10_000  # of all blocks: Slack answers msg_blocks_too_long near 13,200
MESSAGE_BLOCKS = 40  # Slack takes 50
SECTION_TEXT = 3_000
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
PLACEHOLDER = 150
MODAL_TITLE = 24

# What we allow a name or a title, so that one hostile title can't push everything else out of a message.
NAME = 60
TITLE = 120

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# ---- other people's text --------------------------------------------------------------------------------------------

_JOINERS = "\u200c\u200d"  # invisible, but Persian and Indic names are misspelled without them
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ", "@": "＠"})  # no HTML-like way to escape
_LEANING = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # inside a word (cash_desk) it formats nothing
_AUTO_LINK = re.compile(r"://|(?<=\w)\.(?=[^\W\d_]{2})")
# The middle of 09:30:15 is none; one that the text's end leaves open could be closed by a colon of ours.
_EMOJI_CODE = re.compile(r":(?!\d\d(?::|$))([\w+'-]+)(:|$)")
_MENTION = re.compile(r"&lt;＠([UW][A-Z0-9]{2,20})&gt;")
_BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")
_CUT_OFF = re.compile(r"(?:&[a-z]{0,3}|<[#@!h][^<>\n]*)$")  # the beginning of an entity, or of a mention, date or link


def clean(text: str) -> str:
    """Text on one line without control, bidirectional-override and invisible characters; "" where nothing is left."""
    if text.isascii() and text.isprintable():  # nearly every text, at a fraction of the cost
        return " ".join(text.split())
    kept: list[str] = []
    for at, char in enumerate(text):
        category = unicodedata.category(char)
        if char in _JOINERS:
            around = text[at - 1 : at] + text[at + 1 : at + 2]
            if len(around) == 2 and all(unicodedata.category(c)[0] in "LM" for c in around):
                kept.append(char)
        elif category[0] == "Z" or char in "\t\n\r\v\f\x85":
            kept.append(" ")
        elif category not in {"Cc", "Cf", "Cs"}:
            kept.append(char)
    return " ".join("".join(kept).split())


def escape(text: str) -> str:
    """Slack's three entities and no other."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units (the larger way to count), with "…" where cut, never inside an entity or a token."""
    if size(text) <= limit:
        return text
    room = limit - 1
    end = 0
    for char in text:
        room -= size(char)
        if room < 0:
            break
        end += 1
    return _CUT_OFF.sub("", text[:end]).rstrip() + "…"


def size(text: str) -> int:
    """A text's length in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def safe(text: str, limit: int = TITLE) -> str:
    """Untrusted text for a mrkdwn context or a message's `text`: nothing in it formats, links, mentions or pings.

    Markup characters become look-alikes, because Slack knows no escape for them. At most `limit` characters.
    """
    flat = clean(text[: limit * 4]).translate(_LOOKALIKES)
    flat = _LEANING.sub("ˍ", flat)
    flat = _AUTO_LINK.sub(lambda hit: "∶//" if hit[0] == "://" else "․", flat)
    return clip(escape(_EMOJI_CODE.sub(lambda hit: f"∶{hit[1]}{hit[2] and '∶'}", flat)), limit)


def format_query_text(words: str, limit: int = TITLE) -> str:
    """A query in words for mrkdwn: harmless as `safe` makes it, but the Slack users it names stay mentions."""
    return _MENTION.sub(r"<@\1>", safe(words, limit))


def bare(text: str, limit: int = TITLE) -> str:
    """Untrusted text for a plain_text object, which formats nothing by itself."""
    return clip(clean(text[: limit * 4]), limit)


# ---- numbers and dates ----------------------------------------------------------------------------------------------


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 session`, `12,000 sessions`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def bar(percent: float | None, width: int = 10) -> str:
    """A percentage as text: `███████░░░`. Full only at 100, empty only at 0 (and where there is none)."""
    if percent is None:
        return "░" * width
    filled = round(min(max(percent, 0.0), 100.0) / 100 * width)
    if 0 < percent < 100:
        filled = min(max(filled, 1), width - 1)
    return "█" * filled + "░" * (width - filled)


def instant(at: datetime) -> str:
    """An instant in words that name their zone: `23 Nov 2026, 14:02 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


def date_token(at: datetime) -> str:
    """An instant that Slack shows in the reader's own zone; for mrkdwn only."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}}, {{time}}|{instant(at)}>"


def format_moment(moment: Moment) -> str:
    """A date of iSpring's for a message's `text`; one that could not be understood as iSpring spelled it."""
    return instant(moment.at) if moment.at else safe(moment.raw or "", NAME) or "not given"


def moment_token(moment: Moment) -> str:
    """The same for mrkdwn, in the reader's zone."""
    return date_token(moment.at) if moment.at else safe(moment.raw or "", NAME) or "not given"


def lasting(length: timedelta) -> str:
    """A duration in words: `35 min`, `1 h 5 min`, `2 d 3 h`."""
    minutes = max(0, int(length.total_seconds())) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else "under a minute"


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
    """A button; `label` is what a screen reader says where several read alike. `style` is primary or danger."""
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


def option(text: str, value: str) -> Block:
    """One choice of a menu; its value must fit Slack's 150 characters, for a cut value would mean something else."""
    return {"text": plain(text, OPTION_TEXT), "value": value}


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


def message(text: str, blocks: Sequence[Block]) -> Message:
    """A message within Slack's limits; with text only where the blocks are more than Slack would take."""
    lead = clip(text, TEXT_LIMIT)
    if characters(blocks) >= MESSAGE_CHARACTERS or len(blocks) > MESSAGE_BLOCKS:
        return Message(lead)
    return Message(lead, tuple(blocks))


def listing(heading: str, texts: Sequence[str]) -> Block:
    """A few lines under a bold heading; they may hold untrusted text."""
    lead = "\n".join(safe(text, TITLE + NAME) for text in texts)
    return section(mrkdwn(f"*{heading}*\n{lead}"))


def characters(blocks: Sequence[Mapping[str, Any]]) -> int:
    """How many characters of text the blocks show, as Slack's limit on a whole message counts them."""
    return sum(_visible(block) for block in blocks)


def _visible(node: object) -> int:
    if isinstance(node, Mapping):
        return sum(size(v) if k == "text" and isinstance(v, str) else _visible(v) for k, v in node.items())
    if isinstance(node, (list, tuple)):
        return sum(_visible(item) for item in node)
    return 0

"""Slack's markup: other people's text made harmless, dates in the reader's zone, and the words of blocks.

Format: https://docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.model import Moment
from bot.domain.outcomes import rounded
from bot.domain.text import clean, clip, size

TEXT_LIMIT = 3_900  # of a message's `text`: chat.update takes 4,000
SHORTEST_LINE = 60  # to which a line is shortened at most if a text is too long

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Of a name and of a title, so that a long one can't push everything else out of a message.
NAME = 60
TITLE = 120

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# ---- other people's text --------------------------------------------------------------------------------------------

_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ", "@": "＠"})  # no HTML-like way to escape
_LEANING = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # inside a word (cash_desk) it formats nothing
_AUTO_LINK = re.compile(r"://|(?<=\w)\.(?=[^\W\d_]{2})")
# The middle of 09:30:15 is none; one that the text's end leaves open could be closed by a colon of ours.
_EMOJI_CODE = re.compile(r":(?!\d\d(?::|$))([\w+'-]+)(:|$)")
_CLOSED_EMOJI_CODE = re.compile(r":(?!\d\d(?:-\d\d)?:)([\w+'-]+):")  # nor is that of 20:00-07:00
_MENTION = re.compile(r"&lt;＠([UW][A-Z0-9]{2,20})&gt;")


def escape(text: str) -> str:
    """Slack's three entities and no other."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe(text: str, limit: int = TITLE) -> str:
    """Untrusted text for a mrkdwn context or a message's `text`: nothing in it formats, links, mentions or pings.

    Markup characters become look-alikes, because Slack knows no escape for them. At most `limit` characters.
    """
    flat = clean(text[: limit * 4]).translate(_LOOKALIKES)
    flat = _LEANING.sub("ˍ", flat)
    flat = _AUTO_LINK.sub(lambda hit: "∶//" if hit[0] == "://" else "․", flat)
    return clip(escape(_EMOJI_CODE.sub(lambda hit: f"∶{hit[1]}{hit[2] and '∶'}", flat)), limit)


def and_more(number: int, command: str) -> str:
    """What follows a list that was cut: how many are left, and the whole command that shows them."""
    return f"and {number:,} more: {code(command, 300)}"


def code(text: str, limit: int = TITLE) -> str:
    """Untrusted text as inline code that can be copied: `score:<80` stays as it is. What could end the code, or would
    format or link where a client shows a message's `text` without code, becomes a look-alike. At most `limit`
    characters and the two backticks."""
    flat = _LEANING.sub("ˍ", clean(text[: limit * 4]).replace("`", "ˋ")).replace("://", "∶//")
    flat = _CLOSED_EMOJI_CODE.sub(r"∶\1∶", flat)
    return f"`{escape(clip(flat, limit))}`"


def format_query_text(words: str, limit: int = TITLE) -> str:
    """A query in words for mrkdwn: harmless as `safe` makes it, but the Slack users it names stay mentions."""
    return _MENTION.sub(r"<@\1>", safe(words, limit))


def bare(text: str, limit: int = TITLE) -> str:
    """Untrusted text for a plain_text object, which formats nothing by itself."""
    return clip(clean(text[: limit * 4]), limit)


# ---- numbers and dates ----------------------------------------------------------------------------------------------


def bar(percent: float | None, width: int = 10) -> str:
    """A percentage as text: `███████░░░`. Full only at 100, empty only at 0 and for None."""
    if percent is None:
        return "░" * width
    filled = int(rounded(min(max(percent, 0.0), 100.0) / 100 * width))
    if 0 < percent < 100:
        filled = min(max(filled, 1), width - 1)
    return "█" * filled + "░" * (width - filled)


def instant(at: datetime) -> str:
    """An instant in words that name their zone: `23 Nov 2026, 14:02 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


def from_seconds(seconds: float) -> datetime:
    """The instant (UTC) of Unix seconds, as the facts of notifications hold it."""
    return _EPOCH + timedelta(seconds=seconds)


def date_token(at: datetime) -> str:
    """An instant that Slack shows in the reader's own zone; for mrkdwn only."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}}, {{time}}|{instant(at)}>"


def day_token(at: datetime) -> str:
    """The day of an instant, which Slack names in the reader's own zone; for mrkdwn only."""
    utc = at.astimezone(UTC)
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}}|{utc.day} {MONTHS[utc.month - 1]} {utc.year}>"


def moment_token(moment: Moment, *, by_day: bool = False) -> str:
    """A date of iSpring's for mrkdwn, in the reader's zone; as iSpring spelled it if that could not be understood.
    `by_day`: without the time."""
    if moment.at is None:
        return safe(moment.raw or "", NAME) or "not given"
    return day_token(moment.at) if by_day else date_token(moment.at)


# ---- a message's text -----------------------------------------------------------------------------------------------

_DATE = re.compile(r"<!date\^[^<>|]*\|([^<>|]*)>")
_BAR = re.compile("[█░]+ ")
_BOLD = re.compile(r"\*([^*\n]+)\*")
_UNDER_HEADING = re.compile(r"\*([^*\n]+)\*\n(.+)", re.DOTALL)


def plain_text(blocks: Sequence[Mapping[str, Any]]) -> str:
    """The words of blocks for a message's `text`, which push notifications and screen readers use.

    One line for each line of a block; the lines under a bold heading follow it on its own line. Dates are in UTC,
    mentions stay mentions. Buttons and menus have no words. If the text is longer than Slack takes, each line is
    shortened but keeps its last part, which is the session's short id in a list of sessions.
    """
    lines = [line for block in blocks for text in _texts(block) for line in _lines(text)]
    if sum(size(line) + 1 for line in lines) > TEXT_LIMIT:
        room = max(SHORTEST_LINE, TEXT_LIMIT // len(lines) - 1)
        lines = [_shorten(line, room) for line in lines]
    return clip("\n".join(lines), TEXT_LIMIT)


def _texts(block: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """The text objects of a header, section or context, as Slack shows them one below the other."""
    if block["type"] == "context":
        yield from block["elements"]
    if "text" in block:
        yield block["text"]
    yield from block.get("fields", ())


def _lines(text: Mapping[str, str]) -> list[str]:
    words = _BAR.sub("", text["text"].replace("\u00a0", " "))
    if text["type"] == "plain_text":
        return [safe(line, TEXT_LIMIT) for line in words.split("\n")]
    words = _DATE.sub(r"\1", words)
    under_heading = _UNDER_HEADING.fullmatch(words)
    if under_heading is not None:
        heading, items = under_heading.groups()
        words = f"{heading}: " + "; ".join(item.removeprefix("• ") for item in items.split("\n"))
    return _BOLD.sub(r"\1", words).split("\n")


def _shorten(line: str, room: int) -> str:
    start, dot, last = line.rpartition(" · ")
    if size(line) <= room or not dot or size(last) > room // 2:
        return clip(line, room)
    return clip(start, room - size(dot + last)) + dot + last


def format_data_age(data_as_of: datetime, corrected_at: datetime | None = None) -> str:
    """How old the data is, for mrkdwn. `corrected_at`: completed sessions may be as old as that; None if nothing is
    older than `data_as_of`."""
    if corrected_at is None:
        return f"Data as of {date_token(data_as_of)}"
    return f"Open sessions as of {date_token(data_as_of)}; corrections as of {date_token(corrected_at)}"

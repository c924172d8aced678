"""Text for people: clean, cut to a length, and numbers and durations with their units."""

import hashlib
import re
import unicodedata
from datetime import timedelta

_JOINERS = "\u200c\u200d"  # invisible, but Persian and Indic names are misspelled without them
# The beginning of an entity, or of a mention, date or link of Slack's.
_CUT_OFF = re.compile(r"(?:&[a-z]{0,3}|<[#@!h][^<>\n]*)$")


def clean(text: str) -> str:
    """Text on one line without control, bidirectional-override and invisible characters; "" if nothing is left."""
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


def initials(name: str) -> str:
    """A name as its initials, `A. R.`, in any script; unchanged if it has no letter."""
    words = (re.sub(r"^\W+", "", word) for word in clean(name).replace("-", " ").split())
    found = [word[0].upper() + "." for word in words if word]
    return " ".join(found) or name


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


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 session`, `12,000 sessions`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def without_stop(text: str) -> str:
    """A text without the full stop at its end, also within quotation marks, for where a sentence goes on after it:
    `(iSpring says: "No rights")`."""
    text = text.rstrip()
    return text[:-2] + '"' if text.endswith('."') else text.removesuffix(".")


def in_bytes(number: int) -> str:
    """A size for people: `9.1 MB`, `12 KB`, `340 bytes`."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:.1f} MB"
    return f"{number / 1_000:.0f} KB" if number >= 1_000 else f"{number} bytes"


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


def digest_of(text: str) -> str:
    """A text as hex digits, for a button, which holds no names."""
    return hashlib.blake2s(text.encode("utf-8", "replace"), digest_size=8).hexdigest()

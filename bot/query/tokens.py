"""From typed text to tokens: `-key:value`, or a word that stands alone. Knows quotes and dashes, no key.

`plain_spelling` undoes before what phones, keyboards and Slack's markup do to a text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from bot.query.numbers import without_hyphens

MINUS = "-‐‑‒–—−"
_DOUBLE = '"“”„«»'  # any of them closes any other: phones and keyboards mix them
_SINGLE = "'‘’‚"
_KEY = re.compile(r"([\w-]{1,40}):")
_QUOTED = re.compile(rf"[{_DOUBLE}]((?:\\.|[^\\{_DOUBLE}])*+)[{_DOUBLE}]", re.DOTALL)
_QUOTED_SINGLY = re.compile(rf"[{_SINGLE}]([^{_SINGLE}]*)[{_SINGLE}](?=\s|$)")
_TOKEN = re.compile(r"<(?:[@#!]|id:)[^<>]*>")  # a mention of Slack's, or an id
_BARE = re.compile(r"\S+")
_ESCAPED = re.compile(rf"\\([\\{_DOUBLE}])")
_NEEDS_QUOTES = re.compile(rf"[\s\\<>,;:{_DOUBLE}{_SINGLE}]")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0x2236: ord(":"),
    0xA789: ord(":"),
    0xFE55: ord(":"),
    0xFE6B: ord("@"),
    0x02CB: ord("`"),
    0xFE64: ord("<"),
    0xFE65: ord(">"),
}
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_COMPARED = re.compile(r"\b(score|scores|result|results)\s*:?\s*(<=|>=|≤|≥|<|>|=)\s*(?=\d)", re.IGNORECASE)
_LOOSE_COLON = re.compile(r"\b(\w+)\s+:\s*(?=\S)|\b(\w+):\s+(?=[<>=]|[\"“„«'])")
_LOOSE_COMPARATOR = re.compile(r"(?<!\S)(<=|>=|≤|≥|<|>)\s+(?=\d)")
_COMPARATORS = str.maketrans({"≤": "<=", "≥": ">="})
_MARKUP = "`*_~"
_SPACED_PLUS = re.compile(r"(\d%?)\s+\+(?=\s|$)")
_SPACED_PERCENT = re.compile(r"(?<=\d)\s+%")


@dataclass(frozen=True, slots=True)
class Token:
    """`key` as typed, None for a word alone; `value` without its quotes. Offsets are into the text."""

    start: int
    end: int
    key: str | None
    value: str
    value_start: int
    negated: bool
    quoted: bool


class Unclosed(Exception):
    """A quote that opens at `start` and never closes."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


def tokenize(text: str) -> Iterator[Token]:
    """The tokens in order; raises Unclosed. Time grows with the length of the text only."""
    at = _skip_space(text, 0)
    while at < len(text):
        start, negated = at, text[at] in MINUS
        at += negated
        key = _KEY.match(text, at)
        if key:
            at = key.end()
            value_at = _skip_space(text, at)
            if value_at < len(text) and not _KEY.match(text, value_at + (text[value_at] in MINUS)):
                at = value_at
        value_start = at
        value, at, quoted = _value(text, at)
        yield Token(start, at, key[1] if key else None, value, value_start, negated, quoted)
        at = _skip_space(text, at)


def quote(value: str) -> str:
    """A value as it can be typed: quoted where it would else be read as something different."""
    if value and not _NEEDS_QUOTES.search(value):
        return value
    return '"' + re.sub(rf"([\\{_DOUBLE}])", r"\\\1", value) + '"'


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _value(text: str, at: int) -> tuple[str, int, bool]:
    if at >= len(text) or text[at].isspace():
        return "", at, False
    if text[at] in _DOUBLE:
        found = _QUOTED.match(text, at)
        if not found:
            raise Unclosed(at)
        return _ESCAPED.sub(r"\1", found[1]), found.end(), True
    if found := _QUOTED_SINGLY.match(text, at):
        return found[1], found.end(), True
    if found := _TOKEN.match(text, at):
        return found[0], found.end(), False
    found = _BARE.match(text, at)
    assert found is not None
    return found[0].rstrip(",;"), found.end(), False


def to_ascii_signs(text: str) -> str:
    """The text with ASCII signs for those that only look like them: `∶`, `＠`, `ˋ`, full-width letters and digits."""
    return text.translate(_WIDE)


def plain_spelling(text: str) -> str:
    """The text without Slack's markup, with plain signs and without blanks inside `score : < 80`."""
    text = to_ascii_signs(unicodedata.normalize("NFC", text))
    text = re.sub("&(?:lt|gt|amp);", lambda found: _ENTITIES[found[0]], text)
    text = "".join(c for c in text if c.isprintable() or c.isspace())
    text = " ".join(_unmarked(part) for part in text.split(" "))
    text = without_hyphens(text)
    text = _SPACED_PLUS.sub(r"\1+", _SPACED_PERCENT.sub("%", text))
    text = _LOOSE_COLON.sub(lambda found: f"{found[1] or found[2]}:", text)
    text = _COMPARED.sub(lambda found: f"score:{found[2].translate(_COMPARATORS)}", text)
    return _LOOSE_COMPARATOR.sub(r"\1", text).strip()


def _unmarked(word: str) -> str:
    """A word without the markup around it; underscores inside a word stay."""
    return word.strip(_MARKUP) if word.strip(_MARKUP) else ("" if word else word)

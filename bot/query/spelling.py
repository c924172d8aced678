"""What phones, keyboards and Slack's markup do to a typed query, undone."""

import re
import unicodedata

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFE64: ord("<"), 0xFE65: ord(">")}
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_COMPARED = re.compile(r"\b(score|scores|result|results)\s*:?\s*(<=|>=|≤|≥|<|>|=)\s*(?=\d)", re.IGNORECASE)
_LOOSE_COLON = re.compile(r"\b(\w+)\s+:\s*(?=\S)|\b(\w+):\s+(?=[<>=]|[\"“„«'])")
_LOOSE_COMPARATOR = re.compile(r"(?<=\s)(<=|>=|≤|≥|<|>)\s+(?=\d)")
_SIGNS = str.maketrans({"≤": "<=", "≥": ">="})
_MARKUP = "`*_~"
_SPACED_PERCENT = re.compile(r"(?<=\d)\s+%")


def plain_spelling(text: str) -> str:
    """The text without Slack's markup, with plain signs and without blanks inside `score : < 80`."""
    text = unicodedata.normalize("NFC", text).translate(_WIDE)
    text = re.sub("&(?:lt|gt|amp);", lambda found: _ENTITIES[found[0]], text)
    text = "".join(c for c in text if c.isprintable() or c.isspace())
    text = " ".join(_unmarked(part) for part in text.split(" "))
    text = _SPACED_PERCENT.sub("%", text)
    text = _LOOSE_COLON.sub(lambda found: f"{found[1] or found[2]}:", text)
    text = _COMPARED.sub(lambda found: f"score:{found[2].translate(_SIGNS)}", text)
    return _LOOSE_COMPARATOR.sub(r"\1", text).strip()


def _unmarked(word: str) -> str:
    """A word without the markup around it; underscores inside a word stay."""
    return word.strip(_MARKUP) if word.strip(_MARKUP) else ("" if word else word)

"""Numbers as people write them: digits with or without a percent sign, or in words up to a hundred."""

import re
from collections.abc import Mapping, Sequence

_DIGITS = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)%?")
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBER_WORDS = _ONES[1:] + _TENS
_SPELLED: Mapping[str, int] = {
    **{word: number for number, word in enumerate(_ONES)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
    "fourty": 40, "hundred": 100,
}  # fmt: skip
_HYPHENED = re.compile(rf"\b({'|'.join(_TENS)})[-‐‑](?=(?:{'|'.join(_ONES[1:10])})\b)", re.IGNORECASE)
_QUOTES = '"“”„«»'


def number_at(words: Sequence[str], at: int) -> tuple[str, int] | None:
    """The number that begins at a word, in digits, and how many words say it; None if none does."""
    if at >= len(words):
        return None
    if found := _DIGITS.fullmatch(words[at]):
        return found[1].replace(",", "."), 1
    following = words[at + 1] if at + 1 < len(words) else ""
    if words[at] in ("a", "one") and following == "hundred":
        return "100", 2
    number = _SPELLED.get(words[at])
    if number is None:
        return None
    if words[at] in _TENS and following in _ONES[1:10]:
        return str(number + _ONES.index(following)), 2
    return str(number), 1


def count_at(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """As `number_at`, for a whole number from 1 to 100 without a percent sign."""
    found = number_at(words, at)
    if found is None or not found[0].isascii() or not found[0].isdigit() or words[at].endswith("%"):
        return None
    number = int(found[0])
    return (number, found[1]) if 1 <= number <= 100 else None


def without_hyphens(text: str) -> str:
    """A text with "seventy five" for "seventy-five"; one with quotes stays, as they may hold a name."""
    return text if any(quote in text for quote in _QUOTES) else _HYPHENED.sub(r"\1 ", text)

"""The nearest words to a mistyped one. rapidfuzz measures a few thousand names in milliseconds; the standard library's
difflib takes noticeably longer."""

import unicodedata
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process

_LONGEST = 100  # characters: longer words are no typing mistake, and time grows with them
_LONGEST_TEXT = 3_000  # characters: some are spelled out as eighteen
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "’": "'", "‘": "'", "`": "'", "´": "'", "ˋ": "'"}
    | dict.fromkeys("-_‐‑‒–—−", " ")
)


def normalize(text: str) -> str:
    """Text as names are compared: no case, no accents, hyphens and runs of space as one space."""
    spelled_out = unicodedata.normalize("NFKD", text.casefold())[:_LONGEST_TEXT]
    plain = "".join(c for c in spelled_out if not unicodedata.combining(c))
    return " ".join(plain.casefold().translate(_ALIKE).split())  # "№" becomes "No" only now


def nearest(word: str, choices: Iterable[str], limit: int = 3, at_least: float = 50.0) -> tuple[str, ...]:
    """The choices most like a word, the best first; `at_least` is a likeness in percent below which none is named."""
    names = list(dict.fromkeys(choices))
    return tuple(names[at] for at in positions_nearest(word, [normalize(name) for name in names], limit, at_least))


def positions_nearest(word: str, normalized: Sequence[str], limit: int = 3, at_least: float = 50.0) -> Sequence[int]:
    """As `nearest`, of choices that are normalized already: where the nearest stand."""
    found = process.extract(
        normalize(word)[:_LONGEST],
        [name[:_LONGEST] for name in normalized],
        scorer=fuzz.WRatio,
        limit=limit,
        score_cutoff=at_least,
    )
    return [at for _, _, at in found]


def alike(word: str, choices: Iterable[str], limit: int = 3, at_least: float = 70.0) -> tuple[str, ...]:
    """The normalized choices that a typing mistake makes of a word, the best first. Unlike `nearest`, a part of a word
    counts for little: "over" is not "overdue"."""
    found = process.extract(
        normalize(word)[:_LONGEST], [*choices], scorer=fuzz.ratio, limit=limit, score_cutoff=at_least
    )
    return tuple(name for name, _, _ in found)

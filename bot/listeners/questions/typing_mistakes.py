"""The typing mistakes in questions: "overdu sesions"."""

from rapidfuzz.distance import OSA

from bot.listeners.questions.concepts import LEXICON
from bot.listeners.questions.patterns import straight
from bot.query.small_words import IGNORED

_SHORT = {
    "nxt": "next",
    "wen": "when",
    "obs": "observations",
    "wk": "week",
    "avg": "average",
    "betta": "better",
    "wich": "which",
    "witch": "which",
    "hav": "have",
    "whos": "who is",
}
_SHORTEST = 4  # letters of a word that is corrected, and of what it may be
_KNOWN = frozenset(word for phrase in LEXICON for word in phrase if len(word) >= _SHORTEST) | {"yesterday", "tomorrow"}


def respelled(text: str) -> str:
    """A text whose mistyped words of questions are corrected: at most one slip in a word of four to six letters, two in
    a longer one, with the first letter right."""
    return " ".join(_word_like(word) for word in text.split())


def _word_like(word: str) -> str:
    """The known word with the fewest slips; the same word if it is known, or may be several of different concepts."""
    plain = straight(word).lower().strip("?!.,")
    if plain in _SHORT:
        return _SHORT[plain]
    if len(plain) < _SHORTEST or plain in _KNOWN or plain in IGNORED:
        return word
    most = 1 if len(plain) < 7 else 2
    slips = {one: OSA.distance(plain, one, score_cutoff=most) for one in _KNOWN if one[0] == plain[0]}
    fewest = min(slips.values(), default=most + 1)
    nearest = sorted(one for one, number in slips.items() if number == fewest)
    concepts = {LEXICON.get((one,)) for one in nearest}
    return nearest[0] if fewest <= most and len(concepts) == 1 else word

"""The typing mistakes in questions: "overdu sesions"."""

from rapidfuzz.distance import OSA

from bot.query.small_words import IGNORED

_KEYWORDS = (
    "when",
    "what",
    "which",
    "next",
    "session",
    "sessions",
    "observed",
    "observation",
    "observations",
    "overdue",
    "late",
    "upcoming",
    "coming",
    "improved",
    "improving",
    "improvement",
    "better",
    "worse",
    "getting",
    "compare",
    "average",
    "trend",
    "history",
    "best",
    "worst",
    "store",
    "stores",
    "checklist",
    "checklists",
    "employees",
    "observers",
    "performers",
    "hasn't",
    "never",
    "silent",
    "inactive",
    "download",
    "spreadsheet",
    "progress",
    "working",
    "running",
    "alive",
    "broken",
    "healthy",
    "status",
    "digests",
    "results",
    "yesterday",
    "tomorrow",
)  # of questions


_SHORT = {"nxt": "next", "wen": "when", "obs": "observations", "wk": "week", "avg": "average", "betta": "better"}
_SHORTEST = 4  # letters of a word that is corrected


def respelled(text: str) -> str:
    """A text whose mistyped keywords of questions are corrected: at most one slip in a word of four to six letters, two
    in a longer one, with the first letter right."""
    return " ".join(_keyword_like(word) for word in text.split())


def _keyword_like(word: str) -> str:
    plain = word.lower().replace("’", "'").strip("?!.,")
    if plain in _SHORT:
        return _SHORT[plain]
    if len(plain) < _SHORTEST or plain in _KEYWORDS or plain in IGNORED:
        return word
    most = 1 if len(plain) < 7 else 2
    like = [one for one in _KEYWORDS if one[0] == plain[0] and OSA.distance(plain, one, score_cutoff=most) <= most]
    return like[0] if len(like) == 1 else word

"""The words for what sessions belong to: "store", "trainers", "by month". Pure.

One table for `by:`, for questions ("which stores …") and for the answers that name one kind first.
"""

from collections.abc import Mapping, Sequence

_SINGULAR: Mapping[str, Sequence[str]] = {
    "dept": (
        "store", "site", "shop", "location", "department", "dept", "unit", "branch", "team", "region", "place",
    ),
    "checklist": ("checklist", "form", "topic"),
    "observer": ("observer", "trainer", "assessor", "grader"),
    "employee": ("employee", "person", "learner", "trainee", "performer", "worker"),
    "criterion": ("criterion", "question"),
    "week": ("week",),
    "month": ("month",),
}  # fmt: skip
_COLLECTIVE: Mapping[str, Sequence[str]] = {"employee": ("people", "staff", "guys"), "criterion": ("criteria",)}
_ADVERBS = {"weekly": "week", "monthly": "month"}


def plural_of(word: str) -> str:
    """The plural of a word for what sessions belong to; the word itself if it is one."""
    is_singular = any(word in words for words in _SINGULAR.values())
    return _plural(word) if is_singular else word


def _plural(word: str) -> str:
    return f"{word}es" if word.endswith("ch") else f"{word}s"


def _words(unit: str) -> Sequence[str]:
    """Every word for one kind, the plurals and the longer ones first."""
    found = [form for word in _SINGULAR[unit] for form in (word, _plural(word))]
    return sorted((*found, *_COLLECTIVE.get(unit, ())), key=len, reverse=True)


GROUPING_WORDS: Mapping[str, str] = {word: unit for unit in _SINGULAR for word in _words(unit)} | _ADVERBS
PLURALS: Mapping[str, str] = {
    unit: rf"(?:{'|'.join(_plural(word) for word in words)})" for unit, words in _SINGULAR.items()
}  # "stores", but not "people"

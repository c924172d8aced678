"""The words for what sessions belong to: "store", "trainers", "by month". Pure.

One table for `by:`, for questions ("which stores …") and for the answers that name one kind first.
"""

import re
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
_OF_TIME_OR_CRITERIA = ("criterion", "week", "month")


def _plural(word: str) -> str:
    return f"{word}es" if word.endswith("ch") else f"{word}s"


def _words(unit: str) -> Sequence[str]:
    """Every word for one kind, the plurals and the longer ones first."""
    found = [form for word in _SINGULAR[unit] for form in (word, _plural(word))]
    return sorted((*found, *_COLLECTIVE.get(unit, ())), key=len, reverse=True)


GROUPING_WORDS: Mapping[str, str] = {word: unit for unit in _SINGULAR for word in _words(unit)} | _ADVERBS
PATTERNS: Mapping[str, str] = {
    unit: rf"(?:{'team ?members?|' * (unit == 'employee')}{'|'.join(_words(unit))})"
    for unit in _SINGULAR
    if unit not in _OF_TIME_OR_CRITERIA
}  # what a trend can compare
ANY_UNIT = f"(?:{'|'.join(PATTERNS[unit] for unit in ('employee', 'dept', 'checklist', 'observer'))})"
OTHER_UNITS = f"(?:{'|'.join(pattern for unit, pattern in PATTERNS.items() if unit != 'employee')})"
PLURALS: Mapping[str, str] = {
    unit: rf"(?:{'|'.join(_plural(word) for word in _SINGULAR[unit])})" for unit in PATTERNS
}  # "stores", but not "people"
ANY_PLURAL = f"(?:{'|'.join(PLURALS.values())})"


def unit_of(word: str) -> str:
    """The kind that a word names, as `by:` says it; "employee" if it names none."""
    return next((unit for unit, pattern in PATTERNS.items() if re.fullmatch(pattern, word, re.IGNORECASE)), "employee")

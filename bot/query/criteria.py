"""The criterion that free words name: "core temperature in store 12". Pure.

Criteria are no names of the query language: they are looked for only in a text that can't be read without them.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.query.name_index import words_of
from bot.query.small_words import GENERIC, IGNORED, JOINS, NEGATIONS

LONGEST = 8  # words
_SHORTEST = 4  # letters that two words of one stem share: "washing" and "washed"
_ENDING = 3  # letters that a stem's ending has at most
_SAYS_NOTHING = IGNORED | GENERIC | JOINS | NEGATIONS
_AROUND = re.compile(
    r"\b(?:by:\w+|because of|due to|criterion|criteria|(?:get|got|getting|gets) (?:better|worse)|improv(?:ed|ing|es|e)"
    r"|problems? with|trouble with|wrong)\b",
    re.IGNORECASE,
)  # what such a question says beside the criterion


@dataclass(frozen=True, slots=True)
class NamedCriterion:
    """The words of a text that name criteria, and the text without them."""

    named: str
    other_text: str


def split_criterion(text: str, titles: Sequence[str]) -> NamedCriterion | None:
    """The longest run of words that a title holds, whole or by their stems; None if there is none."""
    tokens = [one for one in _AROUND.sub(" ", text).split() if words_of(one)]
    known = [words_of(one) for one in titles]
    for length in range(min(LONGEST, len(tokens)), 0, -1):
        for start in range(len(tokens) - length + 1):
            run = [word for token in tokens[start : start + length] for word in words_of(token)]
            if start and tokens[start - 1].isdigit():  # "under 5 minutes"
                continue
            if _may_name(run) and any(_holds(title, run) for title in known):
                return NamedCriterion(" ".join(run), " ".join([*tokens[:start], *tokens[start + length :]]))
    return None


def criteria_named(named: str, titles: Collection[str]) -> frozenset[str]:
    """The titles that hold these words."""
    run = words_of(named)
    return frozenset(one for one in titles if run and _holds(words_of(one), run))


def _may_name(run: Sequence[str]) -> bool:
    return not any(end in _SAYS_NOTHING for end in (run[0], run[-1])) and max(map(len, run)) >= _SHORTEST


def _holds(title: Sequence[str], run: Sequence[str]) -> bool:
    return any(
        all(_alike(*pair) for pair in zip(title[at : at + len(run)], run, strict=True))
        for at in range(len(title) - len(run) + 1)
    )


def _alike(one: str, other: str) -> bool:
    """Whether two words are equal, or of one stem."""
    if one == other:
        return True
    needed = max(_SHORTEST, min(len(one), len(other)) - _ENDING)
    return one[:needed] == other[:needed] and len(one) >= needed and len(other) >= needed

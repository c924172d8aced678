"""The criterion that free words name: "core temperature in store 12". Pure.

Criteria are no names of the query language: they are looked for only in a text that can't be read without them.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.query.name_index import words_of
from bot.query.small_words import GENERIC, IGNORED, JOINS, NEGATIONS

LONGEST = 8  # words
_SHORTEST = 4  # letters of a word that may name a criterion, and of a stem
_SUFFIXES = frozenset({
    "", "s", "es", "d", "ed", "e", "ing", "y", "ies", "ied", "er", "ers", "ion", "ions", "ly",
})  # fmt: skip  # of one stem: "washing" and "washed"
_SAYS_NOTHING = IGNORED | GENERIC | JOINS | NEGATIONS | {"good", "well", "fine", "great", "best", "better"}
_AROUND = re.compile(
    r"\b(?:by:criterion|because of|due to|criterion|criteria|(?:get|got|getting|gets) (?:better|worse)"
    r"|improv(?:ed|ing|es|e)"
    r"|wrong|(?:problems?|issues?|troubles?|difficult(?:y|ies)|mistakes?|errors?)(?: with)?"
    r"|around|regarding|concerning)\b",
    re.IGNORECASE,
)  # what such a question says beside the criterion


@dataclass(frozen=True, slots=True)
class NamedCriterion:
    """The words of a text that name criteria, and the text without them. `is_likely`: they are of one stem with a word
    of a title, and no title holds them: an ordinary word is to be asked about."""

    named: str
    other_text: str
    is_likely: bool = False


def split_criterion(text: str, titles: Sequence[str]) -> NamedCriterion | None:
    """The longest run of words that a title holds, whole or, for two words and more, by their stems; else one word
    that is like one of a title; None if there is none."""
    known = [words_of(one) for one in titles]
    around = _AROUND.sub(" ", text)
    found = _split(around, known)
    return found if found is not None or around == text else _split(text, known)


def _split(text: str, known: Sequence[Sequence[str]]) -> NamedCriterion | None:
    tokens = [one for one in text.split() if words_of(one)]
    for length in range(min(LONGEST, len(tokens)), 0, -1):
        for is_stem in (False, True):
            for start in range(len(tokens) - length + 1):
                run = [word for token in tokens[start : start + length] for word in words_of(token)]
                if start and tokens[start - 1].isdigit():  # "under 5 minutes"
                    continue
                if _may_name(run) and any(_holds(title, run, is_stem=is_stem) for title in known):
                    other = " ".join([*tokens[:start], *tokens[start + length :]])
                    is_likely = is_stem and len(run) == 1 and not _has_number(run[0], known)
                    return NamedCriterion(" ".join(run), other, is_likely)
    return None


def criteria_named(named: str, titles: Collection[str]) -> frozenset[str]:
    """The titles that hold these words; by their stems if none holds them as they are."""
    run = words_of(named)
    for is_stem in (False, True):
        if found := frozenset(one for one in titles if run and _holds(words_of(one), run, is_stem=is_stem)):
            return found
    return frozenset()


def _may_name(run: Sequence[str]) -> bool:
    return not any(end in _SAYS_NOTHING for end in (run[0], run[-1])) and max(map(len, run)) >= _SHORTEST


def _has_number(word: str, known: Sequence[Sequence[str]]) -> bool:
    """Whether a title holds the word in the other number: "allergen" of "Allergens"."""
    forms = {f"{word}s", word.removesuffix("s")}
    return any(not forms.isdisjoint(title) for title in known)


def _holds(title: Sequence[str], run: Sequence[str], *, is_stem: bool) -> bool:
    alike = _alike if is_stem else str.__eq__
    return any(
        all(alike(*pair) for pair in zip(title[at : at + len(run)], run, strict=True))
        for at in range(len(title) - len(run) + 1)
    )


def _alike(one: str, other: str) -> bool:
    """Whether two words are equal, or differ in their endings only."""
    if one == other:
        return True
    stem = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(one), len(other)) if stem is None else stem
    return at >= _SHORTEST and one[at:] in _SUFFIXES and other[at:] in _SUFFIXES

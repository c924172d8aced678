"""No text takes a pattern of questions and wishes for ever: where each word of a pattern can be read in two ways, one
that is repeated and does not fit is tried in all combinations."""

import re
from types import ModuleType

import pytest

from bot.listeners.commands import dispatch
from bot.listeners.questions import asked, elsewhere, media, nearest_topic, patterns, rule_wishes, small_talk, synonyms
from bot.listeners.questions import unmet_rule_wishes as unmet

_WORD = re.compile(r"(?<![\\a-z])[a-z][a-z']+")
_LONGEST = 3_000  # characters: what a slash command carries
_LONGEST_WISH = 200  # as `asked.wish_of` reads


def _of(module: ModuleType) -> list[re.Pattern[str]]:
    return [one for one in vars(module).values() if isinstance(one, re.Pattern)]


WHOLE = [
    *(
        one
        for module in (dispatch, elsewhere, media, patterns, rule_wishes, small_talk, synonyms, unmet)
        for one in _of(module)
    ),
    *(pattern for pattern, _ in elsewhere._PLACES),
    *(pattern for pattern, _, _ in unmet._PLACES),
]
FOUND = [*(pattern for pattern, _ in asked._WISHES), *(one[0] for one in nearest_topic._TOPICS)]


def repeated(pattern: re.Pattern[str], longest: int) -> list[str]:
    """The words of a pattern, each so often that the text is that long, with an end that fits nothing."""
    words = {*_WORD.findall(pattern.pattern), "sofia's", "this", "tomorrow's", "a"}
    return [f"{f'{word} ' * (longest // (len(word) + 1))}zz" for word in sorted(words)]


@pytest.mark.parametrize("pattern", WHOLE, ids=lambda one: str(one.pattern[:40]))
def test_a_repeated_word_ends_a_pattern_of_whole_texts(pattern: re.Pattern[str]) -> None:
    for text in repeated(pattern, _LONGEST):
        pattern.fullmatch(text)


@pytest.mark.parametrize("pattern", FOUND, ids=lambda one: str(one.pattern[:40]))
def test_a_repeated_word_ends_a_pattern_of_wishes(pattern: re.Pattern[str]) -> None:
    for text in repeated(pattern, _LONGEST_WISH):
        pattern.search(text)

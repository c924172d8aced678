"""Questions are read by what their words are about: each meaning by its example, each phrase with one concept."""

from datetime import date

import pytest

from bot.listeners.questions.concepts import LEXICON, C, Concept
from bot.listeners.questions.meanings import MEANINGS, Meaning, meaning_of
from bot.listeners.questions.parts import Named, parts_of
from bot.listeners.questions.wording import worded

FRIDAY = date(2026, 11, 27)
NAMES = (
    Named(("mark",), C.PERSON),
    Named(("training",), Concept(0)),
    Named(("sofia",), C.PERSON),
    Named(("store", "12"), C.PLACE),
    Named(("opening",), Concept(0)),
    Named(("progress", "review"), Concept(0)),
)


def meaning(text: str) -> Meaning | None:
    return meaning_of([part.concept for part in parts_of(text, NAMES, FRIDAY)])


def asked(text: str) -> str:
    """The command that a question stands for; "" if it asks for sessions."""
    parts = parts_of(text, NAMES, FRIDAY)
    found = meaning_of([part.concept for part in parts])
    if found is None:
        return ""
    intent = worded(found, parts)
    return f"{intent.verb} {intent.words}".rstrip()


@pytest.mark.parametrize("one", MEANINGS, ids=lambda one: one.example)
def test_an_example_has_its_own_meaning(one: Meaning) -> None:
    assert meaning(one.example) is one


def test_every_concept_has_phrases_or_is_read_from_the_text() -> None:
    read = C.PERIOD | C.FUTURE | C.EARLIER | C.NUMBER | C.NAME | C.PERSON | C.PLACE | C.UNIT | C.LOW | C.MET | C.OPEN
    read |= C.ID | C.KEY
    assert {one for one in Concept if not one & read} <= set(LEXICON.values())


@pytest.mark.parametrize(
    ("text", "command"),
    [
        # what a question names stays the query, in its order
        (
            "which stores improved most in november without opening",
            "trend by:dept sort:-change in november without opening",
        ),
        ("compare sofia, opening and store 12", "trend compare sofia, opening and store 12"),
        ("top five stores", "trend by:dept sort:-score limit:5"),
        (
            "who failed opening more than once since 1.11.",
            "trend by:employee sort:-count outcome:failed opening since 1.11",
        ),
        # the words of a name ask for nothing
        ("progress review", ""),
        ("progress review by store", "trend by:dept progress review"),
        # nor does a name of one word, if it is a person's or in capitals
        ("is mark getting better", "trend mark"),
        ("why did mark fail", "show last failed mark"),
        ("which stores improved most in Training", "trend by:dept sort:-change in Training"),
        ("who needs training", "trend by:employee sort:-count outcome:failed"),
        # the opposite is not answered
        ("which stores have no failures", ""),
        ("who has no mistakes", ""),
        # who does it to whom
        ("who did I observe most", "trend count by:employee observer:me sort:-count"),
        ("who observed me most", "trend count by:observer employee:me sort:-count"),
        ("who was observed most", "trend count by:employee sort:-count"),
        # times that are not named
        ("is opening better than last month", "trend compare opening last month and this month"),
        ("store 12 this week compared to last", "trend compare store 12 this week and last week"),
        # keys stay as typed
        ('most mistakes checklist:"A B" since:30d', 'trend by:criterion checklist:"A B" since:30d'),
        # a query asks for no other subcommand
        ("failed opening this week", ""),
        ("outcome:failed sort:score", ""),
        ("", ""),
    ],
)
def test_a_question_stands_for_a_command(text: str, command: str) -> None:
    assert asked(text) == command


def test_what_an_answer_can_not_use_is_said() -> None:
    parts = parts_of("who had more than 3 sessions this week", NAMES, FRIDAY)
    found = meaning_of([part.concept for part in parts])
    assert found is not None
    assert worded(found, parts).unused == "more than 3"


def test_a_phrase_has_one_concept() -> None:
    assert all(len(one) == 1 for one in LEXICON.values())

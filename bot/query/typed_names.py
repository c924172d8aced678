"""Names among free words: people, checklists and places, the longest first, and people by mention."""

import re
from collections.abc import Sequence

from bot.query.keys import Key
from bot.query.keywords import AUXILIARIES, DETERMINERS, GENERIC, IGNORED, JOINS, PLACES, SUBJECTS
from bot.query.name_index import NamedThing, words_of
from bot.query.names import MENTION, Kind
from bot.query.position import LONGEST_NAME, Option, Position, is_span, key_of, label_of, labels_of, term_of
from bot.query.questions import MOST_OPTIONS, number_question, question, refuse

_GLUED = re.compile(r"([a-z]+)[-#]?(\d{1,4})")
_PLACE_NUMBER = re.compile(r"(?:no|nr)?\.?(\d{1,4})")
_SHORTEST_PLURAL = 3


def read_mention(here: Position) -> bool:
    """Reads a person by mention; False if the token is none. So do the other readers of names."""
    token = here.tokens[here.at]
    if not MENTION.fullmatch(token.value):
        return False
    here.add_person(f"{here.person_role(1)}:{token.value}", 1)
    return True


def read_long_name(here: Position) -> bool:
    """Reads a name of several words, the longest first, or one in quotes."""
    token = here.tokens[here.at]
    if token.quoted and words_of(token.value):
        if not _name(here, 1, words_of(token.value)):
            refuse(here)
        return True
    words = here.free_words()
    for length in range(min(len(words), LONGEST_NAME), 1, -1):
        phrase = words[:length]
        ends = (phrase[0], phrase[-1])
        if not any(word in IGNORED or word in JOINS for word in ends) and _name(here, length, phrase):
            return True
    return len(words_of(token.value)) > 1 and not is_span(token) and _name(here, 1, words_of(token.value))


def read_place(here: Position) -> bool:
    """ "site 21", "stores 12 and 14", "store12", "store #14": a place by its number, whatever its name calls it."""
    words = here.free_words(2)
    if not words:
        return False
    glued = _GLUED.fullmatch(words[0])
    if glued and glued[1] in PLACES:
        number, used = glued[2], 1
    elif len(words) > 1 and words[0] in PLACES and (found := _PLACE_NUMBER.fullmatch(words[1])):
        number, used = found[1], 2
    elif _follows_place(here) and words[0].isdigit():
        number, used = words[0], 1
    else:
        return False
    places = [one for one in here.index.named([number]) if one.kind is Kind.DEPARTMENT]
    if not places:
        refuse(here, used)
    choices = [(term_of(Key.DEPT, one, here.index), one.name) for one in places]
    if len(choices) > 1:
        raise question(here, f"“{here.typed(used)}” fits {len(choices)} places that you may see.", choices, used)
    here.add(here.signed(choices[0][0]), used)
    here.place_end = here.at
    return True


def _follows_place(here: Position) -> bool:
    """Whether only "and" or a comma stands between here and a place with a number."""
    if here.place_end < 0:
        return False
    before = [token.value.lower() for token in here.tokens[here.place_end : here.at]]
    joined = bool(before) or here.text[here.tokens[here.at - 1].end - 1] in ",;&/"
    return joined and all(one in JOINS or not words_of(one) for one in before)


def read_short_name(here: Position) -> bool:
    """Reads a name of one word. Raises Question for a number."""
    words = here.free_words(1)
    if not words or words[0] in IGNORED or words[0] in JOINS:
        return False
    if words[0].isdigit():
        raise number_question(here, words[0])
    if _verb(here, words[0]):
        return True
    return _name(here, 1, words) or _singular(here, words[0])


def _verb(here: Position, word: str) -> bool:
    """ "check" in "did Jamie check in" is no checklist, although the title of one ends so: the word stays unused, and
    the checklist becomes an option. The first word of a title, a capital inside the text, quotes or a key say the name.
    """
    things = here.index.named([word])
    token = here.tokens[here.at]
    before = words_of(here.tokens[here.at - 1].value)[-1:] if here.at else []
    behind = words_of(here.tokens[here.at + 1].value)[:1] if here.at + 1 < len(here.tokens) else []
    asked = {one.value.lower() for one in here.tokens[: here.at]}
    is_verb = (
        (here.at == here.person_end and not AUXILIARIES.isdisjoint(asked))
        or not SUBJECTS.isdisjoint(before)
        or (not here.at and not DETERMINERS.isdisjoint(behind))
    )
    if not things or not is_verb or (here.at and token.value[:1].isupper()):
        return False
    if any(one.kind is Kind.PERSON or words_of(one.name)[0] == word for one in things):
        return False
    here.options += [
        Option(label_of(one), here.with_term(term_of(key_of(one, Key.EMPLOYEE), one, here.index), 1))
        for one in things[:MOST_OPTIONS]
    ]
    here.skip_unused()
    return True


def _singular(here: Position, word: str) -> bool:
    """ "openings", "sofias results": a name of one word with an s behind it."""
    is_plural = word.endswith("s") and len(word) > _SHORTEST_PLURAL and word not in GENERIC
    return is_plural and _name(here, 1, [word[:-1]])


def _name(here: Position, length: int, words: Sequence[str]) -> bool:
    """Reads a name of so many tokens. Asks if it fits several things."""
    found = _fitting(here, here.index.named(words))
    if not found:
        return False
    role = here.person_role(length)
    if len(found) > 1:
        typed = here.typed(length)
        choices = [(term_of(key_of(one, role), one, here.index), label) for one, label in labels_of(found)]
        raise question(here, f"“{typed}” fits {len(found)} things that you may see.", choices, length)
    thing = found[0]
    term = term_of(key_of(thing, role), thing, here.index)
    if thing.kind is Kind.PERSON:
        if role is Key.EMPLOYEE and here.role is None and here.only_observes(thing.ident):
            other = term_of(Key.OBSERVER, thing, here.index)
            here.options.append(Option(f"Observed by {thing.name}", here.with_term(other, length)))
        here.add_person(term, length)
    else:
        here.add(here.signed(term), length)
        if thing.kind is Kind.DEPARTMENT and words[-1].isdigit():
            here.place_end = here.at
    return True


def _fitting(here: Position, found: Sequence[NamedThing]) -> Sequence[NamedThing]:
    """Only people where a word before says so ("observed by", "of")."""
    people = [one for one in found if one.kind is Kind.PERSON]
    return people if here.role is not None and people else found

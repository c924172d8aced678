"""Names among free words: people, checklists and places, the longest first, and people by mention."""

import re
from collections.abc import Sequence
from itertools import takewhile

from bot.query.keys import Key
from bot.query.name_index import NamedThing, words_of
from bot.query.names import MENTION, Kind
from bot.query.numbers import count_at
from bot.query.position import Option, Position, key_of, label_of, labels_of, term_of
from bot.query.questions import MOST_OPTIONS, Question, number_question, question, refuse
from bot.query.small_words import (
    AUXILIARIES,
    DETERMINERS,
    GENERIC,
    IGNORED,
    JOINS,
    NUMBER_SIGNS,
    PLACES,
    SESSION_WORDS,
    SUBJECTS,
)

_GLUED = re.compile(r"([a-z]+)[-#]?(\d{1,4})")
_PLACE_NUMBER = re.compile(r"(?:no|nr)?\.?(\d{1,4})s?")
_PLACE_NUMBERS = re.compile(r"\d{1,4}(?:[/&+,]\d{1,4})+")  # "stores 12/14"
_SHORTEST_PLURAL = 3
_LOOKAHEAD = 5  # words


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
    if token.quoted and here.words_of(token):
        if not _name(here, 1, here.words_of(token)):
            refuse(here)
        return True
    words = here.name_words()
    for length in range(len(words), 0, -1):
        phrase = [word for each in words[:length] for word in each]
        ends = (words[0], words[length - 1])
        if len(phrase) < 2 or any(all(word in IGNORED or word in JOINS for word in end) for end in ends):
            continue
        if _name(here, length, phrase):
            return True
    return _inverted_name(here) or _with_initial(here)


def _inverted_name(here: Position) -> bool:
    """ "Doe, John", "Doe John" and "region north": one thing by its last word and then the first."""
    pair = [here.words_of(token) for token in here.loose(here.at, 2)]
    if len(pair) < 2 or not all(pair) or any(one[0] in IGNORED or one[0] in JOINS for one in pair):
        return False
    found = here.index.named([*pair[1], *pair[0]])
    return len(found) == 1 and _add_one(here, found[0], 2)


def _with_initial(here: Position) -> bool:
    """ "J. Doe" and "John D.": one of several people of a name, by an initial."""
    pair = [here.words_of(token) for token in here.loose(here.at, 2)]
    if len(pair) < 2 or not all(pair):
        return False
    for initial, name in (pair, pair[::-1]):
        if len(initial) != 1 or len(initial[0]) != 1 or not initial[0].isalpha() or name[0] in IGNORED:
            continue
        found = [one for one in here.index.named(name) if one.kind is Kind.PERSON and _begins(one, initial[0], name)]
        if len(name[0]) > 1 and found:
            if len(found) > 1:
                raise _which(here, found, here.person_role(2), 2)
            return _add_one(here, found[0], 2)
    return False


def _which(here: Position, found: Sequence[NamedThing], role: Key, used: int) -> Question:
    """The question which of several things is meant."""
    choices = [(term_of(key_of(one, role), one, here.index), label) for one, label in labels_of(found)]
    return question(here, f"“{here.typed(used)}” fits {len(found)} things that you may see.", choices, used)


def _begins(person: NamedThing, initial: str, name: Sequence[str]) -> bool:
    """Whether another word of a person's name than the given ones begins with an initial."""
    return any(word.startswith(initial) for word in words_of(person.name) if word not in name)


def read_place(here: Position) -> bool:
    """ "site 21", "stores 12 and 14", "store12", "store #14": a place by its number, whatever its name calls it."""
    words = here.free_words(4)
    if not words:
        return False
    read = _place_numbers(here, words)
    if read is None:
        return False
    (*others, number), used = read
    for one in others:
        places = [place for place in here.index.named([one]) if place.kind is Kind.DEPARTMENT]
        if len(places) != 1:
            refuse(here, used)
        _add_place(here, places[0], 0)
    places = [one for one in here.index.named([number]) if one.kind is Kind.DEPARTMENT]
    if not places:
        refuse(here, used)
    choices = [(term_of(Key.DEPT, one, here.index), label) for one, label in labels_of(places)]
    if len(choices) > 1:
        raise question(here, f"“{here.typed(used)}” fits {len(choices)} places that you may see.", choices, used)
    _add_place(here, places[0], used)
    here.place_end = here.at
    return True


def _place_numbers(here: Position, words: Sequence[str]) -> tuple[Sequence[str], int] | None:
    """The numbers of places that the next words name, and how many words that takes; None if they name none."""
    glued = _GLUED.fullmatch(words[0])
    if glued and (glued[1] in PLACES or (glued[1] == "s" and not here.index.named(words[:1]))):  # "S12"
        return [glued[2]], 1
    if words[0] in PLACES:
        start = 2 if words[1:2] and words[1] in NUMBER_SIGNS else 1
        typed = words[start] if start < len(words) else ""
        if found := _PLACE_NUMBER.fullmatch(typed):
            behind = words[start + 1 :] if words[0].endswith("s") else []
            others = [*takewhile(lambda word: word.isdigit() and _is_place(here, word), behind)]
            return [found[1], *others], start + 1 + len(others)  # "stores 12 14 and 21"
        if _PLACE_NUMBERS.fullmatch(typed):
            return re.split(r"\D", typed), start + 1
        if spelled := count_at(words, start):
            return [str(spelled[0])], start + spelled[1]
    if _follows_place(here) and (number := count_at(words, 0)) and words[0] not in IGNORED:
        return [words[0] if words[0].isdigit() else str(number[0])], number[1]
    if _follows_place(here) and words[0].isdigit():
        return [words[0]], 1
    return None


def _is_place(here: Position, number: str) -> bool:
    return any(one.kind is Kind.DEPARTMENT for one in here.index.named([number]))


def _add_place(here: Position, thing: NamedThing, used: int) -> None:
    """Adds a place. "store 14 kitchen" is that kitchen: of two of which one lies in the other, the inner one counts."""
    is_joined = here.at > 0 and here.tokens[here.at - 1].value.lower() in JOINS
    nests = not is_joined and not here.is_negated
    if nests and any(thing.ident in one.above for one in here.places):
        here.at += used
        return
    for outer in here.places if nests else ():
        if outer.ident in thing.above and (term := term_of(Key.DEPT, outer, here.index)) in here.terms:
            here.terms.remove(term)
    here.add(here.signed(term_of(Key.DEPT, thing, here.index)), used)
    here.places.append(thing)


def _nested(here: Position, found: Sequence[NamedThing], length: int) -> Sequence[NamedThing]:
    """Of several places the one that lies in another place of the text: "kitchen of store 14", "store 14 kitchen"."""
    if len(found) < 2 or any(one.kind is not Kind.DEPARTMENT for one in found):
        return found
    others = {one.ident for one in here.places} | {one.ident for one in _places_behind(here, length)}
    inside = [one for one in found if not others.isdisjoint(one.above)]
    return inside if len(inside) == 1 else found


def _places_behind(here: Position, length: int) -> Sequence[NamedThing]:
    """The places that the next words name without doubt."""
    words = [word for token in here.loose(here.at + length, _LOOKAHEAD) for word in here.words_of(token)]
    for at in range(len(words)):
        if words[at] in PLACES and at + 1 < len(words) and (number := _PLACE_NUMBER.fullmatch(words[at + 1])):
            found = here.index.named([number[1]])
        else:
            found = next((one for n in (3, 2, 1) if (one := here.index.named(words[at : at + n]))), ())
        if len(found) == 1 and found[0].kind is Kind.DEPARTMENT:
            return found
    return ()


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
    if _verb(here, words[0]) or _unit(here, words[0]):
        return True
    return _name(here, 1, words) or _initial(here, words[0]) or _singular(here, words[0])


def _initial(here: Position, word: str) -> bool:
    """ "sofia m": the initial of the person before it says nothing new."""
    if len(word) > 1 or here.at != here.person_end or not here.terms:
        return False
    name = here.terms[-1].partition(":")[2]
    if not any(one.startswith(word) for one in words_of(name)):
        return False
    here.at += 1
    return True


def _verb(here: Position, word: str) -> bool:
    """ "check" in "did Jamie check in" is no checklist, although the title of one ends so: the word stays unused, and
    the checklist becomes an option. The first word of a title, a capital inside the text, quotes or a key say the name.
    """
    things = here.index.named([word])
    token = here.tokens[here.at]
    before = here.words_of(here.tokens[here.at - 1])[-1:] if here.at else []
    behind = here.words_of(here.tokens[here.at + 1])[:1] if here.at + 1 < len(here.tokens) else []
    asked = {one.value.lower() for one in here.tokens[: here.at]}
    is_verb = (
        (here.at == here.person_end and not AUXILIARIES.isdisjoint(asked))
        or not SUBJECTS.isdisjoint(before)
        or (not here.at and not DETERMINERS.isdisjoint(behind))
    )
    is_title_case = not any(one.value[:1].islower() for one in here.tokens)
    if not things or not is_verb or (here.at and token.value[:1].isupper() and not is_title_case):
        return False
    if any(one.kind is Kind.PERSON or words_of(one.name)[0] == word for one in things):
        return False
    here.options += [
        Option(label_of(one), here.with_term(term_of(key_of(one, Key.EMPLOYEE), one, here.index), 1))
        for one in things[:MOST_OPTIONS]
    ]
    here.skip_unused()
    return True


def _unit(here: Position, word: str) -> bool:
    """ "closing checks", "store 12 audits": a word for sessions is no name behind that of a checklist, although another
    title ends so; nor is its plural elsewhere, where the checklist becomes an option."""
    singular = word.removesuffix("s")
    if singular not in SESSION_WORDS:
        return False
    follows_checklist = here.at == here.name_end and here.terms[-1].removeprefix("-").startswith(f"{Key.CHECKLIST}:")
    things = here.index.named([word])
    is_name = any(words_of(one.name)[0] == word for one in things) if follows_checklist else bool(things)
    others = () if follows_checklist else here.index.named([singular])
    if is_name or (not follows_checklist and (word == singular or not others)):
        return False
    here.options += [
        Option(label_of(one), here.with_term(term_of(key_of(one, Key.EMPLOYEE), one, here.index), 1))
        for one in others[:MOST_OPTIONS]
    ]
    here.at += 1
    return True


def _singular(here: Position, word: str) -> bool:
    """ "openings", "sofias results": a name of one word with an s behind it."""
    is_plural = word.endswith("s") and len(word) > _SHORTEST_PLURAL and word not in GENERIC
    return is_plural and _name(here, 1, [word[:-1]])


def _name(here: Position, length: int, words: Sequence[str]) -> bool:
    """Reads a name of so many tokens. Asks if it fits several things."""
    found = _nested(here, _fitting(here, here.index.named(words)), length)
    if not found:
        return False
    role = here.person_role(length)
    if len(found) > 1:
        raise _which(here, found, role, length)
    if words[-1].isdigit() and found[0].kind is Kind.DEPARTMENT:
        here.place_end = here.at + length
    return _add_one(here, found[0], length)


def _add_one(here: Position, thing: NamedThing, length: int) -> bool:
    """Adds the one thing that the next tokens name."""
    if thing.kind is Kind.DEPARTMENT:
        _add_place(here, thing, length)
    elif thing.kind is Kind.CHECKLIST:
        here.add(here.signed(term_of(Key.CHECKLIST, thing, here.index)), length)
    else:
        role = here.person_role(length)
        if here.role is None and here.is_with_employee():
            role = _role_with(here, thing)
        elif role is Key.EMPLOYEE and here.role is None:
            role = _likely_role(here, thing, length)
        here.add_person(term_of(role, thing, here.index), length)
        here.person = thing
    return True


def _likely_role(here: Position, person: NamedThing, length: int) -> Key:
    """Whether somebody of whom no word says it is the employee or, as who observed more and is asked how much they did,
    the observer. The other role of who observed more is an option."""
    observed, own = here.sessions_of(person.ident)
    if observed <= own:
        return Key.EMPLOYEE
    does = here.counts_deeds(length)
    if own or not does:
        other = Key.EMPLOYEE if does else Key.OBSERVER
        label = f"Sessions of {person.name}" if does else f"Observed by {person.name}"
        here.options.append(Option(label, here.with_term(term_of(other, person, here.index), length)))
    return Key.OBSERVER if does else Key.EMPLOYEE


def _role_with(here: Position, person: NamedThing) -> Key:
    """ "the session Jamie had with Tomasz": who of the two observes more is the observer."""
    (observed, own), before = here.sessions_of(person.ident), here.person
    if before is None:
        return Key.OBSERVER
    before_observed, before_own = here.sessions_of(before.ident)
    if observed - own >= before_observed - before_own:
        return Key.OBSERVER
    here.terms[-1] = here.terms[-1].replace(Key.EMPLOYEE, Key.OBSERVER, 1)
    return Key.EMPLOYEE


def _fitting(here: Position, found: Sequence[NamedThing]) -> Sequence[NamedThing]:
    """Only people where a word before says so ("observed by", "of")."""
    people = [one for one in found if one.kind is Kind.PERSON]
    return people if here.role is not None and people else found

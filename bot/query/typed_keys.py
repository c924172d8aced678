"""Keys among free words: `checklist:opening`. The words behind a key belong to it as far as they make one value."""

import re
from collections.abc import Sequence

from bot.domain.errors import QueryError
from bot.query.calendar_dates import date_words
from bot.query.keys import KEYS, Key
from bot.query.keywords import key_named, read_score
from bot.query.name_index import words_of
from bot.query.names import MENTION, Kind
from bot.query.nearest import alike, nearest
from bot.query.period_terms import bound
from bot.query.periods import read_period
from bot.query.position import LONGEST_NAME, Position, term_of
from bot.query.questions import MOST_OPTIONS, question
from bot.query.tokens import Token, quote

_BOUND = re.compile(r"score:[<>]=?[\d.]+")
_KIND_OF = {Key.CHECKLIST: Kind.CHECKLIST, Key.DEPT: Kind.DEPARTMENT}
_KIND_OF |= dict.fromkeys((Key.EMPLOYEE, Key.OBSERVER), Kind.PERSON)


def read_key(here: Position, token: Token) -> None:
    """Reads a key and its value. Raises QueryError with values that can be read, or Question."""
    key = key_named(token.key or "")
    if key is None:
        like = alike(token.key or "", list(Key))
        fixes = [here.with_term(f"{'-' * token.negated}{one}:{quote(token.value)}", 1) for one in like]
        raise QueryError(f"“{token.key}:” is nothing to ask for. There are {', '.join(Key)}.", fixes)
    sign = "-" if token.negated else ""
    following = here.loose(here.at + 1)
    if key in (Key.SINCE, Key.UNTIL):
        if _read_date_key(here, key, token, following):
            return
    elif (kind := _KIND_OF.get(key)) is not None:
        _read_name_key(here, key, kind, token, following)
        return
    elif key is Key.SCORE and not token.quoted and _read_score_key(here, token, following):
        return
    spec = KEYS[key]
    joined = following if spec.joins and not token.quoted else []
    typed = [token.value, *(here.text[one.start : one.end].rstrip(",;") for one in joined)]
    for used in range(min(len(typed), 5), 0, -1):
        try:
            value = spec.read(" ".join(typed[:used]))
        except ValueError as error:
            reason = str(error)
            continue
        here.add(f"{sign}{key}:{quote(value) if ' ' in value else value}", used)
        return
    values = token.value.split(",")
    if not token.quoted and len(values) > 1:
        for value in values:
            here.add(f"{sign}{key}:{quote(spec.read(value.strip()))}", 0)
        here.at += 1
        return
    like = nearest(token.value, spec.choices) if token.value else spec.choices[:MOST_OPTIONS]
    fixes = [here.with_term(f"{sign}{key}:{quote(one)}", 1) for one in like]
    raise QueryError(f"“{token.key}:{token.value}” can't be read: {reason}.", fixes)


def _read_score_key(here: Position, token: Token, following: Sequence[Token]) -> bool:
    """ "score:below 60", "score:60 to 80": a score in words behind its key."""
    typed = [words_of(one.value) or ["-"] for one in (token, *following[:5])]
    if any(len(one) != 1 for one in typed):
        return False
    found = read_score([one[0] for one in typed])
    if found is None or found.used < 2:
        return False
    here.add(f"{'-' * token.negated}{found.terms[0]}", found.used)
    return True


def _read_date_key(here: Position, key: Key, token: Token, following: Sequence[Token]) -> bool:
    """A date behind `since:` or `until:`; the words behind it belong to it as far as they make one date."""
    typed = [*date_words(token.value)]
    own = len(typed)
    if not token.quoted:
        typed += [word for one in following for word in date_words(one.value)]
    found = read_period(typed, 0, here.today)
    if found is None or found.used < own or any(bound(one, key) is None for one in found.periods):
        return False
    sign = "-" if token.negated else ""
    used = 1 + found.used - own
    bounds = [str(bound(one, key)) for one in found.periods]
    choices = [(f"{sign}{key}:{one}", KEYS[key].say(one)[0]) for one in bounds]
    if len(choices) > 1:
        raise question(here, f"“{token.value}” fits {len(choices)} days.", choices, used)
    here.add(choices[0][0], used)
    return True


def _read_name_key(here: Position, key: Key, kind: Kind, token: Token, following: Sequence[Token]) -> None:
    """A name behind a key; the words behind it belong to it as far as they make one name."""
    sign = "-" if token.negated else ""
    if token.value.lower() in ("me", "myself") and kind is Kind.PERSON:
        here.add(f"{sign}{key}:me", 1)
        return
    longest = 0 if token.quoted else min(len(following), LONGEST_NAME)
    for more in range(longest, -1, -1):
        typed = " ".join([token.value, *(one.value for one in following[:more])])
        found = [one for one in here.index.named(words_of(typed)) if one.kind is kind]
        if len(found) == 1:
            here.add(f"{sign}{term_of(key, found[0], here.index)}", 1 + more)
            return
        if found and more:
            here.add(f"{sign}{key}:{quote(typed)}", 1 + more)
            return
    if not token.quoted and "," in token.value:
        for value in filter(None, (one.strip() for one in token.value.split(","))):
            found = [one for one in here.index.named(words_of(value)) if one.kind is kind]
            here.add(f"{sign}{term_of(key, found[0], here.index) if len(found) == 1 else f'{key}:{quote(value)}'}", 0)
        here.at += 1
        return
    value = token.value if MENTION.fullmatch(token.value) or token.value.startswith("<") else quote(token.value)
    here.add(f"{sign}{key}:{value}", 1)


def with_score_range(terms: Sequence[str]) -> Sequence[str]:
    """The terms with one lower and one upper bound of the score as one range: `score:>80..<90`."""
    bounds = [term for term in dict.fromkeys(terms) if _BOUND.fullmatch(term)]
    scores = [term for term in dict.fromkeys(terms) if term.startswith(f"{Key.SCORE}:")]
    lower = [one for one in bounds if ">" in one]
    if len(scores) != 2 or len(bounds) != 2 or len(lower) != 1:
        return terms
    low = lower[0].partition(":")[2]
    high = next(one for one in bounds if one != lower[0]).partition(":")[2]
    if float(low.strip("<>=")) > float(high.strip("<>=")):
        return terms
    both = f"{Key.SCORE}:{low.removeprefix('>=')}..{high.removeprefix('<=')}"
    return [both if term == scores[0] else term for term in terms if term != scores[1]]

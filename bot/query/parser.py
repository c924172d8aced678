"""The language of queries and rules: `checklist:"Opening" dept:"Store 12" score:<80 since:30d`.

A `Query` is the typed text, term by term; resolved against the people and checklists of today it becomes a `Filter`,
which Python and SQL match alike. Repeated key = or, different keys = and, leading minus = not. A key is one entry in
`query.keys`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import takewhile

from bot.domain.errors import QueryError
from bot.domain.filters import Condition, Filter, matches
from bot.query.keys import KEYS, Key, KeySpec, Query, Term, Today
from bot.query.names import ME, MENTION, Kind, Names, id_of
from bot.query.nearest import nearest
from bot.query.tokens import Token, Unclosed, quote, tokenize
from bot.query.values import OUTCOMES, format_day

__all__ = [
    "Key", "Names", "Query", "Term",
    "is_text", "matches", "mentioned", "parse", "pin", "resolve", "say", "unmatched", "words",
]  # fmt: skip

LONGEST_TEXT = 3000  # characters: what a slash command carries
MOST_TERMS = 50
MOST_MEASURED = 3  # mistyped names that get suggestions
MOST_JOINED = 4  # words behind a value's first: "60 % - 80 %"
MOST_FIXES = 3


# ---- reading and saying ------------------------------------------------------------------------------------------


def parse(text: str) -> Query:
    """The query of a typed text, any case. Raises QueryError, which says where and what, with corrected texts."""
    try:
        return _read(text)
    except QueryError as error:
        fixes = dict.fromkeys(fix for one in error.suggestions if (fix := _mended(one)) is not None)
        raise QueryError(str(error), [*fixes][:MOST_FIXES]) from None


def _mended(text: str, more: int = MOST_FIXES) -> str | None:
    """A corrected text, what else is wrong in it corrected too, as far as its first fixes lead; None if to no query."""
    try:
        _read(text)
    except QueryError as error:
        return _mended(error.suggestions[0], more - 1) if more and error.suggestions else None
    return text


def _read(text: str) -> Query:
    """As `parse`, but each of the corrected texts mends one mistake and may hold others."""
    if len(text) > LONGEST_TEXT:
        raise QueryError(f"The query is {len(text)} characters long; at most {LONGEST_TEXT} can be read.")
    found: list[Token] = []
    try:
        for token in tokenize(text):
            found.append(token)
            if len(found) > 3 * MOST_TERMS:
                break
    except Unclosed as unclosed:
        message = f"The quote at character {unclosed.start + 1} is never closed."
        raise QueryError(message, [f'{text.rstrip()}"']) from None
    terms: list[Term] = []
    at = 0
    while at < len(found):
        term, used = _term(text, found, at)
        terms.append(term)
        at += used
        if len(terms) > MOST_TERMS:
            raise QueryError(f"The query has more than {MOST_TERMS} parts. Leave some out.")
    return Query(tuple(terms))


def _term(text: str, found: Sequence[Token], at: int) -> tuple[Term, int]:
    """The term that begins at a token, and how many tokens it takes."""
    token = found[at]
    if token.key is None:
        raise _stands_alone(text, found, at)
    key = _key(text, token)
    spec = KEYS[key]
    following = _loose(found, at + 1) if spec.joins and not token.quoted else []
    typed = [token.value, *(text[loose.start : loose.end].rstrip(",;") for loose in following)]
    for used in range(min(len(following), MOST_JOINED), -1, -1):
        try:
            return Term(key, spec.read(" ".join(typed[: used + 1])), token.negated), used + 1
        except ValueError as error:
            reason = str(error)
    value, end = " ".join(typed), found[at + len(following)].end
    where = f"“{value}” (at character {token.value_start + 1})" if value else f"“{token.key}:”"
    like = nearest(value, spec.choices) if value else spec.choices[:MOST_FIXES]
    fixes = [f"{text[: token.value_start]}{quote(choice)}{text[end:]}" for choice in like]
    raise QueryError(f"{where} can't be read: {reason}.", fixes)


def _loose(found: Sequence[Token], at: int) -> Sequence[Token]:
    """The words from a token on that may belong to the token before them, single dashes among them."""
    return list(
        takewhile(lambda one: one.key is None and not one.quoted and not (one.negated and one.value), found[at:])
    )


def _key(text: str, token: Token) -> Key:
    typed = token.key or ""
    try:
        return Key(typed.lower())
    except ValueError:
        start = token.start + token.negated
        usable = [key for key in Key if _reads(KEYS[key], token.value)]
        like = nearest(typed, usable, at_least=1)
        raise QueryError(
            f"“{typed}:” (at character {start + 1}) is nothing to ask for. There are {', '.join(Key)}.",
            [f"{text[:start]}{key}{text[start + len(typed) :]}" for key in like],
        ) from None


def _reads(spec: KeySpec, value: str) -> bool:
    try:
        return bool(spec.read(value))
    except ValueError:
        return False


def _stands_alone(text: str, found: Sequence[Token], at: int) -> QueryError:
    token = found[at]
    sign = "-" if token.negated else ""
    following = _loose(found, at + 1)
    typed = [_typed(text, token), *(text[loose.start : loose.end] for loose in following)]
    before, after = text[: token.start] + sign, text[found[at + len(following)].end :]
    fixes = []
    previous = found[at - 1] if at and found[at - 1].key else None
    joins = previous is not None and KEYS[Key((previous.key or "").lower())].joins
    if previous and not previous.quoted and not joins:
        fixes.append(f"{text[: previous.value_start]}{_as_name(_typed(text, previous), *typed)}{after}")
    like = nearest(token.value, OUTCOMES, 1, at_least=75)
    fixes += [f"{before}{Key.OUTCOME}:{outcome}{text[token.end :]}" for outcome in like]
    name = _as_name(*typed)
    keys = (Key.EMPLOYEE, Key.OBSERVER) if MENTION.fullmatch(name) else (Key.CHECKLIST, Key.EMPLOYEE, Key.DEPT)
    if not joins or any(letter.isalpha() for letter in name):  # a number behind a score or a date is no name
        fixes += [f"{before}{key}:{name}{after}" for key in keys]
    message = (
        f"“{sign}{token.value}” (at character {token.start + 1}) stands alone: say what it is, "
        f"and put names of several words in quotes, as in {KEYS[Key.DEPT].example}."
    )
    return QueryError(message, fixes)


def _typed(text: str, token: Token) -> str:
    """A token's value, a comma behind it included: it may belong to the middle of a name."""
    return token.value if token.quoted else text[token.value_start : token.end]


def _as_name(*typed: str) -> str:
    """Words as the one name they were meant as."""
    return _format_value(" ".join(typed).strip().rstrip(",;"))


def say(query: Query) -> str:
    """The query as canonical text: `parse(say(query)) == query`."""
    return " ".join(f"{'-' * term.negated}{term.key}:{_format_value(term.value)}" for term in query.terms)


_PLAIN = re.compile(r"[<>]?=?[\d.]+\.\.<?[\d.]+|[<>]=?[\d.]+|[\d:.T+-]+")  # scores and dates


def _format_value(value: str) -> str:
    is_plain = MENTION.fullmatch(value) or id_of(value) or _PLAIN.fullmatch(value)
    return value if is_plain else quote(value)


def words(
    query: Query, names: Names | None = None, *, name_of: Callable[[str], str] = lambda user_id: f"<@{user_id}>"
) -> str:
    """The query as a person would say it: "sessions on “Opening” in Store 12, with a low result, in the last 30 days".
    Escape the answer before showing it.

    Names are as typed. With `names`, those that the reader may see, a text that is no whole name is said as what it
    means in a rule: "of all whose name contains “ana”". An id is said as its name among them. `name_of` names a
    mentioned Slack user.
    """
    if not query.terms:
        return "all sessions"
    outsider, day = _outsider_of(query), _day_of(query)
    near, apart = "sessions", ""
    if outsider is not None:
        (name,) = _parts(KEYS[Key.EMPLOYEE], outsider, names, name_of)
        near += f" that {name} {'are' if name == 'you' else 'is'} not in"
    for key, spec in KEYS.items():
        for negated in (False, True):
            values = [term.value for term in query.terms if term.key is key and term.negated is negated]
            if outsider is not None and negated and spec.kind is Kind.PERSON:
                continue
            said = list(dict.fromkeys(part for value in values for part in _parts(spec, value, names, name_of)))
            if day and key in (Key.SINCE, Key.UNTIL):
                said = [day] if key is Key.SINCE and not negated else []
            if not said:
                continue
            if negated and len(said) > 1:
                phrase = f"neither {spec.lead}{_enumerated(said, 'nor')}"
            else:
                phrase = f"{'not ' * negated}{spec.lead}{_enumerated(said, 'or')}"
            if spec.kind is not None and not negated:
                near += f" {phrase}"
            else:
                apart += f", {phrase}" if apart or near != "sessions" else f" {phrase}"
    return near + apart


def _outsider_of(query: Query) -> str | None:
    """The one person who is neither observer nor employee in what a query asks for; None if there is none."""
    left_out = [(term.key, term.value) for term in query.terms if term.negated and KEYS[term.key].kind is Kind.PERSON]
    people = {value for _, value in left_out}
    return people.pop() if len(left_out) == 2 and len({key for key, _ in left_out}) == 2 and len(people) == 1 else None


def _day_of(query: Query) -> str | None:
    """The one day, week or month that a query's dates enclose, in words; None if they enclose none, or another time."""
    dates = [term for term in query.terms if term.key in (Key.SINCE, Key.UNTIL)]
    found = {term.key: term.value for term in dates if not term.negated}
    if len(dates) != len(found) or len(found) != 2:
        return None
    return format_day(found[Key.SINCE], found[Key.UNTIL])


def _enumerated(parts: Sequence[str], last: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _parts(spec: KeySpec, value: str, names: Names | None, name_of: Callable[[str], str]) -> tuple[str, ...]:
    kind = spec.kind
    if kind is None:
        return spec.say(value)
    if (ident := id_of(value)) is not None:
        return spec.say((names or Names()).label(kind, ident))
    if mention := MENTION.fullmatch(value):
        return (name_of(mention[1]),)
    if value == ME and kind is Kind.PERSON:
        return spec.say("you")
    if names is None or names.exactly(kind, value):
        return spec.say(value)
    no_one = "" if names.known(kind, value) else f" (no {kind} now)"
    return (f"all whose name contains “{value}”{no_one}",)


def mentioned(query: Query) -> frozenset[str]:
    """The Slack users a query names by mention: look up whom they are linked to before resolving it."""
    return frozenset(found[1] for term in query.terms if (found := MENTION.fullmatch(term.value)))


# ---- what it means today -----------------------------------------------------------------------------------------


def resolve(query: Query, names: Names, *, now: datetime, zone: tzinfo) -> Filter:
    """What a query means today.

    Names by exact match, else the only one that begins so, else all that contain it; an unknown name matches nothing.
    """
    today = Today(names, now, zone)
    conditions = []
    for key, spec in KEYS.items():
        for negated in (False, True):
            values = [term.value for term in query.terms if term.key is key and term.negated is negated]
            if values and spec.column is not None and spec.accepts is not None:
                conditions.append(Condition(spec.column, spec.accepts(today, values), negated))
    return Filter(tuple(conditions))


def pin(query: Query, *, now: datetime, zone: tzinfo) -> Query:
    """The query with its dates as instants, so that it means the same for every asker and in every zone."""
    today = Today(Names(), now, zone)
    return Query(tuple(replace(term, value=KEYS[term.key].pin(today, term.value)) for term in query.terms))


def unmatched(query: Query, names: Names) -> tuple[tuple[Term, tuple[str, ...]], ...]:
    """The terms that match none of these names, each with the nearest three names.

    The names come from the argument alone: pass only what the asker may see. A mention of an unlinked account and an
    unknown id have none, and neither have terms after the third: measuring tens of thousands of names takes time.
    """
    return tuple(_without_match(query, names))


def _without_match(query: Query, names: Names) -> Iterator[tuple[Term, tuple[str, ...]]]:
    measured = 0
    for term in query.terms:
        kind = KEYS[term.key].kind
        if kind is None or names.known(kind, term.value):
            continue
        if not is_text(term) or measured == MOST_MEASURED:
            yield term, ()
        else:
            measured += 1
            yield term, names.nearest(kind, term.value)


def is_text(term: Term) -> bool:
    """Whether a term holds a name as text: neither an id nor a mention."""
    if KEYS[term.key].kind is None or id_of(term.value) is not None or MENTION.fullmatch(term.value):
        return False
    return not (term.value == ME and KEYS[term.key].kind is Kind.PERSON)

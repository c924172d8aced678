"""The one language of query and subscribe: `checklist:"Opening" dept:"Store 12" score:<80 since:30d`.

A `Query` is what was asked, word for word; resolved against the people and checklists of today it becomes a `Filter`,
which Python and SQL match alike. Repeated key = or, different keys = and, leading minus = not. A key is one entry of
`_KEYS`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import Any

from bot.core.directory import Directory
from bot.core.errors import QueryError
from bot.core.filters import Filter, ids_named, matches
from bot.core.model import OutcomeKind
from bot.core.nearest import fold, nearest
from bot.core.tokens import Piece, Unclosed, pieces, quote
from bot.core.values import (
    NAMED_DAYS,
    ScoreRange,
    read_score,
    read_since,
    say_score,
    say_since,
    score_range,
    since_when,
)

__all__ = [
    "EXAMPLES", "Filter", "Key", "Query", "ScoreRange", "Term",
    "matches", "mentioned", "parse", "pin", "resolve", "say", "unmatched", "words",
]  # fmt: skip

LONGEST_TEXT = 3000  # characters: what a slash command carries
MOST_TERMS = 50
_LONGEST_NAME = 200


class Key(StrEnum):
    CHECKLIST = "checklist"
    OUTCOME = "outcome"
    OBSERVER = "observer"
    EMPLOYEE = "employee"
    DEPT = "dept"
    SCORE = "score"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class Term:
    """One `key:value`; `value` is canonical text (`<80`, `30d`, `Store 12`, `<@U0123>`)."""

    key: Key
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked, in the order it was asked; no terms means everything."""

    terms: tuple[Term, ...] = ()


# ---- names and outcomes as values --------------------------------------------------------------------------------

_MENTION = re.compile(r"<@([A-Za-z0-9]+)(?:\|[^<>]*)?>")
_CHANNEL = re.compile(r"<#[A-Za-z0-9]+\|([^<>]+)>")
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}

_OUTCOMES: Mapping[str, tuple[tuple[str, ...], frozenset[OutcomeKind]]] = {
    "planned": (("planned",), frozenset({OutcomeKind.PLANNED})),
    "progress": (("in progress",), frozenset({OutcomeKind.IN_PROGRESS})),
    "completed": (
        ("completed",),
        frozenset({OutcomeKind.COMPLETED, OutcomeKind.MET, OutcomeKind.BELOW, OutcomeKind.FAILED}),
    ),
    "met": (("target met",), frozenset({OutcomeKind.MET})),
    "below": (("below target",), frozenset({OutcomeKind.BELOW})),
    "failed": (("below target", "failed"), frozenset({OutcomeKind.BELOW, OutcomeKind.FAILED})),
    "unknown": (("of unknown status",), frozenset({OutcomeKind.UNKNOWN})),
}
_OUTCOME_ALIASES = {"in progress": "progress", "started": "progress", "scheduled": "planned", "fail": "failed"}


def _read_name(text: str) -> str:
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"a name has at most {_LONGEST_NAME} letters")
    name = ""
    while name != text:
        name, text = text, _plainer(text)
    if not name:
        raise ValueError("there is no name behind the colon")
    return name


def _plainer(text: str) -> str:
    """One step towards what was meant: until nothing changes, so that canonical text reads as itself."""
    text = _CHANNEL.sub(r"\1", text)
    text = re.sub("&(?:amp|lt|gt);", lambda found: _ESCAPES[found[0]], text)
    text = "".join(c for c in unicodedata.normalize("NFC", text) if c.isprintable() or c.isspace())
    return " ".join(text.split()).lstrip("@ ")


def _read_person(text: str) -> str:
    mention = _MENTION.fullmatch(text.strip())
    return f"<@{mention[1].upper()}>" if mention else _read_name(text)


def _read_outcome(text: str) -> str:
    plain = fold(text)
    name = _OUTCOME_ALIASES.get(plain, plain)
    if name not in _OUTCOMES:
        raise ValueError(f"an outcome is one of {', '.join(_OUTCOMES)}")
    return name


# ---- what a value means today ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Today:
    directory: Directory
    checklists: Mapping[str, str]
    mentions: Mapping[str, str]

    @cached_property
    def people_names(self) -> Sequence[tuple[str, str]]:
        return [(fold(person.name), ident) for ident, person in self.directory.people.items()]

    @cached_property
    def department_names(self) -> Sequence[tuple[str, str]]:
        return [(fold(place.name), ident) for ident, place in self.directory.departments.items()]

    @cached_property
    def checklist_names(self) -> Sequence[tuple[str, str]]:
        return [(fold(title), ident) for ident, title in self.checklists.items()]

    def people(self, value: str) -> frozenset[str]:
        if mention := _MENTION.fullmatch(value):
            person = self.mentions.get(mention[1])
            return frozenset() if person is None else frozenset({person})
        return ids_named(fold(value), self.people_names)

    def checklists_named(self, value: str) -> frozenset[str]:
        return ids_named(fold(value), self.checklist_names)

    def departments(self, value: str) -> frozenset[str]:
        return ids_named(fold(value), self.department_names)

    def in_departments(self, value: str) -> frozenset[str]:
        """The people of the departments a name means, with their sub-departments."""
        places = self.departments(value)
        return frozenset(
            ident
            for ident, person in self.directory.people.items()
            if any(place.department_id in places for place in self.directory.department_path(person.department_id))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    """One key: how its value is read and said, and which field of `Filter` it narrows.

    `ids` answers what one value means; `known` whether it names anything, out of `names`; `choices` are its words
    where they can be listed. `joins`: words that follow without quotes may belong to it ("last week").
    """

    example: str
    read: Callable[[str], str]
    lead: str
    say: Callable[[str], tuple[str, ...]]
    field: str
    ids: Callable[[_Today, str], frozenset[str]] | None = None
    known: Callable[[_Today, str], frozenset[str]] | None = None
    names: Callable[[_Today], Iterable[str]] | None = None
    choices: tuple[str, ...] = ()
    joins: bool = False


def _titles(today: _Today) -> Iterable[str]:
    return today.checklists.values()


def _people(today: _Today) -> Iterable[str]:
    return (person.name for person in today.directory.people.values())


def _places(today: _Today) -> Iterable[str]:
    return (place.name for place in today.directory.departments.values())


_KEYS: Mapping[Key, _Meaning] = {
    Key.CHECKLIST: _Meaning(
        example='checklist:"Opening"', read=_read_name, lead="on ", say=lambda value: (f"“{value}”",),
        field="checklists", ids=_Today.checklists_named, known=_Today.checklists_named, names=_titles,
    ),
    Key.DEPT: _Meaning(
        example='dept:"Store 12"', read=_read_name, lead="in ", say=lambda value: (value,),
        field="employees", ids=_Today.in_departments, known=_Today.departments, names=_places,
    ),
    Key.OBSERVER: _Meaning(
        example="observer:@ana", read=_read_person, lead="observed by ", say=lambda value: (value,),
        field="observers", ids=_Today.people, known=_Today.people, names=_people,
    ),
    Key.EMPLOYEE: _Meaning(
        example='employee:"J. Doe"', read=_read_person, lead="of ", say=lambda value: (value,),
        field="employees", ids=_Today.people, known=_Today.people, names=_people,
    ),
    Key.OUTCOME: _Meaning(
        example="outcome:failed", read=_read_outcome, lead="", say=lambda value: _OUTCOMES[value][0],
        field="outcomes", choices=(*_OUTCOMES,), joins=True,
    ),
    Key.SCORE: _Meaning(
        example="score:<80", read=read_score, lead="scored ", say=lambda value: (say_score(value),),
        field="scores", joins=True,
    ),
    Key.SINCE: _Meaning(
        example="since:30d", read=read_since, lead="", say=lambda value: (say_since(value),),
        field="since", choices=NAMED_DAYS, joins=True,
    ),
}  # fmt: skip

EXAMPLES: Mapping[Key, str] = {key: meaning.example for key, meaning in _KEYS.items()}


# ---- reading and saying ------------------------------------------------------------------------------------------


def parse(text: str) -> Query:
    """The query somebody typed, any case. Raises QueryError, which says where and what, with corrected texts."""
    if len(text) > LONGEST_TEXT:
        raise QueryError(f"The query is {len(text)} characters long; at most {LONGEST_TEXT} can be read.")
    found: list[Piece] = []
    try:
        for piece in pieces(text):
            found.append(piece)
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


def _term(text: str, found: Sequence[Piece], at: int) -> tuple[Term, int]:
    """The term that begins at a piece, and how many pieces it takes."""
    piece = found[at]
    if piece.key is None:
        raise _stands_alone(text, found, at)
    key = _key(text, piece)
    meaning = _KEYS[key]
    following = []
    if meaning.joins and not piece.quoted:
        for loose in found[at + 1 : at + 3]:
            if loose.key is not None or loose.quoted or loose.negated:
                break
            following.append(loose)
    for used in range(len(following), -1, -1):
        end = found[at + used].end
        value = " ".join([piece.value, *(loose.value for loose in following[:used])])
        try:
            return Term(key, meaning.read(value), piece.negated), used + 1
        except ValueError as error:
            reason = str(error)
    where = f"“{piece.value}” (at character {piece.value_start + 1})" if piece.value else f"“{piece.key}:”"
    like = nearest(piece.value, meaning.choices, at_least=0) if piece.value else meaning.choices[:3]
    fixes = [f"{text[: piece.value_start]}{quote(choice)}{text[end:]}" for choice in like]
    raise QueryError(f"{where} can't be read: {reason}.", fixes)


def _key(text: str, piece: Piece) -> Key:
    typed = piece.key or ""
    try:
        return Key(typed.lower())
    except ValueError:
        start = piece.start + piece.negated
        like = nearest(typed, list(Key), at_least=0)
        raise QueryError(
            f"“{typed}:” (at character {start + 1}) is nothing to ask for. There are {', '.join(Key)}.",
            [f"{text[:start]}{key}{text[start + len(typed) :]}" for key in like],
        ) from None


def _stands_alone(text: str, found: Sequence[Piece], at: int) -> QueryError:
    piece = found[at]
    before, after = text[: piece.start], text[piece.end :]
    sign = "-" if piece.negated else ""
    fixes = []
    previous = found[at - 1] if at else None
    if previous and previous.key and not previous.quoted and not _KEYS[Key(previous.key.lower())].joins:
        fixes.append(f"{text[: previous.value_start]}{quote(f'{previous.value} {piece.value}')}{after}")
    fixes += [f"{before}{sign}outcome:{name}{after}" for name in nearest(piece.value, _OUTCOMES, 1, at_least=75)]
    fixes += [f"{before}{sign}{key}:{quote(piece.value)}{after}" for key in (Key.CHECKLIST, Key.EMPLOYEE, Key.DEPT)]
    message = (
        f"“{piece.value}” (at character {piece.start + 1}) stands alone: say what it is, "
        f"and put names of several words in quotes, as in {EXAMPLES[Key.DEPT]}."
    )
    return QueryError(message, fixes[:3])


def say(query: Query) -> str:
    """The query as canonical text: `parse(say(query)) == query`."""
    return " ".join(f"{'-' * term.negated}{term.key}:{_say_value(term.value)}" for term in query.terms)


def _say_value(value: str) -> str:
    is_plain = _MENTION.fullmatch(value) or re.fullmatch(r"[<>]=?[\d.]+|[\d:.T+-]+", value)
    return value if is_plain else quote(value)


def words(query: Query, name_of: Callable[[str], str] = lambda user_id: f"<@{user_id}>") -> str:
    """The query as a person would say it: "sessions on “Opening” in Store 12, below target or failed, in the last
    30 days". `name_of` names a mentioned Slack user. Names are as typed: escape the answer before showing it."""
    if not query.terms:
        return "all sessions"
    near, apart = "sessions", ""
    for key, meaning in _KEYS.items():
        for negated in (False, True):
            values = [term.value for term in query.terms if term.key is key and term.negated is negated]
            said = list(dict.fromkeys(part for value in values for part in _parts(meaning, value, name_of)))
            if not said:
                continue
            if negated and len(said) > 1:
                phrase = f"neither {meaning.lead}{' nor '.join(said)}"
            else:
                phrase = f"{'not ' * negated}{meaning.lead}{' or '.join(said)}"
            if meaning.ids is not None and not negated:
                near += f" {phrase}"
            else:
                apart += f", {phrase}"
    return near + apart


def _parts(meaning: _Meaning, value: str, name_of: Callable[[str], str]) -> tuple[str, ...]:
    mention = _MENTION.fullmatch(value)
    return (name_of(mention[1]),) if mention else meaning.say(value)


def mentioned(query: Query) -> frozenset[str]:
    """The Slack users a query names by mention: look up whom they are linked to before resolving it."""
    return frozenset(found[1] for term in query.terms if (found := _MENTION.fullmatch(term.value)))


# ---- what it means today -----------------------------------------------------------------------------------------


def resolve(
    query: Query,
    *,
    directory: Directory,
    checklists: Mapping[str, str],
    mentions: Mapping[str, str],
    now: datetime,
    zone: tzinfo,
) -> Filter:
    """What a query means today. `checklists` maps ids to titles, `mentions` Slack user ids to person ids.

    Names by exact match, else the one that begins so, else all that contain it; a name of nobody matches nothing.
    """
    today = _Today(directory, checklists, mentions)
    fields: dict[str, Any] = {}
    for key, meaning in _KEYS.items():
        for negated in (False, True):
            values = [term.value for term in query.terms if term.key is key and term.negated is negated]
            if not values:
                continue
            field = f"not_{meaning.field}" if negated else meaning.field
            fields[field] = _mean(key, meaning, values, today, now, zone, fields.get(field), negated)
    return Filter(**fields)


def _mean(
    key: Key, meaning: _Meaning, values: Sequence[str], today: _Today, now: datetime, zone: tzinfo,
    so_far: Any, negated: bool,
) -> Any:  # fmt: skip
    if meaning.ids is not None:
        ids: frozenset[str] = frozenset().union(*(meaning.ids(today, value) for value in values))
        if so_far is None:
            return ids
        return so_far | ids if negated else so_far & ids
    if key is Key.OUTCOME:
        return frozenset[OutcomeKind]().union(*(_OUTCOMES[value][1] for value in values))
    if key is Key.SCORE:
        return tuple(score_range(value) for value in values)
    return min(since_when(value, now=now, zone=zone) for value in values)


def pin(query: Query, *, now: datetime, zone: tzinfo) -> Query:
    """The query with its dates as instants, so that it means the same whoever resolves it and in which zone."""
    return Query(
        tuple(
            replace(term, value=since_when(term.value, now=now, zone=zone).isoformat())
            if term.key is Key.SINCE
            else term
            for term in query.terms
        )
    )


def unmatched(
    query: Query, directory: Directory, checklists: Mapping[str, str], mentions: Mapping[str, str]
) -> tuple[tuple[Term, tuple[str, ...]], ...]:
    """The terms that name nobody and nothing, each with the nearest three names.

    The names come from the arguments alone: pass only what the asker may see. A mention of somebody unlinked has none.
    """
    return tuple(_without_match(query, _Today(directory, checklists, mentions)))


def _without_match(query: Query, today: _Today) -> Iterator[tuple[Term, tuple[str, ...]]]:
    for term in query.terms:
        meaning = _KEYS[term.key]
        if meaning.known is None or meaning.names is None or meaning.known(today, term.value):
            continue
        yield term, () if _MENTION.fullmatch(term.value) else nearest(term.value, meaning.names(today))

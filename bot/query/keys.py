"""The keys of the query language: one entry of `KEYS` each, with how its value is read, said and understood today.

`say(query)` gives what `read` takes: canonical text is a fixed point of `read`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import cached_property

from bot.domain.directory import Directory
from bot.domain.filters import ScoreRange, ids_named
from bot.domain.model import OutcomeKind
from bot.query.nearest import fold
from bot.query.values import (
    NAMED_DAYS,
    format_score,
    format_since,
    read_score,
    read_since,
    score_range,
    since_when,
)

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

MENTION = re.compile(r"<@([A-Za-z0-9]+)(?:\|[^<>]*)?>")
_CHANNEL = re.compile(r"<#[A-Za-z0-9]+\|([^<>]+)>")
_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}

OUTCOMES: Mapping[str, tuple[tuple[str, ...], frozenset[OutcomeKind]]] = {
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
    name = _read_name(text)  # a mention may come with an @ before it, invisible signs around it, or in entities
    mention = MENTION.fullmatch(name)
    return f"<@{mention[1].upper()}>" if mention else name


def _read_outcome(text: str) -> str:
    plain = fold(text)
    name = _OUTCOME_ALIASES.get(plain, plain)
    if name not in OUTCOMES:
        raise ValueError(f"an outcome is one of {', '.join(OUTCOMES)}")
    return name


# ---- what a value means today ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """The names a value can mean, folded once: `checklists` by id, `mentions` Slack user id to person id."""

    directory: Directory
    checklists: Mapping[str, str]
    mentions: Mapping[str, str]

    def people(self, value: str) -> frozenset[str]:
        if mention := MENTION.fullmatch(value):
            person = self.mentions.get(mention[1])
            return frozenset() if person is None else frozenset({person})
        return ids_named(fold(value), self._people)

    def checklists_named(self, value: str) -> frozenset[str]:
        return ids_named(fold(value), self._checklists)

    def departments(self, value: str) -> frozenset[str]:
        return ids_named(fold(value), self._departments)

    def in_departments(self, value: str) -> frozenset[str]:
        """The people of the departments a name means, with their sub-departments."""
        return frozenset[str]().union(*(self.directory.people_under(one) for one in self.departments(value)))

    @cached_property
    def _people(self) -> Sequence[tuple[str, str]]:
        return [(fold(person.name), ident) for ident, person in self.directory.people.items()]

    @cached_property
    def _departments(self) -> Sequence[tuple[str, str]]:
        return [(fold(department.name), ident) for ident, department in self.directory.departments.items()]

    @cached_property
    def _checklists(self) -> Sequence[tuple[str, str]]:
        return [(fold(title), ident) for ident, title in self.checklists.items()]


@dataclass(frozen=True, slots=True)
class Today:
    """What a query is understood against: the names of today, the present, and the asker's zone."""

    names: Names
    now: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """One key: how its value is read and said, and what it narrows.

    `field` is the one of `Filter` that `means` fills from the values of a repeated key (keys that share a field fill
    it with sets of ids). Where a value is a name, `known` answers what it names and `names` lists what it could be;
    where it is a word, `choices` lists them. `joins`: words behind it need no quotes ("last week").
    """

    example: str
    read: Callable[[str], str]
    lead: str
    say: Callable[[str], tuple[str, ...]]
    field: str
    resolve_value: Callable[[Today, Sequence[str]], object]
    known: Callable[[Names, str], frozenset[str]] | None = None
    names: Callable[[Names], Iterable[str]] | None = None
    choices: tuple[str, ...] = ()
    joins: bool = False


def _ids(of_one: Callable[[Names, str], frozenset[str]]) -> Callable[[Today, Sequence[str]], frozenset[str]]:
    return lambda today, values: frozenset[str]().union(*(of_one(today.names, value) for value in values))


def _outcomes(_today: Today, values: Sequence[str]) -> frozenset[OutcomeKind]:
    return frozenset[OutcomeKind]().union(*(OUTCOMES[value][1] for value in values))


def _scores(_today: Today, values: Sequence[str]) -> tuple[ScoreRange, ...]:
    return tuple(score_range(value) for value in values)


def _since(today: Today, values: Sequence[str]) -> datetime:
    return min(since_when(value, now=today.now, zone=today.zone) for value in values)


def _titles(names: Names) -> Iterable[str]:
    return names.checklists.values()


def _people(names: Names) -> Iterable[str]:
    return (person.name for person in names.directory.people.values())


def _places(names: Names) -> Iterable[str]:
    return (department.name for department in names.directory.departments.values())


# In the order `words` says them.
KEYS: Mapping[Key, KeySpec] = {
    Key.CHECKLIST: KeySpec(
        example='checklist:"Opening"',
        read=_read_name,
        lead="on ",
        say=lambda value: (f"“{value}”",),
        field="checklists",
        resolve_value=_ids(Names.checklists_named),
        known=Names.checklists_named,
        names=_titles,
    ),
    Key.DEPT: KeySpec(
        example='dept:"Store 12"',
        read=_read_name,
        lead="in ",
        say=lambda value: (value,),
        field="employees",
        resolve_value=_ids(Names.in_departments),
        known=Names.departments,
        names=_places,
    ),
    Key.OBSERVER: KeySpec(
        example="observer:@ana",
        read=_read_person,
        lead="observed by ",
        say=lambda value: (value,),
        field="observers",
        resolve_value=_ids(Names.people),
        known=Names.people,
        names=_people,
    ),
    Key.EMPLOYEE: KeySpec(
        example='employee:"J. Doe"',
        read=_read_person,
        lead="of ",
        say=lambda value: (value,),
        field="employees",
        resolve_value=_ids(Names.people),
        known=Names.people,
        names=_people,
    ),
    Key.OUTCOME: KeySpec(
        example="outcome:failed",
        read=_read_outcome,
        lead="",
        say=lambda value: OUTCOMES[value][0],
        field="outcomes",
        resolve_value=_outcomes,
        choices=(*OUTCOMES,),
        joins=True,
    ),
    Key.SCORE: KeySpec(
        example="score:<80",
        read=read_score,
        lead="scored ",
        say=lambda value: (format_score(value),),
        field="scores",
        resolve_value=_scores,
        joins=True,
    ),
    Key.SINCE: KeySpec(
        example="since:30d",
        read=read_since,
        lead="",
        say=lambda value: (format_since(value),),
        field="since",
        resolve_value=_since,
        choices=NAMED_DAYS,
        joins=True,
    ),
}

EXAMPLES: Mapping[Key, str] = {key: meaning.example for key, meaning in KEYS.items()}

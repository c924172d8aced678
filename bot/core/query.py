"""The one language of query and subscribe: `checklist:"Opening" dept:"Store 12" score:<80 since:30d`.

A `Query` is what was asked, word for word; resolved against the people and checklists of today it becomes a `Filter`,
which Python and SQL match alike. Repeated key = or, different keys = and, leading minus = not.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.model import OutcomeKind


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


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """A range of scores in percent; an open end is None."""

    low: float | None = None
    low_included: bool = True
    high: float | None = None
    high_included: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """A query resolved to ids and instants. None means "any"; an empty set means "none matches"."""

    checklists: frozenset[str] | None = None
    not_checklists: frozenset[str] = frozenset()
    outcomes: frozenset[OutcomeKind] | None = None
    not_outcomes: frozenset[OutcomeKind] = frozenset()
    observers: frozenset[str] | None = None
    not_observers: frozenset[str] = frozenset()
    employees: frozenset[str] | None = None  # of `employee` and `dept` together
    not_employees: frozenset[str] = frozenset()
    scores: tuple[ScoreRange, ...] | None = None
    not_scores: tuple[ScoreRange, ...] = ()
    since: datetime | None = None  # completed, else scheduled, at or after
    not_since: datetime | None = None

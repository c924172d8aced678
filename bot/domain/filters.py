"""A query resolved to ids and instants, which Python and SQL match alike, and how names are found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.domain.model import Outcome, OutcomeKind, SessionFacts

Bound = TypeVar("Bound", float, datetime, str)


@dataclass(frozen=True, slots=True)
class Range(Generic[Bound]):
    """A range of numbers, instants or texts; an open end is None."""

    low: Bound | None = None
    low_included: bool = True
    high: Bound | None = None
    high_included: bool = True

    def covers(self, value: Bound) -> bool:
        """Whether a value lies within it; unrounded numbers are compared."""
        if self.low is not None and (value < self.low or (value == self.low and not self.low_included)):
            return False
        return self.high is None or value < self.high or (value == self.high and self.high_included)


@dataclass(frozen=True, slots=True)
class ShownScore:
    """The scores that are shown as one whole number, as `domain.outcomes.percent` shows them: 78.9 is shown as 79, but
    79.6 is not shown as 80 beside a target of 80, and nothing but 0 and 100 as those.

    `exact`: the number. `low` is included, `high` is not.
    """

    exact: float

    @property
    def low(self) -> float:
        return self.exact if self._stands_alone else self.exact - 0.5

    @property
    def high(self) -> float:
        return self.exact + 1e-9 if self._stands_alone else self.exact + 0.5

    @property
    def _stands_alone(self) -> bool:
        return self.exact in (0, 100)

    def covers(self, outcome: Outcome) -> bool:
        """Whether a session's score is shown so."""
        score, target = outcome.score, outcome.target
        if score is None or not self.low <= score < self.high:
            return False
        if target is None or outcome.kind is OutcomeKind.FAILED:  # a failed one is shown without its target
            return True
        return (score < target, score > target) == (self.exact < target, self.exact > target)


@dataclass(frozen=True, slots=True)
class Column:
    """What a condition is about: `name` is what `store.conditions` knows it by, `value` takes it from a session, with
    the outcome against the target of its completion. None if the session has no such value."""

    name: str
    value: Callable[[SessionFacts, Outcome], Any]


Accepted = frozenset[str] | tuple[Range[Any] | ShownScore, ...]  # any of these values, or a value in any of these


@dataclass(frozen=True, slots=True)
class Condition:
    """A session's value has to be accepted, or must not be.

    Negated, it excludes only what it surely meets: a session without a score or date stays.
    """

    column: Column
    accepted: Accepted
    negated: bool = False

    def holds(self, facts: SessionFacts, outcome: Outcome) -> bool:
        """Whether a session meets it."""
        return self._accepts(self.column.value(facts, outcome), outcome) is not self.negated

    def _accepts(self, value: Any, outcome: Outcome) -> bool:
        if value is None:
            return False
        if isinstance(self.accepted, frozenset):
            return value in self.accepted
        return any(each.covers(outcome if isinstance(each, ShownScore) else value) for each in self.accepted)


@dataclass(frozen=True, slots=True)
class Filter:
    """A query resolved to ids and instants. Every condition has to hold; none means every session."""

    conditions: tuple[Condition, ...] = ()
    by_department: bool = False  # what of the directory the query was resolved with
    by_employee: bool = False
    by_observer: bool = False

    @property
    def asks_for_observer(self) -> bool:
        """Whether it depends on who observed a session, by id or by name."""
        return any(one.column.name == "observer" for one in self.conditions)

    def without_people(self) -> "Filter":
        """The conditions that need no directory."""
        return Filter(tuple(one for one in self.conditions if one.column.name not in ("employee", "observer")))


def matches(wanted: Filter, facts: SessionFacts, outcome: Outcome) -> bool:
    """Whether a session is one of those asked for; `outcome` is against the target of its completion."""
    for condition in wanted.conditions:  # noqa: SIM110 - a generator takes twice as long, and rules times changes are many
        if not condition.holds(facts, outcome):
            return False
    return True


def ids_named(normalized: str, names: Sequence[tuple[str, str]]) -> frozenset[str]:
    """The ids that a normalized name means, of (normalized name, id) pairs: exactly, else the only one that begins so,
    else all that contain it."""
    if not normalized:  # nothing but dashes: would be in every name
        return frozenset()
    if exact := frozenset(ident for name, ident in names if name == normalized):
        return exact
    containing = [(name, ident) for name, ident in names if normalized in name]
    beginning = {ident for name, ident in containing if name.startswith(normalized)}
    return frozenset(beginning) if len(beginning) == 1 else frozenset(ident for _, ident in containing)

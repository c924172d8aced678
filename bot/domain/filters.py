"""A query resolved to ids and instants, which Python and SQL match alike, and how names are found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.domain.model import Outcome, SessionFacts

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
class Column:
    """What a condition is about: `name` is what `store.search` knows it by, `value` takes it from a session, with the
    outcome against the target of its completion. None if the session has no such value."""

    name: str
    value: Callable[[SessionFacts, Outcome], Any]


Accepted = frozenset[str] | tuple[Range[Any], ...]  # any of these values, or a value in any of these ranges


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
        return self._accepts(self.column.value(facts, outcome)) is not self.negated

    def _accepts(self, value: Any) -> bool:
        if value is None:
            return False
        if isinstance(self.accepted, frozenset):
            return value in self.accepted
        return any(each.covers(value) for each in self.accepted)


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

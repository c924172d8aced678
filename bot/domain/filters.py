"""A query resolved to ids and instants, which Python and SQL match alike, and how names are found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.model import Outcome, OutcomeKind, SessionFacts


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """A range of scores in percent; an open end is None."""

    low: float | None = None
    low_included: bool = True
    high: float | None = None
    high_included: bool = True

    def covers(self, score: float) -> bool:
        """Whether a score lies within it; unrounded numbers are compared."""
        if self.low is not None and (score < self.low or (score == self.low and not self.low_included)):
            return False
        return self.high is None or score < self.high or (score == self.high and self.high_included)


@dataclass(frozen=True, slots=True)
class Filter:
    """A query resolved to ids and instants. None means "any"; an empty set means "none matches".

    Every condition has to hold. A `not_…` excludes only what it surely meets: a session without a score or date stays.
    """

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
    by_department: bool = False  # what of the directory the query was resolved with
    by_employee: bool = False
    by_observer: bool = False

    def without_people(self) -> "Filter":
        """The conditions that need no directory."""
        none: frozenset[str] = frozenset()
        return replace(self, observers=None, not_observers=none, employees=None, not_employees=none)


def matches(wanted: Filter, facts: SessionFacts, outcome: Outcome) -> bool:
    """Whether a session is one of those asked for; `outcome` is against the target of its completion."""
    score, when = outcome.score, facts.finished.at or facts.scheduled.at
    return (
        _one_of(facts.checklist_id, wanted.checklists, wanted.not_checklists)
        and _one_of(outcome.kind, wanted.outcomes, wanted.not_outcomes)
        and _one_of(facts.observer_id, wanted.observers, wanted.not_observers)
        and _one_of(facts.key.employee_id, wanted.employees, wanted.not_employees)
        and (wanted.scores is None or _covered(score, wanted.scores))
        and not _covered(score, wanted.not_scores)
        and (wanted.since is None or (when is not None and when >= wanted.since))
        and (wanted.not_since is None or when is None or when < wanted.not_since)
    )


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


def _one_of(
    value: str,
    wanted: frozenset[str] | frozenset[OutcomeKind] | None,
    unwanted: frozenset[str] | frozenset[OutcomeKind],
) -> bool:
    return (wanted is None or value in wanted) and value not in unwanted


def _covered(score: float | None, ranges: Iterable[ScoreRange]) -> bool:
    return score is not None and any(each.covers(score) for each in ranges)

"""Filters and scopes as conditions in SQL: they accept exactly what `domain.filters.matches` and `AccessScope.covers`
accept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from bot.domain.filters import Condition, Filter, Range, ShownScore
from bot.domain.model import OutcomeKind
from bot.domain.permissions import AccessScope
from bot.domain.viewers import DirectMessages
from bot.query.keys import Key
from bot.query.parser import Names, Query, resolve
from bot.store.columns import listed, to_ms, to_ms_up
from bot.store.session_rows import IS_FAILING
from bot.store.sqlite import IN_LIST

COLUMNS: Mapping[str, str] = {
    "checklist": "checklist_id",
    "observer": "observer_id",
    "employee": "employee_id",
    "outcome": "outcome",
    "score": "score",
    "happened": "coalesce(finished_at, scheduled_at)",
    "session": "session_id",
}  # by the name of a `Column`


@dataclass(slots=True)
class Where:
    """Parts of a WHERE, joined by AND, and their parameters in order. One begins as `listed_within` or `stored_within`
    of a scope, or as `Where.unscoped`, which says why it has none.

    `is_of_people`: they leave the sessions of some people only, which the index of these people finds. `difference`:
    where a condition leaves people out, what it is counted as; else None. Of `score:<80 -employee:Ana` it is all below
    80, and those of Ana among them.
    """

    parts: list[str]
    parameters: list[object]
    is_of_people: bool = False
    difference: "tuple[Where, Where] | None" = None

    @classmethod
    def unscoped(cls, reason: str) -> "Where":
        """All sessions. `reason`: why they show nobody more than they may see."""
        return cls([], [])

    @classmethod
    def any_of(cls, several: "Sequence[Where]") -> "Where":
        """The sessions of any of these."""
        chosen = cls([], [])
        chosen.add(
            " OR ".join(f"({one.sql})" for one in several), *(value for one in several for value in one.parameters)
        )
        return chosen

    def add(self, part: str, *parameters: object) -> None:
        self.parts.append(f"({part})")
        self.parameters.extend(parameters)
        self.difference = None

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts) or "TRUE"


def listed_within(scope: AccessScope, *, is_searched: bool = True) -> Where:
    """The sessions of a scope that iSpring still lists; `is_searched` as in `within`."""
    return within(scope, Where(["(missing_since IS NULL)"], []), is_searched=is_searched)


def stored_within(scope: AccessScope, condition: str, *parameters: object) -> Where:
    """The sessions of a scope that meet a condition, also those that iSpring no longer lists."""
    return within(scope, Where([f"({condition})"], [*parameters]))


def as_employee(person_id: str, scope: AccessScope) -> Where:
    """The sessions of a scope in which a person is observed."""
    where = listed_within(scope)
    where.add("employee_id = ?", person_id)
    return where


def as_observer(person_id: str, scope: AccessScope) -> Where:
    """The sessions of a scope in which a person observes another."""
    where = listed_within(scope)
    where.add("observer_id = ? AND employee_id <> observer_id", person_id)
    return where


def direct_to(person_id: str, as_observer: DirectMessages, as_employee: DirectMessages, where: Where) -> bool:
    """Adds the sessions that a person gets as direct messages; False, and nothing is added, if they want none."""
    parts = [
        f"({column} = ?{f' AND {IS_FAILING}' if wants is DirectMessages.BELOW else ''})"
        for column, wants in (("observer_id", as_observer), ("employee_id", as_employee))
        if wants is not DirectMessages.NONE
    ]
    if parts:
        where.add(" OR ".join(parts), *(person_id for _ in parts))
    return bool(parts)


def within(scope: AccessScope, where: Where, *, is_searched: bool = True) -> Where:
    """Adds the sessions of a scope, as `AccessScope.covers` decides. `is_searched`: by the indexes of its people, else
    each session is compared that other conditions or an order find first."""
    employee, observer = ("employee_id", "observer_id") if is_searched else ("+employee_id", "+observer_id")
    if scope.everything:
        return where
    parts, parameters = list[str](), list[object]()
    if scope.employees or scope.person_id is not None:
        parts.append(f"{employee} {IN_LIST}")
        parameters.append(_employees_of(scope))
    if scope.person_id is not None:
        parts.append(f"{observer} = ?")
        parameters.append(scope.person_id)
    where.add(" OR ".join(parts) or "FALSE", *parameters)
    where.is_of_people = True
    return where


@lru_cache(maxsize=64)
def _employees_of(scope: AccessScope) -> str:
    """The employees of a scope as a parameter: one answer needs it some twenty times, and it may hold thousands."""
    return listed(scope.employees if scope.person_id is None else scope.employees | {scope.person_id})


def matching(wanted: Filter, where: Where) -> Where:
    """Adds the conditions of a filter; a scope is added before, as it says which index to search."""
    where.is_of_people |= any(one.column.name in _PEOPLE and not one.negated for one in wanted.conditions)
    # Conditions that leave people out come last: the sessions without them are counted apart.
    conditions = sorted(wanted.conditions, key=_leaves_people_out)
    every = None
    left_out = list[tuple[str, list[object]]]()
    for condition in conditions:
        part, parameters = _accepted(condition)
        if _leaves_people_out(condition):
            every = every or Where([*where.parts], [*where.parameters], where.is_of_people)
            left_out.append((part, parameters))
        if condition.negated and condition.column.name == "checklist" and not where.is_of_people:
            part = _OTHER_CHECKLISTS.format(part)
        elif condition.negated:
            part = f"NOT ({part})"
        where.add(part, *parameters)
    if every is not None and not where.is_of_people:
        others = Where([*every.parts], [*every.parameters], is_of_people=True)
        others.add(" OR ".join(part for part, _ in left_out), *(one for _, values in left_out for one in values))
        where.difference = every, others
    return where


def _leaves_people_out(condition: Condition) -> bool:
    return condition.negated and condition.column.name in _PEOPLE


_PEOPLE = ("employee", "observer")  # columns
# An index answers for the other checklists, one after the other. A session without one is of none of them.
_OTHER_CHECKLISTS = "checklist_id IN (SELECT checklist_id FROM checklists WHERE NOT ({}) UNION ALL SELECT '')"


def asked_for(query: Query, scope: AccessScope, names: Names, now: datetime, zone: tzinfo) -> Where:
    """The sessions of a scope that match a query and that iSpring still lists."""
    where = matching(resolve(query, names, now=now, zone=zone), listed_within(scope))
    keys = {term.key for term in query.terms}
    if Key.SINCE in keys and not keys & {Key.UNTIL, Key.OUTCOME}:
        where.add("outcome <> 'planned' OR scheduled_at <= ?", to_ms(now))  # later ones have not happened since
    return where


def completed(where: Where) -> Where:
    """The accepted sessions that are completed."""
    chosen = Where([*where.parts], [*where.parameters])
    chosen.add(f"outcome {IN_LIST}", listed(kind for kind in OutcomeKind if kind.is_over))
    return chosen


def _accepted(condition: Condition) -> tuple[str, list[object]]:
    """Whether a session's value is accepted; if negated never NULL, so that NOT keeps sessions without a value."""
    column = COLUMNS[condition.column.name]
    if isinstance(condition.accepted, frozenset):
        return f"{column} {IN_LIST}", [listed(condition.accepted)]  # ids and outcomes, which every session has
    parts, parameters = [], list[object]()
    for each in condition.accepted:
        if isinstance(each, ShownScore):
            parts.append(_SHOWN)
            parameters.extend((each.low, each.high, each.exact, each.exact))
            continue
        part, values = _in_range(column, each, never_null=condition.negated)
        parts.append(part)
        parameters.extend(values)
    return " OR ".join(parts) or "FALSE", parameters


_SHOWN = (
    "(score IS NOT NULL AND score >= ? AND score < ? AND (target IS NULL OR outcome = 'failed'"
    " OR ((score < target) = (? < target) AND (score > target) = (? > target))))"
)


def _in_range(column: str, each: Range[Any], *, never_null: bool) -> tuple[str, list[object]]:
    has_no_end = each.low is None and each.high is None
    parts, values = [f"{column} IS NOT NULL"] if never_null or has_no_end else [], list[object]()
    if each.low is not None:
        parts.append(f"{column} {'>=' if each.low_included else '>'} ?")
        values.append(_bound(each.low, up=each.low_included))
    if each.high is not None:
        parts.append(f"{column} {'<=' if each.high_included else '<'} ?")
        values.append(_bound(each.high, up=not each.high_included))
    return f"({' AND '.join(parts)})", values


def _bound(value: float | datetime, *, up: bool) -> float:
    """An end of a range as stored. Instants are stored in whole milliseconds: rounded so that it divides them alike."""
    if isinstance(value, datetime):
        return to_ms_up(value) if up else to_ms(value)
    return value

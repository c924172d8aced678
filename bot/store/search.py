"""A filter and a reach as SQL. What it finds is exactly what `core.filters.matches` and `Reach.covers` let through."""

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.domain.filters import Filter, ScoreRange
from bot.domain.model import Session
from bot.domain.permissions import Reach
from bot.domain.polling import Found
from bot.store.columns import listed, to_ms_up, value_of
from bot.store.session_rows import session_of

_NEWEST_FIRST = "finished_at DESC, scheduled_at DESC, id DESC"
_HAPPENED = "coalesce(finished_at, scheduled_at)"


@dataclass(slots=True)
class Condition:
    """Parts of a WHERE, joined by AND, and their parameters in order."""

    parts: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, part: str, *parameters: object) -> None:
        self.parts.append(f"({part})")
        self.parameters.extend(parameters)

    def add_members(self, column: str, wanted: Collection[str] | None, unwanted: Collection[str]) -> None:
        if wanted is not None:
            self.add(f"{column} IN (SELECT value FROM json_each(?))", listed(wanted))
        if unwanted:
            self.add(f"{column} NOT IN (SELECT value FROM json_each(?))", listed(unwanted))

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts) or "1"


def listed_within(reach: Reach) -> Condition:
    """What iSpring still lists and somebody may see."""
    condition = Condition()
    condition.add("missing_since IS NULL")
    return within(reach, condition)


def within(reach: Reach, condition: Condition) -> Condition:
    """Adds what somebody may see, as `Reach.covers` says."""
    if reach.everything:
        return condition
    parts, parameters = [], []
    if reach.employees:
        parts.append("employee_id IN (SELECT value FROM json_each(?))")
        parameters.append(listed(reach.employees))
    if reach.person_id is not None:
        parts.append("employee_id = ? OR observer_id = ?")
        parameters.extend((reach.person_id, reach.person_id))
    condition.add(" OR ".join(parts) or "0", *parameters)
    return condition


def matching(wanted: Filter, condition: Condition) -> Condition:
    """Adds what a filter asks for."""
    condition.add_members("checklist_id", wanted.checklists, wanted.not_checklists)
    condition.add_members("outcome", wanted.outcomes, wanted.not_outcomes)
    condition.add_members("observer_id", wanted.observers, wanted.not_observers)
    condition.add_members("employee_id", wanted.employees, wanted.not_employees)
    if wanted.scores is not None:
        parts, parameters = [], []
        for score in wanted.scores:
            part, values = _in_range(score)
            parts.append(part)
            parameters.extend(values)
        condition.add(" OR ".join(parts) or "0", *parameters)
    for score in wanted.not_scores:
        part, values = _in_range(score)
        condition.add(f"NOT ({part})", *values)
    if wanted.since is not None:
        condition.add(f"{_HAPPENED} >= ?", to_ms_up(wanted.since))
    if wanted.not_since is not None:
        condition.add(f"NOT ifnull({_HAPPENED} >= ?, 0)", to_ms_up(wanted.not_since))
    return condition


def _in_range(score: ScoreRange) -> tuple[str, list[object]]:
    """True or false, never NULL: a session without a score lies in no range."""
    parts, values = ["score IS NOT NULL"], list[object]()
    if score.low is not None:
        parts.append("score >= ?" if score.low_included else "score > ?")
        values.append(score.low)
    if score.high is not None:
        parts.append("score <= ?" if score.high_included else "score < ?")
        values.append(score.high)
    return f"({' AND '.join(parts)})", values


def find(connection: sqlite3.Connection, condition: Condition, limit: int, offset: int) -> Found:
    total = value_of(connection, f"SELECT count(*) FROM sessions WHERE {condition.sql}", condition.parameters)
    rows = connection.execute(
        f"SELECT * FROM sessions WHERE {condition.sql} ORDER BY {_NEWEST_FIRST} LIMIT ? OFFSET ?",
        (*condition.parameters, limit, offset),
    )
    return Found([session_of(row) for row in rows], total)


def checklist_titles(connection: sqlite3.Connection, reach: Reach) -> Mapping[str, str]:
    if reach.everything:
        rows = connection.execute("SELECT checklist_id, title FROM checklists")
    else:
        condition = within(reach, Condition())
        rows = connection.execute(
            "SELECT checklist_id, title FROM checklists WHERE checklist_id IN"
            f" (SELECT checklist_id FROM sessions WHERE {condition.sql})",
            condition.parameters,
        )
    return {row["checklist_id"]: row["title"] for row in rows}


# ---- short ids -----------------------------------------------------------------------------------------------------

SHORTEST = 8
_GROUP_ENDS = (8, 12, 16, 20)  # of the hex digits of a UUID, where a hyphen follows
_UUID_LENGTH = 36
_LAST = "\U0010ffff"  # behind every character an id may hold


def short_id(connection: sqlite3.Connection, session_id: str, reach: Reach) -> str:
    """The first 8 hex digits of a session's id, more where another id within the reach begins with the same."""
    before = _nearest(connection, session_id, reach, "max(session_id)", "session_id < ?")
    after = _nearest(connection, session_id, reach, "min(session_id)", "session_id > ?")
    digits = _digits(session_id)
    # In the order of ids, whoever shares most of the beginning stands right before or right behind.
    shared = max((_shared(digits, _digits(other)) for other in (before, after) if other), default=0)
    return digits[: max(SHORTEST, shared + 1)]


def _nearest(connection: sqlite3.Connection, session_id: str, reach: Reach, what: str, side: str) -> str | None:
    """The id next to this one on a side, of the few that begin alike."""
    alike = session_id[:SHORTEST]
    condition = Condition()
    condition.add("session_id >= ? AND session_id < ?", alike, alike + _LAST)
    condition.add(side, session_id)
    within(reach, condition)
    # By the index of ids: few begin alike, while a whole department's sessions would be many to look through.
    sql = f"SELECT {what} FROM sessions INDEXED BY sessions_key WHERE {condition.sql}"
    nearest: str | None = value_of(connection, sql, condition.parameters)
    return nearest


def starting_with(connection: sqlite3.Connection, prefix: str, reach: Reach, limit: int) -> list[Session]:
    """Sessions by the beginning of their id, with or without its hyphens; those that iSpring no longer lists too."""
    typed = prefix.strip().lower()
    if not typed:
        return []
    spelled = sorted({typed, _with_hyphens(typed.replace("-", ""))})
    condition = Condition()
    condition.add(
        " OR ".join("session_id >= ? AND session_id < ?" for _ in spelled),
        *(bound for text in spelled for bound in (text, text + _LAST)),
    )
    within(reach, condition)
    rows = connection.execute(
        f"SELECT * FROM sessions WHERE {condition.sql} ORDER BY session_id, employee_id LIMIT ?",
        (*condition.parameters, limit),
    )
    return [session_of(row) for row in rows]


def _digits(session_id: str) -> str:
    """What a short id is cut from: an id that is no UUID is taken as it is."""
    digits = session_id.replace("-", "")
    return digits if len(session_id) == _UUID_LENGTH and _with_hyphens(digits) == session_id else session_id


def _with_hyphens(digits: str) -> str:
    starts = (0, *_GROUP_ENDS)
    ends = (*_GROUP_ENDS, None)
    return "-".join(digits[start:end] for start, end in zip(starts, ends, strict=True) if digits[start:end])


def _shared(left: str, right: str) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count

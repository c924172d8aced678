"""Filters and scopes as SQL: finds exactly what `domain.filters.matches` and `AccessScope.covers` accept."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from bot.domain.directory import Directory
from bot.domain.filters import Filter, ScoreRange
from bot.domain.model import Session, SessionKey
from bot.domain.permissions import EVERYTHING, AccessScope
from bot.domain.polling import Found
from bot.query.parser import Query, mentioned, resolve
from bot.store.columns import listed, to_ms_up, value_of
from bot.store.people import People
from bot.store.session_rows import session_of
from bot.store.sqlite import IN_LIST, by_index

MOST_MATCHES = 25  # sessions by the beginning of an id
_NEWEST_FIRST = "finished_at DESC NULLS LAST, scheduled_at DESC NULLS LAST, id DESC"
_HAPPENED = "coalesce(finished_at, scheduled_at)"
SHORTEST = 8  # hex digits of a short id
_GROUP_ENDS = (8, 12, 16, 20)  # of the hex digits of a UUID, where a hyphen follows
_UUID_LENGTH = 36
_LAST = "\U0010ffff"  # behind every character an id may hold


@dataclass(slots=True)
class Where:
    """Parts of a WHERE, joined by AND, and their parameters in order."""

    parts: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, part: str, *parameters: object) -> None:
        self.parts.append(f"({part})")
        self.parameters.extend(parameters)

    def add_members(self, column: str, wanted: Collection[str] | None, unwanted: Collection[str]) -> None:
        if wanted is not None:
            self.add(f"{column} {IN_LIST}", listed(wanted))
        if unwanted:
            self.add(f"{column} NOT {IN_LIST}", listed(unwanted))

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts) or "TRUE"


def listed_within(scope: AccessScope) -> Where:
    """The sessions of a scope that iSpring still lists."""
    where = Where()
    where.add("missing_since IS NULL")
    return within(scope, where)


def within(scope: AccessScope, where: Where) -> Where:
    """Adds the sessions of a scope, as `AccessScope.covers` decides."""
    if scope.everything:
        return where
    parts, parameters = [], []
    if scope.employees:
        parts.append(f"employee_id {IN_LIST}")
        parameters.append(listed(scope.employees))
    if scope.person_id is not None:
        parts.append("employee_id = ? OR observer_id = ?")
        parameters.extend((scope.person_id, scope.person_id))
    where.add(" OR ".join(parts) or "FALSE", *parameters)
    return where


def matching(wanted: Filter, where: Where) -> Where:
    """Adds the conditions of a filter."""
    where.add_members("checklist_id", wanted.checklists, wanted.not_checklists)
    where.add_members("outcome", wanted.outcomes, wanted.not_outcomes)
    where.add_members("observer_id", wanted.observers, wanted.not_observers)
    where.add_members("employee_id", wanted.employees, wanted.not_employees)
    if wanted.scores is not None:
        parts, parameters = [], []
        for score in wanted.scores:
            part, values = _in_range(score)
            parts.append(part)
            parameters.extend(values)
        where.add(" OR ".join(parts) or "FALSE", *parameters)
    for score in wanted.not_scores:
        part, values = _in_range(score)
        where.add(f"NOT ({part})", *values)
    if wanted.since is not None:
        where.add(f"{_HAPPENED} >= ?", to_ms_up(wanted.since))
    if wanted.not_since is not None:
        where.add(f"{_HAPPENED} IS NULL OR {_HAPPENED} < ?", to_ms_up(wanted.not_since))
    return where


def _in_range(score: ScoreRange) -> tuple[str, list[object]]:
    """True or false, never NULL: a session without a score is in no range."""
    parts, values = ["score IS NOT NULL"], list[object]()
    if score.low is not None:
        parts.append("score >= ?" if score.low_included else "score > ?")
        values.append(score.low)
    if score.high is not None:
        parts.append("score <= ?" if score.high_included else "score < ?")
        values.append(score.high)
    return f"({' AND '.join(parts)})", values


class Search:
    """Finds sessions, only those of the scope that it is given."""

    def __init__(self, connection: sqlite3.Connection, people: People) -> None:
        self._connection = connection
        self._people = people

    def find(
        self,
        query: Query,
        scope: AccessScope,
        directory: Directory,
        now: datetime,
        limit: int,
        offset: int = 0,
        zone: tzinfo = UTC,
    ) -> Found:
        """One page of the matching sessions that iSpring still lists, newest completion first, and how many match.

        The days of the query begin in `zone`. Raises QueryError.
        """
        mentions = {user: self._people.linked_person(user) for user in mentioned(query)}
        wanted = resolve(
            query,
            directory=directory,
            checklists=self.checklist_titles(scope),
            mentions={user: person for user, person in mentions.items() if person is not None},
            now=now,
            zone=zone,
        )
        return self.page(matching(wanted, listed_within(scope)), limit, offset)

    def page(self, where: Where, limit: int, offset: int) -> Found:
        """One page of the sessions that meet a condition, newest completion first, and how many do."""
        total = value_of(self._connection, f"SELECT count(*) FROM sessions WHERE {where.sql}", where.parameters)
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {where.sql} ORDER BY {_NEWEST_FIRST} LIMIT ? OFFSET ?",
            (*where.parameters, limit, offset),
        )
        return Found([session_of(row) for row in rows], total)

    def to_do(self, observer_id: str, limit: int) -> Sequence[Session]:
        """The sessions that an observer has planned or in progress, the longest due first."""
        rows = self._connection.execute(
            "SELECT * FROM sessions WHERE observer_id = ? AND outcome IN ('planned', 'in_progress')"
            " AND missing_since IS NULL ORDER BY scheduled_at NULLS LAST, id LIMIT ?",
            (observer_id, limit),
        )
        return [session_of(row) for row in rows]

    def checklist_titles(self, scope: AccessScope) -> Mapping[str, str]:
        """Titles by id, as the sessions last named them, of the checklists that have a session within the scope."""
        if scope.everything:
            rows = self._connection.execute("SELECT checklist_id, title FROM checklists")
        else:
            where = within(scope, Where())
            rows = self._connection.execute(
                "SELECT checklist_id, title FROM checklists WHERE checklist_id IN"
                f" (SELECT checklist_id FROM sessions WHERE {where.sql})",
                where.parameters,
            )
        return {row["checklist_id"]: row["title"] for row in rows}

    def starting_with(self, prefix: str, scope: AccessScope) -> Sequence[Session]:
        """At most 25 sessions by the beginning of their id, in any case, with or without hyphens. It finds those that
        iSpring no longer lists too."""
        typed = prefix.strip().lower()
        if not typed:
            return []
        spelled = sorted({typed, _with_hyphens(typed.replace("-", ""))})
        where = Where()
        where.add(
            " OR ".join("session_id >= ? AND session_id < ?" for _ in spelled),
            *(bound for text in spelled for bound in (text, text + _LAST)),
        )
        within(scope, where)
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {where.sql} ORDER BY session_id, employee_id LIMIT ?",
            (*where.parameters, MOST_MATCHES),
        )
        return [session_of(row) for row in rows]

    def short_id(self, key: SessionKey, scope: AccessScope = EVERYTHING) -> str:
        """The first 8 hex digits of a session's id; more if another id within the scope begins with them.

        The scope must be the reader's: a longer id says that other sessions exist.
        """
        before = self._nearest(key.session_id, scope, "max(session_id)", "session_id < ?")
        after = self._nearest(key.session_id, scope, "min(session_id)", "session_id > ?")
        digits = _digits(key.session_id)
        # In the order of ids, the id that shares most of the beginning is right before or right behind.
        shared = max((_shared(digits, _digits(other)) for other in (before, after) if other), default=0)
        return digits[: max(SHORTEST, shared + 1)]

    def _nearest(self, session_id: str, scope: AccessScope, what: str, side: str) -> str | None:
        """The id next to this one on a side, of the few that begin alike."""
        alike = session_id[:SHORTEST]
        where = Where()
        where.add("session_id >= ? AND session_id < ?", alike, alike + _LAST)
        where.add(side, session_id)
        within(scope, where)
        # By the index of ids: few begin alike, but a whole department's sessions would be many to read.
        sql = f"SELECT {what} FROM sessions {by_index('sessions_key')} WHERE {where.sql}"
        nearest: str | None = value_of(self._connection, sql, where.parameters)
        return nearest


def _digits(session_id: str) -> str:
    """The hex digits of a UUID; any other id as it is."""
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

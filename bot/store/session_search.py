"""The sessions that meet a condition: a page of them, the newest, some by the beginning of their id."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from bot.domain.model import Session, SessionKey
from bot.domain.permissions import EVERYTHING, AccessScope
from bot.domain.polling import FoundSessions
from bot.query.keys import Key
from bot.query.parser import Names, Query
from bot.store.columns import from_ms, listed, to_ms, to_ms_up, value_of
from bot.store.conditions import COLUMNS, Where, asked_for, listed_within, stored_within
from bot.store.session_rows import session_of
from bot.store.sqlite import IN_LIST, by_index

MANY = 200  # employees of a scope
MOST_MATCHES = 25  # sessions by the beginning of an id
_NEWEST_FIRST = "finished_at DESC NULLS LAST, scheduled_at DESC NULLS LAST, id DESC"
_ORDERS: Mapping[str, str] = {
    "-date": _NEWEST_FIRST,
    "date": "coalesce(finished_at, scheduled_at) NULLS LAST, id",
    "score": "score NULLS LAST, finished_at DESC NULLS LAST, id DESC",
    "-score": "score DESC NULLS LAST, finished_at DESC NULLS LAST, id DESC",
    "name": "(SELECT name FROM people WHERE person_id = employee_id) NULLS LAST, finished_at DESC NULLS LAST, id DESC",
}  # by what `sort:` says
_QUARTER = 900_000  # ms
SHORTEST = 8  # hex digits of a short id
_GROUP_ENDS = (8, 12, 16, 20)  # of the hex digits of a UUID, where a hyphen follows
_UUID_LENGTH = 36
_LAST = "\U0010ffff"  # behind every character an id may hold


class Search:
    """Finds sessions, only those of the scope that it is given."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(
        self,
        query: Query,
        scope: AccessScope,
        names: Names,
        now: datetime,
        limit: int,
        offset: int = 0,
        zone: tzinfo = UTC,
    ) -> FoundSessions:
        """One page of the matching sessions that iSpring still lists, and how many match.

        Newest completion first, or in the order that the query asks for; at most as many as its `limit:`. Its names are
        read among `names`, its days begin in `zone`. Raises QueryError.
        """
        where = asked_for(query, scope, names, now, zone)
        total = value_of(self._connection, f"SELECT count(*) FROM sessions WHERE {where.sql}", where.parameters)
        return FoundSessions(self.rows(query, where, limit, offset), total)

    def count(self, where: Where, at_most: int) -> int:
        """How many sessions meet a condition, counted up to a number."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM sessions WHERE {where.sql} LIMIT ?)"
        return int(value_of(self._connection, sql, (*where.parameters, at_most)))

    def rows(self, query: Query, where: Where, limit: int, offset: int = 0) -> Sequence[Session]:
        """One page of the sessions that meet a condition, ordered and limited as a query asks."""
        values = {term.key: term.value for term in query.terms}
        if Key.LIMIT in values:
            limit = max(0, min(limit, int(values[Key.LIMIT]) - offset))
        order = _ORDERS.get(values.get(Key.SORT, ""), _NEWEST_FIRST)
        if values.get(Key.SORT) == "name":
            where = self._of_first_names(where, offset + limit)
        # Only ids are sorted: the rows of a large department would be read from all over the file.
        found = self._connection.execute(
            "SELECT * FROM sessions WHERE id IN"
            f" (SELECT id FROM sessions WHERE {where.sql} ORDER BY {order} LIMIT ? OFFSET ?) ORDER BY {order}",
            (*where.parameters, limit, offset),
        )
        return [session_of(row) for row in found]

    def _of_first_names(self, where: Where, number: int) -> Where:
        """The condition for those employees alone whose sessions are the first so many by name: their sessions are few,
        and only these are sorted by it."""
        rows = self._connection.execute(
            "SELECT employee_id, count(*) AS number, (SELECT name FROM people WHERE person_id = employee_id) AS name"
            f" FROM sessions WHERE {where.sql} GROUP BY employee_id ORDER BY name NULLS LAST",
            where.parameters,
        )
        chosen, counted, last = list[str](), 0, object()
        for row in rows:
            if counted >= number and row["name"] != last:
                break
            chosen.append(row["employee_id"])
            counted, last = counted + row["number"], row["name"]
        found = Where([*where.parts], [*where.parameters], is_of_people=True)
        found.add(f"employee_id {IN_LIST}", listed(chosen))
        return found

    def completed_between(self, where: Where, since: datetime, until: datetime) -> Sequence[tuple[datetime, int]]:
        """How many of the sessions that meet a condition were completed in each quarter of an hour: few rows, which
        still fall on the right day in every zone."""
        rows = self._connection.execute(
            f"SELECT finished_at / {_QUARTER} AS slot, count(*) AS number FROM sessions WHERE {where.sql}"
            " AND finished_at >= ? AND finished_at <= ? GROUP BY 1 ORDER BY 1",
            (*where.parameters, to_ms_up(since), to_ms(until)),
        )
        return [(from_ms(row["slot"] * _QUARTER), row["number"]) for row in rows]

    def newest_between(self, where: Where, since: datetime, until: datetime, limit: int) -> Sequence[Session]:
        """The sessions that meet a condition and were completed last."""
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {where.sql} AND finished_at >= ? AND finished_at <= ?"
            " ORDER BY finished_at DESC, id DESC LIMIT ?",
            (*where.parameters, to_ms_up(since), to_ms(until), limit),
        )
        return [session_of(row) for row in rows]

    def people_in(self, scope: AccessScope, limit: int) -> frozenset[str]:
        """The ids of the employees and observers in the newest sessions of a scope."""
        # The sessions of a few people are few; those of thousands are found by their time, as they are in an index.
        is_few = len(scope.employees) < MANY
        where = listed_within(scope, is_searched=is_few)
        order = _NEWEST_FIRST if is_few else f"{COLUMNS['happened']} DESC"
        rows = self._connection.execute(
            f"SELECT employee_id, observer_id FROM sessions WHERE {where.sql} ORDER BY {order} LIMIT ?",
            (*where.parameters, limit),
        )
        return frozenset(ident for row in rows for ident in row)

    def to_do(self, observer_id: str, limit: int, where: Where | None = None) -> Sequence[Session]:
        """The sessions that an observer has planned or in progress, the longest due first; those of `where` only."""
        chosen = where or Where.unscoped("everybody may see what they have to do as an observer")
        rows = self._connection.execute(
            "SELECT * FROM sessions WHERE observer_id = ? AND outcome IN ('planned', 'in_progress')"
            f" AND missing_since IS NULL AND {chosen.sql} ORDER BY scheduled_at NULLS LAST, id LIMIT ?",
            (observer_id, *chosen.parameters, limit),
        )
        return [session_of(row) for row in rows]

    def checklist_titles(self, scope: AccessScope) -> Mapping[str, str]:
        """Titles by id, as the sessions last named them, of the checklists that have a session within the scope."""
        if scope.everything:
            rows = self._connection.execute("SELECT checklist_id, title FROM checklists")
        else:
            # Two questions, each answered by an index alone.
            rows = self._connection.execute(
                "SELECT checklist_id, title FROM checklists WHERE checklist_id IN"
                f" (SELECT checklist_id FROM sessions WHERE employee_id {IN_LIST}"
                " UNION SELECT checklist_id FROM sessions WHERE observer_id = ?)",
                (listed(scope.employees | {scope.person_id or ""}), scope.person_id),
            )
        return {row["checklist_id"]: row["title"] for row in rows}

    def title_of(self, checklist_id: str) -> str:
        """A checklist's title as the sessions last named it; its id if none did."""
        sql = "SELECT title FROM checklists WHERE checklist_id = ?"
        return str(value_of(self._connection, sql, (checklist_id,)) or checklist_id)

    def starting_with(self, prefix: str, scope: AccessScope) -> Sequence[Session]:
        """At most 25 sessions by the beginning of their id, in any case, with or without hyphens. It finds those that
        iSpring no longer lists too."""
        typed = prefix.strip().lower()
        if not typed:
            return []
        spelled = sorted({typed, _with_hyphens(typed.replace("-", ""))})
        where = stored_within(
            scope,
            " OR ".join("session_id >= ? AND session_id < ?" for _ in spelled),
            *(bound for text in spelled for bound in (text, text + _LAST)),
        )
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
        condition = f"session_id >= ? AND session_id < ? AND {side}"
        where = stored_within(scope, condition, alike, alike + _LAST, session_id)
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

"""Criteria and competency areas: whose are owed, what came, and who acknowledged the result."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.model import Acknowledgement, Details, DetailsState, SessionKey
from bot.store.columns import from_json, from_ms, to_json, to_ms, value_of
from bot.store.session_rows import OF_KEY, id_of, key_of, request_edits

FIRST_WAIT = timedelta(minutes=1)  # after a fetch that brought nothing; doubled each time
LONGEST_WAIT = timedelta(hours=6)
TRIES = 12  # about a day and a half, then the criteria are given up
_EVER = datetime.min.replace(tzinfo=UTC)


def enqueue(connection: sqlite3.Connection, key: SessionKey) -> None:
    connection.execute(
        f"UPDATE sessions SET details = 'owed', details_tries = 0, details_due_at = 0 WHERE {OF_KEY}",
        (key.session_id, key.employee_id),
    )


def prioritise(connection: sqlite3.Connection, keys: Collection[SessionKey]) -> None:
    """Somebody is told that the criteria of these sessions come: whenever they are owed, they are fetched first."""
    connection.executemany(
        f"UPDATE sessions SET details_prioritised = 1 WHERE {OF_KEY} AND details_prioritised = 0",
        [_values(key) for key in keys],
    )


def stored(connection: sqlite3.Connection, since: datetime, now: datetime, limit: int) -> Sequence[SessionKey]:
    """See `core.ports.SessionRows.details_owed`."""
    # By an index of its own, to which SQLite prefers that of all that is owed: after a baseline most of a million.
    prioritised = _pending(
        connection, "INDEXED BY sessions_details_prioritised WHERE details_prioritised = 1", _EVER, now, limit
    )
    rest = _pending(connection, "WHERE details_prioritised = 0", since, now, limit - len(prioritised))
    return [*prioritised, *rest]


def _pending(
    connection: sqlite3.Connection, which: str, since: datetime, now: datetime, limit: int
) -> Sequence[SessionKey]:
    # A completion whose date could not be understood counts from when it was stored.
    rows = connection.execute(
        f"SELECT session_id, employee_id FROM sessions {which} AND details = 'owed' AND details_due_at <= ?"
        " AND coalesce(finished_at, changed_at) >= ? AND missing_since IS NULL"
        " ORDER BY coalesce(finished_at, changed_at) DESC LIMIT ?",
        (to_ms(now), to_ms(since), limit),
    )
    return [key_of(row) for row in rows]


def save(connection: sqlite3.Connection, key: SessionKey, details: Details, now: datetime) -> None:
    """Raises the session's version, because its cards show less than is known now."""
    session = id_of(connection, key)
    if session is None:
        return
    connection.execute(
        "INSERT OR REPLACE INTO details (session, body, fetched_at) VALUES (?, ?, ?)",
        (session, to_json(details), to_ms(now)),
    )
    _record_result(connection, key, DetailsState.FETCHED, now)


def in_vain(connection: sqlite3.Connection, key: SessionKey, now: datetime) -> None:
    tries = (value_of(connection, f"SELECT details_tries FROM sessions WHERE {OF_KEY}", _values(key)) or 0) + 1
    if tries >= TRIES:
        _record_result(connection, key, DetailsState.UNAVAILABLE, now)
        return
    wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
    connection.execute(
        f"UPDATE sessions SET details_tries = ?, details_due_at = ? WHERE {OF_KEY}",
        (tries, to_ms(now + wait), *_values(key)),
    )


def _record_result(connection: sqlite3.Connection, key: SessionKey, state: DetailsState, now: datetime) -> None:
    connection.execute(
        f"UPDATE sessions SET details = ?, details_tries = 0, details_due_at = 0, version = version + 1 WHERE {OF_KEY}",
        (state, *_values(key)),
    )
    request_edits(connection, key, now)


def of(connection: sqlite3.Connection, session: int) -> Details | None:
    body = value_of(connection, "SELECT body FROM details WHERE session = ?", (session,))
    return None if body is None else from_json(body, Details)


def acknowledge(connection: sqlite3.Connection, key: SessionKey, slack_user_id: str, now: datetime) -> bool:
    session = id_of(connection, key)
    if session is None:
        return False
    added = connection.execute(
        "INSERT OR IGNORE INTO acknowledgements (session, slack_user_id, at) VALUES (?, ?, ?)",
        (session, slack_user_id, to_ms(now)),
    ).rowcount
    if added:
        connection.execute("UPDATE sessions SET version = version + 1 WHERE id = ?", (session,))
        request_edits(connection, key, now)
    return bool(added)


def acknowledgements(connection: sqlite3.Connection, session: int) -> tuple[Acknowledgement, ...]:
    rows = connection.execute(
        "SELECT slack_user_id, at FROM acknowledgements WHERE session = ? ORDER BY at, slack_user_id", (session,)
    )
    return tuple(Acknowledgement(row["slack_user_id"], from_ms(row["at"])) for row in rows)


def _values(key: SessionKey) -> tuple[str, str]:
    return key.session_id, key.employee_id

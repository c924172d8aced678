"""What is left of erased sessions: their ids and the fingerprint of their row, so that the next listing that still has
one says nothing new; and edits of what was posted about them.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.domain.model import SessionKey
from bot.store.columns import to_json, to_ms, value_of
from bot.store.outbox.cancel import cancel_notifications
from bot.store.outbox.destinations import SHOWS
from bot.store.session_rows import OF_KEY
from bot.store.sqlite import IN_LIST

# Tables that refer to a session's row.
CHILDREN = ("history", "details", "acknowledgements", "unrouted", "reminders", "absences", "follow_ups")
# Not those of a delivery in sending or ambiguous: it may have been posted, and is edited once it is found. If it was
# not, it is cancelled when it would be sent again, because nothing is stored that it could show.
UNSENT = "notifications.cancelled_reason IS NULL AND (notifications.delivery IS NULL OR deliveries.state = 'pending')"


def erased_people(connection: sqlite3.Connection) -> frozenset[str]:
    """Ids of the people who were erased."""
    return frozenset(row[0] for row in connection.execute("SELECT person_id FROM erased_people"))


def is_erased(connection: sqlite3.Connection, key: SessionKey) -> bool:
    """True if the session or its employee was erased."""
    return bool(
        value_of(
            connection,
            f"SELECT EXISTS (SELECT 1 FROM erased_sessions WHERE {OF_KEY})"
            " OR EXISTS (SELECT 1 FROM erased_people WHERE person_id = ?)",
            (key.session_id, key.employee_id, key.employee_id),
        )
    )


def posted_about(connection: sqlite3.Connection, sessions: Sequence[int]) -> list[int]:
    """The messages about sessions, by the numbers of both."""
    rows = connection.execute(
        "SELECT DISTINCT delivery FROM sessions JOIN notifications USING (session_id, employee_id)"
        f" WHERE sessions.id {IN_LIST} AND delivery IS NOT NULL",
        (to_json(sessions),),
    )
    return [row["delivery"] for row in rows]


def enqueue_redactions(
    connection: sqlite3.Connection, deliveries: Iterable[int], first: datetime, between: timedelta
) -> int:
    """Marks messages for an edit, those being sent or ambiguous too; returns how many. One whose edits have ended is
    marked as well while it shows something: what can't be edited is deleted."""
    marked = 0
    for delivery in deliveries:
        due_at = to_ms(first + marked * between)
        marked += connection.execute(
            "UPDATE deliveries SET edit_is_cosmetic = 0, edit_ended = NULL,"
            " edit_due_at = CASE WHEN edit_due_at <= ? THEN edit_due_at ELSE ? END"
            " WHERE id = ? AND state IN ('sent', 'sending', 'ambiguous')"
            f" AND (edit_ended IS NULL OR {SHOWS})",
            (due_at, due_at, delivery),
        ).rowcount
    return marked


def cancel_unsent(connection: sqlite3.Connection, sessions: Sequence[int], reason: str) -> int:
    """Cancels the unsent notifications about sessions; returns how many."""
    return cancel_found(
        connection,
        "SELECT notifications.id FROM sessions JOIN notifications USING (session_id, employee_id)"
        " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        f" WHERE sessions.id {IN_LIST} AND {UNSENT}",
        to_json(sessions),
        reason,
    )


def cancel_found(connection: sqlite3.Connection, which: str, parameter: str, reason: str) -> int:
    """Cancels the notifications that a statement with one parameter finds; returns how many."""
    ids = [row["id"] for row in connection.execute(which, (parameter,))]
    cancel_notifications(connection, ids, reason, in_hand=False)
    return len(ids)


def write_tombstones(connection: sqlite3.Connection, sessions: Sequence[int], now: datetime) -> None:
    """Deletes sessions, but for their ids and fingerprints."""
    chosen = to_json(sessions)
    connection.execute(
        "INSERT INTO erased_sessions (session_id, employee_id, fingerprint, erased_at)"
        f" SELECT session_id, employee_id, fingerprint, ? FROM sessions WHERE id {IN_LIST}"
        " ON CONFLICT (session_id, employee_id) DO UPDATE SET fingerprint = excluded.fingerprint,"
        " erased_at = excluded.erased_at",
        (to_ms(now), chosen),
    )
    for table in CHILDREN:
        connection.execute(f"DELETE FROM {table} WHERE session {IN_LIST}", (chosen,))
    connection.execute(f"DELETE FROM sessions WHERE id {IN_LIST}", (chosen,))

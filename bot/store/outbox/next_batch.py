"""Which of the notices that wait at a destination become its next message."""

import sqlite3
from datetime import datetime, timedelta

from bot.domain.cadence import LONGEST_SETTLING
from bot.domain.model import Destination, DestinationKind, NotificationKind
from bot.store.columns import to_json, to_ms, value_of

LARGEST_GROUP = 25
# As many notices as go out one by one; more become one grouped message.
ALONE_UP_TO = {DestinationKind.CHANNEL: 3, DestinationKind.PERSON: 1, DestinationKind.USER: 1}
# What settles for a person goes with the first that has settled: one message for what finished together.
_JOINS_EARLY = {
    DestinationKind.CHANNEL: timedelta(0),
    DestinationKind.PERSON: timedelta(seconds=LONGEST_SETTLING),
    DestinationKind.USER: timedelta(0),
}
WAITING = "destination = ? AND delivery IS NULL AND cancelled_reason IS NULL"


def next_batch(connection: sqlite3.Connection, destination: Destination, now: datetime, new_id: str) -> int | None:
    """Makes a delivery of what waits: one notice, or a group whose members never change again."""
    waiting = connection.execute(
        # In the order of that index, so that the rest of a long line is not looked at.
        "SELECT id, priority FROM notifications INDEXED BY notifications_next"
        f" WHERE {WAITING} AND due_at <= CASE WHEN priority > 0 THEN ? ELSE ? END ORDER BY priority, id LIMIT ?",
        (str(destination), to_ms(now + _JOINS_EARLY[destination.kind]), to_ms(now), LARGEST_GROUP),
    ).fetchall()
    if not waiting or not _is_due(connection, destination, now):
        return None
    goes_alone = waiting[0]["priority"] == 0 or len(waiting) <= ALONE_UP_TO[destination.kind]
    members = _with_its_sharing(connection, waiting[0]["id"]) if goes_alone else [row["id"] for row in waiting]
    number = connection.execute(
        "INSERT INTO deliveries (delivery_id, destination, state, created_at, due_at) VALUES (?, ?, 'waiting', ?, ?)",
        (new_id, str(destination), to_ms(now), to_ms(now)),
    ).lastrowid
    connection.execute(
        "UPDATE notifications SET delivery = ? WHERE id IN (SELECT value FROM json_each(?))", (number, to_json(members))
    )
    return number


def _is_due(connection: sqlite3.Connection, destination: Destination, now: datetime) -> bool:
    asked = f"SELECT EXISTS (SELECT 1 FROM notifications WHERE {WAITING} AND due_at <= ?)"
    return bool(value_of(connection, asked, (str(destination), to_ms(now))))


def _with_its_sharing(connection: sqlite3.Connection, notification_id: int) -> list[int]:
    """A notice that goes alone; one that somebody shared goes with the others they shared with it."""
    notification = connection.execute("SELECT * FROM notifications WHERE id = ?", (notification_id,)).fetchone()
    if notification["kind"] != NotificationKind.SHARED:
        return [notification_id]
    rows = connection.execute(
        f"SELECT id FROM notifications INDEXED BY notifications_next WHERE {WAITING} AND priority = 0 AND kind = ?"
        " AND json_extract(facts, '$.share') = json_extract(?, '$.share') ORDER BY id LIMIT ?",
        (notification["destination"], NotificationKind.SHARED, notification["facts"], LARGEST_GROUP),
    )
    return [row["id"] for row in rows]

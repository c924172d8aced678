"""Which of the notices that wait at a destination become its next message."""

import sqlite3
from datetime import datetime, timedelta

from bot.core.cadence import LONGEST_SETTLING
from bot.core.model import Destination, DestinationKind, NoticeKind
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
WAITING = "destination = ? AND delivery IS NULL AND ended IS NULL"


def gather(connection: sqlite3.Connection, destination: Destination, now: datetime, new_id: str) -> int | None:
    """Makes a delivery of what waits: one notice, or a group whose members never change again."""
    waiting = connection.execute(
        # In the order of that index, so that the rest of a long line is not looked at.
        "SELECT id, rank FROM notices INDEXED BY notices_next"
        f" WHERE {WAITING} AND due_at <= CASE WHEN rank > 0 THEN ? ELSE ? END ORDER BY rank, id LIMIT ?",
        (str(destination), to_ms(now + _JOINS_EARLY[destination.kind]), to_ms(now), LARGEST_GROUP),
    ).fetchall()
    if not waiting or not _is_due(connection, destination, now):
        return None
    goes_alone = waiting[0]["rank"] == 0 or len(waiting) <= ALONE_UP_TO[destination.kind]
    members = _with_its_sharing(connection, waiting[0]["id"]) if goes_alone else [row["id"] for row in waiting]
    number = connection.execute(
        "INSERT INTO deliveries (delivery_id, destination, state, created_at, due_at) VALUES (?, ?, 'waiting', ?, ?)",
        (new_id, str(destination), to_ms(now), to_ms(now)),
    ).lastrowid
    connection.execute(
        "UPDATE notices SET delivery = ? WHERE id IN (SELECT value FROM json_each(?))", (number, to_json(members))
    )
    return number


def _is_due(connection: sqlite3.Connection, destination: Destination, now: datetime) -> bool:
    asked = f"SELECT EXISTS (SELECT 1 FROM notices WHERE {WAITING} AND due_at <= ?)"
    return bool(value_of(connection, asked, (str(destination), to_ms(now))))


def _with_its_sharing(connection: sqlite3.Connection, notice_id: int) -> list[int]:
    """A notice that goes alone; one that somebody shared goes with the others they shared with it."""
    notice = connection.execute("SELECT * FROM notices WHERE id = ?", (notice_id,)).fetchone()
    if notice["kind"] != NoticeKind.SHARED:
        return [notice_id]
    rows = connection.execute(
        f"SELECT id FROM notices INDEXED BY notices_next WHERE {WAITING} AND rank = 0 AND kind = ?"
        " AND json_extract(facts, '$.share') = json_extract(?, '$.share') ORDER BY id LIMIT ?",
        (notice["destination"], NoticeKind.SHARED, notice["facts"], LARGEST_GROUP),
    )
    return [row["id"] for row in rows]

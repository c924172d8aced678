"""Destinations that can't be reached for now: what they are owed waits, and their rules rest with the same reason."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.core.model import Destination
from bot.core.pauses import SHARED_OUTSIDE
from bot.store import resting
from bot.store.columns import from_ms_or_none, to_ms, value_of
from bot.store.deliveries import refresh_due
from bot.store.endings import end_unheard_rules
from bot.store.gathering import WAITING

# Whether anything is left to be read in a message: see `core.model.TAKEN_BACK`.
SHOWS = (
    "EXISTS (SELECT 1 FROM notices WHERE notices.delivery = deliveries.id AND notices.ended IS NULL"
    " AND coalesce(notices.shown_version, 0) >= 0)"
)
# Where nobody can write, nobody can read back either. Where another company reads along, what is found is taken back.
MAY_BE_READ = (
    "NOT EXISTS (SELECT 1 FROM destinations WHERE destinations.destination = deliveries.destination"
    f" AND destinations.held <> '{SHARED_OUTSIDE}')"
)
# Where nobody can write, no message can be edited. Where another company reads along, one may be taken back.
MAY_BE_EDITED = (
    "NOT EXISTS (SELECT 1 FROM destinations WHERE destinations.destination = deliveries.destination"
    f" AND destinations.held IS NOT NULL AND NOT (destinations.held = '{SHARED_OUTSIDE}' AND {SHOWS}))"
)


def hold(connection: sqlite3.Connection, destination: Destination, why: str, now: datetime) -> None:
    name = str(destination)
    held_before = why_held(connection, name)
    connection.execute(
        "INSERT INTO destinations (destination, held, held_at) VALUES (?, ?, ?)"
        " ON CONFLICT (destination) DO UPDATE SET"
        " held_at = CASE WHEN held IS NULL THEN excluded.held_at ELSE held_at END, held = excluded.held,"
        " looked_at = NULL",  # whatever was seen there is not so any more
        (name, why, to_ms(now)),
    )
    rows = connection.execute(
        "SELECT id FROM deliveries WHERE destination = ? AND state IN ('waiting', 'held')", (name,)
    ).fetchall()
    for row in rows:
        connection.execute("UPDATE deliveries SET state = 'held', why = ? WHERE id = ?", (why, row["id"]))
    # The reason is what tells these rules from those that somebody else paused: only these resume by themselves.
    connection.execute(
        "UPDATE rules SET state = 'paused', why = ? WHERE destination = ?"
        " AND (state = 'active' OR (state = 'paused' AND why = ?))",
        (why, name, held_before),
    )
    for row in rows:
        end_unheard_rules(connection, row["id"], why)
    refresh_due(connection, name)


def release(connection: sqlite3.Connection, destination: Destination, now: datetime) -> int:
    name = str(destination)
    held = why_held(connection, name)
    connection.execute("UPDATE destinations SET held = NULL, held_at = NULL WHERE destination = ?", (name,))
    resumed = connection.execute(
        "UPDATE deliveries SET state = 'waiting', due_at = ? WHERE destination = ? AND state = 'held'",
        (to_ms(now), name),
    ).rowcount
    if held is not None:
        connection.execute(
            "UPDATE rules SET state = 'active', why = '' WHERE destination = ? AND state = 'paused' AND why = ?",
            (name, held),
        )
        resumed += value_of(connection, f"SELECT count(*) FROM notices WHERE {WAITING}", (name,))
    resting.settle(connection, name, now)
    return resumed


def why_held(connection: sqlite3.Connection, destination: str) -> str | None:
    why: str | None = value_of(connection, "SELECT held FROM destinations WHERE destination = ?", (destination,))
    return why


def why_not_next(connection: sqlite3.Connection, destination: str, delivery: int) -> str | None:
    """Why a message may not wait for its next try but is held, None where nothing is in its way: a channel may have
    shut, or a rule begun to rest, while the message was on its way."""
    held = why_held(connection, destination)
    return resting.RULE_RESTS if held is None and not resting.goes(connection, delivery) else held


def look_due(connection: sqlite3.Connection, asked_before: datetime, limit: int) -> Sequence[str]:
    rows = connection.execute(
        "SELECT substr(destination, 9) AS id, max(looked_at) AS looked_at FROM ("
        "SELECT rules.destination, looked_at FROM rules LEFT JOIN destinations USING (destination)"
        " WHERE state IN ('active', 'paused')"
        " UNION SELECT destination, looked_at FROM destinations WHERE held IS NOT NULL)"
        " WHERE destination LIKE 'channel:%' GROUP BY 1 HAVING coalesce(max(looked_at), 0) <= ?"
        " ORDER BY coalesce(max(looked_at), 0) LIMIT ?",
        (to_ms(asked_before), limit),
    )
    return [row["id"] for row in rows]


def note_look(connection: sqlite3.Connection, destination: Destination, now: datetime) -> None:
    connection.execute(
        "INSERT INTO destinations (destination, looked_at) VALUES (?, ?)"
        " ON CONFLICT (destination) DO UPDATE SET looked_at = excluded.looked_at",
        (str(destination), to_ms(now)),
    )


def looked_at(connection: sqlite3.Connection, destination: Destination) -> datetime | None:
    return from_ms_or_none(
        value_of(connection, "SELECT looked_at FROM destinations WHERE destination = ?", (str(destination),))
    )

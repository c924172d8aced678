"""Destinations that can't be reached for now: what they are owed waits, and their rules rest with the same reason."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain.model import Destination, DestinationKind
from bot.domain.pause_reasons import SHARED_OUTSIDE
from bot.store.columns import from_ms_or_none, to_ms, value_of
from bot.store.outbox import eligibility
from bot.store.outbox.cancel import cancel_notifications, cancel_unintroduced_rules
from bot.store.outbox.deliveries import refresh_due
from bot.store.outbox.next_batch import WAITING

# Whether anything is left to be read in a message: see `core.model.TAKEN_BACK`.
SHOWS = (
    "EXISTS (SELECT 1 FROM notifications WHERE notifications.delivery = deliveries.id AND notifications.cancelled_reason IS NULL"
    " AND coalesce(notifications.shown_version, 0) >= 0)"
)
# Where nobody can write, nobody can read back either. Where another company reads along, what is found is taken back.
MAY_BE_READ = (
    "NOT EXISTS (SELECT 1 FROM destinations WHERE destinations.destination = deliveries.destination"
    f" AND destinations.blocked_reason <> '{SHARED_OUTSIDE}')"
)
# Where nobody can write, no message can be edited. Where another company reads along, one may be taken back.
MAY_BE_EDITED = (
    "NOT EXISTS (SELECT 1 FROM destinations WHERE destinations.destination = deliveries.destination"
    f" AND destinations.blocked_reason IS NOT NULL AND NOT (destinations.blocked_reason = '{SHARED_OUTSIDE}' AND {SHOWS}))"
)


def block(connection: sqlite3.Connection, destination: Destination, reason: str, now: datetime) -> None:
    name = str(destination)
    held_before = blocked_reason(connection, name)
    connection.execute(
        "INSERT INTO destinations (destination, blocked_reason, blocked_at) VALUES (?, ?, ?)"
        " ON CONFLICT (destination) DO UPDATE SET"
        " blocked_at = CASE WHEN blocked_reason IS NULL THEN excluded.blocked_at ELSE blocked_at END, blocked_reason = excluded.blocked_reason,"
        " checked_at = NULL",  # whatever was seen there is not so any more
        (name, reason, to_ms(now)),
    )
    rows = connection.execute(
        "SELECT id FROM deliveries WHERE destination = ? AND state IN ('waiting', 'held')", (name,)
    ).fetchall()
    for row in rows:
        connection.execute("UPDATE deliveries SET state = 'held', reason = ? WHERE id = ?", (reason, row["id"]))
    # The reason is what tells these rules from those that somebody else paused: only these resume by themselves.
    connection.execute(
        "UPDATE rules SET state = 'paused', reason = ? WHERE destination = ?"
        " AND (state = 'active' OR (state = 'paused' AND reason = ?))",
        (reason, name, held_before),
    )
    for row in rows:
        cancel_unintroduced_rules(connection, row["id"], reason)
    refresh_due(connection, name)


def unblock(connection: sqlite3.Connection, destination: Destination, now: datetime) -> int:
    name = str(destination)
    blocked = blocked_reason(connection, name)
    connection.execute(
        "UPDATE destinations SET blocked_reason = NULL, blocked_at = NULL WHERE destination = ?", (name,)
    )
    resumed = connection.execute(
        "UPDATE deliveries SET state = 'waiting', due_at = ? WHERE destination = ? AND state = 'held'",
        (to_ms(now), name),
    ).rowcount
    if blocked is not None:
        connection.execute(
            "UPDATE rules SET state = 'active', reason = '' WHERE destination = ? AND state = 'paused' AND reason = ?",
            (name, blocked),
        )
        resumed += value_of(connection, f"SELECT count(*) FROM notifications WHERE {WAITING}", (name,))
    eligibility.settle(connection, name, now)
    return resumed


def blocked_reason(connection: sqlite3.Connection, destination: str) -> str | None:
    reason: str | None = value_of(
        connection, "SELECT blocked_reason FROM destinations WHERE destination = ?", (destination,)
    )
    return reason


def blocked_reason_of(connection: sqlite3.Connection, destination: str, delivery: int) -> str | None:
    """Why a message may not wait for its next try but is held, None where nothing is in its way: a channel may have
    shut, or a rule begun to rest, while the message was on its way."""
    blocked = blocked_reason(connection, destination)
    return eligibility.RULE_PAUSED_REASON if blocked is None and not eligibility.goes(connection, delivery) else blocked


def move(connection: sqlite3.Connection, old_channel: str, new_channel: str, now: datetime) -> None:
    """Rewrites the id of a channel wherever it is stored. Repeating it changes nothing."""
    if old_channel == new_channel:
        return
    old, new = (str(Destination(DestinationKind.CHANNEL, one)) for one in (old_channel, new_channel))
    blocked = blocked_reason(connection, new) or blocked_reason(connection, old)
    unblock(connection, Destination.parse(old), now)
    connection.execute("UPDATE rules SET destination = ? WHERE destination = ?", (new, old))
    connection.execute("UPDATE OR IGNORE notifications SET destination = ? WHERE destination = ?", (new, old))
    connection.execute("UPDATE deliveries SET destination = ? WHERE destination = ?", (new, old))
    connection.execute("UPDATE deliveries SET channel = ? WHERE channel = ?", (new_channel, old_channel))
    # A notice that is stored under both ids keeps the old one here. It is not sent again.
    twice = connection.execute(
        "SELECT notifications.id FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE notifications.destination = ? AND cancelled_reason IS NULL AND (delivery IS NULL OR state <> 'sent')",
        (old,),
    ).fetchall()
    cancel_notifications(
        connection, [row["id"] for row in twice], "stored under the new id of its channel too", in_hand=False
    )
    connection.execute("DELETE FROM destinations WHERE destination = ?", (old,))
    if blocked is not None:
        block(connection, Destination.parse(new), blocked, now)
    refresh_due(connection, new)


def checks_due(connection: sqlite3.Connection, checked_before: datetime, limit: int) -> Sequence[str]:
    rows = connection.execute(
        "SELECT substr(destination, 9) AS id, max(checked_at) AS checked_at FROM ("
        "SELECT rules.destination, checked_at FROM rules LEFT JOIN destinations USING (destination)"
        " WHERE state IN ('active', 'paused')"
        " UNION SELECT destination, checked_at FROM destinations WHERE blocked_reason IS NOT NULL)"
        " WHERE destination LIKE 'channel:%' GROUP BY 1 HAVING coalesce(max(checked_at), 0) <= ?"
        " ORDER BY coalesce(max(checked_at), 0) LIMIT ?",
        (to_ms(checked_before), limit),
    )
    return [row["id"] for row in rows]


def record_check(connection: sqlite3.Connection, destination: Destination, now: datetime) -> None:
    connection.execute(
        "INSERT INTO destinations (destination, checked_at) VALUES (?, ?)"
        " ON CONFLICT (destination) DO UPDATE SET checked_at = excluded.checked_at",
        (str(destination), to_ms(now)),
    )


def checked_at(connection: sqlite3.Connection, destination: Destination) -> datetime | None:
    return from_ms_or_none(
        value_of(connection, "SELECT checked_at FROM destinations WHERE destination = ?", (str(destination),))
    )

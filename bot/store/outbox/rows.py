"""Deliveries and their notifications as rows, in both directions; and the log of attempts."""

import sqlite3
from collections.abc import Mapping
from typing import cast

from bot.domain.model import SessionKey
from bot.domain.notifications import Delivery, Destination, Notification, NotificationKind, StoredNotification
from bot.domain.outbox import Attempt
from bot.store.columns import column_names, from_json, from_ms, from_row, to_row

ATTEMPTS_KEPT = 50  # of one delivery
_NOT_CHANGED = ("delivery_id", "destination", "shadow", "created_at")  # of a delivery, once it is made
_NO_COLUMNS = ("notifications",)  # they are rows of their own
_WRITE = "UPDATE deliveries SET {} WHERE delivery_id = :delivery_id".format(
    ", ".join(f"{name} = :{name}" for name in column_names(Delivery) if name not in (*_NOT_CHANGED, *_NO_COLUMNS))
)
_WRITE_ATTEMPT = (
    f"INSERT INTO attempts (delivery, {', '.join(column_names(Attempt))})"
    f" VALUES (:delivery, {', '.join(f':{name}' for name in column_names(Attempt))})"
)


def delivery_of(connection: sqlite3.Connection, row: sqlite3.Row) -> Delivery:
    """The delivery of a row of `deliveries`, with the notifications it carries."""
    return from_row(Delivery, row, notifications=_carried(connection, row["id"]))


def write(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """Stores everything of a delivery that changes; its notifications and its creation never do."""
    connection.execute(_WRITE, to_row(delivery, *_NO_COLUMNS))


def row_of(connection: sqlite3.Connection, delivery_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM deliveries WHERE delivery_id = ?", (delivery_id,)
    ).fetchone()
    return row


def _carried(connection: sqlite3.Connection, delivery: int) -> tuple[StoredNotification, ...]:
    """The notifications of a delivery, in the order of its claim: failing results first, then the oldest."""
    rows = connection.execute(
        "SELECT * FROM notifications WHERE delivery = ? AND cancelled_reason IS NULL ORDER BY priority, id", (delivery,)
    )
    return tuple(
        StoredNotification(
            notification_id=row["id"],
            notification=notification_of(row),
            created_at=from_ms(row["created_at"]),
            shown_version=row["shown_version"],
        )
        for row in rows
    )


def facts_of(row: sqlite3.Row) -> Mapping[str, str | int | float | None]:
    """A notification's facts: ids and numbers by name."""
    # msgspec takes a dict; the annotation of the facts is a mapping.
    return cast("Mapping[str, str | int | float | None]", from_json(row["facts"], dict[str, str | int | float | None]))


def notification_of(row: sqlite3.Row) -> Notification:
    return Notification(
        kind=NotificationKind(row["kind"]),
        destination=Destination.parse(row["destination"]),
        subject=row["subject"],
        reason=row["reason"],
        session=None if row["session_id"] is None else SessionKey(row["session_id"], row["employee_id"]),
        rule_ids=from_json(row["rule_ids"], tuple[int, ...]),
        mutes=from_json(row["mutes"], tuple[int, ...]),
        facts=facts_of(row),
    )


def write_attempt(connection: sqlite3.Connection, delivery: int, attempt: Attempt) -> None:
    connection.execute(_WRITE_ATTEMPT, to_row(attempt, delivery=delivery))
    connection.execute(
        "DELETE FROM attempts WHERE delivery = ? AND id <="
        " (SELECT id FROM attempts WHERE delivery = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (delivery, delivery, ATTEMPTS_KEPT),
    )

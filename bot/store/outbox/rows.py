"""Deliveries and their notifications as rows, in both directions; and the log of attempts."""

import sqlite3
from collections.abc import Mapping
from typing import cast

from bot.domain.model import (
    Delivery,
    DeliveryState,
    Destination,
    Notification,
    NotificationKind,
    SessionKey,
    StoredNotification,
)
from bot.domain.outbox import Attempt
from bot.domain.reasons import ReasonCode
from bot.store.columns import from_json, from_ms, from_ms_or_none, to_ms, to_ms_or_none

ATTEMPTS_KEPT = 50  # of one delivery
# Columns that an attempt, a read-back or an edit changes, in the order of `_values`.
_CHANGING = (
    *("state", "due_at", "attempts", "read_backs", "text_only", "resent_unverified", "slack_error", "channel", "ts"),
    *("attempt_started_at", "attempt_ended_at", "slack_time", "reason_code", "reason"),
)
_WRITE = f"UPDATE deliveries SET {', '.join(f'{column} = ?' for column in _CHANGING)} WHERE delivery_id = ?"


def delivery_of(connection: sqlite3.Connection, row: sqlite3.Row) -> Delivery:
    """The delivery of a row of `deliveries`, with the notifications it carries."""
    return Delivery(
        delivery_id=row["delivery_id"],
        destination=Destination.parse(row["destination"]),
        state=DeliveryState(row["state"]),
        notifications=_carried(connection, row["id"]),
        created_at=from_ms(row["created_at"]),
        due_at=from_ms(row["due_at"]),
        attempts=row["attempts"],
        read_backs=row["read_backs"],
        text_only=bool(row["text_only"]),
        resent_unverified=bool(row["resent_unverified"]),
        slack_error=row["slack_error"],
        channel=row["channel"],
        ts=row["ts"],
        attempt_started_at=from_ms_or_none(row["attempt_started_at"]),
        attempt_ended_at=from_ms_or_none(row["attempt_ended_at"]),
        slack_time=row["slack_time"],
        reason_code=ReasonCode(row["reason_code"]),
        reason=row["reason"],
    )


def write(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """Stores everything of a delivery that changes; its notifications and its creation never do."""
    values = (
        delivery.state,
        to_ms(delivery.due_at),
        delivery.attempts,
        delivery.read_backs,
        delivery.text_only,
        delivery.resent_unverified,
        delivery.slack_error,
        delivery.channel,
        delivery.ts,
        to_ms_or_none(delivery.attempt_started_at),
        to_ms_or_none(delivery.attempt_ended_at),
        delivery.slack_time,
        delivery.reason_code,
        delivery.reason,
    )
    connection.execute(_WRITE, (*values, delivery.delivery_id))


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
        facts=facts_of(row),
    )


def write_attempt(connection: sqlite3.Connection, delivery: int, attempt: Attempt) -> None:
    connection.execute(
        "INSERT INTO attempts (delivery, started_at, ended_at, what, result, reason) VALUES (?, ?, ?, ?, ?, ?)",
        (delivery, to_ms(attempt.started_at), to_ms(attempt.ended_at), attempt.what, attempt.result, attempt.reason),
    )
    connection.execute(
        "DELETE FROM attempts WHERE delivery = ? AND id <="
        " (SELECT id FROM attempts WHERE delivery = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (delivery, delivery, ATTEMPTS_KEPT),
    )

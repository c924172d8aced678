"""A delivery with its notices, and their rows, in both directions; and when a destination is due."""

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
from bot.store.columns import from_json, from_ms, from_ms_or_none, to_ms, to_ms_or_none, value_of

ATTEMPTS_KEPT = 50  # of one delivery
_WRITE = (
    "UPDATE deliveries SET state = :state, due_at = :due_at, attempts = :attempts, read_backs = :looks, text_only = :plain,"
    " resent_unverified = :resent_unverified, slack_error = :refused, channel = :channel, ts = :ts,"
    " attempt_started_at = :attempt_started_at, attempt_ended_at = :attempt_ended_at, slack_time = :slack_time,"
    " reason = :why WHERE delivery_id = :delivery_id"
)


def delivery_of(connection: sqlite3.Connection, row: sqlite3.Row) -> Delivery:
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
        refused=row["slack_error"],
        channel=row["channel"],
        ts=row["ts"],
        attempt_started_at=from_ms_or_none(row["attempt_started_at"]),
        attempt_ended_at=from_ms_or_none(row["attempt_ended_at"]),
        slack_time=row["slack_time"],
        reason=row["reason"],
    )


def write(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """Stores all of a delivery but its notices, which are frozen, and when it was made."""
    connection.execute(
        _WRITE,
        {
            "delivery_id": delivery.delivery_id,
            "state": delivery.state,
            "due_at": to_ms(delivery.due_at),
            "attempts": delivery.attempts,
            "looks": delivery.read_backs,
            "plain": delivery.text_only,
            "resent_unverified": delivery.resent_unverified,
            "refused": delivery.refused,
            "channel": delivery.channel,
            "ts": delivery.ts,
            "attempt_started_at": to_ms_or_none(delivery.attempt_started_at),
            "attempt_ended_at": to_ms_or_none(delivery.attempt_ended_at),
            "slack_time": delivery.slack_time,
            "why": delivery.reason,
        },
    )


def row_of(connection: sqlite3.Connection, delivery_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM deliveries WHERE delivery_id = ?", (delivery_id,)
    ).fetchone()
    return row


def _carried(connection: sqlite3.Connection, delivery: int) -> tuple[StoredNotification, ...]:
    """What a message carries, as it was ordered when claimed: below target first, then the oldest."""
    rows = connection.execute(
        "SELECT * FROM notifications WHERE delivery = ? AND cancelled_reason IS NULL ORDER BY priority, id", (delivery,)
    )
    return tuple(
        StoredNotification(
            notification_id=row["id"],
            notification=notice_of(row),
            created_at=from_ms(row["created_at"]),
            shown_version=row["shown_version"],
        )
        for row in rows
    )


def facts_of(row: sqlite3.Row) -> Mapping[str, str | int | float | None]:
    # The columns hold what a Notice's facts may be; its annotation is only spelled more openly than msgspec takes.
    return cast("Mapping[str, str | int | float | None]", from_json(row["facts"], dict[str, str | int | float | None]))


def notice_of(row: sqlite3.Row) -> Notification:
    return Notification(
        kind=NotificationKind(row["kind"]),
        destination=Destination.parse(row["destination"]),
        subject=row["subject"],
        reason=row["reason"],
        session=None if row["session_id"] is None else SessionKey(row["session_id"], row["employee_id"]),
        rule_ids=from_json(row["rule_ids"], tuple[int, ...]),
        facts=facts_of(row),
    )


def refresh_due(connection: sqlite3.Connection, destination: str) -> None:
    """Notes when a destination next has something to post.

    What was tried before holds up what is new: a channel that throttles or can't be reached would refuse that as well,
    and cards stay in order. What is unsure holds up nothing.
    """
    due_at = value_of(
        connection,
        "SELECT min(due_at) FROM deliveries INDEXED BY deliveries_waiting WHERE destination = ? AND state = 'waiting'",
        (destination,),
    )
    if due_at is None:
        due_at = value_of(
            connection,
            "SELECT min(due_at) FROM notifications WHERE destination = ? AND delivery IS NULL AND cancelled_reason IS NULL",
            (destination,),
        )
    connection.execute(
        "INSERT INTO destinations (destination, due_at) VALUES (?, ?)"
        " ON CONFLICT (destination) DO UPDATE SET due_at = excluded.due_at",
        (destination, due_at),
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

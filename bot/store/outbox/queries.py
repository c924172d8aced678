"""Where notices stand, for people who ask: `why`, `outbox list`, counts."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.domain.model import DeliveryState, Destination, SessionKey
from bot.domain.outbox import Attempt, BlockedDestination, NotificationStatus, OutboxCounts
from bot.store.columns import from_ms, from_ms_or_none, listed, value_of
from bot.store.outbox.deliveries import delivery_of, notice_of
from bot.store.outbox.eligibility import FOR_NOW_NEVER

_FINAL = ("dead", "dropped")
_IS_HELD = f"destinations.blocked_reason IS NOT NULL OR notifications.due_at = {FOR_NOW_NEVER}"
# A notice stands where its delivery stands; one that no delivery carries yet, where its destination does. What a
# summary counts is in no list: the summary is.
_STATE = (
    "CASE WHEN notifications.digest_id IS NOT NULL THEN 'counted' WHEN deliveries.id IS NOT NULL THEN deliveries.state"
    " WHEN notifications.cancelled_reason IS NOT NULL THEN 'dropped'"
    f" WHEN {_IS_HELD} THEN 'held' ELSE 'waiting' END"
)
_JOINED = (
    "FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
    " LEFT JOIN destinations ON destinations.destination = notifications.destination"
)
_IN_STATES = f"WHERE {_STATE} IN (SELECT value FROM json_each(?))"

# What is on its way waits as well, above all what is unsure: it may stay so while Slack can't be read.
OLDEST_TRIED = (
    "SELECT min(created_at) FROM deliveries LEFT JOIN destinations USING (destination)"
    " WHERE state IN ('waiting', 'sending', 'unsure') AND blocked_reason IS NULL"
)


def find(connection: sqlite3.Connection, destination: Destination, subject: str) -> NotificationStatus | None:
    row = connection.execute(
        "SELECT * FROM notifications WHERE destination = ? AND subject = ?", (str(destination), subject)
    ).fetchone()
    return None if row is None else _status_lines(connection, row)


def in_states(
    connection: sqlite3.Connection, states: Collection[DeliveryState], limit: int, *, newest_first: bool
) -> Sequence[NotificationStatus]:
    rows = connection.execute(
        f"SELECT notifications.* {_JOINED} {_IN_STATES} ORDER BY notifications.id {'DESC' if newest_first else 'ASC'} LIMIT ?",
        (listed(states), limit),
    )
    return [_status_lines(connection, row) for row in rows]


def number_in(connection: sqlite3.Connection, states: Collection[DeliveryState]) -> int:
    return int(value_of(connection, f"SELECT count(*) {_JOINED} {_IN_STATES}", (listed(states),)))


def of_session(connection: sqlite3.Connection, key: SessionKey) -> Sequence[NotificationStatus]:
    rows = connection.execute(
        "SELECT * FROM notifications WHERE session_id = ? AND employee_id = ? ORDER BY id",
        (key.session_id, key.employee_id),
    )
    return [_status_lines(connection, row) for row in rows]


def _status_lines(connection: sqlite3.Connection, notification: sqlite3.Row) -> NotificationStatus:
    if notification["digest_id"] is not None:
        summary = connection.execute(
            "SELECT * FROM notifications WHERE id = ?", (notification["digest_id"],)
        ).fetchone()
        there = _status_lines(connection, summary)
        return replace(
            there,
            notification=notice_of(notification),
            created_at=from_ms(notification["created_at"]),
            counted_in=there.notification,
        )
    row = connection.execute("SELECT * FROM deliveries WHERE id = ?", (notification["delivery"],)).fetchone()
    cancelled = notification["cancelled_reason"] or ""
    if not cancelled and row is not None and row["state"] in _FINAL:
        cancelled = row["reason"]
    return NotificationStatus(
        notification=notice_of(notification),
        created_at=from_ms(notification["created_at"]),
        delivery=None if row is None else delivery_of(connection, row),
        cancelled=cancelled,
        attempts=_attempts(connection, notification["delivery"]),
    )


def _attempts(connection: sqlite3.Connection, delivery: int | None) -> Sequence[Attempt]:
    rows = connection.execute(
        "SELECT started_at, ended_at, what, result, reason FROM attempts WHERE delivery = ? ORDER BY id", (delivery,)
    )
    return [
        Attempt(started_at=from_ms(started), ended_at=from_ms(cancelled), what=what, result=result, reason=reason)
        for started, cancelled, what, result, reason in rows
    ]


def counts(connection: sqlite3.Connection, app_refused: str) -> OutboxCounts:
    by_state: dict[str, int] = dict(
        tuple(row) for row in connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
    )
    unclaimed = connection.execute(
        f"SELECT count(*) AS all_of_them, total({_IS_HELD}) AS blocked_reason,"
        f" min(created_at) FILTER (WHERE NOT ({_IS_HELD})) AS oldest FROM notifications"
        " LEFT JOIN destinations USING (destination) WHERE delivery IS NULL AND cancelled_reason IS NULL"
    ).fetchone()
    oldest_tried = value_of(connection, OLDEST_TRIED)
    oldest = min((at for at in (unclaimed["oldest"], oldest_tried) if at is not None), default=None)
    return OutboxCounts(
        waiting=by_state.get("waiting", 0) + unclaimed["all_of_them"] - int(unclaimed["blocked_reason"]),
        sending=by_state.get("sending", 0),
        unsure=by_state.get("unsure", 0),
        blocked=by_state.get("held", 0) + int(unclaimed["blocked_reason"]),
        dead=by_state.get("dead", 0),
        sent=by_state.get("sent", 0),
        edits=value_of(connection, "SELECT count(*) FROM deliveries WHERE edit_due_at IS NOT NULL AND state = 'sent'"),
        oldest_at=from_ms_or_none(oldest),
        app_refused=app_refused,
    )


def blocked(connection: sqlite3.Connection) -> Sequence[BlockedDestination]:
    """Destinations that can't be written to for now, the longest so first, and how many notices wait for each."""
    rows = connection.execute(
        "SELECT destination, blocked_reason, blocked_at, (SELECT count(*) FROM notifications"
        " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE notifications.destination = destinations.destination AND notifications.cancelled_reason IS NULL"
        " AND (notifications.delivery IS NULL OR deliveries.state = 'held')) AS waiting"
        " FROM destinations WHERE blocked_reason IS NOT NULL ORDER BY blocked_at, destination"
    )
    return [
        BlockedDestination(
            destination=Destination.parse(row["destination"]),
            reason=row["blocked_reason"],
            since=from_ms_or_none(row["blocked_at"]),
            waiting=row["waiting"],
        )
        for row in rows
    ]

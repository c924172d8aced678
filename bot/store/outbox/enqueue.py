"""What becomes of a notice that is owed, given what its destination was told or is owed already."""

import sqlite3
from dataclasses import replace
from datetime import datetime

from bot.domain.model import DeliveryState, Notification, NotificationKind
from bot.domain.routing import subject_of
from bot.store import details
from bot.store.columns import to_json, to_ms, value_of
from bot.store.outbox import eligibility
from bot.store.outbox.deliveries import refresh_due
from bot.store.outbox.duplicates import SHOWS_IT, UNTIL_RESOLVED, ExistingCard, carry_rules, existing_card_at

_FAILING, _OTHER = 1, 2  # the rank of a session's notice; what goes alone has 0
_WAITS = (DeliveryState.WAITING, DeliveryState.BLOCKED)


def enqueue(
    connection: sqlite3.Connection, notification: Notification, now: datetime, not_before: datetime | None
) -> bool:
    """See `core.ports.OutboxRows.owe`."""
    due_at = not_before or now
    if notification.session is not None:
        details.prioritise(connection, [notification.session])  # its card says that they come
    is_turn = notification.session is not None and notification.subject != subject_of(notification.session)
    known = _existing(connection, notification)
    if known is not None and not _may_requeue(known):
        _add_rules(connection, known["id"], notification, due_at)
        turn = None if is_turn else _cancelled_regression(connection, notification)
        return turn is not None and enqueue(connection, replace(notification, subject=turn), now, not_before)
    card, of = existing_card_at(connection, notification)
    if card is ExistingCard.NONE and is_turn and (first := _cancelled_first(connection, notification)) is not None:
        known, notification = first, replace(notification, subject=first["subject"])
    if of is not None and (card is ExistingCard.WAITING or not is_turn):
        _add_rules(connection, of, notification, due_at)
        return False
    if card is ExistingCard.UNSURE:
        due_at = max(due_at, now + UNTIL_RESOLVED)
    number = (
        _insert(connection, notification, now, due_at)
        if known is None
        else _requeue(connection, known, notification, now, due_at)
    )
    eligibility.refresh_eligibility_of(connection, number, due_at)
    refresh_due(connection, str(notification.destination))
    return True


def _existing(connection: sqlite3.Connection, notification: Notification) -> sqlite3.Row | None:
    known: sqlite3.Row | None = connection.execute(
        "SELECT notifications.id, notifications.subject, notifications.cancelled_reason, notifications.digest_id, digest.cancelled_reason AS digest_cancelled,"
        " notifications.delivery, deliveries.state, deliveries.resent_unverified"
        " FROM notifications LEFT JOIN notifications AS digest ON digest.id = notifications.digest_id"
        " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE notifications.destination = ? AND notifications.subject = ?",
        (str(notification.destination), notification.subject),
    ).fetchone()
    return known


def _insert(connection: sqlite3.Connection, notification: Notification, now: datetime, due_at: datetime) -> int:
    number = connection.execute(
        "INSERT INTO notifications (destination, subject, kind, reason, session_id, employee_id, rule_ids, facts,"
        " created_at, due_at, priority) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            str(notification.destination),
            notification.subject,
            notification.kind,
            notification.reason,
            None if notification.session is None else notification.session.session_id,
            None if notification.session is None else notification.session.employee_id,
            to_json(notification.rule_ids),
            to_json(notification.facts),
            to_ms(now),
            to_ms(due_at),
            _priority(connection, notification),
        ),
    ).lastrowid
    assert number is not None
    return number


def _requeue(
    connection: sqlite3.Connection, known: sqlite3.Row, notification: Notification, now: datetime, due_at: datetime
) -> int:
    """It ended before anybody was told, and is wanted again; a message that still waits takes it back."""
    number: int = known["id"]
    delivery = known["delivery"] if known["state"] in _WAITS else None
    connection.execute(
        "UPDATE notifications SET cancelled_reason = NULL, digest_id = NULL, reason = ?, facts = ?, created_at = ?, due_at = ?, priority = ?,"
        " rule_ids = ?, delivery = ? WHERE id = ?",
        (
            notification.reason,
            to_json(notification.facts),
            to_ms(now),
            to_ms(due_at),
            _priority(connection, notification),
            to_json(notification.rule_ids),
            delivery,
            number,
        ),
    )
    return number


def _add_rules(connection: sqlite3.Connection, number: int, notification: Notification, due_at: datetime) -> None:
    """What is owed or told already is so on behalf of these rules too, for which it may go if it rested."""
    carry_rules(connection, number, notification.rule_ids)
    eligibility.refresh_eligibility_of(connection, number, due_at)
    refresh_due(connection, str(notification.destination))


def _may_requeue(known: sqlite3.Row) -> bool:
    was_counted = known["digest_id"] is not None and known["digest_cancelled"] is None
    return known["cancelled_reason"] is not None and not was_counted and _certainly_not_sent(known)


def _cancelled_first(connection: sqlite3.Connection, turn: Notification) -> sqlite3.Row | None:
    """The notice of a session itself where that ended before anybody was told: its card shows the turn."""
    if turn.kind is not NotificationKind.SESSION or turn.session is None:
        return None
    first = _existing(connection, replace(turn, subject=subject_of(turn.session)))
    return first if first is not None and _may_requeue(first) else None


def _cancelled_regression(connection: sqlite3.Connection, notification: Notification) -> str | None:
    """The subject of a session's last turn to bad where that ended before anybody was told, and it is bad again: a
    card that stands there is only edited, which notifies nobody."""
    if notification.session is None or _priority(connection, notification) != _FAILING:
        return None
    last = connection.execute(
        "SELECT subject, cancelled_reason FROM notifications WHERE session_id = ? AND employee_id = ? AND destination = ? AND kind = ?"
        " AND subject <> ? ORDER BY id DESC LIMIT 1",
        (
            notification.session.session_id,
            notification.session.employee_id,
            str(notification.destination),
            notification.kind,
            notification.subject,
        ),
    ).fetchone()
    return None if last is None or last["cancelled_reason"] in (None, SHOWS_IT) else last["subject"]


def _certainly_not_sent(known: sqlite3.Row) -> bool:
    """Whether a notice that ended stands nowhere: no message took it, or it left its message before that was posted.
    An earlier post that nobody could look for may have had it; where its message goes out again, that takes it back."""
    return known["state"] in _WAITS or not known["resent_unverified"]


def _priority(connection: sqlite3.Connection, notification: Notification) -> int:
    if notification.kind is not NotificationKind.SESSION or notification.session is None:
        return 0
    outcome = value_of(
        connection,
        "SELECT outcome FROM sessions WHERE session_id = ? AND employee_id = ?",
        (notification.session.session_id, notification.session.employee_id),
    )
    return _FAILING if outcome in ("below", "failed") else _OTHER

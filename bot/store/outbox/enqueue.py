"""Enqueueing a notification, in the transaction of the change that causes it; and cancelling it before it is sent.

The subject is the unique key at a destination: enqueueing twice enqueues once, on behalf of all rules that asked.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.kinds import KINDS
from bot.domain.model import OutcomeKind
from bot.domain.notifications import DeliveryState, Notification, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.domain.routing import subject_of
from bot.store.columns import from_ms, to_json, to_ms, value_of
from bot.store.details import SessionDetails
from bot.store.outbox.cancel import cancel_notifications, is_wanted
from bot.store.outbox.duplicates import (
    ONE_REGRESSION,
    UNTIL_RESOLVED,
    ExistingCard,
    add_rules,
    existing_card_at,
    regression_since,
)
from bot.store.outbox.eligibility import PENDING
from bot.store.outbox.rows import notification_of

_FAILING, _OTHER = 1, 2  # the priority of a session's notification; what goes alone has 0


class Notifications:
    """What each destination is to get."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def enqueue(self, notification: Notification, now: datetime, not_before: datetime | None = None) -> bool:
        """Queues a notification; False if its destination has it already, or will get it with another card.

        The first line that fits decides. A regression is a further card of a session whose result became failing. What
        is not queued adds its rules to what is there.

            there is                          the notification
            itself, not cancelled unsent      is not queued; a regression that was cancelled is, if it is failing again
            a regression of the last 24 h     is not queued if it is a regression
            another card that waits           is not queued: that card will show it
            another card, ambiguous           is queued for after the read-back if it is a regression, else not
            another card, posted              is queued if it is a regression, else not
            the first card, cancelled unsent  is queued as that card if it is a regression
            itself, cancelled unsent          is queued again
            nothing                           is queued
        """
        due_at = not_before or now
        if notification.session is not None:
            # Its card says that the criteria come.
            SessionDetails(self._connection).prioritise([notification.session])
        is_regression = notification.session is not None and notification.subject != subject_of(notification.session)
        existing = self._existing(notification)
        if existing is not None and not _may_requeue(existing):
            add_rules(self._connection, existing["id"], notification.rule_ids)
            regression = None if is_regression else self._cancelled_regression(notification)
            return regression is not None and self.enqueue(replace(notification, subject=regression), now, not_before)
        if is_regression and (other := regression_since(self._connection, notification, now - ONE_REGRESSION)):
            add_rules(self._connection, other, notification.rule_ids)
            return False
        card, of = existing_card_at(self._connection, notification)
        if card is ExistingCard.NONE and is_regression:
            first = self._cancelled_first(notification)
            if first is not None:
                existing, notification = first, replace(notification, subject=first["subject"])
        if of is not None and (card is ExistingCard.WAITING or not is_regression):
            add_rules(self._connection, of, notification.rule_ids)
            return False
        if card is ExistingCard.AMBIGUOUS:
            due_at = max(due_at, now + UNTIL_RESOLVED)
        if existing is None:
            self._insert(notification, now, due_at)
        else:
            self._requeue(existing, notification, now, due_at)
        return True

    def cancel(self, notification_ids: Collection[int], reason: str) -> None:
        """Cancels notifications of a claimed delivery that may not or need not be sent; a delivery left without any is
        cancelled too."""
        cancel_notifications(self._connection, notification_ids, reason, in_hand=True)

    def cancel_unsent(self, notification: Notification, reason: str) -> bool:
        """Cancels a notification if it was not posted, or tried with an unclear answer; whether it was cancelled."""
        existing = self._existing(notification)
        if existing is None or existing["cancelled_reason"] or existing["state"] not in (None, DeliveryState.PENDING):
            return False
        cancel_notifications(self._connection, [existing["id"]], reason, in_hand=False)
        return True

    def pause_notices(self, rule_id: int) -> Sequence[tuple[Notification, datetime]]:
        """The last notice of a rule's pause at each destination that got one or is to get it, and when it was
        queued."""
        rows = self._connection.execute(
            "SELECT * FROM notifications WHERE id IN (SELECT max(id) FROM notifications"
            # Not a parameter: by this the partial index is found.
            f" WHERE kind = '{NotificationKind.RULE_PAUSED}' AND subject >= ? AND subject < ?"
            " AND cancelled_reason IS NULL GROUP BY destination)",
            (f"rule_paused:{rule_id}:", f"rule_paused:{rule_id};"),
        )
        return [(notification_of(row), from_ms(row["created_at"])) for row in rows]

    def postpone(self, delivery_id: str, waiting: Mapping[int, str], until: datetime) -> None:
        """Puts notifications of a claimed delivery that was not attempted back, with the reason they wait for, so that
        they hold up nothing; a delivery left without any is dissolved. They may become members of another one."""
        for notification_id, reason in waiting.items():
            self._connection.execute(
                "UPDATE notifications SET delivery = NULL, due_at = ?, waiting_reason = ? WHERE id = ?",
                (to_ms(until), reason, notification_id),
            )
        number = value_of(self._connection, "SELECT id FROM deliveries WHERE delivery_id = ?", (delivery_id,))
        if number is not None and not is_wanted(self._connection, number):
            self._connection.execute("DELETE FROM deliveries WHERE id = ? AND state = 'sending'", (number,))

    def resume_postponed(self, now: datetime) -> int:
        """Makes notifications that wait for a proof due now, all at once, as one recap; returns how many."""
        return self._connection.execute(
            f"UPDATE notifications SET due_at = ?, waiting_reason = '' WHERE {PENDING} AND waiting_reason <> ''",
            (to_ms(now),),
        ).rowcount

    def _existing(self, notification: Notification) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT notifications.id, notifications.subject, notifications.cancelled_reason, notifications.digest_id,"
            " summary.cancelled_reason AS summary_cancelled, notifications.delivery, deliveries.state,"
            " deliveries.resent_unverified FROM notifications"
            " LEFT JOIN notifications AS summary ON summary.id = notifications.digest_id"
            " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
            " WHERE notifications.destination = ? AND notifications.subject = ?",
            (str(notification.destination), notification.subject),
        ).fetchone()
        return row

    def _insert(self, notification: Notification, now: datetime, due_at: datetime) -> None:
        key = notification.session
        self._connection.execute(
            "INSERT INTO notifications (destination, subject, kind, reason, session_id, employee_id, rule_ids, facts,"
            " created_at, due_at, priority, mutes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                str(notification.destination),
                notification.subject,
                notification.kind,
                notification.reason,
                None if key is None else key.session_id,
                None if key is None else key.employee_id,
                to_json(notification.rule_ids),
                to_json(notification.facts),
                to_ms(now),
                to_ms(due_at),
                self._priority(notification),
                to_json(notification.mutes),
            ),
        )

    def _requeue(self, existing: sqlite3.Row, notification: Notification, now: datetime, due_at: datetime) -> None:
        """Queues a cancelled notification again. If its delivery is still pending, it goes back there."""
        delivery = existing["delivery"] if existing["state"] == DeliveryState.PENDING else None
        self._connection.execute(
            "UPDATE notifications SET cancelled_reason = NULL, cancelled_code = '', digest_id = NULL, reason = ?,"
            " facts = ?, created_at = ?, due_at = ?, priority = ?, rule_ids = ?, delivery = ?, waiting_reason = '',"
            " mutes = ?, recap = NULL WHERE id = ?",
            (
                notification.reason,
                to_json(notification.facts),
                to_ms(now),
                to_ms(due_at),
                self._priority(notification),
                to_json(notification.rule_ids),
                delivery,
                to_json(notification.mutes),
                existing["id"],
            ),
        )

    def _cancelled_first(self, regression: Notification) -> sqlite3.Row | None:
        """A session's first notification if that was cancelled before it was sent: its card shows the regression."""
        if regression.kind is not NotificationKind.SESSION or regression.session is None:
            return None
        first = self._existing(replace(regression, subject=subject_of(regression.session)))
        return first if first is not None and _may_requeue(first) else None

    def _cancelled_regression(self, notification: Notification) -> str | None:
        """The subject of a session's last regression if that was cancelled before it was sent and the result is failing
        again: the posted card would only be edited, which notifies no one."""
        if notification.session is None or self._priority(notification) != _FAILING:
            return None
        last = self._connection.execute(
            "SELECT subject, cancelled_reason, cancelled_code FROM notifications"
            " WHERE session_id = ? AND employee_id = ? AND destination = ? AND kind = ? AND subject <> ?"
            " ORDER BY id DESC LIMIT 1",
            (
                notification.session.session_id,
                notification.session.employee_id,
                str(notification.destination),
                notification.kind,
                notification.subject,
            ),
        ).fetchone()
        if last is None or last["cancelled_reason"] is None:
            return None
        return None if last["cancelled_code"] == ReasonCode.SHOWN_BY_OTHER_CARD else last["subject"]

    def _priority(self, notification: Notification) -> int:
        if KINDS[notification.kind].goes_alone or notification.session is None:
            return 0
        outcome = value_of(
            self._connection,
            "SELECT outcome FROM sessions WHERE session_id = ? AND employee_id = ?",
            (notification.session.session_id, notification.session.employee_id),
        )
        return _FAILING if outcome is not None and OutcomeKind(outcome).is_failing else _OTHER


def _may_requeue(existing: sqlite3.Row) -> bool:
    """True if a notification was cancelled and certainly never posted.

    What a summary counts was posted with it, unless the summary was cancelled. If a delivery was resent without being
    read back, an earlier post may have carried the notification; a delivery that is still pending takes it back anyway.
    """
    if existing["cancelled_reason"] is None:
        return False
    if existing["digest_id"] is not None and existing["summary_cancelled"] is None:
        return False
    return existing["state"] == DeliveryState.PENDING or not existing["resent_unverified"]

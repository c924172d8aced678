"""Whether a destination already has, or will get, a card of a session, so that it gets no second one for one reason.

A session's further card is for a regression: its result became failing, or it was completed again and is. One at most
is posted in `ONE_REGRESSION`; after that the card before decides about it:

    first card      the regression
    pending         is not queued: that card will show it
    sent            is queued, because an edit notifies no one
    ambiguous       waits for the read-back; then it is cancelled if the posted card shows it or the card is sent again,
                    and sent if the posted card shows the result before
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.notifications import DeliveryState, DestinationKind, Notification, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.domain.routing import subject_of
from bot.store.columns import from_json, to_json, to_ms, value_of
from bot.store.sqlite import json_field

# Both read-backs are done within a minute as a rule. If they take longer, a second card is better than none.
UNTIL_RESOLVED = timedelta(minutes=5)
ONE_REGRESSION = timedelta(hours=24)  # a result that goes up and down all day is one new card
_SHOWN = "the posted card shows it"


class ExistingCard(StrEnum):
    """What a destination has of a session."""

    NONE = "none"
    WAITING = "waiting"
    AMBIGUOUS = "ambiguous"
    POSTED = "posted"


_CARD_OF_STATE = (
    (ExistingCard.WAITING, (None, DeliveryState.PENDING)),
    (ExistingCard.AMBIGUOUS, (DeliveryState.SENDING, DeliveryState.AMBIGUOUS)),
    (ExistingCard.POSTED, (DeliveryState.SENT,)),
)


def existing_card_at(connection: sqlite3.Connection, notification: Notification) -> tuple[ExistingCard, int | None]:
    """A session's other cards at a notification's destination, and the id of the notification that says so."""
    if notification.session is None:
        return ExistingCard.NONE, None
    rows = connection.execute(
        "SELECT notifications.id, deliveries.state FROM notifications"
        " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE session_id = ? AND employee_id = ? AND notifications.destination = ? AND kind = ? AND subject <> ?"
        " AND cancelled_reason IS NULL ORDER BY notifications.id DESC",
        (
            notification.session.session_id,
            notification.session.employee_id,
            str(notification.destination),
            notification.kind,
            notification.subject,
        ),
    ).fetchall()
    for card, states in _CARD_OF_STATE:
        for row in rows:
            if row["state"] in states:
                return card, row["id"]
    return ExistingCard.NONE, None


def regression_around(connection: sqlite3.Connection, notification: Notification, now: datetime) -> int | None:
    """The id of another regression of this session that its destination gets, or got, and that was queued within
    `ONE_REGRESSION`, also by a clock that was ahead; None if there is none. A cancelled one does not count, unless
    another card shows what it is about."""
    if notification.kind is not NotificationKind.SESSION or notification.session is None:
        return None
    found: int | None = value_of(
        connection,
        "SELECT id FROM notifications WHERE session_id = ? AND employee_id = ? AND destination = ? AND kind = ?"
        " AND subject NOT IN (?, ?) AND created_at > ? AND created_at < ?"
        " AND (cancelled_reason IS NULL OR cancelled_code IN (?, ?))"
        " ORDER BY id DESC LIMIT 1",
        (
            notification.session.session_id,
            notification.session.employee_id,
            str(notification.destination),
            notification.kind,
            notification.subject,
            subject_of(notification.session),
            to_ms(now - ONE_REGRESSION),
            to_ms(now + ONE_REGRESSION),
            ReasonCode.COUNTED,
            ReasonCode.SHOWN_BY_OTHER_CARD,
        ),
    )
    return found


def add_rules(connection: sqlite3.Connection, notification_id: int, rule_ids: Iterable[int]) -> None:
    """Makes a notification one of these rules too; one that comes to a person anyway depends on no rule."""
    known, destination = connection.execute(
        "SELECT rule_ids, destination FROM notifications WHERE id = ?", (notification_id,)
    ).fetchone()
    carried = from_json(known, tuple[int, ...])
    if not carried and destination.startswith(f"{DestinationKind.PERSON}:"):
        return
    rules = sorted({*carried, *rule_ids})
    connection.execute("UPDATE notifications SET rule_ids = ? WHERE id = ?", (to_json(rules), notification_id))


def resolve_regressions(connection: sqlite3.Connection, delivery: int, state: DeliveryState, now: datetime) -> None:
    """Decides the regressions that waited for a delivery, once that is sent, failed or pending again."""
    if state in (DeliveryState.SENDING, DeliveryState.AMBIGUOUS):
        return
    rows = connection.execute(
        f"SELECT regression.id, regression.rule_ids, {json_field('regression.facts', 'version')} AS version,"
        " mine.id AS mine, mine.shown_version"
        " FROM notifications AS mine JOIN notifications AS regression ON regression.session_id = mine.session_id"
        " AND regression.employee_id = mine.employee_id AND regression.destination = mine.destination"
        " AND regression.kind = mine.kind"
        " WHERE mine.delivery = ? AND mine.session_id IS NOT NULL AND mine.cancelled_reason IS NULL"
        " AND regression.delivery IS NULL AND regression.cancelled_reason IS NULL",
        (delivery,),
    ).fetchall()
    for row in rows:
        shows_it = state is DeliveryState.SENT and (row["shown_version"] or 0) >= (row["version"] or 0)
        if shows_it or state is DeliveryState.PENDING:
            connection.execute(
                "UPDATE notifications SET cancelled_reason = ?, cancelled_code = ? WHERE id = ?",
                (_SHOWN, ReasonCode.SHOWN_BY_OTHER_CARD, row["id"]),
            )
            add_rules(connection, row["mine"], from_json(row["rule_ids"], tuple[int, ...]))
        else:
            connection.execute(
                "UPDATE notifications SET due_at = ? WHERE id = ? AND due_at > ?", (to_ms(now), row["id"], to_ms(now))
            )

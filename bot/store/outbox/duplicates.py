"""Whether a destination already has, or is about to get, a card of a session: so that none gets two for one reason.

A session's second card is for a turn to below target or failed. What stands of the first decides about it:

    first card              the turn
    waits                   is not owed: that card will show it
    surely posted           is owed, for an edit notifies nobody
    may have been posted    waits until that is known; then it is not owed where the card was posted with the turn on
                            it or will be posted again, and goes out where the card shows what was before
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.model import DeliveryState, Notification
from bot.store.columns import from_json, to_json, to_ms, value_of
from bot.store.outbox.deliveries import refresh_due
from bot.store.outbox.eligibility import refresh_eligibility_of

# Both looks are done within a minute as a rule. Where they can't be made for longer, being told of a turn twice is
# better than not at all.
UNTIL_RESOLVED = timedelta(minutes=5)
SHOWS_IT = "the card that stands there shows it"


class ExistingCard(StrEnum):
    """What a destination has of a session."""

    NONE = "none"
    WAITING = "waiting"
    UNSURE = "unsure"
    POSTED = "posted"


def existing_card_at(connection: sqlite3.Connection, notification: Notification) -> tuple[ExistingCard, int | None]:
    """What stands of a session's other cards at a notice's destination, and the notice of the one that says so."""
    if notification.session is None:
        return ExistingCard.NONE, None
    rows = connection.execute(
        "SELECT notifications.id, deliveries.state FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
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
    for card, states in (
        (ExistingCard.WAITING, (None, DeliveryState.WAITING, DeliveryState.BLOCKED)),
        (ExistingCard.UNSURE, (DeliveryState.SENDING, DeliveryState.UNSURE)),
        (ExistingCard.POSTED, (DeliveryState.SENT,)),
    ):
        for row in rows:
            if row["state"] in states:
                return card, row["id"]
    return ExistingCard.NONE, None


def carry_rules(connection: sqlite3.Connection, notification_id: int, rule_ids: Iterable[int]) -> None:
    """A notice is owed on behalf of these rules too."""
    known = value_of(connection, "SELECT rule_ids FROM notifications WHERE id = ?", (notification_id,))
    rules = sorted({*from_json(known, tuple[int, ...]), *rule_ids})
    connection.execute("UPDATE notifications SET rule_ids = ? WHERE id = ?", (to_json(rules), notification_id))


def resolve_regressions(connection: sqlite3.Connection, delivery: int, state: DeliveryState, now: datetime) -> None:
    """It is known by now what became of a message: so of turns that waited for that."""
    if state in (DeliveryState.SENDING, DeliveryState.UNSURE):
        return
    rows = connection.execute(
        "SELECT turn.id, turn.destination, turn.rule_ids, json_extract(turn.facts, '$.version') AS version,"
        " mine.id AS mine, mine.shown_version"
        " FROM notifications AS mine JOIN notifications AS turn ON turn.session_id = mine.session_id"
        " AND turn.employee_id = mine.employee_id AND turn.destination = mine.destination AND turn.kind = mine.kind"
        " WHERE mine.delivery = ? AND mine.session_id IS NOT NULL AND mine.cancelled_reason IS NULL"
        " AND turn.delivery IS NULL AND turn.cancelled_reason IS NULL",
        (delivery,),
    ).fetchall()
    for row in rows:
        is_posted = state is DeliveryState.SENT
        shows_it = is_posted and (row["shown_version"] or 0) >= (row["version"] or 0)
        if shows_it or state in (DeliveryState.WAITING, DeliveryState.BLOCKED):
            connection.execute("UPDATE notifications SET cancelled_reason = ? WHERE id = ?", (SHOWS_IT, row["id"]))
            carry_rules(connection, row["mine"], from_json(row["rule_ids"], tuple[int, ...]))
            refresh_eligibility_of(connection, row["mine"], now)
        else:
            connection.execute("UPDATE notifications SET due_at = min(due_at, ?) WHERE id = ?", (to_ms(now), row["id"]))
            refresh_eligibility_of(connection, row["id"], now)
    for destination in {row["destination"] for row in rows}:
        refresh_due(connection, destination)

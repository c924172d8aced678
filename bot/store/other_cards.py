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

from bot.core.model import DeliveryState, Notice
from bot.store.columns import from_json, to_json, to_ms, value_of
from bot.store.deliveries import refresh_due
from bot.store.resting import settle_one

# Both looks are done within a minute as a rule. Where they can't be made for longer, being told of a turn twice is
# better than not at all.
UNTIL_KNOWN = timedelta(minutes=5)
SHOWS_IT = "the card that stands there shows it"


class Card(StrEnum):
    """What a destination has of a session."""

    NONE = "none"
    WAITING = "waiting"
    UNSURE = "unsure"
    POSTED = "posted"


def card_at(connection: sqlite3.Connection, notice: Notice) -> tuple[Card, int | None]:
    """What stands of a session's other cards at a notice's destination, and the notice of the one that says so."""
    if notice.session is None:
        return Card.NONE, None
    rows = connection.execute(
        "SELECT notices.id, deliveries.state FROM notices LEFT JOIN deliveries ON deliveries.id = notices.delivery"
        " WHERE session_id = ? AND employee_id = ? AND notices.destination = ? AND kind = ? AND subject <> ?"
        " AND ended IS NULL ORDER BY notices.id DESC",
        (notice.session.session_id, notice.session.employee_id, str(notice.destination), notice.kind, notice.subject),
    ).fetchall()
    for card, states in (
        (Card.WAITING, (None, DeliveryState.WAITING, DeliveryState.HELD)),
        (Card.UNSURE, (DeliveryState.SENDING, DeliveryState.UNSURE)),
        (Card.POSTED, (DeliveryState.SENT,)),
    ):
        for row in rows:
            if row["state"] in states:
                return card, row["id"]
    return Card.NONE, None


def carry_rules(connection: sqlite3.Connection, notice_id: int, rule_ids: Iterable[int]) -> None:
    """A notice is owed on behalf of these rules too."""
    known = value_of(connection, "SELECT rule_ids FROM notices WHERE id = ?", (notice_id,))
    rules = sorted({*from_json(known, tuple[int, ...]), *rule_ids})
    connection.execute("UPDATE notices SET rule_ids = ? WHERE id = ?", (to_json(rules), notice_id))


def settle_turns(connection: sqlite3.Connection, delivery: int, state: DeliveryState, now: datetime) -> None:
    """It is known by now what became of a message: so of turns that waited for that."""
    if state in (DeliveryState.SENDING, DeliveryState.UNSURE):
        return
    rows = connection.execute(
        "SELECT turn.id, turn.destination, turn.rule_ids, json_extract(turn.facts, '$.version') AS version,"
        " mine.id AS mine, mine.shown_version"
        " FROM notices AS mine JOIN notices AS turn ON turn.session_id = mine.session_id"
        " AND turn.employee_id = mine.employee_id AND turn.destination = mine.destination AND turn.kind = mine.kind"
        " WHERE mine.delivery = ? AND mine.session_id IS NOT NULL AND mine.ended IS NULL"
        " AND turn.delivery IS NULL AND turn.ended IS NULL",
        (delivery,),
    ).fetchall()
    for row in rows:
        is_posted = state is DeliveryState.SENT
        is_shown = is_posted and (row["shown_version"] or 0) >= (row["version"] or 0)
        if is_shown or state in (DeliveryState.WAITING, DeliveryState.HELD):
            connection.execute("UPDATE notices SET ended = ? WHERE id = ?", (SHOWS_IT, row["id"]))
            carry_rules(connection, row["mine"], from_json(row["rule_ids"], tuple[int, ...]))
            settle_one(connection, row["mine"], now)
        else:
            connection.execute("UPDATE notices SET due_at = min(due_at, ?) WHERE id = ?", (to_ms(now), row["id"]))
            settle_one(connection, row["id"], now)
    for destination in {row["destination"] for row in rows}:
        refresh_due(connection, destination)

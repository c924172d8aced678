"""What becomes of a notice that is owed, given what its destination was told or is owed already."""

import sqlite3
from dataclasses import replace
from datetime import datetime

from bot.core.model import DeliveryState, Notice, NoticeKind
from bot.core.routing import subject_of
from bot.store import details, moves, resting
from bot.store.columns import from_json, to_json, to_ms, value_of
from bot.store.deliveries import refresh_due
from bot.store.other_cards import UNTIL_KNOWN, Card, card_at, carry_rules

_WAITS = (DeliveryState.WAITING, DeliveryState.HELD)


def owe(connection: sqlite3.Connection, notice: Notice, now: datetime, not_before: datetime | None) -> bool:
    """See `core.ports.OutboxRows.owe`."""
    due_at = not_before or now
    notice = replace(notice, destination=moves.now_at(connection, notice.destination))
    if notice.session is not None:
        details.promise(connection, [notice.session])  # its card says that they come
    known = connection.execute(
        "SELECT notices.id, notices.rule_ids, notices.ended, notices.counted_in, summary.ended AS summary_ended,"
        " notices.delivery, deliveries.state, deliveries.resent_blind"
        " FROM notices LEFT JOIN notices AS summary ON summary.id = notices.counted_in"
        " LEFT JOIN deliveries ON deliveries.id = notices.delivery"
        " WHERE notices.destination = ? AND notices.subject = ?",
        (str(notice.destination), notice.subject),
    ).fetchone()
    if known is not None:
        return _owe_again(connection, known, notice, now, due_at)
    card, of = card_at(connection, notice)
    is_turn = notice.session is not None and notice.subject != subject_of(notice.session)
    if of is not None and (card is Card.WAITING or not is_turn):
        carry_rules(connection, of, notice.rule_ids)
        resting.settle(connection, str(notice.destination), due_at)
        return False
    if card is Card.UNSURE:
        due_at = max(due_at, now + UNTIL_KNOWN)
    number = connection.execute(
        "INSERT INTO notices (destination, subject, kind, reason, session_id, employee_id, rule_ids, facts,"
        " owed_at, due_at, rank) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            str(notice.destination),
            notice.subject,
            notice.kind,
            notice.reason,
            None if notice.session is None else notice.session.session_id,
            None if notice.session is None else notice.session.employee_id,
            to_json(notice.rule_ids),
            to_json(notice.facts),
            to_ms(now),
            to_ms(due_at),
            _rank(connection, notice),
        ),
    ).lastrowid
    assert number is not None
    resting.settle_one(connection, number, due_at)
    refresh_due(connection, str(notice.destination))
    return True


def _owe_again(
    connection: sqlite3.Connection, known: sqlite3.Row, notice: Notice, now: datetime, due_at: datetime
) -> bool:
    rules = sorted({*from_json(known["rule_ids"], tuple[int, ...]), *notice.rule_ids})
    connection.execute("UPDATE notices SET rule_ids = ? WHERE id = ?", (to_json(rules), known["id"]))
    was_counted = known["counted_in"] is not None and known["summary_ended"] is None
    if known["ended"] is None or was_counted or not _is_surely_untold(known):
        resting.settle_one(connection, known["id"], due_at)
        refresh_due(connection, str(notice.destination))
        return False
    # It ended before anybody was told, and is wanted again; a message that still waits takes it back.
    delivery = known["delivery"] if known["state"] in _WAITS else None
    connection.execute(
        "UPDATE notices SET ended = NULL, counted_in = NULL, reason = ?, owed_at = ?, due_at = ?, rule_ids = ?,"
        " delivery = ? WHERE id = ?",
        (notice.reason, to_ms(now), to_ms(due_at), to_json(notice.rule_ids), delivery, known["id"]),
    )
    resting.settle_one(connection, known["id"], due_at)
    refresh_due(connection, str(notice.destination))
    return True


def _is_surely_untold(known: sqlite3.Row) -> bool:
    """Whether a notice that ended stands nowhere: no message took it, or it left its message before that was posted."""
    if known["state"] == DeliveryState.DROPPED:
        return not known["resent_blind"]
    return known["state"] in (None, *_WAITS, DeliveryState.SENDING, DeliveryState.SENT)


def _rank(connection: sqlite3.Connection, notice: Notice) -> int:
    if notice.kind is not NoticeKind.SESSION or notice.session is None:
        return 0
    outcome = value_of(
        connection,
        "SELECT outcome FROM sessions WHERE session_id = ? AND employee_id = ?",
        (notice.session.session_id, notice.session.employee_id),
    )
    return 1 if outcome in ("below", "failed") else 2

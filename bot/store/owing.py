"""What becomes of a notice that is owed, given what its destination was told or is owed already."""

import sqlite3
from dataclasses import replace
from datetime import datetime

from bot.core.model import DeliveryState, Notice, NoticeKind
from bot.core.routing import subject_of
from bot.store import details, moves, resting
from bot.store.columns import to_json, to_ms, value_of
from bot.store.deliveries import refresh_due
from bot.store.other_cards import SHOWS_IT, UNTIL_KNOWN, Card, card_at, carry_rules

_BAD, _OTHER = 1, 2  # the rank of a session's notice; what goes alone has 0
_WAITS = (DeliveryState.WAITING, DeliveryState.HELD)


def owe(connection: sqlite3.Connection, notice: Notice, now: datetime, not_before: datetime | None) -> bool:
    """See `core.ports.OutboxRows.owe`."""
    due_at = not_before or now
    notice = replace(notice, destination=moves.now_at(connection, notice.destination))
    if notice.session is not None:
        details.promise(connection, [notice.session])  # its card says that they come
    is_turn = notice.session is not None and notice.subject != subject_of(notice.session)
    known = _known(connection, notice)
    if known is not None and not _is_wanted_anew(known):
        _carry_too(connection, known["id"], notice, due_at)
        turn = None if is_turn else _untold_turn(connection, notice)
        return turn is not None and owe(connection, replace(notice, subject=turn), now, not_before)
    card, of = card_at(connection, notice)
    if card is Card.NONE and is_turn and (first := _untold_first(connection, notice)) is not None:
        known, notice = first, replace(notice, subject=first["subject"])
    if of is not None and (card is Card.WAITING or not is_turn):
        _carry_too(connection, of, notice, due_at)
        return False
    if card is Card.UNSURE:
        due_at = max(due_at, now + UNTIL_KNOWN)
    number = (
        _insert(connection, notice, now, due_at) if known is None else _revive(connection, known, notice, now, due_at)
    )
    resting.settle_one(connection, number, due_at)
    refresh_due(connection, str(notice.destination))
    return True


def _known(connection: sqlite3.Connection, notice: Notice) -> sqlite3.Row | None:
    known: sqlite3.Row | None = connection.execute(
        "SELECT notices.id, notices.subject, notices.ended, notices.counted_in, summary.ended AS summary_ended,"
        " notices.delivery, deliveries.state, deliveries.resent_blind"
        " FROM notices LEFT JOIN notices AS summary ON summary.id = notices.counted_in"
        " LEFT JOIN deliveries ON deliveries.id = notices.delivery"
        " WHERE notices.destination = ? AND notices.subject = ?",
        (str(notice.destination), notice.subject),
    ).fetchone()
    return known


def _insert(connection: sqlite3.Connection, notice: Notice, now: datetime, due_at: datetime) -> int:
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
    return number


def _revive(connection: sqlite3.Connection, known: sqlite3.Row, notice: Notice, now: datetime, due_at: datetime) -> int:
    """It ended before anybody was told, and is wanted again; a message that still waits takes it back."""
    number: int = known["id"]
    delivery = known["delivery"] if known["state"] in _WAITS else None
    connection.execute(
        "UPDATE notices SET ended = NULL, counted_in = NULL, reason = ?, facts = ?, owed_at = ?, due_at = ?, rank = ?,"
        " rule_ids = ?, delivery = ? WHERE id = ?",
        (
            notice.reason,
            to_json(notice.facts),
            to_ms(now),
            to_ms(due_at),
            _rank(connection, notice),
            to_json(notice.rule_ids),
            delivery,
            number,
        ),
    )
    return number


def _carry_too(connection: sqlite3.Connection, number: int, notice: Notice, due_at: datetime) -> None:
    """What is owed or told already is so on behalf of these rules too, for which it may go if it rested."""
    carry_rules(connection, number, notice.rule_ids)
    resting.settle_one(connection, number, due_at)
    refresh_due(connection, str(notice.destination))


def _is_wanted_anew(known: sqlite3.Row) -> bool:
    was_counted = known["counted_in"] is not None and known["summary_ended"] is None
    return known["ended"] is not None and not was_counted and _is_surely_untold(known)


def _untold_first(connection: sqlite3.Connection, turn: Notice) -> sqlite3.Row | None:
    """The notice of a session itself where that ended before anybody was told: its card shows the turn."""
    if turn.kind is not NoticeKind.SESSION or turn.session is None:
        return None
    first = _known(connection, replace(turn, subject=subject_of(turn.session)))
    return first if first is not None and _is_wanted_anew(first) else None


def _untold_turn(connection: sqlite3.Connection, notice: Notice) -> str | None:
    """The subject of a session's last turn to bad where that ended before anybody was told, and it is bad again: a
    card that stands there is only edited, which notifies nobody."""
    if notice.session is None or _rank(connection, notice) != _BAD:
        return None
    last = connection.execute(
        "SELECT subject, ended FROM notices WHERE session_id = ? AND employee_id = ? AND destination = ? AND kind = ?"
        " AND subject <> ? ORDER BY id DESC LIMIT 1",
        (notice.session.session_id, notice.session.employee_id, str(notice.destination), notice.kind, notice.subject),
    ).fetchone()
    return None if last is None or last["ended"] in (None, SHOWS_IT) else last["subject"]


def _is_surely_untold(known: sqlite3.Row) -> bool:
    """Whether a notice that ended stands nowhere: no message took it, or it left its message before that was posted.
    An earlier post that nobody could look for may have had it; where its message goes out again, that takes it back."""
    return known["state"] in _WAITS or not known["resent_blind"]


def _rank(connection: sqlite3.Connection, notice: Notice) -> int:
    if notice.kind is not NoticeKind.SESSION or notice.session is None:
        return 0
    outcome = value_of(
        connection,
        "SELECT outcome FROM sessions WHERE session_id = ? AND employee_id = ?",
        (notice.session.session_id, notice.session.employee_id),
    )
    return _BAD if outcome in ("below", "failed") else _OTHER

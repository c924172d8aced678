"""A session and its row: the columns in both directions."""

import sqlite3
import struct
from datetime import datetime
from typing import NamedTuple

from bot.domain.model import DetailsState, Moment, OutcomeKind, Session, SessionFacts, SessionKey
from bot.domain.outcomes import judge
from bot.store.columns import from_ms, from_ms_or_none, number, to_ms, to_ms_or_none, upsert, value_of


class SessionRow(NamedTuple):
    """The columns of a session except `id` and the counters of its criteria. `schema` explains them."""

    session_id: str
    employee_id: str
    observer_id: str
    checklist_id: str
    checklist_title: str
    status: str
    scheduled_raw: str | None
    scheduled_at: int | None
    started_raw: str | None
    started_at: int | None
    finished_raw: str | None
    finished_at: int | None
    result: float | None
    points: float | None
    total_points: float | None
    target: float | None
    outcome: OutcomeKind
    score: float | None
    completed_as: OutcomeKind | None
    fingerprint: int
    version: int
    first_seen_at: int
    changed_at: int
    missing_since: int | None
    details: DetailsState


UPSERT = upsert("sessions", SessionRow._fields, "session_id", "employee_id")
OF_KEY = "session_id = ? AND employee_id = ?"
_FINGERPRINT = struct.Struct("<q")


def fingerprint_number(fingerprint: bytes) -> int:
    """The first eight bytes as the number that the column holds."""
    return int(_FINGERPRINT.unpack_from(fingerprint)[0])


def row_of(session: Session, fingerprint: bytes) -> SessionRow:
    """The row of a session; its outcome and score are judged here."""
    facts = session.facts
    outcome = judge(facts, session.target)
    return SessionRow(
        session_id=facts.key.session_id,
        employee_id=facts.key.employee_id,
        observer_id=facts.observer_id,
        checklist_id=facts.checklist_id,
        checklist_title=facts.checklist_title,
        status=facts.status,
        scheduled_raw=facts.scheduled.raw,
        scheduled_at=to_ms_or_none(facts.scheduled.at),
        started_raw=facts.started.raw,
        started_at=to_ms_or_none(facts.started.at),
        finished_raw=facts.finished.raw,
        finished_at=to_ms_or_none(facts.finished.at),
        result=number(facts.result),
        points=number(facts.points),
        total_points=number(facts.total_points),
        target=session.target,
        outcome=outcome.kind,
        score=outcome.score,
        completed_as=session.completed_as,
        fingerprint=fingerprint_number(fingerprint),
        version=session.version,
        first_seen_at=to_ms(session.first_seen_at),
        changed_at=to_ms(session.changed_at),
        missing_since=to_ms_or_none(session.missing_since),
        details=session.details,
    )


def key_of(row: sqlite3.Row) -> SessionKey:
    return SessionKey(row["session_id"], row["employee_id"])


def session_of(row: sqlite3.Row) -> Session:
    """The session of a row of `sessions`."""
    completed_as = row["completed_as"]
    return Session(
        facts=SessionFacts(
            key=key_of(row),
            checklist_id=row["checklist_id"],
            checklist_title=row["checklist_title"],
            observer_id=row["observer_id"],
            status=row["status"],
            scheduled=Moment(row["scheduled_raw"], from_ms_or_none(row["scheduled_at"])),
            started=Moment(row["started_raw"], from_ms_or_none(row["started_at"])),
            finished=Moment(row["finished_raw"], from_ms_or_none(row["finished_at"])),
            result=row["result"],
            points=row["points"],
            total_points=row["total_points"],
        ),
        version=row["version"],
        target=row["target"],
        first_seen_at=from_ms(row["first_seen_at"]),
        changed_at=from_ms(row["changed_at"]),
        missing_since=from_ms_or_none(row["missing_since"]),
        details=DetailsState(row["details"]),
        completed_as=None if completed_as is None else OutcomeKind(completed_as),
    )


def id_of(connection: sqlite3.Connection, key: SessionKey) -> int | None:
    """The number of a session's row, None if it is not stored."""
    found: int | None = value_of(connection, f"SELECT id FROM sessions WHERE {OF_KEY}", key)
    return found


def request_edits(connection: sqlite3.Connection, key: SessionKey, now: datetime, *, cosmetic: bool) -> None:
    """Marks every sent message that shows this session for an edit. A message that is being sent or edited compares
    versions when its attempt is stored. `cosmetic`: nothing that it says is wrong."""
    connection.execute(
        "UPDATE deliveries SET edit_due_at = coalesce(edit_due_at, ?),"
        " edit_is_cosmetic = CASE WHEN edit_due_at IS NULL OR ? < edit_is_cosmetic THEN ? ELSE edit_is_cosmetic END"
        " WHERE state = 'sent' AND edit_ended IS NULL"
        " AND id IN (SELECT delivery FROM notifications WHERE session_id = ? AND employee_id = ?"
        " AND delivery IS NOT NULL)",
        (to_ms(now), cosmetic, cosmetic, *key),
    )

"""A session and its row: the columns in both directions."""

import sqlite3
import struct
from datetime import datetime

from bot.domain.model import DetailsState, Moment, Outcome, OutcomeKind, Session, SessionFacts, SessionKey
from bot.domain.outcomes import judge
from bot.store.columns import from_ms, from_ms_or_none, number, to_ms, to_ms_or_none, value_of

# Of a session's own columns all but the counters of the criteria, in the order of `values_of`.
COLUMNS = (
    "session_id",
    "employee_id",
    "observer_id",
    "checklist_id",
    "checklist_title",
    "status",
    "scheduled_raw",
    "scheduled_at",
    "started_raw",
    "started_at",
    "finished_raw",
    "finished_at",
    "result",
    "points",
    "total_points",
    "target",
    "outcome",
    "score",
    "completed_as",
    "fingerprint",
    "version",
    "first_seen_at",
    "changed_at",
    "missing_since",
    "details",
)
_KEY = ("session_id", "employee_id")
UPSERT = (
    f"INSERT INTO sessions ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    + " ON CONFLICT (session_id, employee_id) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in COLUMNS if column not in _KEY)
)
OF_KEY = "session_id = ? AND employee_id = ?"
_FINGERPRINT = struct.Struct("<q")


def fingerprint_number(fingerprint: bytes) -> int:
    """Returns the first eight bytes as the number that the column holds."""
    return int(_FINGERPRINT.unpack_from(fingerprint)[0])


def values_of(session: Session, fingerprint: bytes) -> tuple[object, ...]:
    return (
        *_of_facts(session.facts),
        *_of_outcome(judge(session.facts, session.target), session.target),
        session.completed_as,
        fingerprint_number(fingerprint),
        session.version,
        to_ms(session.first_seen_at),
        to_ms(session.changed_at),
        to_ms_or_none(session.missing_since),
        session.details,
    )


def _of_facts(facts: SessionFacts) -> tuple[object, ...]:
    key, scheduled, started, finished = facts.key, facts.scheduled, facts.started, facts.finished
    return (
        key.session_id,
        key.employee_id,
        facts.observer_id,
        facts.checklist_id,
        facts.checklist_title,
        facts.status,
        scheduled.raw,
        to_ms_or_none(scheduled.at),
        started.raw,
        to_ms_or_none(started.at),
        finished.raw,
        to_ms_or_none(finished.at),
        number(facts.result),
        number(facts.points),
        number(facts.total_points),
    )


def _of_outcome(outcome: Outcome, target: float | None) -> tuple[object, ...]:
    return target, outcome.kind, outcome.score


def key_of(row: sqlite3.Row) -> SessionKey:
    return SessionKey(row["session_id"], row["employee_id"])


def session_of(row: sqlite3.Row) -> Session:
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
    """The number of a session's row."""
    found: int | None = value_of(
        connection, f"SELECT id FROM sessions WHERE {OF_KEY}", (key.session_id, key.employee_id)
    )
    return found


def request_edits(connection: sqlite3.Connection, key: SessionKey, now: datetime) -> None:
    """Every message already sent that shows this session is to be edited. One that is being sent or edited just now
    compares versions when its attempt is stored."""
    connection.execute(
        "UPDATE deliveries SET edit_due_at = ? WHERE state = 'sent' AND edit_ended IS NULL"
        " AND edit_due_at IS NULL"
        " AND id IN (SELECT delivery FROM notifications WHERE session_id = ? AND employee_id = ? AND delivery IS NOT"
        " NULL)",
        (to_ms(now), key.session_id, key.employee_id),
    )

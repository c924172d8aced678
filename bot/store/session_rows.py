"""A session and its row: the columns in both directions."""

import sqlite3
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, get_type_hints

from bot.domain.changes import outcome_of
from bot.domain.model import Moment, Outcome, OutcomeKind, Session, SessionFacts, SessionKey
from bot.store.columns import (
    column_names,
    from_ms_or_none,
    from_row,
    number,
    to_ms,
    to_ms_or_none,
    to_values,
    upsert,
    value_of,
)


def _fact_columns() -> Iterator[tuple[str, str, str]]:
    """The fields of SessionFacts behind its key: name, and the columns that hold it. A moment has two columns, what
    iSpring spelled and milliseconds; for another field both names are the same."""
    for name, hint in get_type_hints(SessionFacts).items():
        if name != "key":
            yield (name, f"{name}_raw", f"{name}_at") if hint is Moment else (name, name, name)


_FACTS = tuple(_fact_columns())
_SESSION = tuple(name for name in column_names(Session) if name != "facts")
_COLUMNS = (
    *SessionKey._fields,
    *dict.fromkeys(column for _, *columns in _FACTS for column in columns),
    *_SESSION,
    "outcome",
    "score",
    "fingerprint",
)
"""The columns of `sessions` that are stored with each change: the fields of both types, so that a new field needs a
column of its name and nothing here."""

UPSERT = upsert("sessions", _COLUMNS, *SessionKey._fields)
# Within one first listing the best row of a session counts, as `domain.changes.row_rank` says.
UPSERT_BEST = (
    f"{UPSERT} WHERE sessions.first_seen_at <> excluded.first_seen_at OR (excluded.completed_as IS NOT NULL,"
    " coalesce(excluded.finished_at, 0), excluded.fingerprint) >= (sessions.completed_as IS NOT NULL,"
    " coalesce(sessions.finished_at, 0), sessions.fingerprint)"
)
EDIT_LEASE = timedelta(minutes=1)  # an edit is left to its claimer for so long
_NEVER = 2**62  # ms
IS_OVER = f"outcome IN ({', '.join(repr(str(kind)) for kind in OutcomeKind if kind.is_over)})"
IS_FAILING = f"outcome IN ({', '.join(repr(str(kind)) for kind in OutcomeKind if kind.is_failing)})"
OF_KEY = "session_id = ? AND employee_id = ?"
_FINGERPRINT = struct.Struct("<q")


def fingerprint_number(fingerprint: bytes) -> int:
    """The first eight bytes as the number that the column holds."""
    return int(_FINGERPRINT.unpack_from(fingerprint)[0])


def row_of(session: Session, fingerprint: bytes, outcome: Outcome | None = None) -> tuple[object, ...]:
    """The values for UPSERT, the session's id first; outcome and score are judged here unless the outcome is given."""
    facts = session.facts
    outcome = outcome or outcome_of(session)
    values: list[object] = [*facts.key]
    for value in facts[1:]:
        if isinstance(value, Moment):
            values += (value.raw, to_ms_or_none(value.at))
        else:
            values.append(number(value) if isinstance(value, float) else value)
    return (*values, *to_values(session, "facts"), outcome.kind, outcome.score, fingerprint_number(fingerprint))


def key_of(row: sqlite3.Row) -> SessionKey:
    return SessionKey(row["session_id"], row["employee_id"])


def session_of(row: sqlite3.Row) -> Session:
    """The session of a row of `sessions`."""
    facts: dict[str, Any] = {
        name: row[name] if name == first else Moment(row[first], from_ms_or_none(row[second]))
        for name, first, second in _FACTS
    }
    return from_row(Session, row, facts=SessionFacts(key=key_of(row), **facts))


def id_of(connection: sqlite3.Connection, key: SessionKey) -> int | None:
    """The number of a session's row, None if it is not stored."""
    found: int | None = value_of(connection, f"SELECT id FROM sessions WHERE {OF_KEY}", key)
    return found


def request_edits(
    connection: sqlite3.Connection,
    key: SessionKey,
    due_at: datetime,
    *,
    cosmetic: bool,
    before: datetime | None = None,
) -> None:
    """Marks every sent message that shows this session for an edit. A message that is being sent or edited compares
    versions when its attempt is stored. `cosmetic`: nothing that it says is wrong. An edit that is due already stays
    due when it is; with `before`, one that was due only after that moment is due at `due_at` too."""
    connection.execute(
        "UPDATE deliveries SET"
        " edit_due_at = CASE WHEN edit_due_at IS NULL OR edit_due_at > ? THEN ? ELSE edit_due_at END,"
        " edit_is_cosmetic = CASE WHEN edit_due_at IS NULL OR ? < edit_is_cosmetic THEN ? ELSE edit_is_cosmetic END"
        " WHERE state = 'sent' AND edit_ended IS NULL"
        " AND id IN (SELECT delivery FROM notifications WHERE session_id = ? AND employee_id = ?"
        " AND delivery IS NOT NULL)",
        (_NEVER if before is None else to_ms(before), to_ms(due_at), cosmetic, cosmetic, *key),
    )

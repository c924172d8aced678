"""Sessions: what is known of each, its history and its acknowledgements."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.model import (
    Acknowledgement,
    Change,
    ChangeKind,
    Details,
    HistoryEntry,
    Session,
    SessionKey,
    SessionRecord,
)
from bot.store.columns import column_names, from_json, from_row, to_ms, to_values, upsert, value_of
from bot.store.erasure import is_erased
from bot.store.search import Search
from bot.store.session_rows import OF_KEY, UPSERT, id_of, request_edits, row_of, session_of

_ALWAYS_NEWS = (ChangeKind.COMPLETED, ChangeKind.CORRECTED, ChangeKind.REOPENED)
_UPSERT_HISTORY = upsert("history", ("session", *column_names(HistoryEntry)), "session", "version")


class Sessions:
    """Sessions, one at a time."""

    def __init__(self, connection: sqlite3.Connection, search: Search) -> None:
        self._connection = connection
        self._search = search

    def get(self, key: SessionKey) -> Session | None:
        """A session as stored, None if it is not."""
        row = self._row(key)
        return None if row is None else session_of(row)

    def _row(self, key: SessionKey) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(f"SELECT * FROM sessions WHERE {OF_KEY}", key).fetchone()
        return row

    def save(self, change: Change, fingerprint: bytes) -> None:
        """Stores the session after a change, its line of history, and the edits of its cards."""
        after = change.after
        if is_erased(self._connection, after.key):  # since this listing was compared
            return
        self._connection.execute(UPSERT, row_of(after, fingerprint))
        note_checklists(self._connection, {after.facts.checklist_id: after.facts.checklist_title})
        if change.kind in (ChangeKind.COMPLETED, ChangeKind.CORRECTED):
            self._connection.execute(
                f"UPDATE sessions SET details = 'owed', details_tries = 0, details_due_at = 0 WHERE {OF_KEY}", after.key
            )
        self._write_history(change)
        # Below target goes first, and a pending notification may have been corrected.
        self._connection.execute(
            "UPDATE notifications SET priority = ?"
            " WHERE session_id = ? AND employee_id = ? AND delivery IS NULL AND priority > 0",
            (1 if outcome_of(after).is_failing else 2, *after.key),
        )
        request_edits(self._connection, after.key, after.changed_at)

    def _write_history(self, change: Change) -> None:
        old = None if change.before is None else outcome_of(change.before)
        new = outcome_of(change.after)
        if old == new and change.kind not in _ALWAYS_NEWS:
            return
        entry = HistoryEntry(
            at=change.after.changed_at, version=change.after.version, kind=change.kind, old=old, new=new
        )
        self._connection.execute(_UPSERT_HISTORY, (id_of(self._connection, change.after.key), *to_values(entry)))

    def record(self, key: SessionKey) -> SessionRecord | None:
        """Everything that is stored of a session, None if it is not."""
        row = self._row(key)
        if row is None:
            return None
        body = value_of(self._connection, "SELECT body FROM details WHERE session = ?", (row["id"],))
        history = self._connection.execute("SELECT * FROM history WHERE session = ? ORDER BY version", (row["id"],))
        acknowledgements = self._connection.execute(
            "SELECT slack_user_id, at FROM acknowledgements WHERE session = ? ORDER BY at, slack_user_id", (row["id"],)
        )
        return SessionRecord(
            session=session_of(row),
            short_id=self._search.short_id(key),
            details=None if body is None else from_json(body, Details),
            history=tuple(from_row(HistoryEntry, entry) for entry in history),
            acknowledgements=tuple(from_row(Acknowledgement, one) for one in acknowledgements),
            previous=self._previous(row),
        )

    def _previous(self, row: sqlite3.Row) -> Session | None:
        """The same employee's last completed session on the same checklist before this one."""
        earlier = "" if row["finished_at"] is None else " AND finished_at < ?"
        bounds = () if row["finished_at"] is None else (row["finished_at"],)
        found = self._connection.execute(
            "SELECT * FROM sessions WHERE employee_id = ? AND checklist_id = ? AND id <> ? AND missing_since IS NULL"
            f" AND outcome IN ('completed', 'met', 'below', 'failed') AND finished_at IS NOT NULL{earlier}"
            " ORDER BY finished_at DESC LIMIT 1",
            (row["employee_id"], row["checklist_id"], row["id"], *bounds),
        ).fetchone()
        return None if found is None else session_of(found)

    def acknowledge(self, key: SessionKey, slack_user_id: str, now: datetime) -> bool:
        """Stores that a person has seen a result. False if they had acknowledged it before, or it is not stored."""
        session = id_of(self._connection, key)
        if session is None:
            return False
        added = self._connection.execute(
            "INSERT INTO acknowledgements (session, slack_user_id, at) VALUES (?, ?, ?)"
            " ON CONFLICT (session, slack_user_id) DO NOTHING",
            (session, slack_user_id, to_ms(now)),
        ).rowcount
        if added:
            self._connection.execute("UPDATE sessions SET version = version + 1 WHERE id = ?", (session,))
            request_edits(self._connection, key, now)
        return bool(added)


def note_checklists(connection: sqlite3.Connection, titles: Mapping[str, str]) -> None:
    """Stores titles by checklist id, as the sessions last named them. A session without one has the id ""."""
    connection.executemany(
        "INSERT INTO checklists (checklist_id, title) VALUES (?, ?)"
        " ON CONFLICT (checklist_id) DO UPDATE SET title = excluded.title WHERE checklists.title <> excluded.title",
        sorted((checklist_id, title) for checklist_id, title in titles.items() if checklist_id),
    )

"""Sessions: what is known of each, its history and its acknowledgements."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.domain.changes import RECENTLY, edit_delay, outcome_of
from bot.domain.model import (
    Acknowledgement,
    Change,
    ChangeKind,
    Details,
    HistoryEntry,
    Points,
    Session,
    SessionKey,
    SessionRecord,
)
from bot.store.columns import column_names, from_json, from_row, listed, to_json, to_ms, to_values, upsert, value_of
from bot.store.follow_ups import follow_ups_of
from bot.store.redaction import is_erased
from bot.store.session_rows import EDIT_LEASE, IS_OVER, OF_KEY, UPSERT, id_of, request_edits, row_of, session_of
from bot.store.session_search import Search
from bot.store.sqlite import IN_LIST

HISTORY_KEPT = 100  # changes of one session: a source that alternates for ever must not fill the disk
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

    def is_reassigned(self, key: SessionKey) -> bool:
        """Whether iSpring gave the session to another employee since it was stored."""
        row = self._row(key)
        return row is not None and row["reassigned_at"] is not None

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
        self._note_change(change)

    def save_verdict(self, change: Change) -> None:
        """Stores the session after its criteria changed its outcome, its line of history, and the edits of its
        cards."""
        after = change.after
        outcome = outcome_of(after)
        self._connection.execute(
            "UPDATE sessions SET outcome = ?, score = ?, critical_failed = ?, completed_as = ?, version = ?,"
            f" changed_at = ? WHERE {OF_KEY}",
            (
                outcome.kind,
                outcome.score,
                None if after.critical_failed is None else to_json(after.critical_failed),
                after.completed_as,
                after.version,
                to_ms(after.changed_at),
                *after.key,
            ),
        )
        self._note_change(change)

    def _note_change(self, change: Change) -> None:
        after = change.after
        self._write_history(change)
        # Below target goes first, and a pending notification may have been corrected.
        self._connection.execute(
            "UPDATE notifications SET priority = ?"
            " WHERE session_id = ? AND employee_id = ? AND delivery IS NULL AND priority > 0",
            (1 if outcome_of(after).is_failing else 2, *after.key),
        )
        delay = edit_delay(self.recent_changes(after.key, after.changed_at))
        is_cosmetic = _is_retitled_only(change)
        # An edit may be put off because of another session that the same message shows.
        before = None if delay or is_cosmetic else after.changed_at + EDIT_LEASE
        request_edits(self._connection, after.key, after.changed_at + delay, cosmetic=is_cosmetic, before=before)

    def recent_changes(self, key: SessionKey, now: datetime) -> int:
        """How often a session's result changed within `RECENTLY`: it was corrected, re-opened or completed again."""
        return int(
            value_of(
                self._connection,
                f"SELECT count(*) FROM history WHERE session = (SELECT id FROM sessions WHERE {OF_KEY})"
                f" AND kind {IN_LIST} AND old IS NOT NULL AND at BETWEEN ? AND ?",
                (*key, listed(_ALWAYS_NEWS), to_ms(now - RECENTLY), to_ms(now + RECENTLY)),
            )
        )

    def _write_history(self, change: Change) -> None:
        old = None if change.before is None else outcome_of(change.before)
        new = outcome_of(change.after)
        if old == new and change.kind not in _ALWAYS_NEWS:
            return
        entry = HistoryEntry(
            at=change.after.changed_at,
            version=change.after.version,
            kind=change.kind,
            old=old,
            new=new,
            old_points=None if change.before is None or old != new else _points_of(change.before),
            new_points=None if change.before is None or old != new else _points_of(change.after),
        )
        session = id_of(self._connection, change.after.key)
        self._connection.execute(_UPSERT_HISTORY, (session, *to_values(entry)))
        self._connection.execute(
            "DELETE FROM history WHERE session = ? AND version <="
            " (SELECT version FROM history WHERE session = ? ORDER BY version DESC LIMIT 1 OFFSET ?)",
            (session, session, HISTORY_KEPT),
        )

    def record(self, key: SessionKey) -> SessionRecord | None:
        """Everything that is stored of a session, None if it is not."""
        row = self._row(key)
        if row is None:
            return None
        session = session_of(row)
        body = value_of(self._connection, "SELECT body FROM details WHERE session = ?", (row["id"],))
        history = self._connection.execute("SELECT * FROM history WHERE session = ? ORDER BY version", (row["id"],))
        acknowledgements = self._connection.execute(
            "SELECT slack_user_id, at FROM acknowledgements WHERE session = ? AND completion = ?"
            " ORDER BY at, slack_user_id",
            (row["id"], row["completion"] if outcome_of(session).is_over else row["completion"] - 1),
        )
        return SessionRecord(
            session=session,
            short_id=self._search.short_id(key),
            details=None if body is None else from_json(body, Details),
            history=tuple(from_row(HistoryEntry, entry) for entry in history),
            acknowledgements=tuple(from_row(Acknowledgement, one) for one in acknowledgements),
            follow_ups=follow_ups_of(self._connection, row["id"]),
            previous=self._previous(row),
        )

    def _previous(self, row: sqlite3.Row) -> Session | None:
        """The same employee's last completed session on the same checklist before this one."""
        earlier = "" if row["finished_at"] is None else " AND finished_at < ?"
        bounds = () if row["finished_at"] is None else (row["finished_at"],)
        found = self._connection.execute(
            "SELECT * FROM sessions WHERE employee_id = ? AND checklist_id = ? AND id <> ? AND missing_since IS NULL"
            f" AND {IS_OVER} AND finished_at IS NOT NULL{earlier}"
            " ORDER BY finished_at DESC LIMIT 1",
            (row["employee_id"], row["checklist_id"], row["id"], *bounds),
        ).fetchone()
        return None if found is None else session_of(found)

    def earlier_with_outcome(self, session: Session, limit: int) -> list[Session]:
        """The same employee's earlier sessions on the same checklist with the same kind of outcome, newest first."""
        finished = session.facts.finished.at
        if finished is None:
            return []
        rows = self._connection.execute(
            "SELECT * FROM sessions WHERE employee_id = ? AND checklist_id = ? AND session_id <> ? AND outcome = ?"
            " AND missing_since IS NULL AND finished_at < ? ORDER BY finished_at DESC LIMIT ?",
            (
                session.key.employee_id,
                session.facts.checklist_id,
                session.key.session_id,
                outcome_of(session).kind,
                to_ms(finished),
                limit,
            ),
        )
        return [session_of(row) for row in rows]

    def acknowledge(self, key: SessionKey, slack_user_id: str, now: datetime) -> bool:
        """Stores that a person has seen the result of this completion. False if they had acknowledged it before, or
        there is no result to acknowledge."""
        row = self._row(key)
        if row is None or not outcome_of(session_of(row)).is_over:
            return False
        added = self._connection.execute(
            "INSERT INTO acknowledgements (session, slack_user_id, at, completion) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (session, slack_user_id) DO UPDATE SET at = excluded.at, completion = excluded.completion"
            " WHERE acknowledgements.completion < excluded.completion",
            (row["id"], slack_user_id, to_ms(now), row["completion"]),
        ).rowcount
        if added:
            self._connection.execute("UPDATE sessions SET version = version + 1 WHERE id = ?", (row["id"],))
            # The user who pressed the button sees it at once, also on a card whose edit was put off.
            request_edits(self._connection, key, now, cosmetic=False, before=now + EDIT_LEASE)
        return bool(added)

    def withdraw_acknowledgement(self, key: SessionKey, slack_user_id: str, since: datetime, now: datetime) -> bool:
        """A person's acknowledgement of a result is gone, as if they had not seen it; False if they have none, or an
        older one than `since`."""
        row = self._row(key)
        if row is None:
            return False
        removed = self._connection.execute(
            "DELETE FROM acknowledgements WHERE session = ? AND slack_user_id = ? AND at >= ?",
            (row["id"], slack_user_id, to_ms(since)),
        ).rowcount
        if removed:
            self._connection.execute("UPDATE sessions SET version = version + 1 WHERE id = ?", (row["id"],))
            request_edits(self._connection, key, now, cosmetic=False, before=now + EDIT_LEASE)
        return bool(removed)


def _points_of(session: Session) -> Points:
    return Points(session.facts.points, session.facts.total_points)


def _is_retitled_only(change: Change) -> bool:
    """Whether only the checklist's name changed: what the cards say is not wrong."""
    before, after = change.before, change.after.facts
    return before is not None and before.facts._replace(checklist_title=after.checklist_title) == after


def note_checklists(connection: sqlite3.Connection, titles: Mapping[str, str]) -> None:
    """Stores titles by checklist id, as the sessions last named them. A session without one has the id ""."""
    connection.executemany(
        "INSERT INTO checklists (checklist_id, title) VALUES (?, ?)"
        " ON CONFLICT (checklist_id) DO UPDATE SET title = excluded.title WHERE checklists.title <> excluded.title",
        sorted((checklist_id, title) for checklist_id, title in titles.items() if checklist_id),
    )

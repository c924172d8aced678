"""Deletes old sessions, and old rows that nothing uses."""

import sqlite3
from datetime import datetime, timedelta

from bot.domain.notifications import NotificationKind
from bot.domain.retention import BETWEEN_REDACTIONS, Expired, Forgotten
from bot.store.columns import State, to_ms
from bot.store.redaction import cancel_unsent, enqueue_redactions, posted_about, write_tombstones
from bot.store.session_rows import IS_OVER
from bot.store.sqlite import json_field

ATTEMPTS_KEPT = timedelta(days=90)  # of finished deliveries
SLACK_USERS_KEPT = timedelta(days=30)  # Slack is asked again
SLOTS_KEPT = timedelta(days=500)  # of rules with a schedule: longer than any of them looks back
_EXPIRED = "the session is older than sessions are kept"


class RetentionRepository:
    """What is deleted because it is old."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    def expire(self, before: datetime, redact_from: datetime, now: datetime, limit: int) -> Expired:
        """Erases at most `limit` sessions that were completed, or no longer listed, before then.

        Their messages are edited from `redact_from` on, one after the other, so that corrections can go in between.
        """
        cut = to_ms(before)
        old = self._ids(f"finished_at < ? AND {IS_OVER}", cut, limit)
        # A completion whose date could not be read counts from when it was stored.
        old += self._ids(f"finished_at IS NULL AND changed_at < ? AND {IS_OVER}", cut, limit - len(old))
        known = set(old)
        old += [one for one in self._ids("missing_since < ?", cut, limit) if one not in known][: limit - len(old)]
        cancel_unsent(self._connection, old, _EXPIRED)
        redactions = enqueue_redactions(
            self._connection, posted_about(self._connection, old), redact_from, BETWEEN_REDACTIONS
        )
        write_tombstones(self._connection, old, now)
        return Expired(sessions=len(old), redactions=redactions)

    def _ids(self, condition: str, cut: int, limit: int) -> list[int]:
        rows = self._connection.execute(f"SELECT id FROM sessions WHERE {condition} LIMIT ?", (cut, limit))
        return [row["id"] for row in rows]

    def forget(self, now: datetime, audit_before: datetime | None) -> Forgotten:
        """Deletes old rows that nothing uses; audit log entries only if a time is given. Returns how many."""
        attempts = self._connection.execute(
            "DELETE FROM attempts WHERE ended_at < ? AND delivery IN"
            " (SELECT id FROM deliveries WHERE state IN ('sent', 'failed', 'cancelled'))",
            (to_ms(now - ATTEMPTS_KEPT),),
        ).rowcount
        audit_log = 0
        if audit_before is not None:
            audit_log = self._connection.execute("DELETE FROM audit_log WHERE at < ?", (to_ms(audit_before),)).rowcount
        # An unknown account counts as a full member's. So the accounts stay that own a rule, are linked, or shared
        # something: the rights of those are checked again.
        users = self._connection.execute(
            "DELETE FROM slack_users WHERE seen_at < ? AND user_id NOT IN (SELECT slack_user_id FROM links)"
            " AND user_id NOT IN (SELECT owner FROM rules WHERE state <> 'ended')"
            f" AND user_id NOT IN (SELECT coalesce({json_field('facts', 'by')}, '') FROM notifications WHERE kind = ?)",
            (to_ms(now - SLACK_USERS_KEPT), NotificationKind.SHARED),
        ).rowcount
        self._connection.execute("DELETE FROM email_misses WHERE at < ?", (to_ms(now - SLACK_USERS_KEPT),))
        self._connection.execute("DELETE FROM slots WHERE planned_at < ?", (to_ms(now - SLOTS_KEPT),))
        return Forgotten(attempts=attempts, audit_log=audit_log, slack_users=users)

    def last_retention_at(self) -> datetime | None:
        return self._state.moment("last_retention_at")

    def record_retention(self, now: datetime) -> None:
        self._state.set("last_retention_at", to_ms(now))

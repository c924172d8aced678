"""What admins watch: polls, alerts, the audit log and the set-up; and whose Home tab is open."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.domain.alerts import ActiveAlert
from bot.domain.audit import AuditEntry
from bot.domain.polling import PollReport, PollState
from bot.store.columns import (
    State,
    from_json,
    from_ms,
    from_row,
    table,
    to_json,
    to_ms,
    to_ms_or_none,
    to_row,
    value_of,
)
from bot.store.outbox import restore_recovery


class Polls:
    """How polling goes: the last poll, the statuses seen so far, and the recovery of a restored copy."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    def record(self, report: PollReport) -> None:
        """Stores how a poll went."""
        self._state.set("last_poll", to_json(report))
        if not report.error:
            self._state.set("last_good_poll_at", to_ms(report.ended_at))
            if report.corrected_at != self.corrected_at():
                self._state.set("corrected_at", to_ms_or_none(report.corrected_at))

    def last(self) -> PollReport | None:
        """The last poll, None before the first."""
        last = self._state.get("last_poll")
        return None if last is None else from_json(last, PollReport)

    def last_good_at(self) -> datetime | None:
        """When the last good poll ended, None before the first."""
        return self._state.moment("last_good_poll_at")

    def corrected_at(self) -> datetime | None:
        """See `PollReport.corrected_at`, of the last good poll."""
        return self._state.moment("corrected_at")

    def state(self) -> PollState:
        return PollState(
            last=self.last(),
            last_good_at=self.last_good_at(),
            baseline_at=self._state.moment("baseline_at"),
            # Two indexes instead of the whole table.
            sessions=value_of(
                self._connection,
                "SELECT (SELECT count(*) FROM sessions)"
                " - (SELECT count(*) FROM sessions WHERE missing_since IS NOT NULL)",
            ),
            created_at=from_ms(self._state.get("created_at")),
            corrected_at=self.corrected_at(),
        )

    def is_new_status(self, status: str) -> bool:
        """True once per spelling: at the first call with it."""
        sql = "INSERT INTO seen_statuses (status) VALUES (?) ON CONFLICT (status) DO NOTHING"
        return self._connection.execute(sql, (status,)).rowcount > 0

    def restored_from(self) -> datetime | None:
        """When the copy was made that this database was restored from; None after a poll has caught up, or if it was
        not restored. What was completed since then may have been posted: it is counted instead."""
        return restore_recovery.since(self._connection)

    def end_recovery(self) -> None:
        """A poll has caught up with what happened since the restored copy was made."""
        restore_recovery.end(self._connection)

    def completeness_checked_at(self) -> datetime | None:
        """When iSpring's listing was last compared with the sessions that its checklists name; None if never."""
        return self._state.moment("completeness_checked_at")

    def record_completeness_check(self, now: datetime) -> None:
        self._state.set("completeness_checked_at", to_ms(now))


class Alerts:
    """The active alerts, one row per code."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._table = table(connection, "alerts")

    def begin(self, code: str, facts: Mapping[str, str | int | float | None], now: datetime) -> ActiveAlert | None:
        """Stores an alert with its newest facts; returns it if it is new, None if it was active before."""
        active = self._find(code)
        alert = ActiveAlert(code=code, since=now if active is None else active.since, facts=facts)
        self._table.upsert(to_row(alert), pk="code")
        return self._find(code) if active is None else None

    def end(self, code: str) -> ActiveAlert | None:
        """Deletes an alert; returns it, or None if it was not active."""
        resolved = self._find(code)
        if resolved is not None:
            self._table.delete_where("code = ?", [code])
        return resolved

    def all(self) -> Sequence[ActiveAlert]:
        """Returns the active alerts, the oldest first."""
        return [from_row(ActiveAlert, row) for row in self._table.rows_where(order_by="since, code")]

    def _find(self, code: str) -> ActiveAlert | None:
        return next((from_row(ActiveAlert, row) for row in self._table.rows_where("code = ?", [code])), None)


class AuditLog:
    """The audit log: it is only added to, until retention deletes its oldest entries."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._table = table(connection, "audit_log")

    def write(self, who: str, verb: str, subject: str, now: datetime, *, old: str = "", new: str = "") -> None:
        self._table.insert(to_row(AuditEntry(at=now, who=who, verb=verb, subject=subject, old=old, new=new)))

    def entries(self, limit: int) -> Sequence[AuditEntry]:
        """The newest entries first."""
        return [from_row(AuditEntry, row) for row in self._table.rows_where(order_by="id DESC", limit=limit)]


class HomeViews:
    """Whose Home tab is open, and what it shows."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def note_opened(self, user_id: str, fingerprint: str, now: datetime) -> None:
        """Stores what the tab showed when its user opened it."""
        self._connection.execute(
            "INSERT INTO home_views (user_id, opened_at, checked_at, fingerprint) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (user_id) DO UPDATE SET opened_at = excluded.opened_at, checked_at = excluded.checked_at,"
            " fingerprint = excluded.fingerprint",
            (user_id, to_ms(now), to_ms(now), fingerprint),
        )

    def note_checked(self, fingerprints: Mapping[str, str], now: datetime) -> None:
        """Stores what these users' tabs show now, by user id."""
        self._connection.executemany(
            "UPDATE home_views SET checked_at = ?, fingerprint = ? WHERE user_id = ?",
            [(to_ms(now), fingerprint, user_id) for user_id, fingerprint in fingerprints.items()],
        )

    def to_check(self, opened_since: datetime, limit: int) -> Mapping[str, str]:
        """The fingerprints by user id of the tabs opened since then, those checked longest ago first."""
        rows = self._connection.execute(
            "SELECT user_id, fingerprint FROM home_views WHERE opened_at >= ? ORDER BY checked_at, user_id LIMIT ?",
            (to_ms(opened_since), limit),
        )
        return {row["user_id"]: row["fingerprint"] for row in rows}

    def forget(self, opened_before: datetime) -> None:
        """Deletes the tabs that were opened before then."""
        self._connection.execute("DELETE FROM home_views WHERE opened_at < ?", (to_ms(opened_before),))


class Setup:
    """What the check-list of a first run rests on beside the other tables, and what of it was last sent."""

    OVER: Final = "over"  # the fingerprint once nothing is compared any more

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._state = State(connection)

    def missing_scopes(self) -> Sequence[str] | None:
        """The scopes that the app needs and lacks, None until Slack named those it has."""
        stored = self._state.get("missing_scopes")
        return None if stored is None else str(stored).split()

    def note_missing_scopes(self, scopes: Sequence[str]) -> None:
        self._state.set("missing_scopes", " ".join(scopes))

    def shown(self) -> str | None:
        """A fingerprint of the check-list that was last sent, None before the first, or `OVER`."""
        stored = self._state.get("setup_shown")
        return None if stored is None else str(stored)

    def note_shown(self, fingerprint: str) -> None:
        self._state.set("setup_shown", fingerprint)

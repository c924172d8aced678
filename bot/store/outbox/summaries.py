"""Summaries: one notification that counts sessions instead of a card for each.

Every counted session keeps a notification of its own, cancelled and with the summary's id, so that it is posted once
whatever comes later and that `why` finds the summary.
"""

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from bot.domain.notifications import Destination, Notification, NotificationKind
from bot.domain.outbox import CountedSession
from bot.domain.reasons import ReasonCode
from bot.store.columns import from_json, from_ms_or_none, listed, to_json, to_ms, value_of
from bot.store.outbox.eligibility import GROUP_KEY, PENDING, Eligibility
from bot.store.outbox.rows import facts_of
from bot.store.session_rows import session_of
from bot.store.sqlite import IN_LIST, by_index

_COUNTED = "counted in a summary"
_INSERT = (
    "INSERT INTO notifications (destination, subject, kind, reason, session_id, employee_id, rule_ids, facts,"
    " created_at, due_at, priority, cancelled_reason, cancelled_code, digest_id, mutes)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD = (
    f"{_INSERT} ON CONFLICT (destination, subject) DO UPDATE SET digest_id = excluded.digest_id,"
    " cancelled_reason = excluded.cancelled_reason, cancelled_code = excluded.cancelled_code,"
    " reason = excluded.reason, created_at = excluded.created_at, rule_ids = excluded.rule_ids"
    # It was cancelled before it was sent, or its summary was: then it may be counted.
    " WHERE cancelled_reason IS NOT NULL AND delivery IS NULL AND (digest_id IS NULL OR EXISTS (SELECT 1"
    " FROM notifications AS summary WHERE summary.id = notifications.digest_id AND summary.cancelled_reason <> ''))"
)


class Summaries:
    """Sessions that are counted instead of posted one by one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self,
        summary: Notification,
        members: Collection[Notification],
        now: datetime,
        not_before: datetime | None = None,
    ) -> int:
        """Queues one summary instead of these cards of one destination; returns how many it counts.

        A member that is pending or posted there already is left alone. If none is left and the summary announces
        nothing (`facts["follow"]`), it is not queued. The summary of an outage joins one that is still pending.
        """
        due_at = not_before or now
        number = self._pending_summary(summary)
        is_new = number is None
        if number is None:
            number = self._insert(summary, now, due_at)
        because = f"counted: {summary.reason}"
        rows = [_values(one, f"{one.reason}; {because}", now, now, priority=2, digest_id=number) for one in members]
        counted = self._connection.executemany(_ADD, rows).rowcount if rows else 0
        if is_new and not counted and not summary.facts.get("follow"):
            self._connection.execute("DELETE FROM notifications WHERE id = ?", (number,))
            return 0
        self._widen(number, summary, due_at)
        return counted

    def add_overdue(
        self, summary: Notification, created_before: datetime, now: datetime, not_before: datetime | None = None
    ) -> int:
        """Counts in a summary the untried cards of its destination that were queued before then; returns how many.

        Cards that were queued before the last summary of an outage are skipped, otherwise a long backlog would create a
        new summary every minute. So are cards that wait for a paused rule.
        """
        name = str(summary.destination)
        last_summary_at = value_of(
            self._connection,
            "SELECT max(deliveries.created_at) FROM notifications"
            " JOIN deliveries ON deliveries.id = notifications.delivery"
            " WHERE notifications.destination = ? AND notifications.kind = ?",
            (name, NotificationKind.OUTAGE),
        )
        waiting = listed(Eligibility(self._connection, name).waiting_keys())
        overdue = (
            f"destination = ? AND {PENDING} AND priority > 0 AND due_at <= ? AND created_at < ? AND created_at > ?"
            f" AND {GROUP_KEY} NOT {IN_LIST}"
        )
        since = -1 if last_summary_at is None else last_summary_at
        return self._add_where(
            summary, overdue, (name, to_ms(now), to_ms(created_before), since, waiting), now, not_before or now
        )

    def add_all(self, summary: Notification, now: datetime, due_at: datetime) -> int:
        """Counts every untried card of a destination, if it is not known whether it was posted; returns how many."""
        everything = f"destination = ? AND {PENDING} AND priority > 0"
        return self._add_where(summary, everything, (str(summary.destination),), now, due_at)

    def pending_since(self, destination: Destination) -> datetime | None:
        """When the oldest untried card of a destination was queued, None if there is none."""
        # By the first of either priority, whose ids rise with time: a long line is not read for it.
        first = (
            f"SELECT created_at FROM notifications {by_index('notifications_next')}"
            f" WHERE destination = ? AND {PENDING} AND priority = ? ORDER BY id LIMIT 1"
        )
        name = str(destination)
        created_at = value_of(
            self._connection,
            f"SELECT min(created_at) FROM (SELECT * FROM ({first}) UNION ALL SELECT * FROM ({first}))",
            (name, 1, name, 2),
        )
        return from_ms_or_none(created_at)

    def counted(self, notification_id: int) -> Iterator[CountedSession]:
        """The sessions that a summary counts, as they are now."""
        rows = self._connection.execute(
            "SELECT sessions.*, notifications.rule_ids AS counted_for FROM notifications"
            " JOIN sessions USING (session_id, employee_id) WHERE notifications.digest_id = ?",
            (notification_id,),
        )
        for row in rows:
            yield CountedSession(session_of(row), from_json(row["counted_for"], tuple[int, ...]))

    def _add_where(
        self, summary: Notification, which: str, parameters: tuple[object, ...], now: datetime, due_at: datetime
    ) -> int:
        oldest = value_of(self._connection, f"SELECT min(created_at) FROM notifications WHERE {which}", parameters)
        since = from_ms_or_none(oldest)
        if since is None:
            return 0
        summary = replace(summary, facts={"from": int(since.timestamp()), **summary.facts})
        number = self._pending_summary(summary) or self._insert(summary, now, due_at)
        counted = self._connection.execute(
            "UPDATE notifications SET cancelled_reason = ?, cancelled_code = ?, digest_id = ?, reason = reason || ?"
            f" WHERE {which}",
            (_COUNTED, ReasonCode.COUNTED, number, f"; counted: {summary.reason}", *parameters),
        ).rowcount
        self._widen(number, summary, due_at)
        return counted

    def _pending_summary(self, summary: Notification) -> int | None:
        """The pending summary that this one joins: one outage has one, whichever of its ends noticed it first."""
        if summary.kind is not NotificationKind.OUTAGE:
            return None
        found: int | None = value_of(
            self._connection,
            f"SELECT id FROM notifications WHERE destination = ? AND {PENDING} AND priority = 0 AND kind = ?",
            (str(summary.destination), NotificationKind.OUTAGE),
        )
        return found

    def _insert(self, summary: Notification, now: datetime, due_at: datetime) -> int:
        values = _values(summary, summary.reason, now, due_at, priority=0, digest_id=None)
        return int(value_of(self._connection, f"{_INSERT} RETURNING id", values))

    def _widen(self, number: int, summary: Notification, due_at: datetime) -> None:
        """A summary covers the whole time, and is of every rule, of what it counts."""
        row = self._connection.execute("SELECT facts, rule_ids FROM notifications WHERE id = ?", (number,)).fetchone()
        facts = dict(facts_of(row))
        for name, wider in (("from", min), ("to", max), ("follow", max)):
            values = [value for value in (facts.get(name), summary.facts.get(name)) if isinstance(value, int)]
            if values:
                facts[name] = wider(values)
        rules = {*from_json(row["rule_ids"], tuple[int, ...]), *summary.rule_ids}
        counted = self._connection.execute("SELECT DISTINCT rule_ids FROM notifications WHERE digest_id = ?", (number,))
        for (listed_ids,) in counted:
            rules.update(from_json(listed_ids, tuple[int, ...]))
        self._connection.execute(
            "UPDATE notifications SET facts = ?, rule_ids = ?,"
            " due_at = CASE WHEN due_at < ? THEN due_at ELSE ? END WHERE id = ?",
            (to_json(facts), to_json(sorted(rules)), to_ms(due_at), to_ms(due_at), number),
        )


def _values(
    notification: Notification, reason: str, now: datetime, due_at: datetime, *, priority: int, digest_id: int | None
) -> tuple[object, ...]:
    key = notification.session
    return (
        str(notification.destination),
        notification.subject,
        notification.kind,
        reason,
        None if key is None else key.session_id,
        None if key is None else key.employee_id,
        to_json(notification.rule_ids),
        to_json(notification.facts),
        to_ms(now),
        to_ms(due_at),
        priority,
        None if digest_id is None else _COUNTED,
        ReasonCode.NONE if digest_id is None else ReasonCode.COUNTED,
        digest_id,
        to_json(notification.mutes),
    )

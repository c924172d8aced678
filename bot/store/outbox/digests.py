"""Summaries: one notice that counts sessions instead of a card for each.

Every session counted keeps a notice of its own, ended and pointing to the summary, so that it is told once whatever
comes later and that `why` finds where.
"""

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from bot.domain.model import Destination, Notification, NotificationKind
from bot.domain.outbox import CountedSession
from bot.store.columns import from_json, from_ms_or_none, to_json, to_ms, value_of
from bot.store.outbox.deliveries import facts_of, refresh_due
from bot.store.outbox.eligibility import refresh_eligibility_of
from bot.store.session_rows import session_of

COUNTED = "counted in a summary"
_WAITING = "destination = ? AND delivery IS NULL AND cancelled_reason IS NULL"
# Nobody was told by it: what it counted may be told in another way.
DIGEST_CANCELLED = "EXISTS (SELECT 1 FROM notifications AS digest WHERE digest.id = notifications.digest_id AND digest.cancelled_reason <> '')"
_INSERT = (
    "INSERT INTO notifications (destination, subject, kind, reason, session_id, employee_id, rule_ids, facts, created_at,"
    " due_at, priority, cancelled_reason, digest_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_COUNT = (
    f"{_INSERT} ON CONFLICT (destination, subject) DO UPDATE SET digest_id = excluded.digest_id,"
    " cancelled_reason = excluded.cancelled_reason, reason = excluded.reason, created_at = excluded.created_at, rule_ids = excluded.rule_ids"
    # It ended before anybody was told: then it may be counted.
    f" WHERE cancelled_reason IS NOT NULL AND delivery IS NULL AND (digest_id IS NULL OR {DIGEST_CANCELLED})"
)


def count_in(
    connection: sqlite3.Connection,
    summary: Notification,
    members: Collection[Notification],
    now: datetime,
    due_at: datetime,
) -> int:
    number = _waiting_summary(connection, summary)
    is_new = number is None
    if number is None:
        number = _insert(connection, summary, now, due_at)
    because = f"counted: {summary.reason}"
    counted = connection.executemany(
        _COUNT, [_values(one, f"{one.reason}; {because}", now, now, 2, COUNTED, number) for one in members]
    ).rowcount if members else 0  # fmt: skip
    if is_new and not counted and not summary.facts.get("follow"):
        connection.execute("DELETE FROM notifications WHERE id = ?", (number,))
        return 0
    _take_in(connection, number, summary, due_at)
    refresh_eligibility_of(connection, number, due_at)
    refresh_due(connection, str(summary.destination))
    return counted


def digest_overdue(
    connection: sqlite3.Connection, summary: Notification, created_before: datetime, now: datetime, due_at: datetime
) -> int:
    name = str(summary.destination)
    # What was left to be posted when an earlier outage was summed up has its turn, however long that takes: else a
    # long line that is being worked off would make a summary of its own every minute.
    left_at = value_of(
        connection,
        "SELECT max(deliveries.created_at) FROM notifications JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE notifications.destination = ? AND notifications.kind = ?",
        (name, NotificationKind.OUTAGE),
    )
    # What rests with its rule is not due.
    late = f"{_WAITING} AND priority > 0 AND due_at <= ? AND created_at < ? AND created_at > ?"
    asked = (name, to_ms(now), to_ms(created_before), -1 if left_at is None else left_at)
    return _digest(connection, summary, late, asked, now, due_at)


def digest_all(connection: sqlite3.Connection, summary: Notification, now: datetime, due_at: datetime) -> int:
    """Counts every card that waits untried, whatever it waits for: where nobody knows whether it was posted."""
    waiting = f"{_WAITING} AND priority > 0"
    return _digest(connection, summary, waiting, (str(summary.destination),), now, due_at)


def _digest(
    connection: sqlite3.Connection,
    summary: Notification,
    which: str,
    asked: tuple[object, ...],
    now: datetime,
    due_at: datetime,
) -> int:
    since = from_ms_or_none(value_of(connection, f"SELECT min(created_at) FROM notifications WHERE {which}", asked))
    if since is None:
        return 0
    summary = replace(summary, facts={"from": int(since.timestamp()), **summary.facts})
    number = _waiting_summary(connection, summary) or _insert(connection, summary, now, due_at)
    digested = connection.execute(
        f"UPDATE notifications SET cancelled_reason = ?, digest_id = ?, reason = reason || ? WHERE {which}",
        (COUNTED, number, f"; counted: {summary.reason}", *asked),
    ).rowcount
    _take_in(connection, number, summary, due_at)
    refresh_eligibility_of(connection, number, due_at)
    refresh_due(connection, str(summary.destination))
    return digested


def waits_since(connection: sqlite3.Connection, destination: Destination) -> datetime | None:
    """By the first in line of either rank, whose numbers rise with time: a long line is not read for it."""
    first = f"SELECT created_at FROM notifications INDEXED BY notifications_next WHERE {_WAITING} AND priority = ? ORDER BY id LIMIT 1"
    name = str(destination)
    created_at = value_of(
        connection,
        f"SELECT min(created_at) FROM (SELECT * FROM ({first}) UNION ALL SELECT * FROM ({first}))",
        (name, 1, name, 2),
    )
    return from_ms_or_none(created_at)


def counted(connection: sqlite3.Connection, notification_id: int) -> Iterator[CountedSession]:
    rows = connection.execute(
        "SELECT sessions.*, notifications.rule_ids AS counted_for FROM notifications JOIN sessions USING (session_id, employee_id)"
        " WHERE notifications.digest_id = ?",
        (notification_id,),
    )
    for row in rows:
        yield CountedSession(session_of(row), from_json(row["counted_for"], tuple[int, ...]))


def _waiting_summary(connection: sqlite3.Connection, summary: Notification) -> int | None:
    """The summary that this one joins: one outage is told once, whichever of its ends noticed it first."""
    if summary.kind is not NotificationKind.OUTAGE:
        return None
    found: int | None = value_of(
        connection,
        f"SELECT id FROM notifications WHERE {_WAITING} AND priority = 0 AND kind = ?",
        (str(summary.destination), NotificationKind.OUTAGE),
    )
    return found


def _insert(connection: sqlite3.Connection, summary: Notification, now: datetime, due_at: datetime) -> int:
    number = connection.execute(_INSERT, _values(summary, summary.reason, now, due_at, 0, None, None)).lastrowid
    assert number is not None
    return number


def _values(
    notification: Notification,
    reason: str,
    now: datetime,
    due_at: datetime,
    priority: int,
    cancelled: str | None,
    counted_in: int | None,
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
        cancelled,
        counted_in,
    )


def _take_in(connection: sqlite3.Connection, number: int, summary: Notification, due_at: datetime) -> None:
    """A summary covers the whole time, and speaks for every rule, of what it counts."""
    row = connection.execute("SELECT facts, rule_ids FROM notifications WHERE id = ?", (number,)).fetchone()
    facts = dict(facts_of(row))
    for name, wider in (("from", min), ("to", max), ("follow", max)):
        values = [value for value in (facts.get(name), summary.facts.get(name)) if isinstance(value, int)]
        if values:
            facts[name] = wider(values)
    rules = {*from_json(row["rule_ids"], tuple[int, ...]), *summary.rule_ids}
    counted_for = connection.execute(
        "SELECT DISTINCT json_each.value FROM notifications, json_each(notifications.rule_ids) WHERE digest_id = ?",
        (number,),
    )
    rules.update(rule for (rule,) in counted_for)
    connection.execute(
        "UPDATE notifications SET facts = ?, rule_ids = ?, due_at = min(due_at, ?) WHERE id = ?",
        (to_json(facts), to_json(sorted(rules)), to_ms(due_at), number),
    )

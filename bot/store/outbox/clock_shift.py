"""Due times after somebody turned the time of day: rows hold times, and those of before the turn lie elsewhere now.

Forth, what waits goes early, and that is harmless for all but looks: what Slack takes late would not be there yet.
Back, everything would wait as much longer.
"""

import sqlite3
from datetime import datetime, timedelta

from bot.domain.cadence import LONGEST_BACKOFF
from bot.domain.delivery import SECOND_READ_BACK
from bot.store.columns import to_ms
from bot.store.outbox.deliveries import refresh_due
from bot.store.outbox.eligibility import FOR_NOW_NEVER

# Of any wait that is not named by Slack: the second look after the longest back-off.
LONGEST = SECOND_READ_BACK + timedelta(seconds=LONGEST_BACKOFF)


def shift_due_times(connection: sqlite3.Connection, now: datetime, by: timedelta) -> None:
    """See `core.ports.OutboxRows.retime`."""
    if by > timedelta(0):
        _delay_read_backs(connection, now, by)
        return
    values = {"now": to_ms(now), "by": round(by / timedelta(milliseconds=1)), "latest": to_ms(now + LONGEST)}
    # An attempt that ended later than now ended before the turn: the look waits its whole time again.
    connection.execute(
        "UPDATE deliveries SET due_at = min(due_at - (attempt_ended_at - :now), :latest), attempt_ended_at = :now"
        " WHERE state = 'unsure' AND attempt_ended_at > :now",
        values,
    )
    connection.execute(
        "UPDATE deliveries SET due_at = min(due_at + :by, :latest)"
        " WHERE due_at > :now AND (state = 'waiting' AND (:by < 0 OR due_at > :latest)"
        " OR state = 'unsure' AND due_at > :latest)",
        values,
    )
    connection.execute(
        "UPDATE notifications SET due_at = min(due_at + :by, :latest) WHERE delivery IS NULL AND cancelled_reason IS NULL"
        f" AND due_at > :now AND due_at <> {FOR_NOW_NEVER} AND (:by < 0 OR due_at > :latest)",
        values,
    )
    connection.execute("UPDATE deliveries SET edit_due_at = edit_due_at + :by WHERE edit_due_at > :now", values)
    late = connection.execute("SELECT destination FROM destinations WHERE due_at > ?", (to_ms(now),)).fetchall()
    for row in late:
        refresh_due(connection, row["destination"])


def _delay_read_backs(connection: sqlite3.Connection, now: datetime, by: timedelta) -> None:
    """Attempts that ended before the turn ended as long ago as it really is."""
    connection.execute(
        "UPDATE deliveries SET attempt_ended_at = attempt_ended_at + :by, due_at = due_at + :by"
        " WHERE state = 'unsure' AND attempt_ended_at <= :before",
        {"by": round(by / timedelta(milliseconds=1)), "before": to_ms(now - by)},
    )

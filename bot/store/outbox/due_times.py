"""Due times after the machine's clock was set back: they were written as the clock was before, and would come when it
shows that time again.

A reminder that was put off is due at a time of day, whatever the clock said when it was put off.
"""

import sqlite3
from datetime import datetime, timedelta

from bot.domain.delivery import LONGEST_WAIT
from bot.domain.notifications import NotificationKind
from bot.domain.reminders import LONGEST_SNOOZE
from bot.store.columns import to_ms
from bot.store.outbox.eligibility import PENDING
from bot.store.outbox.restore_recovery import SUMMARY_WAIT


def clamp_due_times(connection: sqlite3.Connection, now: datetime) -> None:
    """Moves each due time further away than the longest wait to the end of that wait. By how much the clock was set
    back need not be known: it may have been while no process ran."""
    latest = to_ms(now + LONGEST_WAIT)
    connection.execute(
        "UPDATE deliveries SET due_at = ? WHERE state IN ('pending', 'ambiguous') AND due_at > ?", (latest, latest)
    )
    connection.execute("UPDATE deliveries SET edit_due_at = ? WHERE edit_due_at > ?", (latest, latest))
    for kinds, longest in (("<>", max(LONGEST_WAIT, SUMMARY_WAIT)), ("=", LONGEST_SNOOZE)):
        latest = to_ms(now + longest)
        connection.execute(
            f"UPDATE notifications SET due_at = ? WHERE {PENDING} AND due_at > ? AND kind {kinds} ?",
            (latest, latest, NotificationKind.REMINDER),
        )


def set_due_times_back(connection: sqlite3.Connection, by: timedelta, now: datetime) -> None:
    """Moves due times that are still to come back with the clock, which was set back by that much, to `now`."""
    moved, at = to_ms(now + by) - to_ms(now), to_ms(now)
    connection.execute(
        "UPDATE deliveries SET due_at = max(due_at - ?, ?) WHERE state IN ('pending', 'ambiguous') AND due_at > ?",
        (moved, at, at),
    )
    connection.execute(
        "UPDATE deliveries SET edit_due_at = max(edit_due_at - ?, ?) WHERE edit_due_at > ?", (moved, at, at)
    )
    connection.execute(
        f"UPDATE notifications SET due_at = max(due_at - ?, ?) WHERE {PENDING} AND due_at > ? AND kind <> ?",
        (moved, at, at, NotificationKind.REMINDER),
    )

"""Notices of rules that rest by themselves, while their channel could be written to: they wait until a rule goes on.

A rule rests where it is paused for another reason than that its destination is held, and until its introduction is
posted. What another rule of the same channel carries too goes out because of that one.
"""

import sqlite3
from datetime import UTC, datetime

from bot.store.columns import to_ms, value_of
from bot.store.outbox.deliveries import refresh_due

FOR_NOW_NEVER = to_ms(datetime(9999, 1, 1, tzinfo=UTC))  # the due time of what waits for a rule to go on
_HELD = "(SELECT blocked_reason FROM destinations WHERE destinations.destination = rules.destination)"
_CARRIED_BY = (
    "EXISTS (SELECT 1 FROM json_each(notifications.rule_ids) JOIN rules ON rules.rule_id = json_each.value WHERE "
)
IS_PAUSED = (
    "(notifications.kind NOT IN ('intro', 'rule_paused', 'ops')"
    f" AND {_CARRIED_BY} (rules.state = 'pending' OR rules.state = 'paused' AND rules.reason IS NOT {_HELD}))"
    f" AND NOT {_CARRIED_BY} rules.state = 'active'"
    f" OR (rules.state = 'paused' AND rules.reason IS {_HELD})))"
)
RULE_PAUSED_REASON = "its rule rests"  # why a message is held that only resting rules carry
_UNCLAIMED = "delivery IS NULL AND cancelled_reason IS NULL"
_GOES = f"EXISTS (SELECT 1 FROM notifications WHERE delivery = deliveries.id AND cancelled_reason IS NULL AND NOT {IS_PAUSED})"
_LET_GO = (
    "UPDATE deliveries SET state = 'waiting', due_at = ?, reason = '' WHERE state = 'held' AND NOT EXISTS (SELECT 1"
    " FROM destinations WHERE destinations.destination = deliveries.destination AND blocked_reason IS NOT NULL)"
    f" AND {_GOES}"
)


def settle(connection: sqlite3.Connection, destination: str, now: datetime | None) -> None:
    """Lets wait what only resting rules carry, and go what some rule carries that does not rest.

    `now` is when what goes becomes due; None where nothing can go that did not before.
    """
    connection.execute(
        f"UPDATE notifications SET due_at = ? WHERE destination = ? AND {_UNCLAIMED} AND due_at <> ? AND {IS_PAUSED}",
        (FOR_NOW_NEVER, destination, FOR_NOW_NEVER),
    )
    connection.execute(
        "UPDATE deliveries SET state = 'held', reason = ? WHERE destination = ? AND state = 'waiting'"
        f" AND EXISTS (SELECT 1 FROM notifications WHERE delivery = deliveries.id AND cancelled_reason IS NULL) AND NOT {_GOES}",
        (RULE_PAUSED_REASON, destination),
    )
    if now is not None:
        connection.execute(
            f"UPDATE notifications SET due_at = ? WHERE destination = ? AND {_UNCLAIMED} AND due_at = ? AND NOT {IS_PAUSED}",
            (to_ms(now), destination, FOR_NOW_NEVER),
        )
        connection.execute(f"{_LET_GO} AND destination = ?", (to_ms(now), destination))
    refresh_due(connection, destination)


def goes(connection: sqlite3.Connection, delivery: int) -> bool:
    """Whether a message carries something for a rule that does not rest, or for none."""
    return bool(value_of(connection, f"SELECT {_GOES} FROM deliveries WHERE id = ?", (delivery,)))


def refresh_eligibility_of(connection: sqlite3.Connection, notification_id: int, due_at: datetime) -> None:
    """As `settle`, for one notice that was just owed, or is owed because of one more rule, and the message it is in."""
    connection.execute(
        f"UPDATE notifications SET due_at = ? WHERE id = ? AND {_UNCLAIMED} AND {IS_PAUSED}",
        (FOR_NOW_NEVER, notification_id),
    )
    connection.execute(
        f"UPDATE notifications SET due_at = ? WHERE id = ? AND {_UNCLAIMED} AND due_at = ? AND NOT {IS_PAUSED}",
        (to_ms(due_at), notification_id, FOR_NOW_NEVER),
    )
    connection.execute(
        f"{_LET_GO} AND id = (SELECT delivery FROM notifications WHERE notifications.id = ?)",
        (to_ms(due_at), notification_id),
    )

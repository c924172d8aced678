"""A restored copy knows nothing of what was told since it was made: how its outbox begins, and when that ends.

What may have been posted is looked for before it is sent again. What had not been tried can't be looked for, because
nobody knows the name it may have been posted under: it is counted in one summary per destination, together with what
the next look at iSpring finds to have been completed since.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.delivery import FIRST_READ_BACK
from bot.domain.model import Destination, Notification, NotificationKind
from bot.store.columns import State, from_ms, listed, to_ms
from bot.store.outbox.cancel import cancel_notifications
from bot.store.outbox.deliveries import refresh_due
from bot.store.outbox.digests import digest_all
from bot.store.outbox.eligibility import FOR_NOW_NEVER

SUMMARIES_WAIT = timedelta(days=1)  # for the next look at iSpring, however long that can't be read
PERHAPS_SENT = "it waited when the restored copy was made, and may have been told since"
_SENT_ONCE = (NotificationKind.SESSION, NotificationKind.SHARED)  # the others are better said twice than never
_WAITING = "delivery IS NULL AND cancelled_reason IS NULL"


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How many messages are looked for, and how many notices are counted instead of sent."""

    read_back_for: int
    counted: int


def begin(connection: sqlite3.Connection, copied: int, now: datetime) -> CatchUp:
    """Makes the database of a copy, made at `copied` (ms), one that catches up."""
    state = State(connection)
    # Else a listing that has not changed since would not be read, and the catching up not end.
    state.set("listing_digest", None)
    if state.get("baseline_at") is not None:  # before the first listing there is nothing to catch up
        state.set("catch_up_since", copied)
    read_back_for = connection.execute(
        "UPDATE deliveries SET state = 'unsure', read_backs = 0, due_at = ?, reason = ?, attempt_ended_at = ?"
        " WHERE state IN ('waiting', 'sending', 'unsure', 'held')",
        (to_ms(now + FIRST_READ_BACK), "it may have been posted since the restored copy was made", to_ms(now)),
    ).rowcount
    counted = 0
    for row in connection.execute("SELECT destination FROM destinations").fetchall():
        counted += _count_waiting(connection, Destination.parse(row["destination"]), copied, now)
        refresh_due(connection, row["destination"])
    return CatchUp(read_back_for, counted)


def _count_waiting(connection: sqlite3.Connection, place: Destination, copied: int, now: datetime) -> int:
    summary = Notification(
        kind=NotificationKind.OUTAGE,
        destination=place,
        subject=f"away:{now.isoformat()}",
        reason="the database was restored from a copy",
        facts={"code": "restored", "from": copied // 1000, "to": int(now.timestamp()), "follow": 0},
    )
    digested = digest_all(connection, summary, now, now + SUMMARIES_WAIT)
    rest = [
        row["id"]
        for row in connection.execute(
            f"SELECT id FROM notifications WHERE destination = ? AND {_WAITING} AND kind IN (SELECT value FROM json_each(?))",
            (str(place), listed(_SENT_ONCE)),
        )
    ]
    cancel_notifications(connection, rest, PERHAPS_SENT, in_hand=False)
    return digested + len(rest)


def since(connection: sqlite3.Connection) -> datetime | None:
    """When the copy was made, until a look at iSpring has caught up."""
    copied = State(connection).get("catch_up_since")
    return None if copied is None else from_ms(copied)


def end(connection: sqlite3.Connection) -> None:
    """A look at iSpring has caught up: its summaries wait for nothing more."""
    state = State(connection)
    if state.get("catch_up_since") is None:
        return
    state.set("catch_up_since", None)
    # One that speaks for resting rules only goes on waiting for them.
    waiting = f"kind = ? AND {_WAITING} AND json_extract(facts, '$.code') = 'restored' AND due_at <> {FOR_NOW_NEVER}"
    rows = connection.execute(
        f"UPDATE notifications SET due_at = created_at WHERE {waiting} RETURNING destination",
        (NotificationKind.OUTAGE,),
    ).fetchall()
    for row in rows:
        refresh_due(connection, row["destination"])

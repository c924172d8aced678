"""How the outbox of a restored copy begins, and when that ends.

A copy does not know what was sent since it was made. What may have been posted is read back before it is sent again.
What had not been tried can't be read back, because its delivery id is not known: it is counted in one summary per
destination, together with the sessions completed since then that the next poll finds.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.delivery import FIRST_READ_BACK
from bot.domain.kinds import KINDS
from bot.domain.notifications import Destination, Notification, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.store.columns import State, from_ms, listed, to_json, to_ms
from bot.store.outbox.cancel import cancel_notifications
from bot.store.outbox.eligibility import PENDING
from bot.store.outbox.summaries import Summaries
from bot.store.sqlite import IN_LIST, json_field

SUMMARY_WAIT = timedelta(days=1)  # for the next poll, however long iSpring can't be read
_PERHAPS_SENT = "it was pending when the restored copy was made, and may have been sent since"
_SENT_ONCE = [kind for kind, spec in KINDS.items() if spec.sent_once]


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How many deliveries are read back, and how many notifications are counted instead of sent."""

    read_back_for: int
    counted: int


def begin(connection: sqlite3.Connection, copied: int, now: datetime) -> CatchUp:
    """Prepares the database of a copy that was made at `copied` (ms)."""
    state = State(connection)
    # A listing that has not changed since would otherwise not be read, and the recovery would not end.
    state.set("listing_digest", None)
    if state.get("baseline_at") is not None:  # before the first listing there is nothing to recover
        state.set("restored_from", copied)
    state.set("restored_between", to_json([copied, to_ms(now)]))
    read_back_for = connection.execute(
        "UPDATE deliveries SET state = 'ambiguous', read_backs = 0, due_at = ?, reason = ?, reason_code = ?,"
        " attempt_ended_at = ? WHERE state IN ('pending', 'sending', 'ambiguous')",
        (
            to_ms(now + FIRST_READ_BACK),
            "it may have been posted since the restored copy was made",
            ReasonCode.RESTORED,
            to_ms(now),
        ),
    ).rowcount
    pending = connection.execute(f"SELECT DISTINCT destination FROM notifications WHERE {PENDING}").fetchall()
    counted = sum(_count_pending(connection, Destination.parse(row["destination"]), copied, now) for row in pending)
    return CatchUp(read_back_for, counted)


def _count_pending(connection: sqlite3.Connection, destination: Destination, copied: int, now: datetime) -> int:
    summary = Notification(
        kind=NotificationKind.OUTAGE,
        destination=destination,
        subject=f"away:{now.isoformat()}",
        reason="the database was restored from a copy",
        facts={"code": "restored", "from": copied // 1000, "to": int(now.timestamp()), "follow": 0},
    )
    counted = Summaries(connection).add_all(summary, now, now + SUMMARY_WAIT)
    rows = connection.execute(
        f"SELECT id FROM notifications WHERE destination = ? AND {PENDING} AND kind {IN_LIST}",
        (str(destination), listed(_SENT_ONCE)),
    )
    others = [row["id"] for row in rows]
    cancel_notifications(connection, others, _PERHAPS_SENT, in_hand=False)
    return counted + len(others)


def since(connection: sqlite3.Connection) -> datetime | None:
    """When the copy was made, until a poll has caught up; None otherwise."""
    copied = State(connection).get("restored_from")
    return None if copied is None else from_ms(copied)


def end(connection: sqlite3.Connection) -> None:
    """A poll has caught up: the summaries of the restored copy wait no longer."""
    state = State(connection)
    if state.get("restored_from") is None:
        return
    state.set("restored_from", None)
    connection.execute(
        f"UPDATE notifications SET due_at = created_at WHERE kind = ? AND {PENDING}"
        f" AND {json_field('facts', 'code')} = 'restored'",
        (NotificationKind.OUTAGE,),
    )

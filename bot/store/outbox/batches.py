"""Claiming: which pending notifications of a destination become its next delivery."""

import sqlite3
from datetime import datetime, timedelta

from bot.domain.cadence import LONGEST_JOINING
from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.store.columns import listed, to_json, to_ms, value_of
from bot.store.outbox.eligibility import GROUP_KEY, PENDING, Eligibility
from bot.store.sqlite import IN_LIST, by_index, json_field

LARGEST_GROUP = 25
# Up to this number, notifications go out one by one; more become one grouped message.
ALONE_UP_TO = {DestinationKind.CHANNEL: 3, DestinationKind.PERSON: 1, DestinationKind.USER: 1}
# A person's notifications that still wait for others (`joins_until`) join the first that is due: one message for all.
_JOINS_EARLY = {
    DestinationKind.CHANNEL: timedelta(0),
    DestinationKind.PERSON: timedelta(seconds=LONGEST_JOINING),
    DestinationKind.USER: timedelta(0),
}


def next_delivery(
    connection: sqlite3.Connection,
    destination: Destination,
    now: datetime,
    new_id: str,
    shadow: Destination | None = None,
) -> int | None:
    """The row of the delivery to send now, None if none is due: one that was tried before, else a new one. `shadow`:
    the channel it is shown in instead, None for what goes to the destination."""
    eligibility = Eligibility(connection, str(destination), now)
    shown_in = None if shadow is None else str(shadow)
    retries = [retry for retry in eligibility.retries() if retry.waits is None and retry.shadow == shown_in]
    if not retries:
        return _new_delivery(connection, eligibility, destination, now, new_id, shown_in)
    return min((retry.delivery for retry in retries if retry.due_at <= to_ms(now)), default=None)


def _new_delivery(
    connection: sqlite3.Connection,
    eligibility: Eligibility,
    destination: Destination,
    now: datetime,
    new_id: str,
    shadow: str | None,
) -> int | None:
    """Makes a delivery of one notification, or of a group. Its members, and where it is shown, never change again."""
    groups = list(eligibility.groups())
    here = [group for group in groups if group.shadow == shadow]
    if not any(group.waits is None and group.due_at <= to_ms(now) for group in here):
        return None
    waiting = listed(
        group.key for group in groups if group.shadow != shadow or group.waits is not None or group.is_quiet
    )
    members = connection.execute(
        # In the order of that index, so that the rest of a long line is not read.
        f"SELECT id, priority FROM notifications {by_index('notifications_next')}"
        f" WHERE destination = ? AND {PENDING} AND due_at <= CASE WHEN priority > 0 THEN ? ELSE ? END"
        f" AND {GROUP_KEY} NOT {IN_LIST} ORDER BY priority, id LIMIT ?",
        (str(destination), to_ms(now + _JOINS_EARLY[destination.kind]), to_ms(now), waiting, LARGEST_GROUP),
    ).fetchall()
    goes_alone = members[0]["priority"] == 0 or len(members) <= ALONE_UP_TO[destination.kind]
    chosen = _with_what_belongs_to_it(connection, members[0]["id"]) if goes_alone else [row["id"] for row in members]
    number: int = value_of(
        connection,
        "INSERT INTO deliveries (delivery_id, destination, shadow, state, created_at, due_at)"
        " VALUES (?, ?, ?, 'pending', ?, ?) RETURNING id",
        (new_id, str(destination), shadow, to_ms(now), to_ms(now)),
    )
    connection.execute(f"UPDATE notifications SET delivery = ? WHERE id {IN_LIST}", (number, to_json(chosen)))
    return number


def _with_what_belongs_to_it(connection: sqlite3.Connection, notification_id: int) -> list[int]:
    """A notification that goes alone; a recap goes with its sessions, a shared one with the others of the same "Share
    here"."""
    row = connection.execute("SELECT * FROM notifications WHERE id = ?", (notification_id,)).fetchone()
    if row["kind"] == NotificationKind.RECAP:
        rows = connection.execute(
            f"SELECT id FROM notifications WHERE recap = ? AND {PENDING} ORDER BY priority, id", (notification_id,)
        )
        return [notification_id, *(one["id"] for one in rows)]
    if row["kind"] != NotificationKind.SHARED:
        return [notification_id]
    rows = connection.execute(
        f"SELECT id FROM notifications {by_index('notifications_next')}"
        f" WHERE destination = ? AND {PENDING} AND priority = 0 AND kind = ?"
        f" AND {json_field('facts', 'share')} = {json_field('?', 'share')} ORDER BY id LIMIT ?",
        (row["destination"], NotificationKind.SHARED, row["facts"], LARGEST_GROUP),
    )
    return [one["id"] for one in rows]

"""A channel that got another id: everything stored under the old one follows it."""

import sqlite3
from dataclasses import replace
from datetime import datetime

from bot.domain.model import Delivery, DeliveryState, Destination, DestinationKind
from bot.store.columns import from_ms, value_of
from bot.store.outbox import blocking
from bot.store.outbox.cancel import cancel_notifications
from bot.store.outbox.deliveries import refresh_due

_SENT_THERE = "told under the new id of its channel"


def now_at(connection: sqlite3.Connection, destination: Destination) -> Destination:
    """The destination under its id of today: settings and work in hand may still name an earlier one."""
    if destination.kind is not DestinationKind.CHANNEL:
        return destination
    new = value_of(connection, "SELECT new_id FROM moved_channels WHERE old_id = ?", (destination.id,))
    return destination if new is None else Destination(DestinationKind.CHANNEL, new)


def after_move(delivery: Delivery, stored_destination: str) -> Delivery:
    """What became of a delivery whose channel moved while it was in hand: the old id being gone says nothing."""
    if str(delivery.destination) == stored_destination:
        return delivery
    place = Destination.parse(stored_destination)
    is_gone = delivery.state is DeliveryState.BLOCKED
    return replace(
        delivery, destination=place, channel=place.id, state=DeliveryState.WAITING if is_gone else delivery.state
    )


def cancel_duplicates(connection: sqlite3.Connection, delivery: int) -> None:
    """Ends what a message that is known not to be posted carries under a channel's old id, because it is owed or told
    under the new one too."""
    connection.execute(
        "UPDATE notifications SET cancelled_reason = ? WHERE delivery = ? AND cancelled_reason IS NULL"
        " AND destination <> (SELECT destination FROM deliveries WHERE id = ?)",
        (_SENT_THERE, delivery, delivery),
    )


def move(connection: sqlite3.Connection, old_channel: str, new_channel: str, now: datetime) -> None:
    """Rewrites a channel's id wherever it is stored. Doing it again is harmless."""
    if old_channel == new_channel:
        return
    old, new = (str(Destination(DestinationKind.CHANNEL, one)) for one in (old_channel, new_channel))
    connection.execute("DELETE FROM moved_channels WHERE old_id = ?", (new_channel,))
    connection.execute("UPDATE moved_channels SET new_id = ? WHERE new_id = ?", (new_channel, old_channel))
    connection.execute("INSERT OR REPLACE INTO moved_channels VALUES (?, ?)", (old_channel, new_channel))
    # What can't be written to under either id waits, all of it, until somebody has looked how the channel is.
    blocked = connection.execute(
        "SELECT blocked_reason, blocked_at FROM destinations WHERE destination IN (?, ?) AND blocked_reason IS NOT NULL"
        " ORDER BY destination = ? DESC",
        (old, new, new),
    ).fetchone()
    if blocked is not None:
        blocking.unblock(connection, Destination.parse(old), now)
    connection.execute("UPDATE rules SET destination = ? WHERE destination = ?", (new, old))
    # What is owed or told under both ids counts under the new one; the other is kept under the old, for `why`.
    connection.execute("UPDATE OR IGNORE notifications SET destination = ? WHERE destination = ?", (new, old))
    doubles = connection.execute(
        "SELECT notifications.id FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
        " WHERE notifications.destination = ? AND cancelled_reason IS NULL AND (delivery IS NULL OR state IN ('waiting', 'held'))",
        (old,),
    ).fetchall()
    cancel_notifications(connection, [row["id"] for row in doubles], _SENT_THERE, in_hand=False)
    connection.execute("UPDATE deliveries SET destination = ? WHERE destination = ?", (new, old))
    connection.execute("UPDATE deliveries SET channel = ? WHERE channel = ?", (new_channel, old_channel))
    connection.execute("DELETE FROM destinations WHERE destination = ?", (old,))
    if blocked is not None:
        since = now if blocked["blocked_at"] is None else from_ms(blocked["blocked_at"])
        blocking.block(connection, Destination.parse(new), blocked["blocked_reason"], since)
    # The setting may go on naming the old id, and must not make its rule again.
    connection.execute(
        "INSERT OR IGNORE INTO default_channels SELECT ? FROM default_channels WHERE channel_id = ?",
        (new_channel, old_channel),
    )
    refresh_due(connection, new)

"""Shadow mode: for a while everything is shown in one channel instead of where it would go.

It is one stored fact, which the eligibility pass reads. A delivery keeps the channel that it was made for: it is read
back, tried again and edited there, also after shadow mode has ended.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.kinds import KINDS
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.outbox import ShadowCounts, ShadowMode
from bot.store.columns import listed, to_json, to_ms, value_of
from bot.store.outbox.eligibility import Eligibility, last_shadow_mode, shadow_mode, store_shadow_mode
from bot.store.sqlite import IN_LIST

# Results of a post after which it is certain that nothing was posted: each of the newest attempts has a row, and a
# crash or an ambiguous post is followed by a read-back, which is none of these.
_SURELY_NOT_SENT = ("rate limited", "not sent", "destination gone", "message rejected", "app refused")
_SHADOWED = [kind for kind, spec in KINDS.items() if spec.is_shadowed]


class Shadow:
    """The shadow mode, and what was shown in it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def mode(self) -> ShadowMode | None:
        """The shadow mode that is on, None if none is."""
        return shadow_mode(self._connection)

    def last(self) -> ShadowMode | None:
        """The last shadow mode, which may have ended; None if there never was one."""
        return last_shadow_mode(self._connection)

    def begin(self, channel: str, who: str, now: datetime) -> ShadowMode:
        """Shows everything in one channel from now on, also deliveries that wait and surely were not posted."""
        mode = ShadowMode(channel, who, now)
        store_shadow_mode(self._connection, mode)
        self._release_unsent()
        return mode

    def end(self, now: datetime) -> ShadowMode | None:
        """Ends shadow mode and returns it, None if there was none. What waits for its channel and surely was not posted
        goes where it belongs; what was shown is not sent again."""
        mode = self.mode()
        if mode is None:
            return None
        mode = replace(mode, until=now)
        store_shadow_mode(self._connection, mode)
        self._release_unsent()
        return mode

    def would_show(self) -> int:
        """How many notifications that wait now shadow mode would show, alerts and the like not counted."""
        number: int = value_of(
            self._connection,
            "SELECT count(*) FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
            " WHERE notifications.cancelled_reason IS NULL AND (notifications.delivery IS NULL OR state = 'pending')"
            f" AND kind {IN_LIST}",
            (listed(_SHADOWED),),
        )
        return number

    def counts(self) -> ShadowCounts:
        """What the last shadow mode has shown so far, and how much it has yet to show."""
        mode = self.last()
        if mode is None:
            return ShadowCounts()
        shown = self._connection.execute(
            "SELECT destination, count(*) AS messages FROM deliveries WHERE shadow = ? AND created_at >= ?"
            " AND state = 'sent' GROUP BY destination",
            (str(mode.destination), to_ms(mode.at)),
        ).fetchall()
        channels = sum(Destination.parse(row["destination"]).kind is DestinationKind.CHANNEL for row in shown)
        eligibility = Eligibility(self._connection)
        waiting = sum(group.number for group in eligibility.groups() if group.shadow is not None)
        waiting += sum(1 for retry in eligibility.retries() if retry.shadow is not None)
        messages = sum(row["messages"] for row in shown)
        return ShadowCounts(messages, channels, len(shown) - channels, waiting)

    def unresolved(self) -> Sequence[tuple[Destination, int]]:
        """The channels of earlier shadow modes that can't be written to, each with the number of deliveries that may
        have been posted there: they wait until it can be read back."""
        mode = self.mode()
        rows = self._connection.execute(
            "SELECT shadow, count(*) AS number FROM deliveries JOIN destinations ON destinations.destination = shadow"
            " WHERE state IN ('ambiguous', 'pending') AND blocked_reason IS NOT NULL AND shadow IS NOT ?"
            " GROUP BY shadow ORDER BY number DESC, shadow",
            (None if mode is None else str(mode.destination),),
        )
        return [(Destination.parse(row["shadow"]), row["number"]) for row in rows]

    def is_misplaced(self, delivery_id: str) -> bool:
        """Whether shadow mode began or ended since a delivery was claimed that surely was not posted yet."""
        number = value_of(self._connection, "SELECT id FROM deliveries WHERE delivery_id = ?", (delivery_id,))
        return number is not None and _is_misplaced(self._connection, number)

    def _release_unsent(self) -> None:
        pending = self._connection.execute("SELECT id FROM deliveries WHERE state = 'pending'")
        _release(self._connection, [row["id"] for row in pending])


def release_misplaced(connection: sqlite3.Connection, number: int) -> None:
    """Releases a pending delivery that was being sent while shadow mode began or ended: its next try would go where the
    first one did."""
    if _is_misplaced(connection, number):
        _release(connection, [number])


def _is_misplaced(connection: sqlite3.Connection, number: int) -> bool:
    mode = shadow_mode(connection)
    channel = None if mode is None else str(mode.destination)
    row = connection.execute("SELECT destination, shadow FROM deliveries WHERE id = ?", (number,)).fetchone()
    is_elsewhere = row["shadow"] != (None if channel == row["destination"] else channel)
    return is_elsewhere and _unsent(connection, [number]) == [number]


def _unsent(connection: sqlite3.Connection, numbers: Sequence[int]) -> Sequence[int]:
    """Those of these deliveries that shadow mode may show and that surely were not posted."""
    rows = connection.execute(
        f"SELECT id FROM deliveries WHERE id {IN_LIST} AND NOT EXISTS (SELECT 1 FROM attempts"
        f" WHERE attempts.delivery = deliveries.id AND result NOT {IN_LIST})"
        f" AND EXISTS (SELECT 1 FROM notifications WHERE delivery = deliveries.id AND kind {IN_LIST})",
        (to_json(numbers), listed(_SURELY_NOT_SENT), listed(_SHADOWED)),
    )
    return [row["id"] for row in rows]


def _release(connection: sqlite3.Connection, pending: Sequence[int]) -> None:
    """Dissolves those of these pending deliveries that surely were not posted into their notifications: where these are
    posted is decided anew."""
    numbers = to_json(_unsent(connection, pending))
    connection.execute(f"UPDATE notifications SET delivery = NULL WHERE delivery {IN_LIST}", (numbers,))
    connection.execute(f"DELETE FROM attempts WHERE delivery {IN_LIST}", (numbers,))
    connection.execute(f"DELETE FROM deliveries WHERE id {IN_LIST}", (numbers,))

"""Destinations: which can't be written to for now and why, and when each channel was last checked."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.notifications import Destination, DestinationKind
from bot.domain.outbox import BlockedDestination
from bot.domain.reasons import SHARED_OUTSIDE
from bot.store.columns import State, from_ms_or_none, to_ms, value_of
from bot.store.outbox.cancel import cancel_notifications, cancel_unintroduced_rules
from bot.store.outbox.eligibility import PENDING, last_shadow_mode, shadow_mode, store_shadow_mode

# Whether a message still shows something of a session: see `domain.notifications.TAKEN_BACK`.
SHOWS = (
    "EXISTS (SELECT 1 FROM notifications WHERE notifications.delivery = deliveries.id"
    " AND notifications.cancelled_reason IS NULL AND coalesce(notifications.shown_version, 0) >= 0)"
)
# Where a delivery is posted, read back and edited.
POSTED_TO = "coalesce(deliveries.shadow, deliveries.destination)"
# A blocked destination can't be read either, unless it is blocked because another company reads along: there an
# ambiguous message is read back, so that it can be redacted.
MAY_BE_READ = (
    f"NOT EXISTS (SELECT 1 FROM destinations WHERE destinations.destination = {POSTED_TO}"
    f" AND destinations.blocked_reason <> '{SHARED_OUTSIDE}')"
)
# Likewise only redactions are edited there.
MAY_BE_EDITED = (
    f"NOT EXISTS (SELECT 1 FROM destinations WHERE destinations.destination = {POSTED_TO}"
    " AND destinations.blocked_reason IS NOT NULL"
    f" AND NOT (destinations.blocked_reason = '{SHARED_OUTSIDE}' AND {SHOWS}))"
)


class Destinations:
    """Channels and people that messages go to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def block(self, destination: Destination, reason: str, now: datetime) -> None:
        """Sends nothing there until it is unblocked. Its rules count as paused; one that is not introduced yet ends."""
        name = str(destination)
        self._connection.execute(
            "INSERT INTO destinations (destination, blocked_reason, blocked_at) VALUES (?, ?, ?)"
            " ON CONFLICT (destination) DO UPDATE SET"
            " blocked_at = CASE WHEN blocked_reason IS NULL THEN excluded.blocked_at ELSE blocked_at END,"
            " blocked_reason = excluded.blocked_reason,"
            " checked_at = NULL",  # what the last check saw is not so any more
            (name, reason, to_ms(now)),
        )
        rows = self._connection.execute(
            "SELECT id FROM deliveries WHERE destination = ? AND state = 'pending'", (name,)
        ).fetchall()
        for row in rows:
            cancel_unintroduced_rules(self._connection, row["id"], reason)

    def unblock(self, destination: Destination, now: datetime) -> int:
        """Sends again what is pending there, at once; how many deliveries and notifications that are."""
        name = str(destination)
        was_blocked = self.blocked_reason(destination) != ""
        self._connection.execute(
            "UPDATE destinations SET blocked_reason = NULL, blocked_at = NULL WHERE destination = ?", (name,)
        )
        resumed = self._connection.execute(
            f"UPDATE deliveries SET due_at = ? WHERE {POSTED_TO} = ? AND state = 'pending'", (to_ms(now), name)
        ).rowcount
        if was_blocked:
            sql = f"SELECT count(*) FROM notifications WHERE destination = ? AND {PENDING}"
            resumed += value_of(self._connection, sql, (name,))
        return resumed

    def blocked_reason(self, destination: Destination) -> str:
        """Why nothing can be sent there for now, "" if it can."""
        sql = "SELECT blocked_reason FROM destinations WHERE destination = ?"
        return value_of(self._connection, sql, (str(destination),)) or ""

    def blocked(self) -> Sequence[BlockedDestination]:
        """The blocked destinations, the longest blocked first, with how many notifications wait for each."""
        rows = self._connection.execute(
            "SELECT destination, blocked_reason, blocked_at, (SELECT count(*) FROM notifications"
            " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
            " WHERE notifications.destination = destinations.destination AND notifications.cancelled_reason IS NULL"
            " AND (notifications.delivery IS NULL OR deliveries.state = 'pending')) AS waiting"
            " FROM destinations WHERE blocked_reason IS NOT NULL ORDER BY blocked_at, destination"
        )
        return [
            BlockedDestination(
                destination=Destination.parse(row["destination"]),
                reason=row["blocked_reason"],
                since=from_ms_or_none(row["blocked_at"]),
                waiting=row["waiting"],
            )
            for row in rows
        ]

    def move(self, old_channel: str, new_channel: str, now: datetime) -> None:
        """Rewrites the id of a channel wherever it is stored. Repeating it changes nothing."""
        if old_channel == new_channel:
            return
        before, after = (Destination(DestinationKind.CHANNEL, one) for one in (old_channel, new_channel))
        old, new = str(before), str(after)
        blocked = self.blocked_reason(after) or self.blocked_reason(before)
        self.unblock(before, now)
        self._connection.execute("UPDATE rules SET destination = ? WHERE destination = ?", (new, old))
        self._connection.execute("UPDATE mutes SET destination = ? WHERE destination = ?", (new, old))
        self._connection.execute(
            "UPDATE notifications SET destination = ? WHERE destination = ? AND subject NOT IN"
            " (SELECT subject FROM notifications WHERE destination = ?)",
            (new, old, new),
        )
        self._connection.execute("UPDATE deliveries SET destination = ? WHERE destination = ?", (new, old))
        self._connection.execute("UPDATE deliveries SET shadow = ? WHERE shadow = ?", (new, old))
        mode = last_shadow_mode(self._connection)
        if mode is not None and mode.channel == old_channel:
            store_shadow_mode(self._connection, replace(mode, channel=new_channel))
        self._connection.execute("UPDATE deliveries SET channel = ? WHERE channel = ?", (new_channel, old_channel))
        # A notification that is stored under both ids keeps the old one. It is not sent again.
        twice = self._connection.execute(
            "SELECT notifications.id FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
            " WHERE notifications.destination = ? AND cancelled_reason IS NULL AND (delivery IS NULL OR state <>"
            " 'sent')",
            (old,),
        ).fetchall()
        ids = [row["id"] for row in twice]
        cancel_notifications(self._connection, ids, "stored under the new id of its channel too", in_hand=False)
        self._connection.execute("DELETE FROM destinations WHERE destination = ?", (old,))
        if blocked:
            self.block(after, blocked, now)

    def is_used(self, destination: Destination) -> bool:
        """Whether anything was sent, or is to be sent, to a destination, or shown there in shadow mode."""
        mode = shadow_mode(self._connection)
        if mode is not None and mode.destination == destination:
            return True
        sql = (
            "SELECT EXISTS (SELECT 1 FROM notifications WHERE destination = ? AND cancelled_reason IS NULL)"
            " OR EXISTS (SELECT 1 FROM deliveries WHERE shadow = ?)"
        )
        return bool(value_of(self._connection, sql, (str(destination), str(destination))))

    def checks_due(self, checked_before: datetime, now: datetime, limit: int) -> Sequence[str]:
        """Ids of channels that rules post to, that shadow mode shows things in or that are blocked and that Slack was
        not asked about since then, or only by a clock that was ahead; the longest unchecked first."""
        mode = shadow_mode(self._connection)
        rows = self._connection.execute(
            "SELECT destination FROM ("
            "SELECT rules.destination, checked_at FROM rules LEFT JOIN destinations USING (destination)"
            " WHERE state IN ('active', 'paused')"
            " UNION SELECT shadow.destination, checked_at FROM (SELECT ? AS destination) AS shadow"
            " LEFT JOIN destinations USING (destination)"
            " UNION SELECT destination, checked_at FROM destinations WHERE blocked_reason IS NOT NULL) AS watched"
            " WHERE destination LIKE 'channel:%' GROUP BY destination HAVING coalesce(max(checked_at), 0) <= ?"
            " OR max(checked_at) > ?"
            " ORDER BY coalesce(max(checked_at), 0), destination LIMIT ?",
            ("" if mode is None else str(mode.destination), to_ms(checked_before), to_ms(now), limit),
        )
        return [Destination.parse(row["destination"]).id for row in rows]

    def record_check(self, destination: Destination, asked_at: datetime, doubts: int | None = None) -> bool:
        """Slack said how a channel is, or that it does not exist; False if an event doubted the channel since it was
        asked. `doubts`: as read before, None if no event can have come between."""
        sql = "SELECT doubts FROM destinations WHERE destination = ?"
        if doubts is not None and (value_of(self._connection, sql, (str(destination),)) or 0) > doubts:
            return False
        self._connection.execute(
            "INSERT INTO destinations (destination, checked_at) VALUES (?, ?)"
            " ON CONFLICT (destination) DO UPDATE SET checked_at = excluded.checked_at",
            (str(destination), to_ms(asked_at)),
        )
        return True

    def describe(self, destination: Destination, name: str, *, is_public: bool) -> None:
        """Stores what Slack said of a channel."""
        self._connection.execute(
            "INSERT INTO destinations (destination, name, is_public) VALUES (?, ?, ?)"
            " ON CONFLICT (destination) DO UPDATE SET name = excluded.name, is_public = excluded.is_public",
            (str(destination), name, is_public),
        )

    def name_of(self, destination: Destination) -> str:
        """A channel's name as it was seen last, "" if it was not."""
        return (
            value_of(self._connection, "SELECT name FROM destinations WHERE destination = ?", (str(destination),)) or ""
        )

    def is_public(self, destination: Destination) -> bool:
        """Whether a channel was public when it was seen last."""
        sql = "SELECT is_public FROM destinations WHERE destination = ?"
        return bool(value_of(self._connection, sql, (str(destination),)))

    def doubt(self, destination: Destination) -> None:
        """An event says that something changed: what was seen of a channel before counts no more."""
        number = self.doubts() + 1
        State(self._connection).set("channel_doubts", number)
        self._connection.execute(
            "INSERT INTO destinations (destination, doubts) VALUES (?, ?)"
            " ON CONFLICT (destination) DO UPDATE SET checked_at = NULL, doubts = excluded.doubts",
            (str(destination), number),
        )

    def doubts(self) -> int:
        """How many events have doubted what was known of channels."""
        return State(self._connection).get("channel_doubts") or 0

    def watched(self) -> Collection[str]:
        """Ids of the channels that rules post to, that something waits for, that show or shall show something in shadow
        mode, or that are blocked."""
        mode = shadow_mode(self._connection)
        rows = self._connection.execute(
            "SELECT substr(destination, 9) AS id FROM ("
            "SELECT destination FROM rules WHERE state <> 'ended'"
            " UNION SELECT destination FROM destinations WHERE blocked_reason IS NOT NULL"
            f" UNION SELECT destination FROM notifications WHERE {PENDING}"
            f" UNION SELECT {POSTED_TO} FROM deliveries WHERE state = 'pending' OR edit_due_at IS NOT NULL"
            " UNION SELECT ?) WHERE destination LIKE 'channel:%'",
            ("" if mode is None else str(mode.destination),),
        )
        return frozenset(row["id"] for row in rows)

    def checked_at(self, destination: Destination) -> datetime | None:
        """When Slack last said how a channel is, None if it never did."""
        sql = "SELECT checked_at FROM destinations WHERE destination = ?"
        return from_ms_or_none(value_of(self._connection, sql, (str(destination),)))

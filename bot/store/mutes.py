"""Mutes: what holds the messages of rules back, and the notifications that each holds."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain.mutes import Mute
from bot.domain.notifications import Destination
from bot.store.columns import from_row, to_ms, value_of

_IN_FORCE = "SELECT * FROM mutes WHERE ended_at IS NULL"


class Mutes:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self, destination: Destination, query: str, ends_at: datetime, created_by: str, reason: str, now: datetime
    ) -> Mute:
        """Stores a new mute and returns it."""
        number = value_of(
            self._connection,
            "INSERT INTO mutes (destination, query, ends_at, created_by, reason, created_at) VALUES (?, ?, ?, ?, ?, ?)"
            " RETURNING mute_id",
            (str(destination), query, to_ms(ends_at), created_by, reason, to_ms(now)),
        )
        mute = self.get(number)
        assert mute is not None  # just written, in this transaction
        return mute

    def get(self, mute_id: int) -> Mute | None:
        """The mute of that number, None if there never was one."""
        row = self._connection.execute("SELECT * FROM mutes WHERE mute_id = ?", (mute_id,)).fetchone()
        return None if row is None else from_row(Mute, row)

    def running(self, now: datetime, destination: Destination | None = None) -> Sequence[Mute]:
        """What holds messages back now, at one destination or anywhere; by number."""
        where, parameters = ("", ()) if destination is None else (" AND destination = ?", (str(destination),))
        rows = self._connection.execute(
            f"SELECT * FROM mutes WHERE ended_at IS NULL AND ends_at > ?{where} ORDER BY mute_id",
            (to_ms(now), *parameters),
        )
        return [from_row(Mute, row) for row in rows]

    def held_at(self, destination: Destination, at: datetime) -> Sequence[Mute]:
        """The mutes of a destination that held at a moment, over by now or not; by number."""
        rows = self._connection.execute(
            "SELECT * FROM mutes WHERE destination = ? AND created_at <= ? AND coalesce(ended_at, ends_at) > ?"
            " AND ends_at > ? ORDER BY mute_id",
            (str(destination), to_ms(at), to_ms(at), to_ms(at)),
        )
        return [from_row(Mute, row) for row in rows]

    def in_force(self) -> Sequence[Mute]:
        """The mutes without an end in the database, also those whose time is over; by number."""
        return [from_row(Mute, row) for row in self._connection.execute(f"{_IN_FORCE} ORDER BY mute_id")]

    def over(self, now: datetime) -> Sequence[Mute]:
        """The mutes whose time is over and whose recap is not queued yet."""
        rows = self._connection.execute(
            "SELECT * FROM mutes WHERE ended_at IS NULL AND ends_at <= ? ORDER BY mute_id", (to_ms(now),)
        )
        return [from_row(Mute, row) for row in rows]

    def end(self, mute_id: int, now: datetime, ended_by: str | None = None) -> None:
        """Ends a mute for good."""
        self._connection.execute(
            "UPDATE mutes SET ended_at = ?, ended_by = ? WHERE mute_id = ? AND ended_at IS NULL",
            (to_ms(now), ended_by, mute_id),
        )

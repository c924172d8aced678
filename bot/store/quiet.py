"""When people want quiet, and the holidays that an admin keeps."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.config import zone_named
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.quiet import NEVER, Quiet, held_until, parse_quiet, quiet_within
from bot.store.columns import value_of


@dataclass(frozen=True, slots=True)
class QuietReader:
    """A person's quiet time with all that it depends on."""

    quiet: Quiet
    zone: tzinfo
    holidays: frozenset[date]

    def held_until(self, at: datetime) -> datetime | None:
        """The end of the quiet time that an instant is in, None if it is in none."""
        return held_until(self.quiet, self.zone, self.holidays, at)

    def within(self, since: datetime, until: datetime) -> timedelta:
        """How long it was quiet between two instants."""
        return quiet_within(self.quiet, self.zone, self.holidays, since, until)


class QuietTimes:
    """Quiet times by Slack user. Each is in the zone of the user's profile, as Slack last said it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, user_id: str) -> Quiet:
        """What a user chose; never quiet if nothing."""
        row = self._connection.execute("SELECT * FROM quiet_times WHERE slack_user_id = ?", (user_id,)).fetchone()
        return NEVER if row is None else _quiet(row)

    def set(self, user_id: str, quiet: Quiet) -> None:
        """Stores what a user chose."""
        self._connection.execute("DELETE FROM quiet_times WHERE slack_user_id = ?", (user_id,))
        if quiet != NEVER:
            self._connection.execute(
                "INSERT INTO quiet_times (slack_user_id, quiet, holidays) VALUES (?, ?, ?)",
                (user_id, str(quiet), quiet.holidays),
            )

    def holidays(self) -> frozenset[date]:
        """The days that are quiet for people who have a quiet time with holidays."""
        return frozenset(date.fromisoformat(row["day"]) for row in self._connection.execute("SELECT day FROM holidays"))

    def set_holiday(self, day: date, *, is_one: bool) -> bool:
        """Adds or removes a holiday; False if that changes nothing."""
        sql = "INSERT INTO holidays (day) VALUES (?) ON CONFLICT (day) DO NOTHING"
        return bool(
            self._connection.execute(
                sql if is_one else "DELETE FROM holidays WHERE day = ?", (day.isoformat(),)
            ).rowcount
        )

    def of_destinations(self) -> Mapping[str, QuietReader]:
        """The quiet time of each person who has one, by the destinations that their messages go to."""
        rows = self._connection.execute(
            "SELECT quiet_times.*, slack_users.zone, links.person_id FROM quiet_times"
            " LEFT JOIN slack_users ON slack_users.user_id = quiet_times.slack_user_id"
            " LEFT JOIN links ON links.slack_user_id = quiet_times.slack_user_id"
        ).fetchall()
        holidays = self.holidays() if rows else frozenset()
        found: dict[str, QuietReader] = {}
        for row in rows:
            reader = QuietReader(_quiet(row), zone_named(row["zone"]) or UTC, holidays)
            found[str(Destination(DestinationKind.USER, row["slack_user_id"]))] = reader
            if row["person_id"] is not None:
                found[str(Destination(DestinationKind.PERSON, row["person_id"]))] = reader
        return found

    def of_destination(self, destination: Destination) -> QuietReader | None:
        """The quiet time of a destination's reader, None without one: a channel has none."""
        if destination.kind is DestinationKind.CHANNEL or not value_of(
            self._connection, "SELECT EXISTS (SELECT 1 FROM quiet_times)"
        ):
            return None
        return self.of_destinations().get(str(destination))


def _quiet(row: sqlite3.Row) -> Quiet:
    return replace(parse_quiet(row["quiet"]), holidays=bool(row["holidays"]))

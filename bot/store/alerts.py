"""The table of active alerts."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.alerts import ActiveAlert
from bot.store.columns import from_json, from_ms, to_json, to_ms

Facts = dict[str, str | int | float | None]


class Alerts:
    """The active alerts, one row per code."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self, code: str, facts: Mapping[str, str | int | float | None], now: datetime) -> ActiveAlert | None:
        """Stores an alert with its newest facts; returns it if it is new, None if it was active before."""
        is_new = self._find(code) is None
        self._connection.execute(
            "INSERT INTO alerts (code, since, facts) VALUES (?, ?, ?)"
            " ON CONFLICT (code) DO UPDATE SET facts = excluded.facts",
            (code, to_ms(now), to_json(facts)),
        )
        return self._find(code) if is_new else None

    def end(self, code: str) -> ActiveAlert | None:
        """Deletes an alert; returns it, or None if it was not active."""
        resolved = self._find(code)
        if resolved is not None:
            self._connection.execute("DELETE FROM alerts WHERE code = ?", (code,))
        return resolved

    def all(self) -> Sequence[ActiveAlert]:
        """Returns the active alerts, the oldest first."""
        rows = self._connection.execute("SELECT code, since, facts FROM alerts ORDER BY since, code")
        return [_alert(row) for row in rows]

    def _find(self, code: str) -> ActiveAlert | None:
        row = self._connection.execute("SELECT code, since, facts FROM alerts WHERE code = ?", (code,)).fetchone()
        return None if row is None else _alert(row)


def _alert(row: sqlite3.Row) -> ActiveAlert:
    return ActiveAlert(code=row["code"], since=from_ms(row["since"]), facts=from_json(row["facts"], Facts))

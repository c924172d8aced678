"""What is wrong at the moment, so that it is told once when it begins and once when it is over."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.alerts import ActiveAlert
from bot.store.columns import from_json, from_ms, to_json, to_ms

Facts = dict[str, str | int | float | None]


class Alerts:
    """What is wrong at the moment, one row per code."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self, code: str, facts: Mapping[str, str | int | float | None], now: datetime) -> ActiveAlert | None:
        """Remembers a trouble with its newest facts; answers it where it is new, None where it was there before."""
        is_new = self._find(code) is None
        self._connection.execute(
            "INSERT INTO alerts (code, since, facts) VALUES (?, ?, ?)"
            " ON CONFLICT (code) DO UPDATE SET facts = excluded.facts",
            (code, to_ms(now), to_json(facts)),
        )
        return self._find(code) if is_new else None

    def end(self, code: str) -> ActiveAlert | None:
        """Forgets a trouble; answers it, None where there was none."""
        cancelled = self._find(code)
        if cancelled is not None:
            self._connection.execute("DELETE FROM alerts WHERE code = ?", (code,))
        return cancelled

    def all(self) -> Sequence[ActiveAlert]:
        """The oldest first."""
        rows = self._connection.execute("SELECT code, since, facts FROM alerts ORDER BY since, code")
        return [_trouble(row) for row in rows]

    def _find(self, code: str) -> ActiveAlert | None:
        row = self._connection.execute("SELECT code, since, facts FROM alerts WHERE code = ?", (code,)).fetchone()
        return None if row is None else _trouble(row)


def _trouble(row: sqlite3.Row) -> ActiveAlert:
    return ActiveAlert(code=row["code"], since=from_ms(row["since"]), facts=from_json(row["facts"], Facts))

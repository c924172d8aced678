"""The table of active alerts."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.alerts import ActiveAlert
from bot.store.columns import from_row, table, to_row


class Alerts:
    """The active alerts, one row per code."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._table = table(connection, "alerts")

    def begin(self, code: str, facts: Mapping[str, str | int | float | None], now: datetime) -> ActiveAlert | None:
        """Stores an alert with its newest facts; returns it if it is new, None if it was active before."""
        active = self._find(code)
        alert = ActiveAlert(code=code, since=now if active is None else active.since, facts=facts)
        self._table.upsert(to_row(alert), pk="code")
        return self._find(code) if active is None else None

    def end(self, code: str) -> ActiveAlert | None:
        """Deletes an alert; returns it, or None if it was not active."""
        resolved = self._find(code)
        if resolved is not None:
            self._table.delete_where("code = ?", [code])
        return resolved

    def all(self) -> Sequence[ActiveAlert]:
        """Returns the active alerts, the oldest first."""
        return [from_row(ActiveAlert, row) for row in self._table.rows_where(order_by="since, code")]

    def _find(self, code: str) -> ActiveAlert | None:
        return next((from_row(ActiveAlert, row) for row in self._table.rows_where("code = ?", [code])), None)

"""Who did what and when, by ids."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain.model import AuditEntry
from bot.store.columns import from_ms, to_ms


class AuditLog:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, who: str, verb: str, subject: str, now: datetime) -> None:
        self._connection.execute(
            "INSERT INTO audit_log (at, who, verb, subject) VALUES (?, ?, ?, ?)", (to_ms(now), who, verb, subject)
        )

    def entries(self, limit: int) -> Sequence[AuditEntry]:
        """Newest first."""
        rows = self._connection.execute(
            "SELECT at, who, verb, subject FROM audit_log ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [AuditEntry(at=from_ms(at), who=who, verb=verb, subject=subject) for at, who, verb, subject in rows]

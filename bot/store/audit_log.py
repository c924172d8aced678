"""Who did what and when, by ids."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain.model import AuditEntry
from bot.store.columns import from_row, table, to_row


class AuditLog:
    """The audit log: it is only added to, until retention deletes its oldest entries."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._table = table(connection, "audit_log")

    def write(self, who: str, verb: str, subject: str, now: datetime) -> None:
        self._table.insert(to_row(AuditEntry(at=now, who=who, verb=verb, subject=subject)))

    def entries(self, limit: int) -> Sequence[AuditEntry]:
        """The newest entries first."""
        return [from_row(AuditEntry, row) for row in self._table.rows_where(order_by="id DESC", limit=limit)]

"""Changes that can't be routed to everyone yet, because people or departments are not known: each is stored once, waits
with its reason, and is routed when they are."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.model import Change, News, SessionKey
from bot.domain.reasons import ReasonCode
from bot.store.columns import from_json, from_ms, from_ms_or_none, listed, to_json, to_ms, upsert, value_of
from bot.store.session_rows import id_of, key_of
from bot.store.sqlite import IN_LIST

_COLUMNS = (
    "session",
    "version",
    "news",
    "became_failing",
    "reason",
    "requested_at",
    "created_at",
    "waiting",
    "reason_code",
    "tried_version",
)
_ADD = upsert("unrouted", _COLUMNS, "session", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnroutedChange:
    """A change of a session, and who it is not decided for. `version` is the session's after the change."""

    number: int
    key: SessionKey
    version: int
    news: News
    became_failing: bool
    reason: str
    requested_at: datetime
    created_at: datetime
    waiting: tuple[str, ...]
    reason_code: ReasonCode


class UnroutedChanges:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self,
        change: Change,
        waiting: Collection[str],
        code: ReasonCode,
        requested_at: datetime,
        now: datetime,
        directory_version: int,
    ) -> None:
        """Stores a change that is not decided for some; the session is stored before."""
        session = id_of(self._connection, change.after.key)
        self._connection.execute(
            _ADD,
            (
                session,
                change.after.version,
                change.news,
                int(change.became_failing),
                change.reason,
                to_ms(requested_at),
                to_ms(now),
                to_json(sorted(waiting)),
                code,
                directory_version,
            ),
        )

    def due(self, directory_version: int, after: int, limit: int) -> Sequence[UnroutedChange]:
        """The changes to try again, by number: those not tried with this version of the directory, those that wait
        for Slack, and those of sessions whose observer is named by now."""
        rows = self._connection.execute(
            "SELECT unrouted.*, session_id, employee_id FROM unrouted JOIN sessions ON sessions.id = unrouted.session"
            " WHERE unrouted.id > ? AND (tried_version <> ? OR reason_code = ?"
            " OR (reason_code = ? AND sessions.observer_id <> ''))"
            " ORDER BY unrouted.id LIMIT ?",
            (after, directory_version, ReasonCode.OWNER_UNKNOWN, ReasonCode.OBSERVER_UNNAMED, limit),
        )
        return [_change_of(row) for row in rows]

    def keep_waiting(self, number: int, waiting: Collection[str], code: ReasonCode, directory_version: int) -> None:
        """It is still not decided for some."""
        self._connection.execute(
            "UPDATE unrouted SET waiting = ?, reason_code = ?, tried_version = ? WHERE id = ?",
            (to_json(sorted(waiting)), code, directory_version, number),
        )

    def end(self, number: int) -> None:
        """It waits no more: it was routed, or no destination is to get it."""
        self._connection.execute("DELETE FROM unrouted WHERE id = ?", (number,))

    def waiting_for(self, key: SessionKey) -> Collection[str]:
        """Who a session's changes are not decided for, as "rule 3" or "observer"."""
        rows = self._connection.execute(
            "SELECT waiting FROM unrouted WHERE session = ?", (id_of(self._connection, key),)
        )
        return {who for row in rows for who in from_json(row["waiting"], list[str])}

    def waiting_since(self, codes: Collection[ReasonCode]) -> datetime | None:
        """When the newest change was stored that waits for one of these reasons, None if none does."""
        found = value_of(
            self._connection, f"SELECT max(created_at) FROM unrouted WHERE reason_code {IN_LIST}", (listed(codes),)
        )
        return from_ms_or_none(found)

    def counts(self) -> Mapping[ReasonCode, int]:
        """How many changes wait, by what they wait for."""
        rows = self._connection.execute("SELECT reason_code, count(*) AS number FROM unrouted GROUP BY reason_code")
        return {ReasonCode(row["reason_code"]): row["number"] for row in rows}

    def count_of(self, code: ReasonCode, before: datetime) -> int:
        """How many sessions have changes that wait for this reason since a time."""
        found: int = value_of(
            self._connection,
            "SELECT count(DISTINCT session) FROM unrouted WHERE reason_code = ? AND created_at <= ?",
            (code, to_ms(before)),
        )
        return found

    def count(self) -> int:
        """How many changes wait."""
        return sum(self.counts().values())


def _change_of(row: sqlite3.Row) -> UnroutedChange:
    return UnroutedChange(
        number=row["id"],
        key=key_of(row),
        version=row["version"],
        news=News(row["news"]),
        became_failing=bool(row["became_failing"]),
        reason=row["reason"],
        requested_at=from_ms(row["requested_at"]),
        created_at=from_ms(row["created_at"]),
        waiting=tuple(from_json(row["waiting"], list[str])),
        reason_code=ReasonCode(row["reason_code"]),
    )

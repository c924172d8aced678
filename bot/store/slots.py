"""Slots: the local days on which rules with a schedule were due, and what became of each."""

import sqlite3
from collections.abc import Mapping
from datetime import date, datetime

from bot.domain.schedules import MOST_RECORDED, RecordedSlot, SlotResult
from bot.store.columns import from_ms, from_ms_or_none, to_ms, to_ms_or_none


class Slots:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def record(self, slot: RecordedSlot) -> bool:
        """Stores what became of a slot; False if that is stored already, whichever process did it."""
        return bool(
            self._connection.execute(
                "INSERT INTO slots (rule_id, day, planned_at, since, zone, result, data_at, recorded_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (rule_id, day) DO NOTHING",
                (
                    slot.rule_id,
                    slot.day.isoformat(),
                    to_ms(slot.planned_at),
                    slot.since.isoformat(),
                    slot.zone,
                    slot.result,
                    to_ms_or_none(slot.data_at),
                    to_ms(slot.recorded_at),
                ),
            ).rowcount
        )

    def of_rule(self, rule_id: int) -> Mapping[date, RecordedSlot]:
        """The newest slots of a rule by their day, the newest first."""
        rows = self._connection.execute(
            "SELECT * FROM slots WHERE rule_id = ? ORDER BY day DESC LIMIT ?", (rule_id, MOST_RECORDED)
        )
        found = [_slot(row) for row in rows]
        return {one.day: one for one in found}

    def get(self, rule_id: int, day: date) -> RecordedSlot | None:
        """What became of one slot, None if nothing did yet."""
        row = self._connection.execute(
            "SELECT * FROM slots WHERE rule_id = ? AND day = ?", (rule_id, day.isoformat())
        ).fetchone()
        return None if row is None else _slot(row)

    def set_data_at(self, rule_id: int, day: date, data_at: datetime | None) -> None:
        """Stores of which reading of iSpring the figures are that a digest shows."""
        self._connection.execute(
            "UPDATE slots SET data_at = ? WHERE rule_id = ? AND day = ?",
            (to_ms_or_none(data_at), rule_id, day.isoformat()),
        )

    def forget_before(self, planned: datetime) -> int:
        """Deletes the slots planned before then; returns how many."""
        return self._connection.execute("DELETE FROM slots WHERE planned_at < ?", (to_ms(planned),)).rowcount


def _slot(row: sqlite3.Row) -> RecordedSlot:
    return RecordedSlot(
        rule_id=row["rule_id"],
        day=date.fromisoformat(row["day"]),
        planned_at=from_ms(row["planned_at"]),
        since=date.fromisoformat(row["since"]),
        zone=row["zone"],
        result=SlotResult(row["result"]),
        data_at=from_ms_or_none(row["data_at"]),
        recorded_at=from_ms(row["recorded_at"]),
    )

"""Slots: the local days on which rules with a schedule were due, and what became of each."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bot.domain.notifications import Delivery
from bot.domain.schedules import MOST_RECORDED, RecordedSlot, SlotResult
from bot.store.columns import State, from_json, from_ms, from_ms_or_none, to_ms, to_ms_or_none
from bot.store.outbox.rows import delivery_of

_UNSENT_AFTER = "FROM slots WHERE planned_at > ? AND result <> ?"


def _unsent_after(now: datetime) -> tuple[int, SlotResult]:
    return to_ms(now), SlotResult.QUEUED


class Slots:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def record(self, slot: RecordedSlot) -> bool:
        """Stores what became of a slot; False if that is stored already, whichever process did it."""
        return bool(
            self._connection.execute(
                "INSERT INTO slots (rule_id, day, planned_at, since, ends_at, zone, result, data_at,"
                " recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (rule_id, day) DO NOTHING",
                (
                    slot.rule_id,
                    slot.day.isoformat(),
                    to_ms(slot.planned_at),
                    slot.since.isoformat(),
                    to_ms(slot.ends_at),
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

    def has_unsent_after(self, now: datetime) -> bool:
        """Whether slots that are still to come are recorded, and no digest of them was queued."""
        return self._connection.execute(f"SELECT 1 {_UNSENT_AFTER} LIMIT 1", _unsent_after(now)).fetchone() is not None

    def forget_unsent_after(self, now: datetime) -> None:
        """Forgets such slots: a clock that was ahead recorded them as missed, and they would never be due."""
        self._connection.execute(f"DELETE {_UNSENT_AFTER}", _unsent_after(now))

    def may_have_been_sent(self, planned: datetime) -> bool:
        """Whether a slot lies between the making of a copy of this database and its restoring: what became of it then
        is not known."""
        stored = State(self._connection).get("restored_between")
        begin, end = (0, 0) if stored is None else from_json(stored, tuple[int, int])
        return begin < to_ms(planned) <= end

    def files_due(self, since: datetime) -> Sequence[tuple[RecordedSlot, Delivery]]:
        """The slots planned since then whose digest was posted with all its data, and whose file was not tried."""
        rows = self._connection.execute(
            "SELECT slots.*, deliveries.id AS number FROM slots JOIN rules USING (rule_id) JOIN notifications ON"
            " notifications.destination = rules.destination AND notifications.subject = 'digest:' || slots.rule_id"
            " || ':' || slots.day JOIN deliveries ON deliveries.id = notifications.delivery WHERE slots.result = ?"
            " AND slots.file IS NULL AND slots.planned_at >= ? AND slots.data_at >= slots.ends_at AND rules.csv = 1"
            " AND rules.state = 'active' AND deliveries.state = 'sent' ORDER BY slots.planned_at, slots.rule_id",
            (SlotResult.QUEUED, to_ms(since)),
        ).fetchall()
        found = []
        for row in rows:
            delivery = self._connection.execute("SELECT * FROM deliveries WHERE id = ?", (row["number"],)).fetchone()
            found.append((_slot(row), delivery_of(self._connection, delivery)))
        return found

    def claim_file(self, slot: RecordedSlot) -> bool:
        """Records that the file of a slot is about to be sent; False if it was tried before. A process that dies then
        leaves it so: the file may be there, and none is sent twice."""
        return bool(
            self._connection.execute(
                "UPDATE slots SET file = 'sending' WHERE rule_id = ? AND day = ? AND file IS NULL",
                (slot.rule_id, slot.day.isoformat()),
            ).rowcount
        )

    def set_file(self, slot: RecordedSlot, became: str | None) -> None:
        """Stores what became of a slot's file, None if it surely was not sent and is due still."""
        self._connection.execute(
            "UPDATE slots SET file = ? WHERE rule_id = ? AND day = ?", (became, slot.rule_id, slot.day.isoformat())
        )

    def set_missed(self, slot: RecordedSlot) -> None:
        """A slot's digest was cancelled before it was sent."""
        self._connection.execute(
            "UPDATE slots SET result = ? WHERE rule_id = ? AND day = ?",
            (SlotResult.MISSED, slot.rule_id, slot.day.isoformat()),
        )

    def incomplete(self, data_at: datetime) -> Sequence[RecordedSlot]:
        """The slots whose digest was queued before iSpring was read to the end of what it covers, and that would be
        whole with a reading of that time."""
        rows = self._connection.execute(
            "SELECT * FROM slots WHERE result = ? AND (data_at IS NULL OR data_at < ends_at) AND ends_at <= ?",
            (SlotResult.QUEUED, to_ms(data_at)),
        )
        return [_slot(row) for row in rows]

    def set_data_at(self, slot: RecordedSlot, data_at: datetime) -> None:
        """Stores of which reading of iSpring the figures of a digest are."""
        self._connection.execute(
            "UPDATE slots SET data_at = ? WHERE rule_id = ? AND day = ?",
            (to_ms(data_at), slot.rule_id, slot.day.isoformat()),
        )


def _slot(row: sqlite3.Row) -> RecordedSlot:
    return RecordedSlot(
        rule_id=row["rule_id"],
        day=date.fromisoformat(row["day"]),
        planned_at=from_ms(row["planned_at"]),
        since=date.fromisoformat(row["since"]),
        ends_at=from_ms(row["ends_at"]),
        zone=row["zone"],
        result=SlotResult(row["result"]),
        data_at=from_ms_or_none(row["data_at"]),
        recorded_at=from_ms(row["recorded_at"]),
    )

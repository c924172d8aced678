"""What is owed and what became of it."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.delivery import FIRST_LOOK, TOLD_AND_GONE, after_crash
from bot.core.model import TAKEN_BACK, Delivery, DeliveryState, Destination, Notice, SessionKey
from bot.core.pauses import SHARED_OUTSIDE
from bot.core.ports import Attempt, CountedSession, Held, OutboxCounts, Told
from bot.store import holding, moves, owing, resting, standing, summaries, turning
from bot.store.columns import State, from_ms_or_none, to_ms, to_ms_or_none, value_of
from bot.store.deliveries import delivery_of, refresh_due, row_of, write, write_attempt
from bot.store.endings import begin_rules, collect_for_rules, end_notices, end_orphans, end_unheard_rules, is_wanted
from bot.store.gathering import gather
from bot.store.other_cards import settle_turns

EDIT_LEASE = timedelta(minutes=1)  # that an edit is left to whoever claimed it
_WITHOUT_PROSPECT = (DeliveryState.DEAD, DeliveryState.HELD, DeliveryState.DROPPED)
_EDITABLE = f"deliveries.state = 'sent' AND {holding.MAY_BE_EDITED}"
_MAY_BE_LOOKED_FOR = f"deliveries.state = 'unsure' AND {holding.MAY_BE_READ}"
# A message shows less than is known: some session of it has risen above the version shown. Or it shows more: the
# session was erased while the message was on its way.
_IS_BEHIND = (
    "EXISTS (SELECT 1 FROM notices LEFT JOIN sessions USING (session_id, employee_id)"
    " WHERE notices.delivery = deliveries.id AND notices.ended IS NULL AND notices.session_id IS NOT NULL"
    f" AND CASE WHEN sessions.id IS NULL THEN notices.shown_version IS NOT {TAKEN_BACK}"
    " ELSE coalesce(notices.shown_version, 0) < sessions.version END)"
)


class Outbox:
    """Fulfils `core.ports.OutboxRows`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    # ---- owing -----------------------------------------------------------------------------------------------------

    def owe(self, notice: Notice, now: datetime, not_before: datetime | None = None) -> bool:
        return owing.owe(self._connection, notice, now, not_before)

    def count_in(
        self, summary: Notice, members: Collection[Notice], now: datetime, not_before: datetime | None = None
    ) -> int:
        return summaries.count_in(self._connection, summary, members, now, not_before or now)

    def fold_late(
        self, summary: Notice, owed_before: datetime, now: datetime, not_before: datetime | None = None
    ) -> int:
        return summaries.fold_late(self._connection, summary, owed_before, now, not_before or now)

    def waits_since(self, destination: Destination) -> datetime | None:
        return summaries.waits_since(self._connection, destination)

    def counted(self, notice_id: int) -> Iterable[CountedSession]:
        return summaries.counted(self._connection, notice_id)

    # ---- posting ---------------------------------------------------------------------------------------------------

    def recover(self, now: datetime) -> int:
        # Nobody knows by how much the clock was turned while no process ran: looks are counted from now.
        self._connection.execute(
            "UPDATE deliveries SET looks = 0, attempt_ended_at = ?, due_at = ? WHERE state = 'unsure'",
            (to_ms(now), to_ms(now + FIRST_LOOK)),
        )
        rows = self._connection.execute("SELECT * FROM deliveries WHERE state = 'sending'").fetchall()
        for row in rows:
            write(self._connection, after_crash(delivery_of(self._connection, row), now=now))
        # An edit that a dead process had claimed need not wait for its lease to end: edits are idempotent.
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = ? WHERE edit_due_at BETWEEN ? AND ?",
            (to_ms(now), to_ms(now), to_ms(now + EDIT_LEASE)),
        )
        return len(rows)

    def retime(self, now: datetime, by: timedelta) -> None:
        turning.retime(self._connection, now, by)

    def due(self, now: datetime, limit: int) -> Sequence[Destination]:
        if self.app_refused():
            return []
        rows = self._connection.execute(
            "SELECT destination FROM destinations WHERE due_at <= ? AND held IS NULL ORDER BY due_at LIMIT ?",
            (to_ms(now), limit),
        )
        return [Destination.parse(row["destination"]) for row in rows]

    def claim(self, destination: Destination, now: datetime, slack_time: float, new_id: str) -> Delivery | None:
        name = str(destination)
        if self.app_refused() or holding.why_held(self._connection, name) is not None:
            return None
        tried = self._connection.execute(
            "SELECT id, due_at FROM deliveries INDEXED BY deliveries_waiting"
            " WHERE destination = ? AND state = 'waiting' ORDER BY due_at > ?, id",
            (name, to_ms(now)),
        ).fetchone()
        if tried is None:
            claimed = gather(self._connection, destination, now, new_id)
        else:
            claimed = tried["id"] if tried["due_at"] <= to_ms(now) else None
        if claimed is None:
            refresh_due(self._connection, name)  # whoever asked was told that something is due: not again at once
            return None
        self._connection.execute(
            "UPDATE deliveries SET state = 'sending', attempt_started_at = ?, attempt_ended_at = NULL, slack_time = ?"
            " WHERE id = ?",
            (to_ms(now), slack_time, claimed),
        )
        collect_for_rules(self._connection, claimed, now)
        refresh_due(self._connection, name)
        return self._by_number(claimed)

    def place(self, delivery_id: str, channel: str) -> None:
        self._connection.execute(
            "UPDATE deliveries SET channel = ? WHERE delivery_id = ? AND ts IS NULL", (channel, delivery_id)
        )

    def looks_due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        if self.app_refused():
            return []
        rows = self._connection.execute(
            f"SELECT * FROM deliveries WHERE {_MAY_BE_LOOKED_FOR} AND due_at <= ? ORDER BY due_at LIMIT ?",
            (to_ms(now), limit),
        ).fetchall()
        return [delivery_of(self._connection, row) for row in rows]

    def next_due_at(self) -> datetime | None:
        if self.app_refused():
            return None
        due_at = value_of(
            self._connection,
            "SELECT min(due_at) FROM (SELECT min(due_at) AS due_at FROM destinations"
            " WHERE due_at IS NOT NULL AND held IS NULL"
            f" UNION ALL SELECT min(due_at) FROM deliveries WHERE {_MAY_BE_LOOKED_FOR}"
            " UNION ALL SELECT * FROM (SELECT edit_due_at FROM deliveries"
            f" WHERE edit_due_at IS NOT NULL AND {_EDITABLE} ORDER BY edit_due_at LIMIT 1))",
        )
        return from_ms_or_none(due_at)

    def save(self, delivery: Delivery, attempt: Attempt | None) -> None:
        row = row_of(self._connection, delivery.delivery_id)
        if row is None:
            return
        if attempt is not None:
            write_attempt(self._connection, row["id"], attempt)
        stored = DeliveryState(row["state"])
        is_told = delivery.state is DeliveryState.SENT
        # That a message stands in Slack outweighs that somebody gave it up meanwhile.
        if stored is DeliveryState.SENT or (stored in (DeliveryState.DEAD, DeliveryState.DROPPED) and not is_told):
            return
        # A look that began on an older reading says nothing about what is sent again by now.
        if attempt is not None and attempt.what == "look" and stored is not DeliveryState.UNSURE and not is_told:
            return
        now = delivery.due_at if attempt is None else attempt.ended_at
        delivery = moves.after_move(delivery, row["destination"])
        if delivery.state in (DeliveryState.WAITING, DeliveryState.HELD):
            end_orphans(self._connection, row["id"])
            moves.end_doubles(self._connection, row["id"])
        if delivery.state in (DeliveryState.WAITING, DeliveryState.HELD) and not is_wanted(self._connection, row["id"]):
            why = value_of(self._connection, "SELECT ended FROM notices WHERE delivery = ? LIMIT 1", (row["id"],))
            delivery = replace(delivery, state=DeliveryState.DROPPED, why=why or "nobody wants it any more")
        if delivery.state is DeliveryState.WAITING:
            why = holding.why_not_next(self._connection, row["destination"], row["id"])
            if why is not None:
                delivery = replace(delivery, state=DeliveryState.HELD, why=why)
        write(self._connection, delivery)
        if is_told:
            self._note_shown(row["id"], delivery, now)
        if is_told or delivery.why == TOLD_AND_GONE:
            if begin_rules(self._connection, row["id"], now):
                resting.settle(self._connection, row["destination"], now)
        elif delivery.state in _WITHOUT_PROSPECT:
            end_unheard_rules(self._connection, row["id"], delivery.why)
        settle_turns(self._connection, row["id"], delivery.state, now)
        refresh_due(self._connection, row["destination"])

    def _note_shown(self, number: int, delivery: Delivery, now: datetime) -> None:
        # Told is told, even of what somebody ended while it was on its way.
        self._connection.executemany(
            "UPDATE notices SET shown_version = ?, ended = NULL WHERE id = ? AND delivery = ?",
            [(owed.shown_version, owed.notice_id, number) for owed in delivery.notices],
        )
        self._connection.execute(
            f"UPDATE deliveries SET edit_due_at = CASE WHEN {_IS_BEHIND} THEN ? ELSE edit_due_at END WHERE id = ?",
            (to_ms(now), number),
        )

    # ---- editing ---------------------------------------------------------------------------------------------------

    def claim_edit(self, now: datetime) -> Delivery | None:
        if self.app_refused():
            return None
        number = value_of(
            self._connection,
            f"SELECT id FROM deliveries WHERE edit_due_at <= ? AND {_EDITABLE} ORDER BY edit_due_at LIMIT 1",
            (to_ms(now),),
        )
        if number is None:
            return None
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = ? WHERE id = ?", (to_ms(now + EDIT_LEASE), number)
        )
        return self._by_number(number)

    def save_edit(
        self, delivery_id: str, versions: Mapping[int, int], due_at: datetime | None, ended: str, attempt: Attempt
    ) -> None:
        row = row_of(self._connection, delivery_id)
        if row is None:
            return
        write_attempt(self._connection, row["id"], attempt)
        self._connection.executemany(
            "UPDATE notices SET shown_version = ? WHERE id = ? AND delivery = ?",
            [(version, notice_id, row["id"]) for notice_id, version in versions.items()],
        )
        if ended:
            self._connection.execute(
                "UPDATE deliveries SET edit_due_at = NULL, edit_ended = ? WHERE id = ?", (ended, row["id"])
            )
            return
        # A due time earlier than the lease's: it was owed anew meanwhile.
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = CASE WHEN :again IS NOT NULL THEN :again"
            f" WHEN {_IS_BEHIND} OR edit_due_at <= :now THEN :now END WHERE id = :number",
            {"again": to_ms_or_none(due_at), "now": to_ms(attempt.ended_at), "number": row["id"]},
        )

    # ---- ends and pauses -------------------------------------------------------------------------------------------

    def drop_notices(self, notice_ids: Collection[int], why: str) -> None:
        end_notices(self._connection, notice_ids, why, in_hand=True)

    def hold(self, destination: Destination, why: str, now: datetime) -> None:
        if moves.now_at(self._connection, destination) == destination:  # else it is known that it is gone from there
            holding.hold(self._connection, destination, why, now)

    def release(self, destination: Destination, now: datetime) -> int:
        return holding.release(self._connection, destination, now)

    def held(self) -> Sequence[Held]:
        return standing.held(self._connection)

    def look_due(self, asked_before: datetime, limit: int) -> Sequence[str]:
        return holding.look_due(self._connection, asked_before, limit)

    def note_look(self, destination: Destination, now: datetime) -> None:
        holding.note_look(self._connection, destination, now)

    def looked_at(self, destination: Destination) -> datetime | None:
        return holding.looked_at(self._connection, destination)

    def why_held(self, destination: Destination) -> str:
        return holding.why_held(self._connection, str(destination)) or ""

    def concerns(self, destination: Destination) -> bool:
        return bool(
            value_of(
                self._connection,
                "SELECT EXISTS (SELECT 1 FROM notices WHERE destination = ? AND ended IS NULL)",
                (str(destination),),
            )
        )

    def move(self, old_channel: str, new_channel: str, now: datetime) -> None:
        moves.move(self._connection, old_channel, new_channel, now)

    def told_before(self, destination: Destination, delivery_id: str) -> bool:
        return bool(
            value_of(
                self._connection,
                "SELECT EXISTS (SELECT 1 FROM notices JOIN deliveries ON deliveries.id = notices.delivery"
                " WHERE notices.destination = ? AND deliveries.state = 'sent'"
                " AND deliveries.id < (SELECT id FROM deliveries WHERE delivery_id = ?))",
                (str(destination), delivery_id),
            )
        )

    def refuse_app(self, why: str) -> None:
        self._state.set("app_refused", why)

    def app_refused(self) -> str:
        return self._state.get("app_refused") or ""

    def retry(self, delivery_id: str, now: datetime) -> bool:
        row = row_of(self._connection, delivery_id)
        if row is None or row["state"] not in ("dead", "held") or not is_wanted(self._connection, row["id"]):
            return False
        if holding.why_held(self._connection, row["destination"]) == SHARED_OUTSIDE:
            return False  # results of named people must not leave the company, whoever asks
        self._connection.execute(
            "UPDATE deliveries SET state = 'waiting', due_at = ?, attempts = 0, looks = 0, plain = 0,"
            " resent_blind = 0, refused = '', why = '' WHERE id = ?",
            (to_ms(now), row["id"]),
        )
        self.release(Destination.parse(row["destination"]), now)  # else it would not move
        return True

    def drop(self, delivery_id: str, why: str) -> bool:
        row = row_of(self._connection, delivery_id)
        if row is None or row["state"] in ("sent", "dropped"):
            return False
        self._connection.execute("UPDATE deliveries SET state = 'dropped', why = ? WHERE id = ?", (why, row["id"]))
        end_unheard_rules(self._connection, row["id"], why)
        refresh_due(self._connection, row["destination"])
        return True

    # ---- asking ----------------------------------------------------------------------------------------------------

    def _by_number(self, number: int) -> Delivery:
        row = self._connection.execute("SELECT * FROM deliveries WHERE id = ?", (number,)).fetchone()
        return delivery_of(self._connection, row)

    def get(self, delivery_id: str) -> Delivery | None:
        row = row_of(self._connection, delivery_id)
        return None if row is None else delivery_of(self._connection, row)

    def at(self, channel: str, ts: str) -> Delivery | None:
        row = self._connection.execute(
            "SELECT * FROM deliveries WHERE channel = ? AND ts = ?", (channel, ts)
        ).fetchone()
        return None if row is None else delivery_of(self._connection, row)

    def find(self, destination: Destination, subject: str) -> Told | None:
        return standing.find(self._connection, moves.now_at(self._connection, destination), subject)

    def list(self, states: Collection[DeliveryState], limit: int, *, newest_first: bool = False) -> Sequence[Told]:
        return standing.in_states(self._connection, states, limit, newest_first=newest_first)

    def number_in(self, states: Collection[DeliveryState]) -> int:
        return standing.number_in(self._connection, states)

    def why(self, key: SessionKey) -> Sequence[Told]:
        return standing.of_session(self._connection, key)

    def counts(self) -> OutboxCounts:
        return standing.counts(self._connection, self.app_refused())

"""What is owed and what became of it."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.delivery import after_crash
from bot.core.model import Delivery, DeliveryState, Destination, DestinationKind, Notice, NoticeKind, SessionKey
from bot.core.ports import Attempt, OutboxCounts, Told
from bot.store import standing
from bot.store.columns import State, from_json, from_ms_or_none, to_json, to_ms, to_ms_or_none, value_of
from bot.store.deliveries import delivery_of, refresh_due, row_of, write, write_attempt
from bot.store.endings import begin_rules, end_notices, end_unheard_rules, is_wanted

EDIT_LEASE = timedelta(minutes=1)  # that an edit is left to whoever claimed it
LARGEST_GROUP = 25
# As many notices as go out one by one; more become one grouped message.
ALONE_UP_TO = {DestinationKind.CHANNEL: 3, DestinationKind.PERSON: 1, DestinationKind.USER: 1}
_WITHOUT_PROSPECT = (DeliveryState.DEAD, DeliveryState.HELD, DeliveryState.DROPPED)
_WAITING_NOTICES = "destination = ? AND delivery IS NULL AND ended IS NULL"
_IS_OPEN = (
    "NOT EXISTS (SELECT 1 FROM destinations"
    " WHERE destinations.destination = deliveries.destination AND destinations.held IS NOT NULL)"
)
# A message shows less than is known: some session of it has risen above the version shown. Or it shows more: the
# session was erased while the message was on its way. One that was edited since shows version 0 of it.
_IS_BEHIND = (
    "EXISTS (SELECT 1 FROM notices LEFT JOIN sessions USING (session_id, employee_id)"
    " WHERE notices.delivery = deliveries.id AND notices.ended IS NULL AND notices.session_id IS NOT NULL"
    " AND CASE WHEN sessions.id IS NULL THEN coalesce(notices.shown_version, 1) > 0"
    " ELSE coalesce(notices.shown_version, 0) < sessions.version END)"
)


class Outbox:
    """Fulfils `core.ports.OutboxRows`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    # ---- owing -----------------------------------------------------------------------------------------------------

    def owe(self, notice: Notice, now: datetime, not_before: datetime | None = None) -> bool:
        known = self._connection.execute(
            "SELECT id, rule_ids, delivery, ended FROM notices WHERE destination = ? AND subject = ?",
            (str(notice.destination), notice.subject),
        ).fetchone()
        if known is None:
            self._connection.execute(
                "INSERT INTO notices (destination, subject, kind, reason, session_id, employee_id, rule_ids, facts,"
                " owed_at, due_at, rank) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(notice.destination),
                    notice.subject,
                    notice.kind,
                    notice.reason,
                    None if notice.session is None else notice.session.session_id,
                    None if notice.session is None else notice.session.employee_id,
                    to_json(notice.rule_ids),
                    to_json(notice.facts),
                    to_ms(now),
                    to_ms(not_before or now),
                    self._rank(notice),
                ),
            )
            refresh_due(self._connection, str(notice.destination))
            return True
        rules = sorted({*from_json(known["rule_ids"], tuple[int, ...]), *notice.rule_ids})
        self._connection.execute("UPDATE notices SET rule_ids = ? WHERE id = ?", (to_json(rules), known["id"]))
        if known["ended"] is None or known["delivery"] is not None:
            return False
        # It ended before anybody was told, and is wanted again.
        self._connection.execute(
            "UPDATE notices SET ended = NULL, reason = ?, owed_at = ?, due_at = ?, rule_ids = ? WHERE id = ?",
            (notice.reason, to_ms(now), to_ms(not_before or now), to_json(notice.rule_ids), known["id"]),
        )
        refresh_due(self._connection, str(notice.destination))
        return True

    def _rank(self, notice: Notice) -> int:
        if notice.kind is not NoticeKind.SESSION or notice.session is None:
            return 0
        outcome = value_of(
            self._connection,
            "SELECT outcome FROM sessions WHERE session_id = ? AND employee_id = ?",
            (notice.session.session_id, notice.session.employee_id),
        )
        return 1 if outcome in ("below", "failed") else 2

    # ---- posting ---------------------------------------------------------------------------------------------------

    def recover(self, now: datetime) -> int:
        rows = self._connection.execute("SELECT * FROM deliveries WHERE state = 'sending'").fetchall()
        for row in rows:
            write(self._connection, after_crash(delivery_of(self._connection, row), now=now))
        return len(rows)

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
        if self.app_refused() or self._held(name) is not None:
            return None
        tried = self._connection.execute(
            "SELECT id, due_at FROM deliveries INDEXED BY deliveries_waiting"
            " WHERE destination = ? AND state = 'waiting' ORDER BY due_at > ?, id",
            (name, to_ms(now)),
        ).fetchone()
        if tried is None:
            claimed = self._gather(destination, now, new_id)
        else:
            claimed = tried["id"] if tried["due_at"] <= to_ms(now) else None
        if claimed is None:
            return None
        self._connection.execute(
            "UPDATE deliveries SET state = 'sending', attempt_started_at = ?, attempt_ended_at = NULL, slack_time = ?"
            " WHERE id = ?",
            (to_ms(now), slack_time, claimed),
        )
        refresh_due(self._connection, name)
        return self._by_number(claimed)

    def _gather(self, destination: Destination, now: datetime, new_id: str) -> int | None:
        """Makes a delivery of what waits: one notice, or a group whose members never change again."""
        waiting = self._connection.execute(
            # In the order of that index, so that the rest of a long line is not looked at.
            "SELECT id, rank FROM notices INDEXED BY notices_next"
            f" WHERE {_WAITING_NOTICES} AND due_at <= ? ORDER BY rank, id LIMIT ?",
            (str(destination), to_ms(now), LARGEST_GROUP),
        ).fetchall()
        if not waiting:
            return None
        goes_alone = waiting[0]["rank"] == 0 or len(waiting) <= ALONE_UP_TO[destination.kind]
        members = self._with_its_sharing(waiting[0]["id"]) if goes_alone else [row["id"] for row in waiting]
        number = self._connection.execute(
            "INSERT INTO deliveries (delivery_id, destination, state, created_at, due_at)"
            " VALUES (?, ?, 'waiting', ?, ?)",
            (new_id, str(destination), to_ms(now), to_ms(now)),
        ).lastrowid
        self._connection.execute(
            "UPDATE notices SET delivery = ? WHERE id IN (SELECT value FROM json_each(?))", (number, to_json(members))
        )
        return number

    def _with_its_sharing(self, notice_id: int) -> list[int]:
        """A notice that goes alone; one that somebody shared goes with the others they shared with it."""
        notice = self._connection.execute("SELECT * FROM notices WHERE id = ?", (notice_id,)).fetchone()
        if notice["kind"] != NoticeKind.SHARED:
            return [notice_id]
        rows = self._connection.execute(
            f"SELECT id FROM notices INDEXED BY notices_next WHERE {_WAITING_NOTICES} AND rank = 0 AND kind = ?"
            " AND json_extract(facts, '$.share') = json_extract(?, '$.share') ORDER BY id LIMIT ?",
            (notice["destination"], NoticeKind.SHARED, notice["facts"], LARGEST_GROUP),
        )
        return [row["id"] for row in rows]

    def place(self, delivery_id: str, channel: str) -> None:
        self._connection.execute(
            "UPDATE deliveries SET channel = ? WHERE delivery_id = ? AND ts IS NULL", (channel, delivery_id)
        )

    def looks_due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        if self.app_refused():
            return []
        rows = self._connection.execute(
            "SELECT * FROM deliveries WHERE state = 'unsure' AND due_at <= ? ORDER BY due_at LIMIT ?",
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
            " UNION ALL SELECT min(due_at) FROM deliveries WHERE state = 'unsure'"
            f" UNION ALL SELECT * FROM (SELECT edit_due_at FROM deliveries WHERE edit_due_at IS NOT NULL AND {_IS_OPEN}"
            " ORDER BY edit_due_at LIMIT 1))",
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
        now = delivery.due_at if attempt is None else attempt.ended_at
        if delivery.state is DeliveryState.WAITING and not is_wanted(self._connection, row["id"]):
            why = value_of(self._connection, "SELECT ended FROM notices WHERE delivery = ? LIMIT 1", (row["id"],))
            delivery = replace(delivery, state=DeliveryState.DROPPED, why=why or "nobody wants it any more")
        write(self._connection, delivery)
        if is_told:
            self._note_shown(row["id"], delivery, now)
            begin_rules(self._connection, row["id"], now)
        elif delivery.state in _WITHOUT_PROSPECT:
            end_unheard_rules(self._connection, row["id"], delivery.why)
        refresh_due(self._connection, row["destination"])

    def _note_shown(self, number: int, delivery: Delivery, now: datetime) -> None:
        # Told is told, even of what somebody ended while it was on its way.
        self._connection.executemany(
            "UPDATE notices SET shown_version = ?, ended = NULL WHERE id = ? AND delivery = ?",
            [(owed.shown_version, owed.notice_id, number) for owed in delivery.notices],
        )
        self._connection.execute(
            f"UPDATE deliveries SET edit_due_at = CASE WHEN {_IS_BEHIND} THEN ? END WHERE id = ?", (to_ms(now), number)
        )

    # ---- editing ---------------------------------------------------------------------------------------------------

    def claim_edit(self, now: datetime) -> Delivery | None:
        if self.app_refused():
            return None
        number = value_of(
            self._connection,
            f"SELECT id FROM deliveries WHERE edit_due_at <= ? AND {_IS_OPEN} ORDER BY edit_due_at LIMIT 1",
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
        self._connection.execute(
            f"UPDATE deliveries SET edit_due_at = CASE WHEN {_IS_BEHIND} THEN ? END WHERE id = ?",
            (to_ms_or_none(due_at) or to_ms(attempt.ended_at), row["id"]),
        )

    # ---- ends and pauses -------------------------------------------------------------------------------------------

    def drop_notices(self, notice_ids: Collection[int], why: str) -> None:
        end_notices(self._connection, notice_ids, why, in_hand=True)

    def hold(self, destination: Destination, why: str) -> None:
        name = str(destination)
        held_before = self._held(name)
        self._connection.execute(
            "INSERT INTO destinations (destination, held) VALUES (?, ?)"
            " ON CONFLICT (destination) DO UPDATE SET held = excluded.held",
            (name, why),
        )
        rows = self._connection.execute(
            "SELECT id FROM deliveries WHERE destination = ? AND state IN ('waiting', 'held')", (name,)
        ).fetchall()
        for row in rows:
            self._connection.execute("UPDATE deliveries SET state = 'held', why = ? WHERE id = ?", (why, row["id"]))
        # The reason is what tells these rules from those that somebody else paused: only these resume by themselves.
        self._connection.execute(
            "UPDATE rules SET state = 'paused', why = ? WHERE destination = ?"
            " AND (state = 'active' OR (state = 'paused' AND why = ?))",
            (why, name, held_before),
        )
        for row in rows:
            end_unheard_rules(self._connection, row["id"], why)
        refresh_due(self._connection, name)

    def release(self, destination: Destination, now: datetime) -> int:
        name = str(destination)
        held = self._held(name)
        self._connection.execute("UPDATE destinations SET held = NULL WHERE destination = ?", (name,))
        resumed = self._connection.execute(
            "UPDATE deliveries SET state = 'waiting', due_at = ? WHERE destination = ? AND state = 'held'",
            (to_ms(now), name),
        ).rowcount
        if held is not None:
            self._connection.execute(
                "UPDATE rules SET state = 'active', why = '' WHERE destination = ? AND state = 'paused' AND why = ?",
                (name, held),
            )
            resumed += value_of(self._connection, f"SELECT count(*) FROM notices WHERE {_WAITING_NOTICES}", (name,))
        refresh_due(self._connection, name)
        return resumed

    def _held(self, destination: str) -> str | None:
        why: str | None = value_of(
            self._connection, "SELECT held FROM destinations WHERE destination = ?", (destination,)
        )
        return why

    def refuse_app(self, why: str) -> None:
        self._state.set("app_refused", why)

    def app_refused(self) -> str:
        return self._state.get("app_refused") or ""

    def retry(self, delivery_id: str, now: datetime) -> bool:
        row = row_of(self._connection, delivery_id)
        if row is None or row["state"] not in ("dead", "held") or not is_wanted(self._connection, row["id"]):
            return False
        self._connection.execute(
            "UPDATE deliveries SET state = 'waiting', due_at = ?, attempts = 0, looks = 0, plain = 0,"
            " resent_blind = 0, why = '' WHERE id = ?",
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
        return standing.find(self._connection, destination, subject)

    def list(self, states: Collection[DeliveryState], limit: int) -> Sequence[Told]:
        return standing.in_states(self._connection, states, limit)

    def why(self, key: SessionKey) -> Sequence[Told]:
        return standing.of_session(self._connection, key)

    def counts(self) -> OutboxCounts:
        return standing.counts(self._connection, self.app_refused())

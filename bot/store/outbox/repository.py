"""What is owed and what became of it."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.delivery import FIRST_READ_BACK, LONGEST_WAIT, SENT_THEN_DELETED, after_crash
from bot.domain.model import TAKEN_BACK, Delivery, DeliveryState, Destination, Notification, SessionKey
from bot.domain.outbox import Attempt, BlockedDestination, CountedSession, NotificationStatus, OutboxCounts
from bot.domain.pause_reasons import SHARED_OUTSIDE
from bot.store.columns import State, from_ms_or_none, to_ms, to_ms_or_none, value_of
from bot.store.outbox import blocking, digests, eligibility, enqueue, queries
from bot.store.outbox.cancel import (
    begin_rules,
    cancel_notifications,
    cancel_orphans,
    cancel_unintroduced_rules,
    collect_for_rules,
    is_wanted,
)
from bot.store.outbox.deliveries import delivery_of, refresh_due, row_of, write, write_attempt
from bot.store.outbox.duplicates import resolve_regressions
from bot.store.outbox.next_batch import next_batch

EDIT_LEASE = timedelta(minutes=1)  # that an edit is left to whoever claimed it
_WITHOUT_PROSPECT = (DeliveryState.DEAD, DeliveryState.BLOCKED, DeliveryState.DROPPED)
_EDITABLE = f"deliveries.state = 'sent' AND {blocking.MAY_BE_EDITED}"
_MAY_BE_READ_BACK = f"deliveries.state = 'unsure' AND {blocking.MAY_BE_READ}"
# A message shows less than is known: some session of it has risen above the version shown. Or it shows more: the
# session was erased while the message was on its way.
_IS_BEHIND = (
    "EXISTS (SELECT 1 FROM notifications LEFT JOIN sessions USING (session_id, employee_id)"
    " WHERE notifications.delivery = deliveries.id AND notifications.cancelled_reason IS NULL AND notifications.session_id IS NOT NULL"
    f" AND CASE WHEN sessions.id IS NULL THEN notifications.shown_version IS NOT {TAKEN_BACK}"
    " ELSE coalesce(notifications.shown_version, 0) < sessions.version END)"
)


class Outbox:
    """What is owed and what became of it. Times are the caller's; only stored ones are compared."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    # ---- owing -----------------------------------------------------------------------------------------------------

    def enqueue(self, notification: Notification, now: datetime, not_before: datetime | None = None) -> bool:
        """False where the same subject is already owed to or told at this destination: its rules are added to it.

        A session's second subject (its turn to below target or failed) is not owed while a card of that session waits
        at the destination, for that will show it; and waits itself while it is unsure whether one was posted.
        """
        return enqueue.enqueue(self._connection, notification, now, not_before)

    def count_in(
        self,
        summary: Notification,
        members: Collection[Notification],
        now: datetime,
        not_before: datetime | None = None,
    ) -> int:
        """Owes one summary instead of these cards, all at one destination; how many it counts that nothing told.

        A member that is owed or told there already is left alone; where none is left and nothing follows
        (`facts["follow"]`), nothing is owed. What an outage counts joins the summary of an outage that still waits.
        """
        return digests.count_in(self._connection, summary, members, now, not_before or now)

    def digest_overdue(
        self, summary: Notification, created_before: datetime, now: datetime, not_before: datetime | None = None
    ) -> int:
        """Counts in a summary the cards that wait at its destination since before then and that nobody has tried to
        post; not those that were already left to be posted when an earlier outage was summed up. How many."""
        return digests.digest_overdue(self._connection, summary, created_before, now, not_before or now)

    def waits_since(self, destination: Destination) -> datetime | None:
        """Since when a session's card waits there that nobody has tried to post, None where none does."""
        return digests.waits_since(self._connection, destination)

    def counted(self, notification_id: int) -> Iterable[CountedSession]:
        """What a summary counts."""
        return digests.counted(self._connection, notification_id)

    # ---- posting ---------------------------------------------------------------------------------------------------

    def recover(self, now: datetime) -> int:
        """At the start: what was being sent when a process died becomes unsure, how many; all that is unsure is looked
        for twice from now on."""
        # The clock may have changed while no process ran: read-backs are counted from now.
        self._connection.execute(
            "UPDATE deliveries SET read_backs = 0, attempt_ended_at = ?, due_at = ? WHERE state = 'unsure'",
            (to_ms(now), to_ms(now + FIRST_READ_BACK)),
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

    def clamp_due_times(self, now: datetime) -> None:
        """Moves each due time further away than `delivery.LONGEST_WAIT` to the end of that wait: it was written before
        the clock jumped back."""
        latest = to_ms(now + LONGEST_WAIT)
        self._connection.execute(
            "UPDATE deliveries SET due_at = ? WHERE state IN ('waiting', 'unsure') AND due_at > ?", (latest, latest)
        )
        self._connection.execute("UPDATE deliveries SET edit_due_at = ? WHERE edit_due_at > ?", (latest, latest))
        self._connection.execute(
            "UPDATE notifications SET due_at = ? WHERE delivery IS NULL AND cancelled_reason IS NULL AND due_at > ? AND due_at <> ?",
            (latest, latest, eligibility.FOR_NOW_NEVER),
        )
        late = self._connection.execute(
            "SELECT destination FROM destinations WHERE due_at > ? AND due_at <> ?", (latest, eligibility.FOR_NOW_NEVER)
        ).fetchall()
        for row in late:
            refresh_due(self._connection, row["destination"])

    def due(self, now: datetime, limit: int) -> Sequence[Destination]:
        """Destinations with something to post now, the longest waiting first."""
        if self.app_refused():
            return []
        rows = self._connection.execute(
            "SELECT destination FROM destinations WHERE due_at <= ? AND blocked_reason IS NULL ORDER BY due_at LIMIT ?",
            (to_ms(now), limit),
        )
        return [Destination.parse(row["destination"]) for row in rows]

    def claim(self, destination: Destination, now: datetime, slack_time: float, new_id: str) -> Delivery | None:
        """Takes the next message for a destination and marks it `sending`, or None.

        A delivery that was tried before comes first, with its own id and notices. Else more than three waiting
        notices (two, for a person) become one grouped delivery of at most 25, below target first; its membership
        never changes again. `new_id` names a delivery made here.
        """
        name = str(destination)
        if self.app_refused() or blocking.blocked_reason(self._connection, name) is not None:
            return None
        tried = self._connection.execute(
            "SELECT id, due_at FROM deliveries INDEXED BY deliveries_waiting"
            " WHERE destination = ? AND state = 'waiting' ORDER BY due_at > ?, id",
            (name, to_ms(now)),
        ).fetchone()
        if tried is None:
            claimed = next_batch(self._connection, destination, now, new_id)
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

    def set_channel(self, delivery_id: str, channel: str) -> None:
        """Remembers the conversation a person's delivery goes to, before its first attempt."""
        self._connection.execute(
            "UPDATE deliveries SET channel = ? WHERE delivery_id = ? AND ts IS NULL", (channel, delivery_id)
        )

    def read_backs_due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """What is unsure and may be looked for now; at a destination that is held, only once it is released."""
        if self.app_refused():
            return []
        rows = self._connection.execute(
            f"SELECT * FROM deliveries WHERE {_MAY_BE_READ_BACK} AND due_at <= ? ORDER BY due_at LIMIT ?",
            (to_ms(now), limit),
        ).fetchall()
        return [delivery_of(self._connection, row) for row in rows]

    def next_due_at(self) -> datetime | None:
        """When something will be due that is not yet: a wait, a look, an edit."""
        if self.app_refused():
            return None
        due_at = value_of(
            self._connection,
            "SELECT min(due_at) FROM (SELECT min(due_at) AS due_at FROM destinations"
            " WHERE due_at IS NOT NULL AND blocked_reason IS NULL"
            f" UNION ALL SELECT min(due_at) FROM deliveries WHERE {_MAY_BE_READ_BACK}"
            " UNION ALL SELECT * FROM (SELECT edit_due_at FROM deliveries"
            f" WHERE edit_due_at IS NOT NULL AND {_EDITABLE} ORDER BY edit_due_at LIMIT 1))",
        )
        return from_ms_or_none(due_at)

    def save(self, delivery: Delivery, attempt: Attempt | None) -> None:
        """Stores what became of a delivery (as `core.delivery` decided) unless it is final by now."""
        row = row_of(self._connection, delivery.delivery_id)
        if row is None:
            return
        if attempt is not None:
            write_attempt(self._connection, row["id"], attempt)
        stored = DeliveryState(row["state"])
        is_sent = delivery.state is DeliveryState.SENT
        # That a message stands in Slack outweighs that somebody gave it up meanwhile.
        if stored is DeliveryState.SENT or (stored in (DeliveryState.DEAD, DeliveryState.DROPPED) and not is_sent):
            return
        # A look that began on an older reading says nothing about what is sent again by now.
        if attempt is not None and attempt.what == "look" and stored is not DeliveryState.UNSURE and not is_sent:
            return
        now = delivery.due_at if attempt is None else attempt.ended_at
        if str(delivery.destination) != row["destination"]:
            # The id of its channel changed meanwhile: a refusal of the old one says nothing.
            state = DeliveryState.WAITING if delivery.state is DeliveryState.BLOCKED else delivery.state
            delivery = replace(delivery, channel=Destination.parse(row["destination"]).id, state=state)
        if delivery.state in (DeliveryState.WAITING, DeliveryState.BLOCKED):
            cancel_orphans(self._connection, row["id"])
        if delivery.state in (DeliveryState.WAITING, DeliveryState.BLOCKED) and not is_wanted(
            self._connection, row["id"]
        ):
            reason = value_of(
                self._connection, "SELECT cancelled_reason FROM notifications WHERE delivery = ? LIMIT 1", (row["id"],)
            )
            delivery = replace(delivery, state=DeliveryState.DROPPED, reason=reason or "nobody wants it any more")
        if delivery.state is DeliveryState.WAITING:
            reason = blocking.blocked_reason_of(self._connection, row["destination"], row["id"])
            if reason is not None:
                delivery = replace(delivery, state=DeliveryState.BLOCKED, reason=reason)
        write(self._connection, delivery)
        if is_sent:
            self._record_shown(row["id"], delivery, now)
        if is_sent or delivery.reason == SENT_THEN_DELETED:
            if begin_rules(self._connection, row["id"], now):
                eligibility.settle(self._connection, row["destination"], now)
        elif delivery.state in _WITHOUT_PROSPECT:
            cancel_unintroduced_rules(self._connection, row["id"], delivery.reason)
        resolve_regressions(self._connection, row["id"], delivery.state, now)
        refresh_due(self._connection, row["destination"])

    def _record_shown(self, number: int, delivery: Delivery, now: datetime) -> None:
        # Told is told, even of what somebody ended while it was on its way.
        self._connection.executemany(
            "UPDATE notifications SET shown_version = ?, cancelled_reason = NULL WHERE id = ? AND delivery = ?",
            [(stored.shown_version, stored.notification_id, number) for stored in delivery.notifications],
        )
        self._connection.execute(
            f"UPDATE deliveries SET edit_due_at = CASE WHEN {_IS_BEHIND} THEN ? ELSE edit_due_at END WHERE id = ?",
            (to_ms(now), number),
        )

    # ---- editing ---------------------------------------------------------------------------------------------------

    def claim_edit(self, now: datetime) -> Delivery | None:
        """A sent delivery whose card shows less than is known by now, or what is not to be shown any more; not claimed
        again for a minute. None in a held channel, but for what is taken back where another company reads along."""
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
        self, delivery_id: str, versions: Mapping[int, int], due_at: datetime | None, cancelled: str, attempt: Attempt
    ) -> None:
        """Stores an edit: the version each notice id now shows; or when to try again; or why never again."""
        row = row_of(self._connection, delivery_id)
        if row is None:
            return
        write_attempt(self._connection, row["id"], attempt)
        self._connection.executemany(
            "UPDATE notifications SET shown_version = ? WHERE id = ? AND delivery = ?",
            [(version, notification_id, row["id"]) for notification_id, version in versions.items()],
        )
        if cancelled:
            self._connection.execute(
                "UPDATE deliveries SET edit_due_at = NULL, edit_ended = ? WHERE id = ?", (cancelled, row["id"])
            )
            return
        # A due time earlier than the lease's: it was owed anew meanwhile.
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = CASE WHEN :again IS NOT NULL THEN :again"
            f" WHEN {_IS_BEHIND} OR edit_due_at <= :now THEN :now END WHERE id = :number",
            {"again": to_ms_or_none(due_at), "now": to_ms(attempt.ended_at), "number": row["id"]},
        )

    # ---- ends and pauses -------------------------------------------------------------------------------------------

    def drop_notifications(self, notification_ids: Collection[int], reason: str) -> None:
        """Ends notices that nobody wants any more or may see; a delivery left without any is dropped."""
        cancel_notifications(self._connection, notification_ids, reason, in_hand=True)

    def block(self, destination: Destination, reason: str, now: datetime) -> None:
        """Nothing goes there until it is released; the rules that post there pause with the same reason. What was seen
        at the last look counts no more."""
        blocking.block(self._connection, destination, reason, now)

    def unblock(self, destination: Destination, now: datetime) -> int:
        """What waited goes out, the rules that paused with it go on. How much was released."""
        return blocking.unblock(self._connection, destination, now)

    def blocked(self) -> Sequence[BlockedDestination]:
        """The longest held first."""
        return queries.blocked(self._connection)

    def checks_due(self, checked_before: datetime, limit: int) -> Sequence[str]:
        """Channels that rules post to or that are held, of which Slack was not asked since; the longest ago first."""
        return blocking.checks_due(self._connection, checked_before, limit)

    def record_check(self, destination: Destination, now: datetime) -> None:
        """Slack said how a channel is, or that there is none."""
        blocking.record_check(self._connection, destination, now)

    def checked_at(self, destination: Destination) -> datetime | None:
        """When Slack last said how a channel is, None where it never did."""
        return blocking.checked_at(self._connection, destination)

    def blocked_reason(self, destination: Destination) -> str:
        """Why nothing goes to a destination for now, "" where it may."""
        return blocking.blocked_reason(self._connection, str(destination)) or ""

    def concerns(self, destination: Destination) -> bool:
        """Whether anything is owed to a destination, or was told there."""
        return bool(
            value_of(
                self._connection,
                "SELECT EXISTS (SELECT 1 FROM notifications WHERE destination = ? AND cancelled_reason IS NULL)",
                (str(destination),),
            )
        )

    def move(self, old_channel: str, new_channel: str, now: datetime) -> None:
        """A channel has another id: everything stored under the old one is rewritten."""
        blocking.move(self._connection, old_channel, new_channel, now)

    def has_message_before(self, destination: Destination, delivery_id: str) -> bool:
        """Whether any message was posted there before this one."""
        return bool(
            value_of(
                self._connection,
                "SELECT EXISTS (SELECT 1 FROM notifications JOIN deliveries ON deliveries.id = notifications.delivery"
                " WHERE notifications.destination = ? AND deliveries.state = 'sent'"
                " AND deliveries.id < (SELECT id FROM deliveries WHERE delivery_id = ?))",
                (str(destination), delivery_id),
            )
        )

    def refuse_app(self, reason: str) -> None:
        """Pauses all sending with its reason; "" lifts the pause."""
        self._state.set("app_refused", reason)

    def app_refused(self) -> str:
        return self._state.get("app_refused") or ""

    def retry(self, delivery_id: str, now: datetime) -> bool:
        """Puts a dead or held delivery back in line; False where there is none such."""
        row = row_of(self._connection, delivery_id)
        if row is None or row["state"] not in ("dead", "held") or not is_wanted(self._connection, row["id"]):
            return False
        if blocking.blocked_reason(self._connection, row["destination"]) == SHARED_OUTSIDE:
            return False  # results of named people must not leave the company, whoever asks
        self._connection.execute(
            "UPDATE deliveries SET state = 'waiting', due_at = ?, attempts = 0, read_backs = 0, text_only = 0,"
            " resent_unverified = 0, slack_error = '', reason = '' WHERE id = ?",
            (to_ms(now), row["id"]),
        )
        self.unblock(Destination.parse(row["destination"]), now)  # else it would not move
        return True

    def drop(self, delivery_id: str, reason: str) -> bool:
        row = row_of(self._connection, delivery_id)
        if row is None or row["state"] in ("sent", "dropped"):
            return False
        self._connection.execute(
            "UPDATE deliveries SET state = 'dropped', reason = ? WHERE id = ?", (reason, row["id"])
        )
        cancel_unintroduced_rules(self._connection, row["id"], reason)
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
        """The delivery behind a message, for the buttons on it."""
        row = self._connection.execute(
            "SELECT * FROM deliveries WHERE channel = ? AND ts = ?", (channel, ts)
        ).fetchone()
        return None if row is None else delivery_of(self._connection, row)

    def find(self, destination: Destination, subject: str) -> NotificationStatus | None:
        return queries.find(self._connection, destination, subject)

    def list(
        self, states: Collection[DeliveryState], limit: int, *, newest_first: bool = False
    ) -> Sequence[NotificationStatus]:
        return queries.in_states(self._connection, states, limit, newest_first=newest_first)

    def number_in(self, states: Collection[DeliveryState]) -> int:
        """How many notices `list` would give without a limit."""
        return queries.number_in(self._connection, states)

    def reason(self, key: SessionKey) -> Sequence[NotificationStatus]:
        return queries.of_session(self._connection, key)

    def counts(self) -> OutboxCounts:
        return queries.counts(self._connection, self.app_refused())

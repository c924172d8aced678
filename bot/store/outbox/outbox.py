"""A delivery's life: claimed, sent or ambiguous, read back, edited. `domain.delivery` decides each next state; the rows
here hold it."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.delivery import FIRST_READ_BACK, LONGEST_WAIT, after_crash, reconcile
from bot.domain.notifications import TAKEN_BACK, Delivery, DeliveryState, Destination
from bot.domain.outbox import Attempt, DueTimes, SendingPause
from bot.domain.reasons import SHARED_OUTSIDE, ReasonCode
from bot.store.columns import State, from_ms, from_ms_or_none, to_ms, to_ms_or_none, value_of
from bot.store.outbox.batches import next_delivery
from bot.store.outbox.cancel import (
    activate_introduced,
    cancel_orphans,
    cancel_unintroduced_rules,
    is_wanted,
    start_matching,
)
from bot.store.outbox.destinations import MAY_BE_EDITED, MAY_BE_READ, Destinations
from bot.store.outbox.duplicates import resolve_regressions
from bot.store.outbox.eligibility import PENDING, Eligibility, last_sending_pause, sending_pause, store_sending_pause
from bot.store.outbox.queries import BLOCKS_REFUSED_AT
from bot.store.outbox.restore_recovery import SUMMARY_WAIT
from bot.store.outbox.rows import delivery_of, row_of, write, write_attempt
from bot.store.outbox.shadow import release_misplaced
from bot.store.session_rows import EDIT_LEASE
from bot.store.sqlite import by_index

BLOCKS_AGAIN = timedelta(seconds=30)  # after a post as plain text: an edit tries the blocks once more
_EDITABLE = f"deliveries.state = 'sent' AND {MAY_BE_EDITED}"
_READABLE = f"deliveries.state = 'ambiguous' AND {MAY_BE_READ}"
# A message shows less than is stored: a session of it has risen above the version shown. Or it shows more: the session
# was erased, or given to another employee, while the message was being sent.
_IS_BEHIND = (
    "EXISTS (SELECT 1 FROM notifications LEFT JOIN sessions USING (session_id, employee_id)"
    " WHERE notifications.delivery = deliveries.id AND notifications.cancelled_reason IS NULL"
    " AND notifications.session_id IS NOT NULL"
    " AND CASE WHEN sessions.id IS NULL OR sessions.reassigned_at IS NOT NULL"
    f" THEN notifications.shown_version IS NOT {TAKEN_BACK}"
    " ELSE coalesce(notifications.shown_version, 0) < sessions.version END)"
)


class Outbox:
    """Deliveries, as the sender takes and returns them. Times are the caller's; only stored ones are compared."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    # ---- what is due -----------------------------------------------------------------------------------------------

    def schedule(self, now: datetime | None = None) -> DueTimes:
        """When each destination gets its next message, and when the next read-back or edit is due; one eligibility
        pass. Without `now`, no quiet time counts.

        Empty while Slack refuses the app. While all sending is paused, only read-backs are due: they send nothing.
        """
        if self.app_refused():
            return DueTimes(posts={}, other_due_at=None)
        is_paused = sending_pause(self._connection) is not None
        times = Eligibility(self._connection, now=now).due_times()
        other = value_of(
            self._connection,
            f"SELECT min(due_at) FROM (SELECT min(due_at) AS due_at FROM deliveries WHERE {_READABLE}"
            " UNION ALL SELECT * FROM (SELECT edit_due_at FROM deliveries"
            f" WHERE edit_due_at IS NOT NULL AND {_EDITABLE} AND NOT ? ORDER BY edit_due_at LIMIT 1))",
            (is_paused,),
        )
        found = [(Destination.parse(name), shadow, from_ms(due_at)) for (name, shadow), due_at in times.items()]
        return DueTimes(
            posts={to: due_at for to, shadow, due_at in found if shadow is None},
            other_due_at=from_ms_or_none(other),
            shadowed={(to, Destination.parse(shadow)): due_at for to, shadow, due_at in found if shadow is not None},
        )

    def read_backs_due(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """Ambiguous deliveries whose conversation is to be read back, the longest due first."""
        if self.app_refused():
            return []
        rows = self._connection.execute(
            f"SELECT * FROM deliveries WHERE {_READABLE} AND due_at <= ? ORDER BY due_at LIMIT ?", (to_ms(now), limit)
        ).fetchall()
        return [delivery_of(self._connection, row) for row in rows]

    def recover(self, now: datetime) -> int:
        """At the start: what was being sent when a process died becomes ambiguous. Returns how many. Everything
        ambiguous is read back twice from now on, because the clock may have changed while no process ran."""
        self._connection.execute(
            "UPDATE deliveries SET read_backs = 0, attempt_ended_at = ?, due_at = ? WHERE state = 'ambiguous'",
            (to_ms(now), to_ms(now + FIRST_READ_BACK)),
        )
        rows = self._connection.execute("SELECT * FROM deliveries WHERE state = 'sending'").fetchall()
        for row in rows:
            write(self._connection, after_crash(delivery_of(self._connection, row), now=now))
        # An edit that a dead process had claimed need not wait for the end of its lease: edits are idempotent.
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = ? WHERE edit_due_at BETWEEN ? AND ?",
            (to_ms(now), to_ms(now), to_ms(now + EDIT_LEASE)),
        )
        return len(rows)

    def clamp_due_times(self, now: datetime) -> None:
        """Moves each due time further away than the longest wait to the end of that wait: it was written before the
        clock jumped back."""
        latest = to_ms(now + LONGEST_WAIT)
        self._connection.execute(
            "UPDATE deliveries SET due_at = ? WHERE state IN ('pending', 'ambiguous') AND due_at > ?", (latest, latest)
        )
        self._connection.execute("UPDATE deliveries SET edit_due_at = ? WHERE edit_due_at > ?", (latest, latest))
        latest = to_ms(now + max(LONGEST_WAIT, SUMMARY_WAIT))
        self._connection.execute(
            f"UPDATE notifications SET due_at = ? WHERE {PENDING} AND due_at > ?", (latest, latest)
        )

    # ---- posting ---------------------------------------------------------------------------------------------------

    def claim(
        self,
        destination: Destination,
        now: datetime,
        slack_time: float,
        new_id: str,
        shadow: Destination | None = None,
    ) -> Delivery | None:
        """Takes the next delivery of a destination and marks it as sending; None if none is due.

        `slack_time`: Slack's own clock in Unix seconds, from which the conversation is read back if need be. `new_id`:
        the id of a delivery that is made now. `shadow`: the channel that shows it instead, None for what goes there.
        """
        if self.app_refused():
            return None
        number = next_delivery(self._connection, destination, now, new_id, shadow)
        if number is None:
            return None
        self._connection.execute(
            "UPDATE deliveries SET state = 'sending', attempt_started_at = ?, attempt_ended_at = NULL, slack_time = ?"
            " WHERE id = ?",
            (to_ms(now), slack_time, number),
        )
        start_matching(self._connection, number, now)
        return self._by_number(number)

    def set_channel(self, delivery_id: str, channel: str) -> None:
        """Remembers a person's conversation before the attempt, so that it can be read back."""
        self._connection.execute(
            "UPDATE deliveries SET channel = ? WHERE delivery_id = ? AND ts IS NULL", (channel, delivery_id)
        )

    def save(self, decided: Delivery, attempt: Attempt | None) -> None:
        """Stores the state after an attempt or a read-back, and what follows from it for rules and other cards."""
        row = row_of(self._connection, decided.delivery_id)
        if row is None:
            return
        if attempt is not None:
            write_attempt(self._connection, row["id"], attempt)
        posted_to = row["shadow"] or row["destination"]
        if str(decided.posted_to) != posted_to:  # the id of its channel changed meanwhile
            decided = replace(decided, channel=Destination.parse(posted_to).id)
        if decided.state is DeliveryState.PENDING:
            cancel_orphans(self._connection, row["id"])
        delivery = reconcile(
            decided,
            stored=DeliveryState(row["state"]),
            was_read_back=attempt is not None and attempt.what == "read_back",
            unwanted_reason=self._unwanted_reason(row["id"]),
        )
        if delivery is None:
            return
        now = decided.due_at if attempt is None else attempt.ended_at
        write(self._connection, delivery)
        if delivery.state is DeliveryState.SENT:
            self._record_shown(row["id"], delivery, now)
        if delivery.state is DeliveryState.SENT or delivery.reason_code is ReasonCode.POSTED_AND_DELETED:
            activate_introduced(self._connection, row["id"], now)
        elif delivery.state in (DeliveryState.FAILED, DeliveryState.CANCELLED):
            cancel_unintroduced_rules(self._connection, row["id"], delivery.reason)
        resolve_regressions(self._connection, row["id"], delivery.state, now)
        if delivery.state is DeliveryState.PENDING:
            release_misplaced(self._connection, row["id"])

    def _unwanted_reason(self, number: int) -> str | None:
        """Why no notification of a delivery is wanted any more, None if one is."""
        if is_wanted(self._connection, number):
            return None
        sql = "SELECT cancelled_reason FROM notifications WHERE delivery = ? LIMIT 1"
        return value_of(self._connection, sql, (number,)) or "none of its notifications is wanted any more"

    def _record_shown(self, number: int, delivery: Delivery, now: datetime) -> None:
        # What is posted counts as sent, also if it was cancelled while it was being sent.
        self._connection.executemany(
            "UPDATE notifications SET shown_version = ?, cancelled_reason = NULL, cancelled_code = ''"
            " WHERE id = ? AND delivery = ?",
            [(stored.shown_version, stored.notification_id, number) for stored in delivery.notifications],
        )
        self._connection.execute(
            f"UPDATE deliveries SET edit_due_at = CASE WHEN {_IS_BEHIND} THEN ? WHEN text_only THEN ?"
            " ELSE edit_due_at END WHERE id = ?",
            (to_ms(now), to_ms(now + BLOCKS_AGAIN), number),
        )

    # ---- editing ---------------------------------------------------------------------------------------------------

    def claim_edit(self, now: datetime, *, cosmetic: bool = True) -> Delivery | None:
        """The sent delivery whose edit comes first, leased to the caller; None if none is due. Corrections and
        redactions come before cosmetic edits; without `cosmetic`, those are left.

        While all sending is paused none is, not even a redaction: an admin who pauses it expects that nothing changes.
        """
        if self.app_refused() or sending_pause(self._connection) is not None:
            return None
        number = value_of(
            self._connection,
            f"SELECT id FROM deliveries {by_index('deliveries_next_edit')}"
            f" WHERE edit_due_at <= ? AND edit_is_cosmetic <= ? AND {_EDITABLE}"
            " ORDER BY edit_is_cosmetic, edit_due_at LIMIT 1",
            (to_ms(now), cosmetic),
        )
        if number is None:
            return None
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = ? WHERE id = ?", (to_ms(now + EDIT_LEASE), number)
        )
        return self._by_number(number)

    def request_edit(self, destination: Destination, subject: str, now: datetime) -> None:
        """Makes an edit due of the message with a notification, if it was posted or may be at this moment."""
        self.request_edits(destination, subject, subject, now)

    def request_edits(self, destination: Destination, first: str, last: str, now: datetime) -> None:
        """Makes edits due of the messages at a destination whose subjects lie between two, those being sent too."""
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = ?, edit_is_cosmetic = 0 WHERE edit_ended IS NULL"
            " AND state IN ('sent', 'sending', 'ambiguous') AND id IN (SELECT delivery FROM notifications"
            " WHERE destination = ? AND subject BETWEEN ? AND ?)",
            (to_ms(now), str(destination), first, last),
        )

    def save_edit(
        self,
        delivery_id: str,
        versions: Mapping[int, int],
        due_at: datetime | None,
        cancelled_reason: str,
        attempt: Attempt,
    ) -> None:
        """Stores what an edit came to: the versions shown by notification id, when it is tried again, or why never."""
        row = row_of(self._connection, delivery_id)
        if row is None:
            return
        write_attempt(self._connection, row["id"], attempt)
        self._connection.executemany(
            "UPDATE notifications SET shown_version = ? WHERE id = ? AND delivery = ?",
            [(version, notification_id, row["id"]) for notification_id, version in versions.items()],
        )
        if cancelled_reason:
            self._connection.execute(
                "UPDATE deliveries SET edit_due_at = NULL, edit_ended = ? WHERE id = ?", (cancelled_reason, row["id"])
            )
            return
        # A due time before the end of the lease: another edit was requested meanwhile.
        self._connection.execute(
            "UPDATE deliveries SET edit_due_at = CASE WHEN :again IS NOT NULL THEN :again"
            f" WHEN {_IS_BEHIND} OR edit_due_at <= :now THEN :now END WHERE id = :number",
            {"again": to_ms_or_none(due_at), "now": to_ms(attempt.ended_at), "number": row["id"]},
        )

    # ---- pauses and what an operator does ------------------------------------------------------------------------

    def pause_all(self, who: str, now: datetime) -> bool:
        """Pauses all sending until `resume_all`; False if it was paused before."""
        if sending_pause(self._connection) is not None:
            return False
        store_sending_pause(self._connection, SendingPause(who, now))
        return True

    def resume_all(self, now: datetime) -> SendingPause | None:
        """Ends the pause of all sending and returns it, None if there was none."""
        pause = sending_pause(self._connection)
        if pause is None:
            return None
        pause = replace(pause, until=now)
        store_sending_pause(self._connection, pause)
        return pause

    def pause(self) -> SendingPause | None:
        """The pause of all sending, None if there is none."""
        return sending_pause(self._connection)

    def last_pause(self) -> SendingPause | None:
        """The last pause of all sending, None if there never was one."""
        return last_sending_pause(self._connection)

    def refuse_app(self, reason: str) -> None:
        """Pauses all sending with its reason; "" ends the pause."""
        self._state.set("app_refused", reason)

    def note_workspace(self, url: str) -> None:
        """Stores the address of our Slack workspace, with which links to messages begin."""
        self._state.set("workspace_url", url)

    def note_blocks_refused(self, now: datetime) -> None:
        """Remembers that our workspace does not take Slack's newest blocks."""
        self._state.set(BLOCKS_REFUSED_AT, str(to_ms(now)))

    def app_refused(self) -> str:
        """Why Slack refuses the app, "" while it does not."""
        return self._state.get("app_refused") or ""

    def retry(self, delivery_id: str, now: datetime) -> bool:
        """Makes a failed delivery, or a pending one that waits for a destination or rule, due now; False for others."""
        row = row_of(self._connection, delivery_id)
        if row is None or not is_wanted(self._connection, row["id"]):
            return False
        waits = Eligibility(self._connection, row["destination"]).retries()
        if row["state"] != "failed" and all(one.delivery != row["id"] or one.waits is None for one in waits):
            return False
        destinations, place = Destinations(self._connection), Destination.parse(row["shadow"] or row["destination"])
        if destinations.blocked_reason(place) == SHARED_OUTSIDE:
            return False  # results of named people must not leave the company, not even on demand
        self._connection.execute(
            "UPDATE deliveries SET state = 'pending', due_at = ?, attempts = 0, read_backs = 0, text_only = 0,"
            " resent_unverified = 0, slack_error = '', reason = '', reason_code = '' WHERE id = ?",
            (to_ms(now), row["id"]),
        )
        destinations.unblock(place, now)
        return True

    def drop(self, delivery_id: str, reason: str) -> bool:
        """Cancels a delivery that is not sent; False if there is none."""
        row = row_of(self._connection, delivery_id)
        if row is None or row["state"] in ("sent", "cancelled"):
            return False
        self._connection.execute(
            "UPDATE deliveries SET state = 'cancelled', reason = ?, reason_code = ? WHERE id = ?",
            (reason, ReasonCode.CANCELLED, row["id"]),
        )
        cancel_unintroduced_rules(self._connection, row["id"], reason)
        return True

    def _by_number(self, number: int) -> Delivery:
        row = self._connection.execute("SELECT * FROM deliveries WHERE id = ?", (number,)).fetchone()
        return delivery_of(self._connection, row)

"""The state of deliveries and notifications, for `why`, `outbox list`, the counts and the buttons on a card."""

import re
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.model import SessionKey
from bot.domain.notifications import Delivery, Destination
from bot.domain.outbox import Attempt, CardDelay, NotificationState, NotificationStatus, OutboxCounts
from bot.domain.reasons import ReasonCode
from bot.store.columns import State, from_ms, from_ms_or_none, from_row, listed, to_json, value_of
from bot.store.outbox.destinations import POSTED_TO
from bot.store.outbox.eligibility import GROUP_KEY, Eligibility, sending_pause, shadow_mode
from bot.store.outbox.rows import delivery_of, notification_of, row_of
from bot.store.sqlite import IN_LIST

# A notification has the state of its delivery; one that no delivery carries yet is pending or blocked. What a summary
# counts is in no list: the summary is. Parameters: blocked deliveries, blocked groups.
_STATE = (
    "CASE WHEN notifications.digest_id IS NOT NULL THEN 'counted'"
    f" WHEN deliveries.id {IN_LIST} THEN 'blocked'"
    " WHEN deliveries.id IS NOT NULL THEN deliveries.state"
    " WHEN notifications.cancelled_reason IS NOT NULL THEN 'cancelled'"
    f" WHEN {GROUP_KEY} {IN_LIST} THEN 'blocked' ELSE 'pending' END"
)
_JOINED = (
    "FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
    " LEFT JOIN destinations ON destinations.destination = notifications.destination"
)
_NEWEST = 1_000  # notifications from which the delay of cards is computed
_TS = re.compile(r"\d{1,11}\.\d+")  # Unix seconds

BLOCKS_REFUSED_AT = "blocks_refused_at"  # the setting; ms
_BLOCKS_TRIED_AGAIN = timedelta(days=1)


class Deliveries:
    """Questions about the outbox; nothing here changes a row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, delivery_id: str) -> Delivery | None:
        """The delivery of that id, None if there is none."""
        row = row_of(self._connection, delivery_id)
        return None if row is None else delivery_of(self._connection, row)

    def at(self, channel: str, ts: str) -> Delivery | None:
        """The delivery behind a message, for the buttons on it."""
        row = self._connection.execute(
            "SELECT * FROM deliveries WHERE channel = ? AND ts = ?", (channel, ts)
        ).fetchone()
        return None if row is None else delivery_of(self._connection, row)

    def has_message_before(self, destination: Destination, delivery_id: str) -> bool:
        """Whether any message was posted there before this one, or of one in shadow mode shown for it."""
        return bool(
            value_of(
                self._connection,
                "SELECT EXISTS (SELECT 1 FROM notifications JOIN deliveries ON deliveries.id = notifications.delivery"
                " JOIN deliveries AS this ON this.delivery_id = ? AND deliveries.id < this.id"
                " AND (deliveries.shadow IS NULL) = (this.shadow IS NULL)"
                " WHERE notifications.destination = ? AND deliveries.state = 'sent')",
                (delivery_id, str(destination)),
            )
        )

    def shown_before(self, key: SessionKey, notification_id: int) -> tuple[str, str, datetime] | None:
        """The conversation, Slack's `ts` and the time of the last message that showed a session where this notification
        goes, before it; None if there was none. What shadow mode shows for a destination is apart."""
        row = self._connection.execute(
            "SELECT deliveries.channel, deliveries.ts, deliveries.created_at"
            " FROM notifications AS this JOIN deliveries AS mine ON mine.id = this.delivery"
            " JOIN notifications ON notifications.destination = this.destination AND notifications.id < this.id"
            " AND notifications.session_id = ? AND notifications.employee_id = ? AND notifications.kind = 'session'"
            " AND notifications.cancelled_reason IS NULL"
            " JOIN deliveries ON deliveries.id = notifications.delivery AND deliveries.state = 'sent'"
            " AND deliveries.ts IS NOT NULL AND coalesce(deliveries.shadow, '') = coalesce(mine.shadow, '')"
            " WHERE this.id = ? ORDER BY notifications.id DESC LIMIT 1",
            (key.session_id, key.employee_id, notification_id),
        ).fetchone()
        if row is None:
            return None
        at = datetime.fromtimestamp(float(row["ts"]), UTC) if _TS.fullmatch(row["ts"]) else from_ms(row["created_at"])
        return row["channel"], row["ts"], at

    def card_delay(self) -> CardDelay | None:
        """How late the newest cards were in channels, None if there is none."""
        rows = self._connection.execute(
            "SELECT attempt_ended_at - newest.created_at AS took FROM (SELECT id, kind, destination, delivery,"
            " created_at FROM notifications ORDER BY id DESC LIMIT ?) AS newest JOIN deliveries ON deliveries.id ="
            " newest.delivery WHERE newest.kind = 'session' AND newest.destination LIKE 'channel:%'"
            " AND deliveries.state = 'sent' AND attempt_ended_at IS NOT NULL ORDER BY took",
            (_NEWEST,),
        )
        took = [row["took"] / 1_000 for row in rows]
        return CardDelay(took[len(took) // 2], took[min(len(took) * 19 // 20, len(took) - 1)]) if took else None

    def workspace_url(self) -> str:
        """The address of our Slack workspace, "" while it is not known."""
        return State(self._connection).get("workspace_url") or ""

    def takes_newest_blocks(self, now: datetime) -> bool:
        """Whether our workspace may take Slack's newest blocks: it is tried again a day after it did not."""
        refused_at = State(self._connection).get(BLOCKS_REFUSED_AT)
        return not refused_at or now - from_ms(int(refused_at)) >= _BLOCKS_TRIED_AGAIN

    def link_to(self, channel: str, ts: str) -> str:
        """The address of a message in our workspace, "" while the workspace's is not known."""
        url = self.workspace_url()
        return f"{url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}" if url else ""

    def find(self, destination: Destination, subject: str) -> NotificationStatus | None:
        """The notification with that subject at a destination, None if there is none."""
        found = self._statuses("notifications.destination = ? AND subject = ?", (str(destination), subject))
        return found[0] if found else None

    def of_session(self, key: SessionKey) -> Sequence[NotificationStatus]:
        """Every notification of a session, the oldest first."""
        where = "notifications.session_id = ? AND notifications.employee_id = ? ORDER BY notifications.id"
        return self._statuses(where, (key.session_id, key.employee_id))

    def in_states(
        self, states: Collection[NotificationState], limit: int, *, newest_first: bool = False
    ) -> Sequence[NotificationStatus]:
        """At most `limit` notifications in these states, in order of their creation."""
        order = "DESC" if newest_first else "ASC"
        where = f"{_STATE} {IN_LIST} ORDER BY notifications.id {order} LIMIT ?"
        return self._statuses(where, (*self._blocked(), listed(states), limit))

    def number_in(self, states: Collection[NotificationState]) -> int:
        """How many notifications `in_states` would return without a limit."""
        sql = f"SELECT count(*) {_JOINED} WHERE {_STATE} {IN_LIST}"
        return int(value_of(self._connection, sql, (*self._blocked(), listed(states))))

    def counts(self, now: datetime | None = None) -> OutboxCounts:
        """Deliveries and unclaimed notifications by state, and the age of the oldest that is not blocked. What is held
        by its reader's quiet time counts as pending if `now` is None."""
        by_state: dict[str, int] = dict(
            tuple(row) for row in self._connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
        )
        eligibility = Eligibility(self._connection, now=now)
        groups, retries = list(eligibility.groups()), list(eligibility.retries())
        free = [group for group in groups if not (group.waits or group.is_quiet)]
        free_retries = [retry for retry in retries if not (retry.waits or retry.is_quiet)]
        waiting = sum(group.number for group in free) + len(free_retries)
        quiet = sum(group.number for group in groups if group.is_quiet and not group.waits)
        quiet += sum(1 for retry in retries if retry.is_quiet and not retry.waits)
        blocked = sum(group.number for group in groups) + len(retries) - waiting - quiet
        oldest = [group.oldest_at for group in free] + [retry.created_at for retry in free_retries]
        # A delivery that is being sent or ambiguous waits as well: it may stay so while Slack can't be read.
        oldest_on_its_way = value_of(
            self._connection,
            "SELECT min(created_at) FROM deliveries"
            f" LEFT JOIN destinations ON destinations.destination = {POSTED_TO}"
            " WHERE state IN ('sending', 'ambiguous') AND blocked_reason IS NULL",
        )
        if oldest_on_its_way is not None:
            oldest.append(oldest_on_its_way)
        edits = "SELECT count(*) FROM deliveries WHERE edit_due_at IS NOT NULL AND state = 'sent'"
        return OutboxCounts(
            pending=waiting,
            sending=by_state.get("sending", 0),
            ambiguous=by_state.get("ambiguous", 0),
            blocked=blocked,
            failed=by_state.get("failed", 0),
            sent=by_state.get("sent", 0),
            edits=value_of(self._connection, edits),
            oldest_at=from_ms_or_none(min(oldest, default=None)),
            app_refused=State(self._connection).get("app_refused") or "",
            paused=sending_pause(self._connection),
            quiet=quiet,
            shadow=shadow_mode(self._connection),
        )

    def _blocked(self) -> tuple[str, str]:
        """The parameters of `_STATE`: ids of blocked deliveries and keys of blocked groups, as JSON lists."""
        eligibility = Eligibility(self._connection)
        deliveries = to_json([retry.delivery for retry in eligibility.retries() if retry.waits])
        return deliveries, to_json(eligibility.waiting_keys())

    def _statuses(self, where: str, parameters: Sequence[object]) -> list[NotificationStatus]:
        rows = self._connection.execute(
            f"SELECT notifications.*, blocked_reason, {_STATE} AS standing {_JOINED} WHERE {where}",
            (*self._blocked(), *parameters),
        ).fetchall()
        return [self._status(row) for row in rows]

    def _status(self, row: sqlite3.Row) -> NotificationStatus:
        if row["digest_id"] is not None:
            summary = self._statuses("notifications.id = ?", (row["digest_id"],))[0]
            return replace(
                summary,
                notification=notification_of(row),
                created_at=from_ms(row["created_at"]),
                summary=summary.notification,
            )
        delivery = self._connection.execute("SELECT * FROM deliveries WHERE id = ?", (row["delivery"],)).fetchone()
        state = NotificationState(row["standing"])
        cancelled, code = row["cancelled_reason"] or "", ReasonCode(row["cancelled_code"])
        if not cancelled and state in (NotificationState.FAILED, NotificationState.CANCELLED):
            cancelled, code = delivery["reason"], ReasonCode(delivery["reason_code"])
        return NotificationStatus(
            notification=notification_of(row),
            created_at=from_ms(row["created_at"]),
            delivery=None if delivery is None else delivery_of(self._connection, delivery),
            state=NotificationState.CANCELLED if cancelled and state in _UNSENT else state,
            cancelled=cancelled,
            cancelled_code=code,
            attempts=self._attempts(row["delivery"]),
            blocked_reason=row["blocked_reason"] or "",
        )

    def _attempts(self, delivery: int | None) -> Sequence[Attempt]:
        rows = self._connection.execute("SELECT * FROM attempts WHERE delivery = ? ORDER BY id", (delivery,))
        return [from_row(Attempt, row) for row in rows]


# States that a cancelled notification's delivery may still have because it carries others.
_UNSENT = (
    NotificationState.PENDING,
    NotificationState.BLOCKED,
    NotificationState.SENDING,
    NotificationState.AMBIGUOUS,
)

"""Recaps: what a mute held back comes as one message when it ends, the worst first, the others counted."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.eligibility import WaitCode
from bot.domain.kinds import KINDS
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, Notification, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.store.columns import from_json, listed, to_json, to_ms, value_of
from bot.store.outbox.eligibility import GROUP_KEY, PENDING, Eligibility
from bot.store.session_rows import IS_FAILING
from bot.store.sqlite import IN_LIST, json_each

_OF_RULES = (WaitCode.RULE_PAUSED, WaitCode.RULE_NOT_INTRODUCED)
MOST_SHOWN = 25  # sessions of one recap
_WORST_FIRST = f"CASE WHEN sessions.{IS_FAILING} THEN 0 ELSE 1 END, sessions.score NULLS LAST, notifications.id"


@dataclass(frozen=True, slots=True)
class Held:
    """A pending notification of a destination. `session`: None for a summary."""

    notification_id: int
    session: SessionKey | None


class Recaps:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def pending_at(self, destination: Destination) -> Sequence[Held]:
        """What a mute of a destination can hold back: pending notifications of rules that were not tried. A session
        that goes with a pending recap stands for that recap."""
        kinds = [kind for kind, spec in KINDS.items() if spec.can_be_muted]
        rows = self._connection.execute(
            f"WITH recaps AS (SELECT id FROM notifications WHERE {PENDING} AND kind = '{NotificationKind.RECAP}')"
            " SELECT CASE WHEN recap IN recaps THEN recap ELSE id END AS id, session_id, employee_id"
            f" FROM notifications WHERE destination = ? AND {PENDING} AND kind {IN_LIST}",
            (str(destination), listed(kinds)),
        )
        return [
            Held(row["id"], None if row["session_id"] is None else SessionKey(row["session_id"], row["employee_id"]))
            for row in rows
        ]

    def hold(self, mute_id: int, notification_ids: Sequence[int]) -> None:
        """A mute holds these notifications too."""
        for notification_id in notification_ids:
            known = value_of(self._connection, "SELECT mutes FROM notifications WHERE id = ?", (notification_id,))
            mutes = sorted({*from_json(known, tuple[int, ...]), mute_id})
            self._connection.execute(
                "UPDATE notifications SET mutes = ? WHERE id = ?", (to_json(mutes), notification_id)
            )

    def held(self, mute_id: int) -> int:
        """How many pending notifications a mute holds."""
        found: int = value_of(
            self._connection,
            f"SELECT count(*) FROM notifications WHERE {PENDING} AND mutes <> '[]'"
            f" AND EXISTS (SELECT 1 FROM {json_each('mutes')} WHERE value = ?)",
            (mute_id,),
        )
        return found

    def enqueue(self, recap: Notification, mute_id: int, now: datetime) -> int:
        """Queues one message for what only this mute, which has ended, held back: at most `MOST_SHOWN` sessions, the
        others counted. Returns how many there are; 0 queues nothing.

        While nothing can be sent, or to nobody there, the message waits. What waits for a paused rule gets a message of
        its own, which waits for that rule.
        """
        name = str(recap.destination)
        eligibility = Eligibility(self._connection, name, if_it_could_be_sent=True)
        waits = {group.key: group.waits for group in eligibility.groups()}
        rows = self._connection.execute(
            f"SELECT notifications.id, {GROUP_KEY} AS key, kind, notifications.session_id, rule_ids FROM notifications"
            " LEFT JOIN sessions ON sessions.session_id = notifications.session_id"
            " AND sessions.employee_id = notifications.employee_id"
            f" WHERE destination = ? AND {PENDING} AND recap IS NULL AND kind <> '{NotificationKind.RECAP}'"
            f" AND EXISTS (SELECT 1 FROM {json_each('notifications.mutes')} WHERE value = ?)"
            f" ORDER BY {_WORST_FIRST}",
            (name, mute_id),
        ).fetchall()
        messages: dict[str, list[sqlite3.Row]] = {}
        for row in rows:
            code = waits[row["key"]]
            if code is not WaitCode.MUTED:  # else the last mute brings it
                messages.setdefault(row["rule_ids"] if code in _OF_RULES else "", []).append(row)
        for rule_ids, members in messages.items():
            subject = f"{recap.subject}:{rule_ids}" if rule_ids else recap.subject
            self._enqueue(replace(recap, subject=subject), members, now)
        return sum(len(members) for members in messages.values())

    def _enqueue(self, recap: Notification, rows: Sequence[sqlite3.Row], now: datetime) -> None:
        cards = [row["id"] for row in rows if row["session_id"] is not None]
        summaries = [row["id"] for row in rows if row["session_id"] is None]
        rules = sorted({number for row in rows for number in from_json(row["rule_ids"], tuple[int, ...])})
        # One that comes to a person anyway depends on no rule, and neither does the recap that brings it.
        if any(row["rule_ids"] == "[]" for row in rows):
            rules = []
        facts = {**recap.facts, "follow": len(cards[:MOST_SHOWN])}
        number: int = value_of(
            self._connection,
            "INSERT INTO notifications (destination, subject, kind, reason, rule_ids, facts, created_at, due_at,"
            " priority) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id",
            (
                str(recap.destination),
                recap.subject,
                NotificationKind.RECAP,
                recap.reason,
                to_json(rules),
                to_json(facts),
                to_ms(now),
                to_ms(now),
            ),
        )
        shown, counted = to_json(cards[:MOST_SHOWN]), to_json(cards[MOST_SHOWN:])
        self._connection.execute(
            f"UPDATE notifications SET recap = ?, due_at = ? WHERE id {IN_LIST}", (number, to_ms(now), shown)
        )
        self._connection.execute(
            "UPDATE notifications SET cancelled_reason = 'counted in the recap of a mute', cancelled_code = ?,"
            f" digest_id = ? WHERE id {IN_LIST}",
            (ReasonCode.COUNTED, number, counted),
        )
        if summaries:
            # What a held summary counts, the recap counts.
            numbers = to_json(summaries)
            self._connection.execute(
                f"UPDATE notifications SET digest_id = ? WHERE digest_id {IN_LIST}", (number, numbers)
            )
            self._connection.execute(
                "UPDATE notifications SET cancelled_reason = 'counted in the recap of a mute', cancelled_code = ?"
                f" WHERE id {IN_LIST}",
                (ReasonCode.COUNTED, numbers),
            )

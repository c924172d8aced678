"""Reminders: who was reminded of which late session, what each message lists, who nudged, and what people want."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bot.domain.model import Session, SessionKey
from bot.domain.notifications import Destination, NotificationKind
from bot.domain.reminders import ESCALATES_AFTER, LATE_AFTER, Choices, Reminded, ReminderClock, ReminderStep
from bot.domain.report_periods import Window
from bot.store.columns import State, from_ms, from_ms_or_none, to_ms, value_of
from bot.store.outbox.eligibility import PENDING
from bot.store.session_rows import OF_KEY, session_of

MOST = 1_000  # sessions of one run
# The outcomes are spelled as in the index.
_OPEN = "outcome IN ('planned', 'in_progress') AND missing_since IS NULL AND reassigned_at IS NULL"
OVERDUE = (
    "(outcome = 'planned' AND scheduled_at <= ?"
    " OR outcome = 'in_progress' AND coalesce(started_at, scheduled_at, 0) <= ?)"
)
_REMINDED = (
    "SELECT reminders.*, notifications.id AS notification, cancelled_reason, state, attempt_ended_at, shadow"
    " FROM reminders"
    " LEFT JOIN notifications USING (destination, subject)"
    " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
)


def overdue_since(now: datetime) -> tuple[int, int]:
    """The parameters of OVERDUE: an open session is overdue from the time that reminders begin, and at once if it began
    nobody knows when."""
    return (
        to_ms(now - LATE_AFTER[ReminderClock.NOT_STARTED]),
        to_ms(now - LATE_AFTER[ReminderClock.UNFINISHED]),
    )


class Reminders:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    # ---- what is late ----------------------------------------------------------------------------------------------

    def active_since(self) -> datetime | None:
        """Since when people are reminded, None if that did not begin yet."""
        return self._state.moment("reminders_since")

    def begin(self, now: datetime) -> None:
        self._state.set("reminders_since", to_ms(now))

    def late(self, planned: Window, started: Window) -> Sequence[Session]:
        """The sessions not started that were planned for a window, and those not finished that began in another; the
        oldest first."""
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {_OPEN} AND (outcome = 'planned' AND scheduled_at BETWEEN ? AND ?"
            " OR outcome = 'in_progress' AND coalesce(started_at, scheduled_at) BETWEEN ? AND ?)"
            " ORDER BY coalesce(started_at, scheduled_at), id LIMIT ?",
            (*(to_ms(at) for at in (planned.start, planned.end, started.start, started.end)), MOST),
        )
        return [session_of(row) for row in rows]

    def planned_for(self, observer_id: str, window: Window) -> Sequence[Session]:
        """What an observer has to conduct in a window, the soonest first."""
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {_OPEN} AND outcome = 'planned' AND observer_id = ? AND scheduled_at >= ?"
            " AND scheduled_at < ? ORDER BY scheduled_at, id LIMIT ?",
            (observer_id, to_ms(window.start), to_ms(window.end), MOST),
        )
        return [session_of(row) for row in rows]

    def overdue_of(self, observer_id: str, now: datetime) -> Sequence[Session]:
        """What an observer did not start in time or did not finish, the oldest first."""
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {_OPEN} AND observer_id = ? AND {OVERDUE}"
            " ORDER BY coalesce(started_at, scheduled_at) NULLS LAST, id LIMIT ?",
            (observer_id, *overdue_since(now), MOST),
        )
        return [session_of(row) for row in rows]

    # ---- who was reminded ------------------------------------------------------------------------------------------

    def reminded(self, key: SessionKey, clock: ReminderClock, since: datetime) -> Sequence[Reminded]:
        """Who was reminded that a clock of a session runs, in order."""
        rows = self._connection.execute(
            f"{_REMINDED} WHERE session = (SELECT id FROM sessions WHERE {OF_KEY}) AND clock = ? AND since = ?"
            " ORDER BY step",
            (*key, clock, to_ms(since)),
        )
        return [_reminded(row) for row in rows]

    def record(
        self,
        key: SessionKey,
        clock: ReminderClock,
        since: datetime,
        step: ReminderStep,
        destination: Destination | None,
        subject: str,
        now: datetime,
    ) -> None:
        """Stores a reminder, once for each clock and step. No destination: no one can be reminded."""
        self._connection.execute(
            "INSERT INTO reminders (session, clock, since, step, destination, subject, at)"
            f" SELECT id, ?, ?, ?, ?, ?, ? FROM sessions WHERE {OF_KEY} ON CONFLICT DO NOTHING",
            (clock, to_ms(since), step, str(destination or ""), subject, to_ms(now), *key),
        )

    def forget_ahead(self, now: datetime) -> None:
        """Forgets whom a clock that was ahead reminded, or found nobody to remind; what was put off stays."""
        ahead = to_ms(now + ESCALATES_AFTER)
        self._connection.execute(
            "DELETE FROM reminders WHERE at > ? AND (destination = '' OR EXISTS (SELECT 1 FROM notifications WHERE"
            " notifications.destination = reminders.destination AND notifications.subject = reminders.subject"
            " AND created_at > ?))",
            (ahead, ahead),
        )

    def listed(
        self, destination: Destination, subject: str
    ) -> Sequence[tuple[Session, ReminderClock, datetime, ReminderStep]]:
        """What a message lists, the oldest first."""
        rows = self._connection.execute(
            "SELECT sessions.*, clock, since, step FROM reminders JOIN sessions ON sessions.id = reminders.session"
            f" WHERE destination = ? AND subject = ? AND {_OPEN} ORDER BY since, sessions.id",
            (str(destination), subject),
        )
        return [
            (session_of(row), ReminderClock(row["clock"]), from_ms(row["since"]), ReminderStep(row["step"]))
            for row in rows
        ]

    def pending_subjects(self, destination: Destination) -> Sequence[str]:
        """The messages that list what is late and that were not sent yet to a destination."""
        rows = self._connection.execute(
            f"SELECT subject FROM notifications WHERE destination = ? AND {PENDING} AND kind = ?"
            " AND EXISTS (SELECT 1 FROM reminders WHERE reminders.subject = notifications.subject) ORDER BY id",
            (str(destination), NotificationKind.REMINDER),
        )
        return [row["subject"] for row in rows]

    def snoozed_subjects(self, destination: Destination, beginning: str) -> Sequence[str]:
        """The subjects of the reminders for a destination that begin so and were not cancelled, sent or not."""
        rows = self._connection.execute(
            "SELECT subject FROM notifications WHERE destination = ? AND subject >= ? AND subject < ?"
            " AND cancelled_reason IS NULL",
            (str(destination), beginning, f"{beginning}\U0010ffff"),
        )
        return [row["subject"] for row in rows]

    def snooze(self, destination: Destination, subject: str, new_subject: str, until: datetime) -> None:
        """Makes another message list what this one does; no other reminder follows before a day has passed."""
        self._connection.execute(
            "UPDATE reminders SET subject = ?, at = ? WHERE destination = ? AND subject = ?",
            (new_subject, to_ms(until), str(destination), subject),
        )

    def snooze_session(
        self,
        session: Session,
        clock: ReminderClock,
        since: datetime,
        destination: Destination,
        subject: str,
        at: datetime,
    ) -> None:
        """Makes a message at a time list a session for its observer, instead of the one that does or would."""
        self.record(session.key, clock, since, ReminderStep.OBSERVER, destination, subject, at)
        self._connection.execute(
            "UPDATE reminders SET destination = ?, subject = ?, at = ? WHERE clock = ? AND since = ? AND step = ?"
            f" AND session = (SELECT id FROM sessions WHERE {OF_KEY})",
            (str(destination), subject, to_ms(at), clock, to_ms(since), ReminderStep.OBSERVER, *session.key),
        )

    def snoozed_until(self, session: Session, now: datetime) -> datetime | None:
        """When the observer of a session is reminded of it, if that was put off."""
        sql = (
            "SELECT max(at) FROM reminders WHERE at > ? AND step = ?"
            f" AND session = (SELECT id FROM sessions WHERE {OF_KEY})"
        )
        return from_ms_or_none(value_of(self._connection, sql, (to_ms(now), ReminderStep.OBSERVER, *session.key)))

    # ---- nudges, and what people want ------------------------------------------------------------------------------

    def nudge(self, person_id: str, day: date, by: str, now: datetime) -> datetime | None:
        """Stores that a person is nudged on a day; None if they were not before, else when."""
        sql = "SELECT at FROM nudges WHERE person_id = ? AND day = ?"
        before = from_ms_or_none(value_of(self._connection, sql, (person_id, day.isoformat())))
        if before is None:
            self._connection.execute(
                "INSERT INTO nudges (person_id, day, by, at) VALUES (?, ?, ?, ?)",
                (person_id, day.isoformat(), by, to_ms(now)),
            )
        return before

    def choices(self, user_id: str | None) -> Choices:
        """What a Slack user wants, None for a person without an account."""
        row = self._connection.execute("SELECT * FROM reminder_choices WHERE slack_user_id = ?", (user_id,)).fetchone()
        return Choices() if row is None else Choices(late=bool(row["late"]), planned=bool(row["planned"]))

    def set_choices(self, user_id: str, choices: Choices) -> None:
        self._connection.execute(
            "INSERT INTO reminder_choices (slack_user_id, late, planned) VALUES (?, ?, ?)"
            " ON CONFLICT (slack_user_id) DO UPDATE SET late = excluded.late, planned = excluded.planned",
            (user_id, choices.late, choices.planned),
        )

    def wanting_plans(self) -> Mapping[str, str]:
        """The people who want to know each morning what is planned: their Slack users by person id."""
        rows = self._connection.execute(
            "SELECT links.person_id, links.slack_user_id FROM reminder_choices JOIN links USING (slack_user_id)"
            " WHERE planned = 1"
        )
        return {row["person_id"]: row["slack_user_id"] for row in rows}


def _reminded(row: sqlite3.Row) -> Reminded:
    step, in_shadow = ReminderStep(row["step"]), row["shadow"] is not None
    if row["cancelled_reason"] is not None or row["state"] in ("failed", "cancelled"):
        return Reminded(step, from_ms(row["at"]), is_sent=False, in_shadow=in_shadow)
    if row["notification"] is None:
        return Reminded(step, from_ms(row["at"]), in_shadow=in_shadow)  # so long ago that it is not stored any more
    at = from_ms_or_none(row["attempt_ended_at"]) if row["state"] == "sent" else None
    return Reminded(step, at, in_shadow=in_shadow)

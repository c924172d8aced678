"""Forgets people and old sessions. What is left of a session are its ids and the fingerprint of its row, so that the
next listing that still has it says nothing new; what was posted about it owes an edit that says nothing about anybody.
"""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.directory import Directory
from bot.domain.model import Person, SessionKey
from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.domain.retention import BETWEEN_REDACTIONS, Erased, Expired, Forgotten
from bot.domain.rules import RuleState
from bot.query.by_id import people_in
from bot.query.names import Names, id_value
from bot.store.columns import State, to_json, to_ms, value_of
from bot.store.outbox.cancel import cancel_notifications, end_rule
from bot.store.outbox.destinations import MAY_BE_EDITED, SHOWS
from bot.store.session_rows import IS_OVER, OF_KEY, request_edits
from bot.store.sqlite import IN_LIST, json_field

# Tables that refer to a session's row.
CHILDREN = ("history", "details", "acknowledgements", "unrouted", "reminders", "absences", "follow_ups")
ATTEMPTS_KEPT = timedelta(days=90)  # of finished deliveries
SLACK_USERS_KEPT = timedelta(days=30)  # Slack is asked again
SLOTS_KEPT = timedelta(days=500)  # of rules with a schedule: longer than any of them looks back
DIGESTS_REDACTED = timedelta(days=90)  # posted digests and reminders of that time are made anew without who was erased
_ERASED = "the person it is about was erased"
_REASSIGNED = "iSpring gave the session to another employee"
_EXPIRED = "the session is older than sessions are kept"
_NEEDS_REDACTION = f"state = 'sent' AND edit_due_at IS NOT NULL AND {SHOWS}"
_TO_REDACT = f"state IN ('sending', 'ambiguous') OR {_NEEDS_REDACTION}"
# A message says a query that names a person: by id, for no stored query holds the name of one person.
_SAYS = (
    f"(kind = '{NotificationKind.INTRO}' AND EXISTS (SELECT 1 FROM rules"
    f" WHERE rules.rule_id = {json_field('rule_ids', 0)} AND instr(rules.query, :named))"
    f" OR kind = '{NotificationKind.SHARED}' AND instr({json_field('facts', 'query')}, :named))"
)
# Not those of a delivery in sending or ambiguous: it may have been posted, and is edited once it is found. If it was
# not, it is cancelled when it would be sent again, because nothing is stored that it could show.
_UNSENT = "notifications.cancelled_reason IS NULL AND (notifications.delivery IS NULL OR deliveries.state = 'pending')"


class RetentionRepository:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    # ---- a person --------------------------------------------------------------------------------------------------

    def erase(self, person_id: str, now: datetime) -> Erased:
        """Forgets a person and returns what that did; what is left to do if it was done before.

        The caller checks that the id is a person's.
        """
        is_first = self._connection.execute(
            "INSERT INTO erased_people (person_id, erased_at) VALUES (?, ?) ON CONFLICT (person_id) DO NOTHING",
            (person_id, to_ms(now)),
        ).rowcount
        if not is_first:
            return self._left_to_do(person_id, Erased())
        email = value_of(self._connection, "SELECT email FROM people WHERE person_id = ?", (person_id,))
        users = self._slack_users(person_id, email)
        rules_naming = self._rules_naming(person_id, users)
        self._end_what_is_theirs(person_id, users)
        paused = self._forget_accounts(users, email, now)
        dropped = self._drop_direct(person_id, users)
        own = [
            row["id"] for row in self._connection.execute("SELECT id FROM sessions WHERE employee_id = ?", (person_id,))
        ]
        dropped += self._cancel_unsent(own, _ERASED)
        self._enqueue_redactions(self._posted_about(own), now, timedelta(0))
        self._write_tombstones(own, now)
        observed = self._connection.execute(
            "UPDATE sessions SET version = version + 1 WHERE observer_id = ?", (person_id,)
        ).rowcount
        self._enqueue_redactions(
            [*self._posted_to_or_observed_by(person_id), *self._saying(person_id)], now, timedelta(0)
        )
        self._connection.execute("DELETE FROM nudges WHERE person_id = ?", (person_id,))
        self._enqueue_redactions(self._posted_lists(now - DIGESTS_REDACTED), now, timedelta(0))
        self._connection.execute("DELETE FROM people WHERE person_id = ?", (person_id,))
        self._state.set("directory_version", (self._state.get("directory_version") or 0) + 1)
        done = Erased(
            sessions=len(own),
            observed=observed,
            dropped=dropped,
            slack_users=users,
            rules_paused=paused,
            rules_naming=rules_naming,
        )
        return self._left_to_do(person_id, done)

    def _left_to_do(self, person_id: str, done: Erased) -> Erased:
        return replace(
            done,
            redactions=len(self._messages(person_id, _TO_REDACT)),
            held_back=self._messages(person_id, f"{_NEEDS_REDACTION} AND NOT {MAY_BE_EDITED}"),
            out_of_reach=self._messages(person_id, "state = 'sent' AND edit_ended IS NOT NULL"),
        )

    def erased_people(self) -> Collection[str]:
        """Ids of the people who were erased: the next reading of iSpring does not bring them back."""
        return erased_people(self._connection)

    def _slack_users(self, person_id: str, email: str | None) -> tuple[str, ...]:
        """The accounts of a person: those linked to them, and the only one with their address. An address that several
        people share, as a shop's mailbox, counts for none."""
        found = [
            row["slack_user_id"]
            for row in self._connection.execute("SELECT slack_user_id FROM links WHERE person_id = ?", (person_id,))
        ]
        if email and value_of(self._connection, "SELECT count(*) FROM people WHERE email = ?", (email,)) == 1:
            rows = self._connection.execute("SELECT user_id FROM slack_users WHERE email = ?", (email,)).fetchall()
            if len(rows) == 1:
                found.append(rows[0]["user_id"])
        return tuple(dict.fromkeys(found))

    def _forget_accounts(self, users: Sequence[str], email: str | None, now: datetime) -> tuple[int, ...]:
        """Deletes Slack accounts and their rows; returns the numbers of the rules that are paused because of it."""
        chosen = (to_json(users),)
        rules = self._connection.execute(
            f"SELECT rule_id, destination FROM rules WHERE owner {IN_LIST} AND state <> 'ended'", chosen
        ).fetchall()
        self._connection.execute(
            "UPDATE rules SET state = ?, reason = 'the person who made it was erased', reason_code = ?,"
            f" resumes_at = NULL WHERE owner {IN_LIST} AND state <> 'ended'",
            (RuleState.PAUSED, ReasonCode.OWNER_ERASED, *chosen),
        )
        seen = [
            row["session"]
            for row in self._connection.execute(
                f"SELECT session FROM acknowledgements WHERE slack_user_id {IN_LIST}"
                f" UNION SELECT session FROM follow_ups WHERE owner {IN_LIST}",
                chosen * 2,
            )
        ]
        self._connection.execute(f"UPDATE sessions SET version = version + 1 WHERE id {IN_LIST}", (to_json(seen),))
        self._enqueue_redactions(self._posted_about(seen), now, timedelta(0))
        for table, column in _BY_ACCOUNT:
            self._connection.execute(f"DELETE FROM {table} WHERE {column} {IN_LIST}", chosen)
        self._connection.execute("DELETE FROM email_misses WHERE email = ?", (email,))
        return tuple(row["rule_id"] for row in rules)

    def _end_what_is_theirs(self, person_id: str, users: Sequence[str]) -> None:
        """Ends the rules that send to the person, and what they muted for themselves; nothing says any more who muted
        a channel, or why."""
        places = [str(Destination(DestinationKind.PERSON, person_id))]
        places += [str(Destination(DestinationKind.USER, user)) for user in users]
        for row in self._connection.execute(
            f"SELECT rule_id FROM rules WHERE destination {IN_LIST} AND state <> 'ended'", (to_json(places),)
        ).fetchall():
            end_rule(self._connection, row["rule_id"], _ERASED)
        self._connection.execute(f"DELETE FROM mutes WHERE destination {IN_LIST}", (to_json(places),))
        self._connection.execute(
            f"UPDATE mutes SET created_by = '', reason = '' WHERE created_by {IN_LIST}", (to_json(users),)
        )
        self._connection.execute(f"UPDATE mutes SET ended_by = NULL WHERE ended_by {IN_LIST}", (to_json(users),))
        self._connection.execute(f"UPDATE rules SET offered_to = NULL WHERE offered_to {IN_LIST}", (to_json(users),))

    def _rules_naming(self, person_id: str, users: Sequence[str]) -> tuple[int, ...]:
        """The numbers of the rules, not ended, whose query names a person: by id, or by a text that means them too."""
        people = self._connection.execute("SELECT person_id, name FROM people").fetchall()
        directory = Directory.of((Person(person_id=row["person_id"], name=row["name"]) for row in people), ())
        names = Names(directory, mentions=dict.fromkeys(users, person_id))
        rows = self._connection.execute("SELECT rule_id, query FROM rules WHERE state <> 'ended' ORDER BY rule_id")
        return tuple(row["rule_id"] for row in rows if person_id in people_in(row["query"], names))

    def _saying(self, person_id: str) -> list[int]:
        """The messages that say a query which names a person: introductions of rules, and shared lists."""
        rows = self._connection.execute(
            f"SELECT delivery FROM notifications WHERE delivery IS NOT NULL AND {_SAYS}",
            {"named": id_value(person_id)},
        )
        return list({row["delivery"] for row in rows})

    def _drop_direct(self, person_id: str, users: Sequence[str]) -> int:
        """Cancels the pending notifications to the person; returns how many."""
        places = [str(Destination(DestinationKind.PERSON, person_id))]
        places += [str(Destination(DestinationKind.USER, user)) for user in users]
        return self._end(
            "SELECT notifications.id FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
            f" WHERE notifications.destination {IN_LIST} AND {_UNSENT}",
            to_json(places),
            _ERASED,
        )

    def _posted_to_or_observed_by(self, person_id: str) -> list[int]:
        """Posted messages to a person, or about a session they observed."""
        rows = self._connection.execute(
            "SELECT id FROM deliveries WHERE destination = ? UNION SELECT delivery FROM notifications"
            " JOIN sessions USING (session_id, employee_id) WHERE observer_id = ? AND delivery IS NOT NULL",
            (str(Destination(DestinationKind.PERSON, person_id)), person_id),
        )
        return [row[0] for row in rows]

    def _messages(self, person_id: str, condition: str) -> tuple[str, ...]:
        """Messages to a person, about them, or whose query names them, that meet a condition, by channel and ts."""
        rows = self._connection.execute(
            f"SELECT channel || ' ' || ts AS place FROM deliveries WHERE ({condition})"
            " AND (destination = :place OR id IN (SELECT delivery FROM notifications LEFT JOIN sessions USING"
            " (session_id, employee_id) WHERE delivery IS NOT NULL AND (:person IN (notifications.employee_id,"
            f" observer_id) OR {_SAYS})))",
            {
                "place": str(Destination(DestinationKind.PERSON, person_id)),
                "person": person_id,
                "named": id_value(person_id),
            },
        )
        return tuple(row["place"] for row in rows)

    # ---- sessions that another employee has now --------------------------------------------------------------------

    def take_back_reassigned(self, listed: Collection[SessionKey], back: Collection[SessionKey], now: datetime) -> int:
        """Redacts what was posted about sessions that iSpring gave to another employee, as for an erased person, and
        cancels what was not sent; returns how many. Shows again those that were given `back`.

        A key is given away if iSpring lists it no more and lists the session for an employee who had not got it then;
        one employee fewer in a session of several gives nothing away. `listed`: the keys that changed, that are missing
        or that are back.
        """
        returned = [key for key in back if self._reassigned(key)]
        self._connection.executemany(
            f"UPDATE sessions SET reassigned_at = NULL, version = version + 1 WHERE {OF_KEY}", returned
        )
        for key in returned:
            request_edits(self._connection, key, now, cosmetic=False)
        came_back = to_json([f"{key.session_id} {key.employee_id}" for key in back])
        rows = self._connection.execute(
            "SELECT gone.id FROM sessions AS gone JOIN sessions AS other ON other.session_id = gone.session_id"
            f" WHERE gone.session_id {IN_LIST} AND gone.missing_since IS NOT NULL AND gone.reassigned_at IS NULL"
            " AND other.missing_since IS NULL AND (other.first_seen_at > gone.first_seen_at"
            f" OR other.session_id || ' ' || other.employee_id {IN_LIST})",
            (to_json([*{key.session_id for key in listed}]), came_back),
        )
        given = list({row["id"] for row in rows})
        self._connection.execute(
            f"UPDATE sessions SET reassigned_at = ?, version = version + 1 WHERE id {IN_LIST}",
            (to_ms(now), to_json(given)),
        )
        self._cancel_unsent(given, _REASSIGNED)
        self._enqueue_redactions(self._posted_about(given), now, timedelta(0))
        return len(given)

    def _reassigned(self, key: SessionKey) -> bool:
        return bool(value_of(self._connection, f"SELECT reassigned_at FROM sessions WHERE {OF_KEY}", key))

    # ---- sessions --------------------------------------------------------------------------------------------------

    def expire(self, before: datetime, redact_from: datetime, now: datetime, limit: int) -> Expired:
        """Erases at most `limit` sessions that were completed, or no longer listed, before then.

        Their messages are edited from `redact_from` on, one after the other, so that corrections can go in between.
        """
        cut = to_ms(before)
        old = self._ids(f"finished_at < ? AND {IS_OVER}", cut, limit)
        # A completion whose date could not be read counts from when it was stored.
        old += self._ids(f"finished_at IS NULL AND changed_at < ? AND {IS_OVER}", cut, limit - len(old))
        known = set(old)
        old += [one for one in self._ids("missing_since < ?", cut, limit) if one not in known][: limit - len(old)]
        self._cancel_unsent(old, _EXPIRED)
        redactions = self._enqueue_redactions(self._posted_about(old), redact_from, BETWEEN_REDACTIONS)
        self._write_tombstones(old, now)
        return Expired(sessions=len(old), redactions=redactions)

    def _ids(self, condition: str, cut: int, limit: int) -> list[int]:
        rows = self._connection.execute(f"SELECT id FROM sessions WHERE {condition} LIMIT ?", (cut, limit))
        return [row["id"] for row in rows]

    def _posted_lists(self, since: datetime) -> list[int]:
        """Digests and reminders, which may name anybody, and recaps, which name who muted and why."""
        rows = self._connection.execute(
            "SELECT DISTINCT delivery FROM notifications WHERE kind IN (?, ?, ?) AND delivery IS NOT NULL"
            " AND created_at >= ?",
            (NotificationKind.DIGEST, NotificationKind.REMINDER, NotificationKind.RECAP, to_ms(since)),
        )
        return [row["delivery"] for row in rows]

    def _posted_about(self, sessions: Sequence[int]) -> list[int]:
        rows = self._connection.execute(
            "SELECT DISTINCT delivery FROM sessions JOIN notifications USING (session_id, employee_id)"
            f" WHERE sessions.id {IN_LIST} AND delivery IS NOT NULL",
            (to_json(sessions),),
        )
        return [row["delivery"] for row in rows]

    def _enqueue_redactions(self, deliveries: Iterable[int], first: datetime, between: timedelta) -> int:
        """Marks messages for an edit, those being sent or ambiguous too; returns how many."""
        marked = 0
        for delivery in deliveries:
            due_at = to_ms(first + marked * between)
            marked += self._connection.execute(
                "UPDATE deliveries SET edit_is_cosmetic = 0,"
                " edit_due_at = CASE WHEN edit_due_at <= ? THEN edit_due_at ELSE ? END"
                " WHERE id = ? AND state IN ('sent', 'sending', 'ambiguous') AND edit_ended IS NULL",
                (due_at, due_at, delivery),
            ).rowcount
        return marked

    def _cancel_unsent(self, sessions: Sequence[int], reason: str) -> int:
        return self._end(
            "SELECT notifications.id FROM sessions JOIN notifications USING (session_id, employee_id)"
            " LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
            f" WHERE sessions.id {IN_LIST} AND {_UNSENT}",
            to_json(sessions),
            reason,
        )

    def _end(self, which: str, parameter: str, reason: str) -> int:
        ids = [row["id"] for row in self._connection.execute(which, (parameter,))]
        cancel_notifications(self._connection, ids, reason, in_hand=False)
        return len(ids)

    def _write_tombstones(self, sessions: Sequence[int], now: datetime) -> None:
        chosen = to_json(sessions)
        self._connection.execute(
            "INSERT INTO erased_sessions (session_id, employee_id, fingerprint, erased_at)"
            f" SELECT session_id, employee_id, fingerprint, ? FROM sessions WHERE id {IN_LIST}"
            " ON CONFLICT (session_id, employee_id) DO UPDATE SET fingerprint = excluded.fingerprint,"
            " erased_at = excluded.erased_at",
            (to_ms(now), chosen),
        )
        for table in CHILDREN:
            self._connection.execute(f"DELETE FROM {table} WHERE session {IN_LIST}", (chosen,))
        self._connection.execute(f"DELETE FROM sessions WHERE id {IN_LIST}", (chosen,))

    # ---- rows that nothing uses any more ---------------------------------------------------------------------------

    def forget(self, now: datetime, audit_before: datetime | None) -> Forgotten:
        """Deletes old rows that nothing uses; audit log entries only if a time is given. Returns how many."""
        attempts = self._connection.execute(
            "DELETE FROM attempts WHERE ended_at < ? AND delivery IN"
            " (SELECT id FROM deliveries WHERE state IN ('sent', 'failed', 'cancelled'))",
            (to_ms(now - ATTEMPTS_KEPT),),
        ).rowcount
        audit_log = 0
        if audit_before is not None:
            audit_log = self._connection.execute("DELETE FROM audit_log WHERE at < ?", (to_ms(audit_before),)).rowcount
        # An unknown account counts as a full member's. So the accounts stay that own a rule, are linked, or shared
        # something: the rights of those are checked again.
        users = self._connection.execute(
            "DELETE FROM slack_users WHERE seen_at < ? AND user_id NOT IN (SELECT slack_user_id FROM links)"
            " AND user_id NOT IN (SELECT owner FROM rules WHERE state <> 'ended')"
            f" AND user_id NOT IN (SELECT coalesce({json_field('facts', 'by')}, '') FROM notifications WHERE kind = ?)",
            (to_ms(now - SLACK_USERS_KEPT), NotificationKind.SHARED),
        ).rowcount
        self._connection.execute("DELETE FROM email_misses WHERE at < ?", (to_ms(now - SLACK_USERS_KEPT),))
        self._connection.execute("DELETE FROM slots WHERE planned_at < ?", (to_ms(now - SLOTS_KEPT),))
        return Forgotten(attempts=attempts, audit_log=audit_log, slack_users=users)

    def last_retention_at(self) -> datetime | None:
        return self._state.moment("last_retention_at")

    def record_retention(self, now: datetime) -> None:
        self._state.set("last_retention_at", to_ms(now))


# Tables with rows of a Slack account, and the column with its id.
_BY_ACCOUNT = (
    ("acknowledgements", "slack_user_id"),
    ("follow_ups", "owner"),
    ("preferences", "slack_user_id"),
    ("quiet_times", "slack_user_id"),
    ("reminder_choices", "slack_user_id"),
    ("nudges", "by"),
    ("links", "slack_user_id"),
    ("home_views", "user_id"),
    ("slack_users", "user_id"),
)


def erased_people(connection: sqlite3.Connection) -> frozenset[str]:
    """Ids of the people who were erased."""
    return frozenset(row[0] for row in connection.execute("SELECT person_id FROM erased_people"))


def is_erased(connection: sqlite3.Connection, key: SessionKey) -> bool:
    """True if the session or its employee was erased."""
    return bool(
        value_of(
            connection,
            f"SELECT EXISTS (SELECT 1 FROM erased_sessions WHERE {OF_KEY})"
            " OR EXISTS (SELECT 1 FROM erased_people WHERE person_id = ?)",
            (key.session_id, key.employee_id, key.employee_id),
        )
    )

"""Erases people on request, and takes back what was posted about sessions that iSpring gave to another employee."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.directory import Directory
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.domain.retention import Erased
from bot.domain.rules import RuleState
from bot.domain.staff import Person
from bot.query.by_id import people_in
from bot.query.names import Names, id_value
from bot.store.columns import State, to_json, to_ms, value_of
from bot.store.outbox.cancel import end_rule
from bot.store.outbox.destinations import MAY_BE_EDITED, SHOWS
from bot.store.redaction import (
    UNSENT,
    cancel_found,
    cancel_unsent,
    enqueue_redactions,
    erased_people,
    posted_about,
    write_tombstones,
)
from bot.store.session_rows import OF_KEY, request_edits
from bot.store.sqlite import IN_LIST, json_field

DIGESTS_REDACTED = timedelta(days=90)  # posted digests and reminders of that time are made anew without who was erased
_ERASED = "the person it is about was erased"
_REASSIGNED = "iSpring gave the session to another employee"
_NEEDS_REDACTION = f"state = 'sent' AND edit_due_at IS NOT NULL AND {SHOWS}"
_TO_REDACT = f"state IN ('sending', 'ambiguous') OR {_NEEDS_REDACTION}"
# A message says a query that names a person: by id, for no stored query holds the name of one person.
_SAYS = (
    f"(kind = '{NotificationKind.INTRO}' AND EXISTS (SELECT 1 FROM rules"
    f" WHERE rules.rule_id = {json_field('rule_ids', 0)} AND instr(rules.query, :named))"
    f" OR kind = '{NotificationKind.SHARED}' AND instr({json_field('facts', 'query')}, :named))"
)


class Erasure:
    """People who are erased, and sessions that another employee has now."""

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
        dropped += cancel_unsent(self._connection, own, _ERASED)
        enqueue_redactions(self._connection, posted_about(self._connection, own), now, timedelta(0))
        write_tombstones(self._connection, own, now)
        observed = self._connection.execute(
            "UPDATE sessions SET version = version + 1 WHERE observer_id = ?", (person_id,)
        ).rowcount
        enqueue_redactions(
            self._connection, [*self._posted_to_or_observed_by(person_id), *self._saying(person_id)], now, timedelta(0)
        )
        self._connection.execute("DELETE FROM nudges WHERE person_id = ?", (person_id,))
        enqueue_redactions(self._connection, self._posted_lists(now - DIGESTS_REDACTED), now, timedelta(0))
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
            out_of_reach=self._messages(person_id, f"state = 'sent' AND edit_ended IS NOT NULL AND {SHOWS}"),
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
        enqueue_redactions(self._connection, posted_about(self._connection, seen), now, timedelta(0))
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
        return cancel_found(
            self._connection,
            "SELECT notifications.id FROM notifications LEFT JOIN deliveries ON deliveries.id = notifications.delivery"
            f" WHERE notifications.destination {IN_LIST} AND {UNSENT}",
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
        cancel_unsent(self._connection, given, _REASSIGNED)
        enqueue_redactions(self._connection, posted_about(self._connection, given), now, timedelta(0))
        return len(given)

    def _reassigned(self, key: SessionKey) -> bool:
        return bool(value_of(self._connection, f"SELECT reassigned_at FROM sessions WHERE {OF_KEY}", key))

    def _posted_lists(self, since: datetime) -> list[int]:
        """Digests and reminders, which may name anybody, and recaps, which name who muted and why."""
        rows = self._connection.execute(
            "SELECT DISTINCT delivery FROM notifications WHERE kind IN (?, ?, ?) AND delivery IS NOT NULL"
            " AND created_at >= ?",
            (NotificationKind.DIGEST, NotificationKind.REMINDER, NotificationKind.RECAP, to_ms(since)),
        )
        return [row["delivery"] for row in rows]


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

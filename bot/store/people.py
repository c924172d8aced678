"""iSpring's people and places, Slack's users, and the ties between them."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.directory import Directory
from bot.domain.model import (
    BY_EMAIL,
    Department,
    DirectMessages,
    Link,
    Person,
    PersonStatus,
    Preferences,
    SlackUser,
    Subordination,
)
from bot.store.columns import State, from_json, from_ms, from_ms_or_none, to_json, to_ms, value_of
from bot.store.erasure import erased_people


class KeptDirectory:
    """The directory last read, shared by all threads of a process. One tuple, replaced whole: no lock is needed."""

    def __init__(self) -> None:
        self.version_and_value: tuple[int, Directory] = (0, Directory())


class People:
    """iSpring's people and places, Slack's users, and the ties between them."""

    def __init__(self, connection: sqlite3.Connection, kept: KeptDirectory) -> None:
        self._connection = connection
        self._state = State(connection)
        self._kept = kept
        self._replaced = False

    # ---- iSpring ---------------------------------------------------------------------------------------------------

    def replace_directory(self, people: Sequence[Person], departments: Sequence[Department], now: datetime) -> None:
        self._replaced = True
        erased = erased_people(self._connection)
        self._connection.execute("DELETE FROM people")
        self._connection.execute("DELETE FROM departments")
        # "OR REPLACE": a page that iSpring repeated must not stop the rest.
        self._connection.executemany(
            "INSERT OR REPLACE INTO people (person_id, name, email, job_title, department_id, status, subordination,"
            " supervisor_id, manages) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    person.person_id,
                    person.name,
                    person.email,
                    person.job_title,
                    person.department_id,
                    person.status,
                    person.subordination,
                    person.supervisor_id,
                    to_json(person.manages_departments),
                )
                for person in people
                if person.person_id not in erased
            ),
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO departments (department_id, name, parent_id, subordination, supervisor_id)"
            " VALUES (?, ?, ?, ?, ?)",
            ((d.department_id, d.name, d.parent_id, d.subordination, d.supervisor_id) for d in departments),
        )
        self._state.set("directory_at", to_ms(now))
        self._state.set("directory_version", (self._state.get("directory_version") or 0) + 1)

    def directory(self) -> Directory:
        """Kept in memory and read anew only when it changed."""
        version = self._state.get("directory_version") or 0
        kept_version, kept = self._kept.version_and_value
        if version == kept_version and not self._replaced:
            return kept
        directory = self._read_directory()
        if not self._replaced:  # what this transaction replaced may yet be rolled back, its version used again
            self._kept.version_and_value = (version, directory)
        return directory

    def _read_directory(self) -> Directory:
        people = self._connection.execute(
            "SELECT person_id, name, email, job_title, department_id, status, subordination, supervisor_id, manages"
            " FROM people"
        )
        departments = self._connection.execute(
            "SELECT department_id, name, parent_id, subordination, supervisor_id FROM departments"
        )
        return Directory.of(
            (
                Person(
                    person_id=row["person_id"],
                    name=row["name"],
                    email=row["email"],
                    job_title=row["job_title"],
                    department_id=row["department_id"],
                    status=PersonStatus(row["status"]),
                    subordination=Subordination(row["subordination"]),
                    supervisor_id=row["supervisor_id"],
                    manages_departments=from_json(row["manages"], tuple[str, ...]),
                )
                for row in people
            ),
            (
                Department(
                    department_id=row["department_id"],
                    name=row["name"],
                    parent_id=row["parent_id"],
                    subordination=Subordination(row["subordination"]),
                    supervisor_id=row["supervisor_id"],
                )
                for row in departments
            ),
            erased_people(self._connection),
        )

    def directory_at(self) -> datetime | None:
        return self._state.moment("directory_at")

    def observers_since(self, since: datetime) -> Collection[str]:
        """Ids of the active people who observed a session completed since then."""
        # From people to sessions: one step in an index each, however many sessions there are.
        rows = self._connection.execute(
            "SELECT person_id FROM people WHERE status = ? AND EXISTS"
            " (SELECT 1 FROM sessions WHERE observer_id = people.person_id AND finished_at >= ?)",
            (PersonStatus.ACTIVE, to_ms(since)),
        )
        return frozenset(row["person_id"] for row in rows)

    # ---- Slack -----------------------------------------------------------------------------------------------------

    def save_slack_user(self, user: SlackUser, now: datetime) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO slack_users (user_id, email, zone, is_full_member, not_allowed_reason, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (user.user_id, user.email, user.zone, user.is_full_member, user.not_allowed_reason, to_ms(now)),
        )
        self._connection.execute("DELETE FROM email_misses WHERE email = ?", (user.email,))

    def slack_user(self, user_id: str) -> tuple[SlackUser, datetime] | None:
        """As last seen, and when."""
        row = self._connection.execute("SELECT * FROM slack_users WHERE user_id = ?", (user_id,)).fetchone()
        return (_slack_user(row), from_ms(row["seen_at"])) if row else None

    def slack_users_with(self, email: str) -> Sequence[SlackUser]:
        rows = self._connection.execute("SELECT * FROM slack_users WHERE email = ? ORDER BY user_id", (email.lower(),))
        return [_slack_user(row) for row in rows]

    def note_no_slack_user(self, email: str, now: datetime) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO email_misses (email, at) VALUES (?, ?)", (email.lower(), to_ms(now))
        )

    def no_slack_user_since(self, email: str) -> datetime | None:
        found = value_of(self._connection, "SELECT at FROM email_misses WHERE email = ?", (email.lower(),))
        return from_ms_or_none(found)

    # ---- ties ------------------------------------------------------------------------------------------------------

    def link(self, slack_user_id: str, person_id: str, by: str, email: str | None, now: datetime) -> None:
        # Whom either was tied to before gives way: a person has one account, an account one person.
        self._connection.execute(
            "INSERT OR REPLACE INTO links (slack_user_id, person_id, by, email, at) VALUES (?, ?, ?, ?, ?)",
            (slack_user_id, person_id, by, email, to_ms(now)),
        )
        if by != BY_EMAIL:  # an admin's word ends every earlier doubt
            self._connection.execute("DELETE FROM link_blocks WHERE slack_user_id = ?", (slack_user_id,))

    def unlink(self, slack_user_id: str) -> None:
        self._connection.execute("DELETE FROM links WHERE slack_user_id = ?", (slack_user_id,))

    def linked_person(self, slack_user_id: str) -> str | None:
        person_id: str | None = value_of(
            self._connection,
            f"SELECT links.person_id {_MATCHED} WHERE links.slack_user_id = ? AND {_NOT_SUSPENDED}",
            (slack_user_id,),
        )
        return person_id

    def linked_user(self, person_id: str) -> str | None:
        slack_user_id: str | None = value_of(
            self._connection,
            f"SELECT links.slack_user_id {_MATCHED} WHERE links.person_id = ? AND {_NOT_SUSPENDED}",
            (person_id,),
        )
        return slack_user_id

    def links(self) -> Sequence[Link]:
        """Every link, by Slack user id; those that rest because an address changed too."""
        return [_link(row) for row in self._connection.execute("SELECT * FROM links ORDER BY slack_user_id")]

    def link_of(self, slack_user_id: str) -> Link | None:
        row = self._connection.execute("SELECT * FROM links WHERE slack_user_id = ?", (slack_user_id,)).fetchone()
        return _link(row) if row else None

    def link_to(self, person_id: str) -> Link | None:
        row = self._connection.execute("SELECT * FROM links WHERE person_id = ?", (person_id,)).fetchone()
        return _link(row) if row else None

    def block_link(self, slack_user_id: str, by: str, now: datetime) -> None:
        """Ends an account's link, and ties it to nobody by e-mail until an admin links it again."""
        self.unlink(slack_user_id)
        self._connection.execute(
            "INSERT OR REPLACE INTO link_blocks (slack_user_id, by, at) VALUES (?, ?, ?)",
            (slack_user_id, by, to_ms(now)),
        )

    def link_blocked_by(self, slack_user_id: str) -> str | None:
        """Who said that an account's e-mail address ties it to nobody, None where nobody did."""
        by: str | None = value_of(
            self._connection, "SELECT by FROM link_blocks WHERE slack_user_id = ?", (slack_user_id,)
        )
        return by

    def preferences(self, slack_user_id: str) -> Preferences:
        row = self._connection.execute(
            "SELECT as_observer, as_employee FROM preferences WHERE slack_user_id = ?", (slack_user_id,)
        ).fetchone()
        return Preferences(_choice(row["as_observer"]), _choice(row["as_employee"])) if row else Preferences()

    def set_preferences(self, slack_user_id: str, preferences: Preferences) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO preferences (slack_user_id, as_observer, as_employee) VALUES (?, ?, ?)",
            (slack_user_id, preferences.as_observer, preferences.as_employee),
        )


# A tie made by e-mail rests while either of the two has another address than when it was made.
_MATCHED = (
    "FROM links LEFT JOIN slack_users ON slack_users.user_id = links.slack_user_id"
    " LEFT JOIN people ON people.person_id = links.person_id"
)
_NOT_SUSPENDED = (
    "(links.email IS NULL OR ((slack_users.user_id IS NULL OR slack_users.email IS links.email)"
    " AND (people.person_id IS NULL OR people.email IS links.email)))"
)


def _choice(text: str | None) -> DirectMessages | None:
    return None if text is None else DirectMessages(text)


def _link(row: sqlite3.Row) -> Link:
    return Link(
        slack_user_id=row["slack_user_id"],
        person_id=row["person_id"],
        by=row["by"],
        email=row["email"],
        at=from_ms(row["at"]),
    )


def _slack_user(row: sqlite3.Row) -> SlackUser:
    return SlackUser(
        user_id=row["user_id"],
        email=row["email"],
        zone=row["zone"],
        is_full_member=bool(row["is_full_member"]),
        not_allowed_reason=row["not_allowed_reason"],
    )

"""iSpring's people and departments, Slack's users, and the links between them."""

import gc
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlite_utils.db import Table

from bot.domain.directory import Directory
from bot.domain.directory_readings import DirectoryAges, Shortened
from bot.domain.staff import Department, Person, PersonStatus, Supervision
from bot.domain.viewers import BY_EMAIL, Link, Preferences, SlackUser
from bot.query.parser import Query, mentioned
from bot.store.columns import (
    State,
    column_names,
    from_json,
    from_ms,
    from_ms_or_none,
    from_row,
    table,
    to_json,
    to_ms,
    to_row,
    to_values,
    upsert,
    value_of,
)
from bot.store.redaction import erased_people

# The whole company at once: plain statements, because sqlite-utils takes three times as long for 50,000 people.
_UPSERT_PERSON = upsert("people", column_names(Person), "person_id")
_UPSERT_DEPARTMENT = upsert("departments", column_names(Department), "department_id")

MANY = 2_000  # people, from which on a look through all of them is felt


class KeptDirectory:
    """The directory last read, shared by all threads of a process. One tuple, replaced whole, needs no lock."""

    def __init__(self) -> None:
        self.version_and_value: tuple[int, Directory] = (0, Directory())


class People:
    """iSpring's people and departments, Slack's users, and the links between them."""

    def __init__(self, connection: sqlite3.Connection, kept: KeptDirectory) -> None:
        self._connection = connection
        self._state = State(connection)
        self._kept = kept
        self._replaced = False

    def _table(self, name: str) -> Table:
        return table(self._connection, name)

    # ---- iSpring ---------------------------------------------------------------------------------------------------

    def replace_directory(self, people: Sequence[Person], departments: Sequence[Department], now: datetime) -> None:
        """Stores whole readings of both in place of the ones before."""
        self.replace_people(people, now)
        self.replace_departments(departments, now)

    def replace_people(self, people: Sequence[Person], now: datetime) -> None:
        """Stores a whole reading of iSpring's people in place of the one before, without those who were erased."""
        erased = erased_people(self._connection)
        self._table("people").delete_where()
        # Upserts: a page that iSpring repeats must not stop the others.
        self._connection.executemany(_UPSERT_PERSON, (to_values(one) for one in people if one.person_id not in erased))
        self._note_reading("directory_at", now)

    def replace_departments(self, departments: Sequence[Department], now: datetime) -> None:
        """Stores a whole reading of iSpring's departments in place of the one before."""
        self._table("departments").delete_where()
        self._connection.executemany(_UPSERT_DEPARTMENT, (to_values(one) for one in departments))
        self._note_reading("departments_at", now)

    def _note_reading(self, name: str, now: datetime) -> None:
        self._state.set(name, to_ms(now))
        self._raise_version()

    def _raise_version(self) -> None:
        self._replaced = True
        self._state.set("directory_version", self.directory_version() + 1)

    def supervision(self) -> Supervision:
        """How supervision is read, as the last process that led stored it."""
        return Supervision(self._state.get("supervision") or Supervision.CHAIN)

    def set_supervision(self, supervision: Supervision) -> None:
        self._state.set("supervision", supervision.value)
        self._raise_version()

    def directory_version(self) -> int:
        """Rises with everything that changes the directory: a reading of people or departments, another SUPERVISION."""
        version: int = self._state.get("directory_version") or 0
        return version

    def shortened(self, part: str) -> Shortened | None:
        """The last reading of "people" or "departments" if it was too short to be believed, else None."""
        text = self._state.get(f"{part}_shortened")
        return None if text is None else from_json(text, Shortened)

    def note_shortened(self, part: str, shortened: Shortened | None) -> None:
        self._state.set(f"{part}_shortened", None if shortened is None else to_json(shortened))

    def directory(self) -> Directory:
        """Everyone iSpring knows; kept in memory and read again only when it changed."""
        version = self.directory_version()
        kept_version, kept = self._kept.version_and_value
        if version == kept_version and not self._replaced:
            return kept
        directory = Directory.of(
            (from_row(Person, row) for row in self._connection.execute("SELECT * FROM people")),
            (from_row(Department, row) for row in self._connection.execute("SELECT * FROM departments")),
            erased_people(self._connection),
            people_read=self.directory_at() is not None,
            departments_read=self.departments_at() is not None,
            supervision=self.supervision(),
        )
        if not self._replaced:  # this transaction may be rolled back, and another may use its version
            self._kept.version_and_value = (version, directory)
            if len(directory.people) > MANY:
                _leave_to_reference_counts()
        return directory

    def directory_at(self) -> datetime | None:
        """When iSpring's people were last read, None if never."""
        return self._state.moment("directory_at")

    def departments_at(self) -> datetime | None:
        """When iSpring's departments were last read, None if never."""
        return self._state.moment("departments_at")

    def ages(self) -> DirectoryAges:
        """When each part of iSpring's directory was last read."""
        return DirectoryAges(people=self.directory_at(), departments=self.departments_at())

    def observers_since(self, since: datetime) -> Collection[str]:
        """Ids of the active people who observed a session completed since then."""
        # From people to sessions: one step in an index per person, for any number of sessions.
        rows = self._connection.execute(
            "SELECT person_id FROM people WHERE status = ? AND EXISTS"
            " (SELECT 1 FROM sessions WHERE observer_id = people.person_id AND finished_at >= ?)",
            (PersonStatus.ACTIVE, to_ms(since)),
        )
        return frozenset(row["person_id"] for row in rows)

    # ---- Slack -----------------------------------------------------------------------------------------------------

    def save_slack_user(self, user: SlackUser, asked_at: datetime, doubts: int | None = None) -> bool:
        """Stores what Slack said of a user when it was asked; False, and nothing is stored, if an event doubted them
        since. `doubts`: as read before Slack was asked, None if no event can have come between."""
        sql = "SELECT doubts FROM slack_users WHERE user_id = ?"
        if doubts is not None and (value_of(self._connection, sql, (user.user_id,)) or 0) > doubts:
            return False
        self._table("slack_users").upsert(to_row(user, seen_at=to_ms(asked_at)), pk="user_id")
        self._table("email_misses").delete_where("email = ?", [user.email])
        return True

    def doubt_slack_user(self, user: SlackUser) -> bool:
        """Takes in an event about a user: what it takes away counts at once, what it gives has to be proved by a
        question. Returns whether there is something to prove.

        Until it is proved, the user counts as seen at the epoch, so that Slack is asked before they are needed.
        """
        stored = self.slack_user(user.user_id)
        if stored is None:
            if not user.is_full_member:  # a question may be on its way, and its answer would be older
                nameless = replace(user, email=None)
                self._table("slack_users").upsert(to_row(nameless, seen_at=0, doubts=self._doubt()), pk="user_id")
            return False
        known = stored[0]
        email = user.email or known.email
        if user.is_full_member == known.is_full_member and email == known.email:
            if user.zone != known.zone:
                self._table("slack_users").update(user.user_id, {"zone": user.zone})
            return False
        taken = replace(
            user,
            email=email,
            is_full_member=user.is_full_member and known.is_full_member,
            not_allowed_reason=user.not_allowed_reason or known.not_allowed_reason,
        )
        self._table("slack_users").upsert(to_row(taken, seen_at=0, doubts=self._doubt()), pk="user_id")
        return True

    def doubts(self) -> int:
        """How many events have doubted what was known of users."""
        return self._state.get("slack_user_doubts") or 0

    def _doubt(self) -> int:
        number = self.doubts() + 1
        self._state.set("slack_user_doubts", number)
        return number

    def slack_user(self, user_id: str) -> tuple[SlackUser, datetime] | None:
        """A Slack user as last seen, and when Slack last proved it (the epoch if an event doubts it since); None if
        never."""
        for row in self._table("slack_users").rows_where("user_id = ?", [user_id]):
            return from_row(SlackUser, row), from_ms(row["seen_at"])
        return None

    def to_prove(self, seen_before: datetime, now: datetime, limit: int) -> Sequence[str]:
        """Ids of the users that something depends on, a link or a rule, and that Slack was last asked about before
        then, or by a clock that was ahead; those that an event doubts are first."""
        rows = self._connection.execute(
            "SELECT user_id FROM slack_users WHERE (seen_at < ? OR seen_at > ?)"
            " AND (user_id IN (SELECT slack_user_id FROM links)"
            " OR user_id IN (SELECT owner FROM rules WHERE state <> 'ended')) ORDER BY seen_at, user_id LIMIT ?",
            (to_ms(seen_before), to_ms(now), limit),
        )
        return [row["user_id"] for row in rows]

    def slack_users_with(self, email: str) -> Sequence[SlackUser]:
        """The Slack users with an address, by id."""
        rows = self._table("slack_users").rows_where("email = ?", [email.lower()], order_by="user_id")
        return [from_row(SlackUser, row) for row in rows]

    def note_no_slack_user(self, email: str, now: datetime) -> None:
        self._table("email_misses").upsert({"email": email.lower(), "at": to_ms(now)}, pk="email")

    def no_slack_user_since(self, email: str) -> datetime | None:
        """When Slack last knew no user with an address; None if it was never asked or knew one since."""
        found = value_of(self._connection, "SELECT at FROM email_misses WHERE email = ?", (email.lower(),))
        return from_ms_or_none(found)

    # ---- links -----------------------------------------------------------------------------------------------------

    def link(self, slack_user_id: str, person_id: str, by: str, email: str | None, now: datetime) -> None:
        """Links an account to a person. It replaces the links that either had: each has at most one."""
        self._table("links").delete_where("person_id = ?", [person_id])
        made = Link(slack_user_id=slack_user_id, person_id=person_id, by=by, email=email, at=now)
        self._table("links").upsert(to_row(made), pk="slack_user_id")
        if by != BY_EMAIL:  # an admin's decision ends a block
            self._table("link_blocks").delete_where("slack_user_id = ?", [slack_user_id])

    def unlink(self, slack_user_id: str) -> None:
        self._table("links").delete_where("slack_user_id = ?", [slack_user_id])

    def linked_person(self, slack_user_id: str) -> str | None:
        """The person of an account, None if it has no link or its link is suspended."""
        person_id: str | None = value_of(
            self._connection,
            f"SELECT links.person_id {MATCHED} WHERE links.slack_user_id = ? AND {NOT_SUSPENDED}",
            (slack_user_id,),
        )
        return person_id

    def linked_user(self, person_id: str) -> str | None:
        """The account of a person, None if there is no link or it is suspended."""
        slack_user_id: str | None = value_of(
            self._connection,
            f"SELECT links.slack_user_id {MATCHED} WHERE links.person_id = ? AND {NOT_SUSPENDED}",
            (person_id,),
        )
        return slack_user_id

    def mentions_in(self, *queries: Query) -> Mapping[str, str]:
        """The person of each account that queries mention, by Slack user id; none for one without a link."""
        users = frozenset[str]().union(*map(mentioned, queries))
        return {user: person for user in users if (person := self.linked_person(user)) is not None}

    def links(self) -> Sequence[Link]:
        """Every link, by Slack user id, the suspended ones included."""
        return [from_row(Link, row) for row in self._table("links").rows_where(order_by="slack_user_id")]

    def link_of(self, slack_user_id: str) -> Link | None:
        """The link of an account, suspended or not."""
        return self._link("slack_user_id = ?", slack_user_id)

    def link_to(self, person_id: str) -> Link | None:
        """The link to a person, suspended or not."""
        return self._link("person_id = ?", person_id)

    def _link(self, where: str, value: str) -> Link | None:
        return next((from_row(Link, row) for row in self._table("links").rows_where(where, [value])), None)

    def block_link(self, slack_user_id: str, by: str, now: datetime) -> None:
        """Ends an account's link; its e-mail address links it to no person until an admin links it again."""
        self.unlink(slack_user_id)
        self._table("link_blocks").upsert(
            {"slack_user_id": slack_user_id, "by": by, "at": to_ms(now)}, pk="slack_user_id"
        )

    def link_blocked_by(self, slack_user_id: str) -> str | None:
        """The Slack user who blocked the link of an account by e-mail, None if it is not blocked."""
        by: str | None = value_of(
            self._connection, "SELECT by FROM link_blocks WHERE slack_user_id = ?", (slack_user_id,)
        )
        return by

    def preferences(self, slack_user_id: str) -> Preferences:
        rows = self._table("preferences").rows_where("slack_user_id = ?", [slack_user_id])
        return next((from_row(Preferences, row) for row in rows), Preferences())

    def set_preferences(self, slack_user_id: str, preferences: Preferences) -> None:
        self._table("preferences").upsert(to_row(preferences, slack_user_id=slack_user_id), pk="slack_user_id")


def _leave_to_reference_counts() -> None:
    """Takes what is in memory out of the garbage collector's rounds: looking through 50,000 people, who stay for hours,
    takes 70 ms of one answer in ten. What became garbage since the last time is collected first."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


# A link made by e-mail is suspended while either side has another address than when it was made.
MATCHED = (
    "FROM links LEFT JOIN slack_users ON slack_users.user_id = links.slack_user_id"
    " LEFT JOIN people ON people.person_id = links.person_id"
)
NOT_SUSPENDED = (
    "(links.email IS NULL OR ((slack_users.user_id IS NULL OR slack_users.email = links.email)"
    " AND (people.person_id IS NULL OR people.email = links.email)))"
)

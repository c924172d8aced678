"""What is stored of the Slack accounts of many people, read at once: one question for each of 4,000 people would take
0.3 s."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.viewers import Link, Preferences, SlackUser
from bot.store.columns import from_row, listed
from bot.store.people import MATCHED, NOT_SUSPENDED
from bot.store.sqlite import IN_LIST

_ADDRESSES = f"(SELECT lower(email) FROM people WHERE person_id {IN_LIST})"
_LINKED = f"(SELECT slack_user_id FROM links WHERE person_id {IN_LIST})"


@dataclass(frozen=True, slots=True)
class KnownAccounts:
    """Of some people. `links` by person, the suspended ones included; `linked`: the people whose link is not suspended;
    `users` by id; `with_address`: accounts by e-mail address, by id; `missed`: the addresses that Slack knew no account
    for; `blocked`: accounts whose link an admin ended; `preferences` by account, none where they chose nothing."""

    links: Mapping[str, Link]
    linked: Collection[str]
    users: Mapping[str, SlackUser]
    with_address: Mapping[str, Sequence[SlackUser]]
    missed: Collection[str]
    blocked: Collection[str]
    preferences: Mapping[str, Preferences]


class Accounts:
    """Reads what is stored of people's Slack accounts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, people: Collection[str]) -> KnownAccounts:
        """What is stored of the accounts of these people, and of all that have the address of one of them."""
        ids = listed(people)

        def rows(sql: str, lists: int = 1) -> Sequence[sqlite3.Row]:
            return self._connection.execute(sql, [ids] * lists).fetchall()

        users = [
            from_row(SlackUser, row)
            for row in rows(
                f"SELECT * FROM slack_users WHERE user_id IN {_LINKED} OR email IN {_ADDRESSES} ORDER BY user_id", 2
            )
        ]
        with_address: dict[str, list[SlackUser]] = {}
        for user in users:
            if user.email:
                with_address.setdefault(user.email, []).append(user)
        links = (from_row(Link, row) for row in rows(f"SELECT * FROM links WHERE person_id {IN_LIST}"))
        linked = rows(f"SELECT links.person_id {MATCHED} WHERE links.person_id {IN_LIST} AND {NOT_SUSPENDED}")
        chosen = rows(f"SELECT * FROM preferences WHERE slack_user_id IN {_LINKED}")
        return KnownAccounts(
            links={one.person_id: one for one in links},
            linked=frozenset(person_id for (person_id,) in linked),
            users={user.user_id: user for user in users},
            with_address=with_address,
            missed=frozenset(email for (email,) in rows(f"SELECT email FROM email_misses WHERE email IN {_ADDRESSES}")),
            blocked=frozenset(user_id for (user_id,) in rows("SELECT slack_user_id FROM link_blocks", 0)),
            preferences={row["slack_user_id"]: from_row(Preferences, row) for row in chosen},
        )

"""The Slack accounts of many people at once: the same as asking for one person after the other."""

from dataclasses import replace

from bot.domain.staff import Person
from bot.domain.viewers import BY_EMAIL, DirectMessages, Preferences, SlackUser
from bot.store.database import Store, Tx
from tests.store.given import NOON

PEOPLE = [Person(person_id=f"p{n}", name=f"Ana {n}", email=f"p{n}@example.org") for n in range(7)]
PEOPLE.append(Person(person_id="p7", name="Ana 7", email=None))


def user_of(person: int, user_id: str) -> SlackUser:
    return SlackUser(user_id=user_id, email=f"p{person}@example.org", zone="Europe/Berlin", is_full_member=True)


def given(tx: Tx) -> None:
    """p0 linked, p1 linked and suspended, p2 with two accounts, p3 with a blocked one, p4 unknown to Slack, p5 linked
    by an admin to an account that chose its messages, p6 never asked for, p7 without an address."""
    tx.people.replace_directory(PEOPLE, [], NOON)
    tx.people.note_no_slack_user("P4@example.org", NOON)
    for user in (
        user_of(0, "U0"), user_of(1, "U1"), user_of(2, "U2A"), user_of(2, "U2B"), user_of(3, "U3"),
        replace(user_of(5, "U5"), email="elsewhere@example.org"),
    ):  # fmt: skip
        tx.people.save_slack_user(user, NOON)
    tx.people.link("U0", "p0", BY_EMAIL, "p0@example.org", NOON)
    tx.people.link("U1", "p1", BY_EMAIL, "p1@example.org", NOON)
    tx.people.save_slack_user(replace(user_of(1, "U1"), email="new@example.org"), NOON)
    tx.people.block_link("U3", "UADMIN", NOON)
    tx.people.link("U5", "p5", "UADMIN", None, NOON)
    tx.people.set_preferences("U5", Preferences(as_observer=DirectMessages.BELOW))


async def test_many_at_once_are_known_as_one_by_one(db: Store) -> None:
    await db.transact(given)

    def compared(tx: Tx) -> None:
        known = tx.accounts.of([one.person_id for one in PEOPLE])
        assert known.linked == {"p0", "p5"} and known.blocked == {"U3"} and known.missed == {"p4@example.org"}
        for person in PEOPLE:
            link, linked = tx.people.link_to(person.person_id), tx.people.linked_user(person.person_id)
            assert known.links.get(person.person_id) == link
            assert (person.person_id in known.linked) == (linked is not None)
            if link is not None:
                seen = tx.people.slack_user(link.slack_user_id)
                assert seen is not None and known.users[link.slack_user_id] == seen[0]
                chosen = tx.people.preferences(link.slack_user_id)
                assert known.preferences.get(link.slack_user_id, Preferences()) == chosen
            if person.email is not None:
                assert [*known.with_address.get(person.email, ())] == [*tx.people.slack_users_with(person.email)]
                assert (person.email in known.missed) == (tx.people.no_slack_user_since(person.email) is not None)

    await db.read(compared)


async def test_only_those_asked_for_are_read(db: Store) -> None:
    await db.transact(given)
    known = await db.read(lambda tx: tx.accounts.of(["p0"]))
    assert (set(known.links), set(known.users), known.missed) == ({"p0"}, {"U0"}, frozenset())

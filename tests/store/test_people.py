"""People, places, Slack's users and their ties."""

from dataclasses import replace

from bot.domain.directory import Directory
from bot.domain.staff import Department, Person, PersonStatus, Subordination
from bot.domain.viewers import DirectMessages, Preferences, SlackUser
from bot.store.database import Store, Tx
from tests.store.given import NOON, minutes

ANA = Person(
    person_id="ana",
    name="Ana",
    email="ana@example.org",
    job_title="Shift lead",
    department_id="d1",
    status=PersonStatus.LEFT,
    subordination=Subordination.MANUAL,
    supervisor_id="bob",
    manages_departments=("d1", "d2"),
)
SHOP = Department(
    department_id="d1", name="Store 12", parent_id="root", subordination=Subordination.NONE, supervisor_id="bob"
)
USER = SlackUser(user_id="U1", email="ana@example.org", zone="Europe/Berlin", is_full_member=True)


async def test_people_and_places_come_back_as_they_went_in(db: Store) -> None:
    await db.transact(lambda tx: tx.people.replace_directory([ANA], [SHOP], NOON))
    directory = await db.read(lambda tx: tx.people.directory())
    assert directory == Directory.of([ANA], [SHOP])
    assert await db.read(lambda tx: tx.people.directory_at()) == NOON


async def test_the_directory_is_read_again_only_when_it_changed(db: Store) -> None:
    await db.transact(lambda tx: tx.people.replace_directory([ANA], [], NOON))
    first, again = [await db.read(lambda tx: tx.people.directory()) for _ in range(2)]
    assert first is again
    await db.transact(lambda tx: tx.people.replace_directory([replace(ANA, name="Anna")], [SHOP], NOON))
    assert (await db.read(lambda tx: tx.people.directory())).name_of("ana") == "Anna"


async def test_a_directory_that_was_rolled_back_is_not_remembered(db: Store) -> None:
    def fails(tx: Tx) -> None:
        tx.people.replace_directory([replace(ANA, name="Ghost")], [], NOON)
        assert tx.people.directory().name_of("ana") == "Ghost"
        raise LookupError

    for _ in range(2):
        try:
            await db.transact(fails)
        except LookupError:
            await db.transact(lambda tx: tx.people.replace_directory([ANA], [], NOON))
        assert (await db.read(lambda tx: tx.people.directory())).name_of("ana") == "Ana"


async def test_slack_users_are_known_by_id_and_by_address(db: Store) -> None:
    shared = replace(USER, user_id="U2")
    await db.transact(lambda tx: tx.people.save_slack_user(USER, NOON))
    await db.transact(lambda tx: tx.people.save_slack_user(shared, NOON + minutes(1)))
    assert await db.read(lambda tx: tx.people.slack_user("U1")) == (USER, NOON)
    assert await db.read(lambda tx: tx.people.slack_user("U9")) is None
    assert await db.read(lambda tx: tx.people.slack_users_with("ANA@example.org")) == [USER, shared]


async def test_that_slack_knows_nobody_is_remembered_until_somebody_comes(db: Store) -> None:
    await db.transact(lambda tx: tx.people.note_no_slack_user("Ana@example.org", NOON))
    assert await db.read(lambda tx: tx.people.no_slack_user_since("ana@example.org")) == NOON
    await db.transact(lambda tx: tx.people.save_slack_user(USER, NOON))
    assert await db.read(lambda tx: tx.people.no_slack_user_since("ana@example.org")) is None


async def ties(db: Store) -> tuple[str | None, str | None]:
    return await db.read(lambda tx: (tx.people.linked_person("U1"), tx.people.linked_user("ana")))


async def test_a_link_holds_both_ways_until_it_is_cut(db: Store) -> None:
    await db.transact(lambda tx: tx.people.link("U1", "ana", "UADMIN", None, NOON))
    assert await ties(db) == ("ana", "U1")
    assert [(one.slack_user_id, one.person_id, one.by) for one in await db.read(lambda tx: tx.people.links())] == [
        ("U1", "ana", "UADMIN")
    ]
    await db.transact(lambda tx: tx.people.unlink("U1"))
    assert await ties(db) == (None, None)


async def test_a_person_is_tied_to_one_account(db: Store) -> None:
    await db.transact(lambda tx: tx.people.link("U1", "ana", "UADMIN", None, NOON))
    await db.transact(lambda tx: tx.people.link("U2", "ana", "UADMIN", None, NOON))
    assert [(one.slack_user_id, one.person_id, one.by) for one in await db.read(lambda tx: tx.people.links())] == [
        ("U2", "ana", "UADMIN")
    ]


async def test_a_link_by_address_is_suspended_while_either_address_differs(db: Store) -> None:
    def tied(tx: Tx) -> None:
        tx.people.replace_directory([ANA], [], NOON)
        tx.people.save_slack_user(USER, NOON)
        tx.people.link("U1", "ana", "e-mail", "ana@example.org", NOON)

    await db.transact(tied)
    assert await ties(db) == ("ana", "U1")
    await db.transact(lambda tx: tx.people.save_slack_user(replace(USER, email="other@example.org"), NOON))
    assert await ties(db) == (None, None)
    await db.transact(lambda tx: tx.people.save_slack_user(USER, NOON))
    await db.transact(lambda tx: tx.people.replace_directory([replace(ANA, email=None)], [], NOON))
    assert await ties(db) == (None, None)
    await db.transact(lambda tx: tx.people.replace_directory([ANA], [], NOON))
    assert await ties(db) == ("ana", "U1")


async def test_preferences_are_the_defaults_until_somebody_has_their_own(db: Store) -> None:
    assert await db.read(lambda tx: tx.people.preferences("U1")) == Preferences()
    own = Preferences(as_observer=DirectMessages.BELOW)
    await db.transact(lambda tx: tx.people.set_preferences("U1", own))
    assert await db.read(lambda tx: tx.people.preferences("U1")) == own

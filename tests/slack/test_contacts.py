"""Who is who between Slack and iSpring, over a real store and the Slack stand-in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack import SlackStandIn, User, faults
from bot.demo.slack.wire import user_json
from bot.domain.delivery import DestinationGone, NotSent, Throttled
from bot.domain.errors import Remedy
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import scope_of
from bot.domain.ports import Contacts, NoSlackUser
from bot.domain.staff import Person, PersonStatus
from bot.jobs.rule_owners import ask_about
from bot.services.owners import OwnerRights
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store
from tests.clock import FakeClock
from tests.demo.slack_room import ANA, BEN, GUEST, SHOP, stand_in
from tests.environment import database, messenger_of

pytestmark = pytest.mark.virtual_time

PEOPLE = (
    Person(person_id="ana", name="Ana Silva", email="ana@bakery.example"),
    Person(person_id="ben", name="Ben Ito", email="ben@bakery.example"),
    Person(person_id="guy", name="Guy Guest", email="g@x.example"),
    Person(person_id="shop1", name="Till One", email="till@bakery.example"),
    Person(person_id="shop2", name="Till Two", email="till@bakery.example"),
    Person(person_id="mute", name="No Mail"),
    Person(person_id="alone", name="Not In Slack", email="alone@bakery.example"),
)


class Town:
    """Slack, iSpring's people in a store, and a clock that is moved by hand."""

    def __init__(self, slack: SlackStandIn, store: Store, messenger: SlackMessenger, clock: FakeClock) -> None:
        self.slack, self.store, self.messenger, self.clock = slack, store, messenger, clock
        self.contacts = SlackContacts(messenger, store, clock, frozenset({ANA, GUEST}))

    async def settle(self, *people: Person) -> None:
        await self.store.transact(lambda tx: tx.people.replace_directory(people, (), self.clock.now()))

    def asked(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    clock = FakeClock()
    slack = stand_in(clock, time_scale=0.01)
    async with database(tmp_path, clock) as store, messenger_of(slack, clock, timeout=1.0) as messenger:
        town = Town(slack, store, messenger, clock)
        await town.settle(*PEOPLE)
        yield town


def test_it_fulfils_the_port(town: Town) -> None:
    port: Contacts = town.contacts
    assert port is town.contacts


async def test_somebody_is_asked_about_once_a_day(town: Town) -> None:
    for _ in range(3):
        assert (await town.contacts.user(ANA)).email == "ana@bakery.example"
    assert town.asked("users.info") == 1
    town.clock.advance(timedelta(hours=25))
    await town.contacts.user(ANA)
    assert town.asked("users.info") == 2


async def test_what_was_known_serves_for_a_day_and_then_has_to_be_proved(town: Town) -> None:
    await town.contacts.viewer(ANA)
    town.slack.faults.order("users.info", "error_before", times=2)
    town.clock.advance(timedelta(hours=23))
    assert (await town.contacts.viewer(ANA)).person_id == "ana"
    town.clock.advance(timedelta(hours=2))
    viewer = await town.contacts.viewer(ANA)
    assert (viewer.is_admin, viewer.person_id) == (False, None) and "just now" in viewer.reason
    town.slack.faults.clear()
    assert (await town.contacts.viewer(ANA)).person_id == "ana"


@pytest.mark.promise("rights_by_event")
@pytest.mark.parametrize("change", [{"is_restricted": True}, {"is_ultra_restricted": True}, {"deleted": True}])
async def test_what_an_event_takes_away_counts_at_once_and_until_slack_says_otherwise(
    town: Town, change: dict[str, bool]
) -> None:
    await town.contacts.viewer(ANA)
    town.slack.faults.order("users.info", "error_before", times=3)
    described = user_json(town.slack.workspace.users[ANA], town.clock.now(), with_email=True) | change
    assert await town.contacts.doubt(described)
    assert await town.contacts.known_viewer(ANA) is None
    viewer = await town.contacts.viewer(ANA)
    assert (viewer.is_admin, viewer.person_id) == (False, None)
    stored = await town.store.read(lambda tx: tx.people.slack_user(ANA))
    assert stored is not None and not stored[0].is_full_member
    town.slack.faults.clear()
    assert (await town.contacts.viewer(ANA)).person_id == "ana", "the event was late: Slack says it is over"


@pytest.mark.promise("rights_by_event")
async def test_an_answer_to_a_question_asked_before_an_event_is_not_believed(town: Town) -> None:
    await town.contacts.viewer(ANA)
    town.clock.advance(timedelta(hours=25))
    ana = town.slack.workspace.users[ANA]
    town.slack.faults.delay = 30.0
    asking = asyncio.create_task(town.contacts.user(ANA))
    await asyncio.sleep(0.1)
    ana.is_restricted = True
    await town.contacts.doubt(user_json(ana, town.clock.now(), with_email=True))
    await asyncio.gather(asking, return_exceptions=True)
    stored = await town.store.read(lambda tx: tx.people.slack_user(ANA))
    assert stored is not None and not stored[0].is_full_member


async def test_an_event_that_changes_no_right_asks_slack_nothing(town: Town) -> None:
    await town.contacts.viewer(ANA)
    asked = town.asked("users.info")
    described = user_json(town.slack.workspace.users[ANA], town.clock.now(), with_email=True)
    assert not await town.contacts.doubt(described | {"tz": "Asia/Tokyo"})
    assert (await town.contacts.viewer(ANA)).zone == "Asia/Tokyo" and town.asked("users.info") == asked


@pytest.mark.parametrize(
    ("described", "is_member"),
    [
        ({"enterprise_user": {"id": "W1", "enterprise_id": "E0ORG", "teams": ["T0OTHER", "T0SPOTTER"]}}, True),
        ({"team_id": "E0ORG", "enterprise_user": {"enterprise_id": "E0ORG", "teams": ["T0SPOTTER"]}}, True),
        ({"team_id": "T0SPOTTER", "enterprise_user": {"enterprise_id": "E0ORG", "teams": ["T0SPOTTER"]}}, True),
        ({"enterprise_user": {"enterprise_id": "E0ORG", "teams": ["T0OTHER"]}}, False),
        ({"enterprise_user": {"enterprise_id": "E0STRANGE", "teams": ["T0SPOTTER"]}}, False),
        ({"enterprise_id": "E0STRANGE", "team_id": "T0SPOTTER"}, False),
        ({"team_id": "E0ORG", "enterprise_user": {"enterprise_id": "E0ORG"}}, False),
        ({"team_id": "T0PARTNER", "enterprise_user": {"enterprise_id": "E0ORG", "teams": ["T0SPOTTER"]}}, False),
        ({"team_id": "T0SPOTTER", "is_stranger": True}, False),
        ({"team_id": "T0SPOTTER", "is_workflow_bot": True}, False),
        ({"team_id": "T0PARTNER"}, False),
        ({}, False),
        ({"team_id": "T0SPOTTER"}, True),
    ],
)
async def test_members_of_an_organisation_are_those_of_our_workspace(
    town: Town, described: dict[str, object], is_member: bool
) -> None:
    town.slack.workspace.team.enterprise_id = "E0ORG"
    await town.messenger.identify()
    user = town.messenger.described({"id": "U1", "profile": {"email": "a@b.example"}, **described})
    assert user.is_full_member is is_member


async def test_a_hundred_presses_read_a_channels_members_once_and_who_leaves_is_out_at_once(town: Town) -> None:
    channel = town.slack.workspace.channels[SHOP]
    channel.members += [f"U{number:06}" for number in range(20_100)]
    assert all(await asyncio.gather(*(town.contacts.is_in(SHOP, f"U{number:06}") for number in range(100))))
    assert town.asked("conversations.members") == 21
    assert await town.contacts.is_in(SHOP, "U020099")
    town.contacts.left(SHOP, "U000007")
    assert not await town.contacts.is_in(SHOP, "U000007")
    assert town.asked("conversations.members") == 21


async def test_a_caller_that_gives_up_cancels_no_reading(town: Town) -> None:
    town.slack.faults.delay = 50.0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await town.contacts.is_in(SHOP, ANA)
    assert await town.contacts.is_in(SHOP, ANA)
    assert town.asked("conversations.members") == 1


async def test_who_was_described_by_a_clock_that_was_ahead_is_asked_about_again(town: Town) -> None:
    town.clock.advance(timedelta(days=30))
    await town.settle(*PEOPLE)
    assert (await town.contacts.viewer(BEN)).person_id == "ben"
    town.slack.workspace.users[BEN].deleted = True
    town.clock.advance(-timedelta(days=30))
    now = town.clock.now()
    assert await town.store.read(lambda tx: tx.people.to_prove(now - timedelta(hours=12), now, 10)) == [BEN]
    owner = await town.store.read(lambda tx: OwnerRights(frozenset(), now).of(tx, BEN))
    assert not owner.proof.identity
    assert await town.contacts.known_viewer(BEN) is None
    assert (await town.contacts.viewer(BEN)).person_id is None


async def test_a_viewer_is_linked_by_email_and_the_link_is_kept(town: Town) -> None:
    viewer = await town.contacts.viewer(BEN)
    assert (viewer.person_id, viewer.is_admin, viewer.zone) == ("ben", False, "Asia/Tokyo")
    assert await town.store.read(lambda tx: tx.people.linked_user("ben")) == BEN


async def test_admins_are_those_named_and_never_a_guest(town: Town) -> None:
    assert (await town.contacts.viewer(ANA)).is_admin
    guest = await town.contacts.viewer(GUEST)
    assert (guest.is_admin, guest.person_id) == (False, None) and "guest" in guest.reason


async def test_a_link_is_suspended_when_an_address_changes(town: Town) -> None:
    assert (await town.contacts.viewer(BEN)).person_id == "ben"
    await town.settle(
        *(replace(one, email="b.ito@bakery.example") if one.person_id == "ben" else one for one in PEOPLE)
    )
    viewer = await town.contacts.viewer(BEN)
    assert viewer.person_id is None and "no active person" in viewer.reason


async def test_a_link_outlives_a_reading_that_lacks_its_person_and_gives_no_right_meanwhile(town: Town) -> None:
    assert (await town.contacts.viewer(BEN)).person_id == "ben"
    await town.settle(*(one for one in PEOPLE if one.person_id != "ben"))
    viewer = await town.contacts.viewer(BEN)
    directory = await town.store.read(lambda tx: tx.people.directory())
    assert scope_of(viewer, directory).is_empty and "no active person" in viewer.reason
    assert await town.contacts.known_viewer(BEN) == viewer
    assert await town.store.read(lambda tx: tx.people.link_of(BEN)) is not None
    await town.settle(*PEOPLE)
    directory = await town.store.read(lambda tx: tx.people.directory())
    assert not scope_of(await town.contacts.viewer(BEN), directory).is_empty


async def test_a_person_who_left_or_was_erased_keeps_no_link(town: Town) -> None:
    for gone in ("left", "erased"):
        await town.settle(*PEOPLE)
        assert (await town.contacts.viewer(BEN)).person_id == "ben"
        if gone == "erased":
            await town.store.transact(lambda tx: tx.erasure.erase("ben", town.clock.now()))
        await town.settle(
            *(replace(one, status=PersonStatus.LEFT) if one.person_id == "ben" else one for one in PEOPLE)
        )
        assert (await town.contacts.viewer(BEN)).person_id is None, gone
        assert await town.store.read(lambda tx: tx.people.link_of(BEN)) is None, gone


async def test_a_link_is_suspended_while_slack_shows_no_address(town: Town) -> None:
    assert (await town.contacts.viewer(BEN)).person_id == "ben"
    town.slack.workspace.users[BEN].email = None
    town.clock.advance(timedelta(hours=25))
    viewer = await town.contacts.viewer(BEN)
    assert viewer.person_id is None and "does not show" in viewer.reason
    stored = await town.store.read(lambda tx: (tx.people.linked_person(BEN), tx.people.link_of(BEN) is None))
    assert stored == (None, False)


async def test_a_link_ends_when_the_address_becomes_shared(town: Town) -> None:
    assert (await town.contacts.viewer(BEN)).person_id == "ben"
    await town.settle(*PEOPLE, Person(person_id="twin", name="Twin", email="ben@bakery.example"))
    assert (await town.contacts.viewer(BEN)).person_id is None


async def test_a_link_an_admin_confirmed_needs_no_address(town: Town) -> None:
    await town.store.transact(lambda tx: tx.people.link(BEN, "mute", ANA, None, town.clock.now()))
    assert (await town.contacts.viewer(BEN)).person_id == "mute"
    contact = await town.contacts.user_of("mute")
    assert contact.user is not None and contact.user.user_id == BEN


async def test_a_viewer_slack_does_not_know_or_cant_tell_of_gets_a_reason(town: Town) -> None:
    assert "does not know" in (await town.contacts.viewer("U0NOBODY")).reason
    town.slack.faults.order("*", "error_before", times=5)
    assert "just now" in (await town.contacts.viewer(BEN)).reason


@pytest.mark.parametrize(
    ("person_id", "reason"),
    [
        ("guy", "not a full member"),
        ("shop1", "more than one person in iSpring"),
        ("mute", "no e-mail address"),
        ("alone", "no Slack account"),
        ("unknown", "not active"),
    ],
)
async def test_somebody_who_is_nobody_in_slack_has_a_reason(town: Town, person_id: str, reason: str) -> None:
    contact = await town.contacts.user_of(person_id)
    assert contact.user is None and reason in contact.reason


async def test_nobody_is_looked_up_again_for_six_hours(town: Town) -> None:
    for _ in range(3):
        await town.contacts.user_of("alone")
    assert town.asked("users.lookupByEmail") == 1
    town.slack.workspace.add_user(User(id="U0ALONE", name="al", real_name="Al", email="alone@bakery.example"))
    town.clock.advance(timedelta(hours=7))
    contact = await town.contacts.user_of("alone")
    assert contact.user is not None and contact.user.user_id == "U0ALONE"


async def test_a_person_found_once_is_not_looked_up_again(town: Town) -> None:
    for _ in range(3):
        assert (await town.contacts.user_of("ana")).user is not None
    assert town.asked("users.lookupByEmail") == 1
    assert town.asked("users.info") == 0


async def test_somebody_who_left_is_written_to_no_more(town: Town) -> None:
    assert (await town.contacts.user_of("ana")).user is not None
    await town.settle(*(replace(one, status=PersonStatus.LEFT) if one.person_id == "ana" else one for one in PEOPLE))
    assert (await town.contacts.user_of("ana")).user is None


async def test_conversations_are_channels_or_direct_messages(town: Town) -> None:
    conversation = town.contacts.conversation
    assert await conversation(Destination(DestinationKind.CHANNEL, "C1")) == "C1"
    dm = town.slack.direct_message(ANA).id
    assert await conversation(Destination(DestinationKind.USER, ANA)) == dm
    assert await conversation(Destination(DestinationKind.PERSON, "ana")) == dm
    assert isinstance(await conversation(Destination(DestinationKind.PERSON, "alone")), NoSlackUser)
    assert isinstance(await conversation(Destination(DestinationKind.USER, "U0NOBODY")), NoSlackUser)


async def test_a_conversation_that_cant_be_opened_now_is_not_sent(town: Town) -> None:
    person = Destination(DestinationKind.PERSON, "ana")
    town.slack.faults.order("conversations.open", "error_before")
    assert isinstance(await town.contacts.conversation(person), NotSent)
    town.slack.workspace.app.scopes.discard("im:write")
    closed = await town.contacts.conversation(person)
    assert isinstance(closed, DestinationGone) and closed.all_direct
    town.slack.faults.order("conversations.open", faults.rate_limited(9))
    assert await town.contacts.conversation(person) == Throttled(9.0)


async def test_a_revoked_token_makes_a_stranger_of_nobody(town: Town) -> None:
    """Nobody is judged by it: rules go on collecting for their owners while an admin mends the app."""
    assert (await town.contacts.viewer(ANA)).is_admin
    town.clock.advance(timedelta(hours=25))
    town.slack.faults.order("users.info", faults.api_error("token_revoked"), times=2)
    assert await ask_about(town.contacts, {ANA}) == {ANA: None}
    assert (await town.contacts.viewer(ANA)).remedy is Remedy.NONE


async def test_whom_slack_no_longer_knows_is_a_stranger(town: Town) -> None:
    await town.contacts.viewer(ANA)
    town.clock.advance(timedelta(hours=25))
    town.slack.faults.order("users.info", faults.api_error("user_not_found"))
    viewer = await town.contacts.viewer(ANA)
    assert (viewer.is_admin, viewer.person_id) == (False, None)

"""Rights rest on proofs: what can't be proved waits, what is lost is redacted, and nobody loses what is theirs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.directory import Directory
from bot.domain.model import Change, ChangeKind, News, SessionKey
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.outbox import NotificationState
from bot.domain.rules import Rule, RuleState
from bot.domain.staff import Subordination
from bot.domain.viewers import SlackUser
from bot.jobs.identities import Identities
from bot.jobs.rule_owners import BUDGET
from bot.slack.contacts import SlackContacts
from bot.store.database import Tx
from tests.demo.slack_room import ANA, BEN
from tests.domain.build import DIRECTORY
from tests.jobs.outbox_room import SHOP_CHANNEL, Room, room

pytestmark = pytest.mark.virtual_time

BOSS = Destination(DestinationKind.PERSON, "boss")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        yield opened


async def rule_of(world: Room, owner: str) -> Rule:
    now = world.clock.now()
    return await world.store.transact(lambda tx: tx.rules.add(SHOP_CHANNEL, owner, "", RuleState.ACTIVE, now))


async def read_directory(world: Room) -> None:
    """iSpring's people and departments are read; Ben is who manages Store 12."""
    people = [
        replace(one, email="ana@bakery.example") if one.person_id == "ana" else one for one in DIRECTORY.people.values()
    ]
    people = [replace(one, email="ben@bakery.example") if one.person_id == "boss" else one for one in people]
    departments = list(DIRECTORY.departments.values())
    await world.store.transact(lambda tx: tx.people.replace_directory(people, departments, world.clock.now()))


def identities(world: Room) -> Identities:
    contacts = SlackContacts(world.messenger, world.store, world.clock, world.admins)
    return Identities(world.store, contacts, world.clock, admins=world.admins, wake=lambda: None)


async def pass_by(world: Room, hours: float) -> None:
    await world.clock.sleep(hours * 3600)


# ---- identity --------------------------------------------------------------------------------------------------------


@pytest.mark.promise("rights_by_event")
async def test_results_of_an_owner_whom_slack_can_not_name_wait_and_come_later_as_one_card(world: Room) -> None:
    await read_directory(world)
    rule = await rule_of(world, BEN)
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    assert (await contacts.viewer(BEN)).person_id == "boss"
    await pass_by(world, 25)
    await read_directory(world)
    world.slack.faults.order("users.info", "error_before", times=10_000)
    keys = await world.complete_all([40.0, 50.0, 60.0, 70.0, 71.0], rules=(rule.rule_id,))
    await world.deliver().once(limit_seconds=120)
    assert world.texts() == []
    assert {await world.stands(key) for key in keys} == {NotificationState.PENDING}
    operators = await world.complete(rules=(world.rule.rule_id,))
    await world.deliver().once(limit_seconds=120)
    assert len(world.texts()) == 1 and await world.stands(operators) is NotificationState.SENT

    world.slack.faults.clear()
    await identities(world).once()
    await world.send()
    [_, recap] = world.texts()
    assert all(key.session_id[:8] in recap for key in keys)


@pytest.mark.promise("rights_by_event")
async def test_an_owner_whom_an_event_made_a_guest_gets_nothing_until_slack_says_otherwise(world: Room) -> None:
    await read_directory(world)
    rule = await rule_of(world, BEN)
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    await contacts.viewer(BEN)
    world.slack.faults.order("users.info", "error_before", times=10_000)
    await contacts.doubt({"id": BEN, "team_id": "T0SPOTTER", "is_restricted": True})
    key = await world.complete(rules=(rule.rule_id,))
    await world.deliver().once(limit_seconds=120)
    assert world.texts() == [] and await world.stands(key) is NotificationState.PENDING
    world.slack.faults.clear()
    await identities(world).once()
    await world.send()
    assert len(world.texts()) == 1, "Slack, asked again, says that he is none"


async def test_identities_are_proved_again_after_half_a_day_and_one_that_fails_holds_up_no_other(world: Room) -> None:
    await read_directory(world)
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    for user in (ANA, BEN):
        await contacts.viewer(user)
    job, asked = identities(world), world.calls("users.info")
    await job.once()
    assert world.calls("users.info") == asked, "they were proved just now"
    await pass_by(world, 13)
    world.slack.faults.order("users.info", "error_before", times=1)
    await job.once()
    await job.once()
    seen = await world.store.read(lambda tx: {user: tx.people.slack_user(user) for user in (ANA, BEN)})
    fresh = [one for one in seen.values() if one is not None and world.clock.now() - one[1] < timedelta(hours=1)]
    assert len(fresh) == 1 and world.calls("users.info") == asked + 2
    await pass_by(world, 0.1)
    await job.once()
    assert world.calls("users.info") == asked + 3


@pytest.mark.promise("rights_by_event")
async def test_owners_whom_slack_never_names_are_asked_within_one_budget_and_hold_up_no_one_elses_card(
    world: Room,
) -> None:
    await read_directory(world)
    owners = [ANA, *(f"U0LEFT{number}" for number in range(5))]

    def known(tx: Tx) -> None:
        for owner in owners:
            user = SlackUser(user_id=owner, email=None, zone="UTC", is_full_member=True)
            tx.people.save_slack_user(user, world.clock.now() - timedelta(hours=25))

    await world.store.transact(known)
    for owner in owners:
        await rule_of(world, owner)
    world.slack.faults.order("users.info", "hang", times=10_000)
    key = await world.complete(rules=(world.rule.rule_id,))
    began = world.clock.monotonic()
    proving = asyncio.create_task(identities(world).once())
    await world.deliver().once(limit_seconds=BUDGET)
    assert await world.stands(key) is NotificationState.SENT
    await proving
    assert world.clock.monotonic() - began < 2 * BUDGET, "six look-ups that hang, one after the other, take a minute"
    await world.clock.sleep(120)  # until the simulator has dropped the calls that hang


async def test_an_unknown_word_about_a_direct_conversation_is_asked_again_within_minutes(world: Room) -> None:
    await read_directory(world)
    await SlackContacts(world.messenger, world.store, world.clock, frozenset()).viewer(ANA)
    world.slack.faults.order("conversations.open", "some_new_word", times=1)
    key = await world.complete(to=Destination(DestinationKind.PERSON, "ana"))
    await world.deliver().once(limit_seconds=300)
    assert await world.stands(key) is NotificationState.SENT


# ---- iSpring's people ------------------------------------------------------------------------------------------------


@pytest.mark.promise("rights_unproved")
async def test_without_people_for_days_a_managers_results_wait_and_the_operators_go_on(world: Room) -> None:
    await read_directory(world)
    rule = await rule_of(world, BEN)
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    await contacts.viewer(BEN)
    await pass_by(world, 73)
    managed = await world.complete(rules=(rule.rule_id,))
    await world.complete(rules=(world.rule.rule_id,))
    await world.send()
    assert len(world.texts()) == 1
    assert await world.stands(managed) is NotificationState.PENDING
    await read_directory(world)
    await identities(world).once()
    await world.send()
    assert len(world.texts()) == 2


@pytest.mark.promise("rights_unproved")
async def test_without_people_for_days_ones_own_results_still_come(world: Room) -> None:
    await read_directory(world)
    employee, observer = (Destination(DestinationKind.PERSON, one) for one in ("joe", "ana"))
    people = [
        replace(one, email="ben@bakery.example") if one.person_id == "joe" else one for one in DIRECTORY.people.values()
    ]
    people = [replace(one, email="ana@bakery.example") if one.person_id == "ana" else one for one in people]
    await world.store.transact(lambda tx: tx.people.replace_directory(people, (), world.clock.now()))
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    for user in (ANA, BEN):
        await contacts.viewer(user)
    await pass_by(world, 73)
    theirs = await world.complete(to=employee)
    observed = await world.complete(to=observer)
    await world.send()
    assert await world.stands(theirs) is NotificationState.SENT
    assert await world.stands(observed) is NotificationState.PENDING


async def read_without(world: Room, *left_out: str) -> None:
    """A reading of iSpring's people that lacks some, and is believed."""
    await read_directory(world)
    people = [one for one in (await directory_of(world)).people.values() if one.person_id not in left_out]
    await world.store.transact(lambda tx: tx.people.replace_people(people, world.clock.now()))


async def directory_of(world: Room) -> Directory:
    return await world.store.read(lambda tx: tx.people.directory())


@pytest.mark.parametrize("has_account_linked", [False, True])
async def test_a_message_to_somebody_whom_one_reading_lacks_comes_once_they_are_named_again(
    world: Room, has_account_linked: bool
) -> None:
    await read_directory(world)
    if has_account_linked:
        contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
        assert (await contacts.viewer(ANA)).person_id == "ana"
    observer = Destination(DestinationKind.PERSON, "ana")
    await read_without(world, "ana")
    key = await world.complete(to=observer)
    await world.send()
    assert await world.stands(key) is NotificationState.PENDING
    assert world.slack.messages(world.slack.direct_message(ANA).id) == []
    await read_directory(world)
    await pass_by(world, 0.5)
    await world.send()
    assert await world.stands(key) is NotificationState.SENT
    assert len(world.slack.messages(world.slack.direct_message(ANA).id)) == 1


@pytest.mark.parametrize("left_out", ["boss", "joe"])
async def test_a_managers_card_waits_while_one_reading_lacks_them_or_the_employee(world: Room, left_out: str) -> None:
    await read_directory(world)
    rule = await rule_of(world, BEN)
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    await contacts.viewer(BEN)
    await world.store.transact(lambda tx: tx.people.link(BEN, "boss", "U0ADMIN", None, world.clock.now()))
    await read_without(world, left_out)
    key = await world.complete(rules=(rule.rule_id,))
    await world.send()
    assert (world.texts(), await world.stands(key)) == ([], NotificationState.PENDING)
    await read_directory(world)
    await pass_by(world, 0.5)
    await world.send()
    assert (len(world.texts()), await world.stands(key)) == (1, NotificationState.SENT)


async def test_what_waits_for_somebody_whom_ispring_names_no_more_ends_after_a_week(world: Room) -> None:
    await read_without(world, "ana")
    key = await world.complete(to=Destination(DestinationKind.PERSON, "ana"))
    for _ in range(9):
        await pass_by(world, 24)
        await read_without(world, "ana")
        await world.send()
    assert await world.stands(key) is NotificationState.CANCELLED


# ---- departments -----------------------------------------------------------------------------------------------------


@pytest.mark.promise("rights_unproved")
async def test_without_departments_for_days_only_what_rests_on_them_waits(world: Room) -> None:
    """A manager's rule of their departments waits, and so does an inherited supervisor's; a supervisor by hand, the
    observer and the operator go on."""
    await read_directory(world)
    known = await directory_of(world)
    by_hand = {"joe": replace(known.people["joe"], subordination=Subordination.MANUAL, supervisor_id="ana")}
    by_hand["ana"] = known.people["ana"]
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    for user in (ANA, BEN):
        await contacts.viewer(user)
    managers, supervisors = await rule_of(world, BEN), await rule_of(world, ANA)

    async def read_people() -> None:
        people = [by_hand.get(one.person_id, one) for one in known.people.values()]
        await world.store.transact(lambda tx: tx.people.replace_people(people, world.clock.now()))

    for _ in range(10):
        await pass_by(world, 24)
        await read_people()
    await identities(world).once()
    managed = await world.complete(rules=(managers.rule_id,))
    await world.complete(rules=(supervisors.rule_id,))
    await world.complete(rules=(world.rule.rule_id,))
    observed = await world.complete(to=Destination(DestinationKind.PERSON, "ana"))
    await world.send()
    assert len(world.texts()) == 2
    assert await world.stands(observed) is NotificationState.SENT
    assert await world.stands(managed) is NotificationState.PENDING
    await read_directory(world)
    await pass_by(world, 0.5)
    await world.send()
    assert len(world.texts()) == 3


# ---- sessions that another employee has now --------------------------------------------------------------------------


async def give(world: Room, key: SessionKey, employee: str) -> SessionKey:
    """iSpring now lists the session for somebody else."""
    await world.clock.sleep(60)
    now, before = world.clock.now(), await world.session(key)
    other = SessionKey(key.session_id, employee)
    after = replace(before, facts=before.facts._replace(key=other), first_seen_at=now, changed_at=now, version=1)
    change = Change(kind=ChangeKind.COMPLETED, news=News.POST, reason="completed", before=None, after=after)

    def store(tx: Tx) -> None:
        tx.sessions.save(change, bytes(8))
        tx.listings.mark_missing([key], now)
        tx.erasure.take_back_reassigned([key, other], (), now)

    await world.store.transact(store)
    return other


@pytest.mark.promise("reassigned")
async def test_what_was_told_of_a_session_that_another_employee_has_now_is_redacted_everywhere(world: Room) -> None:
    await read_directory(world)
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    await contacts.viewer(ANA)
    key = await world.complete(61.0)
    await world.send()
    direct = world.slack.direct_message(ANA).id
    person = Destination(DestinationKind.PERSON, "ana")
    later = await world.complete(62.0, to=person)
    await world.send()
    unsent = await world.complete(63.0)
    assert "J. Doe" in world.texts()[0] and "J. Doe" in world.texts(direct)[0]
    for one in (key, later, unsent):
        await give(world, one, "kim")
    await world.send()
    assert len(world.texts()) == 1, "what was not sent is cancelled"
    for text in (*world.texts(), *world.texts(direct)):
        assert "J. Doe" not in text and "61" not in text and "62" not in text
    assert world.calls("chat.update") == 2


@pytest.mark.promise("reassigned")
async def test_a_redaction_that_fails_is_tried_again_at_once_although_what_else_the_card_shows_waits(
    world: Room,
) -> None:
    await read_directory(world)
    rule = await rule_of(world, BEN)
    await SlackContacts(world.messenger, world.store, world.clock, frozenset()).viewer(BEN)
    keys = await world.complete_all([40.0, 50.0, 60.0, 70.0, 71.0], rules=(rule.rule_id,))
    await world.send()
    assert "J. Doe" in world.texts()[0]
    await pass_by(world, 73)  # without iSpring's people: what the manager may see is not proved
    await give(world, keys[0], "kim")
    world.slack.faults.order("chat.update", "error_before", times=1)
    await world.deliver().once(limit_seconds=120)
    assert world.calls("chat.update") == 2
    assert "J. Doe" not in world.texts()[0]


@pytest.mark.promise("reassigned")
async def test_a_session_that_is_given_back_is_shown_again(world: Room) -> None:
    key = await world.complete(61.0)
    await world.send()
    other = await give(world, key, "kim")
    await world.send()
    assert "J. Doe" not in world.texts()[0]

    def back(tx: Tx) -> None:
        tx.listings.mark_back([key])
        tx.listings.mark_missing([other], world.clock.now())
        tx.erasure.take_back_reassigned([key, other], [key], world.clock.now())

    await world.store.transact(back)
    await world.send()
    assert "J. Doe" in world.texts()[0]


async def test_one_employee_fewer_in_a_session_of_several_takes_nothing_back(world: Room) -> None:
    key = await world.complete(61.0)
    now, before = world.clock.now(), await world.session(key)
    other = before.facts._replace(key=SessionKey(key.session_id, "kim"))
    change = Change(
        kind=ChangeKind.COMPLETED, news=News.NONE, reason="", before=None, after=replace(before, facts=other)
    )

    def store(tx: Tx) -> None:
        tx.sessions.save(change, bytes(8))
        tx.listings.mark_missing([key], now)
        tx.erasure.take_back_reassigned([key], (), now)

    await world.store.transact(store)
    await world.send()
    assert "J. Doe" in world.texts()[0]

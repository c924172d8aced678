"""Channels and people in Slack change: rules rest and go on, whoever must act hears once, and nothing is lost."""

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from bot.blocks import actions
from bot.demo.slack import User
from bot.domain.changes import decide
from bot.domain.errors import Remedy
from bot.domain.model import SessionKey, Targets
from bot.domain.routing import route
from bot.domain.rules import Rule, RuleState
from bot.domain.staff import PersonStatus
from bot.domain.viewers import DirectMessages, SlackUser, Wants
from bot.jobs.channel_checks import ChannelChecks
from bot.listeners.events.lifecycle import channel_changed
from bot.query.parser import Names, parse, resolve
from bot.store.database import Tx
from tests.clock import until
from tests.listeners.office import ADMIN, EMMA, NORTH, PUBLIC, SAM, Office, buttons_of, everything_in, facts
from tests.listeners.test_through_slack import open_door
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time

__all__ = ["open_door"]

MINUTE = timedelta(minutes=1)
NEW_ID = "C0MOVED"


async def news(office: Office, number: int, result: float = 50.0) -> SessionKey:
    """A session of Emma's is completed and owed to whoever hears of it, in one transaction."""
    key = SessionKey(f"{number:08x}-0000-4000-8000-000000000000", "emma")
    owners = {owner: await office.ctx.contacts.viewer(owner) for owner in (ADMIN, SAM)}
    now = office.clock.now()

    def complete(tx: Tx) -> None:
        change = decide(None, facts(key, "olga", result=result, days_ago=0), now=now, targets=Targets(default=80.0))
        assert change is not None
        tx.sessions.save(change, b"12345678")
        rules, directory = tx.rules.all(), tx.people.directory()
        wanted = {rule.rule_id: resolve(parse(rule.query), Names(directory), now=now, zone=UTC) for rule in rules}
        notified = route(
            change,
            rules=rules,
            directory=directory,
            owners=owners,
            filters=wanted,
            requested_at=now,
            observer_wants=Wants(DirectMessages.NONE),
            employee_wants=Wants(DirectMessages.NONE),
        )
        for notification in notified.notifications:
            tx.notifications.enqueue(notification, now)

    await office.store.transact(complete)
    return key


async def rule_of(office: Office, channel: str = NORTH, owner: str = SAM) -> Rule:
    await office.ctx.contacts.viewer(owner)
    return await office.rule(channel, owner=owner)


async def stand(office: Office, rule: Rule) -> tuple[RuleState, str]:
    found = await office.store.read(lambda tx: tx.rules.get(rule.rule_id))
    assert found is not None
    return found.state, found.reason


async def send(office: Office) -> None:
    """Sends all that is due."""
    await office.deliver.once(limit_seconds=2.0)  # one message a second and channel


async def read_back(office: Office) -> None:
    """An hour later, without any event."""
    office.clock.advance(timedelta(hours=1))
    channel_checks = ChannelChecks(
        store=office.store,
        messenger=office.ctx.messenger,
        contacts=office.ctx.contacts,
        clock=office.clock,
        settings=settings_of(admins={ADMIN}),
        wake=lambda: None,
    )
    await channel_checks.once()


def notified(office: Office, user: str) -> list[str]:
    """The direct messages somebody got."""
    return [message.text for message in office.slack.messages(office.slack.direct_message(user).id)]


async def posted(office: Office, channel: str = NORTH) -> list[str]:
    return [text for text in await office.posted(channel) if "joined the channel" not in text]


# ---- the channel -----------------------------------------------------------------------------------------------------


@pytest.mark.promise("channel_gone")
@pytest.mark.parametrize("is_told_by_event", [True, False])
@pytest.mark.parametrize("what", ["archived", "removed", "shared"])
async def test_a_channel_that_goes_and_comes_back(open_door: Office, what: str, is_told_by_event: bool) -> None:
    office, slack = open_door, open_door.slack
    rule = await rule_of(office)
    if not is_told_by_event:
        slack.workspace.app.events.clear()
    match what:
        case "archived":
            await slack.archive(NORTH, by=SAM)
        case "removed":
            await slack.remove_bot(NORTH, by=SAM)
        case "shared":
            await slack.share(NORTH)
    if not is_told_by_event:
        await read_back(office)
    await paused(office, rule)
    for number in range(5):
        await news(office, number)
    await send(office)
    assert await posted(office) == []
    assert len(notified(office, SAM)) == 1 and f"Rule {rule.rule_id} is paused" in notified(office, SAM)[0]
    assert "goes on by itself" in notified(office, SAM)[0]

    match what:
        case "archived":
            await slack.unarchive(NORTH, by=SAM)
        case "removed":
            await slack.invite_bot(NORTH, by=SAM)
        case "shared":
            slack.workspace.channels[NORTH].is_ext_shared = False  # no event is sent where the stand-in knows none
            await read_back(office)
    if not is_told_by_event:
        await read_back(office)
    await active(office, rule)
    await send(office)
    [summary] = await posted(office)
    assert all(f"{number:08x}" in summary for number in range(5))
    assert len(notified(office, SAM)) == 2, "both ends are told"
    assert f"Rule {rule.rule_id}, which posts to <#{NORTH}>, goes on: it was paused from" in notified(office, SAM)[1]
    assert [verb for _, verb, _ in await office.audit_log()] == ["resume", "pause"]


async def paused(office: Office, rule: Rule) -> None:
    await become(office, rule, RuleState.PAUSED)


async def active(office: Office, rule: Rule) -> None:
    await become(office, rule, RuleState.ACTIVE)


async def become(office: Office, rule: Rule, state: RuleState) -> None:
    for _ in range(500):
        if (await stand(office, rule))[0] is state:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"the rule is {await stand(office, rule)}")


@pytest.mark.promise("channel_deleted")
async def test_a_deleted_channel_is_reported_with_a_way_out(open_door: Office) -> None:
    rule = await rule_of(open_door)
    await open_door.slack.delete_channel(NORTH, by=SAM)
    await paused(open_door, rule)
    await send(open_door)
    [said] = notified(open_door, SAM)
    assert "was deleted" in said and f"/ojt unsubscribe {rule.rule_id}" in said


async def test_events_out_of_order_are_believed_only_as_far_as_slack_confirms_them(office: Office) -> None:
    rule = await rule_of(office)
    await channel_changed(office.ctx, NORTH, "not_in_channel")  # an old event: the bot was invited again since
    assert await stand(office, rule) == (RuleState.ACTIVE, "")


async def test_an_event_counts_while_slack_can_not_be_asked(office: Office) -> None:
    rule = await rule_of(office)
    office.slack.faults.order("conversations.info", "service_unavailable")
    await channel_changed(office.ctx, NORTH, "not_in_channel")
    assert await stand(office, rule) == (RuleState.PAUSED, "not_in_channel")


async def test_going_twice_tells_the_owner_once(office: Office) -> None:
    await rule_of(office)
    office.slack.workspace.channels[NORTH].is_archived = True
    await channel_changed(office.ctx, NORTH, "is_archived")
    office.clock.advance(MINUTE)
    await channel_changed(office.ctx, NORTH, "is_archived")
    await send(office)
    assert len(notified(office, SAM)) == 1


@pytest.mark.promise("channel_renamed")
async def test_a_renamed_channel_goes_on_under_its_new_name(open_door: Office) -> None:
    rule = await rule_of(open_door)
    key = await news(open_door, 1)
    await send(open_door)
    await open_door.slack.rename(NORTH, "far-north")
    await until(lambda: any(call.method == "conversations.info" for call in open_door.slack.calls))
    assert await stand(open_door, rule) == (RuleState.ACTIVE, "")
    card = open_door.slack.messages(NORTH)[-1]
    said = everything_in(await open_door.press_details(EMMA, key, message_ts=card.ts))
    assert "Till check" in said


@pytest.mark.promise("channel_renamed")
async def test_a_channel_whose_id_changes_takes_everything_along(open_door: Office) -> None:
    office = open_door
    rule = await rule_of(office)
    first = await news(office, 1)
    await send(office)
    card = office.slack.messages(NORTH)[-1]
    await news(office, 2)
    await office.slack.change_channel_id(NORTH, NEW_ID)
    await until(lambda: any(call.args.get("channel") == NEW_ID for call in office.slack.calls))
    moved = await office.store.read(lambda tx: tx.rules.get(rule.rule_id))
    assert moved is not None and (moved.destination.id, moved.state) == (NEW_ID, RuleState.ACTIVE)
    await news(office, 3)
    await send(office)
    texts = await posted(office, NEW_ID)
    assert [sum(f"{number:08x}" in text for text in texts) for number in (1, 2, 3)] == [1, 1, 1]
    delivery = await office.store.read(lambda tx: tx.deliveries.at(NEW_ID, card.ts))
    assert delivery is not None and delivery.notifications[0].notification.session == first


# ---- who can read along ----------------------------------------------------------------------------------------------


async def turned_public(office: Office) -> Rule:
    rule = await rule_of(office)
    await read_back(office)
    office.slack.workspace.channels[NORTH].is_private = False  # Slack sends no event for it
    await read_back(office)
    assert await stand(office, rule) == (RuleState.PAUSED, "turned_public")
    return rule


@pytest.mark.promise("became_public")
async def test_a_channel_that_turns_public_needs_another_yes(office: Office) -> None:
    rule = await turned_public(office)
    await news(office, 1)
    await send(office)
    assert await posted(office) == []
    [said] = notified(office, SAM)
    assert "has become public" in said
    answer = await office.press(SAM, actions.AGREE_PUBLIC, str(rule.rule_id))
    assert "goes on" in everything_in(answer)
    await send(office)
    assert len(await posted(office)) == 1
    await read_back(office)
    assert await stand(office, rule) == (RuleState.ACTIVE, "")


async def test_only_the_owner_and_admins_say_yes_to_public(office: Office) -> None:
    rule = await turned_public(office)
    assert "only the owner of a rule" in everything_in(
        await office.press(EMMA, actions.AGREE_PUBLIC, str(rule.rule_id))
    )
    assert (await stand(office, rule))[0] is RuleState.PAUSED
    await office.press(ADMIN, actions.AGREE_PUBLIC, str(rule.rule_id))
    assert (await stand(office, rule))[0] is RuleState.ACTIVE


async def test_a_channel_that_turns_private_again_needs_no_yes(office: Office) -> None:
    rule = await turned_public(office)
    office.slack.workspace.channels[NORTH].is_private = True
    await read_back(office)
    assert await stand(office, rule) == (RuleState.ACTIVE, "")


async def test_other_rules_of_the_channel_go_on_while_one_rests(office: Office) -> None:
    await turned_public(office)
    later = await rule_of(office, owner=ADMIN)
    await office.store.transact(lambda tx: tx.rules.note_audience(later.rule_id, "public"))
    await news(office, 1)
    await send(office)
    assert len(await posted(office)) == 1


async def test_a_rule_made_in_a_public_channel_is_asked_nothing_more(office: Office) -> None:
    rule = await rule_of(office, PUBLIC)
    await read_back(office)
    await read_back(office)
    assert await stand(office, rule) == (RuleState.ACTIVE, "")


@pytest.mark.promise("shared_outside")
async def test_what_is_held_from_outside_eyes_can_not_be_forced_out(office: Office) -> None:
    await rule_of(office)
    key = await news(office, 1)
    office.slack.faults.order("chat.postMessage", "is_archived")
    await send(office)
    office.slack.workspace.channels[NORTH].is_ext_shared = True
    await read_back(office)
    [queued] = await office.store.read(lambda tx: tx.deliveries.of_session(key))
    assert queued.delivery is not None
    ident = queued.delivery.delivery_id
    assert not await office.store.transact(lambda tx: tx.outbox.retry(ident, office.clock.now()))


# ---- the owner -------------------------------------------------------------------------------------------------------


@pytest.mark.promise("owner_left")
async def test_a_rule_whose_owner_left_is_taken_over_by_an_admin(open_door: Office) -> None:
    office = open_door
    rule = await rule_of(office)
    await office.slack.change_user(SAM, deleted=True)
    await paused(office, rule)
    assert (await stand(office, rule))[1] == "owner_gone"
    await news(office, 1)
    await send(office)
    assert await posted(office) == []

    listed = await office.ask(ADMIN, "rules", channel=PUBLIC)
    [take] = [one for one in buttons_of(listed) if actions.action_of(one["action_id"]) == actions.TAKE_OVER]
    asked = await office.press(ADMIN, actions.TAKE_OVER, take["value"])
    assert asked is not None and "every completed session" in asked.text
    [yes] = [one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_TAKE_OVER]
    done = await office.press(ADMIN, actions.CONFIRM_TAKE_OVER, yes["value"])
    assert "is yours" in everything_in(done)
    assert (ADMIN, "take over", f"rule:{rule.rule_id}") in await office.audit_log()
    await send(office)
    assert len(await posted(office)) == 1


async def test_admins_hear_once_of_a_rule_without_an_owner(office: Office) -> None:
    rule = await rule_of(office)
    await leave_ispring(office, "sam")
    await read_back(office)
    await read_back(office)
    assert await stand(office, rule) == (RuleState.PAUSED, "owner_gone")
    await send(office)
    [said] = notified(office, ADMIN)
    assert "takes it over" in said and "/ojt rules" in said
    assert notified(office, SAM) == []


async def test_a_rule_goes_on_when_its_owner_is_back(office: Office) -> None:
    rule = await rule_of(office)
    await leave_ispring(office, "sam")
    await read_back(office)
    await news(office, 1)
    await leave_ispring(office, "sam", status=PersonStatus.ACTIVE)
    await read_back(office)
    assert await stand(office, rule) == (RuleState.ACTIVE, "")
    await send(office)
    assert len(await posted(office)) == 1


@pytest.mark.parametrize("action", [actions.TAKE_OVER, actions.CONFIRM_TAKE_OVER])
async def test_nobody_but_an_admin_takes_a_rule_over(office: Office, action: str) -> None:
    rule = await rule_of(office)
    await leave_ispring(office, "sam")
    await read_back(office)
    assert "only admins" in everything_in(await office.press(EMMA, action, f"{rule.rule_id}|"))
    assert (await stand(office, rule))[1] == "owner_gone"


async def test_a_rule_is_not_taken_over_with_another_query_than_the_confirmed_one(office: Office) -> None:
    rule = await rule_of(office)
    await leave_ispring(office, "sam")
    await read_back(office)
    answer = await office.press(ADMIN, actions.CONFIRM_TAKE_OVER, f"{rule.rule_id}|outcome:failed")
    assert "nothing was changed" in everything_in(answer)
    assert (await stand(office, rule))[1] == "owner_gone"


async def test_while_slack_can_not_say_who_somebody_is_their_rules_go_on(office: Office) -> None:
    rule = await rule_of(office)
    office.clock.advance(timedelta(hours=30))
    for _ in range(5):
        office.slack.faults.order("users.info", "service_unavailable")
    await read_back(office)
    assert await stand(office, rule) == (RuleState.ACTIVE, "")


async def leave_ispring(office: Office, person: str, status: PersonStatus = PersonStatus.INACTIVE) -> None:
    def change(tx: Tx) -> None:
        directory = tx.people.directory()
        people = [replace(one, status=status) if one.person_id == person else one for one in directory.people.values()]
        tx.people.replace_directory(people, list(directory.departments.values()), office.clock.now())

    await office.store.transact(change)


@pytest.mark.promise("rights_by_event")
async def test_eight_hundred_people_who_become_guests_at_once_see_nothing_while_slack_asks_to_wait(
    open_door: Office,
) -> None:
    """What takes rights away waits for no place in the pool and for no answer of Slack's."""
    office, slack, now = open_door, open_door.slack, open_door.clock.now()
    ids = [f"U0CROWD{number:03}" for number in range(800)]

    def known(tx: Tx) -> None:
        for one in ids:
            user = SlackUser(user_id=one, email=f"{one.lower()}@shop.example", zone="UTC", is_full_member=True)
            tx.people.save_slack_user(user, now)

    for one in ids:
        slack.workspace.add_user(User(id=one, name=one, real_name=one, email=f"{one.lower()}@shop.example"))
    await office.store.transact(known)
    slack.faults.order("users.info", "rate_limited", times=100_000)
    await asyncio.gather(*(slack.change_user(one, is_restricted=True) for one in ids))

    def still_full(tx: Tx) -> int:
        stored = [tx.people.slack_user(one) for one in ids]
        return sum(one is not None and one[0].is_full_member for one in stored)

    for _ in range(500):
        if await office.store.read(still_full) == 0:
            break
        await asyncio.sleep(0.01)
    assert await office.store.read(still_full) == 0
    assert (await office.ctx.contacts.viewer(ids[0])).remedy is Remedy.NONE

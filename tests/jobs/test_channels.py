"""A channel is looked at before results of people go there, for it may be another company's too."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack import Channel
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outbox import BlockedDestination, NotificationState
from bot.domain.routing import introduction
from bot.domain.rules import OPERATOR, RuleState
from bot.jobs.channel_checks import ChannelChecks
from bot.jobs.channel_guard import CHECK_VALID_FOR
from bot.jobs.rate_limit import QUESTIONS_A_MINUTE, RateLimiter
from bot.slack.contacts import SlackContacts
from tests.demo.slack_room import SHOP
from tests.jobs.outbox_room import SHOP_CHANNEL, Room
from tests.jobs.outbox_room import room as a_room
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time

ASKED, SWEPT = "conversations.info", "users.conversations"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(tmp_path) as made:
        yield made


async def known(room: Room, ago: timedelta = timedelta(0)) -> None:
    """The shop's channel was looked at, and was ours."""
    await room.store.transact(lambda tx: tx.destinations.record_check(SHOP_CHANNEL, room.clock.now() - ago))


def no_sweep(room: Room) -> None:
    """Slack can't list the bot's channels: they are asked about one by one."""
    room.slack.faults.order(SWEPT, "internal_error", times=1000)


async def a_round(room: Room) -> None:
    contacts = SlackContacts(room.messenger, room.store, room.clock, room.admins)
    channel_checks = ChannelChecks(
        store=room.store,
        messenger=room.messenger,
        contacts=contacts,
        clock=room.clock,
        settings=settings_of(admins=room.admins),
        wake=lambda: None,
    )
    await channel_checks.once()


async def blocked(room: Room) -> list[BlockedDestination]:
    return list(await room.store.read(lambda tx: tx.destinations.blocked()))


# ---- nothing leaves the company --------------------------------------------------------------------------------------


@pytest.mark.promise("shared_outside")
async def test_a_channel_that_nobody_has_looked_at_and_that_is_another_companys_too_gets_nothing(room: Room) -> None:
    room.slack.workspace.channels[SHOP].is_ext_shared = True
    key = await room.complete()
    await room.send()
    assert room.texts() == []
    assert await room.stands(key) is NotificationState.BLOCKED
    assert [one.reason for one in await blocked(room)] == ["shared_outside"]
    rule = await room.store.read(lambda tx: tx.rules.get(room.rule.rule_id))
    assert rule is not None and (rule.state, rule.reason) == (RuleState.PAUSED, "shared_outside")


async def test_a_rule_of_the_operator_does_not_even_introduce_itself_there(room: Room) -> None:
    room.slack.workspace.channels[SHOP].is_ext_shared = True
    named = await room.store.transact(
        lambda tx: tx.rules.add(SHOP_CHANNEL, OPERATOR, 'observer:"Ana"', RuleState.ACTIVE, room.clock.now())
    )
    await room.store.transact(lambda tx: tx.notifications.enqueue(introduction(named), room.clock.now()))
    await room.send()
    assert room.texts() == []


@pytest.mark.promise("shared_outside")
async def test_what_was_missed_while_nobody_listened_is_seen_before_the_next_card(room: Room) -> None:
    await room.complete()
    await room.send()
    room.slack.workspace.channels[SHOP].is_ext_shared = True
    await known(room, ago=CHECK_VALID_FOR + timedelta(minutes=1))
    await room.complete()
    await room.send()
    assert len(room.texts()) == 1


async def test_a_card_that_was_held_is_not_sent_on_what_was_seen_before(room: Room) -> None:
    await known(room)
    key = await room.complete()
    room.slack.faults.order("chat.postMessage", "is_archived")
    await room.send()
    room.slack.workspace.channels[SHOP].is_ext_shared = True
    ident = (await room.delivery(key)).delivery_id
    assert await room.store.transact(lambda tx: tx.outbox.retry(ident, room.clock.now()))
    await room.send()
    assert room.texts() == []


async def test_a_channel_that_has_turned_public_gets_nothing_more_until_somebody_says_yes(room: Room) -> None:
    await room.store.transact(lambda tx: tx.rules.note_audience(room.rule.rule_id, "private"))
    room.slack.workspace.channels[SHOP].is_private = False
    await room.complete()
    await room.send()
    assert room.texts() == []
    rule = await room.store.read(lambda tx: tx.rules.get(room.rule.rule_id))
    assert rule is not None and (rule.state, rule.reason) == (RuleState.PAUSED, "turned_public")


# ---- what a look costs -----------------------------------------------------------------------------------------------


async def test_a_channel_is_looked_at_once_and_then_left_to_the_rounds(room: Room) -> None:
    for _ in range(3):
        await room.complete()
        await room.send()
    assert len(room.texts()) == 3 and (room.calls(SWEPT), room.calls(ASKED)) == (1, 0)


@pytest.mark.promise("shared_outside")
@pytest.mark.parametrize("can_list", [True, False])
async def test_a_channel_is_looked_at_within_five_minutes_before_a_result_goes_there(
    room: Room, can_list: bool
) -> None:
    """Slack sends no event for a private channel that turns public, and events get lost."""
    if not can_list:
        no_sweep(room)
    await room.complete()
    await room.send()
    room.slack.workspace.channels[SHOP].is_ext_shared = True
    await room.clock.sleep(301)
    await room.complete()
    await room.send()
    assert len(room.texts()) == 1
    assert [one.reason for one in await blocked(room)] == ["shared_outside"]


@pytest.mark.promise("shared_outside")
async def test_a_channel_that_an_event_doubts_gets_nothing_before_it_is_looked_at(room: Room) -> None:
    await room.complete()
    await room.send()
    room.slack.workspace.channels[SHOP].is_ext_shared = True
    await room.store.transact(lambda tx: tx.destinations.doubt(SHOP_CHANNEL))
    await room.complete()
    await room.send()
    assert len(room.texts()) == 1


@pytest.mark.promise("shared_outside")
async def test_a_look_that_began_before_an_event_proves_nothing(room: Room) -> None:
    asked_at = room.clock.now()
    doubts = await room.store.read(lambda tx: tx.destinations.doubts())
    await room.store.transact(lambda tx: tx.destinations.doubt(SHOP_CHANNEL))
    assert not await room.store.transact(lambda tx: tx.destinations.record_check(SHOP_CHANNEL, asked_at, doubts))
    assert await room.store.read(lambda tx: tx.destinations.checked_at(SHOP_CHANNEL)) is None


async def test_an_edit_that_shows_a_result_waits_for_a_look_at_its_channel(room: Room) -> None:
    key = await room.complete()
    await room.send()
    await room.clock.sleep(301)
    for method in (SWEPT, ASKED):
        room.slack.faults.order(method, "internal_error", times=1)
    await room.correct(key, 41.0)
    await room.deliver().once(limit_seconds=60)
    assert "41" not in room.texts()[0]
    await room.clock.sleep(3600)
    await room.send()
    assert "41" in room.texts()[0]


async def test_a_hundred_channels_are_looked_at_with_one_call(room: Room) -> None:
    bot = room.slack.workspace.app.bot_user_id
    others = [Destination(DestinationKind.CHANNEL, f"C0MANY{number:03}") for number in range(100)]
    for other in others:
        room.slack.workspace.add_channel(Channel(id=other.id, name=other.id.lower(), members=[bot]))
        await room.complete(to=other, rules=(room.rule.rule_id,))
    await room.send()
    assert all(len(room.texts(other.id)) == 1 for other in others)
    assert (room.calls(SWEPT), room.calls(ASKED)) == (1, 0)


async def test_what_is_said_to_whoever_runs_spotter_needs_no_look(room: Room) -> None:
    notification = Notification(
        kind=NotificationKind.OPS,
        destination=SHOP_CHANNEL,
        subject="ops:x",
        reason="x",
        facts={"code": "database_created"},
    )
    await room.store.transact(lambda tx: tx.notifications.enqueue(notification, room.clock.now()))
    await room.send()
    assert len(room.texts()) == 1 and room.calls(ASKED) == 0


def test_slack_is_asked_about_forty_channels_a_minute_and_each_has_its_turn() -> None:
    limiter = RateLimiter()
    for number in range(QUESTIONS_A_MINUTE):
        assert limiter.lookup_at(f"channel:{number}", 10.0) == 10.0
    assert limiter.lookup_at("channel:late", 11.0) == 70.0
    assert limiter.lookup_at("channel:later", 11.0) == 70.0
    assert limiter.lookup_at("channel:late", 70.0) == 70.0, "nobody else took its turn"
    limiter.asked("channel:late")
    assert limiter.lookup_at("channel:late", 71.0) == 71.0


async def test_many_channels_that_were_never_looked_at_wait_for_their_turn(room: Room) -> None:
    no_sweep(room)
    room.limiter = RateLimiter(questions_a_minute=1)
    other = Destination(DestinationKind.CHANNEL, "C0OTHER")
    bot = room.slack.workspace.app.bot_user_id
    room.slack.workspace.add_channel(Channel(id=other.id, name="other", members=[bot]))
    await room.complete()
    await room.complete(to=other, rules=(room.rule.rule_id,))
    began = room.clock.monotonic()
    await room.send()
    assert len(room.texts()) == 1 == len(room.texts(other.id))
    assert room.clock.monotonic() - began >= 60


# ---- where Slack does not say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("alert", "result"), [("service_unavailable", "not sent"), ("rate_limited", "rate limited")])
async def test_a_channel_that_was_never_looked_at_waits_until_slack_says_how_it_is(
    room: Room, alert: str, result: str
) -> None:
    no_sweep(room)
    room.slack.faults.order(ASKED, alert)
    key = await room.complete()
    await room.send()
    assert [one.result for one in (await room.notified(key)).attempts] == [result, "sent"]
    assert (len(room.texts()), room.calls("chat.postMessage")) == (1, 1)


async def test_a_channel_that_was_looked_at_once_waits_for_a_slack_that_can_not_say_now(room: Room) -> None:
    await known(room, ago=CHECK_VALID_FOR * 2)
    no_sweep(room)
    room.slack.faults.order(ASKED, "service_unavailable")
    key = await room.complete()
    await room.send()
    assert [one.result for one in (await room.notified(key)).attempts] == ["not sent", "sent"]


async def test_a_look_that_slack_refuses_holds_the_channel_and_a_look_that_it_allows_lets_it_go(room: Room) -> None:
    no_sweep(room)
    room.slack.faults.order(ASKED, "missing_scope")
    await room.complete()
    await room.send()
    assert room.texts() == []
    [one] = await blocked(room)
    assert one.reason.startswith("missing_scope")
    await a_round(room)
    await room.send()
    assert len(room.texts()) == 1


async def test_a_look_that_ends_with_an_unknown_word_is_made_again_within_minutes(room: Room) -> None:
    """One odd answer of a secondary call is no answer: the channel is not silent for a day."""
    no_sweep(room)
    room.slack.faults.order(ASKED, "some_new_word", times=3)
    await room.complete()
    await room.send(limit_seconds=900)
    assert len(room.texts()) == 1 and await blocked(room) == []


async def test_a_refused_look_of_the_rounds_is_no_look(room: Room) -> None:
    room.slack.faults.order(ASKED, "missing_scope")
    await a_round(room)
    assert await room.store.read(lambda tx: tx.destinations.checked_at(SHOP_CHANNEL)) is None
    assert await blocked(room) == [], "nothing is owed there that would have to wait"


async def test_a_revoked_token_found_by_a_look_pauses_the_sending_and_no_rule(room: Room) -> None:
    no_sweep(room)
    room.slack.faults.order(ASKED, "token_revoked")
    await room.complete()
    await room.deliver().once(until_idle=False)
    assert (await room.counts()).app_refused == "token_revoked"
    assert await blocked(room) == []

"""What is owed reaches Slack exactly once, whatever happens on the way."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.blocks.card_facts import CardFacts
from bot.blocks.notifications import render
from bot.demo.slack import ApiCall, Happening, faults
from bot.domain.model import SessionKey
from bot.domain.notifications import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Message,
    Notification,
    NotificationKind,
)
from bot.domain.outbox import NotificationState
from bot.domain.routing import introduction
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.jobs.rate_limit import RateLimiter
from tests.clock import FakeClock, until
from tests.demo.slack_room import ANA, ATTIC, BEN, BOT, OFFICE, SHOP
from tests.jobs.outbox_room import SHOP_CHANNEL, Room, room

pytestmark = pytest.mark.virtual_time

POST, EDIT, DELETE, HISTORY = "chat.postMessage", "chat.update", "chat.delete", "conversations.history"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as world:
        yield world


async def test_a_completed_session_is_posted_with_its_delivery_id_and_key(world: Room) -> None:
    key = await world.complete(72.0)
    await world.send()
    [message] = world.posted()
    delivery = await world.delivery(key)
    assert "72" in message.text and key.session_id[:8] in message.text
    assert message.metadata == {
        "event_type": "observation_notified",
        "event_payload": {"delivery": delivery.delivery_id},
    }
    assert message.client_msg_id is not None
    assert (delivery.state, delivery.channel, delivery.ts) == (DeliveryState.SENT, SHOP, message.ts)
    assert delivery.notifications[0].shown_version == 1
    assert world.calls(EDIT) == 0


async def test_after_the_clock_jumped_back_nothing_waits_longer_than_the_longest_wait(tmp_path: Path) -> None:
    clock = FakeClock(speed=6_000.0)
    async with room(tmp_path, ours=clock) as world:
        running = asyncio.create_task(world.deliver().run())
        await world.complete()
        await until(lambda: len(world.posted()) == 1)
        due = clock.now() + timedelta(days=2)
        await world.complete_all([72.0], ago=-timedelta(days=2))
        await until(lambda: len(world.posted()) == 2)
        assert clock.now() < due
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_more_than_three_waiting_notices_become_one_card(world: Room) -> None:
    keys = [await world.complete(result) for result in (72.0, 90.0, 50.0, 85.0)]
    await world.send()
    [message] = world.posted()
    assert all(key.session_id[:8] in message.text for key in keys)


async def test_three_waiting_notices_are_three_cards(world: Room) -> None:
    for result in (72.0, 90.0, 50.0):
        await world.complete(result)
    await world.send()
    assert len(world.posted()) == 3


# ---- unclear answers -------------------------------------------------------------------------------------------------


@pytest.mark.promise("lost_reply")
@pytest.mark.parametrize("fault", ["reply_lost", "hang_stored", "text_plain_stored", "empty_stored", "html_stored"])
async def test_a_lost_reply_is_looked_for_and_not_posted_again(world: Room, fault: str) -> None:
    world.slack.faults.order(POST, fault)
    key = await world.complete()
    await world.send()
    assert len(world.posted()) == 1
    assert world.calls(POST) == 1
    assert await world.state(key) is DeliveryState.SENT
    assert world.calls(EDIT) == 0


async def test_a_server_error_after_the_post_was_stored_is_looked_for(world: Room) -> None:
    world.slack.faults.order(POST, faults.error_after(500))
    key = await world.complete()
    await world.send()
    assert (len(world.posted()), world.calls(POST)) == (1, 1)
    assert await world.state(key) is DeliveryState.SENT


@pytest.mark.promise("lost_request")
@pytest.mark.parametrize("fault", ["request_lost", "error_before", "hang", "text_plain", "empty", "html"])
@pytest.mark.parametrize("slack_knows_the_key", [True, False])
async def test_a_lost_request_is_sent_again_once_it_was_absent_twice(
    world: Room, fault: str, slack_knows_the_key: bool
) -> None:
    world.slack.workspace.dedupes_client_msg_id = slack_knows_the_key
    world.slack.faults.order(POST, fault)
    key = await world.complete()
    await world.send()
    assert len(world.posted()) == 1
    assert world.calls(POST) == 2
    assert world.calls(HISTORY) >= 2
    assert [attempt.result for attempt in (await world.notified(key)).attempts] == [
        "ambiguous",
        "not found",
        "not found",
        "sent",
    ]


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
async def test_an_internal_error_of_slack_may_have_posted(world: Room, code: str) -> None:
    world.slack.faults.order(POST, code)
    key = await world.complete()
    await world.send()
    assert len(world.posted()) == 1
    assert (await world.notified(key)).attempts[0].result == "ambiguous"


async def test_an_error_word_nobody_knows_is_ambiguous(world: Room) -> None:
    world.slack.faults.order(POST, "quite_new_error")
    key = await world.complete()
    await world.send()
    assert (await world.notified(key)).attempts[0].result == "ambiguous"
    assert len(world.posted()) == 1


@pytest.mark.promise("unknown_rejection")
async def test_a_message_that_slack_goes_on_refusing_in_a_word_nobody_knows_ends_dead_and_the_operator_is_notified(
    world: Room,
) -> None:
    world.store.ops_channel = OFFICE
    world.slack.faults.order(POST, "quite_new_error", times=100, channel=SHOP)
    key = await world.complete()
    await world.send(2_000.0)
    delivery = await world.delivery(key)
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "Slack rejects it: quite_new_error")
    assert world.posted(SHOP) == []
    tries = [attempt.result for attempt in (await world.notified(key)).attempts]
    assert tries == ["ambiguous", "not found", "not found"] * 2
    [notified] = world.texts(OFFICE)
    assert "quite_new_error" in notified


@pytest.mark.promise("lost_again_and_again")
async def test_what_is_lost_on_the_way_again_and_again_is_tried_ever_more_seldom_but_never_given_up(
    world: Room,
) -> None:
    world.slack.faults.order(POST, "request_lost", times=100)
    key = await world.complete()
    await world.send(2_500.0)
    assert world.calls(POST) < 20
    assert await world.state(key) in (DeliveryState.AMBIGUOUS, DeliveryState.SENDING)
    world.slack.faults.clear()
    await world.send(400.0)
    assert len(world.posted()) == 1


@pytest.mark.promise("accepted_late")
async def test_what_slack_accepts_twenty_seconds_late_is_found_by_the_second_look(world: Room) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    world.slack.faults.order(POST, faults.accepted_late(20.0))
    key = await world.complete()
    await world.send()
    assert (len(world.posted()), world.calls(POST)) == (1, 1)
    assert [attempt.result for attempt in (await world.notified(key)).attempts] == ["ambiguous", "not found", "found"]


@pytest.mark.promise("accepted_late")
async def test_a_history_that_lags_ten_seconds_makes_no_second_message(world: Room) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    world.slack.faults.history_lag = 10.0
    world.slack.faults.order(POST, "reply_lost")
    await world.complete()
    await world.send()
    assert (len(world.posted()), world.calls(POST)) == (1, 1)


async def test_the_message_is_found_on_a_later_page_of_a_busy_channel(world: Room) -> None:
    world.slack.faults.history_page = 2
    world.slack.faults.order(POST, "reply_lost")
    await world.complete()
    deliver = world.deliver()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(deliver.once(limit_seconds=200.0))
        await until(lambda: world.calls(POST) == 1)
        for number in range(7):
            await world.slack.say(ANA, SHOP, f"chatter {number}")
        await sending
    assert world.calls(POST) == 1
    assert world.calls(HISTORY) >= 4


async def test_a_look_that_is_refused_for_now_is_no_absence(world: Room) -> None:
    world.slack.faults.order(POST, "reply_lost")
    world.slack.faults.order(HISTORY, faults.rate_limited(4))
    world.slack.faults.order(HISTORY, "internal_error")
    world.slack.faults.order(HISTORY, "html")
    await world.complete()
    await world.send(400.0)
    assert (len(world.posted()), world.calls(POST)) == (1, 1)


@pytest.mark.promise("unreadable_channel")
async def test_where_the_bot_may_not_read_it_sends_again_once_and_notes_it(world: Room) -> None:
    world.slack.faults.history_error = "missing_scope"
    world.slack.faults.order(POST, "reply_lost")
    key = await world.complete()
    await world.send()
    assert world.calls(POST) == 2
    assert len(world.posted()) == 1  # Slack knew the key
    assert await world.state(key) is DeliveryState.SENT
    entries = await world.store.read(lambda tx: tx.audit_log.entries(5))
    assert any(entry.verb == "resend unread" for entry in entries)


@pytest.mark.promise("removed_while_ambiguous")
@pytest.mark.parametrize(("fault", "posts"), [("reply_lost", 1), ("request_lost", 2)])
async def test_a_bot_removed_between_a_post_and_its_look_looks_once_it_is_back(
    world: Room, fault: str, posts: int
) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    world.slack.faults.order(POST, fault)
    key = await world.complete()
    sending = asyncio.create_task(world.deliver().once(limit_seconds=120.0))
    await until(lambda: world.calls(POST) == 1)
    while await world.state(key) is not DeliveryState.AMBIGUOUS:
        await asyncio.sleep(0.3)
    await world.slack.remove_bot(SHOP, ANA)
    await sending
    assert await world.state(key) is DeliveryState.AMBIGUOUS
    [rule] = await world.store.read(lambda tx: tx.rules.at(SHOP_CHANNEL))
    assert (rule.state, rule.reason) == (RuleState.PAUSED, "not_in_channel")

    await world.slack.invite_bot(SHOP, ANA)
    await world.store.transact(lambda tx: tx.destinations.unblock(SHOP_CHANNEL, world.clock.now()))
    await world.send()
    assert await world.state(key) is DeliveryState.SENT
    cards = [message for message in world.posted() if message.metadata is not None]
    assert (len(cards), world.calls(POST)) == (1, posts)


async def test_a_message_of_somebody_else_with_our_delivery_id_is_not_ours(world: Room) -> None:
    world.slack.faults.order(POST, "request_lost")
    key = await world.complete()
    deliver = world.deliver()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(deliver.once(limit_seconds=200.0))
        await until(lambda: world.calls(POST) == 1)
        copied = await world.slack.say(ANA, SHOP, "look what I can do")
        copied.metadata = {
            "event_type": "observation_notified",
            "event_payload": {"delivery": (await world.delivery(key)).delivery_id},
        }
        await sending
    assert world.calls(POST) == 2


# ---- clear answers ---------------------------------------------------------------------------------------------------


@pytest.mark.promise("rate_limited")
async def test_throttling_waits_as_long_as_slack_says_and_counts_no_attempt(world: Room) -> None:
    world.slack.faults.order(POST, faults.rate_limited(20))
    key = await world.complete()
    began = world.clock.monotonic()
    await world.send()
    assert world.clock.monotonic() - began >= 20
    assert len(world.posted()) == 1
    assert (await world.delivery(key)).attempts == 1


@pytest.mark.promise("clock_set")
@pytest.mark.parametrize("fault", [faults.rate_limited(20), faults.request_lost()], ids=["throttled", "lost"])
@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1), timedelta(days=30)], ids=str)
async def test_what_waits_while_the_clock_is_set_back_comes_as_soon_and_once(
    world: Room, fault: faults.Fault, ahead: timedelta
) -> None:
    world.clock.jump(ahead)
    world.slack.faults.order(POST, fault)
    await world.complete()
    sending = asyncio.create_task(world.deliver().run())
    try:
        await until(lambda: world.calls(POST) == 1)
        began = world.clock.monotonic()
        world.clock.jump(-ahead)
        await until(lambda: len(world.posted()) == 1)
        assert world.clock.monotonic() - began < 180
        await asyncio.sleep(300)
        assert len(world.posted()) == 1
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.promise("rate_limited")
async def test_a_throttled_channel_does_not_hold_up_another(world: Room) -> None:
    office = Destination(DestinationKind.CHANNEL, OFFICE)
    world.slack.faults.order(POST, faults.rate_limited(120), channel=SHOP)
    await world.complete()
    await world.complete(to=office, rules=(world.rule.rule_id,))
    await world.send(30.0)
    assert (len(world.posted(SHOP)), len(world.posted(OFFICE))) == (0, 1)


async def test_a_channel_whose_answer_hangs_does_not_hold_up_another(tmp_path: Path) -> None:
    async with room(tmp_path, timeout=1_800.0) as world:
        office = Destination(DestinationKind.CHANNEL, OFFICE)
        world.slack.faults.order(POST, faults.hang(100.0), channel=SHOP)
        await world.complete()
        await world.complete(to=office, rules=(world.rule.rule_id,))
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(world.deliver().once(limit_seconds=400.0))
            await until(lambda: len(world.posted(OFFICE)) == 1)
            assert world.posted(SHOP) == []
            await sending
        assert len(world.posted(SHOP)) == 1


async def test_one_channel_is_sent_one_message_a_second(world: Room) -> None:
    world.limiter = RateLimiter(between_posts=30.0)
    await world.complete()
    await world.complete()
    await world.send(100.0)
    first, second = (float(message.ts) for message in world.posted())
    assert second - first >= 29


async def test_a_wake_up_sends_at_once_what_was_just_queued(world: Room) -> None:
    deliver = world.deliver()
    running = asyncio.create_task(deliver.run())
    await until(lambda: deliver.is_paused)
    await world.complete()
    rung = world.clock.monotonic()
    deliver.wake()
    await until(lambda: len(world.posted()) == 1)
    assert world.clock.monotonic() - rung < 25
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_refused_connection_is_tried_again_without_looking(world: Room) -> None:
    await world.slack.refuse_connections()
    key = await world.complete()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(world.deliver().once(limit_seconds=600.0))
        while not (await world.notified(key)).attempts:
            await asyncio.sleep(0.3)
        await world.slack.up()
        await sending
    results = [attempt.result for attempt in (await world.notified(key)).attempts]
    assert results[0] == "not sent" and results[-1] == "sent"
    assert world.calls(HISTORY) == 0
    assert len(world.posted()) == 1


@pytest.mark.parametrize(
    "code", ["is_archived", "not_in_channel", "channel_not_found", "restricted_action_read_only_channel"]
)
async def test_a_channel_that_is_gone_pauses_its_rule_and_its_owner_is_notified_once(world: Room, code: str) -> None:
    rule = await world.store.transact(
        lambda tx: tx.rules.add(
            Destination(DestinationKind.CHANNEL, OFFICE), ANA, "", RuleState.ACTIVE, world.clock.now()
        )
    )
    office = rule.destination
    world.admins = frozenset({ANA})
    world.slack.faults.order(POST, code, times=3, channel=OFFICE)
    keys = [await world.complete(to=office, rules=(rule.rule_id,)) for _ in range(3)]
    await world.send()
    stored = await world.store.read(lambda tx: tx.rules.get(rule.rule_id))
    assert stored is not None and (stored.state, stored.reason) == (RuleState.PAUSED, code)
    dm = world.slack.direct_message(ANA)
    assert len(world.posted(dm.id)) == 1 and f"Rule {rule.rule_id} is paused" in world.texts(dm.id)[0]
    assert world.posted(OFFICE) == []

    world.slack.faults.clear()
    await world.store.transact(lambda tx: tx.destinations.unblock(office, world.clock.now()))
    await world.send()
    assert len(world.posted(OFFICE)) == 3
    assert {await world.state(key) for key in keys} == {DeliveryState.SENT}


async def test_the_real_archived_channel_is_held(world: Room) -> None:
    attic = Destination(DestinationKind.CHANNEL, ATTIC)
    rule = await world.store.transact(
        lambda tx: tx.rules.add(attic, "U0NOBODY", "", RuleState.ACTIVE, world.clock.now())
    )
    world.admins = frozenset({"U0NOBODY"})
    key = await world.complete(to=attic, rules=(rule.rule_id,))
    await world.send(30.0)
    assert await world.stands(key) is NotificationState.BLOCKED


@pytest.mark.parametrize("code", ["invalid_blocks", "brand_new_word"])
async def test_refused_blocks_go_once_as_plain_text(world: Room, code: str) -> None:
    world.slack.faults.order(POST, code)
    world.slack.faults.order(EDIT, code)
    key = await world.complete()
    await world.send()
    [message] = world.posted()
    assert message.blocks == [] and "Opening" in message.text
    assert (await world.delivery(key)).text_only
    assert world.calls(EDIT) == 2


@pytest.mark.parametrize("code", ["invalid_blocks", "brand_new_word"])
async def test_one_odd_answer_does_not_make_a_card_plain_for_ever(world: Room, code: str) -> None:
    world.slack.faults.order(POST, code)
    await world.complete()
    await world.send()
    [message] = world.posted()
    assert message.blocks != []
    assert (world.calls(POST), world.calls(EDIT)) == (2, 1)


@pytest.mark.promise("message_rejected")
@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "metadata_too_large", "no_text"])
async def test_a_message_refused_twice_is_dead_and_the_operator_is_notified(world: Room, code: str) -> None:
    world.store.ops_channel = OFFICE
    world.slack.faults.order(POST, code, times=2, channel=SHOP)
    key = await world.complete()
    await world.send()
    delivery = await world.delivery(key)
    assert delivery.state is DeliveryState.FAILED and code in delivery.reason
    assert world.posted(SHOP) == []
    assert len(world.posted(OFFICE)) == 1 and code in world.texts(OFFICE)[0]


@pytest.mark.parametrize("code", ["duplicate_message_not_found", "duplicate_channel_not_found"])
async def test_what_an_earlier_attempt_posted_and_somebody_deleted_is_not_reported_again_and_alarms_nobody(
    world: Room, code: str
) -> None:
    world.store.ops_channel = OFFICE
    world.slack.faults.order(POST, code)
    key = await world.complete()
    await world.send()
    notified = await world.notified(key)
    assert notified.delivery is not None and notified.delivery.state is DeliveryState.CANCELLED
    assert notified.cancelled == "was posted by an earlier attempt and deleted in Slack since"
    assert [(attempt.result, attempt.reason) for attempt in notified.attempts] == [("posted and deleted", code)]
    assert (world.calls(POST), world.posted(SHOP), world.posted(OFFICE)) == (1, [], [])


async def test_a_message_that_cannot_be_rendered_does_not_stop_the_others(world: Room) -> None:
    broken, sound = await world.complete(), await world.complete()

    def stumbling(delivery: Delivery, facts: CardFacts) -> Message:
        if delivery.notifications[0].notification.session == broken:
            raise KeyError("no such thing")
        return render(delivery, facts)

    await world.deliver(stumbling).once(limit_seconds=1_000.0)
    assert await world.state(broken) is DeliveryState.FAILED
    assert await world.state(sound) is DeliveryState.SENT


@pytest.mark.promise("channel_denied")
async def test_a_channel_whose_access_is_denied_is_held_and_the_others_go_on(world: Room) -> None:
    office = Destination(DestinationKind.CHANNEL, OFFICE)
    world.slack.faults.order(POST, "access_denied", times=100, channel=OFFICE)
    denied = await world.complete(to=office, rules=(world.rule.rule_id,))
    await world.send(30.0)
    keys = [await world.complete() for _ in range(2)]
    await world.send(30.0)
    assert await world.stands(denied) is NotificationState.BLOCKED
    assert [await world.state(key) for key in keys] == [DeliveryState.SENT] * 2


@pytest.mark.parametrize("code", ["token_revoked", "invalid_auth", "account_inactive", "missing_scope"])
async def test_a_refused_app_pauses_everything_and_kills_nothing(world: Room, code: str) -> None:
    world.slack.faults.order(POST, code, times=2)
    key = await world.complete()
    await world.send(30.0)
    assert (await world.counts()).app_refused.startswith(code)
    assert await world.state(key) is DeliveryState.PENDING
    assert world.calls(POST) <= 2

    world.slack.faults.clear()
    await world.send()
    assert (await world.counts()).app_refused == ""
    assert len(world.posted()) == 1


async def test_a_revoked_token_is_tried_again_every_minute_until_it_is_good(world: Room) -> None:
    world.slack.faults.token_revoked = True
    await world.complete()
    deliver = world.deliver()
    running = asyncio.create_task(deliver.run())
    await until(lambda: bool(deliver.app_refused))
    assert deliver.app_refused == "token_revoked"
    posts = world.calls(POST)
    await until(lambda: world.calls("auth.test") >= 2)
    assert world.calls(POST) == posts
    world.slack.faults.token_revoked = False
    await until(lambda: len(world.posted()) == 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert deliver.app_refused == ""


@pytest.mark.promise("workspace_capped")
async def test_a_workspace_over_its_cap_is_reported_once_and_that_it_is_over(world: Room) -> None:
    world.store.ops_channel = OFFICE
    world.slack.faults.order(POST, "message_limit_exceeded", times=3)
    await world.complete()
    await world.send(4_000.0)
    assert len(world.posted(SHOP)) == 1
    begun, over = world.texts(OFFICE)
    assert "message_limit_exceeded" in begun and "change the plan" in begun
    assert "Over" in over and "accepts messages again" in over
    assert await world.store.read(lambda tx: tx.alerts.all()) == []


@pytest.mark.promise("direct_messages_closed")
@pytest.mark.parametrize("code", ["messages_tab_disabled", "not_enabled"])
async def test_direct_messages_that_the_app_closes_are_reported_once_with_the_remedy(world: Room, code: str) -> None:
    world.store.ops_channel = OFFICE
    person, user = Destination(DestinationKind.PERSON, "ana"), Destination(DestinationKind.USER, BEN)
    dm = world.slack.direct_message(ANA).id
    for place in (dm, world.slack.direct_message(BEN).id):
        world.slack.faults.order(POST, code, channel=place)
    world.admins = frozenset({BEN})
    await world.complete(to=person)
    await world.complete(to=user)
    await world.send()
    [notified] = world.texts(OFFICE)
    assert code in notified and "spotter manifest" in notified
    [alert] = await world.store.read(lambda tx: tx.alerts.all())
    assert alert.facts == {"reason": code}

    await world.store.transact(lambda tx: tx.destinations.unblock(person, world.clock.now()))
    await world.send()
    assert len(world.posted(dm)) == 1
    assert "direct messages are sent again" in world.texts(OFFICE)[-1]


@pytest.mark.promise("direct_messages_closed")
async def test_a_scope_that_direct_messages_need_is_named_once_and_channels_go_on(world: Room) -> None:
    world.store.ops_channel = OFFICE
    refusal = faults.api_error("missing_scope", needed="im:write", provided="chat:write")
    world.slack.faults.order("conversations.open", refusal, times=100)
    people = [Destination(DestinationKind.PERSON, "ana"), Destination(DestinationKind.USER, BEN)]
    waiting = [await world.complete(50.0, to=one) for one in people]
    notified = await world.complete(50.0)
    await world.send()
    assert [await world.stands(key) for key in (*waiting, notified)] == [NotificationState.BLOCKED] * 2 + [
        NotificationState.SENT
    ]
    [text] = world.texts(OFFICE)
    assert "im:write" in text


# ---- people ----------------------------------------------------------------------------------------------------------


async def test_an_observer_is_found_by_email_and_told_in_a_direct_message(world: Room) -> None:
    key = await world.complete(to=Destination(DestinationKind.PERSON, "ana"))
    await world.send()
    dm = world.slack.direct_message(ANA)
    assert len(world.posted(dm.id)) == 1
    assert (await world.delivery(key)).channel == dm.id
    linked = await world.store.read(lambda tx: tx.people.linked_user("ana"))
    assert linked == ANA


async def test_a_lost_reply_to_a_direct_message_is_looked_for_there(world: Room) -> None:
    world.slack.faults.order(POST, "reply_lost")
    await world.complete(to=Destination(DestinationKind.PERSON, "ana"))
    await world.send()
    dm = world.slack.direct_message(ANA)
    assert (len(world.posted(dm.id)), world.calls(POST)) == (1, 1)


async def test_somebody_without_a_slack_account_gets_nothing_and_the_reason_is_kept(world: Room) -> None:
    key = await world.complete(to=Destination(DestinationKind.PERSON, "joe"))
    await world.send()
    notified = await world.notified(key)
    assert notified.cancelled == "no Slack account has this person's e-mail address"
    again = await world.complete(to=Destination(DestinationKind.PERSON, "joe"))
    await world.send()
    assert (await world.notified(again)).cancelled == notified.cancelled
    assert world.calls("users.lookupByEmail") == 1


# ---- rights and rules ------------------------------------------------------------------------------------------------


async def test_what_the_rules_owner_may_not_see_is_not_posted(world: Room) -> None:
    rule = await world.store.transact(
        lambda tx: tx.rules.add(SHOP_CHANNEL, "U0BEN", "", RuleState.ACTIVE, world.clock.now())
    )
    key = await world.complete(rules=(rule.rule_id,))
    await world.send()
    assert world.posted() == []
    assert "not linked" in (await world.notified(key)).cancelled


async def test_a_rule_that_ended_while_its_notice_waited_posts_nothing(world: Room) -> None:
    key = await world.complete()
    await world.store.transact(
        lambda tx: tx.rules.set_state(world.rule.rule_id, RuleState.ENDED, "removed", world.clock.now())
    )
    await world.send()
    assert world.posted() == []
    assert (await world.notified(key)).cancelled


async def test_an_ambiguous_delivery_of_an_ended_rule_is_looked_for_but_not_sent_again(world: Room) -> None:
    world.slack.faults.order(POST, "request_lost")
    key = await world.complete()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(world.deliver().once(limit_seconds=200.0))
        await until(lambda: world.calls(POST) == 1)
        await world.store.transact(
            lambda tx: tx.rules.set_state(world.rule.rule_id, RuleState.ENDED, "removed", world.clock.now())
        )
        await sending
    assert world.calls(POST) == 1
    assert await world.state(key) is DeliveryState.CANCELLED


@pytest.mark.promise("erased")
@pytest.mark.parametrize(("lost", "stands"), [("reply_lost", 1), ("request_lost", 0)])
async def test_an_ambiguous_card_about_somebody_erased_is_redacted_where_it_stands_and_else_not_sent_again(
    lost: str, stands: int, world: Room
) -> None:
    world.slack.faults.order(POST, lost)
    key = await world.complete()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(world.deliver().once(limit_seconds=200.0))
        await until(lambda: world.calls(POST) == 1)
        await world.store.transact(lambda tx: tx.erasure.erase(key.employee_id, world.clock.now()))
        await sending
    assert world.calls(POST) == 1
    assert len(world.texts()) == stands
    assert not any("Joe" in text or "72" in text for text in world.texts())
    left = await world.store.transact(lambda tx: tx.erasure.erase(key.employee_id, world.clock.now()))
    assert left.redactions == 0


@pytest.mark.promise("reopened_early")
@pytest.mark.parametrize("first", [50.0, 90.0])
@pytest.mark.parametrize("status", ["IN_PROGRESS", "ARCHIVED"])
async def test_a_session_re_opened_while_its_card_waits_is_reported_when_it_is_completed_again(
    first: float, status: str, world: Room
) -> None:
    key = await world.complete(first)
    await world.lists(key, status)
    await world.send()
    assert world.texts() == []
    assert (await world.notified(key)).cancelled == "it is no longer completed, and its completion was not posted"
    await world.lists(key, "PASSED", 50.0)
    await world.send()
    [text] = world.texts()
    assert "50 %, below target" in text
    await world.lists(key, status)
    await world.lists(key, "PASSED", 40.0)
    await world.send()
    corrected, again = world.texts()
    assert "40 %, below target 80 %" in corrected
    assert "40 %, below target 80 %, completed again" in again


async def test_a_session_re_opened_while_its_card_waits_is_reported_whatever_it_is_corrected_to(world: Room) -> None:
    key = await world.complete(90.0)
    await world.lists(key, "IN_PROGRESS")
    await world.send()
    await world.lists(key, "PASSED", 50.0)
    await world.lists(key, "PASSED", 85.0)
    await world.send()
    [text] = world.texts()
    assert "85 %, now met target 80 %" in text
    await world.lists(key, "PASSED", 40.0)
    await world.send()
    assert len(world.texts()) == 2


async def test_a_turn_to_below_target_re_opened_while_it_waits_is_reported_when_it_is_below_target_again(
    world: Room,
) -> None:
    key = await world.complete(90.0)
    await world.send()
    await world.lists(key, "PASSED", 50.0)
    await world.lists(key, "IN_PROGRESS")
    await world.send()
    await world.lists(key, "PASSED", 40.0)
    await world.send()
    assert len(world.texts()) == 2 and all("40 %" in text for text in world.texts())
    for _ in range(2):
        await world.lists(key, "IN_PROGRESS")
        await world.lists(key, "PASSED", 30.0)
        await world.send()
    assert len(world.texts()) == 2, "whoever was told of a bad result has its card edited and nothing else"


async def _introduced(world: Room) -> Rule:
    """A new rule after its intro was sent."""
    rule = await world.store.transact(
        lambda tx: tx.rules.add(SHOP_CHANNEL, ANA, "", RuleState.PENDING, world.clock.now())
    )
    intro = Notification(
        kind=NotificationKind.INTRO,
        destination=SHOP_CHANNEL,
        subject=f"intro:{rule.rule_id}",
        reason="a new rule",
        rule_ids=(rule.rule_id,),
    )
    await world.store.transact(lambda tx: tx.notifications.enqueue(intro, world.clock.now()))
    await world.send()
    stored = await world.store.read(lambda tx: tx.rules.get(rule.rule_id))
    assert stored is not None
    return stored


@pytest.mark.promise("ambiguous_introduction")
async def test_what_a_rule_matches_before_it_is_clear_that_its_intro_stands_there_follows_it(world: Room) -> None:
    office = Destination(DestinationKind.CHANNEL, OFFICE)
    rule = await world.store.transact(
        lambda tx: tx.rules.add(office, OPERATOR, "", RuleState.PENDING, world.clock.now())
    )
    await world.store.transact(lambda tx: tx.notifications.enqueue(introduction(rule), world.clock.now()))
    world.slack.faults.order(POST, "request_lost", channel=OFFICE)
    sending = asyncio.create_task(world.deliver().once(limit_seconds=120.0))
    await until(lambda: world.calls(POST) == 1)
    [pending] = await world.store.read(lambda tx: tx.rules.at(office))
    assert (pending.state, pending.active_since is not None) == (RuleState.PENDING, True)
    key = await world.complete(to=office, rules=(rule.rule_id,))
    await sending
    assert [key.session_id[:8] in text for text in world.texts(OFFICE)] == [False, True]
    assert await world.state(key) is DeliveryState.SENT


async def test_a_rules_intro_makes_it_active(world: Room) -> None:
    rule = await _introduced(world)
    assert rule.state is RuleState.ACTIVE and rule.active_since is not None
    assert f"rule {rule.rule_id}" in world.texts()[0]


async def test_a_rule_whose_intro_was_reported_and_deleted_is_active_too(world: Room) -> None:
    world.slack.faults.order(POST, "duplicate_message_not_found")
    rule = await _introduced(world)
    assert rule.state is RuleState.ACTIVE and rule.active_since is not None


# ---- edits -----------------------------------------------------------------------------------------------------------


async def test_a_correction_edits_the_card_in_place(world: Room) -> None:
    key = await world.complete(72.0)
    await world.send()
    await world.correct(key, 91.0)
    await world.send()
    [message] = world.posted()
    assert "91" in message.text and message.edited is not None
    assert (await world.delivery(key)).notifications[0].shown_version == 2
    await world.send()
    assert world.calls(EDIT) == 1


async def test_several_corrections_are_one_edit(world: Room) -> None:
    key = await world.complete(72.0)
    await world.send()
    for result in (73.0, 74.0, 75.0):
        await world.correct(key, result)
    await world.send()
    assert world.calls(EDIT) == 1
    assert "75" in world.texts()[0]


async def test_a_correction_while_the_delivery_is_ambiguous_reaches_the_card(world: Room) -> None:
    world.slack.faults.order(POST, "reply_lost")
    key = await world.complete(72.0)
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(world.deliver().once(limit_seconds=200.0))
        await until(lambda: world.calls(POST) == 1)
        await world.correct(key, 91.0)
        await sending
    assert len(world.posted()) == 1 and "91" in world.texts()[0]


@pytest.mark.parametrize("fault", ["reply_lost", "error_before", "text_plain", "hang"])
async def test_an_edit_that_brought_no_answer_is_tried_again(world: Room, fault: str) -> None:
    key = await world.complete(72.0)
    await world.send()
    world.slack.faults.order(EDIT, fault)
    await world.correct(key, 91.0)
    await world.send(400.0)
    assert world.calls(EDIT) == 2
    assert "91" in world.texts()[0]


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_an_edit_refused_for_ever_ends(world: Room, code: str) -> None:
    key = await world.complete(72.0)
    await world.send()
    world.slack.faults.order(EDIT, code)
    await world.correct(key, 91.0)
    await world.send()
    assert world.calls(EDIT) == 1
    assert (await world.counts()).edits == 0
    assert (await world.notified(key)).attempts[-1].reason == code


async def test_an_edit_with_refused_blocks_goes_as_plain_text(world: Room) -> None:
    key = await world.complete(72.0)
    await world.send()
    world.slack.faults.order(EDIT, "invalid_blocks")
    await world.correct(key, 91.0)
    await world.send()
    [message] = world.posted()
    assert "91" in message.text and message.blocks == []
    assert (await world.counts()).edits == 0


async def test_a_card_is_redacted_once_the_rules_owner_may_not_see_it_any_more(world: Room) -> None:
    world.admins = frozenset({BEN})
    rule = await world.store.transact(
        lambda tx: tx.rules.add(SHOP_CHANNEL, BEN, "", RuleState.ACTIVE, world.clock.now())
    )
    key = await world.complete(72.0, rules=(rule.rule_id,))
    await world.send()
    world.admins = frozenset()
    await world.correct(key, 91.0)
    await world.send()
    [text] = world.texts()
    assert "91" not in text and "Doe" not in text and key.session_id[:8] in text


async def to_be_redacted(world: Room) -> SessionKey:
    """A card was posted whose rule's owner lost the right to it, so that its next edit takes its session out."""
    world.admins = frozenset({BEN})
    rule = await world.store.transact(
        lambda tx: tx.rules.add(SHOP_CHANNEL, BEN, "", RuleState.ACTIVE, world.clock.now())
    )
    key = await world.complete(72.0, rules=(rule.rule_id,))
    await world.send()
    world.admins = frozenset()
    await world.correct(key, 91.0)
    return key


@pytest.mark.parametrize("fault", ["reply_lost", "request_lost", "error_after", "rate_limited", "hang", None])
@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed", "message_not_found"])
async def test_a_card_that_must_be_redacted_and_cannot_be_edited_is_deleted(
    world: Room, code: str, fault: str | None
) -> None:
    key = await to_be_redacted(world)
    world.slack.faults.order(EDIT, code, times=9)
    if fault is not None:
        world.slack.faults.order(DELETE, fault)
    await world.send(400.0)
    assert world.posted() == []
    assert (await world.counts()).edits == 0
    reason = f"deleted, because it could not be edited: {code}"
    assert (await world.notified(key)).attempts[-1].reason == reason
    [entry] = await world.store.read(lambda tx: tx.audit_log.entries(10))
    assert (entry.verb, entry.new) == ("redact", reason)
    tries = world.calls(DELETE)
    await world.correct(key, 60.0)
    await world.send()
    assert world.calls(DELETE) == tries == (1 if fault is None else 2)


@pytest.mark.parametrize("code", ["cant_delete_message", "compliance_exports_prevent_deletion"])
async def test_a_card_that_can_be_neither_redacted_nor_deleted_is_reported(world: Room, code: str) -> None:
    key = await to_be_redacted(world)
    world.slack.faults.order(EDIT, "edit_window_closed")
    world.slack.faults.order(DELETE, code)
    await world.send()
    assert len(world.posted()) == 1 and (world.calls(EDIT), world.calls(DELETE)) == (1, 1)
    reason = f"it could not be edited (edit_window_closed) or deleted ({code})"
    assert (await world.notified(key)).attempts[-1].reason == reason
    [entry] = await world.store.read(lambda tx: tx.audit_log.entries(10))
    assert (entry.verb, entry.new) == ("redact", reason)


async def test_cards_of_an_ended_rule_keep_being_corrected(world: Room) -> None:
    key = await world.complete(72.0)
    await world.send()
    await world.store.transact(
        lambda tx: tx.rules.set_state(world.rule.rule_id, RuleState.ENDED, "removed", world.clock.now())
    )
    await world.correct(key, 91.0)
    await world.send()
    assert "91" in world.texts()[0]


# ---- death and stopping ----------------------------------------------------------------------------------------------


@pytest.mark.promise("killed_while_sending")
async def test_a_crash_between_the_post_and_its_storing_makes_one_message(world: Room) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    key = await world.complete()
    now, new_id = world.clock.now(), "f00d" * 8
    claimed = await world.store.transact(
        lambda tx: tx.outbox.claim(SHOP_CHANNEL, now, world.messenger.slack_time(), new_id)
    )
    assert claimed is not None
    from bot.domain.notifications import Message

    await world.messenger.post(SHOP, Message("as the dead process said it"), delivery_id=new_id)
    assert await world.state(key) is DeliveryState.SENDING

    await world.send()
    assert len(world.posted()) == 1
    assert await world.state(key) is DeliveryState.SENT
    assert "Opening" in world.texts()[0]  # what it shows is not known: it is edited once


async def test_stopping_lets_a_post_in_flight_end_and_be_stored(world: Room) -> None:
    key = await world.complete()
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: world.calls(POST) == 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await world.state(key) is DeliveryState.SENT
    assert len(world.posted()) == 1


async def test_a_post_that_hangs_while_stopping_is_ambiguous_at_the_next_start(tmp_path: Path) -> None:
    async with room(tmp_path, timeout=30.0) as world:
        world.slack.workspace.dedupes_client_msg_id = False
        world.slack.faults.order(POST, faults.hang(3_600.0, stored=True))
        key = await world.complete()
        running = asyncio.create_task(world.deliver().run())
        await until(lambda: world.calls(POST) == 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await world.state(key) is DeliveryState.SENDING
        await world.send()
        assert (len(world.posted()), world.calls(POST)) == (1, 1)
        assert await world.state(key) is DeliveryState.SENT


@pytest.mark.promise("database_locked")
async def test_a_busy_database_never_loses_what_slack_answered(tmp_path: Path) -> None:
    async with room(tmp_path, timeout=300.0, busy_seconds=0.02) as world:
        world.slack.workspace.dedupes_client_msg_id = False
        world.slack.faults.order(HISTORY, "internal_error", times=100)
        key = await world.complete()
        other = sqlite3.connect(tmp_path / "spotter.db", isolation_level=None, timeout=0.1)
        tripped = world.slack.workspace.listen(
            lambda happening: None if happening.kind != "message_posted" else _lock(other)
        )
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(world.deliver().once(limit_seconds=200.0))
            await until(lambda: len(world.posted()) == 1)
            tripped()
            await asyncio.sleep(18.0)  # long enough for several tries; nothing to poll, for nothing may happen
            assert await world.state(key) is DeliveryState.SENDING
            other.execute("ROLLBACK")
            await sending
        other.close()
        assert await world.state(key) is DeliveryState.SENT
        assert world.calls(POST) == 1


def _lock(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")


@pytest.mark.promise("database_locked")
async def test_a_database_busy_while_a_person_is_looked_up_stops_nothing(tmp_path: Path) -> None:
    async with room(tmp_path, busy_seconds=0.02) as world:
        other_program = sqlite3.connect(world.store.path, isolation_level=None)

        def lock_at_the_answer(happening: Happening) -> None:
            if isinstance(happening.subject, ApiCall) and happening.subject.method == "users.lookupByEmail":
                _lock(other_program)

        unlisten = world.slack.workspace.listen(lock_at_the_answer)
        key = await world.complete(to=Destination(DestinationKind.PERSON, "ana"))
        sending = asyncio.create_task(world.deliver().once(limit_seconds=120.0))
        await until(lambda: other_program.in_transaction)
        unlisten()
        await asyncio.sleep(18.0)
        other_program.execute("ROLLBACK")
        await sending
        other_program.close()
        assert await world.state(key) is DeliveryState.SENT
        assert len(world.posted(world.slack.direct_message(ANA).id)) == 1


async def test_a_burst_is_notified_exactly_once_over_a_flaky_line(world: Room) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    for fault in ("reply_lost", "request_lost", "error_before", "rate_limited", "internal_error", "html_stored"):
        world.slack.faults.order(POST, fault)
    keys = []
    for _ in range(8):
        keys.append(await world.complete())
        keys.append(await world.complete(to=Destination(DestinationKind.PERSON, "ana")))
        await world.send(5.0)
    await world.send(600.0)
    shown = world.texts() + world.texts(world.slack.direct_message(ANA).id)
    assert [sum(key.session_id[:8] in text for text in shown) for key in keys] == [1] * len(keys)
    assert BOT not in "".join(shown)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_goes_wrong_and_whoever_dies_each_session_is_reported_once(world: Room, seed: int) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    random01 = random.Random(seed)
    world.slack.faults.history_lag = 8.0
    kinds = ["reply_lost", "request_lost", "error_before", "error_after", "hang_stored", "text_plain", "empty_stored"]
    kinds += ["html", "rate_limited", "internal_error", "accepted_late", "not_in_a_table"]
    for _ in range(14):
        world.slack.faults.order(random01.choice([POST, POST, HISTORY, EDIT]), random01.choice(kinds))
    places = [SHOP_CHANNEL, Destination(DestinationKind.PERSON, "ana"), Destination(DestinationKind.CHANNEL, OFFICE)]
    keys = []
    for _ in range(9):
        keys.append(await world.complete(to=random01.choice(places), rules=(world.rule.rule_id,)))
        running = asyncio.create_task(world.deliver().run())
        await asyncio.sleep(random01.uniform(0.0, 18.0))  # the moment of death is what varies
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        if random01.random() < 0.3:
            await world.correct(keys[-1], 55.0)
    world.slack.faults.clear()
    await world.send(2_000.0)
    shown = [text for place in (SHOP, OFFICE, world.slack.direct_message(ANA).id) for text in world.texts(place)]
    assert [sum(key.session_id[:8] in text for text in shown) for key in keys] == [1] * len(keys)

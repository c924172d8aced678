"""A thousand completions at once, what waited through Slack's absence, and what a group shows: on the Slack stand-in,
which refuses what Slack would refuse."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.blocks.charts import NEWEST
from bot.demo.slack import Message
from bot.domain.notifications import DeliveryState, Destination, DestinationKind
from bot.domain.viewers import DirectMessages, Preferences
from bot.store.database import Tx
from tests.clock import until
from tests.demo.slack_room import ANA, OFFICE, SHOP
from tests.jobs.outbox_room import SHOP_CHANNEL, Room, room

pytestmark = pytest.mark.virtual_time

OFFICE_CHANNEL = Destination(DestinationKind.CHANNEL, OFFICE)
OBSERVER = Destination(DestinationKind.PERSON, "ana")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as made:
        yield made


@pytest.mark.promise("burst")
async def test_a_thousand_at_once_are_grouped_worst_first_and_delay_no_other_channel(world: Room) -> None:
    good = await world.complete_all([90.0 + number % 10 for number in range(900)])
    bad = await world.complete_all([10.0 + number % 50 for number in range(100)])
    sending = asyncio.create_task(world.deliver().once(limit_seconds=3_000))
    await until(lambda: len(world.posted(SHOP)) > 2)
    (other,) = await world.complete_all([70.0], to=OFFICE_CHANNEL, rules=(world.rule.rule_id,))
    await until(lambda: len(world.posted(OFFICE)) == 1)
    assert len(world.posted(SHOP)) < 40  # the line before the shop goes on
    await sending
    texts = world.texts()
    assert len(texts) == 40
    for key in (*good, *bad):
        assert sum(f" · {key.session_id}\n" in text for text in texts) == 1
    assert all("below target" in text for text in texts[:4])
    assert not any("below target" in text for text in texts[4:])
    assert all(message.blocks for message in world.posted())
    assert other.session_id in world.texts(OFFICE)[0]


@pytest.mark.promise("outage")
async def test_after_slacks_absence_old_news_are_one_card_and_new_ones_follow(world: Room) -> None:
    old = await world.complete_all([90.0, 20.0, 85.0], ago=timedelta(hours=60))
    new = await world.complete_all([95.0, 30.0], ago=timedelta(hours=2))
    await world.send()
    outage, *cards = world.texts()
    assert outage.startswith("While I was away\nBetween ")
    assert "3 sessions were completed that are too old to be posted now, 1 of them below target or failed." in outage
    assert len(cards) == 2
    assert new[1].session_id in cards[0]
    for key in old:
        notified = await world.notified(key)
        assert notified.delivery is not None
        assert (notified.delivery.state, notified.delivery.ts) == (DeliveryState.SENT, world.posted()[0].ts)
    assert (await world.counts()).pending == 0


async def test_what_may_have_been_posted_before_the_absence_is_never_put_into_a_summary(world: Room) -> None:
    (key,) = await world.complete_all([72.0], ago=timedelta(hours=60))

    def tried(tx: Tx) -> None:
        earlier = world.clock.now() - timedelta(hours=60)
        assert tx.outbox.claim(SHOP_CHANNEL, earlier, earlier.timestamp(), "d1") is not None

    await world.store.transact(tried)
    await world.send()
    (text,) = world.texts()
    assert f"Session {key.session_id}" in text


async def test_a_person_is_notified_of_what_waited_in_one_message_and_only_what_they_still_want(world: Room) -> None:
    keys = await world.complete_all([90.0, 20.0, 30.0], to=OBSERVER, ago=timedelta(hours=60))

    def wishes(tx: Tx) -> None:
        tx.people.link(ANA, "ana", "email", "ana@bakery.example", world.clock.now())
        tx.people.set_preferences(ANA, Preferences(as_observer=DirectMessages.BELOW))

    await world.store.transact(wishes)
    await world.send()
    (text,) = world.texts((await world.delivery(keys[0])).channel or "")
    assert "2 sessions were completed that are too old to be posted now, all of them below target or failed." in text


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=60)])
async def test_who_pressed_stop_meanwhile_gets_nothing_and_the_reason_is_kept(world: Room, late: timedelta) -> None:
    (key,) = await world.complete_all([20.0], to=OBSERVER, ago=late)

    def stop(tx: Tx) -> None:
        tx.people.link(ANA, "ana", "email", "ana@bakery.example", world.clock.now())
        tx.people.set_preferences(ANA, Preferences(as_observer=DirectMessages.NONE))

    await world.store.transact(stop)
    await world.send()
    notified = await world.notified(key)
    assert notified.cancelled in (
        "this person turned direct messages off",
        "it is not wanted any more by anyone who may see what it counts",
    )
    assert world.calls("chat.postMessage") == 0


async def test_a_turn_that_was_taken_back_before_it_was_reported_is_not_reported(world: Room) -> None:
    key = await world.complete(90.0)
    await world.send()
    await world.turn(key, 20.0)
    await world.correct(key, 95.0)
    await world.send()
    assert len(world.texts()) == 1
    assert "95 %" in world.texts()[0]


# ---- a table where Slack takes one -----------------------------------------------------------------------------


def kinds(card: Message) -> set[str]:
    return {block["type"] for block in card.blocks}


async def test_a_group_of_many_low_results_has_a_table_where_slack_takes_one(world: Room) -> None:
    keys = await world.complete_all([50.0 + n for n in range(8)])
    await world.send()
    (card,) = world.posted()
    assert "data_table" in kinds(card)
    assert all(key.session_id[:8] in card.text for key in keys)
    await world.correct(keys[0], 41.0)
    await world.send()
    (card,) = world.posted()
    assert "data_table" in kinds(card)
    assert "41 %" in card.text


async def test_what_slack_refuses_goes_out_without_the_table_in_the_same_attempt(world: Room) -> None:
    world.slack.workspace.refused_blocks = NEWEST
    keys = await world.complete_all([50.0 + n for n in range(8)])
    await world.send()
    (card,) = world.posted()
    assert "data_table" not in kinds(card)
    assert "section" in kinds(card)
    assert all(key.session_id[:8] in card.text for key in keys)
    posts = [one for one in world.slack.calls if one.method == "chat.postMessage"]
    assert ["data_table" in json.dumps(one.args["blocks"]) for one in posts] == [True, False]
    assert len((await world.notified(keys[0])).attempts) == 1
    world.slack.workspace.refused_blocks = frozenset()
    await world.correct(keys[0], 41.0)
    await world.send()
    (card,) = world.posted()
    assert "data_table" not in kinds(card), "refused blocks are not tried with each message"


async def test_what_slack_refuses_without_the_table_too_says_nothing_about_tables(world: Room) -> None:
    for _ in range(2):
        world.slack.faults.order("chat.postMessage", "msg_too_long")
    await world.complete_all([50.0 + n for n in range(8)])
    await world.send(limit_seconds=10)
    (card,) = world.posted()
    assert kinds(card) == set()
    await world.send()
    (card,) = world.posted()
    assert "data_table" in kinds(card), "an edit shows it with all its blocks"


# ---- what a group shows --------------------------------------------------------------------------------------------


async def test_a_group_shows_what_became_of_its_members(world: Room) -> None:
    first, second, third, fourth = await world.complete_all([90.0, 91.0, 92.0, 70.0])
    await world.send()
    await world.correct(first, 60.0)
    await world.store.transact(lambda tx: tx.sessions.acknowledge(fourth, "U0LEAD", world.clock.now()))
    await world.send()
    (card,) = world.posted()
    lines = card.text.splitlines()
    assert lines[:2] == ["🔴 2 of 4 below target 80 %", "Store 12: 2 below of 4 · median 81 %"]
    assert first.session_id in lines[2]
    assert "60 %" in lines[2]
    assert "was 90 %" in lines[2]
    assert fourth.session_id in lines[3]
    assert "acknowledged" in lines[3]
    assert [key.session_id in line for key, line in zip((second, third), lines[5:7], strict=True)] == [True, True]

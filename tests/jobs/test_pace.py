"""Slack's limits, faults of its answers, and what goes first: on the Slack simulator with its real tiers."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack import ApiCall, Channel, Happening, User, faults
from bot.domain.model import SessionKey
from bot.domain.notifications import DeliveryState, Destination, DestinationKind
from bot.domain.staff import Person
from tests.clock import until
from tests.demo.slack_room import BOT, SHOP
from tests.domain.build import NOW
from tests.jobs.outbox_room import Room, room

pytestmark = pytest.mark.virtual_time

POST, EDIT, HISTORY = "chat.postMessage", "chat.update", "conversations.history"
OBSERVERS = 300


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        yield opened


# ---- look-ups ----------------------------------------------------------------------------------------------------


async def with_observers(world: Room, count: int = OBSERVERS) -> None:
    """Three hundred observers whom Slack was never asked about have a result each."""
    for one in range(count):
        address = f"p{one}@bakery.example"
        world.slack.workspace.add_user(User(id=f"U{one:05}", name=f"p{one}", real_name=f"P {one}", email=address))
    people = [
        Person(person_id=f"p{one}", name=f"P {one}", email=f"p{one}@bakery.example", department_id="store-7")
        for one in range(count)
    ]
    departments = (await world.store.read(lambda tx: tx.people.directory())).departments.values()
    now = world.clock.now()
    await world.store.transact(lambda tx: tx.people.replace_directory(people, list(departments), now))
    for one in range(count):
        person = Destination(DestinationKind.PERSON, f"p{one}")
        await world.complete_all([72.0], to=person, rules=(), observer=f"p{one}", ago=timedelta(minutes=5))


async def test_three_hundred_new_observers_keep_to_slacks_limits_and_delay_no_channel(world: Room) -> None:
    await with_observers(world)
    world.slack.faults.rate_limits = True
    sending = asyncio.create_task(world.deliver().once(limit_seconds=1_800.0))
    await until(lambda: world.calls("users.lookupByEmail") > 20)
    began = world.clock.monotonic()
    await world.complete(20.0)
    await until(lambda: bool(world.posted(SHOP)))
    assert world.clock.monotonic() - began < 35.0  # the sender looks for rows of others every half a minute
    await sending
    refused = [call for call in world.slack.calls if call.status == 429]
    assert refused == []
    assert world.calls("users.lookupByEmail") == OBSERVERS
    assert world.calls("conversations.open") == OBSERVERS
    assert (await world.counts()).sent == OBSERVERS + 1


async def test_no_look_up_is_made_before_retry_after_is_over(world: Room) -> None:
    await with_observers(world, 100)
    limited: list[ApiCall] = []

    def limit(happening: Happening) -> None:
        if not isinstance(happening.subject, ApiCall):
            return
        calls = [call for call in world.slack.calls if call.method == "users.lookupByEmail"]
        if len(calls) in (5, 60) and calls[-1] not in limited:
            limited.append(calls[-1])
            world.slack.faults.order("users.lookupByEmail", faults.rate_limited(60))

    world.slack.workspace.listen(limit)
    await world.deliver().once(limit_seconds=1_800.0)
    calls = [call for call in world.slack.calls if call.method == "users.lookupByEmail"]
    refused = [call for call in calls if call.status == 429]
    assert refused
    for refusal in refused:
        # What was already on its way when Slack refused can't be called back.
        early = [c for c in calls if refusal.number < c.number and c.at < refusal.at + timedelta(seconds=59)]
        assert len(early) <= 4
    assert (await world.counts()).sent == 100


# ---- edits -------------------------------------------------------------------------------------------------------


async def test_a_correction_is_edited_before_a_hundred_and_twenty_renames(world: Room) -> None:
    keys: list[SessionKey] = []
    for one in range(40):
        place = world.slack.workspace.add_channel(Channel(id=f"C{one:05}", name=f"store-{one}", members=[BOT]))
        to = Destination(DestinationKind.CHANNEL, place.id)
        keys += await world.complete_all([90.0, 91.0, 92.0], to=to, rules=(world.rule.rule_id,))
    await world.send(600.0)
    corrected = (await world.delivery(keys[-1])).ts
    sender = world.deliver()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(sender.run())
        await world.rename(keys, "Opening, as of today")
        sender.wake()
        await until(lambda: world.calls(EDIT) >= 20)
        began = world.clock.monotonic()
        await world.correct(keys[-1], 55.0)
        sender.wake()
        await until(lambda: any(call.method == EDIT and call.args["ts"] == corrected for call in world.slack.calls))
        assert world.clock.monotonic() - began < 5.0
        assert world.calls(EDIT) < 60
        await until(lambda: world.calls(EDIT) >= 120)
        sending.cancel()
    assert "55 %" in next(message.text for message in world.posted("C00039") if message.ts == corrected)


# ---- reading back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["error_before", "hang", "html", "empty", "internal_error", "short page"])
async def test_a_reading_that_fails_proves_nothing_and_is_repeated_within_seconds(world: Room, fault: str) -> None:
    world.slack.workspace.dedupes_client_msg_id = False
    unfinished = faults.text_plain()
    if fault == "short page":  # more follows, but Slack does not say where
        body = '{"ok": true, "messages": [], "has_more": true, "response_metadata": {"next_cursor": ""}}'
        unfinished = replace(unfinished, content_type="application/json", body=body)
    world.slack.faults.order(POST, "reply_lost")
    world.slack.faults.order(HISTORY, unfinished if fault == "short page" else fault, times=3)
    began = world.clock.monotonic()
    key = await world.complete()
    await world.send(400.0)
    assert await world.state(key) is DeliveryState.SENT
    assert world.clock.monotonic() - began < 5 + 1 + 2 + 4 + 3 * 24 + 15  # a call that hangs takes 24 s here
    assert (len(world.posted()), world.calls(POST)) == (1, 1)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("was_posted", [True, False], ids=["posted", "lost"])
async def test_with_a_fifth_of_all_calls_failing_the_last_card_after_a_kill_is_settled_within_a_minute(
    tmp_path: Path, seed: int, was_posted: bool
) -> None:
    """From the last attempt on: an attempt whose answer is lost again has to be read back anew."""
    dice = random.Random(seed)
    async with room(tmp_path) as world:
        world.slack.workspace.dedupes_client_msg_id = False
        key = await world.complete(20.0)
        world.slack.faults.order(POST, faults.hang(3_600.0, stored=was_posted))
        dying = asyncio.create_task(world.deliver().run())
        await until(lambda: (bool(world.slack.calls) and world.slack.calls[-1].method == POST) or bool(world.posted()))
        await asyncio.sleep(0.05)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        kinds = ["error_before", "error_after", "reply_lost", "request_lost", "html", "internal_error"]

        def stumble(happening: Happening) -> None:
            if isinstance(happening.subject, ApiCall) and dice.random() < 0.2:
                world.slack.faults.order("*", dice.choice(kinds))

        world.slack.workspace.listen(stumble)
        sending = asyncio.create_task(world.deliver().run())
        killed = world.clock.monotonic()
        settled = 0.0
        while not settled:
            await asyncio.sleep(0.1)
            if await world.state(key) is DeliveryState.SENT:
                settled = world.clock.monotonic()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        delivery = await world.delivery(key)
        assert delivery.attempt_started_at is not None
        attempted = (delivery.attempt_started_at - NOW).total_seconds()
        assert settled - max(killed, attempted) < 60.0
        assert len(world.posted()) == 1

"""Somebody turns the clock an hour back or forth while the bot sends: nothing twice, nothing lost, nothing late."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack import faults
from bot.domain.model import DeliveryState, Destination, DestinationKind
from tests.clocks import TurnedFastClock
from tests.jobs.outbox_room import Room, room, until

POST, HISTORY = "chat.postMessage", "conversations.history"
HOUR = timedelta(hours=1)
TURNS = pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])


@pytest.fixture
def clock() -> TurnedFastClock:
    return TurnedFastClock()


@pytest.fixture
async def world(tmp_path: Path, clock: TurnedFastClock) -> AsyncIterator[Room]:
    async with room(tmp_path, ours=clock) as opened:
        opened.slack.workspace.dedupes_client_msg_id = False
        yield opened


async def stopped(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@TURNS
async def test_a_lost_reply_is_looked_for_in_time_and_found(world: Room, clock: TurnedFastClock, by: timedelta) -> None:
    world.slack.faults.order(POST, "reply_lost")
    await world.complete()
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: world.calls(POST) == 1)
    key = await world.complete(to=Destination(DestinationKind.PERSON, "ana"))  # something else goes on
    clock.turn(by)
    began = clock.monotonic()
    await until(lambda: world.calls(HISTORY) >= 1)
    assert clock.monotonic() - began < 90
    await stopped(running)
    await world.send()
    assert (len(world.posted()), world.calls(POST)) == (1, 2)
    assert await world.state(key) is DeliveryState.SENT


async def test_a_clock_turned_forth_makes_no_look_come_too_early(world: Room, clock: TurnedFastClock) -> None:
    world.slack.faults.order(POST, faults.accepted_late(20.0))
    await world.complete()
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: world.calls(POST) == 1)
    clock.turn(HOUR)
    await until(lambda: world.calls(HISTORY) >= 2)
    await stopped(running)
    await world.send(600.0)
    assert (len(world.posted()), world.calls(POST)) == (1, 1)


async def test_a_clock_turned_forth_between_two_processes_makes_no_look_come_too_early(
    world: Room, clock: TurnedFastClock
) -> None:
    world.slack.faults.order(POST, faults.accepted_late(25.0))
    key = await world.complete()
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: world.calls(POST) == 1)
    while await world.state(key) is not DeliveryState.UNSURE:
        await asyncio.sleep(0.005)
    await stopped(running)
    clock.turn(HOUR)
    await world.send(600.0)
    assert await world.state(key) is DeliveryState.SENT
    assert (len(world.posted()), world.calls(POST)) == (1, 1)


async def test_a_request_lost_before_the_clock_was_turned_back_is_sent_again_within_minutes(
    world: Room, clock: TurnedFastClock
) -> None:
    world.slack.faults.order(POST, "request_lost")
    key = await world.complete()
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: world.calls(POST) == 1)
    clock.turn(-HOUR)
    began = clock.monotonic()
    await until(lambda: len(world.posted()) == 1)
    assert clock.monotonic() - began < 120
    await stopped(running)
    assert await world.state(key) is DeliveryState.SENT


@TURNS
async def test_what_was_throttled_goes_as_soon_as_slack_said(
    world: Room, clock: TurnedFastClock, by: timedelta
) -> None:
    world.slack.faults.order(POST, faults.rate_limited(20))
    await world.complete()
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: world.calls(POST) == 1)
    began = clock.monotonic()
    clock.turn(by)
    await until(lambda: len(world.posted()) == 1)
    assert 15 < clock.monotonic() - began < 90
    await stopped(running)


async def test_after_a_start_with_a_clock_turned_back_nothing_waits_for_the_old_time(
    world: Room, clock: TurnedFastClock
) -> None:
    world.slack.faults.order(POST, "reply_lost")
    unsure, late = await world.complete(), await world.complete(to=Destination(DestinationKind.PERSON, "ana"))
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: world.calls(POST) >= 2)
    await stopped(running)
    clock.turn(-HOUR)
    began = clock.monotonic()
    await world.send(600.0)
    assert clock.monotonic() - began < 300
    assert [await world.state(key) for key in (unsure, late)] == [DeliveryState.SENT] * 2
    assert world.calls(POST) == 2


@TURNS
async def test_a_correction_reaches_its_card(world: Room, clock: TurnedFastClock, by: timedelta) -> None:
    key = await world.complete(90.0)
    running = asyncio.create_task(world.deliver().run())
    await until(lambda: len(world.posted()) == 1)
    world.slack.faults.order("chat.update", "error_before")
    await world.correct(key, 85.0)
    await until(lambda: world.calls("chat.update") == 1)
    clock.turn(by)
    began = clock.monotonic()
    await until(lambda: "85" in world.texts()[0], seconds=12.0)
    assert clock.monotonic() - began < 600
    await stopped(running)
    assert len(world.posted()) == 1


@TURNS
async def test_it_rests_while_nothing_is_due(world: Room, clock: TurnedFastClock, by: timedelta) -> None:
    await world.complete()
    deliver = world.deliver()
    running = asyncio.create_task(deliver.run())
    await until(lambda: len(world.posted()) == 1 and deliver.is_paused)
    clock.turn(by)
    await world.complete()
    deliver.wake()
    await until(lambda: len(world.posted()) == 2 and deliver.is_paused)
    began, naps = clock.monotonic(), clock.naps
    while clock.monotonic() - began < 60:
        await asyncio.sleep(0.01)
    assert clock.naps - naps < 20  # it looks anew after each; the shortest last a twentieth of a second
    await stopped(running)

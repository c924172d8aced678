"""Somebody turns the clock while the bot polls and watches: nothing twice, nothing lost, and no false alarm."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.jobs.monitor import Monitor, RuntimeProbes
from tests.clocks import TurnedClock
from tests.jobs.room import Room, open_room

HOUR = timedelta(hours=1)
TURNS = pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "forth"])


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def room(tmp_path: Path, clock: TurnedClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, ours=clock) as opened:
        yield opened


@TURNS
async def test_what_is_completed_around_the_turn_is_owed_once(room: Room, clock: TurnedClock, by: timedelta) -> None:
    await room.subscribe()
    await room.poll()
    before, after = room.world.add_session(percent=90), room.world.add_session()
    await room.poll()
    clock.turn(by)
    await room.poll()
    room.world.complete(after, percent=40)
    for _ in range(2):
        await room.poll()
    assert [key.session_id for key in await room.posted() if key] == [before.id, after.id]


@TURNS
async def test_a_rule_made_before_the_turn_hears_of_what_comes_after_it(
    room: Room, clock: TurnedClock, by: timedelta
) -> None:
    await room.poll()
    await room.subscribe()
    clock.turn(by)
    session = room.world.add_session(percent=90)
    await room.poll()
    assert [key.session_id for key in await room.posted() if key] == [session.id]


@TURNS
async def test_the_watch_raises_no_alarm_because_of_the_turn(room: Room, clock: TurnedClock, by: timedelta) -> None:
    await room.subscribe()
    await room.poll()
    room.world.add_session(percent=90)
    await room.poll()
    probes = RuntimeProbes(lambda: 0.0, lambda: None)
    monitor = Monitor(room.store, clock, probes, ops_channel="C0OPS0000", poll_interval=120, wake=lambda: None)
    clock.turn(by)
    for _ in range(3):
        await monitor.once()
        clock.advance(timedelta(minutes=1))
    assert await room.ops() == ["baseline_done"]


@pytest.mark.parametrize("by", [-HOUR, timedelta(seconds=5), HOUR], ids=["back", "five seconds forth", "forth"])
async def test_what_is_stuck_is_not_over_because_of_the_turn(room: Room, clock: TurnedClock, by: timedelta) -> None:
    await room.subscribe()
    await room.poll()
    room.world.add_session(percent=90)
    await room.poll()
    probes = RuntimeProbes(lambda: 0.0, lambda: None)
    monitor = Monitor(room.store, clock, probes, ops_channel="C0OPS0000", poll_interval=100_000, wake=lambda: None)
    for minute in range(80):
        if minute == 40:
            clock.turn(by)
        clock.advance(timedelta(minutes=1))
        await monitor.once()
    assert await room.ops() == ["baseline_done", "deliveries_stuck"]


async def test_after_a_turn_back_the_watch_still_notices_that_polls_have_stopped(
    room: Room, clock: TurnedClock
) -> None:
    await room.poll()
    probes = RuntimeProbes(lambda: 0.0, lambda: None)
    monitor = Monitor(room.store, clock, probes, ops_channel="C0OPS0000", poll_interval=120, wake=lambda: None)
    clock.turn(-HOUR)
    for _ in range(40):
        await monitor.once()
        clock.advance(timedelta(minutes=1))
    assert await room.ops() == ["baseline_done", "poll_stale"]

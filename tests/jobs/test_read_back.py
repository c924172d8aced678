"""Reading back is slow or rationed, or Slack's clock is not ours: each lost reply ends in one message."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack import ApiCall, Happening, faults
from bot.domain.notifications import Delivery, DeliveryState
from tests.clock import FakeClock, until
from tests.demo.slack_room import ANA, SHOP
from tests.domain.build import NOW
from tests.jobs.outbox_room import Room, room

pytestmark = pytest.mark.virtual_time

POST, HISTORY = "chat.postMessage", "conversations.history"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        opened.slack.workspace.dedupes_client_msg_id = False
        yield opened


async def once_sent(world: Room) -> Delivery:
    """One message stands, from one request; its delivery."""
    (key,) = await world.complete_all([72.0])
    await world.send(1_200.0)
    delivery = await world.delivery(key)
    assert delivery.state is DeliveryState.SENT
    assert (len(world.posted()), world.calls(POST)) == (1, 1)
    return delivery


async def test_a_reading_back_that_takes_eight_seconds_is_waited_for(world: Room) -> None:
    world.slack.faults.history_delay = 8.0
    world.slack.faults.order(POST, "reply_lost")
    began = world.clock.monotonic()
    await once_sent(world)
    assert world.clock.monotonic() - began > 8.0
    assert world.calls(HISTORY) == 1


async def test_a_reading_back_that_never_comes_in_time_is_no_absence(world: Room) -> None:
    world.slack.faults.order(HISTORY, faults.hang(3_600.0), times=2)
    world.slack.faults.order(POST, "reply_lost")
    await once_sent(world)
    assert world.calls(HISTORY) == 3


async def test_rationed_to_one_page_of_fifteen_a_minute_it_reads_on_where_slack_stopped_it(world: Room) -> None:
    world.slack.faults.history_page = 15
    world.slack.faults.order(POST, "reply_lost")
    world.slack.workspace.listen(lambda happening: _ration(world, happening))
    key = await world.complete()
    async with asyncio.TaskGroup() as group:
        group.create_task(world.deliver().once(limit_seconds=1_200.0))
        await until(lambda: world.calls(POST) == 1)
        for number in range(35):  # so the message stands on the third page
            await world.slack.say(ANA, SHOP, f"chatter {number}")
    assert await world.state(key) is DeliveryState.SENT
    assert world.calls(POST) == 1
    assert world.calls(HISTORY) == 5  # three pages, and two that came too early


def _ration(world: Room, happening: Happening) -> None:
    """After each page that Slack gave, the next asked for comes a minute too early."""
    call = happening.subject
    if isinstance(call, ApiCall) and call.method == HISTORY and call.fault is None:
        world.slack.faults.order(HISTORY, faults.rate_limited(60))


@pytest.mark.parametrize("minutes", [-10, 10], ids=["ours is behind", "ours is ahead"])
@pytest.mark.parametrize("fault", ["reply_lost", "request_lost"])
@pytest.mark.parametrize("has_answered", [True, False], ids=["later", "with the first request to Slack"])
async def test_a_clock_ten_minutes_off_slacks_changes_nothing(
    tmp_path: Path, minutes: int, fault: str, has_answered: bool
) -> None:
    clock = FakeClock(NOW + timedelta(minutes=minutes))
    async with room(tmp_path, ours=clock, has_answered=has_answered) as world:
        world.slack.workspace.dedupes_client_msg_id = False
        world.slack.faults.order(POST, fault)
        key = await world.complete()
        began = clock.monotonic()
        await world.send(400.0)
        assert clock.monotonic() - began < 300
        assert await world.state(key) is DeliveryState.SENT
        assert len(world.posted()) == 1
        assert world.calls(POST) == (1 if fault == "reply_lost" else 2)


async def test_nothing_is_posted_before_slack_has_told_its_time_which_is_asked_for_unhurriedly(tmp_path: Path) -> None:
    async with room(tmp_path, has_answered=False) as world:
        world.slack.faults.order("auth.test", faults.error_before(503), times=3)
        key = await world.complete()
        await world.send()
        assert await world.state(key) is DeliveryState.SENT
        assert (world.calls("auth.test"), world.calls(POST)) == (4, 1)

"""A person's Slack account changes between two tries, or after a message: nobody is told what is no longer theirs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.slack import faults
from bot.domain.notifications import DeliveryState, Destination, DestinationKind
from tests.demo.slack_room import ANA, BEN
from tests.jobs.outbox_room import Room, room

pytestmark = pytest.mark.virtual_time

POST = "chat.postMessage"
OBSERVER = Destination(DestinationKind.PERSON, "ana")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as world:
        yield world


async def link(world: Room, user: str) -> None:
    """An admin says whose the account is."""
    await world.store.transact(lambda tx: tx.people.link(user, "ana", "U0ADMIN", None, world.clock.now()))


def dm_texts(world: Room, user: str) -> list[str]:
    return world.texts(world.slack.direct_message(user).id)


@pytest.mark.parametrize("fault", [faults.rate_limited(20), faults.api_error("user_disabled"), "error_before"])
async def test_what_is_tried_again_goes_to_the_account_that_is_theirs_by_then(
    world: Room, fault: str | faults.Fault
) -> None:
    world.slack.faults.order(POST, fault)
    key = await world.complete(to=OBSERVER)
    await world.send(15.0)
    await link(world, BEN)
    await world.store.transact(lambda tx: tx.destinations.unblock(OBSERVER, world.clock.now()))
    await world.send()
    assert (len(dm_texts(world, ANA)), len(dm_texts(world, BEN))) == (0, 1)
    assert await world.state(key) is DeliveryState.SENT


async def test_a_correction_redacts_the_message_to_an_account_that_is_no_longer_theirs(world: Room) -> None:
    key = await world.complete(72.0, to=OBSERVER)
    await world.send()
    await link(world, BEN)
    await world.correct(key, 91.0)
    await world.send()
    [text] = dm_texts(world, ANA)
    assert "91" not in text and "Doe" not in text
    assert dm_texts(world, BEN) == []


async def test_a_correction_reaches_the_message_while_the_account_is_theirs(world: Room) -> None:
    key = await world.complete(72.0, to=OBSERVER)
    await world.send()
    await world.correct(key, 91.0)
    await world.send()
    [text] = dm_texts(world, ANA)
    assert "91" in text

"""What a round does for those that are not in the way of others, and that it leaves the erased alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.notifications import Destination, DestinationKind
from bot.domain.reasons import ReasonCode
from bot.domain.rules import RuleState
from bot.jobs.channel_checks import ChannelChecks
from bot.slack.contacts import SlackContacts
from tests.demo.slack_room import ANA, BEN, OFFICE, SHOP
from tests.jobs.outbox_room import SHOP_CHANNEL, Room, room
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as opened:
        yield opened


def channel_checks(world: Room) -> ChannelChecks:
    return ChannelChecks(
        store=world.store,
        messenger=world.messenger,
        contacts=SlackContacts(world.messenger, world.store, world.clock, frozenset()),
        clock=world.clock,
        settings=settings_of(admins=frozenset({ANA})),
        wake=lambda: None,
    )


async def test_a_round_brings_nothing_back_of_an_erased_owner(world: Room) -> None:
    contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
    assert (await contacts.viewer(ANA)).person_id == "ana"
    now = world.clock.now()
    await world.store.transact(lambda tx: tx.rules.add(SHOP_CHANNEL, ANA, "", RuleState.ACTIVE, now))
    await world.store.transact(lambda tx: tx.erasure.erase("ana", now))
    await channel_checks(world).once()
    assert await world.store.read(lambda tx: tx.people.slack_user(ANA)) is None


@pytest.mark.promise("clock_set")
@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=30)])
async def test_what_a_clock_that_was_ahead_blocked_goes_on_once_it_is_mended(world: Room, ahead: timedelta) -> None:
    now = world.clock.now()
    office = Destination(DestinationKind.CHANNEL, OFFICE)
    await world.store.transact(lambda tx: tx.rules.add(office, ANA, "", RuleState.ACTIVE, now))
    world.clock.jump(ahead)
    await world.slack.archive(OFFICE, by=ANA)
    checks = channel_checks(world)
    await checks.once()
    assert len(await world.store.read(lambda tx: tx.destinations.blocked())) == 1
    world.clock.jump(-ahead)
    await world.slack.unarchive(OFFICE, by=ANA)
    world.clock.advance(timedelta(hours=1))
    await checks.once()
    assert await world.store.read(lambda tx: tx.destinations.blocked()) == []


async def test_a_channel_that_slack_can_not_tell_of_keeps_no_round_from_the_others(world: Room) -> None:
    office = Destination(DestinationKind.CHANNEL, OFFICE)
    now = world.clock.now()
    nobody_in_ispring = BEN
    rule = await world.store.transact(
        lambda tx: tx.rules.add(office, nobody_in_ispring, "", RuleState.ACTIVE, now),
    )
    world.slack.faults.order("conversations.info", "internal_error", times=100, channel=SHOP)
    await world.slack.archive(OFFICE, by=ANA)
    await channel_checks(world).once()
    blocked = await world.store.read(lambda tx: tx.destinations.blocked())
    assert [(one.destination, one.reason) for one in blocked] == [(office, "is_archived")]

    await world.slack.unarchive(OFFICE, by=ANA)
    await world.store.transact(lambda tx: tx.destinations.unblock(office, now))
    await channel_checks(world).once()
    stored = await world.store.read(lambda tx: tx.rules.get(rule.rule_id))
    assert stored is not None and (stored.state, stored.reason_code) == (RuleState.PAUSED, ReasonCode.OWNER_GONE)

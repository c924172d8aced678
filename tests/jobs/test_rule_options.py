"""Options of a rule: corrections that leave cards as they were posted, and people by their initials."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.rules import OPERATOR, NamesShown, RuleOptions, RuleState
from bot.domain.text import initials
from tests.jobs.outbox_room import SHOP_CHANNEL, Room, room

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Room]:
    async with room(tmp_path) as world:
        yield world


async def option(world: Room, options: RuleOptions) -> None:
    await world.store.transact(lambda tx: tx.rules.set_options(world.rule.rule_id, options, world.clock.now()))


async def other_rule(world: Room, options: RuleOptions) -> int:
    now = world.clock.now()
    made = await world.store.transact(
        lambda tx: tx.rules.add(SHOP_CHANNEL, OPERATOR, "", RuleState.ACTIVE, now, options)
    )
    return made.rule_id


async def test_without_edits_a_correction_leaves_the_card_as_it_was_posted(world: Room) -> None:
    await option(world, RuleOptions(edits=False))
    key = await world.complete(72.0)
    await world.send()
    before = world.texts()
    world.clock.advance(timedelta(minutes=2))
    await world.correct(key, 75.0)
    await world.send()
    assert world.texts() == before
    # An acknowledgement comes later: it would bring the correction with it.
    await world.store.transact(lambda tx: tx.sessions.acknowledge(key, "U0LND", world.clock.now()))
    await world.send()
    assert world.texts() == before


async def test_without_edits_what_changes_no_result_is_still_shown(world: Room) -> None:
    await option(world, RuleOptions(edits=False))
    key = await world.complete(72.0)
    await world.send()
    await world.store.transact(lambda tx: tx.sessions.acknowledge(key, "U0LND", world.clock.now()))
    await world.send()
    assert "Acknowledged by" in world.texts()[0]


async def test_without_edits_a_redaction_is_made_all_the_same(world: Room) -> None:
    await option(world, RuleOptions(edits=False))
    key = await world.complete(72.0)
    await world.send()
    await world.correct(key, 75.0)
    await world.store.transact(lambda tx: tx.erasure.erase("joe", world.clock.now()))
    await world.send()
    assert "72" not in world.texts()[0] and "Doe" not in world.texts()[0]


async def test_one_rule_with_edits_is_enough(world: Room) -> None:
    other = await other_rule(world, RuleOptions(edits=True))
    await option(world, RuleOptions(edits=False))
    key = await world.complete(72.0, rules=(world.rule.rule_id, other))
    await world.send()
    world.clock.advance(timedelta(minutes=2))
    await world.correct(key, 75.0)
    await world.send()
    assert "75" in world.texts()[0]


async def test_the_most_careful_of_several_rules_decides_what_people_are_called(world: Room) -> None:
    other = await other_rule(world, RuleOptions(names=NamesShown.INITIALS))
    await world.complete(72.0, rules=(world.rule.rule_id, other))
    await world.send()
    [text] = world.texts()
    assert "J. D." in text and "Doe" not in text
    assert "Doe" not in str(world.slack.messages(SHOP_CHANNEL.id)[0].blocks)


async def test_a_group_calls_everybody_by_their_initials(world: Room) -> None:
    await option(world, replace(RuleOptions(), names=NamesShown.INITIALS))
    await world.complete_all([40.0, 50.0, 60.0, 90.0])
    await world.send()
    [group] = world.slack.messages(SHOP_CHANNEL.id)
    assert "J. D." in group.text and "Doe" not in group.text + str(group.blocks)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Arjun Pillaikar", "A. P."),
        ("J. Doe", "J. D."),
        ("Anna-Lena Maria Vondráčka", "A. L. M. V."),
        ("  Šárka ", "Š."),
        ("山田 太郎", "山. 太."),
        ("(Bo) Berg", "B. B."),
        ("…", "…"),
    ],
)
def test_initials(name: str, short: str) -> None:
    assert initials(name) == short

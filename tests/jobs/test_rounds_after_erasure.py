"""Who was erased is not asked about again by a job of Spotter's own."""

from pathlib import Path

from bot.core.model import RuleState
from bot.jobs.rounds import Rounds
from bot.slack.people import SlackContacts
from tests.demo.slack_room import ANA
from tests.jobs.outbox_room import SHOP_CHANNEL, room


async def test_a_round_brings_nothing_back_of_an_erased_owner(tmp_path: Path) -> None:
    async with room(tmp_path) as world:
        contacts = SlackContacts(world.messenger, world.store, world.clock, frozenset())
        assert (await contacts.viewer(ANA)).person_id == "ana"
        now = world.clock.now()
        await world.store.transact(lambda tx: tx.rules.add(SHOP_CHANNEL, ANA, "", RuleState.ACTIVE, now))
        await world.store.transact(lambda tx: tx.keeping.erase("ana", now))
        rounds = Rounds(
            store=world.store,
            messenger=world.messenger,
            contacts=contacts,
            clock=world.clock,
            admins=frozenset(),
            ops_channel="",
            wake=lambda: None,
        )
        await rounds.once()
        assert await world.store.read(lambda tx: tx.people.slack_user(ANA)) is None

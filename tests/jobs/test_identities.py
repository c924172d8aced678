"""Who people are in Slack is asked beside everything else: what fails there ends no job."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.slack import User, Workspace
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import RuleState
from bot.domain.viewers import SlackUser
from bot.jobs.identities import Identities
from bot.jobs.rule_owners import ask_about
from bot.slack.contacts import SlackContacts
from bot.store.database import Tx
from tests.clock import NOON, FakeClock
from tests.environment import messenger_of, open_store, slack_simulator

pytestmark = pytest.mark.virtual_time

OWNER = "U0OWNER"


def with_rule(tx: Tx) -> None:
    user = SlackUser(user_id=OWNER, email=None, zone="UTC", is_full_member=True)
    tx.people.save_slack_user(user, NOON.replace(year=2025))
    tx.rules.add(Destination(DestinationKind.CHANNEL, "G0NORTH"), OWNER, "", RuleState.ACTIVE, NOON)


async def test_an_owner_whose_answer_can_not_be_stored_is_asked_about_again(tmp_path: Path) -> None:
    store = open_store(tmp_path / "busy.db", now=NOON, busy_seconds=0.05)
    await store.transact(with_rule)
    clock, workspace = FakeClock(), Workspace()
    workspace.add_user(User(id=OWNER, name="owner", real_name="Owner"))
    slack = slack_simulator(workspace, clock)
    async with messenger_of(slack, clock) as messenger:
        contacts = SlackContacts(messenger, store, clock, set())
        identities = Identities(store, contacts, clock, admins=frozenset(), wake=lambda: None)
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert await ask_about(contacts, {OWNER}) == {OWNER: None}
            await identities.once()
            other.execute("ROLLBACK")
        clock.advance(timedelta(minutes=2))
        await identities.once()
        seen = await store.read(lambda tx: tx.people.slack_user(OWNER))
        assert seen is not None and seen[1] >= NOON
    store.close()

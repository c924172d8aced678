"""A listing in which nearly everything changed: what nobody is told of is stored part by part."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.model import SessionFacts
from bot.jobs.store_changes import SLICES_AT_ONCE, bulk_update
from bot.store.database import Store
from tests.environment import open_store
from tests.store.given import NOON, Piece, a_session, baseline, claim, enqueue, minutes, planned, see, sent, stored

pytestmark = pytest.mark.virtual_time

MANY = 3 * SLICES_AT_ONCE
LATER = NOON + minutes(5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = open_store(tmp_path / "spotter.db", now=NOON)
    yield database
    database.close()


def slices(*facts: SessionFacts) -> Iterator[Piece]:
    """One row each, so that there are several parts."""
    return (Piece([one]) for one in facts)


async def test_what_is_only_spelled_otherwise_is_stored_in_every_part(store: Store) -> None:
    await store.transact(lambda tx: baseline(tx, *(a_session(number) for number in range(MANY))))
    renamed = [a_session(number, observer="bo") for number in range(MANY)]
    assert await bulk_update(store, slices(*renamed), LATER) == MANY
    left = await store.read(lambda tx: tx.listings.diff(slices(*renamed)))
    assert left.changed == []
    assert left.missing == []


async def test_what_somebody_is_notified_of_is_left_to_the_poll(store: Store) -> None:
    await store.transact(lambda tx: baseline(tx, planned(1), a_session(2)))
    completed, renamed = a_session(1), a_session(2, observer="bo")
    assert await bulk_update(store, slices(completed, renamed), LATER) == 1
    left = await store.read(lambda tx: tx.listings.diff(slices(completed, renamed)))
    assert [facts for facts, _ in left.changed] == [completed]


async def test_a_card_that_stands_needs_an_edit(store: Store) -> None:
    await store.transact(lambda tx: see(tx, a_session(1)))
    await store.transact(lambda tx: enqueue(tx, a_session(1)))
    await store.transact(lambda tx: sent(tx, claim(tx)))
    await bulk_update(store, slices(a_session(1, observer="bo")), LATER)
    assert await store.transact(lambda tx: tx.outbox.claim_edit(LATER)) is not None
    assert (await store.read(lambda tx: stored(tx, a_session(1).key))).facts.observer_id == "bo"

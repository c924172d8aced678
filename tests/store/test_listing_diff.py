"""A listing against what is stored."""

import pytest

from bot.domain.model import SessionFacts
from bot.domain.polling import ListingDiff
from bot.store.database import Store, Tx
from tests.store.given import NOON, TARGETS, a_session, baseline, fingerprint, listing, minutes, planned, see, stored

ONE, TWO, THREE = a_session(1), a_session(2), a_session(3)


async def listing_diff(db: Store, *facts: SessionFacts, rejected: tuple[str, ...] = ()) -> ListingDiff:
    return await db.read(lambda tx: tx.listings.diff(listing(*facts, rejected=rejected)))


async def given(db: Store, *facts: SessionFacts) -> None:
    await db.transact(lambda tx: baseline(tx, *facts))


async def test_nothing_is_left_of_a_listing_that_says_what_we_know_in_another_order(db: Store) -> None:
    await given(db, ONE, TWO, THREE)
    found = await listing_diff(db, THREE, ONE, TWO)
    assert found == ListingDiff(changed=[], missing=[], back=[], listed=3, known=3, rejected=[], duplicates=0)


async def test_everything_is_new_to_an_empty_database(db: Store) -> None:
    found = await listing_diff(db, ONE, TWO)
    assert [facts for facts, _ in found.changed] == [ONE, TWO]
    assert (found.listed, found.known) == (2, 0)


async def test_a_changed_row_is_left_with_its_fingerprint(db: Store) -> None:
    await given(db, ONE, TWO)
    corrected = a_session(2, result=40.0)
    found = await listing_diff(db, ONE, corrected)
    assert found.changed == [(corrected, fingerprint(corrected))]
    assert found.missing == []


async def test_employees_who_share_a_session_are_told_apart(db: Store) -> None:
    shared = a_session(1, employee="tom")
    await given(db, ONE, shared)
    changed = a_session(1, employee="tom", result=10.0)
    found = await listing_diff(db, ONE, changed)
    assert [facts for facts, _ in found.changed] == [changed]
    assert found.missing == []


async def test_who_is_no_longer_listed_is_missing_and_said_so_once(db: Store) -> None:
    await given(db, ONE, TWO)
    found = await listing_diff(db, ONE)
    assert found.missing == [TWO.key]
    await db.transact(lambda tx: tx.listings.mark_missing(found.missing, NOON))
    again = await listing_diff(db, ONE)
    assert (again.missing, again.back, again.known) == ([], [], 1)


async def test_who_is_listed_again_is_back(db: Store) -> None:
    await given(db, ONE, TWO)
    await db.transact(lambda tx: tx.listings.mark_missing([TWO.key], NOON))
    found = await listing_diff(db, ONE, TWO)
    assert (found.back, found.changed) == ([TWO.key], [])
    await db.transact(lambda tx: tx.listings.mark_back(found.back))
    assert (await listing_diff(db, ONE, TWO)).back == []


async def test_who_comes_back_changed_is_back_and_changed(db: Store) -> None:
    await given(db, ONE, TWO)
    await db.transact(lambda tx: tx.listings.mark_missing([TWO.key], NOON))
    found = await listing_diff(db, ONE, a_session(2, result=10.0))
    assert (found.back, len(found.changed)) == ([TWO.key], 1)


async def test_nobody_is_called_missing_while_rows_are_set_aside(db: Store) -> None:
    await given(db, ONE, TWO)
    found = await listing_diff(db, ONE, rejected=("row 2: no status",))
    assert found.missing == []
    assert "row 2: no status" in found.rejected


@pytest.mark.parametrize(
    "other", [planned(1), a_session(1, status="IN_PROGRESS", result=None), a_session(1, status="X")]
)
async def test_of_a_session_listed_twice_the_completed_row_wins(db: Store, other: SessionFacts) -> None:
    for known in ([], [other], [ONE]):
        await given(db, *known)
        for rows in ((ONE, TWO, other), (other, TWO, ONE)):
            found = await listing_diff(db, *rows)
            expected = [TWO] if known == [ONE] else [ONE, TWO]
            assert {facts for facts, _ in found.changed} == set(expected)
            assert (found.listed, found.duplicates) == (2, 1)


async def test_of_a_session_completed_twice_one_row_wins_in_any_order(db: Store) -> None:
    await given(db, ONE, TWO)
    corrected = a_session(1, result=10.0)
    orders = ((corrected, TWO, ONE), (ONE, TWO, corrected))
    found = [await listing_diff(db, *rows) for rows in orders]
    assert found[0].changed == found[1].changed
    assert [(one.listed, one.duplicates) for one in found] == [(2, 1)] * 2
    if found[0].changed:
        await db.transact(lambda tx: see(tx, corrected, NOON + minutes(2)))
    assert [(await listing_diff(db, *rows)).changed for rows in orders] == [[], []]


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_first_listing_keeps_the_completed_row_of_a_session(db: Store, is_first: bool) -> None:
    """In one commit or in two: a later listing must not turn the other row into news."""
    rows = [ONE, planned(1)] if is_first else [planned(1), ONE]

    def write(tx: Tx) -> int:
        return sum(tx.listings.write_baseline([(row, fingerprint(row))], TARGETS, NOON) for row in rows)

    assert await db.transact(write) == 2
    assert await db.read(lambda tx: tx.listings.baseline_size(NOON)) == 1
    assert (await db.read(lambda tx: stored(tx, ONE.key))).facts == ONE
    again = [(planned(1), fingerprint(planned(1)))]
    await db.transact(lambda tx: tx.listings.write_baseline(again, TARGETS, NOON + minutes(1)))
    assert (await db.read(lambda tx: stored(tx, ONE.key))).facts == planned(1), "a first listing that is begun again"


async def test_the_same_row_twice_counts_once(db: Store) -> None:
    await given(db, ONE)
    found = await listing_diff(db, ONE, ONE)
    assert (found.listed, found.duplicates, found.changed) == (1, 1, [])


async def test_a_row_that_only_looks_different_is_asked_of_once(db: Store) -> None:
    await given(db, ONE)

    def looks_different(tx: Tx) -> None:
        tx.listings.note_unchanged(ONE.key, fingerprint(TWO))

    await db.transact(looks_different)
    assert len((await listing_diff(db, ONE)).changed) == 1
    await db.transact(lambda tx: tx.listings.note_unchanged(ONE.key, fingerprint(ONE)))
    assert (await listing_diff(db, ONE)).changed == []


async def test_what_was_saved_is_known_from_then_on(db: Store) -> None:
    await given(db, planned(1))
    await db.transact(lambda tx: see(tx, ONE, NOON + minutes(2)))
    assert (await listing_diff(db, ONE)).changed == []


async def test_a_baseline_that_was_broken_off_is_not_valid_and_can_be_done_again(db: Store) -> None:
    def broken_off(tx: Tx) -> None:
        tx.listings.write_baseline([(ONE, fingerprint(ONE))], tx.targets.current(), NOON)

    await db.transact(broken_off)
    assert (await db.read(lambda tx: tx.polls.state())).baseline_at is None
    assert await db.read(lambda tx: tx.listings.digest()) is None
    await given(db, ONE, TWO)
    state = await db.read(lambda tx: tx.polls.state())
    assert (state.baseline_at, state.sessions) == (NOON, 2)
    assert await db.read(lambda tx: tx.listings.digest()) == b"digest"
    assert (await db.read(lambda tx: stored(tx, ONE.key))).version == 1


async def test_of_more_changes_than_were_asked_for_the_rest_are_counted(db: Store) -> None:
    await given(db, ONE, TWO, THREE)
    corrected = [a_session(number, result=40.0) for number in (1, 2)]
    found = await db.read(lambda tx: tx.listings.diff(listing(*corrected), most=1))
    assert [facts for facts, _ in found.changed] == corrected[:1]
    assert (found.left_over, found.missing) == (1, [])


async def test_nobody_is_missing_from_a_part_of_a_listing(db: Store) -> None:
    await given(db, ONE, TWO)
    found = await db.read(lambda tx: tx.listings.diff(listing(ONE), is_part=True))
    assert (found.listed, found.changed, found.missing) == (1, [], [])

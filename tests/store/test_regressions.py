"""A session that turns below target while its first card is on its way: told of the turn exactly once."""

from datetime import timedelta

import pytest

from bot.domain.model import SessionFacts
from bot.domain.notifications import DeliveryState, Notification, NotificationKind
from bot.domain.routing import subject_of
from bot.store.database import Store, Tx
from bot.store.outbox.duplicates import UNTIL_RESOLVED
from tests.store.given import NOON, ROOM, a_notice, a_session, becomes, claim, enqueue, see, sent, stored


def turn(tx: Tx, facts: SessionFacts, rules: tuple[int, ...] = ()) -> Notification:
    """Its result is corrected to a bad one, and that is news."""
    change = see(tx, a_session(1, result=10.0))
    return Notification(
        kind=NotificationKind.SESSION,
        destination=ROOM,
        subject=subject_of(facts.key, change.after.version),
        reason="turned",
        session=facts.key,
        rule_ids=rules,
        facts={"version": change.after.version},
    )


def given(tx: Tx) -> SessionFacts:
    tx.targets.set(None, 80.0, "U0ADMIN", NOON)
    facts = a_session(1, result=90.0)
    see(tx, facts)
    enqueue(tx, facts)
    return facts


async def test_a_card_that_waits_shows_the_turn_itself(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        assert not tx.notifications.enqueue(turn(tx, facts, rules=(2,)), NOON)
        delivery = sent(tx, claim(tx))
        assert delivery.notifications[0].notification.rule_ids == (2,)
        assert tx.outbox.claim(ROOM, NOON, 0.0, "d2") is None

    await db.transact(work)


@pytest.mark.parametrize("is_blocked", [False, True])
async def test_a_card_that_surely_was_not_posted_shows_the_turn_itself(db: Store, is_blocked: bool) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        becomes(tx, claim(tx), DeliveryState.PENDING)
        if is_blocked:
            tx.destinations.block(ROOM, "is_archived", NOON)
        assert not tx.notifications.enqueue(turn(tx, facts), NOON)

    await db.transact(work)


async def test_a_turn_after_the_card_was_posted_is_a_card_of_its_own(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        sent(tx, claim(tx))
        queued = turn(tx, facts)
        assert tx.notifications.enqueue(queued, NOON)
        assert claim(tx, name="d2").notifications[0].notification.subject == queued.subject

    await db.transact(work)


@pytest.mark.parametrize(("ahead", "is_queued"), [(timedelta(hours=1), False), (timedelta(days=30), True)])
async def test_a_turn_that_a_clock_that_was_ahead_queued_holds_up_another_for_a_day_only(
    db: Store, ahead: timedelta, is_queued: bool
) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        sent(tx, claim(tx))
        assert tx.notifications.enqueue(turn(tx, facts), NOON + ahead)
        sent(tx, claim(tx, name="d2", now=NOON + ahead))
        see(tx, a_session(1, result=95.0))
        assert tx.notifications.enqueue(turn(tx, facts), NOON) is is_queued

    await db.transact(work)


@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.AMBIGUOUS])
async def test_a_turn_waits_until_it_is_known_what_was_posted(db: Store, state: DeliveryState) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        becomes(tx, claim(tx), state)
        assert tx.notifications.enqueue(turn(tx, facts), NOON)
        assert tx.outbox.claim(ROOM, NOON, 0.0, "d2") is None
        assert tx.outbox.claim(ROOM, NOON + UNTIL_RESOLVED, 0.0, "d2") is not None  # better twice than never

    await db.transact(work)


async def test_a_turn_goes_out_where_the_card_shows_what_was_before(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        first = becomes(tx, claim(tx), DeliveryState.SENDING)
        tx.notifications.enqueue(turn(tx, facts), NOON)
        sent(tx, first, version=1)
        assert claim(tx, name="d2").notifications[0].notification.session == facts.key

    await db.transact(work)


async def test_a_turn_is_not_reported_again_by_a_card_posted_with_it(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        first = becomes(tx, claim(tx), DeliveryState.SENDING)
        queued = turn(tx, facts)
        tx.notifications.enqueue(queued, NOON)
        sent(tx, first, version=stored(tx, facts.key).version)
        assert tx.outbox.claim(ROOM, NOON + UNTIL_RESOLVED, 0.0, "d2") is None
        notified = tx.deliveries.find(ROOM, queued.subject)
        assert notified is not None
        assert notified.cancelled == "the posted card shows it"

    await db.transact(work)


async def test_a_turn_is_reported_by_the_card_that_was_not_found_and_goes_out_again(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = given(tx)
        first = becomes(tx, claim(tx), DeliveryState.AMBIGUOUS)
        tx.notifications.enqueue(turn(tx, facts), NOON)
        becomes(tx, first, DeliveryState.PENDING)
        assert claim(tx, name="d2").delivery_id == "d1"
        assert tx.outbox.claim(ROOM, NOON + UNTIL_RESOLVED, 0.0, "d3") is None

    await db.transact(work)


async def test_a_session_completed_again_has_no_card_beside_that_of_its_turn(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = a_session(1, result=90.0)
        tx.targets.set(None, 80.0, "U0ADMIN", NOON)
        see(tx, facts)
        tx.notifications.enqueue(turn(tx, facts), NOON)
        sent(tx, claim(tx))
        assert not tx.notifications.enqueue(a_notice(facts), NOON)

    await db.transact(work)

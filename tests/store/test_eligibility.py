"""What only resting rules carry waits; the rows of a channel whose id changes follow it."""

from dataclasses import replace

import pytest

from bot.domain.delivery import Ambiguous, NotFound, NotSent, after_post, after_read_back
from bot.domain.notifications import DeliveryState, Destination, DestinationKind
from bot.domain.reasons import ReasonCode
from bot.domain.routing import subject_of
from bot.domain.rules import OPERATOR, RuleState
from bot.store.database import Store, Tx
from tests.store.given import NOON, ROOM, a_notice, a_session, an_attempt, becomes, claim, minutes, see, sent

LATER = NOON + minutes(5)
NEW = Destination(DestinationKind.CHANNEL, "C0NEW")


def a_rule(tx: Tx) -> int:
    return tx.rules.add(ROOM, OPERATOR, "", RuleState.ACTIVE, NOON).rule_id


def enqueue(tx: Tx, number: int, *rules: int) -> None:
    facts = a_session(number)
    see(tx, facts)
    tx.notifications.enqueue(a_notice(facts, rules=rules), NOON)


def state_of(tx: Tx) -> DeliveryState:
    delivery = tx.deliveries.get("d1")
    assert delivery is not None
    return delivery.state


def absent_twice(tx: Tx) -> None:
    for after in (1, 2):
        now = NOON + minutes(after)
        [delivery] = tx.outbox.read_backs_due(now, 1)
        tx.outbox.save(after_read_back(delivery, NotFound(), now=now, random01=0.5), an_attempt(now, "read_back"))


async def test_what_a_resting_rule_collects_waits_and_counts_as_held(db: Store) -> None:
    def work(tx: Tx) -> None:
        rule = a_rule(tx)
        enqueue(tx, 1, rule)
        tx.rules.pause(rule, ReasonCode.OWNER_GONE)
        enqueue(tx, 2, rule)
        assert tx.outbox.schedule().due(LATER, 10) == []
        assert (tx.deliveries.counts().blocked, tx.deliveries.counts().pending) == (2, 0)
        tx.rules.resume(rule)
        assert tx.outbox.schedule().due(LATER, 10) == [ROOM]
        assert (tx.deliveries.counts().blocked, tx.deliveries.counts().pending) == (0, 2)

    await db.transact(work)


async def test_what_another_rule_carries_too_goes_out(db: Store) -> None:
    def work(tx: Tx) -> None:
        eligibility, other = a_rule(tx), a_rule(tx)
        tx.rules.pause(eligibility, ReasonCode.BECAME_PUBLIC)
        enqueue(tx, 1, eligibility)
        enqueue(tx, 2, eligibility, other)
        assert [queued.notification.session for queued in claim(tx, now=LATER).notifications] == [a_session(2).key]
        tx.rules.set_state(other, RuleState.ENDED, "unsubscribed", LATER)
        assert tx.outbox.claim(ROOM, LATER, 0.0, "d2") is None

    await db.transact(work)


async def test_a_delivery_that_waits_to_be_tried_again_rests_too(db: Store) -> None:
    def work(tx: Tx) -> None:
        rule = a_rule(tx)
        enqueue(tx, 1, rule)
        becomes(tx, claim(tx), DeliveryState.PENDING, due=LATER)
        tx.rules.pause(rule, ReasonCode.BECAME_PUBLIC)
        assert tx.outbox.claim(ROOM, LATER, 0.0, "d2") is None
        tx.destinations.block(ROOM, "is_archived", LATER)
        tx.destinations.unblock(ROOM, LATER)
        assert tx.outbox.claim(ROOM, LATER, 0.0, "d2") is None
        tx.rules.resume(rule)
        assert claim(tx, now=LATER).delivery_id == "d1"

    await db.transact(work)


@pytest.mark.promise("became_public")
@pytest.mark.parametrize("answers", ["not sent", "absent twice"])
async def test_what_was_on_its_way_when_its_rule_began_to_rest_is_not_sent_again(answers: str, db: Store) -> None:
    def work(tx: Tx) -> None:
        rule = a_rule(tx)
        enqueue(tx, 1, rule)
        delivery = claim(tx)
        if answers == "not sent":
            tx.rules.pause(rule, ReasonCode.BECAME_PUBLIC)
            tx.outbox.save(after_post(delivery, NotSent("refused"), now=NOON, random01=0.5), an_attempt())
        else:
            tx.outbox.save(after_post(delivery, Ambiguous("lost"), now=NOON, random01=0.5), an_attempt())
            tx.rules.pause(rule, ReasonCode.BECAME_PUBLIC)
            absent_twice(tx)
        assert state_of(tx) is DeliveryState.PENDING
        assert tx.deliveries.counts().blocked == 1
        assert tx.outbox.schedule().due(LATER, 10) == [] and tx.outbox.claim(ROOM, LATER, 0.0, "d2") is None
        tx.rules.resume(rule)
        assert claim(tx, now=LATER).delivery_id == "d1"

    await db.transact(work)


async def test_what_was_looked_for_when_its_channel_shut_is_held_and_not_stuck(db: Store) -> None:
    def work(tx: Tx) -> None:
        enqueue(tx, 1, a_rule(tx))
        tx.outbox.save(after_post(claim(tx), Ambiguous("lost"), now=NOON, random01=0.5), an_attempt())
        [unsure] = tx.outbox.read_backs_due(LATER, 1)
        tx.destinations.block(ROOM, "is_archived", NOON)
        assert tx.outbox.read_backs_due(LATER, 1) == [], "nobody can read there either"
        tx.outbox.save(
            after_read_back(replace(unsure, read_backs=1), NotFound(), now=LATER, random01=0.5),
            an_attempt(LATER, "read_back"),
        )
        counts = tx.deliveries.counts()
        assert (counts.pending, counts.blocked, counts.oldest_at) == (0, 1, None)
        tx.destinations.unblock(ROOM, LATER)
        assert claim(tx, now=LATER).delivery_id == "d1"

    await db.transact(work)


async def test_what_a_resting_rule_carries_alone_once_another_has_ended_rests(db: Store) -> None:
    def work(tx: Tx) -> None:
        eligibility, other = a_rule(tx), a_rule(tx)
        tx.rules.pause(eligibility, ReasonCode.BECAME_PUBLIC)
        enqueue(tx, 1, eligibility, other)
        tx.rules.set_state(other, RuleState.ENDED, "unsubscribed", NOON)
        assert tx.outbox.schedule().due(LATER, 10) == []
        tx.rules.resume(eligibility)
        assert tx.outbox.schedule().due(LATER, 10) == [ROOM]

    await db.transact(work)


@pytest.mark.parametrize("was_tried", [False, True])
async def test_a_card_that_rests_goes_out_once_another_rule_matches_its_turn(was_tried: bool, db: Store) -> None:
    def work(tx: Tx) -> None:
        eligibility, other = a_rule(tx), a_rule(tx)
        enqueue(tx, 1, eligibility)
        if was_tried:
            becomes(tx, claim(tx), DeliveryState.PENDING)
        tx.rules.pause(eligibility, ReasonCode.BECAME_PUBLIC)
        assert tx.outbox.schedule().due(LATER, 10) == []
        change = see(tx, a_session(1, result=40.0))
        key = change.after.key
        turn = replace(a_notice(change.after.facts, rules=(other,)), subject=subject_of(key, change.after.version))
        assert not tx.notifications.enqueue(turn, LATER), "the card that waits shows it"
        assert [queued.notification.session for queued in claim(tx, now=LATER).notifications] == [key]

    await db.transact(work)


async def test_a_rule_taken_over_in_a_held_channel_goes_on_with_the_channel(db: Store) -> None:
    def work(tx: Tx) -> None:
        rule = a_rule(tx)
        tx.rules.pause(rule, ReasonCode.OWNER_GONE)
        tx.destinations.block(ROOM, "is_archived", NOON)
        tx.rules.take_over(rule, "U0ADMIN")
        taken = tx.rules.get(rule)
        assert taken is not None
        assert (taken.owner, taken.state, taken.reason) == ("U0ADMIN", RuleState.PAUSED, "is_archived")
        tx.destinations.unblock(ROOM, LATER)
        taken = tx.rules.get(rule)
        assert taken is not None and taken.state is RuleState.ACTIVE

    await db.transact(work)


async def test_a_moved_channel_takes_rules_notices_and_cards_along(db: Store) -> None:
    def work(tx: Tx) -> None:
        rule = a_rule(tx)
        enqueue(tx, 1, rule)
        sent(tx, claim(tx))
        enqueue(tx, 2, rule)
        tx.destinations.block(ROOM, "is_archived", NOON)
        tx.destinations.move(ROOM.id, NEW.id, LATER)
        tx.destinations.move(ROOM.id, NEW.id, LATER)
        moved = tx.rules.get(rule)
        assert moved is not None and (moved.destination, moved.reason) == (NEW, "is_archived")
        assert [blocked.destination for blocked in tx.destinations.blocked()] == [NEW]
        [notified] = tx.deliveries.of_session(a_session(1).key)
        assert notified.delivery is not None and notified.delivery.channel == NEW.id
        tx.destinations.unblock(NEW, LATER)
        assert tx.outbox.schedule().due(LATER, 10) == [NEW]

    await db.transact(work)


@pytest.mark.promise("channel_renamed")
@pytest.mark.parametrize("new_is_held", [False, True])
async def test_a_channel_that_moves_to_an_id_we_know_goes_on_once_it_is_released(new_is_held: bool, db: Store) -> None:
    def work(tx: Tx) -> None:
        rule = a_rule(tx)
        enqueue(tx, 1, rule)
        becomes(tx, claim(tx), DeliveryState.PENDING)
        enqueue(tx, 2, rule)
        other = tx.rules.add(NEW, OPERATOR, "", RuleState.ACTIVE, NOON).rule_id
        tx.destinations.block(ROOM, "channel_not_found", NOON)
        if new_is_held:
            tx.destinations.block(NEW, "shared_outside", LATER)
        tx.destinations.move(ROOM.id, NEW.id, LATER)
        reason = "shared_outside" if new_is_held else "channel_not_found"
        assert [(blocked.destination, blocked.reason) for blocked in tx.destinations.blocked()] == [(NEW, reason)]
        assert {(one.state, one.reason) for one in tx.rules.at(NEW)} == {(RuleState.PAUSED, reason)}
        assert tx.outbox.claim(NEW, LATER, 0.0, "d2") is None
        tx.destinations.unblock(NEW, LATER)
        assert {(one.rule_id, one.state) for one in tx.rules.at(NEW)} == {
            (rule, RuleState.ACTIVE),
            (other, RuleState.ACTIVE),
        }
        assert [sent(tx, claim(tx, NEW, LATER, name)).delivery_id for name in ("d2", "d2")] == ["d1", "d2"]

    await db.transact(work)


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.AMBIGUOUS])
async def test_what_was_reported_under_the_new_id_already_is_not_reported_again(
    state: DeliveryState, db: Store
) -> None:
    def work(tx: Tx) -> None:
        enqueue(tx, 1)
        becomes(tx, claim(tx), state, due=NOON + minutes(1))
        tx.notifications.enqueue(a_notice(a_session(1), NEW), NOON)
        sent(tx, claim(tx, NEW, name="d2"))
        tx.destinations.move(ROOM.id, NEW.id, NOON)
        if state is DeliveryState.AMBIGUOUS:
            absent_twice(tx)
        assert state_of(tx) is DeliveryState.CANCELLED
        assert tx.outbox.claim(NEW, LATER, 0.0, "d3") is None

    await db.transact(work)


async def test_a_channel_that_moves_while_a_card_is_on_its_way_loses_nothing(db: Store) -> None:
    def work(tx: Tx) -> None:
        enqueue(tx, 1)
        delivery = claim(tx)
        tx.destinations.move(ROOM.id, NEW.id, NOON)
        refused = replace(
            delivery, state=DeliveryState.PENDING, channel=ROOM.id, due_at=LATER, reason="channel_not_found"
        )
        tx.outbox.save(refused, an_attempt(result="gone"))
        again = claim(tx, NEW, now=LATER)
        assert (again.delivery_id, again.channel) == (delivery.delivery_id, NEW.id)

    await db.transact(work)


async def test_the_first_message_to_somebody_is_known_as_such(db: Store) -> None:
    def work(tx: Tx) -> None:
        for number in (1, 2):
            enqueue(tx, number)
            delivery = claim(tx, name=f"d{number}")
            assert tx.deliveries.has_message_before(ROOM, delivery.delivery_id) is (number == 2)
            sent(tx, delivery)
        assert not tx.deliveries.has_message_before(ROOM, "d1")

    await db.transact(work)

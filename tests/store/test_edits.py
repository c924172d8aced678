"""A card shows what is known: whatever becomes known later is owed to it."""

from dataclasses import replace

import pytest

from bot.domain.model import Details
from bot.domain.notifications import DeliveryState
from bot.store.database import Store, Tx
from tests.store.given import (
    ANA,
    NOON,
    OTHER_ROOM,
    ROOM,
    a_session,
    an_attempt,
    becomes,
    claim,
    enqueue,
    minutes,
    see,
    sent,
)

SESSIONS = (a_session(1), a_session(2))
LATER = NOON + minutes(5)


async def told_in_a_card(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        sent(tx, claim(tx))
        assert tx.outbox.claim_edit(LATER) is None

    await db.transact(story)


@pytest.mark.parametrize("what", ["a correction", "an acknowledgement", "criteria"])
async def test_a_card_needs_an_edit_when_more_is_known(db: Store, what: str) -> None:
    await told_in_a_card(db)
    key = SESSIONS[0].key

    def story(tx: Tx) -> None:
        if what == "a correction":
            see(tx, a_session(1, result=10.0))
        elif what == "an acknowledgement":
            tx.sessions.acknowledge(key, "U1", NOON)
        else:
            tx.details.save(key, Details(), NOON)
        assert (tx.deliveries.counts().edits, tx.outbox.schedule().next_due_at) == (1, NOON)
        delivery = tx.outbox.claim_edit(NOON)
        assert delivery is not None
        assert tx.outbox.claim_edit(NOON) is None, "somebody is at it"
        assert tx.outbox.claim_edit(NOON + minutes(1)) is not None, "unless they died"
        notification_id = delivery.notifications[0].notification_id
        tx.outbox.save_edit("d1", {notification_id: 2}, None, "", an_attempt(what="edit"))
        assert (tx.deliveries.counts().edits, tx.outbox.claim_edit(LATER)) == (0, None)

    await db.transact(story)


async def test_an_edit_whose_process_died_is_due_at_the_next_start(db: Store) -> None:
    await told_in_a_card(db)

    def story(tx: Tx) -> None:
        see(tx, a_session(1, result=10.0))
        assert tx.outbox.claim_edit(NOON) is not None
        tx.outbox.recover(NOON)
        assert tx.outbox.claim_edit(NOON) is not None

    await db.transact(story)


async def test_a_change_during_an_edit_needs_another(db: Store) -> None:
    await told_in_a_card(db)

    def story(tx: Tx) -> None:
        see(tx, a_session(1, result=10.0))
        delivery = tx.outbox.claim_edit(NOON)
        assert delivery is not None
        see(tx, a_session(1, result=20.0))
        tx.outbox.save_edit("d1", {delivery.notifications[0].notification_id: 2}, None, "", an_attempt(what="edit"))
        assert tx.outbox.claim_edit(NOON) is not None

    await db.transact(story)


async def test_an_edit_is_tried_again_when_slack_says_and_ends_when_it_must(db: Store) -> None:
    await told_in_a_card(db)

    def story(tx: Tx) -> None:
        see(tx, a_session(1, result=10.0))
        tx.outbox.claim_edit(NOON)
        tx.outbox.save_edit("d1", {}, LATER, "", an_attempt(what="edit", result="throttled"))
        assert tx.outbox.schedule().next_due_at == LATER
        assert tx.outbox.claim_edit(LATER) is not None
        tx.outbox.save_edit("d1", {}, None, "message_not_found", an_attempt(what="edit", result="ended"))
        see(tx, a_session(1, result=20.0))
        assert tx.outbox.claim_edit(LATER + minutes(9)) is None

    await db.transact(story)


async def test_a_correction_between_rendering_and_the_reply_needs_an_edit_at_once(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        claimed = claim(tx)
        see(tx, a_session(1, result=10.0))
        sent(tx, claimed, version=1)
        delivery = tx.outbox.claim_edit(NOON)
        assert delivery is not None
        assert delivery.notifications[0].shown_version == 1

    await db.transact(story)


async def test_a_card_whose_version_is_unknown_needs_an_edit(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        found = replace(becomes(tx, claim(tx), DeliveryState.AMBIGUOUS), state=DeliveryState.SENT, channel="C", ts="1")
        tx.outbox.save(found, an_attempt(what="read_back"))
        assert tx.outbox.claim_edit(NOON) is not None

    await db.transact(story)


async def test_every_card_of_a_session_needs_its_edit_and_no_other(db: Store) -> None:
    def story(tx: Tx) -> set[str]:
        for facts in SESSIONS[:2]:
            see(tx, facts)
        for name, at, destination in (("d1", 0, ROOM), ("d2", 0, ANA), ("d3", 1, OTHER_ROOM)):
            enqueue(tx, SESSIONS[at], destination=destination)
            sent(tx, claim(tx, destination, name=name))
        see(tx, a_session(1, result=10.0))
        edits = [tx.outbox.claim_edit(NOON) for _ in range(3)]
        return {edit.delivery_id for edit in edits if edit is not None}

    assert await db.transact(story) == {"d1", "d2"}

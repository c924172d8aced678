"""What a mute holds back waits until the mute is ended; a mute says who made it, until when and why."""

from dataclasses import replace

from bot.domain.notifications import Destination
from bot.store.database import Store, Tx
from tests.store.given import NOON, OTHER_ROOM, ROOM, a_notice, a_session, claim, minutes, see

LATER = NOON + minutes(60)


async def test_mutes_come_back_as_they_went_in_while_they_run(db: Store) -> None:
    def story(tx: Tx) -> None:
        made = tx.mutes.add(ROOM, 'checklist:"Opening"', LATER, "U1", "stock-taking", NOON)
        other = tx.mutes.add(OTHER_ROOM, "", LATER, "U2", "", NOON)
        assert (made.destination, made.query, made.ends_at, made.created_by) == (
            ROOM, 'checklist:"Opening"', LATER, "U1",
        )  # fmt: skip
        assert list(tx.mutes.running(NOON)) == [made, other]
        assert list(tx.mutes.running(NOON, ROOM)) == [made]
        assert (list(tx.mutes.running(LATER)), list(tx.mutes.over(LATER))) == ([], [made, other])
        tx.mutes.end(made.mute_id, LATER, "U3")
        ended = tx.mutes.get(made.mute_id)
        assert ended is not None
        assert (ended.ended_at, ended.ended_by) == (LATER, "U3")
        assert list(tx.mutes.over(LATER)) == [other]

    await db.transact(story)


async def test_a_muted_notification_waits_until_the_mute_is_ended(db: Store) -> None:
    def story(tx: Tx) -> None:
        mute = tx.mutes.add(ROOM, "", LATER, "U1", "", NOON)
        held, other = a_session(1), a_session(2)
        see(tx, held)
        see(tx, other)
        tx.notifications.enqueue(replace(a_notice(held), mutes=(mute.mute_id,)), NOON)
        assert tx.outbox.claim(ROOM, NOON, 0.0, "d1") is None
        tx.notifications.enqueue(a_notice(other), NOON)
        claimed = claim(tx)
        assert [one.notification.session for one in claimed.notifications] == [other.key]
        # Its time alone changes nothing: the recap is queued in the transaction that ends it.
        assert tx.outbox.claim(ROOM, LATER, 0.0, "d2") is None
        tx.mutes.end(mute.mute_id, LATER)
        assert [one.notification.session for one in claim(tx, now=LATER, name="d3").notifications] == [held.key]

    await db.transact(story)


async def test_a_mute_follows_the_new_id_of_its_channel(db: Store) -> None:
    def story(tx: Tx) -> None:
        tx.mutes.add(ROOM, "", LATER, "U1", "", NOON)
        tx.destinations.move(ROOM.id, "CNEW", NOON)
        assert [mute.destination for mute in tx.mutes.running(NOON)] == [Destination(ROOM.kind, "CNEW")]

    await db.transact(story)

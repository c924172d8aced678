"""Sessions that a summary counts: told once, found by `why`, and what comes after."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.model import SessionFacts
from bot.domain.notifications import DeliveryState, Notification, NotificationKind
from bot.domain.outbox import NotificationState
from bot.domain.routing import subject_of
from bot.store.database import Store, Tx
from tests.store.given import NOON, OTHER_ROOM, ROOM, a_notice, a_session, becomes, claim, enqueue, minutes, see, sent

DAY = timedelta(days=1)


def a_summary(
    kind: NotificationKind = NotificationKind.COUNTED, subject: str = "counted:1", **facts: int
) -> Notification:
    return Notification(kind=kind, destination=ROOM, subject=subject, reason="too many", facts={"code": "old", **facts})


def seen(tx: Tx, *numbers: int) -> list[SessionFacts]:
    facts = [a_session(number) for number in numbers]
    for each in facts:
        see(tx, each)
    return facts


def members(facts: Sequence[SessionFacts], rules: tuple[int, ...] = ()) -> list[Notification]:
    return [a_notice(each, rules=rules) for each in facts]


async def test_what_a_summary_counts_is_found_where_the_summary_stands(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = seen(tx, 1, 2, 3)
        assert tx.summaries.add(a_summary(), members(facts), NOON) == 3
        (waiting,) = tx.deliveries.of_session(facts[0].key)
        assert (waiting.summary and waiting.summary.subject, waiting.delivery) == ("counted:1", None)
        summary = sent(tx, claim(tx))
        assert [queued.notification.kind for queued in summary.notifications] == [NotificationKind.COUNTED]
        assert tx.outbox.claim(ROOM, NOON, 0.0, "d2") is None
        for each in facts:
            (notified,) = tx.deliveries.of_session(each.key)
            assert notified.delivery is not None
            assert (notified.delivery.ts, notified.cancelled, notified.notification.session) == (
                summary.ts,
                "",
                each.key,
            )
        counted = list(tx.summaries.counted(summary.notifications[0].notification_id))
        assert {one.session.key for one in counted} == {each.key for each in facts}

    await db.transact(work)


async def test_a_session_is_counted_once_and_not_beside_its_card(db: Store) -> None:
    def work(tx: Tx) -> None:
        first, second, third = seen(tx, 1, 2, 3)
        enqueue(tx, first)
        assert tx.summaries.add(a_summary(), members([first, second]), NOON) == 1
        assert tx.summaries.add(a_summary(subject="counted:2"), members([first, second]), NOON) == 0
        assert tx.deliveries.find(ROOM, "counted:2") is None
        assert tx.summaries.add(a_summary(subject="counted:2"), members([second, third]), NOON) == 1
        assert not tx.notifications.enqueue(a_notice(second), NOON)

    await db.transact(work)


async def test_what_follows_is_announced_although_nothing_is_counted(db: Store) -> None:
    def work(tx: Tx) -> None:
        assert tx.summaries.add(a_summary(NotificationKind.OUTAGE, "away:1", follow=4), [], NOON) == 0
        assert tx.deliveries.find(ROOM, "away:1") is not None

    await db.transact(work)


async def test_a_correction_of_a_counted_session_is_silent_and_its_turn_to_bad_is_a_card(db: Store) -> None:
    def work(tx: Tx) -> None:
        (facts,) = seen(tx, 1)
        tx.summaries.add(a_summary(), members([facts]), NOON)
        sent(tx, claim(tx))
        see(tx, a_session(1, result=95.0))
        assert not tx.notifications.enqueue(a_notice(facts), NOON)
        assert tx.outbox.claim_edit(NOON) is None
        change = see(tx, a_session(1, result=10.0))
        turn = Notification(
            kind=NotificationKind.SESSION,
            destination=ROOM,
            subject=subject_of(facts.key, change.after.version),
            reason="turned",
            session=facts.key,
        )
        assert tx.notifications.enqueue(turn, NOON)
        assert claim(tx, name="d2").notifications[0].notification.subject == turn.subject

    await db.transact(work)


async def test_what_an_ended_summary_counted_may_be_told_in_another_way(db: Store) -> None:
    def work(tx: Tx) -> None:
        first, second = seen(tx, 1, 2)
        tx.summaries.add(a_summary(), members([first, second]), NOON)
        tx.notifications.cancel([claim(tx).notifications[0].notification_id], "its rule was ended")
        (notified,) = tx.deliveries.of_session(first.key)
        assert notified.cancelled == "its rule was ended"
        assert tx.notifications.enqueue(a_notice(first), NOON)
        assert tx.summaries.add(a_summary(subject="counted:2"), members([first, second]), NOON) == 1

    await db.transact(work)


async def test_a_summary_speaks_for_every_rule_of_what_it_counts(db: Store) -> None:
    def work(tx: Tx) -> None:
        first, second = seen(tx, 1, 2)
        tx.summaries.add(a_summary(), [*members([first], (3,)), *members([second], (1, 3))], NOON)
        assert claim(tx).notifications[0].notification.rule_ids == (1, 3)

    await db.transact(work)


async def test_one_outage_has_one_summary_whichever_end_noticed_it(db: Store) -> None:
    def work(tx: Tx) -> None:
        late, fresh, missed = seen(tx, 1, 2, 3)
        enqueue(tx, late)
        now = NOON + 2 * DAY
        enqueue(tx, fresh, now=now)
        half = a_summary(NotificationKind.OUTAGE, "away:1", to=int(now.timestamp()), follow=0)
        assert tx.summaries.add_overdue(half, now - DAY, now, now + minutes(3)) == 1
        other = a_summary(NotificationKind.OUTAGE, "away:2", to=int(now.timestamp()) + 60, follow=1, **{"from": 0})
        assert tx.summaries.add(other, members([missed]), now) == 1
        assert tx.deliveries.find(ROOM, "away:2") is None
        summary = claim(tx, now=now)
        assert summary.notifications[0].notification.facts == {
            "code": "old",
            "from": 0,
            "to": int(now.timestamp()) + 60,
            "follow": 1,
        }
        assert len(list(tx.summaries.counted(summary.notifications[0].notification_id))) == 2
        sent(tx, summary, now)
        assert [queued.notification.session for queued in claim(tx, now=now, name="d2").notifications] == [fresh.key]

    await db.transact(work)


async def test_only_what_nobody_tried_to_post_is_put_into_a_digest(db: Store) -> None:
    def work(tx: Tx) -> None:
        tried, late = seen(tx, 1, 2)
        enqueue(tx, tried)
        becomes(tx, claim(tx), DeliveryState.AMBIGUOUS)
        enqueue(tx, late)
        assert tx.summaries.pending_since(ROOM) == NOON
        assert tx.summaries.pending_since(OTHER_ROOM) is None
        assert tx.summaries.add_overdue(a_summary(NotificationKind.OUTAGE), NOON + DAY, NOON + 2 * DAY) == 1
        assert [
            one.summary is not None
            for one in (tx.deliveries.of_session(tried.key)[0], tx.deliveries.of_session(late.key)[0])
        ] == [
            False,
            True,
        ]

    await db.transact(work)


async def test_what_was_left_to_be_posted_after_an_outage_is_not_put_into_a_digest_however_long_it_takes(
    db: Store,
) -> None:
    def work(tx: Tx) -> None:
        late, fresh = seen(tx, 1, 2)
        enqueue(tx, late)
        now = NOON + 2 * DAY
        enqueue(tx, fresh, now=now)
        assert tx.summaries.add_overdue(a_summary(NotificationKind.OUTAGE), now - DAY, now) == 1
        sent(tx, claim(tx, now=now), now)
        much_later = now + 2 * DAY
        assert tx.summaries.add_overdue(a_summary(NotificationKind.OUTAGE, "away:2"), much_later - DAY, much_later) == 0

    await db.transact(work)


async def test_thousands_are_counted_in_a_moment(db: Store) -> None:
    def work(tx: Tx) -> None:
        facts = seen(tx, *range(3_000))
        assert tx.summaries.add(a_summary(), members(facts), NOON) == 3_000
        assert tx.deliveries.counts().pending == 1
        assert [
            notified.notification.kind for notified in tx.deliveries.in_states((NotificationState.PENDING,), 10)
        ] == [NotificationKind.COUNTED]

    await db.transact(work)

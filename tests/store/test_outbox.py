"""What is owed goes out once, in the right company, and its fate is kept."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pytest

from bot.domain.delivery import LONGEST_WAIT
from bot.domain.model import SessionKey
from bot.domain.notifications import (
    DeliveryState,
    Destination,
    DestinationKind,
    Notification,
    NotificationKind,
    StoredNotification,
)
from bot.domain.outbox import DueTimes, NotificationState, NotificationStatus, OutboxCounts
from bot.domain.reasons import ReasonCode
from bot.domain.rules import RuleState
from bot.store.database import Store, Tx
from bot.store.outbox.restore_recovery import SUMMARY_WAIT
from bot.store.outbox.rows import ATTEMPTS_KEPT
from tests.store.given import (
    ANA,
    NOON,
    OTHER_ROOM,
    ROOM,
    a_notice,
    a_session,
    an_attempt,
    an_intro,
    baseline,
    becomes,
    claim,
    enqueue,
    minutes,
    see,
    sent,
)

SESSIONS = tuple(a_session(number) for number in range(1, 31))
LATER = NOON + minutes(5)
SOMEBODY = Destination(DestinationKind.USER, "U0001")


def keys(notifications: Iterable[StoredNotification]) -> list[SessionKey | None]:
    return [queued.notification.session for queued in notifications]


async def test_queueing_the_same_twice_queues_it_once_for_both_rules(db: Store) -> None:
    def story(tx: Tx) -> tuple[bool, bool]:
        first = tx.notifications.enqueue(a_notice(SESSIONS[0], rules=(1,)), NOON)
        return first, tx.notifications.enqueue(a_notice(SESSIONS[0], rules=(2,)), NOON)

    assert await db.transact(story) == (True, False)
    notified = await db.read(lambda tx: tx.deliveries.of_session(SESSIONS[0].key))
    assert [each.notification.rule_ids for each in notified] == [(1, 2)]


async def test_facts_come_back_as_they_went_in(db: Store) -> None:
    facts: dict[str, str | int | float | None] = {"n": 3, "mean": 81.5, "who": "ü", "none": None}
    counted = Notification(
        kind=NotificationKind.COUNTED, destination=ROOM, subject="old", reason="too old", facts=facts
    )
    await db.transact(lambda tx: tx.notifications.enqueue(counted, NOON))
    notified = await db.read(lambda tx: tx.deliveries.find(ROOM, "old"))
    assert notified == NotificationStatus(
        notification=counted,
        created_at=NOON,
        delivery=None,
        state=NotificationState.PENDING,
        cancelled="",
        cancelled_code=ReasonCode.NONE,
        attempts=[],
    )


async def test_what_is_queued_is_due_until_it_is_claimed(db: Store) -> None:
    def story(tx: Tx) -> list[object]:
        enqueue(tx, SESSIONS[0])
        due = [list(tx.outbox.schedule().due(NOON, 9))]
        delivery = claim(tx)
        return [
            *due,
            delivery.state,
            list(tx.outbox.schedule().due(NOON, 9)),
            tx.outbox.claim(ROOM, NOON, 1.0, "again"),
        ]

    assert await db.transact(story) == [[ROOM], DeliveryState.SENDING, [], None]


async def test_a_notice_waits_for_its_time(db: Store) -> None:
    await db.transact(lambda tx: tx.notifications.enqueue(a_notice(SESSIONS[0]), NOON, LATER))

    def read_back(tx: Tx) -> list[object]:
        return [
            list(tx.outbox.schedule().due(NOON, 9)),
            tx.outbox.schedule().next_due_at,
            list(tx.outbox.schedule().due(LATER, 9)),
        ]

    assert await db.read(read_back) == [[], LATER, [ROOM]]
    assert await db.transact(lambda tx: tx.outbox.claim(ROOM, NOON, 1.0, "d")) is None


async def test_the_longest_waiting_destination_comes_first_and_people_hide_no_channel(db: Store) -> None:
    def story(tx: Tx) -> DueTimes:
        enqueue(tx, SESSIONS[0], destination=OTHER_ROOM, now=NOON + minutes(1))
        enqueue(tx, SESSIONS[0], destination=ANA, now=NOON)
        enqueue(tx, SESSIONS[0], now=NOON)
        return tx.outbox.schedule()

    schedule = await db.transact(story)
    assert [*schedule.due(LATER, 1)] == [ROOM, ANA]
    assert [*schedule.due(LATER, 2)] == [ROOM, OTHER_ROOM, ANA]


# ---- company -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("destination", "waiting", "carried"),
    [
        (ROOM, 3, 1),
        (ROOM, 4, 4),
        (ROOM, 30, 25),
        (ANA, 1, 1),
        (ANA, 2, 2),
        (Destination(DestinationKind.USER, "U"), 2, 2),
    ],
)
async def test_many_notices_become_one_group(db: Store, destination: Destination, waiting: int, carried: int) -> None:
    def story(tx: Tx) -> int:
        enqueue(tx, *SESSIONS[:waiting], destination=destination)
        return len(claim(tx, destination).notifications)

    assert await db.transact(story) == carried


async def test_below_target_goes_first_then_the_oldest(db: Store) -> None:
    bad = [a_session(number, result=10.0) for number in (28, 29)]

    def story(tx: Tx) -> list[SessionKey | None]:
        tx.targets.set(None, 80.0, "U1", NOON)
        for facts in (*SESSIONS[:27], *bad):
            see(tx, facts)
        enqueue(tx, *SESSIONS[:27], *bad)
        return keys(claim(tx).notifications)

    assert await db.transact(story) == [facts.key for facts in (*bad, *SESSIONS[:23])]


async def test_a_correction_while_waiting_moves_it_to_the_front(db: Store) -> None:
    def story(tx: Tx) -> list[SessionKey | None]:
        tx.targets.set(None, 80.0, "U1", NOON)
        for facts in SESSIONS[:2]:
            see(tx, facts)
        enqueue(tx, *SESSIONS[:2])
        see(tx, a_session(2, result=1.0))
        return keys(claim(tx).notifications)

    assert await db.transact(story) == [SESSIONS[1].key]


async def test_an_intro_goes_alone_and_first(db: Store) -> None:
    def story(tx: Tx) -> list[list[NotificationKind]]:
        enqueue(tx, *SESSIONS[:5])
        tx.notifications.enqueue(an_intro(1), NOON)
        return [[queued.notification.kind for queued in claim(tx, name=name).notifications] for name in ("d1", "d2")]

    assert await db.transact(story) == [[NotificationKind.INTRO], [NotificationKind.SESSION] * 5]


async def test_a_group_keeps_its_members_whatever_comes_after(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, *SESSIONS[:4])
        first = claim(tx, name="first")
        enqueue(tx, *SESSIONS[4:9])
        becomes(tx, first, DeliveryState.PENDING)
        again = claim(tx, name="unused")
        assert (again.delivery_id, keys(again.notifications)) == ("first", keys(first.notifications))
        assert len(claim(tx, name="second").notifications) == 5

    await db.transact(story)


async def test_what_was_tried_before_holds_up_what_is_new_until_its_time(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0])
        becomes(tx, claim(tx), DeliveryState.PENDING, due=LATER)
        enqueue(tx, SESSIONS[1])
        assert list(tx.outbox.schedule().due(NOON, 9)) == []
        assert tx.outbox.claim(ROOM, NOON, 1.0, "d2") is None
        assert tx.outbox.schedule().next_due_at == LATER
        assert claim(tx, now=LATER).delivery_id == "d1"

    await db.transact(story)


async def test_what_is_ambiguous_holds_up_nothing(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0])
        becomes(tx, claim(tx), DeliveryState.AMBIGUOUS, due=LATER)
        enqueue(tx, SESSIONS[1])
        assert keys(claim(tx, name="d2").notifications) == [SESSIONS[1].key]

    await db.transact(story)


# ---- what becomes of it --------------------------------------------------------------------------------------------


async def test_a_sent_delivery_is_found_by_its_message_and_told_of(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        posted = sent(tx, claim(tx))
        assert tx.deliveries.at("C0001", "d1.1") == posted
        assert tx.deliveries.get("d1") == posted
        (notified,) = tx.deliveries.of_session(SESSIONS[0].key)
        assert (notified.delivery, notified.cancelled, list(notified.attempts)) == (posted, "", [an_attempt()])
        assert tx.outbox.schedule().next_due_at is None

    await db.transact(story)


async def test_what_was_reported_is_not_queued_again(db: Store) -> None:
    def story(tx: Tx) -> bool:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        sent(tx, claim(tx))
        return tx.notifications.enqueue(a_notice(SESSIONS[0], rules=(9,)), LATER)

    assert not await db.transact(story)


async def test_what_was_being_sent_when_a_process_died_is_ambiguous(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0])
        claim(tx)
        assert tx.outbox.recover(LATER) == 1
        assert list(tx.outbox.read_backs_due(LATER, 9)) == []
        wake = tx.outbox.schedule().next_due_at
        assert wake is not None
        (found,) = tx.outbox.read_backs_due(wake, 9)
        assert (found.state, found.attempts) == (DeliveryState.AMBIGUOUS, 1)
        assert tx.outbox.recover(LATER) == 0

    await db.transact(story)


async def test_due_times_further_away_than_the_longest_wait_are_brought_back(db: Store) -> None:
    far, near = NOON + 2 * LONGEST_WAIT, NOON + LONGEST_WAIT / 2

    def story(tx: Tx) -> None:
        people = [Destination(DestinationKind.PERSON, name) for name in ("a", "b", "c", "d")]
        enqueue(tx, SESSIONS[0], destination=people[0], now=NOON + 2 * SUMMARY_WAIT)
        enqueue(tx, SESSIONS[1], destination=people[1])
        becomes(tx, claim(tx, people[1], name="waits"), DeliveryState.PENDING, due=far)
        enqueue(tx, SESSIONS[2], destination=people[2])
        becomes(tx, claim(tx, people[2], name="unsure"), DeliveryState.AMBIGUOUS, due=far)
        enqueue(tx, SESSIONS[3], destination=people[3], now=near)
        tx.outbox.clamp_due_times(NOON)
        assert list(tx.outbox.schedule().due(near, 9)) == [people[3]]
        latest = NOON + LONGEST_WAIT
        assert set(tx.outbox.schedule().due(latest, 9)) == {people[1], people[3]}
        assert set(tx.outbox.schedule().due(NOON + SUMMARY_WAIT, 9)) == {people[0], people[1], people[3]}
        assert [read_back.delivery_id for read_back in tx.outbox.read_backs_due(latest, 9)] == ["unsure"]

    await db.transact(story)


async def test_an_edit_due_further_away_than_the_longest_wait_is_brought_back(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        sent(tx, claim(tx))
        tx.outbox.save_edit("d1", {}, NOON + 2 * LONGEST_WAIT, "", an_attempt(what="edit"))
        tx.outbox.clamp_due_times(NOON)
        assert tx.outbox.schedule().next_due_at == NOON + LONGEST_WAIT

    await db.transact(story)


async def test_what_waits_for_its_rule_is_not_brought_back(db: Store) -> None:
    def story(tx: Tx) -> None:
        rule = tx.rules.add(ROOM, "U0001", "", RuleState.PENDING, NOON)
        tx.notifications.enqueue(a_notice(SESSIONS[0], rules=(rule.rule_id,)), NOON)
        tx.outbox.clamp_due_times(NOON)
        assert list(tx.outbox.schedule().due(NOON + 2 * LONGEST_WAIT, 9)) == []

    await db.transact(story)


async def test_news_of_a_message_already_sent_changes_nothing(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        claimed = claim(tx)
        posted = sent(tx, claimed)
        becomes(tx, claimed, DeliveryState.FAILED, reason="late")
        assert tx.deliveries.get("d1") == posted

    await db.transact(story)


async def test_only_the_last_attempts_are_kept(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0])
        claimed = claim(tx)
        for number in range(ATTEMPTS_KEPT + 5):
            tx.outbox.save(claimed, an_attempt(NOON + minutes(number)))
        (notified,) = tx.deliveries.of_session(SESSIONS[0].key)
        assert [attempt.started_at for attempt in notified.attempts] == [
            NOON + minutes(number) for number in range(5, ATTEMPTS_KEPT + 5)
        ]

    await db.transact(story)


async def test_a_dead_delivery_can_be_retried_and_any_unsent_one_dropped(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0])
        becomes(tx, claim(tx), DeliveryState.FAILED, reason="refused")
        (notified,) = tx.deliveries.in_states([NotificationState.FAILED], 9)
        assert notified.cancelled == "refused"
        assert tx.outbox.retry("d1", LATER)
        assert not tx.outbox.retry("d1", LATER)
        assert not tx.outbox.retry("nothing", LATER)
        assert claim(tx, now=LATER).attempts == 0
        assert tx.outbox.drop("d1", "by hand")
        assert not tx.outbox.drop("d1", "by hand")
        assert tx.outbox.schedule().due(LATER, 9) == []
        (notified,) = tx.deliveries.in_states([NotificationState.CANCELLED], 9)
        assert notified.cancelled == "by hand"

    await db.transact(story)


async def test_a_persons_conversation_is_remembered_before_the_first_attempt(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0], destination=ANA)
        claim(tx, ANA)
        tx.outbox.set_channel("d1", "D0001")
        found = tx.deliveries.get("d1")
        assert found is not None
        assert found.channel == "D0001"

    await db.transact(story)


# ---- pauses and ends -----------------------------------------------------------------------------------------------


async def test_a_held_destination_gets_nothing_until_it_is_released(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, *SESSIONS[:2])
        becomes(tx, claim(tx), DeliveryState.PENDING, due=LATER, reason="archived")
        tx.destinations.block(ROOM, "archived", NOON)
        assert tx.outbox.schedule().due(LATER, 9) == []
        assert tx.outbox.schedule().next_due_at is None
        assert tx.outbox.claim(ROOM, LATER, 1.0, "d2") is None
        counts = tx.deliveries.counts()
        assert (counts.blocked, counts.pending) == (2, 0)
        assert tx.destinations.unblock(ROOM, LATER) == 2
        assert claim(tx, now=LATER).delivery_id == "d1"

    await db.transact(story)


async def test_a_refused_app_pauses_everything_and_marks_nothing_dead(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        tx.outbox.refuse_app("token_revoked")
        assert (tx.outbox.schedule().due(LATER, 9), tx.outbox.schedule().next_due_at) == ([], None)
        assert (tx.outbox.read_backs_due(LATER, 9), tx.outbox.claim_edit(LATER)) == ([], None)
        assert tx.outbox.claim(ROOM, LATER, 1.0, "d") is None
        assert tx.deliveries.counts() == OutboxCounts(1, 0, 0, 0, 0, 0, 0, NOON, "token_revoked")
        tx.outbox.refuse_app("")
        assert claim(tx).delivery_id == "d1"

    await db.transact(story)


async def test_a_delivery_left_without_notices_is_dropped(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, *SESSIONS[:4])
        group = claim(tx)
        tx.notifications.cancel([queued.notification_id for queued in group.notifications[:3]], "may not see it")
        left = tx.deliveries.get("d1")
        assert left is not None
        assert (left.state, keys(left.notifications)) == (DeliveryState.SENDING, [SESSIONS[3].key])
        tx.notifications.cancel([group.notifications[3].notification_id], "may not see it")
        (notified,) = tx.deliveries.of_session(SESSIONS[3].key)
        assert notified.delivery is not None
        assert (notified.delivery.state, notified.cancelled) == (DeliveryState.CANCELLED, "may not see it")

    await db.transact(story)


async def test_what_ended_while_ambiguous_is_looked_for_but_not_sent_again(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0])
        unsure = becomes(tx, claim(tx), DeliveryState.AMBIGUOUS)
        tx.notifications.cancel([unsure.notifications[0].notification_id], "rule 1 ended")
        assert [each.delivery_id for each in tx.outbox.read_backs_due(NOON, 9)] == ["d1"]
        becomes(tx, unsure, DeliveryState.PENDING)
        found = tx.deliveries.get("d1")
        assert found is not None
        assert (found.state, found.reason) == (DeliveryState.CANCELLED, "rule 1 ended")

    await db.transact(story)


async def test_what_ended_before_it_was_reported_can_be_wanted_again(db: Store) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0])
        notification_id = 1
        tx.notifications.cancel([notification_id], "rule 1 ended")
        assert tx.outbox.schedule().due(NOON, 9) == []
        assert tx.notifications.enqueue(a_notice(SESSIONS[0], rules=(2,)), LATER)
        assert [queued.notification.rule_ids for queued in claim(tx, now=LATER).notifications] == [(2,)]

    await db.transact(story)


@pytest.mark.parametrize("may_have_been_posted_before", [False, True])
async def test_what_left_its_message_before_an_unclear_post_can_be_wanted_again(
    may_have_been_posted_before: bool, db: Store
) -> None:
    def story(tx: Tx) -> None:
        enqueue(tx, SESSIONS[0], SESSIONS[1], destination=ANA)
        delivery = claim(tx, ANA)
        if may_have_been_posted_before:
            becomes(tx, replace(delivery, resent_unverified=True), DeliveryState.PENDING)
            delivery = claim(tx, ANA)
        first, second = delivery.notifications
        tx.notifications.cancel([first.notification_id], "it was re-opened")
        becomes(tx, replace(delivery, notifications=(second,)), DeliveryState.AMBIGUOUS)
        assert tx.notifications.enqueue(a_notice(SESSIONS[0], ANA), LATER) is not may_have_been_posted_before

    await db.transact(story)


async def test_what_left_a_message_before_a_try_that_is_ambiguous_can_be_wanted_again(db: Store) -> None:
    left, stayed = SESSIONS[:2]

    def story(tx: Tx) -> None:
        old, living = (tx.rules.add(ROOM, "U1", "", RuleState.ACTIVE, NOON) for _ in range(2))
        for facts in SESSIONS[:4]:
            tx.notifications.enqueue(a_notice(facts, rules=(old.rule_id if facts is left else living.rule_id,)), NOON)
        becomes(tx, claim(tx), DeliveryState.PENDING)
        tx.rules.set_state(old.rule_id, RuleState.ENDED, "unsubscribed", NOON)
        unsure = becomes(tx, claim(tx), DeliveryState.AMBIGUOUS)
        assert left.key not in keys(unsure.notifications) and stayed.key in keys(unsure.notifications)
        assert tx.notifications.enqueue(a_notice(left, rules=(living.rule_id,)), NOON)
        assert not tx.notifications.enqueue(a_notice(stayed, rules=(living.rule_id,)), NOON)
        assert keys(claim(tx, name="another").notifications) == [left.key]

    await db.transact(story)


async def test_the_outbox_is_listed_by_where_notices_stand(db: Store) -> None:
    def story(tx: Tx) -> dict[NotificationState, int]:
        enqueue(tx, SESSIONS[0], destination=OTHER_ROOM)
        tx.destinations.block(OTHER_ROOM, "archived", NOON)
        enqueue(tx, *SESSIONS[:2])
        becomes(tx, claim(tx), DeliveryState.AMBIGUOUS)
        return {state: len(tx.deliveries.in_states([state], 9)) for state in NotificationState}

    found = await db.transact(story)
    assert {state: count for state, count in found.items() if count} == {
        NotificationState.BLOCKED: 1, NotificationState.AMBIGUOUS: 1, NotificationState.PENDING: 1
    }  # fmt: skip


async def test_who_is_due_is_asked_of_an_index_however_much_waits(db: Store) -> None:
    await db.transact(lambda tx: baseline(tx, *SESSIONS))

    def fill(tx: Tx) -> None:
        for number in range(1_000):
            room = Destination(DestinationKind.CHANNEL, f"C{number % 200}")
            tx.notifications.enqueue(replace(a_notice(SESSIONS[number % 30], room), subject=f"s{number}"), NOON)

    await db.transact(fill)

    asked: list[str] = []

    def schedule(tx: Tx) -> None:
        db._writer.set_trace_callback(asked.append)
        tx.outbox.schedule()
        db._writer.set_trace_callback(None)

    def plan(tx: Tx, sql: str) -> str:
        return " ".join(row["detail"] for row in db._writer.execute(f"EXPLAIN QUERY PLAN {sql}"))

    await db.transact(schedule)
    [groups] = [await db.transact(partial(plan, sql=sql)) for sql in asked if "GROUP BY" in sql]
    assert "COVERING INDEX notifications_groups" in groups and "TEMP B-TREE" not in groups
    assert len(await db.read(lambda tx: tx.outbox.schedule().due(NOON, 500))) == 200


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.AMBIGUOUS])
async def test_what_no_answer_has_settled_yet_counts_as_waiting(db: Store, state: DeliveryState) -> None:
    def story(tx: Tx) -> OutboxCounts:
        enqueue(tx, SESSIONS[0])
        becomes(tx, claim(tx, now=NOON), state)
        enqueue(tx, SESSIONS[1], now=LATER)
        return tx.deliveries.counts()

    assert (await db.transact(story)).oldest_at == NOON


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.CANCELLED])
async def test_what_is_settled_does_not_count_as_waiting(db: Store, state: DeliveryState) -> None:
    def story(tx: Tx) -> OutboxCounts:
        baseline(tx, SESSIONS[0])
        enqueue(tx, SESSIONS[0])
        becomes(tx, claim(tx), state)
        return tx.deliveries.counts()

    assert (await db.transact(story)).oldest_at is None


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.AMBIGUOUS])
async def test_what_rests_with_its_channel_does_not_count_as_waiting(db: Store, state: DeliveryState) -> None:
    def story(tx: Tx) -> OutboxCounts:
        enqueue(tx, *SESSIONS[:2])
        unsure = claim(tx)
        tx.destinations.block(ROOM, "is_archived", NOON)
        becomes(tx, unsure, state)
        return tx.deliveries.counts()

    assert (await db.transact(story)).oldest_at is None


async def test_how_long_the_oldest_waits_is_asked_of_an_index_however_much_was_sent(db: Store) -> None:
    asked: list[str] = []

    def counts(tx: Tx) -> None:
        db._writer.set_trace_callback(asked.append)
        tx.deliveries.counts()
        db._writer.set_trace_callback(None)

    def plan(tx: Tx, sql: str) -> str:
        return " ".join(row["detail"] for row in db._writer.execute(f"EXPLAIN QUERY PLAN {sql}"))

    await db.transact(counts)
    oldest = [sql for sql in asked if "min(created_at)" in sql or "AS oldest_at" in sql]
    plans = [await db.transact(partial(plan, sql=sql)) for sql in oldest]
    assert ["INDEX notifications_groups" in one or "INDEX deliveries_state" in one for one in plans] == [True, True], (
        plans
    )


async def test_a_late_look_does_not_take_a_message_back_that_is_sent_again(db: Store) -> None:
    """Else it would be claimed a second time while it is on its way."""

    def story(tx: Tx) -> DeliveryState:
        enqueue(tx, SESSIONS[0])
        unsure = becomes(tx, claim(tx), DeliveryState.AMBIGUOUS)
        tx.outbox.save(
            replace(unsure, state=DeliveryState.PENDING, due_at=NOON), an_attempt(what="read_back", result="absent")
        )
        again = claim(tx, now=LATER)
        tx.outbox.save(
            replace(unsure, state=DeliveryState.PENDING, due_at=NOON), an_attempt(what="read_back", result="absent")
        )
        stored = tx.deliveries.get(again.delivery_id)
        assert stored is not None
        return stored.state

    assert await db.transact(story) is DeliveryState.SENDING

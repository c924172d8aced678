"""After an outage, after a flood, and what finishes together: what is posted, what is counted, where it is found."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.domain.rules import RuleState
from bot.jobs.plan_notifications import MOST_CARDS
from bot.store.database import Tx
from tests.jobs.room import CHANNEL, Room, key_of

pytestmark = pytest.mark.virtual_time

OTHER = Destination(DestinationKind.CHANNEL, "C0OTHER00")
LONG = timedelta(hours=60)


@pytest.mark.promise("outage")
async def test_after_sixty_hours_old_completions_are_counted_and_newer_ones_posted(room: Room) -> None:
    friday = room.clock.now()
    waiting = room.world.add_session(status="IN_PROGRESS")
    await room.poll()
    room.clock.advance(LONG)
    room.world.complete(waiting, percent=20)
    waiting.completed_at = friday + timedelta(hours=5)
    old = [room.world.add_session(completed_at=friday + timedelta(hours=hours)) for hours in (1, 20, 35)]
    new = [room.world.add_session(completed_at=friday + timedelta(hours=hours)) for hours in (40, 59)]
    await room.poll()
    (outage,) = await room.queued(NotificationKind.OUTAGE, CHANNEL)
    assert (outage.facts["code"], outage.facts["follow"], outage.rule_ids) == ("away", 2, (1,))
    assert outage.facts["to"] - outage.facts["from"] == pytest.approx(LONG.total_seconds(), abs=120)  # type: ignore[operator]  # both are whole numbers
    assert await room.counted(NotificationKind.OUTAGE) == [4]
    assert sorted(filter(None, await room.posted())) == sorted(map(key_of, new))
    first, *others = await room.posts()
    assert [queued.notification.kind for queued in first.notifications] == [NotificationKind.OUTAGE]
    assert len(others) == 2
    for session in (waiting, *old):
        (notified,) = await room.reason(session)
        assert notified.delivery is not None
        assert (notified.delivery.delivery_id, notified.cancelled) == (first.delivery_id, "")
        assert "completed while Spotter was away, more than 24 hours before" in notified.notification.reason


async def test_an_observer_is_notified_of_an_outage_in_one_message(room: Room) -> None:
    friday = room.clock.now()
    room.clock.advance(LONG)
    old = [room.world.add_session(completed_at=friday + timedelta(hours=hours)) for hours in (2, 3)]
    observer = Destination(DestinationKind.PERSON, old[0].observer.id)
    await room.poll()
    assert await room.counted(NotificationKind.OUTAGE, observer) == [2]
    assert [notification.kind for notification in await room.queued(where=observer)] == [NotificationKind.OUTAGE]


async def test_an_outage_shorter_than_the_limit_is_posted_as_usual(room: Room) -> None:
    began = room.clock.now()
    room.clock.advance(timedelta(hours=20))
    session = room.world.add_session(completed_at=began + timedelta(hours=1))
    await room.poll()
    assert await room.posted() == [key_of(session)]
    assert await room.queued(NotificationKind.OUTAGE) == []


@pytest.mark.promise("outage")
async def test_an_outage_of_ispring_is_one_too(room: Room) -> None:
    began = room.clock.now()
    await room.stand_in.down()
    for _ in range(3):
        room.clock.advance(timedelta(hours=10))
        await room.poll()
    await room.stand_in.up()
    room.world.add_session(completed_at=began + timedelta(hours=2))
    await room.poll()
    assert await room.counted(NotificationKind.OUTAGE) == [1]


async def test_after_an_outage_a_session_without_a_date_or_with_an_impossible_one_is_posted(room: Room) -> None:
    began = room.clock.now()
    known = room.world.add_session(status="IN_PROGRESS")
    await room.poll()
    room.clock.advance(LONG)
    room.world.complete(known, percent=70)
    known.completed_at = began - timedelta(days=20)
    await room.poll()
    assert await room.posted() == [key_of(known)]


async def test_a_counted_session_is_reported_no_second_time_and_its_turn_to_bad_is(room: Room) -> None:
    await room.target(50)
    began = room.clock.now()
    room.clock.advance(LONG)
    session = room.world.add_session(percent=90, completed_at=began + timedelta(hours=1))
    await room.poll()
    await room.posts()
    room.world.correct(session, 95)
    await room.poll()
    assert await room.posts() == []
    room.world.correct(session, 10)
    await room.poll()
    (card,) = await room.posts()
    assert card.notifications[0].notification.session == key_of(session)


@pytest.mark.promise("restored")
async def test_what_came_since_a_restored_copy_is_counted_whatever_its_age(room: Room) -> None:
    copied = room.clock.now()
    with closing(sqlite3.connect(room.store.path)) as file, file:
        file.execute(
            "INSERT OR REPLACE INTO settings_kv (name, value) VALUES ('restored_from', ?)",
            (int(copied.timestamp() * 1000),),
        )
    room.clock.advance(timedelta(hours=2))
    session = room.world.add_session()
    await room.poll()
    assert await room.posted() == []
    (outage,) = await room.queued(NotificationKind.OUTAGE, CHANNEL)
    assert (outage.facts["code"], outage.facts["from"]) == ("restored", int(copied.timestamp()))
    (notified,) = await room.reason(session)
    assert notified.summary == outage
    later = room.world.add_session()
    await room.poll()
    assert await room.posted() == [key_of(later)]


# ---- what waited to be posted --------------------------------------------------------------------------------------


async def test_what_waited_too_long_is_counted_when_it_could_be_sent_at_last(room: Room) -> None:
    await room.subscribe(destination=OTHER)
    late = [room.world.add_session() for _ in range(5)]
    await room.poll()
    await room.posts(OTHER)
    for _ in range(60):  # polls go well; Slack does not
        room.clock.advance(timedelta(minutes=29))
        await room.poll()
    fresh = room.world.add_session()
    await room.poll()
    first, second = await room.posts()
    assert [queued.notification.kind for queued in first.notifications] == [NotificationKind.OUTAGE]
    assert second.notifications[0].notification.session == key_of(fresh)
    for session in late:
        (notified,) = await room.reason(session)
        assert notified.delivery is not None
        assert notified.delivery.delivery_id == first.delivery_id
    assert len(await room.posts(OTHER)) == 1
    assert await room.posts() == []


async def test_one_summary_where_both_the_posting_and_the_reading_were_away(room: Room) -> None:
    began = room.clock.now()
    unsent = room.world.add_session()
    await room.poll()
    room.clock.advance(LONG)
    missed = room.world.add_session(completed_at=began + timedelta(hours=3))
    assert await room.posts() == []  # folded, and waits for the look that is to come
    await room.poll()
    (summary,) = await room.posts()
    assert summary.notifications[0].notification.kind is NotificationKind.OUTAGE
    tolds = [*await room.reason(unsent), *await room.reason(missed)]
    assert [notified.delivery and notified.delivery.delivery_id for notified in tolds] == [summary.delivery_id] * 2


# ---- floods and what finishes together -----------------------------------------------------------------------------


@pytest.mark.promise("flood")
async def test_a_flood_is_two_thousand_cards_worst_first_and_one_summary_of_the_rest(room: Room) -> None:
    await room.target(50)
    good = [room.world.add_session(percent=60 + number % 40) for number in range(2_450)]
    bad = [room.world.add_session(percent=10) for _ in range(50)]
    await room.poll()
    posted = await room.posted()
    assert len(posted) == MOST_CARDS
    assert set(posted[:50]) == {key_of(session) for session in bad}
    assert await room.counted(NotificationKind.COUNTED) == [500]
    (summary,) = await room.queued(NotificationKind.COUNTED, CHANNEL)
    counted = [session for session in good if (await room.reason(session))[0].summary == summary]
    assert len(counted) == 500
    assert all(good.index(session) % 40 >= 31 for session in counted)  # those with 91 % and more


async def test_sessions_that_finish_together_are_one_direct_message(room: Room) -> None:
    first = room.world.add_session()
    await room.poll()
    observer = Destination(DestinationKind.PERSON, first.observer.id)
    assert await room.posts(observer) == []
    second = room.world.add_session(observer=first.observer)
    await room.poll()
    assert len(await room.posts()) == 2
    room.clock.advance(timedelta(minutes=2))
    (message,) = await room.posts(observer)
    assert {queued.notification.session for queued in message.notifications} == {key_of(first), key_of(second)}


async def test_the_last_look_of_a_process_lets_direct_messages_wait_for_nothing(room: Room) -> None:
    session = room.world.add_session()
    await room.poller.once(is_last=True)
    assert len(await room.posts(Destination(DestinationKind.PERSON, session.observer.id))) == 1


async def test_a_rule_that_ends_takes_its_part_of_a_summary_along(room: Room) -> None:
    began = room.clock.now()
    room.clock.advance(LONG)
    room.world.add_session(completed_at=began + timedelta(hours=1))
    await room.poll()

    def end(tx: Tx) -> None:
        tx.rules.set_state(1, RuleState.ENDED, "unsubscribed", room.clock.now())

    await room.store.transact(end)
    assert await room.posts() == []


async def test_what_rests_with_its_rule_is_not_stuck(room: Room) -> None:
    rule = await room.subscribe(destination=Destination(DestinationKind.CHANNEL, "C0REST000"))
    await room.store.transact(lambda tx: tx.rules.pause(rule.rule_id, ReasonCode.OWNER_GONE))
    room.world.add_session()
    await room.poll()
    room.clock.advance(timedelta(minutes=3))
    for place in {notification.destination for notification in await room.queued()}:
        await room.posts(place)
    room.clock.advance(timedelta(hours=3))
    counts = await room.store.read(lambda tx: tx.deliveries.counts())
    assert (counts.pending, counts.blocked, counts.oldest_at) == (0, 1, None)

"""A mute holds back what rules and direct messages bring, from routing to the recap at its end."""

from datetime import timedelta

import pytest

from bot.blocks.notifications import render
from bot.domain.mutes import Mute
from bot.domain.notifications import Delivery, Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outbox import NotificationState
from bot.domain.viewers import Preferences
from bot.jobs.message_data import MessageData, load_message_data
from bot.services import pausing
from bot.services.muting import end_over, mute, unmute
from bot.store.database import Tx
from tests.jobs.room import CHANNEL, Room, key_of
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time
FOUR_HOURS = timedelta(hours=4)
ELSEWHERE = Destination(DestinationKind.CHANNEL, "G0ELSEWHERE")


async def muted(room: Room, query: str = "", where: Destination = CHANNEL, reason: str = "") -> Mute:
    now = room.clock.now()
    made, _ = await room.store.transact(lambda tx: mute(tx, where, query, now + FOUR_HOURS, "U0LND", reason, now))
    return made


async def over(room: Room) -> int:
    """Four hours later, as the sender does it at each pass."""
    room.clock.advance(FOUR_HOURS)
    return await room.store.transact(lambda tx: end_over(tx, room.clock.now()))


async def data_of(room: Room, delivery: Delivery) -> MessageData:
    return await room.store.read(lambda tx: load_message_data(tx, delivery, settings_of(), room.clock.now()))


async def text_of(room: Room, delivery: Delivery) -> str:
    return render(delivery, (await data_of(room, delivery)).facts).text


async def test_what_a_mute_holds_back_is_recorded_at_once_and_comes_as_one_recap(room: Room) -> None:
    await muted(room, reason="stock-taking")
    sessions = [room.world.add_session(percent=percent) for percent in (90, 40, 70)]
    await room.poll()
    assert await room.posts() == []
    states = [status.state for one in sessions for status in await room.reason(one)]
    assert states == [NotificationState.BLOCKED] * 3
    assert await over(room) == 1
    [recap] = await room.posts()
    assert {one.notification.session for one in recap.notifications} == {None, *(key_of(one) for one in sessions)}
    text = await text_of(room, recap)
    assert text.startswith("3 results came while this channel was muted (from ")
    assert "While muted" not in text, "one headline, not two"
    assert "by <@U0LND>, because “stock-taking”" in text and "2 of 3" not in text
    assert await room.posts() == []


async def test_the_recap_shows_them_as_they_are_by_then(room: Room) -> None:
    await muted(room)
    session = room.world.add_session(percent=40)
    await room.poll()
    room.world.correct(session, percent=95)
    await room.poll()
    await over(room)
    [recap] = await room.posts()
    assert "95" in await text_of(room, recap)
    assert [one.notification.session for one in recap.notifications] == [None, key_of(session)]


async def test_a_mute_of_some_sessions_lets_the_others_pass(room: Room) -> None:
    opening, closing = room.world.add_checklist("Opening"), room.world.add_checklist("Closing")
    await muted(room, f"checklist:<id:{opening.id}>")
    held, passing = room.world.add_session(checklist=opening), room.world.add_session(checklist=closing)
    await room.poll()
    [card] = await room.posts()
    assert [one.notification.session for one in card.notifications] == [key_of(passing)]
    await over(room)
    [recap] = await room.posts()
    assert [one.notification.session for one in recap.notifications] == [None, key_of(held)]


async def test_what_was_pending_waits_at_once(room: Room) -> None:
    room.world.add_session()
    await room.poll()
    await muted(room)
    assert await room.posts() == []


async def test_more_than_25_are_counted_beside_the_worst(room: Room) -> None:
    await muted(room)
    for number in range(30):
        room.world.add_session(percent=50 + number)
    await room.poll()
    await over(room)
    [recap] = await room.posts()
    shown = [one for one in recap.notifications if one.notification.session is not None]
    assert len(shown) == 25
    assert "5 more sessions are counted here, not posted" in await text_of(room, recap)
    assert await room.posts() == []


async def test_two_mutes_hold_until_the_last_of_them_is_over(room: Room) -> None:
    first = await muted(room)
    room.clock.advance(timedelta(hours=1))
    await muted(room)
    room.world.add_session()
    await room.poll()
    await room.store.transact(lambda tx: unmute(tx, first, "U0LND", room.clock.now()))
    assert await room.posts() == []
    await over(room)
    assert len(await room.posts()) == 1


@pytest.mark.parametrize("query", ["", "score:<90"])
async def test_a_recap_waits_for_a_mute_that_began_before_it_was_sent(room: Room, query: str) -> None:
    await muted(room, query)
    first = room.world.add_session(percent=40)
    await room.poll()
    await over(room)
    await muted(room, query)
    assert await room.posts() == []
    second = room.world.add_session(percent=30)
    await room.poll()
    assert await room.posts() == []
    await over(room)
    recaps = [[one.notification.session for one in recap.notifications] for recap in await room.posts()]
    assert recaps == [[None, key_of(first)], [None, key_of(second)]]


async def test_a_digest_waits_for_a_mute_of_everything_or_of_its_query(room: Room) -> None:
    rule = await room.subscribe("outcome:failed")

    def story(tx: Tx) -> list[bool]:
        now, waits = room.clock.now(), []
        digest = Notification(
            kind=NotificationKind.DIGEST, destination=CHANNEL, subject="a digest", reason="", rule_ids=(rule.rule_id,)
        )
        tx.notifications.enqueue(digest, now)
        for query in ("", rule.query, "outcome:met"):
            made, _ = mute(tx, CHANNEL, query, now + FOUR_HOURS, "U0LND", "", now)
            waits.append(CHANNEL not in tx.outbox.schedule(now).posts)
            unmute(tx, made, "U0LND", now)
        return waits

    assert await room.store.transact(story) == [True, True, False]


async def test_a_direct_message_is_held_by_the_same_gate(room: Room) -> None:
    observer = room.world.add_person("Ana Lima")
    await room.wishes(observer, Preferences())
    own = Destination(DestinationKind.PERSON, observer.id)
    await muted(room, where=own)
    session = room.world.add_session(observer=observer)
    await room.poll()
    room.clock.advance(timedelta(minutes=30))
    assert [one.notification.session for card in await room.posts() for one in card.notifications] == [key_of(session)]
    assert await room.posts(own) == []
    await over(room)
    [recap] = await room.posts(own)
    assert "you were muted" in await text_of(room, recap)


async def test_a_mute_that_held_nothing_ends_without_a_word(room: Room) -> None:
    await muted(room)
    await over(room)
    assert await room.posts() == []


async def test_what_is_erased_or_reopened_meanwhile_is_left_out(room: Room) -> None:
    await muted(room)
    session = room.world.add_session()
    await room.poll()
    await room.store.transact(lambda tx: tx.erasure.erase(session.employee.id, room.clock.now()))
    await over(room)
    [status] = await room.reason(session)
    assert status.state is NotificationState.CANCELLED


async def test_why_says_until_when_and_by_whom(room: Room) -> None:
    made = await muted(room)
    session = room.world.add_session()
    await room.poll()
    [status] = await room.reason(session)
    assert status.notification.mutes == (made.mute_id,)
    assert status.state is NotificationState.BLOCKED


async def test_what_rules_direct_messages_and_reminders_bring_is_held(room: Room) -> None:
    rule = await room.subscribe("outcome:failed")

    def enqueue(tx: Tx) -> list[NotificationKind]:
        now = room.clock.now()
        for kind in NotificationKind:
            notification = Notification(
                kind=kind, destination=CHANNEL, subject=f"a {kind}", reason="", rule_ids=(rule.rule_id,)
            )
            tx.notifications.enqueue(notification, now)
        mute(tx, CHANNEL, "", now + FOUR_HOURS, "U0LND", "", now)
        pending = tx.deliveries.in_states((NotificationState.BLOCKED,), 100)
        return [one.notification.kind for one in pending]

    held = await room.store.transact(enqueue)
    assert set(held) == {
        NotificationKind.OUTAGE,
        NotificationKind.COUNTED,
        NotificationKind.SESSION,
        NotificationKind.REMINDER,
        NotificationKind.DIGEST,
        NotificationKind.RECAP,
    }


@pytest.mark.parametrize("percents", [(90, 40, 70), tuple(range(50, 80))])
async def test_a_mute_that_ends_while_all_is_paused_gives_one_recap_once_sending_resumes(
    room: Room, percents: tuple[int, ...]
) -> None:
    await muted(room)
    for percent in percents:
        room.world.add_session(percent=percent)
    await room.poll()
    await room.store.transact(lambda tx: pausing.pause_all(tx, "U0LND", room.clock.now()))
    await over(room)
    room.clock.advance(timedelta(hours=1))
    assert await room.posts() == []
    await room.store.transact(lambda tx: pausing.resume_all(tx, "U0LND", room.clock.now()))
    [recap] = await room.posts()
    assert len(recap.notifications) == 1 + min(len(percents), 25)
    assert f"{len(percents)} results came while" in await text_of(room, recap)
    assert await room.posts() == []


async def test_a_mute_that_ends_while_a_rule_is_paused_gives_its_recap_once_it_resumes(room: Room) -> None:
    rule = await room.subscribe("outcome:failed", destination=ELSEWHERE)
    other = await room.subscribe("outcome:met", destination=ELSEWHERE)
    await room.target(80)
    await muted(room, where=ELSEWHERE)
    low = [room.world.add_session(percent=percent) for percent in (40, 50)]
    high = [room.world.add_session(percent=percent) for percent in (90, 95)]
    await room.poll()
    now = room.clock.now()
    await room.store.transact(lambda tx: pausing.pause_until(tx, rule, "U0LND", now + 2 * FOUR_HOURS, now))
    await over(room)
    [first] = await room.posts(ELSEWHERE)
    assert {one.notification.session for one in first.notifications} == {None, *map(key_of, high)}
    assert (first.notifications[0].notification.rule_ids, other.rule_id) == ((other.rule_id,), other.rule_id)
    room.clock.advance(FOUR_HOURS)
    await room.store.transact(lambda tx: pausing.resume_due(tx, room.clock.now()))
    [second] = await room.posts(ELSEWHERE)
    assert {one.notification.session for one in second.notifications} == {None, *map(key_of, low)}
    assert "2 results came while this channel was muted" in await text_of(room, second)
    assert await room.posts(ELSEWHERE) == []

"""A session that is re-opened and completed again, and a source whose results go up and down: what is sent, and how
often."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.blocks.notifications import render
from bot.domain.alerts import RESOLVED
from bot.domain.delivery import Sent
from bot.domain.model import SessionKey
from bot.domain.notifications import NotificationKind
from bot.jobs.attempts import attempt_of
from bot.jobs.message_data import load_message_data
from bot.store.database import Tx
from tests.jobs.room import CHANNEL, Room, key_of, open_room
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as made:
        await made.subscribe()
        await made.target(80)
        await made.poll()
        yield made


async def card(room: Room, key: SessionKey | None = None) -> str:
    """The text of the last card that was posted, of the last or of that session, as it would be edited now."""
    key = key or key_of(room.world.sessions[-1])

    def read(tx: Tx) -> str:
        status = [one for one in tx.deliveries.of_session(key) if one.delivery is not None][-1]
        assert status.delivery is not None
        return render(
            status.delivery, load_message_data(tx, status.delivery, settings_of(), room.clock.now()).facts
        ).text

    return await room.store.read(read)


async def test_an_acknowledgement_belongs_to_its_completion(room: Room) -> None:
    session = room.world.add_session(percent=60)
    await room.poll()
    await room.posts()
    await room.store.transact(lambda tx: tx.sessions.acknowledge(key_of(session), "U0SUP", room.clock.now()))
    assert "Acknowledged by <@U0SUP>" in await card(room)

    room.world.reopen(session)
    await room.poll()
    reopened = await card(room)
    assert reopened.splitlines()[0].endswith(" · in progress") and reopened.startswith("🟡")
    assert "It was “Below target, 60 % (target 80 %)” until it was re-opened" in reopened
    assert "That result was acknowledged by <@U0SUP>" in reopened
    for of_before in ("points", "answered", "not given", "Why"):
        assert of_before not in reopened
    assert await room.posted() == []
    assert not await room.store.transact(
        lambda tx: tx.sessions.acknowledge(key_of(session), "U0BOSS", room.clock.now())
    )

    room.world.complete(session, percent=68)
    await room.poll()
    assert await room.posted() == [key_of(session)], "one new card: an edit notifies nobody"
    await room.posts()
    again = await card(room)
    assert "68 %, below target 80 %, completed again" in again.splitlines()[0]
    assert "Completed again: it was “Below target, 60 % (target 80 %)” before" in again
    assert "cknowledged" not in again
    assert await room.store.transact(lambda tx: tx.sessions.acknowledge(key_of(session), "U0SUP", room.clock.now()))
    assert "Acknowledged by <@U0SUP>" in await card(room)


async def test_a_result_that_goes_up_and_down_is_one_new_card_a_day_and_an_alert(room: Room) -> None:
    sessions = [room.world.add_session(percent=85) for _ in range(20)]
    await room.poll()
    posted = [delivery for delivery in await room.posts() for _ in delivery.notifications]
    edits = 0
    for number in range(45):
        for session in sessions:
            room.world.correct(session, 75 if number % 2 == 0 else 85)
        await room.poll()
        posted += [delivery for delivery in await room.posts() for _ in delivery.notifications]
        edits += await edited(room)
    assert len(posted) == 20 + 20, "the first cards, and one for the first turn of each session"
    assert edits <= 2 * 20 * 8, "each card is edited ever more seldom"
    [alert] = [one for one in await room.store.read(lambda tx: tx.alerts.all()) if one.code == "results_flapping"]
    assert alert.facts["sessions"] == 20
    entries = (await room.record(sessions[0])).history
    assert len(entries) == 46, "each change is stored"

    room.clock.advance(timedelta(hours=25))
    room.world.correct(sessions[0], 74)
    await room.poll()
    assert [code for code in await room.ops() if code == RESOLVED] == [RESOLVED], "and its end is told"
    assert await room.store.read(lambda tx: tx.alerts.all()) == []
    room.world.correct(sessions[1], 74)
    room.world.correct(sessions[2], 86)
    await room.poll()
    room.world.correct(sessions[2], 74)
    await room.poll()
    assert key_of(sessions[2]) in await room.posted(), "a day later it is news again"


async def test_a_low_result_says_how_often_it_was_low_and_a_correction_which_card_was_before(room: Room) -> None:
    first = room.world.add_session(percent=60)
    await room.poll()
    await room.posts()
    room.clock.advance(timedelta(hours=30))
    second = room.world.add_session(
        percent=85, checklist=first.checklist, employee=first.employee, observer=first.observer
    )
    await room.poll()
    await room.posts()
    text = await card(room, key_of(second))
    assert "25 points up since" in text and "time below" not in text

    await room.store.transact(lambda tx: tx.outbox.note_workspace("https://bakery.slack.com/"))
    room.world.correct(second, 50)
    await room.poll()
    [turn] = [delivery for delivery in await room.posts() if delivery.notifications]
    data = await room.store.read(lambda tx: load_message_data(tx, turn, settings_of(), room.clock.now()))
    before = data.facts.cards_before[key_of(second)]
    assert before.link.startswith(f"https://bakery.slack.com/archives/{CHANNEL.id}/p")
    assert data.facts.times[key_of(second)] == 2
    text = render(turn, data.facts).text
    assert "85 % → 50 %, now below target 80 %" in text.splitlines()[0]
    assert "Observed by" not in text
    shown = [one for one in await room.store.read(lambda tx: tx.deliveries.of_session(key_of(second))) if one.delivery]
    whole = shown[0].delivery
    assert whole is not None
    facts = (await room.store.read(lambda tx: load_message_data(tx, whole, settings_of(), room.clock.now()))).facts
    assert facts.cards_before == {}, "the first card stays whole"
    assert "Second time below target on this checklist." in render(whole, facts).text


async def test_a_correction_is_not_put_off_with_a_result_beside_it_that_goes_up_and_down(room: Room) -> None:
    flapping, other, *_ = (room.world.add_session(percent=85) for _ in range(5))
    await room.poll()
    [grouped] = await room.posts()
    assert len(grouped.notifications) == 5, "one message has all"
    for number in range(12):
        room.world.correct(flapping, 90 if number % 2 == 0 else 85)
        await room.poll()
        await edited(room)
    room.clock.advance(timedelta(minutes=5))
    room.world.correct(flapping, 95)
    await room.poll()
    assert not await edited(room), "it is put off"
    room.world.correct(other, 100)
    await room.poll()
    assert await edited(room) == 1, "but not what was corrected once"


async def edited(room: Room) -> int:
    """Edits every card that is due, and counts them."""
    edits = 0

    def edit(tx: Tx) -> bool:
        now = room.clock.now()
        delivery = tx.outbox.claim_edit(now)
        if delivery is None:
            return False
        versions = load_message_data(tx, delivery, settings_of(), now).versions
        tx.outbox.save_edit(
            delivery.delivery_id, versions, None, "", attempt_of("edit", Sent(CHANNEL.id, "1"), now, now)
        )
        return True

    while await room.store.transact(edit):
        edits += 1
    return edits


async def test_a_turn_that_was_over_before_it_was_posted_is_told_when_it_comes_back(room: Room) -> None:
    session = room.world.add_session(percent=85)
    await room.poll()
    await room.posts()
    room.world.correct(session, 75)
    await room.poll()
    [turn] = await room.queued(NotificationKind.SESSION, CHANNEL)

    def cancel(tx: Tx) -> None:
        delivery = tx.outbox.claim(CHANNEL, room.clock.now(), 1.0, "d")
        assert delivery is not None
        tx.notifications.cancel([one.notification_id for one in delivery.notifications], "no longer below target")

    room.world.correct(session, 85)
    await room.poll()
    await room.store.transact(cancel)
    room.world.correct(session, 75)
    await room.poll()
    [again] = await room.queued(NotificationKind.SESSION, CHANNEL)
    assert again.subject != turn.subject

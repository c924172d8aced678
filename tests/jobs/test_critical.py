"""A zero on a critical criterion: with the completion, or with criteria that come late and turn it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.company import Checklist, Grade, Session
from bot.domain.changes import outcome_of
from bot.domain.model import ChangeKind, CriticalCriterion, OutcomeKind
from bot.domain.notifications import NotificationKind
from bot.store.database import Tx
from tests.jobs.room import CHANNEL, Room, key_of, open_room

pytestmark = pytest.mark.virtual_time

COLD = "Cold room logged"
AREAS = (("Storage", ((COLD, 1), ("Dates checked", 6))), ("Kitchen", (("Clean boards", 4),)))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as opened:
        await opened.poll()
        await opened.subscribe()
        await opened.target(80)
        yield opened


async def checklist_with(room: Room, *critical: str) -> Checklist:
    """A checklist whose criteria of these titles are critical."""
    made = room.world.add_checklist("Food safety line check", areas=AREAS)
    await make_critical(room, made, *critical)
    return made


async def make_critical(room: Room, checklist: Checklist, *titles: str) -> None:
    wanted = [CriticalCriterion("", title) for title in titles]
    now = room.clock.now()
    await room.store.transact(lambda tx: tx.targets.set_critical(checklist.id, wanted, "U0ADMIN", now))


def completed(room: Room, checklist: Checklist, **zeros: int) -> Session:
    """A session with full points, 0 of 1 on the cold room: 91 %."""
    session = room.world.add_session(checklist=checklist, percent=100, completed_at=room.clock.now())
    grade(session, {COLD: 0} | zeros)
    return session


def grade(session: Session, points: dict[str, int]) -> None:
    session.grade({one.id: Grade(points.get(one.title, one.points)) for one in session.checklist.criteria})


async def outcome(room: Room, session: Session) -> OutcomeKind:
    stored = await room.stored(session)
    assert stored is not None
    return outcome_of(stored).kind


async def late(room: Room) -> int:
    """The criteria come."""
    room.stand_in.quirks.criteria_lag = 0
    room.clock.advance(timedelta(minutes=2))
    return await room.details.until_done()


async def test_a_zero_that_comes_with_the_completion_is_one_critical_card(room: Room) -> None:
    session = completed(room, await checklist_with(room, COLD))
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.CRITICAL
    [card] = await room.queued(NotificationKind.SESSION, CHANNEL)
    assert (card.session, card.facts["bad"]) == (key_of(session), 1)
    assert ((await room.record(session)).session.critical_failed) == (COLD,)


async def test_what_is_not_critical_fails_nothing(room: Room) -> None:
    session = completed(room, await checklist_with(room, "Dates checked"))
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.MET


async def test_late_criteria_turn_a_posted_card_once(room: Room) -> None:
    room.stand_in.quirks.criteria_lag = 9_000
    session = completed(room, await checklist_with(room, COLD))
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.MET
    [first] = await room.posts()
    assert await late(room) == 1
    assert await outcome(room, session) is OutcomeKind.CRITICAL
    [turn] = await room.queued(NotificationKind.SESSION, CHANNEL)
    assert turn.subject != first.notifications[0].notification.subject
    assert len(await room.posts()) == 1
    history = (await room.record(session)).history
    assert (history[-1].kind, history[-1].new.critical) == (ChangeKind.CHECKED, (COLD,))
    # Asked for again, as after a stop in between: nothing is said twice.
    await room.poll()
    assert await room.details.until_done() == 0
    assert await room.posted() == []


async def test_a_card_that_still_waits_shows_the_turn_and_is_the_only_one(room: Room) -> None:
    room.stand_in.quirks.criteria_lag = 9_000
    session = completed(room, await checklist_with(room, COLD))
    await room.poll()
    await late(room)
    assert await room.posted() == [key_of(session)]


async def test_a_low_result_that_turns_out_critical_is_told_once_more(room: Room) -> None:
    room.stand_in.quirks.criteria_lag = 9_000
    session = completed(room, await checklist_with(room, COLD), **{"Dates checked": 0})
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.BELOW
    await room.posts()
    await late(room)
    assert len(await room.posts()) == 1


async def test_a_rule_for_critical_ones_gets_its_first_card_when_the_criteria_come(room: Room) -> None:
    other = CHANNEL.parse("channel:C0CRITICAL")
    await room.subscribe("outcome:critical", destination=other)
    room.stand_in.quirks.criteria_lag = 9_000
    session = completed(room, await checklist_with(room, COLD))
    await room.poll()
    assert await room.queued(where=other) == []
    await late(room)
    assert [one.session for one in await room.queued(NotificationKind.SESSION, other)] == [key_of(session)]


async def test_a_second_turn_within_a_day_is_an_edit(room: Room) -> None:
    room.stand_in.quirks.criteria_lag = 9_000
    session = completed(room, await checklist_with(room, COLD))
    await room.poll()
    await room.posts()
    await late(room)
    assert len(await room.posts()) == 1
    grade(session, {})
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.MET
    grade(session, {COLD: 0})
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.CRITICAL
    assert await room.posts() == []


async def test_criteria_in_force_at_the_completion_count_and_a_change_tells_nothing_again(room: Room) -> None:
    room.stand_in.quirks.criteria_lag = 9_000
    checklist = await checklist_with(room, COLD)
    session = completed(room, checklist)
    await room.poll()
    await room.posts()
    await make_critical(room, checklist)  # none any more
    await late(room)
    assert await outcome(room, session) is OutcomeKind.CRITICAL
    await room.posts()
    later = completed(room, checklist)
    await room.poll()
    assert await outcome(room, later) is OutcomeKind.MET
    await room.posts()
    await make_critical(room, checklist, COLD)
    await room.poll()
    assert (await outcome(room, later), await room.posts()) == (OutcomeKind.MET, [])


async def test_a_completion_that_was_only_counted_is_not_posted_when_its_criteria_come(room: Room) -> None:
    checklist = await checklist_with(room, COLD)
    room.stand_in.quirks.criteria_lag = 90 * 86_400
    session = completed(room, checklist)
    session.started_at = session.completed_at = room.clock.now() - timedelta(days=20)
    await room.poll()
    await room.posts()
    await late(room)
    assert (await outcome(room, session), await room.posts()) == (OutcomeKind.CRITICAL, [])


async def test_a_turn_and_its_card_are_stored_together_or_not_at_all(room: Room) -> None:
    """As a kill before the commit: the transaction that stores the criteria is rolled back."""
    room.stand_in.quirks.criteria_lag = 9_000
    session = completed(room, await checklist_with(room, COLD))
    await room.poll()
    await room.posts()
    room.stand_in.quirks.criteria_lag = 0
    details = await room.ispring.details([key_of(session)])

    def killed(tx: Tx) -> None:
        room.details._save(tx, details, room.clock.now())
        assert tx.deliveries.of_session(key_of(session))[-1].notification.subject.endswith(":v2")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await room.store.transact(killed)
    assert (await outcome(room, session), await room.posted()) == (OutcomeKind.MET, [])
    await late(room)
    assert (await outcome(room, session), len(await room.posts())) == (OutcomeKind.CRITICAL, 1)


async def test_completed_again_is_judged_by_its_own_criteria(room: Room) -> None:
    session = completed(room, await checklist_with(room, COLD))
    await room.poll()
    room.world.reopen(session)
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.IN_PROGRESS
    session.status, session.completed_at = "PASSED", room.clock.now()
    grade(session, {})
    await room.poll()
    assert await outcome(room, session) is OutcomeKind.MET

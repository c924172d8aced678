"""Polls that do not grow with history: what they read, what they find, and what they do about filters that lie."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.company import Session
from bot.domain.incremental import Doubt, PollingState
from bot.domain.notifications import NotificationKind
from bot.domain.polling import PollMode, PollReport
from bot.ispring.client import CHECKLISTS_PATH, LISTING_PATH
from tests.jobs.room import CHANNEL, LARGE, Room, full_listings, key_of, open_room, polls
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time


async def state_of(room: Room) -> PollingState:
    return await room.store.read(lambda tx: tx.polling.state())


async def test_polls_become_incremental_after_three_listings_above_the_limit_and_full_again_below(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path, settings_of(full_listing_limit=2_000, poll_bytes=10**9)) as room:
        for _ in range(20):
            room.world.add_session()
        modes = [(await room.poll()).mode for _ in range(6)]
        assert modes == [PollMode.FULL] * 4 + [PollMode.INCREMENTAL] * 2
        room.poller = room.poller_with(settings_of(full_listing_limit=10**6, poll_bytes=10**9))
        modes = [(await room.poll()).mode for _ in range(4)]
        assert modes == [PollMode.INCREMENTAL] * 3 + [PollMode.FULL]


async def test_below_the_limit_nothing_is_asked_but_the_full_listing(room: Room) -> None:
    for _ in range(5):
        room.world.add_session()
        await room.poll()
    assert all(one.json == {} for one in room.stand_in.asked(LISTING_PATH))
    assert await state_of(room) == PollingState()


async def test_an_unchanged_increment_says_its_mode_and_bytes_and_reads_no_full_listing(large: Room) -> None:
    report = await large.poll()
    assert (report.mode, report.unchanged, report.error) == (PollMode.INCREMENTAL, True, "")
    assert report.size >= report.wire_size > 0
    assert report.corrected_at is not None
    assert full_listings(large) == 0


@pytest.mark.promise("large_account")
async def test_what_is_started_and_completed_is_news_at_the_next_poll(large: Room) -> None:
    world = large.world
    employee, observer, *_ = world.people.values()
    session = world.plan(next(iter(world.checklists.values())), employee, observer, large.clock.now())
    await large.poll()
    assert await large.stored(session) is not None
    world.start(session)
    await large.poll()
    world.complete(session, percent=40)
    report = await large.poll()
    assert (report.mode, report.changed) == (PollMode.INCREMENTAL, 1)
    assert await large.posted() == [key_of(session)]
    assert full_listings(large) == 0


async def test_a_session_completed_at_once_is_news_also_on_a_hidden_checklist(large: Room) -> None:
    people = list(large.world.people.values())
    sessions = [
        large.world.add_session(checklist=checklist, employee=people[0], observer=people[1])
        for checklist in (*large.world.checklists.values(), large.world.add_checklist("New", published=False))
    ]
    await large.poll()
    assert set(await large.posted()) == {key_of(one) for one in sessions}
    assert full_listings(large) == 0


async def test_a_correction_and_a_move_are_found_by_the_sweep(large: Room) -> None:
    session = large.world.stored_sessions[0]
    large.world.correct(session, 10)
    moved = large.world.stored_sessions[1]
    moved.checklist = list(large.world.checklists.values())[1]
    await large.poll()
    stored = await large.stored(session)
    assert stored is not None
    assert stored.facts.result == session.result
    stored = await large.stored(moved)
    assert stored is not None
    assert stored.facts.checklist_id == moved.checklist.id
    assert full_listings(large) == 0


async def test_a_re_opened_session_is_found_and_its_second_completion_is_news(large: Room) -> None:
    session = large.world.stored_sessions[0]
    large.world.reopen(session)
    await large.poll()
    assert (found := await large.stored(session)) is not None
    assert found.facts.status == "IN_PROGRESS"
    large.world.complete(session, percent=20)
    await large.poll()
    assert key_of(session) in await large.posted()


async def test_an_employee_added_to_a_completed_session_is_found_by_the_sweep(large: Room) -> None:
    first = large.world.stored_sessions[0]
    second = large.world.add_session(
        employee=large.world.add_person("New Person"), session_id=first.id, checklist=first.checklist
    )
    await large.poll()
    assert key_of(second) in await large.posted()


async def test_a_deleted_open_session_is_unlisted_after_two_answers_and_one_that_comes_back_is_back(
    large: Room,
) -> None:
    session = large.world.add_session(status="IN_PROGRESS")
    await large.poll()
    large.world.delete(session)
    await large.poll()
    assert (await large.record(session)).session.missing_since is None
    await large.poll()
    assert (await large.record(session)).session.missing_since is not None
    large.stand_in.requests.clear()
    await large.poll()
    assert session.id not in "".join(one.body for one in large.stand_in.requests)
    large.world._sessions[session.id, session.employee.id] = session
    await large.poll()
    assert (await large.record(session)).session.missing_since is None
    assert await large.posted() == []


async def test_a_session_of_an_unknown_status_stays_open_and_is_asked_for_by_id(large: Room) -> None:
    session = large.world.add_session(status="IN_PROGRESS")
    await large.poll()
    session.status = "ON_HOLD"
    await large.poll()
    assert "unknown_status" in await large.ops()
    large.world.complete(session, percent=90)
    await large.poll()
    assert await large.posted() == [key_of(session)]


async def test_ids_are_compared_in_lower_case_and_sent_as_spelled(tmp_path: Path) -> None:
    async with open_room(tmp_path, LARGE) as room:
        await room.subscribe()
        checklist = room.world.add_checklist(checklist_id=room.world.new_id().upper())
        session = room.world.add_session(
            checklist=checklist, session_id=room.world.new_id().upper(), status="IN_PROGRESS"
        )
        done = room.world.add_session(checklist=checklist, session_id=room.world.new_id().upper())
        room.stand_in.quirks.exact_ids = True
        for _ in range(4):
            await room.poll()
        room.world.complete(session, percent=50)
        room.world.correct(done, 5)
        report = await room.poll()
        assert (report.mode, report.changed) == (PollMode.INCREMENTAL, 2)
        assert full_listings(room) == 4


async def test_many_open_sessions_that_are_gone_at_once_are_left_to_a_full_listing(large: Room) -> None:
    sessions = [large.world.add_session(status="IN_PROGRESS") for _ in range(60)]
    await large.poll()
    for session in sessions[:55]:
        large.world.delete(session)
    large.clock.advance(timedelta(minutes=14))  # not so soon after the last one that nothing is read again
    await large.poll()
    assert (await state_of(large)).is_full_due
    assert (await large.record(sessions[0])).session.missing_since is None
    report = await large.poll()
    assert report.mode is PollMode.FULL
    assert "suspicious_listing" in await large.ops()  # of all those known most are gone, so nobody believes it


async def test_ids_that_ispring_refuses_do_not_cost_the_others(large: Room) -> None:
    bad = [large.world.add_session(status="IN_PROGRESS") for _ in range(12)]
    good = [large.world.add_session(status="IN_PROGRESS") for _ in range(20)]
    await large.poll()
    large.stand_in.quirks.bad_ids = {one.id for one in bad}
    for session in (*bad, *good):
        large.world.complete(session, percent=70)
    await polls(large, 4)
    assert {key_of(one) for one in good} <= set(await large.posted())
    large.stand_in.requests.clear()
    await large.poll()
    assert not any(one.id in request.body for one in bad for request in large.stand_in.requests)


async def test_after_an_outage_one_full_listing_shows_all_that_was_missed(large: Room) -> None:
    large.clock.advance(timedelta(hours=3))
    large.world.add_session()
    report = await large.poll()
    assert report.mode is PollMode.FULL
    assert len(await large.queued(NotificationKind.OUTAGE, CHANNEL)) <= 1


@pytest.mark.promise("large_account")
async def test_a_full_listing_that_can_not_be_read_stops_no_increment(large: Room) -> None:
    large.stand_in.quirks.only_asking, large.stand_in.quirks.server_errors = ("{}",), 10**6
    large.clock.advance(timedelta(hours=25))
    session = large.world.add_session()
    report = await large.poll()
    assert (report.mode, report.error) == (PollMode.INCREMENTAL, "")
    assert await large.stored(session) is not None
    for _ in range(60):
        large.clock.advance(timedelta(minutes=28))
        assert (await large.poll()).error == ""
    assert "full_listing_unread" in await large.ops()
    large.stand_in.quirks.server_errors = 0
    large.clock.advance(timedelta(minutes=25))
    await polls(large, 10)
    assert (await large.ops())[-1] == "over"


async def test_a_checklist_larger_than_the_budget_is_compared_in_parts_across_a_restart(large: Room) -> None:
    checklist = large.world.add_checklist("Large")
    employee, observer, *_ = large.world.people.values()
    sessions = [large.world.add_session(checklist=checklist, employee=employee, observer=observer) for _ in range(60)]
    await large.poll()
    large.clock.advance(timedelta(hours=49))  # none of them counts as recent
    few = settings_of(full_listing_limit=1, poll_bytes=16_000, poll_interval=60.0, open_interval=60.0)
    large.poller = large.poller_with(few)
    await polls(large, 3)  # a full listing after the outage, the daily comparison, and one with few bytes
    for session in sessions:
        large.world.correct(session, 11)
    large.stand_in.requests.clear()
    corrected = 0
    for number in range(12):
        report = await large.poll()
        assert report.size <= 16_000 + 1_000
        corrected += report.changed
        if number == 1:
            assert 0 < corrected < 60
            large.poller = large.poller_with(few)
    assert corrected == 60
    assert full_listings(large) == 0


async def test_a_round_that_takes_over_a_day_raises_an_alert_and_a_quicker_one_ends_it(large: Room) -> None:
    large.poller = large.poller_with(
        settings_of(full_listing_limit=1, poll_bytes=1, poll_interval=60.0, open_interval=60.0)
    )
    for _ in range(60):
        large.clock.advance(timedelta(minutes=29))
        report = await large.poll()
    assert "corrections_late" in await large.ops()
    assert report.corrected_at is not None
    assert report.ended_at - report.corrected_at < timedelta(hours=25)  # the daily full listing shows them too
    large.poller = large.poller_with(LARGE)
    await large.poll()
    assert (await large.ops())[-1] == "over"


async def test_a_filter_that_ispring_refuses_is_not_relied_on(large: Room) -> None:
    large.stand_in.quirks.only_asking, large.stand_in.quirks.server_errors = ("sessionStatus",), 10**6
    large.stand_in.quirks.server_error_status = 400
    session = large.world.add_session()
    report = await large.poll()
    assert (report.mode, report.error) == (PollMode.FULL, "")
    assert await large.posted() == [key_of(session)]
    assert "filters_unreliable" in await large.ops()


# ---- filters that lie ------------------------------------------------------------------------------------------------


@pytest.mark.promise("lying_filters")
@pytest.mark.parametrize("name", ["sessionStatus", "checklistId", "sessionIds"])
async def test_an_ignored_filter_is_noticed_and_full_listings_take_over(large: Room, name: str) -> None:
    running = large.world.add_session(status="IN_PROGRESS")
    await large.poll()
    large.stand_in.quirks.ignored_filters = {name}
    large.world.complete(running, percent=30)
    report = await large.poll()
    assert (report.mode, report.error) == (PollMode.FULL, "")
    assert await large.posted() == [key_of(running)]
    assert (await state_of(large)).doubt is Doubt.IGNORED
    assert "filters_unreliable" in await large.ops()
    # At most one full listing in 15 minutes, until a day has passed without a lie.
    large.stand_in.requests.clear()
    await polls(large, 30)
    assert full_listings(large) == 2
    assert len(large.stand_in.asked(CHECKLISTS_PATH)) == 0
    large.stand_in.quirks.ignored_filters = set()
    for _ in range(100):
        large.clock.advance(timedelta(minutes=14))
        report = await large.poll()
    assert report.mode is PollMode.INCREMENTAL
    assert (await large.ops())[-1] == "over"


async def test_a_larger_limit_ends_the_alert_of_filters_that_lie(large: Room) -> None:
    large.world.add_session(status="IN_PROGRESS")
    large.stand_in.quirks.ignored_filters = {"sessionStatus"}
    await large.poll()
    assert "filters_unreliable" in await large.ops()
    large.poller = large.poller_with(settings_of(full_listing_limit=10**9))
    for _ in range(6):
        large.clock.advance(timedelta(minutes=15))
        report = await large.poll()
    assert report.mode is PollMode.FULL
    assert (await large.ops())[-1] == "over"
    assert (await state_of(large)).mode is PollMode.FULL


@pytest.mark.promise("lying_filters")
async def test_filters_that_leave_rows_out_are_noticed_and_cost_no_session(large: Room) -> None:
    sessions = [large.world.add_session(status="IN_PROGRESS") for _ in range(40)]
    await large.poll()
    large.stand_in.quirks.left_out_share = 0.3
    for number, session in enumerate(sessions):
        large.world.complete(session, percent=50 + number)
        await large.poll()
    await polls(large, 20)
    assert "filters_unreliable" in await large.ops()
    assert set(await large.posted()) == {key_of(one) for one in sessions}


async def test_an_honest_ispring_raises_no_alert_in_two_days_of_changes(large: Room) -> None:
    people = list(large.world.people.values())
    open_ones: list[Session] = []
    for number in range(200):
        large.clock.advance(timedelta(minutes=14))
        if number % 3 == 0:
            open_ones.append(large.world.add_session(status="NOT_STARTED", employee=people[number % 3]))
        elif number % 3 == 1:
            large.world.start(open_ones[-1])
        else:
            large.world.complete(open_ones[-1], percent=90)
        assert (await large.poll()).error == ""
    assert await large.ops() == ["baseline_done"]
    assert 2 <= full_listings(large) <= 3


async def test_the_daily_comparison_finds_a_list_that_lacks_a_session_for_good(large: Room) -> None:
    large.world.add_session(status="IN_PROGRESS")
    large.world.add_session(status="IN_PROGRESS", session_id=large.world.new_id(), employee=large.world.add_person())
    large.stand_in.quirks.most_filtered_rows = 1
    large.clock.advance(timedelta(hours=23))
    await large.store.transact(lambda tx: tx.polls.record(PollReport(large.clock.now(), large.clock.now())))
    await polls(large, 70)
    assert "filters_unreliable" in await large.ops()

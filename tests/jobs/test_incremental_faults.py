"""Calls of incremental polls that fail for good, each alone: what is known all the same, how soon, at what cost."""

from datetime import timedelta

import pytest

from bot.domain.incremental import LONGEST_HOLD, MOST_SWEPT
from bot.domain.polling import PollMode, PollReport
from tests.jobs.room import Room, full_listings, key_of, polls
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time


def break_calls(room: Room, *bodies: str, status: int = 500) -> None:
    """From now on requests with one of these texts are answered with a status."""
    quirks = room.stand_in.quirks
    quirks.only_asking, quirks.server_errors, quirks.server_error_status = bodies, 10**9, status


async def test_planned_sessions_that_can_not_be_listed_hold_up_nothing_else(large: Room) -> None:
    running = large.world.add_session(status="IN_PROGRESS")
    await large.poll()
    break_calls(large, "NOT_STARTED")
    large.world.complete(running, percent=30)
    at_once = large.world.add_session()
    report = await large.poll()
    assert report.error == ""
    assert set(await large.posted()) == {key_of(running), key_of(at_once)}


@pytest.mark.promise("failing_calls")
@pytest.mark.parametrize("body", ["IN_PROGRESS", "NOT_STARTED", "sessionIds", "checklistId", "PASSED"])
@pytest.mark.parametrize("status", [400, 403, 500])
async def test_whatever_call_fails_for_good_full_listings_show_what_it_hides(
    large: Room, body: str, status: int
) -> None:
    running = [large.world.add_session(status="IN_PROGRESS") for _ in range(3)]
    planned = large.world.add_session(status="NOT_STARTED")
    done = large.world.stored_sessions[0]
    await large.poll()
    break_calls(large, body, status=status)
    for session in (*running, planned):
        large.world.complete(session, percent=30)
    at_once = large.world.add_session()
    large.world.correct(done, 11)
    large.stand_in.requests.clear()
    began = large.clock.now()
    while large.clock.now() - began < timedelta(minutes=34):
        await large.poll()
    assert {key_of(one) for one in (*running, planned, at_once)} <= set(await large.posted())
    stored = await large.stored(done)
    assert stored is not None and stored.facts.result == done.result
    assert full_listings(large) <= 3


@pytest.mark.promise("failing_calls")
async def test_checklists_that_can_not_be_read_cost_no_session(large: Room) -> None:
    large.stand_in.quirks.refused_paths = {"checklist/sessions": 500}
    at_once = large.world.add_session(checklist=large.world.add_checklist("New"))
    await polls(large, 34)
    assert key_of(at_once) in await large.posted()


@pytest.mark.promise("failing_calls")
@pytest.mark.parametrize("what", ["NOT_STARTED", "PASSED", "sessionIds", "checklist/sessions"])
async def test_a_call_that_hangs_does_not_hold_up_running_sessions(large: Room, what: str) -> None:
    large.world.add_session(status="NOT_STARTED")
    await large.poll()
    quirks = large.stand_in.quirks
    if "/" in what:
        quirks.only = (what,)
    else:
        quirks.only_asking = (what,)
    quirks.hangs = 10**9
    polling = timedelta(0)
    for _ in range(120):
        large.clock.advance(timedelta(minutes=1))
        began = large.clock.now()
        assert (await large.poller.once()).error == ""
        polling += large.clock.now() - began
    assert polling < timedelta(hours=2) / 8, polling  # each hang takes as long as a call may


async def test_one_unreadable_row_does_not_hide_what_else_is_completed(large: Room) -> None:
    running, _ = (large.world.add_session(status="IN_PROGRESS") for _ in range(2))
    broken = large.world.add_session(status="IN_PROGRESS")
    await large.poll()
    broken.id = "x" * 300
    break_calls(large, "PASSED")  # what compares the completed sessions would find it, a round later
    large.world.complete(running, percent=30)
    await large.poll()
    assert key_of(running) in await large.posted()


async def test_a_comparison_that_fails_is_not_repeated_at_each_poll(large: Room) -> None:
    large.stand_in.quirks.left_out_ids_share = 1.0
    break_calls(large, "sessionIds")
    large.clock.advance(timedelta(hours=23, minutes=50))
    await large.store.transact(lambda tx: tx.polls.record(PollReport(large.clock.now(), large.clock.now())))
    large.stand_in.requests.clear()
    await polls(large, 30)
    assert full_listings(large) <= 3


@pytest.mark.promise("failing_calls")
async def test_calls_that_fail_alone_are_told_once_and_their_end_once(large: Room) -> None:
    large.world.add_session()
    await large.poll()
    break_calls(large, "sessionIds")
    await polls(large, 60)
    assert (await large.ops()).count("filters_unreliable") == 1
    large.stand_in.quirks.server_errors = 0
    await polls(large, 12)
    assert (await large.ops())[-1] == "over"


async def test_when_ispring_is_away_no_filter_is_blamed_and_one_full_listing_shows_all_that_was_missed(
    large: Room,
) -> None:
    running = large.world.add_session(status="IN_PROGRESS")
    await large.poll()
    large.stand_in.quirks.server_errors = 10**9
    await polls(large, 130)
    large.world.complete(running, percent=30)
    large.stand_in.quirks.server_errors = 0
    report = await large.poll()
    assert (report.mode, report.error) == (PollMode.FULL, "")
    await polls(large, 20)
    assert "filters_unreliable" not in await large.ops()


async def test_a_checklist_whose_sessions_can_not_be_compared_does_not_hold_up_the_others(large: Room) -> None:
    first, second = sorted(large.world.checklists)
    done = next(one for one in large.world.stored_sessions if one.checklist.id == second)
    break_calls(large, f'"checklistId":"{first}"', *(one.id for one in large.world.stored_sessions if one is not done))
    large.clock.advance(timedelta(minutes=20))
    large.world.correct(done, 11)
    await polls(large, 4)
    stored = await large.stored(done)
    assert stored is not None and stored.facts.result == done.result


async def test_a_call_that_fails_for_a_moment_blames_no_filter(large: Room) -> None:
    large.clock.advance(timedelta(hours=23, minutes=58))
    await large.store.transact(lambda tx: tx.polls.record(PollReport(large.clock.now(), large.clock.now())))
    large.stand_in.quirks.refused_paths = {"checklist/sessions": 500}
    for _ in range(2):
        await large.poll()
        large.stand_in.quirks.refused_paths = {}
        await polls(large, 3)
        large.stand_in.quirks.refused_paths = {"checklist/sessions": 500}
    assert full_listings(large) == 1  # the daily one
    assert await large.ops() == ["baseline_done"]


async def test_while_ispring_is_away_full_listings_are_tried_twice_an_hour(large: Room) -> None:
    await large.poll()
    large.stand_in.quirks.server_errors = 10**9
    began = large.clock.now()
    large.stand_in.requests.clear()
    tried = 0
    while large.clock.now() - began < timedelta(hours=6):
        before = full_listings(large)
        large.clock.advance(timedelta(minutes=4))
        await large.poll()
        tried += full_listings(large) > before
    assert 6 <= tried <= 13


async def test_checklists_that_wait_after_a_failure_leave_the_others_their_turn(large: Room) -> None:
    done = large.world.stored_sessions[0]
    large.clock.advance(timedelta(hours=49))  # it does not count as recent
    waiting = [large.world.add_checklist(f"Waiting {number}") for number in range(MOST_SWEPT)]
    for checklist in waiting:
        large.world.add_session(checklist=checklist)
    await polls(large, 3)
    until = large.clock.now() + LONGEST_HOLD / 2
    large.poller._increment._completed._held = {one.id.lower(): until for one in waiting}
    large.world.correct(done, 11)
    await polls(large, 2)
    stored = await large.stored(done)
    assert stored is not None and stored.facts.result == done.result


async def test_a_comparison_without_the_planned_sessions_is_made_again(large: Room) -> None:
    await large.poll()
    compared_at = (await large.store.read(lambda tx: tx.polling.state())).verified_at
    large.clock.advance(timedelta(hours=23, minutes=58))
    await large.store.transact(lambda tx: tx.polls.record(PollReport(large.clock.now(), large.clock.now())))
    break_calls(large, "NOT_STARTED")
    await polls(large, 5)
    assert full_listings(large) == 1
    assert (await large.store.read(lambda tx: tx.polling.state())).verified_at == compared_at
    large.stand_in.quirks.server_errors = 0
    await polls(large, 40)
    assert (await large.store.read(lambda tx: tx.polling.state())).verified_at != compared_at


async def test_the_bytes_of_a_comparison_that_fails_are_counted(large: Room) -> None:
    done = large.world.stored_sessions[0]
    await large.poll()
    few = settings_of(full_listing_limit=1, poll_bytes=16_000, poll_interval=60.0, open_interval=60.0)
    large.poller = large.poller_with(few)
    large.world.delete(done)
    for _ in range(60):
        large.world.add_session(checklist=done.checklist)
    break_calls(large, "sessionIds")
    await large.poll()
    assert (await large.store.read(lambda tx: tx.polling.state())).debts.get("sweep", 0) > 0

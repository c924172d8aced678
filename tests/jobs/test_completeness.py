"""Whether iSpring's listing leaves out sessions that its checklists name is found out once a day, and told once."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.demo.ispring import ALWAYS
from bot.domain.notifications import NotificationKind
from bot.jobs.completeness import CompletenessCheck
from bot.services.listing_gaps import count_left_out
from tests.faults import StumblingTraining
from tests.jobs.room import Room

pytestmark = pytest.mark.virtual_time

CHECKLISTS = "/checklist/sessions/list"


@pytest.fixture
def roll_call(room: Room) -> CompletenessCheck:
    return CompletenessCheck(room.ispring, room.store, room.clock, wake=lambda: room.rings.append("roll call"))


async def test_a_listing_that_holds_everything_is_nobodys_business(room: Room, roll_call: CompletenessCheck) -> None:
    for _ in range(5):
        room.world.add_session()
    assert await roll_call.when_due()
    assert await room.ops() == ["baseline_done"]


@pytest.mark.promise("incomplete_listing")
async def test_sessions_that_the_listing_leaves_out_are_reported_once_and_their_coming_back_once(
    room: Room, roll_call: CompletenessCheck
) -> None:
    for _ in range(5):
        room.world.add_session()
    room.stand_in.quirks.most_rows = 3
    for _ in range(2):
        assert await roll_call.when_due()
        room.clock.advance(timedelta(days=1))
    *_, notified = await room.queued(NotificationKind.OPS)
    assert (notified.facts["code"], notified.facts["sessions"]) == ("listing_incomplete", 2)
    assert await room.ops() == ["baseline_done", "listing_incomplete"]
    room.stand_in.quirks.most_rows = None
    assert await roll_call.when_due()
    assert await room.ops() == ["baseline_done", "listing_incomplete", "over"]


async def test_the_roll_is_called_once_a_day_also_after_a_clock_was_set_back(
    room: Room, roll_call: CompletenessCheck
) -> None:
    assert await roll_call.when_due()
    room.clock.advance(timedelta(hours=23))
    assert not await roll_call.when_due()
    before_the_clock_was_set_back = room.clock.now() + timedelta(days=3)
    await room.store.transact(lambda tx: tx.polls.record_completeness_check(before_the_clock_was_set_back))
    assert await roll_call.when_due()
    assert len(room.stand_in.asked(CHECKLISTS)) == 2


async def test_checklists_that_can_not_be_read_are_left_alone_for_an_hour(
    room: Room, roll_call: CompletenessCheck
) -> None:
    room.stand_in.quirks.only = (CHECKLISTS,)
    room.stand_in.quirks.html_answers = ALWAYS
    assert not await roll_call.when_due()
    asked = len(room.stand_in.requests)
    assert not await roll_call.when_due()
    assert len(room.stand_in.requests) == asked
    room.clock.advance(timedelta(hours=1))
    room.stand_in.quirks.html_answers = 0
    assert await roll_call.when_due()
    assert await room.ops() == ["baseline_done"]


async def test_an_answer_that_breaks_its_reader_ends_no_more_than_this_completeness_check(room: Room) -> None:
    stumbling = CompletenessCheck(StumblingTraining(), room.store, room.clock, wake=lambda: None)
    with capture_logs() as logs:
        assert not await stumbling.when_due()
    assert [(line["event"], type(line["exc_info"])) for line in logs] == [("completeness.broke", KeyError)]
    assert await room.ops() == ["baseline_done"]


async def test_rows_that_can_not_be_understood_are_not_called_left_out(
    room: Room, roll_call: CompletenessCheck
) -> None:
    for _ in range(6):
        room.world.add_session()
    room.stand_in.quirks.mistyped_rows = 2
    assert await roll_call.when_due()
    assert await room.ops() == ["baseline_done"]
    room.stand_in.quirks.most_rows = 4
    room.clock.advance(timedelta(days=1))
    assert await roll_call.when_due()
    *_, notified = await room.queued(NotificationKind.OPS)
    assert notified.facts["sessions"] == 2


async def test_sessions_planned_or_deleted_between_the_two_answers_are_not_left_out(room: Room) -> None:
    gone, _ = room.world.add_session(), room.world.add_session()
    named = await room.ispring.named_sessions()
    room.world.delete(gone)
    room.world.add_session()
    assert await count_left_out(room.ispring, named, await _listed(room), 0) == 0


async def _listed(room: Room) -> set[str]:
    async with room.ispring.list_sessions() as listing:
        return {session_id for piece in listing.slices() for session_id, _, _ in piece.rows}

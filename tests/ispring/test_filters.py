"""Our client asks for some of the sessions. Real HTTP to the stand-in throughout."""

import pytest

from bot.demo.ispring import IspringStandIn
from bot.demo.world import World
from bot.domain.errors import BadRequest
from bot.domain.ports import SessionFilter
from bot.ispring.client import LISTING_PATH, Ispring

pytestmark = pytest.mark.virtual_time


async def found(ispring: Ispring, wanted: SessionFilter) -> set[str]:
    async with ispring.find_sessions(wanted) as listing:
        return {session_id for piece in listing.slices() for session_id, _, _ in piece.rows}


async def test_only_what_filters_is_sent_and_ids_as_spelled(
    ispring: Ispring, stand_in: IspringStandIn, world: World
) -> None:
    running, planned = world.add_session(status="IN_PROGRESS"), world.add_session(status="NOT_STARTED")
    assert await found(ispring, SessionFilter(status="IN_PROGRESS")) == {running.id}
    assert await found(ispring, SessionFilter(session_ids=[planned.id.upper()])) == {planned.id}
    assert await found(ispring, SessionFilter("NOT_STARTED", planned.checklist.id, [running.id])) == set()
    assert [one.json for one in stand_in.asked(LISTING_PATH)] == [
        {"sessionStatus": "IN_PROGRESS"},
        {"sessionIds": [planned.id.upper()]},
        {"sessionStatus": "NOT_STARTED", "checklistId": planned.checklist.id, "sessionIds": [running.id]},
    ]


async def test_an_answer_says_its_labels_its_spelling_and_its_sizes(
    ispring: Ispring, stand_in: IspringStandIn, world: World
) -> None:
    checklist = world.add_checklist(checklist_id="CCCCCCCC-0000-4000-8000-000000000001")
    sessions = [world.add_session(checklist=checklist, status="IN_PROGRESS") for _ in range(50)]
    stand_in.quirks.compressed = True
    async with ispring.find_sessions(SessionFilter(status="IN_PROGRESS")) as listing:
        (piece,) = listing.slices()
        assert piece.labels(0) == ("IN_PROGRESS", checklist.id.lower())
        assert piece.spelled == {checklist.id.lower(): checklist.id}
        assert 0 < listing.wire_size < listing.size / 4
    answer = await ispring.checklists([checklist.id])
    assert [one.checklist_id for one in answer.checklists] == [checklist.id]
    assert list(answer.checklists[0].session_ids()) == [one.id for one in sessions]
    assert 0 < answer.wire_size < answer.size


async def test_an_id_that_ispring_does_not_accept_is_a_bad_request(ispring: Ispring) -> None:
    with pytest.raises(BadRequest):
        await found(ispring, SessionFilter(session_ids=["not-an-id"]))

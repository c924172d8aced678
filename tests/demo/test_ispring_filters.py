"""iSpring's stand-in filters job training as the vendor documents it, and lies about it when it is told to."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED
from bot.demo.ispring import ALWAYS, IspringStandIn
from bot.demo.world import World
from tests.demo.asking import CHECKLISTS, rows

pytestmark = pytest.mark.virtual_time


async def test_filters_combine_and_a_hidden_checklist_is_one_too(client: httpx.AsyncClient, world: World) -> None:
    opening, closing = world.checklists.values()
    found = await rows(client, sessionStatus=PASSED, checklistId=closing.id.upper())
    assert {row["checklistTitle"] for row in found} == {"Closing"}
    assert await rows(client, sessionStatus=IN_PROGRESS, checklistId=closing.id) == []
    (named,) = await rows(client, CHECKLISTS, checklistIds=[opening.id])
    assert (named["checklistId"], len(named["sessionIds"])) == (opening.id, 3)


@pytest.mark.parametrize("name", ["sessionStatus", "checklistId", "sessionIds"])
async def test_a_filter_can_be_ignored(
    client: httpx.AsyncClient, ispring: IspringStandIn, world: World, name: str
) -> None:
    asked: dict[str, Any] = {
        "sessionStatus": NOT_STARTED,
        "checklistId": next(iter(world.checklists)),
        "sessionIds": [world.stored_sessions[0].id],
    }
    ispring.quirks.ignored_filters = {name}
    assert len(await rows(client, **{name: asked[name]})) == len(world.stored_sessions)
    assert len(await rows(client, **asked)) == 1


async def test_a_filter_can_leave_rows_out_while_the_whole_listing_is_whole(
    client: httpx.AsyncClient, ispring: IspringStandIn, world: World
) -> None:
    for _ in range(60):
        world.add_session()
    ispring.quirks.left_out_share = ispring.quirks.left_out_ids_share = 0.5
    assert 0 < len(await rows(client, sessionStatus=PASSED)) < 62
    assert len(await rows(client)) == 64
    assert 0 < sum(len(row["sessionIds"]) for row in await rows(client, CHECKLISTS)) < 64
    ispring.quirks.left_out_share, ispring.quirks.most_filtered_rows = 0.0, 7
    assert len(await rows(client, sessionStatus=PASSED)) == 7


async def test_ids_can_be_compared_as_spelled_and_spelled_in_changing_case(
    client: httpx.AsyncClient, ispring: IspringStandIn, world: World
) -> None:
    session = world.stored_sessions[0]
    ispring.quirks.changing_case = True
    spelled = {(await rows(client, sessionIds=[session.id]))[0]["sessionId"] for _ in range(20)}
    assert len(spelled) > 1
    assert {one.lower() for one in spelled} == {session.id}
    ispring.quirks.exact_ids = True
    assert await rows(client, sessionIds=[session.id.upper()]) == []
    assert len(await rows(client, sessionIds=[session.id])) == 1


async def test_only_requests_with_some_filter_can_fail(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.only_asking, ispring.quirks.server_errors = (NOT_STARTED,), ALWAYS
    assert len(await rows(client)) == 4
    assert len(await rows(client, sessionStatus=IN_PROGRESS)) == 1
    answer = await client.post("/job-training/sessions/result/list", json={"sessionStatus": NOT_STARTED})
    assert answer.status_code == 500

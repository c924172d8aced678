"""iSpring's stand-in is as odd as it is told to be, and no odder. Real HTTP throughout."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED
from bot.demo.ispring import ALWAYS, IspringStandIn
from bot.demo.world import World
from tests.clock import FakeClock
from tests.demo.asking import AREAS, CRITERIA, KEY, LISTING, START, TRAINING, rows, token

pytestmark = pytest.mark.virtual_time

# --- quirks: how values are written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("dmy", "14-08-2024, 11:00:00"),
        ("mdy", "08-14-2024, 11:00:00"),
        ("iso", "2024-08-14T11:00:00+02:00"),
        ("iso_naive", "2024-08-14T11:00:00"),
        ("unreadable", "soon"),
    ],
)
async def test_dates_are_written_as_ordered_in_the_accounts_zone(
    client: httpx.AsyncClient, ispring: IspringStandIn, style: Any, written: str
) -> None:
    ispring.zone = ZoneInfo("Europe/Berlin")
    ispring.quirks.date_style = style
    assert {row["completionDate"] for row in await rows(client, sessionStatus=PASSED)} == {written}


async def test_dates_can_be_mixed(client: httpx.AsyncClient, ispring: IspringStandIn, world: World) -> None:
    ispring.quirks.date_style = "mixed"
    for second in range(6):
        world.add_session(status=NOT_STARTED, starts_at=START + timedelta(seconds=second))
    shapes = {len(row["startDate"]) for row in await rows(client)}
    assert len(shapes) == 3


async def test_absent_values_can_be_null(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.nulls = True
    planned = (await rows(client, sessionStatus=NOT_STARTED))[0]
    assert [planned[key] for key in ("actualStartDate", "completionDate", "result", "points")] == [None] * 4
    skipped = [row for row in await rows(client, CRITERIA) if row["skipped"]]
    assert [row["points"] for row in skipped] == [None]
    people = (await client.get("/users/v2")).json()
    assert people["nextPageToken"] is None
    assert people["userProfiles"][0]["groups"] is None


async def test_numbers_can_be_strings(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.numbers_as_strings = True
    done = (await rows(client, sessionStatus=PASSED))[0]
    assert (done["result"], done["totalPoints"]) == ("72", "100")
    assert (await client.get("/users/v2")).json()["userProfiles"][0]["status"] == "1"
    assert {type(row["skipped"]) for row in await rows(client, CRITERIA)} == {bool}


async def test_a_list_of_one_can_be_an_object(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.lone_item_as_object = True
    answer = await client.post(LISTING, json={"sessionStatus": NOT_STARTED})
    assert answer.json()["sessionStatus"] == NOT_STARTED
    page = (await client.get("/departments", params={"pageSize": 1})).json()
    assert page["departments"]["name"] == "Northgate"


async def test_fields_can_be_an_object_in_lower_case(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.fields_as_object = ispring.quirks.fields_lower_case = True
    fields = (await client.get("/users/v2")).json()["userProfiles"][0]["fields"]
    assert (fields["first_name"], fields["email"]) == ("Ana", "ana.silva@northgate.example")


async def test_a_single_person_can_be_wrapped(client: httpx.AsyncClient, ispring: IspringStandIn, world: World) -> None:
    ispring.quirks.user_wrapped = True
    user_id = next(iter(world.people))
    assert (await client.get(f"/user/{user_id}/v2")).json()["response"]["userId"] == user_id


# --- quirks: what a listing contains ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quirk", "value", "statuses"),
    [
        ("duplicate_rows", True, [NOT_STARTED, IN_PROGRESS, PASSED, PASSED, NOT_STARTED]),
        ("new_status", "CANCELLED", ["CANCELLED", IN_PROGRESS, PASSED, PASSED]),
        ("empty_listing", True, []),
        ("half_listing", True, [NOT_STARTED, PASSED]),
    ],
)
async def test_a_listing_can_be_bent(
    client: httpx.AsyncClient, ispring: IspringStandIn, quirk: str, value: object, statuses: list[str]
) -> None:
    setattr(ispring.quirks, quirk, value)
    assert [row["sessionStatus"] for row in await rows(client)] == statuses


async def test_rows_can_be_shuffled(client: httpx.AsyncClient, ispring: IspringStandIn, clock: FakeClock) -> None:
    ispring.quirks.shuffled = True
    orders = set()
    for _ in range(10):
        clock.advance(timedelta(seconds=1))
        orders.add(tuple(row["sessionId"] for row in await rows(client)))
    assert len(orders) > 1
    assert len({frozenset(order) for order in orders}) == 1


async def test_totals_can_be_zero(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.zero_total_points = True
    assert {row["totalPoints"] for row in await rows(client, sessionStatus=PASSED)} == {0}


async def test_some_rows_can_be_mistyped(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.mistyped_rows = 2
    assert [isinstance(row["employeeId"], list) for row in await rows(client)] == [True, False, True, False]


@pytest.mark.parametrize("path", [AREAS, CRITERIA])
async def test_grades_can_lag_behind_the_completion(
    client: httpx.AsyncClient, ispring: IspringStandIn, clock: FakeClock, path: str
) -> None:
    ispring.quirks.criteria_lag = 90
    assert await rows(client, path) == []
    clock.advance(timedelta(seconds=90))
    assert await rows(client, path) != []


async def test_one_bad_id_spoils_its_whole_batch(
    client: httpx.AsyncClient, ispring: IspringStandIn, world: World
) -> None:
    good, bad, *_ = [one.id for one in world.sessions]
    ispring.quirks.bad_ids = {bad}
    assert (await client.post(LISTING, json={"sessionIds": [good, bad]})).status_code == 400
    assert len(await rows(client, sessionIds=[good])) == 1
    ispring.quirks.bad_ids = set(world.people)
    assert (await client.get("/users/v2", params={"userIds[]": list(world.people)})).status_code == 400


async def test_a_page_can_name_itself_as_the_next(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.repeated_page_token = True
    first = (await client.get("/departments", params={"pageSize": 1})).json()["nextPageToken"]
    again = await client.get("/departments", params={"pageSize": 1, "pageToken": first})
    assert again.json()["nextPageToken"] == first


# --- quirks: answers of another kind ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quirk", "status", "content_type", "begins"),
    [
        ("html_answers", 200, "text/html", "<!DOCTYPE"),
        ("xml_answers", 200, "application/xml", "<?xml"),
        ("empty_answers", 200, "application/json", ""),
        ("nested_answers", 200, "application/json", "[[[["),
        ("throttled", 429, None, ""),
        ("server_errors", 500, "text/html", "<html>"),
        ("redirects", 302, None, ""),
        ("refused_tokens", 401, "application/json", '{"code": 401'),
    ],
)
async def test_the_next_two_answers_can_be_of_another_kind(
    client: httpx.AsyncClient,
    ispring: IspringStandIn,
    quirk: str,
    status: int,
    content_type: str | None,
    begins: str,
) -> None:
    setattr(ispring.quirks, quirk, 2)
    await token(client)
    for _ in range(2):
        answer = await client.post(LISTING, json={})
        assert answer.status_code == status
        assert answer.text.startswith(begins)
        assert bool(answer.text) is bool(begins)
        if content_type is not None:
            assert answer.headers["Content-Type"].startswith(content_type)
    assert len(await rows(client)) == 4


@pytest.mark.parametrize("retry_after", [None, "7", "Wed, 14 Aug 2024 09:01:00 GMT"])
async def test_throttling_may_say_for_how_long(
    client: httpx.AsyncClient, ispring: IspringStandIn, retry_after: str | None
) -> None:
    ispring.quirks.throttled, ispring.quirks.retry_after = 1, retry_after
    answer = await client.get("/departments")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, retry_after)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_the_server_can_fail_in_its_own_ways(
    client: httpx.AsyncClient, ispring: IspringStandIn, status: int
) -> None:
    ispring.quirks.server_errors, ispring.quirks.server_error_status = ALWAYS, status
    for _ in range(3):
        assert (await client.get("/users/v2")).status_code == status


async def test_an_answer_can_be_truncated_without_a_sign(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.truncated_answers = 1
    answer = await client.post(LISTING, json={})
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_a_connection_can_end_in_the_middle(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.cut_off_answers = 1
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(LISTING, json={})
    assert len(await rows(client)) == 4


async def test_an_answer_can_fail_to_come(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.hangs = 1
    with pytest.raises(httpx.ReadTimeout):
        await client.post(LISTING, json={}, timeout=0.2)
    assert len(await rows(client)) == 4


async def test_a_body_can_be_slow_but_whole(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.slow_body = 0.3
    began = asyncio.get_running_loop().time()
    answer = await client.post(LISTING, json={})
    assert len(answer.json()) == 4
    assert asyncio.get_running_loop().time() - began >= 0.25


async def test_a_body_can_go_on_for_ever(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.endless_answers = 1
    received = 0
    async with client.stream("POST", LISTING, json={}) as answer:
        async for piece in answer.aiter_bytes():
            received += len(piece)
            if received > 5_000_000:
                break
    assert len(await rows(client)) == 4


async def test_quirks_can_be_kept_to_some_calls(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.only = ("criterion/", "token")
    ispring.quirks.server_errors = 2
    assert len(await rows(client)) == 4
    assert (await client.post(CRITERIA, json={})).status_code == 500
    assert (await client.post("/api/v3/token", data=KEY)).status_code == 500


# --- quirks: the key and its tokens ----------------------------------------------------------------------------


async def test_a_key_without_rights_may_read_people_but_no_job_training(
    client: httpx.AsyncClient, ispring: IspringStandIn
) -> None:
    ispring.quirks.no_rights = True
    for path in TRAINING:
        assert (await client.post(path, json={})).status_code == 403
    assert (await client.get("/users/v2")).status_code == 200


async def test_a_token_can_die_in_the_middle_of_a_poll(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    ispring.quirks.tokens_die_after = 1
    assert (await client.post(LISTING, json={})).status_code == 200
    assert (await client.post(CRITERIA, json={})).status_code == 401
    client.headers["Authorization"] = f"Bearer {await token(client)}"
    assert (await client.post(CRITERIA, json={})).status_code == 200


async def test_a_token_can_live_shorter_than_it_says(
    client: httpx.AsyncClient, ispring: IspringStandIn, clock: FakeClock
) -> None:
    ispring.quirks.token_seconds = 60
    answer = await client.post("/api/v3/token", data=KEY)
    assert answer.json()["expires_in"] == 1800
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    clock.advance(timedelta(seconds=60))
    assert (await client.get("/departments")).status_code == 401

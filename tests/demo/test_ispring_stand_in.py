"""iSpring's stand-in is as strict as the vendor's documents, and as odd as it is told to be. Real HTTP throughout."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED, Session
from bot.demo.ispring import ALWAYS, IspringStandIn
from bot.demo.world import World

START = datetime(2024, 8, 14, 9, 0, tzinfo=UTC)
KEY = {"client_id": "key-id", "client_secret": "key-secret", "grant_type": "client_credentials"}
LISTING = "/job-training/sessions/result/list"
CHECKLISTS = "/job-training/checklist/sessions/list"
AREAS = "/job-training/completed-session/criterion-group/result/list"
CRITERIA = "/job-training/completed-session/criterion/result/list"
TRAINING = (LISTING, CHECKLISTS, AREAS, CRITERIA)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    """Two checklists; a planned, a running and two completed sessions."""
    world = World.empty(clock)
    store = world.add_department("Store 12", parent=world.add_department("Northgate"), code="S12")
    ana, ben = world.add_person("Ana Silva", department=store), world.add_person("Ben Ito", department=store)
    opening, closing = world.add_checklist("Opening"), world.add_checklist("Closing", published=False)
    world.add_session(checklist=opening, employee=ben, observer=ana, status=NOT_STARTED)
    world.add_session(checklist=opening, employee=ben, observer=ana, status=IN_PROGRESS)
    world.add_session(checklist=opening, employee=ben, observer=ana, percent=72)
    world.add_session(checklist=closing, employee=ana, observer=ben, percent=90, skip=1)
    return world


@pytest.fixture
async def ispring(world: World, clock: Clock) -> AsyncIterator[IspringStandIn]:
    async with IspringStandIn(world, client_id="key-id", client_secret="key-secret", now=clock) as ispring:
        yield ispring


@pytest.fixture
async def client(ispring: IspringStandIn) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a good token that asks for JSON."""
    async with httpx.AsyncClient(base_url=ispring.url, headers={"Accept": "application/json"}, timeout=5) as client:
        client.headers["Authorization"] = f"Bearer {await token(client)}"
        ispring.requests.clear()
        yield client


async def token(client: httpx.AsyncClient) -> str:
    answer = await client.post("/api/v3/token", data=KEY)
    assert answer.status_code == 200
    return str(answer.json()["access_token"])


async def rows(client: httpx.AsyncClient, path: str = LISTING, **body: object) -> list[dict[str, Any]]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()
    return listed


def session_in(world: World, status: str) -> Session:
    return next(one for one in world.sessions if one.status == status)


# --- tokens ----------------------------------------------------------------------------------------------------


async def test_a_token_lasts_thirty_minutes(client: httpx.AsyncClient, clock: Clock) -> None:
    answer = await client.post("/api/v3/token", data=KEY)
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "expires_in": 1800,
        "token_type": "bearer",
    }
    clock.move(seconds=1799)
    assert (await client.get("/departments")).status_code == 200
    clock.move(seconds=1)
    assert (await client.get("/departments")).status_code == 401


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (KEY | {"client_secret": "wrong"}, 401),
        (KEY | {"client_id": "wrong"}, 401),
        (KEY | {"grant_type": "password"}, 400),
        ({"client_id": "key-id"}, 400),
    ],
)
async def test_a_wrong_form_gets_no_token(client: httpx.AsyncClient, form: dict[str, str], status: int) -> None:
    answer = await client.post("/api/v3/token", data=form)
    assert answer.status_code == status
    assert answer.json()["code"] == status
    assert answer.json()["message"]


async def test_a_token_is_asked_for_with_a_form_by_post(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v3/token", json=KEY)).status_code == 400
    assert (await client.get("/api/v3/token", params=KEY)).status_code == 405


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "Basic a2V5"])
@pytest.mark.parametrize("path", [*TRAINING, "/users/v2", "/departments"])
async def test_nothing_is_told_without_a_token(client: httpx.AsyncClient, path: str, authorization: str) -> None:
    method = "POST" if path in TRAINING else "GET"
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    answer = await client.request(method, path, content="{}" if method == "POST" else None, headers=headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message"}


async def test_a_bare_token_is_as_good_as_one_with_bearer(client: httpx.AsyncClient) -> None:
    client.headers["Authorization"] = client.headers["Authorization"].removeprefix("Bearer ")
    assert (await client.get("/departments")).status_code == 200


# --- the four job-training calls -------------------------------------------------------------------------------


async def test_a_listing_has_the_documented_shape(client: httpx.AsyncClient, world: World) -> None:
    done = next(one for one in world.sessions if one.result == 72)
    done.starts_at = datetime(2024, 8, 5, 23, 57, 49, tzinfo=UTC)
    found = await rows(client, sessionIds=[done.id.upper()])
    assert found == [
        {
            "checklistId": done.checklist.id,
            "checklistTitle": "Opening",
            "sessionId": done.id,
            "sessionStatus": "PASSED",
            "startDate": "05-08-2024, 23:57:49",
            "actualStartDate": "14-08-2024, 08:20:00",
            "completionDate": "14-08-2024, 09:00:00",
            "result": 72,
            "totalPoints": 100,
            "points": 72,
            "employeeId": done.employee.id,
            "observerId": done.observer.id,
        }
    ]


async def test_open_sessions_have_no_score_and_planned_ones_no_start(client: httpx.AsyncClient) -> None:
    by_status = {row["sessionStatus"]: row for row in await rows(client)}
    extra = {"actualStartDate", "completionDate", "result", "points", "totalPoints"}
    assert extra & set(by_status[NOT_STARTED]) == set()
    assert extra & set(by_status[IN_PROGRESS]) == {"actualStartDate"}
    assert extra & set(by_status[PASSED]) == extra


async def test_filters_narrow_together(client: httpx.AsyncClient, world: World) -> None:
    opening = world.checklist_titled("Opening")
    assert opening is not None
    assert len(await rows(client)) == 4
    assert len(await rows(client, sessionStatus=PASSED)) == 2
    assert len(await rows(client, checklistId=opening.id)) == 3
    assert len(await rows(client, checklistId=opening.id, sessionStatus=PASSED)) == 1
    planned = session_in(world, NOT_STARTED)
    assert await rows(client, sessionIds=[planned.id], sessionStatus=PASSED) == []


@pytest.mark.parametrize("path", TRAINING)
async def test_an_unknown_uuid_finds_nothing(client: httpx.AsyncClient, path: str) -> None:
    assert await rows(client, path, sessionIds=[str(uuid4())]) == []


@pytest.mark.parametrize("path", TRAINING)
@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        ("", "application/json"),
        ("not json", "application/json"),
        ("[]", "application/json"),
        ("{}", "text/plain"),
        ('{"sessionIds": ["not-a-uuid"]}', "application/json"),
        ('{"sessionIds": "22222222-2222-4222-8222-222222222222"}', "application/json"),
        ('{"sessionIds": null}', "application/json"),
    ],
)
async def test_a_body_that_is_not_as_documented_is_refused(
    client: httpx.AsyncClient, path: str, content: str, content_type: str
) -> None:
    answer = await client.post(path, content=content, headers={"Content-Type": content_type})
    assert answer.status_code == 400
    assert answer.json()["code"] == 400


async def test_unknown_values_of_single_filters_are_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post(LISTING, json={"sessionStatus": "FAILED"})).status_code == 400
    assert (await client.post(LISTING, json={"sessionStatus": [PASSED]})).status_code == 400
    assert (await client.post(LISTING, json={"checklistId": "1"})).status_code == 400
    assert (await client.post(CRITERIA, json={"criterionIds": ["1"]})).status_code == 400


@pytest.mark.parametrize("path", TRAINING)
async def test_job_training_is_asked_by_post_only(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 405


async def test_checklists_name_their_sessions(client: httpx.AsyncClient, world: World) -> None:
    opening, closing = world.checklists.values()
    found = await rows(client, CHECKLISTS)
    assert [(row["checklistTitle"], row["checklistStatus"], len(row["sessionIds"])) for row in found] == [
        ("Opening", "PUBLISHED", 3),
        ("Closing", "HIDDEN", 1),
    ]
    assert [row["checklistId"] for row in await rows(client, CHECKLISTS, checklistIds=[closing.id])] == [closing.id]
    planned = session_in(world, NOT_STARTED)
    narrowed = await rows(client, CHECKLISTS, sessionIds=[planned.id])
    assert [(row["checklistId"], row["sessionIds"]) for row in narrowed] == [(opening.id, [planned.id])]


@pytest.mark.parametrize("path", [AREAS, CRITERIA])
async def test_grades_are_told_of_completed_sessions_only(client: httpx.AsyncClient, world: World, path: str) -> None:
    told = {row["sessionId"] for row in await rows(client, path)}
    assert told == {one.id for one in world.sessions if one.status == PASSED}


async def test_criteria_have_points_unless_they_were_skipped(client: httpx.AsyncClient, world: World) -> None:
    session = next(one for one in world.sessions if one.checklist.title == "Closing")
    found = await rows(client, CRITERIA, sessionIds=[session.id])
    assert len(found) == 4
    assert [row["skipped"] for row in found].count(True) == 1
    for row in found:
        assert ({"points", "totalPoints"} & set(row) == set()) is row["skipped"]
    assert sum(row.get("points", 0) for row in found) == session.points
    assert sum(row.get("totalPoints", 0) for row in found) == session.total_points == 75


async def test_competency_areas_add_up_to_the_session(client: httpx.AsyncClient, world: World) -> None:
    session = next(one for one in world.sessions if one.result == 72)
    found = await rows(client, AREAS, sessionIds=[session.id])
    assert [row["groupTitle"] for row in found] == ["Preparation", "Work"]
    assert sum(row["points"] for row in found) == 72
    assert all(row["result"] == pytest.approx(row["points"] / row["totalPoints"] * 100) for row in found)
    one = await rows(client, AREAS, groupIds=[found[0]["groupId"]])
    assert [row["groupTitle"] for row in one] == ["Preparation"]
    criteria = await rows(client, CRITERIA, groupIds=[found[0]["groupId"]])
    assert {row["groupId"] for row in criteria} == {found[0]["groupId"]}
    assert [row["criterionTitle"] for row in await rows(client, CRITERIA, criterionIds=[criteria[0]["criterionId"]])]


async def test_corrections_reopenings_and_deletions_show_in_the_next_listing(
    client: httpx.AsyncClient, world: World
) -> None:
    session = next(one for one in world.sessions if one.result == 72)
    world.correct(session, 40)
    assert [row["result"] for row in await rows(client, sessionIds=[session.id])] == [40]
    world.reopen(session)
    assert [row["sessionStatus"] for row in await rows(client, sessionIds=[session.id])] == [IN_PROGRESS]
    world.delete(session)
    assert await rows(client, sessionIds=[session.id]) == []


# --- JSON or XML -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/xml"])
async def test_who_does_not_accept_json_gets_xml(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.post(LISTING, json={}, headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.text)
    assert root.tag == "response"
    assert [row.tag for row in root] == ["jobTrainingSessionResult"] * 4
    refused = await client.post(LISTING, content="", headers={"Accept": accept})
    assert ElementTree.fromstring(refused.text).findtext("code") == "400"


# --- people and departments ------------------------------------------------------------------------------------


async def test_a_person_has_fields_as_a_list_of_names_and_values(client: httpx.AsyncClient, world: World) -> None:
    boss = world.add_person("Cora Nys", email="", role="administrator")
    ben = world.person_named("Ben Ito")
    assert ben is not None
    ben.subordination, ben.supervisor_id = "manual", boss.id
    single = (await client.get(f"/user/{ben.id}/v2")).json()
    assert {"name": "EMAIL", "value": "ben.ito@northgate.example"} in single["fields"]
    assert (single["userId"], single["status"]) == (ben.id, 1)
    assert single["subordination"] == {"subordinationType": "manual", "supervisorId": boss.id}
    listed = (await client.get("/users/v2")).json()
    assert single in listed["userProfiles"]
    assert "nextPageToken" not in listed


async def test_people_are_paged_until_no_token_is_left(client: httpx.AsyncClient, world: World) -> None:
    for number in range(5):
        world.add_person(f"Extra {number}")
    found: list[str] = []
    params = {"pageSize": "3"}
    for _ in range(3):
        page = (await client.get("/users/v2", params=params)).json()
        found += [person["userId"] for person in page["userProfiles"]]
        params["pageToken"] = page.get("nextPageToken", "")
    assert "nextPageToken" not in page
    assert found == list(world.people)


@pytest.mark.parametrize("path", ["/users/v2", "/departments"])
@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=x", "pageToken=%21", "pageToken=YWJj"])
async def test_a_wrong_page_is_refused(client: httpx.AsyncClient, path: str, query: str) -> None:
    assert (await client.get(f"{path}?{query}")).status_code == 400


async def test_people_can_be_filtered(client: httpx.AsyncClient, world: World) -> None:
    ana, ben = world.people.values()

    async def names(**params: str | list[str]) -> list[str]:
        answer = await client.get("/users/v2", params=params)
        assert answer.status_code == 200
        return [person["userId"] for person in answer.json()["userProfiles"]]

    assert await names(**{"userIds[]": [ben.id, str(uuid4())]}) == [ben.id]
    assert await names(**{"emails[]": "ANA.SILVA@northgate.example"}) == [ana.id]
    assert await names(**{"logins[]": "ben.ito"}) == [ben.id]
    assert await names(**{"departments[]": ana.department_id}) == [ana.id, ben.id]
    assert await names(**{"departments[]": ana.department_id, "userIds[]": ben.id}) == [ben.id]
    assert await names(**{"departments[]": str(uuid4())}) == []
    assert (await client.get("/users/v2", params={"userIds[]": "x"})).status_code == 400


async def test_an_unknown_person_is_404_and_a_wrong_id_400(client: httpx.AsyncClient, world: World) -> None:
    assert (await client.get(f"/user/{uuid4()}/v2")).status_code == 404
    assert (await client.get("/user/x/v2")).status_code == 400
    ana = next(iter(world.people.values()))
    world.remove_person(ana)
    assert (await client.get(f"/user/{ana.id}/v2")).status_code == 404
    assert ana.id in {row["observerId"] for row in await rows(client)}


async def test_departments_name_their_parents(client: httpx.AsyncClient) -> None:
    company, store = (await client.get("/departments")).json()["departments"]
    assert "parentDepartmentId" not in company
    assert (store["name"], store["code"], store["parentDepartmentId"]) == ("Store 12", "S12", company["departmentId"])
    assert company["subordination"] == {"subordinationType": "no_supervisor"}
    assert store["subordination"] == {"subordinationType": "inherit"}


async def test_a_wrong_path_shows_the_web_app(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v2/job-training/sessions/result/list", json={})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


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


async def test_rows_can_be_shuffled(client: httpx.AsyncClient, ispring: IspringStandIn, clock: Clock) -> None:
    ispring.quirks.shuffled = True
    orders = set()
    for _ in range(10):
        clock.move(seconds=1)
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
    client: httpx.AsyncClient, ispring: IspringStandIn, clock: Clock, path: str
) -> None:
    ispring.quirks.criteria_lag = 90
    assert await rows(client, path) == []
    clock.move(seconds=90)
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
    answer = await client.post(LISTING, json={})
    assert len(answer.json()) == 4
    assert answer.elapsed >= timedelta(seconds=0.25)


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
    client: httpx.AsyncClient, ispring: IspringStandIn, clock: Clock
) -> None:
    ispring.quirks.token_seconds = 60
    answer = await client.post("/api/v3/token", data=KEY)
    assert answer.json()["expires_in"] == 1800
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    clock.move(seconds=60)
    assert (await client.get("/departments")).status_code == 401


# --- up, down, and what was asked ------------------------------------------------------------------------------


async def test_while_down_connections_are_refused_and_it_comes_back_on_the_same_port(
    client: httpx.AsyncClient, ispring: IspringStandIn
) -> None:
    assert (await client.get("/departments")).status_code == 200
    await ispring.down()
    assert not ispring.is_up
    with pytest.raises(httpx.ConnectError):
        await client.get("/departments")
    await ispring.up()
    assert (await client.get("/departments")).status_code == 200


async def test_it_remembers_what_it_was_asked(client: httpx.AsyncClient, ispring: IspringStandIn) -> None:
    await rows(client, sessionStatus=PASSED)
    await client.get("/users/v2", params={"pageSize": 1})
    listing, people = ispring.requests
    assert (listing.method, listing.path, listing.at, listing.json) == (
        "POST",
        LISTING,
        START,
        {"sessionStatus": PASSED},
    )
    assert (people.path, people.query) == ("/users/v2", "pageSize=1")
    assert ispring.asked("users") == [people]


async def test_a_prepared_listing_is_served_as_it_is(
    client: httpx.AsyncClient, ispring: IspringStandIn, tmp_path: Path
) -> None:
    prepared = tmp_path / "listing.json"
    prepared.write_bytes(b'[{"sessionId":"1"}]' + b" " * 3_000_000)
    for listing in (prepared, prepared.read_bytes()):
        ispring.serve_listing_bytes(listing)
        answer = await client.post(LISTING, json={})
        assert answer.content == prepared.read_bytes()
        assert answer.headers["Content-Type"].startswith("application/json")
    assert (await client.post(LISTING, json={}, headers={"Authorization": ""})).status_code == 401
    ispring.serve_listing_bytes(None)
    assert len(await rows(client)) == 4


async def test_ten_thousand_sessions_are_listed_whole(client: httpx.AsyncClient, world: World) -> None:
    for _ in range(10_000):
        world.add_session(status=NOT_STARTED)
    assert len({row["sessionId"] for row in await rows(client)}) == 10_004

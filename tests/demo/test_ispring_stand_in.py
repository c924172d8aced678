"""iSpring's stand-in is as strict as the vendor's documents. Real HTTP throughout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import pytest

from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED
from bot.demo.ispring import IspringStandIn
from bot.demo.world import World
from tests.clock import FakeClock
from tests.demo.asking import AREAS, CHECKLISTS, CRITERIA, KEY, LISTING, START, TRAINING, rows, session_in

pytestmark = pytest.mark.virtual_time

# --- tokens ----------------------------------------------------------------------------------------------------


async def test_a_token_lasts_thirty_minutes(client: httpx.AsyncClient, clock: FakeClock) -> None:
    answer = await client.post("/api/v3/token", data=KEY)
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "expires_in": 1800,
        "token_type": "bearer",
    }
    clock.advance(timedelta(seconds=1799))
    assert (await client.get("/departments")).status_code == 200
    clock.advance(timedelta(seconds=1))
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
async def test_nothing_is_reported_without_a_token(client: httpx.AsyncClient, path: str, authorization: str) -> None:
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
    listing_diff = await rows(client, CHECKLISTS, sessionIds=[planned.id])
    assert [(row["checklistId"], row["sessionIds"]) for row in listing_diff] == [(opening.id, [planned.id])]


@pytest.mark.parametrize("path", [AREAS, CRITERIA])
async def test_grades_are_reported_of_completed_sessions_only(
    client: httpx.AsyncClient, world: World, path: str
) -> None:
    notified = {row["sessionId"] for row in await rows(client, path)}
    assert notified == {one.id for one in world.sessions if one.status == PASSED}


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


MALFORMED = ["pageSize=0", "pageSize=x", "pageSize=-1", "pageSize=%C2%B2", "pageSize=" + "9" * 5_000]
MALFORMED += [f"pageToken={token}" for token in ("%21", "YWJj", "garbage", "%C3%A9", "%FF", "/w==")]


@pytest.mark.parametrize("path", ["/users/v2", "/departments"])
@pytest.mark.parametrize("query", MALFORMED)
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


@pytest.mark.parametrize("path", TRAINING)
@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"[]", b"1", b'"x"', b"\xff", b"[" * 100_000, b'{"sessionIds":1}', b'{"sessionIds":[1]}',
     b'{"sessionIds":["x"]}', b'{"sessionIds":["\\ud83d"]}', b'{"sessionIds":[{}]}', b'{"a":' + b"9" * 5_000 + b"}"],
)  # fmt: skip
async def test_a_malformed_body_is_refused(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400

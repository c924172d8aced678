"""What the client makes of everything iSpring's stand-in can do, over real HTTP."""

import asyncio
import hashlib
import json
import resource
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from bot import VERSION
from bot.demo.company import Session
from bot.demo.ispring import ALWAYS, IspringStandIn
from bot.demo.ispring.quirks import HalfCharacters
from bot.demo.world import World
from bot.domain.errors import TrainingError, TrainingRefused, TrainingUnavailable, TrainingUnreadable
from bot.domain.model import SessionFacts, SessionKey
from bot.domain.ports import Part, PartHealth
from bot.domain.staff import PersonStatus, Subordination
from bot.ispring.client import Ispring
from bot.ispring.connection import Limits
from bot.ispring.dates import DateOrder
from bot.ispring.statuses import QUOTED, retry_after
from bot.ispring.wire import LONGEST_NAME, LONGEST_TITLE
from tests.clock import NOON, FakeClock
from tests.environment import CLIENT_SECRET
from tests.faults import NAME
from tests.ispring.conftest import OpenIspring

pytestmark = pytest.mark.virtual_time

LISTING = "/job-training/sessions/result/list"


async def listed(ispring: Ispring) -> list[SessionFacts]:
    async with ispring.list_sessions() as listing:
        return [piece.facts(index) for piece in listing.slices() for index in range(len(piece.rows))]


def key_of(session: Session) -> SessionKey:
    return SessionKey(session.id, session.employee.id)


def token_requests(stand_in: IspringStandIn) -> int:
    return len(stand_in.asked("/token"))


# ---- the listing -------------------------------------------------------------------------------------------------


async def test_a_listing_says_what_the_world_holds(ispring: Ispring, world: World) -> None:
    session = world.add_session(percent=70)
    (facts,) = await listed(ispring)
    assert facts.key == key_of(session)
    assert (facts.checklist_id, facts.checklist_title) == (session.checklist.id, session.checklist.title)
    assert (facts.observer_id, facts.status) == (session.observer.id, "PASSED")
    assert (facts.scheduled.at, facts.started.at, facts.finished.at) == (
        session.starts_at,
        session.started_at,
        session.completed_at,
    )
    assert (facts.result, facts.points, facts.total_points) == (session.result, session.points, session.total_points)


async def test_a_listing_knows_when_it_was_asked_for_and_what_bytes_it_was(
    ispring: Ispring, world: World, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    stand_in.serve_listing_bytes(b"[]")
    async with ispring.list_sessions() as listing:
        assert (listing.requested_at, listing.size) == (clock.now(), 2)
        assert (
            listing.digest == hashlib.sha256(f"{VERSION}|dmy|UTC|".encode() + hashlib.sha256(b"[]").digest()).digest()
        )


async def test_the_request_is_as_the_vendor_asks(connect: OpenIspring, stand_in: IspringStandIn) -> None:
    await listed(await connect(account_url="https://acme.ispringlearn.example"))
    (request,) = stand_in.asked(LISTING)
    assert (request.method, request.json) == ("POST", {})
    assert request.headers["Accept"] == request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept-Encoding"] == "gzip"
    assert request.headers["Authorization"].startswith("Bearer ")
    assert request.headers["X-Auth-Account-Url"] == "https://acme.ispringlearn.example"
    (token,) = stand_in.asked("/token")
    assert token.headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_no_account_address_is_sent_unless_configured(ispring: Ispring, stand_in: IspringStandIn) -> None:
    await listed(ispring)
    assert "X-Auth-Account-Url" not in stand_in.asked(LISTING)[0].headers


async def test_the_spool_lies_beside_the_database_and_has_no_name(
    ispring: Ispring, world: World, tmp_path: Path
) -> None:
    world.add_session()
    async with ispring.list_sessions() as listing:
        list(listing.slices())
        assert list(tmp_path.iterdir()) == []
        spools = [link for link in open_files() if link.startswith(str(tmp_path))]
        assert len(spools) == 1
    assert not [link for link in open_files() if link.startswith(str(tmp_path))]


def open_files() -> list[str]:
    return [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]


async def test_a_spool_that_can_not_be_made_says_where(connect: OpenIspring, tmp_path: Path) -> None:
    ispring = await connect(spool_folder=tmp_path / "gone")
    with pytest.raises(TrainingUnavailable, match="gone"):
        await listed(ispring)


@pytest.mark.parametrize("style", ["dmy", "iso", "iso_naive", "mixed"])
async def test_every_spelling_of_dates_means_the_same(
    style: str, ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    session = world.add_session()
    stand_in.quirks.date_style = style  # type: ignore[assignment] # the parameters are its literals
    (facts,) = await listed(ispring)
    assert facts.finished.at == session.completed_at


async def test_month_first_dates_are_read_with_the_setting_and_prove_it_wrong_without(
    connect: OpenIspring, world: World, stand_in: IspringStandIn
) -> None:
    session = world.add_session()
    stand_in.quirks.date_style = "mdy"
    (facts,) = await listed(await connect(date_order=DateOrder.MDY))
    assert facts.finished.at == session.completed_at
    async with (await connect()).list_sessions() as listing:
        [piece.facts(0) for piece in listing.slices()]
        assert listing.date_evidence.contradicts_order


async def test_unreadable_dates_keep_their_text(ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    world.add_session()
    stand_in.quirks.date_style = "unreadable"
    (facts,) = await listed(ispring)
    assert (facts.finished.raw, facts.finished.at) == ("soon", None)


@pytest.mark.parametrize("quirk", ["nulls", "numbers_as_strings", "lone_item_as_object", "shuffled", "compressed"])
async def test_the_same_is_read_with(quirk: str, ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    world.add_session()
    plain = await listed(ispring)
    setattr(stand_in.quirks, quirk, True)
    assert await listed(ispring) == plain


async def test_duplicate_rows_come_twice(ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    world.add_session()
    stand_in.quirks.duplicate_rows = True
    one, other = await listed(ispring)
    assert one == other


async def test_ten_thousand_sessions_come_in_one_answer(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    sessions = [world.add_session() for _ in range(10_000)]
    async with ispring.list_sessions() as listing:
        rows = [row[:2] for piece in listing.slices() for row in piece.rows]
    assert rows == [(session.id, session.employee.id) for session in sessions]
    assert len(stand_in.asked(LISTING)) == 1


async def test_mistyped_rows_are_set_aside(ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    for _ in range(10):
        world.add_session()
    stand_in.quirks.mistyped_rows = 3
    async with ispring.list_sessions() as listing:
        (piece,) = listing.slices()
    assert (len(piece.rows), len(piece.rejected)) == (7, 3)


@pytest.mark.parametrize(
    ("quirk", "word"),
    [
        ("html_answers", "web page"),
        ("xml_answers", "XML"),
        ("empty_answers", "empty"),
        ("truncated_answers", "cut off"),
        ("nested_answers", "deeply"),
    ],
)
@pytest.mark.parametrize("what", ["listing", "named", "people", "departments", "details"])
async def test_an_answer_of_another_kind_is_named_for_what_it_is(
    quirk: str, word: str, what: str, ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    key = key_of(world.add_session())
    setattr(stand_in.quirks, quirk, ALWAYS)
    with pytest.raises(TrainingUnreadable, match=word):
        await ask(ispring, what, key)


async def ask(ispring: Ispring, what: str, key: SessionKey) -> object:
    match what:
        case "listing":
            return await listed(ispring)
        case "named":
            return await ispring.named_sessions()
        case "people":
            return await ispring.people()
        case "departments":
            return await ispring.departments()
    return await ispring.details([key])


@pytest.mark.parametrize("form", ["escaped", "bytes"])
async def test_half_a_character_hurts_no_more_than_the_name_or_title_it_ends(
    form: HalfCharacters, ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    session = world.add_session()
    world.add_department("Store 12")
    whole = await said_by(ispring, session)
    stand_in.quirks.half_characters = form
    hurt = await said_by(ispring, session)
    mark = "\ufffd" * (1 if form == "escaped" else 3)
    assert [len(texts) for texts in hurt] == [len(texts) for texts in whole]
    assert hurt == [[text + mark for text in texts] for texts in whole]


async def said_by(ispring: Ispring, session: Session) -> list[list[str]]:
    """Titles and names, of everything that can be asked for."""
    details = (await ispring.details([key_of(session)]))[key_of(session)]
    return [
        [facts.checklist_title for facts in await listed(ispring)],
        [area.title for area in details.areas],
        [criterion.title for criterion in details.criteria],
        [person.name for person in await ispring.people()],
        [department.name for department in await ispring.departments()],
    ]


# ---- what the checklists name ------------------------------------------------------------------------------------


async def test_the_checklists_name_every_session_whatever_the_listing_holds(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    opening, closing = world.add_checklist("Opening"), world.add_checklist("Closing")
    sessions = [world.add_session(checklist=checklist) for checklist in (opening, closing, closing)]
    stand_in.quirks.most_rows = 1
    named = await ispring.named_sessions()
    assert sorted(named) == sorted(named) == sorted(session.id for session in sessions)
    (request,) = stand_in.asked("/checklist/sessions/list")
    assert (request.method, request.json) == ("POST", {})


@pytest.mark.parametrize("quirk", ["lone_item_as_object", "nulls", "numbers_as_strings"])
async def test_the_checklists_name_the_same_with(
    quirk: str, ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    session = world.add_session()
    setattr(stand_in.quirks, quirk, True)
    assert list(await ispring.named_sessions()) == [session.id]


async def test_ids_are_named_in_lower_case_and_a_checklist_may_have_none(ispring: Ispring, world: World) -> None:
    world.add_checklist("Nobody's")
    session = world.add_session(session_id="ABCDEF01-0000-4000-8000-00000000000F")
    assert list(await ispring.named_sessions()) == [session.id.lower()]


# ---- the key and its tokens --------------------------------------------------------------------------------------


async def test_one_token_serves_many_calls(ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    world.add_session()
    await listed(ispring)
    await ispring.people()
    assert token_requests(stand_in) == 1


async def test_a_token_is_renewed_before_it_ends(ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock) -> None:
    await listed(ispring)
    clock.advance(timedelta(seconds=1739))
    await listed(ispring)
    assert token_requests(stand_in) == 1
    clock.advance(timedelta(seconds=2))
    await listed(ispring)
    assert token_requests(stand_in) == 2


async def test_a_revoked_token_is_replaced_once(ispring: Ispring, stand_in: IspringStandIn) -> None:
    await listed(ispring)
    stand_in.revoke_tokens()
    await listed(ispring)
    assert token_requests(stand_in) == 2


async def test_a_token_that_ends_before_its_time_is_replaced_and_the_call_repeated_once(
    ispring: Ispring, world: World, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    world.add_session()
    stand_in.quirks.token_seconds = 60
    for tokens in (1, 2, 3):
        assert len(await listed(ispring)) == 1
        assert token_requests(stand_in) == tokens
        clock.advance(timedelta(seconds=61))
    assert len(stand_in.asked(LISTING)) == 5, "the second and the third were refused once"


async def test_calls_that_lose_their_token_together_fetch_one_new_token(
    ispring: Ispring, stand_in: IspringStandIn
) -> None:
    await listed(ispring)
    stand_in.revoke_tokens()
    await asyncio.gather(*(ispring.departments() for _ in range(5)))
    assert token_requests(stand_in) == 2


async def test_a_token_that_dies_between_two_pages_interrupts_nothing(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    world.add_session()
    stand_in.quirks.tokens_die_after = 1
    assert len(await listed(ispring)) == 1
    assert len(await ispring.people()) == 2


async def test_a_second_401_is_final(ispring: Ispring, stand_in: IspringStandIn) -> None:
    stand_in.quirks.refused_tokens = ALWAYS
    with pytest.raises(TrainingRefused, match="ISPRING_CLIENT_ID"):
        await listed(ispring)
    assert len(stand_in.asked(LISTING)) == 2


async def test_a_wrong_key_is_refused_with_its_remedy_and_without_the_secret(connect: OpenIspring) -> None:
    ispring = await connect(client_secret="another-secret")
    with pytest.raises(TrainingRefused, match="ISPRING_CLIENT_SECRET") as refused:
        await listed(ispring)
    assert "another-secret" not in str(refused.value)


async def test_a_key_without_rights_is_notified_of_role_and_plan(ispring: Ispring, stand_in: IspringStandIn) -> None:
    stand_in.quirks.no_rights = True
    with pytest.raises(TrainingRefused, match=r"Administrator.*plan"):
        await listed(ispring)


@pytest.mark.parametrize("only", [("token",), ()])
async def test_a_redirect_is_not_followed(only: tuple[str, ...], ispring: Ispring, stand_in: IspringStandIn) -> None:
    stand_in.quirks.only = only
    stand_in.quirks.redirects = ALWAYS
    with pytest.raises(TrainingRefused, match="ISPRING_API_URL"):
        await listed(ispring)
    assert not stand_in.asked("/login")


@pytest.mark.promise("wrong_key")
async def test_a_token_call_that_meets_the_web_app_is_refused_with_the_address_as_its_remedy(
    ispring: Ispring, stand_in: IspringStandIn
) -> None:
    stand_in.quirks.only = ("token",)
    stand_in.quirks.html_answers = ALWAYS
    with pytest.raises(TrainingRefused, match="ISPRING_API_URL"):
        await listed(ispring)


# ---- not now -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_two_hiccups_are_repeated_with_growing_pauses(
    status: int, ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    stand_in.quirks.server_error_status = status
    stand_in.quirks.server_errors = 2
    assert await listed(ispring) == []
    assert clock.slept == [1.0, 2.0]


@pytest.mark.parametrize("quirk", ["server_errors", "throttled", "cut_off_answers"])
async def test_what_lasts_longer_is_left_to_the_caller(
    quirk: str, ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    world.add_session()
    setattr(stand_in.quirks, quirk, ALWAYS)
    with pytest.raises(TrainingUnavailable):
        await listed(ispring)
    assert len(stand_in.asked(LISTING)) == 3


async def test_a_cut_off_answer_is_asked_for_again_from_its_start(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    world.add_session()
    stand_in.quirks.cut_off_answers = 1
    assert len(await listed(ispring)) == 1


async def test_a_short_retry_after_is_waited_out(ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock) -> None:
    stand_in.quirks.throttled, stand_in.quirks.retry_after = 1, "7"
    await listed(ispring)
    assert clock.slept == [7.0]


@pytest.mark.parametrize("spelling", ["seconds", "date"])
async def test_a_long_retry_after_is_handed_on(
    spelling: str, ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    date = format_datetime(clock.now() + timedelta(seconds=90), usegmt=True)
    stand_in.quirks.throttled, stand_in.quirks.retry_after = 1, "90" if spelling == "seconds" else date
    with pytest.raises(TrainingUnavailable) as unavailable:
        await listed(ispring)
    assert unavailable.value.retry_after == 90
    assert clock.slept == []


@pytest.mark.promise("ispring_rate_limited")
async def test_a_long_retry_after_holds_for_its_endpoint_alone(
    ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    stand_in.quirks.throttled, stand_in.quirks.retry_after = 1, "90"
    with pytest.raises(TrainingUnavailable):
        await listed(ispring)
    clock.advance(timedelta(seconds=60))
    with pytest.raises(TrainingUnavailable, match="another 30 seconds of silence") as unavailable:
        await listed(ispring)
    assert unavailable.value.retry_after == 30
    assert len(stand_in.asked(LISTING)) == 1
    for call in (ispring.details([SessionKey(str(uuid4()), str(uuid4()))]), ispring.people(), ispring.departments()):
        await call
    clock.advance(timedelta(seconds=23))
    assert await listed(ispring) == []
    assert clock.slept == [7.0]


async def test_a_retry_after_of_the_token_holds_for_calls_that_need_one(
    ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    stand_in.quirks.only = ("token",)
    stand_in.quirks.throttled, stand_in.quirks.retry_after = 1, "3600"
    for call in (listed(ispring), ispring.people()):
        with pytest.raises(TrainingUnavailable):
            await call
    assert len(stand_in.requests) == 1
    clock.advance(timedelta(hours=1))
    assert await listed(ispring) == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3600", 3600), ("-5", None), ("1e9", None), ("", None), ("later", None), ("90.5", 90.5),
     ("Wed, 18 Mar 2026 12:01:30 GMT", 90), ("Wed, 18 Mar 2026 11:00:00 GMT", 0),
     ("Fri, 31 Dec 99999 23:59:59 GMT", None), ("Fri, 31 Dec 9999 23:59:59 -9999", None)],
)  # fmt: skip
def test_every_spelling_of_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOON) == seconds


async def test_no_retry_after_keeps_us_silent_for_days(
    ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    stand_in.quirks.throttled, stand_in.quirks.retry_after = 1, "9" * 400
    with pytest.raises(TrainingUnavailable):
        await listed(ispring)
    clock.advance(timedelta(hours=1))
    assert await listed(ispring) == []


async def test_a_retry_after_that_says_nothing_is_overlooked(
    ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock
) -> None:
    stand_in.quirks.throttled, stand_in.quirks.retry_after = 1, "later"
    await listed(ispring)
    assert clock.slept == [1.0]


async def test_a_server_that_is_down_is_unavailable(ispring: Ispring, stand_in: IspringStandIn) -> None:
    await stand_in.down()
    with pytest.raises(TrainingUnavailable, match="ConnectError"):
        await listed(ispring)


async def test_silence_ends_at_the_read_limit(connect: OpenIspring, stand_in: IspringStandIn) -> None:
    stand_in.quirks.hangs = ALWAYS
    ispring = await connect(limits=Limits(connect=1, read=0.1, total=5))
    with pytest.raises(TrainingUnavailable, match="ReadTimeout"):
        await listed(ispring)


async def test_a_body_that_drips_ends_at_the_total_limit(
    connect: OpenIspring, world: World, stand_in: IspringStandIn
) -> None:
    world.add_session()
    stand_in.quirks.slow_body = 20
    ispring = await connect(limits=Limits(connect=1, read=5, total=0.5))
    with pytest.raises(TrainingUnavailable, match="not complete after"):
        await listed(ispring)


async def test_an_endless_body_ends_at_the_largest_size(connect: OpenIspring, stand_in: IspringStandIn) -> None:
    stand_in.quirks.endless_answers = ALWAYS
    ispring = await connect(limits=Limits(connect=1, read=5, total=20, listing_size=3 << 20))
    with pytest.raises(TrainingUnreadable, match="longer than"):
        await listed(ispring)


# ---- criteria and areas ------------------------------------------------------------------------------------------


async def test_details_hold_the_criteria_and_areas_of_each_session(ispring: Ispring, world: World) -> None:
    session, other = world.add_session(skip=1), world.add_session()
    found = await ispring.details([key_of(session), key_of(other)])
    details = found[key_of(session)]
    assert [line.criterion_id for line in details.criteria] == [line.id for line in session.checklist.criteria]
    assert details.total - details.answered == 1
    skipped = next(line for line in details.criteria if line.skipped)
    assert (skipped.points, skipped.total_points) == (None, None)
    assert sum(line.points or 0 for line in details.criteria) == session.points
    assert [area.title for area in details.areas] == [area.title for area in session.checklist.areas]
    assert set(found) == {key_of(session), key_of(other)}


async def test_two_employees_in_one_session_keep_their_own_criteria(ispring: Ispring, world: World) -> None:
    first = world.add_session(percent=100)
    second = world.add_session(percent=20, employee=world.add_person("Second Person"), session_id=first.id)
    found = await ispring.details([key_of(first), key_of(second)])
    points = {key: sum(line.points or 0 for line in details.criteria) for key, details in found.items()}
    assert points == {key_of(first): first.points, key_of(second): second.points}
    assert set(await ispring.details([key_of(first)])) == {key_of(first)}


async def test_sessions_are_asked_for_fifty_at_a_time(ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    keys = [key_of(world.add_session()) for _ in range(120)]
    assert set(await ispring.details(keys)) == set(keys)
    assert len(stand_in.asked("/criterion/result")) == 3


async def test_one_bad_id_costs_only_itself(ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    keys = [key_of(world.add_session()) for _ in range(20)]
    stand_in.quirks.bad_ids = {keys[7].session_id}
    assert set(await ispring.details(keys)) == set(keys) - {keys[7]}


async def test_criteria_that_are_not_there_yet_are_absent(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    key = key_of(world.add_session())
    stand_in.quirks.criteria_lag = 60
    assert await ispring.details([key]) == {}


async def test_nothing_is_asked_for_nobody(ispring: Ispring, stand_in: IspringStandIn) -> None:
    assert await ispring.details([]) == {}
    assert stand_in.requests == []


@pytest.mark.promise("oversized_names")
async def test_names_and_titles_of_megabytes_are_cut_and_a_cut_address_is_none(ispring: Ispring, world: World) -> None:
    much = "x" * (1 << 20)
    employee = world.add_person(f"Ana {much}", email=f"{much}@shop.example")
    checklist = world.add_checklist(much)
    checklist = replace(checklist, areas=tuple(replace(area, title=much) for area in checklist.areas))
    session = world.add_session(checklist=checklist, employee=employee)
    world.add_department(much)
    (ana,) = [person for person in await ispring.people() if person.person_id == employee.id]
    assert (ana.name, ana.email) == (f"Ana {much}"[:LONGEST_NAME], None)
    longest = max(len(department.name) for department in await ispring.departments())
    details = (await ispring.details([key_of(session)]))[key_of(session)]
    assert longest == LONGEST_NAME
    assert {len(area.title) for area in details.areas} == {LONGEST_TITLE}


@pytest.mark.parametrize("quirk", ["nulls", "numbers_as_strings", "lone_item_as_object", "compressed"])
async def test_details_are_the_same_with(quirk: str, ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    checklist = world.add_checklist(areas=(("Counter", (("Greets", 1),)),))
    key = key_of(world.add_session(checklist=checklist))
    plain = await ispring.details([key])
    setattr(stand_in.quirks, quirk, True)
    assert await ispring.details([key]) == plain
    assert len(plain[key].criteria) == 1


# ---- people and departments --------------------------------------------------------------------------------------


async def test_people_come_with_what_we_need_of_them(ispring: Ispring, world: World) -> None:
    boss = world.add_person("Bea Boss", subordination="no_supervisor")
    place = world.add_department("Store 12")
    world.add_person(
        "Ana Lima", department=place, job_title="Barista", supervisor=boss, manages=[place], email="Ana@Example.com"
    )
    _, ana = await ispring.people()
    assert (ana.name, ana.email, ana.job_title) == ("Ana Lima", "ana@example.com", "Barista")
    assert (ana.department_id, ana.manages_departments) == (place.id, (place.id,))
    assert (ana.subordination, ana.supervisor_id) == (Subordination.MANUAL, boss.id)


@pytest.mark.parametrize(
    "quirk", ["fields_as_object", "fields_lower_case", "nulls", "numbers_as_strings", "compressed"]
)
async def test_people_are_the_same_with(quirk: str, ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    world.add_person("Ana Lima", job_title="Barista")
    world.add_person("", email="")
    plain = await ispring.people()
    setattr(stand_in.quirks, quirk, True)
    assert await ispring.people() == plain


async def test_a_lone_person_and_a_lone_department_may_come_without_their_list(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    world.add_person("Ana Lima")
    plain = await ispring.people(), await ispring.departments()
    stand_in.quirks.lone_item_as_object = True
    assert (await ispring.people(), await ispring.departments()) == plain


@pytest.mark.parametrize(
    ("number", "status"),
    [(1, PersonStatus.ACTIVE), (3, PersonStatus.INACTIVE), (5, PersonStatus.LEFT), (4, PersonStatus.UNKNOWN)],
)
async def test_a_persons_status_is_a_number_with_a_meaning(
    number: int, status: PersonStatus, ispring: Ispring, world: World
) -> None:
    world.add_person("Ana Lima", status=number)
    assert [person.status for person in await ispring.people()] == [status]


async def test_departments_form_a_tree(ispring: Ispring, world: World) -> None:
    root = world.add_department("All", subordination="no_supervisor")
    world.add_department("Store 12", parent=root, supervisor=world.add_person("Bea Boss"))
    top, store = await ispring.departments()
    assert (top.parent_id, store.parent_id, store.name) == (None, root.id, "Store 12")
    assert (top.subordination, store.subordination) == (Subordination.NONE, Subordination.MANUAL)


async def test_long_lists_come_page_by_page(ispring: Ispring, world: World, stand_in: IspringStandIn) -> None:
    for number in range(1_001):
        world.add_person(f"Person {number}")
    assert len({person.person_id for person in await ispring.people()}) == 1_001
    assert len(stand_in.asked("/users")) == 2


@pytest.mark.parametrize("what", ["people", "departments"])
async def test_a_page_that_names_itself_as_the_next_ends_with_an_error(
    what: str, ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    for _ in range(1_001):
        world.add_person("Ana Lima")
        world.add_department("Store")
    stand_in.quirks.repeated_page_token = True
    with pytest.raises(TrainingUnreadable, match="repeats a page"):
        await getattr(ispring, what)()


@pytest.mark.parametrize("token", ["[1]", '{"next": 2}', "true", f'"{"x" * 100_000}"', "1e400"])
@pytest.mark.parametrize(("what", "path"), [("people", "/users/v2"), ("departments", "/departments")])
async def test_a_next_page_that_can_not_be_read_makes_no_short_list(
    what: str, path: str, token: str, ispring: Ispring, stand_in: IspringStandIn
) -> None:
    name = "userProfiles" if what == "people" else what
    stand_in.serve_bytes(
        path, f'{{"{name}": [{{"userId": "a", "departmentId": "a"}}], "nextPageToken": {token}}}'.encode()
    )
    with capture_logs() as logs, pytest.raises(TrainingUnreadable, match=r"next page|is not what"):
        await getattr(ispring, what)()
    assert "ispring.broke" not in {line["event"] for line in logs}
    assert len(stand_in.asked(path)) == 1


async def test_a_listing_without_room_on_the_disk_says_where_to_make_some(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    world.add_session()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        with pytest.raises(TrainingUnavailable, match="make room there"):
            await listed(ispring)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(await listed(ispring)) == 1


# ---- iSpring's own words -----------------------------------------------------------------------------------------

UNWANTED = "No such user: Ana Lima \x1b]0;pwned\x07\u202e\nana@shop.example" + " and more" * 100


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
@pytest.mark.parametrize("what", ["listing", "people", "details"])
async def test_what_ispring_says_of_an_error_is_for_an_admin_and_for_no_log(
    what: str, status: int, ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    stand_in.quirks.server_error_status = status
    stand_in.quirks.server_errors = ALWAYS
    stand_in.quirks.error_message = UNWANTED
    if what == "details" and status in (400, 404):
        return  # one bad id costs only itself
    with pytest.raises(TrainingError) as failed:
        await ask(ispring, what, key_of(world.add_session()))
    error = failed.value
    assert f"HTTP {status}" in str(error)
    assert "Ana" not in f"{error} {error!r}"
    assert error.said.startswith("No such user: Ana Lima ]0;pwned ana@shop.example and more")
    assert len(error.said) <= QUOTED and error.said.isprintable()
    assert error.in_full.startswith(str(error)) and error.in_full.endswith(f'iSpring says: "{error.said}"')


# ---- everywhere --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quirk",
    [
        "html_answers",
        "xml_answers",
        "empty_answers",
        "truncated_answers",
        "cut_off_answers",
        "nested_answers",
        "throttled",
        "server_errors",
        "redirects",
        "no_rights",
    ],
)
@pytest.mark.parametrize("only", [(), ("token",)])
async def test_no_error_ever_holds_the_secret_or_a_token(
    quirk: str, only: tuple[str, ...], ispring: Ispring, stand_in: IspringStandIn
) -> None:
    stand_in.quirks.only = only
    setattr(stand_in.quirks, quirk, ALWAYS)
    with pytest.raises(TrainingError) as failed:
        await listed(ispring)
    notified = f"{failed.value!r} {failed.value}"
    tokens = {request.headers.get("Authorization", "").removeprefix("Bearer ") for request in stand_in.requests} - {""}
    assert CLIENT_SECRET not in notified
    assert not [token for token in tokens if token in notified]


QUESTIONS: dict[str, Callable[[Ispring], Awaitable[object]]] = {
    "checklists": lambda ispring: ispring.named_sessions(),
    "criteria": lambda ispring: ispring.details([SessionKey("a", "b")]),
    "people": lambda ispring: ispring.people(),
    "departments": lambda ispring: ispring.departments(),
}


@pytest.mark.parametrize("what", QUESTIONS)
async def test_an_error_nobody_foresaw_is_an_unreadable_answer_and_the_log_says_where(
    connect: OpenIspring, stand_in: IspringStandIn, what: str
) -> None:
    def broken() -> float:
        raise KeyError(NAME)

    failed: list[TrainingError] = []
    stand_in.quirks.server_errors = ALWAYS  # the jitter is asked before a repeat
    ispring = await connect(jitter=broken, failed=failed.append)
    with capture_logs() as logs, pytest.raises(TrainingUnreadable) as raised:
        await QUESTIONS[what](ispring)
    assert failed == [raised.value]
    assert NAME not in str(raised.value)
    assert [(line["event"], line["what"], type(line["exc_info"])) for line in logs] == [
        ("ispring.broke", what, KeyError)
    ]


async def test_each_error_is_reported_an_unreadable_listing_included(
    connect: OpenIspring, stand_in: IspringStandIn
) -> None:
    failed: list[TrainingError] = []
    ispring = await connect(failed=failed.append)
    stand_in.serve_listing_bytes(b"no list")
    with pytest.raises(TrainingUnreadable) as unreadable:
        await listed(ispring)
    stand_in.quirks.server_errors = ALWAYS
    with pytest.raises(TrainingUnavailable) as unavailable:
        await ispring.people()
    assert failed == [unreadable.value, unavailable.value]


# ---- odd shapes --------------------------------------------------------------------------------------------------


async def test_a_number_that_json_does_not_know_costs_no_criterion(
    ispring: Ispring, world: World, stand_in: IspringStandIn
) -> None:
    path = "/job-training/completed-session/criterion/result/list"
    row = '{"sessionId": "s", "employeeId": "e", "criterionId": "c%d", "criterionTitle": "NaN", "points": %s}'
    stand_in.serve_bytes(path, f"[{row % (1, 'NaN')}, {row % (2, '3')}]".encode())
    found = await ispring.details([SessionKey("s", "e")])
    [details] = found.values()
    assert [(one.title, one.points) for one in details.criteria] == [("NaN", None), ("NaN", 3)]


def serving(stand_in: IspringStandIn, path: str, answer: object) -> None:
    stand_in.serve_bytes(path, json.dumps(answer).encode())


ODD_PEOPLE = {
    "fields": [{"name": "LOGIN", "value": 7}, {"name": "FIRST_NAME", "value": ["x"]}, 5, {"value": "x"}, None],
    "subordination": "boss", "manageableDepartmentIds": [None, 12, {"a": 1}, "D1"], "userRoles": [3, {}, None],
    "departmentId": 11, "status": "1", "surprise": [[]],
}  # fmt: skip


async def test_a_person_keeps_what_can_be_read(ispring: Ispring, stand_in: IspringStandIn) -> None:
    rows = [
        {"userId": 5} | ODD_PEOPLE,
        {"userId": None},
        {"userId": "b", "fields": 3, "status": 1.0, "subordination": {}},
    ]
    serving(stand_in, "/users/v2", {"userProfiles": rows})
    odd, plain = await ispring.people()
    assert (odd.person_id, odd.name, odd.department_id, odd.status) == ("5", "7", "11", PersonStatus.ACTIVE)
    assert odd.manages_departments == ("12", "d1")
    assert (plain.person_id, plain.status) == ("b", PersonStatus.ACTIVE)
    assert ispring.health()[Part.PEOPLE].left_out >= 2
    serving(stand_in, "/users/v2", {"userProfiles": [{"userId": "a"}]})
    await ispring.people()
    assert ispring.health()[Part.PEOPLE] == PartHealth()


async def test_a_department_keeps_what_can_be_read(ispring: Ispring, stand_in: IspringStandIn) -> None:
    rows = [{"departmentId": 3, "name": 12, "parentDepartmentId": [], "subordination": [1]}, {"name": "x"}]
    serving(stand_in, "/departments", {"departments": rows})
    (department,) = await ispring.departments()
    assert (department.department_id, department.name, department.parent_id) == ("3", "12", None)
    assert ispring.health()[Part.DEPARTMENTS].left_out >= 2


@pytest.mark.parametrize(
    ("skipped", "is_skipped"), [(None, False), ("", False), ("true", True), (1, True), ([], False)]
)
async def test_criteria_keep_what_can_be_read(
    ispring: Ispring, stand_in: IspringStandIn, skipped: object, is_skipped: bool
) -> None:
    key = {"sessionId": "S1", "employeeId": 7}
    criterion = key | {"criterionId": 1, "criterionTitle": 2, "skipped": skipped, "points": "1,5", "totalPoints": "2"}
    serving(stand_in, "/job-training/completed-session/criterion/result/list", [criterion, key])
    areas = [key | {"groupId": 1, "result": "75 %", "points": {}}, key]
    serving(stand_in, "/job-training/completed-session/criterion-group/result/list", areas)
    ((found, details),) = (await ispring.details([SessionKey("s1", "7")])).items()
    assert found == SessionKey("s1", "7")
    (line,) = details.criteria
    assert (line.criterion_id, line.title, line.skipped) == ("1", "2", is_skipped)
    assert (line.points, line.total_points) == ((None, None) if is_skipped else (1.5, 2.0))
    assert [(area.result, area.points) for area in details.areas] == [(75.0, None)]
    assert ispring.health()[Part.CRITERIA].left_out == (2 if skipped == [] else 1)
    assert ispring.health()[Part.AREAS].left_out == 2


async def test_checklists_name_ids_in_any_shape(ispring: Ispring, stand_in: IspringStandIn) -> None:
    rows = [{"sessionIds": ["A", 5, None]}, {"sessionIds": "B"}, {"sessionIds": None}, {"sessionIds": {}}, 3]
    serving(stand_in, "/job-training/checklist/sessions/list", rows)
    assert list(await ispring.named_sessions()) == ["a", "5", "b"]
    assert ispring.health()[Part.CHECKLISTS].left_out == 1


async def test_ids_are_read_without_the_blanks_around_them_in_every_part(
    ispring: Ispring, stand_in: IspringStandIn
) -> None:
    supervised = {"subordinationType": "manual", "supervisorId": " P9\t"}
    person = {"userId": " P1 ", "departmentId": " D1 ", "subordination": supervised, "manageableDepartmentIds": " D2 "}
    serving(stand_in, "/users/v2", {"userProfiles": [person, {"userId": " "}]})
    (read,) = await ispring.people()
    assert (read.person_id, read.department_id, read.supervisor_id) == ("p1", "d1", "p9")
    assert read.manages_departments == ("d2",)
    serving(stand_in, "/departments", {"departments": [{"departmentId": "D2 ", "parentDepartmentId": " D1"}]})
    (department,) = await ispring.departments()
    assert (department.department_id, department.parent_id) == ("d2", "d1")
    key = {"sessionId": " S1", "employeeId": "P1 "}
    criteria = [key | {"criterionId": " C1", "groupId": " G1 "}, key | {"criterionId": " "}]
    serving(stand_in, "/job-training/completed-session/criterion/result/list", criteria)
    serving(stand_in, "/job-training/completed-session/criterion-group/result/list", [key | {"groupId": "G1 "}])
    details = (await ispring.details([SessionKey("s1", "p1")]))[SessionKey("s1", "p1")]
    assert [(one.criterion_id, one.area_id) for one in details.criteria] == [("c1", "g1")]
    assert [one.area_id for one in details.areas] == ["g1"]
    rows = [{"checklistId": " L1", "sessionIds": [" S1 ", " "]}]
    serving(stand_in, "/job-training/checklist/sessions/list", rows)
    answer = await ispring.checklists()
    assert [(one.checklist_id, list(one.session_ids())) for one in answer.checklists] == [("L1", ["S1"])]


async def test_an_error_in_place_of_the_checklists_is_none(ispring: Ispring, stand_in: IspringStandIn) -> None:
    """Read as an empty checklist, it would say that the listing leaves nothing out."""
    answers: list[Any] = [{"code": 500, "message": "no"}, {}, [{}], {"error": "x"}]
    for answer in answers:
        serving(stand_in, "/job-training/checklist/sessions/list", answer)
        with pytest.raises(TrainingUnreadable, match="Not one row"):
            await ispring.named_sessions()
        assert ispring.health()[Part.CHECKLISTS].error
    serving(stand_in, "/job-training/checklist/sessions/list", [])
    assert list(await ispring.named_sessions()) == []


@pytest.mark.parametrize("first", [True, False])
async def test_of_rows_with_one_id_that_differ_the_one_that_hides_nothing_counts(
    ispring: Ispring, stand_in: IspringStandIn, first: bool
) -> None:
    def ordered(*rows: dict[str, Any]) -> list[dict[str, Any]]:
        return list(rows if first else reversed(rows))

    left: dict[str, Any] = {"userId": "A", "status": 5}
    active: dict[str, Any] = {"userId": "a", "status": 1}
    serving(stand_in, "/users/v2", {"userProfiles": [*ordered(left, active), {"userId": "b"}, {"userId": "b"}]})
    assert [(one.person_id, one.status) for one in await ispring.people()] == [
        ("a", PersonStatus.LEFT), ("b", PersonStatus.UNKNOWN),
    ]  # fmt: skip
    assert ispring.health()[Part.PEOPLE].left_out == 1, "equal rows are no contradiction"
    key: dict[str, Any] = {"sessionId": "s1", "employeeId": "e1", "criterionId": "c1"}
    zero, full = key | {"points": 0, "totalPoints": 1}, key | {"points": 1, "totalPoints": 1}
    serving(stand_in, "/job-training/completed-session/criterion/result/list", [*ordered(zero, full), zero])
    serving(stand_in, "/job-training/completed-session/criterion-group/result/list", [key | {"groupId": "g"}] * 3)
    (details,) = (await ispring.details([SessionKey("s1", "e1")])).values()
    assert [one.points for one in details.criteria] == [0]
    assert len(details.areas) == 1
    assert ispring.health()[Part.CRITERIA].left_out >= 1


@pytest.mark.parametrize("expires_in", [None, "", "soon", [], 0, -1, "NaN", "1800", 1800.0, "1800,0", True])
@pytest.mark.parametrize("form", ["%s", "\ufeff%s", '{"response":%s}'])
async def test_a_token_lasts_as_documented_if_its_lifetime_can_not_be_read(
    ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock, expires_in: object, form: str
) -> None:
    answer = json.dumps({"access_token": "TOKEN", "expires_in": expires_in})
    stand_in.serve_bytes("/api/v3/token", (form % answer).encode())
    for _ in range(3):
        await listed(ispring)
        clock.advance(timedelta(seconds=500))
    assert token_requests(stand_in) == 1


# ---- a part that refuses everything ------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["people", "departments", "named_sessions"])
@pytest.mark.parametrize("status", [403, 404])
async def test_a_part_that_is_refused_is_asked_again_after_an_hour(
    ispring: Ispring, stand_in: IspringStandIn, clock: FakeClock, call: str, status: int
) -> None:
    stand_in.quirks.server_errors, stand_in.quirks.server_error_status = ALWAYS, status
    for _ in range(30):
        with pytest.raises(TrainingRefused, match=f"HTTP {status}"):
            await getattr(ispring, call)()
        clock.advance(timedelta(seconds=119))
    assert len(stand_in.requests) - token_requests(stand_in) == 1
    stand_in.quirks.server_errors = 0
    clock.advance(timedelta(minutes=1))
    await getattr(ispring, call)()
    assert [health.error for health in ispring.health().values()] == [""]


async def test_a_refused_key_is_no_refusal_of_a_part(ispring: Ispring, stand_in: IspringStandIn) -> None:
    stand_in.quirks.only = ("token",)
    stand_in.quirks.server_errors, stand_in.quirks.server_error_status = 1, 403
    with pytest.raises(TrainingRefused):
        await ispring.people()
    await ispring.people()


async def test_slow_areas_cost_no_criteria(connect: OpenIspring, world: World, stand_in: IspringStandIn) -> None:
    key = key_of(world.add_session())
    stand_in.quirks.only = ("/criterion-group/",)
    stand_in.quirks.hangs = ALWAYS
    ispring = await connect(limits=Limits(connect=1, read=0.1, total=5))
    details = (await ispring.details([key]))[key]
    assert details.criteria and not details.areas and not details.areas_known

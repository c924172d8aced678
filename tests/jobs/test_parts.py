"""Parts of iSpring that fail: the others go on, what is known stays, and what depends on a part waits for it."""

import asyncio
from datetime import timedelta

import pytest

from bot.demo.company import Person
from bot.demo.ispring import ALWAYS
from bot.domain.directory import Directory
from bot.domain.model import DetailsState, SessionKey
from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.domain.rules import RuleState
from bot.jobs.directory import LATE
from tests.jobs.room import CHANNEL, Room, key_of, known_in_slack

pytestmark = pytest.mark.virtual_time

OTHER = Destination(DestinationKind.CHANNEL, "C0OTHER")
MANAGER = "U0MANAGER"


async def directory_of(room: Room) -> Directory:
    return await room.store.read(lambda tx: tx.people.directory())


async def waiting(room: Room) -> int:
    return await room.store.read(lambda tx: tx.unrouted.count())


async def messages_to(room: Room, person: Person) -> list[SessionKey | None]:
    where = Destination(DestinationKind.PERSON, person.id)
    return [one.session for one in await room.queued(NotificationKind.SESSION, where)]


def id_of(number: int) -> str:
    return f"{number:08}-0000-4000-8000-000000000000"


def refuse(room: Room, *paths: str, status: int = 403) -> None:
    room.stand_in.quirks.only = paths
    room.stand_in.quirks.server_error_status = status
    room.stand_in.quirks.server_errors = ALWAYS


def mend(room: Room) -> None:
    room.stand_in.quirks.only = ()
    room.stand_in.quirks.server_errors = 0


# ---- each part has its own age, alert and retry --------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_people_are_known_while_departments_can_not_be_read(room: Room, status: int) -> None:
    ana = room.world.add_person("Ana Lima")
    refuse(room, "departments", status=status)
    assert await room.directory.when_due()
    assert (await directory_of(room)).name_of(ana.id) == "Ana Lima"
    assert not (await directory_of(room)).departments_read
    assert (await room.ops())[-1] == "departments_unread"
    ages = await room.store.read(lambda tx: (tx.people.directory_at(), tx.people.departments_at()))
    assert ages == (room.clock.now() if status != 500 else ages[0], None)
    room.world.add_session(observer=ana)
    await room.poll()
    assert len(await messages_to(room, ana)) == 1
    mend(room)
    room.clock.advance(timedelta(hours=1))
    assert await room.directory.when_due()
    assert (await directory_of(room)).departments_read
    assert (await room.ops())[-1] == "over"


async def test_a_refused_part_is_asked_again_after_an_hour(room: Room) -> None:
    refuse(room, "departments")
    for _ in range(58):
        await room.directory.when_due()
        room.clock.advance(timedelta(minutes=1))
    assert len(room.stand_in.asked("/departments")) == 1
    room.clock.advance(timedelta(minutes=5))
    await room.directory.when_due()
    assert len(room.stand_in.asked("/departments")) == 2
    assert (await room.ops()).count("departments_unread") == 1


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_criteria_that_are_all_refused_are_not_asked_for_id_by_id(room: Room, status: int) -> None:
    refuse(room, "/criterion/", status=status)
    for _ in range(150):
        room.world.add_session()
    for _ in range(25):
        await room.poll()
        await room.details.until_done()
    assert len(room.stand_in.asked("/criterion/")) <= 20
    assert (await room.ops()).count("criteria_unread") == 1
    mend(room)
    for _ in range(6):
        room.clock.advance(timedelta(hours=1))
        await room.details.until_done()
    assert (await room.ops())[-1] == "over"
    assert len(room.stand_in.asked("/criterion/")) <= 60


async def test_criteria_are_kept_while_their_areas_are_refused(room: Room) -> None:
    refuse(room, "/criterion-group/")
    sessions = [room.world.add_session() for _ in range(3)]
    await room.poll()
    for session in sessions:
        details = (await room.record(session)).details
        assert details is not None and details.criteria and not details.areas
    assert (await room.ops())[-1] == "areas_unread"
    for _ in range(50):
        await room.poll()
        await room.details.until_done()
    assert len(room.stand_in.asked("/criterion-group/")) == 1
    assert len(room.stand_in.asked("/criterion/")) == 1
    mend(room)
    before = (await room.record(sessions[0])).session.version
    room.clock.advance(timedelta(hours=1))
    await room.details.until_done()
    await room.poll()
    for session in sessions:
        record = await room.record(session)
        assert record.details is not None and record.details.areas and record.details.criteria
        assert record.session.details is DetailsState.FETCHED
    assert (await room.record(sessions[0])).session.version == before + 1, "the cards are edited"
    assert (await room.ops())[-1] == "over"


async def test_a_retry_after_of_the_criteria_delays_no_listing(room: Room) -> None:
    room.stand_in.quirks.only = ("/criterion/",)
    room.stand_in.quirks.throttled, room.stand_in.quirks.retry_after = ALWAYS, "3600"
    for _ in range(3):
        session = room.world.add_session()
        assert (await room.poll()).error == ""
        assert (await room.posted())[-1] == key_of(session)
    assert len(room.stand_in.asked("/criterion/")) == 1


async def test_odd_rows_are_counted_in_one_alert_until_they_are_mended(room: Room) -> None:
    session = room.world.add_session()
    row = b'[{"sessionId":"%s","employeeId":"%s","checklistId":"c","sessionStatus":"PASSED","result":%%s}]' % (
        session.id.encode(),
        session.employee.id.encode(),
    )
    room.stand_in.serve_listing_bytes(row % b"{}")
    await room.poll()
    assert await room.posted() == [key_of(session)]
    (alert,) = await room.store.read(lambda tx: [one for one in tx.alerts.all() if one.code == "parts_left_out"])
    assert (alert.facts["rows"], alert.facts["parts"]) == (1, "sessions 1")
    room.stand_in.serve_listing_bytes(row % b'"80 %"')
    await room.poll()
    assert (await room.ops())[-1] == "over"


async def test_a_session_listed_twice_is_posted_once_and_an_alert_says_how_many(room: Room) -> None:
    rows = [
        b'{"sessionId":"S1","employeeId":"e","checklistId":"c","sessionStatus":"PASSED","result":80}',
        b'{"sessionId":"s1","employeeId":"E","checklistId":"c","sessionStatus":"IN_PROGRESS"}',
    ]
    for turn in range(6):
        room.stand_in.serve_listing_bytes(b"[" + b",".join(rows[:: -1 if turn % 2 else 1]) + b" " * turn + b"]")
        report = await room.poll()
        assert report.changed == (1 if turn == 0 else 0)
    assert await room.posted() == [SessionKey("s1", "e")]
    assert (await room.ops())[-1] == "rows_duplicated"


# ---- a long directory ----------------------------------------------------------------------------------------------


async def test_a_long_list_of_people_is_read_to_its_end_though_no_caller_waits_so_long(room: Room) -> None:
    for number in range(26_000):
        room.world.add_person(f"Person {number}", email=f"{number}@shop.example", person_id=id_of(number))
    room.stand_in.quirks.only = ("users",)
    room.stand_in.quirks.slow_body = 1.0
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await room.directory.when_due()
    await asyncio.sleep(LATE - 19)
    assert not await room.directory.on_demand(), "no caller waits any more"
    assert not await room.directory.when_due()
    await room.poll()
    assert (await room.ops())[-1] == "people_unread"
    assert await room.directory.finish()
    assert len((await directory_of(room)).people) == 26_000
    assert len(room.stand_in.asked("/users")) == 26, "read once"
    assert loop.time() - began == pytest.approx(26, abs=2)
    assert (await room.ops())[-1] == "over"


async def test_a_page_that_asks_for_patience_costs_no_page_before_it(room: Room) -> None:
    for number in range(3_000):
        room.world.add_person(f"Person {number}", person_id=id_of(number))

    reading = asyncio.ensure_future(room.directory.when_due())
    while not room.stand_in.asked("/users"):
        await asyncio.sleep(0)
    room.stand_in.quirks.only = ("users",)
    room.stand_in.quirks.throttled, room.stand_in.quirks.retry_after = 3, "90"
    assert await reading
    assert len((await directory_of(room)).people) == 3_000
    assert len(room.stand_in.asked("/users")) == 3 + 3


# ---- a directory that shrinks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["people", "departments"])
@pytest.mark.parametrize("left", [0, 1, 2])
async def test_a_part_of_which_half_is_missing_is_not_believed(room: Room, part: str, left: int) -> None:
    for number in range(4):
        department = room.world.add_department(f"Store {number}")
        room.world.add_person(f"Person {number}", department=department)
    assert await room.directory.when_due()
    before = await directory_of(room)
    entries = getattr(room.world, part)
    whole = dict(entries)
    for ident in list(entries)[left:]:
        del entries[ident]
    for _ in range(3):
        room.clock.advance(timedelta(hours=2, minutes=1))
        await room.directory.when_due()
        assert (await directory_of(room)).people == before.people
        assert (await directory_of(room)).departments == before.departments
    assert (await room.ops()).count(f"{part}_shortened") == 1
    entries.update(whole)
    room.clock.advance(timedelta(hours=2, minutes=1))
    assert await room.directory.when_due()
    assert (await room.ops())[-1] == "over"


@pytest.mark.parametrize(("left", "is_believed"), [(1, True), (0, False)])
async def test_a_cut_that_lasts_a_day_is_believed_but_no_empty_list(room: Room, left: int, is_believed: bool) -> None:
    for number in range(4):
        room.world.add_person(f"Person {number}")
    assert await room.directory.when_due()
    for ident in list(room.world.people)[left:]:
        del room.world.people[ident]
    for _ in range(14):
        room.clock.advance(timedelta(hours=2, minutes=1))
        await room.directory.when_due()
    assert len((await directory_of(room)).people) == (left if is_believed else 4)


# ---- what can't be routed yet ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_read", [False, True])
async def test_an_observer_in_no_reading_yet_gets_the_message_once_they_are(room: Room, is_read: bool) -> None:
    """One failed reading when a new observer appears; or iSpring names her only later."""
    eve = room.world.add_person("Eve Employee")
    room.world.add_person("Bea Boss")
    assert await room.directory.when_due()
    ana = room.world.add_person("Ana Lima")
    session = room.world.add_session(employee=eve, observer=ana)
    room.world.remove_person(ana)
    room.clock.advance(timedelta(minutes=6))
    if not is_read:
        refuse(room, "users", status=500)
    await room.poll()
    assert await room.posted() == [key_of(session)]
    assert await messages_to(room, ana) == []
    assert await waiting(room) == 1
    mend(room)
    room.world.people[ana.id] = ana
    for _ in range(12):
        await room.directory.when_due()
        await room.poll()
    assert await messages_to(room, ana) == [key_of(session)]
    assert await waiting(room) == 0
    await room.poll()
    assert len(await messages_to(room, ana)) == 1


async def test_people_that_were_never_read_hold_messages_and_rules_that_name_people(room: Room) -> None:
    refuse(room, "users")
    ana = room.world.add_person("Ana Lima")
    await room.subscribe('observer:"Ana Lima"', destination=OTHER)
    session = room.world.add_session(observer=ana)
    await room.poll()
    assert await room.posted() == [key_of(session)]
    assert await room.queued(NotificationKind.SESSION, OTHER) == []
    mend(room)
    room.clock.advance(timedelta(hours=1))
    await room.directory.when_due()
    await room.poll()
    assert [one.session for one in await room.queued(NotificationKind.SESSION, OTHER)] == [key_of(session)]
    assert await messages_to(room, ana) == [key_of(session)]


@pytest.mark.parametrize("query", ['dept:"Store 12"', '-dept:"Store 7"'])
async def test_a_rule_by_department_waits_for_the_departments(room: Room, query: str) -> None:
    refuse(room, "departments")
    here, elsewhere = room.world.add_department("Store 12"), room.world.add_department("Store 7")
    eve, joe = (
        room.world.add_person("Eve Employee", department=here),
        room.world.add_person("Joe", department=elsewhere),
    )
    await room.subscribe(query, destination=OTHER)
    sessions = [room.world.add_session(employee=one) for one in (eve, joe)]
    await room.poll()
    assert await room.queued(NotificationKind.SESSION, OTHER) == []
    assert await waiting(room) == 2
    mend(room)
    room.clock.advance(timedelta(hours=1, minutes=1))
    await room.directory.when_due()
    await room.poll()
    assert [one.session for one in await room.queued(NotificationKind.SESSION, OTHER)] == [key_of(sessions[0])]
    assert await waiting(room) == 0


async def test_a_rule_of_a_department_manager_waits_for_the_departments(room: Room) -> None:
    refuse(room, "departments")
    top = room.world.add_department("Region")
    store = room.world.add_department("Store 12", parent=top)
    manager = room.world.add_person("Mia Manager", manages=[top], department=top)
    await known_in_slack(room, MANAGER, person_id=manager.id)
    await room.subscribe(owner=MANAGER, destination=OTHER)
    eve, olga = room.world.add_person("Eve", department=store), room.world.add_person("Olga Observer")
    session = room.world.add_session(employee=eve, observer=olga)
    await room.poll()
    (rule,) = [rule for rule in await room.store.read(lambda tx: tx.rules.all()) if rule.owner == MANAGER]
    assert rule.state is RuleState.ACTIVE
    assert await room.queued(NotificationKind.SESSION, OTHER) == []
    mend(room)
    room.clock.advance(timedelta(hours=1, minutes=1))
    await room.directory.when_due()
    await room.poll()
    assert [one.session for one in await room.queued(NotificationKind.SESSION, OTHER)] == [key_of(session)]


async def test_a_rule_whose_owner_slack_does_not_name_now_misses_nothing(room: Room) -> None:
    boss = room.world.add_person("Bea Boss")
    await room.subscribe(owner=MANAGER, destination=OTHER)
    session = room.world.add_session(employee=room.world.add_person("Eve", supervisor=boss))
    await room.poll()
    assert await room.posted() == [key_of(session)]
    # It is collected, and judged when it is sent: by then Slack has to have named the owner.
    assert [one.session for one in await room.queued(NotificationKind.SESSION, OTHER)] == [key_of(session)]
    await known_in_slack(room, MANAGER, person_id=boss.id)
    await room.poll()
    assert [one.session for one in await room.queued(NotificationKind.SESSION, OTHER)] == [key_of(session)]


async def test_what_waited_for_more_than_a_day_is_counted_not_posted_one_by_one(room: Room) -> None:
    refuse(room, "departments")
    room.world.add_department("Store 12")
    await room.subscribe('dept:"Store 12"', destination=OTHER)
    for _ in range(5):
        room.world.add_session()
    await room.poll()
    for _ in range(30):
        room.clock.advance(timedelta(hours=1))
        await room.poll()
    mend(room)
    room.clock.advance(timedelta(hours=1))
    await room.directory.when_due()
    await room.poll()
    await room.posts(OTHER)
    assert await room.counted(NotificationKind.OUTAGE, OTHER) == [5]


async def test_somebody_ispring_never_names_is_given_up_after_a_week(room: Room) -> None:
    ghost = room.world.add_person("Gone Person")
    session = room.world.add_session(employee=room.world.add_person("Eve Employee"), observer=ghost)
    room.world.remove_person(ghost)
    await room.poll()
    assert await room.posted() == [key_of(session)] and await waiting(room) == 1
    asked = len(room.stand_in.asked("/users"))
    for _ in range(8 * 24):
        room.clock.advance(timedelta(hours=1))
        await room.directory.when_due()
        await room.poll()
    assert await waiting(room) == 0
    assert len(room.stand_in.asked("/users")) - asked < 8 * 12 + 12, "not read more often than usual for long"


async def test_a_change_that_waits_is_erased_with_its_session(room: Room) -> None:
    refuse(room, "users")
    session = room.world.add_session()
    await room.poll()
    assert await waiting(room) == 1
    now = room.clock.now()
    await room.store.transact(lambda tx: tx.erasure.erase(session.employee.id, now))
    assert await waiting(room) == 0
    mend(room)
    room.clock.advance(timedelta(hours=1))
    await room.directory.when_due()
    await room.poll()


async def test_a_channel_that_needs_no_directory_is_never_held(room: Room) -> None:
    refuse(room, "users", "departments")
    session = room.world.add_session()
    await room.poll()
    assert [one.session for one in await room.queued(NotificationKind.SESSION, CHANNEL)] == [key_of(session)]

"""The demo's company is believable, the same for the same seed, and tells its listeners what happens."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED, Event, Session, score
from bot.demo.history import furnished, happen, pass_time
from bot.demo.world import World

NOW = datetime(2024, 9, 2, 9, 30, tzinfo=UTC)


def now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def company() -> World:
    """A furnished world that no test of this module changes."""
    return furnished(2024, now)


def facts(session: Session) -> tuple[object, ...]:
    return (
        session.id,
        session.checklist.title,
        session.employee.email,
        session.observer.email,
        session.status,
        session.starts_at,
        session.started_at,
        session.completed_at,
        session.result,
    )


def test_the_same_seed_makes_the_same_world(company: World) -> None:
    again = furnished(2024, now)
    assert [facts(one) for one in again.stored_sessions] == [facts(one) for one in company.stored_sessions]
    assert list(again.people) == list(company.people)
    for _ in range(30):
        happen(again)
    twin = furnished(2024, now)
    for _ in range(30):
        happen(twin)
    assert [(one.kind, one.session.id, one.result) for one in twin.events] == [
        (one.kind, one.session.id, one.result) for one in again.events
    ]


def test_another_seed_makes_another_world(company: World) -> None:
    assert set(furnished(7, now).people).isdisjoint(company.people)


def test_three_sites_stand_in_a_tree_below_one_company(company: World) -> None:
    assert len(company.sites) == 3
    roots = [one for one in company.departments.values() if one.parent_id is None]
    assert [one.name for one in roots] == ["Northgate Kitchens"]
    for site in company.sites:
        below = [one.name for one in company.departments.values() if one.parent_id == site.id]
        assert below == ["Kitchen", "Front of house"]
        assert company.departments[site.parent_id or ""].name.endswith("region")


def test_about_forty_people_with_one_inactive_and_one_who_left(company: World) -> None:
    assert 38 <= len(company.people) <= 44
    statuses = Counter(one.status for one in company.people.values())
    assert (statuses[3], statuses[5]) == (1, 1)
    emails = [one.email for one in company.people.values()]
    assert len(set(emails)) == len(emails)
    assert all(email.isascii() and email.endswith("@northgate.example") for email in emails)
    assert {one.subordination for one in company.people.values()} == {"manual", "inherit", "no_supervisor"}


def test_everyone_but_the_head_has_a_supervisor(company: World) -> None:
    without = [one.name for one in company.people.values() if company.supervisor_of(one) is None]
    assert without == ["Margit Lindqvist"]


def test_a_supervisor_is_inherited_from_the_nearest_department_that_names_one(company: World) -> None:
    cook, cook_without_lead = (company.person_named(name) for name in ("Mei-Lin Zhuo", "Poppy Wetherstone"))
    assert cook is not None
    assert cook_without_lead is not None
    lead, manager = company.supervisor_of(cook), company.supervisor_of(cook_without_lead)
    assert lead is not None and lead.job_title == "Kitchen Lead"
    assert manager is not None and manager.job_title == "Site Manager"


def test_six_checklists_with_areas_and_criteria(company: World) -> None:
    assert len(company.checklists) == 6
    assert [one.published for one in company.checklists.values()].count(False) == 1
    for checklist in company.checklists.values():
        assert 2 <= len(checklist.areas) <= 5
        assert 8 <= len(checklist.criteria) <= 20


@pytest.mark.parametrize("seed", [1, 7, 2024, 99])
def test_ninety_days_hold_about_six_hundred_sessions_with_a_mean_of_about_82(seed: int) -> None:
    world = furnished(seed, now)
    assert 570 <= len(world.sessions) <= 630
    results = [one.result for one in world.sessions if one.result is not None]
    assert 78 <= statistics.mean(results) <= 85
    assert 10 <= sum(result < 60 for result in results) <= 80
    assert min(one.starts_at for one in world.sessions) >= NOW - timedelta(days=92)


def test_the_past_holds_every_kind_of_session(company: World) -> None:
    sessions = company.sessions
    assert [one for one in sessions if one.status == NOT_STARTED and one.starts_at > NOW]
    assert 3 <= len([one for one in sessions if one.status == NOT_STARTED and one.starts_at < NOW]) <= 8
    assert [one for one in sessions if one.status == IN_PROGRESS]
    assert len([one for one in sessions if one.status == PASSED and one.total_points == 0]) == 1
    assert [one for one in sessions if one.total_points and any(grade.skipped for grade in one.grades.values())]


def test_no_session_contradicts_itself(company: World) -> None:
    for session in company.sessions:
        assert session.employee is not session.observer
        if session.completed_at is None:
            assert (session.result, session.points, session.total_points) == (None, None, None)
            continue
        assert session.started_at is not None
        assert session.started_at < session.completed_at <= NOW
        points, total = score(session.checklist.criteria, session.grades)
        assert (session.points, session.total_points) == (points, total)
        if total:
            assert session.result == pytest.approx(points / total * 100, abs=0.01)


def test_a_dozen_people_observe_nearly_always_at_their_own_site(company: World) -> None:
    assert 12 <= len(company.observers) <= 14
    together = [company.site_of(one.observer) is company.site_of(one.employee) for one in company.sessions]
    assert sum(together) > 0.9 * len(together)


def test_the_newest_session_comes_first(company: World) -> None:
    starts = [one.starts_at for one in company.sessions]
    assert starts == sorted(starts, reverse=True)
    completions = [one.completed_at for one in company.completed_sessions() if one.completed_at]
    assert completions == sorted(completions, reverse=True)
    assert all(one.status in (NOT_STARTED, IN_PROGRESS) for one in company.open_sessions())


def test_each_verb_changes_the_session_and_tells_the_listener() -> None:
    world = World.empty(now)
    heard: list[Event] = []
    world.listen(heard.append)
    ana, ben = world.add_person("Ana Silva"), world.add_person("Ben Ito")
    session = world.plan(world.add_checklist(), ben, ana, NOW + timedelta(hours=1))
    assert session.status == NOT_STARTED
    assert world.reschedule(session, NOW + timedelta(hours=2)).starts_at == NOW + timedelta(hours=2)
    assert world.start(session).started_at == NOW
    assert world.complete(session, percent=72, skip=1).total_points == 75
    assert (session.status, session.result, session.completed_at) == (PASSED, 72, NOW)
    assert world.correct(session, 40).result == 40
    assert [grade.skipped for grade in session.grades.values()].count(True) == 1
    assert world.reopen(session).result is None
    assert session.status == IN_PROGRESS
    world.delete(session)
    assert world.sessions == []
    assert [one.kind for one in heard] == [
        "planned",
        "rescheduled",
        "started",
        "completed",
        "corrected",
        "reopened",
        "deleted",
    ]
    assert (heard[4].before, heard[4].result) == (72, 40)
    assert heard == world.events


def test_skipping_everything_leaves_no_score() -> None:
    world = World.empty(now)
    session = world.add_session(status=NOT_STARTED)
    world.complete(session, percent=90, skip=99)
    assert (session.status, session.total_points, session.points, session.result) == (PASSED, 0, 0, None)


def test_an_empty_world_holds_exactly_what_is_put_in_and_tells_nobody() -> None:
    world = World.empty(now)
    assert not world.people
    assert not world.departments
    session = world.add_session(percent=64, session_id="22222222-2222-4222-8222-222222222222")
    assert (session.result, session.status, session.completed_at) == (64, PASSED, NOW)
    assert world.session("22222222-2222-4222-8222-222222222222") is session
    assert len(world.people) == 2
    assert world.events == []


def test_one_session_id_can_belong_to_two_employees() -> None:
    world = World.empty(now)
    ana, ben, observer = (world.add_person(name) for name in ("Ana Silva", "Ben Ito", "Cora Nys"))
    first = world.add_session(employee=ana, observer=observer, session_id="s")
    second = world.add_session(employee=ben, observer=observer, session_id="s")
    assert world.session("s", ana.id) is first
    assert world.session("s", ben.id) is second


def test_letting_time_pass_moves_the_clock_and_lets_things_happen_in_between() -> None:
    world = furnished(3, now)
    happened = pass_time(world, timedelta(days=5))
    assert world.now() == NOW + timedelta(days=5)
    assert world.shift == timedelta(days=5)
    assert 60 <= len(happened) <= 140
    assert {one.kind for one in happened} == {"planned", "started", "completed", "corrected"}
    moments = [one.at for one in happened]
    assert moments == sorted(moments)
    assert moments[0] > NOW
    assert moments[-1] < world.now()


def test_the_dice_never_run_out_of_things_that_can_happen() -> None:
    world = furnished(4, now)
    events = [happen(world) for _ in range(400)]
    results = [one.result for one in events if one.kind == "completed" and one.result is not None]
    assert min(results) < 66 < 85 < max(results)
    assert 0 < len(world.open_sessions()) < 60
    # A correction always changes the result: otherwise nothing would be seen of it.
    assert all(one.before != one.result for one in events if one.kind == "corrected")

"""The dice of the demo's world: who is hired, what happened in ninety days, and what happens next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

from bot.demo.checklists import CHECKLISTS
from bot.demo.company import (
    ACTIVE,
    EMPLOYMENT_ENDED,
    IN_PROGRESS,
    INACTIVE,
    NOT_STARTED,
    PASSED,
    Checklist,
    Department,
    Event,
    Person,
)
from bot.demo.names import AREA_MANAGERS, COMPANY, FRONT_JOBS, HEAD_OFFICE, KITCHEN_JOBS, REGIONS, SITE_PEOPLE
from bot.demo.world import World

HISTORY_DAYS = 90
COMPLETED, ALL_SKIPPED, RUNNING, OVERDUE, UPCOMING = 575, 1, 5, 5, 14
OLD_FORM_SESSIONS = 25
EVENTS_A_DAY = 20

# Where in SITE_PEOPLE the one who is inactive and the one who left stand: (site, place).
PAUSED, LEFT = (1, 10), (2, 9)


def furnished(seed: int, now: Callable[[], datetime]) -> World:
    """A company with ninety days of history, the same for the same seed and clock."""
    world = World.empty(now, seed)
    found(world)
    for title, published, areas in CHECKLISTS:
        world.add_checklist(title, areas=areas, published=published)
    _Past(world).live()
    return world


def found(world: World) -> None:
    """Departments and people, with supervisors of all three kinds: manual, inherited and none."""
    company = world.add_department(COMPANY, code="HQ")
    office = world.add_department("Head office", parent=company)
    head, learning = (
        world.add_person(f"{first} {last}", department=office, job_title=job, role=role, subordination="no_supervisor")
        for first, last, job, role in HEAD_OFFICE
    )
    learning.subordination, learning.supervisor_id = "manual", head.id
    teams = iter(enumerate(SITE_PEOPLE))
    for (region_name, sites), (first, last) in zip(REGIONS, AREA_MANAGERS, strict=True):
        area_manager = world.add_person(
            f"{first} {last}", department=office, job_title=f"Area Manager, {region_name}", supervisor=head
        )
        region = world.add_department(region_name, parent=company, supervisor=area_manager)
        area_manager.role, area_manager.manages = "department_administrator", (region.id,)
        for site_name, code in sites:
            number, names = next(teams)
            _staff(world, region, site_name, code, number, names, area_manager)


def _staff(
    world: World,
    region: Department,
    site_name: str,
    code: str,
    number: int,
    names: tuple[tuple[str, str], ...],
    area_manager: Person,
) -> None:
    site = world.add_department(site_name, parent=region, code=code, is_site=True)
    kitchen = world.add_department("Kitchen", parent=site, code=f"{code}-K")
    front = world.add_department("Front of house", parent=site, code=f"{code}-F")
    jobs = ("Site Manager", "Kitchen Lead", "Front of House Lead", "Trainer")
    places = (site, kitchen, front, site)
    manager, kitchen_lead, front_lead, trainer = (
        world.add_person(f"{first} {last}", department=place, job_title=job)
        for (first, last), job, place in zip(names, jobs, places, strict=False)
    )
    _report_to(area_manager, manager)
    _report_to(manager, kitchen_lead, front_lead, trainer, site, front)
    front.supervisor_id = front_lead.id
    # In the last site nobody is named for the kitchen: its people inherit the site's manager.
    if number < len(SITE_PEOPLE) - 1:
        _report_to(kitchen_lead, kitchen)
    for place, (first, last) in enumerate(names[4:], start=4):
        in_kitchen = place % 2 == 0
        job_titles = KITCHEN_JOBS if in_kitchen else FRONT_JOBS
        status = {PAUSED: INACTIVE, LEFT: EMPLOYMENT_ENDED}.get((number, place), ACTIVE)
        person = world.add_person(
            f"{first} {last}",
            department=kitchen if in_kitchen else front,
            job_title=job_titles[place // 2 % len(job_titles)],
            status=status,
        )
        person.added_on = date(2023, 1, 9) + timedelta(days=world.rng.randrange(500))
        if place == 5:
            _report_to(trainer, person)


def _report_to(supervisor: Person, *subordinates: Person | Department) -> None:
    for subordinate in subordinates:
        subordinate.subordination, subordinate.supervisor_id = "manual", supervisor.id


class _Past:
    """Ninety days of sessions, each employee with a skill of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        self.now = world.now()
        self.skill = {person: self.rng.gauss(82, 6) for person in world.people}
        self.ease = {checklist: self.rng.gauss(0, 3) for checklist in world.checklists}
        self.current = [one for one in world.checklists.values() if one.published]
        self.retired = [one for one in world.checklists.values() if not one.published]

    def live(self) -> None:
        for number in range(COMPLETED):
            old_form = number < OLD_FORM_SESSIONS
            checklist = self.rng.choice(self.retired if old_form else self.current)
            self._completed(checklist, earliest_days_ago=45 if old_form else 0)
        self._completed(self.rng.choice(self.current), earliest_days_ago=2, all_skipped=True)
        for _ in range(RUNNING):
            started = self.now - timedelta(minutes=self.rng.randrange(5, 50))
            self._open(IN_PROGRESS, started - timedelta(minutes=self.rng.randrange(10)), started)
        for _ in range(OVERDUE):
            self._open(NOT_STARTED, working_hour(self.rng, self.now - timedelta(days=self.rng.randrange(1, 6))))
        for _ in range(UPCOMING):
            self._open(NOT_STARTED, working_hour(self.rng, self.now + timedelta(days=self.rng.randrange(1, 9))))

    def _completed(self, checklist: Checklist, *, earliest_days_ago: int, all_skipped: bool = False) -> None:
        starts_at = self._working_hour(earliest_days_ago)
        started_at = starts_at + timedelta(minutes=self.rng.randrange(-3, 26), seconds=self.rng.randrange(60))
        completed_at = started_at + timedelta(minutes=self.rng.randrange(14, 70), seconds=self.rng.randrange(60))
        outage = completed_at > self.now - timedelta(days=30)
        employee, observer = pair(self.world, self.rng, with_those_who_left=not outage)
        skip = len(checklist.criteria) if all_skipped else self.rng.choices((0, 1, 2, 3), (86, 8, 4, 2))[0]
        self.world.add_session(
            checklist=checklist,
            employee=employee,
            observer=observer,
            status=PASSED,
            percent=self._percent(checklist, employee),
            skip=skip,
            starts_at=starts_at,
            started_at=started_at,
            completed_at=completed_at,
        )

    def _open(self, status: str, starts_at: datetime, started_at: datetime | None = None) -> None:
        employee, observer = pair(self.world, self.rng)
        self.world.add_session(
            checklist=self.rng.choice(self.current),
            employee=employee,
            observer=observer,
            status=status,
            starts_at=starts_at,
            started_at=started_at,
        )

    def _working_hour(self, earliest_days_ago: int) -> datetime:
        """A quarter of an hour between 7:00 and 20:00 that is long enough ago to be completed by now."""
        days_ago = self.rng.randrange(earliest_days_ago, HISTORY_DAYS)
        moment = working_hour(self.rng, self.now - timedelta(days=days_ago))
        return moment if moment < self.now - timedelta(hours=2) else moment - timedelta(days=1)

    def _percent(self, checklist: Checklist, employee: Person) -> float:
        if self.rng.random() < 0.05:
            return self.rng.uniform(28, 58)
        usual = self.skill[employee.id] + self.ease[checklist.id]
        return min(100.0, max(45.0, self.rng.gauss(usual, 9)))


def add_past(world: World, number: int) -> None:
    """So many more completed sessions, of two years: a company whose whole list is long."""
    past = _Past(world)
    pairs = [pair(world, world.rng, with_those_who_left=True) for _ in range(200)]
    for _ in range(number):
        ended = past.now - timedelta(minutes=world.rng.randrange(10 * 24 * 60, 730 * 24 * 60))
        employee, observer = world.rng.choice(pairs)
        world.add_session(
            checklist=world.rng.choice(past.current),
            employee=employee,
            observer=observer,
            status=PASSED,
            percent=world.rng.uniform(50, 100),
            started_at=ended - timedelta(minutes=30),
            completed_at=ended,
        )


def pair(world: World, rng: Random, *, with_those_who_left: bool = False) -> tuple[Person, Person]:
    """An employee and an observer, nearly always of the same site."""
    site = rng.choice(world.sites)
    team = [one for one in world.people.values() if world.site_of(one) is site]
    visitors = [one for one in world.people.values() if world.site_of(one) is None]
    leads, trainees = team[:4], [one for one in team[4:] if one.is_active or with_those_who_left]
    employee = rng.choice(leads[1:]) if rng.random() < 0.08 else rng.choice(trainees)
    candidates = [one for one in leads if one is not employee]
    # The learning manager travels.
    observer = visitors[1] if rng.random() < 0.04 else rng.choice(candidates)
    return employee, observer


def working_hour(rng: Random, day: datetime) -> datetime:
    """A quarter of an hour of that day, between 7:00 and 20:00."""
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(minutes=15 * rng.randrange(7 * 4, 20 * 4))


def moments(rng: Random, duration: timedelta) -> list[float]:
    """When things happen within `duration`, as growing fractions of it: about twenty a day."""
    expected = EVENTS_A_DAY * (duration / timedelta(days=1))
    count = int(expected) + (rng.random() < expected % 1)
    return sorted(rng.random() for _ in range(count))


def happen(world: World) -> Event:
    """Lets one believable event happen: planned, started, completed (high or low) or corrected."""
    rng, now = world.rng, world.now()
    waiting = [one for one in world.open_sessions() if one.status == NOT_STARTED]
    running = [one for one in world.open_sessions() if one.status == IN_PROGRESS]
    recent = [one for one in world.completed_sessions()[:12] if one.result is not None]
    weights = {
        "plan": 5 if len(waiting) < 15 else 2,
        "start": 4 if waiting else 0,
        "complete": 3 + len(running) if running else 0,
        "correct": 1 if recent else 0,
    }
    match rng.choices(list(weights), list(weights.values()))[0]:
        case "plan":
            checklist = rng.choice([one for one in world.checklists.values() if one.published])
            employee, observer = pair(world, rng)
            days_ahead = rng.randrange(4)
            soon = now + timedelta(minutes=rng.choice((10, 30, 45)))
            starts_at = working_hour(rng, now + timedelta(days=days_ahead)) if days_ahead else soon
            world.plan(checklist, employee, observer, starts_at)
        case "start":
            world.start(rng.choice(waiting[:6]))
        case "complete":
            low = rng.random() < 0.3
            percent = rng.uniform(35, 66) if low else min(100.0, rng.gauss(89, 6))
            world.complete(rng.choice(running), percent=percent, skip=rng.choices((0, 1, 2), (8, 1, 1))[0])
        case _:
            session = rng.choice(recent)
            before = session.result or 0.0
            shift = rng.choice((-25, -12, 8, 12))
            world.correct(session, min(100.0, max(5.0, before + (shift if 5 < before + shift < 100 else -shift))))
    return world.events[-1]


def pass_time(world: World, duration: timedelta) -> list[Event]:
    """Moves the world's clock on; what would have happened meanwhile happens, spread over the time."""
    begin, happened = world.shift, list[Event]()
    for moment in moments(world.rng, duration):
        world.shift = begin + duration * moment
        happened.append(happen(world))
    world.shift = begin + duration
    return happened

"""A company whose people observe each other at work: what the demo shows and what the tests arrange.

`World.empty(now)` holds nothing; the `add_…` methods put in exactly what is asked for and tell no listener. The verbs
(`plan`, `start`, `complete`, …) change a session and tell every listener. `history.furnished` makes one with three
sites, about forty people, six checklists and ninety days of history.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias

from bot.demo.checklists import PLAIN_AREAS, AreaText
from bot.demo.company import (
    ACTIVE,
    IN_PROGRESS,
    NOT_STARTED,
    PASSED,
    Checklist,
    CompetencyArea,
    Criterion,
    Department,
    Event,
    Grade,
    Person,
    Session,
    random_grades,
)
from bot.demo.names import MAIL_DOMAIN, plain

Listener: TypeAlias = Callable[[Event], None]


class World:
    """The people, checklists and sessions of one company, and the clock they live by."""

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self.rng = Random(seed)
        self.departments: dict[str, Department] = {}
        self.people: dict[str, Person] = {}
        self.checklists: dict[str, Checklist] = {}
        self.events: list[Event] = []
        self._clock = now
        self.shift = timedelta()  # how far this world is ahead of the clock it was given
        self._sessions: dict[tuple[str, str], Session] = {}
        self._listeners: list[Listener] = []

    @classmethod
    def empty(cls, now: Callable[[], datetime], seed: int = 0) -> World:
        """A world with nobody in it."""
        return cls(seed, now)

    # --- the clock ---------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The given clock plus all the time that was let pass (aware UTC)."""
        return self._clock() + self.shift

    # --- what happens ------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Call `listener` with every event from now on."""
        self._listeners.append(listener)

    def plan(self, checklist: Checklist, employee: Person, observer: Person, starts_at: datetime) -> Session:
        session = self.add_session(
            checklist=checklist, employee=employee, observer=observer, status=NOT_STARTED, starts_at=starts_at
        )
        self._notify("planned", session)
        return session

    def start(self, session: Session) -> Session:
        session.status = IN_PROGRESS
        session.started_at = self.now()
        self._notify("started", session)
        return session

    def complete(
        self, session: Session, *, percent: float = 100, skip: int = 0, grades: dict[str, Grade] | None = None
    ) -> Session:
        """Finish it with these grades, or graded to `percent` as nearly as whole points allow, with `skip` criteria
        left out.

        A session that was never started is finished all the same (a phone may hand both in at once).
        """
        finished = self.now()
        if session.started_at is None or session.started_at > finished:
            session.started_at = finished - timedelta(minutes=30)
        session.status = PASSED
        session.completed_at = finished
        session.grade(random_grades(self.rng, session.checklist, percent, skip) if grades is None else grades)
        self._notify("completed", session)
        return session

    def correct(self, session: Session, percent: float) -> Session:
        """Change the grades of a completed session; what was skipped stays skipped, its dates stay."""
        before = session.result
        left_out = {criterion for criterion, grade in session.grades.items() if grade.skipped}
        session.grade(random_grades(self.rng, session.checklist, percent, left_out=left_out))
        self._notify("corrected", session, before)
        return session

    def reopen(self, session: Session) -> Session:
        """Back to IN_PROGRESS: completion date and score are gone until it is completed again."""
        before = session.result
        session.status = IN_PROGRESS
        session.completed_at = session.result = session.points = session.total_points = None
        self._notify("reopened", session, before)
        return session

    def reschedule(self, session: Session, starts_at: datetime) -> Session:
        session.starts_at = starts_at
        self._notify("rescheduled", session, session.result)
        return session

    def delete(self, session: Session) -> Session:
        del self._sessions[session.id, session.employee.id]
        self._notify("deleted", session, session.result)
        return session

    def _notify(self, kind: str, session: Session, before: float | None = None) -> None:
        event = Event(kind, session, self.now(), before, session.result)
        self.events.append(event)
        for listener in self._listeners:
            listener(event)

    # --- looking up --------------------------------------------------------------------------------------------

    @property
    def sites(self) -> list[Department]:
        return [department for department in self.departments.values() if department.is_site]

    @property
    def observers(self) -> list[Person]:
        """The active people who observe, most sessions first."""
        counts: dict[Person, int] = {}
        for session in self._sessions.values():
            counts[session.observer] = counts.get(session.observer, 0) + 1
        return sorted((person for person in counts if person.is_active), key=lambda person: -counts[person])

    def person(self, person_id: str) -> Person:
        """KeyError for an id nobody has."""
        return self.people[person_id]

    def person_named(self, name: str) -> Person | None:
        wanted = name.strip().lower()
        return next((person for person in self.people.values() if person.name.lower() == wanted), None)

    def checklist_titled(self, title: str) -> Checklist | None:
        wanted = title.strip().lower()
        return next((one for one in self.checklists.values() if one.title.lower() == wanted), None)

    def site_of(self, person: Person) -> Department | None:
        """The site this person's department is or belongs to; None for head office."""
        return next((department for department in self._path(person) if department.is_site), None)

    def supervisor_of(self, person: Person) -> Person | None:
        """The person's own supervisor, else the first manual one on the way up the department tree."""
        links: list[Person | Department] = [person, *self._path(person)]
        for link in links:
            if link.subordination == "no_supervisor":
                return None
            if link.subordination == "manual" and link.supervisor_id != person.id:
                return self.people.get(link.supervisor_id or "")
        return None

    def _path(self, person: Person) -> list[Department]:
        path: list[Department] = []
        department = self.departments.get(person.department_id)
        while department is not None and department not in path:
            path.append(department)
            department = self.departments.get(department.parent_id or "")
        return path

    def session(self, session_id: str, employee_id: str | None = None) -> Session:
        """KeyError for an id no session has. The employee matters only where several share one session id."""
        if employee_id is not None:
            return self._sessions[session_id, employee_id]
        for session in self._sessions.values():
            if session.id == session_id:
                return session
        raise KeyError(session_id)

    @property
    def stored_sessions(self) -> list[Session]:
        """All sessions in the order in which they were put in."""
        return list(self._sessions.values())

    @property
    def sessions(self) -> list[Session]:
        """All sessions, the latest planned start first."""
        return sorted(self._sessions.values(), key=lambda session: session.starts_at, reverse=True)

    def open_sessions(self) -> list[Session]:
        """Planned and in progress, the earliest planned start first."""
        return sorted((one for one in self._sessions.values() if one.is_open), key=lambda session: session.starts_at)

    def completed_sessions(self) -> list[Session]:
        """Completed ones, the latest completion first."""
        done = [(one.completed_at, one) for one in self._sessions.values() if one.completed_at is not None]
        return [session for _, session in sorted(done, key=lambda pair: pair[0], reverse=True)]

    # --- putting in --------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A UUID from the seeded dice."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def add_department(
        self,
        name: str = "Store",
        *,
        parent: Department | None = None,
        supervisor: Person | None = None,
        subordination: str | None = None,
        code: str = "",
        is_site: bool = False,
        department_id: str | None = None,
    ) -> Department:
        inherited = "inherit" if parent else "no_supervisor"
        department = Department(
            id=department_id or self.new_id(),
            name=name,
            parent_id=parent.id if parent else None,
            code=code,
            subordination=subordination or ("manual" if supervisor else inherited),
            supervisor_id=supervisor.id if supervisor else None,
            is_site=is_site,
        )
        self.departments[department.id] = department
        return department

    def add_person(
        self,
        name: str | None = None,
        *,
        email: str | None = None,
        department: Department | None = None,
        job_title: str = "",
        role: str = "learner",
        status: int = ACTIVE,
        supervisor: Person | None = None,
        subordination: str | None = None,
        manages: Sequence[Department] = (),
        person_id: str | None = None,
    ) -> Person:
        """A person called "First Last"; without a department the first there is (made if there is none)."""
        if department is None:
            department = next(iter(self.departments.values()), None) or self.add_department()
        first, _, last = (name or f"Person {len(self.people) + 1}").partition(" ")
        address = f"{plain(first)}.{plain(last)}@{MAIL_DOMAIN}" if email is None else email
        person = Person(
            id=person_id or self.new_id(),
            first_name=first,
            last_name=last,
            email=address,
            login=address.partition("@")[0] or f"{plain(first)}.{plain(last)}",
            job_title=job_title,
            department_id=department.id,
            role=role,
            status=status,
            subordination=subordination or ("manual" if supervisor else "inherit"),
            supervisor_id=supervisor.id if supervisor else None,
            manages=tuple(one.id for one in manages),
        )
        self.people[person.id] = person
        return person

    def remove_person(self, person: Person) -> None:
        """Their account is gone; their sessions stay."""
        del self.people[person.id]

    def add_checklist(
        self,
        title: str = "Opening",
        *,
        areas: Sequence[AreaText] = PLAIN_AREAS,
        published: bool = True,
        checklist_id: str | None = None,
    ) -> Checklist:
        checklist = Checklist(
            id=checklist_id or self.new_id(),
            title=title,
            areas=tuple(
                CompetencyArea(
                    self.new_id(), area, tuple(Criterion(self.new_id(), line, points) for line, points in criteria)
                )
                for area, criteria in areas
            ),
            published=published,
        )
        self.checklists[checklist.id] = checklist
        return checklist

    def add_session(
        self,
        *,
        employee: Person | None = None,
        observer: Person | None = None,
        checklist: Checklist | None = None,
        status: str = PASSED,
        percent: float = 80,
        skip: int = 0,
        starts_at: datetime | None = None,
        started_at: datetime | None = None,
        completed_at: datetime | None = None,
        session_id: str | None = None,
    ) -> Session:
        """A session as it would be in that state now; whatever is not given is taken from what there is or made up.

        A status that is not one of the open ones counts as finished: graded to `percent` with `skip` criteria left out.
        """
        people = list(self.people.values())
        employee = employee or (people[0] if people else self.add_person())
        observer = observer or next((one for one in people if one is not employee), None) or self.add_person()
        checklist = checklist or next(iter(self.checklists.values()), None) or self.add_checklist()
        if status not in (NOT_STARTED, IN_PROGRESS):
            completed_at = completed_at or self.now()
            started_at = started_at or completed_at - timedelta(minutes=40)
        if status == IN_PROGRESS:
            started_at = started_at or self.now()
        session = Session(
            id=session_id or self.new_id(),
            checklist=checklist,
            employee=employee,
            observer=observer,
            status=status,
            starts_at=starts_at or started_at or self.now(),
            started_at=started_at,
            completed_at=completed_at,
        )
        if completed_at is not None:
            session.grade(random_grades(self.rng, checklist, percent, skip))
        self._sessions[session.id, session.employee.id] = session
        return session


__all__ = ["Checklist", "CompetencyArea", "Criterion", "Department", "Event", "Grade", "Person", "Session", "World"]

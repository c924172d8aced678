"""Who works where and for whom: iSpring's people and departments as one value, with the questions asked of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from bot.domain.model import Department, Person, PersonStatus, Proof, Subordination
from bot.domain.reasons import ReasonCode
from bot.domain.retention import ERASED_PERSON
from bot.domain.text import initials

T = TypeVar("T")
BELIEVED_AFTER = timedelta(hours=24)  # a directory really cut by half is believed once it was read alike for so long
ALIKE = 0.1  # of its size, that a directory may change in that time


@dataclass(frozen=True, slots=True)
class Shortened:
    """Readings that were too short to be believed: since when, and how many entries the last one had."""

    since: datetime
    listed: int


def judge_reading(
    known: Collection[str], read: Collection[str], before: Shortened | None, now: datetime
) -> Shortened | None:
    """Returns None if a reading of people or departments, given by its ids, is believed; else what to remember of it.

    One that is empty, or lacks half of the known ids, is not believed: what is known stays. It is believed after all if
    every reading of the last 24 hours was as short; an empty one never, because each account has its owner and a top
    department.
    """
    kept = sum(one in read for one in known)
    if read and (not known or 2 * kept > len(known)):
        return None
    listed = len(read)
    if before is None or abs(listed - before.listed) > max(1, ALIKE * before.listed):
        return Shortened(now, listed)
    return None if read and now - before.since >= BELIEVED_AFTER else Shortened(before.since, listed)


@dataclass(frozen=True)
class Directory:
    """People and departments by id. Ids it does not know are answered as unknown, never with an error."""

    people: Mapping[str, Person] = field(default_factory=dict)
    departments: Mapping[str, Department] = field(default_factory=dict)
    erased: Collection[str] = frozenset()  # ids of erased people: they have no name
    people_read: bool = True  # False until iSpring's people were read once; likewise departments
    departments_read: bool = True
    _derived: dict[Callable[["Directory"], Any], Any] = field(default_factory=dict, repr=False, compare=False)

    def derived(self, make: Callable[["Directory"], T]) -> T:
        """What a pure function makes of the directory, made once for as long as the directory is kept: preparing
        50,000 names takes longer than an answer may."""
        if make not in self._derived:
            self._derived[make] = make(self)
        found: T = self._derived[make]
        return found

    @classmethod
    def of(
        cls,
        people: Iterable[Person],
        departments: Iterable[Department],
        erased: Collection[str] = frozenset(),
        *,
        people_read: bool = True,
        departments_read: bool = True,
    ) -> "Directory":
        return cls(
            {p.person_id: p for p in people},
            {d.department_id: d for d in departments},
            erased,
            people_read,
            departments_read,
        )

    def missing_of(self, person_id: str) -> ReasonCode:
        """What is missing to know a person; NONE if they are known, were erased, or no person is named."""
        if not person_id or person_id in self.people or person_id in self.erased:
            return ReasonCode.NONE
        return ReasonCode.PERSON_UNKNOWN if self.people_read else ReasonCode.PEOPLE_UNREAD

    def missing_place_of(self, person_id: str) -> ReasonCode:
        """What is missing to know a person's departments, up to the top; NONE if they are known."""
        missing = self.missing_of(person_id)
        person = self.people.get(person_id)
        if missing or person is None:
            return missing
        if not self.departments_read:
            return ReasonCode.DEPARTMENTS_UNREAD if person.department_id else ReasonCode.NONE
        path = self.department_path(person.department_id)
        above = path[-1].parent_id if path else person.department_id
        return ReasonCode.DEPARTMENT_UNKNOWN if above and above not in self.departments else ReasonCode.NONE

    def name_of(self, person_id: str) -> str:
        """What to show for a person; one that iSpring no longer knows is "unknown person (1f2e3d4c)"."""
        if person_id in self.erased:
            return ERASED_PERSON
        person = self.people.get(person_id)
        return person.name if person else f"unknown person ({person_id[:8]})"

    def with_initials(self) -> "Directory":
        """The same directory, in which everybody is called by their initials."""
        return self.derived(_with_initials)

    def is_active(self, person_id: str) -> bool:
        person = self.people.get(person_id)
        return person is not None and person.status is PersonStatus.ACTIVE

    def department_path(self, department_id: str | None) -> tuple[Department, ...]:
        """A department and those above it, the nearest first; a cycle ends where it closes."""
        return tuple(self._upwards(department_id))

    def site_of(self, person_id: str) -> str | None:
        """A person's site, "Store 12, Kitchen": their department behind the one above it, None if unknown.

        The top of the tree is the company itself, so it is named only if there is nothing below.
        """
        person = self.people.get(person_id)
        path = self.department_path(person.department_id) if person else ()
        status = path[:2] if len(path) < 2 or path[1].parent_id else path[:1]
        return ", ".join(department.name for department in reversed(status)) or None

    def supervisor_of(self, person_id: str) -> str | None:
        """The supervisor set for a person, or the one inherited from the nearest department that names one.

        Source: iSpring's user and department records (`subordination`); `no_supervisor` ends the search.
        """
        person = self.people.get(person_id)
        if person is None:
            return None
        nodes: tuple[Person | Department, ...] = (person, *self._upwards(person.department_id))
        for node in nodes:
            if node.subordination is Subordination.MANUAL:
                return node.supervisor_id
            if node.subordination is Subordination.NONE:
                return None
        return None

    def supervised_by(self, person_id: str) -> frozenset[str]:
        """The people whose supervisor this is, by hand or inherited; never the person themselves."""
        return self._supervised.get(person_id, frozenset())

    def supervised_by_hand(self, person_id: str) -> frozenset[str]:
        """Of these, the people whose own record names the supervisor: no department has a part in it."""
        return frozenset(
            other for other in self.supervised_by(person_id) if self.people[other].subordination is Subordination.MANUAL
        )

    def managed_by(self, person_id: str) -> frozenset[str]:
        """The people of the departments a person manages, with their sub-departments; never the person themselves."""
        person = self.people.get(person_id)
        if person is None or not person.manages_departments:
            return frozenset()
        found = self._managed.get(person_id)
        if found is None:
            places = (self.people_under(one) for one in person.manages_departments)
            found = self._managed[person_id] = frozenset[str]().union(*places) - {person_id}
        return found

    def people_under(self, department_id: str) -> frozenset[str]:
        """The people of a department and of those below it."""
        return self._under.get(department_id, frozenset())

    def with_email(self, email: str) -> tuple[Person, ...]:
        """The active people who have an address; more than one for a shared mailbox."""
        return self._by_email.get(email.strip().lower(), ())

    def _upwards(self, department_id: str | None) -> Iterator[Department]:
        seen: set[str] = set()
        while department_id and department_id not in seen:
            seen.add(department_id)
            department = self.departments.get(department_id)
            if department is None:
                return
            yield department
            department_id = department.parent_id

    @cached_property
    def _members(self) -> Mapping[str, Collection[str]]:
        """The people of each department itself."""
        members: dict[str, list[str]] = {}
        for person in self.people.values():
            if person.department_id:
                members.setdefault(person.department_id, []).append(person.person_id)
        return members

    @cached_property
    def _supervised(self) -> Mapping[str, frozenset[str]]:
        teams: dict[str, set[str]] = {}
        for person_id in self.people:
            supervisor = self.supervisor_of(person_id)
            if supervisor:
                teams.setdefault(supervisor, set()).add(person_id)
        return {supervisor: frozenset(team - {supervisor}) for supervisor, team in teams.items()}

    @cached_property
    def _managed(self) -> dict[str, frozenset[str]]:
        """The answers of `managed_by`: each is asked for once per rule and session."""
        return {}

    @cached_property
    def _under(self) -> Mapping[str, frozenset[str]]:
        members: dict[str | None, list[str]] = {}
        for person in self.people.values():
            members.setdefault(person.department_id, []).append(person.person_id)
        under: dict[str, set[str]] = {}
        for department_id, people in members.items():
            for department in self._upwards(department_id):
                under.setdefault(department.department_id, set()).update(people)
        return {department_id: frozenset(people) for department_id, people in under.items()}

    @cached_property
    def _by_email(self) -> Mapping[str, tuple[Person, ...]]:
        found: dict[str, list[Person]] = {}
        for person in self.people.values():
            if person.email and person.status is PersonStatus.ACTIVE:
                found.setdefault(person.email, []).append(person)
        return {email: tuple(people) for email, people in found.items()}


RIGHTS_MAX_AGE = timedelta(hours=72)  # the setting's default
RELATIONS_OLD = timedelta(hours=24)  # an alert and a line in each answer; no new links


@dataclass(frozen=True, slots=True)
class DirectoryAges:
    """When iSpring's people and departments were last read, None if never."""

    people: datetime | None = None
    departments: datetime | None = None

    def proof(self, now: datetime, most: timedelta, *, identity: bool = True) -> Proof:
        """What rights may rest on, where a reading proves them for `most`."""
        return Proof(
            identity=identity,
            people=_is_within(self.people, now, most),
            departments=_is_within(self.departments, now, most),
        )

    def old_parts(self, now: datetime) -> Sequence[tuple[str, datetime]]:
        """The parts that were read, but not within a day, and when."""
        parts = (("people", self.people), ("departments", self.departments))
        return [(name, at) for name, at in parts if at is not None and not _is_within(at, now, RELATIONS_OLD)]


def _is_within(read_at: datetime | None, now: datetime, most: timedelta) -> bool:
    return read_at is not None and now - read_at <= most


def _with_initials(directory: Directory) -> Directory:
    people = {ident: replace(person, name=initials(person.name)) for ident, person in directory.people.items()}
    return replace(directory, people=people, _derived={})

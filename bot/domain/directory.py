"""Who works where and for whom: iSpring's people and departments as one value, with the questions asked of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from bot.domain.reasons import ReasonCode
from bot.domain.retention import ERASED_PERSON
from bot.domain.staff import Department, Person, PersonStatus, Subordination, Supervision
from bot.domain.text import initials

T = TypeVar("T")


@dataclass(frozen=True)
class Directory:
    """People and departments by id. Ids it does not know are answered as unknown, never with an error."""

    people: Mapping[str, Person] = field(default_factory=dict)
    departments: Mapping[str, Department] = field(default_factory=dict)
    erased: Collection[str] = frozenset()  # ids of erased people: they have no name
    people_read: bool = True  # False until iSpring's people were read once; likewise departments
    departments_read: bool = True
    supervision: Supervision = Supervision.CHAIN
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
        supervision: Supervision = Supervision.CHAIN,
    ) -> "Directory":
        return cls(
            {p.person_id: p for p in people},
            {d.department_id: d for d in departments},
            erased,
            people_read,
            departments_read,
            supervision,
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
        """What to show for a person; one that iSpring no longer knows is "unknown person (1f2e3d4c)", one that it did
        not name "unknown person"."""
        if person_id in self.erased:
            return ERASED_PERSON
        person = self.people.get(person_id)
        return person.name if person else f"unknown person ({person_id[:8]})".removesuffix(" ()")

    def with_initials(self) -> "Directory":
        """The same directory, in which everybody is called by their initials."""
        return self.derived(_with_initials)

    def is_active(self, person_id: str) -> bool:
        person = self.people.get(person_id)
        return person is not None and person.status is PersonStatus.ACTIVE

    def active_among(self, people: AbstractSet[str]) -> int:
        """How many of these people are active."""
        return len(people & self._active)

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

    def missing_above(self, person_id: str) -> ReasonCode:
        """What is missing to know all who supervise a person, and the departments above them; NONE if they are known.
        Where the chain does not count, only the departments of the person themselves."""
        chain = (person_id, *self.supervisors_of(person_id)) if self.supervision is Supervision.CHAIN else (person_id,)
        return next((missing for one in chain if (missing := self.missing_place_of(one))), ReasonCode.NONE)

    def supervisor_of(self, person_id: str) -> str | None:
        """The supervisor set for a person, or the one inherited from the nearest department that names one.

        Source: iSpring's user and department records (`subordination`); `no_supervisor` ends the search. Where the
        chain counts, no person inherits themselves: for the head of a department the search goes on above it.
        """
        return self._supervisors.get(person_id)

    def supervisors_of(self, person_id: str) -> tuple[str, ...]:
        """A person's supervisor, theirs, and so on, the nearest first. It ends at the top, at one whom iSpring does not
        know, and where a circle closes."""
        above: dict[str, None] = {}
        current = self.supervisor_of(person_id)
        while current is not None and current != person_id and current not in above:
            above[current] = None
            current = self.supervisor_of(current)
        return tuple(above)

    def supervised_by(self, person_id: str) -> frozenset[str]:
        """The people whom this one supervises; never themselves. Where the chain counts, also those whom these
        supervise, and so on, through people who are not active."""
        found = self._teams.get(person_id)
        if found is None:
            found = self._teams[person_id] = self._below(person_id, self._reports)
        return found

    def supervised_by_hand(self, person_id: str) -> frozenset[str]:
        """Of these, the people whom own records alone tie to the supervisor: no department has a part in it."""
        found = self._teams_by_hand.get(person_id)
        if found is None:
            found = self._teams_by_hand[person_id] = self._below(person_id, self._reports_by_hand)
        return found

    def further_down(self) -> tuple[int, int]:
        """How many active people supervise others through the chain alone, and how many people these are."""
        supervisors, found = set[str](), set[str]()
        for person_id, direct in self._reports.items():
            below = {two for one in direct for two in self._reports.get(one, ())} - {person_id, *direct}
            if below and self.is_active(person_id):
                supervisors.add(person_id)
                found |= below
        return len(supervisors), len(_closed(found, self._reports))

    def in_charge_of(self, person_id: str) -> frozenset[str]:
        """The people whom a person supervises or whose departments they manage."""
        supervised, managed = self.supervised_by(person_id), self.managed_by(person_id)
        if managed <= supervised:
            return supervised
        found = self._in_charge.get(person_id)
        if found is None:
            found = self._in_charge[person_id] = supervised | managed
        return found

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

    def has_below(self, department_id: str) -> bool:
        """Whether a department has sub-departments."""
        return department_id in self._parents

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

    def _below(self, person_id: str, reports: Mapping[str, Sequence[str]]) -> frozenset[str]:
        found = set(reports.get(person_id, ()))
        if self.supervision is Supervision.CHAIN:
            found = _closed(found, reports)
        return frozenset(found - {person_id})

    @cached_property
    def _supervisors(self) -> Mapping[str, str]:
        """The supervisor of each person who has one."""
        found = {}
        for person in self.people.values():
            supervisor = person.supervisor_id
            if person.subordination is Subordination.INHERIT:
                supervisor = self._inherited(person)
            if supervisor and person.subordination is not Subordination.NONE:
                found[person.person_id] = supervisor
        return found

    def _inherited(self, person: Person) -> str | None:
        for department in self._upwards(person.department_id):
            if department.subordination is Subordination.NONE:
                return None
            if department.subordination is Subordination.MANUAL:
                is_self = department.supervisor_id == person.person_id
                if not is_self or self.supervision is not Supervision.CHAIN:
                    return department.supervisor_id
        return None

    @cached_property
    def _reports(self) -> Mapping[str, Sequence[str]]:
        """Whose own supervisor each one is, set or inherited."""
        reports: dict[str, list[str]] = {}
        for person_id, supervisor in self._supervisors.items():
            reports.setdefault(supervisor, []).append(person_id)
        return reports

    @cached_property
    def _reports_by_hand(self) -> Mapping[str, Sequence[str]]:
        reports: dict[str, list[str]] = {}
        for person in self.people.values():
            if person.subordination is Subordination.MANUAL and person.supervisor_id:
                reports.setdefault(person.supervisor_id, []).append(person.person_id)
        return reports

    # The answers of the questions above: each is asked once per rule and session.

    @cached_property
    def _teams(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _teams_by_hand(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _in_charge(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _managed(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _active(self) -> frozenset[str]:
        return frozenset(one.person_id for one in self.people.values() if one.status is PersonStatus.ACTIVE)

    @cached_property
    def _parents(self) -> frozenset[str]:
        return frozenset(one.parent_id for one in self.departments.values() if one.parent_id)

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


def _closed(people: Collection[str], reports: Mapping[str, Sequence[str]]) -> set[str]:
    """These people and all below them."""
    found, unsearched = set(people), list(people)
    while unsearched:
        new = [one for one in reports.get(unsearched.pop(), ()) if one not in found]
        found.update(new)
        unsearched += new
    return found


def active_by_name(directory: Directory) -> Sequence[str]:
    """The ids of the active people in the order of their names."""
    active = (one for one in directory.people.values() if one.status is PersonStatus.ACTIVE)
    return [one.person_id for one in sorted(active, key=lambda one: (one.name, one.person_id))]


def _with_initials(directory: Directory) -> Directory:
    people = {ident: replace(person, name=initials(person.name)) for ident, person in directory.people.items()}
    return replace(directory, people=people, _derived={})

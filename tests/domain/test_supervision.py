"""Supervision follows the chain: whose people a supervisor may see, and how that is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.directory import Directory
from bot.domain.model import SessionFacts
from bot.domain.permissions import Coverage, coverage_of, may_see, scope_of
from bot.domain.reasons import ReasonCode
from bot.domain.staff import Department, Person, PersonStatus, Subordination, Supervision
from bot.domain.viewers import Proof, Viewer
from tests.domain.build import facts

ROOT = Department(department_id="root", name="Company", subordination=Subordination.NONE)


def person(ident: str, supervisor: str | None = None, department: str | None = None, **fields: object) -> Person:
    tie = Subordination.MANUAL if supervisor else Subordination.INHERIT
    return Person(
        person_id=ident,
        name=ident.title(),
        department_id=department,
        subordination=tie,
        supervisor_id=supervisor,
        **fields,  # type: ignore[arg-type] # any field of Person
    )


def store(ident: str, supervisor: str | None = None, parent: str = "root") -> Department:
    tie = Subordination.MANUAL if supervisor else Subordination.INHERIT
    return Department(
        department_id=ident, name=ident.title(), parent_id=parent, subordination=tie, supervisor_id=supervisor
    )


def company(*people: Person, places: tuple[Department, ...] = (), direct: bool = False) -> Directory:
    return Directory.of(people, [ROOT, *places], supervision=Supervision.DIRECT if direct else Supervision.CHAIN)


CHAIN = (person("ana"), person("bo", "ana"), person("cy", "bo"), person("di", "cy"), person("eve"))


def viewer(person_id: str, **proof: bool) -> Viewer:
    return Viewer(slack_user_id="U1", person_id=person_id, is_admin=False, proof=Proof(**proof))


def of(employee: str, observer: str = "eve") -> SessionFacts:
    row = facts("PASSED", 72.0)
    return facts("PASSED", 72.0, key=row.key._replace(employee_id=employee), observer_id=observer)


def test_a_supervisor_sees_the_people_of_their_people_at_any_depth() -> None:
    directory = company(*CHAIN)
    assert directory.supervised_by("ana") == {"bo", "cy", "di"}
    assert directory.supervised_by("cy") == {"di"}
    assert directory.supervised_by("di") == directory.supervised_by("eve") == frozenset()


def test_direct_means_only_one_s_own_people() -> None:
    directory = company(*CHAIN, direct=True)
    assert directory.supervised_by("ana") == {"bo"}
    assert may_see(viewer("ana"), of("bo"), directory).reason == "Ana supervises Bo"
    assert not may_see(viewer("ana"), of("cy"), directory).allowed


def test_the_reason_names_the_path() -> None:
    directory = company(*CHAIN)

    def reason(employee: str) -> str:
        return may_see(viewer("ana"), of(employee), directory).reason

    assert reason("bo") == "Ana supervises Bo"
    assert reason("cy") == "Ana supervises Bo, who supervises Cy"
    assert reason("di") == "Ana supervises Bo, who supervises Cy, who supervises Di"


def test_the_reason_of_a_long_chain_leaves_its_middle_out() -> None:
    people = [person("p0"), *(person(f"p{n}", f"p{n - 1}") for n in range(1, 10))]
    reason = may_see(viewer("p0"), of("p9"), company(*people)).reason
    assert reason == "P0 supervises P1, who supervises …, who supervises P8, who supervises P9"


def test_inherited_supervisors_are_links_of_the_chain() -> None:
    """The area manager heads the region, the site's manager its site, where they work themselves."""
    places = (store("north", "area"), store("shop", "boss", "north"), store("kitchen", "lead", "shop"))
    people = (person("area"), person("boss", None, "shop"), person("lead", None, "kitchen"))
    cook = person("cook", None, "kitchen")
    directory = company(*people, cook, places=places)
    assert directory.supervisors_of("cook") == ("lead", "boss", "area")
    assert directory.supervised_by("area") == {"boss", "lead", "cook"}
    assert directory.supervised_by("boss") == {"lead", "cook"}
    today = company(*people, cook, places=places, direct=True)
    assert today.supervised_by("boss") == frozenset()
    assert today.supervised_by("lead") == {"cook"}, "who inherits themselves has nobody, as before"


def test_it_passes_through_people_who_are_not_active() -> None:
    left = person("bo", "ana", status=PersonStatus.LEFT)
    assert company(person("ana"), left, person("cy", "bo")).supervised_by("ana") == {"bo", "cy"}


def test_it_stops_at_people_whom_ispring_does_not_know() -> None:
    directory = company(person("ana"), person("cy", "bo"))
    assert directory.supervised_by("ana") == frozenset()
    assert directory.supervisors_of("cy") == ("bo",)


def test_what_is_unknown_in_the_chain_is_missing() -> None:
    directory = company(person("ana"), person("cy", "bo"), person("di", "cy"))
    assert directory.missing_above("di") is ReasonCode.PERSON_UNKNOWN
    assert directory.missing_above("ana") is ReasonCode.NONE
    assert company(person("di", "bo"), direct=True).missing_above("di") is ReasonCode.NONE


def test_a_circle_ends_and_nobody_is_in_their_own_team() -> None:
    circle = (person("ana", "cy"), person("bo", "ana"), person("cy", "bo"), person("di", "cy"))
    directory = company(*circle, person("self", "self"))
    assert directory.supervised_by("ana") == {"bo", "cy", "di"}
    assert directory.supervised_by("bo") == {"ana", "cy", "di"}
    assert directory.supervised_by("self") == frozenset()
    assert may_see(viewer("ana"), of("di"), directory).reason.endswith("who supervises Di")


def test_a_manager_of_departments_does_not_get_the_people_of_their_people() -> None:
    manager = person("mia", None, manages_departments=("shop",))
    boss = person("boss", None, "shop")
    directory = company(manager, boss, person("cy", "boss", "elsewhere"), places=(store("shop"), store("elsewhere")))
    assert scope_of(viewer("mia"), directory).employees == {"boss"}


def test_without_departments_only_chains_of_own_records_count() -> None:
    places = (store("shop", "bo"),)
    directory = company(
        person("ana"), person("bo", "ana"), person("cy", None, "shop"), person("di", "cy"), places=places
    )
    assert scope_of(viewer("ana"), directory).employees == {"bo", "cy", "di"}
    assert scope_of(viewer("ana", departments=False), directory).employees == {"bo"}
    assert may_see(viewer("ana", departments=False), of("bo"), directory).allowed
    waits = may_see(viewer("ana", departments=False), of("di"), directory)
    assert not waits.allowed
    assert waits.waits
    assert scope_of(viewer("cy", departments=False), directory).employees == {"di"}


@pytest.mark.parametrize(
    ("asker", "covered"),
    [
        (viewer("ana"), Coverage(supervised=3, former=1)),  # Ana, Bo and Di; Cy has left
        (viewer("eve"), Coverage()),
        (viewer("mia"), Coverage(departments=("Shop",), below=True)),
        (viewer("mia", departments=False), Coverage()),
        (viewer("ana", people=False), Coverage(observed=False)),
        (viewer("nobody"), None),
        (Viewer(slack_user_id="U1", person_id="ana", is_admin=True), None),
    ],
)
def test_what_an_answer_covers(asker: Viewer, covered: Coverage | None) -> None:
    cy = person("cy", "bo", status=PersonStatus.LEFT)
    people = (person("ana"), person("bo", "ana"), cy, person("di", "cy"), person("eve"))
    manager = person("mia", None, manages_departments=("shop",))
    directory = company(*people, manager, places=(store("shop"), store("kitchen", parent="shop")))
    assert coverage_of(asker, directory) == covered


IDS = [f"p{n}" for n in range(8)]
TIES = st.one_of(st.none(), st.sampled_from([*IDS, "stranger"]))


@given(st.lists(TIES, min_size=8, max_size=8), st.sets(st.sampled_from(IDS)), st.booleans())
def test_scope_and_verdict_agree_for_any_ties(ties: list[str | None], gone: set[str], departments: bool) -> None:
    people = [
        person(ident, tie, status=PersonStatus.LEFT if ident in gone else PersonStatus.ACTIVE)
        for ident, tie in zip(IDS, ties, strict=True)
    ]
    directory = company(*people)
    for me in IDS:
        asker = viewer(me, departments=departments)
        scope = scope_of(asker, directory)
        assert me not in scope.employees
        for employee in IDS:
            session = of(employee)
            assert scope.covers(session) is may_see(asker, session, directory).allowed
            if me not in gone:
                above, current = set[str](), ties[IDS.index(employee)]
                while current in IDS and current not in above:
                    above.add(current)
                    current = ties[IDS.index(current)]
                assert (employee in scope.employees) is (me in above and me != employee)


def test_a_company_of_50_000_is_read_once() -> None:
    """Ten below each: the first question reads all, the next ones nothing."""
    people = [person("p0"), *(person(f"p{n}", f"p{(n - 1) // 10}") for n in range(1, 50_000))]
    directory = company(*people)
    assert len(scope_of(viewer("p0"), directory).employees) == 49_999
    assert scope_of(viewer("p0"), directory).employees is scope_of(viewer("p0"), directory).employees
    assert coverage_of(viewer("p0"), directory) == Coverage(supervised=50_000)
    assert directory.further_down() == (500, 49_989), "all but the ten right below the head"

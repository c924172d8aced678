"""Who works where and for whom."""

from datetime import timedelta

import pytest

from bot.domain.directory import Directory
from bot.domain.directory_readings import DirectoryAges
from bot.domain.staff import Department, Person, PersonStatus, Subordination
from tests.domain.build import NOW


def person(ident: str, department: str | None = "leaf", **fields: object) -> Person:
    return Person(person_id=ident, name=ident.title(), department_id=department, **fields)  # type: ignore[arg-type] # any field of Person


ROOT = Department(department_id="root", name="Root", subordination=Subordination.MANUAL, supervisor_id="chief")
LEAF = Department(department_id="leaf", name="Leaf", parent_id="root")


def test_a_supervisor_is_inherited_from_the_nearest_department_that_names_one() -> None:
    assert Directory.of([person("a")], [ROOT, LEAF]).supervisor_of("a") == "chief"


def test_a_supervisor_set_for_the_person_wins() -> None:
    own = person("a", subordination=Subordination.MANUAL, supervisor_id="b")
    assert Directory.of([own], [ROOT, LEAF]).supervisor_of("a") == "b"


def test_no_supervisor_ends_the_search() -> None:
    nobody = person("a", subordination=Subordination.NONE)
    assert Directory.of([nobody], [ROOT, LEAF]).supervisor_of("a") is None


def test_nobody_supervises_where_no_department_names_one() -> None:
    directory = Directory.of([person("a", None), person("b", "unknown")], [ROOT, LEAF])
    assert [directory.supervisor_of(ident) for ident in ("a", "b", "stranger")] == [None, None, None]


def test_nobody_supervises_themselves() -> None:
    directory = Directory.of([person("chief"), person("a")], [ROOT, LEAF])
    assert directory.supervised_by("chief") == {"a"}


def test_a_manager_has_the_sub_departments_too_but_not_themselves() -> None:
    directory = Directory.of(
        [person("m", "root", manages_departments=("root",)), person("a"), person("b", None)], [ROOT, LEAF]
    )
    assert directory.managed_by("m") == {"a"}
    assert directory.managed_by("a") == directory.managed_by("stranger") == frozenset()


def test_departments_in_a_circle_end_where_it_closes() -> None:
    circle = [
        Department(department_id="x", name="X", parent_id="y"),
        Department(department_id="y", name="Y", parent_id="x"),
    ]
    directory = Directory.of([person("a", "x")], circle)
    assert [place.name for place in directory.department_path("x")] == ["X", "Y"]
    assert directory.supervisor_of("a") is None


def test_the_unknown_have_a_name_that_says_so() -> None:
    directory = Directory.of([person("a")], [ROOT, LEAF])
    assert (directory.name_of("a"), directory.site_of("a")) == ("A", "Leaf")
    assert directory.name_of("1f2e3d4c-5566") == "unknown person (1f2e3d4c)"
    assert directory.name_of("") == "unknown person"
    assert directory.site_of("1f2e3d4c-5566") is None


def test_a_site_is_named_with_the_place_above_it_but_never_with_the_company() -> None:
    store = Department(department_id="store", name="Store 12", parent_id="root")
    kitchen = Department(department_id="kitchen", name="Kitchen", parent_id="store")
    people = [person("cook", "kitchen"), person("chief", "store"), person("boss", "root")]
    directory = Directory.of(people, [ROOT, store, kitchen])
    assert [directory.site_of(one.person_id) for one in people] == ["Store 12, Kitchen", "Store 12", ROOT.name]


def test_an_address_finds_active_people_only() -> None:
    here, left = person("a", email="a@x.test"), person("b", email="a@x.test", status=PersonStatus.LEFT)
    directory = Directory.of([here, left], [])
    assert directory.with_email(" A@X.test ") == (here,)
    assert directory.with_email("z@x.test") == ()
    assert not directory.is_active("b")


@pytest.mark.parametrize(("hours", "proves", "is_old"), [(0, True, False), (-12, True, False), (25, True, True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_reading_by_a_clock_that_was_ahead_proves_no_longer_than_another(
    hours: int, proves: bool, is_old: bool, sign: int
) -> None:
    ages = DirectoryAges(people=NOW - timedelta(hours=sign * hours), departments=NOW)
    assert ages.proof(NOW, timedelta(hours=72)).people is proves
    assert bool(ages.old_parts(NOW)) is is_old
    ancient = DirectoryAges(people=NOW - sign * timedelta(days=30), departments=NOW)
    assert not ancient.proof(NOW, timedelta(hours=72)).people

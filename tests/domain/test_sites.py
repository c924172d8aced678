"""Which departments are sites and which are parts of one."""

from bot.domain.directory import Directory
from bot.domain.sites import sites_of
from bot.domain.staff import Department


def company(*paths: str) -> Directory:
    """Departments by their paths, which are their ids: "Co/North/Store 1"."""
    made = {}
    for path in paths:
        names = path.split("/")
        for depth in range(1, len(names) + 1):
            ident = "/".join(names[:depth])
            above = "/".join(names[: depth - 1]) or None
            made[ident] = Department(department_id=ident, name=names[depth - 1], parent_id=above)
    return Directory.of([], made.values())


def test_what_is_called_the_same_everywhere_is_a_part_of_the_site_above() -> None:
    directory = company("Co/North/Store 1/Kitchen", "Co/North/Store 1/Front", "Co/South/Store 2/ kitchen", "Co/Office")
    found = sites_of(directory.departments, directory)
    assert found["Co/North/Store 1/Kitchen"] == found["Co/North/Store 1/Front"] == "Co/North/Store 1"
    assert found["Co/South/Store 2/ kitchen"] == "Co/South/Store 2"
    assert [found[one] for one in ("Co", "Co/North", "Co/Office")] == ["Co", "Co/North", "Co/Office"]


def test_a_part_of_a_part_belongs_to_the_site() -> None:
    directory = company("Co/Store 1/Kitchen/Grill", "Co/Store 2/Kitchen/Grill", "Co/Store 3")
    found = sites_of(directory.departments, directory)
    assert found["Co/Store 1/Kitchen/Grill"] == "Co/Store 1"
    assert found["Co/Store 3"] == "Co/Store 3"


def test_a_part_with_a_name_of_its_own_goes_with_its_neighbours() -> None:
    directory = company("Co/Store 1/Kitchen", "Co/Store 1/Terrace", "Co/Store 2/Kitchen")
    assert sites_of(directory.departments, directory)["Co/Store 1/Terrace"] == "Co/Store 1"


def test_flat_companies_and_single_stores_stay_as_they_are() -> None:
    for directory in (company("Co/Store 1", "Co/Store 2"), company("Co/Kitchen", "Co/Front"), company("Co")):
        assert all(site == one for one, site in sites_of(directory.departments, directory).items())


def test_only_the_given_departments_are_compared() -> None:
    directory = company("Co/Store 1/Kitchen", "Co/Store 1/Front", "Co/Store 2/Kitchen", "Co/Store 2/Front")
    found = sites_of({"Co/Store 1/Kitchen", "Co/Store 1/Front"}, directory)
    assert found["Co/Store 1/Kitchen"] == "Co/Store 1/Kitchen", "what another store has is not known here"
    assert not any("Store 2" in one for one in found)


def test_a_circle_of_departments_ends() -> None:
    one = Department(department_id="a", name="A", parent_id="b")
    two = Department(department_id="b", name="B", parent_id="a")
    directory = Directory.of([], [one, two])
    assert set(sites_of({"a"}, directory)) == {"a", "b"}

"""Names as people type them, where several people or places share a part of theirs."""

from datetime import date

import pytest

from bot.domain.directory import Directory
from bot.domain.errors import QueryError
from bot.domain.staff import Department, Person
from bot.query.free_words import read_words
from bot.query.name_index import NamedThing, NameIndex
from bot.query.names import Kind, Names
from bot.query.parser import parse, say

TODAY = date(2026, 11, 27)
PLACES = (
    ("root", "Bright Kitchens", None),
    ("12", "Store 12", "root"),
    ("14", "Store 14", "root"),
    ("k12", "Kitchen", "12"),
    ("k14", "Kitchen", "14"),
    ("bar1", "Bar", "12"),
    ("bar2", "Bar", "12"),
    ("no", "Store 12, Kitchen", "14"),
)


def names_of(places: tuple[tuple[str, str, str | None], ...] = PLACES[:7]) -> Names:
    people = ("John Doe", "Jane Doe", "Doe Miller", "Ana Maria Silva", "Ana-Lena Ruiz", "Sean O'Brien", "Lou St. Clair")
    return Names(
        Directory.of(
            [
                Person(person_id=f"p{number}", name=name, email="", department_id="k12")
                for number, name in enumerate(people)
            ],
            [Department(department_id=ident, name=name, parent_id=above) for ident, name, above in places],
        )
    )


def read(text: str, names: Names | None = None) -> str:
    reading = read_words(text, NameIndex.of(names or names_of()), TODAY)
    return reading.question or reading.text


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("Doe, John", 'employee:"John Doe"'),
        ("doe jane", 'employee:"Jane Doe"'),
        ("J. Miller", "“J.” is no name"),
        ("d. miller", 'employee:"Doe Miller"'),
        ("ana m", 'employee:"Ana Maria Silva"'),
        ("Ana R.", 'employee:"Ana-Lena Ruiz"'),
        ("analena", 'employee:"Ana-Lena Ruiz"'),
        ("ana-lena ruiz", 'employee:"Ana-Lena Ruiz"'),
        ("obrien", 'employee:"Sean O\'Brien"'),
        ("o brien", 'employee:"Sean O\'Brien"'),
        ("O´Brien", 'employee:"Sean O\'Brien"'),
        ("observed by ana m or doe, john", 'observer:"Ana Maria Silva" observer:"John Doe"'),
        ("ana m observed by doe, john", 'employee:"Ana Maria Silva" observer:"John Doe"'),
        ("kitchen store 12", 'dept:"Store 12, Kitchen"'),
        ("store twelve and fourteen", 'dept:"Store 12" dept:"Store 14"'),
        ("st. clair", 'employee:"Lou St. Clair"'),
        ("st 14", 'dept:"Store 14"'),
    ],
)
def test_a_name_means_one_thing_where_it_can(typed: str, means: str) -> None:
    try:
        found = read(typed)
    except QueryError as error:
        found = str(error)
    assert found.startswith(means)


@pytest.mark.parametrize("typed", ["j. doe", "doe", "ana", "J Doe"])
def test_what_fits_several_people_asks(typed: str) -> None:
    assert "fits" in read(typed)


def test_a_department_of_a_common_name_is_named_behind_the_one_above() -> None:
    names = names_of()
    assert names.meant(Kind.DEPARTMENT, "store 12, kitchen") == {"k12"}
    assert names.exactly(Kind.DEPARTMENT, "Store 14, Kitchen") == {"k14"}
    assert names.meant(Kind.DEPARTMENT, "Kitchen") == {"k12", "k14"}
    text = read("kitchen store 14")
    assert text == 'dept:"Store 14, Kitchen"' and say(parse(text)) == text == read(text)


def test_departments_that_share_the_one_above_too_keep_their_ids() -> None:
    reading = read_words("bar", NameIndex.of(names_of()), TODAY)
    assert [option.text for option in reading.options] == ["dept:<id:bar1>", "dept:<id:bar2>"]


def test_a_department_that_is_called_so_wins_over_a_path() -> None:
    names = names_of(PLACES)
    assert names.meant(Kind.DEPARTMENT, "Store 12, Kitchen") == {"no"}
    assert read("kitchen in store 12", names) != 'dept:"Store 12, Kitchen"'


def test_what_is_near_is_looked_for_once() -> None:
    """A text with 49 unknown names is read again for each suggestion."""
    index = NameIndex([NamedThing(Kind.PERSON, "p1", "Ana Okafor")])
    first = index.near("okafr", 3)
    assert [one.name for one in first] == ["Ana Okafor"]
    assert index.near("okafr", 3) is first

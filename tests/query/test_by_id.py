"""Stored queries: who is named stands there by id, whoever is called how later."""

from dataclasses import replace

import pytest

from bot.domain.directory import Directory
from bot.domain.staff import Person
from bot.query.by_id import by_id, kept_as_text, same_meaning, with_labels
from bot.query.names import Names, id_value
from bot.query.parser import LONGEST_TEXT, MOST_TERMS, parse, say, words
from tests.domain.build import CHECKLISTS, DIRECTORY

NAMES = Names(DIRECTORY, CHECKLISTS, {"U1": "ana"})


def many(count: int, name: str = "Kim Cho") -> Names:
    """That many people, all with one name."""
    return Names(Directory.of([Person(person_id=f"p{n:02}", name=name) for n in range(count)], []))


def stored(text: str, names: Names = NAMES) -> str:
    return say(by_id(parse(text), names))


@pytest.mark.parametrize(
    ("typed", "by_ids"),
    [
        ("employee:lopez", "employee:<id:ana>"),
        ("observer:<@U1|ana> outcome:failed", "observer:<id:ana> outcome:failed"),
        ("-employee:doe since:30d", "-employee:<id:joan> -employee:<id:joe> since:30d"),
        ("employee:joe employee:jo employee:joan", "employee:joe employee:<id:joan>"),  # the same person once
        ("observer:<@U2>", "observer:<@U2>"),
        ("employee:nobody", "employee:nobody"),
        ("employee:<id:left>", "employee:<id:left>"),
        ("checklist:OPENING", "checklist:<id:open>"),
        ("checklist:Open", "checklist:Open"),  # no whole name: a copy of a checklist goes on matching
        ("checklist:Clo", "checklist:Clo"),
        ('dept:"store 12" dept:store', "dept:<id:store-12> dept:store"),
        ("outcome:failed score:<80", "outcome:failed score:<80"),
    ],
)
def test_what_is_stored_for_what_was_typed(typed: str, by_ids: str) -> None:
    assert stored(typed) == by_ids


def test_a_name_of_ten_people_is_stored_by_id_and_one_of_eleven_as_typed() -> None:
    assert len(parse(stored("employee:cho", many(10))).terms) == 10
    assert stored("employee:cho", many(11)) == "employee:cho"
    assert kept_as_text(parse("employee:cho observer:zoe dept:x employee:<id:p01>"), many(11)) == [
        ("cho", 11),
        ("zoe", 0),
    ]


def test_names_that_make_a_query_too_long_stay_the_shortest_first() -> None:
    names = Names(Directory.of([*many(10).directory.people.values(), Person(person_id="zoe", name="Zoe")], []))
    typed = " ".join(["employee:cho", *(f"-score:{n}" for n in range(MOST_TERMS - 4)), "employee:zoe"])
    kept = stored(typed, names)
    assert kept == typed.replace("employee:zoe", "employee:<id:zoe>")
    assert len(parse(kept).terms) <= MOST_TERMS


def test_a_query_by_id_is_never_longer_than_can_be_read() -> None:
    names = Names(Directory.of([Person(person_id=f"{n}" * 150, name=f"Ann {n}") for n in range(9)], []))
    typed = " ".join([*(f'employee:"Ann {n}"' for n in range(9)), *(f'checklist:"{n:0180}"' for n in range(10))])
    assert len(stored(typed, names)) <= LONGEST_TEXT
    assert parse(stored(typed, names))


def test_an_id_too_long_for_a_value_stays_a_name() -> None:
    names = Names(Directory.of([Person(person_id="x" * 300, name="Ann")], []))
    assert stored("employee:ann", names) == "employee:ann"


# ---- said ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("employee:<id:ana> employee:<id:joe>", "sessions of Ana López or J. Doe"),
        ("-observer:<id:ana> outcome:failed", "sessions not observed by Ana López, with a low result"),
        ("checklist:<id:open> dept:<id:store-12>", "sessions on “Opening” in Store 12"),
        ("checklist:Open", "sessions on all whose name contains “Open”"),
        ("checklist:opening", "sessions on “opening”"),
        (
            "dept:store -employee:doe",
            "sessions in all whose name contains “store”, not of all whose name contains “doe”",
        ),
        ("employee:nobody", "sessions of all whose name contains “nobody” (no person now)"),
        ("observer:<id:4f2a91c0-77>", "sessions observed by unknown person (4f2a91c0)"),
        ("checklist:<id:gone>", "sessions on “unknown checklist (gone)”"),
        ("employee:<id:eve>", "sessions of an erased person"),
    ],
)
def test_a_stored_query_in_words(query: str, said: str) -> None:
    names = replace(NAMES, directory=replace(DIRECTORY, erased=frozenset({"eve"})))
    assert words(parse(query), names) == said


def test_who_is_renamed_is_said_by_the_new_name() -> None:
    renamed = Names(Directory.of([Person(person_id="ana", name="Ana Silva")], []))
    assert words(parse(stored("employee:ana")), renamed) == "sessions of Ana Silva"


def test_a_name_of_ispring_is_never_said_as_a_mention() -> None:
    names = Names(Directory.of([Person(person_id="x", name="<@U0BOSS> Eve")], []))
    assert words(parse("employee:<id:x>"), names) == "sessions of ‹@U0BOSS› Eve"
    assert words(parse(f"employee:{id_value('<@U0BOSS>')}"), names) == "sessions of unknown person (‹@U0BOSS)"


def test_the_operator_reads_names_in_the_place_of_ids() -> None:
    assert (
        say(with_labels(parse("employee:<id:ana> checklist:<id:open>"), NAMES))
        == 'employee:"Ana López" checklist:Opening'
    )


# ---- the same --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("employee:ana", 'employee:"Ana López"'),
        ("observer:<@U1>", "observer:<id:ana>"),
        ("employee:doe outcome:met", 'outcome:met employee:"J. Doe" employee:"Joan Doerr"'),
        ("checklist:opening", "checklist:<id:open>"),
        ("checklist:OPEN", "checklist:open checklist:Open"),
    ],
)
def test_two_queries_that_mean_the_same(one: str, other: str) -> None:
    assert same_meaning(parse(one), parse(other), NAMES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("employee:ana", "observer:ana"),
        ("employee:ana", "-employee:ana"),
        ("employee:doe", "employee:joan"),
        ("", "outcome:met"),
    ],
)
def test_two_queries_that_mean_something_else(one: str, other: str) -> None:
    assert not same_meaning(parse(one), parse(other), NAMES)

"""Queries typed on the command line: names that nobody has are refused, as they are in Slack."""

import pytest

from tests.service.house import BAKERY, House


async def with_a_session(house: House) -> None:
    house.world.add_session(checklist=house.opening, employee=house.employee, observer=house.observer, percent=40)
    assert (await house.say("poll")).code == 0


async def test_a_name_that_nobody_has_is_refused_with_the_nearest(house: House) -> None:
    await with_a_session(house)
    for words, told in (
        (("sessions", "checklist:Opning"), "There is no checklist “Opning” among what you may see."),
        (("sessions", "--json", 'dept:"Stoer 12"'), "Did you mean: dept:"),
        (("rules", "add", BAKERY, "outcome:failed checklist:Opning"), "Did you mean: outcome:failed checklist:Opening"),
        (("rules", "add", BAKERY, "employee:<@U0STRANGER>"), "<@U0STRANGER> is not linked to anybody"),
    ):
        said = await house.say(*words)
        assert (said.code, said.out) == (1, "")
        assert told in said.err
        assert len(said.err.splitlines()) == 1
    assert BAKERY not in (await house.say("rules", "list")).out, "nothing was saved"
    assert "1 of 1" in (await house.say("sessions", "checklist:Opening")).out


async def test_before_ispring_was_read_names_are_taken_as_they_are(house: House) -> None:
    made = await house.say("rules", "add", BAKERY, 'checklist:"Yet to come"')
    assert made.code == 0
    assert "Rule 1 is made." in made.out
    assert "has not been read yet" in made.err
    shown = await house.say("sessions", 'checklist:"Yet to come"')
    assert (shown.code, shown.out.splitlines()[-1]) == (0, "0 of 0: sessions on “Yet to come”")
    assert (await house.say("rules", "add", BAKERY)).err == "", "nothing is said where nobody is named"


@pytest.mark.parametrize("query", ["outcome:planned", "dept:North -outcome:completed"])
async def test_a_rule_that_could_never_post_anything_is_refused(house: House, query: str) -> None:
    said = await house.say("rules", "add", BAKERY, query)
    assert said.code == 2
    assert "would never post anything. Did you mean:" in said.err
    assert "No rules yet" in (await house.say("rules", "list")).out

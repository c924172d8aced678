"""Queries on the command line: unknown names are refused, as they are in Slack."""

import sqlite3
from contextlib import closing

import pytest

from bot.query.names import id_value
from tests.app.env import BAKERY, Env


async def with_a_session(env: Env) -> None:
    env.world.add_session(checklist=env.opening, employee=env.employee, observer=env.observer, percent=40)
    assert (await env.say("poll")).code == 0


async def test_an_unknown_name_is_refused_with_the_nearest(env: Env) -> None:
    await with_a_session(env)
    for words, notified in (
        (("sessions", "checklist:Opning"), "There is no checklist “Opning” among what you may see."),
        (("sessions", "--json", 'dept:"Stoer 12"'), "Did you mean: dept:"),
        (("rules", "add", BAKERY, "outcome:failed checklist:Opning"), "Did you mean: outcome:failed checklist:Opening"),
        (("rules", "add", BAKERY, "employee:<@U0STRANGER>"), "<@U0STRANGER> is not linked to anybody"),
    ):
        said = await env.say(*words)
        assert (said.code, said.out) == (1, "")
        assert notified in said.err
        assert len(said.err.splitlines()) == 1
    assert BAKERY not in (await env.say("rules", "list")).out, "nothing was saved"
    assert "1 of 1" in (await env.say("sessions", "checklist:Opening")).out


async def test_before_ispring_was_read_names_are_not_checked(env: Env) -> None:
    made = await env.say("rules", "add", BAKERY, 'checklist:"Yet to come"')
    assert made.code == 0
    assert "Rule 1 is made." in made.out
    assert "has not been read yet" in made.err
    shown = await env.say("sessions", 'checklist:"Yet to come"')
    assert (shown.code, shown.out.splitlines()[-1]) == (0, "0 of 0: sessions on “Yet to come”")
    assert (await env.say("rules", "add", BAKERY)).err == "", "no warning without a name"


@pytest.mark.parametrize("query", ["outcome:planned", "dept:North -outcome:completed"])
async def test_a_rule_that_could_never_post_anything_is_refused(env: Env, query: str) -> None:
    said = await env.say("rules", "add", BAKERY, query)
    assert said.code == 2
    assert "would never post anything. Did you mean:" in said.err
    assert not (env.folder / "spotter.db").exists(), "nothing was saved"


async def test_a_rule_holds_ids_and_is_listed_with_names(env: Env) -> None:
    await with_a_session(env)
    name = env.employee.name
    made = await env.say("rules", "add", BAKERY, f'employee:"{name}" checklist:Openin')
    assert (made.code, made.err) == (0, "")
    assert f'employee:"{name}" checklist:Openin' in (await env.say("rules", "list")).out
    with closing(sqlite3.connect(env.folder / "spotter.db")) as file:
        [(query,)] = file.execute("SELECT query FROM rules WHERE destination = ?", (f"channel:{BAKERY}",))
    assert query == f"employee:{id_value(env.employee.id)} checklist:Openin"
    again = await env.say("rules", "add", BAKERY, f"checklist:OPENIN employee:{name.split()[-1]}")
    assert "says the same already" in again.out


async def test_people_named_before_ispring_was_read_are_ids_once_it_was(env: Env) -> None:
    made = await env.say("rules", "add", BAKERY, f'employee:"{env.employee.name}" observer:"Yet to come"')
    assert "“Yet to come” is the name of nobody now: the rule posts nothing of them until" in made.out
    await with_a_session(env)
    with closing(sqlite3.connect(env.folder / "spotter.db")) as file:
        [(query,)] = file.execute("SELECT query FROM rules WHERE destination = ?", (f"channel:{BAKERY}",))
    assert query == f'employee:{id_value(env.employee.id)} observer:"Yet to come"'


async def test_free_words_are_read_as_in_slack_and_csv_is_the_file_of_an_export(env: Env) -> None:
    await with_a_session(env)
    first, *_ = env.employee.name.split()
    asked = await env.say("sessions", "completed", "opening", "by", "checklist", "sort:score")
    assert "1 of 1" in asked.out
    assert "1 of 1" in (await env.say("sessions", first, "under", "50")).out
    assert "0 of 0" in (await env.say("sessions", "above 50")).out
    unknown = await env.say("sessions", "zzzzzz")
    assert unknown.code == 2 and "zzzzzz" in unknown.err
    listed = (await env.say("sessions", "--csv", "criteria:yes", first)).out
    assert listed.startswith("\ufeff") and '"criteria"' in listed.splitlines()[0]

"""`people` asks Slack who has no account, and `people link` makes links from a file after it showed them."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from bot.demo.slack import User
from bot.domain.email_matching import is_shared_mailbox
from bot.domain.staff import Person
from bot.domain.text import clean
from tests.app.env import ADMIN, EMPLOYEE, OBSERVER, Env
from tests.cli.test_keeping import AppContext, ctx

__all__ = ["ctx"]


async def known(env: Env) -> None:
    """iSpring's people are read once."""
    assert (await env.say("poll")).code == 0


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in csv.DictReader(io.StringIO(text))}


# ---- asking Slack ------------------------------------------------------------------------------------------------


async def test_unmatched_asks_slack_now_and_gives_the_reason_for_each(env: Env) -> None:
    env.world.add_person("Bruna Novak", email="bruna@bakery.example")
    env.world.add_person("Casimir Vale", email="casimir@bakery.example")
    await known(env)
    said = await env.say("people", "--unmatched", "--csv")
    assert said.code == 0, said.err
    assert "Asked Slack about 4 of 4 people" in said.err
    rows = rows_of(said.out)
    assert set(rows) == {"Bruna Novak", "Casimir Vale"}  # the two with accounts are matched by now
    assert {row["why"] for row in rows.values()} == {"no Slack account has this person's e-mail address"}
    # The answer of a moment ago is not believed: an account may have been made since.
    env.slack.workspace.add_user(User(id="U0BRUNA", name="bruna", real_name="Bruna", email="bruna@bakery.example"))
    again = await env.say("people", "--unmatched", "--csv")
    assert set(rows_of(again.out)) == {"Casimir Vale"}
    everybody = await env.say("people", "--csv")
    assert rows_of(everybody.out)["Bruna Novak"]["slack"] == "U0BRUNA"


async def test_a_slack_that_refuses_is_said_and_what_is_known_is_shown(env: Env) -> None:
    env.world.add_person("Bruna Novak", email="bruna@bakery.example")
    await known(env)
    said = await env.say("people", "--unmatched", SLACK_BOT_TOKEN="xoxb-wrong")
    assert said.code == 1
    assert "Slack could be asked about 0 of 3 people only" in said.err
    assert "Bruna Novak" in said.out and "Slack was not asked yet" in said.out


def test_without_a_token_slack_is_not_asked_and_that_is_said(ctx: AppContext) -> None:
    said = ctx.said("people", "--unmatched")
    assert "Slack is not asked: SLACK_BOT_TOKEN is not set" in said and "Nina Nobody" in said


def test_a_name_is_no_formula_in_a_spreadsheet(ctx: AppContext) -> None:
    odd = Person(person_id="odd", name='=HYPERLINK("x")\n,"', email="odd@bakery.example")
    ctx.within(lambda tx: tx.people.replace_people((odd,), tx.polls.state().created_at))
    [row] = csv.DictReader(io.StringIO(ctx.said("people", "--csv")))
    assert row["name"] == "'" + clean(odd.name)


# ---- links from a file -------------------------------------------------------------------------------------------


def file_of(env: Env, text: str) -> str:
    path = env.folder / "links.csv"
    path.write_text(text, encoding="utf-8-sig")
    return str(path)


async def links_of(env: Env) -> dict[str, str]:
    return {name: row["slack"] for name, row in rows_of((await env.say("people", "--csv")).out).items() if row["slack"]}


async def test_a_file_is_shown_first_and_linked_only_when_told(env: Env) -> None:
    boss = env.world.add_person("Bruna Novak", email="store12@bakery.example")
    env.world.add_person("Ivo Trainee", email="ivo@bakery.example", supervisor=boss, subordination="manual")
    env.slack.workspace.add_user(User(id="U0BRUNA", name="bruna", real_name="Bruna", email="bn@bakery.example"))
    await known(env)
    file = file_of(env, "person;note;slack\nBruna Novak;x;U0BRUNA\nOttoline Feverstone;;\n")
    shown = await env.say("people", "link", file)
    assert shown.code == 0, shown.err
    assert "those of 1 person they supervise or manage" in shown.out
    assert "would link" in shown.out and "Nothing was changed. To make 1 link: add --yes." in shown.out
    assert "WARNING: store12@bakery.example looks like a mailbox that several people use." in shown.out
    assert "Bruna Novak" not in await links_of(env)
    made = await env.say("people", "link", file, "--yes")
    assert made.code == 0 and "1 link made." in made.out
    assert (await links_of(env))["Bruna Novak"] == "U0BRUNA"
    assert "U0BRUNA" in (await env.say("audit")).out
    assert "no change" in (await env.say("people", "link", file)).out


async def test_each_line_that_cant_be_linked_says_why_and_the_others_are_linked(env: Env) -> None:
    env.world.add_person("Bruna Novak", email="bruna@bakery.example")
    twins = [env.world.add_person("Casimir Vale", email=f"c{n}@bakery.example") for n in (1, 2)]
    env.slack.workspace.add_user(User(id="U0GUEST", name="guest", real_name="Guest", is_restricted=True))
    await known(env)
    lines = [
        "slack,person",
        "quillon@bakery.example,bruna@bakery.example",
        "U0NOBODY,Bruna Novak",
        f"U0GUEST,{twins[0].id}",
        f"{OBSERVER},Casimir Vale",
        f"{EMPLOYEE},{twins[0].id}",
        f"{EMPLOYEE},{twins[1].id}",
        f"{OBSERVER},Nobody At All",
        f"@zebulon,{twins[1].id}",
    ]
    said = await env.say("people", "link", file_of(env, "\n".join(lines)), "--yes")
    assert said.code == 1 and "7 lines can't be linked" in said.err
    for why in ("does not know this account", "not a full member", "give the id", "this account more than once"):
        assert why in said.out
    assert "nobody active in iSpring" in said.out and "neither a member id" in said.out.replace("\n", " ")
    assert (await links_of(env))["Bruna Novak"] == ADMIN


async def test_a_file_as_spreadsheets_write_it_is_read_and_what_it_lacks_is_said(env: Env) -> None:
    env.world.add_person("Bruna Novak", email="bruna@bakery.example")
    await known(env)
    said = await env.say("people", "link", file_of(env, f'sep=;\nslack;person\n{ADMIN};"Bruna\nNovak"\n'))
    assert said.code == 0 and "To make 1 link: add --yes" in said.out, said.err
    said = await env.say("people", "link", file_of(env, f"slack,person\n{ADMIN},\n"))
    assert said.code == 1 and "the line names no person" in said.out
    assert "There is no link to make." in said.out and "--yes" not in said.out


@pytest.mark.parametrize("text", ["", "name,mail\nx,y\n", "slack,person\n,Bruna Novak\n"])
async def test_what_is_no_file_of_links_is_refused(env: Env, text: str) -> None:
    await known(env)
    said = await env.say("people", "link", file_of(env, text), "--yes")
    assert said.code == 2 and "Traceback" not in said.err


async def test_a_file_in_another_encoding_is_refused(env: Env) -> None:
    path = Path(env.folder / "latin.csv")
    path.write_bytes("slack,person\nU0ADMIN,J\xf6rg\n".encode("latin-1"))
    said = await env.say("people", "link", str(path))
    assert said.code == 2 and "UTF-8" in said.err


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("info@x.example", True),
        ("store12@x.example", True),
        ("Front-Desk.3@x.example", True),
        ("team+north@x.example", True),
        ("ana@x.example", False),
        ("ana.store@x.example", False),
        ("10023@x.example", False),
        ("bianca.barr@x.example", False),
    ],
)
def test_an_address_of_a_place_or_a_job_is_no_persons(address: str, shared: bool) -> None:
    assert is_shared_mailbox(address) is shared


def test_options_before_link_are_refused(ctx: AppContext, tmp_path: Path) -> None:
    file: Any = tmp_path / "links.csv"
    file.write_text("slack,person\n")
    assert "Give no option before link" in ctx.refused("people", "--csv", "link", str(file))

"""Where an answer or a rule shows only part of all, it says whose sessions, and never how many others there are."""

import pytest

from bot.domain.changes import decide
from bot.domain.model import Targets
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    COLLEAGUE,
    DANA,
    EMMA,
    LOW,
    NORTH,
    OLGA,
    PLANNED,
    SAM,
    Office,
    everything_in,
    facts,
)

pytestmark = pytest.mark.virtual_time

OWN = "Covers your own sessions and those you observe."
TEAM = "Covers sessions of the 4 people you supervise, yourself included, and those you observe."
DEPARTMENT = "Covers your own sessions, those of North and its departments, and those you observe."
READING = (
    "results",
    "results employee:zz",
    "results outcome:failed",
    "history me",
    "history emma",
    "overdue",
    "overdue checklist:till",
    "upcoming",
    "upcoming 30d",
    "trend",
    "trend by:dept",
    "trend since:1d",
    "silent",
    "silent 365d",
    "export",
    "export outcome:planned",
)


@pytest.mark.parametrize(("viewer", "line"), [(EMMA, OWN), (OLGA, OWN), (SAM, TEAM), (DANA, DEPARTMENT)])
async def test_an_answer_says_whose_sessions_it_covers(office: Office, viewer: str, line: str) -> None:
    for text in READING:
        answer = (await office.ask(viewer, text)).text
        if "Did you mean" in answer or "There is no" in answer:
            continue  # a mistake covers nothing
        assert answer.count(line) == 1, (text, answer)
    home = everything_in(await office.home(viewer))
    assert (line in home) is (line != OWN), "one's own sessions are named as such there"


async def test_an_admin_s_answers_cover_everything_and_say_nothing(office: Office) -> None:
    for text in READING:
        assert "Covers" not in (await office.ask(ADMIN, text)).text
    assert "Covers" not in everything_in(await office.home(ADMIN))


async def test_a_to_do_list_covers_what_its_viewer_observes(office: Office) -> None:
    assert "Covers only sessions that you observe yourself." in (await office.ask(OLGA, "todo")).text
    answer = (await office.ask(SAM, "todo")).text
    assert "/ojt overdue and /ojt upcoming cover those of your people." in answer.replace("`", "")
    assert "Covers" not in (await office.ask(ADMIN, "todo")).text


async def test_the_line_is_the_same_whatever_else_there_is(office: Office) -> None:
    before = [everything_in(await office.ask(SAM, text)) for text in ("results", "overdue", "trend by:dept")]
    hidden = PLANNED._replace(session_id="70000000-0000-4000-8000-000000000001", employee_id="zoltan")
    change = decide(None, facts(hidden, "xenia", result=1.0, days_ago=1), now=NOON, targets=Targets())
    assert change is not None
    await office.store.transact(lambda tx: tx.sessions.save(change, b"12345678"))
    assert [everything_in(await office.ask(SAM, text)) for text in ("results", "overdue", "trend by:dept")] == before


async def test_a_rule_says_whose_sessions_it_shows_wherever_it_is_told(office: Office) -> None:
    office.sends_meanwhile()
    asked = await office.ask(SAM, "subscribe outcome:failed", NORTH)
    assert "Shows sessions of the 4 people you supervise, yourself included, and those you observe." in asked.text
    await office.subscribe(SAM, "outcome:failed")
    told = (
        f"Shows sessions of the 4 people that <@{SAM}> supervises, <@{SAM}> included, and those that <@{SAM}> observes."
    )
    [introduction] = [text for text in await office.posted(NORTH) if "Set up by" in text]
    assert told in introduction
    assert told in (await office.ask(EMMA, "rules", NORTH)).text
    assert told in (await office.ask(ADMIN, "rules all")).text
    assert "Shows sessions of the 4 people you supervise" in (await office.ask(SAM, "rules")).text
    assert told in (await office.ask(ADMIN, "why 10aa0000")).text


async def test_a_rule_of_an_admin_shows_everything_and_says_nothing(office: Office) -> None:
    office.sends_meanwhile()
    assert "shows sessions" not in (await office.ask(ADMIN, "subscribe outcome:failed", NORTH)).text
    assert "hows sessions" not in "".join(await office.posted(NORTH))
    assert "hows sessions" not in (await office.ask(ADMIN, "rules", NORTH)).text


async def test_why_says_why_one_may_see_the_session(office: Office) -> None:
    assert (
        "You may see this session: Sam Supervisor supervises Yves Colleague."
        in (await office.ask(SAM, f"why {COLLEAGUE.session_id[:8]}")).text
    )
    assert "it is your own session" in (await office.ask(EMMA, f"why {LOW.session_id[:8]}")).text

"""Short texts as people type them: who observes, words for sessions behind a name, teams, plans, areas.

Asked of the demo's company as in `test_dialogs`.
"""

import pytest

from tests.listeners.demo_office import DemoOffice, offered, read_as

pytestmark = pytest.mark.asyncio(loop_scope="module")

OSKAR, SOFIA, TOMASZ = "Oskar Halvorsrud", "Sofia Marchetelli", "Tomasz Zawiślak"
CLOSING, OPENING = 'checklist:"Closing and cash-up"', 'checklist:"Opening the store"'
STORE_12 = 'dept:"Store 12 Harbour Street"'

READ = {
    # who conducts is the observer; who did more of one kind is asked of in that
    "has Tomasz been observing": f'results observer:"{TOMASZ}"',
    "has sofia been observed this week": f'results employee:"{SOFIA}" since:2026-11-23',
    "how many did Oskar do": f'results observer:"{OSKAR}"',
    "how many checks has oskar done this month": f'results observer:"{OSKAR}" since:2026-11-01',
    "how many did sofia do": f'results employee:"{SOFIA}"',
    # a word for sessions is no name
    "closing checks": f"results {CLOSING}",
    "closing check this week": f"results {CLOSING} since:2026-11-23",
    "opening audits store 12": f"results {OPENING} {STORE_12}",
    "store 12 checks": f"results {STORE_12}",
    "how many checks this week": "results since:2026-11-23",
    "food safety line checks": 'results checklist:"Food safety line check"',
}


@pytest.mark.parametrize("typed", READ)
async def test_a_text_is_read_as(company: DemoOffice, typed: str) -> None:
    assert read_as(await company.ask("admin", typed)) == READ[typed]


OFFERED = {
    "how many did Oskar do": f'results employee:"{OSKAR}" do',
    "checks this week": 'results checklist:"Food safety line check" this week',
}


@pytest.mark.parametrize("typed", OFFERED)
async def test_the_other_reading_is_a_button(company: DemoOffice, typed: str) -> None:
    commands = [command for _, command in offered(await company.ask("admin", typed))]
    assert OFFERED[typed] in commands


NOTES = {
    ("employee", "my team"): "You supervise nobody in iSpring",
    ("employee", "results my team failed"): "You supervise nobody in iSpring",
    ("employee", "who in my team failed most"): "You supervise nobody in iSpring",
    ("admin", "my team this week"): "the answer covers everybody",
    ("supervisor", "how is my team doing this month"): "Covers sessions of the 12 people you supervise",
}


@pytest.mark.parametrize(("role", "typed"), NOTES)
async def test_an_answer_about_a_team_says_whose_sessions_it_covers(company: DemoOffice, role: str, typed: str) -> None:
    assert NOTES[role, typed] in (await company.ask(role, typed)).text


async def test_who_supervises_somebody_is_told_no_more(company: DemoOffice) -> None:
    answer = (await company.ask("supervisor", "my team")).text
    assert "“My team”" not in answer
    assert "nobody" not in answer


async def test_what_is_planned_is_listed_soonest_first(company: DemoOffice) -> None:
    soonest = (await company.ask("admin", "what is planned")).text
    assert soonest.index("22 Nov 2026") < soonest.index("23 Nov 2026")
    latest = (await company.ask("admin", "planned sort:-date")).text
    assert latest.index("5 Dec 2026") < latest.index("4 Dec 2026")


async def test_a_name_with_a_slip_is_offered_before_words_with_one(company: DemoOffice) -> None:
    first, *_ = offered(await company.ask("admin", "sofa"))
    assert first[1] == f'results employee:"{SOFIA}"'


async def test_quiet_stores_are_not_quiet_hours(company: DemoOffice) -> None:
    assert read_as(await company.ask("admin", "quiet stores this month")) == "silent since:2026-11-01"
    assert "quiet time" in (await company.ask("admin", "quiet hours")).text

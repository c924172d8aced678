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
    "when did priya last observe somebody": 'results observer:"Priya Venkataram"',
    "what did ana score leila": 'results observer:"Ana Ferreira-Quill" employee:"Leïla Benchikh"',
    "is tomasz doing his observations": f'results observer:"{TOMASZ}"',
    "the session Jamie had with Tomasz": f'results employee:"Jamie Doherne" observer:"{TOMASZ}"',
    "did Ana have a session with Leila": 'results observer:"Ana Ferreira-Quill" employee:"Leïla Benchikh"',
    "who does priya observe most": 'trend count by:employee sort:-count observer:"Priya Venkataram"',
    "who observed sofia most": f'trend count by:observer sort:-count employee:"{SOFIA}"',
    "is tomasz observing more than last month": f'trend observer:"{TOMASZ}" since:2026-10-01 by:month',
    "who did priya fail": 'results observer:"Priya Venkataram" outcome:failed',
    # who asks is not who is asked about
    "please can you show to me the persons which have failed in november": (
        "results outcome:failed since:2026-11-01 until:2026-11-30"
    ),
    "gimme sofias results": f'results employee:"{SOFIA}"',
    # what is counted, and compared
    "which checklists are used most": "trend by:checklist sort:-count",
    "which observer is grading too high": "trend by:observer sort:-score",
    "how's guest welcome going in store 21 compared with last month": (
        'trend checklist:"Guest welcome and service" dept:"Store 21 Station Square" since:2026-10-01 by:month'
    ),
    "sessions w/ score between 60 and 70": "results score:60..70",
    # days, numbers and possessives
    "results Mon-Fri last week": "results since:2026-11-16 until:2026-11-20",
    "monday to wednesday last week failed": "results since:2026-11-16 until:2026-11-18 outcome:failed",
    "store 12 tuesday of last week": f"results {STORE_12} since:2026-11-17 until:2026-11-17",
    "score 80 or more": "results score:>=80",
    "in the 3 last weeks": "results since:2026-11-06",
    "the three last sessions of viktor": 'results limit:3 employee:"Viktor Stoyanchev"',
    "who acknowledged leilas result": 'show last outcome:failed employee:"Leïla Benchikh"',
    # what joins, and what is left out
    "sofia but only failed": f'results employee:"{SOFIA}" outcome:failed',
    "opening+failed": f"results {OPENING} outcome:failed",
    "stores 12 14 failed": f'results {STORE_12} dept:"Store 14 Mill Lane" outcome:failed',
    "update me on store 12": f"results {STORE_12}",
    "summary of store 12 this month": f"results {STORE_12} since:2026-11-01",
    "compare all stores on opening": f"trend by:dept {OPENING}",
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


OF_THE_ASKER = {
    ("observer", "people i failed"): "results observer:me outcome:failed",
    ("observer", "list of people i observe"): "results observer:me",
    ("observer", "have i already done mateo"): 'results observer:me employee:"Mateo Arrizaga"',
    ("supervisor", "how did my guys do on saturday"): "results since:2026-11-21 until:2026-11-21",
}


@pytest.mark.parametrize(("role", "typed"), OF_THE_ASKER)
async def test_whom_the_asker_means_is_read_as(company: DemoOffice, role: str, typed: str) -> None:
    assert read_as(await company.ask(role, typed)) == OF_THE_ASKER[role, typed]


async def test_a_team_in_the_possessive_is_not_the_asker(company: DemoOffice) -> None:
    assert read_as(await company.ask("supervisor", "my teams worst checklist")) == "trend by:checklist"
    assert "all sessions" in (await company.ask("supervisor", "results of my direct reports")).text


@pytest.mark.parametrize("typed", ["what do i need to improve", "what do i need to work on"])
async def test_what_the_asker_needs_is_about_the_asker(company: DemoOffice, typed: str) -> None:
    assert read_as(await company.ask("employee", typed)) == "trend by:criterion employee:me"


async def test_which_criteria_are_critical_is_a_list_of_targets(company: DemoOffice) -> None:
    assert (await company.ask("admin", "which criteria are critical")).text.startswith("Target for every checklist")


@pytest.mark.parametrize("typed", ["who has nothing planned", "which stores have no planned sessions"])
async def test_who_has_nothing_planned_is_said_not_to_be_listed(company: DemoOffice, typed: str) -> None:
    assert "not who has nothing planned" in (await company.ask("admin", typed)).text


OFFERED = {
    "how many did Oskar do": f'results employee:"{OSKAR}" do',
    "what did tomasz do yesterday": f'results observer:"{TOMASZ}" do yesterday',
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

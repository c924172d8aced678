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

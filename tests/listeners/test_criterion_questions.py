"""Questions about one criterion, in free words: asked of the demo's company whose criteria were read."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.listeners.demo_office import DemoOffice, offered, open_demo_office, read_as

pytestmark = pytest.mark.asyncio(loop_scope="module")

STORE_12 = 'dept:"Store 12 Harbour Street"'


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DemoOffice]:
    async with open_demo_office(tmp_path_factory.mktemp("company"), with_criteria=True) as opened:
        yield opened


READ_AS = {
    "core temperature": 'trend criterion "core temperature"',
    "hand washing": 'trend criterion "hand washing"',
    "did allergies get better": 'trend criterion "allergies"',
    "failed because of allergies": 'trend criterion "allergies" outcome:failed',
    "what goes wrong with allergies": 'trend criterion "allergies"',
    "trend core temperature": 'trend criterion "core temperature"',
    "trend criterion core temperature": 'trend criterion "core temperature"',
    "Allergens": 'trend criterion "allergens"',  # an area
    "hygiene": 'trend criterion "hygiene"',
    "allergens problems": 'trend criterion "allergens"',
    "any issues around allergens in store 12": f'trend criterion "allergens" {STORE_12}',
    "allergen issues this month": 'trend criterion "allergen" since:2026-11-01',  # the singular of the area
    "how are we doing on hygiene": 'trend criterion "hygiene"',
    "core temperature in store 12 this month": f'trend criterion "core temperature" {STORE_12} since:2026-11-01',
    f'trend criterion "core temperature" {STORE_12}': f'trend criterion "core temperature" {STORE_12}',
}


@pytest.mark.parametrize("typed", READ_AS)
async def test_a_criterion_is_read_among_free_words(company: DemoOffice, typed: str) -> None:
    assert read_as(await company.ask("admin", typed)) == READ_AS[typed]


async def test_a_criterion_is_counted_in_all_and_by_halves(company: DemoOffice) -> None:
    answer = (await company.ask("admin", "did allergies get better")).text
    line = next(one for one in answer.splitlines() if one.startswith("• "))
    assert line == (
        "• Asks about allergies: 18 % of its points, in 36 of 113;"
        " 14 of 54 in the newer half of this time, 22 of 59 in the older"
    )


async def test_only_sessions_that_the_asker_may_see_are_counted(company: DemoOffice) -> None:
    answer = (await company.ask("employee", "allergies")).text
    assert "in 1 of 6" in answer and "Covers your own sessions" in answer


async def test_words_that_a_criterion_s_answer_can_not_use_are_named(company: DemoOffice) -> None:
    answer = await company.ask("admin", "allergies by observer")
    assert read_as(answer) == 'trend criterion "allergies"'
    assert "I did not use: “by" in answer.text


@pytest.mark.parametrize("typed", ["channel", "asdfgh", "allergies asdfgh"])
async def test_what_names_no_criterion_stays_not_understood(company: DemoOffice, typed: str) -> None:
    assert "no condition" in (await company.ask("admin", typed)).text


async def test_a_criterion_that_was_not_graded_says_so(company: DemoOffice) -> None:
    answer = (await company.ask("admin", 'trend criterion "cash drawer of the moon"')).text
    assert "It was graded in none of these sessions" in answer


async def test_a_word_that_is_only_like_one_of_a_criterion_is_asked_about(company: DemoOffice) -> None:
    answer = await company.ask("admin", "working")
    assert read_as(answer) == ""
    assert [text for _, text in offered(answer)] == ['trend criterion "two drinks worked in parallel"']


async def test_an_area_stands_for_its_criteria(company: DemoOffice) -> None:
    lines = [one for one in (await company.ask("admin", "allergens")).text.splitlines() if one.startswith("• ")]
    assert len(lines) > 1 and any("repeated aloud" in one for one in lines)


@pytest.mark.parametrize("typed", ["hygiene", "allergen", "personal hygiene"])
async def test_a_part_of_an_area_s_name_stands_for_its_criteria(company: DemoOffice, typed: str) -> None:
    assert "\n• " in (await company.ask("admin", typed)).text


async def test_an_order_that_a_question_adds_is_not_said_as_unused(company: DemoOffice) -> None:
    answer = (await company.ask("admin", "who fails allergies most")).text
    assert "Criterion “allergies”" in answer and "sort" not in answer


async def test_a_criterion_is_made_a_must(company: DemoOffice) -> None:
    answer = (await company.ask("admin", "make Fire exits clear a must")).text
    assert answer.startswith("Make “Fire exits clear” of “Opening the store” critical?")

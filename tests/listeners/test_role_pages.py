"""Each role's page of help: what it says to whom, in whose words, and that what it offers can be asked."""

import re

import pytest

from bot.blocks.role_pages import ROLE_PAGES, asks_for, role_page_named
from bot.domain.notifications import Message
from bot.listeners.commands import registry
from tests.listeners.demo_office import ROLES, DemoOffice, offered

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = {page.name: page for page in ROLE_PAGES}
LINES = 14  # the title, whose page it is, what comes, five asks, what to press and to get less, and other pages
LONGEST = 130


def lines_of(page: Message) -> list[str]:
    """A page's lines as they are shown, buttons apart."""
    texts = [one["text"]["text"] for one in page.blocks if one["type"] in ("header", "section")]
    texts += [element["text"] for one in page.blocks if one["type"] == "context" for element in one["elements"]]
    return [line for text in texts for line in text.splitlines()]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("L&D", "L&D"),
        ("l & d", "L&D"),
        ("learning and development", "L&D"),
        ("training manager", "L&D"),
        ("manager", "manager"),
        ("for a site manager", "manager"),
        ("supervisors", "manager"),
        ("Team Lead", "manager"),
        ("observer", "observer"),
        ("as a trainer", "observer"),
        ("assessors", "observer"),
        ("employee", "employee"),
        ("trainee", "employee"),
        ("new learners", "employee"),
        ("admin", "admin"),
        ("administrators", "admin"),
    ],
)
async def test_a_role_is_known_by_many_words(company: DemoOffice, typed: str, name: str) -> None:
    assert role_page_named(typed) is PAGES[name]
    assert lines_of(await company.ask("admin", f"help {typed}"))[0] == PAGES[name].title


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("admin", ["admin", "L&D", "observer"]),
        ("supervisor", ["manager", "observer"]),
        ("observer", ["manager", "observer"]),  # a kitchen lead
        ("employee", ["employee"]),
    ],
)
async def test_help_begins_with_what_the_askers_roles_ask_most(
    company: DemoOffice, role: str, names: list[str]
) -> None:
    answer = await company.ask(role, "help")
    lines = [line.replace("&amp;", "&") for line in lines_of(answer)]
    asked = [command for _, command in offered(answer) if not command.startswith("help ")]
    pages = ", ".join(f"`/ojt help {name}` ({PAGES[name].title})" for name in names)
    end = lines.index(f"*What you get, and how to get less*: {pages}.")
    listed = [line.split("`")[1].removeprefix("/ojt ") for line in lines[2:end]]
    assert lines[1] == "*Ask*" and 5 <= len(listed) <= 7
    assert asked == listed[:5]
    assert f"help {names[0]}" in [command for _, command in offered(answer)]
    assert len(lines) <= LINES


@pytest.mark.parametrize("role", ROLES)
async def test_help_names_each_subcommand_once_and_help_all_explains_each(company: DemoOffice, role: str) -> None:
    first, everything = await company.ask(role, "help"), await company.ask(role, "help all")
    named = [typed.removeprefix("/ojt ").split()[0] for typed in re.findall(r"`([^`]+)`", "\n".join(lines_of(first)))]
    for entry in registry():
        verb = entry.topic.verb
        is_theirs = f"`/ojt {entry.topic.usage}`: {entry.topic.summary}" in lines_of(everything)
        assert (verb in named) is is_theirs, verb


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_is_short_and_offers_only_what_its_reader_may_ask(
    company: DemoOffice, role: str, name: str
) -> None:
    page = await company.ask(role, f"help {name}")
    assert len(lines_of(page)) <= LINES
    assert [line for line in lines_of(page)[:-1] if len(line) > LONGEST] == []
    commands = [command for _, command in offered(page)]
    assert 3 <= len(commands) <= 5 or (name, role) in UNASKED
    for command in commands:
        answer = await company.ask(role, command)
        for mistake in ("may not", "no condition", "There is no", "is nothing", "can't be", "is no checklist"):
            assert mistake not in answer.text, (command, answer.text)
    assert ("Mill Lane" in page.text) is False or role == "admin"


UNASKED = {("admin", role) for role in ROLES if role != "admin"}
"""What admins ask most is for them alone."""


async def test_a_page_names_the_readers_own_checklists_and_sites(company: DemoOffice) -> None:
    page = await company.ask("supervisor", "help manager")
    checklist = next(iter(sorted(one.title for one in company.world.checklists.values())))
    assert f"`/ojt failed {checklist} this month`" in page.text
    assert "`/ojt Front of house last week`" in page.text


async def test_the_page_of_another_role_says_so_and_names_ones_own(company: DemoOffice) -> None:
    page = await company.ask("employee", "help manager")
    assert "This is not your role" in page.text and "`/ojt help employee`" in page.text
    assert "This is not your role" not in (await company.ask("employee", "help trainee")).text
    audit = await company.ask("employee", "help admin")
    assert "audit" not in "".join(command for _, command in offered(audit))


async def test_with_a_colon_it_is_the_key_and_not_the_role(company: DemoOffice) -> None:
    assert "Means the same: `observers:`" in (await company.ask("employee", "help observer:")).text


async def test_whoever_may_see_nothing_is_told_so(company: DemoOffice) -> None:
    page = await company.ask("guest", "help observer")
    assert "Spotter shows you no sessions" in page.text
    assert offered(page) == []


async def test_every_ask_names_the_subcommand_that_answers_it() -> None:
    verbs = {entry.verb for entry in registry()}
    for page in ROLE_PAGES:
        for one in page.asks:
            first = one.text.split()[0]
            assert one.verb == (first if first in verbs else "results")
        assert len(asks_for(page, (), (), verbs, is_own=True)) >= 3  # in a company without a session yet

"""What needs attention, and rows of sessions that say where if more than one site is among them."""

from dataclasses import replace

from bot.blocks.overview import attention_blocks
from bot.blocks.session_lists import Page, RenderContext, results
from bot.domain.directory import Directory
from bot.domain.model import Session, SessionKey
from bot.domain.reports import Figures
from bot.domain.staff import Department, Person
from tests.blocks.build import NOW, an_overview, key_of, session
from tests.blocks.limits import texts

SOUTH_KEY = SessionKey("2f000000-aaaa-4bbb-8ccc-1234567890ab", "emp2")
NORTH = session(1)
SOUTH = replace(session(2), facts=session(2).facts._replace(key=SOUTH_KEY))
ABOUT = RenderContext(
    directory=Directory.of(
        [
            Person(person_id="emp", name="Maria Lopez", department_id="d12"),
            Person(person_id="emp2", name="Sam Lee", department_id="d14"),
        ],
        [Department(department_id=f"d{number}", name=f"Store {number}") for number in (12, 14)],
    ),
    short_ids={key_of(1): "1f", SOUTH_KEY: "2f"},
    data_as_of=NOW,
)


def listed(*sessions: Session) -> str:
    figures = Figures(sessions=len(sessions), completed=len(sessions))
    page = Page(sessions=sessions, figures=figures, offset=0, size=10, query="", words="")
    return results(page, ABOUT).text


def test_results_of_several_sites_say_which_in_each_row() -> None:
    both = listed(NORTH, SOUTH)
    assert "Opening the store · Store 12 · " in both and "Opening the store · Store 14 · " in both
    assert "Store 12" not in listed(NORTH)


def test_so_does_what_needs_attention() -> None:
    blocks = attention_blocks(an_overview(attention=[NORTH, SOUTH], unacknowledged=2), ABOUT)
    assert "Opening the store · Store 14 · " in "\n".join(texts(blocks))
    blocks = attention_blocks(an_overview(attention=[NORTH], unacknowledged=1), ABOUT)
    assert "Store 12" not in "\n".join(texts(blocks))


def test_without_a_target_nothing_is_said_to_be_above_it() -> None:
    def said(figures: Figures) -> str:
        return "\n".join(texts(attention_blocks(an_overview(total=figures), ABOUT)))

    none = "None of these 9 results has a target, so none is below one. `/ojt target` shows the targets."
    assert none in said(Figures(sessions=9, completed=9))
    assert "Nothing was below target in 30 days." in said(Figures(sessions=9, completed=9, met=9))
    assert "Nothing was below target in 30 days." in said(Figures())

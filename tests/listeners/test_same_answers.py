"""Two companies that differ only in what a viewer may not see give them the same bytes, whatever they ask."""

from pathlib import Path

import pytest

from bot.domain.changes import decide
from bot.domain.model import SessionKey, Targets
from bot.domain.staff import Department, Person
from bot.store.database import Tx
from tests.clock import NOON
from tests.listeners.office import EMMA, OLGA, SAM, Office, everything_in, facts, open_office

pytestmark = pytest.mark.virtual_time

HIDDEN = ("Emma Hidden", "Olgo Almost", "Zofia Secret", "Emilia Kiosk", "Till Check", "May Failed", "Overdue Trend")
ASKED = (
    "s7", "s8", "kiosk seven", "kiosk no 8", "hidden, emma", "hidden emma", "e. hidden", "emma h", "kiosk, secret",
    "observed by emma or zofia", "least active observers", "who failed more than once", "dept:\"South, Kiosk 7\"",
    "emma", "emm", "olga", "olgo", "zofia", "kiosk", "kiosk 7", "kiosk 8", "north", "nort", "south",
    "hidden", "secret",
    "till", "till check", "tll check", "may", "failed may", "12", "7", "8", "store 7", "site 8", "nobody", "almst",
    "employee:emm", "employee:hidden", "observer:olg",
    "dept:kiosk", "dept:secret",
    "checklist:till", "checklist:clandestine",
    "compare emma and zofia", "history emma", "history hidden", "trend by:dept", "trend by:employee",
    "silent", "overdue",
    "upcoming", "help", "help employee", "help site", "help checklist", "results",
    "show 90ab", "who hasn't been observed",
    "clandestine", "clandestin", "trend", "overdue trend", "my team", "worst site", "average",
    "how many did emma do", "how many did zofia do", "till checks", "checks", "emmas results",
    "what did emma score zofia", "olga with emma",
)  # fmt: skip


async def hide(office: Office) -> None:
    """Adds people, sites, a checklist and sessions of the South, which has no one in common with the askers."""

    def work(tx: Tx) -> None:
        known = tx.people.directory()
        people = [
            Person(person_id=f"h{number}", name=name, email=f"h{number}@shop.example", department_id="secret")
            for number, name in enumerate(HIDDEN)
        ]
        places = [
            Department(department_id="secret", name="Kiosk 8 Secret", parent_id="south"),
            Department(department_id="twin", name="Kiosk 7", parent_id="south"),
        ]
        every = [*known.departments.values(), *places]
        tx.people.replace_directory([*known.people.values(), *people], every, NOON)
        for number in range(len(HIDDEN) * 3):
            key = SessionKey(f"90ab{number:04x}-0000-4000-8000-000000000000", f"h{number % len(HIDDEN)}")
            row = facts(key, f"h{(number + 1) % len(HIDDEN)}", result=50.0 + number, days_ago=number)
            hidden = row._replace(checklist_id="hidden", checklist_title="Clandestine till check")
            change = decide(None, hidden, now=NOON, targets=Targets(default=80.0))
            assert change is not None
            tx.sessions.save(change, b"12345678")

    await office.store.transact(work)


async def test_what_a_viewer_may_not_see_changes_no_byte_of_an_answer(tmp_path: Path) -> None:
    answers: list[dict[tuple[str, str], str]] = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        async with open_office(folder) as office:
            if name == "other":
                await hide(office)
            answers.append(
                {(who, text): everything_in(await office.ask(who, text)) for who in (EMMA, OLGA, SAM) for text in ASKED}
            )
    different = {key: (text, answers[1][key]) for key, text in answers[0].items() if text != answers[1][key]}
    assert not different

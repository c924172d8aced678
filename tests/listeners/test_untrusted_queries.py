"""Any 3,000 characters as a command: a clear answer after bounded work, whatever they were built to break."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.staff import Department, Person
from bot.store.database import Tx
from tests.listeners.office import ADMIN, EMMA, Office, open_office
from tests.work import Calls

pytestmark = [pytest.mark.virtual_time, pytest.mark.asyncio(loop_scope="module")]

PEOPLE = 3_000
MOST_CALLS = 2_000_000  # for one answer, whatever was typed; the worst of these needs 880,000
CALLS = Calls()
VERBS = ("results", "subscribe", "show", "target", "unsubscribe", "rules", "help", "link", "link <@U0NOBODY>", "")


def _filled(piece: str) -> str:
    return (piece * (3_000 // len(piece) + 1))[:2_980]


BUILT = {
    "quotes": _filled('"'),
    "one long quote": '"' + "a" * 2_970,
    "escapes": _filled('\\"'),
    "backslashes": 'employee:"' + "\\" * 2_960,
    "colons": _filled(":"),
    "minuses": _filled("-"),
    "nested": _filled("employee:("),
    "keys": _filled("employee:a "),
    "many values": _filled("employee:zoltn ")[:700],
    "not keys": _filled("-dept:x "),
    "every key": _filled('employee:"x" dept:y checklist:z '),
    "one name": f"employee:{'a' * 2_900}",
    "200 letters": f"employee:{'a' * 200} employee:{'b' * 200} dept:{'c' * 200} checklist:{'d' * 200}",
    "mentions": _filled("<@U0EMMA|emma> "),
    "half mentions": _filled("<@U"),
    "entities": _filled("&amp;"),
    "entities in a name": f'employee:"{"&amp;" * 30}lt;"',
    "sql": 'employee:"\'; DROP TABLE sessions; --" checklist:"\' OR 1=1 --"',
    "sql unions": _filled("' UNION SELECT * FROM people -- "),
    "wildcards": 'employee:"%" dept:"_" checklist:"%%__%%"',
    "wildcards all over": _filled("%_"),
    "globs": 'employee:"*[a-z]?" dept:"[!x]*"',
    "nul": 'employee:"a\x00b" \x00',
    "half a character": "employee:\ud83d \udc00",
    "a long number": f"score:<{'9' * 2_900}",
    "a long fraction": f"score:<0.{'1' * 2_900}",
    "an exponent": "score:<1e999",
    "infinity": "score:<inf",
    "not a number": "score:nan",
    "a reversed range": "score:90..10",
    "a far year": "since:9999-12-31",
    "an early year": "since:0001-01-01",
    "a year beyond": "since:99999-01-01",
    "many days": "since:99999999999999999999d",
    "a far moment": "since:2100-12-31T23:59:59-23:59",
    "an early moment": "since:1999-12-31T00:00:00+23:59",
    "digits of the world": "score:<٣٣ since:٣d",
    "bidi": _filled("\u202e\u2066"),
    "combining": "employee:a" + "\u0301" * 2_900,
    "emoji": _filled("👩\u200d🍳"),
    "folding": "employee:" + "ﷺ" * 190,
    "line ends": _filled("\n"),
    "spaces": _filled(" ") + "x",
    "hyphens in a name": f'employee:"{"-" * 190}"',
    "hex": "a" * 2_900,
    "hex and hyphens": _filled("a-"),
    "too long": "employee:a " * 400,
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crowded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    folder: Path = tmp_path_factory.mktemp("crowded")
    with CALLS.of_new_threads():  # those of the database
        async with open_office(folder) as office:

            def grow(tx: Tx) -> None:
                known = tx.people.directory()
                names = random.Random(7)
                more = [
                    Person(
                        person_id=f"p{number}",
                        name=f"{names.choice('abcdefgh') * 9} {names.randrange(10**9)} {names.choice('klmn') * 12}",
                        email=f"p{number}@shop.example",
                        department_id=f"d{number % 300}",
                    )
                    for number in range(PEOPLE)
                ]
                places = [Department(department_id=f"d{n}", name=f"Kiosk {n}", parent_id="south") for n in range(300)]
                tx.people.replace_directory(
                    [*known.people.values(), *more], [*known.departments.values(), *places], office.clock.now()
                )

            await office.store.transact(grow)
            # Nothing is sent here, so whoever subscribes waits in vain for the introduction: not for long.
            yield replace(office, ctx=replace(office.ctx, timeout=1.0))


async def calls(office: Office, user: str, text: str) -> int:
    """The calls of functions that an answer needs."""
    before = CALLS.number
    with CALLS.of_this_thread():
        answer = await office.ask(user, text)
    assert answer.text
    return CALLS.number - before


@pytest.mark.promise("hostile_query")
@pytest.mark.parametrize("user", [ADMIN, EMMA])
async def test_whatever_was_built_to_break_it_is_answered_after_bounded_work(crowded: Office, user: str) -> None:
    work = {
        (verb, name): await calls(crowded, user, f"{verb} {words}") for verb in VERBS for name, words in BUILT.items()
    }
    assert {one: number for one, number in work.items() if number > MOST_CALLS} == {}


async def test_any_three_thousand_characters_are_answered_after_bounded_work(crowded: Office) -> None:
    random01 = random.Random(20261125)
    monitor_input = "abc :\"'-%_<>@#&;.,\\()0123456789\n\t\x00é\u202e\u0301🙂\ud83d"
    for _ in range(60):
        text = "".join(random01.choices(monitor_input, k=3_000))
        assert await calls(crowded, ADMIN, f"{random01.choice(VERBS)} {text}") < MOST_CALLS


async def test_nothing_of_it_changed_what_is_stored(crowded: Office) -> None:
    counts = await crowded.store.read(
        lambda tx: (tx.polls.state().sessions, len(tx.people.directory().people), len(tx.rules.all()))
    )
    assert counts[:2] == (6, PEOPLE + 8)
    for name in ("sql", "sql unions", "wildcards", "globs"):
        answer = await crowded.ask(EMMA, f"results {BUILT[name]}")
        assert "10aa0000" not in answer.text and "50ee0000" not in answer.text, "a wildcard matched"

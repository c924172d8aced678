"""Whatever is typed or pressed, by whomever: one answer that fits Slack, and nothing foreign in it."""

import random

import pytest

from bot.listeners.actions import HANDLERS
from bot.listeners.commands import registry
from tests.listeners.office import ADMIN, EMMA, NORTH, SAM, UNLINKED, Office

pytestmark = pytest.mark.virtual_time

PIECES = [
    *(entry.verb for entry in registry()),
    *("employee:", "-dept:", "score:", "since:", "outcome:", "checklist:", "observer:", "until:"),
    *(
        '"Till check"',
        "“Till",
        '"',
        "<80",
        "&lt;80",
        "80..60",
        "7d",
        "last week",
        "0000-00-00",
        "<@U0EMMA|emma>",
        "<@>",
    ),
    *("<#C0PUBLIC|public>", "all", "off", "80", "-1", "1e9", "٣", "99999999999999999999", "10aa0000", "|", ":", "::"),
    *("\u202e", "\x00", "\ud83d\ude00", "<!channel>", "`*_~", "/ojt", "\n", "a" * 400, "ё", "%", "\\", "'; --"),
]


async def test_every_text_gets_one_answer(office: Office) -> None:
    random01 = random.Random(20261123)
    for _ in range(250):
        words = [random01.choice(PIECES) for _ in range(random01.randint(1, 6))]
        text = random01.choice((" ", "")).join(words)
        await office.ask(random01.choice((ADMIN, SAM, EMMA, UNLINKED)), text, random01.choice((NORTH, "D0DM")))


async def test_every_value_gets_an_answer(office: Office) -> None:
    random01 = random.Random(20261124)
    for _ in range(250):
        value = "".join(random01.choice(PIECES) for _ in range(random01.randint(0, 4)))
        if "home" not in (action := random01.choice([*HANDLERS, "nonsense:1"])):
            await office.press(random01.choice((ADMIN, SAM, EMMA, UNLINKED)), action, value)

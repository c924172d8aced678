"""Whatever is typed or pressed, by whomever: one answer that fits Slack, and nothing foreign in it."""

import random

from bot.chat.commands import registry
from bot.chat.presses import PRESSES
from tests.chat.office import ADMIN, EMMA, NORTH, SAM, UNLINKED, Office

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
    dice = random.Random(20261123)
    for _ in range(250):
        words = [dice.choice(PIECES) for _ in range(dice.randint(1, 6))]
        text = dice.choice((" ", "")).join(words)
        await office.ask(dice.choice((ADMIN, SAM, EMMA, UNLINKED)), text, dice.choice((NORTH, "D0DM")))


async def test_every_value_gets_an_answer(office: Office) -> None:
    dice = random.Random(20261124)
    for _ in range(250):
        value = "".join(dice.choice(PIECES) for _ in range(dice.randint(0, 4)))
        if "home" not in (action := dice.choice([*PRESSES, "nonsense:1"])):
            await office.press(dice.choice((ADMIN, SAM, EMMA, UNLINKED)), action, value)

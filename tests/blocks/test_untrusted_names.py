"""Names and titles that would ping, format, hide or flood, from iSpring's answer to the card that Slack takes."""

from pathlib import Path

import pytest

from bot.demo.company import IN_PROGRESS
from bot.demo.slack import Channel, Message, Workspace
from bot.domain.outbox import NotificationState
from bot.slack.contacts import SlackContacts
from tests.blocks.limits import marked_up, texts
from tests.blocks.test_untrusted_text import assert_harmless, assert_legible
from tests.environment import messenger_of, sender, slack_simulator
from tests.jobs.room import CHANNEL, Room, open_room

pytestmark = pytest.mark.virtual_time

NAMES = {
    "everybody": "<!channel> <!here> <!everyone>",
    "a mention": "<@U0ADMIN> <@W0ADMIN|ada> <#C0123456|shop> <!subteam^S01>",
    "a link": "<https://evil.example|iSpring> https://evil.example/x evil.example",
    "markup": "*bold* _lean_ ~gone~ `code` ```block``` > quote :tada:",
    "controls": "a\x00b\x07c\x1b[31md\x7fe\u0085f\nnext\r\nline\ttab",
    "right to left": "\u202egnp.exe\u202c \u2066hidden\u2069 \u200fשלום עולם\u200e مرحبا",
    "emoji": "👩\u200d🍳🧁" * 40,
    "ten thousand": "Ä" * 10_000,
    "ten thousand signs": "<&>" * 3_334,
    "no characters": "\u200b\u2060\ufeff",
    "combining": "Z" + "\u0301" * 500,
    "astral": "𝕴" * 3_000,
    "formula": '=HYPERLINK("http://evil.example")',
}


async def cards(room: Room, folder: Path) -> list[Message]:
    """Everything owed, as it stands in the stand-in's channel."""
    workspace = Workspace()
    workspace.add_channel(Channel(id=CHANNEL.id, name="shop", members=["U0SPOTTER"]))
    slack = slack_simulator(workspace, room.clock)
    async with messenger_of(slack, room.clock) as messenger:
        contacts = SlackContacts(messenger, room.store, room.clock, set())
        deliver = sender(room.store, messenger, contacts, room.clock)
        await deliver.once(until_idle=False)
        return list(slack.messages(CHANNEL.id))


@pytest.mark.promise("hostile_name")
@pytest.mark.parametrize("how_many", [1, 6])
@pytest.mark.parametrize("name", NAMES)
async def test_a_hostile_name_becomes_a_card_that_slack_takes(tmp_path: Path, name: str, how_many: int) -> None:
    text = NAMES[name]
    async with open_room(tmp_path) as room:
        place = room.world.add_department(text)
        observer = room.world.add_person(text, email="observer@x.example", department=place)
        employee = room.world.add_person(text, email="employee@x.example", department=place)
        checklist = room.world.add_checklist(text)
        sessions = [
            room.world.add_session(checklist=checklist, employee=employee, observer=observer, status=IN_PROGRESS)
            for _ in range(how_many)
        ]
        await room.poll()
        await room.subscribe()
        for session in sessions:
            room.world.complete(session, percent=50)
        await room.poll()
        await room.details.until_done()
        posted = await cards(room, tmp_path)
        assert len(posted) == 1
        [card] = posted
        assert card.blocks, "it went out with its layout, not as plain text"
        assert all(card.text.count(session.id[:8]) == 1 for session in sessions)
        assert_harmless([card.text, *marked_up(tuple(card.blocks))])
        assert_legible([card.text, *texts(tuple(card.blocks))])
        dead = await room.store.read(lambda tx: tx.deliveries.in_states((NotificationState.FAILED,), 10))
        assert not dead

"""Who had rights and lost them reads nothing of what was theirs, in whatever they made while they had them."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from slack_bolt.async_app import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.blocks import actions
from bot.domain.ports import Reply
from bot.domain.viewers import Viewer
from bot.listeners.after_ack import AfterAck
from bot.listeners.context import AppContext
from bot.listeners.middleware import KnownViewer
from bot.listeners.requests import SlashCommand, viewer_of
from bot.slack.contacts import SlackContacts
from bot.slack.task_pool import MOST_OF_ONE_USER, TaskPool
from tests.listeners.office import ADMIN, COLLEAGUE, DANA, NORTH, SAM, Office, Replies, buttons_of, everything_in
from tests.listeners.test_access import ASKED, NORTHERNERS, SOUTH, ULF, VALUES, YVES
from tests.listeners.test_lifecycle import leave_ispring

pytestmark = pytest.mark.virtual_time

EVERYBODY = (*SOUTH, *ULF, *YVES, *NORTHERNERS, "Xenia")
ONES_OWN = re.compile(r"unknown (person|checklist) \([^)]*\)|“unknown checklist \([^)]*\)”|“they asked”")
BY_NUMBER = ("edit", "pause", "resume", "unmute", "unsubscribe")


async def make_everything(office: Office, user: str) -> None:
    """A follow-up, mutes, rules and digests of a user's, and what they acknowledged."""
    for text in (
        "follow-up 40dd due:friday",
        "mute 9d for:me employee:yves because they asked",
        "mute 9d employee:yves",
        "settings supervisor instantly",
    ):
        await office.ask(user, text)
    for text in ("employee:yves", 'checklist:"Till check"', "for:me employee:yves"):
        await office.subscribe(user, text)
    for text in ("weekly mon 09:00", "daily 09:00 employee:yves for:me"):
        shown = await office.ask(user, f"digest {text}")
        for saving in [one for one in buttons_of(shown) if one["action_id"].startswith(actions.SAVE_DIGEST)][:1]:
            await office.press(user, saving["action_id"], saving["value"], channel_id=NORTH, is_ephemeral=True)
    await office.press(user, actions.ACKNOWLEDGE, actions.session_value(COLLEAGUE))


async def unlinked(office: Office, user: str) -> Office:
    await office.ask(ADMIN, f"unlink <@{user}>")
    return office


async def left(office: Office, user: str) -> Office:
    await leave_ispring(office, user.removeprefix("U0").lower())
    return office


async def no_admin(office: Office, user: str) -> Office:
    contacts = SlackContacts(office.ctx.messenger, office.store, office.clock, set())
    return office.with_store(office.store, contacts)


@pytest.mark.promise("wrong_eyes")
@pytest.mark.parametrize(("user", "lose"), [(SAM, unlinked), (DANA, left), (ADMIN, no_admin)])
async def test_what_was_made_shows_nothing_once_its_maker_lost_their_rights(
    office: Office, user: str, lose: Callable[[Office, str], Awaitable[Office]]
) -> None:
    office.sends_meanwhile()
    await make_everything(office, user)
    while office.background:
        office.background.pop().cancel()
    office = await lose(office, user)

    said = dict[str, str]()
    for text in [text for texts in ASKED.values() for text in texts] + [f"{verb} 2" for verb in BY_NUMBER]:
        said[text] = everything_in(await office.ask(user, text))
    for action, values in VALUES.items():
        for value in [*values, *map(str, range(1, 6)), actions.session_value(COLLEAGUE)]:
            answer = await office.press(user, action, value, trigger_id=await office.trigger(user))
            modals = [one.payload for one in office.slack.workspace.modals.get(user, [])]
            said[f"{action} {value}"] = "".join(map(everything_in, (answer, *modals)))
    said["home"] = everything_in(await office.home(user))
    for asked, shown in said.items():
        others = ONES_OWN.sub("", shown.lower())
        read = [one for one in EVERYBODY if one.lower() in others and one.lower() not in asked.lower()]
        assert not read, (asked, shown)


async def test_a_request_that_waited_for_its_place_is_answered_by_who_its_user_is_then(office: Office) -> None:
    """Hundreds may wait, each for as long as those before them take."""
    known = await office.ctx.contacts.viewer(SAM)
    assert known.person_id is not None
    viewers: list[Viewer] = []
    gate = asyncio.Event()

    async def answer(ctx: AppContext, command: SlashCommand, reply: Reply) -> None:
        viewers.append(await viewer_of(ctx, command))

    async def wait() -> None:
        await gate.wait()

    async def failed(problem: Exception) -> None:
        raise AssertionError from problem

    async with TaskPool() as pool:
        after_ack = AfterAck(office.ctx, pool, lambda request: Replies(), KnownViewer(office.ctx.contacts))
        for _ in range(MOST_OF_ONE_USER):
            pool.start("wait", wait, failed, SAM)
        await after_ack.command(answer)(
            ack=AsyncAck(),  # type: ignore[no-untyped-call]  # Bolt leaves it so
            body={"user_id": SAM, "text": "results"},
            context=AsyncBoltContext({"viewer": known}),
        )
        office.slack.workspace.users[SAM].is_restricted = True
        await office.ctx.contacts.doubt({"id": SAM, "team_id": "T0SPOTTER", "is_restricted": True})
        await asyncio.sleep(5)
        gate.set()
    assert [one.person_id for one in viewers] == [None]

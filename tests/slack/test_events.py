"""What people do in Slack reaches the reception, acknowledged first, through either transport."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.demo.slack import Message as Posted
from bot.demo.slack import faults
from tests.demo.slack_room import (
    ANA,
    BEN,
    BOT,
    ELSEWHERE,
    OFFICE,
    SHOP,
    actions,
    button,
    menu,
    modal,
    question,
    section,
)
from tests.slack.front_desk import Office, office

pytestmark = pytest.mark.virtual_time


@pytest.fixture(params=["socket", "http"])
async def door(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(http=request.param == "http") as opened:
        yield opened


@pytest.fixture
async def http_door() -> AsyncIterator[Office]:
    async with office(http=True) as opened:
        yield opened


async def card(door: Office, channel: str = SHOP) -> Posted:
    """A message of the bot's with a button and a menu."""
    blocks = [section(), actions(button("details", "s1:joe"), menu("choice", "one", "two"))]
    answer = await door.messenger.web.chat_postMessage(channel=channel, text="a card", blocks=blocks)
    found = door.slack.workspace.message(channel, str(answer["ts"]))
    assert found is not None
    return found


async def test_a_command_is_acknowledged_empty_and_answered_privately(door: Office) -> None:
    answer = await door.slack.command(ANA, SHOP, "/ojt", "results outcome:failed")
    assert (answer.failure, answer.ack) == (None, {})
    message = await answer.first()
    assert (message.text, message.ephemeral_to) == ("you said results outcome:failed", ANA)
    [asked] = door.ctx.commands
    assert (asked.user_id, asked.channel_id, asked.text) == (ANA, SHOP, "results outcome:failed")
    assert asked.trigger_id == answer.trigger_id


async def test_no_network_call_comes_before_the_acknowledgement(door: Office) -> None:
    before = len(door.slack.calls)
    door.slack.faults.order("*", faults.hang(60.0), times=50)
    answer = await door.slack.command(ANA, SHOP, "/ojt", "help")
    assert answer.failure is None
    assert len(door.slack.calls) == before
    assert (await answer.first()).text == "you said help"


async def test_a_slow_answer_does_not_delay_the_acknowledgement(door: Office) -> None:
    answer = await door.slack.command(ANA, SHOP, "/ojt", "wait")
    assert answer.failure is None and door.ctx.cancelled == []
    door.ctx.gate.set()
    await door.slack.until(lambda: door.ctx.cancelled == ["wait"])


async def test_a_response_address_is_used_five_times_and_no_more(door: Office) -> None:
    answer = await door.slack.command(ANA, SHOP, "/ojt", "seven")
    await answer.at_least(5)
    await door.slack.until(lambda: len(door.ctx.taken) == 7)
    assert door.ctx.taken == [True] * 5 + [False] * 2
    assert answer.uses == 5


async def test_a_button_tells_who_pressed_what_and_where(door: Office) -> None:
    message = await card(door)
    answer = await door.slack.press(BEN, message, "details")
    assert answer.failure is None
    assert (await answer.first()).text == "you pressed details"
    [action] = door.ctx.actions
    assert (action.user_id, action.action, action.value) == (BEN, "details", "s1:joe")
    assert (action.channel_id, action.message_ts, action.is_ephemeral) == (SHOP, message.ts, False)
    assert action.trigger_id == answer.trigger_id
    assert message.text == "a card"


async def test_a_menu_tells_what_was_chosen(door: Office) -> None:
    await door.slack.choose(BEN, await card(door), "choice", "two")
    await door.slack.until(lambda: len(door.ctx.actions) == 1)
    assert (door.ctx.actions[0].action, door.ctx.actions[0].value) == ("choice", "two")


async def test_a_link_button_is_acknowledged(door: Office) -> None:
    link = {**button("open"), "url": "https://learn.example/"}
    answer = await door.messenger.web.chat_postMessage(channel=SHOP, text="a card", blocks=[actions(link)])
    action = await door.slack.press(ANA, str(answer["ts"]), "open", channel_id=SHOP)
    assert action.failure is None


async def test_a_form_tells_what_was_entered_and_closes(door: Office) -> None:
    view = await form(door)
    answer = await door.slack.submit(view, ANA, {"name": "Opening"})
    assert answer.failure is None
    [submitted] = door.ctx.submissions
    assert (submitted.user_id, submitted.form, submitted.values) == (ANA, "settings", {"name": "Opening"})
    assert (submitted.private, submitted.view_id) == ("kept", view)
    assert door.slack.workspace.modal_of(ANA) is None


async def test_a_mistake_in_a_form_stands_under_its_input(door: Office) -> None:
    view = await form(door)
    await door.slack.submit(view, ANA, {"name": "taken"})
    shown = door.slack.workspace.modal_of(ANA)
    assert shown is not None and shown.errors == {"name_block": "That name is taken."}


async def test_a_form_that_may_not_be_sent_says_why(door: Office) -> None:
    view = await form(door)
    await door.slack.submit(view, ANA, {"name": "forbidden"})
    shown = door.slack.workspace.modal_of(ANA)
    assert shown is not None and "you are no admin" in shown.errors["name_block"]


async def test_opening_the_home_tab_is_told_and_the_messages_tab_is_not(door: Office) -> None:
    await door.slack.open_home(ANA, tab="messages")
    await door.slack.open_home(ANA)
    await door.slack.until(lambda: door.ctx.homes == [ANA])


async def test_a_mention_is_heard_without_its_name_and_answered_for_their_eyes_only(door: Office) -> None:
    await door.slack.say(ANA, SHOP, f"<@{BOT}> results")
    await door.slack.until(lambda: len(door.slack.visible_to(ANA, SHOP)) == 2)
    assert door.ctx.heard == [(ANA, SHOP, "results", None)]
    answer = door.slack.visible_to(ANA, SHOP)[-1]
    assert (answer.text, answer.ephemeral_to) == ("you said results", ANA)


async def test_a_direct_message_is_heard_and_our_own_words_are_not(door: Office) -> None:
    dm = door.slack.direct_message(ANA).id
    await door.slack.say(ANA, BOT, "todo")
    await door.slack.until(lambda: len(door.slack.messages(dm)) == 2)
    assert door.slack.messages(dm)[-1].text == "you said todo"
    assert door.ctx.heard == [(ANA, dm, "todo", None)]


async def test_an_event_that_comes_twice_is_heard_once(door: Office) -> None:
    envelope = {
        "type": "event_callback",
        "team_id": "T0SPOTTER",
        "api_app_id": "A0SPOTTER",
        "event_id": "Ev0SAME",
        "event": {"type": "app_mention", "user": ANA, "channel": SHOP, "text": "hello", "ts": "1.0"},
    }
    assert await door.slack.deliveries.event(envelope)
    assert await door.slack.deliveries.event(envelope)
    await door.slack.until(lambda: len(door.slack.visible_to(ANA, SHOP)) == 1)
    assert len(door.ctx.heard) == 1


async def test_the_bot_coming_and_going_is_told_and_other_peoples_is_not(door: Office) -> None:
    await door.slack.invite_bot(ELSEWHERE, by=ANA)
    await door.slack.join("U0GUEST", ELSEWHERE)
    await door.slack.remove_bot(OFFICE, by=ANA)
    await door.slack.until(lambda: len(door.ctx.channels) == 2)
    assert door.ctx.channels == [(ELSEWHERE, ""), (OFFICE, "not_in_channel")]


async def test_what_becomes_of_a_channel_is_told(door: Office) -> None:
    await door.slack.archive(SHOP, by=ANA)
    await door.slack.unarchive(SHOP, by=ANA)
    await door.slack.rename(SHOP, "corner-shop")
    await door.slack.share(SHOP)
    await door.slack.change_channel_id(SHOP, "C0NEW")
    await door.slack.delete_channel("C0NEW", by=ANA)
    await door.slack.until(lambda: len(door.ctx.channels) == 5)
    assert door.ctx.channels == [
        (SHOP, "is_archived"),
        (SHOP, ""),
        (SHOP, ""),
        (SHOP, "shared_outside"),
        ("C0NEW", "channel_not_found"),
    ]
    assert door.ctx.renumbering == [(SHOP, "C0NEW")]


async def test_somebody_whose_account_changed_is_told(door: Office) -> None:
    await door.slack.change_user(ANA, deleted=True)
    await door.slack.until(lambda: door.ctx.people == [ANA])


async def test_an_event_nobody_asked_for_is_acknowledged(door: Office) -> None:
    event = {"type": "reaction_added", "user": ANA, "reaction": "eyes"}
    envelope = {"type": "event_callback", "team_id": "T0SPOTTER", "event_id": "Ev0ODD", "event": event}
    assert await door.slack.deliveries.event(envelope)


async def test_what_breaks_is_told_calmly_with_a_reference_and_no_traceback(door: Office) -> None:
    answer = await door.slack.command(ANA, SHOP, "/ojt", "break")
    text = (await answer.first()).text
    assert "reference" in text
    assert "KeyError" not in text and "Traceback" not in text and "Silva" not in text
    again = await door.slack.command(ANA, SHOP, "/ojt", "help")
    assert (await again.first()).text == "you said help"


async def test_a_refusal_and_a_typo_are_told_in_their_own_words(door: Office) -> None:
    refused = await (await door.slack.command(ANA, SHOP, "/ojt", "forbidden")).first()
    assert "it is of somebody else" in refused.text
    mistyped = await (await door.slack.command(ANA, SHOP, "/ojt", "typo")).first()
    assert "outcme" in mistyped.text and "results outcome:failed" in mistyped.text


async def test_leaving_waits_for_work_that_is_under_way() -> None:
    async with office(http=True) as door:
        await door.slack.command(ANA, SHOP, "/ojt", "wait")
        await door.slack.until(lambda: len(door.ctx.commands) == 1)
        asyncio.get_running_loop().call_later(0.1, door.ctx.gate.set)
    assert door.ctx.cancelled == ["wait"]


async def form(door: Office) -> str:
    """A modal in front of Ana; its view id."""
    asked = await door.slack.command(ANA, SHOP, "/ojt", "form")
    element = {"type": "plain_text_input", "action_id": "name"}
    view = modal(question("name_block", element), private_metadata="kept")
    return await door.messenger.open_modal(asked.trigger_id, view)

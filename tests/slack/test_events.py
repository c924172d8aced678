"""What users do in Slack reaches its listener, acknowledged first, through either transport."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.demo.slack import Message as Posted
from bot.demo.slack import faults
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.listeners.events.lifecycle import CHANNEL_EVENTS
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
    assert (action.user_id, action.action_id, action.value) == (BEN, "details", "s1:joe")
    assert (action.channel_id, action.message_ts, action.is_ephemeral) == (SHOP, message.ts, False)
    assert action.trigger_id == answer.trigger_id
    assert message.text == "a card"


async def test_a_menu_tells_what_was_chosen(door: Office) -> None:
    await door.slack.choose(BEN, await card(door), "choice", "two")
    await door.slack.until(lambda: len(door.ctx.actions) == 1)
    assert (door.ctx.actions[0].action_id, door.ctx.actions[0].value) == ("choice", "two")


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
    assert (submitted.user_id, submitted.values) == (ANA, {"name": "Opening"})
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


async def test_opening_the_home_tab_is_reported_and_the_messages_tab_is_not(door: Office) -> None:
    await door.slack.open_home(ANA, tab="messages")
    await door.slack.open_home(ANA)
    await door.slack.until(lambda: door.ctx.homes == [ANA])


async def test_a_mention_is_handled_without_its_name_and_answered_for_their_eyes_only(door: Office) -> None:
    await door.slack.say(ANA, SHOP, f"<@{BOT}> results")
    await door.slack.until(lambda: len(door.slack.visible_to(ANA, SHOP)) == 2)
    assert door.ctx.heard == [(ANA, SHOP, "results", None)]
    answer = door.slack.visible_to(ANA, SHOP)[-1]
    assert (answer.text, answer.ephemeral_to) == ("you said results", ANA)


async def test_a_direct_message_is_handled_and_our_own_words_are_not(door: Office) -> None:
    dm = door.slack.direct_message(ANA).id
    await door.slack.say(ANA, BOT, "todo")
    await door.slack.until(lambda: len(door.slack.messages(dm)) == 2)
    assert door.slack.messages(dm)[-1].text == "you said todo"
    assert door.ctx.heard == [(ANA, dm, "todo", None)]


async def test_an_event_that_comes_twice_is_handled_once(door: Office) -> None:
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


async def test_a_known_user_is_read_before_the_acknowledgement_and_an_unknown_one_is_not_looked_up(
    door: Office,
) -> None:
    user = await door.messenger.user(ANA)
    await door.store.transact(lambda tx: tx.people.save_slack_user(user, datetime.now(UTC)))
    for user_id in (ANA, BEN):
        await (await door.slack.command(user_id, SHOP, "/ojt", "help")).first()
    known, unknown = door.ctx.commands
    assert known.viewer is not None and known.viewer.slack_user_id == ANA
    assert unknown.viewer is None
    assert [call.method for call in door.slack.calls].count("users.info") == 1


# ---- channels and accounts: the real listeners ---------------------------------------------------------------------


async def rule(door: Office, channel: str) -> Rule:
    destination = Destination(DestinationKind.CHANNEL, channel)
    now = datetime.now(UTC)
    return await door.store.transact(lambda tx: tx.rules.add(destination, OPERATOR, "", RuleState.ACTIVE, now))


async def become(door: Office, made: Rule, state: RuleState, reason: str = "", channel: str = "") -> None:
    """Waits until a rule is so."""
    expected = (state, reason, channel or made.destination.id)
    while True:
        found = await door.store.read(lambda tx: tx.rules.get(made.rule_id))
        assert found is not None
        if (found.state, found.reason, found.destination.id) == expected:
            return
        await asyncio.sleep(0.01)


def looked_up(door: Office) -> list[str]:
    """The channels Slack was asked about."""
    return [str(call.args["channel"]) for call in door.slack.calls if call.method == "conversations.info"]


async def test_the_bot_coming_and_going_is_noticed_and_other_peoples_is_not(door: Office) -> None:
    elsewhere, here = await rule(door, ELSEWHERE), await rule(door, OFFICE)
    await door.slack.invite_bot(ELSEWHERE, by=ANA)
    await door.slack.join("U0GUEST", ELSEWHERE)
    await door.slack.remove_bot(OFFICE, by=ANA)
    await become(door, here, RuleState.PAUSED, "not_in_channel")
    await become(door, elsewhere, RuleState.ACTIVE)
    assert sorted(looked_up(door)) == sorted([ELSEWHERE, OFFICE])


async def test_what_becomes_of_a_channel_is_noticed(door: Office) -> None:
    made = await rule(door, SHOP)
    await door.slack.archive(SHOP, by=ANA)
    await become(door, made, RuleState.PAUSED, "is_archived")
    await door.slack.unarchive(SHOP, by=ANA)
    await become(door, made, RuleState.ACTIVE)
    await door.slack.rename(SHOP, "corner-shop")
    await door.slack.until(lambda: len(looked_up(door)) == 3)
    await become(door, made, RuleState.ACTIVE)
    await door.slack.share(SHOP)
    await become(door, made, RuleState.PAUSED, "shared_outside")
    await door.slack.change_channel_id(SHOP, "C0NEW")
    await become(door, made, RuleState.PAUSED, "shared_outside", "C0NEW")
    await door.slack.delete_channel("C0NEW", by=ANA)
    await become(door, made, RuleState.PAUSED, "channel_not_found", "C0NEW")


@pytest.mark.parametrize("kind", CHANNEL_EVENTS)
async def test_an_event_counts_while_slack_can_not_be_asked(http_door: Office, kind: str) -> None:
    made = await rule(http_door, SHOP)
    http_door.slack.faults.order("conversations.info", "service_unavailable", times=50)
    event = {"type": kind, "channel": {"id": SHOP} if "rename" in kind else SHOP}
    envelope = {"type": "event_callback", "team_id": "T0SPOTTER", "event_id": f"Ev0{kind}", "event": event}
    assert await http_door.slack.deliveries.event(envelope)
    await http_door.slack.until(lambda: looked_up(http_door) == [SHOP])
    reason = EXPECTED.get(kind.partition("_")[2], "")
    await become(http_door, made, RuleState.PAUSED if reason else RuleState.ACTIVE, reason)


EXPECTED = {
    "left": "not_in_channel",
    "archive": "is_archived",
    "deleted": "channel_not_found",
    "shared": "shared_outside",
}


async def test_somebody_whose_account_changed_is_looked_up_again(door: Office) -> None:
    user = await door.messenger.user(ANA)
    await door.store.transact(lambda tx: tx.people.save_slack_user(user, datetime.now(UTC)))
    await door.slack.change_user(ANA, deleted=True)
    while True:
        stored = await door.store.read(lambda tx: tx.people.slack_user(ANA))
        if stored is not None and not stored[0].is_full_member:
            return
        await asyncio.sleep(0.01)


async def test_an_event_nobody_asked_for_is_acknowledged(door: Office) -> None:
    event = {"type": "reaction_added", "user": ANA, "reaction": "eyes"}
    envelope = {"type": "event_callback", "team_id": "T0SPOTTER", "event_id": "Ev0ODD", "event": event}
    assert await door.slack.deliveries.event(envelope)


async def test_what_breaks_is_reported_calmly_with_a_reference_and_no_traceback(door: Office) -> None:
    answer = await door.slack.command(ANA, SHOP, "/ojt", "break")
    text = (await answer.first()).text
    assert "reference" in text
    assert "KeyError" not in text and "Traceback" not in text and "Silva" not in text
    again = await door.slack.command(ANA, SHOP, "/ojt", "help")
    assert (await again.first()).text == "you said help"


async def test_a_refusal_and_a_typo_are_reported_in_their_own_words(door: Office) -> None:
    refused = await (await door.slack.command(ANA, SHOP, "/ojt", "forbidden")).first()
    assert "it is of somebody else" in refused.text
    mistyped = await (await door.slack.command(ANA, SHOP, "/ojt", "typo")).first()
    assert "outcme" in mistyped.text and '"value": "results outcome:failed"' in json.dumps(mistyped.blocks)


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

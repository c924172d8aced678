"""The same desk through Slack's own requests: response addresses, modals, Home, mentions and direct messages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from bot.blocks import actions
from bot.blocks.charts import NEWEST
from bot.demo.slack import Message, View
from bot.domain.ports import Reply
from bot.listeners.bolt_app import build_app
from bot.listeners.requests import Request
from bot.slack.client import SlackMessenger
from bot.slack.http_endpoint import PATH, SlackEndpoint
from bot.slack.replies import reply_to
from bot.slack.task_pool import TaskPool
from tests.clock import until
from tests.environment import SECRET
from tests.listeners.office import ADMIN, BOT, EMMA, LOW, NORTH, OLGA, PUBLIC, SAM, Office, everything_in
from tests.listeners.test_dispatch import card
from tests.listeners.test_quiet import owe
from tests.listeners.test_reports import many

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def open_door(office: Office) -> AsyncIterator[Office]:
    """The office where Slack's requests arrive over HTTP."""
    messenger = office.ctx.messenger
    assert isinstance(messenger, SlackMessenger)
    identity = await messenger.identify()

    def reply_for(request: Request) -> Reply:
        where = (request.user_id, request.channel_id, request.thread_ts, request.response_url)
        return reply_to(messenger, office.clock, *where)

    async with TaskPool() as pool:
        bolt_app = build_app(office.ctx, messenger.web, identity, pool, reply_for)
        application = web.Application()
        application.router.add_post(PATH, SlackEndpoint(bolt_app, SECRET).handle_http)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        office.slack.deliveries.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        try:
            yield office
        finally:
            office.slack.deliveries.request_url = None
            await runner.cleanup()


def before(view: View | None) -> str:
    """What somebody has before them; nothing where no view is."""
    return everything_in(view.payload) if view is not None else ""


async def test_a_mistake_corrected_with_a_press_and_paged(open_door: Office) -> None:
    slack = open_door.slack
    mistaken = await (await slack.command(EMMA, NORTH, "/ojt", "results scor:<80")).first()
    assert mistaken.ephemeral_to == EMMA and "Did you mean" in mistaken.text
    found = await (await slack.press(EMMA, mistaken, "run:0")).first()
    assert "1 found: sessions scored below 80 %" in found.text
    opened = await slack.press(EMMA, found, "details:0")
    assert opened.failure is None
    await until(lambda: "Counts the float" in before(slack.modal_of(EMMA)))


async def test_a_public_channel_is_subscribed_by_two_presses(open_door: Office) -> None:
    slack = open_door.slack
    open_door.sends_meanwhile()
    asked = await (await slack.command(SAM, PUBLIC, "/ojt", "subscribe outcome:failed")).first()
    answer = await slack.press(SAM, asked, actions.CONFIRM_SUBSCRIBE)
    replaced = await answer.first()
    assert replaced.ts == asked.ts and "Done: rule 1" in replaced.text
    assert "as rule 1" in slack.messages(PUBLIC)[-1].text


async def test_an_acknowledgement_on_a_card_is_confirmed_to_the_presser_only(open_door: Office) -> None:
    ts = await card(open_door, NORTH, LOW)
    answer = await (await open_door.slack.press(SAM, ts, actions.ACKNOWLEDGE, channel_id=NORTH)).first()
    assert answer.ephemeral_to == SAM and "Acknowledged" in answer.text
    await open_door.send()
    (posted,) = open_door.slack.messages(NORTH)
    assert "Acknowledged by <@U0SAM>" in posted.text


async def test_home_opens_and_its_form_works(open_door: Office) -> None:
    slack = open_door.slack
    await slack.open_home(OLGA)
    await until(lambda: OLGA in slack.workspace.homes)
    await slack.press(OLGA, slack.workspace.homes[OLGA], actions.HOME_SETTINGS)
    await until(lambda: slack.modal_of(OLGA) is not None)
    form = slack.modal_of(OLGA)
    assert form is not None
    submitted = await slack.submit(form.id, OLGA, {actions.INPUT_OBSERVER: "never", actions.INPUT_EMPLOYEE: "weekly"})
    assert submitted.ok, submitted
    await until(lambda: "*Sessions you observe:* you get nothing." in before(slack.workspace.homes.get(OLGA)))
    home = before(slack.workspace.homes.get(OLGA))
    assert "*Your own sessions:* you get a digest weekly mon 09:00 of every completed session" in home
    # The rule is among hers, and the words change it as the form does.
    answer = await (await slack.command(OLGA, NORTH, "/ojt", "settings employee daily 8 below 70")).first()
    assert (
        "a digest daily 08:00 of scores below 70" in answer.text and "before: a digest weekly mon 09:00" in answer.text
    )
    undone = await (await slack.press(OLGA, answer, actions.SET_CHOICE)).first()
    assert "you get a digest weekly mon 09:00 of every completed session" in undone.text
    shown = await (await slack.command(OLGA, NORTH, "/ojt", "settings")).first()
    await slack.press(OLGA, shown, actions.HOME_SETTINGS)
    await until(lambda: '"initial_option"' in before(slack.modal_of(OLGA)))


async def test_a_direct_message_is_turned_down_and_up_again(open_door: Office) -> None:
    slack = open_door.slack
    await owe(open_door, LOW)
    await open_door.send()
    (posted,) = slack.messages(slack.direct_message(OLGA).id)
    await slack.press(OLGA, posted, actions.DM_FEWER)
    await until(lambda: slack.modal_of(OLGA) is not None)
    form = slack.modal_of(OLGA)
    assert form is not None and "as_employee" not in before(form)
    submitted = await slack.submit(form.id, OLGA, {actions.INPUT_OBSERVER: "daily low"})
    assert submitted.ok, submitted
    shown = await (await slack.command(OLGA, NORTH, "/ojt", "settings")).first()
    assert "Sessions you observe: you get a digest daily 09:00 of those below target" in shown.text
    stopped = await (await slack.press(OLGA, posted, actions.asked(actions.DM_STOP))).first()
    assert "you get nothing (before: a digest daily 09:00" in stopped.text
    again = await (await slack.press(OLGA, stopped, actions.SET_CHOICE)).first()
    assert "you get a digest daily 09:00 of those below target" in again.text


async def test_a_direct_message_is_answered_where_it_was_written(open_door: Office) -> None:
    slack = open_door.slack
    asked = await slack.say(EMMA, BOT, "results outcome:failed")

    def answers() -> list[Message]:
        return [one for one in slack.messages(asked.channel) if one.user == BOT]

    await until(lambda: bool(answers()))
    assert "1 found" in answers()[0].text


async def test_a_mention_in_a_channel_is_answered_to_the_asker_only(open_door: Office) -> None:
    slack = open_door.slack
    await slack.say(ADMIN, NORTH, f"<@{BOT}> results")
    await until(lambda: any(one.ephemeral_to == ADMIN for one in slack.visible_to(ADMIN, NORTH)))
    assert not [one for one in slack.messages(NORTH) if one.user == BOT]


async def test_the_bot_s_leaving_and_coming_back_is_noticed(open_door: Office) -> None:
    rule = await open_door.rule(NORTH, owner=SAM)

    async def state() -> str:
        found = await open_door.store.read(lambda tx: tx.rules.get(rule.rule_id))
        assert found is not None
        return found.state

    for act, expected in ((open_door.slack.remove_bot, "paused"), (open_door.slack.invite_bot, "active")):
        await act(NORTH, SAM)
        while await state() != expected:
            await asyncio.sleep(0.01)


# ---- charts and tables -----------------------------------------------------------------------------------------------


async def kinds_of(door: Office, text: str) -> list[str]:
    """The kinds of blocks in the one answer to a command, as Slack shows it."""
    message = await (await door.slack.command(ADMIN, NORTH, "/ojt", text)).first()
    assert isinstance(message, Message)
    assert "completed" in message.text, "the numbers are in the text"
    return [block["type"] for block in message.blocks]


async def test_a_trend_has_a_chart_or_a_table_where_slack_takes_them(open_door: Office) -> None:
    await many(open_door, 6, 90.0, 8, first=100)
    await many(open_door, 6, 70.0, 1, first=200)
    assert "data_visualization" in await kinds_of(open_door, "trend by:week")
    assert "data_table" in await kinds_of(open_door, "trend by:checklist")


@pytest.mark.parametrize("text", ["trend by:week", "trend by:checklist"])
async def test_the_same_in_words_where_it_does_not_which_is_remembered_for_a_day(open_door: Office, text: str) -> None:
    await many(open_door, 6, 90.0, 8, first=100)
    await many(open_door, 6, 70.0, 1, first=200)
    workspace = open_door.slack.workspace
    workspace.refused_blocks = NEWEST
    assert not NEWEST.intersection(await kinds_of(open_door, text)), "the answer is not lost"
    workspace.refused_blocks = frozenset()
    assert not NEWEST.intersection(await kinds_of(open_door, text)), "refused blocks are not tried with each answer"
    open_door.clock.advance(timedelta(days=1))
    assert NEWEST.intersection(await kinds_of(open_door, text)), "a workspace may take them later"


async def test_an_ephemeral_answer_falls_back_too(open_door: Office) -> None:
    await many(open_door, 6, 90.0, 8, first=100)
    await many(open_door, 6, 70.0, 1, first=200)
    slack = open_door.slack
    slack.workspace.refused_blocks = NEWEST
    await slack.say(ADMIN, NORTH, f"<@{BOT}> trend by:week")
    await until(lambda: any("Trend by week" in one.text for one in slack.visible_to(ADMIN, NORTH)))

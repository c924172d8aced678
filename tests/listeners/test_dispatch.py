"""Cards and their buttons, the Home tab, what is said to the bot, and what goes wrong."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.blocks import actions
from bot.domain.changes import outcome_of
from bot.domain.errors import MessengerUnavailable, NotAllowed, NotPossibleNow, Remedy
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.routing import subject_of
from bot.domain.viewers import DirectMessages
from bot.listeners.actions import LISTENERS
from bot.listeners.after_ack import error_message
from bot.listeners.requests import OutdatedButton
from bot.slack.contacts import SlackContacts
from bot.slack.task_pool import TaskPoolFull
from bot.store.database import Store, Tx
from tests.listeners.office import (
    ADMIN,
    COLLEAGUE,
    DANA,
    EMMA,
    FOREIGN,
    GUEST,
    LOW,
    NORTH,
    OLGA,
    PUBLIC,
    SAM,
    UNLINKED,
    Office,
    Replies,
    buttons_of,
    everything_in,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time

T = TypeVar("T")


async def card(office: Office, channel: str, key: SessionKey, owner: str = ADMIN) -> str:
    """Posts a session's card to a channel because of a rule; its ts."""
    rule = await office.rule(channel, owner=owner)

    def enqueue(tx: Tx) -> None:
        session = tx.sessions.get(key)
        assert session is not None
        notification = Notification(
            kind=NotificationKind.SESSION,
            destination=Destination(DestinationKind.CHANNEL, channel),
            subject=subject_of(key),
            reason="it has been completed",
            session=key,
            rule_ids=(rule.rule_id,),
            facts={"version": session.version, "bad": int(outcome_of(session).is_failing)},
        )
        tx.notifications.enqueue(notification, office.clock.now())

    await office.ctx.contacts.viewer(owner)
    await office.store.transact(enqueue)
    await office.send()
    return office.slack.messages(channel)[-1].ts


# ---- details -----------------------------------------------------------------------------------------------------


async def test_details_open_as_a_modal(office: Office) -> None:
    said = everything_in(await office.press_details(EMMA, LOW))
    assert "72\u00a0%, below target" in said and "Counts the float: 1 of 5" in said and "18 points down" in said


async def test_the_modal_opens_before_anything_is_looked_up(office: Office) -> None:
    await office.press_details(EMMA, LOW)
    methods = [call.method for call in office.slack.workspace.calls]
    assert methods.index("views.open") < methods.index("users.info") < methods.index("views.update")


async def test_details_on_a_card_open_for_everybody_in_its_channel(office: Office) -> None:
    ts = await card(office, NORTH, FOREIGN)
    said = everything_in(await office.press_details(UNLINKED, FOREIGN, message_ts=ts))
    assert "Zoltan Kovacs" in said


async def test_details_on_a_card_stay_closed_for_a_guest(office: Office) -> None:
    ts = await card(office, NORTH, FOREIGN)
    said = everything_in(await office.press_details(GUEST, FOREIGN, message_ts=ts))
    assert "Zoltan" not in said and "not a full member" in said


async def test_details_stay_closed_for_who_is_not_in_the_channel(office: Office) -> None:
    ts = await card(office, NORTH, FOREIGN)
    await office.slack.leave(SAM, NORTH)
    said = everything_in(await office.press_details(SAM, FOREIGN, message_ts=ts))
    assert "Zoltan" not in said and "not in the channel" in said


async def test_a_card_opens_no_other_session_than_its_own(office: Office) -> None:
    ts = await card(office, NORTH, LOW)
    said = everything_in(await office.press_details(UNLINKED, FOREIGN, message_ts=ts))
    assert "Zoltan" not in said and "You may not see this session" in said


async def test_a_card_no_longer_opens_what_its_rule_s_owner_may_not_see(office: Office) -> None:
    ts = await card(office, NORTH, LOW, owner=SAM)

    def move(tx: Tx) -> None:
        directory = tx.people.directory()
        places = [one for one in directory.departments.values() if one.department_id != "kiosk7"]
        tx.people.replace_directory(list(directory.people.values()), places, office.clock.now())

    await office.store.transact(move)
    said = everything_in(await office.press_details(UNLINKED, LOW, message_ts=ts))
    assert "Emma" not in said and "may not see the session any more" in said


async def test_the_channel_does_not_open_the_previous_session(office: Office) -> None:
    ts = await card(office, NORTH, LOW)
    said = everything_in(await office.press_details(UNLINKED, LOW, message_ts=ts))
    assert "Emma Employee" in said and "since" not in said


async def test_the_menu_of_a_card_opens_details_says_why_and_bears_a_link(office: Office) -> None:
    trigger_id = await office.trigger(EMMA)
    await office.press(EMMA, actions.MORE, f"details {actions.session_value(LOW)}", trigger_id=trigger_id)
    view = office.slack.modal_of(EMMA)
    assert view is not None and "below target" in everything_in(view.payload)
    answer = await office.press(EMMA, actions.MORE, f"why {LOW.session_id[:8]}")
    assert answer is not None and "First seen" in answer.text
    assert await office.press(EMMA, actions.MORE, actions.OPEN) is None


async def test_details_come_as_a_message_where_no_modal_can_open(office: Office) -> None:
    value = actions.session_value(LOW)
    answer = await office.press(EMMA, "details:3", value, trigger_id="long.over")
    assert answer is not None and "72 %, below target" in answer.text


async def test_a_button_of_a_session_no_longer_stored_says_so(office: Office) -> None:
    said = everything_in(await office.press_details(EMMA, SessionKey("gone", "emma")))
    assert "no longer stores" in said


# ---- acknowledging -----------------------------------------------------------------------------------------------


async def test_an_acknowledgement_is_shown_on_every_card(office: Office) -> None:
    ts = await card(office, NORTH, LOW)
    await card(office, PUBLIC, LOW)
    answer = await office.press(SAM, actions.ACKNOWLEDGE, actions.session_value(LOW), message_ts=ts)
    assert answer is not None and "Acknowledged" in answer.text
    assert office.nudges
    await office.send()
    for channel in (NORTH, PUBLIC):
        assert "Acknowledged by <@U0SAM>" in (await office.posted(channel))[-1]


@pytest.mark.parametrize(
    ("user", "reason"),
    [(UNLINKED, "no active person in iSpring"), (SAM, "neither observe, supervise nor manage")],
    ids=["unlinked", "sam"],
)
async def test_who_sees_a_session_only_in_the_channel_can_not_acknowledge_it(
    office: Office, user: str, reason: str
) -> None:
    ts = await card(office, NORTH, FOREIGN)
    value = actions.session_value(FOREIGN)
    answer = await office.press(user, actions.ACKNOWLEDGE, value, message_ts=ts)
    assert answer is not None and reason in answer.text
    together = actions.encode(actions.Sessions((FOREIGN,)))
    answer = await office.press(user, actions.ACKNOWLEDGE_ALL, together, message_ts=ts)
    assert answer is not None and reason in answer.text
    assert "acknowledge" not in [verb for _, verb, _ in await office.audit_log()]


async def test_acknowledging_twice_is_said_to_be(office: Office) -> None:
    for expected in ("Acknowledged", "before"):
        answer = await office.press(SAM, actions.ACKNOWLEDGE, actions.session_value(LOW))
        assert answer is not None and expected in answer.text


async def test_who_may_not_see_a_session_can_not_acknowledge_it(office: Office) -> None:
    answer = await office.press(OLGA, actions.ACKNOWLEDGE, actions.session_value(FOREIGN))
    assert answer is not None and "neither observe, supervise nor manage" in answer.text


async def test_one_press_acknowledges_what_the_presser_may_see(office: Office) -> None:
    value = actions.encode(actions.Sessions((LOW, COLLEAGUE, FOREIGN)))
    answer = await office.press(SAM, actions.ACKNOWLEDGE_ALL, value)
    assert answer is not None and answer.text.startswith("Acknowledged 2 sessions"), answer
    assert "1 you may not see" in answer.text
    seen = [what for who, verb, what in await office.audit_log() if (who, verb) == (SAM, "acknowledge")]
    assert {one.split(":")[1] for one in seen} == {LOW.session_id, COLLEAGUE.session_id}
    answer = await office.press(SAM, actions.ACKNOWLEDGE_ALL, value)
    assert answer is not None and "before" in answer.text
    answer = await office.press(OLGA, actions.ACKNOWLEDGE_ALL, actions.encode(actions.Sessions((FOREIGN,))))
    assert answer is not None and "neither observe, supervise nor manage" in answer.text


async def test_a_session_is_acknowledged_where_it_was_opened(office: Office) -> None:
    opened = await office.press_details(SAM, LOW)
    (button,) = (
        one for block in opened["blocks"] for one in block.get("elements", []) if one.get("style") == "primary"
    )
    assert button["action_id"] == actions.ACKNOWLEDGE
    view = office.slack.modal_of(SAM)
    assert view is not None
    await office.press(SAM, actions.ACKNOWLEDGE, button["value"], channel_id=None, view_id=view.id, view_type="modal")
    view = office.slack.modal_of(SAM)
    assert view is not None and "Acknowledged by <@U0SAM>" in everything_in(view.payload)


# ---- home --------------------------------------------------------------------------------------------------------


async def test_home_is_made_for_whoever_opens_it(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    said = everything_in(await office.home(OLGA))
    assert "30cc0000" in said and "10aa0000" in said and "Olga Observer" in said
    assert "Rule 1" not in said
    assert "Rule 1" in everything_in(await office.home(SAM))


async def test_home_says_why_there_is_nothing(office: Office) -> None:
    said = everything_in(await office.home(UNLINKED))
    assert "does not know who you are in iSpring: no active person in iSpring" in said and "Ask an admin" in said
    assert "you get every" not in said


async def test_home_shows_admins_how_spotter_is(office: Office) -> None:
    assert "reading and sending" in everything_in(await office.home(ADMIN))
    assert "reading and sending" not in everything_in(await office.home(DANA))


async def test_refresh_publishes_home_again(office: Office) -> None:
    await office.home(OLGA)
    office.clock.advance(timedelta(days=2))
    await office.press(OLGA, actions.HOME_REFRESH, view_id="V1", channel_id=None)
    assert "overdue" in everything_in(office.slack.workspace.homes[OLGA].payload)


# ---- said --------------------------------------------------------------------------------------------------------


async def test_a_direct_message_is_answered_like_a_command(office: Office) -> None:
    for text in ("results outcome:failed", "/ojt results outcome:failed"):
        answer = await office.say(EMMA, "D0EMMA", text)
        assert answer is not None and answer == await office.ask(EMMA, "results outcome:failed")


async def test_what_means_nothing_is_said_to_mean_nothing(office: Office) -> None:
    answer = await office.say(EMMA, "D0EMMA", "blorp")
    assert answer is not None and "“blorp” is no name that you may see" in answer.text


async def test_a_mention_in_a_thread_is_answered_like_a_command(office: Office) -> None:
    answer = await office.say(ADMIN, NORTH, "who failed", "1.2")
    assert answer is not None and answer == await office.ask(ADMIN, "results outcome:failed")


# ---- what goes wrong ---------------------------------------------------------------------------------------------


async def test_an_unknown_button_is_answered(office: Office) -> None:
    answer = await office.press(EMMA, "snooze:1", "x")
    assert answer is not None and "no longer means anything" in answer.text


@pytest.mark.parametrize(
    "action", [actions.DETAILS, actions.ACKNOWLEDGE, actions.PAGE, actions.CONFIRM_SUBSCRIBE, actions.SET_OBSERVER]
)
async def test_a_button_with_a_broken_value_is_answered(office: Office, action: str) -> None:
    answer = await office.press(EMMA, action, "")
    assert answer is not None and "no longer means anything" in answer.text


async def test_pages_replace_only_what_is_private(office: Office) -> None:
    for where, expected in (({"is_ephemeral": True}, True), ({"channel_id": "D1"}, True), ({}, False)):
        replies = Replies()
        await office.press_with(replies, EMMA, actions.PAGE, "0|", **where)
        assert replies.replaced == [expected]


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (TaskPoolFull(), "too much to do just now. Please try again in a minute"),
        (TimeoutError(), "(Reference "),
        (MessengerUnavailable("Slack is away"), "(Reference "),
        (KeyError("Ana Silva"), "the reference "),
        (NotAllowed("it is another user's", Remedy.ADMIN), "You may not see or do that: it is another user's.\nAsk"),
        (NotPossibleNow("this channel is archived"), "That can't be done: this channel is archived."),
        (OutdatedButton(), "This button no longer means anything.\n`/ojt` shows"),
    ],
)
def test_each_error_has_its_sentence(office: Office, problem: Exception, expected: str) -> None:
    text = error_message(office.ctx, problem, "work", EMMA).text
    assert expected in text and "Silva" not in text and type(problem).__name__ not in text


async def test_a_busy_database_asks_to_try_again(office: Office, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = sqlite3.connect(office.store.path, isolation_level=None)
    impatient = Store.open(office.store.path, now=office.clock.now(), busy_seconds=0.05)
    try:
        other.execute("BEGIN IMMEDIATE")
        answer = await office.with_store(impatient).ask(ADMIN, "target 80")
        assert "database is busy" in answer.text and "Try again" in answer.text
    finally:
        other.close()
        impatient.close()


async def test_details_say_that_the_database_is_busy(office: Office) -> None:
    other = sqlite3.connect(office.store.path, isolation_level=None)
    impatient = Store.open(office.store.path, now=office.clock.now(), busy_seconds=0.05)
    try:
        other.execute("BEGIN IMMEDIATE")
        contacts = SlackContacts(office.ctx.messenger, impatient, office.clock, set())
        busy = office.with_store(impatient, contacts)  # who asks is not known yet and can't be stored
        assert "busy" in everything_in(await busy.press_details(EMMA, LOW))
    finally:
        other.close()
        impatient.close()


async def test_a_corrected_command_is_one_press_away(office: Office) -> None:
    mistaken = await office.ask(EMMA, "results outcom:failed")
    answer = await office.press(EMMA, "run:0", suggestions_of(mistaken)[0])
    assert answer is not None and "1 found" in answer.text


# ---- buttons of cards that stand in Slack ------------------------------------------------------------------------

# Every id and value as version aeef6fe wrote them, spelled out: nothing here may be made from today's names.
SESSION = "10aa0000-0000-4000-8000-000000000000:emma"
EARLIER_BUTTONS = [
    (SAM, "acknowledge", SESSION, "Acknowledged"),
    (EMMA, "run", "todo", "to conduct or finish"),
    (EMMA, "run:0", "results outcome:failed", "1 found"),
    (EMMA, "page", "0|outcome:failed", "1 found"),
    (SAM, "confirm_subscribe", "G0NORTH|outcome:failed", "Rule 1 is saved"),
    (SAM, "cancel", "G0NORTH", "Cancelled"),
    (SAM, "unsubscribe", "7", "You have no rule “7”"),
    (SAM, "agree_public", "7", "only the owner"),
    (ADMIN, "take_over", "7", "7"),
    (ADMIN, "confirm_take_over", '7|dept:"North"', "7"),
    (OLGA, "dm_below", "", "only those below target"),
    (OLGA, "dm_stop", "", "you would get nothing"),
    (OLGA, "dm_all", "", "you would get every"),
    (EMMA, "dm_stop", "employee", "of your own sessions you would get nothing"),
    (EMMA, "dm_below", "both", "of your own sessions you would get only those below target"),
    (OLGA, "set_observer", "below", "only those below target"),
    (OLGA, "set_employee", "none", "you get nothing"),
    (EMMA, "not_me", "emma", "linked"),
    (EMMA, "share", f"s|{SESSION}", "Post"),
    (ADMIN, "share", "q|outcome:failed", "Post"),
    (EMMA, "confirm_share", f"G0NORTH|1700000000000|9|s|{SESSION}", "post"),
    (ADMIN, "confirm_share", "G0NORTH|1700000000000|9|q|outcome:failed", "post"),
]


@pytest.mark.parametrize(("user", "action_id", "value", "expected"), EARLIER_BUTTONS)
async def test_a_button_of_an_earlier_version_works(
    office: Office, user: str, action_id: str, value: str, expected: str
) -> None:
    await office.ask(user, "link")  # who is who is known by then
    office = replace(office, ctx=replace(office.ctx, timeout=0.0))
    answer = await office.press(user, action_id, value)
    assert answer is not None and expected in answer.text
    assert "no longer means anything" not in answer.text


async def test_buttons_and_the_form_of_an_earlier_version_open_and_save_what_they_did(office: Office) -> None:
    for action_id in ("details", "details:3"):
        await office.press(EMMA, action_id, SESSION, trigger_id=await office.trigger(EMMA))
        view = office.slack.modal_of(EMMA)
        assert view is not None and "Counts the float" in everything_in(view.payload)
    assert await office.press(EMMA, "open", "") is None
    assert await office.press(OLGA, "home_refresh", "", view_id="V1", channel_id=None) is None
    assert OLGA in office.slack.workspace.homes
    await office.press(OLGA, "home_settings", "", trigger_id=await office.trigger(OLGA), view_id="V1", channel_id=None)
    form = office.slack.modal_of(OLGA)
    assert form is not None and form.payload["callback_id"] == "settings_form"
    assert await office.submit(OLGA, "settings_form", as_observer="none", as_employee="default") == {}
    chosen = await office.store.read(lambda tx: tx.people.preferences(OLGA))
    assert (chosen.as_observer, chosen.as_employee) == (DirectMessages.NONE, None)


def test_every_action_of_today_is_registered_by_its_earlier_id() -> None:
    earlier = {action_id.partition(":")[0] for _, action_id, _, _ in EARLIER_BUTTONS}
    assert earlier | {"details", "open", "home_refresh", "home_settings"} <= set(LISTENERS)


async def test_a_comparison_is_escaped_once_in_every_text_and_button(office: Office) -> None:
    """Slack delivers `<` as `&lt;`, and shows `&lt;` of a text as `<`."""
    for words in ("results score&lt;80", "results score:&lt;80", "results score&lt;80 checklist:nosuch", "score&lt;80"):
        for answer in (await office.ask(ADMIN, words), await office.say(ADMIN, "D0ADMIN", words)):
            assert "&amp;lt;" not in everything_in(answer)
            for one in buttons_of(answer):
                assert "&lt;" not in one["text"]["text"] + one.get("value", ""), (
                    "plain text and values hold it as it is"
                )


async def test_how_a_comparison_was_read_is_escaped_once_in_blocks_and_text(office: Office) -> None:
    for words in ("results score&lt;80", "results below 80", "results score:<80"):
        answer = await office.ask(ADMIN, words)
        assert "Read as `/ojt results score:&lt;80`" in answer.text
        [read_as] = [one for block in answer.blocks for one in block.get("elements", ()) if "Read as" in str(one)]
        assert read_as["text"] == "Read as `/ojt results score:&lt;80`"

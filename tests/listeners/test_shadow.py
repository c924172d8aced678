"""Shadow mode from Slack: it asks before it begins and before it ends, and its messages act for nobody but their
reader."""

from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.blocks.settings import SOMEONE_ELSES
from bot.blocks.shadow import SHADOW_HINT
from bot.config import Settings
from bot.demo.slack import Channel
from bot.demo.slack import Message as Posted
from bot.domain.notifications import Destination, DestinationKind, Message, Notification, NotificationKind
from bot.domain.outbox import SHADOW_WEEK
from bot.domain.routing import subject_of
from bot.jobs.monitor import Monitor, RuntimeProbes
from bot.services.shadow import begin_shadow
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    BOT,
    EMMA,
    LOW,
    NORTH,
    OLGA,
    PUBLIC,
    SAM,
    SHARED,
    Office,
    buttons_of,
    everything_in,
)
from tests.listeners.test_digest_files import files, files_job
from tests.listeners.test_digests import MONDAY, go_to, job, subscribed
from tests.listeners.test_reminders import pass_time
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time

LAIR = "G0LAIR"


@pytest.fixture
def office(office: Office) -> Office:
    """With a private channel in which are Ada, who is an admin, and Sam, who is none."""
    office.slack.workspace.add_channel(Channel(id=LAIR, name="lair", is_private=True, members=[ADMIN, SAM, BOT]))
    return office


async def started(office: Office) -> Message:
    question = await office.ask(ADMIN, f"shadow <#{LAIR}|>")
    return await pressed(office, question, actions.BEGIN_SHADOW)


async def pressed(office: Office, question: Message, action: str, user: str = ADMIN) -> Message:
    [button] = [one for one in buttons_of(question) if one["action_id"] == action]
    answer = await office.press(user, action, button["value"], is_ephemeral=True)
    assert answer is not None
    return answer


async def is_on(office: Office) -> bool:
    return await office.store.read(lambda tx: tx.shadow.mode()) is not None


def shown(office: Office) -> list[Posted]:
    return list(office.slack.messages(LAIR))


async def give(office: Office, where: Destination, rules: tuple[int, ...] = ()) -> Posted:
    """Emma's low result is owed to a place and shown; the last message of the channel."""
    one = Notification(
        kind=NotificationKind.SESSION,
        destination=where,
        subject=subject_of(LOW),
        reason="completed",
        session=LOW,
        rule_ids=rules,
    )
    await office.store.transact(lambda tx: tx.notifications.enqueue(one, office.clock.now()))
    await office.clock.sleep(2)  # the channel gets one message a second
    await office.send()
    return shown(office)[-1]


# ---- beginning -------------------------------------------------------------------------------------------------------


async def test_it_says_what_will_happen_and_who_reads_it_before_it_begins(office: Office) -> None:
    await office.rule(NORTH)
    question = await office.ask(ADMIN, f"shadow <#{LAIR}|>")
    assert question.text.startswith("Show everything in <#G0LAIR> for now?")
    for part in (
        "cards, direct messages, digests, reminders, recaps and introductions of rules",
        "its 2 members can read everybody's names and results there",
        "What was shown is not sent again then",
        "Alerts, notices to owners of rules, answers to commands and what people share go where they belong",
        "Now: 1 rule.",
    ):
        assert part in question.text
    assert not await is_on(office), "nothing happens before the press"

    answer = await pressed(office, question, actions.BEGIN_SHADOW)
    assert "Shadow mode is on" in answer.text and await is_on(office)
    assert (ADMIN, "shadow", f"channel:{LAIR}") in await office.audit_log()
    again = await office.ask(ADMIN, f"shadow <#{NORTH}|>")
    assert "on already" in again.text and not buttons_of(again)


async def test_the_question_counts_what_waits_and_would_be_shown(office: Office) -> None:
    rule = await office.rule(NORTH)
    waiting = [
        Notification(kind=kind, destination=rule.destination, subject=str(kind), reason="test")
        for kind in (NotificationKind.COUNTED, NotificationKind.RULE_PAUSED, NotificationKind.OPS)
    ]
    now = office.clock.now()
    await office.store.transact(lambda tx: [tx.notifications.enqueue(one, now) for one in waiting])
    question = await office.ask(ADMIN, f"shadow <#{LAIR}|>")
    assert "Now: 1 rule. 1 message waits and will be shown there." in question.text


async def test_it_begins_in_the_channel_it_is_typed_in(office: Office) -> None:
    question = await office.ask(ADMIN, "shadow here", LAIR)
    assert [one["action_id"] for one in buttons_of(question)] == [actions.BEGIN_SHADOW, actions.CANCEL]


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        (f"<#{PUBLIC}|public>", "is public"),
        (f"<#{SHARED}|shared>", "shared with another company"),
        ("<#G0OUTSIDE|>", "/invite @Spotter"),
        ("<#G0LOCKED|>", "you are not in this channel"),
        ("#somewhere", "is no channel Spotter can read"),
    ],
)
async def test_only_a_private_channel_of_ones_own_company_will_do(office: Office, channel: str, says: str) -> None:
    office.slack.workspace.add_channel(Channel(id="G0LOCKED", name="locked", is_private=True, members=[SAM, BOT]))
    answer = await office.ask(ADMIN, f"shadow {channel}")
    assert says in answer.text
    assert actions.BEGIN_SHADOW not in [one["action_id"] for one in buttons_of(answer)]


async def test_it_is_asked_again_if_more_people_read_along_by_now(office: Office) -> None:
    question = await office.ask(ADMIN, f"shadow <#{LAIR}|>")
    office.slack.workspace.channels[LAIR].members.append(OLGA)
    answer = await pressed(office, question, actions.BEGIN_SHADOW)
    assert "more people can read along" in answer.text and "its 3 members" in answer.text
    assert not await is_on(office)
    await pressed(office, answer, actions.BEGIN_SHADOW)
    assert await is_on(office)


@pytest.mark.promise("wrong_eyes")
async def test_others_can_neither_start_nor_end_it(office: Office) -> None:
    for user in (SAM, EMMA):
        assert "shadow mode" not in (await office.ask(user, "shadow")).text.lower()
        value = actions.encode(actions.Shadow(LAIR, 9))
        answer = await office.press(user, actions.BEGIN_SHADOW, value)
        assert answer is not None and "only admins" in answer.text
    assert not await is_on(office)
    await started(office)
    mode = await office.store.read(lambda tx: tx.shadow.mode())
    assert mode is not None
    answer = await office.press(SAM, actions.GO_LIVE, str(int(mode.at.timestamp() * 1000)))
    assert answer is not None and "only admins" in answer.text
    assert await is_on(office)


# ---- what it shows ---------------------------------------------------------------------------------------------------


@pytest.mark.promise("shadowed")
async def test_a_digest_and_its_file_are_shown_there(office: Office) -> None:
    await subscribed(office, "weekly mon 09:00", SAM)
    before = len(office.slack.messages(NORTH))
    await office.store.transact(lambda tx: begin_shadow(tx, LAIR, ADMIN, office.clock.now()))
    await go_to(office, MONDAY)
    await job(office).once()
    await office.send()
    [digest] = shown(office)
    assert digest.text.startswith("Shadow mode: would have gone to #north\n") and "digest:" in digest.text
    assert await files_job(office).once() == 1
    assert [one.thread_ts for one in files(office, LAIR)] == [digest.ts]
    assert len(office.slack.messages(NORTH)) == before and files(office, NORTH) == []


@pytest.mark.promise("shadowed")
async def test_reminders_are_shown_there_and_say_later_that_nobody_got_them(office: Office) -> None:
    await started(office)
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    [first] = shown(office)
    assert first.text.startswith("Shadow mode: would have gone to Olga Observer as a direct message\n")
    assert office.slack.messages(office.slack.direct_message(OLGA).id) == []
    await pressed(office, await office.ask(ADMIN, "shadow off"), actions.GO_LIVE)
    await pass_time(office, NOON + timedelta(days=3, hours=4))
    [to_supervisor] = office.slack.messages(office.slack.direct_message(SAM).id)
    assert (
        "observed by Olga Observer, who would have been reminded 20 Mar 2026, 13:00 UTC, in shadow mode"
        in to_supervisor.text
    )
    assert len(shown(office)) == 1


async def test_previews_say_that_it_is_on(office: Office) -> None:
    assert SHADOW_HINT not in (await office.ask(SAM, "subscribe")).text
    await started(office)
    for text in ("subscribe", "preview outcome:failed", "digest weekly mon 09:00"):
        said = everything_in(await office.ask(SAM, text))
        assert SHADOW_HINT in said and LAIR not in said, "the admins' channel is named to admins only"


async def test_why_says_that_it_was_shown_and_not_sent(office: Office) -> None:
    rule = await office.rule(NORTH)
    await office.send()
    await started(office)
    await give(office, rule.destination, (rule.rule_id,))
    await office.store.transact(lambda tx: tx.outbox.note_workspace("https://shop.slack.example/"))
    for user, has_link in ((ADMIN, True), (SAM, False)):
        said = everything_in(await office.ask(user, "why 10aa"))
        assert "was shown in the channel of shadow mode instead, and is not sent" in said and "was posted" not in said
        assert (LAIR in said) is has_link, "the admins' channel is named to admins only"


# ---- buttons ---------------------------------------------------------------------------------------------------------


@pytest.mark.promise("wrong_eyes")
async def test_a_shown_card_opens_nothing_for_members_who_may_not_see_the_session(office: Office) -> None:
    """In the channel of its rule every member may open a card; here only who may see the session."""
    office.slack.workspace.channels[LAIR].members.append(EMMA)
    rule = await office.rule(NORTH)
    await office.send()
    await started(office)
    card = await give(office, rule.destination, (rule.rule_id,))
    where = {"channel_id": LAIR, "message_ts": card.ts}
    value = actions.session_value(LOW)
    office.slack.workspace.channels[LAIR].members.append("U0NOBODY")
    refused = await office.press("U0NOBODY", actions.ACKNOWLEDGE, value, **where)
    assert refused is not None
    record = await office.store.read(lambda tx: tx.sessions.record(LOW))
    assert record is not None and record.acknowledgements == ()
    await office.press(SAM, actions.ACKNOWLEDGE, value, **where)
    record = await office.store.read(lambda tx: tx.sessions.record(LOW))
    assert record is not None and [one.slack_user_id for one in record.acknowledgements] == [SAM]


@pytest.mark.promise("wrong_eyes")
async def test_the_buttons_of_a_direct_message_that_is_shown_act_for_its_reader_alone(office: Office) -> None:
    await started(office)
    message = await give(office, Destination(DestinationKind.PERSON, "olga"))
    assert message.text.startswith("Shadow mode: would have gone to Olga Observer as a direct message\n")
    where = {"channel_id": LAIR, "message_ts": message.ts}
    for action in (actions.DM_STOP, actions.DM_BELOW):
        for pressed_id in (action, actions.asked(action)):
            answer = await office.press(SAM, pressed_id, "", **where)
            assert answer is not None and SOMEONE_ELSES in answer.text
    wishes = await office.store.read(lambda tx: [tx.people.preferences(user) for user in (SAM, OLGA)])
    assert all(one.as_observer is None for one in wishes)


async def test_mute_on_a_shown_card_mutes_the_channel_that_it_is_meant_for(office: Office) -> None:
    rule = await office.rule(NORTH)
    await office.send()
    await started(office)
    card = await give(office, rule.destination, (rule.rule_id,))
    asked = await office.press(ADMIN, actions.MORE, "mute", channel_id=LAIR, message_ts=card.ts)
    assert asked is not None and f"Mute <#{NORTH}> for how long?" in asked.text
    first = buttons_of(asked)[0]
    await office.press(ADMIN, first["action_id"], first["value"], channel_id=LAIR, is_ephemeral=True)
    [mute] = await office.store.read(lambda tx: tx.mutes.running(office.clock.now()))
    assert mute.destination == rule.destination
    refused = await office.press(SAM, actions.MORE, "mute", channel_id=LAIR, message_ts=card.ts)
    assert refused is not None and "only admins of Spotter and the owners" in refused.text


async def test_mute_on_a_shown_direct_message_mutes_its_reader_and_nobody_else_may(office: Office) -> None:
    office.slack.workspace.channels[LAIR].members.append(OLGA)
    await started(office)
    message = await give(office, Destination(DestinationKind.PERSON, "olga"))
    where = {"channel_id": LAIR, "message_ts": message.ts}
    refused = await office.press(ADMIN, actions.MORE, "mute", **where)
    assert refused is not None and SOMEONE_ELSES in refused.text
    asked = await office.press(OLGA, actions.MORE, "mute", **where)
    assert asked is not None and "Mute your direct messages for how long?" in asked.text
    first = buttons_of(asked)[0]
    await office.press(OLGA, first["action_id"], first["value"], channel_id=LAIR, is_ephemeral=True)
    [mute] = await office.store.read(lambda tx: tx.mutes.running(office.clock.now()))
    assert mute.destination == Destination(DestinationKind.PERSON, "olga")


# ---- going live ------------------------------------------------------------------------------------------------------


async def test_it_asks_before_it_goes_live_and_says_what_was_shown(office: Office) -> None:
    rule = await office.rule(NORTH)
    await office.send()
    await started(office)
    await give(office, rule.destination, (rule.rule_id,))
    await give(office, Destination(DestinationKind.PERSON, "olga"))
    office.clock.advance(timedelta(days=6))
    status = await office.ask(ADMIN, "shadow")
    assert "In shadow mode for 6 d: 2 messages were shown in <#G0LAIR>, for 1 channel and 1 person." in status.text
    question = await office.ask(ADMIN, "shadow off")
    assert "2 messages were shown" in question.text and "What was shown is not sent again" in question.text
    assert await is_on(office)
    answer = await pressed(office, question, actions.GO_LIVE)
    assert "Spotter is live" in answer.text and "`/ojt setup` has a text that announces it in a channel" in answer.text
    assert not await is_on(office)
    assert "off already" in (await office.ask(ADMIN, "shadow off")).text


async def test_an_old_question_does_not_end_a_new_shadow_mode(office: Office) -> None:
    await started(office)
    question = await office.ask(ADMIN, "shadow off")
    await pressed(office, question, actions.GO_LIVE)
    office.clock.advance(timedelta(hours=1))
    await started(office)
    answer = await pressed(office, question, actions.GO_LIVE)
    assert await is_on(office) and buttons_of(answer)[0]["action_id"] == actions.GO_LIVE


# ---- how it stands ---------------------------------------------------------------------------------------------------


async def test_status_says_it_and_names_the_channel_to_admins_only(office: Office) -> None:
    await started(office)
    for user, names_it in ((ADMIN, True), (SAM, False)):
        said = everything_in(await office.ask(user, "status"))
        assert "Shadow mode is on since" in said and (LAIR in said) is names_it
    assert "shows everything in shadow mode" in (await office.ask(SAM, "status")).text


async def test_a_channel_that_is_closed_is_said_with_what_waits(office: Office) -> None:
    rule = await office.rule(NORTH)
    await office.send()
    await started(office)
    office.slack.workspace.channels[LAIR].is_private = False
    office.clock.advance(timedelta(minutes=6))
    one = Notification(
        kind=NotificationKind.SESSION,
        destination=rule.destination,
        subject=subject_of(LOW),
        reason="completed",
        session=LOW,
        rule_ids=(rule.rule_id,),
    )
    await office.store.transact(lambda tx: tx.notifications.enqueue(one, office.clock.now()))
    await office.send()
    assert shown(office) == []
    said = (await office.ask(ADMIN, "shadow")).text
    assert "Nothing can be shown there now (the channel has become public): 1 message waits" in said
    assert "waits: shadow mode can't show it in its channel" in (await office.ask(ADMIN, "why 10aa")).text
    await monitor(office).once()
    alerts = await office.store.read(lambda tx: [(one.code, dict(one.facts)) for one in tx.alerts.all()])
    assert ("shadow_closed", {"reason": "shadow_public"}) in alerts


def monitor(office: Office) -> Monitor:
    settings: Settings = settings_of(admins=frozenset({ADMIN}))
    probes = RuntimeProbes(disconnected_for=lambda: 0.0, disk_left=lambda: None)
    return Monitor(office.store, office.clock, probes, settings, wake=lambda: None)


async def test_after_a_week_admins_are_asked_once_whether_to_go_live(office: Office) -> None:
    await started(office)
    for passed in (SHADOW_WEEK - timedelta(minutes=1), timedelta(minutes=1), timedelta(days=1)):
        office.clock.advance(passed)
        await monitor(office).once()
        await office.send()
        asked = [
            one.text
            for one in office.slack.messages(office.slack.direct_message(ADMIN).id)
            if "Shadow mode has run" in one.text
        ]
        assert len(asked) == (office.clock.now() >= NOON + SHADOW_WEEK)
    assert "Shadow mode has run for 7 days" in asked[0] and "/ojt shadow off" in asked[0]
    await pressed(office, await office.ask(ADMIN, "shadow off"), actions.GO_LIVE)
    await monitor(office).once()
    codes = await office.store.read(lambda tx: [one.code for one in tx.alerts.all()])
    assert not any(code.startswith("shadow") for code in codes)


async def test_the_check_list_offers_it_and_follows_it(office: Office) -> None:
    assert "A first week in shadow mode. `/ojt shadow #channel`" in (await office.ask(ADMIN, "setup")).text
    await office.rule(NORTH)
    assert "Live: messages go to their channels and people" in (await office.ask(ADMIN, "setup")).text
    await started(office)
    said = (await office.ask(ADMIN, "setup")).text
    assert "Shadow mode: everything is shown in" in said and "`/ojt shadow off` asks first" in said
    assert "To post in a channel when you go live: " in said and "::" not in said and "type /ojt results" in said

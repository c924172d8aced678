"""Share here: who may, where, what they are asked first, what the channel reads, and when that is taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.blocks.actions import ConfirmShare, Share, decode, encode
from bot.demo.slack import Channel
from bot.demo.slack.wire import user_json
from bot.domain.changes import decide
from bot.domain.model import SessionKey, Targets
from bot.domain.notifications import Message
from bot.domain.staff import PersonStatus
from bot.listeners.events.lifecycle import account_changed, channel_changed
from bot.slack.contacts import SlackContacts
from bot.store.database import Tx
from tests.listeners.office import (
    ADMIN,
    BOT,
    COLLEAGUE,
    EMMA,
    FOREIGN,
    GUEST,
    LOW,
    NORTH,
    OLGA,
    OUTAGE,
    PUBLIC,
    SAM,
    SHARED,
    UNLINKED,
    Office,
    buttons_of,
    deliver_of,
    everything_in,
    facts,
)
from tests.listeners.test_people import change, refresh

pytestmark = pytest.mark.virtual_time

EVERYTHING = encode(Share(query=""))


def one(key: SessionKey) -> str:
    return encode(Share(session=key))


async def preview(office: Office, user: str, value: str, channel: str = NORTH) -> Message:
    answer = await office.press(user, actions.SHARE, value, channel_id=channel, is_ephemeral=True)
    assert answer is not None
    return answer


def confirmation(answer: Message) -> str:
    """What the yes of a preview would send; "" where there is no yes."""
    found = [button["value"] for button in buttons_of(answer) if button["action_id"] == actions.CONFIRM_SHARE]
    return str(found[0]) if found else ""


async def share(office: Office, user: str, value: str, channel: str = NORTH) -> Message:
    """Both presses, with everything owed being sent meanwhile."""
    office.sends_meanwhile()
    yes = confirmation(await preview(office, user, value, channel))
    assert yes, "there is nothing to confirm"
    answer = await office.press(user, actions.CONFIRM_SHARE, yes, channel_id=channel, is_ephemeral=True)
    assert answer is not None
    return answer


def offers(answer: Message) -> list[str]:
    return [str(button["value"]) for button in buttons_of(answer) if button["action_id"] == actions.SHARE]


def confirmed(channel: str, readers: int | None, value: str) -> str:
    """The value of a confirmation that nothing offered."""
    what = decode(Share, value)
    assert what is not None
    return encode(ConfirmShare(channel, 5, readers, what))


# ---- the button --------------------------------------------------------------------------------------------------


async def test_admins_are_offered_to_share_lists_and_sessions_employees_their_own(office: Office) -> None:
    assert offers(await office.ask(ADMIN, "results outcome:failed")) == [encode(Share(query="outcome:failed"))]
    assert offers(await office.ask(ADMIN, "show 50ee")) == [one(FOREIGN)]
    assert offers(await office.ask(EMMA, "show 10aa")) == [one(LOW)]
    for user, typed in ((EMMA, "results"), (OLGA, "show 10aa"), (SAM, "show 10aa"), (SAM, "results")):
        assert offers(await office.ask(user, typed)) == []


async def test_a_list_about_somebody_mentioned_is_shared_though_nobody_had_met_them(office: Office) -> None:
    await share(office, ADMIN, encode(Share(query="employee:<@U0EMMA> outcome:completed")))
    assert len(await office.posted(NORTH)) == 1


async def test_it_is_said_who_will_see_it_before_anything_is_posted(office: Office) -> None:
    members = len(office.slack.workspace.channels[NORTH].members) - 1
    private = await preview(office, EMMA, one(LOW))
    assert "#north" in private.text and "private channel" in private.text and f"{members} members" in private.text
    public = await preview(office, ADMIN, EVERYTHING, PUBLIC)
    assert "#public" in public.text and "everybody in the workspace" in public.text and "6 sessions" in public.text
    await office.send()
    assert await office.posted(NORTH) == [] == await office.posted(PUBLIC)


# ---- what is posted ----------------------------------------------------------------------------------------------


async def test_a_shared_session_is_a_card_under_the_name_of_who_shared_it(office: Office) -> None:
    answer = await share(office, EMMA, one(LOW))
    assert "it is posted here" in answer.text
    [card] = office.slack.messages(NORTH)
    assert card.text.startswith("<@U0EMMA> shared this session.") and "72 %, below target" in card.text
    assert card.text.count("10aa0000") == 1
    assert card.metadata is not None and set(card.metadata["event_payload"]) == {"delivery"}
    assert (EMMA, "share", f"channel:{NORTH}:session:{LOW.session_id}") in await office.audit_log()


async def test_a_shared_list_names_the_query_and_every_session_once(office: Office) -> None:
    await share(office, ADMIN, encode(Share(query="outcome:failed")))
    [posted] = office.slack.messages(NORTH)
    assert posted.text.startswith("<@U0ADMIN> shared 3 sessions (with a low result)")
    for short in ("10aa0000", "40dd0000", "50ee0000"):
        assert posted.text.count(short) == 1
    assert "20bb0000" not in posted.text


async def test_a_long_list_is_cut_at_twenty_five_and_says_so(office: Office) -> None:
    def more(tx: Tx) -> None:
        for number in range(40):
            key = SessionKey(f"{number:08x}-0000-4000-8000-000000000000", "emma")
            change = decide(
                None, facts(key, "olga", result=50.0, days_ago=5), now=office.clock.now(), targets=Targets()
            )
            assert change is not None
            tx.sessions.save(change, b"12345678")

    await office.store.transact(more)
    await share(office, ADMIN, EVERYTHING)
    [posted] = office.slack.messages(NORTH)
    assert "the first 25 of 46 sessions" in posted.text
    assert sum(" · 000000" in line for line in posted.text.splitlines()) >= 20


async def test_a_correction_edits_what_was_shared(office: Office) -> None:
    await share(office, EMMA, one(LOW))
    await share(office, ADMIN, encode(Share(query="outcome:failed")))
    await correct(office, LOW, 99.0)
    await office.send()
    alone, among_others = office.slack.messages(NORTH)
    assert "72 % → 99 %, now met target 80 %" in alone.text and alone.text.startswith("<@U0")
    assert "Met target 80 %:\nEmma Employee 99 % (was 72 %)" in among_others.text and among_others.text.startswith(
        "<@U0"
    )


async def correct(office: Office, key: SessionKey, result: float) -> None:
    """iSpring says another result."""

    def work(tx: Tx) -> None:
        before = tx.sessions.get(key)
        assert before is not None
        now = office.clock.now() + timedelta(minutes=1)
        changed = decide(before, before.facts._replace(result=result), now=now, targets=Targets(default=80.0))
        assert changed is not None
        tx.sessions.save(changed, b"87654321")

    await office.store.transact(work)


async def test_details_of_what_was_shared_open_for_the_channels_members_only(office: Office) -> None:
    await share(office, ADMIN, one(FOREIGN))
    [card] = office.slack.messages(NORTH)
    assert "Zoltan Kovacs" in everything_in(await office.press_details(UNLINKED, FOREIGN, message_ts=card.ts))
    assert "Zoltan" not in everything_in(await office.press_details(GUEST, FOREIGN, message_ts=card.ts))
    assert "Zoltan" not in everything_in(await office.press_details(UNLINKED, FOREIGN))


async def test_details_stay_shut_where_whoever_shared_it_may_share_it_no_longer(office: Office) -> None:
    while_admin = where_admin_is(office, SAM)
    await share(while_admin, SAM, one(LOW))
    [card] = office.slack.messages(NORTH)
    assert "Till check" in everything_in(await while_admin.press_details(UNLINKED, LOW, message_ts=card.ts))
    # Sam still supervises Emma, and may see her session; to share it was an admin's right.
    said = everything_in(await office.press_details(UNLINKED, LOW, message_ts=card.ts))
    assert "Till check" not in said and "may not see" in said


def where_admin_is(office: Office, user: str) -> Office:
    """The same office under a setting that names another admin."""
    contacts = SlackContacts(office.ctx.messenger, office.store, office.clock, {user})
    other = office.with_store(office.store, contacts)
    return replace(other, deliver=deliver_of(other.ctx, user))


# ---- who may not, and where not ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "value", "reason"),
    [
        (OLGA, one(LOW), "only admins of Spotter, and the employee"),
        (SAM, one(LOW), "only admins of Spotter, and the employee"),
        (EMMA, one(FOREIGN), "no such session among those you may see"),
        (EMMA, EVERYTHING, "only admins of Spotter share lists"),
        (SAM, EVERYTHING, "only admins of Spotter share lists"),
        (UNLINKED, one(LOW), "no active person in iSpring"),
        (GUEST, EVERYTHING, "guest"),
    ],
)
async def test_what_comes_back_from_a_button_is_checked_anew(
    office: Office, user: str, value: str, reason: str
) -> None:
    answer = await preview(office, user, value)
    assert reason in answer.text and not confirmation(answer)
    answered = await office.press(user, actions.CONFIRM_SHARE, confirmed(NORTH, 9, value), channel_id=NORTH)
    assert answered is not None and reason in answered.text
    await office.send()
    assert await office.posted(NORTH) == [] and await office.audit_log() == []


async def test_a_forged_button_does_not_say_whether_a_session_of_others_exists(office: Office) -> None:
    absent = FOREIGN._replace(session_id="a0ee0000-0000-4000-8000-000000000000")
    answers = [await preview(office, EMMA, one(key)) for key in (FOREIGN, absent)]
    assert answers[0] == answers[1]


@pytest.mark.promise("shared_outside")
async def test_results_are_never_shared_with_another_company_nor_in_direct_messages(office: Office) -> None:
    assert "another company" in (await preview(office, ADMIN, EVERYTHING, SHARED)).text
    assert "this is none" in (await preview(office, ADMIN, EVERYTHING, office.slack.direct_message(ADMIN).id)).text
    for channel in (SHARED, office.slack.direct_message(ADMIN).id):
        await office.press(ADMIN, actions.CONFIRM_SHARE, confirmed(channel, None, EVERYTHING), channel_id=channel)
        assert await office.posted(channel) == []


async def test_a_channel_shared_outside_between_the_two_presses_gets_nothing(office: Office) -> None:
    yes = confirmation(await preview(office, ADMIN, EVERYTHING))
    office.slack.workspace.channels[NORTH].is_ext_shared = True
    answer = await office.press(ADMIN, actions.CONFIRM_SHARE, yes, channel_id=NORTH)
    assert answer is not None and "another company" in answer.text
    await office.send()
    assert await office.posted(NORTH) == []


async def waits(office: Office, user: str, value: str) -> None:
    """Confirmed, while Slack takes nothing yet."""
    yes = confirmation(await preview(office, user, value))
    ctx = replace(office.ctx, timeout=0.0)
    await replace(office, ctx=ctx).press(user, actions.CONFIRM_SHARE, yes, channel_id=NORTH)


@pytest.mark.promise("shared_outside")
@pytest.mark.parametrize("is_told_by_event", [True, False])
async def test_what_waits_to_be_shared_stays_where_the_channel_is_shared_outside_meanwhile(
    office: Office, is_told_by_event: bool
) -> None:
    await waits(office, ADMIN, one(FOREIGN))
    office.slack.workspace.channels[NORTH].is_ext_shared = True
    if is_told_by_event:
        await channel_changed(office.ctx, NORTH, "shared_outside")
    await office.send()
    assert await office.posted(NORTH) == []


async def test_a_channel_where_something_was_shared_is_shut_once_it_is_shared_outside(office: Office) -> None:
    await share(office, EMMA, one(LOW))
    office.slack.workspace.channels[NORTH].is_ext_shared = True
    await channel_changed(office.ctx, NORTH, "shared_outside")
    await correct(office, LOW, 99.0)
    await office.send()
    [posted] = office.slack.messages(NORTH)
    assert "99" not in posted.text


async def test_who_shares_is_answered_why_nothing_was_posted(office: Office) -> None:
    yes = confirmation(await preview(office, ADMIN, one(FOREIGN)))

    def share_outside() -> None:
        office.slack.workspace.channels[NORTH].is_ext_shared = True

    office.sends_meanwhile(share_outside)
    answer = await office.press(ADMIN, actions.CONFIRM_SHARE, yes, channel_id=NORTH)
    assert answer is not None and "Nothing was posted: the channel is shared with another company" in answer.text
    assert await office.posted(NORTH) == []


@pytest.mark.promise("became_public")
async def test_a_channel_that_turned_public_between_the_two_presses_is_asked_about_again(office: Office) -> None:
    office.sends_meanwhile()
    yes = confirmation(await preview(office, ADMIN, one(LOW)))
    office.slack.workspace.channels[NORTH].is_private = False
    again = await office.press(ADMIN, actions.CONFIRM_SHARE, yes, channel_id=NORTH)
    assert (
        again is not None
        and "more people can read it here" in again.text
        and "everybody in the workspace" in again.text
    )
    assert await office.posted(NORTH) == [] and await office.audit_log() == []
    done = await office.press(ADMIN, actions.CONFIRM_SHARE, confirmation(again), channel_id=NORTH)
    assert done is not None and "it is posted here" in done.text
    assert len(await office.posted(NORTH)) == 1


async def test_more_members_than_were_named_are_asked_about_again_and_fewer_are_not(office: Office) -> None:
    office.sends_meanwhile()
    members = office.slack.workspace.channels[NORTH].members
    yes = confirmation(await preview(office, ADMIN, one(LOW)))
    members.append("U0LATE")
    again = await office.press(ADMIN, actions.CONFIRM_SHARE, yes, channel_id=NORTH)
    assert again is not None and f"{len(members) - 1} members" in again.text
    members.remove(UNLINKED)
    assert "it is posted here" in everything_in(
        await office.press(ADMIN, actions.CONFIRM_SHARE, confirmation(again), channel_id=NORTH)
    )


async def test_what_waits_to_be_shared_is_not_posted_where_the_channel_turns_public_meanwhile(office: Office) -> None:
    await waits(office, ADMIN, EVERYTHING)
    office.slack.workspace.channels[NORTH].is_private = False
    await office.send()
    assert await office.posted(NORTH) == []
    [notified] = await office.store.read(lambda tx: tx.deliveries.of_session(LOW))
    assert notified.cancelled == "its channel has turned public since it was shared"


async def test_the_bot_and_who_shares_must_be_in_the_channel(office: Office) -> None:
    assert "/invite" in (await preview(office, ADMIN, EVERYTHING, OUTAGE)).text
    office.slack.workspace.add_channel(Channel(id="C0ALONE", name="alone", members=[BOT, SAM]))
    assert "you are not in this channel" in (await preview(office, ADMIN, EVERYTHING, "C0ALONE")).text


async def test_a_yes_counts_only_where_it_was_asked_for(office: Office) -> None:
    yes = confirmation(await preview(office, ADMIN, EVERYTHING))
    answer = await office.press(ADMIN, actions.CONFIRM_SHARE, yes, channel_id=PUBLIC)
    assert answer is not None and "no longer means anything" in answer.text


# ---- again, and later --------------------------------------------------------------------------------------------


async def test_a_yes_that_comes_twice_posts_once(office: Office) -> None:
    office.sends_meanwhile()
    yes = confirmation(await preview(office, ADMIN, EVERYTHING))
    for _ in range(3):
        await office.press(ADMIN, actions.CONFIRM_SHARE, yes, channel_id=NORTH)
    await office.send()
    assert len(await office.posted(NORTH)) == 1
    assert [verb for _, verb, _ in await office.audit_log()] == ["share"]


async def test_nothing_goes_out_for_who_may_no_longer_share_at_sending(office: Office) -> None:
    yes = confirmation(await preview(office, EMMA, one(LOW)))
    ctx = replace(office.ctx, timeout=0.0)
    await replace(office, ctx=ctx).press(EMMA, actions.CONFIRM_SHARE, yes, channel_id=NORTH)
    await change(office, "emma", status=PersonStatus.INACTIVE)
    await office.send()
    assert await office.posted(NORTH) == []


async def test_what_was_shared_is_taken_back_at_the_next_edit_where_who_shared_it_lost_the_right(
    office: Office,
) -> None:
    await share(office, EMMA, one(LOW))
    await share(office, ADMIN, encode(Share(query='employee:"Yves Colleague"')))
    await refresh(office, ADMIN, is_restricted=True)
    await office.ask(SAM, f"unlink <@{EMMA}>")
    await office.store.transact(lambda tx: tx.people.block_link(EMMA, ADMIN, office.clock.now()))
    await correct(office, LOW, 99.0)
    await correct(office, COLLEAGUE, 12.0)
    await office.send()
    for posted in office.slack.messages(NORTH):
        said = everything_in({"text": posted.text, "blocks": posted.blocks})
        for hidden in ("Emma", "Yves", "Olga", "Xenia", "Till check", "72", "99", "66", "12 %"):
            assert hidden not in said.replace("U0EMMA", ""), said


async def test_an_admin_who_shared_is_still_known_after_months_and_loses_it_with_their_account(office: Office) -> None:
    await share(office, ADMIN, one(FOREIGN))
    await office.store.transact(lambda tx: tx.retention.forget(office.clock.now() + timedelta(days=90), None))
    admin = office.slack.workspace.users[ADMIN]
    admin.deleted = True
    await office.ctx.contacts.doubt(user_json(admin, office.clock.now(), with_email=True))
    await account_changed(office.ctx, ADMIN)
    await correct(office, FOREIGN, 99.0)
    await office.send()
    [posted] = office.slack.messages(NORTH)
    assert "Zoltan" not in posted.text and "99" not in posted.text

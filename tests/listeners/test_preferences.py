"""Which direct messages a person gets: in words, in the form and by the buttons of a message, for the same rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from bot.blocks import actions
from bot.blocks.settings_form import which_input
from bot.blocks.why import ON_TERMINAL, reason_lines
from bot.domain.kinds import KINDS
from bot.domain.notifications import DestinationKind, Message, NotificationKind
from bot.domain.preferences import NOTHING, Choice, Often, Role
from bot.domain.rules import Rule, RuleForm, RuleState
from bot.domain.schedules import due
from bot.domain.viewers import DirectMessages, Preferences
from bot.services.digests import digest_notification, schedule_of
from bot.services.explain import explain
from bot.services.preferences import Defaults, in_role
from bot.store.database import Tx
from tests.listeners.office import (
    ADMIN,
    EMMA,
    GUEST,
    HIGH,
    LOW,
    OLGA,
    SAM,
    UNLINKED,
    Office,
    buttons_of,
    everything_in,
    suggestions_of,
)
from tests.listeners.test_quiet import NIGHT, go_to, owe, read_people

pytestmark = pytest.mark.virtual_time

OFTEN = ("instantly", "daily 08:00", "weekly fri 17:30", "never")
WHICH = ("all", "below target", "below 70", "below 72.5")
INPUTS = {Role.OBSERVER: "as_observer", Role.EMPLOYEE: "as_employee", Role.SUPERVISOR: "as_supervisor"}


async def choice(office: Office, user: str, role: Role) -> Choice:
    viewer = await office.ctx.contacts.viewer(user)
    return (await office.store.read(lambda tx: in_role(tx, viewer, role, Defaults()))).choice


async def rules_of(office: Office, person: str) -> list[Rule]:
    found = await office.store.read(lambda tx: tx.rules.all((RuleState.ACTIVE,)))
    return [one for one in found if (one.destination.kind, one.destination.id) == (DestinationKind.PERSON, person)]


async def preferences(office: Office, user: str) -> Preferences:
    return await office.store.read(lambda tx: tx.people.preferences(user))


async def form_of(office: Office, user: str, action: str = actions.HOME_SETTINGS, value: str = "") -> dict[str, Any]:
    await office.press(user, action, value, trigger_id=await office.trigger(user))
    form = office.slack.modal_of(user)
    assert form is not None
    return form.payload


def filled_in(form: dict[str, Any]) -> dict[str, str]:
    """What a form says when it is submitted untouched."""
    elements = [block["element"] for block in form["blocks"] if block["type"] == "input"]
    return {
        one["action_id"]: one.get("initial_option", {}).get("value", one.get("initial_value", "")) for one in elements
    }


# ---- in words and in the form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("often", "which"), [*product(OFTEN[:-1], WHICH), ("never", "")])
@pytest.mark.parametrize("role", Role)
async def test_every_combination_is_one_rule_or_choice_and_the_form_shows_it(
    office: Office, role: Role, often: str, which: str
) -> None:
    before = await choice(office, SAM, role)
    answer = await office.ask(SAM, f"settings {role} {often} {which}".strip())
    assert "Saved" in answer.text, answer.text
    chosen = await choice(office, SAM, role)
    assert str(chosen) == f"{often} {which}{' %' if which[-1:].isdigit() else ''}".removesuffix(" all").strip()
    rules = await rules_of(office, "sam")
    is_digest = chosen.often in (Often.DAILY, Often.WEEKLY)
    is_rule = is_digest or (role is Role.SUPERVISOR and chosen.often is Often.INSTANTLY)
    assert [one.options.form for one in rules] == [RuleForm.DIGEST if is_digest else RuleForm.RESULTS] * is_rule
    form = filled_in(await form_of(office, SAM))
    assert (form[INPUTS[role]], form.get(actions.INPUT_TIME)) == (
        chosen.often, f"{chosen.schedule.at:%H:%M}" if chosen.schedule else "09:00",
    )  # fmt: skip
    if chosen != NOTHING:
        assert form[which_input(role)] == {"all": "all", "below target": "target"}.get(which, which[6:])
    # An untouched form changes nothing.
    audit = await office.audit_log()
    assert await office.submit(SAM, actions.SETTINGS_FORM, **form) == {}
    assert await choice(office, SAM, role) == chosen
    assert await office.audit_log() == audit
    if chosen != before:
        [undo] = [one for one in buttons_of(answer) if one["action_id"] == actions.SET_CHOICE]
        await office.press(SAM, undo["action_id"], undo["value"])
    assert await choice(office, SAM, role) == before
    assert await rules_of(office, "sam") == []


async def test_the_form_saves_everything_that_it_shows(office: Office) -> None:
    form = filled_in(await form_of(office, SAM))
    assert form == {
        "as_observer": "instantly", "which_observer": "all", "as_employee": "never", "which_employee": "all",
        "as_supervisor": "never", "which_supervisor": "all", "digest_time": "09:00", "digest_day": "monday",
        "own_actions": "on", "quiet": "", "holidays": "off", "remind_late": "on", "remind_planned": "off",
    }  # fmt: skip
    changed = {
        **form, "as_observer": "daily", "which_observer": "70", "as_supervisor": "weekly", "which_supervisor": "target",
        "digest_time": "07:00", "digest_day": "friday", "own_actions": "off", "quiet": "20-7 weekend",
        "holidays": "on", "remind_planned": "on",
    }  # fmt: skip
    assert await office.submit(SAM, actions.SETTINGS_FORM, **changed) == {}
    assert str(await choice(office, SAM, Role.OBSERVER)) == "daily 07:00 below 70 %"
    assert str(await choice(office, SAM, Role.SUPERVISOR)) == "weekly fri 07:00 below target"
    quiet, reminders = await office.store.read(lambda tx: (tx.quiet_times.of(SAM), tx.reminders.choices(SAM)))
    assert (str(quiet), quiet.holidays) == ("20:00-07:00 sat sun", True)
    assert (reminders.late, reminders.planned) == (True, True)
    assert (await preferences(office, SAM)).own_actions is False
    assert office.nudges
    said = (await office.ask(SAM, "settings")).text
    for expected in (
        "Sessions you observe: you get a digest daily 07:00 of scores below 70\u00a0%. The next one comes 19 Mar 2026",
        "others observe: you get a digest weekly fri 07:00 of those below target or failed. The next one comes 20 Mar",
        "Quiet time 20:00-07:00 sat sun and holidays (Europe/London)",
        "You are not told of what you completed or acknowledged yourself.",
        "Reminders: of what is late and each morning of what is planned.",
    ):
        assert expected.replace("\u00a0", " ") in said.replace("\u00a0", " "), said
    assert "a digest daily 07:00" in everything_in(await office.home(SAM))


async def test_a_mistake_in_the_form_saves_nothing(office: Office) -> None:
    form = filled_in(await form_of(office, SAM))
    wrong = {**form, "as_supervisor": "daily", "quiet": "sometimes", "which_observer": "0", "digest_time": "25:00"}
    mistakes = await office.submit(SAM, actions.SETTINGS_FORM, **wrong)
    assert mistakes == {
        "quiet": "“sometimes” is no time and no day of the week.",
        "which_observer": "Choose one from the list.",
        "digest_time": "Choose one from the list.",
    }
    assert await rules_of(office, "sam") == []


async def test_only_who_has_people_in_their_charge_chooses_as_supervisor(office: Office) -> None:
    assert "as_supervisor" not in filled_in(await form_of(office, EMMA))
    assert "you are in charge of nobody" in (await office.ask(EMMA, "settings supervisor daily")).text
    assert await office.submit(EMMA, actions.SETTINGS_FORM, as_supervisor="daily") == {}
    answer = await office.press(EMMA, actions.SET_CHOICE, actions.encode(actions.SetChoice({"supervisor": "daily"})))
    assert answer is not None and "you are in charge of nobody" in answer.text
    assert await rules_of(office, "emma") == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("observer below 0", "A percentage over 0 and up to 100"),
        ("observer never instantly", "exclude each other"),
        ("boss daily", "“boss” is no setting"),
        ("own perhaps", "are on or off"),
        ("quiet sometimes", "no time and no day of the week"),
    ],
)
async def test_a_mistake_is_answered_with_what_to_type(office: Office, typed: str, why: str) -> None:
    answer = await office.ask(OLGA, f"settings {typed}")
    assert why in answer.text and suggestions_of(answer)
    assert await preferences(office, OLGA) == Preferences()


@pytest.mark.parametrize("nobody", [GUEST, UNLINKED, "U0STRANGER"])
@pytest.mark.parametrize("typed", ["observer daily", "supervisor instantly", "own off"])
async def test_who_is_nobody_is_refused(office: Office, nobody: str, typed: str) -> None:
    answer = await office.ask(nobody, f"settings {typed}")
    assert "Saved" not in answer.text
    assert await office.audit_log() == []


async def test_what_a_command_made_is_the_same_rule(office: Office) -> None:
    proposal = await office.ask(OLGA, "digest daily 08:00 observer:me for me", "D0OLGA")
    save = next(one for one in buttons_of(proposal) if one["action_id"].startswith(actions.SAVE_DIGEST))
    await office.press(OLGA, save["action_id"], save["value"], channel_id="D0OLGA")
    [made] = await rules_of(office, "olga")
    await office.ask(OLGA, "settings observer daily 07:00")
    [edited] = await rules_of(office, "olga")
    assert (edited.rule_id, edited.options.schedule) == (made.rule_id, "daily 07:00")
    await office.ask(OLGA, "settings observer instantly")
    assert await rules_of(office, "olga") == []


async def test_a_digest_that_a_mute_skips_is_not_announced(office: Office) -> None:
    await office.ask(OLGA, "settings observer daily 08:00")
    assert "The next one comes 19 Mar 2026, 08:00" in (await office.ask(OLGA, "settings")).text
    await office.ask(OLGA, "mute 3d", "D0OLGA")
    said = (await office.ask(OLGA, "settings")).text
    assert "Muted until 21 Mar 2026, 12:00" in said and "The next one comes 22 Mar 2026, 08:00" in said


async def test_another_rule_of_a_person_is_named_with_when_it_comes(office: Office) -> None:
    await office.ask(OLGA, "quiet 20:00-10:00")
    proposal = await office.ask(OLGA, "digest monthly 1 09:00 for me", "D0OLGA")
    save = next(one for one in buttons_of(proposal) if one["action_id"].startswith(actions.SAVE_DIGEST))
    await office.press(OLGA, save["action_id"], save["value"], channel_id="D0OLGA")
    said = (await office.ask(OLGA, "settings")).text
    assert "Rule 1 for you alone: a digest of all sessions, monthly 1 09:00" in said
    assert "The next one comes 1 Apr 2026, 09:00 UTC" in said, "10:00 in London is 09:00 UTC by then"


# ---- the buttons of a message ---------------------------------------------------------------------------------------


async def sent_to_olga(office: Office) -> dict[str, str]:
    """Where a direct message of hers is."""

    await owe(office, LOW)
    await office.deliver.once(limit_seconds=60)
    (posted,) = office.slack.messages(office.slack.direct_message(OLGA).id)
    return {"channel_id": posted.channel, "message_ts": posted.ts}


async def test_fewer_like_this_opens_the_part_of_the_form_about_it(office: Office) -> None:
    where = await sent_to_olga(office)
    (posted,) = office.slack.messages(where["channel_id"])
    [fewer] = [one for one in buttons_of(Message("", tuple(posted.blocks))) if one["action_id"] == actions.DM_FEWER]
    await office.press(OLGA, fewer["action_id"], fewer["value"], trigger_id=await office.trigger(OLGA), **where)
    form = office.slack.modal_of(OLGA)
    assert form is not None
    values = filled_in(form.payload)
    assert set(values) == {"as_observer", "which_observer", "digest_time", "digest_day", "own_actions"}
    assert await office.submit(OLGA, actions.SETTINGS_FORM, **{**values, "as_observer": "daily"}) == {}
    assert str(await choice(office, OLGA, Role.OBSERVER)) == "daily 09:00"


async def test_fewer_reminders(office: Office) -> None:
    values = filled_in(await form_of(office, OLGA, actions.DM_FEWER, "reminders"))
    assert values == {"remind_late": "on", "remind_planned": "off"}
    assert await office.submit(OLGA, actions.SETTINGS_FORM, remind_late="off", remind_planned="off") == {}
    assert (await office.store.read(lambda tx: tx.reminders.choices(OLGA))).late is False


@pytest.mark.parametrize("action", [actions.DM_STOP, actions.DM_BELOW, actions.DM_ALL, actions.DM_FEWER])
async def test_a_button_on_another_persons_message_is_refused(office: Office, action: str) -> None:
    where = await sent_to_olga(office)
    value = "observer" if action == actions.DM_FEWER else ""
    for name in (action, actions.asked(action)):
        answer = await office.press(EMMA, name, value, trigger_id=await office.trigger(EMMA), **where)
        assert answer is not None and "sent to somebody else" in answer.text
    assert office.slack.modal_of(EMMA) is None
    assert await preferences(office, EMMA) == Preferences()


async def test_the_buttons_work_after_the_message_and_its_session_are_gone(office: Office) -> None:
    where = {"channel_id": office.slack.direct_message(OLGA).id, "message_ts": "1500000000.000100"}
    asked = await office.press(OLGA, actions.DM_STOP, **where)
    assert asked is not None and "From now on, of sessions you observe you would get nothing" in asked.text
    assert await preferences(office, OLGA) == Preferences()
    stopped = await office.press_yes(OLGA, asked, **where)
    assert stopped is not None and "you get nothing (before: every completed session)" in stopped.text
    assert (await preferences(office, OLGA)).as_observer is DirectMessages.NONE
    [undo] = [one for one in buttons_of(stopped) if one["action_id"] == actions.SET_CHOICE]
    await office.press(OLGA, undo["action_id"], undo["value"], **where)
    assert await preferences(office, OLGA) == Preferences()


async def test_stop_ends_the_digest_of_a_role_too_and_undo_brings_it_back(office: Office) -> None:
    await office.ask(OLGA, "settings observer daily 08:00 below 70")
    stopped = await office.press(OLGA, actions.asked(actions.DM_STOP), "", channel_id="D0OLGA")
    assert stopped is not None and await rules_of(office, "olga") == []
    [undo] = [one for one in buttons_of(stopped) if one["action_id"] == actions.SET_CHOICE]
    await office.press(OLGA, undo["action_id"], undo["value"])
    assert str(await choice(office, OLGA, Role.OBSERVER)) == "daily 08:00 below 70 %"


# ---- own actions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_its_reader_acknowledged_while_it_was_held(office: Office, is_told: bool) -> None:

    await office.ask(SAM, "quiet 20:00-07:00")
    if not is_told:
        await office.ask(SAM, "settings own off")
    rule = await the_teams_low_results(office)
    await go_to(office, NIGHT)
    await owe(office, LOW, HIGH, to="person:sam", rules=(rule.rule_id,))
    await office.press(SAM, actions.ACKNOWLEDGE, actions.session_value(LOW))
    await go_to(office, datetime(2026, 3, 19, 7, 0, 1, tzinfo=UTC))
    await office.deliver.once(limit_seconds=60)
    (posted,) = office.slack.messages(office.slack.direct_message(SAM).id)
    assert ("72\u00a0%" in posted.text.replace(" %", "\u00a0%")) is is_told
    if not is_told:
        assert "they acknowledged it themselves" in (await office.ask(ADMIN, "why 10aa0000")).text


async def the_teams_low_results(office: Office) -> Rule:
    await office.ask(SAM, "settings supervisor instantly below target")
    [rule] = await rules_of(office, "sam")
    return rule


# ---- quiet time -----------------------------------------------------------------------------------------------------


async def set_zone(office: Office, zone: str, user: str = SAM) -> None:
    def move(tx: Tx) -> None:
        seen = tx.people.slack_user(user)
        assert seen is not None
        tx.people.save_slack_user(replace(seen[0], zone=zone), office.clock.now())

    await office.store.transact(move)


# Slack's zone, when it comes, when the quiet time ends: the nights of both changes of the clock, and a moved profile.
NIGHTS = [
    ("Europe/London", "", datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),
    ("Europe/London", "", datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ("Australia/Sydney", "", datetime(2026, 4, 4, 12, tzinfo=UTC), datetime(2026, 4, 4, 21, tzinfo=UTC)),
    ("Asia/Kolkata", "", datetime(2026, 3, 20, 18, tzinfo=UTC), datetime(2026, 3, 21, 1, 30, tzinfo=UTC)),
    ("Europe/London", "Asia/Tokyo", datetime(2026, 3, 20, 20, 30, tzinfo=UTC), datetime(2026, 3, 20, 22, tzinfo=UTC)),
]


@pytest.mark.promise("quiet_time")
@pytest.mark.parametrize(("zone", "moved_to", "at", "ends"), NIGHTS)
async def test_the_teams_low_result_is_held_and_comes_once(
    office: Office, zone: str, moved_to: str, at: datetime, ends: datetime
) -> None:

    await office.ask(SAM, "quiet 20:00-07:00")
    await set_zone(office, zone)
    rule = await the_teams_low_results(office)
    await go_to(office, at)
    await read_people(office)
    await set_zone(office, moved_to or zone)
    await owe(office, LOW, to="person:sam", rules=(rule.rule_id,))
    await office.deliver.once(until_idle=False)
    direct = office.slack.direct_message(SAM).id
    assert office.slack.messages(direct) == []
    why = (await office.ask(SAM, "why 10aa0000")).text
    assert f"waits: it is their quiet time until {ends:%-d %b %Y, %H:%M}" in why
    now = office.clock.now()
    found = await office.store.read(lambda tx: explain(tx, LOW, owners={}, now=now))
    assert found is not None
    assert any(f"quiet time until {ends:%Y-%m-%d %H:%M}" in line for line in reason_lines(found, ON_TERMINAL))
    assert f"It is quiet now, until {ends:%-d %b %Y, %H:%M}" in (await office.ask(SAM, "settings")).text
    await go_to(office, ends - timedelta(seconds=5))
    await office.deliver.once(until_idle=False)
    assert office.slack.messages(direct) == []
    await go_to(office, ends + timedelta(seconds=1))
    await office.deliver.once(limit_seconds=60)
    assert len(office.slack.messages(direct)) == 1
    await office.deliver.once(limit_seconds=60)
    assert len(office.slack.messages(direct)) == 1


@pytest.mark.promise("quiet_time")
async def test_a_digest_in_quiet_time_comes_afterwards_with_its_buttons(office: Office) -> None:

    await office.ask(SAM, "quiet 20:00-07:00")
    await office.ask(SAM, "settings supervisor daily 06:00")
    [rule] = await rules_of(office, "sam")
    schedule = schedule_of(rule)
    assert schedule is not None
    await go_to(office, datetime(2026, 3, 19, 6, 0, 1, tzinfo=UTC))
    await read_people(office)
    slot = due(schedule, UTC, office.clock.now(), after=rule.created_at)
    assert slot is not None
    now = office.clock.now()
    await office.store.transact(
        lambda tx: tx.notifications.enqueue(digest_notification(rule, schedule, UTC, slot), now)
    )
    await office.deliver.once(until_idle=False)
    direct = office.slack.direct_message(SAM).id
    assert office.slack.messages(direct) == []
    assert "The next one comes 20 Mar 2026, 07:00" in (await office.ask(SAM, "settings")).text
    await go_to(office, datetime(2026, 3, 19, 7, 0, 1, tzinfo=UTC))
    await office.deliver.once(limit_seconds=60)
    (posted,) = office.slack.messages(direct)
    assert "Daily digest" in posted.text and "Colleague" in posted.text
    names = [one["action_id"] for one in buttons_of(Message("", tuple(posted.blocks)))]
    assert actions.DM_FEWER in names
    assert actions.asked(actions.action_id(actions.UNSUBSCRIBE, rule.rule_id)) in names


def test_every_kind_waits_for_quiet_time_but_alerts() -> None:
    assert {kind for kind, spec in KINDS.items() if spec.ignores_quiet} == {NotificationKind.OPS}


@pytest.mark.parametrize("words", ["employee instantly", "own off", "quiet 20:00-07:00", "reminders off"])
async def test_a_setting_that_was_made_is_not_called_unused(office: Office, words: str) -> None:
    assert "I did not use" not in (await office.ask(OLGA, f"settings {words}")).text

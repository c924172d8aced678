"""Direct-message settings."""

import pytest

from bot.blocks import actions
from bot.domain.viewers import DirectMessages, Preferences
from tests.listeners.office import GUEST, OLGA, UNLINKED, Office, everything_in

pytestmark = pytest.mark.virtual_time


async def preferences(office: Office, user: str) -> Preferences:
    return await office.store.read(lambda tx: tx.people.preferences(user))


async def test_settings_show_the_defaults_in_effect(office: Office) -> None:
    said = (await office.ask(OLGA, "settings")).text
    assert "Olga Observer in iSpring" in said
    assert "Sessions you observe: you get every completed session (the default here)" in said
    assert "Your own sessions: you get nothing (the default here)" in said


async def test_what_was_saved_is_said_and_nothing_else(office: Office) -> None:
    assert (await office.ask(OLGA, "settings own off")).text.startswith("Saved: You are not told of what you completed")
    assert (await office.ask(OLGA, "settings own off")).text.startswith("It is so already: You are not told")
    for typed in ("settings observer daily 09:00", "settings own on", "settings observer low only"):
        answer = (await office.ask(OLGA, typed)).text
        assert "Saved" in answer and "I did not use" not in answer


async def test_a_menu_changes_one_setting_and_leaves_the_other(office: Office) -> None:
    await office.press(OLGA, actions.SET_EMPLOYEE, "all")
    answer = await office.press(OLGA, actions.SET_OBSERVER, "below")
    assert answer is not None and "only those below target or failed" in answer.text
    assert await preferences(office, OLGA) == Preferences(DirectMessages.BELOW, DirectMessages.ALL)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (actions.DM_BELOW, DirectMessages.BELOW),
        (actions.DM_STOP, DirectMessages.NONE),
        (actions.DM_ALL, DirectMessages.ALL),
    ],
)
async def test_the_buttons_in_a_direct_message_change_it(office: Office, action: str, kind: DirectMessages) -> None:
    asked = await office.press(OLGA, action, channel_id="D0OLGA")
    assert asked is not None and "From now on, of sessions you observe you would get" in asked.text
    assert await preferences(office, OLGA) == Preferences()
    answer = await office.press_yes(OLGA, asked, channel_id="D0OLGA")
    assert answer is not None and "Saved" in answer.text
    assert (await preferences(office, OLGA)).as_observer is kind


async def test_a_value_that_is_no_choice_changes_nothing(office: Office) -> None:
    answer = await office.press(OLGA, actions.SET_OBSERVER, "everything!")
    assert answer is not None and "no longer means anything" in answer.text
    assert await preferences(office, OLGA) == Preferences()


async def test_the_settings_form_saves_both(office: Office) -> None:
    await office.press(OLGA, actions.HOME_SETTINGS, trigger_id=await office.trigger(OLGA))
    form = office.slack.modal_of(OLGA)
    assert form is not None and form.payload["callback_id"] == actions.SETTINGS_FORM
    mistakes = await office.submit(OLGA, actions.SETTINGS_FORM, as_observer="none", as_employee="default")
    assert mistakes == {}
    assert await preferences(office, OLGA) == Preferences(DirectMessages.NONE, None)


async def test_a_form_with_nonsense_is_sent_back(office: Office) -> None:
    mistakes = await office.submit(OLGA, actions.SETTINGS_FORM, as_observer="loud", as_employee="")
    assert mistakes == {"as_observer": "Choose one from the list.", "as_employee": "Choose one from the list."}
    assert await preferences(office, OLGA) == Preferences()


async def test_a_menu_on_home_redraws_it(office: Office) -> None:
    answer = await office.press(OLGA, actions.SET_OBSERVER, "none", view_id="V1", channel_id=None)
    assert answer is None
    home = office.slack.workspace.homes[OLGA].payload
    assert "*Sessions you observe:* you get nothing." in everything_in(home)


# ---- who is nobody ---------------------------------------------------------------------------------------------------

NOBODIES = [GUEST, UNLINKED, "U0STRANGER"]
CHOOSING = [
    (actions.DM_STOP, ""),
    (actions.DM_BELOW, ""),
    (actions.DM_ALL, ""),
    (actions.DM_DAILY, ""),
    (actions.SET_OBSERVER, "none"),
    (actions.SET_EMPLOYEE, "all"),
]


@pytest.mark.parametrize("nobody", NOBODIES)
async def test_who_is_nobody_has_nothing_to_choose_and_leaves_no_trace(office: Office, nobody: str) -> None:
    for action, value in [*CHOOSING, *((actions.asked(action), value) for action, value in CHOOSING)]:
        answer = await office.press(nobody, action, value)
        assert answer is not None and "Saved" not in answer.text
    mistakes = await office.submit(nobody, actions.SETTINGS_FORM, as_observer="none", as_employee="none")
    assert "does not know who you are" in mistakes["as_observer"]
    assert await preferences(office, nobody) == Preferences()
    assert await office.audit_log() == []


async def test_the_audit_log_records_only_what_changes(office: Office) -> None:
    for _ in range(3):
        await office.press(OLGA, actions.asked(actions.DM_STOP), channel_id="D0OLGA")
        assert await office.submit(OLGA, actions.SETTINGS_FORM, as_observer="none", as_employee="default") == {}
    await office.press(OLGA, actions.asked(actions.DM_ALL), channel_id="D0OLGA")
    assert [verb for _, verb, _ in await office.audit_log()] == ["settings", "settings"]

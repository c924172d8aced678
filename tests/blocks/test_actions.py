"""Values of buttons: they come back as they were, and those of earlier versions are understood for ever."""

import pytest

from bot.blocks import actions
from bot.blocks.actions import ButtonValue, ConfirmShare, Page, Share, Subscribe, TakeOver, decode, encode
from bot.blocks.elements import BUTTON_VALUE
from bot.blocks.sharing import share_button
from bot.domain.model import SessionKey
from tests.blocks.build import key_of

LOW = SessionKey("10aa0000-0000-4000-8000-000000000000", "emma")
# Values as buttons of the version before the JSON form carry them, letter by letter: they stand in Slack.
EARLIER: list[tuple[str, ButtonValue]] = [
    ("0|", Page(0, "")),
    ('20|dept:"A|B" outcome:failed', Page(20, 'dept:"A|B" outcome:failed')),
    ("C0NORTH|", Subscribe("C0NORTH", "")),
    ('C0NORTH|employee:"J|D"', Subscribe("C0NORTH", 'employee:"J|D"')),
    ('1|employee:"Zoltan Kovacs"', TakeOver(1, 'employee:"Zoltan Kovacs"')),
    ("s|10aa0000-0000-4000-8000-000000000000:emma", Share(LOW)),
    ("q|", Share()),
    ("q|dept:a|b", Share(query="dept:a|b")),
    (
        "C1|1795442520000|9|s|10aa0000-0000-4000-8000-000000000000:emma",
        ConfirmShare("C1", 1795442520000, 9, Share(LOW)),
    ),
    ("C1|1795442520000|all|q|outcome:failed", ConfirmShare("C1", 1795442520000, None, Share(query="outcome:failed"))),
]
EARLIER_NAMES = {
    "DETAILS": "details",
    "ACKNOWLEDGE": "acknowledge",
    "ACKNOWLEDGE_ALL": "acknowledge_all",
    "OPEN": "open",
    "RUN": "run",
    "PAGE": "page",
    "CONFIRM_SUBSCRIBE": "confirm_subscribe",
    "CANCEL": "cancel",
    "UNSUBSCRIBE": "unsubscribe",
    "AGREE_PUBLIC": "agree_public",
    "TAKE_OVER": "take_over",
    "CONFIRM_TAKE_OVER": "confirm_take_over",
    "DM_BELOW": "dm_below",
    "DM_STOP": "dm_stop",
    "DM_ALL": "dm_all",
    "SET_OBSERVER": "set_observer",
    "SET_EMPLOYEE": "set_employee",
    "NOT_ME": "not_me",
    "SHARE": "share",
    "CONFIRM_SHARE": "confirm_share",
    "HOME_REFRESH": "home_refresh",
    "HOME_SETTINGS": "home_settings",
    "DETAILS_FORM": "details_form",
    "SETTINGS_FORM": "settings_form",
    "INPUT_OBSERVER": "as_observer",
    "INPUT_EMPLOYEE": "as_employee",
    "SERVER_DEFAULT": "default",
}
FOREIGN_VALUES = [
    "",
    "x",
    "|",
    ":",
    "a:",
    ":b",
    "-1|q",
    "99999999999|q",
    "s|a:",
    "C1|5|x|q|",
    "C1|5|9",
    "[",
    "[" * 5_000,
]
FOREIGN_VALUES += [
    '["page",1]',
    '["page",-1,"q"]',
    '["page",1,"q",2]',
    '["other",1,"q"]',
    '["page","1","q"]',
    "[\ud800",
]


@pytest.mark.parametrize(("text", "value"), EARLIER)
def test_a_button_of_an_earlier_version_is_understood(text: str, value: ButtonValue) -> None:
    assert decode(type(value), text) == value


@pytest.mark.parametrize("value", [value for _, value in EARLIER])
def test_a_value_comes_back_as_it_was(value: ButtonValue) -> None:
    assert encode(value).startswith("[")
    assert decode(type(value), encode(value)) == value


def test_no_name_changes_because_buttons_and_forms_stay_in_slack() -> None:
    assert {name: getattr(actions, name) for name in EARLIER_NAMES} == EARLIER_NAMES


@pytest.mark.parametrize("text", FOREIGN_VALUES)
@pytest.mark.parametrize("kind", [Page, TakeOver, ConfirmShare])
def test_a_value_that_was_tampered_with_is_nothing(kind: type[ButtonValue], text: str) -> None:
    assert actions.session_of(text) is None or text in ("s|a:b",)
    assert decode(kind, text) is None


def test_a_value_of_another_kind_is_nothing() -> None:
    assert decode(Page, encode(TakeOver(1, ""))) is None


def test_a_value_that_does_not_fit_is_not_offered() -> None:
    assert encode(Page(0, "x" * BUTTON_VALUE)) == ""
    assert encode(Page(0, "\ud800")) == ""
    assert share_button(Share(query="x" * BUTTON_VALUE)) == []


def test_what_may_be_shared_can_be_confirmed() -> None:
    for length in range(BUTTON_VALUE - 200, BUTTON_VALUE):
        what = Share(query="x" * length)
        if share_button(what):
            assert encode(ConfirmShare("C0123456789AB", 10**13, 10**6, what))


def test_a_session_key_comes_back_as_it_was() -> None:
    assert actions.session_value(LOW) == "10aa0000-0000-4000-8000-000000000000:emma"
    assert actions.session_of(actions.session_value(key_of())) == key_of()
    assert actions.action_of(actions.action_id(actions.RUN, 1)) == actions.RUN


@pytest.mark.parametrize("text", ["", "x", "|", ":", "a:", ":b"])
def test_half_a_session_key_is_none(text: str) -> None:
    assert actions.session_of(text) is None

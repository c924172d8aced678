"""The names of all buttons, menus and forms, and the codec of their values.

An action id is `name` or `name:suffix`: Slack wants ids unique within one block, so look-alike buttons carry a suffix.
`action_of` gives the name back. What ends or changes something is done at the second press: the id of a button whose
question was asked, by Slack's dialog or by a message of ours, ends with `:asked`; any other is answered by the
question. A value holds ids or the text of a command, never names or results, and proves no right: its listener asks
`domain.permissions` again.

Buttons stay in Slack for years. Names are never changed, and values of every earlier form are still understood.
"""

from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec

from bot.blocks.elements import BUTTON_VALUE
from bot.domain.model import SessionKey
from bot.domain.preferences import Role
from bot.domain.rules import NamesShown

# On cards; the value is a session key. OPEN is a link, which Slack reports as a press all the same.
DETAILS = "details"
ACKNOWLEDGE = "acknowledge"
ACKNOWLEDGE_ALL = "acknowledge_all"  # value: Sessions
FOLLOW_UP = "follow_up"
OPEN = "open"

# The menu behind a card's buttons. A value begins with DETAILS or OPEN, or is the text of a command, as RUN's.
MORE = "more"

# In answers. RUN's value is the text of a command without its slash word: `results outcome:failed`.
RUN = "run"
PAGE = "page"  # value: Page
CONFIRM_SUBSCRIBE = "confirm_subscribe"  # value: Subscribe
CANCEL = "cancel"
SAVE_DIGEST = "save_digest"  # value: SaveDigest
UNSUBSCRIBE = "unsubscribe"  # value: the rule's number
PAUSE = "pause"  # value: what follows the command: "all", "3 4h"
EDIT_RULE = "edit_rule"  # value: the rule's number
CONFIRM_EDIT = "confirm_edit"  # value: EditRule

# On questions about targets; their values hold what they rest on: nothing is saved if that changed.
SET_TARGET = "set_target"  # value: SetTarget
SET_CRITICAL = "set_critical"  # value: SetCritical

# On questions about shadow mode.
BEGIN_SHADOW = "begin_shadow"  # value: Shadow
GO_LIVE = "go_live"  # value: when the shadow mode began (ms) that the question was about

# On paused rules; the value is the rule's number, for CONFIRM_TAKE_OVER a TakeOver.
AGREE_PUBLIC = "agree_public"
TAKE_OVER = "take_over"
CONFIRM_TAKE_OVER = "confirm_take_over"
ACCEPT_RULE = "accept_rule"  # value: TakeOver, for who was offered it

# Settings; the value is one of DirectMessages. DM_* are one-press buttons on direct messages; their value is one of
# Roles.
DM_BELOW = "dm_below"
DM_STOP = "dm_stop"
DM_ALL = "dm_all"
DM_DAILY = "dm_daily"
DM_FEWER = "dm_fewer"  # value: what the form is about, as its metadata
SET_CHOICE = "set_choice"  # value: SetChoice
SET_OBSERVER = "set_observer"
SET_EMPLOYEE = "set_employee"

# On a user's own link; the value is the person's id in iSpring. CONFIRM_LINK is an admin's.
NOT_ME = "not_me"
CONFIRM_LINK = "confirm_link"  # value: ConfirmLink
LINK_PERSON = "link_person"  # a menu of accounts on an admin's Home tab; suffix: the person's id in iSpring

# On reminders; the value says until when, on a row of the Home tab also of which session (Snooze).
SNOOZE = "snooze"
SNOOZE_HOUR, SNOOZE_TOMORROW = "1h", "tomorrow"
NUDGE = "nudge"  # on overdue lists; value: the id of the person who is reminded

CLOSE_FOLLOW_UP = "close_follow_up"  # value: the follow-up's number

SHARE = "share"  # value: Share
CONFIRM_SHARE = "confirm_share"  # value: ConfirmShare

# On the Home tab.
HOME_REFRESH = "home_refresh"
HOME_SETTINGS = "home_settings"

# Forms: the callback ids of modals, and the names of their inputs.
DETAILS_FORM = "details_form"
SETTINGS_FORM = "settings_form"
RULE_FORM = "rule_form"
FOLLOW_UP_FORM = "follow_up_form"
INPUT_FOLLOW_UP_WHAT = "follow_up_what"
INPUT_FOLLOW_UP_DUE = "follow_up_due"
INPUT_FOLLOW_UP_NOTE = "follow_up_note"
INPUT_CHECKLIST = "rule_checklists"
INPUT_DEPT = "rule_departments"
INPUT_PEOPLE = "rule_employees"
INPUT_OBSERVERS = "rule_observers"
INPUT_OUTCOME = "rule_outcomes"
INPUT_OTHER_TERMS = "rule_rest"
INPUT_EDITS = "rule_edits"
INPUT_NAMES = "rule_names"
INPUT_OBSERVER = "as_observer"
INPUT_EMPLOYEE = "as_employee"
INPUT_SUPERVISOR = "as_supervisor"
INPUT_TIME = "digest_time"
INPUT_DAY = "digest_day"
INPUT_OWN = "own_actions"
INPUT_QUIET = "quiet"
INPUT_HOLIDAYS = "holidays"
INPUT_LATE = "remind_late"
INPUT_PLANNED = "remind_planned"

SERVER_DEFAULT = "default"  # the choice "use the default" in the settings form of earlier versions


class Roles(StrEnum):
    """Whose results a direct message is about: those a person observed, their own, or both. Messages of earlier
    versions have buttons without a value, for the observer."""

    OBSERVER = ""
    EMPLOYEE = "employee"
    BOTH = "both"

    @property
    def roles(self) -> tuple[Role, ...]:
        both = (Role.OBSERVER, Role.EMPLOYEE)
        return both if self is Roles.BOTH else both[1:] if self is Roles.EMPLOYEE else both[:1]

    @classmethod
    def of(cls, *, observes: bool, is_observed: bool) -> "Roles":
        if observes:
            return cls.BOTH if is_observed else cls.OBSERVER
        return cls.EMPLOYEE


def action_id(name: str, suffix: str | int) -> str:
    """The id of one of several look-alike buttons in a block."""
    return f"{name}:{suffix}"


def action_of(action: str) -> str:
    """The name of an action id, without its suffix."""
    return action.partition(":")[0]


def asked(action: str) -> str:
    """The id of a button that asks before it acts, or that answers the question with yes."""
    return f"{action}:asked"


def was_asked(action: str) -> bool:
    """Whether the button of an action id has asked before it acts."""
    return action.endswith(":asked")


def session_value(key: SessionKey) -> str:
    """A session key as a value: `sessionId:employeeId`."""
    return f"{key.session_id}:{key.employee_id}"


def session_of(value: str) -> SessionKey | None:
    """The session key of a value; None if it holds none."""
    session_id, _, employee_id = value.partition(":")
    return SessionKey(session_id, employee_id) if session_id and employee_id else None


# ---- values with several fields --------------------------------------------------------------------------------------

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Number = Annotated[int, msgspec.Meta(ge=0, lt=10**9)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, lt=10**14)]


class ButtonValue(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The value of a button, as JSON: `["page",20,"since:30d"]`. Each `query` is canonical text."""


class Sessions(ButtonValue, frozen=True, tag="sessions"):
    """The sessions that a message tells of, as far as its button is about them."""

    keys: Annotated[tuple[SessionKey, ...], msgspec.Meta(max_length=100)]


class Snooze(ButtonValue, frozen=True, tag="snooze"):
    """The reminder of one session, to come at `until`: SNOOZE_HOUR or SNOOZE_TOMORROW."""

    session: SessionKey
    until: _Text


class Page(ButtonValue, frozen=True, tag="page"):
    """A page of an answer: the number of sessions before it, and the query."""

    offset: _Number
    query: str


class Subscribe(ButtonValue, frozen=True, tag="subscribe"):
    """A rule to be made, in a channel or for the user ("me"), and its options; `names` is one of NamesShown."""

    channel_id: _Text
    query: str
    edits: bool = True
    names: NamesShown = NamesShown.FULL


class SaveDigest(ButtonValue, frozen=True, tag="digest"):
    """A digest to be saved, in a channel or for the user (""). `zone`: "" for that of the user's profile."""

    channel_id: str
    schedule: _Text
    zone: str
    query: str
    only_to_act: bool = False
    names: NamesShown = NamesShown.FULL
    csv: bool = True


class EditRule(ButtonValue, frozen=True, tag="edit"):
    """A rule to be changed: what it asks for from then on, and its options. `basis`: see `domain.rules.basis_of`;
    earlier versions wrote its query there, which no rule fits."""

    rule_id: _Number
    query: str
    basis: str
    edits: bool = True
    names: NamesShown = NamesShown.FULL


class TakeOver(ButtonValue, frozen=True, tag="take_over"):
    """A rule to be taken over. `basis`: see `domain.rules.basis_of`; earlier versions wrote nothing there, or its
    query."""

    rule_id: _Number
    basis: str = ""


class SetTarget(ButtonValue, frozen=True, tag="set_target"):
    """A target for a checklist, "" for all; None removes it. `basis`: see `domain.target_changes.basis_of`."""

    checklist_id: str
    percent: Annotated[float, msgspec.Meta(ge=0, le=100)] | None
    basis: str


class SetCritical(ButtonValue, frozen=True, tag="set_critical"):
    """A criterion of a checklist, by the digest of its title, that is to be critical or no longer."""

    checklist_id: _Text
    digest: _Text
    is_critical: bool
    basis: str


class Shadow(ButtonValue, frozen=True, tag="shadow"):
    """A channel in which everything is to be shown, and the number of members that the question named."""

    channel_id: _Text
    readers: _Number


class SetChoice(ButtonValue, frozen=True, tag="choice"):
    """What a user is to get again, by role: a choice as `domain.preferences` reads it, "" for the default."""

    choices: dict[str, str]


class ConfirmLink(ButtonValue, frozen=True, tag="confirm_link"):
    """A link to be made, and of how many other people the question said that the account could see sessions."""

    user_id: _Text
    person_id: _Text
    sees_of: _Number


class Share(ButtonValue, frozen=True, tag="share"):
    """One session to be shared with a channel, or all sessions that a query finds."""

    session: SessionKey | None = None
    query: str = ""


class ConfirmShare(ButtonValue, frozen=True, tag="confirm_share"):
    """A confirmed sharing.

    `requested_at` (ms) makes pressing twice share once. `readers` is the number of members that the question named;
    None if it named everybody in the workspace.
    """

    channel_id: _Text
    requested_at: _Milliseconds
    readers: _Number | None
    what: Share


Value = TypeVar("Value", bound=ButtonValue)


def encode(value: ButtonValue, limit: int = BUTTON_VALUE) -> str:
    """A button's value; "" if it is longer than `limit` or not valid Unicode. A cut query would find something else."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return ""
    return text if len(text) <= limit else ""


def decode(kind: type[Value], text: str) -> Value | None:
    """The value of a button that should hold a `kind`; None if it holds none."""
    try:
        if text.startswith("["):
            return msgspec.json.decode(text, type=kind)
        return msgspec.convert(_earlier_form(kind, text), type=kind, strict=False)
    except (ValueError, RecursionError):  # msgspec's errors, half a character, too few fields; nested too deeply
        return None


def _earlier_form(kind: type[ButtonValue], text: str) -> list[object]:
    """The fields of a value as buttons carried it before the JSON form: `20|since:30d`. Raises ValueError."""
    tag = kind.__struct_config__.tag
    if kind is ConfirmShare:
        channel_id, requested_at, readers, what = text.split("|", 3)
        return [tag, channel_id, requested_at, None if readers == "all" else readers, _earlier_form(Share, what)]
    if kind is TakeOver:
        return [tag, *text.split("|", 1)]
    first, last = text.split("|", 1)
    if kind is not Share:
        return [tag, first, last]
    if first == "q":
        return [tag, None, last]
    key = session_of(last)
    if first != "s" or key is None:
        raise ValueError(text)
    return [tag, key]

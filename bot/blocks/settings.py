"""Settings of a user's direct messages: in words, as menus and as a form."""

from dataclasses import dataclass
from typing import Any

from bot.blocks import actions
from bot.blocks.answers import question
from bot.blocks.elements import (
    Block,
    button,
    confirmation,
    context,
    menu,
    message,
    modal,
    mrkdwn,
    option,
    plain,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import safe
from bot.domain.notifications import Message
from bot.domain.viewers import DirectMessages, Preferences

CHOICES = {
    DirectMessages.ALL: "every completed session",
    DirectMessages.BELOW: "only those below target or failed",
    DirectMessages.NONE: "nothing",
}
NO_MESSAGES = "So it sends you no direct messages about sessions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A user's choices beside the defaults.

    `who` says in a sentence which person in iSpring they are, or why none. A user without one (`is_linked` is False)
    has nothing to choose, and `what_next` says what they can do.
    """

    chosen: Preferences
    observer_default: DirectMessages
    employee_default: DirectMessages
    who: str
    is_linked: bool = True
    what_next: str = ""


def settings(user: Settings) -> Message:
    """A person's settings with menus that change them at once."""
    return message(settings_blocks(user))


def settings_blocks(user: Settings) -> list[Block]:
    """The settings with a menu for each, for an answer and for the Home tab."""
    who = safe(user.who, 300)
    if not user.is_linked:
        return [section(mrkdwn(f"{who} {NO_MESSAGES} {user.what_next}".strip()))]
    return [
        section(mrkdwn(who)),
        _setting("Sessions you observe", actions.SET_OBSERVER, user.chosen.as_observer, user.observer_default),
        _setting("Your own sessions", actions.SET_EMPLOYEE, user.chosen.as_employee, user.employee_default),
        context("These are direct messages to you only. Channels have rules of their own."),
    ]


def _setting(label: str, action: str, chosen: DirectMessages | None, default: DirectMessages) -> Block:
    usual = "" if chosen else " (the default here)"
    current = chosen or default
    choices = [option(words.capitalize(), str(kind)) for kind, words in CHOICES.items()]
    text = mrkdwn(f"*{label}:* you get {CHOICES[current]}{usual}.")
    return section(text, menu(action, "Choose…", choices, chosen=str(current)))


def direct_messages_set(kind: DirectMessages, roles: actions.Roles, *, command: str) -> Message:
    """A choice was saved."""
    text = f"Saved: of {_WHOSE[roles]} you get {CHOICES[kind]}. Change it any time with `{command} settings`."
    back = [dm_button(actions.DM_ALL, "Send me all of them again", roles)]
    has_less = kind is not DirectMessages.ALL
    return message([section(mrkdwn(text)), *([buttons(back)] if has_less else [])])


_DM_KINDS = {
    actions.DM_BELOW: DirectMessages.BELOW,
    actions.DM_STOP: DirectMessages.NONE,
    actions.DM_ALL: DirectMessages.ALL,
}
_WHOSE = {
    actions.Roles.OBSERVER: "sessions you observe",
    actions.Roles.EMPLOYEE: "your own sessions",
    actions.Roles.BOTH: "sessions you observe and of your own sessions",
}


def dm_button(action: str, text: str, roles: actions.Roles) -> Block:
    """A button on a direct message that changes which of them come; Slack asks first."""
    ask = confirmation("Change your direct messages?", _dm_question(action, roles), "Yes", "No")
    return button(actions.asked(action), text, roles, confirm=ask)


def ask_to_change(action: str, roles: actions.Roles, *, command: str) -> Message:
    """Asks before a button that asked nothing changes which direct messages come."""
    text = f"{_dm_question(action, roles)} `{command} settings` changes it any time."
    return question(text, action, "Yes", roles)


def _dm_question(action: str, roles: actions.Roles) -> str:
    return f"From now on, of {_WHOSE[roles]} you would get {CHOICES[_DM_KINDS[action]]}."


def settings_form(user: Settings) -> dict[str, Any]:
    """The choices as a modal, its inputs named INPUT_OBSERVER and INPUT_EMPLOYEE; without inputs for a user who has
    nothing to choose."""
    if not user.is_linked:
        return modal("Settings", actions.DETAILS_FORM, settings_blocks(user))
    blocks = [
        section(mrkdwn(safe(user.who, 300))),
        _input(actions.INPUT_OBSERVER, "Of sessions you observe, get", user.chosen.as_observer, user.observer_default),
        _input(actions.INPUT_EMPLOYEE, "Of your own sessions, get", user.chosen.as_employee, user.employee_default),
    ]
    return modal("Settings", actions.SETTINGS_FORM, blocks, submit="Save")


def choice_of(value: str) -> DirectMessages | None:
    """The choice that an input's value stands for; None for the default."""
    return None if value == actions.SERVER_DEFAULT else DirectMessages(value)


def _input(name: str, label: str, chosen: DirectMessages | None, default: DirectMessages) -> Block:
    usual = option(f"The default here ({CHOICES[default]})", actions.SERVER_DEFAULT)
    choices = [usual, *(option(words.capitalize(), str(kind)) for kind, words in CHOICES.items())]
    element = menu(name, "Choose…", choices, chosen=str(chosen) if chosen else actions.SERVER_DEFAULT)
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}

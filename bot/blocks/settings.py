"""Settings of a user's direct messages: in words, and the buttons that change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from bot.blocks import actions
from bot.blocks.answers import question
from bot.blocks.elements import Block, button, confirmation, context, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import date_token, safe
from bot.domain.notifications import Message
from bot.domain.outcomes import exact
from bot.domain.preferences import DEFAULT_SCHEDULES, Choice, Often, Role
from bot.domain.quiet import NEVER, Quiet
from bot.domain.reminders import Choices
from bot.domain.viewers import DirectMessages

NO_MESSAGES = "So it sends you no direct messages about sessions."
ROLE_LABELS: Mapping[Role, str] = {
    Role.OBSERVER: "Sessions you observe",
    Role.EMPLOYEE: "Your own sessions",
    Role.SUPERVISOR: "Your team's sessions that others observe",
}
MOST_RULES = 5
SOMEONE_ELSES = "this message was sent to somebody else, who alone chooses what they get"
_UTC, _NO_CHOICES = ZoneInfo("UTC"), Choices()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSetting:
    """What a user gets in one role. `is_default`: they chose nothing. `next_at`: when its digest comes next, None if it
    is none or is paused. `of_all`: as supervisor they may see everybody's sessions."""

    role: Role
    choice: Choice
    is_default: bool = False
    next_at: datetime | None = None
    of_all: bool = False

    @property
    def label(self) -> str:
        """Which sessions it is about, as a heading."""
        is_all = self.of_all and self.role is Role.SUPERVISOR
        return "Everybody's sessions, but yours" if is_all else ROLE_LABELS[self.role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that decides which direct messages a user gets.

    `who` says in a sentence which person in iSpring they are, or why none. A user without one (`is_linked` is False)
    has nothing to choose, and `what_next` says what they can do. `held_until`: the end of the quiet time that it is
    now. `rules`: their other rules for themselves, each in words and when it sends next; `mutes`: how many run.
    """

    who: str
    is_linked: bool = True
    what_next: str = ""
    roles: Sequence[RoleSetting] = ()
    own_actions: bool = True
    quiet: Quiet = NEVER
    zone: tzinfo = _UTC
    held_until: datetime | None = None
    reminders: Choices = _NO_CHOICES
    rules: Sequence[tuple[str, datetime | None]] = ()
    muted_until: datetime | None = None
    command: str = "/ojt"


def settings(user: Settings) -> Message:
    """A person's settings with a button to the form."""
    blocks = settings_blocks(user)
    if user.is_linked:
        blocks.append(buttons([button(actions.HOME_SETTINGS, "Change…")]))
    return message(blocks)


def fewer(user: Settings, *, is_channel: bool) -> Message:
    """What comes to a person who made no rule and wants less, and the buttons of direct messages that change it.
    `is_channel`: they ask in a channel, which has rules of others."""
    here = "There is no rule here that you may end. " if is_channel else ""
    coming = [one for one in user.roles if one.choice.often is not Often.NEVER]
    own = {one.role for one in coming} - {Role.SUPERVISOR}
    if not own:
        usual = settings(user)
        return message([section(mrkdwn(here)), *usual.blocks]) if here else usual
    roles = actions.Roles.of(observes=Role.OBSERVER in own, is_observed=Role.EMPLOYEE in own)
    made = [
        dm_button(actions.DM_BELOW, "Only below target", roles),
        dm_button(actions.DM_DAILY, "Daily digest", roles),
        dm_button(actions.DM_STOP, "Stop", roles),
        button(actions.HOME_SETTINGS, "Change…"),
    ]
    lines = "\n".join([f"{here}Spotter sends you direct messages:", *(_role_line(one) for one in coming)])
    quiet = f"For a while, or at night: `{user.command} mute 4h for me`, `{user.command} quiet 20:00-07:00`."
    return message([section(mrkdwn(lines)), buttons(made), context(quiet)])


def settings_blocks(user: Settings, *, is_home: bool = False) -> list[Block]:
    """The settings in words, for an answer and for the Home tab, which says elsewhere who its reader is."""
    who = safe(user.who, 300)
    if not user.is_linked:
        return [section(mrkdwn(f"{who} {NO_MESSAGES} {user.what_next}".strip()))]
    form = "or the button Settings" if is_home else "or the form"
    return [
        *([] if is_home else [section(mrkdwn(who))]),
        section(mrkdwn("\n".join(_role_line(one) for one in user.roles))),
        section(mrkdwn("\n".join(f"• {line}" for line in _around(user)))),
        context(
            "These are direct messages to you only. Channels have rules of their own. "
            f"`{user.command} settings observer daily 09:00 below 70`, {form}, changes them."
        ),
    ]


def _role_line(one: RoleSetting) -> str:
    usual = " (the default here)" if one.is_default else ""
    return f"*{one.label}:* you get {what_comes(one.choice)}{usual}.{_next(one.next_at)}"


def _next(at: datetime | None) -> str:
    return f" The next one comes {date_token(at)}." if at is not None else ""


def what_comes(choice: Choice) -> str:
    """What a choice brings, in words."""
    if choice.often is Often.NEVER:
        return "nothing"
    which = "every completed session"
    if choice.only_low:
        which = (
            "only those below target or failed" if choice.below is None else f"only scores below {exact(choice.below)}"
        )
    return which if choice.schedule is None else f"a digest {choice.schedule} of {which.removeprefix('only ')}"


def _around(user: Settings) -> list[str]:
    """What holds messages back, reminds, and comes by other rules."""
    zone = safe(str(user.zone), 40)
    said = [_own_actions(user.own_actions)]
    if user.quiet == NEVER:
        said.append(f"No quiet time: messages come at any time. `{user.command} quiet 20:00-07:00 weekend` sets one.")
    else:
        holidays = " and holidays" if user.quiet.holidays else ""
        hours = f"{user.quiet}{holidays}" if str(user.quiet) != "off" else "on holidays"
        now = f" It is quiet now, until {date_token(user.held_until)}." if user.held_until else ""
        said.append(f"Quiet time {hours} ({zone}): what comes meanwhile is held and sent afterwards.{now}")
    late = "what is late" if user.reminders.late else ""
    planned = "each morning of what is planned" if user.reminders.planned else ""
    reminded = " and ".join(part for part in (late, planned) if part) or "nothing"
    said.append(f"Reminders: of {reminded}." if late or not planned else f"Reminders: {planned}.")
    if user.muted_until is not None:
        said.append(f"Muted until {date_token(user.muted_until)}: `{user.command} unmute` ends it.")
    said += [f"{text}.{_next(at)}" for text, at in user.rules[:MOST_RULES]]
    if len(user.rules) > MOST_RULES:
        said.append(f"and {len(user.rules) - MOST_RULES} more rules: `{user.command} rules`")
    return said


def _own_actions(are_notified: bool) -> str:
    also = "also" if are_notified else "not"
    return f"You are {also} told of what you completed or acknowledged yourself."


# ---- changes --------------------------------------------------------------------------------------------------------

DM_CHOICES = {
    actions.DM_BELOW: Choice(Often.INSTANTLY, only_low=True),
    actions.DM_STOP: Choice(Often.NEVER),
    actions.DM_ALL: Choice(Often.INSTANTLY),
    actions.DM_DAILY: Choice(Often.DAILY, schedule=DEFAULT_SCHEDULES[Often.DAILY]),
}
_OLD_CHOICES = {
    DirectMessages.ALL: DM_CHOICES[actions.DM_ALL],
    DirectMessages.BELOW: DM_CHOICES[actions.DM_BELOW],
    DirectMessages.NONE: DM_CHOICES[actions.DM_STOP],
}
_WHOSE: Mapping[Role, str] = {
    Role.OBSERVER: "sessions you observe",
    Role.EMPLOYEE: "your own sessions",
    Role.SUPERVISOR: "your team's sessions that others observe",
}


def choice_of(kind: DirectMessages) -> Choice:
    """The choice that a value of an earlier menu or button stands for."""
    return _OLD_CHOICES[kind]


def choices_saved(changed: Sequence[tuple[RoleSetting, RoleSetting]], *, command: str) -> Message:
    """Choices were saved: what each was before and is now, and a button that takes them back."""
    parts = [
        f"of {_WHOSE[now.role]} you get {what_comes(now.choice)}{' again' if now.choice == before.choice else ''}"
        f" (before: {what_comes(before.choice)}).{_next(now.next_at)}"
        if now.choice != before.choice
        else f"of {_WHOSE[now.role]} you get {what_comes(now.choice)}, as before."
        for before, now in changed
    ]
    text = f"Saved: {' '.join(parts)} Change it any time with `{command} settings`."
    undone = {
        str(one.role): "" if one.is_default else str(one.choice) for one, now in changed if one.choice != now.choice
    }
    back = [button(actions.SET_CHOICE, "Undo", actions.encode(actions.SetChoice(undone)))] if undone else []
    return message([section(mrkdwn(text)), *([buttons(back)] if back else [])])


def own_actions_saved(are_notified: bool, *, is_new: bool, command: str) -> Message:
    """Whether a user is notified of their own actions was saved, or was so before."""
    first = "Saved" if is_new else "It is so already"
    return notice(f"{first}: {_own_actions(are_notified)}", f"`{command} settings` shows all your settings.")


def dm_button(action: str, text: str, roles: actions.Roles) -> Block:
    """A button on a direct message that changes which of them come; Slack asks first."""
    ask = confirmation("Change your direct messages?", _dm_question(action, roles), "Yes", "No")
    return button(actions.asked(action), text, roles, confirm=ask)


def fewer_button(about: str) -> Block:
    """A button on a direct message that opens the form about messages like it: see `settings_form`."""
    return button(actions.DM_FEWER, "Fewer like this…", about)


def ask_to_change(action: str, roles: actions.Roles, *, command: str) -> Message:
    """Asks before a button that asked nothing changes which direct messages come."""
    text = f"{_dm_question(action, roles)} `{command} settings` changes it any time."
    return question(text, action, "Yes", roles)


def _dm_question(action: str, roles: actions.Roles) -> str:
    whose = " and of ".join(_WHOSE[role] for role in roles.roles)
    return f"From now on, of {whose} you would get {what_comes(DM_CHOICES[action])}."

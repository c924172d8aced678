"""What a person gets as direct messages, in words and as choices."""

from dataclasses import dataclass

from bot.blocks import actions
from bot.blocks.elements import Block, button, context, menu, message, mrkdwn, option, safe, section
from bot.blocks.elements import actions as buttons
from bot.domain.model import DirectMessages, Message, Preferences

CHOICES = {
    DirectMessages.ALL: "every completed session",
    DirectMessages.BELOW: "only those below target or failed",
    DirectMessages.NONE: "nothing",
}
NO_MESSAGES = "So it sends you no direct messages about sessions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A person's choices beside the house's defaults. `who` says in a sentence which person in iSpring they are, or why
    none; for who is none (`is_somebody`) there is nothing to choose, and `what_next` says what to do."""

    chosen: Preferences
    observer_default: DirectMessages
    employee_default: DirectMessages
    who: str
    is_somebody: bool = True
    what_next: str = ""

    @property
    def as_observer(self) -> DirectMessages:
        """What they get of sessions they observed."""
        return self.chosen.as_observer or self.observer_default

    @property
    def as_employee(self) -> DirectMessages:
        """What they get of their own sessions."""
        return self.chosen.as_employee or self.employee_default


def settings(mine: Settings) -> Message:
    """A person's settings with menus that change them at once."""
    text = " ".join(settings_lines(mine))
    return message(text.replace("*", ""), settings_blocks(mine))


def settings_lines(mine: Settings) -> list[str]:
    """The settings in sentences of mrkdwn."""
    if not mine.is_somebody:
        return [safe(mine.who, 300), NO_MESSAGES, *([mine.what_next] if mine.what_next else [])]
    return [
        safe(mine.who, 300),
        f"*Sessions you observe:* you get {CHOICES[mine.as_observer]}{_usual(mine.chosen.as_observer)}.",
        f"*Your own sessions:* you get {CHOICES[mine.as_employee]}{_usual(mine.chosen.as_employee)}.",
    ]


def settings_blocks(mine: Settings) -> list[Block]:
    """The settings with a menu for each, for an answer and for the Home tab."""
    if not mine.is_somebody:
        return [section(mrkdwn(" ".join(settings_lines(mine))))]
    who, observer, employee = settings_lines(mine)
    return [
        section(mrkdwn(who)),
        section(mrkdwn(observer), choice_menu(actions.SET_OBSERVER, mine.as_observer)),
        section(mrkdwn(employee), choice_menu(actions.SET_EMPLOYEE, mine.as_employee)),
        context("These are direct messages to you only. Channels have rules of their own."),
    ]


def choice_menu(action: str, chosen: DirectMessages) -> Block:
    """What to get, as a menu; its values are those of DirectMessages."""
    choices = [option(words.capitalize(), str(kind)) for kind, words in CHOICES.items()]
    return menu(action, "Choose…", choices, chosen=str(chosen))


def direct_messages_set(kind: DirectMessages, *, as_observer: bool, command: str) -> Message:
    """A choice was saved."""
    whose = "sessions you observe" if as_observer else "your own sessions"
    text = f"Saved: of {whose} you get {CHOICES[kind]}. Change it any time with `{command} settings`."
    back = [button(actions.DM_ALL, "Send me all of them again")]
    has_less = as_observer and kind is not DirectMessages.ALL
    return message(text, [section(mrkdwn(text)), *([buttons(back)] if has_less else [])])


def _usual(own: DirectMessages | None) -> str:
    return "" if own else " (the default here)"

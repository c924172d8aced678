"""The settings as a form, filled in, and what a submitted one says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import Any

from bot.blocks import actions
from bot.blocks.elements import Block, context, menu, modal, mrkdwn, option, plain, section
from bot.blocks.markup import safe
from bot.blocks.settings import Settings, choice_of, settings_blocks
from bot.domain.errors import QueryError
from bot.domain.outcomes import exact
from bot.domain.preferences import DEFAULT_SCHEDULES, Choice, Often, Role, low_score
from bot.domain.quiet import NEVER, Quiet, parse_quiet
from bot.domain.reminders import Choices
from bot.domain.schedules import DAYS, Every, Schedule
from bot.domain.viewers import DirectMessages

REMINDERS = "reminders"  # what a form about reminders alone is about
_OFTEN_INPUTS = {
    Role.OBSERVER: actions.INPUT_OBSERVER,
    Role.EMPLOYEE: actions.INPUT_EMPLOYEE,
    Role.SUPERVISOR: actions.INPUT_SUPERVISOR,
}
_OFTEN = {
    Often.INSTANTLY: "One message each: {which}",
    Often.DAILY: "A digest each day: {which}",
    Often.WEEKLY: "A digest each week: {which}",
}
_LOW = "low"  # behind how often, as a percentage below which they come; nothing for every session
_ON, _OFF = "on", "off"
_EVERY = {Often.DAILY: Every.DAY, Often.WEEKLY: Every.WEEK}
# The values of a form that an earlier version opened.
_EARLIER = {actions.SERVER_DEFAULT: None, **{str(kind): choice_of(kind) for kind in DirectMessages}}
_CHOICE_EXPECTED = "Choose one from the list."


def settings_form(user: Settings, about: str = "") -> dict[str, Any]:
    """The settings as a modal; without inputs for a user who has nothing to choose. `about`: roles behind commas, or
    REMINDERS, if it shows only these; "" for everything."""
    if not user.is_linked:
        return modal("Settings", actions.DETAILS_FORM, settings_blocks(user))
    roles = [one for one in user.roles if not about or one.role in about.split(",")]
    blocks: list[Block] = [section(mrkdwn(safe(user.who, 300)))]
    for one in roles:
        blocks.append(_input(_OFTEN_INPUTS[one.role], one.label, _choices(one.choice), choice_value(one.choice)))
    if roles:
        usual = shown_schedule(user)
        blocks += [
            _input(actions.INPUT_TIME, "Digests come at", _times(usual.at), f"{usual.at:%H:%M}"),
            _input(actions.INPUT_DAY, "Weekly ones on", _days(), DAYS[usual.day]),
            _input(actions.INPUT_OWN, "What I completed or acknowledged myself", _OWN, _switch(user.own_actions)),
        ]
    if not about:
        blocks += [
            _text(actions.INPUT_QUIET, f"Quiet time ({user.zone})", str(user.quiet), "20:00-07:00 weekend, or off"),
            _input(actions.INPUT_HOLIDAYS, "Holidays", _HOLIDAYS, _switch(user.quiet.holidays)),
        ]
    if not about or about == REMINDERS:
        blocks += [
            _input(actions.INPUT_LATE, "Remind me of what is late", _SWITCH, _switch(user.reminders.late)),
            _input(
                actions.INPUT_PLANNED, "List each morning what is planned", _SWITCH, _switch(user.reminders.planned)
            ),
        ]
    command = safe(user.command, 40)
    more = f" `{command} settings` shows all your settings." if about else ""
    percent = f" `{command} settings {roles[0].role} below 70` asks for scores below a percentage." if roles else ""
    blocks.append(context(f"Times are in {safe(str(user.zone), 40)}, from your Slack profile.{percent}{more}"))
    form = modal("Settings", actions.SETTINGS_FORM, blocks, submit="Save")
    return {**form, "private_metadata": about}


_OWN = {_ON: "Tell me of it too", _OFF: "Do not tell me of it"}
_HOLIDAYS = {_ON: "Quiet, as the other days I named", _OFF: "As any day"}
_SWITCH = {_ON: "Yes", _OFF: "No"}


def shown_schedule(user: Settings) -> Schedule:
    """The time and the day that the form shows: those of the first digest, a weekly one before a daily one."""
    found = [one.choice.schedule for one in user.roles if one.choice.schedule is not None]
    weekly = [one for one in found if one.every is Every.WEEK]
    return (weekly or found or [DEFAULT_SCHEDULES[Often.WEEKLY]])[0]


# ---- what was submitted ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a form says; what it does not ask about is as before. `mistakes`: by the name of the input; nothing counts
    if there is any."""

    choices: Mapping[Role, Choice | None]  # None: the default
    own_actions: bool
    quiet: Quiet
    reminders: Choices
    mistakes: Mapping[str, str]


def submitted(values: Mapping[str, str], before: Settings) -> Submitted:
    """Reads a form of these settings. Values come from outside and may be anything."""
    mistakes: dict[str, str] = {}

    def one_of(name: str, known: Mapping[str, str], unless: str) -> str:
        value = values.get(name, unless)
        if value not in known:
            mistakes[name] = _CHOICE_EXPECTED
            return unless
        return value

    usual = shown_schedule(before)
    at = _time(one_of(actions.INPUT_TIME, _times(usual.at), f"{usual.at:%H:%M}"))
    day = DAYS.index(one_of(actions.INPUT_DAY, _days(), DAYS[usual.day]))
    choices: dict[Role, Choice | None] = {}
    for one in before.roles:
        earlier = values.get(_OFTEN_INPUTS[one.role])
        if earlier in _EARLIER:
            choices[one.role] = _EARLIER[earlier]
            continue
        value = one_of(_OFTEN_INPUTS[one.role], _choices(one.choice), choice_value(one.choice))
        word, _, which = value.partition(" ")
        often, below = Often(word), None if which in ("", _LOW) else low_score(which)
        choice = Choice(often, bool(which), below)
        if every := _EVERY.get(often):
            kept = one.choice.schedule
            is_kept = kept is not None and kept.every is every and (at, day) == (usual.at, usual.day)
            schedule = kept if is_kept else Schedule(every, at, day if every is Every.WEEK else 0)
            choice = replace(choice, schedule=schedule)
        choices[one.role] = choice
    quiet = before.quiet
    if actions.INPUT_QUIET in values:
        with_holidays = one_of(actions.INPUT_HOLIDAYS, _HOLIDAYS, _switch(quiet.holidays)) == _ON
        try:
            typed = parse_quiet(values[actions.INPUT_QUIET].strip() or _OFF)
            if (str(typed), with_holidays) != (str(quiet), quiet.holidays):
                quiet = typed if typed == NEVER else replace(typed, holidays=with_holidays)
        except QueryError as error:
            mistakes[actions.INPUT_QUIET] = str(error)
    late = one_of(actions.INPUT_LATE, _SWITCH, _switch(before.reminders.late)) == _ON
    planned = one_of(actions.INPUT_PLANNED, _SWITCH, _switch(before.reminders.planned)) == _ON
    own = one_of(actions.INPUT_OWN, _OWN, _switch(before.own_actions)) == _ON
    return Submitted(choices, own, quiet, Choices(late=late, planned=planned), mistakes)


# ---- inputs ----------------------------------------------------------------------------------------------------------


def _switch(is_on: bool) -> str:
    return _ON if is_on else _OFF


def _choices(now: Choice) -> Mapping[str, str]:
    """The choices of a menu by value, how often and which of the sessions: what is chosen now is always one."""
    kinds = [Choice(often, only_low) for often in _OFTEN for only_low in (False, True)]
    if now.below is not None:
        kinds.insert(0, now)
    return {**{choice_value(one): _choice_text(one) for one in kinds}, str(Often.NEVER): "Never"}


def _choice_text(choice: Choice) -> str:
    which = "only scores" if choice.below is not None else "only low results" if choice.only_low else "every session"
    below = "" if choice.below is None else f" below {exact(choice.below)}"
    return _OFTEN[choice.often].format(which=f"{which}{below}")


def choice_value(choice: Choice) -> str:
    """A choice as a value of its menu: "never", "instantly", "daily low", "weekly 70"."""
    if not choice.only_low:
        return str(choice.often)
    return f"{choice.often} {_LOW if choice.below is None else f'{choice.below:g}'}"


def _times(chosen: time) -> Mapping[str, str]:
    return {f"{at:%H:%M}": f"{at:%H:%M}" for at in sorted({*(time(hour) for hour in range(24)), chosen})}


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _days() -> Mapping[str, str]:
    return {day: day.capitalize() for day in DAYS}


def _input(name: str, label: str, choices: Mapping[Any, str], chosen: str) -> Block:
    element = menu(name, "Choose…", [option(text, str(value)) for value, text in choices.items()], chosen=str(chosen))
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def _text(name: str, label: str, value: str, hint: str) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": name, "max_length": 200}
    if value != _OFF:
        element["initial_value"] = value
    element["placeholder"] = plain(hint)
    return {"type": "input", "block_id": name, "optional": True, "label": plain(label), "element": element}


def roles_of(about: str) -> Sequence[Role]:
    """The roles that a form is about, none for anything else."""
    return [Role(one) for one in about.split(",") if one in list(Role)]

"""Modals: a session's details, and settings. A view is a dict, as Slack takes it."""

from typing import Any

from bot.blocks import actions
from bot.blocks.details import session_blocks
from bot.blocks.elements import MODAL_TITLE, Block, context, menu, mrkdwn, option, plain, safe, section
from bot.blocks.settings import CHOICES, Settings, settings_blocks
from bot.domain.directory import Directory
from bot.domain.model import DirectMessages, SessionRecord

View = dict[str, Any]


def loading() -> View:
    """What a modal shows while its content is looked up: a trigger is good for three seconds only."""
    return _modal("Session", [section(mrkdwn("Looking it up…"))])


def details(record: SessionRecord, directory: Directory, *, with_previous: bool) -> View:
    """One session in full, for whoever may see it (the caller has asked)."""
    return _modal("Session", session_blocks(record, directory, with_previous=with_previous))


def refused(reason: str, what_next: str = "") -> View:
    """Why there is nothing to see for this viewer, and what they can do."""
    text = section(mrkdwn(f"You may not see this session: {safe(reason, 500)}."))
    return _modal("Session", [text, *([context(what_next)] if what_next else [])])


def not_possible_now(reason: str) -> View:
    """Why the session can't be shown as things are."""
    return _modal("Session", [section(mrkdwn(f"This can't be shown: {safe(reason, 500)}."))])


def gone() -> View:
    """The session behind a button is not stored any more."""
    return _modal("Session", [section(mrkdwn("Spotter no longer stores this session."))])


def busy() -> View:
    """What was asked could not be looked up just now."""
    return _modal("Session", [section(mrkdwn("Spotter's database is busy just now. Try again in a moment."))])


def settings_form(mine: Settings) -> View:
    """A person's choices as a form; its inputs are named INPUT_OBSERVER and INPUT_EMPLOYEE. Without a form for who has
    nothing to choose."""
    if not mine.is_somebody:
        return _modal("Settings", settings_blocks(mine))
    blocks = [
        section(mrkdwn(safe(mine.who, 300))),
        _choice(actions.INPUT_OBSERVER, "Of sessions you observe, get", mine.chosen.as_observer, mine.observer_default),
        _choice(actions.INPUT_EMPLOYEE, "Of your own sessions, get", mine.chosen.as_employee, mine.employee_default),
    ]
    return {**_modal("Settings", blocks), "callback_id": actions.SETTINGS_FORM, "submit": plain("Save", MODAL_TITLE)}


def choice_of(value: str) -> DirectMessages | None:
    """What a form's value means; None for the house's default."""
    return None if value == actions.SERVER_DEFAULT else DirectMessages(value)


def _choice(name: str, label: str, chosen: DirectMessages | None, default: DirectMessages) -> Block:
    usual = option(f"The default here ({CHOICES[default]})", actions.SERVER_DEFAULT)
    choices = [usual, *(option(words.capitalize(), str(kind)) for kind, words in CHOICES.items())]
    element = menu(name, "Choose…", choices, chosen=str(chosen) if chosen else actions.SERVER_DEFAULT)
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def _modal(title: str, blocks: list[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": actions.DETAILS_FORM,
        "title": plain(title, MODAL_TITLE),
        "close": plain("Close", MODAL_TITLE),
        "blocks": blocks,
    }

"""Follow-ups on a session: what its cards say of them, the button that takes one, and its form."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from bot.blocks import actions
from bot.blocks.elements import (
    OPTION_TEXT,
    OPTION_VALUE,
    Block,
    button,
    confirmation,
    context,
    menu,
    modal,
    mrkdwn,
    option,
    plain,
    section,
)
from bot.blocks.markup import MONTHS, NAME, TITLE, bare, date_token, safe
from bot.domain.follow_ups import DEFAULT_DAYS, NOTE
from bot.domain.model import CriterionResult, CriticalCriterion, FollowUp, FollowUpEnd, SessionKey, SessionRecord
from bot.domain.text import digest_of

SHOWN = 5  # of one session
WHOLE = "whole"  # the choice that is no criterion
ENDS_ITSELF = (
    "The result counts as acknowledged. The follow-up ends by itself when the same person next meets the target on this"
    " checklist, or reaches the criterion that you chose; you are told then."
)
_ENDS = {
    FollowUpEnd.MET: "reached",
    FollowUpEnd.CORRECTED: "the result was corrected",
    FollowUpEnd.CLOSED: "closed",
    FollowUpEnd.LOST: "who may not see it any more; ended",
}


def format_day(day: date) -> str:
    """`Fri 27 Nov 2026`: a local date, the same for every reader."""
    return f"{day:%a} {day.day} {MONTHS[day.month - 1]} {day.year}"


def format_subject(criterion: CriticalCriterion | None) -> str:
    """The criterion a follow-up is about, for mrkdwn; "" for the whole session."""
    return "" if criterion is None else f"“{safe(criterion.title, NAME)}”"


def format_follow_ups(record: SessionRecord) -> str:
    """Who follows a session up until when, and what ended by itself, for mrkdwn; "" if there is nothing to say."""
    texts = [_follow_up(one) for one in record.follow_ups[:SHOWN]]
    more = len(record.follow_ups) - SHOWN
    return "\n".join([*texts, *([f"and {more} more follow-ups"] if more > 0 else [])])


def _follow_up(one: FollowUp) -> str:
    parts = [f"<@{safe(one.owner, 40)}>", f"due {format_day(one.due)}", format_subject(one.criterion)]
    if one.end is not None and one.closed_at is not None:
        parts[1] = f"{_ENDS[one.end]} {date_token(one.closed_at)}"
    return f"{'Follow-up' if one.is_open else 'Followed up'} by {', '.join(filter(None, parts))}"


def follow_up_button(key: SessionKey, about: str, suffix: str | int | None = None) -> Block:
    """The button that opens the form; `about` names the session to screen readers, `suffix` keeps look-alike ones
    apart."""
    action = actions.FOLLOW_UP if suffix is None else actions.action_id(actions.FOLLOW_UP, suffix)
    return button(action, "Follow up", actions.session_value(key), label=f"Follow up: {about}")


def close_button(one: FollowUp) -> Block:
    """The button that ends a follow-up; Slack asks first."""
    ask = confirmation(
        "Close the follow-up?",
        "You are not reminded of it any more. The result stays acknowledged.",
        "Close it",
        "Keep it",
    )
    action = actions.action_id(actions.CLOSE_FOLLOW_UP, one.follow_up_id)
    label = f"Close follow-up {one.follow_up_id}"
    return button(actions.asked(action), "Close", str(one.follow_up_id), label=label, confirm=ask)


# ---- the form ------------------------------------------------------------------------------------------------------


def criterion_value(criterion: CriterionResult) -> str:
    """A criterion as a choice of the form: iSpring's id, or the digest of its title if it has none that fits."""
    ident = criterion.criterion_id
    return ident if ident and ident != WHOLE and len(ident) <= OPTION_VALUE else digest_of(criterion.title)


def follow_up_form(
    record: SessionRecord, title: str, missed: Sequence[CriterionResult], own: FollowUp | None, today: date
) -> dict[str, Any]:
    """The form, with what the viewer chose before. `title` is who and how much, `missed` are the criteria to choose
    from; `today` is the date where the viewer is."""
    choices = [option("The whole session", WHOLE)]
    choices += [option(bare(one.title, OPTION_TEXT) or "untitled", criterion_value(one)) for one in missed]
    chosen = WHOLE
    if own is not None and own.criterion is not None:
        chosen = next((criterion_value(one) for one in missed if own.criterion.is_this(one)), WHOLE)
    others = [one for one in record.follow_ups if one.is_open and one is not own]
    checklist = safe(record.session.facts.checklist_title, TITLE)
    due = own.due if own is not None else today + timedelta(days=DEFAULT_DAYS)
    blocks = [
        section(mrkdwn("\n".join(filter(None, (f"*{safe(title, TITLE + NAME)}*", checklist))))),
        *([context("\n".join(_follow_up(one) for one in others[:SHOWN]))] if others else []),
        _input(actions.INPUT_FOLLOW_UP_WHAT, "What", menu(actions.INPUT_FOLLOW_UP_WHAT, "Choose…", choices, chosen)),
        _input(
            actions.INPUT_FOLLOW_UP_DUE,
            "Due",
            {"type": "datepicker", "action_id": actions.INPUT_FOLLOW_UP_DUE, "initial_date": due.isoformat()},
        ),
        _note(own.note if own is not None else ""),
        context(ENDS_ITSELF),
    ]
    form = modal("Follow up", actions.FOLLOW_UP_FORM, blocks, submit="Save")
    return {**form, "private_metadata": actions.session_value(record.session.key)}


def _input(name: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def _note(typed: str) -> Block:
    name = actions.INPUT_FOLLOW_UP_NOTE
    element: Block = {"type": "plain_text_input", "action_id": name, "max_length": NOTE}
    if typed:
        element["initial_value"] = typed
    return {**_input(name, "Note, for you alone", element), "optional": True}


def chosen_criterion(value: str, missed: Sequence[CriterionResult]) -> CriterionResult | None:
    """The criterion of a choice; None for the whole session. Raises ValueError for any other value."""
    if value in ("", WHOLE):
        return None
    for one in missed:
        if criterion_value(one) == value:
            return one
    raise ValueError(value)


def format_taken(one: FollowUp, command: str) -> str:
    """That a follow-up is saved, for mrkdwn."""
    subject = format_subject(one.criterion)
    about = f", for {subject}" if subject else ""
    return f"Your follow-up is due {format_day(one.due)}{about}. `{command} follow-ups` lists yours."


def taken(one: FollowUp, command: str) -> dict[str, Any]:
    """The form after it was saved."""
    blocks = [section(mrkdwn(format_taken(one, command))), context(ENDS_ITSELF)]
    return modal("Follow up", actions.DETAILS_FORM, blocks)

"""Lists of follow-ups: a person's own and those of their people, on the Home tab, in reminders and in digests."""

from collections.abc import Sequence
from datetime import date

from bot.blocks.cards import UNTITLED
from bot.blocks.elements import Block, context, message, mrkdwn, notice, section
from bot.blocks.follow_ups import close_button, format_day, format_subject
from bot.blocks.markup import NAME, and_more, safe
from bot.blocks.session_lists import RenderContext, short_id_of
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.follow_ups import NOTE, FollowedUp
from bot.domain.model import FollowUp, FollowUpEnd, Session
from bot.domain.notifications import Message
from bot.domain.outcomes import word
from bot.domain.text import count

OWN_ON_HOME, OTHERS_ON_HOME = 5, 5
LISTED = 15


def format_due(due: date, today: date) -> str:
    """`overdue since Fri 27 Nov 2026`, `due today`, `due tomorrow`, `due Fri 27 Nov 2026`."""
    days = (due - today).days
    if days < 0:
        return f"*overdue* since {format_day(due)}"
    return {0: "*due today*", 1: "due tomorrow"}.get(days, f"due {format_day(due)}")


def follow_up_line(
    follow_up: FollowUp, session: Session, directory: Directory, today: date, *, with_owner: bool, with_note: bool
) -> str:
    """One follow-up in one line of mrkdwn: whose, on what, until when."""
    facts = session.facts
    parts = [
        f"*{safe(directory.name_of(facts.key.employee_id), NAME)}*",
        safe(facts.checklist_title, NAME) or UNTITLED,
        format_subject(follow_up.criterion),
        safe(word(outcome_of(session)), NAME),
        f"by <@{safe(follow_up.owner, 40)}>" if with_owner else "",
    ]
    if follow_up.end is None:
        parts.append(format_due(follow_up.due, today))
    else:
        parts.append(_format_end(follow_up))
    if session.missing_since is not None:
        parts.append("iSpring no longer lists the session")
    if with_note and follow_up.note:
        parts.append(f"“{safe(follow_up.note, NOTE)}”")
    return " · ".join(filter(None, parts))


def _format_end(follow_up: FollowUp) -> str:
    """Why a follow-up is over."""
    match follow_up.end:
        case FollowUpEnd.MET if follow_up.criterion is not None:
            return "*done*: a later session reached it"
        case FollowUpEnd.MET:
            return "*done*: a later session met the target"
        case FollowUpEnd.CORRECTED:
            return "*done*: the result was corrected"
    return "closed"


def follow_up_list(
    own: Sequence[FollowedUp], others: Sequence[FollowedUp], shown: RenderContext, today: date
) -> Message:
    """A viewer's own open follow-ups with a button to close each, and those of others that they may see."""
    if not own and not others:
        hint = "Take one with the button “Follow up” on a low result, or with the id at its foot:"
        return notice("You have no open follow-up.", f"{hint} `{shown.command} follow-up ID due:friday`.")
    blocks = follow_up_blocks(own, others, shown, today, LISTED, LISTED)
    return message(blocks)


def follow_up_blocks(
    own: Sequence[FollowedUp],
    others: Sequence[FollowedUp],
    shown: RenderContext,
    today: date,
    most_own: int = OWN_ON_HOME,
    most_others: int = OTHERS_ON_HOME,
) -> list[Block]:
    """The same for the Home tab; no block without any."""
    blocks: list[Block] = []
    if own:
        blocks.append(section(mrkdwn(f"*{count(len(own), 'follow-up')} of yours*")))
    for one in own[:most_own]:
        line = follow_up_line(one.follow_up, one.session, shown.directory, today, with_owner=False, with_note=True)
        blocks.append(section(mrkdwn(f"{line} · {short_id_of(one.session.key, shown)}"), close_button(one.follow_up)))
    if len(own) > most_own:
        blocks.append(context(and_more(len(own) - most_own, f"{shown.command} follow-ups")))
    if others:
        lines = [
            "• " + follow_up_line(one.follow_up, one.session, shown.directory, today, with_owner=True, with_note=False)
            for one in others[:most_others]
        ]
        more = len(others) - most_others
        further = [and_more(more, f"{shown.command} follow-ups")] if more > 0 else []
        heading = f"*{count(len(others), 'follow-up')} of others on sessions that you may see*"
        blocks.append(section(mrkdwn("\n".join([heading, *lines, *further]))))
    return blocks


def closed(*, was_open: bool) -> Message:
    """A follow-up was closed."""
    return notice("The follow-up is closed." if was_open else "That follow-up was over already.")

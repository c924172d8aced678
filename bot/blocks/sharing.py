"""Sharing with a channel: what is asked before, what the channel then reads, and what became of it."""

from collections.abc import Sequence

from bot.blocks import actions
from bot.blocks.cards import CardFacts, Part, session_card
from bot.blocks.elements import (
    BUTTON_VALUE,
    NAME,
    Block,
    button,
    context,
    count,
    format_query_text,
    message,
    mrkdwn,
    safe,
    section,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.grouped_cards import grouped_card
from bot.domain.errors import QueryError
from bot.domain.model import Message, StoredNotification
from bot.query.parser import parse, words

MOST_SHARED = 25  # sessions in one message
ROOM_TO_CONFIRM = 90  # characters of a ConfirmShare beside its Share


def share_button(what: actions.Share) -> list[Block]:
    """The button that asks whom a result would be shown to; none where the query is too long for its value."""
    value = actions.encode(what, BUTTON_VALUE - ROOM_TO_CONFIRM)
    return [button(actions.SHARE, "Share here…", value)] if value else []


def preview(
    channel_id: str,
    name: str,
    *,
    is_private: bool,
    members: int,
    status: str,
    requested_at: int,
    what: actions.Share,
    again: bool = False,
) -> Message:
    """Who would see what, before anything is posted. `told` says what, in words made safe; `asked_at` is in ms.
    `again`: there are more of them than when it was asked the first time."""
    destination = f"#{safe(name, NAME)}" if name else f"<#{safe(channel_id, 40)}>"
    kind = "private" if is_private else "public"
    who = f"its {count(members, 'member')} can read"
    if not is_private:
        who = f"everybody in the workspace, now and later, can read ({count(members, 'member')} in it now)"
    question = "Nothing was posted: more people can read it here than when you were asked. " if again else ""
    question += (
        f"Post {status} to {destination}? It is a {kind} channel: {who} people's names and results there, whatever they may "
        f"see otherwise, and that you shared them."
    )
    value = actions.encode(actions.ConfirmShare(channel_id, requested_at, members if is_private else None, what))
    made = [
        button(actions.CONFIRM_SHARE, f"Post to this {kind} channel", value, style="primary"),
        button(actions.CANCEL, "Cancel", channel_id),
    ]
    return message(question, [section(mrkdwn(question)), buttons(made)])


def no_channel(*, command: str) -> Message:
    """The button was pressed where there is no channel to share with."""
    status = "Results are shared with channels, and this is none."
    return _part(status, f"Type `{command} results` or `{command} show` in the channel they are for.")


def posted() -> Message:
    """It stands in the channel."""
    return _part("Shared: it is posted here, under your name.", "")


def posted_later() -> Message:
    """It waits for its turn."""
    return _part("Shared: it is posted as soon as Slack takes it, which is taking longer than usual.", "")


def not_posted(reason: str) -> Message:
    """Slack, or a change of rights meanwhile, is against it."""
    return _part(f"Nothing was posted: {safe(reason, 300).rstrip('.')}.", "")


def one_session() -> str:
    """What a shared session is called in the question."""
    return "this session's card"


def format_what(query: str, shown: int, total: int) -> str:
    """What a shared list is called: `the first 25 of 312 sessions (on “Opening”)`, safe for mrkdwn."""
    number = count(total, "session") if total <= shown else f"the first {shown} of {count(total, 'session')}"
    return f"{number} ({format_query_text(text_of(query).removeprefix('sessions '), 500)})"


def text_of(query: str) -> str:
    """A query's canonical text in words; as it is where it can't be read any more."""
    try:
        return words(parse(query))
    except QueryError:
        return query


def shared(notifications: Sequence[StoredNotification], facts: CardFacts) -> Part:
    """What somebody shared, as a card or a list, under their name.

    The words of the query are shown only with everything it found: they may name who is no longer to be named.
    """
    keys = list(
        dict.fromkeys(
            stored.notification.session for stored in notifications if stored.notification.session is not None
        )
    )
    status = notifications[0].notification.facts
    by = f"<@{safe(str(status.get('by') or ''), 40)}>"
    if len(keys) == 1 and status.get("query") is None:
        return _under(f"{by} shared this session.", session_card(keys[0], facts))
    heading = f"{by} shared {count(len(keys), 'session')}."
    if all(facts.visible(key) for key in keys):
        total = status.get("total")
        number = int(total) if isinstance(total, (int, float)) else len(keys)
        heading = f"{by} shared {format_what(str(status.get('query') or ''), len(keys), number)}."
    return _under(heading, grouped_card(keys, facts))


def _under(heading: str, part: Part) -> Part:
    return Part(f"{heading}\n{part.text}", (section(mrkdwn(heading)), *part.blocks))


def _part(status: str, hint: str) -> Message:
    return message(f"{status} {hint}".strip(), [section(mrkdwn(status)), *([context(hint)] if hint else [])])

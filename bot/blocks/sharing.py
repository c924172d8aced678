"""Sharing with a channel: the question before, what the channel then gets, and what became of it."""

from collections.abc import Sequence

from bot.blocks import actions
from bot.blocks.card_facts import CardFacts
from bot.blocks.cards import session_card
from bot.blocks.elements import BUTTON_VALUE, Block, button, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.grouped_cards import grouped_card
from bot.blocks.markup import NAME, format_query_text, safe
from bot.domain.model import SessionKey
from bot.domain.notifications import Message, StoredNotification
from bot.domain.text import count

MOST_SHARED = 25  # sessions in one message
ROOM_TO_CONFIRM = 90  # characters of a ConfirmShare beside its Share


def share_button(what: actions.Share) -> list[Block]:
    """The button that shows who would see a result; none if the query is too long for its value."""
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
    """Who would see what, before anything is posted.

    `status` names what would be posted, in words made safe; `requested_at` is in ms. `again`: more people can read it
    now than when the user was asked the first time.
    """
    destination = f"#{safe(name, NAME)}" if name else f"<#{safe(channel_id, 40)}>"
    kind = "private" if is_private else "public"
    readers = f"its {count(members, 'member')} can read"
    if not is_private:
        readers = f"everybody in the workspace, now and later, can read ({count(members, 'member')} in it now)"
    question = "Nothing was posted: more people can read it here than when you were asked. " if again else ""
    question += (
        f"Post {status} to {destination}? It is a {kind} channel: {readers} people's names and results there, even if "
        f"they may not see them otherwise, and that you shared them."
    )
    value = actions.encode(actions.ConfirmShare(channel_id, requested_at, members if is_private else None, what))
    made = [
        button(actions.CONFIRM_SHARE, f"Post to this {kind} channel", value, style="primary"),
        button(actions.CANCEL, "Cancel", channel_id),
    ]
    return message([section(mrkdwn(question)), buttons(made)])


def no_channel(*, command: str) -> Message:
    """The button was pressed outside of a channel."""
    return notice(
        "Results are shared with channels, and this is none.",
        f"Type `{command} results` or `{command} show` in the channel they are for.",
    )


def posted() -> Message:
    """The message is in the channel."""
    return notice("Shared: it is posted here, under your name.")


def posted_later() -> Message:
    """The message is still waiting to be sent."""
    return notice("Shared: it is posted as soon as Slack takes it, which is taking longer than usual.")


def not_posted(reason: str) -> Message:
    """Slack refused it, or the viewer's rights have changed since."""
    return notice(f"Nothing was posted: {safe(reason, 300).rstrip('.')}.")


def format_what(words: str | None, shown: int, total: int) -> str:
    """What is shared, safe for mrkdwn: `the first 25 of 312 sessions (on “Opening”)`, `this session's card`. `words` is
    the query that found them."""
    if words is None:
        return "this session's card"
    number = count(total, "session") if total <= shown else f"the first {shown} of {count(total, 'session')}"
    return f"{number} ({format_query_text(words.removeprefix('sessions '), 500)})"


def shared(keys: Sequence[SessionKey], stored: StoredNotification, facts: CardFacts) -> list[Block]:
    """What a user shared, as a card or a list, under their name.

    The query is shown only if all sessions it found are: it may name a person whose name must not be shown any more.
    """
    values = stored.notification.facts
    by = f"<@{safe(str(values.get('by') or ''), 40)}>"
    if len(keys) == 1 and values.get("query") is None:
        return [section(mrkdwn(f"{by} shared this session.")), *session_card(keys[0], facts)]
    what = count(len(keys), "session")
    if all(facts.visible(key) for key in keys):
        total = values.get("total")
        number = int(total) if isinstance(total, (int, float)) else len(keys)
        what = format_what(facts.queries.get(stored.notification_id, ""), len(keys), number)
    return [section(mrkdwn(f"{by} shared {what}.")), *grouped_card(keys, facts)]

"""Mutes in words: who muted what until when and why, the answers to commands, and the recap at the end."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.blocks import actions
from bot.blocks.answers import question
from bot.blocks.card_facts import CardFacts
from bot.blocks.elements import Block, button, confirmation, context, header, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, date_token, format_query_text, from_seconds, safe
from bot.blocks.summaries import failing_words, results_commands
from bot.domain.mutes import Mute
from bot.domain.notifications import Delivery, Destination, DestinationKind, Message, StoredNotification, SummaryCounts
from bot.domain.text import count

_ENDS = (("1 hour", "1h"), ("4 hours", "4h"), ("Until tomorrow", "until:tomorrow"), ("Until Monday", "until:mon"))
REASON = 200  # characters of a reason at most
SHOWN = 10


def format_place(destination: Destination) -> str:
    """Where a mute holds messages back, for mrkdwn: a channel, or the reader's direct messages."""
    if destination.kind is DestinationKind.CHANNEL:
        return f"<#{safe(destination.id, 40)}>"
    return "your direct messages"


def format_mute(mute: Mute, words: str) -> str:
    """A mute in one line of mrkdwn; `words` is its query for people."""
    by = f"by <@{safe(mute.created_by, 40)}>" if mute.created_by else "by somebody who was erased"
    why = f", because “{safe(mute.reason, REASON)}”" if mute.reason else ""
    return (
        f"*Mute {mute.mute_id}* of {format_place(mute.destination)}: {format_query_text(words, 150)} until "
        f"{date_token(mute.ends_at)}, {by}{why}"
    )


def would_mute(destination: Destination, words: str, ends_at: datetime) -> str:
    """What a mute would do, in a sentence of mrkdwn."""
    return (
        f"This holds back {_messages_of(destination)} until {date_token(ends_at)}: "
        f"{format_query_text(words, 150)}. They come then, as one recap."
    )


def _messages_of(destination: Destination) -> str:
    place = format_place(destination)
    return place if destination.kind is not DestinationKind.CHANNEL else f"the messages of {place}"


def muted(mute: Mute, words: str, held: int, *, command: str) -> Message:
    """A mute was made. `held`: how many messages that were pending it holds back."""
    at_once = f" {count(held, 'message')} that {'was' if held == 1 else 'were'} pending wait at once." if held else ""
    text = (
        f"{format_mute(mute, words)}.{at_once} What would have come is kept, and comes as one recap when the mute "
        "ends, as it is then. Alerts, notices about rules, answers and corrections still come."
    )
    end = buttons([unmute_button(mute)])
    return message([section(mrkdwn(text)), end, context(f"`{command} unmute` ends it earlier.")])


def ask_how_long(destination: Destination, words: str, *, is_elsewhere: bool = False) -> Message:
    """Asks until when a channel or a person is muted; `words` are those that were typed. `is_elsewhere`: the question
    does not stand where that is, so the answers name it."""
    if is_elsewhere:
        place = f"<#{destination.id}>" if destination.kind is DestinationKind.CHANNEL else "for:me"
        words = f"{place} {words}".rstrip()
    text = f"Mute {format_place(destination)} for how long? What comes meanwhile is kept and comes as one recap."
    made = [
        button(actions.asked(actions.action_id(actions.RUN, f"mute{number}")), label, f"mute {end} {words}".rstrip())
        for number, (label, end) in enumerate(_ENDS)
    ]
    return message([section(mrkdwn(text)), buttons(made)])


def unmute_button(mute: Mute) -> Block:
    """A button that ends a mute; Slack asks first."""
    ask = confirmation(f"End mute {mute.mute_id}?", "What it held back comes now, as one message.", "End it", "Keep it")
    action, label = actions.action_id(actions.RUN, f"unmute{mute.mute_id}"), f"End mute {mute.mute_id}"
    return button(actions.asked(action), "Unmute", f"unmute {mute.mute_id}", label=label, confirm=ask)


def ask_to_unmute(mute: Mute, words: str) -> Message:
    """Asks before a mute is ended."""
    text = f"End it now? {format_mute(mute, words)}. What it held back comes as one message."
    return question(text, actions.RUN, "Yes, unmute", f"unmute {mute.mute_id}")


def unmuted(mute: Mute, held: int) -> Message:
    """A mute was ended; `held`: how much its recap brings."""
    release = f"{count(held, 'message')} that it held back {'comes' if held == 1 else 'come'} now, as one recap."
    return notice(
        f"Mute {mute.mute_id} of {format_place(mute.destination)} has ended. "
        f"{release if held else 'It had held back nothing that comes now.'}"
    )


def which_mute(mutes: Sequence[Mute], words: Mapping[int, str], *, command: str) -> Message:
    """The mutes that a viewer may end here, each with a button that asks."""
    if not mutes:
        return notice("Nothing is muted here.", f"`{command} mute 4h` mutes for four hours.")
    return message(mute_blocks(mutes, words, may_end={mute.mute_id for mute in mutes}))


def mute_blocks(mutes: Sequence[Mute], words: Mapping[int, str], *, may_end: Collection[int]) -> list[Block]:
    """Mutes that run, one block each; a button to end those that the viewer may end."""
    blocks = [
        section(
            mrkdwn(format_mute(mute, words.get(mute.mute_id, ""))),
            unmute_button(mute) if mute.mute_id in may_end else None,
        )
        for mute in mutes[:SHOWN]
    ]
    return [*blocks, *([context(f"and {len(mutes) - SHOWN} more mutes")] if len(mutes) > SHOWN else [])]


def recaps(delivery: Delivery, notifications: Sequence[StoredNotification], facts: CardFacts) -> list[Block]:
    """What came while a destination was muted: how much, who muted it and why; its sessions follow."""
    blocks: list[Block] = []
    for stored in notifications:
        values = stored.notification.facts
        counts = facts.metrics.get(stored.notification_id, SummaryCounts())
        # Only what its readers may see: a number says that there is more.
        held = counts.sessions + sum(
            facts.visible(one.notification.session) is not None for one in delivery.notifications
        )
        mute = facts.mutes.get(int(str(values.get("mute", 0))))
        place = "this channel was" if delivery.destination.kind is DestinationKind.CHANNEL else "you were"
        lines = [
            f"{count(held, 'result')} came while {place} muted, between "
            f"{_moment(values.get('from'))} and {_moment(values.get('to'))}{_who(mute)}. As they are now:"
        ]
        if counts.sessions:
            lines.append(
                f"{count(counts.sessions, 'more session')} {'is' if counts.sessions == 1 else 'are'} counted here, not "
                f"posted{failing_words(counts)}; {results_commands(counts, facts.command)}."
            )
        blocks += [header("While muted"), section(mrkdwn("\n".join(lines)))]
    return blocks


def _who(mute: Mute | None) -> str:
    if mute is None or not mute.created_by:
        return ""
    why = f", because “{safe(mute.reason, REASON)}”" if mute.reason else ""
    return f", by <@{safe(mute.created_by, NAME)}>{why}"


def _moment(seconds: str | int | float | None) -> str:
    return date_token(from_seconds(seconds)) if isinstance(seconds, (int, float)) else "?"

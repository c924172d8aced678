"""Shadow mode: the question before it, the question before going live, and the first line of what it shows."""

from datetime import datetime

from bot.blocks import actions
from bot.blocks.elements import Block, button, context, message, mrkdwn, notice, section
from bot.blocks.elements import actions as buttons
from bot.blocks.markup import NAME, date_token, safe
from bot.blocks.rules import format_reason
from bot.blocks.sending import format_who
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.outbox import ShadowCounts, ShadowMode
from bot.domain.text import count, lasting

# In previews of rules and digests, for everybody: it names no channel.
SHADOW_HINT = "Shadow mode is on: until an admin goes live, what it sends is shown in one private channel."
_WHAT = "cards, direct messages, digests, reminders, recaps and introductions of rules"


def shadow_line(destination: Destination, name: str) -> Block:
    """The first line of a message that shadow mode shows: where it would have gone, by name. Nobody is mentioned."""
    return context(f"Shadow mode: would have gone to {_meant_for(destination, name)}")


def _meant_for(destination: Destination, name: str) -> str:
    if destination.kind is DestinationKind.CHANNEL:
        return f"#{safe(name, NAME)}" if name else f"<#{safe(destination.id, 40)}>"
    return f"{safe(name, NAME) or 'a Slack account without a person in iSpring'} as a direct message"


def format_channel(mode: ShadowMode) -> str:
    """The channel of shadow mode, for mrkdwn."""
    return f"<#{safe(mode.channel, 40)}>"


def began(mode: ShadowMode) -> str:
    """When shadow mode began, as the value of the button that ends it."""
    return str(int(mode.at.timestamp() * 1000))


# ---- the questions ---------------------------------------------------------------------------------------------------


def ask_to_begin(
    channel_id: str, members: int, *, rules: int, waiting: int, command: str, again: bool = False
) -> Message:
    """What will happen, and who will read it, before shadow mode begins. `again`: more people read along than when the
    admin was asked the first time."""
    place = f"<#{safe(channel_id, 40)}>"
    first = "Nothing was changed: more people can read along than when you were asked.\n" if again else ""
    waits = f" {count(waiting, 'message waits', 'messages wait')} and will be shown there." if waiting else ""
    lines = [
        f"• What Spotter sends by itself ({_WHAT}) is posted to {place} only, each with where it would have gone. No "
        "other channel and no person gets it.",
        f"• {place} is a private channel: its {count(members, 'member')} can read everybody's names and results there, "
        "even if they may not see them otherwise.",
        "• Alerts, notices to owners of rules, answers to commands and what people share go where they belong. What "
        "was posted before stays, and is still corrected.",
        f"• It lasts until an admin goes live: `{command} shadow off`. What was shown is not sent again then. After 7 "
        "days Spotter asks.",
    ]
    made = [
        button(actions.BEGIN_SHADOW, "Start shadow mode", actions.encode(actions.Shadow(channel_id, members))),
        button(actions.CANCEL, "Cancel", channel_id),
    ]
    return message(
        [
            section(mrkdwn(f"{first}*Show everything in {place} for now?*")),
            section(mrkdwn("\n".join(lines))),
            context(f"Now: {count(rules, 'rule')}.{waits}"),
            buttons(made),
        ]
    )


def ask_to_go_live(mode: ShadowMode, counts: ShadowCounts, now: datetime) -> Message:
    """What was shown in shadow mode and what happens next, before an admin goes live."""
    lines = [
        format_shown(mode, counts, now),
        "If you go live, new messages go to their channels and people from then on. What was shown is not sent again; "
        f"it is still corrected in {format_channel(mode)}.",
    ]
    if counts.waiting:
        lines.append(f"{count(counts.waiting, 'message waits', 'messages wait')} and will go where they belong.")
    value = began(mode)
    made = [
        button(actions.GO_LIVE, "Go live", value, style="primary"),
        button(actions.CANCEL, "Stay in shadow mode", value),
    ]
    return message([section(mrkdwn("*Go live?*")), section(mrkdwn("\n".join(lines))), buttons(made)])


def format_shown(mode: ShadowMode, counts: ShadowCounts, now: datetime) -> str:
    """`In shadow mode for 6 days 132 messages were shown in #admins: for 12 channels and 20 people.`"""
    shown = f"{count(counts.messages, 'message was', 'messages were')} shown in {format_channel(mode)}"
    meant = " and ".join(
        count(number, one, many)
        for number, one, many in ((counts.channels, "channel", "channels"), (counts.people, "person", "people"))
        if number
    )
    return f"In shadow mode for {lasting((mode.until or now) - mode.at)}: {shown}{f', for {meant}' if meant else ''}."


# ---- what is so, and what was done -----------------------------------------------------------------------------------


def shadow_status(
    mode: ShadowMode | None, counts: ShadowCounts, closed: str, now: datetime, *, command: str
) -> Message:
    """Whether shadow mode is on, and what it has shown. `closed`: why nothing can be shown there now, or ""."""
    if mode is None or mode.until is not None:
        before = f" {format_shown(mode, counts, now)}" if mode is not None else ""
        return notice(
            f"Shadow mode is off: messages go where they belong.{before}",
            f"`{command} shadow #channel` shows everything in one private channel instead; it asks first.",
        )
    lines = [f"{format_shown(mode, counts, now)} {format_who(mode.by)} started it {date_token(mode.at)}."]
    lines += [format_closed(closed, counts)] if closed else []
    return notice("\n".join(lines), f"`{command} shadow off` goes live; it asks first.")


def format_closed(reason: str, counts: ShadowCounts) -> str:
    """That nothing can be shown, and what to do."""
    return (
        f"*Nothing can be shown there now* ({format_reason(reason)}): "
        f"{count(counts.waiting, 'message waits', 'messages wait')}, and none goes elsewhere. Mend the channel, or go "
        "live."
    )


def begun(mode: ShadowMode, *, command: str) -> Message:
    """Shadow mode is on now."""
    return notice(
        f"Shadow mode is on: what Spotter sends by itself is shown in {format_channel(mode)} only.",
        f"`{command} shadow` says what it has shown, `{command} shadow off` goes live.",
    )


def on_already(mode: ShadowMode, *, command: str) -> Message:
    """Shadow mode was on before; nothing was changed."""
    return notice(
        f"Shadow mode is on already, since {date_token(mode.at)}, in {format_channel(mode)}.",
        f"For another channel go live first: `{command} shadow off`.",
    )


def not_private(channel_id: str) -> Message:
    """A public channel: everybody could read along."""
    return notice(
        f"Nothing was changed: <#{safe(channel_id, 40)}> is public, and everybody's results would be read there.",
        "Make a private channel, type `/invite @Spotter` in it, and try again.",
    )


def live(mode: ShadowMode, counts: ShadowCounts, now: datetime, *, command: str) -> Message:
    """Shadow mode has ended."""
    return notice(
        f"Spotter is live: new messages go to their channels and people. {format_shown(mode, counts, now)}",
        f"`{command} setup` has a text that announces it in a channel.",
    )


def live_already() -> Message:
    """Shadow mode was off before; nothing was changed."""
    return notice("Shadow mode is off already: messages go where they belong.")

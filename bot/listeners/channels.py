"""Channels that results may go to: asked of Slack just before anything is promised."""

from bot.blocks.elements import notice
from bot.blocks.rules import invite_first
from bot.domain.errors import MessengerRefused, MessengerUnavailable, NotAllowed
from bot.domain.model import Message
from bot.domain.ports import Channel
from bot.listeners.context import AppContext

NO_WAY_IN = frozenset({"not_in_channel", "channel_not_found"})


def is_channel(channel_id: str | None) -> bool:
    """Whether an id is a channel's, and not a direct message's or none."""
    return channel_id is not None and channel_id.startswith(("C", "G"))


async def fit_channel(ctx: AppContext, channel_id: str) -> Channel | Message:
    """A channel that the bot is in and that results may go to, or what stands in the way.

    Raises NotAllowed for one that is shared with another company, archived, or a direct message.
    """
    try:
        channel = await ctx.messenger.channel(channel_id)
    except MessengerRefused as refusal:
        if refusal.code in NO_WAY_IN:
            return invite_first(channel_id)
        return notice(
            f"Nothing was saved: Slack does not tell what kind of channel this is ({refusal.code}).",
            "`spotter check` on the command line names the remedy.",
        )
    except MessengerUnavailable:
        return notice(
            "Nothing was saved: Slack can't tell just now what kind of channel this is.", "Try again in a minute."
        )
    if channel.is_shared_outside:
        raise NotAllowed("this channel is shared with another company, where results of named people must not go")
    if channel.is_direct:
        raise NotAllowed("this is a direct message, and no channel")
    if channel.is_archived:
        raise NotAllowed("this channel is archived")
    return channel if channel.is_member else invite_first(channel_id)

"""Shadow mode: for a while everything is shown in one private channel. Admins start and end it; both ask first."""

import re

from bot.blocks import shadow as views
from bot.blocks.answers import Needs
from bot.domain.errors import QueryError
from bot.domain.notifications import Message
from bot.domain.rules import RuleState
from bot.domain.viewers import Viewer
from bot.listeners.channels import fit_channel, is_channel, members_of
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.services.shadow import shadow_closed
from bot.store.database import Tx

_CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^<>]*)?>|([CG][A-Z0-9]{6,})")
_HERE = frozenset({"here", "in this channel", "this channel"})
_MODE = re.compile(r"^(?:mode|on)\b\s*|\s*\bmode$", re.IGNORECASE)
_OFF = frozenset({"off", "end", "stop", "live", "go live"})


@subcommand(
    "shadow [#channel]",
    "Show all messages in one channel until you go live",
    examples=("shadow", "shadow #spotter-admins", "shadow off"),
    more="For the first week. `shadow #channel` starts it in a private channel, `shadow off` goes live, `shadow` says "
    "what it has shown. What Spotter would send by itself is posted there only, each message with where it would have "
    "gone. Both ask before they do anything. What was shown is not sent again when you go live.",
    admins_only=True,
    needs=Needs.NOTHING,
    asks_itself=True,
)
async def shadow(ctx: AppContext, request: CommandRequest) -> Message:
    """Whether shadow mode is on, or the question whether it is to begin or end."""
    words = _MODE.sub("", request.words.strip().strip("`").strip()).strip()
    if not words or words.lower() == "status":
        return await ctx.store.read(lambda tx: _status(ctx, tx))
    if words.lower() in _OFF:
        return await ctx.store.read(lambda tx: question_to_go_live(ctx, tx))
    if words.lower() in _HERE and request.channel_id is not None and is_channel(request.channel_id):
        return await question_to_begin(ctx, request.viewer, request.channel_id)
    found = _CHANNEL.fullmatch(words)
    if found is None:
        raise QueryError(
            f"“{words}” is no channel Spotter can read. Type # and choose a private channel from Slack's list, or type "
            "`shadow here` in it.",
            ["shadow", "shadow off"],
        )
    return await question_to_begin(ctx, request.viewer, found[1] or found[2])


def _status(ctx: AppContext, tx: Tx) -> Message:
    last = tx.shadow.last()
    closed = shadow_closed(tx, last.destination) if last is not None else ""
    return views.shadow_status(last, tx.shadow.counts(), closed, ctx.clock.now(), command=ctx.command)


def question_to_go_live(ctx: AppContext, tx: Tx) -> Message:
    """The question whether to go live, with what was shown."""
    mode = tx.shadow.mode()
    return views.live_already() if mode is None else views.ask_to_go_live(mode, tx.shadow.counts(), ctx.clock.now())


async def question_to_begin(ctx: AppContext, viewer: Viewer, channel_id: str, *, again: bool = False) -> Message:
    """The question whether to show everything in a channel, or why that can't be. Raises NotAllowed, NotPossibleNow."""
    fit = await fit_shadow(ctx, viewer, channel_id)
    if isinstance(fit, Message):
        return fit

    def read(tx: Tx) -> Message:
        rules = len(tx.rules.all((RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)))
        return views.ask_to_begin(
            channel_id,
            fit,
            rules=rules,
            waiting=tx.shadow.would_show(),
            command=ctx.command,
            again=again,
        )

    return await ctx.store.read(read)


async def fit_shadow(ctx: AppContext, viewer: Viewer, channel_id: str) -> int | Message:
    """How many members the channel has beside the bot, if everything may be shown there; else a message that says why
    not. Raises NotAllowed if the viewer is not in it, NotPossibleNow as `fit_channel` does."""
    if mode := await ctx.store.read(lambda tx: tx.shadow.mode()):
        return views.on_already(mode, command=ctx.command)
    channel = await fit_channel(ctx, channel_id)
    if isinstance(channel, Message):
        return channel
    if not channel.is_private:
        return views.not_private(channel_id)
    return await members_of(ctx, viewer, channel_id)

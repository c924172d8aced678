"""Channels that results may be posted to: Slack is asked just before, and an answer waits for the message."""

from collections.abc import Callable
from typing import TypeVar

from bot.blocks.elements import notice
from bot.blocks.rule_preview import OnlySite
from bot.blocks.rules import invite_first
from bot.domain.errors import MessengerError, MessengerRefused, MessengerUnavailable, NotAllowed, NotPossibleNow
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.ports import Channel
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view
from bot.listeners.context import AppContext
from bot.query.names import Kind, id_value
from bot.query.parser import Key, Query, Term, say
from bot.services.channel_site import site_of_channel
from bot.services.rules import read
from bot.services.visible_names import all_visible_names
from bot.store.database import Tx

NO_ACCESS = frozenset({"not_in_channel", "channel_not_found"})

T = TypeVar("T")

_RECHECK_EVERY = 0.2  # seconds between two readings of whether something is posted


def is_channel(channel_id: str | None) -> bool:
    """Whether an id is a channel's: not a direct message's, and not None."""
    return channel_id is not None and channel_id.startswith(("C", "G"))


async def fit_channel(ctx: AppContext, channel_id: str, *, what: str = "saved") -> Channel | Message:
    """The channel if the bot is in it and results may go there, else a message that says why nothing was `what`.

    Raises NotPossibleNow if it is shared with another company, archived, or a direct message.
    """
    try:
        channel = await ctx.messenger.channel(channel_id)
    except MessengerRefused as refusal:
        if refusal.code in NO_ACCESS:
            return invite_first(channel_id, what=what)
        return notice(
            f"Nothing was {what}: Slack does not say what kind of channel this is ({refusal.code}).",
            "`spotter check` on the command line names the remedy.",
        )
    except MessengerUnavailable:
        return notice(
            f"Nothing was {what}: Slack can't say just now what kind of channel this is.", "Try again in a minute."
        )
    if channel.is_shared_outside:
        raise NotPossibleNow("this channel is shared with another company, where results of named people must not go")
    if channel.is_direct:
        raise NotPossibleNow("this is a direct message, and no channel")
    if channel.is_archived:
        raise NotPossibleNow("this channel is archived")
    return channel if channel.is_member else invite_first(channel_id, what=what)


async def members_of(ctx: AppContext, viewer: Viewer, channel_id: str) -> int:
    """How many are in a channel without the bot. Raises NotAllowed if the viewer is not, NotPossibleNow if Slack can't
    say who is."""
    try:
        members = await ctx.contacts.members(channel_id)
    except MessengerError:
        raise NotPossibleNow("Slack can't say just now who is in this channel; try again in a minute") from None
    if viewer.slack_user_id not in members:
        raise NotAllowed("you are not in this channel")
    return len(members) - 1


def only_site_of(
    tx: Tx, viewer: Viewer, channel: Channel, query: Query, before: str, after: str = ""
) -> OnlySite | None:
    """The same rule for the one site that its channel seems to be of, None if there is none: a command that begins and
    ends with these words."""
    access = access_view(tx, viewer)
    known = all_visible_names(tx, access.scope, access.directory, (), viewer.person_id)
    rules = tx.rules.at(Destination(DestinationKind.CHANNEL, channel.channel_id))
    queries = [found for rule in rules if (found := read(rule.query)) is not None]
    site = site_of_channel(channel.name, queries, query, known, access.directory, access.scope)
    if site is None:
        return None
    narrower = say(Query((*query.terms, Term(Key.DEPT, id_value(site)))))
    return OnlySite(known.label(Kind.DEPARTMENT, site), f"{before} {narrower} {after}".rstrip())


async def wait_until(ctx: AppContext, read: Callable[[Tx], T], is_done: Callable[[T], bool]) -> T:
    """Reads until the rows are as wanted, at most for `ctx.timeout`; returns what was read last."""
    until = ctx.clock.monotonic() + ctx.timeout
    while True:
        found = await ctx.store.read(read)
        if is_done(found) or ctx.clock.monotonic() >= until:
            return found
        await ctx.clock.sleep(_RECHECK_EVERY)

"""Channels and accounts in Slack change: rules pause and resume, and no notification is lost.

What an event takes away counts at once. Events can be late, repeated or out of order, so Slack is asked how it is.
"""

from collections.abc import Awaitable, Callable

import structlog

from bot.domain.errors import MessengerError, MessengerRefused, MessengerUnavailable, StoreBusy
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.reasons import NOT_FOUND
from bot.listeners.context import AppContext
from bot.listeners.requests import Event
from bot.services import pausing
from bot.store.database import Tx

# Why nothing can be posted to the channel any more, according to the event; "" if it does not say.
CHANNEL_EVENTS = {
    "channel_left": "not_in_channel",
    "group_left": "not_in_channel",
    "channel_archive": "is_archived",
    "group_archive": "is_archived",
    "channel_deleted": "channel_not_found",
    "group_deleted": "channel_not_found",
    "channel_unarchive": "",
    "group_unarchive": "",
    "channel_shared": "shared_outside",
    "channel_unshared": "",
    "channel_rename": "",
    "group_rename": "",
}


BUSY_PAUSE = 1.0  # seconds between tries to store what an event takes away

log = structlog.get_logger(__name__)


async def doubt_user(ctx: AppContext, event: Event) -> None:
    """Stores what a `user_change` takes away, however long the database is busy."""
    described = event.fields.get("user")
    if isinstance(described, dict):
        await _until_stored(ctx, lambda: ctx.contacts.doubt(described))
        ctx.wake_sender()


async def doubt_channel(ctx: AppContext, event: Event) -> None:
    """Nothing about people goes to the channel of an event before Slack was asked about it."""
    if event.channel_id:
        destination = Destination(DestinationKind.CHANNEL, event.channel_id)
        await _until_stored(ctx, lambda: ctx.store.transact(lambda tx: tx.destinations.doubt(destination)))


async def _until_stored(ctx: AppContext, store: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await store()
        except StoreBusy:
            log.warning("store.postponed", what="event")
            await ctx.clock.sleep(BUSY_PAUSE)
        else:
            return


async def channel_event(ctx: AppContext, event: Event) -> None:
    """One of CHANNEL_EVENTS."""
    if event.channel_id:
        await channel_changed(ctx, event.channel_id, CHANNEL_EVENTS[event.kind])


async def member_joined(ctx: AppContext, event: Event) -> None:
    """A user joined a channel; only the bot itself matters."""
    if event.user_id == event.bot_user_id and event.channel_id:
        await channel_changed(ctx, event.channel_id, "")


async def member_left(ctx: AppContext, event: Event) -> None:
    """A user left a channel: its cards open nothing for them any more."""
    if event.user_id and event.channel_id:
        ctx.contacts.left(event.channel_id, event.user_id)


async def channel_id_changed(ctx: AppContext, event: Event) -> None:
    """A channel has another id from now on: all that is stored under the old one follows, then Slack is asked."""
    old_id, new_id = event.fields.get("old_channel_id"), event.fields.get("new_channel_id")
    if isinstance(old_id, str) and isinstance(new_id, str) and old_id and new_id:
        await ctx.store.transact(lambda tx: _move(ctx, tx, old_id, new_id))
        ctx.wake_sender()
        await channel_changed(ctx, new_id, "")


async def user_changed(ctx: AppContext, event: Event) -> None:
    """A Slack account changed: its address, its rights, or that it exists."""
    await account_changed(ctx, event.user_id)


async def channel_changed(ctx: AppContext, channel_id: str, says: str) -> None:
    """Blocks a channel that can't or may not be written to, and unblocks it when all is well again.

    `says` is why nothing can be posted there according to the event, "" if it does not say; it counts only if Slack
    can't be asked.
    """
    if not await ctx.store.read(lambda tx: _concerns_us(tx, channel_id)):
        return
    destination = Destination(DestinationKind.CHANNEL, channel_id)
    try:
        channel = await ctx.messenger.channel(channel_id)
    except MessengerRefused as refusal:
        reason = says or (NOT_FOUND if refusal.code == NOT_FOUND else "")
    except MessengerUnavailable:
        reason = says
    else:
        now = ctx.clock.now()

        def judge(tx: Tx) -> None:
            pausing.judge(tx, channel, now, is_news=True)
            tx.destinations.record_check(destination, now)

        await ctx.store.transact(judge)
        ctx.wake_sender()
        return
    if reason:
        await ctx.store.transact(lambda tx: pausing.block(tx, destination, reason, ctx.clock.now()))
        ctx.wake_sender()


async def account_changed(ctx: AppContext, user_id: str) -> None:
    """Asks Slack about a user who has to be proved: their direct messages are tried again, and their rules pause or
    resume. What Slack can't say now is asked again by `jobs.identities`."""
    known = await ctx.store.read(
        lambda tx: tx.people.slack_user(user_id) is not None or any(rule.owner == user_id for rule in tx.rules.all())
    )
    if not known:
        return
    try:
        await ctx.contacts.user(user_id)
    except MessengerError:
        return
    viewer = await ctx.contacts.viewer(user_id)

    def judge_rules(tx: Tx) -> None:
        now = ctx.clock.now()
        destinations = [Destination(DestinationKind.USER, user_id)]
        if viewer.person_id is not None:
            destinations.append(Destination(DestinationKind.PERSON, viewer.person_id))
        for blocked in tx.destinations.blocked():
            if blocked.destination in destinations:
                tx.destinations.unblock(blocked.destination, now)
        if tx.people.directory_at() is None:
            return
        gone = pausing.gone_reason(viewer, tx.people.directory())
        for rule in tx.rules.all():
            if rule.owner == user_id:
                pausing.judge_owner(tx, rule, gone, ctx.settings.admins, now)

    await ctx.store.transact(judge_rules)
    ctx.wake_sender()


def _concerns_us(tx: Tx, channel_id: str) -> bool:
    destination = Destination(DestinationKind.CHANNEL, channel_id)
    is_blocked = any(blocked.destination == destination for blocked in tx.destinations.blocked())
    return bool(tx.rules.at(destination)) or is_blocked or tx.destinations.is_used(destination)


def _move(ctx: AppContext, tx: Tx, old_id: str, new_id: str) -> None:
    now = ctx.clock.now()
    tx.destinations.move(old_id, new_id, now)
    tx.audit_log.write(pausing.SPOTTER, "move", f"channel:{old_id}:{new_id}", now)

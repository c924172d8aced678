"""Channels and accounts in Slack change: rules pause and resume, and no notification is lost.

An event only says that something happened. Events can be late, repeated or out of order, so Slack is asked how it is.
"""

from bot.domain.errors import MessengerError, MessengerRefused, MessengerUnavailable
from bot.domain.model import Destination, DestinationKind
from bot.domain.pause_reasons import NOT_FOUND
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


async def channel_event(ctx: AppContext, event: Event) -> None:
    """One of CHANNEL_EVENTS."""
    if event.channel_id:
        await channel_changed(ctx, event.channel_id, CHANNEL_EVENTS[event.kind])


async def member_joined(ctx: AppContext, event: Event) -> None:
    """A user joined a channel; only the bot itself matters."""
    if event.user_id == event.bot_user_id and event.channel_id:
        await channel_changed(ctx, event.channel_id, "")


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
    """Asks Slack about a user we know: their direct messages are tried again, and their rules pause or resume."""
    known = await ctx.store.read(
        lambda tx: tx.people.slack_user(user_id) is not None or any(rule.owner == user_id for rule in tx.rules.all())
    )
    if not known:
        return
    try:
        user = await ctx.messenger.user(user_id)
    except MessengerError:
        return  # the daily check will see it
    await ctx.store.transact(lambda tx: tx.people.save_slack_user(user, ctx.clock.now()))
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

"""Channels and people in Slack change: rules rest and go on, and nothing they owe is lost.

An event only says that something happened. Events can be late, repeated or out of order, so Slack is asked how it is.
"""

from bot.domain.errors import MessengerError, MessengerRefused, MessengerUnavailable
from bot.domain.model import Destination, DestinationKind
from bot.domain.pause_reasons import NOT_FOUND
from bot.listeners.context import AppContext
from bot.services import pausing
from bot.store.database import Tx


async def channel_changed(ctx: AppContext, channel_id: str, says: str) -> None:
    """Holds back what a channel is owed while nobody may post there, and releases it when all is well again.

    `says` is what the event tells, for when Slack can't be asked.
    """
    if not await ctx.store.read(lambda tx: _concerns_us(tx, channel_id)):
        return
    place = Destination(DestinationKind.CHANNEL, channel_id)
    try:
        channel = await ctx.messenger.channel(channel_id)
    except MessengerRefused as refusal:
        reason = says or (NOT_FOUND if refusal.code == NOT_FOUND else "")
    except MessengerUnavailable:
        reason = says
    else:
        now = ctx.clock.now()

        def judge(tx: Tx) -> None:
            pausing.judge(tx, channel, ctx.ops_channel, now, is_news=True)
            tx.destinations.record_check(place, now)

        await ctx.store.transact(judge)
        ctx.wake_sender()
        return
    if reason:
        await ctx.store.transact(lambda tx: pausing.shut(tx, place, reason, ctx.ops_channel, ctx.clock.now()))
        ctx.wake_sender()


async def channel_moved(ctx: AppContext, old_id: str, new_id: str) -> None:
    """Everything stored under a channel's old id follows it to the new one, which is then looked at."""
    await ctx.store.transact(lambda tx: _move(ctx, tx, old_id, new_id))
    ctx.wake_sender()
    await channel_changed(ctx, new_id, "")


async def person_changed(ctx: AppContext, user_id: str) -> None:
    """Looks anew at somebody we know: do direct messages reach them now, can they still answer for their rules."""
    known = await ctx.store.read(
        lambda tx: tx.people.slack_user(user_id) is not None or any(rule.owner == user_id for rule in tx.rules.all())
    )
    if not known:
        return
    try:
        user = await ctx.messenger.user(user_id)
    except MessengerError:
        return  # the daily look will see it
    await ctx.store.transact(lambda tx: tx.people.save_slack_user(user, ctx.clock.now()))
    viewer = await ctx.contacts.viewer(user_id)

    def read_back(tx: Tx) -> None:
        now = ctx.clock.now()
        places = [Destination(DestinationKind.USER, user_id)]
        if viewer.person_id is not None:
            places.append(Destination(DestinationKind.PERSON, viewer.person_id))
        for blocked in tx.destinations.blocked():
            if blocked.destination in places:
                tx.destinations.unblock(blocked.destination, now)
        if tx.people.directory_at() is None:
            return
        gone = pausing.gone_reason(viewer, tx.people.directory())
        for rule in tx.rules.all():
            if rule.owner == user_id:
                pausing.judge_owner(tx, rule, gone, ctx.admins, ctx.ops_channel, now)

    await ctx.store.transact(read_back)
    ctx.wake_sender()


def _concerns_us(tx: Tx, channel_id: str) -> bool:
    place = Destination(DestinationKind.CHANNEL, channel_id)
    is_held = any(blocked.destination == place for blocked in tx.destinations.blocked())
    return bool(tx.rules.at(place)) or is_held or tx.destinations.is_used(place)


def _move(ctx: AppContext, tx: Tx, old_id: str, new_id: str) -> None:
    now = ctx.clock.now()
    tx.destinations.move(old_id, new_id, now)
    tx.audit_log.write(pausing.SPOTTER, "move", f"channel:{old_id}:{new_id}", now)

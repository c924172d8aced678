"""Channels and people in Slack change: rules rest and go on, and nothing they owe is lost.

An event only says that something happened. Events can be late, repeated or out of order, so Slack is asked how it is.
"""

from bot.chat.desk import Desk
from bot.core import pauses
from bot.core.errors import MessengerError, MessengerRefused, MessengerUnavailable
from bot.core.model import Destination, DestinationKind
from bot.core.ports import Tx


async def channel_changed(desk: Desk, channel_id: str, says: str) -> None:
    """Holds back what a channel is owed while nobody may post there, and releases it when all is well again.

    `says` is what the event tells, for when Slack can't be asked.
    """
    if not await desk.store.read(lambda tx: _concerns_us(tx, channel_id)):
        return
    place = Destination(DestinationKind.CHANNEL, channel_id)
    try:
        channel = await desk.messenger.channel(channel_id)
    except MessengerRefused as refusal:
        why = says or (pauses.NOT_FOUND if refusal.code == pauses.NOT_FOUND else "")
    except MessengerUnavailable:
        why = says
    else:
        now = desk.clock.now()

        def judge(tx: Tx) -> None:
            pauses.judge(tx, channel, desk.ops_channel, now, is_news=True)
            tx.outbox.note_look(place, now)

        await desk.store.transact(judge)
        desk.nudge()
        return
    if why:
        await desk.store.transact(lambda tx: pauses.shut(tx, place, why, desk.ops_channel, desk.clock.now()))
        desk.nudge()


async def channel_moved(desk: Desk, old_id: str, new_id: str) -> None:
    """Everything stored under a channel's old id follows it to the new one, which is then looked at."""
    await desk.store.transact(lambda tx: _move(desk, tx, old_id, new_id))
    desk.nudge()
    await channel_changed(desk, new_id, "")


async def person_changed(desk: Desk, user_id: str) -> None:
    """Looks anew at somebody we know: do direct messages reach them now, can they still answer for their rules."""
    known = await desk.store.read(
        lambda tx: tx.people.slack_user(user_id) is not None or any(rule.owner == user_id for rule in tx.rules.all())
    )
    if not known:
        return
    try:
        user = await desk.messenger.user(user_id)
    except MessengerError:
        return  # the daily look will see it
    await desk.store.transact(lambda tx: tx.people.save_slack_user(user, desk.clock.now()))
    viewer = await desk.contacts.viewer(user_id)

    def look(tx: Tx) -> None:
        now = desk.clock.now()
        places = [Destination(DestinationKind.USER, user_id)]
        if viewer.person_id is not None:
            places.append(Destination(DestinationKind.PERSON, viewer.person_id))
        for held in tx.outbox.held():
            if held.destination in places:
                tx.outbox.release(held.destination, now)
        if tx.people.directory_at() is None:
            return
        gone = pauses.why_gone(viewer, tx.people.directory())
        for rule in tx.rules.all():
            if rule.owner == user_id:
                pauses.judge_owner(tx, rule, gone, desk.admins, desk.ops_channel, now)

    await desk.store.transact(look)
    desk.nudge()


def _concerns_us(tx: Tx, channel_id: str) -> bool:
    place = Destination(DestinationKind.CHANNEL, channel_id)
    is_held = any(held.destination == place for held in tx.outbox.held())
    return bool(tx.rules.at(place)) or is_held or tx.outbox.concerns(place)


def _move(desk: Desk, tx: Tx, old_id: str, new_id: str) -> None:
    now = desk.clock.now()
    tx.outbox.move(old_id, new_id, now)
    tx.ledger.write(pauses.SPOTTER, "move", f"channel:{old_id}:{new_id}", now)

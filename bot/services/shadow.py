"""Shadow mode within one transaction: beginning it, going live, and asking for that after a week."""

from collections.abc import Collection
from datetime import datetime

from bot.domain.alerts import SHADOW_WEEK_CODE, Facts
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outbox import SHADOW_WEEK, ShadowCounts, ShadowMode
from bot.domain.reasons import SHADOW_PUBLIC
from bot.store.database import Tx


def shadow_closed(tx: Tx, place: Destination) -> str:
    """Why nothing about people may be shown in the channel of shadow mode, "" if it may."""
    return tx.destinations.blocked_reason(place) or (SHADOW_PUBLIC if tx.destinations.is_public(place) else "")


def shadow_unresolved(tx: Tx) -> Facts | None:
    """The facts of the alert on what earlier shadow modes may have shown in a channel that can't be read back; of
    several channels, of the one with the most."""
    for place, messages in tx.shadow.unresolved():
        return {"messages": messages, "channel": place.id, "reason": tx.destinations.blocked_reason(place)}
    return None


def begin_shadow(tx: Tx, channel_id: str, who: str, now: datetime) -> ShadowMode | None:
    """Lets everything be shown in one channel from now on; None if shadow mode is on already. Whether the channel is
    private is checked before each message goes there."""
    if tx.shadow.mode() is not None:
        return None
    mode = tx.shadow.begin(channel_id, who, now)
    # How the channel is, the next message finds out: what was seen of it before counts no more.
    tx.destinations.unblock(mode.destination, now)
    tx.destinations.describe(mode.destination, tx.destinations.name_of(mode.destination), is_public=False)
    tx.destinations.doubt(mode.destination)
    tx.audit_log.write(who, "shadow", f"channel:{channel_id}", now, new="on")
    return mode


def go_live(tx: Tx, who: str, now: datetime) -> tuple[ShadowMode, ShadowCounts] | None:
    """Ends shadow mode; returns it and what it has shown, None if it was off."""
    mode = tx.shadow.end(now)
    if mode is None:
        return None
    tx.audit_log.write(who, "shadow", f"channel:{mode.channel}", now, new="off")
    return mode, tx.shadow.counts()


def ask_to_go_live(tx: Tx, admins: Collection[str], now: datetime) -> bool:
    """Asks admins once, by direct message, after a week of shadow mode. An alert says the same in OPS_CHANNEL, if there
    is one, instead. Returns whether a message was queued."""
    mode = tx.shadow.mode()
    if mode is None or tx.ops_channel or now - mode.at < SHADOW_WEEK:
        return False
    asked = [
        Notification(
            kind=NotificationKind.OPS,
            destination=Destination(DestinationKind.USER, admin),
            subject=f"{SHADOW_WEEK_CODE}:{int(mode.at.timestamp())}",
            reason="shadow mode runs for a week",
            facts={"code": SHADOW_WEEK_CODE, "days": (now - mode.at).days},
        )
        for admin in sorted(admins)
    ]
    queued = [tx.notifications.enqueue(one, now) for one in asked]  # each, not only until the first is queued
    return any(queued)

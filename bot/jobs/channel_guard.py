"""Which channels have to be looked at before results of people go there: they may be another company's too.

An event that a channel was shared shuts it at once, and the rounds look at each channel of a rule once an hour, for
events can be missed. What is left are channels that were never looked at, or not since Spotter was away.
"""

from datetime import datetime, timedelta

from bot.domain.kinds import KINDS
from bot.domain.model import Delivery, DestinationKind, NotificationKind
from bot.store.database import Tx

CHECK_EVERY = timedelta(hours=1)
CHECK_VALID_FOR = CHECK_EVERY + timedelta(minutes=30)  # the rounds take their time where there are many channels


class CheckChannelFirst(Exception):
    """Raised to roll back a claim when the channel's sharing status was not checked recently. `was_checked`: ever."""

    def __init__(self, was_checked: bool) -> None:
        super().__init__()
        self.was_checked = was_checked


def refuse_unknown(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Raises LookFirst where a message about people would go to a channel that has to be looked at before."""
    kinds = {stored.notification.kind for stored in delivery.notifications}
    if delivery.destination.kind is not DestinationKind.CHANNEL or not any(KINDS[kind].about_people for kind in kinds):
        return
    checked_at = tx.destinations.checked_at(delivery.destination)
    # Channels that only get shared sessions are not checked regularly.
    if checked_at is None or NotificationKind.SHARED in kinds or abs(now - checked_at) > CHECK_VALID_FOR:
        raise CheckChannelFirst(was_checked=checked_at is not None)

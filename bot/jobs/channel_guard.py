"""Which channels must be checked before results of people are posted there: they may be shared with another company.

An event that a channel was shared blocks it at once, and `ChannelChecks` checks the channels of rules once an hour,
because events can be missed. Other channels were never checked, or not since Spotter was stopped.
"""

from datetime import datetime, timedelta

from bot.domain.kinds import KINDS
from bot.domain.model import Delivery, DestinationKind, NotificationKind
from bot.store.database import Tx

CHECK_EVERY = timedelta(hours=1)
CHECK_VALID_FOR = CHECK_EVERY + timedelta(minutes=30)  # the checks take their time if there are many channels


class CheckChannelFirst(Exception):
    """Raised to roll back a claim when the channel's sharing status was not checked recently. `was_checked`: ever."""

    def __init__(self, was_checked: bool) -> None:
        super().__init__()
        self.was_checked = was_checked


def require_checked(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Raises CheckChannelFirst if a message about people would go to a channel that was not checked recently."""
    kinds = {stored.notification.kind for stored in delivery.notifications}
    if delivery.destination.kind is not DestinationKind.CHANNEL or not any(KINDS[kind].about_people for kind in kinds):
        return
    checked_at = tx.destinations.checked_at(delivery.destination)
    # Channels that only get shared sessions are not checked regularly.
    if checked_at is None or NotificationKind.SHARED in kinds or abs(now - checked_at) > CHECK_VALID_FOR:
        raise CheckChannelFirst(was_checked=checked_at is not None)

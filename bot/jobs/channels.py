"""Which channels have to be looked at before results of people go there: they may be another company's too.

An event that a channel was shared shuts it at once, and the rounds look at each channel of a rule once an hour, for
events can be missed. What is left are channels that were never looked at, or not since Spotter was away.
"""

from datetime import datetime, timedelta

from bot.core.model import Delivery, DestinationKind, NoticeKind
from bot.core.ports import Tx

LOOKED_EVERY = timedelta(hours=1)
KNOWN_FOR = LOOKED_EVERY + timedelta(minutes=30)  # the rounds take their time where there are many channels
# What tells of people; a rule's introduction may name them, and is where its channel is looked at first.
ABOUT_PEOPLE = frozenset((NoticeKind.SESSION, NoticeKind.SHARED, NoticeKind.COUNTED, NoticeKind.AWAY, NoticeKind.INTRO))


class LookFirst(Exception):
    """Takes a claim back: nobody knows lately whether its channel is our company's own. `was_known`: once it was."""

    def __init__(self, was_known: bool) -> None:
        super().__init__()
        self.was_known = was_known


def refuse_unknown(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Raises LookFirst where a message about people would go to a channel that has to be looked at before."""
    kinds = {owed.notice.kind for owed in delivery.notices}
    if delivery.destination.kind is not DestinationKind.CHANNEL or not kinds & ABOUT_PEOPLE:
        return
    looked_at = tx.outbox.looked_at(delivery.destination)
    # Channels that only get what somebody shares there are not on the rounds' list.
    if looked_at is None or NoticeKind.SHARED in kinds or abs(now - looked_at) > KNOWN_FOR:
        raise LookFirst(was_known=looked_at is not None)

"""Which channels must be checked before results of people are posted there, and the check: they may be public by now,
or shared with another company. Events about either can be missed, so a channel is checked within five minutes before.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.domain.errors import MessengerError, StoreBusy
from bot.domain.kinds import KINDS
from bot.domain.notifications import Delivery, Destination, DestinationKind, NotificationKind
from bot.domain.ports import Channel, Clock, Contacts, Messenger
from bot.jobs.retrying_store import RetryingStore
from bot.services import pausing
from bot.store.database import Store, Tx

CHECK_VALID_FOR = timedelta(minutes=5)
SWEEP_EVERY = 240.0  # seconds between two readings of all channels, while something named waits
SWEEP_AGAIN = 60.0  # seconds after one that failed; the channels are asked about one by one meanwhile
MOST_PAGES = 100

log = structlog.get_logger(__name__)


class CheckChannelFirst(Exception):
    """Raised to roll back a claim when the channel was not checked recently. `is_shared`: a user shared something, so
    what they learned of the channel has to be compared with what it is."""

    def __init__(self, is_shared: bool) -> None:
        super().__init__()
        self.is_shared = is_shared


def require_checked(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Raises CheckChannelFirst if a message about people would go to a channel that was not checked recently."""
    kinds = {stored.notification.kind for stored in delivery.notifications}
    if delivery.posted_to.kind is not DestinationKind.CHANNEL or not any(KINDS[kind].about_people for kind in kinds):
        return
    is_shared = NotificationKind.SHARED in kinds
    if is_shared or not is_checked(tx, delivery.posted_to, now):
        raise CheckChannelFirst(is_shared)


def is_checked(tx: Tx, destination: Destination, now: datetime) -> bool:
    """Whether Slack said within five minutes how a channel is, and no event since that something changed."""
    checked_at = tx.destinations.checked_at(destination)
    return checked_at is not None and abs(now - checked_at) <= CHECK_VALID_FOR


class ChannelReadings:
    """Looks at all of the bot's channels, or at one of them; what was seen is stored and blocks or unblocks them."""

    def __init__(self, store: Store, messenger: Messenger, clock: Clock) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._one = asyncio.Lock()
        self._next_at = 0.0  # monotonic

    async def sweep(self) -> None:
        """Looks at all channels the bot is in, unless that was done within four minutes; waits for a look under way."""
        async with self._one:
            if self._clock.monotonic() >= self._next_at:
                await self._sweep()

    async def check(self, store: Store | RetryingStore, contacts: Contacts, destination: Destination) -> bool:
        """Looks at a channel if that was not done within five minutes; False if Slack could not say how it is."""
        if not await store.read(lambda tx: is_checked(tx, destination, self._clock.now())):
            await self.sweep()
        if not await store.read(lambda tx: is_checked(tx, destination, self._clock.now())):
            asked_at, doubts = self._clock.now(), await store.read(lambda tx: tx.destinations.doubts())
            channel = await contacts.channel(destination.id)
            if not isinstance(channel, Channel):
                return False
            await store.transact(lambda tx: self.note(tx, channel, asked_at, doubts))
        return True

    async def _sweep(self) -> None:
        cursor, started = "", self._clock.monotonic()
        seen_cursors: set[str] = set()
        try:
            while cursor not in seen_cursors and len(seen_cursors) < MOST_PAGES:  # one that repeats has no end
                seen_cursors.add(cursor)
                asked_at = self._clock.now()
                doubts, watched = await self._store.read(
                    lambda tx: (tx.destinations.doubts(), tx.destinations.watched())
                )
                channels, cursor = await self._messenger.own_channels(cursor)
                seen = [channel for channel in channels if channel.channel_id in watched]
                await self._store.transact(partial(self._note_all, seen, asked_at, doubts))
                if not cursor:
                    break
        except (MessengerError, StoreBusy) as error:
            log.warning("channels.failed", reason=str(error))
            self._next_at = self._clock.monotonic() + SWEEP_AGAIN
        else:
            self._next_at = started + SWEEP_EVERY

    def _note_all(self, channels: Sequence[Channel], asked_at: datetime, doubts: int, tx: Tx) -> None:
        for channel in channels:
            self.note(tx, channel, asked_at, doubts)

    def note(self, tx: Tx, channel: Channel, asked_at: datetime, doubts: int) -> bool:
        """Stores how a channel is; False if an event doubts it since Slack was asked."""
        destination = Destination(DestinationKind.CHANNEL, channel.channel_id)
        if not tx.destinations.record_check(destination, asked_at, doubts):
            return False
        pausing.judge(tx, channel, self._clock.now(), is_news=False)
        return tx.destinations.record_check(destination, asked_at)  # again: a block clears it

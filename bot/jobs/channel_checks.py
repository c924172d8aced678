"""Regular checks of what events should have said: events can be missed, and iSpring sends none.

Each rule's channel once an hour; whether each rule's owner still has rights; and once a day another try with people who
accepted no direct messages.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog

from bot.config import Settings
from bot.domain.errors import MessengerRefused, MessengerUnavailable, StoreBusy
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.ports import Clock, Contacts, Messenger
from bot.domain.reasons import NOT_FOUND, ReasonCode
from bot.domain.rules import RuleState
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.rule_owners import ask_about, judge_owners, owners_of
from bot.services import pausing
from bot.store.database import Store, Tx

CHECK_EVERY = timedelta(hours=1)
CHANNELS_AT_ONCE = 40  # in one call; `RateLimiter` keeps them below what Slack allows
MOST_UNANSWERED = 3  # then Slack does not answer at all, not only for these channels

log = structlog.get_logger(__name__)


class ChannelChecks:
    """Checks what the rows say is due. ADMINS are notified of orphaned rules if there is no OPS_CHANNEL."""

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        settings: Settings,
        wake: Callable[[], None],
        limiter: RateLimiter | None = None,
    ) -> None:
        self._limiter = limiter or RateLimiter()
        self._store = store
        self._messenger = messenger
        self._contacts = contacts
        self._clock = clock
        self._settings = settings
        self._wake = wake
        self._unanswered: set[str] = set()  # channels without an answer from Slack at the last check: checked last

    async def once(self) -> None:
        """Checks what is due. A check that fails is repeated by the next call."""
        try:
            await self._channels()
            await self._owners()
            await self._people()
        except StoreBusy:
            log.warning("store.postponed", what="channel checks")
        self._wake()

    async def _channels(self) -> None:
        now = self._clock.now()
        most = CHANNELS_AT_ONCE + len(self._unanswered)
        due = await self._store.read(lambda tx: tx.destinations.checks_due(now - CHECK_EVERY, now, most))
        unanswered = 0
        for channel_id in sorted(due, key=lambda one: one in self._unanswered)[:CHANNELS_AT_ONCE]:
            destination = Destination(DestinationKind.CHANNEL, channel_id)
            now_here = self._clock.monotonic()
            if self._limiter.lookup_at(str(destination), now_here) > now_here:
                return  # messages that wait for such a check come first
            self._limiter.asked(str(destination))
            if await self._channel(destination):
                self._unanswered.discard(channel_id)
                continue
            self._unanswered.add(channel_id)
            unanswered += 1
            if unanswered == MOST_UNANSWERED:
                return

    async def _channel(self, destination: Destination) -> bool:
        """Checks one channel; returns whether Slack answered. If it did not, the channel counts as unchecked."""
        channel, refusal = None, ""
        doubts = await self._store.read(lambda tx: tx.destinations.doubts())
        try:
            channel = await self._messenger.channel(destination.id)
        except MessengerRefused as problem:
            refusal = problem.code
        except MessengerUnavailable:
            log.warning("channel_check.unanswered", channel=destination.id)
            return False

        def note(tx: Tx) -> None:
            now = self._clock.now()
            if channel is None and refusal != NOT_FOUND:
                return  # asked again by the next call: nothing about people goes there before
            if not tx.destinations.record_check(destination, now, doubts):
                return  # an event says that it changed meanwhile
            if channel is not None:
                pausing.judge(tx, channel, now, is_news=False)
            else:
                pausing.block(tx, destination, refusal, now)
            tx.destinations.record_check(destination, now)  # again: a block clears it

        await self._store.transact(note)
        if refusal:
            log.warning("channel_check.refused", channel=destination.id, reason=refusal)
        return refusal in ("", NOT_FOUND)

    async def _owners(self) -> None:
        rules, is_read = await self._store.read(
            lambda tx: (
                tx.rules.all((RuleState.ACTIVE, RuleState.PAUSED)),
                tx.people.directory_at() is not None,
            )
        )
        if not is_read:
            return  # until iSpring's people are read, every owner would seem to be gone
        owners = await ask_about(self._contacts, owners_of(rules))
        directory = await self._store.read(lambda tx: tx.people.directory())
        is_unchanged = all(
            owner is None or bool(pausing.gone_reason(owner, directory)) is pausing.is_orphan(rule)
            for rule in rules
            if rule.reason_code is not ReasonCode.OWNER_ERASED
            for owner in [owners.get(rule.owner)]
        )
        if not is_unchanged:
            now = self._clock.now()
            await self._store.transact(lambda tx: judge_owners(tx, owners, self._settings.admins, now))

    async def _people(self) -> None:
        now = self._clock.now()

        def due(tx: Tx) -> list[Destination]:
            return [
                blocked.destination
                for blocked in tx.destinations.blocked()
                if blocked.destination.kind is not DestinationKind.CHANNEL and pausing.is_worth_a_try(blocked, now)
            ]

        waiting = await self._store.read(due)
        if waiting:
            await self._store.transact(lambda tx: [tx.destinations.unblock(one, now) for one in waiting])

"""Settles an ambiguous send: reads the conversation back to see whether the message is there, and stores the result.

`domain.delivery.after_read_back` decides what follows from it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

import structlog

from bot.domain.delivery import (
    AlreadyPosted,
    Ambiguous,
    AppRefused,
    DestinationGone,
    Found,
    MessageRefused,
    NotSent,
    PostResult,
    ReadBackResult,
    ReadLater,
    Sent,
    Throttled,
    Unreadable,
    after_read_back,
    is_first_attempt,
    shown_versions,
)
from bot.domain.notifications import Delivery, DeliveryState, NotificationKind
from bot.domain.ports import Clock, Contacts, Messenger, NoSlackUser
from bot.jobs.attempts import Tried, attempt_of
from bot.jobs.retrying_store import RetryingStore
from bot.services import pausing
from bot.services.alerting import notify_ops
from bot.store.database import Tx

log = structlog.get_logger(__name__)


class ReadBack:
    """Reads back single deliveries. `random01` returns [0, 1)."""

    def __init__(
        self,
        *,
        store: RetryingStore,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        random01: Callable[[], float],
        tried: Tried,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._contacts = contacts
        self._clock = clock
        self._random01 = random01
        self._tried = tried
        self._posted_versions: dict[str, Mapping[int, int]] = {}  # of deliveries that became ambiguous in this process
        self._failures: Counter[str] = Counter()  # read-backs in a row that failed, by delivery id

    def remember(self, delivery_id: str, versions: Mapping[int, int]) -> None:
        """Remembers which versions an attempt showed that became ambiguous."""
        self._posted_versions[delivery_id] = versions

    async def once(self, delivery: Delivery) -> None:
        """Reads the conversation of an ambiguous delivery back and stores the result."""
        started = self._clock.now()
        resolved = await with_channel(self._store, self._contacts, delivery)
        read_back: ReadBackResult
        if isinstance(resolved, Delivery):
            delivery = resolved
            assert delivery.channel is not None
            since = delivery.slack_time if delivery.slack_time is not None else delivery.created_at.timestamp()
            read_back = await self._messenger.read_back(delivery.channel, delivery_id=delivery.delivery_id, since=since)
        else:
            read_back = _unresolved(resolved)
        now = self._clock.now()
        failures = self._failures[delivery.delivery_id] if isinstance(read_back, ReadLater) else 0
        decided = after_read_back(delivery, read_back, now=now, random01=self._random01(), failures=failures)
        self._count_failure(delivery, isinstance(read_back, ReadLater))
        if isinstance(read_back, Found):
            # Without the versions that were posted, or where an earlier post may be what was found, the card is edited
            # once to be sure.
            posted = self._posted_versions.get(delivery.delivery_id, {}) if is_first_attempt(delivery) else {}
            decided = shown_versions(decided, posted)
        attempt = attempt_of("read_back", read_back, started, now)
        self._tried(attempt.what, attempt.result)

        def record_result(tx: Tx) -> None:
            tx.outbox.save(decided, attempt)
            if decided.state is DeliveryState.PENDING and isinstance(read_back, Unreadable):
                tx.audit_log.write(pausing.SPOTTER, "resend unread", f"delivery:{delivery.delivery_id}", now)
            if isinstance(read_back, DestinationGone):
                pausing.block(tx, decided.posted_to, read_back.reason, now)
            if decided.state is DeliveryState.FAILED:
                notify_of_failure(tx, decided, now)

        await self._store.transact(record_result)
        if decided.state is not DeliveryState.AMBIGUOUS:
            self._posted_versions.pop(delivery.delivery_id, None)
        log.info("delivery.read_back", delivery=delivery.delivery_id, result=attempt.result, state=str(decided.state))

    def _count_failure(self, delivery: Delivery, is_failure: bool) -> None:
        if is_failure:
            self._failures[delivery.delivery_id] += 1
        else:
            self._failures.pop(delivery.delivery_id, None)


async def with_channel(
    store: RetryingStore, contacts: Contacts, delivery: Delivery, *, refresh: bool = False
) -> Delivery | NoSlackUser | PostResult:
    """The delivery with its conversation, stored before the attempt so that it can be read back. `refresh`: whose
    account a person's is may have changed since the last attempt."""
    if delivery.shadow is not None and not refresh:
        return replace(delivery, channel=delivery.shadow.id)
    if delivery.channel is not None and not refresh:
        return delivery
    destination = await contacts.conversation(delivery.destination, shadow=delivery.shadow)
    if not isinstance(destination, str):
        return destination
    if destination == delivery.channel:
        return delivery
    await store.transact(lambda tx: tx.outbox.set_channel(delivery.delivery_id, destination))
    return replace(delivery, channel=destination)


def _unresolved(detail: NoSlackUser | PostResult) -> ReadBackResult:
    """Returns the result of a read-back whose conversation could not be resolved."""
    match detail:
        case NoSlackUser(reason):
            return Unreadable(reason)
        case DestinationGone():
            return detail
        case Throttled(after):
            return ReadLater("Slack asks to wait", after)
        case NotSent(reason) | Ambiguous(reason) | AppRefused(reason) | MessageRefused(reason):
            return ReadLater(reason)
        case Sent() | AlreadyPosted():
            return ReadLater("the conversation is not known")
        case never:
            assert_never(never)


def notify_of_failure(tx: Tx, delivery: Delivery, now: datetime) -> None:
    """Alerts the operator that a message failed, unless it is itself an alert."""
    if not any(stored.notification.kind is NotificationKind.OPS for stored in delivery.notifications):
        notify_ops(tx, "message_refused", delivery.delivery_id, now, reason=delivery.reason)

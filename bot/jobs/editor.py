"""Edits of cards that were posted: corrections, redactions, and what is only cosmetic.

`domain.delivery` decides the next state; this asks Slack and stores the decision.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeGuard

import structlog

from bot.blocks.card_facts import CardFacts
from bot.domain.delivery import (
    Ambiguous,
    AppRefused,
    DestinationGone,
    EditImpossible,
    EditResult,
    MessageRefused,
    NotSent,
    Sent,
    Throttled,
    after_edit,
)
from bot.domain.notifications import TAKEN_BACK, Delivery, DestinationKind, Message
from bot.domain.ports import Clock, Contacts, Messenger, NoSlackUser
from bot.jobs.attempts import Tried, attempt_of, refusal_text
from bot.jobs.channel_guard import ChannelReadings
from bot.jobs.message_data import MessageData
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.renderer import Renderer
from bot.jobs.retrying_store import RetryingStore
from bot.services import pausing
from bot.services.alerting import notify_ops
from bot.store.database import Tx

EDIT_WAITS = timedelta(minutes=30)  # an edit that waits for a proof or a check of its channel

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Keep:
    """The message stays as it was posted: its rules leave corrections out. `versions`: what it counts as showing, by
    notification id, as of the others."""

    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Wait:
    """Nothing may be shown yet, and nothing has to be taken out."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Redact:
    """Something has to be taken out, which never waits; until the rest may be shown, it is taken out too."""

    facts: CardFacts
    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Show:
    """The message shows its sessions as they are now, as far as it may. `redacts`: something has to be taken out."""

    facts: CardFacts
    versions: Mapping[int, int]
    redacts: bool


class Editor:
    """Edits single deliveries. `random01` returns [0, 1)."""

    def __init__(
        self,
        *,
        store: RetryingStore,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        random01: Callable[[], float],
        renderer: Renderer,
        channels: ChannelReadings,
        limiter: RateLimiter,
        tried: Tried,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._contacts = contacts
        self._clock = clock
        self._random01 = random01
        self._renderer = renderer
        self._channels = channels
        self._limiter = limiter
        self._tried = tried
        self._failures: Counter[str] = Counter()  # edits in a row that failed, by delivery id

    async def claim_edit(self, *, cosmetic: bool) -> Delivery | None:
        """Claims the next card to edit, None if there is none. It counts as an edit that goes out. Without `cosmetic`
        only one that corrects or redacts."""
        now = self._clock.now()
        delivery = await self._store.transact(lambda tx: tx.outbox.claim_edit(now, cosmetic=cosmetic))
        if delivery is not None:
            self._limiter.edited(self._clock.monotonic())
        return delivery

    async def edit(self, delivery: Delivery) -> bool:
        """Edits a card that `claim_edit` gave, whether Slack took it."""
        started = self._clock.now()
        plan = await self._plan_edit(delivery)
        redacts = isinstance(plan, _Redact)
        result: EditResult
        match plan:
            case MessageRefused():
                result = plan
            case _Keep():
                assert delivery.channel is not None and delivery.ts is not None
                result = Sent(delivery.channel, delivery.ts)
            case _Wait():
                result = NotSent(plan.reason)
            case _Redact():
                result = await self._edited(delivery, plan.facts)
            case _Show():
                facts = await self._as_theirs(delivery, plan.facts)
                redacts = plan.redacts or facts is not plan.facts
                result = await self._edited(delivery, facts) if isinstance(facts, CardFacts) else facts
        unedited = ""  # why a redaction is a deletion
        if redacts and isinstance(result, EditImpossible | MessageRefused):
            unedited = result.reason
            log.warning("delivery.redaction_refused", delivery=delivery.delivery_id, reason=unedited)
            assert delivery.channel is not None and delivery.ts is not None
            result = await self._messenger.delete(delivery.channel, delivery.ts)
        now = self._clock.now()
        failures = self._failures[delivery.delivery_id]
        decided = after_edit(result, now=now, random01=self._random01(), failures=failures, unedited=unedited)
        self._count_failure(delivery, not isinstance(plan, _Wait) and isinstance(result, NotSent | Ambiguous))
        if isinstance(plan, _Wait) or (isinstance(plan, _Redact) and decided.shown):
            decided = replace(decided, due_at=now + EDIT_WAITS)  # a redaction that failed comes as soon as any edit
        versions = plan.versions if decided.shown and isinstance(plan, _Keep | _Redact | _Show) else {}
        if unedited and isinstance(result, Sent):
            versions = {stored.notification_id: TAKEN_BACK for stored in delivery.notifications}
        if isinstance(result, Throttled):
            self._limiter.hold_edits_back(self._clock.monotonic() + result.after)
        attempt = attempt_of("edit", result, started, now)
        if isinstance(plan, _Keep):
            attempt = replace(attempt, result="kept", reason="its rules leave corrections out")
        if unedited and decided.cancelled_reason:
            outcome = "deleted" if isinstance(result, Sent) else result.kind
            attempt = replace(attempt, result=outcome, reason=decided.cancelled_reason)
        self._tried(attempt.what, attempt.result)

        def record_result(tx: Tx) -> None:
            tx.outbox.save_edit(delivery.delivery_id, versions, decided.due_at, decided.cancelled_reason, attempt)
            if isinstance(result, AppRefused):
                tx.outbox.refuse_app(refusal_text(result))
            if unedited and decided.cancelled_reason:
                tx.audit_log.write(
                    pausing.SPOTTER, "redact", f"delivery:{delivery.delivery_id}", now, new=decided.cancelled_reason
                )
                if not isinstance(result, Sent):
                    facts = {"channel": delivery.channel or "", "ts": delivery.ts or "", "reason": result.reason}
                    notify_ops(tx, "not_redacted", delivery.delivery_id, now, **facts)

        await self._store.transact(record_result)
        log.info("delivery.edited", delivery=delivery.delivery_id, result=attempt.result, reason=attempt.reason)
        return decided.shown

    async def _plan_edit(self, delivery: Delivery) -> MessageRefused | _Keep | _Wait | _Redact | _Show:
        """What becomes of a posted message; MessageRefused if it can't be rendered."""
        data = await self._renderer.data(delivery)
        waits = ""
        if isinstance(data, MessageData) and _shows_names(data):
            waits = await self._edit_waits(delivery, data)
            data = await self._renderer.data(delivery)  # the channel may be blocked by now, so that it only redacts
        if isinstance(data, MessageRefused):
            return data
        if data.keeps_as_posted and not _redacts(delivery, data):
            return _Keep(data.versions)
        if not waits or not _shows_names(data):
            return _Show(data.facts, data.versions, _redacts(delivery, data))
        if not _redacts(delivery, data):
            return _Wait(waits)
        return _Redact(_redacted(data.facts), dict.fromkeys(data.versions, TAKEN_BACK))

    def _count_failure(self, delivery: Delivery, is_failure: bool) -> None:
        if is_failure:
            self._failures[delivery.delivery_id] += 1
        else:
            self._failures.pop(delivery.delivery_id, None)

    async def _edit_waits(self, delivery: Delivery, data: MessageData) -> str:
        """Why an edit that shows names has to wait, "" if it may go: a channel is checked before, as for a post."""
        if data.waiting:
            return next(iter(data.waiting.values()))
        if delivery.posted_to.kind is not DestinationKind.CHANNEL:
            return ""
        if not await self._channels.check(self._store, self._contacts, delivery.posted_to):
            return "Slack could not say how the channel is"
        if await self._store.read(lambda tx: pausing.waits_for_private(tx, delivery)):
            return "its channel has turned public"
        return ""

    async def _as_theirs(
        self, delivery: Delivery, facts: CardFacts
    ) -> CardFacts | Throttled | NotSent | DestinationGone | AppRefused:
        """What may stand in a message to a person: nothing, once the account it went to is not theirs any more."""
        if delivery.destination.kind is not DestinationKind.PERSON:
            return facts
        destination = await self._contacts.conversation(delivery.destination, shadow=delivery.shadow)
        if not isinstance(destination, str | NoSlackUser):
            return destination
        return facts if destination == delivery.channel else _redacted(facts)

    async def _edited(self, delivery: Delivery, facts: CardFacts) -> EditResult:
        assert delivery.channel is not None and delivery.ts is not None
        # With blocks, also if it was posted without: what Slack rejected then it may take now.
        message = self._renderer.render(replace(delivery, text_only=False), facts)
        if not isinstance(message, Message):
            return message
        change = partial(self._messenger.edit, delivery.channel, delivery.ts)
        result = await self._renderer.with_newest_blocks(message, change)
        if message.blocks and _is_body_refused(result, was_refused=delivery.text_only):
            log.warning("delivery.edit_refused", delivery=delivery.delivery_id, reason=result.reason)
            result = await change(Message(message.text))
        return result


def _is_body_refused(result: EditResult, *, was_refused: bool) -> TypeGuard[MessageRefused | Ambiguous]:
    """Whether Slack won't take these blocks. An unknown word is taken for that only if the post was refused too."""
    return isinstance(result, MessageRefused) or (was_refused and isinstance(result, Ambiguous) and result.is_rejection)


def _redacted(facts: CardFacts) -> CardFacts:
    return replace(facts, hidden=frozenset(facts.records), digests={}, reminders={})


def _shows_names(data: MessageData) -> bool:
    """Whether an edit adds names or results to a message: it is no mere redaction."""
    if data.facts.digests or data.facts.reminders:
        return True
    return any(key not in data.facts.hidden for key in data.facts.records)


def _redacts(delivery: Delivery, data: MessageData) -> bool:
    """Whether an edit takes something out of a message."""
    return any(
        stored.notification.session in data.facts.hidden
        or (stored.notification.session not in data.facts.records and stored.shown_version != TAKEN_BACK)
        for stored in delivery.notifications
        if stored.notification.session is not None
    )

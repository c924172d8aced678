"""One delivery at a time: posting, reading back, editing, and storing the result, however busy the database is.

`domain.delivery` decides the next state; this asks Slack and stores the decision.
"""

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeGuard, TypeVar

import structlog

from bot.blocks.cards import CardFacts
from bot.config import Settings
from bot.domain.alerts import DIRECT_MESSAGES_CLOSED, WORKSPACE_THROTTLED
from bot.domain.delivery import (
    AlreadyPosted,
    Ambiguous,
    AppRefused,
    DestinationGone,
    EditResult,
    Found,
    MessageRefused,
    NotSent,
    PostResult,
    ReadBackResult,
    ReadLater,
    Scope,
    Sent,
    Throttled,
    Unreadable,
    after_edit,
    after_post,
    after_read_back,
    is_first_attempt,
    shown_versions,
)
from bot.domain.errors import MessengerUnavailable, StoreBusy, StoreError
from bot.domain.model import (
    OPERATOR,
    TAKEN_BACK,
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Message,
    NotificationKind,
    Rule,
    RuleState,
)
from bot.domain.pause_reasons import PRIVATE
from bot.domain.ports import Channel, Clock, Contacts, Messenger, Nobody
from bot.domain.routing import MISSING
from bot.jobs.attempts import attempt_of, unresolved_read_back
from bot.jobs.channel_guard import ChannelReadings, CheckChannelFirst, is_checked, require_checked
from bot.jobs.digest_counts import is_awaited
from bot.jobs.message_data import MessageData, load_message_data
from bot.jobs.outage import claim_next
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.rule_owners import ask_about
from bot.services import pausing
from bot.services.alerting import clear_alert, notify_ops, set_alert
from bot.store.database import Store, Tx

T = TypeVar("T")
Render = Callable[[Delivery, CardFacts], Message]
Tried = Callable[[str, str], None]  # what was tried, and the kind of its result, as `domain.outbox.Attempt` has them
BUSY_PAUSES = (0.1, 0.3, 1.0, 3.0)  # seconds between tries to store an answer; the last for ever
PROOF_RETRY_EVERY = 900.0  # seconds: notifications that wait for a proof
EDIT_WAITS = timedelta(minutes=30)  # an edit that waits for a proof or a look at its channel
OWNER_ASKED_AGAIN = 60.0  # seconds
UNANSWERED_PAUSE = 5.0  # seconds between tries to reach a Slack that has not answered this process yet

log = structlog.get_logger(__name__)


def unintroduced(what: str, result: str) -> None:
    """For callers that count no attempts."""


class Sender:
    """Sends, reads back and edits single deliveries. `random01` returns [0, 1)."""

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        random01: Callable[[], float],
        render: Render,
        settings: Settings,
        limiter: RateLimiter,
        tried: Tried = unintroduced,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._contacts = contacts
        self._clock = clock
        self._random01 = random01
        self._render = render
        self._settings = settings
        self._limiter = limiter
        self._tried = tried
        self._asked_about: dict[str, float] = {}  # monotonic, by owner
        self._channels = ChannelReadings(store, messenger, clock)
        self._posted_versions: dict[str, Mapping[int, int]] = {}  # of deliveries that became ambiguous in this process
        self._failures: Counter[str] = Counter()  # read-backs and edits in a row that failed, by delivery id

    # ---- posting -------------------------------------------------------------------------------------------------

    async def send_next(self, destination: Destination) -> bool:
        """Claims and posts the next message for a destination; False where there is none or no other should follow."""
        if not await self._knows_slacks_time():
            return False
        now = self._clock.now()
        delivery, hindrance = await self._claimed(destination, now)
        if delivery is None:
            return False
        if hindrance is not None:
            return await self._record_result(delivery, hindrance, {}, now)
        resolved = await self._with_channel(delivery, refresh=delivery.destination.kind is DestinationKind.PERSON)
        if not isinstance(resolved, Delivery):
            return await self._record_unresolved(delivery, resolved, now)
        data = await self._data(resolved)
        if isinstance(data, MessageRefused):
            return await self._record_result(resolved, data, {}, now)
        left = await self._without_cancelled(resolved, data) if data.cancelled else resolved
        if left is not None and data.waiting:
            if not is_first_attempt(left):
                return await self._record_result(left, NotSent(next(iter(data.waiting.values()))), {}, now)
            left = await self._without_waiting(left, data.waiting)
        if left is None:
            return True
        message = self._rendered(left, data.facts)
        if not isinstance(message, Message):
            return await self._record_result(left, message, {}, now)
        assert left.channel is not None
        # Here and not before the look-ups: what they refuse must use up no post.
        self._limiter.posted(str(destination), self._clock.monotonic())
        started = self._clock.now()
        result = await self._messenger.post(left.channel, message, delivery_id=left.delivery_id)
        return await self._record_result(left, result, data.versions, started)

    async def _claimed(self, destination: Destination, now: datetime) -> tuple[Delivery | None, PostResult | None]:
        """Claims the next delivery of a destination, None if none is due; and the result if it may not be posted. A
        channel that was not checked recently is checked first: nothing about people goes to another company."""
        slack_time, new_id = self._messenger.slack_time(), uuid.uuid4().hex

        def claim(tx: Tx) -> Delivery | None:
            return claim_next(tx, destination, now, slack_time, new_id, self._settings)

        def claim_checked(tx: Tx) -> Delivery | None:
            delivery = claim(tx)
            if delivery is not None:
                require_checked(tx, delivery, now)
            return delivery

        try:
            return await self.retry_until_committed(claim_checked), None
        except CheckChannelFirst as unknown:
            is_shared = unknown.is_shared
        if not is_shared:
            await self._channels.sweep()
            now = self._clock.now()
            with suppress(CheckChannelFirst):
                return await self.retry_until_committed(claim_checked), None
        resolved_channel, started = str(destination), self._clock.monotonic()
        turn = self._limiter.lookup_at(resolved_channel, started)
        if turn > started:
            self._limiter.block_until(resolved_channel, turn)
            return None, None
        self._limiter.asked(resolved_channel)
        asked_at, doubts = self._clock.now(), await self.retry_reading(lambda tx: tx.destinations.doubts())
        channel = await self._contacts.channel(destination.id)
        if isinstance(channel, Channel):
            if reason := pausing.blocked_by_reason(channel):
                return await self.retry_until_committed(claim), DestinationGone(reason)
            judged = partial(self._claim_judged, channel, asked_at, doubts, claim)
            return await self.retry_until_committed(judged), None
        return await self.retry_until_committed(claim), channel

    def _claim_judged(
        self, channel: Channel, asked_at: datetime, doubts: int, claim: Callable[[Tx], Delivery | None], tx: Tx
    ) -> Delivery | None:
        """Claims the delivery for a channel that was just checked. Cancels what was shared while the channel was
        private, if it has turned public."""
        if not self._channels.note(tx, channel, asked_at, doubts):
            return None  # an event says that it changed meanwhile
        delivery = claim(tx)
        if delivery is None or channel.is_private:
            return delivery
        meant = [
            one.notification_id for one in delivery.notifications if one.notification.facts.get("audience") == PRIVATE
        ]
        tx.notifications.cancel(meant, "its channel has turned public since it was shared")
        return None if meant else delivery

    async def _knows_slacks_time(self) -> bool:
        """Whether Slack's time is known: after a lost reply the conversation is read back from there. By our own clock
        the reading could begin after the post."""
        try:
            await self._messenger.learn_time()
        except MessengerUnavailable as problem:
            wait = UNANSWERED_PAUSE if problem.retry_after is None else problem.retry_after
            self._limiter.block_until(None, self._clock.monotonic() + wait)
            log.warning("slack.unanswered", reason=str(problem), next_try_in=wait)
            return False
        return True

    async def _with_channel(self, delivery: Delivery, *, refresh: bool = False) -> Delivery | Nobody | PostResult:
        """The delivery with its conversation, stored before the attempt so that it can be read back. `refresh`: whose
        account a person's is may have changed since the last attempt."""
        if delivery.channel is not None and not refresh:
            return delivery
        destination = await self._contacts.conversation(delivery.destination)
        if not isinstance(destination, str):
            return destination
        if destination == delivery.channel:
            return delivery
        await self.retry_until_committed(lambda tx: tx.outbox.set_channel(delivery.delivery_id, destination))
        return replace(delivery, channel=destination)

    async def _record_unresolved(self, delivery: Delivery, reason: Nobody | PostResult, started: datetime) -> bool:
        if isinstance(reason, Throttled):
            self._limiter.hold_people_back(self._clock.monotonic() + reason.after)
        if not isinstance(reason, Nobody):
            return await self._record_result(delivery, reason, {}, started)
        if waiting := await self._not_named(delivery, started):
            if not is_first_attempt(delivery):
                return await self._record_result(delivery, NotSent(next(iter(waiting.values()))), {}, started)
            left = await self._without_waiting(delivery, waiting)
            if left is None:
                return True
            delivery = left
        notifications = [stored.notification_id for stored in delivery.notifications]
        await self.retry_until_committed(lambda tx: tx.notifications.cancel(notifications, reason.reason))
        log.info("delivery.dropped", delivery=delivery.delivery_id, to=str(delivery.destination), reason=reason.reason)
        return True

    async def _not_named(self, delivery: Delivery, now: datetime) -> Mapping[int, str]:
        """The notifications that wait until iSpring names their person again, with the reason: one reading may lack
        somebody."""
        if delivery.destination.kind is not DestinationKind.PERSON:
            return {}
        missing = await self.retry_reading(lambda tx: tx.people.directory().missing_of(delivery.destination.id))
        return {
            one.notification_id: MISSING[missing] for one in delivery.notifications if missing and is_awaited(one, now)
        }

    async def _without_cancelled(self, delivery: Delivery, data: MessageData) -> Delivery | None:
        """Cancels the notifications that may not be sent; returns the delivery with the others, None if none is
        left."""

        def end(tx: Tx) -> None:
            for detail in set(data.cancelled.values()):
                tx.notifications.cancel([one for one, reason in data.cancelled.items() if reason == detail], detail)

        await self.retry_until_committed(end)
        left = tuple(stored for stored in delivery.notifications if stored.notification_id not in data.cancelled)
        log.info("notifications.cancelled", delivery=delivery.delivery_id, dropped=len(data.cancelled), left=len(left))
        return replace(delivery, notifications=left) if left else None

    async def _without_waiting(self, delivery: Delivery, waiting: Mapping[int, str]) -> Delivery | None:
        """Puts back the notifications that wait for a proof; returns the delivery with the others, None if none is
        left."""
        now = self._clock.now().timestamp()
        # To the next quarter of an hour, so that what waits comes together: one recap, and no trickle of cards.
        until = datetime.fromtimestamp((now // PROOF_RETRY_EVERY + 1) * PROOF_RETRY_EVERY, UTC)
        await self.retry_until_committed(lambda tx: tx.notifications.postpone(delivery.delivery_id, waiting, until))
        left = tuple(stored for stored in delivery.notifications if stored.notification_id not in waiting)
        log.info("notifications.postponed", delivery=delivery.delivery_id, waiting=len(waiting), left=len(left))
        return replace(delivery, notifications=left) if left else None

    async def _data(self, delivery: Delivery) -> MessageData | MessageRefused:
        """What a message shows; owners whose rights need it are looked up first."""

        def load(tx: Tx) -> MessageData:
            return load_message_data(tx, delivery, self._settings, self._clock.now())

        try:
            data = await self.retry_reading(load)
            if data.to_ask and await self._proved_any(data.to_ask):
                data = await self.retry_reading(load)
            return data
        except StoreError:
            raise
        except Exception as problem:  # one message whose facts don't fit together must not stop all the others
            log.error("delivery.data_failed", delivery=delivery.delivery_id, exc_info=problem)
            return MessageRefused(f"Spotter could not gather its facts ({type(problem).__name__})")

    async def _proved_any(self, owners: AbstractSet[str]) -> bool:
        """Asks Slack about owners, unless that was done within the last minute; whether it answered of any."""
        now = self._clock.monotonic()
        self._asked_about = {owner: at for owner, at in self._asked_about.items() if now - at < OWNER_ASKED_AGAIN}
        unasked = owners - self._asked_about.keys()
        self._asked_about |= dict.fromkeys(unasked, now)
        return any((await ask_about(self._contacts, unasked)).values())

    def _rendered(self, delivery: Delivery, facts: CardFacts) -> Message | MessageRefused:
        try:
            return self._render(delivery, facts)
        except Exception as problem:  # one message that can't be put into words must not stop all the others
            log.error("delivery.render_failed", delivery=delivery.delivery_id, exc_info=problem)
            return MessageRefused(f"Spotter could not put it into words ({type(problem).__name__})")

    async def _record_result(
        self, delivery: Delivery, result: PostResult, versions: Mapping[int, int], started: datetime
    ) -> bool:
        """Stores what became of it; whether another message may follow at once."""
        now = self._clock.now()
        decided = after_post(delivery, result, now=now, random01=self._random01())
        match result:
            case Sent():
                decided = shown_versions(decided, versions)
            case Throttled(after, scope):
                destination = None if scope is Scope.WORKSPACE else str(delivery.destination)
                self._limiter.block_until(destination, self._clock.monotonic() + after)
            case Ambiguous():
                self._posted_versions[delivery.delivery_id] = versions
        attempt = attempt_of("post", result, started, now)
        self._tried(attempt.what, attempt.result)

        def record_result(tx: Tx) -> None:
            rules = tx.rules.at(decided.destination)  # before the outbox pauses them, or ends those without an intro
            tx.outbox.save(decided, attempt)
            self._consequences(tx, decided, result, rules, now)

        await self.retry_until_committed(record_result)
        level = log.info if isinstance(result, (Sent, Throttled)) else log.warning
        level(
            "delivery.attempted",
            delivery=delivery.delivery_id,
            to=str(delivery.destination),
            result=attempt.result,
            state=str(decided.state),
            reason=attempt.reason,
            notifications=len(delivery.notifications),
        )
        return isinstance(result, (Sent, AlreadyPosted, MessageRefused))

    def _consequences(
        self, tx: Tx, decided: Delivery, result: PostResult, rules: Sequence[Rule], now: datetime
    ) -> None:
        """What an answer means for others than this delivery."""
        match result:
            case Sent():
                clear_alert(tx, WORKSPACE_THROTTLED, now)
                if decided.destination.kind is not DestinationKind.CHANNEL:
                    clear_alert(tx, DIRECT_MESSAGES_CLOSED, now)
            case Throttled(_, Scope.WORKSPACE, reason):
                set_alert(tx, WORKSPACE_THROTTLED, {"reason": reason}, now)
            case DestinationGone(reason, all_direct):
                if all_direct:
                    set_alert(tx, DIRECT_MESSAGES_CLOSED, {"reason": reason}, now)
                for rule in rules:
                    self._notify_of_lost_rule(tx, rule, reason, now)
                pausing.block(tx, decided.destination, reason, now)
            case AppRefused():
                tx.outbox.refuse_app(_refusal(result))
        if decided.state is DeliveryState.FAILED:
            self._notify_of_failure(tx, decided, now)

    def _notify_of_lost_rule(self, tx: Tx, rule: Rule, reason: str, now: datetime) -> None:
        """Alerts the operator that a rule ended with its introduction; a person who subscribed is answered at once."""
        if rule.state is RuleState.PENDING and rule.owner == OPERATOR:
            notify_ops(tx, "destination_gone", f"rule:{rule.rule_id}", now, reason=reason)

    def _notify_of_failure(self, tx: Tx, delivery: Delivery, now: datetime) -> None:
        if not any(stored.notification.kind is NotificationKind.OPS for stored in delivery.notifications):
            notify_ops(tx, "message_refused", delivery.delivery_id, now, reason=delivery.reason)

    # ---- reading back --------------------------------------------------------------------------------------------

    async def read_back(self, delivery: Delivery) -> None:
        """Reads the conversation of an ambiguous delivery back and stores the result."""
        started = self._clock.now()
        resolved = await self._with_channel(delivery)
        read_back: ReadBackResult
        if isinstance(resolved, Delivery):
            delivery = resolved
            assert delivery.channel is not None
            since = delivery.slack_time if delivery.slack_time is not None else delivery.created_at.timestamp()
            read_back = await self._messenger.read_back(delivery.channel, delivery_id=delivery.delivery_id, since=since)
        else:
            read_back = unresolved_read_back(resolved)
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
                pausing.block(tx, decided.destination, read_back.reason, now)
            if decided.state is DeliveryState.FAILED:
                self._notify_of_failure(tx, decided, now)

        await self.retry_until_committed(record_result)
        if decided.state is not DeliveryState.AMBIGUOUS:
            self._posted_versions.pop(delivery.delivery_id, None)
        log.info("delivery.read_back", delivery=delivery.delivery_id, result=attempt.result, state=str(decided.state))

    # ---- editing -------------------------------------------------------------------------------------------------

    async def claim_edit(self, *, cosmetic: bool) -> Delivery | None:
        """Claims the next card to edit, None if there is none. It counts as an edit that goes out. Without `cosmetic`
        only one that corrects or redacts."""
        now = self._clock.now()
        delivery = await self.retry_until_committed(lambda tx: tx.outbox.claim_edit(now, cosmetic=cosmetic))
        if delivery is not None:
            self._limiter.edited(self._clock.monotonic())
        return delivery

    async def edit(self, delivery: Delivery) -> bool:
        """Edits a card that `claim_edit` gave, whether Slack took it."""
        started = self._clock.now()
        data = await self._data(delivery)
        result: EditResult
        shown: Mapping[int, int]
        waits = ""
        if isinstance(data, MessageData) and self._shows_names(delivery, data):
            waits = await self._edit_waits(delivery, data)
            data = await self._data(delivery)  # the channel may be blocked by now, so that it only redacts
            waits = waits if isinstance(data, MessageData) and self._shows_names(delivery, data) else ""
        is_tried = isinstance(data, MessageRefused) or not waits or _redacts(delivery, data)
        is_kept = isinstance(data, MessageData) and data.keeps_as_posted and not _redacts(delivery, data)
        if is_kept and isinstance(data, MessageData):
            assert delivery.channel is not None and delivery.ts is not None
            result, shown, waits, is_tried = Sent(delivery.channel, delivery.ts), data.versions, "", False
        elif isinstance(data, MessageRefused):
            result, shown = data, {}
        elif not is_tried:
            result, shown = NotSent(waits), {}
        elif waits:  # a redaction never waits; what else the message shows goes with it until it may be shown
            result = await self._edited(delivery, _redacted(data.facts))
            shown = dict.fromkeys(data.versions, TAKEN_BACK)
        else:
            facts = await self._as_theirs(delivery, data.facts)
            result = await self._edited(delivery, facts) if isinstance(facts, CardFacts) else facts
            shown = data.versions
        now = self._clock.now()
        failures = self._failures[delivery.delivery_id]
        decided = after_edit(result, now=now, random01=self._random01(), failures=failures)
        self._count_failure(delivery, is_tried and isinstance(result, NotSent | Ambiguous))
        if waits and (decided.shown or not is_tried):  # a redaction that failed is tried again as soon as any edit
            decided = replace(decided, due_at=now + EDIT_WAITS)
        versions = shown if decided.shown else {}
        if isinstance(result, Throttled):
            self._limiter.hold_edits_back(self._clock.monotonic() + result.after)
        attempt = attempt_of("edit", result, started, now)
        if is_kept:
            attempt = replace(attempt, result="kept", reason="its rules leave corrections out")
        self._tried(attempt.what, attempt.result)

        def record_result(tx: Tx) -> None:
            tx.outbox.save_edit(delivery.delivery_id, versions, decided.due_at, decided.ended, attempt)
            if isinstance(result, AppRefused):
                tx.outbox.refuse_app(_refusal(result))

        await self.retry_until_committed(record_result)
        log.info("delivery.edited", delivery=delivery.delivery_id, result=attempt.result, reason=attempt.reason)
        return decided.shown

    def _count_failure(self, delivery: Delivery, is_failure: bool) -> None:
        if is_failure:
            self._failures[delivery.delivery_id] += 1
        else:
            self._failures.pop(delivery.delivery_id, None)

    @staticmethod
    def _shows_names(delivery: Delivery, data: MessageData) -> bool:
        """Whether an edit adds names or results to a message: it is no mere redaction."""
        if data.facts.digests or data.facts.reminders:
            return True
        return any(key not in data.facts.hidden for key in data.facts.records)

    async def _edit_waits(self, delivery: Delivery, data: MessageData) -> str:
        """Why an edit that shows names has to wait, "" if it may go: a channel is looked at before, as for a post."""
        if data.waiting:
            return next(iter(data.waiting.values()))
        if delivery.destination.kind is not DestinationKind.CHANNEL:
            return ""
        if not await self.retry_reading(lambda tx: is_checked(tx, delivery.destination, self._clock.now())):
            await self._channels.sweep()
        if not await self.retry_reading(lambda tx: is_checked(tx, delivery.destination, self._clock.now())):
            asked_at, doubts = self._clock.now(), await self.retry_reading(lambda tx: tx.destinations.doubts())
            channel = await self._contacts.channel(delivery.destination.id)
            if not isinstance(channel, Channel):
                return "Slack could not say how the channel is"
            await self.retry_until_committed(lambda tx: self._channels.note(tx, channel, asked_at, doubts))
        if await self.retry_reading(lambda tx: pausing.waits_for_yes(tx, delivery)):
            return "its channel has turned public"
        return ""

    async def _as_theirs(
        self, delivery: Delivery, facts: CardFacts
    ) -> CardFacts | Throttled | NotSent | DestinationGone | AppRefused:
        """What may stand in a message to a person: nothing, once the account it went to is not theirs any more."""
        if delivery.destination.kind is not DestinationKind.PERSON:
            return facts
        destination = await self._contacts.conversation(delivery.destination)
        if not isinstance(destination, str | Nobody):
            return destination
        return facts if destination == delivery.channel else _redacted(facts)

    async def _edited(self, delivery: Delivery, facts: CardFacts) -> EditResult:
        assert delivery.channel is not None and delivery.ts is not None
        # With blocks, also if it was posted without: what Slack rejected then it may take now.
        message = self._rendered(replace(delivery, text_only=False), facts)
        if not isinstance(message, Message):
            return message
        result = await self._messenger.edit(delivery.channel, delivery.ts, message)
        if message.blocks and _is_body_refused(result, was_refused=delivery.text_only):
            log.warning("delivery.edit_refused", delivery=delivery.delivery_id, reason=result.reason)
            result = await self._messenger.edit(delivery.channel, delivery.ts, Message(message.text))
        return result

    # ---- the store -----------------------------------------------------------------------------------------------

    async def retry_until_committed(self, work: Callable[[Tx], T]) -> T:
        """Runs a transaction until it holds: what Slack answered must not be lost to a busy database."""
        return await self._until_free(self._store.transact, work)

    async def retry_reading(self, work: Callable[[Tx], T]) -> T:
        """As `retry_until_committed`, for reading."""
        return await self._until_free(self._store.read, work)

    async def _until_free(self, run: Callable[[Callable[[Tx], T]], Awaitable[T]], work: Callable[[Tx], T]) -> T:
        tries = 0
        while True:
            try:
                return await run(work)
            except StoreBusy:
                pause = BUSY_PAUSES[min(tries, len(BUSY_PAUSES) - 1)]
                tries += 1
                log.warning("store.busy", tries=tries)
                await self._clock.sleep(pause)


def _is_body_refused(result: EditResult, *, was_refused: bool) -> TypeGuard[MessageRefused | Ambiguous]:
    """Whether Slack won't take these blocks. An unknown word is taken for that only if the post was refused too."""
    return isinstance(result, MessageRefused) or (was_refused and isinstance(result, Ambiguous) and result.is_rejection)


def _redacted(facts: CardFacts) -> CardFacts:
    return replace(facts, hidden=frozenset(facts.records), digests={}, reminders={})


def _redacts(delivery: Delivery, data: MessageData) -> bool:
    """Whether an edit takes something out of a message."""
    return any(
        stored.notification.session in data.facts.hidden
        or (stored.notification.session not in data.facts.records and stored.shown_version != TAKEN_BACK)
        for stored in delivery.notifications
        if stored.notification.session is not None
    )


def _refusal(result: AppRefused) -> str:
    return result.reason + (f" (needs the scope {result.needed})" if result.needed else "")

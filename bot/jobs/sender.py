"""One delivery at a time: claims it, posts it and stores the result, however busy the database is.

`domain.delivery` decides the next state; this asks Slack and stores the decision. What became ambiguous is settled by
`read_back`.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.alerts import DIRECT_MESSAGES_CLOSED, WORKSPACE_THROTTLED
from bot.domain.delivery import (
    AlreadyPosted,
    Ambiguous,
    AppRefused,
    DestinationGone,
    MessageRefused,
    NotSent,
    PostResult,
    Scope,
    Sent,
    Throttled,
    after_post,
    is_first_attempt,
    shown_versions,
)
from bot.domain.errors import MessengerUnavailable
from bot.domain.notifications import Delivery, DeliveryState, Destination, DestinationKind, Message
from bot.domain.ports import Channel, Clock, Contacts, Messenger, NoSlackUser
from bot.domain.reasons import PRIVATE
from bot.domain.routing import MISSING
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.jobs.attempts import Tried, attempt_of, refusal_text
from bot.jobs.channel_guard import ChannelReadings, CheckChannelFirst, require_checked
from bot.jobs.message_data import MessageData
from bot.jobs.message_rights import is_awaited
from bot.jobs.outage import claim_next
from bot.jobs.rate_limit import RateLimiter
from bot.jobs.read_back import ReadBack, notify_of_failure, with_channel
from bot.jobs.renderer import Renderer
from bot.jobs.retrying_store import RetryingStore
from bot.services import pausing
from bot.services.alerting import clear_alert, notify_ops, set_alert
from bot.store.database import Tx

PROOF_RETRY_EVERY = 900.0  # seconds: notifications that wait for a proof
UNANSWERED_PAUSE = 5.0  # seconds between tries to reach a Slack that has not answered this process yet

log = structlog.get_logger(__name__)


class Sender:
    """Sends single deliveries. `random01` returns [0, 1)."""

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
        settings: Settings,
        limiter: RateLimiter,
        tried: Tried,
        read_back: ReadBack,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._contacts = contacts
        self._clock = clock
        self._random01 = random01
        self._renderer = renderer
        self._settings = settings
        self._limiter = limiter
        self._tried = tried
        self._read_back = read_back
        self._channels = channels

    async def send_next(self, destination: Destination, shadow: Destination | None = None) -> bool:
        """Claims and posts the next message for a destination; False where there is none or no other should follow.
        `shadow`: the channel in which shadow mode shows it instead."""
        if not await self._knows_slacks_time():
            return False
        now = self._clock.now()
        delivery, hindrance = await self._claimed(destination, shadow, now)
        if delivery is None:
            return False
        if hindrance is not None:
            return await self._record_result(delivery, hindrance, {}, now)
        resolved = await with_channel(
            self._store, self._contacts, delivery, refresh=delivery.destination.kind is DestinationKind.PERSON
        )
        if not isinstance(resolved, Delivery):
            return await self._record_unresolved(delivery, resolved, now)
        data = await self._renderer.data(resolved)
        if isinstance(data, MessageRefused):
            return await self._record_result(resolved, data, {}, now)
        if data.is_misplaced:
            return await self._record_result(resolved, NotSent("shadow mode began or ended meanwhile"), {}, now)
        left = await self._without_cancelled(resolved, data) if data.cancelled else resolved
        if left is not None and data.waiting:
            if not is_first_attempt(left):
                return await self._record_result(left, NotSent(next(iter(data.waiting.values()))), {}, now)
            left = await self._without_waiting(left, data.waiting)
        if left is None:
            return True
        message = self._renderer.render(left, data.facts)
        if not isinstance(message, Message):
            return await self._record_result(left, message, {}, now)
        started = self._clock.now()
        result = await self._renderer.with_newest_blocks(message, partial(self._post, left))
        return await self._record_result(left, result, data.versions, started)

    async def _post(self, delivery: Delivery, message: Message) -> PostResult:
        assert delivery.channel is not None
        # Here and not before the look-ups: what they refuse must use up no post.
        self._limiter.posted(str(delivery.posted_to), self._clock.monotonic())
        return await self._messenger.post(delivery.channel, message, delivery_id=delivery.delivery_id)

    async def _claimed(
        self, destination: Destination, shadow: Destination | None, now: datetime
    ) -> tuple[Delivery | None, PostResult | None]:
        """Claims the next delivery of a destination, None if none is due; and the result if it may not be posted. A
        channel that was not checked recently is checked first: nothing about people goes to another company."""
        slack_time, new_id = self._messenger.slack_time(), uuid.uuid4().hex

        def claim(tx: Tx) -> Delivery | None:
            return claim_next(tx, destination, now, slack_time, new_id, self._settings, shadow)

        def claim_checked(tx: Tx) -> Delivery | None:
            delivery = claim(tx)
            if delivery is not None:
                require_checked(tx, delivery, now)
            return delivery

        try:
            return await self._store.transact(claim_checked), None
        except CheckChannelFirst as unknown:
            is_shared = unknown.is_shared
        if not is_shared:
            await self._channels.sweep()
            now = self._clock.now()
            with suppress(CheckChannelFirst):
                return await self._store.transact(claim_checked), None
        place = shadow or destination
        resolved_channel, started = str(place), self._clock.monotonic()
        turn = self._limiter.lookup_at(resolved_channel, started)
        if turn > started:
            self._limiter.block_until(resolved_channel, turn)
            return None, None
        self._limiter.asked(resolved_channel)
        asked_at, doubts = self._clock.now(), await self._store.read(lambda tx: tx.destinations.doubts())
        channel = await self._contacts.channel(place.id)
        if isinstance(channel, Channel):
            if reason := pausing.blocked_by_reason(channel):
                return await self._store.transact(claim), DestinationGone(reason)
            judged = partial(self._claim_judged, channel, asked_at, doubts, claim)
            return await self._store.transact(judged), None
        return await self._store.transact(claim), channel

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

    async def _record_unresolved(self, delivery: Delivery, reason: NoSlackUser | PostResult, started: datetime) -> bool:
        if isinstance(reason, Throttled):
            self._limiter.hold_people_back(self._clock.monotonic() + reason.after)
        if not isinstance(reason, NoSlackUser):
            # A look-up that failed says nothing of the channel that shows it in shadow mode.
            return await self._record_result(delivery, reason, {}, started, about=delivery.destination)
        if waiting := await self._not_named(delivery, started):
            if not is_first_attempt(delivery):
                return await self._record_result(delivery, NotSent(next(iter(waiting.values()))), {}, started)
            left = await self._without_waiting(delivery, waiting)
            if left is None:
                return True
            delivery = left
        notifications = [stored.notification_id for stored in delivery.notifications]
        await self._store.transact(lambda tx: tx.notifications.cancel(notifications, reason.reason))
        log.info("delivery.dropped", delivery=delivery.delivery_id, to=str(delivery.destination), reason=reason.reason)
        return True

    async def _not_named(self, delivery: Delivery, now: datetime) -> Mapping[int, str]:
        """The notifications that wait until iSpring names their person again, with the reason: one reading may lack
        a person."""
        if delivery.destination.kind is not DestinationKind.PERSON:
            return {}
        missing = await self._store.read(lambda tx: tx.people.directory().missing_of(delivery.destination.id))
        return {
            one.notification_id: MISSING[missing] for one in delivery.notifications if missing and is_awaited(one, now)
        }

    async def _without_cancelled(self, delivery: Delivery, data: MessageData) -> Delivery | None:
        """Cancels the notifications that may not be sent; returns the delivery with the others, None if none is
        left."""

        def end(tx: Tx) -> None:
            for detail in set(data.cancelled.values()):
                tx.notifications.cancel([one for one, reason in data.cancelled.items() if reason == detail], detail)

        await self._store.transact(end)
        left = tuple(stored for stored in delivery.notifications if stored.notification_id not in data.cancelled)
        log.info("notifications.cancelled", delivery=delivery.delivery_id, dropped=len(data.cancelled), left=len(left))
        return replace(delivery, notifications=left) if left else None

    async def _without_waiting(self, delivery: Delivery, waiting: Mapping[int, str]) -> Delivery | None:
        """Puts back the notifications that wait for a proof; returns the delivery with the others, None if none is
        left."""
        now = self._clock.now().timestamp()
        # To the next quarter of an hour, so that they come together, as one recap.
        until = datetime.fromtimestamp((now // PROOF_RETRY_EVERY + 1) * PROOF_RETRY_EVERY, UTC)
        await self._store.transact(lambda tx: tx.notifications.postpone(delivery.delivery_id, waiting, until))
        left = tuple(stored for stored in delivery.notifications if stored.notification_id not in waiting)
        log.info("notifications.postponed", delivery=delivery.delivery_id, waiting=len(waiting), left=len(left))
        return replace(delivery, notifications=left) if left else None

    async def _record_result(
        self,
        delivery: Delivery,
        result: PostResult,
        versions: Mapping[int, int],
        started: datetime,
        *,
        about: Destination | None = None,
    ) -> bool:
        """Stores what became of it; whether another message may follow at once. `about`: the place that the result says
        something of, if it is not where the delivery is posted."""
        now, place = self._clock.now(), about or delivery.posted_to
        decided = after_post(delivery, result, now=now, random01=self._random01())
        match result:
            case Sent():
                decided = shown_versions(decided, versions)
            case Throttled(after, scope):
                destination = None if scope is Scope.WORKSPACE else str(place)
                self._limiter.block_until(destination, self._clock.monotonic() + after)
            case Ambiguous():
                self._read_back.remember(delivery.delivery_id, versions)
        attempt = attempt_of("post", result, started, now)
        self._tried(attempt.what, attempt.result)

        def record_result(tx: Tx) -> None:
            rules = tx.rules.at(place)  # before the outbox pauses them, or ends those without an intro
            tx.outbox.save(decided, attempt)
            self._consequences(tx, decided, place, result, rules, now)

        await self._store.transact(record_result)
        level = log.info if isinstance(result, (Sent, Throttled)) else log.warning
        level(
            "delivery.attempted",
            delivery=delivery.delivery_id,
            to=str(delivery.destination),
            shadow=str(delivery.shadow or ""),
            result=attempt.result,
            state=str(decided.state),
            reason=attempt.reason,
            notifications=len(delivery.notifications),
        )
        return isinstance(result, (Sent, AlreadyPosted, MessageRefused))

    def _consequences(
        self, tx: Tx, decided: Delivery, place: Destination, result: PostResult, rules: Sequence[Rule], now: datetime
    ) -> None:
        """What an answer means for others than this delivery."""
        match result:
            case Sent():
                clear_alert(tx, WORKSPACE_THROTTLED, now)
                if place.kind is not DestinationKind.CHANNEL:
                    clear_alert(tx, DIRECT_MESSAGES_CLOSED, now)
            case Throttled(_, Scope.WORKSPACE, reason):
                set_alert(tx, WORKSPACE_THROTTLED, {"reason": reason}, now)
            case DestinationGone(reason, all_direct):
                if all_direct:
                    set_alert(tx, DIRECT_MESSAGES_CLOSED, {"reason": reason}, now)
                for rule in rules:
                    self._notify_of_lost_rule(tx, rule, reason, now)
                pausing.block(tx, place, reason, now)
            case AppRefused():
                tx.outbox.refuse_app(refusal_text(result))
        if decided.state is DeliveryState.FAILED:
            notify_of_failure(tx, decided, now)

    def _notify_of_lost_rule(self, tx: Tx, rule: Rule, reason: str, now: datetime) -> None:
        """Alerts the operator that a rule ended with its introduction; a person who subscribed is answered at once."""
        if rule.state is RuleState.PENDING and rule.owner == OPERATOR:
            notify_ops(tx, "destination_gone", f"rule:{rule.rule_id}", now, reason=reason)

"""One delivery at a time: posting, reading back, editing, and storing what Slack answered, whatever the database does.

`core.delivery` decides what becomes of it; this asks Slack and carries the decision out.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from bot.core import pauses
from bot.core.delivery import (
    AppRefused,
    DestinationGone,
    EditResult,
    Found,
    LookResult,
    MessageRefused,
    NotSent,
    PostResult,
    Scope,
    Sent,
    Throttled,
    ToldAndGone,
    Unreadable,
    Unsure,
    after_edit,
    after_look,
    after_post,
    is_first_attempt,
    versions_shown,
)
from bot.core.errors import MessengerUnavailable, StoreBusy, StoreError
from bot.core.model import (
    OPERATOR,
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Message,
    NoticeKind,
    Rule,
    RuleState,
)
from bot.core.ports import Channel, Clock, Contacts, Messenger, Nobody, Store, Tx
from bot.core.troubles import DIRECT_MESSAGES_CLOSED, WORKSPACE_THROTTLED
from bot.jobs.attempts import attempt_of, unplaced_look
from bot.jobs.away import claim_next
from bot.jobs.channels import LookFirst, refuse_unknown
from bot.jobs.gather import Gathered, House, gather
from bot.jobs.pace import Pace
from bot.jobs.telling import tell_ops
from bot.jobs.watch import note_trouble
from bot.views.cards import CardFacts

T = TypeVar("T")
Render = Callable[[Delivery, CardFacts], Message]
Tried = Callable[[str, str], None]  # what an attempt was, and its result, as `core.ports.Attempt` has them
BUSY_PAUSES = (0.1, 0.3, 1.0, 3.0)  # seconds between tries to store an answer; the last for ever
UNANSWERED_PAUSE = 5.0  # seconds between tries to reach a Slack that has not answered this process yet

log = structlog.get_logger(__name__)


def unheard(what: str, result: str) -> None:
    """For whoever counts no attempts."""


class Sender:
    """Carries single deliveries through. `dice` answers in [0, 1); `ops_channel` ("": none) hears of trouble."""

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        contacts: Contacts,
        clock: Clock,
        dice: Callable[[], float],
        render: Render,
        house: House,
        ops_channel: str,
        pace: Pace,
        tried: Tried = unheard,
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._contacts = contacts
        self._clock = clock
        self._dice = dice
        self._render = render
        self._house = house
        self._ops_channel = ops_channel
        self._pace = pace
        self._tried = tried
        self._posted_versions: dict[str, Mapping[int, int]] = {}  # of deliveries that became unsure in this process

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
            return await self._settle(delivery, hindrance, {}, now)
        self._pace.posted(str(destination), self._clock.monotonic())
        placed = await self._placed(delivery, anew=delivery.destination.kind is DestinationKind.PERSON)
        if not isinstance(placed, Delivery):
            return await self._settle_unplaced(delivery, placed, now)
        gathered = await self._gathered(placed)
        if isinstance(gathered, MessageRefused):
            return await self._settle(placed, gathered, {}, now)
        left = await self._without_ended(placed, gathered) if gathered.ended else placed
        if left is None:
            return True
        message = self._rendered(left, gathered.facts)
        if not isinstance(message, Message):
            return await self._settle(left, message, {}, now)
        assert left.channel is not None
        started = self._clock.now()
        result = await self._messenger.post(left.channel, message, delivery_id=left.delivery_id)
        return await self._settle(left, result, gathered.versions, started)

    async def _claimed(self, destination: Destination, now: datetime) -> tuple[Delivery | None, PostResult | None]:
        """The next message for a destination, None where there is none now; and what keeps it from being posted. A
        channel that was not looked at lately is looked at first: nothing about people goes to another company's."""
        slack_time, new_id = self._messenger.slack_time(), uuid.uuid4().hex

        def claim(tx: Tx) -> Delivery | None:
            return claim_next(tx, destination, now, slack_time, new_id, self._house)

        def claim_known(tx: Tx) -> Delivery | None:
            delivery = claim(tx)
            if delivery is not None:
                refuse_unknown(tx, delivery, now)
            return delivery

        try:
            return await self.insist(claim_known), None
        except LookFirst as unknown:
            was_known = unknown.was_known
        place, started = str(destination), self._clock.monotonic()
        turn = self._pace.question_at(place, started)
        if turn > started:
            self._pace.hold_back(place, turn)
            return None, None
        self._pace.asked(place)
        channel = await self._contacts.channel(destination.id)
        if isinstance(channel, Channel):
            if why := pauses.why_shut(channel):
                return await self.insist(claim), DestinationGone(why)
            return await self.insist(partial(self._claim_judged, destination, channel, claim)), None
        if was_known and isinstance(channel, Throttled | NotSent):
            return await self.insist(claim), None  # it was ours when Slack last said so, and no event told otherwise
        return await self.insist(claim), channel

    def _claim_judged(
        self, place: Destination, channel: Channel, claim: Callable[[Tx], Delivery | None], tx: Tx
    ) -> Delivery | None:
        """Claims what is left to be posted in a channel that was looked at: it may have turned public."""
        now = self._clock.now()
        pauses.judge(tx, channel, self._ops_channel, now, is_news=False)
        tx.outbox.note_look(place, now)
        delivery = claim(tx)
        if delivery is None or channel.is_private:
            return delivery
        meant = [one.notice_id for one in delivery.notices if one.notice.facts.get("audience") == pauses.PRIVATE]
        tx.outbox.drop_notices(meant, "its channel has turned public since it was shared")
        return None if meant else delivery

    async def _knows_slacks_time(self) -> bool:
        """Whether Slack has told its time: where the reply to a post is lost, that is where a look begins to read. From
        our own clock it could begin after the post."""
        try:
            await self._messenger.learn_time()
        except MessengerUnavailable as problem:
            wait = UNANSWERED_PAUSE if problem.retry_after is None else problem.retry_after
            self._pace.hold_back(None, self._clock.monotonic() + wait)
            log.warning("slack.unanswered", why=str(problem), next_try_in=wait)
            return False
        return True

    async def _placed(self, delivery: Delivery, *, anew: bool = False) -> Delivery | Nobody | PostResult:
        """The delivery with its conversation, stored before the attempt so that it can be read back. `anew`: whose
        account a person's is may have changed since the last attempt."""
        if delivery.channel is not None and not anew:
            return delivery
        place = await self._contacts.conversation(delivery.destination)
        if not isinstance(place, str):
            return place
        if place == delivery.channel:
            return delivery
        await self.insist(lambda tx: tx.outbox.place(delivery.delivery_id, place))
        return replace(delivery, channel=place)

    async def _settle_unplaced(self, delivery: Delivery, why: Nobody | PostResult, started: datetime) -> bool:
        if not isinstance(why, Nobody):
            return await self._settle(delivery, why, {}, started)
        notices = [owed.notice_id for owed in delivery.notices]
        await self.insist(lambda tx: tx.outbox.drop_notices(notices, why.why))
        log.info("delivery.dropped", delivery=delivery.delivery_id, to=str(delivery.destination), why=why.why)
        return True

    async def _without_ended(self, delivery: Delivery, gathered: Gathered) -> Delivery | None:
        """Ends the notices that may not go out; the delivery with the others, None where none is left."""

        def end(tx: Tx) -> None:
            for why in set(gathered.ended.values()):
                tx.outbox.drop_notices([one for one, reason in gathered.ended.items() if reason == why], why)

        await self.insist(end)
        left = tuple(owed for owed in delivery.notices if owed.notice_id not in gathered.ended)
        log.info("notices.dropped", delivery=delivery.delivery_id, dropped=len(gathered.ended), left=len(left))
        return replace(delivery, notices=left) if left else None

    async def _gathered(self, delivery: Delivery) -> Gathered | MessageRefused:
        try:
            return await self.insist_reading(lambda tx: gather(tx, delivery, self._house))
        except StoreError:
            raise
        except Exception as problem:  # one message whose facts don't fit together must not stop all the others
            log.error("delivery.not_gathered", delivery=delivery.delivery_id, exc_info=problem)
            return MessageRefused(f"Spotter could not gather its facts ({type(problem).__name__})")

    def _rendered(self, delivery: Delivery, facts: CardFacts) -> Message | MessageRefused:
        try:
            return self._render(delivery, facts)
        except Exception as problem:  # one message that can't be put into words must not stop all the others
            log.error("delivery.not_rendered", delivery=delivery.delivery_id, exc_info=problem)
            return MessageRefused(f"Spotter could not put it into words ({type(problem).__name__})")

    async def _settle(
        self, delivery: Delivery, result: PostResult, versions: Mapping[int, int], started: datetime
    ) -> bool:
        """Stores what became of it; whether another message may follow at once."""
        now = self._clock.now()
        decided = after_post(delivery, result, now=now, dice=self._dice())
        match result:
            case Sent():
                decided = versions_shown(decided, versions)
            case Throttled(after, scope):
                place = None if scope is Scope.WORKSPACE else str(delivery.destination)
                self._pace.hold_back(place, self._clock.monotonic() + after)
            case Unsure():
                self._posted_versions[delivery.delivery_id] = versions
        attempt = attempt_of("post", result, started, now)
        self._tried(attempt.what, attempt.result)

        def settle(tx: Tx) -> None:
            rules = tx.rules.at(decided.destination)  # before the outbox pauses them, or ends those without an intro
            tx.outbox.save(decided, attempt)
            self._consequences(tx, decided, result, rules, now)

        await self.insist(settle)
        level = log.info if isinstance(result, (Sent, Throttled)) else log.warning
        level(
            "delivery.tried",
            delivery=delivery.delivery_id,
            to=str(delivery.destination),
            result=attempt.result,
            state=str(decided.state),
            why=attempt.why,
            notices=len(delivery.notices),
        )
        return isinstance(result, (Sent, ToldAndGone, MessageRefused))

    def _consequences(
        self, tx: Tx, decided: Delivery, result: PostResult, rules: Sequence[Rule], now: datetime
    ) -> None:
        """What an answer means for others than this delivery."""
        match result:
            case Sent():
                note_trouble(tx, self._ops_channel, WORKSPACE_THROTTLED, None, now)
                if decided.destination.kind is not DestinationKind.CHANNEL:
                    note_trouble(tx, self._ops_channel, DIRECT_MESSAGES_CLOSED, None, now)
            case Throttled(_, Scope.WORKSPACE, why):
                note_trouble(tx, self._ops_channel, WORKSPACE_THROTTLED, {"why": why}, now)
            case DestinationGone(why, all_direct):
                if all_direct:
                    note_trouble(tx, self._ops_channel, DIRECT_MESSAGES_CLOSED, {"why": why}, now)
                for rule in rules:
                    self._tell_of_lost_rule(tx, rule, why, now)
                pauses.shut(tx, decided.destination, why, self._ops_channel, now)
            case AppRefused():
                tx.outbox.refuse_app(_refusal(result))
        if decided.state is DeliveryState.DEAD:
            self._tell_of_death(tx, decided, now)

    def _tell_of_lost_rule(self, tx: Tx, rule: Rule, why: str, now: datetime) -> None:
        """A rule ends with its intro; whoever typed a subscription is told so at once, the operator nowhere else."""
        if rule.state is RuleState.PENDING and rule.owner == OPERATOR:
            tell_ops(tx, self._ops_channel, "destination_gone", f"rule:{rule.rule_id}", now, why=why)

    def _tell_of_death(self, tx: Tx, delivery: Delivery, now: datetime) -> None:
        if not any(owed.notice.kind is NoticeKind.OPS for owed in delivery.notices):
            tell_ops(tx, self._ops_channel, "message_refused", delivery.delivery_id, now, why=delivery.why)

    # ---- reading back --------------------------------------------------------------------------------------------

    async def look(self, delivery: Delivery) -> None:
        """Reads the conversation of an unsure delivery back and stores what that says."""
        started = self._clock.now()
        placed = await self._placed(delivery)
        look: LookResult
        if isinstance(placed, Delivery):
            delivery = placed
            assert delivery.channel is not None
            since = delivery.slack_time if delivery.slack_time is not None else delivery.created_at.timestamp()
            look = await self._messenger.look(delivery.channel, delivery_id=delivery.delivery_id, since=since)
        else:
            look = unplaced_look(placed)
        now = self._clock.now()
        decided = after_look(delivery, look, now=now, dice=self._dice())
        if isinstance(look, Found):
            # Without the versions that were posted, or where an earlier post may be what was found, the card is edited
            # once to be sure.
            posted = self._posted_versions.get(delivery.delivery_id, {}) if is_first_attempt(delivery) else {}
            decided = versions_shown(decided, posted)
        attempt = attempt_of("look", look, started, now)
        self._tried(attempt.what, attempt.result)

        def settle(tx: Tx) -> None:
            tx.outbox.save(decided, attempt)
            if decided.state is DeliveryState.WAITING and isinstance(look, Unreadable):
                tx.ledger.write(pauses.SPOTTER, "resend unread", f"delivery:{delivery.delivery_id}", now)
            if isinstance(look, DestinationGone):
                pauses.shut(tx, decided.destination, look.why, self._ops_channel, now)
            if decided.state is DeliveryState.DEAD:
                self._tell_of_death(tx, decided, now)

        await self.insist(settle)
        if decided.state is not DeliveryState.UNSURE:
            self._posted_versions.pop(delivery.delivery_id, None)
        log.info("delivery.looked", delivery=delivery.delivery_id, result=attempt.result, state=str(decided.state))

    # ---- editing -------------------------------------------------------------------------------------------------

    async def claim_edit(self) -> Delivery | None:
        """The next card that shows less than is known, None where there is none. Counts it as an edit that goes out."""
        now = self._clock.now()
        delivery = await self.insist(lambda tx: tx.outbox.claim_edit(now))
        if delivery is not None:
            self._pace.edited(self._clock.monotonic())
        return delivery

    async def edit(self, delivery: Delivery) -> bool:
        """Edits a card that `claim_edit` gave, whether Slack took it."""
        started = self._clock.now()
        gathered = await self._gathered(delivery)
        result: EditResult
        shown: Mapping[int, int]
        if isinstance(gathered, MessageRefused):
            result, shown = gathered, {}
        else:
            facts = await self._as_theirs(delivery, gathered.facts)
            result = await self._edited(delivery, facts) if isinstance(facts, CardFacts) else facts
            shown = gathered.versions
        now = self._clock.now()
        decided = after_edit(result, now=now, dice=self._dice())
        versions = shown if decided.shown else {}
        if isinstance(result, Throttled):
            self._pace.hold_edits_back(self._clock.monotonic() + result.after)
        attempt = attempt_of("edit", result, started, now)
        self._tried(attempt.what, attempt.result)

        def settle(tx: Tx) -> None:
            tx.outbox.save_edit(delivery.delivery_id, versions, decided.due_at, decided.ended, attempt)
            if isinstance(result, AppRefused):
                tx.outbox.refuse_app(_refusal(result))

        await self.insist(settle)
        log.info("delivery.edited", delivery=delivery.delivery_id, result=attempt.result, why=attempt.why)
        return decided.shown

    async def _as_theirs(
        self, delivery: Delivery, facts: CardFacts
    ) -> CardFacts | Throttled | NotSent | DestinationGone | AppRefused:
        """What may stand in a message to a person: nothing, once the account it went to is not theirs any more."""
        if delivery.destination.kind is not DestinationKind.PERSON:
            return facts
        place = await self._contacts.conversation(delivery.destination)
        if not isinstance(place, str | Nobody):
            return place
        return facts if place == delivery.channel else replace(facts, hidden=frozenset(facts.records))

    async def _edited(self, delivery: Delivery, facts: CardFacts) -> EditResult:
        assert delivery.channel is not None and delivery.ts is not None
        message = self._rendered(delivery, facts)
        if not isinstance(message, Message):
            return message
        result = await self._messenger.edit(delivery.channel, delivery.ts, message)
        if isinstance(result, MessageRefused) and message.blocks:
            log.warning("delivery.edit_refused", delivery=delivery.delivery_id, why=result.why)
            result = await self._messenger.edit(delivery.channel, delivery.ts, Message(message.text))
        return result

    # ---- the store -----------------------------------------------------------------------------------------------

    async def insist(self, work: Callable[[Tx], T]) -> T:
        """Runs a transaction until it holds: what Slack answered must not be lost to a busy database."""
        return await self._until_free(self._store.transact, work)

    async def insist_reading(self, work: Callable[[Tx], T]) -> T:
        """As `insist`, for reading."""
        return await self._until_free(self._store.read, work)

    async def _until_free(self, door: Callable[[Callable[[Tx], T]], Awaitable[T]], work: Callable[[Tx], T]) -> T:
        tries = 0
        while True:
            try:
                return await door(work)
            except StoreBusy:
                pause = BUSY_PAUSES[min(tries, len(BUSY_PAUSES) - 1)]
                tries += 1
                log.warning("store.busy", tries=tries)
                await self._clock.sleep(pause)


def _refusal(result: AppRefused) -> str:
    return result.why + (f" (needs the scope {result.needed})" if result.needed else "")

"""Sessions, rules and deliveries on a real database file, and an ideal Slack that remembers what stands in it.

Whoever drives the story decides what Slack answers, what really reached it, and when the process dies; the story says
at the end whether everybody was told what they were owed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.domain.changes import decide, outcome_of
from bot.domain.delivery import (
    SECOND_READ_BACK,
    AlreadyPosted,
    Ambiguous,
    AppRefused,
    DestinationGone,
    EditImpossible,
    EditResult,
    Found,
    MessageRefused,
    NotFound,
    NotSent,
    PostResult,
    ReadBackResult,
    ReadLater,
    Sent,
    Throttled,
    Unreadable,
    after_edit,
    after_post,
    after_read_back,
    is_first_attempt,
    shown_versions,
)
from bot.domain.model import ChangeKind, News, SessionKey
from bot.domain.notifications import TAKEN_BACK, Delivery, DeliveryState, Destination, Notification, NotificationKind
from bot.domain.outbox import NotificationState, NotificationStatus
from bot.domain.reasons import ReasonCode
from bot.domain.routing import subject_of
from bot.domain.rules import OPERATOR, RuleState
from bot.jobs.message_data import load_message_data
from bot.store.database import Tx
from tests.environment import open_store
from tests.settings import settings_of
from tests.store.given import NOON, OTHER_ROOM, ROOM, a_session, an_attempt, fingerprint

T = TypeVar("T")
ROOMS = (ROOM, OTHER_ROOM)
HALF = 0.5  # what every dice shows
ANSWERS: Mapping[str, PostResult] = {
    "throttled": Throttled(20.0),
    "not sent": NotSent("connection refused"),
    "unsure": Ambiguous("the reply was lost"),
    "refused in an unknown word": Ambiguous("brand_new", is_rejection=True),
    "told and gone": AlreadyPosted("duplicate_message_not_found"),
    "gone": DestinationGone("is_archived"),
    "refused": MessageRefused("invalid_blocks"),
    "app refused": AppRefused("token_revoked"),
}
EDIT_ANSWERS: Mapping[str, EditResult] = {
    "throttled": Throttled(20.0),
    "not sent": NotSent("connection refused"),
    "unsure": Ambiguous("the reply was lost"),
    "gone": DestinationGone("is_archived"),
    "ended": EditImpossible("message_not_found"),
}
READ_BACK_RESULTS: Mapping[str, ReadBackResult] = {
    "later": ReadLater("the connection was refused"),
    "throttled": ReadLater("asked to wait", 40.0),
    "unreadable": Unreadable("missing_scope"),
    "gone": DestinationGone("not_in_channel"),
}
ARROWS = frozenset(
    {
        # the delivery picture
        "claimed", "sent", "throttled", "not sent", "unsure", "held", "goes as plain text", "dead: refused twice",
        "app refused", "app accepted again", "retried", "released", "edited", "refused in an unknown word",
        "told and gone",
        # looks
        "found", "absent once", "absent twice", "sent again unread", "dead: unsure twice", "looks later",
        "gone while unsure",
        "absent: goes as plain text", "dead: refused in unknown words",
        # what happens meanwhile
        "died while sending", "arrived late", "found after a death", "grouped", "the same group again",
        "corrected while waiting", "corrected while sending", "corrected while ambiguous", "turned bad",
        "corrected while edited", "rule ended while waiting", "rule ended while unsure", "edits ended", "edited later",
        "re-opened while waiting", "rule rested while pending", "rule rested while sending", "rule rested while "
                                                                                             "ambiguous",
        "waits while its rule rests", "rule went on", "erased while pending", "erased while sending",
        "erased while ambiguous", "erased once told", "redacted",
    }
)  # fmt: skip


@dataclass
class Posted:
    """A message that stands in the ideal Slack: which version of which session each of its subjects shows, and showed
    when it was posted."""

    ts: str
    delivery_id: str
    room: Destination
    shows: dict[str, tuple[SessionKey, int]]
    showed: Mapping[str, tuple[SessionKey, int]]


@dataclass(frozen=True)
class InHand:
    """A delivery that is being sent, as it was put into words."""

    delivery: Delivery
    versions: Mapping[int, int]


class Story:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "spotter.db"
        self.now = NOON
        self.reached: set[str] = set()
        self.in_hand: dict[Destination, InHand] = {}
        self._loop = asyncio.Runner()
        self._posted: list[Posted] = []
        self._on_the_way: list[tuple[datetime, InHand]] = []  # that may still arrive, and since when
        self._remembered: dict[str, Mapping[int, int]] = {}  # what unsure ones showed; lost with the process
        self._frozen: dict[str, frozenset[int]] = {}
        self._died: set[str] = set()
        self._lost: set[str] = set()  # nobody knows whether they arrived
        self._gone: dict[str, set[SessionKey | None]] = {}  # they had arrived with these, and somebody deleted them
        self._may_be_twice: set[str] = set()  # sent again although nobody could read whether it was there
        self._never_edited_again: set[str] = set()
        self._finished: dict[int, datetime] = {}
        self._erased: set[SessionKey] = set()
        self._pending: dict[Destination, set[SessionKey]] = defaultdict(set)
        self._names = 0
        self.store = open_store(self.path, now=self.now)
        self._do(lambda tx: tx.targets.set_initial(80.0))
        for room in (ROOM, *ROOMS):
            self.subscribe(room)

    def close(self) -> None:
        self.store.close()
        self._loop.close()

    def _do(self, work: Callable[[Tx], T]) -> T:
        return self._loop.run(self.store.transact(work))

    # ---- iSpring and people --------------------------------------------------------------------------------------

    def see(self, number: int, result: float | None) -> None:
        """A listing says that a session has this result; None: it is not over."""
        finished = self._finished.setdefault(number, self.now)
        status = "IN_PROGRESS" if result is None else "PASSED"
        facts = a_session(number, employee=_employee(number), status=status, result=result, finished=finished)
        if facts.key in self._erased:
            return  # nothing that a listing says of them is new

        def store(tx: Tx) -> None:
            before = tx.sessions.get(facts.key)
            change = decide(before, facts, now=self.now, targets=tx.targets.current())
            if change is None:
                return
            self._note_correction(tx.deliveries.of_session(facts.key))
            if change.kind is ChangeKind.REOPENED and any(
                _waits(notified) for notified in tx.deliveries.of_session(facts.key)
            ):
                self.reached.add("re-opened while waiting")
            tx.sessions.save(change, fingerprint(facts))
            if change.news not in (News.POST, News.EDIT_AND_POST):
                return
            if change.became_failing:
                self.reached.add("turned bad")
            for room in ROOMS:
                rules = tuple(rule.rule_id for rule in tx.rules.at(room))
                if not rules:
                    continue
                self._pending[room].add(facts.key)
                notification = Notification(
                    kind=NotificationKind.SESSION,
                    destination=room,
                    subject=subject_of(facts.key, change.after.version if change.became_failing else None),
                    reason=change.reason,
                    session=facts.key,
                    rule_ids=rules,
                    facts={"version": change.after.version},
                )
                tx.notifications.enqueue(notification, self.now)

        self._do(store)

    def _note_correction(self, notified: Sequence[NotificationStatus]) -> None:
        for one in notified:
            state = None if one.delivery is None else one.delivery.state
            if state in (DeliveryState.SENDING, DeliveryState.AMBIGUOUS):
                self.reached.add(f"corrected while {state}")
            elif state in (None, DeliveryState.PENDING) and not one.cancelled:
                self.reached.add("corrected while waiting")

    def subscribe(self, room: Destination) -> None:
        self._do(lambda tx: tx.rules.add(room, OPERATOR, "", RuleState.ACTIVE, self.now))

    def end_rules(self, room: Destination, *, all_of_them: bool) -> None:
        """People end the oldest rule of a room, or every one."""

        def end(tx: Tx) -> None:
            rules = tx.rules.at(room)
            for rule in rules if all_of_them else rules[:1]:
                tx.rules.set_state(rule.rule_id, RuleState.ENDED, "unsubscribed", self.now)
            living = {rule.rule_id for rule in tx.rules.at(room)}
            for notified in (one for key in self._pending[room] for one in tx.deliveries.of_session(key)):
                if notified.notification.destination != room or living & set(notified.notification.rule_ids):
                    continue
                if notified.delivery is None and notified.cancelled == "unsubscribed":
                    self.reached.add("rule ended while waiting")
                elif notified.delivery is not None and notified.delivery.state is DeliveryState.AMBIGUOUS:
                    self.reached.add("rule ended while unsure")

        self._do(end)

    def rest(self, room: Destination) -> None:
        """The oldest rule of a room that listens rests by itself."""

        def rest(tx: Tx) -> None:
            active = [rule for rule in tx.rules.at(room) if rule.state is RuleState.ACTIVE]
            for rule in active[:1]:
                tx.rules.pause(rule.rule_id, ReasonCode.BECAME_PUBLIC)
            eligibility = _paused(tx, room)
            for notified in (one for key in self._pending[room] for one in tx.deliveries.of_session(key)):
                if (
                    notified.cancelled
                    or notified.notification.destination != room
                    or not _is_held_by(eligibility, notified.notification)
                ):
                    continue
                state = DeliveryState.PENDING if notified.delivery is None else notified.delivery.state
                if state in (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.AMBIGUOUS):
                    self.reached.add(f"rule rested while {state}")

        self._do(rest)

    def go_on(self, room: Destination) -> None:
        """Every rule of a room that rested by itself goes on."""

        def resume(tx: Tx) -> None:
            for rule in tx.rules.at(room):
                if rule.reason_code is ReasonCode.BECAME_PUBLIC:
                    tx.rules.resume(rule.rule_id)
                    self.reached.add("rule went on")

        self._do(resume)

    def erase(self, number: int) -> None:
        """The employee of a session is erased."""
        key = a_session(number, employee=_employee(number)).key

        def erase(tx: Tx) -> None:
            for notified in tx.deliveries.of_session(key):
                state = DeliveryState.PENDING if notified.delivery is None else notified.delivery.state
                if notified.cancelled:
                    continue
                if state in (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.AMBIGUOUS):
                    self.reached.add(f"erased while {state}")
                elif state is DeliveryState.SENT:
                    self.reached.add("erased once told")
            tx.erasure.erase(key.employee_id, self.now)

        self._do(erase)
        self._erased.add(key)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def wait_for_what_is_due(self) -> bool:
        """Lets time pass until something is due; False where nothing will be."""
        due_at = self._do(lambda tx: tx.outbox.schedule().next_due_at)
        if due_at is None:
            return False
        self.now = max(self.now, due_at)
        return True

    def unblock(self, room: Destination) -> None:
        def unblock(tx: Tx) -> None:
            if any(blocked.destination == room for blocked in tx.destinations.blocked()):
                tx.destinations.unblock(room, self.now)
                self.reached.add("released")

        self._do(unblock)

    def accept_app(self) -> None:
        def lift(tx: Tx) -> None:
            if tx.outbox.app_refused():
                tx.outbox.refuse_app("")
                self.reached.add("app accepted again")

        self._do(lift)

    def retry_the_dead(self) -> None:
        def retry(tx: Tx) -> None:
            for notified in tx.deliveries.in_states((NotificationState.FAILED,), 1_000):
                dead = notified.delivery
                assert dead is not None and dead.reason, "dead without a reason"
                if tx.outbox.retry(dead.delivery_id, self.now):
                    self.reached.add("retried")
                    self._may_be_twice.add(dead.delivery_id)  # whoever retries what nobody could read accepts that

        self._do(retry)

    # ---- sending -------------------------------------------------------------------------------------------------

    def claim(self, room: Destination) -> bool:
        """Takes the next message for a room in hand, as one worker per room does."""
        if room in self.in_hand:
            return False
        self._names += 1
        name = f"d{self._names}"

        def claim(tx: Tx) -> InHand | None:
            delivery = tx.outbox.claim(room, self.now, self.now.timestamp(), name)
            if delivery is None:
                return None
            self._note_members(delivery, is_new=delivery.delivery_id == name)
            eligibility = _paused(tx, room)
            assert not all(_is_held_by(eligibility, queued.notification) for queued in delivery.notifications), (
                "its rule rests"
            )
            data = load_message_data(tx, delivery, settings_of(), self.now)
            for notification_id, reason in data.cancelled.items():
                tx.notifications.cancel([notification_id], reason)
            left = tuple(queued for queued in delivery.notifications if queued.notification_id not in data.cancelled)
            return InHand(replace(delivery, notifications=left), data.versions) if left else None

        hand = self._do(claim)
        if hand is None:
            return False
        self.reached.add("claimed")
        self.in_hand[room] = hand
        return True

    def _note_members(self, delivery: Delivery, *, is_new: bool) -> None:
        ids = frozenset(queued.notification_id for queued in delivery.notifications)
        assert 1 <= len(ids) <= 25
        members = self._frozen.setdefault(delivery.delivery_id, ids)
        assert ids <= members, "a delivery took in more after its first claim"
        if len(members) > 3:
            self.reached.add("grouped" if is_new else "the same group again")

    def answer(self, room: Destination, what: str, *, arrives: bool = False) -> None:
        """Slack answers; `arrives` says whether one without a clear answer is there all the same."""
        hand = self.in_hand.pop(room)
        delivery = hand.delivery
        if what == "told and gone" and delivery.delivery_id not in self._lost:
            what = "ok"  # of what never reached it Slack can't say so
        result = ANSWERS[what] if what != "ok" else Sent(room.id, self._arrive(hand))
        decided = after_post(delivery, result, now=self.now, random01=HALF)
        match result:
            case Sent():
                self.reached.add("sent")
                decided = shown_versions(decided, hand.versions)
            case Ambiguous():
                self._remembered[delivery.delivery_id] = hand.versions
                self._lose(hand, arrives)
            case AlreadyPosted():
                self._delete(delivery)
            case DestinationGone():
                self.reached.add("held")
            case MessageRefused():
                self.reached.add("dead: refused twice" if delivery.text_only else "goes as plain text")
        if what in ARROWS:
            self.reached.add(what)

        def settle(tx: Tx) -> None:
            tx.outbox.save(decided, an_attempt(self.now, result=what))
            if isinstance(result, DestinationGone):
                tx.destinations.block(room, result.reason, self.now)
            if isinstance(result, AppRefused):
                tx.outbox.refuse_app(result.reason)

        self._do(settle)
        self._note_rest(delivery.delivery_id)

    def _note_rest(self, name: str) -> None:
        def waits(tx: Tx) -> bool:
            blocked = {one.destination for one in tx.destinations.blocked()}
            found = tx.deliveries.in_states((NotificationState.BLOCKED,), 1_000)
            mine = [one for one in found if one.delivery is not None and one.delivery.delivery_id == name]
            return any(one.notification.destination not in blocked for one in mine)

        if self._do(waits):
            self.reached.add("waits while its rule rests")

    def _delete(self, delivery: Delivery) -> None:
        """An earlier try had arrived after all, and somebody deleted it in Slack."""
        self._gone[delivery.delivery_id] = {queued.notification.session for queued in delivery.notifications}
        self._posted = [one for one in self._posted if one.delivery_id != delivery.delivery_id]
        self._on_the_way = [one for one in self._on_the_way if one[1].delivery.delivery_id != delivery.delivery_id]

    def _lose(self, hand: InHand, arrives: bool) -> None:
        self._lost.add(hand.delivery.delivery_id)
        if arrives:
            self._arrive(hand)
        else:
            self._on_the_way.append((self.now, hand))

    def _arrive(self, hand: InHand) -> str:
        delivery = hand.delivery
        there = any(one.delivery_id == delivery.delivery_id for one in self._posted)
        assert delivery.delivery_id not in self._gone, f"{delivery.delivery_id} is posted again after it was deleted"
        assert not there or delivery.delivery_id in self._may_be_twice, f"{delivery.delivery_id} is posted twice"
        ts = f"{len(self._posted) + 1}.0"
        shows = {
            queued.notification.subject: (queued.notification.session, hand.versions[queued.notification_id])
            for queued in delivery.notifications
            if queued.notification.session is not None
        }
        self._posted.append(Posted(ts, delivery.delivery_id, delivery.destination, shows, dict(shows)))
        return ts

    def arrive_late(self) -> None:
        """What was on its way arrives, unless so late that nobody could have waited for it."""
        for lost_at, hand in self._on_the_way:
            if self.now < lost_at + SECOND_READ_BACK:
                self._arrive(hand)
                self.reached.add("arrived late")
        self._on_the_way.clear()

    def die(self, *, arrives: bool) -> None:
        """SIGKILL, and a new process; `arrives` says what becomes of the posts in flight."""
        for hand in self.in_hand.values():
            self._lose(hand, arrives)
            self._died.add(hand.delivery.delivery_id)
        self.in_hand.clear()
        self._remembered.clear()
        self.store.close()
        self.store = open_store(self.path, now=self.now)
        if self._do(lambda tx: tx.outbox.recover(self.now)):
            self.reached.add("died while sending")

    # ---- reading back --------------------------------------------------------------------------------------------

    def read_back(self, what: str) -> bool:
        """Reads the conversation of the first unsure delivery back; "truth" reads what is there."""
        due = self._do(lambda tx: tx.outbox.read_backs_due(self.now, 1))
        if not due:
            return False
        delivery = due[0]
        name = delivery.delivery_id
        there = [one for one in self._posted if one.delivery_id == name]
        truth = Found(there[-1].room.id, there[-1].ts) if there else NotFound()
        read_back: ReadBackResult = truth if what == "truth" else READ_BACK_RESULTS[what]
        decided = after_read_back(delivery, read_back, now=self.now, random01=HALF)
        if isinstance(read_back, Found):
            decided = shown_versions(decided, self._remembered.get(name, {}) if is_first_attempt(delivery) else {})
        match read_back:
            case Found():
                self.reached.add("found")
                if name in self._died:
                    self.reached.add("found after a death")
            case NotFound():
                self.reached.add("absent once" if delivery.read_backs == 0 else "absent twice")
                if decided.text_only and not delivery.text_only:
                    self.reached.add("absent: goes as plain text")
                if decided.state is DeliveryState.FAILED:
                    self.reached.add("dead: refused in unknown words")
            case ReadLater():
                self.reached.add("looks later")
            case Unreadable():
                is_dead = decided.state is DeliveryState.FAILED
                self.reached.add("dead: unsure twice" if is_dead else "sent again unread")
                self._may_be_twice.add(name)
            case DestinationGone():
                self.reached.add("gone while unsure")

        def settle(tx: Tx) -> None:
            tx.outbox.save(decided, an_attempt(self.now, "read_back"))
            if isinstance(read_back, DestinationGone):
                tx.destinations.block(delivery.destination, read_back.reason, self.now)

        self._do(settle)
        self._note_rest(name)
        return True

    # ---- editing -------------------------------------------------------------------------------------------------

    def edit(self, what: str, *, arrives: bool = False, meanwhile: tuple[int, float] | None = None) -> bool:
        """Edits the first card that shows less than is known; `meanwhile` a session may get another result."""

        def claim(tx: Tx) -> InHand | None:
            delivery = tx.outbox.claim_edit(self.now)
            return (
                None
                if delivery is None
                else InHand(delivery, load_message_data(tx, delivery, settings_of(), self.now).versions)
            )

        hand = self._do(claim)
        if hand is None:
            return False
        delivery = hand.delivery
        assert delivery.channel is not None and delivery.ts is not None
        if meanwhile is not None:
            self.see(*meanwhile)
            self.reached.add("corrected while edited")
        result = EDIT_ANSWERS[what] if what != "ok" else Sent(delivery.channel, delivery.ts)
        if what == "ok" or (what == "unsure" and arrives):
            card = next(one for one in self._posted if one.ts == delivery.ts)
            for queued in delivery.notifications:
                if queued.notification.session is not None:
                    card.shows[queued.notification.subject] = (
                        queued.notification.session,
                        hand.versions[queued.notification_id],
                    )
        decided = after_edit(result, now=self.now, random01=HALF)
        if decided.shown:
            self.reached.add("redacted" if TAKEN_BACK in hand.versions.values() else "edited")
        elif decided.cancelled_reason:
            self.reached.add("edits ended")
            self._never_edited_again.add(delivery.delivery_id)
        else:
            self.reached.add("edited later")
        shown = hand.versions if decided.shown else {}
        attempt = an_attempt(self.now, "edit", what)
        self._do(
            lambda tx: tx.outbox.save_edit(
                delivery.delivery_id, shown, decided.due_at, decided.cancelled_reason, attempt
            )
        )
        return True

    # ---- the end -------------------------------------------------------------------------------------------------

    def come_to_rest(self) -> None:
        """From now on all goes well: until nothing is due any more."""
        for _ in range(2_000):
            self.accept_app()
            self.retry_the_dead()
            for room in ROOMS:
                self.unblock(room)
                self.go_on(room)
            busy = False
            for room in ROOMS:
                if room in self.in_hand or self.claim(room):
                    self.answer(room, "ok")
                    busy = True
            busy = self.read_back("truth") or self.edit("ok") or busy
            if not busy and not self.wait_for_what_is_due():
                return
        raise AssertionError("it never comes to rest")

    def check(self) -> None:
        """Everybody owed a session was told of it once, what they see is what is known, and nothing ended silently."""
        counts = self._do(lambda tx: tx.deliveries.counts())
        assert (counts.pending, counts.sending, counts.ambiguous, counts.blocked, counts.failed) == (0, 0, 0, 0, 0), (
            counts
        )
        for room, keys in self._pending.items():
            for key in keys:
                for notified in self._do(partial(_status_lines, key)):
                    if notified.notification.destination == room:
                        self._check_told(room, key, notified)

    def _check_told(self, room: Destination, key: SessionKey, notified: NotificationStatus) -> None:
        subject = notified.notification.subject
        if notified.delivery is not None and notified.delivery.delivery_id in self._gone:
            assert notified.cancelled, f"{subject} was told in {room} and deleted there, and nothing says so"
            return
        cards = [one for one in self._posted if one.room == room and subject in one.shows]
        if not cards:
            assert notified.cancelled, f"{subject} was never told in {room}, and nothing says why"
            living = {rule.rule_id for rule in self._do(lambda tx: tx.rules.at(room))}
            is_unknown = notified.delivery is not None and notified.delivery.delivery_id in self._may_be_twice
            shows_it = any(key == shown for one in self._posted if one.room == room for shown, _ in one.shows.values())
            shows_it = shows_it or any(key in keys for keys in self._gone.values())
            assert (
                is_unknown
                or not living.intersection(notified.notification.rule_ids)
                or key in self._erased
                or (shows_it and notified.cancelled_code is ReasonCode.SHOWN_BY_OTHER_CARD)
                or self._needs_no_card(room, key, notified.notification)
            ), f"{subject} ended though it was wanted: {notified.cancelled}"
            return
        assert len({one.delivery_id for one in cards}) == 1, f"{subject} was told by two messages in {room}"
        name = cards[0].delivery_id
        assert len(cards) == 1 or name in self._may_be_twice
        if name in self._never_edited_again:
            return
        current = self._do(lambda tx: tx.sessions.get(key))
        assert (current is None) == (key in self._erased)
        version = TAKEN_BACK if current is None else current.version
        assert notified.delivery is not None
        if notified.cancelled and name in self._may_be_twice:
            return  # its rule ended while nobody could read whether it was there
        known = [one for one in cards if one.ts == notified.delivery.ts]
        assert known, (
            f"nobody knows of the card of {subject} in {room}: {notified.delivery.state}, {notified.cancelled}"
        )
        assert known[0].shows[subject][1] == version, f"the card of {subject} in {room} shows an old version"

    def _needs_no_card(self, room: Destination, key: SessionKey, notification: Notification) -> bool:
        """Whether the notice says nothing that is so by now, or that no message of the room was posted with."""
        session = self._do(lambda tx: tx.sessions.get(key))
        assert session is not None
        outcome = outcome_of(session)
        if not outcome.is_over:
            return True
        posted = [
            version for card in self._posted if card.room == room for of, version in card.showed.values() if of == key
        ]
        if notification.subject == subject_of(key):
            return bool(posted)
        return not outcome.is_failing or any(version >= int(notification.facts["version"] or 0) for version in posted)


def _employee(number: int) -> str:
    return f"employee{number}"


def _waits(notified: NotificationStatus) -> bool:
    return not notified.cancelled and (notified.delivery is None or notified.delivery.state is DeliveryState.PENDING)


def _paused(tx: Tx, room: Destination) -> Mapping[int, bool]:
    """Whether each rule of a room rests, by number."""
    return {rule.rule_id: rule.reason_code is ReasonCode.BECAME_PUBLIC for rule in tx.rules.at(room)}


def _is_held_by(eligibility: Mapping[int, bool], notification: Notification) -> bool:
    """Whether rules carry a notice of which all that have not ended rest."""
    carrying = [eligibility[number] for number in notification.rule_ids if number in eligibility]
    return bool(carrying) and all(carrying)


def _status_lines(key: SessionKey, tx: Tx) -> Sequence[NotificationStatus]:
    return tx.deliveries.of_session(key)

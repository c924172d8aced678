"""What the stories of the store begin with: a few people, sessions, notices, made with one verb each."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.domain.changes import decide
from bot.domain.model import Change, Moment, Session, SessionFacts, SessionKey, Targets
from bot.domain.notifications import (
    Delivery,
    DeliveryState,
    Destination,
    DestinationKind,
    Notification,
    NotificationKind,
)
from bot.domain.outbox import Attempt
from bot.domain.ports import Slice
from bot.store.database import Tx

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROOM = Destination(DestinationKind.CHANNEL, "C0001")
OTHER_ROOM = Destination(DestinationKind.CHANNEL, "C0002")
ANA = Destination(DestinationKind.PERSON, "ana")
TARGETS = Targets(80.0)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def session_id(number: int) -> str:
    digits = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def a_session(
    number: int = 1,
    *,
    employee: str = "eve",
    observer: str = "ana",
    checklist: str = "opening",
    status: str = "PASSED",
    result: float | None = 90.0,
    finished: datetime | None = NOON,
) -> SessionFacts:
    is_over = status == "PASSED"
    return SessionFacts(
        key=SessionKey(session_id(number), employee),
        checklist_id=checklist,
        checklist_title=checklist.title(),
        observer_id=observer,
        status=status,
        scheduled=Moment("23-11-2026, 10:00:00", NOON - timedelta(hours=2)),
        finished=Moment("a day", finished) if is_over else Moment(),
        result=result if is_over else None,
    )


def planned(number: int = 1, *, observer: str = "ana") -> SessionFacts:
    return a_session(number, status="NOT_STARTED", observer=observer)


def fingerprint(facts: SessionFacts) -> bytes:
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).digest()


@dataclass(frozen=True)
class Piece:
    """A slice of a listing that is given whole."""

    given: Sequence[SessionFacts]
    rejected: Sequence[str] = ()
    without_parts: int = 0

    @property
    def rows(self) -> Sequence[tuple[str, str, bytes]]:
        return [(facts.key.session_id, facts.key.employee_id, fingerprint(facts)) for facts in self.given]

    @property
    def spelled(self) -> Mapping[str, str]:
        return {}

    def labels(self, index: int) -> tuple[str, str]:
        return self.given[index].status, self.given[index].checklist_id

    def facts(self, index: int) -> SessionFacts:
        return self.given[index]


def listing(*facts: SessionFacts, rejected: Sequence[str] = ()) -> Iterable[Slice]:
    """Two slices, so that whatever is said of a listing is said across them."""
    return [Piece(facts[: len(facts) // 2], rejected), Piece(facts[len(facts) // 2 :])]


def baseline(tx: Tx, *facts: SessionFacts, now: datetime = NOON) -> None:
    tx.listings.write_baseline([(each, fingerprint(each)) for each in facts], TARGETS, now)
    tx.listings.finish_baseline(b"digest", now)


def see(tx: Tx, facts: SessionFacts, now: datetime = NOON) -> Change:
    """A listing brings this: it is decided and stored as a poll would."""
    change = decide(tx.sessions.get(facts.key), facts, now=now, targets=tx.targets.current())
    assert change is not None, "the listing says nothing new"
    tx.sessions.save(change, fingerprint(facts))
    return change


def stored(tx: Tx, key: SessionKey) -> Session:
    found = tx.sessions.get(key)
    assert found is not None
    return found


def a_notice(facts: SessionFacts, destination: Destination = ROOM, rules: tuple[int, ...] = ()) -> Notification:
    return Notification(
        kind=NotificationKind.SESSION,
        destination=destination,
        subject=f"session:{facts.key.session_id}:{facts.key.employee_id}",
        reason="rule matched",
        session=facts.key,
        rule_ids=rules,
    )


def an_intro(rule_id: int, destination: Destination = ROOM) -> Notification:
    return Notification(
        kind=NotificationKind.INTRO,
        destination=destination,
        subject=f"intro:{rule_id}",
        reason="new",
        rule_ids=(rule_id,),
    )


def enqueue(tx: Tx, *facts: SessionFacts, destination: Destination = ROOM, now: datetime = NOON) -> None:
    for each in facts:
        tx.notifications.enqueue(a_notice(each, destination), now)


def claim(tx: Tx, destination: Destination = ROOM, now: datetime = NOON, name: str = "d1") -> Delivery:
    delivery = tx.outbox.claim(destination, now, now.timestamp(), name)
    assert delivery is not None, "nothing to claim"
    return delivery


def an_attempt(now: datetime = NOON, what: str = "post", result: str = "sent") -> Attempt:
    return Attempt(started_at=now, ended_at=now, what=what, result=result, reason="")


def sent(tx: Tx, delivery: Delivery, now: datetime = NOON, version: int | None = None) -> Delivery:
    """The delivery is posted, showing this version of its sessions, or the one stored."""
    shown = tuple(
        replace(queued, shown_version=version or stored(tx, queued.notification.session).version)
        if queued.notification.session
        else queued
        for queued in delivery.notifications
    )
    posted = replace(
        delivery, state=DeliveryState.SENT, channel="C0001", ts=f"{delivery.delivery_id}.1", notifications=shown,
        attempts=delivery.attempts + 1, attempt_ended_at=now, due_at=now,
    )  # fmt: skip
    tx.outbox.save(posted, an_attempt(now))
    return posted


def becomes(tx: Tx, delivery: Delivery, state: DeliveryState, *, due: datetime = NOON, reason: str = "") -> Delivery:
    after = replace(delivery, state=state, due_at=due, reason=reason, attempt_ended_at=NOON)
    tx.outbox.save(after, an_attempt(result=str(state)))
    return after

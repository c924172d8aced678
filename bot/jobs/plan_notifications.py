"""The notifications of changes, in the transaction that stores them: cards, digests, alerts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from bot.domain.cadence import settles_at
from bot.domain.changes import outcome_of
from bot.domain.model import (
    Change,
    Destination,
    DestinationKind,
    DirectMessages,
    News,
    Notification,
    NotificationKind,
    Outcome,
    OutcomeKind,
    Preferences,
)
from bot.domain.outage import Outage, counted_reason
from bot.domain.routing import MATCHABLE_STATES, route
from bot.jobs.outage import outage_digest
from bot.jobs.rule_owners import owners_of
from bot.query.parser import Filter
from bot.services.owners import OwnerRights
from bot.services.rules import rule_filters
from bot.store.database import Tx

MOST_CARDS = 2_000  # sessions that one look at iSpring posts to one destination


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """What the configuration says about polling. `admins` hear of orphaned rules where there is no OPS_CHANNEL;
    `baseline` is how far back the first listing is summarised;
    `interval` the seconds between two looks; `catch_up` how old a completion may be to be posted after an outage."""

    ops_channel: str = ""
    admins: frozenset[str] = frozenset()
    baseline: timedelta | None = None
    observer_wants: DirectMessages = DirectMessages.ALL
    employee_wants: DirectMessages = DirectMessages.NONE
    interval: float = 120.0
    recover_restored: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PollTiming:
    """One look at iSpring: when it was asked and when we began; the outage that it ends; and how many seconds until the
    next, 0.0 where this process will not look again."""

    requested_at: datetime
    started_at: datetime
    outage: Outage | None = None
    next_in: float = 0.0


class NotificationPlanner:
    """Queues, inside one transaction, the notifications of its changes."""

    def __init__(self, tx: Tx, settings: PollSettings, timing: PollTiming) -> None:
        self.statuses: set[str] = set()  # of an unknown status
        self._tx = tx
        self._settings = settings
        self._timing = timing
        self._now = timing.started_at
        self._cards: dict[Destination, list[tuple[Notification, Outcome]]] = {}
        self._late: dict[Destination, list[Notification]] = {}  # completed while Spotter was away
        self._old: dict[Destination, list[Notification]] = {}  # completed too long ago to be news
        self._rules = tx.rules.all(MATCHABLE_STATES)
        self._directory = tx.people.directory()
        rights = OwnerRights(settings.admins, timing.started_at)
        self._owners = {owner: rights.collecting(tx, owner) for owner in owners_of(self._rules)}
        self._preferences: dict[str, Preferences] = {}

    @cached_property
    def _filters(self) -> Mapping[int, Filter]:
        return rule_filters(self._tx, self._rules, self._now)

    def about(self, change: Change) -> None:
        """Takes up a stored change; `enqueue` queues what follows from all of them."""
        facts = change.after.facts
        if is_unknown(outcome_of(change.after)):
            self.statuses.add(facts.status)
        if change.news in (News.NONE, News.EDIT):
            return
        routed = route(
            change,
            rules=self._rules,
            directory=self._directory,
            owners=self._owners,
            filters=self._filters,
            requested_at=self._timing.requested_at,
            observer_wants=self._wishes(facts.observer_id).as_observer or self._settings.observer_wants,
            employee_wants=self._wishes(facts.key.employee_id).as_employee or self._settings.employee_wants,
        )
        for notification in routed.counted:
            self._old.setdefault(notification.destination, []).append(notification)
        reason = counted_reason(change, self._timing.outage, self._settings.recover_restored)
        for notification in routed.notifications:
            if reason:
                late = replace(notification, reason=f"{notification.reason}; {reason}")
                self._late.setdefault(notification.destination, []).append(late)
            else:
                self._cards.setdefault(notification.destination, []).append((notification, outcome_of(change.after)))

    def enqueue(self, code: str = "old") -> None:
        """Queues everything that was added: cards, and the digests of what is only counted. `code`: why sessions are
        too old to be news."""
        self._enqueue_outage()
        for destination, cards in self._cards.items():
            posted = cards
            if len(cards) > MOST_CARDS:
                posted = sorted(cards, key=_worst_first)
                others = [notification for notification, _ in posted[MOST_CARDS:]]
                self._count(destination, others, "overflow", f"more than {MOST_CARDS:,} sessions came at once")
                posted = posted[:MOST_CARDS]
            not_before = settles_at(destination, self._now, self._timing.next_in)
            for notification, _ in posted:
                self._tx.notifications.enqueue(notification, self._now, not_before)
        for destination, members in self._old.items():
            self._count(destination, members, code, "they were completed too long ago to be posted one by one")

    def _enqueue_outage(self) -> None:
        """Queues one digest per destination for an outage. After a long one, a channel with any rule is told why
        results come late; people only if something is counted."""
        outage = self._timing.outage
        if outage is None:
            return
        is_long = not outage.restored and outage.until - outage.since > self._settings.recover_restored
        for destination in {**self._late, **self._cards}:
            follow = (
                len(self._cards.get(destination, ())) if is_long and destination.kind is DestinationKind.CHANNEL else 0
            )
            rules = (
                {number for notification, _ in self._cards.get(destination, ()) for number in notification.rule_ids}
                if follow
                else ()
            )
            code = "restored" if outage.restored else "away"
            summary = outage_digest(
                destination, code, since=outage.since, until=outage.until, follow=follow, rules=rules
            )
            self._tx.digests.add(summary, self._late.get(destination, ()), self._now)

    def _count(self, destination: Destination, members: Sequence[Notification], code: str, reason: str) -> None:
        summary = Notification(
            kind=NotificationKind.COUNTED,
            destination=destination,
            subject=f"counted:{code}:{self._timing.requested_at.isoformat()}",
            reason=reason,
            facts={"code": code},
        )
        self._tx.digests.add(summary, members, self._now)

    def _wishes(self, person_id: str) -> Preferences:
        if person_id not in self._preferences:
            user = self._tx.people.linked_user(person_id)
            self._preferences[person_id] = self._tx.people.preferences(user) if user else Preferences()
        return self._preferences[person_id]


def notify_ops(tx: Tx, channel: str, code: str, subject: str, now: datetime, **facts: str | int) -> None:
    """Queues a notification to OPS_CHANNEL, if there is one, once per code and subject."""
    if not channel:
        return
    notification = Notification(
        kind=NotificationKind.OPS,
        destination=Destination(DestinationKind.CHANNEL, channel),
        subject=f"ops:{code}:{subject}",
        reason=code,
        facts={"code": code, **facts},
    )
    tx.notifications.enqueue(notification, now)


def _worst_first(card: tuple[Notification, Outcome]) -> tuple[bool, float]:
    outcome = card[1]
    return not outcome.is_failing, math.inf if outcome.score is None else outcome.score


def is_unknown(outcome: Outcome) -> bool:
    """Whether a session's status is not known."""
    return outcome.kind is OutcomeKind.UNKNOWN

"""The notifications of changes, in the transaction that stores them: cards, digests, alerts."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from bot.config import Settings
from bot.domain.cadence import settles_at
from bot.domain.changes import outcome_of
from bot.domain.model import (
    Change,
    ChangeKind,
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
from bot.domain.reasons import ReasonCode
from bot.domain.routing import MATCHABLE_STATES, Routed, RoutingResult, route
from bot.jobs.outage import outage_digest
from bot.jobs.rule_owners import Owners, OwnersChanged, owners_of
from bot.query.parser import Filter
from bot.services.rules import rule_filters
from bot.store.database import Tx
from bot.store.outbox.unrouted import UnroutedChange

NAMED_WITHIN = timedelta(days=7)  # that iSpring may take to name somebody who is in a session
MOST_CARDS = 2_000  # sessions that one poll posts to one destination
OBSERVER_DEFAULT = DirectMessages.ALL  # of an observer who chose nothing


@dataclass(frozen=True, slots=True)
class PollTiming:
    """When iSpring was asked and when the poll began; the outage that the poll ends; the seconds until the next poll,
    0.0 if this process does not poll again."""

    requested_at: datetime
    started_at: datetime
    outage: Outage | None = None
    next_in: float = 0.0


class _Card(NamedTuple):
    notification: Notification
    outcome: Outcome
    queued_at: datetime  # when its change was stored: what waited too long is counted in a digest


class NotificationPlanner:
    """Queues, inside one transaction, the notifications of its changes."""

    def __init__(self, tx: Tx, settings: Settings, owners: Owners, timing: PollTiming) -> None:
        self.statuses: set[str] = set()  # of an unknown status
        self._tx = tx
        self._settings = settings
        self._employee_default = DirectMessages.ALL if settings.notify_employees else DirectMessages.NONE
        self._owners = owners
        self._timing = timing
        self._now = timing.started_at
        self._cards: dict[Destination, list[_Card]] = {}
        self._late: dict[Destination, list[Notification]] = {}  # completed while Spotter was away
        self._old: dict[Destination, list[Notification]] = {}  # completed too long ago to be news
        self._rules = tx.rules.all(MATCHABLE_STATES)
        self._directory = tx.people.directory()
        self._preferences: dict[str, Preferences] = {}

    @cached_property
    def _filters(self) -> Mapping[int, Filter]:
        return rule_filters(self._tx, self._rules, self._now)

    def about(self, change: Change) -> None:
        """Routes a stored change; `enqueue` stores the notifications of all changes. Raises OwnersChanged if a rule has
        an owner who was not asked about."""
        facts = change.after.facts
        if is_unknown(outcome_of(change.after)):
            self.statuses.add(facts.status)
        if change.news in (News.NONE, News.EDIT):
            return
        self._check_owners()
        routed = self._route(change, self._timing.requested_at)
        if routed.undecided:
            self._tx.unrouted.add(
                change,
                [verdict.who for verdict in routed.undecided],
                _missing(routed.undecided),
                self._timing.requested_at,
                self._now,
                self._tx.people.directory_version(),
            )
        self._take(change, routed, self._now)

    def again(self, waiting: UnroutedChange) -> None:
        """Takes up a change that was not decided for some, as its session is now. Raises OwnersChanged."""
        session = self._tx.sessions.get(waiting.key)
        if session is None or not outcome_of(session).is_over:
            self._tx.unrouted.end(waiting.number)  # it is no longer completed
            return
        self._check_owners()
        change = Change(
            kind=ChangeKind.COMPLETED,
            news=waiting.news,
            reason=waiting.reason,
            before=None,
            after=replace(session, version=waiting.version),
            became_failing=waiting.became_failing,
        )
        routed = self._route(change, waiting.requested_at, waiting.waiting)
        self._take(change, routed, waiting.created_at)
        undecided = routed.undecided
        if not undecided or self._is_answered(undecided, waiting):
            self._tx.unrouted.end(waiting.number)
        else:
            version = self._tx.people.directory_version()
            who = [verdict.who for verdict in undecided]
            self._tx.unrouted.keep_waiting(waiting.number, who, _missing(undecided), version)

    def _is_answered(self, undecided: Sequence[RoutingResult], waiting: UnroutedChange) -> bool:
        """Whether iSpring was read often enough to say that it does not know these people or departments."""
        read_at = {
            ReasonCode.PERSON_UNKNOWN: self._tx.people.directory_at(),
            ReasonCode.DEPARTMENT_UNKNOWN: self._tx.people.departments_at(),
        }
        return all(
            (at := read_at.get(verdict.missing)) is not None and at - waiting.created_at > NAMED_WITHIN
            for verdict in undecided
        )

    def _check_owners(self) -> None:
        if owners_of(self._rules) - self._owners.keys():
            raise OwnersChanged("A rule changed hands while iSpring was read; the next poll stores the changes.")

    def _route(self, change: Change, requested_at: datetime, only: Collection[str] | None = None) -> Routed:
        facts = change.after.facts
        return route(
            change,
            rules=self._rules,
            directory=self._directory,
            owners=self._owners,
            filters=self._filters,
            requested_at=requested_at,
            observer_wants=self._wishes(facts.observer_id).as_observer or OBSERVER_DEFAULT,
            employee_wants=self._wishes(facts.key.employee_id).as_employee or self._employee_default,
            only=only,
        )

    def _take(self, change: Change, routed: Routed, queued_at: datetime) -> None:
        for notification in routed.counted:
            self._old.setdefault(notification.destination, []).append(notification)
        reason = counted_reason(change, self._timing.outage, self._settings.catch_up)
        for notification in routed.notifications:
            if reason:
                late = replace(notification, reason=f"{notification.reason}; {reason}")
                self._late.setdefault(notification.destination, []).append(late)
            else:
                card = _Card(notification, outcome_of(change.after), queued_at)
                self._cards.setdefault(notification.destination, []).append(card)

    def enqueue(self, code: str = "old") -> None:
        """Queues everything that was added: cards, and the digests of what is only counted. `code`: why sessions are
        too old to be news."""
        self._enqueue_outage()
        for destination, cards in self._cards.items():
            posted = cards
            if len(cards) > MOST_CARDS:
                posted = sorted(cards, key=_worst_first)
                others = [card.notification for card in posted[MOST_CARDS:]]
                self._count(destination, others, "overflow", f"more than {MOST_CARDS:,} sessions came at once")
                posted = posted[:MOST_CARDS]
            not_before = settles_at(destination, self._now, self._timing.next_in) or self._now
            for card in posted:
                self._tx.notifications.enqueue(card.notification, card.queued_at, not_before)
        for destination, members in self._old.items():
            self._count(destination, members, code, "they were completed too long ago to be posted one by one")

    def _enqueue_outage(self) -> None:
        """Queues one digest per destination for an outage. After a long one, a channel with any rule is notified why
        results come late; people only if something is counted."""
        outage = self._timing.outage
        if outage is None:
            return
        is_long = not outage.restored and outage.until - outage.since > self._settings.catch_up
        for destination in {**self._late, **self._cards}:
            follow = (
                len(self._cards.get(destination, ())) if is_long and destination.kind is DestinationKind.CHANNEL else 0
            )
            rules = (
                {number for card in self._cards.get(destination, ()) for number in card.notification.rule_ids}
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


def _missing(undecided: Sequence[RoutingResult]) -> ReasonCode:
    """What a change waits for. Slack's part goes first: it is asked again at each poll, iSpring's after a reading."""
    codes = [verdict.missing for verdict in undecided]
    return ReasonCode.OWNER_UNKNOWN if ReasonCode.OWNER_UNKNOWN in codes else codes[0]


def _worst_first(card: _Card) -> tuple[bool, float]:
    outcome = card.outcome
    return not outcome.is_failing, math.inf if outcome.score is None else outcome.score


def is_unknown(outcome: Outcome) -> bool:
    """Whether a session's status is not known."""
    return outcome.kind is OutcomeKind.UNKNOWN

"""The notifications of changes: cards, summaries, alerts.

They are planned in a read transaction, before the write: thousands of changes times hundreds of rules take seconds. The
transactions that store them only compare what the plan rests on (`Basis`).
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from bot.config import Settings
from bot.domain.cadence import joins_until
from bot.domain.changes import outcome_of
from bot.domain.model import Change, ChangeKind, News, Outcome, OutcomeKind, SessionKey, Targets
from bot.domain.mutes import Mute
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outage import Outage, counted_reason
from bot.domain.reasons import ReasonCode
from bot.domain.routing import MATCHABLE_STATES, NAMED_WITHIN, Routed, RoutingResult, candidates, route
from bot.domain.rules import Rule
from bot.domain.viewers import DirectMessages, Preferences
from bot.jobs.outage import outage_summary
from bot.jobs.rule_owners import owners_of
from bot.query.parser import Filter
from bot.services.muting import Muted
from bot.services.owners import OwnerRights
from bot.services.rules import rule_filters
from bot.store.database import Tx
from bot.store.outbox.unrouted import UnroutedChange

MOST_CARDS = 2_000  # sessions that one poll posts to one destination


@dataclass(frozen=True, slots=True)
class PollTiming:
    """When iSpring was asked and when the poll began; the outage that the poll ends; the seconds until the next poll,
    0.0 if this process does not poll again."""

    requested_at: datetime
    started_at: datetime
    outage: Outage | None = None
    next_in: float = 0.0


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan rests on. A transaction that finds another one stores nothing: the changes are planned again."""

    directory_version: int
    rules: Sequence[Rule]
    targets: Targets
    mutes: Sequence[Mute]


class PlanOutdated(Exception):
    """Rules, people, targets or a session changed since the plan was made."""


def basis_of(tx: Tx) -> Basis:
    return Basis(
        tx.people.directory_version(), tx.rules.all(MATCHABLE_STATES), tx.targets.current(), tx.mutes.in_force()
    )


class PlannedCard(NamedTuple):
    """`queued_at`: when its change was stored, because what waited too long is counted in a summary. `not_before`: None
    for at once."""

    notification: Notification
    queued_at: datetime
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A change that can't be routed to some yet: who they are, as "rule 3" or "observer", and what is missing."""

    change: Change
    who: Sequence[str]
    code: ReasonCode
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class NotificationPlan:
    """`cards`: the notifications of each session. `undecided`: the sessions whose change waits. `summaries`: each with
    the notifications that it counts. `statuses`: those that are not known."""

    basis: Basis
    cards: Mapping[SessionKey, Sequence[PlannedCard]]
    undecided: Mapping[SessionKey, Undecided]
    summaries: Sequence[tuple[Notification, Sequence[Notification]]]
    statuses: frozenset[str]

    @property
    def counted(self) -> frozenset[SessionKey]:
        """The sessions that a summary counts: they are stored together with it."""
        return frozenset(one.session for _, members in self.summaries for one in members if one.session is not None)


class _Card(NamedTuple):
    notification: Notification
    outcome: Outcome
    queued_at: datetime


@dataclass(slots=True)
class _Planned:
    cards: dict[SessionKey, list[PlannedCard]] = field(default_factory=dict)
    undecided: dict[SessionKey, Undecided] = field(default_factory=dict)
    summaries: list[tuple[Notification, Sequence[Notification]]] = field(default_factory=list)


class NotificationPlanner:
    """Plans the notifications of changes. `titles`: checklists by id, as the listing names them now: a rule may name
    one that only just appeared."""

    def __init__(self, tx: Tx, settings: Settings, timing: PollTiming, titles: Mapping[str, str]) -> None:
        self._statuses: set[str] = set()
        self._planned = _Planned()
        self._tx = tx
        self._settings = settings
        self._employee_default = DirectMessages.ALL if settings.notify_employees else DirectMessages.NONE
        self._titles = titles
        self._timing = timing
        self._now = timing.started_at
        self._cards: dict[Destination, list[_Card]] = {}
        self._late: dict[Destination, list[Notification]] = {}  # completed while Spotter was away
        self._old: dict[Destination, list[Notification]] = {}  # completed too long ago to be news
        self._basis = basis_of(tx)
        self._rules = self._basis.rules
        self._directory = tx.people.directory()
        rights = OwnerRights(settings.admins, timing.started_at)
        self._owners = {owner: rights.collecting(tx, owner) for owner in owners_of(self._rules)}
        self._preferences: dict[str, Preferences] = {}
        self._muted = Muted(tx, self._basis.mutes, self._now, titles)

    @cached_property
    def _filters(self) -> Mapping[int, Filter]:
        return rule_filters(self._tx, self._rules, self._now, self._titles)

    def plan(self, changes: Iterable[Change], code: str = "old") -> NotificationPlan:
        """The notifications of all these changes. `code`: why sessions are too old to be news."""
        for change in changes:
            self.route_change(change)
        self._plan_outage()
        for destination, cards in self._cards.items():
            posted = cards
            if len(cards) > MOST_CARDS:
                posted = sorted(cards, key=_worst_first)
                others = [card.notification for card in posted[MOST_CARDS:]]
                self._count(destination, others, "overflow", f"more than {MOST_CARDS:,} sessions came at once")
                posted = posted[:MOST_CARDS]
            not_before = joins_until(destination, self._now, self._timing.next_in) or self._now
            for card in posted:
                assert card.notification.session is not None  # it is about one
                planned = PlannedCard(card.notification, card.queued_at, not_before)
                self._planned.cards.setdefault(card.notification.session, []).append(planned)
        for destination, members in self._old.items():
            self._count(destination, members, code, "they were completed too long ago to be posted one by one")
        return NotificationPlan(
            self._basis,
            self._planned.cards,
            self._planned.undecided,
            self._planned.summaries,
            frozenset(self._statuses),
        )

    def route_change(self, change: Change) -> None:
        """Routes a change; `plan` returns the notifications of all of them."""
        facts = change.after.facts
        if is_unknown(outcome_of(change.after)):
            self._statuses.add(facts.status)
        if change.news in (News.NONE, News.EDIT):
            return
        requested_at = self._timing.requested_at
        routed = self._route(change, requested_at)
        if undecided := routed.undecided:
            who = [result.who for result in undecided]
            self._planned.undecided[change.after.key] = Undecided(change, who, _missing(undecided), requested_at)
        self._collect(change, routed, self._now)

    def route_waiting_change(self, waiting: UnroutedChange) -> None:
        """Takes up a change that was not decided for some, as its session is now; in a write transaction."""
        session = self._tx.sessions.get(waiting.key)
        if session is None or not outcome_of(session).is_over:
            self._tx.unrouted.end(waiting.number)  # it is no longer completed
            return
        change = Change(
            kind=ChangeKind.COMPLETED,
            news=waiting.news,
            reason=waiting.reason,
            before=None,
            after=replace(session, version=waiting.version),
            became_failing=waiting.became_failing,
        )
        routed = self._route(change, waiting.requested_at, waiting.waiting)
        self._collect(change, routed, waiting.created_at)
        undecided = routed.undecided
        if not undecided or self._is_answered(undecided, waiting):
            self._tx.unrouted.end(waiting.number)
        else:
            who = [result.who for result in undecided]
            version = self._basis.directory_version
            self._tx.unrouted.keep_waiting(waiting.number, who, _missing(undecided), version)

    def _is_answered(self, undecided: Sequence[RoutingResult], waiting: UnroutedChange) -> bool:
        """Whether iSpring was read often enough to say that it does not know these people or departments."""
        read_at = {
            ReasonCode.PERSON_UNKNOWN: self._tx.people.directory_at(),
            ReasonCode.DEPARTMENT_UNKNOWN: self._tx.people.departments_at(),
            ReasonCode.OBSERVER_UNNAMED: self._now,
        }
        return all(
            (at := read_at.get(result.missing)) is not None and at - waiting.created_at > NAMED_WITHIN
            for result in undecided
        )

    def _route(self, change: Change, requested_at: datetime, only: Collection[str] | None = None) -> Routed:
        facts = change.after.facts
        return route(
            change,
            rules=candidates(self._rules, facts, outcome_of(change.after), self._directory, self._filters),
            directory=self._directory,
            owners=self._owners,
            filters=self._filters,
            requested_at=requested_at,
            observer_wants=self._wishes(facts.observer_id).observer_wants(),
            employee_wants=self._wishes(facts.key.employee_id).employee_wants(self._employee_default),
            only=only,
        )

    def _collect(self, change: Change, routed: Routed, queued_at: datetime) -> None:
        for notification in routed.counted:
            self._old.setdefault(notification.destination, []).append(notification)
        reason = counted_reason(change, self._timing.outage, self._settings.catch_up)
        outcome = outcome_of(change.after)
        for routed_to in routed.notifications:
            held_by = self._muted.held_by(routed_to.destination, change.after.facts, outcome)
            notification = replace(routed_to, mutes=held_by)
            if reason:
                late = replace(notification, reason=f"{notification.reason}; {reason}")
                self._late.setdefault(notification.destination, []).append(late)
            else:
                card = _Card(notification, outcome, queued_at)
                self._cards.setdefault(notification.destination, []).append(card)

    def _plan_outage(self) -> None:
        """Plans one summary per destination for an outage. After a long one, a channel with any rule is notified why
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
            summary = outage_summary(
                destination, code, since=outage.since, until=outage.until, follow=follow, rules=rules
            )
            self._planned.summaries.append((self._muted.with_mutes(summary), self._late.get(destination, ())))

    def _count(self, destination: Destination, members: Sequence[Notification], code: str, reason: str) -> None:
        summary = Notification(
            kind=NotificationKind.COUNTED,
            destination=destination,
            subject=f"counted:{code}:{self._timing.requested_at.isoformat()}",
            reason=reason,
            facts={"code": code},
        )
        self._planned.summaries.append((self._muted.with_mutes(summary), members))

    def _wishes(self, person_id: str) -> Preferences:
        if person_id not in self._preferences:
            user = self._tx.people.linked_user(person_id)
            self._preferences[person_id] = self._tx.people.preferences(user) if user else Preferences()
        return self._preferences[person_id]


def _missing(undecided: Sequence[RoutingResult]) -> ReasonCode:
    """What a change waits for. What a poll may answer goes first: iSpring's people are read more seldom."""
    codes = [result.missing for result in undecided]
    asked = (ReasonCode.OWNER_UNKNOWN, ReasonCode.OBSERVER_UNNAMED)
    return next((code for code in asked if code in codes), codes[0])


def _worst_first(card: _Card) -> tuple[bool, float]:
    outcome = card.outcome
    return not outcome.is_failing, math.inf if outcome.score is None else outcome.score


def is_unknown(outcome: Outcome) -> bool:
    """Whether a session's status is not known."""
    return outcome.kind is OutcomeKind.UNKNOWN

"""What is owed because of changes, in the transaction that stores them: cards, counted lines, words for admins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from bot.core.access import EVERYTHING
from bot.core.changes import outcome_of
from bot.core.errors import QueryError
from bot.core.model import (
    Change,
    Destination,
    DestinationKind,
    DirectMessages,
    News,
    Notice,
    NoticeKind,
    Outcome,
    OutcomeKind,
    Preferences,
    Viewer,
)
from bot.core.ports import Tx
from bot.core.query import Filter, mentioned, parse, resolve
from bot.core.routing import HEARING, route


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """What the configuration says about polling. `baseline` is how far back the first listing is summarised."""

    ops_channel: str = ""
    baseline: timedelta | None = None
    observer_wants: DirectMessages = DirectMessages.ALL
    employee_wants: DirectMessages = DirectMessages.NONE


class Telling:
    """Owes, inside one transaction, what is to be told of its changes."""

    def __init__(
        self, tx: Tx, settings: PollSettings, owners: Mapping[str, Viewer], requested_at: datetime, now: datetime
    ) -> None:
        self.statuses: set[str] = set()  # that nobody knows
        self._tx = tx
        self._settings = settings
        self._owners = owners
        self._requested_at = requested_at
        self._now = now
        self._counted: dict[Destination, int] = {}
        self._counted_for: dict[Destination, set[int]] = {}
        self._rules = tx.rules.all(HEARING)
        self._directory = tx.people.directory()
        self._preferences: dict[str, Preferences] = {}

    @cached_property
    def _filters(self) -> Mapping[int, Filter]:
        """What each rule's query means today; one that can't be understood any more is not in it."""
        checklists = {one.checklist_id: one.title for one in self._tx.sessions.checklists(EVERYTHING)}
        found = {}
        for rule in self._rules:
            try:
                query = parse(rule.query)
            except QueryError:
                continue
            people = {user: self._tx.people.linked_person(user) for user in mentioned(query)}
            found[rule.rule_id] = resolve(
                query,
                directory=self._directory,
                checklists=checklists,
                mentions={user: person for user, person in people.items() if person is not None},
                now=self._now,
                zone=UTC,
            )
        return found

    def about(self, change: Change) -> None:
        """Owes the notices of a stored change; one too old to be news is counted."""
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
            requested_at=self._requested_at,
            observer_wants=self._wishes(facts.observer_id).as_observer or self._settings.observer_wants,
            employee_wants=self._wishes(facts.key.employee_id).as_employee or self._settings.employee_wants,
        )
        for notice in routed.notices:
            self._tx.outbox.owe(notice, self._now)
        for place, rule_ids in routed.counted.items():
            self._counted[place] = self._counted.get(place, 0) + 1
            self._counted_for.setdefault(place, set()).update(rule_ids)

    def in_one_line(self, subject: str) -> None:
        """Owes each channel one line for all that was only counted."""
        for place, number in self._counted.items():
            notice = Notice(
                kind=NoticeKind.COUNTED,
                destination=place,
                subject=subject,
                reason="they were completed too long ago to be posted one by one",
                rule_ids=tuple(sorted(self._counted_for[place])),
                facts={"count": number},
            )
            self._tx.outbox.owe(notice, self._now)

    def _wishes(self, person_id: str) -> Preferences:
        if person_id not in self._preferences:
            user = self._tx.people.linked_user(person_id)
            self._preferences[person_id] = self._tx.people.preferences(user) if user else Preferences()
        return self._preferences[person_id]


def tell_ops(tx: Tx, channel: str, code: str, subject: str, now: datetime, **facts: str | int) -> None:
    """Owes a notice to OPS_CHANNEL, if there is one, once per code and subject."""
    if not channel:
        return
    notice = Notice(
        kind=NoticeKind.OPS,
        destination=Destination(DestinationKind.CHANNEL, channel),
        subject=f"ops:{code}:{subject}",
        reason=code,
        facts={"code": code, **facts},
    )
    tx.outbox.owe(notice, now)


def is_unknown(outcome: Outcome) -> bool:
    """Whether it is of a status nobody knows the meaning of."""
    return outcome.kind is OutcomeKind.UNKNOWN

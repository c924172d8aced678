"""What a rule would have sent in the last 30 days: how much, on which days, and what comes there anyway."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from bot.domain.directory import Directory
from bot.domain.model import OutcomeKind, SessionRecord
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import AccessScope, scope_of
from bot.domain.rules import Rule, RuleForm
from bot.domain.viewers import DirectMessages
from bot.query.parser import Names, Query
from bot.services.owners import OwnerRights
from bot.services.rules import rule_filters
from bot.store.conditions import Where, asked_for, direct_to, matching, within
from bot.store.database import Tx

PERIOD = timedelta(days=30)
SAMPLES = 3
OVERLAPS = 10  # rules that are compared


@dataclass(frozen=True, slots=True)
class RulePreview:
    """`days`: the results by day of their completion, of every day of the period, the oldest first. `samples`: the
    newest, as its owner may see them. `overlaps`: how many of them other rules of the destination send, by number.
    `own`: how many of them come to this person anyway, because they observed them or are their own."""

    days: Mapping[date, int]
    samples: Sequence[SessionRecord] = ()
    overlaps: Mapping[int, int] = field(default_factory=dict)
    own: int = 0

    @property
    def total(self) -> int:
        return sum(self.days.values())


def preview_of(
    tx: Tx,
    destination: Destination,
    query: Query,
    scope: AccessScope,
    known: Names,
    rights: OwnerRights,
    zone: tzinfo,
    *,
    wishes: tuple[DirectMessages, DirectMessages] = (DirectMessages.NONE, DirectMessages.NONE),
    without: int | None = None,
) -> RulePreview:
    """Counts what a rule of this query would have sent, within the scope of its owner. `wishes`: what the person of a
    direct message gets anyway, as observer and as employee. `without`: the rule that is edited."""
    now = rights.now
    since = now - PERIOD

    def asked() -> Where:
        where = asked_for(query, scope, known, now, zone)
        over = [str(kind) for kind in OutcomeKind if kind.is_over]
        where.add(f"outcome IN ({', '.join('?' * len(over))})", *over)
        return where

    times = tx.search.completed_between(asked(), since, now)
    first = since.astimezone(zone).date()
    days = Counter(
        {first + timedelta(days=number): 0 for number in range((now.astimezone(zone).date() - first).days + 1)}
    )
    for at, number in times:
        days[at.astimezone(zone).date()] += number
    if not times:
        return RulePreview(dict(days))
    newest = tx.search.newest_between(asked(), since, now, SAMPLES)
    records = [record for one in newest if (record := tx.sessions.record(one.key)) is not None]
    others = [
        rule for rule in tx.rules.at(destination) if rule.options.form is RuleForm.RESULTS and rule.rule_id != without
    ][:OVERLAPS]
    overlaps = _overlaps(tx, others, asked, rights, tx.people.directory(), since)
    own = 0
    if destination.kind is DestinationKind.PERSON:
        own = _own(tx, asked(), destination.id, wishes, since, now)
    return RulePreview(dict(sorted(days.items())), records, overlaps, own)


def _overlaps(
    tx: Tx,
    rules: Sequence[Rule],
    asked: Callable[[], Where],
    rights: OwnerRights,
    directory: Directory,
    since: datetime,
) -> Mapping[int, int]:
    """How many of the sessions asked for each rule sends, as far as its owner may see them; without those that send
    none."""
    filters = rule_filters(tx, rules, rights.now)
    found: dict[int, int] = {}
    for rule in rules:
        if rule.rule_id in filters:
            scope = scope_of(rights.of(tx, rule.owner), directory)
            where = matching(filters[rule.rule_id], within(scope, asked()))
            found[rule.rule_id] = _number(tx, where, since, rights.now)
    return {rule_id: number for rule_id, number in found.items() if number}


def _own(
    tx: Tx,
    where: Where,
    person_id: str,
    wishes: tuple[DirectMessages, DirectMessages],
    since: datetime,
    now: datetime,
) -> int:
    """How many of the sessions asked for a person gets as direct messages without a rule."""
    if not direct_to(person_id, *wishes, where):
        return 0
    return _number(tx, where, since, now)


def _number(tx: Tx, where: Where, since: datetime, now: datetime) -> int:
    return sum(number for _, number in tx.search.completed_between(where, since, now))

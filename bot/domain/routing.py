"""Who is notified of a change: rules, the observer, the employee, each with the reason why or why not.

Edits need no routing: a posted card is edited because its session's version rose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.filters import Filter, matches
from bot.domain.model import (
    OPERATOR,
    Change,
    Destination,
    DestinationKind,
    DirectMessages,
    News,
    Notification,
    NotificationKind,
    Outcome,
    Rule,
    RuleState,
    SessionKey,
    Viewer,
)
from bot.domain.permissions import OPERATOR_VIEWER, may_see
from bot.domain.reasons import ReasonCode

# A paused rule goes on matching: its notifications wait until its channel is back or its owner is replaced. So does a
# new one from the first try of its introduction, which may be posted before that is known.
MATCHABLE_STATES = (RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)


@dataclass(frozen=True, slots=True)
class RoutingResult:
    """Whether one rule or person is notified of a change, and why. `who` is "rule 3", "observer" or "employee"."""

    who: str
    matched: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Routed:
    """The notifications of one change.

    `notifications` has one per destination; `counted` has those that a digest counts instead, for a completion too old
    to be news; `results` has one line for every rule and person that was evaluated.
    """

    notifications: tuple[Notification, ...] = ()
    counted: tuple[Notification, ...] = ()
    results: tuple[RoutingResult, ...] = ()


def subject_of(key: SessionKey, version: int | None = None) -> str:
    """The unique key of a session's card at one destination; with a version, of the card for a regression."""
    subject = f"session:{key.session_id}:{key.employee_id}"
    return subject if version is None else f"{subject}:v{version}"


def introduction(rule: Rule) -> Notification:
    """The message that introduces a new rule in its channel, before any other."""
    return Notification(
        kind=NotificationKind.INTRO,
        destination=rule.destination,
        subject=f"intro:{rule.rule_id}",
        reason=f"rule {rule.rule_id} was made",
        rule_ids=(rule.rule_id,),
    )


def route(
    change: Change,
    *,
    rules: Iterable[Rule],
    directory: Directory,
    owners: Mapping[str, Viewer | None],
    filters: Mapping[int, Filter],
    requested_at: datetime,
    observer_wants: DirectMessages,
    employee_wants: DirectMessages,
) -> Routed:
    """Everyone who is notified of a change. `owners` is by Slack user id, `filters` by rule number; the operator is
    known.

    A change that posts nothing notifies no one; observer and employee get direct messages.
    """
    if change.news in (News.NONE, News.EDIT):
        return Routed()
    outcome = outcome_of(change.after)
    by_rule = [
        (rule, _matches(rule, change, outcome, directory, owners, filters.get(rule.rule_id), requested_at))
        for rule in rules
    ]
    reasons: dict[Destination, tuple[list[int], str]] = {}
    for rule, match in by_rule:
        if match.matched:
            reasons.setdefault(rule.destination, ([], match.reason))[0].append(rule.rule_id)
    results = tuple(match for _, match in by_rule)
    if change.news is News.COUNT:
        counted = tuple(_notification(change, outcome, destination, *reason) for destination, reason in reasons.items())
        too_old = "it was completed too long ago to be news"
        return Routed(
            (), counted, (*results, *(RoutingResult(who, False, too_old) for who in ("observer", "employee")))
        )
    for person_id, match in _people(change, outcome, directory, observer_wants, employee_wants):
        results += (match,)
        if match.matched:
            reasons.setdefault(Destination(DestinationKind.PERSON, person_id), ([], match.reason))
    return Routed(
        tuple(_notification(change, outcome, destination, *reason) for destination, reason in reasons.items()),
        (),
        results,
    )


def _matches(
    rule: Rule,
    change: Change,
    outcome: Outcome,
    directory: Directory,
    owners: Mapping[str, Viewer | None],
    wanted: Filter | None,
    requested_at: datetime,
) -> RoutingResult:
    who = f"rule {rule.rule_id}"
    if rule.state not in MATCHABLE_STATES or (rule.state is RuleState.PENDING and rule.active_since is None):
        return RoutingResult(who, False, f"the rule is {rule.state}" + (f" ({rule.reason})" if rule.reason else ""))
    if rule.active_since is None or requested_at < rule.active_since:
        return RoutingResult(who, False, "iSpring was asked before the rule became active")
    if wanted is None:
        return RoutingResult(who, False, "the rule's query can't be understood any more")
    if not matches(wanted, change.after.facts, outcome):
        return RoutingResult(who, False, "the rule's query does not match the session")
    # An orphaned rule goes on matching with an admin's rights, because only an admin can take it over.
    acts_for_operator = rule.owner == OPERATOR or rule.reason_code is ReasonCode.OWNER_GONE
    owner = OPERATOR_VIEWER if acts_for_operator else owners.get(rule.owner)
    if owner is None:
        return RoutingResult(who, False, "the owner of the rule is not known")
    verdict = may_see(owner, change.after.facts, directory)
    if not verdict.allowed:
        return RoutingResult(who, False, f"the rule's owner may not see the session: {verdict.reason}")
    return RoutingResult(who, True, f"{who} matches{_waiting_reason(rule)}")


def _waiting_reason(rule: Rule) -> str:
    match rule.state:
        case RuleState.PAUSED:
            return f", and waits: the rule is paused ({rule.reason})"
        case RuleState.PENDING:
            return ", and waits until the rule's introduction is posted"
        case _:
            return ""


def _people(
    change: Change,
    outcome: Outcome,
    directory: Directory,
    observer_wants: DirectMessages,
    employee_wants: DirectMessages,
) -> Iterable[tuple[str, RoutingResult]]:
    observer, employee = change.after.facts.observer_id, change.after.key.employee_id
    yield observer, _wants("observer", "they observed the session", observer, observer_wants, outcome, directory)
    yield employee, _wants("employee", "it is their own session", employee, employee_wants, outcome, directory)


def _wants(
    who: str, wanted_reason: str, person_id: str, wants: DirectMessages, outcome: Outcome, directory: Directory
) -> RoutingResult:
    if not directory.is_active(person_id):
        return RoutingResult(who, False, f"the {who} is not active in iSpring")
    if wants is DirectMessages.NONE:
        return RoutingResult(who, False, f"direct messages are off for the {who}")
    if wants is DirectMessages.BELOW and not outcome.is_failing:
        return RoutingResult(who, False, f"the {who} wants only what is below target or failed")
    return RoutingResult(who, True, wanted_reason)


def _notification(
    change: Change, outcome: Outcome, destination: Destination, rule_ids: list[int], reason: str
) -> Notification:
    key, version = change.after.key, change.after.version
    return Notification(
        kind=NotificationKind.SESSION,
        destination=destination,
        subject=subject_of(key, version if change.became_failing else None),
        reason=f"{change.reason}; {reason}",
        session=key,
        rule_ids=tuple(sorted(rule_ids)),
        facts={"version": version, "bad": int(outcome.is_failing)},
    )

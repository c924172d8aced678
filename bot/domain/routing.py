"""Who is notified of a change: rules, the observer, the employee, each with the reason why or why not.

Edits need no routing: a posted card is edited because its session's version rose.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.filters import Filter, matches
from bot.domain.model import Change, News, Outcome, SessionFacts, SessionKey
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outcomes import exact
from bot.domain.permissions import OPERATOR_VIEWER, Verdict, may_see
from bot.domain.reasons import ReasonCode
from bot.domain.rules import OPERATOR, ORPHANED, Rule, RuleForm, RuleState
from bot.domain.viewers import DirectMessages, Viewer, Wants

# A paused rule goes on matching: its notifications wait until its channel is back or its owner is replaced. So does a
# new one from the first try of its introduction, which may be posted before that is known.
MATCHABLE_STATES = (RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)


@dataclass(frozen=True, slots=True)
class RoutingResult:
    """Whether one rule or person is notified of a change, and why. `who` is "rule 3", "observer" or "employee".

    `missing` says what has to be known before that is decided; NONE if it is decided.
    """

    who: str
    matched: bool
    reason: str
    missing: ReasonCode = ReasonCode.NONE


@dataclass(frozen=True, slots=True)
class Routed:
    """The notifications of one change.

    `notifications` has one per destination; `counted` has those that a summary counts instead, for a completion too old
    to be news; `results` has one line for every rule and person that was evaluated.
    """

    notifications: tuple[Notification, ...] = ()
    counted: tuple[Notification, ...] = ()
    results: tuple[RoutingResult, ...] = ()

    @property
    def undecided(self) -> tuple[RoutingResult, ...]:
        return tuple(result for result in self.results if result.missing)


NAMED_WITHIN = timedelta(days=7)  # that iSpring may take to name a person who is in a session
OWN_ACTION = "they observed the session themselves, and want nothing about what they did themselves"
MISSING: Mapping[ReasonCode, str] = {
    ReasonCode.PEOPLE_UNREAD: "iSpring's people have not been read yet",
    ReasonCode.DEPARTMENTS_UNREAD: "iSpring's departments have not been read yet",
    ReasonCode.PERSON_UNKNOWN: "the last reading of iSpring's people did not name this person",
    ReasonCode.DEPARTMENT_UNKNOWN: "the last reading of iSpring's departments did not name this person's department",
    ReasonCode.OWNER_UNKNOWN: "Slack does not say who the owner of the rule is",
    ReasonCode.OBSERVER_UNNAMED: "iSpring has not named the session's observer yet",
}
"""What a change waits for, in words. The last reading may answer that by not naming a person for long enough."""


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


def is_made_for_another(owner: Viewer, destination: Destination) -> bool:
    """Whether a rule sends to another person than its owner is linked to now: it was made before a link changed."""
    return destination.kind is DestinationKind.PERSON and owner.person_id != destination.id


def candidates(
    rules: Sequence[Rule], facts: SessionFacts, outcome: Outcome, directory: Directory, filters: Mapping[int, Filter]
) -> Sequence[Rule]:
    """The rules that `route` can find to match or undecided; it says of the others only why not.

    Hundreds of rules times thousands of changes are refused by their queries; saying why takes most of the time.
    """
    if directory.missing_place_of(facts.key.employee_id) or _missing_observer(facts, directory):
        return rules
    return [rule for rule in rules if (wanted := filters.get(rule.rule_id)) and matches(wanted, facts, outcome)]


def route(
    change: Change,
    *,
    rules: Iterable[Rule],
    directory: Directory,
    owners: Mapping[str, Viewer | None],
    filters: Mapping[int, Filter],
    requested_at: datetime,
    observer_wants: Wants,
    employee_wants: Wants,
    only: Collection[str] | None = None,
) -> Routed:
    """Everyone who is notified of a change. `owners` is by Slack user id, `filters` by rule number; the operator is
    known. `only`: those to decide for, by the names in `RoutingResult.who`; None for all.

    A change that posts nothing notifies no one; observer and employee get direct messages. An observer who wants none
    about what they did themselves gets none about a completion, only about what turns out failing afterwards.
    """
    if change.news in (News.NONE, News.EDIT):
        return Routed()
    outcome = outcome_of(change.after)
    by_rule = [
        (rule, _matches(rule, change, outcome, directory, owners, filters.get(rule.rule_id), requested_at))
        for rule in rules
        if only is None or f"rule {rule.rule_id}" in only
    ]
    reasons: dict[Destination, tuple[list[int], str]] = {}
    own = (
        Destination(DestinationKind.PERSON, change.after.facts.observer_id)
        if not observer_wants.own_actions and not change.became_failing
        else None
    )
    for number, (rule, match) in enumerate(by_rule):
        if match.matched and rule.destination == own:
            by_rule[number] = rule, RoutingResult(match.who, False, OWN_ACTION)
        elif match.matched:
            reasons.setdefault(rule.destination, ([], match.reason))[0].append(rule.rule_id)
    results = tuple(match for _, match in by_rule)
    if change.news is News.COUNT:
        counted = tuple(_notification(change, outcome, destination, *reason) for destination, reason in reasons.items())
        too_old = "it was completed too long ago to be news"
        return Routed(
            (), counted, (*results, *(RoutingResult(who, False, too_old) for who in ("observer", "employee")))
        )
    for person_id, match in _people(change, outcome, directory, observer_wants, employee_wants):
        if only is not None and match.who not in only:
            continue
        results += (match,)
        if match.matched:
            # One message: what comes to a person anyway depends on no rule of theirs, which may end or be paused.
            destination = Destination(DestinationKind.PERSON, person_id)
            also = reasons.get(destination)
            reasons[destination] = ([], f"{match.reason}; {also[1]}" if also else match.reason)
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
    if rule.options.form is not RuleForm.RESULTS:
        return RoutingResult(who, False, f"the rule sends no single results but a {rule.options.form}")
    if rule.state not in MATCHABLE_STATES or (rule.state is RuleState.PENDING and rule.active_since is None):
        return RoutingResult(who, False, f"the rule is {rule.state}" + (f" ({rule.reason})" if rule.reason else ""))
    if rule.active_since is None or requested_at < rule.active_since:
        return RoutingResult(who, False, "iSpring was asked before the rule became active")
    if wanted is None:
        return RoutingResult(who, False, "the rule's query can't be understood any more")
    facts = change.after.facts
    missing = _missing_for(wanted, facts, directory)
    if not matches(wanted.without_people() if missing else wanted, facts, outcome):
        return RoutingResult(who, False, "the rule's query does not match the session")
    if missing:
        return _waits(who, missing)
    # Only an admin can take an orphaned rule over, so it goes on collecting as for one.
    acts_for_operator = rule.owner == OPERATOR or rule.reason_code in ORPHANED
    owner = OPERATOR_VIEWER if acts_for_operator else owners.get(rule.owner)
    if owner is None:
        return _waits(who, ReasonCode.OWNER_UNKNOWN)
    if rule.destination.kind is DestinationKind.PERSON and owner.person_id not in (None, rule.destination.id):
        return RoutingResult(who, False, "the rule's owner is linked to another person than it was made for")
    verdict = may_see(owner, facts, directory)
    if not verdict.allowed:
        if missing := missing_for_rights(owner, facts, directory):
            return _waits(who, missing)
        return RoutingResult(who, False, f"the rule's owner may not see the session: {verdict.reason}")
    return RoutingResult(who, True, f"{who} matches{_waiting_reason(rule)}")


def _missing_for(wanted: Filter, facts: SessionFacts, directory: Directory) -> ReasonCode:
    """What of the directory is missing to say whether a session is one of those asked for."""
    missing = ReasonCode.NONE
    if wanted.by_department:
        missing = directory.missing_place_of(facts.key.employee_id)
    elif wanted.by_employee:
        missing = directory.missing_of(facts.key.employee_id)
    depends = wanted.by_observer or (not facts.observer_id and wanted.asks_for_observer)
    return missing or (_missing_observer(facts, directory) if depends else ReasonCode.NONE)


def _missing_observer(facts: SessionFacts, directory: Directory) -> ReasonCode:
    """What is missing to know a session's observer: each has one, so a row without is not whole."""
    return directory.missing_of(facts.observer_id) if facts.observer_id else ReasonCode.OBSERVER_UNNAMED


def missing_for_rights(owner: Viewer, facts: SessionFacts, directory: Directory) -> ReasonCode:
    """What of the directory is missing to refuse a session to an owner for good."""
    if owner.person_id is None:
        return ReasonCode.NONE if directory.people_read else ReasonCode.PEOPLE_UNREAD
    return directory.missing_of(owner.person_id) or directory.missing_above(facts.key.employee_id)


def may_yet_see(verdict: Verdict, viewer: Viewer, facts: SessionFacts, directory: Directory) -> Verdict:
    """The verdict on a right that may come back: one reading may lack a person, which takes it away only for now."""
    missing = ReasonCode.NONE if verdict.allowed else missing_for_rights(viewer, facts, directory)
    return replace(verdict, reason=MISSING[missing], waits=True) if missing else verdict


def _waits(who: str, missing: ReasonCode) -> RoutingResult:
    return RoutingResult(who, False, f"not decided yet: {MISSING[missing]}", missing)


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
    observer_wants: Wants,
    employee_wants: Wants,
) -> Iterable[tuple[str, RoutingResult]]:
    observer, employee = change.after.facts.observer_id, change.after.key.employee_id
    if observer and not observer_wants.own_actions and not change.became_failing:
        yield observer, RoutingResult("observer", False, OWN_ACTION)
    else:
        yield observer, _wants("observer", "they observed the session", observer, observer_wants, outcome, directory)
    yield employee, _wants("employee", "it is their own session", employee, employee_wants, outcome, directory)


def _wants(
    who: str, wanted_reason: str, person_id: str, wants: Wants, outcome: Outcome, directory: Directory
) -> RoutingResult:
    if wants.kind is DirectMessages.NONE:
        return RoutingResult(who, False, f"direct messages are off for the {who}")
    if not person_id:  # an employee is part of a session's key
        return _waits(who, ReasonCode.OBSERVER_UNNAMED)
    if not is_low_enough(wants, outcome):
        return RoutingResult(who, False, f"the {who} wants only {wanted_results(wants)}")
    if missing := directory.missing_of(person_id):
        return _waits(who, missing)
    if not directory.is_active(person_id):
        return RoutingResult(who, False, f"the {who} is not active in iSpring")
    return RoutingResult(who, True, wanted_reason)


def is_low_enough(wants: Wants, outcome: Outcome) -> bool:
    """Whether a result is one of those that a person wants, if they want only low ones."""
    if wants.kind is not DirectMessages.BELOW:
        return True
    if wants.below is None:
        return outcome.is_failing
    return outcome.score is not None and outcome.score < wants.below


def wanted_results(wants: Wants) -> str:
    """The results that a person who wants only low ones gets, in words."""
    return "what is below target or failed" if wants.below is None else f"scores below {exact(wants.below)}"


def given_up(undecided: RoutingResult) -> RoutingResult:
    """What is said of a person nothing waits for any more, because iSpring did not name them for long enough."""
    return RoutingResult(undecided.who, False, MISSING[undecided.missing])


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

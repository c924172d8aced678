"""What a person gets in each of their roles, within one transaction: read from their rules and choices, and changed.

What a person gets at once about sessions they are in needs no rule: it is a default, stored only if they changed it.
A daily or weekly digest of them, and everything about people in their charge, is a rule of that person, known by its
query; it does not matter whether the settings or a command made it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.directory import Directory
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.permissions import scope_of
from bot.domain.preferences import NOTHING, Choice, Often, Role
from bot.domain.rules import Rule, RuleForm, RuleOptions, RuleState
from bot.domain.schedules import Every, next_slot
from bot.domain.viewers import DirectMessages, Preferences, Viewer, Wants
from bot.query.keys import Key, Query, Term
from bot.query.names import id_value
from bot.query.parser import say
from bot.services.digests import schedule_of, zone_of
from bot.services.rules import edit_rule, make_rule, read
from bot.store.database import Tx

_OFTEN = {Every.DAY: Often.DAILY, Every.WEEK: Often.WEEKLY}
CHANGED = "another choice was made in the settings"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What people get who chose nothing."""

    as_observer: DirectMessages = DirectMessages.ALL
    as_employee: DirectMessages = DirectMessages.NONE


@dataclass(frozen=True, slots=True)
class InRole:
    """What a person gets in one role. `is_default`: they chose nothing. `rule`: the one that brings it, None if it
    needs none."""

    role: Role
    choice: Choice
    is_default: bool = False
    rule: Rule | None = None


def roles_of(viewer: Viewer, directory: Directory) -> Sequence[Role]:
    """The roles that a viewer has a choice in: as supervisor only with people in their charge."""
    scope = scope_of(viewer, directory)
    if scope.everything or scope.employees:
        return tuple(Role)
    return Role.OBSERVER, Role.EMPLOYEE


def in_role(tx: Tx, viewer: Viewer, role: Role, defaults: Defaults) -> InRole:
    """What a viewer gets in a role now. What comes at once goes before a digest beside it."""
    rules = role_rules(tx, viewer, role)
    found = next(((choice, rule) for rule, choice in rules if choice.often is Often.INSTANTLY), None) or next(
        ((choice, rule) for rule, choice in rules), None
    )
    if role is Role.SUPERVISOR:
        return InRole(role, found[0], rule=found[1]) if found else InRole(role, NOTHING, is_default=True)
    chosen = tx.people.preferences(viewer.slack_user_id)
    is_observer = role is Role.OBSERVER
    wants = chosen.observer_wants(defaults.as_observer) if is_observer else chosen.employee_wants(defaults.as_employee)
    is_default = (chosen.as_observer if is_observer else chosen.as_employee) is None
    at_once = _choice_of(wants)
    if at_once.often is Often.NEVER and found is not None:
        return InRole(role, found[0], rule=found[1])
    return InRole(role, at_once, is_default=is_default)


def role_rules(tx: Tx, viewer: Viewer, role: Role) -> Sequence[tuple[Rule, Choice]]:
    """The rules of a person for themselves that are one of the choices of a role, by number."""
    found = []
    for rule in own_rules(tx, viewer):
        choice = _choice_of_rule(rule, role, viewer.person_id or "")
        if choice is not None:
            found.append((rule, choice))
    return found


def is_choice(rule: Rule) -> bool:
    """Whether a rule for one person is what a choice in their settings brings."""
    place = rule.destination
    return place.kind is DestinationKind.PERSON and any(_choice_of_rule(rule, role, place.id) for role in Role)


def own_rules(tx: Tx, viewer: Viewer) -> Sequence[Rule]:
    """The rules that send to a viewer alone, by number; those of an account linked before them are no choice of
    theirs."""
    if viewer.person_id is None:
        return ()
    return [rule for rule in tx.rules.at(own_destination(viewer)) if rule.owner == viewer.slack_user_id]


def own_destination(viewer: Viewer) -> Destination:
    """Where direct messages to a linked viewer go."""
    return Destination(DestinationKind.PERSON, viewer.person_id or "")


def choose(tx: Tx, viewer: Viewer, role: Role, choice: Choice | None, now: datetime) -> None:
    """Makes a choice of a viewer the one in force: one rule that brings it, or none. None is the default. A viewer
    without a person has no rules."""
    wanted = None if viewer.person_id is None or choice is None else _rule_for(choice, role, viewer.person_id)
    kept: Rule | None = None
    for rule, _ in role_rules(tx, viewer, role):
        is_fitting = wanted is not None and rule.options.form is wanted[1].form and rule.state is RuleState.ACTIVE
        if kept is None and is_fitting:
            kept = rule
        else:
            tx.rules.set_state(rule.rule_id, RuleState.ENDED, CHANGED, now)
            tx.audit_log.write(viewer.slack_user_id, "unsubscribe", f"rule:{rule.rule_id}", now)
    if wanted is not None:
        query, options = wanted
        if kept is None:
            make_rule(tx, own_destination(viewer), viewer.slack_user_id, query, RuleState.ACTIVE, now, options=options)
        else:
            options = replace(kept.options, schedule=options.schedule, only_to_act=options.only_to_act)
            if (say(query), options) != (kept.query, kept.options):
                edit_rule(tx, kept, say(query), options, viewer.slack_user_id, now)
    if role is not Role.SUPERVISOR:
        kind, below = (None, None) if choice is None else _at_once(choice)
        before = tx.people.preferences(viewer.slack_user_id)
        save(
            tx,
            viewer.slack_user_id,
            replace(before, as_observer=kind, observer_below=below)
            if role is Role.OBSERVER
            else replace(before, as_employee=kind, employee_below=below),
            now,
        )


def save(tx: Tx, user_id: str, wanted: Preferences, now: datetime) -> None:
    """Saves a user's choices that need no rule; only a change is written to the audit log."""
    before = tx.people.preferences(user_id)
    if before == wanted:
        return
    tx.people.set_preferences(user_id, wanted)
    chosen, was = _chosen(wanted), _chosen(before)
    changed = [what for what in was if chosen[what] != was[what]]
    old, new = ", ".join(f"{what}: {was[what]}" for what in changed), ", ".join(chosen[what] for what in changed)
    tx.audit_log.write(user_id, "settings", f"user:{user_id}", now, old=old, new=new)


def next_digest_of(tx: Tx, rule: Rule, now: datetime) -> datetime | None:
    """When a rule with a schedule sends next; None without a schedule, or while it is paused. What is planned in a mute
    is skipped, what is planned in its reader's quiet time is held."""
    schedule = schedule_of(rule)
    if schedule is None or rule.state is not RuleState.ACTIVE:
        return None
    mutes = [one.ends_at for one in tx.mutes.running(now, rule.destination) if one.query in ("", rule.query)]
    planned = next_slot(schedule, zone_of(tx, rule), max([now, *mutes]))
    quiet = tx.quiet_times.of_destination(rule.destination)
    return (quiet.held_until(planned) if quiet is not None else None) or planned


# ---- rules as choices, and back -------------------------------------------------------------------------------------


def _about(role: Role, person_id: str) -> tuple[Term, ...]:
    """What a person's sessions in a role are as a query. Of those they may see, the ones they are not in are of people
    in their charge."""
    me = id_value(person_id)
    match role:
        case Role.OBSERVER:
            return (Term(Key.OBSERVER, me),)
        case Role.EMPLOYEE:
            return (Term(Key.EMPLOYEE, me),)
        case Role.SUPERVISOR:
            return Term(Key.EMPLOYEE, me, negated=True), Term(Key.OBSERVER, me, negated=True)


_FAILED = Term(Key.OUTCOME, "failed")


def _rule_for(choice: Choice, role: Role, person_id: str) -> tuple[Query, RuleOptions] | None:
    """The rule that brings a choice, None if it needs none."""
    if choice.often is Often.NEVER or (choice.often is Often.INSTANTLY and role is not Role.SUPERVISOR):
        return None
    terms = _about(role, person_id)
    if choice.only_low:
        terms += (_FAILED if choice.below is None else Term(Key.SCORE, f"<{choice.below:g}"),)
    if choice.schedule is None:
        return Query(terms), RuleOptions()
    # Without a zone of its own, a schedule follows that of the profile.
    only_to_act = choice.only_low and role is Role.SUPERVISOR  # who acknowledges low results; others can't end them
    return Query(terms), RuleOptions(form=RuleForm.DIGEST, schedule=str(choice.schedule), only_to_act=only_to_act)


def _choice_of_rule(rule: Rule, role: Role, person_id: str) -> Choice | None:
    """The choice that a rule brings, None if it is none of this role."""
    query = read(rule.query)
    if query is None:
        return None
    others = set(query.terms) - set(_about(role, person_id))
    if len(query.terms) - len(others) != len(_about(role, person_id)) or len(others) > 1:
        return None
    low = next(iter(others), None)
    below: float | None = None
    if low is not None and low != _FAILED:
        if low.key is not Key.SCORE or low.negated or not low.value.startswith("<") or low.value.startswith("<="):
            return None
        below = float(low.value[1:])
    schedule = schedule_of(rule)
    match rule.options.form:
        case RuleForm.RESULTS:
            return Choice(Often.INSTANTLY, low is not None, below) if role is Role.SUPERVISOR else None
        case RuleForm.DIGEST if schedule is not None and schedule.every in _OFTEN:
            return Choice(_OFTEN[schedule.every], low is not None, below, schedule)
        case _:
            return None


def _choice_of(wants: Wants) -> Choice:
    if wants.kind is DirectMessages.NONE:
        return NOTHING
    is_low = wants.kind is DirectMessages.BELOW
    return Choice(Often.INSTANTLY, is_low, wants.below if is_low else None)


def _at_once(choice: Choice) -> tuple[DirectMessages, float | None]:
    if choice.often is not Often.INSTANTLY:
        return DirectMessages.NONE, None
    return (DirectMessages.BELOW, choice.below) if choice.only_low else (DirectMessages.ALL, None)


def _chosen(preferences: Preferences) -> Mapping[str, str]:
    """What was chosen, in words for the audit log."""
    return {
        "sessions they observe": _said(preferences.as_observer, preferences.observer_below),
        "their own sessions": _said(preferences.as_employee, preferences.employee_below),
        "what they did themselves": "told" if preferences.own_actions else "not told",
    }


_WORDS = {None: "the default", DirectMessages.ALL: "all", DirectMessages.NONE: "none at once"}


def _said(kind: DirectMessages | None, below: float | None) -> str:
    return _WORDS.get(kind) or f"below {'target' if below is None else f'{below:g} %'}"

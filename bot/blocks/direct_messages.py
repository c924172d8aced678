"""Direct messages: to the observer who conducted a session, and to the employee it was about."""

from collections.abc import Sequence

from bot.blocks import actions
from bot.blocks.card_facts import CardFacts
from bot.blocks.cards import (
    UNTITLED,
    card_buttons,
    course,
    foot_line,
    format_rules,
    missing_details,
    redacted,
    remarks,
    session_card,
    short_id_of,
    since_last_time,
)
from bot.blocks.elements import Block, context, header, lines, listing
from bot.blocks.elements import actions as buttons
from bot.blocks.grouped_cards import LINE_TITLE, age_line, details_menu, grouped_card, hidden_row
from bot.blocks.markup import TITLE, bare
from bot.blocks.results import area_line, strongest_areas, verdict, weakest_areas
from bot.blocks.rule_lists import end_button
from bot.blocks.settings import dm_button, fewer_button
from bot.domain.changes import outcome_of
from bot.domain.model import Outcome, OutcomeKind, SessionKey, SessionRecord
from bot.domain.outcomes import exact, percent
from bot.domain.preferences import Role
from bot.domain.text import count

OBSERVER_REASON = (
    "This is Spotter's first message to you. iSpring does not notify observers of the results of their sessions, so "
    "Spotter does, once per session. You can have fewer of these messages, or none."
)
EMPLOYEE_REASON = "This is Spotter's first message to you: it sends you the results of your own on-the-job training."
MOST_RULE_BUTTONS = 3
STRENGTHS = 2
TO_WORK_ON = 2


def direct_message(
    keys: Sequence[SessionKey], person_id: str, facts: CardFacts, rule_ids: tuple[int, ...] = ()
) -> list[Block]:
    """A person's message: about sessions they are in, as the observer of those they observed, else as the employee;
    and about those that a rule of theirs asks for."""
    observed = [key for key in keys if _is_observer(key, person_id, facts)]
    own = [key for key in keys if key not in observed and (not rule_ids or key.employee_id == person_id)]
    others = [key for key in keys if key not in observed and key not in own]
    return [
        *(_to_observer(observed, facts) if observed else []),
        *(_to_employee(own, facts) if own else []),
        *(_by_rule(others, facts, rule_ids) if others else []),
        *_controls(facts, observes=bool(observed), is_observed=bool(own), rule_ids=rule_ids),
    ]


def _by_rule(keys: Sequence[SessionKey], facts: CardFacts, rule_ids: tuple[int, ...]) -> list[Block]:
    if len(keys) > 1:
        return grouped_card(keys, facts, rule_ids)
    return session_card(keys[0], facts, rule_ids)


def _is_observer(key: SessionKey, person_id: str, facts: CardFacts) -> bool:
    record = facts.records.get(key)
    return record is not None and record.session.facts.observer_id == person_id


def _to_observer(keys: Sequence[SessionKey], facts: CardFacts) -> list[Block]:
    if len(keys) > 1:
        return grouped_card(keys, facts, whose="You observed:", can_be_acknowledged=False)
    return session_card(keys[0], facts, to_observer=True)


def _to_employee(keys: Sequence[SessionKey], facts: CardFacts) -> list[Block]:
    """Results without a verdict, strengths first, and without a comparison with others."""
    if len(keys) > 1:
        return _own_results(keys, facts)
    record = facts.visible(keys[0])
    if record is None:
        return redacted(keys[0], facts)
    observer = facts.directory.name_of(record.session.facts.observer_id)
    title = bare(record.session.facts.checklist_title, TITLE) or UNTITLED
    return [
        header(f"{_neutral(outcome_of(record.session))}: {title}"),
        context(course(record, observer)),
        *_strengths_first(record),
        *remarks(record, facts, since_last_time(record, facts), is_titled=False),
        buttons(card_buttons(record, facts, may_acknowledge=False)),
        context(foot_line(keys[0], facts)),
    ]


def _own_results(keys: Sequence[SessionKey], facts: CardFacts) -> list[Block]:
    """Several results of the reader's own, one line each."""
    records = [record for key in keys if (record := facts.visible(key))]
    rows = [_own_row(key, facts) for key in keys]
    return [
        header(f"About you: {count(len(keys), 'session')}"),
        *lines(rows),
        *details_menu(records, facts),
        *age_line(facts),
    ]


def _own_row(key: SessionKey, facts: CardFacts) -> str:
    record = facts.visible(key)
    if record is None:
        return hidden_row(key, facts)
    title = bare(record.session.facts.checklist_title, LINE_TITLE) or UNTITLED
    return f"{_neutral(outcome_of(record.session))} · {title} · {bare(short_id_of(key, facts))}"


def _neutral(outcome: Outcome) -> str:
    """The score beside the target, without a verdict; the verdict if there is no score."""
    if outcome.kind not in {OutcomeKind.MET, OutcomeKind.BELOW, OutcomeKind.COMPLETED} or outcome.score is None:
        return verdict(outcome)
    beside = f" (target {exact(outcome.target)})" if outcome.target is not None else ""
    return f"Your result, {percent(outcome.score, target=outcome.target)}{beside}"


def _strengths_first(record: SessionRecord) -> list[Block]:
    """The areas an employee is shown, or why they are not there."""
    outcome = outcome_of(record.session)
    if record.details is None or not outcome.is_over:
        return missing_details(record)
    # What is praised has reached what was expected: the target, or everything where none is set.
    expected = 100.0 if outcome.target is None else outcome.target
    strong = [pair for pair in strongest_areas(record.details, STRENGTHS) if pair[1] >= expected]
    strong_ids = {area.area_id for area, _ in strong}
    weak = [pair for pair in weakest_areas(record.details, TO_WORK_ON) if pair[0].area_id not in strong_ids]
    groups = (("Went well", strong), ("To work on", weak))
    return [
        listing(heading, [area_line(*pair, outcome.target) for pair in areas]) for heading, areas in groups if areas
    ]


def _controls(facts: CardFacts, *, observes: bool, is_observed: bool, rule_ids: tuple[int, ...] = ()) -> list[Block]:
    """Why the message comes, and how to get fewer of them: each button is about what the message is about."""
    made, elements, reasons = list[Block](), list[Block](), list[str]()
    if observes or is_observed:
        roles = actions.Roles.of(observes=observes, is_observed=is_observed)
        if facts.first_message:
            made.append(context(OBSERVER_REASON if observes else EMPLOYEE_REASON))
        about = ",".join(roles.roles)
        elements += [
            fewer_button(about),
            dm_button(actions.DM_BELOW, "Only below target", roles),
            dm_button(actions.DM_STOP, "Stop these messages", roles),
        ]
        reasons.append(
            {
                actions.Roles.OBSERVER: "you observed the session",
                actions.Roles.EMPLOYEE: "it is about your own session",
                actions.Roles.BOTH: "you observed a session, and one is your own",
            }[roles]
        )
    elif rule_ids:
        elements.append(fewer_button(Role.SUPERVISOR))
    for number in rule_ids[:MOST_RULE_BUTTONS]:
        elements.append(end_button(number))
    if rule_ids:
        reasons.append(f"you asked for it ({format_rules(rule_ids)})")
    change = f"Change what you get with `{facts.command} settings`"
    rules = f", your rules with `{facts.command} rules`" if rule_ids else ""
    return [*made, buttons(elements), context(f"You get this because {' and '.join(reasons)}. {change}{rules}.")]

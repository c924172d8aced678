"""Direct messages: to the observer who conducted a session, and to the employee it was about."""

from collections.abc import Sequence

from bot.blocks import actions
from bot.blocks.cards import CardFacts, Part, card_buttons, footer, redacted, remarks, short_id_of, weak_points
from bot.blocks.elements import (
    NAME,
    TITLE,
    Block,
    bare,
    button,
    context,
    fields,
    format_moment,
    header,
    listing,
    moment_token,
    safe,
)
from bot.blocks.elements import actions as buttons
from bot.blocks.grouped_cards import grouped_card
from bot.blocks.results import (
    area_line,
    format_areas,
    format_missing_details,
    format_points,
    format_score_text,
    format_weak,
    history_lines,
    strongest_areas,
    verdict,
    weakest_areas,
)
from bot.domain.changes import outcome_of
from bot.domain.model import AreaResult, Details, Outcome, OutcomeKind, SessionKey, SessionRecord
from bot.domain.outcomes import exact

OBSERVER_REASON = (
    "This is Spotter's first message to you. iSpring does not tell observers what became of their sessions, so Spotter "
    "does, once per session. You can have fewer of these messages, or none."
)
EMPLOYEE_REASON = "This is Spotter's first message to you: it tells you the results of your own on-the-job training."
STRENGTHS = 2
TO_WORK_ON = 2


def direct_message(keys: Sequence[SessionKey], person_id: str, facts: CardFacts) -> Part:
    """What a person is told of sessions they are in: as observer where they observed, else as employee."""
    observed = [key for key in keys if _is_observer(key, person_id, facts)]
    own = [key for key in keys if key not in observed]
    parts = []
    if observed:
        parts.append(_to_observer(observed, facts))
    if own:
        parts.append(_to_employee(own, facts))
    reason = [OBSERVER_REASON if observed else EMPLOYEE_REASON] if facts.first_message else []
    text = "\n".join([*(part.text for part in parts), *reason])
    blocks = [block for part in parts for block in part.blocks]
    return Part(text, (*blocks, *_controls(facts, observes=bool(observed))))


def _is_observer(key: SessionKey, person_id: str, facts: CardFacts) -> bool:
    record = facts.records.get(key)
    return record is not None and record.session.facts.observer_id == person_id


def _to_observer(keys: Sequence[SessionKey], facts: CardFacts) -> Part:
    if len(keys) > 1:
        return grouped_card(keys, facts, whose="You observed", acknowledgeable=False)
    record = facts.visible(keys[0])
    if record is None:
        return redacted(keys[0], facts)
    outcome, row = outcome_of(record.session), record.session.facts
    employee = safe(facts.directory.name_of(row.key.employee_id), NAME)
    title = bare(row.checklist_title, TITLE) or "checklist without a title"
    pairs = [
        ("You observed", employee),
        ("Site", safe(facts.site_of(row.key), NAME)),
        ("Points", format_points(record.session, record.details) or "not given"),
        ("Finished", moment_token(row.finished)),
    ]
    blocks = [
        header(f"{verdict(outcome)}: {title}"),
        fields(pairs),
        *weak_points(record),
        *remarks(record, facts),
        buttons(card_buttons(record, facts, bad=False)),
        footer(short_id_of(row.key, facts), facts, ()),
    ]
    sentences = [
        f"Your session with {employee} is recorded: {safe(verdict(outcome))}, {safe(row.checklist_title)}",
        format_points(record.session, record.details),
        format_weak(record.details),
        f"Finished {format_moment(row.finished)}",
        *(f"Result changed: {line}" for line in history_lines(record.history, as_token=False)),
    ]
    text = ". ".join(filter(None, sentences)) + f". Session {short_id_of(row.key, facts)}"
    return Part(text, tuple(blocks))


def _to_employee(keys: Sequence[SessionKey], facts: CardFacts) -> Part:
    if len(keys) > 1:
        return grouped_card(keys, facts, whose="About you:", said=_neutral, acknowledgeable=False)
    return _own_result(keys[0], facts)


def _own_result(key: SessionKey, facts: CardFacts) -> Part:
    """Neutral, strengths first; compared with nobody."""
    record = facts.visible(key)
    if record is None:
        return redacted(key, facts)
    row = record.session.facts
    result = _neutral(outcome_of(record.session))
    title = bare(row.checklist_title, TITLE) or "checklist without a title"
    observer = safe(facts.directory.name_of(row.observer_id), NAME)
    blocks = [
        header(f"{result}: {title}"),
        fields([("Observer", observer), ("Finished", moment_token(row.finished))]),
        *_areas(record),
        *remarks(record, facts),
        buttons(card_buttons(record, facts, bad=False)),
        footer(short_id_of(key, facts), facts, ()),
    ]
    sentences = [
        f"{safe(result)}: {safe(row.checklist_title) or 'checklist without a title'}",
        f"Observed by {observer}",
        *(format_areas(heading, areas) for heading, areas in _strengths_first(record.details)),
        f"Finished {format_moment(row.finished)}",
        *(f"Result changed: {line}" for line in history_lines(record.history, as_token=False)),
    ]
    return Part(". ".join(filter(None, sentences)) + f". Session {short_id_of(key, facts)}", tuple(blocks))


def _neutral(outcome: Outcome) -> str:
    """The result as a number beside the target, without a verdict; where there is none, the word as everywhere."""
    if outcome.kind not in {OutcomeKind.MET, OutcomeKind.BELOW, OutcomeKind.COMPLETED} or outcome.score is None:
        return verdict(outcome)
    beside = f" (target {exact(outcome.target)})" if outcome.target is not None else ""
    return f"Your result, {format_score_text(outcome.score, outcome.target)}{beside}"


def _areas(record: SessionRecord) -> list[Block]:
    if record.details is None:
        reason = format_missing_details(record.session)
        return [context(reason)] if reason else []
    text = _strengths_first(record.details)
    return [listing(heading, [area_line(*pair) for pair in areas]) for heading, areas in text if areas]


def _strengths_first(details: Details | None) -> list[tuple[str, list[tuple[AreaResult, float]]]]:
    """The areas an employee is shown, each group with its heading; none while they are not here."""
    if details is None:
        return []
    strong = strongest_areas(details, STRENGTHS)
    named = {area.area_id for area, _ in strong}
    weak = [pair for pair in weakest_areas(details, TO_WORK_ON) if pair[0].area_id not in named]
    return [("Went well", strong), ("To work on", weak)]


def _controls(facts: CardFacts, *, observes: bool) -> list[Block]:
    explanation = OBSERVER_REASON if observes else EMPLOYEE_REASON
    made = [context(explanation)] if facts.first_message else []
    if observes:
        made.append(
            buttons([button(actions.DM_BELOW, "Only below target"), button(actions.DM_STOP, "Stop these messages")])
        )
    reason = "you observed the session" if observes else "it is about your own session"
    return [*made, context(f"You get this because {reason}. Change what you get with `{facts.command} settings`.")]

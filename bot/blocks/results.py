"""The parts of a result in words: its headline, the weakest areas and criteria, points, and how it compares with the
one before; `history` says how it changed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from bot.blocks.markup import NAME, TITLE, bar, bare, date_token, day_token, safe
from bot.domain.changes import outcome_of
from bot.domain.model import (
    AreaResult,
    CriterionResult,
    Details,
    DetailsState,
    Outcome,
    OutcomeKind,
    Session,
    SessionRecord,
    TargetScope,
)
from bot.domain.outcomes import difference, exact, is_zero, percent, rounded, score_and_word, share, word
from bot.domain.text import count

# Beside the word, never instead of it. None of these is in Slack's emoji set, which would draw it as a picture.
SYMBOLS = {
    OutcomeKind.PLANNED: "○",
    OutcomeKind.IN_PROGRESS: "◔",
    OutcomeKind.COMPLETED: "●",
    OutcomeKind.MET: "✓",
    OutcomeKind.BELOW: "▽",
    OutcomeKind.CRITICAL: "⊘",
    OutcomeKind.FAILED: "✕",
    OutcomeKind.UNKNOWN: "?",
}

# In front of a name: shape and colour differ, and the word stands beside it.
EMOJI = {
    OutcomeKind.PLANNED: "⚪",
    OutcomeKind.IN_PROGRESS: "🟡",
    OutcomeKind.COMPLETED: "🔵",
    OutcomeKind.MET: "✅",
    OutcomeKind.BELOW: "🔴",
    OutcomeKind.CRITICAL: "🛑",
    OutcomeKind.FAILED: "⛔",
    OutcomeKind.UNKNOWN: "❔",
}

WEAK_AREAS = 4
LOWEST_CRITERIA = 4
_NO_CHANGE = 0.05  # points: with one decimal nothing has changed
_SAME_DAY = timedelta(hours=24)  # in which a day alone does not tell two sessions apart
_ORDINALS = ("", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")
MOST_TIMES = 20  # that are counted

NOT_HERE_YET = "Criteria and competency areas are not here yet; they are added when iSpring has them."
NOT_AVAILABLE = "iSpring has no criteria for this session."
NOT_CHECKED_YET = "critical criteria not checked yet"
NOT_CHECKED = "critical criteria not checked: iSpring has none for this session"


def verdict(outcome: Outcome, *beside: float) -> str:
    """`▽ Below target, 72 % (target 80 %)`, as plain text: the word may be iSpring's own, unknown to us.

    `beside`: other percentages that the score is read together with, such as those of a query.
    """
    return f"{SYMBOLS[outcome.kind]} {bare(word(outcome, *beside))}"


def headline(name: str, outcome: Outcome, *beside: float) -> str:
    """`🔴 Maria Lopez · 72 %, below target 80 %`, as plain text that may be untrusted. `beside`: see `verdict`."""
    return f"{EMOJI[outcome.kind]} {name} · {bare(str(score_and_word(outcome, *beside)))}"


def observed_by(observer: str, limit: int = NAME, *, begins: bool = False) -> str:
    """`observed by Ana Ruiz`, for mrkdwn, of a session in any state. `begins`: a line begins with it."""
    return f"{'Observed' if begins else 'observed'} by {safe(observer, limit)}"


def unchecked(session: Session) -> str:
    """That the critical criteria of a completed session were not judged, and why; "" if they were, or it has none."""
    if not session.critical or outcome_of(session).kind in (OutcomeKind.FAILED, OutcomeKind.UNKNOWN):
        return ""
    if not outcome_of(session).is_over or session.details in (DetailsState.FETCHED, DetailsState.NONE):
        return ""
    is_coming = session.details is DetailsState.PENDING_FETCH and session.missing_since is None
    return NOT_CHECKED_YET if is_coming else NOT_CHECKED


def failed_by(session: Session) -> str:
    """What made a result fail: `critical criterion`, `target 90 % of Food safety line check`; "" for one that did not,
    or if it was not stored whose target that was. Plain text that may be untrusted."""
    outcome = outcome_of(session)
    score, target = outcome.score, outcome.target
    goal = ""
    if target is not None and score is not None and score < target:
        whose = {
            TargetScope.CHECKLIST: f" of {bare(session.facts.checklist_title, TITLE) or 'this checklist'}",
            TargetScope.ALL: " for all checklists",
            None: "",
        }
        goal = f"target {exact(target)}{whose[session.target_scope]}"
    match outcome.kind:
        case OutcomeKind.BELOW:
            return goal if session.target_scope is not None else ""
        case OutcomeKind.CRITICAL:
            critical = "critical criterion" if len(outcome.critical) == 1 else "critical criteria"
            return f"{critical}, and {goal}" if goal else critical
        case OutcomeKind.FAILED:
            return "iSpring's own status"
    return ""


def area_percent(area: AreaResult) -> float | None:
    """An area's result in percent: from its points if it has them, else as iSpring gave it."""
    found = share(area.points, area.total_points)
    return share(area.result, 100) if found is None else found


def criterion_percent(criterion: CriterionResult) -> float | None:
    """A criterion's points in percent; None if it was skipped or carries no points."""
    return None if criterion.skipped else share(criterion.points, criterion.total_points)


def weakest_areas(details: Details, how_many: int, below: float = 100.0) -> list[tuple[AreaResult, float]]:
    """The areas with results below so many percent, the lowest first."""
    scored = [(area, value) for area in details.areas if (value := area_percent(area)) is not None]
    return sorted([pair for pair in scored if pair[1] < below], key=lambda pair: pair[1])[:how_many]


def strongest_areas(details: Details, how_many: int) -> list[tuple[AreaResult, float]]:
    """The areas with the highest results, the highest first."""
    scored = [(area, value) for area in details.areas if (value := area_percent(area)) is not None]
    return sorted(scored, key=lambda pair: -pair[1])[:how_many]


def lowest_criteria(criteria: Iterable[CriterionResult]) -> list[CriterionResult]:
    """The criteria that lost points, those that lost most first; of equal ones the one with the lower share."""
    lost = [
        (one, (one.total_points or 0) - (one.points or 0), value)
        for one in criteria
        if (value := criterion_percent(one)) is not None and value < 100
    ]
    return [one for one, *_ in sorted(lost, key=lambda found: (-found[1], found[2]))]


def reasons(details: Details, outcome: Outcome, *, briefly: bool = False) -> list[str]:
    """Why a result is low, line by line for mrkdwn: the critical criteria that failed it, then the areas below the
    target, each above the criteria that lost most, or alone (`briefly`).

    If no area is below it, the criteria alone; [] if nothing lost points.
    """
    critical = [one for one in details.criteria if one.title in outcome.critical and is_zero(one)]
    lines = [f"{safe(criterion_line(one), TITLE + NAME)} (critical)" for one in critical]
    target = outcome.target
    if outcome.kind is OutcomeKind.CRITICAL and (target is None or outcome.score is None or outcome.score >= target):
        return lines
    others = replace(details, criteria=tuple(one for one in details.criteria if one not in critical))
    return lines + _weak(others, target, briefly)


def _weak(details: Details, target: float | None, briefly: bool) -> list[str]:
    below = weakest_areas(details, len(details.areas), 100.0 if target is None else target)
    areas = below[:WEAK_AREAS]
    shown = {area.area_id for area, _ in areas}
    lowest = lowest_criteria(one for one in details.criteria if not areas or one.area_id in shown)[:LOWEST_CRITERIA]
    if not areas:
        return [safe(criterion_line(one), TITLE + NAME) for one in lowest]
    lines = []
    for area, value in areas:
        lines.append(f"{bar(value)} *{percent(value, target=target)}* {_area_title(area)}")
        if not briefly:
            lines += [safe(criterion_line(one), TITLE + NAME) for one in lowest if one.area_id == area.area_id]
    more = len(below) - len(areas)
    return (
        [*lines, f"and {count(more, 'more area', 'more areas')} below target"] if more and target is not None else lines
    )


def _area_title(area: AreaResult) -> str:
    return safe(area.title, NAME) or "area without a title"


def amount(points: float) -> str:
    """Points as short as they are true: `34`, `34.5`."""
    text = rounded(points, 2)
    return text.rstrip("0").rstrip(".")


def area_line(area: AreaResult, value: float, target: float | None = None) -> str:
    """`████░░░░░░ 40 % Cash desk`, for plain text."""
    return f"{bar(value)} {percent(value, target=target)} {bare(area.title, NAME) or 'area without a title'}"


def criterion_line(criterion: CriterionResult) -> str:
    """`• Greets every customer: 1 of 5`, for plain text."""
    title = bare(criterion.title, TITLE) or "criterion without a title"
    if criterion.skipped:
        return f"• {title}: skipped"
    if criterion.points is None:
        return f"• {title}: no points given"
    of = f" of {amount(criterion.total_points)}" if criterion.total_points is not None else ""
    return f"• {title}: {amount(criterion.points)}{of}"


def format_answered(details: Details | None) -> str:
    """`18 of 20 criteria answered, 2 skipped`; "" while the criteria are not here."""
    if details is None or not details.total:
        return ""
    skipped = details.total - details.answered
    text = f"{details.answered} of {count(details.total, 'criterion', 'criteria')} answered"
    return f"{text}, {skipped} skipped" if skipped else text


def format_points(session: Session, details: Details | None) -> str:
    """Points and the number of answered criteria; "" if neither is known."""
    facts = session.facts
    points = ""
    if facts.points is not None and facts.total_points is not None:
        points = f"{amount(facts.points)} of {amount(facts.total_points)} points"
    return " · ".join(filter(None, (points, format_answered(details))))


def format_points_short(session: Session, details: Details | None) -> str:
    """As `format_points`, without the criteria if all were answered."""
    return format_points(session, details if format_skipped(details) else None)


def format_skipped(details: Details | None) -> str:
    """As `format_answered`; "" if all criteria were answered."""
    return format_answered(details) if details is not None and details.answered < details.total else ""


def format_missing_details(session: Session) -> str:
    """Why a session's criteria are not shown; "" if it has none to show, or if iSpring no longer lists it, because then
    they are not fetched."""
    if session.details is DetailsState.PENDING_FETCH and session.missing_since is None:
        return NOT_HERE_YET
    return NOT_AVAILABLE if session.details in (DetailsState.PENDING_FETCH, DetailsState.UNAVAILABLE) else ""


def change_since_previous(record: SessionRecord) -> str:
    """`↘ 28 points down since 6 Nov (83 %).`, in percentage points, for mrkdwn; "" without two scores. Both scores are
    named if the card shows its own with fewer decimals."""
    if record.previous is None:
        return ""
    outcome, previous = outcome_of(record.session), outcome_of(record.previous)
    now, before = outcome.score, previous.score
    if now is None or before is None:
        return ""
    day = _day_of(record.previous, record.session)
    if now == before or (abs(now - before) < _NO_CHANGE and outcome.kind is previous.kind):
        return f"→ No change since {day or 'the last time'} ({percent(before)})."
    change = difference(before, now, outcome.target)
    ends = change.before if change.now == percent(now, target=outcome.target) else f"{change.before} → {change.now}"
    points = "point" if change.points == "1" else "points"
    arrow, way = ("↗", "up") if now > before else ("↘", "down")
    return f"{arrow} {change.points} {points} {way} since {day or 'the last time'} ({ends})."


def _day_of(previous: Session, current: Session) -> str:
    """When a session was, with the time if it was about the same day as the current one; "" if that is not known."""
    at, then = previous.facts.finished.at, current.facts.finished.at
    if at is None:
        return ""
    return date_token(at) if then is not None and then - at < _SAME_DAY else day_token(at)


def format_times(times: int, outcome: Outcome) -> str:
    """`Second time below target on this checklist.`; "" for the first time. `times` counts this one too."""
    what = {OutcomeKind.BELOW: "below target", OutcomeKind.CRITICAL: "with a critical criterion failed"}.get(
        outcome.kind, "failed"
    )
    if times > MOST_TIMES:
        return f"More than {MOST_TIMES} times {what} on this checklist."
    if times < 2:
        return ""
    return f"{_ORDINALS[times] if times < len(_ORDINALS) else f'{times}th'} time {what} on this checklist."

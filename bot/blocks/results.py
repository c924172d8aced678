"""The parts of a result in words: its verdict, the weakest areas and criteria, points, and how it changed."""

from bot.blocks.markup import NAME, TITLE, bar, bare, date_token, safe
from bot.domain.changes import outcome_of
from bot.domain.model import (
    AreaResult,
    ChangeKind,
    CriterionResult,
    Details,
    DetailsState,
    HistoryEntry,
    Outcome,
    OutcomeKind,
    Session,
    SessionRecord,
)
from bot.domain.outcomes import difference, percent, rounded, share, word
from bot.domain.text import count

# Beside the word, never instead of it. None of these is in Slack's emoji set, which would draw it as a picture.
SYMBOLS = {
    OutcomeKind.PLANNED: "○",
    OutcomeKind.IN_PROGRESS: "◔",
    OutcomeKind.COMPLETED: "●",
    OutcomeKind.MET: "✓",
    OutcomeKind.BELOW: "▽",
    OutcomeKind.FAILED: "✕",
    OutcomeKind.UNKNOWN: "?",
}

WORST_AREAS = 3
LOWEST_CRITERIA = 3
_NO_CHANGE = 0.05  # points: with one decimal nothing has changed

NOT_HERE_YET = "Criteria and competency areas are not here yet; they are added when iSpring has them."
NOT_AVAILABLE = "iSpring has no criteria for this session."


def verdict(outcome: Outcome, *beside: float) -> str:
    """`▽ Below target, 72 % (target 80 %)`, as plain text: the word may be iSpring's own, unknown to us.

    `beside`: other percentages that the score is read together with, such as those of a query.
    """
    return f"{SYMBOLS[outcome.kind]} {bare(word(outcome, *beside))}"


def area_percent(area: AreaResult) -> float | None:
    """An area's result in percent: from its points if it has them, else as iSpring gave it."""
    found = share(area.points, area.total_points)
    return share(area.result, 100) if found is None else found


def criterion_percent(criterion: CriterionResult) -> float | None:
    """A criterion's points in percent; None if it was skipped or carries no points."""
    return None if criterion.skipped else share(criterion.points, criterion.total_points)


def weakest_areas(details: Details, how_many: int = WORST_AREAS) -> list[tuple[AreaResult, float]]:
    """The areas with the lowest results, the lowest first; none that lost nothing."""
    scored = [(area, value) for area in details.areas if (value := area_percent(area)) is not None]
    return sorted([pair for pair in scored if pair[1] < 100], key=lambda pair: pair[1])[:how_many]


def strongest_areas(details: Details, how_many: int) -> list[tuple[AreaResult, float]]:
    """The areas with the highest results, the highest first."""
    scored = [(area, value) for area in details.areas if (value := area_percent(area)) is not None]
    return sorted(scored, key=lambda pair: -pair[1])[:how_many]


def lowest_criteria(details: Details, how_many: int = LOWEST_CRITERIA) -> list[tuple[CriterionResult, float]]:
    """The criteria that lost the largest share of their points, the lowest first; none that lost nothing."""
    scored = [(one, value) for one in details.criteria if (value := criterion_percent(one)) is not None]
    return sorted([pair for pair in scored if pair[1] < 100], key=lambda pair: pair[1])[:how_many]


def amount(points: float) -> str:
    """Points as short as they are true: `34`, `34.5`."""
    text = rounded(points, 2)
    return text.rstrip("0").rstrip(".")


def area_line(area: AreaResult, value: float) -> str:
    """`████░░░░░░ 40 % Cash desk`, for plain text."""
    return f"{bar(value)} {percent(value)} {bare(area.title, NAME) or 'area without a title'}"


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


def format_missing_details(session: Session) -> str:
    """Why a session's criteria are not shown; "" if it has none to show, or if iSpring no longer lists it, because then
    they are not fetched."""
    if session.details is DetailsState.PENDING_FETCH and session.missing_since is None:
        return NOT_HERE_YET
    return NOT_AVAILABLE if session.details in (DetailsState.PENDING_FETCH, DetailsState.UNAVAILABLE) else ""


def completion_before(record: SessionRecord) -> str:
    """What a re-opened session was, or what one completed again was before, for mrkdwn; "" for the others.

    `It was Below target, 60 % (target 80 %), until it was re-opened 3 Oct`; `Completed again: before, it was …`.
    """
    session = record.session
    is_over = outcome_of(session).is_over
    if session.completed_as is None or (is_over and session.completion == 1):
        return ""
    last = next((entry for entry in reversed(record.history) if entry.kind is ChangeKind.REOPENED), None)
    was = "completed" if last is None or last.old is None else f"“{safe(word(last.old), NAME)}”"
    when = f" {date_token(last.at)}" if last is not None else ""
    if is_over:
        return f"Completed again: it was {was} before it was re-opened{when}."
    return f"It was {was} until it was re-opened{when}. Its result is not known until it is completed again."


def change_since_previous(record: SessionRecord) -> str:
    """`Up 8 percentage points since the previous session (64 %, 3 Oct, 09:10)`, for mrkdwn; "" without two scores. Both
    scores are named if the card shows its own with fewer decimals."""
    if record.previous is None:
        return ""
    outcome, previous = outcome_of(record.session), outcome_of(record.previous)
    now, before = outcome.score, previous.score
    if now is None or before is None:
        return ""
    finished = record.previous.facts.finished
    when = f", {date_token(finished.at)}" if finished.at else ""
    if abs(now - before) < _NO_CHANGE and outcome.kind is previous.kind:
        return f"No change since the previous session ({percent(before)}{when})"
    change = difference(before, now, outcome.target)
    ends = change.before if change.now == percent(now, target=outcome.target) else f"{change.before} → {change.now}"
    points = "percentage point" if change.points == "1" else "percentage points"
    return f"{'Up' if now > before else 'Down'} {change.points} {points} since the previous session ({ends}{when})"


def history_line(entry: HistoryEntry) -> str:
    """One change in words, for mrkdwn: `86 % → 91 %, corrected 23 Nov, 14:02`."""
    when = date_token(entry.at)
    old, new = entry.old, entry.new
    if entry.kind is ChangeKind.REOPENED:
        was = f"{safe(word(old), NAME)}, " if old else ""
        return f"{was}re-opened {when}"
    if entry.kind is ChangeKind.CORRECTED and old:
        return f"{_turn(old, new)}, corrected {when}"
    return f"{safe(word(new), NAME)}, {_VERBS[entry.kind]} {when}"


def _turn(old: Outcome, new: Outcome) -> str:
    """What a correction changed, for mrkdwn: the scores alone if the verdict stayed, both with the same decimals."""
    if old.kind is not new.kind or old.score is None or new.score is None:
        beside = [score for score in (old.score, new.score) if score is not None]
        return f"{safe(word(old, *beside), NAME)} → {safe(word(new, *beside), NAME)}"
    change = difference(old.score, new.score, new.target)
    return f"{change.before} → {change.now}"


_VERBS = {
    ChangeKind.APPEARED: "first seen",
    ChangeKind.MOVED: "changed",
    ChangeKind.COMPLETED: "seen completed",
    ChangeKind.CORRECTED: "corrected",
    ChangeKind.REOPENED: "re-opened",
    ChangeKind.RETITLED: "changed",
}

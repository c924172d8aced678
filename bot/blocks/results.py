"""The parts of a result in words: its verdict, the weakest areas and criteria, points, and how it changed."""

import math

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
from bot.domain.outcomes import percent, word
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

NOT_HERE_YET = "Criteria and competency areas are not here yet; they are added when iSpring has them."
NOT_AVAILABLE = "iSpring has no criteria for this session."


def verdict(outcome: Outcome) -> str:
    """`▽ Below target, 72 % (target 80 %)`, as plain text: the word may be iSpring's own, unknown to us."""
    return f"{SYMBOLS[outcome.kind]} {bare(word(outcome))}"


def format_score_text(score: float | None, *beside: float | None) -> str:
    """A score in percent, with as many decimals as it needs to differ from those beside it."""
    return "not scored" if score is None else percent(score, *[other for other in beside if other is not None])


def area_percent(area: AreaResult) -> float | None:
    """An area's result in percent: from its points if it has them, else as iSpring gave it."""
    if area.points is not None and area.total_points:
        return _finite(area.points / area.total_points * 100)
    return _finite(area.result)


def criterion_percent(criterion: CriterionResult) -> float | None:
    """A criterion's points in percent; None if it was skipped or carries no points."""
    if criterion.skipped or criterion.points is None or not criterion.total_points:
        return None
    return _finite(criterion.points / criterion.total_points * 100)


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
    return f"{points:.2f}".rstrip("0").rstrip(".")


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


def change_since_previous(record: SessionRecord) -> str:
    """`Up 8 percentage points since the previous session (64 %, 3 Oct, 09:10)`, for mrkdwn; "" without two scores."""
    if record.previous is None:
        return ""
    now, before = outcome_of(record.session).score, outcome_of(record.previous).score
    if now is None or before is None:
        return ""
    finished = record.previous.facts.finished
    when = f", {date_token(finished.at)}" if finished.at else ""
    if now == before:
        return f"No change since the previous session ({percent(before, now)}{when})"
    shown, difference = percent(before, now), abs(now - before)
    apart = amount(difference) if difference < 1 else f"{difference:.0f}"
    if difference >= 1 and round(difference) != abs(round(now) - round(before)):
        # Each rounded by itself, 95.6 and 87.4 seem 9 apart and are 8: then a decimal of both says so.
        shown, apart = f"{before:.1f} %", f"{difference:.1f}"
    points = "percentage point" if apart == "1" else "percentage points"
    return f"{'Up' if now > before else 'Down'} {apart} {points} since the previous session ({shown}{when})"


def history_line(entry: HistoryEntry) -> str:
    """One change in words, for mrkdwn: `86 % → 91 %, corrected 23 Nov, 14:02`."""
    when = date_token(entry.at)
    old, new = entry.old, entry.new
    if entry.kind is ChangeKind.REOPENED:
        was = f"{format_score_text(old.score)}, " if old else ""
        return f"{was}re-opened {when}"
    if entry.kind is ChangeKind.CORRECTED and old:
        texts = (safe(word(old), NAME), safe(word(new), NAME))
        if old.kind is new.kind:
            texts = (format_score_text(old.score, new.score), format_score_text(new.score, old.score))
        return f"{texts[0]} → {texts[1]}, corrected {when}"
    return f"{safe(word(new), NAME)}, {_VERBS[entry.kind]} {when}"


_VERBS = {
    ChangeKind.APPEARED: "first seen",
    ChangeKind.MOVED: "changed",
    ChangeKind.COMPLETED: "seen completed",
    ChangeKind.CORRECTED: "corrected",
    ChangeKind.REOPENED: "re-opened",
    ChangeKind.RETITLED: "changed",
}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None

"""What a result means: iSpring's status and numbers, against our target, as an `Outcome` and its word.

iSpring's PASSED only says *completed*: a session with 20 % is PASSED too. Below and failed are ours, and iSpring's raw
status is shown only if it is not known.
"""

import math

from bot.domain.model import Outcome, OutcomeKind, SessionFacts

_BEFORE_COMPLETION = {"NOT_STARTED": OutcomeKind.PLANNED, "IN_PROGRESS": OutcomeKind.IN_PROGRESS}
_FAILED = frozenset({"FAILED", "NOT_PASSED"})
_TRUSTED_GAP = 1.0  # percent: closer than this, `result` is points / totalPoints, only rounded by iSpring
_MOST_DECIMALS = 12


def score_of(facts: SessionFacts) -> float | None:
    """The score in percent, unrounded and as given (it may lie outside 0..100); None if nothing was graded.

    Points decide if they contradict `result` by more than 1 (a fraction such as 0.85 is never rescaled), and if there
    is no `result`. If every criterion was skipped, a `result` of 0 of 0 points is no score.
    """
    result = _finite(facts.result)
    if facts.total_points == 0 and not result:
        return None
    graded = _graded(facts)
    if graded is None or (result is not None and abs(graded - result) <= _TRUSTED_GAP):
        return result
    return graded


def has_odd_result(facts: SessionFacts) -> bool:
    """Whether `result` can't be the percentage it is documented to be: it lies outside 0..100, or the points contradict
    it by more than 1, as they do a fraction."""
    result, graded = _finite(facts.result), _graded(facts)
    if result is None:
        return False
    return not 0 <= result <= 100 or (graded is not None and abs(graded - result) > _TRUSTED_GAP)


def _graded(facts: SessionFacts) -> float | None:
    """Points of total points in percent; None if nothing was graded."""
    points, total = _finite(facts.points), _finite(facts.total_points)
    return None if points is None or total is None or total <= 0 else _finite(points / total * 100)


def judge(facts: SessionFacts, target: float | None) -> Outcome:
    """Returns the verdict on one row. Only a session that is over has a score; unrounded numbers are compared."""
    status = facts.status.strip().upper()
    score = None
    if status in _BEFORE_COMPLETION:
        kind = _BEFORE_COMPLETION[status]
    elif status in _FAILED:
        kind, score = OutcomeKind.FAILED, score_of(facts)
    elif status != "PASSED":
        kind = OutcomeKind.UNKNOWN
    else:
        score = score_of(facts)
        if score is None or target is None:
            kind = OutcomeKind.COMPLETED
        else:
            kind = OutcomeKind.MET if score >= target else OutcomeKind.BELOW
    return Outcome(kind, score, target, facts.status)


def word(outcome: Outcome) -> str:
    """What a person reads: "Below target, 72 % (target 80 %)". Raw text, so escape it, where the status is unknown."""
    score, target = outcome.score, outcome.target
    match outcome.kind:
        case OutcomeKind.PLANNED:
            return "Planned"
        case OutcomeKind.IN_PROGRESS:
            return "In progress"
        case OutcomeKind.COMPLETED:
            return "Completed, not scored" if score is None else f"Completed, {percent(score)}"
        case OutcomeKind.MET | OutcomeKind.BELOW:
            label = "Met target" if outcome.kind is OutcomeKind.MET else "Below target"
            if score is None or target is None:
                return label
            return f"{label}, {percent(score, target)} (target {exact(target)})"
        case OutcomeKind.FAILED:
            return "Failed"
        case OutcomeKind.UNKNOWN:
            return outcome.status.strip() or "No status"


def percent(value: float, *others: float) -> str:
    """A percentage with the fewest decimals that keep it on the right side of the others and of 0 and 100.

    79.96 beside 80 is "79.96 %", 99.6 is "99.6 %". Two numbers shown beside each other each name the other.
    """
    for decimals in range(_MOST_DECIMALS + 1):
        if all(_stays_apart(value, other, decimals) for other in (*others, 0.0, 100.0)):
            return f"{_decimal(value, decimals)} %"
    return f"{value!r} %"


def exact(value: float) -> str:
    """A percentage as it was set, nothing rounded away: "80 %", "72.5 %"."""
    for decimals in range(_MOST_DECIMALS + 1):
        if round(value, decimals) == value:
            return f"{_decimal(value, decimals)} %"
    return f"{value!r} %"


def _stays_apart(value: float, other: float, decimals: int) -> bool:
    """Whether rounding either or both leaves their order as it is."""
    order = _order(value, other)
    near, far = round(value, decimals), round(other, decimals)
    return order == _order(near, far) == _order(near, other) == _order(value, far)


def _order(left: float, right: float) -> int:
    return (left > right) - (left < right)


def _decimal(value: float, decimals: int) -> str:
    text = f"{round(value, decimals):.{decimals}f}"
    if decimals:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None

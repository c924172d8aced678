"""What a result means: iSpring's status and numbers, against our target, as an `Outcome` and its word.

iSpring's PASSED only says *completed*: a session with 20 % is PASSED too. Below and failed are ours, and iSpring's raw
status is shown only if it is not known.

Percentages are compared and shown after `normalized`: a quotient or a sum of floats that should be 55 is 55. Two
normalized numbers are equal exactly if their nine decimals are, also as REAL in SQL, so a card, its outcome and
`score:` agree.
"""

import math
import statistics
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from bot.domain.model import CriterionResult, CriticalCriterion, Details, Outcome, OutcomeKind, SessionFacts
from bot.domain.text import clean, clip

_BEFORE_COMPLETION = {"NOT_STARTED": OutcomeKind.PLANNED, "IN_PROGRESS": OutcomeKind.IN_PROGRESS}
_FAILED = frozenset({"FAILED", "NOT_PASSED"})
_TRUSTED_GAP = 1.0  # percent: closer than this, `result` is points / totalPoints, only rounded by iSpring
# Fewer than a float keeps of a percentage, so that what arithmetic adds behind them is cut off; more than two different
# shares of a million points need to differ.
_MOST_DECIMALS = 9
_TITLE = 60  # characters of a criterion's title within an outcome's word
_TITLES = 3  # that are named
_ANY_SIZE = Context(prec=400)  # also of a float as large as there are; iSpring's numbers are shown as they came


def normalized(percentage: float) -> float:
    """The percentage with nine decimals: without the remainders of float arithmetic (55.00000000000001 is 55)."""
    return round(percentage, _MOST_DECIMALS)


def share(points: float | None, total: float | None) -> float | None:
    """Points of total points in percent, normalized; negative for negative points. None if that is no share, also for
    more points than the total: one of the two is wrong, and nothing says which."""
    if points is None or total is None or total <= 0:
        return None
    found = _finite(points / total * 100)
    return None if found is None or found > 100 else found


def median(scores: Sequence[float]) -> float:
    """The median of at least one percentage, normalized."""
    return normalized(statistics.median(scores))


def score_of(facts: SessionFacts) -> float | None:
    """The score in percent, normalized and as given (it may lie outside 0..100); None if nothing was graded.

    Points decide if they contradict `result` by more than 1 (a fraction such as 0.85 is never rescaled), and if there
    is no `result`. Points that are no share of their total decide nothing: 50 of 20 is "not scored", not 250 %, which
    would meet every target. Negative ones decide only if there is no `result`. If every criterion was skipped, a
    `result` of 0 of 0 points is no score.
    """
    result = _finite(facts.result)
    if facts.total_points == 0 and not result:
        return None
    graded = share(facts.points, facts.total_points)
    if graded is None:
        return result
    if result is not None and (graded < 0 or normalized(abs(graded - result)) <= _TRUSTED_GAP):
        return result
    return graded


def has_odd_result(facts: SessionFacts) -> bool:
    """Whether the numbers can't be what they are documented to be: `result` lies outside 0..100, or the points
    contradict it by more than 1, as they do a fraction, or are no share of their total."""
    result, graded = _finite(facts.result), share(facts.points, facts.total_points)
    if facts.points and facts.total_points and (graded is None or graded < 0):
        return True
    if result is None:
        return False
    return not 0 <= result <= 100 or (graded is not None and normalized(abs(graded - result)) > _TRUSTED_GAP)


def is_zero(criterion: CriterionResult) -> bool:
    """Whether a criterion was graded and got no points. A skipped one was not graded, one of 0 points can't be lost."""
    return (
        not criterion.skipped
        and criterion.points is not None
        and normalized(criterion.points) <= 0
        and criterion.total_points != 0
    )


def critical_zeros(details: Details, critical: Sequence[CriticalCriterion]) -> tuple[str, ...]:
    """The titles of the critical criteria that got zero, in iSpring's order."""
    return tuple(
        one.title for one in details.criteria if is_zero(one) and any(wanted.is_this(one) for wanted in critical)
    )


def judge(facts: SessionFacts, target: float | None, critical: tuple[str, ...] = ()) -> Outcome:
    """Returns the verdict on one row. Only a session that is over has a score; normalized numbers are compared.

    `critical`: the titles of critical criteria that got zero; any of them fails a completed session, whatever its
    result.
    """
    target = None if target is None else normalized(target)
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
        if critical:
            return Outcome(OutcomeKind.CRITICAL, score, target, facts.status, critical)
        if score is None or target is None:
            kind = OutcomeKind.COMPLETED
        else:
            kind = OutcomeKind.MET if score >= target else OutcomeKind.BELOW
    return Outcome(kind, score, target, facts.status)


def word(outcome: Outcome, *beside: float) -> str:
    """What a person reads: "Below target, 72 % (target 80 %)". Raw text, so escape it: an unknown status and a
    criterion's title are iSpring's.

    `beside`: other percentages that stand near it, from which its score must keep apart.
    """
    score, target = outcome.score, outcome.target
    match outcome.kind:
        case OutcomeKind.PLANNED:
            return "Planned"
        case OutcomeKind.IN_PROGRESS:
            return "In progress"
        case OutcomeKind.COMPLETED:
            return "Completed, not scored" if score is None else f"Completed, {percent(score, *beside)}"
        case OutcomeKind.MET | OutcomeKind.BELOW:
            label = "Met target" if outcome.kind is OutcomeKind.MET else "Below target"
            if score is None or target is None:
                return label
            return f"{label}, {percent(score, *beside, target=target)} (target {exact(target)})"
        case OutcomeKind.CRITICAL:
            words = critical_words(outcome.critical)
            return words if score is None else f"{words} ({percent(score, *beside, target=target)})"
        case OutcomeKind.FAILED:
            return "Failed"
        case OutcomeKind.UNKNOWN:
            return outcome.status.strip() or "No status"


def critical_words(titles: Sequence[str]) -> str:
    """`Critical criterion failed: "Cold room logged"`; at most three are named. Raw text."""
    what = "Critical criterion failed" if len(titles) == 1 else "Critical criteria failed"
    named = ", ".join(f'"{clip(clean(title), _TITLE) or "without a title"}"' for title in titles[:_TITLES])
    more = f" and {len(titles) - _TITLES} more" if len(titles) > _TITLES else ""
    return f"{what}: {named}{more}" if titles else what


class ScoreAndWord(NamedTuple):
    """An outcome as it follows a name: its number, "" where it has none, and its word."""

    score: str
    word: str

    def __str__(self) -> str:
        return f"{self.score}, {self.word}" if self.score else self.word


def score_and_word(outcome: Outcome, *beside: float) -> ScoreAndWord:
    """The number first: "72 %, below target 80 %", "72 %, completed", "in progress". Raw text, see `word`, also for
    `beside`."""
    score, target = outcome.score, outcome.target
    if outcome.kind is OutcomeKind.CRITICAL:
        words = critical_words(outcome.critical)
        number = "" if score is None else percent(score, *beside, target=target)
        return ScoreAndWord(number, words[0].lower() + words[1:])
    if outcome.kind in (OutcomeKind.MET, OutcomeKind.BELOW) and score is not None and target is not None:
        label = "met target" if outcome.kind is OutcomeKind.MET else "below target"
        return ScoreAndWord(percent(score, *beside, target=target), f"{label} {exact(target)}")
    if outcome.kind is OutcomeKind.UNKNOWN:
        return ScoreAndWord("", word(outcome))
    if score is None or outcome.kind not in (OutcomeKind.COMPLETED, OutcomeKind.FAILED):
        return ScoreAndWord("", word(outcome)[0].lower() + word(outcome)[1:])
    return ScoreAndWord(percent(score, *beside), str(outcome.kind))


# ---- percentages in words: rounded half up, with as many decimals as keep the sentence true -------------------------


def percent(value: float, *others: float, target: float | None = None) -> str:
    """A percentage with the fewest decimals that keep it on the right side of the others, of the target and of 0 and
    100.

    79.96 beside 80 is "79.96 %", 99.6 is "99.6 %". Two numbers shown beside each other each name the other; a target is
    shown as it was set.
    """
    return f"{_trimmed(_rounded(value, _decimals([value], others, target)))} %"


def exact(value: float) -> str:
    """A percentage as it was set, nothing rounded away: "80 %", "72.5 %"."""
    return f"{_trimmed(_rounded(value, _MOST_DECIMALS))} %"


def rounded(value: float, decimals: int = 0) -> str:
    """A number with so many decimals, half up: 52.5 is "53"; never "-0"."""
    return f"{_rounded(value, decimals):f}"


class Difference(NamedTuple):
    """Two percentages and their difference in points, all with the same number of decimals."""

    before: str
    now: str
    points: str


def difference(before: float, now: float, target: float | None = None) -> Difference:
    """Two percentages and how far they are apart: `("87 %", "96 %", "9")`.

    All three have the fewest decimals with which the two keep apart from each other and from the target, and the points
    are those between the numbers shown: a card that says 96 % at its head does not say 95.6 % below.
    """
    decimals = _decimals([before, now], (), target)
    old, new = _rounded(before, decimals), _rounded(now, decimals)
    return Difference(f"{old:f} %", f"{new:f} %", f"{abs(new - old):f}")


def _decimals(values: Sequence[float], others: Sequence[float], target: float | None) -> int:
    """The fewest decimals with which the values keep their order: to each other and to the others, which may be rounded
    too, and to the target, 0 and 100, which are not."""
    fixed = [0.0, 100.0] if target is None else [0.0, 100.0, target]
    for decimals in range(_MOST_DECIMALS):
        beside = ((value, other) for value in values for other in (*values, *others) if other is not value)
        if all(_stays_apart(*pair, decimals) for pair in beside) and all(
            _order(_rounded(value, decimals), _whole(one)) == _order(_whole(value), _whole(one))
            for value in values
            for one in fixed
        ):
            return decimals
    return _MOST_DECIMALS


def _stays_apart(value: float, other: float, decimals: int) -> bool:
    """Whether rounding either or both leaves their order as it is."""
    near, far = _rounded(value, decimals), _rounded(other, decimals)
    order = _order(_whole(value), _whole(other))
    return order == _order(near, far) == _order(near, _whole(other)) == _order(_whole(value), far)


def _whole(value: float) -> Decimal:
    return _rounded(value, _MOST_DECIMALS)


def _order(left: Decimal, right: Decimal) -> int:
    return (left > right) - (left < right)


def _rounded(value: float, decimals: int) -> Decimal:
    found = Decimal(repr(normalized(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _ANY_SIZE)
    return found if found else abs(found)  # never -0


def _trimmed(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _finite(value: float | None) -> float | None:
    return normalized(value) if value is not None and math.isfinite(value) else None

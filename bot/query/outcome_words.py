"""The words that mean an outcome by themselves: "failed", "not started", "without a score"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.query.keys import Key

OUTCOME_WORDS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    tuple(phrase.split()): tuple(outcomes.split())
    for outcomes, phrases in {
        "failed": (
            "failed", "fail", "fails", "failing", "failures", "failure", "not passed", "not met", "not pass", "flunked",
            "not met target", "not met the target",
            "did not pass", "didn't pass", "didnt pass", "missed target", "missed the target", "unsuccessful",
            "needs training", "need training", "needs attention", "need attention", "needs help", "need help",
            "struggling", "struggle", "struggles", "did not meet", "didn't meet", "hasn't passed", "haven't passed",
            "did badly", "doing badly", "did poorly", "below par", "low", "weak", "poor",
            "not ok", "not okay", "not good enough",
        ),
        "below": ("below target", "under target", "below the target", "under the target"),
        "passed": ("passed", "pass", "passes", "passing", "succeeded", "successful", "not failed"),
        "met": (
            "met", "met target", "met the target", "meet target", "meet the target", "meet my target",
            "reach the target", "reached the target", "hit the target", "hit target", "on target", "above target",
            "above the target", "over target", "over the target",
            "did well", "does well", "did great", "doing great", "did good",
        ),
        "completed": ("completed", "complete", "finished"),
        "planned": ("planned", "scheduled", "not started", "not yet started", "upcoming"),
        "progress": ("in progress", "started", "ongoing", "running", "not finished", "unfinished", "not completed",
                     "incomplete"),
        "planned progress": ("open", "pending", "outstanding", "not done", "not yet done", "not done yet", "undone"),
        "critical": (
            "critical", "critical criterion failed", "critical failures", "critical failure", "critical fail",
            "critical fails", "critical criterion", "critical criteria", "failed critical", "failed critical criterion",
            "failed critical criteria", "failed a critical criterion", "failed on critical",
            "failed because of a critical criterion",
            "failed because of critical criteria", "failed due to a critical criterion",
            "failed by a critical criterion", "critically failed",
        ),
    }.items()
    for phrase in phrases
}  # fmt: skip
_NOT_SCORED = frozenset(
    tuple(phrase.split())
    for phrase in (
        "not scored", "unscored", "no score", "no scores", "without score", "without scores", "without a score",
        "without any score", "no result", "without a result", "missing score", "missing scores", "not graded",
        "ungraded", "not rated",
    )
)  # fmt: skip
_LONGEST_NOT_SCORED = 3
_LONGEST_OUTCOME = max(map(len, OUTCOME_WORDS))


@dataclass(frozen=True, slots=True)
class Keyword:
    """The terms that some words mean, and how many words they are."""

    terms: tuple[str, ...]
    used: int
    can_be_negated: bool = False


def read_not_scored(words: Sequence[str]) -> Keyword | None:
    """ "without a score": a score of 0 % or more is any score, and a session without one does not have it."""
    for length in range(min(len(words), _LONGEST_NOT_SCORED), 0, -1):
        if tuple(words[:length]) in _NOT_SCORED:
            return Keyword((f"{Key.OUTCOME}:completed", f"-{Key.SCORE}:>=0"), length)
    return None


def read_outcome(words: Sequence[str]) -> Keyword | None:
    """The outcome that begins with the first word: the longest phrase; None if none does."""
    for length in range(min(len(words), _LONGEST_OUTCOME), 0, -1):
        if (found := OUTCOME_WORDS.get(tuple(words[:length]))) is not None:
            return Keyword(tuple(f"{Key.OUTCOME}:{one}" for one in found), length, can_be_negated=True)
    return None

"""A change of targets or critical criteria before it is saved: what it would turn of the results that are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.domain.model import CriticalCriterion, Details, OutcomeKind, Targets
from bot.domain.outcomes import critical_zeros, normalized
from bot.domain.text import digest_of

DAYS_BACK = 30  # of whose results is said how many a change would turn


@dataclass(frozen=True, slots=True)
class Judgement:
    """How many completed sessions of a checklist have the same outcome and score (percent, None if not scored)."""

    checklist_id: str
    outcome: OutcomeKind
    score: float | None
    count: int


@dataclass(frozen=True, slots=True)
class JudgedCriteria:
    """A completed session of a checklist with critical criteria, as it was judged, and its criteria."""

    outcome: OutcomeKind
    score: float | None
    target: float | None
    details: Details


@dataclass(frozen=True, slots=True)
class Turns:
    """How many of `results` a change would judge otherwise, by what they are and what they would be. `unread`: further
    results whose criteria are not here."""

    results: int = 0
    changed: Mapping[tuple[OutcomeKind, OutcomeKind], int] = field(default_factory=dict)
    unread: int = 0


def with_target(targets: Targets, checklist_id: str | None, percent: float | None) -> Targets:
    """The targets with another one for a checklist, or for all if it is None; no percentage removes it."""
    if checklist_id is None:
        return replace(targets, default=percent)
    own = {ident: value for ident, value in targets.per_checklist.items() if ident != checklist_id}
    return replace(targets, per_checklist=own if percent is None else {**own, checklist_id: percent})


def changed_by_target(judged: Iterable[Judgement], checklist_id: str | None, after: Targets) -> Turns:
    """What another target would turn: for one checklist, or for those without a target of their own if it is None. What
    is critical or failed stays that whatever the target."""
    results, changed = 0, dict[tuple[OutcomeKind, OutcomeKind], int]()
    for one in judged:
        if one.checklist_id != checklist_id if checklist_id is not None else one.checklist_id in after.per_checklist:
            continue
        results += one.count
        if one.outcome not in (OutcomeKind.CRITICAL, OutcomeKind.FAILED):
            _add(changed, one.outcome, _against(one.score, after.of(one.checklist_id)), one.count)
    return Turns(results, changed)


def changed_by_critical(
    judged: Iterable[JudgedCriteria], critical: Iterable[CriticalCriterion], completed: int
) -> Turns:
    """What other critical criteria of a checklist would turn, of so many sessions completed."""
    wanted = tuple(critical)
    results, changed = 0, dict[tuple[OutcomeKind, OutcomeKind], int]()
    for one in judged:
        results += 1
        if one.outcome is OutcomeKind.FAILED:
            continue
        zeros = critical_zeros(one.details, wanted)
        _add(changed, one.outcome, OutcomeKind.CRITICAL if zeros else _against(one.score, one.target), 1)
    return Turns(results, changed, max(0, completed - results))


def _against(score: float | None, target: float | None) -> OutcomeKind:
    if score is None or target is None:
        return OutcomeKind.COMPLETED
    return OutcomeKind.MET if score >= normalized(target) else OutcomeKind.BELOW


def _add(changed: dict[tuple[OutcomeKind, OutcomeKind], int], old: OutcomeKind, new: OutcomeKind, count: int) -> None:
    if old is not new:
        changed[old, new] = changed.get((old, new), 0) + count


def basis_of(targets: Targets) -> str:
    """What a question about targets rests on, as hex digits: a press on its button saves nothing if that changed."""
    parts = (
        repr(targets.default),
        *(f"{ident}={percent!r}" for ident, percent in sorted(targets.per_checklist.items())),
        *(
            f"{ident}!{one.criterion_id}!{one.title}"
            for ident, many in sorted(targets.critical.items())
            for one in many
        ),
    )
    return digest_of("\n".join(parts))

"""Criteria that come with a completion or after it, and what a change of targets would turn."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.changes import check_criteria, decide, outcome_of
from bot.domain.model import (
    ChangeKind,
    CriterionResult,
    CriticalCriterion,
    Details,
    Moment,
    News,
    OutcomeKind,
    Session,
    Targets,
    TargetScope,
)
from bot.domain.target_changes import (
    JudgedCriteria,
    Judgement,
    Turns,
    basis_of,
    changed_by_critical,
    changed_by_target,
    with_target,
)
from tests.domain.build import NOW, facts, session

COLD = CriticalCriterion("c1", "Cold room logged")
CRITICAL = Targets(80.0, {"close": 90.0}, {"open": (COLD,)})
MET, BELOW, COMPLETED, IS_CRITICAL = OutcomeKind.MET, OutcomeKind.BELOW, OutcomeKind.COMPLETED, OutcomeKind.CRITICAL


def graded(points: float) -> Details:
    return Details(criteria=(CriterionResult("c1", "Cold room logged", "a1", False, points, 1.0),))


def stored(result: float | None, *, known: float | None = None) -> Session:
    """Completed; `known`: the points of the critical criterion, if it was read before."""
    one = session("PASSED", result, CRITICAL)
    if known is None:
        return one
    change = check_criteria(one, graded(known), now=NOW)
    return one if change is None else change.after


@pytest.mark.parametrize(
    ("before", "points", "kind", "news", "turns"),
    [
        (stored(91.0), 1.0, None, None, False),
        (stored(91.0), 0.0, IS_CRITICAL, News.EDIT_AND_POST, True),
        (stored(60.0), 0.0, IS_CRITICAL, News.EDIT_AND_POST, True),
        (stored(60.0), 1.0, None, None, False),
        (stored(None), 0.0, IS_CRITICAL, News.EDIT_AND_POST, True),
        (stored(91.0, known=0.0), 0.0, None, None, False),
        (stored(91.0, known=0.0), 1.0, MET, News.EDIT, False),
        (stored(60.0, known=0.0), 1.0, BELOW, News.EDIT, False),
        (session("FAILED", 91.0, CRITICAL), 0.0, None, None, False),
        (session("IN_PROGRESS", None, CRITICAL), 0.0, None, None, False),
        (session("PASSED", 91.0), 0.0, None, None, False),  # nothing was critical when it was completed
    ],
)
def test_criteria_that_come_late(
    before: Session, points: float, kind: OutcomeKind | None, news: News | None, turns: bool
) -> None:
    change = check_criteria(before, graded(points), now=NOW)
    if kind is None:
        assert change is None
        return
    assert change is not None
    assert (change.kind, change.news, change.became_failing) == (ChangeKind.CHECKED, news, turns)
    assert outcome_of(change.after).kind is change.after.completed_as is kind
    assert change.after.version == before.version + 1


def test_criteria_of_what_was_too_old_for_news_only_edit() -> None:
    old = replace(
        stored(91.0), facts=facts("PASSED", 91.0, finished=Moment("then", NOW - timedelta(days=9))), first_seen_at=NOW
    )
    change = check_criteria(old, graded(0.0), now=NOW)
    assert change is not None and change.news is News.EDIT
    seen_open = replace(old, first_seen_at=NOW - timedelta(days=10))
    change = check_criteria(seen_open, graded(0.0), now=NOW)
    assert change is not None and change.news is News.EDIT_AND_POST


def test_criteria_that_are_here_at_the_completion_decide_with_it() -> None:
    change = decide(None, facts("PASSED", 91.0), now=NOW, targets=CRITICAL, details=graded(0.0))
    assert change is not None and (change.kind, change.news) == (ChangeKind.COMPLETED, News.POST)
    assert change.after.completed_as is IS_CRITICAL
    assert change.after.critical == (COLD,)
    fine = decide(None, facts("PASSED", 91.0), now=NOW, targets=CRITICAL, details=graded(1.0))
    assert fine is not None and fine.after.completed_as is MET


@pytest.mark.parametrize(
    ("before", "result", "points", "news"),
    [
        (stored(91.0, known=1.0), 90.0, 0.0, News.EDIT_AND_POST),
        (stored(60.0, known=1.0), 59.0, 0.0, News.EDIT_AND_POST),
        (stored(91.0, known=0.0), 90.0, 0.0, News.EDIT),
        (stored(91.0, known=0.0), 90.0, None, News.EDIT),  # not read yet: what was known stays
        (stored(91.0, known=0.0), 90.0, 1.0, News.EDIT),
        (stored(91.0, known=0.0), 60.0, 1.0, News.EDIT),  # critical before, below now: it failed all along
    ],
)
def test_a_correction_is_judged_by_its_criteria(
    before: Session, result: float, points: float | None, news: News
) -> None:
    details = None if points is None else graded(points)
    change = decide(before, facts("PASSED", result), now=NOW, targets=CRITICAL, details=details)
    assert change is not None and (change.kind, change.news) == (ChangeKind.CORRECTED, news)


def test_whose_target_it_is_is_kept_with_the_completion() -> None:
    assert session("PASSED", 91.0, CRITICAL).target_scope is TargetScope.ALL
    own = session("PASSED", 91.0, CRITICAL, checklist_id="close")
    assert (own.target, own.target_scope, own.critical) == (90.0, TargetScope.CHECKLIST, None)
    assert session("PASSED", 91.0, Targets()).target_scope is None


JUDGED = (
    Judgement("open", MET, 85.0, 3),
    Judgement("open", BELOW, 75.0, 2),
    Judgement("open", IS_CRITICAL, 95.0, 1),
    Judgement("open", OutcomeKind.FAILED, 95.0, 1),
    Judgement("close", BELOW, 85.0, 4),
    Judgement("new", COMPLETED, 50.0, 1),
    Judgement("new", COMPLETED, None, 1),
)


@pytest.mark.parametrize(
    ("checklist_id", "percent", "expected"),
    [
        (None, 70.0, Turns(9, {(BELOW, MET): 2, (COMPLETED, BELOW): 1})),
        (None, 90.0, Turns(9, {(MET, BELOW): 3, (COMPLETED, BELOW): 1})),
        (None, None, Turns(9, {(MET, COMPLETED): 3, (BELOW, COMPLETED): 2})),
        ("close", 85.0, Turns(4, {(BELOW, MET): 4})),
        ("close", None, Turns(4, {(BELOW, MET): 4})),  # 80 for all then counts
        ("open", 80.0, Turns(7, {})),
    ],
)
def test_what_another_target_would_turn(checklist_id: str | None, percent: float | None, expected: Turns) -> None:
    assert changed_by_target(JUDGED, checklist_id, with_target(CRITICAL, checklist_id, percent)) == expected


def test_what_critical_criteria_would_turn() -> None:
    judged = [
        JudgedCriteria(MET, 91.0, 80.0, graded(0.0)),
        JudgedCriteria(MET, 91.0, 80.0, graded(1.0)),
        JudgedCriteria(BELOW, 60.0, 80.0, graded(0.0)),
        JudgedCriteria(IS_CRITICAL, 95.0, 80.0, graded(0.0)),
        JudgedCriteria(OutcomeKind.FAILED, 95.0, 80.0, graded(0.0)),
    ]
    assert changed_by_critical(judged, (COLD,), 8) == Turns(5, {(MET, IS_CRITICAL): 1, (BELOW, IS_CRITICAL): 1}, 3)
    assert changed_by_critical(judged, (), 5) == Turns(5, {(IS_CRITICAL, MET): 1}, 0)


def test_every_change_of_the_targets_changes_their_basis() -> None:
    every = [
        Targets(),
        Targets(80.0),
        Targets(80.0, {"open": 80.0}),
        Targets(80.0, {"close": 80.0}),
        Targets(80.0, {}, {"open": (COLD,)}),
        Targets(80.0, {}, {"close": (COLD,)}),
        Targets(80.0, {}, {"open": (CriticalCriterion("", COLD.title),)}),
    ]
    assert len({basis_of(one) for one in every}) == len(every)

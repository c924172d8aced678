"""What a result means, and the words for it."""

import math
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.model import CriterionResult, CriticalCriterion, Details, OutcomeKind
from bot.domain.outcomes import (
    Difference,
    critical_zeros,
    difference,
    exact,
    has_odd_result,
    is_zero,
    judge,
    percent,
    score_of,
    word,
)
from tests.domain.build import facts

CRITICAL = OutcomeKind.CRITICAL
percentages = st.decimals(min_value=-50, max_value=250, places=9).map(float)


@pytest.mark.parametrize(
    ("result", "points", "total", "score"),
    [
        (72.0, None, None, 72.0),
        (None, 3.0, 4.0, 75.0),
        (None, None, None, None),
        (83.33, 5.0, 6.0, 83.33),  # iSpring only rounded
        (0.85, 17.0, 20.0, 85.0),  # a fraction contradicts the points
        (0.85, None, None, 0.85),  # and is never rescaled
        (50.0, 4.0, 5.0, 80.0),
        (None, 0.0, 0.0, None),  # everything skipped
        (0.0, 0.0, 0.0, None),
        (64.0, 0.0, 0.0, 64.0),
        (64.0, 5.0, None, 64.0),
        (120.0, None, None, 120.0),
        (math.nan, None, None, None),
        (math.inf, 3.0, 4.0, 75.0),
        (0.0, 0.0, 8.0, 0.0),
        (None, 50.0, 20.0, None),  # 250 % would meet every target
        (80.0, 50.0, 20.0, 80.0),
        (250.0, 50.0, 20.0, 250.0),  # iSpring's own word, shown as it came
        (40.0, -1.0, 20.0, 40.0),
        (None, -1.0, 20.0, -5.0),  # it fails, as it should
        (None, 20.000000001, 20.0, None),
        (None, 0.1 + 0.2, 0.3, 100.0),  # only what float arithmetic adds
    ],
)
def test_a_score(result: float | None, points: float | None, total: float | None, score: float | None) -> None:
    assert score_of(facts("PASSED", result, points=points, total_points=total)) == score


@pytest.mark.parametrize(
    ("result", "points", "total", "odd"),
    [
        (0.0, None, None, False),
        (100.0, None, None, False),
        (100.1, None, None, True),
        (-0.1, 0.0, 8.0, True),
        (0.85, 17.0, 20.0, True),
        (0.85, None, None, False),  # it may be one
        (84.0, 17.0, 20.0, False),  # iSpring only rounded
        (64.0, 0.0, 0.0, False),
        (None, 17.0, 20.0, False),
        (math.nan, 17.0, 20.0, False),
        (None, 50.0, 20.0, True),
        (80.0, 50.0, 20.0, True),
        (None, -1.0, 20.0, True),
        (None, math.inf, 20.0, True),
        (80.0, 0.0, 0.0, False),
    ],
)
def test_a_result_is_odd_outside_a_percentages_bounds_and_where_the_points_contradict_it(
    result: float | None, points: float | None, total: float | None, odd: bool
) -> None:
    assert has_odd_result(facts("PASSED", result, points=points, total_points=total)) is odd


@pytest.mark.parametrize(
    ("status", "result", "target", "kind", "said"),
    [
        ("NOT_STARTED", None, 80.0, OutcomeKind.PLANNED, "Planned"),
        ("IN_PROGRESS", None, 80.0, OutcomeKind.IN_PROGRESS, "In progress"),
        ("PASSED", 72.0, None, OutcomeKind.COMPLETED, "Completed, 72 %"),
        ("PASSED", None, 80.0, OutcomeKind.COMPLETED, "Completed, not scored"),
        ("PASSED", 86.0, 80.0, OutcomeKind.MET, "Met target, 86 % (target 80 %)"),
        ("PASSED", 80.0, 80.0, OutcomeKind.MET, "Met target, 80 % (target 80 %)"),
        ("PASSED", 72.0, 80.0, OutcomeKind.BELOW, "Below target, 72 % (target 80 %)"),
        ("PASSED", 20.0, 80.0, OutcomeKind.BELOW, "Below target, 20 % (target 80 %)"),
        ("PASSED", 79.96, 80.0, OutcomeKind.BELOW, "Below target, 79.96 % (target 80 %)"),
        ("PASSED", 72.6, 72.5, OutcomeKind.MET, "Met target, 73 % (target 72.5 %)"),
        ("PASSED", 0.0, 80.0, OutcomeKind.BELOW, "Below target, 0 % (target 80 %)"),
        ("FAILED", 90.0, 80.0, OutcomeKind.FAILED, "Failed"),
        ("Not_Passed", None, None, OutcomeKind.FAILED, "Failed"),
        ("failed", None, None, OutcomeKind.FAILED, "Failed"),
        ("CANCELLED", 90.0, 80.0, OutcomeKind.UNKNOWN, "CANCELLED"),
        (" ", None, None, OutcomeKind.UNKNOWN, "No status"),
    ],
)
def test_a_verdict_and_its_word(
    status: str, result: float | None, target: float | None, kind: OutcomeKind, said: str
) -> None:
    outcome = judge(facts(status, result), target)
    assert (outcome.kind, word(outcome), outcome.status) == (kind, said, status)


@pytest.mark.parametrize(
    ("status", "result", "target", "titles", "kind", "said"),
    [
        ("PASSED", 91.0, 80.0, ("Cold room logged",), CRITICAL, 'Critical criterion failed: "Cold room logged" (91 %)'),
        ("PASSED", 91.0, None, ("Cold room logged",), CRITICAL, 'Critical criterion failed: "Cold room logged" (91 %)'),
        ("PASSED", 40.0, 80.0, ("A", "B"), CRITICAL, 'Critical criteria failed: "A", "B" (40 %)'),
        ("PASSED", 79.96, 80.0, ("A",), CRITICAL, 'Critical criterion failed: "A" (79.96 %)'),
        ("PASSED", None, 80.0, (*"ABCDE",), CRITICAL, 'Critical criteria failed: "A", "B", "C" and 2 more'),
        ("PASSED", 91.0, 80.0, ("",), CRITICAL, 'Critical criterion failed: "without a title" (91 %)'),
        ("FAILED", 91.0, 80.0, ("A",), OutcomeKind.FAILED, "Failed"),
        ("IN_PROGRESS", None, 80.0, ("A",), OutcomeKind.IN_PROGRESS, "In progress"),
        ("CANCELLED", 91.0, 80.0, ("A",), OutcomeKind.UNKNOWN, "CANCELLED"),
    ],
)
def test_a_zero_on_a_critical_criterion_fails_what_is_completed_whatever_its_result(
    status: str, result: float | None, target: float | None, titles: tuple[str, ...], kind: OutcomeKind, said: str
) -> None:
    outcome = judge(facts(status, result), target, titles)
    assert (outcome.kind, word(outcome)) == (kind, said)
    assert outcome.is_failing is (kind in (CRITICAL, OutcomeKind.FAILED))


@pytest.mark.parametrize(
    ("points", "total", "skipped", "zero"),
    [
        (0.0, 1.0, False, True),
        (0.0, None, False, True),
        (-1.0, 1.0, False, True),
        (1e-12, 1.0, False, True),  # nothing but what float arithmetic leaves
        (0.5, 1.0, False, False),
        (None, 1.0, False, False),  # not graded
        (0.0, 0.0, False, False),  # carries no points
        (0.0, 1.0, True, False),
    ],
)
def test_only_a_graded_zero_is_one(points: float | None, total: float | None, skipped: bool, zero: bool) -> None:
    assert is_zero(CriterionResult("c1", "Cold room logged", "a1", skipped, points, total)) is zero


@pytest.mark.parametrize(
    ("ident", "title", "found"),
    [
        ("c1", "Cold room logged", True),
        ("c1", "Cold room log is filled in", True),  # renamed
        ("c9", "Cold room logged", True),  # an edited checklist may give its criteria new ids
        ("", "Cold room logged", True),
        ("", "cold room logged", False),
        ("c9", "Cold room", False),
        ("", "", False),
    ],
)
def test_a_critical_criterion_is_known_by_its_id_or_its_exact_title(ident: str, title: str, found: bool) -> None:
    details = Details(criteria=(CriterionResult(ident, title, "a1", False, 0.0, 1.0),))
    wanted = (CriticalCriterion("c1", "Cold room logged"),)
    assert critical_zeros(details, wanted) == ((title,) if found else ())


def test_criteria_without_id_and_title_are_not_all_the_same() -> None:
    details = Details(criteria=(CriterionResult("", "", "a1", False, 0.0, 1.0),))
    assert critical_zeros(details, (CriticalCriterion("", "Cold room logged"), CriticalCriterion("", ""))) == ()


@pytest.mark.parametrize(
    ("result", "points", "total", "target", "said"),
    [
        (None, 11.0, 20.0, 55.0, "Met target, 55 % (target 55 %)"),
        (None, 23.0, 40.0, 57.5, "Met target, 57.5 % (target 57.5 %)"),
        (None, 7.0, 100.0, 7.0, "Met target, 7 % (target 7 %)"),
        (None, 0.1 + 0.2, 1.0, 30.0, "Met target, 30 % (target 30 %)"),
        (30.000000000000004, None, None, 30.0, "Met target, 30 % (target 30 %)"),
        (29.999999999999996, None, None, 30.0, "Met target, 30 % (target 30 %)"),
        (80.0, None, None, 80.00000000000001, "Met target, 80 % (target 80 %)"),
        (None, 39.0, 68.0, 57.352941177, "Below target, 57 % (target 57.352941177 %)"),
        (0.0, 0.01, 1.0, 0.5, "Below target, 0 % (target 0.5 %)"),  # they differ by exactly 1: `result` decides
    ],
)
def test_equal_is_met_whatever_float_arithmetic_adds(
    result: float | None, points: float | None, total: float | None, target: float, said: str
) -> None:
    assert word(judge(facts("PASSED", result, points=points, total_points=total), target)) == said


@given(st.integers(min_value=1, max_value=400), st.integers(min_value=1, max_value=400))
def test_points_of_points_meet_a_target_of_exactly_their_share(points: int, total: int) -> None:
    points, total = sorted((points, total))
    share = Fraction(points * 100, total)
    target = math.floor(share * 4) / 4  # a quarter of a point: what people set
    outcome = judge(facts("PASSED", None, points=float(points), total_points=float(total)), target)
    assert outcome.kind is OutcomeKind.MET
    above = judge(facts("PASSED", None, points=float(points), total_points=float(total)), target + 0.25)
    assert above.kind is OutcomeKind.BELOW


def test_only_what_is_over_has_a_score() -> None:
    assert [judge(facts(status, 90.0), 80.0).score for status in ("NOT_STARTED", "IN_PROGRESS", "CANCELLED")] == [
        None,
        None,
        None,
    ]


def test_an_unknown_status_is_never_completed() -> None:
    assert not judge(facts("OVERDUE", 90.0), 80.0).is_over


@pytest.mark.parametrize(
    ("value", "others", "said"),
    [
        (72.0, (), "72 %"),
        (83.33, (), "83 %"),
        (99.6, (), "99.6 %"),  # not 100
        (0.04, (), "0.04 %"),  # not 0
        (100.0, (), "100 %"),
        (79.96, (80.0,), "79.96 %"),
        (80.0, (79.96,), "80 %"),
        (72.6, (73.4,), "72.6 %"),
        (73.4, (72.6,), "73.4 %"),
        (-0.2, (), "-0.2 %"),
        (-0.0, (), "0 %"),
        (79.99999999999999, (80.0,), "80 %"),  # what a float adds is no difference
        (79.999999999, (80.0,), "79.999999999 %"),
        (52.5, (), "53 %"),
        (67.5, (), "68 %"),
        (82.5, (), "83 %"),
        (-52.5, (), "-53 %"),
        (1e300, (), f"1{'0' * 300} %"),
    ],
)
def test_a_percentage_keeps_the_sentence_true(value: float, others: tuple[float, ...], said: str) -> None:
    assert percent(value, *others) == said


@given(percentages, percentages)
@example(79.96, 80.0)
@example(79.5, 79.499999999)
@example(82.5, 83.0)
def test_percentages_beside_each_other_never_change_places(left: float, right: float) -> None:
    shown_left, shown_right = _number(percent(left, right)), _number(percent(right, left))
    assert (left > right, left == right) == (shown_left > shown_right, shown_left == shown_right)


@given(percentages, percentages)
def test_a_verdict_never_contradicts_its_sentence(result: float, target: float) -> None:
    outcome = judge(facts("PASSED", result), target)
    said = word(outcome)
    shown, wanted = (float(number) for number in re.findall(r"(-?[\d.e+-]+) %", said))
    assert (outcome.kind is OutcomeKind.BELOW) == (result < target) == (shown < wanted) == said.startswith("Below")


@pytest.mark.parametrize(
    ("before", "now", "target", "said"),
    [
        (64.0, 72.0, None, Difference("64 %", "72 %", "8")),
        (87.4, 95.6, None, Difference("87 %", "96 %", "9")),
        (79.5, 80.0, 80.0, Difference("79.5 %", "80.0 %", "0.5")),
        (82.5, 52.5, None, Difference("83 %", "53 %", "30")),
        (100 / 3, 200 / 3, None, Difference("33 %", "67 %", "34")),  # what the reader sees adds up
        (80.0, 80.0, 80.0, Difference("80 %", "80 %", "0")),
        (0.0, -0.0, None, Difference("0 %", "0 %", "0")),
    ],
)
def test_a_change_has_the_decimals_of_its_ends(
    before: float, now: float, target: float | None, said: Difference
) -> None:
    assert difference(before, now, target) == said


@given(percentages, percentages)
def test_the_numbers_of_a_change_add_up(before: float, now: float) -> None:
    shown = difference(before, now)
    ends = Decimal(shown.before.removesuffix(" %")), Decimal(shown.now.removesuffix(" %"))
    assert abs(ends[1] - ends[0]) == Decimal(shown.points)
    assert len({number.as_tuple().exponent for number in (*ends, Decimal(shown.points))}) == 1
    assert (ends[0] < ends[1], ends[0] == ends[1]) == (before < now, before == now)
    assert not any(text.startswith("-0 ") for text in shown)


@given(percentages)
def test_a_target_is_shown_as_it_was_set(target: float) -> None:
    assert math.isclose(_number(exact(target)), target, abs_tol=0.0, rel_tol=0.0)


def _number(said: str) -> float:
    return float(said.removesuffix(" %"))

"""Figures are exact, rounded half up only when shown; a change is against the same part of the time before."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import OutcomeKind
from bot.domain.report_numbers import format_change, format_percent, rounded
from bot.domain.report_periods import By, Window, cuts_of, periods
from bot.domain.reports import (
    Counts,
    OutcomeCount,
    ReportRow,
    by_change,
    figures,
    most_costly,
    parted,
    report,
    report_by_time,
    verdict,
)
from bot.domain.reports import CriterionCost as Cost

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)


def outcome_counts(group: str, met: int, below: int, score: float = 80.0) -> list[OutcomeCount]:
    return [OutcomeCount(group, OutcomeKind.MET, score, met), OutcomeCount(group, OutcomeKind.BELOW, score - 20, below)]


@pytest.mark.parametrize(
    ("scores", "median"),
    [([70], "70 %"), ([70, 71], "71 %"), ([84.5], "85 %"), ([85.5], "86 %"), ([1, 2, 99], "2 %"), ([0.4], "0.4 %")],
)
def test_a_median_is_rounded_half_up(scores: list[float], median: str) -> None:
    found = figures(OutcomeCount("", OutcomeKind.COMPLETED, score, 1) for score in scores).median
    assert found is not None and format_percent(found) == median


@given(st.lists(st.tuples(st.integers(0, 1_000), st.integers(1, 5)), min_size=1, max_size=30))
def test_the_median_of_counts_is_that_of_the_single_scores(counted: list[tuple[int, int]]) -> None:
    each = sorted(score for score, count in counted for _ in range(count))
    middle = Fraction(each[(len(each) - 1) // 2] + each[len(each) // 2], 2)
    assert figures(OutcomeCount("", OutcomeKind.COMPLETED, score, count) for score, count in counted).median == middle


def test_planned_sessions_are_in_no_figure_but_the_number_of_sessions() -> None:
    found = figures([*outcome_counts("", 3, 1), OutcomeCount("", OutcomeKind.PLANNED, None, 7)])
    assert (found.sessions, found.completed, found.met, found.failing) == (11, 4, 3, 1)
    assert found.share == 75


def test_a_share_is_never_whole_by_rounding() -> None:
    assert format_percent(Fraction(100 * 199, 200)) == "99.5 %"
    assert format_percent(Fraction(100 * 999, 1000)) == "99.9 %"
    assert format_percent(Fraction(100, 1000)) == "0.1 %"
    assert format_percent(Fraction(100)) == "100 %"
    assert format_percent(Fraction(0)) == "0 %"
    assert format_percent(Fraction(167, 2)) == "84 %"


@pytest.mark.parametrize(
    ("now", "then", "text"),
    [
        (Fraction(41), None, "none before"),
        (None, Fraction(41), "none before"),
        (Fraction(41), Fraction(41), "no change"),
        (Fraction("41.4"), Fraction("45.6"), "−5 points"),  # shown as 41 % and 46 %, although 4.2 apart
        (Fraction("45.6"), Fraction("44.6"), "+1 point"),
        (Fraction("41.0"), Fraction("41.1"), "down by less than 1 point"),
        (Fraction("41.4"), Fraction("40.6"), "up by less than 1 point"),
        (Fraction("99.6"), Fraction(98), "+1.6 points"),  # shown as 99.6 %: it is not 100 %
    ],
)
def test_a_change_is_what_the_two_numbers_shown_are_apart(
    now: Fraction | None, then: Fraction | None, text: str
) -> None:
    assert format_change(now, then) == text


PERCENTAGES = st.fractions(min_value=0, max_value=100, max_denominator=200)


@given(PERCENTAGES, PERCENTAGES)
def test_a_change_never_says_none_where_there_was_one_nor_the_other_way(now: Fraction, then: Fraction) -> None:
    text = format_change(now, then)
    assert (text == "no change") == (now == then)
    assert text.startswith(("+", "up")) == (now > then) and text.startswith(("−", "down")) == (now < then)
    if text[0] in "+−":
        new, old = (Fraction(format_percent(one).removesuffix(" %")) for one in (now, then))
        assert Fraction(text.replace("−", "-").split()[0]) == new - old


@given(st.fractions(min_value=-100, max_value=100), st.integers(0, 3))
def test_rounding_is_half_away_from_zero(value: Fraction, decimals: int) -> None:
    shown = Fraction(rounded(value, decimals))
    assert abs(shown - value) <= Fraction(1, 2 * 10**decimals)
    assert not rounded(value, decimals).startswith("-0") or shown != 0


def test_small_groups_come_last_and_in_no_order_of_results() -> None:
    rows = report(
        [
            *outcome_counts("worst", 0, 4),
            *outcome_counts("low", 1, 4),
            *outcome_counts("high", 5, 0),
            *outcome_counts("few", 2, 0),
        ],
        [],
    )
    assert [row.group for row in rows] == ["low", "high", "worst", "few"]
    assert [row.now.is_small for row in rows] == [False, False, True, True]


def test_a_group_is_compared_with_itself() -> None:
    [row] = report(outcome_counts("a", 9, 1), outcome_counts("a", 5, 5))
    assert row.change == 40
    [row] = report(outcome_counts("a", 9, 1), outcome_counts("b", 5, 5))
    assert row.change is None


def counts(group: str, met: int, failing: int) -> Counts:
    return Counts(group, met + failing, met, failing)


def test_groups_are_ordered_by_their_change_and_small_ones_before_left_out() -> None:
    large = [counts("worse", 4, 6), counts("better", 9, 1), counts("few before", 9, 1), counts("new", 10, 0)]
    before = [counts("worse", 9, 1), counts("better", 5, 5), counts("few before", 1, 3)]
    assert [one.group for one in by_change(large, before)] == ["worse", "better"]


def row(now: tuple[int, int], before: tuple[int, int] = (0, 0)) -> ReportRow:
    return ReportRow(group="", now=figures(outcome_counts("", *now)), before=figures(outcome_counts("", *before)))


@pytest.mark.parametrize(
    ("rows", "change", "is_within"),
    [
        ([row((2, 3)), row((1, 1)), row((5, 0))], Fraction(60), True),  # the middle one counts for neither
        ([row((5, 5)), row((4, 1)), row((2, 8)), row((1, 4))], Fraction(-40), True),
        ([row((4, 1), (2, 3))], Fraction(40), False),
        ([row((4, 0)), row((5, 0))], None, True),  # too few to say
        ([], None, False),
    ],
)
def test_a_verdict_compares_the_newer_half_with_the_older(
    rows: list[ReportRow], change: Fraction | None, is_within: bool
) -> None:
    found = verdict(rows)
    assert (found.change, found.is_within) == (change, is_within)


def test_criteria_graded_a_few_times_are_not_ranked() -> None:
    costs = [
        Cost(title="few", graded=4, failed=4, lost=40, total=40),
        Cost(title="most points", graded=90, failed=30, lost=60, total=450),
        Cost(title="largest part", graded=9, failed=2, lost=9, total=45),
        Cost(title="none", graded=9, failed=0, lost=0, total=45),
    ]
    assert [one.title for one in most_costly(costs)] == ["largest part", "most points"]
    assert [one.title for one in most_costly(costs, with_small=True)] == ["largest part", "most points", "few"]


def test_what_was_chosen_by_its_result_is_a_part_of_all() -> None:
    every = [*outcome_counts("a", 6, 4), *outcome_counts("b", 2, 0)]
    found = {row.group: row.now for row in report(parted(every, outcome_counts("a", 0, 4)), [])}
    assert (found["a"].met, found["a"].completed, found["a"].median) == (4, 10, None)
    assert found["a"].share == Fraction(40)
    assert (found["b"].met, found["b"].completed) == (0, 2)


@pytest.mark.parametrize(("now", "before", "is_clear"), [((6, 6), (5, 6), False), ((90, 10), (60, 40), True)])
def test_a_change_that_chance_makes_is_not_clear(now: tuple[int, int], before: tuple[int, int], is_clear: bool) -> None:
    assert verdict([row(before), row(now)]).is_clear is is_clear


def test_empty_periods_do_not_count_for_the_halves_of_a_verdict() -> None:
    nothing = row((0, 0))
    found = verdict([nothing, nothing, nothing, row((2, 8)), row((9, 1)), nothing])
    assert (found.now.completed, found.before.completed) == (10, 10)
    assert found.change == Fraction(70)


# ---- time ----------------------------------------------------------------------------------------------------------


def test_weeks_begin_on_monday_in_the_zone_of_the_asker() -> None:
    *_, last = periods(By.WEEK, FRIDAY - timedelta(days=14), FRIDAY, BERLIN)
    assert last.window == Window(datetime(2026, 11, 23, tzinfo=BERLIN), FRIDAY)
    assert last.before == Window(datetime(2026, 11, 16, tzinfo=BERLIN), FRIDAY - timedelta(days=7))
    assert last.is_partial


def test_a_whole_month_is_compared_with_a_whole_one_of_another_length() -> None:
    since, until = datetime(2026, 2, 1, tzinfo=BERLIN), datetime(2026, 4, 1, tzinfo=BERLIN)
    february, march = periods(By.MONTH, since, until, BERLIN)
    assert february.before == Window(datetime(2026, 1, 1, tzinfo=BERLIN), february.window.start)
    assert march.before == february.window
    assert not march.is_partial


def test_the_31st_is_compared_with_the_whole_of_a_shorter_month() -> None:
    until = datetime(2026, 3, 31, 12, tzinfo=BERLIN)
    [march] = periods(By.MONTH, datetime(2026, 3, 1, tzinfo=BERLIN), until, BERLIN)
    assert march.before == Window(datetime(2026, 2, 1, tzinfo=BERLIN), datetime(2026, 3, 1, tzinfo=BERLIN))


def test_the_present_week_is_compared_with_the_same_days_of_the_last_one() -> None:
    every = periods(By.WEEK, datetime(2026, 11, 23, tzinfo=BERLIN), FRIDAY, BERLIN)
    cuts = cuts_of(every)
    monday, saturday = datetime(2026, 11, 16, 12, tzinfo=BERLIN), datetime(2026, 11, 21, 12, tzinfo=BERLIN)

    def at(moment: datetime, met: int, below: int) -> list[OutcomeCount]:
        return outcome_counts(str(sum(cut <= moment for cut in cuts)), met, below)

    counted = [*at(monday, 1, 1), *at(saturday, 0, 50), *at(FRIDAY - timedelta(hours=1), 3, 1)]
    [row] = report_by_time(every, cuts, counted, lambda _: "this week")
    assert (row.now.completed, row.before.completed) == (4, 2)
    assert row.change == 25

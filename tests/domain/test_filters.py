"""Scores that are found by the number that is shown."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.filters import ShownScore
from bot.domain.outcomes import judge, score_and_word
from tests.domain.build import facts

percents = st.floats(0, 110).map(lambda one: round(one, 2))


@given(percents, st.none() | percents, st.integers(0, 101))
@example(78.9, 80.0, 79)
@example(79.6, 80.0, 80)
@example(78.5, None, 79)
@example(99.6, None, 100)
def test_a_score_is_found_by_the_whole_number_that_is_shown(result: float, target: float | None, number: int) -> None:
    for status in ("PASSED", "FAILED"):
        outcome = judge(facts(status=status, result=result), target)
        assert ShownScore(number).covers(outcome) is (score_and_word(outcome).score == f"{number} %")


def test_a_session_without_a_score_is_found_by_none() -> None:
    assert not ShownScore(0).covers(judge(facts(status="PASSED", result=None), 80.0))

"""Which queries may be those of rules: what no completed session can match would keep silent for ever."""

import pytest

from bot.domain.errors import QueryError
from bot.query.parser import parse
from bot.services.rules import rule_query


@pytest.mark.parametrize(
    "text",
    ["", "outcome:failed", "outcome:planned outcome:met", "-outcome:planned", "-outcome:met dept:North", "score:<80"],
)
def test_a_rule_may_ask_for_whatever_a_completed_session_can_be(text: str) -> None:
    assert rule_query(text) == parse(text)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("outcome:planned", "outcome:completed"),
        ("dept:North outcome:progress outcome:unknown", "dept:North outcome:completed"),
        ("-outcome:completed score:<80", "score:<80 outcome:completed"),
        ("outcome:met -outcome:met", "outcome:completed"),
    ],
)
def test_a_rule_that_could_hear_of_nothing_is_refused_with_one_that_can(text: str, offered: str) -> None:
    with pytest.raises(QueryError, match="completed sessions only") as refused:
        rule_query(text)
    assert refused.value.suggestions[0] == offered
    assert [rule_query(fix) for fix in refused.value.suggestions]


def test_words_that_are_no_query_are_none_of_a_rule() -> None:
    with pytest.raises(QueryError, match="nothing to ask for"):
        rule_query("outcom:failed")

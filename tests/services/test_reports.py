"""Which queries ask for sessions by their results, so that a report says how many of all these are."""

import pytest

from bot.query.parser import parse
from bot.services.reports import is_of_results


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("checklist:opening", False),
        ("outcome:planned", False),
        ("outcome:completed", False),
        ("-outcome:planned", False),
        ("-outcome:completed", False),
        ("outcome:failed", True),
        ("outcome:passed outcome:failed", False),
        ("-outcome:met", True),
        ("outcome:completed -outcome:met", True),
        ("outcome:completed -outcome:planned", False),
        ("score:<80", True),
        ("outcome:completed score:<80", True),
        ("outcome:planned score:<80", False),
    ],
)
def test_a_query_asks_for_results_if_it_leaves_some_of_the_completed_out(text: str, expected: bool) -> None:
    assert is_of_results(parse(text)) is expected

"""What cards say of critical criteria: which rule made a result fail, and what could not be judged yet."""

from dataclasses import replace

import pytest

from bot.blocks.card_facts import CardBefore
from bot.blocks.notifications import render
from bot.blocks.results import EMOJI, SYMBOLS
from bot.blocks.session_lists import RenderContext, result_row
from bot.domain.changes import outcome_of
from bot.domain.model import (
    ChangeKind,
    CriterionResult,
    CriticalCriterion,
    Details,
    DetailsState,
    HistoryEntry,
    OutcomeKind,
    Session,
    SessionRecord,
    TargetScope,
)
from tests.blocks.build import DETAILS, EMPLOYEE, NOW, OBSERVER, delivery_of, facts, record, session
from tests.blocks.limits import assert_fits_slack

COLD = CriticalCriterion("c9", "Cold room logged")
ZERO = CriterionResult("c9", "Cold room logged", "a3", False, 0, 2)


def critical(result: float = 91.0, *, failed: bool = True, **more: object) -> Session:
    one = session(result=result, points=None)
    return replace(
        one,
        critical=(COLD,),
        critical_failed=(COLD.title,) if failed else None,
        target_scope=TargetScope.ALL,
        **more,  # type: ignore[arg-type]  # a builder for tests: wrong keys fail at once
    )


def card(one: SessionRecord, **more: object) -> str:
    message = render(delivery_of(one), facts(one, **more))
    assert_fits_slack(message)
    return message.text


def with_zero() -> Details:
    return replace(DETAILS, criteria=(*DETAILS.criteria, ZERO))


def test_every_outcome_has_a_symbol_and_a_sign_of_its_own() -> None:
    for table in (SYMBOLS, EMOJI):
        assert table.keys() == set(OutcomeKind) and len(set(table.values())) == len(table)


def test_a_critical_result_above_its_target_names_the_criterion_and_nothing_else() -> None:
    good = Details(areas=DETAILS.areas[1:2], criteria=(DETAILS.criteria[1], ZERO))
    text = card(record(critical(), details=good))
    assert text.splitlines()[0] == '🛑 Maria Lopez · 91 %, critical criterion failed: "Cold room logged"'
    assert "Why (critical criterion): Cold room logged: 0 of 2 (critical)" in text
    assert "target" not in text and "Cash desk" not in text


def test_a_critical_result_below_its_target_says_both_rules_the_critical_criterion_first() -> None:
    text = card(record(critical(60.0), details=with_zero()))
    assert '60 %, critical criterion failed: "Cold room logged"' in text
    why = "Why (critical criterion, and target 80 % for all checklists): Cold room logged: 0 of 2 (critical); 40 % Cash"
    assert why in text
    assert text.count("Cold room logged: 0 of 2") == 1


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (TargetScope.CHECKLIST, "Why (target 80 % of Opening the store): "),
        (TargetScope.ALL, "Why (target 80 % for all checklists): "),
        (None, "Why: "),
    ],
)
def test_a_low_result_says_whose_target_it_missed(scope: TargetScope | None, said: str) -> None:
    assert said in card(record(replace(session(), target_scope=scope)))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (DetailsState.PENDING_FETCH, "Critical criteria not checked yet."),
        (DetailsState.UNAVAILABLE, "Critical criteria not checked: iSpring has none for this session."),
        (DetailsState.FETCHED, ""),
    ],
)
@pytest.mark.parametrize("result", [91.0, 60.0])
def test_a_card_says_that_critical_criteria_were_not_checked(state: DetailsState, said: str, result: float) -> None:
    one = critical(result, failed=False, details=state)
    text = card(record(one, details=DETAILS if state is DetailsState.FETCHED else None))
    assert said in text and (bool(said) or "not checked" not in text)
    assert ("met target" in text) is (result > 80)
    plain = replace(session(result=result, points=None), details=state)
    assert "not checked" not in card(record(plain, details=None))


def test_a_card_that_criteria_turned_says_so_and_names_the_one_before() -> None:
    one = critical()
    entry = HistoryEntry(
        at=NOW, version=2, kind=ChangeKind.CHECKED, old=outcome_of(critical(failed=False)), new=outcome_of(one)
    )
    turned = record(one, details=with_zero(), history=(entry,))
    text = card(turned, cards_before={one.key: CardBefore(NOW)})
    assert text.splitlines()[0] == '🛑 Maria Lopez · 91 %, critical criterion failed: "Cold room logged"'
    assert "criteria read 23 Nov 2026, 14:02 UTC · the rest is on the card of" in text
    assert (
        'Result changed: Met target, 91 % (target 80 %) → Critical criterion failed: "Cold room logged" (91 %), when '
        "its criteria were read 23 Nov"
    ) in card(turned)


def test_several_at_once_begin_with_the_critical_one() -> None:
    ones = [
        record(replace(critical(), facts=critical().facts._replace(key=session(number).key)))
        if number == 3
        else record(session(number))
        for number in range(1, 6)
    ]
    message = render(delivery_of(*ones), facts(*ones))
    assert_fits_slack(message)
    first = message.text.splitlines()[0]
    assert first == "🛑 5 of 5 critical or below target"
    assert message.text.index("critical criterion failed") < message.text.index("72 %, below")


@pytest.mark.parametrize("to", [OBSERVER, EMPLOYEE])
def test_people_read_which_criterion_failed(to: object) -> None:
    one = record(critical(), details=with_zero())
    message = render(delivery_of(one, to=to), facts(one))  # type: ignore[arg-type]
    assert "ritical criterion failed" in message.text and "Cold room logged" in message.text
    assert "met target" not in message.text


def test_a_list_says_what_was_not_checked() -> None:
    shown = RenderContext(directory=facts().directory, short_ids={}, data_as_of=NOW)
    row = result_row(critical(failed=False, details=DetailsState.PENDING_FETCH), 0, shown)
    assert "critical criteria not checked yet" in row["text"]["text"]

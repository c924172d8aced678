"""What stands on a card, as readers see it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.blocks.notifications import render
from bot.domain.changes import outcome_of
from bot.domain.model import (
    Acknowledgement,
    AreaResult,
    ChangeKind,
    CriterionResult,
    Details,
    DetailsState,
    HistoryEntry,
    Message,
    Moment,
    SessionRecord,
)
from tests.blocks.build import (
    CHANNEL,
    EMPLOYEE,
    NOW,
    OBSERVER,
    delivery,
    delivery_of,
    directory,
    facts,
    key_of,
    notification,
    record,
    session,
)
from tests.blocks.limits import assert_fits_slack, texts


def shown(message: Message) -> str:
    """All its texts as they are read, no-break spaces as spaces."""
    return "\n".join(texts(message.blocks)).replace("\u00a0", " ")


def buttons_of(message: Message) -> list[str]:
    return [e["action_id"] for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def corrected(one: SessionRecord) -> SessionRecord:
    before = session(result=86.0, points=None)
    entry = HistoryEntry(
        at=NOW, version=2, kind=ChangeKind.CORRECTED, old=outcome_of(before), new=outcome_of(one.session)
    )
    return replace(one, history=(entry,))


def test_a_low_result_as_a_card() -> None:
    one = record(previous=session(2, result=64.0, points=None))
    message = render(delivery_of(one), facts(one, with_previous=frozenset({key_of()})))
    assert_fits_slack(message)
    assert shown(message).replace("*", "").splitlines() == [
        "▽ Below target, 72 % (target 80 %): Opening the store",
        "Employee",
        "Maria Lopez",
        "Observer",
        "Ana Ruiz",
        "Site",
        "Store 12",
        "Points",
        "36 of 50 points · 3 of 4 criteria answered, 1 skipped",
        "Started",
        "<!date^1795438800^{date_short_pretty}, {time}|23 Nov 2026, 13:00 UTC>",
        "Finished",
        "<!date^1795442400^{date_short_pretty}, {time}|23 Nov 2026, 14:00 UTC> · 1 h",
        "Weakest competency areas",
        "████░░░░░░ 40 % Cash desk",
        "███████░░░ 70 % Safety",
        "█████████░ 95 % Greeting",
        "Lowest criteria",
        "• Counts the float: 1 of 5",
        "• Locks the back door: 3.5 of 5",
        "Up 8 percentage points since the previous session "
        "(64 %, <!date^1795442400^{date_short_pretty}, {time}|23 Nov 2026, 14:00 UTC>)",
        "Details",
        "Details: Maria Lopez, Opening the store",
        "Acknowledge",
        "Acknowledge: Maria Lopez, Opening the store",
        "Session 00000001 · Rule 3 · Data as of <!date^1795442520^{date_short_pretty}, {time}|23 Nov 2026, 14:02 UTC>",
    ]


def test_the_text_alone_tells_who_what_and_how_it_came_out() -> None:
    one = record()
    assert render(delivery_of(one), facts(one)).text.splitlines() == [
        "▽ Below target, 72 % (target 80 %): Opening the store",
        "Employee: Maria Lopez",
        "Observer: Ana Ruiz",
        "Site: Store 12",
        "Points: 36 of 50 points · 3 of 4 criteria answered, 1 skipped",
        "Started: 23 Nov 2026, 13:00 UTC",
        "Finished: 23 Nov 2026, 14:00 UTC · 1 h",
        "Weakest competency areas: 40 % Cash desk; 70 % Safety; 95 % Greeting",
        "Lowest criteria: Counts the float: 1 of 5; Locks the back door: 3.5 of 5",
        "Session 00000001 · Rule 3 · Data as of 23 Nov 2026, 14:02 UTC",
    ]


def test_the_text_names_no_weak_points_where_there_are_none() -> None:
    perfect = Details(
        areas=(AreaResult("a1", "Cash desk", 100.0),),
        criteria=(CriterionResult("c1", "Counts the float", "", False, 5, 5),),
    )
    for one in (record(details=None), record(details=perfect), record(details=Details((), ()))):
        message = render(delivery_of(one), facts(one))
        assert "Weakest" not in message.text and "Lowest" not in message.text
        assert "\n\n" not in message.text


@pytest.mark.parametrize(
    ("before", "now", "notified"),
    [
        (64.0, 72.0, "Up 8 percentage points since the previous session (64 %"),
        (87.4, 95.6, "Up 8.2 percentage points since the previous session (87.4 %"),
        (95.6, 87.4, "Down 8.2 percentage points since the previous session (95.6 %"),
        (72.0, 73.0, "Up 1 percentage point since the previous session (72 %"),
        (71.7, 72.0, "Up 0.3 percentage points since the previous session (71.7 %"),
        (72.0, 72.0, "No change since the previous session (72 %"),
    ],
)
def test_how_far_two_results_are_apart_is_what_their_numbers_say(before: float, now: float, notified: str) -> None:
    one = record(session(result=now, points=None), previous=session(2, result=before, points=None))
    message = render(delivery_of(one), facts(one, with_previous=frozenset({key_of()})))
    assert notified in message.text


def test_a_previous_session_the_owner_may_not_see_is_not_mentioned() -> None:
    one = record(previous=session(2, result=64.0))
    message = render(delivery_of(one), facts(one))
    assert "previous" not in message.text + shown(message)


def test_a_correction_leaves_a_history_line() -> None:
    one = corrected(record(session(result=91.0, points=None)))
    message = render(delivery_of(one), facts(one))
    assert "86 % → 91 %, corrected 23 Nov 2026, 14:02 UTC" in message.text
    assert "86 % → 91 %, corrected <!date^" in shown(message)


def test_a_correction_that_turns_the_outcome_says_so() -> None:
    one = corrected(record(session(result=72.0)))
    assert "Met target, 86 % (target 80 %) → Below target, 72 % (target 80 %), corrected" in shown(
        render(delivery_of(one), facts(one))
    )


def test_only_a_bad_result_asks_to_be_acknowledged() -> None:
    good, bad = record(session(result=90.0, points=None)), record()
    assert buttons_of(render(delivery_of(good), facts(good))) == [actions.DETAILS]
    assert buttons_of(render(delivery_of(bad), facts(bad))) == [actions.DETAILS, actions.ACKNOWLEDGE]


def test_an_acknowledged_card_says_who_and_when_and_others_may_too() -> None:
    one = record(acknowledgements=(Acknowledgement("U0SUP", NOW),))
    message = render(delivery_of(one), facts(one))
    assert "Acknowledged by <@U0SUP> <!date^" in shown(message)
    assert "Acknowledged by <@U0SUP> 23 Nov 2026, 14:02 UTC" in message.text
    assert "Acknowledge too" in shown(message)


def test_ispring_is_linked_only_where_its_address_is_known() -> None:
    one = record()
    linked = render(delivery_of(one), facts(one, account_url="https://acme.ispringlearn.com"))
    assert buttons_of(linked) == [actions.DETAILS, actions.ACKNOWLEDGE, actions.OPEN]


def test_criteria_that_are_still_pending_are_said_to_be() -> None:
    one = record(session(details=DetailsState.PENDING_FETCH), details=None)
    assert "are not here yet" in shown(render(delivery_of(one), facts(one)))


def test_no_criteria_are_promised_of_a_session_that_ispring_no_longer_lists() -> None:
    one = record(session(details=DetailsState.PENDING_FETCH, missing_since=NOW), details=None)
    assert "are not here yet" not in shown(render(delivery_of(one), facts(one)))


def test_a_session_ispring_no_longer_lists_is_marked() -> None:
    one = record(session(missing_since=NOW))
    message = render(delivery_of(one), facts(one))
    assert "no longer lists" in shown(message)
    assert "iSpring no longer lists this session (noticed 23 Nov 2026, 14:02 UTC)" in message.text


def test_a_date_nobody_understands_is_shown_as_it_came() -> None:
    one = record(session(finished=Moment("32/13/2026 25:61", None)))
    message = render(delivery_of(one), facts(one))
    assert "32/13/2026 25:61" in message.text
    assert "32/13/2026 25:61" in shown(message)


def test_a_session_without_dates_and_points_says_so() -> None:
    bare = replace(session(result=None, points=None), details=DetailsState.UNAVAILABLE)
    bare = replace(bare, facts=bare.facts._replace(started=Moment(), finished=Moment()))
    message = render(delivery_of(record(bare)), facts(record(bare, details=None)))
    assert "not given" in shown(message)
    assert "● Completed, not scored: Opening the store" in shown(message)
    assert_fits_slack(message)


@pytest.mark.parametrize("to", [CHANNEL, OBSERVER, EMPLOYEE], ids=["channel", "observer", "employee"])
@pytest.mark.parametrize("how_many", [1, 2, 25])
def test_each_short_id_stands_once_in_the_text_and_once_in_the_blocks(to: object, how_many: int) -> None:
    many = [record(session(n, title=f"Checklist {n:x}")) for n in range(1, how_many + 1)]
    message = render(delivery_of(*many, to=to), facts(*many))  # type: ignore[arg-type]  # parametrised
    assert_fits_slack(message)
    for one in many:
        assert message.text.count(one.short_id) == 1
        assert shown(message).count(one.short_id) == 1


def test_several_sessions_as_one_card_with_the_bad_ones_first() -> None:
    many = [
        record(session(1, result=90.0, points=None)),
        record(session(2, result=72.0)),
        record(session(3, result=60.0, points=None)),
        record(session(4, result=None, points=None), acknowledgements=(Acknowledgement("U1", NOW),)),
    ]
    message = render(delivery_of(*many), facts(*many))
    assert_fits_slack(message)
    assert shown(message).splitlines()[:6] == [
        "4 sessions",
        "2 below target, 1 met target, 1 completed · mean 74 %",
        "1. ▽ Below target, 60 % (target 80 %) · Maria Lopez, Store 12 · Opening the store · 00000003",
        "2. ▽ Below target, 72 % (target 80 %) · Maria Lopez, Store 12 · Opening the store · 00000002",
        "3. ● Completed, not scored · Maria Lopez, Store 12 · Opening the store · acknowledged · 00000004",
        "4. ✓ Met target, 90 % (target 80 %) · Maria Lopez, Store 12 · Opening the store · 00000001",
    ]
    assert message.text.splitlines() == [
        *shown(message).splitlines()[:6],
        "Rule 3 · Data as of 23 Nov 2026, 14:02 UTC",
    ]
    assert buttons_of(message) == [actions.DETAILS, actions.ACKNOWLEDGE]


def test_a_menu_choice_names_its_session() -> None:
    many = [record(session(n)) for n in (1, 2)]
    block = next(b for b in render(delivery_of(*many), facts(*many)).blocks if b["type"] == "actions")
    values = [choice["value"] for choice in block["elements"][0]["options"]]
    assert [actions.session_of(value) for value in values] == [key_of(1), key_of(2)]


def test_what_the_owner_may_not_see_any_more_leaves_nothing_of_anybody() -> None:
    hidden, seen = record(session(1, title="Secret check")), record(session(2))
    for many in ([hidden], [hidden, seen]):
        message = render(delivery_of(*many), facts(*many, hidden=frozenset({key_of(1)})))
        assert_fits_slack(message)
        notified = message.text + shown(message)
        assert "Secret check" not in notified
        assert "o longer shown here" in notified
        assert hidden.short_id in message.text
    alone = render(delivery_of(hidden), facts(hidden, hidden=frozenset({key_of(1)})))
    assert not {"Maria", "Ana", "Store", "72"} & set((alone.text + shown(alone)).replace(",", " ").split())
    assert str(key_of(1).session_id) not in str(alone.blocks)


def test_a_session_nobody_stores_any_more_is_reported_as_gone() -> None:
    one = record()
    message = render(delivery_of(one), facts())
    assert "no longer stores" in message.text
    assert_fits_slack(message)


def test_a_message_refused_with_blocks_goes_as_text_alone() -> None:
    one = record()
    message = render(delivery(notification(key=one.session.key), text_only=True), facts(one))
    assert message.blocks == ()
    assert "Maria Lopez" in message.text


def test_the_observer_is_addressed_and_can_stop_it() -> None:
    one = record()
    message = render(delivery_of(one, to=OBSERVER), facts(one, first_message=True))
    assert_fits_slack(message)
    assert message.text.startswith("▽ Below target, 72 % (target 80 %): Opening the store\nYou observed: Maria Lopez\n")
    assert "Weakest competency areas: 40 % Cash desk; " in message.text
    assert "Lowest criteria: Counts the float: 1 of 5; " in message.text
    assert buttons_of(message) == [actions.DETAILS, actions.DM_BELOW, actions.DM_STOP]
    assert "first message to you" in shown(message)
    assert "You get this because you observed the session. Change what you get with `/ojt settings`." in shown(message)


def test_the_employee_gets_the_result_without_a_verdict_and_strengths_first() -> None:
    one = record()
    message = render(delivery_of(one, to=EMPLOYEE), facts(one))
    assert_fits_slack(message)
    notified = shown(message)
    assert "Your result, 72 % (target 80 %): Opening the store" in notified
    assert "Below" not in notified + message.text
    assert "Went well: 95 % Greeting\nTo work on: 40 % Cash desk; 70 % Safety\n" in message.text
    assert (
        notified.index("Went well")
        < notified.index("Greeting")
        < notified.index("To work on")
        < notified.index("Cash desk")
    )


def test_several_own_results_carry_no_verdict_either() -> None:
    many = [record(session(n)) for n in (1, 2)]
    message = render(delivery_of(*many, to=EMPLOYEE), facts(*many))
    assert "elow" not in message.text + shown(message).replace("Only below target", "")


def test_durations_read_like_durations() -> None:
    long = session()
    started = Moment("x", NOW - timedelta(days=2, hours=3, minutes=2))
    long = replace(long, facts=long.facts._replace(started=started))
    assert "2 d 3 h" in shown(render(delivery_of(record(long)), facts(record(long))))


def test_somebody_ispring_does_not_know_is_still_named() -> None:
    one = record()
    message = render(delivery_of(one), facts(one, directory=directory().__class__()))
    assert "unknown person (emp)" in message.text
    assert "site unknown" in message.text

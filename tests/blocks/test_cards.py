"""What stands on a card, as readers see it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.blocks.card_facts import CardBefore
from bot.blocks.elements import Block
from bot.blocks.notifications import render
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import (
    Acknowledgement,
    AreaResult,
    ChangeKind,
    CriterionResult,
    Details,
    DetailsState,
    HistoryEntry,
    Moment,
    OutcomeKind,
    Points,
    SessionRecord,
)
from bot.domain.notifications import Message
from bot.domain.staff import Department, Person
from tests.blocks.build import (
    CHANNEL,
    DETAILS,
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

WEEK_BEFORE = Moment("2026-11-16 14:02:00", NOW - timedelta(days=7))


def shown(message: Message) -> str:
    """All its texts as they are read, no-break spaces as spaces."""
    return "\n".join(texts(message.blocks)).replace("\u00a0", " ")


def buttons_of(message: Message) -> list[str]:
    return [e["action_id"] for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def buttons_named(message: Message, action: str) -> list[Block]:
    return [e for b in message.blocks if b["type"] == "actions" for e in b["elements"] if e["action_id"] == action]


def choices_of(message: Message) -> dict[str, str]:
    """The choices of its menu behind three dots, by what they are called."""
    elements = [b.get("accessory") for b in message.blocks] + [e for b in message.blocks for e in b.get("elements", [])]
    [menu] = [one for one in elements if one and one["type"] == "overflow"]
    return {one["text"]["text"]: one["value"] for one in menu["options"]}


def corrected(one: SessionRecord) -> SessionRecord:
    before = session(result=86.0, points=None)
    entry = HistoryEntry(
        at=NOW, version=2, kind=ChangeKind.CORRECTED, old=outcome_of(before), new=outcome_of(one.session)
    )
    return replace(one, history=(entry,))


def test_a_low_result_as_a_card() -> None:
    one = record(previous=session(2, result=64.0, points=None, finished=WEEK_BEFORE))
    message = render(delivery_of(one), facts(one, with_previous=frozenset({key_of()}), times={key_of(): 2}))
    assert_fits_slack(message)
    assert shown(message).replace("*", "").splitlines() == [
        "🔴 Maria Lopez · 72 %, below target 80 %",
        "Opening the store · Store 12",
        "Observed by Ana Ruiz · <!date^1795442400^{date_short_pretty}, {time}|23 Nov 2026, 14:00 UTC> · 1 h · "
        "36 of 50 points · 3 of 4 criteria answered, 1 skipped",
        "Why",
        "████░░░░░░ 40 % Cash desk",
        "• Counts the float: 1 of 5",
        "███████░░░ 70 % Safety",
        "• Locks the back door: 3.5 of 5",
        "↗ 8 points up since <!date^1794837720^{date_short_pretty}|16 Nov 2026> (64 %). "
        "Second time below target on this checklist.",
        "Acknowledge",
        "Acknowledge: Maria Lopez, Opening the store",
        "Follow up",
        "Follow up: Maria Lopez, Opening the store",
        "Details",
        "Details: Maria Lopez, Opening the store",
        "History",
        "Mute…",
        "Why here?",
        "Session 00000001 · Rule 3 · Data as of <!date^1795442520^{date_short_pretty}, {time}|23 Nov 2026, 14:02 UTC>",
    ]


def test_the_text_alone_tells_who_what_and_how_it_came_out() -> None:
    one = record()
    assert render(delivery_of(one), facts(one)).text.splitlines() == [
        "🔴 Maria Lopez · 72 %, below target 80 %",
        "Opening the store · Store 12",
        "Observed by Ana Ruiz · 23 Nov 2026, 14:00 UTC · 1 h · 36 of 50 points · 3 of 4 criteria answered, 1 skipped",
        "Why: 40 % Cash desk; Counts the float: 1 of 5; 70 % Safety; Locks the back door: 3.5 of 5",
        "Session 00000001 · Rule 3 · Data as of 23 Nov 2026, 14:02 UTC",
    ]


def test_a_result_that_met_its_target_is_three_lines_without_reasons() -> None:
    earlier = session(2, result=84.0, points=None, finished=WEEK_BEFORE)
    one = record(session(result=88.0, points=None), previous=earlier)
    message = render(delivery_of(one), facts(one, with_previous=frozenset({key_of()})))
    assert_fits_slack(message)
    assert [block["type"] for block in message.blocks] == ["section", "context"]
    assert message.text.splitlines() == [
        "✅ Maria Lopez · 88 %, met target 80 %: Opening the store · Store 12 · "
        "↗ 4 points up since 16 Nov 2026 (84 %).",
        "Observed by Ana Ruiz · 23 Nov 2026, 14:00 UTC · 3 of 4 criteria answered, 1 skipped · "
        "Session 00000001 · Rule 3 · Data as of 23 Nov 2026, 14:02 UTC",
    ]


def test_why_names_only_what_is_below_the_target_and_what_lost_most_first() -> None:
    areas = (AreaResult("a1", "Almost", 79.6), AreaResult("a2", "Good", 80.0), AreaResult("a3", "Bad", 20.0))
    criteria = (
        CriterionResult("c1", "Lost one of one", "a3", False, 0, 1),
        CriterionResult("c2", "Lost five of ten", "a3", False, 5, 10),
        CriterionResult("c3", "Lost nine of nine", "a2", False, 0, 9),
    )
    one = record(details=Details(areas, criteria))
    [why] = [line for line in render(delivery_of(one), facts(one)).text.splitlines() if line.startswith("Why")]
    assert why == "Why: 20 % Bad; Lost five of ten: 5 of 10; Lost one of one: 0 of 1; 79.6 % Almost"


def test_criteria_without_areas_are_reasons_too() -> None:
    one = record(details=Details((), DETAILS.criteria))
    assert "Why: Counts the float: 1 of 5; Locks the back door: 3.5 of 5\n" in render(delivery_of(one), facts(one)).text


def test_the_text_names_no_weak_points_where_there_are_none() -> None:
    perfect = Details(
        areas=(AreaResult("a1", "Cash desk", 100.0),),
        criteria=(CriterionResult("c1", "Counts the float", "", False, 5, 5),),
    )
    for one in (record(details=None), record(details=perfect), record(details=Details((), ()))):
        message = render(delivery_of(one), facts(one))
        assert "Why" not in message.text
        assert "\n\n" not in message.text


@pytest.mark.parametrize(
    ("before", "now", "notified"),
    [
        (64.0, 72.0, "↗ 8 points up since 16 Nov 2026 (64 %"),
        (87.4, 95.6, "↗ 9 points up since 16 Nov 2026 (87 %)"),
        (95.6, 87.4, "↘ 9 points down since 16 Nov 2026 (96 %)"),
        (72.0, 73.0, "↗ 1 point up since 16 Nov 2026 (72 %"),
        (71.7, 72.0, "↗ 0.3 points up since 16 Nov 2026 (71.7 %"),
        (72.0, 72.0, "→ No change since 16 Nov 2026 (72 %"),
    ],
)
def test_how_far_two_results_are_apart_is_what_their_numbers_say(before: float, now: float, notified: str) -> None:
    one = record(
        session(result=now, points=None), previous=session(2, result=before, points=None, finished=WEEK_BEFORE)
    )
    message = render(delivery_of(one), facts(one, with_previous=frozenset({key_of()})))
    assert notified in message.text


def test_a_previous_session_the_owner_may_not_see_is_not_mentioned() -> None:
    one = record(previous=session(2, result=64.0))
    message = render(delivery_of(one), facts(one))
    assert "since" not in message.text + shown(message)
    times = render(delivery_of(one), facts(one, times={key_of(): 3}))
    assert "time below" not in times.text + shown(times)


def test_a_correction_leaves_a_history_line() -> None:
    one = corrected(record(session(result=91.0, points=None)))
    message = render(delivery_of(one), facts(one))
    assert message.text.splitlines()[0].startswith("✅ Corrected: Maria Lopez 86 % → 91 %")
    assert "Corrected 23 Nov 2026, 14:02 UTC." in message.text
    assert message.text.count("86 %") == 1, "the headline says what changed, and nothing says it again"


def test_a_correction_that_turns_the_outcome_says_so() -> None:
    one = corrected(record(session(result=72.0)))
    assert "Corrected: Maria Lopez 86 % → 72 %, now below target 80 %" in shown(render(delivery_of(one), facts(one)))
    older = replace(one.history[0], version=1, new=outcome_of(session(result=90.0, points=None)))
    twice = replace(one, history=(older, *one.history))
    assert "Result changed: 86 % → 90 %, corrected" in render(delivery_of(twice), facts(twice)).text


def test_a_correction_says_so_first_and_names_the_card_before_instead_of_repeating_it() -> None:
    one = corrected(record(session(result=72.0)))
    before = CardBefore(NOW - timedelta(minutes=6), "https://acme.slack.com/archives/C0NORTH/p1")
    message = render(delivery_of(one), facts(one, cards_before={key_of(): before}))
    assert_fits_slack(message)
    assert message.text.splitlines()[0] == "🔴 Corrected: Maria Lopez 86 % → 72 %, now below target 80 %"
    assert "<https://acme.slack.com/archives/C0NORTH/p1|the card before> (<!date^" in shown(message)
    assert "Observed by" not in message.text and "Result changed" not in message.text
    assert "40 % Cash desk" in message.text and "Counts the float" not in message.text
    unlinked = render(delivery_of(one), facts(one, cards_before={key_of(): CardBefore(before.posted_at)}))
    assert "the rest is on the card of 23 Nov 2026, 13:56 UTC" in unlinked.text


def test_a_correction_with_no_card_before_is_a_whole_card_that_says_so_first() -> None:
    one = corrected(record(session(result=72.0)))
    text = render(delivery_of(one), facts(one)).text
    assert text.startswith("🔴 Corrected: Maria Lopez 86 % → 72 %, now below target 80 %\n")
    assert "Observed by Ana Ruiz" in text and "Corrected 23 Nov" in text


def test_a_correction_names_both_scores_with_as_many_decimals_as_keep_them_apart() -> None:
    one = record(session(result=79.6, points=None))
    old, new = outcome_of(session(result=80.0, points=None)), outcome_of(one.session)
    one = replace(one, history=(HistoryEntry(at=NOW, version=2, kind=ChangeKind.CORRECTED, old=old, new=new),))
    first = render(delivery_of(one), facts(one)).text.splitlines()[0]
    assert first == "🔴 Corrected: Maria Lopez 80 % → 79.6 %, now below target 80 %"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (Points(30.0, 50.0), Points(31.0, 50.0), "30 → 31 of 50 points, still 60 %"),
        (Points(12.0, 20.0), Points(30.0, 50.0), "12 of 20 → 30 of 50 points, still 60 %"),
        (Points(None, 50.0), Points(30.0, 50.0), "? → 30 of 50 points, still 60 %"),
        (Points(30.001, 50.0), Points(30.002, 50.0), "other points, still 60 %"),
        (None, None, "other points, still 60 %"),  # an entry of an earlier Spotter
    ],
)
def test_a_correction_of_points_alone_says_so_and_repeats_no_score(
    old: Points | None, new: Points | None, said: str
) -> None:
    one = record(session(result=60.0, points=None))
    outcome = outcome_of(one.session)
    entry = HistoryEntry(
        at=NOW, version=2, kind=ChangeKind.CORRECTED, old=outcome, new=outcome, old_points=old, new_points=new
    )
    text = render(delivery_of(one), facts(replace(one, history=(entry,)))).text
    assert text.splitlines()[0] == f"🔴 Corrected: Maria Lopez {said}, below target 80 %"
    assert "Result changed" not in text and "Corrected 23 Nov" in text


def test_a_correction_that_turns_the_verdict_at_the_same_score_does_not_repeat_the_score() -> None:
    one = record(session(result=91.0, points=None))
    met = outcome_of(one.session)
    critical = replace(met, kind=OutcomeKind.CRITICAL, critical=("Cold room logged",))
    entry = HistoryEntry(at=NOW, version=2, kind=ChangeKind.CORRECTED, old=critical, new=met)
    first = render(delivery_of(one), facts(replace(one, history=(entry,)))).text.splitlines()[0]
    assert first.startswith("✅ Corrected: Maria Lopez 91 %, now met target 80 %")


def test_only_a_bad_result_asks_to_be_acknowledged() -> None:
    good, bad = record(session(result=90.0, points=None)), record()
    assert buttons_of(render(delivery_of(good), facts(good))) == []
    assert buttons_of(render(delivery_of(bad), facts(bad))) == [
        actions.ACKNOWLEDGE,
        actions.FOLLOW_UP,
        actions.DETAILS,
        actions.MORE,
    ]


def test_an_acknowledged_card_says_who_and_when_and_others_may_too() -> None:
    one = record(acknowledgements=(Acknowledgement("U0SUP", NOW),))
    message = render(delivery_of(one), facts(one))
    assert "Acknowledged by <@U0SUP> <!date^" in shown(message)
    assert "Acknowledged by <@U0SUP> 23 Nov 2026, 14:02 UTC" in message.text
    assert "Acknowledge too" in shown(message)


def test_ispring_is_linked_only_where_its_address_is_known() -> None:
    one = record()
    linked = render(delivery_of(one), facts(one, account_url="https://acme.ispringlearn.com"))
    always = {"History": "history employee:<id:emp>", "Mute…": "mute", "Why here?": "why 00000001"}
    assert choices_of(linked) == {**always, "Open in iSpring": "open"}
    assert choices_of(render(delivery_of(one), facts(one))) == always
    good = record(session(result=90.0, points=None))
    details = f"details {actions.session_value(key_of())}"
    assert choices_of(render(delivery_of(good), facts(good))) == {"Details": details, **always}


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
    assert "🔵 Maria Lopez · completed, not scored" in shown(message)
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
        record(session(2, result=72.0), acknowledgements=(Acknowledgement("U1", NOW),)),
        record(session(3, result=60.0, points=None)),
        record(session(4, result=None, points=None)),
    ]
    again = {"with_previous": frozenset({key_of(2)}), "times": {key_of(2): 3, key_of(3): 2}}
    message = render(delivery_of(*many), facts(*many, **again))
    assert_fits_slack(message)
    assert message.text.splitlines() == [
        "🔴 2 of 4 below target 80 %",
        "Store 12: 2 below of 4 · median 72 %",
        "🔴 Maria Lopez · 60 %: Opening the store · Store 12; Cash desk 40 %, Safety 70 % · 00000003",
        "🔴 Maria Lopez · 72 %: Opening the store · Store 12; "
        "Cash desk 40 %, Safety 70 %; third time below target · acknowledged · 00000002",
        "✅ Met target 80 %:",
        "Maria Lopez 90 % · 00000001",
        "🔵 Completed:",
        "Maria Lopez completed, not scored · 00000004",
        "Rule 3 · Data as of 23 Nov 2026, 14:02 UTC",
    ]
    assert buttons_of(message) == [actions.ACKNOWLEDGE_ALL, actions.DETAILS, actions.MORE]
    accessories = [block["accessory"]["action_id"] for block in message.blocks if "accessory" in block]
    assert accessories == ["details:0", "details:1"]


def test_low_results_with_different_targets_each_say_theirs() -> None:
    many = [record(session(1, result=60.0, points=None)), record(session(2, result=70.0, points=None, target=90.0))]
    lines = render(delivery_of(*many), facts(*many)).text.splitlines()
    assert lines[0] == "🔴 2 of 2 below target"
    assert "60 %, below target 80 %" in lines[2]
    assert "70 %, below target 90 %" in lines[3]


def test_one_press_acknowledges_the_low_results_that_nobody_acknowledged() -> None:
    seen = record(session(1), acknowledgements=(Acknowledgement("U1", NOW),))
    many = [seen, record(session(2)), record(session(3)), record(session(4, result=90.0, points=None))]
    (button,) = buttons_named(render(delivery_of(*many), facts(*many)), actions.ACKNOWLEDGE_ALL)
    assert button["text"]["text"] == "Acknowledge the 2"
    value = actions.decode(actions.Sessions, button["value"])
    assert value is not None
    assert set(value.keys) == {key_of(2), key_of(3)}
    assert not buttons_named(render(delivery_of(seen, many[3]), facts(*many)), actions.ACKNOWLEDGE_ALL)


def test_the_low_results_beyond_the_worst_are_a_table_where_slack_takes_one() -> None:
    many = [record(session(n, result=50.0 + n, points=None)) for n in range(1, 9)]
    message = render(delivery_of(*many), facts(*many))
    assert_fits_slack(message)
    (table,) = (block for block in message.rich if block["type"] == "data_table")
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    assert rows[0] == ["Employee", "Result", "Checklist", "Site", "Session"]
    assert rows[1:] == [
        ["Maria Lopez", f"{50 + n} %", "Opening the store", "Store 12", f"0000000{n}"] for n in (6, 7, 8)
    ]
    assert "🔴 Maria Lopez · 56 % · Opening the store · Store 12 · 00000006" in message.text.splitlines()
    assert not {"data_table", "with_fallback"} & {block["type"] for block in message.blocks}


def test_where_results_are_low_and_how_many_of_how_many() -> None:
    company = Directory.of(
        [
            Person(person_id=person, name=name, department_id=department)
            for person, name, department in (("emp", "Maria", "d12"), ("two", "Tom", "d21"), ("obs", "Ana", "d12"))
        ],
        [Department(department_id="d12", name="Store 12"), Department(department_id="d21", name="Store 21")],
    )
    many = [record(session(n, result=score, points=None)) for n, score in ((1, 85.0), (2, 50.0), (3, 60.0), (4, 87.0))]
    for at in (1, 2):
        moved = many[at].session
        key = moved.key._replace(employee_id="two") if at == 1 else moved.key
        many[at] = replace(many[at], session=replace(moved, facts=moved.facts._replace(key=key)))
    message = render(delivery_of(*many), facts(*many, directory=company))
    assert "Store 12: 1 below of 3 · Store 21: 1 of 1 · median 73 %" in message.text


def test_the_worst_have_a_reason_and_the_rest_stay_within_the_limits() -> None:
    many = [record(session(n, result=float(n), points=None, title="T" * 200)) for n in range(1, 23)]
    many += [record(session(n, result=90.0, points=None)) for n in range(23, 26)]
    one = directory("Maria " * 20, "Ana " * 20, "Store " * 20)
    message = render(delivery_of(*many), facts(*many, directory=one, times={one.session.key: 9 for one in many}))
    assert_fits_slack(message)
    assert message.blocks
    assert [message.text.count(one.short_id) for one in many] == [1] * 25
    assert sum("accessory" in block for block in message.blocks) == 5


def test_a_menu_choice_names_its_session() -> None:
    many = [record(session(n, result=90.0, points=None)) for n in (1, 2)]
    (menu,) = buttons_named(render(delivery_of(*many), facts(*many)), actions.DETAILS)
    assert [actions.session_of(choice["value"]) for choice in menu["options"]] == [key_of(1), key_of(2)]


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
    assert message.text.startswith(
        "🔴 Maria Lopez · 72 %, below target 80 %\nOpening the store · Store 12\nObserved by you "
    )
    assert "Why: 40 % Cash desk; Counts the float: 1 of 5; " in message.text
    assert buttons_of(message) == [
        actions.FOLLOW_UP,
        actions.DETAILS,
        actions.MORE,
        actions.DM_FEWER,
        actions.asked(actions.DM_BELOW),
        actions.asked(actions.DM_STOP),
    ]
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


def test_the_employee_reads_of_a_correction_without_a_verdict() -> None:
    one = corrected(record(session(result=72.0)))
    text = render(delivery_of(one, to=EMPLOYEE), facts(one)).text
    assert "Result changed: 86 % → 72 %, corrected 23 Nov 2026, 14:02 UTC" in text
    assert "elow target," not in text


def test_several_own_results_carry_no_verdict_either() -> None:
    many = [record(session(n)) for n in (1, 2)]
    message = render(delivery_of(*many, to=EMPLOYEE), facts(*many))
    buttons_say = ("Only below target", "only those below target or failed")
    said = message.text + shown(message)
    for words in buttons_say:
        said = said.replace(words, "")
    assert "elow" not in said


def test_the_employee_can_stop_what_comes_to_them() -> None:
    one = record()
    message = render(delivery_of(one, to=EMPLOYEE), facts(one))
    assert {actions.DM_BELOW, actions.DM_STOP} <= {actions.action_of(one) for one in buttons_of(message)}


def test_nothing_below_the_target_is_praised() -> None:
    areas = (AreaResult("a1", "Order", 57.0), AreaResult("a2", "Greeting", 40.0))
    one = record(session(result=48.0, points=None), details=Details(areas=areas))
    message = render(delivery_of(one, to=EMPLOYEE), facts(one))
    assert "Went well" not in message.text + shown(message)
    assert "To work on: 40 % Greeting; 57 % Order" in message.text


def test_a_re_opened_session_says_what_is_known_now_and_what_it_was() -> None:
    before = session(result=60.0, points=(30.0, 50.0))
    row = before.facts._replace(status="IN_PROGRESS", finished=Moment())
    again = replace(before, facts=row, completed_as=OutcomeKind.BELOW)
    entry = HistoryEntry(at=NOW, version=2, kind=ChangeKind.REOPENED, old=outcome_of(before), new=outcome_of(again))
    one = record(again, history=(entry,))
    message = render(delivery_of(one), facts(one))
    assert_fits_slack(message)
    said = shown(message)
    assert "in progress" in said and "It was “Below target, 60 % (target 80 %)” until it was re-opened" in said
    for gone in ("Finished", "not given", "*Why*", "of 50 points", "weakest"):
        assert gone not in said, gone


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

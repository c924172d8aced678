"""Who hears of a change, and why (not)."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import decide, outcome_of
from bot.domain.filters import Filter
from bot.domain.model import Change, Moment, Session, SessionFacts, SessionKey
from bot.domain.notifications import Destination, DestinationKind, NotificationKind
from bot.domain.reasons import ReasonCode
from bot.domain.routing import Routed, RoutingResult, candidates, route, subject_of
from bot.domain.rules import OPERATOR, Rule, RuleState
from bot.domain.viewers import DirectMessages, Viewer, Wants
from bot.query.parser import Names, parse, resolve
from tests.domain.build import CHECKLISTS, DIRECTORY, EIGHTY, NOW, facts, session

CHANNEL = Destination(DestinationKind.CHANNEL, "C1")
OTHER = Destination(DestinationKind.CHANNEL, "C2")
ADMIN = Viewer(slack_user_id="UADMIN", person_id=None, is_admin=True)
MANAGER = Viewer(slack_user_id="UBOSS", person_id="boss", is_admin=False)
STRANGER = Viewer(slack_user_id="UKIM", person_id="kim", is_admin=False)
OWNERS = {viewer.slack_user_id: viewer for viewer in (ADMIN, MANAGER, STRANGER)}


def rule(number: int = 1, query: str = "", **fields: Any) -> Rule:
    given = {
        "destination": CHANNEL,
        "owner": "UADMIN",
        "state": RuleState.ACTIVE,
        "created_at": NOW,
        "active_since": NOW - timedelta(minutes=5),
    }
    return Rule(rule_id=number, query=query, **{**given, **fields})


def changed(after: SessionFacts, before: Session | None = None) -> Change:
    change = decide(before, after, now=NOW, targets=EIGHTY)
    assert change is not None
    return change


def routed(
    change: Change,
    *rules: Rule,
    observer: DirectMessages = DirectMessages.NONE,
    employee: DirectMessages = DirectMessages.NONE,
    filters: dict[int, Filter] | None = None,
    wants: Wants | None = None,
) -> Routed:
    def filter_of(query: str) -> Filter:
        return resolve(parse(query), Names(DIRECTORY, CHECKLISTS), now=NOW, zone=UTC)

    return route(
        change,
        rules=rules,
        directory=DIRECTORY,
        owners=OWNERS,
        filters={each.rule_id: filter_of(each.query) for each in rules} if filters is None else filters,
        requested_at=NOW,
        observer_wants=wants or Wants(observer),
        employee_wants=Wants(employee),
    )


def notified(answer: Routed) -> list[str]:
    return [str(notification.destination) for notification in answer.notifications]


def expected(answer: Routed, who: str = "rule 1") -> RoutingResult:
    return next(result for result in answer.results if result.who == who)


LOW = changed(facts("PASSED", 72.0))
HIGH = changed(facts("PASSED", 90.0))


def test_a_completed_session_is_queued_to_the_channel() -> None:
    (notification,) = routed(LOW, rule()).notifications
    assert (notification.kind, notification.destination, notification.rule_ids) == (
        NotificationKind.SESSION,
        CHANNEL,
        (1,),
    )
    assert notification.subject == "session:5e55107a:joe"
    assert notification.session == LOW.after.key
    assert notification.facts == {"version": 1, "bad": 1}
    assert "rule 1 matches" in notification.reason


def test_two_rules_of_one_channel_make_one_notice() -> None:
    (notification,) = routed(LOW, rule(7), rule(3, "outcome:failed")).notifications
    assert notification.rule_ids == (3, 7)


def test_each_channel_gets_its_own_notice() -> None:
    assert notified(routed(LOW, rule(1), rule(2, destination=OTHER))) == ["channel:C1", "channel:C2"]


@pytest.mark.parametrize(
    ("silent", "reason"),
    [
        (rule(state=RuleState.PENDING, active_since=None), "the rule is pending"),
        (rule(state=RuleState.ENDED), "the rule is ended"),
        (rule(active_since=None), "before the rule became active"),
        (rule(active_since=NOW + timedelta(seconds=1)), "before the rule became active"),
        (rule(query="outcome:met"), "does not match"),
        (rule(owner="UNOBODY"), "not decided yet: Slack does not say who the owner of the rule is"),
        (rule(owner="UKIM"), "may not see the session"),
    ],
)
def test_a_rule_that_does_not_hear_says_why(silent: Rule, reason: str) -> None:
    answer = routed(LOW, silent)
    assert notified(answer) == []
    assert not expected(answer).matched
    assert reason in expected(answer).reason


@pytest.mark.parametrize(
    ("code", "reason", "owner"), [("", "not_in_channel", OPERATOR), ("owner_gone", "owner_gone", "UNOBODY")]
)
def test_a_paused_rule_goes_on_collecting(code: str, reason: str, owner: str) -> None:
    answer = routed(LOW, rule(state=RuleState.PAUSED, reason=reason, reason_code=ReasonCode(code), owner=owner))
    assert notified(answer) == ["channel:C1"]
    assert f"waits: the rule is paused ({reason})" in expected(answer).reason


def test_a_new_rule_collects_once_its_introduction_was_tried() -> None:
    answer = routed(LOW, rule(state=RuleState.PENDING))
    assert notified(answer) == ["channel:C1"]
    assert "waits until the rule's introduction is posted" in expected(answer).reason


def test_a_rule_whose_query_has_no_filter_does_not_hear() -> None:
    assert "can't be understood" in expected(routed(LOW, rule(), filters={})).reason


@pytest.mark.parametrize("owner", [OPERATOR, "UADMIN", "UBOSS"])
def test_a_rule_matches_what_its_owner_may_see(owner: str) -> None:
    assert notified(routed(LOW, rule(owner=owner))) == ["channel:C1"]


def test_the_observer_and_the_employee_get_a_direct_message_each() -> None:
    answer = routed(LOW, observer=DirectMessages.ALL, employee=DirectMessages.ALL)
    assert notified(answer) == ["person:ana", "person:joe"]


def test_who_is_both_gets_one() -> None:
    alone = changed(facts("PASSED", 72.0, observer_id="joe"))
    assert notified(routed(alone, observer=DirectMessages.ALL, employee=DirectMessages.ALL)) == ["person:joe"]
    assert notified(routed(alone, observer=DirectMessages.NONE, employee=DirectMessages.ALL)) == ["person:joe"]


@pytest.mark.parametrize(
    ("wants", "change", "matches"),
    [
        (DirectMessages.ALL, HIGH, True),
        (DirectMessages.BELOW, HIGH, False),
        (DirectMessages.BELOW, LOW, True),
        (DirectMessages.NONE, LOW, False),
    ],
)
def test_people_get_what_they_want(wants: DirectMessages, change: Change, matches: bool) -> None:
    answer = routed(change, observer=wants)
    assert expected(answer, "observer").matched is matches
    assert bool(answer.notifications) is matches


def test_who_is_not_active_gets_nothing() -> None:
    answer = routed(changed(facts("PASSED", 72.0, observer_id="gone")), rule(), observer=DirectMessages.ALL)
    assert notified(answer) == ["channel:C1"]
    assert "not active" in expected(answer, "observer").reason
    assert answer.undecided == ()


def test_somebody_in_no_reading_is_not_decided_unless_they_want_nothing() -> None:
    change = changed(facts("PASSED", 72.0, observer_id="nobody"))
    (undecided,) = routed(change, rule(), observer=DirectMessages.ALL).undecided
    assert (undecided.who, undecided.matched, undecided.missing) == ("observer", False, ReasonCode.PERSON_UNKNOWN)
    assert routed(change, rule(), observer=DirectMessages.NONE).undecided == ()
    unnamed = changed(facts("PASSED", 72.0, observer_id=""))
    (undecided,) = routed(unnamed, rule(), observer=DirectMessages.ALL).undecided
    assert (undecided.who, undecided.missing) == ("observer", ReasonCode.OBSERVER_UNNAMED)


def test_a_correction_is_queued_to_nobody_for_the_cards_are_edited() -> None:
    corrected = changed(facts("PASSED", 90.0), session("PASSED", 86.0))
    assert routed(corrected, rule(), observer=DirectMessages.ALL) == Routed()


def test_a_turn_below_target_is_a_new_card_of_its_own() -> None:
    turned = changed(facts("PASSED", 72.0), session("PASSED", 86.0))
    assert [
        notification.subject for notification in routed(turned, rule(), observer=DirectMessages.BELOW).notifications
    ] == [
        "session:5e55107a:joe:v2",
        "session:5e55107a:joe:v2",
    ]


def test_a_session_completed_again_has_the_subject_of_its_first_card() -> None:
    reopened = changed(facts("IN_PROGRESS"), session("PASSED", 86.0)).after
    (notification,) = routed(changed(facts("PASSED", 90.0), reopened), rule()).notifications
    assert notification.subject == subject_of(reopened.key)


def test_old_completions_are_counted_per_channel_and_told_to_nobody() -> None:
    old = changed(facts("PASSED", 72.0, finished=Moment("then", NOW - timedelta(days=30))))
    answer = routed(old, rule(4), rule(2), rule(3, "outcome:met", destination=OTHER), observer=DirectMessages.ALL)
    assert answer.notifications == ()
    (counted,) = answer.counted
    assert (counted.destination, counted.rule_ids, counted.session) == (CHANNEL, (2, 4), old.after.key)
    assert expected(answer, "observer") == RoutingResult("observer", False, "it was completed too long ago to be news")


def test_every_rule_and_person_has_a_verdict() -> None:
    answer = routed(LOW, rule(1), replace(rule(2), state=RuleState.ENDED))
    assert [result.who for result in answer.results] == ["rule 1", "rule 2", "observer", "employee"]


QUERIES = (
    "",
    "outcome:failed",
    "-outcome:failed",
    "dept:Bakery",
    "-dept:Bakery",
    "employee:joe",
    "observer:ana",
    "score:<80",
)


@given(
    queries=st.lists(st.sampled_from(QUERIES), max_size=6),
    owner=st.sampled_from(["UADMIN", "UBOSS", "UNOBODY"]),
    result=st.sampled_from([72.0, 90.0]),
    observer_id=st.sampled_from(["ana", "nobody-knows", ""]),
    employee_id=st.sampled_from(["joe", "kim", "nobody-knows"]),
)
def test_the_candidates_of_a_change_are_routed_as_all_rules_are(
    queries: list[str], owner: str, result: float, observer_id: str, employee_id: str
) -> None:
    rules = [rule(number, query, owner=owner) for number, query in enumerate(queries, start=1)]
    key = SessionKey("5e55107a", employee_id)
    change = changed(facts("PASSED", result, observer_id=observer_id, key=key))
    names = Names(DIRECTORY, CHECKLISTS)
    filters = {each.rule_id: resolve(parse(each.query), names, now=NOW, zone=UTC) for each in rules}
    few = candidates(rules, change.after.facts, outcome_of(change.after), DIRECTORY, filters)
    by_few, by_all = routed(change, *few, filters=filters), routed(change, *rules, filters=filters)
    assert (by_few.notifications, by_few.undecided) == (by_all.notifications, by_all.undecided)

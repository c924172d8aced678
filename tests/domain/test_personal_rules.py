"""A rule that somebody made for themselves: what they may see, once, whatever else brings it to them."""

from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import RuleState
from bot.domain.viewers import DirectMessages
from tests.domain.test_routing import LOW, expected, notified, routed, rule

BOSS = Destination(DestinationKind.PERSON, "boss")
OBSERVER = Destination(DestinationKind.PERSON, LOW.after.facts.observer_id)


def test_it_goes_to_the_person_alone() -> None:
    [notification] = routed(LOW, rule(destination=BOSS, owner="UBOSS")).notifications
    assert (notification.destination, notification.rule_ids) == (BOSS, (1,))


def test_two_rules_of_a_person_and_what_comes_anyway_are_one_message() -> None:
    rules = (rule(1, destination=OBSERVER), rule(2, "outcome:failed", destination=OBSERVER))
    [notification] = routed(LOW, *rules, observer=DirectMessages.ALL).notifications
    assert notification.destination == OBSERVER
    # It comes without a rule too, so the end of one takes nothing away.
    assert notification.rule_ids == ()
    assert "they observed the session; rule 1 matches" in notification.reason


def test_it_brings_nothing_that_its_owner_may_not_see() -> None:
    stranger = Destination(DestinationKind.PERSON, "kim")
    assert notified(routed(LOW, rule(destination=stranger, owner="UKIM"))) == []


def test_it_brings_nothing_to_a_person_who_is_not_its_owner_any_more() -> None:
    answer = routed(LOW, rule(destination=Destination(DestinationKind.PERSON, "joe"), owner="UBOSS"))
    assert notified(answer) == []
    assert "linked to another person" in expected(answer).reason


def test_it_goes_on_collecting_while_it_is_paused() -> None:
    [notification] = routed(LOW, rule(destination=BOSS, owner="UBOSS", state=RuleState.PAUSED)).notifications
    assert notification.rule_ids == (1,)

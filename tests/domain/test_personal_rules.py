"""A rule that somebody made for themselves: what they may see, once, whatever else brings it to them."""

from dataclasses import replace

from bot.domain.changes import outcome_of
from bot.domain.model import Change, OutcomeKind
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.routing import Routed
from bot.domain.rules import Rule, RuleState
from bot.domain.viewers import DirectMessages, Wants
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


def quiet_about_own(change: Change, *rules: Rule) -> Routed:
    return routed(change, *rules, wants=Wants(own_actions=False))


def test_an_observer_is_told_of_their_own_completions_unless_they_chose_not_to_be() -> None:
    assert notified(routed(LOW, wants=Wants())) == [str(OBSERVER)]
    answer = quiet_about_own(LOW)
    assert notified(answer) == []
    assert "want nothing about what they did themselves" in answer.results[0].reason


def test_an_observer_who_is_not_told_of_own_actions_is_told_of_what_turns_out_low_afterwards() -> None:
    assert notified(quiet_about_own(replace(LOW, became_failing=True))) == [str(OBSERVER)]


def test_a_rule_of_theirs_brings_no_own_action_either_and_others_get_theirs() -> None:
    own, other = rule(1, destination=OBSERVER), rule(2)
    answer = quiet_about_own(LOW, own, other)
    assert notified(answer) == [str(other.destination)]
    assert [one.matched for one in answer.results if one.who == "rule 1"] == [False]


def test_only_scores_below_a_percentage() -> None:
    score = outcome_of(LOW.after).score
    assert score is not None
    below = Wants(DirectMessages.BELOW, below=score)
    assert notified(routed(LOW, wants=below)) == []
    assert "the observer wants only scores below" in routed(LOW, wants=below).results[0].reason
    assert notified(routed(LOW, wants=replace(below, below=score + 0.5))) == [str(OBSERVER)]


def test_a_supervisors_low_results_are_those_of_others_that_others_observed() -> None:
    of_boss = rule(1, "-employee:<id:boss> -observer:<id:boss> outcome:failed", destination=BOSS, owner="UBOSS")
    assert notified(routed(LOW, of_boss)) == [str(BOSS)]
    facts = LOW.after.facts._replace(observer_id="boss")
    assert notified(routed(replace(LOW, after=replace(LOW.after, facts=facts)), of_boss)) == []
    high = replace(LOW.after, facts=LOW.after.facts._replace(result=95.0), completed_as=OutcomeKind.MET)
    assert notified(routed(replace(LOW, after=high), of_boss)) == []

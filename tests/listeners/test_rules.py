"""Subscribing a channel, listing rules, ending them."""

import pytest

from bot.blocks import actions
from bot.domain.model import OPERATOR, RuleState
from bot.services.rules import rule_filters
from tests.listeners.office import (
    ADMIN,
    DANA,
    EMMA,
    NORTH,
    OLGA,
    OUTAGE,
    OUTSIDE,
    PUBLIC,
    SAM,
    SHARED,
    UNLINKED,
    Office,
    buttons_of,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time


async def states(office: Office) -> dict[int, RuleState]:
    return {rule.rule_id: rule.state for rule in await office.store.read(lambda tx: tx.rules.all())}


async def test_a_private_channel_is_subscribed_at_once(office: Office) -> None:
    office.sends_meanwhile()
    answer = await office.ask(SAM, "subscribe outcome:failed")
    assert "Done: rule 1 posts to <#G0NORTH> from the next reading of iSpring on: completed" in answer.text
    assert "In the last 30 days it would have posted 2 sessions, 1 on the busiest day." in str(answer.blocks)
    assert await states(office) == {1: RuleState.ACTIVE}
    (intro,) = await office.posted(NORTH)
    assert "Set up by <@U0SAM> as rule 1" in intro and "/ojt unsubscribe 1" in intro
    assert (SAM, "subscribe", "rule:1") in await office.audit_log()
    assert office.nudges


async def test_the_look_back_counts_only_what_the_owner_may_see(office: Office) -> None:
    office.sends_meanwhile()
    answer = await office.ask(ADMIN, "subscribe outcome:failed")
    assert "would have posted 3 sessions" in str(answer.blocks)


async def test_a_public_channel_needs_an_explicit_yes(office: Office) -> None:
    office.sends_meanwhile()
    asked = await office.ask(SAM, "subscribe outcome:failed", PUBLIC)
    assert "everybody in the workspace, now and later, can read what is posted there" in asked.text
    assert "would have posted 2 sessions" in asked.text
    assert await states(office) == {}
    yes = next(one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_SUBSCRIBE)
    answer = await office.press(SAM, yes["action_id"], yes["value"], channel_id=PUBLIC, is_ephemeral=True)
    assert answer is not None and "Done: rule 1" in answer.text
    assert await states(office) == {1: RuleState.ACTIVE}


async def test_a_yes_counts_only_in_the_channel_it_was_asked_for(office: Office) -> None:
    answer = await office.press(SAM, actions.CONFIRM_SUBSCRIBE, f"{PUBLIC}|", channel_id=NORTH)
    assert answer is not None and "no longer means anything" in answer.text
    assert await states(office) == {}


async def test_a_no_saves_nothing(office: Office) -> None:
    answer = await office.press(SAM, actions.CANCEL, PUBLIC, channel_id=PUBLIC, is_ephemeral=True)
    assert answer is not None and "nothing was saved" in answer.text
    assert await states(office) == {}


async def test_a_yes_of_somebody_who_may_see_nothing_makes_no_rule(office: Office) -> None:
    answer = await office.press(UNLINKED, actions.CONFIRM_SUBSCRIBE, f"{PUBLIC}|", channel_id=PUBLIC)
    assert answer is not None and "no active person in iSpring" in answer.text
    assert await states(office) == {}


@pytest.mark.parametrize(
    ("channel", "notified"),
    [
        (OUTSIDE, "/invite"),
        (OUTAGE, "/invite"),
        (SHARED, "shared with another company"),
        ("D0SAM", "Rules post to channels, and this is none"),
    ],
)
async def test_some_places_can_not_be_subscribed(office: Office, channel: str, notified: str) -> None:
    answer = await office.ask(SAM, "subscribe", channel)
    assert notified in answer.text
    assert await states(office) == {}


async def test_an_archived_channel_can_not_be_subscribed(office: Office) -> None:
    await office.slack.archive(NORTH, ADMIN)
    assert "archived" in (await office.ask(SAM, "subscribe")).text


async def test_a_rule_about_somebody_mentioned_hears_of_them_though_nobody_had_met_them(office: Office) -> None:
    office.sends_meanwhile()
    answer = await office.ask(SAM, "subscribe employee:<@U0EMMA|emma>")
    assert "completed sessions of <@U0EMMA>" in answer.text
    assert "would have posted 2 sessions" in str(answer.blocks)
    rules = await office.store.read(lambda tx: tx.rules.all())
    heard = await office.store.read(lambda tx: rule_filters(tx, rules, office.clock.now()))
    assert heard[1].employees == frozenset({"emma"})
    assert "of <@U0EMMA>" in (await office.ask(DANA, "rules")).text


async def test_a_rule_that_could_never_post_anything_is_not_made(office: Office) -> None:
    answer = await office.ask(SAM, "subscribe outcome:planned employee:Emma")
    assert "completed sessions only" in answer.text
    offered = ["subscribe employee:Emma outcome:completed", "subscribe employee:Emma outcome:failed"]
    assert suggestions_of(answer) == offered
    forged = await office.press(SAM, actions.CONFIRM_SUBSCRIBE, f"{PUBLIC}|outcome:planned", channel_id=PUBLIC)
    assert forged is not None and "completed sessions only" in forged.text
    assert await states(office) == {}


async def test_the_same_query_is_not_subscribed_twice(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=DANA)
    answer = await office.ask(SAM, "subscribe outcome:FAIL")
    assert "This rule is there already: Rule 1" in answer.text
    assert await states(office) == {1: RuleState.ACTIVE}


async def test_a_rule_whose_intro_takes_long_starts_later(office: Office) -> None:
    answer = await office.ask(SAM, "subscribe")
    assert "Rule 1 is saved" in answer.text and "It begins once its introduction is posted" in answer.text
    assert await states(office) == {1: RuleState.PENDING}
    await office.send()
    assert await states(office) == {1: RuleState.ACTIVE}


async def test_a_rule_whose_intro_is_refused_is_not_kept(office: Office) -> None:
    office.slack.workspace.channels[NORTH].is_read_only = True
    office.sends_meanwhile()
    answer = await office.ask(SAM, "subscribe")
    assert answer.text.startswith("Nothing was saved")
    assert await states(office) == {1: RuleState.ENDED}


async def test_nothing_is_saved_while_slack_can_not_say_what_the_channel_is(office: Office) -> None:
    await office.ask(SAM, "")
    await office.slack.refuse_connections()
    answer = await office.ask(SAM, "subscribe")
    assert "Nothing was saved" in answer.text
    assert await states(office) == {}


async def test_rules_lists_this_channel_s_and_one_s_own(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=DANA)
    await office.rule(PUBLIC, owner=SAM)
    await office.rule(OUTSIDE, owner=ADMIN)
    answer = await office.ask(SAM, "rules")
    assert "2 rules" in answer.text and "Rule 1" in answer.text and "Rule 2" in answer.text
    assert [one["value"] for one in buttons_of(answer)] == ["2"]


async def test_rules_all_is_for_admins(office: Office) -> None:
    await office.rule(OUTSIDE, owner=OPERATOR)
    assert "only admins" in (await office.ask(SAM, "rules all")).text
    assert "By the operator" in (await office.ask(ADMIN, "rules all")).text


async def test_a_rule_that_names_somebody_unseen_is_listed_without_the_name(office: Office) -> None:
    await office.rule(NORTH, 'employee:"Zoltan Kovacs"')
    assert "by a condition that names what you may not see" in (await office.ask(SAM, "rules")).text
    assert "of Zoltan Kovacs" in (await office.ask(ADMIN, "rules")).text


async def test_whoever_made_a_rule_ends_it(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    answer = await office.ask(SAM, "unsubscribe 1")
    assert "Ended: Rule 1" in answer.text
    assert await states(office) == {1: RuleState.ENDED}
    assert (SAM, "unsubscribe", "rule:1") in await office.audit_log()


async def test_an_admin_ends_anybody_s_rule_with_a_button(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    end = buttons_of(await office.ask(ADMIN, "rules"))[0]
    answer = await office.press(ADMIN, end["action_id"], end["value"])
    assert answer is not None and "Ended" in answer.text


async def test_somebody_else_s_rule_is_not_ended(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.rule(NORTH, "outcome:met", owner=OLGA)
    answer = await office.ask(OLGA, "unsubscribe 1")
    assert "You have no rule “1” that you may end" in answer.text
    assert suggestions_of(answer) == ["unsubscribe 2"]
    assert set((await states(office)).values()) == {RuleState.ACTIVE}


async def test_an_employee_may_subscribe_to_what_they_see(office: Office) -> None:
    office.sends_meanwhile()
    answer = await office.ask(EMMA, "subscribe outcome:failed")
    assert "would have posted 1 session, 1 on the busiest day" in str(answer.blocks)

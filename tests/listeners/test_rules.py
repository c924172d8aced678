"""Subscribing a channel, listing rules, ending them."""

from dataclasses import replace

import pytest

from bot.blocks import actions
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.reasons import PRIVATE
from bot.domain.rules import OPERATOR, NamesShown, RuleState
from bot.domain.staff import Person
from bot.query.parser import parse
from bot.services.rules import make_rule, rule_filters
from bot.store.database import Tx
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
    everything_in,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time


async def states(office: Office) -> dict[int, RuleState]:
    return {rule.rule_id: rule.state for rule in await office.store.read(lambda tx: tx.rules.all())}


async def test_a_private_channel_is_subscribed_at_the_second_press(office: Office) -> None:
    office.sends_meanwhile()
    asked = await office.ask(SAM, "subscribe outcome:failed")
    assert (
        "In the last 30 days it would have posted 2 sessions, 1 on the busiest day (Tue 17 Mar), on 2 days"
        in asked.text
    )
    assert await states(office) == {}
    answer = await office.subscribe(SAM, "outcome:failed")
    assert "Done: rule 1 posts to <#G0NORTH> from the next reading of iSpring on: completed" in answer.text
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


# ---- the preview -----------------------------------------------------------------------------------------------------


async def test_a_proposal_shows_the_days_and_the_newest_as_cards_without_buttons(office: Office) -> None:
    asked = await office.ask(SAM, "subscribe outcome:failed")
    assert "Mon 16 Feb `▁" in asked.text and "▁██▁` Wed 18 Mar" in asked.text
    assert "Emma Employee" in asked.text and "Yves Colleague" in asked.text
    assert "Shows sessions of the 4 people you supervise, yourself included, and those you observe." in asked.text
    assert [one["action_id"] for one in buttons_of(asked)] == [actions.CONFIRM_SUBSCRIBE, actions.CANCEL]


async def test_a_preview_saves_nothing_and_offers_nothing_to_save(office: Office) -> None:
    answer = await office.ask(SAM, "preview failed")
    assert "would have posted 2 sessions" in answer.text and "Nothing was saved" in answer.text
    assert "/ojt subscribe failed" in answer.text
    assert buttons_of(answer) == []
    assert await states(office) == {}


async def test_a_proposal_says_what_other_rules_of_the_channel_send_already(office: Office) -> None:
    await office.rule(NORTH, "employee:<id:emma>", owner=SAM)
    await office.rule(NORTH, "score:<60", owner=ADMIN)  # of nothing that Sam may see
    await office.rule(PUBLIC, "outcome:failed", owner=SAM)
    asked = await office.ask(SAM, "subscribe outcome:failed")
    assert "1 of these 2 is already sent here by rule 1" in asked.text
    assert "rule 2" not in asked.text and "rule 3" not in asked.text


@pytest.mark.parametrize("typed", ["outcome:failed since:30d", "failed this week", "failed until:2026-12-01"])
@pytest.mark.parametrize("verb", ["subscribe", "preview"])
async def test_a_rule_takes_no_time(office: Office, verb: str, typed: str) -> None:
    answer = await office.ask(SAM, f"{verb} {typed}")
    assert "A rule takes no" in answer.text and "from now on" in answer.text
    assert suggestions_of(answer) == [f"{verb} outcome:failed"]
    forged = await office.press(SAM, actions.CONFIRM_SUBSCRIBE, f"{NORTH}|outcome:failed since:30d")
    assert forged is not None and "A rule takes no" in forged.text
    assert await states(office) == {}


async def test_a_rule_made_before_with_a_time_goes_on(office: Office) -> None:
    rule = await office.rule(NORTH, "outcome:failed since:30d", owner=SAM)
    filters = await office.store.read(lambda tx: rule_filters(tx, [rule], office.clock.now()))
    assert len(filters[rule.rule_id].conditions) == 2
    assert "Rule 1" in (await office.ask(SAM, "rules")).text


async def test_options_are_said_and_saved(office: Office) -> None:
    office.sends_meanwhile()
    asked = await office.ask(SAM, "subscribe outcome:failed edits:off names:initials")
    assert "(corrections do not change what was posted, people by their initials)" in asked.text
    await office.subscribe(SAM, "outcome:failed edits:off names:initials")
    [rule] = await office.store.read(lambda tx: tx.rules.all())
    assert (rule.options.edits, rule.options.names) == (False, NamesShown.INITIALS)
    wrong = await office.ask(SAM, "subscribe names:none outcome:failed")
    assert suggestions_of(wrong) == ["subscribe outcome:failed names:full", "subscribe outcome:failed names:initials"]


# ---- for oneself -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "channel"), [("outcome:failed", "D0SAM"), ("outcome:failed for:me", PUBLIC)])
async def test_a_rule_for_oneself_sends_to_nobody_else(office: Office, text: str, channel: str) -> None:
    asked = await office.ask(SAM, f"subscribe {text}", channel)
    assert "A rule that posts to you alone: completed sessions with a low result" in asked.text
    answer = await office.subscribe(SAM, text, channel)
    assert "Done: rule 1 posts to <@U0SAM> alone" in answer.text
    [rule] = await office.store.read(lambda tx: tx.rules.all())
    assert (rule.destination, rule.owner) == (Destination(DestinationKind.PERSON, "sam"), SAM)
    assert rule.state is RuleState.ACTIVE
    assert "Rule 1 for you alone" in (await office.ask(SAM, "rules", "D0SAM")).text
    assert "Rule 1" not in (await office.ask(DANA, "rules", channel)).text


async def test_a_rule_for_oneself_says_what_comes_anyway(office: Office) -> None:
    asked = await office.ask(OLGA, "subscribe outcome:completed", "D0OLGA")
    assert "2 of these 2 come to you anyway" in asked.text


@pytest.mark.parametrize("nobody", [UNLINKED])
async def test_who_is_nobody_has_no_rule_for_themselves(office: Office, nobody: str) -> None:
    answer = await office.ask(nobody, "subscribe", "D0NOBODY")
    assert "no active person in iSpring" in answer.text
    assert await states(office) == {}


async def test_a_yes_counts_only_in_the_channel_it_was_asked_for(office: Office) -> None:
    answer = await office.press(SAM, actions.CONFIRM_SUBSCRIBE, f"{PUBLIC}|", channel_id=NORTH)
    assert answer is not None and "no longer means anything" in answer.text
    assert await states(office) == {}


async def test_a_no_saves_nothing(office: Office) -> None:
    answer = await office.press(SAM, actions.CANCEL, PUBLIC, channel_id=PUBLIC, is_ephemeral=True)
    assert answer is not None and "nothing was changed or posted" in answer.text
    assert await states(office) == {}


async def test_a_yes_of_somebody_who_may_see_nothing_makes_no_rule(office: Office) -> None:
    answer = await office.press(UNLINKED, actions.CONFIRM_SUBSCRIBE, f"{PUBLIC}|", channel_id=PUBLIC)
    assert answer is not None and "no active person in iSpring" in answer.text
    assert await states(office) == {}


@pytest.mark.parametrize(
    ("channel", "notified"),
    [(OUTSIDE, "/invite"), (OUTAGE, "/invite"), (SHARED, "shared with another company")],
)
async def test_some_places_can_not_be_subscribed(office: Office, channel: str, notified: str) -> None:
    answer = await office.ask(SAM, "subscribe", channel)
    assert notified in answer.text
    assert await states(office) == {}


async def test_an_archived_channel_can_not_be_subscribed(office: Office) -> None:
    await office.slack.archive(NORTH, ADMIN)
    assert "archived" in (await office.ask(SAM, "subscribe")).text


async def test_a_rule_about_somebody_mentioned_matches_them_though_nobody_had_met_them(office: Office) -> None:
    office.sends_meanwhile()
    assert "would have posted 2 sessions" in (await office.ask(SAM, "subscribe employee:<@U0EMMA|emma>")).text
    answer = await office.subscribe(SAM, "employee:<@U0EMMA|emma>")
    assert "completed sessions of Emma Employee" in answer.text
    rules = await office.store.read(lambda tx: tx.rules.all())
    heard = await office.store.read(lambda tx: rule_filters(tx, rules, office.clock.now()))
    assert [condition.accepted for condition in heard[1].conditions] == [frozenset({"emma"})]
    assert "of Emma Employee" in (await office.ask(DANA, "rules")).text


async def test_a_rule_that_could_never_post_anything_is_not_made(office: Office) -> None:
    answer = await office.ask(SAM, "subscribe outcome:planned employee:Emma")
    assert "completed sessions only" in answer.text
    offered = [f'subscribe employee:"Emma Employee" outcome:{outcome}' for outcome in ("completed", "failed")]
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
    answer = await office.subscribe(SAM)
    assert "Rule 1 is saved" in answer.text and "It begins once its introduction is posted" in answer.text
    assert await states(office) == {1: RuleState.PENDING}
    await office.send()
    assert await states(office) == {1: RuleState.ACTIVE}


async def test_a_rule_whose_intro_is_refused_is_not_kept(office: Office) -> None:
    office.slack.workspace.channels[NORTH].is_read_only = True
    office.sends_meanwhile()
    answer = await office.subscribe(SAM)
    assert answer.text.startswith("Nothing was saved")
    assert await states(office) == {1: RuleState.ENDED}


async def test_nothing_is_saved_while_slack_can_not_say_what_the_channel_is(office: Office) -> None:
    await office.ask(SAM, "")
    await office.slack.refuse_connections()
    answer = await office.subscribe(SAM)
    assert "Nothing was saved" in answer.text
    assert await states(office) == {}


async def test_rules_lists_this_channel_s_and_one_s_own(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=DANA)
    await office.rule(PUBLIC, owner=SAM)
    await office.rule(OUTSIDE, owner=ADMIN)
    answer = await office.ask(SAM, "rules")
    assert "2 rules" in answer.text and "Rule 1" in answer.text and "Rule 2" in answer.text
    edit, end = buttons_of(answer)
    assert (edit["text"]["text"], edit["value"]) == ("Edit…", "2")
    assert (end["text"]["text"], end["value"]) == ("End rule 2", "2")


async def test_a_rule_in_the_list_is_edited_by_its_button_and_a_digest_is_not(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    made = await office.ask(SAM, "digest weekly mon 09:00")
    save = next(one for one in buttons_of(made) if one["text"]["text"] == "Save: always")
    await office.press(SAM, save["action_id"], save["value"], is_ephemeral=True)
    edit, *ends = buttons_of(await office.ask(SAM, "rules"))
    assert [one["text"]["text"] for one in ends] == ["End rule 1", "End rule 2"]
    trigger = await office.trigger(SAM)
    await office.press(SAM, edit["action_id"], edit["value"], trigger_id=trigger)
    form = office.slack.modal_of(SAM)
    assert form is not None and "rule 1" in everything_in(form.payload).lower()


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
    end = buttons_of(await office.ask(ADMIN, "rules"))[-1]
    answer = await office.press(ADMIN, end["action_id"], end["value"])
    assert answer is not None and "Ended" in answer.text


@pytest.mark.parametrize("action", [actions.UNSUBSCRIBE, f"{actions.UNSUBSCRIBE}:1", actions.RUN, f"{actions.RUN}:0"])
async def test_a_button_that_asked_nothing_ends_a_rule_only_after_a_second_press(office: Office, action: str) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    value = "unsubscribe 1" if action.startswith(actions.RUN) else "1"
    asked = await office.press(SAM, action, value)
    assert asked is not None and "End rule 1? It posts completed sessions with a low result" in asked.text
    assert await states(office) == {1: RuleState.ACTIVE}
    answer = await office.press_yes(SAM, asked)
    assert answer is not None and "Ended: Rule 1" in answer.text
    assert await states(office) == {1: RuleState.ENDED}


async def test_a_suggestion_is_asked_about_before_it_changes_anything(office: Office) -> None:
    await office.ask(EMMA, "")  # so that she is linked
    writing = ["mute 4h", f"unlink <@{EMMA}>"]
    for command in writing:
        before = await office.audit_log()
        asked = await office.press(ADMIN, actions.RUN, command)
        assert asked is not None and "Shall Spotter do it?" in asked.text
        assert await office.audit_log() == before
        await office.press_yes(ADMIN, asked)
        assert await office.audit_log() != before


@pytest.mark.parametrize("typed", ["stop", "stop sending me messages", "no more messages", "quit"])
async def test_stop_in_a_direct_message_shows_what_comes_without_a_rule(office: Office, typed: str) -> None:
    answer = await office.say(OLGA, "D0OLGA", typed)
    assert "Sessions you observe: you get every completed session" in answer.text
    assert "Your own sessions" not in answer.text
    assert [one["text"]["text"] for one in buttons_of(answer)] == [
        "Only below target",
        "Daily digest",
        "Stop",
        "Change…",
    ]


async def test_one_press_makes_a_daily_digest_of_what_comes_without_a_rule(office: Office) -> None:
    answer = await office.ask(OLGA, "turn off notifications")
    assert "There is no rule here that you may end." in answer.text
    daily = next(one for one in buttons_of(answer) if one["text"]["text"] == "Daily digest")
    assert "a digest daily 09:00 of every completed session" in str(daily["confirm"])
    saved = await office.press(OLGA, daily["action_id"], channel_id="D0OLGA")
    assert saved is not None and "you get a digest daily 09:00 of every completed session" in saved.text
    assert "(before: every completed session)" in saved.text


async def test_stop_of_a_person_who_gets_nothing_says_so(office: Office) -> None:
    answer = await office.say(EMMA, "D0EMMA", "settings observer never")
    answer = await office.say(EMMA, "D0EMMA", "stop")
    assert "Sessions you observe: you get nothing" in answer.text
    assert [one["text"]["text"] for one in buttons_of(answer)] == ["Change…"]


@pytest.mark.parametrize("typed", ["stop", "unsubscribe", "Stop!"])
async def test_stop_shows_what_can_be_ended_as_buttons_that_ask(office: Office, typed: str) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    await office.rule(NORTH, "outcome:met", owner=DANA)
    answer = await office.ask(SAM, typed)
    assert "Rule 1" in answer.text and "Rule 2" not in answer.text
    end = buttons_of(answer)[0]
    assert end["confirm"]["title"]["text"] == "End rule 1?"
    assert await states(office) == {1: RuleState.ACTIVE, 2: RuleState.ACTIVE}


async def test_stop_of_who_has_rules_shows_their_direct_messages_too(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=OLGA)
    answer = await office.say(OLGA, "D0OLGA", "stop")
    assert "Rule 1" in answer.text and "Sessions you observe: you get every completed session" in answer.text
    assert "There is no rule here" not in answer.text
    assert [one["text"]["text"] for one in buttons_of(answer)] == [
        "End rule 1",
        "Only below target",
        "Daily digest",
        "Stop",
        "Change…",
    ]


async def test_somebody_else_s_rule_is_not_ended(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.rule(NORTH, "outcome:met", owner=OLGA)
    answer = await office.ask(OLGA, "unsubscribe 1")
    assert "You have no rule “1” that you may end" in answer.text
    assert suggestions_of(answer) == ["unsubscribe 2"]
    assert set((await states(office)).values()) == {RuleState.ACTIVE}


async def test_an_admin_s_wrong_number_ends_nobody_s_rule(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.rule(NORTH, "outcome:met", owner=OLGA)
    asked = await office.ask(ADMIN, "unsubscribe 1")
    assert asked.text.startswith("End rule 1?")
    ended = await office.press_yes(ADMIN, asked)
    assert ended is not None and "Ended: Rule 1 in <#G0NORTH>" in ended.text
    for typed, why in {
        "unsubscribe 1": "Rule 1 has ended.",
        "edit 99 failed": "There is no rule 99.",
        "pause 99 4h": "There is no rule 99.",
    }.items():
        answer = await office.ask(ADMIN, typed)
        assert why in answer.text and "only its owner" not in answer.text
        assert suggestions_of(answer) == ["rules all"]
    assert "Which rule shall end?" in (await office.ask(ADMIN, "unsubscribe all")).text
    listed = await office.ask(ADMIN, "unsubscribe from food safety")
    assert "Which rule shall end?" in listed.text and "I did not use: “from food safety”" in listed.text
    assert (await states(office))[2] is RuleState.ACTIVE
    # Who is no admin is not told that somebody else's rule is there, or was.
    told = {(await office.ask(EMMA, f"unsubscribe {number}")).text.replace(number, "N") for number in ("1", "2", "99")}
    assert len(told) == 1


@pytest.mark.parametrize("typed", ["delete rule 1", "please remove rule #1", "end rule 1", "cancel rule 1"])
async def test_deleting_a_rule_asks_as_its_owner_too(office: Office, typed: str) -> None:
    await office.rule(NORTH, owner=SAM)
    asked = await office.ask(SAM, typed)
    assert asked.text.startswith("End rule 1?")
    assert await states(office) == {1: RuleState.ACTIVE}


async def test_an_admin_is_asked_before_another_person_s_rule_pauses(office: Office) -> None:
    rule = await office.rule(NORTH, owner=SAM)
    asked = await office.ask(ADMIN, "pause 1 4h")
    assert "Pause rule 1 by <@U0SAM> until" in asked.text
    assert await states(office) == {1: RuleState.ACTIVE}
    paused = await office.press_yes(ADMIN, asked)
    assert paused is not None and f"rule {rule.rule_id} in <#G0NORTH>" in paused.text
    assert await states(office) == {1: RuleState.PAUSED}


async def test_a_rule_of_the_settings_is_called_so(office: Office) -> None:
    await office.ask(SAM, "settings supervisor weekly fri 07:00 below target")
    said = (await office.ask(ADMIN, "rules all")).text
    assert "Rule 1 for <@U0SAM> alone, from the settings: a digest of sessions that Sam Supervisor is not in" in said
    assert (
        "with a low result, weekly fri 07:00 in your own zone, only when somebody must act, else once a month" in said
    )


async def test_an_employee_may_subscribe_to_what_they_see(office: Office) -> None:
    office.sends_meanwhile()
    answer = await office.ask(EMMA, "subscribe outcome:failed")
    assert "would have posted 1 session, 1 on the busiest day" in str(answer.blocks)


# ---- people are ids --------------------------------------------------------------------------------------------------


async def queries(office: Office) -> list[str]:
    return [rule.query for rule in await office.store.read(lambda tx: tx.rules.all())]


async def renamed(office: Office, person_id: str, name: str) -> None:
    """iSpring is read again, and somebody has another name there."""

    def replaced(tx: Tx) -> None:
        directory = tx.people.directory()
        people = [replace(one, name=name) if one.person_id == person_id else one for one in directory.people.values()]
        tx.people.replace_directory(people, [*directory.departments.values()], office.clock.now())

    await office.store.transact(replaced)


async def hired(office: Office, *names: str, place: str = "kiosk7") -> None:
    def added(tx: Tx) -> None:
        directory = tx.people.directory()
        new = [Person(person_id=f"new{n}", name=name, department_id=place) for n, name in enumerate(names)]
        tx.people.replace_directory(
            [*directory.people.values(), *new], [*directory.departments.values()], office.clock.now()
        )

    await office.store.transact(added)


async def test_a_rule_names_people_by_id_and_shows_their_name_of_today(office: Office) -> None:
    office.sends_meanwhile()
    answer = await office.subscribe(SAM, 'employee:emma checklist:"till check" dept:kiosk outcome:failed')
    said = "completed sessions on “Till check” in all whose name contains “kiosk” of Emma Employee, with a low result"
    assert said in answer.text
    assert said in (await office.posted(NORTH))[0]
    assert await queries(office) == ["employee:<id:emma> checklist:<id:till%20check> dept:kiosk outcome:failed"]
    await renamed(office, "emma", "Emma Meyer")
    for shown in (await office.ask(SAM, "rules"), await office.home(SAM), await office.ask(SAM, "unsubscribe 1")):
        assert "Emma Meyer" in everything_in(shown) and "Employee" not in everything_in(shown).split("Rule 1")[1]


async def test_a_public_channel_s_yes_is_for_the_people_who_were_named(office: Office) -> None:
    office.sends_meanwhile()
    asked = await office.ask(SAM, "subscribe employee:colleague", PUBLIC)
    assert "completed sessions of Yves Colleague" in asked.text
    await hired(office, "Zoe Colleague")
    yes = next(one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_SUBSCRIBE)
    answer = await office.press(SAM, yes["action_id"], yes["value"], channel_id=PUBLIC, is_ephemeral=True)
    assert answer is not None and "of Yves Colleague." in answer.text
    assert await queries(office) == ["employee:<id:yves>"]


async def test_a_name_means_only_whom_its_owner_may_see(office: Office) -> None:
    await hired(office, "Emma South", place="south")
    office.sends_meanwhile()
    await office.subscribe(SAM, "employee:emma")
    await office.subscribe(ADMIN, "employee:emma")
    assert await queries(office) == ["employee:<id:emma>", "employee:<id:emma> employee:<id:new0>"]


async def test_an_id_that_one_may_not_see_is_as_unknown_as_one_that_nobody_has(office: Office) -> None:
    answers = [await office.ask(SAM, f"{verb} employee:<id:{ident}>") for verb in ("subscribe", "results")
               for ident in ("zoltan", "nobody")]  # fmt: skip
    for seen, unknown in (answers[:2], answers[2:]):
        assert "There is no employee with this id among what you may see." in seen.text
        assert everything_in(seen) == everything_in(unknown)
    assert await queries(office) == []


async def test_a_rule_of_somebody_unseen_shows_no_name_whoever_made_it(office: Office) -> None:
    await office.rule(NORTH, "employee:<id:zoltan>", owner=ADMIN)
    await office.rule(NORTH, "observer:<id:zoltan>", owner=SAM)
    answer = (await office.ask(SAM, "rules")).text
    assert "by a condition that names what you may not see" in answer
    assert "observed by unknown person (zoltan)" in answer
    assert "Kovacs" not in answer
    assert "of Zoltan Kovacs" in (await office.ask(ADMIN, "rules")).text


async def test_an_introduction_names_only_whom_its_owner_may_see(office: Office) -> None:
    place = Destination(DestinationKind.CHANNEL, NORTH)
    query = parse("employee:<id:zoltan> employee:<id:emma>")
    await office.store.transact(
        lambda tx: make_rule(tx, place, SAM, query, RuleState.PENDING, office.clock.now(), audience=PRIVATE)
    )
    await office.ask(SAM, "")  # whoever was never met has no rights
    await office.send()
    (intro,) = await office.posted(NORTH)
    assert "of unknown person (zoltan) or Emma Employee" in intro


async def test_an_admin_reads_a_rule_about_somebody_who_left_ispring(office: Office) -> None:
    await office.rule(NORTH, "employee:<id:4f2a91c0-77>", owner=SAM)
    assert "of unknown person (4f2a91c0)" in (await office.ask(ADMIN, "rules")).text
    assert "of unknown person (4f2a91c0)" in (await office.ask(SAM, "rules")).text


async def test_a_name_of_many_stays_a_text_and_its_owner_is_told(office: Office) -> None:
    await hired(office, *(f"Lee Number {n}" for n in range(11)))
    office.sends_meanwhile()
    answer = await office.subscribe(SAM, "employee:lee")
    assert await queries(office) == ["employee:lee"]
    assert "of all whose name contains “lee”" in answer.text
    assert "“lee” is the name of 11 people, more than the 10 that a rule names one by one" in everything_in(answer)
    await office.store.transact(lambda tx: tx.people.replace_directory([], [], office.clock.now()))
    assert "contains “lee” (no person now)" in (await office.ask(ADMIN, "rules")).text


async def test_the_same_people_under_another_name_are_the_same_rule(office: Office) -> None:
    await office.rule(NORTH, "employee:<id:emma> outcome:failed", owner=DANA)
    await office.rule(PUBLIC, 'outcome:failed employee:"Emma Employee"', owner=DANA)
    await renamed(office, "emma", "Emma Meyer")
    for channel, text in ((NORTH, "outcome:failed employee:meyer"), (NORTH, "employee:<@U0EMMA> outcome:failed")):
        assert "This rule is there already: Rule 1" in (await office.ask(SAM, f"subscribe {text}", channel)).text
    await renamed(office, "emma", "Emma Employee")
    assert (
        "This rule is there already: Rule 2"
        in (await office.ask(SAM, "subscribe outcome:failed employee:emma", PUBLIC)).text
    )


async def test_a_name_of_ispring_in_a_rule_mentions_nobody(office: Office) -> None:
    await renamed(office, "emma", "<@U0ADMIN> Emma")
    await office.rule(NORTH, "employee:<id:emma>", owner=SAM)
    assert "<@U0ADMIN>" not in everything_in(await office.ask(SAM, "rules"))


async def test_the_audit_log_links_the_channel_of_a_rule(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.ask(SAM, "unsubscribe 1")
    assert f"unsubscribe · rule 1 in <#{NORTH}>: all sessions" in (await office.ask(ADMIN, "audit")).text

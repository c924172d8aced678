"""Changing a rule: by a form, by a text, a pause until a moment, another owner."""

import json
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.blocks import actions
from bot.domain.reasons import ReasonCode
from bot.domain.rules import NamesShown, Rule, RuleOptions, RuleState, basis_of
from tests.listeners.office import (
    ADMIN,
    DANA,
    EMMA,
    NORTH,
    OLGA,
    SAM,
    TEAM,
    UNLINKED,
    Office,
    Replies,
    buttons_of,
    everything_in,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time


async def rule_of(office: Office, number: int = 1) -> Rule:
    found = await office.store.read(lambda tx: tx.rules.get(number))
    assert found is not None
    return found


async def opened(office: Office, user: str, number: int = 1) -> dict[str, Any]:
    trigger = await office.trigger(user)
    await office.press(user, actions.EDIT_RULE, str(number), trigger_id=trigger)
    view = office.slack.modal_of(user)
    assert view is not None, "no form is open"
    return view.payload


def filled(form: dict[str, Any]) -> dict[str, Any]:
    """What the fields of a form hold at first, by input."""
    found: dict[str, Any] = {}
    for block in form["blocks"]:
        element = block.get("element")
        if element is not None:
            chosen = element.get("initial_options") or [element.get("initial_option")]
            values = [one["value"] for one in chosen if one]
            found[element["action_id"]] = values or element.get("initial_value", "")
    return found


async def submit(
    office: Office, user: str, number: int = 1, form: dict[str, Any] | None = None, **values: Any
) -> dict[str, Any]:
    """The acknowledgement of a submission: of a form opened before, or else of one that shows the rule as it is."""
    metadata = form["private_metadata"] if form else f"{number}:{basis_of(await rule_of(office, number))}"
    state: dict[str, Any] = {}
    for name, value in values.items():
        element = (
            {"type": "multi_external_select", "selected_options": [{"value": one} for one in value]}
            if isinstance(value, list)
            else {"type": "plain_text_input", "value": value}
        )
        state[name] = {name: element}
    view = {
        "id": "V1", "type": "modal", "callback_id": actions.RULE_FORM, "private_metadata": metadata,
        "state": {"values": state},
    }  # fmt: skip
    body = {"type": "view_submission", "user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "view": view}
    response = await office.dispatch(body, Replies())
    found: dict[str, Any] = json.loads(response.body) if response.body else {}
    return found


async def searched(office: Office, user: str, menu: str, typed: str) -> list[str]:
    """What a menu of the form offers for some letters."""
    body = {
        "type": "block_suggestion", "user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "action_id": menu,
        "block_id": menu, "value": typed,
    }  # fmt: skip
    response = await office._app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    assert response.status == 200
    return [one["text"]["text"] for one in json.loads(response.body)["options"]]


# ---- the form --------------------------------------------------------------------------------------------------------


async def test_the_results_of_the_form_are_said_in_words(office: Office) -> None:
    await office.rule(NORTH, "", owner=SAM)
    form = await opened(office, SAM)
    [menu] = [one["element"] for one in form["blocks"] if one.get("label", {}).get("text") == "Results"]
    assert [(one["value"], one["text"]["text"]) for one in menu["options"]] == [
        ("completed", "Completed"),
        ("passed", "Completed without a low result"),
        ("met", "Met target"),
        ("below", "Below target"),
        ("critical", "Critical criterion failed"),
        ("failed", "Any low result"),
    ]


async def test_the_form_is_filled_in_from_the_rules_text(office: Office) -> None:
    text = "checklist:<id:till%20check> employee:<id:emma> -observer:<id:olga> outcome:failed score:<80"
    await office.rule(NORTH, text, owner=SAM)
    form = await opened(office, SAM)
    assert filled(form) == {
        actions.INPUT_CHECKLIST: ["<id:till%20check>"],
        actions.INPUT_DEPT: "",
        actions.INPUT_PEOPLE: ["<id:emma>"],
        actions.INPUT_OBSERVERS: "",
        actions.INPUT_OUTCOME: ["failed"],
        actions.INPUT_OTHER_TERMS: '-observer:"Olga Observer" score:<80',
        actions.INPUT_EDITS: ["on"],
        actions.INPUT_NAMES: ["full"],
    }
    assert "Emma Employee" in everything_in(form)


async def test_the_form_saves_what_it_says_and_shows_what_it_would_have_sent(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    before = await rule_of(office)
    office.clock.advance(timedelta(minutes=5))
    done = await submit(
        office, SAM, rule_employees=["<id:emma>"], rule_outcomes=["failed"], rule_rest="score:<75", rule_edits="off",
        rule_names="initials",
    )  # fmt: skip
    assert done["response_action"] == "update"
    assert "would have posted 1 session" in everything_in(done["view"])
    rule = await rule_of(office)
    assert rule.query == "employee:<id:emma> outcome:failed score:<75"
    assert rule.options == RuleOptions(edits=False, names=NamesShown.INITIALS)
    assert rule.active_since is not None and rule.active_since == before.active_since
    assert (SAM, "edit", "rule:1") in await office.audit_log()


@pytest.mark.parametrize(
    ("values", "mistake"),
    [
        ({"rule_rest": "since:7d"}, "A rule takes no “since”"),
        ({"rule_rest": "employee:zoltn"}, "There is no employee"),
        ({"rule_employees": ["<id:zoltan>"]}, "There is no employee with this id"),
        ({"rule_rest": "outcome:planned"}, "completed sessions only"),
    ],
)
async def test_a_mistake_in_the_form_saves_nothing(office: Office, values: dict[str, Any], mistake: str) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    done = await submit(office, SAM, **{"rule_rest": "", **values})
    assert mistake in str(done["errors"])
    assert (await rule_of(office)).query == "outcome:failed"


async def test_others_open_and_save_nothing(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    for other in (OLGA, EMMA, UNLINKED):
        answer = await office.press(other, actions.EDIT_RULE, "1", trigger_id=await office.trigger(other))
        assert answer is not None and "You have no rule “1” that you may edit" in answer.text
        assert "errors" in await submit(office, other, rule_rest="score:<10")
    assert (await rule_of(office)).query == "outcome:failed"


async def test_an_admin_edits_anybody_s_rule(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    await submit(office, ADMIN, rule_rest="score:<50")
    rule = await rule_of(office)
    assert (rule.query, rule.owner) == ("score:<50", SAM)


@pytest.mark.parametrize(
    ("user", "menu", "typed", "offered"),
    [
        (
            SAM,
            actions.INPUT_PEOPLE,
            "e",
            ["Emma Employee", "Olga Observer", "Sam Supervisor", "Xenia Papas", "Yves Colleague"],
        ),
        (SAM, actions.INPUT_PEOPLE, "zol", []),
        (ADMIN, actions.INPUT_PEOPLE, "zol", ["Zoltan Kovacs"]),
        (SAM, actions.INPUT_CHECKLIST, "a", []),
        (SAM, actions.INPUT_CHECKLIST, "ti", ["Till check"]),
        (ADMIN, actions.INPUT_CHECKLIST, "vau", ["Vault audit"]),
        (SAM, actions.INPUT_DEPT, "kiosk", ["Kiosk 7", "Southern Kiosk"]),  # Xenia observed one of his people
        (EMMA, actions.INPUT_DEPT, "kiosk", ["Kiosk 7"]),
        (ADMIN, actions.INPUT_DEPT, "kiosk", ["Kiosk 7", "Southern Kiosk"]),
        (UNLINKED, actions.INPUT_PEOPLE, "e", []),
    ],
)
async def test_menus_offer_only_what_one_may_see(
    office: Office, user: str, menu: str, typed: str, offered: list[str]
) -> None:
    await office.ask(user, "")
    found = await searched(office, user, menu, typed)
    assert (sorted(found) if len(found) > 2 else found) == offered


# ---- by a text -------------------------------------------------------------------------------------------------------


async def test_edit_with_a_text_shows_before_and_after_and_saves_at_the_second_press(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    asked = await office.ask(SAM, "edit 1 below 60 names:initials")
    assert "completed sessions with a low result" in asked.text and "It would post instead" in asked.text
    assert (await rule_of(office)).query == "outcome:failed"
    save = next(one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_EDIT)
    answer = await office.press(SAM, save["action_id"], save["value"])
    assert answer is not None and "Saved. Rule 1" in answer.text
    rule = await rule_of(office)
    assert (rule.query, rule.options.names) == ("score:<60", NamesShown.INITIALS)
    late = await office.press(SAM, save["action_id"], save["value"])
    assert late is not None and "was changed meanwhile" in late.text


async def test_options_alone_leave_the_query(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    asked = await office.ask(SAM, "edit 1 edits:off")
    save = next(one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_EDIT)
    await office.press(SAM, save["action_id"], save["value"])
    rule = await rule_of(office)
    assert (rule.query, rule.options.edits) == ("outcome:failed", False)


async def test_edit_without_a_text_offers_the_form(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    answer = await office.ask(SAM, "edit 1")
    assert [one["action_id"] for one in buttons_of(answer)] == [actions.EDIT_RULE]
    assert "You have no rule “1” that you may edit" in (await office.ask(OLGA, "edit 1")).text


# ---- a pause until a moment ------------------------------------------------------------------------------------------


async def test_a_rule_is_paused_until_a_moment_and_goes_on_by_itself(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    assert "Paused until" in (await office.ask(SAM, "pause 1 4h")).text
    rule = await rule_of(office)
    assert (rule.state, rule.resumes_at is not None) == (RuleState.PAUSED, True)
    assert "paused until" in (await office.ask(SAM, "rules")).text
    office.clock.advance(timedelta(hours=4, minutes=1))
    await office.send()
    assert (await rule_of(office)).state is RuleState.ACTIVE


async def test_a_paused_rule_is_resumed_earlier(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.ask(SAM, "pause 1 until:mon")
    assert "Rule 1 goes on" in (await office.ask(SAM, "resume 1")).text
    assert (await rule_of(office)).state is RuleState.ACTIVE
    assert "was not paused" in (await office.ask(SAM, "resume 1")).text


async def test_a_pause_needs_an_end(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    answer = await office.ask(SAM, "pause 1")
    assert "Say until when" in answer.text
    assert suggestions_of(answer) == ["pause 1 4h", "pause 1 until:tomorrow", "pause 1 until:mon"]
    assert (await rule_of(office)).state is RuleState.ACTIVE


async def test_others_pause_no_rule(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    assert "You have no rule “1” that you may pause" in (await office.ask(OLGA, "pause 1 4h")).text
    assert (await rule_of(office)).state is RuleState.ACTIVE


# ---- another owner ---------------------------------------------------------------------------------------------------


async def test_a_rule_is_handed_over_by_an_offer_that_is_accepted(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    await office.ask(DANA, "")
    assert f"<@{DANA}> gets a message about rule 1" in (await office.ask(SAM, f"handover 1 <@{DANA}>")).text
    assert (await rule_of(office)).owner == SAM
    await office.send()
    [message] = office.slack.messages(office.slack.direct_message(DANA).id)
    assert "<@U0SAM> offers you rule 1" in message.text
    asked = await office.press(DANA, actions.ACCEPT_RULE, "1")
    assert asked is not None and "Take over rule 1?" in asked.text
    assert (await rule_of(office)).owner == SAM
    await office.press_yes(DANA, asked)
    rule = await rule_of(office)
    assert (rule.owner, rule.offered_to) == (DANA, None)
    assert (DANA, "take over", "rule:1") in await office.audit_log()


async def test_only_who_was_offered_a_rule_accepts_it(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.ask(DANA, "")
    await office.ask(SAM, f"handover 1 <@{DANA}>")
    for other in (OLGA, EMMA):
        answer = await office.press(other, actions.asked(actions.ACCEPT_RULE), "1")
        assert answer is not None and "does not wait to be taken over" in answer.text
    assert (await rule_of(office)).owner == SAM


async def test_an_admin_takes_over_by_naming_themselves(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    assert "Rule 1 is yours" in (await office.ask(ADMIN, f"handover 1 <@{ADMIN}>")).text
    assert (await rule_of(office)).owner == ADMIN


@pytest.mark.parametrize("how", ["named", "offered", "button"])
async def test_a_rule_whose_owner_was_erased_goes_on_with_another_one(office: Office, how: str) -> None:
    await office.ask(SAM, "")
    await office.ask(DANA, "")
    await office.rule(NORTH, owner=SAM)
    await office.store.transact(lambda tx: tx.erasure.erase("sam", office.clock.now()))
    assert (await rule_of(office)).reason_code is ReasonCode.OWNER_ERASED
    heir = DANA if how == "offered" else ADMIN
    if how == "button":
        listed = await office.ask(ADMIN, "rules")
        [button] = [one for one in buttons_of(listed) if one["action_id"].startswith(actions.TAKE_OVER)]
        asked = await office.press(ADMIN, button["action_id"], button["value"])
        assert asked is not None
        [yes] = [one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_TAKE_OVER]
        answer = await office.press(ADMIN, yes["action_id"], yes["value"])
    else:
        answer = await office.ask(ADMIN, f"handover 1 <@{heir}>")
    if how == "offered":
        asked = await office.press(DANA, actions.ACCEPT_RULE, "1")
        assert asked is not None
        answer = await office.press_yes(DANA, asked)
    assert answer is not None and "Rule 1 is yours" in answer.text and "paused" not in answer.text
    rule = await rule_of(office)
    assert (rule.owner, rule.state) == (heir, RuleState.ACTIVE)


async def test_who_takes_over_a_paused_rule_is_told_that_it_is(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    await office.ask(SAM, "pause 1 4h")
    answer = await office.ask(ADMIN, f"handover 1 <@{ADMIN}>")
    assert "Rule 1 is yours" in answer.text and "It is paused until" in answer.text


async def test_nobody_who_sees_nothing_is_offered_a_rule(office: Office) -> None:
    await office.rule(NORTH, owner=SAM)
    assert "may see no session" in (await office.ask(SAM, f"handover 1 <@{UNLINKED}>")).text
    assert (await rule_of(office)).offered_to is None


async def test_a_rule_for_oneself_is_not_handed_over(office: Office) -> None:
    await office.subscribe(SAM, "outcome:failed", "D0SAM")
    assert "for its owner alone" in (await office.ask(SAM, f"handover 1 <@{DANA}>")).text


async def test_another_account_of_the_same_person_ends_the_rules_that_send_to_them(office: Office) -> None:
    await office.link(ADMIN, SAM, "sam")
    await office.subscribe(SAM, "outcome:failed", "D0SAM")
    await office.link(ADMIN, DANA, "dana")
    await office.ask(ADMIN, f"unlink <@{SAM}>")
    await office.link(ADMIN, UNLINKED, "sam")
    assert "Rule 1" in (await office.ask(UNLINKED, "rules", "D0NOBODY")).text
    assert "You have no rule “1”" in (await office.ask(DANA, "unsubscribe 1")).text
    assert "Ended: Rule 1" in (await office.ask(UNLINKED, "unsubscribe 1", "D0NOBODY")).text
    assert (await rule_of(office)).state is RuleState.ENDED


async def test_who_gets_anothers_rule_reads_no_name_in_it_that_they_may_not_see(office: Office) -> None:
    await office.link(ADMIN, ADMIN, "emma")
    await office.subscribe(ADMIN, 'employee:"Zoltan Kovacs"', "D0ADMIN")
    await office.link(ADMIN, EMMA, "emma")
    for text in ("rules", "unsubscribe", "edit 1", "pause 1 4h", "resume 1", "unsubscribe 1"):
        answer = everything_in(await office.ask(EMMA, text, "D0EMMA"))
        assert "ule 1" in answer and "Zoltan" not in answer and "Kovacs" not in answer
    assert (await rule_of(office)).state is RuleState.ENDED


# ---- what was shown, and what is stored now --------------------------------------------------------------------------


async def test_a_form_that_shows_what_is_no_longer_so_saves_nothing_and_opens_again(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    form = await opened(office, SAM)
    await submit(office, ADMIN, rule_rest="score:<50", rule_names="initials")
    done = await submit(office, SAM, form=form, rule_rest="score:<10", rule_names="full")
    rule = await rule_of(office)
    assert (rule.query, rule.options.names) == ("score:<50", NamesShown.INITIALS)
    again = done["view"]
    assert "changed meanwhile (its conditions, how people are called)" in everything_in(again)
    held = filled(again)
    assert (held[actions.INPUT_OTHER_TERMS], held[actions.INPUT_NAMES]) == ("score:<50", ["initials"])
    # Slack keeps what was entered in blocks of the same id.
    ids = [{one["block_id"] for one in view["blocks"] if "element" in one} for view in (form, again)]
    assert not ids[0] & ids[1]
    await submit(office, SAM, form=again, rule_rest="score:<10", rule_names="full")
    assert (await rule_of(office)).query == "score:<10"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("edit 1 edits:off", "what corrections change"),
        ("edit 1 names:initials", "how people are called"),
        ("edit 1 below 10", "its conditions"),
        (f"handover 1 <@{ADMIN}>", "its owner"),
    ],
)
async def test_an_edit_by_text_is_saved_only_if_the_rule_is_as_it_was_shown(
    office: Office, other: str, said: str
) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    asked = await office.ask(ADMIN, "edit 1 below 60")
    [save] = [one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_EDIT]
    answer = await office.ask(ADMIN, other)
    for one in buttons_of(answer):
        if one["action_id"] == actions.CONFIRM_EDIT:
            await office.press(ADMIN, one["action_id"], one["value"])
    before = await rule_of(office)
    late = await office.press(ADMIN, save["action_id"], save["value"])
    assert late is not None and f"changed meanwhile ({said})" in late.text
    assert actions.EDIT_RULE in [one["action_id"] for one in buttons_of(late)]
    assert await rule_of(office) == before


async def test_an_offer_is_accepted_only_as_it_was_shown(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    await office.ask(DANA, "")
    await office.ask(SAM, f"handover 1 <@{DANA}>")
    await office.send()
    [message] = office.slack.messages(office.slack.direct_message(DANA).id)
    [offer] = [one for block in message.blocks for one in block.get("elements", ()) if "action_id" in one]
    await submit(office, SAM, rule_rest="score:<10", rule_edits="off")
    asked = await office.press(DANA, offer["action_id"], offer["value"])
    assert asked is not None and "changed meanwhile (its conditions, what corrections change)" in asked.text
    assert (await rule_of(office)).owner == SAM
    await office.press_yes(DANA, asked)
    assert (await rule_of(office)).owner == DANA


async def test_an_admin_takes_over_only_what_they_were_shown(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed", owner=SAM)
    await office.store.transact(lambda tx: tx.rules.pause(1, ReasonCode.OWNER_GONE))
    asked = await office.press(ADMIN, actions.TAKE_OVER, "1")
    assert asked is not None
    await submit(office, ADMIN, rule_outcomes=["failed"], rule_rest="", rule_names="initials")
    [yes] = [one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_TAKE_OVER]
    again = await office.press(ADMIN, yes["action_id"], yes["value"])
    assert again is not None and "changed meanwhile (how people are called)" in again.text
    assert (await rule_of(office)).owner == SAM
    [yes] = [one for one in buttons_of(again) if one["action_id"] == actions.CONFIRM_TAKE_OVER]
    await office.press(ADMIN, yes["action_id"], yes["value"])
    assert (await rule_of(office)).owner == ADMIN


async def test_an_introduction_says_how_the_rule_is_now(office: Office) -> None:
    office.sends_meanwhile()
    await office.subscribe(SAM, "outcome:failed")
    await office.ask(DANA, "")

    async def introduction() -> str:
        for _ in range(3):
            await office.send()
        [text] = [text for text in await office.posted(NORTH) if "ule 1" in text]
        return text

    assert f"<@{SAM}> as rule 1" in await introduction()
    await submit(office, SAM, rule_rest="score:<10", rule_names="initials", rule_edits="off")
    text = await introduction()
    assert "below 10" in text and "by their initials" in text and "a correction changes" not in text
    await office.ask(SAM, f"handover 1 <@{DANA}>")
    asked = await office.press(DANA, actions.ACCEPT_RULE, "1")
    assert asked is not None
    await office.press_yes(DANA, asked)
    text = await introduction()
    assert f"<@{DANA}> as rule 1" in text and SAM not in text
    await office.ask(DANA, "unsubscribe 1")
    assert "Rule 1 has ended" in await introduction()


# ---- an owner who sees less than the rule names ----------------------------------------------------------------------


async def test_an_owner_who_sees_less_now_changes_the_options_alone(office: Office) -> None:
    await office.rule(NORTH, "employee:<id:zoltan> -observer:<id:zoltan>", owner=SAM)
    query = (await rule_of(office)).query
    asked = await office.ask(SAM, "edit 1 names:initials")
    assert "Zoltan" not in everything_in(asked) and "Kovacs" not in everything_in(asked)
    [save] = [one for one in buttons_of(asked) if one["action_id"] == actions.CONFIRM_EDIT]
    await office.press(SAM, save["action_id"], save["value"])
    assert ((await rule_of(office)).options.names, (await rule_of(office)).query) == (NamesShown.INITIALS, query)
    form = await opened(office, SAM)
    values = filled(form)
    done = await submit(
        office, SAM, form=form, rule_employees=values["rule_employees"], rule_rest=values["rule_rest"], rule_edits="off"
    )
    assert "errors" not in done and "Zoltan" not in everything_in(done["view"])
    assert ((await rule_of(office)).options.edits, (await rule_of(office)).query) == (False, query)


@pytest.mark.parametrize("shown", ["names", "initials"])
async def test_a_digest_says_whether_it_calls_people_by_their_initials(office: Office, shown: str) -> None:
    asked = await office.ask(SAM, "digest weekly mon 09:00" + (" names:initials" if shown == "initials" else ""))
    assert f"with people's {shown}" in asked.text


@pytest.mark.parametrize(
    ("schedule", "zone"),
    [
        ("weekly mon 09:00", "America"), ("weekly mon 09:00", "../../etc/passwd"), ("weekly mon 09:00", "x" * 300),
        ("weekly mon 09:00 <!channel>", ""), ("hourly", ""), ("weekly mon 99:00", ""), ("cron * * *", ""),
        ("weekly mon 09:00", "Mars/Base\x00"),
    ],
)  # fmt: skip
async def test_a_forged_schedule_or_zone_is_not_saved(office: Office, schedule: str, zone: str) -> None:
    value = actions.encode(actions.SaveDigest(NORTH, schedule, zone, ""))
    answer = await office.press(SAM, actions.SAVE_DIGEST, value)
    assert answer is not None
    assert await office.store.read(lambda tx: tx.rules.all()) == []

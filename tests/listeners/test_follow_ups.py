"""Follow-ups: a supervisor or observer takes one, is reminded of it, and it ends by itself."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.blocks import actions
from bot.demo.slack import Message as Posted
from bot.domain.changes import decide
from bot.domain.model import CriterionResult, Details, SessionFacts, SessionKey, Targets
from bot.domain.notifications import Message
from bot.domain.staff import Subordination
from bot.jobs.remind import RemindJob
from bot.store.database import Tx
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    COLLEAGUE,
    DANA,
    DETAILS,
    EMMA,
    FOREIGN,
    HIGH,
    LOW,
    NORTH,
    OLGA,
    PLANNED,
    SAM,
    TEAM,
    UNLINKED,
    Office,
    Replies,
    buttons_of,
    facts,
    suggestions_of,
)
from tests.listeners.test_quiet import go_to, read_people
from tests.listeners.test_reminders import reminders

pytestmark = pytest.mark.virtual_time

LATER = SessionKey("88aa0000-0000-4000-8000-000000000000", "emma")
VALUE = actions.session_value(LOW)


async def save(office: Office, *rows: SessionFacts, details: Details | None = None) -> None:
    def work(tx: Tx) -> None:
        for row in rows:
            change = decide(tx.sessions.get(row.key), row, now=office.clock.now(), targets=Targets(default=80.0))
            assert change is not None
            tx.sessions.save(change, b"12345678")
            if details is not None:
                tx.details.save(row.key, details, office.clock.now())

    await office.store.transact(work)


async def open_form(office: Office, user: str, key: SessionKey = LOW) -> dict[str, Any]:
    """The form that the button opens."""
    trigger = await office.trigger(user)
    refused = await office.press(user, actions.FOLLOW_UP, actions.session_value(key), trigger_id=trigger)
    assert refused is None, refused.text
    view = office.slack.modal_of(user)
    assert view is not None
    return view.payload


async def submit(office: Office, user: str, key: SessionKey = LOW, **values: str) -> dict[str, Any]:
    """What Slack is answered to the form."""
    filled = {
        actions.INPUT_FOLLOW_UP_WHAT: "whole",
        actions.INPUT_FOLLOW_UP_DUE: "2026-03-20",
        actions.INPUT_FOLLOW_UP_NOTE: "",
        **values,
    }
    state = {name: {name: {"type": "plain_text_input", "value": value}} for name, value in filled.items()}
    metadata = actions.session_value(key)
    view = {"id": "V1", "type": "modal", "callback_id": actions.FOLLOW_UP_FORM, "private_metadata": metadata}
    body = {"type": "view_submission", "user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}}
    response = await office.dispatch({**body, "view": {**view, "state": {"values": state}}}, Replies())
    return dict(json.loads(response.body))


async def take(office: Office, user: str, text: str = "due:friday", key: SessionKey = LOW) -> str:
    return (await office.ask(user, f"follow-up {key.session_id[:8]} {text}".strip())).text


async def offered_on(office: Office, user: str) -> list[set[str]]:
    """What a user can press about the low result: in a list of low results, its message and its details."""
    answers = [await office.ask(user, "attention"), await office.ask(user, f"show {LOW.session_id[:8]}")]
    assert all("72 %" in one.text for one in answers)
    await office.press(user, actions.DETAILS, VALUE, trigger_id=await office.trigger(user))
    view = office.slack.modal_of(user)
    assert view is not None
    pressed = [buttons_of(one) for one in answers] + [buttons_of(Message("", view.payload["blocks"]))]
    acts = {actions.ACKNOWLEDGE, actions.FOLLOW_UP}
    return [acts & {one["action_id"].partition(":")[0] for one in of_one} for of_one in pressed]


async def test_a_low_result_is_for_others_than_its_employee_to_see_to(office: Office) -> None:
    assert await offered_on(office, EMMA) == [set()] * 3
    for user in (SAM, OLGA, ADMIN):
        assert await offered_on(office, user) == [{actions.ACKNOWLEDGE, actions.FOLLOW_UP}] * 3, user


async def listed(office: Office, user: str) -> str:
    return (await office.ask(user, "follow-ups")).text


async def pass_time(office: Office, until: datetime) -> None:
    """Days pass, four hours at a time, with the job and the sender at work, and people read."""
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    while office.clock.now() < until:
        await go_to(office, min(until, office.clock.now() + timedelta(hours=4)))
        await read_people(office)
        await job.once()
        await office.deliver.once(until_idle=False)


def told(office: Office, user: str) -> list[Posted]:
    return [one for one in reminders(office, user) if "follow-up" in one.text]


# ---- taking one ----------------------------------------------------------------------------------------------------


async def test_a_supervisor_takes_one_by_the_form_for_one_criterion(office: Office) -> None:
    form = await open_form(office, SAM)
    (what,) = [one for one in buttons_of(form) if one["action_id"] == actions.INPUT_FOLLOW_UP_WHAT]
    assert [one["text"]["text"] for one in what["options"]] == ["The whole session", "Counts the float"]
    (due,) = [one for one in buttons_of(form) if one["action_id"] == actions.INPUT_FOLLOW_UP_DUE]
    assert due["initial_date"] == "2026-03-25"
    answer = await submit(
        office, SAM, follow_up_what="c1", follow_up_due="2026-03-20", follow_up_note="  practise\nwith her "
    )
    assert "due Fri 20 Mar 2026, for “Counts the float”" in json.dumps(answer, ensure_ascii=False)
    said = await listed(office, SAM)
    assert "1 follow-up of yours" in said and "“practise with her”" in said and "due Fri 20 Mar 2026" in said
    assert (SAM, "follow_up", f"session:{LOW.session_id}:emma") in await office.audit_log()


async def test_the_card_the_details_and_why_say_who_has_one_and_taking_it_acknowledges(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed")
    await take(office, SAM)
    await take(office, OLGA, '2026-03-24 "counts the"')
    shown = (await office.ask(DANA, f"show {LOW.session_id[:8]}")).text
    assert f"Acknowledged by <@{SAM}>" in shown
    assert f"Follow-up by <@{SAM}>, due Fri 20 Mar 2026" in shown
    assert f"Follow-up by <@{OLGA}>, due Tue 24 Mar 2026, “Counts the float”" in shown
    assert (
        f"Follow-up taken by <@{SAM}>, due Fri 20 Mar 2026"
        in (await office.ask(DANA, f"why {LOW.session_id[:8]}")).text
    )
    assert f"Follow-up by <@{OLGA}>" in json.dumps(await open_form(office, SAM))
    unacknowledged = (await office.home(SAM))["blocks"]
    assert "Emma Employee, Till check, 72" not in json.dumps(unacknowledged)


async def test_the_employee_a_stranger_and_who_is_unlinked_take_none(office: Office) -> None:
    for user, why in ((EMMA, "it is your own session"), (UNLINKED, "")):
        answer = await office.press(user, actions.FOLLOW_UP, VALUE, trigger_id=await office.trigger(user))
        assert answer is not None and why in answer.text
        assert office.slack.modal_of(user) is None
        mistakes = await submit(office, user)
        assert mistakes["response_action"] == "errors"
    assert "it is your own session" in await take(office, EMMA)
    foreign = actions.session_value(FOREIGN)
    for user in (SAM, OLGA):
        answer = await office.press(user, actions.FOLLOW_UP, foreign, trigger_id=await office.trigger(user))
        assert answer is not None and "neither observe, supervise nor manage" in answer.text
        for what in ("whole", "c1"):
            refused = json.dumps(await submit(office, user, FOREIGN, follow_up_what=what))
            assert "neither observe, supervise nor manage" in refused and "Zoltan" not in refused
    assert await office.store.read(lambda tx: tx.follow_ups.owners()) == []


async def test_a_result_that_is_not_low_has_nothing_to_follow_up(office: Office) -> None:
    assert "A follow-up is for a result below target" in await take(office, SAM, key=HIGH)
    assert "A follow-up is for a result below target" in await take(office, SAM, key=PLANNED)


@pytest.mark.parametrize("text", ["due:yesterday", "2020-01-01", "due:3000-01-01", "perhaps", "due:friday maybe"])
async def test_a_day_that_is_none_to_come_is_refused_with_others(office: Office, text: str) -> None:
    answer = await office.ask(SAM, f"follow-up {LOW.session_id[:8]} {text}")
    assert "no day to come" in answer.text and f"follow-up {LOW.session_id[:8]} due:tomorrow" in suggestions_of(answer)
    assert "You have no open follow-up" in await listed(office, SAM)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", "Wed 25 Mar 2026"),
        ("due:friday", "Fri 20 Mar 2026"),
        ("due friday", "Fri 20 Mar 2026"),
        ("by friday", "Fri 20 Mar 2026"),
        ("friday", "Fri 20 Mar 2026"),
        ("today", "Wed 18 Mar 2026"),
        ("tomorrow", "Thu 19 Mar 2026"),
        ("due:2w", "Wed 1 Apr 2026"),
        ("in 3 days", "Sat 21 Mar 2026"),
        ("due:2026-03-24", "Tue 24 Mar 2026"),
    ],
)
async def test_days_as_people_type_them(office: Office, text: str, day: str) -> None:
    assert f"due {day}" in await take(office, SAM, text)


async def test_the_form_refuses_days_that_are_over_and_choices_it_did_not_offer(office: Office) -> None:
    for values in (
        {"follow_up_due": "2026-03-17"},
        {"follow_up_due": "soon"},
        {"follow_up_due": ""},
        {"follow_up_due": "2028-01-01"},
        {"follow_up_what": "c2"},
        {"follow_up_what": "c3"},
    ):
        assert (await submit(office, SAM, LOW, **values))["response_action"] == "errors"
    assert "You have no open follow-up" in await listed(office, SAM)


async def test_taking_it_twice_keeps_one_and_another_day_changes_it(office: Office) -> None:
    for _ in range(2):
        await submit(office, SAM)
    await submit(office, SAM, follow_up_due="2026-03-27")
    said = await listed(office, SAM)
    assert "1 follow-up of yours" in said and "due Fri 27 Mar 2026" in said
    entries = [one for one in await office.audit_log() if one[1] == "follow_up"]
    assert len(entries) == 2
    form = await open_form(office, SAM)
    (due,) = [one for one in buttons_of(form) if one["action_id"] == actions.INPUT_FOLLOW_UP_DUE]
    assert due["initial_date"] == "2026-03-27"


# ---- who sees and closes it ----------------------------------------------------------------------------------------


async def test_home_shows_ones_own_and_to_supervisors_those_of_others(office: Office) -> None:
    await take(office, OLGA, "due:friday note: for my eyes only")
    own, team, admin = [json.dumps(await office.home(user), ensure_ascii=False) for user in (OLGA, SAM, ADMIN)]
    assert "1 follow-up of yours" in own and "for my eyes only" in own
    for seen in (team, admin):
        assert "1 follow-up of others on sessions that you may see" in seen and f"<@{OLGA}>" in seen
        assert "for my eyes only" not in seen
    for user in (EMMA, UNLINKED):
        assert "follow-up" not in json.dumps(await office.home(user))


async def test_its_owner_and_an_admin_close_it_and_nobody_else(office: Office) -> None:
    await take(office, OLGA)
    (close,) = [one for one in buttons_of(await office.ask(OLGA, "follow-ups")) if "close" in one["action_id"]]
    refused = await office.press(SAM, close["action_id"], close["value"])
    assert refused is not None and "closed by who took it" in refused.text
    asked = await office.press(OLGA, actions.CLOSE_FOLLOW_UP, close["value"])
    assert asked is not None and "Close the follow-up?" in asked.text
    for expected in ("The follow-up is closed.", "was over already"):
        done = await office.press(OLGA, close["action_id"], close["value"])
        assert done is not None and expected in done.text
    assert (OLGA, "close_follow_up", f"session:{LOW.session_id}:emma") in await office.audit_log()
    assert "Follow-up by" not in (await office.ask(SAM, f"show {LOW.session_id[:8]}")).text
    await take(office, OLGA)
    (close,) = [one for one in buttons_of(await office.ask(OLGA, "follow-ups")) if "close" in one["action_id"]]
    done = await office.press(ADMIN, close["action_id"], close["value"])
    assert done is not None and "The follow-up is closed." in done.text


@pytest.mark.parametrize("value", ["", "x", "0", "99999999999999", "-1", "1.5"])
async def test_a_button_with_a_wrong_number_closes_nothing(office: Office, value: str) -> None:
    await take(office, OLGA)
    await office.press(OLGA, actions.asked(actions.CLOSE_FOLLOW_UP), value)
    assert "1 follow-up of yours" in await listed(office, OLGA)


async def test_who_loses_the_right_sees_it_no_more_and_is_not_reminded(office: Office) -> None:
    await take(office, SAM)

    def unsupervise(tx: Tx) -> None:
        known = tx.people.directory()
        places = [
            replace(one, subordination=Subordination.NONE, supervisor_id=None) for one in known.departments.values()
        ]
        tx.people.replace_directory(list(known.people.values()), places, office.clock.now())

    await office.store.transact(unsupervise)
    assert "Emma" not in json.dumps(await office.home(SAM))
    await pass_time(office, NOON + timedelta(days=5))
    assert told(office, SAM) == []


async def test_it_ends_when_its_owner_loses_the_right_and_nobody_is_shown_as_seeing_to_it(office: Office) -> None:
    await take(office, SAM)
    await take(office, DANA)
    await pass_time(office, NOON + timedelta(hours=1))
    assert "2 follow-ups of others" in await listed(office, OLGA)
    await office.ask(ADMIN, f"unlink <@{SAM}>")
    await pass_time(office, NOON + timedelta(hours=2))

    said = await listed(office, OLGA)
    assert "1 follow-up of others" in said and SAM not in said
    assert f"Followed up by <@{SAM}>, who may not see it any more" in (await office.ask(DANA, "show 10aa")).text
    assert "ended by itself" in (await office.ask(ADMIN, "why 10aa")).text
    assert ("spotter", "close_follow_up", f"session:{LOW.session_id}:emma") in await office.audit_log()


async def test_a_result_needs_somebody_again_when_who_saw_to_it_loses_the_right(office: Office) -> None:
    await take(office, SAM)
    await pass_time(office, NOON + timedelta(hours=1))
    assert "Emma" not in (await office.ask(ADMIN, "attention")).text
    await office.ask(ADMIN, f"unlink <@{SAM}>")
    await pass_time(office, NOON + timedelta(hours=2))
    assert "Emma" in (await office.ask(ADMIN, "attention")).text
    assert ("spotter", "withdraw_acknowledgement", f"session:{LOW.session_id}:emma") in await office.audit_log()


async def test_what_was_acknowledged_before_the_follow_up_stays_so_when_its_owner_loses_the_right(
    office: Office,
) -> None:
    await office.press(SAM, actions.ACKNOWLEDGE, VALUE)
    office.clock.advance(timedelta(minutes=1))
    await take(office, SAM)
    await office.ask(ADMIN, f"unlink <@{SAM}>")
    await pass_time(office, NOON + timedelta(hours=2))
    log = await office.audit_log()
    assert ("spotter", "close_follow_up", f"session:{LOW.session_id}:emma") in log
    assert "withdraw_acknowledgement" not in [verb for _, verb, _ in log]
    shown = (await office.ask(ADMIN, f"show {LOW.session_id[:8]}")).text
    assert f"Acknowledged by <@{SAM}>" in shown


async def test_a_result_stays_acknowledged_when_its_follow_up_is_closed_and_the_question_says_so(
    office: Office,
) -> None:
    await take(office, SAM)
    (close,) = [
        one for one in buttons_of({"blocks": (await office.ask(SAM, "follow-ups")).blocks}) if "Close" in str(one)
    ]
    assert "The result stays acknowledged." in str(close["confirm"])
    await office.press(SAM, close["action_id"], close["value"])
    assert "Emma" not in (await office.ask(ADMIN, "attention")).text


async def test_it_stays_while_slack_can_not_say_who_its_owner_is(office: Office) -> None:
    await take(office, SAM)
    await office.store.transact(lambda tx: tx.people.unlink(SAM))
    for _ in range(10):
        office.slack.faults.order("users.info", "service_unavailable")
    office.clock.advance(timedelta(hours=25))
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    await job.once()
    assert await office.store.read(lambda tx: len(tx.follow_ups.open_of(SAM))) == 1


@pytest.mark.parametrize("lacking", ["iSpring", "Slack"])
async def test_it_stays_while_an_answer_lacks_its_owner_or_their_address(office: Office, lacking: str) -> None:
    await office.ask(SAM, "help")  # links them by their address
    await take(office, SAM)
    known = await office.store.read(lambda tx: tx.people.directory())
    me = await office.store.read(lambda tx: tx.people.linked_person(SAM))
    account = office.slack.workspace.users[SAM]
    people, places, email = list(known.people.values()), list(known.departments.values()), account.email
    if lacking == "iSpring":
        people = [one for one in people if one.person_id != me]
    else:
        account.email = None
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    office.clock.advance(timedelta(hours=25))
    await office.store.transact(lambda tx: tx.people.replace_directory(people, places, office.clock.now()))
    for _ in range(2):
        await job.once()
    assert await office.store.read(lambda tx: len(tx.follow_ups.open_of(SAM))) == 1
    assert "Emma" not in json.dumps(await office.home(SAM))
    assert told(office, SAM) == []

    account.email = email
    office.clock.advance(timedelta(hours=25))
    whole = list(known.people.values())
    await office.store.transact(lambda tx: tx.people.replace_directory(whole, places, office.clock.now()))
    await job.once()
    assert "Emma" in await listed(office, SAM)


async def test_it_stays_while_a_reading_lacks_the_employee(office: Office) -> None:
    await take(office, SAM)
    known = await office.store.read(lambda tx: tx.people.directory())
    others = [one for one in known.people.values() if one.person_id != LOW.employee_id]
    places = list(known.departments.values())
    job = RemindJob(office.store, office.ctx.contacts, office.clock, wake=lambda: None)
    await office.store.transact(lambda tx: tx.people.replace_directory(others, places, office.clock.now()))
    await job.once()
    assert await office.store.read(lambda tx: len(tx.follow_ups.open_of(SAM))) == 1


async def test_a_session_that_another_employee_has_now_shows_nothing_and_a_missing_one_says_so(office: Office) -> None:
    await take(office, SAM)
    session = "UPDATE sessions SET missing_since = 1 WHERE session_id = ?"
    await office.store.transact(lambda tx: tx._connection.execute(session, (LOW.session_id,)))
    assert "iSpring no longer lists the session" in await listed(office, SAM)
    given = "UPDATE sessions SET reassigned_at = 1 WHERE session_id = ?"
    await office.store.transact(lambda tx: tx._connection.execute(given, (LOW.session_id,)))
    assert "You have no open follow-up" in await listed(office, SAM)
    await pass_time(office, NOON + timedelta(days=5))
    assert told(office, SAM) == []


# ---- reminders, and its end ----------------------------------------------------------------------------------------


@pytest.mark.promise("reminded")
async def test_its_owner_is_reminded_the_day_before_on_the_day_and_weekly_from_then(office: Office) -> None:
    await take(office, SAM, "2026-03-20")
    await pass_time(office, datetime(2026, 3, 19, 7, tzinfo=UTC))
    assert told(office, SAM) == []
    await pass_time(office, datetime(2026, 3, 19, 12, tzinfo=UTC))
    (first,) = told(office, SAM)
    assert first.text.startswith("1 follow-up of yours: Emma Employee · Till check")
    assert "due tomorrow" in first.text
    await pass_time(office, datetime(2026, 3, 29, 12, tzinfo=UTC))
    said = [one.text for one in told(office, SAM)]
    assert len(said) == 4
    assert "due today" in said[1] and "overdue since Fri 20 Mar 2026" in said[2] and "overdue since" in said[3]


async def test_one_message_lists_all_and_who_turned_reminders_off_gets_none(office: Office) -> None:
    await take(office, SAM, "2026-03-20")
    await take(office, SAM, "2026-03-20", COLLEAGUE)
    await take(office, OLGA, "2026-03-20")
    await office.ask(OLGA, "reminders off")
    await pass_time(office, datetime(2026, 3, 20, 12, tzinfo=UTC))
    for reminder in told(office, SAM):
        assert "2 follow-ups" in reminder.text
        assert "Yves Colleague" in reminder.text and "Emma Employee" in reminder.text
    assert len(told(office, SAM)) == 2
    assert told(office, OLGA) == []


async def test_a_mute_holds_the_list_which_then_says_how_it_is_then(office: Office) -> None:
    await take(office, SAM, "2026-03-20")
    await office.ask(SAM, "mute 5d for:me")
    await pass_time(office, NOON + timedelta(days=4, hours=22))
    assert told(office, SAM) == []
    await pass_time(office, NOON + timedelta(days=5, hours=2))
    (reminder,) = told(office, SAM)
    assert "overdue since Fri 20 Mar 2026" in reminder.text


async def test_an_admin_without_a_person_is_reminded_as_a_user(office: Office) -> None:
    await take(office, ADMIN, "2026-03-20")
    await pass_time(office, datetime(2026, 3, 20, 12, tzinfo=UTC))
    reminder = told(office, ADMIN)[-1]
    assert "due today" in reminder.text
    where = {"channel_id": reminder.channel, "message_ts": reminder.ts}
    hour = buttons_of({"blocks": reminder.blocks})[0]
    refused = await office.press(SAM, hour["action_id"], hour["value"], **where)
    assert refused is not None and "put off by whom it is for" in refused.text
    snoozed = await office.press(ADMIN, hour["action_id"], hour["value"], **where)
    assert snoozed is not None and "Snoozed" in snoozed.text
    before = len(told(office, ADMIN))
    await pass_time(office, datetime(2026, 3, 20, 16, tzinfo=UTC))
    assert len(told(office, ADMIN)) == before + 1


@pytest.mark.promise("reminded")
async def test_it_ends_by_itself_when_the_employee_meets_the_target_and_its_owner_is_told_once(office: Office) -> None:
    await take(office, SAM, "2026-04-30")
    await pass_time(office, NOON + timedelta(days=1))
    await save(office, facts(LATER, "olga", result=70.0, days_ago=-1))
    await pass_time(office, NOON + timedelta(days=2))
    assert "1 follow-up of yours" in await listed(office, SAM)
    other = SessionKey("99aa0000-0000-4000-8000-000000000000", "emma")
    await save(office, facts(other, "olga", result=95.0, days_ago=-2, checklist="Vault audit"))
    await pass_time(office, NOON + timedelta(days=2, hours=2))
    assert "1 follow-up of yours" in await listed(office, SAM)
    third = SessionKey("98aa0000-0000-4000-8000-000000000000", "emma")
    await save(office, facts(third, "olga", result=85.0, days_ago=-2))
    await pass_time(office, NOON + timedelta(days=6))
    assert "You have no open follow-up" in await listed(office, SAM)
    (end,) = told(office, SAM)
    assert "done: a later session met the target" in end.text
    shown = (await office.ask(SAM, f"show {LOW.session_id[:8]}")).text
    assert f"Followed up by <@{SAM}>, reached" in shown
    assert ("spotter", "close_follow_up", f"session:{LOW.session_id}:emma") in await office.audit_log()


async def test_one_on_a_criterion_waits_for_that_criterion(office: Office) -> None:
    await take(office, SAM, '2026-04-30 "counts the float"')
    await pass_time(office, NOON + timedelta(days=1))
    await save(office, facts(LATER, "olga", result=95.0, days_ago=-1), details=DETAILS)
    await pass_time(office, NOON + timedelta(days=2))
    assert "1 follow-up of yours" in await listed(office, SAM)
    third = SessionKey("98aa0000-0000-4000-8000-000000000000", "emma")
    full = Details(criteria=(CriterionResult("c1", "Counts the float", "a1", False, 5, 5),))
    await save(office, facts(third, "olga", result=60.0, days_ago=-2), details=full)
    await pass_time(office, NOON + timedelta(days=2, hours=1))
    assert "You have no open follow-up" in await listed(office, SAM)


async def test_a_correction_to_the_target_ends_it(office: Office) -> None:
    await take(office, SAM)
    await save(office, facts(LOW, "olga", result=88.0, days_ago=1))
    await pass_time(office, NOON + timedelta(days=1))
    (end,) = told(office, SAM)
    assert "the result was corrected" in end.text


# ---- digests, and erasing ------------------------------------------------------------------------------------------


async def test_a_digest_counts_them_within_its_owners_scope(office: Office) -> None:
    await take(office, SAM, "today")
    await office.store.transact(
        lambda tx: tx.follow_ups.take(FOREIGN, ADMIN, None, date(2026, 3, 30), "", office.clock.now())
    )
    await pass_time(office, NOON + timedelta(days=2))
    team, company = [(await office.ask(user, "digest now")).text for user in (SAM, ADMIN)]
    assert "1 open follow-up, 1 overdue" in team and "Zoltan" not in team
    assert f"Emma Employee · Till check · Below target, 72 % (target 80 %) · by <@{SAM}>" in team.replace("\u00a0", " ")
    assert "2 open follow-ups, 1 overdue" in company


async def test_erasing_the_employee_or_the_owner_removes_it(office: Office) -> None:
    await office.rule(NORTH, "outcome:failed")
    await take(office, SAM)
    await take(office, SAM, key=COLLEAGUE)
    await office.store.transact(lambda tx: tx.erasure.erase("emma", office.clock.now()))
    assert "Emma" not in await listed(office, SAM)
    await office.store.transact(lambda tx: tx.erasure.erase("sam", office.clock.now()))
    count = await office.store.read(lambda tx: tx.follow_ups.owners())
    assert count == []
    assert SAM not in (await office.ask(ADMIN, f"show {COLLEAGUE.session_id[:8]}")).text


async def test_in_the_details_the_form_takes_the_place_of_the_modal_and_on_home_it_opens(office: Office) -> None:
    details = await office.press_details(SAM, LOW)
    (button,) = [one for one in buttons_of(details) if one["action_id"] == actions.FOLLOW_UP]
    shown = office.slack.modal_of(SAM)
    assert shown is not None
    body = {
        "type": "block_actions", "user": {"id": SAM, "team_id": TEAM}, "team": {"id": TEAM}, "trigger_id": "used",
        "container": {"type": "view", "view_id": shown.id}, "view": {"id": shown.id, "type": "modal"},
        "actions": [{"type": "button", "block_id": "b", "action_id": button["action_id"], "value": button["value"]}],
    }  # fmt: skip
    await office.dispatch(body, Replies())
    now_shown = office.slack.modal_of(SAM)
    assert now_shown is not None and now_shown.id == shown.id
    assert now_shown.payload["callback_id"] == actions.FOLLOW_UP_FORM
    assert not [one for one in buttons_of(await office.press_details(EMMA, LOW)) if "follow" in one["action_id"]]
    on_home = [one for one in buttons_of(await office.home(DANA)) if actions.action_of(one["action_id"]) == "follow_up"]
    trigger = await office.trigger(DANA)
    answer = await office.press(DANA, on_home[0]["action_id"], on_home[0]["value"], trigger_id=trigger, view_id="V9")
    opened = office.slack.modal_of(DANA)
    assert answer is None and opened is not None
    assert opened.payload["callback_id"] == actions.FOLLOW_UP_FORM


async def test_slack_that_opens_no_form_is_answered_with_the_command(office: Office) -> None:
    answer = await office.press(SAM, actions.FOLLOW_UP, VALUE, trigger_id="too old")
    assert answer is not None and f"/ojt follow-up {LOW.session_id[:8]} due:friday" in answer.text

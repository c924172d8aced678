"""What people type and what they are answered: menu, help, results, show, todo, status, and mistakes."""

import asyncio
from datetime import timedelta
from threading import Event

import pytest

from bot.blocks import actions
from bot.blocks.answers import Needs
from bot.blocks.markup import escape
from bot.demo.slack import User
from bot.domain.changes import decide
from bot.domain.model import SessionKey, Targets
from bot.domain.polling import PollReport
from bot.listeners.commands import registry
from bot.listeners.questions.asked import wish_of
from bot.store.database import Tx
from tests.listeners.office import (
    ADMIN,
    DANA,
    EMMA,
    HIGH,
    LOW,
    OBSERVED,
    OLGA,
    PLANNED,
    SAM,
    UNLINKED,
    Office,
    buttons_of,
    everything_in,
    facts,
    suggestions_of,
)


async def test_the_bare_command_is_a_menu_for_whoever_typed_it(office: Office) -> None:
    answer = await office.ask(OLGA, "")
    assert "Olga Observer" in answer.text
    assert "You have 1 session to conduct or finish" in answer.text
    assert suggestions_of(answer) == [
        "help",
        "results",
        "todo",
        "status",
        "trend",
        "overdue",
        "attention",
        "rules",
        "digest",
        "settings",
    ]


async def test_a_menu_button_answers_like_the_command(office: Office) -> None:
    action = await office.press(OLGA, "run:todo", "todo")
    assert action == await office.ask(OLGA, "todo")


async def test_help_lists_what_the_asker_may_do(office: Office) -> None:
    for user, has in ((UNLINKED, {Needs.NOTHING}), (ADMIN, {*Needs} - {Needs.PERSON})):
        answer = await office.ask(user, "help all")
        for entry in registry():
            is_sent = f"/ojt {entry.topic.usage}" in answer.text
            may_do = entry.topic.needs in has and (user == ADMIN or not entry.topic.admins_only)
            assert is_sent is may_do, entry.verb


@pytest.mark.parametrize("verb", [entry.verb for entry in registry()])
async def test_every_subcommand_has_its_page_of_help(office: Office, verb: str) -> None:
    entry = next(entry for entry in registry() if entry.verb == verb)
    answer = await office.ask(ADMIN, f"help /ojt {verb}")
    assert entry.topic.summary in answer.text
    assert all(escape(example) in answer.text for example in entry.topic.examples)


# Words that a question about something else may hold; alone they are the subcommand, which is looked for first.
IN_QUESTIONS = {"follow-up": "attention", "quiet": "silent"}


@pytest.mark.parametrize("verb", [entry.verb for entry in registry()])
def test_no_subcommand_takes_over_a_question_that_means_another(verb: str) -> None:
    intent = wish_of(verb)
    assert intent is None or intent.verb == IN_QUESTIONS.get(verb, verb)


@pytest.mark.virtual_time
@pytest.mark.parametrize("example", [one for entry in registry() for one in entry.topic.examples])
async def test_every_example_is_understood(office: Office, example: str) -> None:
    answer = await office.ask(ADMIN, example)
    assert "nothing Spotter understands" not in answer.text
    assert "can't be read" not in answer.text


async def test_help_has_no_sign_that_slack_takes_for_markup(office: Office) -> None:
    for topic in ("", "results", "subscribe"):
        answer = await office.ask(EMMA, f"help {topic}")
        shown = [one["text"]["text"] for one in answer.blocks if one["type"] == "section"]
        assert shown and not any("<" in one for one in (answer.text, *shown))


async def test_help_on_nothing_known_offers_the_nearest(office: Office) -> None:
    assert suggestions_of(await office.ask(EMMA, "help resluts"))[0] == "help results"


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("results outcom:failed", "results outcome:failed"),
        ("results outcome:faled", "results outcome:failed"),
        ("results employee:Ema", 'results employee:"Emma Employee"'),
        ("results checklist:Til-chek", 'results checklist:"Till check"'),
        ("results dept:Kiosc", 'results dept:"Kiosk 7"'),
        ('results checklist:"Till', 'results checklist:"Till"'),
        ("subscribe outcome:faild", "subscribe outcome:failed"),
        ("target 85 Til", 'target 85 "Till check"'),
    ],
)
async def test_a_mistake_is_answered_with_the_nearest_as_buttons(office: Office, typed: str, offered: str) -> None:
    answer = await office.ask(ADMIN, typed)
    if typed == "target 85 Til":  # the beginning of one name is no mistake
        assert "Set the target 85 % for “Till check”?" in answer.text.replace("\u00a0", " ")
        return
    assert offered in suggestions_of(answer), answer.text
    corrected = await office.press(ADMIN, "run:0", offered)
    assert corrected is not None and "Did you mean" not in corrected.text


SHORT_IDS = ("10aa0000", "20bb0000", "30cc0000", "40dd0000", "50ee0000", "60ff0000")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("resluts outcome:failed", "results outcome:failed"),
        ("RESULT", "results"),
        ("outcome:failed", "results outcome:failed"),
        ("who failed", "results outcome:failed"),
        ("`results failed`", "results outcome:failed"),
        ("10aa0000", "show 10aa0000"),
        ("#10aa0000", "show 10aa0000"),
        ("stauts", "status"),
        ("help me", "help"),
        ("help me!", "help"),
        ("?", "help"),
        ("show emma", "results employee:emma"),
        ("till", 'results checklist:"Till check"'),
    ],
)
async def test_what_has_one_meaning_is_run_at_once(office: Office, typed: str, meant: str) -> None:
    assert await office.ask(ADMIN, typed) == await office.ask(ADMIN, meant)


async def test_thanks_are_answered_shortly(office: Office) -> None:
    assert (await office.ask(EMMA, "Thank you!")).text == "You're welcome."


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("my results", {"10aa0000", "20bb0000", "30cc0000"}),
        ("me", {"10aa0000", "20bb0000", "30cc0000"}),
        ("emma below 80", {"10aa0000"}),
        ("my worst 1", {"10aa0000"}),
        ("since 10 march", {"10aa0000"}),
        ("observed by olga until 10 march", {"20bb0000"}),
    ],
)
async def test_an_employee_asks_in_their_own_words(office: Office, typed: str, expected: set[str]) -> None:
    answer = await office.ask(EMMA, typed)
    assert {short for short in SHORT_IDS if short in answer.text} == expected, answer.text


async def test_an_observer_asks_for_what_they_observed(office: Office) -> None:
    answer = await office.ask(OLGA, "what did I observe in february")
    assert {short for short in SHORT_IDS if short in answer.text} == {"60ff0000"}


async def test_an_answer_says_how_it_was_read(office: Office) -> None:
    answer = await office.ask(ADMIN, "failed emma since 1 march")
    assert 'Read as `/ojt results outcome:failed employee:"Emma Employee" since:2026-03-01`' in answer.text


async def test_what_fits_several_things_is_asked_with_buttons(office: Office) -> None:
    answer = await office.ask(ADMIN, "failed kiosk")
    offered = suggestions_of(answer)
    assert offered == ['results outcome:failed dept:"Kiosk 7"', 'results outcome:failed dept:"Southern Kiosk"']
    chosen = await office.press(ADMIN, "run:0", offered[0])
    assert chosen is not None and "10aa0000" in chosen.text and "50ee0000" not in chosen.text


async def test_names_that_may_not_be_seen_do_not_exist(office: Office) -> None:
    """The leak test: what is read, asked and suggested is the same as in a company without them."""
    for typed in ("zoltan", "vault", "failed south", "zoltn", "observed by xenia", "kiosk", "papas"):
        answer = await office.ask(EMMA, typed)
        for hidden in ("Zoltan", "Vault", "Southern", "Xenia", "50ee0000"):
            assert hidden not in everything_in(answer), (typed, answer.text)


@pytest.mark.parametrize("space", ["\n", "\t", "\u00a0", " \r\n "])
async def test_any_space_ends_the_verb(office: Office, space: str) -> None:
    answer = await office.ask(SAM, f"results{space}outcome:failed")
    assert answer == await office.ask(SAM, "results outcome:failed")
    assert "2 found" in answer.text


async def test_results_say_the_query_the_total_and_the_age(office: Office) -> None:
    answer = await office.ask(SAM, "results outcome:failed since:30d")
    assert answer.text.startswith("2 found: sessions with a low result, since 16 Feb 2026.\n")
    assert "🔴 Emma Employee · 72 %, below target 80 %: " in answer.text
    assert "Data as of 18 Mar 2026, 12:00 UTC" in answer.text


async def test_results_come_newest_first(office: Office) -> None:
    said = (await office.ask(EMMA, "results outcome:completed")).text
    assert said.index("10aa0000") < said.index("20bb0000")


async def test_curly_quotes_and_slack_s_own_spelling_are_read(office: Office) -> None:
    answer = await office.ask(OLGA, "results employee:“Emma Employee” score:&lt;80 outcome:completed")
    assert "10aa0000" in answer.text and "20bb0000" not in answer.text


async def test_somebody_mentioned_is_found_by_their_link(office: Office) -> None:
    answer = await office.ask(SAM, "results employee:<@U0EMMA|emma> outcome:completed")
    assert "2 found" in answer.text


async def test_a_page_of_somebody_mentioned_is_turned_by_whoever_presses_first(office: Office) -> None:
    answer = await office.press(SAM, "page:next", "1|employee:<@U0EMMA> outcome:completed")
    assert answer is not None and "2 found" in answer.text


async def test_somebody_mentioned_whom_one_may_not_see_is_answered_like_nobody(office: Office) -> None:
    foreign = User(id="U0ZOLTAN", name="zoltan", real_name="Zoltan", email="zoltan@shop.example")
    office.slack.workspace.add_user(foreign)
    seen, unlinked, stranger = [
        (await office.ask(SAM, f"results employee:<@{user}|somebody>")).text.replace(user, "U0SOMEBODY")
        for user in (foreign.id, UNLINKED, "U0STRANGER")
    ]
    assert seen == unlinked == stranger
    assert seen.startswith("<@U0SOMEBODY> is not linked to anybody you may see in iSpring.")
    assert "1 found" in (await office.ask(ADMIN, f"results employee:<@{foreign.id}|somebody>")).text


async def test_nothing_found_says_what_was_asked(office: Office) -> None:
    answer = await office.ask(SAM, "results score:<10")
    assert answer.text.startswith("Nothing found: sessions scored below 10 %.")


async def with_many_sessions(office: Office, number: int) -> None:
    def add(tx: Tx) -> None:
        for at in range(number):
            row = facts(SessionKey(f"{at:08x}-0000-4000-8000-00000000000a", "emma"), "olga", result=85.0, days_ago=at)
            change = decide(None, row, now=office.clock.now(), targets=Targets())
            assert change is not None
            tx.sessions.save(change, b"12345678")

    await office.store.transact(add)


async def test_results_are_paged_forth_and_back(office: Office) -> None:
    await with_many_sessions(office, 23)
    first = await office.ask(SAM, "results employee:emma outcome:completed")
    assert "25 found" in first.text and "Showing 1 to 10" in first.text
    onward = next(one for one in buttons_of(first) if one["action_id"] == "page:next")
    second = await office.press(SAM, onward["action_id"], onward["value"], is_ephemeral=True)
    assert second is not None and "Showing 11 to 20" in second.text
    back = next(one for one in buttons_of(second) if one["action_id"] == "page:previous")
    assert await office.press(SAM, back["action_id"], back["value"]) == first


async def test_another_viewer_s_page_button_shows_only_what_they_may_see(office: Office) -> None:
    await with_many_sessions(office, 23)
    answer = await office.press(UNLINKED, "page:next", "10|")
    assert answer is not None and "You may not see" in answer.text


async def test_a_session_is_shown_in_full(office: Office) -> None:
    answer = await office.ask(EMMA, "show 10aa0000")
    said = everything_in(answer)
    assert "2 of 3 criteria answered, 1 skipped" in said
    for notified in ("Cash desk", "Counts the float: 1 of 5", "Wears gloves: skipped", "18 points down since"):
        assert notified in said


async def test_criteria_not_fetched_yet_are_said_to_be(office: Office) -> None:
    assert "not here yet" in everything_in(await office.ask(EMMA, "show 20BB"))


async def queued(office: Office) -> list[SessionKey]:
    """Whose criteria are fetched next, of sessions completed within the last hour or promised."""
    now = office.clock.now()
    found = await office.store.read(lambda tx: tx.details.pending(now - timedelta(hours=1), now, 9))
    return list(found)


@pytest.mark.promise("late_criteria")
async def test_criteria_that_show_says_are_to_come_are_fetched_however_old_the_session(office: Office) -> None:
    assert await queued(office) == []
    await office.ask(OLGA, "show 60ff")
    assert await queued(office) == [OBSERVED]


async def test_details_opened_from_a_list_have_the_criteria_fetched_too(office: Office) -> None:
    await office.press_details(OLGA, OBSERVED)
    assert await queued(office) == [OBSERVED]


async def test_nobody_has_criteria_fetched_of_what_they_may_not_see(office: Office) -> None:
    await office.ask(EMMA, "show 60ff")
    await office.press(EMMA, actions.DETAILS, actions.session_value(OBSERVED))
    assert await queued(office) == []


async def test_a_session_is_shown_while_something_long_is_being_written(office: Office) -> None:
    await office.ask(OLGA, "todo")  # from now on it is stored who she is
    written = Event()
    long = asyncio.create_task(office.store.transact(lambda tx: written.wait(20)))
    try:
        answer = await office.ask(OLGA, "show 60ff")
        assert "not here yet" in answer.text
        assert not long.done()
    finally:
        written.set()
        await long


async def test_an_id_that_begins_several_offers_them(office: Office) -> None:
    await with_many_sessions(office, 3)
    answer = await office.ask(OLGA, "show 0000")
    assert "3 sessions have an id starting with `0000`. Which one?" in answer.text
    values = [one["value"] for one in buttons_of(answer)]
    assert len(values) == 3 and all(actions.session_of(value) for value in values)


async def test_to_do_lists_what_an_observer_has_to_conduct(office: Office) -> None:
    answer = await office.ask(OLGA, "todo")
    assert "1 session to do" in answer.text and "30cc0000" in answer.text
    assert "overdue" not in answer.text
    office.clock.advance(timedelta(days=2))
    assert "overdue, planned for" in (await office.ask(OLGA, "todo")).text


async def test_nobody_else_has_it_to_do(office: Office) -> None:
    for viewer in (EMMA, SAM, DANA):
        assert "Nothing to do" in (await office.ask(viewer, "todo")).text


async def test_status_tells_everybody_whether_it_is_late(office: Office) -> None:
    assert "reading and sending" in (await office.ask(UNLINKED, "status")).text
    office.clock.advance(timedelta(hours=1))
    assert "late" in (await office.ask(UNLINKED, "status")).text


async def test_status_tells_reasons_and_counts_to_admins_only(office: Office) -> None:
    failed = PollReport(office.clock.now(), office.clock.now(), error="iSpring does not take the key")
    await office.store.transact(lambda tx: tx.polls.record(failed))
    mine, others = await office.ask(ADMIN, "status"), await office.ask(DANA, "status")
    assert "does not take the key" in mine.text and "Sessions: 6 stored" in mine.text
    assert "does not take the key" not in others.text and "6 stored" not in others.text
    assert "The last reading failed" in others.text


async def test_answers_come_while_slack_is_down(office: Office) -> None:
    before = await office.ask(EMMA, "results")
    await office.slack.refuse_connections()
    office.clock.advance(timedelta(hours=23))
    late, _, answer = (await office.ask(EMMA, "results")).text.partition("\n")
    assert answer == before.text
    assert late.startswith("iSpring has not been read since")
    office.clock.advance(timedelta(hours=2))  # what is known of Emma's account proves nothing any more
    assert "Slack can't say who you are" in (await office.ask(EMMA, "results")).text
    assert "Slack can't say who you are" in (await office.ask(SAM, "results")).text


async def test_a_former_employee_sees_nothing(office: Office) -> None:
    await office.ask(EMMA, "")

    def leave(tx: Tx) -> None:
        directory = tx.people.directory()
        people = [one for one in directory.people.values() if one.person_id != "emma"]
        tx.people.replace_directory(people, list(directory.departments.values()), office.clock.now())

    await office.store.transact(leave)
    assert "no active person in iSpring" in (await office.ask(EMMA, "results")).text


async def test_what_ispring_no_longer_lists_is_not_found(office: Office) -> None:
    await office.store.transact(lambda tx: tx.listings.mark_missing([LOW], office.clock.now()))
    said = (await office.ask(EMMA, "results")).text
    assert "10aa0000" not in said and HIGH.session_id[:8] in said


async def test_planned_sessions_are_results_too(office: Office) -> None:
    answer = await office.ask(EMMA, "results outcome:planned")
    assert PLANNED.session_id[:8] in answer.text


async def test_no_score_reads_as_if_it_were_on_the_other_side_of_what_was_asked(office: Office) -> None:
    """74.6 % is found by `score:<75`, so it is not shown as 75 %."""

    def correct(tx: Tx) -> None:
        before = tx.sessions.get(LOW)
        assert before is not None
        facts = before.facts._replace(result=None, points=373.0, total_points=500.0)
        change = decide(before, facts, now=office.clock.now(), targets=Targets())
        assert change is not None
        tx.sessions.save(change, b"87654321")

    await office.store.transact(correct)
    assert "74.6 %" in (await office.ask(EMMA, "results score:<75")).text
    assert "74.6 %" in (await office.ask(EMMA, "results score:74.6")).text
    assert "74.6 %" not in (await office.ask(EMMA, "results score:>=75")).text


@pytest.mark.virtual_time
async def test_a_checklist_that_is_called_like_a_wish_is_found_by_its_name(office: Office) -> None:
    assert "changed and cancelled in iSpring Learn" in (await office.ask(ADMIN, "conduct training")).text
    key = SessionKey("70aa0000-0000-4000-8000-000000000000", "emma")

    def complete(tx: Tx) -> None:
        row = facts(key, "olga", result=90.0, days_ago=0, checklist="Conduct training")
        change = decide(None, row, now=office.clock.now(), targets=Targets(default=80.0))
        assert change is not None
        tx.sessions.save(change, b"12345678")

    await office.store.transact(complete)
    assert "70aa0000" in (await office.ask(ADMIN, "conduct training")).text
    assert "changed and cancelled in iSpring Learn" in (await office.ask(ADMIN, "conduct training of emma")).text

"""Reports in Slack: figures, trends, a person's history, overdue and upcoming sessions, silent units."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.blocks import actions
from bot.domain.changes import decide
from bot.domain.model import CriterionResult, SessionFacts, SessionKey, Targets
from bot.store.database import Tx
from tests.blocks.limits import texts
from tests.clock import NOON
from tests.listeners.office import (
    ADMIN,
    DETAILS,
    EMMA,
    GUEST,
    OLGA,
    SAM,
    Office,
    buttons_of,
    facts,
    suggestions_of,
)

pytestmark = pytest.mark.virtual_time


def key(number: int, employee: str = "emma") -> SessionKey:
    return SessionKey(f"a{number:07x}-0000-4000-8000-000000000000", employee)


async def add(office: Office, *rows: SessionFacts) -> None:
    def work(tx: Tx) -> None:
        for row in rows:
            change = decide(None, row, now=NOON, targets=Targets(default=80.0))
            assert change is not None
            tx.sessions.save(change, b"12345678")

    await office.store.transact(work)


async def many(office: Office, count: int, result: float, days_ago: int, first: int = 100) -> None:
    await add(office, *(facts(key(first + n), "olga", result=result, days_ago=days_ago) for n in range(count)))


# ---- results -------------------------------------------------------------------------------------------------------


async def test_results_begin_with_a_line_of_figures(office: Office) -> None:
    lines = (await office.ask(ADMIN, "results")).text.splitlines()
    assert lines[0] == "6 found: all sessions."
    assert lines[1] == "5 completed · 3 below target · 40 % met the target · median 72 %"


async def test_figures_are_of_what_the_viewer_may_see(office: Office) -> None:
    lines = (await office.ask(EMMA, "results outcome:completed")).text.splitlines()
    assert lines[1] == "2 completed · 1 below target · 50 % met the target · median 81 %"


async def test_a_limit_says_of_how_many(office: Office) -> None:
    lines = (await office.ask(ADMIN, "results completed sort:score limit:3")).text.splitlines()
    assert lines[0] == "The 3 with the lowest score of 5: sessions completed."
    assert lines[1].startswith("All 5: 5 completed")
    assert "Showing" not in lines[0]
    assert "one with the highest score of 5" in (await office.ask(ADMIN, "results completed sort:-score limit:1")).text


async def test_a_page_after_the_first_keeps_the_figures(office: Office) -> None:
    await many(office, 12, 90.0, 3)
    answer = await office.press(ADMIN, actions.PAGE, actions.encode(actions.Page(10, "outcome:completed")))
    assert answer is not None and "17 completed · 3 below target" in answer.text


# ---- trend ---------------------------------------------------------------------------------------------------------


async def test_a_trend_has_a_row_for_each_week_and_the_change_from_the_one_before(office: Office) -> None:
    await many(office, 6, 90.0, 8, first=100)
    await many(office, 2, 50.0, 8, first=200)
    await many(office, 5, 90.0, 1, first=300)
    answer = (await office.ask(ADMIN, "trend since:2026-03-02")).text
    assert answer.startswith(
        "Trend by week: sessions since 2 Mar 2026: About the same: 71 % met the target, 70 % in the"
    )
    assert "17 completed · 5 below target" in answer and "acknowledged" not in answer and "overdue" not in answer
    weeks = [line for line in answer.splitlines() if line.startswith("Week of")]
    assert [line.split(" · ")[0] for line in weeks][:1] == ["Week of 2 Mar 2026"]
    assert "none before" not in answer, "what no row has is not said in each"
    assert "−0" not in answer
    assert "Criteria that lost" not in answer, "one session with criteria ranks nothing"


async def test_the_most_costly_criteria_are_named_once_enough_sessions_have_them(office: Office) -> None:
    await many(office, 5, 90.0, 3)
    for n in range(5):
        await office.store.transact(lambda tx, n=n: tx.details.save(key(100 + n), DETAILS, NOON))  # type: ignore[misc]
    answer = (await office.ask(ADMIN, "trend by:checklist")).text
    assert "Criteria that lost the largest part of their points, in the newest 6 sessions with criteria:" in answer
    assert "Counts the float: 80 % of its points, in 6 of 6" in answer
    assert "Greets" not in answer


async def with_many_criteria(office: Office) -> None:
    await many(office, 5, 90.0, 3)
    graded = tuple(CriterionResult(f"c{n}", f"Step {n}", "a1", False, n, 20) for n in range(20))
    every = replace(DETAILS, criteria=graded)
    for n in range(5):
        await office.store.transact(lambda tx, n=n: tx.details.save(key(100 + n), every, NOON))  # type: ignore[misc]


async def test_three_criteria_stand_beside_other_rows_and_a_command_lists_the_rest(office: Office) -> None:
    await with_many_criteria(office)
    for by in ("employee", "week"):
        answer = (await office.ask(ADMIN, f"trend by:{by} observer:olga since:2026-03-02")).text
        assert re.findall(r"(Step \d+): \d+ % of its points", answer) == ["Step 0", "Step 1", "Step 2"], by
        more = re.search(r"(\d+) more: `/ojt (trend by:criterion [^`]+)`", answer)
        assert more, answer
        listed = (await office.ask(ADMIN, f"{more[2]} limit:40")).text
        assert listed.count(" of its points") == int(more[1]) + 3, by


async def test_a_trend_by_criterion_says_how_many_more_there_are(office: Office) -> None:
    await with_many_criteria(office)
    answer = (await office.ask(ADMIN, "trend by:criterion since:2026-03-02 limit:8")).text
    assert answer.count(" of its points") == 8 and re.search(r"\d+ more: add `limit:\d+`", answer)


async def test_the_criteria_beside_a_trend_of_the_usual_time_are_listed_of_the_same_time(office: Office) -> None:
    await with_many_criteria(office)
    answer = (await office.ask(ADMIN, "trend by:month")).text
    assert "Completed 1 Feb 2026 to" in answer and "more: `/ojt trend by:criterion since:2026-02-01`" in answer


async def test_small_groups_are_marked_and_not_ranked(office: Office) -> None:
    await many(office, 6, 90.0, 3)
    answer = (await office.ask(ADMIN, "trend by:employee")).text
    rows = [line for line in answer.splitlines() if " met the target · " in line][1:]
    assert rows[0].startswith("Emma Employee · ") and "fewer than 5" not in rows[0]
    assert "Rows of fewer than 5 sessions are not ranked: they are last" in answer
    (small,) = [row for row in rows if row.startswith("Zoltan Kovacs")]
    assert " of 1 met the target · " in small and small.endswith("fewer than 5"), "its numbers, and no percentage"


@pytest.mark.parametrize(
    "typed",
    [
        "results till by:employee",
        "till by:employee",
        'checklist:"Till check" by:employee',
        "till per person",
        "till by people",
    ],
)
async def test_a_list_that_asks_for_groups_is_a_trend(office: Office, typed: str) -> None:
    assert (await office.ask(ADMIN, typed)).text.startswith("Trend by employee: sessions on “Till check”"), typed


async def test_a_list_of_failed_by_criterion_is_a_trend(office: Office) -> None:
    assert (await office.ask(ADMIN, "failed by criterion")).text.startswith("Trend by criterion: ")


async def test_criteria_of_a_few_sessions_are_named_and_not_ranked(office: Office) -> None:
    await many(office, 2, 70.0, 3)
    for n in range(2):
        await office.store.transact(lambda tx, n=n: tx.details.save(key(100 + n), DETAILS, NOON))  # type: ignore[misc]
    answer = (await office.ask(ADMIN, "trend by:criterion since:2026-03-15 until:2026-03-15")).text
    assert "Criteria that lost points, in the newest 2 sessions with criteria; too few to rank them" in answer
    assert "Counts the float: 80 % of its points, in 2 of 2" in answer and "Greets" not in answer
    unread = (await office.ask(ADMIN, "trend by:criterion since:2026-03-10 until:2026-03-10")).text
    assert "No criterion" not in unread


async def test_failures_are_counted_among_all_sessions(office: Office) -> None:
    await many(office, 6, 90.0, 2, first=100)
    await many(office, 2, 50.0, 2, first=200)
    await add(office, *(facts(key(300 + n, "zoltan"), "xenia", result=40.0, days_ago=2) for n in range(6)))
    answer = (await office.ask(ADMIN, "failed by site since:2026-03-16")).text
    assert "the highest share first" in answer
    rows = [line for line in answer.splitlines() if " of " in line and " %)" in line]
    assert [row.split(" · ")[0] for row in rows] == ["Southern Kiosk", "Kiosk 7"], answer
    assert "6 of 6 (100 %)" in rows[0], answer
    weeks = (await office.ask(ADMIN, "failed per week since:2026-03-16")).text
    assert "100 %" not in weeks and " 0 %" not in weeks, "no share of what is all failed"
    assert "No session was completed" in (await office.ask(ADMIN, "trend planned")).text


async def test_numbers_by_criterion_are_the_criteria(office: Office) -> None:
    answer = (await office.ask(ADMIN, "trend count by:criterion")).text
    assert answer.startswith("Trend by criterion: all sessions")


async def test_a_table_of_numbers_names_units_as_they_are(office: Office) -> None:
    rows = [facts(key(300 + n), "olga", result=90.0, days_ago=n, checklist="Food & drink") for n in range(2)]
    await add(office, *rows)
    for typed in ("trend count by:checklist", "trend by:checklist"):
        [table] = [one for one in (await office.ask(ADMIN, typed)).blocks if one["type"] == "data_table"]
        assert "Food & drink" in [row[0]["text"] for row in table["rows"]], typed


async def test_months_before_the_first_session_are_left_out(office: Office) -> None:
    answer = (await office.ask(ADMIN, "trend by:month")).text
    assert "none completed" not in answer and "Mar 2026" in answer


async def test_rows_are_never_cut_silently(office: Office) -> None:
    for number, person in enumerate(("emma", "yves", "zoltan", "ulf")):
        rows = [facts(key(1000 * number + n, person), "olga", result=70.0, days_ago=2) for n in range(5)]
        await add(office, *rows)
    answer = (await office.ask(ADMIN, "trend by:employee limit:3")).text
    assert "1 more: add `limit:4`" in answer
    assert "1 more" not in (await office.ask(ADMIN, "trend by:employee limit:4")).text


async def test_a_trend_says_its_time_zone_scope_and_age(office: Office) -> None:
    answer = (await office.ask(SAM, "trend by:month")).text
    assert "(Europe/London); another time with since:" in answer.replace("`", "")
    assert "Covers sessions of the 4 people you supervise, yourself included, and those you observe." in answer
    assert "Data as of" in answer


async def test_stale_data_is_said(office: Office) -> None:
    office.clock.advance(timedelta(hours=9))
    for verb in ("trend", "overdue", "silent"):
        assert "The data is 9 h old: newer sessions are missing." in (await office.ask(ADMIN, verb)).text


async def test_too_many_weeks_offer_months(office: Office) -> None:
    answer = await office.ask(ADMIN, "trend by:week since:2020-01-01")
    assert "more than 60 weeks" in answer.text
    assert "trend since:2020-01-01 by:month" in suggestions_of(answer)


async def test_a_trend_of_nothing_teaches(office: Office) -> None:
    answer = (await office.ask(EMMA, "trend since:today")).text
    assert "No session was completed" in answer and "try a longer time" in answer


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("trend till by month", 'trend checklist:"Till check" by:month'),
        ("history emma", 'history employee:"Emma Employee"'),
        ("overdue kiosk 7", 'overdue dept:"Kiosk 7"'),
        ("upcoming 14d till", 'upcoming 14d checklist:"Till check"'),
    ],
)
async def test_free_words_are_read_in_reports_too(office: Office, typed: str, read_as: str) -> None:
    assert f"Read as `/ojt {read_as}`" in (await office.ask(ADMIN, typed)).text


# ---- history -------------------------------------------------------------------------------------------------------


async def test_a_history_says_the_change_from_one_to_the_next(office: Office) -> None:
    answer = (await office.ask(ADMIN, "history emma")).text.splitlines()
    assert answer[0].startswith("History of Emma Employee: 2 completed · 1 below target")
    steps = [line for line in answer if "Till check" in line]
    assert "72 %, below target 80 %" in steps[0] and "−18 points since" in steps[0]
    assert "first on this checklist" in steps[1]


async def test_a_history_is_of_one_person(office: Office) -> None:
    assert "History of Emma Employee" in (await office.ask(EMMA, "history")).text
    assert "Name one person" in (await office.ask(ADMIN, "history")).text
    asked = await office.ask(ADMIN, "history employee:emma employee:yves")
    assert "names 2: Emma Employee, Yves Colleague" in asked.text
    assert suggestions_of(asked) == ["history employee:<id:emma>", "history employee:<id:yves>"]


# ---- overdue and upcoming ------------------------------------------------------------------------------------------


async def test_overdue_names_the_oldest_first_with_ages(office: Office) -> None:
    await add(
        office,
        facts(key(1), "olga", status="NOT_STARTED", days_ago=3),
        facts(key(2), "olga", status="IN_PROGRESS", days_ago=20),
        facts(key(3), "olga", status="NOT_STARTED", days_ago=9),
    )
    answer = (await office.ask(OLGA, "overdue")).text
    assert "2 planned and not started · 1 started and not finished; the oldest first" in answer
    ages = [line for line in answer.splitlines() if " ago" in line]
    assert [line.split(", ")[-1].split(" ago")[0] for line in ages] == ["20 d", "9 d", "3 d"]
    assert "Nothing is overdue" in (await office.ask(OLGA, "overdue checklist:till since:today")).text


async def test_what_began_lately_is_not_overdue_yet(office: Office) -> None:
    await add(
        office,
        facts(key(1), "olga", status="IN_PROGRESS", days_ago=0),
        facts(key(2), "olga", status="IN_PROGRESS", days_ago=1),
        facts(key(3), "olga", status="NOT_STARTED", days_ago=0),
    )
    answer = (await office.ask(SAM, "overdue")).text
    assert "Nothing is overdue" in answer and "24 hours after the planned time" in answer
    assert "48 hours after the start" in answer
    office.clock.advance(timedelta(days=2))
    asked = await office.ask(SAM, "overdue")
    assert "2 started and not finished" in asked.text and "Overdue: not started 24 hours" in asked.text
    [nudge] = [one for one in buttons_of(asked) if one["action_id"].startswith(actions.NUDGE)]
    assert "direct message" in nudge["confirm"]["text"]["text"], "asked about first"


async def test_upcoming_counts_days_in_the_viewers_zone(office: Office) -> None:
    assert "1 session planned in the next 7 days" in (await office.ask(OLGA, "upcoming")).text
    assert "1 session planned in the next 1 day" in (await office.ask(OLGA, "upcoming 1d")).text
    await add(office, facts(key(1), "olga", status="NOT_STARTED", days_ago=-9))
    assert "1 session planned" in (await office.ask(OLGA, "upcoming 7d")).text
    assert "2 sessions planned in the next 14 days" in (await office.ask(OLGA, "upcoming 2 weeks")).text
    assert "Nothing is planned" in (await office.ask(EMMA, "upcoming 3d failed")).text


async def test_what_a_site_had_before_counts_those_who_had_nothing_since(office: Office) -> None:
    await add(office, *(facts(key(100 + n), "olga", result=90.0, days_ago=2) for n in range(5)))
    await add(office, *(facts(key(200 + n, "olga"), "sam", result=50.0, days_ago=9) for n in range(5)))
    await add(office, *(facts(key(300 + n), "olga", result=90.0, days_ago=9) for n in range(4)))
    answer = (await office.ask(ADMIN, "trend by:dept since:7d")).text
    # 5 of 7 met; 5 of 10 before, of which five are of Olga, who had none since.
    (line,) = [line for line in answer.splitlines() if line.startswith("Kiosk 7")]
    assert "71 %" in line and "+21 points" in line, line


async def test_an_observer_is_silent_for_a_supervisor_by_what_the_supervisor_may_see(office: Office) -> None:
    await add(office, facts(key(100, "zoltan"), "olga", result=90.0, days_ago=0))  # not among those of sam
    await add(office, facts(key(101, "zoltan"), "sam", result=90.0, days_ago=3))  # observed by sam
    answer = (await office.ask(SAM, "silent 1d")).text
    assert "Sam Supervisor" in answer and "15 Mar" in answer, answer
    assert "observers · with the people you may see" in answer, "Sam learns nothing of what Olga did elsewhere"
    assert "with the people" not in (await office.ask(ADMIN, "silent 1d")).text


# ---- silent --------------------------------------------------------------------------------------------------------


async def test_silent_names_sites_and_observers_without_a_session(office: Office) -> None:
    answer = (await office.ask(ADMIN, "silent 1d")).text
    assert "Without a completed session in the last 1 day" in answer
    assert "Southern Kiosk (3 people) · last on" in answer
    assert "Xenia Papas · last on" in answer
    assert "Kiosk 7" not in answer


async def test_silent_is_of_the_people_in_ones_charge(office: Office) -> None:
    answer = (await office.ask(SAM, "silent 1d")).text
    assert "South" not in answer and "Zoltan" not in answer
    assert "Kiosk 7" not in answer, "Emma completed one yesterday"


async def test_who_sees_nothing_gets_no_report(office: Office) -> None:
    for verb in ("trend", "history", "overdue", "upcoming", "silent", "export"):
        assert "guest" in (await office.ask(GUEST, verb)).text


async def test_low_results_that_are_cut_say_of_how_many_and_how_to_see_all(office: Office) -> None:
    await many(office, 12, 40.0, 3)
    answer = await office.ask(SAM, "attention")
    assert "14 below target and not acknowledged" in answer.text
    assert "10 of 14, worst first; the next come up as these are acknowledged, or add `limit:14`" in answer.text
    every = await office.ask(SAM, "attention limit:14")
    assert "worst first" not in every.text
    assert [one["text"]["text"] for one in buttons_of(every)].count("Acknowledge") == 14
    home = "\n".join(texts(await office.home(SAM)))
    assert "14 below target in 30 days, not acknowledged\n5 of 14, worst first; all: `/ojt attention`" in home
    todo = (await office.ask(SAM, "todo")).text
    assert "14 low results of the last 30 days that nobody has acknowledged, of the people you may see;" in todo
    assert "all: `/ojt attention`" in todo

"""Questions about results and people: whose they are, which come first, how many there are, and why one is low.

Asked of the demo's company as in `test_dialogs`; on the right is the command that the answer says it was read as.
"""

import pytest

from tests.listeners.demo_office import DemoOffice, offered, read_as
from tests.listeners.test_dialogs import FOOD, JAMIE, OPENING, SOFIA, STORE_12

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ_AS = {
    # the adjective says in which order, "top 5" only how many
    ("admin", "top 5 worst performers"): "trend by:employee limit:5",
    ("admin", "top 5 performers"): "trend by:employee sort:-score limit:5",
    ("admin", "top 10 lowest results"): "results sort:score limit:10",
    ("admin", "top three of the worst this week"): "results sort:score limit:3 since:2026-11-23",
    ("admin", "best of the worst"): "results sort:score",
    ("admin", "top 10 failed"): "results sort:score limit:10 outcome:failed",
    ("admin", "top 5 newest"): "results limit:5",
    ("admin", "top 5"): "results sort:-score limit:5",
    # whose they are
    ("observer", "my sessions last week"): "results observer:me since:2026-11-16 until:2026-11-22",
    ("observer", "sessions I did"): "results observer:me",
    ("observer", "how many sessions did I do this month"): "results observer:me since:2026-11-01",
    ("observer", "was my result recorded?"): "results observer:me",
    ("observer", "did my last session go through"): "results observer:me limit:1",
    ("observer", "what did I give Jamie"): f"results observer:me {JAMIE}",
    ("observer", "what did I grade Jamie"): f"results observer:me {JAMIE}",
    ("observer", "what did I do with Jamie"): f"results observer:me {JAMIE}",
    ("observer", "was I graded"): "results employee:me",
    ("observer", "what grade did I get"): "results employee:me",
    ("observer", "my grade"): "results employee:me",
    ("observer", "my results"): "results employee:me",
    ("observer", "how did I do"): "results employee:me",
    ("observer", "my results november 1 through 15"): "results employee:me since:2026-11-01 until:2026-11-15",
    ("employee", "my sessions"): "results employee:me",
    ("employee", "sessions I did"): "results employee:me",
    ("employee", "my observations"): "results employee:me",
    ("supervisor", "what did oskar give jamie"): f'results observer:"Oskar Halvorsrud" {JAMIE}',
    # yes or no
    ("employee", "did i pass"): "results employee:me",
    ("employee", "do i have failed sessions"): "results employee:me outcome:failed",
    ("admin", "does jamie have low scores"): f"results {JAMIE} outcome:failed",
    ("employee", "have I passed opening"): f"results employee:me {OPENING}",
    ("employee", "did I fail anything"): "results employee:me outcome:failed",
    ("admin", "did Jamie pass opening?"): f"results {JAMIE} {OPENING}",
    ("admin", "is Jamie below target"): f"results {JAMIE}",
    ("admin", "who passed opening"): f"results outcome:passed {OPENING}",
    ("admin", "did anyone fail opening"): f"results outcome:failed {OPENING}",
    # why
    ("employee", "what did I do wrong last time"): "show last employee:me",
    ("employee", "why did I fail"): "show last outcome:failed employee:me",
    ("employee", "why was it low"): "show last outcome:failed",
    ("employee", "why is my score so low"): "show last outcome:failed employee:me",
    ("employee", "why did I only get 79"): "show last employee:me score:79",
    ("admin", "why did sofia fail opening"): f"show last outcome:failed {SOFIA} {OPENING}",
    ("admin", "why does sofia keep failing"): f"trend by:criterion outcome:failed {SOFIA}",
    ("admin", "why did store 12 fail"): f"trend by:criterion outcome:failed {STORE_12}",
    ("supervisor", "who failed opening this week and why"): (
        f"trend by:employee sort:-count outcome:failed {OPENING} since:2026-11-23"
    ),
    ("admin", "which sites failed food safety and why"): f"trend by:dept sort:-count outcome:failed {FOOD}",
    # how many
    ("admin", "how many sessions this week vs last week"): "trend count since:2026-11-16 by:week",
    ("admin", "sessions per month"): "trend count by:month",
    ("admin", "number of observations by site"): "trend count by:dept sort:-count",
    ("admin", "did we do more sessions than last month"): "trend count since:2026-10-01 by:month",
    ("admin", "how many sessions this week"): "results since:2026-11-23",
    # better or worse, and what on
    ("admin", "are we improving on food safety compared to last month"): f"trend {FOOD} since:2026-10-01 by:month",
    ("admin", "did jamie get better since october"): f"trend {JAMIE} since:2026-10-01",
    ("admin", "what are people failing on most"): "trend by:criterion",
    ("supervisor", "what is my team doing badly"): "trend by:criterion",
    ("admin", "critical criteria missed this week"): "results outcome:critical since:2026-11-23",
    # who
    ("supervisor", "best in my team"): "trend by:employee sort:-score",
    ("supervisor", "who is the worst in my team"): "trend by:employee",
    ("supervisor", "who needs coaching"): "trend by:employee sort:-count outcome:failed",
    ("supervisor", "who is struggling with opening"): f"trend by:employee sort:-count outcome:failed {OPENING}",
    ("supervisor", "who has the lowest average"): "trend by:employee",
    ("supervisor", "who is best at opening"): f"trend by:employee sort:-score {OPENING}",
    ("supervisor", "three worst people this month"): "trend by:employee limit:3 since:2026-11-01",
    ("supervisor", "which checklist is my team worst at"): "trend by:checklist",
    ("admin", "observers with the lowest scores"): "trend by:observer",
    ("admin", "which site has the most failures"): "trend by:dept sort:-count outcome:failed",
    ("admin", "best improvement since september"): "trend by:employee sort:-change since:2026-09-01",
    ("admin", "which observers are too lenient"): "trend by:observer sort:-score",
    ("observer", "am i too strict"): "trend by:observer",
    ("observer", "how do i compare to other observers"): "trend by:observer",
    # one's own, in other words
    ("employee", "did i do better than last time"): "history employee:me",
    ("employee", "when did i last fail"): "results employee:me limit:1 outcome:failed",
    ("employee", "who gave me the 79"): "results employee:me score:79",
    ("employee", "did I meet the target on opening"): f"results employee:me {OPENING}",
    ("employee", "how far am i from the target"): "results employee:me",
    ("employee", "why is it red"): "show last outcome:failed",
    ("employee", "can i see what i lost points on"): "trend by:criterion employee:me",
    ("observer", "who did I fail"): "results observer:me outcome:failed",
    ("observer", "my last 5 sessions"): "results observer:me limit:5",
    ("observer", "my average score given"): "trend observer:me",
    ("observer", "who have I not observed yet"): "silent 30d observer:me",
    ("observer", "what was weak in my last session"): "show last observer:me",
    ("observer", "did I record closing yesterday"): (
        'results observer:me checklist:"Closing and cash-up" since:2026-11-26 until:2026-11-26'
    ),
    # how many people
    ("admin", "how many observers"): "trend count by:observer sort:-count",
    ("admin", "total sessions by employee last month"): (
        "trend count by:employee since:2026-10-01 until:2026-10-31 sort:-count"
    ),
    ("admin", "which stores failed opening"): f"trend by:dept sort:-count outcome:failed {OPENING}",
    ("supervisor", "open sessions"): "results outcome:planned outcome:progress",
    ("supervisor", "open low results"): "attention",
    ("supervisor", "did anyone see an opening yesterday"): (f"results {OPENING} since:2026-11-26 until:2026-11-26"),
    ("admin", "how many people failed this month"): (
        "trend count by:employee sort:-count outcome:failed since:2026-11-01"
    ),
    ("supervisor", "how many sessions did each person have"): "trend count by:employee sort:-count",
    ("admin", "failure rate by month"): "trend by:month outcome:failed",
    ("supervisor", "are results going up or down"): "trend",
    ("employee", "who has observed me most"): "trend count by:observer employee:me sort:-count",
    ("observer", "who have I observed the most"): "trend count by:employee observer:me sort:-count",
    ("observer", "how many sessions do I do per week"): "trend count by:week observer:me",
    ("admin", "how many sessions did store 14 do compared to last month"): (
        'trend count dept:"Store 14 Mill Lane" since:2026-10-01 by:month'
    ),
    ("admin", "fewest sessions by site"): "trend count by:dept sort:count",
    # compared with others, with the time before
    ("supervisor", "how did we do this week compared to last"): "trend since:2026-11-16 by:week",
    ("admin", "how is store 21 doing compared to the others"): "trend by:dept",
    ("admin", "which checklists have the lowest pass rate"): "trend by:checklist",
    ("admin", "least improved sites"): "trend by:dept sort:change",
    ("supervisor", "bottom 3 of my team"): "trend by:employee limit:3",
    ("supervisor", "what percentage of my team met the target"): "trend",
    # with whom, from whom
    ("employee", "results of my sessions with priya"): 'results employee:me observer:"Priya Venkataram"',
    ("observer", "what did jamie get from me"): f"results {JAMIE} observer:me",
    ("observer", "did my grading of jamie come through"): f"results observer:me {JAMIE}",
    ("observer", "observations of mine below target"): "results observer:me outcome:below",
    ("observer", "my failed ones"): "results observer:me outcome:failed",
    ("observer", "observed by me"): "results observer:me",
    ("supervisor", "did sofia or jamie pass food safety"): f"results {SOFIA} {JAMIE} {FOOD}",
    # what to work on
    ("employee", "what criteria do I keep failing"): "trend by:criterion employee:me",
    ("supervisor", "what should I coach sofia on"): f"trend by:criterion {SOFIA}",
    ("admin", "what are the main reasons for failing opening"): f"trend by:criterion outcome:failed {OPENING}",
    ("employee", "why did i lose points on closing"): 'trend by:criterion employee:me checklist:"Closing and cash-up"',
    ("admin", "what's behind the drop in store 12"): f"trend by:criterion outcome:failed {STORE_12}",
    ("employee", "when was my last closing"): 'results employee:me limit:1 checklist:"Closing and cash-up"',
    ("admin", "jamie's latest opening"): f"results {JAMIE} limit:1 {OPENING}",
    ("admin", "last 3 openings"): f"results limit:3 {OPENING}",
    # once more in other words
    ("employee", "did I do worse than last month"): "trend employee:me since:2026-10-01 by:month",
    ("employee", "am I above the target"): "results employee:me",
    ("observer", "what did I score Jamie on opening"): f"results observer:me {JAMIE} {OPENING}",
    ("observer", "which of my sessions were low"): "results observer:me outcome:failed",
    ("observer", "how strict was I last month"): "trend by:observer since:2026-10-01 until:2026-10-31",
    ("supervisor", "any low results from yesterday I should look at"): "attention since:2026-11-26 until:2026-11-26",
    ("supervisor", "who did worst on opening"): f"trend by:employee {OPENING}",
    ("supervisor", "who hasn't improved"): "trend by:employee sort:change",
    ("supervisor", "who failed because of a critical criterion"): "results outcome:critical",
    ("supervisor", "which checklists do people fail most"): "trend by:checklist sort:-count outcome:failed",
    ("admin", "stores by number of low results"): "trend by:dept sort:-count outcome:failed",
    ("admin", "which observer gives the highest scores"): "trend by:observer sort:-score",
    # seen to
    ("observer", "did anyone acknowledge my low results"): "attention observer:me",
    ("supervisor", "who still has low results open"): "attention",
    ("supervisor", "who acknowledged sofia's result"): f"show last outcome:failed {SOFIA}",
    ("supervisor", "low results this week not acknowledged"): "attention since:2026-11-23",
    ("admin", "low results nobody acknowledged"): "attention",
    ("supervisor", "did anyone look at jamie's low result"): f"attention {JAMIE}",
    ("admin", "did anybody acknowledge the failed ones"): "attention",
}


@pytest.mark.parametrize(("role", "typed"), READ_AS)
async def test_a_question_about_results_is_read_as(company: DemoOffice, role: str, typed: str) -> None:
    assert read_as(await company.ask(role, typed)) == READ_AS[role, typed]


@pytest.mark.parametrize(("role", "typed"), READ_AS)
async def test_what_it_is_read_as_is_read_as_itself(company: DemoOffice, role: str, typed: str) -> None:
    assert read_as(await company.ask(role, READ_AS[role, typed])) == READ_AS[role, typed]


async def test_the_other_role_of_my_sessions_is_a_button(company: DemoOffice) -> None:
    label, command = offered(await company.ask("observer", "my sessions"))[0]
    assert label.startswith("Meant: Sessions in which you were observed · 6 sessions")
    assert read_as(await company.ask("observer", command)) == "results employee:me"


async def test_whether_somebody_passed_shows_what_they_failed_too(company: DemoOffice) -> None:
    assert "3 below target" in (await company.ask("employee", "did I pass opening")).text


async def test_a_whole_score_finds_what_is_shown_as_it(company: DemoOffice) -> None:
    answer = (await company.ask("admin", "score:79")).text
    assert "scored 79 % when rounded" in answer and answer.count("79 %, below target 80 %") == 10
    assert "below target 80 %" not in (await company.ask("admin", "score:80 limit:100")).text


async def test_numbers_of_sessions_say_their_change(company: DemoOffice) -> None:
    answer = (await company.ask("admin", "how many sessions this week vs last week")).text
    assert "31 in the newest week so far, 32 in the same part of the week before (−1)" in answer
    assert "met the target" not in answer
    assert "Store 12 Harbour Street · " in (await company.ask("admin", "sessions by store")).text


LEFT_OUT = {
    "who failed twice": "twice",
    "failed opening twice this month": "twice",
    "who failed the same thing twice": "the same thing twice",
    "low results per site not acknowledged": "by∶dept",
    "how is sofia doing compared to the others": "sofia",
    "who had more than 3 sessions this week": "more than 3",
    "sessions per day": "per day",
    "everyone under 70 and who observed them": "who",
}


@pytest.mark.parametrize("typed", LEFT_OUT)
async def test_what_an_answer_can_not_use_is_named(company: DemoOffice, typed: str) -> None:
    assert f"I did not use: “{LEFT_OUT[typed]}”" in (await company.ask("supervisor", typed)).text


async def test_how_many_times_is_answered_by_the_number_found(company: DemoOffice) -> None:
    answer = (await company.ask("employee", "how many times did I fail")).text
    assert answer.startswith("13 found") and "I did not use" not in answer


async def test_people_are_counted(company: DemoOffice) -> None:
    assert (
        "68 of 182 completed sessions, 37 %, of 24 employees"
        in (await company.ask("admin", "how many people failed this month")).text
    )
    assert (
        "17 employees, 31 sessions completed"
        in (await company.ask("admin", "how many different people were observed this week")).text
    )


async def test_who_failed_most_names_nobody_who_did_not(company: DemoOffice) -> None:
    answer = (await company.ask("supervisor", "who failed opening this week and why")).text
    assert "0 of 1 completed sessions" in answer and "Sofia" not in answer


@pytest.mark.parametrize("typed", ["what do I need to pass", "is 79 a fail", "my target"])
async def test_what_is_needed_to_pass_is_the_target(company: DemoOffice, typed: str) -> None:
    assert (await company.ask("employee", typed)).text.startswith("Target for every checklist: 80 %")

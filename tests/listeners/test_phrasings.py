"""The same questions in other words: roles, numbers, negations, days and rules as people phrase them, by kind.

Asked of the demo's company as in `test_dialogs`; on the right is the command that the answer says it was read as.
"""

import pytest

from tests.listeners.demo_office import DemoOffice, offered, read_as
from tests.listeners.test_dialogs import ARJUN, CLOSING, FOOD, JAMIE, OPENING, OSKAR, SOFIA, STORE_12, STORE_14

pytestmark = pytest.mark.asyncio(loop_scope="module")


KITCHEN_12 = 'dept:"Store 12 Harbour Street, Kitchen"'
ZHUO = 'employee:"Mei-Lin Zhuo"'
TARIQ = 'observer:"Tariq Al-Mansuri"'
LUKASZ = 'observer:"Łukasz Brzozek"'

ADMIN = {
    # who observed, and who was observed
    "jamie observed by oskar": f"results {JAMIE} {OSKAR}",
    "observed by oskar or lukasz": f"results {OSKAR} {LUKASZ}",
    "observed by oskar, lukasz this week": f"results {OSKAR} {LUKASZ} since:2026-11-23",
    "conducted by tariq al-mansuri since monday": f"results {TARIQ} since:2026-11-23",
    "oskar as observer": f"results {OSKAR}",
    "trainer tariq": f"results {TARIQ}",
    "how many observations did oskar do in november": f"results {OSKAR} since:2026-11-01 until:2026-11-30",
    "who checked sofia last": f"results {SOFIA}",
    "was sofia observed yesterday": f"results {SOFIA} since:2026-11-26 until:2026-11-26",
    "what did tariq and oskar observe this week": f"results {TARIQ} {OSKAR} since:2026-11-23",
    "tariq's and oskar's observations": f"results {TARIQ} {OSKAR}",
    "when is jamie next planned": f"upcoming 7d {JAMIE}",
    # names as people write them
    "Pillaikar, Arjun": f"results {ARJUN}",
    "A. Pillaikar": f"results {ARJUN}",
    "mr pillaikar": f"results {ARJUN}",
    "meilin": f"results {ZHUO}",
    "almansuri": 'results employee:"Tariq Al-Mansuri"',
    "o hanrahan": 'results employee:"Declan O\'Hanrahan"',
    "ohanrahan": 'results employee:"Declan O\'Hanrahan"',
    "arjun: opening": f"results {ARJUN} {OPENING}",
    # places
    "st 12": f"results {STORE_12}",
    "str 12 failed": f"results {STORE_12} outcome:failed",
    "store twelve": f"results {STORE_12}",
    "stores twelve and fourteen": f"results {STORE_12} {STORE_14}",
    "S14 failed": f"results {STORE_14} outcome:failed",
    "store no. 12": f"results {STORE_12}",
    "store number 12": f"results {STORE_12}",
    "stores 12/14": f"results {STORE_12} {STORE_14}",
    "failed outside store 12": f"results outcome:failed -{STORE_12}",
    "kitchen of store 12": f"results {KITCHEN_12}",
    f"results {KITCHEN_12}": f"results {KITCHEN_12}",
    # numbers
    "lowest five this month": "results sort:score limit:5 since:2026-11-01",
    "top three": "results sort:-score limit:3",
    "below seventy-five": "results score:<75",
    "score of 72": "results score:72",
    "who got 100 on opening": f"results score:100 {OPENING}",
    "70 to 80": "results score:70..80",
    "between 70 & 80": "results score:70..80",
    "80 and above": "results score:>=80",
    "> 80": "results score:>80",
    "score:below 60": "results score:<60",
    "score:60 to 80": "results score:60..80",
    # what is left out, and what only joins
    "above 80 but below 90": "results score:>80..<90",
    "started but not finished": "results outcome:progress",
    "failed but not opening": f"results outcome:failed -{OPENING}",
    "neither opening nor closing": f"results -{OPENING} -{CLOSING}",
    "everything other than opening": f"results -{OPENING}",
    "critical failures": "results outcome:critical",
    "no score": "results outcome:completed -score:>=0",
    "not scored sessions this week": "results outcome:completed -score:>=0 since:2026-11-23",
    # who only says what they want
    "i would like to know who failed": "results outcome:failed",
    "I want to see the results from last week for the kitchen in store 12": "results since:2026-11-16 until:2026-11-22 "
    + KITCHEN_12,
    "Hi! Can you show me who failed opening this week? Thanks": f"results outcome:failed {OPENING} since:2026-11-23",
    "thx, and last week?": "results since:2026-11-16 until:2026-11-22",
    "how did sofia do last week, thank you": f"results {SOFIA} since:2026-11-16 until:2026-11-22",
    "can you help me find arjun's results": f"results {ARJUN}",
    "who did well last week": "results outcome:met since:2026-11-16 until:2026-11-22",
    "opening not done in store 12": f"results {OPENING} outcome:planned outcome:progress {STORE_12}",
    "score 80 to 90": "results score:80..90",
    "most recent failed": "results outcome:failed",
    "newest failed result": "results outcome:failed",
    "people scoring under 50": "results score:<50",
    "how did store 14 do in october compared to september": f"trend {STORE_14} since:2026-09-01 until:2026-10-31 "
    "by:month",
    # comparisons, and who had none
    "how does store 12 stack up against store 14 this month": f"trend {STORE_12} {STORE_14} since:2026-11-01 by:dept",
    "how many of my team haven't had an opening check since october": f"silent {OPENING} since:2026-10-01",
    "which stores have had nothing since monday": "silent since:2026-11-23",
    "which food safety criteria lose the most points in store 14": f"trend by:criterion {FOOD} {STORE_14}",
    "is food safety going up or down": f"trend {FOOD}",
    # days
    "week before last": "results since:2026-11-09 until:2026-11-15",
    "q1-q3": "results since:2026-01-01 until:2026-09-30",
    "first half of november": "results since:2026-11-01 until:2026-11-15",
    "second half of october": "results since:2026-10-16 until:2026-10-31",
    "mid november": "results since:2026-11-11 until:2026-11-20",
    "late october": "results since:2026-10-25 until:2026-10-31",
    "third quarter": "results since:2026-07-01 until:2026-09-30",
    "first quarter of 2026": "results since:2026-01-01 until:2026-03-31",
    "since the beginning of the month": "results since:2026-11-01",
    "since start of the year": "results since:2026-01-01",
    "5th of november": "results since:2026-11-05 until:2026-11-05",
    "since the first of november": "results since:2026-11-01",
    "on the 5th": "results since:2026-11-05 until:2026-11-05",
    "the 30th": "results since:2026-10-30 until:2026-10-30",
    "2026/11/05": "results since:2026-11-05 until:2026-11-05",
    "10/2026": "results since:2026-10-01 until:2026-10-31",
    "mon-wed": "results since:2026-11-23 until:2026-11-25",
    "oct-nov": "results since:2026-10-01 until:2026-11-30",
    "from 1 to 15 november": "results since:2026-11-01 until:2026-11-15",
    "november 1 through 15": "results since:2026-11-01 until:2026-11-15",
    "last november": "results since:2025-11-01 until:2025-11-30",
    "last october": "results since:2026-10-01 until:2026-10-31",
    "november last year": "results since:2025-11-01 until:2025-11-30",
    "half a year": "results since:2026-05-27",
    "next 7 days": "results since:2026-11-27 until:2026-12-04",
    "date:yesterday": "results since:2026-11-26 until:2026-11-26",
    "week:47": "results since:2026-11-16 until:2026-11-22",
    # days to come
    "planned on 5 dec": "results outcome:planned since:2026-12-05 until:2026-12-05",
    "what is planned for monday": "results outcome:planned since:2026-11-30 until:2026-11-30",
    "planned since monday": "results outcome:planned since:2026-11-23",
    "upcoming in december": "upcoming since:2026-12-01 until:2026-12-31",
    "upcoming monday": "upcoming since:2026-11-30 until:2026-11-30",
    "overdue more than 3 days": "overdue until:2026-11-24",
    # how often
    "least active observers": "trend by:observer sort:count",
    "which observers are most active": "trend by:observer sort:-count",
    "observers with fewest sessions": "trend count by:observer sort:count",
    "who failed more than once": "trend by:employee sort:-count outcome:failed",
    "who failed opening at least 3 times": f"trend by:employee sort:-count outcome:failed {OPENING}",
    "which stores failed twice this month": "trend by:dept sort:-count outcome:failed since:2026-11-01",
    "who keeps failing": "trend by:employee sort:-count outcome:failed",
    "who needs more training on food safety": f"trend by:employee sort:-count outcome:failed {FOOD}",
    # figures
    "which stores need training": "trend by:dept",
    "which store needs the most attention this month": "trend by:dept since:2026-11-01",
    "what's next week": "upcoming since:2026-11-30 until:2026-12-06",
    "which stores are doing worst on opening": f"trend by:dept {OPENING}",
    "difference between store 12 and 14": f"trend {STORE_12} {STORE_14} by:dept",
    "sofia compared to arjun": f"trend {SOFIA} {ARJUN} by:employee",
    "is sofia better than arjun": f"trend {SOFIA} {ARJUN} by:employee",
    "this month compared to last month": "trend since:2026-10-01 by:month",
    "jamie this week v last week": f"trend {JAMIE} since:2026-11-16 by:week",
    "what does jamie get wrong": f"trend by:criterion {JAMIE}",
    "where does sofia lose points": f"trend by:criterion {SOFIA}",
    "hardest checklist": "trend by:checklist",
    "leaderboard": "trend by:employee sort:-score",
    "grouped by checklist": "trend by:checklist",
    "by:store failed": "trend by:dept outcome:failed",
    "sort by date oldest first": "results sort:date",
    "failed sort:worst": "results outcome:failed sort:score",
    "did everyone do opening this week": f"silent {OPENING} since:2026-11-23",
    "export opening to excel": f"export {OPENING}",
}
OTHERS = {
    ("employee", "when was i last observed"): "results employee:me",
    ("employee", "have i been observed this week"): "results employee:me since:2026-11-23",
    ("observer", "how many observations have i done this month"): "results observer:me since:2026-11-01",
    ("supervisor", "has everyone been observed this week"): "silent since:2026-11-23",
    ("employee", "where did i lose points"): "trend by:criterion employee:me",
    # words of other trades, and what is typed in haste
    ("employee", "what mark did i get yesterday"): "results employee:me since:2026-11-26 until:2026-11-26",
    ("employee", "did i pass my audit yesterday morning"): "results employee:me since:2026-11-26 until:2026-11-26",
    ("employee", "my marks past fortnight"): "results employee:me since:2026-11-13",
    ("employee", "when is my next audit"): "upcoming mine 30d",
    ("employee", "who is my coach"): "trend by:observer employee:me",
    ("employee", "do I have any low results"): "results employee:me outcome:failed",
    ("employee", "show me my score for opening n closing"): f"results employee:me {OPENING} {CLOSING}",
    ("employee", "has my trainer put my result in yet"): "results employee:me",
    ("employee", "am i ready for opening"): f"history employee:me {OPENING}",
    ("employee", "did i beat my last score"): "history employee:me",
    ("employee", "what changed since last week"): "results since:2026-11-16",
    ("employee", "thx! and how was my last shift"): "show last employee:me",
    ("observer", "is jamie ready for closing"): f"history {JAMIE} {CLOSING}",
    ("observer", "sofia ready"): f"history {SOFIA}",
    ("observer", "jamie and me"): f"results {JAMIE} observer:me",
    ("observer", "my last 3 walks"): "results observer:me limit:3",
    ("observer", "did my inspection from yesterday go through"): (
        "results observer:me since:2026-11-26 until:2026-11-26"
    ),
    ("observer", "any of my trainees failing"): "results outcome:failed",
    ("observer", "list people i havent coached yet"): "silent 30d observer:me",
    ("observer", "what audits have i got next wk"): "upcoming mine since:2026-11-30 until:2026-12-06",
    ("observer", "which item does sofia keep failing"): f"trend by:criterion {SOFIA}",
}


@pytest.mark.parametrize(("role", "typed"), [*(("admin", typed) for typed in ADMIN), *OTHERS])
async def test_a_phrasing_is_read_as(company: DemoOffice, role: str, typed: str) -> None:
    means = ADMIN[typed] if role == "admin" else OTHERS[role, typed]
    assert read_as(await company.ask(role, typed)) == means


@pytest.mark.parametrize("typed", ADMIN)
async def test_what_it_is_read_as_is_read_as_itself(company: DemoOffice, typed: str) -> None:
    assert read_as(await company.ask("admin", ADMIN[typed])) == ADMIN[typed]


SAID = {
    "who sees my results": "Your results are seen by you",
    "can my boss see my grades": "Your results are seen by you",
    "i dont agree with my score": "A result is decided by its observer",
    "what is ojt": "OJT is on-the-job training",
    "how did i do since my holiday": "Spotter does not know when that was",
    "sofia was off sick, move her walk": "Sessions are planned, changed and cancelled in iSpring Learn",
    "do i still have to redo opening": "Whether a session is repeated is decided by",
    "hello, im new here how does this work?": "What Spotter understands",
    "can u stop texting me": "There is no rule here that you may end.",
}


@pytest.mark.parametrize("typed", SAID)
async def test_what_newcomers_ask_is_answered_or_refused_in_words(company: DemoOffice, typed: str) -> None:
    assert (await company.ask("employee", typed)).text.strip().startswith(SAID[typed])


@pytest.mark.parametrize(("typed", "meant"), [("is it wroking", "status"), ("diggests", "rules digests")])
async def test_a_slip_in_a_question_about_spotter_is_offered_corrected(
    company: DemoOffice, typed: str, meant: str
) -> None:
    assert meant in [command for _, command in offered(await company.ask("admin", typed))]


LEFT_OUT = {
    "sofia below 70 or failed": "“or”",
    "failed again": "“again”",
    "results for oskar's team": "“team”",
    "team of ana": "“team”",
    "results every monday": "“every”",
    "export by store": "“by∶dept”",
}


@pytest.mark.parametrize("typed", LEFT_OUT)
async def test_what_no_condition_holds_is_named(company: DemoOffice, typed: str) -> None:
    assert f"I did not use: {LEFT_OUT[typed]}" in (await company.ask("admin", typed)).text


@pytest.mark.parametrize(
    "typed", ["not today", "no by store", "not in october", "opening except this week", "not recorded in store 12"]
)
async def test_a_negation_that_excludes_nothing_is_no_wish_for_all(company: DemoOffice, typed: str) -> None:
    assert "excludes nothing that Spotter knows" in (await company.ask("admin", typed)).text


RULES = {
    "let me know when arjun fails": "A rule that posts to you alone: completed sessions of Arjun",
    "i want to get an alert if a session is below 60": "A rule that posts to you alone: completed sessions scored",
    "follow arjun": "A rule that posts to you alone: completed sessions of Arjun Pillaikar.",
    "send failed closings to this channel": "A rule that posts to <#C1001>: completed sessions on",
    "send me a digest every monday at 9": "Nothing is saved yet. Shall Spotter send this to you alone, weekly mon",
    "every friday at 16:00 send a summary": "Nothing is saved yet. Shall Spotter send this to <#C1001>, weekly fri",
    "stop the digest": "There is no rule here that you may end.",
    "remove the weekly digest": "There is no rule here that you may end.",
    "digest off": "There is no rule here that you may end.",
    "stop sending me arjun's results": "There is no rule here that you may end.",
    "cancel": "There is no rule here that you may end.",
    "remove rule 3": "There is no rule 3.",
    "stop messages until monday": "This holds back the messages of <#C1001> until 30 Nov 2026, 00:00 UTC: all",
    "pause notifications until tuesday": "This holds back the messages of <#C1001> until 1 Dec 2026, 00:00 UTC: all",
    "do not disturb until 5pm": "This holds back your direct messages until 27 Nov 2026, 17:00 UTC: all",
    "turn off reminders": "This turns your reminders of what you observe and is late off. Shall Spotter do it?",
    "don't message me at night": "Your quiet time would be 20:00-07:00 and holidays (Europe/London",
    "list rules": "Nothing is posted here yet, and you made no rule.",
    "what am i subscribed to": "Nothing is posted here yet",
    "undo": "Say what is to end: each of these lists it.",
    "what are the targets": "Target for every checklist: 80 %",
    "what are the rules": "Nothing is posted here yet",
    "what's the target for opening": "Target for every checklist: 80 %",
    "set pass mark to 75": "Set the target 75 % for every checklist without one of its own?",
    "remove target": "Remove the target 80 % for all checklists?",
    "how do i set a target": "/ojt target [PERCENT [checklist]]",
    "what does failed mean": "outcome:: What a result means.",
    "difference between failed and below": "outcome:: What a result means.",
    "help me with dates": "since:: From which day on",
    "help targets": "/ojt target [PERCENT [checklist]]",
    "what are digests": "/ojt digest",
    "help dates please": "since:: From which day on",
    "why did i get this": "/ojt why ID",
    "i need help": "What Spotter understands",
    "how do i use this": "What Spotter understands",
    "session 0f809adb": "No session you may see has an id starting with 0f809adb",
    "follow up 0f809adb": "No session you may see has an id starting with 0f809adb",
    "by checklist and store": "The rows of a trend are of one kind, and this names 2.",
    "since:-7d": "“since:-7d” can't be read",
}


@pytest.mark.parametrize("typed", RULES)
async def test_what_changes_or_explains_something_is_found_in_other_words(company: DemoOffice, typed: str) -> None:
    answer = await company.ask("admin", typed)
    assert answer.text.replace("`", "").startswith(RULES[typed])


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("mute till tomorrow 9am", "28 Nov 2026, 09:00 UTC"),
        ("mute store 12 for a week", "4 Dec 2026, 12:00 UTC"),
        ("mute me for two hours", "27 Nov 2026, 14:00 UTC"),
        ("mute for the weekend", "30 Nov 2026, 00:00 UTC"),
        ("mute until next monday", "30 Nov 2026, 00:00 UTC"),
        ("mute until the end of the day", "28 Nov 2026, 00:00 UTC"),
        ("mute until 5:30 pm", "27 Nov 2026, 17:30 UTC"),
    ],
)
async def test_a_mute_ends_when_people_say(company: DemoOffice, typed: str, until: str) -> None:
    assert f"until {until}" in (await company.ask("admin", typed)).text


async def test_places_of_one_name_are_offered_by_the_place_above(company: DemoOffice) -> None:
    commands = [command for _, command in offered(await company.ask("admin", "kitchen"))]
    assert KITCHEN_12 in " ".join(commands) and not any("<id:" in command for command in commands)


async def test_a_trend_by_count_puts_the_most_sessions_first(company: DemoOffice) -> None:
    most = (await company.ask("admin", "most active observers limit:3")).text
    least = (await company.ask("admin", "least active observers limit:3")).text
    assert "the most sessions first" in most and "the fewest sessions first" in least

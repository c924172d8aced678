"""What people of each role type, and what Spotter answers: each line is one dialog, mistakes included.

Typed after the slash command on Friday 27 November 2026 in the demo's company. On the right is the command that the
answer says it was read as. Dana is the admin, Ana manages Store 12, Oskar is a trainer, Jamie a kitchen porter.
"""

import pytest

from tests.listeners.demo_office import ROLES, DemoOffice, offered, read_as

pytestmark = pytest.mark.asyncio(loop_scope="module")


OPENING = 'checklist:"Opening the store"'
CLOSING = 'checklist:"Closing and cash-up"'
FOOD = 'checklist:"Food safety line check"'
STORE_12 = 'dept:"Store 12 Harbour Street"'
STORE_14 = 'dept:"Store 14 Mill Lane"'
STORE_21 = 'dept:"Store 21 Station Square"'
NORTH = 'dept:"North region"'
ARJUN = 'employee:"Arjun Pillaikar"'
SOFIA = 'employee:"Sofia Marchetelli"'
JAMIE = 'employee:"Jamie Doherne"'
OSKAR = 'observer:"Oskar Halvorsrud"'

ADMIN = {
    # who, what, when
    "who failed opening this week": f"results outcome:failed {OPENING} since:2026-11-23",
    "failed food store 12 since monday": f"results outcome:failed {FOOD} {STORE_12} since:2026-11-23",
    "FAILED OPENING 🔥": f"results outcome:failed {OPENING}",
    "results failed": "results outcome:failed",
    "who's failing food safety": f"results outcome:failed {FOOD}",
    "who scored under 60 last week?": "results score:<60 since:2026-11-16 until:2026-11-22",
    "anyone below target in store 12 this month?": f"results outcome:below {STORE_12} since:2026-11-01",
    "who needs training": "trend by:employee sort:-count outcome:failed",
    "how many failed this week": "results outcome:failed since:2026-11-23",
    "passed this month in north region": f"results outcome:passed since:2026-11-01 {NORTH}",
    "what happened yesterday in store 12": f"results since:2026-11-26 until:2026-11-26 {STORE_12}",
    "failed yesterday and today": "results outcome:failed since:2026-11-26",
    "not finished yet": "results outcome:progress",
    "in progress": "results outcome:progress",
    "planned tomorrow": "results outcome:planned since:2026-11-28 until:2026-11-28",
    # people
    "arjun": f"results {ARJUN}",
    "“Sofia” …?": f"results {SOFIA}",
    "sofia 👀": f"results {SOFIA}",
    "sofia's results": f"results {SOFIA}",
    "sofias results": f"results {SOFIA}",
    "how did sofia do last month": f"results {SOFIA} since:2026-10-01 until:2026-10-31",
    "did sofia pass opening": f"results {SOFIA} {OPENING}",
    "last result of arjun": f"results limit:1 {ARJUN}",
    "results for samir and arjun": f'results employee:"Samir Qureshan" {ARJUN}',
    "employee:sofia,arjun": f"results {SOFIA} {ARJUN}",
    "show arjun": f"results {ARJUN}",
    "lukasz": 'results employee:"Łukasz Brzozek"',
    "Sørbakken": 'results employee:"Ingrid Sørbakken"',
    "o’hanrahan": 'results employee:"Declan O\'Hanrahan"',
    "hyun woo": 'results employee:"Hyun-woo Baekson"',
    "Vondracka": 'results employee:"Helena Vondráčka"',
    "by oskar": f"results {OSKAR}",
    "what did oskar observe": f"results {OSKAR}",
    "oskar's observations": f"results {OSKAR}",
    "my results": "results employee:me",
    "results employee:me": "results employee:me",
    "what did I observe yesterday": "results observer:me since:2026-11-26 until:2026-11-26",
    # places
    "show me store 14": f"results {STORE_14}",
    "how is store 21 doing": f"results {STORE_21}",
    "site 21": f"results {STORE_21}",
    "store #12": f"results {STORE_12}",
    "Store №12": f"results {STORE_12}",
    "store12": f"results {STORE_12}",
    "stores 12 and 14": f"results {STORE_12} {STORE_14}",
    "store 12, 14": f"results {STORE_12} {STORE_14}",
    "not store 12": f"results -{STORE_12}",
    "mill lane failed": f"results {STORE_14} outcome:failed",
    "dept:north": f"results {NORTH}",
    "dept=store 12": f"results {STORE_12}",
    # checklists
    "openings": f"results {OPENING}",
    "failed closings in november": f"results outcome:failed {CLOSING} since:2026-11-01 until:2026-11-30",
    "line check": f"results {FOOD}",
    "opening or closing": f"results {OPENING} {CLOSING}",
    "results checklist:opening,closing": f"results {OPENING} {CLOSING}",
    "all but opening": f"results -{OPENING}",
    "everything except opening or closing": f"results -{OPENING} -{CLOSING}",
    "results checklist：Opening": f"results {OPENING}",
    # scores
    "below 70 opening": f"results score:<70 {OPENING}",
    "score : <80": "results score:<80",
    "score:＜80": "results score:<80",
    "results score:>80 score:<90": "results score:>80..<90",
    "70-80": "results score:70..80",
    "score 70..80": "results score:70..80",
    "50% or less": "results score:<=50",
    "over 95": "results score:>95",
    "outcome=failed": "results outcome:failed",
    'outcome:"not passed"': "results outcome:failed",
    # days
    "november 2026": "results since:2026-11-01 until:2026-11-30",
    "1-15 nov": "results since:2026-11-01 until:2026-11-15",
    "1.11.-15.11.": "results since:2026-11-01 until:2026-11-15",
    "between 1 and 15 november": "results since:2026-11-01 until:2026-11-15",
    "since monday until wednesday": "results since:2026-11-23 until:2026-11-25",
    "before monday": "results until:2026-11-22",
    "week 47": "results since:2026-11-16 until:2026-11-22",
    "last weekend": "results since:2026-11-21 until:2026-11-22",
    "this morning": "results since:2026-11-27",
    "ytd": "results since:2026-01-01",
    "2026": "results since:2026-01-01 until:2026-12-31",
    "q3 failed": "results since:2026-07-01 until:2026-09-30 outcome:failed",
    "the last 24 hours": "results since:2026-11-26",
    "results since:1.11.2026": "results since:2026-11-01",
    # orders
    "worst 5 this week": "results sort:score limit:5 since:2026-11-23",
    "Top 3!": "results sort:-score limit:3",
    "lowest 10 in store 14": f"results sort:score limit:10 {STORE_14}",
    "newest 3 from store 14": f"results limit:3 {STORE_14}",
    # figures
    "trend opening by month": f"trend {OPENING} by:month",
    "is it getting better": "trend",
    "are we improving on opening": f"trend {OPENING}",
    "average score opening": f"trend {OPENING}",
    "weekly trend for opening": f"trend by:week {OPENING}",
    "compare stores": "trend by:dept",
    "store 12 vs store 14": f"trend {STORE_12} {STORE_14} by:dept",
    "compare sofia and arjun": f"trend {SOFIA} {ARJUN} by:employee",
    "worst checklist": "trend by:checklist",
    "best observer": "trend by:observer sort:-score",
    "top 3 employees": "trend by:employee sort:-score limit:3",
    "worst performers": "trend by:employee",
    "best store": "trend by:dept sort:-score",
    "worst 3 stores this month": "trend by:dept limit:3 since:2026-11-01",
    "top 5 performing stores in north": f"trend by:dept sort:-score limit:5 {NORTH}",
    "who's doing best": "trend by:employee sort:-score",
    "who improved most": "trend by:employee sort:-change",
    "who has improved the most this month": "trend by:employee sort:-change since:2026-11-01",
    "which store got worse": "trend by:dept sort:change",
    "is sofia getting better": f"trend {SOFIA}",
    "is store 12 getting better this month": f"trend {STORE_12} since:2026-11-01",
    "has arjun improved": f"trend {ARJUN}",
    "pass rate by store": "trend by:dept",
    "whats the pass rate": "trend",
    "which criteria fail the most": "trend by:criterion",
    "who needs attention": "attention",
    "what needs my attention this week": "attention since:2026-11-23",
    "weakest criteria in store 12": f"trend by:criterion {STORE_12}",
    "which observers did nothing last month": "silent since:2026-10-01 until:2026-10-31",
    "whats going wrong in store 12": f"trend by:criterion {STORE_12}",
    "which stores r failing the most": "trend by:dept sort:-count outcome:failed",
    "who observed the most": "trend count by:observer sort:-count",
    "results by store": "trend by:dept",
    "by observer this month": "trend by:observer since:2026-11-01",
    "history of sofia": f"history {SOFIA}",
    "sofia history": f"history {SOFIA}",
    "region north": f"results {NORTH}",
    "region north vs south": f'trend {NORTH} dept:"South region" by:dept',
    "failed by criterion this month": "trend by:criterion outcome:failed since:2026-11-01",
    "opening by people": f"trend {OPENING} by:employee",
    "critical failures this month": "results outcome:critical since:2026-11-01",
    "why do people fail": "trend by:criterion outcome:failed",
    "why did jamie fail": f"show last outcome:failed {JAMIE}",
    "repeat failures": "trend by:employee sort:-count outcome:failed",
    "which checklist is the hardest": "trend by:checklist",
    "pass rate october vs november": "trend since:2026-10-01 until:2026-11-30 by:month",
    "is food safety better than last month": f"trend {FOOD} since:2026-10-01 by:month",
    "is store 12 doing better than last month": f"trend {STORE_12} since:2026-10-01 by:month",
    "pass rate store 12 vs store 14": f"trend {STORE_12} {STORE_14} by:dept",
    # what is missing
    "which stores had no training this month": "silent since:2026-11-01",
    "who still needs opening": f"silent 365d {OPENING}",
    "silent stores 14 days": "silent 14d",
    "schedule for next week": "upcoming since:2026-11-30 until:2026-12-06",
    "who hasn't been observed": "silent 30d",
    "who has not been observed this month": "silent since:2026-11-01",
    "which stores had no observations this month": "silent since:2026-11-01",
    "which sites are silent": "silent 30d",
    "who has not been observed this week": "silent since:2026-11-23",
    "who has not done opening": f"silent 365d {OPENING}",
    "who hasnt passed opening": f"silent 365d outcome:passed {OPENING}",
    "who still needs to do food safety": f"silent 365d {FOOD}",
    "who didn't pass this week": "results outcome:failed since:2026-11-23",
    "upcoming this week": "upcoming since:2026-11-23 until:2026-11-29",
    "coming up tomorrow": "upcoming since:2026-11-28 until:2026-11-28",
    "what's overdue": "overdue",
    "overdue store 14": f"overdue {STORE_14}",
    "late sessions": "overdue",
    "coming up": "upcoming 7d",
    # files
    "csv of last month": "export since:2026-10-01 until:2026-10-31",
    "export failed last month": "export outcome:failed since:2026-10-01 until:2026-10-31",
    # slips of the finger
    "resluts failed": "results outcome:failed",
    "result failed": "results outcome:failed",
    "trends opening": f"trend {OPENING}",
    "ovrdue": "overdue",
    "checklists:opening": f"results {OPENING}",
    "`results since:30d`": "results since:2026-10-28",
    # phones
    "how many obs did we do this month": "results since:2026-11-01",
    "number of failed in q3": "results outcome:failed since:2026-07-01 until:2026-09-30",
    "show me sofia's scores for opening pls": f"results {SOFIA} {OPENING}",
    "show my results": "results employee:me",
    "sofia m": f"results {SOFIA}",
    "store 12s results this month": f"results {STORE_12} since:2026-11-01",
    "opening + closing this wk": f"results {OPENING} {CLOSING} since:2026-11-23",
    "80% +": "results score:>=80",
    "anything under fifty percent": "results score:<50",
    "failed since easter": "results outcome:failed since:2026-04-05",
    "failed since xmas": "results outcome:failed since:2025-12-25",
    "planned tmrw": "results outcome:planned since:2026-11-28 until:2026-11-28",
    "first week of november": "results since:2026-11-01 until:2026-11-07",
    "end of october": "results since:2026-10-25 until:2026-10-31",
    "results until∶mon": "results until:2026-11-23",
    "yesterday's failures in store 12": f"results since:2026-11-26 until:2026-11-26 outcome:failed {STORE_12}",
    "who got 100 percent": "results score:100",
    "in the last fortnight": "results since:2026-11-13",
    "failed older than 2 weeks": "results outcome:failed until:2026-11-13",
    "percentage passed by checklist": "trend by:checklist",
    "tell me about sofia": f"results {SOFIA}",
    "hey sofia": f"results {SOFIA}",
    "stores that havent done opening this week": f"silent {OPENING} since:2026-11-23",
    "what checklists are there": "trend by:checklist",
    "employees": "trend by:employee",
    # one place inside another
    "store 12 north": f"results {STORE_12}",
    "north region or store 12": f"results {NORTH} {STORE_12}",
    # verbs that end a checklist's title
    "did jamie check in": f"results {JAMIE}",
    "can you check store 12": f"results {STORE_12}",
    "check my results": "results employee:me",
    "sofia check": f"results {SOFIA} {FOOD}",
    "Did Jamie Check In": f"results {JAMIE}",
    "service this week": 'results checklist:"Guest welcome and service" since:2026-11-23',
    "will arjun pass": f"results {ARJUN} outcome:passed",
    "failed,opening": f"results outcome:failed {OPENING}",
    "opening/closing": f"results {OPENING} {CLOSING}",
    "failed check this week": f"results outcome:failed {FOOD} since:2026-11-23",
    "*results since:30d*": "results since:2026-10-28",
}

OTHERS = {
    ("supervisor", "my team this month"): "results since:2026-11-01",
    ("supervisor", "who in my team failed"): "results outcome:failed",
    ("supervisor", "how's my team doing on opening this month"): f"results {OPENING} since:2026-11-01",
    ("supervisor", "what's overdue for me"): "overdue",
    ("supervisor", "who is overdue"): "overdue",
    ("observer", "my observations last week"): "results observer:me since:2026-11-16 until:2026-11-22",
    ("observer", "what i observed this week"): "results observer:me since:2026-11-23",
    ("observer", "last observation"): "results limit:1",
    ("observer", "was my result recorded"): "results observer:me",
    ("employee", "how did i do"): "results employee:me",
    ("employee", "did I pass opening?"): f"results employee:me {OPENING}",
    ("employee", "my last result"): "results employee:me limit:1",
    ("supervisor", "my best people"): "trend by:employee sort:-score",
    ("supervisor", "what do I have to do this week"): "todo until:2026-11-29",
    ("observer", "what do i have to do tomorrow"): "todo until:2026-11-28",
    ("observer", "my tasks for next week"): "todo until:2026-12-06",
    ("observer", "todo opening"): f"todo {OPENING}",
    ("observer", "whens my next check"): "upcoming mine 30d",
    ("supervisor", "good morning whats on today"): "results since:2026-11-27",
    ("supervisor", "who hasnt been checked this month"): "silent since:2026-11-01",
    ("observer", "do i have anything overdue"): "overdue observer:me",
    ("observer", "my obs this month"): "results observer:me since:2026-11-01",
    ("observer", "my last observation of jamie"): f"results observer:me limit:1 {JAMIE}",
    ("employee", "my 3 worst"): "results employee:me sort:score limit:3",
    ("employee", "why did i fail"): "show last outcome:failed employee:me",
    ("employee", "what did i get wrong"): "trend by:criterion employee:me",
    ("employee", "when am i observed next"): "upcoming mine 30d",
    ("employee", "my average"): "trend employee:me",
    ("employee", "am i getting better"): "trend employee:me",
    ("employee", "my history"): "history employee:me",
    ("employee", "when is my next session"): "upcoming mine 30d",
    ("supervisor", "when is my next observation"): "upcoming mine 30d",
    ("employee", "my last failed"): "results employee:me limit:1 outcome:failed",
    ("employee", "last failures"): "results outcome:failed",
    ("employee", "who observed me last"): "results limit:1 employee:me",
    ("employee", "why did i fail opening"): f"show last outcome:failed employee:me {OPENING}",
    ("employee", "which points did i lose"): "trend by:criterion employee:me",
    ("employee", "what should I work on"): "trend by:criterion employee:me",
    ("supervisor", "my team opening this month by person"): f"trend {OPENING} since:2026-11-01 by:employee",
    ("supervisor", "follow up with jamie"): f"attention {JAMIE}",
    ("supervisor", "follow-up Jamie"): f"attention {JAMIE}",
    ("supervisor", "acknowledge all"): "attention",
    ("supervisor", "ack jamie's results"): f"attention {JAMIE}",
    ("supervisor", "nudge oskar"): f"overdue {OSKAR}",
    ("supervisor", "remind oskar"): f"overdue {OSKAR}",
}


@pytest.mark.parametrize(("role", "typed"), [*(("admin", typed) for typed in ADMIN), *OTHERS])
async def test_what_is_typed_is_read_as(company: DemoOffice, role: str, typed: str) -> None:
    means = ADMIN[typed] if role == "admin" else OTHERS[role, typed]
    assert read_as(await company.ask(role, typed)) == means


WITHOUT_QUERY = {
    "don't message me at night": "Your quiet time would be 20:00-07:00 and holidays (Europe/London",
    "no messages on weekends": "Your quiet time would be sat sun and holidays (Europe/London",
    "mute weekends": "A mute has one end. What holds every day or every week is a quiet time of yours.",
    "what do I have left to do": "2 sessions to do as an observer",
    "thanks!": "You're welcome.",
    "ok": "You're welcome.",
    "?": "What Spotter understands",
    "hi": "What Spotter understands",
    "good morning": "What Spotter understands",
    "digest every friday at 5pm": "Nothing is saved yet. Shall Spotter send this to <#C1001>, weekly fri 17:00",
    "digest weekly at 9 on monday": "Nothing is saved yet. Shall Spotter send this to <#C1001>, weekly mon 09:00",
    "weekly report every monday 9am": "Nothing is saved yet. Shall Spotter send this to <#C1001>, weekly mon 09:00",
    "set target for opening to 90": "Set the target 90 % for “Opening the store”?",
    "notify me when sofia fails": "A rule that posts to you alone: completed sessions of Sofia Marchetelli, with a",
    "post failed ones here": "A rule that posts to <#C1001>: completed sessions with a low result",
    "how do i mute this": "/ojt mute 4h [query]: Hold messages back for a while",
    "what does critical mean": "outcome:: What a result means.",
    "silence this channel til tomorrow": "This holds back the messages of <#C1001> until 28 Nov 2026, 00:00 UTC: all",
    "holidays add 31.02.": "There is no day 31 in February 2027: it has 28 days.",
    "holidays add 25 dec": "Holidays: 25 Dec 2026.",
    "holidays add 26.12.2026": "Holidays: 25 Dec 2026, 26 Dec 2026.",
    "since 30 feb": "There is no day 30 in February 2026: it has 28 days.",
    "results 2026-02-30": "There is no day 30 in February 2026: it has 28 days.",
    "export since:31.02.": "There is no day 31 in February 2026: it has 28 days.",
    "mute until:2026-02-30": "There is no day 30 in February 2026: it has 28 days.",
    "help me": "What Spotter understands",
    "my to-do": "2 sessions to do as an observer",
    "what do i have to do": "2 sessions to do as an observer",
    "who am i": "You are Dana Okonjo in iSpring",
    "are you alive": "✓ Spotter is reading and sending",
    "what is misconfigured?": "✓ Spotter is reading and sending",
    "errors": "✓ Spotter is reading and sending",
    "version": "✓ Spotter is reading and sending",
    "who are the admins?": "✓ Spotter is reading and sending",
    "unmatched people": "34 people in iSpring without a Slack account",
    "who is not linked": "34 people in iSpring without a Slack account",
    "delete rule 3": "There is no rule 3.",
    "tell me when I get a result": "This changes what you get as direct messages to “employee instantly”.",
    "notify me about my results": "This changes what you get as direct messages to “employee instantly”.",
    "menu": "Spotter posts what happens in iSpring Learn",
    "targets": "Target for every checklist: 80 %",
    "results 0f809adb": "No session you may see has an id starting with 0f809adb",
}


@pytest.mark.parametrize("typed", WITHOUT_QUERY)
async def test_what_asks_for_no_sessions_is_answered_too(company: DemoOffice, typed: str) -> None:
    answer = await company.ask("admin", typed)
    assert answer.text.replace("`", "").startswith(WITHOUT_QUERY[typed])


LEFT_OUT = {
    "follow up with jamie by friday": "“by friday”",
    "remind me about jamie on monday": "“on monday”",
    "which criteria got worse": "“got worse”",
    "did jamie check in": "“check”",
    "check my results": "“check”",
    "old results of sofia": "“old”",
    "email me the results": "“email”",
    "status of store 12": "“of store 12”",
}


@pytest.mark.parametrize("typed", LEFT_OUT)
async def test_words_that_are_not_used_are_named(company: DemoOffice, typed: str) -> None:
    assert f"I did not use: {LEFT_OUT[typed]}" in (await company.ask("admin", typed)).text


async def test_a_verb_that_ends_a_title_is_offered_as_that_checklist(company: DemoOffice) -> None:
    labels = [label for label, _ in offered(await company.ask("admin", "did jamie check in"))]
    assert labels == ["Meant: Food safety line check (checklist) · 6 sessions"]


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("wer hat letzte woche nicht bestanden", "German"),
        ("results letzte woche", "German"),
        ("qui a échoué la semaine dernière", "French"),
        ("quien no aprobo esta semana", "Spanish"),
        ("resultados de sofia", "Spanish"),
        ("wie heeft er gefaald", "Dutch"),
        ("chi non ha superato il mese scorso", "Italian"),
        ("кто не прошел на этой неделе", "another language"),
    ],
)
async def test_another_language_is_answered_in_one_sentence(company: DemoOffice, typed: str, language: str) -> None:
    answer = await company.ask("admin", typed)
    assert answer.text.startswith(f"This looks like {language}, and Spotter reads English.")
    assert next(command for _, command in offered(answer)) == "who failed last week"


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        (
            "is sofia getting better",
            "No clear change in 27 sessions: 67 % met the target, 47 % in the older half of this time",
        ),
        ("has arjun improved", "Getting worse: 63 % met the target, 92 % in the older half of this time"),
        ("is it getting better", "About the same: 60 % met the target, 63 % in the older half of this time"),
        ("is mei-lin getting better this week", "Better or worse? "),
    ],
)
async def test_a_trend_says_whether_results_get_better(company: DemoOffice, typed: str, verdict: str) -> None:
    assert verdict in (await company.ask("admin", typed)).text.replace("\n", " ")


async def test_employees_who_were_not_observed_are_listed_with_their_last_session(company: DemoOffice) -> None:
    lines = (await company.ask("admin", "who has not been observed this week")).text.splitlines()
    assert "21 of 38 employees" in lines and "• Oskar Halvorsrud · last on 1 Nov 2026, 10:35 UTC" in lines
    assert lines.index("21 of 38 employees") < lines.index("1 of 10 sites")
    of_team = (await company.ask("supervisor", "who has not been observed this week")).text
    assert "of 11 employees" in of_team and "Rafael Montesdeoca" not in of_team


async def test_the_place_inside_another_is_meant(company: DemoOffice) -> None:
    for typed in ("store 14 kitchen", "kitchen of store 14", "store 14, kitchen"):
        assert "92 found: sessions in Store 14 Mill Lane, Kitchen" in (await company.ask("admin", typed)).text
    labels = [label.partition(" · ")[0] for label, _ in offered(await company.ask("admin", "kitchen results"))]
    assert labels == [
        "Store 14 Mill Lane, Kitchen",
        "Store 12 Harbour Street, Kitchen",
        "Store 21 Station Square, Kitchen",
    ]


async def test_a_list_of_one_outcome_counts_nothing_twice(company: DemoOffice) -> None:
    lines = (await company.ask("admin", "results outcome:below")).text.splitlines()
    assert lines[:2] == ["223 found: sessions below target. Showing 1 to 10.", "median 73 %"]


@pytest.mark.parametrize(
    "typed",
    [
        "too many messages", "stop messaging me", "once a day", "less", "off", "stop messages", "unsubscribe",
        "turn off notifications", "only failures please", "only tell me about failures",
    ],
)  # fmt: skip
async def test_who_gets_too_many_messages_is_offered_less_of_them(company: DemoOffice, typed: str) -> None:
    answer = await company.ask("observer", typed)
    buttons = [one for block in answer.blocks for one in block.get("elements", ()) if one["type"] == "button"]
    assert [one["text"]["text"] for one in buttons] == ["Only below target", "Daily digest", "Stop", "Change…"]


async def test_only_tell_me_about_something_is_a_rule_for_oneself(company: DemoOffice) -> None:
    answer = await company.ask("observer", "only tell me about opening")
    assert answer.text.startswith("A rule that posts to you alone: completed sessions on “Opening the store”")


@pytest.mark.parametrize(
    "typed", ["what went wrong in my last session", "show last my sessions", "why was my last result low"]
)
async def test_a_question_on_the_last_session_shows_that_session(company: DemoOffice, typed: str) -> None:
    answer = (await company.ask("employee", typed)).text
    assert "Observer:" in answer
    assert "Read as `/ojt show last employee:me" in answer


async def test_lists_of_an_employee_name_the_observers(company: DemoOffice) -> None:
    assert "observed by " in (await company.ask("employee", "who observed me last")).text
    assert "observed by " not in (await company.ask("employee", "results")).text


async def test_the_to_do_list_of_who_is_in_charge_names_low_results(company: DemoOffice) -> None:
    answer = await company.ask("supervisor", "what should I do today")
    assert "19 low results of the last 30 days that nobody has acknowledged" in answer.text
    assert ("Show", "attention") in offered(answer)
    assert "low result" not in (await company.ask("employee", "todo")).text


async def test_of_the_silent_those_that_were_asked_for_come_first(company: DemoOffice) -> None:
    for typed, first in (
        ("which observers did nothing this month", "0 of 13 observers"),
        ("silent stores", "1 of 10 sites"),
        ("who has not been observed", "7 of 38 employees"),
    ):
        counts = [line for line in (await company.ask("admin", typed)).text.splitlines() if " of " in line[:8]]
        assert counts[0] == first


async def test_who_sees_my_results_is_answered_in_words(company: DemoOffice) -> None:
    assert "Colleagues do not see them." in (await company.ask("employee", "who can see my results?")).text


async def test_minutes_are_no_score(company: DemoOffice) -> None:
    assert read_as(await company.ask("admin", "sessions under 5 minutes")) == ""


async def test_a_suggestion_leaves_out_what_nothing_reads(company: DemoOffice) -> None:
    assert [command for _, command in offered(await company.ask("admin", "mute bla"))][:1] == ["mute 4h"]
    assert [command for _, command in offered(await company.ask("admin", "mute at night"))][:1] == ["quiet 20:00-07:00"]


# ---- what fits several things ---------------------------------------------------------------------------------------

ASKED = {
    "12": ["Store 12 Harbour Street", "A score of 12 %", "The newest 12"],
    "failed store region": ["Opening the store (checklist)", "Store 12 Harbour Street (department)"],
    "failed region": ["North region", "South region"],
    "since:05/11": ["since 5 Nov 2026", "since 11 May 2026"],
    "failed in october and on 3 nov": ["since 1 Oct 2026, until the end of 31 Oct 2026", "3 Nov 2026"],
}


@pytest.mark.parametrize("typed", ASKED)
async def test_what_fits_several_things_asks_and_says_what_each_would_find(company: DemoOffice, typed: str) -> None:
    asked = offered(await company.ask("admin", typed))
    labels = [label.replace("\u00a0", " ").partition(" · ") for label, _ in asked]
    assert [name for name, _, _ in labels][: len(ASKED[typed])] == ASKED[typed]
    for (_, _, counted), (_, command) in zip(labels, asked, strict=True):
        answer = (await company.ask("admin", command)).text
        if "Which do you mean" not in answer:
            assert counted.removesuffix("s") == f"{_number_found(answer)} session", (command, answer[:80])


def _number_found(answer: str) -> str:
    """How many sessions an answer says that it found: "200 found: …", "The 12 newest of 600", "Nothing found"."""
    first = answer.split()[0]
    return {"Nothing": "no", "The": answer.split()[1]}.get(first, first)


async def test_the_counts_of_overdue_are_those_of_overdue(company: DemoOffice) -> None:
    (label, command), *_ = offered(await company.ask("admin", "overdue region"))
    answer = (await company.ask("admin", command)).text
    total = sum(int(word) for word in answer.split(";")[0].split() if word.isdigit())
    assert label == f"North region · {total} sessions"


async def test_counts_are_of_what_the_asker_may_see(company: DemoOffice) -> None:
    (of_all, command), *_ = offered(await company.ask("admin", "12"))
    (of_one, _), *_ = offered(await company.ask("employee", "12"))
    own = _number_found((await company.ask("employee", command)).text)
    assert of_one == f"Store 12 Harbour Street · {own} sessions" != of_all


async def test_who_only_observes_is_offered_as_observer_with_a_count(company: DemoOffice) -> None:
    labels = [label for label, _ in offered(await company.ask("admin", "results Vondracka"))]
    assert [label.partition(" · ")[0] for label in labels] == ["Meant: Observed by Helena Vondráčka"]
    assert labels[0].endswith(" sessions")


# ---- what fits nothing ----------------------------------------------------------------------------------------------

MISTAKES = {
    "Sophia": [f"results {SOFIA}"],
    "failed openning": [f"results outcome:failed {OPENING}"],
    "faild opening": ['results outcome:failed checklist:"Opening the store"'],
    "not scored": [],
    "asdfgh": [],
    "test": [],
    "mute": ["mute 1h"],
    "lol": [],
    "food safety allergens": [f"results {FOOD}"],
    '"opening': ['results "opening"'],
    "help resluts": ["help results"],
    "whne is my next one": ["upcoming mine 30d"],
    "who was nevr observd": ["silent 365d"],
    "who imporved most": ["trend by:employee sort:-change"],
    "opennin openning": [f"results {OPENING}"],
    "mute 4h openning opennin": [f"mute 4h {OPENING}"],
    "digest montly": ["digest monthly 1 09:00"],
    "digest wekly fri 17 opening": ["digest weekly fri 17:00 opening"],
    "digest each monday": ["digest weekly mon 09:00"],
    "digest each monday north": ["digest weekly mon 09:00 north"],
    "digest weekly mon 25:00 north": ["digest weekly mon 09:00 north"],
    "digest blah blah": ["digest daily 09:00"],
    "send me a weekly report": ["digest weekly mon 09:00 for:me"],
    "holidays add 05/11": ["holidays add 2027-11-05"],
}


@pytest.mark.parametrize("typed", MISTAKES)
async def test_what_fits_nothing_names_what_is_nearest_in_meaning(company: DemoOffice, typed: str) -> None:
    assert [command for _, command in offered(await company.ask("admin", typed))][:1] == MISTAKES[typed][:1]


@pytest.mark.parametrize("role", ROLES)
async def test_each_suggestion_runs(company: DemoOffice, role: str) -> None:
    for typed in (*MISTAKES, *ASKED, "faild opning stroe 12", "stopp messages", "zero percent", "kitchn last wek"):
        for _, command in offered(await company.ask(role, typed)):
            text = (await company.ask(role, command)).text
            assert "Did you mean" not in text and "no condition" not in text, (typed, command)


async def test_a_site_that_the_asker_may_not_see_is_no_site(company: DemoOffice) -> None:
    answer = await company.ask("employee", "store 14")
    assert answer.text.startswith("“store 14” is no name that you may see")
    assert "Mill Lane" not in answer.text


# ---- help -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("help score", "score:>60..<80"),
        ("help dates", "since:last week"),
        ("help outcome", "outcome:failed"),
        ("help failed", "outcome:failed"),
        ("help site", "Store 21 Station Square"),
        ("help trend", f"trend {OPENING[:10]}"),
    ],
)
async def test_each_key_and_subcommand_has_a_page(company: DemoOffice, typed: str, says: str) -> None:
    page = await company.ask("admin", typed)
    assert says in page.text.replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("role", ROLES)
async def test_help_names_only_what_the_asker_may_do_and_see(company: DemoOffice, role: str) -> None:
    pages = [await company.ask(role, f"help {topic}".strip()) for topic in ("all", "", "checklist", "site", "employee")]
    for page in pages:
        for _, command in offered(page):
            answer = await company.ask(role, command)
            assert "no condition" not in answer.text and "There is no" not in answer.text, command
    everything = pages[0].text
    assert ("`/ojt audit" in everything) == (role == "admin")
    assert ("`/ojt silent" in everything) == (role != "employee")
    assert ("Mill Lane" in "".join(page.text for page in pages)) == (role == "admin")


@pytest.mark.parametrize("typed", ["compare stores", "by store", "worst store", "trend by:dept"])
async def test_a_store_is_one_row_with_the_departments_below_it(company: DemoOffice, typed: str) -> None:
    text = (await company.ask("admin", typed)).text
    rows = [line for line in text.splitlines() if " met the target · median" in line]
    assert sorted(row.split(" · ")[0] for row in rows) == [
        "Store 12 Harbour Street", "Store 14 Mill Lane", "Store 21 Station Square",
    ]  # fmt: skip
    assert "Kitchen" not in text


async def test_the_departments_of_one_store_have_their_own_rows(company: DemoOffice) -> None:
    text = (await company.ask("admin", "store 14 by department")).text
    assert "Kitchen · " in text and "Front of house · " in text and "Store 14 Mill Lane (own people) · " in text

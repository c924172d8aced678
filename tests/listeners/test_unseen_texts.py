"""What people typed who knew Spotter by its README only: questions, wishes and small talk, with the answer's beginning.

Asked of the demo's company as in `test_dialogs`.
"""

import pytest

from tests.listeners.demo_office import DemoOffice, offered, read_as

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN_ISPRING = "Sessions are planned, changed and cancelled in iSpring Learn"
SEEN = "Your results are seen by you, by who observed you"
PERSONNEL = "That is for your manager or the personnel department"


READ = {
    ("supervisor", "whats coming up next week in my shop"): "upcoming since:2026-11-30 until:2026-12-06",
    ("admin", "any store without a food safety check this week"): (
        'silent checklist:"Food safety line check" since:2026-11-23'
    ),
    ("admin", "could you be so kind as to show me the results of Ms Aubertin for the past thirty days?"): (
        'results employee:"Clémence Aubertin" since:2026-10-28'
    ),
    ("admin", "perfect scores"): "results score:100",
    ("admin", "neither espresso nor guest welcome, failed, since 1 nov"): (
        'results -checklist:"Espresso bar" -checklist:"Guest welcome and service" outcome:failed since:2026-11-01'
    ),
    ("admin", "can i get last months failed ones in excel"): (
        "export since:2026-10-01 until:2026-10-31 outcome:failed"
    ),
    ("admin", "sessions Samir did with Amara"): ('results observer:"Samir Qureshan" employee:"Amara Diabaté-Roux"'),
    ("supervisor", "how are my people doing compared to last month"): "trend since:2026-10-01 by:month",
    ("observer", "my next 3"): "upcoming mine 30d limit:3",
    ("admin", "would you mind telling me which criteria people lose the most points on in guest service?"): (
        'trend by:criterion checklist:"Guest welcome and service"'
    ),
    ("supervisor", "i didnt get anything about freyas failed closing, how come"): (
        'results employee:"Freya Tunnicliffe" outcome:failed checklist:"Closing and cash-up"'
    ),
}


@pytest.mark.parametrize(("role", "typed"), READ)
async def test_a_question_is_read_as(company: DemoOffice, role: str, typed: str) -> None:
    assert read_as(await company.ask(role, typed)) == READ[role, typed]


BEGINS = {
    # rights, and what Spotter is
    ("employee", "who can see what i scored"): SEEN,
    ("employee", "why can't I see my coworker's results"): SEEN,
    ("employee", "where is our data stored"): "Spotter keeps what it reads from iSpring Learn",
    ("employee", "whats that orange thing on my result mean"): "✅ means that the result met its target",
    ("supervisor", "who do you think i am"): "You are Ana Ferreira-Quill in iSpring",
    ("admin", "what can i filter by"): "What Spotter understands",
    ("admin", "how do you calculate the percentage"): "In a session (an observation) an observer watches",
    ("admin", "is this thing still alive"): "✓ Spotter is reading and sending",
    # what Spotter does not do
    ("employee", "how many holiday days do I have left"): PERSONNEL,
    ("supervisor", "may we fire someone for failing three times"): PERSONNEL,
    ("supervisor", "give mateo another go at opening next wednesday"): IN_ISPRING,
    ("admin", "delete arjuns session from yesterday it was a mistake"): IN_ISPRING,
    ("admin", "grade Viktor 90 on opening for today"): IN_ISPRING,
    ("employee", "are you a real person or an AI"): "Spotter is a program, and no person",
    ("employee", "does my boss see what I ask you"): "Spotter's answers are shown to you alone",
    ("employee", "can i have this in german"): "Spotter reads and writes English only",
    ("observer", "my session from this morning isnt showing up"): "A session appears here within minutes",
    ("admin", "new starters results"): "iSpring does not tell Spotter since when somebody works for you.",
    ("admin", "how do i get a rule into a channel"): "`/ojt rules [all]`",
    ("admin", "what's the difference between passed and failed here"): "`outcome:`",
    ("admin", "how far back do you keep data"): "Spotter keeps what it reads from iSpring Learn",
    ("supervisor", "you've got my name wrong, i'm linked to somebody else"): "You are Ana Ferreira-Quill in iSpring",
    ("supervisor", "why did i get that message last night"): "`/ojt why ID`",
    # wishes
    ("supervisor", "no messages on saturdays and sundays please"): "Your quiet time would be sat sun",
    ("observer", "remind me 2 hours before each session"): "Spotter reminds you of what you observe",
    ("supervisor", "who still owes me a follow up"): "You have no open follow-up.",
    ("admin", "alert me if store 12 average drops below 75"): "A rule posts single sessions",
    ("admin", "target for espresso 75 but only for store 21"): "A target is that of a checklist, or of all",
    ("admin", "give my rules to Margit, I'm leaving"): "A rule is handed over by its number",
    ("supervisor", "take over Ana's subscriptions"): "A rule is handed over by its number",
    ("admin", "hold everything, iSpring is being migrated this weekend"): "Pause all sending?",
    ("admin", "be quiet until tomorrow morning"): "This holds back the messages of <#C1001> until 28 Nov 2026",
    ("supervisor", "im on holiday till 14 december dont send me anything"): (
        "This holds back your direct messages until 14 Dec 2026"
    ),
    ("supervisor", "don't message me after 7pm or before 8 in the morning"): "Your quiet time would be 19:00-08:00",
    ("supervisor", "close the follow up for leila"): "You have no open follow-up.",
    ("observer", "remind me every morning what i have on"): "You are reminded of what is overdue",
    ("observer", "I want my results once a week not every time"): "How often Spotter writes to you is a setting",
    ("admin", "everyone should reach 85 from now on"): "Set the target 85 % for every checklist",
    ("admin", "notify me when someone misses 'Gas isolated'"): "A rule can't choose sessions by a criterion yet.",
    ("admin", "i dont want store 12 stuff in here any more"): "What a channel gets is decided by its rules",
    ("admin", "ok you can start again"): "Nothing is muted here.",
    # answers to what Spotter asked
    ("supervisor", "yes"): "Nothing was done",
    ("supervisor", "yes please do it"): "Nothing was done",
    ("supervisor", "show me more"): "A list goes on with the buttons below it.",
}


@pytest.mark.parametrize(("role", "typed"), BEGINS)
async def test_an_answer_begins_with(company: DemoOffice, role: str, typed: str) -> None:
    assert (await company.ask(role, typed)).text.startswith(BEGINS[role, typed])


OFFERED = {
    "night shift results store 12": ['results dept:"Store 12 Harbour Street"'],
    "baristas under 80": ["results score:<80"],
    "wich cheklist gets worse": ["trend by:checklist sort:change"],
    "frobnicate sofias cheklist": ['results employee:"Sofia Marchetelli"'],
}


@pytest.mark.parametrize("typed", OFFERED)
async def test_unknown_words_are_left_out_of_what_is_offered(company: DemoOffice, typed: str) -> None:
    answer = await company.ask("admin", typed)
    assert [text for _, text in offered(answer)] == OFFERED[typed]


GOING_ON = {
    "and last month?": "results since:2026-10-01 until:2026-10-31",
    "same for sofia": 'results employee:"Sofia Marchetelli"',
    "no, last week": "results since:2026-11-16 until:2026-11-22",
    "how about opening": 'results checklist:"Opening the store"',
    "and who observed those?": "",
    "the second one": "",
    "send that to me every week": "",
    "sort it the other way round": "",
    "and the time before that": "",
    "ok and is that good?": "",
}


@pytest.mark.parametrize("typed", GOING_ON)
async def test_what_goes_on_from_the_question_before_is_said_to_be_read_on_its_own(
    company: DemoOffice, typed: str
) -> None:
    answer = await company.ask("admin", typed)
    assert "Each question is read on its own" in answer.text
    assert read_as(answer) == GOING_ON[typed]

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
    # wishes
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

"""Questions about Spotter itself and wishes, as people put them: each is answered, or says where it is done."""

import pytest

from tests.listeners.demo_office import DemoOffice, offered

pytestmark = pytest.mark.asyncio(loop_scope="module")

STATUS = "✓ Spotter is reading and sending"
IN_ISPRING = "Sessions are planned, changed and cancelled in iSpring Learn"
ERASED = "An admin of Spotter erases a person's data with `spotter erase PERSON`"
NO_DIGESTS = "There are no digests here, and you made none."
NOT_MUTED = "Nothing is muted here, and neither are you."
PAUSE = "Pause all sending?"
GO_ON = "This lets all sending go on"

ANSWERS = {
    **dict.fromkeys(
        (
            "is it alive", "is spotter ok?", "are you working?", "are there any problems", "is it running",
            "when was ispring last read", "is everything up to date", "how fresh is the data", "when did you last sync",
            "did the last poll work", "is slack connected", "health check", "contact admin", "statsu",
            "is everything set up right", "what is missing", "what is misconfigured", "is setup finished",
        ),
        STATUS,
    ),
    **dict.fromkeys(("mutes", "list mutes", "what is muted", "is this channel muted"), NOT_MUTED),
    **dict.fromkeys(("digests", "who gets digests", "my digests", "list all digests", "rules digests"), NO_DIGESTS),
    **dict.fromkeys(("stop everything", "pause everything", "stop all messages"), PAUSE),
    **dict.fromkeys(("resume everything", "unpause all", "resume all rules"), GO_ON),
    **dict.fromkeys(("go live", "exit shadow mode", "shadow off"), "Shadow mode is off already"),
    **dict.fromkeys(("shadow mode", "are we in shadow mode", "turn on shadow mode"), "Shadow mode is off: messages go"),
    **dict.fromkeys(("cancel my session", "reschedule the session with sofia", "edit a result"), IN_ISPRING),
    **dict.fromkeys(("delete my data", "forget me", "erase sofia"), ERASED),
    "make me admin": "The setting ADMINS names the admins",
    "gdpr": "Spotter keeps what it reads from iSpring Learn",
    "who can see this": "Your results are seen by you",
    "post opening failures to #ops": "A rule is made in the channel that it posts to. Type `/ojt subscribe opening",
    "send l-and-d a digest every friday afternoon": "A digest is asked for in the channel that is to get it",
    "send me less": "There is no rule here that you may end.",
    "i am new here": "What Spotter understands",
    "what does this bot do": "What Spotter understands",
    "was mache ich hier": "This looks like German",
}  # fmt: skip


@pytest.mark.parametrize("typed", ANSWERS)
async def test_a_question_about_spotter_is_answered(company: DemoOffice, typed: str) -> None:
    assert (await company.ask("admin", typed)).text.startswith(ANSWERS[typed])


async def test_admins_alone_are_told_what_is_not_set_up(company: DemoOffice) -> None:
    told = (await company.ask("admin", "what is misconfigured")).text
    assert "Not set up yet" in told and "A first rule" in told
    assert "Not set up yet" not in (await company.ask("employee", "what is misconfigured")).text


async def test_what_only_admins_use_is_no_mistyped_word_of_others(company: DemoOffice) -> None:
    assert "only admins of Spotter use “shadow”" in (await company.ask("observer", "shadow mode")).text


async def test_everything_is_stopped_by_admins_and_ones_own_by_others(company: DemoOffice) -> None:
    assert (await company.ask("employee", "stop everything")).text.startswith("There is no rule here that you may end.")


@pytest.mark.parametrize(
    "typed",
    [
        "create a results report for store 5", "schedule results every monday", "cancel session reminders",
        "create trainings trend", "edit score target", "remove checklist rule 3", "can i change results digest",
    ],
)  # fmt: skip
async def test_what_spotter_itself_makes_of_sessions_is_not_sent_to_ispring(company: DemoOffice, typed: str) -> None:
    assert not (await company.ask("admin", typed)).text.startswith(IN_ISPRING)


NEXT_STEPS = {
    "mtue 4h": ["mute 4h"],
    "qiet 22-7": ["quiet 22-7"],
    "halp": ["help"],
    "post opening failures to #ops": ["preview opening failures"],
    "send l-and-d a digest every friday": ["digest every friday for:me"],
    "frobnicate my results": [],  # without its verb it would be another question
    "frobnicate the wibble": [],
    "results wibble sofia": None,
}


@pytest.mark.parametrize("typed", NEXT_STEPS)
async def test_a_refusal_offers_at_most_two_steps_of_understood_words(company: DemoOffice, typed: str) -> None:
    answer = await company.ask("admin", typed)
    steps = [text for _, text in offered(answer)]
    assert len(steps) <= 2 and not any("wibble" in one for one in steps)
    assert NEXT_STEPS[typed] in (None, steps)
    assert len(answer.text) < 250


@pytest.mark.parametrize(
    "typed",
    ["results since:30d", "results since∶30d", "results since：30d", "ˋresults since:30dˋ", "ｒesults since:３0d"],
)
async def test_signs_that_look_alike_are_read_alike(company: DemoOffice, typed: str) -> None:
    assert "Read as `/ojt results since:2026-10-28`" in (await company.ask("admin", typed)).text


async def test_a_question_before_a_change_names_what_it_changes(company: DemoOffice) -> None:
    asked = (await company.ask("admin", "silence opening until monday")).text
    assert asked.startswith("This holds back the messages of <#C1001> until 30 Nov 2026, 00:00 UTC: ")
    assert "“Opening the store”" in asked and "changes something" not in asked


@pytest.mark.parametrize(
    "typed", ["mute here 4h", "mute this channel for 4 hours", "mute channel until monday", "mute 4h"]
)
async def test_here_is_the_channel_and_no_person(company: DemoOffice, typed: str) -> None:
    answer = (await company.ask("admin", typed)).text
    assert "of <#C1001>: all sessions until" in answer
    assert "of <#C1001>: all sessions until" in (await company.ask("admin", "mutes")).text


async def test_quiet_hours_are_read_as_people_write_them(company: DemoOffice) -> None:
    answer = (await company.ask("admin", "quiet hours 8pm to 7am")).text
    assert answer.startswith("Saved. Your quiet time is 20:00-07:00")

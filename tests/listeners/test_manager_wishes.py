"""What managers and admins wish in plain words: rules, digests, targets, accounts, the audit log.

Asked of the demo's company as in `test_dialogs`. Nothing is written by any of them: the answer shows, asks, or says
where it is done.
"""

import pytest

from tests.listeners.demo_office import DemoOffice, offered

pytestmark = pytest.mark.asyncio(loop_scope="module")

_TARGETS = "Target for every checklist: 80 %"
_HERE = "Nothing is saved yet. Shall Spotter send this to <#C1001>"
_ALONE = "Nothing is saved yet. Shall Spotter send this to you alone"
_DONE_ELSEWHERE = "What a channel gets is decided by its rules"
_FOLLOWED = "You would follow up the result of Arjun Pillaikar (f35df864)"
ADMIN = {
    # digests at a time
    "post a summary here every friday afternoon": f"{_HERE}, weekly fri 14:00",
    "every monday 8am send me how my team did": f"{_ALONE}, weekly mon 08:00",
    "send us the numbers on mondays at 9": f"{_HERE}, weekly mon 09:00",
    "every morning at 8 send me the results": f"{_ALONE}, daily 08:00",
    # rules by their number, and those that are named by no number
    "turn rule 2 back on": "There is no rule 2.",
    "rule 3 should only post store 12": "There is no rule 3.",
    "why is nothing posted here": "Nothing is posted here yet",
    "change rule 2 to only failed": "There is no rule 2.",
    "hold rule 1 until friday": "There is no rule 1.",
    "pause rule four": "Say until when",
    "pause rule four until monday": "There is no rule 4.",
    "resume rule three": "There is no rule 3.",
    "unsubscribe rule two": "There is no rule 2.",
    "edit rule two only failed": "There is no rule 2.",
    "delete rule four": "There is no rule 4.",
    "rules of this channel": "Nothing is posted here yet",
    "rules of #results": "A channel lists its rules itself",
    "audit last 20": "The audit log is empty.",
    "reactivate rule 1": "There is no rule 1.",
    "give rule 2 to @oskar": "Say to whom with an ＠",
    "hand rule two over to sofia": "Say to whom with an ＠",
    "give rule 2 to <@U0001>": "There is no rule 2.",
    "pause the food rule until next week": "A rule is named by its number",
    "who made this rule": "Nothing is posted here yet",
    "what goes to #results": "Nothing is posted here yet",
    "where do the failed closing results go": "Nothing is posted here yet",
    "who muted this channel": "Nothing is muted here",
    "when does the mute end": "Nothing is muted here",
    "is this channel muted and until when": "Nothing is muted here",
    "stop posting passed ones here": _DONE_ELSEWHERE,
    "only tell us about critical failures in this channel": _DONE_ELSEWHERE,
    "please post less here": _DONE_ELSEWHERE,
    "don't post anything here until monday": "This holds back the messages of <#C1001> until 30 Nov 2026, 00:00 UTC",
    "why was this posted here": "/ojt why ID",
    "unsubscribe from everything": "There is no rule here that you may end.",
    "resume messages": "This lets all sending go on",
    "keep this channel quiet until tomorrow morning": "This holds back the messages of <#C1001> until 28"
    " Nov 2026, 09:00",
    "tell me every monday at half past eight how store 12 did": f"{_ALONE}, weekly mon 08:30",
    "weekly digest tuesdays at quarter to ten": f"{_HERE}, weekly tue 09:45",
    "every evening at 6 post today's failures here": f"{_HERE}, daily 18:00",
    "can i get a short overview each morning at 7": f"{_ALONE}, daily 07:00",
    # schedules
    "weekly mon 09:00": "That is a schedule, and does not say of what",
    "every monday at 9": "That is a schedule, and does not say of what",
    "digest for my team every friday at 4pm": f"{_ALONE}, weekly fri 16:00",
    "export failed every monday at 9": f"{_ALONE}, weekly mon 09:00",
    "send me a weekly digest fridays at 4pm london time": f"{_ALONE}, weekly fri 16:00 Europe/London",
    "post a digest here at 9 every day in berlin time": f"{_HERE}, daily 09:00 Europe/Berlin",
    "daily digest 7am new york time": f"{_HERE}, daily 07:00 America/New_York",
    "digest daily 9am EST": "“EST” names no place",
    "daily digest at six pm": f"{_HERE}, daily 18:00",
    "send us the digest now": "Digest of the last 7 days",
    "i want a weekly digest instead of single messages": "On which day of the week?",
    # only some
    "tell me only if below 70": "A rule that posts to you alone: completed sessions scored below 70 %.",
    "only when below 70": "A rule that posts to you alone: completed sessions scored below 70 %.",
    # for others, and by other media
    "send failed results to my boss": "Spotter sends to a channel, or to the person who asks",
    "send my boss a weekly summary": "Spotter sends to a channel, or to the person who asks",
    "send a digest to sofia every monday": "Spotter sends to a channel, or to the person who asks",
    "share this with my boss": "Spotter sends to a channel, or to the person who asks",
    "send it to #north": "A rule is made in the channel that it posts to.",
    "send the digest by email every monday": "I did not use: “by email”. Spotter writes in Slack alone.",
    "text me when someone fails": "A rule that posts to you alone: completed sessions with a low result.",
    # reminders and absence
    "remind me tomorrow to observe arjun": "Spotter reminds you of what you observe",
    "remind me every day of my todo": "Spotter reminds you of what you observe",
    "remind me friday about f35df864": f"{_FOLLOWED}, due Fri 4 Dec 2026.",
    "remind me about f35df864 next tuesday": f"{_FOLLOWED}, due Tue 1 Dec 2026.",
    "remind me friday about 0f809adb": "No one session that you may see has an id starting with “0f809adb”.",
    "stop reminding me": "This turns your reminders of what you observe and is late off.",
    "turn on reminders for planned sessions": "This turns your reminders of what is planned for you to observe on.",
    "i'm on vacation until 7 december": "This holds back your direct messages until 7 Dec 2026",
    "i am off next week": "Say until when you are away",
    "observer daily 18:00": "This changes what you get as direct messages to “observer daily 18:00”.",
    # rules
    "turn rule two off": "There is no rule 2.",
    "rule two only failed": "There is no rule 2.",
    "copy rule 2 to #closing": "A rule keeps its channel and has no name",
    "add a rule for failed closing": "A rule that posts to <#C1001>: completed sessions on “Closing and cash-up”",
    "subscribe this channel to failed closing": "A rule that posts to <#C1001>: completed sessions on “Closing",
    "subscribe #l-and-d to failures": "A rule is made in the channel that it posts to",
    "create a digest for store 14": "How often?",
    "take over rule 1": "There is no rule 1.",
    "i dont want my boss to see my results": "Your results are seen by you",
    "never message me again": "There is no rule here that you may end.",
    "dont ping me on sundays": "Your quiet time would be sun",
    "dont bother me this weekend": "This holds back your direct messages until 30 Nov 2026",
    "digest off": "There is no rule here that you may end.",
    "remind me an hour before": "Spotter reminds you of what you observe",
    "notify me when my sessions are overdue": "This turns your reminders of what you observe and is late on.",
    "set the target to eighty five": "Set the target 85 % for every checklist",
    "target ninety": "Set the target 90 % for every checklist",
    "set target to 85 for opening and 90 for closing": "One target at a time",
    "target for store 12 should be 90": "“store 12” is no checklist Spotter has seen; targets are of checklists.",
    # what it is about is said if nothing can be read
    "any changes to the rules at all": "Nothing is posted here yet, and you made no rule.",
    "show people whose email doesn't match": "I could not read that as it stands; it seems to be about who is who.",
    # targets
    "raise opening target to 85": "Set the target 85 % for “Opening the store”?",
    'set the target for "Opening" to 85': "Set the target 85 % for “Opening the store”?",
    "pls change target of “food safety” to 75": "Set the target 75 % for “Food safety line check”?",
    'make "cold room logged" critical': "“cold room logged” is no criterion",
    "drop the target for opening to 75": "Set the target 75 % for “Opening the store”?",
    "set 90 for closing": "Set the target 90 % for “Closing and cash-up”?",
    "espresso bar needs 90 to pass": "Set the target 90 % for “Espresso bar”?",
    "what happens if I set the target to 90": "Set the target 90 % for every checklist",
    "no target for closing anymore": "“Closing and cash-up” has no target of its own.",
    "remove the espresso target": "“Espresso bar” has no target of its own.",
    "increase the pass mark for food safety by 5": "A target is set as a percentage, not by a difference",
    "what target applies to closing": _TARGETS,
    "which checklists have their own target": _TARGETS,
    "what are the critical criteria": _TARGETS,
    # who did what, what is sent, who is who
    "how many messages are waiting to be sent": "✓ Spotter is reading and sending",
    "did any message fail to send today": "✓ Spotter is reading and sending",
    "when can we go live": "Shadow mode is off",
    "who has no slack account": "34 people in iSpring without a Slack account",
    "which employees can't be matched": "34 people in iSpring without a Slack account",
    "planned vs done this week": "Spotter keeps no share of what was planned",
}


@pytest.mark.parametrize("typed", ADMIN)
async def test_what_a_manager_wishes_is_shown_or_asked_about(company: DemoOffice, typed: str) -> None:
    answer = await company.ask("admin", typed)
    assert answer.text.replace("`", "").startswith(ADMIN[typed])


OFFERED = {
    "notify @oskar when opening fails": ["preview opening fails", "subscribe opening fails for:me"],
    "let <#C1003|l-and-d> know when anyone in store 12 fails food safety": ["preview in store 12 fails food safety"],
    "email me weekly": ["settings observer weekly mon 09:00", "digest weekly mon 09:00 for:me"],
    "only once a week please": ["settings observer weekly mon 09:00", "digest weekly mon 09:00 for:me"],
    "daily summary only": ["settings observer daily 09:00", "digest daily 09:00 for:me"],
    "make the digest monthly instead of weekly": ["digest monthly 1 09:00", "rules digests"],
    "send the weekly digest on tuesday instead": ["digest weekly tue 09:00", "rules digests"],
    "send a summary every other monday": ["digest weekly mon 09:00"],
    "send me a summary on the last friday of the month": ["digest monthly 1 09:00 for:me"],
    "change digest to 10am": ["digest weekly mon 10:00", "rules digests"],
    "tell me every monday how store 12 did": ["digest weekly mon 09:00 store 12 for:me"],
    "weekdays at 7 post yesterday's failures here": ["digest daily 07:00"],
}


@pytest.mark.parametrize("typed", OFFERED)
async def test_what_is_done_otherwise_is_said_with_what_to_do_instead(company: DemoOffice, typed: str) -> None:
    assert [command for _, command in offered(await company.ask("admin", typed))] == OFFERED[typed]


UNUSED = {
    "who changed the target": "the target",
    "show the audit log for last week": "for last week",
    "what targets do we have for store 12": "store 12",
    "did any message fail to send today": "today",
    "set the target to 85 from next month": "from next month",
    "text me when someone fails": "text",
    "email me the export": "email",
}


@pytest.mark.parametrize("typed", UNUSED)
async def test_what_an_answer_can_not_use_is_named(company: DemoOffice, typed: str) -> None:
    assert f"I did not use: “{UNUSED[typed]}”" in (await company.ask("admin", typed)).text


async def test_who_is_no_admin_is_told_that_only_admins_see_the_audit_log(company: DemoOffice) -> None:
    answer = await company.ask("supervisor", "who changed the target")
    assert answer.text.startswith("You may not see or do that: only admins of Spotter use “audit”.")

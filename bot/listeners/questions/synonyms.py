"""The words that people of other trades and firms use for what Spotter calls a session, a score, an observer. Pure.

They are read so only in a text that has no meaning as it stands: a checklist may be called "Audit", a person Mark.
"""

import re
from collections.abc import Collection

from bot.listeners.questions.patterns import with_names, without_names

_WORDS = {
    word: common
    for common, words in {
        "observation": (
            "audit assessment assesment assessement assessmnt inspection inspecton walk walkthrough walkaround"
            " evaluation appraisal shift check-up checkup test exam review"
        ),
        "observations": (
            "audits assessments assesments inspections walks walkthroughs evaluations appraisals shifts tests exams"
            " reviews"
        ),
        "score": "mark marking scor ",
        "scores": "marks markings",
        "graded": "marked coached mentored audited tested appraised examined",
        "grading": "coaching mentoring auditing assessing inspecting",
        "observer": "coach mentor instructor buddy trainer assesor inspector auditor",
        "observers": "coaches mentors instructors buddies auditors inspectors",
        "store": "outlet shop",
        "stores": "outlets shops",
        "people": (
            "trainees trainee learners apprentices starters newbies newcomers joiners recruits mentees coachees crew"
        ),
        "in progress": "half-finished half-done",
        "yesterday's": "yesterdays",
        "today's": "todays",
        "tomorrow's": "tomorrows tmrws",
        "yesterday": "yday ystrday yest yestrday yesteday yesturday",
        "tomorrow": "tmrw tmr tomoz tomorow tommorow 2moro",
        "today": "2day tdy",
        "week": "wk wek weeek",
        "month": "mth mnth",
        "and": "n nd",
        "with": "wiv w/",
        "what": "wat wot",
        "should": "shd shld",
        "how": "hw",
        "last": "lst",
        "someone": "sum1 some1",
        "result": "feedback",
        "low": "red bad awful terrible rubbish",
        "criterion": "item step",
        "criteria": "items steps",
        "message": "msg mesage",
        "messages": "msgs mesages",
        "ok": "alright allright okey",
        "recorded": "entered logged submit sumbit",
    }.items()
    for word in words.split()
}
_AS_VERBS = {"coach": "observe", "mentor": "observe", "audit": "observe", "mark": "grade", "assess": "grade",
             "inspect": "observe", "test": "observe", "review": "observe", "marking": "grading"}  # fmt: skip
_BEFORE_A_VERB = frozenset({"i", "to", "we", "who", "gonna", "did", "am"})
_SAYS_NOTHING = re.compile(
    r"\b(?:nvr ?mind|never ?mind|nvm|sorry|btw|lol|kinda|sort of|basically|by the way|if (?:you|u) can|if possible"
    r"|^(?:(?:i'?m|im) )?(?:a )?new (?:starter|joiner|here)[,.]|new (?=starters?|joiners?|recruits?)|quickly"
    r"|real quick|asap|mate|bro|dear|dude|kindly|um+|er+m|hmm+|ur(?= )"
    r"|(?:on|from) the system"
    r"|(?<=yesterday) (?:morning|afternoon|evening|night)|(?<=in )the (?=last|past))(?!\w)",
    re.IGNORECASE,
)
_PUT_IN = re.compile(r"\b(?:put|key|type|log|enter)(?:ed)?( (?:my|the|his|her) \w+) (?:in|up)(?!\w)", re.IGNORECASE)


def in_common_words(text: str, names: Collection[str] = ()) -> str:
    """A text with the words of other trades as Spotter's own, without those that say nothing. `names`: words that
    belong to a name, and stay, as do names in quotes."""
    text, quoted = without_names(text)
    said: list[str] = []
    for token in _PUT_IN.sub(r"record\1", _SAYS_NOTHING.sub("", text)).split():
        plain = token.lower().strip("?!.,;:'’\"")
        bare = plain.removesuffix("'s").removesuffix("’s")
        as_verb = bool(said) and said[-1].lower() in _BEFORE_A_VERB
        common = None if bare in names else (as_verb and _AS_VERBS.get(bare)) or _WORDS.get(bare)
        if common is None:
            said.append(token)
        else:
            end = token[-1] if token[-1] in ",;?" else ""
            said.append(common + end)
    return with_names(" ".join(said), quoted)

"""Wishes about rules that no subcommand meets: a rule for somebody else, another schedule, a channel that gets less.

Each answer says where or how it is done, and changes nothing.
"""

import re
from collections.abc import Sequence

from bot.domain.errors import QueryError
from bot.domain.schedules import Every, parse_schedule
from bot.listeners.questions.patterns import GONE, I_AM, MESSAGES, PLEASE, Elsewhere
from bot.listeners.questions.rule_wishes import FIGURES, ONE_RULE, PERIODS, SENDS, WHEN, plain_schedule

_OTHER_TIMES = re.compile(
    r"\b(?P<often>(?:every |each |on )?(?:weekdays?|work(?:ing)? ?days?|business days?|mon(?:day)?s? (?:to"
    r"|-|through) fri(?:day)?s?)"
    r"|(?:every|each) (?:two|three|2|3|other|second|third|2nd|3rd) (?:weeks?|months?|days?"
    r"|(?:mon|tue|wed|thu|fri|sat|sun)\w*)"
    r"|(?:the |every |each )?(?:first|second|third|fourth|last|1st|2nd|3rd|4th) (?:mon|tue|wed|thu|fri|sat|sun)\w*"
    r" (?:of|in) (?:the|each|every|a) month"
    r"|bi-?weekly|fortnightly"
    r"|(?:twice|two times|three times) an? (?:week|month|day)|(?:every|each|once a|per) (?:quarter|year)"
    r"|quarterly|every hour"
    r"|hourly)\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)(?=\w*day|\b)", re.IGNORECASE)
_TO_DAY = re.compile(r"\b(?:to|through)\b|-", re.IGNORECASE)  # "monday to friday"
_WHEN_HOUR = re.compile(r"(?<!\S)\d{1,2}(?:[:.]\d\d)?(?: ?[ap]m)?(?!\S)", re.IGNORECASE)
_NO_SUCH_SCHEDULE = (
    "A digest comes daily, weekly or monthly, and on no other days; `quiet weekend` holds a person's"
    " messages at weekends."
    " Nothing was changed; this shows the nearest one, and saves it once you agree."
)
_ONLY = r"(?:only|just|nothing but|no more than)"
_TELLS = r"(?:tell|notify|alert|ping|message|dm|inform|warn|let|send|remind)"
_WHEN_THAT = r"(?:when(?:ever)?|if|about|once|as soon as|(?:every|each|any) time|the moment|of)"
_BY_RULES = (
    "What a channel gets is decided by its rules: `rules` lists them with their numbers, `edit` and a number changes"
    " what one posts, and `unsubscribe` ends one. Nothing was changed."
)
_OTHERS = (
    "Spotter sends to a channel, or to the person who asks for it: nobody has it sent to somebody else. They ask"
    " Spotter themselves, or you post to a channel in which they are. Nothing was sent."
)
_KEPT_PLACE = (
    "A rule keeps its channel and has no name: make one with `subscribe` in the other channel, and end the old one with"
    " `unsubscribe` and its number. Nothing was changed."
)
_OTHER_REMINDERS = (
    "Spotter reminds you of what you observe: what is late, each morning of what is planned (`reminders planned on`),"
    " and of a low result that you follow up (`follow-up ID due:friday`, the id is at the foot of its card). It reminds"
    " nobody of anything else. Nothing was changed."
)
_WHEN_AWAY = (
    "Say until when you are away, as `mute until:2026-12-07 for:me`: what comes meanwhile is held. Nothing was changed."
)
_A_SCHEDULE = (
    "That is a schedule, and does not say of what: a digest, or how you get the results of sessions you observe."
)
_SCHEDULE = re.compile(
    r"(?:on )?(?:daily|weekly|monthly|every ?day|every|each|(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b.*",
    re.IGNORECASE,
)
_OF_A_NUMBER = "A rule is named by its number, which is on each card it posts and in `rules`. Nothing was changed."
_HOW_OFTEN = (
    "How often Spotter writes to you is a setting, and a digest comes as a direct message in Slack, not by e-mail."
    " Nothing was changed; each of these asks first."
)
_DIGEST_TIMES = (
    "A digest keeps its schedule. Make one with the new schedule, which is shown first, and end the old one by its"
    " number: `rules digests` lists them. Nothing was changed."
)
_TOLD = re.compile(
    rf"{PLEASE}{_TELLS} (?P<who><#[^<>]+>|#[\w-]+|<@[^<>]+>|@[\w.-]+|(?!(?:me|us|you)\b)\w+(?: \w+)?)"
    rf"(?: know)? {_WHEN_THAT} (?P<what>.+)",
    re.IGNORECASE,
)
_ANYONE = re.compile(r"^(?:(?:someone|somebody|anyone|anybody|a|an|people|there is|there are) )+", re.IGNORECASE)
_CHANGED_DIGEST = re.compile(
    rf"{PLEASE}(?:make|change|move|send|switch|set|put|post)(?: (?:the|my|our|this))*(?: (?:daily|weekly"
    rf"|monthly))? (?:digest|report"
    r"|summary)(?: (?:to|on|at|be|come|it))* (?P<when>.+?)(?: (?:instead|rather)(?: of .+)?| not .+)?",
    re.IGNORECASE,
)
_OFTEN_ENOUGH = re.compile(
    rf"{PLEASE}(?:(?:{_ONLY}|can i have|can i get|i only want|give me|send me|e-?mail me|mail me|message me"
    rf"|switch (?:me )?to"
    rf"|write to me) )*(?:(?:an?|the) )?(?:(?P<adverb>daily|weekly|monthly)|(?:once|one(?: (?:time|message"
    rf"|digest|summary|e-?mail|mail|dm|update))?) (?:an?|per|every)"
    rf" (?P<unit>day|week|month))(?: (?:digests?|summary|summaries|overview|reports?|{MESSAGES}|is enough|is"
    rf" fine|only|please"
    rf"|instead|thanks|would be"
    r" (?:fine|enough|better)))*",
    re.IGNORECASE,
)
_PLACES: Sequence[tuple[re.Pattern[str], str, Sequence[str]]] = tuple(
    (re.compile(pattern, re.IGNORECASE), said, instead)
    for pattern, said, instead in (
        (
            rf"{PLEASE}(?:pause|change|edit|modify|end|delete|remove|stop|resume|hand over|rename) {ONE_RULE}(?: .*)?",
            _OF_A_NUMBER,
            ("rules",),
        ),
        (
            rf"{PLEASE}(?:copy|rename|move|duplicate|clone|name|post|send) (?:the )?(?:rule|subscription) #?\d+ .*",
            _KEPT_PLACE,
            ("rules",),
        ),
        (rf"{PLEASE}rename (?:the )?(?:rule|subscription).*", _KEPT_PLACE, ("rules",)),
        (
            rf"{PLEASE}remind (?:me|us) (?:(?:(?!about\b|of\b).)+ )?"
            r"(?:to (?!check\b)|(?:of|about) (?:my |the )*(?:to-?do|tasks?)|.*\b(?:before|ahead)\b).*",
            _OTHER_REMINDERS,
            ("reminders", "todo"),
        ),
        (
            rf"(?:{PLEASE}(?:pause|hold|stop|mute|no) (?:my |all )?{MESSAGES} )?(?:during|for|while i(?:'?m| am) on) my"
            r" (?:vacation|holidays?|leave|time off)"
            rf"|(?:{I_AM} (?:{GONE}|off|away)|{GONE})(?: (?:from|next|starting|this) .*)?",
            _WHEN_AWAY,
            ("mute 4h for:me", "quiet"),
        ),
        (
            rf"(?!.*\brule\b){PLEASE}"
            r"(?:(?:send|forward|give|mail|e-?mail|share|post|message) \S.*? to|share \S.*? with)"
            r" (?!(?:me|us|myself|slack|spotter|here|\d)\b|(?:this|the|our|my) (?:channel|dms?|slack)\b|<?#)"
            r"(?:my |our |the )?[\w@<>'.-]+(?: \w+)?(?: (?:every|each|on|at|daily|weekly|monthly) .*)?",
            _OTHERS,
            ("preview outcome:failed", "digest weekly mon 09:00 for:me"),
        ),
        (
            rf"{PLEASE}(?:send|give|mail|e-?mail) (?:my|our|the) (?:boss|managers?|supervisors?|colleagues?|hr|staff"
            r"|people|director|ceo|crew|observers?) .+",
            _OTHERS,
            ("preview outcome:failed", "digest weekly mon 09:00 for:me"),
        ),
        (
            rf"(?=.*\b(?:here|channel)\b)(?!.*\b(?:until|till?|for (?:an?|the|\d+)|weekend|today"
            rf"|tonight)\b)(?:.*\b(?:too (?:many|much)|so many|less|fewer)\b.*"
            rf"|{PLEASE}(?:{_ONLY} {_TELLS}|{_TELLS}(?: (?:me|us))? {_ONLY}|{_ONLY}|(?:post|show|share) {_ONLY}"
            r"|(?:stop|don'?t|do not|no longer|quit|never) (?:posting|post|show|showing|sharing|sending|send)) .*)",
            _BY_RULES,
            ("rules", "preview outcome:failed"),
        ),
        (
            r"what (?:would|will)(?: (?:have|be|spotter|it|you|have been|be))* (?:sent|send|posted?)(?: .*)?",
            "`preview` shows what a rule would have sent in the last 30 days, and saves nothing; in shadow mode the"
            " messages themselves are in its private channel.",
            ("preview", "preview outcome:failed", "shadow"),
        ),
    )
)


def _alone(text: str) -> Elsewhere | None:
    """What a schedule alone may be for; None for a text that is none, or says what is to come."""
    if not _SCHEDULE.fullmatch(text):
        return None
    typed = plain_schedule(FOR_ME.sub("", text))
    try:
        schedule, zone, query = parse_schedule(typed)
    except QueryError:
        return None
    is_clear = not query or re.search(r"\d[:.]\d\d|\d ?[ap]m\b", typed, re.IGNORECASE)
    if not is_clear or re.search(rf"\b(?:{SENDS}|{FIGURES}|csv|export|file)\b", query, re.IGNORECASE):
        return None
    words = " ".join(filter(None, (str(schedule), zone, query)))
    setting = () if schedule.every is Every.MONTH or query or zone else (f"settings observer {schedule}",)
    return Elsewhere(_A_SCHEDULE, (f"digest {words}", f"digest {words} for:me", *setting))


FOR_ME = re.compile(r"\s*\bfor[: ]me\b", re.IGNORECASE)


def _is_about_how_often(found: re.Match[str]) -> bool:
    """Whether a text limits what comes ("only once a week", "email me weekly"); "weekly report" asks for one more."""
    if re.search(r"\b(?:only|just|enough|fine|instead|better|switch)\b", found[0], re.IGNORECASE):
        return (found["unit"] or "").lower() != "day"  # "once a day" is offered with the other choices
    if re.search(rf"\b{FIGURES}\b|\bdigests?\b", found[0], re.IGNORECASE):
        return False
    return (found["unit"] or "day").lower() != "day" or re.search(r"\bme\b", found[0], re.IGNORECASE) is not None


def met_by_rules(text: str) -> Elsewhere | None:
    """Where a wish about rules is met that no subcommand meets from here; None for anything else."""
    if found := _TOLD.fullmatch(text):
        what = _ANYONE.sub("", found["what"])
        if "#" in found["who"]:
            return Elsewhere(
                "A rule is made in the channel that it posts to.", (f"preview {what}",), f"subscribe {what}"
            )
        return Elsewhere(
            "A rule posts to a channel, or to the person who makes it: nobody makes one for somebody else. They ask"
            " Spotter themselves with `subscribe` and `for:me`; you may make one for a channel, or for yourself.",
            (f"preview {what}", f"subscribe {what} for:me"),
        )
    if (found := _OTHER_TIMES.search(text)) and re.search(rf"\b(?:{SENDS}|{FIGURES}|digests?)\b", text, re.IGNORECASE):
        hour = _WHEN_HOUR.search(text[found.end() :])
        day = _WEEKDAY.search(found["often"])
        near = f"weekly {day[0]}" if day and not _TO_DAY.search(found["often"]) else "daily"
        if "week" in found["often"].lower() and "day" not in found["often"].lower():
            near = "weekly mon"
        near = "monthly 1" if re.search("quarter|month|year", found["often"], re.IGNORECASE) else near
        near = near.lower()
        at = _schedule(f"{near} {hour[0]}" if hour else near)
        for_me = " for:me" if re.search(r"\bme\b", text, re.IGNORECASE) else ""
        return Elsewhere(_NO_SUCH_SCHEDULE, (f"digest {at}{for_me}",))
    if (when := WHEN.search(text)) and (where := _CHANNEL.search(text)) and _IS_SENT.search(text):
        digest = f"digest {_schedule(when[0])}"
        said = f"A digest is asked for in the channel that is to get it, here {where[0]}."
        return Elsewhere(said, (f"{digest} for:me",), digest)
    if (found := _OFTEN_ENOUGH.fullmatch(text)) and _is_about_how_often(found):
        every = (found["adverb"] or PERIODS[found["unit"].lower()]).lower()
        schedule = {"daily": "daily 09:00", "weekly": "weekly mon 09:00", "monthly": "monthly 1 09:00"}[every]
        setting = () if every == "monthly" else (f"settings observer {schedule}",)
        return Elsewhere(_HOW_OFTEN, (*setting, f"digest {schedule} for:me"))
    if (found := _CHANGED_DIGEST.fullmatch(text)) and (
        re.search(r"instead|rather|\bnot\b|^(?:make|change|move|switch)", text)
    ):
        return Elsewhere(_DIGEST_TIMES, (f"digest {_schedule(found['when'])}", "rules digests"))
    if (of_nothing := _alone(text)) is not None:
        return of_nothing
    return next((Elsewhere(said, instead) for pattern, said, instead in _PLACES if pattern.fullmatch(text)), None)


_CHANNEL = re.compile(r"<#[CG][A-Z0-9]+(?:\|[^<>]*)?>|(?<!\S)#[A-Za-z][\w-]*")
_IS_SENT = re.compile(rf"\b(?:{SENDS}|{FIGURES}|digests?)\b", re.IGNORECASE)


def _schedule(typed: str) -> str:
    """A schedule that can be run: an hour is added where none was said."""
    text = plain_schedule(re.sub(r"^(?:on|at|to) ", "", typed, flags=re.IGNORECASE))
    for tried in (
        text,
        f"{text} 09:00",
        f"weekly {text}",
        f"weekly {text} 09:00",
        f"weekly mon {text}",
        f"{text} mon 09:00",
        f"{text} 1 09:00",
    ):
        try:
            schedule, _, other = parse_schedule(tried)
        except QueryError:
            continue
        if not other:
            return str(schedule)
    return "weekly mon 09:00"

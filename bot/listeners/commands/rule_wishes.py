"""Wishes about rules in plain words: a digest "every monday", a channel that gets less, a rule that is to be changed.

What can be done from here is a subcommand, which shows or asks before it saves; what can't says where it is done.
"""

import re
from collections.abc import Sequence

from bot.domain.errors import QueryError
from bot.domain.schedules import begins_schedule, parse_schedule
from bot.listeners.commands.question_patterns import MESSAGES, PLEASE, Elsewhere, Intent, Reader

_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_PART = r"(?:morning|noon|afternoon|evening|night)s?"
_AT = rf"(?:,? (?:at |by |around )?(?:\d{{1,2}}(?:[:.]\d\d)?(?: ?[ap]m)?(?![\w:])|(?:in the |at )?{_PART}))?"
_WHEN = re.compile(
    rf"(?<![\w:])(?:(?:on )?(?:the|every|each) (?:first|1st|last)(?: day)? of (?:the|each|every|a) month"
    rf"|(?:on )?(?:every|each) (?:{_DAY}|day|week|month|{_PART})|(?:on )?(?:mon|tues|wednes|thurs|fri|satur"
    rf"|sun)days|(?:once|one time) (?:an?|per|every|each) (?:day|week|month)|(?:daily|weekly|monthly)(?:"
    rf" on)?(?: {_DAY})?)"
    rf"(?: on the \d{{1,2}}(?:st|nd|rd|th)?)?{_AT}(?!\w)",
    re.IGNORECASE,
)
_FIGURES = (
    r"(?:report|digest|summary|summaries|update|overview|round-?up|recap|numbers|figures|results?|stats"
    r"|statistics|kpis)s?"
)
_SENDS = r"(?:send|post|give|get|mail|e-?mail|share|put|show|tell|message|dm|drop|remind|i want|i need|i'?d like)"
_ASKED_FOR = re.compile(
    rf"^{PLEASE}(?:{_SENDS}\b.*\b(?:me|us|here|{_FIGURES}|channel)|(?:an? |the )?{_FIGURES})\b", re.IGNORECASE
)
_SAID = re.compile(
    rf"^{PLEASE}{_SENDS}(?: (?:me|us))?(?: (?:to|by|in|with|on|about|of))*(?![\w-])"
    rf"|\b(?:(?:an?|the|some|new|short|brief|quick|little|small|full) )*{_FIGURES}\b(?: (?:of|for|on|about|from|with))?"
    r"|\bhow (?=.*\b(?:did|do|does|is|are|was|were)\b)|\b(?:did|does|do|is|are|was|were)(?: doing)?$"
    r"|\b(?:to|in|into) (?:this|the|our) channel\b|\bhere\b|\bfor (?:me|us)\b|^(?:please|pls|can you)\b"
    r"|\b(?:today|yesterday|(?:this|last|the) (?:week|month|day))(?:'s|s)(?=\s|$)|\b(?:please|pls)$|\bthe"
    r" (?:last|past) (?:week|month|day)$",
    re.IGNORECASE,
)


_LATE_HOUR = re.compile(
    r"\b((?:every|each) )(?:afternoon|evening|night)s?,? (?:at |by |around )?(1[01]"
    r"|[1-9])(?:[:.](\d\d))?(?![\w:]| ?[ap]m)",
    re.IGNORECASE,
)  # "every evening at 6"


def _plain_schedule(typed: str) -> str:
    """A schedule as `digest` reads it: "once a week" is weekly, "every morning" daily."""
    text = re.sub(
        r"(?:once|one time) (?:an?|per|every|each) (day|week|month)",
        lambda found: {"day": "daily", "week": "weekly", "month": "monthly"}[found[1].lower()],
        typed.replace(",", " "),
        flags=re.IGNORECASE,
    )
    text = _LATE_HOUR.sub(lambda found: f"daily at {int(found[2]) + 12}:{found[3] or '00'}", text)
    text = re.sub(
        r"(?:on )?(?:the|every|each) (first|1st|last)(?: day)? of (?:the|each|every|a) month",
        lambda found: f"monthly {31 if found[1].lower() == 'last' else 1}",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(rf"(?:on )?(?:every|each) (?={_PART})", "daily ", text, flags=re.IGNORECASE)
    return " ".join(re.sub(r"\b(?:by|around)\b", "at", text, flags=re.IGNORECASE).split())


def _scheduled(found: re.Match[str]) -> Intent | None:
    """ "every monday 8am send me how my team did": a digest, which is shown before it is saved; None if the text asks
    for nothing to be sent at a time."""
    times = [*_WHEN.finditer(found.string)]
    when = max(times, key=lambda one: len(one[0]))  # "weekly report every monday 9am"
    if len(times) > 2:
        return None
    other = " ".join(f"{found.string[: when.start()]} {found.string[when.end() :]}".split()).strip(" ,")
    other = re.sub(r"\b(?:daily|weekly|monthly)\b ?", "", other, flags=re.IGNORECASE) if len(times) > 1 else other
    schedule = _plain_schedule(when[0])
    if not _ASKED_FOR.search(other) or not begins_schedule(schedule):
        return None
    is_own = re.search(r"\b(?:me|my|i)\b", other, re.IGNORECASE) and not re.search(r"\b(?:here|channel)\b", other)
    about = other
    while (less := " ".join(_SAID.sub(" ", about).split())) != about:
        about = less
    return Intent("digest", f"{schedule} {about}".strip() + (" for:me" if is_own else ""))


def _meant(verb: str, words: str = "") -> Reader:
    """The subcommand with these words alone."""
    return lambda _: Intent(verb, words)


def _with_unused(verb: str, words: str, name: str) -> Reader:
    """The subcommand, and what it can't use: "which rules post food safety"."""
    return lambda found: Intent(verb, words, (found[name] or "").strip())


def _edited(found: re.Match[str]) -> Intent:
    """ "change rule 2 to only failed": another query, which is shown before it is saved."""
    query = re.sub(
        r"^(?:(?:to|so that|it|is|for|only|just|show|shows|post|posts|be) )+", "", f"{found['query'] or ''} "
    )
    return Intent("edit", f"{found['number']} {query}".strip())


_OF_RULE = r"(?:rule|subscription|digest) (?:number |no\.? )?#?(?P<number>\d{1,9})"
_ONE_RULE = r"(?:this|that|the|my|our) (?:\S+ ){0,3}?(?:rule|subscription|alert)"
_ASKS_OF_RULES = r"(?:made|created|owns?|set ?up|added|wrote|started|is behind|is responsible for)"


def _resumed(found: re.Match[str]) -> Intent:
    return Intent("resume", found["number"])


RULE_WISHES: Sequence[tuple[str, Reader]] = (
    (
        rf"^{PLEASE}(?:change|edit|modify|update|narrow|limit|make|switch|set|adjust)(?: down)? {_OF_RULE}"
        r"(?P<query> .+)?$",
        _edited,
    ),
    (
        rf"^{PLEASE}(?:hold|suspend|pause|mute|silence|snooze|stop)(?: back)? {_OF_RULE} (?P<when>(?:until"
        rf"|till?|for) .+)$",
        lambda found: Intent("pause", f"{found['number']} {found['when']}"),
    ),
    (
        rf"^{PLEASE}(?:re-?activate|re-?start|continue|un-?pause|un-?mute|turn on|switch on|enable"
        rf"|re-?enable|start) {_OF_RULE}"
        r"(?: (?:again|now|back on|on))*$",
        lambda found: Intent("resume", found["number"]),
    ),
    (rf"^{PLEASE}(?:turn|switch|bring|put) {_OF_RULE} (?:back )?on(?:line)?(?: again)?$", _resumed),
    (
        rf"^{PLEASE}(?:take|put|set) {_OF_RULE} (?:offline|on hold|to sleep|off|aside) (?P<when>(?:until"
        rf"|till?|for) .+)$",
        lambda found: Intent("pause", f"{found['number']} {found['when']}"),
    ),
    (
        r"^why (?:is|are|was|were|does|do|did)(?: there)? (?:nothing|no (?:messages|cards|results|posts|posting))"
        r"(?: (?:get|being|been|is|are|was|posted|coming|come|shown|sent|post|appear|appearing|showing|up))* "
        r"(?:here|(?:in|to) (?:this|the|our) channel)$",
        _meant("rules"),
    ),
    (
        rf"^{PLEASE}(?:give|hand|transfer|pass|assign|move)(?: over)? {_OF_RULE}(?: over)? to (?P<who>.+)$",
        lambda found: Intent("handover", f"{found['number']} {found['who']}"),
    ),
    (
        rf"^{_OF_RULE} (?:should|must|shall|needs to|has to)(?: only| just)?(?: be| post| show| send|"
        rf" cover)*(?P<query> .+)$",
        _edited,
    ),
    (
        rf"^(?:turn|switch) {_OF_RULE} off(?: (?P<when>(?:until|till?|for) .+))?$",
        lambda found: Intent(
            "pause" if found["when"] else "unsubscribe", f"{found['number']} {found['when'] or ''}".strip()
        ),
    ),
    (
        r"^(?:turn|switch) (?:the |my |our |this )?(?:\S+ )?(?:digest|rule|summary|report)s? off(?: (?P<when>.+))?$",
        lambda found: Intent("unsubscribe", "", found["when"] or ""),
    ),
    (
        rf"^(?:who|what|when)(?: (?:has|is|does|was|did))*(?: {_ASKS_OF_RULES}| behind| the owner of)?"
        rf" {_OF_RULE}(?P<more> .+)?$"
        r"|^(?:which|what|how many)(?: of)?(?: the| my| our)* (?:rules|subscriptions|digests)(?: that)? (?:are|is|were)"
        r" (?:paused|active|off|on|running|stopped|muted|mine)$",
        _meant("rules", "all"),
    ),
    (
        rf"^who (?:has )?{_ASKS_OF_RULES} (?:{_ONE_RULE}|the rules|these(?: rules)?|this|it)s?"
        r"(?: (?:here|in this channel))?$"
        rf"|^whose (?:rule|digest) is (?:this|it|that)$|^who(?:'s| is) the owner of (?:{_ONE_RULE}|the rules)$",
        _meant("rules"),
    ),
    (
        r"^(?:what|which (?:results?|messages|cards|rules)|who)(?: (?:all|exactly))?"
        r" (?:goes|go|gets? (?:posted|sent)|(?:is|are) (?:posted|sent|going)|posts?|comes?) "
        r"(?:to|in|into|on) (?P<where>.+)$",
        lambda found: (
            Intent("rules", "")
            if re.fullmatch(r"here|(?:this|the|our) channel", found["where"], re.IGNORECASE)
            else Intent("rules", "all", found["where"])
            if re.match(r"<?#|.*\bchannel\b", found["where"])
            else None
        ),
    ),
    (
        r"^(?:where|to which channels?|which channels?) (?:do|does|are|is|gets?|receives?|have|has)(?: the)?"
        r" (?P<what>.+?) (?:go|goes|posted|sent|end up|land|come|shown)(?: to)?$"
        r"|^(?:where|which channels?) (?:gets?|receives?|shows?) (?:the )?(?P<what2>.+)$",
        lambda found: Intent("rules", "all", found["what"] or found["what2"]),
    ),
    (
        r"^(?:who|when|why|until when|how long)(?: (?:has|was|is|did|does|will|are))*(?: (?:the|this|our|my))*"
        r"(?: (?:channel|messages|mute|it))?"
        r"(?: (?:been|still))* (?:muted?|silenced|unmuted?|be over|ends?|over|run out|stop)"
        r"(?: (?:this|the|our|it|my))?(?: (?:channel|mute|end|store|messages))?$",
        lambda found: Intent("rules", "mutes") if re.search("mute|silence", found[0], re.IGNORECASE) else None,
    ),
    (rf"^(?=.*{_WHEN.pattern}).+$", _scheduled),
)

# ---- what is not done by a word ------------------------------------------------------------------------------------

_OTHER_TIMES = re.compile(
    r"\b(?P<often>(?:every |each |on )?(?:weekdays?|work(?:ing)? ?days?|business days?|mon(?:day)?s? (?:to"
    r"|-|through) fri(?:day)?s?)"
    r"|(?:every|each) (?:two|three|2|3|other|second|third) (?:weeks?|months?|days?|mon\w+|fri\w+)"
    r"|bi-?weekly|fortnightly"
    r"|(?:twice|two times|three times) an? (?:week|month|day)|(?:every|each|once a|per) (?:quarter|year)"
    r"|quarterly|every hour"
    r"|hourly)\b",
    re.IGNORECASE,
)
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
_OF_A_NUMBER = "A rule is named by its number, which is on each card it posts and in `rules`. Nothing was changed."
_HOW_OFTEN = (
    "How often Spotter writes to you is a setting, and a digest comes as a direct message in Slack, not by e-mail."
    " Nothing was changed; each of these asks first."
)
_DIGEST_TIMES = (
    "A digest keeps its schedule. Make one with the new schedule, which is shown first, and end the old one by its"
    " number: `rules digests` lists them. Nothing was changed."
)
_PERIODS = {"day": "daily", "week": "weekly", "month": "monthly"}
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
            rf"{PLEASE}(?:pause|change|edit|modify|end|delete|remove|stop|resume|hand over|rename) {_ONE_RULE}(?: .*)?",
            _OF_A_NUMBER,
            ("rules",),
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


def _is_about_how_often(found: re.Match[str]) -> bool:
    """Whether a text limits what comes ("only once a week", "email me weekly"); "weekly report" asks for one more."""
    if re.search(r"\b(?:only|just|enough|fine|instead|better|switch)\b", found[0], re.IGNORECASE):
        return (found["unit"] or "").lower() != "day"  # "once a day" is offered with the other choices
    if re.search(rf"\b{_FIGURES}\b|\bdigests?\b", found[0], re.IGNORECASE):
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
    if (found := _OTHER_TIMES.search(text)) and re.search(
        rf"\b(?:{_SENDS}|{_FIGURES}|digests?)\b", text, re.IGNORECASE
    ):
        hour = _WHEN_HOUR.search(text[found.end() :])
        near = "weekly mon" if "week" in found["often"].lower() and "day" not in found["often"].lower() else "daily"
        near = "monthly 1" if re.search("quarter|month|year", found["often"], re.IGNORECASE) else near
        at = _schedule(f"{near} {hour[0]}" if hour else near)
        for_me = " for:me" if re.search(r"\bme\b", text, re.IGNORECASE) else ""
        return Elsewhere(_NO_SUCH_SCHEDULE, (f"digest {at}{for_me}",))
    if (when := _WHEN.search(text)) and (where := _CHANNEL.search(text)) and _IS_SENT.search(text):
        digest = f"digest {_schedule(when[0])}"
        said = f"A digest is asked for in the channel that is to get it, here {where[0]}."
        return Elsewhere(said, (f"{digest} for:me",), digest)
    if (found := _OFTEN_ENOUGH.fullmatch(text)) and _is_about_how_often(found):
        every = (found["adverb"] or _PERIODS[found["unit"].lower()]).lower()
        schedule = {"daily": "daily 09:00", "weekly": "weekly mon 09:00", "monthly": "monthly 1 09:00"}[every]
        setting = () if every == "monthly" else (f"settings observer {schedule}",)
        return Elsewhere(_HOW_OFTEN, (*setting, f"digest {schedule} for:me"))
    if (found := _CHANGED_DIGEST.fullmatch(text)) and (
        re.search(r"instead|rather|\bnot\b|^(?:make|change|move|switch)", text)
    ):
        return Elsewhere(_DIGEST_TIMES, (f"digest {_schedule(found['when'])}", "rules digests"))
    return next((Elsewhere(said, instead) for pattern, said, instead in _PLACES if pattern.fullmatch(text)), None)


_CHANNEL = re.compile(r"<#[CG][A-Z0-9]+(?:\|[^<>]*)?>|(?<!\S)#[A-Za-z][\w-]*")
_IS_SENT = re.compile(rf"\b(?:{_SENDS}|{_FIGURES}|digests?)\b", re.IGNORECASE)


def _schedule(typed: str) -> str:
    """A schedule that can be run: an hour is added where none was said."""
    text = _plain_schedule(re.sub(r"^(?:on|at|to) ", "", typed, flags=re.IGNORECASE))
    for tried in (
        text,
        f"{text} 09:00",
        f"weekly {text}",
        f"weekly {text} 09:00",
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

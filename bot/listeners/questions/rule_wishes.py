"""Wishes about rules in plain words that a subcommand meets: a digest "every monday", a rule that is to be changed.

Each subcommand shows or asks before it saves.
"""

import re
from collections.abc import Sequence

from bot.domain.schedules import begins_schedule
from bot.listeners.questions.patterns import PLEASE, Intent, Reader, meant

_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_PART = r"(?:morning|noon|afternoon|evening|night)s?"
_AT = rf"(?:,? (?:at |by |around )?(?:\d{{1,2}}(?:[:.]\d\d)?(?: ?[ap]m)?(?![\w:])|(?:in the |at )?{_PART}))?"
WHEN = re.compile(
    rf"(?<![\w:])(?:(?:on )?(?:(?:the|every|each) )?(?:first|1st|last)(?: day)? of (?:the|each|every|a) month"
    rf"|(?:on )?(?:every|each) (?:{_DAY}|day|week|month|{_PART})|(?:on )?(?:mon|tues|wednes|thurs|fri|satur"
    rf"|sun)days|(?:once|one time) (?:an?|per|every|each) (?:day|week|month)|(?:daily|weekly|monthly)(?:"
    rf" on)?(?: {_DAY})?)"
    rf"(?: on the \d{{1,2}}(?:st|nd|rd|th)?)?{_AT}(?!\w)",
    re.IGNORECASE,
)
PERIODS = {"day": "daily", "week": "weekly", "month": "monthly"}
FIGURES = (
    r"(?:report|digest|summary|summaries|update|overview|round-?up|recap|numbers|figures|results?|stats"
    r"|statistics|kpis|csv|export|spreadsheet|excel)s?"
)
SENDS = r"(?:send|post|give|get|mail|export|e-?mail|share|put|show|tell|message|dm|drop|remind|i want|i need|i'?d like)"
_ASKED_FOR = re.compile(
    rf"^{PLEASE}(?:{SENDS}\b.*\b(?:me|us|here|{FIGURES}|channel)|(?:an? |the )?{FIGURES})\b", re.IGNORECASE
)
_SAID = re.compile(
    rf"^{PLEASE}{SENDS}(?: (?:me|us))?(?: (?:to|by|in|with|on|about|of))*(?![\w-])"
    rf"|\b(?:(?:an?|the|some|new|short|brief|quick|little|small|full) )*{FIGURES}\b(?: (?:of|for|on|about|from|with))?"
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


def plain_schedule(typed: str) -> str:
    """A schedule as `digest` reads it: "once a week" is weekly, "every morning" daily."""
    text = re.sub(
        r"(?:once|one time) (?:an?|per|every|each) (day|week|month)",
        lambda found: PERIODS[found[1].lower()],
        typed.replace(",", " "),
        flags=re.IGNORECASE,
    )
    text = _LATE_HOUR.sub(lambda found: f"daily at {int(found[2]) + 12}:{found[3] or '00'}", text)
    text = re.sub(
        r"(?:on )?(?:(?:the|every|each) )?(first|1st|last)(?: day)? of (?:the|each|every|a) month",
        lambda found: f"monthly {31 if found[1].lower() == 'last' else 1}",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(rf"(?:on )?(?:every|each) (?={_PART})", "daily ", text, flags=re.IGNORECASE)
    return " ".join(re.sub(r"\b(?:by|around)\b", "at", text, flags=re.IGNORECASE).split())


def _scheduled(found: re.Match[str]) -> Intent | None:
    """ "every monday 8am send me how my team did": a digest, which is shown before it is saved; None if the text asks
    for nothing to be sent at a time."""
    times = [*WHEN.finditer(found.string)]
    when = max(times, key=lambda one: len(one[0]))  # "weekly report every monday 9am"
    if len(times) > 2:
        return None
    other = " ".join(f"{found.string[: when.start()]} {found.string[when.end() :]}".split()).strip(" ,")
    other = re.sub(r"\b(?:daily|weekly|monthly)\b ?", "", other, flags=re.IGNORECASE) if len(times) > 1 else other
    schedule = plain_schedule(when[0])
    if not _ASKED_FOR.search(other) or not begins_schedule(schedule):
        return None
    is_own = re.search(r"\b(?:me|my|i|export)\b", other, re.IGNORECASE) and not re.search(
        r"\b(?:here|channel)\b", other
    )
    about = other
    while (less := " ".join(_SAID.sub(" ", about).split())) != about:
        about = less
    return Intent("digest", f"{schedule} {about}".strip() + (" for:me" if is_own else ""))


def _edited(found: re.Match[str]) -> Intent:
    """ "change rule 2 to only failed": another query, which is shown before it is saved."""
    query = re.sub(
        r"^(?:(?:to|so that|it|is|for|only|just|show|shows|post|posts|be) )+", "", f"{(found['query'] or '').strip()} "
    )
    return Intent("edit", f"{found['number']} {query}".strip())


_OF_RULE = r"(?:rule|subscription|digest) (?:number |no\.? )?#?(?P<number>\d{1,9})"
ONE_RULE = r"(?:this|that|the|my|our) (?:\S+ ){0,3}?(?:rule|subscription|alert)"
_ASKS_OF_RULES = r"(?:made|created|owns?|set ?up|added|wrote|started|is behind|is responsible for)"


_ID = r"(?:session )?#?`?(?P<id>(?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*)`?"


def _followed_up(found: re.Match[str]) -> Intent:
    """ "remind me friday about 0f809adb": a follow-up that is due then, asked about before it is taken."""
    when = (found["before"] or found["after"] or "").strip(" ,").removeprefix("on ")
    return Intent("follow-up", f"{found['id']} {f'due:{when}' if when else ''}".strip())


def _resumed(found: re.Match[str]) -> Intent:
    return Intent("resume", found["number"])


RULE_WISHES: Sequence[tuple[str, Reader]] = (
    (
        rf"^{PLEASE}(?:remind me|follow[- ]?up|chase(?: me)?)(?P<before> .+?)? (?:about|on|of|with|for|to check) {_ID}"
        r"(?P<after>,? .+)?$",
        _followed_up,
    ),
    (rf"^{PLEASE}remind me {_ID}(?P<before>)(?P<after> .+)?$", _followed_up),
    (
        rf"^{PLEASE}(?:notify|tell|alert|remind|warn|message) me (?:when(?:ever)?|if|once|of)"
        r" (?:(?:one of |any of )?my|an?|any) (?:sessions?|observations?)"
        r"(?: (?:is|are|gets?|becomes?))? (?:overdue|late)$",
        meant("reminders", "on"),
    ),
    (
        rf"^{PLEASE}(?:add|create|make|set ?up|start|new)(?: an?| the)?(?: new)? (?:rule|subscription):?"
        r"(?: (?:for|that posts|which posts|on|about|to post|with))* (?P<query>.+)$",
        lambda found: Intent("subscribe", found["query"]),
    ),
    (
        rf"^{PLEASE}(?:add|create|make|set ?up|start|new)(?: an?| the)?(?: new)? digest:?"
        r" (?:(?:for|of|on|about) )?(?P<query>.+)$",
        lambda found: Intent("digest", found["query"]),
    ),
    (
        rf"^{PLEASE}(?:send|run|post|give|show|make)(?: me| us)?(?: the| an?| my| our)?"
        r" (?:digest|summary) (?:right )?now$",
        meant("digest", "now"),
    ),
    (
        rf"^{PLEASE}(?:take|takeover)(?: over)? {_OF_RULE}(?: over)?$",
        lambda found: Intent("handover", f"{found['number']} me"),
    ),
    (
        rf"^{PLEASE}(?:close|end|finish|complete|cancel|stop|delete) (?:(?:all|the|my|this|a|open) )*follow[- ]?ups?$",
        meant("follow-ups"),
    ),
    (
        r"^(?:as (?:an? )?)?(?P<choice>(?:observer|employee|supervisor)"
        r" (?:instantly|never|(?:daily|weekly|below)\b.*))$",
        lambda found: Intent("settings", found["choice"]),
    ),
    (
        rf"^{PLEASE}(?:i want |send |give |get |want |tell |show )?(?:me )?(?:the |my |all )?"
        r"(?:results?|scores?|messages?)? ?(?:instantly|immediately|right away|as they (?:come|happen)|in real ?time)$",
        meant("settings"),
    ),
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
        meant("rules"),
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
    (rf"^{_OF_RULE} (?P<query>(?:only|just) .+)$", _edited),
    (
        rf"^(?:(?:turn|switch) )?{_OF_RULE} off(?: (?P<when>(?:until|till?|for) .+))?$",
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
        meant("rules", "all"),
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
    (
        rf"^{PLEASE}remind me\b.*\bwhat (?:do )?(?:i|we) (?:have(?: got)?|am|are|must)"
        r"(?: (?:on|to (?:do|observe|finish|conduct)|planned|today|tomorrow|scheduled))*$",
        meant("reminders"),
    ),
    (
        rf"^{PLEASE}(?:close|end|finish|complete|cancel|stop) (?:(?:the|my|this|that|her"
        rf"|his) )*follow[- ]?ups?(?P<of> .+)?$",
        lambda found: Intent("follow-ups", "", (found["of"] or "").strip()),
    ),
    (
        r"^.*\b(?:owes?|open|outstanding|pending|overdue|late|due)\b.*\bfollow[- ]?ups?$",
        meant("follow-ups"),
    ),
    (rf"^(?=.*{WHEN.pattern}).+$", _scheduled),
)

"""Which subcommand is asked for that changes something: rules, digests, mutes, reminders, targets.

Nothing is changed by any of them without being shown or asked about first.
"""

import re
from collections.abc import Sequence

from bot.domain.errors import QueryError
from bot.domain.quiet import parse_quiet
from bot.domain.schedules import begins_schedule
from bot.listeners.questions.ending_wishes import TELL
from bot.listeners.questions.patterns import (
    GONE,
    I_AM,
    MESSAGES,
    PLEASE,
    SEND,
    Intent,
    Reader,
    in_quotes,
    left_of,
    meant,
)

_RULES = rf"(?:digests?|rules?|subscriptions?|reports?|{MESSAGES})"
_TARGET = r"(?:targets?|pass(?:ing)?[ -]?(?:mark|score|grade)|threshold|minimum(?: score)?|bar)"
_SETTING = (
    r"(?:set|change|raise|lower|put|make|increase|decrease|reduce|drop|bump|move|bring|use|update|adjust|push|cut|want)"
    r"(?: (?:up|down))?"
)
_TO = r"(?: (?:up|down|back))?(?: (?:to|at|be|=|from \d{1,3} ?%? to))"
_SHOULD = r"(?:should be|must be|is now|to|=|needs to be|has to be)"
_NOW_ON = re.compile(r"(?:,? (?:from now on|please|now))$|^(?:the|all|everything)$", re.IGNORECASE)
_LATER = re.compile(r"(?:^|,? )(?:starting|as of|from|until|till|since|for the next) (?!now\b).+$", re.IGNORECASE)
_HERE = r"(?:here|(?:to|in|into) (?:this|the|our) channel)"
_STOPPING = r"(?:stop|cancel|end|remove|delete|turn off|switch off|disable|quit|no more|get rid of|kill)"
_WISH = (
    r"i (?:want|need|wish|'?d like|would like) (?:to (?:get|be|receive|have|see) )?(?:an? )?"
    r"(?:alert(?:ed|s)?|notif(?:ied|ications?)|messages?|messaged|ping(?:ed)?|dms?|told|informed|hear(?="
    r" (?:about|of|when|every|each)\b))"
)


_INSTEAD = re.compile(r"(?:^|\s)instead of .+$", re.IGNORECASE)


def _split(text: str, ending: re.Pattern[str]) -> tuple[str, str]:
    """A text without its ending, and that."""
    found = ending.search(text)
    return (text, "") if found is None else (text[: found.start()].rstrip(), found[0].strip())


def _narrowed(found: re.Match[str]) -> Intent:
    """ "only tell me about opening": a rule for oneself, which is shown before it is saved."""
    return Intent("subscribe", f"{left_of(found)} for:me")


def _digest(found: re.Match[str]) -> Intent:
    """ "send me a weekly report", "monthly summary on the 1st at 9": a digest, which is shown before it is saved."""
    left = left_of(found)
    for_me = " for:me" if re.search(r"\bme\b", found[0], re.IGNORECASE) else ""
    left, instead = _split(left, _INSTEAD)
    every = "" if begins_schedule(left) else f"{found['every']} "
    return Intent("digest", f"{every}{left}".strip() + for_me, instead)


def _subscribed(found: re.Match[str]) -> Intent:
    """ "notify me when sofia fails": a rule, which is shown before it is saved."""
    left = re.sub(
        rf"\s+{_HERE}$|^\s*(?:someone|somebody|anyone|a|an)\b", " ", found.string[found.end() :], flags=re.IGNORECASE
    )
    left = re.sub(
        r"^\s*(?:one |some |people )?of (?:mine|my (?:people|team|staff|own))\b", "my team", left, flags=re.IGNORECASE
    )
    for_me = "" if re.match(rf"{PLEASE}(?:post|send|put|share)", found[0], re.IGNORECASE) else " for:me"
    return Intent("subscribe", f"{' '.join(left.split())}{for_me}")


def _ended(found: re.Match[str]) -> Intent:
    """ "stop the digest", "remove rule 3": what can be ended, as buttons that ask first; a rule by its number."""
    return Intent("unsubscribe", found["number"] or "")


def _target(found: re.Match[str]) -> Intent:
    """ "set the target for opening to 85": asked about before it is saved."""
    groups = found.groupdict()
    of = next((groups[one] for one in ("of", "of2", "of3") if groups.get(one)), "").strip()
    of, later = _split(of, _LATER)  # a target counts from when it is saved
    return Intent("target", f"{found['percent']} {_NOW_ON.sub('', of)}".strip(), later.lstrip(" ,"))


def _needed(found: re.Match[str]) -> Intent:
    """ "what do I need to pass opening": the targets, all of them."""
    return Intent("target", "", found["of"] or "")


def _no_target(found: re.Match[str]) -> Intent:
    return Intent("target", f"remove {found['of'] or ''}".strip())


def _critical(found: re.Match[str]) -> Intent:
    return Intent("target", f"critical {in_quotes(found['of'])}")


def _muted(found: re.Match[str]) -> Intent:
    left = re.sub(r"\b(?:this |the )?channel\b|\bme\b", " ", found.string[found.end() :], flags=re.IGNORECASE)
    left = re.sub(r"^this weekend", "over the weekend", left.strip(), flags=re.IGNORECASE)
    left = re.sub(r"\btil+\b", "until", left, flags=re.IGNORECASE)
    for_me = " for:me" if re.search(r"\b(?:me|my)\b|disturb|\bdnd\b", found.string, re.IGNORECASE) else ""
    return Intent("mute", f"{' '.join(left.split())}{for_me}".strip())


_SO_NOTHING = re.compile(
    r"[ ,.;]+(?:so |and |please |pls )*(?:don'?t|do not|no|stop|hold|mute|silence)\b.*$", re.IGNORECASE
)  # what a mute does anyway


def _quiet(found: re.Match[str]) -> Intent | None:
    """ "don't message me at night": a quiet time, which is asked about before it is saved; None if it names no hours
    and no days of the week."""
    try:
        return Intent("quiet", str(parse_quiet(found["when"])))
    except QueryError:
        return None


CHANGES: Sequence[tuple[str, Reader]] = (
    # only some messages
    (
        rf"^(?:please |pls )?(?:{TELL} )?only (?:when|if)(?= \w)"
        r"|^(?:please |pls )?only (?:tell|message|notify|alert|ping|dm|inform)(?: me)?"
        r"(?: (?:about|of|on|for|when|if))*(?= \w)",
        _narrowed,
    ),
    (
        rf"^(?:only |just )?{MESSAGES} (?:only )?(?:for|about|of|on) (?P<what>(?!me\b).+?)(?: only| please)*$",
        lambda found: Intent("subscribe", f"{found['what']} for:me"),
    ),
    # what changes something, and is asked about first
    (
        rf"^{PLEASE}(?:(?:stop|pause|hold|hold back|no) (?:(?:all|the|my|sending|any|me|everything) ?)*{MESSAGES}?"
        r"|(?:don'?t|do not|stop|no) (?:post(?:ing)?|send(?:ing)?|show(?:ing)?)(?: (?:us|anything|messages"
        r"|cards|any|more|results"
        r"|to|in|here|this|the|channel))*"
        r"|(?:don'?t|do not|never) (?:message|dm|ping|notify|bother|disturb)(?: me)?|dnd)"
        r"(?= (?:(?:until|till|til|for|over) |this weekend|tonight|today))",
        _muted,
    ),
    (
        rf"^{PLEASE}{_STOPPING}"
        r" (?:(?:sending|getting|posting|all|the|my|me|this|these|those|any|of|daily|weekly|monthly"
        r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day'?s?|morning|evening) )*"
        rf"{_RULES}(?: #?(?P<number>\d+))?(?: .*)?$",
        _ended,
    ),
    (
        rf"^{PLEASE}(?:stop|quit) (?:sending|posting|showing|telling|messaging|e-?mailing|mailing|writing"
        rf"|dming|pinging|spamming|bothering|annoying)"
        r"(?P<number>)\b.*$",
        _ended,
    ),
    (
        rf"^{PLEASE}(?:(?:don'?t|do not|never|stop|no|silence|pause) (?:(?:any|all|my|the|me) )*"
        rf"(?:{MESSAGES}|send|sending|messaging|message|dm|ping|notify|bother|bothering|disturb|me)|dnd|silence)"
        r"(?: (?:me|us|anything|any ?more|anymore|messages|notifications|please))* "
        r"(?P<when>(?!until|till?\b|for\b|\d+ ?[hdmw])\S.*)$",
        _quiet,
    ),
    (
        rf"^{PLEASE}(?:no|stop|silence|without) (?:more )?{MESSAGES}(?P<when> (?:on|at|in|during|before"
        rf"|after|over|between) .+)$",
        lambda found: Intent("quiet", "", found["when"].strip()),
    ),
    (
        rf"^{PLEASE}(?:don'?t|do not|never) (?:message|dm|ping|send|notify|bother|disturb)\b(?: me\b| us\b)?"
        r"(?P<what>.*)$",
        lambda found: Intent("quiet", "", found["what"].strip()),
    ),
    (r"^(?:turn on|start|enable)(?: the| my| all)? reminders?$|^turn reminders on$", meant("reminders", "on")),
    (
        r"^(?:(?:turn|switch) on|start|enable|add|give me|send me|i want) (?:the |my )?reminders? (?:of|for|about) "
        r"(?:what(?:'s| is) |my |the )?planned(?: sessions?| ones?)?$",
        meant("reminders", "planned on"),
    ),
    (
        rf"^{PLEASE}(?:stop|quit|don'?t|do not|never) remind(?:ing)?(?: me| us)?(?: please| any ?more)*$",
        meant("reminders", "off"),
    ),
    (
        rf"^(?:{PLEASE}(?:{GONE}|away)|{I_AM} (?:{GONE}|off|away))(?= (?:until|till?|for) )",
        lambda found: Intent("mute", f"{_SO_NOTHING.sub('', found.string[found.end() :]).strip()} for:me"),
    ),
    (
        r"^(?:(?:list|show|what|which|see|view|all|the|my|our|me|of|active) )*(?:rules|subscriptions)"
        r"(?: (?:are there|do (?:we|i) have|exist|here))?$|^what (?:am i|are we) subscribed to$"
        rf"|^who (?:gets|receives|sees) (?:this|these|the|those)(?: {MESSAGES})?$",
        meant("rules"),
    ),
    (rf"{SEND}(?P<every>daily|weekly|monthly) (?:report|digest|summary|update|e-?mail|overview)s?", _digest),
    (
        rf"{PLEASE}(?:send|give|post|e-?mail|mail)(?: me| us)?(?: the| a| my)? (?P<every>daily|weekly|monthly)"
        r" (?:numbers|figures|stats|statistics|results|kpis)",
        _digest,
    ),
    (rf"{SEND}(?P<every>)(?:report|digest|summary|update|overview)s?(?= (?:every|each) \w)", _digest),
    (
        r"(?P<every>)(?:please )?(?:send|post|give|mail|e-?mail)(?: me| us)?(?: an?| the| my)?"
        r" (?:report|digest|summary|update|overview|numbers)",
        lambda found: _digest(found) if begins_schedule(found.string) else Intent("results", found.string),
    ),
    (
        r"(?:what (?:happens|would happen|changes|would change) if (?:i|we) )"
        rf"{_SETTING} (?:the |our )?{_TARGET}(?: (?:for|of|on|in)(?P<of> .+?))?{_TO} (?P<percent>\d{{1,3}}) ?%?",
        _target,
    ),
    (
        rf"^{PLEASE}{_SETTING} (?:(?:the|our) )?(?:{_TARGET}(?: (?:for|of|on|in)(?P<of> .+?))?"
        rf"|(?P<of2>\S.*?) {_TARGET})"
        rf"{_TO} (?P<percent>\d{{1,3}}) ?(?:%|percent)?(?:(?: (?:for|on|in) |,? )(?P<of3>.+))?$",
        _target,
    ),
    (
        rf"^{PLEASE}{_SETTING} (?:the |our )?(?:{_TARGET} )?(?:to |at |of )?(?P<percent>\d{{1,3}}) ?(?:%|percent)?"
        rf"(?: as)?(?: (?:the|our|a))?(?: {_TARGET})? (?:for|on|in) (?P<of>.+)$",
        _target,
    ),
    (
        rf"^{PLEASE}{_SETTING} (?:the |our )?{_TARGET} (?P<percent>\d{{1,3}}) ?(?:%|percent)?$",
        _target,
    ),
    (
        rf"^(?:the |our )?(?:{_TARGET}(?: (?:for|of|on|in)(?P<of> .+?))?|(?P<of2>(?!what\b|if\b|who\b"
        rf"|set\b)\S.*?) {_TARGET}) {_SHOULD}"
        r" (?P<percent>\d{1,3}) ?(?:%|percent)?$",
        _target,
    ),
    (
        rf"^{PLEASE}(?:(?:remove|delete|clear|drop|unset|get rid of|abolish|scrap) (?:the |our )?|(?:we need"
        rf" |have )?no (?:more )?){_TARGET}"
        r"(?: (?:for|of|on|from|in) (?P<of>.+?))?(?: any ?more| any longer)?$",
        _no_target,
    ),
    (
        rf"^{PLEASE}(?:remove|delete|clear|drop|unset|get rid of|abolish|scrap) (?:the |our"
        rf" )?(?P<of>.+?)(?:'s)? {_TARGET}$",
        _no_target,
    ),
    (
        r"^(?P<of>(?!(?:who|what|which|how|does|do|is|are|why)\b).+?) (?:needs?|requires?|should (?:need|require|have)"
        r"|must (?:have|reach|need))(?: at least)?(?: an?(?: score of| result of)?)? (?P<percent>\d{1,3})"
        r" ?(?:%|percent)?"
        rf"(?: to (?:pass|meet the target)| as (?:an? |the )?{_TARGET}| {_TARGET})$",
        _target,
    ),
    (
        r"^(?:every(?:one|body)|all(?: of (?:us|them))?|people|staff|we|they) (?:all )?"
        r"(?:should|must|needs? to|ha(?:s|ve) to)(?: all)? (?:reach|get|have|score"
        r"|hit)(?: at least)? (?P<percent>\d{1,3}) ?(?:%|percent)?"
        r"(?: (?:on|in|for|at) (?P<of>.+?))?(?:,? (?:from now on|please|now))*$",
        _target,
    ),
    (
        rf"^(?:which|what) checklists? (?:have|has|had|with)(?: (?:their|its|an?|own|different|special"
        rf"|separate|other))* {_TARGET}s?$",
        meant("target"),
    ),
    (
        r"^(?:make|mark|set) (?:the )?(?P<of>[^\"“”]+?) (?:as |to )?(?:a )?"
        r"(?:critical(?: criterion)?|must(?:[- ]have)?|mandatory|compulsory|obligatory|knock-?out)$",
        _critical,
    ),
    (
        r"^(?:what|how (?:much|many|high)|which)(?: (?:score|result|percent(?:age)?|points?|grade|%))?"
        r" (?:do|must|should|does) (?:i|we|one|you|someone|people|they|staff|everyone|my (?:team|people))"
        r" (?:need|have|get|reach|score)(?: to (?:get|have|reach|score))?"
        r" (?:to|in order to|for|for an?) (?:pass|meet the target|passing|met)(?: (?P<of>.+))?$",
        _needed,
    ),
    (
        r"^what (?:do|must|should) (?:i|we|people|they|you|staff|my (?:team|people)) (?:have to |need to"
        r" )?(?:score|reach|get)"
        r"(?: (?:on|in|at|for) (?P<of>.+))?$",
        _needed,
    ),
    (
        r"^(?:is|are|was) (?P<of>(?:an? )?\d{1,3}(?:[.,]\d+)? ?(?:%|percent)?) (?:an? )?(?:fail|pass|failed|passed"
        r"|good|bad|ok|okay|low|enough(?: to pass)?|below target|good enough)(?: (?:score|result|grade))?$",
        _needed,
    ),
    (
        # What the settings offer needs no rule beside them.
        rf"^{PLEASE}(?:tell|notify|alert|ping|message|dm|inform) me"
        r"(?: (?:when(?:ever)?|if|every time|once|as soon as))?"
        r" (?:i (?:get|got|have)|(?:about|of) (?:all )?my) (?:an? |new )*(?:results?|scores?)$",
        meant("settings", "employee instantly"),
    ),
    (
        rf"^{PLEASE}(?:notify|alert|ping|message|dm|inform|warn)(?: me| us)?"
        r" (?:when(?:ever)?|if|on|about|of|for|(?:every|each|any) time|once|as soon as|the moment)"
        rf"|^{PLEASE}(?:tell (?:me|us)|let (?:me|us) know)"
        r" (?:when(?:ever)?|if|(?:every|each|any) time|once|as soon as|the moment)"
        rf"|^{_WISH}(?: when(?:ever)?| if| on| about| of| for| (?:every|each|any) time| as soon as| once)"
        rf"|^{PLEASE}(?:drop|send|give|shoot|write) (?:me|us) (?:an? )?(?:note|line|message|heads[- ]?up"
        rf"|ping|dm|alert|mail"
        r"|e-?mail|word)s? (?:when(?:ever)?|if|(?:every|each|any) time|once|as soon as|about|on)"
        r"|^(?:follow|watch|track|monitor|keep an eye on)(?= (?!ups?\b|record\b|list\b|out\b)\w)"
        rf"|^{PLEASE}(?:post|send|put|share(?! my))(?= .+ {_HERE}$)",
        _subscribed,
    ),
    (
        rf"^{PLEASE}(?:keep|make|leave|have) (?:this channel|the channel|it|this|me|us) (?:quiet|silent"
        rf"|undisturbed|alone|muted)"
        r"(?= (?:until|till?|for|over|today|tonight))",
        _muted,
    ),
    (r"^(?:please |pls )?(?:silence|snooze|hush|shut up|be (?:quiet|silent))", _muted),
)

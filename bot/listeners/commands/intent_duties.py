"""Which subcommand somebody asks for who wants to act on results, to know who saw to them, or to hear less of them.

Nothing is done by these words: the answer shows what they are about, with the buttons that do it.
"""

import re
from collections.abc import Sequence

from bot.listeners.commands.question_patterns import MESSAGES, PLEASE, Intent, Reader, left_of, taken_as

_RESULTS = (
    r"(?: (?:with|on|to|about|for|of|all|everything|every ?one|them|it|these|those|this|that|the|my|his|her|their|an?"
    r"|results?|sessions?|observations?|low|failed|failing|bad|ones?|both)(?![\w:]))*"
)
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)\w*"
_DUE = re.compile(
    r"\s*\b(?:by|until|till|on|due:?|before|in|within) ?(?:the )?(?:next |this |coming )?"
    rf"(?:{_DAY}|tomorrow|today|tonight|week|month|end|\d\S*|a |two |one )(?: \w+)?$"
    rf"|\s*\b(?:tomorrow|today|tonight|(?:next|this|coming) (?:week|month|{_DAY})|{_DAY}day)$",
    re.IGNORECASE,
)
_MANY = r"(?:(?:way |far )?too (?:many|much)|so many|a lot of|fewer|less|not so many|reduce(?: the)?(?: number of)?)"
_GETTING = r"(?:(?:there are|there is|i get|i'?m getting|i am getting|i have|i want|send|give|get|me|please|pls) )*"
_LOW = (
    r"(?:failures?|fails|failed (?:ones|results|sessions)|low (?:ones|results|scores)|bad (?:ones|results)|problems"
    r"|(?:when |if )?(?:some(?:one|body)|a person|people|anyone|it|i) fails?|below target|the (?:low|bad|failed) ones)"
)
_TELL = r"(?:tell|message|notify|alert|ping|dm|send|inform|write)(?: to)?(?: me)?(?: (?:about|of|on|for|when|if|the))*"
_POLITE = r"(?: (?:please|pls|thanks|instead|from now on))*"
_LOW_ONES = re.compile(
    r"\b(?:the )?(?:low|bad|failed|failing|poor) (?:results?|sessions?|scores?|ones?|observations?)\b", re.IGNORECASE
)
_LOW_RESULTS = (
    r"(?:(?:the|all|any|my) )*(?:(?:low|failed|failing|bad|poor|critical) )?"
    r"(?:results?|sessions?|scores?|ones|fail(?:ure)?s|observations?)"
)


def to_be_seen_to(found: re.Match[str]) -> Intent:
    """ "low results of Leila nobody acknowledged": what needs attention of hers; that it is low needs no word."""
    whose = "my sessions " if _MY_RESULTS.search(found[0]) else ""
    return Intent("attention", f"{whose}{_without_low_ones(found)}".strip())


_MY_RESULTS = re.compile(
    r"\bmy (?:low|failed|failing|bad|poor|results?|sessions?|scores?|observations?)\b", re.IGNORECASE
)


def _without_low_ones(found: re.Match[str]) -> str:
    return _LOW_ONES.sub(" ", re.sub(r"(?<=\w)'s?(?= |$)", "", left_of(found))).strip()


def _acting_on(found: re.Match[str]) -> Intent:
    """ "follow up with Leila by friday": Leila's low results, each with its buttons, which ask for the day."""
    left = _without_low_ones(found)
    due = _DUE.search(left)
    return Intent("attention", left[: due.start()] if due else left, due[0].strip() if due else "")


def _since_last(found: re.Match[str]) -> Intent:
    """ "did I do better than last time": the history, which has the change from each session to the next."""
    who = found["who"].lower()
    return Intent("history", " ".join(f"{'me' if who == 'i' else found['who']} {found['on'] or ''}".split()))


def _observed_of_mine(found: re.Match[str]) -> Intent:
    """ "who gave me the 79": one's sessions with that result, which name their observer."""
    return Intent("results", f"my score:{found['score']} {left_of(found)}".strip())


def _narrowed(found: re.Match[str]) -> Intent:
    """ "only tell me about opening": a rule for oneself, which is shown before it is saved."""
    return Intent("subscribe", f"{left_of(found)} for:me")


def _observer_of_mine(found: re.Match[str]) -> Intent:
    """ "who observed me last": one's sessions, which name their observer."""
    only = "last result " if re.search(r"last|recent", found[0], re.IGNORECASE) else ""
    return Intent("results", f"{only}my {left_of(found)}".strip())


def _fewer(_found: re.Match[str]) -> Intent:
    return Intent("unsubscribe", "")


def _session(found: re.Match[str]) -> Intent:
    return Intent("show", found["id"])


_nudge = taken_as("overdue", "observed by")


def _ready(found: re.Match[str]) -> Intent:
    """ "is Sofia ready for closing": how her sessions on it went, from each to the next."""
    who = found["who"].lower()
    return Intent("history", " ".join(f"{'me' if who in ('i', 'me') else found['who']} {found['on'] or ''}".split()))


_CHECKED = r"(?:observations?|sessions?|checks?|visits?|assessments?)"

DUTIES: Sequence[tuple[str, Reader]] = (
    # who is ready, what is ahead, what was missed
    (
        r"^(?:(?:is|are|am|do you think) )?(?P<who>(?!who|which|what|get|how|when|show|list|any)\S+(?:"
        r" \S+)??)(?: is)? (?:(?:yet|now|still|really) )*"
        r"(?:ready|competent|capable|qualified|trained up|up to (?:it|speed|standard)|able)(?: (?:yet|now))?"
        r"(?: (?:for|on|in|at|to do|with) (?P<on>.+?))?$",
        _ready,
    ),
    (
        rf"^(?:(?:sessions|observations|checks) (?:left )?to (?:finish|do|complete)|how many {_CHECKED} (?:are "
        rf"|do i have )?left)$",
        taken_as("todo"),
    ),
    (
        r"^(?:who|when)(?:'?s| is| will| are)? (?:going to |gonna )(?:observe|assess|grade|check|train) me(?: next)?$",
        taken_as("upcoming", "mine 30d"),
    ),
    (
        rf"^(?:who(?:'?s| is| does| do| will do| is doing)?|when(?:'?s| is)?|what(?:'?s| is)?) my next {_CHECKED}$",
        taken_as("upcoming", "mine 30d"),
    ),
    (
        r"^(?:what (?:have|do) i (?:got|have)(?: got)?(?: (?:on|planned|booked|scheduled|coming))?"
        r"|(?:have|do) i (?:got |have )?(?:anything|something)(?: (?:on|planned|booked))?(?: (?:for|on))?"
        r"|what(?: (?:observations|sessions|checks)) (?:have|do) i (?:got|have)(?: (?:on|planned|booked|coming))?)"
        r"(?= (?:tomorrow|tmr|tmrw|next (?:week|wk)|this week|today|on \w+day|\w+day)$)",
        taken_as("upcoming", "mine"),
    ),
    (
        r"^(?:am i|do i|is my) (?:mark|grad|rat|scor|observ)\w* (?:too |very |really )*(?:hard|strict|easy|soft"
        r"|harsh|lenient|fair)\w*"
        r"(?: (?:than|compared (?:to|with)) .+)?$",
        taken_as("trend", "by:observer"),
    ),
    (rf"^(?:have|did) i miss(?:ed)? (?:any|some|an?|my) {_CHECKED}", taken_as("overdue", "observed by me")),
    (
        r"^(?:(?:is there )?(?:anything|something|what)(?: (?:have|did|that))? i (?:have )?(?:forgot|forgotten"
        r"|forget|left)"
        r"|did i forget (?:anything|something))(?: (?:to (?:finish|do|complete)|open|undone))?",
        taken_as("todo"),
    ),
    (r"^who(?:'?s| is)? (?:next|up next|first)(?: (?:on|in) my (?:list|plan|schedule|rota))?$", taken_as("todo")),
    (
        r"^what (?:do|did|does) (?:people|we|everyone|they|most people)(?: (?:most|usually|often))? (?:get|do"
        r"|got) wrong"
        r"(?: (?:the )?(?:most|often|usually|a lot))*",
        taken_as("trend", "by:criterion"),
    ),
    (
        r"^what (?:did|do) i (?:(?:get|got) wrong|mess up|miss)(?: (?:in|on))?(?: (?:the |my )?last (?:time|one"
        rf"|{_CHECKED}))$",
        taken_as("show", "last employee:me"),
    ),
    (
        r"^(?:am|was|were|are) (?:i|we) (?:below|under|above|over|at|on) (?:the )?(?:line|bar|standard|target|par)$",
        taken_as("results", "my results"),
    ),
    (
        r"^(?:is there )?(?:who|any ?one|any ?body|some ?one)(?: (?:that|who))? (?:do |should |must )?i"
        r" (?:need|have|should|must|ought)? ?(?:to )?(?:see|check|observe|look at|visit|re-?check)(?: on)? again",
        to_be_seen_to,
    ),
    (
        r"^(?:which|what) (?:items?|criteri(?:on|a)|questions?|steps?|things?|parts?|areas?|points?)"
        r" (?:does|do|did|is|are|am) (?P<who>\S+(?: \S+)??)"
        r" (?:(?:keep|keeps|always|usually|often|still|most|mostly) )*"
        r"(?:fail(?:ing)?|miss(?:ing)?|get(?:ting)? wrong|los(?:e|ing) points on|struggl(?:e|ing) with)(?= |$)",
        lambda found: Intent(
            "trend",
            f"by:criterion {'my' if found['who'].lower() in ('i', 'we') else found['who']} {left_of(found)}".strip(),
        ),
    ),
    (
        r"^i (?:got|have|had|just got) an? (?:very |really )?(?:low|bad|poor|failed|failing) (?:score|grade"
        r"|mark|result)"
        r"(?:[,. ]+(?:what now|now what|what next|what do i do(?: now)?|help))?$",
        taken_as("show", "last failed employee:me"),
    ),
    (
        r"^(?:did|have) i (?:beat|top|improve(?: on)?) (?:my )?(?:last|previous|old) (?:score|result|mark|grade"
        r"|time|one)$",
        taken_as("history", "me"),
    ),
    (
        r"^(?:which|what) observers? (?:is|was|are|were|gives?)(?: the)? (?:nicest|easiest|hardest|strictest|kindest"
        r"|toughest|harshest)(?: to| with| on| for)?(?= |$)",
        taken_as("trend", "by:observer"),
    ),
    (
        r"^what(?:'?s| has| is| have)? (?:changed|new|different|happened)(?: here)?(?= since)",
        taken_as("results"),
    ),
    (
        r"^(?:i )?(?:can'?t|can ?not|could ?n'?t|do ?n'?t) (?:find|see) (?=my )"
        rf"|^where(?:'?s| is| are) (?=my (?:\w+ )?(?:{_CHECKED}|results?|scores?))",
        taken_as("results"),
    ),
    # fewer messages
    (rf"^{_GETTING}{_MANY}(?: of)?(?: (?:the|my|these|those))? {MESSAGES}(?: .*)?$", _fewer),
    (
        r"^(?:once|one message|one|just once|only once) (?:a|per|every) (?:day|week)(?: (?:is enough|only|please))*$",
        _fewer,
    ),
    (r"^(?:less|fewer|quieter|off|enough|too much|too many|that'?s (?:enough|too much))(?: please)?$", _fewer),
    (
        r"^(?:please |pls )?(?:message|notify|ping|dm|bother|disturb|write) me (?:less|fewer)(?: often| please)*$",
        _fewer,
    ),
    (rf"^(?:please |pls )?(?:only|just) (?:{_TELL} )?{_LOW}{_POLITE}$", _fewer),
    (rf"^(?:please |pls )?{_TELL} (?:only|just)(?: (?:about|when|of|if|on))? {_LOW}{_POLITE}$", _fewer),
    (
        r"^(?:please |pls )?only (?:tell|message|notify|alert|ping|dm|inform)(?: me)?"
        r"(?: (?:about|of|on|for|when|if))*(?= \w)",
        _narrowed,
    ),
    # acting on results
    (
        rf"^{PLEASE}(?:ack|acknowledge|confirm)(?: (?:the|session|result|id))* #?`?(?P<id>(?=[0-9a-f-]*\d)[0-9a-f]{{8}}"
        r"[0-9a-f-]*)`?$",
        _session,
    ),
    (rf"^{PLEASE}(?:ack|acknowledge|mark as seen|mark as read){_RESULTS}", _acting_on),
    (rf"^{PLEASE}follow(?:ing)?[- ]?up{_RESULTS}(?!\w)", _acting_on),
    (
        rf"^{PLEASE}(?:remind me|set a reminder)"
        r" (?:about|of|to (?:check(?: on)?|talk to|follow up with|look at)|for|on)(?= \D)",
        _acting_on,
    ),
    (rf"^{PLEASE}(?:nudge|remind|chase|poke)(?: (?:the )?observers?)?$", taken_as("overdue")),
    (rf"^{PLEASE}(?:nudge|chase|poke)(?: (?:the )?(?:observer|trainer))?(?= \S)", _nudge),
    (rf"^{PLEASE}remind(?= (?!me\b|us\b|of\b|off\b|on\b)\w)", _nudge),
    (
        rf"{_LOW_RESULTS} (?:(?:that|which) )?(?:no ?(?:one|body)|none) (?:has |have |had )?"
        r"(?:acknowledged?|looked (?:at|into)|seen|saw|reacted to|dealt with|acted on|reviewed|noticed?)(?: yet)?",
        to_be_seen_to,
    ),
    (
        r"(?:(?:did|has|have) )?(?:any ?(?:one|body)|some ?(?:one|body)|no ?(?:one|body))"
        r" (?:yet |already |has |have |had )*"
        r"(?=acknowledg|.*\b(?:low|failed|results?|sessions?|ones?|scores?|it|them|this)\b)"
        r"(?:acknowledged?|look(?:ed)? (?:at|into)|seen|see|saw|react(?:ed)? to|deal[t]? with|act(?:ed)? on"
        rf"|respond(?:ed)? to|review(?:ed)?|picked up|noticed?){_RESULTS}(?: yet)?",
        to_be_seen_to,
    ),
    (
        rf"(?:who (?:still )?(?:has|have) )?(?:open|unacknowledged|unseen) (?=low|failed|bad|poor){_LOW_RESULTS}"
        r"|(?:who (?:still )?(?:has|have) )?(?:the )?(?:low|failed|bad) (?:results?|sessions?|scores?|ones)"
        r" (?:still |are )*(?:open|unseen)",
        to_be_seen_to,
    ),
    # what is next for me
    (
        r"(?:when(?:'?s| is|'?re| are)? |what(?:'?s| is) )?my next (?:planned |scheduled )?"
        r"(?:sessions?|observations?|ones?|checks?|visits?|trainings?|appointments?|shifts?)",
        taken_as("upcoming", "mine 30d"),
    ),
    (
        r"(?:when|what time)(?:'s| am| is| will)? i(?: be| going to be| being| getting)? "
        r"(?:observed|checked|assessed|graded|trained)(?: next| again)?",
        taken_as("upcoming", "my"),
    ),
    (
        r"who (?:has |have )?(?:gave|given|give|graded|scored|rated|marked)(?: me)?"
        r" (?:with |an? |the |only |just |that |my )*(?P<score>\d{1,3}(?:[.,]\d+)?)(?: ?%| percent)?",
        _observed_of_mine,
    ),
    (
        r"^(?:did|do|have|has|am|is|was) (?P<who>\S+(?: \S+)??)"
        r" (?:(?:do|done|doing|get|got|gotten|score|scored|perform(?:ed)?) )*(?:better|worse|higher|lower)"
        r"(?: (?:in|on|at) (?P<on>.+?))? than (?:the )?(?:last time|time before|previous time|before"
        r"|(?:my |his |her )?last one)$",
        _since_last,
    ),
    (
        r"^how (?:far|close)(?: away)? (?:am|was) i (?:from|to|off|below)(?: (?:the|my))? (?:target|passing|pass)"
        r"(?= |$)",
        taken_as("results", "my"),
    ),
    # who was not observed by me
    (
        r"(?:who|(?:which |what |any |list |show |all |the )*(?:people|employees|staff)(?: (?:who|that))?)"
        r" (?:(?:have|did) i (?:not|never)(?: yet)?|have ?n'?t i|did ?n'?t i|i have ?n'?t)(?: yet)?"
        r" (?:observed?|checked?|assess(?:ed)?|visit(?:ed)?|train(?:ed)?|graded?)(?: yet)?",
        taken_as("silent", "observed by me"),
    ),
    # who has seen to a result
    (
        r"^who (?:has |have )?(?:acknowledged|seen|saw|looked at|dealt with|reacted to|signed off)"
        r"(?: (?:the|his|her|their))? (?P<who>.+?)(?:'s?)?(?: (?:last|latest|low|failed|newest))*"
        r" (?:results?|sessions?|scores?|ones?)$",
        lambda found: Intent("show", f"last failed {found['who']}"),
    ),
    (
        r"who (?:was it that )?(?:has |have )?(?:observed|checked|assessed|graded|trained|tested|rated|marked"
        r"|scored|failed) me(?: (?:down|low|badly))?"
        r"(?! (?:the )?most)"
        r"(?: (?:last(?: time)?|most recently|the last time))?",
        _observer_of_mine,
    ),
)

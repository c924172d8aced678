"""Which subcommand a question asks for if it names none: "who hasn't been observed" is `silent`.

Each entry of INTENTS is a pattern, and the subcommand with the words that it stands for. The first that is found
decides, and what is left of the text is the query.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.schedules import begins_schedule


@dataclass(frozen=True, slots=True)
class Intent:
    """A subcommand and the words for it."""

    verb: str
    words: str


_LONGEST = 200  # characters: a longer text is no question in passing

_UNITS = (
    ("dept", r"(?:stores?|sites?|shops?|locations?|departments?|units?|branch(?:es)?|teams?|regions?)"),
    ("checklist", r"(?:checklists?|forms?|topics?)"),
    ("observer", r"(?:observers?|trainers?|assessors?|graders?)"),
    ("employee", r"(?:employees?|persons?|people|learners?|trainees?|staff|performers?|workers?|team ?members?|guys)"),
)
_ANY_UNIT = "|".join(pattern for _, pattern in _UNITS)


def _as(verb: str, more: str = "") -> Callable[[re.Match[str]], Intent]:
    """The subcommand with some words, then what the pattern did not take."""

    def intent(found: re.Match[str]) -> Intent:
        left = " ".join(f"{found.string[: found.start()]} {found.string[found.end() :]}".split())
        return Intent(verb, f"{more} {left}".strip())

    return intent


def _trend_by(found: re.Match[str]) -> Intent:
    """A trend by what the pattern names: "compare stores", "best observer"."""
    return _as("trend", f"by:{_unit_of(found['unit'])}")(found)


def _unit_of(word: str) -> str:
    return next((unit for unit, pattern in _UNITS if re.fullmatch(pattern, word, re.IGNORECASE)), "employee")


def _ranked(found: re.Match[str]) -> Intent:
    """ "top 3 employees", "best store", "worst performers": a report by these, in that order."""
    order = " sort:-score" if re.match(r"best|top|highest|strongest|great", found["order"], re.IGNORECASE) else ""
    limit = f" limit:{found['number']}" if found["number"] else ""
    return _as("trend", f"by:{_unit_of(found['unit'])}{order}{limit}")(found)


def _changed(found: re.Match[str]) -> Intent:
    """ "who improved most", "which store got worse"."""
    is_loss = re.search(r"wors|declin|dropp|fell|los", found[0], re.IGNORECASE)
    unit = _unit_of(found["unit"]) if found["unit"] else "employee"
    return _as("trend", f"by:{unit} sort:{'' if is_loss else '-'}change")(found)


def _compared(found: re.Match[str]) -> Intent:
    """ "compare store 12 and store 14": the things stay in the query, which says by what they are compared."""
    text = re.sub(r"\b(?:compare|comparison of)\s", " ", found.string, flags=re.IGNORECASE)
    return Intent("trend", f"{COMPARED} {' '.join(text.split())}")


COMPARED = "compare"  # a trend of these words is by what they name


_NEVER = (
    r"(?:has ?n[o']?t|have ?n[o']?t|had ?n[o']?t|has never|have never|was ?n[o']?t|were ?n[o']?t|not|never|did ?n[o']?t"
    r"|no|without)"
)
_OBSERVED = (
    r"(?:observed|observe|observing|observations?|sessions?|inspected|visited|trained|checked|assessed|graded)"
    r"(?: yet| at all)?"
)
_WHO = rf"(?:(?:who|which|what)\s+)?(?:(?:{_ANY_UNIT})\s+)?"
_WHAT = r"(?:what(?:'?s| is)|who(?:'?s| is)|which|what|anything|any)?\s*"
_EXTREME = r"(?:best|worst|most|weakest|strongest|lowest|highest|attention|training|help|fails?|failures|failing)"
_ORDER = (
    r"(?P<order>best|worst|weakest|strongest|problem|weak|top|lowest|highest|bottom|poorest|low|poor|great|good|bad)"
)
_RATED = rf"{_ORDER}(?: (?P<number>\d{{1,2}}))?[ -](?:scoring |performing |rated )?(?:of )?(?:the |my |our |all )?"
_RATED_MOST = rf"{_ORDER}(?P<number>)(?P<unit>)$"
_VERB = r"(?:r|is|are|has|have|was|were|needs?|fails?|failed|does|do)"
_PERIODS = r"(?:day|week|month|quarter)"
_GROUPS = rf"(?:{_PERIODS}|checklist|form|store|site|shop|dept|department|unit|location|team|observer|trainer|employee)"

_SEND = (
    r"(?:(?:can you |could you |please |pls )*(?:send|give|get|post|e-?mail|mail|i want|i need)(?: me| us)? )?"
    r"(?:an? |the |my )?"
)
_DONE = r"(?:done|did|do|completed?|passed|pass|finished|had|taken|been through)"
_TOPICS = (
    r"(?:un)?subscribe|(?:un)?mute|digests?|export|targets?|trends?|silent|overdue|reminders?|quiet|holidays?|link|preview"
    r"|critical|scores?|outcomes?|rules?|settings|history|todo|upcoming|handover|status|dates?|sort|limit"
)
_PLURALS = r"checklists|stores|sites|shops|locations|departments|observers|trainers|employees|learners|trainees"
_EVER = 365  # days: who never did something is asked of a year


def _never_done(found: re.Match[str]) -> Intent:
    """ "who has not done opening": those without such a session, not the sessions of other checklists."""
    left = " ".join(f"{found.string[: found.start()]} {found.string[found.end() :]}".split())
    passed = " outcome:passed" if re.search("pass", found[0], re.IGNORECASE) else ""
    return Intent("silent", f"{_EVER}d{passed} {left}".rstrip())


def _digest(found: re.Match[str]) -> Intent:
    """ "send me a weekly report", "monthly summary on the 1st at 9": a digest, which is shown before it is saved."""
    left = " ".join(f"{found.string[: found.start()]} {found.string[found.end() :]}".split())
    for_me = " for:me" if re.search(r"\bme\b", found[0], re.IGNORECASE) else ""
    every = "" if begins_schedule(left) else f"{found['every']} "
    return Intent("digest", f"{every}{left}".strip() + for_me)


def _subscribed(found: re.Match[str]) -> Intent:
    """ "notify me when sofia fails": a rule, which is shown before it is saved."""
    left = re.sub(
        r"\s+here$|^\s*(?:someone|somebody|anyone|a|an)\b", " ", found.string[found.end() :], flags=re.IGNORECASE
    )
    for_me = "" if found[0].lower().startswith(("post", "please post", "pls post")) else " for:me"
    return Intent("subscribe", f"{' '.join(left.split())}{for_me}")


def _help(found: re.Match[str]) -> Intent:
    return Intent("help", found["topic"].lower())


def _target(found: re.Match[str]) -> Intent:
    """ "set the target for opening to 85": asked about before it is saved."""
    return Intent("target", f"{found['percent']} {found['of'] or found['of2'] or ''}".strip())


def _muted(found: re.Match[str]) -> Intent:
    left = re.sub(r"\b(?:this |the )?channel\b|\bme\b", " ", found.string[found.end() :], flags=re.IGNORECASE)
    left = re.sub(r"\btil+\b", "until", left, flags=re.IGNORECASE)
    for_me = " for:me" if re.search(r"\bme\b", found.string, re.IGNORECASE) else ""
    return Intent("mute", f"{' '.join(left.split())}{for_me}".strip())


_silent, _overdue, _todo, _trend = _as("silent"), _as("overdue"), _as("todo"), _as("trend")
_attention, _criteria = _as("attention"), _as("trend", "by:criterion")
INTENTS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Intent]]] = tuple(
    (re.compile(rf"(?<![\w:\"“])(?:{pattern})(?![\w:])", re.IGNORECASE), make)
    for pattern, make in (
        # what a page of help explains
        (rf"^how (?:do|can|does|to)(?: (?:i|we|one|you))? (?P<topic>{_TOPICS})(?: .*)?$", _help),
        (rf"^what (?:does|is|are|do)(?: (?:an?|the))? (?P<topic>{_TOPICS})(?: mean| do)?$", _help),
        # what there is
        (
            rf"^(?:(?:what|which|list|show|all|the|me|my|our|of) )*(?P<unit>{_PLURALS})"
            r"(?: (?:are there|do (?:we|i|you) have|exist|can i see|do you know|list))?$",
            _trend_by,
        ),
        # what changes something, and is asked about first
        (rf"{_SEND}(?P<every>daily|weekly|monthly) (?:report|digest|summary|update|e-?mail|overview)s?", _digest),
        (rf"{_SEND}(?P<every>)(?:report|digest|summary|update|overview)s? (?=(?:every|each) \w)", _digest),
        (
            r"(?:set|change|raise|lower|put|make) (?:the |our )?target(?: (?:for|of|on) (?P<of>.+?))?"
            r"(?: to| at)? (?P<percent>\d{1,3})%?(?: (?:for|on) (?P<of2>.+))?",
            _target,
        ),
        (
            r"^(?:please |pls |can you |could you )*(?:notify|alert|ping|message|dm|inform|warn)(?: me| us)?"
            r" (?:when(?:ever)?|if|on|about|of|for|every time|once)"
            r"|^tell (?:me|us) (?:when(?:ever)?|if|every time)|^(?:please |pls )?post(?= .+ here$)",
            _subscribed,
        ),
        (r"^(?:please |pls )?(?:silence|snooze|hush|shut up)", _muted),
        # who had none
        (
            rf"(?:who|(?:which |what )?(?:{_PLURALS})(?: that| which)?)\s+(?:(?:of|in) my team\s+)?"
            rf"(?:(?:had|have|has|did|is)\s+)?{_NEVER}\s+"
            rf"(?:(?:yet|ever|been)\s+)*{_DONE}(?: yet)?(?= \w)"
            r"(?! (?:the |their |any |a )?"
            r"(?:targets?|this|last|today|yesterday|sessions?|observations?|in|at|on|since|yet)\b)",
            _never_done,
        ),
        (rf"who (?:still )?(?:needs?|has|have) (?:still )?to (?:still )?(?:{_DONE}|get)(?= \w)", _never_done),
        (
            rf"{_WHO}(?:that\s+)?(?:(?:had|have|has|with|got)\s+)?{_NEVER}\s+(?:(?:yet|any|been|have|had|a|get|got|done|made|completed)\s+)*{_OBSERVED}",
            _silent,
        ),
        (rf"{_WHO}(?:(?:are|is|was|were|have been|has been)\s+)?(?:silent|inactive|quiet)", _silent),
        (rf"{_WHO}(?:did|do|does|done|has done|have done) nothing", _silent),
        # what is not done
        (
            r"(?:am i|are we|do (?:i|we) have (?:anything|something|any|sessions?)(?: that is| that are)?)"
            r" (?:late|overdue|behind|past due)",
            _as("overdue", "observed by me"),
        ),
        (rf"{_WHAT}(?:(?:are|is)\s+)?(?:overdue|past due|past the due date)(?: for me)?", _overdue),
        (rf"{_WHAT}(?:late|behind schedule|delayed)(?: sessions?| observations?)?", _overdue),
        (r"(?:my |the )?(?:to-?do|to do)(?: list)?", _todo),
        (r"what (?:do|must|should) i (?:still )?(?:(?:have|need) to )?(?:do|conduct|finish|observe)", _todo),
        (r"who (?:do|will|should|must|shall) i (?:observe|check|assess|visit|train)(?: next)?", _todo),
        (r"what(?:'s| is) left(?: for me)?(?: to do)?|my tasks|assigned to me", _todo),
        (
            r"(?:when(?:'?s| is|'?re| are) )?(?:(?:my|the|our) )?next (?:planned |scheduled )?"
            r"(?:sessions?|observations?|ones?|checks?|visits?|trainings?|appointments?|shifts?)",
            _as("upcoming"),
        ),
        (r"(?:what(?:'s| is) )?coming up|what(?:'s| is) next", _as("upcoming")),
        (
            r"(?:when|what time)(?:'s| am| are| is| will)? (?:i|we)(?: be| going to be| being)? "
            rf"(?:{_OBSERVED}|assessed|checked|graded)(?: next)?",
            _as("upcoming", "my"),
        ),
        (
            r"(?:did|have) (?:i|we) (?:finish(?:ed)?|done?|completed?) (?:everything|it all|all)"
            r"|anything left(?: to do)?|am i done|what am i missing|what do i still need to do",
            _todo,
        ),
        # who has to act
        (
            r"(?:who|what|which (?:sessions?|results?|people|employees)|anyone|anybody|anything)?\s*"
            r"(?:needs?|requires?) (?:my |our |your )?(?:attention|follow[- ]?up|action)",
            _attention,
        ),
        (r"(?:what|who|which)?\s*(?:is |are )?(?:not (?:yet )?|un)acknowledged(?: yet)?", _attention),
        (
            r"what (?:do|should|must|can) i (?:need to )?(?:look at|act on|deal with|worry about|follow up(?: on)?)",
            _attention,
        ),
        # what costs most
        (
            r"(?:(?:which|what|the|are|is|worst|weakest|hardest|most|often|failed|missed|failing|common|top|costly) )+"
            r"(?:criteri(?:a|on)|questions?|items?|areas?|competenc(?:y|ies)|mistakes?|problems?|issues?)"
            r"(?: (?:is|are|do|does|gets?|we|people|fails?|failed|missed|failing|lost|loses?|the|most|worst|often))*",
            _criteria,
        ),
        (
            r"what(?:'?s| is| are| did| do| does| goes)?(?: (?:we|they|people))?"
            r"(?: (?:going|gone|goes|go|went|get|got|doing))? wrong"
            r"|(?:what|where) (?:was|were|is|are|am)(?: (?:i|we|they))? weak(?:est)?"
            r"|weak(?:ness(?:es)?| spots?| points?)",
            _criteria,
        ),
        (
            r"what(?:'?s| is| are| did| do| does)? i (?:going |go |get |got |do |doing )?(?:wrong|badly)",
            _as("trend", "by:criterion my"),
        ),
        # is it getting better
        (
            rf"(?:who|(?:which|what) (?P<unit>{_ANY_UNIT}))(?:'s| is| are| has| have)?(?: been)?"
            r" (?:improv(?:ed?|es|ing)|declin(?:ed?|es|ing)|dropp(?:ed|ing)|got(?:ten)? (?:better|worse)"
            r"|getting (?:better|worse)|gets (?:better|worse))(?: the)?(?: most)?",
            _changed,
        ),
        (rf"most improved(?: (?P<unit>{_ANY_UNIT}))?", _changed),
        (r"(?:getting|got|gotten|doing|become|becoming) (?:any )?(?:better|worse)(?: over time)?", _trend),
        (r"(?:have to |need to )?improv(?:e|es|ed|ing|ements?)(?: over time)?", _trend),
        (rf"(?:which|what) (?P<unit>{_ANY_UNIT}) {_VERB} ?(?:the )?{_EXTREME}(?: the)?(?: often| most)?", _trend_by),
        (rf"(?:(?:the|my|our) )*{_RATED}(?P<unit>{_ANY_UNIT})(?! ?#?\d)", _ranked),
        (
            rf"who(?:'s| is| are| was| were| has| did)?(?: doing| scored| performs| performed)?(?: the)? {_RATED_MOST}",
            _ranked,
        ),
        (rf"(?:compare|comparison of|rank)(?: all| the| our| my)* (?P<unit>{_ANY_UNIT})(?! ?#?\d)", _trend_by),
        (r"(?:compare|comparison of) .+|.+ (?:vs\.?|versus) .+", _compared),
        (r"(?:the )?(?:average|avg|mean|median)(?: scores?| results?)?", _trend),
        (
            r"(?:the |an? |my |our )?(?:pass(?:ing)?|success|fail(?:ure)?|completion)[ -]?(?:rate|percentage|ratio)s?"
            r"|(?:what |the )?percent(?:age)?s? (?:of )?(?:people |sessions )?(?:that )?(?:pass(?:ed)?|met|fail(?:ed)?)"
            r"|(?:the |some )?(?:kpis?|stat(?:istic)?s|figures|overview|summary)(?: (?:of|for|on))?|summari[sz]e",
            lambda found: _as("trend", "my" if found[0].lower().startswith("my ") else "")(found),
        ),
        (r"(?:the |a )?(?:trends?|(?<!in )progress|development)(?: (?:of|for|in|on))?|over time", _trend),
        (rf"(?:by|per) {_GROUPS}s?|by:\w+|weekly|monthly", lambda found: Intent("trend", found.string)),
        (r"who (?:observed|conducted|graded) (?:the )?most(?: sessions| observations)?", _as("trend", "by:observer")),
        # one person's sessions, files
        (r"(?:the )?(?:history|track record)(?: (?:of|for))?", _as("history")),
        (rf"{_SEND}(?:csv|excel|xlsx?|spreadsheet|download)(?: file)?(?: (?:of|with|for))?", _as("export")),
    )
)

_WHOLE: dict[str, Intent] = {
    **dict.fromkeys(("menu", "start", "home", "main menu"), Intent("", "")),
    **dict.fromkeys(("who am i", "whoami", "my account", "my link"), Intent("link", "")),
    **dict.fromkeys(
        ("are you alive", "are you there", "is it working", "alive", "ping", "are you ok", "health"),
        Intent("status", ""),
    ),
    **dict.fromkeys(
        (
            "turn off notifications",
            "turn notifications off",
            "turn off",
            "disable notifications",
            "notifications off",
            "unsubscribe me",
            "cancel my subscription",
            "turn this off",
            "turn it off",
            "switch off notifications",
        ),
        Intent("unsubscribe", ""),
    ),
    **dict.fromkeys(
        ("anything new", "any news", "whats new", "what's new", "what is new", "news", "any updates", "updates"),
        Intent("results", "since:yesterday"),
    ),
    **dict.fromkeys(("tasks", "my tasks", "task list"), Intent("todo", "")),
    **dict.fromkeys(("next", "what's next", "whats next"), Intent("upcoming", "")),
    **dict.fromkeys(("targets", "what is the target", "what's the target", "show targets"), Intent("target", "")),
    **dict.fromkeys(("follow ups", "followups", "my follow-ups", "my follow ups"), Intent("follow-ups", "")),
    **dict.fromkeys(("my settings", "preferences", "notifications"), Intent("settings", "")),
}  # whole texts


def is_grouped(text: str) -> bool:
    """Whether a text asks for figures of groups: "by store", `by:month`."""
    return _GROUPED.search(_QUOTED.sub(" ", text)) is not None


_GROUPED = re.compile(
    rf"(?<![\w:])(?:(?:by|per) (?:{_GROUPS}s?|people|persons?|criteri(?:on|a)|questions?)|by:\w+)(?!\w)", re.IGNORECASE
)
_QUOTED = re.compile(r'["“”][^"“”]*["“”]')


def intent_of(text: str) -> Intent | None:
    """The subcommand that a question without one asks for; None if it asks for sessions.

    Its words may be none: "my" alone says whose. A text with keys is a query, save for `by:`.
    """
    plain = " ".join(text.lower().replace("’", "'").strip(" !.,?").split())
    if plain in _WHOLE:
        return _WHOLE[plain]
    if len(text) > _LONGEST or '"' in text or "“" in text:
        return None
    for pattern, make in INTENTS:
        if found := pattern.search(text.replace("’", "'").strip(" ?!")):
            return make(found)
    return None

"""Which subcommand a question asks for if it names none: "who hasn't been observed" is `silent`.

Each entry of INTENTS is a pattern, and the subcommand with the words that it stands for. The first that is found
decides, and what is left of the text is the query.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from bot.query.keywords import IGNORED


@dataclass(frozen=True, slots=True)
class Intent:
    """A subcommand and the words for it."""

    verb: str
    words: str


_ANYBODY = r"(?: (?:there|spotter|bot|all|team|everyone|everybody|again))*"
GREETING = re.compile(
    r"(?:hi+|hello|helo|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning|what'?s up|sup"
    rf"|how are you|nice to meet you|bye|goodbye|see you)(?: how are you)?{_ANYBODY}\W*"
)
HELP = re.compile(
    r"(?:\?+|help ?me|how (?:does|do) (?:this|it|you) work"
    r"|what (?:can|do) (?:you|i) (?:do|ask|type)\??|what is this\??|who are you\??|commands|usage)"
    rf"{_ANYBODY}"
)
THANKS = re.compile(
    r"(?:(?:ok|okay|great|perfect|nice|cool)?,? ?(?:many )?(?:thanks|thank you|thx|ty|cheers)\b.*"
    r"|ok|okay|k|great|good|cool|nice|perfect|awesome|got it|all good|super|lovely|👍.*|🙏.*"
    r"|:(?:\+1|thumbsup|pray|ok_hand|heart):)"
)
STOP = re.compile(
    r"(?:please )?(?:stop|quit|no more)(?: (?:it|this|that|all|sending|me|my|the|these|any|more|messages?"
    r"|notifications?|dms?|please))*"
)
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
_OBSERVED = r"(?:observed|observe|observing|observations?|sessions?|inspected|visited|trained)(?: yet| at all)?"
_WHO = rf"(?:(?:who|which|what)\s+)?(?:(?:{_ANY_UNIT})\s+)?"
_WHAT = r"(?:what(?:'?s| is)|who(?:'?s| is)|which|what|anything|any)?\s*"
_EXTREME = r"(?:best|worst|most|weakest|strongest|lowest|highest|attention|training|help|fails?|failures|failing)"
_ORDER = (
    r"(?P<order>best|worst|weakest|strongest|problem|weak|top|lowest|highest|bottom|poorest|low|poor|great|good|bad)"
)
_RATED = rf"{_ORDER}(?: (?P<number>\d{{1,2}}))?[ -](?:scoring |performing |rated )?(?:of )?(?:the |my |our |all )?"
_RATED_MOST = rf"{_ORDER}(?P<number>)(?P<unit>)$"
_VERB = r"(?:is|are|has|have|was|were|needs?|fails?|failed|does|do)"
_PERIODS = r"(?:day|week|month|quarter)"
_GROUPS = rf"(?:{_PERIODS}|checklist|form|store|site|shop|dept|department|unit|location|team|observer|trainer|employee)"

_silent, _overdue, _todo, _trend = _as("silent"), _as("overdue"), _as("todo"), _as("trend")
INTENTS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Intent]]] = tuple(
    (re.compile(rf"(?<![\w:\"“])(?:{pattern})(?![\w:])", re.IGNORECASE), make)
    for pattern, make in (
        # who had none
        (
            rf"{_WHO}(?:that\s+)?(?:(?:had|have|has|with|got)\s+)?{_NEVER}\s+(?:(?:yet|any|been|have|had|a|get|got|done|made)\s+)*{_OBSERVED}",
            _silent,
        ),
        (rf"{_WHO}(?:(?:are|is|was|were|have been|has been)\s+)?(?:silent|inactive|quiet)", _silent),
        # what is not done
        (rf"{_WHAT}(?:(?:are|is)\s+)?(?:overdue|past due|past the due date)(?: for me)?", _overdue),
        (rf"{_WHAT}(?:late|behind schedule|delayed)(?: sessions?| observations?)?", _overdue),
        (r"(?:my |the )?(?:to-?do|to do)(?: list)?", _todo),
        (r"what (?:do|must|should) i (?:still )?(?:(?:have|need) to )?(?:do|conduct|finish|observe)", _todo),
        (r"what(?:'s| is) left(?: for me)?(?: to do)?|my tasks|assigned to me", _todo),
        (
            r"(?:when(?:'?s| is|'?re| are) )?(?:(?:my|the|our) )?next (?:planned |scheduled )?"
            r"(?:sessions?|observations?|ones?|checks?|visits?|trainings?|appointments?|shifts?)",
            _as("upcoming"),
        ),
        (r"(?:what(?:'s| is) )?coming up|what(?:'s| is) next", _as("upcoming")),
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
        (rf"(?:which|what) (?P<unit>{_ANY_UNIT}) {_VERB} ?(?:the )?{_EXTREME}(?: often| most)?", _trend_by),
        (rf"(?:the )?{_RATED}(?P<unit>{_ANY_UNIT})(?! ?#?\d)", _ranked),
        (
            rf"who(?:'s| is| are| was| were| has| did)?(?: doing| scored| performs| performed)?(?: the)? {_RATED_MOST}",
            _ranked,
        ),
        (rf"(?:compare|comparison of|rank)(?: all| the| our| my)* (?P<unit>{_ANY_UNIT})(?! ?#?\d)", _trend_by),
        (r"(?:compare|comparison of) .+|.+ (?:vs\.?|versus) .+", _compared),
        (r"(?:the )?(?:average|avg|mean|median)(?: scores?| results?)?", _trend),
        (r"(?:the |a )?(?:trends?|(?<!in )progress|development)(?: (?:of|for|in|on))?|over time", _trend),
        (rf"(?:by|per) {_GROUPS}s?|by:\w+|weekly|monthly", lambda found: Intent("trend", found.string)),
        (r"who (?:observed|conducted|graded) (?:the )?most(?: sessions| observations)?", _as("trend", "by:observer")),
        # one person's sessions, files
        (r"(?:the )?(?:history|track record)(?: (?:of|for))?", _as("history")),
        (r"(?:a )?(?:csv|excel|xlsx?|spreadsheet|download)(?: file)?(?: (?:of|with|for))?", _as("export")),
    )
)

_WHOLE: dict[str, Intent] = {
    **dict.fromkeys(("menu", "start", "home", "main menu"), Intent("", "")),
    **dict.fromkeys(("who am i", "whoami", "my account", "my link"), Intent("link", "")),
    **dict.fromkeys(
        ("are you alive", "are you there", "is it working", "alive", "ping", "are you ok", "health"),
        Intent("status", ""),
    ),
    **dict.fromkeys(("targets", "what is the target", "what's the target", "show targets"), Intent("target", "")),
    **dict.fromkeys(("my settings", "preferences", "notifications"), Intent("settings", "")),
}  # whole texts


def is_grouped(text: str) -> bool:
    """Whether a text asks for figures of groups: "by store", `by:month`."""
    return _GROUPED.search(text) is not None


_KEYWORDS = (
    "when",
    "what",
    "which",
    "next",
    "session",
    "sessions",
    "observed",
    "observation",
    "observations",
    "overdue",
    "late",
    "upcoming",
    "coming",
    "improved",
    "improving",
    "improvement",
    "better",
    "worse",
    "getting",
    "compare",
    "average",
    "trend",
    "history",
    "best",
    "worst",
    "store",
    "stores",
    "checklist",
    "checklists",
    "employees",
    "observers",
    "performers",
    "hasn't",
    "never",
    "silent",
    "inactive",
    "download",
    "spreadsheet",
    "progress",
)  # of questions


_SHORT = {"nxt": "next", "wen": "when", "obs": "observations", "wk": "week", "avg": "average", "betta": "better"}
_SHORTEST = 4  # letters of a word that is corrected


def respelled(text: str) -> str:
    """A text whose mistyped keywords of questions are corrected: at most one slip in a word of four to six letters, two
    in a longer one, with the first letter right."""
    return " ".join(_keyword_like(word) for word in text.split())


def _keyword_like(word: str) -> str:
    plain = word.lower().replace("’", "'").strip("?!.,")
    if plain in _SHORT:
        return _SHORT[plain]
    if len(plain) < _SHORTEST or plain in _KEYWORDS or plain in IGNORED:
        return word
    most = 1 if len(plain) < 7 else 2
    like = [one for one in _KEYWORDS if one[0] == plain[0] and OSA.distance(plain, one, score_cutoff=most) <= most]
    return like[0] if len(like) == 1 else word


_GROUPED = re.compile(rf"(?<![\w:])(?:(?:by|per) {_GROUPS}s?|by:\w+)(?!\w)", re.IGNORECASE)


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

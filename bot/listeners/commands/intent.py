"""Which subcommand a question asks for if it names none: "who hasn't been observed" is `silent`.

Each entry of INTENTS is a pattern, and the subcommand with the words that it stands for. The first that is found
decides, and what is left of the text is the query.
"""

import re
from collections.abc import Sequence

from bot.listeners.commands.intent_changes import CHANGES
from bot.listeners.commands.intent_counts import COUNTS, GROUPS
from bot.listeners.commands.intent_duties import DUTIES, to_be_seen_to
from bot.listeners.commands.intent_figures import FIGURES, trend_by
from bot.listeners.commands.intent_reasons import REASONS
from bot.listeners.commands.intent_spotter import ABOUT_SPOTTER
from bot.listeners.commands.question_patterns import SEND, Intent, Reader, left_of, taken_as
from bot.listeners.commands.rule_wishes import RULE_WISHES
from bot.query.days import MONTHS
from bot.query.units import ANY_PLURAL, ANY_UNIT, OTHER_UNITS, PATTERNS

__all__ = ["INTENTS", "Intent", "intent_of", "is_grouped"]

_LONGEST = 200  # characters: a longer text is no question in passing

_NEVER = (
    r"(?:has ?n[o']?t|have ?n[o']?t|had ?n[o']?t|has never|have never|was ?n[o']?t|were ?n[o']?t|not|never|did ?n[o']?t"
    r"|no|without)"
)
_OBSERVED_ONE = r"observe|check|assess|visit|train|observed|checked|assessed|visited|trained"
_EVERYONE = (
    r"(?:everyone|everybody|(?:each|each one|every one|every) (?:of )?(?:my|our|the) (?:people|staff|team"
    r"|employees)|(?:all|all of)(?: my| the| our)? (?:people|staff|team|employees)|my team|the team)"
)
_OBSERVED = (
    r"(?:observed|observe|observing|observations?|sessions?|inspected|visited|trained|checked|assessed|graded"
    r"|trainings?|checks?|visits?|results|activity)"
    r"(?: yet| at all)?"
)
_WHO = rf"(?:(?:who|which|what)\s+(?:(?:in|of|on|from) (?:my|our|the) (?:team|people|staff) )?)?(?:(?:{ANY_UNIT})\s+)?"
_WHAT = r"(?:what(?:'?s| is)|who(?:'?s| is)|which|what|anything|any)?\s*"
_DONE = r"(?:done|did|do|completed?|passed|pass|finished|had|taken|been through)"
_TRAINING = r"(?:re-?)?(?:training|coaching|help|support|practi[cs]e|train|coach)"
_MORE = r"(?: (?:more|some|extra|additional|further|the most|most))*"
_MONTH = rf"(?:,| in the| (?:{'|'.join(one[:3] for one in MONTHS)})\w*)"  # "late October" is a time
_EVER = 365  # days: who never did something is asked of a year


def _never_done(found: re.Match[str]) -> Intent:
    """ "who has not done opening": those without such a session, not the sessions of other checklists."""
    left = left_of(found)
    left = _A_CHECK.sub(" ", left)
    passed = " outcome:passed" if re.search("pass", found[0], re.IGNORECASE) else ""
    return Intent("silent", f"{_EVER}d{passed} {left}".rstrip())


_A_CHECK = re.compile(r"^(?:an? |any |their |the )+|(?<=\w) (?:checks?|sessions?|observations?)(?= |$)", re.IGNORECASE)


def _silent(found: re.Match[str]) -> Intent:
    """ "which observers did nothing": of the silent, those that were asked for come first."""
    unit = re.search(rf"\b(?:{ANY_PLURAL})\b", found[0], re.IGNORECASE)
    return Intent("silent", f"{unit[0] if unit else ''} {left_of(found)}".strip())


def _exported(found: re.Match[str]) -> Intent:
    """ "download november with the criteria"."""
    left = left_of(found)
    less = re.sub(
        r"\b(?:with|including|and|incl\.?)(?: (?:all|the))* criteria\b", "criteria:yes", left, flags=re.IGNORECASE
    )
    less = re.sub(
        r"\b(?:as|to|in|into)(?: an?)? (?:csv|excel|xlsx?|spreadsheet)(?: file)?\b", "", less, flags=re.IGNORECASE
    )
    return Intent("export", " ".join(less.split()))


_overdue, _todo = taken_as("overdue"), taken_as("todo")
_needs_training = taken_as("trend", "by:employee sort:-count outcome:failed")  # who has the most low results
INTENTS: Sequence[tuple[re.Pattern[str], Reader]] = tuple(
    (re.compile(rf"(?<![\w:\"“])(?:{pattern})(?![\w:])", re.IGNORECASE), make)
    for pattern, make in (
        *ABOUT_SPOTTER,
        *RULE_WISHES,
        *DUTIES,
        *REASONS,
        *CHANGES,
        (
            r"^(?:(?:please|pls|can you|could you|can i|i want to|i need to|i'd like to) )*(?:pull|put|get"
            r"|dump|turn|bring|have)"
            r"(?= .+ (?:in|into|to|as)(?: an?)? (?:csv|excel|xlsx?|spreadsheet)(?: file| sheet)?$)",
            _exported,
        ),
        (
            r"^(?:(?:please|pls|can you|could you|can i|i want to|i need to|i'd like to) )*(?:download|export|save)"
            r"(?: (?:a|an|the|me|all|everything|csv|excel|xlsx?|file|of|with|for|data|to|spreadsheet))*(?= \w)",
            _exported,
        ),
        # what there is
        (
            rf"^(?:(?:what|which|list|show|all|the|me|my|our|of) )*(?P<unit>{ANY_PLURAL})"
            r"(?: (?:are there|do (?:we|i|you) have|exist|can i see|do you know|list))?$",
            trend_by,
        ),
        # who had none; before those who are counted
        (
            r"^(?:how many|who|which)(?: (?:people|persons|employees|staff|learners|of|in|my|the|our|team"
            r"|them|store|site))*"
            r" (?:has|have|had)(?:n'?t| not| never)(?: (?:yet|had|done|passed|been|through|a|an|any|their))+"
            r"(?= (?!observed|sessions?\b|observations?\b|trained|checked|assessed|visited)\w)",
            _never_done,
        ),
        (
            rf"(?:which|what|who)(?: (?:of|one of))?(?: (?:my|our|the))* (?P<unit>{PATTERNS['observer']})"
            r"(?: (?:that|who))? (?:has|have|had|did|do|is|are)(?:n'?t| not| never)(?: (?:yet|ever|been))*"
            r" (?:observ\w+|conduct\w+|check\w*|assess\w*|train\w*|visit\w*|done|do|held|had)"
            r"(?: (?:anyone|anybody|any|anything|a|sessions?|observations?|people|somebody|someone|at all|yet))*",
            lambda found: Intent("silent", f"observers {left_of(found)}".strip()),
        ),
        *COUNTS,
        # who had none
        (
            rf"(?:who|(?:which |what )?(?:{ANY_PLURAL})(?: that| which)?)\s+(?:(?:of|in) my team\s+)?"
            rf"(?:(?:had|have|has|did|is)\s+)?{_NEVER}\s+"
            rf"(?:(?:yet|ever|been)\s+)*{_DONE}(?: yet)?(?= \w)"
            r"(?! (?:the |their |any |a )?"
            r"(?:targets?|this|last|today|yesterday|sessions?|observations?|in|at|on|since|yet)\b)",
            _never_done,
        ),
        (rf"(?:has|have|was|were|did|is) {_EVERYONE} (?:been )?(?:get )?{_OBSERVED}", _silent),
        (rf"(?:has|have|did) {_EVERYONE} {_DONE}(?= \w)", _never_done),
        (rf"who (?:still )?(?:needs?|has|have) (?:still )?to (?:still )?(?:{_DONE}|get)(?= \w)", _never_done),
        (
            rf"{_WHO}(?:that\s+)?(?:(?:had|have|has|with|got)\s+)?{_NEVER}\s+(?:(?:yet|any|been|have|had|a|get|got|done|made|completed)\s+)*{_OBSERVED}",
            _silent,
        ),
        (rf"{_WHO}(?:(?:has|have|is|are|was|were)\s+)?{_NEVER}\s+(?:been\s+)?active", _silent),
        (rf"{_WHO}(?:(?:are|is|was|were|have been|has been)\s+)?(?:silent|inactive|quiet)", _silent),
        (
            rf"{_WHO}(?:did|do|does|done|has done|have done|(?:has|have)(?: had)?|had)"
            r" (?:nothing|none|no activity|not had anything|zero (?:sessions|observations))",
            _silent,
        ),
        # what is not done
        (
            r"(?:am i|are we|do (?:i|we) have (?:anything|something|any|sessions?)(?: that is| that are)?)"
            r" (?:late|overdue|behind|past due)",
            taken_as("overdue", "observed by me"),
        ),
        (rf"{_WHAT}(?:(?:are|is)\s+)?(?:overdue|past due|past the due date)(?: for me)?", _overdue),
        (rf"{_WHAT}(?:late(?!{_MONTH})|behind schedule|delayed)(?: sessions?| observations?)?", _overdue),
        (
            r"what (?:do|must|should) i (?:still )?(?:(?:have|need) (?:left )?to )?(?:do|conduct|finish|observe)"
            r"(?: next)?"
            r"|what(?: else)?(?: do| have)? i (?:still )?(?:have |got )*left(?: to (?:do|conduct|finish|observe))?"
            r"|what(?:'s| is)? (?:still )?(?:remain(?:s|ing)|outstanding)(?: for me)?",
            _todo,
        ),
        (r"(?:my |the )?(?:to-?do|to do)(?: list)?", _todo),
        (r"who (?:do|will|should|must|shall) i (?:observe|check|assess|visit|train)(?: next)?", _todo),
        (r"what(?:'s| is) left(?: for me)?(?: to do)?|my tasks|assigned to me", _todo),
        (
            r"(?:when(?:'?s| is|'?re| are) )?(?:(?:the|our) )?next (?:planned |scheduled )?"
            r"(?:sessions?|observations?|ones?|checks?|visits?|trainings?|appointments?|shifts?)",
            taken_as("upcoming"),
        ),
        (
            r"(?:what(?:'s| is) )?coming up|what(?:'s| is)(?= next (?:week|month))|what(?:'s| is) next",
            taken_as("upcoming"),
        ),
        (
            r"(?:when|what time)(?:'s| are| is| will)? we(?: be| going to be| being)? "
            rf"(?:{_OBSERVED}|assessed|checked|graded)(?: next)?",
            taken_as("upcoming", "my"),
        ),
        (
            r"^(?:(?:the|my|our|what(?:'s| is)) )*(?:schedule|calendar|agenda|rota|planning)(?: (?:for|of|on))?",
            taken_as("upcoming"),
        ),
        (
            r"(?:did|have) (?:i|we) (?:finish(?:ed)?|done?|completed?) (?:everything|it all|all)"
            r"|anything left(?: to do)?|am i done|what am i missing",
            _todo,
        ),
        (rf"who(?:'s| is)? (?:left|still) to (?:be )?(?:{_OBSERVED_ONE})", _todo),
        (rf"who do (?:i|we) (?:still )?(?:need|have) to (?:{_OBSERVED_ONE})(?: next)?", _todo),
        (r"what (?:still )?needs (?:doing|to be done)|^nothing to do", _todo),
        (r"^who(?:'s| is) next|^next for", taken_as("upcoming")),
        (
            r"^when(?:'s| is) (?P<who>.+?) (?:next (?:planned|scheduled|observed|due|up)|(?:planned|due|up) next)",
            lambda found: Intent("upcoming", f"{found['who']} {left_of(found)}".strip()),
        ),
        # who has to act
        (
            rf"(?:which|what) (?P<unit>{OTHER_UNITS}) (?:still )?needs?{_MORE} (?:attention|{_TRAINING})"
            r"(?: (?:on|with|in|for|at))?",
            trend_by,
        ),
        (
            r"(?:who|what|which (?:sessions?|results?|people|employees)|anyone|anybody|anything)?\s*"
            r"(?:needs?|requires?) (?:my |our |your )?(?:attention|follow[- ]?up|action)",
            to_be_seen_to,
        ),
        (
            rf"(?:who |(?:which|what) (?:{PATTERNS['employee']}) |anyone |anybody )(?:still )?needs?{_MORE} {_TRAINING}"
            r"(?: (?:on|with|in|for|at))?",
            _needs_training,
        ),
        (
            r"who(?:'s| is| are)? (?:(?:still|most|really) )*struggl(?:e|es|ed|ing)"
            r"(?: (?:with|on|in|at|the most|most))*",
            _needs_training,
        ),
        (
            rf"who (?:should|must|do|shall) (?:i|we) (?:need to |have to )?{_TRAINING}(?: (?:on|in|for|with))?",
            _needs_training,
        ),
        (r"(?:what|who|which)?\s*(?:is |are )?(?:not (?:yet )?|un)acknowledged(?: yet)?", to_be_seen_to),
        (
            r"what (?:do|should|must|can) i (?:need to )?(?:look at|act on|deal with|worry about|follow up(?: on)?)",
            to_be_seen_to,
        ),
        (r"who (?:still )?(?:needs?|lacks|misses|is missing)(?= \w)", _never_done),
        *FIGURES,
        # one person's sessions, files
        (r"(?:the )?(?:history|track record)(?: (?:of|for))?", taken_as("history")),
        (rf"{SEND}(?:csv|excel|xlsx?|spreadsheet|download)(?: file)?(?: (?:of|with|for))?", taken_as("export")),
    )
)

_SAID: Sequence[tuple[Intent, Sequence[str]]] = (
    (Intent("", ""), ("menu", "start", "home", "main menu")),
    (Intent("link", ""), ("who am i", "whoami", "my account", "my link")),
    (Intent("status", ""), (
        "are you alive", "are you there", "is it working", "alive", "ping", "are you ok", "health",
        "errors", "show errors", "alerts", "warnings", "problems", "any problems", "any errors", "is anything broken",
        "is anything wrong", "what is broken", "what's broken", "diagnostics", "troubleshoot",
        "what is misconfigured", "what's misconfigured", "is anything misconfigured", "what is wrong with spotter",
        "version", "what version", "which version", "which version is this", "what version is this", "about",
        "admins", "list admins", "show admins", "who are the admins", "who is the admin", "who is admin",
        "who is an admin", "who's the admin", "who runs this", "who can help me",
    )),
    (Intent("link", "list"), (
        "unmatched people", "unmatched", "unlinked people", "unlinked", "not linked", "who is not linked",
        "who isn't linked", "who is unlinked", "who has no link", "people without a link", "who is not matched",
        "who is linked", "links", "list links", "all links", "show links",
    )),
    (Intent("unsubscribe", ""), (
        "turn notifications off", "turn off", "notifications off", "unsubscribe me", "turn this off", "turn it off",
    )),
    (Intent("results", "since:yesterday"), (
        "what did i miss", "what have i missed", "anything new", "any news", "whats new", "what's new", "what is new",
        "news", "any updates", "updates",
    )),
    (Intent("todo", ""), ("tasks", "task list")),
    (Intent("upcoming", ""), ("next", "whats next")),
    (Intent("target", ""), (
        "targets", "show targets", "what is the target", "what are the targets", "my target", "my targets",
        "what is my target", "what's my target", "what are my targets",
    )),
    (Intent("rules", ""), ("what are the rules", "what are our rules", "what are my rules")),
    (Intent("follow-ups", ""), ("follow ups", "followups", "my follow-ups", "my follow ups")),
    (Intent("settings", ""), ("my settings", "preferences", "notifications")),
)  # fmt: skip
_WHOLE = {text: intent for intent, texts in _SAID for text in texts}  # whole texts


def is_grouped(text: str) -> bool:
    """Whether a text asks for figures of groups: "by store", `by:month`."""
    return _GROUPED.search(_QUOTED.sub(" ", text)) is not None


_GROUPED = re.compile(
    rf"(?<![\w:])(?:(?:by|per) (?:{GROUPS}s?|people|persons?|criteri(?:on|a)|questions?)|by:\w+)(?!\w)", re.IGNORECASE
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
        found = pattern.search(text.replace("’", "'").replace("‘", "'").strip(" ?!."))
        if found is not None and (intent := make(found)) is not None:
            return intent
    return None

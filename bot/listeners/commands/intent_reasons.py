"""Which answer a question of reasons asks for: why a result is low, what went wrong, what to work on."""

import re
from collections.abc import Sequence

from bot.listeners.commands.question_patterns import Intent, Reader, left_of, taken_as
from bot.query.units import OTHER_UNITS

_SESSION = r"(?:session|observation|result|check|test|assessment|training|visit|one)"
_LAST = rf"(?:last|latest|newest|most recent)(?: (?:failed|low|bad))?(?: (?P<noun>{_SESSION}))"
_WHOSE = r"(?P<whose>my|our|the|a|\S+'s|)"


def _newest(found: re.Match[str]) -> Intent:
    """ "what went wrong in my last session": that session, with its criteria."""
    low = " failed" if re.search(r"failed|low|bad", found[0], re.IGNORECASE) else ""
    noun = "session" if found["noun"].lower() == "session" else ""  # it may be one that the asker observed
    return Intent("show", " ".join(f"last {found['whose']} {noun}{low} {left_of(found)}".split()))


_MANY_PEOPLE = frozenset({"we", "they", "people", "everyone", "everybody", "so many", "so many people", "employees"})
_THING = frozenset({"it", "this", "that", "he", "she", "result", "the result", "the score", "this one", "that one"})
_OWN_RESULT = re.compile(r"my (?:last |latest )?(?:results?|scores?|grades?|sessions?)|mine|i")
_AGAIN = re.compile(r"\b(?:always|often|keeps?|kept|still)\b|failing", re.IGNORECASE)
_PLACE = re.compile(rf"(?:the |my |our )?{OTHER_UNITS}\b|my team|the team", re.IGNORECASE)


def _why_failed(found: re.Match[str]) -> Intent:
    """ "why did I fail opening": the newest low result, with its reasons; of many people, of a place, and of what
    happens again and again the criteria that cost most."""
    who = found["who"].lower()
    if who in _MANY_PEOPLE or _PLACE.match(who) or _AGAIN.search(found[0]):
        whose = "my" if who == "i" else "" if who in _MANY_PEOPLE else found["who"]
        return Intent("trend", " ".join(f"by:criterion outcome:failed {whose} {left_of(found)}".split()))
    whose = "my" if _OWN_RESULT.fullmatch(who) else "" if who in _THING else found["who"]
    return Intent("show", " ".join(f"last {whose} failed {left_of(found)}".split()))


def _why_so_much(found: re.Match[str]) -> Intent:
    """ "why did I only get 79": the newest session with that result."""
    whose = "my" if found["who"].lower() == "i" else found["who"]
    return Intent("show", f"last {whose} score:{found['score']} {left_of(found)}".strip())


def _last_low(found: re.Match[str]) -> Intent:
    """ "what did I do wrong last time": the newest low result, with its reasons."""
    who = found["who"].lower()
    whose = "my" if who == "i" else "" if who in ("we", "they", "people") else found["who"]
    return Intent("show", " ".join(f"last {whose} failed {left_of(found)}".split()))


REASONS: Sequence[tuple[str, Reader]] = (
    (
        r"(?:what(?:'?s| was| did| were)?(?: i| they| he| she)?(?: (?:went|go|going|gone|do|did|get|was))?"
        r" (?:wrong|bad|badly|weak|low)|why (?:was|is|did)|what happened|how (?:was|did))"
        rf"(?: (?:in|with|at|on|about|i do in|i do on))? {_WHOSE} ?{_LAST}"
        r"(?: (?:so )?(?:low|bad|poor|fail|failed|wrong|below target))*",
        _newest,
    ),
    (
        r"(?:what|where) (?:did|have|do) (?P<who>\S+(?: \S+)??) (?:do|done|did|get|got|go|gone) (?:wrong|badly|bad)"
        r" (?:the )?(?:last|latest|previous) time",
        _last_low,
    ),
    (
        r"(?:why|how come) (?:did|do|does|have|has) (?P<who>\S+(?: \S+)??) (?:only |just )*(?:get|got|have|scored?)"
        r" (?:only |just |an? )*(?P<score>\d{1,3}(?:[.,]\d+)?)(?: ?%| percent)?",
        _why_so_much,
    ),
    (
        r"(?:why|how come) (?:did|do|does|is|are|was|were|have|has) "
        r"(?P<who>so many people|so many|my \S+ \S+|my \S+|the (?:result|score)|\S+(?: \S+)??)"
        r" (?:always |often |still |keep |keeps |so |only |just )*"
        r"(?:fail(?:ed|ing|s)?|not pass(?:ed)?|below target|low|bad|poor|red|do badly|did badly)(?: so often)?",
        _why_failed,
    ),
    (r"^(?:why|how come) so (?P<who>)(?:low|bad|poor)$", _why_failed),
    (
        r"(?:what|which|where|why|how many) (?:points?|criteri(?:a|on)|questions?|items?|marks?)? ?"
        r"(?:(?:did|do|have|am) )?i (?:keep |always |often |usually |mostly )*"
        r"(?:lose|lost|losing|miss|missed|missing|fail|failed|failing|get wrong|weak(?:est)?)"
        r"(?: (?:the )?(?:most|points?|marks?|on))*",
        taken_as("trend", "by:criterion my"),
    ),
    (
        r"what (?:should|must|can|do|could|shall) (?:i|we) (?:need to |have to )?"
        r"(?:coach|train|teach|help|support|retrain) (?P<who>\S+(?: \S+)??) (?:on|with|in|about)(?= |$)",
        lambda found: Intent("trend", f"by:criterion {found['who']} {left_of(found)}".strip()),
    ),
    (
        r"what(?:'?s| is| was)? (?:behind|causing|caused|the (?:reason|cause) (?:for|of))(?: (?:the|this|that))?"
        r" (?:drop|decline|fall|dip|low results?|low scores?|failures|bad results)(?: (?:in|of|at|for|on))?",
        taken_as("trend", "by:criterion outcome:failed"),
    ),
    (
        r"(?:what (?:are|is) )?(?:the )?(?:(?:main|most common|common|usual|biggest|top|most frequent) )*"
        r"(?:reasons?|causes?) (?:for|of|why)(?: (?:the|people|we|they|everyone))?(?: (?:are|is))?"
        r" (?:fail(?:ing|ures?|ed|s)?|low (?:results?|scores?)|not passing)",
        taken_as("trend", "by:criterion outcome:failed"),
    ),
    (
        r"(?:what|which (?:areas?|criteria|things))(?: (?:should|must|can|do|could)) i (?:need to |have to )?"
        r"(?:work on|improve|practi[cs]e|train|focus on|learn|do better|get better at)(?: (?:on|next|at))?",
        taken_as("trend", "by:criterion my"),
    ),
)

"""Which report a question of numbers asks for: how many sessions, how often, who failed most and why."""

import re
from collections.abc import Sequence

from bot.listeners.commands.question_patterns import Intent, Reader, left_of, taken_as
from bot.query.days import MONTHS
from bot.query.units import ANY_PLURAL, ANY_UNIT, GROUPING_WORDS, OTHER_UNITS, unit_of

_COMPARING = (
    r"\b(?:how much (?:better|worse|higher|lower) (?:is|are|was|were|did|does|do|has|have)|than|(?:end"
    r"|turn)(?:ed)? (?:up|out)"
    r"|(?:stacks?|stacked|measures?|measured) up (?:against|to|with)|(?:fares?|fared) (?:against|beside)"
    r"|compared? (?:to|with)|compare|comparison (?:of|between)|(?:what(?:'?s| is) )?(?:the )?difference between"
    r"|in comparison (?:to|with)"
    r"|(?:(?:the|average|pass(?:ing)?|success|fail(?:ure)?|completion)[ -])*(?:rates?|scores?|results?)"
    r"(?: (?:of|in|for|at))?|how (?:does|do|did|is|are)"
    r"|(?:do(?:ing)? |score |scoring |perform )?(?:better|worse) than|(?<=\s)v\.?)\s"
)
_THAN_BEFORE = re.compile(
    r" (?:this \w+ )?(?:doing |scoring |performing )?(?:better|worse) than (?:the )?(last|previous)"
    r" (week|month|quarter|year)",
    re.IGNORECASE,
)
_THAN_LAST = re.compile(
    r"\b(?:do(?:es|ing)?|did|score[ds]?|scoring|perform(?:ed|s|ing)?)?(?: any)? ?(?:better|worse)\b(.*?)\bthis"
    r" (week|month|quarter|year) (?:than|compared (?:to|with)|over) (?:the )?(?:last|previous)(?: one)?$",
    re.IGNORECASE,
)
_LAST_ONE = re.compile(r"\bthis (week|month|quarter|year)\b.*\b(?:last|previous)$", re.IGNORECASE)
_WITH_LAST = re.compile(
    r"\b(?:compared? (?:to|with)|versus|vs?\.?|in comparison (?:to|with)) (?:the )?(?:last|previous)"
    r" (week|month|quarter|year)\b",
    re.IGNORECASE,
)
_A_TIME = re.compile(rf"\b(?:this|last|since|today|yesterday|{'|'.join(one[:3] for one in MONTHS)})", re.IGNORECASE)
COMPARED = "compare"  # a trend of these words is by what they name
COUNT = "count"  # a trend of these words shows the numbers of sessions alone
_VERSUS = re.compile(
    r"\b(?:vs?\.?|versus|compared? (?:to|with)|in comparison (?:to|with)|(?:and|or) last)\s", re.IGNORECASE
)


def compared_things(text: str) -> str:
    """A text of a comparison without the words that only compare: the things stay."""
    text = _THAN_LAST.sub(r"\1 this \2 and last \2", text)  # "did store 21 do better this month than last"
    text = _LAST_ONE.sub(r"\g<0> \1", text)  # "this week compared to last"
    text = _THAN_BEFORE.sub(r" this \2 and last \2", text)
    if (found := _WITH_LAST.search(text)) is not None and not _A_TIME.search(text[: found.start()]):
        text = f"{text[: found.start()]} this {found[1]} and last {found[1]} {text[found.end() :]}"
    return " ".join(re.sub(_COMPARING, " ", text, flags=re.IGNORECASE).split())


def _failed_most(found: re.Match[str]) -> Intent:
    return Intent("trend", f"by:employee sort:-count outcome:failed {found['what'] or ''} {left_of(found)}".strip())


def _by_number(found: re.Match[str]) -> Intent:
    """ "least active observers", "store with the most sessions": by how many sessions each has."""
    sort = "count" if re.search("least|fewest|less|lowest", found[0], re.IGNORECASE) else "-count"
    unit = unit_of(found["unit"]) if found["unit"] else "observer"
    return taken_as("trend", f"by:{unit} sort:{sort}")(found)


def _repeated(found: re.Match[str]) -> Intent:
    """ "who failed more than once": how many such sessions each has, the most first; also those with one, which the
    answer says."""
    unit = re.match(rf"(?:which|what) ({ANY_UNIT})", found.string, re.IGNORECASE)
    by = unit_of(unit[1]) if unit else "employee"
    left, same = left_of(found), ""
    if (named := _SAME.search(left)) is not None:
        left, same = f"{left[: named.start()]} {left[named.end() :]}", f"{named[0].strip()} "
    return Intent("trend", " ".join(f"by:{by} sort:-count {left}".split()), f"{same}{found[0]}")


_SAME = re.compile(r"\b(?:the )?same (?:thing|checklist|one|criterion|test|form)s?\b", re.IGNORECASE)


def _with_reasons(found: re.Match[str]) -> Intent:
    """ "who failed opening and why": how many low results each has, with the criteria that cost most in them."""
    by = unit_of(found["unit"]) if found["unit"] else "employee"
    return Intent("trend", f"by:{by} sort:-count outcome:failed {found['what'] or ''}".strip())


def _whose(found: re.Match[str]) -> str:
    return "my sessions " if re.search(r"\b(?:i|my)\b", found[0], re.IGNORECASE) else ""


def _counted(found: re.Match[str]) -> Intent | None:
    """ "how many sessions this week vs last week", "sessions per month": the numbers alone. None if neither groups nor
    times are compared: the list says how many there are."""
    left = f"{_whose(found)}{left_of(found)}"
    if _VERSUS.search(left):
        return Intent("trend", f"{COUNT} {COMPARED} {compared_things(left)}")
    if (day := _BY_DAY.search(left)) is not None:
        return Intent("trend", f"{COUNT} by:week {left[: day.start()]} {left[day.end() :]}", day[0].strip())
    if (each := _EACH.search(left)) is not None:
        left = f"by {each[1]} {left[: each.start()]} {left[each.end() :]}"
    if _BY_GROUP.search(left):
        return Intent("trend", f"{COUNT} {' '.join(left.split())}")
    return None


def _units_counted(found: re.Match[str]) -> Intent:
    """ "how many observers": a row for each that has sessions, and how many these are."""
    return Intent("trend", f"{COUNT} by:{unit_of(found['unit'])} sort:-count")


def _people_counted(found: re.Match[str]) -> Intent | None:
    """ "how many people failed opening": a row for each, and how many these are; None for those who did not."""
    left = left_of(found)
    if _WITHOUT.search(left):
        return None
    return Intent("trend", f"{COUNT} by:employee {left} sort:-count")


def _most_failures(found: re.Match[str]) -> Intent:
    """ "which site has the most failures"."""
    sort = "count" if re.search("least|fewest", found[0], re.IGNORECASE) else "-count"
    return taken_as(
        "trend", f"by:{unit_of(found['unit']) if found['unit'] else 'employee'} sort:{sort} outcome:failed"
    )(found)


def _more_sessions(found: re.Match[str]) -> Intent:
    """ "did we do more sessions than last month"."""
    period = f"{found['which']} {found['time']}"
    return Intent("trend", f"{COUNT} {COMPARED} {_whose(found)}{left_of(found)} this {found['time']} and {period}")


def _bounded(found: re.Match[str]) -> Intent:
    """ "who had more than 3 sessions": how many each has; the number is named as not used."""
    unit = unit_of(found["unit"]) if found["unit"] else "employee"
    is_fewer = re.match("fewer|less|at most", found["bound"], re.IGNORECASE)
    return Intent(
        "trend", f"{COUNT} by:{unit} sort:{'' if is_fewer else '-'}count {left_of(found)}".strip(), found["bound"]
    )


def _seen_most_by(found: re.Match[str]) -> Intent:
    """ "who observed me most"."""
    who = "of me" if found["who"].lower() in ("me", "us") else f"of {found['who']}"
    return Intent("trend", " ".join(f"{COUNT} by:observer {who} {left_of(found)}".split()))


_SEEN = r"observed?|checked?|assess(?:ed)?|graded?|visit(?:ed)?|train(?:ed)?"
_COUNTABLE = r"(?:sessions?|observations?|checks?|visits?|results?)"
_OFTEN = (
    r"(?:more than (?:once|twice)|twice|(?:(?:at least|more than|over) )?(?:\d{1,2}|two|three|four|five|six) times"
    r"|(?<!how )(?:multiple|several|many) times|repeatedly|again and again|over and over(?: again)?)"
)
GROUPS = rf"(?:day|quarter|form|{'|'.join(sorted(GROUPING_WORDS, key=len, reverse=True))})"

_BY_DAY = re.compile(r"\b(?:(?:per|by|each|every|a) day|daily)\b", re.IGNORECASE)
_BY_GROUP = re.compile(
    rf"\b(?:(?:by|per|each|every|in each|for each) {GROUPS}s?|weekly|monthly|by:\w+)\b", re.IGNORECASE
)
_EACH = re.compile(
    rf"\b(?:(?:for|in|from|did|does|do|has|have|had) )*(?:each|every) ({GROUPS})s?\b(?: (?:have|had|do|did|done|has))*",
    re.IGNORECASE,
)
_WITHOUT = re.compile(r"\b(?:not|never|no|nothing|without)\b|n'?t\b", re.IGNORECASE)
_DONE_BY = (
    r"(?: (?:did|do|have|were|was|are)(?: (?:we|i|they|you|there))?(?: (?:do|done|have|had|completed?|made|make))?)?"
)
_NUMBERED = r"(?:completed |our |the |all )*(?:sessions?|observations?|checks?|visits?|trainings?)"

COUNTS: Sequence[tuple[str, Reader]] = (
    # how many
    (
        rf"(?:did|have|has|do|are) (?:we|they|i|people)?(?: (?:do|done|have|had|make|made|doing|completed?))?"
        rf" (?:more|fewer|less) {_NUMBERED}(?: {_DONE_BY})? than (?:the )?(?P<which>last|previous)"
        r" (?P<time>week|month)",
        _more_sessions,
    ),
    (rf"(?:how many|(?:the )?(?:number|count|amount|total)(?: number)? of) {_NUMBERED}{_DONE_BY}", _counted),
    (
        rf"^(?:total |number |count )?{_NUMBERED}"
        rf"(?= (?:(?:done|completed) )?(?:(?:by|per|each|every) {GROUPS}s?\b|weekly|monthly|daily))",
        _counted,
    ),
    (
        rf"^how many (?:different )?(?P<unit>{ANY_PLURAL}|people|staff)"
        r"(?: (?:do (?:we|i|you) have|are there|exist|have sessions))?$",
        _units_counted,
    ),
    (
        rf"how many (?:(?:different|of|my|our|the) )*(?P<unit>{ANY_PLURAL})"
        r"(?: (?:were|are|have been|has been|was|did|have|had))+"
        r" (?:active|observ(?:ing|ed|e)(?: (?:anyone|anybody|someone|somebody|people|anything))?"
        r"|(?:a |any )?(?:sessions?|observations?|checks?))",
        lambda found: (
            None
            if _WITHOUT.search(found.string) or unit_of(found["unit"]) == "employee"
            else taken_as("trend", f"{COUNT} by:{unit_of(found['unit'])} sort:-count")(found)
        ),
    ),
    (
        r"how many (?:(?:different|of|my|our|the|other) )*"
        r"(?:people|employees|persons|staff|learners|trainees|team members|colleagues)"
        r"(?: (?:have|has|were|are|was|got))*(?= \w)",
        _people_counted,
    ),
    (
        rf"(?:who|(?:which|what|the) (?P<unit>{ANY_UNIT})) (?:with|has|have|had|got) (?:the )?(?:most|fewest|least)"
        r" (?:failures|fails|low (?:results|scores)|failed (?:results|sessions)|bad (?:results|scores))",
        _most_failures,
    ),
    (
        rf"(?:which|what) (?P<unit>{ANY_UNIT}) (?:do|does|did)"
        r" (?:people|we|they|employees|everyone|my team|the team|staff)"
        r" (?:fail|struggle with|struggle)(?: (?:on|at|in))?(?: (?:the )?most(?: often)?)?",
        _most_failures,
    ),
    (
        rf"^(?:(?:the|my|our|all) )*(?P<unit>{ANY_UNIT}) (?:by|with) (?:the )?(?:number of |most )?"
        r"(?:failures|fails|low (?:results|scores)|failed (?:results|sessions))",
        _most_failures,
    ),
    (
        rf"(?:who|(?:which|what) (?P<unit>{ANY_UNIT})) (?:has|had|have|did|got|were in)"
        rf" (?P<bound>(?:more|fewer|less) than \d{{1,3}}|at (?:least|most) \d{{1,3}}) {_COUNTABLE}",
        _bounded,
    ),
    # who failed, and why
    (
        rf"^(?:who|(?:which|what) (?P<unit>{ANY_UNIT}))(?: has| have| is| are)? "
        r"(?:fail(?:ed|s|ing)?|did(?: not|n't) pass|(?:was|were) below target|scored low)(?P<what> .+?)?"
        r"(?:,? and|,) (?:why|(?:on|for|in) what|where|what for|what went wrong)$",
        _with_reasons,
    ),
    # how often
    (
        r"(?:(?:which|what|the|who are|who is|who's|our|my|list|show) )*(?:most|least|less) active"
        rf"(?: (?P<unit>{ANY_UNIT}))?",
        _by_number,
    ),
    (rf"(?:which|what) (?P<unit>{ANY_UNIT}) (?:is|are|was|were) (?:the )?(?:most|least|less) active", _by_number),
    (
        rf"who(?:'s| is)? (?P<unit>)(?:observes|observed|observing|conducts|conducted|graded|did|does|has|had|have)"
        rf" (?:the )?(?:most|least|fewest)(?: {_COUNTABLE})?",
        _by_number,
    ),
    (
        rf"(?:(?:which|what|the|my|our) )*(?P<unit>{ANY_UNIT}) (?:(?:who|that) )?"
        rf"(?:with|has|have|had|did|do|does|made|got) (?:the )?(?:most|least|fewest) {_COUNTABLE}",
        _by_number,
    ),
    (
        rf"^(?:the )?(?:most|fewest|least) {_COUNTABLE} (?:by|per) (?P<unit>{ANY_UNIT})",
        _by_number,
    ),
    (
        rf"who (?:have|did|do) i (?:{_SEEN})(?: (?:the )?(?:most|least)(?: often)?)",
        taken_as("trend", f"{COUNT} by:employee observed by me"),
    ),
    (rf"who (?:has |have )?(?:{_SEEN}) (?P<who>\S+(?: \S+)??) (?:the )?most(?: often)?", _seen_most_by),
    (_OFTEN, _repeated),
    (
        r"(?:keeps?|kept) (?:on )?fail(?:ing)?|repeat(?:ed)? (?:fails?|failures?|failing)",
        taken_as("trend", "by:employee sort:-count outcome:failed"),
    ),
    (
        r"who (?:has |have |is )?(?:failed|fails|fail|failing)(?: (?P<what>.+?))? (?:the )?most(?: often)?(?= |$)",
        _failed_most,
    ),
    (
        rf"^(?:which|what) (?P<unit>{OTHER_UNITS}) (?:has |have )?(?:failed|fail|fails)"
        r"(?! (?:the )?(?:most|least|more|less)\b)(?= |$)",
        _most_failures,
    ),
)

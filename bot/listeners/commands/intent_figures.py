"""Which report a question asks for: how often, what costs most, is it getting better, which is best."""

import re
from collections.abc import Sequence

from bot.listeners.commands.question_patterns import Intent, Reader, left_of, taken_as
from bot.query.numbers import NUMBER_WORDS, count_at
from bot.query.units import ANY_UNIT, GROUPING_WORDS, unit_of


def trend_by(found: re.Match[str]) -> Intent:
    """A trend by what the pattern names: "compare stores", "best observer"."""
    return taken_as("trend", f"by:{unit_of(found['unit'])}")(found)


def _ranked(found: re.Match[str]) -> Intent:
    """ "top 3 employees", "best store", "top 5 worst performers": a report by these, in the order of the adjective."""
    order = " sort:-score" if found["order"].lower() in _BEST else ""
    number = found["number"] or found.groupdict().get("count")
    count = count_at([number.lower()], 0) if number else None
    limit = f" limit:{count[0]}" if count else ""
    return taken_as("trend", f"by:{unit_of(found['unit'])}{order}{limit}")(found)


_BEST = frozenset({"best", "top", "highest", "strongest", "great", "good", "easiest"})


def _failed_most(found: re.Match[str]) -> Intent:
    return Intent("trend", f"by:employee sort:-count outcome:failed {found['what'] or ''} {left_of(found)}".strip())


def _by_number(found: re.Match[str]) -> Intent:
    """ "least active observers", "store with the most sessions": by how many sessions each has."""
    sort = "count" if re.search("least|fewest|less|lowest", found[0], re.IGNORECASE) else "-count"
    unit = unit_of(found["unit"]) if found["unit"] else "observer"
    return taken_as("trend", f"by:{unit} sort:{sort}")(found)


def _repeated(found: re.Match[str]) -> Intent:
    """ "who failed more than once": how many such sessions each has, the most first."""
    unit = re.match(rf"(?:which|what) ({ANY_UNIT})", found.string, re.IGNORECASE)
    return taken_as("trend", f"by:{unit_of(unit[1]) if unit else 'employee'} sort:-count")(found)


def _wrong_of(found: re.Match[str]) -> Intent:
    """ "what does jamie get wrong": the criteria that cost one person most."""
    return Intent("trend", f"by:criterion {found['who']} {left_of(found)}".strip())


def _changed(found: re.Match[str]) -> Intent:
    """ "who improved most", "which store got worse"."""
    is_loss = re.search(r"wors|declin|dropp|fell|los", found[0], re.IGNORECASE)
    unit = unit_of(found["unit"]) if found["unit"] else "employee"
    return taken_as("trend", f"by:{unit} sort:{'' if is_loss else '-'}change")(found)


def _compared(found: re.Match[str]) -> Intent:
    """ "compare store 12 and store 14": the things stay in the query, which says by what they are compared."""
    text = _THAN_BEFORE.sub(r" this \2 and last \2", found.string)
    text = re.sub(_COMPARING, " ", text, flags=re.IGNORECASE)
    return Intent("trend", f"{COMPARED} {' '.join(text.split())}")


def _figures(found: re.Match[str]) -> Intent:
    """ "pass rate of store 12", "my statistics"."""
    return taken_as("trend", "my" if found[0].lower().startswith("my ") else "")(found)


_COMPARING = (
    r"\b(?:compared? (?:to|with)|compare|comparison (?:of|between)|(?:what(?:'?s| is) )?(?:the )?difference between"
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
COMPARED = "compare"  # a trend of these words is by what they name


_EXTREME = (
    r"(?:best|worst|most|weakest|strongest|lowest|highest|hardest|toughest|easiest|most difficult|most often"
    r"|fails?|failed|failures|failing)"
)
_ORDER = (
    r"(?P<order>best|worst|weakest|strongest|problem|weak|top|lowest|highest|bottom|poorest|low|poor|great|good|bad"
    r"|hardest|toughest|easiest)"
)
_NUMBER = rf"\d{{1,2}}|{'|'.join(NUMBER_WORDS)}"
_RATED = (
    rf"(?:(?:top|best)(?: (?P<count>{_NUMBER}))?(?: (?:of|the|my|our))* )?{_ORDER}(?: (?P<number>{_NUMBER}))?"
    r"[ -](?:scoring |performing |rated )?(?:of )?(?:the |my |our |all )?"
)
_RATED_MOST = rf"{_ORDER}(?P<number>)(?P<unit>)$"
_VERB = (
    r"(?:(?:r|is|are|has|have|was|were|needs?|fails?|failed|does|do|did)(?: doing| performing| scoring)?"
    r"|scored?|performs?|performed)"
)
_DID = r"(?:did|do|does|is|are|was|were|has|have)"
_COUNTABLE = r"(?:sessions?|observations?|checks?|visits?|results?)"
_OFTEN = (
    r"(?:more than (?:once|twice)|twice|(?:(?:at least|more than|over) )?(?:\d{1,2}|two|three|four|five|six) times"
    r"|(?<!how )(?:multiple|several|many) times|repeatedly|again and again|over and over(?: again)?)"
)
GROUPS = rf"(?:day|quarter|form|{'|'.join(sorted(GROUPING_WORDS, key=len, reverse=True))})"

_trend, _criteria = taken_as("trend"), taken_as("trend", "by:criterion")
COUNTS: Sequence[tuple[str, Reader]] = (
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
    (_OFTEN, _repeated),
    (
        r"(?:keeps?|kept) (?:on )?fail(?:ing)?|repeat(?:ed)? (?:fails?|failures?|failing)",
        taken_as("trend", "by:employee sort:-count outcome:failed"),
    ),
    (
        r"who (?:has |have |is )?(?:failed|fails|fail|failing)(?: (?P<what>.+?))? (?:the )?most(?: often)?(?= |$)",
        _failed_most,
    ),
)
FIGURES: Sequence[tuple[str, Reader]] = (
    # what costs most
    (
        r"(?:which|what) (?:criteria|criterion|questions?|areas?|items?)(?: (?:is|are|has|have))? "
        r"(?P<change>(?:got(?:ten)?|gets?|getting|become|became|went) (?:better|worse)|improv\w+|declin\w+)",
        lambda found: Intent("trend", f"by:criterion {left_of(found)}".strip(), found["change"]),
    ),
    (
        rf"what {_DID} (?P<who>(?!we |they |people |going )\S+(?: \S+)??) (?:get|gets|getting|got|doing|do) wrong",
        _wrong_of,
    ),
    (rf"where {_DID} (?P<who>\S+(?: \S+)??) los(?:e|es|ing|t)(?: the)?(?: most)? points", _wrong_of),
    (
        r"^(?:(?:weak|weakest|the|our|my|list|show|all) )*criteria(?: with zero points)?(?: (?:for|of|in|on))?"
        r"(?= |$)"
        r"|(?:areas?|points?|things?) (?:to|for|of) improve(?:ment)?"
        r"|what should (?:i|we) (?:train|practi[cs]e|focus)(?: on)?",
        _criteria,
    ),
    (
        r"(?:(?:which|what|the|are|is|worst|weakest|hardest|most|often|failed|missed|failing|common|top|costly) )+"
        r"(?:criteri(?:a|on)|questions?|items?|areas?|competenc(?:y|ies)|mistakes?|problems?|issues?)"
        r"(?: (?:is|are|do|does|gets?|we|people|fails?|failed|missed|failing|lost|loses?|the|most|worst|often))*",
        _criteria,
    ),
    (
        r"what(?:'?s| is| are| was| were| did| do| does| goes)?(?: (?:we|they|people))?"
        r"(?: (?:going|gone|goes|go|went|get|got|doing))? wrong"
        r"|(?:what|where) (?:was|were|is|are|am)(?: (?:i|we|they))? weak(?:est)?"
        r"|weak(?:ness(?:es)?| spots?| points?)",
        _criteria,
    ),
    (
        r"what(?:'?s| is| are| did| do| does)? i (?:going |go |get |got |do |doing )?(?:wrong|badly)",
        taken_as("trend", "by:criterion my"),
    ),
    # is it getting better
    (
        rf"(?:who|(?:which|what) (?P<unit>{ANY_UNIT}))(?:'s| is| are| has| have)?(?: been)?"
        r" (?:improv(?:ed?|es|ing)|declin(?:ed?|es|ing)|dropp(?:ed|ing)|got(?:ten)? (?:better|worse)"
        r"|getting (?:better|worse)|gets (?:better|worse))(?: the)?(?: most)?",
        _changed,
    ),
    (rf"most improved(?: (?P<unit>{ANY_UNIT}))?", _changed),
    (r"(?:getting|got|gotten|doing|become|becoming) (?:any )?(?:better|worse)(?! than)(?: over time)?", _trend),
    (r"(?:have to |need to )?improv(?:e|es|ed|ing|ements?)(?: over time)?", _trend),
    (rf"(?:which|what) (?P<unit>{ANY_UNIT}) {_VERB} ?(?:the )?{_EXTREME}(?: the)?(?: often| most)?", trend_by),
    (rf"(?:(?:the|my|our) )*{_RATED}(?P<unit>{ANY_UNIT})(?! ?#?\d)", _ranked),
    (
        rf"who(?:'s| is| are| was| were| has| did)?(?: doing| scored| performs| performed)?(?: the)? {_RATED_MOST}",
        _ranked,
    ),
    (
        r"(?:(?:team|staff|employee|people) )?(?:ranking|leader ?board|league table)s?(?: (?:of|for))?"
        r"(?: (?:my|the|our) team)?"
        r"|rank (?:my |the |our )?(?:team|people|staff)",
        taken_as("trend", "by:employee sort:-score"),
    ),
    (rf"(?:compare|comparison of|rank)(?: all| the| our| my)* (?P<unit>{ANY_UNIT})(?! ?#?\d)", trend_by),
    (
        r"(?:compare|comparison (?:of|between)) .+"
        r"|.+ (?:vs?\.?|versus|compared (?:to|with)|in comparison (?:to|with)) .+"
        r"|(?:what(?:'?s| is) )?(?:the )?difference between .+ and .+"
        r"|^(?:am|is|are|did|does|do|was|were) .+ (?:better|worse) than (?!\d).+",
        _compared,
    ),
    (r"(?:the )?(?:average|avg|mean|median)(?: scores?| results?)?", _trend),
    (
        r"(?:the |an? |my |our )?(?:pass(?:ing)?|success|fail(?:ure)?|completion)[ -]?(?:rate|percentage|ratio)s?"
        r"|(?:what |the )?percent(?:age)?s? (?:of )?(?:people |sessions )?(?:that )?(?:pass(?:ed)?|met|fail(?:ed)?)"
        r"|(?:the |some )?(?:kpis?|stat(?:istic)?s|figures|overview|summary)(?: (?:of|for|on))?|summari[sz]e"
        r"|percent(?:age)?s? (?:below|under|above|over) target",
        _figures,
    ),
    (r"(?:the |a )?(?:trends?|(?<!in )progress|development)(?: (?:of|for|in|on))?|over time", _trend),
    (rf"(?:by|per) {GROUPS}s?|by:\w+|weekly|monthly", lambda found: Intent("trend", found.string)),
)

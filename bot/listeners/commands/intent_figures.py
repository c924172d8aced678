"""Which report a question asks for: how often, what costs most, is it getting better, which is best."""

import re
from collections.abc import Sequence

from bot.listeners.commands.intent_counts import COMPARED, GROUPS, compared_things
from bot.listeners.commands.question_patterns import Intent, Reader, left_of, taken_as
from bot.query.numbers import NUMBER_WORDS, count_at
from bot.query.units import ANY_UNIT, PATTERNS, unit_of


def trend_by(found: re.Match[str]) -> Intent:
    """A trend by what the pattern names: "compare stores", "best observer"."""
    return taken_as("trend", f"by:{unit_of(found['unit'])}")(found)


def _ranked(found: re.Match[str]) -> Intent:
    """ "top 3 employees", "best store", "top 5 worst performers": a report by these, in the order of the adjective."""
    order = " sort:-score" if found["order"].lower() in _BEST else ""
    groups = found.groupdict()
    number = found["number"] or groups.get("count") or groups.get("first")
    unit = "employee" if _OF_A_TEAM.search(found[0]) else unit_of(found["unit"])  # "bottom 3 of my team"
    count = count_at([number.lower()], 0) if number else None
    limit = f" limit:{count[0]}" if count else ""
    return taken_as("trend", f"by:{unit}{order}{limit}")(found)


_OF_A_TEAM = re.compile(r"\b(?:of|in) (?:my|our|the) team$", re.IGNORECASE)


_BEST = frozenset({"best", "top", "highest", "strongest", "great", "good", "easiest"})


def _changed_since(found: re.Match[str]) -> Intent:
    """ "are we improving on opening compared to last month": this month and the last one."""
    time = found["time"].lower()
    about = " ".join(filter(None, (found.string[: found.start()], found["on"], found.string[found.end() :])))
    about = re.sub(
        rf"\b(?:this {time}|(?:are|is|am|has|have|did|do) (?:we|they|it))\b", " ", about, flags=re.IGNORECASE
    )
    whose = "my" if re.search(r"\bi\b", found[0], re.IGNORECASE) else ""
    return Intent("trend", " ".join(f"{COMPARED} {whose} {about} this {time} and last {time}".split()))


def _failing_on(found: re.Match[str]) -> Intent:
    """ "what are people failing on most", "what is my team doing badly": the criteria that cost them most."""
    who = found["who"].lower()
    whose = "my" if who == "i" else "" if who in _ALL_PEOPLE else found["who"]
    return Intent("trend", " ".join(f"by:criterion {whose} {left_of(found)}".split()))


_ALL_PEOPLE = frozenset({
    "we", "they", "people", "everyone", "everybody", "my team", "the team", "our team", "my people", "our people",
    "staff", "the staff", "my staff", "employees", "most people", "the people",
})  # fmt: skip


def _wrong_of(found: re.Match[str]) -> Intent:
    """ "what does jamie get wrong": the criteria that cost one person most."""
    return Intent("trend", f"by:criterion {found['who']} {left_of(found)}".strip())


def _changed(found: re.Match[str]) -> Intent:
    """ "who improved most", "which store got worse"."""
    is_loss = re.search(
        r"wors|declin|dropp|fell|los|least|n't\b|\b(?:has|have|did|is)nt\b|\bnot\b|never", found[0], re.IGNORECASE
    )
    unit = unit_of(found["unit"]) if found["unit"] else "employee"
    return taken_as("trend", f"by:{unit} sort:{'' if is_loss else '-'}change")(found)


def _period_by_period(found: re.Match[str]) -> Intent:
    """ "month on month change per store": by what it names, else by the period."""
    left, time = left_of(found), found["time"].lower()
    if re.search(rf"\b(?:by|per) {GROUPS}s?\b", left, re.IGNORECASE):
        return Intent("trend", left if re.search(r"\b(?:this|last|since)\b", left) else f"{left} this {time}")
    return Intent("trend", f"by:{'month' if time in ('month', 'quarter', 'year') else 'week'} {left}".strip())


def _compared(found: re.Match[str]) -> Intent:
    """ "compare store 12 and store 14": the things stay in the query, which says by what they are compared."""
    things = compared_things(found.string)
    if (times := _BOTH_TIMES.search(things)) and re.search(rf"\b(?:by|per) {GROUPS}s?\b", things, re.IGNORECASE):
        # By group, the change is against the time before.
        return Intent("trend", " ".join(f"{things[: times.start()]} this {times[1]} {things[times.end() :]}".split()))
    return Intent("trend", f"{COMPARED} {things}")


_BOTH_TIMES = re.compile(
    r"\bthis (week|month|quarter|year)(?: (?:and|or|against|vs?\.?|versus|to|with))? (?:the )?(?:last|previous) \1\b",
    re.IGNORECASE,
)


def _figures(found: re.Match[str]) -> Intent:
    """ "pass rate of store 12", "my statistics", "failure rate by month"."""
    typed = found[0].lower()
    failed = "outcome:failed" if " fail" in f" {typed}" else ""
    return taken_as("trend", f"{'my ' if typed.startswith('my ') else ''}{failed}".strip())(found)


def _worst_at(found: re.Match[str]) -> Intent:
    """ "which checklist is my team worst at"."""
    order = " sort:-score" if found["order"].lower() in _BEST else ""
    whose = " my" if found["who"].lower() == "i" else ""
    return Intent("trend", f"by:{unit_of(found['unit'])}{order}{whose} {left_of(found)}".strip())


def _strict(found: re.Match[str]) -> Intent:
    """ "am I too strict", "most lenient observer": the results that each observer gives."""
    is_lenient = re.search("lenient|easy|generous|soft|nice|kind", found[0], re.IGNORECASE)
    return taken_as("trend", f"by:observer{' sort:-score' if is_lenient else ''}")(found)


def _beside_others(found: re.Match[str]) -> Intent:
    """ "how do I compare to other observers", "how is store 21 compared to the others": all of them, one row each."""
    is_place = re.match(rf"(?:the |my )?{PATTERNS['dept']}\b(?! team)", found["who"], re.IGNORECASE)
    unit = unit_of(found["unit"]) if found["unit"] else "dept" if is_place else "employee"
    who = "" if found["who"].lower() in ("i", "we", "my team") else found["who"]
    return Intent("trend", f"by:{unit} {left_of(found)}".strip(), who)


_EXTREME = (
    r"(?:best|worst|most|weakest|strongest|lowest|highest|hardest|toughest|easiest|most difficult|most often"
    r"|fails?|failed|failures|failing)"
)
_ORDER = (
    r"(?P<order>best|worst|weakest|strongest|problem|weak|top|lowest|highest|bottom|poorest|low|poor|great|good|bad"
    r"|hardest|toughest|easiest)"
)
_NUMBER = rf"\d{{1,2}}|{'|'.join(NUMBER_WORDS)}"
_HOW_MANY = rf"(?:top|best)(?: (?P<count>{_NUMBER}))?"
_RATED = (
    rf"(?:(?:{_HOW_MANY}|(?:^|(?<=the )|(?<=my )|(?<=our )|(?<=me ))(?P<first>{_NUMBER}))(?: (?:of|the|my|our))* )?"
    rf"{_ORDER}(?: (?P<number>{_NUMBER}))?"
    r"[ -](?:scoring |performing |rated )?(?:of )?(?:the |my |our |all )?"
)
_RATED_MOST = rf"{_ORDER}(?P<number>)(?P<unit>)$"
_MOST = r"(?P<order>best|worst|weakest|strongest|lowest|highest|poorest|top|bottom)(?P<number>)"
_AVERAGE = r"averages?|avg|mean|median|scores?|results?|pass rates?|numbers?|figures|performance"
_VERB = (
    r"(?:(?:r|is|are|has|have|was|were|needs?|fails?|failed|does|do|did)(?: doing| performing| scoring)?"
    r"|scored?|performs?|performed)"
)
_DID = r"(?:did|do|does|is|are|was|were|has|have)"
_trend, _criteria = taken_as("trend"), taken_as("trend", "by:criterion")
FIGURES: Sequence[tuple[str, Reader]] = (
    # what costs most
    (
        r"^(?:which|what)(?: (?:are|is))?(?: the)? (?P<of>.+?) (?:criteria|criterion|questions?|items?) "
        r"(?:(?:do|does|did|are|is|we|they|people|my team|lose|loses|losing|lost|cost|costs|fail|fails"
        r"|failed|missed|miss"
        r"|get|go|goes|the|us|most|points?|more|often|wrong|largest|worst|weakest|lowest|scored|score) ?)+(?= |$)",
        lambda found: (
            None
            if re.search(r"\bcritical\b", found["of"], re.IGNORECASE)
            else Intent("trend", f"by:criterion {found['of']} {left_of(found)}".strip())
        ),
    ),
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
    (
        r"what (?:are|is|do|does|did|was|were|have|has) (?P<who>i|\S+(?: \S+)??)"
        r" (?:most |mostly |usually |often |always )*"
        r"(?:failing|fail|failed|struggl(?:e|es|ing)|los(?:e|es|ing) points|doing badly|do badly|doing poorly"
        r"|bad|weak|worst|get(?:ting)? wrong|doing wrong|do wrong|miss(?:ing)?)"
        r"(?: (?:on|at|with|in|for|the|most|mostly|often|usually))*(?= |$)",
        _failing_on,
    ),
    (
        r"(?:(?:which|what|the) )*critical criteri(?:a|on)"
        r" (?:(?:that )?(?:was|were|is|are|got|get|has been|have been) )*"
        r"(?:missed|failed|not met|lost|at zero|with zero(?: points)?|zero)",
        taken_as("results", "outcome:critical"),
    ),
    # who gives which results
    (
        r"(?:am i|are we|(?:who|(?:which|what) (?:observers?|trainers?|assessors?|graders?))(?:'s| is| are)?)"
        r" (?:(?:too|the|most|more|so) )*(?:strict|lenient|harsh|easy|generous|soft|tough|nice)(?:er|est)?"
        r"(?: (?:graders?|observers?|trainers?|assessors?|than others))*"
        r"|how (?:strict|lenient|harsh|generous) (?:am|was|are|were) (?:i|we)"
        r"|(?:(?:the|most) )*(?:strict(?:est)?|lenient|harsh(?:est)?|generous) "
        r"(?:graders?|observers?|trainers?|assessors?)",
        _strict,
    ),
    (
        r"^how (?:do|does|did|am|is|are) (?P<who>.+?)(?: (?:do|doing))? (?:compared?|doing) (?:to|with|against|beside)"
        rf" (?:all |the |my |our )*(?:other (?P<unit>{ANY_UNIT})|others|rest|everyone else|colleagues)",
        _beside_others,
    ),
    # is it getting better
    (r"(?:going|gone|go|went|trending|moving|heading|up) (?:up |down |better )?or (?:down|up|worse)", _trend),
    (
        r"(?:(?:are|is) )?(?:(?:the|our|my) )?(?:results?|scores?|numbers|things|it|we) (?:are |is )?"
        r"(?:going|gone|went|go|trending|moving) (?:up|down)(?: or (?:up|down))?",
        _trend,
    ),
    (
        r"(?:(?:are|is|am|has|have|did|do) (?:we|i|they|it) )?(?:(?:been )?improv(?:e|ed|ing)"
        r"|(?:get(?:ting)?|got(?:ten)?|do(?:ing)?|becom(?:e|ing)) (?:any )?(?:better|worse)|better|worse)(?P<on> .+?)? "
        r"(?:compared (?:to|with)|versus|vs\.?|than|against|in comparison (?:to|with)) (?:the )?(?:last|previous)"
        r" (?P<time>week|month)",
        _changed_since,
    ),
    (
        rf"(?:who|(?:which|what) (?P<unit>{ANY_UNIT}))(?:'s| is| are| has| have)?(?: been)?"
        r" (?:improv(?:ed?|es|ing)|declin(?:ed?|es|ing)|dropp(?:ed|ing)|got(?:ten)? (?:better|worse)"
        r"|getting (?:better|worse)|gets (?:better|worse))(?: the)?(?: most)?",
        _changed,
    ),
    (
        r"who(?:'s| is| has| have| did|) ?(?:not|n'?t|never) (?P<unit>)(?:been )?"
        r"(?:improv(?:ed?|ing)|(?:got(?:ten)?|getting) better)",
        _changed,
    ),
    (
        rf"(?:(?:most|least) improved|(?:the )?(?:best|biggest|largest|greatest|most) (?:improvements?|progress))"
        rf"(?: (?:by |of )?(?P<unit>{ANY_UNIT}))?",
        _changed,
    ),
    (
        r"(?:get|gets|getting|got|gotten|doing|become|becoming) (?:any )?(?:better|worse)(?! than)(?: over time)?",
        _trend,
    ),
    (r"(?:have to |need to )?improv(?:e|es|ed|ing|ements?)(?: over time)?", _trend),
    (
        rf"(?:any|which|what) (?P<unit>{ANY_UNIT}) (?:is |are |was |were )?"
        r"(?P<bound>(?:below|under|above|over) \d{1,3} ?(?:%|percent)?)",
        lambda found: Intent("trend", f"by:{unit_of(found['unit'])} {left_of(found)}".strip(), found["bound"].strip()),
    ),
    (
        rf"(?:(?:which|what|the|my|our) )*(?P<unit>{ANY_UNIT}) (?:who |that )?"
        rf"(?:with|has|have|had|having|gives?|gave|giving) (?:the )?{_MOST} (?:{_AVERAGE})",
        _ranked,
    ),
    (rf"(?:which|what) (?P<unit>{ANY_UNIT}) {_VERB} ?(?:the )?{_EXTREME}(?: the)?(?: often| most)?", trend_by),
    (rf"(?:(?:the|my|our) )*{_RATED}(?P<unit>{ANY_UNIT})(?! ?#?\d)", _ranked),
    (
        rf"who(?:'s| is| are| was| were| has| did)?(?: doing| scored| performs| performed)?(?: the)? {_RATED_MOST}",
        _ranked,
    ),
    (
        rf"(?:which|what) (?P<unit>{ANY_UNIT}) (?:is|are|am|do|does|did|was|were)"
        rf" (?P<who>i|we|they|people|my team|the team|our team)(?: (?:do|doing|perform|performing))? (?:the )?{_MOST}"
        r"(?: (?:at|in|on|with))?",
        _worst_at,
    ),
    (
        rf"who(?:'s)?(?: has| have| had| got| gets)? (?:the |our )*{_MOST}(?P<unit>)"
        rf" (?:{_AVERAGE})(?: (?:in|of) (?:my|our|the) team)?",
        _ranked,
    ),
    (
        rf"who(?:'s| is| are| was| were| did| does| do| scored| performed)?(?: doing| performing)? (?:the )?{_MOST}"
        r"(?P<unit>)(?: (?:at|in|on|with|for)(?! (?:my|our|the) team))?(?= (?!result|score|\d|of )\w)",
        _ranked,
    ),
    (
        rf"^(?:who(?:'s| is| are| was)? )?(?:the )?{_RATED_MOST.removesuffix('$')}"
        r"(?: (?:one|ones|person|people|performers?))? (?:in|of|on|from) (?:my|our|the) (?:team|staff|people|crew)",
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
        r"|.+ (?:vs?\.?|versus|compared (?:to|with)|in comparison (?:to|with)|(?:stack|measure)s? up"
        r" (?:against|to|with)"
        r"|fares? (?:against|beside)) .+"
        r"|^(?!.*\b(?:targets?|plan|planned|my|me)\b)\S+(?: \S+){0,4} against .+"
        r"|(?:what(?:'?s| is) )?(?:the )?difference between .+ and .+"
        r"|^how much (?:better|worse|higher|lower) (?:is|are|was|were|did|does|do|has|have) .+ than (?!\d).+"
        r"|^(?:am|is|are|did|does|do|was|were) .+ (?:better|worse) than (?!\d).+"
        r"|^(?:(?:is|are|was|were|did|does|do|has|have) )?.+ (?:better|worse) this (?:week|month|quarter"
        r"|year) than (?:the )?(?:last|previous)(?: one)?$",
        _compared,
    ),
    (
        r"(?:(?:the|a|show|me) )*(?P<time>day|week|month|quarter|year) (?:on|over|by|to|after|vs\.?) (?P=time)"
        r"(?: (?:change|comparison|development|figures|numbers|results|trend)s?)?(?: (?:of|for|in))?",
        _period_by_period,
    ),
    (r"(?:the )?(?:average|avg|mean|median)(?: scores?| results?)?", _trend),
    (
        r"(?:the |an? |my |our )?(?:pass(?:ing)?|success|fail(?:ure)?|completion)[ -]?(?:rate|percentage|ratio)s?"
        r"|(?:what |the )?(?:percent(?:age)?s?|share|proportion|fraction) (?:of )?(?:(?:the|my|our) )?"
        r"(?:(?:people|sessions|team|staff|employees|results) )?(?:(?:that|who) )?"
        r"(?:pass(?:ed)?|met(?: the target| target)?|fail(?:ed)?)"
        r"|(?:the |some )?(?:kpis?|stat(?:istic)?s|figures|overview|summary)(?: (?:of|for|on))?|summari[sz]e"
        r"|percent(?:age)?s? (?:below|under|above|over) target",
        _figures,
    ),
    (r"(?:the |a )?(?:trends?|(?<!in )progress|development)(?: (?:of|for|in|on))?|over time", _trend),
    (rf"(?:by|per) {GROUPS}s?|by:\w+|weekly|monthly", lambda found: Intent("trend", found.string)),
)

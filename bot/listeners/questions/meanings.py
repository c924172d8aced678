"""What the concepts of a question ask for together: the subcommand, and the words for it.

MEANINGS is read from the top, and the first whose concepts are all in the question decides. What the question names
beside them (names, days, outcomes, scores) stays the query. Each meaning has an example, which a test reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.listeners.questions.concepts import ASKING, C, Concept, joined

_NONE = Concept(0)
_WHO = C.WHO | C.ANYONE | C.PEOPLE
_ROWS = _WHO | C.WHICH | C.UNIT  # asks for a row for each

_OF_A_LIST = ASKING | C.UNIT | C.TODO | C.OPEN  # the words of a question for all of something


@dataclass(frozen=True, slots=True)
class Meaning:
    """A subcommand and words for it, the concepts that ask for it, and those that make the question another.

    `words` may hold placeholders, which `wording.py` fills. `drops`: conditions that the words say already. `is_bare`:
    the question names nothing else. `takes_conditions`: the subcommand does.
    """

    example: str
    verb: str
    words: str
    has: Sequence[Concept]
    lacks: Concept = _NONE
    drops: Concept = _NONE
    is_bare: bool = False
    takes_conditions: bool = True


MEANINGS: Sequence[Meaning] = (
    # ---- one session, and what was sent of it
    Meaning("why was I not told about 7c31e0aa", "why", "", [C.WHY, C.ID], drops=C.NOT | C.MESSAGE),
    Meaning("open session 3fa91c07", "show", "{id}", [C.ID], takes_conditions=False),
    Meaning("why no card for sofia yesterday", "results", "", [C.WHY, C.MESSAGE, C.NAME | C.PERIOD], drops=C.NOT),
    Meaning("did anybody get a message about sofia", "results", "", [C.ANYONE, C.MESSAGE, C.NAME | C.LOW | C.PERIOD]),
    Meaning("is my result posted in the channel", "results", "{mine}", [C.POSTED, C.RESULT]),
    Meaning("share my result here", "show", "last my", [C.SHARE, C.ME]),
    Meaning("the audit log", "audit", "", [C.AUDIT], takes_conditions=False),
    Meaning("opening this month as a csv", "export", "{mine}", [C.EXPORT]),
    # ---- who had none
    Meaning("did everyone do opening", "silent", "{ever}", [C.DONE_BY_ALL]),
    Meaning("who never passed opening", "silent", "{ever} outcome:passed", [_ROWS | C.EVERYONE, C.NEVER_PASSED]),
    Meaning(
        "which stores have not done opening",
        "silent",
        "{rows} {ever}",
        [_ROWS, C.NEVER_DONE],
        C.LOW | C.MISTAKE | C.ATTENTION | C.REACT | C.OPEN,
    ),
    Meaning(
        "has everyone been observed this week",
        "silent",
        "{ever}",
        [C.EVERYONE, C.COMPLETE | C.OBSERVE | C.SESSION],
        C.LOW | C.MET | C.HOW | C.HOW_MANY | C.AVERAGE | C.TREND | C.COMPARE | C.RESULT,
    ),
    Meaning("who have I not observed", "silent", "observed by me", [_ROWS, C.NOT, C.OBSERVE, C.ME], C.BEING),
    Meaning(
        "which observers have no sessions this month",
        "silent",
        "{rows}",
        [_ROWS, C.NOT, C.OBSERVE | C.SESSION | C.COMPLETE | C.ACTIVE],
        C.LOW | C.MET | C.OPEN | C.MISTAKE | C.ATTENTION | C.REACT | C.HOW_MANY,
    ),
    Meaning("which stores are silent", "silent", "{rows}", [C.SILENT, _ROWS]),
    Meaning(
        "nobody observed since 1 november", "silent", "{rows}", [C.NOBODY, C.OBSERVE | C.SESSION], C.ATTENTION | C.REACT
    ),
    Meaning(
        "not observed since september",
        "silent",
        "",
        [C.NOT, C.OBSERVE, C.PERIOD],
        C.ME | C.LOW | C.RESULT | C.ATTENTION,
    ),
    # ---- what is to be done
    Meaning("open follow-ups", "follow-ups", "", [C.FOLLOW_UPS], C.NAME, takes_conditions=False),
    Meaning(
        "who acknowledged sofia's result",
        "show",
        "last failed",
        [C.WHO, C.ATTENTION | C.REACT, C.PERSON],
        C.NOT | C.ME,
        drops=C.LOW | C.LAST,
    ),
    Meaning("remind me about sofia on monday", "attention", "{due}", [C.NUDGE, C.ME, C.NAME], drops=C.LOW),
    Meaning("what needs attention", "attention", "{sessions} {due}", [C.ATTENTION], drops=C.LOW | C.OPEN),
    Meaning(
        "did anyone look at the low result",
        "attention",
        "{sessions}",
        [C.REACT, C.LOW | C.RESULT],
        drops=C.LOW | C.OPEN,
    ),
    Meaning("open low results", "attention", "{sessions}", [C.OPEN, C.LOW], drops=C.LOW | C.OPEN),
    Meaning("nudge sofia", "overdue", "observed by", [C.NUDGE, C.NAME]),
    Meaning("chase them", "overdue", "", [C.NUDGE], C.ME),
    Meaning("what is overdue in store 12", "overdue", "{own}", [C.OVERDUE], C.LOW),
    Meaning("did I miss a session", "overdue", "{own}", [C.MISSED, C.SESSION], C.LOW | C.CRITERION | C.LAST),
    Meaning("what do I have to do this week", "todo", "", [C.TODO], C.LOW | C.NAME),
    Meaning("when was I last observed", "results", "my", [C.WHEN, C.ME, C.LAST, C.OBSERVE | C.SESSION], drops=C.LAST),
    Meaning(
        "when is my next session",
        "upcoming",
        "mine 30d{limit}",
        [C.UPCOMING | C.WHEN, C.ME],
        C.LOW | C.PERIOD | C.LAST | C.COMPARE,
        drops=C.OPEN,
    ),
    Meaning(
        "what have I got next week",
        "upcoming",
        "{ahead}",
        [C.FUTURE],
        C.OPEN | C.LOW | C.MET | C.COMPLETE | C.COMPARE | C.RESULT | C.MISTAKE,
        drops=C.UPCOMING,
    ),
    Meaning(
        "what is coming up",
        "upcoming",
        "{ahead}{limit}",
        [C.UPCOMING],
        C.LOW | C.COMPARE | C.MOST | C.MISTAKE,
        drops=C.OPEN,
    ),
    # ---- why
    Meaning("who gave me the 79", "results", "my {score}", [C.WHO, C.ME, C.NUMBER, C.GAVE | C.OBSERVE]),
    Meaning("why did I only get 79", "show", "last my {score}", [C.WHY, C.ME, C.NUMBER]),
    Meaning(
        "what went wrong in my last session",
        "show",
        "last {mine}",
        [
            C.HOW | C.WHAT | C.WHY | C.MISTAKE,
            C.ME,
            C.LAST,
            C.HOW | C.WHY | C.MISTAKE | C.LOW | C.MISSED | C.BADLY,
        ],
        C.IMPROVE | C.DECLINE | C.COMPARE,
        drops=C.LAST | C.LOW,
    ),
    Meaning(
        "who failed opening and why",
        "trend",
        "by:{unit} sort:-count outcome:failed",
        [C.WHO | C.WHICH | C.UNIT, C.LOW, C.WHY],
        drops=C.LOW,
    ),
    Meaning(
        "why does sofia keep failing",
        "trend",
        "by:criterion outcome:failed {mine}",
        [C.WHY, C.LOW, C.AGAIN],
        drops=C.LOW,
    ),
    Meaning("why did sofia fail", "show", "last failed {mine}", [C.WHY, C.LOW, C.PERSON | C.ME], C.PERIOD, drops=C.LOW),
    Meaning("why was it low", "show", "last failed", [C.WHY, C.LOW, C.IT], C.NAME | C.PERIOD, drops=C.LOW),
    Meaning(
        "why did store 12 get worse",
        "trend",
        "by:criterion outcome:failed {mine}",
        [C.WHY, C.LOW | C.DECLINE],
        drops=C.LOW,
    ),
    Meaning("handwash stations, how often missed", "trend", "", [C.HOW_MANY, C.MISSED]),
    # ---- which criteria
    Meaning("list of critical criteria", "target", "critical", [C.CRITICAL], ~(_OF_A_LIST | C.CRITICAL)),
    Meaning("which critical criteria were missed", "results", "outcome:critical", [C.CRITICAL]),
    Meaning(
        "which criteria do people fail most",
        "trend",
        "by:criterion{limit} {mine}",
        [C.CRITERION, C.MOST | C.AGAIN | C.MISTAKE | C.WORST | C.MISSED],
        drops=C.LOW,
    ),
    Meaning("failed by criterion", "trend", "by:criterion{limit} {mine}", [C.CRITERION]),
    Meaning(
        "what do people fail on most",
        "trend",
        "by:criterion{limit} {mine}",
        [C.WHAT, C.LOW, C.MOST | C.AGAIN],
        drops=C.LOW,
    ),
    Meaning("what is my team bad at", "trend", "by:criterion {mine}", [C.WHAT, C.BADLY]),
    Meaning("what should I coach sofia on", "trend", "by:criterion", [C.WHAT, C.NEED, C.NAME], drops=C.LOW),
    Meaning("what goes wrong in store 12", "trend", "by:criterion {mine}", [C.WHAT, C.MISTAKE | C.MISSED]),
    # ---- who and what is best, and what changed
    Meaning("how is sofia doing as an observer", "results", "observed by", [C.AS_OBSERVER, C.PERSON]),
    Meaning("who is my trainer", "trend", "by:observer employee:me", [C.MY_OBSERVER], C.RESULT | C.SESSION),
    Meaning("most lenient observers", "trend", "by:observer sort:-score", [C.LENIENT]),
    Meaning("am I too strict", "trend", "by:observer", [C.STRICT]),
    Meaning(
        "did I do better than last time",
        "history",
        "{mine}",
        [C.IMPROVE | C.DECLINE | C.THAN | C.COMPARE, C.LAST, C.ME | C.PERSON],
        C.PERIOD,
        drops=C.LAST,
    ),
    Meaning(
        "how is store 12 compared to the others",
        "trend",
        "by:{beside}",
        [C.COMPARE | C.THAN, C.OTHERS],
        drops=C.NAME,
    ),
    Meaning(
        "least improved stores",
        "trend",
        "by:{unit} sort:change{limit}",
        [_ROWS, C.IMPROVE, C.NOT | C.LEAST],
        C.THAN | C.COMPARE,
    ),
    Meaning(
        "which store improved most",
        "trend",
        "by:{unit} sort:-change{limit}",
        [_ROWS | C.BEST | C.MOST, C.IMPROVE],
        C.THAN | C.COMPARE,
    ),
    Meaning("who fell below target last week", "results", "", [_WHO, C.DECLINE, C.LOW]),
    Meaning("who got worse", "trend", "by:{unit} sort:change{limit}", [_ROWS, C.DECLINE], C.THAN | C.COMPARE | C.LOW),
    Meaning(
        "who needs training",
        "trend",
        "by:employee sort:-count outcome:failed{limit}",
        [C.NEED, _WHO],
        C.UNIT,
        drops=C.LOW,
    ),
    Meaning("which stores need help", "trend", "by:{unit}{limit}", [C.NEED, C.UNIT], drops=C.LOW),
    Meaning(
        "who had more than 3 sessions",
        "trend",
        "count by:{unit} sort:{most} {bound}",
        [_ROWS, C.THAN, C.NUMBER, C.SESSION],
    ),
    Meaning(
        "how many sessions this week compared to last week",
        "trend",
        "count compare {mine}",
        [C.HOW_MANY | C.MOST | C.LEAST, C.SESSION, C.COMPARE | C.THAN],
    ),
    Meaning(
        "compare stores on opening",
        "trend",
        "by:{unit}",
        [C.COMPARE, C.UNIT, C.NAME],
        C.PERSON | C.PLACE | C.LAST | C.EARLIER,
    ),
    Meaning("compare stores in october", "trend", "by:{unit}", [C.COMPARE, _ROWS], C.NAME | C.LAST | C.EARLIER),
    Meaning("sofia this month vs last month", "trend", "compare {mine}", [C.COMPARE | C.THAN, C.NAME | C.PERIOD]),
    Meaning(
        "which store has the most failures",
        "trend",
        "by:{unit} sort:{most} outcome:failed{limit} {again}",
        [_ROWS | C.AGAIN, C.MOST | C.LEAST | C.AGAIN, C.LOW],
        C.THAN | C.NOT,
        drops=C.LOW,
    ),
    Meaning(
        "stores by number of low results",
        "trend",
        "by:{unit} sort:-count outcome:failed",
        [C.UNIT, C.LOW, C.HOW_MANY],
        C.PER | C.NOT,
        drops=C.LOW,
    ),
    Meaning("most active observers", "trend", "by:{doer} sort:{most}{limit}", [C.MOST | C.LEAST, C.ACTIVE]),
    Meaning(
        "who observed the most",
        "trend",
        "count by:{doer} {mine} sort:{most}{limit}",
        [_ROWS, C.MOST | C.LEAST, C.SESSION | C.OBSERVE | C.COMPLETE],
        C.THAN,
    ),
    Meaning("who was observed twice", "trend", "by:{unit} sort:-count{limit} {again}", [_ROWS, C.AGAIN]),
    Meaning(
        "who is struggling with opening",
        "trend",
        "by:employee sort:-count outcome:failed{limit}",
        [_WHO, C.MISTAKE],
        C.PER | C.UNIT | C.NOT,
        drops=C.LOW,
    ),
    Meaning("which store makes the most mistakes", "trend", "by:{unit}{limit}", [_ROWS, C.MISTAKE], C.PER | C.NOT),
    Meaning("typical mistakes at store 12", "trend", "by:criterion{limit} {mine}", [C.MISTAKE], C.NOT),
    Meaning("ranking of stores", "trend", "by:{unit} sort:-score{limit}", [C.RANKING]),
    Meaning("top 3 stores", "trend", "by:{unit}{best}{limit} {theirs}", [_ROWS, C.BEST | C.WORST | C.BADLY]),
    # ---- figures
    Meaning("what changed since last week", "results", "{mine}", [C.CHANGED, C.PERIOD]),
    Meaning(
        "how many people failed",
        "trend",
        "count by:{unit} {mine} sort:-count",
        [C.HOW_MANY, _WHO | C.EVERYONE],
        C.PER | C.NOT,
    ),
    Meaning(
        "sessions per month",
        "trend",
        "count by:{unit} {mine}",
        [C.HOW_MANY | C.SESSION, C.PER, _ROWS],
        C.LOW | C.AVERAGE | C.RESULT | C.TREND,
    ),
    Meaning("how many observers are there", "trend", "count by:{unit}", [C.HOW_MANY, C.UNIT], is_bare=True),
    Meaning("results by store", "trend", "by:{unit} {mine}", [C.PER, C.UNIT], C.NOT | C.AVERAGE),
    Meaning(
        "pass rate by store",
        "trend",
        "by:{unit} {mine}",
        [C.TREND | C.AVERAGE, C.UNIT],
        drops=C.MET,
    ),
    Meaning("how far am I from the target", "results", "my", [C.HOW_FAR, C.ME, C.TARGET | C.MET], drops=C.MET),
    Meaning("is sofia ready for opening", "history", "{mine}", [C.HISTORY | C.READY, C.PERSON | C.ME], C.HOW_MANY),
    Meaning("what percentage met the target", "trend", "{mine}", [C.AVERAGE], drops=C.MET),
    Meaning("is sofia getting better", "trend", "{mine}", [C.TREND | C.IMPROVE | C.DECLINE], C.NUMBER),
    Meaning(
        "which stores failed opening",
        "trend",
        "by:{unit} sort:-count outcome:failed",
        [C.WHICH, C.UNIT, C.LOW],
        C.NOT,
        drops=C.LOW,
    ),
    Meaning("what checklists are there", "trend", "by:{unit}", [C.UNIT], C.NOT, is_bare=True),
    # ---- Spotter itself
    Meaning("how many posts would failed opening make", "preview", "", [C.HOW_MANY, C.MESSAGE, C.WOULD]),
    Meaning("no more reminders", "reminders", "off", [C.STOP | C.NOT, C.REMINDER], takes_conditions=False),
    Meaning("my reminders", "reminders", "", [C.REMINDER], takes_conditions=False),
    Meaning("what are my quiet hours", "quiet", "", [C.QUIET], takes_conditions=False),
    Meaning("weekends free", "quiet", "weekend", [C.FREE], takes_conditions=False),
    Meaning("remove the holiday on 26.12.", "holidays", "remove", [C.HOLIDAY, C.STOP, C.PERIOD]),
    Meaning("post failed opening right away", "subscribe", "{for_me}", [C.POST], C.STOP | C.RULE | C.WHICH | C.HOW),
    Meaning("turn everything off", "unsubscribe", "", [C.STOP], C.NAME | C.PERIOD, takes_conditions=False),
    Meaning("our digests", "rules", "digests", [C.DIGEST], takes_conditions=False),
    Meaning("all rules everywhere", "rules", "all", [C.ALL_RULES], takes_conditions=False),
    Meaning("what rules are here", "rules", "", [C.RULE], takes_conditions=False),
    Meaning("remove target opening", "target", "remove", [C.STOP, C.TARGET]),
    Meaning("all targets please", "target", "", [C.TARGET], takes_conditions=False),
    Meaning("this is not my name", "link", "", [C.IDENTITY], takes_conditions=False),
    Meaning("i am new manager of store 12", "help", "", [C.BEGIN], takes_conditions=False),
    Meaning("which version of spotter", "status", "", [C.VERSION | C.SPOTTER], C.NAME, takes_conditions=False),
    Meaning("i want my results by message", "settings", "", [C.MESSAGE], C.NAME | C.PERIOD, takes_conditions=False),
    Meaning("who observed me last", "results", "last result my", [C.WHO, C.OBSERVE, C.ME, C.LAST], drops=C.LAST),
)


def meaning_of(concepts: Sequence[Concept]) -> Meaning | None:
    """The first meaning whose concepts are all among those of a question's parts; None if there is none.

    A part without a concept (0) is unknown.
    """
    every = joined(concepts)
    changing = every & _CHANGING
    unknown = sum(not one for one in concepts)
    names_more = unknown or every & _NAMED
    for meaning in MEANINGS:
        is_asked = all(sum(bool(one & each) for one in concepts) >= meaning.has.count(each) for each in meaning.has)
        leaves_out = not meaning.takes_conditions and unknown >= _MOST_UNKNOWN
        leaves_out |= bool(changing & ~joined((*meaning.has, meaning.drops)))
        if is_asked and not every & meaning.lacks and not (meaning.is_bare and names_more) and not leaves_out:
            return meaning
    return None


_CHANGING = C.STOP | C.MUTE | C.SHARE  # what wishes for a change begin with: figures do not meet them
_MOST_UNKNOWN = 2  # words, before an answer that uses none of them misses what was asked
_NAMED = C.NAME | C.PERIOD | C.LOW | C.MET | C.OPEN | C.NUMBER

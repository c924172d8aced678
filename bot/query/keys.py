"""The keys of the query language: one entry of `KEYS` each, with how its value is read and said, and what it selects.

`say(query)` gives what `read` takes: canonical text is a fixed point of `read`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum

from bot.domain.filters import Accepted, Column, Range, ShownScore
from bot.query.names import Kind, Names, read_name, read_person
from bot.query.nearest import normalize
from bot.query.units import GROUPING_WORDS
from bot.query.values import (
    NAMED_DAYS,
    OUTCOMES,
    SORT_WORDS,
    format_score,
    format_since,
    format_until,
    id_ranges,
    read_date,
    read_id,
    read_limit,
    read_outcome,
    read_score,
    score_range,
    since_when,
    until_when,
)


class Key(StrEnum):
    CHECKLIST = "checklist"
    OUTCOME = "outcome"
    OBSERVER = "observer"
    EMPLOYEE = "employee"
    DEPT = "dept"
    SCORE = "score"
    SINCE = "since"
    UNTIL = "until"
    ID = "id"
    SORT = "sort"
    LIMIT = "limit"
    BY = "by"
    CRITERIA = "criteria"


@dataclass(frozen=True, slots=True)
class Term:
    """One `key:value`; `value` is canonical text (`<80`, `30d`, `Store 12`, `<@U0123>`, `<id:1f2e3d4c>`)."""

    key: Key
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked, in the order it was asked; no terms means everything."""

    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Today:
    """What a query is understood against: the names of today, the present, and the asker's zone."""

    names: Names
    now: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """One key: how its value is read and said, and which sessions it accepts.

    `about` says for its page of help what it selects; `spellings` are values that may be typed, `in_words` the same
    without a key. `read` gives canonical text or raises ValueError; `say` gives words, which follow `lead`. A session's
    value of `column` has to be one of those that `accepts` answers for the values of a repeated key; both are None for
    a key that only says how an answer is made. `kind`: what a value names, None if it is no name; `noun`: the same in
    words. `choices`: the words a value can be. `joins`: words behind it need no quotes ("last week"). `pin`: a value
    as text that means the same for every asker at any time.
    """

    example: str
    about: str
    spellings: tuple[str, ...] = ()
    in_words: tuple[str, ...] = ()
    read: Callable[[str], str]
    lead: str
    say: Callable[[str], tuple[str, ...]]
    column: Column | None = None
    accepts: Callable[[Today, Sequence[str]], Accepted] | None = None
    kind: Kind | None = None
    noun: str = ""
    choices: tuple[str, ...] = ()
    joins: bool = False
    pin: Callable[[Today, str], str] = lambda _, value: value


# ---- what sessions are compared by ---------------------------------------------------------------------------------

CHECKLIST = Column("checklist", lambda facts, _: facts.checklist_id)
OBSERVER = Column("observer", lambda facts, _: facts.observer_id)
EMPLOYEE = Column("employee", lambda facts, _: facts.key.employee_id)
OUTCOME = Column("outcome", lambda _, outcome: outcome.kind)
SCORE = Column("score", lambda _, outcome: outcome.score)
HAPPENED = Column("happened", lambda facts, _: facts.finished.at or facts.scheduled.at)
SESSION = Column("session", lambda facts, _: facts.key.session_id)


# ---- values --------------------------------------------------------------------------------------------------------


def _outcomes(_today: Today, values: Sequence[str]) -> frozenset[str]:
    return frozenset[str]().union(*(OUTCOMES[value][1] for value in values))


def _ids(kind: Kind) -> Callable[[Today, Sequence[str]], frozenset[str]]:
    return lambda today, values: frozenset[str]().union(*(today.names.meant(kind, value) for value in values))


def _people_of_departments(today: Today, values: Sequence[str]) -> frozenset[str]:
    return today.names.in_departments(_ids(Kind.DEPARTMENT)(today, values))


def _scores(_today: Today, values: Sequence[str]) -> tuple[Range[float] | ShownScore, ...]:
    """One lower and one upper bound that enclose scores are a range; every other repetition accepts each of its
    ranges: `score:<60 score:>90` asks for both ends."""
    wanted = tuple(score_range(value) for value in values)
    ranges = [one for one in wanted if isinstance(one, Range)]
    lower = [one for one in ranges if one.high is None]
    upper = [one for one in ranges if one.low is None]
    if len(wanted) == 2 and lower and upper and (lower[0].low or 0) <= (upper[0].high or 0):
        return (replace(upper[0], low=lower[0].low, low_included=lower[0].low_included),)
    return wanted


def _since(today: Today, value: str) -> datetime:
    return since_when(value, now=today.now, zone=today.zone)


def _until(today: Today, value: str) -> datetime:
    return until_when(value, now=today.now, zone=today.zone)


def _one_of(words: Mapping[str, str], also: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """Reads one of some words; `also` are others that mean one of them."""

    def read(text: str) -> str:
        plain = text.strip().lower()
        plain = (also or {}).get(plain, plain)
        if plain not in words:
            plain = normalize(text)  # without the dash of "-score"
        if plain not in words:
            raise ValueError(f"it is one of {', '.join(words)}")
        return plain

    return read


SORTS = {
    "score": "lowest score first",
    "-score": "highest score first",
    "date": "oldest first",
    "-date": "newest first",
    "name": "by name",
    "count": "rows of a trend with the fewest sessions first",
    "-count": "rows of a trend with the most sessions first",
    "change": "rows of a trend that lost most first",
    "-change": "rows of a trend that gained most first",
}
GROUPINGS = {
    "week": "by week",
    "month": "by month",
    "checklist": "by checklist",
    "dept": "by department",
    "observer": "by observer",
    "employee": "by employee",
    "criterion": "by criterion",
}
_CRITERIA = {"yes": "with criteria", "no": "without criteria"}


# In the order `words` says them.
KEYS: Mapping[Key, KeySpec] = {
    Key.CHECKLIST: KeySpec(
        example='checklist:"Opening"',
        about="The checklist that was graded, by its name or a part of it. Several: repeat the key, or join "
        "them with “or”; a minus in front leaves them out.",
        in_words=("opening or closing", "everything except opening"),
        read=read_name,
        lead="on ",
        say=lambda value: (f"“{value}”",),
        column=CHECKLIST,
        accepts=_ids(Kind.CHECKLIST),
        kind=Kind.CHECKLIST,
        noun="checklist",
    ),
    Key.DEPT: KeySpec(
        example='dept:"Store 12"',
        about="The site or department where the employee works, with everything below it. A number that is part"
        " of its name is enough.",
        in_words=("store 12", "stores 12 and 14", "not store 12"),
        read=read_name,
        lead="in ",
        say=lambda value: (value,),
        column=EMPLOYEE,
        accepts=_people_of_departments,
        kind=Kind.DEPARTMENT,
        noun="department",
    ),
    Key.OBSERVER: KeySpec(
        example="observer:@ana",
        about="Who conducted the session: a name, a part of one, a mention, or `me`.",
        spellings=("me",),
        in_words=("observed by me", "what did ana observe"),
        read=read_person,
        lead="observed by ",
        say=lambda value: (value,),
        column=OBSERVER,
        accepts=_ids(Kind.PERSON),
        kind=Kind.PERSON,
        noun="observer",
    ),
    Key.EMPLOYEE: KeySpec(
        example='employee:"J. Doe"',
        about="Who was observed: a name, a part of one, a mention, or `me`.",
        spellings=("me",),
        in_words=("my results", "how did ana do last month"),
        read=read_person,
        lead="of ",
        say=lambda value: (value,),
        column=EMPLOYEE,
        accepts=_ids(Kind.PERSON),
        kind=Kind.PERSON,
        noun="employee",
    ),
    Key.OUTCOME: KeySpec(
        example="outcome:failed",
        about="What a result means. `failed` is a low result: below target, critical or failed; `passed` is completed "
        "without a low result: iSpring itself calls every completed session passed.",
        in_words=("failed", "not started", "in progress", "below target"),
        read=read_outcome,
        lead="",
        say=lambda value: OUTCOMES[value][0],
        column=OUTCOME,
        accepts=_outcomes,
        choices=(*OUTCOMES,),
        joins=True,
    ),
    Key.SCORE: KeySpec(
        example="score:<80",
        about="The result in percent, compared or in a range. The ends of `60..80` are included, those with a "
        "sign are not. A whole number alone is what is shown so: `79` finds 78.9 too.",
        spellings=("<80", ">=90", "60..80", ">60..<80", "100"),
        in_words=("below 60", "at least 90", "between 60 and 80"),
        read=read_score,
        lead="scored ",
        say=lambda value: (format_score(value),),
        column=SCORE,
        accepts=_scores,
        joins=True,
    ),
    Key.SINCE: KeySpec(
        example="since:30d",
        about="From which day on, by the completion; sessions that are open count by their planned start. A day"
        " begins at midnight in your time zone, a week on Monday. Dates with dots are day-first; `05/11` "
        "asks which day is meant.",
        spellings=("today", "7d", "mon", "last week", "2026-11-05", "5.11.", "5 Nov"),
        in_words=("this week", "yesterday", "last 30 days", "in October", "Q3", "week 47", "1-15 Nov"),
        read=read_date,
        lead="",
        say=lambda value: (format_since(value),),
        column=HAPPENED,
        accepts=lambda today, values: tuple(Range(low=_since(today, value)) for value in values),
        choices=NAMED_DAYS,
        joins=True,
        pin=lambda today, value: _since(today, value).isoformat(),
    ),
    Key.UNTIL: KeySpec(
        example="until:2026-03-31",
        about="Up to which day, that day included; with a time of day, up to that time. It is written like `since:`.",
        spellings=("yesterday", "last week", "2026-11-05"),
        in_words=("until friday", "before november", "from 1 nov to 15 nov"),
        read=read_date,
        lead="",
        say=lambda value: (format_until(value),),
        column=HAPPENED,
        accepts=lambda today, values: tuple(Range(high=_until(today, value), high_included=False) for value in values),
        choices=NAMED_DAYS,
        joins=True,
        pin=lambda today, value: _until(today, value).isoformat(),
    ),
    Key.ID: KeySpec(
        example="id:4f2a91c0",
        about="One session, by the first characters of the id at the foot of its card.",
        read=read_id,
        lead="with the id ",
        say=lambda value: (value,),
        column=SESSION,
        accepts=lambda _, values: tuple(one for value in values for one in id_ranges(value)),
    ),
    Key.SORT: KeySpec(
        example="sort:score",
        about="The order of an answer.",
        in_words=("worst 3", "top 10", "oldest"),
        read=_one_of(SORTS, SORT_WORDS),
        lead="",
        say=lambda value: (SORTS[value],),
        choices=(*SORTS,),
    ),
    Key.LIMIT: KeySpec(
        example="limit:10",
        about="How many sessions or rows an answer shows, from 1 to 100.",
        spellings=("3", "40"),
        in_words=("last 5", "worst 3"),
        read=read_limit,
        lead="",
        say=lambda value: (f"at most {value}",),
    ),
    Key.BY: KeySpec(
        example="by:month",
        about="What the rows of a trend are.",
        in_words=("by month", "per store", "by observer"),
        read=_one_of(GROUPINGS, GROUPING_WORDS),
        lead="",
        say=lambda value: (GROUPINGS[value],),
        choices=(*GROUPINGS,),
    ),
    Key.CRITERIA: KeySpec(
        example="criteria:yes",
        about="Whether an export has a column for each criterion.",
        read=_one_of(_CRITERIA),
        lead="",
        say=lambda value: (_CRITERIA[value],),
        choices=(*_CRITERIA,),
    ),
}

SHAPE = tuple(key for key, spec in KEYS.items() if spec.column is None)  # say how an answer is made


def without_shape(query: Query) -> Query:
    """The query without what only says how an answer is made."""
    return Query(tuple(term for term in query.terms if term.key not in SHAPE))

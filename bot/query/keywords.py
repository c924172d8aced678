"""The words that mean a condition by themselves: outcomes, scores, orders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.query.days import MONTHS, WEEKDAYS
from bot.query.keys import Key
from bot.query.numbers import number_at
from bot.query.orders import ORDERS, read_order
from bot.query.outcome_words import OUTCOME_WORDS, Keyword, read_not_scored, read_outcome
from bot.query.small_words import IGNORED
from bot.query.units import GROUPING_WORDS

_KEY_NAMES: Mapping[str, Key] = {
    **{str(key): key for key in Key},
    **dict.fromkeys(("checklists", "list", "form", "topic"), Key.CHECKLIST),
    **dict.fromkeys(
        (
            "site",
            "sites",
            "store",
            "stores",
            "department",
            "departments",
            "unit",
            "location",
            "team",
            "region",
            "place",
        ),
        Key.DEPT,
    ),
    **dict.fromkeys(("observers", "assessor", "grader", "trainer"), Key.OBSERVER),
    **dict.fromkeys(("employees", "person", "who", "name", "trainee", "learner", "of"), Key.EMPLOYEE),
    **dict.fromkeys(("outcomes", "status", "state", "result"), Key.OUTCOME),
    **dict.fromkeys(("scores", "percent", "points", "grade"), Key.SCORE),
    **dict.fromkeys(("from", "after", "start"), Key.SINCE),
    **dict.fromkeys(("till", "to", "end", "through"), Key.UNTIL),
    **dict.fromkeys(("order", "orderby", "sorted"), Key.SORT),
    **dict.fromkeys(("top", "max", "count"), Key.LIMIT),
    **dict.fromkeys(("session", "sessions"), Key.ID),
}

_COMPARATORS: Mapping[tuple[str, ...], str] = {
    tuple(phrase.split()): sign
    for sign, phrases in {
        "<": ("below", "under", "less than", "lower than", "worse than", "fewer than", "smaller than", "beneath"),
        ">": ("above", "over", "more than", "higher than", "better than", "greater than"),
        ">=": ("at least", "min", "minimum", "no less than", "not below", "not under"),
        "<=": ("at most", "max", "maximum", "no more than", "not above", "not over", "up to"),
        "": ("exactly", "equal to", "equals"),
    }.items()
    for phrase in phrases
}
_MONTHS = frozenset(one[:3] for one in MONTHS)
_SPAN = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)%?(?:\.\.|\s)(\d{1,3}(?:[.,]\d{1,4})?)%?")
_DAYS_OF_A_MONTH = 31
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)%")
_PLUS = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)%?\+")
_COMPARED = re.compile(r"(<=|>=|<|>|=)(\d{1,3}(?:[.,]\d{1,4})?)%?")
_AND_MORE = {
    "+": ">=",
    **{
        f"{join} {more}": ">=" for join in ("or", "and") for more in ("more", "above", "higher", "better", "over", "up")
    },
    **{f"{join} {less}": "<=" for join in ("or", "and") for less in ("less", "below", "lower", "worse", "under")},
}
_SCORED = frozenset({"score", "scored", "scores", "scoring", "grade"})  # before a number
_COUNTED = frozenset({
    "times", "time", "sessions", "session", "observations", "observation", "results", "people", "employees", "days",
    "weeks", "months", "failures", "fails", "occasions", "hours", "day", "week", "month",
    "minutes", "minute", "mins", "seconds",
})  # fmt: skip  # behind a number that is no score


def key_named(typed: str) -> Key | None:
    """The key that a typed word names, in any case or as a word that means the same; None if none."""
    return _KEY_NAMES.get(typed.lower().replace("-", "").replace("_", ""))


def other_names(key: Key) -> Sequence[str]:
    """The words that name a key beside its own."""
    return [word for word, named in _KEY_NAMES.items() if named is key and word != key]


def read_keyword(words: Sequence[str]) -> Keyword | None:
    """The condition or order that begins with the first word; None if none does."""
    return read_not_scored(words) or read_outcome(words) or read_score(words) or _grouping(words) or read_order(words)


def read_score(words: Sequence[str]) -> Keyword | None:
    """The score that begins with the first word: "below 60", "between 60 and 80", "score of 72"."""
    found = _compared(words) or _between(words) or _exactly(words)
    return None if found is not None and not _COUNTED.isdisjoint(words[found.used : found.used + 1]) else found


def _compared(words: Sequence[str]) -> Keyword | None:
    if found := _COMPARED.fullmatch(words[0]):
        return _scored(found[1].replace("=", "") if found[1] == "=" else found[1], found[2], 1)
    if found := _PLUS.fullmatch(words[0]):
        return _scored(">=", found[1], 1, words)
    for length in (3, 2, 1):
        sign = _COMPARATORS.get(tuple(words[:length]))
        if sign is not None and (number := number_at(words, length)):
            return _scored(sign, number[0], length + number[1], words)
    if number := number_at(words, 0):
        value, used = number
        if sign := _AND_MORE.get(" ".join(words[used : used + 2])):
            return _scored(sign, value, used + 2, words)
    return None


def _between(words: Sequence[str]) -> Keyword | None:
    """ "between 60 and 80", "60 to 80 %"; what may be two days of a month is no range of scores."""
    if found := _SPAN.fullmatch(words[0]):
        return _span(found[1], found[2], words[0])
    start = int(words[0] in ("between", "from"))
    low = number_at(words, start)
    join = start + (low[1] if low else 0)
    joins = ("and", "to", "-") if start else ("to", "-")
    high = number_at(words, join + 1) if low and words[join : join + 1] and words[join] in joins else None
    if low is None or high is None:
        return None
    used = join + 1 + high[1]
    following = words[used] if used < len(words) else ""
    if following[:3] in _MONTHS:  # "between 1 and 15 November"
        return None
    if following in _PERCENTS:
        used += 1
    elif not start and words[join] == "to" and not _may_be_scores(low[0], high[0], " ".join(words[:used])):
        return None
    return _range(low[0], high[0], used)


def _exactly(words: Sequence[str]) -> Keyword | None:
    if tuple(words[:2]) in _ALL_POINTS:
        return Keyword((f"{Key.SCORE}:100",), 2, can_be_negated=True)
    if percent := _PERCENT.fullmatch(words[0]):
        return _scored("", percent[1], 1)
    if (number := number_at(words, 0)) and words[number[1] : number[1] + 1] and words[number[1]] in _PERCENTS[:2]:
        return _scored("", number[0], number[1] + 1)
    if len(words) > 1 and words[0] in _SCORED and (found := _between(words[1:])) is not None:
        return Keyword(found.terms, found.used + 1, can_be_negated=True)
    start = 1 + ((words[1:2] and words[1] in ("of", "is", "was", "at")) or 0)
    if words[0] not in _SCORED and (words[0] != "got" or start > 1):
        return None
    number = number_at(words, start)
    if number is None:
        return None
    bound = _compared(words[start:])  # "score 80 or more"
    if bound is not None:
        return replace(bound, used=start + bound.used)
    return _scored("", number[0], start + number[1], words)


_PERCENTS = ("percent", "%", "points")
_ALL_POINTS = frozenset(
    (first, second)
    for first in ("perfect", "flawless", "full")
    for second in ("score", "scores", "result", "results", "marks", "points")
)


def _scored(sign: str, number: str, used: int, words: Sequence[str] = ()) -> Keyword:
    if used < len(words) and words[used] in _PERCENTS:
        used += 1
    return Keyword((f"{Key.SCORE}:{sign}{number.replace(',', '.')}",), used, can_be_negated=True)


def _may_be_scores(low: str, high: str, typed: str) -> bool:
    return "%" in typed or float(high) > _DAYS_OF_A_MONTH


def _span(low: str, high: str, typed: str) -> Keyword | None:
    """ "70..80"; what may be two days of a month is no range of scores, unless it says percent."""
    return _range(low, high, 1) if _may_be_scores(low, high.replace(",", "."), typed) else None


def _range(low: str, high: str, used: int) -> Keyword:
    return Keyword((f"{Key.SCORE}:{low.replace(',', '.')}..{high.replace(',', '.')}",), used, can_be_negated=True)


def _grouping(words: Sequence[str]) -> Keyword | None:
    """ "by month", "per store"; "by checklist and store" is both, which the answer asks about."""
    if words[0] in ("by", "per") and len(words) > 1 and (by := GROUPING_WORDS.get(words[1])):
        if words[2:3] == ["and"] and len(words) > 3 and (other := GROUPING_WORDS.get(words[3])):
            return Keyword((f"{Key.BY}:{by}", f"{Key.BY}:{other}"), 4)
        return Keyword((f"{Key.BY}:{by}",), 2)
    return Keyword((f"{Key.BY}:{GROUPING_WORDS[words[0]]}",), 1) if words[0] in ("weekly", "monthly") else None


# ---- what words without a meaning here may have been meant as -------------------------------------------------------

_LIKE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("bad", "poor", "weak", "problem", "problems", "trouble", "fault", "red"), ("outcome:failed",)),
    **dict.fromkeys(("good", "fine", "great", "strong", "green"), ("outcome:met", "sort:-score")),
    **dict.fromkeys(("perfect", "full", "flawless"), ("score:100",)),
    **dict.fromkeys(("zero", "nothing", "nil"), ("score:0",)),
    **dict.fromkeys(("late", "behind", "delayed", "missed"), ("outcome:planned until:today",)),
    **dict.fromkeys(("soon", "coming", "next"), ("outcome:planned",)),
    **dict.fromkeys(("mean", "average", "median"), ("by:month",)),
}  # by word: terms of like meaning, the best first

SPELLINGS: Sequence[str] = sorted(
    {word for phrase in OUTCOME_WORDS for word in phrase if len(word) > 3 and word not in IGNORED}
    | {word for phrase in _COMPARATORS for word in phrase if len(word) > 3 and word not in IGNORED}
    | {
        *ORDERS,
        *MONTHS,
        *WEEKDAYS,
        "yesterday",
        "today",
        "tomorrow",
        "since",
        "until",
        "week",
        "month",
        "weekly",
        "monthly",
    }
)


def meanings_like(word: str) -> Sequence[str]:
    """Terms whose meaning is near that of a word that means no condition; none if none is known."""
    return _LIKE.get(word, ())

"""The words that mean a condition by themselves: outcomes, scores, orders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.query.days import MONTHS, WEEKDAYS
from bot.query.keys import Key
from bot.query.small_words import IGNORED

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

_OUTCOMES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    tuple(phrase.split()): tuple(outcomes.split())
    for outcomes, phrases in {
        "failed": (
            "failed", "fail", "fails", "failing", "failures", "failure", "not passed", "not met", "not pass", "flunked",
            "not met target", "not met the target",
            "did not pass", "didn't pass", "didnt pass", "missed target", "missed the target", "unsuccessful",
            "needs training", "need training", "needs attention", "need attention", "needs help", "need help",
            "struggling", "struggle", "struggles", "did not meet", "didn't meet", "hasn't passed", "haven't passed",
            "did badly", "doing badly", "did poorly",
        ),
        "below": ("below target", "under target", "below the target", "under the target", "low"),
        "passed": ("passed", "pass", "passes", "passing", "succeeded", "successful", "not failed"),
        "met": ("met", "met target", "met the target", "on target", "above target"),
        "completed": ("completed", "complete", "finished"),
        "planned": ("planned", "scheduled", "not started", "not yet started", "upcoming"),
        "progress": ("in progress", "started", "ongoing", "running", "not finished", "unfinished", "not completed"),
        "planned progress": ("open", "pending", "outstanding"),
        "critical": ("critical", "critical criterion failed"),
    }.items()
    for phrase in phrases
}  # fmt: skip
_LONGEST_OUTCOME = max(map(len, _OUTCOMES))

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
_NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
    )
}
_NUMBER = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)%?")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)%")
_PLUS = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)%?\+")
_COMPARED = re.compile(r"(<=|>=|<|>|=)(\d{1,3}(?:[.,]\d{1,4})?)%?")
_AND_MORE = {
    "+": ">=",
    "or more": ">=",
    "or above": ">=",
    "or higher": ">=",
    "or less": "<=",
    "or below": "<=",
    "or lower": "<=",
}
_ORDERS: Mapping[str, str] = {
    **dict.fromkeys(("worst", "lowest", "weakest", "bottom", "poorest"), f"{Key.SORT}:score"),
    **dict.fromkeys(("best", "highest", "top", "strongest"), f"{Key.SORT}:-score"),
    **dict.fromkeys(("oldest", "earliest"), f"{Key.SORT}:date"),
    **dict.fromkeys(("newest", "latest", "last", "recent", "first"), ""),
}
_ONE = frozenset({"result", "session", "observation", "score", "one"})  # "my last result"
_BY: Mapping[str, str] = {
    "week": "week", "weekly": "week", "month": "month", "monthly": "month", "checklist": "checklist",
    "site": "dept", "store": "dept", "department": "dept", "dept": "dept", "sites": "dept", "stores": "dept",
    "shop": "dept", "location": "dept", "unit": "dept", "team": "dept", "departments": "dept",
    "checklists": "checklist",
    "observers": "observer", "employees": "employee", "people": "employee", "trainer": "observer",
    "observer": "observer", "employee": "employee", "person": "employee", "weeks": "week", "months": "month",
    "criterion": "criterion", "criteria": "criterion", "question": "criterion", "questions": "criterion",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keyword:
    """The terms that some words mean, and how many words they are."""

    terms: tuple[str, ...]
    used: int
    can_be_negated: bool = False


def key_named(typed: str) -> Key | None:
    """The key that a typed word names, in any case or as a word that means the same; None if none."""
    return _KEY_NAMES.get(typed.lower().replace("-", "").replace("_", ""))


def other_names(key: Key) -> Sequence[str]:
    """The words that name a key beside its own."""
    return [word for word, named in _KEY_NAMES.items() if named is key and word != key]


def read_keyword(words: Sequence[str]) -> Keyword | None:
    """The condition or order that begins with the first word; None if none does."""
    return _outcome(words) or _score(words) or _grouping(words) or _order(words)


def _outcome(words: Sequence[str]) -> Keyword | None:
    for length in range(min(len(words), _LONGEST_OUTCOME), 0, -1):
        if (found := _OUTCOMES.get(tuple(words[:length]))) is not None:
            return Keyword(tuple(f"{Key.OUTCOME}:{one}" for one in found), length, can_be_negated=True)
    return None


def _score(words: Sequence[str]) -> Keyword | None:
    if found := _COMPARED.fullmatch(words[0]):
        return _scored(found[1].replace("=", "") if found[1] == "=" else found[1], found[2], 1)
    if found := _PLUS.fullmatch(words[0]):
        return _scored(">=", found[1], 1, words)
    words = [f"{10 * _NUMBER_WORDS[word]}" if word in _NUMBER_WORDS else word for word in words]
    for length in (3, 2, 1):
        sign = _COMPARATORS.get(tuple(words[:length]))
        if sign is not None and len(words) > length and (number := _NUMBER.fullmatch(words[length])):
            return _scored(sign, number[1], length + 1, words)
    if words[0] in ("between", "from") and len(words) >= 4 and words[2] in ("and", "to", "-"):
        low, high = _NUMBER.fullmatch(words[1]), _NUMBER.fullmatch(words[3])
        if low and high and not (len(words) > 4 and words[4][:3] in _MONTHS):  # "between 1 and 15 November"
            return _range(low[1], high[1], 4)
    if (
        len(words) > 2
        and words[1] == "-"
        and (low := _NUMBER.fullmatch(words[0]))
        and (high := _NUMBER.fullmatch(words[2]))
    ):
        return _range(low[1], high[1], 3)
    if (number := _NUMBER.fullmatch(words[0])) and len(words) > 2 and (sign := _AND_MORE.get(" ".join(words[1:3]))):
        return _scored(sign, number[1], 3, words)
    if found := _SPAN.fullmatch(words[0]):
        return _span(found[1], found[2], words[0])
    if percent := _PERCENT.fullmatch(words[0]):
        return _scored("", percent[1], 1)
    if len(words) > 1 and words[1] in ("percent", "%") and (number := _NUMBER.fullmatch(words[0])):
        return _scored("", number[1], 2)
    return None


def _scored(sign: str, number: str, used: int, words: Sequence[str] = ()) -> Keyword:
    if used < len(words) and words[used] in ("%", "percent", "points"):
        used += 1
    return Keyword((f"{Key.SCORE}:{sign}{number.replace(',', '.')}",), used, can_be_negated=True)


def _span(low: str, high: str, typed: str) -> Keyword | None:
    """ "70..80"; what may be two days of a month is no range of scores, unless it says percent."""
    is_score = "%" in typed or float(high.replace(",", ".")) > _DAYS_OF_A_MONTH
    return _range(low, high, 1) if is_score else None


def _range(low: str, high: str, used: int) -> Keyword:
    return Keyword((f"{Key.SCORE}:{low.replace(',', '.')}..{high.replace(',', '.')}",), used, can_be_negated=True)


def _order(words: Sequence[str]) -> Keyword | None:
    """ "worst", "worst 3", "3 worst", "last 5"; "last 5 days" is a date."""
    if len(words) > 1 and words[0].isascii() and words[0].isdigit() and _ORDERS.get(words[1]):
        words = [words[1], words[0], *words[2:]]
    order = _ORDERS.get(words[0])
    if order is None:
        return None
    if len(words) > 1 and words[1] in _ONE and words[0] != "first":
        return Keyword(tuple(filter(None, (order, f"{Key.LIMIT}:1"))), 2)
    if len(words) > 1 and words[1].isascii() and words[1].isdigit() and 1 <= int(words[1]) <= 100:
        if len(words) > 2 and words[2] in ("day", "days", "week", "weeks", "month", "months", "year", "years"):
            return None
        return Keyword(tuple(filter(None, (order, f"{Key.LIMIT}:{int(words[1])}"))), 2)
    return Keyword((order,), 1) if order and words[0] != "top" else None


def _grouping(words: Sequence[str]) -> Keyword | None:
    if words[0] in ("by", "per") and len(words) > 1 and (by := _BY.get(words[1])):
        return Keyword((f"{Key.BY}:{by}",), 2)
    return Keyword((f"{Key.BY}:{_BY[words[0]]}",), 1) if words[0] in ("weekly", "monthly") else None


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
    {word for phrase in _OUTCOMES for word in phrase if len(word) > 3 and word not in IGNORED}
    | {word for phrase in _COMPARATORS for word in phrase if len(word) > 3 and word not in IGNORED}
    | {
        *_ORDERS,
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

"""The words for orders and numbers of rows: "worst", "top 5", "the 3 lowest", "sort by date"."""

from collections.abc import Mapping, Sequence

from bot.query.keys import Key
from bot.query.numbers import count_at
from bot.query.outcome_words import Keyword, read_outcome

ORDERS: Mapping[str, str] = {
    **dict.fromkeys(("worst", "lowest", "weakest", "bottom", "poorest"), f"{Key.SORT}:score"),
    **dict.fromkeys(("best", "highest", "top", "strongest"), f"{Key.SORT}:-score"),
    **dict.fromkeys(("oldest", "earliest"), f"{Key.SORT}:date"),
    **dict.fromkeys(("newest", "latest", "last", "recent", "first"), ""),
}
_ONE = frozenset({"result", "session", "observation", "score", "one"})  # "my last result"


def read_order(words: Sequence[str]) -> Keyword | None:
    """ "worst", "worst 3", "3 worst", "top five", "newest first", "sort by score"; "last 5 days" is a date;
    None if no order begins with the first word."""
    if words[:2] == ["most", "recent"]:
        newest = read_order(["newest", *words[2:]])
        return Keyword((), 2) if newest is None else Keyword(newest.terms, newest.used + 1)
    if words[0] in _SORTING:
        start = 2 if words[1:2] == ["by"] else 1
        found = _SORTED_BY.get(words[start]) if start < len(words) else None
        if found is None:
            return None
        named = read_order(words[start + 1 :]) if start + 1 < len(words) else None  # "sort by date, oldest first"
        return Keyword((found,), start + 1) if named is None else Keyword(named.terms, start + 1 + named.used)
    if words[0] in _ONLY_COUNTS and (of_those := _order_behind(words)) is not None:
        return of_those
    count = count_at(words, 0)
    if count is not None and words[count[1] : count[1] + 1] and ORDERS.get(words[count[1]]):
        return Keyword((ORDERS[words[count[1]]], f"{Key.LIMIT}:{count[0]}"), count[1] + 1)
    if count is not None and words[count[1] : count[1] + 1] and words[count[1]] in _NEWEST:
        behind = words[count[1] + 1 : count[1] + 2]
        if not behind or behind[0] in _MANY_THINGS:
            return Keyword((f"{Key.LIMIT}:{count[0]}",), count[1] + 1)  # "the three last sessions"
    order = ORDERS.get(words[0])
    if order is None:
        return None
    if words[1:2] == ["first"] and words[0] not in ("first", "last"):
        return Keyword((order or f"{Key.SORT}:-date",), 2)
    if words[0] == "last" and _is_one_outcome(words[1:]):
        return Keyword((f"{Key.LIMIT}:1",), 1)
    if len(words) > 1 and words[1] in _ONE and words[0] != "first":
        return Keyword(tuple(filter(None, (order, f"{Key.LIMIT}:1"))), 2)
    if count := count_at(words, 1):
        used = 1 + count[1]
        if used < len(words) and words[used] in _UNITS_OF_TIME:
            return None
        return Keyword(tuple(filter(None, (order, f"{Key.LIMIT}:{count[0]}"))), used)
    return Keyword((order,), 1) if order and words[0] != "top" else None


def _order_behind(words: Sequence[str]) -> Keyword | None:
    """ "top 5 worst", "best of the worst", "top 10 failed": the adjective behind says in which order, the number how
    many; None if there is no such word behind."""
    number = count_at(words, 1)
    at = 1 + (number[1] if number else 0)
    while at < len(words) and words[at] in ("of", "the", "my", "our", "most"):
        at += 1
    following = words[at] if at < len(words) else ""
    limit = (f"{Key.LIMIT}:{number[0]}",) if number else ()
    if following in ORDERS and following not in _ONLY_COUNTS and following != "first":
        named = read_order(words[at:])
        terms = named.terms if named is not None else ()
        return Keyword(tuple(dict.fromkeys((*terms, *limit))), at + (1 if named is None else named.used))
    outcome = read_outcome(words[at:]) if number and following else None
    if outcome is not None and _FAILING.issuperset(outcome.terms):
        return Keyword((f"{Key.SORT}:score", *limit), at)
    return None


_NEWEST = frozenset({"newest", "latest", "last"})
_ONLY_COUNTS = frozenset({"top", "best"})
_FAILING = frozenset(f"{Key.OUTCOME}:{one}" for one in ("failed", "below", "critical"))


def _is_one_outcome(words: Sequence[str]) -> bool:
    """ "my last failed", "last failed opening": one session; "last failures" and "last failed ones" are several."""
    found = read_outcome(words) if words else None
    return (
        found is not None and words[0][-1:] != "s" and not _MANY_THINGS.intersection(words[found.used : found.used + 2])
    )


_MANY_THINGS = frozenset({"sessions", "results", "ones", "observations", "people", "tests", "checks"})
_UNITS_OF_TIME = ("day", "days", "week", "weeks", "month", "months", "year", "years", "hours", "hour", "quarters")
_SORTING = frozenset({"sort", "sorted", "order", "ordered"})
_SORTED_BY: Mapping[str, str] = {
    **dict.fromkeys(("score", "result", "results", "grade"), f"{Key.SORT}:score"),
    **dict.fromkeys(("date", "time", "day"), f"{Key.SORT}:-date"),
    **dict.fromkeys(("name", "names"), f"{Key.SORT}:name"),
}

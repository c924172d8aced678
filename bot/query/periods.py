"""Dates as people write them: "last week", "since Monday", "5 Nov", "Q3", "between 1.11. and 5.11.".

A day begins at midnight in the asker's zone; the caller knows the zone, this module only counts days.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from bot.query.calendar_dates import ORDINAL, Read, calendar_date, day_of_month
from bot.query.calendar_units import LAST, NEXT, UNITS, month, named_day, numbered, part_of_unit, quarter, relative
from bot.query.days import MOST_BACK, Period, month_number, one_day, units_back, weekday_number
from bot.query.named_days import PHRASES
from bot.query.numbers import count_at

_SINCE = frozenset({"since", "from", "starting"})
_UNTIL = frozenset({"until", "till", "til", "to", "through", "thru", "upto"})
_FILLERS = frozenset({"in", "on", "the", "during", "within", "for", "over", "of", "at"})
_FEW: Mapping[str, int] = {"a": 1, "an": 1, "few": 3}  # beside the numbers in words
_COUNTED = re.compile(r"(\d{1,4})(d|w|m|y|h|days?|hours?|weeks?|months?|years?)")


def read_period(words: Sequence[str], at: int, today: date) -> Read | None:
    """The period that begins at a word; None if none does. `words` are normalized: lower case, no diacritics."""
    start = at
    while at < len(words) and words[at] in _FILLERS:
        at += 1
    found = _bounded(words, at, today) or _between(words, at, today) or _whole(words, at, today)
    if found is None or (at > start and found.used == 0):
        return None
    return Read(found.periods, found.used + at - start)


def _bounded(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "since X", "until X", "before X", "after X", and "since X until Y"."""
    if at >= len(words):
        return None
    if words[at] in ("older", "longer", "more") and words[at + 1 : at + 2] == ["than"]:  # "older than 3 days"
        age = _counted(words, at + 2, today) if at + 2 < len(words) else None
        return age and Read(tuple(Period(until=one.since) for one in age.periods), age.used + 2)
    bound = _BOUNDS.get(words[at])
    if bound is None:
        return None
    found = _skipping_fillers(words, at + 1, today)
    if found is None:
        return None
    if words[at] == "from" and _is_whole(words, at + 1, found, today):
        return Read(found.periods, found.used + 1)
    periods = tuple(bound(one) for one in found.periods)
    end = at + 1 + found.used
    if words[at] in _SINCE and end < len(words) and words[end] in _UNTIL | {"-", "–"}:
        last = _skipping_fillers(words, end + 1, today)
        if last is not None:
            periods = tuple(Period(one.since, other.until) for one in periods for other in last.periods)
            end += 1 + last.used
    return Read(periods, end - at)


def _is_whole(words: Sequence[str], at: int, found: Read, today: date) -> bool:
    """Whether "from" only introduces a time: "results from last week", "from 1 to 15 November"."""
    end = at + found.used
    if end < len(words) and words[end] in _UNTIL | {"on", "onwards", "onward", "-", "–"}:
        return False
    if words[at] == "yesterday" or (words[at] in LAST and words[at + 1] in ("week", "month", "quarter", "year")):
        return True
    span = _span(words, at, today)
    return span is not None and span.used == found.used


def _before(period: Period) -> Period:
    return Period(until=None if period.since is None else period.since - timedelta(days=1))


def _after(period: Period) -> Period:
    return Period(since=None if period.until is None else period.until + timedelta(days=1))


_BOUNDS: Mapping[str, Callable[[Period], Period]] = {
    **dict.fromkeys(_SINCE, lambda period: Period(since=period.since)),
    **dict.fromkeys(_UNTIL, lambda period: Period(until=period.until)),
    "before": _before,
    "after": _after,
}


def _between(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "between X and Y", "X - Y", "X to Y"."""
    start = at
    is_between = at < len(words) and words[at] == "between"
    at += is_between
    first = _whole(words, at, today)
    if first is None:
        return None
    middle = at + first.used
    if is_between and first.used >= _SPAN_WORDS:  # "between 1 and 15 November"
        return Read(first.periods, middle - start)
    joins = {"and", "-", "–"} if is_between else {"-", "–", "to", "until", "till"}
    if middle >= len(words) or words[middle] not in joins:
        return None
    last = _skipping_fillers(words, middle + 1, today)
    if last is None:
        return None
    periods = tuple(_ordered(one, other) for one in first.periods for other in last.periods)
    return Read(periods, middle + 1 + last.used - start)


def _ordered(one: Period, other: Period) -> Period:
    first, last = sorted((one, other), key=lambda period: period.since or date.min)
    return Period(first.since, last.until)


def _skipping_fillers(words: Sequence[str], at: int, today: date) -> Read | None:
    skipped = 0
    while at + skipped < len(words) and words[at + skipped] in _FILLERS:
        skipped += 1
    found = _whole(words, at + skipped, today)
    return None if found is None else Read(found.periods, found.used + skipped)


# ---- one day, week, month, quarter or year -----------------------------------------------------------------------


def _whole(words: Sequence[str], at: int, today: date) -> Read | None:
    if at >= len(words):
        return None
    for reader in (
        _phrase,
        _in_a_week,
        part_of_unit,
        _span,
        relative,
        _counted,
        _joined_by_hyphen,
        named_day,
        calendar_date,
        day_of_month,
        month,
        quarter,
        numbered,
    ):
        if (found := reader(words, at, today)) is not None:
            return found
    return None


def _in_a_week(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "Monday last week", "Mon-Fri of last week", "monday to wednesday last week"."""
    ends = re.split("[-–—]", words[at])
    used = 1
    if words[at + 1 : at + 2] and words[at + 1] in _UNTIL | {"-", "–"}:
        ends, used = [words[at], *words[at + 2 : at + 3]], 3
    days = [number for one in ends if (number := weekday_number(one)) is not None]
    used += words[at + used : at + used + 1] == ["of"]
    if len(days) < len(ends) or words[at + used + 1 : at + used + 2] != ["week"]:
        return None
    week = relative(words, at + used, today)
    if week is None or week.used != 2 or (monday := week.periods[0].since) is None or days != sorted(days):
        return None
    return Read((Period(monday + timedelta(days=days[0]), monday + timedelta(days=days[-1])),), used + week.used)


def _joined_by_hyphen(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "mon-wed", "oct-nov", "q1-q3"."""
    ends = re.split("[-–—]", words[at])
    if len(ends) != 2 or not all(ends):
        return None
    return _from_to(
        [named_day([end], 0, today) or month([end], 0, today) or quarter([end], 0, today) for end in ends], 1
    )


def _phrase(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "this morning", "last weekend", "month to date", "the day before yesterday"."""
    for length in (3, 2, 1):
        phrase = " ".join(words[at : at + length])
        if (period := PHRASES.get(phrase)) is not None and len(words) >= at + length:
            return Read((period(today),), length)
    return None


_SPAN_WORDS = 4
_SPANNED = re.compile(
    r"(\d{1,2}(?:\.\d{1,2}\.?(?:\d{4})?)?)(?:st|nd|rd|th)?(?:[-–—]|\.\.)(\d{1,2}(?:\.\d{1,2}\.?(?:\d{4})?)?)"
)


def _span(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "1.11.-15.11.", "1-15 Nov", "Nov 1-15", "between 1 and 15 November"."""
    following = words[at + 1] if at + 1 < len(words) else ""
    for span, named, used in ((words[at], following, 2), (following, words[at], 2), (words[at], "", 1)):
        if (found := _SPANNED.fullmatch(span)) is None:
            continue
        if "." in found[1].rstrip(".") and "." in found[2].rstrip("."):
            ends = [calendar_date([one], 0, today) for one in found.groups()]
            return _from_to(ends, 1) if span == words[at] else None
        if named and month_number(named):
            return _from_to([calendar_date([one, named], 0, today) for one in found.groups()], used)
    four = words[at : at + _SPAN_WORDS]
    if len(four) == _SPAN_WORDS and month_number(four[0]) and four[2] in _UNTIL | {"-", "–"}:  # "Nov 1 to 15"
        four = [four[1], four[2], four[3], four[0]]
    if len(four) < _SPAN_WORDS or four[1] not in _UNTIL | {"and", "-", "–"} or not month_number(four[3]):
        return None
    if not (ORDINAL.fullmatch(four[0]) and ORDINAL.fullmatch(four[2])):
        return None
    return _from_to([calendar_date([day, four[3]], 0, today) for day in (four[0], four[2])], _SPAN_WORDS)


def _from_to(ends: Sequence[Read | None], used: int) -> Read | None:
    first, last = ends
    return None if first is None or last is None else Read((_ordered(first.periods[0], last.periods[0]),), used)


def _counted(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "30d", "last 30 days", "30 days", "2 weeks": from that many days before today on."""
    start, is_ahead = at, words[at] in NEXT
    at += is_ahead or words[at] in LAST
    if at >= len(words):
        return None
    if found := _COUNTED.fullmatch(words[at]):
        number, unit, used = int(found[1]), UNITS[found[2]], 1
    else:
        count = _count(words, at)
        if count is None:
            return None
        used = count[1]
        behind = words[at + used : at + used + 2]
        if len(behind) == 2 and behind[0] in LAST and behind[1].endswith("s"):  # "the 3 last weeks"
            used += 1
        unit_of = UNITS.get(words[at + used]) if at + used < len(words) else None
        if unit_of is None:
            return None
        number, unit, used = count[0], unit_of, used + 1
    if at + used < len(words) and words[at + used] == "ago":
        day = units_back(today, number, unit)
        return None if day is None else Read((one_day(day),), at + used + 1 - start)
    if is_ahead:
        return Read((Period(today, today + _length_ahead(number, unit)),), at + used - start)
    first = units_back(today, number, unit)
    return None if first is None else Read((Period(since=first),), at + used - start)


def _count(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """The number before a unit of time, and how many words say it: "30", "a few", "twenty one"."""
    if words[at].isascii() and words[at].isdigit():
        return int(words[at]), 1
    return count_at(words, at) or ((_FEW[words[at]], 1) if words[at] in _FEW else None)


def _length_ahead(number: int, unit: str) -> timedelta:
    """How far ahead so many units reach; a month is counted as 30 days, and ten years are the farthest."""
    days = {"hour": 1 / 24, "week": 7, "month": 30, "quarter": 91, "year": 365}.get(unit, 1)
    return timedelta(days=min(MOST_BACK, round(number * days)))

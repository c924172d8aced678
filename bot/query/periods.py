"""Dates as people write them: "last week", "since Monday", "5 Nov", "Q3", "between 1.11. and 5.11.".

A day begins at midnight in the asker's zone; the caller knows the zone, this module only counts days.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.query.calendar_dates import ORDINAL, Read, calendar_date
from bot.query.days import (
    Period,
    is_year,
    month_number,
    month_of,
    months,
    one_day,
    unit_around,
    units_back,
    weekday_number,
)
from bot.query.named_days import PHRASES

_SINCE = frozenset({"since", "from", "starting"})
_UNTIL = frozenset({"until", "till", "til", "to", "through", "thru", "upto"})
_THIS = frozenset({"this", "current"})
_LAST = frozenset({"last", "past", "previous", "prev", "recent"})
_FILLERS = frozenset({"in", "on", "the", "during", "within", "for", "over", "of", "at"})
_UNITS: Mapping[str, str] = {
    spelled: unit
    for unit, spellings in {
        "day": ("d", "day", "days"),
        "week": ("w", "wk", "wek", "week", "weeks"),
        "month": ("m", "mo", "mth", "mnth", "month", "months"),
        "quarter": ("quarter", "quarters"),
        "year": ("y", "yr", "year", "years"),
        "hour": ("h", "hour", "hours", "hrs"),
    }.items()
    for spelled in spellings
}
_NUMBERS: Mapping[str, int] = {
    "a": 1, "an": 1, "few": 3, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "thirty": 30, "ninety": 90,
}  # fmt: skip
_NOT_ALONE = ("d", "w", "m", "y", "h", "days", "weeks", "months", "years", "hour", "hours", "hrs")  # behind "last"
_COUNTED = re.compile(r"(\d{1,4})(d|w|m|y|h|days?|hours?|weeks?|months?|years?)")


_QUARTER = re.compile(r"q([1-4])")


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
    if words[at] in ("older", "longer") and words[at + 1 : at + 2] == ["than"]:  # "older than 3 days"
        age = _counted(words, at + 2, today) if at + 2 < len(words) else None
        return age and Read(tuple(Period(until=one.since) for one in age.periods), age.used + 2)
    bound = _BOUNDS.get(words[at])
    if bound is None:
        return None
    found = _skipping_fillers(words, at + 1, today)
    if found is None:
        return None
    periods = tuple(bound(one) for one in found.periods)
    end = at + 1 + found.used
    if words[at] in _SINCE and end < len(words) and words[end] in _UNTIL | {"-", "–"}:
        last = _skipping_fillers(words, end + 1, today)
        if last is not None:
            periods = tuple(Period(one.since, other.until) for one in periods for other in last.periods)
            end += 1 + last.used
    return Read(periods, end - at)


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
        _part_of_month,
        _span,
        _relative,
        _counted,
        _named_day,
        calendar_date,
        _month,
        _quarter,
        _numbered,
    ):
        if (found := reader(words, at, today)) is not None:
            return found
    return None


def _phrase(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "this morning", "last weekend", "month to date", "the day before yesterday"."""
    for length in (3, 2, 1):
        phrase = " ".join(words[at : at + length])
        if (period := PHRASES.get(phrase)) is not None and len(words) >= at + length:
            return Read((period(today),), length)
    return None


def _part_of_month(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "first week of November", "end of October", "beginning of the month": seven days of it."""
    part = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in _MONTH_PARTS), 0)
    if not part:
        return None
    start, first_day = at, _MONTH_PARTS[" ".join(words[at : at + part])]
    at += part
    while at < len(words) and words[at] in ("of", "in", "the"):
        at += 1
    found = _relative(words, at, today) or _month(words, at, today) if at < len(words) else None
    if found is None or not found.periods[0].since or not found.periods[0].until:
        return None
    whole = found.periods[0]
    if whole.since is None or whole.until is None or (whole.until - whole.since).days < _SHORTEST_MONTH:
        return None
    if first_day is None:
        period = Period(whole.until - timedelta(days=6), whole.until)
    else:
        first = whole.since + timedelta(days=first_day)
        period = Period(first, first + timedelta(days=6))
    return Read((period,), at + found.used - start)


_SHORTEST_MONTH = 27
_MONTH_PARTS: Mapping[str, int | None] = {
    **dict.fromkeys(("first week", "1st week", "beginning", "start", "early"), 0),
    **dict.fromkeys(("second week", "2nd week"), 7),
    **dict.fromkeys(("third week", "3rd week"), 14),
    **dict.fromkeys(("last week", "end", "late"), None),
}  # the days before the part; None: its last seven
_SPAN_WORDS = 4
_SPANNED = re.compile(
    r"(\d{1,2}(?:\.\d{1,2}\.?(?:\d{4})?)?)(?:st|nd|rd|th)?(?:[-–—]|\.\.)(\d{1,2}(?:\.\d{1,2}\.?(?:\d{4})?)?)"
)


def _span(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "1.11.-15.11.", "1-15 Nov", "Nov 1-15", "between 1 and 15 November"."""
    following = words[at + 1] if at + 1 < len(words) else ""
    for span, month, used in ((words[at], following, 2), (following, words[at], 2), (words[at], "", 1)):
        if (found := _SPANNED.fullmatch(span)) is None:
            continue
        if "." in found[1].rstrip(".") and "." in found[2].rstrip("."):
            ends = [calendar_date([one], 0, today) for one in found.groups()]
            return _from_to(ends, 1) if span == words[at] else None
        if month and month_number(month):
            return _from_to([calendar_date([one, month], 0, today) for one in found.groups()], used)
    four = words[at : at + _SPAN_WORDS]
    if len(four) < _SPAN_WORDS or four[1] not in ("and", "-", "–", "to") or not month_number(four[3]):
        return None
    if not (ORDINAL.fullmatch(four[0]) and ORDINAL.fullmatch(four[2])):
        return None
    return _from_to([calendar_date([day, four[3]], 0, today) for day in (four[0], four[2])], _SPAN_WORDS)


def _from_to(ends: Sequence[Read | None], used: int) -> Read | None:
    first, last = ends
    return None if first is None or last is None else Read((_ordered(first.periods[0], last.periods[0]),), used)


def _numbered(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "week 47", "2026", "2026 November"."""
    following = words[at + 1] if at + 1 < len(words) else ""
    if words[at] in ("week", "wk", "cw", "kw") and following.isascii() and following.isdigit():
        return _week(int(following), today)
    if found := _WEEK.fullmatch(words[at]):
        read = _week(int(found[1]), today)
        return read and replace(read, used=1)
    if not is_year(words[at]):
        return None
    if month := month_number(following):
        return Read((month_of(int(words[at]), month),), 2)
    return Read((months(int(words[at]), 1, 12),), 1)


_WEEK = re.compile(r"(?:cw|kw|wk|w)(\d{1,2})")


def _week(number: int, today: date) -> Read | None:
    """The newest week of this ISO number that has begun."""
    for year in (today.year, today.year - 1):
        try:
            first = date.fromisocalendar(year, number, 1)
        except ValueError:
            continue
        if first <= today:
            return Read((Period(first, first + timedelta(days=6)),), 2)
    return None


def _relative(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "today", "this week", "last month", "next week", "last Monday"."""
    word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
    days = {"today": 0, "yesterday": -1, "tomorrow": 1}.get(word)
    if days is not None:
        return Read((replace(one_day(today + timedelta(days=days)), is_current=days == 0),), 1)
    step = 0 if word in _THIS else -1 if word in _LAST else 1 if word == "next" else None
    if step is None:
        return None
    if (unit := _UNITS.get(following)) and following not in _NOT_ALONE:
        return Read((replace(unit_around(unit, today, step), is_current=step == 0),), 2)
    if (weekday := weekday_number(following)) is not None:
        day = today - timedelta(days=(today.weekday() - weekday) % 7)
        if step == -1 and day == today:
            day -= timedelta(days=7)
        if step == 1:
            day += timedelta(days=7)
        return Read((one_day(day),), 2)
    return None


def _counted(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "30d", "last 30 days", "30 days", "2 weeks": from that many days before today on."""
    start, is_last = at, words[at] in _LAST
    at += is_last
    if at >= len(words):
        return None
    if found := _COUNTED.fullmatch(words[at]):
        number, unit, used = int(found[1]), _UNITS[found[2]], 1
    else:
        count = int(words[at]) if words[at].isascii() and words[at].isdigit() else _NUMBERS.get(words[at])
        unit_of = _UNITS.get(words[at + 1]) if at + 1 < len(words) else None
        if count is None or unit_of is None:
            return None
        number, unit, used = count, unit_of, 2
    if at + used < len(words) and words[at + used] == "ago":
        day = units_back(today, number, unit)
        return None if day is None else Read((one_day(day),), at + used + 1 - start)
    first = units_back(today, number, unit)
    return None if first is None else Read((Period(since=first),), at + used - start)


def _named_day(words: Sequence[str], at: int, today: date) -> Read | None:
    weekday = weekday_number(words[at])
    if weekday is None:
        return None
    return Read((one_day(today - timedelta(days=(today.weekday() - weekday) % 7)),), 1)


def _month(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "November", "Nov 2025": without a year the newest that has begun."""
    month = month_number(words[at])
    if month is None:
        return None
    following = words[at + 1] if at + 1 < len(words) else ""
    if is_year(following):
        return Read((month_of(int(following), month),), 2)
    return Read((month_of(today.year - (month > today.month), month),), 1)


def _quarter(words: Sequence[str], at: int, today: date) -> Read | None:
    found = _QUARTER.fullmatch(words[at])
    if not found:
        return None
    first_month = 3 * int(found[1]) - 2
    following = words[at + 1] if at + 1 < len(words) else ""
    if is_year(following):
        return Read((months(int(following), first_month, 3),), 2)
    return Read((months(today.year - (first_month > today.month), first_month, 3),), 1)

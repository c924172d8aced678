"""Dates as people write them: "last week", "since Monday", "5 Nov", "Q3", "between 1.11. and 5.11.".

A day begins at midnight in the asker's zone; the caller knows the zone, this module only counts days.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.errors import QueryError
from bot.query.days import (
    YEARS,
    Period,
    is_year,
    month_number,
    month_of,
    months,
    no_such_day,
    one_day,
    unit_around,
    units_back,
    weekday_number,
    with_year,
)

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
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_YEAR_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.?(\d{4}|\d{2})?")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?")
_QUARTER = re.compile(r"q([1-4])")


@dataclass(frozen=True, slots=True)
class Read:
    """What the words from a position on mean, and how many of them say it.

    `periods` has several members if the words fit several days: "05/11".
    """

    periods: tuple[Period, ...]
    used: int


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
        _calendar_date,
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
        if (period := _PHRASES.get(phrase)) is not None and len(words) >= at + length:
            return Read((period(today),), length)
    return None


def _to_date(unit: str) -> Callable[[date], Period]:
    return lambda today: replace(unit_around(unit, today, 0), is_current=True)


def _days_before(days: int) -> Callable[[date], Period]:
    return lambda today: one_day(today - timedelta(days=days))


def _weekend(weeks: int) -> Callable[[date], Period]:
    """The weekend that is or was last, that many weeks later."""

    def period(today: date) -> Period:
        saturday = today - timedelta(days=(today.weekday() - _SATURDAY) % 7 - 7 * weeks)
        return Period(saturday, saturday + timedelta(days=1))

    return period


def _newest(month: int, day: int) -> Callable[[date], Period]:
    return lambda today: one_day(date(*with_year(month, day, None, today)))


def _easter(today: date) -> Period:
    """The newest Easter Sunday. Source: the Gregorian algorithm of Meeus, Astronomical Algorithms, chapter 8."""
    this_year = _easter_of(today.year)
    return one_day(this_year if this_year <= today else _easter_of(today.year - 1))


def _easter_of(year: int) -> date:
    century, rest = divmod(year, 100)
    skipped = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * (year % 19) + century - century // 4 - skipped + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


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
_SATURDAY = 5
_TODAY = _to_date("day")
_PHRASES: Mapping[str, Callable[[date], Period]] = {
    **dict.fromkeys(("this morning", "this afternoon", "this evening", "tonight", "now", "right now"), _TODAY),
    **dict.fromkeys(("week to date", "wtd", "so far this week"), _to_date("week")),
    **dict.fromkeys(("month to date", "mtd", "so far this month"), _to_date("month")),
    **dict.fromkeys(("quarter to date", "qtd"), _to_date("quarter")),
    **dict.fromkeys(("year to date", "ytd", "so far this year"), _to_date("year")),
    **dict.fromkeys(("last weekend", "weekend", "past weekend", "the weekend"), _weekend(0)),
    **dict.fromkeys(("this weekend", "next weekend", "coming weekend"), _weekend(1)),
    **dict.fromkeys(("christmas", "xmas", "christmas day"), _newest(12, 25)),
    **dict.fromkeys(("new year", "new years", "new year's", "new year's day"), _newest(1, 1)),
    "halloween": _newest(10, 31),
    **dict.fromkeys(("easter", "easter sunday"), _easter),
    **dict.fromkeys(
        ("last fortnight", "past fortnight", "fortnight"), lambda today: Period(today - timedelta(days=14))
    ),
    **dict.fromkeys(("yday", "ystd", "yest"), _days_before(1)),
    **dict.fromkeys(("tmrw", "tmw", "tmr", "tomorow", "tommorow", "2moro"), _days_before(-1)),
    **dict.fromkeys(("2day", "tday"), _TODAY),
    "day before yesterday": _days_before(2),
    "last night": _days_before(1),
}


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
            ends = [_calendar_date([one], 0, today) for one in found.groups()]
            return _from_to(ends, 1) if span == words[at] else None
        if month and month_number(month):
            return _from_to([_calendar_date([one, month], 0, today) for one in found.groups()], used)
    four = words[at : at + _SPAN_WORDS]
    if len(four) < _SPAN_WORDS or four[1] not in ("and", "-", "–", "to") or not month_number(four[3]):
        return None
    if not (_ORDINAL.fullmatch(four[0]) and _ORDINAL.fullmatch(four[2])):
        return None
    return _from_to([_calendar_date([day, four[3]], 0, today) for day in (four[0], four[2])], _SPAN_WORDS)


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


def _calendar_date(words: Sequence[str], at: int, today: date, *, ahead: bool = False) -> Read | None:
    """ "2026-11-05", "5.11.", "25/12/2025", "5 Nov", "Nov 5th, 2026". Dots are day-first; "05/11" is two days. Raises
    QueryError for a day that is in no calendar."""
    word = words[at]
    if found := _ISO.fullmatch(word):
        return _read_days([(int(found[1]), int(found[2]), int(found[3]))])
    if found := _YEAR_MONTH.fullmatch(word):
        year, month = int(found[1]), int(found[2])
        return Read((month_of(year, month),), 1) if year in YEARS and 1 <= month <= 12 else None
    if found := _DOTTED.fullmatch(word):
        is_date = found[3] is not None or word.endswith(".")
        days = [with_year(int(found[2]), int(found[1]), found[3], today, ahead=ahead)]
        return _read_days(days, may_be_a_number=not is_date)
    if found := _SLASHED.fullmatch(word):
        first, second = int(found[1]), int(found[2])
        pairs = dict.fromkeys(((second, first), (first, second)))  # (month, day)
        days = [with_year(month, day, found[3], today, ahead=ahead) for month, day in pairs]
        return _read_days(days, may_be_a_number=found[3] is None)
    following = words[at + 1] if at + 1 < len(words) else ""
    for month_word, day_word in ((following, word), (word, following)):
        number_of_month, ordinal = month_number(month_word), _ORDINAL.fullmatch(day_word)
        if number_of_month and ordinal:
            year_word = words[at + 2] if at + 2 < len(words) else ""
            spelled = year_word if is_year(year_word) else None
            read = _read_days([with_year(number_of_month, int(ordinal[1]), spelled, today, ahead=ahead)])
            return read and Read(read.periods, 3 if spelled else 2)
    return None


def _read_days(days: Sequence[tuple[int, int, int]], *, may_be_a_number: bool = False) -> Read | None:
    """The days that are in the calendar. Raises QueryError if none is, unless they may be a number: "80.5"."""
    found = []
    for year, month, day in days:
        try:
            found.append(one_day(date(year, month, day)))
        except ValueError:
            continue
    year, month, day = days[0]
    is_likely = 1 <= month <= 12 and 1 <= day <= 31
    if not found and year in YEARS and (is_likely or not may_be_a_number):
        raise no_such_day(year, month, day)
    found = [one for one in found if one.since is not None and one.since.year in YEARS]
    return Read(tuple(found), 1) if found else None


def read_day(text: str, today: date) -> date:
    """The day that a text names alone, written as in a query; without a year the next one. Raises QueryError."""
    words = date_words(text)
    read = _calendar_date(words, 0, today, ahead=True) if words else None
    if read is None or read.used != len(words) or any(one.since != one.until for one in read.periods):
        raise QueryError(f"“{text}” is no day: it is written 2026-12-25, 25.12. or 25 Dec.")
    days = [one.since for one in read.periods if one.since is not None]
    if len(days) > 1:
        raise QueryError(f"“{text}” fits {len(days)} days.", [str(day) for day in days])
    return days[0]


def date_words(text: str) -> list[str]:
    """The words of a date: the punctuation inside it stays."""
    words = (one.strip(",;()\"'“”?!…").removesuffix("'s").removesuffix("’s") for one in text.lower().split())
    return [word.rstrip(".") if word[:-1].isalpha() else word for word in words if word]


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

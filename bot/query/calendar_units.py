"""Weeks, months, quarters and years by name, and parts of them: "last week", "November", "Q3", "first half of 2026"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.query.calendar_dates import Read
from bot.query.days import (
    Period,
    is_year,
    month_number,
    month_of,
    months,
    one_day,
    unit_around,
    weekday_number,
)

THIS = frozenset({"this", "current"})
LAST = frozenset({"last", "past", "previous", "prev", "recent"})
NEXT = frozenset({"next", "coming"})
UNITS: Mapping[str, str] = {
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
_NOT_ALONE = ("d", "w", "m", "y", "h", "days", "weeks", "months", "years", "hour", "hours", "hrs")  # behind "last"
_POSSESSIVE = ("weeks", "months", "quarters", "years")  # "last months results" is one month's, typed without its sign
_WHOLE_UNITS = ("week", "month", "quarter", "year")
_QUARTER = re.compile(r"q([1-4])")
_HALF_YEAR = re.compile(r"h([12])")
_ORDINALS: Mapping[str, int] = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4,
}  # fmt: skip


def named_unit(words: Sequence[str], at: int, today: date) -> Read | None:
    """The unit that begins at a word: "last month", "November 2025", "Q3", "2026"; None if none does."""
    if at >= len(words):
        return None
    for reader in (relative, month, quarter, numbered):
        if (found := reader(words, at, today)) is not None:
            return found
    return None


def numbered(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "week 47", "2026", "2026 November"."""
    following = words[at + 1] if at + 1 < len(words) else ""
    if words[at] in ("week", "wk", "cw", "kw") and following.isascii() and following.isdigit():
        return _week(int(following), today)
    if found := _WEEK.fullmatch(words[at]):
        read = _week(int(found[1]), today)
        return read and replace(read, used=1)
    if not is_year(words[at]):
        return None
    if number := month_number(following):
        return Read((month_of(int(words[at]), number),), 2)
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


def relative(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "today", "this week", "last month", "next week", "last Monday"."""
    word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
    days = {"today": 0, "yesterday": -1, "tomorrow": 1}.get(word)
    if days is not None:
        return Read((replace(one_day(today + timedelta(days=days)), is_current=days == 0),), 1)
    step = 0 if word in THIS else -1 if word in LAST else 1 if word in NEXT else None
    if step is None:
        return None
    if number := month_number(following):
        return _stepped_month(words, at, number, step, today)
    if following in _POSSESSIVE and at + 2 < len(words) and words[at - 1 : at] not in (["the"], ["in"]):
        return Read((replace(unit_around(UNITS[following], today, step), is_current=step == 0),), 2)
    if (unit := UNITS.get(following)) and following not in _NOT_ALONE:
        return Read((replace(unit_around(unit, today, step), is_current=step == 0),), 2)
    if (weekday := weekday_number(following)) is not None:
        day = today - timedelta(days=(today.weekday() - weekday) % 7)
        if step == -1 and day == today:
            day -= timedelta(days=7)
        if step == 1:
            day += timedelta(days=7)
        return Read((one_day(day),), 2)
    return None


def _stepped_month(words: Sequence[str], at: int, number: int, step: int, today: date) -> Read | None:
    """ "last November" is over, "this November" lies in this year, "next November" is still to begin."""
    if words[at + 2 : at + 3] and is_year(words[at + 2]):
        return Read((month_of(int(words[at + 2]), number),), 3)
    if words[at + 2 : at + 3] and words[at + 2].rstrip("stndrh").isdigit():  # "last Nov 5th" is a day
        return None
    late = {0: 0, -1: -(number >= today.month), 1: number <= today.month}[step]
    return Read((month_of(today.year + late, number),), 2)


def named_day(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "Monday": the newest one, today included."""
    weekday = weekday_number(words[at])
    if weekday is None:
        return None
    return Read((one_day(today - timedelta(days=(today.weekday() - weekday) % 7)),), 1)


def month(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "November", "Nov 2025": without a year the newest that has begun."""
    number = month_number(words[at])
    if number is None:
        return None
    year, used = _year_behind(words, at + 1, today)
    return Read((month_of(year or today.year - (number > today.month), number),), 1 + used)


def _year_behind(words: Sequence[str], at: int, today: date) -> tuple[int | None, int]:
    """The year behind a month or quarter, and how many words say it: "2025", "of 2025", "last year"."""
    start = at
    while words[at : at + 1] and words[at] in ("of", "in"):
        at += 1
    if words[at : at + 1] and is_year(words[at]):
        return int(words[at]), at + 1 - start
    if words[at + 1 : at + 2] == ["year"] and words[at] in THIS | LAST:
        return today.year - (words[at] in LAST), at + 2 - start
    return None, 0


def quarter(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "Q3", "Q3 2025", "third quarter", "quarter 3", "H1": without a year the newest that has begun."""
    following = words[at + 1] if at + 1 < len(words) else ""
    if found := _HALF_YEAR.fullmatch(words[at]):
        count, first, used = 6, 6 * int(found[1]) - 5, 1
    elif found := _QUARTER.fullmatch(words[at]):
        count, first, used = 3, 3 * int(found[1]) - 2, 1
    elif following == "quarter" and words[at] in _ORDINALS:
        count, first, used = 3, 3 * _ORDINALS[words[at]] - 2, 2
    elif words[at] == "quarter" and following in ("1", "2", "3", "4"):
        count, first, used = 3, 3 * int(following) - 2, 2
    else:
        return None
    year, more = _year_behind(words, at + used, today)
    return Read((months(year or today.year - (first > today.month), first, count),), used + more)


# ---- parts of units ------------------------------------------------------------------------------------------------

_FIRST_DAYS: Mapping[str, int] = {
    **dict.fromkeys(("first week", "1st week", "beginning", "start", "early", "begin"), 0),
    **dict.fromkeys(("second week", "2nd week"), 7),
    **dict.fromkeys(("third week", "3rd week"), 14),
    **dict.fromkeys(("mid", "middle", "the middle"), 10),
}  # the days of the month before the part
_LAST_DAYS = frozenset({"last week", "end", "late", "last days"})
_HALVES: Mapping[str, int] = {"first half": 0, "1st half": 0, "second half": 1, "2nd half": 1, "last half": 1}
_PART_DAYS, _MIDDLE_DAYS = 7, 10
_SHORTEST_MONTH = 27


def part_of_unit(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "first week of November", "mid November", "end of October": seven days, ten of them; "second half of 2026"."""
    part = next((n for n in (3, 2, 1) if " ".join(words[at : at + n]) in _PARTS), 0)
    if not part:
        return None
    start, said = at, " ".join(words[at : at + part])
    at += part
    while at < len(words) and words[at] in ("of", "in", "the"):
        at += 1
    found = _unit_alone(words, at, today) or named_unit(words, at, today)
    whole = found.periods[0] if found else None
    if found is None or whole is None or whole.since is None or whole.until is None:
        return None
    period = _part(said, whole.since, whole.until)
    return None if period is None else Read((period,), at + found.used - start)


_PARTS = frozenset({*_FIRST_DAYS, *_LAST_DAYS, *_HALVES})


def _unit_alone(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "the month" behind "end of": the present one."""
    if at >= len(words) or words[at] not in _WHOLE_UNITS:
        return None
    return Read((unit_around(UNITS[words[at]], today, 0),), 1)


def _part(said: str, since: date, until: date) -> Period | None:
    """The part of a month, quarter or year; of a week only its beginning and end have one."""
    days = (until - since).days
    if said in _HALVES:
        return _half(_HALVES[said], since, until) if days >= _SHORTEST_MONTH else None
    if days < _SHORTEST_MONTH and "week" in said:
        return None
    if said in _LAST_DAYS:
        return Period(max(since, until - timedelta(days=_PART_DAYS - 1)), until)
    first = since + timedelta(days=_FIRST_DAYS[said])
    length = _MIDDLE_DAYS if _FIRST_DAYS[said] == _FIRST_DAYS["mid"] else _PART_DAYS
    return None if first > until else Period(first, min(until, first + timedelta(days=length - 1)))


def _half(which: int, since: date, until: date) -> Period:
    """The first half of a month ends on the 15th, that of a year in June; a quarter is cut at its middle day."""
    if (until - since).days > 300:
        middle = date(since.year, 6, 30)
    else:
        middle = since + timedelta(days=14 if (until - since).days < 31 else (until - since).days // 2)
    return Period(middle + timedelta(days=1), until) if which else Period(since, middle)

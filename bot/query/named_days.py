"""Days and times with a name: "this morning", "last weekend", "month to date", "Easter"."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from bot.query.days import Period, one_day, unit_around, units_back, with_year


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
    century, remainder = divmod(year, 100)
    skipped = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * (year % 19) + century - century // 4 - skipped + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (remainder // 4) - epact - remainder % 4) % 7
    late = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _half_a_year(today: date) -> Period:
    return Period(since=units_back(today, 6, "month"))


_SATURDAY = 5
_TODAY = _to_date("day")
PHRASES: Mapping[str, Callable[[date], Period]] = {
    **dict.fromkeys(("this morning", "this afternoon", "this evening", "tonight"), _TODAY),
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
    "week before last": lambda today: unit_around("week", today, -2),
    "month before last": lambda today: unit_around("month", today, -2),
    **dict.fromkeys(("last hour", "past hour"), _TODAY),
    **dict.fromkeys(("half a year", "half year", "last half year", "past half year"), _half_a_year),
    **dict.fromkeys(("yday", "ystd", "yest"), _days_before(1)),
    **dict.fromkeys(("tmrw", "tmw", "tmr", "tomorow", "tommorow", "2moro"), _days_before(-1)),
    **dict.fromkeys(("2day", "tday"), _TODAY),
    "day before yesterday": _days_before(2),
    "last night": _days_before(1),
}

"""Days, weeks and months as periods, and the names of weekdays and months."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.errors import QueryError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
YEARS = range(2000, 2101)
MOST_BACK = 3_660  # days: ten years
_SHORT_DAYS = ("mons", "tues", "weds", "thurs", "fris", "sats", "suns")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` to `until`, both included; None is an open end.

    `is_current`: the words name the present day, week, month …, whose end need not be said.
    """

    since: date | None = None
    until: date | None = None
    is_current: bool = False


def one_day(day: date) -> Period:
    return Period(day, day)


def unit_around(unit: str, today: date, step: int) -> Period:
    """This, the last or the next unit; a week begins on Monday."""
    match unit:
        case "day":
            return one_day(today + timedelta(days=step))
        case "week":
            first = today + timedelta(days=7 * step - today.weekday())
            return Period(first, first + timedelta(days=6))
        case "month":
            return months(today.year, today.month + step, 1)
        case "quarter":
            return months(today.year, today.month - (today.month - 1) % 3 + 3 * step, 3)
        case _:
            return Period(date(today.year + step, 1, 1), date(today.year + step, 12, 31))


def month_of(year: int, month: int) -> Period:
    return months(year, month, 1)


def months(year: int, first: int, count: int) -> Period:
    """The days of `count` months; `first` may lie outside 1 to 12."""
    return Period(_first_of(year, first), _first_of(year, first + count) - timedelta(days=1))


def _first_of(year: int, month: int) -> date:
    more, index = divmod(month - 1, 12)
    return date(year + more, index + 1, 1)


def units_back(today: date, number: int, unit: str) -> date | None:
    """The day that many units before today; a month earlier is the same day or that month's last. None: too far."""
    if number < 1:
        return None
    if unit == "hour":  # a day for each that begins: an answer holds whole days
        number, unit = -(-number // 24), "day"
    if unit in ("day", "week"):
        days = number * (7 if unit == "week" else 1)
        return today - timedelta(days=days) if days <= MOST_BACK else None
    months = number * {"month": 1, "quarter": 3}.get(unit, 12)
    if months > MOST_BACK // 30:
        return None
    first = _first_of(today.year, today.month - months)
    last = _first_of(today.year, today.month - months + 1) - timedelta(days=1)
    return first.replace(day=min(today.day, last.day))


def with_year(month: int, day: int, year: str | None, today: date, *, ahead: bool = False) -> tuple[int, int, int]:
    """A day with its year: the year given, else the newest in which the day is not after today; `ahead`: the first in
    which it is not before today."""
    if year is not None:
        return (2000 + int(year) if len(year) == 2 else int(year)), month, day
    if ahead:
        return today.year + ((month, day) < (today.month, today.day)), month, day
    return today.year - ((month, day) > (today.month, today.day)), month, day


def no_such_day(year: int, month: int, day: int) -> QueryError:
    """What is wrong with a day that is in no calendar."""
    if not 1 <= month <= 12:
        return QueryError(f"There is no month {month}: a year has 12.")
    last = monthrange(year, month)[1]
    name = f"{MONTHS[month - 1].capitalize()} {year}"
    return QueryError(f"There is no day {day} in {name}: it has {last} days.")


def weekday_number(word: str) -> int | None:
    if len(word) < 3:
        return None
    return next((number for number, name in enumerate(WEEKDAYS) if word in (name, name[:3], _SHORT_DAYS[number])), None)


def month_number(word: str) -> int | None:
    if len(word) < 3:
        return None
    return next(
        (n for n, name in enumerate(MONTHS, 1) if word in (name, name[:3]) or (word == "sept" and n == 9)), None
    )


def is_year(word: str) -> bool:
    return len(word) == 4 and word.isascii() and word.isdigit() and int(word) in YEARS

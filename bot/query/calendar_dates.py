"""Days by their date: "2026-11-05", "5.11.", "25/12/2025", "5 Nov"; and those that are in no calendar."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.errors import QueryError
from bot.query.days import YEARS, Period, is_year, month_number, month_of, no_such_day, one_day, with_year

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_YEAR_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.?(\d{4}|\d{2})?")
_YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})/(\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?")
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?")


@dataclass(frozen=True, slots=True)
class Read:
    """What the words from a position on mean, and how many of them say it.

    `periods` has several members if the words fit several days: "05/11".
    """

    periods: tuple[Period, ...]
    used: int


def calendar_date(words: Sequence[str], at: int, today: date, *, ahead: bool = False) -> Read | None:
    """ "2026-11-05", "5.11.", "25/12/2025", "5 Nov", "Nov 5th, 2026". Dots are day-first; "05/11" is two days. Raises
    QueryError for a day that is in no calendar."""
    word = words[at]
    if found := _ISO.fullmatch(word):
        return _read_days([(int(found[1]), int(found[2]), int(found[3]))])
    if found := _YEAR_FIRST.fullmatch(word):
        return _read_days([(int(found[1]), int(found[2]), int(found[3]))])
    if found := _YEAR_MONTH.fullmatch(word) or _MONTH_YEAR.fullmatch(word):
        year, month = sorted((int(found[1]), int(found[2])), reverse=True)
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
    of = int(at + 1 < len(words) and words[at + 1] == "of")  # "5th of November"
    following = words[at + 1 + of] if at + 1 + of < len(words) else ""
    for month_word, day_word in ((following, word), (word, following))[: 1 if of else 2]:
        number_of_month, day = month_number(month_word), _day_number(day_word)
        if number_of_month and day is not None:
            end = at + 2 + of
            year_word = words[end] if end < len(words) else ""
            spelled = year_word if is_year(year_word) else None
            read = _read_days([with_year(number_of_month, day, spelled, today, ahead=ahead)])
            return read and Read(read.periods, end - at + bool(spelled))
    return None


def _day_number(word: str) -> int | None:
    """The day of a month: 5, 5th, first; None if a word is none."""
    found = ORDINAL.fullmatch(word)
    return int(found[1]) if found else 1 if word == "first" else None


def day_of_month(words: Sequence[str], at: int, today: date) -> Read | None:
    """ "the 5th": the newest day of that number that has begun."""
    found = _LONE_ORDINAL.fullmatch(words[at])
    if not found or not 1 <= int(found[1]) <= 31:
        return None
    day, month = int(found[1]), today.year * 12 + today.month - 1 - (int(found[1]) > today.day)
    for back in range(3):  # a month without a 31st has one with it before it
        year, index = divmod(month - back, 12)
        try:
            return Read((one_day(date(year, index + 1, day)),), 1)
        except ValueError:
            continue
    return None


_LONE_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")


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
    read = calendar_date(words, 0, today, ahead=True) if words else None
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

"""Days as people write them: those to come, those in no calendar, and days with a name."""

from datetime import date

import pytest

from bot.domain.errors import QueryError
from bot.query.calendar_dates import date_words, read_day
from bot.query.periods import read_period

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-25", date(2026, 12, 25)),
        ("25.12.", date(2026, 12, 25)),
        ("25.12.2027", date(2027, 12, 25)),
        ("25 dec", date(2026, 12, 25)),
        ("Dec 25th, 2026", date(2026, 12, 25)),
        ("25/12", date(2026, 12, 25)),
        ("1 jan", date(2027, 1, 1)),  # the next one
        ("27 nov", FRIDAY),
        ("29.02.2028", date(2028, 2, 29)),
    ],
)
def test_a_day_to_come_is_written_as_in_a_query(text: str, day: date) -> None:
    assert read_day(text, FRIDAY) == day


@pytest.mark.parametrize("text", ["", "xmas party", "december", "last week", "25 dec 26 dec", "12", "05/11"])
def test_what_is_not_one_day_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"is no day|fits 2 days"):
        read_day(text, FRIDAY)


@pytest.mark.parametrize(
    "text", ["31.02.", "31.02.2026", "31.02", "30 feb", "feb 30th", "2026-02-30", "2026-13-01", "31/04", "since 31.11."]
)
def test_a_day_that_is_in_no_calendar_is_named(text: str) -> None:
    with pytest.raises(QueryError, match=r"There is no (day 3|month 13)"):
        read_period(date_words(text), 0, FRIDAY)


@pytest.mark.parametrize("text", ["80.5", "99.99", "45/60"])
def test_a_number_is_no_day(text: str) -> None:
    assert read_period([text], 0, FRIDAY) is None


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("since easter", date(2026, 4, 5), None),
        ("easter", date(2026, 4, 5), date(2026, 4, 5)),
        ("since christmas", date(2025, 12, 25), None),
        ("since new years", date(2026, 1, 1), None),
        ("first week of november", date(2026, 11, 1), date(2026, 11, 7)),
        ("end of october", date(2026, 10, 25), date(2026, 10, 31)),
        ("beginning of last month", date(2026, 10, 1), date(2026, 10, 7)),
        ("last week", date(2026, 11, 16), date(2026, 11, 22)),
        ("tmrw", date(2026, 11, 28), date(2026, 11, 28)),
    ],
)
def test_days_and_weeks_have_names(text: str, since: date, until: date | None) -> None:
    found = read_period(text.split(), 0, FRIDAY)
    assert found is not None
    (period,) = found.periods
    assert (period.since, period.until) == (since, until)


@pytest.mark.parametrize(
    ("year", "day"), [(2000, (4, 23)), (2008, (3, 23)), (2019, (4, 21)), (2024, (3, 31)), (2038, (4, 25))]
)  # source: the table of the U.S. Census Bureau, https://www.census.gov/data/software/x13as/genhol/easter-dates.html
def test_easter_is_where_the_almanac_has_it(year: int, day: tuple[int, int]) -> None:
    found = read_period(["easter"], 0, date(year, 12, 31))
    assert found is not None and found.periods[0].since == date(year, *day)

"""A date is read the same whether or not another of its hour was read before."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ispring.dates import DateOrder, Dates

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"))
MOMENTS = st.integers(0, 50 * 366 * 86_400).map(
    lambda seconds: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
)


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=5), ZONES, st.sampled_from(tuple(DateOrder)))
def test_a_date_is_read_alone_as_beside_others(moments: list[datetime], zone: str, order: DateOrder) -> None:
    together = Dates(ZoneInfo(zone), order)
    day_first = month_first = 0
    for start in moments:
        for at in (start, start + timedelta(minutes=1), start - timedelta(minutes=1), start + timedelta(hours=1)):
            text = at.strftime("%d-%m-%Y, %H:%M:%S")
            alone = Dates(ZoneInfo(zone), order)
            assert together.read(text) == alone.read(text)
            day_first += alone.evidence().day_first
            month_first += alone.evidence().month_first
    found = together.evidence()
    assert (found.day_first, found.month_first) == (day_first, month_first)


@pytest.mark.parametrize(
    "text", ["05-08-2024, 09:60:00", "05-08-2024, 09:59:60", "31-02-2024, 09:00:00", "05-08-2024, 24:00:00"]
)
def test_what_is_no_time_stays_unread_beside_its_hour(text: str) -> None:
    dates = Dates(BERLIN, DateOrder.DMY)
    dates.read("05-08-2024, 09:00:00")
    assert dates.read(text).at is None
    assert dates.evidence().unreadable == 1


def test_minutes_of_an_hour_in_which_the_clocks_change_are_read_one_by_one() -> None:
    """In 2006 the clocks of St. John's changed a minute after midnight."""
    zone = ZoneInfo("America/St_Johns")
    dates = Dates(zone, DateOrder.DMY)
    for minute in (0, 1, 30):
        at = dates.read(f"02-04-2006, 00:{minute:02}:00").at
        assert at == datetime(2006, 4, 2, 0, minute, tzinfo=zone).astimezone(UTC)

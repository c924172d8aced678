"""The two days a year on which a day has 23 or 25 hours, in Berlin and New York."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.cadence import joins_until
from bot.domain.notifications import Destination, DestinationKind
from bot.ispring.dates import DateOrder, Dates
from bot.query.values import since_when

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "missing", "is_read_as", "before", "after"),
    [
        (BERLIN, "29-03-2026, 02:30:00", "2026-03-29T01:30", "29-03-2026, 01:59:59", "29-03-2026, 03:00:00"),
        (NEW_YORK, "08-03-2026, 02:30:00", "2026-03-08T07:30", "08-03-2026, 01:59:59", "08-03-2026, 03:00:00"),
    ],
)
def test_an_hour_that_does_not_exist_is_read_as_before_the_change(
    zone: ZoneInfo, missing: str, is_read_as: str, before: str, after: str
) -> None:
    dates = Dates(zone, DateOrder.DMY)
    assert dates.read(missing).at == utc(is_read_as)
    last, first = dates.read(before).at, dates.read(after).at
    assert last is not None and first is not None
    assert first - last == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("zone", "twice", "is_read_as", "after", "hours_between"),
    [
        (BERLIN, "25-10-2026, 02:30:00", "2026-10-25T00:30", "25-10-2026, 03:30:00", 2),
        (NEW_YORK, "01-11-2026, 01:30:00", "2026-11-01T05:30", "01-11-2026, 02:30:00", 2),
    ],
)
def test_an_hour_that_exists_twice_is_the_first(
    zone: ZoneInfo, twice: str, is_read_as: str, after: str, hours_between: int
) -> None:
    dates = Dates(zone, DateOrder.DMY)
    for _ in range(2):  # also when its hour was read before
        assert dates.read(twice).at == utc(is_read_as)
    later = dates.read(after).at
    assert later is not None
    assert later - utc(is_read_as) == timedelta(hours=hours_between)


def test_an_iso_date_with_its_offset_is_never_ambiguous() -> None:
    dates = Dates(BERLIN, DateOrder.DMY)
    assert dates.read("2026-10-25T02:30:00+02:00").at == utc("2026-10-25T00:30")
    assert dates.read("2026-10-25T02:30:00+01:00").at == utc("2026-10-25T01:30")


@pytest.mark.parametrize(
    ("typed", "zone", "now", "begins"),
    [
        # Spring: the day has 23 hours, and still begins at its midnight.
        ("today", BERLIN, "2026-03-29T20:00", "2026-03-28T23:00"),
        ("yesterday", BERLIN, "2026-03-30T10:00", "2026-03-28T23:00"),
        ("7d", BERLIN, "2026-03-30T10:00", "2026-03-22T23:00"),
        ("last week", BERLIN, "2026-03-30T10:00", "2026-03-22T23:00"),
        ("mon", BERLIN, "2026-03-30T10:00", "2026-03-29T22:00"),
        ("2026-03-29T02:30", BERLIN, "2026-03-30T10:00", "2026-03-29T01:30"),
        ("today", NEW_YORK, "2026-03-08T20:00", "2026-03-08T05:00"),
        ("1d", NEW_YORK, "2026-03-09T12:00", "2026-03-08T05:00"),
        ("1m", NEW_YORK, "2026-04-08T12:00", "2026-03-08T05:00"),
        # Autumn: it has 25.
        ("today", BERLIN, "2026-10-25T22:30", "2026-10-24T22:00"),
        ("today", BERLIN, "2026-10-25T23:30", "2026-10-25T23:00"),
        ("1d", BERLIN, "2026-10-26T10:00", "2026-10-24T22:00"),
        ("this month", BERLIN, "2026-10-26T10:00", "2026-09-30T22:00"),
        ("2026-10-25T02:30", BERLIN, "2026-10-26T10:00", "2026-10-25T00:30"),
        ("today", NEW_YORK, "2026-11-02T04:30", "2026-11-01T04:00"),
        ("yesterday", NEW_YORK, "2026-11-02T12:00", "2026-11-01T04:00"),
        ("last month", NEW_YORK, "2026-11-02T12:00", "2026-10-01T04:00"),
    ],
)
def test_days_begin_at_their_midnight_whatever_their_length(typed: str, zone: ZoneInfo, now: str, begins: str) -> None:
    assert since_when(typed, now=utc(now), zone=zone) == utc(begins)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_no_hour_of_the_year_makes_a_day_begin_later_than_it_is(zone: ZoneInfo) -> None:
    now = utc("2026-01-01T00:30")
    while now.year == 2026:
        begins = since_when("today", now=now, zone=zone)
        assert timedelta(0) <= now - begins < timedelta(hours=25)
        assert since_when("7d", now=now, zone=zone) <= now - timedelta(days=7) + timedelta(hours=1)
        now += timedelta(hours=1)


@pytest.mark.parametrize("change", ["2026-03-29T00:59:50", "2026-10-25T00:59:50", "2026-03-08T06:59:50"])
def test_waits_are_as_long_as_ever_over_a_change(change: str) -> None:
    now, person = utc(change), Destination(DestinationKind.PERSON, "ana")
    assert joins_until(person, now, 120) == now + timedelta(seconds=150)

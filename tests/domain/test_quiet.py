"""Quiet time ends at the instant it is said to end at, in the person's zone, over a year with its changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import QueryError
from bot.domain.quiet import NEVER, Quiet, held_until, parse_quiet
from tests.domain.test_schedules import BERLIN, KOLKATA, ZONES, utc

NIGHT = Quiet(time(22), time(7))
NIGHT_AND_WEEKEND = Quiet(time(20), time(7), frozenset({5, 6}))


@pytest.mark.parametrize(
    ("quiet", "now", "expected"),
    [
        (NIGHT, utc(2026, 11, 27, 20, 59), None),  # 21:59 in Berlin
        (NIGHT, utc(2026, 11, 27, 21), utc(2026, 11, 28, 6)),
        (NIGHT, utc(2026, 11, 28, 2), utc(2026, 11, 28, 6)),
        (NIGHT, utc(2026, 11, 28, 6), None),
        # From Friday evening to Monday morning, in one stretch.
        (NIGHT_AND_WEEKEND, utc(2026, 11, 27, 19), utc(2026, 11, 30, 6)),
        (NIGHT_AND_WEEKEND, utc(2026, 11, 28, 12), utc(2026, 11, 30, 6)),
        # A holiday on Thursday, and none for who does not want them.
        (NIGHT, utc(2026, 12, 24, 12), utc(2026, 12, 25, 6)),
        (Quiet(time(22), time(7), holidays=False), utc(2026, 12, 24, 12), None),
        # Over noon.
        (Quiet(time(12), time(13)), utc(2026, 11, 27, 11, 30), utc(2026, 11, 27, 12)),
        # The clock is turned forward over the end, and back over it: it is over at the first 02:30.
        (Quiet(time(22), time(2, 30)), utc(2027, 3, 28, 0, 59), utc(2027, 3, 28, 1)),
        (Quiet(time(22), time(2, 30)), utc(2026, 10, 25, 0, 15), utc(2026, 10, 25, 0, 30)),
        (Quiet(time(22), time(2, 30)), utc(2026, 10, 25, 1, 15), None),
        (NEVER, utc(2026, 12, 24, 3), None),
    ],
)
def test_what_is_held_and_until_when(quiet: Quiet, now: datetime, expected: datetime | None) -> None:
    assert held_until(quiet, BERLIN, [date(2026, 12, 24)], now) == expected


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_over_a_year_nothing_is_sent_in_quiet_time_and_the_end_is_the_first_moment_without(zone: ZoneInfo) -> None:
    now = utc(2026, 9, 1)
    while now < utc(2027, 9, 1):
        end = held_until(NIGHT_AND_WEEKEND, zone, [], now)
        local = now.astimezone(zone)
        is_quiet = local.weekday() >= 5 or local.hour >= 20 or local.hour < 7
        assert (end is not None) == is_quiet
        if end is not None:
            assert held_until(NIGHT_AND_WEEKEND, zone, [], end) is None
            assert held_until(NIGHT_AND_WEEKEND, zone, [], end - timedelta(seconds=1)) == end
            assert (end.astimezone(zone).hour, end.astimezone(zone).minute) == (7, 0)
        now += timedelta(minutes=97)


def test_half_an_hour_off_is_half_an_hour_off() -> None:
    assert held_until(NIGHT, KOLKATA, [], utc(2026, 11, 27, 17)) == utc(2026, 11, 28, 1, 30)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("20:00-07:00 weekend", "20:00-07:00 sat sun"),
        ("22-7", "22:00-07:00"),
        ("22 to 6:30, sat and sunday", "22:00-06:30 sat sun"),
        ("weekend", "sat sun"),
        ("18-24", "18:00-00:00"),
        ("7pm to 7am", "19:00-07:00"),
        ("between 7pm and 6.30am", "19:00-06:30"),
        ("evenings", "20:00-07:00"),
        ("at night", "20:00-07:00"),
        ("after 19:00", "19:00-07:00"),
        ("before 9", "00:00-09:00"),
        ("on weekends", "sat sun"),
        ("off", "off"),
    ],
)
def test_quiet_time_is_read_as_people_type_it(text: str, canonical: str) -> None:
    quiet = parse_quiet(text)
    assert str(quiet) == canonical
    assert parse_quiet(canonical) == quiet


@pytest.mark.parametrize("text", ["", "25-7", "7-7", "22-7:99", "lunch", "mon tue wed thu fri sat sun", "13pm"])
def test_what_is_no_quiet_time_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse_quiet(text)


def test_holidays_without_end_hold_nothing_for_ever() -> None:
    every_day = {date(2026, 1, 1) + timedelta(days=day) for day in range(3_000)}
    end = held_until(Quiet(), BERLIN, every_day, datetime(2026, 11, 27, tzinfo=UTC))
    assert end is not None
    assert end < utc(2027, 2, 1)


def test_quiet_hours_of_some_days_are_refused() -> None:
    with pytest.raises(QueryError) as refused:
        parse_quiet("7pm to 7am on weekdays")
    assert "can't be kept for “on weekdays” alone" in str(refused.value)
    assert list(refused.value.suggestions) == ["quiet 19:00-07:00", "quiet 19:00-07:00 weekend"]

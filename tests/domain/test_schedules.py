"""A slot is a rule's local day: due once, whatever the clock, the zone, restarts and other processes do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import QueryError
from bot.domain.schedules import (
    Every,
    Schedule,
    Slot,
    due,
    instant,
    next_slot,
    parse_schedule,
    usual_period,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # summer time is half an hour
KOLKATA = ZoneInfo("Asia/Kolkata")  # half an hour off, no summer time
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, KOLKATA)
DAILY, WEEKLY, MONTHLY = (
    Schedule(Every.DAY, time(2, 15)),
    Schedule(Every.WEEK, time(2, 15), 6),  # the changes are on Sundays
    Schedule(Every.MONTH, time(23, 59), 31),
)


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc, arg-type]


# ---- as text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical", "zone", "rest"),
    [
        ("daily 09:00", "daily 09:00", "", ""),
        ("Daily at 9", "daily 09:00", "", ""),
        ("daily 9pm", "daily 21:00", "", ""),
        ("daily 12 am", "daily 00:00", "", ""),
        ("daily 7.30 failed", "daily 07:30", "", "failed"),
        ("weekly mon 09:00", "weekly mon 09:00", "", ""),
        ("weekly monday 9 north", "weekly mon 09:00", "", "north"),
        ("weekly on thurs at 17:45 dept:\"Store 12\"", "weekly thu 17:45", "", 'dept:"Store 12"'),
        ("monthly 1 09:00", "monthly 1 09:00", "", ""),
        ("monthly 31st 9 store 12", "monthly 31 09:00", "", "store 12"),
        ("daily 09:00 Europe/Berlin north", "daily 09:00", "Europe/Berlin", "north"),
        ("daily 09:00 UTC", "daily 09:00", "UTC", ""),
        ("every friday at 5pm", "weekly fri 17:00", "", ""),
        ("each monday 9 north", "weekly mon 09:00", "", "north"),
        ("every day at 8", "daily 08:00", "", ""),
        ("everyday 8", "daily 08:00", "", ""),
        ("on fridays 17:00 opening", "weekly fri 17:00", "", "opening"),
        ("weekly at 9 on monday", "weekly mon 09:00", "", ""),
        ("every week on tue 9", "weekly tue 09:00", "", ""),
        ("every month on the 3rd at 5 pm store 12", "monthly 3 17:00", "", "store 12"),
    ],
)  # fmt: skip
def test_a_schedule_is_read_as_people_type_it(text: str, canonical: str, zone: str, rest: str) -> None:
    schedule, named, left = parse_schedule(text)
    assert (str(schedule), named, left) == (canonical, zone, rest)
    assert parse_schedule(canonical) == (schedule, "", "")


@pytest.mark.parametrize(
    "text",
    ["", "hourly", "daily", "daily 24:00", "daily 9:60", "daily 13 pm", "daily 9x", "weekly", "weekly 9",
     "weekly xyz 9", "weekly t 9", "monthly 09:00", "monthly 0 9", "monthly 32 9", "monthly 1"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_with_schedules_to_choose_from(text: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse_schedule(text)
    assert refused.value.suggestions
    for one in refused.value.suggestions:
        assert parse_schedule(one)[2] == ""


@pytest.mark.parametrize(
    "text", ["weekly mon 25:00 north", "every friday north", "monthly on the 40th north", "daily north"]
)
def test_a_schedule_to_choose_keeps_the_query(text: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse_schedule(text)
    assert [parse_schedule(one)[2] for one in refused.value.suggestions] == ["north"] * len(refused.value.suggestions)


# ---- the clock is changed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        # The clock is turned forward: the next existing minute.
        (BERLIN, date(2027, 3, 28), time(2, 30), utc(2027, 3, 28, 1, 0)),
        (NEW_YORK, date(2027, 3, 14), time(2, 0), utc(2027, 3, 14, 7, 0)),
        (LORD_HOWE, date(2026, 10, 4), time(2, 15), utc(2026, 10, 3, 15, 30)),
        (ZoneInfo("Pacific/Apia"), date(2011, 12, 30), time(9), utc(2011, 12, 30, 10, 0)),  # a day that never was
        # It is turned back: the first occurrence.
        (BERLIN, date(2026, 10, 25), time(2, 30), utc(2026, 10, 25, 0, 30)),
        (NEW_YORK, date(2026, 11, 1), time(1, 30), utc(2026, 11, 1, 5, 30)),
        (LORD_HOWE, date(2027, 4, 4), time(1, 45), utc(2027, 4, 3, 14, 45)),
        (KOLKATA, date(2026, 7, 1), time(9), utc(2026, 7, 1, 3, 30)),
    ],
)
def test_a_local_time_is_the_next_that_exists_and_the_first_of_two(
    zone: ZoneInfo, day: date, at: time, expected: datetime
) -> None:
    assert instant(day, at, zone) == expected


def sent(schedule: Schedule, zone: ZoneInfo, ticks: list[datetime], after: datetime) -> list[Slot]:
    """The slots of a job that is asked at these times, each time by a new process that knows only what is stored."""
    stored: dict[date, Slot] = {}
    for now in ticks:
        for _ in range(2):  # a second process at the same moment
            covered = max((one.until for one in stored.values()), default=None)
            slot = due(schedule, zone, now, after=after, recorded=stored.keys(), covered_until=covered)
            if slot is not None:
                assert slot.day not in stored
                stored[slot.day] = slot
    return list(stored.values())


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("schedule", [DAILY, WEEKLY, MONTHLY], ids=str)
def test_over_a_year_each_day_is_due_once_and_every_day_is_covered_once(zone: ZoneInfo, schedule: Schedule) -> None:
    begin = utc(2026, 9, 1)
    slots = sent(schedule, zone, [begin + timedelta(minutes=47 * n) for n in range(366 * 24 * 60 // 47)], begin)
    days = [one.day for one in slots]
    longest = {Every.DAY: 1, Every.WEEK: 7, Every.MONTH: 31}[schedule.every]
    assert all(0 < (one - before).days <= longest for before, one in pairwise(days))
    assert (days[-1] - days[0]).days > 366 - 2 * longest
    for one in slots:
        local = one.planned.astimezone(zone).replace(tzinfo=None)
        assert local.date() == one.day
        wanted = datetime.combine(one.day, schedule.at)
        exists = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted
        assert local == wanted if exists else local > wanted
        assert (one.missed, one.is_cut) == ((), False)
    for before, one in pairwise(slots):
        assert one.since == before.until
        assert one.planned > before.planned
    match schedule.every:
        case Every.WEEK:
            assert {one.day.weekday() for one in slots} == {6}
        case Every.MONTH:
            assert all((one.day + timedelta(days=1)).day == 1 for one in slots)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_clock_that_jumps_makes_no_second_slot_and_loses_none(zone: ZoneInfo) -> None:
    begin = utc(2026, 10, 20)
    forth_and_back = [begin + timedelta(hours=hour + 40 * (hour % 3 == 0)) for hour in range(24 * 20)]
    days = sorted(one.day for one in sent(DAILY, zone, forth_and_back, begin))
    assert len(days) == len(set(days))
    # Right again after a year: the days in between are due as if it had never been wrong.
    wrong = [begin + timedelta(days=365), *(begin + timedelta(hours=hour) for hour in range(24 * 3))]
    assert len(sent(DAILY, zone, wrong, begin)) == 1 + 3


# ---- late, and after an outage -----------------------------------------------------------------------------------


def test_a_run_that_is_late_by_an_hour_is_still_the_planned_slot() -> None:
    slot = due(Schedule(Every.DAY, time(9)), BERLIN, utc(2026, 11, 27, 8, 50), after=utc(2026, 11, 1), recorded=[],
               covered_until=date(2026, 11, 26))  # fmt: skip
    assert slot is not None
    assert (slot.day, slot.planned, slot.since) == (date(2026, 11, 27), utc(2026, 11, 27, 8), date(2026, 11, 26))


@pytest.mark.parametrize(
    ("schedule", "down_until", "covered_until", "missed", "since", "is_cut"),
    [
        # daily: three days down; nine days down; never sent before
        ("daily 09:00", 24, date(2026, 11, 21), 2, date(2026, 11, 21), False),
        ("daily 09:00", 30, date(2026, 11, 21), 8, date(2026, 11, 23), True),
        ("daily 09:00", 24, None, 23, date(2026, 11, 17), True),
        # weekly covers seven days anyway; two missed are cut
        ("weekly mon 09:00", 24, date(2026, 11, 16), 0, date(2026, 11, 16), False),
        ("weekly mon 09:00", 24, date(2026, 11, 9), 1, date(2026, 11, 16), True),
        # a month is longer than seven days, and is covered whole
        ("monthly 5 09:00", 10, date(2026, 10, 5), 0, date(2026, 10, 5), False),
    ],
)
def test_after_an_outage_only_the_newest_slot_is_due_and_covers_the_time_since_the_last_one(
    schedule: str, down_until: int, covered_until: date | None, missed: int, since: date, is_cut: bool
) -> None:
    recorded = [covered_until] if covered_until else []
    read = parse_schedule(schedule)[0]
    now = utc(2026, 11, down_until, 12)
    slot = due(read, BERLIN, now, after=utc(2026, 10, 31, 12), recorded=recorded, covered_until=covered_until)
    assert slot is not None
    assert (len(slot.missed), slot.since, slot.is_cut) == (missed, since, is_cut)
    assert due(read, BERLIN, now, after=utc(2026, 10, 31), recorded=[*recorded, slot.day, *slot.missed]) is None


def test_a_rule_that_was_just_made_is_first_due_at_its_next_slot() -> None:
    nine = Schedule(Every.DAY, time(9))
    made = utc(2026, 11, 27, 8)  # 09:00 in Berlin
    assert due(nine, BERLIN, made + timedelta(hours=23, minutes=59), after=made) is None
    slot = due(nine, BERLIN, made + timedelta(hours=24), after=made)
    assert slot is not None
    assert (slot.day, slot.since, slot.missed) == (date(2026, 11, 28), date(2026, 11, 27), ())


def test_who_travels_gets_one_a_day_of_their_own() -> None:
    nine, after = Schedule(Every.DAY, time(9)), utc(2026, 11, 1)
    auckland, los_angeles = ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Los_Angeles")
    at_home = due(nine, auckland, utc(2026, 11, 26, 20), after=after, recorded=[date(2026, 11, 26)])
    assert at_home is not None
    assert at_home.day == date(2026, 11, 27)
    recorded = [date(2026, 11, 26), at_home.day]
    # The same calendar day again after the flight, and the day after it.
    assert due(nine, los_angeles, utc(2026, 11, 27, 17), after=after, recorded=recorded) is None
    the_next = due(nine, los_angeles, utc(2026, 11, 28, 17), after=after, recorded=recorded)
    assert the_next is not None
    assert (the_next.day, the_next.missed) == (date(2026, 11, 28), ())


def test_the_next_slot_and_what_it_usually_covers() -> None:
    weekly = Schedule(Every.WEEK, time(9), 0)
    assert next_slot(weekly, BERLIN, utc(2026, 11, 27)) == utc(2026, 11, 30, 8)
    assert next_slot(weekly, BERLIN, utc(2026, 11, 30, 8)) == utc(2026, 12, 7, 8)
    assert usual_period(weekly, date(2026, 11, 30)) == (date(2026, 11, 23), date(2026, 11, 30))
    assert usual_period(MONTHLY, date(2027, 2, 28)) == (date(2027, 1, 31), date(2027, 2, 28))


def test_a_digest_of_midnight_covers_the_day_that_ended() -> None:
    slot = due(Schedule(Every.DAY, time(0)), BERLIN, utc(2026, 11, 26, 23), after=utc(2026, 11, 20), recorded=[],
               covered_until=date(2026, 11, 26))  # fmt: skip
    assert slot is not None
    assert (slot.since, slot.until) == (date(2026, 11, 26), date(2026, 11, 27))


def test_the_weekday_is_that_of_the_rules_zone() -> None:
    # 00:15 on Friday in UTC is still Thursday in Los Angeles.
    slot = due(Schedule(Every.WEEK, time(16), 3), ZoneInfo("America/Los_Angeles"), utc(2026, 11, 27, 0, 15),
               after=utc(2026, 11, 1), recorded=[])  # fmt: skip
    assert slot is not None
    assert slot.day == date(2026, 11, 26)

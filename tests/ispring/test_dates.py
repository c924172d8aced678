"""How a date is read, and what it proves."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Moment
from bot.ispring.dates import DateOrder, Dates

BERLIN = ZoneInfo("Europe/Berlin")


def dates(order: DateOrder = DateOrder.DMY, zone: ZoneInfo = BERLIN) -> Dates:
    return Dates(zone, order)


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        ("2024-08-05T09:30:00+00:00", 9),
        ("2024-08-05T09:30:00Z", 9),
        ("2024-08-05T09:30:00-07:00", 16),
        ("2024-08-05T09:30:00", 7),
        ("2024-08-05 09:30", 7),
        ("05-08-2024, 09:30:00", 7),
        ("05-08-2024 09:30", 7),
        ("5/8/2024, 9:30", 7),
        ("05.08.2024 09:30:00", 7),
        ("  05-08-2024, 09:30:00 ", 7),
        (" 2024-08-05T09:30:00Z", 9),
    ],
)
def test_every_documented_and_observed_form_is_read(raw: str, hour: int) -> None:
    assert dates().read(raw) == Moment(raw, datetime(2024, 8, 5, hour, 30, tzinfo=UTC))


def test_a_date_alone_is_midnight_in_the_configured_zone() -> None:
    assert dates().read("2024-08-05").at == datetime(2024, 8, 4, 22, 0, tzinfo=UTC)
    assert dates().read("05-08-2024").at == datetime(2024, 8, 4, 22, 0, tzinfo=UTC)


def test_the_configured_order_decides_where_both_are_possible() -> None:
    utc = ZoneInfo("UTC")
    assert dates(DateOrder.DMY, utc).read("05-08-2024").at == datetime(2024, 8, 5, tzinfo=UTC)
    assert dates(DateOrder.MDY, utc).read("05-08-2024").at == datetime(2024, 5, 8, tzinfo=UTC)


def test_a_number_above_twelve_proves_the_order_whatever_the_setting() -> None:
    month_first = dates(DateOrder.MDY, ZoneInfo("UTC"))
    assert month_first.read("14-08-2024").at == datetime(2024, 8, 14, tzinfo=UTC)
    assert month_first.evidence().day_first == 1
    assert month_first.evidence().contradicts_order
    day_first = dates(DateOrder.DMY, ZoneInfo("UTC"))
    assert day_first.read("08-14-2024").at == datetime(2024, 8, 14, tzinfo=UTC)
    assert day_first.evidence().month_first == 1
    assert day_first.evidence().contradicts_order


def test_proof_of_the_configured_order_contradicts_nothing() -> None:
    read = dates()
    read.read("14-08-2024, 09:00:00")
    read.read("05-08-2024, 09:00:00")
    evidence = read.evidence()
    assert (evidence.day_first, evidence.month_first, evidence.contradicts_order) == (1, 0, False)


@pytest.mark.parametrize(
    "raw", ["soon", "14-14-2024", "31-02-2024", "05-08-2024, 25:00:00", "05-08/2024", "2024-13-01", "0"]
)
def test_an_unreadable_date_keeps_its_text_and_has_no_instant(raw: str) -> None:
    read = dates()
    assert read.read(raw) == Moment(raw, None)
    assert read.evidence().unreadable == 1


@pytest.mark.parametrize("raw", [None, ""])
def test_an_absent_date_is_no_date(raw: str | None) -> None:
    read = dates()
    assert read.read(raw) == Moment()
    assert read.evidence().unreadable == 0


def test_a_local_time_that_exists_twice_is_the_first_of_the_two() -> None:
    assert dates().read("27-10-2024, 02:30:00").at == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


def test_a_local_time_that_does_not_exist_crashes_nothing() -> None:
    assert dates().read("31-03-2024, 02:30:00").at == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("raw", ["01-01-0001, 00:00:00", "0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_a_date_at_the_edge_of_time_is_unreadable_rather_than_a_crash(raw: str) -> None:
    assert dates().read(raw).at is None


@pytest.mark.parametrize(
    "raw", ["0001-01-01T00:00:00Z", "01-01-0001, 00:00:00", "1970-01-01T00:00:00", "31-12-9999, 10:00:00"]
)
def test_a_date_that_stands_for_none_has_no_instant(raw: str) -> None:
    assert dates(zone=ZoneInfo("America/New_York")).read(raw) == Moment(raw, None)


def test_a_session_that_ends_before_it_starts_or_in_the_future_is_counted() -> None:
    read = dates()
    now = datetime(2024, 8, 5, tzinfo=UTC)
    started, finished = Moment("a", now), Moment("b", now - timedelta(minutes=1))
    read.compare(started, finished, now)
    read.compare(Moment(), Moment("c", now + timedelta(days=1, seconds=1)), now)
    read.compare(Moment(), Moment("d", now + timedelta(days=1)), now)
    read.compare(started, Moment(), now)
    assert (read.evidence().backwards, read.evidence().ahead) == (1, 1)


@given(
    moments=st.lists(st.datetimes(datetime(2023, 1, 1), datetime(2025, 12, 31)), min_size=1, max_size=30),  # noqa: DTZ001 - local times, as iSpring sends them
    zone=st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC"]),
    order=st.sampled_from(list(DateOrder)),
)
def test_a_date_means_the_same_whatever_was_read_before(moments: list[datetime], zone: str, order: DateOrder) -> None:
    texts = [
        moment.replace(minute=minute).strftime("%d-%m-%Y, %H:%M:%S") for moment in moments for minute in (0, 29, 31)
    ]
    together = dates(order, ZoneInfo(zone))
    alone = [dates(order, ZoneInfo(zone)) for _ in texts]
    assert [together.read(text) for text in texts] == [one.read(text) for one, text in zip(alone, texts, strict=True)]
    assert together.evidence().day_first == sum(one.evidence().day_first for one in alone)
    assert together.evidence().month_first == sum(one.evidence().month_first for one in alone)


def test_the_hours_in_which_clocks_change_are_read_minute_by_minute() -> None:
    lord_howe = dates(zone=ZoneInfo("Australia/Lord_Howe"))  # by half an hour, at 02:00
    texts = [f"07-04-2024, {hour:02d}:{minute:02d}:00" for hour in (0, 1, 2, 3) for minute in range(0, 60, 5)]
    for _ in range(2):
        for text in texts:
            local = datetime.strptime(text, "%d-%m-%Y, %H:%M:%S").replace(tzinfo=ZoneInfo("Australia/Lord_Howe"))
            assert lord_howe.read(text).at == local.astimezone(UTC)

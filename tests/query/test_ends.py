"""When something that is stopped for a while goes on: amounts, days and times in the asker's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import QueryError
from bot.query.ends import read_end

NOW = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)  # a Friday, 12:00 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "end", "rest"),
    [
        ("4h", "2026-11-27 16:00", ""),
        ("4h opening", "2026-11-27 16:00", "opening"),
        ("opening 90m", "2026-11-27 13:30", "opening"),
        ("for 2 days failed store 12", "2026-11-29 12:00", "failed store 12"),
        ("1w", "2026-12-04 12:00", ""),
        ("until:mon", "2026-11-30 00:00", ""),
        ("until monday opening", "2026-11-30 00:00", "opening"),
        ("until:fri", "2026-12-04 00:00", ""),  # not today: that has begun
        ("until:mon 09:00", "2026-11-30 09:00", ""),
        ("until:tomorrow 7:30 opening", "2026-11-28 07:30", "opening"),
        ("until:17:00", "2026-11-27 17:00", ""),
        ("until:9:00", "2026-11-28 09:00", ""),
        ("until:2026-12-01", "2026-12-01 00:00", ""),
        ("until:2026-12-01T09:15", "2026-12-01 09:15", ""),
        ("until:1.12.", "2026-12-01 00:00", ""),
        ('until:mon checklist:"Night 12 hours shift"', "2026-11-30 00:00", 'checklist:"Night 12 hours shift"'),
        ('"open until mon" 4h', "2026-11-27 16:00", '"open until mon"'),
        ("“3 days” until:mon", "2026-11-30 00:00", "“3 days”"),
        ("until:1.12.2026 score:<80", "2026-12-01 00:00", "score:<80"),
        ("for today", "2026-11-28 00:00", ""),
        ("opening for the rest of the day", "2026-11-28 00:00", "opening"),
        ("until the end of the day opening", "2026-11-28 00:00", "opening"),
        ("until end of today", "2026-11-28 00:00", ""),
        ("overnight", "2026-11-28 07:00", ""),
        ("until the end of this week", "2026-11-30 00:00", ""),
        ("for the rest of the week", "2026-11-30 00:00", ""),
        ("this week", "2026-11-30 00:00", ""),
    ],
)
def test_an_end_is_read_in_the_zone_of_who_asks(text: str, end: str, rest: str) -> None:
    found = read_end(text, NOW, BERLIN)
    assert (f"{found.at.astimezone(BERLIN):%Y-%m-%d %H:%M}", found.other_text) == (end, rest)


@pytest.mark.parametrize("text", ["", "opening", "store 12", "until", "until:someday", "until:25:00"])
def test_a_text_without_an_end_is_answered_by_how_to_say_one(text: str) -> None:
    with pytest.raises(QueryError, match="Say until when"):
        read_end(text, NOW, BERLIN)


@pytest.mark.parametrize("text", ["until:2026-02-30", "until 31.02.", "until 30 feb opening", "until feb 30 09:00"])
def test_a_day_that_is_in_no_calendar_is_named(text: str) -> None:
    with pytest.raises(QueryError, match="There is no day 3"):
        read_end(text, NOW, BERLIN)


@pytest.mark.parametrize("text", ["until 1 dec", "until dec 1st", "until:1.12.", "until 2026-12-01", "until 1/12/2026"])
def test_an_end_is_written_like_the_days_of_a_query(text: str) -> None:
    if "/" in text:
        with pytest.raises(QueryError, match="fits 2 days"):
            read_end(text, NOW, BERLIN)
        return
    assert f"{read_end(text, NOW, BERLIN).at.astimezone(BERLIN):%d.%m.%Y %H:%M}" == "01.12.2026 00:00"


@pytest.mark.parametrize("text", ["4h;opening", "4h, opening", "until:mon, opening"])
def test_punctuation_ends_an_end(text: str) -> None:
    assert read_end(text, NOW, BERLIN).other_text == "opening"


@pytest.mark.parametrize("text", ["until:2026-11-01", "0h"])
def test_an_end_that_has_passed_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="has passed"):
        read_end(text, NOW, BERLIN)


def test_an_end_is_within_a_year() -> None:
    with pytest.raises(QueryError, match="at most one year"):
        read_end("400d", NOW, BERLIN)

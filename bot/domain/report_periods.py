"""The weeks and months of a report, and the same part of the time before each. Pure: the zone is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

MOST_PERIODS = 60


class By(StrEnum):
    """What the rows of a report are; the values of the query's `by:`."""

    WEEK = "week"
    MONTH = "month"
    CHECKLIST = "checklist"
    DEPT = "dept"
    OBSERVER = "observer"
    EMPLOYEE = "employee"
    CRITERION = "criterion"

    @property
    def is_time(self) -> bool:
        return self in (By.WEEK, By.MONTH)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end`; both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPeriod:
    """A week or month, or the part of it that was asked for; `before` is the same part of the one before it."""

    window: Window
    before: Window
    is_partial: bool


def periods(by: By, since: datetime, until: datetime, zone: tzinfo) -> tuple[ReportPeriod, ...]:
    """The weeks (from Monday) or months from `since` to before `until`, whose days begin at midnight in a zone."""
    found = []
    since, until = since.astimezone(zone), until.astimezone(zone)
    first = _first_day(by, since.date())
    while (start := midnight(first, zone)) < until:
        following = _following(by, first)
        end, previous = midnight(following, zone), midnight(_first_day(by, first - timedelta(days=1)), zone)
        window = Window(max(start, since), min(end, until))
        skipped, length = window.start - start, window.end - start
        compared = Window(
            min(previous + skipped, start),
            start if window.end == end else min(previous + length, start),
        )
        found.append(ReportPeriod(window=window, before=compared, is_partial=window != Window(start, end)))
        first = following
        if len(found) > MOST_PERIODS:
            break
    return tuple(found)


def cuts_of(every: Iterable[ReportPeriod]) -> tuple[datetime, ...]:
    """Every instant at which a period or the part compared with it begins or ends, in order."""
    instants = {at for one in every for window in (one.window, one.before) for at in (window.start, window.end)}
    return tuple(sorted(instants))


def last_days(days: int, now: datetime, zone: tzinfo) -> Window:
    """From the midnight so many days before today until now."""
    return Window(midnight(now.astimezone(zone).date() - timedelta(days=days), zone), now)


def months_before(day: date, count: int) -> date:
    """The first day of the month so many months before a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 - count, 12)
    return date(year, month + 1, 1)


def _first_day(by: By, day: date) -> date:
    return day - timedelta(days=day.weekday()) if by is By.WEEK else day.replace(day=1)


def _following(by: By, first: date) -> date:
    return first + timedelta(days=7) if by is By.WEEK else months_before(first, -1)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The beginning of a day in a zone."""
    return datetime.combine(day, time(), zone)

"""When a rule with a schedule is due. Pure: the zone, the time and what was recorded are arguments.

A *slot* is one local day on which a schedule is due. Rule and local day are the key of a slot, so that a restart, a
second process, a late run or a change to or from summer time makes no second one.
"""

import re
from calendar import monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.domain.errors import QueryError

LONGEST_CATCH_UP = 7  # days that a slot after an outage covers, unless its usual period is longer
MOST_RECORDED = 400  # older missed slots that are named
_ONE_DAY, _ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)


class Every(StrEnum):
    """How often a schedule is due."""

    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXAMPLES = ("daily 09:00", "weekly mon 09:00", "monthly 1 09:00")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`at` is local time to the minute. `day`: of a week 0 (Monday) to 6, of a month 1 to 31 (its last day in a shorter
    one), else 0."""

    every: Every
    at: time
    day: int = 0

    def __str__(self) -> str:
        """Its canonical text, which `parse_schedule` reads: "weekly mon 09:00"."""
        day = {Every.DAY: "", Every.WEEK: f" {DAYS[self.day % 7][:3]}", Every.MONTH: f" {self.day}"}[self.every]
        return f"{self.every}{day} {self.at:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One day on which a schedule is due, the instant that was planned for it (UTC), and the whole local days it
    covers: from `since` to before `until`. `missed`: the older days that are due no more, the newest first. `is_cut`:
    more was missed than it covers."""

    day: date
    planned: datetime
    since: date
    until: date
    missed: tuple[date, ...] = ()
    is_cut: bool = False


class SlotResult(StrEnum):
    """What became of a slot."""

    QUEUED = "queued"  # its digest is sent, or waits in the outbox
    NOTHING_TO_DO = "nothing_to_do"  # no action was needed, and the rule wants only that
    MUTED = "muted"  # a mute of its destination held
    MISSED = "missed"  # Spotter was down, or its rule paused; the next digest covers it


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSlot:
    """A slot as stored. `ends_at`: the end of what it covers. `data_at`: the last reading of iSpring when its figures
    were made, None if it has none."""

    rule_id: int
    day: date
    planned_at: datetime
    since: date
    ends_at: datetime
    zone: str
    result: SlotResult
    data_at: datetime | None
    recorded_at: datetime


# ---- as text -----------------------------------------------------------------------------------------------------

_WORD = re.compile(r"\s*(\S+)")
_TIME = re.compile(r"(?:at\s+)?(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?(?=\s|$)", re.IGNORECASE)
_MONTH_DAY = re.compile(r"(?:on\s+)?(?:the\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?(?=\s|$)", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:on\s+)?([a-z]+?)s?(?=\s|$)", re.IGNORECASE)
_ZONE = re.compile(r"\s+(UTC|[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+)(?=\s|$)")
_FIRST_WORDS = {str(every): every for every in Every}


def begins_schedule(text: str) -> bool:
    """Whether a text begins with the word of a schedule."""
    found = _WORD.match(text)
    return found is not None and found[1].lower() in _FIRST_WORDS


def parse_schedule(text: str) -> tuple[Schedule, str, str]:
    """The schedule that a text begins with, the IANA name of a zone after it or "", and the rest of the text: "weekly
    monday 9 north" is Monday 09:00, and "north". Raises QueryError, whose suggestions are schedules.
    """
    found = _WORD.match(text)
    every = _FIRST_WORDS.get(found[1].lower()) if found else None
    if found is None or every is None:
        raise QueryError("How often? A schedule is daily, weekly or monthly, and has a time.", EXAMPLES)
    day, remaining = 0, text[found.end() :].lstrip()
    if every is Every.WEEK:
        day, remaining = _weekday(remaining)
    elif every is Every.MONTH:
        day, remaining = _month_day(remaining)
    at, remaining = _time(every, day, remaining)
    named = _ZONE.match(remaining)
    zone, remaining = (named[1], remaining[named.end() :]) if named else ("", remaining)
    return Schedule(every, at, day), zone, remaining.strip()


def _weekday(text: str) -> tuple[int, str]:
    found = _WEEKDAY.match(text)
    name = found[1].lower() if found else ""
    days = [number for number, day in enumerate(DAYS) if len(name) >= 3 and day.startswith(name)]
    if found is None or len(days) != 1:
        raise QueryError("On which day of the week?", [f"weekly {day[:3]} 09:00" for day in DAYS[:3]])
    return days[0], text[found.end() :].lstrip()


def _month_day(text: str) -> tuple[int, str]:
    found = _MONTH_DAY.match(text)
    day = int(found[1]) if found else 0
    if found is None or not 1 <= day <= 31:
        raise QueryError(
            "On which day of the month? 1 to 31; 31 is the last one of each.", ["monthly 1 09:00", "monthly 31 17:00"]
        )
    return day, text[found.end() :].lstrip()


def _time(every: Every, day: int, text: str) -> tuple[time, str]:
    found = _TIME.match(text)
    hour, minute, half = (int(found[1]), int(found[2] or 0), (found[3] or "").lower()) if found else (24, 0, "")
    if half:
        hour = hour % 12 + 12 * (half == "pm") if 1 <= hour <= 12 else 24
    if found is None or hour > 23 or minute > 59:
        usual = str(Schedule(every, time(9), day))
        raise QueryError("At what time? Hours and minutes, as 09:00.", [usual])
    return time(hour, minute), text[found.end() :]


# ---- local times -------------------------------------------------------------------------------------------------


def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """When a local time is (UTC): its first occurrence where the clock is turned back, the next existing minute where
    it is turned forward."""
    local = datetime.combine(day, at.replace(fold=0))
    while True:
        found = local.replace(tzinfo=zone).astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None) == local:
            return found
        local += _ONE_MINUTE


# ---- slots -------------------------------------------------------------------------------------------------------


def due(
    schedule: Schedule,
    zone: tzinfo,
    now: datetime,
    *,
    after: datetime,
    recorded: Collection[date] = (),
    covered_until: date | None = None,
) -> Slot | None:
    """The newest slot that is due and not recorded, None if there is none.

    `after`: when the rule was made or last changed; slots planned until then are none of its own. `recorded`: the days
    of its slots, at least the newest `MOST_RECORDED`. `covered_until`: the end of what was sent last, None if nothing
    was. A slot covers the days since then, at most `LONGEST_CATCH_UP` or its usual period.
    """
    newest, planned = newest_slot(schedule, zone, now)
    if planned <= after or newest in recorded:
        return None
    missed: list[date] = []
    for day in _days_before(schedule, newest):
        if day in recorded or instant(day, schedule.at, zone) <= after or len(missed) == MOST_RECORDED:
            break
        missed.append(day)
    since, _ = usual_period(schedule, newest)
    wanted = min(since, covered_until or usual_period(schedule, (missed or [newest])[-1])[0])
    earliest = min(since, newest - timedelta(days=LONGEST_CATCH_UP))
    return Slot(
        day=newest,
        planned=planned,
        since=max(wanted, earliest),
        until=newest,
        missed=tuple(missed),
        is_cut=wanted < earliest,
    )


def newest_slot(schedule: Schedule, zone: tzinfo, now: datetime) -> tuple[date, datetime]:
    """The last day on which a schedule was due, and the instant that was planned for it (UTC)."""
    days = _days_before(schedule, now.astimezone(zone).date() + _ONE_DAY)
    return next((day, at) for day in days if (at := instant(day, schedule.at, zone)) <= now)


def next_slot(schedule: Schedule, zone: tzinfo, now: datetime) -> datetime:
    """When a schedule is due next (UTC)."""
    day = now.astimezone(zone).date() - _ONE_DAY
    while True:
        if _is_due(schedule, day) and (planned := instant(day, schedule.at, zone)) > now:
            return planned
        day += _ONE_DAY


def usual_period(schedule: Schedule, day: date) -> tuple[date, date]:
    """The whole local days that a slot of a day covers if none before it was missed: from, and before."""
    return next(_days_before(schedule, day)), day


def _days_before(schedule: Schedule, day: date) -> Iterator[date]:
    """The days before one on which a schedule is due, the newest first."""
    while True:
        day -= _ONE_DAY
        if _is_due(schedule, day):
            yield day


def _is_due(schedule: Schedule, day: date) -> bool:
    match schedule.every:
        case Every.DAY:
            return True
        case Every.WEEK:
            return day.weekday() == schedule.day
        case Every.MONTH:
            return day.day == min(schedule.day, monthrange(day.year, day.month)[1])

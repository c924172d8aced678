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

_TIME = re.compile(r"(?:at\s+)?(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?(?=\s|$)", re.IGNORECASE)
_NO_DAY = re.compile(r"(?:(?:on|the|at)\s+)*(?:\d\S*(?:\s*(?:am|pm)(?=\s|$))?\s*)*", re.IGNORECASE)  # nor a time
_MONTH_DAY = re.compile(r"(?:on\s+)?(?:the\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?(?=\s|$)", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:on\s+)?([a-z]+?)s?(?=\s|$)", re.IGNORECASE)
_HOURS = {"morning": 9, "noon": 12, "lunchtime": 12, "afternoon": 14, "evening": 18}  # by the part of a day
_PART_OF_DAY = re.compile(rf"(?:in the |at )?(?P<part>{'|'.join(_HOURS)})s?(?=\s|$)\s*", re.IGNORECASE)
_ZONE = re.compile(r"\s+(UTC|[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+)(?=\s|$)")
_BEGINNING = re.compile(r"\s*(?:on\s+)?(?P<each>(?:every|each)\s+)?(?P<word>[a-z]+)(?=[\s,]|$)[\s,]*", re.IGNORECASE)
_FIRST_WORDS = {str(every): every for every in Every} | {"everyday": Every.DAY}
_UNITS = {"day": Every.DAY, "week": Every.WEEK, "month": Every.MONTH}  # behind "every"
_NO_TIME = re.compile(r"(?<!\S)(?:at\s+)?\d\S*(?:\s*(?:am|pm)(?=\s|$))?\s*|(?<!\S)at(?=\s|$)\s*", re.IGNORECASE)
_NO_WEEKDAY = re.compile(r"(?:on\s+)?[a-z]+\s+(?=(?:at\s+)?\d)", re.IGNORECASE)


def begins_schedule(text: str) -> bool:
    """Whether a text begins with the words of a schedule."""
    return _beginning(text) is not None


def _beginning(text: str) -> tuple[Every, int | None, str] | None:
    """How often ("weekly", "every week", "every Friday", "Fridays"), the day if these words name it, and the rest."""
    found = _BEGINNING.match(text)
    if found is None:
        return None
    word, remaining = found["word"].lower(), text[found.end() :]
    every = _FIRST_WORDS.get(word) or (_UNITS.get(word) if found["each"] else None)
    if every is not None:
        return every, None, remaining
    day = _day_named(word)
    return None if day is None else (Every.WEEK, day, remaining)


def _day_named(word: str) -> int | None:
    name = word.removesuffix("s")
    return next((number for number, day in enumerate(DAYS) if len(name) >= 3 and day.startswith(name)), None)


def parse_schedule(text: str) -> tuple[Schedule, str, str]:
    """The schedule that a text begins with, the IANA name of a zone after it or "", and the rest of the text: "weekly
    monday 9 north" is Monday 09:00, and "north". Raises QueryError, whose suggestions are schedules.
    """
    found = _beginning(text)
    if found is None:
        raise QueryError("How often? A schedule is daily, weekly or monthly, and has a time.", EXAMPLES)
    every, named_day, remaining = found
    day, early = named_day or 0, None
    if every is not Every.DAY and named_day is None:
        early = _read_time(remaining) if remaining.lower().startswith("at ") else None  # "weekly at 9 on Monday"
        remaining = early[1].lstrip() if early else remaining
        day, remaining = _weekday(remaining) if every is Every.WEEK else _month_day(remaining)
    at, remaining = (early[0], remaining) if early else _time(every, day, remaining)
    named = _ZONE.match(remaining)
    zone, remaining = (named[1], remaining[named.end() :]) if named else ("", remaining)
    return Schedule(every, at, day), zone, remaining.strip()


def _weekday(text: str) -> tuple[int, str]:
    found = _WEEKDAY.match(text)
    day = _day_named(found[1].lower()) if found else None
    if found is None or day is None:
        remainder = _NO_TIME.sub("", _NO_WEEKDAY.sub("", text, count=1), count=1)
        raise QueryError(
            "On which day of the week?", [f"weekly {day[:3]} 09:00 {remainder}".rstrip() for day in DAYS[:3]]
        )
    return day, text[found.end() :].lstrip()


def _month_day(text: str) -> tuple[int, str]:
    found = _MONTH_DAY.match(text)
    day = int(found[1]) if found else 0
    if found is None or not 1 <= day <= 31:
        raise QueryError(
            "On which day of the month? 1 to 31; 31 is the last one of each.",
            [f"{one} {_NO_DAY.sub('', text)}".rstrip() for one in ("monthly 1 09:00", "monthly 31 17:00")],
        )
    return day, text[found.end() :].lstrip()


def _time(every: Every, day: int, text: str) -> tuple[time, str]:
    read = _read_time(text)
    if read is None:
        mistyped = _NO_TIME.match(text)  # "store 12" behind it is no time
        usual = f"{Schedule(every, time(9), day)} {text[mistyped.end() :] if mistyped else text}".rstrip()
        raise QueryError("At what time? Hours and minutes, as 09:00.", [usual])
    return read


def _read_time(text: str) -> tuple[time, str] | None:
    """The time that a text begins with ("9:30", "5pm", "morning", "morning at 8"), and the rest; None if none."""
    part = _PART_OF_DAY.match(text)
    found = _TIME.match(text, part.end() if part else 0)
    if found is None:
        return None if part is None else (time(_HOURS[part["part"].lower()]), text[part.end() :])
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        hour = hour % 12 + 12 * (half == "pm") if 1 <= hour <= 12 else 24
    return None if hour > 23 or minute > 59 else (time(hour, minute), text[found.end() :])


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

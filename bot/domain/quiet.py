"""A person's quiet time: what goes to them is held and sent afterwards. Pure: the zone and the holidays are arguments.

A person's time is theirs: the hours, the days of the week and the holidays are local days and times in their zone.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.domain.errors import QueryError
from bot.domain.schedules import DAYS, instant

_ONE_DAY = timedelta(days=1)
_STEP = timedelta(minutes=15)
_LONGEST = 60  # days in a row that are quiet: who names more holidays is notified after that many
_HOURS = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|to|till|until|and)\s*(\d{1,2})(?:[:.](\d{2}))?(?=\s|$|,)", re.IGNORECASE
)
_HALF = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))?\s?([ap])\.?m\b\.?", re.IGNORECASE)
_FROM_ON = re.compile(
    r"\b(?:after|from|past)\s+(\d{1,2})(?:[:.](\d{2}))?(?=\s|$|,)(?!\s*(?:-|–|to|till|until|and)\s*\d)"
)
_UP_TO = re.compile(r"\bbefore\s+(\d{1,2})(?:[:.](\d{2}))?(?=\s|$|,)")
_PARTS = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "pm"}
_PART_OF_DAY = re.compile(r"\b(\d{1,2}(?:[:.]\d{2})?) (?:in the|at) (morning|afternoon|evening|night)\b")
_OUTSIDE = re.compile(
    r"\b(?:after|from|past)\s+(\d{1,2}(?:[:.]\d{2})?) (?:and|or|nor) (?:not )?before\s+(\d{1,2}(?:[:.]\d{2})?)\b"
)
_NAMED_HOURS = {
    r"(?:at |over ?|in the |during the |every )?(?:nights?|overnight|evenings?)(?: and nights?)?": "20:00-07:00",
    r"(?:at |in the |during the |every )?mornings?": "00:00-09:00",
    r"(?:outside|after|off|out of)(?: of)?(?: my| the)? (?:work(?:ing)?|office) ?(?:hours|time)?": "18:00-08:00",
}  # what is saved is said in full
_SAYS_NOTHING = frozenset(
    {
        "on",
        "at",
        "the",
        "from",
        "between",
        "every",
        "each",
        "all",
        "day",
        "please",
        "pls",
        "me",
        "for",
        "hours",
        "hour",
        "time",
        "times",
    }
)
_DAY_NAMES = {
    **{day[:length]: number for number, day in enumerate(DAYS) for length in range(3, len(day) + 1)},
    **{f"{day}s": number for number, day in enumerate(DAYS)},
}
_GROUPS = {"weekend": (5, 6), "weekends": (5, 6), "weekdays": (0, 1, 2, 3, 4)}
EXAMPLES = ("quiet 20:00-07:00 weekend", "quiet 22-7", "quiet off")


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet from `begin` to `end` each day (over midnight if `end` is earlier; none if they are equal), on whole `days`
    of the week (0 is Monday), and on holidays if `holidays`."""

    begin: time = time()
    end: time = time()
    days: frozenset[int] = frozenset()
    holidays: bool = True

    @property
    def has_hours(self) -> bool:
        return self.begin != self.end

    def __str__(self) -> str:
        """Its canonical text, which `parse_quiet` reads: "20:00-07:00 sat sun"; "off" for none."""
        hours = f"{self.begin:%H:%M}-{self.end:%H:%M}" if self.has_hours else ""
        days = " ".join(DAYS[day][:3] for day in sorted(self.days))
        text = f"{hours} {days}".strip()
        return text or "off"


NEVER = Quiet(holidays=False)


_ON_DAYS = re.compile(rf"\b(?:on|every|each|only)\s+(?:{'|'.join([*_GROUPS, *_DAY_NAMES])})s?\b")


def parse_quiet(text: str) -> Quiet:
    """Quiet time as people type it: hours, days of the week, "weekend", or "off". Raises QueryError."""
    words = _as_hours(text.strip().lower())
    if words in ("off", "none", "never"):
        return NEVER
    begin, end, found = time(), time(), _HOURS.search(words)
    if found is not None:
        numbers = [int(group or 0) for group in found.groups()]
        if numbers[0] > 23 or numbers[2] > 24 or numbers[1] > 59 or numbers[3] > 59:
            raise QueryError("Quiet hours are times of day, as 20:00-07:00.", EXAMPLES)
        begin, end = time(numbers[0], numbers[1]), time(numbers[2] % 24, numbers[3])
        if begin == end:
            raise QueryError("Quiet hours that begin when they end are none; name days for whole days.", EXAMPLES)
        words = f"{words[: found.start()]} {words[found.end() :]}"
        if on_days := _ON_DAYS.search(words):
            hours = Quiet(begin, end)
            raise QueryError(
                f"Quiet hours hold every day, and can't be kept for “{on_days[0].strip()}” alone: days that are"
                " named beside hours are quiet as a whole.",
                [f"quiet {hours}", f"quiet {hours} weekend"],
            )
    days: set[int] = set()
    for word in re.split(r"[\s,]+|\band\b", words):
        if word in _GROUPS:
            days.update(_GROUPS[word])
        elif word in _DAY_NAMES:
            days.add(_DAY_NAMES[word])
        elif word and word not in _SAYS_NOTHING:
            raise QueryError(f"“{word}” is no time and no day of the week.", EXAMPLES)
    if len(days) == 7:
        raise QueryError("One day of the week has to stay: else nothing would ever come.", EXAMPLES)
    if found is None and not days:
        raise QueryError("When do you want quiet?", EXAMPLES)
    return Quiet(begin, end, frozenset(days))


def _as_hours(words: str) -> str:
    """A text with its hours as they are read here: "7pm to 7am", "evenings" and "after 19:00" as "19:00-07:00"."""
    words = _PART_OF_DAY.sub(lambda found: f"{found[1]}{_PARTS[found[2]]}", words)
    words = _OUTSIDE.sub(lambda found: f"{found[1]}-{found[2]}", _HALF.sub(_on_the_clock, words))
    words = _FROM_ON.sub(lambda found: f"{found[1]}:{found[2] or '00'}-07:00", words)
    if _HOURS.search(words) is None:
        words = _UP_TO.sub(lambda found: f"00:00-{found[1]}:{found[2] or '00'}", words)
    for pattern, hours in _NAMED_HOURS.items():
        words = re.sub(rf"(?<!\w){pattern}(?!\w)", hours, words)
    return words


def _on_the_clock(found: re.Match[str]) -> str:
    """ "7pm" as "19:00"; an hour beyond 12 stays as typed."""
    hour = int(found[1])
    return f"{hour % 12 + 12 * (found[3].lower() == 'p')}:{found[2] or '00'}" if 1 <= hour <= 12 else found[0]


def held_until(quiet: Quiet, zone: tzinfo, holidays: Collection[date], now: datetime) -> datetime | None:
    """None if something may be sent now, else the instant (UTC) at which the quiet time ends that it is in."""
    at, last = now, now + timedelta(days=_LONGEST)
    while (end := _ends(quiet, zone, holidays, at)) is not None and at < last:
        at = end
    return at if at > now else None


def quiet_within(quiet: Quiet, zone: tzinfo, holidays: Collection[date], since: datetime, until: datetime) -> timedelta:
    """How long it is quiet between two instants, to a quarter of an hour; at most the last `_LONGEST` days count."""
    at, found = max(since, until - timedelta(days=_LONGEST)), timedelta()
    while at < until:
        end = _ends(quiet, zone, holidays, at)
        if end is not None:
            found += min(end, until) - at
        at = end or at + _STEP
    return found


def _ends(quiet: Quiet, zone: tzinfo, holidays: Collection[date], at: datetime) -> datetime | None:
    """The latest end of the stretches of quiet that an instant lies in: whole days, and hours that begin on a day."""
    today = at.astimezone(zone).date()
    ends: list[datetime] = []
    for day in (today - _ONE_DAY, today, today + _ONE_DAY):
        if day.weekday() in quiet.days or (quiet.holidays and day in holidays):
            ends.append(_within(instant(day, time(), zone), instant(day + _ONE_DAY, time(), zone), at))
        if quiet.has_hours:
            last = day if quiet.end > quiet.begin else day + _ONE_DAY
            ends.append(_within(instant(day, quiet.begin, zone), instant(last, quiet.end, zone), at))
    latest = max(ends, default=at)
    return latest if latest > at else None


def _within(begin: datetime, end: datetime, at: datetime) -> datetime:
    return end if begin <= at < end else at

"""When something stopped for a while goes on again: `4h`, `until:mon`, `until:2026-12-01 09:00`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from bot.domain.errors import QueryError
from bot.query.calendar_dates import read_day
from bot.query.days import MONTHS, WEEKDAYS
from bot.query.numbers import NUMBER_WORDS

LONGEST = timedelta(days=366)
HOW = "Say until when, as 4h, 2d, “until 17:00”, “until mon”, “until mon 09:00” or “until 2026-12-01”."
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AMOUNT = re.compile(
    r"(?:^|(?<=\s))(?:for\s+)?(\d{1,4})\s?(m|min|mins|minutes?|h|hrs?|hours?|d|days?|w|weeks?)(?=[\s,;]|$)",
    re.IGNORECASE,
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)
_UNTIL = re.compile(
    r"(?:^|(?<=\s))until(?::|\s)\s*(?P<day>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.?(?:\d{4})?|\d{1,2}/\d{1,2}(?:/\d{4})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:{_MONTH})\.?(?:\s+\d{{4}})?"
    rf"|(?:{_MONTH})\s+\d{{1,2}}(?:st|nd|rd|th)?(?![:\d])(?:,?\s+\d{{4}})?|[a-z]+)?"
    r"(?:(?(day)(?:[\sT]+|\s+at\s+))(?P<hour>\d{1,2}):(?P<minute>\d{2}))?(?=[\s,;]|$)",
    re.IGNORECASE,
)


_QUOTED = re.compile(r'["“”„][^"“”„]*["“”„]')
_NO_END = re.compile(r"(?:^|(?<=\s))until(?::|\s|$)\s*\S*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class End:
    """The instant that a text names, the words that name it, and the text without them."""

    at: datetime
    said: str
    other_text: str


def read_end(text: str, now: datetime, zone: tzinfo) -> End:
    """Reads the end that a text names; a day ends nothing before it begins, in the zone of who asks.

    Raises QueryError if it names none, a day that is in no calendar, one that has passed, or one over a year ahead.
    """
    text = _spelled(text)
    unquoted = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), text)  # of the same length: a name says no end
    found = _AMOUNT.search(unquoted)
    if found:
        at = now + timedelta(**{_UNITS[found[2][0].lower()]: int(found[1])})
    else:
        found = _UNTIL.search(unquoted)
        local = found and _local(found, now.astimezone(zone))
        if not found or local is None:
            raise QueryError(HOW)
        at = local.astimezone(now.tzinfo)
    if at <= now:
        raise QueryError(f"That has passed already. {HOW}")
    if at - now > LONGEST:
        raise QueryError("That is more than a year ahead: at most one year.")
    return End(at, found[0].strip(), f"{text[: found.start()]} {text[found.end() :].lstrip(' ,;')}".strip())


def _spelled(text: str) -> str:
    """A text with its times as they are read here: "till 5pm" as "until 17:00", "two hours" as "2 hours"."""
    parts, at = [], 0
    for quoted in [*_QUOTED.finditer(text), None]:
        part = text[at : quoted.start() if quoted else len(text)]
        for pattern, plain in _SPELLINGS:
            part = pattern.sub(plain, part)
        parts += [part, quoted[0] if quoted else ""]
        at = quoted.end() if quoted else at
    return "".join(parts)


def _time_of_day(found: re.Match[str]) -> str:
    """ "5pm" as "17:00"; an hour beyond 12 stays as typed."""
    hour, minute, half = int(found[1]), found[2] or "00", found[3].lower()
    return f"{hour % 12 + 12 * (half == 'p')}:{minute}" if 1 <= hour <= 12 else found[0]


_DAYS = "|".join(one[:3] for one in (*WEEKDAYS, *MONTHS))
_PLAIN: Sequence[tuple[str, str | Callable[[re.Match[str]], str]]] = (
    (rf"(?:un)?till?(?= (?:\d|tomorrow|tonight|midnight|next|the|this|end|{_DAYS}))", "until"),
    (r"(\d{1,2})(?::(\d{2}))?\s?([ap])\.?m\.?", _time_of_day),
    (r"half an hour", "30 min"),
    # Before those without "until": "until the end of the day" holds "the day".
    (r"until (?:the )?end of (?:the |this )?(?:day|today)", "until midnight"),
    (r"until (?:the )?end of (?:the|this) week", "until mon"),
    *(
        (rf"until ((?:tomorrow|(?:{_DAYS})[a-z]*))(?: in the)? {part}", rf"until \1 {hour}")
        for part, hour in (
            ("morning", "09:00"),
            ("(?:noon|lunch(?:time)?)", "12:00"),
            ("afternoon", "14:00"),
            ("evening", "18:00"),
        )
    ),
    (r"until (?:the )?next week", "until mon"),
    (r"until (?:the )?(?:next|this|coming)(?= [a-z]{3,6}day)", "until"),
    (r"(?:for |during )?(?:the rest of )?(?:the day|today)", "until midnight"),
    (r"(?:over ?night|for the night|(?:during|for) tonight|(?<!until )tonight)", "until tomorrow 07:00"),
    (r"(?:for |during )?(?:the rest of )?(?:the|this) morning", "until 12:00"),
    (r"(?:for |during )?(?:the rest of )?(?:the|this) afternoon", "until 18:00"),
    (r"(?:for |during )?(?:the rest of )?(?:the|this) evening", "until midnight"),
    (r"(?:for )?(?:the rest of (?:the|this)|this) week", "until mon"),
    (r"(?:over|for|during) (?:the|this) weekend", "until mon"),
    (r"an?(?= (?:min(?:ute)?|hour|day|week)s?)", "1"),
    *(
        (rf"{word}(?= (?:min(?:ute)?|hour|day|week)s?)", str(number))
        for number, word in enumerate(NUMBER_WORDS[:12], 1)
    ),
)
_SPELLINGS = [(re.compile(rf"(?<![\w:]){pattern}(?!\w)", re.IGNORECASE), plain) for pattern, plain in _PLAIN]


def without_end(text: str) -> str:
    """The text without words that were to name an end and don't."""
    return " ".join(_NO_END.sub(" ", _UNTIL.sub(" ", text)).split())


def _local(found: re.Match[str], now: datetime) -> datetime | None:
    """The instant in the zone of `now`; None if the words name none."""
    if found["hour"] is not None and (int(found["hour"]) > 23 or int(found["minute"]) > 59):
        return None
    at = time(int(found["hour"] or 0), int(found["minute"] or 0))
    if found["day"] is None:
        if found["hour"] is None:
            return None
        today = datetime.combine(now.date(), at, now.tzinfo)
        return today if today > now else datetime.combine(now.date() + timedelta(days=1), at, now.tzinfo)
    day = _day(found["day"].lower(), now.date())
    return None if day is None else datetime.combine(day, at, now.tzinfo)


def _day(text: str, today: date) -> date | None:
    if text in _NAMED:
        return _NAMED[text](today)
    if len(text) >= 3:
        for number, name in enumerate(WEEKDAYS):
            if name.startswith(text):
                return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return read_day(text, today) if any(letter.isdigit() for letter in text) else None


_NAMED: dict[str, Callable[[date], date]] = {
    "tomorrow": lambda today: today + timedelta(days=1),
    "tonight": lambda today: today + timedelta(days=1),
    "midnight": lambda today: today + timedelta(days=1),
}

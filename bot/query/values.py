"""The values of a query that are more than a name: outcomes, scores, dates, orders and rows, from how people spell them
to canonical text.

Every `read_…` answers canonical text, of which it is a fixed point, and raises ValueError with what was expected.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.filters import Range, ShownScore
from bot.domain.model import OutcomeKind
from bot.domain.outcomes import exact
from bot.query.nearest import normalize
from bot.query.tokens import MINUS

# ---- outcomes ----------------------------------------------------------------------------------------------------

OUTCOMES: Mapping[str, tuple[tuple[str, ...], frozenset[OutcomeKind]]] = {
    "planned": (("planned",), frozenset({OutcomeKind.PLANNED})),
    "progress": (("in progress",), frozenset({OutcomeKind.IN_PROGRESS})),
    "completed": (
        ("completed",),
        frozenset(kind for kind in OutcomeKind if kind.is_over),
    ),
    "passed": (
        ("completed without a low result",),
        frozenset({OutcomeKind.COMPLETED, OutcomeKind.MET}),
    ),
    "met": (("target met",), frozenset({OutcomeKind.MET})),
    "below": (("below target",), frozenset({OutcomeKind.BELOW})),
    "critical": (("critical",), frozenset({OutcomeKind.CRITICAL})),
    "failed": (("with a low result",), frozenset(kind for kind in OutcomeKind if kind.is_failing)),
    "unknown": (("of unknown status",), frozenset({OutcomeKind.UNKNOWN})),
}
_OUTCOME_ALIASES = {
    **dict.fromkeys(("in progress", "started", "open", "ongoing", "unfinished"), "progress"),
    **dict.fromkeys(("scheduled", "not started", "upcoming"), "planned"),
    **dict.fromkeys(("fail", "not passed", "not met", "failing"), "failed"),
    **dict.fromkeys(("pass", "not failed", "success"), "passed"),
    **dict.fromkeys(("done", "finished", "complete"), "completed"),
    **dict.fromkeys(("met target", "target met"), "met"),
    **dict.fromkeys(("below target", "low"), "below"),
    **dict.fromkeys(("critical failed", "critical criterion", "critical criterion failed"), "critical"),
}


def read_outcome(text: str) -> str:
    """One of OUTCOMES, or another word for it."""
    plain = normalize(text)
    name = _OUTCOME_ALIASES.get(plain, plain)
    if name not in OUTCOMES:
        raise ValueError(f"an outcome is one of {', '.join(OUTCOMES)}")
    return name


# ---- scores ------------------------------------------------------------------------------------------------------

_NUMBER = r"(\d{1,4}(?:[.,]\d{1,6})?)%?"
_COMPARED = re.compile(rf"(<=|>=|<|>|=)?{_NUMBER}")
_BETWEEN = re.compile(rf"{_NUMBER}(?:\.\.\.?|[{MINUS}]){_NUMBER}")
_OPEN = re.compile(rf"(>?)=?{_NUMBER}\.\.\.?(<?)=?{_NUMBER}")  # without the ends that have a sign
_SPELLINGS = str.maketrans({"≤": "<=", "≥": ">=", "…": ".."})
_SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")  # between two numbers it keeps them apart


def read_score(text: str) -> str:
    """`<80`, `<=80`, `>80`, `>=80`, `80`, `60..80`, `60 - 80` or `>60..<80`, each number with or without a percent
    sign."""
    plain = _SPACE.sub("", text.replace("&lt;", "<").replace("&gt;", ">").translate(_SPELLINGS))
    if found := _BETWEEN.fullmatch(plain):
        low, high = sorted((_number(found[1]), _number(found[2])))
        return f"{_short(low)}..{_short(high)}"
    if (found := _OPEN.fullmatch(plain)) and _number(found[2]) <= _number(found[4]):
        return f"{found[1]}{_short(_number(found[2]))}..{found[3]}{_short(_number(found[4]))}"
    if found := _COMPARED.fullmatch(plain):
        sign = "" if found[1] in (None, "=") else found[1]
        return f"{sign}{_short(_number(found[2]))}"
    raise ValueError("a score is written 80, <80, >=80 or 60..80")


def score_range(value: str) -> Range[float] | ShownScore:
    """What a canonical score means: a whole number alone is what is shown so."""
    if ".." in value:
        low, _, high = value.partition("..")
        return Range(
            low=float(low.lstrip(">")),
            high=float(high.lstrip("<")),
            low_included=not low.startswith(">"),
            high_included=not high.startswith("<"),
        )
    number = float(value.lstrip("<>="))
    included = "=" in value
    if value.startswith("<"):
        return Range(high=number, high_included=included)
    if value.startswith(">"):
        return Range(low=number, low_included=included)
    return ShownScore(number) if number.is_integer() else Range(low=number, high=number)


def format_score(value: str) -> str:
    """A canonical score in words: "below 80 %", "from 60 % to 80 %", "79 % when rounded"."""
    if ".." in value:
        low, _, high = value.partition("..")
        if low.startswith(">") or high.startswith("<"):
            lower = f"{'above' if low.startswith('>') else 'at least'} {exact(float(low.lstrip('>')))}"
            return f"{lower} and {'below' if high.startswith('<') else 'at most'} {exact(float(high.lstrip('<')))}"
        return f"from {exact(float(low))} to {exact(float(high))}"
    words = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "": ""}
    sign = value.rstrip("0123456789.")
    number = float(value[len(sign) :])
    is_rounded = not sign and number.is_integer() and number not in (0, 100)
    return f"{words[sign]}{exact(number)}{' when rounded' if is_rounded else ''}"


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _short(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


# ---- dates -------------------------------------------------------------------------------------------------------

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CALENDAR = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_AGO = re.compile(r"(?:last )?(\d{1,4})\s*(d|w|m|days?|weeks?|months?)")
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2}) (?P<month>[a-z]{3,9}),? (?P<year>\d{4})")
_MONTH_FIRST = re.compile(r"(?P<month>[a-z]{3,9}) (?P<day>\d{1,2}),? (?P<year>\d{4})")
_UNITS = {"d": "day", "w": "week", "m": "month"}
_FARTHEST = {"d": 3650, "w": 520, "m": 120}  # ten years
_DATE = len("2026-01-05")  # without a time
NAMED_DAYS = ("today", "yesterday", "this week", "last week", "this month", "last month")
_YEARS = range(2000, 2101)


def read_date(text: str) -> str:
    """`2026-01-05`, with a time where one is given, `5 Jan 2026`, `7d`, `last 2 weeks`, `mon`, `last week`, …"""
    plain = _month_as_number(" ".join(text.replace("_", " ").split()).lower())
    if plain in NAMED_DAYS:
        return plain
    if len(plain) >= 3 and any(day.lower().startswith(plain) for day in _WEEKDAYS):
        return plain[:3]
    if found := _AGO.fullmatch(plain):
        count, unit = int(found[1]), found[2][0]
        if not 1 <= count <= _FARTHEST[unit]:
            raise ValueError(f"from 1 to {_FARTHEST[unit]} can stand before “{unit}”")
        return f"{count}{unit}"
    try:
        moment = datetime.fromisoformat(plain.upper())
    except ValueError:
        if found := _CALENDAR.match(plain):
            year, month, day = (int(part) for part in found.groups())
            if not (1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]) and year in _YEARS:
                raise ValueError(f"the calendar has no {plain[:10]}: a date is written 2026-01-05") from None
        raise ValueError("a date is written 2026-01-05, 5 Jan 2026, 7d, 2w, 3m, mon, today or last week") from None
    has_time = "t" in plain or ":" in plain
    # With a time it may be the first midnight of those years in some zone, in UTC; or the one behind the last of them.
    if moment.year not in _YEARS and not (has_time and moment.year in (_YEARS[0] - 1, _YEARS[-1] + 1)):
        raise ValueError(f"the year has to lie between {_YEARS[0]} and {_YEARS[-1]}")
    return moment.isoformat() if has_time else moment.date().isoformat()


def _month_as_number(plain: str) -> str:
    """`5 jan 2026` and `january 5, 2026` as 2026-01-05; everything else as it is."""
    found = _DAY_FIRST.fullmatch(plain) or _MONTH_FIRST.fullmatch(plain)
    if not found:
        return plain
    months = [number for number, name in enumerate(_MONTHS, 1) if name.lower().startswith(found["month"])]
    return f"{int(found['year'])}-{months[0]:02}-{int(found['day']):02}" if months else plain


def since_when(value: str, *, now: datetime, zone: tzinfo) -> datetime:
    """The instant (UTC) of a canonical date for a person in a zone. Days begin at their midnight, so that an answer
    stays the same all day; a week begins on Monday; `3m` is the same day three months ago, or that month's last."""
    if len(value) > 10 and value[:4].isdigit():
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return datetime.combine(_day(value, now.astimezone(zone).date()), time(), zone).astimezone(UTC)


def _day(value: str, today: date) -> date:
    match value:
        case "today":
            return today
        case "yesterday":
            return today - timedelta(days=1)
        case "this week":
            return today - timedelta(days=today.weekday())
        case "last week":
            return today - timedelta(days=today.weekday() + 7)
        case "this month":
            return today.replace(day=1)
        case "last month":
            return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    if found := _AGO.fullmatch(value):
        count, unit = int(found[1]), found[2]
        if unit == "m":
            return _months_before(today, count)
        return today - timedelta(days=count * (7 if unit == "w" else 1))
    for number, name in enumerate(_WEEKDAYS):
        if name.lower().startswith(value):
            return today - timedelta(days=(today.weekday() - number) % 7)
    return date.fromisoformat(value)


def _months_before(today: date, count: int) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 - count, 12)
    first = date(year, month + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(today.day, last.day))


def until_when(value: str, *, now: datetime, zone: tzinfo) -> datetime:
    """The instant (UTC) before which a canonical date ends: with a time that instant; else the day is included, and of
    "this week" and the like its last day."""
    if len(value) > 10 and value[:4].isdigit():
        return since_when(value, now=now, zone=zone)
    first = _day(value, now.astimezone(zone).date())
    if value.endswith(" week"):
        after = first + timedelta(days=7)
    elif value.endswith(" month"):
        after = (first + timedelta(days=31)).replace(day=1)
    else:
        after = first + timedelta(days=1)
    return datetime.combine(after, time(), zone).astimezone(UTC)


def format_since(value: str) -> str:
    """A canonical date in words: "in the last 30 days", "since Monday", "since 5 Jan 2026"."""
    if found := _AGO.fullmatch(value):
        return f"in the last {_length(found)}"
    return f"since {_named(value)}"


def format_until(value: str) -> str:
    """A canonical date in words: "until the end of last week", "until the end of the day 30 days ago", "before 5 Jan
    2026, 10:00"."""
    if found := _AGO.fullmatch(value):
        return f"until the end of the day {found[1]} {_UNITS[found[2]]}{'s' * (found[1] != '1')} ago"
    return f"{'before' if len(value) > 10 and value[:4].isdigit() else 'until the end of'} {_named(value)}"


def format_day(since: str, until: str) -> str | None:
    """What two canonical dates enclose in words if it is one day, week or month: "on 5 Jan 2026", "last week"; None
    for anything else."""
    if since != until or since in NAMED_DAYS:
        return since if since == until else None
    return None if _AGO.fullmatch(since) or len(since) > _DATE else f"on {_named(since)}"


def _length(ago: re.Match[str]) -> str:
    unit = _UNITS[ago[2]]
    return unit if ago[1] == "1" else f"{ago[1]} {unit}s"


def _named(value: str) -> str:
    """A weekday, a named day or a date in words."""
    for name in _WEEKDAYS:
        if name.lower().startswith(value):
            return name
    if value in NAMED_DAYS:
        return value
    moment = datetime.fromisoformat(value)
    day = f"{moment.day} {_MONTHS[moment.month - 1][:3]} {moment.year}"
    if len(value) <= _DATE:
        return day
    zone = f" {moment.tzname()}" if moment.tzinfo else ""
    return f"{day}, {moment:%H:%M}{zone}"


# ---- ids and counts ----------------------------------------------------------------------------------------------

MOST_LISTED = 100
_ID_TEXT = re.compile(r"[0-9a-z][0-9a-z_-]{3,79}")
_LAST_CHARACTER = "\U0010ffff"  # behind every character that an id may hold


def read_id(text: str) -> str:
    """The beginning of a session's id in lower case."""
    plain = text.strip("#<>` ").lower()
    if not _ID_TEXT.fullmatch(plain):
        raise ValueError("an id is at least the first 4 characters of the id at the foot of a card")
    return plain


def id_ranges(value: str) -> tuple[Range[str], ...]:
    """The ids that begin so, typed with or without hyphens."""
    spelled = sorted({value, with_hyphens(value.replace("-", ""))})
    return tuple(Range(low=one, high=one + _LAST_CHARACTER) for one in spelled)


def with_hyphens(digits: str) -> str:
    """The beginning of a UUID with the hyphens that belong there."""
    ends = (8, 12, 16, 20, 36)
    starts = (0, *ends[:-1])
    return "-".join(digits[start:end] for start, end in zip(starts, ends, strict=True) if digits[start:end])


def read_limit(text: str) -> str:
    """A number of rows, from 1 to 100."""
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and 1 <= int(plain) <= MOST_LISTED):
        raise ValueError(f"a limit is a number from 1 to {MOST_LISTED}")
    return str(int(plain))


# ---- words for orders ----------------------------------------------------------------------------------------------

SORT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("worst", "lowest"), "score"),
    **dict.fromkeys(("best", "highest"), "-score"),
    **dict.fromkeys(("newest", "latest"), "-date"),
    "oldest": "date",
}

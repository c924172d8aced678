"""Reads iSpring's dates. iSpring documents neither their order nor their time zone.

The vendor's OpenAPI files type dates as ISO 8601, but the vendor's sample shows `05-08-2024, 23:57:49` without a zone.
So a date is first read as ISO 8601, then as a numeric date in the configured order. A first or second number above 12
proves the order of that one date, whatever the setting says. Proofs are only counted, so that the admin can compare
them with the setting; they never change how other dates are read.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from bot.domain.model import NO_DATE, Moment
from bot.domain.ports import DateEvidence

AHEAD_LIMIT = timedelta(days=1)
# Dates outside this range mean "no date" (0001-01-01 is the empty date of some languages). They are also too close to
# the limits of `datetime` to be converted to every time zone.
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(9998, 12, 31, tzinfo=UTC)
_LAST_SECOND = timedelta(minutes=59, seconds=59)
MOST_HOURS = 50_000  # that are remembered while a listing is read: five years have fewer
LONGEST_DATE = 60  # characters of a date's text that are kept

# 14-08-2024, 09:00:00 · 14/08/2024 09:00 · 14.08.2024
NUMERIC = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:(?:\s*,\s*|\s+|T)(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)


class DateOrder(StrEnum):
    """Which of the first two numbers of a numeric date is the day."""

    DMY = "dmy"
    MDY = "mdy"


class _Hour(NamedTuple):
    """When an hour begins, None if its minutes can't be added to that: it is no date, or the clocks change within. And
    the order that its date proves."""

    start: datetime | None
    proves: DateOrder | None


class Dates:
    """Reads the dates of one listing in one time zone and order, and counts what they prove."""

    def __init__(self, zone: tzinfo, order: DateOrder) -> None:
        self.zone = zone
        self.order = order
        self._proofs_day_first = 0
        self._proofs_month_first = 0
        self._unreadable = 0
        self._backwards = 0
        self._ahead = 0
        self._hours: dict[str, _Hour] = {}

    @property
    def settings(self) -> bytes:
        """The settings that decide how a date is read; part of every digest and fingerprint."""
        return f"{self.order}|{self.zone}|".encode()

    def read(self, raw: str | None) -> Moment:
        """Returns the moment that a text means; a text that can't be read is kept and has no instant."""
        if not raw:
            return NO_DATE
        raw = raw[:LONGEST_DATE]
        text = raw.strip()
        at = self._iso(text) if text[4:5] == "-" else self._numeric(text)
        if at is None:
            self._unreadable += 1
        return Moment(raw, at)

    def compare(self, started: Moment, finished: Moment, now: datetime) -> None:
        """Counts a session that ends before it starts, or more than a day after `now`: its dates are misread."""
        if finished.at is None:
            return
        if started.at is not None and finished.at < started.at:
            self._backwards += 1
        if finished.at - now > AHEAD_LIMIT:
            self._ahead += 1

    def evidence(self) -> DateEvidence:
        """Returns what the dates read so far prove."""
        return DateEvidence(
            order=str(self.order),
            day_first=self._proofs_day_first,
            month_first=self._proofs_month_first,
            unreadable=self._unreadable,
            backwards=self._backwards,
            ahead=self._ahead,
        )

    def _iso(self, text: str) -> datetime | None:
        try:
            return self._in_utc(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            return None

    def _numeric(self, text: str) -> datetime | None:
        match = NUMERIC.fullmatch(text)
        if match is None:
            return None
        minute, second = match.group(6, 7)
        beginning = text if minute is None else text[: match.start(6)]
        hour = self._hours.get(beginning) or self._new_hour(beginning, match)
        self._proofs_day_first += hour.proves is DateOrder.DMY
        self._proofs_month_first += hour.proves is DateOrder.MDY
        if hour.start is None or minute is None or minute >= "60" or (second or "") >= "60":
            return self._instant(match, int(minute or 0), int(second or 0))
        return hour.start + timedelta(0, 60 * int(minute) + int(second or 0))

    def _new_hour(self, beginning: str, match: re.Match[str]) -> _Hour:
        """The hour of a date, kept by the text up to its minutes: sessions share their hours, and to compute an instant
        takes three times as long as to add to one."""
        first, last = self._instant(match, 0, 0), self._instant(match, 59, 59)
        is_steady = first is not None and last is not None and last - first == _LAST_SECOND
        if len(self._hours) >= MOST_HOURS:
            self._hours.clear()
        found = self._hours[beginning] = _Hour(first if is_steady else None, _proven_order(match))
        return found

    def _instant(self, match: re.Match[str], minute: int, second: int) -> datetime | None:
        """The instant at so many minutes and seconds of the hour of a numeric date; None if there is none."""
        one, _, other, year, hour, _, _ = match.groups()
        is_day_first = (_proven_order(match) or self.order) is DateOrder.DMY
        day, month = (int(one), int(other)) if is_day_first else (int(other), int(one))
        try:
            return self._in_utc(datetime(int(year), month, day, int(hour or 0), minute, second, tzinfo=self.zone))
        except (ValueError, OverflowError):
            return None

    def _in_utc(self, at: datetime) -> datetime | None:
        """Returns the instant in UTC; None if it lies outside EARLIEST and LATEST. May raise what datetime raises.

        A local time that does not exist, or exists twice, is read with the offset before the clocks change (fold 0).
        """
        at = (at if at.tzinfo is not None else at.replace(tzinfo=self.zone)).astimezone(UTC)
        return at if EARLIEST <= at <= LATEST else None


def _proven_order(match: re.Match[str]) -> DateOrder | None:
    """The order that a first or second number above 12 proves."""
    first, second = int(match[1]), int(match[3])
    if first > 12 >= second:
        return DateOrder.DMY
    return DateOrder.MDY if second > 12 >= first else None

"""When something happened, from dates whose order and zone iSpring does not state.

The vendor types its dates as ISO 8601 but shows `05-08-2024, 23:57:49` in its own sample, without a zone. So ISO comes
first, then the numeric form in the configured order; a number above 12 proves the order of its own date whatever the
setting. Proof against the setting is counted for the admin and never flips anything silently.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from bot.domain.model import NO_DATE, Moment
from bot.domain.ports import DateEvidence

AHEAD_LIMIT = timedelta(days=1)
# What lies outside stands for "no date" (0001-01-01 is another language's empty one), and can't be shown in every zone.
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(9998, 12, 31, tzinfo=UTC)

# 14-08-2024, 09:00:00 · 14/08/2024 09:00 · 14.08.2024
NUMERIC = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:(?:\s*,\s*|\s+|T)(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)


# What follows the hour of a common spelling, as a step from its beginning.
IN_THE_HOUR = {
    f":{minute:02d}:{second:02d}": timedelta(minutes=minute, seconds=second)
    for minute in range(60)
    for second in range(60)
}
KEPT_HOURS = 20_000
LONGEST_DATE = 60  # characters kept of what stands for one


@dataclass(slots=True)
class Hour:
    """The instant at which a local hour begins, what a date in it proves about the order, and how many were read."""

    begins_at: datetime
    proves_day_first: int
    proves_month_first: int
    read: int = 0


class DateOrder(StrEnum):
    """Which of the first two numbers of a numeric date is the day."""

    DMY = "dmy"
    MDY = "mdy"


class Dates:
    """Reads the dates of one listing in one zone and order, and keeps count of what they prove."""

    def __init__(self, zone: tzinfo, order: DateOrder) -> None:
        self.zone = zone
        self.order = order
        self._day_first = order is DateOrder.DMY
        self._hours: dict[str, Hour] = {}
        self._proofs_day_first = 0
        self._proofs_month_first = 0
        self._unreadable = 0
        self._backwards = 0
        self._ahead = 0

    @property
    def settings(self) -> bytes:
        """What else than its text decides how a date is read: part of every digest and fingerprint."""
        return f"{self.order}|{self.zone}|".encode()

    def read(self, raw: str | None) -> Moment:
        """The moment a text means; one that can't be read keeps its text and has no instant."""
        if not raw:
            return NO_DATE
        # A listing's dates share their hours with many others.
        hour = self._hours.get(raw[:14])
        if hour is not None and (later := IN_THE_HOUR.get(raw[14:])) is not None:
            hour.read += 1
            return Moment(raw, hour.begins_at + later)
        raw = raw[:LONGEST_DATE]
        text = raw.strip()
        at = self._iso(text) if text[4:5] == "-" else self._numeric(text)
        if at is None:
            self._unreadable += 1
        return Moment(raw, at)

    def compare(self, started: Moment, finished: Moment, now: datetime) -> None:
        """Counts a session that ends before it starts or more than a day from now: its dates are misread."""
        if finished.at is None:
            return
        if started.at is not None and finished.at < started.at:
            self._backwards += 1
        if finished.at - now > AHEAD_LIMIT:
            self._ahead += 1

    def evidence(self) -> DateEvidence:
        """What the dates read so far prove."""
        self._count_hours()
        return DateEvidence(
            order=str(self.order),
            day_first=self._proofs_day_first,
            month_first=self._proofs_month_first,
            unreadable=self._unreadable,
            backwards=self._backwards,
            ahead=self._ahead,
        )

    def _count_hours(self) -> None:
        """Proofs are counted by the hour and added up here: counting them date by date would cost a tenth more."""
        for hour in self._hours.values():
            self._proofs_day_first += hour.read * hour.proves_day_first
            self._proofs_month_first += hour.read * hour.proves_month_first
            hour.read = 0

    def _iso(self, text: str) -> datetime | None:
        try:
            at = datetime.fromisoformat(text)
            # A local time that does not exist or exists twice is read as before the clocks change (fold 0).
            return within_sense((at if at.tzinfo is not None else at.replace(tzinfo=self.zone)).astimezone(UTC))
        except (ValueError, OverflowError):
            return None

    def _numeric(self, text: str) -> datetime | None:
        """A numeric date; the zone makes each costly, so the hour it lies in is kept for the others in it."""
        proofs = self._proofs_day_first, self._proofs_month_first
        at = self._uncommon(text)
        if at is not None and len(text) == 20:
            first = self._proofs_day_first - proofs[0], self._proofs_month_first - proofs[1]
            self._keep_hour(text[:14], at, *first)
        return at

    def _keep_hour(self, text: str, at: datetime, proves_day_first: int, proves_month_first: int) -> None:
        local = at.astimezone(self.zone).replace(minute=0, second=0)
        begins_at, ends_at = local.astimezone(UTC), local.replace(minute=59, second=59).astimezone(UTC)
        # An hour in which the clocks change has no simple beginning.
        if ends_at - begins_at == timedelta(minutes=59, seconds=59) and local.fold == 0:
            if len(self._hours) >= KEPT_HOURS:
                self._count_hours()
                self._hours.clear()
            self._hours[text] = Hour(begins_at, proves_day_first, proves_month_first)

    def _uncommon(self, text: str) -> datetime | None:
        match = NUMERIC.fullmatch(text)
        if match is None:
            return None
        first_text, _, second_text, year, hour, minute, second_of_minute = match.groups()
        first, second = int(first_text), int(second_text)
        day_first = self._day_first
        if first > 12 >= second:
            day_first = True
            self._proofs_day_first += 1
        elif second > 12 >= first:
            day_first = False
            self._proofs_month_first += 1
        day, month = (first, second) if day_first else (second, first)
        try:
            at = datetime(
                int(year),
                month,
                day,
                int(hour or 0),
                int(minute or 0),
                int(second_of_minute or 0),
                tzinfo=self.zone,
            ).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return within_sense(at)


def within_sense(at: datetime) -> datetime | None:
    """An instant at which something can have happened, or be planned."""
    return at if EARLIEST <= at <= LATEST else None

"""Readings of iSpring's people and departments: how old the last ones are, and whether a shorter one is believed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.viewers import Proof

RIGHTS_MAX_AGE = timedelta(hours=72)  # the setting's default
RELATIONS_OLD = timedelta(hours=24)  # an alert and a line in each answer; no new links
BELIEVED_AFTER = timedelta(hours=24)  # a directory really cut by half is believed once it was read alike for so long
ALIKE = 0.1  # of its size, that a directory may change in that time


@dataclass(frozen=True, slots=True)
class DirectoryAges:
    """When iSpring's people and departments were last read, None if never."""

    people: datetime | None = None
    departments: datetime | None = None

    def proof(self, now: datetime, most: timedelta, *, identity: bool = True) -> Proof:
        """What rights may rest on, where a reading proves them for `most`."""
        return Proof(
            identity=identity,
            people=_is_within(self.people, now, most),
            departments=_is_within(self.departments, now, most),
        )

    def old_parts(self, now: datetime) -> Sequence[tuple[str, datetime]]:
        """The parts that were read, but not within a day, and when."""
        parts = (("people", self.people), ("departments", self.departments))
        return [(name, at) for name, at in parts if at is not None and not _is_within(at, now, RELATIONS_OLD)]


def _is_within(read_at: datetime | None, now: datetime, most: timedelta) -> bool:
    # A time that is still to come is of a clock that was ahead, and proves no longer than another.
    return read_at is not None and abs(now - read_at) <= most


@dataclass(frozen=True, slots=True)
class Shortened:
    """Readings that were too short to be believed: since when, and how many entries the last one had."""

    since: datetime
    listed: int


def judge_reading(
    known: Collection[str], read: Collection[str], before: Shortened | None, now: datetime
) -> Shortened | None:
    """Returns None if a reading of people or departments, given by its ids, is believed; else what to remember of it.

    One that is empty, or lacks half of the known ids, is not believed: what is known stays. It is believed after all if
    every reading of the last 24 hours was as short; an empty one never, because each account has its owner and a top
    department.
    """
    kept = sum(one in read for one in known)
    if read and (not known or 2 * kept > len(known)):
        return None
    listed = len(read)
    if before is None or abs(listed - before.listed) > max(1, ALIKE * before.listed):
        return Shortened(now, listed)
    return None if read and now - before.since >= BELIEVED_AFTER else Shortened(before.since, listed)

"""Sessions in the database, and everything that hangs on one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import with_text
from bot.domain.model import Session, SessionFacts, SessionKey


@dataclass(frozen=True, slots=True)
class ListingDiff:
    """What is left of a listing once everything we already know is taken out."""

    changed: Sequence[tuple[SessionFacts, bytes]]  # with its fingerprint; a key listed twice counts once: its best row
    missing: Sequence[SessionKey]  # known, not marked missing, not in this listing; empty if rows were rejected
    back: Sequence[SessionKey]  # marked missing, in this listing again
    listed: int  # different sessions in this listing
    known: int  # sessions stored and not marked missing
    rejected: Sequence[str]
    duplicates: int
    without_parts: int = 0  # rows that lack a part because it could not be read
    left_over: int = 0  # rows that differ too, beyond the most that were asked for


@dataclass(frozen=True, slots=True)
class PollReport:
    """How one poll went. `error` is empty where it went well, and fit for a log; `said` is what iSpring itself said."""

    started_at: datetime
    ended_at: datetime
    listed: int = 0
    changed: int = 0
    unchanged: bool = False
    rejected: int = 0
    error: str = ""
    said: str = ""

    @property
    def error_in_full(self) -> str:
        """The error with iSpring's own words, which may quote a name: for an admin's eyes, never for a log."""
        return with_text(self.error, self.said)


@dataclass(frozen=True, slots=True)
class PollState:
    """What `/ojt status` says about reading: the last try, the last that went well, and the baseline."""

    last: PollReport | None
    last_good_at: datetime | None
    baseline_at: datetime | None
    sessions: int
    created_at: datetime  # of the database


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer: the sessions asked for and how many match in all."""

    sessions: Sequence[Session]
    total: int

"""Sessions in the database, and everything that hangs on one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

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


class RowLabels(NamedTuple):
    """A row of an answer: its fingerprint as a number, iSpring's status and the checklist's id."""

    fingerprint: int
    status: str
    checklist_id: str


@dataclass(frozen=True, slots=True)
class AnswerDiff:
    """An answer about some sessions, compared with those stored. It names none as missing.

    `rows`: every row understood. `known`: the fingerprints of those that were stored. `spelled`: see `Slice.spelled`.
    """

    diff: ListingDiff
    rows: Mapping[SessionKey, RowLabels]
    known: Mapping[SessionKey, int]
    spelled: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether every row could be read: a session that is not among them is not in the answer."""
        return not self.diff.rejected


class PollMode(StrEnum):
    """How iSpring is polled: its whole list of sessions each time, or only what may have changed."""

    FULL = "full"
    INCREMENTAL = "incremental"


@dataclass(frozen=True, slots=True)
class PollReport:
    """How one poll went. `error` is empty where it went well, and fit for a log; `said` is what iSpring itself said.

    `size` and `wire_size`: bytes of all answers about sessions, decoded and on the wire. `corrected_at`: completed
    sessions are as they were then or later, the oldest of them; None if all are as new as the poll.
    """

    started_at: datetime
    ended_at: datetime
    listed: int = 0
    changed: int = 0
    unchanged: bool = False
    rejected: int = 0
    error: str = ""
    said: str = ""
    mode: PollMode = PollMode.FULL
    size: int = 0
    wire_size: int = 0
    corrected_at: datetime | None = None

    @property
    def error_in_full(self) -> str:
        """The error with iSpring's own words, which may quote a name: for an admin's eyes, never for a log."""
        return with_text(self.error, self.said)


@dataclass(frozen=True, slots=True)
class PollState:
    """What `/ojt status` says about reading: the last try, the last that went well, and the baseline. `corrected_at`:
    see `PollReport`, of the last that went well."""

    last: PollReport | None
    last_good_at: datetime | None
    baseline_at: datetime | None
    sessions: int
    created_at: datetime  # of the database
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FoundSessions:
    """One page of an answer: the sessions asked for and how many match in all."""

    sessions: Sequence[Session]
    total: int


# Numbers that a limit would have: 1,000, 2,000, 5,000, 10,000 and so on to 5,000,000.
_ROUND = frozenset(digit * 10**power for digit in (1, 2, 5) for power in range(3, 7))


def is_round(sessions: int) -> bool:
    """True if a listing of so many sessions may have been cut at a limit; iSpring documents nothing about a limit."""
    return sessions in _ROUND

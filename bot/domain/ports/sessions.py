"""Sessions in the database, and everything that hangs on one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from bot.domain.directory import Directory
from bot.domain.errors import with_text
from bot.domain.model import Change, Details, Session, SessionFacts, SessionKey, SessionRecord, Targets
from bot.domain.permissions import EVERYTHING, Reach
from bot.domain.ports.training import Slice
from bot.query.parser import Query


@dataclass(frozen=True, slots=True)
class ListingDiff:
    """What is left of a listing once everything we already know is taken out."""

    changed: Sequence[tuple[SessionFacts, bytes]]  # with its fingerprint; a key listed twice counts once, last wins
    missing: Sequence[SessionKey]  # known, not marked missing, not in this listing; none where rows were set aside
    back: Sequence[SessionKey]  # marked missing, in this listing again
    listed: int  # different sessions in this listing
    known: int  # sessions stored and not marked missing
    rejected: Sequence[str]
    duplicates: int
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


class SessionRows(Protocol):
    """Sessions and everything that hangs on one."""

    def listing_digest(self) -> bytes | None: ...

    def diff(self, slices: Iterable[Slice], *, most: int | None = None, is_part: bool = False) -> ListingDiff:
        """Compares a listing, or a part of one, with what is stored; writes nothing.

        Of more than `most` changed sessions the rest are only counted; then, and of a part, nobody is called missing.
        """
        ...

    def write_baseline(self, rows: Sequence[tuple[SessionFacts, bytes]], targets: Targets, now: datetime) -> None:
        """Stores a slice of the first listing: no change, no notice. Doing it again is harmless."""
        ...

    def finish_baseline(self, digest: bytes, now: datetime) -> None: ...

    def get(self, key: SessionKey) -> Session | None: ...

    def save(self, change: Change, fingerprint: bytes) -> None:
        """Stores what a change leads to, its history line, and the edits its cards owe."""
        ...

    def note_unchanged(self, key: SessionKey, fingerprint: bytes) -> None:
        """A row that looks different but says the same (dates read in another way): it is not to be asked of again."""
        ...

    def mark_missing(self, keys: Collection[SessionKey], now: datetime) -> None: ...

    def mark_back(self, keys: Collection[SessionKey]) -> None: ...

    def remember_listing(self, digest: bytes) -> None: ...

    def record(self, key: SessionKey) -> SessionRecord | None: ...

    def starting_with(self, prefix: str, reach: Reach) -> Sequence[Session]:
        """The sessions whose id starts like this (any case) and that the asker may see; at most 25."""
        ...

    def search(
        self,
        query: Query,
        reach: Reach,
        directory: Directory,
        now: datetime,
        limit: int,
        offset: int = 0,
        zone: tzinfo = UTC,
    ) -> Found:
        """What matches and the asker may see, newest completion first; without what iSpring no longer lists. `zone` is
        the asker's: their days begin there."""
        ...

    def to_do(self, observer_id: str, limit: int) -> Sequence[Session]:
        """Sessions this observer has planned or in progress, the longest due first."""
        ...

    def short_id(self, key: SessionKey, reach: Reach = EVERYTHING) -> str:
        """What people call a session: as much of its id as tells it from every other within a reach. Whoever sees only
        some must not learn of the others from its length."""
        ...

    def prioritise_details(self, keys: Collection[SessionKey]) -> None:
        """Somebody was told that their criteria come. A notice that is owed promises those of its session by itself."""
        ...

    def details_pending(self, since: datetime, now: datetime, limit: int) -> Sequence[SessionKey]:
        """Whose criteria to fetch next, not asked for in vain just now: the promised ones, however old, then those of
        sessions completed since then; of both the newest first."""
        ...

    def save_details(self, key: SessionKey, details: Details, now: datetime) -> None: ...

    def details_in_vain(self, key: SessionKey, now: datetime) -> None:
        """Counts a fetch that brought nothing; after enough of them the details are given up."""
        ...

    def acknowledge(self, key: SessionKey, slack_user_id: str, now: datetime) -> bool:
        """False where this person already had."""
        ...

    def targets(self) -> Targets: ...

    def set_target(self, checklist_id: str | None, percent: float | None, who: str, now: datetime) -> None: ...

    def initial_target(self, percent: float | None) -> None:
        """PASS_TARGET: counts only while nobody set one from Slack."""
        ...

    def checklist_titles(self, reach: Reach) -> Mapping[str, str]:
        """Titles by id, as the sessions last named them, of the checklists of which somebody may see a session."""
        ...

    def is_new_status(self, status: str) -> bool:
        """True once per spelling, the first time it is asked about."""
        ...

    def recover_restored(self) -> datetime | None:
        """When the copy was made that this database was restored from, until a poll has caught up; else None. What was
        completed since then may have been told: it is recorded and counted, not posted."""
        ...

    def end_catch_up(self) -> None: ...

    def completeness_checked_at(self) -> datetime | None:
        """When iSpring's listing was last compared with what its checklists name; None for never."""
        ...

    def record_completeness_check(self, now: datetime) -> None: ...

    def note_poll(self, report: PollReport) -> None: ...

    def poll_state(self) -> PollState: ...

"""What a rule's digest says: the figures of a period, and what they are of. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from bot.domain.directory import Directory
from bot.domain.follow_ups import FollowUpCounts
from bot.domain.model import OutcomeKind, Session
from bot.domain.permissions import AccessScope
from bot.domain.report_periods import Window
from bot.domain.reports import CriterionCost, Figures, ReportRow
from bot.domain.whole_reports import Silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The figures of a period beside those of the one before, and what needs action.

    `window` is what it covers, `before` what that is compared with; `now` and `then` are their figures. `below`: the
    lowest of its `all_below` low results that are not acknowledged; `older_below` and `all_older_below` the same of the
    time `older` before it. `overdue`: the oldest of those that are late now, `overdue_counts` how many are planned or
    in progress. `sites`: the lowest share first, by id; `labels` are their names. `is_parted`: as of a `Trend`.
    `data_until`: iSpring was read until then, None if it never was; `read_until`: it should have been read until then.
    `follow_ups` are those on what its query finds, of any time.
    """

    window: Window
    before: Window
    now: Figures
    then: Figures
    below: Sequence[Session]
    all_below: int
    older: Window
    older_below: Sequence[Session]
    all_older_below: int
    overdue: Sequence[Session]
    overdue_counts: Mapping[OutcomeKind, int]
    costly: Sequence[CriterionCost]
    criteria_from: int
    sites: Sequence[ReportRow]
    labels: Mapping[str, str]
    is_parted: bool
    silent: Silent
    data_until: datetime | None
    read_until: datetime
    follow_ups: FollowUpCounts = field(default_factory=FollowUpCounts)

    @property
    def is_unread(self) -> bool:
        """Nothing of the period has been read: its figures would only look like zeros."""
        return self.data_until is None or self.data_until <= self.window.start

    @property
    def is_incomplete(self) -> bool:
        """iSpring was not read since the end of the period, or of a period that lasts still, not lately."""
        return self.data_until is None or self.data_until < self.read_until

    @property
    def needs_somebody(self) -> bool:
        """Whether action is needed, or it can't be said that none is."""
        late = sum(self.overdue_counts.values()) + self.follow_ups.overdue
        return self.is_incomplete or self.all_below + self.all_older_below > 0 or late > 0


def digest_subject(rule_id: int, day: date) -> str:
    """The unique key of a slot's digest at its destination; those of a rule are in the order of their days."""
    return f"digest:{rule_id}:{day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """What a digest's message is made of.

    `title` is its heading, `query` its query as canonical text, `words` the same in words, `called` the time before
    that it is compared with ("the week before"). `figures` is None if they could not be made, for the reason `problem`.
    `slot` says which slot it is of, "" for none. `missed`: how many older slots it stands for; `is_cut`: it does not
    cover all of their time. `owner`: whom its scope belongs to, as a mention, "" if that is its reader.
    """

    title: str
    words: str
    figures: Digest | None
    query: str = ""
    called: str = ""
    slot: str = ""
    zone: tzinfo
    now: datetime
    scope: AccessScope
    directory: Directory
    owner: str = ""
    foot: str = ""
    missed: int = 0
    is_cut: bool = False
    problem: str = ""
    command: str = "/ojt"

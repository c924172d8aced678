"""Plans polls that do not grow with history: which kind of poll, how its bytes are shared, and when a filter lies.

Of iSpring's filters the vendor says what they mean; they were never seen to work. So their answers are compared with
what is stored, and once a day with a full listing. A filter that lies costs bytes, for full listings, and never a
session.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.domain.polling import PollMode

T = TypeVar("T")

DAY = timedelta(days=1)
RECENTLY = timedelta(hours=48)  # what was completed or re-opened within it is asked for by id
OVER_LIMIT = (
    1.2  # times FULL_LISTING_LIMIT, at which polls become incremental: at the limit itself they would alternate
)
POLLS_TO_SWITCH = 3
ROW_BYTES = 455.0  # of a session in a listing, until one was measured
ID_BYTES = 39.0  # of a session's id in the answer of the checklists
IDS_AT_ONCE = 100  # in one request; the vendor documents no limit
MOST_FETCHED = 1_000  # ids that one step of a poll asks for
MOST_SWEPT = 30  # checklists, in one poll
MOST_HALVED = 30  # more requests of a poll that find the ids which iSpring does not accept
FEWEST_SUSPICIOUS = 50  # open sessions that are gone at once
SUSPICIOUS_SHARE = 0.1
SHORTEST_FULL_INTERVAL = timedelta(minutes=15)  # between two full listings while a filter is doubted
FULL_INTERVAL_TIMES = 10  # of how long a full listing takes
RETRY_FULL = timedelta(minutes=30)  # after a full listing that could not be read, while increments can
HELD_TIMES = 10  # of the time that a step of a poll took to fail, before it is tried again
LONGEST_HOLD = timedelta(hours=1)
STRIKES = 2  # polls within an hour that prove that a filter left rows out: one may be iSpring's own delay
STRIKES_WITHIN = timedelta(hours=1)


class Doubt(StrEnum):
    """Why iSpring's filters are not relied on."""

    NONE = ""
    IGNORED = "ignored"  # an answer had rows that were not asked for: only full listings until a day has passed
    LEFT_OUT = "left_out"  # an answer lacked rows: full listings beside the incremental polls


class Account(StrEnum):
    """What shares the bytes of a poll."""

    PLANNED = "planned"  # the sessions not started yet
    NAMES = "names"  # the checklists' session ids
    RECENT = "recent"  # what was completed lately
    SWEEP = "sweep"  # the other completed sessions


@dataclass(frozen=True, slots=True)
class PollingState:
    """What the next poll needs to know of those before; stored.

    `polls_over`: polls in a row whose size speaks for the other mode. `full_at`: when the last full listing that was
    stored was asked for, `full_seconds` how long that took. `verified_at`: when incremental answers were last compared
    with one. `is_full_due`: the next poll reads one. `full_not_before`: none is tried before, because one could not be
    read. `doubt` lasts until `doubt_until`. `failing_since`: since when each increment lacks an answer that could hold
    news, because a call fails. `debts`: bytes by account.
    `since`: when polls became incremental, or went on after an outage. `planned_at`: when all planned sessions were
    last asked for.
    """

    mode: PollMode = PollMode.FULL
    polls_over: int = 0
    row_bytes: float = ROW_BYTES
    since: datetime | None = None
    full_at: datetime | None = None
    full_seconds: float = 0.0
    verified_at: datetime | None = None
    is_full_due: bool = False
    full_not_before: datetime | None = None
    doubt: Doubt = Doubt.NONE
    doubt_until: datetime | None = None
    strikes: int = 0
    struck_at: datetime | None = None
    failing_since: datetime | None = None
    planned_at: datetime | None = None
    recent_cursor: str = ""
    names_round: int = 0
    debts: Mapping[str, int] = field(default_factory=dict)

    def is_doubted(self, now: datetime) -> bool:
        """Whether full listings are read because of a filter that lied."""
        return self.doubt is not Doubt.NONE and self.doubt_until is not None and now < self.doubt_until

    def is_failing(self, now: datetime) -> bool:
        """Whether full listings are read because a call of increments fails for longer than a moment."""
        return self.failing_since is not None and abs(now - self.failing_since) >= SHORTEST_FULL_INTERVAL

    def fails_alone(self) -> bool:
        """Whether increments still fail although a full listing could be read since they began to."""
        return self.failing_since is not None and self.full_at is not None and self.full_at > self.failing_since

    def full_interval(self) -> timedelta:
        """The time between two full listings while a filter is doubted or a call fails."""
        return max(SHORTEST_FULL_INTERVAL, FULL_INTERVAL_TIMES * timedelta(seconds=self.full_seconds))

    def interval(self, poll_interval: float, now: datetime) -> float:
        """The seconds in which a poll is expected: longer than POLL_INTERVAL while only full listings are relied on."""
        if self.doubt is Doubt.IGNORED and self.is_doubted(now):
            return max(poll_interval, self.full_interval().total_seconds())
        return poll_interval


# ---- which kind of poll --------------------------------------------------------------------------------------------


def after_size(state: PollingState, size: float, limit: int, now: datetime) -> PollingState:
    """The state after a poll found that a full listing has, or would have, so many bytes."""
    is_full = state.mode is PollMode.FULL
    speaks_for_other = size > OVER_LIMIT * limit if is_full else size <= limit
    polls_over = state.polls_over + 1 if speaks_for_other else 0
    if polls_over < POLLS_TO_SWITCH:
        return replace(state, polls_over=polls_over)
    if is_full:  # the listing of this very poll is the first full one
        return PollingState(mode=PollMode.INCREMENTAL, row_bytes=state.row_bytes, since=now, verified_at=now)
    return PollingState(row_bytes=state.row_bytes)


class Reading(StrEnum):
    """What a poll reads."""

    FULL = "full"
    INCREMENT = "increment"
    VERIFIED = "verified"  # increments before and after a full listing, which is compared with both
    NOTHING = "nothing"  # a full listing was read just now, and nothing else is relied on


def reading_of(state: PollingState, now: datetime, *, is_after_outage: bool) -> Reading:
    """What the next poll reads. After an outage one listing shows all that was missed, for one digest;
    while none is to be tried, an increment finds out first whether the outage is over."""
    if state.mode is PollMode.FULL or state.full_at is None:
        return Reading.FULL
    since_full = abs(now - state.full_at)  # a clock that was set back must not stop it
    if state.doubt is Doubt.IGNORED and state.is_doubted(now):
        return Reading.FULL if since_full >= state.full_interval() or state.is_full_due else Reading.NOTHING
    if state.full_not_before is not None and timedelta(0) < state.full_not_before - now <= RETRY_FULL:
        return Reading.INCREMENT
    if is_after_outage or state.is_full_due:
        return Reading.FULL
    if since_full < state.full_interval():  # a comparison that failed after its full listing waits, too
        return Reading.INCREMENT
    if state.is_failing(now):
        return Reading.FULL
    if state.is_doubted(now) or state.verified_at is None or abs(now - state.verified_at) >= DAY:
        return Reading.VERIFIED
    return Reading.INCREMENT


def needs_full(state: PollingState, now: datetime) -> bool:
    """Whether nothing but a full listing can be relied on: if it can't be read, the poll fails."""
    is_ignored = state.doubt is Doubt.IGNORED and state.is_doubted(now)
    return state.mode is PollMode.FULL or state.full_at is None or is_ignored


def is_full_late(state: PollingState, now: datetime) -> bool:
    """Whether full listings could not be read for so long that what was deleted is not noticed."""
    return state.full_at is not None and now - state.full_at > 2 * DAY


# ---- filters that lie ------------------------------------------------------------------------------------------------


def ignored(state: PollingState, now: datetime) -> PollingState:
    """The state after an answer had rows that were not asked for: a full listing is read at once."""
    return replace(state, doubt=Doubt.IGNORED, doubt_until=now + DAY, is_full_due=True, strikes=0)


def left_out(state: PollingState, now: datetime, *, is_proven: bool = False) -> PollingState:
    """The state after a poll found rows that a filter had left out, and that were not changed meanwhile. One such poll
    may be a delay of iSpring's own; `is_proven` if two answers around a full listing lacked them."""
    is_again = state.struck_at is not None and timedelta(0) <= now - state.struck_at <= STRIKES_WITHIN
    strikes = state.strikes + 1 if is_again else 1
    state = replace(state, strikes=strikes, struck_at=now)
    if strikes < STRIKES and not is_proven and not state.is_doubted(now):
        return state
    if state.doubt is Doubt.IGNORED and state.is_doubted(now):
        return state
    return replace(state, doubt=Doubt.LEFT_OUT, doubt_until=now + DAY)


def held_until(began: datetime, now: datetime) -> datetime:
    """Until when a step that failed is not tried again: one that hangs may not take the time of those that work."""
    return now + min(HELD_TIMES * abs(now - began), LONGEST_HOLD)


def is_held(until: datetime | None, now: datetime) -> bool:
    """Whether it is too early to try again; a clock that was set back does not hold a step for longer."""
    return until is not None and timedelta(0) < until - now <= LONGEST_HOLD


def is_suspicious(gone: int, open_sessions: int) -> bool:
    """Whether so many open sessions that iSpring knows no more at once are its error rather than deletions."""
    return gone >= FEWEST_SUSPICIOUS and gone > SUSPICIOUS_SHARE * open_sessions


# ---- bytes ---------------------------------------------------------------------------------------------------------


_SHARES = {Account.PLANNED: 0.5, Account.NAMES: 0.25, Account.RECENT: 0.125, Account.SWEEP: 1.0}


class ByteBudget:
    """The bytes of one poll, shared in the order of `Account`: what one leaves is the next one's.

    An answer that is larger than its share, and can't be asked for in parts, makes a debt, which the share of later
    polls pays: the mean of many polls keeps the budget.
    """

    def __init__(self, total: int, debts: Mapping[str, int]) -> None:
        self._left = float(max(total, 0))
        self._total = self._left
        self.debts = dict(debts)
        self._open: dict[Account, float] = {}

    def allowance(self, account: Account) -> int:
        """The bytes that an account may still spend in this poll; asked for the first time, its debt is paid first."""
        if account not in self._open:
            share = min(self._total * _SHARES[account], self._left)
            paid = min(self.debts.get(account, 0), share)
            self.debts[account] = int(self.debts.get(account, 0) - paid)
            self._left -= paid
            self._open[account] = share - paid
        return int(min(self._open[account], self._left))

    def spend(self, account: Account, size: int) -> None:
        """Counts an answer."""
        covered = min(size, self.allowance(account))
        self._open[account] -= covered
        self._left -= covered
        if size > covered:
            self.debts[account] = self.debts.get(account, 0) + size - covered


def tick_bytes(poll_bytes: int, open_interval: float, poll_interval: float) -> int:
    """The bytes of one poll, of POLL_BYTES in each POLL_INTERVAL."""
    return int(poll_bytes * min(1.0, open_interval / poll_interval))


# ---- what is asked for -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far the comparison of one checklist's completed sessions has come.

    `named_round`: the round in which its session ids were last asked for. `swept_at`: when the last whole comparison
    began. `cursor`: the id after which the next part begins, None unless it is compared in parts; that comparison began
    at `began_at`. `active_at`: when a session of it last changed. `sessions`: how many completed ones are stored.
    """

    checklist_id: str
    named_round: int = 0
    swept_at: datetime | None = None
    cursor: str | None = None
    began_at: datetime | None = None
    active_at: datetime | None = None
    sessions: int = 0


def names_in_order(sweeps: Sequence[Sweep], current_round: int) -> tuple[Sequence[Sweep], int]:
    """The checklists whose session ids are to be asked for, and the round that this is: in a round each comes once, the
    most recently active first. A checklist without an id can't be asked for."""
    named = [one for one in sweeps if one.checklist_id]
    waiting = [one for one in named if one.named_round < current_round]
    if not waiting:
        waiting, current_round = named, current_round + 1
    return sorted(waiting, key=lambda one: (one.active_at or _LONG_AGO, one.checklist_id), reverse=True), current_round


def next_sweep(sweeps: Sequence[Sweep], done: Collection[str]) -> Sweep | None:
    """The checklist to compare next: one that is compared in parts goes on, else the one that waits longest. `done`:
    those of this poll. One of which no completed session is stored is compared too: an employee may have been added to
    an open session of it, and be done."""
    waiting = [one for one in sweeps if one.checklist_id not in done and (one.checklist_id or one.sessions)]
    if not waiting or len(done) >= MOST_SWEPT:
        return None
    return min(waiting, key=lambda one: (one.cursor is None, one.swept_at or _LONG_AGO, one.checklist_id))


def oldest_swept(sweeps: Sequence[Sweep], since: datetime | None) -> datetime | None:
    """When the completed sessions of the checklist that waits longest were last compared; one not compared since polls
    became incremental, or since the last outage, counts from then."""
    ages = [one.swept_at or since for one in sweeps if one.sessions]
    oldest = min((one for one in ages if one is not None), default=since)
    return oldest if since is None or oldest is None else max(oldest, since)


def chunks(items: Sequence[T], size: int = IDS_AT_ONCE) -> Iterator[Sequence[T]]:
    """The items, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """A refused request in two; of more than one item."""
    middle = len(items) // 2
    return items[:middle], items[middle:]


_LONG_AGO = datetime.min.replace(tzinfo=UTC)

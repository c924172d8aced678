"""Reminders: two clocks, for what was not started and for what was not finished. Pure.

Each clock escalates once: the observer, a day later the employee's supervisor, a day later OPS_CHANNEL. iSpring itself
announces a session, reminds before it, and 24 hours after it was started: the first reminders here come where it sends
none. Source: iSpring Learn's help, notifications of on-the-job training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import IntEnum, StrEnum

from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import FollowUp, OutcomeKind, Session


class ReminderClock(StrEnum):
    """What runs: since the planned time, or since the start."""

    NOT_STARTED = "not_started"
    UNFINISHED = "unfinished"


class ReminderStep(IntEnum):
    """Who is reminded."""

    OBSERVER = 0
    SUPERVISOR = 1
    OPS = 2


LATE_AFTER: Mapping[ReminderClock, timedelta] = {
    ReminderClock.NOT_STARTED: timedelta(hours=24),
    ReminderClock.UNFINISHED: timedelta(hours=48),
}
ESCALATES_AFTER = timedelta(hours=24)  # since the reminder before
LONGEST_SNOOZE = timedelta(hours=34)  # from midnight until 9 on the next day, where a clock is turned back
OLDEST = timedelta(days=30)  # what is late for longer belongs on a list, and causes no reminder


@dataclass(frozen=True, slots=True)
class Reminded:
    """That a person was reminded of a session. `at` is None while their message still waits; `is_sent` is False if it
    never will be sent. `in_shadow`: shadow mode showed it to the admins instead."""

    step: ReminderStep
    at: datetime | None
    is_sent: bool = True
    in_shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person wants to be reminded of: what is late, and each morning what is planned."""

    late: bool = True
    planned: bool = False


def running_clock(session: Session) -> tuple[ReminderClock, datetime] | None:
    """The clock of an open session and when it began to run, None if none runs or that time is not known."""
    facts = session.facts
    match outcome_of(session).kind:
        case OutcomeKind.PLANNED if facts.scheduled.at is not None:
            return ReminderClock.NOT_STARTED, facts.scheduled.at
        case OutcomeKind.IN_PROGRESS if (at := facts.started.at or facts.scheduled.at) is not None:
            return ReminderClock.UNFINISHED, at
        case _:
            return None


def is_overdue(session: Session, now: datetime) -> bool:
    """Whether an open session is late: not started a day after its planned time, or not finished two days after its
    start."""
    clock = running_clock(session)
    return clock is not None and now >= clock[1] + LATE_AFTER[clock[0]]


def next_step(
    clock: ReminderClock, since: datetime, reminded: Sequence[Reminded], active_since: datetime, now: datetime
) -> ReminderStep | None:
    """Who is to be reminded of a session now, None for no one.

    `reminded`: who was already, in order. `active_since`: what was late before then causes no reminder, so that
    a first start does not flood.
    """
    late_at = since + LATE_AFTER[clock]
    if not max(active_since, now - OLDEST) <= late_at <= now:
        return None
    if not reminded:
        return ReminderStep.OBSERVER
    last = reminded[-1]
    if last.step is ReminderStep.OPS or last.at is None or now < last.at + ESCALATES_AFTER:
        return None
    return ReminderStep(last.step + 1)


# ---- messages ----------------------------------------------------------------------------------------------------


class ReminderKind(StrEnum):
    """What a reminder lists."""

    LATE = "late"
    PLANNED = "planned"
    NUDGE = "nudge"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderLine:
    """A session of a reminder, the clock that runs (None if it is planned for later), why its reader is reminded,
    and who was reminded before. `follow_up`: what its reader does about it, if that is why. `short_id`: what of its id
    the reader types."""

    session: Session
    clock: ReminderClock | None
    since: datetime
    step: ReminderStep = ReminderStep.OBSERVER
    reminded: Sequence[Reminded] = ()
    follow_up: FollowUp | None = None
    short_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderView:
    """What a reminder's message is made of. `with_names`: it goes to a person; else people are not named. `by`: the
    Slack user who nudged, "" for none."""

    kind: ReminderKind
    lines: Sequence[ReminderLine]
    directory: Directory
    zone: tzinfo
    now: datetime
    subject: str
    with_names: bool = True
    by: str = ""
    command: str = "/ojt"

"""Outages, and which results are counted afterwards instead of posted late.

An outage is a time without a good poll, because Spotter or iSpring was down. It is longer than 30 minutes, because
shorter ones do not matter, and longer than five intervals, because with long intervals a poll or two missed is no
outage.

Only its date says how old a result is. A completion dated within the outage and older than the setting is counted. One
dated before it, or not at all, is posted: either the database proves that it is new (the session was stored
unfinished), or it would have come as late without an outage. A wrong date never silences an alert.

A database restored from a copy does not know what was sent since the copy was made: everything new to it is counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.model import Change

SHORTEST = timedelta(minutes=30)
INTERVALS = 5


@dataclass(frozen=True, slots=True)
class Outage:
    """From the last good poll to the first one after it; `restored`: to the copy that was restored."""

    since: datetime
    until: datetime
    restored: bool = False


def outage_of(
    last_good_at: datetime | None, now: datetime, interval: float, copied_at: datetime | None = None
) -> Outage | None:
    """The outage that a poll ends, None if there was none. `interval` is in seconds; `copied_at` is when the copy was
    made that this database was restored from, None once the poll after it has caught up."""
    if copied_at is not None:
        return Outage(copied_at, now, restored=True)
    if last_good_at is None or now - last_good_at <= max(SHORTEST, INTERVALS * timedelta(seconds=interval)):
        return None
    return Outage(last_good_at, now)


def counted_reason(change: Change, outage: Outage | None, catch_up: timedelta) -> str:
    """Why a completion is counted in the outage's summary, "" if it is posted. `catch_up`: the greatest age to be
    posted. A regression carries the date of its first completion, which says nothing about its own age: it is posted,
    except after a restore."""
    if outage is None:
        return ""
    if outage.restored:
        return "it came after the copy that this database was restored from, and may have been posted already"
    finished = change.after.facts.finished.at
    if change.became_failing or finished is None:
        return ""
    if outage.since <= finished < outage.until - catch_up:
        hours = catch_up / timedelta(hours=1)
        return f"it was completed while Spotter was away, more than {hours:g} hours before it could be posted"
    return ""

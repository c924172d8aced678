"""What counts as trouble for whoever runs Spotter: told once when it begins, once when it is over.

What only a reading of iSpring shows (refused, unreachable, a suspicious or incomplete listing, contradicted dates) is
found by the poll and the roll call; the rest is looked for here, again and again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

POLL_LATE = timedelta(minutes=15)  # or five intervals, where that is longer: shorter gaps mend themselves
STUCK = timedelta(minutes=30)  # that something due may wait: more than the longest back-off, less than a shift
DEAF = timedelta(minutes=2)  # without a socket: reconnecting takes seconds
DISK_LEFT = 200 * 1024 * 1024  # bytes; a listing of a large account is spooled beside the database
DISK_ENOUGH = 300 * 1024 * 1024  # bytes; trouble ends here and not at once above, or it would come and go

Facts = Mapping[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class Signs:
    """What can be seen at one moment.

    `reading_since` is when this process began to poll; `waiting_since` of the oldest message that is due and not held;
    `deaf_for` in seconds; `disk_left` in bytes, None where it can't be told.
    """

    now: datetime
    reading_since: datetime
    last_poll_at: datetime | None
    poll_interval: float
    waiting_since: datetime | None
    waiting: int
    app_refused: str
    deaf_for: float
    disk_left: int | None


# Where somebody would set a limit: 1,000, 2,000, 5,000, 10,000 and so on to 5,000,000.
_ROUND = frozenset(digit * 10**power for digit in (1, 2, 5) for power in range(3, 7))


def is_round(sessions: int) -> bool:
    """Whether a listing of so many sessions may have been cut off there: nobody documents that iSpring has no limit."""
    return sessions in _ROUND


WATCHED = ("poll_stale", "deliveries_stuck", "app_refused", "socket_deaf", "disk_nearly_full")


def troubles(signs: Signs, is_open: frozenset[str] = frozenset()) -> Mapping[str, Facts]:
    """The troubles of `WATCHED` there are now, by code, with what their sentences need; `is_open`: those there were."""
    found: dict[str, Facts] = {}
    last = max(signs.last_poll_at or signs.reading_since, signs.reading_since)
    if signs.now - last > max(POLL_LATE, 5 * timedelta(seconds=signs.poll_interval)):
        found["poll_stale"] = {"minutes": _minutes(signs.now - last)}
    if signs.app_refused:
        found["app_refused"] = {"why": signs.app_refused}
    elif signs.waiting_since is not None and signs.now - signs.waiting_since > STUCK:
        # A refused app explains it; and its messages are stuck by intention.
        found["deliveries_stuck"] = {"messages": signs.waiting, "minutes": _minutes(signs.now - signs.waiting_since)}
    if signs.deaf_for > DEAF.total_seconds():
        found["socket_deaf"] = {"minutes": int(signs.deaf_for // 60)}
    limit = DISK_ENOUGH if "disk_nearly_full" in is_open else DISK_LEFT
    if signs.disk_left is not None and signs.disk_left < limit:
        found["disk_nearly_full"] = {"megabytes": signs.disk_left // (1024 * 1024)}
    return found


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)

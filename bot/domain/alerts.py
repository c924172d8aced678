"""What counts as trouble for whoever runs Spotter: told once when it begins, once when it is over.

What only a reading of iSpring shows (refused, unreachable, a suspicious or incomplete listing, contradicted dates) is
found by the poll and the roll call, and what only an answer to a message shows by whoever sends; the rest is looked for
here, again and again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

POLL_LATE = timedelta(minutes=15)  # or five intervals, where that is longer: shorter gaps mend themselves
STUCK = timedelta(minutes=30)  # that something due may wait: more than the longest back-off, less than a shift
DISCONNECTED = timedelta(minutes=2)  # in which no command can arrive: reconnecting takes seconds
DISK_LEFT = 200 * 1024 * 1024  # bytes; a listing of a large account is spooled beside the database
DISK_ENOUGH = 300 * 1024 * 1024  # bytes; trouble ends here and not at once above, or it would come and go

Facts = Mapping[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class MonitorInput:
    """What can be seen at one moment.

    `reading_since` is when this process began to poll; `last_poll_at` when a poll last ended, None where that is not
    known; `waiting_since` of the oldest message that is not held and that no answer of Slack's has settled; `deaf_for`
    in seconds; `disk_left` in bytes, None if it is not known.
    """

    now: datetime
    reading_since: datetime
    last_poll_at: datetime | None
    poll_interval: float
    waiting_since: datetime | None
    waiting: int
    app_refused: str
    disconnected_for: float
    disk_left: int | None


# Where somebody would set a limit: 1,000, 2,000, 5,000, 10,000 and so on to 5,000,000.
_ROUND = frozenset(digit * 10**power for digit in (1, 2, 5) for power in range(3, 7))


def is_round(sessions: int) -> bool:
    """Whether a listing of so many sessions may have been cut off there: nobody documents that iSpring has no limit."""
    return sessions in _ROUND


# What Slack's answers to messages show: nothing may be posted at all for now, or no direct message to anybody.
WORKSPACE_THROTTLED = "workspace_throttled"
DIRECT_MESSAGES_CLOSED = "direct_messages_closed"

WATCHED = ("poll_stale", "deliveries_stuck", "app_refused", "socket_deaf", "disk_nearly_full")


def alerts(monitor_input: MonitorInput, before: Mapping[str, Facts] = MappingProxyType({})) -> Mapping[str, Facts]:
    """The troubles of `WATCHED` there are now, by code, with what their sentences need; `before`: those there were.

    One that was there ends only on proof: a process that just began can't tell yet.
    """
    found: dict[str, Facts | None] = {
        "poll_stale": _poll_stale(monitor_input, before.get("poll_stale")),
        "deliveries_stuck": _deliveries_stuck(monitor_input, before.get("deliveries_stuck")),
        "app_refused": {"reason": monitor_input.app_refused} if monitor_input.app_refused else None,
        "socket_deaf": _socket_disconnected(monitor_input, before.get("socket_deaf")),
        "disk_nearly_full": _disk_nearly_full(monitor_input, before.get("disk_nearly_full")),
    }
    return {code: facts for code, facts in found.items() if facts is not None}


def _poll_stale(monitor_input: MonitorInput, before: Facts | None) -> Facts | None:
    last = monitor_input.last_poll_at
    if before is None:
        last = max(last or monitor_input.reading_since, monitor_input.reading_since)
    if last is None:
        return before
    is_late = monitor_input.now - last > max(POLL_LATE, 5 * timedelta(seconds=monitor_input.poll_interval))
    return {"minutes": _minutes(monitor_input.now - last)} if is_late else None


def _deliveries_stuck(monitor_input: MonitorInput, before: Facts | None) -> Facts | None:
    since = monitor_input.waiting_since
    if since is None:
        return None
    if before is None and monitor_input.app_refused:
        return None  # that explains it, and its messages are stuck by intention
    is_stuck = monitor_input.now - since > STUCK
    return {"messages": monitor_input.waiting, "minutes": _minutes(monitor_input.now - since)} if is_stuck else None


def _socket_disconnected(monitor_input: MonitorInput, before: Facts | None) -> Facts | None:
    if monitor_input.disconnected_for > DISCONNECTED.total_seconds():
        return {"minutes": int(monitor_input.disconnected_for // 60)}
    return before if monitor_input.disconnected_for > 0 else None


def _disk_nearly_full(monitor_input: MonitorInput, before: Facts | None) -> Facts | None:
    if monitor_input.disk_left is None:
        return before
    is_low = monitor_input.disk_left < (DISK_LEFT if before is None else DISK_ENOUGH)
    return {"megabytes": monitor_input.disk_left // (1024 * 1024)} if is_low else None


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """Something that is wrong now: its code, since when, and what its sentence needs."""

    code: str
    since: datetime
    facts: Mapping[str, str | int | float | None]

"""Begins and ends the alerts of `domain.alerts`. OPS_CHANNEL gets one message at each begin and one at each end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.domain.alerts import ALERTS, RESOLVED, Facts, MonitorInput, Severity, monitored
from bot.domain.errors import StoreBusy
from bot.domain.model import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.ports import Clock
from bot.store.database import Store, Tx

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RuntimeProbes:
    """Measurements of the running process.

    `disconnected_for`: seconds in which no command could arrive, 0 while they can. `disk_left`: bytes that are free on
    the database's disk, None if unknown.
    """

    disconnected_for: Callable[[], float]
    disk_left: Callable[[], int | None]


class Monitor:
    """Evaluates the condition of every alert that has one."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        probes: RuntimeProbes,
        *,
        ops_channel: str,
        poll_interval: float,
        wake: Callable[[], None],
    ) -> None:
        """If `ops_channel` is "", nothing is posted; `/ojt status` still shows alerts. `wake` wakes the sender."""
        self._store = store
        self._clock = clock
        self._probes = probes
        self._ops_channel = ops_channel
        self._poll_interval = poll_interval
        self._wake = wake
        self._since = clock.now()

    async def once(self) -> None:
        """Compares the conditions with the active alerts and enqueues a message for each alert that begins or ends."""
        now, disconnected_for, disk_left = self._clock.now(), self._probes.disconnected_for(), self._probes.disk_left()

        def work(tx: Tx) -> bool:
            before = {alert.code: alert.facts for alert in tx.alerts.all()}
            found = monitored(self._monitor_input(tx, now, disconnected_for, disk_left), before)
            queued = [set_alert(tx, self._ops_channel, code, facts, now) for code, facts in found.items()]
            return any(queued)

        try:
            if await self._store.transact(work):
                self._wake()
        except StoreBusy:
            log.warning("store.busy", what="monitor")

    def _monitor_input(self, tx: Tx, now: datetime, disconnected_for: float, disk_left: int | None) -> MonitorInput:
        poll, counts = tx.polls.state(), tx.deliveries.counts()
        return MonitorInput(
            now=now,
            reading_since=self._since,
            last_poll_at=poll.last.ended_at if poll.last else None,
            poll_interval=self._poll_interval,
            waiting_since=counts.oldest_at,
            waiting=counts.pending + counts.sending + counts.ambiguous,
            app_refused=counts.app_refused,
            disconnected_for=disconnected_for,
            disk_left=disk_left,
            directory=tx.people.ages(),
        )


def set_alert(tx: Tx, ops_channel: str, code: str, facts: Facts | None, now: datetime) -> bool:
    """Begins the alert, updates its `facts`, or ends it if they are None; returns True if that enqueued a message."""
    if facts is not None:
        begun = tx.alerts.begin(code, facts, now)
        if begun is None:
            return False
        write = log.error if ALERTS[code].severity is Severity.ERROR else log.warning
        write("alert.raised", code=code, **{name: value for name, value in facts.items() if name != "reason"})
        return _enqueue(tx, ops_channel, code, begun.since, facts, now)
    resolved = tx.alerts.end(code)
    if resolved is None:
        return False
    log.info("alert.resolved", code=code)
    minutes = int((now - resolved.since).total_seconds() // 60)
    return _enqueue(tx, ops_channel, RESOLVED, resolved.since, {"code_before": code, "minutes": minutes}, now)


def _enqueue(tx: Tx, ops_channel: str, code: str, since: datetime, facts: Mapping[str, object], now: datetime) -> bool:
    if not ops_channel:
        return False
    known_facts = {name: value for name, value in facts.items() if isinstance(value, str | int | float)}
    notification = Notification(
        kind=NotificationKind.OPS,
        destination=Destination(DestinationKind.CHANNEL, ops_channel),
        subject=f"ops:{code}:{known_facts.get('code_before', '')}:{since.isoformat()}",
        reason=code,
        facts={"code": code, **known_facts},
    )
    return tx.notifications.enqueue(notification, now)

"""Begins and ends the alerts of `domain.alerts` that have a condition, and keeps the check-list of a first run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.config import Settings
from bot.domain.alerts import UNNAMED_FOR, MonitorInput, monitored
from bot.domain.errors import StoreBusy
from bot.domain.ports import Clock
from bot.domain.reasons import ReasonCode
from bot.services.alerting import set_alert
from bot.services.setup import queue_setup
from bot.services.shadow import ask_to_go_live, shadow_closed, shadow_unresolved
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
    """Evaluates the condition of every alert that has one, and the check-list of a first run."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        probes: RuntimeProbes,
        settings: Settings,
        *,
        wake: Callable[[], None],
    ) -> None:
        """`wake` wakes the sender."""
        self._store = store
        self._clock = clock
        self._probes = probes
        self._settings = settings
        self._wake = wake
        self._since = clock.now()

    async def once(self) -> None:
        """Compares the conditions with the active alerts and enqueues a message for each alert that begins or ends."""
        now, disconnected_for, disk_left = self._clock.now(), self._probes.disconnected_for(), self._probes.disk_left()

        def work(tx: Tx) -> bool:
            before = {alert.code: alert.facts for alert in tx.alerts.all()}
            found = monitored(self._monitor_input(tx, now, disconnected_for, disk_left), before)
            queued = [set_alert(tx, code, facts, now) for code, facts in found.items()]
            queued.append(ask_to_go_live(tx, self._settings.admins, now))
            return queue_setup(tx, self._settings, now) or any(queued)

        try:
            if await self._store.transact(work):
                self._wake()
        except StoreBusy:
            log.warning("store.postponed", what="monitor")

    def _monitor_input(self, tx: Tx, now: datetime, disconnected_for: float, disk_left: int | None) -> MonitorInput:
        poll, counts = tx.polls.state(), tx.deliveries.counts(now)
        return MonitorInput(
            now=now,
            reading_since=self._since,
            last_poll_at=poll.last.ended_at if poll.last else None,
            poll_interval=tx.polling.state().interval(self._settings.poll_interval, now),
            waiting_since=counts.oldest_at,
            waiting=counts.pending + counts.sending + counts.ambiguous,
            app_refused=counts.app_refused,
            disconnected_for=disconnected_for,
            disk_left=disk_left,
            directory=tx.people.ages(),
            unnamed=tx.unrouted.count_of(ReasonCode.OBSERVER_UNNAMED, now - UNNAMED_FOR),
            shadow_since=None if counts.shadow is None else counts.shadow.at,
            shadow_closed="" if counts.shadow is None else shadow_closed(tx, counts.shadow.destination),
            shadow_unresolved=shadow_unresolved(tx),
        )

"""Tries an app that Slack refuses again, ever more seldom, until Slack takes its token."""

import structlog

from bot.domain.errors import MessengerError, MessengerUnavailable
from bot.domain.ports import Clock, Messenger
from bot.jobs.retrying_store import RetryingStore
from bot.services.alerting import clear_alert
from bot.store.database import Tx

FIRST_PROBE = 60.0  # seconds until a refused app is tried again, doubling up to LAST_PROBE
LAST_PROBE = 600.0

log = structlog.get_logger(__name__)


class AppProbe:
    """`refused`: why Slack refuses the app, "" while it does not."""

    def __init__(self, store: RetryingStore, messenger: Messenger, clock: Clock) -> None:
        self.refused = ""
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._probe_after = FIRST_PROBE
        self._probe_at: float | None = None  # monotonic

    def try_at_once(self, reason: str) -> None:
        """The app was refused when an earlier process ended: an admin may have mended it while we were down."""
        self.refused, self._probe_at = reason, self._clock.monotonic()

    def seconds_left(self) -> float:
        """Seconds until the next try."""
        return (self._probe_at or 0.0) - self._clock.monotonic()

    async def once(self, reason: str) -> bool:
        """Tries the app if it is due; True if Slack takes its token again, and sending goes on. `reason`: why Slack
        refused it last, "" if it did not."""
        now = self._clock.monotonic()
        if not reason:
            if self.refused:
                log.info("app.accepted")
            self.refused = ""
            if self._probe_at is not None and now > self._probe_at:  # it has gone well for a while
                self._probe_after, self._probe_at = FIRST_PROBE, None
            return False
        if reason != self.refused or self._probe_at is None:
            log.error("app.refused", reason=reason, next_try_in=self._probe_after)
            self.refused = reason
            self._probe_at = now + self._probe_after
            return False
        if now < self._probe_at:
            return False
        self._probe_after = min(self._probe_after * 2, LAST_PROBE)
        self._probe_at = now + self._probe_after
        try:
            await self._messenger.check_token()
        except MessengerUnavailable:
            return False
        except MessengerError as refusal:
            log.error("app.still_refused", reason=str(refusal), next_try_in=self._probe_after)
            return False
        await self._store.transact(self._accept)
        self.refused = ""
        return True

    def _accept(self, tx: Tx) -> None:
        """Lifts the pause and ends its alert at once, so that OPS_CHANNEL does not first read that it still is so."""
        tx.outbox.refuse_app("")
        clear_alert(tx, "app_refused", self._clock.now())

"""Once a day: erases sessions older than the setting keeps them, and deletes old rows that nothing uses."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.errors import MessengerError, StoreBusy
from bot.domain.ports import Clock, Messenger
from bot.domain.retention import BETWEEN_REDACTIONS, Expired, Forgotten
from bot.services.alerting import set_alert
from bot.store.database import Store, Tx

EVERY = timedelta(days=1)
AT_ONCE = 500  # sessions in one transaction, so that other writers do not wait long
AUDIT_LOG_RETENTION = timedelta(days=400)  # whatever the setting says: a year and a month
CLOCKS_AGREE_WITHIN = timedelta(hours=1)  # ours and Slack's: what a wrong clock erases does not come back
SPOTTER = "spotter"  # who did it, in the audit log

log = structlog.get_logger(__name__)


class RetentionJob:
    """The daily retention, by the setting KEEP_DAYS."""

    def __init__(
        self, store: Store, messenger: Messenger, clock: Clock, settings: Settings, *, wake: Callable[[], None]
    ) -> None:
        """`messenger` knows Slack's clock. `wake` wakes the sender: messages about erased sessions are edited."""
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._keep = settings.keep
        self._wake = wake
        self._one = asyncio.Lock()

    async def when_due(self) -> bool:
        """Runs the retention if the last one was a day ago or never; returns whether it did. If it is interrupted, or
        our clock is not proved by Slack's, the next call starts it again."""
        async with self._one:
            now = self._clock.now()
            try:
                last_retention_at, baseline_at = await self._store.read(
                    lambda tx: (tx.retention.last_retention_at(), tx.polls.state().baseline_at)
                )
                # A clock that was set back must not stop it for longer than a day.
                if baseline_at is None or (last_retention_at is not None and abs(now - last_retention_at) < EVERY):
                    return False
                if not await self._clock_is_right(now):
                    return False
                await self._run(now)
            except StoreBusy as error:
                log.warning("retention.failed", error=str(error))
                return False
            return True

    async def _clock_is_right(self, now: datetime) -> bool:
        """Whether our clock agrees with Slack's, False if Slack has not told the time yet. Sets or ends the alert."""
        try:
            await self._messenger.learn_time()
        except MessengerError as error:
            log.warning("retention.postponed", reason=f"Slack does not tell the time: {error}")
            return False
        apart = abs(timedelta(seconds=self._messenger.slack_time() - now.timestamp()))
        is_right = apart <= CLOCKS_AGREE_WITHIN
        facts = None if is_right else {"hours": round(apart / timedelta(hours=1))}
        if await self._store.transact(lambda tx: set_alert(tx, "clock_wrong", facts, now)):
            self._wake()
        if not is_right:
            log.warning("retention.postponed", reason=f"the clock is {apart} away from Slack's")
        return is_right

    async def _run(self, now: datetime) -> None:
        sessions = redactions = 0
        if self._keep is not None:
            sessions, redactions = await self._expire(now - self._keep, now)
        audit_before = None if self._keep is None else now - max(self._keep, AUDIT_LOG_RETENTION)

        def forget(tx: Tx) -> Forgotten:
            done = tx.retention.forget(now, audit_before)
            counts = {
                "sessions": sessions,
                "redactions": redactions,
                "attempts": done.attempts,
                "audit_log": done.audit_log,
                "slack_users": done.slack_users,
            }
            if any(counts.values()):
                tx.audit_log.write(
                    SPOTTER, "retention", ",".join(f"{name}:{n}" for name, n in counts.items() if n), now
                )
            tx.retention.record_retention(now)
            return done

        done = await self._store.transact(forget)
        if sessions and not await self._store.truncate_log():
            log.info("wal.not_truncated")  # it is truncated when Spotter stops
        log.info(
            "retention.completed",
            sessions=sessions,
            redactions=redactions,
            attempts=done.attempts,
            audit_log=done.audit_log,
            slack_users=done.slack_users,
        )
        if redactions:
            self._wake()

    async def _expire(self, before: datetime, now: datetime) -> tuple[int, int]:
        """Erases sessions in steps; returns how many, and how many posted messages must be edited."""
        sessions = redactions = 0
        while True:
            redact_from = now + redactions * BETWEEN_REDACTIONS
            done = await self._store.transact(partial(_expire, before, redact_from, now))
            sessions += done.sessions
            redactions += done.redactions
            if done.sessions < AT_ONCE:
                return sessions, redactions


def _expire(before: datetime, redact_from: datetime, now: datetime, tx: Tx) -> Expired:
    return tx.retention.expire(before, redact_from, now, AT_ONCE)

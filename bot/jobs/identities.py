"""Proves again who people are in Slack, before the proof is too old; and lets what waited for a proof go.

First those that an event doubts, then those that Slack was last asked about half a day ago. A look-up that fails is
tried again after 1, 2, 4 … minutes, so that one account holds up no other.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog

from bot.domain.directory_readings import DirectoryAges
from bot.domain.errors import StoreBusy
from bot.domain.ports import Clock, Contacts
from bot.domain.rules import RuleState
from bot.jobs.rule_owners import ask_about, judge_owners, owners_of
from bot.store.database import Store, Tx

RENEWED_AFTER = timedelta(hours=12)
A_ROUND = 40  # of one round each half minute: below Slack's tier 4, which leaves the rest to people who ask
FIRST_PAUSE, LAST_PAUSE = 60.0, 3600.0  # seconds after a failed look-up

log = structlog.get_logger(__name__)


class Identities:
    """One round looks up who is due. `wake` wakes the sender. `admins` are notified of orphaned rules if there is no
    OPS_CHANNEL."""

    def __init__(
        self,
        store: Store,
        contacts: Contacts,
        clock: Clock,
        *,
        admins: frozenset[str],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._clock = clock
        self._admins = admins
        self._wake = wake
        self._failed: dict[str, tuple[float, float]] = {}  # by user: when they are due again (monotonic), and the pause
        self._ages: DirectoryAges | None = None

    async def once(self) -> None:
        """One round. What Slack or the database can't do now is left to the next."""
        try:
            proved = await self._prove()
            ages = await self._store.read(lambda tx: tx.people.ages())
            if proved or ages != self._ages:
                self._ages = ages
                await self._store.transact(lambda tx: tx.notifications.resume_postponed(self._clock.now()))
                self._wake()
        except StoreBusy:
            log.warning("store.postponed", what="identities")

    async def _prove(self) -> bool:
        """Looks up who is due; whether Slack answered of any."""
        now, started = self._clock.now(), self._clock.monotonic()
        most = A_ROUND + len(self._failed)
        due = await self._store.read(lambda tx: tx.people.to_prove(now - RENEWED_AFTER, now, most))
        self._failed = {user: when for user, when in self._failed.items() if user in due}
        ready = [user for user in due if self._failed.get(user, (0.0, 0.0))[0] <= started][:A_ROUND]
        if not ready:
            return False
        found = await ask_about(self._contacts, ready, anew=True)
        for user, viewer in found.items():
            if viewer is None:
                pause = min(2 * self._failed[user][1], LAST_PAUSE) if user in self._failed else FIRST_PAUSE
                self._failed[user] = (self._clock.monotonic() + pause, pause)

        def judge(tx: Tx) -> None:
            owners = owners_of(tx.rules.all((RuleState.ACTIVE, RuleState.PAUSED)))
            asked = {owner: viewer for owner, viewer in found.items() if owner in owners}
            judge_owners(tx, asked, self._admins, self._clock.now())

        await self._store.transact(judge)
        return any(found.values())

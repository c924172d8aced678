"""Puts the sessions that a posted digest is about into its thread, as a CSV file: at most one for each digest.

The digest does not wait for it. A file that surely was not taken is tried again; one that may have been never is.
"""

from collections import Counter
from datetime import datetime, timedelta
from io import TextIOWrapper
from typing import IO

import structlog

from bot.config import Settings
from bot.domain.errors import MessengerRefused, MessengerUnavailable, MessengerUnclear, NoRoom, StoreBusy
from bot.domain.notifications import Delivery, DestinationKind, NotificationKind
from bot.domain.permissions import scope_of
from bot.domain.ports import Clock, Contacts, Messenger
from bot.domain.routing import is_made_for_another
from bot.domain.rules import Rule, RuleState
from bot.domain.schedules import RecordedSlot
from bot.domain.text import count
from bot.jobs.channel_guard import ChannelReadings
from bot.services.digests import slot_file
from bot.services.export import spool_beside, write_csv
from bot.services.owners import OwnerRights
from bot.services.pausing import SPOTTER
from bot.services.shadow import shadow_closed
from bot.store.database import Store, Tx

WITHIN = timedelta(days=1)  # since the planned time
MOST_TRIES = 5  # of one process
NONE, SENT = "none", "sent"

log = structlog.get_logger(__name__)


class DigestFiles:
    """Sends what is due. It may run at any time: a file is claimed before it goes."""

    def __init__(
        self, store: Store, messenger: Messenger, contacts: Contacts, clock: Clock, settings: Settings
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._contacts = contacts
        self._clock = clock
        self._settings = settings
        self._channels = ChannelReadings(store, messenger, clock)
        self._tries: Counter[str] = Counter()  # by delivery

    async def once(self) -> int:
        """Sends the files that are due; returns how many Slack took."""
        now, sent = self._clock.now(), 0
        try:
            for slot, delivery in await self._store.read(lambda tx: tx.slots.files_due(now - WITHIN)):
                sent += await self._send(slot, delivery)
        except (StoreBusy, NoRoom) as error:
            log.warning("digest_file.postponed", reason=str(error))
        return sent

    async def _send(self, slot: RecordedSlot, delivery: Delivery) -> bool:
        if not await self._is_still_theirs(delivery):
            return False
        with spool_beside(self._store.path) as file:
            rows = await self._store.read(lambda tx: self._write(tx, slot, delivery, file))
            if rows is None:
                return False
            if not await self._store.transact(lambda tx: self._claim(tx, slot, rows)):
                return False
            became = await self._upload(slot, delivery, file, rows)
        await self._store.transact(lambda tx: tx.slots.set_file(slot, became))
        log.info("digest_file.ended", rule=slot.rule_id, day=slot.day.isoformat(), result=became or "later", rows=rows)
        return became == SENT

    async def _is_still_theirs(self, delivery: Delivery) -> bool:
        """Whether the digest is where its readers are and no one else: a channel is looked at as before each post."""
        place = delivery.posted_to
        if place.kind is not DestinationKind.CHANNEL:
            return await self._contacts.conversation(place) == delivery.channel
        if not await self._channels.check(self._store, self._contacts, place):
            return False
        return delivery.shadow is None or await self._store.read(lambda tx: not shadow_closed(tx, place))

    def _write(self, tx: Tx, slot: RecordedSlot, delivery: Delivery, out: IO[bytes]) -> int | None:
        """Writes the file and returns its number of sessions; None if it may not go now."""
        now, directory = self._clock.now(), tx.people.directory()
        rule = tx.rules.get(slot.rule_id)
        notification = next(
            (one.notification for one in delivery.notifications if one.notification.kind is NotificationKind.DIGEST),
            None,
        )
        if rule is None or notification is None or not self._may_go(tx, rule, slot, now):
            return None
        owner = OwnerRights(self._settings.admins, now, self._settings.rights_valid_for).of(tx, rule.owner)
        if scope_of(owner, directory).is_empty or is_made_for_another(owner, rule.destination):
            return None
        made = slot_file(tx, rule, notification, owner, directory, now)
        if made is None:
            return None
        text = TextIOWrapper(out, encoding="utf-8", newline="")
        rows = write_csv(text, made)
        text.detach()  # flushes, and leaves the file open
        return rows

    def _may_go(self, tx: Tx, rule: Rule, slot: RecordedSlot, now: datetime) -> bool:
        """Whether what a rule sends may go to its destination now, as for its messages."""
        if rule.state is not RuleState.ACTIVE or tx.outbox.pause() is not None or tx.outbox.app_refused():
            return False
        if tx.slots.may_have_been_sent(slot.planned_at):  # in the database that this is a copy of
            return False
        quiet = tx.quiet_times.of_destination(rule.destination)
        if quiet is not None and quiet.held_until(now) is not None:
            return False
        return not any(mute.query in ("", rule.query) for mute in tx.mutes.held_at(rule.destination, now))

    def _claim(self, tx: Tx, slot: RecordedSlot, rows: int) -> bool:
        """Records the attempt before Slack gets anything, also in the audit log; False if there is nothing to send, or
        it was tried before."""
        if not tx.slots.claim_file(slot):
            return False
        if not rows:
            tx.slots.set_file(slot, NONE)
            return False
        tx.audit_log.write(SPOTTER, "digest_file", f"rule:{slot.rule_id}", self._clock.now(), new=str(rows))
        return True

    async def _upload(self, slot: RecordedSlot, delivery: Delivery, file: IO[bytes], rows: int) -> str | None:
        """Sends the file; what became of it, None if it is to be tried again."""
        assert delivery.channel is not None and delivery.ts is not None, "it was posted"
        self._tries[delivery.delivery_id] += 1
        try:
            await self._messenger.upload(
                delivery.channel,
                file,
                name=f"digest-{slot.day.isoformat()}.csv",
                title=f"Sessions of this digest ({rows:,})",
                comment=f"{count(rows, 'session')} that this digest is about.",
                thread_ts=delivery.ts,
            )
        except MessengerRefused as refusal:
            return f"refused: {refusal.code}"
        except MessengerUnclear:
            return "unclear"
        except MessengerUnavailable:
            return None if self._tries[delivery.delivery_id] < MOST_TRIES else "unavailable"
        return SENT

"""Queues the digests of rules whose schedule is due: one for each rule and local date, whatever restarts or runs twice.

What is due is computed from the rule and its recorded slots. Slot and notification commit in one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.digests import digest_subject
from bot.domain.errors import StoreBusy
from bot.domain.ports import Clock, Contacts
from bot.domain.routing import is_made_for_another
from bot.domain.rules import OPERATOR, Rule, RuleForm, RuleState
from bot.domain.schedules import RecordedSlot, Schedule, Slot, SlotResult, due, instant, newest_slot
from bot.domain.viewers import Viewer
from bot.jobs.rule_owners import ask_about
from bot.services import pausing
from bot.services.digests import (
    OUTDATED,
    digest_key,
    digest_notification,
    schedule_of,
    slot_view,
    zone_of,
)
from bot.services.owners import OwnerRights
from bot.store.database import Store, Tx

WAITS_FOR_DATA = timedelta(hours=1)  # after the planned time, until a digest says that iSpring could not be read
MOST_UNSENT = 10  # newest slots whose digest may wait still
SIGN_OF_LIFE = timedelta(days=30)  # after which a digest comes although no action is needed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    """A rule's slot that is due, and what becomes of it."""

    rule: Rule
    schedule: Schedule
    zone: tzinfo
    slot: Slot
    result: SlotResult


class DigestJob:
    """Queues what is due. It may run twice at once: a slot is recorded once."""

    def __init__(
        self, store: Store, contacts: Contacts, clock: Clock, settings: Settings, *, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._clock = clock
        self._settings = settings
        self._wake = wake

    async def once(self) -> int:
        """Records every slot that is due and queues its digest; returns how many digests were queued."""
        now = self._clock.now()
        try:
            if await self._store.read(lambda tx: tx.slots.has_unsent_after(now)):
                await self._store.transact(lambda tx: tx.slots.forget_unsent_after(now))
            found, to_ask = await self._store.read(lambda tx: self._due(tx, now))
            owners = await ask_about(self._contacts, to_ask)
            queued = 0
            for one in found:
                work = partial(self._record, one=one, owner=owners.get(one.rule.owner), now=now)
                queued += await self._store.transact(work)
            if await self._store.read(lambda tx: self._incomplete(tx)):
                await self._store.transact(lambda tx: self._complete(tx, now))
                self._wake()
        except StoreBusy as error:
            log.warning("digest.postponed", reason=str(error))
            return 0
        if queued:
            self._wake()
        return queued

    # ---- what is due ---------------------------------------------------------------------------------------------

    def _due(self, tx: Tx, now: datetime) -> tuple[list[_Due], set[str]]:
        """The slots to be recorded now, and the owners whom Slack is asked about before."""
        found, to_ask, rights = [], set(), self._rights(now)
        for rule in tx.rules.all((RuleState.ACTIVE,)):
            schedule = schedule_of(rule) if rule.options.form is RuleForm.DIGEST else None
            if schedule is None:
                continue
            zone = zone_of(tx, rule)
            slot = self._slot(tx, rule, schedule, zone, now)
            result = None if slot is None else self._result(tx, rule, schedule, zone, slot, now)
            if slot is None or result is None:
                continue
            found.append(_Due(rule, schedule, zone, slot, result))
            if rights.is_to_be_asked(tx, rights.of(tx, rule.owner)):
                to_ask.add(rule.owner)
        return found, to_ask

    def _rights(self, now: datetime) -> OwnerRights:
        return OwnerRights(self._settings.admins, now, self._settings.rights_valid_for)

    @staticmethod
    def _slot(tx: Tx, rule: Rule, schedule: Schedule, zone: tzinfo, now: datetime) -> Slot | None:
        after = rule.scheduled_since or rule.created_at
        day, planned = newest_slot(schedule, zone, now)
        if planned <= after or tx.slots.get(rule.rule_id, day) is not None:
            return None  # the usual answer, without reading all slots
        recorded = tx.slots.of_rule(rule.rule_id)
        covering = (SlotResult.QUEUED, SlotResult.NOTHING_TO_DO)
        return due(
            schedule,
            zone,
            now,
            after=after,
            recorded=recorded.keys(),
            covered_until=max((one.day for one in recorded.values() if one.result in covering), default=None),
        )

    def _result(
        self, tx: Tx, rule: Rule, schedule: Schedule, zone: tzinfo, slot: Slot, now: datetime
    ) -> SlotResult | None:
        """What becomes of a slot, None while it waits for data."""
        mutes = [one for at in (slot.planned, now) for one in tx.mutes.held_at(rule.destination, at)]
        if any(mute.query in ("", rule.query) for mute in mutes):
            return SlotResult.MUTED
        if tx.slots.may_have_been_sent(slot.planned):
            return SlotResult.MISSED
        data_at = tx.polls.last_good_at()
        is_read = data_at is not None and now - data_at < max(OUTDATED, 3 * self._poll_interval)
        if not is_read and now < slot.planned + WAITS_FOR_DATA:
            return None
        if rule.options.only_to_act and not self._is_to_be_sent(tx, rule, schedule, zone, slot, now):
            return SlotResult.NOTHING_TO_DO
        return SlotResult.QUEUED

    @property
    def _poll_interval(self) -> timedelta:
        return timedelta(seconds=self._settings.poll_interval)

    def _is_to_be_sent(self, tx: Tx, rule: Rule, schedule: Schedule, zone: tzinfo, slot: Slot, now: datetime) -> bool:
        """Whether action is needed, that can't be said, or it is time for a sign of life."""
        owner = self._rights(now).of(tx, rule.owner)
        if is_made_for_another(owner, rule.destination) and not self._rights(now).is_to_be_asked(tx, owner):
            return False
        sent = [one.planned_at for one in tx.slots.of_rule(rule.rule_id).values() if one.result is SlotResult.QUEUED]
        if slot.planned - max(sent, default=rule.created_at) >= SIGN_OF_LIFE:
            return True
        notification = digest_notification(rule, schedule, zone, slot)
        view = slot_view(tx, rule, notification, owner, tx.people.directory(), now, self._settings.slack_command)
        return view.figures is None or view.figures.needs_somebody

    # ---- recording -----------------------------------------------------------------------------------------------

    def _record(self, tx: Tx, one: _Due, owner: Viewer | None, now: datetime) -> bool:
        """Stores what becomes of a slot and of the older ones that were missed; whether a digest was queued."""
        rule = tx.rules.get(one.rule.rule_id)
        if rule is None or rule.state is not RuleState.ACTIVE or rule.options != one.rule.options:
            return False  # changed meanwhile: judged anew in a minute
        if tx.slots.get(rule.rule_id, one.slot.day) is not None:
            return False  # another process did it meanwhile
        if self._owner_is_gone(tx, rule, owner, now):
            return False
        slot = one.slot
        if one.result is SlotResult.QUEUED:
            slot = self._with_unsent(tx, rule, one, now)
        if not tx.slots.record(self._recorded(one, slot.planned, slot, one.result, tx, now)):
            return False
        for day in one.slot.missed:
            missed = Slot(day=day, planned=instant(day, one.schedule.at, one.zone), since=day, until=day)
            tx.slots.record(self._recorded(one, missed.planned, missed, SlotResult.MISSED, tx, now))
        log.info("slot.recorded", rule=rule.rule_id, day=slot.day.isoformat(), result=str(one.result))
        if one.result is not SlotResult.QUEUED:
            return False
        return tx.notifications.enqueue(digest_notification(rule, one.schedule, one.zone, slot), now)

    def _with_unsent(self, tx: Tx, rule: Rule, one: _Due, now: datetime) -> Slot:
        """The slot, widened by the older ones whose digest waits still, for quiet time or for Slack: that is cancelled,
        so that one digest comes and not several. `missed` are all that it stands for."""
        for older in list(tx.slots.of_rule(rule.rule_id).values())[:MOST_UNSENT]:
            unsent = digest_key(rule, older.day)
            if older.result is SlotResult.QUEUED and tx.notifications.cancel_unsent(unsent, "a newer digest covers it"):
                tx.slots.set_missed(older)
        slot = self._slot(tx, rule, one.schedule, one.zone, now) or one.slot
        recorded = tx.slots.of_rule(rule.rule_id).items()
        known = [day for day, older in recorded if older.result is SlotResult.MISSED and slot.since < day < slot.day]
        return replace(slot, missed=(*slot.missed, *known))

    @staticmethod
    def _recorded(one: _Due, planned: datetime, slot: Slot, result: SlotResult, tx: Tx, now: datetime) -> RecordedSlot:
        return RecordedSlot(
            rule_id=one.rule.rule_id,
            day=slot.day,
            planned_at=planned,
            since=slot.since,
            ends_at=instant(slot.until, time(), one.zone),
            zone=str(one.zone),
            result=result,
            data_at=tx.polls.last_good_at(),
            recorded_at=now,
        )

    def _owner_is_gone(self, tx: Tx, rule: Rule, asked: Viewer | None, now: datetime) -> bool:
        """Pauses a rule whose owner may see nothing any more; an admin is notified. The slot stays due. `asked`: what
        Slack just said of the owner, None if it was not asked or does not say."""
        if rule.owner == OPERATOR or tx.people.directory_at() is None:
            return False
        rights = self._rights(now)
        owner = asked or rights.of(tx, rule.owner)
        if asked is None and rights.is_to_be_asked(tx, owner):
            return False  # Slack is asked again when it is sent
        pausing.judge_owner(tx, rule, pausing.gone_reason(owner, tx.people.directory()), rights.admins, now)
        after = tx.rules.get(rule.rule_id)
        return after is None or after.state is not RuleState.ACTIVE

    # ---- afterwards ----------------------------------------------------------------------------------------------

    @staticmethod
    def _incomplete(tx: Tx) -> Sequence[RecordedSlot]:
        data_at = tx.polls.last_good_at()
        return tx.slots.incomplete(data_at) if data_at is not None else ()

    def _complete(self, tx: Tx, now: datetime) -> None:
        """Edits the digests that were sent without all data, once that has been read."""
        data_at = tx.polls.last_good_at()
        for one in self._incomplete(tx):
            rule = tx.rules.get(one.rule_id)
            if rule is None or data_at is None:
                continue
            tx.slots.set_data_at(one, data_at)
            tx.outbox.request_edit(rule.destination, digest_subject(one.rule_id, one.day), now)

"""Compares incremental polls with a full listing: once a day, and more often while a filter is doubted.

The full listing is compared with what the answers before and after it showed, not with what is stored, which a fetch by
id may have mended. A session counts as left out only if both lacked it and a fetch by id still shows what the full
listing showed: else it changed in between.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

import structlog

from bot.domain.errors import TrainingError
from bot.domain.incremental import MOST_FETCHED, RETRY_FULL, PollingState, is_full_late
from bot.domain.model import OutcomeKind, SessionKey
from bot.domain.polling import PollMode, PollReport
from bot.domain.ports import Clock, Training
from bot.jobs.answers import Totals, note_filters
from bot.jobs.full_listing import FullListing, note_good
from bot.jobs.incremental import IN_PROGRESS, NOT_STARTED, Increment, RawAnswers
from bot.jobs.listing_changes import PollRun
from bot.services.alerting import set_alert
from bot.store.database import Store, Tx

log = structlog.get_logger(__name__)

OpenSessions: TypeAlias = Mapping[SessionKey, tuple[OutcomeKind, int]]  # with their fingerprints

_STATUS = {OutcomeKind.IN_PROGRESS: IN_PROGRESS, OutcomeKind.PLANNED: NOT_STARTED}


class Verification:
    """Reads an increment, a full listing and an increment, and compares them."""

    def __init__(self, training: Training, store: Store, clock: Clock, full: FullListing, increment: Increment) -> None:
        self._training = training
        self._store = store
        self._clock = clock
        self._full = full
        self._increment = increment

    async def read(self, run: PollRun, state: PollingState) -> PollReport:
        """Reads, stores and compares. Raises FilterIgnored and TrainingError."""
        before = await self._increment.read(run, state, with_planned=True)
        totals = Totals()
        named = await self._named(totals)
        listing_run = replace(run, started=self._clock.now(), details={})
        try:
            full = await self._full.read(listing_run)
        except TrainingError as error:  # what may have changed was read; what was deleted is noticed later
            await note_full_failed(self._store, error, listing_run.started)
            return before.report
        state, shown, lacking, not_named_ids = await self._store.read(partial(_shown, named))
        after_run = replace(run, started=self._clock.now(), details={})
        after = await self._increment.read(after_run, state, with_planned=True)
        left_out = await self._left_out(after_run, totals, shown, before, after)
        not_named = await self._not_named(after_run, totals, not_named_ids)
        unlisted = max(0, await self._unlisted(after_run, totals, lacking) - full.rejected)
        sizes = [one.size for one in (before.report, full, after.report)]
        wire_sizes = [one.wire_size for one in (before.report, full, after.report)]

        def note(tx: Tx) -> PollReport:
            now = self._clock.now()
            report = replace(
                after.report,
                started_at=run.started,
                ended_at=now,
                changed=before.report.changed + full.changed + after.report.changed,
                unchanged=before.report.unchanged and full.unchanged and after.report.unchanged,
                mode=PollMode.INCREMENTAL,
                size=sum(sizes) + totals.size,
                wire_size=sum(wire_sizes) + totals.wire_size,
            )
            note_good(tx, self._training, report)
            if named is not None:
                set_alert(tx, "listing_incomplete", {"sessions": unlisted} if unlisted else None, now)
                tx.polls.record_completeness_check(now)
            found = tx.polling.state()
            if before.has_planned and after.has_planned:  # else the planned sessions were not compared
                found = replace(found, verified_at=now)
            if found.mode is PollMode.INCREMENTAL:
                tx.polling.save_state(note_filters(tx, found, left_out + not_named, now, is_proven=True))
            return report

        report = await self._store.transact(note)
        log.info("poll.verified", left_out=left_out, not_named=not_named, unlisted=unlisted)
        return report

    async def _named(self, totals: Totals) -> frozenset[str] | None:
        """Every session id that iSpring's checklists name, in lower case; None if they can't be read."""
        try:
            answer = await self._training.checklists()
        except TrainingError as error:
            log.warning("checklists.failed", error=str(error))
            return None
        totals.size += answer.size
        totals.wire_size += answer.wire_size
        ids = [one.checklist_id.lower() for one in answer.checklists]
        await self._store.transact(lambda tx: tx.polling.note_checklists(ids))
        named = (one for checklist in answer.checklists for one in checklist.session_ids())
        return await asyncio.to_thread(lambda: frozenset(one.lower() for one in named))

    async def _left_out(
        self,
        run: PollRun,
        totals: Totals,
        shown: OpenSessions,
        before: RawAnswers,
        after: RawAnswers,
    ) -> int:
        """How many open sessions of the full listing both increments left out."""
        lacking = [
            key
            for key, (kind, _) in shown.items()
            if (status := _STATUS.get(kind)) in before.whole
            and status in after.whole
            and key not in before.listed
            and key not in after.listed
        ]
        ids = list(dict.fromkeys(key.session_id for key in lacking))[:MOST_FETCHED]
        if not ids:
            return 0
        rows = (await self._increment.answers.fetched(run, totals, ids)).rows
        return sum(key in rows and rows[key].fingerprint == shown[key][1] for key in lacking)

    async def _not_named(self, run: PollRun, totals: Totals, lacking: frozenset[str]) -> int:
        """How many sessions of the full listing no checklist names, neither before nor after it."""
        again = await self._named(totals) if lacking else None
        if again is None:
            return 0
        ids = sorted(lacking - again)[:MOST_FETCHED]
        rows = (await self._increment.answers.fetched(run, totals, ids)).rows
        return len({key.session_id for key in rows})

    async def _unlisted(self, run: PollRun, totals: Totals, lacking: Sequence[str]) -> int:
        """How many sessions the full listing leaves out, of those that the checklists named before it and that were not
        stored after it: a fetch by id shows them, or the checklists still name them."""
        if not lacking:
            return 0
        asked = list(lacking[:MOST_FETCHED])
        fetched = await self._increment.answers.fetched(run, totals, asked)
        unknown = set(await self._store.read(lambda tx: tx.polling.unknown_ids(asked)))
        shown = {key.session_id for key in fetched.rows}
        absent = {one for one in asked if one in fetched.answered and one not in shown}
        again = (await self._named(totals) or frozenset()) if absent else frozenset[str]()
        # One that is shown and still not stored is that of an erased person.
        return len(set(asked) - unknown) + len(absent & again)


def _shown(named: frozenset[str] | None, tx: Tx) -> tuple[PollingState, OpenSessions, Sequence[str], frozenset[str]]:
    """What a full listing that was just stored showed: the open sessions, the ids that it lacked of those named, and
    its ids that were not named."""
    polling = tx.polling
    if named is None:
        return polling.state(), polling.open_sessions(), (), frozenset()
    listed = frozenset(polling.stored_ids())
    return polling.state(), polling.open_sessions(), polling.unknown_ids(named - listed), listed - named


async def note_full_failed(store: Store, error: TrainingError, now: datetime) -> PollingState:
    """Stores that a full listing could not be read while increments can; returns the state after that."""
    log.warning("full_listing.failed", error=str(error))

    def note(tx: Tx) -> PollingState:
        state = replace(tx.polling.state(), full_not_before=now + RETRY_FULL)
        tx.polling.save_state(state)
        if is_full_late(state, now):
            set_alert(tx, "full_listing_unread", {"reason": error.in_full}, now)
        return state

    return await store.transact(note)

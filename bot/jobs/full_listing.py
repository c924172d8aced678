"""Reads iSpring's whole list of sessions and stores what it says.

The listing is diffed against the database in a reader: only changed rows are left, and `jobs/listing_changes.py` stores
these. Only a whole listing says that a session is missing.
"""

import asyncio
import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.changes import decide
from bot.domain.errors import StoreBusy
from bot.domain.incremental import after_size
from bot.domain.model import Change, ChangeKind, News, SessionFacts, Targets
from bot.domain.outcomes import has_odd_result, judge
from bot.domain.polling import ListingDiff, PollMode, PollReport, is_round
from bot.domain.ports import Clock, Listing, Slice, Training
from bot.jobs.listing_changes import (
    LINES_LOGGED,
    TRIES,
    ChangeWriter,
    PollRun,
    log_odd_results,
    suspect_source,
    warn_of_dates,
    warn_of_statuses,
)
from bot.jobs.parts import SESSIONS, note_left_out, note_parts
from bot.jobs.plan_notifications import NotificationPlan, NotificationPlanner, PlanOutdated, PollTiming, is_unknown
from bot.jobs.store_changes import MOST_PLANNED, bulk_update, store_notifications, take_back_reassigned
from bot.services.alerting import clear_alert, notify_ops, set_alert
from bot.store.database import Store, Tx

STABLE_AFTER = timedelta(hours=3)  # without such a change: longer than a source takes that alternates hourly
BASELINE_ROWS = 32_000  # in one commit

log = structlog.get_logger(__name__)


class FullListing:
    """Reads and stores one full listing at a time."""

    def __init__(
        self, training: Training, store: Store, clock: Clock, settings: Settings, writer: ChangeWriter
    ) -> None:
        self._training = training
        self._store = store
        self._clock = clock
        self._settings = settings
        self._writer = writer

    async def read(self, run: PollRun) -> PollReport:
        """Reads and stores it. Raises TrainingError and StoreBusy."""
        async with self._training.list_sessions() as listing:
            return await self._take_in(listing, run)

    async def _take_in(self, listing: Listing, run: PollRun) -> PollReport:
        started = run.started
        state, digest, polling = await self._store.read(
            lambda tx: (tx.polls.state(), tx.listings.digest(), tx.polling.state())
        )
        if state.baseline_at is None:
            return await self._baseline(listing, run)
        # How ids are spelled is learned from the first listing after polls became incremental, whatever it says.
        learns_spelling = polling.mode is PollMode.INCREMENTAL and polling.full_at is None
        if digest == listing.digest and not learns_spelling:
            report = replace(self._report(listing, started, state.sessions), unchanged=True)

            def note(tx: Tx) -> None:
                self._note_full(tx, listing, report, run)

            await self._store.transact(note)
            return report
        for _ in range(TRIES):
            try:
                return await self._store_changes(listing, run, polling.mode)
            except PlanOutdated:
                log.info("plan.outdated")
        raise StoreBusy("Rules or people changed while iSpring was read; the next poll stores the other changes.")

    def _report(self, listing: Listing, started: datetime, listed: int) -> PollReport:
        return PollReport(started, self._clock.now(), listed, size=listing.size, wire_size=listing.wire_size)

    async def _store_changes(self, listing: Listing, run: PollRun, mode: PollMode) -> PollReport:
        """Stores what differs, with its notifications. Raises PlanOutdated if something changed meanwhile: what was
        stored by then no longer differs."""
        started = run.started
        spelled: dict[str, str] = {}
        listing_diff = await self._store.read(
            lambda tx: tx.listings.diff(_spelling(listing.slices(), spelled), most=MOST_PLANNED)
        )
        silent = 0
        if listing_diff.left_over:
            silent = await bulk_update(self._store, listing.slices(), started)
            listing_diff = await self._store.read(lambda tx: tx.listings.diff(listing.slices()))

        def begin(tx: Tx) -> None:
            self._mark(tx, listing_diff, started)
            back = frozenset(listing_diff.back)
            take_back_reassigned(tx, {*listing_diff.missing, *back}, started, back=back)

        def end(tx: Tx, changes: Collection[Change]) -> PollReport:
            tx.polls.end_recovery()
            set_alert(tx, "rows_rejected", _rows(len(listing_diff.rejected)), started)
            warn_of_dates(tx, listing.date_evidence, started)
            self._note_odd_rows(tx, listing_diff.without_parts, listing_diff.duplicates, started)
            suspect_source(tx, changes, started)
            self._suspect_end(tx, listing_diff.listed + listing_diff.duplicates + len(listing_diff.rejected), started)
            tx.listings.remember(listing.digest)
            if mode is PollMode.INCREMENTAL:
                tx.polling.replace_spellings(spelled)
            report = replace(
                self._report(listing, started, listing_diff.listed),
                changed=silent + len(listing_diff.changed),
                rejected=len(listing_diff.rejected),
            )
            self._note_full(tx, listing, report, run)
            return report

        return await self._writer.store(run, listing_diff, listing.requested_at, begin, end)

    # ---- the first listing ---------------------------------------------------------------------------------------

    async def _baseline(self, listing: Listing, run: PollRun) -> PollReport:
        """Stores the first listing without notifications, slice by slice: it counts only once its last commit is
        done."""
        started = run.started
        targets = await self._store.read(lambda tx: tx.targets.current())
        slices = listing.slices()
        listed = written = odd = without_parts = 0
        rejected: list[str] = []
        statuses: dict[str, SessionFacts] = {}
        recent: list[SessionFacts] = []
        summarised = self._settings.summarise_back
        since = None if summarised is None else started - summarised
        while (piece := await asyncio.to_thread(_next_rows, slices)) is not None:
            rows = piece.rows
            written += await self._store.transact(partial(_write_baseline, rows, targets, started))
            listed += len(rows)
            without_parts += piece.without_parts
            rejected += piece.rejected
            odd += piece.odd
            for facts, _ in rows:
                statuses.setdefault(facts.status, facts)
            if since is not None:
                recent += [facts for facts, _ in rows if facts.finished.at is not None and facts.finished.at >= since]
        if recent:
            await self._writer.names()
        for line in rejected[:LINES_LOGGED]:
            log.warning("row.rejected", where=line)
        log_odd_results(odd)

        def planned(tx: Tx) -> NotificationPlan:
            changes = (decide(None, facts, now=started, targets=targets) for facts in recent)
            completed = [change for change in changes if change is not None and change.kind is ChangeKind.COMPLETED]
            planner = NotificationPlanner(tx, self._settings, PollTiming(listing.requested_at, started), {})
            return planner.plan([replace(change, news=News.COUNT) for change in completed], "baseline")

        if recent:
            await self._writer.judge_owners()
        plan = await self._store.read(planned)

        def finish(tx: Tx) -> PollReport:
            store_notifications(tx, plan, started)
            unknown = {status for status, facts in statuses.items() if is_unknown(judge(facts, None))}
            warn_of_statuses(tx, unknown, started)
            set_alert(tx, "rows_rejected", _rows(len(rejected)), started)
            warn_of_dates(tx, listing.date_evidence, started)
            duplicates = written - tx.listings.baseline_size(started)
            self._note_odd_rows(tx, without_parts, duplicates, started)
            self._suspect_end(tx, listed + len(rejected), started)
            notify_ops(tx, "baseline_done", "once", started, sessions=listed)
            tx.listings.finish_baseline(listing.digest, started)
            report = replace(self._report(listing, started, listed), rejected=len(rejected))
            self._note_full(tx, listing, report, run)
            return report

        return await self._store.transact(finish)

    # ---- inside the transaction ----------------------------------------------------------------------------------

    def _note_full(self, tx: Tx, listing: Listing, report: PollReport, run: PollRun) -> None:
        """Stores a good poll, and what its listing says about how to poll next."""
        note_good(tx, self._training, report)
        state = tx.polling.state()
        row_bytes = listing.size / report.listed if report.listed else state.row_bytes
        state = replace(state, row_bytes=row_bytes) if state.polls_over or state.mode is PollMode.INCREMENTAL else state
        was_incremental = state.mode is PollMode.INCREMENTAL
        state = after_size(state, listing.size, self._settings.full_listing_limit, report.ended_at)
        if was_incremental and state.mode is PollMode.INCREMENTAL:
            took = (report.ended_at - report.started_at).total_seconds()
            state = replace(
                state, full_at=listing.requested_at, full_seconds=took, is_full_due=False, full_not_before=None
            )
            if run.outage is not None:
                state = replace(state, since=listing.requested_at)
            tx.polling.end_absences()
            clear_alert(tx, "full_listing_unread", report.ended_at)
            tx.polls.end_recovery()  # also if the listing has not changed: each poll would list everything until then
        if was_incremental and state.mode is PollMode.FULL:
            end_incremental_alerts(tx, report.ended_at)
        tx.polling.save_state(state)

    def _mark(self, tx: Tx, listing_diff: ListingDiff, now: datetime) -> None:
        """Marks sessions that are missing or back. A listing without most of the known sessions proves nothing about
        them."""
        tx.listings.mark_back(listing_diff.back)
        still_there = listing_diff.known - len(listing_diff.missing)
        if listing_diff.rejected:  # no session is marked missing then: each of these rows may be one
            still_there = min(still_there, listing_diff.listed + len(listing_diff.rejected))
        if listing_diff.known and (not listing_diff.listed or 2 * still_there < listing_diff.known):
            facts = {"listed": listing_diff.listed, "known": listing_diff.known}
            set_alert(tx, "suspicious_listing", facts, now)
        else:
            tx.listings.mark_missing(listing_diff.missing, now)
            if not listing_diff.rejected:
                clear_alert(tx, "suspicious_listing", now)

    def _note_odd_rows(self, tx: Tx, without_parts: int, duplicates: int, now: datetime) -> None:
        """Counts the rows that lack a part, and those that repeat a session, each in an alert."""
        note_left_out(tx, {SESSIONS: without_parts}, now)
        set_alert(tx, "rows_duplicated", _rows(duplicates), now)

    def _suspect_end(self, tx: Tx, rows: int, now: datetime) -> None:
        """Raises an alert if the number of rows is so round that the listing may have been cut off there."""
        set_alert(tx, "round_count", {"sessions": rows} if is_round(rows) else None, now)


def note_good(tx: Tx, training: Training, report: PollReport) -> None:
    """Stores a good poll and ends the alerts of failed ones."""
    tx.polls.record(report)
    note_parts(tx, training.health(), report.ended_at)
    for code in ("training_refused", "poll_failing"):
        clear_alert(tx, code, report.ended_at)
    flapped_until = report.ended_at - STABLE_AFTER
    for alert in tx.alerts.all():
        if alert.code == "results_flapping" and int(alert.facts.get("seen_at") or 0) < flapped_until.timestamp():
            clear_alert(tx, alert.code, report.ended_at)


def end_incremental_alerts(tx: Tx, now: datetime) -> None:
    """Ends the alerts that only incremental polls raise and end: from now on each poll lists everything."""
    for code in ("filters_unreliable", "corrections_late", "full_listing_unread"):
        clear_alert(tx, code, now)


def _spelling(slices: Iterator[Slice], spelled: dict[str, str]) -> Iterator[Slice]:
    """The slices as they are; collects how their ids are spelled."""
    for piece in slices:
        spelled.update(piece.spelled)
        yield piece


def _rows(rows: int) -> dict[str, int] | None:
    """The facts of an alert that counts rows."""
    return {"rows": rows} if rows else None


@dataclass(slots=True)
class _Piece:
    """Some rows of a first listing: their facts with their fingerprints, the rejected ones, and how many results are
    odd."""

    rows: list[tuple[SessionFacts, bytes]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    without_parts: int = 0
    odd: int = 0


def _next_rows(slices: Iterator[Slice]) -> _Piece | None:
    """The next slices in one; None at the end.

    Several at once: keys are random, so each commit writes most pages of their index again, however few rows it has.
    """
    found = _Piece()
    with _uncollected():
        _read_piece(slices, found)
    found.odd = sum(has_odd_result(facts) for facts, _ in found.rows)
    return found if found.rows or found.rejected else None


def _read_piece(slices: Iterator[Slice], found: _Piece) -> None:
    for piece in slices:
        found.rows += [(piece.facts(index), row[2]) for index, row in enumerate(piece.rows)]
        found.rejected += piece.rejected
        found.without_parts += piece.without_parts
        if len(found.rows) >= BASELINE_ROWS:
            break


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pauses the cycle collector: rows form no cycles, and it would walk over all that are held each time some more
    are, which took a seventh of a first listing's CPU time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _write_baseline(rows: Sequence[tuple[SessionFacts, bytes]], targets: Targets, now: datetime, tx: Tx) -> int:
    return tx.listings.write_baseline(rows, targets, now)

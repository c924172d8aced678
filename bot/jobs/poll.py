"""One poll of iSpring: list, diff, decide, and store changes together with their notifications.

1. The listing is read, and diffed against the database in a reader (`diff`): only changed rows are left.
2. In a reader, those rows are decided to see which ones notify, so that their criteria and unknown names can be fetched
   (`_foresee`). Everything slow happens here.
3. Notifications are planned in a reader (`jobs/plan_notifications.py`).
4. In write transactions each changed row is read and decided again (`jobs/store_changes.py`), and its change and
   notifications are stored together: nothing decided on old data is ever stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.alerts import is_round
from bot.domain.changes import decide, is_flapping
from bot.domain.errors import StoreBusy, StoreError, TrainingError, TrainingRefused, TrainingUnreadable
from bot.domain.model import Change, ChangeKind, Details, News, SessionFacts, SessionKey, Targets
from bot.domain.outage import outage_of
from bot.domain.outcomes import has_odd_result, judge
from bot.domain.polling import ListingDiff, PollReport
from bot.domain.ports import Clock, DateEvidence, Listing, Slice, Training
from bot.domain.text import clean
from bot.jobs.bulk_update import MOST_AT_ONCE, bulk_update
from bot.jobs.parts import SESSIONS, note_left_out, note_parts
from bot.jobs.plan_notifications import (
    NotificationPlan,
    NotificationPlanner,
    PlanOutdated,
    PollTiming,
    is_unknown,
)
from bot.jobs.route_waiting import route_waiting
from bot.jobs.rule_owners import judge_stored_owners
from bot.jobs.store_changes import has_new_details, store_notifications, store_planned, take_back_reassigned
from bot.services.alerting import clear_alert, notify_ops, set_alert
from bot.services.owners import OwnerRights
from bot.store.database import Store, Tx

DETAILS_FOR = 2.0  # seconds an alert may wait for its criteria: the card is edited when they come later
DETAILS_AT_ONCE = 50  # of one request; more than that are left to `jobs/details.py`, too
NAMES_FOR = 10.0  # seconds an alert may wait for a name
FAILING_AFTER = timedelta(minutes=30)  # shorter outages do not matter
STABLE_AFTER = timedelta(hours=3)  # without such a change: longer than a source takes that alternates hourly
LINES_LOGGED = 20
STATUSES_NAMED = 3
BROKE = (
    "Spotter stumbled over what iSpring sent: please report the line `poll.broke` of its log. It tries again by itself."
)
BASELINE_ROWS = 32_000  # in one commit
TRIES = 3  # at one listing, if rules or people change while it is stored

log = structlog.get_logger(__name__)


class Poll:
    """Polls iSpring, one poll at a time."""

    def __init__(
        self,
        training: Training,
        store: Store,
        clock: Clock,
        settings: Settings,
        *,
        refresh_directory: Callable[[], Awaitable[object]],
        wake: Callable[[], None],
    ) -> None:
        """`refresh_directory` reads people and departments, unless that was just done; `wake` wakes the sender."""
        self._training = training
        self._store = store
        self._clock = clock
        self._settings = settings
        self._refresh_directory = refresh_directory
        self._wake = wake
        self._one = asyncio.Lock()

    async def once(self, *, is_last: bool = False) -> PollReport:
        """Polls once. What iSpring does wrong is in the report, never raised; so is what we do wrong over its answer,
        and a full or locked database.

        `is_last`: this process polls no more, so direct messages wait for no further session to join them.
        """
        async with self._one:
            started = self._clock.now()
            try:
                async with self._training.list_sessions() as listing:
                    report = await self._take_in(listing, started, 0.0 if is_last else self._settings.poll_interval)
            except StoreBusy as error:
                report = PollReport(started, self._clock.now(), error=str(error))
            except TrainingError as error:
                report = await self._failed(error, started)
            except StoreError:
                raise
            except Exception as error:
                # An unexpected error over a listing ends this poll, and nothing of it is stored. Raised, it would end
                # the sending and the answers too, again at each start: the listing would still be there.
                log.error("poll.broke", exc_info=error)
                report = await self._failed(TrainingUnreadable(BROKE), started)
            await self._route_waiting()
            return report

    async def route_waiting(self) -> None:
        """Routes the changes that waited for people or departments, as far as these are known by now."""
        async with self._one:
            await self._route_waiting()

    async def _route_waiting(self) -> None:
        if await route_waiting(self._store, self._clock, self._settings):
            self._wake()

    async def _failed(self, error: TrainingError, started: datetime) -> PollReport:
        report = PollReport(started, self._clock.now(), error=str(error), said=error.said)

        def note(tx: Tx) -> None:
            state = tx.polls.state()
            tx.polls.record(report)
            good_at = state.last_good_at or state.created_at
            is_refused = isinstance(error, TrainingRefused)
            if is_refused or started - good_at > FAILING_AFTER:
                code = "training_refused" if is_refused else "poll_failing"
                set_alert(tx, code, {"reason": error.in_full}, started)

        try:
            await self._store.transact(note)
        except StoreBusy:
            return report  # it is in the log; the next poll notes itself
        self._wake()
        return report

    async def _take_in(self, listing: Listing, started: datetime, next_in: float) -> PollReport:
        state, digest = await self._store.read(lambda tx: (tx.polls.state(), tx.listings.digest()))
        if state.baseline_at is None:
            return await self._baseline(listing, started)
        if digest == listing.digest:
            report = PollReport(started, self._clock.now(), listed=state.sessions, unchanged=True)
            await self._store.transact(lambda tx: self._note_good(tx, report))
            return report
        details: dict[SessionKey, Details] = {}
        for _ in range(TRIES):
            try:
                report = await self._store_changes(listing, started, next_in, details)
                break
            except PlanOutdated:
                log.info("plan.outdated")
        else:
            raise StoreBusy("Rules or people changed while iSpring was read; the next poll stores the other changes.")
        self._wake()
        return report

    async def _store_changes(
        self, listing: Listing, started: datetime, next_in: float, details: dict[SessionKey, Details]
    ) -> PollReport:
        """Stores what differs, with its notifications; `details` keeps the criteria that were fetched. Raises
        PlanOutdated if something changed meanwhile: what was stored by then no longer differs."""
        listing_diff = await self._store.read(lambda tx: tx.listings.diff(listing.slices(), most=MOST_AT_ONCE))
        silent = 0
        if listing_diff.left_over:
            silent = await bulk_update(self._store, listing.slices(), started)
            listing_diff = await self._store.read(lambda tx: tx.listings.diff(listing.slices()))
        for line in listing_diff.rejected[:LINES_LOGGED]:
            log.warning("row.rejected", where=line)
        _log_odd_results(sum(has_odd_result(facts) for facts, _ in listing_diff.changed))
        if listing_diff.duplicates:
            log.warning("rows.duplicated", rows=listing_diff.duplicates)
        foreseen = await self._store.read(lambda tx: self._foresee(tx, listing_diff, started, details))
        newsworthy = [change for change in foreseen.values() if change.news is not News.NONE]
        fetched = await self._details_of([change for change in newsworthy if change.after.key not in details])
        details |= fetched
        if fetched:  # a critical criterion among them decides otherwise
            foreseen = await self._store.read(lambda tx: self._foresee(tx, listing_diff, started, details))
        await self._names_of(newsworthy)
        if newsworthy:
            await self._judge_owners()
        titles = {facts.checklist_id: facts.checklist_title for facts, _ in listing_diff.changed}

        def planned(tx: Tx) -> NotificationPlan:
            outage = outage_of(
                tx.polls.state().last_good_at, started, self._settings.poll_interval, tx.polls.restored_from()
            )
            timing = PollTiming(listing.requested_at, started, outage, next_in)
            return NotificationPlanner(tx, self._settings, timing, titles).plan(foreseen.values())

        plan = await self._store.read(planned)
        report = PollReport(
            started,
            started,
            listed=listing_diff.listed,
            changed=silent + len(listing_diff.changed),
            rejected=len(listing_diff.rejected),
        )

        def begin(tx: Tx) -> None:
            self._warn_of_statuses(tx, plan.statuses, started)
            self._mark(tx, listing_diff, started)
            back = frozenset(listing_diff.back)
            take_back_reassigned(tx, {*listing_diff.missing, *back}, started, back=back)

        def end(tx: Tx) -> PollReport:
            tx.polls.end_recovery()
            self._warn(tx, listing_diff.rejected, listing.date_evidence, started)
            self._note_odd_rows(tx, listing_diff.without_parts, listing_diff.duplicates, started)
            self._suspect_source(tx, foreseen.values(), started)
            self._suspect_end(tx, listing_diff.listed + listing_diff.duplicates + len(listing_diff.rejected), started)
            tx.listings.remember(listing.digest)
            ended = replace(report, ended_at=self._clock.now())
            self._note_good(tx, ended)
            return ended

        return await store_planned(
            self._store,
            listing_diff.changed,
            foreseen,
            plan,
            details,
            started,
            begin=begin,
            end=end,
            wake=self._wake,
        )

    def _foresee(
        self, tx: Tx, listing_diff: ListingDiff, now: datetime, details: Mapping[SessionKey, Details]
    ) -> dict[SessionKey, Change]:
        """The changes as they are decided now; inside the transaction they are decided again."""
        targets = tx.targets.current()
        changes = (
            decide(tx.sessions.get(facts.key), facts, now=now, targets=targets, details=details.get(facts.key))
            for facts, _ in listing_diff.changed
        )
        return {change.after.key: change for change in changes if change is not None}

    # ---- the first listing ---------------------------------------------------------------------------------------

    async def _baseline(self, listing: Listing, started: datetime) -> PollReport:
        """Stores the first listing without notifications, slice by slice: it counts only once its last commit is
        done."""
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
            await self._names()
        for line in rejected[:LINES_LOGGED]:
            log.warning("row.rejected", where=line)
        _log_odd_results(odd)

        def planned(tx: Tx) -> NotificationPlan:
            changes = (decide(None, facts, now=started, targets=targets) for facts in recent)
            completed = [change for change in changes if change is not None and change.kind is ChangeKind.COMPLETED]
            planner = NotificationPlanner(tx, self._settings, PollTiming(listing.requested_at, started), {})
            return planner.plan([replace(change, news=News.COUNT) for change in completed], "baseline")

        if recent:
            await self._judge_owners()
        plan = await self._store.read(planned)

        def finish(tx: Tx) -> PollReport:
            store_notifications(tx, plan, started)
            unknown = {status for status, facts in statuses.items() if is_unknown(judge(facts, None))}
            self._warn_of_statuses(tx, unknown, started)
            self._warn(tx, rejected, listing.date_evidence, started)
            duplicates = written - tx.listings.baseline_size(started)
            self._note_odd_rows(tx, without_parts, duplicates, started)
            self._suspect_end(tx, listed + len(rejected), started)
            notify_ops(tx, "baseline_done", "once", started, sessions=listed)
            tx.listings.finish_baseline(listing.digest, started)
            report = PollReport(started, self._clock.now(), listed=listed, rejected=len(rejected))
            self._note_good(tx, report)
            return report

        report = await self._store.transact(finish)
        self._wake()
        return report

    # ---- before the transaction ----------------------------------------------------------------------------------

    async def _details_of(self, newsworthy: Sequence[Change]) -> Mapping[SessionKey, Details]:
        """The criteria of the newest completions if they arrive in time; the others are fetched later."""
        fresh = [
            change.after.facts for change in newsworthy if has_new_details(change) and change.news is not News.COUNT
        ]
        fresh.sort(key=lambda facts: facts.finished.at or _LONG_AGO, reverse=True)
        keys = [facts.key for facts in fresh]
        found: Mapping[SessionKey, Details] = {}
        if not keys:
            return found
        try:
            async with asyncio.timeout(DETAILS_FOR):
                found = await self._training.details(keys[:DETAILS_AT_ONCE])
        except TimeoutError:
            log.info("criteria.timed_out", wanted=len(keys), fetched=len(found))
        except TrainingError as error:
            log.warning("criteria.failed", wanted=len(keys), fetched=len(found), error=str(error))
        return found

    async def _names_of(self, newsworthy: Sequence[Change]) -> None:
        people = (await self._store.read(lambda tx: tx.people.directory())).people
        ids = {one for change in newsworthy for one in (change.after.key.employee_id, change.after.facts.observer_id)}
        if ids - people.keys():
            await self._names()

    async def _names(self) -> None:
        try:
            async with asyncio.timeout(NAMES_FOR):
                await self._refresh_directory()
        except TimeoutError:
            log.info("directory.not_awaited")

    async def _judge_owners(self) -> None:
        """Pauses and resumes rules whose owner, as stored, is gone or back. A poll does not ask Slack."""
        rights = OwnerRights(self._settings.admins, self._clock.now())
        await self._store.transact(lambda tx: judge_stored_owners(tx, rights))

    # ---- inside it -----------------------------------------------------------------------------------------------

    def _note_good(self, tx: Tx, report: PollReport) -> None:
        """Stores a good poll and ends the alerts of failed ones."""
        tx.polls.record(report)
        note_parts(tx, self._training.health(), report.ended_at)
        for code in ("training_refused", "poll_failing"):
            clear_alert(tx, code, report.ended_at)
        flapped_until = report.ended_at - STABLE_AFTER
        for alert in tx.alerts.all():
            if alert.code == "results_flapping" and int(alert.facts.get("seen_at") or 0) < flapped_until.timestamp():
                clear_alert(tx, alert.code, report.ended_at)

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

    def _warn_of_statuses(self, tx: Tx, statuses: Collection[str], now: datetime) -> None:
        """Notifies OPS_CHANNEL once of all new statuses."""
        if new := [status for status in sorted(statuses) if tx.polls.is_new_status(status)]:
            named = ", ".join(map(clean, new[:STATUSES_NAMED])) + ("…" if len(new) > STATUSES_NAMED else "")
            facts: dict[str, str | int] = {"statuses": len(new), "status": named}
            notify_ops(tx, "unknown_status", new[0], now, **facts)
            log.warning("status.unknown", **facts)

    def _warn(self, tx: Tx, rejected: Sequence[str], dates: DateEvidence, now: datetime) -> None:
        """Raises alerts for what can't be right in a listing."""
        unread = {"rows": len(rejected)} if rejected else None
        set_alert(tx, "rows_rejected", unread, now)
        if dates.contradicts_order:
            set_alert(tx, "date_order", {"order": dates.order}, now)
            log.warning(
                "dates.contradicted", order=dates.order, day_first=dates.day_first, month_first=dates.month_first
            )
        elif any(one.code == "date_order" and one.facts.get("order") != dates.order for one in tx.alerts.all()):
            # Only rows that changed are read: that none of them contradicts proves nothing, a new setting does.
            clear_alert(tx, "date_order", now)
        if dates.unreadable or dates.backwards or dates.ahead:
            log.warning("dates.unreadable", unreadable=dates.unreadable, backwards=dates.backwards, ahead=dates.ahead)

    def _note_odd_rows(self, tx: Tx, without_parts: int, duplicates: int, now: datetime) -> None:
        """Counts the rows that lack a part, and those that repeat a session, each in an alert."""
        note_left_out(tx, {SESSIONS: without_parts}, now)
        facts = {"rows": duplicates} if duplicates else None
        set_alert(tx, "rows_duplicated", facts, now)

    def _suspect_source(self, tx: Tx, stored: Collection[Change], now: datetime) -> None:
        """Raises the alert for results that change more often than people correct them."""
        corrected = [change.after.key for change in stored if change.kind in _CHANGED_RESULT and change.before]
        changes = [tx.sessions.recent_changes(key, now) for key in corrected]
        flapping = [number for number in changes if is_flapping(number)]
        if flapping:
            facts = {"sessions": len(flapping), "changes": min(flapping), "seen_at": int(now.timestamp())}
            set_alert(tx, "results_flapping", facts, now)

    def _suspect_end(self, tx: Tx, rows: int, now: datetime) -> None:
        """Raises an alert if the number of rows is so round that the listing may have been cut off there."""
        set_alert(tx, "round_count", {"sessions": rows} if is_round(rows) else None, now)


_CHANGED_RESULT = (ChangeKind.CORRECTED, ChangeKind.REOPENED, ChangeKind.COMPLETED)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


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
    for piece in slices:
        found.rows += [(piece.facts(index), row[2]) for index, row in enumerate(piece.rows)]
        found.rejected += piece.rejected
        found.without_parts += piece.without_parts
        if len(found.rows) >= BASELINE_ROWS:
            break
    found.odd = sum(has_odd_result(facts) for facts, _ in found.rows)
    return found if found.rows or found.rejected else None


def _log_odd_results(rows: int) -> None:
    """Results that are no percentages are shown as they came; how many there are is said, without session ids."""
    if rows:
        log.warning("results.odd", rows=rows)


def _write_baseline(rows: Sequence[tuple[SessionFacts, bytes]], targets: Targets, now: datetime, tx: Tx) -> int:
    return tx.listings.write_baseline(rows, targets, now)

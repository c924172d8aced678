"""One poll of iSpring: list, diff, decide, and store changes together with their notifications.

1. The listing is read, and diffed against the database in a reader (`diff`): only changed rows are left.
2. In a reader, those rows are decided to see which ones notify, so that their criteria and unknown names can be fetched
   (`_foresee`). Everything slow happens here.
3. In one write transaction each changed row is read and decided again (`_store_row`), and its change and notifications
   are stored: nothing decided on old data is ever stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.domain.alerts import is_round
from bot.domain.changes import decide
from bot.domain.errors import StoreBusy, StoreError, TrainingError, TrainingRefused, TrainingUnreadable
from bot.domain.model import Change, ChangeKind, Details, News, SessionFacts, SessionKey, Targets
from bot.domain.outage import outage_of
from bot.domain.outcomes import has_odd_result, judge
from bot.domain.polling import ListingDiff, PollReport
from bot.domain.ports import Clock, DateEvidence, Listing, Slice, Training
from bot.domain.text import clean
from bot.jobs.bulk_update import MOST_AT_ONCE, bulk_update
from bot.jobs.monitor import set_alert
from bot.jobs.plan_notifications import NotificationPlanner, PollSettings, PollTiming, is_unknown, notify_ops
from bot.jobs.rule_owners import judge_stored_owners
from bot.services.owners import OwnerRights
from bot.store.database import Store, Tx

DETAILS_FOR = 30.0  # seconds an alert may wait for its criteria
DETAILS_AT_ONCE = 50
BETWEEN_REQUESTS = 1.0  # seconds; iSpring publishes no limit
NAMES_FOR = 10.0  # seconds an alert may wait for a name
FAILING_AFTER = timedelta(minutes=30)  # shorter outages do not matter
LINES_LOGGED = 20
STATUSES_NAMED = 3
BROKE = (
    "Spotter stumbled over what iSpring sent: please report the line `poll.broke` of its log. It tries again by itself."
)
BASELINE_ROWS = 32_000  # in one commit

log = structlog.get_logger(__name__)


class Poll:
    """Polls iSpring, one poll at a time."""

    def __init__(
        self,
        training: Training,
        store: Store,
        clock: Clock,
        settings: PollSettings,
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
        """One look. What iSpring does wrong is in the report, never raised; so is what we do wrong over its answer, and
        a full or locked database.

        `is_last`: this process looks no more, so direct messages wait for no further session to join them.
        """
        async with self._one:
            started = self._clock.now()
            try:
                async with self._training.list_sessions() as listing:
                    report = await self._take_in(listing, started, 0.0 if is_last else self._settings.interval)
            except StoreBusy as error:
                report = PollReport(started, self._clock.now(), error=str(error))
            except TrainingError as error:
                report = await self._failed(error, started)
            except StoreError:
                raise
            except Exception as error:
                # What a listing holds that nobody thought of ends this look, of which nothing is stored. Raised, it
                # would end the sending and the answers too, and again at each start: the listing would still be there.
                log.error("poll.broke", exc_info=error)
                report = await self._failed(TrainingUnreadable(BROKE), started)
            return report

    async def _failed(self, error: TrainingError, started: datetime) -> PollReport:
        report = PollReport(started, self._clock.now(), error=str(error), said=error.said)

        def note(tx: Tx) -> None:
            state = tx.polls.state()
            tx.polls.record(report)
            good_at = state.last_good_at or state.created_at
            is_refused = isinstance(error, TrainingRefused)
            if is_refused or started - good_at > FAILING_AFTER:
                code = "training_refused" if is_refused else "poll_failing"
                set_alert(tx, self._settings.ops_channel, code, {"reason": error.in_full}, started)

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
        foreseen = await self._store.read(lambda tx: self._foresee(tx, listing_diff, started))
        matched = [change for change in foreseen if change.news is not News.NONE]
        details = await self._details_of(matched)
        await self._names_of(matched)

        def store(tx: Tx) -> PollReport:
            self._judge_owners(tx)
            state = tx.polls.state()
            outage = outage_of(state.last_good_at, started, self._settings.interval, tx.polls.restored_from())
            read_back = PollTiming(listing.requested_at, started, outage, next_in)
            planner = NotificationPlanner(tx, self._settings, read_back)
            targets = tx.targets.current()
            rows = [self._store_row(tx, *row, targets, details, started) for row in listing_diff.changed]
            stored = [change for change in rows if change is not None]
            for change in stored:  # once all are stored: a rule may name a checklist that only just appeared
                planner.about(change)
            self._mark(tx, listing_diff, started)
            self._take_back(tx, listing_diff, started)
            planner.enqueue()
            tx.polls.end_recovery()
            self._warn(tx, planner.statuses, listing_diff.rejected, listing.date_evidence, started)
            self._suspect_end(tx, listing_diff.listed + listing_diff.duplicates + len(listing_diff.rejected), started)
            tx.listings.remember(listing.digest)
            report = PollReport(
                started,
                self._clock.now(),
                listed=listing_diff.listed,
                changed=silent + len(listing_diff.changed),
                rejected=len(listing_diff.rejected),
            )
            self._note_good(tx, report)
            return report

        report = await self._store.transact(store)
        self._wake()
        return report

    def _foresee(self, tx: Tx, listing_diff: ListingDiff, now: datetime) -> list[Change]:
        """The changes as they look now; inside the transaction they are decided anew."""
        targets = tx.targets.current()
        changes = (
            decide(tx.sessions.get(facts.key), facts, now=now, targets=targets) for facts, _ in listing_diff.changed
        )
        return [change for change in changes if change is not None]

    def _store_row(
        self,
        tx: Tx,
        facts: SessionFacts,
        fingerprint: bytes,
        targets: Targets,
        details: Mapping[SessionKey, Details],
        now: datetime,
    ) -> Change | None:
        change = decide(tx.sessions.get(facts.key), facts, now=now, targets=targets)
        if change is None:
            tx.listings.note_unchanged(facts.key, fingerprint)
            return None
        tx.sessions.save(change, fingerprint)
        found = details.get(facts.key)
        if found is not None and _has_new_details(change):
            tx.details.save(facts.key, found, now)
        return change

    # ---- the first listing ---------------------------------------------------------------------------------------

    async def _baseline(self, listing: Listing, started: datetime) -> PollReport:
        """Stores the first listing without a word, slice by slice: it counts only once its last commit is done."""
        targets = await self._store.read(lambda tx: tx.targets.current())
        slices = listing.slices()
        listed = odd = 0
        rejected: list[str] = []
        statuses: dict[str, SessionFacts] = {}
        recent: list[SessionFacts] = []
        since = None if self._settings.baseline is None else started - self._settings.baseline
        while (piece := await asyncio.to_thread(_next_rows, slices)) is not None:
            rows = piece.rows
            await self._store.transact(partial(_write_baseline, rows, targets, started))
            listed += len(rows)
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

        def finish(tx: Tx) -> PollReport:
            self._judge_owners(tx)
            planner = NotificationPlanner(tx, self._settings, PollTiming(listing.requested_at, started))
            for facts in recent:
                change = decide(None, facts, now=started, targets=targets)
                if change is not None and change.kind is ChangeKind.COMPLETED:
                    planner.about(replace(change, news=News.COUNT))
            planner.enqueue("baseline")
            unknown = {status for status, facts in statuses.items() if is_unknown(judge(facts, None))}
            self._warn(tx, unknown, rejected, listing.date_evidence, started)
            self._suspect_end(tx, listed + len(rejected), started)
            notify_ops(tx, self._settings.ops_channel, "baseline_done", "once", started, sessions=listed)
            tx.listings.finish_baseline(listing.digest, started)
            report = PollReport(started, self._clock.now(), listed=listed, rejected=len(rejected))
            self._note_good(tx, report)
            return report

        report = await self._store.transact(finish)
        self._wake()
        return report

    # ---- before the transaction ----------------------------------------------------------------------------------

    async def _details_of(self, matched: Sequence[Change]) -> Mapping[SessionKey, Details]:
        """The criteria that arrive in time, the newest completions first; the others are fetched later."""
        fresh = [change.after.facts for change in matched if _has_new_details(change) and change.news is not News.COUNT]
        fresh.sort(key=lambda facts: facts.finished.at or _LONG_AGO, reverse=True)
        keys = [facts.key for facts in fresh]
        found: dict[SessionKey, Details] = {}
        try:
            async with asyncio.timeout(DETAILS_FOR):
                for start in range(0, len(keys), DETAILS_AT_ONCE):
                    if start:
                        await self._clock.sleep(BETWEEN_REQUESTS)
                    found |= await self._training.details(keys[start : start + DETAILS_AT_ONCE])
        except TimeoutError:
            log.info("criteria.timed_out", wanted=len(keys), fetched=len(found))
        except TrainingError as error:
            log.warning("criteria.failed", wanted=len(keys), fetched=len(found), error=str(error))
        return found

    async def _names_of(self, matched: Sequence[Change]) -> None:
        people = (await self._store.read(lambda tx: tx.people.directory())).people
        ids = {one for change in matched for one in (change.after.key.employee_id, change.after.facts.observer_id)}
        if ids - people.keys():
            await self._names()

    async def _names(self) -> None:
        try:
            async with asyncio.timeout(NAMES_FOR):
                await self._refresh_directory()
        except TimeoutError:
            log.info("directory.not_awaited")

    # ---- inside it -----------------------------------------------------------------------------------------------

    def _judge_owners(self, tx: Tx) -> None:
        """Pauses rules whose owner is gone before changes are routed. Slack is not asked: a poll waits for nobody."""
        judge_stored_owners(tx, OwnerRights(self._settings.admins, self._clock.now()), self._settings.ops_channel)

    def _note_good(self, tx: Tx, report: PollReport) -> None:
        """Stores a good poll and ends the alerts of failed ones."""
        tx.polls.record(report)
        for code in ("training_refused", "poll_failing"):
            set_alert(tx, self._settings.ops_channel, code, None, report.ended_at)

    def _mark(self, tx: Tx, listing_diff: ListingDiff, now: datetime) -> None:
        """Who is missing and who is back. A listing without most of the known sessions proves nothing about them."""
        tx.listings.mark_back(listing_diff.back)
        still_there = listing_diff.known - len(listing_diff.missing)
        if listing_diff.rejected:  # no session is marked missing then: each of these rows may be one
            still_there = min(still_there, listing_diff.listed + len(listing_diff.rejected))
        if listing_diff.known and (not listing_diff.listed or 2 * still_there < listing_diff.known):
            facts = {"listed": listing_diff.listed, "known": listing_diff.known}
            set_alert(tx, self._settings.ops_channel, "suspicious_listing", facts, now)
        else:
            tx.listings.mark_missing(listing_diff.missing, now)
            if not listing_diff.rejected:
                set_alert(tx, self._settings.ops_channel, "suspicious_listing", None, now)

    def _take_back(self, tx: Tx, listing_diff: ListingDiff, now: datetime) -> None:
        """What was told of a session that iSpring gave to another employee shows the person before no more."""
        listed = {facts.key for facts, _ in listing_diff.changed} | {*listing_diff.missing, *listing_diff.back}
        taken = tx.retention.take_back_reassigned(listed, frozenset(listing_diff.back), now)
        if taken:
            log.info("sessions.reassigned", sessions=taken)

    def _warn(
        self, tx: Tx, statuses: Collection[str], rejected: Sequence[str], dates: DateEvidence, now: datetime
    ) -> None:
        """Raises alerts for what can't be right in a listing: once for all new statuses, and once per alert."""
        if new := [status for status in sorted(statuses) if tx.polls.is_new_status(status)]:
            named = ", ".join(map(clean, new[:STATUSES_NAMED])) + ("…" if len(new) > STATUSES_NAMED else "")
            planner: dict[str, str | int] = {"statuses": len(new), "status": named}
            notify_ops(tx, self._settings.ops_channel, "unknown_status", new[0], now, **planner)
            log.warning("status.unknown", **planner)
        unread = {"rows": len(rejected)} if rejected else None
        set_alert(tx, self._settings.ops_channel, "rows_rejected", unread, now)
        if dates.contradicts_order:
            set_alert(tx, self._settings.ops_channel, "date_order", {"order": dates.order}, now)
            log.warning(
                "dates.contradicted", order=dates.order, day_first=dates.day_first, month_first=dates.month_first
            )
        elif any(one.code == "date_order" and one.facts.get("order") != dates.order for one in tx.alerts.all()):
            # Only rows that changed are read: that none of them contradicts proves nothing, a new setting does.
            set_alert(tx, self._settings.ops_channel, "date_order", None, now)
        if dates.unreadable or dates.backwards or dates.ahead:
            log.warning("dates.unreadable", unreadable=dates.unreadable, backwards=dates.backwards, ahead=dates.ahead)

    def _suspect_end(self, tx: Tx, rows: int, now: datetime) -> None:
        """Tells once of a listing of so round a number of rows that it may have been cut off there."""
        set_alert(tx, self._settings.ops_channel, "round_count", {"sessions": rows} if is_round(rows) else None, now)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Piece:
    """Some rows of a first listing: their facts with their fingerprints, those set aside, and how many results are
    odd."""

    rows: list[tuple[SessionFacts, bytes]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    odd: int = 0


def _next_rows(slices: Iterator[Slice]) -> _Piece | None:
    """The next slices in one; None at the end.

    Several at once: keys are random, so each commit writes most pages of their index again, however few rows it has.
    """
    found = _Piece()
    for piece in slices:
        found.rows += [(piece.facts(index), row[2]) for index, row in enumerate(piece.rows)]
        found.rejected += piece.rejected
        if len(found.rows) >= BASELINE_ROWS:
            break
    found.odd = sum(has_odd_result(facts) for facts, _ in found.rows)
    return found if found.rows or found.rejected else None


def _log_odd_results(rows: int) -> None:
    """Results that are no percentages are shown as they came; how many there are is said, but not whose."""
    if rows:
        log.warning("results.odd", rows=rows)


def _write_baseline(rows: Sequence[tuple[SessionFacts, bytes]], targets: Targets, now: datetime, tx: Tx) -> None:
    tx.listings.write_baseline(rows, targets, now)


def _has_new_details(change: Change) -> bool:
    return change.kind in (ChangeKind.COMPLETED, ChangeKind.CORRECTED)

"""Stores what an answer of iSpring's says that differs from what is stored, with the notifications of it.

1. In a reader, the changed rows are decided to see which ones notify, so that their criteria and unknown names can be
   fetched (`_foresee`). Everything slow happens here.
2. Notifications are planned in a reader (`jobs/plan_notifications.py`).
3. In write transactions each changed row is read and decided again (`jobs/store_changes.py`), and its change and
   notifications are stored together: nothing decided on old data is ever stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from bot.config import Settings
from bot.domain.changes import decide, is_flapping
from bot.domain.errors import TrainingError
from bot.domain.model import Change, ChangeKind, Details, News, SessionKey
from bot.domain.outage import Outage
from bot.domain.outcomes import has_odd_result
from bot.domain.polling import ListingDiff
from bot.domain.ports import Clock, DateEvidence, Training
from bot.domain.text import clean
from bot.jobs.plan_notifications import NotificationPlan, NotificationPlanner, PollTiming
from bot.jobs.rule_owners import judge_stored_owners
from bot.jobs.store_changes import has_new_details, store_planned
from bot.services.alerting import clear_alert, notify_ops, set_alert
from bot.services.owners import OwnerRights
from bot.store.database import Store, Tx

DETAILS_FOR = 2.0  # seconds an alert may wait for its criteria: the card is edited when they come later
DETAILS_AT_ONCE = 50  # of one request; more than that are left to `jobs/details.py`, too
NAMES_FOR = 10.0  # seconds an alert may wait for a name
LINES_LOGGED = 20
STATUSES_NAMED = 3
TRIES = 3  # at one answer, if rules or people change while it is stored

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class PollRun:
    """One poll: when it began, the seconds until the next one (0.0 if this process does not poll again), and the outage
    that it ends. `details` keeps the criteria that were fetched."""

    started: datetime
    next_in: float
    outage: Outage | None = None
    details: dict[SessionKey, Details] = field(default_factory=dict)


class ChangeWriter:
    """Stores the changes of one answer at a time."""

    def __init__(
        self,
        training: Training,
        store: Store,
        clock: Clock,
        settings: Settings,
        refresh_directory: Callable[[], Awaitable[object]],
        wake: Callable[[], None],
    ) -> None:
        self._training = training
        self._store = store
        self._clock = clock
        self._settings = settings
        self._refresh_directory = refresh_directory
        self._wake = wake

    async def store(
        self,
        run: PollRun,
        listing_diff: ListingDiff,
        requested_at: datetime,
        begin: Callable[[Tx], None],
        end: Callable[[Tx, Collection[Change]], T],
    ) -> T:
        """Stores what differs, with its notifications. `begin` runs in the first transaction; `end` in the last, with
        the changes, and its value is returned. Raises PlanOutdated if something changed meanwhile: what was stored by
        then no longer differs."""
        started = run.started
        for line in listing_diff.rejected[:LINES_LOGGED]:
            log.warning("row.rejected", where=line)
        log_odd_results(sum(has_odd_result(facts) for facts, _ in listing_diff.changed))
        if listing_diff.duplicates:
            log.warning("rows.duplicated", rows=listing_diff.duplicates)
        foreseen = await self._store.read(lambda tx: self._foresee(tx, listing_diff, run))
        newsworthy = [change for change in foreseen.values() if change.news is not News.NONE]
        fetched = await self._details_of([change for change in newsworthy if change.after.key not in run.details])
        run.details |= fetched
        if fetched:  # a critical criterion among them decides otherwise
            foreseen = await self._store.read(lambda tx: self._foresee(tx, listing_diff, run))
        await self._names_of(newsworthy)
        if newsworthy:
            await self.judge_owners()
        titles = {facts.checklist_id: facts.checklist_title for facts, _ in listing_diff.changed}

        def planned(tx: Tx) -> NotificationPlan:
            timing = PollTiming(requested_at, started, run.outage, run.next_in)
            return NotificationPlanner(tx, self._settings, timing, titles).plan(foreseen.values())

        plan = await self._store.read(planned)

        def first(tx: Tx) -> None:
            warn_of_statuses(tx, plan.statuses, started)
            begin(tx)

        return await store_planned(
            self._store,
            listing_diff.changed,
            foreseen,
            plan,
            run.details,
            started,
            begin=first,
            end=lambda tx: end(tx, foreseen.values()),
            wake=self._wake,
        )

    def _foresee(self, tx: Tx, listing_diff: ListingDiff, run: PollRun) -> dict[SessionKey, Change]:
        """The changes as they are decided now; inside the transaction they are decided again."""
        targets, details = tx.targets.current(), run.details
        changes = (
            decide(tx.sessions.get(facts.key), facts, now=run.started, targets=targets, details=details.get(facts.key))
            for facts, _ in listing_diff.changed
        )
        return {change.after.key: change for change in changes if change is not None}

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
            log.info("criteria.timed_out", wanted=len(keys))
        except TrainingError as error:
            log.warning("criteria.failed", wanted=len(keys), error=str(error))
        return found

    async def _names_of(self, newsworthy: Sequence[Change]) -> None:
        people = (await self._store.read(lambda tx: tx.people.directory())).people
        ids = {one for change in newsworthy for one in (change.after.key.employee_id, change.after.facts.observer_id)}
        if ids - people.keys():
            await self.names()

    async def names(self) -> None:
        try:
            async with asyncio.timeout(NAMES_FOR):
                await self._refresh_directory()
        except TimeoutError:
            log.info("directory.not_awaited")

    async def judge_owners(self) -> None:
        """Pauses and resumes rules whose owner, as stored, is gone or back. A poll does not ask Slack."""
        rights = OwnerRights(self._settings.admins, self._clock.now())
        await self._store.transact(lambda tx: judge_stored_owners(tx, rights))


def warn_of_statuses(tx: Tx, statuses: Collection[str], now: datetime) -> None:
    """Notifies OPS_CHANNEL once of all new statuses."""
    if new := [status for status in sorted(statuses) if tx.polls.is_new_status(status)]:
        named = ", ".join(map(clean, new[:STATUSES_NAMED])) + ("…" if len(new) > STATUSES_NAMED else "")
        facts: dict[str, str | int] = {"statuses": len(new), "status": named}
        notify_ops(tx, "unknown_status", new[0], now, **facts)
        log.warning("status.doubted", **facts)


def warn_of_dates(tx: Tx, dates: DateEvidence, now: datetime) -> None:
    """Raises an alert if dates contradict the setting of their order."""
    if dates.contradicts_order:
        set_alert(tx, "date_order", {"order": dates.order}, now)
        log.warning("dates.contradicted", order=dates.order, day_first=dates.day_first, month_first=dates.month_first)
    elif any(one.code == "date_order" and one.facts.get("order") != dates.order for one in tx.alerts.all()):
        # Only rows that changed are read: that none of them contradicts proves nothing, a new setting does.
        clear_alert(tx, "date_order", now)
    if dates.unreadable or dates.backwards or dates.ahead:
        log.warning("dates.unreadable", unreadable=dates.unreadable, backwards=dates.backwards, ahead=dates.ahead)


def suspect_source(tx: Tx, stored: Collection[Change], now: datetime) -> None:
    """Raises the alert for results that change more often than people correct them."""
    corrected = [change.after.key for change in stored if change.kind in _CHANGED_RESULT and change.before]
    changes = [tx.sessions.recent_changes(key, now) for key in corrected]
    flapping = [number for number in changes if is_flapping(number)]
    if flapping:
        facts = {"sessions": len(flapping), "changes": min(flapping), "seen_at": int(now.timestamp())}
        set_alert(tx, "results_flapping", facts, now)


def log_odd_results(rows: int) -> None:
    """Results that are no percentages are shown as they came; how many there are is said, without session ids."""
    if rows:
        log.warning("results.doubted", rows=rows)


_CHANGED_RESULT = (ChangeKind.CORRECTED, ChangeKind.REOPENED, ChangeKind.COMPLETED)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

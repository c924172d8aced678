"""Reads only what may have changed, so that a poll does not grow with history. The steps are those of `Increment.read`;
`jobs/completed_sessions.py` has those about completed sessions.

What no step sees at once (a correction, a move or a deletion of a session that was completed over two days ago) the
sweep sees, a few checklists a poll, and the daily full listing.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.config import Settings
from bot.domain.errors import TrainingError
from bot.domain.incremental import (
    ID_BYTES,
    MOST_FETCHED,
    MOST_SWEPT,
    Account,
    ByteBudget,
    PollingState,
    after_size,
    held_until,
    is_held,
    is_suspicious,
    names_in_order,
    oldest_swept,
    tick_bytes,
)
from bot.domain.model import OutcomeKind, SessionKey
from bot.domain.polling import PollMode, PollReport, RowLabels
from bot.domain.ports import ChecklistsAnswer, Clock, Training
from bot.jobs.answers import Answers, Fetched, FilterIgnored, Totals, Work, note_failing, note_filters
from bot.jobs.completed_sessions import CompletedSessions, save_sweep
from bot.jobs.full_listing import end_incremental_alerts, note_good
from bot.jobs.listing_changes import ChangeWriter, PollRun
from bot.jobs.parts import SESSIONS, note_left_out
from bot.jobs.store_changes import take_back_reassigned
from bot.services.alerting import set_alert
from bot.store.database import Store, Tx

# iSpring's words. Source: OpenAPI file "jobtraining".
IN_PROGRESS = "IN_PROGRESS"
NOT_STARTED = "NOT_STARTED"
KIND = {IN_PROGRESS: OutcomeKind.IN_PROGRESS, NOT_STARTED: OutcomeKind.PLANNED}
MOST_UNKNOWN = 200  # sessions of an unknown status that one poll asks for: they may never leave it
ROUND_LATE = timedelta(hours=24)
FRUITLESS_FOR = timedelta(days=1)  # an id of which nothing could be stored is not asked for again before

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RawAnswers:
    """What the answers of a poll showed, before anything was stored: the open sessions that were listed, and the
    statuses whose list was whole. `has_planned`: whether the planned sessions were listed."""

    report: PollReport
    listed: Mapping[SessionKey, RowLabels]
    whole: Collection[str]
    has_planned: bool


class Increment:
    """Reads one increment at a time. It remembers ids that led to nothing, and steps that failed, while the process
    runs."""

    def __init__(
        self, training: Training, store: Store, clock: Clock, settings: Settings, writer: ChangeWriter
    ) -> None:
        self._training = training
        self._store = store
        self._clock = clock
        self._settings = settings
        self.answers = Answers(training, store, writer)
        self._completed = CompletedSessions(store, clock, self.answers)
        self._fruitless: dict[str, datetime] = {}
        self._held: dict[str, datetime] = {}  # steps that failed, until then
        self._unknown_turn = 0

    async def read(self, run: PollRun, state: PollingState, *, with_planned: bool = False) -> RawAnswers:
        """Reads and stores one increment; `with_planned`: all planned sessions too, whatever they cost. Raises
        FilterIgnored; TrainingError if the open sessions can't be listed."""
        total = tick_bytes(self._settings.poll_bytes, self._settings.tick, self._settings.poll_interval)
        before = await self._store.read(lambda tx: tx.polling.open_sessions())
        counts = await self._store.read(lambda tx: tx.polling.completed_counts())
        work = Work(run, state, ByteBudget(total, state.debts), before, counts)
        try:
            await self._list_open(work, IN_PROGRESS)
            await self._fetch_gone(work, IN_PROGRESS)
        except TrainingError:
            await self._store.transact(lambda tx: tx.polling.save_state(note_failing(tx, work.state, run.started)))
            raise
        planned = partial(self._read_planned, is_due=with_planned)
        for step in (self._fetch_unknown, planned, self._read_names, self._completed.read_recent):
            work.lacks |= not await self._has_done(work, step)
        await self._has_done(work, self._completed.sweep)
        sweeps = await self._store.read(lambda tx: tx.polling.sweeps(work.counts))
        oldest = oldest_swept(sweeps, work.state.since) or run.started
        report = await self._store.transact(lambda tx: self._end(tx, work, oldest))
        return RawAnswers(report, work.listed, frozenset(work.whole), work.state.planned_at == run.started)

    async def _has_done(self, work: Work, step: Callable[[Work], Awaitable[None]]) -> bool:
        """Takes a step; whether it was taken to its end. The running sessions were read: what a step lacks is read
        later."""
        name = getattr(step, "func", step).__name__.strip("_")
        if is_held(self._held.get(name), work.run.started):
            return False
        began = self._clock.now()
        try:
            await step(work)
        except TrainingError as error:
            log.warning("poll.step_failed", step=name, error=str(error))
            self._held[name] = held_until(began, self._clock.now())
            return False
        self._held.pop(name, None)
        return True

    # ---- 1 and 2: open sessions ----------------------------------------------------------------------------------

    async def _list_open(self, work: Work, status: str) -> None:
        """Lists the sessions of a status."""
        answer = await self.answers.listed(work.run, work.totals, status=status)
        work.listed |= answer.rows
        back = await self._note_present(answer.rows)
        work.totals.left_out += sum(_is_as_before(key, answer.rows[key], work) for key in back)
        if answer.is_whole:
            work.whole.add(status)

    async def _fetch_gone(self, work: Work, status: str) -> None:
        """Asks by id for the sessions that are stored with a status and were not listed. If a row of the list could not
        be read, one of them may be that row."""
        gone = [key for key, (was, _) in work.before.items() if was is KIND[status] and key not in work.listed]
        if len(gone) > MOST_FETCHED and is_suspicious(len(gone), len(work.before)):
            self._suspect(work, len(gone))  # a full listing shows them sooner than the next polls
        try:
            rows = (await self._fetch_open(work, gone)).rows
        except TrainingError:
            self._make_full_due(work)  # there is news, and only a full listing can say which
            raise
        if status in work.whole:
            work.totals.left_out += sum(_is_as_before(key, rows[key], work) for key in gone if key in rows)

    async def _read_planned(self, work: Work, *, is_due: bool) -> None:
        if work.budget.allowance(Account.PLANNED) <= 0 and not is_due:
            return
        size = work.totals.size
        try:
            await self._list_open(work, NOT_STARTED)
        finally:
            work.budget.spend(Account.PLANNED, work.totals.size - size)
        work.state = replace(work.state, planned_at=work.run.started)
        await self._fetch_gone(work, NOT_STARTED)

    async def _fetch_unknown(self, work: Work) -> None:
        """Asks for the sessions of an unknown status, which no list holds: the newest, and in turn some of the
        others."""
        unknown = [key for key, (was, _) in reversed(list(work.before.items())) if was is OutcomeKind.UNKNOWN]
        unknown = [key for key in unknown if key not in work.listed]
        newest, others = unknown[: MOST_UNKNOWN // 2], unknown[MOST_UNKNOWN // 2 :]
        if len(unknown) > MOST_UNKNOWN:
            turn = self._unknown_turn % len(others)
            self._unknown_turn = turn + MOST_UNKNOWN // 2
            others = [*others[turn:], *others[:turn]][: MOST_UNKNOWN // 2]
        await self._fetch_open(work, [*others[::-1], *newest[::-1]])

    async def _fetch_open(self, work: Work, gone: Sequence[SessionKey]) -> Fetched:
        """Asks for open sessions by id, the newest first. Those that two whole answers lack are marked missing, unless
        so many are gone at once that it looks like an error: then a full listing decides."""
        ids = list(dict.fromkeys(key.session_id for key in reversed(gone)))[:MOST_FETCHED]
        fetched = await self.answers.fetched(work.run, work.totals, ids)
        await self._note_present(fetched.rows)
        absent = [key for key in gone if key.session_id in fetched.answered and key not in fetched.rows]
        if is_suspicious(len(absent), len(work.before)):
            self._suspect(work, len(absent))
        elif absent and not work.state.is_doubted(work.run.started):  # then only full listings say what is missing
            await self._store.transact(lambda tx: self._note_absent(tx, absent, work.run.started))
        return fetched

    async def _note_present(self, rows: Mapping[SessionKey, RowLabels]) -> Sequence[SessionKey]:
        """Ends the absences of sessions in an answer; returns those that had one."""
        if not await self._store.read(lambda tx: tx.polling.absent(rows)):
            return ()
        return await self._store.transact(lambda tx: tx.polling.note_present(rows))

    def _note_absent(self, tx: Tx, absent: Sequence[SessionKey], now: datetime) -> None:
        if unlisted := tx.polling.note_absent(absent, now):
            log.info("sessions.unlisted", sessions=len(unlisted))
            take_back_reassigned(tx, unlisted, now)

    def _suspect(self, work: Work, gone: int) -> None:
        log.warning("sessions.doubted", gone=gone, open=len(work.before))
        self._make_full_due(work)

    def _make_full_due(self, work: Work) -> None:
        # One that decided nothing, because most sessions are gone, is not read again at each poll.
        since_full = work.run.started - (work.state.full_at or work.run.started)
        is_due = work.state.is_full_due or since_full >= work.state.full_interval()
        work.state = replace(work.state, is_full_due=is_due)

    # ---- 3: what iSpring's checklists name -----------------------------------------------------------------------

    async def _read_names(self, work: Work) -> None:
        """Asks for the checklists' session ids, some checklists a poll, and for the sessions that are not stored."""
        sweeps, sessions = await self._store.read(
            lambda tx: (tx.polling.sweeps(work.counts), tx.polls.state().sessions)
        )
        allowance = work.budget.allowance(Account.NAMES)
        if allowance <= 0:
            return
        if sessions * ID_BYTES <= allowance:
            await self._take_names(work, await self._training.checklists())
            return
        ordered, current_round = names_in_order(sweeps, work.state.names_round)
        for number, sweep in enumerate(ordered):
            left = work.budget.allowance(Account.NAMES)
            if left <= 0 or number >= MOST_SWEPT or (number and sweep.sessions * ID_BYTES > left):
                return
            (spelled,) = await self._store.read(partial(_spelled, [sweep.checklist_id]))
            answer = await self._training.checklists([spelled])
            if any(one.checklist_id.lower() not in ("", sweep.checklist_id) for one in answer.checklists):
                raise FilterIgnored("checklistIds")
            if await self._take_names(work, answer):
                await self._store.transact(partial(save_sweep, replace(sweep, named_round=current_round)))
                work.state = replace(work.state, names_round=current_round)

    async def _take_names(self, work: Work, answer: ChecklistsAnswer) -> bool:
        """Fetches the sessions that are named and not stored; whether all of them were asked for."""
        work.budget.spend(Account.NAMES, answer.size)
        work.totals.size += answer.size
        work.totals.wire_size += answer.wire_size
        ids = [one.checklist_id.lower() for one in answer.checklists]
        await self._store.transact(lambda tx: tx.polling.note_checklists(ids))
        named = (one for checklist in answer.checklists for one in checklist.session_ids())
        return await self.fetch_unstored(work.run, work.totals, named)

    async def fetch_unstored(self, run: PollRun, totals: Totals, named: Iterable[str]) -> bool:
        """Fetches the sessions among those named, ids as spelled, that are not stored; whether all were asked for."""

        def find(tx: Tx) -> tuple[dict[str, str], Sequence[str]]:
            spelling = {one.lower(): one for one in named}
            return spelling, tx.polling.unknown_ids(spelling)

        spelling, unknown = await self._store.read(find)
        fresh = [one for one in unknown if one not in self._fruitless or run.started > self._fruitless[one]]
        asked = fresh[:MOST_FETCHED]
        if asked:
            fetched = await self.answers.fetched(run, totals, asked, spelling={one: spelling[one] for one in asked})
            stored = await self._store.read(lambda tx: tx.polling.unknown_ids(asked))
            done = {*fetched.answered, *totals.refused}
            self._fruitless |= {one: run.started + FRUITLESS_FOR for one in stored if one in done}
        return len(asked) == len(fresh)

    # ---- the end -------------------------------------------------------------------------------------------------

    def _end(self, tx: Tx, work: Work, oldest: datetime) -> PollReport:
        """Stores how the poll went and what the next one needs to know. `oldest`: when the completed sessions that wait
        longest were last compared."""
        run, totals, now = work.run, work.totals, self._clock.now()
        sessions = tx.polls.state().sessions
        report = PollReport(
            run.started,
            now,
            listed=sessions,
            changed=totals.changed,
            unchanged=not totals.changed,
            rejected=totals.rejected,
            mode=PollMode.INCREMENTAL,
            size=totals.size,
            wire_size=totals.wire_size,
            corrected_at=max(oldest, work.state.full_at or oldest),
        )
        note_good(tx, self._training, report)
        # Only a full listing shows that none is left; one that shows some says so at once.
        for code, rows in (("rows_rejected", totals.rejected), ("rows_duplicated", totals.duplicates)):
            if rows:
                set_alert(tx, code, {"rows": rows}, now)
        if totals.without_parts:
            note_left_out(tx, {SESSIONS: totals.without_parts}, now)
        is_late = now - oldest > ROUND_LATE
        hours = int((now - oldest).total_seconds() // 3600)
        set_alert(tx, "corrections_late", {"hours": hours} if is_late else None, now)
        state = replace(work.state, debts={name: debt for name, debt in work.budget.debts.items() if debt > 0})
        state = after_size(state, sessions * state.row_bytes, self._settings.full_listing_limit, now)
        if state.mode is PollMode.INCREMENTAL:
            state = note_failing(tx, state, run.started) if work.lacks else replace(state, failing_since=None)
            state = note_filters(tx, state, totals.left_out, now)
        else:
            end_incremental_alerts(tx, now)
        tx.polling.save_state(state)
        return report


def _spelled(ids: Sequence[str], tx: Tx) -> Sequence[str]:
    return tx.polling.spelled(ids)


def _is_as_before(key: SessionKey, row: RowLabels, work: Work) -> bool:
    """Whether a row says what was stored of an open session before the poll."""
    before = work.before.get(key)
    return before is not None and before[1] == row.fingerprint

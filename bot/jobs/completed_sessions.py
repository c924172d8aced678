"""Compares completed sessions with iSpring, without listing all of them: those of the last days, and a few checklists a
poll."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.domain.errors import BadRequest, TrainingError
from bot.domain.incremental import LONGEST_HOLD, MOST_FETCHED, RECENTLY, Account, Sweep, is_held, next_sweep
from bot.domain.ports import Clock
from bot.jobs.answers import Answers, Work
from bot.store.database import Store, Tx

PASSED = "PASSED"  # iSpring's word. Source: OpenAPI file "jobtraining".


class CompletedSessions:
    """One instance for all polls. It remembers checklists that could not be compared while the process runs."""

    def __init__(self, store: Store, clock: Clock, answers: Answers) -> None:
        self._store = store
        self._clock = clock
        self._answers = answers
        self._held: dict[str, datetime] = {}  # checklists that could not be compared by id, until then

    async def read_recent(self, work: Work) -> None:
        """Asks for what was completed or re-opened lately, by id, in turn if it is too much for one poll."""
        limit = int(work.budget.allowance(Account.RECENT) / work.state.row_bytes)
        if limit < 1:
            return
        since, after = work.run.started - RECENTLY, work.state.recent_cursor
        ids = await self._store.read(lambda tx: tx.polling.recent(since, after, limit))
        size = work.totals.size
        try:
            await self._answers.fetched(work.run, work.totals, ids)
        finally:
            work.budget.spend(Account.RECENT, work.totals.size - size)
        work.state = replace(work.state, recent_cursor=ids[-1] if len(ids) == limit else "")

    async def sweep(self, work: Work) -> None:
        """Compares the completed sessions of as many checklists as the bytes allow, the one that waits longest first:
        all in one answer, or in parts by id."""
        sweeps = await self._store.read(lambda tx: tx.polling.sweeps(work.counts))
        sweeps = [one for one in sweeps if not is_held(self._held.get(one.checklist_id), work.run.started)]
        done: set[str] = set()
        while sweep := next_sweep(sweeps, done):
            done.add(sweep.checklist_id)
            allowance = work.budget.allowance(Account.SWEEP)
            limit = int(allowance / work.state.row_bytes)
            if limit < 1:
                return
            size = work.totals.size
            try:
                if sweep.cursor is None and sweep.checklist_id and sweep.sessions <= limit:
                    await self._sweep_whole(work, sweep)
                else:
                    await self._sweep_part(work, sweep, limit)
            except TrainingError as error:
                # iSpring may have deleted the checklist, or not manage all of it. It does not hold up the others.
                part = replace(sweep, cursor=sweep.cursor or "", began_at=sweep.began_at or work.run.started)
                await self._store.transact(partial(save_sweep, part))
                if sweep.cursor is not None:
                    self._held[sweep.checklist_id] = work.run.started + LONGEST_HOLD
                if not isinstance(error, BadRequest):
                    raise
            finally:
                work.budget.spend(Account.SWEEP, work.totals.size - size)

    async def _sweep_whole(self, work: Work, sweep: Sweep) -> None:
        run, checklist_id = work.run, sweep.checklist_id
        stored = await self._store.read(lambda tx: tx.polling.completed_of(checklist_id))
        began_at = self._clock.now()
        swept = replace(sweep, swept_at=began_at, cursor=None, began_at=None)
        answer = await self._answers.listed(run, work.totals, status=PASSED, checklist_id=checklist_id)
        gone = [key for key in stored if key not in answer.rows]
        ids = list(dict.fromkeys(key.session_id for key in gone))
        if len(ids) > MOST_FETCHED:
            swept = replace(sweep, cursor="", began_at=began_at)
            ids = []
        fetched = await self._answers.fetched(run, work.totals, ids, also=partial(save_sweep, swept))
        if answer.is_whole:
            work.totals.left_out += sum(
                (row := fetched.rows.get(key)) is not None
                and row.fingerprint == stored[key]
                and row.checklist_id == checklist_id
                and row.status.strip().upper() == PASSED
                for key in gone
            )

    async def _sweep_part(self, work: Work, sweep: Sweep, limit: int) -> None:
        began_at = sweep.began_at if sweep.cursor is not None and sweep.began_at else self._clock.now()
        cursor = sweep.cursor or ""
        ids = await self._store.read(lambda tx: tx.polling.part_of(sweep.checklist_id, cursor, limit))
        part = replace(sweep, cursor=ids[-1] if ids else cursor, began_at=began_at)
        if len(ids) < limit:
            part = replace(sweep, swept_at=began_at, cursor=None, began_at=None)
        await self._answers.fetched(work.run, work.totals, ids, also=partial(save_sweep, part))


def save_sweep(sweep: Sweep, tx: Tx) -> None:
    tx.polling.save_sweep(sweep)

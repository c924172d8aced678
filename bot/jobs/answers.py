"""Reads iSpring's answers about some sessions, and stores each before the next request begins."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.errors import BadRequest, StoreBusy
from bot.domain.incremental import IDS_AT_ONCE, MOST_HALVED, PollingState, chunks, halves, left_out
from bot.domain.model import Change, SessionKey
from bot.domain.polling import AnswerDiff, RowLabels
from bot.domain.ports import Listing, SessionFilter, Slice, Training
from bot.jobs.listing_changes import TRIES, ChangeWriter, PollRun, suspect_source, warn_of_dates
from bot.jobs.plan_notifications import PlanOutdated
from bot.jobs.store_changes import take_back_reassigned
from bot.services.alerting import clear_alert, set_alert
from bot.store.database import Store, Tx

REFUSED_FOR = timedelta(hours=1)  # an id that iSpring does not accept is not asked for again before

log = structlog.get_logger(__name__)


class FilterIgnored(Exception):
    """An answer had a session that was not asked for, or iSpring refuses to filter at all. `name`: the filter's."""

    def __init__(self, name: str, problem: str = "answers hold sessions that were not asked for") -> None:
        super().__init__(f"{problem}, filter {name}")
        self.name = name


@dataclass(slots=True)
class Totals:
    """What the answers of one poll came to."""

    size: int = 0
    wire_size: int = 0
    changed: int = 0
    rejected: int = 0
    duplicates: int = 0
    without_parts: int = 0
    left_out: int = 0  # rows that a filter left out and that had not changed
    halved: int = 0  # requests that found ids which iSpring does not accept
    refused: set[str] = field(default_factory=set)  # these ids

    def add(self, answer: AnswerDiff) -> None:
        self.changed += len(answer.diff.changed)
        self.rejected += len(answer.diff.rejected)
        self.duplicates += answer.diff.duplicates
        self.without_parts += answer.diff.without_parts


@dataclass(frozen=True, slots=True)
class Fetched:
    """What iSpring says of sessions that were asked for by id. `answered`: the ids, in lower case, that a whole answer
    was about; a session of these that is not among `rows` is not there."""

    rows: Mapping[SessionKey, RowLabels]
    answered: Collection[str]


class Answers:
    """Asks, compares and stores; one instance for all polls."""

    def __init__(self, training: Training, store: Store, writer: ChangeWriter) -> None:
        self._training = training
        self._store = store
        self._writer = writer
        self._refused_until: dict[str, datetime] = {}  # ids, in lower case, that iSpring did not accept

    async def listed(
        self,
        run: PollRun,
        totals: Totals,
        *,
        status: str,
        checklist_id: str = "",
        also: Callable[[Tx], None] | None = None,
    ) -> AnswerDiff:
        """The sessions of one status, all or of one checklist (its id in lower case). `also` is stored together with
        them. Raises FilterIgnored."""

        def check(_session_id: str, labels: tuple[str, str]) -> None:
            if labels[0].strip().upper() != status:
                raise FilterIgnored("sessionStatus")
            if checklist_id and labels[1] != checklist_id:
                raise FilterIgnored("checklistId")

        spelled = (await self._spelled([checklist_id]))[0] if checklist_id else ""
        try:
            async with self._training.find_sessions(SessionFilter(status, spelled)) as listing:
                return await self._stored(run, totals, listing, check, also)
        except BadRequest:
            if checklist_id:  # which iSpring may have deleted
                raise
            raise FilterIgnored("sessionStatus", "iSpring does not accept what sessions are asked for") from None

    async def fetched(
        self,
        run: PollRun,
        totals: Totals,
        session_ids: Iterable[str],
        *,
        spelling: Mapping[str, str] | None = None,
        also: Callable[[Tx], None] | None = None,
    ) -> Fetched:
        """These sessions, their ids in lower case. A request that iSpring does not accept is halved until the id that
        it refuses is alone; that one is not asked for again within an hour. `spelling`: how iSpring just spelled ids;
        `also` is stored with the last answer."""
        unasked = self._refused_until
        ids = [one for one in dict.fromkeys(session_ids) if one not in unasked or run.started >= unasked[one]]
        spelled = dict(zip(ids, await self._spelled(ids), strict=True)) | dict(spelling or {})
        rows: dict[SessionKey, RowLabels] = {}
        answered: set[str] = set()
        waiting = list(reversed(list(chunks(ids, IDS_AT_ONCE))))
        if not waiting and also is not None:
            await self._store.transact(also)
        while waiting:
            part = waiting.pop()
            last = also if not waiting else None
            try:
                answer = await self._of_ids(run, totals, part, spelled, last)
            except BadRequest:
                if len(part) == 1:
                    totals.refused.add(part[0])
                    self._refused_until[part[0]] = run.started + REFUSED_FOR
                    log.warning("session_id.rejected", session=part[0])
                elif totals.halved < MOST_HALVED:
                    totals.halved += 1
                    waiting += reversed(halves(part))
                if last is not None and not waiting:
                    await self._store.transact(last)
                continue
            rows |= answer.rows
            if answer.is_whole:
                answered.update(part)
        return Fetched(rows, answered)

    async def _of_ids(
        self,
        run: PollRun,
        totals: Totals,
        part: Sequence[str],
        spelled: Mapping[str, str],
        also: Callable[[Tx], None] | None,
    ) -> AnswerDiff:
        wanted = frozenset(part)

        def check(session_id: str, _labels: tuple[str, str]) -> None:
            if session_id not in wanted:
                raise FilterIgnored("sessionIds")

        asked = SessionFilter(session_ids=[spelled.get(one, one) for one in part])
        async with self._training.find_sessions(asked) as listing:
            return await self._stored(run, totals, listing, check, also)

    async def _spelled(self, ids: Sequence[str]) -> Sequence[str]:
        return await self._store.read(lambda tx: tx.polling.spelled(ids))

    async def _stored(
        self,
        run: PollRun,
        totals: Totals,
        listing: Listing,
        check: Callable[[str, tuple[str, str]], None],
        also: Callable[[Tx], None] | None,
    ) -> AnswerDiff:
        run = replace(run, details={})  # those of another answer may be of an earlier result
        totals.size += listing.size
        totals.wire_size += listing.wire_size
        for _ in range(TRIES):
            answer = await self._store.read(lambda tx: tx.listings.compare(_checked(listing.slices(), check)))
            try:
                await self._store_answer(run, listing, answer, also)
            except PlanOutdated:
                log.info("plan.outdated")
                continue
            totals.add(answer)
            return answer
        raise StoreBusy("Rules or people changed while iSpring was read; the next poll stores the other changes.")

    async def _store_answer(
        self, run: PollRun, listing: Listing, answer: AnswerDiff, also: Callable[[Tx], None] | None
    ) -> None:
        diff = answer.diff
        ids = {key.session_id for key in answer.rows} | {labels.checklist_id for labels in answer.rows.values()}
        back = frozenset(diff.back)

        def begin(tx: Tx) -> None:
            tx.listings.mark_back(diff.back)
            take_back_reassigned(tx, back, run.started, back=back)

        def end(tx: Tx, changes: Collection[Change]) -> None:
            warn_of_dates(tx, listing.date_evidence, run.started)
            suspect_source(tx, changes, run.started)
            tx.polling.save_spellings(ids, answer.spelled)
            tx.polling.note_active((facts.checklist_id for facts, _ in diff.changed), run.started)
            if also is not None:
                also(tx)

        if run.outage is not None:  # which a full listing should have shown: each answer has a summary of its own
            run = replace(run, outage=replace(run.outage, until=max(run.outage.until, listing.requested_at)))
        if diff.changed or diff.back or diff.rejected:
            await self._writer.store(run, diff, listing.requested_at, begin, end)
        elif also is not None or await self._store.read(lambda tx: tx.polling.is_respelled(ids, answer.spelled)):
            await self._store.transact(lambda tx: end(tx, ()))


def _checked(slices: Iterator[Slice], check: Callable[[str, tuple[str, str]], None]) -> Iterator[Slice]:
    """The slices, each row of which was asked for: of a filter that is ignored the whole listing comes, and comparing
    that here would take too much memory."""
    for piece in slices:
        for index, (session_id, _, _) in enumerate(piece.rows):
            check(session_id, piece.labels(index))
        yield piece


def note_filters(tx: Tx, state: PollingState, rows: int, now: datetime, *, is_proven: bool = False) -> PollingState:
    """Raises the alert if filters left out `rows`, ends it after a day without; returns the state after that."""
    if rows:
        log.warning("filter.left_out", rows=rows)
        state = left_out(state, now, is_proven=is_proven)
    if state.is_doubted(now):
        if rows:
            set_alert(tx, "filters_unreliable", {"problem": "answers lack sessions that are there"}, now)
    else:
        clear_alert(tx, "filters_unreliable", now)
    return state

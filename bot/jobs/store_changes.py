"""Stores the changes of a listing with their planned notifications, in transactions short enough for other writers.

A change commits together with its notifications. If the process stops in between, the next poll goes on: stored rows
no longer differ.

Of a listing in which nearly everything changed, as after another ISPRING_TIMEZONE, the changes that produce no
notification are stored first (`bulk_update`): a plan for a million changes would hold them all in memory.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

import structlog

from bot.domain.changes import decide, outcome_of
from bot.domain.model import Change, ChangeKind, Details, News, SessionFacts, SessionKey
from bot.domain.ports import Slice
from bot.jobs.plan_notifications import NotificationPlan, PlanOutdated, basis_of, is_unknown
from bot.store.database import Store, Tx

MOST_AT_ONCE = 200  # rows and notifications in one transaction: the first cards are sent between these
MOST_PLANNED = 20_000  # changed rows that one comparison takes and one plan holds
# In one transaction of a bulk update: keys are random, so more of them write most pages of an index again; fewer wait
# less.
BULK_ROWS = 5_000
SLICES_AT_ONCE = 6

log = structlog.get_logger(__name__)

Row = tuple[SessionFacts, bytes]
T = TypeVar("T")


async def store_planned(
    store: Store,
    rows: Sequence[Row],
    foreseen: Mapping[SessionKey, Change],
    plan: NotificationPlan,
    details: Mapping[SessionKey, Details],
    now: datetime,
    begin: Callable[[Tx], None],
    end: Callable[[Tx], T],
    wake: Callable[[], None],
) -> T:
    """Stores all rows, worst results first, and wakes the sender after each transaction. `begin` runs in the first with
    what a summary counts and what has an unknown status, so that neither is stored unsaid; `end` in the last, and its
    value is returned. Raises PlanOutdated if what was planned no longer holds; what was stored before stays."""
    at_once = plan.counted | {key for key, change in foreseen.items() if is_unknown(outcome_of(change.after))}
    others = sorted((row for row in rows if row[0].key not in at_once), key=lambda row: _worst_first(row, foreseen))
    *chunks, last = _chunks(others, plan)
    first = [row for row in rows if row[0].key in at_once]

    def write(tx: Tx, chunk: Sequence[Row]) -> None:
        if basis_of(tx) != plan.basis:
            raise PlanOutdated
        stored = [_store_row(tx, row, foreseen, plan, details, now) for row in chunk]
        if is_first:
            begin(tx)
        take_back_reassigned(tx, [facts.key for facts, _ in chunk], now)
        if is_first:
            for summary, members in plan.summaries:  # before the cards that follow an outage
                tx.summaries.add(summary, members, now)
        for change in stored:
            if change is not None:
                _store_cards(tx, change.after.key, plan, now)

    is_first = True
    for chunk in chunks:
        await store.transact(partial(write, chunk=[*first, *chunk] if is_first else chunk))
        is_first = False
        wake()

    def write_last(tx: Tx) -> T:
        write(tx, [*first, *last] if is_first else last)
        return end(tx)

    return await store.transact(write_last)


async def bulk_update(store: Store, slices: Iterator[Slice], now: datetime) -> int:
    """Stores the changes that notify no one; returns how many. The listing must have been read to its end before:
    nothing of one that can't be understood may be applied."""
    stored = 0
    while True:
        part = await store.read(
            lambda tx: tx.listings.diff(islice(slices, SLICES_AT_ONCE), most=MOST_PLANNED, is_part=True)
        )
        if not part.listed and not part.rejected:
            return stored
        for start in range(0, len(part.changed), BULK_ROWS):
            stored += await store.transact(partial(_store_silent, part.changed[start : start + BULK_ROWS], now))


def _store_silent(rows: Sequence[Row], now: datetime, tx: Tx) -> int:
    targets = tx.targets.current()
    stored = 0
    for facts, fingerprint in rows:
        change = decide(tx.sessions.get(facts.key), facts, now=now, targets=targets)
        if change is None:
            tx.listings.note_unchanged(facts.key, fingerprint)
        elif change.news in (News.NONE, News.EDIT) and not is_unknown(outcome_of(change.after)):
            tx.sessions.save(change, fingerprint)
            stored += 1
    return stored


def store_notifications(tx: Tx, plan: NotificationPlan, now: datetime) -> None:
    """Stores a whole plan, whose changes are stored already."""
    for summary, members in plan.summaries:  # before the cards that follow an outage
        tx.summaries.add(summary, members, now)
    for key in {**plan.cards, **plan.undecided}:
        _store_cards(tx, key, plan, now)


def _store_cards(tx: Tx, key: SessionKey, plan: NotificationPlan, now: datetime) -> None:
    if (waiting := plan.undecided.get(key)) is not None:
        version = plan.basis.directory_version
        tx.unrouted.add(waiting.change, waiting.who, waiting.code, waiting.requested_at, now, version)
    for card in plan.cards.get(key, ()):
        tx.notifications.enqueue(card.notification, card.queued_at, card.not_before)


def take_back_reassigned(
    tx: Tx, keys: Collection[SessionKey], now: datetime, *, back: Collection[SessionKey] = ()
) -> None:
    """Redacts what was posted about sessions that iSpring gave to another employee. `keys`: of the sessions that were
    stored, that are missing or that are `back`."""
    taken = tx.erasure.take_back_reassigned(keys, back, now)
    if taken:
        log.info("sessions.reassigned", sessions=taken)


def has_new_details(change: Change) -> bool:
    """Whether a session's criteria are to be fetched."""
    return change.kind in (ChangeKind.COMPLETED, ChangeKind.CORRECTED)


def _store_row(
    tx: Tx,
    row: Row,
    foreseen: Mapping[SessionKey, Change],
    plan: NotificationPlan,
    details: Mapping[SessionKey, Details],
    now: datetime,
) -> Change | None:
    facts, fingerprint = row
    found = details.get(facts.key)
    change = decide(tx.sessions.get(facts.key), facts, now=now, targets=plan.basis.targets, details=found)
    if change != foreseen.get(facts.key):
        raise PlanOutdated
    if change is None:
        tx.listings.note_unchanged(facts.key, fingerprint)
        return None
    tx.sessions.save(change, fingerprint)
    if found is not None and has_new_details(change):
        tx.details.save(facts.key, found, now)
    return change


def _worst_first(row: Row, foreseen: Mapping[SessionKey, Change]) -> bool:
    change = foreseen.get(row[0].key)
    return change is None or not outcome_of(change.after).is_failing


def _chunks(rows: Sequence[Row], plan: NotificationPlan) -> Iterator[list[Row]]:
    """The rows in parts of `MOST_AT_ONCE` rows and notifications; at least one part, which may be empty."""
    chunk: list[Row] = []
    size = 0
    for row in rows:
        if chunk and size >= MOST_AT_ONCE:
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += 1 + len(plan.cards.get(row[0].key, ()))
    yield chunk

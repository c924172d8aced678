"""A listing in which nearly everything changed, as after another ISPRING_TIMEZONE: its silent changes, batch by batch.

One transaction with a million changes would hold them all in memory and block every other writer for minutes. Changes
that produce no notification are stored first, in batches. Changes that do are stored later, in the poll's single
transaction. If the process stops in between, the next poll goes on: stored rows no longer differ.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from bot.domain.changes import decide, outcome_of
from bot.domain.model import News, SessionFacts
from bot.domain.ports import Slice
from bot.jobs.plan_notifications import is_unknown
from bot.store.database import Store, Tx

MOST_AT_ONCE = 20_000  # changed rows that one comparison takes
ROWS = 5_000  # in one transaction: keys are random, so more of them write most pages of an index again; fewer wait less
SLICES_AT_ONCE = 6


async def bulk_update(store: Store, slices: Iterator[Slice], now: datetime) -> int:
    """Stores the changes that notify no one; returns how many. The listing must have been read to its end before:
    nothing of one that can't be understood may be applied."""
    stored = 0
    while True:
        part = await store.read(
            lambda tx: tx.listings.diff(islice(slices, SLICES_AT_ONCE), most=MOST_AT_ONCE, is_part=True)
        )
        if not part.listed and not part.rejected:
            return stored
        for start in range(0, len(part.changed), ROWS):
            stored += await store.transact(partial(_store, part.changed[start : start + ROWS], now))


def _store(rows: Sequence[tuple[SessionFacts, bytes]], now: datetime, tx: Tx) -> int:
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

"""A listing against what is stored: what is new or changed, what is missing, what is back.

A fingerprint stands for every field of a row, its ids included: a row whose fingerprint is stored is a session we know
and that has not changed. The stored fingerprints are read once, sorted, into an array of numbers; so a million rows
need 16 MB here instead of a table of their own, and a row that has not changed costs one search in that array.
"""

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from bot.domain.model import SessionFacts, SessionKey
from bot.domain.polling import ListingDiff
from bot.domain.ports import Slice
from bot.store.columns import to_json, value_of
from bot.store.erasure import erased_people, is_erased
from bot.store.session_rows import OF_KEY, fingerprint_number

_AT_ONCE = 1_000  # fingerprints in one question


def diff(connection: sqlite3.Connection, slices: Iterable[Slice], most: int | None, is_part: bool) -> ListingDiff:
    """See `core.ports.SessionRows.narrow`. Where rows were set aside, nobody is called missing: one of those rows may
    be theirs."""
    known = _stored_fingerprints(connection)
    end = len(known)
    erased = erased_people(connection)
    tombstones: int = value_of(connection, "SELECT count(*) FROM erased_sessions")
    seen_at = array("I", bytes(4 * end))  # beside `known`: which row of the listing said so last, 0 for none
    others: dict[SessionKey, tuple[int, SessionFacts, bytes]] = {}
    rejected: list[str] = []
    row = duplicates = left_over = 0
    for piece in slices:
        rejected.extend(piece.rejected)
        for index, (session_id, employee_id, raw) in enumerate(piece.rows):
            row += 1
            fingerprint = fingerprint_number(raw)
            place = bisect_left(known, fingerprint)
            if place < end and known[place] == fingerprint:
                duplicates += seen_at[place] != 0
                seen_at[place] = row
                continue
            key = SessionKey(session_id, employee_id)
            if employee_id in erased or (tombstones and is_erased(connection, key)):
                continue
            if most is not None and len(others) >= most and key not in others:
                left_over += 1
                continue
            duplicates += key in others
            others[key] = (row, piece.facts(index), raw)
    changed = []
    for key, (listed_at, facts, raw) in others.items():
        stored = value_of(
            connection, f"SELECT fingerprint FROM sessions WHERE {OF_KEY}", (key.session_id, key.employee_id)
        )
        if stored is not None:
            place = bisect_left(known, stored)
            if seen_at[place]:  # listed twice, once as it was
                duplicates += 1
                if seen_at[place] > listed_at:
                    continue
            seen_at[place] = listed_at
        changed.append((facts, raw))
    marked = _marked_missing(connection)
    lists_missing = not (rejected or left_over or is_part)
    return ListingDiff(
        changed=changed,
        missing=list(_keys(connection, [known[at] for at in range(end) if not seen_at[at] and known[at] not in marked]))
        if lists_missing
        else [],
        back=[key for fingerprint, key in marked.items() if seen_at[bisect_left(known, fingerprint)]],
        listed=row - duplicates,
        known=end - len(marked) - tombstones,
        rejected=rejected,
        duplicates=duplicates,
        left_over=left_over,
    )


def _stored_fingerprints(connection: sqlite3.Connection) -> "array[int]":
    # Those of erased sessions too: their rows are listed still, and say nothing new.
    cursor = connection.execute(
        "SELECT fingerprint FROM sessions UNION ALL SELECT fingerprint FROM erased_sessions ORDER BY fingerprint"
    )
    cursor.row_factory = None  # plain tuples: a fifth of the time over a million rows
    return array("q", (fingerprint for (fingerprint,) in cursor))


def _marked_missing(connection: sqlite3.Connection) -> dict[int, SessionKey]:
    rows = connection.execute(
        "SELECT fingerprint, session_id, employee_id FROM sessions WHERE missing_since IS NOT NULL"
    )
    return {fingerprint: SessionKey(session_id, employee_id) for fingerprint, session_id, employee_id in rows}


def _keys(connection: sqlite3.Connection, fingerprints: Sequence[int]) -> Iterator[SessionKey]:
    for start in range(0, len(fingerprints), _AT_ONCE):
        rows = connection.execute(
            "SELECT session_id, employee_id FROM sessions WHERE fingerprint IN (SELECT value FROM json_each(?))",
            (to_json(fingerprints[start : start + _AT_ONCE]),),
        )
        for session_id, employee_id in rows:
            yield SessionKey(session_id, employee_id)

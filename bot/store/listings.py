"""A listing compared with what is stored: which sessions are new, changed, missing or back. And the first listing.

A fingerprint stands for every field of a row, its ids included: if the fingerprint of a row is stored, the session is
known and has not changed. The stored fingerprints are read once, sorted, into an array of numbers. So a million rows
need 16 MB here instead of a table, and an unchanged row costs one search in that array.
"""

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter

from bot.domain.changes import remember_judged, row_rank
from bot.domain.incremental import chunks
from bot.domain.model import SessionFacts, SessionKey, Targets
from bot.domain.polling import AnswerDiff, ListingDiff, RowLabels
from bot.domain.ports import Slice
from bot.store.columns import State, to_json, to_ms, value_of
from bot.store.redaction import erased_people, is_erased
from bot.store.schema import finish_indexes
from bot.store.session_rows import OF_KEY, UPSERT_BEST, fingerprint_number, key_of, row_of, session_of
from bot.store.sessions import note_checklists
from bot.store.sqlite import IN_LIST

_AT_ONCE = 1_000  # fingerprints in one query


class _Differing:
    """The rows of a listing that are not stored as they are: of each session the best, of at most `most` sessions."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self.best: dict[SessionKey, tuple[int, SessionFacts, bytes]] = {}
        self.duplicates = 0
        self.left_over = 0

    def add(self, key: SessionKey, row: int, read_facts: Callable[[], SessionFacts], raw: bytes) -> None:
        """Adds the row of that number; one beyond `most` is only counted, and not read."""
        other = self.best.get(key)
        if other is None and self._most is not None and len(self.best) >= self._most:
            self.left_over += 1
            return
        facts = read_facts()
        if other is not None:
            self.duplicates += 1
            _, other_facts, other_raw = other
            if row_rank(other_facts, fingerprint_number(other_raw)) >= row_rank(facts, fingerprint_number(raw)):
                return
        self.best[key] = (row, facts, raw)


class Listings:
    """What iSpring listed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    def digest(self) -> bytes | None:
        """The hash of the last listing that was stored, None before the first."""
        digest: bytes | None = self._state.get("listing_digest")
        return digest

    def remember(self, digest: bytes) -> None:
        self._state.set("listing_digest", digest)

    # ---- the first listing -----------------------------------------------------------------------------------------

    def write_baseline(self, rows: Sequence[tuple[SessionFacts, bytes]], targets: Targets, now: datetime) -> int:
        """Stores a part of the first listing, each row with its fingerprint; returns how many rows that were. It makes
        no change and no notification.

        Repeating it is harmless. Of a session that is listed twice the best row counts.
        """
        erased = erased_people(self._connection)
        values = [
            row_of(session, fingerprint, outcome)
            for facts, fingerprint in rows
            if facts.key.employee_id not in erased
            for session, outcome in (remember_judged(facts, now=now, targets=targets),)
        ]
        # In the order of the key, so that neighbours share pages of its index.
        values.sort(key=itemgetter(0))
        self._connection.executemany(UPSERT_BEST, values)
        note_checklists(
            self._connection, {facts.checklist_id: facts.checklist_title for facts, _ in rows if facts.checklist_id}
        )
        return len(values)

    def baseline_size(self, now: datetime) -> int:
        """How many sessions the first listing that began then has stored."""
        found: int = value_of(self._connection, "SELECT count(*) FROM sessions WHERE first_seen_at = ?", (to_ms(now),))
        return found

    def finish_baseline(self, digest: bytes, now: datetime) -> None:
        """The whole first listing is stored: from now on a difference is a change."""
        finish_indexes(self._connection)
        self.remember(digest)
        self._state.set("baseline_at", to_ms(now))

    # ---- the later ones --------------------------------------------------------------------------------------------

    def diff(self, slices: Iterable[Slice], *, most: int | None = None, is_part: bool = False) -> ListingDiff:
        """Compares a listing, or a part of one, with what is stored; writes nothing.

        Changed sessions beyond `most` are only counted. A part, a listing with rejected rows and one with more than
        `most` changes name no session as missing: it may be among the rows that were not read.
        """
        known = _stored_fingerprints(self._connection)
        end = len(known)
        erased = erased_people(self._connection)
        tombstones: int = value_of(self._connection, "SELECT count(*) FROM erased_sessions")
        seen_at = array("I", bytes(4 * end))  # beside `known`: the last row of the listing that has it, 0 for none
        differing = _Differing(most)
        rejected: list[str] = []
        row = repeated = without_parts = 0
        for batch in slices:
            rejected.extend(batch.rejected)
            without_parts += batch.without_parts
            for index, (session_id, employee_id, raw) in enumerate(batch.rows):
                row += 1
                fingerprint = fingerprint_number(raw)
                position = bisect_left(known, fingerprint)
                if position < end and known[position] == fingerprint:
                    repeated += seen_at[position] != 0
                    seen_at[position] = row
                    continue
                key = SessionKey(session_id, employee_id)
                if employee_id not in erased and not (tombstones and is_erased(self._connection, key)):
                    differing.add(key, row, partial(batch.facts, index), raw)
        changed, listed_unchanged = self._changed(differing, known, seen_at)
        duplicates = repeated + differing.duplicates + listed_unchanged
        marked = _marked_missing(self._connection)
        missing: list[SessionKey] = []
        if not (rejected or differing.left_over or is_part):
            unseen = [known[at] for at in range(end) if not seen_at[at] and known[at] not in marked]
            missing.extend(_keys(self._connection, unseen))
        return ListingDiff(
            changed=changed,
            missing=missing,
            back=[key for fingerprint, key in marked.items() if seen_at[bisect_left(known, fingerprint)]],
            listed=row - duplicates,
            known=end - len(marked) - tombstones,
            rejected=rejected,
            duplicates=duplicates,
            without_parts=without_parts,
            left_over=differing.left_over,
        )

    def _changed(
        self, differing: "_Differing", known: "array[int]", seen_at: "array[int]"
    ) -> tuple[list[tuple[SessionFacts, bytes]], int]:
        """The rows that are to be stored; and how many sessions are listed as they are stored, too. Notes in `seen_at`
        that their sessions are listed."""
        changed, listed_unchanged = [], 0
        for key, (listed_at, facts, raw) in differing.best.items():
            stored = self._connection.execute(f"SELECT * FROM sessions WHERE {OF_KEY}", key).fetchone()
            if stored is not None:
                position = bisect_left(known, stored["fingerprint"])
                if seen_at[position]:
                    listed_unchanged += 1
                    best = row_rank(session_of(stored).facts, stored["fingerprint"])
                    if best >= row_rank(facts, fingerprint_number(raw)):
                        continue
                seen_at[position] = listed_at
            changed.append((facts, raw))
        return changed, listed_unchanged

    def compare(self, slices: Iterable[Slice]) -> AnswerDiff:
        """Compares an answer about some sessions with those of them that are stored; writes nothing. It costs what the
        answer has rows, however many sessions are stored."""
        found: dict[SessionKey, tuple[bytes, Slice, int]] = {}
        rows: dict[SessionKey, RowLabels] = {}
        spelled: dict[str, str] = {}
        rejected: list[str] = []
        duplicates = without_parts = 0
        for batch in slices:
            rejected.extend(batch.rejected)
            without_parts += batch.without_parts
            spelled.update(batch.spelled)
            for index, (session_id, employee_id, raw) in enumerate(batch.rows):
                key = SessionKey(session_id, employee_id)
                if key in found:
                    duplicates += 1
                    other_raw, other, at = found[key]
                    if row_rank(other.facts(at), fingerprint_number(other_raw)) >= row_rank(
                        batch.facts(index), fingerprint_number(raw)
                    ):
                        continue
                found[key] = (raw, batch, index)
                rows[key] = RowLabels(fingerprint_number(raw), *batch.labels(index))
        erased = erased_people(self._connection)
        changed = []
        back = []
        known: dict[SessionKey, int] = {}
        every = self._stored(found)
        for key, (raw, batch, index) in found.items():
            stored = every.get(key)
            if stored is None and (key.employee_id in erased or is_erased(self._connection, key)):
                continue
            if stored is not None:
                known[key] = stored["fingerprint"]
                if stored["missing_since"] is not None:
                    back.append(key)
            if stored is None or stored["fingerprint"] != rows[key].fingerprint:
                changed.append((batch.facts(index), raw))
        diff = ListingDiff(
            changed=changed,
            missing=(),
            back=back,
            listed=len(found),
            known=len(known),
            rejected=rejected,
            duplicates=duplicates,
            without_parts=without_parts,
        )
        return AnswerDiff(diff, rows, known, spelled)

    def _stored(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, sqlite3.Row]:
        """The fingerprint and the absence of those sessions that are stored."""
        ids = list(dict.fromkeys(key.session_id for key in keys))
        return {
            key_of(row): row
            for part in chunks(ids, _AT_ONCE)
            for row in self._connection.execute(
                f"SELECT session_id, employee_id, fingerprint, missing_since FROM sessions WHERE session_id {IN_LIST}",
                (to_json(part),),
            )
        }

    def note_unchanged(self, key: SessionKey, fingerprint: bytes) -> None:
        """Stores the fingerprint of a row that looks different and says the same (its dates are read in another way),
        so that it does not count as different again."""
        self._connection.execute(
            f"UPDATE sessions SET fingerprint = ?, missing_since = NULL WHERE {OF_KEY}",
            (fingerprint_number(fingerprint), *key),
        )

    def mark_missing(self, keys: Collection[SessionKey], now: datetime) -> None:
        """Marks sessions that iSpring no longer lists. Their rows stay."""
        self._connection.executemany(
            f"UPDATE sessions SET missing_since = ? WHERE {OF_KEY} AND missing_since IS NULL",
            [(to_ms(now), *key) for key in keys],
        )

    def mark_back(self, keys: Collection[SessionKey]) -> None:
        """Removes that mark."""
        self._connection.executemany(f"UPDATE sessions SET missing_since = NULL WHERE {OF_KEY}", keys)


def _stored_fingerprints(connection: sqlite3.Connection) -> "array[int]":
    # Those of erased sessions too: iSpring still lists their rows, and they must not count as new.
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
            f"SELECT session_id, employee_id FROM sessions WHERE fingerprint {IN_LIST}",
            (to_json(fingerprints[start : start + _AT_ONCE]),),
        )
        for session_id, employee_id in rows:
            yield SessionKey(session_id, employee_id)

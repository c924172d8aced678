"""Sessions and everything that hangs on one."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from operator import itemgetter

from bot.domain.changes import outcome_of, remember
from bot.domain.directory import Directory
from bot.domain.model import (
    Change,
    ChangeKind,
    Details,
    HistoryEntry,
    Outcome,
    Session,
    SessionFacts,
    SessionKey,
    SessionRecord,
    Targets,
)
from bot.domain.permissions import EVERYTHING, Reach
from bot.domain.polling import Found, ListingDiff, PollReport, PollState
from bot.domain.ports import Slice
from bot.query.parser import Query, mentioned, resolve
from bot.store import details, search
from bot.store.columns import State, from_json, from_ms, to_json, to_ms, value_of
from bot.store.erasure import erased_people, is_erased
from bot.store.listing_diff import diff
from bot.store.outbox import restore_recovery
from bot.store.people import People
from bot.store.schema import finish_indexes
from bot.store.session_rows import (
    OF_KEY,
    UPSERT,
    fingerprint_number,
    id_of,
    request_edits,
    session_of,
    values_of,
)

MOST_MATCHES = 25  # that a beginning of an id is answered with
_ALWAYS_NEWS = (ChangeKind.COMPLETED, ChangeKind.CORRECTED, ChangeKind.REOPENED)
_FOR_ALL = ""  # the checklist id of the target for all


class Sessions:
    """Sessions and everything that hangs on one."""

    def __init__(self, connection: sqlite3.Connection, people: People) -> None:
        self._connection = connection
        self._people = people
        self._state = State(connection)

    # ---- listings --------------------------------------------------------------------------------------------------

    def listing_digest(self) -> bytes | None:
        digest: bytes | None = self._state.get("listing_digest")
        return digest

    def remember_listing(self, digest: bytes) -> None:
        self._state.set("listing_digest", digest)

    def diff(self, slices: Iterable[Slice], *, most: int | None = None, is_part: bool = False) -> ListingDiff:
        """Compares a listing, or a part of one, with what is stored; writes nothing.

        Of more than `most` changed sessions the rest are only counted; then, and of a part, nobody is called missing.
        """
        return diff(self._connection, slices, most, is_part)

    def write_baseline(self, rows: Sequence[tuple[SessionFacts, bytes]], targets: Targets, now: datetime) -> None:
        """Stores a slice of the first listing: no change, no notice. Doing it again is harmless."""
        erased = erased_people(self._connection)
        values = [
            values_of(remember(facts, now=now, targets=targets), fingerprint)
            for facts, fingerprint in rows
            if facts.key.employee_id not in erased
        ]
        # In the order of the key, so that neighbours share pages of its index; of a key listed twice the last wins.
        values.sort(key=itemgetter(0))
        self._connection.executemany(UPSERT, values)
        self._note_checklists({facts.checklist_id: facts.checklist_title for facts, _ in rows})

    def finish_baseline(self, digest: bytes, now: datetime) -> None:
        finish_indexes(self._connection)
        self.remember_listing(digest)
        self._state.set("baseline_at", to_ms(now))

    def note_unchanged(self, key: SessionKey, fingerprint: bytes) -> None:
        """A row that looks different but says the same (dates read in another way): it is not to be asked of again."""
        self._connection.execute(
            f"UPDATE sessions SET fingerprint = ?, missing_since = NULL WHERE {OF_KEY}",
            (fingerprint_number(fingerprint), key.session_id, key.employee_id),
        )

    def mark_missing(self, keys: Collection[SessionKey], now: datetime) -> None:
        self._connection.executemany(
            f"UPDATE sessions SET missing_since = ? WHERE {OF_KEY} AND missing_since IS NULL",
            [(to_ms(now), key.session_id, key.employee_id) for key in keys],
        )

    def mark_back(self, keys: Collection[SessionKey]) -> None:
        self._connection.executemany(
            f"UPDATE sessions SET missing_since = NULL WHERE {OF_KEY}",
            [(key.session_id, key.employee_id) for key in keys],
        )

    # ---- one session -----------------------------------------------------------------------------------------------

    def get(self, key: SessionKey) -> Session | None:
        row = self._row(key)
        return None if row is None else session_of(row)

    def _row(self, key: SessionKey) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(
            f"SELECT * FROM sessions WHERE {OF_KEY}", (key.session_id, key.employee_id)
        ).fetchone()
        return row

    def save(self, change: Change, fingerprint: bytes) -> None:
        """Stores what a change leads to, its history line, and the edits its cards owe."""
        after = change.after
        if is_erased(self._connection, after.key):  # since this listing was compared
            return
        self._connection.execute(UPSERT, values_of(after, fingerprint))
        self._note_checklists({after.facts.checklist_id: after.facts.checklist_title})
        if change.kind in (ChangeKind.COMPLETED, ChangeKind.CORRECTED):
            details.enqueue(self._connection, after.key)
        self._write_history(change)
        # Below target goes first, and what waits may have been corrected.
        self._connection.execute(
            "UPDATE notifications SET priority = CASE WHEN ? THEN 1 ELSE 2 END"
            " WHERE session_id = ? AND employee_id = ? AND delivery IS NULL AND priority > 0",
            (outcome_of(after).is_failing, after.key.session_id, after.key.employee_id),
        )
        request_edits(self._connection, after.key, after.changed_at)

    def _write_history(self, change: Change) -> None:
        old = None if change.before is None else outcome_of(change.before)
        new = outcome_of(change.after)
        if old == new and change.kind not in _ALWAYS_NEWS:
            return
        self._connection.execute(
            "INSERT OR REPLACE INTO history (session, version, at, kind, old, new) VALUES (?, ?, ?, ?, ?, ?)",
            (
                id_of(self._connection, change.after.key),
                change.after.version,
                to_ms(change.after.changed_at),
                change.kind,
                None if old is None else to_json(old),
                to_json(new),
            ),
        )

    def record(self, key: SessionKey) -> SessionRecord | None:
        row = self._row(key)
        if row is None:
            return None
        return SessionRecord(
            session=session_of(row),
            short_id=self.short_id(key),
            details=details.of(self._connection, row["id"]),
            history=self._history(row["id"]),
            acknowledgements=details.acknowledgements(self._connection, row["id"]),
            previous=self._previous(row),
        )

    def _history(self, session: int) -> tuple[HistoryEntry, ...]:
        rows = self._connection.execute(
            "SELECT version, at, kind, old, new FROM history WHERE session = ? ORDER BY version", (session,)
        )
        return tuple(
            HistoryEntry(
                at=from_ms(at),
                version=version,
                kind=ChangeKind(kind),
                old=None if old is None else from_json(old, Outcome),
                new=from_json(new, Outcome),
            )
            for version, at, kind, old, new in rows
        )

    def _previous(self, row: sqlite3.Row) -> Session | None:
        found = self._connection.execute(
            "SELECT * FROM sessions WHERE employee_id = ? AND checklist_id = ? AND id <> ? AND missing_since IS NULL"
            " AND outcome IN ('completed', 'met', 'below', 'failed') AND (? IS NULL OR finished_at < ?)"
            " AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1",
            (row["employee_id"], row["checklist_id"], row["id"], row["finished_at"], row["finished_at"]),
        ).fetchone()
        return None if found is None else session_of(found)

    def short_id(self, key: SessionKey, reach: Reach = EVERYTHING) -> str:
        """What people call a session: as much of its id as tells it from every other within a reach. Whoever sees only
        some must not learn of the others from its length."""
        return search.short_id(self._connection, key.session_id, reach)

    # ---- many sessions ---------------------------------------------------------------------------------------------

    def starting_with(self, prefix: str, reach: Reach) -> Sequence[Session]:
        """The sessions whose id starts like this (any case) and that the asker may see; at most 25."""
        return search.starting_with(self._connection, prefix, reach, MOST_MATCHES)

    def search(
        self,
        query: Query,
        reach: Reach,
        directory: Directory,
        now: datetime,
        limit: int,
        offset: int = 0,
        zone: tzinfo = UTC,
    ) -> Found:
        """What matches and the asker may see, newest completion first; without what iSpring no longer lists. `zone` is
        the asker's: their days begin there."""
        mentions = {user: self._people.linked_person(user) for user in mentioned(query)}
        wanted = resolve(
            query,
            directory=directory,
            checklists=self.checklist_titles(reach),
            mentions={user: person for user, person in mentions.items() if person is not None},
            now=now,
            zone=zone,
        )
        condition = search.matching(wanted, search.listed_within(reach))
        return search.find(self._connection, condition, limit, offset)

    def to_do(self, observer_id: str, limit: int) -> Sequence[Session]:
        """Sessions this observer has planned or in progress, the longest due first."""
        rows = self._connection.execute(
            "SELECT * FROM sessions WHERE observer_id = ? AND outcome IN ('planned', 'in_progress')"
            " AND missing_since IS NULL ORDER BY scheduled_at IS NULL, scheduled_at, id LIMIT ?",
            (observer_id, limit),
        )
        return [session_of(row) for row in rows]

    def checklist_titles(self, reach: Reach) -> Mapping[str, str]:
        """Titles by id, as the sessions last named them, of the checklists of which somebody may see a session."""
        return search.checklist_titles(self._connection, reach)

    def _note_checklists(self, titles: dict[str, str]) -> None:
        self._connection.executemany(
            "INSERT INTO checklists (checklist_id, title) VALUES (?, ?)"
            " ON CONFLICT (checklist_id) DO UPDATE SET title = excluded.title WHERE title <> excluded.title",
            sorted(titles.items()),
        )

    # ---- criteria and acknowledgements -----------------------------------------------------------------------------

    def prioritise_details(self, keys: Collection[SessionKey]) -> None:
        """Somebody was told that their criteria come. A notice that is owed promises those of its session by itself."""
        details.prioritise(self._connection, keys)

    def details_pending(self, since: datetime, now: datetime, limit: int) -> Sequence[SessionKey]:
        """Whose criteria to fetch next, not asked for in vain just now: the promised ones, however old, then those of
        sessions completed since then; of both the newest first."""
        return details.stored(self._connection, since, now, limit)

    def save_details(self, key: SessionKey, found: Details, now: datetime) -> None:
        details.save(self._connection, key, found, now)

    def details_in_vain(self, key: SessionKey, now: datetime) -> None:
        """Counts a fetch that brought nothing; after enough of them the details are given up."""
        details.in_vain(self._connection, key, now)

    def acknowledge(self, key: SessionKey, slack_user_id: str, now: datetime) -> bool:
        """False where this person already had."""
        return details.acknowledge(self._connection, key, slack_user_id, now)

    # ---- targets ---------------------------------------------------------------------------------------------------

    def targets(self) -> Targets:
        rows = self._connection.execute("SELECT checklist_id, percent FROM targets")
        percents: dict[str, float | None] = {row["checklist_id"]: row["percent"] for row in rows}
        default = percents.pop(_FOR_ALL) if _FOR_ALL in percents else self._state.get("initial_target")
        return Targets(default, {ident: percent for ident, percent in percents.items() if percent is not None})

    def set_target(self, checklist_id: str | None, percent: float | None, who: str, now: datetime) -> None:
        if checklist_id is not None and percent is None:
            self._connection.execute("DELETE FROM targets WHERE checklist_id = ?", (checklist_id,))
            return
        # "None for all" stays as a row: from now on PASS_TARGET no longer counts.
        self._connection.execute(
            "INSERT OR REPLACE INTO targets (checklist_id, percent, set_by, set_at) VALUES (?, ?, ?, ?)",
            (checklist_id or _FOR_ALL, percent, who, to_ms(now)),
        )

    def initial_target(self, percent: float | None) -> None:
        """PASS_TARGET: counts only while nobody set one from Slack."""
        self._state.set("initial_target", percent)

    # ---- how reading goes ------------------------------------------------------------------------------------------

    def is_new_status(self, status: str) -> bool:
        """True once per spelling, the first time it is asked about."""
        added = self._connection.execute("INSERT OR IGNORE INTO seen_statuses (status) VALUES (?)", (status,)).rowcount
        return bool(added)

    def recover_restored(self) -> datetime | None:
        """When the copy was made that this database was restored from, until a poll has caught up; else None. What was
        completed since then may have been told: it is recorded and counted, not posted."""
        return restore_recovery.since(self._connection)

    def end_catch_up(self) -> None:
        restore_recovery.end(self._connection)

    def completeness_checked_at(self) -> datetime | None:
        """When iSpring's listing was last compared with what its checklists name; None for never."""
        return self._state.moment("completeness_checked_at")

    def record_completeness_check(self, now: datetime) -> None:
        self._state.set("completeness_checked_at", to_ms(now))

    def note_poll(self, report: PollReport) -> None:
        self._state.set("last_poll", to_json(report))
        if not report.error:
            self._state.set("last_good_poll_at", to_ms(report.ended_at))

    def poll_state(self) -> PollState:
        last = self._state.get("last_poll")
        return PollState(
            last=None if last is None else from_json(last, PollReport),
            last_good_at=self._state.moment("last_good_poll_at"),
            baseline_at=self._state.moment("baseline_at"),
            # Two indexes instead of the whole table.
            sessions=value_of(
                self._connection,
                "SELECT (SELECT count(*) FROM sessions)"
                " - (SELECT count(*) FROM sessions WHERE missing_since IS NOT NULL)",
            ),
            created_at=from_ms(self._state.get("created_at")),
        )

"""What polls that do not list everything need to know: open sessions, how far each checklist is compared, spellings."""

import sqlite3
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime

from bot.domain.incremental import PollingState, Sweep, chunks
from bot.domain.model import OutcomeKind, SessionKey
from bot.store.columns import State, from_json, from_ms_or_none, to_json, to_ms, value_of
from bot.store.session_rows import IS_OVER, OF_KEY, key_of
from bot.store.sqlite import IN_LIST

_STATE = "polling"
_AT_ONCE = 1_000  # ids in one query
# SQLite keeps the order of a cross join: the absences are few, and each finds its session by number.
_ABSENT = "absences CROSS JOIN sessions WHERE sessions.id = absences.session"


class Polling:
    """The rows of incremental polling."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._state = State(connection)

    def state(self) -> PollingState:
        stored = self._state.get(_STATE)
        return PollingState() if stored is None else from_json(stored, PollingState)

    def save_state(self, state: PollingState) -> None:
        """Stores the state; while it is the one of a new database, nothing is written."""
        if state != self.state():
            self._state.set(_STATE, to_json(state))

    # ---- open sessions ---------------------------------------------------------------------------------------------

    def open_sessions(self) -> Mapping[SessionKey, tuple[OutcomeKind, int]]:
        """The stored sessions that are not completed and that iSpring still has, each with its outcome (unknown
        statuses among them) and fingerprint; the newest last."""
        # Two queries, each with the index of its few rows; the conditions are spelled as those of the indexes.
        columns = (
            "SELECT session_id, employee_id, outcome, fingerprint, coalesce(scheduled_at, first_seen_at) AS at, id"
        )
        rows = self._connection.execute(
            f"{columns} FROM sessions WHERE outcome IN ('planned', 'in_progress') AND missing_since IS NULL UNION ALL"
            f" {columns} FROM sessions WHERE outcome = 'unknown' AND missing_since IS NULL ORDER BY at, id"
        )
        return {key_of(row): (OutcomeKind(row["outcome"]), row["fingerprint"]) for row in rows}

    def note_absent(self, keys: Collection[SessionKey], now: datetime) -> Sequence[SessionKey]:
        """Stores that a whole answer lacked these open sessions; returns those that one before lacked too, and marks
        them missing."""
        self._connection.execute(
            f"DELETE FROM absences WHERE session IN (SELECT session FROM {_ABSENT}"
            f" AND ({IS_OVER} OR missing_since IS NOT NULL))",
        )
        unlisted = []
        for key in keys:
            row = self._connection.execute(
                f"SELECT id, absences.at FROM sessions LEFT JOIN absences ON absences.session = id WHERE {OF_KEY}", key
            ).fetchone()
            if row is None:
                continue
            if row["at"] is None:
                self._connection.execute("INSERT INTO absences (session, at) VALUES (?, ?)", (row["id"], to_ms(now)))
                continue
            self._connection.execute("DELETE FROM absences WHERE session = ?", (row["id"],))
            self._connection.execute(
                "UPDATE sessions SET missing_since = ? WHERE id = ? AND missing_since IS NULL", (to_ms(now), row["id"])
            )
            unlisted.append(key)
        return unlisted

    def absent(self, keys: Container[SessionKey]) -> Mapping[SessionKey, int]:
        """Those of the sessions that the last answer about them lacked, each with the number of its row."""
        rows = self._connection.execute(f"SELECT session_id, employee_id, session FROM {_ABSENT}")
        return {key: row["session"] for row in rows if (key := key_of(row)) in keys}

    def note_present(self, keys: Container[SessionKey]) -> Sequence[SessionKey]:
        """Ends the absences of sessions that an answer has; returns those that one before lacked."""
        back = self.absent(keys)
        self._connection.executemany("DELETE FROM absences WHERE session = ?", [(one,) for one in back.values()])
        return list(back)

    def end_absences(self) -> None:
        """A full listing has shown which sessions are there."""
        self._connection.execute("DELETE FROM absences")

    # ---- completed ones --------------------------------------------------------------------------------------------

    def recent(self, since: datetime, after: str, limit: int) -> Sequence[str]:
        """Ids of sessions that were completed or re-opened since then and are completed, in the order of the ids."""
        rows = self._connection.execute(
            "SELECT DISTINCT session_id FROM sessions WHERE id IN (SELECT session FROM history WHERE at >= ?"
            f" AND kind IN ('completed', 'reopened')) AND {IS_OVER} AND missing_since IS NULL"
            " AND session_id > ? ORDER BY session_id LIMIT ?",
            (to_ms(since), after, limit),
        )
        return [row["session_id"] for row in rows]

    def completed_of(self, checklist_id: str) -> Mapping[SessionKey, int]:
        """The completed sessions of a checklist, with their fingerprints."""
        rows = self._connection.execute(
            "SELECT session_id, employee_id, fingerprint FROM sessions WHERE checklist_id = ? AND missing_since IS NULL"
            f" AND {IS_OVER}",
            (checklist_id,),
        )
        return {key_of(row): row["fingerprint"] for row in rows}

    def part_of(self, checklist_id: str, after: str, limit: int) -> Sequence[str]:
        """The next ids of completed sessions of a checklist."""
        # The plus signs keep the index of the ids in use: another one would be sorted at each call.
        rows = self._connection.execute(
            "SELECT DISTINCT session_id FROM sessions WHERE +checklist_id = ? AND session_id > ?"
            f" AND missing_since IS NULL AND +{IS_OVER} ORDER BY session_id LIMIT ?",
            (checklist_id, after, limit),
        )
        return [row["session_id"] for row in rows]

    # ---- checklists ------------------------------------------------------------------------------------------------

    def completed_counts(self) -> Mapping[str, int]:
        """How many completed sessions each checklist has; it reads the index of all sessions."""
        rows = self._connection.execute(
            "SELECT checklist_id, count(*) AS sessions FROM sessions WHERE missing_since IS NULL"
            f" AND {IS_OVER} GROUP BY checklist_id",
        )
        return {row["checklist_id"]: row["sessions"] for row in rows}

    def sweeps(self, counts: Mapping[str, int]) -> Sequence[Sweep]:
        """Every checklist that a session or iSpring named, hidden ones too. `counts`: those of `completed_counts`."""
        rows = {row["checklist_id"]: row for row in self._connection.execute("SELECT * FROM sweeps")}
        titled = self._connection.execute("SELECT checklist_id FROM checklists").fetchall()
        ids = sorted({*counts, *rows, *(row["checklist_id"] for row in titled)})
        return [_sweep(one, rows.get(one), counts.get(one, 0)) for one in ids]

    def save_sweep(self, sweep: Sweep) -> None:
        self._connection.execute(
            "INSERT INTO sweeps (checklist_id, named_round, swept_at, cursor, began_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (checklist_id) DO UPDATE SET named_round = excluded.named_round,"
            " swept_at = excluded.swept_at, cursor = excluded.cursor, began_at = excluded.began_at",
            (
                sweep.checklist_id,
                sweep.named_round,
                None if sweep.swept_at is None else to_ms(sweep.swept_at),
                sweep.cursor,
                None if sweep.began_at is None else to_ms(sweep.began_at),
            ),
        )

    def note_active(self, checklist_ids: Iterable[str], now: datetime) -> None:
        """Stores that sessions of these checklists changed."""
        self._connection.executemany(
            "INSERT INTO sweeps (checklist_id, active_at) VALUES (?, ?)"
            " ON CONFLICT (checklist_id) DO UPDATE SET active_at = excluded.active_at",
            [(one, to_ms(now)) for one in sorted(set(checklist_ids)) if one],
        )

    def note_checklists(self, checklist_ids: Iterable[str]) -> None:
        """Stores checklists that iSpring named, also those of which no session is stored."""
        self._connection.executemany(
            "INSERT INTO sweeps (checklist_id) VALUES (?) ON CONFLICT (checklist_id) DO NOTHING",
            [(one,) for one in sorted(set(checklist_ids)) if one],
        )

    # ---- ids -------------------------------------------------------------------------------------------------------

    def unknown_ids(self, session_ids: Iterable[str]) -> Sequence[str]:
        """Those ids, in lower case, of which no session is stored that iSpring still has, and none was erased."""
        wanted = list(dict.fromkeys(session_ids))
        known: set[str] = set()
        for part in chunks(wanted, _AT_ONCE):
            parameter = to_json(part)
            rows = self._connection.execute(
                f"SELECT session_id FROM sessions WHERE session_id {IN_LIST} AND missing_since IS NULL"
                f" UNION ALL SELECT session_id FROM erased_sessions WHERE session_id {IN_LIST}",
                (parameter, parameter),
            )
            known.update(row["session_id"] for row in rows)
        return [one for one in wanted if one not in known]

    def stored_ids(self) -> Iterable[str]:
        """The id of every session that iSpring still has; one may come twice."""
        cursor = self._connection.execute("SELECT session_id FROM sessions WHERE missing_since IS NULL")
        return (row["session_id"] for row in cursor)

    def spelled(self, ids: Sequence[str]) -> Sequence[str]:
        """The ids as iSpring spells them, in the same order."""
        if not value_of(self._connection, "SELECT EXISTS (SELECT 1 FROM id_spellings)"):
            return ids
        found: dict[str, str] = {}
        for part in chunks(ids, _AT_ONCE):
            rows = self._connection.execute(
                f"SELECT id, spelled FROM id_spellings WHERE id {IN_LIST}", (to_json(part),)
            )
            found |= {row["id"]: row["spelled"] for row in rows}
        return [found.get(one, one) for one in ids]

    def is_respelled(self, ids: Iterable[str], spelled: Mapping[str, str]) -> bool:
        """Whether an answer spells one of its ids in another way than the last one. `spelled`: those not in lower
        case."""
        wanted = list(ids)
        return any(new != spelled.get(one, one) for one, new in zip(wanted, self.spelled(wanted), strict=True))

    def replace_spellings(self, spelled: Mapping[str, str]) -> None:
        """Stores how a full listing spells the ids that it does not spell in lower case."""
        self._connection.execute("DELETE FROM id_spellings")
        self.save_spellings((), spelled)

    def save_spellings(self, ids: Iterable[str], spelled: Mapping[str, str]) -> None:
        """Stores how an answer spells its ids. `spelled`: those not in lower case."""
        if value_of(self._connection, "SELECT EXISTS (SELECT 1 FROM id_spellings)"):
            plain = [(one,) for one in set(ids) if one not in spelled]
            self._connection.executemany("DELETE FROM id_spellings WHERE id = ?", plain)
        self._connection.executemany(
            "INSERT INTO id_spellings (id, spelled) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET spelled = excluded.spelled WHERE id_spellings.spelled <> excluded.spelled",
            sorted(spelled.items()),
        )


def _sweep(checklist_id: str, row: sqlite3.Row | None, sessions: int) -> Sweep:
    if row is None:
        return Sweep(checklist_id, sessions=sessions)
    return Sweep(
        checklist_id=checklist_id,
        named_round=row["named_round"],
        swept_at=from_ms_or_none(row["swept_at"]),
        cursor=row["cursor"],
        began_at=from_ms_or_none(row["began_at"]),
        active_at=from_ms_or_none(row["active_at"]),
        sessions=sessions,
    )

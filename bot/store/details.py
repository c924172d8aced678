"""Criteria and competency areas: for which sessions to fetch them, and those that came."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.model import AreaResult, Details, DetailsState, SessionKey
from bot.store.columns import from_json, to_json, to_ms, upsert, value_of
from bot.store.session_rows import OF_KEY, id_of, key_of, request_edits
from bot.store.sqlite import by_index
from bot.store.targets import note_criteria

FIRST_WAIT = timedelta(minutes=1)  # after a fetch without result; doubled each time
LONGEST_WAIT = timedelta(hours=6)
TRIES = 12  # about a day and a half, then the criteria are given up
_EVER = datetime.min.replace(tzinfo=UTC)
AREAS_WAIT = timedelta(hours=1)  # until areas that could not be read are asked for again
_UPSERT = upsert("details", ("session", "body", "fetched_at", "areas_due_at"), "session")
# SQLite would prefer the index of all pending ones: after a baseline most of a million sessions.
_PRIORITISED = f"{by_index('sessions_details_prioritised')} WHERE details_prioritised = 1"
_OTHERS = "WHERE details_prioritised = 0"


class SessionDetails:
    """The criteria of sessions, and the queue of fetches for them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def prioritise(self, keys: Collection[SessionKey]) -> None:
        """Fetches the criteria of these sessions before those of others: an answer says that they come.

        A pending notification of a session says so too and needs no call.
        """
        self._connection.executemany(
            f"UPDATE sessions SET details_prioritised = 1 WHERE {OF_KEY} AND details_prioritised = 0", keys
        )

    def pending(self, since: datetime, now: datetime, limit: int) -> Sequence[SessionKey]:
        """The sessions whose criteria to fetch next, without those that wait after a fetch without result.

        First the prioritised ones, then those completed since then; the newest of each first.
        """
        prioritised = self._pending(_PRIORITISED, _EVER, now, limit)
        return [*prioritised, *self._pending(_OTHERS, since, now, limit - len(prioritised))]

    def _pending(self, which: str, since: datetime, now: datetime, limit: int) -> Sequence[SessionKey]:
        # A completion whose date could not be read counts from when it was stored.
        rows = self._connection.execute(
            f"SELECT session_id, employee_id FROM sessions {which} AND details = 'owed'"
            " AND (details_due_at <= ? OR details_due_at > ?)"  # a clock that was ahead wrote what is so far away
            " AND coalesce(finished_at, changed_at) >= ? AND missing_since IS NULL"
            " ORDER BY coalesce(finished_at, changed_at) DESC LIMIT ?",
            (to_ms(now), to_ms(now + LONGEST_WAIT), to_ms(since), limit),
        )
        return [key_of(row) for row in rows]

    def save(self, key: SessionKey, details: Details, now: datetime) -> None:
        """Stores criteria. It raises the session's version, because its cards show less than is known now."""
        session = id_of(self._connection, key)
        if session is not None:
            areas_due_at = None if details.areas_known else to_ms(now + AREAS_WAIT)
            self._connection.execute(_UPSERT, (session, to_json(details), to_ms(now), areas_due_at))
            note_criteria(self._connection, self._checklist_of(session), details)
            self._end_fetching(key, DetailsState.FETCHED, now)

    def _checklist_of(self, session: int) -> str:
        return str(value_of(self._connection, "SELECT checklist_id FROM sessions WHERE id = ?", (session,)))

    def areas_pending(self, now: datetime, limit: int) -> Sequence[SessionKey]:
        """The sessions whose criteria came without areas, as far as these are due; the newest first."""
        rows = self._connection.execute(
            "SELECT session_id, employee_id FROM details JOIN sessions ON sessions.id = details.session"
            " WHERE (areas_due_at <= ? OR areas_due_at > ?) AND details = 'fetched' ORDER BY sessions.id DESC LIMIT ?",
            (to_ms(now), to_ms(now + AREAS_WAIT), limit),
        )
        return [key_of(row) for row in rows]

    def save_areas(
        self, keys: Collection[SessionKey], areas: Mapping[SessionKey, Sequence[AreaResult]], now: datetime
    ) -> None:
        """Adds the areas of sessions to their criteria; one that has none gets none."""
        for key in keys:
            session = id_of(self._connection, key)
            body = value_of(self._connection, "SELECT body FROM details WHERE session = ?", (session,))
            if body is None:
                continue
            details = replace(from_json(body, Details), areas=tuple(areas.get(key, ())), areas_known=True)
            self._connection.execute(
                "UPDATE details SET body = ?, areas_due_at = NULL WHERE session = ?", (to_json(details), session)
            )
            if details.areas:
                self._connection.execute(f"UPDATE sessions SET version = version + 1 WHERE {OF_KEY}", key)
                request_edits(self._connection, key, now, cosmetic=True)

    def postpone_areas(self, now: datetime) -> None:
        """Areas could not be read: all that are due wait for another hour."""
        self._connection.execute(
            "UPDATE details SET areas_due_at = ? WHERE areas_due_at <= ? OR areas_due_at > ?",
            (to_ms(now + AREAS_WAIT), to_ms(now), to_ms(now + AREAS_WAIT)),
        )

    def record_miss(self, key: SessionKey, now: datetime) -> None:
        """Counts a fetch without result. After `TRIES` of them the criteria count as unavailable."""
        tries = (value_of(self._connection, f"SELECT details_tries FROM sessions WHERE {OF_KEY}", key) or 0) + 1
        if tries >= TRIES:
            self._end_fetching(key, DetailsState.UNAVAILABLE, now)
            return
        wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
        self._connection.execute(
            f"UPDATE sessions SET details_tries = ?, details_due_at = ? WHERE {OF_KEY}",
            (tries, to_ms(now + wait), *key),
        )

    def _end_fetching(self, key: SessionKey, state: DetailsState, now: datetime) -> None:
        self._connection.execute(
            "UPDATE sessions SET details = ?, details_tries = 0, details_due_at = 0, version = version + 1"
            f" WHERE {OF_KEY}",
            (state, *key),
        )
        request_edits(self._connection, key, now, cosmetic=True)

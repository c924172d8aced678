"""Follow-ups: who sees to which low result, by when."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import date, datetime

from bot.domain.follow_ups import FollowedUp, FollowUpCounts
from bot.domain.model import CriticalCriterion, Details, FollowUp, FollowUpEnd, Session, SessionKey
from bot.domain.notifications import Destination
from bot.store.columns import from_json, from_ms, from_ms_or_none, listed, to_json, to_ms, value_of
from bot.store.conditions import Where
from bot.store.outbox.eligibility import PENDING
from bot.store.session_rows import EDIT_LEASE, IS_OVER, id_of, request_edits, session_of
from bot.store.sqlite import IN_LIST

MOST = 1_000  # of one run
SUBJECT = "follow-ups:"  # how the subject of a reminder that lists them begins
_FOLLOW_UP = "follow_up_id, owner, criterion, due, note, taken_at, closed_at, ended_as"
# iSpring gave a session to another employee: nothing is shown of the former one.
_OPEN = "closed_at IS NULL AND sessions.reassigned_at IS NULL"
# SQLite keeps the order of a cross join: the follow-ups are few, and each finds its session by number.
_JOINED = "follow_ups CROSS JOIN sessions WHERE sessions.id = follow_ups.session"
_ALL = f"SELECT sessions.*, {_FOLLOW_UP} FROM {_JOINED}"


class FollowUps:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # ---- one -------------------------------------------------------------------------------------------------------

    def take(
        self,
        key: SessionKey,
        owner: str,
        criterion: CriticalCriterion | None,
        due: date,
        note: str,
        now: datetime,
    ) -> tuple[FollowUp, FollowUp | None] | None:
        """Stores a follow-up, and the open one that the person had on the session before, which it replaces; None if
        the session is not stored. The same again changes nothing."""
        session = id_of(self._connection, key)
        if session is None:
            return None
        before = self._open_of(session, owner)
        wanted = (None if criterion is None else to_json(criterion), due.isoformat(), note)
        if before is None:
            self._connection.execute(
                "INSERT INTO follow_ups (session, owner, criterion, due, note, taken_at) VALUES (?, ?, ?, ?, ?, ?)",
                (session, owner, *wanted, to_ms(now)),
            )
        elif (before.criterion, before.due, before.note) != (criterion, due, note):
            self._connection.execute(
                "UPDATE follow_ups SET criterion = ?, due = ?, note = ? WHERE follow_up_id = ?",
                (*wanted, before.follow_up_id),
            )
        else:
            return before, before
        self._show(key, now)
        taken = self._open_of(session, owner)
        assert taken is not None, "it was just stored"
        return taken, before

    def _open_of(self, session: int, owner: str) -> FollowUp | None:
        row = self._connection.execute(
            f"SELECT {_FOLLOW_UP} FROM follow_ups WHERE session = ? AND owner = ? AND closed_at IS NULL",
            (session, owner),
        ).fetchone()
        return None if row is None else follow_up_of(row)

    def get(self, follow_up_id: int) -> FollowedUp | None:
        """An open follow-up, None if there is none of that number."""
        row = self._connection.execute(f"{_ALL} AND follow_up_id = ? AND {_OPEN}", (follow_up_id,)).fetchone()
        return None if row is None else _followed_up(row)

    def close(self, found: FollowedUp, end: FollowUpEnd, now: datetime) -> bool:
        """Ends an open follow-up; False if it is over already."""
        closed = self._connection.execute(
            "UPDATE follow_ups SET closed_at = ?, ended_as = ? WHERE follow_up_id = ? AND closed_at IS NULL",
            (to_ms(now), end, found.follow_up.follow_up_id),
        ).rowcount
        if closed:
            self._show(found.session.key, now)
        return bool(closed)

    def _show(self, key: SessionKey, now: datetime) -> None:
        """The cards of the session say it at once."""
        self._connection.execute(
            "UPDATE sessions SET version = version + 1 WHERE session_id = ? AND employee_id = ?", key
        )
        request_edits(self._connection, key, now, cosmetic=False, before=now + EDIT_LEASE)

    # ---- lists -----------------------------------------------------------------------------------------------------

    def open_of(self, owner: str) -> Sequence[FollowedUp]:
        """A person's open follow-ups, the one that is due first before the others."""
        rows = self._connection.execute(f"{_ALL} AND owner = ? AND {_OPEN} ORDER BY due, follow_up_id", (owner,))
        return [_followed_up(row) for row in rows]

    def listed_in(self, owner: str, subject: str) -> Sequence[FollowedUp]:
        """Those that ended by themselves and that a message lists."""
        rows = self._connection.execute(
            f"{_ALL} AND owner = ? AND told_in = ? AND sessions.reassigned_at IS NULL ORDER BY closed_at, follow_up_id",
            (owner, subject),
        )
        return [_followed_up(row) for row in rows]

    def mark_listed(self, owner: str, subject: str) -> None:
        """Notes the message that lists those that ended by themselves and were in none yet."""
        self._connection.execute(
            "UPDATE follow_ups SET told_in = ? WHERE owner = ? AND told_in IS NULL AND ended_as IN (?, ?)",
            (subject, owner, FollowUpEnd.MET, FollowUpEnd.CORRECTED),
        )

    def may_get_list(self, destinations: Collection[Destination], subject: str) -> bool:
        """Whether a person may get a list, wherever their messages go: neither did they get that one, nor does another
        wait for them."""
        return not value_of(
            self._connection,
            f"SELECT EXISTS (SELECT 1 FROM notifications WHERE destination {IN_LIST} AND (subject = ?"
            f" OR {PENDING} AND subject >= ? AND subject < ?))",
            (listed(destinations), subject, SUBJECT, f"{SUBJECT}\U0010ffff"),
        )

    def owners(self) -> Sequence[tuple[str, bool]]:
        """Who has open follow-ups, or some that ended by themselves and were in no list yet; and whether they have of
        the latter."""
        rows = self._connection.execute(
            "SELECT owner, max(ended_as IS NOT NULL) AS unlisted FROM follow_ups WHERE closed_at IS NULL"
            " OR (told_in IS NULL AND ended_as IN (?, ?)) GROUP BY owner ORDER BY owner",
            (FollowUpEnd.MET, FollowUpEnd.CORRECTED),
        )
        return [(row["owner"], bool(row["unlisted"])) for row in rows]

    def all_open(self) -> Sequence[FollowedUp]:
        """Every open follow-up, in the order in which they were taken."""
        return [_followed_up(row) for row in self._connection.execute(f"{_ALL} AND {_OPEN} ORDER BY follow_up_id")]

    def within(self, where: Where, limit: int) -> Sequence[FollowedUp]:
        """The open follow-ups on the accepted sessions, the one that is due first before the others."""
        rows = self._connection.execute(
            f"{_ALL} AND {_OPEN} AND {where.sql} ORDER BY due, follow_up_id LIMIT ?",
            (*where.parameters, limit),
        )
        return [_followed_up(row) for row in rows]

    def counts(self, where: Where, today: date, limit: int) -> FollowUpCounts:
        """How many on the accepted sessions are open and overdue, and the overdue ones that are due longest."""
        row = self._connection.execute(
            f"SELECT count(*), coalesce(sum(CASE WHEN due < ? THEN 1 ELSE 0 END), 0) FROM {_JOINED} AND {_OPEN}"
            f" AND {where.sql}",
            (today.isoformat(), *where.parameters),
        ).fetchone()
        oldest = [one for one in self.within(where, limit) if one.follow_up.due < today]
        return FollowUpCounts(open=row[0], overdue=row[1], oldest=oldest)

    # ---- what may end them -----------------------------------------------------------------------------------------

    def completions_after(self) -> Sequence[tuple[FollowedUp, Session, Details | None, datetime]]:
        """For each open follow-up the completed sessions that may end it: its own, and those that its employee
        completed on the checklist since it was taken; with their criteria, and when they were completed."""
        taken = self._connection.execute(f"{_ALL} AND {_OPEN} ORDER BY follow_up_id").fetchall()
        found = []
        for row in taken:
            followed = _followed_up(row)
            completed = self._connection.execute(
                "SELECT sessions.*, body, coalesce(finished_at, (SELECT max(at) FROM history WHERE"
                " history.session = sessions.id AND kind = 'completed'), first_seen_at) AS completed_at"
                f" FROM sessions LEFT JOIN details ON details.session = sessions.id AND sessions.details = 'fetched'"
                f" WHERE sessions.id = ? OR (employee_id = ? AND checklist_id = ? AND checklist_id <> '' AND {IS_OVER}"
                " AND coalesce(finished_at, changed_at) > ?) ORDER BY completed_at LIMIT ?",
                (row["id"], row["employee_id"], row["checklist_id"], row["taken_at"], MOST),
            )
            found += [
                (
                    followed,
                    session_of(one),
                    None if one["body"] is None else from_json(one["body"], Details),
                    from_ms(one["completed_at"]),
                )
                for one in completed
            ]
        return found


def follow_up_of(row: sqlite3.Row) -> FollowUp:
    """The follow-up of a row."""
    return FollowUp(
        follow_up_id=row["follow_up_id"],
        owner=row["owner"],
        criterion=None if row["criterion"] is None else from_json(row["criterion"], CriticalCriterion),
        due=date.fromisoformat(row["due"]),
        note=row["note"],
        taken_at=from_ms(row["taken_at"]),
        closed_at=from_ms_or_none(row["closed_at"]),
        end=None if row["ended_as"] is None else FollowUpEnd(row["ended_as"]),
    )


def _followed_up(row: sqlite3.Row) -> FollowedUp:
    return FollowedUp(follow_up_of(row), session_of(row))


def follow_ups_of(connection: sqlite3.Connection, session: int) -> tuple[FollowUp, ...]:
    """What the cards of a session say: those that are open, and those that ended by themselves."""
    rows = connection.execute(
        f"SELECT {_FOLLOW_UP} FROM follow_ups WHERE session = ?"
        " AND (ended_as IS NULL OR ended_as <> ?) ORDER BY follow_up_id",
        (session, FollowUpEnd.CLOSED),
    )
    return tuple(follow_up_of(row) for row in rows)

"""The sessions behind reports, counted and listed in SQL, only those that a `Where` accepts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from bot.domain.model import Details, OutcomeKind, Session, SessionKey
from bot.domain.report_periods import Window
from bot.domain.reports import CriterionCost, figures
from bot.domain.whole_reports import OpenCounts
from bot.store.columns import from_ms, listed, to_ms_up, value_of
from bot.store.conditions import COLUMNS, Where, completed
from bot.store.reminders import OVERDUE, overdue_since
from bot.store.session_counts import HAPPENED, SessionCounts, completed_in
from bot.store.session_rows import session_of
from bot.store.sqlite import IN_LIST

SESSIONS_FOR_CRITERIA = 1_000  # the newest, whose criteria are added up
_FAILING = listed(kind for kind in OutcomeKind if kind.is_failing)
_DETAILS = msgspec.json.Decoder(Details)
_OPEN = "outcome IN ('planned', 'in_progress')"  # spelled as in the index

# Not by the employee: somebody else has to see to a low result.
_ACKNOWLEDGED = (
    "SELECT session FROM acknowledgements JOIN sessions AS seen ON seen.id = session WHERE NOT EXISTS (SELECT 1 FROM"
    " links WHERE links.slack_user_id = acknowledgements.slack_user_id AND links.person_id = seen.employee_id)"
)


class Reports(SessionCounts):
    """Counts and lists sessions for reports."""

    def costs(self, where: Where, window: Window) -> tuple[Sequence[CriterionCost], int]:
        """What each criterion cost in the newest completed sessions of a window, and how many sessions these are."""
        where = completed_in(where, window)
        rows = self._connection.execute(
            # The table is looked at only for a session that has criteria: all else is in an index.
            f"SELECT body FROM details WHERE session IN (SELECT id FROM sessions WHERE {where.sql} AND"
            " (SELECT sessions.details = 'fetched' FROM details AS fetched WHERE fetched.session = sessions.id)"
            f" ORDER BY {HAPPENED} DESC LIMIT ?)",
            (*where.parameters, SESSIONS_FOR_CRITERIA),
        ).fetchall()
        sums: dict[str, list[float]] = {}
        titles: dict[str, str] = {}
        areas: dict[str, str] = {}
        for (body,) in rows:
            details = _DETAILS.decode(body)
            named = {one.area_id: one.title for one in details.areas}
            for one in details.criteria:
                if one.skipped or one.points is None or not one.total_points:
                    continue
                titles[one.criterion_id] = one.title
                areas[one.criterion_id] = named.get(one.area_id, areas.get(one.criterion_id, ""))
                lost = max(0.0, one.total_points - one.points)
                kept = sums.setdefault(one.criterion_id, [0, 0, 0.0, 0.0])
                kept[0] += 1
                kept[1] += lost > 0
                kept[2] += lost
                kept[3] += one.total_points
        costs = [
            CriterionCost(
                title=titles[ident], area=areas[ident], graded=int(graded), failed=int(failed), lost=lost, total=total
            )
            for ident, (graded, failed, lost, total) in sums.items()
        ]
        return costs, len(rows)

    def details_of(self, keys: Collection[SessionKey]) -> Mapping[SessionKey, Details]:
        """The criteria of these sessions, as far as they are here."""
        rows = self._connection.execute(
            "SELECT session_id, employee_id, body FROM sessions JOIN details ON details.session = sessions.id"
            f" WHERE session_id {IN_LIST}",
            (listed({key.session_id for key in keys}),),
        )
        return {SessionKey(row[0], row[1]): _DETAILS.decode(row[2]) for row in rows}

    def unacknowledged(self, where: Where, window: Window, failing: int | None = None) -> int:
        """How many failing sessions of a window no one but their employee has acknowledged. `failing`: how many there
        are, None if the caller does not know. The acknowledged ones are few beside the others, so those are counted."""
        if failing is None:
            failing = figures(self.outcome_counts_in(where, window)).failing
        where = completed_in(where, window)
        where.add(f"outcome {IN_LIST}", _FAILING)
        sql = f"SELECT count(*) FROM sessions WHERE id IN ({_ACKNOWLEDGED}) AND {where.sql}"
        return failing - int(value_of(self._connection, sql, where.parameters))

    def open_by(self, column: str, where: Where, now: datetime) -> Mapping[str, OpenCounts]:
        """The counts of the open sessions, by a column of `search.COLUMNS`."""
        rows = self._connection.execute(
            # What is planned for a date that can't be read is not overdue: OVERDUE is NULL then.
            f"SELECT {COLUMNS[column]}, sum(outcome = 'planned' AND {OVERDUE} IS NOT TRUE),"
            f" sum(outcome = 'in_progress' AND {OVERDUE} IS NOT TRUE), sum({OVERDUE} IS TRUE) FROM sessions"
            f" WHERE {_OPEN} AND {where.sql} GROUP BY 1",
            (*overdue_since(now) * 3, *where.parameters),
        )
        return {str(group): OpenCounts(*counts) for group, *counts in rows}

    # ---- lists -------------------------------------------------------------------------------------------------

    def overdue(self, where: Where, now: datetime, limit: int) -> tuple[Sequence[Session], Mapping[OutcomeKind, int]]:
        """The sessions that were not started or not finished by the time that reminders begin, the oldest first; and
        how many there are of either. One without a readable date comes last if it was started, else is left out."""
        return self._open(
            where, OVERDUE, overdue_since(now),
            "CASE outcome WHEN 'planned' THEN scheduled_at ELSE coalesce(started_at, scheduled_at) END NULLS LAST, id",
            limit,
        )  # fmt: skip

    def upcoming(self, where: Where, window: Window, limit: int) -> tuple[Sequence[Session], Mapping[OutcomeKind, int]]:
        """The sessions planned for a window, the soonest first, and how many there are."""
        bounds = [to_ms_up(window.start), to_ms_up(window.end)]
        condition = "outcome = 'planned' AND scheduled_at >= ? AND scheduled_at < ?"
        return self._open(where, condition, bounds, "scheduled_at, id", limit)

    def _open(
        self, where: Where, condition: str, parameters: Sequence[object], order: str, limit: int
    ) -> tuple[Sequence[Session], Mapping[OutcomeKind, int]]:
        chosen = Where([_OPEN, *where.parts], [*where.parameters])
        chosen.add(condition, *parameters)
        counts = self._connection.execute(
            f"SELECT outcome, count(*) FROM sessions WHERE {chosen.sql} GROUP BY outcome", chosen.parameters
        )
        found = {OutcomeKind(outcome): count for outcome, count in counts}
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {chosen.sql} ORDER BY {order} LIMIT ?", (*chosen.parameters, limit)
        )
        return [session_of(row) for row in rows], found

    def completed_of(self, where: Where, limit: int) -> Sequence[Session]:
        """The newest completed sessions among those accepted, the newest first."""
        chosen = completed(where)
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {chosen.sql} ORDER BY {HAPPENED} DESC NULLS LAST, id DESC LIMIT ?",
            (*chosen.parameters, limit),
        )
        return [session_of(row) for row in rows]

    def attention(self, where: Where, window: Window, limit: int) -> Sequence[Session]:
        """The failing sessions of a window that no one but their employee has acknowledged, the lowest score first."""
        where = _unacknowledged(where, window)
        rows = self._connection.execute(
            f"SELECT * FROM sessions WHERE {where.sql} ORDER BY score NULLS LAST, {HAPPENED} DESC, id LIMIT ?",
            (*where.parameters, limit),
        )
        return [session_of(row) for row in rows]

    @staticmethod
    def of_digest(where: Where, about: Where, window: Window, attention: Window, now: datetime) -> Where:
        """The sessions that a digest counts or may name: those completed in its window, the failing ones of `attention`
        that no one has acknowledged, and those overdue among `about`."""
        late = Where([_OPEN, *about.parts], [*about.parameters])
        late.add(OVERDUE, *overdue_since(now))
        return Where.any_of([completed_in(where, window), _unacknowledged(where, attention), late])

    # ---- who had none ----------------------------------------------------------------------------------------------

    def last_of_employees(self, where: Where, people: Collection[str]) -> Mapping[str, datetime]:
        """When each of these employees last completed a session, by id; none for who never did."""
        chosen = completed(where)
        chosen.add(f"employee_id {IN_LIST}", listed(people))
        rows = self._connection.execute(
            f"SELECT employee_id, max({HAPPENED}) FROM sessions WHERE {chosen.sql} GROUP BY employee_id",
            chosen.parameters,
        )
        return {ident: from_ms(at) for ident, at in rows if at is not None}

    def last_of_observers(self, where: Where, *, few: bool) -> Mapping[str, datetime]:
        """When each person last observed a completed session, by id. `few`: the sessions are few; else each person's
        newest are looked up in an index, which is faster than reading a million sessions."""
        chosen = completed(where)
        if few:
            sql = f"SELECT observer_id, max({HAPPENED}) FROM sessions WHERE {chosen.sql} GROUP BY observer_id"
        else:
            sql = (  # an index finds each next observer: they are few beside the people
                "WITH RECURSIVE observers (ident) AS (SELECT min(observer_id) FROM sessions UNION ALL"
                " SELECT (SELECT min(observer_id) FROM sessions WHERE observer_id > ident) FROM observers"
                " WHERE ident IS NOT NULL)"
                f" SELECT ident, (SELECT finished_at FROM sessions WHERE observer_id = ident AND {chosen.sql}"
                " ORDER BY finished_at DESC NULLS LAST LIMIT 1) FROM observers WHERE ident IS NOT NULL"
            )
        return {ident: from_ms(at) for ident, at in self._connection.execute(sql, chosen.parameters) if at is not None}


def _unacknowledged(where: Where, window: Window) -> Where:
    chosen = completed_in(where, window)
    chosen.add(f"outcome {IN_LIST}", _FAILING)
    chosen.add(f"id NOT IN ({_ACKNOWLEDGED})")
    return chosen

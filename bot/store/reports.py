"""The sessions behind reports, counted and listed in SQL, only those that a `Where` accepts.

A completed session belongs to the time it was completed, or to its planned date if that can't be read, as for `since:`.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from bot.domain.model import Details, OutcomeKind, Session, SessionKey
from bot.domain.report_periods import Window
from bot.domain.reports import Counts, CriterionCost, OutcomeCount
from bot.domain.whole_reports import OpenCounts
from bot.store.columns import from_ms, listed, to_ms_up, value_of
from bot.store.reminders import OVERDUE, overdue_since
from bot.store.search import COLUMNS, Where, completed
from bot.store.session_rows import session_of
from bot.store.sqlite import IN_LIST

HAPPENED = COLUMNS["happened"]
SESSIONS_FOR_CRITERIA = 1_000  # the newest, whose criteria are added up
SESSIONS_AT_ONCE = 200_000  # that are counted in memory
_KINDS = {str(kind): kind for kind in OutcomeKind}
_TEXTS = msgspec.json.Decoder(list[str])
_SCORES = msgspec.json.Decoder(list[float | None])
_OVER = tuple(kind for kind in OutcomeKind if kind.is_over)
_FAILING = listed(kind for kind in OutcomeKind if kind.is_failing)
_DETAILS = msgspec.json.Decoder(Details)
_OPEN = "outcome IN ('planned', 'in_progress')"  # spelled as in the index

# Not by the employee: somebody else has to see to a low result.
_ACKNOWLEDGED = (
    "SELECT session FROM acknowledgements JOIN sessions AS seen ON seen.id = session WHERE NOT EXISTS (SELECT 1 FROM"
    " links WHERE links.slack_user_id = acknowledgements.slack_user_id AND links.person_id = seen.employee_id)"
)


class Reports:
    """Counts and lists sessions for reports."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def outcome_counts(self, where: Where) -> Sequence[OutcomeCount]:
        """The counts of all accepted sessions, as one group."""
        return self._counted("''", where, "3, 2")  # in the order of an index, where nothing is to be sorted

    def outcome_counts_by(self, column: str, where: Where, window: Window) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed in a window, by a column of `search.COLUMNS`."""
        return self._counted(COLUMNS[column], _completed_in(where, window))

    def counts_by(
        self,
        column: str,
        where: Where,
        window: Window,
        place_of: Mapping[str, str] | None = None,
        at_once: int = SESSIONS_AT_ONCE,
    ) -> Sequence[Counts]:
        """The completed sessions of a window by a column of `search.COLUMNS`, cheaper than `outcome_counts_by`.

        `place_of`: the unit that each value of the column belongs to, to count by that instead; "" for the others.
        `at_once`: how many sessions are read into memory at a time.
        """
        classes = "outcome = 'met'", f"outcome {IN_LIST}", f"NOT (outcome = 'met' OR outcome {IN_LIST})"
        every = self._often(column, classes, (_FAILING, _FAILING), where, window, at_once)
        met, failing, unjudged = every if place_of is None else [_by_place(each, place_of) for each in every]
        return [
            Counts(
                group,
                met.get(group, 0) + failing.get(group, 0) + unjudged.get(group, 0),
                met.get(group, 0),
                failing.get(group, 0),
            )
            for group in met.keys() | failing.keys() | unjudged.keys()
        ]

    def _often(
        self,
        column: str,
        classes: Sequence[str],
        parameters: Sequence[object],
        where: Where,
        window: Window,
        at_once: int = SESSIONS_AT_ONCE,
    ) -> Sequence[Mapping[str, int]]:
        """How often each value of a column occurs among the completed sessions of a window, under each condition.

        SQLite would sort the sessions to group them, and Python would wait for its lock at each row while a poll is
        computed: a few long texts are read and counted in a third of the time.
        """
        found = [Counter[str]() for _ in classes]
        texts = ", ".join(f"json_group_array({COLUMNS[column]}) FILTER (WHERE {one})" for one in classes)
        for piece in self._pieces(window, at_once):
            chosen = _completed_in(where, piece)
            row = self._connection.execute(
                f"SELECT {texts} FROM sessions WHERE {chosen.sql}", (*parameters, *chosen.parameters)
            ).fetchone()
            for counter, text in zip(found, row, strict=True):
                counter.update(_TEXTS.decode(text))
        return found

    def _pieces(self, window: Window, at_once: int) -> Iterator[Window]:
        """A window in pieces of so many sessions at most, so that memory does not grow with the window."""
        start = window.start
        sql = f"SELECT {HAPPENED} FROM sessions WHERE {HAPPENED} >= ? AND {HAPPENED} < ? ORDER BY 1 LIMIT 1 OFFSET ?"
        while start < window.end:
            cut = value_of(self._connection, sql, (to_ms_up(start), to_ms_up(window.end), at_once))
            end = window.end if cut is None else from_ms(cut)
            if end <= start:  # more than that of one moment
                end = window.end
            yield Window(start, end)
            start = end

    def outcome_counts_of(
        self, column: str, values: Collection[str], where: Where, window: Window
    ) -> Sequence[OutcomeCount]:
        """As `outcome_counts_by`, of these values of the column only."""
        chosen = Where([*where.parts], [*where.parameters])
        # A checklist has many sessions: those of the window, or of the scope, are fewer. A person has few.
        is_searched = "+" if column == "checklist" else ""
        chosen.add(f"{is_searched}{COLUMNS[column]} {IN_LIST}", listed(values))
        return self.outcome_counts_by(column, chosen, window)

    def outcome_counts_in(self, where: Where, window: Window) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed in a window, as one group. The scores are counted here, which takes two
        thirds of the time that SQLite needs to sort them."""
        chosen = _completed_in(where, window)
        texts = ", ".join(f"json_group_array(score) FILTER (WHERE outcome = '{kind}')" for kind in _OVER)
        row = self._connection.execute(f"SELECT {texts} FROM sessions WHERE {chosen.sql}", chosen.parameters).fetchone()
        return [
            OutcomeCount("", kind, score, count)
            for kind, text in zip(_OVER, row, strict=True)
            for score, count in Counter(_SCORES.decode(text)).items()
        ]

    def outcome_counts_by_time(self, where: Where, cuts: Sequence[datetime]) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed between the first and the last of some instants in order. A session's
        group is the number of instants up to its own."""
        bounds = [to_ms_up(at) for at in cuts]
        return self._counted(_bucket(bounds, 0, len(bounds)), _completed_in(where, Window(cuts[0], cuts[-1])))

    def _counted(self, group: str, where: Where, grouped_by: str = "1, 3, 2") -> Sequence[OutcomeCount]:
        rows = self._connection.execute(
            f"SELECT {group}, outcome, score, count(*) FROM sessions WHERE {where.sql} GROUP BY {grouped_by}",
            where.parameters,
        )
        return [OutcomeCount(str(group), _KINDS[outcome], score, count) for group, outcome, score, count in rows]

    def costs(self, where: Where, window: Window) -> tuple[Sequence[CriterionCost], int]:
        """What each criterion cost in the newest completed sessions of a window, and how many sessions these are."""
        where = _completed_in(where, window)
        rows = self._connection.execute(
            "SELECT body FROM details WHERE session IN (SELECT id FROM sessions WHERE details = 'fetched'"
            f" AND {where.sql} ORDER BY {HAPPENED} DESC LIMIT ?)",
            (*where.parameters, SESSIONS_FOR_CRITERIA),
        ).fetchall()
        sums: dict[str, list[float]] = {}
        titles: dict[str, str] = {}
        for (body,) in rows:
            for one in _DETAILS.decode(body).criteria:
                if one.skipped or one.points is None or not one.total_points:
                    continue
                titles[one.criterion_id] = one.title
                lost = max(0.0, one.total_points - one.points)
                kept = sums.setdefault(one.criterion_id, [0, 0, 0.0, 0.0])
                kept[0] += 1
                kept[1] += lost > 0
                kept[2] += lost
                kept[3] += one.total_points
        costs = [
            CriterionCost(title=titles[ident], graded=int(graded), failed=int(failed), lost=lost, total=total)
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

    def acknowledged(self, where: Where, window: Window) -> int:
        """How many failing sessions of a window somebody else than their employee has acknowledged. They are few beside
        the others, which are not counted: reports know how many failed."""
        where = _completed_in(where, window)
        where.add(f"outcome {IN_LIST}", _FAILING)
        sql = f"SELECT count(*) FROM sessions WHERE id IN ({_ACKNOWLEDGED}) AND {where.sql}"
        return int(value_of(self._connection, sql, where.parameters))

    def open_by(self, column: str, where: Where, now: datetime) -> Mapping[str, OpenCounts]:
        """The counts of the open sessions, by a column of `search.COLUMNS`."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS[column]}, sum(outcome = 'planned' AND NOT {OVERDUE}),"
            f" sum(outcome = 'in_progress' AND NOT {OVERDUE}), sum({OVERDUE}) FROM sessions"
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
        parts = [_completed_in(where, window), _unacknowledged(where, attention), late]
        chosen = Where()
        chosen.add(" OR ".join(f"({one.sql})" for one in parts), *(value for one in parts for value in one.parameters))
        return chosen

    # ---- who had none ----------------------------------------------------------------------------------------------

    def employees_in(self, where: Where, window: Window) -> frozenset[str]:
        """Who is the employee of a session completed in a window."""
        (found,) = self._often("employee", ["TRUE"], (), where, window)
        return frozenset(found)

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
            sql = (
                f"SELECT person_id, (SELECT finished_at FROM sessions WHERE observer_id = person_id AND {chosen.sql}"
                " ORDER BY finished_at DESC NULLS LAST LIMIT 1) FROM people"
            )
        return {ident: from_ms(at) for ident, at in self._connection.execute(sql, chosen.parameters) if at is not None}


def _by_place(often: Mapping[str, int], place_of: Mapping[str, str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for value, number in often.items():
        place = place_of.get(value, "")
        found[place] = found.get(place, 0) + number
    return found


def _completed_in(where: Where, window: Window) -> Where:
    """The accepted sessions that were completed in a window."""
    chosen = completed(where)
    chosen.add(f"{HAPPENED} >= ? AND {HAPPENED} < ?", to_ms_up(window.start), to_ms_up(window.end))
    return chosen


def _unacknowledged(where: Where, window: Window) -> Where:
    chosen = _completed_in(where, window)
    chosen.add(f"outcome {IN_LIST}", listed(kind for kind in OutcomeKind if kind.is_failing))
    chosen.add(f"id NOT IN ({_ACKNOWLEDGED})")
    return chosen


def _bucket(bounds: Sequence[int], low: int, high: int) -> str:
    """SQL for the number of bounds up to a session's time, which lies between the `low`th and the `high`th: six
    comparisons for 60 bounds instead of 60."""
    if low == high:
        return str(low)
    middle = (low + high) // 2
    left, right = _bucket(bounds, low, middle), _bucket(bounds, middle + 1, high)
    return f"CASE WHEN {HAPPENED} < {bounds[middle]} THEN {left} ELSE {right} END"

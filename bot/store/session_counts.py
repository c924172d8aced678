"""Sessions counted in SQL by their outcomes and scores, by groups of them and by time, only those that a `Where`
accepts.

A completed session belongs to the time it was completed, or to its planned date if that can't be read, as for `since:`.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import msgspec

from bot.domain.model import OutcomeKind
from bot.domain.report_periods import Window
from bot.domain.reports import Counts, OutcomeCount
from bot.store.columns import from_ms, listed, to_ms_up, value_of
from bot.store.search import COLUMNS, Where, completed
from bot.store.session_rows import IS_FAILING
from bot.store.sqlite import IN_LIST

HAPPENED = COLUMNS["happened"]
SESSIONS_AT_ONCE = 200_000  # that are counted in memory
WIDE = 4  # a window with one in so many of all sessions is read in the order of the groups or scores
_KINDS = {str(kind): kind for kind in OutcomeKind}
_TEXTS = msgspec.json.Decoder(list[str])
_SCORES = msgspec.json.Decoder(list[float | None])
_OVER = tuple(kind for kind in OutcomeKind if kind.is_over)
_MET = f"outcome = '{OutcomeKind.MET}'"
_WITHIN = f"{HAPPENED} >= ? AND {HAPPENED} < ?"


class SessionCounts:
    """Counts sessions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def outcome_counts(self, where: Where) -> Sequence[OutcomeCount]:
        """The counts of all accepted sessions, as one group."""
        return self._counted("''", where, "3, 2")  # in the order of an index, where nothing is to be sorted

    def outcome_counts_by(
        self,
        column: str,
        where: Where,
        window: Window,
        place_of: Mapping[str, str] | None = None,
        at_once: int = SESSIONS_AT_ONCE,
    ) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed in a window, by a column of `search.COLUMNS`. `place_of` and `at_once`
        as in `counts_by`. Groups and scores are counted here, in half the time that SQLite needs to sort them."""
        counted = {kind: Counter[tuple[str, float | None]]() for kind in _OVER}
        texts = [
            f"json_group_array({name}) FILTER (WHERE outcome = '{kind}')"
            for kind in _OVER
            for name in (COLUMNS[column], "score")
        ]
        for row in self._read(texts, where, window, at_once):
            for kind, values, scores in zip(_OVER, row[::2], row[1::2], strict=True):
                groups: Iterable[str] = _TEXTS.decode(values)
                if place_of is not None:
                    groups = [place_of.get(one, "") for one in groups]
                counted[kind].update(zip(groups, _SCORES.decode(scores), strict=True))
        return [
            OutcomeCount(group, kind, score, count)
            for kind, counter in counted.items()
            for (group, score), count in counter.items()
        ]

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
        classes = _MET, IS_FAILING, f"NOT ({_MET} OR {IS_FAILING})"
        if self._is_wide(where, window):
            every = self._grouped(column, classes, where, window)
        else:
            every = self._often(column, classes, where, window, at_once)
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

    def _is_wide(self, where: Where, window: Window) -> bool:
        """Whether all sessions are sooner read in another order than those of the window in theirs."""
        if where.is_of_people:
            return False
        some = f"(SELECT coalesce(max(id), 0) / {WIDE} FROM sessions)"
        sql = f"SELECT EXISTS (SELECT 1 FROM sessions WHERE {_WITHIN} LIMIT 1 OFFSET {some})"
        return bool(value_of(self._connection, sql, _bounds(window)))

    def _grouped(
        self, column: str, classes: Sequence[str], where: Where, window: Window
    ) -> Sequence[Mapping[str, int]]:
        """As `_often`, in the order of an index of the column: nothing is sorted."""
        chosen = completed_in(where, window, is_searched=False)
        numbers = ", ".join(f"count(*) FILTER (WHERE {one})" for one in classes)
        rows = self._connection.execute(
            f"SELECT {COLUMNS[column]}, {numbers} FROM sessions WHERE {chosen.sql} GROUP BY 1", chosen.parameters
        ).fetchall()
        return [{row[0]: row[at] for row in rows if row[at]} for at in range(1, len(classes) + 1)]

    def _often(
        self,
        column: str,
        classes: Sequence[str],
        where: Where,
        window: Window,
        at_once: int = SESSIONS_AT_ONCE,
    ) -> Sequence[Mapping[str, int]]:
        """How often each value of a column occurs among the completed sessions of a window, under each condition.

        SQLite would sort the sessions to group them, and Python would wait for its lock at each row while a poll is
        computed: a few long texts are read and counted in a third of the time.
        """
        found = [Counter[str]() for _ in classes]
        texts = [f"json_group_array({COLUMNS[column]}) FILTER (WHERE {one})" for one in classes]
        for row in self._read(texts, where, window, at_once):
            for counter, text in zip(found, row, strict=True):
                counter.update(_TEXTS.decode(text))
        return found

    def _read(self, texts: Sequence[str], where: Where, window: Window, at_once: int) -> Iterator[sqlite3.Row]:
        """These aggregates of the completed sessions of a window, for one piece of it after the other."""
        for piece in self._pieces(where, window, at_once):
            chosen = completed_in(where, piece)
            sql = f"SELECT {', '.join(texts)} FROM sessions WHERE {chosen.sql}"
            yield self._connection.execute(sql, chosen.parameters).fetchone()

    def _pieces(self, where: Where, window: Window, at_once: int) -> Iterator[Window]:
        """A window in pieces of so many sessions at most, so that memory does not grow with the window."""
        start = window.start
        if where.is_of_people:  # whose sessions are found at once, and again for each piece
            sql = f"SELECT count(*) FROM (SELECT 1 FROM sessions WHERE {where.sql} LIMIT ?)"
            if value_of(self._connection, sql, (*where.parameters, at_once + 1)) <= at_once:
                yield window
                return
        sql = f"SELECT {HAPPENED} FROM sessions WHERE {_WITHIN} ORDER BY 1 LIMIT 1 OFFSET ?"
        while start < window.end:
            cut = value_of(self._connection, sql, (*_bounds(Window(start, window.end)), at_once))
            end = window.end if cut is None else from_ms(cut)
            if end <= start:  # more than that of one moment
                end = window.end
            yield Window(start, end)
            start = end

    def outcome_counts_of(
        self,
        column: str,
        values: Collection[str],
        where: Where,
        window: Window,
        place_of: Mapping[str, str] | None = None,
    ) -> Sequence[OutcomeCount]:
        """As `outcome_counts_by`, of these values of the column only."""
        chosen = Where([*where.parts], [*where.parameters], where.is_of_people)
        # A checklist has many sessions: those of the window, or of the scope, are fewer. A person has few.
        is_searched = "+" if column == "checklist" else ""
        chosen.add(f"{is_searched}{COLUMNS[column]} {IN_LIST}", listed(values))
        return self.outcome_counts_by(column, chosen, window, place_of)

    def outcome_counts_in(self, where: Where, window: Window) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed in a window, as one group."""
        if self._is_wide(where, window):
            return self._counted("''", completed_in(where, window, is_searched=False), "3, 2")
        return self._scores("", where, window)

    def outcome_counts_by_time(self, where: Where, cuts: Sequence[datetime]) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed between the first and the last of some instants in order. A session's
        group is the number of instants up to its own."""
        if not where.is_of_people:
            every = (Window(start, end) for start, end in pairwise(cuts))
            return [one for at, each in enumerate(every, 1) for one in self._scores(str(at), where, each)]
        bounds = [to_ms_up(at) for at in cuts]  # some people's sessions are found together
        return self._counted(_bucket(bounds, 0, len(bounds)), completed_in(where, Window(cuts[0], cuts[-1])))

    def _scores(self, group: str, where: Where, window: Window) -> Sequence[OutcomeCount]:
        """The counts of a window, as one group. The scores are counted here, which takes two thirds of the time that
        SQLite needs to sort them."""
        chosen = completed_in(where, window)
        texts = ", ".join(f"json_group_array(score) FILTER (WHERE outcome = '{kind}')" for kind in _OVER)
        row = self._connection.execute(f"SELECT {texts} FROM sessions WHERE {chosen.sql}", chosen.parameters).fetchone()
        return [
            OutcomeCount(group, kind, score, count)
            for kind, text in zip(_OVER, row, strict=True)
            for score, count in Counter(_SCORES.decode(text)).items()
        ]

    def _counted(self, group: str, where: Where, grouped_by: str = "1, 3, 2") -> Sequence[OutcomeCount]:
        rows = self._connection.execute(
            f"SELECT {group}, outcome, score, count(*) FROM sessions WHERE {where.sql} GROUP BY {grouped_by}",
            where.parameters,
        )
        return [OutcomeCount(str(group), _KINDS[outcome], score, count) for group, outcome, score, count in rows]


def _by_place(often: Mapping[str, int], place_of: Mapping[str, str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for value, number in often.items():
        place = place_of.get(value, "")
        found[place] = found.get(place, 0) + number
    return found


def _bounds(window: Window) -> tuple[int, int]:
    return to_ms_up(window.start), to_ms_up(window.end)


def completed_in(where: Where, window: Window, *, is_searched: bool = True) -> Where:
    """The accepted sessions that were completed in a window. `is_searched`: by the index of their times, else each
    session is compared that an order finds first."""
    chosen = completed(where)
    chosen.add(_WITHIN if is_searched else _WITHIN.replace(HAPPENED, f"+{HAPPENED}"), *_bounds(window))
    return chosen


def _bucket(bounds: Sequence[int], low: int, high: int) -> str:
    """SQL for the number of bounds up to a session's time, which lies between the `low`th and the `high`th: six
    comparisons for 60 bounds instead of 60."""
    if low == high:
        return str(low)
    middle = (low + high) // 2
    left, right = _bucket(bounds, low, middle), _bucket(bounds, middle + 1, high)
    return f"CASE WHEN {HAPPENED} < {bounds[middle]} THEN {left} ELSE {right} END"

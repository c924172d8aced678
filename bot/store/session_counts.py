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
from bot.domain.unit_counts import UnitCounts, counts_of
from bot.store.columns import from_ms, listed, to_ms_up, value_of
from bot.store.conditions import COLUMNS, Where, completed
from bot.store.sqlite import IN_LIST

HAPPENED = COLUMNS["happened"]
_DAY = 86_400_000  # ms
_DAY_OF = f"{HAPPENED} / {_DAY}"  # in UTC; spelled as in the index of days
SESSIONS_AT_ONCE = 200_000  # that are counted in memory
WIDE = 4  # a window with one in so many of all sessions is read in the order of the groups or scores
_KINDS = {str(kind): kind for kind in OutcomeKind}
_TEXTS = msgspec.json.Decoder(list[str])
_SCORES = msgspec.json.Decoder(list[float | None])
_OVER = tuple(kind for kind in OutcomeKind if kind.is_over)
# Each spelled out: a list behind IN costs half as much time again.
_MET, _FAILING, _UNJUDGED = (
    " OR ".join(f"outcome = '{kind}'" for kind in kinds)
    for kinds in (
        [OutcomeKind.MET],
        [kind for kind in _OVER if kind.is_failing],
        [kind for kind in _OVER if kind is not OutcomeKind.MET and not kind.is_failing],
    )
)
_NOT_MET_BUT_FAILING = f"NOT ({_MET}) AND ({_FAILING})"  # where most met it, one comparison instead of three
_WITHIN = f"{HAPPENED} >= ? AND {HAPPENED} < ?"


class SessionCounts:
    """Counts sessions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._wide: dict[Window, bool] = {}  # as long as the transaction, in which the sessions stay the same

    def outcome_counts(self, where: Where) -> Sequence[OutcomeCount]:
        """The counts of all accepted sessions, as one group."""
        if where.difference is None:
            return self._counted("''", where, "3, 2")  # in the order of an index, where nothing is to be sorted
        # A large department left out: it takes three times as long to look each session's employee up in a list.
        every, others = (self._counted("''", one, "3, 2") for one in where.difference)
        left = Counter({(one.outcome, one.score): one.count for one in every})
        left.subtract({(one.outcome, one.score): one.count for one in others})
        return [OutcomeCount("", kind, score, count) for (kind, score), count in left.items() if count]

    def outcome_counts_by(
        self,
        column: str,
        where: Where,
        window: Window,
        place_of: Mapping[str, str] | None = None,
        at_once: int = SESSIONS_AT_ONCE,
    ) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed in a window, by a column of `search.COLUMNS`. Groups and scores are
        counted here, in half the time that SQLite needs to sort them.

        `place_of`: the unit that each value of the column belongs to, to count by that instead; "" for the others.
        `at_once`: how many sessions are read into memory at a time.
        """
        counted = {kind: Counter[tuple[str | None, float | None]]() for kind in _OVER}
        for kind, groups, scores in self._by_kind(column, where, window, at_once):
            places = groups if place_of is None else map(place_of.get, groups)
            counted[kind].update(zip(places, scores, strict=True))
        return [
            OutcomeCount(group or "", kind, score, count)
            for kind, counter in counted.items()
            for (group, score), count in counter.items()
        ]

    def unit_counts_by(
        self,
        column: str,
        where: Where,
        window: Window,
        place_of: Mapping[str, str] | None = None,
        at_once: int = SESSIONS_AT_ONCE,
        *,
        has_scores: bool = True,
    ) -> UnitCounts:
        """The sessions completed in a window, read once and counted in each way that a report by unit needs.
        `place_of` and `at_once` as in `outcome_counts_by`. Not `has_scores`: scores may be left out."""
        if self._is_wide(where, window):
            if column != "checklist" or place_of is not None:
                return UnitCounts(self._grouped(column, where, window, place_of), self.outcome_counts_in(where, window))
            chosen = in_window(where, window, is_searched=False)
            return UnitCounts.of(_over(self._counted(COLUMNS[column], chosen, "1, 3, 2")))
        are_few = column == "checklist" or place_of is not None
        if are_few and has_scores:
            return UnitCounts.of(self.outcome_counts_by(column, where, window, place_of, at_once))
        # The scores of each of many people would take as much time and memory as the sessions themselves.
        often = {kind: Counter[str]() for kind in _OVER}
        scored = {kind: Counter[float | None]() for kind in _OVER}
        for kind, groups, scores in self._by_kind(column, where, window, at_once):
            often[kind].update(groups if place_of is None else [place_of.get(one, "") for one in groups])
            scored[kind].update(scores)
        if are_few:
            return UnitCounts.of(
                OutcomeCount(group, kind, None, count) for kind in _OVER for group, count in often[kind].items()
            )
        total = [OutcomeCount("", kind, score, count) for kind in _OVER for score, count in scored[kind].items()]
        return UnitCounts(counts_of(often), total)

    def _is_wide(self, where: Where, window: Window) -> bool:
        """Whether all sessions are sooner read in another order than those of the window in theirs."""
        if where.is_of_people:
            return False
        if window not in self._wide:
            some = f"(SELECT coalesce(max(id), 0) / {WIDE} FROM sessions)"
            sql = f"SELECT EXISTS (SELECT 1 FROM sessions WHERE {_WITHIN} LIMIT 1 OFFSET {some})"
            self._wide[window] = bool(value_of(self._connection, sql, _bounds(window)))
        return self._wide[window]

    def _grouped(
        self, column: str, where: Where, window: Window, place_of: Mapping[str, str] | None
    ) -> Sequence[Counts]:
        """The counts of each group in the order of an index of the column: nothing is sorted."""
        chosen = in_window(where, window, is_searched=False)
        numbers = ", ".join(f"count(*) FILTER (WHERE {one})" for one in (_MET, _NOT_MET_BUT_FAILING, _UNJUDGED))
        rows = self._connection.execute(
            f"SELECT {COLUMNS[column]}, {numbers} FROM sessions WHERE {chosen.sql} GROUP BY 1", chosen.parameters
        )
        rows.row_factory = None  # plain tuples: there may be 50,000
        if place_of is None:
            return [
                Counts(row[0], completed, row[1], row[2]) for row in rows if (completed := row[1] + row[2] + row[3])
            ]
        found: dict[str, list[int]] = {}
        for value, met, failing, others in rows:
            place = place_of.get(value, "")
            sums = found.get(place)
            if sums is None:
                sums = found[place] = [0, 0, 0]
            sums[0] += met + failing + others
            sums[1] += met
            sums[2] += failing
        return [Counts(place, *sums) for place, sums in found.items() if sums[0]]

    def _by_kind(
        self, column: str, where: Where, window: Window, at_once: int
    ) -> Iterator[tuple[OutcomeKind, Sequence[str], Sequence[float | None]]]:
        """A column and the score of each session completed in a window, by outcome, for one piece of the window after
        the other.

        SQLite would sort the sessions to group them, and Python would wait for its lock at each row while a poll is
        computed: a few long texts are read and counted in a third of the time.
        """
        texts = [
            f"json_group_array({name}) FILTER (WHERE outcome = '{kind}')"
            for kind in _OVER
            for name in (COLUMNS[column], "score")
        ]
        for chunk in self._chunks(where, window, at_once):
            chosen = in_window(where, chunk)
            sql = f"SELECT {', '.join(texts)} FROM sessions WHERE {chosen.sql}"
            row = self._connection.execute(sql, chosen.parameters).fetchone()
            for kind, groups, scores in zip(_OVER, row[::2], row[1::2], strict=True):
                yield kind, _TEXTS.decode(groups), _SCORES.decode(scores)

    def _chunks(self, where: Where, window: Window, at_once: int) -> Iterator[Window]:
        """A window in pieces of so many sessions at most, so that memory does not grow with the window."""
        start = window.start
        sql = f"SELECT {HAPPENED} FROM sessions WHERE {_WITHIN} ORDER BY 1 LIMIT 1 OFFSET ?"
        cut = value_of(self._connection, sql, (*_bounds(window), at_once))
        if cut is not None and where.is_of_people:  # whose sessions are found at once, and again for each piece
            few = f"SELECT count(*) FROM (SELECT 1 FROM sessions WHERE {where.sql} LIMIT ?)"
            if value_of(self._connection, few, (*where.parameters, at_once + 1)) <= at_once:
                cut = None
        while cut is not None and (end := from_ms(cut)) > start:  # else more than that happened at one moment
            yield Window(start, end)
            start = end
            cut = value_of(self._connection, sql, (*_bounds(Window(start, window.end)), at_once))
        yield Window(start, window.end)

    def employees_in(self, where: Where, window: Window) -> frozenset[str]:
        """Who is the employee of a session completed in a window."""
        found = set[str]()
        for chunk in self._chunks(where, window, SESSIONS_AT_ONCE):
            chosen = completed_in(where, chunk)
            sql = f"SELECT json_group_array(employee_id) FROM sessions WHERE {chosen.sql}"
            found.update(_TEXTS.decode(value_of(self._connection, sql, chosen.parameters)))
        return frozenset(found)

    def outcome_counts_of(
        self,
        column: str,
        values: Collection[str],
        where: Where,
        window: Window,
        place_of: Mapping[str, str] | None = None,
    ) -> Sequence[OutcomeCount]:
        """As `outcome_counts_by`, of these values of the column only."""
        chosen = Where([*where.parts], [*where.parameters], where.is_of_people or column != "checklist")
        # A checklist has many sessions: those of the window, or of the scope, are fewer. A person has few.
        is_searched = "+" if column == "checklist" else ""
        chosen.add(f"{is_searched}{COLUMNS[column]} {IN_LIST}", listed(values))
        return self.outcome_counts_by(column, chosen, window, place_of)

    def outcome_counts_in(self, where: Where, window: Window) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed in a window, as one group."""
        if self._is_wide(where, window):
            return _over(self._counted("''", in_window(where, window, is_searched=False), "3, 2"))
        if where.is_of_days:
            return self._by_days(where, [("", window)])
        return self._scores("", where, window)

    def outcome_counts_by_time(self, where: Where, cuts: Sequence[datetime]) -> Sequence[OutcomeCount]:
        """The counts of the sessions completed between the first and the last of some instants in order. A session's
        group is the number of instants up to its own."""
        if not where.is_of_people:
            every = [(str(at), Window(start, end)) for at, (start, end) in enumerate(pairwise(cuts), 1)]
            if where.is_of_days:
                return self._by_days(where, every)
            return [one for group, each in every for one in self._scores(group, where, each)]
        bounds = [to_ms_up(at) for at in cuts]  # some people's sessions are found together
        return _over(self._counted(_bucket(bounds, 0, len(bounds)), in_window(where, Window(cuts[0], cuts[-1]))))

    def _by_days(self, where: Where, windows: Sequence[tuple[str, Window]]) -> Sequence[OutcomeCount]:
        """The counts of windows, each as the group beside it. Their whole days are counted by an index, all at once;
        what is before the first and behind the last is counted as it comes."""
        found = list[OutcomeCount]()
        window_of: dict[int, str] = {}
        for group, window in windows:
            start, end = _bounds(window)
            first, last = max(1, -(-start // _DAY)), end // _DAY  # SQLite rounds what was before 1970 towards it
            if first >= last:
                found += self._scores(group, where, window)
                continue
            window_of |= dict.fromkeys(range(first, last), group)
            edges = Window(window.start, from_ms(first * _DAY)), Window(from_ms(last * _DAY), window.end)
            found += [one for edge in edges if edge.start < edge.end for one in self._scores(group, where, edge)]
        if window_of:
            chosen = Where([*where.parts], [*where.parameters])
            chosen.add(f"{_DAY_OF} BETWEEN ? AND ?", min(window_of), max(window_of))
            sql = f"SELECT {_DAY_OF}, outcome, score, count(*) FROM sessions WHERE {chosen.sql} GROUP BY 1, 2, 3"
            rows = self._connection.execute(sql, chosen.parameters)
            rows.row_factory = None  # plain tuples: a day has some twenty
            sums = Counter[tuple[str, str, float | None]]()
            for day, outcome, score, count in rows:
                if day in window_of:
                    sums[window_of[day], outcome, score] += count
            found += _over(OutcomeCount(one, _KINDS[kind], score, count) for (one, kind, score), count in sums.items())
        return found

    def _scores(self, group: str, where: Where, window: Window) -> Sequence[OutcomeCount]:
        """The counts of a window, as one group. The scores are counted here, which takes two thirds of the time that
        SQLite needs to sort them."""
        chosen = in_window(where, window)
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


def _over(outcome_counts: Iterable[OutcomeCount]) -> Sequence[OutcomeCount]:
    """Those of completed sessions. SQLite takes half as much time again to look each outcome up in a list."""
    return [one for one in outcome_counts if one.outcome.is_over]


def _bounds(window: Window) -> tuple[int, int]:
    return to_ms_up(window.start), to_ms_up(window.end)


def completed_in(where: Where, window: Window) -> Where:
    """The accepted sessions that were completed in a window."""
    return in_window(completed(where), window)


def in_window(where: Where, window: Window, *, is_searched: bool = True) -> Where:
    """The accepted sessions that belong to a window, by the index of their times; not `is_searched`: each session is
    compared that an order finds first."""
    chosen = Where([*where.parts], [*where.parameters], where.is_of_people)
    start, end = _bounds(window)
    if is_searched:
        chosen.add(_WITHIN, start, end)
    else:
        chosen.add(f"+{HAPPENED} BETWEEN ? AND ?", start, end - 1)  # one computation of the time, two comparisons
    return chosen


def _bucket(bounds: Sequence[int], low: int, high: int) -> str:
    """SQL for the number of bounds up to a session's time, which lies between the `low`th and the `high`th: six
    comparisons for 60 bounds instead of 60."""
    if low == high:
        return str(low)
    middle = (low + high) // 2
    left, right = _bucket(bounds, low, middle), _bucket(bounds, middle + 1, high)
    return f"CASE WHEN {HAPPENED} < {bounds[middle]} THEN {left} ELSE {right} END"

"""What SQL counts for reports is what counting in Python gives, and it is counted from indexes alone."""

import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.changes import decide
from bot.domain.model import CriticalCriterion, Moment, OutcomeKind
from bot.domain.permissions import EVERYTHING, AccessScope
from bot.domain.report_periods import Window
from bot.domain.reports import Counts, figures
from bot.domain.whole_reports import OpenCounts
from bot.query.parser import parse
from bot.services.visible_names import visible_names
from bot.store.conditions import Where, asked_for, listed_within
from bot.store.database import Tx
from tests.environment import open_store
from tests.store.given import NOON, TARGETS, a_session, baseline, minutes

MINUTES = st.integers(-5_000, 5_000)  # more than a day, on either side


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(MINUTES, st.sampled_from((None, 50.0, 90.0, 1100 / 12))), min_size=1, max_size=12),
    st.sets(MINUTES, min_size=2, max_size=9),
    st.sampled_from(("", "-outcome:failed", "checklist:opening")),
)
def test_a_session_is_in_the_bucket_of_its_time(
    tmp_path_factory: pytest.TempPathFactory, completed: list[tuple[int, float | None]], cut_at: set[int], asked: str
) -> None:
    """Whole days, parts of days, and what the index of days does not answer for."""
    store = open_store(tmp_path_factory.mktemp("reports") / "spotter.db", now=NOON)
    cuts = [NOON + minutes(one) for one in sorted(cut_at)]
    rows = [a_session(n, finished=NOON + minutes(at), result=result) for n, (at, result) in enumerate(completed)]
    try:
        store._write_now(lambda tx: baseline(tx, *rows))

        def counted(tx: Tx) -> tuple[Counter[tuple[str, float | None]], Counter[float | None]]:
            query = parse(asked)
            names = visible_names(tx, EVERYTHING, tx.people.directory(), query)
            where = asked_for(query, EVERYTHING, names, NOON, UTC)
            found: Counter[tuple[str, float | None]] = Counter()
            for one in tx.reports.outcome_counts_by_time(where, cuts):
                found[one.group, one.score] += one.count
            as_one: Counter[float | None] = Counter()
            for one in tx.reports.outcome_counts_in(where, Window(cuts[0], cuts[-1])):
                as_one[one.score] += one.count
            return found, as_one

        wanted = Counter(
            (str(bisect_right(cuts, NOON + minutes(at))), result)
            for at, result in completed
            if cuts[0] <= NOON + minutes(at) < cuts[-1] and not ("failed" in asked and result == 50.0)
        )
        found, as_one = store._read_now(counted)
        assert _rounded(found) == _rounded(wanted)
        assert _rounded(as_one) == _rounded(Counter(score for _, score in wanted.elements()))
    finally:
        store.close()


def _rounded(counter: Counter[Any]) -> Counter[Any]:
    """Of long scores SQLite's JSON keeps 15 digits."""
    found: Counter[Any] = Counter()
    for key, count in counter.items():
        *group, score = key if isinstance(key, tuple) else (key,)
        found[(*group, score if score is None else round(score, 9))] += count
    return found


def test_a_failed_critical_criterion_needs_attention_before_a_lower_result(tmp_path: Path) -> None:
    store = open_store(tmp_path / "spotter.db", now=NOON)
    low, lowest, high = (a_session(n, result=result) for n, result in enumerate((60.0, 40.0, 95.0)))

    def fill(tx: Tx) -> None:
        baseline(tx, low, lowest)
        change = decide(None, high, now=NOON, targets=TARGETS)
        assert change is not None
        cold = CriticalCriterion("c", "Cold room logged")
        failed = replace(change.after, critical=(cold,), critical_failed=(cold.title,))
        tx.sessions.save(replace(change, after=failed), b"12345678")

    store._write_now(fill)
    window = Window(NOON - timedelta(days=1), NOON + timedelta(days=1))
    found = store._read_now(lambda tx: tx.reports.attention(listed_within(EVERYTHING), window, 2))
    assert [one.key for one in found] == [high.key, lowest.key]
    store.close()


def test_what_is_open_is_counted_by_outcome_and_listed(tmp_path: Path) -> None:
    store = open_store(tmp_path / "spotter.db", now=NOON)
    rows = [a_session(n, status=status) for n, status in enumerate(("NOT_STARTED", "IN_PROGRESS", "PASSED"))]
    store._write_now(lambda tx: baseline(tx, *rows))
    later = NOON + timedelta(days=2)
    sessions, counts = store._read_now(lambda tx: tx.reports.overdue(listed_within(EVERYTHING), later, 10))
    assert counts == {OutcomeKind.PLANNED: 1, OutcomeKind.IN_PROGRESS: 1}
    assert sorted(one.facts.status for one in sessions) == ["IN_PROGRESS", "NOT_STARTED"]
    none, before = store._read_now(
        lambda tx: tx.reports.upcoming(listed_within(EVERYTHING), Window(NOON, NOON + timedelta(days=7)), 10)
    )
    assert (list(none), dict(before)) == ([], {})
    store.close()


def test_each_open_session_is_counted_once_also_without_a_date(tmp_path: Path) -> None:
    store = open_store(tmp_path / "spotter.db", now=NOON)
    undated, dated = (Moment("some day"), Moment()), (Moment("a day", NOON), Moment("a day", NOON))
    rows = [
        a_session(number, status=status, employee=employee)._replace(scheduled=at, started=began)
        for number, (employee, status, (at, began)) in enumerate(
            [
                ("eve", "NOT_STARTED", undated),
                ("joe", "IN_PROGRESS", undated),
                ("joe", "NOT_STARTED", undated),
                ("joe", "NOT_STARTED", dated),
                ("joe", "IN_PROGRESS", dated),
            ]
        )
    ]
    store._write_now(lambda tx: baseline(tx, *rows))

    def counted(tx: Tx, after: timedelta) -> Mapping[str, OpenCounts]:
        return tx.reports.open_by("employee", listed_within(EVERYTHING), NOON + after)

    soon, late = (store._read_now(partial(counted, after=timedelta(hours=one))) for one in (1, 72))
    assert soon == {"eve": OpenCounts(planned=1), "joe": OpenCounts(planned=2, in_progress=1, overdue=1)}
    assert late == {"eve": OpenCounts(planned=1), "joe": OpenCounts(planned=1, overdue=3)}
    store.close()


def test_figures_of_all_sessions_are_counted_without_a_look_at_the_table(tmp_path: Path) -> None:
    store = open_store(tmp_path / "spotter.db", now=NOON)
    store._write_now(lambda tx: baseline(tx, a_session(1)))
    store.close()
    with closing(sqlite3.connect(tmp_path / "spotter.db")) as file:
        for condition in ("TRUE", "outcome = 'below'", "checklist_id = 'opening'"):
            plan = file.execute(
                "EXPLAIN QUERY PLAN SELECT '', outcome, score, count(*) FROM sessions"
                f" WHERE missing_since IS NULL AND {condition} GROUP BY 3, 2"
            ).fetchall()
            steps = [step for *_, step in plan]
            assert any("COVERING INDEX" in step for step in steps), steps
            assert not any("TEMP B-TREE" in step for step in steps), steps


def test_counts_of_groups_are_their_tallies_added_up(tmp_path: Path) -> None:
    store = open_store(tmp_path / "spotter.db", now=NOON)
    rows = [a_session(n, result=50.0 + 10 * n, finished=NOON - minutes(n)) for n in range(5)]
    store._write_now(lambda tx: baseline(tx, *rows))
    window = Window(NOON - timedelta(days=1), NOON + timedelta(days=1))

    def work(tx: Tx) -> None:
        where = listed_within(EVERYTHING)
        counts = {one.group: one.figures for one in tx.reports.unit_counts_by("employee", where, window).counts}
        outcome_counts = tx.reports.outcome_counts_by("employee", where, window)
        assert counts and set(counts) == {one.group for one in outcome_counts}
        for group, found in counts.items():
            exact = figures(one for one in outcome_counts if one.group == group)
            assert (found.completed, found.met, found.failing) == (exact.completed, exact.met, exact.failing)
        some = [*counts][:1]
        of_some = tx.reports.outcome_counts_of("employee", some, where, window)
        assert of_some == [one for one in outcome_counts if one.group in some]
        everything = figures(tx.reports.outcome_counts_in(where, window))
        assert everything.completed == sum(one.completed for one in counts.values())

    store._read_now(work)
    store.close()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from((None, 50.0, 90.0)), st.integers(-9, 9)), max_size=14),
    st.integers(1, 5),
)
def test_sessions_are_counted_piece_by_piece_as_in_python(
    tmp_path_factory: pytest.TempPathFactory, completed: list[tuple[str, float | None, int]], at_once: int
) -> None:
    store = open_store(tmp_path_factory.mktemp("reports") / "spotter.db", now=NOON)
    rows = [
        a_session(n, employee=person, result=result, finished=NOON + minutes(at))
        for n, (person, result, at) in enumerate(completed)
    ]
    window = Window(NOON - minutes(7), NOON + minutes(7))
    inside = [(person, result) for person, result, at in completed if -7 <= at < 7]
    places = {"a": "shop"}
    try:
        store._write_now(lambda tx: baseline(tx, *rows))
        where = listed_within(EVERYTHING)
        for place_of in (None, places):

            def count(tx: Tx, place_of: Mapping[str, str] | None = place_of) -> Sequence[Counts]:
                return tx.reports.unit_counts_by("employee", where, window, place_of, at_once).counts

            counted = store._read_now(count)
            wanted: dict[str, tuple[int, int, int]] = {}
            for person, result in inside:
                group = person if place_of is None else place_of.get(person, "")
                every, met, failing = wanted.get(group, (0, 0, 0))
                wanted[group] = every + 1, met + (result == 90.0), failing + (result == 50.0)
            assert {one.group: (one.completed, one.met, one.failing) for one in counted} == wanted
            scored = store._read_now(partial(_scored, where, window, place_of, at_once))
            assert scored == Counter(
                (person if place_of is None else place_of.get(person, ""), result) for person, result in inside
            )
        as_one = store._read_now(lambda tx: tx.reports.outcome_counts_in(where, window))
        assert Counter({one.score: one.count for one in as_one}) == Counter(result for _, result in inside)
        active = store._read_now(lambda tx: tx.reports.employees_in(where, window))
        assert active == {person for person, _ in inside}
    finally:
        store.close()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from((None, 50.0, 90.0)), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from((0, 60)),
)
def test_a_count_by_unit_is_what_counting_one_by_one_gives_in_a_short_and_in_a_long_time(
    tmp_path_factory: pytest.TempPathFactory, inside: list[tuple[str, str, float | None, bool]], outside: int
) -> None:
    store = open_store(tmp_path_factory.mktemp("reports") / "spotter.db", now=NOON)
    window = Window(NOON - timedelta(hours=3), NOON + minutes(7))  # an open one belongs to 2 hours ago
    rows = [
        a_session(
            n,
            employee=person,
            checklist=checklist,
            result=result,
            finished=NOON,
            status="PASSED" if is_over else "IN_PROGRESS",
        )
        for n, (person, checklist, result, is_over) in enumerate(inside)
    ]
    rows += [
        a_session(100 + n, employee="a", checklist="x", finished=NOON - timedelta(hours=9)) for n in range(outside)
    ]

    def work(tx: Tx) -> None:
        where = listed_within(EVERYTHING)
        assert tx.reports._is_wide(where, window) is (outside == 0)
        for column, at in (("employee", 0), ("checklist", 1)):
            for place_of in (None, {"a": "shop", "x": "shop"}):
                counted = tx.reports.unit_counts_by(column, where, window, place_of)
                wanted = Counter(
                    (one[at] if place_of is None else place_of.get(str(one[at]), ""), one[2])
                    for one in inside
                    if one[3]
                )
                found = {one.group: (one.completed, one.met, one.failing) for one in counted.counts}
                assert found == {
                    group: tuple(
                        sum(count for (place, result), count in wanted.items() if place == group and result in results)
                        for results in ((None, 50.0, 90.0), (90.0,), (50.0,))
                    )
                    for group, _ in wanted
                }
                scores = Counter({one.score: one.count for one in counted.total})
                assert scores == Counter(one[2] for one in inside if one[3])
                unscored = tx.reports.unit_counts_by(column, where, window, place_of, has_scores=False)
                assert sorted(unscored.counts) == sorted(counted.counts)
                assert figures(unscored.total).completed == figures(counted.total).completed
                if counted.every is not None:
                    assert Counter({(one.group, one.score): one.count for one in counted.every}) == wanted

    try:
        store._write_now(lambda tx: baseline(tx, *rows))
        store._read_now(work)
    finally:
        store.close()


def _scored(
    where: Where, window: Window, place_of: Mapping[str, str] | None, at_once: int, tx: Tx
) -> Counter[tuple[str, float | None]]:
    found: Counter[tuple[str, float | None]] = Counter()
    for one in tx.reports.outcome_counts_by("employee", where, window, place_of, at_once):
        found[one.group, one.score] += one.count
    return found


def _plan(path: Path, sql: str, parameters: Sequence[object] = ()) -> str:
    with closing(sqlite3.connect(path)) as file:
        return " | ".join(step for *_, step in file.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))


def test_a_long_time_is_counted_in_the_order_of_an_index(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    store = open_store(path, now=NOON)
    store._write_now(lambda tx: baseline(tx, a_session(1)))
    store.close()
    in_time = "missing_since IS NULL AND outcome = 'met' AND +coalesce(finished_at, scheduled_at) >= 5"
    orders = {
        "score, outcome": "sessions_by_score",
        "employee_id": "sessions_members",
        "checklist_id": "sessions_checklist",
        "checklist_id, score, outcome": "sessions_checklist",
        "observer_id": "sessions_by_observer",
    }
    for order, index in orders.items():
        plan = _plan(path, f"SELECT {order}, count(*) FROM sessions WHERE {in_time} GROUP BY {order}")
        assert f"COVERING INDEX {index}" in plan and "TEMP B-TREE" not in plan, plan


def test_all_but_some_people_are_counted_without_a_look_at_the_table(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    store = open_store(path, now=NOON)
    store._write_now(lambda tx: baseline(tx, a_session(1)))
    store.close()
    for column in ("employee_id", "observer_id"):
        plan = _plan(
            path,
            "SELECT outcome, score, count(*) FROM sessions WHERE missing_since IS NULL"
            f" AND NOT ({column} IN ('eve', 'ana')) GROUP BY 2, 1",
        )
        assert "COVERING INDEX sessions_by_score" in plan and "TEMP B-TREE" not in plan, plan


def test_a_team_without_a_checklist_is_found_by_its_people(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    store = open_store(path, now=NOON)
    store._write_now(lambda tx: baseline(tx, a_session(1)))
    scope = AccessScope(person_id="ana", employees=frozenset({"eve"}))
    query = parse("-checklist:opening score:<60")
    where = store._read_now(
        lambda tx: asked_for(query, scope, visible_names(tx, scope, tx.people.directory(), query, "ana"), NOON, UTC)
    )
    store.close()
    plan = _plan(path, f"SELECT id FROM sessions WHERE {where.sql}", where.parameters)
    assert "sessions_members" in plan and "sessions_checklist" not in plan, plan


def test_who_observed_last_is_found_of_few_sessions_and_of_many(tmp_path: Path) -> None:
    store = open_store(tmp_path / "spotter.db", now=NOON)
    rows = [a_session(n, observer="abc"[n % 3], finished=NOON - minutes(n)) for n in range(9)]
    rows.append(a_session(9, observer="d", status="IN_PROGRESS"))  # has completed none
    store._write_now(lambda tx: baseline(tx, *rows))
    where = listed_within(EVERYTHING)
    found = [store._read_now(partial(_last_of_observers, where, few)) for few in (True, False)]
    store.close()
    assert found == [{observer: NOON - minutes(n) for n, observer in enumerate("abc")}] * 2


def _last_of_observers(where: Where, few: bool, tx: Tx) -> Mapping[str, datetime]:
    return tx.reports.last_of_observers(where, few=few)


def test_who_observed_a_team_last_is_read_without_a_look_at_the_table(tmp_path: Path) -> None:
    store = open_store(tmp_path / "spotter.db", now=NOON)
    store._write_now(lambda tx: baseline(tx, a_session(1)))
    store.close()
    with closing(sqlite3.connect(tmp_path / "spotter.db")) as file:
        plan = file.execute(
            "EXPLAIN QUERY PLAN SELECT observer_id, max(coalesce(finished_at, scheduled_at)) FROM sessions"
            " WHERE missing_since IS NULL AND employee_id IN ('eve', 'ana') AND outcome = 'met' GROUP BY observer_id"
        ).fetchall()
        assert any("COVERING INDEX sessions_members" in step for *_, step in plan), [step for *_, step in plan]

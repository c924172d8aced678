"""What is asked for is found, no more and no less, and only by who may see it."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.changes import check_criteria
from bot.domain.directory import Directory
from bot.domain.filters import Accepted, Column, Condition, Filter, Range, ShownScore, matches
from bot.domain.model import (
    CriterionResult,
    CriticalCriterion,
    Details,
    Moment,
    OutcomeKind,
    SessionFacts,
    SessionKey,
    Targets,
)
from bot.domain.outcomes import judge
from bot.domain.permissions import EVERYTHING, AccessScope
from bot.domain.polling import FoundSessions
from bot.domain.staff import Person
from bot.query.keys import KEYS
from bot.query.parser import Names, Query, parse
from bot.store.conditions import COLUMNS as COLUMNS_IN_SQL
from bot.store.conditions import Where, listed_within, matching
from bot.store.database import Store, Tx
from tests.environment import open_store
from tests.store.given import NOON, a_session, baseline, fingerprint, minutes, planned, session_id

DIRECTORY = Directory.of([Person(person_id=name, name=name.title()) for name in ("ana", "bob", "eve", "tom")], [])

# ---- one by one ----------------------------------------------------------------------------------------------------

GOOD, BAD, CLOSING = a_session(1), a_session(2, result=40.0, employee="tom"), a_session(3, checklist="closing")
OLD, PLANNED = a_session(4, finished=NOON - timedelta(days=40), result=None), planned(5, observer="bob")
ALL = (GOOD, BAD, CLOSING, OLD, PLANNED)


async def found(db: Store, text: str, scope: AccessScope = EVERYTHING) -> set[SessionKey]:
    query = parse(text)

    def find(tx: Tx) -> FoundSessions:
        names = Names(DIRECTORY, tx.search.checklist_titles(scope), tx.people.mentions_in(query))
        return tx.search.find(query, scope, names, NOON, 99)

    answer = await db.read(find)
    assert answer.total == len(answer.sessions)
    return {session.key for session in answer.sessions}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ALL),
        ("outcome:failed", {BAD}),
        ("-outcome:failed", {GOOD, CLOSING, OLD, PLANNED}),
        ("checklist:closing", {CLOSING}),
        ("checklist:nothing", ()),
        ("employee:tom", {BAD}),
        ("observer:bob", {PLANNED}),
        ("score:<80", {BAD}),
        ("-score:<80", {GOOD, CLOSING, OLD, PLANNED}),
        ("since:30d", {GOOD, BAD, CLOSING, PLANNED}),
        ("-since:30d", {OLD}),
        ("until:30d", {OLD}),
        ("since:50d until:yesterday", {OLD}),
        ("checklist:opening outcome:met since:7d", {GOOD}),
        ("employee:<@U7>", {BAD}),
        ("employee:<@U8>", ()),
        ("employee:<id:tom>", {BAD}),
        ("-employee:<id:tom> checklist:opening", {GOOD, OLD, PLANNED}),
        ("employee:<id:nobody>", ()),
    ],
)
async def test_a_query_finds_what_it_says(db: Store, text: str, expected: set[SessionFacts]) -> None:
    await db.transact(lambda tx: baseline(tx, *ALL))
    await db.transact(lambda tx: tx.people.link("U7", "tom", "UADMIN", None, NOON))
    assert await found(db, text) == {facts.key for facts in expected}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (AccessScope(), ()),
        (AccessScope(person_id="tom"), {BAD}),
        (AccessScope(person_id="bob"), {PLANNED}),
        (AccessScope(employees=frozenset({"tom"})), {BAD}),
        (AccessScope(person_id="bob", employees=frozenset({"tom"})), {BAD, PLANNED}),
    ],
)
async def test_only_what_somebody_may_see_is_found_and_counted(
    db: Store, scope: AccessScope, expected: set[SessionFacts]
) -> None:
    await db.transact(lambda tx: baseline(tx, *ALL))
    assert await found(db, "", scope) == {facts.key for facts in expected}


async def test_the_name_of_a_checklist_out_of_reach_matches_nothing(db: Store) -> None:
    await db.transact(lambda tx: baseline(tx, *ALL))
    assert await found(db, "-checklist:closing", AccessScope(person_id="tom")) == {BAD.key}
    assert await found(db, "checklist:closing", AccessScope(person_id="tom")) == set()


async def test_what_ispring_no_longer_lists_is_not_found(db: Store) -> None:
    await db.transact(lambda tx: baseline(tx, GOOD, BAD))
    await db.transact(lambda tx: tx.listings.mark_missing([BAD.key], NOON))
    assert await found(db, "") == {GOOD.key}


async def test_the_newest_completion_comes_first_and_pages_follow_each_other(db: Store) -> None:
    rows = [a_session(number, finished=NOON - minutes(number)) for number in range(1, 6)]
    await db.transact(lambda tx: baseline(tx, *reversed(rows), planned(9)))

    def page(tx: Tx, offset: int) -> tuple[list[SessionKey], int]:
        answer = tx.search.find(parse(""), EVERYTHING, Names(), NOON, 4, offset)
        return [session.key for session in answer.sessions], answer.total

    first, second = await db.read(lambda tx: (page(tx, 0), page(tx, 4)))
    assert first == ([facts.key for facts in rows[:4]], 6)
    assert second == ([rows[4].key, planned(9).key], 6)


async def test_sessions_by_name_follow_each_other_from_page_to_page(db: Store) -> None:
    who = {"u1": "Zoe", "u2": "Ana", "u3": "Ana", "u4": "Bob"}
    rows = [
        a_session(number, employee=("u1", "u2", "u3", "u4", "nobody")[number % 5], finished=NOON - minutes(number))
        for number in range(1, 16)
    ]
    people = [Person(person_id=ident, name=name) for ident, name in who.items()]
    await db.transact(lambda tx: baseline(tx, *rows))
    await db.transact(lambda tx: tx.people.replace_people(people, NOON))
    expected = sorted(rows, key=lambda one: (who.get(one.key.employee_id, "~"), -(one.finished.at or NOON).timestamp()))

    def page(tx: Tx, offset: int) -> list[SessionKey]:
        answer = tx.search.find(parse("sort:name"), EVERYTHING, Names(), NOON, 2, offset)
        assert answer.total == len(rows)
        return [session.key for session in answer.sessions]

    pages = await db.read(lambda tx: [key for offset in range(0, 16, 2) for key in page(tx, offset)])
    assert pages == [one.key for one in expected]


async def test_days_begin_in_the_askers_zone(db: Store) -> None:
    late = a_session(1, finished=NOON.replace(hour=2))
    await db.transact(lambda tx: baseline(tx, late))
    here = await db.read(lambda tx: tx.search.find(parse("since:today"), EVERYTHING, Names(), NOON, 9))
    there = await db.read(
        lambda tx: tx.search.find(parse("since:today"), EVERYTHING, Names(), NOON, 9, zone=ZoneInfo("America/New_York"))
    )
    assert (here.total, there.total) == (1, 0)


# ---- SQL and Python agree ------------------------------------------------------------------------------------------

IDS = ("ana", "bob", "eve", "tom", "'; DROP TABLE sessions; --", "ü%_")
TIMES = (None, *(NOON + timedelta(seconds=each) for each in (-100, -1, 0, 1, 100)))
percents = st.sampled_from([0.0, 39.999, 40.0, 79.95, 80.0, 100.0])
some = st.frozensets(st.sampled_from(IDS), max_size=3)
kinds = st.frozensets(st.sampled_from(OutcomeKind), max_size=3)
ranges = st.builds(Range, st.none() | percents, st.booleans(), st.none() | percents, st.booleans())
instants = st.none() | st.datetimes(
    (NOON - minutes(2)).replace(tzinfo=None), (NOON + minutes(2)).replace(tzinfo=None)
).map(lambda moment: moment.replace(tzinfo=NOON.tzinfo))
periods = st.builds(Range, instants, st.booleans(), instants, st.booleans())
ACCEPTED: Mapping[str, st.SearchStrategy[Accepted]] = {
    "checklist": some,
    "observer": some,
    "employee": some,
    "outcome": kinds,
    "score": st.lists(ranges | st.sampled_from([0, 40, 80, 100]).map(ShownScore), max_size=2).map(tuple),
    "happened": st.lists(periods, max_size=2).map(tuple),
    "session": st.lists(
        st.sampled_from(["1", "4", "a"]).map(lambda low: Range(low=low, high=low + "\U0010ffff")), max_size=2
    ).map(tuple),
}
COLUMNS: Mapping[str, Column] = {spec.column.name: spec.column for spec in KEYS.values() if spec.column}
conditions = st.one_of(
    *(st.builds(Condition, st.just(COLUMNS[name]), accepted, st.booleans()) for name, accepted in ACCEPTED.items())
)
filters = st.lists(conditions, max_size=6).map(lambda found: Filter(tuple(found)))


def only(name: str, *accepted: Range[Any], negated: bool = False) -> Filter:
    return Filter((Condition(COLUMNS[name], accepted, negated),))


reaches = st.builds(AccessScope, st.booleans(), st.none() | st.sampled_from(IDS), some)
COLD = "Cold room logged"
CRITICAL = (CriticalCriterion("", COLD),)
ZERO = Details(criteria=(CriterionResult("c1", COLD, "a1", False, 0, 1),))
TARGETS = Targets(80.0, {"bob": 40.0}, {"bob": CRITICAL, "eve": CRITICAL})


def zeros_of(facts: SessionFacts) -> tuple[str, ...]:
    """Of every second session of two checklists a critical criterion got zero."""
    is_zero = (
        facts.checklist_id in TARGETS.critical and facts.status == "PASSED" and int(facts.key.session_id[-1], 16) % 2
    )
    return (COLD,) if is_zero else ()


def many_sessions() -> Iterator[SessionFacts]:
    """Every status with every score, spread over people, checklists and times."""
    people, times = itertools.cycle(IDS), itertools.cycle(TIMES)
    observers, checklists = itertools.cycle(IDS[:5]), itertools.cycle(IDS[:4])
    statuses = ("PASSED", "PASSED", "FAILED", "NOT_STARTED", "IN_PROGRESS", "LOST")
    scores = (None, 0.0, 39.999, 40.0, 79.95, 80.0, 80.4, 100.0)
    for number, (status, score, _) in enumerate(itertools.product(statuses, scores, range(5))):
        yield SessionFacts(
            key=SessionKey(session_id(number), next(people)),
            checklist_id=next(checklists),
            checklist_title="any",
            observer_id=next(observers),
            status=status,
            scheduled=Moment("", next(times)),
            finished=Moment("", next(times)) if number % 3 else Moment(),
            result=score,
        )


MANY = tuple(many_sessions())
LEFT_OUT = Filter(
    (
        Condition(COLUMNS["employee"], frozenset({MANY[0].key.employee_id}), negated=True),
        Condition(COLUMNS["observer"], frozenset({MANY[1].observer_id}), negated=True),
    )
)
CRITICAL_ONLY = Filter((Condition(COLUMNS["outcome"], frozenset({OutcomeKind.CRITICAL})),))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("library") / "spotter.db"
    database = open_store(path, now=NOON)

    def fill(tx: Tx) -> None:
        tx.listings.write_baseline([(facts, fingerprint(facts)) for facts in MANY], TARGETS, NOON)
        tx.listings.finish_baseline(b"", NOON)
        for facts in MANY:
            session = tx.sessions.get(facts.key)
            assert session is not None
            if zeros_of(facts) and (change := check_criteria(session, ZERO, now=NOON)):
                tx.sessions.save_verdict(change)

    database._write_now(fill)
    yield database
    database.close()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters, scope=reaches)
@example(wanted=Filter(), scope=EVERYTHING)
@example(wanted=only("happened", Range(low=NOON + timedelta(microseconds=1))), scope=EVERYTHING)
@example(wanted=only("happened", Range(low=NOON - timedelta(microseconds=1), low_included=False)), scope=EVERYTHING)
@example(wanted=only("happened", Range(high=NOON + timedelta(microseconds=1))), scope=EVERYTHING)
@example(wanted=only("happened", Range(high=NOON, high_included=False)), scope=EVERYTHING)
@example(wanted=only("happened", Range(low=NOON), negated=True), scope=EVERYTHING)
@example(wanted=only("score"), scope=EVERYTHING)
@example(wanted=only("score", Range(), negated=True), scope=EVERYTHING)
@example(wanted=only("score", Range(high=40.0), negated=True), scope=EVERYTHING)
@example(wanted=LEFT_OUT, scope=EVERYTHING)
def test_sql_finds_exactly_what_python_matches(library: Store, wanted: Filter, scope: AccessScope) -> None:
    def in_sql(tx: Tx) -> set[SessionKey]:
        where = matching(wanted, listed_within(scope))
        found = tx.search.rows(Query(), where, 1_000)
        counted = {(one.outcome, one.score): one.count for one in tx.reports.outcome_counts(where)}
        judged = (judge(one.facts, TARGETS.of(one.facts.checklist_id), zeros_of(one.facts)) for one in found)
        assert counted == Counter((one.kind, one.score) for one in judged)
        return {session.key for session in found}

    def in_python() -> set[SessionKey]:
        found = set()
        for facts in MANY:
            outcome = judge(facts, TARGETS.of(facts.checklist_id), zeros_of(facts))
            if scope.covers(facts) and matches(wanted, facts, outcome):
                found.add(facts.key)
        return found

    assert library._write_now(in_sql) == in_python()


def test_critical_sessions_are_among_what_sql_and_python_compare(library: Store) -> None:
    found = library._write_now(
        lambda tx: tx.search.rows(parse("outcome:critical"), matching(CRITICAL_ONLY, Where.unscoped("a test")), 99)
    )
    assert {session.key for session in found} == {facts.key for facts in MANY if zeros_of(facts)} != set()


def test_every_key_has_a_column_that_sql_knows() -> None:
    assert {spec.column.name for spec in KEYS.values() if spec.column} == set(COLUMNS_IN_SQL) == set(ACCEPTED)

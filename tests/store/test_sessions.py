"""What is remembered of a session."""

from datetime import timedelta
from functools import partial

import pytest

from bot.domain.changes import remember
from bot.domain.model import (
    AreaResult,
    ChangeKind,
    CriterionResult,
    Details,
    DetailsState,
    Moment,
    OutcomeKind,
    SessionFacts,
    SessionKey,
    Targets,
)
from bot.domain.notifications import Notification, NotificationKind
from bot.domain.permissions import EVERYTHING, NOTHING, AccessScope
from bot.domain.polling import PollReport
from bot.store.database import Store, Tx
from bot.store.details import TRIES
from tests.store.given import (
    NOON,
    ROOM,
    TARGETS,
    a_notice,
    a_session,
    baseline,
    enqueue,
    minutes,
    planned,
    see,
    session_id,
    stored,
)

DETAILS = Details(
    (AreaResult("a1", "Hygiene", 50.0, 1.0, 2.0),),
    (CriterionResult("c1", "Washes hands", "a1", False, 1.0, 2.0), CriterionResult("c2", "Gloves", "a1", True)),
)


async def test_every_field_comes_back_as_it_went_in(db: Store) -> None:
    facts = SessionFacts(
        key=SessionKey(session_id(7), "eve"),
        checklist_id="opening",
        checklist_title="Opening – «früh»",
        observer_id="ana",
        status="PASSED",
        scheduled=Moment("soon"),
        started=Moment("23-11-2026, 10:00:00", NOON - timedelta(hours=2)),
        finished=Moment("23-11-2026, 12:00:00", NOON),
        result=66.67,
        points=2.5,
        total_points=3.75,
    )
    await db.transact(lambda tx: baseline(tx, facts))
    assert await db.read(lambda tx: stored(tx, facts.key)) == remember(facts, now=NOON, targets=TARGETS)


@pytest.mark.parametrize("status", ["PASSED", "FAILED", "NOT_STARTED", "IN_PROGRESS", "LOST"])
@pytest.mark.parametrize("result", [None, 40.0, 90.0])
async def test_a_baseline_stores_what_the_first_sight_of_a_session_means(
    db: Store, status: str, result: float | None
) -> None:
    facts = a_session(1)._replace(status=status, result=result)
    await db.transact(lambda tx: baseline(tx, facts))
    assert await db.read(lambda tx: stored(tx, facts.key)) == remember(facts, now=NOON, targets=TARGETS)


async def test_a_saved_change_raises_the_version_and_leaves_a_line_of_history(db: Store) -> None:
    def story(tx: Tx) -> None:
        tx.targets.set(None, 80.0, "U1", NOON)
        see(tx, planned(1))
        see(tx, a_session(1, result=90.0), NOON + minutes(1))
        see(tx, a_session(1, result=40.0), NOON + minutes(2))

    await db.transact(story)
    record = await db.read(lambda tx: tx.sessions.record(a_session(1).key))
    assert record is not None
    assert record.session.version == 3
    assert [(entry.kind, entry.new.kind) for entry in record.history] == [
        (ChangeKind.APPEARED, OutcomeKind.PLANNED),
        (ChangeKind.COMPLETED, OutcomeKind.MET),
        (ChangeKind.CORRECTED, OutcomeKind.BELOW),
    ]
    assert record.history[2].old == record.history[1].new
    assert record.session.completed_as is OutcomeKind.BELOW


async def test_a_change_that_leaves_the_result_leaves_no_line_of_history(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, a_session(1))
        see(tx, a_session(1, observer="bob"))

    await db.transact(story)
    record = await db.read(lambda tx: tx.sessions.record(a_session(1).key))
    assert record is not None
    assert (record.session.version, len(record.history)) == (2, 1)


async def test_the_previous_session_is_the_last_completed_one_on_the_same_checklist(db: Store) -> None:
    earlier, earliest = a_session(2, finished=NOON - minutes(60)), a_session(3, finished=NOON - minutes(600))
    others = [
        a_session(4, finished=NOON - minutes(5), checklist="closing"),
        a_session(5, finished=NOON - minutes(5), employee="tom"),
        a_session(6, finished=NOON + minutes(5)),
        planned(7),
    ]
    await db.transact(lambda tx: baseline(tx, a_session(1), earlier, earliest, *others))
    record = await db.read(lambda tx: tx.sessions.record(a_session(1).key))
    assert record is not None
    assert record.previous is not None
    assert record.previous.key == earlier.key


async def test_nothing_is_known_of_a_session_nobody_listed(db: Store) -> None:
    key = SessionKey("nobody", "no")
    assert await db.read(lambda tx: (tx.sessions.get(key), tx.sessions.record(key))) == (None, None)


# ---- criteria ------------------------------------------------------------------------------------------------------


async def test_the_criteria_of_a_completed_session_are_pending_until_they_come(db: Store) -> None:
    key = a_session(1).key
    await db.transact(lambda tx: see(tx, a_session(1)))
    since = NOON - minutes(5)
    assert await db.read(lambda tx: tx.details.pending(since, NOON, 5)) == [key]
    await db.transact(lambda tx: tx.details.save(key, DETAILS, NOON))
    record = await db.read(lambda tx: tx.sessions.record(key))
    assert record is not None
    assert (record.details, record.session.details, record.session.version) == (DETAILS, DetailsState.FETCHED, 2)
    assert await db.read(lambda tx: tx.details.pending(since, NOON, 5)) == []


async def test_a_correction_needs_the_criteria_again_and_keeps_the_old_ones_meanwhile(db: Store) -> None:
    def story(tx: Tx) -> None:
        see(tx, a_session(1))
        tx.details.save(a_session(1).key, DETAILS, NOON)
        see(tx, a_session(1, result=10.0))

    await db.transact(story)
    record = await db.read(lambda tx: tx.sessions.record(a_session(1).key))
    assert record is not None
    assert (record.session.details, record.details) == (DetailsState.PENDING_FETCH, DETAILS)


async def test_criteria_are_fetched_newest_first_and_only_of_what_was_completed_since(db: Store) -> None:
    old, new, ancient = (
        a_session(1, finished=NOON - minutes(9)),
        a_session(2),
        a_session(3, finished=NOON - minutes(99)),
    )
    undated = a_session(4, finished=None)
    await db.transact(lambda tx: baseline(tx, old, new, ancient, planned(5), undated, now=NOON + minutes(1)))
    queued = await db.read(lambda tx: tx.details.pending(NOON - minutes(10), NOON, 9))
    assert queued == [undated.key, new.key, old.key]


async def test_criteria_of_which_somebody_is_notified_come_first_however_old_the_session(db: Store) -> None:
    """Told by a card, sent or owed; or because somebody looked. What is only counted shows no criteria."""
    carded, shown, counted, recent = (
        a_session(number, finished=NOON - minutes(age)) for number, age in ((1, 900), (2, 800), (3, 700), (4, 1))
    )

    def story(tx: Tx) -> None:
        baseline(tx, carded, shown, counted, recent)
        enqueue(tx, carded)
        tx.details.prioritise([shown.key])
        summary = Notification(kind=NotificationKind.COUNTED, destination=ROOM, subject="counted", reason="old")
        tx.summaries.add(summary, [a_notice(counted)], NOON)

    await db.transact(story)
    queued = await db.read(lambda tx: tx.details.pending(NOON - minutes(10), NOON, 9))
    assert queued == [shown.key, carded.key, recent.key]
    assert await db.read(lambda tx: tx.details.pending(NOON - minutes(10), NOON, 1)) == [shown.key]


async def test_promised_criteria_are_found_by_an_index_however_many_are_pending(db: Store) -> None:
    many = [a_session(number, finished=NOON - timedelta(days=200, minutes=number)) for number in range(300)]
    await db.transact(lambda tx: baseline(tx, *many))
    asked: list[str] = []

    def read_back(tx: Tx) -> None:
        db._writer.set_trace_callback(asked.append)
        tx.details.pending(NOON - timedelta(days=90), NOON, 50)
        db._writer.set_trace_callback(None)

    def plan(tx: Tx, sql: str) -> str:
        return " ".join(row["detail"] for row in db._writer.execute(f"EXPLAIN QUERY PLAN {sql}"))

    await db.transact(read_back)
    plans = [await db.transact(partial(plan, sql=sql)) for sql in asked]
    assert ["sessions_details_prioritised" in one for one in plans] == [True, False], plans
    assert ["sessions_details_owed" in one for one in plans] == [False, True], plans
    assert not [one for one in plans if "TEMP B-TREE" in one]


async def test_a_fetch_in_vain_is_not_repeated_at_once_and_not_for_ever(db: Store) -> None:
    key = a_session(1).key
    await db.transact(lambda tx: see(tx, a_session(1)))
    await db.transact(lambda tx: tx.details.record_miss(key, NOON))
    since = NOON - minutes(5)
    assert await db.read(lambda tx: tx.details.pending(since, NOON, 5)) == []
    assert await db.read(lambda tx: tx.details.pending(since, NOON + minutes(1), 5)) == [key]
    for _ in range(TRIES - 1):
        await db.transact(lambda tx: tx.details.record_miss(key, NOON))
    assert (await db.read(lambda tx: stored(tx, key))).details is DetailsState.UNAVAILABLE
    await db.transact(lambda tx: see(tx, a_session(1, result=50.0)))
    assert await db.read(lambda tx: tx.details.pending(since, NOON, 5)) == [key]


async def test_acknowledging_counts_once_a_person(db: Store) -> None:
    key = a_session(1).key
    await db.transact(lambda tx: see(tx, a_session(1)))

    def acknowledged(tx: Tx) -> list[bool]:
        return [tx.sessions.acknowledge(key, who, NOON) for who in ("U1", "U1", "U2")]

    answers = await db.transact(acknowledged)
    record = await db.read(lambda tx: tx.sessions.record(key))
    assert answers == [True, False, True]
    assert record is not None
    assert ([a.slack_user_id for a in record.acknowledgements], record.session.version) == (["U1", "U2"], 3)


async def test_criteria_of_a_session_nobody_listed_are_let_go(db: Store) -> None:
    await db.transact(lambda tx: tx.details.save(SessionKey("no", "no"), DETAILS, NOON))
    await db.transact(lambda tx: see(tx, a_session(1)))
    record = await db.read(lambda tx: tx.sessions.record(a_session(1).key))
    assert record is not None
    assert record.details is None


async def test_nobody_can_acknowledge_what_is_not_there(db: Store) -> None:
    assert not await db.transact(lambda tx: tx.sessions.acknowledge(SessionKey("no", "no"), "U1", NOON))


# ---- ids -----------------------------------------------------------------------------------------------------------


def with_id(ident: str, employee: str = "eve") -> SessionFacts:
    return SessionFacts(
        key=SessionKey(ident, employee), checklist_id="c", checklist_title="C", observer_id="ana", status="NOT_STARTED"
    )


A = "1f2e3d4c-aaaa-4000-8000-000000000000"
B = "1f2e3d4c-aabb-4000-8000-000000000000"
C = "2f2e3d4c-aabb-4000-8000-000000000000"


async def test_a_short_id_is_as_long_as_it_must_be(db: Store) -> None:
    await db.transact(lambda tx: baseline(tx, with_id(A), with_id(B), with_id(C), with_id(C, "tom"), with_id("odd-1")))
    ids = await db.read(lambda tx: [tx.search.short_id(SessionKey(each, "eve")) for each in (A, B, C, "odd-1")])
    assert ids == ["1f2e3d4caaa", "1f2e3d4caab", "2f2e3d4c", "odd-1"]


async def test_a_short_id_is_only_as_long_as_it_must_be_within_a_reach(db: Store) -> None:
    await db.transact(lambda tx: baseline(tx, with_id(A), with_id(B, "tom"), with_id(C)))

    async def shown(*employees: str) -> tuple[str, int]:
        """Its short id within a scope, and how many sessions that means there."""
        scope = AccessScope(employees=frozenset(employees))
        short = await db.read(lambda tx: tx.search.short_id(SessionKey(A, "eve"), scope))
        return short, len(await db.read(lambda tx: tx.search.starting_with(short, scope)))

    assert await shown("eve") == ("1f2e3d4c", 1)
    assert await shown("eve", "tom") == ("1f2e3d4caaa", 1)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1f2e3d4c", [A, B]),
        ("1F2E3D4CAAB", [B]),
        ("1f2e3d4c-aab", [B]),
        (A, [A]),
        ("odd", ["odd-1"]),
        ("ffff", []),
        ("", []),
        ("%", []),
        (" 2f ", [C, C]),
    ],
)
async def test_a_session_is_found_by_the_beginning_of_its_id(db: Store, typed: str, found: list[str]) -> None:
    await db.transact(lambda tx: baseline(tx, with_id(A), with_id(B), with_id(C), with_id(C, "tom"), with_id("odd-1")))
    sessions = await db.read(lambda tx: tx.search.starting_with(typed, EVERYTHING))
    assert [session.key.session_id for session in sessions] == found


async def test_a_session_is_found_only_by_who_may_see_it(db: Store) -> None:
    await db.transact(lambda tx: baseline(tx, with_id(C), with_id(C, "tom")))
    of_tom = await db.read(lambda tx: tx.search.starting_with("2f", AccessScope(person_id="tom")))
    of_nobody = await db.read(lambda tx: tx.search.starting_with("2f", NOTHING))
    assert ([session.key.employee_id for session in of_tom], of_nobody) == (["tom"], [])


# ---- lists ---------------------------------------------------------------------------------------------------------


async def test_to_do_is_what_an_observer_has_not_finished(db: Store) -> None:
    mine = planned(1)
    await db.transact(lambda tx: baseline(tx, mine, planned(2, observer="bob"), a_session(3), planned(4)))
    await db.transact(lambda tx: tx.listings.mark_missing([planned(4).key], NOON))
    sessions = await db.read(lambda tx: tx.search.to_do("ana", 9))
    assert [session.key for session in sessions] == [mine.key]


async def test_checklists_are_named_as_last_seen_and_only_within_reach(db: Store) -> None:
    await db.transact(
        lambda tx: baseline(tx, a_session(1), a_session(2, employee="tom"), a_session(3, checklist="zoo"))
    )
    assert await db.read(lambda tx: tx.search.checklist_titles(EVERYTHING)) == {"opening": "Opening", "zoo": "Zoo"}
    assert await db.read(lambda tx: tx.search.checklist_titles(AccessScope(person_id="tom"))) == {"opening": "Opening"}


# ---- targets and polls ---------------------------------------------------------------------------------------------


async def test_what_is_set_from_slack_wins_over_the_initial_target(db: Store) -> None:
    async def targets() -> Targets:
        return await db.read(lambda tx: tx.targets.current())

    assert await targets() == Targets()
    await db.transact(lambda tx: tx.targets.set_initial(70.0))
    assert await targets() == Targets(70.0)
    await db.transact(lambda tx: tx.targets.set("opening", 90.0, "U1", NOON))
    await db.transact(lambda tx: tx.targets.set(None, 80.0, "U1", NOON))
    await db.transact(lambda tx: tx.targets.set_initial(60.0))
    assert await targets() == Targets(80.0, {"opening": 90.0})
    await db.transact(lambda tx: tx.targets.set("opening", None, "U1", NOON))
    await db.transact(lambda tx: tx.targets.set(None, None, "U1", NOON))
    assert await targets() == Targets(None)


async def test_a_new_status_is_new_once(db: Store) -> None:
    answers = [await db.transact(lambda tx: tx.polls.is_new_status("LOST")) for _ in range(2)]
    assert answers == [True, False]


async def test_a_failed_poll_does_not_count_as_good(db: Store) -> None:
    good = PollReport(started_at=NOON, ended_at=NOON + minutes(1), listed=5, changed=2)
    bad = PollReport(started_at=NOON + minutes(2), ended_at=NOON + minutes(3), error="iSpring does not answer")
    await db.transact(lambda tx: tx.polls.record(good))
    await db.transact(lambda tx: tx.polls.record(bad))
    state = await db.read(lambda tx: tx.polls.state())
    assert (state.last, state.last_good_at) == (bad, good.ended_at)

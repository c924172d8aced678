"""What incremental polling asks the database, at each answer of each poll."""

from datetime import timedelta
from functools import partial

from bot.store.database import Store, Tx
from tests.store.given import NOON, a_session, baseline


async def test_which_open_sessions_were_lacking_is_found_without_reading_the_others(db: Store) -> None:
    sessions = [a_session(number, status="IN_PROGRESS") for number in range(300)]
    keys = [one.key for one in sessions]
    await db.transact(lambda tx: baseline(tx, *sessions))
    asked: list[str] = []

    def lack_and_find(tx: Tx) -> None:
        db._writer.set_trace_callback(asked.append)
        tx.polling.note_absent(keys[:2], NOON)
        assert set(tx.polling.absent(keys)) == set(keys[:2])
        db._writer.set_trace_callback(None)

    def plan(tx: Tx, sql: str) -> str:
        return " ".join(row["detail"] for row in db._writer.execute(f"EXPLAIN QUERY PLAN {sql}"))

    await db.transact(lack_and_find)
    plans = [await db.transact(partial(plan, sql=sql)) for sql in asked]
    assert len(plans) > 2
    assert not [one for one in plans if "SCAN sessions" in one], plans


async def test_one_that_two_answers_lacked_is_missing_unless_one_between_had_it(db: Store) -> None:
    gone, back = (a_session(number, status="IN_PROGRESS") for number in (1, 2))
    await db.transact(lambda tx: baseline(tx, gone, back))

    def story(tx: Tx) -> None:
        assert tx.polling.note_absent([gone.key, back.key], NOON) == []
        assert tx.polling.note_present([back.key]) == [back.key]
        assert tx.polling.note_absent([gone.key, back.key], NOON + timedelta(minutes=1)) == [gone.key]

    await db.transact(story)

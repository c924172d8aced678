"""Work after the acknowledgement is bounded in number and in time, and none outlives its owner."""

import asyncio
from collections import Counter

import pytest

from bot.slack.task_pool import MOST_AT_ONCE, MOST_OF_ONE_USER, MOST_WAITING, TaskPool, TaskPoolFull

pytestmark = pytest.mark.virtual_time


class Failures:
    """Notes what the pool reports."""

    def __init__(self) -> None:
        self.problems: list[Exception] = []

    async def __call__(self, problem: Exception) -> None:
        self.problems.append(problem)


async def test_more_work_than_fits_waits_and_beyond_that_people_are_asked_to_come_back() -> None:
    gate, failures, running, most = asyncio.Event(), Failures(), 0, 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1

    async with TaskPool() as task_pool:
        for _ in range(MOST_WAITING + 3):
            task_pool.start("work", work, failures)
        while len(failures.problems) < 3:
            await asyncio.sleep(0)
        assert most == MOST_AT_ONCE
        gate.set()
    assert running == 0
    assert [type(problem) for problem in failures.problems] == [TaskPoolFull] * 3


async def test_nobody_alone_keeps_the_others_waiting() -> None:
    gate, running = asyncio.Event(), Counter[str]()

    async def work(who: str) -> None:
        running[who] += 1
        await gate.wait()

    async with TaskPool() as task_pool:
        for _ in range(2 * MOST_AT_ONCE):
            task_pool.start("press", lambda: work("ana"), Failures(), "U0ANA")
        task_pool.start("press", lambda: work("ben"), Failures(), "U0BEN")
        while not running["ben"]:
            await asyncio.sleep(0)
        assert running["ana"] == MOST_OF_ONE_USER
        gate.set()
    assert running == {"ana": 2 * MOST_AT_ONCE, "ben": 1}, "and nothing was lost"


async def test_work_that_lasts_too_long_is_ended_and_told() -> None:
    failures = Failures()
    async with TaskPool(timeout=0.05) as task_pool:
        task_pool.start("work", asyncio.Event().wait, failures)  # type: ignore[arg-type]  # it never answers
        while not failures.problems:
            await asyncio.sleep(0.01)
    assert [type(problem) for problem in failures.problems] == [TimeoutError]


async def test_leaving_ends_what_does_not_end_by_itself() -> None:
    was_cancelled = False

    async def endless() -> None:
        nonlocal was_cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            was_cancelled = True
            raise

    async with TaskPool(shutdown_grace=0.05) as task_pool:
        task_pool.start("work", endless, Failures())
    assert was_cancelled
    task_pool.start("late", endless, Failures())  # the pool is closed: nothing starts, nothing breaks

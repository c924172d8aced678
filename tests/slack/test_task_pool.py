"""Work after the acknowledgement is bounded in number and in time, and none outlives its owner."""

import asyncio
from collections import Counter

import pytest

from bot.domain.model import Message
from bot.slack.task_pool import MOST_AT_ONCE, MOST_IN_LINE, MOST_OF_ONE, TaskPool

pytestmark = pytest.mark.virtual_time


class NotificationStatus:
    """Notes what a person was told. Fulfils `core.ports.Reply`."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        self.texts.append(message.text)
        return True


async def test_more_work_than_fits_waits_and_beyond_that_people_are_asked_to_come_back() -> None:
    gate, notified, running, most = asyncio.Event(), NotificationStatus(), 0, 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1

    async with TaskPool() as task_pool:
        for _ in range(MOST_IN_LINE + 3):
            task_pool.start("work", work, notified)
        while len(notified.texts) < 3:
            await asyncio.sleep(0)
        assert most == MOST_AT_ONCE
        gate.set()
    assert running == 0
    assert len(notified.texts) == 3 and all("in a minute" in text for text in notified.texts)


async def test_nobody_alone_keeps_the_others_waiting() -> None:
    gate, running = asyncio.Event(), Counter[str]()

    async def work(who: str) -> None:
        running[who] += 1
        await gate.wait()

    async with TaskPool() as task_pool:
        for _ in range(2 * MOST_AT_ONCE):
            task_pool.start("press", lambda: work("ana"), None, "U0ANA")
        task_pool.start("press", lambda: work("ben"), None, "U0BEN")
        while not running["ben"]:
            await asyncio.sleep(0)
        assert running["ana"] == MOST_OF_ONE
        gate.set()
    assert running == {"ana": 2 * MOST_AT_ONCE, "ben": 1}, "and nothing was lost"


async def test_work_that_lasts_too_long_is_ended_and_told() -> None:
    notified = NotificationStatus()
    async with TaskPool(timeout=0.05) as task_pool:
        task_pool.start("work", asyncio.Event().wait, notified)  # type: ignore[arg-type]  # it never answers
        while not notified.texts:
            await asyncio.sleep(0.01)
    assert "Reference" in notified.texts[0]


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
        task_pool.start("work", endless, None)
    assert was_cancelled
    task_pool.start("late", endless, None)  # nobody is there any more: nothing starts, nothing breaks

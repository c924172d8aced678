"""Work that goes on after an acknowledgement: bounded in number and time, and none of it outlives the pool."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self
from weakref import WeakValueDictionary

import structlog

from bot.domain.errors import SpotterError

MOST_AT_ONCE = 40
MOST_OF_ONE_USER = 10  # so that one user does not delay the others
MOST_WAITING = 400
TIMEOUT = 30.0  # seconds for one piece of work
SHUTDOWN_GRACE = 5.0  # seconds that running work is given at the end

Work = Callable[[], Coroutine[Any, Any, None]]
Failed = Callable[[Exception], Coroutine[Any, Any, None]]

log = structlog.get_logger(__name__)


class TaskPoolFull(SpotterError):
    """More work is waiting than the pool takes."""


class TaskPool:
    """Runs each piece of work as a task. Leaving it waits for `shutdown_grace`, then cancels what still runs."""

    def __init__(self, timeout: float = TIMEOUT, shutdown_grace: float = SHUTDOWN_GRACE) -> None:
        self._timeout = timeout
        self._shutdown_grace = shutdown_grace
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._group: asyncio.TaskGroup | None = None
        self._slots_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # users with work
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        if group is None:
            return
        if kind is None and self._running:
            await asyncio.wait(self._running, timeout=self._shutdown_grace)
        for task in self._running:
            task.cancel()
        await group.__aexit__(kind, problem, trace)

    def start(
        self,
        name: str,
        work: Work,
        failed: Failed,
        user_id: str = "",
    ) -> None:
        """Starts a piece of a user's work, "" for Slack's own. Never raises.

        `failed` is called with any exception of `work`, with TimeoutError if it takes too long, with TaskPoolFull if
        too much is waiting.
        """
        if self._group is None:
            log.warning("request.dropped", what=name, reason="shutting down")
            return
        if len(self._running) >= MOST_WAITING:
            log.warning("request.dropped", what=name, reason="too many", waiting=len(self._running))
            task = self._group.create_task(failed(TaskPoolFull()), name=name)
        else:
            limit = MOST_OF_ONE_USER if user_id else MOST_AT_ONCE
            slots = self._slots_of.setdefault(user_id, asyncio.Semaphore(limit))
            task = self._group.create_task(self._run(work, failed, slots), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(
        self,
        work: Work,
        failed: Failed,
        slots: asyncio.Semaphore,
    ) -> None:
        async with slots, self._slots:
            try:
                async with asyncio.timeout(self._timeout):
                    await work()
            except Exception as problem:  # one user's request may fail in any way and must not end the others
                await failed(problem)

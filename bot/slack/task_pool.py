"""The work that goes on after Slack was told "arrived": bounded in number and time, none outlives its owner."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self
from weakref import WeakValueDictionary

import structlog

from bot.domain.errors import MessengerError, NotAllowed, QueryError, StoreBusy
from bot.domain.model import Message
from bot.domain.ports import Reply

MOST_AT_ONCE = 40
MOST_OF_ONE = 10  # of one person: the others' requests find a place beside them
MOST_IN_LINE = 400
TIMEOUT = 30.0  # seconds for one piece of work
SHUTDOWN_GRACE = 5.0  # seconds that running work is given at the end

log = structlog.get_logger(__name__)


class TaskPool:
    """Runs pieces of work in tasks of its own. Leaving it waits a little, then cancels what is still running."""

    def __init__(self, timeout: float = TIMEOUT, shutdown_grace: float = SHUTDOWN_GRACE) -> None:
        self._timeout = timeout
        self._shutdown_grace = shutdown_grace
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._group: asyncio.TaskGroup | None = None
        self._places_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # while they have any work
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
        self, name: str, work: Callable[[], Coroutine[Any, Any, None]], reply: Reply | None, who: str = ""
    ) -> None:
        """Starts a piece of somebody's work (`who`, "" for Slack's own); what goes wrong in it is told through `reply`
        and logged. Never raises."""
        if self._group is None:
            log.warning("request.too_late", what=name)
            return
        crowded = len(self._running) >= MOST_IN_LINE
        job = self._excuse(reply) if crowded else self._guarded(name, work, reply, self._theirs(who))
        if crowded:
            log.warning("request.refused", what=name, waiting=len(self._running))
        task = self._group.create_task(job, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _theirs(self, who: str) -> asyncio.Semaphore:
        return self._places_of.setdefault(who, asyncio.Semaphore(MOST_OF_ONE if who else MOST_AT_ONCE))

    async def _guarded(
        self, name: str, work: Callable[[], Awaitable[None]], reply: Reply | None, theirs: asyncio.Semaphore
    ) -> None:
        async with theirs, self._places:
            try:
                async with asyncio.timeout(self._timeout):
                    await work()
            except Exception as problem:  # one person's request may fail in any way and must not end the others
                await report(problem, name, reply)

    async def _excuse(self, reply: Reply | None) -> None:
        if reply is not None:
            await reply(Message("Spotter has too much to do just now. Please try again in a minute."))


async def report(problem: Exception, what: str, reply: Reply | None) -> None:
    """Says what went wrong to whoever asked, privately; the log gets the cause under the same reference."""
    words = sentence(problem, what)
    if reply is not None:
        await reply(Message(words))


def sentence(problem: Exception, what: str) -> str:
    """What a person is told about a problem; anything that is not their own doing is logged with a reference."""
    if isinstance(problem, NotAllowed):
        return f"Not shown: {problem}."
    if isinstance(problem, QueryError):
        tries = "".join(f"\n• `{text}`" for text in problem.suggestions[:3])
        return f"{problem}" + (f"\nDid you mean:{tries}" if tries else "")
    reference = secrets.token_hex(3)
    if isinstance(problem, (StoreBusy, MessengerError, TimeoutError)):
        log.warning("request.failed", what=what, reference=reference, reason=type(problem).__name__)
        return f"That did not work just now. Please try again in a minute. (Reference {reference})"
    log.error("request.broke", what=what, reference=reference, exc_info=problem)
    return (
        f"Something went wrong in Spotter; nothing of yours was changed half-way. Please try again, and if it happens "
        f"again, give your admin the reference {reference}: the log says more under it."
    )

"""An event loop whose time passes only while nothing else can happen, so that no test depends on the machine's speed.

A test module with `pytestmark = pytest.mark.virtual_time` runs on it. Each wait that goes through the loop (a sleep, a
time limit of asyncio, httpx or aiohttp) ends at once when the test, the client and the simulators all wait for time,
and never while one of them still works. Code that reads the system's own clock (Slack's Socket Mode client,
subprocesses) does not fit: its tests run on the usual loop.
"""

import asyncio
import os
import selectors
import socket
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

SETTLE = 0.002
"""Real seconds before a jump where the kernel can't be asked whether it handed on all bytes (`_Loopback`)."""


class _Loopback:
    """Waits until the kernel has handed on every byte that this thread wrote to a socket on loopback.

    Linux queues such packets per processor, in order, and a busy machine hands them on late. A datagram sent from each
    processor arrives after all packets that were queued there before it.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.connect(self._socket.getsockname())

    def drain(self) -> None:
        processors = os.sched_getaffinity(0)
        try:
            for one in processors:
                os.sched_setaffinity(0, {one})
                self._socket.send(b".")
        finally:
            os.sched_setaffinity(0, processors)
        for _ in processors:
            self._socket.recv(1)

    def close(self) -> None:
        self._socket.close()


class _JumpingSelector(selectors.DefaultSelector):
    """Moves the loop's time to its next timer instead of waiting for it."""

    def __init__(self, loop: "VirtualTimeLoop") -> None:
        super().__init__()
        self._loop = loop
        self._loopback = _Loopback() if hasattr(os, "sched_setaffinity") else None

    def close(self) -> None:
        super().close()
        if self._loopback is not None:
            self._loopback.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if timeout is None or self._loop.working:
            return super().select(None)
        if self._loopback is not None:
            if ready := super().select(0):  # without a move to each processor, which takes long on a busy machine
                return ready
            self._loopback.drain()
        ready = super().select(0 if self._loopback is not None else SETTLE)
        if not ready:
            self._loop.jump(timeout)
        return ready


class _Pool(Executor):
    """Hands work on to an executor, and keeps its future."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.future: Future[Any] | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.future = self._executor.submit(fn, *args, **kwargs)
        return self.future


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its time stands still while a callback runs, a socket is readable or a thread works, and jumps otherwise."""

    def __init__(self) -> None:
        self._now = 0.0
        self.working = 0  # pieces of work in threads whose end the loop has not seen
        super().__init__(_JumpingSelector(self))
        self._threads = ThreadPoolExecutor(thread_name_prefix="asyncio")
        self.set_default_executor(self._threads)

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds

    def run_in_executor(  # type: ignore[override]  # the types of the arguments do not matter here
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        pool = _Pool(executor or self._threads)
        waiting: asyncio.Future[Any] = super().run_in_executor(pool, func, *args)
        self.working += 1
        waiting.add_done_callback(lambda _: self._on_done(waiting, pool.future))
        return waiting

    def _on_done(self, waiting: asyncio.Future[Any], work: Future[Any] | None) -> None:
        if not waiting.cancelled() or work is None:
            self._ended()
        else:  # the thread may work on
            work.add_done_callback(self._end_from_thread)

    def _end_from_thread(self, _work: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self.call_soon_threadsafe(self._ended)

    def _ended(self) -> None:
        self.working -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Waits as long as it takes: the usual one waits in a thread of its own, that this loop does not count."""
        self._threads.shutdown()

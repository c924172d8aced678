"""Stopping: a signal sets the stop event, the parts end by themselves, and a timer ends the process if one does not.

Order: Slack's connection and the leader's jobs end first (their task group), then the HTTP server, then the clients and
the database close, and the leader's lock is released last.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog

from bot.domain.errors import SpotterError

STOP_LIMIT = 9.0  # seconds: platforms send SIGKILL ten after SIGTERM

T = TypeVar("T")

log = structlog.get_logger(__name__)


def stop_on_signals() -> asyncio.Event:
    """Returns an event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _begin_to_stop, stop)
    return stop


def _begin_to_stop(stop: asyncio.Event) -> None:
    """Asks every part to end, and ends the process if one does not.

    A thread in the middle of a large listing can't be interrupted. Leaving it costs nothing: its transaction is not
    committed, and deliveries that were being sent are read back at the next start, as after a power cut.
    """
    if stop.is_set():
        return
    stop.set()
    last_resort = threading.Timer(STOP_LIMIT, _exit_now)
    last_resort.daemon = True
    last_resort.start()


def _exit_now() -> None:
    log.warning("shutdown.forced", after_seconds=STOP_LIMIT)
    os._exit(0)


async def wait_for_stop(stop: asyncio.Event, seconds: float) -> bool:
    """Waits at most `seconds`; returns True if the process is to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


async def unless_stopped(stop: asyncio.Event, call: Coroutine[Any, Any, T]) -> T | None:
    """Returns the result of a call; None if the process is to stop before it is there."""
    calling, stopped = asyncio.ensure_future(call), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((calling, stopped), return_when=asyncio.FIRST_COMPLETED)
        return calling.result() if calling.done() else None
    finally:
        calling.cancel()
        stopped.cancel()
        await asyncio.gather(calling, stopped, return_exceptions=True)


@contextmanager
def first_error() -> Iterator[None]:
    """Raises the first SpotterError of an exception group instead of the group; a group without one is a bug and is
    raised whole."""
    try:
        yield
    except BaseExceptionGroup as group:
        ours, _ = group.split(SpotterError)
        leaf: BaseException | None = ours
        while isinstance(leaf, BaseExceptionGroup):
            leaf = leaf.exceptions[0]
        if leaf is None:
            raise
        raise leaf from None

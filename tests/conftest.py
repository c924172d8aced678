"""For every test: whatever is logged in this process tells of no secret and of nobody."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from structlog.typing import EventDict, WrappedLogger

from bot.app.logs import replace_exception
from tests.app.env import Env
from tests.app.env import env as open_env
from tests.leaks import leaks
from tests.virtual_time import VirtualTimeLoop

# The same examples in every run, and as much time for each as the machine takes.
settings.register_profile(
    "spotter",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("spotter")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keeps the garbage collector from what collecting makes: all of it stays to the end.

    To look through it took a third of the collection's time in every worker, and much of each test's later.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop of a test: one with virtual time where the test is marked so, else the usual one."""
    if item.get_closest_marker("virtual_time") is None:
        return {"usual": asyncio.new_event_loop}
    return {"virtual_time": VirtualTimeLoop}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than processors: the tests of whole processes and the storm mostly wait, for real seconds."""
    return (os.cpu_count() or 1) + 2


class _Kept(logging.Handler):
    """Keeps what the standard library's loggers say, as a bot in service would show it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        # Of an exception only what `replace_exception` would leave of it.
        self._lines.append(record.getMessage())


@pytest.fixture(autouse=True)
def nothing_secret_is_logged() -> Iterator[None]:
    """Fails a test whose logs hold an address, a token or a person's name, tracebacks included."""
    lines: list[str] = []

    def keep(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        lines.append(repr(replace_exception(_logger, _method, dict(event))))
        return event

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[keep, *before])
    handler = _Kept(lines)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        structlog.configure(processors=before)
    notified = leaks("\n".join(lines))
    assert not notified, f"the log tells {notified}"


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    """A company with both simulators and whole bot processes, for the few tests that need them."""
    async with open_env(tmp_path) as opened:
        yield opened

"""For every test: whatever is logged in this process tells of no secret and of nobody."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.typing import EventDict, WrappedLogger

from bot.app.logs import replace_exception
from tests.app.env import Env
from tests.app.env import env as open_env
from tests.leaks import leaks


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

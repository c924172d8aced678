"""Sets up logging: one event per line, as text or JSON, with ids instead of names.

Events are named `noun.verb` in the past tense, such as `poll.completed`.
"""

import logging
import re
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import structlog

# Below WARNING these libraries log what must not be kept: Bolt a request's body, httpx full addresses.
_ONLY_WARNINGS = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "aiohttp", "apscheduler", "asyncio")

SAME_LINE_EVERY = 60.0  # seconds

# Matches up to the first Python representation in a line of asyncio's: a callback's arguments, a task's result.
_WITHOUT_REPRS = re.compile(r"(?:[^\n<>{}\[\]()'\":=]|\(\))*")


def configure_logs(level: str, form: str) -> None:
    """Sets up structlog and the standard library's logging once, to standard error."""
    number = logging.getLevelNamesMapping()[level]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        replace_exception,
    ]
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if form != "json":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in _ONLY_WARNINGS:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    logging.getLogger("asyncio").filters[:] = [AsyncioLines()]


class AsyncioLines(logging.Filter):
    """Keeps only the sentence of asyncio's lines, and at most one line a minute of the same sentence.

    asyncio quotes callbacks with their arguments. When file descriptors run out, it logs each attempt to accept a
    connection, thousands of times a second, which would fill the disk.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._next: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        match = _WITHOUT_REPRS.match(record.getMessage())
        sentence = match[0].strip() if match else ""
        now = self._monotonic()
        if now < self._next.get(sentence, now):
            self._left_out[sentence] = self._left_out.get(sentence, 0) + 1
            return False
        self._next[sentence] = now + SAME_LINE_EVERY
        left_out = self._left_out.pop(sentence, 0)
        record.msg, record.args = sentence + (f" ({left_out} more like it before)" if left_out else ""), ()
        return True


def replace_exception(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """structlog processor: replaces `exc_info` by `exception`, the text of `type_and_lines`."""
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(error, BaseException):
        event["exception"] = type_and_lines(error)
    return event


def type_and_lines(error: BaseException) -> str:
    """Returns an exception's type and the lines it passed, and the same of its cause and its group's members.

    The message and all variables are left out: libraries quote names, addresses and tokens there.
    """
    lines = [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
    text = f"{type(error).__name__} at {', '.join(lines) or 'an unknown line'}"
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for one in (*members, *((cause,) if cause is not None else ())):
        text += f"; from {type_and_lines(one)}"
    return text

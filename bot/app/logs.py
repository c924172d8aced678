"""Sets up logging: one event per line, as text or JSON, with ids instead of names.

Events are named `noun.verb` in the past tense, such as `poll.completed`. A thread writes the lines: a reader of the log
that stays but stops reading would else stop the event loop, once the pipe to it is full.
"""

import atexit
import logging
import logging.handlers
import os
import re
import select
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Full, Queue

import structlog

# Below WARNING these libraries log what must not be kept: Bolt a request's body, httpx full addresses.
_ONLY_WARNINGS = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "aiohttp", "apscheduler", "asyncio")

SAME_LINE_EVERY = 60.0  # seconds
LINES_WAITING = 10_000  # that wait to be written; a line that comes then is dropped
WRITE_LIMIT = 2.0  # seconds in which the lines that wait are written at the end

# Matches up to the first Python representation in a line of asyncio's: a callback's arguments, a task's result.
_WITHOUT_REPRS = re.compile(r"(?:[^\n<>{}\[\]()'\":=]|\(\))*")


@contextmanager
def logging_to_stderr(level: str, form: str) -> Iterator[None]:
    """Logs within the context; at its end the lines that wait are written, before anything else is."""
    configure_logs(level, form)
    try:
        yield
    finally:
        write_waiting_lines()


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
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = QueuedLines(sys.stderr.fileno(), sys.stderr.encoding)
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


def write_waiting_lines(seconds: float = WRITE_LIMIT) -> None:
    """Waits until every line is written, at most `seconds`. Lines that nothing reads are dropped then, and with them
    what is printed to standard error afterwards: that would wait for the same reader."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, QueuedLines):
            handler.write_all(seconds)


class QueuedLines(logging.handlers.QueueHandler):
    """Lets a thread write each line to a file descriptor. Lines that find the queue full are dropped and counted."""

    def __init__(self, file: int, encoding: str, waiting: int = LINES_WAITING) -> None:
        self._lines: Queue[logging.LogRecord] = Queue(waiting)
        super().__init__(self._lines)
        self._file = file
        self._dropped = 0
        _Writer(self._lines, file, encoding).start()
        atexit.register(self.write_all, WRITE_LIMIT)

    def enqueue(self, record: logging.LogRecord) -> None:
        self._count_dropped()
        try:
            self._lines.put_nowait(record)
        except Full:
            self._dropped += 1

    def write_all(self, seconds: float) -> None:
        """As `write_waiting_lines`."""
        self.acquire()
        try:
            self._count_dropped()
        finally:
            self.release()
        deadline = time.monotonic() + seconds
        while self._lines.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.005)
        left = max(0.0, deadline - time.monotonic())
        with suppress(OSError):
            if self._lines.unfinished_tasks or not select.select([], [self._file], [], left)[1]:
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._file)

    def _count_dropped(self) -> None:
        """Logs how many lines were dropped, in the place where they are missing. Only the writer takes lines out, and
        the lock of this handler is held: where there is room for the line, it stays."""
        if self._dropped and not self._lines.full():
            dropped, self._dropped = self._dropped, 0
            structlog.get_logger(__name__).error("lines.dropped", lines=dropped)


class _Writer(logging.handlers.QueueListener):
    """Writes each line past Python's buffers: they would be locked while a reader does not read, and Python aborts if
    they are so at its end."""

    def __init__(self, lines: "Queue[logging.LogRecord]", file: int, encoding: str) -> None:
        super().__init__(lines)
        self._file = file
        self._encoding = encoding

    def handle(self, record: logging.LogRecord) -> None:
        unwritten = f"{record.getMessage()}\n".encode(self._encoding, errors="replace")
        with suppress(OSError):  # the reader has gone, or the disk is full: the line is lost
            while unwritten:
                try:
                    unwritten = unwritten[os.write(self._file, unwritten) :]
                except BlockingIOError:  # another process made the pipe non-blocking
                    select.select([], [self._file], [])


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

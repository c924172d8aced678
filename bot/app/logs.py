"""One event a line, in words or in JSON; ids, never names, and nothing the libraries would say of a request's body."""

import logging
import re
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import structlog

# Each of these logs more than we may keep: Bolt a request's body on a bad signature, httpx full addresses.
_TALKATIVE = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "aiohttp", "apscheduler", "asyncio")

SAME_LINE_EVERY = 60.0  # seconds

# Up to the first thing that asyncio shows as Python writes it: a callback with its arguments, a task with its result.
_WITHOUT_REPRS = re.compile(r"(?:[^\n<>{}\[\]()'\":=]|\(\))*")


def configure_logs(level: str, form: str) -> None:
    """Sets up structlog and the standard library's logging once, to standard error."""
    number = logging.getLevelNamesMapping()[level]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where_it_broke,
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
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    logging.getLogger("asyncio").filters[:] = [AsyncioLines()]


class AsyncioLines(logging.Filter):
    """Leaves of asyncio's lines the sentence, and of a sentence that repeats itself one line a minute.

    It quotes what broke and what it broke on; and once file descriptors run out it says so at each try to accept a
    connection, thousands of times a second, which would fill the disk as well.
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


def where_it_broke(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Puts an exception as its kind and the places it came through. Its words and any variable are left out: a library
    quotes there what it choked on, which may be a name, an address or a token."""
    render_metrics = event.pop("exc_info", None)
    if render_metrics is True:
        render_metrics = sys.exc_info()
    problem = render_metrics[1] if isinstance(render_metrics, tuple) else render_metrics
    if isinstance(problem, BaseException):
        event["broke"] = kind_and_places(problem)
    return event


def kind_and_places(problem: BaseException) -> str:
    """What kind of exception it is and the places it came through, and the same of those it came from."""
    places = [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in traceback.extract_tb(problem.__traceback__)]
    said = f"{type(problem).__name__} at {', '.join(places) or 'an unknown place'}"
    inner = problem.exceptions if isinstance(problem, BaseExceptionGroup) else ()
    before = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    for one in (*inner, *((before,) if before is not None else ())):
        said += f"; from {kind_and_places(one)}"
    return said

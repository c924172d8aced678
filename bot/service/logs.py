"""One event a line, in words or in JSON; ids, never names, and nothing the libraries would say of a request's body."""

import logging
import sys
import traceback
from pathlib import Path

import structlog

# Each of these logs more than we may keep: Bolt a request's body on a bad signature, httpx full addresses.
_TALKATIVE = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "aiohttp", "apscheduler", "asyncio")


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


def where_it_broke(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Puts an exception as its kind and the places it came through. Its words and any variable are left out: a library
    quotes there what it choked on, which may be a name, an address or a token."""
    told = event.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()
    problem = told[1] if isinstance(told, tuple) else told
    if isinstance(problem, BaseException):
        event["broke"] = _kind_and_places(problem)
    return event


def _kind_and_places(problem: BaseException) -> str:
    places = [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in traceback.extract_tb(problem.__traceback__)]
    said = f"{type(problem).__name__} at {', '.join(places) or 'an unknown place'}"
    inner = problem.exceptions if isinstance(problem, BaseExceptionGroup) else ()
    before = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    for one in (*inner, *((before,) if before is not None else ())):
        said += f"; from {_kind_and_places(one)}"
    return said

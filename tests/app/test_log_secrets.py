"""A logged exception holds neither its message nor a variable, in both formats."""

import json
import logging
import subprocess
import sys

import pytest

from bot.app.logs import SAME_LINE_EVERY, AsyncioLines
from tests.leaks import leaks

BREAKS = """
import logging, structlog
from bot.app.logs import configure_logs
configure_logs("INFO", "{form}")
def deep(name, token):
    raise KeyError(name)
def outer():
    employee, token = "Emma Employee", "xoxb-1234-secret"
    try:
        deep(employee, token)
    except KeyError as problem:
        raise ValueError(f"no {{employee}} with Bearer {{token}}") from problem
try:
    outer()
except ValueError as problem:
    structlog.get_logger("spotter").error("broke", exc_info=problem)
    logging.getLogger("asyncio").error("never retrieved", exc_info=problem)
    structlog.get_logger("spotter").error("several", exc_info=ExceptionGroup("Emma Employee", [problem]))
"""


@pytest.mark.promise("bug")
@pytest.mark.parametrize("form", ["json", "text"])
def test_a_logged_exception_has_its_lines_and_no_data(form: str) -> None:
    ran = subprocess.run([sys.executable, "-c", BREAKS.format(form=form)], capture_output=True, text=True, check=True)
    assert leaks(ran.stderr) == [] and "1234" not in ran.stderr, ran.stderr
    assert ran.stderr.count("ValueError at") == 3 and "KeyError at" in ran.stderr and "deep" in ran.stderr
    if form == "json":
        assert all(json.loads(line) for line in ran.stderr.splitlines())


ASYNCIO = """
import asyncio, gc
from bot.app.logs import configure_logs
configure_logs("INFO", "{form}")
async def unawaited(name):
    raise ValueError(f"no {{name}}")
def broken(name, token):
    raise ValueError(f"no {{name}} with {{token}}")
async def main():
    task = asyncio.create_task(unawaited("Emma Employee"), name="Emma Employee")
    await asyncio.sleep(0.01)
    del task
    gc.collect()
    loop = asyncio.get_running_loop()
    loop.call_soon(broken, "Emma Employee", "xoxb-1234-secret")
    loop.call_exception_handler({{"message": "never said before", "of": "Emma Employee"}})
    await asyncio.sleep(0.01)
asyncio.run(main())
"""


@pytest.mark.promise("bug")
@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_of_asyncio_keeps_its_sentence_without_values(form: str) -> None:
    ran = subprocess.run([sys.executable, "-c", ASYNCIO.format(form=form)], capture_output=True, text=True, check=True)
    assert leaks(ran.stderr, ["Emma", "1234"]) == [], ran.stderr
    for said in ("Task exception was never retrieved", "Exception in callback broken", "never said before"):
        assert said in ran.stderr, ran.stderr
    assert ran.stderr.count("ValueError at") == 2, ran.stderr


def line(said: str, *given: object) -> logging.LogRecord:
    return logging.LogRecord("asyncio", logging.ERROR, "selector_events.py", 1, said, given, None)


@pytest.mark.promise("descriptors")
def test_a_sentence_of_asyncio_is_logged_once_a_minute_with_its_count() -> None:
    now = 0.0
    lines = AsyncioLines(lambda: now)
    first = line("socket.accept() out of system resource\nsocket: %r", "<socket fd=7>")
    assert lines.filter(first)
    assert first.getMessage() == "socket.accept() out of system resource"
    assert not any(lines.filter(line(f"socket.accept() out of system resource\nsocket: {one}")) for one in range(1000))
    assert lines.filter(line("another sentence"))
    now += SAME_LINE_EVERY
    again = line("socket.accept() out of system resource\nsocket: 8")
    assert lines.filter(again)
    assert again.getMessage() == "socket.accept() out of system resource (1000 more like it before)"

"""What an exception quotes never reaches the log: not its words, not a variable, in neither form."""

import json
import subprocess
import sys

import pytest

from tests.secrecy import leaks

BREAKS = """
import logging, structlog
from bot.service.logs import configure_logs
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


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_log_says_where_it_broke_and_not_on_what(form: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BREAKS.format(form=form)], capture_output=True, text=True, check=True, timeout=60
    )
    assert leaks(ran.stderr) == [] and "1234" not in ran.stderr, ran.stderr
    assert ran.stderr.count("ValueError at") == 3 and "KeyError at" in ran.stderr and "deep" in ran.stderr
    if form == "json":
        assert all(json.loads(line) for line in ran.stderr.splitlines())

"""A reader of the log that stays but stops reading: the pipe is full, and nothing waits for it."""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bot.app.logs import LINES_WAITING
from tests.app.env import OPS, Env

PAGE = 4096


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe without room for one byte."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PAGE)
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * PAGE)
    os.set_blocking(writing, True)
    yield reading, writing
    os.close(reading)
    os.close(writing)


async def test_a_bot_whose_log_nobody_reads_polls_sends_and_ends(env: Env, full_pipe: tuple[int, int]) -> None:
    session = env.begin()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=env.folder,
        env=env.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=full_pipe[1],
        stderr=full_pipe[1],
    )
    try:
        async with asyncio.timeout(100):
            while not env.slack.sockets.connections or len(env.texts(OPS)) < 2:  # the first listing is stored
                assert process.returncode is None
                await asyncio.sleep(0.05)
            env.world.complete(session, percent=90)
            while not env.cards(session):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(100):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_mistake_that_ends_a_bot_whose_log_nobody_reads_does_not_keep_it(
    env: Env, full_pipe: tuple[int, int]
) -> None:
    (env.folder / "spotter.db").write_bytes(b"no database" * 1000)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "poll"), cwd=env.folder, env=env.environment(), stderr=full_pipe[1]
    )
    try:
        async with asyncio.timeout(100):
            assert await process.wait() == 1
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


TALKS = """
import os, sys
from pathlib import Path
import structlog
from bot.app.logs import LINES_WAITING, logging_to_stderr
from bot.cli.terminal import echo, prepare_streams
prepare_streams()
log = structlog.get_logger("bot.test")
with logging_to_stderr("INFO", "json"):
    for number in range(2 * LINES_WAITING):
        log.info("line.said", number=number)
    print("said", flush=True)
    sys.stdin.readline()
    for number in range(2):
        log.info("line.said", number=-1 - number)
    log.info("name.foreign", name="山")
echo("the end", err=True)
"""


def test_lines_that_do_not_fit_are_dropped_and_counted_and_the_others_are_written() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TALKS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert process.stdin and process.stdout and process.stderr
    assert process.stdout.readline() == b"said\n", "it did not wait for a reader"
    lines: list[bytes] = [process.stderr.readline() for _ in range(5000)]
    process.stdin.write(b"\n")
    process.stdin.close()
    lines += process.stderr.readlines()
    process.stdout.close()
    process.stderr.close()
    assert process.wait() == 0
    assert lines.pop() == b"the end\n"
    events = [json.loads(line) for line in lines]
    assert events[-1]["name"] == "山"
    last_said = [one["number"] for one in events if one["event"] == "line.said"][-2:]
    assert last_said == [-1, -2], "the reader reads again"
    number = dropped = 0
    for event in events[:-3]:  # in their order; a count of dropped lines is where they are missing
        if event["event"] == "lines.dropped":
            assert event["level"] == "error"
            dropped += event["lines"]
            number += event["lines"]
        else:
            assert event["number"] == number
            number += 1
    assert number == 2 * LINES_WAITING and dropped > 0

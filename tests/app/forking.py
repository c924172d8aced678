"""Starts `python -m bot` in a fork of a process that has imported the bot already.

What the child does is the same; it only imports nothing again. An import takes a second of processor time, and the
tests start some hundred processes.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import IO

REPOSITORY = Path(__file__).parents[2]
_MOST = 1 << 20  # bytes of a request


# ---- in the tests ------------------------------------------------------------------------------------------------


class Forked:
    """A child of the server, with the part of `asyncio.subprocess.Process` that the tests use."""

    def __init__(self, pid: int, ending: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._read(ending))

    async def _read(self, ending: socket.socket) -> int:
        reader, writer = await asyncio.open_connection(sock=ending)
        try:
            self.returncode = int(await reader.readline())
        finally:
            writer.close()
        return self.returncode

    async def wait(self) -> int:
        """Its exit code, once it has ended; minus the signal's number where one ended it."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it has ended, and its exit code is on its way
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def fork(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
) -> Forked:
    """Runs `python -m bot` with these words, without input and in a session of its own."""
    pid, ending = await asyncio.to_thread(_server().start, words, cwd, env, stdout, stderr)
    return Forked(pid, ending)


class _Server:
    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())], cwd=REPOSITORY, pass_fds=[theirs.fileno()]
            )
        atexit.register(self._end)

    def start(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str], stdout: IO[bytes], stderr: IO[bytes]
    ) -> tuple[int, socket.socket]:
        """Its process id, and where its exit code comes as a line."""
        request = json.dumps({"words": list(words), "cwd": str(cwd), "env": dict(env)}).encode()
        ours, theirs = socket.socketpair()
        with theirs, Path(os.devnull).open("rb") as stdin, self._one_at_a_time:
            files = [theirs.fileno(), stdin.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(self._socket, [request], files)
            pid = int(ours.recv(20))
        ours.setblocking(False)
        return pid, ours

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()


@cache
def _server() -> _Server:
    return _Server()


# ---- in the server -----------------------------------------------------------------------------------------------


def _serve(tests: socket.socket) -> list[str] | None:
    """Forks for each request. Returns the command line in a child, and None once the tests have ended."""
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    children: dict[int, socket.socket] = {}
    selector = selectors.DefaultSelector()
    selector.register(tests, selectors.EVENT_READ)
    selector.register(awake, selectors.EVENT_READ)
    while True:
        ready = {key.fileobj for key, _ in selector.select()}
        if awake in ready:
            os.read(awake, 1024)
            _tell_of_the_ended(children)
        if tests in ready:
            request, files, _, _ = socket.recv_fds(tests, _MOST, 4)
            if not request:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                return None
            pid = os.fork()
            if pid == 0:
                selector.close()
                for inherited in (tests, *children.values()):
                    inherited.close()
                os.close(awake)
                os.close(wake)
                return _become(json.loads(request), files)
            ending, *others = files
            for one in others:
                os.close(one)
            children[pid] = socket.socket(fileno=ending)
            children[pid].sendall(f"{pid}\n".encode())


def _tell_of_the_ended(children: dict[int, socket.socket]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with children.pop(pid) as ending:
            ending.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(request: dict[str, object], files: Sequence[int]) -> list[str]:
    """Makes this process what a new one would be; returns its command line."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    os.setsid()
    ending, *standard = files
    os.close(ending)
    for number, file in enumerate(standard):
        os.dup2(file, number)
        os.close(file)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    env, words = request["env"], request["words"]
    assert isinstance(env, dict) and isinstance(words, list)
    os.environ.update(env)
    time.tzset()
    return ["bot", *words]


def _import_the_bot() -> None:
    bot = import_module("bot")
    for module in walk_packages(bot.__path__, "bot."):
        if module.name != "bot.__main__" and not module.name.startswith("bot.demo"):
            import_module(module.name)
    assert threading.active_count() == 1, "a fork would lose a thread"
    gc.freeze()


if __name__ == "__main__":
    _import_the_bot()
    command_line = _serve(socket.socket(fileno=int(sys.argv[1])))
    if command_line is not None:
        sys.argv = command_line
        runpy.run_module("bot", run_name="__main__", alter_sys=True)

"""The bot as a process of its own: started, stopped, killed, watched."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

State: TypeAlias = Literal["stopped", "running", "stopping", "killed", "exited"]

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")
"""What of the caller's environment reaches the child: proxies and settings of a real installation must not."""
STOP_LIMIT = 10.0
"""Seconds a child gets to end after SIGTERM."""
TAIL_BYTES = 16_384
LOOK_EVERY = 0.4
GUARD = 'read -r _; kill -TERM "$0"'
"""What the guard runs: it waits until the director's end of its input is closed, then ends the process it is given."""


class Child:
    """One child process at a time; its output goes to a file. `changed` is called whenever `state` does."""

    def __init__(self, command: Sequence[str], folder: Path, log: Path, changed: Callable[[], None]) -> None:
        self._command = tuple(command)
        self._folder = folder
        self._log = log
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._guard: asyncio.subprocess.Process | None = None
        self._monitor: asyncio.Task[None] | None = None
        self.state: State = "stopped"
        self.exit_code: int | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self, settings: Mapping[str, str]) -> None:
        """Start it with these settings and little else. Does nothing while one runs."""
        if self.pid is not None:
            return
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        with self._log.open("ab") as log:
            # Its own session: a Ctrl-C in the terminal is for the director, who ends the child in its own time.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                env=kept | {"PYTHONUNBUFFERED": "1"} | dict(settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # A director that is killed can end nobody; its guard then does, for the kernel closes the pipe to it.
        self._guard = await asyncio.create_subprocess_exec(
            "sh", "-c", GUARD, str(self._process.pid), stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        self.exit_code = None
        self._become("running")
        self._monitor = asyncio.create_task(self._notice_the_end(self._process), name="the bot's end")

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not enough within 10 seconds."""
        if self._process is None or self.pid is None:
            await self._record_result()
            return
        self._become("stopping")
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_LIMIT):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
        await self._record_result()
        self._become("stopped")

    async def kill(self) -> None:
        """SIGKILL, as a power cut would. Does nothing if none runs."""
        if self.pid is None:
            return
        self.state = "killed"
        self._signal(signal.SIGKILL)
        await self._record_result()
        self._changed()

    def tail(self) -> list[str]:
        """The last lines of its output."""
        if not self._log.exists():
            return []
        with self._log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return lines[1:] if size > TAIL_BYTES else lines

    def log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    async def _record_result(self) -> None:
        if self._process is not None:
            await self._process.wait()
        await self._dismiss_the_guard()
        if self._monitor is not None:
            await self._monitor
            self._monitor = None

    async def _dismiss_the_guard(self) -> None:
        """As soon as there is nobody to guard: the process id may soon be somebody else's."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.kill()
            await guard.wait()

    async def _notice_the_end(self, process: asyncio.subprocess.Process) -> None:
        self.exit_code = await process.wait()
        await self._dismiss_the_guard()
        if self.state == "running":
            self._become("exited")

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def _become(self, state: State) -> None:
        self.state = state
        self._changed()

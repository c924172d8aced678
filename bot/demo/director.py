"""Runs the demo: the world, both stand-ins, the page and the bot, each in its place and all by one clock."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from bot.demo import sight
from bot.demo.cast import Cast, assemble
from bot.demo.child import LOOK_EVERY, Child
from bot.demo.company import IN_PROGRESS
from bot.demo.deeds import Deeds
from bot.demo.hints import usual_hints
from bot.demo.history import furnished, happen, pass_time
from bot.demo.ispring import IspringStandIn
from bot.demo.slack import SlackStandIn, Workspace
from bot.demo.slack.deliveries import ACKNOWLEDGE_WITHIN
from bot.demo.slack.entities import Json
from bot.demo.stage import Deed, Stage
from bot.demo.troubles import TROUBLES, Scene, ordered
from bot.domain.errors import SpotterError

RHYTHM = (10.0, 20.0)
"""Seconds between two happenings: at least, at most."""
POLL_INTERVAL = 3
PASS_TARGET = 80
FIRST_RESULT = 52.0
"""What the first session of a demo comes out with, so that nobody waits long for a low one."""
SOURCE = Path(__file__).resolve().parents[2]

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Nobody but the two stand-ins of this very process accepts these words.
CLIENT_ID, CLIENT_SECRET = "demo-key", "demo-key-secret"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-demo", "xapp-demo", "demo-signing-secret"


def system_clock() -> datetime:
    return datetime.now(UTC)


class Director:
    """`async with Director(seed=1) as director:` starts everything; `director.stage.url` is what to open.

    `command` runs in place of the bot (tests hand in a small script); without `folder` the database lives in a
    temporary one that is removed at the end.
    """

    def __init__(
        self,
        *,
        seed: int,
        port: int,
        folder: Path | None = None,
        happenings: bool = True,
        rhythm: tuple[float, float] = RHYTHM,
        command: Sequence[str] = (sys.executable, "-m", "bot", "run"),
        clock: Callable[[], datetime] = system_clock,
        acknowledge_within: float = ACKNOWLEDGE_WITHIN,
    ) -> None:
        self._wanted_port = port
        self._given_folder = folder
        self._happenings = happenings
        self._rhythm = rhythm
        self._command = tuple(command)
        self._random01 = Random(seed)
        self._changing_the_bot = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = contextlib.AsyncExitStack()
        self._is_first = True
        self.hints = usual_hints()
        self.world = furnished(seed, clock)
        self.workspace = Workspace()
        self.cast: Cast = assemble(self.world, self.workspace)
        self.ispring = IspringStandIn(self.world, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        self.slack = SlackStandIn(
            self.workspace,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            signing_secret=SIGNING_SECRET,
            now=self.world.now,
            acknowledge_within=acknowledge_within,
        )
        self.scene = Scene(self.slack, self.ispring, self.cast)
        self.deeds: dict[str, Deed] = Deeds(self).by_name()
        self.stage = Stage(self)
        self.folder = Path()
        self.child: Child | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        try:
            self.folder = self._given_folder or Path(
                self._stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="spotter-demo-", ignore_cleanup_errors=True)
                )
            )
        except OSError as error:
            raise SpotterError(
                f"The demo finds no folder for its files ({error.strerror}): set TMPDIR to one that can be written."
            ) from error
        await self._stack.enter_async_context(self.ispring)
        await self._stack.enter_async_context(self.slack)
        await self.stage.start(self._wanted_port)
        self._stack.push_async_callback(self.stage.stop)
        self.child = Child(self._command, self.folder, self.folder / "bot.log", lambda: self.stage.report("bot", "log"))
        self._stack.push_async_callback(self.child.stop)
        for duty in (self.stage.keep_telling(), self._let_things_happen(), self._watch_what_is_silent()):
            self._tasks.append(asyncio.create_task(duty))
        await self.start_bot()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    async def until(self, ended: asyncio.Event) -> None:
        """Wait for `ended`; a duty that breaks before is raised here, for a demo without it would only look alive."""
        waiting = asyncio.create_task(ended.wait())
        try:
            done, _ = await asyncio.wait([waiting, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        for task in done:
            task.result()

    # --- the bot -----------------------------------------------------------------------------------------------

    @property
    def settings(self) -> dict[str, str]:
        """What the bot is told of its surroundings: settings only, the program is the one that runs anywhere."""
        return {
            "PYTHONPATH": str(SOURCE),
            "ISPRING_API_URL": self.ispring.url,
            "ISPRING_CLIENT_ID": CLIENT_ID,
            "ISPRING_CLIENT_SECRET": CLIENT_SECRET,
            "ISPRING_TIMEZONE": "UTC",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": f"sqlite:///{self.folder / 'spotter.db'}",
            "POLL_INTERVAL": str(POLL_INTERVAL),
            "PASS_TARGET": str(PASS_TARGET),
            "DEFAULT_CHANNEL": self.cast.results_channel,
            "OPS_CHANNEL": self.cast.operations_channel,
            "ADMINS": self.cast.user_id("admin"),
            "LOG_LEVEL": "INFO",
            "CLOCK_OFFSET": f"{self.world.shift.total_seconds():.0f}",
        }

    async def _start_child(self) -> None:
        """Start the bot; its folder then holds its settings, so that the command line works there as well."""
        lines = [f"{name}={value}\n" for name, value in self.settings.items()]
        (self.folder / ".env").write_text("".join(lines), encoding="utf-8")
        (self.folder / ".env").chmod(0o600)
        await self._child.start(self.settings)

    async def start_bot(self) -> None:
        """Start it unless it runs."""
        async with self._changing_the_bot:
            await self._start_child()

    async def restart_bot(self) -> None:
        """End it as an operator would, and start it again."""
        async with self._changing_the_bot:
            await self._child.stop()
            await self._start_child()

    async def kill_bot(self) -> bool:
        """SIGKILL; answers whether there was anything to kill. It stays dead until `restart_bot` or `pass_time`."""
        was_alive = self._child.pid is not None
        await self._child.kill()
        return was_alive

    async def pass_time(self, duration: timedelta) -> int:
        """Stop the bot, move the world's clock, start the bot by the new time. Answers how much happened meanwhile."""
        async with self._changing_the_bot:
            await self._child.stop()
            happened = pass_time(self.world, duration)
            await self._start_child()
        self.stage.report("clock", "world")
        return len(happened)

    def let_happen(self, on: bool) -> None:
        """Whether the world goes on by itself."""
        self._happenings = on
        self.stage.report("clock")

    # --- what the page is shown --------------------------------------------------------------------------------

    def bot_state(self) -> Json:
        child = self._child
        connected = bool(self.slack.sockets.connections)
        return {"state": child.state, "pid": child.pid, "code": child.exit_code, "connected": connected}

    def bot_log(self) -> list[str]:
        return self._child.tail()

    def clock(self) -> Json:
        return sight.clock(self.world, self._happenings)

    def faults(self) -> Json:
        return {"menu": [alert.row() for alert in TROUBLES], "ordered": ordered(self.scene)}

    @property
    def _child(self) -> Child:
        if self.child is None:
            raise RuntimeError("the demo is entered first")
        return self.child

    # --- duties ------------------------------------------------------------------------------------------------

    async def _let_things_happen(self) -> None:
        while True:
            await asyncio.sleep(self._random01.uniform(*self._rhythm))
            if self._happenings:
                self._happen()

    def _happen(self) -> None:
        running = [one for one in self.world.open_sessions() if one.status == IN_PROGRESS]
        if self._is_first and running:
            self.world.complete(running[0], percent=FIRST_RESULT)
        else:
            happen(self.world)
        self._is_first = False

    async def _watch_what_is_silent(self) -> None:
        """The log file, iSpring's requests and its quirks tell nobody when they change."""
        seen: tuple[object, ...] = ()
        while True:
            read_back = (self._child.log_size(), len(self.ispring.requests), ordered(self.scene))
            if seen and read_back != seen:
                changed = zip(("log", "calls", "faults"), read_back, seen, strict=True)
                self.stage.report(*(name for name, now, before in changed if now != before))
            seen = read_back
            await asyncio.sleep(LOOK_EVERY)


async def run_demo(
    *,
    port: int,
    seed: int,
    happenings: bool = True,
    open_browser: bool = False,
) -> None:
    """Run the demo until SIGINT or SIGTERM, having said where to look. Raises SpotterError if the port is taken."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in ENDING_SIGNALS:
        loop.add_signal_handler(number, ended.set)
    try:
        async with Director(seed=seed, port=port, happenings=happenings) as director:
            sys.stdout.write(
                f"Open {director.stage.url}\nCtrl-C stops everything.\nMeanwhile the command line works on it too: "
                f"cd {director.folder} && {Path(sys.executable).parent / 'spotter'} check\n"
            )
            sys.stdout.flush()
            if open_browser:
                await asyncio.to_thread(webbrowser.open, director.stage.url)
            await director.until(ended)
    finally:
        for number in ENDING_SIGNALS:
            loop.remove_signal_handler(number)

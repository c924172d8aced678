"""The whole program as a person runs it: child processes with settings only, between the two stand-ins on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import httpx

from bot.demo.company import IN_PROGRESS, Checklist, Person, Session
from bot.demo.ispring import IspringStandIn
from bot.demo.slack import Channel, Message, SlackStandIn, User, Workspace
from bot.demo.world import World
from tests.app.forking import REPOSITORY, Forked, fork
from tests.leaks import leaks

T = TypeVar("T")
ACKNOWLEDGE_WITHIN = 20.0
"""Seconds that a busy machine may take to acknowledge; an event for a bot that was killed holds up the end as long."""
TIMEOUT = 300.0
"""Seconds after which a wait fails with the bot's log: more than the busiest machine needs."""

CLIENT_ID, CLIENT_SECRET = "client-id-9f2c", "client-secret-51d7"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-7d41-token", "xapp-88ab-token", "signing-secret-c3e9"
RESULTS, OPS, SHOP, BAKERY, ELSEWHERE = "C0RESULTS", "C0OPS", "C0SHOP", "C0BAKERY", "C0ELSEWHERE"
ADMIN, OBSERVER, EMPLOYEE = "U0ADMIN", "U0OBSERVER", "U0EMPLOYEE"
BOT = "U0SPOTTER"


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


class Running:
    """One process of the bot: started, asked to end, killed, and read."""

    def __init__(self, env: Env, process: asyncio.subprocess.Process | Forked, log: Path) -> None:
        self._env = env
        self.process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    def log(self) -> str:
        """All it has written so far, to standard output and standard error."""
        return self._log.read_text(errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Its log lines of that name, oldest first (with LOG_FORMAT=json)."""
        found = []
        for line in self.log().splitlines():
            if line.startswith("{") and line.endswith("}"):
                event = json.loads(line)
                if event.get("event") == name:
                    found.append(event)
        return found

    async def has_logged(self, name: str, times: int = 1, **facts: object) -> dict[str, Any]:
        """The log line of that name with these facts, once it is there (`times`: once so many are)."""

        def read_back() -> dict[str, Any] | None:
            fitting = [one for one in self.events(name) if facts.items() <= one.items()]
            return fitting[times - 1] if len(fitting) >= times else None

        return await self.until(read_back, f"log line {name} {facts or ''}")

    async def has_polled(self, good: bool = True) -> None:
        """Waits until a poll that begins from now on has gone well (or badly)."""
        count = len(self.events("poll.completed"))
        # The poll that may be under way was asked before now: the one after it is certainly later.
        await self.until(
            lambda: [one for one in self.events("poll.completed")[count + 1 :] if (one.get("error") is None) is good],
            "a later poll",
        )

    async def until(self, read_back: Callable[[], T | None], what: str) -> T:
        """What `look` answers once that is true; fails with the log where it does not come or the process ends."""
        deadline = monotonic() + TIMEOUT
        while not (found := read_back()):
            if monotonic() > deadline or not self.is_alive:
                reason = f"not within {TIMEOUT} s" if self.is_alive else f"the bot has ended with {self.code}"
                raise AssertionError(f"{what}: {reason}. The log:\n{self._news()}")
            await asyncio.sleep(0.02)
        return found

    def _news(self) -> str:
        """The end of its log without the polls that saw nothing."""
        lines = [line for line in self.log().splitlines() if '"unchanged": true' not in line]
        return "\n".join(lines)[-6000:]

    async def terminate(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Asks it to end and waits until it has; `code` tells how it ended."""
        self.process.send_signal(number)
        async with asyncio.timeout(TIMEOUT):
            await self.process.wait()

    async def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        if self.is_alive:
            self.process.kill()
        await self.process.wait()

    async def cancelled(self) -> int:
        """Its exit code, once it has ended by itself."""
        async with asyncio.timeout(TIMEOUT):
            return await self.process.wait()

    @property
    def code(self) -> int | None:
        return self.process.returncode


def _hear_ctrl_c() -> None:
    """A shell's background job ignores SIGINT, and so would the bot that a test of one starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Env:
    """A small company, its two services, one database, and the commands that work with them."""

    folder: Path
    world: World
    ispring: IspringStandIn
    slack: SlackStandIn
    opening: Checklist
    closing: Checklist
    observer: Person
    employee: Person
    settings: dict[str, str]
    written: list[Path] = field(default_factory=list)
    _running: list[Running] = field(default_factory=list)
    _made: int = 0

    # ---- processes -----------------------------------------------------------------------------------------------

    async def run(self, verb: str = "run", **more: str) -> Running:
        """Starts `python -m bot run` with these settings beside the house's own; a changed PYTHONPATH is imported."""
        self._made += 1
        log = self.folder / f"{verb}-{self._made}.log"
        self.written.append(log)
        process: asyncio.subprocess.Process | Forked
        with log.open("wb") as out:
            if "PYTHONPATH" in more:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "bot", verb),
                    cwd=self.folder,
                    env=self.environment(more),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                    preexec_fn=_hear_ctrl_c,
                )
            else:
                process = await fork([verb], cwd=self.folder, env=self.environment(more), stdout=out, stderr=out)
        running = Running(self, process, log)
        self._running.append(running)
        return running

    async def started(self, **more: str) -> Running:
        """A bot that answers and has read iSpring once."""
        bot = await self.run(**more)
        await bot.has_logged("poll.completed", error=None)
        await bot.until(lambda: self.slack.sockets.connections, "a socket")
        return bot

    async def say(self, *words: str, **more: str) -> Said:
        """One command to its end. A setting given as "" is left out."""
        self._made += 1
        out, err = (self.folder / f"said-{self._made}.{name}" for name in ("out", "err"))
        self.written.append(err)
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = await fork(words, cwd=self.folder, env=self.environment(more), stdout=stdout, stderr=stderr)
        try:
            async with asyncio.timeout(TIMEOUT):
                code = await process.wait()
        finally:
            process.kill()
            await process.wait()
        return Said(code, out.read_text(), err.read_text())

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Settings, and as little else as a process needs; blank ones are left out."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        given = {name: value for name, value in (self.settings | dict(more or {})).items() if value}
        return kept | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"} | given

    async def close(self) -> None:
        for running in self._running:
            await running.kill()

    # ---- what happens --------------------------------------------------------------------------------------------

    def begin(self, checklist: Checklist | None = None, employee: Person | None = None) -> Session:
        """A session that is under way."""
        return self.world.add_session(
            checklist=checklist or self.opening,
            employee=employee or self.employee,
            observer=self.observer,
            status=IN_PROGRESS,
        )

    # ---- what people see -----------------------------------------------------------------------------------------

    def cards(self, session: Session, channel: str = RESULTS) -> list[Message]:
        """The messages in a channel that tell of this session, oldest first."""
        return [one for one in self.slack.messages(channel) if short(session) in one.text]

    def direct_messages(self, session: Session, user: str = OBSERVER) -> list[Message]:
        return self.cards(session, self.slack.direct_message(user).id)

    def texts(self, channel: str) -> list[str]:
        return [message.text for message in self.slack.messages(channel)]


def short(session: Session) -> str:
    """What a card calls a session."""
    return session.id[:8]


def company() -> tuple[Workspace, World]:
    """Channels with and without the bot; an admin, an observer and an employee with accounts on both sides."""
    workspace = Workspace()
    for user_id, name, email in (
        (ADMIN, "Quillon Abernathy", "quillon@bakery.example"),
        (OBSERVER, "Zebulon Marchbanks", "zebulon@bakery.example"),
        (EMPLOYEE, "Ottoline Feverstone", "ottoline@bakery.example"),
    ):
        handle = email.partition("@")[0]
        workspace.add_user(User(id=user_id, name=handle, real_name=name, email=email))
    people = [ADMIN, OBSERVER, EMPLOYEE]
    for channel_id, name in ((RESULTS, "results"), (OPS, "bot-ops"), (SHOP, "shop"), (BAKERY, "bakery")):
        workspace.add_channel(Channel(id=channel_id, name=name, members=[*people, BOT]))
    workspace.add_channel(Channel(id=ELSEWHERE, name="elsewhere", members=list(people)))
    world = World.empty(lambda: datetime.now(UTC), seed=7)
    return workspace, world


@asynccontextmanager
async def env(folder: Path) -> AsyncIterator[Env]:
    workspace, world = company()
    shop = world.add_department("Store 12", is_site=True)
    observer = world.add_person("Zebulon Marchbanks", email="zebulon@bakery.example", department=shop)
    employee = world.add_person("Ottoline Feverstone", email="ottoline@bakery.example", department=shop)
    opening, closing = world.add_checklist("Opening"), world.add_checklist("Closing")
    slack = SlackStandIn(
        workspace,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        now=lambda: datetime.now(UTC),
        acknowledge_within=ACKNOWLEDGE_WITHIN,
    )
    ispring = IspringStandIn(world, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    async with slack, ispring:
        settings = {
            "ISPRING_API_URL": ispring.url,
            "ISPRING_CLIENT_ID": CLIENT_ID,
            "ISPRING_CLIENT_SECRET": CLIENT_SECRET,
            "ISPRING_TIMEZONE": "UTC",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": slack.api_url,
            "DATABASE_URL": f"sqlite:///{folder}/spotter.db",
            "POLL_INTERVAL": "0.5",
            "PASS_TARGET": "80",
            "DEFAULT_CHANNEL": RESULTS,
            "OPS_CHANNEL": OPS,
            "ADMINS": ADMIN,
            "LOG_FORMAT": "json",
        }
        made = Env(folder, world, ispring, slack, opening, closing, observer, employee, settings)
        try:
            yield made
        finally:
            await made.close()
    leaks_nothing(made)


def leaks_nothing(made: Env) -> None:
    """No log and no complaint holds a secret, a token, a person's name or an e-mail address."""
    names = [part for person in made.world.people.values() for part in person.name.split()]
    addresses = [person.email for person in made.world.people.values()]
    names += [
        part for user in made.slack.workspace.users.values() if not user.is_bot for part in user.real_name.split()
    ]
    given_out = {one.headers.get("Authorization", "").rpartition(" ")[2] for one in made.ispring.requests} - {""}
    secrets = [CLIENT_SECRET, BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, *given_out]
    for path in made.written:
        text = path.read_text(errors="replace")
        logged = leaks(text, {*names, *addresses, *secrets})
        assert not logged, f"{path.name} tells {logged}:\n{text[-4000:]}"
        assert "Traceback" not in text and '"exception": ' not in text, f"{path.name}:\n{text[-6000:]}"


async def get(port: int, path: str) -> httpx.Response:
    """What a process answers at its port, however long that takes."""
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as client:
        return await client.get(f"http://127.0.0.1:{port}/{path}")


def free_port() -> int:
    """A port that was free just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


__all__ = ["Env", "Running", "Said", "env", "free_port", "get", "short"]

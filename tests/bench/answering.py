"""How long answers take over a large company while it is polled: the real listeners on a real file, for an admin and a
manager.

The real poll works on the same file, in a process of its own: so the CPU time of this one is that of the answers. Each
listing it reads is in another order than the one before, so each row is decoded and compared.
"""

import asyncio
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import structlog

from bot.demo.ispring import IspringStandIn
from bot.demo.world import World
from bot.domain.model import CriterionResult, Details, SessionKey
from bot.domain.staff import Department, Person
from bot.domain.viewers import Viewer
from bot.ispring.client import Ispring
from bot.ispring.dates import DateOrder
from bot.jobs.poll import Poll
from bot.listeners.commands import answered
from bot.listeners.context import AppContext
from bot.listeners.requests import SlashCommand
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx
from tests.clock import NOON, FakeClock
from tests.settings import settings_of

SMALL, LARGE = 100_000, 1_000_000
MOST = {SMALL: 150.0, LARGE: 300.0}  # ms of CPU for an answer, p95, by sessions
RUNS = 7
PEOPLE, SITES, CHECKLISTS = 50_000, 600, 40
DAYS = 3 * 365
GRADED = 1_500  # the newest, whose criteria are known
ASKED = (
    "results", "results failed", "results failed last week", "results checklist 7", "results region 3 this month",
    "results sort:score limit:3", "results ana75", "results -checklist:\"Checklist 7\" score:<60", "overdue",
    "upcoming 7d", "history ana75 silva", "trend", "trend by:month since:365d", "trend region 3 by:week",
    "trend by:checklist", "trend by:dept", "trend by:observer", "trend by:employee", "silent 30d", "todo", "status",
    "results -dept:\"Region 3\"", "trend failed by:dept", "silent 365d", "trend by:month since:1095d",
    "trend by:checklist since:1095d", "trend by:dept since:1095d", "trend by:observer since:1095d",
    "who failed checklist 7 last week", "which stores improved most this month", "is region 3 better than last month",
)  # fmt: skip


def viewer_of(user_id: str) -> Viewer:
    """Who asks: an admin, or the manager of a region."""
    return Viewer(slack_user_id=user_id, person_id="p0", is_admin=user_id == "U0ADMIN", zone="Europe/Berlin")


def company() -> tuple[list[Person], list[Department]]:
    departments = [Department(department_id="root", name="Company")]
    departments += [Department(department_id=f"r{n}", name=f"Region {n}", parent_id="root") for n in range(12)]
    departments += [Department(department_id=f"d{n}", name=f"Store {n}", parent_id=f"r{n % 12}") for n in range(SITES)]
    people = [
        Person(
            person_id=f"p{n}",
            name=f"Ana{n} Silva",
            email=f"p{n}@shop.example",
            department_id=f"d{n % SITES}",
            manages_departments=("r3",) if n == 0 else (),
        )
        for n in range(PEOPLE)
    ]
    return people, departments


def rows(number: int, now: datetime) -> Iterator[dict[str, Any]]:
    """Rows of a listing: sessions of three years, the newest last; nine of a thousand are planned or in progress."""
    random01 = random.Random(number)
    for n in range(number):
        at = now - timedelta(days=DAYS * (1 - n / number), seconds=random01.randint(0, 80_000))
        moment = at.strftime("%d-%m-%Y, %H:%M:%S")
        chance = random01.random()
        status = "NOT_STARTED" if chance < 0.005 else "IN_PROGRESS" if chance < 0.009 else "PASSED"
        checklist = random01.randrange(CHECKLISTS)
        row: dict[str, Any] = {
            "checklistId": f"c{checklist}",
            "checklistTitle": f"Checklist {checklist}",
            "sessionId": str(UUID(int=random01.getrandbits(128), version=4)),
            "sessionStatus": status,
            "employeeId": f"p{random01.randrange(PEOPLE)}",
            "observerId": f"p{random01.randrange(5_000)}",
            "startDate": moment,
        }
        if status != "NOT_STARTED":
            row["actualStartDate"] = moment
        if status == "PASSED":
            row |= {"completionDate": moment, "result": round(100 * random01.randint(8, 24) / 24, 2)}
        yield row


def listings_of(number: int, now: datetime, folder: Path) -> list[SessionKey]:
    """Writes two listings of the same sessions in different orders; the keys of the newest completed ones."""
    texts, completed = list[str](), list[SessionKey]()
    for row in rows(number, now):
        texts.append(json.dumps(row))
        if row["sessionStatus"] == "PASSED":
            completed = [*completed[1 - GRADED :], SessionKey(row["sessionId"], row["employeeId"])]
    for name in LISTINGS:
        (folder / name).write_text(f"[{','.join(texts)}]")
        texts.reverse()
    return completed


LISTINGS = ("forwards.json", "backwards.json")


async def poll_for_ever(folder: Path) -> None:
    """Polls both listings in turn into the file of a folder, and says after each poll how long it took."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    clock = FakeClock(NOON)
    store = Store.open(folder / "bench.db", now=clock.now())
    try:
        await store.transact(lambda tx: tx.targets.set(None, 80.0, "U0ADMIN", clock.now()))
        async with (
            IspringStandIn(World.empty(clock.now), client_id="id", client_secret="secret", now=clock.now) as stand_in,
            Ispring(
                stand_in.url,
                "id",
                "secret",
                zone=ZoneInfo("UTC"),
                date_order=DateOrder.DMY,
                spool_folder=folder,
                clock=clock,
                jitter=lambda: 0.5,
            ) as ispring,
        ):

            async def no_directory() -> None: ...

            settings = settings_of(full_listing_limit=10**12)
            poll = Poll(ispring, store, clock, settings, refresh_directory=no_directory, wake=lambda: None)
            polls = 0
            while True:
                stand_in.serve_listing_bytes(folder / LISTINGS[polls % 2])
                report = await poll.once()
                polls += 1
                sys.stdout.write(f"{report.error or report.listed}\n")
                sys.stdout.flush()
    finally:
        store.close()


async def bench(number: int) -> bool:
    most = MOST[SMALL if number <= SMALL else LARGE]
    with tempfile.TemporaryDirectory(prefix="spotter-bench-") as name:
        folder = Path(name)
        began = time.perf_counter()
        newest = await asyncio.to_thread(listings_of, number, NOON, folder)
        poller = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.answering", name, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert poller.stdout is not None
            first = (await poller.stdout.readline()).decode().strip()
            if first != str(number):
                raise click.ClickException(f"the first poll ended with: {first}")
            click.echo(f"{number:,} sessions, {PEOPLE:,} people; filled in {time.perf_counter() - began:.0f} s")
            polls = Polls(poller.stdout)
            counting = asyncio.create_task(polls.count())
            slowest = await asked_all(folder / "bench.db", newest, most)
            counting.cancel()
        finally:
            if poller.returncode is None:
                poller.kill()
            await poller.wait()
    if polls.errors:
        raise click.ClickException(f"a poll failed: {polls.errors[0]}")
    all_well = slowest[0] <= most
    click.echo(
        f"p95 of any answer at {number:,} sessions while {polls.ended} polls ended: {slowest[0]:.0f} ms of CPU"
        f" ({slowest[1]}; limit {most:.0f})  {'yes' if all_well else 'NO'}"
    )
    return all_well


class Polls:
    """What the other process says of its polls."""

    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines
        self.ended = 0
        self.errors: list[str] = []

    async def count(self) -> None:
        while line := (await self._lines.readline()).decode().strip():
            self.ended += 1
            if not line.isdigit():
                self.errors.append(line)


async def asked_all(database: Path, newest: list[SessionKey], most: float) -> tuple[float, str]:
    """Asks everything as an admin and as a manager, and prints what it took; the largest p95, and of which answer."""
    clock = FakeClock(NOON)
    store = Store.open(database, now=clock.now())
    slowest = 0.0, ""
    try:
        await store.transact(lambda tx: _prepare(tx, newest, clock.now()))
        click.echo(f"{'asked':46} {'who':>8} {'cpu p50':>9} {'cpu p95':>9} {'wall p95':>9} {'limit':>8}  ok")
        messenger = SlackMessenger("xoxb", clock)  # never called: the viewers are known and mention no one
        contacts = SlackContacts(messenger, store, clock, {"U0ADMIN"})
        ctx = AppContext(store, messenger, contacts, clock, lambda: None, settings_of())
        for user in ("U0ADMIN", "U0MANAGER"):
            for text in ASKED:
                cpu, wall = await measured(ctx, user, text)
                p95 = quantiles(cpu, n=20)[-1]
                who, ok = user[2:].lower(), "yes" if p95 <= most else "NO"
                slowest = max(slowest, (p95, f"{text} of the {who}"))
                click.echo(
                    f"{text:46} {who:>8} {median(cpu):7.0f}ms {p95:7.0f}ms {quantiles(wall, n=20)[-1]:7.0f}ms"
                    f" {most:6.0f}ms  {ok}"
                )
    finally:
        store.close()
    return slowest


def _prepare(tx: Tx, newest: list[SessionKey], now: datetime) -> None:
    tx.people.replace_directory(*company(), now)
    criteria = tuple(CriterionResult(f"k{n}", f"Criterion {n} of it", "a", False, n % 5, 5) for n in range(15))
    for key in newest:
        tx.details.save(key, Details(criteria=criteria), now)


async def measured(ctx: AppContext, user: str, text: str) -> tuple[list[float], list[float]]:
    """Milliseconds of CPU and of time that answers take; the first one, which fills caches, apart."""
    request = SlashCommand(user_id=user, channel_id="C0BENCH0", viewer=viewer_of(user), text=text)
    await answered(ctx, request, text)
    cpu, wall = list[float](), list[float]()
    for _ in range(RUNS):
        cpu_began, wall_began = time.process_time(), time.perf_counter()
        answer = await answered(ctx, request, text)
        cpu.append(1_000 * (time.process_time() - cpu_began))
        wall.append(1_000 * (time.perf_counter() - wall_began))
        assert answer.text
    return cpu, wall


if __name__ == "__main__":
    asyncio.run(poll_for_ever(Path(sys.argv[1])))

"""How long answers take over a large company: the real listeners on a real file, for an admin and a manager."""

import random
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from uuid import UUID

import click

from bot.domain.model import CriterionResult, Department, Details, Moment, Person, SessionFacts, SessionKey, Targets
from bot.domain.polling import PollReport
from bot.domain.viewers import Viewer
from bot.listeners.commands import answered
from bot.listeners.context import AppContext
from bot.listeners.requests import SlashCommand
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx
from tests.clock import NOON, FakeClock
from tests.settings import settings_of

MOST = 300.0  # ms of CPU for an answer, p95
RUNS = 7
PEOPLE, SITES, CHECKLISTS = 50_000, 600, 40
DAYS = 3 * 365
CHUNK = 20_000
ASKED = (
    "results", "results failed", "results failed last week", "results checklist 7", "results region 3 this month",
    "results sort:score limit:3", "results ana75", "results -checklist:\"Checklist 7\" score:<60", "overdue",
    "upcoming 7d", "history ana75 silva", "trend", "trend by:month since:365d", "trend region 3 by:week",
    "trend by:checklist", "trend by:dept", "trend by:observer", "trend by:employee", "silent 30d", "todo", "status",
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


def sessions(number: int, now: datetime) -> Iterator[SessionFacts]:
    """Sessions of three years, the newest last; nine of a thousand are planned or in progress."""
    random01 = random.Random(number)
    for n in range(number):
        at = now - timedelta(days=DAYS * (1 - n / number), seconds=random01.randint(0, 80_000))
        moment = Moment(at.isoformat(), at)
        chance = random01.random()
        status = "NOT_STARTED" if chance < 0.005 else "IN_PROGRESS" if chance < 0.009 else "PASSED"
        is_over = status == "PASSED"
        checklist = random01.randrange(CHECKLISTS)
        yield SessionFacts(
            key=SessionKey(str(UUID(int=random01.getrandbits(128), version=4)), f"p{random01.randrange(PEOPLE)}"),
            checklist_id=f"c{checklist}",
            checklist_title=f"Checklist {checklist}",
            observer_id=f"p{random01.randrange(5_000)}",
            status=status,
            scheduled=moment,
            started=moment if status != "NOT_STARTED" else Moment(),
            finished=moment if is_over else Moment(),
            result=round(100 * random01.randint(8, 24) / 24, 2) if is_over else None,
        )


async def fill(store: Store, number: int, now: datetime) -> None:
    people, departments = company()
    await store.transact(lambda tx: tx.people.replace_directory(people, departments, now))
    chunk: list[SessionFacts] = []

    async def write() -> None:
        rows = [(facts, hash(facts.key).to_bytes(8, "little", signed=True)) for facts in chunk]
        await store.transact(lambda tx: tx.listings.write_baseline(rows, Targets(default=80.0), now))

    last: list[SessionKey] = []
    for facts in sessions(number, now):
        chunk.append(facts)
        if len(chunk) == CHUNK:
            await write()
            last = [one.key for one in chunk if one.status == "PASSED"][-1_500:]
            chunk.clear()
    if chunk:
        await write()
    criteria = tuple(CriterionResult(f"k{n}", f"Criterion {n} of it", "a", False, n % 5, 5) for n in range(15))

    def finish(tx: Tx) -> None:
        for key in last:
            tx.details.save(key, Details(criteria=criteria), now)
        tx.listings.finish_baseline(b"digest", now)
        tx.polls.record(PollReport(started_at=now, ended_at=now, listed=number))

    await store.transact(finish)


async def bench(number: int) -> bool:
    clock = FakeClock(NOON)
    all_well = True
    with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
        store = Store.open(Path(folder) / "bench.db", now=clock.now())
        try:
            began = time.perf_counter()
            await fill(store, number, clock.now())
            click.echo(f"{number:,} sessions, {PEOPLE:,} people; filled in {time.perf_counter() - began:.0f} s")
            click.echo(f"{'asked':46} {'who':>8} {'cpu p95':>9} {'wall p95':>9} {'limit':>8}  ok")
            messenger = SlackMessenger("xoxb", clock)  # never called: the viewers are known and mention no one
            contacts = SlackContacts(messenger, store, clock, {"U0ADMIN"})
            ctx = AppContext(store, messenger, contacts, clock, lambda: None, settings_of())
            for user in ("U0ADMIN", "U0MANAGER"):
                for text in ASKED:
                    cpu, wall = await measured(ctx, user, text)
                    well = cpu <= MOST
                    all_well &= well
                    who, ok = user[2:].lower(), "yes" if well else "NO"
                    click.echo(f"{text:46} {who:>8} {cpu:7.0f}ms {wall:7.0f}ms {MOST:6.0f}ms  {ok}")
        finally:
            store.close()
    return all_well


async def measured(ctx: AppContext, user: str, text: str) -> tuple[float, float]:
    """Milliseconds of CPU and of time that 95 of 100 answers keep within; the first one, which fills caches, apart."""
    request = SlashCommand(user_id=user, channel_id="C0BENCH0", viewer=viewer_of(user), text=text)
    await answered(ctx, request, text)
    cpu, wall = [], []
    for _ in range(RUNS):
        cpu_began, wall_began = time.process_time(), time.perf_counter()
        answer = await answered(ctx, request, text)
        cpu.append(1_000 * (time.process_time() - cpu_began))
        wall.append(1_000 * (time.perf_counter() - wall_began))
        assert answer.text
    return quantiles(cpu, n=20)[-1], quantiles(wall, n=20)[-1]

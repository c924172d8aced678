"""A thousand completions at once in a small and in a large company: what one of them costs must not grow with it."""

import asyncio
import json
import logging
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import structlog

from bot.app.clock import SystemClock
from bot.demo.ispring import IspringStandIn
from bot.demo.slack import Channel as SlackChannel
from bot.demo.slack import SlackStandIn, User
from bot.demo.world import World
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import RuleState
from bot.domain.staff import Department, Person, Subordination
from bot.ispring.client import Ispring
from bot.ispring.dates import DateOrder
from bot.jobs.poll import Poll
from bot.jobs.send import SendJob
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx
from tests.demo.slack_room import BOT, company
from tests.environment import APP_TOKEN, BOT_TOKEN, SECRET
from tests.settings import settings_of

SMALL, LARGE = 1_000, 50_000  # people
RULES = 200  # each of a department's manager
COMPLETIONS = 1_000
MOST_TIMES = 3.0  # the large company's beside the small one's
MOST_HOLD = 0.25  # of the whole poll, that another writer waits
BETWEEN_WRITES = 0.02  # seconds


@dataclass(frozen=True)
class Measured:
    """Seconds: the poll, until the first card was in Slack, and the longest that another writer waited."""

    poll: float
    first_card: float
    write: float


def person(number: int) -> str:
    return str(UUID(int=number))


def people_of(number: int) -> tuple[list[Person], list[Department]]:
    """So many people in as many departments as there are rules, each with a manager, three levels deep."""
    regions = [Department(department_id=f"r{one}", name=f"Region {one}", parent_id="top") for one in range(10)]
    shops = [Department(department_id=f"d{one}", name=f"Store {one}", parent_id=f"r{one % 10}") for one in range(RULES)]
    people = [
        Person(
            person_id=person(one),
            name=f"Robin Employee {one}",
            email=f"p{one}@bakery.example",
            department_id=f"d{one % RULES}",
            subordination=Subordination.MANUAL if one >= RULES else Subordination.NONE,
            supervisor_id=person(one % RULES) if one >= RULES else None,
            manages_departments=(f"d{one}",) if one < RULES else (),
        )
        for one in range(number)
    ]
    return people, [Department(department_id="top", name="Bakery"), *regions, *shops]


def rows(people: int, now: datetime) -> list[dict[str, Any]]:
    """Sessions that were completed just now, one in three below target."""
    dice = random.Random(1)
    when = now.strftime("%d-%m-%Y, %H:%M:%S")
    return [
        {
            "checklistId": person(one % 20),
            "checklistTitle": f"Checklist {one % 20}",
            "sessionId": str(UUID(int=dice.getrandbits(128))),
            "sessionStatus": "PASSED",
            "startDate": when,
            "actualStartDate": when,
            "completionDate": when,
            "result": dice.choice((60.0, 85.0, 95.0)),
            "employeeId": person(dice.randrange(people)),
            "observerId": person(dice.randrange(people)),
        }
        for one in range(COMPLETIONS)
    ]


async def measure(number: int, folder: Path) -> Measured:
    clock = SystemClock()
    workspace = company()
    for one in range(RULES):
        workspace.add_channel(SlackChannel(id=f"C{one:08}", name=f"store-{one}", members=[BOT]))
    for one in range(number):
        workspace.add_user(User(id=f"U{one:08}", name=f"p{one}", real_name=f"P {one}", email=f"p{one}@bakery.example"))
    slack = SlackStandIn(workspace, bot_token=BOT_TOKEN, app_token=APP_TOKEN, signing_secret=SECRET, now=clock.now)
    world = World.empty(clock.now)
    store = Store.open(folder / f"{number}.db", now=clock.now())
    files = {name: folder / f"{number}-{name}.json" for name in ("none", "all")}
    files["none"].write_text("[]")
    files["all"].write_text(json.dumps(rows(number, clock.now())))
    try:
        async with (
            slack,
            SlackMessenger(BOT_TOKEN, clock, slack.api_url) as messenger,
            IspringStandIn(world, client_id="id", client_secret="secret", now=clock.now) as stand_in,
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
            await store.transact(lambda tx: _prepare(tx, number))
            sender = SendJob(
                store=store,
                messenger=messenger,
                contacts=SlackContacts(messenger, store, clock, frozenset()),
                clock=clock,
                random01=random.Random(1).random,
                settings=settings_of(),
            )

            async def no_directory() -> None: ...

            poll = Poll(
                ispring, store, clock, settings_of(), refresh_directory=no_directory, wake=sender.wake
            )  # fmt: skip
            stand_in.serve_listing_bytes(files["none"])
            assert not (await poll.once()).error
            stand_in.serve_listing_bytes(files["all"])
            return await _timed(store, slack, sender, poll)
    finally:
        store.close()


def _prepare(tx: Tx, number: int) -> None:
    now = datetime.now(UTC)
    tx.people.replace_directory(*people_of(number), now)
    tx.targets.set(None, 80.0, "U0ADMIN", now)
    for one in range(RULES):
        tx.people.link(f"U{one:08}", person(one), "U0ADMIN", None, now)
        place = Destination(DestinationKind.CHANNEL, f"C{one:08}")
        tx.rules.add(place, f"U{one:08}", f'dept:"Store {one}"', RuleState.ACTIVE, now)


async def _timed(store: Store, slack: SlackStandIn, sender: SendJob, poll: Poll) -> Measured:
    began = perf_counter()
    waits: list[float] = []
    first_card = [0.0]

    async def other_writer() -> None:
        while True:
            asked = perf_counter()
            await store.transact(lambda tx: tx.targets.set("c0", 80.0, "U0ADMIN", datetime.now(UTC)))
            waits.append(perf_counter() - asked)
            await asyncio.sleep(BETWEEN_WRITES)

    async def until_first_card() -> None:
        while not any(call.method == "chat.postMessage" for call in slack.calls):
            await asyncio.sleep(0.005)
        first_card[0] = perf_counter() - began

    first = asyncio.create_task(until_first_card())
    others = [asyncio.create_task(work) for work in (sender.run(), other_writer())]
    report = await poll.once()
    polled = perf_counter() - began
    assert not report.error, report.error
    await first
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return Measured(polled, first_card[0], max(waits, default=0.0))


async def bench(sizes: Sequence[int] = (SMALL, LARGE)) -> bool:
    click.echo(f"{COMPLETIONS:,} completions at once, {RULES} rules of department managers")
    click.echo(f"{'people':>8} {'poll':>9} {'first card':>11} {'longest wait to write':>22}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
        found = [await measure(size, Path(folder)) for size in sizes]
    for size, one in zip(sizes, found, strict=True):
        click.echo(f"{size:8,} {one.poll:8.2f}s {one.first_card:10.2f}s {one.write:21.2f}s")
    ratio = found[-1].poll / found[0].poll
    hold = max(one.write / one.poll for one in found)
    is_well = ratio <= MOST_TIMES and hold <= MOST_HOLD
    click.echo(f"poll, large beside small: {ratio:.2f} (limit {MOST_TIMES}); wait to write beside poll: {hold:.2f}"
               f" (limit {MOST_HOLD})  {'yes' if is_well else 'NO'}")  # fmt: skip
    return is_well

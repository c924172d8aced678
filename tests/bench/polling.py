"""Increments beside full listings of the same company, from one run: bytes and CPU of a poll that finds nothing new."""

import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import click

from bot.demo.company import IN_PROGRESS, NOT_STARTED, PASSED, Session
from bot.demo.ispring import IspringStandIn
from bot.demo.ispring.wire import Wire
from bot.demo.world import World
from tests.clock import NOON, FakeClock

CHECKLISTS = 40
PEOPLE = 500
OPEN_SHARE = 0.02
DAYS = 730
POLL_BYTES = {20_000: 1_000_000}  # by sessions; elsewhere the default
DEFAULT_POLL_BYTES = 2_000_000
MOST_SHARE = {20_000: 1 / 6}  # of the full listing's bytes


@dataclass(frozen=True)
class Measured:
    """The largest and the mean of several polls."""

    most_bytes: int
    cpu: float
    memory: float


def company(number: int, clock: FakeClock) -> World:
    """So many sessions of two years, two of a hundred open; made without grading each."""
    world, dice = World.empty(clock.now), Random(number)
    checklists = [world.add_checklist(f"Checklist {one}: how we do it, step by step") for one in range(CHECKLISTS)]
    people = [world.add_person() for _ in range(PEOPLE)]
    for at in range(number):
        is_open = at < number * OPEN_SHARE
        started = NOON - timedelta(minutes=dice.randrange(DAYS * 24 * 60))
        points = float(dice.randrange(3, 25))
        session = Session(
            id=str(UUID(int=dice.getrandbits(128), version=4)),
            checklist=dice.choice(checklists),
            employee=dice.choice(people),
            observer=dice.choice(people),
            status=(IN_PROGRESS, NOT_STARTED)[at % 2] if is_open else PASSED,
            starts_at=NOON if is_open else started,
            started_at=None if is_open and at % 2 else started,
            completed_at=None if is_open else started + timedelta(minutes=40),
            result=None if is_open else round(100 * points / 24, 2),
            points=None if is_open else points,
            total_points=None if is_open else 24.0,
        )
        world._sessions[session.id, session.employee.id] = session
    return world


def open_bytes(stand_in: IspringStandIn) -> int:
    wire = Wire(stand_in.quirks, stand_in.zone)
    return sum(len(json.dumps([wire.session(one)])) for one in stand_in.world.stored_sessions if one.is_open)


async def measured(what: str, url: str, database: Path, poll_bytes: int) -> dict[str, Any]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.measure", what, url, str(database), str(poll_bytes),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await child.communicate()
    if child.returncode:
        raise click.ClickException(f"measuring {what} ended with exit code {child.returncode}")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    if found.get("error"):
        raise click.ClickException(found["error"])
    return found


async def one_size(number: int, folder: Path) -> bool:
    clock = FakeClock()
    poll_bytes = POLL_BYTES.get(number, DEFAULT_POLL_BYTES)
    world = await asyncio.to_thread(company, number, clock)
    async with IspringStandIn(world, client_id="id", client_secret="secret", now=clock.now) as stand_in:
        kept, copy = folder / "kept.db", folder / "copy.db"
        await measured("fill", stand_in.url, kept, poll_bytes)
        shutil.copy(kept, copy)
        full = await measured("full", stand_in.url, copy, poll_bytes)
        increments = await measured("increments", stand_in.url, kept, poll_bytes)
        allowed = open_bytes(stand_in) + poll_bytes
    share = increments["bytes"] / full["bytes"]
    most = MOST_SHARE.get(number)
    is_well = bool(share <= most if most is not None else increments["bytes"] <= allowed)
    limit = f"1/{1 / most:.0f} of it" if most is not None else f"{allowed / 1e6:.1f} MB"
    click.echo(
        f"{number:>9,} {full['bytes'] / 1e6:9.1f}MB {increments['bytes'] / 1e6:9.2f}MB {share:6.3f} {limit:>10} "
        f"{full['cpu']:8.3f}s {increments['cpu']:9.3f}s {full['memory']:6.0f}MB {increments['memory']:6.0f}MB  "
        f"{'yes' if is_well else 'NO'}"
    )
    return is_well


async def bench(sizes: tuple[int, ...] = (20_000, 100_000)) -> bool:
    click.echo("unchanged polls, two of a hundred sessions open: a full listing, and the largest of six increments")
    click.echo(
        f"{'sessions':>9} {'full':>11} {'increment':>11} {'share':>6} {'limit':>10} {'full CPU':>9} {'incr. CPU':>10}"
        f" {'memory':>8} {'memory':>8}  ok"
    )
    results = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
            results.append(await one_size(size, Path(folder)))
    return all(results)

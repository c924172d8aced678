"""How soon commands are acknowledged while a long listing is polled: the real service process between the stand-ins."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import click

from tests.app.env import ADMIN, RESULTS, Env, Running, env
from tests.bench import listings

BETWEEN_COMMANDS = 0.1  # seconds
MOST_P99 = 250.0  # ms
TIMEOUT = 1_800.0  # seconds that one poll may take
WORDS = ("help", "status", "results", "todo")


@dataclass
class Waits:
    """Milliseconds: until commands were acknowledged, and by how much this process itself came late to send them."""

    acknowledged: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    refused: int = 0

    def row(self, name: str) -> str:
        middle, last = (quantiles(self.acknowledged, n=100)[at] for at in (49, 98))
        own = quantiles(self.late, n=100)[98]
        return (
            f"{name:30} {len(self.acknowledged):9} {middle:7.0f}ms {last:7.0f}ms {max(self.acknowledged):7.0f}ms"
            f" {MOST_P99:6.0f}ms {own:7.0f}ms  {'yes' if self.is_well else 'NO'}"
        )

    @property
    def is_well(self) -> bool:
        return not self.refused and quantiles(self.acknowledged, n=100)[98] <= MOST_P99


async def ask(made: Env, words: str, waits: Waits) -> None:
    began = perf_counter()
    answer = await made.slack.command(ADMIN, RESULTS, "/ojt", words)
    waits.acknowledged.append(1000 * (perf_counter() - began))
    waits.refused += answer.failure is not None


async def ask_until_polled(made: Env, bot: Running, polls: int) -> Waits:
    """A command every 100 ms until so many polls have ended."""
    waits = Waits()
    asked = 0
    deadline = perf_counter() + TIMEOUT
    async with asyncio.TaskGroup() as people:
        while len(bot.events("poll.completed")) < polls:
            if perf_counter() > deadline or not bot.is_alive:
                raise click.ClickException(f"the poll did not end: {bot.log()[-2000:]}")
            due = perf_counter() + BETWEEN_COMMANDS
            people.create_task(ask(made, WORDS[asked % len(WORDS)], waits))
            asked += 1
            await asyncio.sleep(BETWEEN_COMMANDS)
            waits.late.append(1000 * (perf_counter() - due))
    errors = [one["error"] for one in bot.events("poll.completed") if one.get("error")]
    if errors:
        raise click.ClickException(f"the poll failed: {errors[0]}")
    return waits


async def bench(number: int) -> bool:
    click.echo(f"{number:,} sessions are polled, a command every {1000 * BETWEEN_COMMANDS:.0f} ms")
    click.echo(
        f"{'while':30} {'commands':>9} {'p50':>9} {'p99':>9} {'longest':>9} {'limit':>8} {'own p99':>9}  ok", nl=True
    )
    with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
        files = await asyncio.to_thread(listings.write, Path(folder), number)
        async with env(Path(folder)) as made:
            made.ispring.serve_listing_bytes(files["same"])
            bot = await made.run(POLL_INTERVAL="5")
            await bot.until(lambda: made.slack.sockets.connections, "a socket")
            first = await ask_until_polled(made, bot, 1)
            click.echo(first.row("a first baseline"))
            made.ispring.serve_listing_bytes(files["reordered"])
            polls = len(bot.events("poll.completed"))
            again = await ask_until_polled(made, bot, polls + 2)  # the next may have been asked for before
            click.echo(again.row("another order"))
            await bot.terminate()
    return first.is_well and again.is_well

"""Runs every case, each in a fresh process, and prints what it costs beside its floor, all from one run."""

import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click
from click.core import ParameterSource

from bot.demo.ispring import IspringStandIn
from bot.demo.world import World
from tests.bench import acknowledging, answering, company, freshness, listings, load, polling, sending
from tests.clock import FakeClock

RUNS = 3


@dataclass(frozen=True)
class Case:
    """`ours` beside `floor` on the listing called `listing`; limits in times the floor's CPU and in MB above idle."""

    name: str
    listing: str
    floor: str  # spool, stream (into a filled table), fill (into an empty one), or the name of another case
    most_times: float | None
    most_memory: float | None = None
    most_memory_full: float | None = None
    most_times_full: float | None = None  # where a million may cost more than ten times 100,000
    is_first: bool = False
    what: str = "ours"  # "elsewhere": under another ISPRING_TIMEZONE than what is stored was read in


CASES = (
    # It runs once per installation, so it may cost more than a poll. Keys are random: beyond the cache each commit
    # writes most pages of their index again.
    Case("first baseline", "same", "fill", 16, None, 300, most_times_full=20, is_first=True),
    Case("unchanged bytes", "same", "spool", 1.3, 40, 80),
    Case("another order", "reordered", "stream", 3, None, 300),
    Case("100 changed", "changed", "stream", 3, None, 300),
    Case("a mistyped row in each slice", "mistyped", "another order", 2),
    Case("another time zone", "same", "stream", None, None, 300, what="elsewhere"),
)


@dataclass
class Bench:
    folder: Path
    number: int
    runs: int
    stand_in: IspringStandIn
    files: dict[str, Path]

    async def run(self, what: str, listing: str, kept: Path | None) -> dict[str, Any]:
        """The median run of one way, each on its own copy of `kept`; without one on an empty database."""
        self.stand_in.serve_listing_bytes(self.files[listing])
        runs = [await self._once(what, kept) for _ in range(self.runs)]
        cpu = median(run["cpu"] for run in runs)
        return next(run for run in runs if run["cpu"] == cpu) | {"memory": max(run["memory"] for run in runs)}

    async def fill(self, what: str, kept: Path) -> None:
        self.stand_in.serve_listing_bytes(self.files["same"])
        await self._measured(what, kept)

    async def _once(self, what: str, kept: Path | None) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=self.folder) as fresh:
            database = Path(fresh) / "bench.db"
            if kept is not None:
                await asyncio.to_thread(shutil.copy, kept, database)
            return await self._measured(what, database)

    async def _measured(self, what: str, database: Path) -> dict[str, Any]:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.measure", what, self.stand_in.url, str(database),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await child.communicate()
        if child.returncode:
            raise click.ClickException(f"measuring {what} ended with exit code {child.returncode}")
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        if found.get("error"):
            raise click.ClickException(found["error"])
        return found


async def bench(number: int, runs: int, folder: Path) -> bool:
    files = await asyncio.to_thread(listings.write, folder, number)
    clock = FakeClock()
    world = World.empty(clock.now)
    async with IspringStandIn(world, client_id="id", client_secret="secret", now=clock.now) as stand_in:
        one = Bench(folder, number, runs, stand_in, files)
        ours, floors = folder / "ours.db", folder / "floor.db"
        await one.fill("ours", ours)
        await one.fill("stream", floors)
        size = files["same"].stat().st_size / 1e6
        click.echo(f"{number:,} sessions, {size:.0f} MB, median of {runs}")
        click.echo(f"{'case':30} {'floor':>8} {'ours':>8} {'ratio':>6} {'limit':>6} {'memory':>8} {'limit':>6}  ok")
        costs: dict[str, float] = {}
        all_well = True
        for case in CASES:
            if case.floor in costs:
                floor = costs[case.floor]
            else:
                what = "spool" if case.floor == "spool" else "stream"
                floor = (await one.run(what, case.listing, None if case.floor == "fill" else floors))["cpu"]
            found = await one.run(case.what, case.listing, None if case.is_first else ours)
            costs[case.name] = found["cpu"]
            is_full = number >= 1_000_000
            most_memory = case.most_memory_full if is_full else case.most_memory
            most_times = case.most_times_full if is_full and case.most_times_full else case.most_times
            ratio = found["cpu"] / floor
            well = (most_times is None or ratio <= most_times) and (
                most_memory is None or found["memory"] <= most_memory
            )
            all_well &= well
            click.echo(
                f"{case.name:30} {floor:7.3f}s {found['cpu']:7.3f}s {ratio:6.2f} {most_times or '-':>6} "
                f"{found['memory']:6.0f}MB {most_memory or '-':>6}  {'yes' if well else 'NO'}"
            )
    return all_well


@click.command()
@click.option("--full", is_flag=True, help="Also a million sessions: minutes, and about 4 GB on disk.")
@click.option("--number", default=100_000, show_default=True, help="Sessions in the listing.")
@click.option("--runs", default=RUNS, show_default=True, help="Processes per case; the median counts.")
@click.option("--send", "sends", is_flag=True, help="Instead: how fast what is owed leaves; four minutes.")
@click.option("--ack", "acknowledges", is_flag=True, help="Instead: how soon commands are acknowledged while a million "
              "sessions are polled, or --number of them; minutes.")  # fmt: skip
@click.option(
    "--answers",
    is_flag=True,
    help="Instead: how long answers take while 100,000 and a million sessions are polled, or --number of them.",
)
@click.option("--company", "large", is_flag=True, help="Instead: only a thousand completions in a large company.")
@click.option(
    "--polls",
    is_flag=True,
    help="Instead: increments beside full listings (--full: of a million), and how soon cards come.",
)
@click.pass_context
def main(
    context: click.Context,
    full: bool,
    number: int,
    runs: int,
    sends: bool,
    acknowledges: bool,
    answers: bool,
    large: bool,
    polls: bool,
) -> None:
    """Exit 1 where a limit is not kept."""
    if polls:
        incremental = polling.bench((1_000_000,)) if full else polling.bench()
        sys.exit(0 if all([asyncio.run(incremental), asyncio.run(freshness.bench())]) else 1)
    if large:
        sys.exit(0 if all([asyncio.run(company.bench()), asyncio.run(load.bench())]) else 1)
    if sends or acknowledges or answers:
        given = context.get_parameter_source("number") is not ParameterSource.DEFAULT
        results = [asyncio.run(sending.bench())] if sends else []
        results += [asyncio.run(acknowledging.bench(number if given else 1_000_000))] if acknowledges else []
        asked_of = (number,) if given else (answering.SMALL, answering.LARGE)
        results += [asyncio.run(answering.bench(size)) for size in asked_of] if answers else []
        sys.exit(0 if all(results) else 1)
    sizes = [number, 1_000_000] if full else [number]
    results = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
            results.append(asyncio.run(bench(size, runs, Path(folder))))
    results += [asyncio.run(polling.bench()), asyncio.run(company.bench()), asyncio.run(load.bench())]
    results += [asyncio.run(answering.bench(size)) for size in (answering.SMALL, answering.LARGE)]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

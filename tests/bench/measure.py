"""One way of reading a listing, once, in this fresh process: prints its CPU seconds and its peak memory above idle."""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.polling import PollMode
from bot.domain.rules import OPERATOR, RuleState
from bot.ispring.client import LISTING_PATH, Ispring
from bot.ispring.connection import TOKEN_PATH
from bot.ispring.dates import DateOrder
from bot.jobs.directory import DirectoryRefresh
from bot.jobs.poll import Poll
from bot.store.database import Store
from tests.bench import floor
from tests.clock import FakeClock
from tests.settings import settings_of

KEY = {"client_id": "id", "client_secret": "secret"}


def memory(name: str) -> float:
    """VmRSS or VmHWM of this process, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1000
    raise LookupError(name)


class Meter:
    """From idle to done."""

    def __init__(self) -> None:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        self.idle = memory("VmRSS")
        self.cpu = time.process_time()
        self.wall = time.perf_counter()

    def report(self, **more: object) -> str:
        return json.dumps(
            {
                "cpu": time.process_time() - self.cpu,
                "wall": time.perf_counter() - self.wall,
                "memory": memory("VmHWM") - self.idle,
                **more,
            }
        )


def measure_floor(work: Callable[[httpx.Client], object], url: str) -> str:
    with httpx.Client(timeout=600, headers={"Accept": "application/json"}) as client:
        # A warm client, as ours is: what is measured is the listing.
        token = client.post(url + TOKEN_PATH, data={**KEY, "grant_type": "client_credentials"}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        meter = Meter()
        work(client)
        return meter.report()


async def measure_ours(url: str, database: Path, zone: ZoneInfo) -> str:
    clock = FakeClock()
    store = Store.open(database, now=clock.now())
    try:
        async with Ispring(
            url,
            KEY["client_id"],
            KEY["client_secret"],
            zone=zone,
            date_order=DateOrder.DMY,
            spool_folder=database.parent,
            clock=clock,
            jitter=lambda: 0.5,
        ) as ispring:
            directory = DirectoryRefresh(ispring, store, clock)
            await directory.on_demand()  # a warm client here too, and its threads
            await ispring.details([SessionKey(str(UUID(int=1)), str(UUID(int=2)))])
            if store.created:
                place = Destination(DestinationKind.CHANNEL, "C0BENCH0")
                await store.transact(lambda tx: tx.rules.add(place, OPERATOR, "", RuleState.ACTIVE, clock.now()))
            poll = Poll(
                ispring,
                store,
                clock,
                settings_of(),
                refresh_directory=directory.on_demand,
                wake=lambda: None,
            )
            meter = Meter()
            report = await poll.once()
            return meter.report(
                listed=report.listed,
                changed=report.changed,
                unchanged=report.unchanged,
                rejected=report.rejected,
                error=report.error,
            )
    finally:
        store.close()


async def measure_polls(what: str, url: str, database: Path, poll_bytes: int) -> str:
    """`fill`: polls until increments are read. `increments`: six of these; `full`: one full listing that the database
    knows. Bytes are those of the largest poll, CPU seconds of the mean one."""
    clock = FakeClock()
    clock.advance(timedelta(minutes={"fill": 0, "full": 8, "increments": 8}[what]))
    limit = 10**12 if what == "full" else 1
    settings = settings_of(full_listing_limit=limit, poll_bytes=poll_bytes, poll_interval=120.0, open_interval=60.0)
    store = Store.open(database, now=clock.now())
    try:
        async with Ispring(
            url,
            KEY["client_id"],
            KEY["client_secret"],
            zone=ZoneInfo("UTC"),
            date_order=DateOrder.DMY,
            spool_folder=database.parent,
            clock=clock,
            jitter=lambda: 0.5,
        ) as ispring:
            directory = DirectoryRefresh(ispring, store, clock)
            await directory.on_demand()
            poll = Poll(ispring, store, clock, settings, refresh_directory=directory.on_demand, wake=lambda: None)
            if what == "full":  # the mode changes back after three polls that would be small
                for _ in range(3):
                    await poll.once()
            reports = []
            meter = Meter()
            for _ in range({"fill": 5, "full": 1, "increments": 6}[what]):
                reports.append(await poll.once())
                clock.advance(timedelta(minutes=1))
            found = json.loads(meter.report())
            error = next((one.error for one in reports if one.error), "")
            expected = PollMode.INCREMENTAL if what == "increments" else PollMode.FULL
            if what != "fill" and not all(one.mode is expected and one.unchanged for one in reports):
                error = error or f"{what}: {[(one.mode, one.changed) for one in reports]}"
            found |= {"bytes": max(one.size for one in reports), "cpu": found["cpu"] / len(reports), "error": error}
            return json.dumps(found)
    finally:
        store.close()


def main(what: str, url: str, path: Path, poll_bytes: int = 0) -> str:
    listing = url + LISTING_PATH
    match what:
        case "spool":
            return measure_floor(lambda client: floor.spool_and_hash(client, listing, path.parent), url)
        case "stream":
            return measure_floor(lambda client: floor.stream_and_compare(client, listing, path), url)
        case "fill" | "full" | "increments":
            return asyncio.run(measure_polls(what, url, path, poll_bytes))
    zone = ZoneInfo("Asia/Tokyo" if what == "elsewhere" else "Europe/Berlin")
    return asyncio.run(measure_ours(url, path, zone))


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *map(int, sys.argv[4:])) + "\n")

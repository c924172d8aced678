"""Two bots poll one company, one by full listings, one by increments: the second never knows less, poll by poll.

Random histories, the same for the same seed, against real simulators and real SQLite files. More of them with
SEEDS=100 in the environment.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.config import Settings
from bot.demo.company import Session
from bot.demo.ispring import IspringStandIn
from bot.demo.ispring.quirks import Quirks
from bot.demo.world import World
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.polling import PollReport
from bot.domain.rules import OPERATOR, RuleState
from bot.ispring.client import Ispring
from bot.jobs.poll import Poll
from bot.store.database import Store
from tests.clock import FakeClock
from tests.environment import database, ispring_client, ispring_simulator
from tests.settings import settings_of

pytestmark = pytest.mark.virtual_time

SEEDS = range(int(os.environ.get("SEEDS", "2")))
LIES = 3  # kinds of filters that lie, a seed each
STEPS = 30
OVER = ("completed", "met", "below", "failed", "critical")
PLENTY = 10**9
Key = tuple[str, str]


@dataclass
class Bot:
    """One bot with its own simulator of the one company."""

    stand_in: IspringStandIn
    ispring: Ispring
    store: Store
    clock: FakeClock
    settings: Settings

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, settings: Settings | None = None) -> None:
        self.settings = settings or self.settings

        async def no_directory() -> None: ...

        self.poller = Poll(
            self.ispring, self.store, self.clock, self.settings, refresh_directory=no_directory, wake=lambda: None
        )

    def rows(self) -> dict[Key, tuple[Any, ...]]:
        """What is stored of each session that is not missing: outcome first."""
        with closing(sqlite3.connect(self.store.path)) as file:
            rows = file.execute(
                "SELECT session_id, employee_id, outcome, status, checklist_id, result, points, observer_id,"
                " scheduled_raw, finished_raw FROM sessions WHERE missing_since IS NULL"
            )
            return {(row[0], row[1]): tuple(row[2:]) for row in rows}

    def cards(self, *, first: bool = False) -> set[Key]:
        """The sessions with a card; `first`: of a first completion only."""
        with closing(sqlite3.connect(self.store.path)) as file:
            return {
                (row[0], row[1])
                for row in file.execute(
                    "SELECT session_id, employee_id FROM notifications WHERE destination = 'channel:C0123456'"
                    " AND session_id IS NOT NULL AND (NOT ? OR reason NOT LIKE '%re-opened%')",
                    (first,),
                )
            }

    def alerts(self) -> set[str]:
        with closing(sqlite3.connect(self.store.path)) as file:
            return {row[0] for row in file.execute("SELECT code FROM alerts")}


@dataclass
class History:
    """What happens in the company, by dice."""

    world: World
    dice: Random
    deleted: set[Key] = field(default_factory=set)

    def happen(self) -> None:
        weighted: list[tuple[Callable[[], None], int]] = [
            (self.plan, 4), (self.start, 3), (self.complete, 4), (self.at_once, 2), (self.correct, 1),
            (self.reopen, 1), (self.delete, 1), (self.move, 1), (self.share, 1), (self.odd_status, 1),
            (self.new_checklist, 1), (self.hide, 1), (self.reschedule, 1),
        ]  # fmt: skip
        (what,) = self.dice.choices([one for one, _ in weighted], [weight for _, weight in weighted])
        what()

    def _any(self, *statuses: str) -> Session | None:
        found = [one for one in self.world.stored_sessions if not statuses or one.status in statuses]
        return self.dice.choice(found) if found else None

    def _new(self, status: str, session_id: str | None = None) -> None:
        employee, observer = self.dice.sample(list(self.world.people.values()), 2)
        ident = session_id or self.world.new_id()
        if (ident, employee.id) in {(one.id, one.employee.id) for one in self.world.stored_sessions}:
            return
        checklist = self.dice.choice(list(self.world.checklists.values()))
        self.world.add_session(
            checklist=checklist, employee=employee, observer=observer, status=status, session_id=ident,
            percent=self.dice.randrange(0, 100),
        )  # fmt: skip

    def plan(self) -> None:
        self._new("NOT_STARTED")

    def at_once(self) -> None:
        self._new("PASSED")

    def share(self) -> None:
        if one := self._any():
            self._new(self.dice.choice(("NOT_STARTED", "IN_PROGRESS", "PASSED")), one.id)

    def start(self) -> None:
        if one := self._any("NOT_STARTED"):
            self.world.start(one)

    def complete(self) -> None:
        if one := self._any("NOT_STARTED", "IN_PROGRESS", "ON_HOLD"):
            self.world.complete(one, percent=self.dice.randrange(0, 100))

    def correct(self) -> None:
        if one := self._any("PASSED"):
            self.world.correct(one, self.dice.randrange(0, 100))

    def reopen(self) -> None:
        if one := self._any("PASSED"):
            self.world.reopen(one)

    def delete(self) -> None:
        if one := self._any():
            self.world.delete(one)

    def move(self) -> None:
        if one := self._any():
            one.checklist = self.dice.choice(list(self.world.checklists.values()))

    def odd_status(self) -> None:
        if one := self._any("NOT_STARTED", "IN_PROGRESS"):
            one.status = "ON_HOLD"

    def new_checklist(self) -> None:
        self.world.add_checklist(f"Checklist {len(self.world.checklists)}", published=self.dice.random() < 0.5)

    def hide(self) -> None:
        checklist = self.dice.choice(list(self.world.checklists.values()))
        checklist.published = not checklist.published

    def reschedule(self) -> None:
        if one := self._any("NOT_STARTED"):
            self.world.reschedule(one, self.world.now() + timedelta(days=self.dice.randrange(1, 9)))


@asynccontextmanager
async def two_bots(folder: Path, seed: int, poll_bytes: int = PLENTY) -> AsyncIterator[tuple[History, Bot, Bot]]:
    clock = FakeClock()
    world = World.empty(clock.now, seed)
    history = History(world, Random(seed))
    for _ in range(3):
        world.add_checklist(f"Checklist {len(world.checklists)}")
    for _ in range(8):
        world.add_person()
    for _ in range(10):
        history.at_once()
        history.plan()
    bots = []
    for name, limit in (("full", PLENTY), ("increments", 1)):
        (folder / name).mkdir()
        settings = settings_of(full_listing_limit=limit, poll_bytes=poll_bytes, poll_interval=60.0, open_interval=60.0)
        bots.append((folder / name, settings))
    async with (
        database(bots[0][0], clock) as full_store,
        database(bots[1][0], clock) as store,
        ispring_simulator(world, clock) as full_stand_in,
        ispring_simulator(world, clock) as stand_in,
        ispring_client(full_stand_in, clock, folder) as full_ispring,
        ispring_client(stand_in, clock, folder) as ispring,
    ):
        full = Bot(full_stand_in, full_ispring, full_store, clock, bots[0][1])
        increments = Bot(stand_in, ispring, store, clock, bots[1][1])
        place = Destination(DestinationKind.CHANNEL, "C0123456")
        for bot in (full, increments):
            await bot.store.transact(
                lambda tx: tx.rules.add(place, OPERATOR, "", RuleState.ACTIVE, clock.now() - timedelta(hours=1))
            )
        for _ in range(4):
            await poll_both(full, increments)
        yield history, full, increments


async def poll_both(full: Bot, increments: Bot) -> PollReport:
    full.clock.advance(timedelta(minutes=1))
    assert (await full.poller.once()).error == ""
    return await increments.poller.once()


def compare(full: Bot, increments: Bot, *, is_behind: bool = False) -> None:
    """Increments know every session as full listings do. `is_behind`: nothing was asked for a while, in which a session
    may have been completed and then re-opened or deleted, or re-opened and then completed."""
    theirs, ours = full.rows(), increments.rows()
    for key, row in theirs.items():
        assert key in ours, ("not known", key, row)
        assert ours[key] == row, ("known otherwise", key)
    cards = {key for key in full.cards(first=is_behind) if not is_behind or (key in theirs and theirs[key][0] in OVER)}
    assert cards <= increments.cards(), "a card is lacking"


FAULTS = ("server_errors", "html_answers", "truncated_answers", "empty_answers", "cut_off_answers", "throttled")
ASKING = ("IN_PROGRESS", "NOT_STARTED", "PASSED", "sessionIds", "checklistId", "checklistIds", "{}")


@pytest.mark.parametrize("seed", SEEDS)
async def test_increments_never_know_less_than_full_listings(tmp_path: Path, seed: int) -> None:
    async with two_bots(tmp_path, seed) as (history, full, increments):
        dice = Random(seed + 1_000)
        for bot in (full, increments):
            bot.stand_in.quirks.changing_case = dice.random() < 0.5
            bot.stand_in.quirks.duplicate_rows = dice.random() < 0.3
        for _ in range(STEPS):
            for _ in range(dice.randrange(4)):
                history.happen()
            if dice.random() < 0.1:
                increments.restart()
            if dice.random() < 0.1:
                full.clock.advance(timedelta(hours=12, minutes=1))  # an outage; a daily comparison
            report = await poll_both(full, increments)
            assert report.error == ""
            compare(full, increments)
        assert "filters_unreliable" not in increments.alerts()


@pytest.mark.parametrize("seed", SEEDS)
async def test_faults_restarts_and_changes_of_the_mode_lose_nothing(tmp_path: Path, seed: int) -> None:
    async with two_bots(tmp_path, seed) as (history, full, increments):
        dice = Random(seed + 2_000)
        quirks = increments.stand_in.quirks
        for step in range(STEPS):
            for _ in range(dice.randrange(4)):
                history.happen()
            chance = dice.random()
            if chance < 0.4:
                quirks.only_asking = (dice.choice(ASKING),)
                setattr(quirks, dice.choice(FAULTS), dice.randrange(1, 6))
                await poll_both(full, increments)
            elif chance < 0.5:  # killed in the middle of an answer
                quirks.slow_body = 1.0
                full.clock.advance(timedelta(minutes=1))
                await full.poller.once()
                with suppress(TimeoutError):
                    async with asyncio.timeout(dice.random() * 12):
                        await increments.poller.once()
                increments.restart()
            elif chance < 0.6:
                limit = dice.choice((1, PLENTY))
                increments.restart(increments.settings.model_copy(update={"full_listing_limit": limit}))
            for name, value in vars(Quirks()).items():
                setattr(quirks, name, value)
            report = await poll_both(full, increments)
            assert report.error == "", step
            compare(full, increments)
        assert "filters_unreliable" not in increments.alerts()


@pytest.mark.parametrize("seed", SEEDS)
async def test_with_few_bytes_completions_come_at_once_and_the_rest_within_a_round(tmp_path: Path, seed: int) -> None:
    async with two_bots(tmp_path, seed, poll_bytes=12_000) as (history, full, increments):
        dice = Random(seed + 3_000)
        for _ in range(STEPS):
            for _ in range(dice.randrange(3)):
                history.happen()
            assert (await poll_both(full, increments)).error == ""
            ours = increments.rows()
            running = {key for key, row in full.rows().items() if row[0] == "in_progress"}
            assert running <= ours.keys()
        for _ in range(25):
            assert (await poll_both(full, increments)).error == ""
        compare(full, increments)


@pytest.mark.parametrize("seed", range(max(LIES, len(SEEDS))))
async def test_filters_that_lie_cost_bytes_and_never_a_session(tmp_path: Path, seed: int) -> None:
    async with two_bots(tmp_path, seed) as (history, full, increments):
        dice = Random(seed + 4_000)
        quirks = increments.stand_in.quirks
        match seed % LIES:
            case 0:
                quirks.left_out_share = quirks.left_out_ids_share = 0.2
            case 1:
                quirks.ignored_filters = {dice.choice(("sessionStatus", "sessionIds", "checklistId"))}
            case 2:
                quirks.most_filtered_rows = 3
        for _ in range(STEPS):
            for _ in range(dice.randrange(3)):
                history.happen()
            assert (await poll_both(full, increments)).error == ""
        assert "filters_unreliable" in increments.alerts()
        for _ in range(4):
            full.clock.advance(timedelta(minutes=16))
            assert (await poll_both(full, increments)).error == ""
        compare(full, increments, is_behind=True)

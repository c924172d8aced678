"""One house in a storm: round after round a bot is started, the services misbehave, and the bot is killed."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic

from bot.demo.slack import ApiCall, Happening
from tests.app.env import Env, Running
from tests.app.env import env as open_house
from tests.chaos import kills, weather
from tests.chaos.kills import Killer
from tests.chaos.story import RULES, Company
from tests.chaos.verdict import told_too_often, violations

BASELINE = 6
BURST = 6
BORN_WITHIN = 300.0
"""Seconds in which a bot says its first word, on a machine that is busy with others."""
ROUND_AT_MOST = 20.0
"""Seconds after that at which a bot is killed although its moment has not come."""
SETTLED_WITHIN = 900.0
"""Seconds: two looks, a back-off after many tries, an edit that waits a minute and a half."""
CALM = 0.15
"""The share of rounds in which the bot lives long enough to look twice."""
CALM_SECONDS = 33.0

Say = Callable[[str], None]


@dataclass
class Figures:
    """What happened in a storm."""

    kills: Counter[str] = field(default_factory=Counter)
    """By what the bot was doing."""
    moments_missed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """Those that calls really met."""
    sessions: int = 0
    cards: int = 0
    seconds: float = 0.0
    """Until everything was settled, at most."""
    settled_last: str = ""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        self.kills += other.kills
        self.faults += other.faults
        self.moments_missed += other.moments_missed
        self.sessions += other.sessions
        self.cards += other.cards
        self.wrong += other.wrong
        self.seconds = max(self.seconds, other.seconds)

    @property
    def killed_sending(self) -> int:
        return self.kills[kills.SENDING]


class Storm:
    """The rounds of one house. The same seed chooses the same faults and moments."""

    def __init__(self, env: Env, seed: str, *, is_quick: bool, python_path: str = "", say: Say = print) -> None:
        self.env = env
        self.company = Company(env, Random(f"{seed}:company"))
        self.figures = Figures()
        self._seed = seed
        self._is_quick = is_quick
        self._say = say
        self._settings = {"PYTHONPATH": python_path} if python_path else {}
        self._last_late = 0.0
        self._bot: Running | None = None
        self.born = datetime.now(UTC)
        env.slack.workspace.dedupes_client_msg_id = False  # seen, but promised nowhere: only a look may protect
        env.slack.faults.rate_limits = True
        env.slack.workspace.listen(self._note)

    def _note(self, happening: Happening) -> None:
        call = happening.subject
        if isinstance(call, ApiCall) and call.fault is not None:
            self.figures.faults[f"{call.method} {call.fault}"] += 1
            if call.fault == "accepted_late":
                self._last_late = monotonic()

    async def begin(self) -> None:
        """A first bot that reads what was completed before, of which nobody is to hear, and introduces the rules."""
        bot = await self.bot()
        await bot.has_logged("poll.ended", error=None)
        await bot.until(lambda: not kills.unsettled(self.env), "the introductions")

    async def bot(self) -> Running:
        """The one that lives; a new one where the last was killed."""
        if self._bot is None or not self._bot.is_alive:
            self.born = datetime.now(UTC)
            self._bot = await self.env.run(**self._settings)
        return self._bot

    async def channel_checks(self, number: int) -> None:
        for one in range(number):
            await self.round(one)
            if wrong := told_too_often(self.company):
                self._say(f"[{self._seed}] round {one}: {wrong[0]}")
                return

    async def round(self, number: int) -> None:
        """One bot's life."""
        random01 = Random(f"{self._seed}:{number}")
        today, moment = weather.draw(random01, is_quick=self._is_quick), kills.draw(random01, is_quick=self._is_quick)
        is_calm = not self._is_quick and random01.random() < CALM
        await weather.break_out(self.env, today)
        bot = await self.bot()
        self.company.happen(BURST)
        async with asyncio.TaskGroup() as meanwhile:
            events = meanwhile.create_task(self._meanwhile(today, random01))
            if is_calm:
                await self._let_live(bot, CALM_SECONDS)
                self.company.happen(BURST)
            in_time = await Killer(self.env, bot, moment).killed(BORN_WITHIN, ROUND_AT_MOST)
            events.cancel()
        doing = kills.what_it_was_doing(self.env, self.born)
        self.figures.kills[doing] += 1
        self.figures.moments_missed += not in_time
        late = "" if in_time else " (the moment did not come)"
        self._say(f"[{self._seed}] {number}: {today}; killed {moment}{late}: {doing}")

    async def _let_live(self, bot: Running, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await bot.process.wait()
        except TimeoutError:
            return

    async def _meanwhile(self, today: weather.Weather, random01: Random) -> None:
        """What changes while the bot lives: iSpring gets well, something breaks once, people go on working."""
        await asyncio.sleep(today.ispring_lasts)
        await weather.lift_ispring(self.env)
        self.company.happen(BURST)
        await asyncio.sleep(random01.uniform(0.0, 1.0))
        await weather.strike(self.env, today.moment)
        await asyncio.sleep(today.moment_lasts)
        await self.env.slack.up()
        await weather.lift_ispring(self.env)
        self.env.slack.faults.token_revoked = False
        while True:
            await asyncio.sleep(random01.uniform(1.0, 4.0))
            self.company.happen(BURST)

    async def settle(self, within: float = SETTLED_WITHIN) -> list[str]:
        """The storm is over: a last bot runs until nothing is owed. Answers what is wrong then; [] where nothing is."""
        await weather.lift(self.env)
        bot = await self.bot()
        began = monotonic()
        wrong: list[str] = []
        queued = kills.unsettled(self.env)
        while not wrong and not self._is_done():
            queued = kills.unsettled(self.env) or queued
            await asyncio.sleep(0.1)
            if not bot.is_alive:
                wrong = [f"The last bot ended by itself, with code {bot.code}: {bot.log()[-2000:]}"]
            elif monotonic() - began > within:
                wrong = [
                    f"After {within:.0f} s there is still {kills.unsettled(self.env)}",
                    *violations(self.company),
                ]
            else:
                wrong = told_too_often(self.company)
        wrong = wrong or violations(self.company)
        if bot.is_alive:
            await bot.terminate()
        self.figures.seconds = monotonic() - began
        self.figures.settled_last = ", ".join(queued)
        self.figures.wrong = [f"[{self._seed}] {one}" for one in wrong]
        self.figures.sessions = len(self.company.stories)
        self.figures.cards = sum(sum(story.cards.values()) for story in self.company.stories)
        return wrong

    def _is_done(self) -> bool:
        late = self._last_late and monotonic() < self._last_late + weather.LATE + 1
        return not late and self.company.all_is_seen() and not kills.unsettled(self.env)


async def ruled(folder: Path) -> Path:
    """A database in which the rules are made, to begin storms with: two commands are too slow to repeat for each."""
    folder.mkdir(parents=True)
    async with open_house(folder) as env:
        for channel, query in RULES.items():
            said = await env.say("rules", "add", channel, query)
            assert said.code == 0, said.all
    return folder / "spotter.db"


@asynccontextmanager
async def storm(
    folder: Path, rules: Path, seed: str, *, is_quick: bool, python_path: str = "", say: Say = print
) -> AsyncIterator[Storm]:
    """A house with those rules, a company and a living bot, before the first round."""
    folder.mkdir(parents=True)
    shutil.copy(rules, folder / "spotter.db")
    async with open_house(folder) as env:
        made = Storm(env, seed, is_quick=is_quick, python_path=python_path, say=say)
        made.company.settle_in(BASELINE)
        await made.begin()
        yield made


async def weathered(folder: Path, rules: Path, seed: str, number: int, *, is_quick: bool, say: Say = print) -> Figures:
    """A storm of so many kills in a house of its own, from its beginning to its verdict."""
    async with storm(folder, rules, seed, is_quick=is_quick, say=say) as made:
        await made.channel_checks(number)
        await made.settle()
        last = f"settled in {made.figures.seconds:.0f} s, {made.figures.settled_last or 'nothing'} last"
        say(f"[{seed}] {last}: {'; '.join(made.figures.wrong) or 'all is well'}")
        return made.figures


__all__ = ["Figures", "Storm", "ruled", "storm", "weathered"]

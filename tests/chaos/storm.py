"""One house in a storm: round after round a bot is started, the services misbehave, and the bot is killed."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic

from bot.blocks.actions import CONFIRM_SUBSCRIBE
from bot.demo.slack import ApiCall, Happening, Message
from bot.domain.model import CriticalCriterion, SessionKey
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import OPERATOR, RuleForm, RuleOptions, RuleState
from bot.services.muting import mute
from bot.store.database import Store, Tx
from tests.app.env import ADMIN, BAKERY, SHOP, Env, Running
from tests.app.env import env as open_house
from tests.chaos import kills, weather
from tests.chaos.kills import Killer
from tests.chaos.people import BACK, LEAVER, MUTED, OWN_RULES, SUPERVISOR, TEAM, People
from tests.chaos.story import RULES, Company, read_only
from tests.chaos.verdict import violations, wrong_now

BASELINE = 6
BURST = 6
BORN_WITHIN = 300.0
"""Seconds in which a bot says its first word, on a machine that is busy with others."""
ROUND_AT_MOST = 20.0
"""Seconds after that at which a bot is killed although its moment has not come."""
SETTLED_WITHIN = 900.0
"""Seconds after which something more has to be settled: two looks, a back-off after many tries, an edit that waits a
minute and a half. All of it may take longer: edits are paced, and a long storm owes hundreds."""
CALM = 0.15
"""The share of rounds in which the bot lives long enough to look twice."""
CALM_SECONDS = 33.0
HEARD_WITHIN = 5.0
"""Seconds after an event's acknowledgement until the bot, if it lived so long, has stored what the event takes away."""
SEEN_WITHIN = 300.0
"""Seconds after which a channel that turned public, of which no event tells, gets no results any more."""
CLOSED = ("shared", "public", "guest", "guest")
"""What becomes of the back office or of an observer in one house."""
DIGESTS = ((SHOP, OPERATOR, -120), (BAKERY, OPERATOR, -60), (TEAM, SUPERVISOR, 1))
"""The channel of each digest, whose it is, and in how many minutes its first slot is."""
MUTED_FOR = timedelta(seconds=30)
ASKING = ("U0GUEST", "U0STRANGER", LEAVER, "U0SUPER")

Say = Callable[[str], None]


@dataclass
class Figures:
    """What happened in a storm."""

    kills: Counter[str] = field(default_factory=Counter)
    """By what the bot was doing."""
    moments_missed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """Those that calls really met, Slack's and iSpring's."""
    weather: Counter[str] = field(default_factory=Counter)
    """How often each of `weather.KINDS` was met."""
    shown: int = 0
    """How often a result was shown to somebody, and it was judged whether they may see it."""
    sessions: int = 0
    cards: int = 0
    seconds: float = 0.0
    """Until everything was settled, at most."""
    settled_last: str = ""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        self.kills += other.kills
        self.faults += other.faults
        self.weather += other.weather
        self.moments_missed += other.moments_missed
        self.sessions += other.sessions
        self.cards += other.cards
        self.shown += other.shown
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
        self.company.hires = not is_quick
        self._to_close = Random(f"{seed}:closed").choice(CLOSED)
        self.figures = Figures()
        self._seed = seed
        self._is_quick = is_quick
        self._say = say
        self._settings = {"PYTHONPATH": python_path} if python_path else {}
        self._last_late = 0.0
        self._bot: Running | None = None
        self._is_closed = False
        self.born = datetime.now(UTC)
        env.slack.workspace.dedupes_client_msg_id = False  # seen, but promised nowhere: only a look may protect
        env.slack.faults.rate_limits = True
        env.slack.workspace.listen(self._note)

    def _note(self, happening: Happening) -> None:
        call = happening.subject
        if isinstance(call, ApiCall) and call.fault is not None:
            self.figures.faults[f"{call.method} {call.fault}"] += 1
            if call.method in weather.LOOKUPS and call.fault == "hang":
                self.figures.weather[weather.HANGING_LOOKUP] += 1
            if call.fault == "accepted_late":
                self._last_late = monotonic()

    async def begin(self) -> None:
        """A first bot that reads what was completed before, of which nobody is to hear, and introduces the rules."""
        bot = await self.bot()
        await bot.has_logged("poll.completed", error=None)
        await bot.until(lambda: self.env.slack.sockets.connections, "a socket")
        for channel, user, words in OWN_RULES:
            await self.env.slack.command(user, channel, "/ojt", words)
            proposed = await bot.until(lambda: self._proposed_to(user, channel), "what the rule would have sent")  # noqa: B023
            await self.env.slack.press(user, proposed, CONFIRM_SUBSCRIBE)
        await bot.until(lambda: self._active_rules() == len(RULES) + len(OWN_RULES) + 1, "the rules")
        await bot.until(lambda: not self._unsettled(), "the introductions")
        await self._schedule()

    async def _schedule(self) -> None:
        """Digests that are due already and within the next minute, a follow-up that is due today, and a mute."""
        now = datetime.now(UTC)
        minute = now.replace(second=0, microsecond=0)
        low = next(
            one.session for one in self.company.stories if self.company.people.is_supervised(one.session.employee)
        )

        def work(tx: Tx) -> None:
            for place, owner, after in DIGESTS:
                planned = minute + timedelta(minutes=after)
                options = RuleOptions(form=RuleForm.DIGEST, schedule=f"daily {planned:%H:%M}", zone="UTC")
                to = Destination(DestinationKind.CHANNEL, place)
                made = tx.rules.add(to, owner, "", RuleState.ACTIVE, planned - timedelta(hours=1), options)
                self.company.digests[made.rule_id, planned.date().isoformat()] = place
            key = SessionKey(low.id.lower(), low.employee.id.lower())
            muted = Destination(DestinationKind.CHANNEL, MUTED)
            mute(tx, muted, "", now + MUTED_FOR, ADMIN, "", now)
            never = CriticalCriterion("", "Of no session")  # else it ends by itself before its owner is reminded
            assert tx.follow_ups.take(key, SUPERVISOR, never, now.date(), "", now - timedelta(days=2)) is not None

        with closing(Store.open(self.env.folder / "spotter.db", now=now)) as store:
            await store.transact(work)
        self.company.reminded.add(SUPERVISOR)

    def _proposed_to(self, user: str, channel: str) -> Message | None:
        """The answer that asks somebody whether a rule is to be saved."""
        shown = self.env.slack.visible_to(user, channel)
        return next((one for one in shown if one.ephemeral_to == user and CONFIRM_SUBSCRIBE in str(one.blocks)), None)

    def _active_rules(self) -> int:
        with closing(read_only(self.env.folder)) as database:
            return int(database.execute("SELECT count(*) FROM rules WHERE state = 'active'").fetchone()[0])

    def _unsettled(self) -> dict[str, int]:
        closed = [f"channel:{place}" for place in self.company.given_up]
        if self._to_close == "guest" and self.company.given_up:
            closed.append(f"person:{self.company.people.leaver.id}")
        return kills.unsettled(
            self.env, closed=closed, flapping=[one.session.id for one in self.company.stories if one.is_flapping]
        )

    async def bot(self) -> Running:
        """The one that lives; a new one where the last was killed."""
        if self._bot is None or not self._bot.is_alive:
            self.born = datetime.now(UTC)
            self._bot = await self.env.run(**self._settings)
        return self._bot

    async def channel_checks(self, number: int) -> None:
        for one in range(number):
            await self.round(one)
            if wrong := wrong_now(self.company):
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
        if self.company.hires and weather.keeps_from_people(today):
            self.company.hire()
        if number == 2:
            self._begin_to_close()
        async with asyncio.TaskGroup() as meanwhile:
            events = [
                meanwhile.create_task(one)
                for one in (
                    self._meanwhile(today, random01),
                    self._freeze(bot, today.frozen, random01.uniform(0.3, 3.0)),
                    self._flap(today.flaps),
                    self._ask(today.asks),
                    self._close(bot),
                )
            ]
            if is_calm:
                await self._let_live(bot, CALM_SECONDS)
                self.company.happen(BURST)
            in_time = await Killer(self.env, bot, moment).killed(BORN_WITHIN, ROUND_AT_MOST)
            for event in events:
                event.cancel()
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
        asked = len(self.env.ispring.requests)
        try:
            await asyncio.sleep(today.ispring_lasts)
        finally:
            self.figures.faults.update(weather.met(self.env, today, asked))
            self.figures.weather.update(weather.kinds_met(self.env, today, asked))
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

    async def _freeze(self, bot: Running, seconds: float, after: float) -> None:
        """Lets the process stand still, as a machine that sleeps does; it lives on as if nothing had been."""
        if not seconds:
            return
        await asyncio.sleep(after)
        if bot.is_alive:
            bot.process.send_signal(signal.SIGSTOP)
            self.figures.weather[weather.FROZEN_LEADER] += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            if bot.is_alive:
                bot.process.send_signal(signal.SIGCONT)

    async def _flap(self, flaps: bool) -> None:
        while flaps:
            self.company.flap()
            await asyncio.sleep(0.4)

    async def _ask(self, asks: bool) -> None:
        """People who may see little or nothing ask for results; what they are shown is looked at as everything is."""
        for user in ASKING if asks else ():
            where = self.env.slack.direct_message(user).id
            answer = await self.env.slack.command(user, where, "/ojt", "results")
            self.figures.weather[weather.WRONG_EYES] += answer.failure is None

    def _begin_to_close(self) -> None:
        """From now on it is no longer certain what comes to the back office, or to an observer who becomes a guest."""
        slack, company = self.env.slack, self.company
        company.given_up.add(company.direct_message(LEAVER) if self._to_close == "guest" else BACK)
        if self._to_close == "public":  # no event tells of it
            slack.workspace.channels[BACK].is_private = False
            company.eyes.close(BACK, SEEN_WITHIN + weather.LATE + HEARD_WITHIN)

    async def _close(self, bot: Running) -> None:
        """Sends the event that takes a right away, again in each round until a bot has surely stored it."""
        if not self.company.given_up or self._to_close == "public" or self._is_closed:
            return
        if self._to_close == "guest":
            heard = await self.env.slack.change_user(LEAVER, is_restricted=True)
        else:
            heard = await self.env.slack.share(BACK)
        await asyncio.sleep(HEARD_WITHIN)
        if heard and bot.is_alive:
            self._is_closed = True
            for place in (BACK,) if self._to_close == "shared" else (LEAVER, self.company.direct_message(LEAVER)):
                self.company.eyes.close(place, weather.LATE)

    async def settle(self, within: float = SETTLED_WITHIN) -> list[str]:
        """The storm is over: a last bot runs until nothing is owed, or nothing more is settled
        within so many seconds. Answers what is wrong then; [] where nothing is."""
        await weather.lift(self.env)
        bot = await self.bot()
        began = fewer_at = monotonic()
        wrong: list[str] = []
        queued = self._unsettled()
        while not wrong and not self._is_done():
            before, queued = queued, self._unsettled() or queued
            if sum(queued.values()) < sum(before.values()):
                fewer_at = monotonic()
            await asyncio.sleep(0.1)
            if not bot.is_alive:
                wrong = [f"The last bot ended by itself, with code {bot.code}: {bot.log()[-2000:]}"]
            elif monotonic() - fewer_at > within:
                wrong = [
                    f"For {within:.0f} s nothing was settled of {self._unsettled()}",
                    *violations(self.company),
                ]
            else:
                wrong = wrong_now(self.company)
        wrong = wrong or violations(self.company)
        if bot.is_alive:
            await bot.terminate()
        self.figures.weather[weather.FLAPPING] = self.company.flaps_seen()
        self.figures.seconds = monotonic() - began
        self.figures.settled_last = ", ".join(queued)
        self.figures.wrong = [f"[{self._seed}] {one}" for one in wrong]
        self.figures.sessions = len(self.company.stories)
        self.figures.shown = self.company.eyes.looked_at
        self.figures.cards = sum(sum(story.cards.values()) for story in self.company.stories)
        return wrong

    def _is_done(self) -> bool:
        late = self._last_late and monotonic() < self._last_late + weather.LATE + 1
        is_told = self.company.all_is_seen() and self.company.all_is_told_in_time()
        return not late and is_told and not self._unsettled()


async def ruled(folder: Path) -> Path:
    """A database in which the rules are made, to begin storms with: two commands are too slow to repeat for each."""
    folder.mkdir(parents=True)
    async with open_house(folder) as env:
        People(env)
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

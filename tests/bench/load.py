"""The worst minute of a large company: the real process between the stand-ins, Slack's rates enforced.

1,000 sessions of 50,000 people are completed at once, 200 rules select among them, and people go on asking.
"""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import click

from bot.demo.company import Department
from bot.demo.slack import Channel, User
from bot.demo.slack.methods import METHODS
from bot.demo.slack.rates import PER_MINUTE, POSTS_PER_MINUTE, SPECIAL_PER_MINUTE
from bot.demo.slack.workspace import ApiCall
from bot.domain.notifications import Destination, DestinationKind
from bot.domain.rules import RuleState
from bot.domain.viewers import SlackUser
from bot.ispring.client import LISTING_PATH
from bot.store.database import Store, Tx
from tests.app.env import ADMIN, BOT, OPS, RESULTS, Env, Running, env

PEOPLE, RULES, COMPLETIONS, CHECKLISTS = 50_000, 200, 1_000, 20
WATCHED = 75.0  # seconds from the completions on: a whole minute of calls
BETWEEN_COMMANDS = 0.1  # seconds
CALL = 0.05  # seconds that Slack takes for each call
MOST_FIRST_CARD, MOST_ACKNOWLEDGED, MOST_ANSWERED = 3.0, 0.5, 3.0  # seconds
WORDS = ("results", "status", "list", "results failed", "todo")


@dataclass
class Waits:
    """Seconds until commands were acknowledged and answered, by their words; how many failed or had no answer."""

    acknowledged: dict[str, list[float]] = field(default_factory=dict)
    answered: dict[str, list[float]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)

    def rows(self) -> Sequence[str]:
        return [
            f"/ojt {words:16} {len(found):6} {_p95(self.acknowledged[words]):7.2f}s"
            f" {max(self.acknowledged[words]):8.2f}s {_p95(found):7.2f}s {max(found):8.2f}s {self.failed[words]:6}"
            for words, found in self.answered.items()
        ]

    @property
    def are_kept(self) -> bool:
        return (
            not self.failed.total()
            and all(max(found) <= MOST_ACKNOWLEDGED for found in self.acknowledged.values())
            and all(max(found) <= MOST_ANSWERED for found in self.answered.values())
        )


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[18] if len(seconds) > 1 else seconds[0]


def manager(number: int) -> str:
    """The Slack user of the manager of a department, by its number."""
    return f"U0MANAGER{number:04}"


def found_company(made: Env) -> None:
    """50,000 people in 200 departments, each with a manager; 1,000 sessions under way."""
    world, workspace, dice = made.world, made.slack.workspace, random.Random(8)
    regions = [world.add_department(f"Region {one}") for one in range(10)]
    stores: list[Department] = []
    for one in range(RULES):
        stores.append(world.add_department(f"Depot {one}", parent=regions[one % 10], is_site=True))
        boss = world.add_person(f"Boss{one:06} Ofdepot{one:06}", department=stores[-1], manages=[stores[-1]])
        workspace.add_user(User(id=manager(one), name=f"boss{one}", real_name=boss.name, email=boss.email))
        workspace.add_channel(Channel(id=f"C0DEPOT{one:04}", name=f"depot-{one}", members=[BOT, manager(one), ADMIN]))
    staff = [
        world.add_person(f"Staff{one:06} Atdepot{one:06}", department=stores[one % RULES])
        for one in range(PEOPLE - RULES)
    ]
    for person in staff[:5_000]:
        workspace.add_user(
            User(id=f"U0{person.first_name.upper()}", name=person.first_name, real_name=person.name, email=person.email)
        )
    checklists = [world.add_checklist(f"Routine {one}") for one in range(CHECKLISTS)]
    for _ in range(COMPLETIONS):
        world.add_session(
            checklist=dice.choice(checklists), employee=dice.choice(staff), observer=dice.choice(staff[:5_000]),
            status="IN_PROGRESS",
        )  # fmt: skip


def make_rules(tx: Tx, made: Env) -> None:
    """A rule for each manager's department, whose owners Slack and iSpring proved within the hour."""
    now = datetime.now(UTC)
    bosses = {person.first_name: person for person in made.world.people.values() if person.manages}
    for one in range(RULES):
        boss = bosses[f"Boss{one:06}"]
        user = SlackUser(user_id=manager(one), email=boss.email, is_full_member=True, zone="Europe/Berlin")
        tx.people.save_slack_user(user, now)
        tx.people.link(manager(one), boss.id, ADMIN, None, now)
        place = Destination(DestinationKind.CHANNEL, f"C0DEPOT{one:04}")
        tx.rules.add(place, manager(one), f'dept:"Depot {one}"', RuleState.ACTIVE, now - timedelta(hours=1))


async def ask(made: Env, user: str, words: str, waits: Waits) -> None:
    began = perf_counter()
    answer = await made.slack.command(
        user, RESULTS if user == ADMIN else made.slack.direct_message(user).id, "/ojt", words
    )
    acknowledged = perf_counter() - began
    try:
        await answer.first(30.0)
    except TimeoutError:
        waits.failed[words] += 1
    waits.failed[words] += answer.failure is not None
    waits.acknowledged.setdefault(words, []).append(acknowledged)
    waits.answered.setdefault(words, []).append(perf_counter() - began)


async def ask_on(made: Env, waits: Waits, late: list[float], until: float) -> None:
    """A command every 100 ms; `late`: by how many seconds this process itself came late to send each."""
    asked = 0
    async with asyncio.TaskGroup() as people:
        while perf_counter() < until:
            user = ADMIN if asked % 4 == 0 else manager(asked % RULES)
            people.create_task(ask(made, user, WORDS[asked % len(WORDS)], waits))
            asked += 1
            due = perf_counter() + BETWEEN_COMMANDS
            await asyncio.sleep(BETWEEN_COMMANDS)
            late.append(perf_counter() - due)


def busiest_minutes(calls: Sequence[ApiCall]) -> dict[str, int]:
    """The most calls of each method within any minute."""
    at: dict[str, list[datetime]] = {}
    for call in calls:
        at.setdefault(call.method, []).append(call.at)
    return {
        method: max(sum(first <= one < first + timedelta(minutes=1) for one in times) for first in times)
        for method, times in sorted(at.items())
    }


def tier_of(method: str) -> tuple[str, int]:
    """What Slack calls a method's limit, and the calls a minute that it allows."""
    if method == "chat.postMessage":
        return "posts", POSTS_PER_MINUTE
    tier = METHODS[method].tier
    return ("special", SPECIAL_PER_MINUTE) if tier is None else (f"tier {tier}", PER_MINUTE[tier])


async def bench() -> bool:
    click.echo(f"{COMPLETIONS:,} completions at once, {PEOPLE:,} people, {RULES} rules, a command every"
               f" {BETWEEN_COMMANDS * 1000:.0f} ms")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
        async with env(Path(folder)) as made:
            found_company(made)
            made.slack.faults.delay, made.slack.faults.rate_limits = CALL, True
            store = Store.open(made.folder / "spotter.db", now=datetime.now(UTC))
            await store.transact(lambda tx: make_rules(tx, made))
            store.close()
            bot = await made.run(POLL_INTERVAL="2")
            await bot.until(lambda: made.slack.sockets.connections, "a socket")
            await bot.has_logged("directory.refreshed", part="departments")
            await bot.has_polled()
            is_well = await _measured(made, bot)
            await bot.terminate()
            # Searching each log for 50,000 names takes minutes.
            made.world.people.clear()
            made.slack.workspace.users.clear()
    return is_well


async def _measured(made: Env, bot: Running) -> bool:
    started, waits = datetime.now(UTC), Waits()
    late: list[float] = []
    for session in made.world.stored_sessions:
        made.world.complete(session, percent=random.Random(session.id).choice((60, 85, 95)))
    await ask_on(made, waits, late, perf_counter() + WATCHED)
    asked = next(one.at for one in made.ispring.requests if one.at >= started and one.path == LISTING_PATH)
    calls = [call for call in made.slack.calls if call.at >= asked]
    cards = [call.at for call in calls if call.method == "chat.postMessage" and call.args.get("channel") != OPS]
    first_card = (cards[0] - asked).total_seconds() if cards else float("inf")
    click.echo(f"first card {first_card:.2f} s after the listing was asked for (limit {MOST_FIRST_CARD:.0f} s);"
               f" {len(cards)} in {WATCHED:.0f} s; asked late by p95 {_p95(late):.2f} s")  # fmt: skip
    click.echo(f"{'command':21} {'asked':>6} {'ack p95':>8} {'longest':>9} {'p95':>8} {'longest':>9} {'failed':>6}"
               f"  (limits {MOST_ACKNOWLEDGED} s, {MOST_ANSWERED:.0f} s)")  # fmt: skip
    for row in waits.rows():
        click.echo(row)
    keeps_tiers = True
    for method, most in busiest_minutes(calls).items():
        name, allowed = tier_of(method)
        refused = sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in calls if call.method == method)
        keeps_tiers &= most <= allowed and not refused
        click.echo(f"{method:28} {most:4} in a minute, {name} {allowed}, {refused} refused")
    is_well = first_card <= MOST_FIRST_CARD and waits.are_kept and keeps_tiers
    click.echo("yes" if is_well else "NO")
    return is_well

"""How fast what is owed leaves, and what a long line of it costs: a real database, the real SDK, the Slack stand-in
with 50 ms for each call and Slack's rates enforced."""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import click

from bot.app.clock import SystemClock
from bot.demo.slack import Channel, SlackStandIn, Workspace
from bot.domain.model import Moment, SessionFacts, SessionKey, Targets
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.routing import subject_of
from bot.domain.rules import OPERATOR, RuleState
from bot.jobs.send import SendJob
from bot.slack.client import SlackMessenger
from bot.slack.contacts import SlackContacts
from bot.store.database import Store, Tx
from tests.bench.measure import Meter
from tests.settings import settings_of

BOT_TOKEN = "xoxb-bench"
CHANNELS = 200
CHANNELS_ONE_BY_ONE = 334  # of three each: as many notices as 200 of five
PEOPLE = 5_000
CALL = 0.05  # seconds
POSTS_A_MINUTE = 300
MOST_TIMES = 1.3
MOST_MEMORY = 60.0  # MB
LONG_LINE = 100_000
LONG_LINE_FOR = 20.0  # seconds that are watched of a line too long to be waited for


@dataclass(frozen=True)
class Case:
    name: str
    channels: int
    per_channel: int
    messages: int  # that these make


CASES = (
    Case("5 a channel, grouped", CHANNELS, 5, CHANNELS),
    Case("3 a channel, one by one", CHANNELS_ONE_BY_ONE, 3, 3 * CHANNELS_ONE_BY_ONE),
)


def allowed_seconds(messages: int) -> float:
    """The least that Slack's limits let so many messages to many channels take.

    A minute's worth may go at once, and the next a minute later: never more in any minute. Of fewer it is the steady
    rate: at once they would measure the machine.
    """
    if messages <= POSTS_A_MINUTE:
        return messages * 60 / POSTS_A_MINUTE
    return 60.0 * ((messages - 1) // POSTS_A_MINUTE)


def channel_id(number: int) -> str:
    return f"C0BENCH{number:04d}"


def enqueue(tx: Tx, channels: int, per_channel: int, now: datetime) -> None:
    """So many completed sessions for each channel."""
    random01 = Random(per_channel)
    # The introductions of the rules are long posted, and the rounds have looked at their channels within the hour.
    for number in range(channels):
        place = Destination(DestinationKind.CHANNEL, channel_id(number))
        rule = tx.rules.add(place, OPERATOR, "", RuleState.ACTIVE, now)
        tx.destinations.record_check(place, now)
        rows = []
        for _ in range(per_channel):
            facts = SessionFacts(
                key=SessionKey(
                    str(UUID(int=random01.getrandbits(128), version=4)), f"person-{random01.randrange(PEOPLE)}"
                ),
                checklist_id="opening",
                checklist_title="Opening",
                observer_id="ana",
                status="PASSED",
                finished=Moment("just now", now),
                result=float(random01.randint(20, 100)),
            )
            rows.append((facts, random01.randbytes(8)))
        tx.listings.write_baseline(rows, Targets(80.0), now)
        for facts, _ in rows:
            notification = Notification(
                kind=NotificationKind.SESSION,
                destination=place,
                subject=subject_of(facts.key),
                reason="it has been completed",
                session=facts.key,
                rule_ids=(rule.rule_id,),
                facts={"version": 1},
            )
            tx.notifications.enqueue(notification, now)


async def fill(database: Path, channels: int, per_channel: int) -> None:
    now = datetime.now(UTC)
    store = Store.open(database, now=now)
    try:
        await store.transact(lambda tx: enqueue(tx, channels, per_channel, now))
        await store.transact(lambda tx: tx.listings.finish_baseline(b"bench", now))
    finally:
        store.close()


async def send(api_url: str, database: Path, seconds: float) -> str:
    """In a fresh process: sends what is owed for so long at most."""
    clock = SystemClock()
    store = Store.open(database, now=clock.now())
    try:
        async with SlackMessenger(BOT_TOKEN, clock, api_url) as messenger:
            await messenger.identify()
            contacts = SlackContacts(messenger, store, clock, frozenset())
            deliver = SendJob(
                store=store,
                messenger=messenger,
                contacts=contacts,
                clock=clock,
                random01=Random(1).random,
                settings=settings_of(),
            )
            meter = Meter()
            await deliver.once(limit_seconds=seconds)
            return meter.report()
    finally:
        store.close()


async def measured(slack: SlackStandIn, database: Path, seconds: float) -> dict[str, Any]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.sending", slack.api_url, str(database), str(seconds),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await child.communicate()
    if child.returncode:
        raise click.ClickException(f"sending ended with exit code {child.returncode}")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def a_slack() -> SlackStandIn:
    workspace = Workspace()
    bot = workspace.app.bot_user_id
    for number in range(max(CHANNELS, CHANNELS_ONE_BY_ONE)):
        workspace.add_channel(Channel(id=channel_id(number), name=f"bench-{number}", members=[bot]))
    slack = SlackStandIn(
        workspace,
        bot_token=BOT_TOKEN,
        app_token="xapp-bench",
        signing_secret="bench",
        now=lambda: datetime.now(UTC),
    )
    slack.faults.delay = CALL
    slack.faults.rate_limits = True
    return slack


async def bench() -> bool:
    all_well = True
    click.echo(f"{CALL * 1000:.0f} ms a call, {POSTS_A_MINUTE} posts a minute, one a second and channel")
    click.echo(
        f"{'case':30} {'channels':>9} {'messages':>9} {'allowed':>8} {'took':>8} {'ratio':>6} {'limit':>6}"
        f" {'memory':>8}  ok"
    )
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
            database = Path(folder) / "bench.db"
            await fill(database, case.channels, case.per_channel)
            async with a_slack() as slack:
                allowed = allowed_seconds(case.messages)
                found = await measured(slack, database, 3 * allowed)
                posted = sum(len(slack.messages(channel_id(number))) for number in range(case.channels))
        ratio = found["wall"] / allowed
        well = ratio <= MOST_TIMES and posted == case.messages
        all_well &= well
        click.echo(
            f"{case.name:30} {case.channels:9} {posted:9} {allowed:7.1f}s {found['wall']:7.1f}s {ratio:6.2f}"
            f" {MOST_TIMES:6.1f} {found['memory']:6.0f}MB  {'yes' if well else 'NO'}"
        )
    with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
        database = Path(folder) / "bench.db"
        await fill(database, CHANNELS, LONG_LINE // CHANNELS)
        async with a_slack() as slack:
            found = await measured(slack, database, LONG_LINE_FOR)
    well = found["memory"] <= MOST_MEMORY
    click.echo(
        f"{f'{LONG_LINE:,} waiting':30} memory {found['memory']:.0f} MB above idle, limit {MOST_MEMORY:.0f} MB,"
        f" {found['cpu']:.1f} s of CPU in {found['wall']:.0f} s  {'yes' if well else 'NO'}"
    )
    return all_well and well


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(send(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))) + "\n")

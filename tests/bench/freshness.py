"""How soon a completion is on its card while polls are incremental: the real process between the stand-ins."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import quantiles

import click

from bot.demo.company import Session
from bot.demo.slack.workspace import ApiCall
from tests.app.env import RESULTS, Env, env

OPEN_INTERVAL = 30.0
MOST = OPEN_INTERVAL + 15.0  # seconds, p95
STORED, COMPLETIONS = 2_000, 40
EVERY = 4.5  # seconds between two completions: no divisor of the interval


def found_company(made: Env) -> list[Session]:
    """Stored sessions of two years' length, and those that are about to be completed; one in four never started."""
    world, dice = made.world, random.Random(12)
    people = [world.add_person() for _ in range(50)]
    checklists = [world.add_checklist(f"Routine {one}") for one in range(10)]
    for _ in range(STORED):
        done = world.add_session(
            checklist=dice.choice(checklists), employee=dice.choice(people), observer=dice.choice(people)
        )
        world.complete(done, percent=dice.choice((60, 85, 95)))
    return [
        world.add_session(
            checklist=dice.choice(checklists), employee=dice.choice(people), observer=dice.choice(people),
            status="NOT_STARTED" if one % 4 == 0 else "IN_PROGRESS",
        )
        for one in range(COMPLETIONS)
    ]  # fmt: skip


def card_of(calls: Sequence[ApiCall], session: Session) -> datetime | None:
    """When the first message in the channel that names the session was posted."""
    named = session.id.replace("-", "")[:8]
    return next(
        (
            call.at
            for call in calls
            if call.method == "chat.postMessage" and call.args.get("channel") == RESULTS and named in str(call.args)
        ),
        None,
    )


async def bench() -> bool:
    click.echo(f"incremental polls, OPEN_INTERVAL={OPEN_INTERVAL:.0f}: {COMPLETIONS} completions, one in"
               f" {EVERY} s, until each is on a card")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="spotter-bench-") as folder:
        async with env(Path(folder)) as made:
            coming = found_company(made)
            # Polls become incremental after three full listings above the limit, so these come fast at first.
            first = await made.run(POLL_INTERVAL="0.5", FULL_LISTING_LIMIT="1")
            await first.has_logged("poll.completed", mode="incremental")
            await first.terminate()
            bot = await made.run(POLL_INTERVAL="120", OPEN_INTERVAL=str(OPEN_INTERVAL), FULL_LISTING_LIMIT="1")
            await bot.has_polled()
            completed: dict[str, datetime] = {}
            for session in coming:
                made.world.complete(session, percent=random.Random(session.id).choice((60, 85, 95)))
                completed[session.id] = made.world.now()
                await asyncio.sleep(EVERY)
            await bot.until(lambda: all(card_of(made.slack.calls, one) for one in coming), "a card for each completion")
            waits = sorted(
                (at - completed[one.id]).total_seconds() for one in coming if (at := card_of(made.slack.calls, one))
            )
            await bot.terminate()
            made.world.people.clear()  # names such as "10" are in every log
    p95 = quantiles(waits, n=20)[18]
    is_well = p95 <= MOST
    click.echo(f"median {waits[len(waits) // 2]:.1f} s, p95 {p95:.1f} s (limit {MOST:.0f} s), longest {waits[-1]:.1f} s"
               f"  {'yes' if is_well else 'NO'}")  # fmt: skip
    return is_well

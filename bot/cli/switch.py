"""`pause` and `resume`: stop all sending at once, and let it go on. A running Spotter acts on it within seconds."""

import click

from bot.cli.rows import with_store
from bot.cli.terminal import echo
from bot.domain.outbox import OutboxCounts, SendingPause
from bot.domain.ports import Clock
from bot.domain.rules import OPERATOR
from bot.domain.text import count, lasting
from bot.services import pausing
from bot.store.database import Store, Tx


@click.command()
def pause() -> None:
    """Stop all sending: nothing is posted or edited in Slack until `spotter resume`. Nothing is lost."""

    async def stop(store: Store, clock: Clock) -> bool:
        return await store.transact(lambda tx: pausing.pause_all(tx, OPERATOR, clock.now()))

    is_new = with_store(stop)
    echo("All sending is paused until: spotter resume" if is_new else "All sending was paused before.")


@click.command()
def resume() -> None:
    """Let sending go on after `spotter pause`."""

    async def go_on(store: Store, clock: Clock) -> tuple[SendingPause | None, OutboxCounts]:
        def work(tx: Tx) -> tuple[SendingPause | None, OutboxCounts]:
            return pausing.resume_all(tx, OPERATOR, clock.now()), tx.deliveries.counts()

        return await store.transact(work)

    ended, counts = with_store(go_on)
    if ended is None or ended.until is None:
        echo("Sending was not paused.")
        return
    waiting = count(counts.pending + counts.ambiguous + counts.sending, "message")
    echo(f"Sending goes on after {lasting(ended.until - ended.at)}: {waiting} waiting.")

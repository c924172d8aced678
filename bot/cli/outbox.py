"""`outbox`: what is owed to whom, and what became of it. What is written here a running Spotter acts on."""

from collections.abc import Sequence

import click
from tabulate import tabulate

from bot.cli.rows import with_store
from bot.core.access import EVERYTHING
from bot.core.errors import SpotterError
from bot.core.model import OPERATOR, DeliveryState
from bot.core.ports import Clock, Store, Told, Tx


@click.group()
def outbox() -> None:
    """What is owed to whom, and what became of it."""


@outbox.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([str(state) for state in DeliveryState]))
@click.option("--limit", type=click.IntRange(1), default=50)
def list_outbox(states: Sequence[str], limit: int) -> None:
    """List what is not settled yet, the oldest first; other states by name."""
    wanted = [DeliveryState(s) for s in states] or [
        DeliveryState.WAITING,
        DeliveryState.SENDING,
        DeliveryState.UNSURE,
        DeliveryState.HELD,
        DeliveryState.DEAD,
    ]
    found = with_store(lambda store, _: store.read(lambda tx: tx.outbox.list(wanted, limit)))
    click.echo(tabulate([_told_row(told) for told in found], headers=_TOLD) if found else "Nothing is waiting.")


@outbox.command("retry")
@click.argument("delivery_id")
def retry(delivery_id: str) -> None:
    """Put a dead or held delivery back in line."""

    async def again(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            tx.ledger.write(OPERATOR, "retry", f"delivery:{delivery_id}", clock.now())
            return tx.outbox.retry(delivery_id, clock.now())

        return await store.transact(work)

    if not with_store(again):
        raise SpotterError(f"There is no dead or held delivery {delivery_id}. See: spotter outbox list --state dead")
    click.echo("It goes out when Spotter runs.")


@outbox.command("drop")
@click.argument("delivery_id")
def drop(delivery_id: str) -> None:
    """Give a delivery up: it will not be sent. What may have been posted already can't be taken back."""

    async def give_up(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            tx.ledger.write(OPERATOR, "drop", f"delivery:{delivery_id}", clock.now())
            return tx.outbox.drop(delivery_id, "dropped on the command line")

        return await store.transact(work)

    if not with_store(give_up):
        raise SpotterError(f"There is no unsettled delivery {delivery_id}. See: spotter outbox list")
    click.echo("It will not be sent.")


@outbox.command("why")
@click.argument("session_id")
def why(session_id: str) -> None:
    """Say who was told of a session (its short id), when, and why or why not."""

    async def ask(store: Store, _: Clock) -> list[tuple[str, Sequence[Told]]]:
        return await store.read(
            lambda tx: [
                (tx.sessions.short_id(session.key), tx.outbox.why(session.key))
                for session in tx.sessions.starting_with(session_id, EVERYTHING)
            ]
        )

    found = with_store(ask)
    if not found:
        raise SpotterError(f"No session's id begins with {session_id}. See: spotter sessions")
    for short_id, tolds in found:
        click.echo(f"Session {short_id}")
        if not tolds:
            click.echo("  Nobody was owed a message about it: no rule matched when it was seen, or it was not news.")
        for told in tolds:
            click.echo("  " + " · ".join(str(part) for part in _told_row(told) if part))
            for attempt in told.attempts:
                line = f"{attempt.started_at:%Y-%m-%d %H:%M:%S} {attempt.what}: {attempt.result} {attempt.why}"
                click.echo("    " + line.rstrip())


_TOLD = ("delivery", "what", "to", "owed since (UTC)", "state", "tries", "why")


def _told_row(told: Told) -> tuple[object, ...]:
    delivery = told.delivery
    return (
        delivery.delivery_id if delivery else "",
        told.notice.kind,
        told.notice.destination,
        f"{told.owed_at:%Y-%m-%d %H:%M:%S}",
        DeliveryState.DROPPED if told.ended else delivery.state if delivery else DeliveryState.WAITING,
        delivery.attempts if delivery else 0,
        told.ended or (delivery.why if delivery else "") or told.notice.reason,
    )

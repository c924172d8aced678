"""`pause`, `resume` and `shadow`: stop all sending at once and let it go on, or show everything in one channel first. A
running Spotter acts on it within seconds."""

import re

import click

from bot.cli.rows import with_store
from bot.cli.terminal import confirm, echo
from bot.domain.errors import SpotterError
from bot.domain.outbox import OutboxCounts, SendingPause, ShadowCounts, ShadowMode
from bot.domain.ports import Clock
from bot.domain.rules import OPERATOR
from bot.domain.text import count, lasting
from bot.services import pausing
from bot.services.shadow import begin_shadow, go_live
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

    pause, counts = with_store(go_on)
    if pause is None or pause.until is None:
        echo("Sending was not paused.")
        return
    waiting = count(counts.pending + counts.ambiguous + counts.sending, "message")
    echo(f"Sending goes on after {lasting(pause.until - pause.at)}: {waiting} waiting.")


@click.command()
@click.argument("what", metavar="[CHANNEL|off|status]", default="status")
@click.option("--yes", is_flag=True, help="Do not ask.")
def shadow(what: str, yes: bool) -> None:
    """Show everything in the private CHANNEL (an id such as C0123456789) instead of where it would go; `off` goes
    live."""
    if what == "status":
        echo(_state(*with_store(lambda store, _: store.read(lambda tx: (tx.shadow.last(), tx.shadow.counts())))))
    elif what == "off":
        _go_live(yes)
    elif re.fullmatch(r"[CG][A-Z0-9]{2,}", what):
        _begin(what, yes)
    else:
        raise click.UsageError(
            "Give the id of a private channel such as C0123456789 (channel details, at the bottom), `off` or `status`."
        )


def _begin(channel: str, yes: bool) -> None:
    confirm(
        f"From now on what Spotter sends by itself goes to {channel} only, where all members read it with names and "
        "results. Start shadow mode?",
        yes,
    )

    async def begin(store: Store, clock: Clock) -> bool:
        return await store.transact(lambda tx: begin_shadow(tx, channel, OPERATOR, clock.now())) is not None

    if not with_store(begin, may_create=True):
        raise SpotterError("Shadow mode is on already. See: spotter shadow status")
    echo(
        f"Shadow mode is on. Messages are shown in {channel} once Spotter runs, is a member there, and Slack says that "
        "the channel is private. Go live with: spotter shadow off"
    )


def _go_live(yes: bool) -> None:
    mode, counts = with_store(lambda store, _: store.read(lambda tx: (tx.shadow.mode(), tx.shadow.counts())))
    if mode is None:
        echo("Shadow mode is off already.")
        return
    echo(_state(mode, counts))
    confirm("From now on new messages go to their channels and people; those shown are not sent again. Go live?", yes)

    async def end(store: Store, clock: Clock) -> bool:
        return await store.transact(lambda tx: go_live(tx, OPERATOR, clock.now())) is not None

    echo("Spotter is live." if with_store(end) else "Shadow mode is off already.")


def _state(mode: ShadowMode | None, counts: ShadowCounts) -> str:
    if mode is None:
        return "Shadow mode is off, and never was on."
    if mode.until is not None:
        return f"Shadow mode is off since {mode.until:%Y-%m-%d %H:%M} UTC."
    return (
        f"Shadow mode is on since {mode.at:%Y-%m-%d %H:%M} UTC in {mode.channel}: "
        f"{count(counts.messages, 'message')} shown, for {count(counts.channels, 'channel')} and "
        f"{count(counts.people, 'person', 'people')}; {counts.waiting:,} waiting."
    )

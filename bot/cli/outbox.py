"""`outbox`: what is to be sent, and what became of it. A running Spotter acts on what is written here."""

import os
from collections.abc import Sequence

import click

from bot.blocks.rules import format_reason
from bot.blocks.why import ON_TERMINAL, reason_lines
from bot.cli.rows import with_store
from bot.cli.terminal import NUMBER, TEXT, echo, table_of
from bot.config import load
from bot.domain.errors import SpotterError
from bot.domain.explanation import Explanation
from bot.domain.kinds import KINDS
from bot.domain.outbox import NotificationState, NotificationStatus, SendingPause
from bot.domain.permissions import EVERYTHING
from bot.domain.ports import Clock
from bot.domain.rules import OPERATOR
from bot.domain.viewers import DirectMessages
from bot.services.explain import explain
from bot.services.owners import OwnerRights
from bot.store.database import Store, Tx

# Of the others there are ever more, and the latest are what people ask for.
_OPEN = (
    NotificationState.PENDING,
    NotificationState.SENDING,
    NotificationState.AMBIGUOUS,
    NotificationState.BLOCKED,
    NotificationState.FAILED,
)
# Spellings of earlier versions, which scripts may use.
_SPELLINGS = {"waiting": "pending", "unsure": "ambiguous", "held": "blocked", "dead": "failed", "dropped": "cancelled"}


@click.group(invoke_without_command=True)
@click.pass_context
def outbox(context: click.Context) -> None:
    """What is to be sent, and what became of it; without a command, list what is not settled."""
    if context.invoked_subcommand is None:
        context.invoke(list_outbox)


@outbox.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([*map(str, NotificationState), *_SPELLINGS]))
@click.option("--limit", type=NUMBER, default=50)
def list_outbox(states: Sequence[str], limit: int) -> None:
    """List what is not settled yet, the oldest first; other states by name, the newest first."""
    wanted = [NotificationState(_SPELLINGS.get(state, state)) for state in states] or _OPEN
    newest_first = not set(wanted) <= set(_OPEN)

    def read(tx: Tx) -> tuple[Sequence[NotificationStatus], int, SendingPause | None]:
        found = tx.deliveries.in_states(wanted, limit, newest_first=newest_first)
        return found, tx.deliveries.number_in(wanted), tx.outbox.pause()

    found, number, paused = with_store(lambda store, _: store.read(read))
    if paused is not None:
        echo(f"All sending is paused since {paused.at:%Y-%m-%d %H:%M} UTC; it goes on with: spotter resume")
    echo(table_of(_STATE_NAMES, [_status_row(status) for status in found]) if found else "Nothing is waiting.")
    if number > len(found):
        echo(f"and {number - len(found):,} {'older' if newest_first else 'newer'} ones; --limit shows more.")


@outbox.command("retry")
@click.argument("delivery_id", type=TEXT)
def retry(delivery_id: str) -> None:
    """Send a failed or blocked delivery again."""

    async def again(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            is_done = tx.outbox.retry(delivery_id, clock.now())
            if is_done:
                tx.audit_log.write(OPERATOR, "retry", f"delivery:{delivery_id}", clock.now())
            return is_done

        return await store.transact(work)

    if not with_store(again):
        raise SpotterError(
            f"There is no failed or blocked delivery {delivery_id}. See: spotter outbox list --state failed"
        )
    echo("It goes out when Spotter runs.")


@outbox.command("drop")
@click.argument("delivery_id", type=TEXT)
def drop(delivery_id: str) -> None:
    """Give a delivery up: it will not be sent. What may have been posted already can't be taken back."""

    async def give_up(store: Store, clock: Clock) -> bool:
        def work(tx: Tx) -> bool:
            is_done = tx.outbox.drop(delivery_id, "dropped on the command line")
            if is_done:
                tx.audit_log.write(OPERATOR, "drop", f"delivery:{delivery_id}", clock.now())
            return is_done

        return await store.transact(work)

    if not with_store(give_up):
        raise SpotterError(f"There is no unsettled delivery {delivery_id}. See: spotter outbox list")
    echo("It will not be sent.")


@outbox.command("why")
@click.argument("session_id", type=TEXT)
def reason(session_id: str) -> None:
    """Explain who was notified of a session (its short id), when, and why or why not."""

    found = with_store(lambda store, clock: _explained(store, clock, session_id))
    if not found:
        raise SpotterError(f"No session's id begins with {session_id}. See: spotter sessions")
    for explained in found:
        echo("\n".join(reason_lines(explained, ON_TERMINAL)))


async def _explained(store: Store, clock: Clock, prefix: str) -> list[Explanation]:
    settings = load(os.environ)
    employee_wants = DirectMessages.ALL if settings.notify_employees else DirectMessages.NONE

    def work(tx: Tx) -> list[Explanation]:
        rights = OwnerRights(settings.admins, clock.now(), settings.rights_valid_for)
        owners = {rule.owner: rights.of(tx, rule.owner) for rule in tx.rules.all()}
        explained = (
            explain(tx, session.key, owners=owners, now=clock.now(), employee_wants=employee_wants)
            for session in tx.search.starting_with(prefix.lower(), EVERYTHING)
        )
        return [one for one in explained if one is not None]

    return await store.read(work)


_STATE_NAMES = ("delivery", "what", "to", "since (UTC)", "state", "tries", "why")


def _status_row(status: NotificationStatus) -> tuple[object, ...]:
    delivery = status.delivery
    return (
        delivery.delivery_id if delivery else "",
        KINDS[status.notification.kind].name + (", counted" if status.summary else ""),
        f"{status.notification.destination}{f', shown in {delivery.shadow}' if delivery and delivery.shadow else ''}",
        f"{status.created_at:%Y-%m-%d %H:%M:%S}",
        status.state,
        delivery.attempts if delivery else 0,
        format_reason(status.cancelled or (delivery.reason if delivery else "") or status.notification.reason),
    )

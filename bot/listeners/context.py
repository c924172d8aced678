"""What every listener needs: the store, the ways to Slack, the clock and the settings."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.blocks.answers import format_remedy
from bot.blocks.sending import first_lines
from bot.config import Settings
from bot.domain.errors import Remedy, StoreError
from bot.domain.ports import Clock, Contacts, Messenger
from bot.store.database import Store, Tx

WRITER_TIMEOUT = 1.0  # seconds: a long write must not delay an answer


@dataclass(frozen=True)
class AppContext:
    """Passed to every listener.

    `wake_sender` makes the outbox send at once; it never waits. `timeout`: seconds that an answer waits for a message
    to be posted.
    """

    store: Store
    messenger: Messenger
    contacts: Contacts
    clock: Clock
    wake_sender: Callable[[], None]
    settings: Settings
    timeout: float = 10.0

    @property
    def command(self) -> str:
        """The slash command, such as "/ojt"."""
        return self.settings.slack_command


def first_lines_of(ctx: AppContext, tx: Tx) -> list[str]:
    """What a reader of any answer has to know before it, for mrkdwn."""
    last, read_at, pause = tx.polls.last(), tx.polls.last_good_at(), tx.outbox.pause()
    now = ctx.clock.now()
    interval = tx.polling.state().interval(ctx.settings.poll_interval, now)
    return first_lines(last, read_at, pause, now, interval)


async def lines_for(ctx: AppContext) -> list[str]:
    """The first lines of an answer; none while the database is busy, which must not cost the answer."""
    try:
        return await ctx.store.read(lambda tx: first_lines_of(ctx, tx))
    except StoreError:
        return []


async def takes_newest_blocks(ctx: AppContext) -> bool:
    """Whether our workspace may take Slack's newest blocks; no while the database is busy."""
    try:
        return await ctx.store.read(lambda tx: tx.deliveries.takes_newest_blocks(ctx.clock.now()))
    except StoreError:
        return False


async def note_blocks_refused(ctx: AppContext) -> None:
    """Remembers that it does not. A database that is busy must not cost the answer: the next one finds out again."""
    try:
        async with asyncio.timeout(WRITER_TIMEOUT):
            await ctx.store.transact(lambda tx: tx.outbox.note_blocks_refused(ctx.clock.now()))
    except (StoreError, TimeoutError):
        return


def next_step(ctx: AppContext, remedy: Remedy, user_id: str) -> str:
    """A sentence on what a refused user can do and whom to ask; "" if nothing helps."""
    return format_remedy(remedy, admins=sorted(ctx.settings.admins), user_id=user_id, command=ctx.command)

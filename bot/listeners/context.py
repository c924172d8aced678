"""What every listener needs: the store, the ways to Slack, the clock and the settings."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.blocks.answers import format_remedy
from bot.blocks.sending import first_lines
from bot.config import Settings
from bot.domain.errors import Remedy, StoreError
from bot.domain.ports import Clock, Contacts, Messenger
from bot.store.database import Store, Tx


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


def next_step(ctx: AppContext, remedy: Remedy, user_id: str) -> str:
    """A sentence on what a refused user can do and whom to ask; "" if nothing helps."""
    return format_remedy(remedy, admins=sorted(ctx.settings.admins), user_id=user_id, command=ctx.command)

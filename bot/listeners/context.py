"""What every answer needs: where Spotter remembers, how it reaches Slack, what time it is, and a few settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.blocks.answers import format_remedy
from bot.domain.errors import Remedy
from bot.domain.ports import Clock, Contacts, Messenger
from bot.store.database import Store, Tx

T = TypeVar("T")

_RECHECK_EVERY = 0.2  # seconds between two looks at whether something is posted


@dataclass(frozen=True)
class AppContext:
    """Handed to everything in this room. `nudge` wakes whoever sends what is owed; it never waits.

    `ops_channel` is where whoever runs Spotter is told things, "" for nowhere; `admins` are the Slack user ids of
    ADMINS. `poll_interval` is in seconds, and so is `patience`: how long somebody is kept waiting for what they asked
    for to be posted.
    """

    store: Store
    messenger: Messenger
    contacts: Contacts
    clock: Clock
    wake_sender: Callable[[], None]
    command: str = "/ojt"
    account_url: str | None = None
    notify_employees: bool = False
    poll_interval: float = 120.0
    ops_channel: str = ""
    admins: frozenset[str] = frozenset()
    timeout: float = 10.0


async def wait_until(ctx: AppContext, read: Callable[[Tx], T], is_done: Callable[[T], bool]) -> T:
    """What a look at the rows finds once it is settled, or as it is when patience ends."""
    until = ctx.clock.monotonic() + ctx.timeout
    while True:
        found = await ctx.store.read(read)
        if is_done(found) or ctx.clock.monotonic() >= until:
            return found
        await ctx.clock.sleep(_RECHECK_EVERY)


def next_step(ctx: AppContext, remedy: Remedy, user_id: str) -> str:
    """What somebody who was refused can do, in a sentence that names whom to ask; "" where nothing helps."""
    return format_remedy(remedy, admins=sorted(ctx.admins), user_id=user_id, command=ctx.command)

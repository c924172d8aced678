"""What every answer needs: where Spotter remembers, how it reaches Slack, what time it is, and a few settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.core.errors import Remedy
from bot.core.ports import Clock, Contacts, Messenger, Store, Tx
from bot.views.answers import remedy_words

T = TypeVar("T")

_LOOK_EVERY = 0.2  # seconds between two looks at whether something is posted


@dataclass(frozen=True)
class Desk:
    """Handed to everything in this room. `nudge` wakes whoever sends what is owed; it never waits.

    `ops_channel` is where whoever runs Spotter is told things, "" for nowhere; `admins` are the Slack user ids of
    ADMINS. `poll_interval` is in seconds, and so is `patience`: how long somebody is kept waiting for what they asked
    for to be posted.
    """

    store: Store
    messenger: Messenger
    contacts: Contacts
    clock: Clock
    nudge: Callable[[], None]
    command: str = "/ojt"
    account_url: str | None = None
    notify_employees: bool = False
    poll_interval: float = 120.0
    ops_channel: str = ""
    admins: frozenset[str] = frozenset()
    patience: float = 10.0


async def settled(desk: Desk, look: Callable[[Tx], T], is_settled: Callable[[T], bool]) -> T:
    """What a look at the rows finds once it is settled, or as it is when patience ends."""
    until = desk.clock.monotonic() + desk.patience
    while True:
        found = await desk.store.read(look)
        if is_settled(found) or desk.clock.monotonic() >= until:
            return found
        await desk.clock.sleep(_LOOK_EVERY)


def next_step(desk: Desk, remedy: Remedy, user_id: str) -> str:
    """What somebody who was refused can do, in a sentence that names whom to ask; "" where nothing helps."""
    return remedy_words(remedy, admins=sorted(desk.admins), user_id=user_id, command=desk.command)

"""What every answer needs: where Spotter remembers, how it reaches Slack, what time it is, and a few settings."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import Remedy
from bot.core.ports import Clock, Contacts, Messenger, Store
from bot.views.answers import remedy_words


@dataclass(frozen=True)
class Desk:
    """Handed to everything in this room. `nudge` wakes whoever sends what is owed; it never waits.

    `ops_channel` is where whoever runs Spotter is told things, "" for nowhere; `admins` are the Slack user
    ids of ADMINS. `poll_interval` is in seconds, and so is
    `intro_patience`: how long somebody who subscribes is kept waiting for the rule's introduction to be posted.
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
    intro_patience: float = 10.0


def next_step(desk: Desk, remedy: Remedy, user_id: str) -> str:
    """What somebody who was refused can do, in a sentence that names whom to ask; "" where nothing helps."""
    return remedy_words(remedy, admins=sorted(desk.admins), user_id=user_id, command=desk.command)

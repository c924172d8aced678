"""The outside world as protocols: iSpring, Slack and the clock.

`jobs/`, `services/` and `listeners/` know only these; `app/` passes in `ispring/` and `slack/`, which implement them.
"""

from datetime import datetime
from typing import Protocol

from bot.domain.ports.messenger import Channel, Contact, Contacts, Messenger, NoSlackUser, Reply
from bot.domain.ports.training import (
    ChecklistsAnswer,
    DateEvidence,
    Listing,
    NamedChecklist,
    Part,
    PartHealth,
    SessionFilter,
    Slice,
    Training,
)

__all__ = [
    "Channel",
    "ChecklistsAnswer",
    "Clock",
    "Contact",
    "Contacts",
    "DateEvidence",
    "Listing",
    "Messenger",
    "NamedChecklist",
    "NoSlackUser",
    "Part",
    "PartHealth",
    "Reply",
    "SessionFilter",
    "Slice",
    "Training",
]


class Clock(Protocol):
    """Wall time for what is stored, monotonic seconds for waits inside the process."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None: ...

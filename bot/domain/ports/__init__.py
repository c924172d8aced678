"""The outside world as protocols: iSpring, Slack and the clock.

`jobs/`, `services/` and `listeners/` know only these; `app/` passes in `ispring/` and `slack/`, which implement them.
"""

from bot.domain.ports.clock import Clock
from bot.domain.ports.messenger import Channel, Contact, Contacts, Messenger, Nobody, Reply
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
    "Nobody",
    "Part",
    "PartHealth",
    "Reply",
    "SessionFilter",
    "Slice",
    "Training",
]

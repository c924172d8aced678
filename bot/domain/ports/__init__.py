"""The outside world as protocols: iSpring, Slack and the clock.

`jobs/`, `services/` and `listeners/` know only these; `app/` passes in `ispring/` and `slack/`, which implement them.
"""

from bot.domain.ports.clock import Clock
from bot.domain.ports.handlers import ActionRequest, Command, Handlers, Reply, Submission
from bot.domain.ports.messenger import Channel, Contact, Contacts, Messenger, Nobody
from bot.domain.ports.training import DateEvidence, Listing, Slice, Training

__all__ = [
    "ActionRequest",
    "Channel",
    "Clock",
    "Command",
    "Contact",
    "Contacts",
    "DateEvidence",
    "Handlers",
    "Listing",
    "Messenger",
    "Nobody",
    "Reply",
    "Slice",
    "Submission",
    "Training",
]

"""What the duties need of the world, as protocols: iSpring, Slack, the database and time.

`jobs/` and `chat/` know these and nothing behind them; `service/` introduces who fulfils them.
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

"""What the duties need of the world, as protocols: iSpring, Slack, the database and time.

`jobs/` and `chat/` know these and nothing behind them; `service/` introduces who fulfils them.
"""

from bot.domain.ports.clock import Clock
from bot.domain.ports.handlers import ActionRequest, Command, Handlers, Reply, Submission
from bot.domain.ports.messenger import Channel, Contact, Contacts, Messenger, Nobody
from bot.domain.ports.outbox import (
    Attempt,
    BlockedDestination,
    CountedSession,
    NotificationStatus,
    OutboxCounts,
    OutboxRows,
)
from bot.domain.ports.rows import ActiveAlert, AuditEntry, AuditRows, PeopleRows, RuleRows, TroubleRows
from bot.domain.ports.sessions import Found, ListingDiff, PollReport, PollState, SessionRows
from bot.domain.ports.store import Store, Tx
from bot.domain.ports.training import DateEvidence, Listing, Slice, Training

__all__ = [
    "ActionRequest",
    "ActiveAlert",
    "Attempt",
    "AuditEntry",
    "AuditRows",
    "BlockedDestination",
    "Channel",
    "Clock",
    "Command",
    "Contact",
    "Contacts",
    "CountedSession",
    "DateEvidence",
    "Found",
    "Handlers",
    "Listing",
    "ListingDiff",
    "Messenger",
    "Nobody",
    "NotificationStatus",
    "OutboxCounts",
    "OutboxRows",
    "PeopleRows",
    "PollReport",
    "PollState",
    "Reply",
    "RuleRows",
    "SessionRows",
    "Slice",
    "Store",
    "Submission",
    "Training",
    "TroubleRows",
    "Tx",
]

"""What the duties need of the world, as protocols: iSpring, Slack, the database and time.

`jobs/` and `chat/` know these and nothing behind them; `service/` introduces who fulfils them.
"""

from bot.core.ports.clock import Clock
from bot.core.ports.messenger import Channel, Contact, Contacts, Messenger, Nobody
from bot.core.ports.outbox import Attempt, CountedSession, Held, OutboxCounts, OutboxRows, Told
from bot.core.ports.reception import Command, Press, Reception, Reply, Submission
from bot.core.ports.rows import LedgerEntry, LedgerRows, OpenTrouble, PeopleRows, RuleRows, TroubleRows
from bot.core.ports.sessions import Found, Narrowed, PollReport, PollState, SessionRows
from bot.core.ports.store import Store, Tx
from bot.core.ports.training import DateEvidence, Listing, Slice, Training

__all__ = [
    "Attempt",
    "Channel",
    "Clock",
    "Command",
    "Contact",
    "Contacts",
    "CountedSession",
    "DateEvidence",
    "Found",
    "Held",
    "LedgerEntry",
    "LedgerRows",
    "Listing",
    "Messenger",
    "Narrowed",
    "Nobody",
    "OpenTrouble",
    "OutboxCounts",
    "OutboxRows",
    "PeopleRows",
    "PollReport",
    "PollState",
    "Press",
    "Reception",
    "Reply",
    "RuleRows",
    "SessionRows",
    "Slice",
    "Store",
    "Submission",
    "Told",
    "Training",
    "TroubleRows",
    "Tx",
]

"""What is owed, in the database, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.model import Delivery, Destination, Notification, Session


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """Deliveries and notices by what is to become of them; `oldest_at` is of the oldest that waits, is being sent or is
    unsure, and not held."""

    waiting: int
    sending: int
    unsure: int
    blocked: int
    dead: int
    sent: int
    edits: int
    oldest_at: datetime | None
    app_refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a delivery, as kept for `why`."""

    started_at: datetime
    ended_at: datetime
    what: str  # "post", "look", "edit"
    result: str  # "sent", "throttled", "unsure", ...
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationStatus:
    """One notice and where it stands, for `why` and `outbox list`.

    A session that a summary counts instead of a card stands where the summary stands: `delivery`, `ended` and
    `attempts` are the summary's, which is `counted_in`.
    """

    notification: Notification
    created_at: datetime
    delivery: Delivery | None
    cancelled: str  # why it will not be sent, "" while it may be
    attempts: Sequence[Attempt]
    counted_in: Notification | None = None


@dataclass(frozen=True, slots=True)
class CountedSession:
    """A session that a summary counts, as it is now, and the rules it was counted for."""

    session: Session
    rule_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedDestination:
    """A destination that can't be written to for now, and how many notices wait for it."""

    destination: Destination
    reason: str
    since: datetime | None  # None for what was held before this was noted
    waiting: int

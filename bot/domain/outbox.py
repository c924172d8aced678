"""What the outbox answers: when to send, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.model import Session
from bot.domain.notifications import Delivery, Destination, DestinationKind, Notification
from bot.domain.reasons import ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimes:
    """When each destination gets its next message, as far as nothing has to change before; `shadowed`: likewise of what
    shadow mode shows in a channel of its own, by destination and that channel. `other_due_at`: when the next read-back
    or edit is due, None if there is none."""

    posts: Mapping[Destination, datetime]
    other_due_at: datetime | None
    shadowed: Mapping[tuple[Destination, Destination], datetime] = field(default_factory=dict)

    def due(self, now: datetime, limit: int) -> Sequence[Destination]:
        """Destinations with something to post now: at most `limit` channels, then as many people, the longest due
        first. So people who wait for a look-up hide no channel."""
        due = sorted((due_at, str(where), where) for where, due_at in self.posts.items() if due_at <= now)
        channels = [where for _, _, where in due if where.kind is DestinationKind.CHANNEL]
        people = [where for _, _, where in due if where.kind is not DestinationKind.CHANNEL]
        return channels[:limit] + people[:limit]

    def due_in_shadow(self, now: datetime, limit: int) -> Sequence[tuple[Destination, Destination]]:
        """Likewise what shadow mode shows now: destinations, each with the channel that it shows them in."""
        shadows = sorted({shadow for _, shadow in self.shadowed})
        parts = {
            shadow: DueTimes(
                posts={to: at for (to, where), at in self.shadowed.items() if where == shadow}, other_due_at=None
            )
            for shadow in shadows
        }
        return [(to, shadow) for shadow, part in parts.items() for to in part.due(now, limit)]

    @property
    def next_due_at(self) -> datetime | None:
        """When anything is due next, None if nothing is."""
        other = [self.other_due_at] if self.other_due_at is not None else []
        return min([*self.posts.values(), *self.shadowed.values(), *other], default=None)


class NotificationState(StrEnum):
    """Where a notification stands: that of its delivery, if it has one."""

    PENDING = "pending"
    BLOCKED = "blocked"  # waits until its destination can be written to, or one of its rules goes on
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SendingPause:
    """An admin paused all sending. `by`: their Slack user id, or OPERATOR; `until`: None while it is paused."""

    by: str
    at: datetime
    until: datetime | None = None


SHADOW_WEEK = timedelta(days=7)  # after which an admin is asked whether to go live


@dataclass(frozen=True, slots=True)
class ShadowMode:
    """An admin lets everything be shown in one channel instead. `channel`: its id; `by`: their Slack user id, or
    OPERATOR; `until`: when they went live, None while it is on."""

    channel: str
    by: str
    at: datetime
    until: datetime | None = None

    @property
    def destination(self) -> Destination:
        return Destination(DestinationKind.CHANNEL, self.channel)


@dataclass(frozen=True, slots=True)
class ShadowCounts:
    """What shadow mode has shown since it began: messages, and how many channels and people they were for; and what
    waits for its channel."""

    messages: int = 0
    channels: int = 0
    people: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """Deliveries, and notifications without one, by state. `oldest_at`: creation of the oldest that is pending, being
    sent or ambiguous. `paused`: None unless all sending is; `shadow`: None unless shadow mode is on. `quiet`:
    notifications held by a reader's quiet time."""

    pending: int
    sending: int
    ambiguous: int
    blocked: int
    failed: int
    sent: int
    edits: int
    oldest_at: datetime | None
    app_refused: str = ""
    paused: SendingPause | None = None
    quiet: int = 0
    shadow: ShadowMode | None = None


@dataclass(frozen=True, slots=True)
class CardDelay:
    """The seconds from the poll that found a result to its card in a channel, of the newest cards: half of them took at
    most `median`, 19 of 20 at most `p95`."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a delivery, as kept for `why`."""

    started_at: datetime
    ended_at: datetime
    what: str  # "post", "read_back", "edit"
    result: str  # the `kind` of a result of `domain.delivery`
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationStatus:
    """One notification and what became of it, for `why` and `outbox list`.

    If a summary counts the session, `summary` is its notification; delivery, state, `cancelled` and attempts are its
    own. `cancelled`: why it will not be sent, "" if it may be. `blocked_reason`: why its destination can't be written
    to, "" if it can.
    """

    notification: Notification
    created_at: datetime
    delivery: Delivery | None
    state: NotificationState
    cancelled: str
    cancelled_code: ReasonCode
    attempts: Sequence[Attempt]
    summary: Notification | None = None
    blocked_reason: str = ""


@dataclass(frozen=True, slots=True)
class CountedSession:
    """A session that a summary counts, as it is now, and the rules it was counted for."""

    session: Session
    rule_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedDestination:
    """A destination that can't be written to for now, and how many notifications wait for it."""

    destination: Destination
    reason: str
    since: datetime | None  # None if it was blocked before this was stored
    waiting: int

"""Destinations, notifications and deliveries: what a destination is to get, and the Slack message that carries it.

What one destination is to get because of a change is a `Notification`. One Slack message that carries one or more
notifications is a `Delivery`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.model import SessionKey
from bot.domain.reasons import ReasonCode


class DestinationKind(StrEnum):
    CHANNEL = "channel"
    PERSON = "person"  # an iSpring person: their Slack user is looked up when sending
    USER = "user"  # a Slack user


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    """Where a notification goes. Its text form `channel:C0123` is stored in rows and logged."""

    kind: DestinationKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Destination":
        kind, _, ident = text.partition(":")
        return cls(DestinationKind(kind), ident)


class NotificationKind(StrEnum):
    """What a notification is about; each kind has one renderer in `blocks.notifications`."""

    SESSION = "session"  # a session's result
    COUNTED = "counted"  # a summary: completions counted instead of posted one by one
    OUTAGE = "away"  # the summary of an outage of Spotter, iSpring or Slack
    RECAP = "recap"  # what a mute held back; `facts["mute"]` is its number
    INTRO = "intro"  # a rule introduces itself to its channel
    RULE_PAUSED = "rule_paused"  # to a rule's owner
    RULE_OFFERED = "rule_offered"  # to who may take a rule over; `facts["by"]` offers it
    OPS = "ops"  # an alert, to OPS_CHANNEL
    DIGEST = "digest"  # the figures of a period, as a rule's schedule says
    REMINDER = "reminder"  # what is planned, or late
    SETUP = "setup"  # the check-list of a first run, to an admin
    SHARED = "shared"  # a session shared with a channel by a person; `facts["by"]` is that person


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What one destination is to get. `subject` is its unique key there: enqueueing it twice enqueues it once.

    `facts` holds numbers and ids only; texts are rendered when it is sent. `mutes`: the numbers of the mutes that hold
    it until the last of them is over.
    """

    kind: NotificationKind
    destination: Destination
    subject: str
    reason: str
    session: SessionKey | None = None
    rule_ids: tuple[int, ...] = ()
    mutes: tuple[int, ...] = ()
    facts: Mapping[str, str | int | float | None] = field(default_factory=dict)


# The version shown where a card shows nothing of a session: it is not stored any more, or another company reads along.
TAKEN_BACK = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotification:
    """A notification as stored. `shown_version` is the session version that its card shows: None before it is sent, 0
    if it is not known, or `TAKEN_BACK`."""

    notification_id: int
    notification: Notification
    created_at: datetime
    shown_version: int | None = None


@dataclass(frozen=True, slots=True)
class SummaryCounts:
    """What a summary counts, as far as its readers may see it.

    `failing`: below target, critical or failed. `since`: the earliest completion among them, None if none has a known
    date. `waits`: why it can't be said yet what they may see, or "".
    """

    sessions: int = 0
    failing: int = 0
    since: datetime | None = None
    waits: str = ""


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    AMBIGUOUS = "ambiguous"  # may have been posted: read back before it is sent again
    SENT = "sent"
    FAILED = "failed"  # Slack rejects it, with its reason
    CANCELLED = "cancelled"  # not wanted any more, with its reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One Slack message that carries notifications, and its state.

    `shadow`: the channel that shadow mode shows it in instead, for good; None if it goes to its destination. `channel`
    and `ts` are Slack's, None until known (a person's D… id may be known before the first attempt).
    `attempts`: those that count. `read_backs`: complete readings of the conversation since the last attempt.
    `slack_time`: Slack's own clock, in Unix seconds, when the last attempt began. `text_only`: rejected once with
    blocks. `resent_unverified`: sent again once although the conversation may not be read; not a second time.
    `slack_error`: the unknown error that the last attempt ended with, else "".
    """

    delivery_id: str
    destination: Destination
    state: DeliveryState
    notifications: tuple[StoredNotification, ...]
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    read_backs: int = 0
    text_only: bool = False
    channel: str | None = None
    ts: str | None = None
    attempt_started_at: datetime | None = None
    attempt_ended_at: datetime | None = None
    slack_time: float | None = None
    resent_unverified: bool = False
    slack_error: str = ""
    shadow: Destination | None = None
    reason_code: ReasonCode = ReasonCode.NONE
    reason: str = ""

    @property
    def posted_to(self) -> Destination:
        """Where it is posted, read back and edited."""
        return self.shadow or self.destination


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack gets: `text` carries the full meaning (push, screen readers), `blocks` the layout. `rich`: the layout
    with kinds of blocks that not every workspace takes yet, shown instead where it does; empty if it is the same."""

    text: str
    blocks: tuple[dict[str, Any], ...] = ()
    rich: tuple[dict[str, Any], ...] = ()

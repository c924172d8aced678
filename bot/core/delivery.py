"""What becomes of a delivery after an attempt: the arrows of the state machine, as plain functions.

waiting ─claim─▶ sending ─ok─▶ sent ──version rises──▶ edit in place
   ▲                ├─ throttled(after): waiting until then; not counted as an attempt
   │                ├─ surely not sent: waiting, back-off with jitter
   │                ├─ unsure: look (5 s and 30 s after the attempt ended), then send again
   │                ├─ destination gone: held; the rule is paused, its owner told once
   │                ├─ message refused: once as plain text, then dead with its reason
   │                └─ app refused: sending pauses, nothing is marked dead
   └────── outbox retry ────── dead
"""

from dataclasses import dataclass
from enum import StrEnum

# ---- what an attempt answers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """Slack took it, or an earlier try of the same delivery: `channel` is the conversation's own id (D… for people)."""

    channel: str
    ts: str


class Scope(StrEnum):
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not posted; Slack names a time to wait, in seconds, for this channel or for everything."""

    after: float
    scope: Scope = Scope.CHANNEL


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely never reached Slack: refused connection, DNS, TLS. Sending again is free of risk."""

    why: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """No clear answer: it may have been posted."""

    why: str


@dataclass(frozen=True, slots=True)
class DestinationGone:
    """This conversation or person can't be written to for now; `why` is Slack's own word."""

    why: str


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """Slack will never take this body; `why` is its own word: our mistake."""

    why: str


@dataclass(frozen=True, slots=True)
class AppRefused:
    """Token, scope or app setting: nothing can be sent until an admin mends it. `needed` names a missing scope."""

    why: str
    needed: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """For edits only: the message is gone or may never be edited again; `why` is Slack's own word."""

    why: str


PostResult = Sent | Throttled | NotSent | Unsure | DestinationGone | MessageRefused | AppRefused
EditResult = Sent | Throttled | NotSent | Unsure | DestinationGone | MessageRefused | AppRefused | Ended


# ---- what a look answers -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The delivery is in the conversation."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The whole window was read and the delivery is not in it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The bot may not read this conversation; `why` is Slack's own word."""

    why: str


@dataclass(frozen=True, slots=True)
class LookLater:
    """The conversation could not be read now; `after` is in seconds where Slack named a time."""

    why: str
    after: float | None = None


LookResult = Found | Absent | Unreadable | LookLater

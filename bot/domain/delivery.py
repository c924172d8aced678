"""What becomes of a delivery after an attempt: the arrows of the state machine, as plain functions.

waiting ─claim─▶ sending ─ok─▶ sent ──version rises──▶ edit in place
   ▲                ├─ throttled(after): waiting until then; not counted as an attempt
   │                ├─ surely not sent: waiting, back-off with jitter
   │                ├─ unsure: look, then send again; also where Slack says no in a word nobody knows
   │                ├─ destination gone: held; the rule is paused, its owner told once
   │                ├─ told and gone: dropped with that reason, not posted a second time
   │                ├─ message refused: once as plain text, then dead with its reason
   │                └─ app refused: sending pauses, nothing is marked dead
   └────── outbox retry ────── dead

A look reads the conversation back, 5 s and again 35 s after the attempt ended; the second comes ever later the more
tries there were, so that what gets lost again and again is not posted again and again:

unsure ─look─▶ found: sent, with that ts; which version it shows is unknown, so it owes an edit
   ▲             ├─ absent, the first time: look again
   │             ├─ destination gone: looked for once it is back
   │             ├─ absent twice: waiting, at once: the same delivery again, same id, same notices
   │             ├─ absent twice, and Slack had said no in a word nobody knows: once as plain text, then dead with it
   │             ├─ may not be read: waiting, at once, and only once; unsure again after that: dead with its reason
   └─────────────┴─ can't be read now: later; does not count as a look
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.cadence import LONGEST_BACKOFF, backoff
from bot.domain.model import Delivery, DeliveryState

FIRST_READ_BACK = timedelta(seconds=5)
# What Slack takes up to 30 s after we hung up is found: the rest is margin for the moment it becomes readable.
SECOND_READ_BACK = timedelta(seconds=35)
_LATER = timedelta(seconds=30)
_LATEST = timedelta(seconds=LONGEST_BACKOFF)
SENT_THEN_DELETED = "was posted by an earlier try, and is gone from Slack since"
_EDIT_LATER = 60.0  # seconds
_EDIT_MUCH_LATER = 3600.0  # seconds: a channel that is gone, or a no nobody knows, rarely changes within minutes
# The longest wait until any due time: an edit's. A wait that Slack names is cut to an hour in `slack.errors`.
LONGEST_WAIT = timedelta(seconds=1.5 * _EDIT_MUCH_LATER)

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
    """Not posted; Slack names a time to wait, in seconds, for this channel or for everything. `why` is Slack's own word
    where it says more than that."""

    after: float
    scope: Scope = Scope.CHANNEL
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely never reached Slack: refused connection, DNS, TLS. Sending again is free of risk."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """No clear answer: it may have been posted. `refused`: Slack did say no, but `why` is a word nobody knows."""

    reason: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class DestinationGone:
    """This conversation or person can't be written to for now; `why` is Slack's own word. `all_direct`: it is a setting
    of the app that closes this and every other direct message."""

    reason: str
    all_direct: bool = False


@dataclass(frozen=True, slots=True)
class AlreadyPosted:
    """For posts only: Slack took an earlier try, and that message is gone since; `why` is Slack's own word."""

    reason: str


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """Slack will never take this body; `why` is its own word: our mistake."""

    reason: str


@dataclass(frozen=True, slots=True)
class AppRefused:
    """Token, scope or app setting: nothing can be sent until an admin mends it. `needed` names a missing scope."""

    reason: str
    needed: str | None = None


@dataclass(frozen=True, slots=True)
class EditEnded:
    """For edits only: the message is gone or may never be edited again; `why` is Slack's own word."""

    reason: str


SendingResult = Sent | Throttled | NotSent | Unsure | DestinationGone | MessageRefused | AppRefused
PostResult = SendingResult | AlreadyPosted
EditResult = SendingResult | EditEnded


# ---- what a look answers -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The delivery is in the conversation."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The whole window was read and the delivery is not in it."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The bot lacks the right to read conversations, now and later; `why` is Slack's own word."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReadLater:
    """The conversation could not be read now; `after` is in seconds where Slack named a time."""

    reason: str
    after: float | None = None


ReadBackResult = Found | NotFound | Unreadable | DestinationGone | ReadLater


# ---- what becomes of it ------------------------------------------------------------------------------------------


def after_post(delivery: Delivery, result: PostResult, *, now: datetime, random01: float) -> Delivery:
    """The delivery after an attempt that ended `now`. `dice` in [0, 1) spreads the back-off.

    That a destination is gone or the app refused also concerns others: holding the destination and pausing all
    sending is the caller's.
    """
    cancelled = replace(delivery, attempt_ended_at=now, read_backs=0, due_at=now, refused="")
    tried = replace(cancelled, attempts=delivery.attempts + 1)
    match result:
        case Sent(channel, ts):
            return replace(tried, state=DeliveryState.SENT, channel=channel, ts=ts, reason="")
        case Throttled(after):
            due_at = now + timedelta(seconds=after)
            return replace(cancelled, state=DeliveryState.WAITING, due_at=due_at, reason="Slack asks to wait")
        case NotSent(reason):
            due_at = now + timedelta(seconds=backoff(tried.attempts, random01))
            return replace(tried, state=DeliveryState.WAITING, due_at=due_at, reason=f"not sent: {reason}")
        case Unsure(reason, refused):
            unknown = replace(tried, refused=reason if refused else "")
            return _unsure_after(unknown, now, f"unsure whether it was posted: {reason}")
        case DestinationGone(reason):
            return replace(tried, state=DeliveryState.BLOCKED, reason=f"the destination is gone: {reason}")
        case AlreadyPosted():
            return replace(tried, state=DeliveryState.DROPPED, reason=SENT_THEN_DELETED)
        case MessageRefused(reason) if not delivery.text_only:
            again = f"Slack refused the message ({reason}): goes as plain text"
            return replace(tried, state=DeliveryState.WAITING, text_only=True, reason=again)
        case MessageRefused(reason):
            return replace(
                tried, state=DeliveryState.DEAD, reason=f"Slack refused the message, also as plain text: {reason}"
            )
        case AppRefused(reason, needed):
            scope = f" (needs the scope {needed})" if needed else ""
            return replace(cancelled, state=DeliveryState.WAITING, reason=f"Slack refuses the app: {reason}{scope}")


def after_crash(delivery: Delivery, *, now: datetime) -> Delivery:
    """What was being sent when a process died: it may have been posted."""
    tried = replace(delivery, attempts=delivery.attempts + 1, attempt_ended_at=now, read_backs=0, refused="")
    return _unsure_after(tried, now, "Spotter was stopped while posting it")


def after_read_back(delivery: Delivery, read_back: ReadBackResult, *, now: datetime, random01: float) -> Delivery:
    """An unsure delivery after its conversation was read back, `now`. `dice` as in `after_post`."""
    cancelled = delivery.attempt_ended_at or now
    match read_back:
        case Found(channel, ts):
            unknown = {
                stored.notification_id: 0
                for stored in delivery.notifications
                if stored.notification.session is not None
            }
            found = replace(delivery, state=DeliveryState.SENT, channel=channel, ts=ts, due_at=now, reason="")
            return shown_versions(found, unknown)
        case NotFound() if delivery.read_backs == 0:
            # Here and not before it is sent again: what is unsure holds up nothing else.
            pause = timedelta(seconds=backoff(delivery.attempts - 1, random01) if delivery.attempts > 1 else 0.0)
            # A first look that came late is followed by a pause too: two looks at one instant see the same.
            due_at = max(cancelled + SECOND_READ_BACK + pause, now + FIRST_READ_BACK)
            return replace(delivery, read_backs=1, due_at=due_at, reason="not found once: looks again")
        case NotFound() if delivery.refused and delivery.text_only:
            reason = f"Slack refuses it: {delivery.refused}"
            return replace(
                delivery, state=DeliveryState.DEAD, read_backs=delivery.read_backs + 1, due_at=now, reason=reason
            )
        case NotFound() if delivery.refused:
            again = f"not found twice, and Slack refused it ({delivery.refused}): goes as plain text"
            tried = replace(delivery, read_backs=delivery.read_backs + 1, text_only=True)
            return replace(tried, state=DeliveryState.WAITING, due_at=now, reason=again)
        case NotFound():
            reason = "not found twice: is sent again"
            return replace(
                delivery, state=DeliveryState.WAITING, read_backs=delivery.read_backs + 1, due_at=now, reason=reason
            )
        case Unreadable(reason) if delivery.resent_unverified:
            reason = f"unsure twice, and the conversation may not be read: {reason}"
            return replace(delivery, state=DeliveryState.DEAD, due_at=now, reason=reason)
        case Unreadable(reason):
            reason = f"the conversation may not be read ({reason}): is sent again once, with the same key"
            return replace(delivery, state=DeliveryState.WAITING, resent_unverified=True, due_at=now, reason=reason)
        case DestinationGone(reason):
            # The caller holds the destination, and what is unsure there is looked for when it is released.
            return replace(
                delivery, due_at=now + FIRST_READ_BACK, reason=f"the destination is gone before a look: {reason}"
            )
        case ReadLater(reason, after):
            # As long again as it has been unsure by now: what can't be read for long is asked for ever more seldom.
            pause = max(_LATER, min(now - cancelled, _LATEST)) if after is None else timedelta(seconds=after)
            return replace(delivery, due_at=now + pause, reason=f"the conversation can't be read now: {reason}")


def is_first_attempt(delivery: Delivery) -> bool:
    """Whether what is found of it can only be what its last attempt posted: it is claimed when it is made."""
    return delivery.attempt_started_at == delivery.created_at


def shown_versions(delivery: Delivery, versions: Mapping[int, int]) -> Delivery:
    """The delivery with the session version each notice id shows by now; notices not named keep theirs."""
    notifications = tuple(
        replace(stored, shown_version=versions.get(stored.notification_id, stored.shown_version))
        for stored in delivery.notifications
    )
    return replace(delivery, notifications=notifications)


@dataclass(frozen=True, slots=True)
class AfterEdit:
    """What becomes of an owed edit: `shown`; or to be tried again at `due_at`; or `ended` with why never again."""

    shown: bool = False
    due_at: datetime | None = None
    cancelled: str = ""


def after_edit(result: EditResult, *, now: datetime, random01: float) -> AfterEdit:
    """What becomes of an edit tried `now`. Trying again is free of risk: an edit says the same however often."""
    match result:
        case Sent():
            return AfterEdit(shown=True)
        case Throttled(after):
            return AfterEdit(due_at=now + timedelta(seconds=after))
        case DestinationGone() | Unsure(refused=True):
            return AfterEdit(due_at=now + timedelta(seconds=_EDIT_MUCH_LATER * (0.5 + random01)))
        case NotSent() | Unsure() | AppRefused():
            return AfterEdit(due_at=now + timedelta(seconds=_EDIT_LATER * (0.5 + random01)))
        case MessageRefused(reason) | EditEnded(reason):
            return AfterEdit(cancelled=reason)


def _unsure_after(tried: Delivery, now: datetime, reason: str) -> Delivery:
    return replace(tried, state=DeliveryState.UNSURE, due_at=now + FIRST_READ_BACK, reason=reason)

"""The state machine of a delivery: the next state after an attempt, a read-back or an edit, as plain functions.

pending ─claim─▶ sending ─ok─▶ sent ──version rises──▶ edit in place
   ▲                ├─ rate limited(after): pending until then; not counted as an attempt
   │                ├─ surely not sent: pending, back-off with jitter
   │                ├─ ambiguous: read back, then send again; also if Slack rejects it with an unknown error
   │                ├─ destination gone: pending; the destination is blocked, its rules' owners are notified once
   │                ├─ posted and deleted: cancelled with that reason, not posted a second time
   │                ├─ message rejected: once as plain text, then failed with its reason
   │                └─ app refused: pending; all sending pauses
   └────── outbox retry ────── failed

The conversation is read back 5 s and again 35 s after the attempt ended. The second read-back comes later the more
attempts there were, so that a message that is lost again and again is not posted again and again:

ambiguous ─read back─▶ found: sent, with that ts; which version it shows is unknown, so an edit follows
   ▲             ├─ not found, the first time: read back again
   │             ├─ destination gone: read back once the destination is unblocked
   │             ├─ not found twice: pending, at once: the same delivery again, same id, same notifications
   │             ├─ not found twice, and Slack had rejected it with an unknown error: once as plain text, then failed
   │             ├─ unreadable: pending, at once, and only once; ambiguous again after that: failed with its reason
   └─────────────┴─ can't be read now: again within seconds; proves nothing and does not count as a read-back
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from bot.domain.cadence import backoff, retry_pause
from bot.domain.notifications import Delivery, DeliveryState
from bot.domain.reasons import ReasonCode

FIRST_READ_BACK = timedelta(seconds=5)
# Finds what Slack accepts up to 30 s after the connection ended; the rest is margin until it becomes readable.
SECOND_READ_BACK = timedelta(seconds=35)
_READ_AGAIN = 30.0  # seconds, the longest pause after a reading that failed
_EDIT_LATER = 60.0  # seconds, the longest pause after an edit that brought no clear answer
_EDIT_MUCH_LATER = 3600.0  # seconds: a channel that is gone, or an error that repeats, rarely changes within minutes
# The longest wait until any due time: an edit's. A wait that Slack names is cut to an hour in `slack.errors`.
LONGEST_WAIT = timedelta(seconds=1.5 * _EDIT_MUCH_LATER)

# ---- the result of an attempt ------------------------------------------------------------------------------------
# `kind` names each result in the attempts' table, the log and the metrics; `reason` is Slack's own error code, if any.


@dataclass(frozen=True, slots=True)
class Sent:
    """Slack accepted it, or an earlier attempt of the same delivery. `channel`: the conversation's own id (D… for
    people)."""

    kind: ClassVar[str] = "sent"
    channel: str
    ts: str


class Scope(StrEnum):
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not posted; Slack asks to wait `after` seconds, for this channel or for the workspace."""

    kind: ClassVar[str] = "rate limited"
    after: float
    scope: Scope = Scope.CHANNEL
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Never reached Slack: refused connection, DNS, TLS. Sending again is free of risk."""

    kind: ClassVar[str] = "not sent"
    reason: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """No clear answer: it may have been posted. `is_rejection`: Slack answered with an error that is not known."""

    kind: ClassVar[str] = "ambiguous"
    reason: str
    is_rejection: bool = False


@dataclass(frozen=True, slots=True)
class DestinationGone:
    """This conversation or person can't be written to for now. `all_direct`: a setting of the app closes this and every
    other direct message."""

    kind: ClassVar[str] = "destination gone"
    reason: str
    all_direct: bool = False


@dataclass(frozen=True, slots=True)
class AlreadyPosted:
    """For posts only: Slack accepted an earlier attempt, and that message was deleted since."""

    kind: ClassVar[str] = "posted and deleted"
    reason: str


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """Slack will never accept this body: a mistake of ours."""

    kind: ClassVar[str] = "message rejected"
    reason: str


@dataclass(frozen=True, slots=True)
class AppRefused:
    """Token, scope or app setting: nothing can be sent until an admin mends it. `needed`: the missing scope."""

    kind: ClassVar[str] = "app refused"
    reason: str
    needed: str | None = None


@dataclass(frozen=True, slots=True)
class EditImpossible:
    """For edits only: the message was deleted or may never be edited again."""

    kind: ClassVar[str] = "ended"
    reason: str


SendingResult = Sent | Throttled | NotSent | Ambiguous | DestinationGone | MessageRefused | AppRefused
PostResult = SendingResult | AlreadyPosted
EditResult = SendingResult | EditImpossible


# ---- the result of a read-back -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The delivery is in the conversation."""

    kind: ClassVar[str] = "found"
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The whole window was read and the delivery is not in it."""

    kind: ClassVar[str] = "not found"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The bot lacks the right to read conversations, now and later."""

    kind: ClassVar[str] = "unreadable"
    reason: str


@dataclass(frozen=True, slots=True)
class ReadLater:
    """The conversation could not be read now; `after`: seconds to wait, if Slack named them."""

    kind: ClassVar[str] = "later"
    reason: str
    after: float | None = None


ReadBackResult = Found | NotFound | Unreadable | DestinationGone | ReadLater


# ---- the next state ----------------------------------------------------------------------------------------------


def after_post(delivery: Delivery, result: PostResult, *, now: datetime, random01: float) -> Delivery:
    """The delivery after an attempt that ended `now`. `random01` in [0, 1) spreads the back-off.

    What concerns other deliveries too is the caller's: blocking the destination, pausing all sending.
    """
    attempted = replace(delivery, attempt_ended_at=now, read_backs=0, due_at=now, slack_error="")
    tried = replace(attempted, attempts=delivery.attempts + 1)
    match result:
        case Sent(channel, ts):
            return _becomes(replace(tried, channel=channel, ts=ts), DeliveryState.SENT, ReasonCode.NONE, "")
        case Throttled(after):
            waiting = replace(attempted, due_at=now + timedelta(seconds=after))
            return _becomes(waiting, DeliveryState.PENDING, ReasonCode.RATE_LIMITED, "Slack asks to wait")
        case NotSent(reason):
            waiting = replace(tried, due_at=now + timedelta(seconds=backoff(tried.attempts, random01)))
            return _becomes(waiting, DeliveryState.PENDING, ReasonCode.NOT_SENT, f"not sent: {reason}")
        case Ambiguous(reason, is_rejection):
            unknown = replace(tried, slack_error=reason if is_rejection else "")
            return _ambiguous(unknown, now, f"it is not clear whether it was posted: {reason}")
        case DestinationGone(reason):
            text = f"the destination is gone: {reason}"
            return _becomes(tried, DeliveryState.PENDING, ReasonCode.DESTINATION_GONE, text)
        case AlreadyPosted():
            text = "was posted by an earlier attempt and deleted in Slack since"
            return _becomes(tried, DeliveryState.CANCELLED, ReasonCode.POSTED_AND_DELETED, text)
        case MessageRefused(reason) if not delivery.text_only:
            text = f"Slack rejected the message ({reason}): sent as plain text next"
            return _becomes(replace(tried, text_only=True), DeliveryState.PENDING, ReasonCode.REJECTED, text)
        case MessageRefused(reason):
            text = f"Slack rejected the message, also as plain text: {reason}"
            return _becomes(tried, DeliveryState.FAILED, ReasonCode.REJECTED, text)
        case AppRefused(reason, needed):
            scope = f" (needs the scope {needed})" if needed else ""
            text = f"Slack refuses the app: {reason}{scope}"
            return _becomes(attempted, DeliveryState.PENDING, ReasonCode.APP_REFUSED, text)


def after_crash(delivery: Delivery, *, now: datetime) -> Delivery:
    """A delivery that was being sent when a process died: it may have been posted."""
    tried = replace(delivery, attempts=delivery.attempts + 1, attempt_ended_at=now, read_backs=0, slack_error="")
    return _ambiguous(tried, now, "Spotter was stopped while posting it")


def after_read_back(
    delivery: Delivery, result: ReadBackResult, *, now: datetime, random01: float, failures: int = 0
) -> Delivery:
    """An ambiguous delivery after its conversation was read back, `now`. `failures`: how many readings failed in a row
    before this one. `random01` as in `after_post`."""
    ended_at = min(delivery.attempt_ended_at or now, now)  # the clock may have been set back since
    read = replace(delivery, read_backs=delivery.read_backs + 1, due_at=now)
    match result:
        case Found(channel, ts):
            unknown = {
                stored.notification_id: 0
                for stored in delivery.notifications
                if stored.notification.session is not None
            }
            found = replace(delivery, channel=channel, ts=ts, due_at=now)
            return shown_versions(_becomes(found, DeliveryState.SENT, ReasonCode.NONE, ""), unknown)
        case NotFound() if delivery.read_backs == 0:
            # Here and not before it is sent again: an ambiguous delivery holds up nothing else.
            pause = timedelta(seconds=backoff(delivery.attempts - 1, random01) if delivery.attempts > 1 else 0.0)
            # A late first read-back is followed by a pause too: two of them at one instant see the same.
            due_at = max(ended_at + SECOND_READ_BACK + pause, now + FIRST_READ_BACK)
            text = "not found once: read back again"
            return _becomes(replace(read, due_at=due_at), DeliveryState.AMBIGUOUS, ReasonCode.AMBIGUOUS, text)
        case NotFound() if delivery.slack_error and delivery.text_only:
            text = f"Slack rejects it: {delivery.slack_error}"
            return _becomes(read, DeliveryState.FAILED, ReasonCode.REJECTED, text)
        case NotFound() if delivery.slack_error:
            text = f"not found twice, and Slack rejected it ({delivery.slack_error}): sent as plain text next"
            return _becomes(replace(read, text_only=True), DeliveryState.PENDING, ReasonCode.REJECTED, text)
        case NotFound():
            return _becomes(read, DeliveryState.PENDING, ReasonCode.NOT_FOUND, "not found twice: sent again")
        case Unreadable(reason) if delivery.resent_unverified:
            text = f"ambiguous twice, and the conversation may not be read: {reason}"
            return _becomes(replace(delivery, due_at=now), DeliveryState.FAILED, ReasonCode.UNREADABLE, text)
        case Unreadable(reason):
            again = replace(delivery, resent_unverified=True, due_at=now)
            text = f"the conversation may not be read ({reason}): sent again once, with the same key"
            return _becomes(again, DeliveryState.PENDING, ReasonCode.UNREADABLE, text)
        case DestinationGone(reason):
            # The caller blocks the destination; the conversation is read back once that is unblocked.
            later = replace(delivery, due_at=now + FIRST_READ_BACK)
            text = f"the destination is gone before a read-back: {reason}"
            return _becomes(later, DeliveryState.AMBIGUOUS, ReasonCode.DESTINATION_GONE, text)
        case ReadLater(reason, after):
            wait = retry_pause(failures + 1, _READ_AGAIN, random01) if after is None else after
            later = replace(delivery, due_at=now + timedelta(seconds=wait))
            text = f"the conversation can't be read now: {reason}"
            return _becomes(later, DeliveryState.AMBIGUOUS, ReasonCode.READ_LATER, text)


def reconcile(
    decided: Delivery, *, stored: DeliveryState, was_read_back: bool, unwanted_reason: str | None
) -> Delivery | None:
    """What to store of a decision although the row may have changed meanwhile; None if nothing.

    `stored`: the row's state now. `unwanted_reason`: why none of its notifications is wanted any more, None if one is.
    """
    is_sent = decided.state is DeliveryState.SENT
    # That a message is posted outweighs that it was cancelled meanwhile.
    if stored is DeliveryState.SENT or (stored in (DeliveryState.FAILED, DeliveryState.CANCELLED) and not is_sent):
        return None
    # A read-back of an earlier attempt says nothing about the one that is being sent now.
    if was_read_back and stored is not DeliveryState.AMBIGUOUS and not is_sent:
        return None
    if decided.state is DeliveryState.PENDING and unwanted_reason is not None:
        return _becomes(decided, DeliveryState.CANCELLED, ReasonCode.CANCELLED, unwanted_reason)
    return decided


def is_first_attempt(delivery: Delivery) -> bool:
    """True if a read-back can only find what the last attempt posted: a delivery is claimed when it is made."""
    return delivery.attempt_started_at == delivery.created_at


def shown_versions(delivery: Delivery, versions: Mapping[int, int]) -> Delivery:
    """The delivery with the session version that each notification shows, by id; the others keep theirs."""
    notifications = tuple(
        replace(stored, shown_version=versions.get(stored.notification_id, stored.shown_version))
        for stored in delivery.notifications
    )
    return replace(delivery, notifications=notifications)


@dataclass(frozen=True, slots=True)
class AfterEdit:
    """The result of an edit: `shown`, or tried again at `due_at`, or never again because of `cancelled_reason`."""

    shown: bool = False
    due_at: datetime | None = None
    cancelled_reason: str = ""


def after_edit(
    result: EditResult, *, now: datetime, random01: float, failures: int = 0, unedited: str = ""
) -> AfterEdit:
    """The result of an edit tried `now`, after so many in a row that failed. Trying again is free of risk: edits are
    idempotent, and so are deletions. `unedited`: why a redaction could not be edited in; `result` is the deletion's."""
    match result:
        case Sent() if unedited:
            return AfterEdit(shown=True, cancelled_reason=f"deleted, because it could not be edited: {unedited}")
        case Sent():
            return AfterEdit(shown=True)
        case Throttled(after):
            return AfterEdit(due_at=now + timedelta(seconds=after))
        case DestinationGone():
            return AfterEdit(due_at=now + timedelta(seconds=_EDIT_MUCH_LATER * (0.5 + random01)))
        case AppRefused():
            return AfterEdit(due_at=now + timedelta(seconds=_EDIT_LATER * (0.5 + random01)))
        case NotSent() | Ambiguous():
            # An unknown error may be an oddity of the moment, or may stay.
            is_rejection = isinstance(result, Ambiguous) and result.is_rejection
            longest = _EDIT_MUCH_LATER if is_rejection else _EDIT_LATER
            return AfterEdit(due_at=now + timedelta(seconds=retry_pause(failures + 1, longest, random01)))
        case MessageRefused(reason) | EditImpossible(reason) if unedited:
            return AfterEdit(cancelled_reason=f"it could not be edited ({unedited}) or deleted ({reason})")
        case MessageRefused(reason) | EditImpossible(reason):
            return AfterEdit(cancelled_reason=reason)


def _ambiguous(tried: Delivery, now: datetime, text: str) -> Delivery:
    later = replace(tried, due_at=now + FIRST_READ_BACK)
    return _becomes(later, DeliveryState.AMBIGUOUS, ReasonCode.AMBIGUOUS, text)


def _becomes(delivery: Delivery, state: DeliveryState, code: ReasonCode, text: str) -> Delivery:
    return replace(delivery, state=state, reason_code=code, reason=text)

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

from bot.core.cadence import LONGEST_BACKOFF, backoff
from bot.core.model import Delivery, DeliveryState

FIRST_LOOK = timedelta(seconds=5)
# What Slack takes up to 30 s after we hung up is found: the rest is margin for the moment it becomes readable.
SECOND_LOOK = timedelta(seconds=35)
_LATER = timedelta(seconds=30)
_LATEST = timedelta(seconds=LONGEST_BACKOFF)
TOLD_AND_GONE = "was posted by an earlier try, and is gone from Slack since"
_EDIT_LATER = 60.0  # seconds
_EDIT_MUCH_LATER = 3600.0  # seconds: a channel that is gone, or a no nobody knows, rarely changes within minutes

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
    why: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely never reached Slack: refused connection, DNS, TLS. Sending again is free of risk."""

    why: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """No clear answer: it may have been posted. `refused`: Slack did say no, but `why` is a word nobody knows."""

    why: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class DestinationGone:
    """This conversation or person can't be written to for now; `why` is Slack's own word. `all_direct`: it is a setting
    of the app that closes this and every other direct message."""

    why: str
    all_direct: bool = False


@dataclass(frozen=True, slots=True)
class ToldAndGone:
    """For posts only: Slack took an earlier try, and that message is gone since; `why` is Slack's own word."""

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


SendingResult = Sent | Throttled | NotSent | Unsure | DestinationGone | MessageRefused | AppRefused
PostResult = SendingResult | ToldAndGone
EditResult = SendingResult | Ended


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
    """The bot lacks the right to read conversations, now and later; `why` is Slack's own word."""

    why: str


@dataclass(frozen=True, slots=True)
class LookLater:
    """The conversation could not be read now; `after` is in seconds where Slack named a time."""

    why: str
    after: float | None = None


LookResult = Found | Absent | Unreadable | DestinationGone | LookLater


# ---- what becomes of it ------------------------------------------------------------------------------------------


def after_post(delivery: Delivery, result: PostResult, *, now: datetime, dice: float) -> Delivery:
    """The delivery after an attempt that ended `now`. `dice` in [0, 1) spreads the back-off.

    That a destination is gone or the app refused also concerns others: holding the destination and pausing all
    sending is the caller's.
    """
    ended = replace(delivery, attempt_ended_at=now, looks=0, due_at=now, refused="")
    tried = replace(ended, attempts=delivery.attempts + 1)
    match result:
        case Sent(channel, ts):
            return replace(tried, state=DeliveryState.SENT, channel=channel, ts=ts, why="")
        case Throttled(after):
            due_at = now + timedelta(seconds=after)
            return replace(ended, state=DeliveryState.WAITING, due_at=due_at, why="Slack asks to wait")
        case NotSent(why):
            due_at = now + timedelta(seconds=backoff(tried.attempts, dice))
            return replace(tried, state=DeliveryState.WAITING, due_at=due_at, why=f"not sent: {why}")
        case Unsure(why, refused):
            unknown = replace(tried, refused=why if refused else "")
            return _unsure(unknown, now, f"unsure whether it was posted: {why}")
        case DestinationGone(why):
            return replace(tried, state=DeliveryState.HELD, why=f"the destination is gone: {why}")
        case ToldAndGone():
            return replace(tried, state=DeliveryState.DROPPED, why=TOLD_AND_GONE)
        case MessageRefused(why) if not delivery.plain:
            again = f"Slack refused the message ({why}): goes as plain text"
            return replace(tried, state=DeliveryState.WAITING, plain=True, why=again)
        case MessageRefused(why):
            return replace(tried, state=DeliveryState.DEAD, why=f"Slack refused the message, also as plain text: {why}")
        case AppRefused(why, needed):
            scope = f" (needs the scope {needed})" if needed else ""
            return replace(ended, state=DeliveryState.WAITING, why=f"Slack refuses the app: {why}{scope}")


def after_crash(delivery: Delivery, *, now: datetime) -> Delivery:
    """What was being sent when a process died: it may have been posted."""
    tried = replace(delivery, attempts=delivery.attempts + 1, attempt_ended_at=now, looks=0, refused="")
    return _unsure(tried, now, "Spotter was stopped while posting it")


def after_look(delivery: Delivery, look: LookResult, *, now: datetime, dice: float) -> Delivery:
    """An unsure delivery after its conversation was read back, `now`. `dice` as in `after_post`."""
    ended = delivery.attempt_ended_at or now
    match look:
        case Found(channel, ts):
            unknown = {owed.notice_id: 0 for owed in delivery.notices if owed.notice.session is not None}
            found = replace(delivery, state=DeliveryState.SENT, channel=channel, ts=ts, due_at=now, why="")
            return versions_shown(found, unknown)
        case Absent() if delivery.looks == 0:
            # Here and not before it is sent again: what is unsure holds up nothing else.
            pause = timedelta(seconds=backoff(delivery.attempts - 1, dice) if delivery.attempts > 1 else 0.0)
            # A first look that came late is followed by a pause too: two looks at one instant see the same.
            due_at = max(ended + SECOND_LOOK + pause, now + FIRST_LOOK)
            return replace(delivery, looks=1, due_at=due_at, why="not found once: looks again")
        case Absent() if delivery.refused and delivery.plain:
            why = f"Slack refuses it: {delivery.refused}"
            return replace(delivery, state=DeliveryState.DEAD, looks=delivery.looks + 1, due_at=now, why=why)
        case Absent() if delivery.refused:
            again = f"not found twice, and Slack refused it ({delivery.refused}): goes as plain text"
            tried = replace(delivery, looks=delivery.looks + 1, plain=True)
            return replace(tried, state=DeliveryState.WAITING, due_at=now, why=again)
        case Absent():
            why = "not found twice: is sent again"
            return replace(delivery, state=DeliveryState.WAITING, looks=delivery.looks + 1, due_at=now, why=why)
        case Unreadable(why) if delivery.resent_blind:
            why = f"unsure twice, and the conversation may not be read: {why}"
            return replace(delivery, state=DeliveryState.DEAD, due_at=now, why=why)
        case Unreadable(why):
            why = f"the conversation may not be read ({why}): is sent again once, with the same key"
            return replace(delivery, state=DeliveryState.WAITING, resent_blind=True, due_at=now, why=why)
        case DestinationGone(why):
            # The caller holds the destination, and what is unsure there is looked for when it is released.
            return replace(delivery, due_at=now + FIRST_LOOK, why=f"the destination is gone before a look: {why}")
        case LookLater(why, after):
            # As long again as it has been unsure by now: what can't be read for long is asked for ever more seldom.
            pause = max(_LATER, min(now - ended, _LATEST)) if after is None else timedelta(seconds=after)
            return replace(delivery, due_at=now + pause, why=f"the conversation can't be read now: {why}")


def is_first_attempt(delivery: Delivery) -> bool:
    """Whether what is found of it can only be what its last attempt posted: it is claimed when it is made."""
    return delivery.attempt_started_at == delivery.created_at


def versions_shown(delivery: Delivery, versions: Mapping[int, int]) -> Delivery:
    """The delivery with the session version each notice id shows by now; notices not named keep theirs."""
    notices = tuple(
        replace(owed, shown_version=versions.get(owed.notice_id, owed.shown_version)) for owed in delivery.notices
    )
    return replace(delivery, notices=notices)


@dataclass(frozen=True, slots=True)
class AfterEdit:
    """What becomes of an owed edit: `shown`; or to be tried again at `due_at`; or `ended` with why never again."""

    shown: bool = False
    due_at: datetime | None = None
    ended: str = ""


def after_edit(result: EditResult, *, now: datetime, dice: float) -> AfterEdit:
    """What becomes of an edit tried `now`. Trying again is free of risk: an edit says the same however often."""
    match result:
        case Sent():
            return AfterEdit(shown=True)
        case Throttled(after):
            return AfterEdit(due_at=now + timedelta(seconds=after))
        case DestinationGone() | Unsure(refused=True):
            return AfterEdit(due_at=now + timedelta(seconds=_EDIT_MUCH_LATER * (0.5 + dice)))
        case NotSent() | Unsure() | AppRefused():
            return AfterEdit(due_at=now + timedelta(seconds=_EDIT_LATER * (0.5 + dice)))
        case MessageRefused(why) | Ended(why):
            return AfterEdit(ended=why)


def _unsure(tried: Delivery, now: datetime, why: str) -> Delivery:
    return replace(tried, state=DeliveryState.UNSURE, due_at=now + FIRST_LOOK, why=why)

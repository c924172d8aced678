"""What a try of a delivery is called, and what it means for a look that there is nowhere to look."""

from datetime import datetime, timedelta
from typing import assert_never

from bot.core.delivery import (
    Absent,
    AppRefused,
    DestinationGone,
    EditResult,
    Ended,
    Found,
    LookLater,
    LookResult,
    MessageRefused,
    NotSent,
    PostResult,
    Sent,
    Throttled,
    ToldAndGone,
    Unreadable,
    Unsure,
)
from bot.core.ports import Attempt, Nobody


def unplaced_look(why: Nobody | PostResult) -> LookResult:
    """What it means for a look that the conversation to read could not be found out."""
    match why:
        case Nobody(reason):
            return Unreadable(reason)
        case DestinationGone():
            return why
        case Throttled(after):
            return LookLater("Slack asks to wait", after)
        case NotSent(reason) | Unsure(reason) | AppRefused(reason) | MessageRefused(reason):
            return LookLater(reason)
        case Sent() | ToldAndGone():
            return LookLater("not placed")
        case never:
            assert_never(never)


def attempt_of(what: str, result: PostResult | EditResult | LookResult, started: datetime, ended: datetime) -> Attempt:
    """One try as `outbox why` tells it."""
    word, why = _words(result)
    return Attempt(started_at=started, ended_at=max(ended, started), what=what, result=word, why=why)


def _words(result: PostResult | EditResult | LookResult) -> tuple[str, str]:
    match result:
        case Sent():
            return "sent", ""
        case Throttled(after, scope, why):
            because = f" ({why})" if why else ""
            return "throttled", f"Slack asks to wait {timedelta(seconds=round(after))} for this {scope}{because}"
        case NotSent(why):
            return "not sent", why
        case Unsure(why):
            return "unsure", why
        case DestinationGone(why):
            return "destination gone", why
        case ToldAndGone(why):
            return "told and gone", why
        case MessageRefused(why):
            return "message refused", why
        case AppRefused(why, needed):
            return "app refused", why + (f" (needs the scope {needed})" if needed else "")
        case Ended(why):
            return "ended", why
        case Found():
            return "found", ""
        case Absent():
            return "absent", ""
        case Unreadable(why):
            return "unreadable", why
        case LookLater(why):
            return "later", why
        case never:
            assert_never(never)

"""What a try of a delivery is called, and what it means for a look that there is nowhere to look."""

from datetime import datetime, timedelta
from typing import assert_never

from bot.domain.delivery import (
    AlreadyPosted,
    AppRefused,
    DestinationGone,
    EditEnded,
    EditResult,
    Found,
    MessageRefused,
    NotFound,
    NotSent,
    PostResult,
    ReadBackResult,
    ReadLater,
    Sent,
    Throttled,
    Unreadable,
    Unsure,
)
from bot.domain.outbox import Attempt
from bot.domain.ports import Nobody


def unresolved_read_back(detail: Nobody | PostResult) -> ReadBackResult:
    """What it means for a look that the conversation to read could not be found out."""
    match detail:
        case Nobody(reason):
            return Unreadable(reason)
        case DestinationGone():
            return detail
        case Throttled(after):
            return ReadLater("Slack asks to wait", after)
        case NotSent(reason) | Unsure(reason) | AppRefused(reason) | MessageRefused(reason):
            return ReadLater(reason)
        case Sent() | AlreadyPosted():
            return ReadLater("not placed")
        case never:
            assert_never(never)


def attempt_of(
    what: str, result: PostResult | EditResult | ReadBackResult, started: datetime, cancelled: datetime
) -> Attempt:
    """One try as `outbox why` tells it."""
    word, reason = _text(result)
    return Attempt(started_at=started, ended_at=max(cancelled, started), what=what, result=word, reason=reason)


def _text(result: PostResult | EditResult | ReadBackResult) -> tuple[str, str]:
    match result:
        case Sent():
            return "sent", ""
        case Throttled(after, scope, reason):
            because = f" ({reason})" if reason else ""
            return "throttled", f"Slack asks to wait {timedelta(seconds=round(after))} for this {scope}{because}"
        case NotSent(reason):
            return "not sent", reason
        case Unsure(reason):
            return "unsure", reason
        case DestinationGone(reason):
            return "destination gone", reason
        case AlreadyPosted(reason):
            return "told and gone", reason
        case MessageRefused(reason):
            return "message refused", reason
        case AppRefused(reason, needed):
            return "app refused", reason + (f" (needs the scope {needed})" if needed else "")
        case EditEnded(reason):
            return "ended", reason
        case Found():
            return "found", ""
        case NotFound():
            return "absent", ""
        case Unreadable(reason):
            return "unreadable", reason
        case ReadLater(reason):
            return "later", reason
        case never:
            assert_never(never)

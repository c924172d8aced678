"""Attempts of a delivery for the attempts' log."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.delivery import (
    AppRefused,
    EditResult,
    Found,
    NotFound,
    PostResult,
    ReadBackResult,
    Sent,
    Throttled,
)
from bot.domain.outbox import Attempt

Tried = Callable[[str, str], None]  # what was tried, and the kind of its result, as `Attempt` has them


def uncounted(what: str, result: str) -> None:
    """For callers that count no attempts."""


def attempt_of(
    what: str, result: PostResult | EditResult | ReadBackResult, started: datetime, ended: datetime
) -> Attempt:
    """One try for the attempts' log. `what`: "post", "edit" or "read_back"."""
    return Attempt(
        started_at=started, ended_at=max(ended, started), what=what, result=result.kind, reason=_reason(result)
    )


def _reason(result: PostResult | EditResult | ReadBackResult) -> str:
    match result:
        case Sent() | Found() | NotFound():
            return ""
        case Throttled(after, scope, reason):
            because = f" ({reason})" if reason else ""
            return f"Slack asks to wait {timedelta(seconds=round(after))} for this {scope}{because}"
        case AppRefused():
            return refusal_text(result)
        case _:
            return result.reason


def refusal_text(result: AppRefused) -> str:
    """Why Slack refuses the app, with the scope that is needed if it names one."""
    return result.reason + (f" (needs the scope {result.needed})" if result.needed else "")

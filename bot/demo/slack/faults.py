"""What can be made to go wrong, on order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.demo.slack.entities import Json


@dataclass(frozen=True)
class Fault:
    """What becomes of one call: whether Slack does what was asked, and what the caller hears of it."""

    name: str
    done: Literal["no", "yes", "late"]
    """Whether the call takes effect; `late` means `seconds` after the connection has ended."""
    answer: Literal["dropped", "spoiled", "refused"]
    """`dropped`: the connection ends without a byte. `spoiled`: `body` instead. `refused`: Slack's own ok=false."""
    seconds: float = 0.0
    """How long the call hangs first (or, for `late`, until the effect)."""
    status: int = 200
    content_type: str = "application/json"
    body: str = ""
    error: str = ""
    extra: Json = field(default_factory=dict)
    retry_after: int | None = None


def reply_lost() -> Fault:
    """Accepted and stored; then the connection is closed without a reply."""
    return Fault("reply_lost", done="yes", answer="dropped")


def request_lost() -> Fault:
    """The connection is closed without a reply, and nothing was stored: the caller can't tell it from `reply_lost`."""
    return Fault("request_lost", done="no", answer="dropped")


def error_before(status: int = 503) -> Fault:
    """A 5xx answer; nothing was stored."""
    return _broken("error_before", done="no", status=status)


def error_after(status: int = 500) -> Fault:
    """A 5xx answer although the call took effect."""
    return _broken("error_after", done="yes", status=status)


def hang(seconds: float = 60.0, *, stored: bool = False) -> Fault:
    """No answer for so many seconds, then the connection is closed. The effect, if any, comes first."""
    return Fault("hang", done="yes" if stored else "no", answer="dropped", seconds=seconds)


def text_plain(*, stored: bool = False, status: int = 200) -> Fault:
    """A proxy's plain words instead of JSON."""
    body = "upstream connect error or disconnect/reset before headers"
    return _spoiled("text_plain", stored, status, "text/plain", body)


def empty(*, stored: bool = False, status: int = 200) -> Fault:
    """No body at all."""
    return _spoiled("empty", stored, status, "application/json", "")


def html(*, stored: bool = False, status: int = 200) -> Fault:
    """A web page instead of JSON."""
    body = "<!DOCTYPE html><html><head><title>Slack | Error</title></head><body>Sorry!</body></html>"
    return _spoiled("html", stored, status, "text/html", body)


def api_error(code: str, **extra: object) -> Fault:
    """HTTP 200 with ok=false and that error string; nothing was stored. `extra` goes into the body beside it."""
    return Fault(f"api_error:{code}", done="no", answer="refused", error=code, extra=dict(extra))


def rate_limited(retry_after: int = 2) -> Fault:
    """HTTP 429 with `Retry-After`, in seconds; nothing was stored."""
    return Fault("rate_limited", done="no", answer="refused", error="ratelimited", status=429, retry_after=retry_after)


def accepted_late(seconds: float = 20.0) -> Fault:
    """The connection ends at once; the effect comes so many seconds later."""
    return Fault("accepted_late", done="late", answer="dropped", seconds=seconds)


FAULTS: dict[str, Callable[[], Fault]] = {
    "reply_lost": reply_lost,
    "request_lost": request_lost,
    "error_before": error_before,
    "error_after": error_after,
    "hang": hang,
    "hang_stored": lambda: hang(stored=True),
    "text_plain": text_plain,
    "text_plain_stored": lambda: text_plain(stored=True),
    "empty": empty,
    "empty_stored": lambda: empty(stored=True),
    "html": html,
    "html_stored": lambda: html(stored=True),
    "rate_limited": rate_limited,
    "accepted_late": accepted_late,
    "internal_error": lambda: api_error("internal_error"),
    "fatal_error": lambda: api_error("fatal_error"),
    "invalid_blocks": lambda: api_error("invalid_blocks"),
    "missing_scope": lambda: api_error("missing_scope", needed="chat:write", provided="commands"),
}
"""The faults that can be ordered by name alone, with their usual measures."""


@dataclass
class _Order:
    method: str
    fault: Fault
    times: int
    channel: str | None


@dataclass
class Faults:
    """The orders that wait for their calls, and the standing troubles."""

    token_revoked: bool = False
    rate_limits: bool = False
    """Whether Slack's real rates are enforced."""
    delay: float = 0.0
    """Seconds that every call takes."""
    history_lag: float = 0.0
    """Seconds until a new message can be read back with conversations.history or .replies."""
    history_error: str | None = None
    """The error string with which every reading back is refused, e.g. `missing_scope`."""
    history_delay: float = 0.0
    """Seconds that every reading back takes."""
    history_page: int | None = None
    """The most messages one reading back gives, whatever `limit` asks for (15 for some distributed apps)."""
    _orders: list[_Order] = field(default_factory=list)
    changed: Callable[[], None] = lambda: None

    def order(self, method: str, fault: Fault | str, times: int = 1, channel: str | None = None) -> None:
        """Lets the next `times` calls of `method` (`*`: any) meet `fault`; with `channel`, only calls for that one.

        `fault` may be a name of `FAULTS`; any other word is taken as an error string of Slack's. Orders are served in
        turn.
        """
        if isinstance(fault, str):
            fault = FAULTS[fault]() if fault in FAULTS else api_error(fault)
        self._orders.append(_Order(method, fault, times, channel))
        self.changed()

    def take(self, method: str, channel: str | None) -> Fault | None:
        """The fault this call is to meet, used up by it."""
        for order in self._orders:
            if order.method in (method, "*") and order.channel in (None, channel):
                order.times -= 1
                if order.times <= 0:
                    self._orders.remove(order)
                self.changed()
                return order.fault
        return None

    @property
    def waiting(self) -> list[tuple[str, str, int, str | None]]:
        """What is still ordered: method, fault, times left, channel."""
        return [(one.method, one.fault.name, one.times, one.channel) for one in self._orders]

    def clear(self) -> None:
        """Takes back every order and ends the standing troubles (`rate_limits` stays)."""
        self._orders.clear()
        self.token_revoked = False
        self.delay = self.history_lag = self.history_delay = 0.0
        self.history_error = self.history_page = None
        self.changed()


def _broken(name: str, *, done: Literal["no", "yes"], status: int) -> Fault:
    return Fault(
        f"{name}:{status}", done, "spoiled", status=status, content_type="text/html", body=f"<h1>{status}</h1>"
    )


def _spoiled(name: str, stored: bool, status: int, content_type: str, body: str) -> Fault:
    done: Literal["no", "yes"] = "yes" if stored else "no"
    return Fault(name, done, "spoiled", status=status, content_type=content_type, body=body)

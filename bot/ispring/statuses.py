"""Maps iSpring's HTTP statuses to errors that name the remedy.

Only the status decides: iSpring does not document whether the `code` in an error's body equals it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.domain.errors import BadRequest, TrainingError, TrainingRefused, TrainingUnavailable
from bot.domain.text import clean
from bot.ispring.tolerant import UNREADABLE, LeftOut, read_row
from bot.ispring.wire import ErrorBody, clean_json

QUOTED = 120  # characters of iSpring's own message that are kept
NEW_KEY = "Check ISPRING_CLIENT_ID and ISPRING_CLIENT_SECRET, or make a new API key in iSpring Learn."
ADDRESS = "Check that ISPRING_API_URL is the API's address for your region (for example https://api-learn.ispring.com)."
RIGHTS = (
    "The API key must be made by an Account Owner or Account Administrator, and the iSpring plan must include "
    "on-the-job training through the API."
)


class KeyRefused(TrainingRefused):
    """The API key itself is refused, whatever is asked for."""


class TokenRefused(KeyRefused):
    """401: a new token may help, once."""


def error_for(status: int, headers: Mapping[str, str], body: bytes, what: str, now: datetime) -> TrainingError:
    """Returns the error for any status but 2xx; `what` names the call."""
    said = quoted(body)
    if 300 <= status < 400:
        return TrainingRefused(f"iSpring sends {what} elsewhere (HTTP {status}); a token does not follow.", ADDRESS)
    if status == 401:
        return TokenRefused(f"iSpring does not accept its own new token for {what} (HTTP 401).", NEW_KEY, said=said)
    if status == 403:
        return TrainingRefused(f"iSpring forbids {what} (HTTP 403).", RIGHTS, said=said)
    if status in (429, 408) or status >= 500:
        return TrainingUnavailable(
            f"iSpring can't answer {what} now (HTTP {status}). Spotter tries again by itself.",
            retry_after(headers.get("Retry-After"), now),
            said=said,
        )
    if status == 404:
        return BadRequest(f"iSpring does not know {what} (HTTP 404).", ADDRESS, said=said)
    return BadRequest(
        f"iSpring does not understand the request for {what} (HTTP {status}).",
        "If it stays so, iSpring's API may have changed: look for a newer Spotter.",
        said=said,
    )


def key_refused(status: int) -> KeyRefused:
    """Returns the error for 400, 401 and 403 of the token call, without iSpring's message: it may repeat the secret."""
    return KeyRefused(f"iSpring does not accept the API key (HTTP {status}).", NEW_KEY)


def web_page(what: str) -> KeyRefused:
    """Returns the error for an HTML page in place of JSON: the address is not that of the API."""
    return KeyRefused(f"iSpring's answer to {what} is a web page, not data.", ADDRESS)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Returns the seconds to wait, from either form of Retry-After; None if it is absent or unreadable."""
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"\d+(?:\.\d*)?", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    # RFC 5322: the zone "-0000" means UTC, and Python returns it without a zone.
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def quoted(body: bytes) -> str:
    """Returns iSpring's own message as one line of at most QUOTED visible characters; "" if the body is not its error
    object."""
    try:
        said = read_row(ErrorBody, clean_json(body), LeftOut()).text
    except UNREADABLE:
        return ""
    return clean(said)[:QUOTED]

"""The body of an answer of iSpring's around its rows: the JSON made readable, its pages and errors."""

import re
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from bot.domain.errors import TrainingUnreadable
from bot.ispring.tolerant import UNREADABLE, Number, finite

# One escape: a surrogate pair, a lone surrogate, or any other. `\\ud83d` is an escaped backslash and plain text.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone_surrogate>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
# A text, or what some languages write for a number that JSON does not know.
_TEXT_OR_NO_NUMBER = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+"?)|-?(?:nan|infinity|inf)\b', re.DOTALL | re.IGNORECASE)
_NO_NUMBER = re.compile(rb"[:,\[ ]-?(?:nan|inf)", re.IGNORECASE)  # perhaps; most answers have none
_CONTROLS_AS_SPACES = bytes.maketrans(bytes(range(32)), b" " * 32)
LONGEST_TOKEN = 8_192  # characters of the token of a next page: it becomes part of an address
BROKEN = "\ufffd"
TOKEN_LIFETIME = 1800.0  # seconds, as iSpring documents
_ITEMS = msgspec.json.Decoder(list[Raw])
_NAMED = msgspec.json.Decoder(dict[str, Raw])


class AccessToken(Struct):
    """The answer of `/api/v3/token`."""

    access_token: Annotated[str, Meta(pattern="^[!-~]{1,8192}$")]  # it becomes part of a header, so ASCII only
    expires_in: Number = None

    @property
    def lifetime(self) -> float:
        """In seconds. A lifetime that is absent or impossible counts as the documented one; if it is too long, the 401
        that follows brings a new token."""
        seconds = finite(self.expires_in)
        return seconds if seconds is not None and seconds > 0 else TOKEN_LIFETIME


class ErrorBody(Struct):
    """The body of an error: `message` by the OpenAPI files, the two names of OAuth by one public client."""

    message: str | None = None
    error_description: str | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        return (self.message or self.error_description or self.error or "").strip()


def without_mark(text: bytes) -> bytes:
    """Returns JSON text without the white space and byte order marks before it."""
    return text.lstrip(b"\xef\xbb\xbf \t\r\n")


def clean_json(text: bytes) -> bytes:
    """Returns JSON text as valid UTF-8, without a byte order mark.

    U+FFFD replaces each invalid byte sequence and each lone escaped surrogate (half of an emoji that was cut). A space
    replaces each control character. So a broken character in a title costs nothing but that character. `null` replaces
    NaN and Infinity, which are no JSON: one of them would cost the whole answer.
    """
    text = without_mark(text).translate(_CONTROLS_AS_SPACES).decode("utf-8", "replace").encode()
    if _NO_NUMBER.search(text):
        text = _TEXT_OR_NO_NUMBER.sub(lambda found: found[1] or b"null", text)
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["lone_surrogate"] else found[0], text)


@dataclass(frozen=True, slots=True)
class ItemPage:
    """The undecoded items of one answer, and the token of the next page if there is one."""

    items: tuple[Raw, ...]
    next_token: str | None = None


def page_of(body: bytes, what: str, list_name: str = "") -> ItemPage:
    """Returns the items of an answer: a bare list, a lone object, the list called `list_name`, or one of these inside
    `response`.

    Raises TrainingUnreadable, which says what came instead; `what` names the call in the message.
    """
    return _page_of(clean_json(body), what, list_name)


def _page_of(body: bytes, what: str, list_name: str) -> ItemPage:
    try:
        if body.lstrip()[:1] != b"{":
            return ItemPage(tuple(_ITEMS.decode(body)))
        named = _NAMED.decode(body)
        if "response" in named:
            return _page_of(bytes(named["response"]), what, list_name)
        if not list_name:
            return ItemPage((Raw(body),))
        if list_name not in named:
            # An empty page may leave its list out. An object with other keys only is not a page.
            if set(named) - {"nextPageToken"}:
                raise TrainingUnreadable(f"iSpring's answer to {what} has no {list_name}.")
            return ItemPage(())
        inner = bytes(named[list_name])
        items = () if inner == b"null" else _page_of(inner, what, "").items
        token = msgspec.json.decode(named["nextPageToken"]) if "nextPageToken" in named else None
    except UNREADABLE as error:
        raise unreadable(body, what, error) from None
    # Without the next page the list would be short, and those on it would count as gone.
    if token and (type(token) not in (str, int) or len(str(token)) > LONGEST_TOKEN):
        raise TrainingUnreadable(f"iSpring's answer to {what} names its next page in a way that can't be read.")
    return ItemPage(items, str(token) if token else None)


def unreadable(body: bytes, request: str, error: Exception | None = None) -> TrainingUnreadable:
    """Returns an error that says what the answer is in place of the expected JSON. It quotes nothing of the content."""
    start = _start(body)
    if not start:
        what = "is empty"
    elif is_web_page(body):
        what = "is a web page, not data: check that ISPRING_API_URL is the address of the API (see README)"
    elif start.startswith(b"<"):
        what = "is XML although JSON was asked for"
    elif error is not None and "truncated" in str(error):
        what = "ends in the middle: it was cut off on its way"
    elif isinstance(error, RecursionError):
        what = "is nested too deeply to be an answer"
    else:
        what = "is not what its contract says" + (f" ({error})" if error is not None else "")
    return TrainingUnreadable(f"iSpring's answer to {request} {what}.")


def is_web_page(body: bytes) -> bool:
    """True if an answer is an HTML page."""
    return _start(body).startswith((b"<!doctype", b"<html"))


def _start(body: bytes) -> bytes:
    return without_mark(body[:512]).lower()

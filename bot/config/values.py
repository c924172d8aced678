"""What the value of a setting may be. Every message says what is expected and never repeats a value."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, SecretStr

SQLITE = "sqlite:///"
_IN_A_HEADER = re.compile(r"[!-~]+").fullmatch
# Blanks, line breaks, and signs without a width (a byte order mark among them) that pasting leaves behind.
_ENDS = re.compile(r"\A[\s\u00ad\u200b-\u200f\u2060\ufeff]+|[\s\u00ad\u200b-\u200f\u2060\ufeff]+\Z")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_LONGEST_NAME = 255  # bytes; a file system takes no longer name


def cleaned(value: str) -> str:
    """Returns a value without blanks, line breaks and invisible signs at its ends, and without quotes around it: secret
    stores end a value with a line break, and `docker --env-file` keeps quotes."""
    value = _ENDS.sub("", value)
    if len(value) > 1 and _QUOTES.get(value[0]) == value[-1]:
        value = _ENDS.sub("", value[1:-1])
    return value


def zone_named(name: object) -> ZoneInfo | None:
    """Returns a time zone by its IANA name, None if there is none of that name."""
    if not isinstance(name, str):
        return None
    try:
        return ZoneInfo(name)
    # OSError: a name that is a folder of the zone database (America), or too long for a file.
    except (KeyError, ValueError, OSError):
        return None


def matching(pattern: str, expected: str) -> AfterValidator:
    """Requires that the whole text matches. The message says what is expected and never repeats the text."""

    def validate(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {expected}")
        return value

    return AfterValidator(validate)


def token(prefix: str, expected: str) -> AfterValidator:
    """Requires a prefix, and nothing inside that can't stand in a header."""

    def validate(value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if not secret.startswith(prefix) or secret == prefix:
            raise ValueError(f"must be {expected}, which begins with {prefix}")
        if not _IN_A_HEADER(secret):
            raise ValueError(f"must be {expected}: it contains a blank or a sign that no token has")
        return value

    return AfterValidator(validate)


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in {"http", "https"} and parts.port != 0
    except ValueError:  # its message quotes the port
        is_address = False
    # An address that a client can't connect to or put into a header would end the process in the middle of a poll.
    if not is_address or not re.fullmatch(r"[\w.:-]+", parts.hostname or "", re.ASCII) or not _IN_A_HEADER(value):
        raise ValueError("must be a web address beginning with https://")
    return value


def _slack_api(value: str) -> str:
    _web_address(value)
    if not value.endswith("/api/"):
        raise ValueError("must be a web address that ends in /api/")
    return value


def _zone(value: str) -> str:
    if zone_named(value) is None:
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return value


def _user_ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    ids = frozenset(part.strip() for part in value.split(",") if part.strip())
    if not all(re.fullmatch(r"[UW][A-Z0-9]{2,}", one) for one in ids):
        raise ValueError("must be Slack user ids such as U0123456789, separated by commas (profile, Copy member ID)")
    return ids


LOWER = BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value)
UPPER = BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value)
USER_IDS = BeforeValidator(_user_ids)
WebAddress = Annotated[str, AfterValidator(_web_address)]
BaseAddress = Annotated[str, AfterValidator(lambda value: _web_address(value).rstrip("/"))]
SlackApi = Annotated[str, AfterValidator(_slack_api)]
Zone = Annotated[str, AfterValidator(_zone)]
ChannelId = Annotated[
    str,
    matching(r"[CG][A-Z0-9]{2,}", "a channel id such as C0123456789 (channel details, at the bottom), not a name"),
]


def database_problem(address: str) -> str:
    """Returns why an address names no file that can be a database, as the rest of a sentence; "" if it names one."""
    if not address.startswith(SQLITE):
        return (
            "is not a SQLite address. Set SPOTTER_DATABASE_URL to one such as sqlite:////data/spotter.db; it is used "
            "instead of DATABASE_URL."
        )
    path = address.removeprefix(SQLITE)
    if not path:
        return "names no file. Write it as sqlite:///spotter.db, or sqlite:////data/spotter.db for a full path."
    return next(
        (f"{reason}. Write the path as it is: {SQLITE}/data/spotter.db" for sign, reason in _NOT_A_PATH if sign(path)),
        "",
    )


# The path is a file's name as it is; each of these means something else in some tool, and would become a file of that
# whole name in the working directory.
_NOT_A_PATH = (
    (re.compile(r"(file:)*:memory:.*").fullmatch, "means a database in memory, which ends with the process"),
    (re.compile(r"[a-z]{2,}:", re.IGNORECASE).match, "contains a second scheme"),
    (re.compile(r"/?[a-z]:[\\/]", re.IGNORECASE).match, "is a path of Windows, where Spotter does not run"),
    (re.compile(r"\\").search, "contains a backslash"),
    (re.compile(r"\?").search, "has options after a question mark, which Spotter does not know"),
    (re.compile(r"%[0-9a-f]{2}", re.IGNORECASE).search, "is percent-encoded, which Spotter does not decode"),
    (re.compile(r"/?~").match, "begins with ~, which Spotter does not replace"),
    (re.compile(r"\$[a-z_{(]", re.IGNORECASE).search, "contains a variable, which Spotter does not replace"),
    (re.compile(r"[\x00-\x1f\x7f]").search, "contains a control character"),
    (lambda path: path.endswith("/") or Path(path).name in {"", ".", ".."}, "names a folder and no file in it"),
    (lambda path: any(len(part.encode()) > _LONGEST_NAME for part in path.split("/")), "has a name that is too long"),
)


def is_blank(value: object) -> bool:
    """Whether a value counts as unset."""
    return isinstance(value, str) and not cleaned(value)

"""The names of every button, menu and form, and how their values are spelled: one place for views and chat.

An action id is `name` or `name:suffix`: Slack wants ids unique within one block, so look-alike buttons carry a suffix.
`action_of` gives the name back. Values hold ids or the text of a command, never names or results, and prove nothing
about rights: whoever handles one asks `core.access` again.
"""

from dataclasses import dataclass

from bot.domain.model import SessionKey

# On cards; the value is a session key. OPEN is a link, which Slack reports as a press all the same.
DETAILS = "details"
ACKNOWLEDGE = "acknowledge"
OPEN = "open"

# In answers. RUN's value is the text of a command without its slash word: `results outcome:failed`.
RUN = "run"
PAGE = "page"  # value: see `page_value`
CONFIRM_SUBSCRIBE = "confirm_subscribe"  # value: see `subscribe_value`
CANCEL = "cancel"
UNSUBSCRIBE = "unsubscribe"  # value: the rule's number

# On rules that rest; the value is the rule's number, for CONFIRM_TAKE_OVER see `take_over_value`.
AGREE_PUBLIC = "agree_public"
TAKE_OVER = "take_over"
CONFIRM_TAKE_OVER = "confirm_take_over"

# Settings; the value is one of DirectMessages. DM_* are one-press buttons for what an observer gets.
DM_BELOW = "dm_below"
DM_STOP = "dm_stop"
DM_ALL = "dm_all"
SET_OBSERVER = "set_observer"
SET_EMPLOYEE = "set_employee"

# On somebody's own link; the value is the person's id in iSpring.
NOT_ME = "not_me"

# Sharing with a channel: what is shared first, then the same with when it was asked for; see `Shareable`.
SHARE = "share"
CONFIRM_SHARE = "confirm_share"

# On the Home tab.
HOME_REFRESH = "home_refresh"
HOME_SETTINGS = "home_settings"

# Forms: the callback ids of modals, and the names of their inputs.
DETAILS_FORM = "details_form"
SETTINGS_FORM = "settings_form"
INPUT_OBSERVER = "as_observer"
INPUT_EMPLOYEE = "as_employee"

SERVER_DEFAULT = "default"  # the choice "whatever is usual here" in the settings form


def action_id(name: str, suffix: str | int) -> str:
    """The id of one of several look-alike buttons in a block."""
    return f"{name}:{suffix}"


def action_of(action: str) -> str:
    """The name behind an action id, suffix taken off."""
    return action.partition(":")[0]


def session_value(key: SessionKey) -> str:
    """A session key as a value: `sessionId:employeeId`."""
    return f"{key.session_id}:{key.employee_id}"


def session_of(value: str) -> SessionKey | None:
    """The session key behind a value, None where it is none."""
    session_id, _, employee_id = value.partition(":")
    return SessionKey(session_id, employee_id) if session_id and employee_id else None


def page_value(offset: int, query: str) -> str:
    """A page of an answer as a value: where it starts and the query's canonical text."""
    return f"{offset}|{query}"


def page_of(value: str) -> tuple[int, str] | None:
    """Where a page starts and its query, None where the value is none."""
    offset, bar, query = value.partition("|")
    return (int(offset), query) if bar and offset.isdecimal() and len(offset) < 10 else None


def subscribe_value(channel_id: str, query: str) -> str:
    """What a confirmed subscription would be: the channel and the query's canonical text."""
    return f"{channel_id}|{query}"


def subscribe_of(value: str) -> tuple[str, str] | None:
    """The channel and the query of a confirmed subscription, None where the value is none."""
    channel_id, bar, query = value.partition("|")
    return (channel_id, query) if bar and channel_id else None


@dataclass(frozen=True, slots=True)
class Shareable:
    """What is to be shared: one session, or what a query (canonical text) finds."""

    session: SessionKey | None = None
    query: str = ""


def share_value(what: Shareable) -> str:
    """What is to be shared as a value."""
    return f"s|{session_value(what.session)}" if what.session else f"q|{what.query}"


def share_of(value: str) -> Shareable | None:
    """What is to be shared, None where the value is none."""
    kind, bar, rest = value.partition("|")
    if kind == "q" and bar:
        return Shareable(query=rest)
    key = session_of(rest) if kind == "s" else None
    return Shareable(session=key) if key else None


def confirm_share_value(channel_id: str, requested_at: int, readers: int | None, what: Shareable) -> str:
    """A confirmed sharing: the channel, when it was asked for (ms), so that pressing twice shares once, how many were
    said to read it (None: everybody in the workspace), and what."""
    return f"{channel_id}|{requested_at}|{'all' if readers is None else readers}|{share_value(what)}"


def confirm_share_of(value: str) -> tuple[str, int, int | None, Shareable] | None:
    """The channel, the moment, how many were said to read it, and what is shared; None where the value is none."""
    channel_id, _, rest = value.partition("|")
    requested_at, _, rest = rest.partition("|")
    readers, _, rest = rest.partition("|")
    is_for_all, what = readers == "all", share_of(rest)
    if not (channel_id and _is_number(requested_at) and (is_for_all or _is_number(readers)) and what):
        return None
    return channel_id, int(requested_at), None if is_for_all else int(readers), what


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 15


def take_over_value(rule_id: int, query: str) -> str:
    """A rule to be taken over and the canonical text of the query that was confirmed."""
    return f"{rule_id}|{query}"


def take_over_of(value: str) -> tuple[str, str] | None:
    """The rule's number and the confirmed query, None where the value is none."""
    number, bar, query = value.partition("|")
    return (number, query) if bar and number else None

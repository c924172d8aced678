"""What Slack's answers mean: one table of its error words, and how everything else that comes back is read.

Nothing here trusts a body: Slack and the proxies before it also answer with plain text, HTML and nothing, for which the
SDK raises anything from SlackApiError to AttributeError. What is not certain counts as ambiguous.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientNotConnectedError, SlackRequestError

from bot.domain.delivery import (
    AlreadyPosted,
    Ambiguous,
    AppRefused,
    DestinationGone,
    EditImpossible,
    EditResult,
    MessageRefused,
    NotSent,
    PostResult,
    ReadBackResult,
    ReadLater,
    Scope,
    SendingResult,
    Sent,
    Throttled,
    Unreadable,
)
from bot.domain.errors import NOBODY, MessengerError, MessengerRefused, MessengerUnavailable

DEFAULT_WAIT = 30.0  # seconds, for a rate limit without Retry-After
LONGEST_WAIT = 3600.0  # seconds; more than Slack has ever been seen to name, so a garbled header can't stop us for days
WORKSPACE_CAP_WAIT = 600.0  # seconds after message_limit_exceeded, for which Slack names no time
MIGRATION_WAIT = 1800.0  # seconds while a workspace moves into an organisation, which takes tens of minutes
INVALID_BLOCKS = "invalid_blocks"
NO_MESSAGE = "message_not_found"


class Decision(Enum):
    """What to do about an error word of Slack's."""

    RATE = auto()  # not done; wait for this channel
    WORKSPACE_RATE = auto()  # not done; the whole workspace is over its cap
    MIGRATION = auto()  # not done; the workspace is being moved
    UNSURE = auto()  # part of it may have been done
    DESTINATION = auto()  # not to this conversation or person
    NO_DIRECT = auto()  # no direct message, to any user
    MESSAGE = auto()  # never this body
    TOKEN = auto()  # not with this token
    RIGHTS = auto()  # not with these scopes or this policy
    RESOURCE = auto()  # not this conversation with the rights there are; others may be open
    REPEATED = auto()  # an earlier attempt was accepted, and its message was deleted since
    UNEDITABLE = auto()  # the message to edit is gone or closed for ever


def _table(**words: tuple[Decision, str]) -> Mapping[str, Decision]:
    return {code: decision for decision, codes in words.values() for code in codes.split()}


# Sources: the error lists of chat.postMessage, chat.update and conversations.open,
# https://docs.slack.dev/reference/methods/
DECISIONS: Mapping[str, Decision] = _table(
    rate=(Decision.RATE, "ratelimited rate_limited"),
    cap=(Decision.WORKSPACE_RATE, "message_limit_exceeded"),
    migration=(Decision.MIGRATION, "team_added_to_org org_login_required"),
    broken=(Decision.UNSURE, "internal_error fatal_error service_unavailable request_timeout"),
    channel=(
        Decision.DESTINATION,
        "channel_not_found not_in_channel is_archived channel_is_archived is_inactive external_channel_migrating",
    ),
    policy=(
        Decision.DESTINATION,
        "restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel "
        "restricted_action_non_threadable_channel restricted_action_thread_locked cannot_reply_to_message "
        "thread_not_found slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked "
        "slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked "
        "slack_connect_lists_sharing_blocked",
    ),
    person=(
        Decision.DESTINATION,
        "user_not_found users_not_found user_disabled user_not_visible user_not_in_channel cannot_dm_bot",
    ),
    # These end direct messages or the Home tab, not the app: channels must go on.
    direct=(Decision.NO_DIRECT, "messages_tab_disabled not_enabled"),
    body=(
        Decision.MESSAGE,
        "msg_too_long msg_blocks_too_long invalid_blocks invalid_blocks_format too_many_attachments no_text "
        "markdown_text_conflict attachment_payload_limit_exceeded too_many_contact_cards invalid_attachments "
        "invalid_arguments invalid_arg_name invalid_array_arg "
        "invalid_charset invalid_form_data invalid_json json_not_object invalid_post_type missing_post_type",
    ),
    # Ours is one opaque id, so there is nothing to leave out of it; and without it a message whose answer gets lost
    # could not be found again. So the second try is refused as well, and ends it with this word.
    metadata=(
        Decision.MESSAGE,
        "metadata_too_large invalid_metadata_format invalid_metadata_schema metadata_must_be_sent_from_app",
    ),
    # Our key matched an earlier message that was deleted since. Another key would post the same thing twice.
    repeated=(Decision.REPEATED, "duplicate_message_not_found duplicate_channel_not_found"),
    token=(Decision.TOKEN, "invalid_auth not_authed token_revoked token_expired account_inactive"),
    rights=(
        Decision.RIGHTS,
        "missing_scope not_allowed_token_type app_access_restricted ekm_access_denied accesslimited "
        "team_access_not_granted enterprise_is_restricted two_factor_setup_required method_deprecated "
        "deprecated_endpoint",
    ),
    resource=(Decision.RESOURCE, "access_denied no_permission"),
    gone=(
        Decision.UNEDITABLE,
        "message_not_found cant_update_message edit_window_closed "
        "cant_delete_message compliance_exports_prevent_deletion",
    ),
)


# What aiohttp raises before the first byte of a request: refused connections, unknown hosts, failed TLS handshakes,
# proxies that would not let us through. ServerDisconnectedError, other ClientOSErrors and time-outs come later.
_BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
    SlackRequestError,
    SlackClientNotConnectedError,
)


class NotAsked(Exception):
    """Slack was not called: the method's limit is used up, or its `Retry-After` runs for `after` more seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"Slack may be asked again in {after:.1f} s")
        self.after = after


@dataclass(frozen=True, slots=True)
class ParsedError:
    """What is certain about an attempt that brought no success."""

    reached: bool  # False: surely no byte of the request arrived
    status: int | None = None
    code: str | None = None  # Slack's own word, only out of a JSON object of its own
    needed: str | None = None
    retry_after: float | None = None
    reason: str = ""
    is_no: bool = False  # Slack itself said no, in any word

    @property
    def decision(self) -> Decision | None:
        """What Slack's word means; None if nothing is certain."""
        if self.status == 429:
            return Decision.RATE if self.code != "message_limit_exceeded" else Decision.WORKSPACE_RATE
        if self.status is None or self.status >= 500 or self.code is None:
            return None
        return DECISIONS.get(self.code)


def _parse_error(problem: Exception) -> ParsedError:
    if isinstance(problem, NotAsked):
        return ParsedError(reached=True, status=429, reason="Slack's limit of this method", retry_after=problem.after)
    if isinstance(problem, _BEFORE_SENDING):
        return ParsedError(reached=False, reason=_kind(problem))
    if not isinstance(problem, SlackApiError):
        return ParsedError(reached=True, reason=_kind(problem))
    answer = problem.response  # the SDK's response, or aiohttp's own if the body was no JSON
    status = _status(getattr(answer, "status_code", None)) or _status(getattr(answer, "status", None))
    data = getattr(answer, "data", None)
    body = data if isinstance(data, dict) else {}
    code, needed = body.get("error"), body.get("needed")
    code = code if isinstance(code, str) and code else None
    return ParsedError(
        reached=True,
        status=status,
        code=code,
        needed=needed if isinstance(needed, str) and needed else None,
        retry_after=retry_after(getattr(answer, "headers", None)),
        reason=code or f"HTTP {status} without an answer of Slack's",
        is_no=code is not None and body.get("ok") is False and status is not None and status < 500,
    )


def post_result(problem: Exception) -> PostResult:
    """What a failed chat.postMessage means. Anything unknown is Ambiguous, also a no in a word that is in no table."""
    parsed = _parse_error(problem)
    match parsed.decision:
        case Decision.REPEATED:
            return AlreadyPosted(parsed.reason)
        case Decision.UNEDITABLE:
            return MessageRefused(parsed.reason)
        case decision:
            return _sending_result(parsed, decision)


def edit_result(problem: Exception) -> EditResult:
    """What a failed chat.update means. Anything unknown is Ambiguous; editing again is harmless."""
    parsed = _parse_error(problem)
    match parsed.decision:
        case Decision.UNEDITABLE | Decision.REPEATED:
            return EditImpossible(parsed.reason)
        case decision:
            return _sending_result(parsed, decision)


def delete_result(problem: Exception, channel: str, ts: str) -> EditResult:
    """What a failed chat.delete of that message means: one that is not there is deleted, the rest is as for an edit."""
    if _parse_error(problem).code == NO_MESSAGE:
        return Sent(channel, ts)
    return edit_result(problem)


def _sending_result(parsed: ParsedError, decision: Decision | None) -> SendingResult:
    if not parsed.reached:
        return NotSent(parsed.reason)
    match decision:
        case Decision.RATE:
            return Throttled(parsed.retry_after or DEFAULT_WAIT)
        case Decision.WORKSPACE_RATE:
            return Throttled(parsed.retry_after or WORKSPACE_CAP_WAIT, Scope.WORKSPACE, parsed.reason)
        case Decision.MIGRATION:
            return Throttled(parsed.retry_after or MIGRATION_WAIT, Scope.WORKSPACE, parsed.reason)
        case Decision.DESTINATION | Decision.RESOURCE:
            return DestinationGone(parsed.reason)
        case Decision.NO_DIRECT:
            return DestinationGone(parsed.reason, all_direct=True)
        case Decision.MESSAGE:
            return MessageRefused(parsed.reason)
        case Decision.TOKEN | Decision.RIGHTS:
            return AppRefused(parsed.reason, parsed.needed)
        case _:
            return Ambiguous(parsed.reason, is_rejection=decision is None and parsed.is_no)


def read_back_result(problem: Exception) -> ReadBackResult:
    """What a failed reading back means: never that the message is absent."""
    parsed = _parse_error(problem)
    match parsed.decision:
        case Decision.DESTINATION | Decision.NO_DIRECT:
            return DestinationGone(parsed.reason)
        case Decision.RIGHTS | Decision.RESOURCE | Decision.UNEDITABLE:
            return Unreadable(parsed.reason)
        case Decision.RATE | Decision.WORKSPACE_RATE:
            return ReadLater(parsed.reason, parsed.retry_after or DEFAULT_WAIT)
        case _:
            return ReadLater(parsed.reason)


def question_error(problem: Exception) -> MessengerError:
    """What a failed question (who is this, which channel, open a view) means."""
    parsed = _parse_error(problem)
    match parsed.decision:
        case Decision.RATE | Decision.WORKSPACE_RATE | Decision.MIGRATION:
            return MessengerUnavailable(
                "Slack asks to wait before it answers more.", parsed.retry_after or DEFAULT_WAIT
            )
        case Decision.UNSURE:
            return MessengerUnavailable(f"Slack could not answer now ({parsed.reason}); it is asked again later.")
    if parsed.code is not None and parsed.status is not None and parsed.status < 500:
        if parsed.decision is not None or parsed.code in NOBODY:
            return MessengerRefused(parsed.code, parsed.needed)
        # One word that is in no table proves nothing: what is decided on it would last.
        return MessengerUnavailable(f"Slack answered with an unknown word ({parsed.code}); it is asked again later.")
    return MessengerUnavailable(f"Slack could not be reached ({parsed.reason}); it is asked again later.")


def limit_of(problem: Exception) -> float | None:
    """The seconds for which Slack's answer closes the method, or for posts the channel; None if it closes neither."""
    parsed = _parse_error(problem)
    return parsed.retry_after or DEFAULT_WAIT if parsed.decision is Decision.RATE else None


def failure_kind(problem: Exception) -> str | None:
    """Why a call brought no answer, as one of a few words; None if Slack answered that there is no such user."""
    parsed = _parse_error(problem)
    if parsed.code in NOBODY:
        return None
    match _sending_result(parsed, parsed.decision):
        case Throttled():
            return Throttled.kind
        case NotSent():
            return NotSent.kind
        case AppRefused():
            return AppRefused.kind
        case Ambiguous() if parsed.code is None or parsed.decision is Decision.UNSURE or (parsed.status or 500) >= 500:
            return Ambiguous.kind
        case _:
            return "refused"


def retry_after(headers: object) -> float | None:
    """The seconds of a Retry-After header; None if there is none that makes sense."""
    if not isinstance(headers, Mapping):
        return None
    named = next((str(value) for name, value in headers.items() if str(name).lower() == "retry-after"), "")
    try:
        seconds = float(named)
    except ValueError:
        return None
    return min(max(seconds, 1.0), LONGEST_WAIT) if seconds == seconds else None


def _status(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _kind(problem: Exception) -> str:
    """What failed, in words without addresses or bodies, fit for a log and for `why`."""
    words: tuple[tuple[type[Exception], str], ...] = (
        (aiohttp.ClientConnectorDNSError, "host name not found"),
        (aiohttp.ClientConnectorCertificateError, "certificate not trusted"),
        (aiohttp.ClientSSLError, "TLS handshake failed"),
        (aiohttp.ConnectionTimeoutError, "no connection in time"),
        (aiohttp.ClientHttpProxyError, "refused by the proxy"),
        (aiohttp.ClientConnectorError, "connection refused"),
        (TimeoutError, "no answer in time"),
        (aiohttp.ServerDisconnectedError, "connection ended without an answer"),
        (aiohttp.ClientPayloadError, "answer ended half-way"),
        (OSError, "connection broken"),
    )
    return next((text for kind, text in words if isinstance(problem, kind)), f"{type(problem).__name__} while reading")

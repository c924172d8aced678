"""Every way Slack can fail has a decision, and what nobody knows is unsure."""

import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.delivery import (
    AlreadyPosted,
    Ambiguous,
    AppRefused,
    DestinationGone,
    EditImpossible,
    MessageRefused,
    NotSent,
    ReadLater,
    Scope,
    Sent,
    Throttled,
    Unreadable,
)
from bot.domain.errors import MessengerRefused, MessengerUnavailable
from bot.slack.errors import delete_result, edit_result, failure_kind, post_result, question_error, read_back_result

KEY = ConnectionKey("slack.com", 443, True, True, None, None, None)


def refusal(body: object, status: int = 200, headers: dict[str, str] | None = None) -> SlackApiError:
    """What the SDK raises for an answer it did not like."""
    answer = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url="https://slack.com/api/chat.postMessage",
        req_args={},
        data=body,  # type: ignore[arg-type]  # a proxy's answer is whatever it is
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError("failed", answer)  # type: ignore[no-untyped-call]  # the SDK leaves it so


def said(code: str, **more: object) -> SlackApiError:
    return refusal({"ok": False, "error": code, **more})


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited"])
def test_a_rate_limit_waits_for_the_channel_as_long_as_slack_names(code: str) -> None:
    assert post_result(refusal({"ok": False, "error": code}, 429, {"retry-after": "7"})) == Throttled(7.0)
    assert post_result(said(code)) == Throttled(30.0)


@pytest.mark.parametrize("named", ["", "soon", "nan", "-3"])
def test_a_garbled_retry_after_still_waits(named: str) -> None:
    result = post_result(refusal({}, 429, {"Retry-After": named}))
    assert isinstance(result, Throttled) and result.after >= 1


def test_a_huge_retry_after_does_not_stop_us_for_days() -> None:
    assert post_result(refusal("", 429, {"Retry-After": "99999999"})) == Throttled(3600.0)


def test_the_workspace_cap_and_a_migration_hold_back_everything() -> None:
    for code, seconds in (("message_limit_exceeded", 600.0), ("team_added_to_org", 1800.0)):
        assert post_result(said(code)) == Throttled(seconds, Scope.WORKSPACE, code)
    assert post_result(said("org_login_required")) == Throttled(1800.0, Scope.WORKSPACE, "org_login_required")


@pytest.mark.parametrize(
    "code",
    [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "is_inactive",
        "external_channel_migrating",
        "slack_connect_file_link_sharing_blocked",
        "slack_connect_lists_sharing_blocked",
        "slack_connect_canvas_sharing_blocked",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "cannot_reply_to_message",
        "user_not_found",
        "users_not_found",
        "user_disabled",
        "user_not_visible",
        "cannot_dm_bot",
        "access_denied",
        "no_permission",
    ],
)
def test_a_destination_that_cant_be_written_to_is_gone(code: str) -> None:
    assert post_result(said(code)) == DestinationGone(code)


@pytest.mark.parametrize("code", ["messages_tab_disabled", "not_enabled"])
def test_a_setting_of_the_app_closes_every_direct_message(code: str) -> None:
    assert post_result(said(code)) == DestinationGone(code, all_direct=True)


@pytest.mark.parametrize(
    "code",
    [
        "msg_too_long",
        "msg_blocks_too_long",
        "invalid_blocks",
        "invalid_blocks_format",
        "too_many_attachments",
        "no_text",
        "markdown_text_conflict",
        "attachment_payload_limit_exceeded",
        "too_many_contact_cards",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_must_be_sent_from_app",
        "invalid_arguments",
    ],
)
def test_a_body_slack_never_takes_is_refused(code: str) -> None:
    assert post_result(said(code)) == MessageRefused(code)


@pytest.mark.parametrize(
    "code",
    [
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "not_allowed_token_type",
        "app_access_restricted",
        "ekm_access_denied",
        "accesslimited",
        "team_access_not_granted",
        "method_deprecated",
        "deprecated_endpoint",
    ],
)
def test_a_token_or_right_that_fails_refuses_the_app(code: str) -> None:
    assert post_result(said(code)) == AppRefused(code)


@pytest.mark.parametrize("code", ["duplicate_message_not_found", "duplicate_channel_not_found"])
def test_a_key_whose_message_is_gone_says_that_it_was_reported(code: str) -> None:
    assert post_result(said(code)) == AlreadyPosted(code)
    assert edit_result(said(code)) == EditImpossible(code)


def test_a_missing_scope_is_named() -> None:
    assert post_result(said("missing_scope", needed="chat:write")) == AppRefused("missing_scope", "chat:write")


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_an_edit_of_a_message_that_is_closed_or_gone_ends(code: str) -> None:
    assert edit_result(said(code)) == EditImpossible(code)
    assert post_result(said(code)) == MessageRefused(code)


def test_a_message_that_is_not_there_counts_as_deleted() -> None:
    assert delete_result(said("message_not_found"), "C1", "1.1") == Sent("C1", "1.1")


@pytest.mark.parametrize("code", ["cant_delete_message", "compliance_exports_prevent_deletion"])
def test_a_message_that_may_not_be_deleted_stays(code: str) -> None:
    assert delete_result(said(code), "C1", "1.1") == EditImpossible(code)


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
def test_an_error_that_says_nothing_certain_is_ambiguous(code: str) -> None:
    assert post_result(said(code)) == Ambiguous(code)


def test_a_no_in_a_word_nobody_knows_is_ambiguous_too_but_known_to_be_a_no() -> None:
    assert post_result(said("brand_new")) == edit_result(said("brand_new")) == Ambiguous("brand_new", is_rejection=True)


@pytest.mark.parametrize("status", [200, 403, 502])
def test_a_word_in_a_body_that_is_not_slacks_is_no_refusal_of_slacks(status: int) -> None:
    assert post_result(refusal({"error": "denied_by_proxy"}, status)) == Ambiguous("denied_by_proxy")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_ambiguous_whatever_its_body_says(status: int) -> None:
    assert isinstance(post_result(refusal({"ok": False, "error": "channel_not_found"}, status)), Ambiguous)


@pytest.mark.parametrize("body", ["", "upstream connect error", None, [], {}, {"error": None}, {"error": 7}])
@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_a_body_that_is_no_answer_of_slacks_is_ambiguous(body: object, status: int) -> None:
    assert isinstance(post_result(refusal(body, status)), Ambiguous)


@pytest.mark.parametrize(
    "problem",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientOSError(104, "reset"),
        aiohttp.ClientPayloadError(),
        aiohttp.SocketTimeoutError(),
        TimeoutError(),
        ConnectionResetError(),
        AttributeError("'str' object has no attribute 'get'"),
        ValueError("binary"),
        RuntimeError("something new"),
    ],
)
def test_trouble_after_the_connection_stood_is_ambiguous(problem: Exception) -> None:
    assert isinstance(post_result(problem), Ambiguous)
    assert isinstance(read_back_result(problem), ReadLater)
    assert isinstance(question_error(problem), MessengerUnavailable)


@pytest.mark.parametrize(
    "problem",
    [
        aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "refused")),
        aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "unknown host")),
        aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "handshake")),
        aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("not trusted")),
        aiohttp.ConnectionTimeoutError(),
    ],
)
def test_trouble_before_the_connection_stood_sent_nothing(problem: Exception) -> None:
    assert isinstance(post_result(problem), NotSent)
    assert isinstance(edit_result(problem), NotSent)
    assert isinstance(read_back_result(problem), ReadLater)


@pytest.mark.parametrize("code", ["missing_scope", "no_permission", "access_denied"])
def test_a_conversation_the_bot_may_not_read_is_unreadable(code: str) -> None:
    assert read_back_result(said(code)) == Unreadable(code)


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived"])
def test_a_conversation_that_is_gone_may_be_read_when_it_is_back(code: str) -> None:
    assert read_back_result(said(code)) == DestinationGone(code)


@pytest.mark.parametrize("code", ["token_revoked", "internal_error", "brand_new"])
def test_a_look_that_fails_for_another_reason_is_made_later(code: str) -> None:
    assert read_back_result(said(code)) == ReadLater(code)


def test_a_throttled_look_waits_as_long_as_slack_names() -> None:
    assert read_back_result(refusal({}, 429, {"Retry-After": "4"})) == ReadLater(
        "HTTP 429 without an answer of Slack's", 4.0
    )


def test_a_question_that_slack_refuses_carries_its_word_and_the_scope() -> None:
    error = question_error(said("missing_scope", needed="im:write"))
    assert isinstance(error, MessengerRefused) and (error.code, error.needed) == ("missing_scope", "im:write")
    assert isinstance(question_error(said("brand_new")), MessengerUnavailable)  # it proves nothing that would last
    limited = question_error(refusal({}, 429, {"Retry-After": "4"}))
    assert isinstance(limited, MessengerUnavailable) and limited.retry_after == 4.0


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (said("ratelimited"), "rate limited"),
        (said("token_revoked"), "app refused"),
        (said("missing_scope"), "app refused"),
        (said("is_archived"), "refused"),
        (said("expired_trigger_id"), "refused"),
        (said("internal_error"), "ambiguous"),
        (refusal({}, 503), "ambiguous"),
        (TimeoutError(), "ambiguous"),
        (aiohttp.ClientConnectorError(KEY, OSError()), "not sent"),
        (said("users_not_found"), None),
    ],
)
def test_a_failure_is_counted_under_one_of_a_few_kinds(problem: Exception, kind: str | None) -> None:
    assert failure_kind(problem) == kind

"""Slack's requests over HTTP: the signature is checked first, then Bolt gets them. No body is ever logged."""

import asyncio
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

PATH = "/slack/events"
MOST_BYTES = 1024 * 1024
TIMEOUT = 10.0  # seconds for a whole body; Slack itself gives a request three
_FORM = "application/x-www-form-urlencoded"

log = structlog.get_logger(__name__)


class SlackEndpoint:
    """The route `POST /slack/events` of a web application."""

    def __init__(self, app: AsyncApp, signing_secret: str, *, timeout: float = TIMEOUT) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._timeout = timeout

    async def handle_http(self, request: web.Request) -> web.Response:
        """Bolt's answer to a signed and fresh request of Slack's, else 401.

        408 if the body does not arrive, 413 beyond 1 MiB, 415 if it is compressed (Slack compresses nothing), 400 if it
        can't be read.
        """
        if "Content-Encoding" in request.headers:
            return web.Response(status=415)
        if request.content_length is not None and request.content_length > MOST_BYTES:
            return web.Response(status=413)
        try:
            async with asyncio.timeout(self._timeout):
                raw = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except (web.RequestPayloadError, ConnectionError):  # chunks that are none; a body whose sender has gone
            return web.Response(status=400)
        if len(raw) > MOST_BYTES:
            return web.Response(status=413)
        if _is_ssl_check(request, raw):
            return web.Response(status=200)
        refused = self._refusal_reason(request, raw)
        if refused:
            log.warning("http.refused", reason=refused)
            return web.Response(status=401)
        try:
            bolt_request = AsyncBoltRequest(
                body=raw.decode("utf-8"),
                query=request.query_string,
                headers=dict(request.headers),
            )
            return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as problem:
            # Bolt reads a body as if it always had the shape it expects; what listeners raise never comes here.
            log.warning("http.bad_request", problem=type(problem).__name__)
            return web.Response(status=400)

    def _refusal_reason(self, request: web.Request, raw: bytes) -> str:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not signature or not timestamp:
            return "not signed"
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            return "timestamp is no number"
        if not signature.isascii():
            return "signature is no hex digits"  # Python compares only ASCII text in constant time
        try:
            is_valid = self._verifier.is_valid(raw, timestamp, signature)
        except UnicodeDecodeError:
            return "body is no text"
        return "" if is_valid else "signature is wrong or older than five minutes"


def _is_ssl_check(request: web.Request, raw: bytes) -> bool:
    """Whether Slack checks our certificate: that request is not signed and asks for nothing."""
    if request.content_type != _FORM or len(raw) > 1_000:
        return False
    return parse_qs(raw.decode("utf-8", "replace")).get("ssl_check") == ["1"]

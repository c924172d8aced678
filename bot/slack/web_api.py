"""Calls of Slack's Web API: the HTTP session, one attempt a call at the pace of `RequestPacer`, and Slack's own clock.

The outbox owns retrying: the SDK's default handler re-posts after a lost reply, so this client has none.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config import DIRECT, Network
from bot.domain.ports import Clock
from bot.slack.answers import header
from bot.slack.errors import failure_kind, limit_of, question_error
from bot.slack.pacer import RequestPacer

SLACK_API_URL = "https://slack.com/api/"
TIMEOUT = 10.0  # seconds for a whole call
CONNECT_TIMEOUT = 5.0  # seconds for the connection: what ends here surely sent nothing


class WebApi:
    """Enter it as a context before its first call: it owns its HTTP session."""

    def __init__(
        self,
        token: str,
        clock: Clock,
        base_url: str = SLACK_API_URL,
        timeout: float = TIMEOUT,
        failed: Callable[[str], None] | None = None,
        network: Network = DIRECT,
    ) -> None:
        """`failed` is called for each call that brought no answer, with its kind (`slack.errors.failure_kind`)."""
        self._failed = failed
        self._token = token
        self._clock = clock
        self._base_url = base_url
        self._timeout = timeout
        self.network = network
        self._session: aiohttp.ClientSession | None = None
        self._web: AsyncWebClient | None = None
        self._slack_ahead: tuple[float, float] | None = None  # Slack's Unix seconds at a monotonic second
        self._pacer = RequestPacer(clock)

    async def __aenter__(self) -> Self:
        # The SDK leaves the time limit to a session that it is given.
        connect = min(CONNECT_TIMEOUT, self._timeout)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=connect, connect=connect)
        )
        self._web = AsyncWebClient(
            token=self._token,
            base_url=self._base_url,
            session=self._session,
            retry_handlers=[],
            ssl=self.network.certificates,
        )
        # Set afterwards: without a proxy the SDK would take one from the environment, and it knows no NO_PROXY.
        self._web.proxy = self.network.proxy_for(self._base_url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session, self._web = self._session, None, None
        if session is not None:
            await session.close()

    @property
    def web(self) -> AsyncWebClient:
        """The SDK's client behind it, without retries: for what else needs one (Bolt, Socket Mode)."""
        assert self._web is not None, "enter the messenger as a context first"
        return self._web

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session behind it."""
        assert self._session is not None, "enter the messenger as a context first"
        return self._session

    @property
    def has_answered(self) -> bool:
        """Whether Slack has answered once, so that its clock is known."""
        return self._slack_ahead is not None

    def slack_time(self) -> float:
        """Slack's own clock now, in Unix seconds, from the Date of its answers; ours until it has answered once."""
        if self._slack_ahead is None:
            return self._clock.now().timestamp()
        status, then = self._slack_ahead
        return status + (self._clock.monotonic() - then)

    async def ask(self, method: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any) -> AsyncSlackResponse:
        """As `call`; every failure is a MessengerError."""
        try:
            return await self.call(method, **arguments)
        except Exception as problem:  # the SDK raises anything for a body that is no JSON; callers know one tree
            raise question_error(problem) from problem

    async def call(self, method: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any) -> AsyncSlackResponse:
        """Calls a method once. Raises what the SDK and aiohttp raise."""
        name, channel = method.__name__.replace("_", ".", 1), str(arguments.get("channel") or "")
        await self._pacer.turn(name, channel)
        try:
            answer = await method(**arguments)
        except SlackApiError as problem:
            said = getattr(problem.response, "data", None)
            if isinstance(said, dict) and "ok" in said:  # a proxy's page reads as {} and carries the proxy's time
                self._note_time(getattr(problem.response, "headers", None))
            self._note_failure(problem)
            if (after := limit_of(problem)) is not None:
                self._pacer.refused(name, channel, after)
            raise
        except Exception as problem:  # any error is noted, and left to the caller
            self._note_failure(problem)
            raise
        self._note_time(answer.headers)
        return answer

    def _note_failure(self, problem: Exception) -> None:
        kind = failure_kind(problem)
        if kind is not None and self._failed is not None:
            self._failed(kind)

    def _note_time(self, headers: object) -> None:
        status = header(headers, "date")
        if not status:
            return
        try:
            at = parsedate_to_datetime(status)
        except ValueError:
            return
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        self._slack_ahead = (at.timestamp(), self._clock.monotonic())

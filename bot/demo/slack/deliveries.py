"""How what happens in the workspace reaches the app: over Socket Mode when connected, else as a signed HTTP request."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.demo.slack.entities import Json
from bot.demo.slack.socket_mode import SocketMode

ACKNOWLEDGE_WITHIN = 3.0
"""Seconds an app has to acknowledge anything."""
EVENT_RETRIES = (0.0, 60.0, 300.0)
"""Seconds before the first, second and third repeat of an event that was not acknowledged."""
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class NotAcknowledged(Exception):
    """The app did not take it; `reason` is the word Slack shows to the person who asked."""

    def __init__(self, reason: str, *, no_retry: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.no_retry = no_retry


@dataclass
class Deliveries:
    """The one way out to the app. Tasks that repeat events live until `close`."""

    sockets: SocketMode
    signing_secret: str
    request_url: str | None
    time_scale: float = 1.0
    acknowledge_within: float = ACKNOWLEDGE_WITHIN
    _session: aiohttp.ClientSession | None = None
    _tasks: set[asyncio.Task[object]] = field(default_factory=set)

    async def command(self, fields: dict[str, str]) -> Json:
        """Delivers a slash command. Answers the acknowledgement's message, {} for none; raises NotAcknowledged."""
        return await self._deliver("slash_commands", dict(fields), urlencode(fields), _FORM)

    async def interaction(self, payload: Json) -> Json:
        """Delivers a block action, a submitted or closed view. Answers the acknowledgement; raises NotAcknowledged."""
        return await self._deliver("interactive", payload, urlencode({"payload": json.dumps(payload)}), _FORM)

    async def event(self, envelope: Json) -> bool:
        """Delivers an event; answers whether the first try was acknowledged. If not, repeats follow on their own."""
        try:
            await self._deliver("events_api", envelope, json.dumps(envelope), _JSON)
        except NotAcknowledged as refusal:
            if not refusal.no_retry:
                self.spawn(self._repeat(envelope, refusal.reason))
            return False
        return True

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _repeat(self, envelope: Json, reason: str) -> None:
        for attempt, pause in enumerate(EVENT_RETRIES, start=1):
            await asyncio.sleep(pause * self.time_scale)
            try:
                await self._deliver("events_api", envelope, json.dumps(envelope), _JSON, retry=(attempt, reason))
                return
            except NotAcknowledged as refusal:
                if refusal.no_retry:
                    return
                reason = refusal.reason

    async def _deliver(
        self, kind: str, payload: Json, body: str, content_type: str, retry: tuple[int, str] | None = None
    ) -> Json:
        if self.sockets.connections or self.request_url is None:
            if retry is not None:
                retry = (retry[0], "timeout")
            try:
                return await self.sockets.send(kind, payload, within=self.acknowledge_within, retry=retry)
            except TimeoutError:
                raise NotAcknowledged("operation_timeout") from None
            except ConnectionError:
                raise NotAcknowledged("dispatch_failed") from None
        return await self._post(self.request_url, body, content_type, retry)

    async def _post(self, url: str, body: str, content_type: str, retry: tuple[int, str] | None) -> Json:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        headers = {"Content-Type": content_type, "User-Agent": USER_AGENT, **self.signed(body)}
        if retry is not None:
            headers["X-Slack-Retry-Num"] = str(retry[0])
            headers["X-Slack-Retry-Reason"] = _HTTP_RETRY_REASONS.get(retry[1], "unknown_error")
        try:
            async with self._session.post(
                url, data=body.encode(), headers=headers, timeout=aiohttp.ClientTimeout(total=self.acknowledge_within)
            ) as response:
                text = await response.text()
                if response.status // 100 != 2:
                    reason = "http_service_error" if response.status >= 500 else "http_client_error"
                    raise NotAcknowledged(reason, no_retry=response.headers.get("x-slack-no-retry") == "1")
                return _body(text, response.content_type)
        except TimeoutError:
            raise NotAcknowledged("operation_timeout") from None
        except aiohttp.ClientError:
            raise NotAcknowledged("dispatch_failed") from None

    def signed(self, body: str, *, timestamp: str | None = None) -> dict[str, str]:
        """The two headers that prove a request is Slack's.

        Stamped by the real clock, whatever the workspace's: Bolt compares with its own, which can't be set.
        """
        timestamp = timestamp or str(int(time.time()))
        signature = SignatureVerifier(self.signing_secret).generate_signature(timestamp=timestamp, body=body)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature or ""}

    @property
    def is_reachable(self) -> bool:
        return bool(self.sockets.connections) or self.request_url is not None

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Lets `work` go on beside everything else, until `close` at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_HTTP_RETRY_REASONS = {
    "operation_timeout": "http_timeout",
    "dispatch_failed": "connection_failed",
    "http_client_error": "http_error",
    "http_service_error": "http_error",
}


def _body(text: str, content_type: str) -> Json:
    if not text.strip():
        return {}
    if content_type == _JSON:
        answer = json.loads(text)
        return answer if isinstance(answer, dict) else {}
    return {"text": text}

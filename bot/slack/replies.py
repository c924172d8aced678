"""Private answers to a user: through the response URL of the request, or as an ephemeral message if it has none."""

import asyncio

import aiohttp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.blocks.charts import has_newest
from bot.config import DIRECT, Network
from bot.domain.errors import BlocksRefused
from bot.domain.notifications import Message
from bot.domain.ports import Clock, Reply
from bot.slack.client import SlackMessenger
from bot.slack.errors import INVALID_BLOCKS

MOST_USES = 5  # of one response URL; source: https://docs.slack.dev/interactivity/handling-user-interaction/
LIFE = 29 * 60.0  # seconds; Slack gives thirty minutes


def reply_to(
    messenger: SlackMessenger,
    clock: Clock,
    user_id: str,
    channel_id: str | None,
    thread_ts: str | None,
    response_url: str,
) -> Reply:
    """The way to answer a request; `response_url` is "" if Slack sent none."""
    if response_url:
        return ResponseUrl(response_url, messenger.api.session, clock, messenger.api.network)
    return EphemeralReply(messenger, user_id, channel_id, thread_ts)


class ResponseUrl:
    """Answers through a response URL, one try each: the SDK's default handler answers twice after a lost reply."""

    def __init__(self, url: str, session: aiohttp.ClientSession, clock: Clock, network: Network = DIRECT) -> None:
        self._webhook = AsyncWebhookClient(url, session=session, retry_handlers=[], ssl=network.certificates)
        self._webhook.proxy = network.proxy_for(url)  # afterwards, as in `client`
        self._clock = clock
        self._until = clock.monotonic() + LIFE
        self._left = MOST_USES

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        """False if Slack did not take it or the URL is used up. Raises BlocksRefused, see `Message.rich`."""
        if self._left <= 0 or self._clock.monotonic() > self._until:
            return False
        self._left -= 1
        try:
            answer = await self._webhook.send(
                text=message.text,
                blocks=list(message.blocks) or None,
                response_type="ephemeral",
                replace_original=replace,
                unfurl_links=False,
                unfurl_media=False,
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False
        if answer.status_code != 200 and INVALID_BLOCKS in answer.body and has_newest(message):
            raise BlocksRefused(INVALID_BLOCKS)
        return bool(answer.status_code == 200)


class EphemeralReply:
    """Answers without a response URL: as an ephemeral message in a channel, else in the direct message.

    Slack shows an ephemeral message to members of the channel only; anyone else gets the direct message too.
    """

    def __init__(
        self, messenger: SlackMessenger, user_id: str, channel_id: str | None = None, thread_ts: str | None = None
    ) -> None:
        self._messenger = messenger
        self._user_id = user_id
        self._channel_id = channel_id
        self._thread_ts = thread_ts
        self._left = MOST_USES
        self._lock = asyncio.Lock()

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        """False if Slack did not take it. Raises BlocksRefused, see `Message.rich`. There is nothing to replace:
        `replace` makes no difference."""
        async with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            if await self._messenger.ephemeral(self._user_id, self._channel_id, self._thread_ts, message):
                return True
            if self._channel_id is None or self._channel_id.startswith("D"):
                return False
            return await self._messenger.ephemeral(self._user_id, None, None, message)

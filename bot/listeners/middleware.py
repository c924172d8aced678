"""Bolt middleware: events that come twice, and what the store knows of the user. No network call happens in here."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse

from bot.domain.errors import StoreError
from bot.domain.ports import Contacts

EVENTS_REMEMBERED = 5_000
READ_TIMEOUT = 0.2  # seconds: Slack waits three for the acknowledgement, people see it late before that

Next = Callable[[], Awaitable[BoltResponse]]


class SkipRepeatedEvents(AsyncMiddleware):
    """Acknowledges an event that came before and stops there: Slack repeats what was not acknowledged in time."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def async_process(self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Next) -> BoltResponse | None:  # noqa: A002 (Bolt's name)
        event_id = req.body.get("event_id")
        if isinstance(event_id, str) and event_id:
            if event_id in self._seen:
                return BoltResponse(status=200, body="")
            self._seen[event_id] = None
            if len(self._seen) > EVENTS_REMEMBERED:
                self._seen.popitem(last=False)
        return await next()


class KnownViewer(AsyncMiddleware):
    """Sets `context["viewer"]` if the store knows the user. A user unknown there is looked up after the
    acknowledgement."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    async def async_process(self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Next) -> BoltResponse | None:  # noqa: A002 (Bolt's name)
        user_id = req.context.user_id
        if user_id:
            try:
                async with asyncio.timeout(READ_TIMEOUT):
                    req.context["viewer"] = await self._contacts.known_viewer(user_id)
            except (StoreError, TimeoutError):
                pass  # the listener asks again and says what is wrong
        return await next()

"""One reading for all who want the same thing at the same time, and the members of channels, read that way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.domain.ports import Clock, Messenger

T = TypeVar("T")

MEMBERS_VALID_FOR = 180.0  # seconds; an event that a member left counts at once
ASKED_AGAIN_AFTER = 10.0  # seconds: a new member is found that soon, and a crowd that is in none costs no more
CHANNELS_KEPT = 500


class SharedReading(Generic[T]):
    """Readings under way, by key. A caller that gives up cancels nothing: others wait for the same reading, and the
    next one finds its result."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[T]] = {}

    async def of(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        """The result of the reading under way, else of a new one. Raises what it raises."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.ensure_future(read())
            task.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(task)

    def _end(self, key: str, done: "asyncio.Future[T]") -> None:
        self._under_way.pop(key, None)
        if not done.cancelled():
            done.exception()  # possibly no caller waited to its end


class ChannelMembers:
    """Who is in which channel, as Slack said within the last minutes."""

    def __init__(self, messenger: Messenger, clock: Clock) -> None:
        self._messenger = messenger
        self._clock = clock
        self._readings: SharedReading[frozenset[str]] = SharedReading()
        self._read: dict[str, tuple[float, frozenset[str]]] = {}  # by channel: monotonic second of the question
        self._left: dict[str, set[str]] = {}  # who left while a reading was under way

    async def has(self, channel_id: str, user_id: str) -> bool:
        """Whether a user is in a channel. Raises MessengerError."""
        known = self._read.get(channel_id)
        now = self._clock.monotonic()
        if known is not None:
            age, members = now - known[0], known[1]
            if user_id in members and age < MEMBERS_VALID_FOR:
                return True
            if age < ASKED_AGAIN_AFTER:
                return user_id in members
        return user_id in await self.all(channel_id)

    async def all(self, channel_id: str) -> frozenset[str]:
        """Everybody in a channel, asked now. Raises MessengerError."""
        return await self._readings.of(channel_id, lambda: self._ask(channel_id))

    def left(self, channel_id: str, user_id: str) -> None:
        """An event says that a user left."""
        if channel_id in self._left:
            self._left[channel_id].add(user_id)
        if channel_id in self._read:
            asked_at, members = self._read[channel_id]
            self._read[channel_id] = asked_at, members - {user_id}

    async def _ask(self, channel_id: str) -> frozenset[str]:
        asked_at = self._clock.monotonic()
        left = self._left[channel_id] = set()
        try:
            members = await self._messenger.members(channel_id) - left
        finally:
            del self._left[channel_id]
        if len(self._read) >= CHANNELS_KEPT:
            self._read.clear()
        self._read[channel_id] = asked_at, members
        return members

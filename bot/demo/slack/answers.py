"""What becomes of something a person did: the answers the app gives to it, now and in the next half hour."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.demo.slack.entities import Json, Message, View

GIVE_UP = 300.0
"""Seconds after which a wait for the app fails: more than the busiest machine needs."""


class NotPossible(Exception):
    """A person tried what Slack's own client would not let them do. The text says why."""


@dataclass
class Answer:
    """What the app did about a command, a button or a menu.

    `failure` is the word Slack shows when the app did not acknowledge (`operation_timeout`, `dispatch_failed`, …), else
    None. `ack` is the acknowledgement's body, {} when it was empty. `messages` grows with each message that the
    acknowledgement or the response address posts or replaces.
    """

    user: str
    channel: str | None = None
    ack: Json = field(default_factory=dict)
    failure: str | None = None
    messages: list[Message] = field(default_factory=list)
    response_url: str | None = None
    trigger_id: str = ""
    uses: int = 0
    """How often the response address was used."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def first(self, timeout: float = GIVE_UP) -> Message:
        """The first message of the answer; raises TimeoutError when none comes in that many seconds."""
        return (await self.at_least(1, timeout))[0]

    async def at_least(self, count: int, timeout: float = GIVE_UP) -> list[Message]:
        """The messages, once there are so many; raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while len(self.messages) < count:
                self._news.clear()
                await self._news.wait()
        return list(self.messages)

    async def used(self, count: int = 1, timeout: float = GIVE_UP) -> None:
        """Waits until the response address was used so often (a deletion counts); raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while self.uses < count:
                self._news.clear()
                await self._news.wait()

    def add(self, message: Message | None) -> None:
        if message is not None:
            self.messages.append(message)
        self._news.set()


@dataclass
class ViewAnswer:
    """What became of a submitted modal.

    `errors` (block id → sentence) keep it open; else `view` is what is before the person now, None if no modal is.
    """

    ack: Json = field(default_factory=dict)
    failure: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    view: View | None = None
    answers: list[Answer] = field(default_factory=list)
    """One for each response address that came with the submission."""

    @property
    def ok(self) -> bool:
        return self.failure is None and not self.errors

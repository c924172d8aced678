"""People who ask, as Slack brings them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.model import Message


class Reply(Protocol):
    """Answers the person who asked, privately: through `response_url` while it is valid."""

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        """False where Slack did not take it; asking again is up to the person."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command; `text` is what follows it."""

    user_id: str
    channel_id: str
    text: str
    trigger_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest:
    """Somebody used a button or menu; `value` comes from the client and proves nothing about rights."""

    user_id: str
    action: str
    value: str
    trigger_id: str
    channel_id: str | None = None
    message_ts: str | None = None
    view_id: str | None = None
    is_ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Somebody submitted a modal; `values` maps input names to what was entered."""

    user_id: str
    form: str
    values: Mapping[str, str]
    private: str
    view_id: str


class Handlers(Protocol):
    """Handles people's requests after they were acknowledged to Slack."""

    async def command(self, asked: Command, reply: Reply) -> None: ...

    async def press(self, action: ActionRequest, reply: Reply) -> None: ...

    async def submit(self, submitted: Submission) -> Mapping[str, str]:
        """Mistakes by input name; empty if there are none. Answered before the acknowledgement: no network in here."""
        ...

    async def home(self, user_id: str) -> None: ...

    async def said(self, user_id: str, channel_id: str, text: str, thread_ts: str | None) -> Message | None:
        """The answer to a mention or a direct message; None if there is nothing to say."""
        ...

    async def channel_changed(self, channel_id: str, says: str) -> None:
        """Something became of a channel: Slack is asked how it is now.

        `says` is why nothing can be posted there according to the event, "" where it says no such thing; it counts
        only while Slack can't be asked.
        """
        ...

    async def channel_moved(self, old_id: str, new_id: str) -> None:
        """A channel has another id from now on."""
        ...

    async def person_changed(self, user_id: str) -> None:
        """Something in a Slack account changed: address, rights, or that it is no longer there."""
        ...

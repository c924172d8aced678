"""Slack and its users, as ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from bot.domain.delivery import AppRefused, DestinationGone, EditResult, NotSent, PostResult, ReadBackResult, Throttled
from bot.domain.notifications import Destination, Message
from bot.domain.viewers import SlackUser, Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation as Slack describes it to the bot."""

    channel_id: str
    name: str
    is_member: bool
    is_private: bool
    is_archived: bool
    is_shared_outside: bool
    is_direct: bool = False  # a direct message, of two or of several


class Messenger(Protocol):
    """Slack's Web API. Posts, edits and readings return values; questions raise MessengerError."""

    async def post(self, channel: str, message: Message, *, delivery_id: str) -> PostResult: ...

    async def edit(self, channel: str, ts: str, message: Message) -> EditResult: ...

    async def delete(self, channel: str, ts: str) -> EditResult:
        """Sent if the message is not there any more."""
        ...

    async def read_back(self, channel: str, *, delivery_id: str, since: float) -> ReadBackResult:
        """Whether a delivery is in a conversation; `since` is in Slack's own Unix seconds."""
        ...

    def slack_time(self) -> float:
        """Slack's own clock now, in Unix seconds, from the Date of its answers; ours until it has answered once."""
        ...

    async def learn_time(self) -> None:
        """Asks Slack something if it has not answered yet. Raises MessengerUnavailable if it does not answer now."""
        ...

    async def check_token(self) -> None:
        """Asks Slack whether it still accepts our token; raises MessengerError if not."""
        ...

    async def open_dm(self, user_id: str) -> str:
        """The conversation with a person (D…); idempotent."""
        ...

    async def user(self, user_id: str) -> SlackUser: ...

    async def user_by_email(self, email: str) -> SlackUser | None: ...

    def described(self, user: Mapping[str, object]) -> SlackUser:
        """A user as an event describes them; Slack is not asked."""
        ...

    async def channel(self, channel_id: str) -> Channel: ...

    async def own_channels(self, cursor: str = "") -> tuple[Sequence[Channel], str]:
        """One page of the channels that the bot is in, and the next cursor, "" after the last page."""
        ...

    async def members(self, channel_id: str) -> frozenset[str]: ...

    async def open_modal(self, trigger_id: str, view: Mapping[str, object]) -> str:
        """The id of the view opened. A trigger is good once and for three seconds."""
        ...

    async def upload(
        self, channel: str, file: IO[bytes], *, name: str, title: str, comment: str, thread_ts: str | None = None
    ) -> None:
        """Puts a file into a conversation (its D… id for a person), or into a thread of it. Raises MessengerUnclear if
        Slack may have completed it, MessengerUnavailable and MessengerRefused if it did not."""
        ...

    async def update_modal(self, view_id: str, view: Mapping[str, object]) -> None: ...

    async def publish_home(self, user_id: str, view: Mapping[str, object]) -> None: ...


class Reply(Protocol):
    """Answers the user who asked, privately."""

    async def __call__(self, message: Message, *, replace: bool = False) -> bool:
        """False if Slack did not take it; it is not tried again."""
        ...


@dataclass(frozen=True, slots=True)
class Contact:
    """The Slack user of an iSpring person, or None, and the reason."""

    user: SlackUser | None
    reason: str


@dataclass(frozen=True, slots=True)
class NoSlackUser:
    """No Slack user belongs to this destination; `reason` is fit for `outbox why`."""

    reason: str


class Contacts(Protocol):
    """Who is who between Slack and iSpring, remembered in the store so that Slack is asked once a day at most."""

    async def user(self, user_id: str) -> SlackUser:
        """A user as Slack described them within a day. Raises MessengerError if Slack has to be asked and can't be."""
        ...

    async def prove(self, user_id: str) -> SlackUser:
        """A user as Slack describes them now. Raises MessengerError."""
        ...

    async def doubt(self, described: Mapping[str, object]) -> bool:
        """Takes in what an event says of a user: what it takes away counts at once. Returns whether Slack has to be
        asked about the rest. Raises StoreError."""
        ...

    async def is_in(self, channel_id: str, user_id: str) -> bool:
        """Whether a user is in a channel, proved within the last minutes. Raises MessengerError."""
        ...

    async def members(self, channel_id: str) -> frozenset[str]:
        """Everybody in a channel now. Raises MessengerError."""
        ...

    def left(self, channel_id: str, user_id: str) -> None:
        """Takes in an event that a user left a channel."""
        ...

    async def viewer(self, user_id: str) -> Viewer:
        """Who asks and their link to iSpring, with the reason; never an error."""
        ...

    async def known_viewer(self, user_id: str) -> Viewer | None:
        """The viewer if the store alone can say who it is, else None. Raises StoreError; Slack is not asked."""
        ...

    async def user_of(self, person_id: str, *, anew: bool = False) -> Contact:
        """The Slack user of an iSpring person. Raises MessengerError if Slack must be asked and can't be; with `anew`
        it must be, whatever it said of their address before."""
        ...

    async def conversation(
        self, destination: Destination, *, shadow: Destination | None = None
    ) -> str | NoSlackUser | Throttled | NotSent | DestinationGone | AppRefused:
        """Slack's id of a destination's conversation: the channel, or D… for people. With `shadow` that channel's, if
        the destination has a reader: no conversation with them is opened."""
        ...

    async def channel(self, channel_id: str) -> Channel | Throttled | NotSent | DestinationGone | AppRefused:
        """A channel as Slack describes it; if Slack does not, what that means for a message to it."""
        ...

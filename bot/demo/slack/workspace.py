"""The workspace's state: who and what is in it, and who wants to hear of each change."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.demo.slack.entities import SLACKBOT_ID, App, Channel, Edited, Json, Message, Team, Upload, User, View

CALLS_KEPT = 5_000


@dataclass(frozen=True)
class ApiCall:
    """One request of the app to the Web API. `status` is None when the connection ended without an answer."""

    number: int
    at: datetime
    method: str
    args: Json
    status: int | None
    answer: Json | None
    fault: str | None = None

    @property
    def error(self) -> str | None:
        """Slack's error string, or None when all went well (or nothing was answered)."""
        return None if self.answer is None else self.answer.get("error")


@dataclass(frozen=True)
class Happening:
    """One change of the workspace.

    `kind` is one of: message_posted, message_edited, message_deleted, reaction_added, view_opened, view_updated,
    view_closed, home_published, channel_changed, user_changed, api_called, socket_changed, fault_changed,
    interaction_failed.
    """

    kind: str
    channel: str | None = None
    user: str | None = None
    subject: Any = None


Listener = Callable[[Happening], None]


@dataclass
class Workspace:
    """Everything the stand-in remembers. Verbs here change state and tell listeners; they send nothing to the app."""

    team: Team = field(default_factory=Team)
    app: App = field(default_factory=App)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    timelines: dict[str, list[Message]] = field(default_factory=dict)
    modals: dict[str, list[View]] = field(default_factory=dict)
    """Person → the modals open before them, bottom first."""
    homes: dict[str, View] = field(default_factory=dict)
    """Person → the App Home published for them."""
    views: dict[str, View] = field(default_factory=dict)
    refused_blocks: frozenset[str] = frozenset()
    """Kinds of block that this workspace does not take yet, as some do not take `data_table`."""
    uploads: dict[str, Upload] = field(default_factory=dict)
    address: str = ""
    """Where the stand-in listens, for the addresses of files."""
    calls: deque[ApiCall] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    dedupes_client_msg_id: bool = True
    """Whether a repeated `client_msg_id` in a channel gives back the first message. Seen, but promised nowhere."""

    def __post_init__(self) -> None:
        self._listeners: list[Listener] = []
        self._last_ts = 0
        self._keys: dict[tuple[str, str], str] = {}
        self._numbers: Iterator[int] = itertools.count(1)
        bot = User(
            id=self.app.bot_user_id,
            name=self.app.name,
            real_name=self.app.name.title(),
            is_bot=True,
            team_id=self.team.id,
        )
        self.users.setdefault(bot.id, bot)
        self.users.setdefault(
            SLACKBOT_ID, User(id=SLACKBOT_ID, name="slackbot", real_name="Slackbot", team_id=self.team.id)
        )

    # Hearing of changes

    def listen(self, callback: Listener) -> Callable[[], None]:
        """Calls `callback` with each Happening from now on; the answer ends that."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def report(self, kind: str, *, channel: str | None = None, user: str | None = None, subject: Any = None) -> None:
        happening = Happening(kind, channel, user, subject)
        for listener in list(self._listeners):
            listener(happening)

    # Ids and time stamps

    def next_number(self) -> int:
        """A number never given before in this workspace; ids are made of them."""
        return next(self._numbers)

    def next_ts(self, at: datetime) -> str:
        """Slack's time stamp for something that happens at `at`: unique and rising, whatever the clock does."""
        self._last_ts = max(int(at.timestamp() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    # People and channels

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        self.report("user_changed", user=user.id, subject=user)
        return user

    def add_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.timelines.setdefault(channel.id, [])
        self.report("channel_changed", channel=channel.id, subject=channel)
        return channel

    def channel_named(self, name: str) -> Channel | None:
        wanted = name.removeprefix("#")
        return next((one for one in self.channels.values() if not one.is_im and one.name == wanted), None)

    def direct_message(self, user_id: str, at: datetime) -> Channel:
        """The app's direct message with that person; made on the first ask."""
        for channel in self.channels.values():
            if channel.is_im and channel.user == user_id:
                return channel
        return self.add_channel(
            Channel(
                id=f"D{user_id.removeprefix('U')}",
                is_im=True,
                is_private=True,
                user=user_id,
                members=[self.app.bot_user_id, user_id],
                created=int(at.timestamp()),
            )
        )

    # Messages

    def post(self, message: Message) -> Message:
        """Adds the message to its channel and keeps the parent's reply counts."""
        timeline = self.timelines.setdefault(message.channel, [])
        timeline.append(message)
        if message.bot_id is not None and message.client_msg_id is not None:
            self._keys[message.channel, message.client_msg_id] = message.ts
        if message.is_reply and message.ephemeral_to is None and message.thread_ts is not None:
            parent = self.message(message.channel, message.thread_ts)
            if parent is not None:
                parent.thread_ts = parent.ts
                parent.reply_count += 1
                parent.latest_reply = message.ts
                author = message.user or message.bot_id
                if author is not None and author not in parent.reply_users:
                    parent.reply_users.append(author)
        self.report("message_posted", channel=message.channel, user=message.ephemeral_to, subject=message)
        return message

    def edit(self, message: Message, at: datetime, **changes: Any) -> Message:
        for name, value in changes.items():
            setattr(message, name, value)
        message.edited = Edited(user=message.user or self.app.bot_user_id, ts=self.next_ts(at))
        self.report("message_edited", channel=message.channel, user=message.ephemeral_to, subject=message)
        return message

    def delete(self, message: Message) -> None:
        self.timelines[message.channel].remove(message)
        if message.is_reply and message.thread_ts is not None:
            parent = self.message(message.channel, message.thread_ts)
            if parent is not None:
                parent.reply_count -= 1
        self.report("message_deleted", channel=message.channel, user=message.ephemeral_to, subject=message)

    def message(self, channel_id: str, ts: str) -> Message | None:
        return next((one for one in self.timelines.get(channel_id, []) if one.ts == ts), None)

    def ts_of_key(self, channel_id: str, client_msg_id: str) -> str | None:
        """The stamp of the app's newest message with this key in the channel, deleted ones included."""
        return self._keys.get((channel_id, client_msg_id))

    def messages(self, channel_id: str) -> list[Message]:
        """What everyone in the channel can read, oldest first, replies included."""
        return [one for one in self.timelines.get(channel_id, []) if one.ephemeral_to is None]

    def visible_to(self, user_id: str, channel_id: str) -> list[Message]:
        """What this person reads in the channel, oldest first: nothing if they can't look into it."""
        channel = self.channels.get(channel_id)
        if channel is None or (channel.is_private and user_id not in channel.members):
            return []
        return [one for one in self.timelines[channel_id] if one.ephemeral_to in (None, user_id)]

    # Views

    def modal_of(self, user_id: str) -> View | None:
        """The modal on top before this person, if any."""
        stack = self.modals.get(user_id, [])
        return stack[-1] if stack else None

    def close_modal(self, view: View) -> None:
        view.closed = True
        stack = self.modals.get(view.user_id, [])
        if view in stack:
            stack.remove(view)
        self.report("view_closed", user=view.user_id, subject=view)

"""Who is in which channel, and what becomes of channels and people; each change sends the app its event."""

from __future__ import annotations

from typing import Any

from bot.demo.slack.acting import Acting
from bot.demo.slack.answers import NotPossible
from bot.demo.slack.entities import Channel, Json, Message
from bot.demo.slack.wire import user_json


class Membership(Acting):
    """The verbs of whoever looks after channels and people. Each answers whether the app acknowledged."""

    async def invite_bot(self, channel_id: str, by: str) -> bool:
        """`/invite @bot`."""
        self._channel_of(by, channel_id)
        return await self._enter(self.workspace.app.bot_user_id, channel_id, inviter=by)

    async def remove_bot(self, channel_id: str, by: str) -> bool:
        """`/remove @bot`: the app hears that it left."""
        channel = self._channel_of(by, channel_id)
        if self.workspace.app.bot_user_id not in channel.members:
            raise NotPossible(f"the app is not in {channel_id}")
        channel.members.remove(self.workspace.app.bot_user_id)
        self._changed(channel)
        event = {"type": _kind(channel, "left"), "channel": channel.id, "actor_id": by}
        return await self._event(event, channel=channel)

    async def join(self, user_id: str, channel_id: str, inviter: str | None = None) -> bool:
        """A person comes into a channel. The app hears of it where it is a member."""
        self._person(user_id)
        return await self._enter(user_id, channel_id, inviter=inviter)

    async def leave(self, user_id: str, channel_id: str) -> bool:
        """A person leaves a channel."""
        channel = self._channel_of(user_id, channel_id)
        channel.members.remove(user_id)
        self._changed(channel)
        event = {"type": "member_left_channel", "user": user_id, "channel": channel.id, "team": self.workspace.team.id}
        return await self._parse_error(channel, {**event, "channel_type": _letter(channel)})

    async def archive(self, channel_id: str, by: str) -> bool:
        """A channel is archived."""
        channel = self._channel(channel_id)
        channel.is_archived = True
        self._changed(channel)
        return await self._parse_error(channel, {"type": _kind(channel, "archive"), "channel": channel.id, "user": by})

    async def unarchive(self, channel_id: str, by: str) -> bool:
        """A channel comes back."""
        channel = self._channel(channel_id)
        channel.is_archived = False
        self._changed(channel)
        return await self._parse_error(
            channel, {"type": _kind(channel, "unarchive"), "channel": channel.id, "user": by}
        )

    async def rename(self, channel_id: str, name: str) -> bool:
        """A channel gets another name."""
        channel = self._channel(channel_id)
        channel.name = name
        self._changed(channel)
        told: Json = {"id": channel.id, "name": name, "name_normalized": name, "created": channel.created}
        told |= {"is_channel": not channel.is_private, "is_mpim": False}
        return await self._parse_error(channel, {"type": _kind(channel, "rename"), "channel": told})

    async def delete_channel(self, channel_id: str, by: str) -> bool:
        """A channel and all its messages go."""
        channel = self.workspace.channels.pop(self._channel(channel_id).id)
        self.workspace.timelines.pop(channel_id, None)
        self._changed(channel)
        return await self._parse_error(
            channel, {"type": _kind(channel, "deleted"), "channel": channel.id, "actor_id": by}
        )

    async def change_channel_id(self, channel_id: str, new_id: str) -> bool:
        """A channel gets another id, as happens when it is moved or shared."""
        channel = self.workspace.channels.pop(self._channel(channel_id).id)
        channel.id = new_id
        self.workspace.channels[new_id] = channel
        self.workspace.timelines[new_id] = self.workspace.timelines.pop(channel_id)
        for message in self.workspace.timelines[new_id]:
            message.channel = new_id
        self._changed(channel)
        event = {"type": "channel_id_changed", "old_channel_id": channel_id, "new_channel_id": new_id}
        return await self._parse_error(channel, event)

    async def share(self, channel_id: str, with_team: str = "T0PARTNER") -> bool:
        """A channel is shared with another company."""
        channel = self._channel(channel_id)
        channel.is_ext_shared = True
        self._changed(channel)
        return await self._parse_error(
            channel, {"type": "channel_shared", "channel": channel.id, "connected_team_id": with_team}
        )

    async def change_user(self, user_id: str, **changes: Any) -> bool:
        """A person's record changes: address, zone, rights, or `deleted=True` for somebody who left."""
        user = self.workspace.users[user_id]
        for name, value in changes.items():
            if not hasattr(user, name):
                raise NotPossible(f"people have no {name}")
            setattr(user, name, value)
        now = self._ctx.now()
        user.updated = int(now.timestamp())
        self.workspace.add_user(user)
        with_email = "users:read.email" in self.workspace.app.scopes
        told = user_json(user, now, with_email=with_email, with_locale=True)
        return await self._event({"type": "user_change", "user": told, "cache_ts": user.updated})

    async def uninstall(self) -> bool:
        """The app is removed from the workspace: its tokens die, then it hears of both."""
        self._ctx.faults.token_revoked = True
        tokens = {"oauth": [], "bot": [self.workspace.app.bot_user_id]}
        revoked = await self._event({"type": "tokens_revoked", "tokens": tokens})
        return await self._event({"type": "app_uninstalled"}) and revoked

    async def _enter(self, user_id: str, channel_id: str, inviter: str | None) -> bool:
        channel = self._channel(channel_id)
        if channel.is_archived:
            raise NotPossible(f"{channel_id} is archived")
        if user_id in channel.members:
            raise NotPossible(f"{user_id} is already in {channel_id}")
        channel.members.append(user_id)
        self._changed(channel)
        joined = Message(channel=channel.id, ts=self._ctx.ts(), user=user_id, subtype="channel_join")
        joined.text = f"<@{user_id}> has joined the channel"
        self.workspace.post(joined)
        event: Json = {"type": "member_joined_channel", "user": user_id, "channel": channel.id}
        event |= {"channel_type": _letter(channel), "team": self.workspace.team.id}
        if inviter is not None:
            event["inviter"] = inviter
        return await self._parse_error(channel, event)

    async def _parse_error(self, channel: Channel, event: Json) -> bool:
        """Sends the event if the app is in the channel; else it hears nothing."""
        if self.workspace.app.bot_user_id not in channel.members:
            return False
        return await self._event(event, channel=channel)

    def _changed(self, channel: Channel) -> None:
        self.workspace.report("channel_changed", channel=channel.id, subject=channel)


def _kind(channel: Channel, what: str) -> str:
    return f"{'group' if channel.is_private else 'channel'}_{what}"


def _letter(channel: Channel) -> str:
    return "G" if channel.is_private else "C"

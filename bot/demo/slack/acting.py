"""What everyone who acts in the workspace needs: its state, its clock, the way to the app, and the shape of events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from bot.demo.slack.answers import GIVE_UP, NotPossible
from bot.demo.slack.deliveries import Deliveries
from bot.demo.slack.desk import AppContext
from bot.demo.slack.entities import Channel, Json, User
from bot.demo.slack.response_urls import ResponseUrls
from bot.demo.slack.workspace import Workspace

T = TypeVar("T")
VERIFICATION_TOKEN = "legacy-token-nobody-should-check"


class Acting:
    """The common ground of `People` and `Membership`."""

    def __init__(self, ctx: AppContext, deliveries: Deliveries, response_urls: ResponseUrls) -> None:
        self._ctx = ctx
        self._to_app = deliveries
        self._response_urls = response_urls

    @property
    def workspace(self) -> Workspace:
        return self._ctx.workspace

    async def until(self, condition: Callable[[], T | None], timeout: float = GIVE_UP) -> T:
        """What `condition` answers once that is true; looks again every hundredth of a second. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not (found := condition()):  # noqa: ASYNC110 - a condition on anything has no event to wait for
                await asyncio.sleep(0.01)
        return found

    def direct_message(self, user_id: str) -> Channel:
        """The app's direct message with this person."""
        return self.workspace.direct_message(user_id, self._ctx.now())

    def _person(self, user_id: str) -> User:
        user = self.workspace.users.get(user_id)
        if user is None or user.deleted:
            raise NotPossible(f"{user_id} is nobody in this workspace")
        return user

    def _channel(self, channel_id: str) -> Channel:
        channel = self.workspace.channels.get(channel_id)
        if channel is None:
            raise NotPossible(f"there is no channel {channel_id}")
        return channel

    def _channel_of(self, user_id: str, channel_id: str) -> Channel:
        """The channel, if this person is in it."""
        channel = self._channel(channel_id)
        if user_id not in channel.members:
            raise NotPossible(f"{user_id} is not in {channel_id}")
        return channel

    def _interaction(self, kind: str, user_id: str) -> Json:
        """What every interaction's payload begins with."""
        user, team = self._person(user_id), self.workspace.team
        return {
            "type": kind,
            "team": {"id": team.id, "domain": team.domain},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": self.workspace.app.id,
            "token": VERIFICATION_TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    async def _event(self, event: Json, *, named: str | None = None, channel: Channel | None = None) -> bool:
        """Sends an event to which the app has subscribed; answers whether its first try was acknowledged."""
        workspace = self.workspace
        if (named or event["type"]) not in workspace.app.events:
            return False
        now = self._ctx.now()
        envelope: Json = {
            "token": VERIFICATION_TOKEN,
            "team_id": workspace.team.id,
            "context_team_id": workspace.team.id,
            "context_enterprise_id": None,
            "api_app_id": workspace.app.id,
            "event": {**event, "event_ts": event.get("event_ts") or self._ctx.ts()},
            "type": "event_callback",
            "event_id": f"Ev{workspace.next_number():09d}",
            "event_time": int(now.timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": workspace.team.id,
                    "user_id": workspace.app.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": channel is not None and channel.is_ext_shared,
            "event_context": f"4-stand-in-{workspace.next_number()}",
        }
        return await self._to_app.event(envelope)

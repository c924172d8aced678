"""What every Web API method works with: the workspace, the clock, the faults, and the arguments of one call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.demo.slack.entities import Channel, Json
from bot.demo.slack.faults import Faults
from bot.demo.slack.workspace import Workspace


class MethodError(Exception):
    """Slack's refusal: the error string, and what stands beside it in the body."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


def invalid_arguments(*messages: str) -> MethodError:
    """Slack's refusal of arguments it could not even try."""
    return MethodError(
        "invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}" for message in messages]}
    )


@dataclass(frozen=True)
class Args:
    """One call's arguments, whether they came as JSON, as a form, or in the query."""

    values: Json

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None or value == "" else str(value)

    def needed(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise invalid_arguments(f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, otherwise: int) -> int:
        try:
            return int(self.text(name) or otherwise)
        except ValueError:
            raise invalid_arguments(f"must be an integer [json-pointer:/{name}]") from None

    def structure(self, name: str, broken: str) -> Any:
        """A list or object, which a form carries as a JSON string. Raises MethodError(`broken`) if it can't be read."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            try:
                return json.loads(value)
            except json.JSONDecodeError:
                raise MethodError(broken) from None
        return value


@dataclass
class Trigger:
    user: str
    until: datetime
    used: bool = False


@dataclass
class AppContext:
    """The state that methods and people share."""

    workspace: Workspace
    now: Callable[[], datetime]
    faults: Faults
    trigger_life: timedelta
    triggers: dict[str, Trigger] = field(default_factory=dict)

    def ts(self) -> str:
        return self.workspace.next_ts(self.now())

    def new_trigger(self, user_id: str) -> str:
        """A word that lets the app open one modal for this person within `trigger_life`."""
        number = self.workspace.next_number()
        trigger_id = f"{int(self.now().timestamp())}.{number}.{self.workspace.team.id.lower()}"
        self.triggers[trigger_id] = Trigger(user_id, self.now() + self.trigger_life)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> str:
        """Uses the trigger up; answers whose it was."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise MethodError("invalid_trigger_id")
        if trigger.used:
            raise MethodError("exchanged_trigger_id")
        if self.now() > trigger.until:
            raise MethodError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def is_member(self, channel: Channel) -> bool:
        return self.workspace.app.bot_user_id in channel.members

    def seen_channel(self, channel_id: str) -> Channel:
        """The channel, if the app may know of it at all."""
        channel = self.workspace.channels.get(channel_id)
        if channel is None or (channel.is_private and not self.is_member(channel)):
            raise MethodError("channel_not_found")
        return channel

    def page(self, items: list[Any], args: Args, *, otherwise: int, most: int = 1000) -> tuple[list[Any], str]:
        """The slice that `cursor` and `limit` ask for, and the next cursor ("" at the end)."""
        limit = args.number("limit", otherwise)
        if not 1 <= limit <= most:
            raise MethodError("invalid_limit")
        cursor = args.text("cursor")
        start = 0
        if cursor is not None:
            kind, _, number = cursor.partition(":")
            if kind != "next" or not number.isdigit():
                raise MethodError("invalid_cursor")
            start = int(number)
        end = start + limit
        return items[start:end], (f"next:{end}" if end < len(items) else "")

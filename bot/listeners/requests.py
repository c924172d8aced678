"""What a user does in Slack, read from the bodies that Bolt parsed.

A body comes from outside: any field may be missing or of another type, and a value proves nothing about rights.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from slack_bolt.context.async_context import AsyncBoltContext

from bot.blocks import actions
from bot.domain.errors import SpotterError
from bot.domain.model import SessionKey
from bot.domain.viewers import Viewer
from bot.listeners.context import AppContext

Body = Mapping[str, Any]
Value = TypeVar("Value", bound=actions.ButtonValue)


class OutdatedButton(SpotterError):
    """A button that no listener knows, or whose value says nothing that a listener understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who did it and where; `viewer` is what the store knows of them, None if Slack has to be asked."""

    user_id: str
    channel_id: str | None = None
    thread_ts: str | None = None
    response_url: str = ""
    viewer: Viewer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand(Request):
    """A slash command; `text` is what follows it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequest(Request):
    """A button or menu was used. `trigger_id` opens one modal within three seconds."""

    action_id: str
    value: str
    trigger_id: str
    message_ts: str | None = None
    view_id: str | None = None
    is_in_modal: bool = False
    is_ephemeral: bool = False

    def decoded(self, kind: type[Value]) -> Value:
        """The value of a button that should hold a `kind`. Raises OutdatedButton."""
        value = actions.decode(kind, self.value)
        if value is None:
            raise OutdatedButton
        return value

    def session_key(self) -> SessionKey:
        """The value of a button that should hold a session. Raises OutdatedButton."""
        key = actions.session_of(self.value)
        if key is None:
            raise OutdatedButton
        return key

    @property
    def was_asked(self) -> bool:
        """Whether the button asked before it acts, or answers such a question."""
        return actions.was_asked(self.action_id)

    @property
    def is_private(self) -> bool:
        """Whether the message with the button is the user's alone, so that it may be replaced."""
        return self.is_ephemeral or (self.channel_id or "").startswith("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Request):
    """A form was submitted; `values` maps the names of its inputs to what was entered."""

    values: Mapping[str, str]
    blocks: Mapping[str, str]  # input name -> id of its block
    metadata: str = ""

    def errors(self, mistakes: Mapping[str, str]) -> dict[str, str]:
        """Mistakes by block id, as Slack takes them; one that names no input goes to the first block."""
        first = next(iter(self.blocks.values()), "")
        return {self.blocks.get(name, first): mistake for name, mistake in mistakes.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Request):
    """An event of Slack's. `text` is a message's without the mention of the bot."""

    kind: str
    text: str
    fields: Body
    bot_user_id: str


async def viewer_of(ctx: AppContext, request: Request) -> Viewer:
    """Who asks: from the store if it is known there, else Slack is asked. Never an error, see `Contacts.viewer`."""
    return request.viewer or await ctx.contacts.viewer(request.user_id)


# ---- reading a body --------------------------------------------------------------------------------------------------


def read_command(body: Body, context: AsyncBoltContext) -> SlashCommand:
    return SlashCommand(
        user_id=_text(body, "user_id"),
        channel_id=_text(body, "channel_id"),
        response_url=_text(body, "response_url"),
        viewer=context.get("viewer"),
        text=_typed(body),
    )


def read_action(body: Body, context: AsyncBoltContext) -> ActionRequest:
    container = _part(body, "container")
    used = body.get("actions")
    action = used[0] if isinstance(used, list) and used and isinstance(used[0], dict) else {}
    return ActionRequest(
        user_id=_text(_part(body, "user"), "id"),
        channel_id=_text(_part(body, "channel"), "id") or _text(container, "channel_id") or None,
        response_url=_text(body, "response_url"),
        viewer=context.get("viewer"),
        action_id=_text(action, "action_id"),
        value=_chosen(action),
        trigger_id=_text(body, "trigger_id"),
        message_ts=_text(container, "message_ts") or None,
        view_id=_text(_part(body, "view"), "id") or None,
        is_in_modal=_part(body, "view").get("type") == "modal",
        is_ephemeral=bool(container.get("is_ephemeral")),
    )


def read_submission(body: Body) -> Submission:
    state = _part(_part(_part(body, "view"), "state"), "values")
    inputs = [
        (str(name), str(block_id), element)
        for block_id, elements in state.items()
        if isinstance(elements, dict)
        for name, element in elements.items()
        if isinstance(element, dict)
    ]
    return Submission(
        user_id=_text(_part(body, "user"), "id"),
        values={name: _chosen(element) for name, _, element in inputs},
        blocks={name: block_id for name, block_id, _ in inputs},
        metadata=_text(_part(body, "view"), "private_metadata"),
    )


def read_event(body: Body, context: AsyncBoltContext) -> Event:
    event, bot_user_id = _part(body, "event"), str(context.bot_user_id or "")
    mention = rf"<@{re.escape(bot_user_id)}(\|[^>]*)?>"
    return Event(
        user_id=_text(event, "user") or _text(_part(event, "user"), "id"),
        channel_id=_text(event, "channel") or _text(_part(event, "channel"), "id"),  # some events wrap the channel
        thread_ts=_text(event, "thread_ts") or None,
        viewer=context.get("viewer"),
        kind=_text(event, "type"),
        text=re.sub(mention, " ", _typed(event)).strip(),
        fields=event,
        bot_user_id=bot_user_id,
    )


def _chosen(element: Body) -> str:
    """The value of a button, menu or input; several choices are joined by commas, "" for none."""
    for name in ("value", "selected_conversation", "selected_channel", "selected_user", "selected_date"):
        if isinstance(element.get(name), str):
            return _text(element, name)
    option = element.get("selected_option")
    if isinstance(option, dict):
        return _text(option, "value")
    options = element.get("selected_options")
    if isinstance(options, list):
        return ",".join(_text(one, "value") for one in options if isinstance(one, dict))
    for name in ("selected_conversations", "selected_channels", "selected_users"):
        if isinstance(element.get(name), list):
            return ",".join(str(one) for one in element[name])
    return ""


def _part(body: Body, name: str) -> Body:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _typed(body: Body) -> str:
    """What a user typed: Slack escapes `&`, `<` and `>`, and no other character, before it delivers a text. Its own
    tokens (<@U1>) stay as they are. Source: https://docs.slack.dev/messaging/formatting-message-text."""
    text = _text(body, "text")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _text(body: Body, name: str) -> str:
    """A field's text without lone surrogates: JSON can spell them, SQLite and Slack take none."""
    found = body.get(name)
    return found.encode("utf-8", "ignore").decode() if isinstance(found, str) else ""

"""The Web API methods the stand-in knows: what each runs, which scope it needs, how often it may be called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.slack import methods_chat as chat
from bot.demo.slack import methods_files as files
from bot.demo.slack import methods_reading as reading
from bot.demo.slack import methods_views as views
from bot.demo.slack.desk import AppContext, Args
from bot.demo.slack.entities import Json

Scope = Callable[[AppContext, Args], str | None]


def _free(_ctx: AppContext, _args: Args) -> None:
    return None


def _scope(name: str) -> Scope:
    return lambda _ctx, _args: name


def _by_conversation(right: str) -> Scope:
    return lambda ctx, args: f"{reading.kind_of(args.text('channel') or '', ctx)}:{right}"


def _by_types(ctx: AppContext, args: Args) -> str | None:
    kinds = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
    asked = [one.strip() for one in (args.text("types") or "public_channel").split(",")]
    needed = [f"{kinds[one]}:read" for one in asked if one in kinds]
    missing = [one for one in needed if one not in ctx.workspace.app.scopes]
    return next(iter(missing or needed), None)


@dataclass(frozen=True)
class Method:
    """One Web API method. `tier` None is Slack's "special"."""

    run: Callable[[AppContext, Args], Json]
    scope: Scope = _free
    tier: int | None = 3
    is_open: bool = False
    for_app_token: bool = False


def _nothing(_ctx: AppContext, _args: Args) -> Json:
    return {}


_WRITE = _scope("chat:write")
METHODS: dict[str, Method] = {
    "api.test": Method(reading.api_test, tier=4, is_open=True),
    "auth.test": Method(reading.auth_test, tier=None),
    "apps.connections.open": Method(_nothing, tier=1, for_app_token=True),
    "chat.postMessage": Method(chat.post_message, _WRITE, None),
    "chat.postEphemeral": Method(chat.post_ephemeral, _WRITE, 4),
    "chat.update": Method(chat.update, _WRITE, 3),
    "chat.delete": Method(chat.delete, _WRITE, 3),
    "chat.getPermalink": Method(chat.get_permalink, tier=None),
    "reactions.add": Method(chat.add_reaction, _scope("reactions:write"), 3),
    "conversations.open": Method(reading.conversations_open, _scope("im:write"), 3),
    "conversations.join": Method(reading.conversations_join, _scope("channels:join"), 3),
    "conversations.info": Method(reading.conversations_info, _by_conversation("read"), 3),
    "conversations.members": Method(reading.conversations_members, _by_conversation("read"), 4),
    "conversations.history": Method(reading.conversations_history, _by_conversation("history"), 3),
    "conversations.replies": Method(reading.conversations_replies, _by_conversation("history"), 3),
    "conversations.list": Method(reading.conversations_list, _by_types, 2),
    "users.conversations": Method(reading.users_conversations, _by_types, 3),
    "users.info": Method(reading.users_info, _scope("users:read"), 4),
    "users.list": Method(reading.users_list, _scope("users:read"), 2),
    "users.lookupByEmail": Method(reading.users_lookup_by_email, _scope("users:read.email"), 3),
    "team.info": Method(reading.team_info, _scope("team:read"), 3),
    "files.getUploadURLExternal": Method(files.get_upload_url, _scope("files:write"), 4),
    "files.completeUploadExternal": Method(files.complete_upload, _scope("files:write"), 4),
    "views.open": Method(views.open_view, tier=4),
    "views.push": Method(views.push_view, tier=4),
    "views.update": Method(views.update_view, tier=4),
    "views.publish": Method(views.publish, tier=4),
}

"""The JSON in which Slack tells of its people, channels, messages and views."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.demo.slack.entities import Channel, Json, Message, User, View
from bot.demo.slack.workspace import Workspace


def user_json(user: User, now: datetime, *, with_email: bool, with_locale: bool = False) -> Json:
    """A user object, as users.info gives it. `email` needs its own scope."""
    first, _, last = user.real_name.partition(" ")
    profile: Json = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "first_name": first,
        "last_name": last,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": "0",
        "team": user.team_id,
    }
    if with_email and user.email is not None:
        profile["email"] = user.email
    answer: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": user.updated,
    }
    if user.is_stranger:
        answer["is_stranger"] = True
    if user.workspaces is not None:
        del answer["team_id"]
        answer["enterprise_user"] = {"id": user.id, "enterprise_id": "E0ORG", "teams": user.workspaces}
    if user.deleted:
        return answer
    zone = now.astimezone(ZoneInfo(user.tz))
    offset = zone.utcoffset()
    answer |= {
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": zone.tzname(),
        "tz_offset": 0 if offset is None else int(offset.total_seconds()),
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "who_can_share_contact_card": "EVERYONE",
    }
    if user.is_email_confirmed is not None:
        answer["is_email_confirmed"] = user.is_email_confirmed
    if with_locale:
        answer["locale"] = user.locale
    return answer


def channel_json(channel: Channel, workspace: Workspace, *, with_count: bool = False) -> Json:
    """A conversation object, as conversations.info gives it to the app."""
    if channel.is_im:
        return {
            "id": channel.id,
            "created": channel.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "context_team_id": workspace.team.id,
            "updated": channel.created * 1000,
            "user": channel.user,
            "is_open": True,
            "priority": 0,
        }
    answer: Json = {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_general": channel.is_general,
        "unlinked": 0,
        "name_normalized": channel.name,
        "is_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": channel.is_pending_ext_shared,
        "pending_shared": [],
        "context_team_id": workspace.team.id,
        "updated": channel.created * 1000,
        "creator": channel.creator,
        "is_ext_shared": channel.is_ext_shared,
        "shared_team_ids": [workspace.team.id],
        "is_member": workspace.app.bot_user_id in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
    }
    if with_count:
        answer["num_members"] = len(channel.members)
    return answer


def message_json(message: Message, workspace: Workspace, *, with_metadata: bool = True) -> Json:
    """A message object; without `with_metadata` as in a history that did not ask for the metadata's payload."""
    answer: Json = {"type": "message", "text": message.text, "ts": message.ts}
    if message.subtype is not None:
        answer["subtype"] = message.subtype
    if message.user is not None:
        answer["user"] = message.user
    if message.bot_id is not None:
        app = workspace.app
        answer |= {"bot_id": message.bot_id, "app_id": message.app_id}
        answer["bot_profile"] = {
            "id": app.bot_id,
            "app_id": app.id,
            "user_id": app.bot_user_id,
            "name": message.username or app.name,
            "icons": {},
            "deleted": False,
            "updated": 0,
            "team_id": workspace.team.id,
        }
    elif message.client_msg_id is not None:
        answer["client_msg_id"] = message.client_msg_id
    answer["team"] = workspace.team.id
    if message.blocks:
        answer["blocks"] = message.blocks
    if message.attachments:
        answer["attachments"] = message.attachments
    if message.files:
        answer |= {"files": message.files, "upload": True}
    if message.metadata is not None:
        answer["metadata"] = message.metadata if with_metadata else {"event_type": message.metadata.get("event_type")}
    if message.edited is not None:
        answer["edited"] = {"user": message.edited.user, "ts": message.edited.ts}
    if message.thread_ts is not None:
        answer["thread_ts"] = message.thread_ts
        if message.is_reply:
            answer |= _parent_of(message, workspace)
        else:
            answer |= _thread_of(message)
    if message.reactions:
        answer["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ]
    return answer


def _parent_of(reply: Message, workspace: Workspace) -> Json:
    parent = workspace.message(reply.channel, str(reply.thread_ts))
    author = None if parent is None else parent.user
    return {} if author is None else {"parent_user_id": author}


def _thread_of(parent: Message) -> Json:
    return {
        "reply_count": parent.reply_count,
        "reply_users_count": len(parent.reply_users),
        "latest_reply": parent.latest_reply,
        "reply_users": list(parent.reply_users),
        "is_locked": False,
        "subscribed": False,
    }


def view_json(view: View, workspace: Workspace) -> Json:
    """A view object, as views.open gives it and as view_submission carries it."""
    payload = view.payload
    answer: Json = {
        "id": view.id,
        "team_id": workspace.team.id,
        "type": view.type,
        "blocks": view.blocks,
        "private_metadata": payload.get("private_metadata", ""),
        "callback_id": view.callback_id,
        "state": {"values": view.state},
        "hash": view.hash,
        "title": payload.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": bool(payload.get("clear_on_close", False)),
        "notify_on_close": bool(payload.get("notify_on_close", False)),
        "close": payload.get("close"),
        "submit": payload.get("submit"),
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": workspace.app.id,
        "external_id": payload.get("external_id", ""),
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.app.bot_id,
    }
    if view.type == "modal":
        answer["submit_disabled"] = bool(payload.get("submit_disabled", False))
    return answer

"""chat.* and reactions.*: what the app says, and what becomes of it."""

from __future__ import annotations

import re

from bot.demo.slack.desk import Args, Desk, MethodError
from bot.demo.slack.entities import Channel, Json, Message
from bot.demo.slack.limits import (
    MOST_TEXT,
    MOST_UPDATE_TEXT,
    check_message,
    check_metadata,
    with_ids,
)
from bot.demo.slack.wire import message_json

_TS = re.compile(r"\d{10}\.\d{6}")


def post_message(desk: Desk, args: Args) -> Json:
    """chat.postMessage"""
    channel = _destination(desk, args)
    _must_be_writable(desk, channel, args)
    fresh = _composed(desk, args, channel)
    again = _posted_before(desk, channel, fresh)
    if again is not None:
        return {"channel": channel.id, "ts": again.ts, "message": message_json(again, desk.workspace)}
    if fresh.thread_ts is not None:
        _must_be_parent(desk, channel, fresh.thread_ts)
    fresh.ts = desk.ts()
    fresh.readable_from = desk.now().timestamp() + desk.faults.history_lag
    desk.workspace.post(fresh)
    return {"channel": channel.id, "ts": fresh.ts, "message": message_json(fresh, desk.workspace)}


def post_ephemeral(desk: Desk, args: Args) -> Json:
    """chat.postEphemeral"""
    channel = desk.seen_channel(args.needed("channel"))
    if not desk.is_member(channel):
        raise MethodError("not_in_channel")
    if channel.is_archived:
        raise MethodError("is_archived")
    user_id = args.needed("user")
    if user_id not in channel.members:
        raise MethodError("user_not_in_channel")
    message = _composed(desk, args, channel)
    message.ts = desk.ts()
    message.ephemeral_to = user_id
    desk.workspace.post(message)
    return {"message_ts": message.ts}


def update(desk: Desk, args: Args) -> Json:
    """chat.update: the app's own messages only. Without `blocks` they are dropped; without `metadata` it is kept."""
    channel = _own_channel(desk, args)
    message = desk.workspace.message(channel.id, args.needed("ts"))
    if message is None or message.ephemeral_to is not None:
        raise MethodError("message_not_found")
    if message.bot_id != desk.workspace.app.bot_id:
        raise MethodError("cant_update_message")
    if len(args.text("text") or "") > MOST_UPDATE_TEXT:
        raise MethodError("msg_too_long")
    fresh = _composed(desk, args, channel)
    changes: Json = {"text": fresh.text, "blocks": fresh.blocks, "attachments": fresh.attachments}
    if fresh.metadata is not None:
        changes["metadata"] = fresh.metadata
    desk.workspace.edit(message, desk.now(), **changes)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message_json(message, desk.workspace),
    }


def delete(desk: Desk, args: Args) -> Json:
    """chat.delete: the app's own messages only."""
    channel = _own_channel(desk, args)
    message = desk.workspace.message(channel.id, args.needed("ts"))
    if message is None or message.ephemeral_to is not None:
        raise MethodError("message_not_found")
    if message.bot_id != desk.workspace.app.bot_id:
        raise MethodError("cant_delete_message")
    desk.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(desk: Desk, args: Args) -> Json:
    """chat.getPermalink"""
    channel = desk.seen_channel(args.needed("channel"))
    message = desk.workspace.message(channel.id, args.needed("message_ts"))
    if message is None:
        raise MethodError("message_not_found")
    link = f"https://{desk.workspace.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(desk: Desk, args: Args) -> Json:
    """reactions.add"""
    name = args.needed("name")
    channel = desk.seen_channel(args.needed("channel"))
    if not desk.is_member(channel):
        raise MethodError("not_in_channel")
    message = desk.workspace.message(channel.id, args.needed("timestamp"))
    if message is None:
        raise MethodError("message_not_found")
    who = message.reactions.setdefault(name, [])
    if desk.workspace.app.bot_user_id in who:
        raise MethodError("already_reacted")
    who.append(desk.workspace.app.bot_user_id)
    desk.workspace.tell("reaction_added", channel=channel.id, subject=message)
    return {}


def _own_channel(desk: Desk, args: Args) -> Channel:
    channel_id = args.needed("channel")
    if not channel_id.startswith(("C", "G", "D")):
        raise MethodError("channel_not_found")
    channel = desk.seen_channel(channel_id)
    if channel.is_archived:
        raise MethodError("is_archived")
    return channel


def _destination(desk: Desk, args: Args) -> Channel:
    name = args.needed("channel")
    if name.startswith("U") and name in desk.workspace.users:
        return direct_message_with(desk, name)
    named = desk.workspace.channel_named(name)
    return desk.seen_channel(named.id if named is not None else name)


def direct_message_with(desk: Desk, user_id: str) -> Channel:
    """The app's direct message with that person, or Slack's reason why there is none."""
    user = desk.workspace.users.get(user_id)
    if user is None:
        raise MethodError("user_not_found")
    if user.is_bot or user.id == "USLACKBOT":
        raise MethodError("cannot_dm_bot")
    if user.deleted:
        raise MethodError("user_disabled")
    if user.is_stranger:
        raise MethodError("user_not_visible")
    return desk.workspace.direct_message(user_id, desk.now())


def _must_be_writable(desk: Desk, channel: Channel, args: Args) -> None:
    if channel.is_im and not desk.workspace.app.messages_tab_enabled:
        raise MethodError("messages_tab_disabled")
    if not desk.is_member(channel) and "chat:write.public" not in desk.workspace.app.scopes:
        raise MethodError("not_in_channel")
    if channel.is_archived:
        raise MethodError("is_archived")
    if channel.is_read_only:
        raise MethodError("restricted_action_read_only_channel")
    person = desk.workspace.users.get(channel.user or "")
    if person is not None and person.deleted:
        raise MethodError("user_disabled")
    customised = args.text("username") or args.text("icon_emoji") or args.text("icon_url")
    if customised and "chat:write.customize" not in desk.workspace.app.scopes:
        raise MethodError(
            "missing_scope",
            needed="chat:write.customize",
            provided=",".join(sorted(desk.workspace.app.scopes)),
        )


def _must_be_parent(desk: Desk, channel: Channel, thread_ts: str) -> None:
    if not _TS.fullmatch(thread_ts):
        raise MethodError("invalid_thread_ts")
    parent = desk.workspace.message(channel.id, thread_ts)
    if parent is None:
        raise MethodError("thread_not_found")
    if parent.is_reply or parent.ephemeral_to is not None:
        raise MethodError("cannot_reply_to_message")


def _posted_before(desk: Desk, channel: Channel, fresh: Message) -> Message | None:
    if fresh.client_msg_id is None or not desk.workspace.dedupes_client_msg_id:
        return None
    ts = desk.workspace.ts_of_key(channel.id, fresh.client_msg_id)
    if ts is None:
        return None
    first = desk.workspace.message(channel.id, ts)
    if first is None:
        raise MethodError("duplicate_message_not_found")
    return first


def _composed(desk: Desk, args: Args, channel: Channel) -> Message:
    """The message the arguments describe, checked against every limit."""
    blocks = args.structure("blocks", "invalid_blocks_format")
    attachments = args.structure("attachments", "invalid_attachments")
    metadata = args.structure("metadata", "invalid_metadata_format")
    text = args.text("text") or ""
    markdown = args.text("markdown_text")
    if markdown is not None:
        if text or blocks:
            raise MethodError("markdown_text_conflict")
        text = markdown
    if len(text) > MOST_TEXT:
        raise MethodError("msg_too_long")
    if not text.strip() and not blocks and not attachments:
        raise MethodError("no_text")
    check_message(blocks, attachments)
    check_metadata(metadata)
    app = desk.workspace.app
    return Message(
        channel=channel.id,
        ts="",
        text=text,
        user=app.bot_user_id,
        bot_id=app.bot_id,
        app_id=app.id,
        username=args.text("username"),
        blocks=with_ids(blocks or [], desk.workspace),
        attachments=attachments or [],
        metadata=metadata,
        thread_ts=args.text("thread_ts"),
        reply_broadcast=args.flag("reply_broadcast"),
        client_msg_id=args.text("client_msg_id"),
    )

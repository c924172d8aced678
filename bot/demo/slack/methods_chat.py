"""chat.* and reactions.*: what the app says, and what becomes of it."""

from __future__ import annotations

import re

from bot.demo.slack.desk import AppContext, Args, MethodError
from bot.demo.slack.entities import Channel, Json, Message
from bot.demo.slack.limits import MOST_TEXT, MOST_UPDATE_TEXT, check_message, check_metadata, with_ids
from bot.demo.slack.wire import message_json

_TS = re.compile(r"\d{10}\.\d{6}")


def post_message(ctx: AppContext, args: Args) -> Json:
    """chat.postMessage"""
    channel = _destination(ctx, args)
    _must_be_writable(ctx, channel, args)
    fresh = _composed(ctx, args, channel)
    again = _posted_before(ctx, channel, fresh)
    if again is not None:
        return {"channel": channel.id, "ts": again.ts, "message": message_json(again, ctx.workspace)}
    if fresh.thread_ts is not None:
        _must_be_parent(ctx, channel, fresh.thread_ts)
    fresh.ts = ctx.ts()
    fresh.readable_from = ctx.now().timestamp() + ctx.faults.history_lag
    ctx.workspace.post(fresh)
    return {"channel": channel.id, "ts": fresh.ts, "message": message_json(fresh, ctx.workspace)}


def post_ephemeral(ctx: AppContext, args: Args) -> Json:
    """chat.postEphemeral"""
    channel = ctx.seen_channel(args.needed("channel"))
    if not ctx.is_member(channel):
        raise MethodError("not_in_channel")
    if channel.is_archived:
        raise MethodError("is_archived")
    user_id = args.needed("user")
    if user_id not in channel.members:
        raise MethodError("user_not_in_channel")
    message = _composed(ctx, args, channel)
    message.ts = ctx.ts()
    message.ephemeral_to = user_id
    ctx.workspace.post(message)
    return {"message_ts": message.ts}


def update(ctx: AppContext, args: Args) -> Json:
    """chat.update: the app's own messages only. Without `blocks` they are dropped; without `metadata` it is kept."""
    channel = _own_channel(ctx, args)
    message = ctx.workspace.message(channel.id, args.needed("ts"))
    if message is None or message.ephemeral_to is not None:
        raise MethodError("message_not_found")
    if message.bot_id != ctx.workspace.app.bot_id:
        raise MethodError("cant_update_message")
    if len(args.text("text") or "") > MOST_UPDATE_TEXT:
        raise MethodError("msg_too_long")
    fresh = _composed(ctx, args, channel)
    changes: Json = {"text": fresh.text, "blocks": fresh.blocks, "attachments": fresh.attachments}
    if fresh.metadata is not None:
        changes["metadata"] = fresh.metadata
    ctx.workspace.edit(message, ctx.now(), **changes)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message_json(message, ctx.workspace),
    }


def delete(ctx: AppContext, args: Args) -> Json:
    """chat.delete: the app's own messages only."""
    channel = _own_channel(ctx, args)
    message = ctx.workspace.message(channel.id, args.needed("ts"))
    if message is None or message.ephemeral_to is not None:
        raise MethodError("message_not_found")
    if message.bot_id != ctx.workspace.app.bot_id:
        raise MethodError("cant_delete_message")
    ctx.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(ctx: AppContext, args: Args) -> Json:
    """chat.getPermalink"""
    channel = ctx.seen_channel(args.needed("channel"))
    message = ctx.workspace.message(channel.id, args.needed("message_ts"))
    if message is None:
        raise MethodError("message_not_found")
    link = f"https://{ctx.workspace.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def add_reaction(ctx: AppContext, args: Args) -> Json:
    """reactions.add"""
    name = args.needed("name")
    channel = ctx.seen_channel(args.needed("channel"))
    if not ctx.is_member(channel):
        raise MethodError("not_in_channel")
    message = ctx.workspace.message(channel.id, args.needed("timestamp"))
    if message is None:
        raise MethodError("message_not_found")
    who = message.reactions.setdefault(name, [])
    if ctx.workspace.app.bot_user_id in who:
        raise MethodError("already_reacted")
    who.append(ctx.workspace.app.bot_user_id)
    ctx.workspace.report("reaction_added", channel=channel.id, subject=message)
    return {}


def _own_channel(ctx: AppContext, args: Args) -> Channel:
    channel_id = args.needed("channel")
    if not channel_id.startswith(("C", "G", "D")):
        raise MethodError("channel_not_found")
    channel = ctx.seen_channel(channel_id)
    if channel.is_archived:
        raise MethodError("is_archived")
    return channel


def _destination(ctx: AppContext, args: Args) -> Channel:
    name = args.needed("channel")
    if name.startswith("U") and name in ctx.workspace.users:
        return direct_message_with(ctx, name)
    named = ctx.workspace.channel_named(name)
    return ctx.seen_channel(named.id if named is not None else name)


def direct_message_with(ctx: AppContext, user_id: str) -> Channel:
    """The app's direct message with that person, or Slack's reason why there is none."""
    user = ctx.workspace.users.get(user_id)
    if user is None:
        raise MethodError("user_not_found")
    if user.is_bot or user.id == "USLACKBOT":
        raise MethodError("cannot_dm_bot")
    if user.deleted:
        raise MethodError("user_disabled")
    if user.is_stranger:
        raise MethodError("user_not_visible")
    return ctx.workspace.direct_message(user_id, ctx.now())


def _must_be_writable(ctx: AppContext, channel: Channel, args: Args) -> None:
    if channel.is_im and not ctx.workspace.app.messages_tab_enabled:
        raise MethodError("messages_tab_disabled")
    if not ctx.is_member(channel) and "chat:write.public" not in ctx.workspace.app.scopes:
        raise MethodError("not_in_channel")
    if channel.is_archived:
        raise MethodError("is_archived")
    if channel.is_read_only:
        raise MethodError("restricted_action_read_only_channel")
    person = ctx.workspace.users.get(channel.user or "")
    if person is not None and person.deleted:
        raise MethodError("user_disabled")
    customised = args.text("username") or args.text("icon_emoji") or args.text("icon_url")
    if customised and "chat:write.customize" not in ctx.workspace.app.scopes:
        raise MethodError(
            "missing_scope",
            needed="chat:write.customize",
            provided=",".join(sorted(ctx.workspace.app.scopes)),
        )


def _must_be_parent(ctx: AppContext, channel: Channel, thread_ts: str) -> None:
    if not _TS.fullmatch(thread_ts):
        raise MethodError("invalid_thread_ts")
    parent = ctx.workspace.message(channel.id, thread_ts)
    if parent is None:
        raise MethodError("thread_not_found")
    if parent.is_reply or parent.ephemeral_to is not None:
        raise MethodError("cannot_reply_to_message")


def _posted_before(ctx: AppContext, channel: Channel, fresh: Message) -> Message | None:
    if fresh.client_msg_id is None or not ctx.workspace.dedupes_client_msg_id:
        return None
    ts = ctx.workspace.ts_of_key(channel.id, fresh.client_msg_id)
    if ts is None:
        return None
    first = ctx.workspace.message(channel.id, ts)
    if first is None:
        raise MethodError("duplicate_message_not_found")
    return first


def _composed(ctx: AppContext, args: Args, channel: Channel) -> Message:
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
    check_message(blocks, attachments, ctx.workspace.refused_blocks)
    check_metadata(metadata)
    app = ctx.workspace.app
    return Message(
        channel=channel.id,
        ts="",
        text=text,
        user=app.bot_user_id,
        bot_id=app.bot_id,
        app_id=app.id,
        username=args.text("username"),
        blocks=with_ids(blocks or [], ctx.workspace),
        attachments=attachments or [],
        metadata=metadata,
        thread_ts=args.text("thread_ts"),
        reply_broadcast=args.flag("reply_broadcast"),
        client_msg_id=args.text("client_msg_id"),
    )

"""auth, team, users.*, conversations.*: what the app reads, and the conversations it opens and joins."""

from __future__ import annotations

from bot.demo.slack.desk import AppContext, Args, MethodError
from bot.demo.slack.entities import Channel, Json, Message
from bot.demo.slack.methods_chat import direct_message_with
from bot.demo.slack.wire import channel_json, message_json, user_json

MOST_READ_BACK = 999


def api_test(_ctx: AppContext, args: Args) -> Json:
    """api.test: echoes; with `error`, that error."""
    error = args.text("error")
    if error is not None:
        raise MethodError(error, args=args.values)
    return {"args": args.values}


def auth_test(ctx: AppContext, _args: Args) -> Json:
    """auth.test"""
    team, app = ctx.workspace.team, ctx.workspace.app
    organisation = {} if team.enterprise_id is None else {"enterprise_id": team.enterprise_id}
    return {
        **organisation,
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": app.name,
        "team_id": team.id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def team_info(ctx: AppContext, _args: Args) -> Json:
    """team.info"""
    team = ctx.workspace.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}}


def users_info(ctx: AppContext, args: Args) -> Json:
    """users.info"""
    user = ctx.workspace.users.get(args.needed("user"))
    if user is None:
        raise MethodError("user_not_found")
    with_email = "users:read.email" in ctx.workspace.app.scopes
    return {"user": user_json(user, ctx.now(), with_email=with_email, with_locale=args.flag("include_locale"))}


def users_list(ctx: AppContext, args: Args) -> Json:
    """users.list"""
    with_email = "users:read.email" in ctx.workspace.app.scopes
    users, cursor = ctx.page(list(ctx.workspace.users.values()), args, otherwise=1000)
    return {
        "members": [user_json(one, ctx.now(), with_email=with_email) for one in users],
        "cache_ts": int(ctx.now().timestamp()),
        "response_metadata": {"next_cursor": cursor},
    }


def users_lookup_by_email(ctx: AppContext, args: Args) -> Json:
    """users.lookupByEmail: people of this workspace who have not left; nobody from another company."""
    email = args.needed("email").strip().lower()
    for user in ctx.workspace.users.values():
        if (user.email or "").lower() == email and not user.deleted and not user.is_stranger:
            return {"user": user_json(user, ctx.now(), with_email=True)}
    raise MethodError("users_not_found")


def users_conversations(ctx: AppContext, args: Args) -> Json:
    """users.conversations: those `user` is in and the app can see; without `user`, the app's own."""
    user_id = args.text("user") or ctx.workspace.app.bot_user_id
    if user_id not in ctx.workspace.users:
        raise MethodError("user_not_found")
    mine = [one for one in _listed(ctx, args) if user_id in one.members and (not one.is_private or ctx.is_member(one))]
    page, cursor = ctx.page(mine, args, otherwise=100)
    return {
        "channels": [channel_json(one, ctx.workspace) for one in page],
        "response_metadata": {"next_cursor": cursor},
    }


def conversations_list(ctx: AppContext, args: Args) -> Json:
    """conversations.list"""
    visible = [one for one in _listed(ctx, args) if not one.is_private or ctx.is_member(one)]
    page, cursor = ctx.page(visible, args, otherwise=100)
    return {
        "channels": [channel_json(one, ctx.workspace, with_count=True) for one in page],
        "response_metadata": {"next_cursor": cursor},
    }


def conversations_info(ctx: AppContext, args: Args) -> Json:
    """conversations.info"""
    channel = ctx.seen_channel(args.needed("channel"))
    return {"channel": channel_json(channel, ctx.workspace, with_count=args.flag("include_num_members"))}


def conversations_members(ctx: AppContext, args: Args) -> Json:
    """conversations.members"""
    channel = ctx.seen_channel(args.needed("channel"))
    page, cursor = ctx.page(channel.members, args, otherwise=100)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def conversations_open(ctx: AppContext, args: Args) -> Json:
    """conversations.open with one person; repeated, it gives the same conversation."""
    users, channel_id = args.text("users"), args.text("channel")
    if users is None and channel_id is None:
        raise MethodError("users_list_not_supplied")
    if users is None:
        channel = ctx.seen_channel(str(channel_id))
        if not channel.is_im:
            raise MethodError("invalid_user_combination")
        return {"no_op": True, "already_open": True, "channel": _opened(channel, ctx, args)}
    ids = [one.strip() for one in users.split(",") if one.strip()]
    if len(ids) > 8:
        raise MethodError("too_many_users")
    if len(ids) > 1:
        raise MethodError("missing_scope", needed="mpim:write", provided=",".join(sorted(ctx.workspace.app.scopes)))
    known = any(one.is_im and one.user == ids[0] for one in ctx.workspace.channels.values())
    channel = direct_message_with(ctx, ids[0])
    answer: Json = {"channel": _opened(channel, ctx, args)}
    return {"no_op": True, "already_open": True, **answer} if known else answer


def conversations_join(ctx: AppContext, args: Args) -> Json:
    """conversations.join: public channels only."""
    channel = ctx.seen_channel(args.needed("channel"))
    if channel.is_private:
        raise MethodError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise MethodError("is_archived")
    answer: Json = {"channel": channel_json(channel, ctx.workspace)}
    if ctx.is_member(channel):
        return {**answer, "warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    channel.members.append(ctx.workspace.app.bot_user_id)
    ctx.workspace.report("channel_changed", channel=channel.id, subject=channel)
    return {"channel": channel_json(channel, ctx.workspace)}


def conversations_history(ctx: AppContext, args: Args) -> Json:
    """conversations.history: newest first, without plain thread replies and without what only one person sees."""
    channel = _readable(ctx, args)
    messages = [
        one
        for one in reversed(_read_back(ctx, channel, args))
        if not one.is_reply or one.reply_broadcast or one.subtype == "thread_broadcast"
    ]
    return {**_page_of(ctx, args, messages), "pin_count": 0, "channel_actions_ts": None, "channel_actions_count": 0}


def conversations_replies(ctx: AppContext, args: Args) -> Json:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = _readable(ctx, args)
    ts = args.needed("ts")
    asked = ctx.workspace.message(channel.id, ts)
    if asked is None or asked.ephemeral_to is not None or asked.readable_from > ctx.now().timestamp():
        raise MethodError("thread_not_found")
    parent_ts = asked.thread_ts or asked.ts
    parent = ctx.workspace.message(channel.id, parent_ts)
    replies = [one for one in _read_back(ctx, channel, args) if one.is_reply and one.thread_ts == parent_ts]
    return _page_of(ctx, args, ([] if parent is None else [parent]) + replies)


def kind_of(channel_id: str, ctx: AppContext) -> str:
    """The family of scopes that a conversation belongs to: channels, groups or im."""
    channel = ctx.workspace.channels.get(channel_id)
    if channel.is_im if channel is not None else channel_id.startswith("D"):
        return "im"
    return "groups" if channel is not None and channel.is_private else "channels"


def _listed(ctx: AppContext, args: Args) -> list[Channel]:
    kinds = [one.strip() for one in (args.text("types") or "public_channel").split(",")]
    if any(kind not in ("public_channel", "private_channel", "im", "mpim") for kind in kinds):
        raise MethodError("invalid_types")
    without_archived = args.flag("exclude_archived")
    return [
        one
        for one in ctx.workspace.channels.values()
        if _type_of(one) in kinds and not (without_archived and one.is_archived)
    ]


def _type_of(channel: Channel) -> str:
    if channel.is_im:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def _opened(channel: Channel, ctx: AppContext, args: Args) -> Json:
    return channel_json(channel, ctx.workspace) if args.flag("return_im") else {"id": channel.id}


def _readable(ctx: AppContext, args: Args) -> Channel:
    if ctx.faults.history_error is not None:
        raise MethodError(ctx.faults.history_error)
    channel = ctx.seen_channel(args.needed("channel"))
    if not ctx.is_member(channel):
        raise MethodError("not_in_channel")
    return channel


def _read_back(ctx: AppContext, channel: Channel, args: Args) -> list[Message]:
    now = ctx.now().timestamp()
    oldest, latest = _moment(args, "oldest", 0.0), _moment(args, "latest", float("inf"))
    inclusive = args.flag("inclusive")
    return [
        one
        for one in ctx.workspace.messages(channel.id)
        if one.readable_from <= now
        and (oldest <= float(one.ts) <= latest if inclusive else oldest < float(one.ts) < latest)
    ]


def _moment(args: Args, name: str, otherwise: float) -> float:
    try:
        return float(args.text(name) or otherwise)
    except ValueError:
        raise MethodError(f"invalid_ts_{name}") from None


def _page_of(ctx: AppContext, args: Args, messages: list[Message]) -> Json:
    limited = ctx.faults.history_page
    if limited is not None:
        args = Args({**args.values, "limit": min(args.number("limit", 100), limited)})
    page, cursor = ctx.page(messages, args, otherwise=100, most=MOST_READ_BACK)
    with_metadata = args.flag("include_all_metadata")
    answer: Json = {
        "messages": [message_json(one, ctx.workspace, with_metadata=with_metadata) for one in page],
        "has_more": bool(cursor),
    }
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer

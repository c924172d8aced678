"""Events: messages to the bot, the Home tab, and what becomes of channels and accounts."""

from slack_bolt.async_app import AsyncApp

from bot.domain.ports import Reply
from bot.listeners.after_ack import AfterAck
from bot.listeners.commands import answered
from bot.listeners.context import AppContext
from bot.listeners.events import home, lifecycle
from bot.listeners.requests import Event


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers each event by its type."""
    asks = [after_ack.known_viewer]
    app.event("app_home_opened", middleware=asks)(after_ack.event(home.opened))
    app.event("app_mention", middleware=asks)(after_ack.message(answer_message))
    app.event("message", middleware=asks)(after_ack.message(answer_message))
    app.event("user_change")(after_ack.event(lifecycle.user_changed, lifecycle.doubt_user))
    app.event("member_joined_channel")(after_ack.event(lifecycle.member_joined))
    app.event("member_left_channel")(after_ack.event(lifecycle.member_left))
    app.event("channel_id_changed")(after_ack.event(lifecycle.channel_id_changed))
    for kind in lifecycle.CHANNEL_EVENTS:
        app.event(kind)(after_ack.event(lifecycle.channel_event, lifecycle.doubt_channel))


async def answer_message(ctx: AppContext, event: Event, reply: Reply) -> None:
    """Answers a direct message or a mention like a command. In a channel or thread only the asker sees the answer."""
    if is_for_bot(event):
        await reply(await answered(ctx, event, event.text.removeprefix(ctx.command)))


def is_for_bot(event: Event) -> bool:
    """Whether a user wrote it to the bot; edits, joins and messages of bots are events of the same type."""
    if event.fields.get("bot_id") or event.fields.get("subtype") or event.user_id in ("", event.bot_user_id):
        return False
    return event.kind == "app_mention" or event.fields.get("channel_type") == "im"

"""Buttons about digests: save the one that was shown."""

from bot.blocks import actions
from bot.domain.ports import Reply
from bot.listeners.context import AppContext
from bot.listeners.digesting import save
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of


async def save_digest(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Saves the digest on the button, in the channel it was asked for in, or for the user alone."""
    value = action.decoded(actions.SaveDigest)
    if value.channel_id not in ("", action.channel_id):
        raise OutdatedButton
    await reply(await save(ctx, await viewer_of(ctx, action), value), replace=action.is_private)

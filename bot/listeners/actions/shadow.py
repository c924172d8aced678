"""Buttons that start shadow mode and go live, if what was shown before the press still holds."""

from bot.blocks import actions
from bot.blocks import shadow as views
from bot.domain.errors import NotAllowed, Remedy
from bot.domain.notifications import Message
from bot.domain.ports import Reply
from bot.domain.viewers import Viewer
from bot.listeners.commands.shadow import fit_shadow, question_to_begin, question_to_go_live
from bot.listeners.context import AppContext
from bot.listeners.requests import ActionRequest, viewer_of
from bot.services.shadow import begin_shadow, go_live
from bot.store.database import Tx


async def begin(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Starts shadow mode in the channel that was asked about; asks again if more people can read along by now."""
    wanted = action.decoded(actions.Shadow)
    viewer = await _admin(ctx, action)
    members = await fit_shadow(ctx, viewer, wanted.channel_id)
    if isinstance(members, Message):
        await reply(members, replace=action.is_private)
        return
    if members > wanted.readers:
        answer = await question_to_begin(ctx, viewer, wanted.channel_id, again=True)
        await reply(answer, replace=action.is_private)
        return

    def work(tx: Tx) -> Message:
        before = tx.shadow.mode()
        mode = begin_shadow(tx, wanted.channel_id, action.user_id, ctx.clock.now())
        if mode is not None:
            return views.begun(mode, command=ctx.command)
        assert before is not None, "else it had begun"
        return views.on_already(before, command=ctx.command)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    await reply(answer, replace=action.is_private)


async def end(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Goes live. A button that asked about an earlier shadow mode asks about this one."""
    await _admin(ctx, action)

    def work(tx: Tx) -> Message:
        mode, now = tx.shadow.mode(), ctx.clock.now()
        if mode is None or action.value != views.began(mode):
            return question_to_go_live(ctx, tx)
        before = go_live(tx, action.user_id, now)
        assert before is not None, "it was on in this transaction"
        return views.live(*before, now, command=ctx.command)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    await reply(answer, replace=action.is_private)


async def _admin(ctx: AppContext, action: ActionRequest) -> Viewer:
    """The admin who pressed a button. Raises NotAllowed for anybody else."""
    viewer = await viewer_of(ctx, action)
    if not viewer.is_admin:
        raise NotAllowed("only admins of Spotter start and end shadow mode", Remedy.ADMIN)
    return viewer

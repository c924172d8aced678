"""Buttons about follow-ups: the form that takes one, and closing one."""

from bot.blocks import follow_up_lists as lists
from bot.blocks.answers import question
from bot.domain.errors import MessengerError, NotPossibleNow
from bot.domain.notifications import Message
from bot.domain.ports import Reply
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.listeners.views import follow_up_form
from bot.services import follow_ups
from bot.store.database import Tx


async def open_form(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Opens the form for a session, in the modal that the button is in if it is in one. Raises NotAllowed for who may
    not take a follow-up, also if the card's channel shows them the session."""
    key, viewer = action.session_key(), await viewer_of(ctx, action)
    view = await ctx.store.read(lambda tx: follow_up_form.form(tx, viewer, key, ctx.clock.now()))
    try:
        if action.is_in_modal and action.view_id is not None:
            await ctx.messenger.update_modal(action.view_id, view)
        else:
            await ctx.messenger.open_modal(action.trigger_id, view)
    except MessengerError:
        short = key.session_id[:8]
        hint = f"Press again, or type “{ctx.command} follow-up {short} due:friday”."
        raise NotPossibleNow(f"Slack did not open the form. {hint}") from None


async def close(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Closes the follow-up with the number on the button, once it was asked whether."""
    viewer = await viewer_of(ctx, action)
    if not action.value.isdecimal() or len(action.value) > 9:
        raise OutdatedButton
    if not action.was_asked:
        await reply(question("Close the follow-up?", action.action_id, "Yes, close it", action.value))
        return

    def work(tx: Tx) -> Message:
        found = tx.follow_ups.get(int(action.value))
        return lists.closed(was_open=found is not None and follow_ups.close(tx, viewer, found, ctx.clock.now()))

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    if action.view_id is None:
        await reply(answer)
    else:
        await home.publish(ctx, action)

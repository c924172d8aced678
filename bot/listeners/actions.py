"""Buttons and menus: one entry per action. What a button's value says is checked as if a stranger had written it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.blocks import actions, answers, details, rules, session_lists
from bot.blocks.elements import notice
from bot.blocks.settings import settings_form
from bot.domain.errors import MessengerError, NotAllowed, StoreBusy
from bot.domain.model import DirectMessages, Message, SessionKey, SessionRecord, Viewer
from bot.domain.permissions import NOTHING
from bot.domain.ports import ActionRequest, Reply
from bot.listeners import criteria, home, rule_ownership, sharing
from bot.listeners.access_scope import AccessView
from bot.listeners.commands import answered, storable
from bot.listeners.commands.people import reject_link
from bot.listeners.commands.sessions import page, shown
from bot.listeners.commands.settings import choose, settings_of
from bot.listeners.context import AppContext, next_step
from bot.listeners.opening_details import opened
from bot.listeners.subscribing import subscribe
from bot.store.database import Tx

Pressing = Callable[[AppContext, ActionRequest, Reply], Awaitable[None]]

OLD_BUTTON = "This button no longer means anything."


async def _details(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Opens a session as a modal, before anything is looked up: the trigger is good for three seconds only."""
    key = actions.session_of(action.value)
    if key is None:
        return await _outdated(ctx, reply)
    try:
        view_id = await ctx.messenger.open_modal(action.trigger_id, details.loading())
    except MessengerError:
        # Too late for the trigger, or Slack can't: the answer goes where the button is.
        await reply(await _session_message(ctx, action, key))
        return None
    return await ctx.messenger.update_modal(view_id, await _session_modal(ctx, action, key))


async def _session_modal(ctx: AppContext, action: ActionRequest, key: SessionKey) -> details.View:
    """What the modal shows in the end, a reason included where that is no session."""
    try:
        viewer = await ctx.contacts.viewer(action.user_id)
        record = await opened(ctx, viewer, key, action)
        await criteria.prioritise(ctx, record)
        directory = await ctx.store.read(lambda tx: tx.people.directory())
    except NotAllowed as refusal:
        return details.refused(str(refusal), next_step(ctx, refusal.remedy, action.user_id))
    except StoreBusy:
        return details.busy()
    if record is None:
        return details.gone()
    return details.details(record, directory, with_previous=record.previous is not None)


async def _session_message(ctx: AppContext, action: ActionRequest, key: SessionKey) -> Message:
    viewer = await ctx.contacts.viewer(action.user_id)
    record = await opened(ctx, viewer, key, action)
    await criteria.prioritise(ctx, record)
    if record is None:
        return _gone()
    return await ctx.store.read(lambda tx: _visible(ctx, tx, viewer, record))


def _visible(ctx: AppContext, tx: Tx, viewer: Viewer, record: SessionRecord) -> Message:
    around = shown(ctx, tx, AccessView(viewer, NOTHING, tx.people.directory()), ())
    return session_lists.show(record, around, with_previous=record.previous is not None)


def _gone() -> Message:
    return notice("Spotter no longer stores this session.")


async def _acknowledge(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Notes who has seen a result; every card of the session is then edited to say so."""
    key = actions.session_of(action.value)
    if key is None:
        return await _outdated(ctx, reply)
    viewer = await ctx.contacts.viewer(action.user_id)
    if await opened(ctx, viewer, key, action) is None:
        await reply(_gone())
        return None

    def note(tx: Tx) -> bool:
        now = ctx.clock.now()
        was_new = tx.sessions.acknowledge(key, action.user_id, now)
        if was_new:
            tx.audit_log.write(action.user_id, "acknowledge", f"session:{key.session_id}:{key.employee_id}", now)
        return was_new

    was_new = await ctx.store.transact(note)
    ctx.wake_sender()
    await reply(answers.acknowledged(was_new=was_new))
    return None


async def _nothing(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """A link: Slack tells of the press, the browser does the rest."""


async def _page(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    request = actions.decode(actions.Page, action.value)
    if request is None:
        return await _outdated(ctx, reply)
    viewer = await ctx.contacts.viewer(action.user_id)
    await reply(await page(ctx, viewer, request.query, request.offset), replace=_is_private(action))
    return None


async def _run(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    await reply(await answered(ctx, action.user_id, action.channel_id, action.value))


async def _confirm_subscribe(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    request = actions.decode(actions.Subscribe, action.value)
    if request is None or request.channel_id != action.channel_id:
        return await _outdated(ctx, reply)
    viewer = await ctx.contacts.viewer(action.user_id)
    answer = await subscribe(ctx, viewer, action.channel_id, request.query, public_is_meant=True)
    await reply(answer, replace=_is_private(action))
    return None


async def _not_me(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    answer = await reject_link(ctx, action.user_id, action.value)
    if answer is None:
        return await _outdated(ctx, reply)
    await reply(answer, replace=_is_private(action))
    return None


async def _share(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    what = actions.decode(actions.Share, action.value)
    if what is None:
        return await _outdated(ctx, reply)
    viewer = await ctx.contacts.viewer(action.user_id)
    await reply(await sharing.preview(ctx, viewer, action.channel_id, what))
    return None


async def _confirm_share(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    request = actions.decode(actions.ConfirmShare, action.value)
    if request is None or request.channel_id != action.channel_id:
        return await _outdated(ctx, reply)
    viewer = await ctx.contacts.viewer(action.user_id)
    await reply(await sharing.share(ctx, viewer, request), replace=_is_private(action))
    return None


async def _cancel(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    await reply(rules.cancelled(), replace=_is_private(action))


async def _agree_public(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    viewer = await ctx.contacts.viewer(action.user_id)
    await reply(await rule_ownership.agree_to_public(ctx, viewer, action.value))


async def _take_over(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    viewer = await ctx.contacts.viewer(action.user_id)
    await reply(await rule_ownership.ask_to_take_over(ctx, viewer, action.value))


async def _confirm_take_over(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    viewer = await ctx.contacts.viewer(action.user_id)
    answer = await rule_ownership.take_over(ctx, viewer, action.value)
    if answer is None:
        return await _outdated(ctx, reply)
    await reply(answer, replace=_is_private(action))
    return None


async def _unsubscribe(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    await reply(await answered(ctx, action.user_id, action.channel_id, f"unsubscribe {action.value}"))


def _direct_messages(kind: DirectMessages) -> Pressing:
    async def choose_kind(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
        await reply(await choose(ctx, action, as_observer=kind))

    return choose_kind


async def _set_observer(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    await _set(ctx, action, reply, is_observer=True)


async def _set_employee(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    await _set(ctx, action, reply, is_observer=False)


async def _set(ctx: AppContext, action: ActionRequest, reply: Reply, *, is_observer: bool) -> None:
    if action.value not in list(DirectMessages):
        return await _outdated(ctx, reply)
    kind = DirectMessages(action.value)
    answer = await choose(
        ctx,
        action,
        as_observer=kind if is_observer else None,
        as_employee=None if is_observer else kind,
    )
    if action.view_id is None:
        await reply(answer)
        return None
    return await home.publish(ctx, action.user_id)


async def _refresh_home(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    await home.publish(ctx, action.user_id)


async def _open_settings(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    viewer = await ctx.contacts.viewer(action.user_id)
    mine = await ctx.store.read(lambda tx: settings_of(ctx, tx, viewer))
    await ctx.messenger.open_modal(action.trigger_id, settings_form(mine))


async def _outdated(ctx: AppContext, reply: Reply) -> None:
    await reply(notice(OLD_BUTTON, f"`{ctx.command}` shows what Spotter can do."))


def _is_private(action: ActionRequest) -> bool:
    """Whether the message the button is on may be replaced: it is the presser's alone."""
    return action.is_ephemeral or (action.channel_id or "").startswith("D")


HANDLERS: Mapping[str, Pressing] = {
    actions.DETAILS: _details,
    actions.ACKNOWLEDGE: _acknowledge,
    actions.OPEN: _nothing,
    actions.RUN: _run,
    actions.PAGE: _page,
    actions.CONFIRM_SUBSCRIBE: _confirm_subscribe,
    actions.CANCEL: _cancel,
    actions.NOT_ME: _not_me,
    actions.SHARE: _share,
    actions.CONFIRM_SHARE: _confirm_share,
    actions.UNSUBSCRIBE: _unsubscribe,
    actions.AGREE_PUBLIC: _agree_public,
    actions.TAKE_OVER: _take_over,
    actions.CONFIRM_TAKE_OVER: _confirm_take_over,
    actions.DM_BELOW: _direct_messages(DirectMessages.BELOW),
    actions.DM_STOP: _direct_messages(DirectMessages.NONE),
    actions.DM_ALL: _direct_messages(DirectMessages.ALL),
    actions.SET_OBSERVER: _set_observer,
    actions.SET_EMPLOYEE: _set_employee,
    actions.HOME_REFRESH: _refresh_home,
    actions.HOME_SETTINGS: _open_settings,
}


async def is_in_message(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Does what a button or menu stands for; one nobody knows is answered as outdated."""
    act = HANDLERS.get(actions.action_of(action.action))
    if act is None:
        return await _outdated(ctx, reply)
    return await act(ctx, replace(action, value=storable(action.value)), reply)

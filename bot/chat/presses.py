"""Buttons and menus: one entry per action. What a button's value says is checked as if a stranger had written it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.chat import answering_for, criteria, home, sharing
from bot.chat.commands import answered, storable
from bot.chat.commands.asking import page, shown
from bot.chat.commands.linking import disown
from bot.chat.commands.settling import choose, settings_of
from bot.chat.desk import Desk, next_step
from bot.chat.opening import opened
from bot.chat.sight import Sight
from bot.chat.subscribing import subscribe
from bot.core.access import NOTHING
from bot.core.errors import MessengerError, NotAllowed, StoreBusy
from bot.core.model import DirectMessages, Message, SessionKey, SessionRecord, Viewer
from bot.core.ports import Press, Reply, Tx
from bot.views import actions, answers, modals, sessions, subscriptions

Pressing = Callable[[Desk, Press, Reply], Awaitable[None]]

OLD_BUTTON = "This button no longer means anything."


async def _details(desk: Desk, pressed: Press, reply: Reply) -> None:
    """Opens a session as a modal, before anything is looked up: the trigger is good for three seconds only."""
    key = actions.session_of(pressed.value)
    if key is None:
        return await _outdated(desk, reply)
    try:
        view_id = await desk.messenger.open_modal(pressed.trigger_id, modals.loading())
    except MessengerError:
        # Too late for the trigger, or Slack can't: the answer goes where the button is.
        await reply(await _session_message(desk, pressed, key))
        return None
    return await desk.messenger.update_modal(view_id, await _session_modal(desk, pressed, key))


async def _session_modal(desk: Desk, pressed: Press, key: SessionKey) -> modals.View:
    """What the modal shows in the end, a reason included where that is no session."""
    try:
        viewer = await desk.contacts.viewer(pressed.user_id)
        record = await opened(desk, viewer, key, pressed)
        await criteria.promise(desk, record)
        directory = await desk.store.read(lambda tx: tx.people.directory())
    except NotAllowed as refusal:
        return modals.refused(str(refusal), next_step(desk, refusal.remedy, pressed.user_id))
    except StoreBusy:
        return modals.busy()
    if record is None:
        return modals.gone()
    return modals.details(record, directory, with_previous=record.previous is not None)


async def _session_message(desk: Desk, pressed: Press, key: SessionKey) -> Message:
    viewer = await desk.contacts.viewer(pressed.user_id)
    record = await opened(desk, viewer, key, pressed)
    await criteria.promise(desk, record)
    if record is None:
        return _gone()
    return await desk.store.read(lambda tx: _shown(desk, tx, viewer, record))


def _shown(desk: Desk, tx: Tx, viewer: Viewer, record: SessionRecord) -> Message:
    around = shown(desk, tx, Sight(viewer, NOTHING, tx.people.directory()), ())
    return sessions.show(record, around, with_previous=record.previous is not None)


def _gone() -> Message:
    return answers.trouble("Spotter no longer stores this session.", "")


async def _acknowledge(desk: Desk, pressed: Press, reply: Reply) -> None:
    """Notes who has seen a result; every card of the session is then edited to say so."""
    key = actions.session_of(pressed.value)
    if key is None:
        return await _outdated(desk, reply)
    viewer = await desk.contacts.viewer(pressed.user_id)
    if await opened(desk, viewer, key, pressed) is None:
        await reply(_gone())
        return None

    def note(tx: Tx) -> bool:
        now = desk.clock.now()
        was_new = tx.sessions.acknowledge(key, pressed.user_id, now)
        if was_new:
            tx.ledger.write(pressed.user_id, "acknowledge", f"session:{key.session_id}:{key.employee_id}", now)
        return was_new

    was_new = await desk.store.transact(note)
    desk.nudge()
    await reply(answers.acknowledged(was_new=was_new))
    return None


async def _nothing(desk: Desk, pressed: Press, reply: Reply) -> None:
    """A link: Slack tells of the press, the browser does the rest."""


async def _page(desk: Desk, pressed: Press, reply: Reply) -> None:
    asked = actions.page_of(pressed.value)
    if asked is None:
        return await _outdated(desk, reply)
    offset, query = asked
    viewer = await desk.contacts.viewer(pressed.user_id)
    await reply(await page(desk, viewer, query, offset), replace=_is_private(pressed))
    return None


async def _run(desk: Desk, pressed: Press, reply: Reply) -> None:
    await reply(await answered(desk, pressed.user_id, pressed.channel_id, pressed.value))


async def _confirm_subscribe(desk: Desk, pressed: Press, reply: Reply) -> None:
    asked = actions.subscribe_of(pressed.value)
    if asked is None or asked[0] != pressed.channel_id:
        return await _outdated(desk, reply)
    viewer = await desk.contacts.viewer(pressed.user_id)
    answer = await subscribe(desk, viewer, pressed.channel_id, asked[1], public_is_meant=True)
    await reply(answer, replace=_is_private(pressed))
    return None


async def _not_me(desk: Desk, pressed: Press, reply: Reply) -> None:
    answer = await disown(desk, pressed.user_id, pressed.value)
    if answer is None:
        return await _outdated(desk, reply)
    await reply(answer, replace=_is_private(pressed))
    return None


async def _share(desk: Desk, pressed: Press, reply: Reply) -> None:
    what = actions.share_of(pressed.value)
    if what is None:
        return await _outdated(desk, reply)
    viewer = await desk.contacts.viewer(pressed.user_id)
    await reply(await sharing.preview(desk, viewer, pressed.channel_id, what))
    return None


async def _confirm_share(desk: Desk, pressed: Press, reply: Reply) -> None:
    asked = actions.confirm_share_of(pressed.value)
    if asked is None or asked[0] != pressed.channel_id:
        return await _outdated(desk, reply)
    viewer = await desk.contacts.viewer(pressed.user_id)
    await reply(await sharing.share(desk, viewer, *asked), replace=_is_private(pressed))
    return None


async def _cancel(desk: Desk, pressed: Press, reply: Reply) -> None:
    await reply(subscriptions.cancelled(), replace=_is_private(pressed))


async def _agree_public(desk: Desk, pressed: Press, reply: Reply) -> None:
    viewer = await desk.contacts.viewer(pressed.user_id)
    await reply(await answering_for.agree_to_public(desk, viewer, pressed.value))


async def _take_over(desk: Desk, pressed: Press, reply: Reply) -> None:
    viewer = await desk.contacts.viewer(pressed.user_id)
    await reply(await answering_for.ask_to_take_over(desk, viewer, pressed.value))


async def _confirm_take_over(desk: Desk, pressed: Press, reply: Reply) -> None:
    viewer = await desk.contacts.viewer(pressed.user_id)
    answer = await answering_for.take_over(desk, viewer, pressed.value)
    if answer is None:
        return await _outdated(desk, reply)
    await reply(answer, replace=_is_private(pressed))
    return None


async def _unsubscribe(desk: Desk, pressed: Press, reply: Reply) -> None:
    await reply(await answered(desk, pressed.user_id, pressed.channel_id, f"unsubscribe {pressed.value}"))


def _direct_messages(kind: DirectMessages) -> Pressing:
    async def choose_kind(desk: Desk, pressed: Press, reply: Reply) -> None:
        await reply(await choose(desk, pressed, as_observer=kind))

    return choose_kind


async def _set_observer(desk: Desk, pressed: Press, reply: Reply) -> None:
    await _set(desk, pressed, reply, is_observer=True)


async def _set_employee(desk: Desk, pressed: Press, reply: Reply) -> None:
    await _set(desk, pressed, reply, is_observer=False)


async def _set(desk: Desk, pressed: Press, reply: Reply, *, is_observer: bool) -> None:
    if pressed.value not in list(DirectMessages):
        return await _outdated(desk, reply)
    kind = DirectMessages(pressed.value)
    answer = await choose(
        desk,
        pressed,
        as_observer=kind if is_observer else None,
        as_employee=None if is_observer else kind,
    )
    if pressed.view_id is None:
        await reply(answer)
        return None
    return await home.publish(desk, pressed.user_id)


async def _refresh_home(desk: Desk, pressed: Press, reply: Reply) -> None:
    await home.publish(desk, pressed.user_id)


async def _open_settings(desk: Desk, pressed: Press, reply: Reply) -> None:
    viewer = await desk.contacts.viewer(pressed.user_id)
    mine = await desk.store.read(lambda tx: settings_of(desk, tx, viewer))
    await desk.messenger.open_modal(pressed.trigger_id, modals.settings_form(mine))


async def _outdated(desk: Desk, reply: Reply) -> None:
    await reply(answers.trouble(OLD_BUTTON, f"`{desk.command}` shows what Spotter can do."))


def _is_private(pressed: Press) -> bool:
    """Whether the message the button is on may be replaced: it is the presser's alone."""
    return pressed.is_ephemeral or (pressed.channel_id or "").startswith("D")


PRESSES: Mapping[str, Pressing] = {
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


async def pressed_in(desk: Desk, pressed: Press, reply: Reply) -> None:
    """Does what a button or menu stands for; one nobody knows is answered as outdated."""
    act = PRESSES.get(actions.action_of(pressed.action))
    if act is None:
        return await _outdated(desk, reply)
    return await act(desk, replace(pressed, value=storable(pressed.value)), reply)

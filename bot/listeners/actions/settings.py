"""Buttons about a user's own settings and Home tab: direct messages, and a link that is wrong."""

from bot.blocks import links
from bot.blocks import settings as settings_view
from bot.domain.errors import NotAllowed
from bot.domain.model import BY_EMAIL, DestinationKind, DirectMessages, Message, Preferences
from bot.domain.ports import Reply
from bot.listeners.access_scope import identity_of
from bot.listeners.commands.people import link_subject
from bot.listeners.commands.settings import save_preferences, settings_of
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.store.database import Tx


async def get_below_target(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message to an observer: only results below target from now on."""
    await reply(await _choose(ctx, action, as_observer=DirectMessages.BELOW))


async def get_none(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message to an observer: no more of them."""
    await reply(await _choose(ctx, action, as_observer=DirectMessages.NONE))


async def get_all(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message to an observer: all results from now on."""
    await reply(await _choose(ctx, action, as_observer=DirectMessages.ALL))


async def set_observer(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """The menu for sessions that the user observes."""
    await _answer_choice(ctx, action, reply, await _choose(ctx, action, as_observer=_chosen(action)))


async def set_employee(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """The menu for the user's own sessions."""
    await _answer_choice(ctx, action, reply, await _choose(ctx, action, as_employee=_chosen(action)))


async def refresh_home(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Publishes the user's Home tab again."""
    await home.publish(ctx, action)


async def open_settings(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Opens the settings form."""
    viewer = await viewer_of(ctx, action)
    mine = await ctx.store.read(lambda tx: settings_of(ctx, tx, viewer))
    await ctx.messenger.open_modal(action.trigger_id, settings_view.settings_form(mine))


async def not_me(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Blocks the user's own link by e-mail, if it is still to the person on the button."""
    person_id = action.value

    def work(tx: Tx) -> bool:
        link = tx.people.link_of(action.user_id)
        if link is None or link.by != BY_EMAIL or link.person_id != person_id:
            return False
        now = ctx.clock.now()
        tx.people.block_link(action.user_id, action.user_id, now)
        tx.audit_log.write(action.user_id, "disown", link_subject(action.user_id, person_id), now)
        return True

    if not await ctx.store.transact(work):
        raise OutdatedButton
    await reply(links.rejected(command=ctx.command), replace=action.is_private)


def _chosen(action: ActionRequest) -> DirectMessages:
    if action.value not in list(DirectMessages):
        raise OutdatedButton
    return DirectMessages(action.value)


async def _answer_choice(ctx: AppContext, action: ActionRequest, reply: Reply, answer: Message) -> None:
    """The menus are in messages and on the Home tab, which is published again instead."""
    if action.view_id is None:
        await reply(answer)
    else:
        await home.publish(ctx, action)


async def _choose(
    ctx: AppContext,
    action: ActionRequest,
    *,
    as_observer: DirectMessages | None = None,
    as_employee: DirectMessages | None = None,
) -> Message:
    """Saves one choice of the user and leaves the other as it is.

    Raises NotAllowed for users without a person in iSpring, unless they stop messages that they got.
    """
    viewer = await viewer_of(ctx, action)
    kind = as_observer or as_employee
    assert kind is not None, "one of the two is chosen"

    def work(tx: Tx) -> None:
        identity = identity_of(viewer, tx.people.directory())
        if identity.not_allowed_reason and not (kind is DirectMessages.NONE and _is_on_their_message(tx, action)):
            raise NotAllowed(identity.not_allowed_reason, identity.remedy)
        mine = tx.people.preferences(action.user_id)
        wanted = Preferences(as_observer or mine.as_observer, as_employee or mine.as_employee)
        save_preferences(ctx, tx, action.user_id, wanted)

    await ctx.store.transact(work)
    return settings_view.direct_messages_set(kind, as_observer=as_observer is not None, command=ctx.command)


def _is_on_their_message(tx: Tx, action: ActionRequest) -> bool:
    """Whether the button is on a direct message of ours, whose reader may have lost the link that it came by."""
    if action.channel_id is None or action.message_ts is None:
        return False
    delivery = tx.deliveries.at(action.channel_id, action.message_ts)
    return delivery is not None and delivery.destination.kind is DestinationKind.PERSON

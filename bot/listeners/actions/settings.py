"""Buttons about a user's own settings and Home tab."""

from bot.blocks import actions
from bot.blocks import settings as settings_view
from bot.blocks.actions import Roles
from bot.domain.errors import NotAllowed
from bot.domain.notifications import DestinationKind, Message
from bot.domain.ports import Reply
from bot.domain.viewers import DirectMessages, Preferences, Viewer
from bot.listeners.access_scope import identity_of
from bot.listeners.commands.settings import save_preferences, settings_of
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.store.database import Tx


async def get_below_target(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message: only results below target from now on."""
    await _change(ctx, action, reply, actions.DM_BELOW, DirectMessages.BELOW)


async def get_none(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message: no more of them."""
    await _change(ctx, action, reply, actions.DM_STOP, DirectMessages.NONE)


async def get_all(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message: all results from now on."""
    await _change(ctx, action, reply, actions.DM_ALL, DirectMessages.ALL)


async def set_observer(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """The menu for sessions that the user observes."""
    await _answer_choice(ctx, action, reply, await _choose(ctx, action, _chosen(action), Roles.OBSERVER))


async def set_employee(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """The menu for the user's own sessions."""
    await _answer_choice(ctx, action, reply, await _choose(ctx, action, _chosen(action), Roles.EMPLOYEE))


async def refresh_home(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Publishes the user's Home tab again."""
    await home.publish(ctx, action)


async def open_settings(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Opens the settings form."""
    viewer = await viewer_of(ctx, action)
    mine = await ctx.store.read(lambda tx: settings_of(ctx, tx, viewer))
    await ctx.messenger.open_modal(action.trigger_id, settings_view.settings_form(mine))


async def _change(ctx: AppContext, action: ActionRequest, reply: Reply, name: str, kind: DirectMessages) -> None:
    """Saves a choice if the user was asked; else asks. Who has nothing to choose is refused before."""
    roles = _roles(action)
    if action.was_asked:
        await reply(await _choose(ctx, action, kind, roles))
        return
    viewer = await viewer_of(ctx, action)
    await ctx.store.read(lambda tx: _refuse_nobody(tx, viewer, action, kind))
    await reply(settings_view.ask_to_change(name, roles, command=ctx.command))


def _refuse_nobody(tx: Tx, viewer: Viewer, action: ActionRequest, kind: DirectMessages) -> None:
    """Raises NotAllowed for users without a person in iSpring, unless they stop messages that they got."""
    identity = identity_of(viewer, tx.people.directory())
    if identity.not_allowed_reason and not (kind is DirectMessages.NONE and _is_on_their_message(tx, action)):
        raise NotAllowed(identity.not_allowed_reason, identity.remedy)


def _roles(action: ActionRequest) -> Roles:
    if action.value not in list(Roles):
        raise OutdatedButton
    return Roles(action.value)


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


async def _choose(ctx: AppContext, action: ActionRequest, kind: DirectMessages, roles: Roles) -> Message:
    """Saves a choice of the user for these roles and leaves the other as it is.

    Raises NotAllowed for users without a person in iSpring, unless they stop messages that they got.
    """
    viewer = await viewer_of(ctx, action)

    def work(tx: Tx) -> None:
        _refuse_nobody(tx, viewer, action, kind)
        mine = tx.people.preferences(action.user_id)
        wanted = Preferences(
            mine.as_observer if roles is Roles.EMPLOYEE else kind, mine.as_employee if roles is Roles.OBSERVER else kind
        )
        save_preferences(ctx, tx, action.user_id, wanted)

    await ctx.store.transact(work)
    return settings_view.direct_messages_set(kind, roles, command=ctx.command)


def _is_on_their_message(tx: Tx, action: ActionRequest) -> bool:
    """Whether the button is on a direct message of ours, whose reader may have lost the link that it came by."""
    if action.channel_id is None or action.message_ts is None:
        return False
    delivery = tx.deliveries.at(action.channel_id, action.message_ts)
    return delivery is not None and delivery.destination.kind is DestinationKind.PERSON

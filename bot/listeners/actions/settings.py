"""Buttons about a user's own settings and Home tab."""

from bot.blocks import actions
from bot.blocks import settings as settings_view
from bot.blocks.actions import Roles
from bot.blocks.settings_form import REMINDERS, roles_of, settings_form
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.notifications import DestinationKind, Message
from bot.domain.ports import Reply
from bot.domain.preferences import NOTHING, Choice, Role, parse_choice
from bot.domain.viewers import DirectMessages, Viewer
from bot.listeners.commands.settings import choose, refuse_nobody, settings_of
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.store.database import Tx


async def get_below_target(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message: only results below target from now on."""
    await _change(ctx, action, reply, actions.DM_BELOW)


async def get_none(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message: no more of them."""
    await _change(ctx, action, reply, actions.DM_STOP)


async def get_all(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message: all results from now on."""
    await _change(ctx, action, reply, actions.DM_ALL)


async def get_daily(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """In answers to who wants fewer messages: all results in one digest a day."""
    await _change(ctx, action, reply, actions.DM_DAILY)


async def set_observer(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """The menu for sessions that the user observes, in answers and on the Home tab of earlier versions."""
    await _answer_choice(ctx, action, reply, await _choose(ctx, action, {Role.OBSERVER: _chosen(action)}))


async def set_employee(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """The menu for the user's own sessions, as `set_observer`."""
    await _answer_choice(ctx, action, reply, await _choose(ctx, action, {Role.EMPLOYEE: _chosen(action)}))


async def set_choice(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Undo: what the user got before."""
    value = action.decoded(actions.SetChoice)
    try:
        choices = {
            Role(role): parse_choice(text, NOTHING, Role(role)) if text else None
            for role, text in value.choices.items()
        }
    except (ValueError, QueryError):
        raise OutdatedButton from None
    await reply(await _choose(ctx, action, choices))


async def refresh_home(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Publishes the user's Home tab again."""
    await home.publish(ctx, action)


async def open_settings(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Opens the settings form."""
    await _open_form(ctx, action, "")


async def fewer(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """On a direct message: opens the part of the settings form about messages like it."""
    if action.value != REMINDERS and not roles_of(action.value):
        raise OutdatedButton
    await _open_form(ctx, action, action.value)


async def _open_form(ctx: AppContext, action: ActionRequest, about: str) -> None:
    viewer = await viewer_of(ctx, action)

    def read(tx: Tx) -> settings_view.Settings:
        _refuse_others(tx, action)
        return settings_of(ctx, tx, viewer)

    mine = await ctx.store.read(read)
    await ctx.messenger.open_modal(action.trigger_id, settings_form(mine, about))


async def _change(ctx: AppContext, action: ActionRequest, reply: Reply, name: str) -> None:
    """Saves a choice if the user was asked; else asks. Users who have nothing to choose are refused before."""
    roles, choice = _roles(action), settings_view.DM_CHOICES[name]
    if action.was_asked:
        await reply(await _choose(ctx, action, dict.fromkeys(roles.roles, choice)))
        return
    viewer = await viewer_of(ctx, action)
    await ctx.store.read(lambda tx: _refuse(tx, viewer, action, is_end=choice == NOTHING))
    await reply(settings_view.ask_to_change(name, roles, command=ctx.command))


def _refuse(tx: Tx, viewer: Viewer, action: ActionRequest, *, is_end: bool) -> None:
    """Raises NotAllowed for users without a person in iSpring, unless they stop messages that they got; and on another
    person's message."""
    _refuse_others(tx, action)
    if not (is_end and _is_on_direct_message(tx, action)):
        refuse_nobody(tx, viewer)


def _refuse_others(tx: Tx, action: ActionRequest) -> None:
    """Raises NotAllowed on a direct message to a person who has another account, and on one that shadow mode shows to
    others."""
    delivery = tx.deliveries.at(action.channel_id or "", action.message_ts or "")
    if delivery is not None and delivery.destination.kind is DestinationKind.PERSON:
        reader = tx.people.linked_user(delivery.destination.id)
        if reader != action.user_id and (reader is not None or delivery.shadow is not None):
            raise NotAllowed(settings_view.SOMEONE_ELSES, Remedy.NONE)


def _roles(action: ActionRequest) -> Roles:
    if action.value not in list(Roles):
        raise OutdatedButton
    return Roles(action.value)


def _chosen(action: ActionRequest) -> Choice:
    if action.value not in list(DirectMessages):
        raise OutdatedButton
    return settings_view.choice_of(DirectMessages(action.value))


async def _answer_choice(ctx: AppContext, action: ActionRequest, reply: Reply, answer: Message) -> None:
    """The menus are in messages and on the Home tab, which is published again instead."""
    if action.view_id is None:
        await reply(answer)
    else:
        await home.publish(ctx, action)


async def _choose(ctx: AppContext, action: ActionRequest, choices: dict[Role, Choice | None]) -> Message:
    """Saves choices of the user and leaves those of other roles as they are. Raises NotAllowed as `_refuse` does."""
    viewer = await viewer_of(ctx, action)
    is_end = all(choice == NOTHING for choice in choices.values())

    def work(tx: Tx) -> Message:
        _refuse(tx, viewer, action, is_end=is_end)
        return choose(ctx, tx, viewer, choices)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


def _is_on_direct_message(tx: Tx, action: ActionRequest) -> bool:
    """Whether the button is on a direct message of ours, whose reader may have lost the link that it came by."""
    delivery = tx.deliveries.at(action.channel_id or "", action.message_ts or "")
    return delivery is not None and delivery.destination.kind is DestinationKind.PERSON

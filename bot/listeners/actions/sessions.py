"""Buttons about one session or a page of them: details, acknowledge, the next page, a suggested command."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.blocks import actions, answers, session_lists
from bot.blocks import details as views
from bot.blocks.elements import notice
from bot.blocks.sending import first_block, with_first_lines
from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.email_matching import no_member
from bot.domain.errors import MessengerError, NotAllowed, NotPossibleNow, Remedy, StoreBusy
from bot.domain.model import Session, SessionKey, SessionRecord
from bot.domain.notifications import Destination, DestinationKind, Message, NotificationKind
from bot.domain.permissions import NOTHING, OPERATOR_VIEWER, Verdict, may_see, may_share
from bot.domain.ports import Reply
from bot.domain.rules import OPERATOR, NamesShown
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import AccessView, as_seen_by, identity_of
from bot.listeners.after_ack import error_message
from bot.listeners.commands import answered
from bot.listeners.commands.sessions import may_act_here, page, prioritise_details, shown
from bot.listeners.context import AppContext, lines_for, next_step
from bot.listeners.events import home
from bot.listeners.requests import ActionRequest, viewer_of
from bot.store.database import Tx


async def details(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Opens a session as a modal, before anything is looked up: the trigger is good for three seconds only."""
    key = action.session_key()
    try:
        view_id = await ctx.messenger.open_modal(action.trigger_id, views.loading())
    except MessengerError:
        # The trigger is too old, or Slack does not answer: the answer goes where the button is.
        await reply(await _session_message(ctx, action, key))
        return
    view = await _session_modal(ctx, action, key)
    if lines := await lines_for(ctx):
        view = {**view, "blocks": [first_block(lines), *view["blocks"]]}
    await ctx.messenger.update_modal(view_id, view)


async def acknowledge(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Stores who has seen a result; every card of the session is edited to say so."""
    key = action.session_key()
    record = await _own_session(ctx, action, key)
    if record is None:
        await reply(_gone())
        return
    if not outcome_of(record.session).is_over:
        await reply(answers.nothing_to_acknowledge())
        return

    was_new = await ctx.store.transact(lambda tx: _acknowledge(tx, action, key, ctx.clock.now()))
    ctx.wake_sender()
    if action.view_id is None:
        await reply(answers.acknowledged(was_new=was_new))
    elif action.is_in_modal:
        await ctx.messenger.update_modal(action.view_id, await _session_modal(ctx, action, key))
    else:
        await home.publish(ctx, action)


async def acknowledge_all(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Stores who has seen the low results of a message about several sessions, as far as they may see them."""
    keys = action.decoded(actions.Sessions).keys
    seen, refusal = list[SessionKey](), NotAllowed("these sessions are no longer stored")
    for key in keys:
        try:
            record = await _own_session(ctx, action, key)
        except NotAllowed as problem:
            refusal = problem
            continue
        if record is not None and outcome_of(record.session).is_over:
            seen.append(key)
    if not seen:
        raise refusal
    new = await ctx.store.transact(lambda tx: [key for key in seen if _acknowledge(tx, action, key, ctx.clock.now())])
    ctx.wake_sender()
    await reply(answers.acknowledged_all(len(seen), len(new), of=len(keys)))


def _acknowledge(tx: Tx, action: ActionRequest, key: SessionKey, now: datetime) -> bool:
    was_new = tx.sessions.acknowledge(key, action.user_id, now)
    if was_new:
        tx.audit_log.write(action.user_id, "acknowledge", f"session:{key.session_id}:{key.employee_id}", now)
    return was_new


async def open_link(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """A link button: Slack reports it, and the browser does the rest."""


async def more(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """A choice of the menu behind a card's buttons."""
    name, _, value = action.value.partition(" ")
    if name == actions.DETAILS:
        await details(ctx, replace(action, value=value), reply)
    elif name == actions.OPEN:
        await open_link(ctx, action, reply)
    else:
        await run(ctx, action, reply)


async def next_page(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Another page of an answer."""
    request = action.decoded(actions.Page)
    viewer = await viewer_of(ctx, action)
    await reply(await page(ctx, viewer, request.query, request.offset), replace=action.is_private)


async def run(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """A command that an answer suggested; one that changes something is asked about first. The Home tab shows its
    answer in a modal, because a direct message would be on another tab."""

    async def answer() -> Message:
        meant_for = await ctx.store.read(lambda tx: _meant_for(tx, action))
        return await answered(ctx, action, action.value, is_button=not action.was_asked, meant_for=meant_for)

    if action.view_id is None:
        await reply(await answer(), replace=action.was_asked and action.is_private)
        return
    try:
        # Before anything is looked up: the trigger is good for three seconds only.
        view_id = await ctx.messenger.open_modal(action.trigger_id, views.loading("Answer"))
    except MessengerError:  # the trigger is too old, or Slack does not answer
        await reply(await answer())
        return
    try:
        made = await answer()
    except Exception as problem:  # else the modal would say for ever that it is looked up
        made = error_message(ctx, problem, "run", action.user_id)
    await ctx.messenger.update_modal(view_id, views.answer(with_first_lines(made, await lines_for(ctx))))


def _meant_for(tx: Tx, action: ActionRequest) -> Destination | None:
    """Where the message of a button belongs, if shadow mode shows it elsewhere."""
    delivery = tx.deliveries.at(action.channel_id or "", action.message_ts or "")
    return None if delivery is None or delivery.shadow is None else delivery.destination


# ---- the session behind a button -------------------------------------------------------------------------------------


async def opened_session(ctx: AppContext, action: ActionRequest, key: SessionKey) -> SessionRecord | None:
    """The session of a button; None if it is not stored any more. Raises NotAllowed or NotPossibleNow.

    Allowed are users who may see the session, and the full members of the channel that its card is in. The card is
    found by the channel and time that Slack names; the owner of a rule behind it must still be allowed to see the
    session, and who shared it to share it.
    """
    viewer = await viewer_of(ctx, action)

    def read(tx: Tx) -> tuple[SessionRecord | None, Verdict, _Card]:
        record = tx.sessions.record(key)
        if record is None:
            return None, Verdict(False, "there is no such session"), _NO_CARD
        verdict = may_see(viewer, record.session.facts, tx.people.directory())
        return record, verdict, _NO_CARD if verdict.allowed else _card_of(tx, key, action)

    record, verdict, card = await ctx.store.read(read)
    if record is None:
        return None
    if not verdict.allowed:
        await _refuse_outsiders(ctx, action, record.session, card, verdict.reason)
    return await ctx.store.read(lambda tx: as_seen_by(viewer, tx, record, tx.people.directory()))


async def _own_session(ctx: AppContext, action: ActionRequest, key: SessionKey) -> SessionRecord | None:
    """The session of a button if the user's own rights show it; None if it is not stored any more. Raises NotAllowed.

    To be a member of the channel of its card is not enough to acknowledge it: that takes it from the lists of those
    who are in charge of its employee.
    """
    viewer = await viewer_of(ctx, action)

    def read(tx: Tx) -> SessionRecord | None:
        record, directory = tx.sessions.record(key), tx.people.directory()
        if record is None:
            return None
        verdict = may_see(viewer, record.session.facts, directory)
        if not verdict.allowed:
            identity = identity_of(viewer, directory)
            raise NotAllowed(verdict.reason, identity.remedy if identity.not_allowed_reason else Remedy.RIGHTS)
        return record

    return await ctx.store.read(read)


@dataclass(frozen=True, slots=True)
class _Card:
    """Who brought a session's card to its channel: owners of rules, and users who shared it. `has_initials`: the whole
    message calls people by their initials."""

    owners: tuple[str, ...] = ()
    sharers: tuple[str, ...] = ()
    has_initials: bool = False


_NO_CARD = _Card()


def _card_of(tx: Tx, key: SessionKey, action: ActionRequest) -> _Card:
    if action.channel_id is None or action.message_ts is None:
        return _NO_CARD
    delivery = tx.deliveries.at(action.channel_id, action.message_ts)
    if delivery is None or delivery.posted_to != delivery.destination:
        return _NO_CARD  # shadow mode shows it to others than those it is for: it opens nothing for them
    if delivery.destination.kind is not DestinationKind.CHANNEL:
        return _NO_CARD
    about = [stored.notification for stored in delivery.notifications if stored.notification.session == key]
    sharers = [str(one.facts.get("by")) for one in about if one.kind is NotificationKind.SHARED]
    numbers = sorted({number for one in about for number in one.rule_ids})
    owners = [rule.owner for number in numbers if (rule := tx.rules.get(number)) is not None]
    carried = {number for stored in delivery.notifications for number in stored.notification.rule_ids}
    has_initials = any(
        rule.options.names is NamesShown.INITIALS for number in carried if (rule := tx.rules.get(number)) is not None
    )
    return _Card(tuple(dict.fromkeys(owners)), tuple(dict.fromkeys(sharers)), has_initials)


async def _refuse_outsiders(ctx: AppContext, action: ActionRequest, session: Session, card: _Card, reason: str) -> None:
    """Raises NotAllowed unless the card's channel opens the session to this user; NotPossibleNow if Slack is away."""
    directory = await ctx.store.read(lambda tx: tx.people.directory())
    if card == _NO_CARD or action.channel_id is None:
        identity = identity_of(await viewer_of(ctx, action), directory)
        raise NotAllowed(reason, identity.remedy if identity.not_allowed_reason else Remedy.RIGHTS)
    owners = [OPERATOR_VIEWER if owner == OPERATOR else await ctx.contacts.viewer(owner) for owner in card.owners]
    sharers = [await ctx.contacts.viewer(sharer) for sharer in card.sharers]
    verdicts = [may_see(owner, session.facts, directory) for owner in owners]
    verdicts += [may_share(sharer, session.facts, directory) for sharer in sharers]
    if not any(verdict.allowed for verdict in verdicts):
        raise NotAllowed("the user who set up this card may not see the session any more")
    try:
        user = await ctx.contacts.user(action.user_id)
        is_member = user.is_full_member and await ctx.contacts.is_in(action.channel_id, user.user_id)
    except MessengerError:
        raise NotPossibleNow("Slack can't say just now who is in this channel; try again in a minute") from None
    if not user.is_full_member:
        raise NotAllowed(no_member(user), Remedy.MEMBERSHIP)
    if not is_member:
        raise NotAllowed("you are not in the channel this card was posted to")


def _directory_for(tx: Tx, viewer: Viewer, action: ActionRequest, record: SessionRecord | None) -> Directory:
    """What people are called for a viewer: by their initials for who may only read the card, if that calls them so."""
    directory = tx.people.directory()
    if record is None or may_see(viewer, record.session.facts, directory).allowed:
        return directory
    card = _card_of(tx, record.session.key, action)
    return directory.with_initials() if card.has_initials else directory


async def _session_modal(ctx: AppContext, action: ActionRequest, key: SessionKey) -> views.View:
    """The modal's final content: the session, or the reason why there is none."""
    try:
        record = await opened_session(ctx, action, key)
        await prioritise_details(ctx, record)
        viewer = await viewer_of(ctx, action)
        directory = await ctx.store.read(lambda tx: _directory_for(tx, viewer, action, record))
    except NotAllowed as refusal:
        return views.refused(str(refusal), next_step(ctx, refusal.remedy, action.user_id))
    except NotPossibleNow as problem:
        return views.not_possible_now(str(problem))
    except StoreBusy:
        return views.busy()
    if record is None:
        return views.gone()
    return views.details(
        record,
        directory,
        with_previous=record.previous is not None,
        may_act=may_act_here(viewer, record.session, directory),  # here no card opens it to others
    )


async def _session_message(ctx: AppContext, action: ActionRequest, key: SessionKey) -> Message:
    viewer = await viewer_of(ctx, action)
    record = await opened_session(ctx, action, key)
    await prioritise_details(ctx, record)
    if record is None:
        return _gone()

    def read(tx: Tx) -> Message:
        about = shown(ctx, tx, AccessView(viewer, NOTHING, _directory_for(tx, viewer, action, record)), ())
        may_act = may_act_here(viewer, record.session, about.directory)
        has_previous = record.previous is not None
        return session_lists.show(record, about, with_previous=has_previous, may_act=may_act)

    return await ctx.store.read(read)


def _gone() -> Message:
    return notice("Spotter no longer stores this session.")

"""Buttons about rules: confirm a new one or a digest, end one, take one over, let one go on in a channel that became
public."""

from bot.blocks import actions, rule_changes
from bot.blocks import rules as views
from bot.domain.errors import NotAllowed, Remedy
from bot.domain.notifications import Message
from bot.domain.permissions import EVERYTHING
from bot.domain.ports import Reply
from bot.domain.reasons import ReasonCode
from bot.domain.rules import Rule, RuleState, basis_of
from bot.domain.viewers import Viewer
from bot.listeners import digesting
from bot.listeners.access_scope import access_view
from bot.listeners.commands import answered
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.listeners.subscribing import ME, change, subscribe
from bot.services import pausing
from bot.services.rules import rule_text, text_for_reader
from bot.store.database import Tx


async def confirm_subscribe(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Makes the rule that was proposed, in the channel it was asked in, or for the user alone."""
    request = action.decoded(actions.Subscribe)
    if request.channel_id not in (action.channel_id, ME):
        raise OutdatedButton
    answer = await subscribe(ctx, await viewer_of(ctx, action), action.channel_id, request)
    await reply(answer, replace=action.is_private)


async def cancel(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Answers a question with no."""
    await reply(views.cancelled(), replace=action.is_private)


async def unsubscribe(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Ends the rule with the number on the button, once it was asked whether."""
    answer = await answered(ctx, action, f"unsubscribe {action.value}", is_button=not action.was_asked)
    if action.view_id is not None and action.was_asked:
        await home.publish(ctx, action)  # a direct message would be on another tab
        return
    await reply(answer, replace=action.was_asked and action.is_ephemeral)


async def confirm_edit(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Saves the change of a rule that was proposed."""
    answer = await change(ctx, await viewer_of(ctx, action), action.decoded(actions.EditRule))
    await reply(answer, replace=action.is_private)


async def accept(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Makes the user the owner of a rule that was offered to them, once they were asked about it as it is now."""
    viewer, request = await viewer_of(ctx, action), action.decoded(actions.TakeOver)

    def work(tx: Tx) -> Message:
        access = access_view(tx, viewer)
        rule = tx.rules.get(request.rule_id)
        if rule is None or rule.state is RuleState.ENDED or rule.offered_to != viewer.slack_user_id:
            return views.nothing_to_take_over(str(request.rule_id))
        said = text_for_reader(tx, rule.query, access.scope, access.directory)
        if not action.was_asked or request.basis != basis_of(rule):
            return rule_changes.ask_to_accept(rule, said, request.basis if action.was_asked else "")
        pausing.accept(tx, rule, viewer.slack_user_id, ctx.clock.now())
        return views.taken_over(tx.rules.get(rule.rule_id) or rule, said)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    await reply(answer)


async def agree_public(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Lets a rule go on in a channel that became public; its owner and admins may."""
    viewer = await viewer_of(ctx, action)

    def work(tx: Tx) -> Message:
        access_view(tx, viewer)  # raises if the viewer may see nothing
        rule = _rule(tx, action.value)
        if rule is None or not (viewer.is_admin or rule.owner == viewer.slack_user_id):
            raise NotAllowed("only the owner of a rule and admins of Spotter say where it posts", Remedy.ADMIN)
        if rule.state is not RuleState.PAUSED or rule.reason_code is not ReasonCode.BECAME_PUBLIC:
            return views.nothing_to_agree_to(action.value)
        pausing.agree_to_public(tx, rule, viewer.slack_user_id, ctx.clock.now())
        return views.agreed_to_public(rule)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    await reply(answer)


async def take_over(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Asks an admin to confirm the query of a rule whose owner is gone."""
    _refuse_others(await viewer_of(ctx, action))

    def work(tx: Tx) -> Message:
        rule = _rule(tx, action.value)
        if rule is None or not pausing.is_orphan(rule):
            return views.nothing_to_take_over(action.value)
        return views.ask_to_take_over(rule, _text(tx, rule))

    await reply(await ctx.store.read(work))


async def confirm_take_over(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Makes an admin the owner of a rule, unless it is no longer the one that they were asked about."""
    viewer = await viewer_of(ctx, action)
    _refuse_others(viewer)
    request = action.decoded(actions.TakeOver)

    def work(tx: Tx) -> Message:
        rule = tx.rules.get(request.rule_id)
        if rule is None or not pausing.is_orphan(rule):
            return views.nothing_to_take_over(str(request.rule_id))
        if request.basis != basis_of(rule):
            return views.ask_to_take_over(rule, _text(tx, rule), rule_changes.format_changed(rule, request.basis))
        pausing.take_over(tx, rule, viewer.slack_user_id, ctx.clock.now())
        return views.taken_over(tx.rules.get(rule.rule_id) or rule, _text(tx, rule))

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    await reply(answer, replace=action.is_private)


def _text(tx: Tx, rule: Rule) -> str:
    """A rule's query in words for an admin, who may see every name."""
    return rule_text(tx, rule.query, EVERYTHING, tx.people.directory())


def _refuse_others(viewer: Viewer) -> None:
    if not viewer.is_admin:
        raise NotAllowed("only admins of Spotter take rules over", Remedy.ADMIN)


def _rule(tx: Tx, number: str) -> Rule | None:
    return tx.rules.get(int(number)) if number.isdecimal() and len(number) < 10 else None


async def save_digest(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Saves the digest on the button, in the channel it was asked for in, or for the user alone."""
    value = action.decoded(actions.SaveDigest)
    if value.channel_id not in ("", action.channel_id):
        raise OutdatedButton
    await reply(await digesting.save(ctx, await viewer_of(ctx, action), value), replace=action.is_private)

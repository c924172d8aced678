"""Somebody answers for a rule that rests: an admin takes it over, or its owner says yes to a channel turned public."""

from bot.blocks import actions
from bot.blocks import rules as views
from bot.domain.errors import NotAllowed, Remedy
from bot.domain.model import Message, Rule, RuleState, Viewer
from bot.domain.reasons import ReasonCode
from bot.listeners.access_scope import access_view
from bot.listeners.context import AppContext
from bot.services import pausing
from bot.store.database import Tx

ADMINS_ONLY = "only admins of Spotter take rules over"


async def ask_to_take_over(ctx: AppContext, viewer: Viewer, number: str) -> Message:
    """The rule's query in words, to be confirmed. Raises NotAllowed."""
    _refuse_others(viewer)

    def work(tx: Tx) -> Message:
        rule = _rule(tx, number)
        if rule is None or not pausing.is_orphan(rule):
            return views.nothing_to_take_over(number)
        return views.ask_to_take_over(rule, views.text_of(rule.query))

    return await ctx.store.read(work)


async def take_over(ctx: AppContext, viewer: Viewer, value: str) -> Message | None:
    """Makes the admin the owner, unless the query is no longer the confirmed one. None for no such value."""
    _refuse_others(viewer)
    request = actions.decode(actions.TakeOver, value)
    if request is None:
        return None
    number = str(request.rule_id)

    def work(tx: Tx) -> Message:
        rule = _rule(tx, number)
        if rule is None or not pausing.is_orphan(rule) or rule.query != request.query:
            return views.nothing_to_take_over(number)
        pausing.take_over(tx, rule, viewer.slack_user_id, ctx.clock.now())
        return views.taken_over(tx.rules.get(rule.rule_id) or rule, views.text_of(rule.query))

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


async def agree_to_public(ctx: AppContext, viewer: Viewer, number: str) -> Message:
    """Its owner or an admin wants a rule to go on in a channel that has turned public. Raises NotAllowed."""

    def work(tx: Tx) -> Message:
        access_view(tx, viewer)  # who may see nothing has nothing to agree to
        rule = _rule(tx, number)
        if rule is None or not (viewer.is_admin or rule.owner == viewer.slack_user_id):
            raise NotAllowed("only whoever made a rule and admins of Spotter say where it posts", Remedy.ADMIN)
        if rule.state is not RuleState.PAUSED or rule.reason_code is not ReasonCode.BECAME_PUBLIC:
            return views.nothing_to_agree_to(number)
        pausing.agree_to_public(tx, rule, viewer.slack_user_id, ctx.clock.now())
        return views.agreed_to_public(rule)

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    return answer


def _refuse_others(viewer: Viewer) -> None:
    if not viewer.is_admin:
        raise NotAllowed(ADMINS_ONLY, Remedy.ADMIN)


def _rule(tx: Tx, number: str) -> Rule | None:
    return tx.rules.get(int(number)) if number.isdecimal() and len(number) < 10 else None

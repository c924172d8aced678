"""Somebody answers for a rule that rests: an admin takes it over, or its owner says yes to a channel turned public."""

from bot.chat.desk import Desk
from bot.chat.sight import sight
from bot.core import pauses
from bot.core.errors import NotAllowed, Remedy
from bot.core.model import Message, Rule, RuleState, Viewer
from bot.core.ports import Tx
from bot.views import actions
from bot.views import pauses as views
from bot.views.rules import words_of

ADMINS_ONLY = "only admins of Spotter take rules over"


async def ask_to_take_over(desk: Desk, viewer: Viewer, number: str) -> Message:
    """The rule's query in words, to be confirmed. Raises NotAllowed."""
    _refuse_others(viewer)

    def work(tx: Tx) -> Message:
        rule = _rule(tx, number)
        if rule is None or not pauses.is_orphan(rule):
            return views.nothing_to_take_over(number)
        return views.ask_to_take_over(rule, words_of(rule))

    return await desk.store.read(work)


async def take_over(desk: Desk, viewer: Viewer, value: str) -> Message | None:
    """Makes the admin the owner, unless the query is no longer the confirmed one. None for no such value."""
    _refuse_others(viewer)
    asked = actions.take_over_of(value)
    if asked is None:
        return None
    number, query = asked

    def work(tx: Tx) -> Message:
        rule = _rule(tx, number)
        if rule is None or not pauses.is_orphan(rule) or rule.query != query:
            return views.nothing_to_take_over(number)
        pauses.take_over(tx, rule, viewer.slack_user_id, desk.clock.now())
        return views.taken_over(tx.rules.get(rule.rule_id) or rule, words_of(rule))

    answer = await desk.store.transact(work)
    desk.nudge()
    return answer


async def agree_to_public(desk: Desk, viewer: Viewer, number: str) -> Message:
    """Its owner or an admin wants a rule to go on in a channel that has turned public. Raises NotAllowed."""

    def work(tx: Tx) -> Message:
        sight(tx, viewer)  # who may see nothing has nothing to agree to
        rule = _rule(tx, number)
        if rule is None or not (viewer.is_admin or rule.owner == viewer.slack_user_id):
            raise NotAllowed("only whoever made a rule and admins of Spotter say where it posts", Remedy.ADMIN)
        if rule.state is not RuleState.PAUSED or rule.why != pauses.TURNED_PUBLIC:
            return views.nothing_to_agree_to(number)
        pauses.agree_to_public(tx, rule, viewer.slack_user_id, desk.clock.now())
        return views.agreed_to_public(rule)

    answer = await desk.store.transact(work)
    desk.nudge()
    return answer


def _refuse_others(viewer: Viewer) -> None:
    if not viewer.is_admin:
        raise NotAllowed(ADMINS_ONLY, Remedy.ADMIN)


def _rule(tx: Tx, number: str) -> Rule | None:
    return tx.rules.get(int(number)) if number.isdecimal() and len(number) < 10 else None

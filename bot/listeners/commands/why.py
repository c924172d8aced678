"""Why a session was or was not posted, and to whom."""

from dataclasses import replace

from bot.blocks import why as why_view
from bot.domain.errors import MessengerError
from bot.domain.explanation import Explanation, Judged
from bot.domain.model import SessionFacts
from bot.domain.notifications import Destination, DestinationKind, Message
from bot.domain.permissions import may_see
from bot.domain.rules import OPERATOR, RuleState
from bot.domain.viewers import DirectMessages, Viewer
from bot.listeners.access_scope import access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.commands.rules import readable
from bot.listeners.commands.sessions import may_be_id, session_meant
from bot.listeners.context import AppContext
from bot.services.explain import explain
from bot.store.database import Tx

MAX_CHANNELS = 20  # whose members are read for one answer


@subcommand(
    "why ID",
    "Who was notified of a session, when, and why or why not",
    examples=("why 4f2a91c0",),
    more="The id is at the foot of each card. Admins see every destination, others theirs and channels they are in.",
    only_reads=True,
    takes=lambda words: " " not in words or may_be_id(words),
)
async def why(ctx: AppContext, request: CommandRequest) -> Message:
    """What is stored about the notifications of one session, and what would be decided today."""
    rules = await ctx.store.read(lambda tx: tx.rules.all((RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)))
    owners = {owner: await ctx.contacts.viewer(owner) for owner in {rule.owner for rule in rules} - {OPERATOR}}

    def work(tx: Tx) -> Message | Explanation:
        access = access_view(tx, request.viewer)
        meant = session_meant(ctx, tx, access, "why", request.words)
        if isinstance(meant, Message):
            return meant
        explained = explain(
            tx,
            meant.session.key,
            owners=owners,
            now=ctx.clock.now(),
            employee_wants=DirectMessages.ALL if ctx.settings.notify_employees else DirectMessages.NONE,
        )
        assert explained is not None, "it was found in this transaction"
        texts = readable(tx, access, [rule for rule in rules if rule.rule_id in _rules_of(explained)])
        return replace(explained, record=meant, rule_texts=texts)  # as the viewer may have it

    answer = await ctx.store.read(work)
    if isinstance(answer, Message):
        return answer
    if not request.viewer.is_admin:
        answer = await _for_viewer(ctx, request.viewer, answer)
    facts, directory = answer.record.session.facts, answer.directory
    return why_view.reason(
        answer,
        is_whole=request.viewer.is_admin,
        seen_because=may_see(request.viewer, facts, directory).reason,
    )


def _rules_of(found: Explanation) -> frozenset[int]:
    return frozenset(number for status in found.status for number in status.notification.rule_ids)


async def _for_viewer(ctx: AppContext, viewer: Viewer, found: Explanation) -> Explanation:
    """Without destinations that are neither the viewer's own nor a channel they are in, and without links to what
    shadow mode showed."""
    places = {status.notification.destination for status in found.status} | {
        one.rule.destination for one in found.judged if one.rule is not None
    }
    theirs = {place for place in places if _is_own(viewer, place)}
    channels = sorted(place for place in places if place.kind is DestinationKind.CHANNEL)
    for place in channels[:MAX_CHANNELS]:
        try:
            if await ctx.contacts.is_in(place.id, viewer.slack_user_id):
                theirs.add(place)
        except MessengerError:
            continue  # who can't be shown to be in it does not see it
    shadowed = {one.delivery.delivery_id for one in found.status if one.delivery is not None and one.delivery.shadow}
    return replace(
        found,
        links={ident: link for ident, link in found.links.items() if ident not in shadowed},
        status=[status for status in found.status if status.notification.destination in theirs],
        judged=[one for one in found.judged if _is_theirs(viewer, one, theirs, found.record.session.facts)],
    )


def _is_own(viewer: Viewer, place: Destination) -> bool:
    return place in (
        Destination(DestinationKind.USER, viewer.slack_user_id),
        Destination(DestinationKind.PERSON, viewer.person_id or ""),
    )


def _is_theirs(viewer: Viewer, judged: Judged, theirs: set[Destination], facts: SessionFacts) -> bool:
    if judged.rule is not None:
        return judged.rule.destination in theirs or judged.rule.owner == viewer.slack_user_id
    person = {"observer": facts.observer_id, "employee": facts.key.employee_id}.get(judged.result.who)
    return person == viewer.person_id

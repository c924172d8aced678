"""Why somebody was, or was not, told of a session."""

from dataclasses import replace

from bot.chat.commands.asking import session_meant
from bot.chat.commands.registry import Asked, subcommand
from bot.chat.desk import Desk
from bot.chat.sight import sight
from bot.core.errors import MessengerError
from bot.core.explain import Explanation, Judged, explain, links_to
from bot.core.model import (
    OPERATOR,
    Destination,
    DestinationKind,
    DirectMessages,
    Message,
    RuleState,
    SessionFacts,
    Viewer,
)
from bot.core.ports import Tx
from bot.views import why as view

CHANNELS_ASKED = 20  # whose members are read for one answer


@subcommand(
    "why ID",
    "Who was told of a session, when, and why or why not",
    examples=("why 4f2a91c0",),
    more="The id is at the foot of each card. Admins see every destination, others theirs and channels they are in.",
)
async def why(desk: Desk, asked: Asked) -> Message:
    """What is stored about telling of one session, and what would be decided today."""
    rules = await desk.store.read(lambda tx: tx.rules.all((RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED)))
    owners = {owner: await desk.contacts.viewer(owner) for owner in {rule.owner for rule in rules} - {OPERATOR}}

    def work(tx: Tx) -> Message | Explanation:
        seen = sight(tx, asked.viewer)
        meant = session_meant(desk, tx, seen, "why", asked.words)
        if isinstance(meant, Message):
            return meant
        explained = explain(
            tx,
            meant.session.key,
            owners=owners,
            now=desk.clock.now(),
            employee_wants=DirectMessages.ALL if desk.notify_employees else DirectMessages.NONE,
        )
        assert explained is not None, "it was found in this transaction"
        return replace(explained, record=meant)  # as the viewer may have it

    answer = await desk.store.read(work)
    if isinstance(answer, Message):
        return answer
    if not asked.viewer.is_admin:
        answer = await _for_their_eyes(desk, asked.viewer, answer)
    return view.why(answer, await links_to(desk.messenger, answer), is_whole=asked.viewer.is_admin)


async def _for_their_eyes(desk: Desk, viewer: Viewer, found: Explanation) -> Explanation:
    """Without destinations that are neither the viewer's own nor a channel they are in."""
    places = {told.notice.destination for told in found.told} | {
        one.rule.destination for one in found.judged if one.rule is not None
    }
    theirs = {place for place in places if _is_own(viewer, place)}
    channels = sorted(place for place in places if place.kind is DestinationKind.CHANNEL)
    for place in channels[:CHANNELS_ASKED]:
        try:
            if viewer.slack_user_id in await desk.messenger.members(place.id):
                theirs.add(place)
        except MessengerError:
            continue  # who can't be shown to be in it does not see it
    return replace(
        found,
        told=[told for told in found.told if told.notice.destination in theirs],
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
    person = {"observer": facts.observer_id, "employee": facts.key.employee_id}.get(judged.heard.who)
    return person == viewer.person_id

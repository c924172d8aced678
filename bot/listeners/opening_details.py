"""Who may open the session behind a button: whoever may see it, and the full members of the channel its card is in."""

from dataclasses import dataclass

from bot.domain.errors import MessengerError, NotAllowed, Remedy
from bot.domain.model import OPERATOR, DestinationKind, NotificationKind, Session, SessionKey, SessionRecord, Viewer
from bot.domain.permissions import OPERATOR_VIEWER, Verdict, may_see, may_share, no_member
from bot.domain.ports import ActionRequest
from bot.listeners.access_scope import as_seen_by, identity_of
from bot.listeners.context import AppContext
from bot.store.database import Tx


@dataclass(frozen=True, slots=True)
class _Behind:
    """Who brought a session's card to the channel it was pressed in: owners of rules, and who shared it."""

    owners: tuple[str, ...] = ()
    sharers: tuple[str, ...] = ()


_NOBODY = _Behind()


async def opened(ctx: AppContext, viewer: Viewer, key: SessionKey, action: ActionRequest) -> SessionRecord | None:
    """The session behind a button, None where it is not stored any more.

    Raises NotAllowed. The button's value proves nothing: the card is looked up by where Slack says it was pressed, and
    the owner of a rule behind it must still be allowed to see the session, who shared it to share it.
    """

    def read_back(tx: Tx) -> tuple[SessionRecord | None, Verdict, _Behind]:
        record = tx.sessions.record(key)
        if record is None:
            return None, Verdict(False, "there is no such session"), _NOBODY
        verdict = may_see(viewer, record.session.facts, tx.people.directory())
        return record, verdict, _NOBODY if verdict.allowed else _behind(tx, key, action)

    record, verdict, behind = await ctx.store.read(read_back)
    if record is None:
        return None
    if not verdict.allowed:
        await _refuse_outsiders(ctx, viewer, record.session, action, behind, verdict.reason)
    return await ctx.store.read(lambda tx: as_seen_by(viewer, tx, record, tx.people.directory()))


def _behind(tx: Tx, key: SessionKey, action: ActionRequest) -> _Behind:
    if action.channel_id is None or action.message_ts is None:
        return _NOBODY
    delivery = tx.deliveries.at(action.channel_id, action.message_ts)
    if delivery is None or delivery.destination.kind is not DestinationKind.CHANNEL:
        return _NOBODY
    of_it = [stored.notification for stored in delivery.notifications if stored.notification.session == key]
    sharers = [str(one.facts.get("by")) for one in of_it if one.kind is NotificationKind.SHARED]
    numbers = sorted({number for one in of_it for number in one.rule_ids})
    owners = [rule.owner for number in numbers if (rule := tx.rules.get(number)) is not None]
    return _Behind(tuple(dict.fromkeys(owners)), tuple(dict.fromkeys(sharers)))


async def _refuse_outsiders(
    ctx: AppContext, viewer: Viewer, session: Session, action: ActionRequest, behind: _Behind, reason: str
) -> None:
    """Raises NotAllowed unless the card's channel opens the session to this viewer."""
    directory = await ctx.store.read(lambda tx: tx.people.directory())
    if behind == _NOBODY or action.channel_id is None:
        known = identity_of(viewer, directory)
        remedy = known.remedy if known.not_allowed_reason else Remedy.RIGHTS
        raise NotAllowed(reason, remedy)
    owners = [OPERATOR_VIEWER if owner == OPERATOR else await ctx.contacts.viewer(owner) for owner in behind.owners]
    sharers = [await ctx.contacts.viewer(sharer) for sharer in behind.sharers]
    verdicts = [may_see(owner, session.facts, directory) for owner in owners]
    verdicts += [may_share(sharer, session.facts, directory) for sharer in sharers]
    if not any(verdict.allowed for verdict in verdicts):
        raise NotAllowed("whoever set up this card may not see the session any more")
    try:
        user = await ctx.contacts.user(viewer.slack_user_id)
        members = await ctx.messenger.members(action.channel_id)
    except MessengerError:
        raise NotAllowed("Slack can't say just now who is in this channel; try again in a minute") from None
    if not user.is_full_member:
        raise NotAllowed(no_member(user), Remedy.MEMBERSHIP)
    if user.user_id not in members:
        raise NotAllowed("you are not in the channel this card was posted to")

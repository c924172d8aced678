"""Who may open the session behind a button: whoever may see it, and the full members of the channel its card is in."""

from dataclasses import dataclass

from bot.chat.desk import Desk
from bot.chat.sight import as_seen_by, standing
from bot.core.access import OPERATOR_VIEWER, Verdict, may_see, may_share, no_member
from bot.core.errors import MessengerError, NotAllowed, Remedy
from bot.core.model import OPERATOR, DestinationKind, NoticeKind, Session, SessionKey, SessionRecord, Viewer
from bot.core.ports import Press, Tx


@dataclass(frozen=True, slots=True)
class _Behind:
    """Who brought a session's card to the channel it was pressed in: owners of rules, and who shared it."""

    owners: tuple[str, ...] = ()
    sharers: tuple[str, ...] = ()


_NOBODY = _Behind()


async def opened(desk: Desk, viewer: Viewer, key: SessionKey, pressed: Press) -> SessionRecord | None:
    """The session behind a button, None where it is not stored any more.

    Raises NotAllowed. The button's value proves nothing: the card is looked up by where Slack says it was pressed, and
    the owner of a rule behind it must still be allowed to see the session, who shared it to share it.
    """

    def look(tx: Tx) -> tuple[SessionRecord | None, Verdict, _Behind]:
        record = tx.sessions.record(key)
        if record is None:
            return None, Verdict(False, "there is no such session"), _NOBODY
        verdict = may_see(viewer, record.session.facts, tx.people.directory())
        return record, verdict, _NOBODY if verdict.allowed else _behind(tx, key, pressed)

    record, verdict, behind = await desk.store.read(look)
    if record is None:
        return None
    if not verdict.allowed:
        await _refuse_outsiders(desk, viewer, record.session, pressed, behind, verdict.reason)
    return await desk.store.read(lambda tx: as_seen_by(viewer, tx, record, tx.people.directory()))


def _behind(tx: Tx, key: SessionKey, pressed: Press) -> _Behind:
    if pressed.channel_id is None or pressed.message_ts is None:
        return _NOBODY
    delivery = tx.outbox.at(pressed.channel_id, pressed.message_ts)
    if delivery is None or delivery.destination.kind is not DestinationKind.CHANNEL:
        return _NOBODY
    of_it = [owed.notice for owed in delivery.notices if owed.notice.session == key]
    sharers = [str(one.facts.get("by")) for one in of_it if one.kind is NoticeKind.SHARED]
    numbers = sorted({number for one in of_it for number in one.rule_ids})
    owners = [rule.owner for number in numbers if (rule := tx.rules.get(number)) is not None]
    return _Behind(tuple(dict.fromkeys(owners)), tuple(dict.fromkeys(sharers)))


async def _refuse_outsiders(
    desk: Desk, viewer: Viewer, session: Session, pressed: Press, behind: _Behind, reason: str
) -> None:
    """Raises NotAllowed unless the card's channel opens the session to this viewer."""
    directory = await desk.store.read(lambda tx: tx.people.directory())
    if behind == _NOBODY or pressed.channel_id is None:
        known = standing(viewer, directory)
        remedy = known.remedy if known.why_not else Remedy.RIGHTS
        raise NotAllowed(reason, remedy)
    owners = [OPERATOR_VIEWER if owner == OPERATOR else await desk.contacts.viewer(owner) for owner in behind.owners]
    sharers = [await desk.contacts.viewer(sharer) for sharer in behind.sharers]
    verdicts = [may_see(owner, session.facts, directory) for owner in owners]
    verdicts += [may_share(sharer, session.facts, directory) for sharer in sharers]
    if not any(verdict.allowed for verdict in verdicts):
        raise NotAllowed("whoever set up this card may not see the session any more")
    try:
        user = await desk.contacts.user(viewer.slack_user_id)
        members = await desk.messenger.members(pressed.channel_id)
    except MessengerError:
        raise NotAllowed("Slack can't say just now who is in this channel; try again in a minute") from None
    if not user.is_full_member:
        raise NotAllowed(no_member(user), Remedy.MEMBERSHIP)
    if user.user_id not in members:
        raise NotAllowed("you are not in the channel this card was posted to")

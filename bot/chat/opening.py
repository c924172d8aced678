"""Who may open the session behind a button: whoever may see it, and the full members of the channel its card is in."""

from bot.chat.desk import Desk
from bot.chat.sight import as_seen_by, standing
from bot.core.access import OPERATOR_VIEWER, Verdict, may_see, no_member
from bot.core.errors import MessengerError, NotAllowed, Remedy
from bot.core.model import OPERATOR, DestinationKind, NoticeKind, Session, SessionKey, SessionRecord, Viewer
from bot.core.ports import Press, Tx


async def opened(desk: Desk, viewer: Viewer, key: SessionKey, pressed: Press) -> SessionRecord | None:
    """The session behind a button, None where it is not stored any more.

    Raises NotAllowed. The button's value proves nothing: the card is looked up by where Slack says it was pressed, and
    the owner of a rule behind it must still be allowed to see the session.
    """

    def look(tx: Tx) -> tuple[SessionRecord | None, Verdict, tuple[str, ...]]:
        record = tx.sessions.record(key)
        if record is None:
            return None, Verdict(False, "there is no such session"), ()
        verdict = may_see(viewer, record.session.facts, tx.people.directory())
        return record, verdict, () if verdict.allowed else _owners(tx, key, pressed)

    record, verdict, owners = await desk.store.read(look)
    if record is None:
        return None
    if not verdict.allowed:
        await _refuse_outsiders(desk, viewer, record.session, pressed, owners, verdict.reason)
    return await desk.store.read(lambda tx: as_seen_by(viewer, tx, record, tx.people.directory()))


def _owners(tx: Tx, key: SessionKey, pressed: Press) -> tuple[str, ...]:
    """Who brought this session's card to the channel it was pressed in: owners of rules, who shared it; else nobody."""
    if pressed.channel_id is None or pressed.message_ts is None:
        return ()
    delivery = tx.outbox.at(pressed.channel_id, pressed.message_ts)
    if delivery is None or delivery.destination.kind is not DestinationKind.CHANNEL:
        return ()
    of_it = [owed.notice for owed in delivery.notices if owed.notice.session == key]
    sharers = [str(one.facts.get("by")) for one in of_it if one.kind is NoticeKind.SHARED]
    numbers = sorted({number for one in of_it for number in one.rule_ids})
    owners = [rule.owner for number in numbers if (rule := tx.rules.get(number)) is not None]
    return tuple(dict.fromkeys([*owners, *sharers]))


async def _refuse_outsiders(
    desk: Desk, viewer: Viewer, session: Session, pressed: Press, owners: tuple[str, ...], reason: str
) -> None:
    """Raises NotAllowed unless the card's channel opens the session to this viewer."""
    directory = await desk.store.read(lambda tx: tx.people.directory())
    if not owners or pressed.channel_id is None:
        known = standing(viewer, directory)
        remedy = known.remedy if known.why_not else Remedy.RIGHTS
        raise NotAllowed(reason, remedy)
    behind = [OPERATOR_VIEWER if owner == OPERATOR else await desk.contacts.viewer(owner) for owner in owners]
    if not any(may_see(one, session.facts, directory).allowed for one in behind):
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

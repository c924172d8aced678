"""Share here: buttons that post one session, or those a query finds, to a channel, after saying who will see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks import actions, sharing
from bot.blocks.rules import format_reason
from bot.domain.errors import NotAllowed, NotPossibleNow, Remedy
from bot.domain.model import SessionKey
from bot.domain.notifications import Destination, DestinationKind, Message, Notification, NotificationKind
from bot.domain.outbox import NotificationState, NotificationStatus
from bot.domain.permissions import may_see, may_share
from bot.domain.ports import Channel, Reply
from bot.domain.reasons import PRIVATE, PUBLIC
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view, names, parsed_for, refuse_unknown
from bot.listeners.channels import fit_channel, is_channel, members_of, wait_until
from bot.listeners.context import AppContext
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.query.by_id import by_id
from bot.query.parser import Query, say, words
from bot.store.database import Tx


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The sessions to be shared, how many a query found in all, its canonical text with people by id, and the same in
    words; None for a single session."""

    keys: Sequence[SessionKey]
    total: int
    query: str | None = None
    words: str | None = None

    @property
    def text(self) -> str:
        return sharing.format_what(self.words, len(self.keys), self.total)


async def share(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Says who would see it, and asks for a yes."""
    what = action.decoded(actions.Share)
    await reply(await _preview(ctx, await viewer_of(ctx, action), action.channel_id, what))


async def confirm_share(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Shares what was asked about, in the channel it was asked in."""
    request = action.decoded(actions.ConfirmShare)
    if request.channel_id != action.channel_id:
        raise OutdatedButton
    await reply(await _share(ctx, await viewer_of(ctx, action), request), replace=action.is_private)


async def _preview(ctx: AppContext, viewer: Viewer, channel_id: str | None, what: actions.Share) -> Message:
    if channel_id is None or not is_channel(channel_id):
        return sharing.no_channel(command=ctx.command)
    query = await parsed_for(ctx, what.query, "results")
    chosen = await ctx.store.read(lambda tx: _chosen(ctx, tx, viewer, what.session, query))
    found = await _readers_of(ctx, viewer, channel_id)
    return found if isinstance(found, Message) else _question(ctx, *found, chosen, what, again=False)


def _question(
    ctx: AppContext, channel: Channel, members: int, chosen: _Chosen, what: actions.Share, *, again: bool
) -> Message:
    return sharing.preview(
        channel.channel_id,
        channel.name,
        is_private=channel.is_private,
        members=members,
        status=chosen.text,
        requested_at=int(ctx.clock.now().timestamp() * 1000),
        what=what,
        again=again,
    )


async def _share(ctx: AppContext, viewer: Viewer, request: actions.ConfirmShare) -> Message:
    """Queues it for the channel, once however often it is confirmed, and waits a little until it is posted.

    Every condition is checked again. If more users can read it now than the `readers` that the question named (None:
    everybody in the workspace), it is asked again.
    """
    channel_id, readers, what = request.channel_id, request.readers, request.what
    found = await _readers_of(ctx, viewer, channel_id)
    if isinstance(found, Message):
        return found
    channel, members = found
    query = await parsed_for(ctx, what.query, "results")
    if readers is not None and (not channel.is_private or members > readers):
        chosen = await ctx.store.read(lambda tx: _chosen(ctx, tx, viewer, what.session, query))
        return _question(ctx, channel, members, chosen, what, again=True)
    audience = PUBLIC if readers is None else PRIVATE
    destination = Destination(DestinationKind.CHANNEL, channel_id)
    sharing_id = f"{viewer.slack_user_id}:{request.requested_at}"

    def enqueue(tx: Tx) -> str:
        chosen, now = _chosen(ctx, tx, viewer, what.session, query), ctx.clock.now()
        tx.destinations.unblock(destination, now)  # the bot is in the channel, whatever events said before
        stored = [
            tx.notifications.enqueue(_notification(destination, key, viewer, sharing_id, audience, chosen), now)
            for key in chosen.keys
        ]
        if any(stored):
            subject = f"channel:{channel_id}:" + ",".join(f"session:{one.session_id}" for one in chosen.keys)
            tx.audit_log.write(viewer.slack_user_id, "share", subject, now)
        return _subject(sharing_id, chosen.keys[0])

    subject = await ctx.store.transact(enqueue)
    ctx.wake_sender()
    return _outcome(await wait_until(ctx, lambda tx: tx.deliveries.find(destination, subject), _is_done))


def _chosen(ctx: AppContext, tx: Tx, viewer: Viewer, key: SessionKey | None, query: Query) -> _Chosen:
    """The one session, else what the query finds, if this viewer may share it.

    Raises NotAllowed, NotPossibleNow or QueryError.
    """
    access = access_view(tx, viewer)
    if key is not None:
        session = tx.sessions.get(key)
        if session is None:
            raise NotPossibleNow("there is no such session")
        verdict = may_share(viewer, session.facts, access.directory)
        if not verdict.allowed:
            is_visible = may_see(viewer, session.facts, access.directory).allowed
            raise NotAllowed(verdict.reason, Remedy.ADMIN if is_visible else Remedy.RIGHTS)
        return _Chosen([key], 1)
    if not viewer.is_admin:
        raise NotAllowed("only admins of Spotter share lists of results", Remedy.ADMIN)
    now = ctx.clock.now()
    known = names(tx, access, query)
    refuse_unknown(query, known, "results")
    found = tx.search.find(query, access.scope, known, now, sharing.MOST_SHARED, 0, access.zone)
    if not found.sessions:
        raise NotPossibleNow("there is nothing to share any more")
    stored = by_id(query, known)
    return _Chosen([one.key for one in found.sessions], found.total, say(stored), words(stored, known))


async def _readers_of(ctx: AppContext, viewer: Viewer, channel_id: str) -> tuple[Channel, int] | Message:
    """The channel and the number of its members without the bot, else a message that says why nothing may go there.

    Raises NotAllowed or NotPossibleNow.
    """
    if not is_channel(channel_id):
        return sharing.no_channel(command=ctx.command)
    channel = await fit_channel(ctx, channel_id, what="posted")
    if isinstance(channel, Message):
        return channel
    return channel, await members_of(ctx, viewer, channel_id)


def _notification(
    destination: Destination, key: SessionKey, viewer: Viewer, sharing_id: str, audience: str, chosen: _Chosen
) -> Notification:
    facts: dict[str, str | int | float | None] = {"by": viewer.slack_user_id, "share": sharing_id, "audience": audience}
    if chosen.query is not None:
        facts |= {"query": chosen.query, "total": chosen.total}
    return Notification(
        kind=NotificationKind.SHARED,
        destination=destination,
        subject=_subject(sharing_id, key),
        reason=f"{viewer.slack_user_id} shared it",
        session=key,
        facts=facts,
    )


def _subject(sharing_id: str, key: SessionKey) -> str:
    return f"shared:{sharing_id}:{key.session_id}:{key.employee_id}"


def _is_done(status: NotificationStatus | None) -> bool:
    """Whether it is posted or can't be."""
    if status is None or status.cancelled:
        return True
    return status.state not in (NotificationState.PENDING, NotificationState.SENDING, NotificationState.AMBIGUOUS)


def _outcome(status: NotificationStatus | None) -> Message:
    if status is None or status.cancelled:
        return sharing.not_posted(status.cancelled if status is not None else "it is no longer stored")
    if status.state is NotificationState.SENT:
        return sharing.posted()
    if status.state is NotificationState.BLOCKED:
        return sharing.not_posted(format_reason(status.blocked_reason))
    return sharing.posted_later()

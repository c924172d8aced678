"""Share here: showing one session, or what a query finds, to a whole channel, after saying who will see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.blocks import actions, sharing
from bot.blocks.rules import format_reason
from bot.domain.errors import MessengerError, NotAllowed, Remedy
from bot.domain.model import (
    Destination,
    DestinationKind,
    Message,
    Notification,
    NotificationKind,
    Session,
    SessionKey,
    Viewer,
)
from bot.domain.outbox import NotificationState, NotificationStatus
from bot.domain.pause_reasons import PRIVATE, PUBLIC
from bot.domain.permissions import may_see, may_share
from bot.domain.ports import Channel
from bot.listeners.access_scope import access_view, names, refuse_unknown, understood
from bot.listeners.channels import fit_channel, is_channel
from bot.listeners.context import AppContext, wait_until
from bot.query.parser import Query, say
from bot.store.database import Tx


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to be shared: the sessions, how many there are in all, and the query where it was one."""

    keys: Sequence[SessionKey]
    total: int
    query: str | None

    @property
    def status(self) -> str:
        return sharing.format_what(self.query, len(self.keys), self.total)


def offered(viewer: Viewer, session: Session | None, tx: Tx) -> bool:
    """Whether a viewer gets the button: for one session, or where that is None for a list."""
    if session is None:
        return viewer.is_admin
    return may_share(viewer, session.facts, tx.people.directory()).allowed


async def preview(ctx: AppContext, viewer: Viewer, channel_id: str | None, what: actions.Share) -> Message:
    """Who would see it. Raises NotAllowed or QueryError."""
    if channel_id is None or not is_channel(channel_id):
        return sharing.no_channel(command=ctx.command)
    query = await understood(ctx, what.query, "results")
    chosen = await ctx.store.read(lambda tx: _chosen(ctx, tx, viewer, what.session, query))
    place = await _channel_name(ctx, viewer, channel_id)
    if isinstance(place, Message):
        return place
    return _question(ctx, *place, chosen, what, again=False)


def _question(
    ctx: AppContext, channel: Channel, members: int, chosen: _Chosen, what: actions.Share, *, again: bool
) -> Message:
    return sharing.preview(
        channel.channel_id,
        channel.name,
        is_private=channel.is_private,
        members=members,
        status=chosen.status,
        requested_at=int(ctx.clock.now().timestamp() * 1000),
        what=what if chosen.query is None else actions.Share(query=chosen.query),
        again=again,
    )


async def share(ctx: AppContext, viewer: Viewer, request: actions.ConfirmShare) -> Message:
    """Owes it to the channel, once however often it is confirmed, and waits a little until it is posted.

    Every condition is checked again; where more people can read it than the `readers` that were named (None: everybody
    in the workspace), it is asked again. Raises NotAllowed or QueryError.
    """
    channel_id, readers, what = request.channel_id, request.readers, request.what
    place = await _channel_name(ctx, viewer, channel_id)
    if isinstance(place, Message):
        return place
    channel, members = place
    query = await understood(ctx, what.query, "results")
    if readers is not None and (not channel.is_private or members > readers):
        chosen = await ctx.store.read(lambda tx: _chosen(ctx, tx, viewer, what.session, query))
        return _question(ctx, channel, members, chosen, what, again=True)
    audience = PUBLIC if readers is None else PRIVATE
    destination = Destination(DestinationKind.CHANNEL, channel_id)
    sharing_id = f"{viewer.slack_user_id}:{request.requested_at}"

    def enqueue(tx: Tx) -> str:
        chosen, now = _chosen(ctx, tx, viewer, what.session, query), ctx.clock.now()
        tx.destinations.unblock(destination, now)  # the bot is in the channel, whatever was heard of it before
        stored = [
            tx.notifications.enqueue(_notice(destination, key, viewer, sharing_id, audience, chosen), now)
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
    """The one session, else what the query finds, if this viewer may share it. Raises NotAllowed or QueryError."""
    seen = access_view(tx, viewer)
    if key is not None:
        session = tx.sessions.get(key)
        if session is None:
            raise NotAllowed("there is no such session")
        verdict = may_share(viewer, session.facts, seen.directory)
        if not verdict.allowed:
            seen_already = may_see(viewer, session.facts, seen.directory).allowed
            raise NotAllowed(verdict.reason, Remedy.ADMIN if seen_already else Remedy.RIGHTS)
        return _Chosen([key], 1, None)
    if not viewer.is_admin:
        raise NotAllowed("only admins of Spotter share lists of results", Remedy.ADMIN)
    now = ctx.clock.now()
    known = names(tx, seen, query, now)
    refuse_unknown(query, known, "results")
    found = tx.search.find(query, seen.reach, known.directory, now, sharing.MOST_SHARED, 0, seen.zone)
    if not found.sessions:
        raise NotAllowed("there is nothing to share any more")
    return _Chosen([one.key for one in found.sessions], found.total, say(query))


async def _channel_name(ctx: AppContext, viewer: Viewer, channel_id: str) -> tuple[Channel, int] | Message:
    """The channel and how many are in it, the bot aside, or what stands in the way. Raises NotAllowed."""
    if not is_channel(channel_id):
        return sharing.no_channel(command=ctx.command)
    channel = await fit_channel(ctx, channel_id)
    if isinstance(channel, Message):
        return channel
    try:
        members = await ctx.messenger.members(channel_id)
    except MessengerError:
        raise NotAllowed("Slack can't say just now who is in this channel; try again in a minute") from None
    if viewer.slack_user_id not in members:
        raise NotAllowed("you are not in this channel")
    return channel, len(members) - 1


def _notice(
    place: Destination, key: SessionKey, viewer: Viewer, sharing_id: str, audience: str, chosen: _Chosen
) -> Notification:
    facts: dict[str, str | int | float | None] = {"by": viewer.slack_user_id, "share": sharing_id, "audience": audience}
    if chosen.query is not None:
        facts |= {"query": chosen.query, "total": chosen.total}
    return Notification(
        kind=NotificationKind.SHARED,
        destination=place,
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
        return sharing.not_posted(status.cancelled if status is not None else "it is not known any more")
    if status.state is NotificationState.SENT:
        return sharing.posted()
    if status.state is NotificationState.BLOCKED:
        return sharing.not_posted(format_reason(status.blocked_reason))
    return sharing.posted_later()

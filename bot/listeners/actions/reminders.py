"""Buttons about reminders: put one off, remind an observer."""

from datetime import datetime, time, timedelta

from bot.blocks import actions
from bot.blocks import reminders as views
from bot.blocks.markup import date_token
from bot.domain.errors import NotAllowed, Remedy
from bot.domain.notifications import DestinationKind, Message, NotificationKind
from bot.domain.permissions import may_see
from bot.domain.ports import Reply
from bot.domain.schedules import instant
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import AccessView, access_view
from bot.listeners.context import AppContext
from bot.listeners.events import home
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.services import reminders
from bot.store.database import Tx

_MORNING = time(9)


async def snooze(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Puts a person's own reminder off for an hour, or until tomorrow at 9 in their zone; or that of one session."""
    viewer = await viewer_of(ctx, action)
    if (one := actions.decode(actions.Snooze, action.value)) is not None:
        await _snooze_session(ctx, action, viewer, one, reply)
        return

    def work(tx: Tx) -> Message:
        access, now = access_view(tx, viewer), ctx.clock.now()
        delivery = tx.deliveries.at(action.channel_id or "", action.message_ts or "")
        if delivery is None or delivery.destination.kind is DestinationKind.CHANNEL:
            raise OutdatedButton
        own = {DestinationKind.PERSON: viewer.person_id, DestinationKind.USER: viewer.slack_user_id}
        if delivery.destination.id != own[delivery.destination.kind]:
            raise NotAllowed("a reminder is put off by whom it is for", Remedy.NONE)
        until = _until(action.value, access, now)
        for stored in delivery.notifications:
            if stored.notification.kind is NotificationKind.REMINDER:
                reminders.snooze(tx, stored.notification, until, now)
        return views.snoozed(date_token(until))

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    await reply(answer)


async def _snooze_session(
    ctx: AppContext, action: ActionRequest, viewer: Viewer, one: actions.Snooze, reply: Reply
) -> None:
    """Puts off the reminder of a session that the viewer has to conduct or finish."""

    def work(tx: Tx) -> datetime:
        access, now, session = access_view(tx, viewer), ctx.clock.now(), tx.sessions.get(one.session)
        if session is None or viewer.person_id is None or session.facts.observer_id != viewer.person_id:
            raise OutdatedButton
        if not may_see(viewer, session.facts, access.directory).allowed:
            raise OutdatedButton
        until = _until(one.until, access, now)
        if not reminders.snooze_session(tx, session, until, now):
            raise OutdatedButton
        return until

    until = await ctx.store.transact(work)
    ctx.wake_sender()
    if action.view_id is None:
        await reply(views.snoozed(date_token(until)))
    else:
        await home.publish(ctx, action)


def _until(value: str, access: AccessView, now: datetime) -> datetime:
    if value == actions.SNOOZE_HOUR:
        return now + timedelta(hours=1)
    if value != actions.SNOOZE_TOMORROW:
        raise OutdatedButton
    return instant(now.astimezone(access.zone).date() + timedelta(days=1), _MORNING, access.zone)


async def nudge(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Reminds an observer of what is overdue, once a day; for who may see something of it and has people in charge."""
    viewer, person = await viewer_of(ctx, action), action.value

    def work(tx: Tx) -> Message:
        access, now = access_view(tx, viewer), ctx.clock.now()
        overdue = tx.reminders.overdue_of(person, now)
        is_theirs = any(
            may_see(viewer, one.facts, access.directory).allowed
            and (access.scope.everything or one.key.employee_id in access.scope.employees)
            for one in overdue
        )
        if not is_theirs or not access.directory.is_active(person):
            raise OutdatedButton
        day = now.astimezone(access.zone).date()
        before = reminders.nudge(tx, person, viewer.slack_user_id, day, now)
        name = access.directory.name_of(person)
        return views.nudged(name) if before is None else views.nudged_before(name, date_token(before))

    answer = await ctx.store.transact(work)
    ctx.wake_sender()
    await reply(answer)

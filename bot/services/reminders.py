"""Reminders within one transaction: who is reminded of what, what a message lists now, snoozing and nudging."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.config import zone_named
from bot.domain.directory import Directory
from bot.domain.model import Session
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.permissions import may_follow_up, may_see, scope_of
from bot.domain.reminders import (
    LATE_AFTER,
    OLDEST,
    ReminderClock,
    ReminderKind,
    ReminderLine,
    ReminderStep,
    ReminderView,
    next_step,
    running_clock,
)
from bot.domain.report_periods import Window
from bot.domain.schedules import instant
from bot.domain.viewers import Viewer
from bot.services.alerting import ops_destinations
from bot.store.database import Tx

MORNING = time(8)  # local, when what is planned is listed
MORNING_ENDS = time(12)  # a list of today that comes later is useless
_ONE_DAY = timedelta(days=1)
_LATE = "reminder:"  # before the time at which a message comes that lists what is late, in its subject
_AGAIN = ":again:"  # in the subject of a snoozed reminder, between the first subject and the time it comes


def queue_late(tx: Tx, now: datetime) -> int:
    """Queues reminders of what is late; returns how many sessions are in reminders. What one destination gets
    within an hour is one message."""
    active_since = tx.reminders.active_since()
    if active_since is None or active_since > now:  # the clock was set back
        tx.reminders.begin(now)
        return 0
    tx.reminders.forget_ahead(now)
    earliest = max(active_since, now - OLDEST)
    windows = [Window(earliest - late, now - late) for late in LATE_AFTER.values()]
    directory, queued = tx.people.directory(), 0
    for session in tx.reminders.late(windows[0], windows[1]):
        found = running_clock(session)
        if found is not None:
            queued += _queue(tx, session, *found, active_since, directory, now)
    return queued


def _queue(
    tx: Tx,
    session: Session,
    clock: ReminderClock,
    since: datetime,
    active_since: datetime,
    directory: Directory,
    now: datetime,
) -> bool:
    step = next_step(clock, since, tx.reminders.reminded(session.key, clock, since), active_since, now)
    while step is not None:
        destination = _recipient(tx, session, step, directory)
        if destination is not None:
            if _is_muted(tx, destination, now):
                return False  # judged anew when the mute has ended
            tx.reminders.record(session.key, clock, since, step, destination, _message(tx, destination, now), now)
            return True
        if step is ReminderStep.OPS:
            tx.reminders.record(session.key, clock, since, step, None, "", now)
            return False
        step = ReminderStep(step + 1)
    return False


def _is_muted(tx: Tx, destination: Destination, now: datetime) -> bool:
    return any(not mute.query for mute in tx.mutes.held_at(destination, now))


def _recipient(tx: Tx, session: Session, step: ReminderStep, directory: Directory) -> Destination | None:
    """Who is reminded at a step, None if no one can and wants to be."""
    if step is ReminderStep.OPS:
        return next(iter(ops_destinations(tx)), None)
    observer, employee = session.facts.observer_id, session.key.employee_id
    person = observer if step is ReminderStep.OBSERVER else directory.supervisor_of(employee)
    if not person or not directory.is_active(person) or (step is ReminderStep.SUPERVISOR and person == observer):
        return None
    if not tx.reminders.choices(tx.people.linked_user(person)).late:
        return None
    return Destination(DestinationKind.PERSON, person)


def _message(tx: Tx, destination: Destination, now: datetime) -> str:
    """The subject of the message that lists what is late for a destination: one that still waits, or a new one at the
    next full hour. What was snoozed for longer delays nothing else."""
    at = datetime.fromtimestamp((now.timestamp() // 3_600 + 1) * 3_600, UTC)
    for pending in tx.reminders.pending_subjects(destination):
        if datetime.fromisoformat(pending.rpartition(_AGAIN)[2].removeprefix(_LATE)) <= at:
            return pending
    subject = f"{_LATE}{at.isoformat()}"
    tx.notifications.enqueue(_notification(destination, subject, ReminderKind.LATE), now, at)
    return subject


def _notification(
    destination: Destination, subject: str, kind: ReminderKind, **facts: str | int | float | None
) -> Notification:
    return Notification(
        kind=NotificationKind.REMINDER,
        destination=destination,
        subject=subject,
        reason=_REASONS[kind],
        facts={"what": kind, **facts},
    )


_REASONS = {
    ReminderKind.LATE: "sessions were not started in time, or not finished",
    ReminderKind.PLANNED: "they want to know each morning what is planned",
    ReminderKind.NUDGE: "somebody nudged them about what is overdue",
}


def queue_plans(tx: Tx, now: datetime) -> int:
    """Queues the morning's list for everybody who wants one and has something planned today or tomorrow."""
    queued = 0
    for person, user_id in tx.reminders.wanting_plans().items():
        zone = zone_of(tx, user_id)
        day = now.astimezone(zone).date()
        if instant(day, MORNING, zone) <= now < instant(day, MORNING_ENDS, zone):
            destination = Destination(DestinationKind.PERSON, person)
            if not _is_muted(tx, destination, now) and tx.reminders.planned_for(person, _two_days(day, zone)):
                facts = {"day": day.isoformat(), "zone": str(zone)}
                notification = _notification(destination, f"planned:{day.isoformat()}", ReminderKind.PLANNED, **facts)
                queued += tx.notifications.enqueue(notification, now)
    return queued


def _two_days(day: date, zone: tzinfo) -> Window:
    return Window(instant(day, time(), zone), instant(day + 2 * _ONE_DAY, time(), zone))


def zone_of(tx: Tx, user_id: str | None) -> tzinfo:
    """The zone of a Slack user's profile, UTC if it is not known."""
    seen = tx.people.slack_user(user_id) if user_id else None
    return zone_named(seen[0].zone if seen else None) or UTC


# ---- what a message lists ------------------------------------------------------------------------------------------


def reminder_view(
    tx: Tx, notification: Notification, viewer: Viewer, directory: Directory, now: datetime, command: str, *, ids: int
) -> tuple[ReminderView, str]:
    """What a reminder lists as it is now, and the proof it waits for, "" for none. OPS_CHANNEL gets no names. `ids`: of
    how many lines the short id is looked up."""
    facts, destination = notification.facts, notification.destination
    kind = ReminderKind(str(facts["what"]))
    user_id = user_of(tx, destination)
    zone = zone_named(facts.get("zone")) or zone_of(tx, user_id)
    if kind is ReminderKind.FOLLOW_UP:
        lines = _followed_up(tx, user_id or "", notification.subject, now.astimezone(zone).date())
    else:
        lines = _lines(tx, notification, kind, zone, now)
    allows = may_follow_up if kind is ReminderKind.FOLLOW_UP else may_see
    verdicts = [allows(viewer, one.session.facts, directory) for one in lines]
    scope = scope_of(viewer, directory)
    waits = next((verdict.reason for verdict in verdicts if verdict.waits), "")
    seen = [one for one, verdict in zip(lines, verdicts, strict=True) if verdict.allowed]
    view = ReminderView(
        kind=kind,
        lines=[
            replace(one, short_id=tx.search.short_id(one.session.key, scope)) if at < ids else one
            for at, one in enumerate(seen)
        ],
        directory=directory,
        zone=zone,
        now=now,
        subject=notification.subject,
        with_names=destination.kind is not DestinationKind.CHANNEL,
        by=str(facts.get("by") or ""),
        command=command,
    )
    return view, waits if lines and not seen else ""


def _lines(
    tx: Tx, notification: Notification, kind: ReminderKind, zone: tzinfo, now: datetime
) -> Sequence[ReminderLine]:
    person = notification.destination.id
    if kind is ReminderKind.PLANNED:
        day = date.fromisoformat(str(notification.facts["day"]))
        last = day + _ONE_DAY if _AGAIN in notification.subject else day
        if now.astimezone(zone).date() > last:
            return []  # it waited, for a mute or quiet time: its heading would be wrong
        planned = tx.reminders.planned_for(person, _two_days(day, zone))
        return [ReminderLine(session=one, clock=None, since=one.facts.scheduled.at or now) for one in planned]
    if kind is ReminderKind.NUDGE:
        found = [(one, running_clock(one)) for one in tx.reminders.overdue_of(person, now)]
        return [
            ReminderLine(session=one, clock=running[0], since=running[1])
            for one, running in found
            if running is not None
        ]
    return [
        ReminderLine(
            session=session,
            clock=clock,
            since=since,
            step=step,
            reminded=[one for one in tx.reminders.reminded(session.key, clock, since) if one.step < step],
        )
        for session, clock, since, step in tx.reminders.listed(notification.destination, notification.subject)
        if running_clock(session) == (clock, since)  # else it went on meanwhile, or was planned anew
    ]


def user_of(tx: Tx, destination: Destination) -> str | None:
    """The Slack user who gets what goes to a destination, None for a channel and an unlinked person."""
    if destination.kind is DestinationKind.USER:
        return destination.id
    return tx.people.linked_user(destination.id) if destination.kind is DestinationKind.PERSON else None


def _followed_up(tx: Tx, owner: str, subject: str, today: date) -> Sequence[ReminderLine]:
    """The follow-ups that are due by tomorrow, and those that ended by themselves and that this message tells."""
    due = [one for one in tx.follow_ups.open_of(owner) if one.follow_up.due <= today + _ONE_DAY]
    closed = tx.follow_ups.listed_in(owner, subject.partition(_AGAIN)[0])
    return [
        ReminderLine(session=one.session, clock=None, since=one.follow_up.taken_at, follow_up=one.follow_up)
        for one in (*due, *closed)
    ]


# ---- what a reader does ------------------------------------------------------------------------------------------


def snooze(tx: Tx, reminder: Notification, until: datetime, now: datetime) -> None:
    """Sends a reminder again later, as it is then, instead of any earlier snooze of it; no other follows before
    a day has passed since."""
    first = reminder.subject.partition(_AGAIN)[0]
    subject = f"{first}{_AGAIN}{until.isoformat()}"
    for earlier in tx.reminders.snoozed_subjects(reminder.destination, f"{first}{_AGAIN}"):
        if earlier != subject:
            tx.notifications.cancel_unsent(replace(reminder, subject=earlier), "it was snoozed again")
            tx.reminders.snooze(reminder.destination, earlier, subject, until)
    tx.notifications.enqueue(replace(reminder, subject=subject, reason="it was snoozed"), now, until)
    tx.reminders.snooze(reminder.destination, reminder.subject, subject, until)


def snooze_session(tx: Tx, session: Session, until: datetime, now: datetime) -> bool:
    """Reminds the observer of one open session at a time, and not before; False if no clock of it runs."""
    running, observer = running_clock(session), session.facts.observer_id
    if running is None or not observer:
        return False
    destination, subject = Destination(DestinationKind.PERSON, observer), f"{_LATE}{until.isoformat()}"
    tx.notifications.enqueue(
        replace(_notification(destination, subject, ReminderKind.LATE), reason="it was snoozed"), now, until
    )
    tx.reminders.snooze_session(session, *running, destination, subject, until)
    return True


def nudge(tx: Tx, person_id: str, by: str, day: date, now: datetime) -> datetime | None:
    """Reminds an observer of what is overdue, once a day; None if that is queued, else when they were nudged before."""
    before = tx.reminders.nudge(person_id, day, by, now)
    if before is None:
        destination = Destination(DestinationKind.PERSON, person_id)
        tx.notifications.enqueue(_notification(destination, f"nudge:{day.isoformat()}", ReminderKind.NUDGE, by=by), now)
        tx.audit_log.write(by, "nudge", f"person:{person_id}", now)
    return before

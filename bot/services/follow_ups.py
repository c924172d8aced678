"""Follow-ups within one transaction: taking and closing one, what ends them, and who is reminded of which."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bot.domain.changes import outcome_of
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.follow_ups import MOST_DAYS, FollowedUp, end_by, reminds_on
from bot.domain.model import CriticalCriterion, FollowUp, FollowUpEnd, SessionKey, SessionRecord
from bot.domain.notifications import Destination, DestinationKind, Notification, NotificationKind
from bot.domain.permissions import may_follow_up
from bot.domain.reminders import ReminderKind
from bot.domain.routing import may_yet_see
from bot.domain.schedules import instant
from bot.domain.viewers import Viewer
from bot.services.pausing import SPOTTER
from bot.services.reminders import MORNING, zone_of
from bot.store.database import Tx
from bot.store.follow_ups import SUBJECT


def record_to_follow_up(tx: Tx, viewer: Viewer, key: SessionKey) -> SessionRecord:
    """The low result that a viewer may follow up. Raises NotAllowed, and QueryError if it is none or not stored."""
    record = tx.sessions.record(key)
    if record is None or tx.sessions.is_reassigned(key):
        raise QueryError("Spotter no longer stores this session.")
    verdict = may_follow_up(viewer, record.session.facts, tx.people.directory())
    if not verdict.allowed:
        raise NotAllowed(verdict.reason)
    if not outcome_of(record.session).is_failing:
        raise QueryError("A follow-up is for a result below target, with a failed critical criterion, or failed.")
    return record


def take(
    tx: Tx,
    viewer: Viewer,
    key: SessionKey,
    criterion: CriticalCriterion | None,
    due: date,
    note: str,
    today: date,
    now: datetime,
) -> FollowUp:
    """Stores a follow-up of the viewer's, instead of the one they had on the session. Taking one acknowledges the
    result. Raises NotAllowed, and QueryError if the session or the date does not fit.

    `today`: the date where the viewer is.
    """
    record_to_follow_up(tx, viewer, key)
    if due < today:
        raise QueryError("That day is over. Name today or a later one.")
    if due > today + timedelta(days=MOST_DAYS):
        raise QueryError("That is more than a year ahead: at most one year.")
    stored = tx.follow_ups.take(key, viewer.slack_user_id, criterion, due, note, now)
    assert stored is not None, "it was read in this transaction"
    taken, before = stored
    tx.sessions.acknowledge(key, viewer.slack_user_id, now)
    if taken != before:
        old = "" if before is None else before.due.isoformat()
        _write(tx, viewer.slack_user_id, "follow_up", key, now, old, due.isoformat())
    return taken


def close(tx: Tx, viewer: Viewer, found: FollowedUp, now: datetime) -> bool:
    """Ends a follow-up for its owner or an admin; False if it is over already. Raises NotAllowed."""
    if found.follow_up.owner != viewer.slack_user_id and not viewer.is_admin:
        raise NotAllowed("a follow-up is closed by who took it, or by an admin of Spotter")
    closed = tx.follow_ups.close(found, FollowUpEnd.CLOSED, now)
    if closed:
        _write(tx, viewer.slack_user_id, "close_follow_up", found.session.key, now, found.follow_up.due.isoformat())
    return closed


def _write(tx: Tx, who: str, verb: str, key: SessionKey, now: datetime, old: str = "", new: str = "") -> None:
    tx.audit_log.write(who, verb, f"session:{key.session_id}:{key.employee_id}", now, old=old, new=new)


def close_reached(tx: Tx, now: datetime) -> int:
    """Ends the follow-ups whose employees reached what was missed; returns how many."""
    closed = set[int]()
    for found, later, details, completed_at in tx.follow_ups.completions_after():
        number = found.follow_up.follow_up_id
        end = None if number in closed else end_by(found, later, details, completed_at)
        if end is not None and tx.follow_ups.close(found, end, now):
            closed.add(number)
            _write(tx, SPOTTER, "close_follow_up", found.session.key, now, found.follow_up.due.isoformat(), str(end))
    return len(closed)


def close_lost(tx: Tx, owners: Mapping[str, Viewer | None], now: datetime) -> int:
    """Ends the follow-ups of owners who have lost the right to the session: nobody sees to it any more, and their name
    would say that somebody does; nor is the result acknowledged by them any more, unless they had seen it before they
    took the follow-up. Returns how many. Owners of whom nothing is proved keep theirs, and so do those that iSpring
    does not name, whose link waits, or whose people it does not name: one answer may lack a person, and the end is for
    good."""
    directory, closed = tx.people.directory(), 0
    for found in tx.follow_ups.all_open():
        follow_up, key, facts = found.follow_up, found.session.key, found.session.facts
        owner = owners.get(follow_up.owner)
        if owner is None or _may_be_linked_again(tx, owner):
            continue
        verdict = may_yet_see(may_follow_up(owner, facts, directory), owner, facts, directory)
        if verdict.allowed or verdict.waits or not tx.follow_ups.close(found, FollowUpEnd.LOST, now):
            continue
        # Else it would count as seen by somebody who can do nothing about it, and needs nobody on any list.
        if tx.sessions.withdraw_acknowledgement(key, follow_up.owner, follow_up.taken_at, now):
            _write(tx, SPOTTER, "withdraw_acknowledgement", key, now, old=follow_up.owner, new="rights lost")
        _write(tx, SPOTTER, "close_follow_up", key, now, follow_up.due.isoformat(), "rights lost")
        closed += 1
    return closed


def _may_be_linked_again(tx: Tx, owner: Viewer) -> bool:
    """Whether a member's link waits for an answer that proves it again."""
    is_member = owner.remedy is not Remedy.MEMBERSHIP
    return is_member and owner.person_id is None and tx.people.link_of(owner.slack_user_id) is not None


def queue_follow_ups(tx: Tx, now: datetime) -> int:
    """Queues a list for each person with a follow-up that is due tomorrow, today or since a number of whole weeks and a
    day, or that ended by itself: one a day, from the morning on, where they are. Returns how many."""
    queued = 0
    for owner, has_unlisted in tx.follow_ups.owners():
        zone = zone_of(tx, owner)
        today = now.astimezone(zone).date()
        subject = f"{SUBJECT}{today.isoformat()}"
        if now < instant(today, MORNING, zone) or not tx.reminders.choices(owner).late:
            continue
        destination = destination_of(tx, owner)
        is_due = has_unlisted or any(
            reminds_on(one.follow_up, today, one.follow_up.taken_at.astimezone(zone).date())
            for one in tx.follow_ups.open_of(owner)
        )
        everywhere = {destination, Destination(DestinationKind.USER, owner)}  # a link may be suspended meanwhile
        if is_due and tx.follow_ups.may_get_list(everywhere, subject):
            tx.follow_ups.mark_listed(owner, subject)
            queued += tx.notifications.enqueue(_reminder(destination, subject), now)
    return queued


def destination_of(tx: Tx, user_id: str) -> Destination:
    """Where direct messages to a Slack user go: as to the person they are linked to, whose mutes and quiet hours
    count."""
    person = tx.people.linked_person(user_id)
    if person is None:
        return Destination(DestinationKind.USER, user_id)
    return Destination(DestinationKind.PERSON, person)


def _reminder(destination: Destination, subject: str) -> Notification:
    return Notification(
        kind=NotificationKind.REMINDER,
        destination=destination,
        subject=subject,
        reason="they took follow-ups that are due, or that ended by themselves",
        facts={"what": ReminderKind.FOLLOW_UP},
    )

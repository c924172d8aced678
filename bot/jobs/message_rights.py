"""On whose behalf a notification is sent, and why it is not wanted any more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.model import Session, SessionRecord
from bot.domain.notifications import Delivery, DestinationKind, NotificationKind, StoredNotification
from bot.domain.permissions import OPERATOR_VIEWER
from bot.domain.reminders import ReminderKind
from bot.domain.routing import NAMED_WITHIN, OWN_ACTION, is_low_enough, subject_of, wanted_results
from bot.domain.rules import Rule, RuleState
from bot.domain.viewers import DirectMessages, Preferences, Proof, Viewer, Wants
from bot.services.owners import OwnerRights
from bot.services.reminders import user_of
from bot.store.database import Tx


def carries(rule: Rule, stored: StoredNotification) -> bool:
    """Whether a rule still carries a notification. A paused one does: its messages wait until it resumes."""
    if stored.shown_version is not None:
        return True  # sent cards keep being corrected after their rule has ended
    return rule.state is not RuleState.ENDED


def viewers_of(
    tx: Tx, delivery: Delivery, stored: StoredNotification, rules: Sequence[Rule], rights: OwnerRights
) -> list[Viewer]:
    """On whose behalf a session would be shown: each rule's owner, who shared it, or the person it is sent to."""
    if stored.notification.kind is NotificationKind.SHARED:
        return [sharer_of(tx, str(stored.notification.facts.get("by")), rights)]
    match delivery.destination.kind:
        case DestinationKind.PERSON:
            return [rights.person(tx, delivery.destination.id, "no longer known in iSpring")]
        case DestinationKind.USER:
            return [rights.of(tx, delivery.destination.id)]
        case DestinationKind.CHANNEL:
            return [rights.of(tx, owner) for owner in dict.fromkeys(rule.owner for rule in rules)]


def reader_of_reminder(tx: Tx, stored: StoredNotification, viewers: Sequence[Viewer], rights: OwnerRights) -> Viewer:
    """On whose behalf a reminder names sessions: its reader; of a follow-up as the account that took it, which may be
    an admin's. OPS_CHANNEL gets no names."""
    destination = stored.notification.destination
    if destination.kind is DestinationKind.CHANNEL:
        return OPERATOR_VIEWER
    user_id = user_of(tx, destination)
    if stored.notification.facts["what"] == ReminderKind.FOLLOW_UP and user_id is not None:
        return rights.of(tx, user_id)
    return viewers[0]


def sharer_of(tx: Tx, user_id: str, rights: OwnerRights) -> Viewer:
    """Who shared something. They were known then: an account that is not, was erased, and answers for nothing."""
    sharer = rights.of(tx, user_id)
    return (
        sharer
        if tx.people.slack_user(user_id) is not None
        else replace(sharer, person_id=None, is_admin=False, proof=Proof())
    )


def cancelled_reason(
    tx: Tx, delivery: Delivery, stored: StoredNotification, wanted: Sequence[Rule], record: SessionRecord | None
) -> str:
    """Why a notification is not wanted any more, "" if it is."""
    notification = stored.notification
    if notification.kind is NotificationKind.RULE_OFFERED:
        offered = any(rule.offered_to == delivery.destination.id for rule in wanted)
        return "" if offered or stored.shown_version is not None else "it is not offered any more"
    if notification.kind is NotificationKind.RULE_PAUSED:
        return ""  # about a rule, not on behalf of it
    if notification.rule_ids and not wanted:
        return f"rule {', '.join(str(number) for number in notification.rule_ids)} was ended"
    if notification.kind in (NotificationKind.SESSION, NotificationKind.SHARED) and record is None:
        return "the session is not stored any more"
    if notification.kind is NotificationKind.SESSION and record is not None and stored.shown_version is None:
        if not outcome_of(record.session).is_over:
            return "it is no longer completed, and its completion was not posted"
        is_turn = notification.subject != subject_of(record.session.key)
        if is_turn and not outcome_of(record.session).is_failing:
            return "it is no longer a low result, and that was not posted"
    if delivery.destination.kind is DestinationKind.PERSON and record is not None:
        return _unwanted_reason(tx, delivery.destination.id, stored, record, is_by_rule=bool(wanted))
    return ""


def _unwanted_reason(
    tx: Tx, person_id: str, stored: StoredNotification, record: SessionRecord, *, is_by_rule: bool
) -> str:
    """Why a person does not want a message any more since it was queued, "" if they do."""
    user_id = tx.people.linked_user(person_id)
    if user_id is None:
        return ""
    wishes = tx.people.preferences(user_id)
    acknowledged = any(one.slack_user_id == user_id for one in record.acknowledgements)
    if acknowledged and not wishes.own_actions and stored.shown_version is None:
        return "they acknowledged it themselves, and want nothing about what they did themselves"
    is_turn = stored.notification.subject != subject_of(record.session.key)
    return "" if is_by_rule else unwanted_reason(wishes, person_id, record.session, is_turn=is_turn)


def is_awaited(stored: StoredNotification, now: datetime) -> bool:
    """Whether a notification that was not sent yet waits for a person whom iSpring does not name now."""
    return stored.shown_version is None and now - stored.created_at <= NAMED_WITHIN


def unwanted_reason(wishes: Preferences, person_id: str, session: Session, *, is_turn: bool = False) -> str:
    """Returns why a person does not want messages about such a session, "" if they do. A person who observed themselves
    gets them while they want them as either. `is_turn`: about a session that turned out failing afterwards."""
    is_observer = session.facts.observer_id == person_id
    refusals: list[str] = []
    if is_observer:
        is_own = not wishes.own_actions and not is_turn
        refusals.append(OWN_ACTION if is_own else _refusal_reason(wishes.observer_wants(), session))
    if not is_observer or (session.key.employee_id == person_id and wishes.as_employee is not None):
        refusals.append(_refusal_reason(wishes.employee_wants(DirectMessages.ALL), session))
    return refusals[0] if all(refusals) else ""


def _refusal_reason(wants: Wants, session: Session) -> str:
    if wants.kind is DirectMessages.NONE:
        return "this person turned direct messages off"
    return "" if is_low_enough(wants, outcome_of(session)) else f"this person wants only {wanted_results(wants)}"

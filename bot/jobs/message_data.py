"""The facts of a delivery's message, as the rows are now, and which of its notifications may not be sent any more.

A rule never shows more than its owner may see, a person nothing they may not see: checked at sending and at each edit.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.blocks.cards import CardBefore, CardFacts
from bot.blocks.results import MOST_TIMES
from bot.config import Settings
from bot.domain.changes import outcome_of
from bot.domain.digests import DigestView
from bot.domain.directory import Directory
from bot.domain.kinds import KINDS
from bot.domain.model import ChangeKind, SessionKey, SessionRecord
from bot.domain.mutes import Mute
from bot.domain.notifications import (
    TAKEN_BACK,
    Delivery,
    DeliveryState,
    DestinationKind,
    DigestCounts,
    NotificationKind,
    StoredNotification,
)
from bot.domain.pause_reasons import SHARED_OUTSIDE
from bot.domain.permissions import OPERATOR_VIEWER, may_see, scope_of
from bot.domain.reminders import ReminderKind, ReminderView
from bot.domain.routing import is_made_for_another, may_yet_see, subject_of
from bot.domain.rules import NamesShown, Rule, RuleState
from bot.domain.viewers import Proof, Viewer
from bot.jobs.digest_counts import digest_counts_of, is_awaited, unwanted_reason
from bot.services.digests import slot_view
from bot.services.owners import OwnerRights
from bot.services.reminders import reminder_view, user_of
from bot.services.rules import rule_text, text_for_reader
from bot.services.setup import setup_of
from bot.store.database import Tx

_CORRECTIONS = (ChangeKind.CORRECTED, ChangeKind.REOPENED, ChangeKind.COMPLETED)


@dataclass(frozen=True, slots=True)
class MessageData:
    """A delivery's facts; the session version that each notification shows, by id; those to cancel, and those that
    have to wait for the proof of a right, with the reason; and the owners of rules to ask Slack about first.
    `keeps_as_posted`: a session was corrected since the message was posted, and its rules leave corrections out."""

    facts: CardFacts
    versions: Mapping[int, int] = field(default_factory=dict)
    cancelled: Mapping[int, str] = field(default_factory=dict)
    waiting: Mapping[int, str] = field(default_factory=dict)
    keeps_as_posted: bool = False
    to_ask: AbstractSet[str] = frozenset()


def load_message_data(tx: Tx, delivery: Delivery, settings: Settings, now: datetime) -> MessageData:
    """Everything a message needs, in one reading."""
    directory = tx.people.directory()
    rights = OwnerRights(settings.admins, now, settings.rights_valid_for)
    to_ask: set[str] = set()
    waiting: dict[int, str] = {}
    rules = _rules(tx, delivery)
    keys = {stored.notification.session for stored in delivery.notifications if stored.notification.session is not None}
    # A session that was given to another employee is shown as one that was erased.
    kept = [key for key in keys if not tx.sessions.is_reassigned(key)]
    records = {key: record for key in kept if (record := tx.sessions.record(key)) is not None}
    hidden: set[SessionKey] = set()
    with_previous: set[SessionKey] = set()
    versions: dict[int, int] = {}
    cancelled: dict[int, str] = {}
    metrics: dict[int, DigestCounts] = {}
    times: dict[SessionKey, int] = {}
    cards_before: dict[SessionKey, CardBefore] = {}
    views: dict[int, DigestView] = {}
    reminders: dict[int, ReminderView] = {}
    for stored in delivery.notifications:
        spec = KINDS[stored.notification.kind]
        record = records.get(stored.notification.session) if stored.notification.session is not None else None
        versions[stored.notification_id] = record.session.version if record is not None else TAKEN_BACK
        wanted = [
            rule for number in stored.notification.rule_ids if (rule := rules.get(number)) and _counts(rule, stored)
        ]
        viewers = _viewers(tx, delivery, stored, wanted, rights)
        to_ask |= {
            viewer.slack_user_id for viewer in viewers if viewer.slack_user_id and rights.is_to_be_asked(tx, viewer)
        }
        reason = _cancelled_reason(tx, delivery, stored, wanted, record)
        if record is not None:
            verdicts = [spec.may_show(viewer, record.session.facts, directory) for viewer in viewers]
            if is_awaited(stored, now):
                shown = record.session.facts
                verdicts = [may_yet_see(one, who, shown, directory) for one, who in zip(verdicts, viewers, strict=True)]
            refusals = [verdict for verdict in verdicts if not verdict.allowed]
            if len(refusals) == len(viewers) and any(verdict.waits for verdict in refusals):
                waiting[stored.notification_id] = next(verdict.reason for verdict in refusals if verdict.waits)
            elif len(refusals) == len(viewers):
                hidden.add(record.session.key)
                reason = reason or (
                    refusals[0].reason if refusals else "it is not wanted any more by anyone who may see it"
                )
            if record.previous is not None and _any_may_see(viewers, record, directory):
                with_previous.add(record.session.key)
                times[record.session.key] = _times(tx, viewers, record, directory)
            if before := _card_before(tx, stored, record.session.key):
                cards_before[record.session.key] = before
        if stored.notification.kind is NotificationKind.DIGEST and wanted:
            owner = rights.of(tx, wanted[0].owner)
            to_ask |= {owner.slack_user_id} if rights.is_to_be_asked(tx, owner) else set()
            view = slot_view(tx, wanted[0], stored.notification, owner, directory, now, settings.slack_command)
            is_anothers = is_made_for_another(owner, delivery.destination)
            may_show = owner.proof.identity and not is_anothers and not view.scope.is_empty
            if may_show or not owner.proof.identity:  # without a view, an edit redacts what was posted
                views[stored.notification_id] = view
            if not owner.proof.identity:
                waiting[stored.notification_id] = (
                    "Slack could not say for a day, or since their account changed, who its owner is"
                )
            elif view.scope.is_empty:
                reason = reason or "its owner may see nothing any more"
            elif is_anothers:
                reason = reason or "its owner is not linked any more to the person it was made for"
        if stored.notification.kind is NotificationKind.REMINDER:
            viewer = _reminded(tx, stored, viewers, rights)
            to_ask |= {viewer.slack_user_id} if viewer.slack_user_id and rights.is_to_be_asked(tx, viewer) else set()
            reminder, waits = reminder_view(tx, stored.notification, viewer, directory, now, settings.slack_command)
            reminders[stored.notification_id] = reminder
            if waits:
                waiting[stored.notification_id] = waits
            elif not reminder.lines:
                reason = reason or "nothing of it is open any more"
        if stored.notification.kind is NotificationKind.SETUP and delivery.destination.id not in settings.admins:
            reason = reason or "its recipient is no admin any more"
        if spec.is_digest:
            owners = {rule.rule_id: rights.of(tx, rule.owner) for rule in wanted}
            recipient = viewers[0] if delivery.destination.kind is not DestinationKind.CHANNEL else None
            digest_counts = digest_counts_of(tx, delivery.destination, stored, owners, recipient, directory, now)
            metrics[stored.notification_id] = digest_counts
            if digest_counts.waits:
                waiting[stored.notification_id] = digest_counts.waits
            elif not digest_counts.sessions and not stored.notification.facts.get("follow"):
                reason = reason or "it is not wanted any more by anyone who may see what it counts"
        if reason:
            cancelled[stored.notification_id] = reason
            waiting.pop(stored.notification_id, None)
    for stored in delivery.notifications:
        counts = metrics.get(stored.notification_id, DigestCounts())
        if stored.shown_version is None and _is_empty_recap(delivery, stored, counts, cancelled):
            cancelled[stored.notification_id] = "nothing of what was muted is to be posted any more"
    if delivery.state is DeliveryState.SENT and tx.destinations.blocked_reason(delivery.destination) == SHARED_OUTSIDE:
        # Another company reads along: an edit redacts the message until the channel is internal again.
        hidden = set(records)
        views, reminders = {}, {}
        versions |= {
            one.notification_id: TAKEN_BACK for one in delivery.notifications if one.notification.session is not None
        }
    state = tx.polls.state()
    # Of several rules, the most careful decides what people are called.
    named = any(rule.options.names is NamesShown.INITIALS for rule in rules.values())
    shown_as = directory.with_initials() if named else directory
    is_setup = any(one.notification.kind is NotificationKind.SETUP for one in delivery.notifications)
    facts = CardFacts(
        records=records,
        directory=shown_as,
        rules=tuple(rules.values()),
        data_as_of=state.last_good_at,
        account_url=settings.ispring_account_url or None,
        hidden=frozenset(hidden),
        with_previous=frozenset(with_previous),
        command=settings.slack_command,
        metrics=metrics,
        queries={
            stored.notification_id: text
            for stored in delivery.notifications
            if (text := _query_text(tx, stored, rules, shown_as, rights)) is not None
        },
        times=times,
        cards_before=cards_before,
        digests=views,
        reminders=reminders,
        mutes=_mutes(tx, delivery),
        coverages={
            number: coverage
            for number, rule in rules.items()
            if (coverage := rights.coverage(tx, rule.owner, directory)) is not None
        },
        setup=setup_of(tx, settings, now) if is_setup else (),
        first_message=not tx.deliveries.has_message_before(delivery.destination, delivery.delivery_id),
    )
    keeps = _leaves_corrections_out(delivery, rules) and _is_corrected(delivery, records.values())
    return MessageData(facts, versions, cancelled, waiting, keeps, to_ask)


def _leaves_corrections_out(delivery: Delivery, rules: Mapping[int, Rule]) -> bool:
    """Whether every rule of everything in a message leaves corrections out. What comes to a person without a rule is
    corrected."""
    numbers = [stored.notification.rule_ids for stored in delivery.notifications]
    return all(numbers) and not any(
        number not in rules or rules[number].options.edits for those in numbers for number in those
    )


def _is_corrected(delivery: Delivery, records: Iterable[SessionRecord]) -> bool:
    posted_at = delivery.attempt_ended_at
    if delivery.state is not DeliveryState.SENT or posted_at is None:
        return False
    shown = {one.notification.session: one.shown_version for one in delivery.notifications}
    return any(
        entry.kind in _CORRECTIONS and (entry.at > posted_at or entry.version > (shown.get(record.session.key) or 0))
        for record in records
        for entry in record.history
    )


def _mutes(tx: Tx, delivery: Delivery) -> dict[int, Mute]:
    numbers = {stored.notification.facts.get("mute") for stored in delivery.notifications}
    found = [tx.mutes.get(number) for number in numbers if isinstance(number, int)]
    return {mute.mute_id: mute for mute in found if mute is not None}


def _is_empty_recap(delivery: Delivery, stored: StoredNotification, counts: DigestCounts, gone: Container[int]) -> bool:
    """Whether a recap has nothing left to tell: it counts nothing, and all its sessions are cancelled."""
    if stored.notification.kind is not NotificationKind.RECAP or counts.sessions or counts.waits:
        return False
    others = [one for one in delivery.notifications if one is not stored]
    return all(one.notification_id in gone for one in others)


def _rules(tx: Tx, delivery: Delivery) -> dict[int, Rule]:
    numbers = sorted({number for stored in delivery.notifications for number in stored.notification.rule_ids})
    return {number: rule for number in numbers if (rule := tx.rules.get(number)) is not None}


def _query_text(
    tx: Tx, stored: StoredNotification, rules: Mapping[int, Rule], directory: Directory, rights: OwnerRights
) -> str | None:
    """The query that a message says, in words for those who may see what its rule's owner, or its sharer, may see; None
    if it says none."""
    notification = stored.notification
    if notification.kind is NotificationKind.SHARED:
        query, viewer = notification.facts.get("query"), _sharer(tx, str(notification.facts.get("by")), rights)
        return None if query is None else rule_text(tx, str(query), scope_of(viewer, directory), directory)
    if notification.kind not in (NotificationKind.INTRO, NotificationKind.RULE_OFFERED):
        return None
    rule = rules.get(notification.rule_ids[0])
    if rule is None:
        return None
    if notification.kind is NotificationKind.RULE_OFFERED:
        reader = rights.of(tx, stored.notification.destination.id)
        return text_for_reader(tx, rule.query, scope_of(reader, directory), directory)
    return rule_text(tx, rule.query, scope_of(rights.of(tx, rule.owner), directory), directory)


def _counts(rule: Rule, stored: StoredNotification) -> bool:
    """Whether a rule still carries a notification. A paused one does: its messages wait until it resumes."""
    if stored.shown_version is not None:
        return True  # sent cards keep being corrected after their rule has ended
    return rule.state is not RuleState.ENDED


def _viewers(
    tx: Tx, delivery: Delivery, stored: StoredNotification, rules: Sequence[Rule], rights: OwnerRights
) -> list[Viewer]:
    """On whose behalf a session would be shown: each rule's owner, who shared it, or the person it is sent to."""
    if stored.notification.kind is NotificationKind.SHARED:
        return [_sharer(tx, str(stored.notification.facts.get("by")), rights)]
    match delivery.destination.kind:
        case DestinationKind.PERSON:
            return [rights.person(tx, delivery.destination.id, "no longer known in iSpring")]
        case DestinationKind.USER:
            return [rights.of(tx, delivery.destination.id)]
        case DestinationKind.CHANNEL:
            return [rights.of(tx, owner) for owner in dict.fromkeys(rule.owner for rule in rules)]


def _reminded(tx: Tx, stored: StoredNotification, viewers: Sequence[Viewer], rights: OwnerRights) -> Viewer:
    """On whose behalf a reminder names sessions: its reader; of a follow-up as the account that took it, which may be
    an admin's. OPS_CHANNEL gets no names."""
    destination = stored.notification.destination
    if destination.kind is DestinationKind.CHANNEL:
        return OPERATOR_VIEWER
    user_id = user_of(tx, destination)
    if stored.notification.facts["what"] == ReminderKind.FOLLOW_UP and user_id is not None:
        return rights.of(tx, user_id)
    return viewers[0]


def _sharer(tx: Tx, user_id: str, rights: OwnerRights) -> Viewer:
    """Who shared something. They were known then: an account that is not, was erased, and answers for nothing."""
    sharer = rights.of(tx, user_id)
    return (
        sharer
        if tx.people.slack_user(user_id) is not None
        else replace(sharer, person_id=None, is_admin=False, proof=Proof())
    )


def _any_may_see(viewers: Sequence[Viewer], record: SessionRecord, directory: Directory) -> bool:
    previous = record.previous
    return previous is not None and any(may_see(viewer, previous.facts, directory).allowed for viewer in viewers)


def _times(tx: Tx, viewers: Sequence[Viewer], record: SessionRecord, directory: Directory) -> int:
    """The how many-th low result of its kind this is, among those that one of the viewers may see; 1 for any other."""
    if not outcome_of(record.session).is_failing:
        return 1
    earlier = tx.sessions.earlier_with_outcome(record.session, MOST_TIMES)
    return 1 + sum(any(may_see(viewer, one.facts, directory).allowed for viewer in viewers) for one in earlier)


def _card_before(tx: Tx, stored: StoredNotification, key: SessionKey) -> CardBefore | None:
    """The message that this notification adds to, if it tells a session a second time."""
    notification = stored.notification
    if notification.kind is not NotificationKind.SESSION or notification.subject == subject_of(key):
        return None
    found = tx.deliveries.shown_before(key, stored.notification_id)
    if found is None:
        return None
    channel, ts, posted_at = found
    return CardBefore(posted_at, tx.deliveries.link_to(channel, ts))


def _cancelled_reason(
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

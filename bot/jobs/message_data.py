"""The facts of a delivery's message, as the rows are now, and which of its notifications may not be sent any more.

A rule never shows more than its owner may see, a person nothing they may not see: checked at sending and at each edit.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from bot.blocks.card_facts import CardBefore, CardFacts
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
    NotificationKind,
    StoredNotification,
    SummaryCounts,
)
from bot.domain.permissions import may_see, scope_of
from bot.domain.reasons import SHARED_OUTSIDE
from bot.domain.reminders import ReminderView
from bot.domain.routing import is_made_for_another, may_yet_see, subject_of
from bot.domain.rules import NamesShown, Rule
from bot.domain.viewers import Viewer
from bot.jobs.message_rights import cancelled_reason, carries, is_awaited, reader_of_reminder, sharer_of, viewers_of
from bot.jobs.summary_counts import summary_counts_of
from bot.services.digests import slot_view
from bot.services.owners import OwnerRights
from bot.services.reminders import reminder_view
from bot.services.rules import rule_text, text_for_reader
from bot.services.setup import setup_of
from bot.store.database import Tx

_CORRECTIONS = (ChangeKind.CORRECTED, ChangeKind.REOPENED, ChangeKind.COMPLETED)


@dataclass(frozen=True, slots=True)
class MessageData:
    """A delivery's facts; the session version that each notification shows, by id; those to cancel, and those that
    have to wait for the proof of a right, with the reason; and the owners of rules to ask Slack about first.
    `keeps_as_posted`: a session was corrected since the message was posted, and its rules leave corrections out.
    `is_misplaced`: shadow mode began or ended since the delivery was claimed, so it must not go where it was to."""

    facts: CardFacts
    versions: Mapping[int, int] = field(default_factory=dict)
    cancelled: Mapping[int, str] = field(default_factory=dict)
    waiting: Mapping[int, str] = field(default_factory=dict)
    keeps_as_posted: bool = False
    to_ask: AbstractSet[str] = frozenset()
    is_misplaced: bool = False


def load_message_data(tx: Tx, delivery: Delivery, settings: Settings, now: datetime) -> MessageData:
    """Everything a message needs, in one reading."""
    loader = _Loader(tx, delivery, settings, now)
    for stored in delivery.notifications:
        loader.add(stored)
    loader.cancel_empty_recaps()
    if delivery.state is DeliveryState.SENT and tx.destinations.blocked_reason(delivery.posted_to) == SHARED_OUTSIDE:
        loader.redact()
    return loader.message_data()


class _Loader:
    """Reads what a message shows, one notification after the other."""

    def __init__(self, tx: Tx, delivery: Delivery, settings: Settings, now: datetime) -> None:
        self._tx, self._delivery, self._settings, self._now = tx, delivery, settings, now
        self._directory = tx.people.directory()
        self._rights = OwnerRights(settings.admins, now, settings.rights_valid_for)
        self._rules = _rules(tx, delivery)
        keys = {one.notification.session for one in delivery.notifications if one.notification.session is not None}
        # A session that was given to another employee is shown as one that was erased.
        kept = [key for key in keys if not tx.sessions.is_reassigned(key)]
        self._records = {key: record for key in kept if (record := tx.sessions.record(key)) is not None}
        self._hidden: set[SessionKey] = set()
        self._with_previous: set[SessionKey] = set()
        self._times: dict[SessionKey, int] = {}
        self._cards_before: dict[SessionKey, CardBefore] = {}
        # By notification id:
        self._versions: dict[int, int] = {}
        self._cancelled: dict[int, str] = {}
        self._waiting: dict[int, str] = {}
        self._counts: dict[int, SummaryCounts] = {}
        self._digests: dict[int, DigestView] = {}
        self._reminders: dict[int, ReminderView] = {}
        self._to_ask: set[str] = set()

    def add(self, stored: StoredNotification) -> None:
        """Reads what one notification shows, and decides whether it may be sent now, waits or is cancelled."""
        notification = stored.notification
        record = self._records.get(notification.session) if notification.session is not None else None
        self._versions[stored.notification_id] = record.session.version if record is not None else TAKEN_BACK
        named = [self._rules[number] for number in notification.rule_ids if number in self._rules]
        wanted = [rule for rule in named if carries(rule, stored)]
        viewers = viewers_of(self._tx, self._delivery, stored, wanted, self._rights)
        self._ask_about(*viewers)
        reasons = [cancelled_reason(self._tx, self._delivery, stored, wanted, record)]
        if record is not None:
            reasons.append(self._add_session(stored, record, viewers))
        if notification.kind is NotificationKind.DIGEST and wanted:
            reasons.append(self._add_digest(stored, wanted[0]))
        if notification.kind is NotificationKind.REMINDER:
            reasons.append(self._add_reminder(stored, viewers))
        if self._delivery.destination.kind is DestinationKind.USER and not KINDS[notification.kind].about_people:
            is_for_admins, user_id = notification.kind is NotificationKind.SETUP, self._delivery.destination.id
            reasons.append(self._rights.no_recipient(self._tx, user_id, is_for_admins=is_for_admins))
        if KINDS[notification.kind].is_summary:
            reasons.append(self._add_counts(stored, wanted, viewers))
        if reason := next(filter(None, reasons), ""):
            self._cancelled[stored.notification_id] = reason
            self._waiting.pop(stored.notification_id, None)

    def _ask_about(self, *viewers: Viewer) -> None:
        """Notes those of whom Slack has to be asked before their rights count."""
        self._to_ask |= {
            one.slack_user_id for one in viewers if one.slack_user_id and self._rights.is_to_be_asked(self._tx, one)
        }

    # Each of these returns why the notification is cancelled, "" if it is not.

    def _add_session(self, stored: StoredNotification, record: SessionRecord, viewers: Sequence[Viewer]) -> str:
        key, directory, facts = record.session.key, self._directory, record.session.facts
        verdicts = [KINDS[stored.notification.kind].may_show(viewer, facts, directory) for viewer in viewers]
        if is_awaited(stored, self._now):
            verdicts = [may_yet_see(one, who, facts, directory) for one, who in zip(verdicts, viewers, strict=True)]
        if record.previous is not None and _any_may_see(viewers, record, directory):
            self._with_previous.add(key)
            self._times[key] = _times(self._tx, viewers, record, directory)
        if before := _card_before(self._tx, stored, key):
            self._cards_before[key] = before
        if any(verdict.allowed for verdict in verdicts):
            return ""
        if waits := next((verdict.reason for verdict in verdicts if verdict.waits), ""):
            self._waiting[stored.notification_id] = waits
            return ""
        self._hidden.add(key)
        return verdicts[0].reason if verdicts else "it is not wanted any more by anyone who may see it"

    def _add_digest(self, stored: StoredNotification, rule: Rule) -> str:
        owner, command = self._rights.of(self._tx, rule.owner), self._settings.slack_command
        self._ask_about(owner)
        view = slot_view(self._tx, rule, stored.notification, owner, self._directory, self._now, command)
        is_anothers = is_made_for_another(owner, self._delivery.destination)
        may_show = owner.proof.identity and not is_anothers and not view.scope.is_empty
        if may_show or not owner.proof.identity:  # without a view, an edit redacts what was posted
            self._digests[stored.notification_id] = view
        if not owner.proof.identity:
            unknown = "Slack could not say for a day, or since their account changed, who its owner is"
            self._waiting[stored.notification_id] = unknown
            return ""
        if view.scope.is_empty:
            return "its owner may see nothing any more"
        return "its owner is not linked any more to the person it was made for" if is_anothers else ""

    def _add_reminder(self, stored: StoredNotification, viewers: Sequence[Viewer]) -> str:
        viewer, command = reader_of_reminder(self._tx, stored, viewers, self._rights), self._settings.slack_command
        self._ask_about(viewer)
        view, waits = reminder_view(self._tx, stored.notification, viewer, self._directory, self._now, command)
        self._reminders[stored.notification_id] = view
        if waits:
            self._waiting[stored.notification_id] = waits
        return "" if waits or view.lines else "nothing of it is open any more"

    def _add_counts(self, stored: StoredNotification, wanted: Sequence[Rule], viewers: Sequence[Viewer]) -> str:
        destination = self._delivery.destination
        owners = {rule.rule_id: self._rights.of(self._tx, rule.owner) for rule in wanted}
        recipient = viewers[0] if destination.kind is not DestinationKind.CHANNEL else None
        counts = summary_counts_of(self._tx, destination, stored, owners, recipient, self._directory, self._now)
        self._counts[stored.notification_id] = counts
        if counts.waits:
            self._waiting[stored.notification_id] = counts.waits
        if counts.waits or counts.sessions or stored.notification.facts.get("follow"):
            return ""
        return "it is not wanted any more by anyone who may see what it counts"

    def cancel_empty_recaps(self) -> None:
        """Cancels recaps that have nothing left to tell."""
        for stored in self._delivery.notifications:
            counts = self._counts.get(stored.notification_id, SummaryCounts())
            if stored.shown_version is None and _is_empty_recap(self._delivery, stored, counts, self._cancelled):
                self._cancelled[stored.notification_id] = "nothing of what was muted is to be posted any more"

    def redact(self) -> None:
        """Hides everything: another company reads along, and an edit redacts the message until that is over."""
        self._hidden = set(self._records)
        self._digests, self._reminders = {}, {}
        for stored in self._delivery.notifications:
            if stored.notification.session is not None:
                self._versions[stored.notification_id] = TAKEN_BACK

    def message_data(self) -> MessageData:
        """What was read."""
        tx, delivery, rules, settings = self._tx, self._delivery, self._rules, self._settings
        # Of several rules, the most careful decides what people are called.
        has_initials = any(rule.options.names is NamesShown.INITIALS for rule in rules.values())
        directory = self._directory.with_initials() if has_initials else self._directory
        kinds = {stored.notification.kind for stored in delivery.notifications}
        queries = {
            one.notification_id: _query_text(tx, one, rules, directory, self._rights) for one in delivery.notifications
        }
        coverages = {number: self._rights.coverage(tx, rule.owner, self._directory) for number, rule in rules.items()}
        facts = CardFacts(
            records=self._records,
            directory=directory,
            rules=tuple(rules.values()),
            data_as_of=tx.polls.state().last_good_at,
            account_url=settings.ispring_account_url or None,
            hidden=frozenset(self._hidden),
            with_previous=frozenset(self._with_previous),
            command=settings.slack_command,
            metrics=self._counts,
            queries={number: text for number, text in queries.items() if text is not None},
            times=self._times,
            cards_before=self._cards_before,
            digests=self._digests,
            reminders=self._reminders,
            mutes=_mutes(tx, delivery),
            coverages={number: coverage for number, coverage in coverages.items() if coverage is not None},
            meant_for=_meant_for(tx, delivery, directory) if delivery.shadow is not None else "",
            setup=setup_of(tx, settings, self._now) if NotificationKind.SETUP in kinds else (),
            first_message=not tx.deliveries.has_message_before(delivery.destination, delivery.delivery_id),
        )
        keeps = _leaves_corrections_out(delivery, rules) and _is_corrected(delivery, self._records.values())
        is_misplaced = delivery.state is DeliveryState.SENDING and tx.shadow.is_misplaced(delivery.delivery_id)
        return MessageData(facts, self._versions, self._cancelled, self._waiting, keeps, self._to_ask, is_misplaced)


def _meant_for(tx: Tx, delivery: Delivery, directory: Directory) -> str:
    """What the channel or person of a delivery is called, "" if that is not known."""
    destination = delivery.destination
    match destination.kind:
        case DestinationKind.CHANNEL:
            return tx.destinations.name_of(destination)
        case DestinationKind.PERSON:
            return directory.name_of(destination.id)
        case DestinationKind.USER:
            link = tx.people.linked_person(destination.id)
            return "" if link is None else directory.name_of(link)


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


def _is_empty_recap(
    delivery: Delivery, stored: StoredNotification, counts: SummaryCounts, gone: Container[int]
) -> bool:
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
        query, viewer = notification.facts.get("query"), sharer_of(tx, str(notification.facts.get("by")), rights)
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

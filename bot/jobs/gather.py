"""What a delivery's message is made of, as the rows are now, and which of its notices may not go out any more.

A rule never shows more than its owner may see, a person nothing they may not see: asked at sending and at each edit.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.core.access import may_see, may_share
from bot.core.changes import outcome_of
from bot.core.directory import Directory
from bot.core.model import (
    TAKEN_BACK,
    Delivery,
    DeliveryState,
    DestinationKind,
    NoticeKind,
    OwedNotice,
    Rule,
    RuleState,
    SessionKey,
    SessionRecord,
    Tally,
    Viewer,
)
from bot.core.owners import stored_viewer
from bot.core.pauses import SHARED_OUTSIDE
from bot.core.ports import Tx
from bot.core.routing import subject_of
from bot.jobs.tally import SUMMARIES, tally_of, why_unwanted
from bot.views.cards import CardFacts


@dataclass(frozen=True, slots=True)
class House:
    """What is the same for every message: who are admins, where iSpring is, the slash command; how long a card may wait
    until it is only counted, and the seconds between two looks at iSpring."""

    admins: frozenset[str] = frozenset()
    account_url: str | None = None
    command: str = "/ojt"
    catch_up: timedelta = timedelta(hours=24)
    interval: float = 120.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """A delivery's facts; the session version each notice id shows; and the notices to end, with why."""

    facts: CardFacts
    versions: Mapping[int, int] = field(default_factory=dict)
    ended: Mapping[int, str] = field(default_factory=dict)


def gather(tx: Tx, delivery: Delivery, house: House) -> Gathered:
    """Everything a message needs, in one reading."""
    directory = tx.people.directory()
    rules = _rules(tx, delivery)
    keys = {owed.notice.session for owed in delivery.notices if owed.notice.session is not None}
    records = {key: record for key in keys if (record := tx.sessions.record(key)) is not None}
    hidden: set[SessionKey] = set()
    with_previous: set[SessionKey] = set()
    versions: dict[int, int] = {}
    ended: dict[int, str] = {}
    tallies: dict[int, Tally] = {}
    for owed in delivery.notices:
        record = records.get(owed.notice.session) if owed.notice.session is not None else None
        versions[owed.notice_id] = record.session.version if record is not None else TAKEN_BACK
        wanted = [rule for number in owed.notice.rule_ids if (rule := rules.get(number)) and _counts(rule, owed)]
        viewers = _viewers(tx, delivery, owed, wanted, house.admins)
        why = _why_ended(tx, delivery, owed, wanted, record)
        if record is not None:
            asks = may_share if owed.notice.kind is NoticeKind.SHARED else may_see
            refusals = [v for viewer in viewers if not (v := asks(viewer, record.session.facts, directory)).allowed]
            if len(refusals) == len(viewers):
                hidden.add(record.session.key)
                why = why or (refusals[0].reason if refusals else "nobody who may see it wants it any more")
            if record.previous is not None and _any_may_see(viewers, record, directory):
                with_previous.add(record.session.key)
        if owed.notice.kind in SUMMARIES:
            owners = {rule.rule_id: stored_viewer(tx, rule.owner, house.admins) for rule in wanted}
            tally = tally_of(tx, delivery.destination, owed, owners, directory)
            tallies[owed.notice_id] = tally
            if not tally.sessions and not owed.notice.facts.get("follow"):
                why = why or "nobody who may see what it counts wants it any more"
        if why:
            ended[owed.notice_id] = why
    if delivery.state is DeliveryState.SENT and tx.outbox.why_held(delivery.destination) == SHARED_OUTSIDE:
        # Another company reads along: an edit takes back what stands there, until the channel is ours alone again.
        hidden = set(records)
        versions |= {one.notice_id: TAKEN_BACK for one in delivery.notices if one.notice.session is not None}
    state = tx.sessions.poll_state()
    facts = CardFacts(
        records=records,
        directory=directory,
        rules=tuple(rules.values()),
        data_as_of=state.last_good_at,
        account_url=house.account_url,
        hidden=frozenset(hidden),
        with_previous=frozenset(with_previous),
        command=house.command,
        tallies=tallies,
        first_message=not tx.outbox.told_before(delivery.destination, delivery.delivery_id),
    )
    return Gathered(facts, versions, ended)


def _rules(tx: Tx, delivery: Delivery) -> dict[int, Rule]:
    numbers = sorted({number for owed in delivery.notices for number in owed.notice.rule_ids})
    return {number: rule for number in numbers if (rule := tx.rules.get(number)) is not None}


def _counts(rule: Rule, owed: OwedNotice) -> bool:
    """Whether a rule still carries a notice. A paused one does: its messages wait for the channel to come back."""
    if owed.shown_version is not None:
        return True  # sent cards keep being corrected after their rule has ended
    return rule.state is not RuleState.ENDED


def _viewers(
    tx: Tx, delivery: Delivery, owed: OwedNotice, rules: Sequence[Rule], admins: AbstractSet[str]
) -> list[Viewer]:
    """On whose behalf a session would be shown: each rule's owner, who shared it, or the person it is sent to."""
    if owed.notice.kind is NoticeKind.SHARED:
        return [_sharer(tx, str(owed.notice.facts.get("by")), admins)]
    match delivery.destination.kind:
        case DestinationKind.PERSON:
            person_id = delivery.destination.id
            return [Viewer(slack_user_id="", person_id=person_id, is_admin=False, why="no longer known in iSpring")]
        case DestinationKind.USER:
            return [stored_viewer(tx, delivery.destination.id, admins)]
        case DestinationKind.CHANNEL:
            return [stored_viewer(tx, owner, admins) for owner in dict.fromkeys(rule.owner for rule in rules)]


def _sharer(tx: Tx, user_id: str, admins: AbstractSet[str]) -> Viewer:
    """Who shared something. They were known then: an account that is not, was erased, and answers for nothing."""
    sharer = stored_viewer(tx, user_id, admins)
    return sharer if tx.people.slack_user(user_id) is not None else replace(sharer, person_id=None, is_admin=False)


def _any_may_see(viewers: Sequence[Viewer], record: SessionRecord, directory: Directory) -> bool:
    previous = record.previous
    return previous is not None and any(may_see(viewer, previous.facts, directory).allowed for viewer in viewers)


def _why_ended(
    tx: Tx, delivery: Delivery, owed: OwedNotice, wanted: Sequence[Rule], record: SessionRecord | None
) -> str:
    """Why nobody wants a notice any more, "" while somebody does."""
    notice = owed.notice
    if notice.kind is NoticeKind.RULE_PAUSED:
        return ""  # told about a rule, not for it
    if notice.rule_ids and not wanted:
        return f"rule {', '.join(str(number) for number in notice.rule_ids)} was ended"
    if notice.kind in (NoticeKind.SESSION, NoticeKind.SHARED) and record is None:
        return "the session is not stored any more"
    if notice.kind is NoticeKind.SESSION and record is not None and owed.shown_version is None:
        if not outcome_of(record.session).is_over:
            return "it is no longer completed, and nobody was told that it was"
        is_turn = notice.subject != subject_of(record.session.key)
        if is_turn and not outcome_of(record.session).is_bad:
            return "it is no longer below target or failed, and nobody was told that it was"
    if delivery.destination.kind is DestinationKind.PERSON and record is not None:
        return _why_unwanted(tx, delivery.destination.id, record)
    return ""


def _why_unwanted(tx: Tx, person_id: str, record: SessionRecord) -> str:
    """Whether a person turned such messages off since this one was owed."""
    user_id = tx.people.linked_user(person_id)
    return "" if user_id is None else why_unwanted(tx.people.preferences(user_id), person_id, record.session)

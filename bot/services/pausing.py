"""What blocks a destination or pauses a rule, who is notified of it once, and how both resume by themselves.

A *destination* is blocked if it can't or may not be written to: its notifications wait, its rules count as paused. A
*rule* is paused alone if its owner is gone or has to say yes again; other rules of its channel go on.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.domain.digests import digest_subject
from bot.domain.directory import Directory
from bot.domain.notifications import Delivery, Destination, DestinationKind, Notification, NotificationKind
from bot.domain.outbox import BlockedDestination, SendingPause
from bot.domain.permissions import scope_of
from bot.domain.ports import Channel
from bot.domain.reasons import (
    ARCHIVED,
    FOUND_BY_CHECK,
    MAY_NOT_CHECK,
    NOT_IN_CHANNEL,
    PRIVATE,
    PUBLIC,
    SHARED_OUTSIDE,
    TRIED_AGAIN,
    ReasonCode,
)
from bot.domain.rules import OPERATOR, ORPHANED, Rule, RuleState
from bot.domain.viewers import Proof, Viewer
from bot.services.alerting import ops_destinations
from bot.services.rules import update_introduction
from bot.store.database import Tx

SPOTTER = "spotter"  # who did it, in the audit log
DIGESTS_EDITED = timedelta(days=90)  # posted ones, when their owner is gone or back


def blocked_by_reason(channel: Channel) -> str:
    """Returns why nothing may be posted to a channel, "" if something may."""
    if channel.is_archived:
        return ARCHIVED
    if channel.is_shared_outside:
        return SHARED_OUTSIDE
    return "" if channel.is_member else NOT_IN_CHANNEL


def block(tx: Tx, destination: Destination, reason: str, now: datetime) -> None:
    """Blocks a destination; its rules count as paused, and the owner of each is notified once what to do."""
    rules = [rule for rule in tx.rules.at(destination) if rule.state is RuleState.ACTIVE]
    tx.destinations.block(destination, reason, now)
    for rule in rules:
        tx.audit_log.write(SPOTTER, "pause", f"rule:{rule.rule_id}", now)
        # A block that no check can judge is tried again each day: the same reason is notified once.
        once = str(int(now.timestamp())) if _is_found_by_check(reason) else reason
        _notify(tx, rule, "its channel can't be written to", _owner(tx, rule), now, once)


def unblock(tx: Tx, destination: Destination, now: datetime) -> None:
    """Unblocks a destination; its pending notifications are sent, and the rules that were paused with it resume."""
    paused = _numbers(tx, destination, RuleState.PAUSED)
    tx.destinations.unblock(destination, now)
    for number in paused & _numbers(tx, destination, RuleState.ACTIVE):
        tx.audit_log.write(SPOTTER, "resume", f"rule:{number}", now)
        _notify_of_end(tx, number, now)


def judge(tx: Tx, channel: Channel, now: datetime, *, is_news: bool) -> None:
    """Blocks or unblocks a channel as Slack describes it, and asks the owners again if it became public.

    `is_news`: an event says that something changed, so the reason of a block may be over.
    """
    destination = Destination(DestinationKind.CHANNEL, channel.channel_id)
    tx.destinations.describe(destination, channel.name, is_public=not channel.is_private)
    if reason := blocked_by_reason(channel):
        block(tx, destination, reason, now)
        return
    blocked = next((one for one in tx.destinations.blocked() if one.destination == destination), None)
    if blocked is not None and (is_news or _is_found_by_check(blocked.reason) or is_worth_a_try(blocked, now)):
        unblock(tx, destination, now)
    for rule in tx.rules.at(destination):
        agreed = tx.rules.audience(rule.rule_id)
        if channel.is_private or not agreed:
            tx.rules.note_audience(rule.rule_id, PRIVATE if channel.is_private else PUBLIC)
            if rule.reason_code is ReasonCode.BECAME_PUBLIC:
                resume(tx, rule, SPOTTER, now)
        elif agreed == PRIVATE and rule.state is RuleState.ACTIVE:
            _pause(tx, rule, ReasonCode.BECAME_PUBLIC, "its channel has turned public", _owner(tx, rule), now)


def pause_all(tx: Tx, who: str, now: datetime) -> bool:
    """Stops all sending: posts, edits, alerts. False if it was stopped before."""
    is_new = tx.outbox.pause_all(who, now)
    if is_new:
        tx.audit_log.write(who, "pause all", "sending", now)
    return is_new


def resume_all(tx: Tx, who: str, now: datetime) -> SendingPause | None:
    """Lets sending go on; returns the pause that has ended, None if there was none."""
    pause = tx.outbox.resume_all(now)
    if pause is not None:
        tx.audit_log.write(who, "resume all", "sending", now)
    return pause


def _is_found_by_check(reason: str) -> bool:
    return reason in FOUND_BY_CHECK or reason.startswith(MAY_NOT_CHECK)


def is_worth_a_try(blocked: BlockedDestination, now: datetime) -> bool:
    """Whether a destination was blocked for so long that the reason may be over."""
    # A clock that was set back must not keep it blocked.
    return blocked.since is None or abs(now - blocked.since) >= TRIED_AGAIN


def waits_for_private(tx: Tx, delivery: Delivery) -> bool:
    """Whether the channel that a delivery was posted to has turned public, and may not show names any more: every rule
    that carries it waits for a yes, or shadow mode showed it there."""
    if delivery.shadow is not None:
        return tx.destinations.is_public(delivery.shadow)
    numbers = {number for stored in delivery.notifications for number in stored.notification.rule_ids}
    rules = [rule for number in numbers if (rule := tx.rules.get(number)) is not None]
    return bool(rules) and all(rule.reason_code is ReasonCode.BECAME_PUBLIC for rule in rules)


def agree_to_public(tx: Tx, rule: Rule, who: str, now: datetime) -> None:
    """Records that `who` agreed to a rule in a channel that everybody can read; resumes the rule if it waited for
    that."""
    tx.rules.note_audience(rule.rule_id, PUBLIC)
    tx.audit_log.write(who, "agree to public", f"rule:{rule.rule_id}", now)
    if rule.reason_code is ReasonCode.BECAME_PUBLIC:
        resume(tx, rule, who, now)


def gone_reason(owner: Viewer, directory: Directory) -> str:
    """Returns why a rule's owner can't answer for it any more, "" if they can."""
    if not scope_of(replace(owner, proof=Proof()), directory).is_empty:
        return ""  # a proof that is missing pauses nothing: messages wait for it
    if owner.person_id is not None and not directory.is_active(owner.person_id):
        return "their account in iSpring is not active"
    return owner.reason or "they are not linked to a person in iSpring"


def judge_owner(tx: Tx, rule: Rule, owner_gone_reason: str, admins: Collection[str], now: datetime) -> None:
    """Pauses a rule whose owner is gone and notifies admins once; resumes it when the owner is back. What its digests
    show is edited either way: nothing else would edit them."""
    if rule.destination.kind is not DestinationKind.CHANNEL:
        return  # it concerns no other person, and gets nothing while its owner may see nothing
    if owner_gone_reason and rule.state is RuleState.ACTIVE:
        notified = ops_destinations(tx) or [Destination(DestinationKind.USER, admin) for admin in sorted(admins)]
        _pause(tx, rule, ReasonCode.OWNER_GONE, "its owner is gone", notified, now)
        _edit_digests(tx, rule, now)
    elif not owner_gone_reason and rule.state is RuleState.PAUSED and rule.reason_code is ReasonCode.OWNER_GONE:
        resume(tx, rule, SPOTTER, now)
        _edit_digests(tx, rule, now)


def _edit_digests(tx: Tx, rule: Rule, now: datetime) -> None:
    first = digest_subject(rule.rule_id, (now - DIGESTS_EDITED).date())
    tx.outbox.request_edits(rule.destination, first, digest_subject(rule.rule_id, date.max), now)


def is_orphan(rule: Rule) -> bool:
    """Whether a rule waits for an admin to take it over: its owner is gone, or was erased."""
    is_paused = rule.state is RuleState.PAUSED and rule.reason_code in ORPHANED
    return is_paused and rule.destination.kind is DestinationKind.CHANNEL


def resume(tx: Tx, rule: Rule, who: str, now: datetime) -> None:
    """Resumes a paused rule; its pending notifications are sent."""
    tx.rules.resume(rule.rule_id)
    tx.audit_log.write(who, "resume", f"rule:{rule.rule_id}", now)
    _notify_of_end(tx, rule.rule_id, now)


def pause_until(tx: Tx, rule: Rule, who: str, until: datetime, now: datetime) -> None:
    """Pauses a rule until then, as a person wants: it goes on matching, and its notifications wait."""
    tx.rules.pause(rule.rule_id, ReasonCode.PAUSED_BY_PERSON, until)
    tx.audit_log.write(who, "pause", f"rule:{rule.rule_id}", now, new=until.isoformat(timespec="minutes"))


def resume_due(tx: Tx, now: datetime) -> int:
    """Resumes the rules whose pause is over; returns how many there were."""
    due = tx.rules.due_to_resume(now)
    for rule in due:
        resume(tx, rule, SPOTTER, now)
    return len(due)


def take_over(tx: Tx, rule: Rule, admin: str, now: datetime) -> None:
    """Makes an admin the owner of a rule and resumes it; its pending notifications are sent."""
    tx.rules.take_over(rule.rule_id, admin)
    update_introduction(tx, rule, now)
    tx.audit_log.write(admin, "take over", f"rule:{rule.rule_id}", now)
    _notify_of_end(tx, rule.rule_id, now)


def offer(tx: Tx, rule: Rule, who: str, to: str, now: datetime) -> None:
    """Offers a rule to a user, who is notified and takes it over by a button; until then nothing changes."""
    tx.rules.offer(rule.rule_id, to)
    tx.audit_log.write(who, "offer", f"rule:{rule.rule_id}", now, new=to)
    notification = Notification(
        kind=NotificationKind.RULE_OFFERED,
        destination=Destination(DestinationKind.USER, to),
        subject=f"rule_offered:{rule.rule_id}:{int(now.timestamp() * 1000)}",
        reason=f"{who} offers it",
        rule_ids=(rule.rule_id,),
        facts={"by": who},
    )
    tx.notifications.enqueue(notification, now)


def accept(tx: Tx, rule: Rule, who: str, now: datetime) -> None:
    """Makes a user the owner of a rule: it posts what they may see from then on."""
    tx.rules.set_owner(rule.rule_id, who)
    update_introduction(tx, rule, now)
    tx.audit_log.write(who, "take over", f"rule:{rule.rule_id}", now, old=rule.owner, new=who)
    if is_orphan(rule):
        resume(tx, rule, who, now)


def _pause(tx: Tx, rule: Rule, code: ReasonCode, reason: str, notified: Collection[Destination], now: datetime) -> None:
    tx.rules.pause(rule.rule_id, code)
    tx.audit_log.write(SPOTTER, "pause", f"rule:{rule.rule_id}", now)
    _notify(tx, rule, reason, notified, now, str(int(now.timestamp())))


def _notify(tx: Tx, rule: Rule, reason: str, notified: Collection[Destination], now: datetime, once: str) -> None:
    for one in notified:
        if one == rule.destination:
            continue
        notification = Notification(
            kind=NotificationKind.RULE_PAUSED,
            destination=one,
            subject=f"rule_paused:{rule.rule_id}:{once}",
            reason=reason,
            rule_ids=(rule.rule_id,),
        )
        tx.notifications.enqueue(notification, now)


def _notify_of_end(tx: Tx, rule_id: int, now: datetime) -> None:
    """Notifies every destination that got a notice of a rule's pause that the rule goes on, and how long it was paused.
    A notice of the pause that was not posted yet is cancelled: this one says both."""
    rule = tx.rules.get(rule_id)
    if rule is None or rule.state is not RuleState.ACTIVE:
        return
    for paused, since in tx.notifications.pause_notices(rule_id):
        tx.notifications.cancel_unsent(paused, "the rule goes on before it could be posted; the next message says so")
        resumed = replace(
            paused,
            subject=f"rule_resumed:{rule_id}:{int(since.timestamp() * 1000)}",
            reason="the rule goes on",
            facts={"from": int(since.timestamp()), "to": int(now.timestamp())},
        )
        tx.notifications.enqueue(resumed, now)


def _owner(tx: Tx, rule: Rule) -> list[Destination]:
    return ops_destinations(tx) if rule.owner == OPERATOR else [Destination(DestinationKind.USER, rule.owner)]


def _numbers(tx: Tx, destination: Destination, state: RuleState) -> set[int]:
    return {rule.rule_id for rule in tx.rules.at(destination) if rule.state is state}

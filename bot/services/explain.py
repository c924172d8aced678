"""Why a person or channel was, or was not, notified of a session: from stored rows, and by today's rules.

Past decisions are in the notifications, each with its reason. A rule that did not match left no trace, so it is
evaluated again with the facts as they are now; the answer says that this is today's evaluation.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.explanation import Explanation, Judged
from bot.domain.model import Change, ChangeKind, News, Session, SessionKey, SessionRecord
from bot.domain.notifications import DeliveryState, Destination
from bot.domain.outbox import NotificationStatus
from bot.domain.permissions import coverage_of
from bot.domain.routing import RoutingResult, given_up, route
from bot.domain.rules import Rule, RuleState
from bot.domain.viewers import DirectMessages, Preferences, Viewer
from bot.services.rules import rule_filters
from bot.services.shadow import shadow_closed
from bot.store.database import Tx


def explain(
    tx: Tx,
    key: SessionKey,
    *,
    owners: Mapping[str, Viewer],
    now: datetime,
    observer_wants: DirectMessages = DirectMessages.ALL,
    employee_wants: DirectMessages = DirectMessages.NONE,
) -> Explanation | None:
    """None if no such session is stored. `owners` are those of the rules, by Slack user id; `*_wants` is the default
    for people who have not chosen."""
    record = tx.sessions.record(key)
    if record is None:
        return None
    session, directory = record.session, tx.people.directory()
    rules = tx.rules.all((RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED))
    is_over = outcome_of(session).is_over
    change = Change(kind=ChangeKind.COMPLETED, news=News.POST, reason="", before=None, after=session)
    routed = route(
        change,
        rules=rules,
        directory=directory,
        owners=owners,
        filters=rule_filters(tx, rules, now),
        requested_at=now,
        observer_wants=_wishes(tx, session.facts.observer_id).observer_wants(observer_wants),
        employee_wants=_wishes(tx, key.employee_id).employee_wants(employee_wants),
    )
    waiting = tx.unrouted.waiting_for(key)
    results = [one if not one.missing or one.who in waiting else given_up(one) for one in routed.results]
    by_name = {f"rule {rule.rule_id}": rule for rule in rules}
    status, shadow = tx.deliveries.of_session(key), tx.shadow.mode()
    return Explanation(
        record=record,
        is_over=is_over,
        completed_seen_at=_completed_seen(record, session) if is_over else None,
        baseline_at=tx.polls.state().baseline_at,
        status=status,
        blocked={blocked.destination: blocked for blocked in tx.destinations.blocked()},
        judged=[_judged(result, by_name.get(result.who), owners, directory) for result in results] if is_over else [],
        directory=directory,
        paused=tx.outbox.pause(),
        shadow_closed=shadow_closed(tx, shadow.destination) if shadow is not None else "",
        mutes={mute.mute_id: mute for mute in tx.mutes.running(now)},
        quiet=_quiet(tx, status, now),
        links=_links(tx, status),
    )


def _quiet(tx: Tx, found: Sequence[NotificationStatus], now: datetime) -> dict[Destination, datetime]:
    """When the quiet time ends that it is for a reader now."""
    readers = {one.notification.destination for one in found}
    quiet = {reader: tx.quiet_times.of_destination(reader) for reader in readers}
    ends = {reader: one.held_until(now) for reader, one in quiet.items() if one is not None}
    return {reader: end for reader, end in ends.items() if end is not None}


def _links(tx: Tx, found: Sequence[NotificationStatus]) -> dict[str, str]:
    """Links to what was posted, by delivery id; none while our workspace's address is not known."""
    sent = (one.delivery for one in found if one.delivery is not None and one.delivery.state is DeliveryState.SENT)
    links = {one.delivery_id: tx.deliveries.link_to(one.channel, one.ts) for one in sent if one.channel and one.ts}
    return {ident: link for ident, link in links.items() if link}


def _judged(result: RoutingResult, rule: Rule | None, owners: Mapping[str, Viewer], directory: Directory) -> Judged:
    owner = owners.get(rule.owner) if rule is not None else None
    return Judged(result, rule, coverage_of(owner, directory) if owner is not None else None)


def _completed_seen(record: SessionRecord, session: Session) -> datetime:
    """When it was last seen to become completed; a session that was completed when first seen has no such change."""
    turns = [entry.at for entry in record.history if entry.new.is_over and (entry.old is None or not entry.old.is_over)]
    return turns[-1] if turns else session.first_seen_at


def _wishes(tx: Tx, person_id: str) -> Preferences:
    user = tx.people.linked_user(person_id)
    return Preferences() if user is None else tx.people.preferences(user)

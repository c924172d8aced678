"""Why a person or channel was, or was not, notified of a session: from stored rows, and by today's rules.

Past decisions are in the notifications, each with its reason. A rule that did not match left no trace, so it is
evaluated again with the facts as they are now; the answer says that this is today's evaluation.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.errors import MessengerError
from bot.domain.explanation import Explanation, Judged
from bot.domain.model import (
    Change,
    ChangeKind,
    DeliveryState,
    DirectMessages,
    News,
    RuleState,
    Session,
    SessionKey,
    SessionRecord,
    Viewer,
)
from bot.domain.ports import Messenger
from bot.domain.routing import given_up, route
from bot.services.rules import rule_filters
from bot.store.database import Tx

MAX_PERMALINKS = 10


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
    session = record.session
    rules = tx.rules.all((RuleState.PENDING, RuleState.ACTIVE, RuleState.PAUSED))
    observer = _wishes(tx, session.facts.observer_id)
    employee = _wishes(tx, key.employee_id)
    is_over = outcome_of(session).is_over
    change = Change(kind=ChangeKind.COMPLETED, news=News.POST, reason="", before=None, after=session)
    routed = route(
        change,
        rules=rules,
        directory=tx.people.directory(),
        owners=owners,
        filters=rule_filters(tx, rules, now),
        requested_at=now,
        observer_wants=observer[0] or observer_wants,
        employee_wants=employee[1] or employee_wants,
    )
    waiting = tx.unrouted.waiting_for(key)
    results = [one if not one.missing or one.who in waiting else given_up(one) for one in routed.results]
    by_name = {f"rule {rule.rule_id}": rule for rule in rules}
    return Explanation(
        record=record,
        is_over=is_over,
        completed_seen_at=_completed_seen(record, session) if is_over else None,
        baseline_at=tx.polls.state().baseline_at,
        status=tx.deliveries.of_session(key),
        blocked={blocked.destination: blocked for blocked in tx.destinations.blocked()},
        judged=[Judged(result, by_name.get(result.who)) for result in results] if is_over else [],
        directory=tx.people.directory(),
        paused=tx.outbox.pause(),
        mutes={mute.mute_id: mute for mute in tx.mutes.running(now)},
    )


async def links_to(messenger: Messenger, found: Explanation) -> dict[str, str]:
    """Links to what was posted, by delivery id, as far as Slack gives them now."""
    links: dict[str, str] = {}
    for status in found.status[:MAX_PERMALINKS]:
        sent = status.delivery
        if sent is None or sent.state is not DeliveryState.SENT or sent.channel is None or sent.ts is None:
            continue
        try:
            link = await messenger.permalink(sent.channel, sent.ts)
        except MessengerError:
            break
        if link:
            links[sent.delivery_id] = link
    return links


def _completed_seen(record: SessionRecord, session: Session) -> datetime:
    """When it was last seen to become completed; a session that was completed when first seen has no such change."""
    turns = [entry.at for entry in record.history if entry.new.is_over and (entry.old is None or not entry.old.is_over)]
    return turns[-1] if turns else session.first_seen_at


def _wishes(tx: Tx, person_id: str) -> tuple[DirectMessages | None, DirectMessages | None]:
    user = tx.people.linked_user(person_id)
    if user is None:
        return None, None
    chosen = tx.people.preferences(user)
    return chosen.as_observer, chosen.as_employee

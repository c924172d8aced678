"""How many of the sessions that a summary counts its readers may see, as they are now."""

from collections.abc import Callable, Container, Mapping
from datetime import datetime

from bot.domain.changes import outcome_of
from bot.domain.directory import Directory
from bot.domain.model import Session
from bot.domain.notifications import Destination, DestinationKind, StoredNotification, SummaryCounts
from bot.domain.outbox import CountedSession
from bot.domain.permissions import may_see
from bot.domain.routing import NAMED_WITHIN, OWN_ACTION, is_low_enough, may_yet_see, wanted_results
from bot.domain.viewers import DirectMessages, Preferences, Viewer, Wants
from bot.store.database import Tx


def summary_counts_of(
    tx: Tx,
    destination: Destination,
    stored: StoredNotification,
    owners: Mapping[int, Viewer],
    recipient: Viewer | None,
    directory: Directory,
    now: datetime,
) -> SummaryCounts:
    """Counts as cards are shown: on behalf of the owners of the rules still wanted (by rule number), or of the person
    it is for, as they wish by now."""
    is_wanted: Callable[[CountedSession], bool] = _matched_by_all
    if destination.kind is DestinationKind.PERSON:
        user = tx.people.linked_user(destination.id)
        wishes = Preferences() if user is None else tx.people.preferences(user)
        rules = {rule.rule_id for rule in tx.rules.at(destination)}
        is_wanted = _matched_by_person(destination.id, wishes, rules)
    counted = total = failing = 0
    since: datetime | None = None
    waits = ""
    for one in tx.summaries.counted(stored.notification_id):
        counted += 1
        asked = [recipient] if recipient is not None else [owners[rule] for rule in one.rule_ids if rule in owners]
        verdicts = [may_see(viewer, one.session.facts, directory) for viewer in asked]
        if is_awaited(stored, now):
            shown = one.session.facts
            verdicts = [
                may_yet_see(verdict, who, shown, directory) for verdict, who in zip(verdicts, asked, strict=True)
            ]
        if not is_wanted(one) or not any(verdict.allowed for verdict in verdicts):
            waits = waits or next((verdict.reason for verdict in verdicts if verdict.waits), "")
            continue
        total += 1
        failing += outcome_of(one.session).is_failing
        finished = one.session.facts.finished.at
        if finished is not None and (since is None or finished < since):
            since = finished
    number_only = stored.notification.facts.get("count")  # queued by a version that did not store the sessions
    if not counted and isinstance(number_only, int):
        return SummaryCounts(number_only)
    return SummaryCounts(total, failing, since, waits)


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


def _matched_by_all(_: CountedSession) -> bool:
    return True


def _matched_by_person(person_id: str, wishes: Preferences, rules: Container[int]) -> Callable[[CountedSession], bool]:
    """Wanted by a rule of theirs that goes on, else as they wish without one."""

    def is_wanted(one: CountedSession) -> bool:
        if one.rule_ids:
            return any(rule in rules for rule in one.rule_ids)
        return not unwanted_reason(wishes, person_id, one.session)

    return is_wanted
